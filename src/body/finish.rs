//! From codes to poses that a body can hold: feet planted, legs that reach, hands outside head and torso, breath, joints
//! inside their ranges, a head on top.

use super::curves::{Dice, Purpose, smoothstep, soft_min};
use super::expressivity::Expressivity;
use super::gestures::Side;
use super::hands::{keep_out, part};
use super::latent::{ANKLES, ARMS, Code, HIPS, Latent, Part, WRIST, heading};
use super::limits;
use super::rhythm::Rhythm;
use super::skeleton::{OFFSETS, Pose};
use super::torso::{BREATH_CHEST, BREATH_SHOULDER, LEG, breath};
use super::{carry_head, feet};
use crate::motion::{self, Head};
use glam::{EulerRot, Quat, Vec3};

/// A pose that somebody wants at a frame (30 a second), for some parts of the body. Head and neck are not part of it. With the
/// trunk, joints are met exactly; arms alone are met where the hands are, seen from the hips, since the trunk goes its own way.
#[derive(Clone, Debug)]
pub struct Given {
    pub frame: usize,
    pub pose: Pose,
    /// Which parts are given, in the order of [`Part`].
    pub parts: [bool; Part::COUNT],
}

/// Frames over which a given pose reaches to either side where the model's own motion differs from it.
const REACH: usize = 12;

/// What the finishing needs to know beside the codes.
pub(super) struct Finish<'a> {
    pub latent: &'a Latent,
    pub rhythm: &'a Rhythm,
    pub manners: &'a [Expressivity],
    pub heads: &'a [Head],
    pub given: &'a [Given],
    pub seed: u64,
}

impl Finish<'_> {
    /// Poses from codes at 30 frames a second.
    pub fn poses(&self, mut codes: Vec<Code>) -> Vec<Pose> {
        let frames = codes.len();
        let pull = self.pull_to_given(&mut codes);
        let pinned: Vec<bool> = pull.iter().map(|p| p[Part::Trunk as usize] >= 1.0).collect();
        feet::plant(&mut codes, &pinned);
        let fullness = breath(&mut Dice::new(self.seed, Purpose::Breath), self.rhythm, frames);
        let mut poses: Vec<Pose> = Vec::with_capacity(frames);
        for (frame, code) in codes.iter_mut().enumerate() {
            let free = pull[frame].map(|p| 1.0 - p);
            reach_feet(code, free[0]);
            breathe(code, fullness[frame], free);
            self.clear(code, frame, [free[1], free[2]]);
            let mut pose = self.latent.decode(code);
            self.hold_head(&mut pose, frame);
            for given in self.given.iter().filter(|g| g.frame == frame && g.parts[Part::Trunk as usize]) {
                copy_parts(&given.pose, given.parts, &mut pose);
            }
            let head = self.heads.get(frame).or(self.heads.last()).copied().unwrap_or_default();
            motion::attach_head(&mut pose, head);
            limits::bound(&mut pose);
            if let Some(before) = poses.last() {
                pose.align(before);
            }
            poses.push(pose);
        }
        poses
    }

    /// Moves codes onto the given poses, easing off over [`REACH`] frames. How far each frame and part was pulled, 0..=1.
    fn pull_to_given(&self, codes: &mut [Code]) -> Vec<[f32; Part::COUNT]> {
        let mut pull = vec![[0f32; Part::COUNT]; codes.len()];
        let wanted: Vec<(&Given, Code)> =
            self.given.iter().filter(|g| g.frame < codes.len()).map(|g| (g, self.latent.encode(&g.pose))).collect();
        let offsets: Vec<Code> = wanted.iter().map(|(g, code)| std::array::from_fn(|c| code[c] - codes[g.frame][c])).collect();
        for frame in 0..codes.len() {
            for k in 0..Part::COUNT {
                // The nearest given pose before and after have their say.
                let near = |g: &Given| g.parts[k] && g.frame.abs_diff(frame) <= REACH;
                let before =
                    (0..wanted.len()).filter(|i| near(wanted[*i].0) && wanted[*i].0.frame <= frame).max_by_key(|i| wanted[*i].0.frame);
                let after =
                    (0..wanted.len()).filter(|i| near(wanted[*i].0) && wanted[*i].0.frame > frame).min_by_key(|i| wanted[*i].0.frame);
                let weight = |i: usize| smoothstep(REACH as f32, 0.0, wanted[i].0.frame.abs_diff(frame) as f32);
                let (a, b) = (before.map_or(0.0, weight), after.map_or(0.0, weight));
                let total = (a + b).max(1.0);
                pull[frame][k] = (a + b).min(1.0);
                for (i, w) in before.map(|i| (i, a)).into_iter().chain(after.map(|i| (i, b))) {
                    for c in (0..codes[frame].len()).filter(|c| Part::of(*c) as usize == k) {
                        codes[frame][c] += offsets[i][c] * w / total;
                    }
                }
            }
        }
        pull
    }

    /// Keeps wrists out of head, torso and each other, as far as they are `free`.
    fn clear(&self, code: &mut Code, frame: usize, free: [f32; 2]) {
        let manner = self.manners.get(frame).or(self.manners.last()).copied().unwrap_or_default();
        let width = 0.10 + 0.36 * manner.openness.max(1.0);
        let carried = 0.8 * neck_shift(code);
        let aside = |s: Side| carried * Vec3::new(s.sign(), 1.0, 1.0);
        let wrists = Side::BOTH.map(|s| Vec3::from_slice(&code[ARMS[s as usize] + WRIST..][..3]));
        let (l, r) = part(keep_out(wrists[0] - aside(Side::Left), width), keep_out(wrists[1] - aside(Side::Right), width));
        for (side, to) in Side::BOTH.into_iter().zip([l, r]) {
            let s = side as usize;
            let to = wrists[s].lerp(to + aside(side), free[s]);
            code[ARMS[s] + WRIST..][..3].copy_from_slice(&to.to_array());
        }
    }

    /// Neck and head as the trunk and the manner ask, before a face model turns them.
    fn hold_head(&self, pose: &mut Pose, frame: usize) {
        let trunk = pose.rotations[..4].iter().fold(Quat::IDENTITY, |sum, r| sum * *r);
        let facing = heading(pose.rotations[0]);
        let (twist, lean, bend) = (facing.inverse() * trunk).to_euler(EulerRot::YXZ);
        let hang = self.manners.get(frame).or(self.manners.last()).map_or(0.0, |m| m.head.to_radians());
        carry_head(twist, lean, bend, hang, pose);
    }
}

