//! A performance as the local transforms of an actor's nodes and the weights of its morphs, for files of animation.

use super::rig::{self, Rig};
use super::springs::Swings;
use crate::Result;
use crate::actor::Actor;
use crate::motion::{Frame, Performance};
use glam::{Quat, Vec3};

/// What drawing does with an actor, as data.
pub struct Bake<'a> {
    actor: &'a Actor,
    rig: Rig,
    swings: Swings,
}

/// An actor in one frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baked {
    /// Local rotation of every node.
    pub rotations: Vec<Quat>,
    /// Local place of the hips' node, metres.
    pub hips: Vec3,
    /// Weights of every mesh's morphs, 0..=1.
    pub weights: Vec<Vec<f32>>,
}

impl<'a> Bake<'a> {
    /// Fails where the actor's nodes do not fit together.
    pub fn new(actor: &'a Actor, performance: &Performance) -> Result<Bake<'a>> {
        let rig = Rig::new(actor)?;
        let swings = rig.springs.follow(&rig, performance);
        Ok(Bake { actor, rig, swings })
    }

    /// The node that carries the body.
    pub fn hips(&self) -> Option<usize> {
        self.rig.node_of(0)
    }

    /// Frame `n` of the performance.
    pub fn frame(&self, n: usize, frame: &Frame) -> Baked {
        let joints = self.rig.pose_swung(frame, self.swings.frame(n));
        let turned = |node: usize| joints.turned[node] * self.rig.rest(node);
        let local = |node: usize| match self.rig.parent(node) {
            Some(parent) => turned(parent).inverse() * turned(node),
            None => turned(node),
        };
        let hips = self.hips().map_or(Vec3::ZERO, |hips| {
            let at = joints.world[hips].translation;
            Vec3::from(self.rig.parent(hips).map_or(at, |parent| joints.world[parent].inverse().transform_point3a(at)))
        });
        Baked {
            rotations: (0..joints.world.len()).map(|node| local(node).normalize()).collect(),
            hips,
            weights: self.actor.meshes.iter().map(|mesh| rig::weights(mesh.morphs.iter().map(|m| &m.driver), &frame.face)).collect(),
        }
    }
}
