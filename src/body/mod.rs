//! The body: from the sound of speech and a manner of moving to a pose per frame.
//!
//! [`model`] is what performs: a denoiser over few numbers a pose ([`latent`]) that hears the rhythm ([`pulse`]), and what makes
//! its motion fit for a body (`finish`, [`feet`], [`limits`], [`penetration`]). Its teacher is [`perform`], a parametric synthesiser
//! built on what the study of gesture knows, which works in layers, each a file:
//!
//! | layer | what it decides | file |
//! |---|---|---|
//! | rhythm | where stresses, phrases and pauses are | [`rhythm`] |
//! | manner | size, pace, power, posture of an emotion | [`expressivity`] |
//! | gestures | units of preparation, stroke, hold, retraction | [`gestures`] |
//! | hands | smooth wrist courses outside head and torso | [`hands`] |
//! | trunk | breath, lean, twist, weight shifts, steps | [`torso`] |
//! | head | nods and attention, if no face model gives them | [`head`] |
//! | library | gestures with a meaning, laid over the rest | [`library`] |
//! | limbs | arms and legs by inverse kinematics, fingers | [`limbs`], [`fingers`] |
//!
//! Where there is no speech the body stands: it breathes, shifts its weight and looks about a little.

pub mod curves;
pub mod expressivity;
pub mod feet;
pub mod fingers;
mod finish;
pub mod gestures;
pub mod given;
pub mod hands;
pub mod head;
pub mod latent;
pub mod library;
pub mod limbs;
pub mod limits;
pub mod model;
pub mod penetration;
pub mod pulse;
pub mod rhythm;
pub mod skeleton;
mod strokes;
pub mod style;
pub mod torso;

pub use expressivity::Expressivity;

use crate::audio::Speech;
use crate::motion::{self, Head};
use curves::{Dice, FPS, Purpose, smooth};
use fingers::Blend;
use gestures::{Plan, Side};
use glam::{EulerRot, Quat, Vec3};
use limbs::ArmLife;
use rhythm::Rhythm;
use skeleton::{OFFSETS, Pose};
use std::ops::Range;
use torso::{BREATH_CHEST, SPINE_SHARES, Stance, Torso};

/// Rate at which [`perform`] makes poses, frames per second.
pub const RATE: f64 = 30.0;

/// Performs `speech` for `frames` frames at [`RATE`] per second.
///
/// `expressivity` gives the manner at a time in seconds (it may jump; the body eases). `heads` is the head motion that a
/// face model found, one per frame, the last one held if there are too few; with none the body moves the head itself
/// ([`head::heads`]). The same arguments give the same poses.
pub fn perform(speech: &Speech, expressivity: &dyn Fn(f64) -> Expressivity, heads: &[Head], seed: u64, frames: usize) -> Vec<Pose> {
    perform_around(speech, expressivity, heads, seed, frames, &[])
}

/// [`perform`] whose hands begin nothing of their own within the `busy` spans of frames: other gestures are laid over them there.
pub fn perform_around(
    speech: &Speech,
    expressivity: &dyn Fn(f64) -> Expressivity,
    heads: &[Head],
    seed: u64,
    frames: usize,
    busy: &[Range<f32>],
) -> Vec<Pose> {
    if frames == 0 {
        return Vec::new();
    }
    let rhythm = Rhythm::of(speech, frames);
    let manner = eased((0..frames).map(|k| expressivity(k as f64 / RATE)));
    let own_heads = if heads.is_empty() { head::heads(&rhythm, &manner, seed) } else { Vec::new() };
    let heads = if heads.is_empty() { &own_heads } else { heads };
    let mut poses = rehearse(&rhythm, manner, seed, busy, true);
    for frame in 0..poses.len() {
        motion::attach_head(&mut poses[frame], heads[frame.min(heads.len() - 1)]);
        if frame > 0 {
            let (before, now) = poses.split_at_mut(frame);
            now[0].align(&before[frame - 1]);
        }
    }
    poses
}

/// The rules' body without a head of its own, in a manner for every frame, with no strokes in the `busy` frames, `breathing` or not:
/// what a learned body learns from.
pub(crate) fn rehearse(rhythm: &Rhythm, manner: Vec<Expressivity>, seed: u64, busy: &[Range<f32>], breathing: bool) -> Vec<Pose> {
    let mut plan = Plan::new(rhythm, &manner, seed);
    plan.keep_still(busy);
    let hands = hands::courses(&plan, rhythm, &manner, seed);
    let mut torso = Torso::new(&hands, rhythm, &manner, seed);
    if !breathing {
        torso.breath.fill(0.0);
    }
    let stance = Stance::new(&torso, rhythm, &manner, seed);
    let (mut arm_dice, mut finger_dice) = (Dice::new(seed, Purpose::Arms), Dice::new(seed, Purpose::Fingers));
    let arms = Side::BOTH.map(|s| ArmLife::new(&plan.hands[s as usize], &hands[s as usize], &mut arm_dice));
    let shapes = Side::BOTH.map(|s| fingers::blends(&plan.hands[s as usize], &hands[s as usize], &mut finger_dice));
    let body = Layers { manner, hands, torso, stance, arms, shapes };
    (0..body.manner.len()).map(|frame| body.pose(frame)).collect()
}

