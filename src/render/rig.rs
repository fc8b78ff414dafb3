//! Posing: from a [`Frame`] to morph weights and joint matrices. Shared by both back ends.

use super::springs::Springs;
use crate::actor::{Actor, Channel, Driver};
use crate::body::skeleton::{COUNT, JOINTS};
use crate::face::coefficients::{self, Coefficients};
use crate::face::visemes::{self, Reading};
use crate::motion::{Frame, Gaze};
use crate::{Error, Result};
use glam::{Affine3A, Quat, Vec3};

/// The hierarchy of an actor with what posing needs.
pub struct Rig {
    nodes: Vec<RigNode>,
    /// Rest position of the hips, and the actor's size relative to the skeleton's.
    hips: Vec3,
    scale: f32,
    /// Share of the gaze that the eyes turn.
    eye_gain: f32,
    /// What swings.
    pub springs: Springs,
}

struct RigNode {
    parent: Option<usize>,
    translation: Vec3,
    rotation: Quat,
    scale: Vec3,
    /// World rotation at rest.
    rest: Quat,
    role: Role,
}

/// What turns a node.
enum Role {
    /// Follows its parent.
    Follow,
    /// The humanoid joint, and the world rotation from the actor's rest to the T-pose.
    Joint(usize, Quat),
    /// An eyeball.
    Eye,
    /// A bone of the face: what turns it, and its axis times the angle where that is 1.
    Hinge(Channel, Vec3),
    /// A link of a swinging chain.
    Link(usize),
}

/// World matrices of all nodes in one pose.
pub struct Joints {
    pub world: Vec<Affine3A>,
    /// Rotation of every node relative to its rest.
    pub turned: Vec<Quat>,
}

impl Rig {
    /// Fails where a node's parent does not stand before it.
    pub fn new(actor: &Actor) -> Result<Rig> {
        let rest = rest_world(actor)?;
        let rotation_of = |i: usize| rest[i].1;
        let position_of = |joint: usize| actor.joints.get(joint).copied().flatten().map(|n| Vec3::from(rest[n].0.translation));
        let corrections = corrections(&position_of);
        let mut nodes: Vec<RigNode> = actor
            .nodes
            .iter()
            .enumerate()
            .map(|(i, n)| RigNode {
                parent: n.parent,
                translation: n.translation,
                rotation: n.rotation,
                scale: n.scale,
                rest: rotation_of(i),
                role: Role::Follow,
            })
            .collect();
        for node in actor.eyes.iter().flatten() {
            if let Some(n) = nodes.get_mut(*node) {
                n.role = Role::Eye;
            }
        }
        for hinge in &actor.hinges {
            if let Some(n) = nodes.get_mut(hinge.node) {
                n.role = Role::Hinge(hinge.channel, hinge.turn);
            }
        }
        for (joint, node) in actor.joints.iter().enumerate().take(COUNT) {
            if let Some(n) = node.and_then(|i| nodes.get_mut(i)) {
                n.role = Role::Joint(joint, corrections[joint]);
            }
        }
        let places: Vec<Affine3A> = rest.iter().map(|(matrix, _)| *matrix).collect();
        let (springs, links) = Springs::new(actor, &places, |node| !matches!(nodes[node].role, Role::Follow));
        for (node, link) in nodes.iter_mut().zip(links) {
            if let Some(link) = link {
                node.role = Role::Link(link);
            }
        }
        let hips = position_of(0).unwrap_or(JOINTS[0].offset);
        let scale = if hips.y > 0.05 { hips.y / JOINTS[0].offset.y } else { 1.0 };
        Ok(Rig { nodes, hips, scale, eye_gain: 1.0 - finite(actor.eye_stiffness).clamp(0.0, 1.0), springs })
    }

    pub fn parent(&self, node: usize) -> Option<usize> {
        self.nodes[node].parent
    }

    /// World rotation of a node at rest.
    pub fn rest(&self, node: usize) -> Quat {
        self.nodes[node].rest
    }

    /// The node of a humanoid joint.
    pub fn node_of(&self, joint: usize) -> Option<usize> {
        self.nodes.iter().position(|n| matches!(n.role, Role::Joint(j, _) if j == joint))
    }

    /// World matrices of all nodes for a frame, with what swings at rest.
    pub fn pose(&self, frame: &Frame) -> Joints {
        self.pose_swung(frame, &[])
    }

