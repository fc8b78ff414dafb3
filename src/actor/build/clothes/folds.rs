//! Folds of cloth: where it is pushed together it buckles, where it is pulled it forms ridges towards the pull.

use super::super::math::{bell, smoothstep};
use std::f32::consts::TAU;

/// How far the cloth of a torso stands off its smooth shape (metres) at a height, an angle from the front (+ to the left) and
/// where it meets ribs (`gathered` at height) or hangs free.
pub fn torso(y: f32, angle: f32, gathered: Option<f32>) -> f32 {
    let side = angle.sin().abs();
    // Slanting buckles at the waist, deeper on the sides; the two sides differ.
    let slant = 0.020 * (2.0 * angle + 0.7).cos() + 0.006 * (5.0 * angle).sin();
    let waist = 0.0052 * bell(y - 1.065, 0.065) * (0.25 + 0.75 * side) * (TAU * (y + slant) / 0.078).sin();
    // Ridges from the armpit towards the middle of chest and back.
    let armpit = bell(side - 0.86, 0.20) * bell(y - 1.265, 0.05);
    let drag = 0.0046 * armpit * (TAU * (y + 0.055 * side) / 0.070).sin();
    // Cloth held by ribs hangs over them, in soft pleats.
    let bag = gathered.map_or(0.0, |hem| {
        let over = smoothstep(hem + 0.095, hem + 0.035, y) * smoothstep(hem, hem + 0.018, y);
        over * (0.0085 + 0.0030 * (9.0 * angle + 1.3 * (3.0 * angle).sin()).sin())
    });
    waist + drag + bag
}

/// The same of a sleeve, at a distance from the shoulder joint and an angle around the arm (0 front, 90 degrees up).
pub fn sleeve(along: f32, angle: f32, elbow: f32, wrist: f32, gathered: bool) -> f32 {
    // The inside of the elbow, which faces forwards, is pushed together when it bends.
    let inner = 0.30 + 0.70 * smoothstep(-0.3, 0.9, angle.cos());
    let crook = 0.0046 * inner * bell(along - elbow, 0.062) * (TAU * (along + 0.010 * (angle - 0.4).sin()) / 0.046).sin();
    let upper = 0.0024 * bell(along - 0.13, 0.05) * (TAU * (along + 0.024 * (angle + 1.0).sin()) / 0.085).sin();
    let cuff = wrist - 0.050;
    let stack = if gathered { 0.0024 } else { 0.0012 };
    let above = 0.75 * smoothstep(cuff - 0.085, cuff - 0.03, along) * smoothstep(cuff - 0.002, cuff - 0.014, along);
    let stacked = above * (stack * (TAU * (along + 0.008 * (2.0 * angle).sin()) / 0.052).sin() + if gathered { 0.0035 } else { 0.0 });
    crook + upper + stacked
}

/// The same of a trouser leg, at a height and an angle (0 front, 90 degrees outwards).
pub fn leg(y: f32, angle: f32, knee: f32) -> f32 {
    let behind = 0.35 + 0.65 * smoothstep(0.2, -0.8, angle.cos());
    let hollow = 0.0042 * behind * bell(y - knee - 0.01, 0.06) * (TAU * (y + 0.012 * angle.sin()) / 0.075).sin();
    let stack = 0.0040 * smoothstep(0.30, 0.16, y) * smoothstep(0.070, 0.10, y) * (TAU * (y + 0.014 * (angle + 0.6).sin()) / 0.078).sin();
    let crotch = 0.0036 * bell(y - 0.79, 0.05) * angle.cos().max(0.0) * (TAU * (y - 0.04 * angle.sin()) / 0.085).sin();
    hollow + stack + crotch
}

/// How folds tint cloth: grooves lie in shade.
pub fn shade(off: f32) -> f32 {
    1.0 + (off / 0.0035).clamp(-1.0, 0.6) * 0.20
}
