//! Handshapes: relaxed, open, curled, pointing, pinched, blended by minimum-jerk weights.
//!
//! The relaxed hand is the median of the fingers in Microsoft Rocketbox's idle animations (MIT); the others are drawn from
//! it within the ranges seen there.

use super::curves::{Dice, Path, smooth, velocity, wander};
use super::gestures::{HandPlan, Handshape, Side};
use super::skeleton::COUNT;
use glam::{Quat, Vec3};

/// A finger in degrees: flexion of its three joints from the knuckle out, then spread and twist at the knuckle.
pub type Finger = [f32; 5];
/// Thumb, index, middle, ring, little.
pub type Shape = [Finger; 5];

/// Indexed by [`Handshape`].
#[rustfmt::skip]
const SHAPES: [Shape; Handshape::COUNT] = [
    [[12.0, 25.0, 15.0, -20.0, 18.0], [15.0, 17.0, 13.0, 1.0, 4.0], [22.0, 16.0, 24.0, 2.0, -2.0], [19.0, 35.0, 21.0, 3.0, -5.0], [20.0, 24.0, 39.0, 1.0, -10.0]],
    [[-4.0, 8.0, 4.0, -14.0, 14.0], [3.0, 6.0, 5.0, -6.0, 4.0], [5.0, 8.0, 6.0, -1.0, -2.0], [7.0, 10.0, 8.0, 4.0, -4.0], [9.0, 12.0, 10.0, 11.0, -8.0]],
    [[24.0, 26.0, 34.0, -36.0, 19.0], [66.0, 88.0, 52.0, 0.0, 4.0], [72.0, 94.0, 56.0, 0.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]],
    [[26.0, 20.0, 28.0, -36.0, 19.0], [2.0, 4.0, 4.0, 0.0, 4.0], [72.0, 94.0, 56.0, 0.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]],
    [[23.0, 7.0, 4.0, -29.0, 18.0], [51.0, 46.0, 22.0, 0.0, 4.0], [22.0, 16.0, 24.0, 2.0, -2.0], [19.0, 35.0, 21.0, 3.0, -5.0], [20.0, 24.0, 39.0, 1.0, -10.0]],
];

