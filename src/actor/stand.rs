//! Stands an avatar up: metres, feet on the ground, y up, facing +z.
//!
//! Files come in centimetres or inches, lie on their back, look away. What kind of file it is does not tell (VRM 0.x looks to -z, but
//! so do others), so it is measured from the joints: left and right of arms and legs, hips to head, heels to toes. A head
//! without joints is measured from its eyes, or from the two sides of a blink.

use super::names::joints::Humanoid;
use super::{Actor, Node};
use glam::{Affine3A, Mat3, Mat4, Quat, Vec3};
use serde::Serialize;
use std::collections::BTreeMap;

/// How an avatar stood in its file, and what was done about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stance {
    /// The way it looked: `+z` and the like, `unknown` where nothing tells.
    pub facing: String,
    /// The way its head pointed.
    pub up: String,
    /// What its lengths were multiplied by.
    pub scale: f32,
    /// Metres from the ground to the highest point, afterwards.
    pub height: f32,
    /// `T`, `A` or `arms down`; empty without arms.
    pub rest: String,
    /// Degrees that the upper arms hang below horizontal.
    pub arms: f32,
    /// The names' left was the right.
    pub swapped: bool,
}

/// World matrices of all nodes at rest.
fn world(nodes: &[Node]) -> Vec<Affine3A> {
    let mut out: Vec<Affine3A> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let local = Affine3A::from_scale_rotation_translation(node.scale, node.rotation, node.translation);
        out.push(node.parent.map_or(Affine3A::IDENTITY, |p| out[p]) * local);
    }
    out
}

/// Turns, scales and moves the actor; swaps left and right where the names have them the wrong way round.
pub fn stand(actor: &mut Actor, humanoid: &mut Humanoid) -> Stance {
    let swapped = Measure::new(actor, humanoid).is_mirrored();
    if swapped {
        swap(humanoid);
    }
    let measured = Measure::new(actor, humanoid);
    let (axes, known) = measured.axes();
    let turn = Quat::from_mat3(&axes.transpose()).normalize();
    let points = measured.points();
    let scale = measured.scale(turn, &points);
    let shift = measured.shift(turn, scale, &points);
    let arms = measured.arms(axes.y_axis);
    let mut stance = Stance {
        facing: if known { direction(axes.z_axis) } else { "unknown".into() },
        up: direction(axes.y_axis),
        scale,
        height: 0.0,
        rest: arms
            .map_or("", |a| {
                if a < 20.0 {
                    "T"
                } else if a < 70.0 {
                    "A"
                } else {
                    "arms down"
                }
            })
            .into(),
        arms: arms.unwrap_or(0.0),
        swapped,
    };
    for node in actor.nodes.iter_mut().filter(|n| n.parent.is_none()) {
        if turn != Quat::IDENTITY || scale != 1.0 || shift != Vec3::ZERO {
            node.translation = turn * node.translation * scale + shift;
            node.rotation = (turn * node.rotation).normalize();
            node.scale *= scale;
        }
    }
    let (low, high) = bounds(points.iter().map(|p| turn * *p * scale + shift));
    stance.height = (high - low).y.max(0.0);
    stance
}

/// A direction by its axis, or in numbers.
fn direction(v: Vec3) -> String {
    let axes = [("+x", Vec3::X), ("-x", Vec3::NEG_X), ("+y", Vec3::Y), ("-y", Vec3::NEG_Y), ("+z", Vec3::Z), ("-z", Vec3::NEG_Z)];
    let near = axes.iter().find(|(_, axis)| v.dot(*axis) > 0.98);
    near.map_or_else(|| format!("({:.2}, {:.2}, {:.2})", v.x, v.y, v.z), |(name, _)| (*name).into())
}

fn bounds(points: impl Iterator<Item = Vec3>) -> (Vec3, Vec3) {
    points.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)))
}

fn swap(humanoid: &mut Humanoid) {
    let old = humanoid.clone();
    for (i, joint) in crate::body::skeleton::JOINTS.iter().enumerate() {
        let other = joint.name.strip_prefix("left").map(|n| format!("right{n}"));
        if let Some(other) = other.and_then(|n| crate::body::skeleton::index(&n)) {
            humanoid.joints[i] = old.joints[other];
            humanoid.joints[other] = old.joints[i];
        }
    }
    humanoid.eyes.swap(0, 1);
}

/// Pairs of joints whose difference points to the left.
const PAIRS: [&str; 7] = ["Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot"];

