//! Freckles and a beauty spot: small discs on the skin, which follow it.

use super::Parameters;
use super::brows::follow;
use super::deform::Shapes;
use super::math::{jitter, linear};
use super::mesh::Part;
use super::surface::Surface;
use super::topology::Cage;
use glam::Vec3;
use std::f32::consts::TAU;

const SIDES: usize = 6;
const FRECKLES: f32 = 64.0;

/// The marks, or nothing.
pub fn build(p: &Parameters, surface: &Surface, cage: &Cage, shapes: &Shapes) -> Option<Part> {
    let skin = linear(p.colors.skin);
    let mut part = Part::default();
    for i in 0..(p.skin.freckles * FRECKLES) as u32 {
        let (x, y) = (4.4 * jitter(7 * i), -2.5 + 1.1 * jitter(7 * i + 1) - 0.4 * jitter(7 * i + 2).powi(2));
        disc(&mut part, surface, (x, y), 0.065 + 0.03 * jitter(7 * i + 3), 0.004, skin * Vec3::new(0.72, 0.52, 0.42));
    }
    if p.skin.spot > 0.0 {
        disc(&mut part, surface, (-3.1, -4.4), p.skin.spot, 0.05, skin * Vec3::new(0.22, 0.14, 0.12));
    }
    if part.positions.is_empty() {
        return None;
    }
    part.morphs = follow(&part.positions, cage, shapes, |p| p.z > 2.0 && p.y < 1.0);
    part.openness = vec![1.0; part.positions.len()];
    Some(part)
}

/// A disc at (x, y) of the face, its middle raised by `dome`.
fn disc(part: &mut Part, surface: &Surface, (x, y): (f32, f32), radius: f32, dome: f32, color: Vec3) {
    let centre = surface.front(x, y);
    let normal = surface.gradient(centre).normalize_or_zero();
    let across = normal.cross(Vec3::Y).normalize_or_zero();
    let up = across.cross(normal);
    let first = part.positions.len() as u32;
    part.positions.push(centre + normal * (0.03 + dome));
    for k in 0..SIDES {
        let (sin, cos) = (TAU * k as f32 / SIDES as f32).sin_cos();
        part.positions.push(centre + (across * -cos + up * sin) * radius + normal * 0.025);
    }
    part.colors.extend(std::iter::repeat_n(color, SIDES + 1));
    for k in (0..SIDES as u32).step_by(2) {
        let ring = |k: u32| first + 1 + k % SIDES as u32;
        part.quads.push([first, ring(k + 2), ring(k + 1), ring(k)]);
    }
}
