//! What is sewn on: shirt collars, buttons, hoods, pockets, cords.

use super::super::math::{lerp, smoothstep};
use super::super::mesh::{Part, Tube, grid};
use super::super::skeleton::Rig;
use super::top::{self, Pattern};
use super::{Outfit, Palette};
use glam::Vec3;
use std::f32::consts::{PI, TAU};

/// Adds an outfit's details to its top.
pub fn sew(body: &mut Part, rig: &Rig, outfit: Outfit, pattern: &Pattern, palette: &Palette) {
    let mut add = |part: Part| {
        let weights = part.positions.iter().map(|p| top::weights(*p, rig)).collect();
        body.append(Part { weights, ..part });
    };
    match outfit {
        Outfit::Sweater | Outfit::Dress => {}
        Outfit::Shirt => {
            add(collar(pattern).paint(palette.top));
            buttons(pattern, &[1.352, 1.272, 1.192, 1.112, 1.032, 0.952]).into_iter().for_each(|b| add(b.paint(palette.trim)));
        }
        Outfit::Cardigan => {
            add(collar(pattern).paint(palette.under));
            buttons(pattern, &[1.185, 1.105, 1.025, 0.945]).into_iter().for_each(|b| add(b.paint(palette.trim * 0.6)));
        }
        Outfit::Hoodie => {
            add(hood(palette.top));
            add(pocket(pattern, palette.top));
            [1.0, -1.0].into_iter().for_each(|side| add(cord(pattern, side).paint(palette.trim)));
        }
    }
}

/// A shirt collar: a band around the neck, folded outwards into a leaf with two points that lies on the cloth.
fn collar(pattern: &Pattern) -> Part {
    const COLUMNS: usize = 31;
    // Height and distance from the neck of band, fold and leaf.
    const ROWS: [(f32, f32); 6] =
        [(1.396, 0.0015), (1.4290, 0.0025), (1.4350, 0.0045), (1.4335, 0.0080), (1.4235, 0.0125), (1.4120, 0.0170)];
    let mut part = Part { quads: grid(ROWS.len(), COLUMNS, false), ..Part::default() };
    for (r, (y, off)) in ROWS.into_iter().enumerate() {
        // How far down the leaf this row lies.
        let down = (r as f32 - 3.0).max(0.0) / 2.0;
        for c in 0..COLUMNS {
            // From the left of the front's middle around the back.
            let f = c as f32 / (COLUMNS - 1) as f32;
            let angle = lerp(0.07, TAU - 0.07, f);
            let (sin, cos) = angle.sin_cos();
            let front = smoothstep(-0.2, 1.0, cos);
            let point = down * smoothstep(0.50, 0.97, cos);
            let open = (0.004 * smoothstep(0.5, 1.0, cos) + 0.020 * point) * sin.signum();
            let x = (0.0485 + off) * sin + open;
            let y = y - 0.016 * front - 0.040 * point;
            let round = -0.0235 + (0.0490 + off) * cos + 0.003 * front;
            let on_cloth = pattern.front(x, y) + 0.0035;
            let z = if down > 0.0 { lerp(round, round.max(on_cloth), smoothstep(0.2, 0.6, cos)) } else { round };
            part.positions.push(Vec3::new(x, y, z));
        }
    }
    part
}

/// Buttons down the front's middle at the given heights: small domes.
fn buttons(pattern: &Pattern, heights: &[f32]) -> Vec<Part> {
    const RADIUS: f32 = 0.0052;
    let button = |y: &f32| {
        let (at, _) = pattern.surface(*y, 0.0);
        let (above, _) = pattern.surface(*y + 0.01, 0.0);
        let up = (above - at).normalize_or_zero();
        let out = Vec3::X.cross(up);
        let mut part = Part { quads: grid(4, 4, false), ..Part::default() };
        for i in 0..16 {
            let (u, v) = ((i % 4) as f32 / 1.5 - 1.0, (i / 4) as f32 / 1.5 - 1.0);
            // A square grid pressed into a disc.
            let (x, y) = (u * (1.0 - v * v / 2.0).sqrt(), v * (1.0 - u * u / 2.0).sqrt());
            let rim = x.hypot(y);
            let high = 0.0036 + 0.0014 * (1.0 - rim * rim) - if rim > 0.9 { 0.0030 } else { 0.0 };
            part.positions.push(at + Vec3::X * (x * RADIUS) - up * (y * RADIUS) + out * high);
        }
        part.flip()
    };
    heights.iter().map(button).collect()
}

