//! From codes to poses that a body can hold: feet planted, legs that reach, hands outside head and torso, breath, joints
//! inside their ranges, a head on top.

use super::curves::{Dice, Purpose, smoothstep, soft_min};
use super::expressivity::Expressivity;
use super::gestures::Side;
use super::given::{self, Given, Piece, REACH};
use super::hands::{Space, in_gesture_space, keep_out, part};
use super::latent::{ANKLES, ARMS, CODE, Code, ELBOW, HIPS, Latent, WRIST, heading};
use super::limits;
use super::rhythm::Rhythm;
use super::skeleton::{OFFSETS, Pose};
use super::torso::{BREATH_CHEST, BREATH_SHOULDER, LEG, breath};
use super::{carry_head, feet, strokes};
use crate::motion::{self, Head};
use glam::{EulerRot, Quat, Vec3};

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
        strokes::enlarge(&mut codes, self.rhythm, self.manners);
        strokes::rest(&mut codes, self.rhythm);
        strokes::sway(&mut codes);
        let encoded: Vec<Code> = self.given.iter().map(|g| self.latent.encode(&g.pose)).collect();
        given::draw_codes(&mut codes, 1, self.given, &encoded, REACH);
        let pulls = Piece::ALL.map(|piece| given::pull(self.given, piece, frames, REACH));
        let amount = |piece: Piece, frame: usize| pulls[piece as usize][frame].amount;
        let pinned: Vec<f32> = (0..frames).map(|n| amount(Piece::LowerBody, n)).collect();
        feet::plant(&mut codes, &pinned);
        let fullness = breath(&mut Dice::new(self.seed, Purpose::Breath), self.rhythm, frames);
        let mut poses: Vec<Pose> = Vec::with_capacity(frames);
        for (frame, code) in codes.iter_mut().enumerate() {
            let free = Piece::ALL.map(|piece| 1.0 - amount(piece, frame));
            reach_feet(code, free[Piece::LowerBody as usize]);
            breathe(code, fullness[frame], &free);
            self.clear(code, frame, [Piece::LeftArm, Piece::RightArm].map(|arm| free[arm as usize]));
            let mut pose = self.latent.decode(code);
            self.hold_head(&mut pose, frame);
            let head = self.heads.get(frame).or(self.heads.last()).copied().unwrap_or_default();
            motion::attach_head(&mut pose, head);
            limits::bound(&mut pose);
            poses.push(pose);
        }
        given::draw(&mut poses, &pulls, self.given);
        for frame in 1..poses.len() {
            let (before, now) = poses.split_at_mut(frame);
            now[0].align(&before[frame - 1]);
        }
        poses
    }

    /// Keeps wrists out of head, torso and each other, as far as they are `free`.
    fn clear(&self, code: &mut Code, frame: usize, free: [f32; 2]) {
        let manner = self.manners.get(frame).or(self.manners.last()).copied().unwrap_or_default();
        let space = Space::of(&manner);
        let carried = 0.8 * neck_shift(code);
        let aside = |s: Side| carried * Vec3::new(s.sign(), 1.0, 1.0);
        let wrists = Side::BOTH.map(|s| Vec3::from_slice(&code[ARMS[s as usize] + WRIST..][..3]));
        let place = |s: Side| keep_out(in_gesture_space(wrists[s as usize] - aside(s), manner.openness), space);
        let (l, r) = part(place(Side::Left), place(Side::Right));
        for (side, to) in Side::BOTH.into_iter().zip([l, r]) {
            let s = side as usize;
            let to = wrists[s].lerp(to + aside(side), free[s]);
            code[ARMS[s] + WRIST..][..3].copy_from_slice(&to.to_array());
            let elbow = Vec3::from_slice(&code[ARMS[s] + ELBOW..][..3]).normalize_or(Vec3::NEG_Y);
            let sunk = elbow + free[s] * ELBOWS_SINK / manner.openness * Vec3::NEG_Y;
            code[ARMS[s] + ELBOW..][..3].copy_from_slice(&sunk.to_array());
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

/// How far the direction of an elbow is bent towards the ground: the model's are further out than people's, whose upper arms hang
/// at 20 to 50 degrees from straight down while they gesture.
const ELBOWS_SINK: f32 = 0.5;

/// Eases into motion: the first codes have no past that they could follow from.
fn begin(codes: &mut [Code]) {
    const EASE: usize = 14;
    let Some(settled) = codes.get(EASE).copied() else { return };
    for (frame, code) in codes[..EASE].iter_mut().enumerate() {
        let own = smoothstep(0.0, EASE as f32, frame as f32);
        (0..CODE).for_each(|c| code[c] = settled[c] + own * (code[c] - settled[c]));
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
fn breathe(code: &mut Code, fullness: f32, free: &[f32; Piece::COUNT]) {
    code[12] -= free[Piece::Torso as usize] * BREATH_CHEST * fullness;
    for (s, arm) in [Piece::LeftArm, Piece::RightArm].into_iter().enumerate() {
        code[ARMS[s] + 2] += free[arm as usize] * BREATH_SHOULDER * fullness;
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
