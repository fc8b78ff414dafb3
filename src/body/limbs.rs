//! Inverse kinematics of arms and legs: exact for two bones, with the plane of the bend chosen as people choose it.

use super::curves::{Dice, Path, ramp, smooth, soft_max, soft_min, velocity, wander};
use super::expressivity::Expressivity;
use super::fingers::mirror;
use super::gestures::{HandPlan, Side};
use super::skeleton::{COUNT, OFFSETS};
use super::torso::BREATH_SHOULDER;
use glam::{Mat3, Quat, Vec3};

/// Places of the joints of one arm among the joints of the skeleton.
pub(super) const SHOULDER: [usize; 2] = [6, 10];
pub(super) const UPPER_LEG: [usize; 2] = [14, 18];

pub(super) const UPPER_ARM_LENGTH: f32 = 0.265;
pub(super) const FOREARM_LENGTH: f32 = 0.24;
pub(super) const ARM_LENGTH: f32 = UPPER_ARM_LENGTH + FOREARM_LENGTH;
pub(super) const THIGH_LENGTH: f32 = 0.41;
pub(super) const SHIN_LENGTH: f32 = 0.42;

/// How the arm follows the wrist: elbow direction (x outwards, y, z), collarbone turn and hand turn against the forearm
/// (left-side rotation vectors, radians), each as constant + 3 slopes over the wrist seen from the shoulder joint in the
/// chest's axes, in arm lengths (x outwards). A ridge regression on Microsoft Rocketbox's animations (MIT); the elbow
/// is right within 8 degrees (median) there, a constant direction within 47.
#[rustfmt::skip]
const ARM: [[f32; 4]; 9] = [
    [ 0.190, -0.316,  0.198,  0.627],
    [-0.422,  0.137, -0.343, -0.670],
    [-0.093, -0.837,  0.809, -0.061],
    [ 0.133, -0.016,  0.055, -0.154],
    [ 0.111,  0.190,  0.000, -0.215],
    [-0.114,  0.138,  0.255,  0.014],
    [-0.185, -0.062, -0.160, -0.007],
    [-0.079, -0.091, -0.140,  0.085],
    [ 0.216,  0.166,  0.259, -0.042],
];

/// The wilful part of an arm per frame, beyond where the wrist is.
pub struct ArmLife {
    /// Wrist velocity, metres per second, x outwards.
    velocity: Vec<Vec3>,
    /// Forearm pronation beyond the usual, radians.
    pronation: Vec<f32>,
    /// Swing of the elbow about the line from shoulder to wrist, radians.
    swing: Vec<f32>,
}

impl ArmLife {
    pub fn new(hand: &HandPlan, course: &[Vec3], dice: &mut Dice) -> ArmLife {
        let frames = course.len();
        let mut pronation = Path::new(frames);
        let mut now = 0.0;
        for grip in &hand.grips {
            pronation.shift(grip.start, grip.start + 1.2 * grip.length, grip.pronation - now);
            now = grip.pronation;
        }
        let restless = wander(dice, frames, 0.5, 0.10);
        let pronation = pronation.finish(0.0).iter().zip(restless).map(|(p, r)| p + r).collect();
        ArmLife { velocity: smooth(&velocity(course), 2.0), pronation, swing: wander(dice, frames, 0.6, 0.07) }
    }
}