struct Measure<'a> {
    actor: &'a Actor,
    humanoid: &'a Humanoid,
    world: Vec<Affine3A>,
    /// Inverse bind matrices of every mesh by node.
    binds: Vec<BTreeMap<usize, Mat4>>,
}

impl<'a> Measure<'a> {
    fn new(actor: &'a Actor, humanoid: &'a Humanoid) -> Measure<'a> {
        let binds = actor.meshes.iter().map(|m| m.skin.iter().copied().collect()).collect();
        Measure { actor, humanoid, world: world(&actor.nodes), binds }
    }

    fn place(&self, node: Option<usize>) -> Option<Vec3> {
        node.and_then(|n| self.world.get(n)).map(|m| Vec3::from(m.translation)).filter(|p| p.is_finite())
    }

    fn joint(&self, name: &str) -> Option<Vec3> {
        self.place(self.humanoid.node(name))
    }

    /// From right to left: over all pairs of joints, else of morphs, else between the eyes.
    fn left(&self) -> Option<Vec3> {
        let pair = |part: &&str| Some(self.joint(&format!("left{part}"))? - self.joint(&format!("right{part}"))?);
        let sum: Vec3 = PAIRS.iter().filter_map(pair).map(Vec3::normalize_or_zero).sum();
        let eyes = || Some(self.place(self.humanoid.eyes[0])? - self.place(self.humanoid.eyes[1])?);
        sum.try_normalize().or_else(|| self.left_of_shapes()).or_else(|| eyes()?.try_normalize())
    }

    /// From the right to the left side of morphs that come in pairs.
    fn left_of_shapes(&self) -> Option<Vec3> {
        let mut sums = [(Vec3::ZERO, 0.0); 2];
        for (m, mesh) in self.actor.meshes.iter().enumerate() {
            for morph in &mesh.morphs {
                let Some(side) = super::names::Words::of(&morph.name).side else { continue };
                for v in morph.vertices.iter().step_by(1 + morph.vertices.len() / 50) {
                    sums[side.index()].0 += self.vertex(m, *v as usize);
                    sums[side.index()].1 += 1.0;
                }
            }
        }
        let [(left, l), (right, r)] = sums;
        (l > 0.0 && r > 0.0).then(|| left / l - right / r)?.try_normalize()
    }

    /// From the middle of a head to where its morphs move it. The names of a head's sides may be the viewer's; its face is in front.
    fn face(&self, up: Vec3) -> Option<Vec3> {
        let mesh = (0..self.actor.meshes.len()).max_by_key(|m| self.actor.meshes[*m].morphs.len())?;
        let morphs = &self.actor.meshes[mesh].morphs;
        let step = |n: usize| 1 + n / 100;
        let moved = morphs.iter().flat_map(|m| m.vertices.iter().step_by(step(m.vertices.len())));
        let (sum, count) = moved.fold((Vec3::ZERO, 0.0), |(s, n), v| (s + self.vertex(mesh, *v as usize), n + 1.0));
        let all = self.actor.meshes[mesh].positions.len();
        let (low, high) = bounds((0..all).step_by(step(all / 100)).map(|v| self.vertex(mesh, v)));
        let away = sum / count - 0.5 * (low + high);
        let flat = away - up * away.dot(up);
        (count > 0.0 && flat.length() > 0.1 * (high - low).length()).then(|| flat.try_normalize())?
    }

    fn up(&self) -> Option<Vec3> {
        let mean = |a: &str, b: &str| Some(0.5 * (self.joint(a)? + self.joint(b)?));
        let high = self.joint("head").or_else(|| self.joint("neck")).or_else(|| mean("leftUpperArm", "rightUpperArm"));
        let low = self.joint("hips").or_else(|| mean("leftUpperLeg", "rightUpperLeg")).or_else(|| mean("leftFoot", "rightFoot"));
        (high? - low?).try_normalize()
    }

    /// From heels to toes, if that says anything.
    fn toes(&self, up: Vec3) -> Option<Vec3> {
        let foot = |side: &str| {
            let v = self.joint(&format!("{side}Toes"))? - self.joint(&format!("{side}Foot"))?;
            let flat = v - up * v.dot(up);
            (flat.length() > 0.5 * v.length()).then_some(flat)
        };
        let sum = ["left", "right"].iter().filter_map(|side| foot(side)).sum::<Vec3>();
        sum.try_normalize()
    }

    /// Toes that point where the names' left and up have the back: the names are the viewer's.
    fn is_mirrored(&self) -> bool {
        let check = || {
            let (left, up) = (self.left()?, self.up()?);
            Some(left.cross(up).dot(self.toes(up)?) < -0.5)
        };
        check().unwrap_or(false)
    }

    /// Left, up and forward in the file's space, along its axes where they are near, and whether anything told.
    fn axes(&self) -> (Mat3, bool) {
        let up = nearest_axis(self.up().unwrap_or(Vec3::Y));
        let face = self.face(up).filter(|_| self.humanoid.count() < 3);
        let forward = face.or_else(|| self.left()?.cross(up).try_normalize()).or_else(|| self.toes(up));
        let Some(forward) = forward else {
            let forward = if up.z.abs() > 0.5 { Vec3::NEG_Y * up.z.signum() } else { Vec3::Z };
            return (Mat3::from_cols(up.cross(forward), up, forward), false);
        };
        let axis = nearest_axis(forward);
        let forward = if forward.dot(axis) > 0.94 { axis } else { forward };
        (Mat3::from_cols(up.cross(forward), up, forward), true)
    }

    /// A vertex at rest in the world.
    fn vertex(&self, mesh: usize, v: usize) -> Vec3 {
        let bind = &self.binds[mesh];
        let mesh = &self.actor.meshes[mesh];
        let Some(p) = mesh.positions.get(v).copied() else { return Vec3::ZERO };
        let (Some(joints), Some(weights)) = (mesh.joints.get(v), mesh.weights.get(v)) else {
            return mesh.node.and_then(|n| self.world.get(n)).map_or(p, |m| m.transform_point3(p));
        };
        // The strongest influence is near enough for measuring.
        let strongest = (0..4).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap_or(0);
        let node = usize::from(joints[strongest]);
        match (bind.get(&node), self.world.get(node)) {
            (Some(inverse), Some(world)) => world.transform_point3(inverse.transform_point3(p)),
            _ => p,
        }
    }

    /// A few thousand vertices at rest, among them the outermost of every mesh.
    fn points(&self) -> Vec<Vec3> {
        let total: usize = self.actor.meshes.iter().map(|m| m.positions.len()).sum();
        let step = 1 + total / 200_000;
        let of_mesh = |m: usize| (0..self.actor.meshes[m].positions.len()).step_by(step).map(move |v| self.vertex(m, v));
        (0..self.actor.meshes.len()).flat_map(of_mesh).filter(|p| p.is_finite()).collect()
    }

    /// What makes lengths plausible: 1 where they are, a power of ten for other units.
    fn scale(&self, turn: Quat, points: &[Vec3]) -> f32 {
        let (low, high) = bounds(points.iter().map(|p| turn * *p));
        let tall = (high - low).y;
        let apart = || Some(self.place(self.humanoid.eyes[0])?.distance(self.place(self.humanoid.eyes[1])?));
        let body = self.joint("head").zip(self.joint("hips"));
        match (body, apart()) {
            (Some((head, hips)), _) => unit(1.0, head.distance(hips), 0.12..2.0),
            // Eyes are 6 cm apart, or up to 20 on a puppet.
            (None, Some(apart)) if apart > 0.0 && self.humanoid.count() < 3 => {
                if (0.03..0.2).contains(&apart) {
                    1.0
                } else {
                    0.064 / apart
                }
            }
            _ if self.is_face() => {
                if (0.12..0.7).contains(&tall) {
                    1.0
                } else {
                    0.28 / tall.max(1e-9)
                }
            }
            _ => unit(1.0, tall.max(1e-9), 0.02..20.0),
        }
        .clamp(1e-9, 1e9)
    }

    /// Nothing but a head that moves.
    fn is_face(&self) -> bool {
        self.humanoid.count() < 3 && is_face(self.actor)
    }

    /// Puts the lowest point on the ground and the hips, or the middle, over the origin.
    fn shift(&self, turn: Quat, scale: f32, points: &[Vec3]) -> Vec3 {
        let there = |p: Vec3| turn * p * scale;
        let (low, high) = bounds(points.iter().map(|p| there(*p)));
        if !(low.is_finite() && high.is_finite()) {
            return Vec3::ZERO;
        }
        let tall = (high.y - low.y).max(1e-6);
        let foot = ["leftFoot", "rightFoot"].iter().filter_map(|f| self.joint(f)).map(|p| there(p).y).reduce(f32::min);
        // A train or a sword may hang below the feet.
        let ground = foot.filter(|foot| foot - low.y > 0.25 * tall).map_or(low.y, |foot| foot - 0.05 * tall);
        let middle = self.joint("hips").map_or(0.5 * (low + high), there);
        let y = if ground.abs() > 0.03 * tall { -ground } else { 0.0 };
        let away = Vec3::new(middle.x, 0.0, middle.z);
        Vec3::Y * y - if away.length() > 0.15 * tall { away } else { Vec3::ZERO }
    }

    /// How stiff an eye is that turns about a node.
    fn stiffness(&self, eye: usize) -> Option<f32> {
        let pivot = self.place(Some(eye))?;
        let mut turns = vec![false; self.actor.nodes.len()];
        for (i, node) in self.actor.nodes.iter().enumerate() {
            turns[i] = i == eye || node.parent.is_some_and(|p| turns[p]);
        }
        let mut of_eye = Vec::new();
        for (m, mesh) in self.actor.meshes.iter().enumerate() {
            let rigid = mesh.joints.is_empty() && mesh.node.is_some_and(|n| turns[n]);
            let held = |v: &usize| rigid || mesh.joints.get(*v).is_some_and(|j| turns[usize::from(j[0])] && mesh.weights[*v][0] > 0.5);
            of_eye.extend((0..mesh.positions.len()).filter(held).map(|v| self.vertex(m, v) - pivot));
        }
        let (low, high) = bounds(of_eye.into_iter());
        let (wide, front) = (0.5 * (high.x - low.x), high.z);
        (wide.is_finite() && front > 1e-6).then(|| 1.0 - (1.1 * wide / front).clamp(0.05, 1.0))
    }

    /// Degrees that the upper arms hang below horizontal.
    fn arms(&self, up: Vec3) -> Option<f32> {
        let arm = |side: &str| {
            let v = self.joint(&format!("{side}LowerArm"))? - self.joint(&format!("{side}UpperArm"))?;
            Some(-v.try_normalize()?.dot(up).clamp(-1.0, 1.0).asin().to_degrees())
        };
        let angles: Vec<f32> = ["left", "right"].iter().filter_map(|side| arm(side)).collect();
        (!angles.is_empty()).then(|| angles.iter().sum::<f32>() / angles.len() as f32)
    }
}

