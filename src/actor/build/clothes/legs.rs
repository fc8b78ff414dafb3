//! Trousers and leggings: two legs that touch in the middle plane; the top hides their upper rims.

use super::super::math::{bell, lerp, smoothstep};
use super::super::mesh::{Part, grid};
use super::super::skeleton::{Rig, influences};
use super::{folds, pair, rounded};
use glam::Vec3;
use std::f32::consts::TAU;

/// Leg sections: height, centre across, half width, half depth, depth of the centre (metres).
const LEG: [[f32; 5]; 21] = [
    [0.945, 0.066, 0.066, 0.078, -0.012],
    [0.890, 0.075, 0.076, 0.086, -0.015],
    [0.845, 0.084, 0.083, 0.096, -0.015],
    [0.800, 0.089, 0.085, 0.098, -0.011],
    [0.750, 0.091, 0.081, 0.093, -0.008],
    [0.690, 0.092, 0.075, 0.086, -0.005],
    [0.625, 0.092, 0.068, 0.079, -0.002],
    [0.570, 0.091, 0.063, 0.073, 0.000],
    [0.535, 0.091, 0.060, 0.070, 0.001],
    [0.505, 0.090, 0.058, 0.068, 0.001],
    [0.475, 0.090, 0.056, 0.066, -0.001],
    [0.440, 0.090, 0.055, 0.065, -0.004],
    [0.390, 0.090, 0.055, 0.064, -0.007],
    [0.320, 0.090, 0.053, 0.061, -0.009],
    [0.255, 0.090, 0.051, 0.058, -0.008],
    [0.210, 0.090, 0.049, 0.057, -0.006],
    [0.172, 0.090, 0.048, 0.056, -0.005],
    [0.138, 0.090, 0.047, 0.056, -0.003],
    [0.108, 0.090, 0.047, 0.057, -0.001],
    [0.080, 0.090, 0.048, 0.059, 0.001],
    [0.086, 0.090, 0.042, 0.051, 0.001],
];
const COLUMNS: usize = 18;

/// Both legs; `close` makes leggings.
pub fn build(rig: &Rig, close: bool, color: Vec3) -> Part {
    let knee = rig.at("leftLowerLeg").y;
    let mut leg = Part { quads: grid(LEG.len(), COLUMNS, true), ..Part::default() };
    for (r, [y, centre, half, deep, middle]) in LEG.into_iter().enumerate() {
        for c in 0..COLUMNS {
            let angle = TAU * c as f32 / COLUMNS as f32;
            let (sin, cos) = angle.sin_cos();
            // Calf and seat behind, knee in front.
            let calf = 0.012 * bell(y - 0.33, 0.09) * (-cos).max(0.0) + 0.004 * bell(y - knee, 0.04) * cos.max(0.0);
            let tight = if close { 0.80 + 0.12 * smoothstep(0.62, 0.86, y) - 0.16 * smoothstep(0.30, 0.08, y) } else { 1.0 };
            let off = folds::leg(y, angle, knee) * if close { 0.25 } else { 1.0 };
            let hem = r + 2 == LEG.len();
            let x = centre + (half * tight + off) * rounded(sin);
            let z = middle + (deep * tight + off + calf) * rounded(cos);
            leg.positions.push(Vec3::new(x.max(0.0), y, z));
            // Seams run down both sides.
            let seam = if c == COLUMNS / 4 || c == 3 * COLUMNS / 4 { 0.90 } else { 1.0 };
            leg.colors.push(color * folds::shade(off) * if hem { 0.82 } else { seam });
        }
    }
    let joints = ["hips", "leftUpperLeg", "leftLowerLeg", "leftFoot"].map(|name| rig.joint(name));
    let weigh = |p: &Vec3| {
        // The seat stays with the hips while the front of the thigh rises.
        let thigh =
            smoothstep(0.93, 0.80, p.y + 0.25 * p.z.min(0.0)) * lerp(0.5, 1.0, smoothstep(0.0, 0.05, p.x + 2.0 * (0.8 - p.y).max(0.0)));
        // The kneecap belongs to the thigh: in front, the shin takes over lower.
        let front = smoothstep(-0.02, 0.04, p.z);
        let shin = smoothstep(knee + 0.052 - 0.014 * front, knee - 0.052 - 0.020 * front, p.y);
        let foot = 0.6 * smoothstep(0.13, 0.06, p.y);
        let shares = [1.0 - thigh, thigh * (1.0 - shin), shin * (1.0 - foot), shin * foot];
        influences(&std::array::from_fn::<_, 4, _>(|i| (joints[i], shares[i])))
    };
    leg.weights = leg.positions.iter().map(weigh).collect();
    pair(leg)
}