/// Takes the joints of the given parts from `from`.
fn copy_parts(from: &Pose, parts: [bool; Part::COUNT], to: &mut Pose) {
    for part in [Part::Trunk, Part::LeftArm, Part::RightArm].into_iter().filter(|p| parts[*p as usize]) {
        for joints in part.joints() {
            to.rotations[joints.clone()].copy_from_slice(&from.rotations[joints]);
        }
        if part == Part::Trunk {
            to.hips = from.hips;
        }
    }
}

/// Lowers the hips to where both legs reach their feet.
fn reach_feet(code: &mut Code, free: f32) {
    let hips = Vec3::from_slice(&code[HIPS..HIPS + 3]);
    let turn = Quat::from_scaled_axis(Vec3::from_slice(&code[3..6]));
    let mut height = hips.y;
    for side in Side::BOTH {
        let joint = turn * OFFSETS[super::limbs::UPPER_LEG[side as usize]];
        let ankle = Vec3::from_slice(&code[ANKLES[side as usize]..][..3]) * Vec3::new(side.sign(), 1.0, 1.0);
        let across = hips + joint - ankle;
        let reach = (LEG * LEG - across.x * across.x - across.z * across.z).max(0.25).sqrt();
        height = soft_min(height, ankle.y + reach - joint.y, 0.004);
    }
    code[HIPS + 1] += free * (height - hips.y);
}

/// Lifts chest and collarbones.
fn breathe(code: &mut Code, fullness: f32, free: [f32; Part::COUNT]) {
    code[12] -= free[0] * BREATH_CHEST * fullness;
    for s in 0..2 {
        code[ARMS[s] + 2] += free[1 + s] * BREATH_SHOULDER * fullness;
    }
}

/// How far the neck is from its place over upright hips, seen from them.
fn neck_shift(code: &Code) -> Vec3 {
    let turn = |at: usize| Quat::from_scaled_axis(Vec3::from_slice(&code[at..at + 3]));
    let hips = turn(3);
    let mut at = Vec3::ZERO;
    let mut now = heading(hips).inverse() * hips;
    for joint in 1..=4 {
        at += now * OFFSETS[joint];
        now *= turn((3 + 3 * joint).min(12));
    }
    at - OFFSETS[1..=4].iter().sum::<Vec3>()
}