/// Sets collarbone, upper arm, forearm and hand so that the wrist comes to `wrist` (world), or as near as the arm reaches.
///
/// `chest` is where the upper chest is and how it is turned; `height` is how far above the hips the wrist is (metres).
#[allow(clippy::too_many_arguments)] // the arm hangs on all of them
pub fn arm(
    side: Side,
    chest: (Vec3, Quat),
    wrist: Vec3,
    height: f32,
    life: &ArmLife,
    frame: usize,
    manner: &Expressivity,
    breath: f32,
    rotations: &mut [Quat; COUNT],
) {
    let first = SHOULDER[side as usize];
    let (chest_at, chest_turn) = chest;
    let collar = chest_at + chest_turn * OFFSETS[first];
    let outwards = Vec3::new(side.sign(), 1.0, 1.0);
    let seen = |shoulder: Vec3| {
        let place = chest_turn.inverse() * (wrist - shoulder) * outwards / ARM_LENGTH;
        place * (soft_min(place.length(), 1.0, 0.02) / place.length().max(1e-3))
    };

    let x = seen(collar + chest_turn * OFFSETS[first + 1]);
    let shrug = Vec3::Z * (BREATH_SHOULDER * breath);
    let shoulder_turn = Quat::from_scaled_axis(mirror(three(3, x).clamp(Vec3::splat(-0.4), Vec3::splat(0.4)) + shrug, side));
    let joint = collar + chest_turn * shoulder_turn * OFFSETS[first + 1];
    let x = seen(joint);

    let reach = wrist - joint;
    let distance = soft_min(reach.length(), 0.975 * ARM_LENGTH, 0.008).max(0.06);
    let along = reach.normalize_or(Vec3::NEG_Y);
    // Open people hold their elbows away from the body, closed ones against it; a hanging arm just hangs.
    let aside = 0.55 * (manner.openness - 0.85) * ramp(height, -0.06, 0.14) * ramp(height, 0.50, 0.20);
    let pole = habit(x).0 + Vec3::X * aside;
    let pole = chest_turn * (pole * outwards);
    let pole = Quat::from_axis_angle(along, life.swing[frame]) * pole;
    let (upper, lower, hinge) = two_bones(along * distance, pole, UPPER_ARM_LENGTH, FOREARM_LENGTH);

    let rest = (Vec3::X * side.sign(), Vec3::NEG_Y * side.sign());
    let upper_turn = between(rest, (upper, hinge));
    let lower_turn = between(rest, (lower, hinge));
    // The hand: its usual turn, the drawn pronation, and a wrist that lags behind the forearm's motion.
    let drag = mirror_place(lower_turn.inverse() * (life.velocity[frame] * outwards), side) * 0.20;
    let mut turn = three(6, x).clamp(Vec3::splat(-1.2), Vec3::splat(1.2));
    turn += Vec3::new(-life.pronation[frame], drag.z, -drag.y);
    let swing = mirror(Vec3::new(0.0, turn.y.clamp(-0.9, 0.9), turn.z.clamp(-0.7, 0.7)), side);
    // Radius and ulna turn about each other: half of the twist belongs to the forearm.
    let half_twist = Quat::from_rotation_x(0.5 * turn.x.clamp(-1.45, 1.45));

    rotations[first] = shoulder_turn;
    rotations[first + 1] = (chest_turn * shoulder_turn).inverse() * upper_turn;
    rotations[first + 2] = upper_turn.inverse() * lower_turn * half_twist;
    rotations[first + 3] = half_twist * Quat::from_scaled_axis(swing);
}

/// How upper arm and forearm are turned (world) when the wrist is at `wrist`, or as near as the arm reaches, and the elbow
/// points to `pole`.
pub(super) fn arm_to(side: Side, shoulder: Vec3, wrist: Vec3, pole: Vec3) -> (Quat, Quat) {
    let reach = wrist - shoulder;
    let distance = soft_min(reach.length(), 0.985 * ARM_LENGTH, 0.004).max(0.06);
    let (upper, lower, hinge) = two_bones(reach.normalize_or(Vec3::NEG_Y) * distance, pole, UPPER_ARM_LENGTH, FOREARM_LENGTH);
    (between_rest(side, upper, hinge), between_rest(side, lower, hinge))
}

/// The turn (world) of an arm's bone that lies along `bone` with its hinge along `hinge`.
pub(super) fn between_rest(side: Side, bone: Vec3, hinge: Vec3) -> Quat {
    between((Vec3::X * side.sign(), Vec3::NEG_Y * side.sign()), (bone, hinge))
}

/// Three neighbouring rows of [`ARM`] for a wrist at `x`.
fn three(row: usize, x: Vec3) -> Vec3 {
    let predict = |row: usize| ARM[row][0] + Vec3::from_slice(&ARM[row][1..]).dot(x);
    Vec3::new(predict(row), predict(row + 1), predict(row + 2))
}

/// Where the elbow of a left arm points and how its collarbone turns (rotation vector) by habit, in the chest's axes, for a wrist at
/// `x` from the shoulder joint, in arm lengths.
pub(super) fn habit(x: Vec3) -> (Vec3, Vec3) {
    let mut pole = three(0, x).normalize_or(Vec3::NEG_Z);
    // The fit knows no wide gestures: elbows go neither far behind the back nor up.
    pole.z = soft_max(pole.z, -0.55, 0.1);
    pole.y = soft_min(pole.y, -0.22, 0.1);
    (pole, three(3, x))
}

/// Sets thigh, shin, foot and toes so that the ankle comes to `ankle` (world), the foot level.
pub fn leg(side: Side, hips: (Vec3, Quat), ankle: Vec3, rotations: &mut [Quat; COUNT]) {
    leg_to(side, hips, ankle, Quat::IDENTITY, FOOT_OUT * side.sign(), rotations);
}

