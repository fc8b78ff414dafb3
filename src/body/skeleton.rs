//! The VRM 1.0 humanoid as gestus uses it: 52 joints, T-pose rest with identity rotations.

use glam::{Quat, Vec3};

/// Number of joints: 22 of the body and 30 of the fingers.
pub const COUNT: usize = 52;

/// A joint: its VRM 1.0 name, its parent's place in [`JOINTS`], and its rest offset from the parent in metres.
#[derive(Clone, Copy, Debug)]
pub struct Joint {
    pub name: &'static str,
    pub parent: Option<usize>,
    pub offset: Vec3,
}

/// One frame of the body: where the hips are (metres, world) and the local rotation of every joint relative to the T-pose.
#[derive(Clone, Debug, PartialEq)]
pub struct Pose {
    pub hips: Vec3,
    pub rotations: [Quat; COUNT],
}

const fn joint(name: &'static str, parent: usize, x: f32, y: f32, z: f32) -> Joint {
    let parent = if parent == usize::MAX { None } else { Some(parent) };
    Joint { name, parent, offset: Vec3::new(x, y, z) }
}

/// All joints, parents before children. Offsets of a 1.7 m adult.
pub const JOINTS: [Joint; COUNT] = [
    joint("hips", usize::MAX, 0.0, 0.94, 0.0),
    joint("spine", 0, 0.0, 0.10, -0.01),
    joint("chest", 1, 0.0, 0.11, 0.0),
    joint("upperChest", 2, 0.0, 0.12, 0.0),
    joint("neck", 3, 0.0, 0.16, -0.01),
    joint("head", 4, 0.0, 0.085, 0.015),
    joint("leftShoulder", 3, 0.03, 0.11, 0.0),
    joint("leftUpperArm", 6, 0.13, 0.0, 0.0),
    joint("leftLowerArm", 7, 0.265, 0.0, 0.0),
    joint("leftHand", 8, 0.24, 0.0, 0.0),
    joint("rightShoulder", 3, -0.03, 0.11, 0.0),
    joint("rightUpperArm", 10, -0.13, 0.0, 0.0),
    joint("rightLowerArm", 11, -0.265, 0.0, 0.0),
    joint("rightHand", 12, -0.24, 0.0, 0.0),
    joint("leftUpperLeg", 0, 0.09, -0.04, 0.0),
    joint("leftLowerLeg", 14, 0.0, -0.41, 0.0),
    joint("leftFoot", 15, 0.0, -0.42, 0.0),
    joint("leftToes", 16, 0.0, -0.06, 0.13),
    joint("rightUpperLeg", 0, -0.09, -0.04, 0.0),
    joint("rightLowerLeg", 18, 0.0, -0.41, 0.0),
    joint("rightFoot", 19, 0.0, -0.42, 0.0),
    joint("rightToes", 20, 0.0, -0.06, 0.13),
    joint("leftThumbMetacarpal", 9, 0.03, -0.012, 0.03),
    joint("leftThumbProximal", 22, 0.0252, -0.009, 0.0241),
    joint("leftThumbDistal", 23, 0.021, -0.0075, 0.0201),
    joint("leftIndexProximal", 9, 0.09, 0.0, 0.024),
    joint("leftIndexIntermediate", 25, 0.04, 0.0, 0.0),
    joint("leftIndexDistal", 26, 0.024, 0.0, 0.0),
    joint("leftMiddleProximal", 9, 0.093, 0.0, 0.003),
    joint("leftMiddleIntermediate", 28, 0.044, 0.0, 0.0),
    joint("leftMiddleDistal", 29, 0.028, 0.0, 0.0),
    joint("leftRingProximal", 9, 0.088, 0.0, -0.018),
    joint("leftRingIntermediate", 31, 0.04, 0.0, 0.0),
    joint("leftRingDistal", 32, 0.026, 0.0, 0.0),
    joint("leftLittleProximal", 9, 0.08, -0.003, -0.038),
    joint("leftLittleIntermediate", 34, 0.032, 0.0, 0.0),
    joint("leftLittleDistal", 35, 0.02, 0.0, 0.0),
    joint("rightThumbMetacarpal", 13, -0.03, -0.012, 0.03),
    joint("rightThumbProximal", 37, -0.0252, -0.009, 0.0241),
    joint("rightThumbDistal", 38, -0.021, -0.0075, 0.0201),
    joint("rightIndexProximal", 13, -0.09, 0.0, 0.024),
    joint("rightIndexIntermediate", 40, -0.04, 0.0, 0.0),
    joint("rightIndexDistal", 41, -0.024, 0.0, 0.0),
    joint("rightMiddleProximal", 13, -0.093, 0.0, 0.003),
    joint("rightMiddleIntermediate", 43, -0.044, 0.0, 0.0),
    joint("rightMiddleDistal", 44, -0.028, 0.0, 0.0),
    joint("rightRingProximal", 13, -0.088, 0.0, -0.018),
    joint("rightRingIntermediate", 46, -0.04, 0.0, 0.0),
    joint("rightRingDistal", 47, -0.026, 0.0, 0.0),
    joint("rightLittleProximal", 13, -0.08, -0.003, -0.038),
    joint("rightLittleIntermediate", 49, -0.032, 0.0, 0.0),
    joint("rightLittleDistal", 50, -0.02, 0.0, 0.0),
];

/// Place of a joint in [`JOINTS`] by its VRM 1.0 name.
pub fn index(name: &str) -> Option<usize> {
    JOINTS.iter().position(|j| j.name == name)
}

impl Default for Pose {
    /// The T-pose.
    fn default() -> Self {
        Pose { hips: JOINTS[0].offset, rotations: [Quat::IDENTITY; COUNT] }
    }
}

impl Pose {
    /// Of the two quaternions that mean each rotation, takes the one nearer to `before`, so that components run smoothly.
    pub fn align(&mut self, before: &Pose) {
        for (now, before) in self.rotations.iter_mut().zip(&before.rotations) {
            if now.dot(*before) < 0.0 {
                *now = -*now;
            }
        }
    }
}

/// Rest offset of every joint from its parent, metres; the hips' is where they stand in the T-pose.
pub const OFFSETS: [Vec3; COUNT] = {
    let mut offsets = [Vec3::ZERO; COUNT];
    let mut joint = 0;
    while joint < COUNT {
        offsets[joint] = JOINTS[joint].offset;
        joint += 1;
    }
    offsets
};

/// Where every joint is and how it is turned, in the world.
#[derive(Clone, Debug)]
pub struct Globals {
    pub positions: [Vec3; COUNT],
    pub rotations: [Quat; COUNT],
}

/// Forward kinematics of a pose on a skeleton with the given offsets ([`OFFSETS`] for ours).
pub fn globals(pose: &Pose, offsets: &[Vec3; COUNT]) -> Globals {
    let mut globals = Globals { positions: [pose.hips; COUNT], rotations: [pose.rotations[0]; COUNT] };
    for (joint, rest) in JOINTS.iter().enumerate() {
        if let Some(parent) = rest.parent {
            let turned = globals.rotations[parent];
            globals.positions[joint] = globals.positions[parent] + turned * offsets[joint];
            globals.rotations[joint] = turned * pose.rotations[joint];
        }
    }
    globals
}
