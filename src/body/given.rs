//! Poses that somebody wants: motion to begin with, motion to keep, poses to come through.
//!
//! What is given is met; around it the body eases from its own motion into the given one and out of it. Legs that ease keep their
//! ankles where the feet stand.

use super::curves::smoothstep;
use super::gestures::Side;
use super::latent::{CODE, Code, Part, SPINE};
use super::limbs::{self, UPPER_LEG};
use super::skeleton::{OFFSETS, Pose, globals};
use glam::{Quat, Vec3};
use std::ops::Range;

/// A piece of the body that is given apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Where the hips are and how they are turned, legs and feet.
    LowerBody = 0,
    /// Spine, chest and upper chest.
    Torso = 1,
    /// Collarbone to fingers.
    LeftArm = 2,
    RightArm = 3,
    /// Neck and head.
    Head = 4,
}

impl Piece {
    pub const COUNT: usize = 5;
    pub const ALL: [Piece; Piece::COUNT] = [Piece::LowerBody, Piece::Torso, Piece::LeftArm, Piece::RightArm, Piece::Head];

    /// Its joints among the 52.
    pub fn joints(self) -> impl Iterator<Item = usize> {
        const NONE: Range<usize> = 0..0;
        let spans = match self {
            Piece::LowerBody => [0..1, 14..22],
            Piece::Torso => [1..4, NONE],
            Piece::LeftArm => [6..10, 22..37],
            Piece::RightArm => [10..14, 37..52],
            Piece::Head => [4..6, NONE],
        };
        spans.into_iter().flatten()
    }

    /// The piece that a number of a code belongs to.
    pub(super) fn of(channel: usize) -> Piece {
        match Part::of(channel) {
            Part::LeftArm => Piece::LeftArm,
            Part::RightArm => Piece::RightArm,
            Part::Trunk if (SPINE..SPINE + 9).contains(&channel) => Piece::Torso,
            Part::Trunk => Piece::LowerBody,
        }
    }
}

/// A pose that somebody wants at a frame (30 a second), for some pieces of the body: their joints turn as in the pose, and with
/// the lower body the hips stand where the pose has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub frame: usize,
    pub pose: Pose,
    /// Which pieces are given, in the order of [`Piece`].
    pub pieces: [bool; Piece::COUNT],
}

impl Given {
    /// Whether everything is given that has its own noise level.
    pub(super) fn has(&self, part: Part) -> bool {
        let needed: &[Piece] = match part {
            Part::Trunk => &[Piece::LowerBody, Piece::Torso],
            Part::LeftArm => &[Piece::LeftArm],
            Part::RightArm => &[Piece::RightArm],
        };
        needed.iter().all(|piece| self.pieces[*piece as usize])
    }
}

/// Frames over which a given pose reaches to either side where the body's own motion differs from it.
pub const REACH: f32 = 24.0;

/// Frames that given motion coasts on at its own pace.
const COAST: f32 = 4.0;

/// What given poses have to say at a frame: up to two of them (their places in the list), each with its share, and how much the
/// nearest has, 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pull {
    pub shares: [(usize, f32); 2],
    pub amount: f32,
}

/// The pull on a piece at every frame. A given pose reaches over `reach` frames to either side; between two of them the nearer
/// has more to say.
pub fn pull(given: &[Given], piece: Piece, frames: usize, reach: f32) -> Vec<Pull> {
    let mut wanted: Vec<usize> = (0..given.len()).filter(|i| given[*i].pieces[piece as usize] && given[*i].frame < frames).collect();
    wanted.sort_by_key(|i| given[*i].frame);
    let at = |frame: usize| {
        let next = wanted.partition_point(|i| given[*i].frame <= frame);
        let away = |i: usize| given[i].frame.abs_diff(frame) as f32;
        let near = |i: usize| smoothstep(reach, 0.0, away(i));
        match (next.checked_sub(1).map(|n| wanted[n]), wanted.get(next).copied()) {
            (Some(i), Some(j)) => {
                let over = away(i) / (away(i) + away(j));
                Pull { shares: [(i, near(i) * (1.0 - over)), (j, near(j) * over)], amount: near(i).max(near(j)) }
            }
            (Some(i), None) | (None, Some(i)) => Pull { shares: [(i, near(i)), (i, 0.0)], amount: near(i) },
            (None, None) => Pull::default(),
        }
    };
    (0..frames).map(at).collect()
}

