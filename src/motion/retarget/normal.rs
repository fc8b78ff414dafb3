//! Skeletons from which motion comes back as it was: no correction, whatever the proportions.

use super::{Clip, Map, Retarget};
use crate::body::skeleton::{self, JOINTS, OFFSETS};
use glam::{Quat, Vec3};

/// Modelled arms are never quite straight; beyond this, radians, they rest in another pose.
const CROOKED: f32 = 8.0 * std::f32::consts::PI / 180.0;
impl Retarget {
    /// For skeletons that rest in the T-pose by the rules of their format, as VRM's do: rotations relative to it are ours, the hips
    /// move by the ratio of their heights. What was carried over comes back as it was, so hands and feet are not corrected. None
    /// where the arms do not rest so.
    pub fn normalised(clip: &Clip, map: &Map) -> Option<Retarget> {
        let rest = clip.skeleton.rest();
        let is_straight = |(k, joint): (usize, &skeleton::Joint)| {
            let (Some(upper), Some(parent)) = (map.joints[k], joint.parent) else { return true };
            let arm = JOINTS[parent].name.ends_with("UpperArm") || JOINTS[parent].name.ends_with("LowerArm");
            let Some(above) = map.joints[parent].filter(|_| arm) else { return true };
            (rest.positions[upper] - rest.positions[above]).angle_between(joint.offset) < CROOKED
        };
        if !JOINTS.iter().enumerate().all(is_straight) {
            return None;
        }
        let turns = std::array::from_fn(|k| map.joints[k].map_or(Quat::IDENTITY, |joint| rest.rotations[joint].conjugate()));
        let hips = map.joints[0].map_or(OFFSETS[0], |joint| rest.positions[joint]);
        let scale = if hips.y > 0.05 { OFFSETS[0].y / hips.y } else { 1.0 };
        Some(Retarget { turns, scale, origin: (OFFSETS[0], hips), same: true, ..Retarget::fit(&[clip], map) })
    }

    /// For skeletons whose lengths are ours by construction: what was carried over comes back as it was.
    pub fn exact(self) -> Retarget {
        Retarget { same: true, scale: 1.0, ..self }
    }

    /// Their place of our hips.
    pub(super) fn hips_outward(&self, ours: Vec3) -> Vec3 {
        self.origin.1 + (ours - self.origin.0) / self.scale
    }
}
