//! Where hands must not be: inside head and torso.

use super::fingers;
use super::gestures::Side;
use super::skeleton::{Globals, OFFSETS};
use glam::Vec3;

/// Centre of the head from its joint, and its half axes, metres.
const SKULL: (Vec3, Vec3) = (Vec3::new(0.0, 0.09, 0.02), Vec3::new(0.075, 0.11, 0.095));
/// Half width and half depth of the torso at hips, spine, chest and upper chest, metres.
const TORSO: [(f32, f32); 4] = [(0.150, 0.105), (0.130, 0.100), (0.135, 0.105), (0.145, 0.110)];

/// Points of a hand: wrist, knuckles of index and little finger, tips of thumb, index and middle finger.
pub fn hand_points(globals: &Globals, side: Side) -> [Vec3; 6] {
    let wrist = [9, 13][side as usize];
    let first = fingers::FIRST[side as usize];
    let tip = |joint: usize| {
        let length = OFFSETS[joint].length();
        globals.positions[joint] + globals.rotations[joint] * (OFFSETS[joint] / length) * (0.8 * length)
    };
    let at = |joint: usize| globals.positions[joint];
    [at(wrist), at(first + 3), at(first + 12), tip(first + 2), tip(first + 5), tip(first + 8)]
}

/// Whether a point is inside the head or the torso.
pub fn inside(globals: &Globals, point: Vec3) -> bool {
    let local = |joint: usize| globals.rotations[joint].inverse() * (point - globals.positions[joint]);
    if ((local(5) - SKULL.0) / SKULL.1).length_squared() < 1.0 {
        return true;
    }
    (0..4).any(|joint| {
        let (at, (width, depth)) = (local(joint), TORSO[joint]);
        let length = OFFSETS[joint + 1].y;
        (0.0..length).contains(&at.y) && (at.x / width).powi(2) + (at.z / depth).powi(2) < 1.0
    })
}

/// Whether any point of either hand is inside head or torso.
pub fn penetrates(globals: &Globals) -> bool {
    Side::BOTH.into_iter().any(|side| hand_points(globals, side).into_iter().any(|p| inside(globals, p)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::skeleton::{Pose, globals};
    use crate::body::standing;
    use glam::Quat;

    #[test]
    fn a_hand_in_the_belly_is_seen() {
        let free = globals(&standing(), &OFFSETS);
        assert!(!penetrates(&free));
        assert!(inside(&free, free.positions[2] + Vec3::Z * 0.05) && inside(&free, free.positions[5] + Vec3::Y * 0.1));
        let mut pose = Pose::default();
        // The upper arm hangs, the forearm is folded across the belly.
        pose.rotations[7] = Quat::from_rotation_z(-1.5);
        pose.rotations[8] = Quat::from_rotation_z(-1.6);
        assert!(penetrates(&globals(&pose, &OFFSETS)));
    }
}
