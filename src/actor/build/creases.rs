//! Furrows of the skin along lines: those that an expression makes and those that the years leave.
//!
//! A crease is a line on the left half of the face as seen from the front, a width and a depth. Across it the skin falls into the
//! groove and rises a little beside it, as skin does that is pushed together.

use super::math::{bell, smoothstep};
use glam::{Vec2, Vec3};

/// A furrow: points (x, y) in centimetres, half width and depth.
pub struct Crease {
    line: &'static [(f32, f32)],
    width: f32,
    depth: f32,
}

const fn crease(line: &'static [(f32, f32)], width: f32, depth: f32) -> Crease {
    Crease { line, width, depth }
}

const NASOLABIAL: &[(f32, f32)] = &[(1.55, -2.7), (2.2, -3.4), (2.85, -4.3), (3.15, -5.2)];
const LAUGH: &[(f32, f32)] = &[(1.65, -2.6), (2.5, -3.2), (3.35, -4.1), (3.75, -5.2)];

/// What an old face shows at rest.
pub const AGE: [Crease; 12] = [
    crease(NASOLABIAL, 0.30, 0.16),
    crease(&[(2.75, -5.7), (2.95, -6.4), (2.85, -7.0)], 0.28, 0.11),
    crease(&[(0.0, 4.15), (1.6, 4.35), (3.6, 4.0)], 0.30, 0.07),
    crease(&[(0.0, 5.15), (1.8, 5.35), (3.8, 4.9)], 0.30, 0.07),
    crease(&[(0.0, 6.1), (1.8, 6.3), (3.2, 6.0)], 0.30, 0.05),
    crease(&[(1.55, -1.95), (2.6, -2.45), (3.8, -2.35), (4.6, -1.9)], 0.34, 0.12),
    crease(&[(5.35, 0.55), (6.1, 1.0)], 0.22, 0.07),
    crease(&[(5.4, 0.05), (6.2, 0.1)], 0.22, 0.07),
    crease(&[(5.3, -0.5), (6.05, -0.8)], 0.22, 0.07),
    crease(&[(0.55, 1.7), (0.6, 2.8)], 0.26, 0.07),
    crease(&[(3.9, -3.3), (4.5, -4.6), (4.5, -5.8)], 0.5, 0.12),
    crease(&[(0.0, -6.75), (0.8, -6.8), (1.5, -6.6)], 0.3, 0.06),
];

/// What a morph (without its side) adds.
pub fn of_shape(name: &str) -> &'static [Crease] {
    const INNER_UP: [Crease; 2] =
        [crease(&[(0.0, 4.3), (1.2, 4.45), (2.3, 4.1)], 0.32, 0.09), crease(&[(0.0, 5.35), (1.2, 5.45), (2.2, 5.1)], 0.34, 0.07)];
    const OUTER_UP: [Crease; 2] =
        [crease(&[(2.2, 4.5), (3.6, 4.6), (4.8, 4.1)], 0.32, 0.07), crease(&[(2.2, 5.5), (3.6, 5.5), (4.6, 5.0)], 0.34, 0.05)];
    const DOWN: [Crease; 1] = [crease(&[(0.42, 1.5), (0.50, 2.7)], 0.24, 0.12)];
    const SNEER: [Crease; 4] = [
        crease(&[(0.0, 0.35), (0.8, 0.05)], 0.20, 0.08),
        crease(&[(0.15, -0.25), (1.0, -0.75)], 0.20, 0.10),
        crease(&[(0.35, -0.85), (1.1, -1.5)], 0.20, 0.08),
        crease(&[(1.5, -2.5), (2.2, -3.0), (2.7, -3.9)], 0.28, 0.15),
    ];
    const SMILE: [Crease; 1] = [crease(LAUGH, 0.34, 0.13)];
    const SQUINT: [Crease; 2] =
        [crease(&[(5.5, 0.3), (6.2, 0.6)], 0.22, 0.05), crease(&[(1.9, -2.0), (3.2, -2.35), (4.6, -1.9)], 0.30, 0.06)];
    match name {
        "browInnerUp" => &INNER_UP,
        "browOuterUp" => &OUTER_UP,
        "browDown" => &DOWN,
        "noseSneer" => &SNEER,
        "mouthSmile" => &SMILE,
        "cheekSquint" => &SQUINT,
        _ => &[],
    }
}

impl Crease {
    /// How far the skin at `p` (on the left half) goes in (negative) or out, centimetres.
    pub fn height(&self, p: Vec3) -> f32 {
        let (distance, along) = self.nearest(Vec2::new(p.x, p.y));
        if distance > 4.0 * self.width || p.z < 1.0 {
            return 0.0;
        }
        let x = distance / self.width;
        let ends = smoothstep(0.0, 0.25, along) * smoothstep(1.0, 0.75, along);
        // A line that begins on the middle of the face goes on to the other side.
        let ends = if self.line[0].0 == 0.0 { smoothstep(1.0, 0.75, along) } else { ends };
        self.depth * (0.45 * bell(x - 1.9, 0.9) - bell(x, 1.0)) * ends
    }

    /// Distance to the line and the place along it, 0..=1.
    fn nearest(&self, p: Vec2) -> (f32, f32) {
        let mut best = (f32::INFINITY, 0.0);
        let count = (self.line.len() - 1) as f32;
        for (i, pair) in self.line.windows(2).enumerate() {
            let (a, b) = (Vec2::from(pair[0]), Vec2::from(pair[1]));
            let t = ((p - a).dot(b - a) / (b - a).length_squared()).clamp(0.0, 1.0);
            let distance = p.distance(a.lerp(b, t));
            if distance < best.0 {
                best = (distance, (i as f32 + t) / count);
            }
        }
        best
    }
}