/// Moves codes (one every `step` frames) onto those of the given poses, easing over `reach` frames to either side. Where motion is
/// given it goes on a little at its own pace.
pub(super) fn draw_codes(codes: &mut [Code], step: usize, given: &[Given], encoded: &[Code], reach: f32) {
    let Some(last) = codes.len().checked_sub(1).filter(|_| !given.is_empty()) else { return };
    let away = |(g, code): (&Given, &Code)| -> Code {
        let own = &codes[((g.frame + step / 2) / step).min(last)];
        std::array::from_fn(|c| code[c] - own[c])
    };
    let away: Vec<Code> = given.iter().zip(encoded).map(away).collect();
    let frames = codes.len() * step;
    for piece in Piece::ALL {
        let pulls = pull(given, piece, frames, reach);
        // Which pose is given at a frame itself.
        let at: Vec<Option<usize>> = pulls.iter().map(|p| p.shares.iter().find(|(_, share)| *share >= 1.0).map(|(i, _)| *i)).collect();
        let channels: Vec<usize> = (0..CODE).filter(|c| Piece::of(*c) == piece).collect();
        for (k, code) in codes.iter_mut().enumerate() {
            let frame = k * step;
            for (i, share) in pulls[frame].shares.into_iter().filter(|(_, share)| *share > 0.0) {
                let from = given[i].frame;
                let neighbour = if frame > from { from.checked_sub(1) } else { Some(from + 1) };
                let neighbour = neighbour.and_then(|n| at.get(n).copied().flatten()).unwrap_or(i);
                let since = COAST * (1.0 - (-(frame.abs_diff(from) as f32) / COAST).exp());
                channels.iter().for_each(|c| code[*c] += share * (away[i][*c] + since * (away[i][*c] - away[neighbour][*c])));
            }
        }
    }
}

/// Takes joints to where the given poses have them. What codes leave open at a given frame (they know places, not turns) is put
/// right around it too, the less the further away; legs on the way keep their ankles.
pub(super) fn draw(poses: &mut [Pose], pulls: &[Vec<Pull>; Piece::COUNT], given: &[Given]) {
    let lacks = |g: &Given| -> Vec<Quat> {
        let own = poses.get(g.frame).unwrap_or(&g.pose);
        own.rotations.iter().zip(&g.pose.rotations).map(|(own, wanted)| shorter(own.inverse() * *wanted)).collect()
    };
    let lacks: Vec<Vec<Quat>> = given.iter().map(lacks).collect();
    for (frame, pose) in poses.iter_mut().enumerate().filter(|_| !given.is_empty()) {
        let own = pose.clone();
        for piece in Piece::ALL {
            let pull = &pulls[piece as usize][frame];
            if let Some((i, _)) = pull.shares.iter().find(|(_, share)| *share >= 1.0) {
                piece.joints().for_each(|joint| pose.rotations[joint] = given[*i].pose.rotations[joint]);
                if piece == Piece::LowerBody {
                    pose.hips = given[*i].pose.hips;
                }
                continue;
            }
            for (i, share) in pull.shares.iter().filter(|(_, share)| *share > 0.0) {
                // Codes have the hips' turn.
                for joint in piece.joints().filter(|joint| *joint != 0) {
                    pose.rotations[joint] = (pose.rotations[joint] * Quat::IDENTITY.slerp(lacks[*i][joint], *share)).normalize();
                }
            }
            if piece == Piece::LowerBody && pull.amount > 0.0 {
                Side::BOTH.into_iter().for_each(|side| stand(pose, &own, side));
            }
        }
    }
}

/// Of the two quaternions that mean a turn, the one of the shorter way.
fn shorter(turn: Quat) -> Quat {
    if turn.w < 0.0 { -turn } else { turn }
}

