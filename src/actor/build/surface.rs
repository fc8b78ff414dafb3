//! The head as a signed distance field: about twenty primitives joined by smooth unions.
//!
//! Centimetres; the origin is at eye height in the middle of the skull, y up, the face looks along +z. The field is
//! mirrored at x = 0. The smooth minimum is the quadratic polynomial one; the ellipsoid uses the usual first-order bound
//! (both after I. Quilez, "distance functions").

use super::eye_frame::EyeFrame;
use super::{Face, Nose, Parameters};
use glam::Vec3;

/// The head's surface: negative inside.
pub struct Surface {
    face: Face,
    nose: Nose,
    eye: EyeFrame,
}

impl Surface {
    /// `p` is [`Parameters::aged`].
    pub fn new(p: &Parameters) -> Surface {
        Surface { face: p.face.clone(), nose: p.nose.clone(), eye: EyeFrame::new(p) }
    }

    /// Distance to the bare skull, which hair lies on.
    pub fn cranium(&self, p: Vec3) -> f32 {
        let p = Vec3::new(p.x.abs(), p.y, p.z);
        let skull = ellipsoid(p, v(0.0, 3.6, -1.2), v(7.6, 8.7, 9.2));
        let forehead = self.face.forehead;
        union(skull, ellipsoid(p, v(0.0, 3.9, 1.6 + forehead), v(6.7, 6.6, 6.9)), 2.0)
    }

    /// How far the skull reaches to the left at a height and a depth.
    pub fn cranium_side(&self, y: f32, z: f32) -> f32 {
        trace(|p| self.cranium(p), v(0.0, y, z), Vec3::X, 14.0).x
    }

    /// Distance to the skin, with the lids as bulges over the eyeballs and without lips, which the mesh lays on.
    pub fn distance(&self, p: Vec3) -> f32 {
        let p = Vec3::new(p.x.abs(), p.y, p.z);
        let f = &self.face;
        let (jaw, chin, flesh, bone, ridge) = (f.jaw_width, f.chin_width, f.cheeks, f.cheekbones, f.brow_ridge);
        let mut d = self.cranium(p);
        d = union(d, ellipsoid(p, v(0.0, -2.2, 1.3), v(6.1 + 0.4 * jaw, 6.2, 6.3)), 1.5); // face mass
        d = union(d, cone(p, v(4.9 + jaw, -2.8, -0.5), v(3.8 + jaw, -4.8, 0.4), 1.35, 1.2), 2.0); // ramus
        let front = v(0.7 + chin, -7.75, 5.35 + f.chin_forward);
        d = union(d, cone(p, v(3.5 + jaw, -5.0, 1.2), front, 1.3, 1.0), 2.0); // jaw line
        d = union(d, ellipsoid(p, v(0.0, -7.7, 6.0 + f.chin_forward), v(1.3 + chin, 1.12, 1.4)), 1.6); // chin
        d = union(d, (p - v(3.4 + 0.5 * bone, -2.5 + 0.3 * bone, 4.65)).length() - (2.5 + bone + 0.5 * flesh), 1.8); // cheek apple
        d = union(d, cone(p, v(3.2 + 0.3 * jaw, -4.1, 3.1), v(1.4 + 0.3 * chin, -6.7, 4.6), 1.85 + flesh, 1.45 + 0.6 * flesh), 1.8); // buccal fill
        d = union(d, ellipsoid(p, v(0.0, -5.2, 5.2), v(2.85, 2.3, 2.75)), 1.6); // muzzle
        d = union(d, cone(p, v(1.2, 1.75, 7.1 + ridge), v(4.6, 1.7, 5.3 + ridge), 0.75, 0.7), 1.6); // brow ridge
        d = subtract(d, ellipsoid(p, v(self.eye.centre.x - 0.05, -0.2, 8.6), v(2.2, 1.6, 1.35)), 1.7); // socket
        d = union(d, (p - self.eye.centre).length() - self.eye.lid_radius, 0.8); // lids
        d = self.nose(p, d);
        d = subtract(d, cone(p, v(0.0, -3.75, 8.35), v(0.0, -4.85, 8.45), 0.24, 0.30), 0.35); // philtrum
        union(d, cone(p, v(0.0, -5.5, -2.0), v(0.0, -18.0, -3.3), 3.5 + f.neck, 3.8 + f.neck), 2.2) // neck
    }

