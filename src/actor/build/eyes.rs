//! Eyeballs with a painted iris.
//!
//! The ball's texture is a polar map around the gaze axis: the inner 72 % of its radius hold the cone of 36 degrees with
//! the iris, the rest the white. The lid's soft shadow is in the vertex colours.

use super::Parameters;
use super::eye_frame::EyeFrame;
use super::math::{linear, smoothstep, srgb_byte};
use super::mesh::{Part, grid};
use crate::actor::Texture;
use glam::{Quat, Vec3};
use std::f32::consts::TAU;

/// Degrees off the gaze axis at the texture's inner part and at the ball's edge.
const INNER: f32 = 36.0;
const EDGE: f32 = 115.0;
/// The inner part's share of the texture's radius.
const SHARE: f32 = 0.72;

/// Distance from the texture's centre (0..=0.5) of an angle off the gaze axis.
fn map_radius(angle: f32) -> f32 {
    0.5 * if angle < INNER { SHARE * angle / INNER } else { SHARE + (1.0 - SHARE) * (angle - INNER) / (EDGE - INNER) }
}

fn map_angle(radius: f32) -> f32 {
    let r = 2.0 * radius;
    if r < SHARE { r / SHARE * INNER } else { INNER + (r - SHARE) / (1.0 - SHARE) * (EDGE - INNER) }
}

/// An eyeball around its own centre, its gaze turned a little outward.
pub fn ball(p: &Parameters, eye: &EyeFrame, side: f32) -> Part {
    const RINGS: usize = 10;
    const COLUMNS: usize = 28;
    let turn = Quat::from_rotation_y((side * p.eyes.divergence).to_radians());
    let mut part = Part::default();
    for i in 0..=RINGS {
        // Half of the rings on the iris and its border.
        let f = i as f32 / RINGS as f32;
        let angle = if f < 0.5 { f * 2.0 * INNER } else { INNER + (f - 0.5) * 2.0 * (EDGE - INNER) };
        for c in 0..COLUMNS {
            let azimuth = TAU * c as f32 / COLUMNS as f32;
            let (sin, cos) = angle.to_radians().sin_cos();
            let local = Vec3::new(sin * azimuth.cos(), sin * azimuth.sin(), cos);
            let r = map_radius(angle);
            part.positions.push(turn * local * eye.radius);
            part.uvs.push([0.5 + r * azimuth.cos(), 0.5 - r * azimuth.sin()]);
            part.colors.push(Vec3::splat(lid_shadow(p, local)));
        }
    }
    part.quads = grid(RINGS + 1, COLUMNS, true);
    part.openness = vec![1.0; part.positions.len()];
    part
}

/// A hint of the shadow of upper lid and lashes by pitch and yaw in the ball's own frame, for viewers that cast none.
fn lid_shadow(p: &Parameters, local: Vec3) -> f32 {
    let pitch = local.y.clamp(-1.0, 1.0).asin().to_degrees();
    let yaw = local.x.atan2(local.z).to_degrees() / p.eyes.half_width;
    let rim = p.eyes.upper_lid * (1.0 - 0.5 * yaw * yaw);
    let upper = 1.0 - 0.25 * (-(rim - pitch - 1.5).max(0.0) / 6.5).exp();
    upper * (1.0 - 0.12 * yaw.abs().min(1.0).powi(4))
}

/// The painted ball, `size` pixels square.
pub fn texture(p: &Parameters, size: u32) -> Texture {
    let mut rgba = Vec::with_capacity((size * size * 4) as usize);
    for y in 0..size {
        for x in 0..size {
            let u = (x as f32 + 0.5) / size as f32 - 0.5;
            let v = 0.5 - (y as f32 + 0.5) / size as f32;
            let color = paint(p, map_angle(u.hypot(v)), v.atan2(u));
            rgba.extend([srgb_byte(color.x), srgb_byte(color.y), srgb_byte(color.z), 255]);
        }
    }
    Texture { width: size, height: size, rgba }
}

/// Linear albedo at an angle off the gaze axis (degrees) and an azimuth (radians, 0 = outward, a quarter turn = up).
fn paint(p: &Parameters, angle: f32, azimuth: f32) -> Vec3 {
    let c = &p.colors;
    let r = angle / p.eyes.iris_angle;
    let low = 0.5 - 0.5 * azimuth.sin() * smoothstep(0.0, 0.15, r);
    let fibres = 0.5 + 0.5 * (azimuth * 31.0 + 2.0 * (azimuth * 7.0).sin()).sin() * (azimuth * 17.0 + 1.0).sin();
    let bright = (0.25 + 0.55 * low * smoothstep(0.3, 0.8, r) + if r > 0.45 { 0.30 * fibres } else { 0.0 }).clamp(0.0, 1.2);
    let mut iris = linear(c.iris_dark).lerp(linear(c.iris), bright);
    // Light that enters above leaves the iris below: the glow that makes eyes look alive.
    iris *= 1.0 + 1.3 * ((low - 0.35).max(0.0).powf(1.5) * smoothstep(0.35, 0.75, r));
    iris = iris.lerp(linear(c.limbal_ring), 0.9 * smoothstep(0.80, 0.97, r));
    iris = iris * (1.0 - smoothstep(p.eyes.pupil + 0.05, p.eyes.pupil - 0.02, r)) + Vec3::splat(0.004);
    let around = (angle.to_radians().sin() * azimuth.cos()).abs();
    let corner = ((around - 0.45) / 0.45).clamp(0.0, 1.0);
    let white = linear(c.sclera) * (Vec3::ONE - Vec3::new(0.105, 0.30, 0.30) * corner);
    iris.lerp(white, smoothstep(0.94, 1.04, r))
}