/// The power of ten that brings `length` into the range.
fn unit(scale: f32, length: f32, range: std::ops::Range<f32>) -> f32 {
    if !(length.is_finite() && length > 0.0) || range.contains(&(scale * length)) {
        return scale;
    }
    let middle = (range.start * range.end).sqrt();
    10f32.powi((middle / length).log10().round().clamp(-9.0, 9.0) as i32)
}

fn nearest_axis(v: Vec3) -> Vec3 {
    let a = v.abs();
    if a.y >= a.x && a.y >= a.z {
        Vec3::Y * v.y.signum()
    } else if a.z >= a.x {
        Vec3::Z * v.z.signum()
    } else {
        Vec3::X * v.x.signum()
    }
}

/// Looks at the eyes: rigid ones that were saved in mid-glance are turned straight. The result is how much less than the
/// gaze they may turn, 0..=1: a ball turns fully, a painted iris that hangs on a far pivot would leave its socket.
pub fn seat_eyes(actor: &mut Actor, humanoid: &Humanoid) -> f32 {
    let glance = |node: &Node| node.rotation.angle_between(Quat::IDENTITY) < 0.45;
    if actor.meshes.iter().all(|m| m.skin.is_empty()) {
        for eye in humanoid.eyes.iter().flatten() {
            if glance(&actor.nodes[*eye]) {
                actor.nodes[*eye].rotation = Quat::IDENTITY;
            }
        }
    }
    let measured = Measure::new(actor, humanoid);
    let stiffness = humanoid.eyes.iter().flatten().filter_map(|eye| measured.stiffness(*eye));
    stiffness.fold(0.0, f32::max)
}