/// Undoes what was done to `poses` where poses are given; `through` are those that came through them.
pub fn restore(poses: &mut [Pose], through: &[Pose], given: &[Given]) {
    for piece in Piece::ALL.into_iter().filter(|_| !given.is_empty()) {
        let pulls = pull(given, piece, poses.len(), REACH);
        for ((pose, through), pull) in poses.iter_mut().zip(through).zip(pulls).filter(|(_, pull)| pull.amount > 0.0) {
            for joint in piece.joints() {
                let (own, kept) = (pose.rotations[joint], through.rotations[joint]);
                pose.rotations[joint] = if pull.amount >= 1.0 { kept } else { own.slerp(kept, pull.amount) };
            }
        }
    }
}

/// Brings a leg whose joints were turned back to where its ankle was in `own`: the knee points where it was turned to.
fn stand(pose: &mut Pose, own: &Pose, side: Side) {
    let first = UPPER_LEG[side as usize];
    let (was, now) = (globals(own, &OFFSETS), globals(pose, &OFFSETS));
    let (hip, ankle, foot) = (was.positions[first], was.positions[first + 2], now.rotations[first + 2]);
    let knee = now.positions[first + 1] - 0.5 * (now.positions[first] + now.positions[first + 2]);
    // A straight leg bends where its kneecap looks.
    let forward = knee + now.rotations[first] * Vec3::Z * 0.02;
    let reach = (ankle - hip).clamp_length_max(0.9995 * (limbs::THIGH_LENGTH + limbs::SHIN_LENGTH));
    let (thigh, shin, hinge) = limbs::two_bones(reach, forward, limbs::THIGH_LENGTH, limbs::SHIN_LENGTH);
    let rest = (Vec3::NEG_Y, Vec3::X);
    let (thigh, shin) = (limbs::between(rest, (thigh, hinge)), limbs::between(rest, (shin, hinge)));
    pose.rotations[first] = pose.rotations[0].inverse() * thigh;
    pose.rotations[first + 1] = thigh.inverse() * shin;
    pose.rotations[first + 2] = shin.inverse() * foot;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::standing;

    #[test]
    fn pieces_share_out_all_joints_and_numbers() {
        let mut joints: Vec<usize> = Piece::ALL.into_iter().flat_map(Piece::joints).collect();
        joints.sort_unstable();
        assert_eq!(joints, (0..52).collect::<Vec<usize>>());
        let count = |piece| (0..CODE).filter(|c| Piece::of(*c) == piece).count();
        assert_eq!(Piece::ALL.map(count), [14, 9, 21, 21, 0]);
    }

    #[test]
    fn the_nearer_has_more_to_say() {
        let at = |frame| Given { frame, pose: standing(), pieces: [true; Piece::COUNT] };
        let pulls = pull(&[at(30), at(10)], Piece::Torso, 60, 12.0);
        assert_eq!(pulls[10], Pull { shares: [(1, 1.0), (0, 0.0)], amount: 1.0 });
        assert_eq!(pulls[30].amount, 1.0);
        assert!(pulls[14].shares[0].1 > 3.0 * pulls[14].shares[1].1);
        assert!(pulls[45].amount == 0.0 && pulls[0].amount > 0.0);
        assert!(pulls.windows(2).all(|w| (w[0].amount - w[1].amount).abs() < 0.15));
        assert!(pull(&[at(80)], Piece::Torso, 60, 12.0).iter().all(|p| p.amount == 0.0));
    }

    #[test]
    fn legs_on_the_way_stand_where_they_stood() {
        let mut own = Pose { hips: Vec3::new(0.0, 0.9, 0.0), ..standing() };
        for side in Side::BOTH {
            limbs::leg(side, (own.hips, Quat::IDENTITY), Vec3::new(0.1 * side.sign(), 0.08, 0.02), &mut own.rotations);
        }
        let mut wanted = own.clone();
        wanted.rotations[14] *= Quat::from_rotation_y(0.3);
        let given = [Given { frame: 0, pose: wanted, pieces: [true; Piece::COUNT] }];
        let mut poses = vec![own.clone(); 8];
        draw(&mut poses, &Piece::ALL.map(|piece| pull(&given, piece, 8, REACH)), &given);
        assert_eq!(poses[0], given[0].pose);
        let pose = &poses[7];
        let (before, after) = (globals(&own, &OFFSETS), globals(pose, &OFFSETS));
        assert!(before.positions[16].distance(after.positions[16]) < 1e-3);
        assert!(before.positions[15].distance(after.positions[15]) > 0.01, "the knee follows");
    }
}
