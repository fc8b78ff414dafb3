//! A round cloud of curls: a dome over the scalp with puffs.

use super::super::math::{direction, jitter, lerp, smoothstep};
use super::super::mesh::{Part, grid};
use super::{Hair, Scalp, rigid};
use glam::Vec3;

const COLUMNS: usize = 88;
const ROWS: usize = 38;
const PUFFS: usize = 84;

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
            let cloud = (1.9 * h.volume + 0.35 * h.length) * smoothstep(-2.0, 16.0, above) * (1.0 + 0.42 * toward.y - 0.15 * toward.z);
            let bump = bump(&puffs, toward);
            let lift = cloud + (1.15 + 0.5 * h.tousle) * bump * smoothstep(0.0, 10.0, above) - 0.1;
            let mut p = scalp.above(azimuth, elevation, lift);
            // Gravity: the cloud is wider below than above.
            p.y -= 0.12 * cloud * smoothstep(10.0, -10.0, elevation);
            part.positions.push(p);
            part.uvs.push([azimuth * 0.05, -elevation * 0.02]);
            part.colors.push(scalp.color * (0.62 + 0.46 * bump));
        }
    }
    part.quads = grid(ROWS, COLUMNS, true);
    Hair { material: "curls", ..Hair::new(rigid(part)) }
}

/// Evenly spread directions on a golden-angle spiral, jittered.
fn puff(i: usize) -> Vec3 {
    let k = i as f32 + 0.5;
    let y = 1.0 - 2.0 * k / PUFFS as f32;
    let turn = 2.399_963 * k;
    let spread = Vec3::new(jitter(3 * i as u32), jitter(3 * i as u32 + 1), jitter(3 * i as u32 + 2)) * 0.05;
    (Vec3::new((1.0 - y * y).sqrt() * turn.cos(), y, (1.0 - y * y).sqrt() * turn.sin()) + spread).normalize()
}

/// Height over the cloud of the puffs at a direction, about 0..=1.
fn bump(puffs: &[Vec3], toward: Vec3) -> f32 {
    const RADIUS: f32 = 0.26;
    const SOFT: f32 = 9.0;
    let height = |(i, p): (usize, &Vec3)| {
        let distance = p.distance(toward) / RADIUS;
        (1.0 + 0.25 * jitter(900 + i as u32)) * (1.0 - distance * distance).max(0.0).sqrt()
    };
    // A smooth maximum: puffs run into each other softly.
    let sum: f32 = puffs.iter().enumerate().map(|puff| (SOFT * height(puff)).exp() - 1.0).sum();
    (1.0 + sum).ln() / SOFT
}
