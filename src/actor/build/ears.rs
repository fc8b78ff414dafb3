//! Ears as a relief over an egg: helix, antihelix with its fork, concha, tragus, antitragus and lobe; and hoops to hang on them.

use super::Parameters;
use super::math::{linear, smoothstep};
use super::mesh::{Part, Tube, grid};
use glam::Vec3;
use std::f32::consts::TAU;

/// Half width and half height of the outline, centimetres.
const OUTLINE: (f32, f32) = (1.5, 2.65);
/// Where an ear of size 1 sits: its middle in head space.
const PLACE: Vec3 = Vec3::new(6.9, -0.9, -1.6);

/// The plane of the left ear.
struct Plane {
    centre: Vec3,
    outward: Vec3,
    forward: Vec3,
    size: f32,
    lobe: f32,
}

impl Plane {
    fn new(p: &Parameters) -> Plane {
        let (sin, cos) = p.ears.angle.to_radians().sin_cos();
        // The root stays on the head when the ear turns out.
        let centre = PLACE + Vec3::new(0.9 * (sin - 0.4067), 0.0, 0.0);
        Plane { centre, outward: Vec3::new(cos, 0.0, sin), forward: Vec3::new(-sin, 0.0, cos), size: p.ears.size, lobe: p.ears.lobe }
    }

    /// A point of the ear: forward, up, off the plane.
    fn at(&self, x: f32, y: f32, h: f32) -> Vec3 {
        let y = if y < -1.7 { -1.7 + (y + 1.7) * self.lobe } else { y };
        let mut at = self.centre + (self.forward * x + Vec3::Y * (y * 0.98) + self.outward * h) * self.size;
        at.x += 0.12 * smoothstep(-1.0, 2.0, y);
        at
    }
}

/// The left ear.
pub fn build(p: &Parameters) -> Part {
    const RINGS: usize = 13;
    const COLUMNS: usize = 26;
    let plane = Plane::new(p);
    let (skin, blush) = (linear(p.colors.skin), linear(p.colors.blush));
    let mut part = Part::default();
    // The front from the middle to the rim, then the plain back from the rim to the middle.
    let rings = (0..RINGS).map(|i| (i, true)).chain((0..RINGS).rev().step_by(4).map(|i| (i, false)));
    for (i, front) in rings {
        let rho = (i as f32 / (RINGS - 1) as f32).powf(0.75);
        for c in 0..COLUMNS {
            let (s, k) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let width = k * (OUTLINE.0 + 0.28 * s) * if k > 0.0 { 0.72 } else { 1.0 };
            let (x, y) = (width * rho, s * OUTLINE.1 * rho);
            let (h, red) = if front {
                let (h, helix) = relief(rho, s, k, x, y);
                (h, 0.30 + 0.40 * ((-((rho - 0.2) / 0.4).powi(2)).exp() * 0.6 + 1.2 * helix).min(1.0))
            } else {
                (-0.25 - 0.5 * (1.0 - rho * rho), 0.35)
            };
            let tuck = if front { 1.0 } else { 0.97 };
            part.positions.push(plane.at(x * tuck, y * tuck, h));
            part.colors.push(skin.lerp(blush, red) * 0.92);
        }
    }
    part.quads = grid(part.positions.len() / COLUMNS, COLUMNS, true);
    part.flip()
}

/// Height over the ear's plane at polar radius `rho` and angle (sine, cosine; cosine 1 is the front), and the helix's part of it.
fn relief(rho: f32, sin: f32, cos: f32, x: f32, y: f32) -> (f32, f32) {
    let ridge = |at: f32, width: f32| (-((rho - at) / width).powi(2)).exp();
    let hill = |cx: f32, cy: f32, wx: f32, wy: f32| (-((x - cx).powi(2) / wx) - (y - cy).powi(2) / wy).exp();
    let back = 0.5 - 0.5 * cos;
    let around = smoothstep(0.1, 0.6, back.max(smoothstep(0.2, 0.9, sin))) * smoothstep(-0.97, -0.6, sin);
    let helix = ridge(0.90, 0.10) * 0.42 * around;
    let scapha = -0.14 * ridge(0.74, 0.08) * around;
    let antihelix = ridge(0.56, 0.10) * 0.36 * smoothstep(0.35, 0.8, back) * smoothstep(1.0, 0.75, sin);
    let fork = 0.16 * hill(0.10, 1.15, 0.35, 0.05);
    let concha = -0.62 * hill(0.18, -0.40, 0.38, 0.65);
    let tragus = 0.40 * hill(0.78, -0.30, 0.08, 0.20);
    let antitragus = 0.22 * hill(0.10, -1.38, 0.16, 0.10);
    let lobe = 0.20 * hill(-0.05, -2.1, 0.5, 0.3);
    let base = 0.28 * (1.0 - rho.powi(6)).max(0.0).sqrt();
    (base + helix + scapha + antihelix + fork + concha + tragus + antitragus + lobe, helix)
}

/// The left hoop: a ring through the lobe.
pub fn hoop(p: &Parameters) -> Part {
    const ROWS: usize = 25;
    let radius = p.ears.ring;
    let plane = Plane::new(p);
    let hole = plane.at(0.15, -2.1, 0.15);
    let path: Vec<Vec3> = (0..ROWS)
        .map(|i| {
            let (sin, cos) = (TAU * i as f32 / (ROWS - 1) as f32).sin_cos();
            hole + plane.forward * (radius * sin) + Vec3::Y * (radius * (cos - 1.0)) + plane.outward * (0.12 * (1.0 - cos))
        })
        .collect();
    let up = vec![plane.outward; ROWS];
    let size = vec![0.08; ROWS];
    Tube { path: &path, up: &up, width: &size, height: &size, columns: 6, crown: 0.0 }.build().paint(linear(p.colors.metal))
}
