//! Poses as the body model sees them: few numbers a frame that mean places rather than angles.
//!
//! Trunk and collarbones are rotation vectors. A hand is where its wrist is, seen from the hips with their heading, with the
//! direction of the elbow and the turn of the hand against the forearm (two columns of its matrix: Zhou et al. 2019,
//! <https://arxiv.org/abs/1812.07035>), so that an error of the model is an error of a place and does not grow along a chain.
//! Legs are where the ankles are and where the feet point. The fingers of a hand are six principal components. The right side
//! is written as the left (mirrored at x = 0). Arms and legs come back by inverse kinematics; neck and head are not part of
//! the code: the face model moves the head.
//!
//! The model works on every [`STEP`]th frame; a cubic spline fills in the others.

use super::fingers;
use super::gestures::Side;
use super::limbs::{self, SHOULDER, UPPER_LEG};
use super::skeleton::{COUNT, Globals, OFFSETS, Pose, globals};
use glam::{Mat3, Quat, Vec3};

/// Numbers of a code.
pub const CODE: usize = 65;
/// Frames of motion (at 30 a second) from one code to the next.
pub const STEP: usize = 4;
/// Principal components of the fingers of a hand, out of [`FINGERS`] numbers.
pub const GRIP: usize = 6;
/// Numbers of the fifteen finger joints of a hand as rotation vectors.
pub const FINGERS: usize = 45;

/// A code: see [`Latent`].
pub type Code = [f32; CODE];

// Where what is in a code.
pub(super) const HIPS: usize = 0;
const HIPS_TURN: usize = 3;
pub(super) const SPINE: usize = 6;
pub(super) const ARMS: [usize; 2] = [15, 30];
pub(super) const ANKLES: [usize; 2] = [45, 48];
pub(super) const FEET: [usize; 2] = [51, 52];
const GRIPS: [usize; 2] = [53, 59];
// Where what is in the fifteen numbers of an arm.
const COLLAR: usize = 0;
pub(super) const ELBOW: usize = 3;
pub(super) const WRIST: usize = 6;
const HAND: usize = 9;
const ARM: usize = 15;

/// Parts of the body that are given or made apart from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Hips, spine, legs.
    Trunk = 0,
    /// Collarbone to fingers.
    LeftArm = 1,
    RightArm = 2,
}

impl Part {
    pub const COUNT: usize = 3;
    pub const ALL: [Part; Part::COUNT] = [Part::Trunk, Part::LeftArm, Part::RightArm];

    /// The part that a number of a code belongs to.
    pub fn of(channel: usize) -> Part {
        let left = [ARMS[0]..ARMS[0] + ARM, GRIPS[0]..GRIPS[0] + GRIP];
        let right = [ARMS[1]..ARMS[1] + ARM, GRIPS[1]..GRIPS[1] + GRIP];
        if left.iter().any(|r| r.contains(&channel)) {
            Part::LeftArm
        } else if right.iter().any(|r| r.contains(&channel)) {
            Part::RightArm
        } else {
            Part::Trunk
        }
    }
}

/// Metres that a body point moves when a number of the code changes by one.
pub fn leverage(channel: usize) -> f32 {
    let arm = |offset: usize| match offset {
        0..3 => 0.12,
        3..6 => 0.12,
        6..9 => 1.5,
        _ => 0.13,
    };
    match channel {
        0..3 => 1.0,
        3..6 => 0.6,
        6..9 => 0.5,
        9..12 => 0.4,
        12..15 => 0.3,
        15..45 => arm((channel - 15) % ARM),
        45..51 => 1.0,
        51..53 => 0.15,
        _ => 0.05,
    }
}

/// Poses to codes and back; knows how fingers go together.
#[derive(Clone, Debug)]
pub struct Latent {
    pub mean: [f32; FINGERS],
    /// Orthonormal rows, the strongest first.
    pub grips: [[f32; FINGERS]; GRIP],
}

