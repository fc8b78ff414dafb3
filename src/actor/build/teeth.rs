//! Teeth and tongue: simple true shapes, seen at the right moment.

use super::math::{lerp, linear, smoothstep};
use super::mesh::{Part, grid};
use super::{Jaw, Parameters};
use glam::{Mat3, Vec3};
use std::f32::consts::{PI, TAU};

/// Widths of a row of teeth from the middle: incisors, canine, premolars.
const WIDTHS: [f32; 5] = [0.50, 0.40, 0.44, 0.40, 0.42];

/// A row of teeth with its gum, on an elliptic arch.
pub fn teeth(p: &Parameters, upper: bool) -> Part {
    const ALONG: usize = 49;
    // Down the front from the gum to the edge, then back behind it.
    const PROFILE: [f32; 8] = [0.0, 0.10, 0.20, 0.33, 0.52, 0.68, 0.76, 1.0];
    let wide = (p.mouth.half_width / 2.4).sqrt();
    let (half_width, front, y) =
        if upper { (2.85 * wide, 7.05, p.mouth.height - 0.20) } else { (2.65 * wide, 6.75, p.mouth.height - 0.36) };
    let depth = 3.0;
    let (gum, enamel) = (linear(p.colors.gum), linear(p.colors.teeth));
    let arch: Vec<(Vec3, Vec3)> = (0..ALONG)
        .map(|i| {
            let (sin, cos) = ((i as f32 / (ALONG - 1) as f32 * 2.0 - 1.0) * PI * 0.47).sin_cos();
            (Vec3::new(half_width * sin, 0.0, front - depth * (1.0 - cos)), Vec3::new(sin, 0.0, cos))
        })
        .collect();
    let bumps = tooth_bumps(&arch.iter().map(|a| a.0).collect::<Vec<_>>());
    let mut part = Part::default();
    for q in PROFILE {
        for (i, &(at, outward)) in arch.iter().enumerate() {
            let bump = bumps[i];
            let (height, out) = if q < 0.7 {
                (0.95 - q / 0.7, 0.10 * (PI * q / 0.7).sin())
            } else {
                let k = (q - 0.7) / 0.3;
                (-0.05 + 0.5 * k, -0.38 * k)
            };
            let notch = if q > 0.5 { (1.0 - bump) * 0.10 } else { 0.0 };
            let rise = height + notch;
            let position = at + outward * (out - (1.0 - bump) * 0.06) + Vec3::Y * (y + if upper { rise } else { -rise });
            let is_gum = smoothstep(0.22, 0.14, q - 0.05 * bump);
            part.positions.push(position);
            part.colors.push((enamel * (0.82 + 0.18 * bump)).lerp(gum, is_gum));
            part.openness.push(mouth_openness(position, 7.3, 2.2, 0.8));
        }
    }
    part.quads = grid(PROFILE.len(), ALONG, false);
    if upper { part } else { part.flip() }
}

/// 1 in the middle of a tooth, 0 between two, along the arch.
fn tooth_bumps(arch: &[Vec3]) -> Vec<f32> {
    let mut length = vec![0.0];
    for pair in arch.windows(2) {
        length.push(length[length.len() - 1] + pair[0].distance(pair[1]));
    }
    let middle = length[arch.len() / 2];
    length
        .iter()
        .map(|l| {
            let mut from_middle = (l - middle).abs();
            let width = WIDTHS.iter().cycle().take(12).copied().find(|w| {
                let inside = from_middle < *w;
                if !inside {
                    from_middle -= w;
                }
                inside
            });
            let across = 2.0 * from_middle / width.unwrap_or(0.42) - 1.0;
            (1.0 - across.clamp(-1.0, 1.0).powi(4)).max(0.0).sqrt()
        })
        .collect()
}

/// Light falls off with the depth behind the lips: the closed mouth's measured darkness would be wrong once it opens.
fn mouth_openness(p: Vec3, lips: f32, reach: f32, loss: f32) -> f32 {
    1.0 - loss * ((lips - p.z) / reach).clamp(0.0, 1.0)
}

/// A tapered tongue with a groove.
pub fn tongue(p: &Parameters) -> Part {
    const ROWS: usize = 14;
    const COLUMNS: usize = 16;
    let mut part = Part::default();
    for r in 0..ROWS {
        // Rows are denser at the tip.
        let q = 1.0 - (1.0 - r as f32 / (ROWS - 1) as f32).powf(1.4);
        let round = |from: f32, power: f32| (1.0 - ((q - from) / (1.0 - from)).clamp(0.0, 1.0).powf(power)).max(0.0).sqrt();
        let (half_width, height) = (1.45 * round(0.55, 2.2) + 0.02, 0.42 * round(0.7, 2.0) + 0.01);
        let (y, z) = (p.mouth.height - 0.52 + 0.35 * (PI * q * 0.8).sin(), lerp(1.65, 6.15, q));
        for c in 0..COLUMNS {
            let (sin, cos) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let groove = if sin > 0.0 { 0.35 * (-(cos / 0.25).powi(2)).exp() } else { 0.0 };
            let position = Vec3::new(half_width * cos, y + height * (sin - groove), z);
            part.positions.push(position);
            part.openness.push(mouth_openness(position, 6.7, 3.0, 0.85));
        }
    }
    part.quads = grid(ROWS, COLUMNS, true);
    part.flip().paint(linear(p.colors.tongue))
}

/// The shapes of what is fixed to the lower jaw.
pub fn jaw_shapes(positions: &[Vec3], jaw: &Jaw) -> Vec<(String, Vec<Vec3>)> {
    let turn = Mat3::from_rotation_x(jaw.angle.to_radians());
    let open = positions.iter().map(|p| turn * (*p - jaw.axis) + jaw.axis - *p).collect();
    let slide = |name: &str, offset: Vec3| (name.to_string(), vec![offset; positions.len()]);
    vec![
        ("jawOpen".into(), open),
        slide("jawForward", Vec3::Z * jaw.forward),
        slide("jawLeft", Vec3::X * jaw.sideways),
        slide("jawRight", Vec3::NEG_X * jaw.sideways),
    ]
}

/// The tongue's own shape: out over the lower lip, the root stays.
pub fn tongue_out(positions: &[Vec3]) -> (String, Vec<Vec3>) {
    let offsets = positions.iter().map(|p| Vec3::new(0.0, 0.5, 1.9) * smoothstep(1.0, 4.5, p.z)).collect();
    ("tongueOut".into(), offsets)
}
