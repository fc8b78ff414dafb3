//! Motion of any skeleton as motion of ours, and back.
//!
//! A [`Clip`] is motion as somebody's file has it: joints with their own names, proportions and axes. [`Map`] says by name
//! which of them are ours. [`Retarget`] learns from clips how each joint's axes lie and carries motion over in either
//! direction, in *global* rotations: `ours = theirs · C` with a constant turn `C` for each joint. So a bone that only one of two
//! skeletons has needs no care: its rotation is part of the next one's.
//!
//! - Where the rest pose is a person who stands (T-pose, A-pose, arms down), `C` is the shortest arc from our bone's
//!   rest direction to theirs.
//! - Where it is anything else (the rest of a Biped is a straight line), the second axis comes from the motion: an elbow
//!   bends about its hinge, so the mean of upper arm × forearm, seen from the bone, is where the hinge lies in its axes.
//!
//! Hips move by the ratio of the legs' lengths and the feet come to the floor. Hands come to the same place relative to
//! the body ([`arms`]).

mod arms;
mod fit;
mod map;
mod normal;
mod outward;
#[cfg(test)]
mod tests;

pub use fit::Retarget;
pub use map::Map;
pub use outward::{Outgoing, Outward};

use glam::{Quat, Vec3};

/// A joint of somebody's skeleton.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    pub name: String,
    /// Place of the parent in the list, which holds parents before children.
    pub parent: Option<usize>,
    /// From the parent in the parent's axes, metres.
    pub offset: Vec3,
    /// Local rotation in the rest pose; the identity in BVH files.
    pub rest: Quat,
    /// Where the bone of a joint without children ends, in its axes, metres.
    pub end: Option<Vec3>,
}

/// Somebody's skeleton: joints, parents before children.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Skeleton {
    pub joints: Vec<Joint>,
}

/// Local places of a joint that moves against its parent, metres, one a frame. The root has one; others rarely.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    pub joint: usize,
    pub places: Vec<Vec3>,
}

/// Motion of somebody's skeleton. The world is ours: metres, y up.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Frames per second.
    pub fps: f64,
    pub skeleton: Skeleton,
    pub translations: Vec<Track>,
    /// Local rotations of all joints, one list a frame.
    pub rotations: Vec<Vec<Quat>>,
}

/// Where every joint is and how it is turned, in the world.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    pub positions: Vec<Vec3>,
    pub rotations: Vec<Quat>,
}

impl Skeleton {
    /// Forward kinematics. `place` gives a joint's local place, `turn` its local rotation.
    fn globals(&self, place: impl Fn(usize) -> Vec3, turn: impl Fn(usize) -> Quat) -> Globals {
        let mut out = Globals::default();
        for (k, joint) in self.joints.iter().enumerate() {
            let (at, above) = joint.parent.map_or((Vec3::ZERO, Quat::IDENTITY), |p| (out.positions[p], out.rotations[p]));
            out.positions.push(at + above * place(k));
            out.rotations.push((above * turn(k)).normalize());
        }
        out
    }

    /// Everything in the rest pose.
    pub fn rest(&self) -> Globals {
        self.globals(|k| self.joints[k].offset, |k| self.joints[k].rest)
    }

    /// Height of a standing body in metres, told from the lengths of its bones and so whatever the pose: legs, trunk and
    /// neck, with what feet and skull add in our own proportions. `None` without legs.
    pub fn height(&self, map: &Map) -> Option<f32> {
        let rest = self.rest().positions;
        let length = |names: &[&str]| {
            let chain: Vec<Vec3> = names.iter().filter_map(|name| map.joint(name)).map(|k| rest[k]).collect();
            chain.windows(2).map(|pair| pair[0].distance(pair[1])).sum::<f32>()
        };
        let trunk = length(&["hips", "spine", "chest", "upperChest", "neck", "head"]);
        let legs = ["left", "right"]
            .map(|side| length(&["UpperLeg", "LowerLeg", "Foot"].map(|part| format!("{side}{part}")).each_ref().map(String::as_str)));
        let leg = legs[0].max(legs[1]);
        (leg > 0.0 && trunk > 0.0).then(|| (leg + trunk) * (OUR_HEIGHT / OUR_BONES))
    }
}

/// Height of the person that our skeleton belongs to, and the length of its leg, trunk and neck bones, metres.
const OUR_HEIGHT: f32 = 1.7;
const OUR_BONES: f32 = 1.408;

impl Clip {
    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.rotations.len()
    }

    /// Forward kinematics of a frame.
    pub fn globals(&self, frame: usize) -> Globals {
        let mut places: Vec<Vec3> = self.skeleton.joints.iter().map(|joint| joint.offset).collect();
        for track in &self.translations {
            if let Some(place) = track.places.get(frame) {
                places[track.joint] = *place;
            }
        }
        self.skeleton.globals(|k| places[k], |k| self.rotations[frame][k])
    }
}

/// The rotation that takes two directions to two others; the second of each need not be at right angles to the first.
fn between(rest: (Vec3, Vec3), now: (Vec3, Vec3)) -> Quat {
    let frame = |(first, second): (Vec3, Vec3)| {
        let first = first.normalize_or(Vec3::Y);
        let second = (second - first * second.dot(first)).normalize_or(first.any_orthonormal_vector());
        glam::Mat3::from_cols(first, second, first.cross(second))
    };
    Quat::from_mat3(&(frame(now) * frame(rest).transpose())).normalize()
}