/// Hands that say something by themselves.
#[rustfmt::skip]
pub const SIGNS: [(&str, Shape); 15] = [
    ("thumb up", [[-6.0, -4.0, -8.0, 2.0, 10.0], [66.0, 88.0, 52.0, 0.0, 4.0], [72.0, 94.0, 56.0, 0.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]]),
    ("ok", [[23.0, 7.0, 4.0, -29.0, 18.0], [51.0, 46.0, 22.0, 0.0, 4.0], [12.0, 10.0, 8.0, -1.0, -2.0], [6.0, 8.0, 6.0, 4.0, -4.0], [2.0, 6.0, 6.0, 12.0, -8.0]]),
    ("victory", [[30.0, 26.0, 36.0, -36.0, 19.0], [2.0, 4.0, 4.0, -10.0, 4.0], [2.0, 4.0, 4.0, 8.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]]),
    ("three", [[30.0, 26.0, 36.0, -36.0, 19.0], [2.0, 4.0, 4.0, -9.0, 4.0], [2.0, 4.0, 4.0, 0.0, -2.0], [4.0, 6.0, 5.0, 9.0, -4.0], [70.0, 90.0, 56.0, 0.0, -10.0]]),
    ("phone", [[-6.0, -4.0, -8.0, 2.0, 10.0], [66.0, 88.0, 52.0, 0.0, 4.0], [72.0, 94.0, 56.0, 0.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [2.0, 5.0, 5.0, 14.0, -10.0]]),
    ("four", [[30.0, 26.0, 36.0, -36.0, 19.0], [2.0, 4.0, 4.0, -12.0, 4.0], [2.0, 4.0, 4.0, -3.0, -2.0], [3.0, 5.0, 5.0, 7.0, -4.0], [4.0, 6.0, 6.0, 16.0, -8.0]]),
    ("five", [[-8.0, -2.0, -2.0, 2.0, 10.0], [0.0, 3.0, 3.0, -14.0, 4.0], [0.0, 3.0, 3.0, -3.0, -2.0], [1.0, 4.0, 4.0, 8.0, -4.0], [2.0, 5.0, 5.0, 18.0, -8.0]]),
    ("flat", [[10.0, 12.0, 8.0, -28.0, 16.0], [3.0, 5.0, 4.0, 0.0, 2.0], [3.0, 5.0, 4.0, 0.0, 0.0], [3.0, 5.0, 4.0, 0.0, -1.0], [4.0, 6.0, 5.0, 1.0, -2.0]]),
    ("bent", [[12.0, 14.0, 10.0, -28.0, 16.0], [66.0, 22.0, 10.0, 0.0, 2.0], [68.0, 22.0, 10.0, 0.0, 0.0], [68.0, 22.0, 10.0, 0.0, -1.0], [66.0, 22.0, 10.0, 1.0, -2.0]]),
    ("cupped", [[4.0, 10.0, 8.0, -20.0, 14.0], [22.0, 22.0, 12.0, 0.0, 2.0], [24.0, 22.0, 12.0, 0.0, 0.0], [24.0, 22.0, 12.0, 1.0, -1.0], [22.0, 24.0, 14.0, 2.0, -4.0]]),
    ("crossed", [[30.0, 26.0, 36.0, -36.0, 19.0], [2.0, 4.0, 4.0, 8.0, 4.0], [16.0, 12.0, 6.0, -13.0, -10.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]]),
    ("hooks", [[30.0, 26.0, 36.0, -36.0, 19.0], [28.0, 66.0, 40.0, -8.0, 4.0], [28.0, 66.0, 40.0, 6.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]]),
    ("gap", [[18.0, 8.0, 4.0, -25.0, 16.0], [46.0, 40.0, 20.0, -1.0, 4.0], [72.0, 94.0, 56.0, 0.0, -2.0], [74.0, 95.0, 56.0, 0.0, -5.0], [70.0, 90.0, 56.0, 0.0, -10.0]]),
    ("rub", [[26.0, 4.0, 2.0, -32.0, 20.0], [46.0, 40.0, 20.0, 0.0, 4.0], [50.0, 42.0, 22.0, 0.0, -2.0], [66.0, 70.0, 40.0, 0.0, -5.0], [66.0, 74.0, 44.0, 0.0, -10.0]]),
    ("rubbed", [[18.0, 22.0, 20.0, -22.0, 18.0], [56.0, 54.0, 28.0, 0.0, 4.0], [60.0, 56.0, 30.0, 0.0, -2.0], [68.0, 74.0, 42.0, 0.0, -5.0], [66.0, 76.0, 46.0, 0.0, -10.0]]),
];

/// Names of all shapes: [`Handshape`]s in small letters, and [`SIGNS`].
pub fn names() -> impl Iterator<Item = &'static str> {
    HANDSHAPES.into_iter().chain(SIGNS.iter().map(|(name, _)| *name))
}

/// The shape of a name.
pub fn named(name: &str) -> Option<Shape> {
    let plain = HANDSHAPES.iter().position(|known| *known == name).map(|k| SHAPES[k]);
    plain.or_else(|| SIGNS.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape))
}

/// Names of [`SHAPES`].
const HANDSHAPES: [&str; Handshape::COUNT] = ["relaxed", "open", "curled", "pointing", "pinched"];

/// Share of every handshape; they sum to one.
pub type Blend = [f32; Handshape::COUNT];

const RELAXED: Blend = [1.0, 0.0, 0.0, 0.0, 0.0];

