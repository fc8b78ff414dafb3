//! Style: how somebody moves, as sixteen plain figures of a stretch of their motion.
//!
//! Figures rather than a learned code: they can be read, set by hand and taken from any motion.

use super::articulation::{gap_mm, rounding};
use super::coefficients::{Coefficients, id};
use super::vector::{self, Row, unpack};

/// Numbers of a style.
pub const STYLE: usize = 16;

/// A style; every number is about 0 for an average speaker and 1 for one deviation more.
pub type Style = [f32; STYLE];

/// The figures that tell how far and fast the head moves.
pub const HEAD: std::ops::Range<usize> = 9..13;
/// What every figure tells, in order.
pub const NAMES: [&str; STYLE] = [
    "lip range",
    "rounding range",
    "lip gap",
    "jaw",
    "blinks",
    "brows raised",
    "brow range",
    "brows lowered",
    "smile",
    "head yaw range",
    "head pitch range",
    "head roll range",
    "head speed",
    "gaze range",
    "lids",
    "asymmetry",
];

/// Places of single figures.
pub const LIP_RANGE: usize = 0;
pub const BLINKS: usize = 4;
pub const BROW_RANGE: usize = 6;
pub const HEAD_SPEED: usize = 12;

/// Typical value and spread of each figure, over the people of the training recordings.
const SCALE: [(f32, f32); STYLE] = [
    (4.0, 1.5),   // deviation of the lip gap, mm
    (0.13, 0.06), // deviation of rounding
    (4.0, 2.0),   // mean lip gap, mm
    (0.12, 0.05), // mean jaw
    (25.0, 18.0), // blinks a minute
    (0.08, 0.08), // mean brow raise
    (0.06, 0.05), // deviation of the brow raise
    (0.05, 0.06), // mean brow lowering
    (0.04, 0.06), // mean smile
    (0.03, 0.02), // deviation of head yaw, radians
    (0.03, 0.02), // pitch
    (0.02, 0.01), // roll
    (0.10, 0.08), // median head speed, radians a second
    (0.05, 0.03), // deviation of the gaze, radians
    (0.06, 0.05), // mean closing of the lids
    (0.03, 0.03), // difference of left and right
];

/// A figure in its own unit.
pub fn raw(figure: usize, value: f32) -> f32 {
    SCALE[figure].0 + SCALE[figure].1 * value
}

/// The style of a stretch of motion at 30 frames a second; the longer, the surer.
pub fn of(rows: &[Row]) -> Style {
    let faces: Vec<_> = rows.iter().map(unpack).collect();
    let n = faces.len().max(1) as f32;
    let mean = |f: &dyn Fn(&(Coefficients, crate::motion::Head, crate::motion::Gaze)) -> f32| faces.iter().map(f).sum::<f32>() / n;
    let deviation = |f: &dyn Fn(&(Coefficients, crate::motion::Head, crate::motion::Gaze)) -> f32| {
        let m = mean(f);
        mean(&|x| (f(x) - m).powi(2)).sqrt()
    };
    let brow = |c: &Coefficients| (c[id::BROW_INNER_UP] + c[id::BROW_OUTER_UP_LEFT] + c[id::BROW_OUTER_UP_RIGHT]) / 3.0;
    let figures = [
        deviation(&|x| gap_mm(&x.0).max(0.0)),
        deviation(&|x| rounding(&x.0)),
        mean(&|x| gap_mm(&x.0).max(0.0)),
        mean(&|x| x.0[id::JAW_OPEN]),
        blinks(rows) as f32 / (n / 30.0 / 60.0),
        mean(&|x| brow(&x.0)),
        deviation(&|x| brow(&x.0)),
        mean(&|x| 0.5 * (x.0[id::BROW_DOWN_LEFT] + x.0[id::BROW_DOWN_RIGHT])),
        mean(&|x| 0.5 * (x.0[id::MOUTH_SMILE_LEFT] + x.0[id::MOUTH_SMILE_RIGHT])),
        deviation(&|x| x.1.yaw),
        deviation(&|x| x.1.pitch),
        deviation(&|x| x.1.roll),
        crate::statistics::median(&head_speeds(rows)),
        deviation(&|x| x.2.yaw).hypot(deviation(&|x| x.2.pitch)),
        mean(&|x| lid(&x.0)),
        mean(&|x| {
            (x.0[id::BROW_DOWN_LEFT] - x.0[id::BROW_DOWN_RIGHT]).abs() + (x.0[id::MOUTH_SMILE_LEFT] - x.0[id::MOUTH_SMILE_RIGHT]).abs()
        }),
    ];
    std::array::from_fn(|i| ((figures[i] - SCALE[i].0) / SCALE[i].1).clamp(-3.0, 3.0))
}

/// How far the lids are down, the mean of both eyes.
fn lid(face: &Coefficients) -> f32 {
    0.5 * (face[id::EYE_BLINK_LEFT] + face[id::EYE_BLINK_RIGHT])
}

/// Number of blinks: lids that pass the half.
pub fn blinks(rows: &[Row]) -> usize {
    blink_frames(rows).len()
}

/// Frames in which lids pass the half.
pub fn blink_frames(rows: &[Row]) -> Vec<usize> {
    let lids: Vec<f32> = rows.iter().map(|row| lid(&unpack(row).0)).collect();
    (1..lids.len()).filter(|n| lids[n - 1] < 0.5 && lids[*n] >= 0.5).collect()
}

/// Speed of the head between neighbouring frames, radians a second.
pub fn head_speeds(rows: &[Row]) -> Vec<f32> {
    let speed = |w: &[Row]| 30.0 * (vector::HEAD..vector::GAZE).map(|c| (w[1][c] - w[0][c]).powi(2)).sum::<f32>().sqrt();
    rows.windows(2).map(speed).collect()
}
