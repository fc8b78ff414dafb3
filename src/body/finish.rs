//! From codes to poses that a body can hold: feet planted, legs that reach, hands outside head and torso, breath, joints
//! inside their ranges, a head on top.

use super::curves::{Dice, Purpose, smooth, smoothstep, soft_min};
use super::expressivity::Expressivity;
use super::gestures::Side;
use super::hands::{keep_out, part};
use super::latent::{ANKLES, ARMS, CODE, Code, HIPS, Latent, Part, WRIST, heading};
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
        begin(&mut codes);
        rest(&mut codes, self.rhythm);
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
        for (k, which) in [Part::Trunk, Part::LeftArm, Part::RightArm].into_iter().enumerate() {
            let mut wanted: Vec<&Given> = self.given.iter().filter(|g| g.parts[k] && g.frame < codes.len()).collect();
            wanted.sort_by_key(|g| g.frame);
            let channels: Vec<usize> = (0..CODE).filter(|c| Part::of(*c) == which).collect();
            let offsets: Vec<Code> = wanted
                .iter()
                .map(|g| {
                    let code = self.latent.encode(&g.pose);
                    std::array::from_fn(|c| code[c] - codes[g.frame][c])
                })
                .collect();
            for frame in 0..codes.len() {
                // The nearest given poses to either side have their say, the nearer the more.
                let next = wanted.partition_point(|g| g.frame <= frame);
                let away = |i: usize| wanted[i].frame.abs_diff(frame) as f32;
                let near = |i: usize| smoothstep(REACH as f32, 0.0, away(i));
                let before = next.checked_sub(1).map(|i| (i, near(i)));
                let after = (next < wanted.len()).then(|| (next, near(next)));
                let shares = match (before, after) {
                    (Some((i, a)), Some((j, b))) => {
                        let over = away(i) / (away(i) + away(j));
                        [(i, a * (1.0 - over)), (j, b * over)]
                    }
                    (Some(one), None) | (None, Some(one)) => [one, (one.0, 0.0)],
                    (None, None) => break,
                };
                pull[frame][k] = before.map_or(0.0, |b| b.1).max(after.map_or(0.0, |a| a.1));
                for (i, share) in shares {
                    channels.iter().for_each(|c| codes[frame][*c] += share * offsets[i][*c]);
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

/// Eases into motion: the first codes have no past that they could follow from.
fn begin(codes: &mut [Code]) {
    const EASE: usize = 14;
    let Some(settled) = codes.get(EASE).copied() else { return };
    for (frame, code) in codes[..EASE].iter_mut().enumerate() {
        let own = smoothstep(0.0, EASE as f32, frame as f32);
        (0..CODE).for_each(|c| code[c] = settled[c] + own * (code[c] - settled[c]));
    }
}

/// Calms the arms in long pauses: what they do there goes over into its own slow course, and comes back before the voice does.
fn rest(codes: &mut [Code], rhythm: &Rhythm) {
    /// Pauses of so many frames are long (1.5 s); the slow course is the mean over about a second.
    const LONG: usize = 45;
    const SLOW: f32 = 14.0;
    const CALM: f32 = 0.92;
    let arms: Vec<usize> = (0..CODE).filter(|c| Part::of(*c) != Part::Trunk).collect();
    let long: Vec<_> = rhythm.pauses.iter().filter(|p| p.len() >= LONG && p.end <= codes.len()).collect();
    if long.is_empty() {
        return;
    }
    let slow: Vec<Vec<f32>> = arms.iter().map(|c| smooth(&codes.iter().map(|code| code[*c]).collect::<Vec<f32>>(), SLOW)).collect();
    for pause in long {
        // At the very end of a take nobody speaks again.
        let back = if pause.end == codes.len() { usize::MAX } else { pause.end };
        for frame in pause.clone() {
            let since = (frame - pause.start) as f32;
            let left = (back - frame) as f32;
            let calm = CALM * smoothstep(6.0, 30.0, since) * smoothstep(0.0, 10.0, left);
            for (c, slow) in arms.iter().zip(&slow) {
                codes[frame][*c] += calm * (slow[frame] - codes[frame][*c]);
            }
        }
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
    for (joint, offset) in OFFSETS.iter().enumerate().take(5).skip(1) {
        at += now * *offset;
        now *= turn((3 + 3 * joint).min(12));
    }
    at - OFFSETS[1..=4].iter().sum::<Vec3>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_come_to_rest_in_long_pauses_alone() {
        let waving: Vec<Code> = (0..240).map(|n| [(n as f32 * 0.5).sin(); CODE]).collect();
        let pauses = vec![20..40, 100..190];
        let mut codes = waving.clone();
        rest(&mut codes, &Rhythm { level: vec![0.0; 240], pauses, ..Rhythm::default() });
        assert_eq!(codes[..100], waving[..100]);
        assert_eq!(codes[190..], waving[190..]);
        assert_eq!(codes[150][HIPS], waving[150][HIPS]);
        assert!((135..178).all(|n| codes[n][ARMS[0] + WRIST].abs() < 0.15), "{}", codes[150][ARMS[0] + WRIST]);
    }
}