    /// World matrices of all nodes for a frame, with the turn of each link ([`super::springs::Springs::walk`]).
    pub fn pose_swung(&self, frame: &Frame, swing: &[Quat]) -> Joints {
        self.pose_by(frame, |link, _, _| swing.get(link).copied().unwrap_or(Quat::IDENTITY))
    }

    /// World matrices of all nodes for a frame. `swing` is asked for the turn of each link in its parent's axes; it is told the link,
    /// the matrix its node would have at rest, and how the parent is turned in the world.
    pub fn pose_by(&self, frame: &Frame, mut swing: impl FnMut(usize, &Affine3A, Quat) -> Quat) -> Joints {
        let turns = accumulated(&frame.body.rotations);
        let hips = self.hips + (finite_vec(frame.body.hips) - JOINTS[0].offset) * self.scale;
        let gaze = gaze_rotation(Gaze { yaw: self.eye_gain * frame.gaze.yaw, pitch: self.eye_gain * frame.gaze.pitch });
        let mut world = Vec::with_capacity(self.nodes.len());
        let mut rotations: Vec<Quat> = Vec::with_capacity(self.nodes.len());
        let mut turned = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let (parent_world, parent_rotation, parent_turned) =
                node.parent.map_or((Affine3A::IDENTITY, Quat::IDENTITY, Quat::IDENTITY), |p| (world[p], rotations[p], turned[p]));
            let rotation = match node.role {
                Role::Follow => parent_rotation * node.rotation,
                Role::Eye => parent_turned * gaze * node.rest,
                Role::Hinge(with, turn) => {
                    let turn = Quat::from_scaled_axis(turn * channel(with, &frame.face, &mut None));
                    parent_turned * turn * node.rest
                }
                Role::Joint(joint, correction) => turns[joint] * correction * node.rest,
                Role::Link(link) => {
                    let rest = Affine3A::from_scale_rotation_translation(node.scale, node.rotation, node.translation);
                    parent_rotation * swing(link, &(parent_world * rest), parent_rotation) * node.rotation
                }
            };
            let local = Affine3A::from_scale_rotation_translation(node.scale, parent_rotation.inverse() * rotation, node.translation);
            let mut matrix = parent_world * local;
            if matches!(node.role, Role::Joint(0, _)) {
                matrix.translation = hips.into();
            }
            world.push(matrix);
            rotations.push(rotation);
            turned.push(rotation * node.rest.inverse());
        }
        Joints { world, turned }
    }
}

/// World matrix and world rotation of every node at rest.
fn rest_world(actor: &Actor) -> Result<Vec<(Affine3A, Quat)>> {
    let mut world: Vec<(Affine3A, Quat)> = Vec::with_capacity(actor.nodes.len());
    for (i, node) in actor.nodes.iter().enumerate() {
        let (matrix, rotation) = match node.parent {
            None => (Affine3A::IDENTITY, Quat::IDENTITY),
            Some(p) if p < i => world[p],
            Some(_) => return Err(Error::malformed(&actor.name, format!("node '{}' stands before its parent", node.name))),
        };
        let local = Affine3A::from_scale_rotation_translation(node.scale, node.rotation, node.translation);
        world.push((matrix * local, rotation * node.rotation));
    }
    match actor.joints.iter().chain(&actor.eyes).flatten().any(|n| *n >= world.len()) {
        true => Err(Error::malformed(&actor.name, "a joint names a node that is not there")),
        false => Ok(world),
    }
}

/// Rotation of every joint relative to the world: the product of the local rotations from the hips out.
fn accumulated(rotations: &[Quat; COUNT]) -> [Quat; COUNT] {
    let mut turns = [Quat::IDENTITY; COUNT];
    for (i, joint) in JOINTS.iter().enumerate() {
        let local = rotations[i];
        let local = if local.is_finite() && local.length_squared() > 1e-6 { local.normalize() } else { Quat::IDENTITY };
        turns[i] = joint.parent.map_or(Quat::IDENTITY, |p| turns[p]) * local;
    }
    turns
}