    /// The face `d` with its nose.
    fn nose(&self, p: Vec3, d: f32) -> f32 {
        let n = &self.nose;
        let (low, out, wide, tip) = (n.length, n.projection, n.width, n.tip);
        let end = v(0.0, -2.55 - low, 8.55 + out);
        let mut d = union(d, cone(p, v(0.0, 0.6, 6.95 + 0.5 * n.bridge), end, 0.62, 0.72 + 0.5 * tip), 0.95); // bridge
        d = union(d, (p - v(0.0, -0.9 - 0.3 * low, 7.35 + 0.35 * out + n.bridge)).length() - 0.55, 0.95); // hump
        d = union(d, ellipsoid(p, v(0.0, -2.74 - low, 8.78 + out), v(0.84 + tip, 0.74 + tip, 0.82 + tip)), 0.55); // tip
        let wing = v(0.84 * wide, -3.02 - low, 7.85 + 0.6 * out);
        d = union(d, ellipsoid(p, wing, v(0.50 * wide.sqrt(), 0.52, 0.74)), 0.34);
        d = subtract(d, cone(p, wing + v(0.1, 0.72, 0.55), wing + v(0.62, -0.1, -0.1), 0.16, 0.14), 0.5); // groove over the wing
        subtract(d, ellipsoid(p, v(0.45 * wide, -3.5 - low, 8.2 + 0.8 * out), v(0.26 * wide, 0.22, 0.42)), 0.16) // nostril
    }

    /// Gradient of [`Surface::distance`] by central differences.
    pub fn gradient(&self, p: Vec3) -> Vec3 {
        const E: f32 = 0.02;
        let slope = |e: Vec3| (self.distance(p + e) - self.distance(p - e)) / (2.0 * E);
        Vec3::new(slope(Vec3::X * E), slope(Vec3::Y * E), slope(Vec3::Z * E))
    }

    /// One Newton step along the gradient onto the skin.
    pub fn settle(&self, p: Vec3) -> Vec3 {
        let g = self.gradient(p);
        p - g * (self.distance(p) / (g.length_squared() + 1e-6))
    }

    /// Where the ray from `origin` along `direction` leaves the skin for the last time, traced from outside inward.
    pub fn project(&self, origin: Vec3, direction: Vec3) -> Vec3 {
        trace(|p| self.distance(p), origin, direction, 24.0)
    }

    /// The skin straight in front of or behind (x, y): traced along -z.
    pub fn front(&self, x: f32, y: f32) -> Vec3 {
        trace(|p| self.distance(p), v(x, y, 0.0), Vec3::Z, 14.0)
    }

    /// A point `lift` above the scalp along `direction` from the origin.
    pub fn above_skull(&self, direction: Vec3, lift: f32) -> Vec3 {
        let d = direction.normalize();
        // At the nape the neck stands out further than the skull.
        let nape = d.z < -0.1 && d.y < 0.1;
        let ground = |p: Vec3| if nape { self.distance(p) } else { self.cranium(p) };
        trace(ground, Vec3::ZERO, d, 24.0) + d * lift
    }
}

fn v(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3::new(x, y, z)
}

/// Sphere tracing from `start` down towards the origin; steps are shortened since the field is only nearly a distance.
fn trace(field: impl Fn(Vec3) -> f32, origin: Vec3, direction: Vec3, start: f32) -> Vec3 {
    let mut t = start;
    for _ in 0..70 {
        t -= field(origin + direction * t).clamp(-0.5, 3.0) * 0.85;
    }
    origin + direction * t
}

/// Smooth minimum of two distances over a band `k`.
fn union(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// `a` without `b`, smoothly.
fn subtract(a: f32, b: f32, k: f32) -> f32 {
    -union(-a, b, k)
}

fn ellipsoid(p: Vec3, centre: Vec3, radii: Vec3) -> f32 {
    let q = (p - centre) / radii;
    let k0 = q.length();
    k0 * (k0 - 1.0) / ((q / radii).length() + 1e-9)
}

/// A capsule whose radius goes linearly from `ra` at `a` to `rb` at `b`.
fn cone(p: Vec3, a: Vec3, b: Vec3, ra: f32, rb: f32) -> f32 {
    let ab = b - a;
    let t = ((p - a).dot(ab) / ab.length_squared()).clamp(0.0, 1.0);
    (p - a - ab * t).length() - (ra + (rb - ra) * t)
}
