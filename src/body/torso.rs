//! What the trunk and the legs do: breath, lean, twist and bend with the hands, weight shifts, small steps.
//!
//! Sizes come from recorded standing speakers: torso twist follows the hand that reaches forward and side bend the hand
//! that rises (correlations 0.6-0.8); hips sway by centimetres, most of it below 0.25 Hz; quiet breathing is 16-18 breaths
//! a minute, seen as half a degree of the chest and a millimetre or two of the shoulders.

use super::curves::{Dice, FPS, Path, Purpose, ramp, smooth, soft_min, wander};
use super::expressivity::Expressivity;
use super::gestures::Side;
use super::rhythm::Rhythm;
use super::skeleton::JOINTS;
use glam::Vec3;

/// The trunk per frame, radians: `twist` to the left, `lean` forward, `bend` left side up.
#[derive(Clone, Debug)]
pub struct Torso {
    pub twist: Vec<f32>,
    pub lean: Vec<f32>,
    pub bend: Vec<f32>,
    /// Fullness of the chest, about 0..=1.
    pub breath: Vec<f32>,
}

impl Torso {
    /// Moves with the hands (left and right wrist, metres from the hips as out, up, forward) and the voice.
    pub fn new(hands: &[Vec<Vec3>; 2], rhythm: &Rhythm, manner: &[Expressivity], seed: u64) -> Torso {
        let mut dice = Dice::new(seed, Purpose::Torso);
        let frames = manner.len();
        let difference: Vec<Vec3> = hands[0].iter().zip(&hands[1]).map(|(l, r)| *l - *r).collect();
        let difference = smooth(&difference, 5.5);
        let loudness = smooth(&rhythm.level, 14.0);
        // Without speech everything calms down.
        let liveliness: Vec<f32> = smooth(&loudness, 30.0).iter().map(|l| 0.4 + 0.6 * ramp(*l, 0.0, 0.4)).collect();
        let twist = wander(&mut dice, frames, 0.9, 1.6);
        let lean = wander(&mut dice, frames, 0.7, 2.4);
        let bend = wander(&mut dice, frames, 1.0, 1.5);
        let curve = |value: &dyn Fn(usize) -> f32| (0..frames).map(|k| value(k).to_radians()).collect();
        Torso {
            twist: curve(&|k| -34.0 * difference[k].z + liveliness[k] * twist[k]),
            lean: curve(&|k| manner[k].lean + 6.0 * (loudness[k] - 0.3) + liveliness[k] * lean[k]),
            bend: curve(&|k| 24.0 * difference[k].y + liveliness[k] * bend[k]),
            breath: breath(&mut dice, rhythm, frames),
        }
    }
}

/// Breaths of about 3.6 s, drawn in during 38 % of that and, where a pause is near, at its start (speakers inhale in pauses).
pub(super) fn breath(dice: &mut Dice, rhythm: &Rhythm, frames: usize) -> Vec<f32> {
    let mut path = Path::new(frames);
    let mut at = -dice.uniform(0.0, 3.6) * FPS;
    while at < frames as f32 {
        let length = dice.normal(3.6, 0.6).clamp(2.2, 5.4) * FPS;
        let start = rhythm.pause_near(at, 20.0).map_or(at, |p| p.start as f32);
        let depth = dice.uniform(0.7, 1.2);
        path.shift(start, start + 0.38 * length, depth);
        path.shift(start + 0.38 * length, start + length, -depth);
        at = at.max(start) + length;
    }
    path.finish(0.0)
}

/// Where one stands, per frame.
#[derive(Clone, Debug)]
pub struct Stance {
    /// Hips, metres in the world.
    pub hips: Vec<Vec3>,
    /// Ankles (left, right), metres in the world.
    pub ankles: [Vec<Vec3>; 2],
    /// Tilt of the pelvis, radians, left side up: the side that carries the weight stands higher.
    pub tilt: Vec<f32>,
}

/// Ankle above the floor, and the leg's usable length from hip joint to ankle: it never quite straightens.
pub const ANKLE_HEIGHT: f32 = 0.07;
pub(super) const LEG: f32 = 0.824;
/// The feet stand a little apart, the left one slightly behind.
const FEET: [Vec3; 2] = [Vec3::new(0.105, ANKLE_HEIGHT, -0.02), Vec3::new(-0.105, ANKLE_HEIGHT, 0.02)];

