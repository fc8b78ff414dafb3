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
/// A foot that is given no further away than this (metres, radians) needs no step to be there.
const NEAR: f32 = 0.002;
const NEAR_YAW: f32 = 0.02;

struct Foot {
    at: Vec2,
    yaw: f32,
    /// The step under way: first frame, frames, and where it began.
    step: Option<(usize, usize, Vec2, f32)>,
    next_step: usize,
}

/// Plants the feet of codes at 30 frames a second. Where `pinned` is 1 the ankles are given and stay as they are: feet step there
/// in time and stand there afterwards. Where it is less they may hang above the floor by that share, as feet do that walk in or out.
pub fn plant(codes: &mut [Code], pinned: &[f32]) {
    let floor = Floor { wanted: codes.iter().map(|c| Side::BOTH.map(|s| read(c, s))).collect(), next_pin: next_pins(pinned) };
    let Some(last) = floor.wanted.len().checked_sub(1) else { return };
    let start = floor.next_pin[0].filter(|pin| *pin < 2 * STEP);
    let mut feet = Side::BOTH.map(|side| {
        let (at, yaw) = start.map_or_else(|| floor.mean(side, 0, BEYOND), |pin| floor.wanted[pin][side as usize]);
        Foot { at, yaw, step: None, next_step: 0 }
    });
    for frame in 0..=last {
        for side in Side::BOTH {
            let s = side as usize;
            if floor.next_pin[frame] == Some(frame) {
                feet[s] = Foot { at: floor.wanted[frame][s].0, yaw: floor.wanted[frame][s].1, step: None, next_step: 0 };
                continue;
            }
            if let Some(step) = floor.step(frame, side, &feet) {
                let (from, from_yaw) = (feet[s].at, feet[s].yaw);
                feet[s] = Foot {
                    at: step.to,
                    yaw: step.yaw,
                    step: Some((frame, step.frames, from, from_yaw)),
                    next_step: frame + step.frames + 12,
                };
            }
            let hangs = pinned[frame] * (codes[frame][ANKLES[s] + 1] - ANKLE_HEIGHT);
            let (at, lift, yaw) = feet[s].place(frame);
            write(&mut codes[frame], side, at, if lift > 0.0 { lift.max(hangs) } else { hangs }, yaw);
        }
    }
}

/// The next frame at or after each one at which the feet are given.
fn next_pins(pinned: &[f32]) -> Vec<Option<usize>> {
    let mut next = None;
    let mut pins: Vec<Option<usize>> = (0..pinned.len())
        .rev()
        .map(|n| {
            next = if pinned[n] >= 1.0 { Some(n) } else { next };
            next
        })
        .collect();
    pins.reverse();
    pins
}

/// Where the feet are wanted.
struct Floor {
    wanted: Vec<[(Vec2, f32); 2]>,
    next_pin: Vec<Option<usize>>,
}

/// A step to be taken.
struct Step {
    frames: usize,
    to: Vec2,
    yaw: f32,
}

impl Floor {
    /// Where a foot is wanted on average over some frames.
    fn mean(&self, side: Side, from: usize, frames: usize) -> (Vec2, f32) {
        let last = self.wanted.len() - 1;
        let span = from.min(last)..(from + frames).min(last + 1);
        let n = span.len().max(1) as f32;
        let sum = self.wanted[span].iter().fold((Vec2::ZERO, 0.0), |sum, w| (sum.0 + w[side as usize].0, sum.1 + w[side as usize].1));
        (sum.0 / n, sum.1 / n)
    }

    /// The step that a foot begins at a frame, if it does.
    fn step(&self, frame: usize, side: Side, feet: &[Foot; 2]) -> Option<Step> {
        let s = side as usize;
        if feet.iter().any(|foot| foot.step.is_some()) {
            return None;
        }
        if let Some(left) = self.next_pin[frame].map(|pin| pin - frame).filter(|left| *left <= 3 * STEP) {
            return self.step_to_pin(frame, left, side, feet);
        }
        // A step that the end of the take would cut is not begun.
        let free = frame >= feet[s].next_step && frame + STEP < self.wanted.len();
        let (ahead, _) = self.mean(side, frame + AHEAD, AHEAD);
        if !free || ahead.distance(feet[s].at) <= AWAY {
            return None;
        }
        let (mut to, yaw) = self.mean(side, frame + STEP, BEYOND);
        // Beside the other foot, not on it.
        let gap = side.sign() * (to.x - feet[1 - s].at.x);
        to.x += side.sign() * (APART - gap).max(0.0);
        Some(Step { frames: STEP, to, yaw })
    }

    /// One foot after the other comes to where it is given `left` frames later.
    fn step_to_pin(&self, frame: usize, left: usize, side: Side, feet: &[Foot; 2]) -> Option<Step> {
        let wanted = &self.wanted[frame + left];
        let astray = [0, 1].map(|k: usize| wanted[k].0.distance(feet[k].at) > NEAR || (wanted[k].1 - feet[k].yaw).abs() > NEAR_YAW);
        let steps = astray.iter().filter(|astray| **astray).count();
        let s = side as usize;
        (astray[s] && left <= steps * STEP).then(|| Step { frames: (left / steps).max(1), to: wanted[s].0, yaw: wanted[s].1 })
    }
}

impl Foot {
    /// Where the foot is, how high above the floor, and where it points; a step that is done is forgotten.
    fn place(&mut self, frame: usize) -> (Vec2, f32, f32) {
        let Some((first, frames, from, from_yaw)) = self.step else { return (self.at, 0.0, self.yaw) };
        let done = (frame - first) as f32 / frames as f32;
        if frame >= first + frames {
            self.step = None;
        }
        // Up before along, along before down.
        let share = ease((done - 0.15) / 0.7);
        (from.lerp(self.at, share), LIFT * (std::f32::consts::PI * done).sin(), from_yaw + (self.yaw - from_yaw) * share)
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
        plant(&mut small, &[0.0; 600]);
        assert!(small.windows(2).all(|w| w[0][ANKLES[0]..ANKLES[1] + 3] == w[1][ANKLES[0]..ANKLES[1] + 3]));
        let mut large = wandering(600, 0.15);
        plant(&mut large, &[0.0; 600]);
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
        let pinned: Vec<f32> = (0..200).map(|n| f32::from(n < 20)).collect();
        plant(&mut codes, &pinned);
        assert_eq!(codes[10], before[10]);
        assert!((codes[22][ANKLES[0]] - before[19][ANKLES[0]]).abs() < 1e-6);
    }

    #[test]
    fn feet_step_to_where_they_are_given_one_after_the_other() {
        let mut codes = wandering(200, 0.0);
        for side in Side::BOTH {
            write(&mut codes[100], side, Vec2::new(0.2 * side.sign(), 0.1), 0.0, 0.2);
        }
        let pinned: Vec<f32> = (0..200).map(|n| f32::from(n == 100)).collect();
        plant(&mut codes, &pinned);
        let ankle = |n: usize, s: usize| Vec3::from_slice(&codes[n][ANKLES[s]..ANKLES[s] + 3]);
        for n in 60..130 {
            let moved = [0, 1].map(|s| ankle(n, s).distance(ankle(n + 1, s)));
            assert!(moved[0].min(moved[1]) < 1e-6 && moved[0].max(moved[1]) < 0.05, "frame {n}: {moved:?}");
        }
        assert!((ankle(100, 0).x - 0.2).abs() < 1e-6 && (ankle(100, 1).x - 0.2).abs() < 1e-6);
    }
}
