//! Ears as a relief over an egg: helix, antihelix, concha, tragus and lobe.

use super::Parameters;
use super::math::{linear, smoothstep};
use super::mesh::{Part, grid};
use glam::Vec3;
use std::f32::consts::TAU;

/// The left ear.
pub fn build(p: &Parameters) -> Part {
    const RINGS: usize = 10;
    const COLUMNS: usize = 22;
    let (sin, cos) = 24f32.to_radians().sin_cos();
    let (outward, forward) = (Vec3::new(cos, 0.0, sin), Vec3::new(-sin, 0.0, cos));
    let mut part = Part::default();
    let (skin, blush) = (linear(p.colors.skin), linear(p.colors.blush));
    let mut place = |x: f32, y: f32, h: f32, red: f32| {
        let mut at = Vec3::new(6.9, -0.9, -1.6) + forward * x + Vec3::Y * (y * 0.98) + outward * h;
        at.x += 0.12 * smoothstep(-1.0, 2.0, y);
        part.positions.push(at);
        part.colors.push(skin.lerp(blush, red) * 0.9);
    };
    // The front from the middle to the rim, then the plain back from the rim to the middle.
    let rings = (0..RINGS).map(|i| (i, true)).chain((0..RINGS).rev().step_by(3).map(|i| (i, false)));
    for (i, front) in rings {
        let rho = (i as f32 / (RINGS - 1) as f32).powf(0.8);
        for c in 0..COLUMNS {
            let (s, k) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let width = k * (1.5 + 0.25 * s) * if k > 0.0 { 0.72 } else { 1.0 };
            let (x, y) = (width * rho, s * 2.65 * rho);
            if front {
                let (h, helix) = relief(rho, s, k, x, y);
                let inner = (-((rho - 0.2) / 0.4).powi(2)).exp() * 0.6;
                place(x, y, h, 0.35 + 0.40 * (inner + 1.2 * helix).min(1.0));
            } else {
                place(x * 0.97, y * 0.97, -0.25 - 0.5 * (1.0 - rho * rho), 0.35);
            }
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
    let helix = ridge(0.90, 0.085) * 0.30 * smoothstep(0.1, 0.6, back.max(smoothstep(0.2, 0.9, sin)));
    let antihelix = ridge(0.56, 0.10) * 0.26 * smoothstep(0.35, 0.8, back);
    let concha = -0.42 * hill(0.15, -0.35, 0.45, 0.75);
    let tragus = 0.34 * hill(0.80, -0.25, 0.10, 0.22);
    let lobe = 0.16 * hill(0.05, -2.05, 0.5, 0.3);
    (0.30 * (1.0 - rho.powi(6)).max(0.0).sqrt() + helix + antihelix + concha + tragus + lobe, helix)
}
