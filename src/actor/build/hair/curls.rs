//! A round cloud of curls: a dome over the scalp with puffs of two sizes, each a spiral of strands.

use super::super::math::{angles, direction, jitter, lerp, smoothstep};
use super::super::mesh::{Part, grid};
use super::{Hair, Scalp, rigid};
use glam::Vec3;

const COLUMNS: usize = 88;
const ROWS: usize = 38;
const PUFFS: usize = 190;

pub fn build(scalp: &Scalp) -> Hair {
    let h = &scalp.p.hair;
    let puffs: Vec<Vec3> = (0..PUFFS).map(puff).collect();
    let mut part = Part::default();
    for r in 0..ROWS {
        for c in 0..COLUMNS {
            let azimuth = c as f32 / COLUMNS as f32 * 360.0 - 180.0;
            let line = scalp.hairline(azimuth);
            // The last rows curl under, back to the scalp.
            let down = r as f32 / (ROWS - 1) as f32;
            let elevation = lerp(89.9, line - 1.0, down.powf(0.95));
            let toward = direction(azimuth, elevation);
            let above = elevation - line;
            let cloud = (1.9 * h.volume + 0.35 * h.length) * smoothstep(-2.0, 16.0, above) * (1.0 + 0.16 * toward.y);
            let (bump, shade) = bump(&puffs, toward);
            let lift = cloud + (0.62 + 0.4 * h.tousle) * bump * smoothstep(0.0, 10.0, above) - 0.1;
            let mut p = scalp.above(azimuth, elevation, lift);
            // Gravity: the cloud is wider below than above.
            p.y -= 0.12 * cloud * smoothstep(10.0, -10.0, elevation);
            part.positions.push(p);
            part.uvs.push([azimuth * 0.06 + 2.0 * bump, elevation * 0.02 + bump]);
            part.colors.push(scalp.color * (0.78 + 0.34 * shade));
        }
    }
    part.quads = grid(ROWS, COLUMNS, true);
    Hair::new(rigid(part))
}

/// Evenly spread directions on a golden-angle spiral, jittered.
fn puff(i: usize) -> Vec3 {
    let k = i as f32 + 0.5;
    let y = 1.0 - 2.0 * k / PUFFS as f32;
    let turn = 2.399_963 * k;
    let spread = Vec3::new(jitter(3 * i as u32), jitter(3 * i as u32 + 1), jitter(3 * i as u32 + 2)) * 0.05;
    (Vec3::new((1.0 - y * y).sqrt() * turn.cos(), y, (1.0 - y * y).sqrt() * turn.sin()) + spread).normalize()
}

/// Height over the cloud (0..=1) and lightness of the nearest puff at a direction.
fn bump(puffs: &[Vec3], toward: Vec3) -> (f32, f32) {
    const RADIUS: f32 = 0.20;
    let (near, distance) =
        puffs.iter().enumerate().map(|(i, p)| (i, p.distance(toward))).fold((0, f32::INFINITY), |a, b| if b.1 < a.1 { b } else { a });
    let (azimuth, _) = angles(toward - puffs[near]);
    let swirl = 0.10 * (azimuth.to_radians() + distance * 30.0).sin() * smoothstep(0.0, 0.08, distance);
    let height = (1.0 - (distance / RADIUS).powi(2)).max(0.0).sqrt() + swirl;
    (height * (1.0 + 0.25 * jitter(900 + near as u32)), height)
}
