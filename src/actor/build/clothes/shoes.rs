//! Shoes: an upper from heel to toe, a sole with an edge, laces.

use super::super::math::{curve, lerp, smoothstep};
use super::super::mesh::{Part, Tube, grid};
use super::super::skeleton::{Rig, chain, influences};
use super::{Palette, pair, rounded};
use glam::Vec3;
use std::f32::consts::{PI, TAU};

const ROWS: usize = 13;
const COLUMNS: usize = 12;
/// Half width and height of the upper, and half width of the sole, along the foot (share of its length).
const WIDTH: [(f32, f32); 7] = [(0.0, 0.024), (0.08, 0.030), (0.25, 0.034), (0.45, 0.0355), (0.65, 0.0425), (0.85, 0.0385), (1.0, 0.026)];
const TOP: [(f32, f32); 8] =
    [(0.0, 0.050), (0.04, 0.082), (0.15, 0.102), (0.30, 0.104), (0.50, 0.084), (0.70, 0.063), (0.90, 0.052), (1.0, 0.034)];

/// Both shoes; sneakers have thick soles, toe caps and laces in the soles' colour.
pub fn build(rig: &Rig, sneakers: bool, palette: &Palette) -> Part {
    let (ankle, toes) = (rig.at("leftFoot"), rig.at("leftToes"));
    let (heel, tip) = (ankle.z - 0.068, toes.z + 0.060);
    let thick = if sneakers { 0.024 } else { 0.014 };
    let mut shoe = upper(ankle.x, heel, tip, thick);
    shoe.colors = shoe
        .positions
        .iter()
        .map(|p| {
            let f = (p.z - heel) / (tip - heel);
            let cap = if sneakers { smoothstep(0.80, 0.83, f) } else { 0.0 };
            let collar = smoothstep(0.088, 0.096, p.y);
            palette.shoes.lerp(palette.soles, 0.85 * cap) * (1.0 - 0.25 * collar)
        })
        .collect();
    shoe.append(sole(ankle.x, heel, tip, thick).paint(if sneakers { palette.soles } else { palette.shoes * 0.45 }));
    for i in 0..4 {
        let lace = if sneakers { palette.soles } else { palette.shoes * 0.6 };
        shoe.append(self::lace(ankle.x, lerp(heel, tip, 0.44 + 0.075 * i as f32), (heel, tip), thick).paint(lace));
    }
    let (foot, toe) = (rig.joint("leftFoot"), rig.joint("leftToes"));
    shoe.weights = shoe.positions.iter().map(|p| influences(&chain(&[foot, toe], &[toes.z], 0.025, p.z))).collect();
    pair(shoe)
}

/// Height of the upper's surface over the middle line.
fn upper(x: f32, heel: f32, tip: f32, thick: f32) -> Part {
    let mut shoe = Part { quads: grid(ROWS, COLUMNS, true), ..Part::default() };
    for r in 0..ROWS {
        // Denser at both ends.
        let f = 0.5 - 0.5 * (PI * r as f32 / (ROWS - 1) as f32).cos();
        let (width, top) = (curve(&WIDTH, f), curve(&TOP, f));
        // Heel and toe close round.
        let end = (f.min(1.0 - f) / 0.06).min(1.0);
        let open = (1.0 - (1.0 - end).powi(2)).max(0.0).sqrt();
        for c in 0..COLUMNS {
            let (sin, cos) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let low = 0.6 * thick;
            let middle = lerp(low, top, 0.40);
            let y = if sin > 0.0 { middle + (top - middle) * sin } else { middle + (middle - low) * sin };
            let narrower = 1.0 - 0.36 * smoothstep(0.4 * top, top, y);
            shoe.positions.push(Vec3::new(x + width * rounded(cos) * narrower * open, lerp(0.8 * middle, y, open), lerp(heel, tip, f)));
        }
    }
    shoe.flip()
}

/// A slab under the shoe that stands out a little and rises at the toe.
fn sole(x: f32, heel: f32, tip: f32, thick: f32) -> Part {
    const AROUND: usize = 22;
    // Bottom middle, bottom edge, top edge, inside: inset and height (share of the thickness).
    const RINGS: [(f32, f32); 5] = [(0.030, 0.0), (0.003, 0.0), (0.0, 0.25), (0.0005, 0.92), (0.008, 1.0)];
    let mut part = Part { quads: grid(RINGS.len(), AROUND, true), ..Part::default() };
    let length = tip - heel;
    for (inset, high) in RINGS {
        for c in 0..AROUND {
            let (sin, cos) = (TAU * c as f32 / AROUND as f32).sin_cos();
            let f = (0.5 + 0.53 * cos).clamp(-0.03, 1.03);
            let width = (curve(&WIDTH, f) + 0.0035 - inset).max(0.001);
            let z = lerp(heel, tip, f) - inset * cos;
            let spring = 0.010 * smoothstep(0.72, 1.03, (z - heel) / length);
            part.positions.push(Vec3::new(x + width * sin.signum() * sin.abs().powf(0.75), high * thick + spring, z));
        }
    }
    // Strips close the bottom.
    let n = AROUND as u32;
    part.quads.extend((0..n / 2 - 1).map(|i| [i + 1, n - 2 - i, n - 1 - i, i]));
    part
}

/// One lace across the instep.
fn lace(x: f32, z: f32, (heel, tip): (f32, f32), thick: f32) -> Part {
    const POINTS: usize = 5;
    let f = (z - heel) / (tip - heel);
    let (width, top) = (curve(&WIDTH, f), curve(&TOP, f));
    let low = 0.6 * thick;
    let middle = lerp(low, top, 0.40);
    let path: Vec<Vec3> = (0..POINTS)
        .map(|i| {
            let angle = lerp(0.30, 0.70, i as f32 / (POINTS - 1) as f32) * PI;
            let y = middle + (top - middle) * angle.sin();
            let narrower = 1.0 - 0.36 * smoothstep(0.4 * top, top, y);
            Vec3::new(x + width * rounded(angle.cos()) * narrower, y + 0.0012, z)
        })
        .collect();
    let ends = [0.0004, 0.0034, 0.0034, 0.0034, 0.0004];
    let high = [0.0004, 0.0018, 0.0018, 0.0018, 0.0004];
    Tube { path: &path, up: &[Vec3::Y; POINTS], width: &ends, height: &high, columns: 6, crown: 0.0 }.build()
}