impl Latent {
    /// Fits the components of the fingers to both hands of `poses`, by power iteration.
    pub fn fit<'a>(poses: impl Iterator<Item = &'a Pose>) -> Latent {
        let hands: Vec<[f32; FINGERS]> = poses.flat_map(|p| Side::BOTH.map(|s| fingers_of(p, s))).collect();
        let n = hands.len().max(1) as f64;
        let mean: [f32; FINGERS] = std::array::from_fn(|i| (hands.iter().map(|h| f64::from(h[i])).sum::<f64>() / n) as f32);
        let mut covariance = vec![[0f64; FINGERS]; FINGERS];
        for hand in &hands {
            for i in 0..FINGERS {
                let x = f64::from(hand[i] - mean[i]);
                (0..FINGERS).for_each(|j| covariance[i][j] += x * f64::from(hand[j] - mean[j]) / n);
            }
        }
        let mut grips = [[0f32; FINGERS]; GRIP];
        for grip in &mut grips {
            let (axis, strength) = strongest(&covariance);
            for i in 0..FINGERS {
                (0..FINGERS).for_each(|j| covariance[i][j] -= strength * axis[i] * axis[j]);
            }
            *grip = axis.map(|v| v as f32);
        }
        Latent { mean, grips }
    }

    pub fn encode(&self, pose: &Pose) -> Code {
        let mut code = [0.0; CODE];
        let world = globals(pose, &OFFSETS);
        put(&mut code, HIPS, pose.hips);
        put(&mut code, HIPS_TURN, pose.rotations[0].to_scaled_axis());
        (0..3).for_each(|k| put(&mut code, SPINE + 3 * k, pose.rotations[1 + k].to_scaled_axis()));
        let away = heading(pose.rotations[0]).inverse();
        for side in Side::BOTH {
            let s = side as usize;
            encode_arm(&world, pose, side, away, &mut code[ARMS[s]..ARMS[s] + ARM]);
            let ankle = UPPER_LEG[s] + 2;
            put(&mut code, ANKLES[s], reflected(world.positions[ankle], side));
            let toes = reflected(world.rotations[ankle] * Vec3::Z, side);
            code[FEET[s]] = toes.x.atan2(toes.z);
            let hand = fingers_of(pose, side);
            for (k, grip) in self.grips.iter().enumerate() {
                code[GRIPS[s] + k] = (0..FINGERS).map(|i| grip[i] * (hand[i] - self.mean[i])).sum();
            }
        }
        code
    }

    /// The pose of a code, neck and head straight.
    pub fn decode(&self, code: &Code) -> Pose {
        let mut pose = Pose { hips: get(code, HIPS), ..Pose::default() };
        pose.rotations[0] = Quat::from_scaled_axis(get(code, HIPS_TURN));
        (0..3).for_each(|k| pose.rotations[1 + k] = Quat::from_scaled_axis(get(code, SPINE + 3 * k)));
        let (at, chest) = upper_chest(&pose);
        let facing = heading(pose.rotations[0]);
        for side in Side::BOTH {
            let s = side as usize;
            decode_arm(&code[ARMS[s]..ARMS[s] + ARM], (pose.hips, facing), (at, chest), side, &mut pose.rotations);
            let ankle = reflected(get(code, ANKLES[s]), side);
            limbs::leg_to(side, (pose.hips, pose.rotations[0]), ankle, facing, code[FEET[s]] * side.sign(), &mut pose.rotations);
            let hand: [f32; FINGERS] =
                std::array::from_fn(|i| self.mean[i] + (0..GRIP).map(|k| code[GRIPS[s] + k] * self.grips[k][i]).sum::<f32>());
            for (joint, turn) in hand.chunks_exact(3).enumerate() {
                let turn = fingers::mirror(Vec3::from_slice(turn), side);
                pose.rotations[fingers::FIRST[s] + joint] = Quat::from_scaled_axis(turn);
            }
        }
        pose
    }
}

/// The code of the mirrored pose.
pub fn mirror(code: &Code) -> Code {
    let mut out = *code;
    out[HIPS] = -code[HIPS];
    for turn in [HIPS_TURN, SPINE, SPINE + 3, SPINE + 6] {
        (out[turn + 1], out[turn + 2]) = (-code[turn + 1], -code[turn + 2]);
    }
    for (blocks, width) in [(ARMS, ARM), (ANKLES, 3), (FEET, 1), (GRIPS, GRIP)] {
        for k in 0..width {
            (out[blocks[0] + k], out[blocks[1] + k]) = (code[blocks[1] + k], code[blocks[0] + k]);
        }
    }
    out
}

/// Codes at every [`STEP`]th frame to codes at `frames` frames: the cubic spline with continuous curvature through all of them
/// (natural ends).
pub fn fill_in(keys: &[Code], frames: usize) -> Vec<Code> {
    let Some(last) = keys.len().checked_sub(1) else { return Vec::new() };
    let curvature = curvatures(keys);
    let between = |n: usize| {
        let (k, part) = ((n / STEP).min(last), (n % STEP) as f32 / STEP as f32);
        let next = (k + 1).min(last);
        let (a, b) = (1.0 - part, part);
        std::array::from_fn(|c| {
            let bend = (a * a * a - a) * curvature[k][c] + (b * b * b - b) * curvature[next][c];
            a * keys[k][c] + b * keys[next][c] + bend / 6.0
        })
    };
    (0..frames).map(between).collect()
}

