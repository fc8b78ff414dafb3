//! A performance as the local transforms of an actor's nodes and the weights of its morphs, for files of animation.

use super::rig::{self, Rig};
use crate::Result;
use crate::actor::{Actor, Morph};
use crate::motion::{Frame, Performance};
use glam::{Affine3A, Quat, Vec3};

/// What drawing does with an actor, as data.
pub struct Bake<'a> {
    actor: &'a Actor,
    rig: Rig,
    landmarks: Vec<Landmark>,
}

/// A vertex of the face: where it is at rest, what moves it, what carries it.
struct Landmark {
    mesh: usize,
    place: Vec3,
    /// Morphs of the mesh and how far each moves it.
    offsets: Vec<(usize, Vec3)>,
    /// Nodes, the matrices from the mesh to them, and weights.
    bones: Vec<(usize, Affine3A, f32)>,
}

impl Landmark {
    fn of(actor: &Actor, mesh_number: usize, vertex: usize) -> Option<Landmark> {
        let mesh = actor.meshes.get(mesh_number)?;
        let offset =
            |(k, morph): (usize, &Morph)| Some((k, *morph.positions.get(morph.vertices.iter().position(|v| *v as usize == vertex)?)?));
        let bones = match (mesh.joints.get(vertex), mesh.weights.get(vertex)) {
            (Some(joints), Some(weights)) if !mesh.skin.is_empty() => {
                let bone = |(joint, weight): (&u16, &f32)| {
                    let (node, inverse) = mesh.skin.iter().find(|(node, _)| *node == usize::from(*joint))?;
                    Some((*node, Affine3A::from_mat4(*inverse), *weight))
                };
                joints.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).filter_map(bone).collect()
            }
            _ => vec![(mesh.node?, Affine3A::IDENTITY, 1.0)],
        };
        let place = *mesh.positions.get(vertex)?;
        Some(Landmark { mesh: mesh_number, place, offsets: mesh.morphs.iter().enumerate().filter_map(offset).collect(), bones })
    }

    fn at(&self, world: &[Affine3A], weights: &[f32]) -> Vec3 {
        let moved = self.offsets.iter().fold(self.place, |place, (morph, offset)| place + *offset * weights[*morph]);
        self.bones.iter().map(|(node, inverse, weight)| (world[*node] * *inverse).transform_point3(moved) * *weight).sum()
    }
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
    pub fn new(actor: &'a Actor) -> Result<Bake<'a>> {
        let rig = Rig::new(actor)?;
        let points = actor.keypoints.iter().flatten();
        let landmarks = points.filter_map(|(mesh, vertex)| Landmark::of(actor, *mesh, *vertex as usize)).collect();
        Ok(Bake { actor, rig, landmarks })
    }

    /// The frames of a performance, each with the turns of what swings; they are found one after another.
    pub fn swung<'p>(&'p self, performance: &'p Performance) -> impl Iterator<Item = (&'p Frame, Vec<Quat>)> {
        performance.frames.iter().zip(self.rig.springs.walk(&self.rig, performance))
    }

    /// The node that carries the body.
    pub fn hips(&self) -> Option<usize> {
        self.rig.node_of(0)
    }

    /// A frame, with the turns of what swings.
    pub fn frame(&self, frame: &Frame, swing: &[Quat]) -> Baked {
        let joints = self.rig.pose_swung(frame, swing);
        let turned = |node: usize| joints.turned[node] * self.rig.rest(node);
        let local = |node: usize| match self.rig.parent(node) {
            Some(parent) => turned(parent).inverse() * turned(node),
            None => turned(node),
        };
        let hips = self.hips().map_or(Vec3::ZERO, |hips| {
            let at = joints.world[hips].translation;
            Vec3::from(self.rig.parent(hips).map_or(at, |parent| joints.world[parent].inverse().transform_point3a(at)))
        });
        Baked { rotations: (0..joints.world.len()).map(|node| local(node).normalize()).collect(), hips, weights: self.weights(frame) }
    }

    fn weights(&self, frame: &Frame) -> Vec<Vec<f32>> {
        self.actor.meshes.iter().map(|mesh| rig::weights(mesh.morphs.iter().map(|m| &m.driver), &frame.face)).collect()
    }

    /// Places of the actor's landmarks in a frame, metres.
    pub fn keypoints(&self, frame: &Frame, swing: &[Quat]) -> Vec<Vec3> {
        let joints = self.rig.pose_swung(frame, swing);
        let weights = self.weights(frame);
        self.landmarks.iter().map(|landmark| landmark.at(&joints.world, &weights[landmark.mesh])).collect()
    }
}