/// The blend of shapes a hand goes through: its planned grips, opening a little when it moves fast, never quite still.
pub fn blends(hand: &HandPlan, course: &[Vec3], dice: &mut Dice) -> Vec<Blend> {
    let frames = course.len();
    let mut weights: [Path<f32>; Handshape::COUNT] = std::array::from_fn(|_| Path::new(frames));
    let mut now = RELAXED;
    for grip in &hand.grips {
        let mut target = RELAXED.map(|w| w * (1.0 - grip.weight));
        target[grip.shape as usize] += grip.weight;
        for ((path, now), target) in weights.iter_mut().zip(now).zip(target) {
            path.shift(grip.start, grip.start + grip.length, target - now);
        }
        now = target;
    }
    let mut relaxed = RELAXED.into_iter();
    let weights = weights.map(|path| path.finish(relaxed.next().unwrap_or_default()));
    let speed: Vec<f32> = velocity(course).iter().map(|v| v.length().min(1.2)).collect();
    let speed = smooth(&speed, 3.0);
    let drift = wander(dice, frames, 0.5, 0.10);
    (0..frames)
        .map(|frame| {
            let open = 0.15 * speed[frame] + drift[frame];
            let mut blend = weights.each_ref().map(|w| w[frame]);
            blend[Handshape::Open as usize] += open;
            blend[Handshape::Relaxed as usize] -= open;
            blend
        })
        .collect()
}

/// Local rotations of the fifteen finger joints of one hand, into `rotations`.
pub fn pose(blend: &Blend, side: Side, rotations: &mut [Quat; COUNT]) {
    let mixed = |finger: usize, k: usize| (0..Handshape::COUNT).map(|s| blend[s] * SHAPES[s][finger][k]).sum::<f32>();
    form(&std::array::from_fn(|finger| std::array::from_fn(|k| mixed(finger, k))), side, rotations);
}

/// [`pose`] for one shape.
pub fn form(shape: &Shape, side: Side, rotations: &mut [Quat; COUNT]) {
    let first = FIRST[side as usize];
    for (finger, angles) in shape.iter().enumerate() {
        let angles = angles.map(f32::to_radians);
        let [spread, twist] = [angles[3], angles[4]];
        for joint in 0..3 {
            let (along, hinge) = axes(finger);
            let mut turn = hinge * angles[joint];
            if joint == 0 {
                turn += along.cross(hinge) * spread + along * twist;
            }
            rotations[first + 3 * finger + joint] = Quat::from_scaled_axis(mirror(turn, side));
        }
    }
}

/// A left-side rotation vector as it is on the given side (mirrored at x = 0).
pub fn mirror(turn: Vec3, side: Side) -> Vec3 {
    match side {
        Side::Left => turn,
        Side::Right => Vec3::new(turn.x, -turn.y, -turn.z),
    }
}

/// Direction of a left finger bone at rest and the axis it flexes about.
fn axes(finger: usize) -> (Vec3, Vec3) {
    if finger > 0 {
        return (Vec3::X, Vec3::NEG_Z);
    }
    let along = Vec3::new(0.70, -0.25, 0.67).normalize();
    let hinge = Vec3::new(0.25, 0.85, 0.10);
    (along, (hinge - along * hinge.dot(along)).normalize())
}

/// Place of the first finger joint of each hand among the joints; fifteen follow one another.
pub(super) const FIRST: [usize; 2] = [22, 37];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::skeleton::JOINTS;

    #[test]
    fn fingers_lie_where_they_are_expected() {
        assert_eq!(JOINTS[FIRST[0]].name, "leftThumbMetacarpal");
        assert_eq!(JOINTS[FIRST[1]].name, "rightThumbMetacarpal");
        assert_eq!(JOINTS[FIRST[0] + 14].name, "leftLittleDistal");
    }

    #[test]
    fn a_curled_hand_is_a_fist() {
        for side in Side::BOTH {
            let mut pose = crate::body::skeleton::Pose::default();
            super::pose(&[0.0, 0.0, 1.0, 0.0, 0.0], side, &mut pose.rotations);
            let globals = crate::body::skeleton::globals(&pose, &crate::body::skeleton::OFFSETS);
            let tip = FIRST[side as usize] + 8;
            let knuckle = FIRST[side as usize] + 6;
            // The palm faces down in the T-pose: curled, the last joint lies below the knuckle.
            assert!(globals.positions[tip].y < globals.positions[knuckle].y - 0.03);
        }
    }
}