/// Standing at ease: arms hanging, elbows a little bent, hands relaxed.
pub fn standing() -> Pose {
    let mut pose = Pose::default();
    for side in Side::BOTH {
        let first = limbs::SHOULDER[side as usize];
        let turns = [[0.0, 0.0, -0.06], [0.35, -0.12, -1.22], [0.0, -0.30, 0.0]];
        for (joint, turn) in (first..).zip(turns) {
            pose.rotations[joint] = Quat::from_scaled_axis(fingers::mirror(Vec3::from_array(turn), side));
        }
        let relaxed = std::array::from_fn(|shape| f32::from(shape == gestures::Handshape::Relaxed as usize));
        fingers::pose(&relaxed, side, &mut pose.rotations);
    }
    pose
}

/// Every layer over all frames, ready to be put together.
struct Layers {
    manner: Vec<Expressivity>,
    hands: [Vec<Vec3>; 2],
    torso: Torso,
    stance: Stance,
    arms: [ArmLife; 2],
    shapes: [Vec<Blend>; 2],
}

impl Layers {
    fn pose(&self, frame: usize) -> Pose {
        let mut pose = Pose { hips: self.stance.hips[frame], ..Pose::default() };
        self.trunk(frame, &mut pose);
        let globals = skeleton::globals(&pose, &OFFSETS);
        let chest = (globals.positions[3], globals.rotations[3]);
        let carried = self.carried(frame, globals.positions[4]);
        for side in Side::BOTH {
            let s = side as usize;
            let place = self.hands[s][frame];
            let wrist = pose.hips + place * Vec3::new(side.sign(), 1.0, 1.0) + carried;
            let (manner, breath) = (&self.manner[frame], self.torso.breath[frame]);
            limbs::arm(side, chest, wrist, place.y, &self.arms[s], frame, manner, breath, &mut pose.rotations);
            limbs::leg(side, (pose.hips, pose.rotations[0]), self.stance.ankles[s][frame], &mut pose.rotations);
            fingers::pose(&self.shapes[s][frame], side, &mut pose.rotations);
        }
        pose
    }

    /// Hips to head. The neck takes back most of the trunk's turn, so that the face stays with the listener.
    fn trunk(&self, frame: usize, pose: &mut Pose) {
        let Torso { twist, lean, bend, breath } = &self.torso;
        let (twist, lean, bend, breath, tilt) = (twist[frame], lean[frame], bend[frame], breath[frame], self.stance.tilt[frame]);
        let hang = self.manner[frame].head.to_radians();
        // Shoulders tilt against the pelvis (contrapposto).
        let bend = bend - 0.6 * tilt;
        pose.rotations[0] = euler(0.15 * twist, 0.0, tilt);
        for (k, share) in SPINE_SHARES.into_iter().enumerate() {
            let rise = if k == 2 { BREATH_CHEST * breath } else { 0.0 };
            pose.rotations[1 + k] = euler(0.85 * twist * share, lean * share - rise, bend * share);
        }
        carry_head(twist, lean, bend + tilt, hang, pose);
    }

    /// Hands go along with most of what the trunk does to the shoulders: seen from the hips, `neck` against its rest.
    fn carried(&self, frame: usize, neck: Vec3) -> Vec3 {
        let rest: Vec3 = OFFSETS[1..=4].iter().sum();
        (neck - self.stance.hips[frame] - rest) * 0.8
    }
}

/// Neck and head on a trunk that is turned left, leaning forward and bent left side up by these angles (radians): they take most
/// of it back. `hang` lowers the head.
fn carry_head(twist: f32, lean: f32, bend: f32, hang: f32, pose: &mut Pose) {
    pose.rotations[4] = euler(-0.30 * twist, NECK_FORWARD - 0.35 * lean + 0.35 * hang, -0.4 * bend);
    pose.rotations[5] = euler(-0.40 * twist, -NECK_FORWARD - 0.40 * lean + 0.65 * hang, -0.4 * bend);
}

/// The neck rises forwards from the shoulders, radians.
const NECK_FORWARD: f32 = 0.14;

/// Yaw to the left, pitch down, roll left side up.
fn euler(yaw: f32, pitch: f32, roll: f32) -> Quat {
    Quat::from_euler(EulerRot::YXZ, yaw, pitch, roll)
}

/// Bounds a manner and eases it over about half a second, so that posture never jumps.
pub(crate) fn eased(manner: impl Iterator<Item = Expressivity>) -> Vec<Expressivity> {
    let rows: Vec<_> = manner.map(|m| m.bounded().values()).collect();
    let mut rows_out = rows.clone();
    for column in 0..Expressivity::COUNT {
        let curve: Vec<f32> = rows.iter().map(|row| row[column]).collect();
        for (row, value) in rows_out.iter_mut().zip(smooth(&curve, 0.3 * FPS)) {
            row[column] = value;
        }
    }
    rows_out.into_iter().map(Expressivity::from).collect()
}