/// [`leg`] of a body that faces where `facing` takes +z, with a foot that points `yaw` to the left of +z.
pub(super) fn leg_to(side: Side, hips: (Vec3, Quat), ankle: Vec3, facing: Quat, yaw: f32, rotations: &mut [Quat; COUNT]) {
    let first = UPPER_LEG[side as usize];
    let (hips_at, hips_turn) = hips;
    let joint = hips_at + hips_turn * OFFSETS[first];
    let reach = ankle - joint;
    let distance = reach.length().min(0.9995 * (THIGH_LENGTH + SHIN_LENGTH));
    let knee_forward = facing * Vec3::new(0.15 * side.sign(), 0.0, 1.0);
    let (thigh, shin, hinge) = two_bones(reach.normalize_or(Vec3::NEG_Y) * distance, knee_forward, THIGH_LENGTH, SHIN_LENGTH);
    let rest = (Vec3::NEG_Y, Vec3::X);
    let (thigh_turn, shin_turn) = (between(rest, (thigh, hinge)), between(rest, (shin, hinge)));
    let foot_turn = Quat::from_rotation_y(yaw);
    rotations[first] = hips_turn.inverse() * thigh_turn;
    rotations[first + 1] = thigh_turn.inverse() * shin_turn;
    rotations[first + 2] = shin_turn.inverse() * foot_turn;
    rotations[first + 3] = Quat::IDENTITY;
}

/// Feet point outwards by 10 degrees.
const FOOT_OUT: f32 = 0.1745;

/// Directions of two bones of lengths `a` and `b` whose ends lie `reach` apart, bent towards `pole`, and the axis of the
/// bend (first bone × second). Law of cosines.
pub(super) fn two_bones(reach: Vec3, pole: Vec3, a: f32, b: f32) -> (Vec3, Vec3, Vec3) {
    let distance = reach.length();
    let along = reach / distance;
    let pole = (pole - along * pole.dot(along)).normalize_or(along.any_orthonormal_vector());
    let cosine = ((a * a + distance * distance - b * b) / (2.0 * a * distance)).clamp(-1.0, 1.0);
    let elbow = (along * cosine + pole * (1.0 - cosine * cosine).sqrt()) * a;
    (elbow / a, (reach - elbow).normalize_or(along), pole.cross(along))
}

/// The rotation that takes a rest direction and hinge to the given ones (hinges need not be exactly orthogonal).
pub(super) fn between(rest: (Vec3, Vec3), now: (Vec3, Vec3)) -> Quat {
    let frame = |(bone, hinge): (Vec3, Vec3)| {
        let hinge = (hinge - bone * hinge.dot(bone)).normalize_or(bone.any_orthonormal_vector());
        Mat3::from_cols(bone, hinge, bone.cross(hinge))
    };
    Quat::from_mat3(&(frame(now) * frame(rest).transpose())).normalize()
}

/// A place or velocity on the given side as the left side would see it.
fn mirror_place(place: Vec3, side: Side) -> Vec3 {
    Vec3::new(place.x * side.sign(), place.y, place.z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::curves::Purpose;
    use crate::body::skeleton::{JOINTS, Pose, globals};

    #[test]
    fn places_and_lengths_match_the_skeleton() {
        assert_eq!(JOINTS[SHOULDER[0]].name, "leftShoulder");
        assert_eq!(JOINTS[SHOULDER[1] + 3].name, "rightHand");
        assert_eq!(JOINTS[UPPER_LEG[1]].name, "rightUpperLeg");
        assert_eq!(OFFSETS[8].x, UPPER_ARM_LENGTH);
        assert_eq!(OFFSETS[9].x, FOREARM_LENGTH);
        assert_eq!(OFFSETS[15].y, -THIGH_LENGTH);
        assert_eq!(OFFSETS[16].y, -SHIN_LENGTH);
    }

    #[test]
    fn wrists_and_ankles_arrive() {
        let course = vec![Vec3::new(0.25, 0.2, 0.25); 10];
        let plan = crate::body::gestures::Plan::new(&Default::default(), &[], 1);
        let mut dice = Dice::new(1, Purpose::Arms);
        for side in Side::BOTH {
            let life = ArmLife::new(&plan.hands[0], &course, &mut dice);
            let mut pose = Pose::default();
            let rest = globals(&pose, &OFFSETS);
            let chest = (rest.positions[3], rest.rotations[3]);
            let wrist = pose.hips + course[5] * Vec3::new(side.sign(), 1.0, 1.0);
            arm(side, chest, wrist, course[5].y, &life, 5, &Expressivity::default(), 0.0, &mut pose.rotations);
            let ankle = Vec3::new(0.12 * side.sign(), 0.07, 0.03);
            pose.hips.y = 0.92;
            leg(side, (pose.hips, Quat::IDENTITY), ankle, &mut pose.rotations);
            pose.hips.y = 0.94;
            let now = globals(&pose, &OFFSETS);
            assert!((now.positions[SHOULDER[side as usize] + 3] - wrist).length() < 1e-3);
            assert!((now.positions[UPPER_LEG[side as usize] + 2] - ankle - Vec3::Y * 0.02).length() < 1e-3);
            // The hinge is a hinge: the forearm flexes forwards about the vertical axis of the T-pose.
            let forearm = pose.rotations[SHOULDER[side as usize] + 2] * Vec3::X * side.sign();
            assert!(forearm.z > 0.7, "{forearm}");
        }
    }
}