impl Stance {
    /// Shifts weight every few seconds, at pauses where one is near, and now and then sets the freed foot elsewhere.
    pub fn new(torso: &Torso, rhythm: &Rhythm, manner: &[Expressivity], seed: u64) -> Stance {
        let mut dice = Dice::new(seed, Purpose::Stance);
        let frames = manner.len();
        let mut sway = Path::new(frames);
        let mut feet = [Path::new(frames), Path::new(frames)];
        let mut offsets = [Vec3::ZERO; 2];
        let mut x = 0.0;
        let mut at = dice.uniform(0.3, 2.0) * FPS;
        while at < frames as f32 {
            let manner = &manner[at as usize];
            let speaking = rhythm.level.get(at as usize..).is_some_and(|l| l.iter().take(60).any(|l| *l > 0.3));
            let start = rhythm.pause_near(at, 40.0).map_or(at, |p| p.start as f32);
            let far = if speaking { 0.09 } else { 0.06 } * manner.extent.sqrt();
            let to = if x > 0.0 { -dice.uniform(0.02, far) } else { dice.uniform(0.02, far) };
            let length = dice.uniform(0.9, 1.6) * FPS / manner.tempo.sqrt();
            sway.shift(start, start + length, to - x);
            if speaking && dice.chance(0.35) {
                let freed = if to > 0.0 { Side::Right } else { Side::Left } as usize;
                let place = Vec3::new(dice.normal(0.0, 0.025), 0.0, dice.normal(0.0, 0.03)).clamp_length_max(0.06);
                let (lift, land) = (start + 0.55 * length, start + 0.55 * length + 14.0);
                feet[freed].shift(lift, land, place - offsets[freed]);
                feet[freed].bow(lift, land, Vec3::Y * 0.022);
                offsets[freed] = place;
            }
            x = to;
            let usual = if speaking { 3.0 } else { 4.5 } / manner.tempo.sqrt();
            at = at.max(start) + dice.log_normal(usual, 0.45).clamp(1.4, 12.0) * FPS;
        }
        let sway = sway.finish(0.0);
        let [left, right] = feet;
        let ankles = [left.finish(FEET[0]), right.finish(FEET[1])];
        let (drift_x, drift_z) = (wander(&mut dice, frames, 0.6, 0.004), wander(&mut dice, frames, 0.8, 0.006));
        let tilt: Vec<f32> = sway.iter().map(|x| 0.55 * x).collect();
        let hips = (0..frames)
            .map(|k| {
                // Leaning forward, the hips go back to keep the balance.
                let x = sway[k] + drift_x[k];
                let z = drift_z[k] - 0.15 * torso.lean[k];
                Vec3::new(x, height(x, z, tilt[k], [ankles[0][k], ankles[1][k]]), z)
            })
            .collect();
        Stance { hips, ankles, tilt }
    }
}

/// Height of the hips at which both legs still reach their feet.
fn height(x: f32, z: f32, tilt: f32, ankles: [Vec3; 2]) -> f32 {
    let [hip, _] = ["leftUpperLeg", "rightUpperLeg"].map(|n| JOINTS.iter().find(|j| j.name == n).map_or(Vec3::ZERO, |j| j.offset));
    let mut height = 0.932;
    for side in Side::BOTH {
        let ankle = ankles[side as usize];
        let across = x + side.sign() * hip.x - ankle.x;
        let reach = (LEG * LEG - across * across - (z - ankle.z) * (z - ankle.z)).max(0.25).sqrt();
        let joint = -hip.y - side.sign() * hip.x * tilt;
        height = soft_min(height, ankle.y.min(ANKLE_HEIGHT) + reach + joint, 0.004);
    }
    height
}

/// Full breath lifts the chest by this many radians and turns the collarbones up by [`BREATH_SHOULDER`].
pub const BREATH_CHEST: f32 = 0.016;
pub const BREATH_SHOULDER: f32 = 0.013;

/// Share of the torso's turn in spine, chest and upper chest.
pub const SPINE_SHARES: [f32; 3] = [0.30, 0.35, 0.35];

#[cfg(test)]
mod tests {
    use super::*;

    fn still(frames: usize) -> (Torso, Stance) {
        let manner = vec![Expressivity::default(); frames];
        let rhythm = Rhythm { level: vec![0.0; frames], ..Rhythm::default() };
        let hands = [vec![Vec3::ZERO; frames], vec![Vec3::ZERO; frames]];
        let torso = Torso::new(&hands, &rhythm, &manner, 4);
        let stance = Stance::new(&torso, &rhythm, &manner, 4);
        (torso, stance)
    }

    #[test]
    fn breathes_about_sixteen_times_a_minute() {
        let (torso, _) = still(1800);
        let rises = torso.breath.windows(3).filter(|w| w[0] < w[1] && w[1] >= w[2]).count();
        assert!((14..=20).contains(&rises), "{rises}");
    }

    #[test]
    fn legs_always_reach_the_feet() {
        let (_, stance) = still(1800);
        for (hips, (left, right)) in stance.hips.iter().zip(stance.ankles[0].iter().zip(&stance.ankles[1])) {
            assert!((*hips + Vec3::new(0.09, -0.04, 0.0) - *left).length() < 0.832);
            assert!((*hips + Vec3::new(-0.09, -0.04, 0.0) - *right).length() < 0.832);
        }
    }
}