/// A hood that lies folded on the back and around the neck.
fn hood(color: Vec3) -> Part {
    const ROWS: usize = 17;
    const COLUMNS: usize = 10;
    let mut part = Part { quads: grid(ROWS, COLUMNS, true), ..Part::default() };
    for r in 0..ROWS {
        let f = r as f32 / (ROWS - 1) as f32;
        let angle = lerp(0.16 * PI, 1.84 * PI, f);
        let (sin, cos) = angle.sin_cos();
        let behind = smoothstep(0.5, -0.9, cos);
        let end = (f.min(1.0 - f) / 0.06).min(1.0).sqrt();
        // The roll leans outwards; behind, it hangs down in a bag.
        let (wide, high) = (lerp(0.0125, 0.0240, behind) * end, lerp(0.0150, 0.0420, behind) * end);
        let centre = Vec3::new((0.0600 + 0.010 * behind) * sin, lerp(1.397, 1.392, behind), -0.0265 + (0.0560 + 0.026 * behind) * cos);
        let out = Vec3::new(sin, 0.0, cos);
        for c in 0..COLUMNS {
            let (s, k) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let sag = if s < 0.0 { 1.0 } else { 0.72 };
            let lean = 0.25 * s.max(0.0);
            part.positions.push(centre + out * (k * wide + lean * wide) + Vec3::Y * (s * high * sag));
        }
    }
    let shade = |p: &Vec3| color * lerp(0.80, 1.0, smoothstep(0.044, 0.062, p.x.hypot(p.z + 0.0265)));
    part.colors = part.positions.iter().map(shade).collect();
    part
}

/// The pouch on the belly of a hooded sweater: a raised panel with slanted openings.
fn pocket(pattern: &Pattern, color: Vec3) -> Part {
    const ROWS: usize = 7;
    const COLUMNS: usize = 9;
    let mut part = Part { quads: grid(ROWS, COLUMNS, false), ..Part::default() };
    for r in 0..ROWS {
        let f = r as f32 / (ROWS - 1) as f32;
        let y = lerp(1.062, 0.925, f);
        let half = lerp(0.058, 0.105, smoothstep(0.05, 0.62, f));
        for c in 0..COLUMNS {
            let g = 2.0 * c as f32 / (COLUMNS - 1) as f32 - 1.0;
            let (at, _) = pattern.surface(y, g * half / 0.115);
            let edge = r == 0 || r == ROWS - 1 || c == 0 || c == COLUMNS - 1;
            let sag = 0.006 * (1.0 - g * g) * (PI * f).sin();
            part.positions.push(at + Vec3::new(0.0, 0.0, if edge { 0.0005 } else { 0.0060 + sag }));
            part.colors.push(color * if edge { 0.66 } else { 0.98 });
        }
    }
    part
}

/// A cord of the hood, with a knot at its end.
fn cord(pattern: &Pattern, side: f32) -> Part {
    const WIDTH: [f32; 8] = [0.0016, 0.0018, 0.0018, 0.0018, 0.0018, 0.0034, 0.0034, 0.0004];
    const DOWN: [f32; 8] = [1.388, 1.368, 1.340, 1.312, 1.290, 1.284, 1.272, 1.268];
    let path: Vec<Vec3> = DOWN
        .iter()
        .map(|&y| {
            let x = lerp(0.030, 0.036, (1.388 - y) / 0.12);
            Vec3::new(x * side, y, pattern.front(x, y) + 0.0030)
        })
        .collect();
    Tube { path: &path, up: &[Vec3::Z; 8], width: &WIDTH, height: &WIDTH, columns: 6, crown: 0.0 }.build()
}
