//! The [`Performance`] and what one does with it.

mod combine;
pub mod edit;
pub mod frames;
mod gaze;
mod resample;
pub mod retarget;

pub use combine::combine;
pub use frames::Frames;
pub(crate) use resample::blend;

use crate::body::skeleton::Pose;
use crate::face::coefficients::{self, Coefficients};
use glam::{EulerRot, Quat};

/// Head rotation relative to the neck's rest, radians: `yaw` + turns to the character's left, `pitch` + nods down,
/// `roll` + tilts the character's left ear up. Applied as yaw · pitch · roll.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Head {
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
}

/// Direction of both eyes relative to the head, radians: `yaw` + to the character's left, `pitch` + down.
/// Also written into the eight eyeLook coefficients.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gaze {
    pub yaw: f32,
    pub pitch: f32,
}

/// Everything that moves at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub face: Coefficients,
    pub head: Head,
    pub gaze: Gaze,
    /// The whole body, with `head` already part of its neck and head joints.
    pub body: Pose,
}

impl Default for Frame {
    fn default() -> Self {
        Frame { face: [0.0; coefficients::COUNT], head: Head::default(), gaze: Gaze::default(), body: Pose::default() }
    }
}

/// What of a performance there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The 52 coefficients.
    pub face: bool,
    pub head: bool,
    pub gaze: bool,
    pub body: bool,
}

impl Parts {
    pub const ALL: Parts = Parts { face: true, head: true, gaze: true, body: true };

    /// Names of what is here and not in `other`. A head that nods is in both a face's file and a body's.
    pub fn beyond(self, other: Parts) -> Vec<&'static str> {
        let pairs = [
            (self.face, other.face, "face"),
            (self.head, other.head, "head"),
            (self.gaze, other.gaze, "gaze"),
            (self.body, other.body, "body"),
        ];
        pairs.into_iter().filter(|(here, there, _)| *here && !there).map(|(_, _, name)| name).collect()
    }
}

/// A performance: frame `n` stands at `n / fps` seconds after the first audio sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Performance {
    /// Frames per second.
    pub fps: f64,
    /// Length in seconds of the recording performed; there are `ceil(seconds × fps)` frames.
    pub seconds: f64,
    pub frames: Frames,
}

/// Share of a head rotation that the neck takes; the head joint takes the rest. The cervical spine bends over its length.
const NECK_SHARE: f32 = 0.4;

/// Turns the head of a pose by `head`, beyond how the pose already holds it: 40 % in the neck, 60 % in the head joint.
pub fn attach_head(pose: &mut Pose, head: Head) {
    let part = |share: f32| Quat::from_euler(EulerRot::YXZ, share * head.yaw, share * head.pitch, share * head.roll);
    pose.rotations[NECK] *= part(NECK_SHARE);
    pose.rotations[HEAD] *= part(1.0 - NECK_SHARE);
}

/// Holds the head of a pose as `head` says, whatever it did before: what [`head_of`] then tells.
pub fn set_head(pose: &mut Pose, head: Head) {
    let whole = Quat::from_euler(EulerRot::YXZ, head.yaw, head.pitch, head.roll);
    pose.rotations[NECK] = Quat::IDENTITY.slerp(whole, NECK_SHARE);
    pose.rotations[HEAD] = (pose.rotations[NECK].conjugate() * whole).normalize();
}

/// How the head of a pose is turned against the upper chest: what neck and head do together.
pub fn head_of(pose: &Pose) -> Head {
    let (yaw, pitch, roll) = (pose.rotations[NECK] * pose.rotations[HEAD]).to_euler(EulerRot::YXZ);
    Head { yaw, pitch, roll }
}

/// Places of the neck and the head among the joints.
const NECK: usize = 4;
const HEAD: usize = 5;