/// Whether morphs have the names of a face.
pub fn is_face(actor: &Actor) -> bool {
    let known = |name: &str| !super::names::shapes::meanings(name, false).is_empty();
    let morphs = actor.meshes.iter().flat_map(|m| &m.morphs);
    morphs.filter(|m| known(&m.name)).take(4).count() > 3
}

/// Gives a head without a skeleton something to turn about: a joint in its neck, above all its nodes.
pub fn add_neck(actor: &mut Actor, humanoid: &mut Humanoid) {
    let points = Measure::new(actor, humanoid).points();
    let (low, high) = bounds(points.into_iter());
    if !low.is_finite() || !high.is_finite() {
        return;
    }
    let middle = 0.5 * (low + high);
    let pivot = Vec3::new(middle.x, low.y + 0.15 * (high.y - low.y), middle.z - 0.1 * (high.z - low.z));
    let moved = |node: Option<usize>| node.map(|n| n + 1);
    for node in &mut actor.nodes {
        match node.parent {
            Some(parent) => node.parent = Some(parent + 1),
            None => {
                node.parent = Some(0);
                node.translation -= pivot;
            }
        }
    }
    let neck = Node { name: "head".into(), parent: None, translation: pivot, rotation: Quat::IDENTITY, scale: Vec3::ONE };
    actor.nodes.insert(0, neck);
    for mesh in &mut actor.meshes {
        mesh.node = if mesh.skin.is_empty() { Some(mesh.node.map_or(0, |n| n + 1)) } else { None };
        mesh.skin.iter_mut().for_each(|(node, _)| *node += 1);
        mesh.joints.iter_mut().flatten().for_each(|joint| *joint += 1);
    }
    actor.springs.iter_mut().flat_map(|s| &mut s.nodes).for_each(|n| *n += 1);
    actor.colliders.iter_mut().for_each(|collider| collider.node += 1);
    humanoid.joints.iter_mut().for_each(|j| *j = moved(*j));
    humanoid.eyes = humanoid.eyes.map(moved);
    humanoid.jaw = moved(humanoid.jaw);
    if let Some(head) = crate::body::skeleton::index("head") {
        humanoid.joints[head] = Some(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stick figure of the bones that tell, turned, scaled and moved.
    fn figure(turn: Quat, scale: f32) -> (Actor, Humanoid) {
        let mut actor = Actor::default();
        let mut humanoid = Humanoid::empty();
        for (i, place) in [
            ("hips", Vec3::new(0.0, 1.0, 0.0)),
            ("head", Vec3::new(0.0, 1.5, 0.0)),
            ("leftUpperArm", Vec3::new(0.2, 1.4, 0.0)),
            ("leftLowerArm", Vec3::new(0.4, 1.2, 0.0)),
            ("rightUpperArm", Vec3::new(-0.2, 1.4, 0.0)),
            ("rightLowerArm", Vec3::new(-0.4, 1.2, 0.0)),
            ("leftFoot", Vec3::new(0.1, 0.1, 0.0)),
            ("leftToes", Vec3::new(0.1, 0.05, 0.15)),
            ("rightFoot", Vec3::new(-0.1, 0.1, 0.0)),
            ("rightToes", Vec3::new(-0.1, 0.05, 0.15)),
        ]
        .iter()
        .enumerate()
        {
            let translation = turn * place.1 * scale;
            actor.nodes.push(Node { name: place.0.into(), parent: None, translation, rotation: Quat::IDENTITY, scale: Vec3::ONE });
            humanoid.joints[crate::body::skeleton::index(place.0).unwrap()] = Some(i);
        }
        actor.meshes.push(super::super::Mesh {
            positions: [Vec3::ZERO, Vec3::Y * 1.75].iter().map(|p| turn * *p * scale).collect(),
            ..Default::default()
        });
        (actor, humanoid)
    }

    #[test]
    fn every_way_of_standing_ends_upright() {
        use std::f32::consts::{FRAC_PI_2, PI};
        for turn in [
            Quat::IDENTITY,
            Quat::from_rotation_y(PI),
            Quat::from_rotation_y(FRAC_PI_2),
            Quat::from_rotation_x(FRAC_PI_2),
            Quat::from_rotation_x(-FRAC_PI_2),
            Quat::from_rotation_z(FRAC_PI_2),
            Quat::from_rotation_y(0.7),
        ] {
            for scale in [0.01, 1.0, 100.0] {
                let (mut actor, mut humanoid) = figure(turn, scale);
                let stance = stand(&mut actor, &mut humanoid);
                let at = |name: &str| actor.nodes[humanoid.node(name).unwrap()].translation;
                assert!(at("head").distance(Vec3::new(0.0, 1.5, 0.0)) < 1e-3, "{turn} {scale}: {} {stance:?}", at("head"));
                assert!(at("leftToes").distance(Vec3::new(0.1, 0.05, 0.15)) < 2e-3, "{turn} {scale}: {}", at("leftToes"));
                assert_eq!(stance.rest, "A");
                assert!((stance.scale * scale - 1.0).abs() < 1e-3 && !stance.swapped);
            }
        }
    }

    #[test]
    fn sides_of_the_viewer_are_swapped() {
        let (mut actor, mut humanoid) = figure(Quat::IDENTITY, 1.0);
        swap(&mut humanoid);
        let stance = stand(&mut actor, &mut humanoid);
        assert!(stance.swapped && stance.facing == "+z");
        assert!(actor.nodes[humanoid.node("leftFoot").unwrap()].translation.x > 0.0);
    }
}