/// Second derivatives of the spline at its knots, per square step: a tridiagonal system (Thomas's algorithm).
fn curvatures(keys: &[Code]) -> Vec<Code> {
    let n = keys.len();
    let mut out = vec![[0.0; CODE]; n];
    if n < 3 {
        return out;
    }
    let mut ratio = vec![0f32; n];
    for k in 1..n - 1 {
        let pivot = 4.0 - ratio[k - 1];
        ratio[k] = 1.0 / pivot;
        out[k] = std::array::from_fn(|c| {
            let bend = 6.0 * (keys[k + 1][c] - 2.0 * keys[k][c] + keys[k - 1][c]);
            (bend - out[k - 1][c]) / pivot
        });
    }
    for k in (1..n - 1).rev() {
        let (here, after) = out.split_at_mut(k + 1);
        here[k].iter_mut().zip(&after[0]).for_each(|(x, next)| *x -= ratio[k] * next);
    }
    out
}

fn encode_arm(world: &Globals, pose: &Pose, side: Side, away: Quat, arm: &mut [f32]) {
    let first = SHOULDER[side as usize];
    let at = |joint: usize| world.positions[joint];
    let (shoulder, elbow, wrist) = (at(first + 1), at(first + 2), at(first + 3));
    let seen = |v: Vec3| reflected(away * v, side);
    put(arm, COLLAR, fingers::mirror(pose.rotations[first].to_scaled_axis(), side));
    let along = (wrist - shoulder).normalize_or(Vec3::NEG_Y);
    let bent = (elbow - shoulder) - along * (elbow - shoulder).dot(along);
    // A straight arm has no elbow direction of its own, but its hinge has.
    let hinge = world.rotations[first + 1] * (Vec3::NEG_Y * side.sign());
    let pole = (bent + 0.02 * along.cross(hinge)).normalize_or(Vec3::NEG_Z);
    put(arm, ELBOW, seen(pole));
    put(arm, WRIST, seen(wrist - world.positions[0]));
    let forearm = limbs::between_rest(side, (wrist - elbow).normalize_or(along), pole.cross(along));
    let hand = Mat3::from_quat(reflected_turn(forearm.inverse() * world.rotations[first + 3], side));
    put(arm, HAND, hand.x_axis);
    put(arm, HAND + 3, hand.y_axis);
}

fn decode_arm(arm: &[f32], (hips, facing): (Vec3, Quat), (at, chest): (Vec3, Quat), side: Side, rotations: &mut [Quat; COUNT]) {
    let first = SHOULDER[side as usize];
    let collar = Quat::from_scaled_axis(fingers::mirror(get(arm, COLLAR), side));
    let shoulder = at + chest * (OFFSETS[first] + collar * OFFSETS[first + 1]);
    let world = |v: Vec3| facing * reflected(v, side);
    let (upper, forearm) = limbs::arm_to(side, shoulder, hips + world(get(arm, WRIST)), world(get(arm, ELBOW)));
    let x = get(arm, HAND).normalize_or(Vec3::X);
    let y = (get(arm, HAND + 3) - x * get(arm, HAND + 3).dot(x)).normalize_or(x.any_orthonormal_vector());
    let hand = reflected_turn(Quat::from_mat3(&Mat3::from_cols(x, y, x.cross(y))), side);
    // Radius and ulna turn about each other: half of the twist belongs to the forearm.
    let hand = if hand.w < 0.0 { -hand } else { hand };
    let half_twist = Quat::from_rotation_x(hand.x.atan2(hand.w));
    rotations[first] = collar;
    rotations[first + 1] = (chest * collar).inverse() * upper;
    rotations[first + 2] = upper.inverse() * forearm * half_twist;
    rotations[first + 3] = half_twist.inverse() * hand;
}

/// Where the upper chest is and how it is turned.
fn upper_chest(pose: &Pose) -> (Vec3, Quat) {
    (1..4).fold((pose.hips, pose.rotations[0]), |(at, turn), joint| (at + turn * OFFSETS[joint], turn * pose.rotations[joint]))
}

/// The part of the hips' rotation about the vertical.
pub(super) fn heading(hips: Quat) -> Quat {
    let forward = hips * Vec3::Z;
    Quat::from_rotation_y(forward.x.atan2(forward.z))
}

/// A vector of the given side as the left side has it, and back.
fn reflected(v: Vec3, side: Side) -> Vec3 {
    Vec3::new(v.x * side.sign(), v.y, v.z)
}

fn reflected_turn(turn: Quat, side: Side) -> Quat {
    Quat::from_xyzw(turn.x, turn.y * side.sign(), turn.z * side.sign(), turn.w)
}

