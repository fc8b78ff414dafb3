//! Feet on the floor: what the model says about ankles becomes standing and stepping.
//!
//! A foot stands where it is until the model wants it more than [`AWAY`] elsewhere; then, if the other foot stands, it takes one
//! step to where the model wants it to be for the next second. Standing feet do not move at all.

use super::curves::ease;
use super::gestures::Side;
use super::latent::{ANKLES, Code, FEET};
use super::torso::ANKLE_HEIGHT;
use glam::{Vec2, Vec3};

/// A foot steps when it is wanted this far from where it stands, metres.
const AWAY: f32 = 0.045;
/// Frames (at 30 a second) of a step, and of looking ahead to its start and beyond its end.
const STEP: usize = 15;
const AHEAD: usize = 6;
const BEYOND: usize = 45;
/// How high a step lifts the ankle, metres.
const LIFT: f32 = 0.03;
/// Ankles never come nearer to each other sideways, metres.
const APART: f32 = 0.15;

struct Foot {
    at: Vec2,
    yaw: f32,
    /// The step under way: first frame, frames, and where it began.
    step: Option<(usize, usize, Vec2, f32)>,
    next_step: usize,
}

/// Plants the feet of codes at 30 frames a second. Where `pinned` the ankles are given and stay as they are.
pub fn plant(codes: &mut [Code], pinned: &[bool]) {
    let wanted: Vec<[(Vec2, f32); 2]> = codes.iter().map(|c| Side::BOTH.map(|s| read(c, s))).collect();
    let Some(last) = wanted.len().checked_sub(1) else { return };
    let mean = |side: usize, from: usize, frames: usize| {
        let span = from.min(last)..(from + frames).min(last + 1);
        let n = span.len().max(1) as f32;
        let sum = wanted[span].iter().fold((Vec2::ZERO, 0.0), |sum, w| (sum.0 + w[side].0, sum.1 + w[side].1));
        (sum.0 / n, sum.1 / n)
    };
    let mut feet = [0, 1].map(|side| {
        let (at, yaw) = if pinned[0] { wanted[0][side] } else { mean(side, 0, BEYOND) };
        Foot { at, yaw, step: None, next_step: 0 }
    });
    for frame in 0..=last {
        for side in Side::BOTH {
            let s = side as usize;
            if pinned[frame] {
                (feet[s].at, feet[s].yaw) = wanted[frame][s];
                feet[s].step = None;
                continue;
            }
            let (ahead, _) = mean(s, frame + AHEAD, AHEAD);
            let free = feet[s].step.is_none() && feet[1 - s].step.is_none() && frame >= feet[s].next_step;
            // A step that the end of the take would cut is not begun.
            if free && frame + STEP <= last && ahead.distance(feet[s].at) > AWAY {
                let frames = (frame..frame + STEP).take_while(|n| !pinned[*n]).count().max(4);
                feet[s].step = Some((frame, frames, feet[s].at, feet[s].yaw));
                let land = frame + frames;
                let (mut to, yaw) = if pinned[land.min(last)] { wanted[land.min(last)][s] } else { mean(s, land, BEYOND) };
                // Beside the other foot, not on it.
                let gap = side.sign() * (to.x - feet[1 - s].at.x);
                to.x += side.sign() * (APART - gap).max(0.0);
                (feet[s].at, feet[s].yaw) = (to, yaw);
                feet[s].next_step = land + 12;
            }
            let mut lift = 0.0;
            let (mut at, mut yaw) = (feet[s].at, feet[s].yaw);
            if let Some((first, frames, from, from_yaw)) = feet[s].step {
                let done = (frame - first) as f32 / frames as f32;
                // Up before along, along before down.
                let share = ease((done - 0.15) / 0.7);
                (at, yaw) = (from.lerp(at, share), from_yaw + (yaw - from_yaw) * share);
                lift = LIFT * (std::f32::consts::PI * done).sin();
                if frame + 1 >= first + frames {
                    feet[s].step = None;
                }
            }
            write(&mut codes[frame], side, at, lift, yaw);
        }
    }
}

fn read(code: &Code, side: Side) -> (Vec2, f32) {
    let s = side as usize;
    (Vec2::new(code[ANKLES[s]] * side.sign(), code[ANKLES[s] + 2]), code[FEET[s]])
}

fn write(code: &mut Code, side: Side, at: Vec2, lift: f32, yaw: f32) {
    let s = side as usize;
    let ankle = Vec3::new(at.x * side.sign(), ANKLE_HEIGHT + lift, at.y);
    code[ANKLES[s]..ANKLES[s] + 3].copy_from_slice(&ankle.to_array());
    code[FEET[s]] = yaw;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::latent::CODE;

    fn wandering(frames: usize, reach: f32) -> Vec<Code> {
        (0..frames)
            .map(|n| {
                let mut code = [0.0; CODE];
                for side in Side::BOTH {
                    let sway = reach * (n as f32 * 0.02 + side.sign()).sin();
                    write(&mut code, side, Vec2::new(0.11 * side.sign() + sway, 0.3 * sway), 0.004, 0.2);
                }
                code
            })
            .collect()
    }

    #[test]
    fn small_drift_is_taken_away_and_large_becomes_steps() {
        let mut small = wandering(600, 0.02);
        plant(&mut small, &[false; 600]);
        assert!(small.windows(2).all(|w| w[0][ANKLES[0]..ANKLES[1] + 3] == w[1][ANKLES[0]..ANKLES[1] + 3]));
        let mut large = wandering(600, 0.15);
        plant(&mut large, &[false; 600]);
        let (mut steps, mut moved) = (0, 0);
        for w in large.windows(2) {
            let shift = [0, 1].map(|s| (w[0][ANKLES[s]] - w[1][ANKLES[s]]).abs() > 1e-6);
            assert!(!(shift[0] && shift[1]), "both feet in the air");
            steps += usize::from(w[0][ANKLES[0] + 1] == ANKLE_HEIGHT && w[1][ANKLES[0] + 1] > ANKLE_HEIGHT);
            moved += usize::from(shift[0]);
            if shift[0] {
                assert!(w[0][ANKLES[0] + 1] > ANKLE_HEIGHT + 0.008, "slides");
            }
        }
        assert!(steps >= 2 && moved < 300, "{steps} {moved}");
    }

    #[test]
    fn pinned_feet_stay_and_are_stood_on_afterwards() {
        let mut codes = wandering(200, 0.15);
        let before = codes.clone();
        let pinned: Vec<bool> = (0..200).map(|n| n < 20).collect();
        plant(&mut codes, &pinned);
        assert_eq!(codes[10], before[10]);
        assert!((codes[22][ANKLES[0]] - before[19][ANKLES[0]]).abs() < 1e-6);
    }
}
