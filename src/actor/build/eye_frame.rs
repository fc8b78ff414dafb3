//! Coordinates around an eye: yaw and pitch seen from its centre, in which lids and lashes are described.
//!
//! The frame belongs to the left eye and looks a little outward, as sockets do; the right eye is its mirror image.
//! Angles are in degrees, yaw positive towards the temple. `u` is yaw over the half width of the opening: -1 at the inner
//! corner, 1 at the outer.

use super::Parameters;
use super::math::mirrored;
use glam::Vec3;

#[derive(Clone)]
pub struct EyeFrame {
    pub centre: Vec3,
    pub radius: f32,
    /// Radius of the lids' outer face.
    pub lid_radius: f32,
    /// Half width of the opening, degrees.
    pub half_width: f32,
    upper: f32,
    lower: f32,
    tilt: f32,
    right: Vec3,
    forward: Vec3,
}

/// How far the frame is turned outward, degrees.
const OUTWARD: f32 = 9.0;
/// How far the eyes' centres lie in front of the middle of the skull, centimetres.
const DEPTH: f32 = 5.5;

impl EyeFrame {
    pub fn new(p: &Parameters) -> EyeFrame {
        let e = &p.eyes;
        let (sin, cos) = OUTWARD.to_radians().sin_cos();
        EyeFrame {
            centre: Vec3::new(e.spacing, 0.0, DEPTH),
            radius: e.radius,
            lid_radius: e.radius + e.lid_thickness,
            half_width: e.half_width,
            upper: e.upper_lid,
            lower: e.lower_lid,
            tilt: e.tilt,
            right: Vec3::new(cos, 0.0, -sin),
            forward: Vec3::new(sin, 0.0, cos),
        }
    }

    /// The point at yaw `a`, pitch `b`, `radius` from the centre.
    pub fn point(&self, a: f32, b: f32, radius: f32) -> Vec3 {
        let ((sa, ca), (sb, cb)) = (a.to_radians().sin_cos(), b.to_radians().sin_cos());
        self.centre + (self.right * (cb * sa) + Vec3::Y * sb + self.forward * (cb * ca)) * radius
    }

    /// Yaw, pitch, radius and depth in front of the centre of a point of the left side.
    pub fn coordinates(&self, p: Vec3) -> (f32, f32, f32, f32) {
        let q = p - self.centre;
        let r = q.length() + 1e-9;
        let (x, z) = (q.dot(self.right), q.dot(self.forward));
        (x.atan2(z).to_degrees(), (q.y / r).clamp(-1.0, 1.0).asin().to_degrees(), r, z)
    }

    /// The centre of the eye on one side.
    pub fn centre_of(&self, side: f32) -> Vec3 {
        mirrored(self.centre, side)
    }

    /// Pitch of the upper lid's rim.
    pub fn upper_rim(&self, u: f32) -> f32 {
        self.tilt * u + self.upper * (1.0 - (u + 0.06 * (1.0 - u * u)).abs().powf(2.3)).max(0.0).powf(0.78)
    }

    /// Pitch of the lower lid's rim.
    pub fn lower_rim(&self, u: f32) -> f32 {
        self.tilt * u + self.lower * (1.0 - (u - 0.1 * (1.0 - u * u)).abs().powf(2.2)).max(0.0).powf(0.85)
    }

    /// Pitch at which the closed lids meet.
    pub fn closing(&self, u: f32) -> f32 {
        self.tilt * u - 13.5 * (1.0 - u * u).max(0.0)
    }
}
