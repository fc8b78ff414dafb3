//! How far joints turn.
//!
//! A rotation is split into a twist about the bone and a swing about two axes across it. The ranges hold 99 % of the frames of
//! recorded speakers, styled actors and animations (pooled statistics of six skeletons on the common rest pose).

use super::skeleton::{JOINTS, Pose};
use glam::{Mat3, Quat, Vec3};

/// Ranges in degrees of twist about the bone and of swing about the second and third axis, with the bone and the second
/// axis at rest; left side, the right one mirrored.
struct Limit {
    bone: Vec3,
    second: Vec3,
    ranges: [(f32, f32); 3],
}

const fn limit(bone: Vec3, second: Vec3, ranges: [(f32, f32); 3]) -> Limit {
    Limit { bone, second, ranges }
}

const SPINE: Limit = limit(Vec3::Y, Vec3::Z, [(-11.0, 9.0), (-12.0, 14.0), (-9.0, 29.0)]);
const NECK: Limit = limit(Vec3::Y, Vec3::Z, [(-26.0, 21.0), (-13.0, 13.0), (-17.0, 41.0)]);
const HEAD: Limit = limit(Vec3::Y, Vec3::Z, [(-35.0, 38.0), (-19.0, 23.0), (-30.0, 22.0)]);
const SHOULDER: Limit = limit(Vec3::X, Vec3::Y, [(-12.0, 11.0), (-24.0, 32.0), (-27.0, 23.0)]);
const UPPER_ARM: Limit = limit(Vec3::X, Vec3::NEG_Y, [(-85.0, 89.0), (-40.0, 74.0), (-89.0, 93.0)]);
const LOWER_ARM: Limit = limit(Vec3::X, Vec3::NEG_Y, [(-46.0, 68.0), (0.0, 141.0), (-21.0, 30.0)]);
const HAND: Limit = limit(Vec3::X, Vec3::Z, [(-84.0, 76.0), (-63.0, 62.0), (-34.0, 41.0)]);
const UPPER_LEG: Limit = limit(Vec3::NEG_Y, Vec3::X, [(-34.0, 18.0), (-56.0, 25.0), (-17.0, 26.0)]);
const LOWER_LEG: Limit = limit(Vec3::NEG_Y, Vec3::X, [(-3.0, 4.0), (0.0, 84.0), (-19.0, 0.0)]);
const FOOT: Limit = limit(Vec3::new(0.0, -0.06, 0.13), Vec3::X, [(-20.0, 18.0), (-25.0, 37.0), (-19.0, 30.0)]);
const TOES: Limit = limit(Vec3::Z, Vec3::X, [(-20.0, 18.0), (-25.0, 37.0), (-19.0, 30.0)]);

/// A joint counts as outside only beyond this, degrees: hinges come out of inverse kinematics with rounding.
const TOLERANCE: f32 = 0.5;

/// The limit of a joint of the body; hips and fingers have none.
fn of(joint: usize) -> Option<&'static Limit> {
    Some(match joint {
        1..=3 => &SPINE,
        4 => &NECK,
        5 => &HEAD,
        6 | 10 => &SHOULDER,
        7 | 11 => &UPPER_ARM,
        8 | 12 => &LOWER_ARM,
        9 | 13 => &HAND,
        14 | 18 => &UPPER_LEG,
        15 | 19 => &LOWER_LEG,
        16 | 20 => &FOOT,
        17 | 21 => &TOES,
        _ => return None,
    })
}

impl Limit {
    fn frame(&self) -> Quat {
        let bone = self.bone.normalize();
        let second = (self.second - bone * self.second.dot(bone)).normalize();
        Quat::from_mat3(&Mat3::from_cols(bone, second, bone.cross(second)))
    }

    /// Twist and swing about the second and third axis, degrees.
    fn angles(&self, turn: Quat) -> Vec3 {
        let frame = self.frame();
        let q = frame.inverse() * turn * frame;
        let q = if q.w < 0.0 { -q } else { q };
        let twist = 2.0 * q.x.atan2(q.w);
        let swing = (q * Quat::from_rotation_x(-twist)).to_scaled_axis();
        Vec3::new(twist, swing.y, swing.z) * 1f32.to_degrees()
    }

    fn turn(&self, angles: Vec3) -> Quat {
        let angles = angles * 1f32.to_radians();
        let frame = self.frame();
        frame * Quat::from_scaled_axis(Vec3::new(0.0, angles.y, angles.z)) * Quat::from_rotation_x(angles.x) * frame.inverse()
    }

    /// Degrees beyond the range, per axis.
    fn excess(&self, angles: Vec3) -> Vec3 {
        Vec3::from_array(std::array::from_fn(|k| angles[k] - angles[k].clamp(self.ranges[k].0, self.ranges[k].1)))
    }
}

/// A right side's rotation as the left side's (mirrored at x = 0), and back.
fn mirrored(joint: usize, turn: Quat) -> Quat {
    if JOINTS[joint].name.starts_with("right") { Quat::from_xyzw(turn.x, -turn.y, -turn.z, turn.w) } else { turn }
}

/// The joints of a pose that are turned further than people turn them.
pub fn outside(pose: &Pose) -> impl Iterator<Item = usize> {
    (0..22).filter(|joint| {
        of(*joint).is_some_and(|limit| {
            let angles = limit.angles(mirrored(*joint, pose.rotations[*joint]));
            limit.excess(angles).abs().max_element() > TOLERANCE
        })
    })
}

/// Brings every joint inside its range; joints that are inside stay as they are, to the bit.
pub fn bound(pose: &mut Pose) {
    for joint in 0..22 {
        let Some(limit) = of(joint) else { continue };
        let angles = limit.angles(mirrored(joint, pose.rotations[joint]));
        let excess = limit.excess(angles);
        if excess != Vec3::ZERO {
            pose.rotations[joint] = mirrored(joint, limit.turn(angles - excess)).normalize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::standing;

    #[test]
    fn standing_is_inside_and_an_elbow_bent_backwards_is_not() {
        assert_eq!(outside(&standing()).count(), 0, "{:?}", outside(&standing()).collect::<Vec<_>>());
        for (joint, sign) in [(8, 1.0), (12, -1.0)] {
            let mut pose = standing();
            pose.rotations[joint] = Quat::from_rotation_y(0.6 * sign);
            assert_eq!(outside(&pose).collect::<Vec<_>>(), [joint]);
            bound(&mut pose);
            assert_eq!(outside(&pose).count(), 0);
            assert!(pose.rotations[joint].angle_between(Quat::IDENTITY) < 0.01);
        }
    }

    #[test]
    fn bounding_keeps_what_is_inside_and_takes_wild_turns_in() {
        let mut pose = standing();
        bound(&mut pose);
        assert_eq!(pose, standing());
        for (joint, turn) in pose.rotations.iter_mut().enumerate() {
            *turn = Quat::from_scaled_axis(Vec3::new(joint as f32, 1.7 - joint as f32 * 0.3, 2.0));
        }
        bound(&mut pose);
        assert_eq!(outside(&pose).count(), 0);
    }
}