fn fingers_of(pose: &Pose, side: Side) -> [f32; FINGERS] {
    let first = fingers::FIRST[side as usize];
    let mut out = [0.0; FINGERS];
    (0..15).for_each(|k| put(&mut out, 3 * k, fingers::mirror(pose.rotations[first + k].to_scaled_axis(), side)));
    out
}

fn put(code: &mut [f32], at: usize, v: Vec3) {
    code[at..at + 3].copy_from_slice(&v.to_array());
}

fn get(code: &[f32], at: usize) -> Vec3 {
    Vec3::from_slice(&code[at..at + 3])
}

/// The strongest principal axis of a covariance and its variance.
fn strongest(covariance: &[[f64; FINGERS]]) -> ([f64; FINGERS], f64) {
    let mut axis = [1.0 / (FINGERS as f64).sqrt(); FINGERS];
    // A start that is orthogonal to no axis of interest.
    axis.iter_mut().enumerate().for_each(|(i, v)| *v *= 1.0 + 0.37 * (i as f64 * 1.7).sin());
    let mut strength = 0.0;
    for _ in 0..300 {
        let next: [f64; FINGERS] = std::array::from_fn(|i| covariance[i].iter().zip(&axis).map(|(c, a)| c * a).sum());
        strength = next.iter().map(|v| v * v).sum::<f64>().sqrt();
        if strength < 1e-12 {
            return ([0.0; FINGERS], 0.0);
        }
        axis = next.map(|v| v / strength);
    }
    (axis, strength)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Expressivity, perform};
    use crate::motion::Head;

    /// Half a minute of a tone in bursts, gestured.
    fn gestured() -> Vec<Pose> {
        let samples: Vec<f32> = (0..480_000).map(|n| (n as f32 * 0.06).sin() * (n as f32 * 0.0009).sin().powi(2) * 0.4).collect();
        let speech = crate::audio::Speech { samples, seconds: 30.0 };
        perform(&speech, &|_| Expressivity::default(), &[Head::default()], 3, 900)
    }

    fn error(a: &Pose, b: &Pose, joints: &[usize]) -> f32 {
        let (a, b) = (globals(a, &OFFSETS), globals(b, &OFFSETS));
        joints.iter().map(|j| a.positions[*j].distance(b.positions[*j])).fold(0.0, f32::max)
    }

    #[test]
    fn codes_and_every_fourth_of_them_bring_the_poses_back() {
        let poses = gestured();
        let latent = Latent::fit(poses.iter().step_by(7));
        let codes: Vec<Code> = poses.iter().map(|p| latent.encode(p)).collect();
        let body = [3, 8, 9, 12, 13, 16, 20];
        for (pose, code) in poses.iter().zip(&codes) {
            let back = latent.decode(code);
            assert!(error(pose, &back, &body) < 0.004, "{}", error(pose, &back, &body));
            assert!(error(pose, &back, &[30, 45, 24]) < 0.02, "{}", error(pose, &back, &[30, 45, 24]));
        }
        let keys: Vec<Code> = codes.iter().copied().step_by(STEP).collect();
        let filled = fill_in(&keys, poses.len());
        let mut errors: Vec<f32> = poses.iter().zip(&filled).map(|(p, c)| error(p, &latent.decode(c), &[9, 13])).collect();
        errors.sort_by(f32::total_cmp);
        let (median, most) = (errors[errors.len() / 2], errors[errors.len() * 95 / 100]);
        assert!(median < 0.005 && most < 0.022, "wrists {median} {most}");
        assert_eq!(filled[8], keys[2]);
    }

    #[test]
    fn a_mirrored_code_is_the_mirrored_pose() {
        let poses = gestured();
        let latent = Latent::fit(poses.iter().step_by(7));
        let code = latent.encode(&poses[200]);
        let (here, there) = (globals(&latent.decode(&code), &OFFSETS), globals(&latent.decode(&mirror(&code)), &OFFSETS));
        for (left, right) in [(7, 11), (9, 13), (16, 20), (26, 41), (4, 4)] {
            let flipped = here.positions[left] * Vec3::new(-1.0, 1.0, 1.0);
            assert!(flipped.distance(there.positions[right]) < 1e-4);
        }
        assert_eq!(mirror(&mirror(&code)), code);
    }

    #[test]
    fn every_number_belongs_to_a_part() {
        let counts = [Part::Trunk, Part::LeftArm, Part::RightArm].map(|part| (0..CODE).filter(|c| Part::of(*c) == part).count());
        assert_eq!(counts, [23, 21, 21]);
    }
}