/// For actors that rest in an A-pose: the world rotation that brings each arm joint to the T-pose. Hands and fingers go
/// with the lower arm; rests within 8 degrees of the T-pose are left alone, since modelled arms are never quite straight.
fn corrections(position_of: &impl Fn(usize) -> Option<Vec3>) -> [Quat; COUNT] {
    const LEAST: f32 = 8.0 * std::f32::consts::PI / 180.0;
    let mut corrections = [Quat::IDENTITY; COUNT];
    for (i, joint) in JOINTS.iter().enumerate() {
        let arm = joint.name.ends_with("UpperArm") || joint.name.ends_with("LowerArm");
        let child = JOINTS.iter().position(|j| j.parent == Some(i));
        corrections[i] = match (arm, child.and_then(|c| Some((position_of(i)?, position_of(c)?, JOINTS[c].offset)))) {
            (true, Some((from, to, rest))) if (to - from).length() > 1e-4 => {
                let (have, want) = ((to - from).normalize(), rest.normalize());
                if have.angle_between(want) > LEAST { Quat::from_rotation_arc(have, want) } else { Quat::IDENTITY }
            }
            _ => joint.parent.filter(|_| is_below_arm(joint.name)).map_or(Quat::IDENTITY, |p| corrections[p]),
        };
    }
    corrections
}

fn is_below_arm(name: &str) -> bool {
    ["LowerArm", "Hand", "Thumb", "Index", "Middle", "Ring", "Little"].iter().any(|part| name.contains(part))
}

/// Yaw about +y to the character's left, then pitch about +x down.
pub fn gaze_rotation(gaze: Gaze) -> Quat {
    Quat::from_rotation_y(finite(gaze.yaw)) * Quat::from_rotation_x(finite(gaze.pitch))
}

/// Weights of morphs, 0..=1. The face is read in visemes only where a morph follows them.
pub fn weights<'a>(drivers: impl Iterator<Item = &'a Driver>, face: &Coefficients) -> Vec<f32> {
    let mut reading = None;
    drivers.map(|driver| weight(driver, face, &mut reading)).collect()
}

fn weight(driver: &Driver, face: &Coefficients, reading: &mut Option<Reading>) -> f32 {
    let value = |i: usize| face.get(i).map_or(0.0, |b| finite(*b).clamp(0.0, 1.0));
    match driver {
        Driver::None => 0.0,
        Driver::Coefficient(i) => value(*i),
        Driver::Product(i, j) => value(*i) * value(*j),
        Driver::Half(i) => 4.0 * value(*i) * (1.0 - value(*i)),
        Driver::Mix(mix) => mix.iter().map(|(c, gain)| gain * channel(*c, face, reading)).sum::<f32>().clamp(0.0, 1.0),
    }
}

/// What a face has of a channel, 0..=1; a reading is made once and kept.
fn channel(channel: Channel, face: &Coefficients, reading: &mut Option<Reading>) -> f32 {
    let value = match channel {
        Channel::Coefficient(i) => face.get(i),
        Channel::Viseme(i) => reading.get_or_insert_with(|| visemes::read(face)).visemes.get(i),
        Channel::Vowel(i) => reading.get_or_insert_with(|| visemes::read(face)).vowels.get(i),
        Channel::Mood(i) => reading.get_or_insert_with(|| visemes::read(face)).moods.get(i),
    };
    value.map_or(0.0, |x| finite(*x).clamp(0.0, 1.0))
}

/// How much deeper the teeth seem to lie than they do, metres: behind pushed-out lips they do, and through lips that hardly part
/// little light reaches them.
pub fn pout(frame: &Frame) -> f32 {
    let value = |name: &str| coefficients::index(name).map_or(0.0, |i| channel(Channel::Coefficient(i), &frame.face, &mut None));
    let both = |left: &str, right: &str| 0.5 * (value(left) + value(right));
    let jaw = (value("jawOpen") - value("mouthClose")).max(0.0);
    let parted = jaw + 0.5 * both("mouthUpperUpLeft", "mouthUpperUpRight") + 0.5 * both("mouthLowerDownLeft", "mouthLowerDownRight");
    0.018 * value("mouthPucker") + 0.012 * value("mouthFunnel") + 0.016 * (1.0 - parted / 0.08).max(0.0)
}

fn finite(x: f32) -> f32 {
    if x.is_finite() { x } else { 0.0 }
}

fn finite_vec(v: Vec3) -> Vec3 {
    if v.is_finite() { v } else { JOINTS[0].offset }
}
