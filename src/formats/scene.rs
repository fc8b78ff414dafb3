//! Nodes and animation of a glTF file as motion of our skeleton: what GLB and VRMA readers share.

use super::Loaded;
use super::gltf::{Container, Curve, is_turn};
use super::{LARGEST_FPS, clock, most_frames};
use crate::body::skeleton::{self, COUNT};
use crate::motion::retarget::{Clip, Joint, Map, Retarget, Skeleton, Track};
use crate::motion::{self, Frame, Gaze, Parts, Performance};
use crate::{Error, Result};
use glam::{Mat4, Quat, Vec3};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The nodes of a file, parents first.
pub struct Scene {
    pub skeleton: Skeleton,
    /// Place in the skeleton of each node of the file.
    pub places: Vec<usize>,
    /// Local rest places of the file's nodes are these times the skeleton's.
    scales: Vec<f32>,
}

const MOST_NODES: usize = 20_000;

impl Scene {
    pub fn read(file: &Container) -> std::result::Result<Scene, String> {
        let nodes = file.json["nodes"].as_array().map_or(&[][..], Vec::as_slice);
        if nodes.is_empty() || nodes.len() > MOST_NODES {
            return Err(format!("holds {} nodes", nodes.len()));
        }
        let mut parents = vec![None; nodes.len()];
        for (parent, node) in nodes.iter().enumerate() {
            for child in node["children"].as_array().into_iter().flatten() {
                let child =
                    child.as_u64().and_then(|c| usize::try_from(c).ok()).filter(|c| *c < nodes.len()).ok_or("a node's child is missing")?;
                if parents[child].replace(parent).is_some() {
                    return Err(format!("node {child} has two parents"));
                }
            }
        }
        let mut order = Vec::with_capacity(nodes.len());
        let mut open: Vec<usize> = (0..nodes.len()).rev().filter(|n| parents[*n].is_none()).collect();
        while let Some(node) = open.pop() {
            order.push(node);
            open.extend(nodes[node]["children"].as_array().into_iter().flatten().rev().filter_map(|c| Some(c.as_u64()? as usize)));
        }
        if order.len() < nodes.len() {
            return Err("its nodes hang in a circle".into());
        }
        let mut places = vec![0; nodes.len()];
        order.iter().enumerate().for_each(|(place, node)| places[*node] = place);
        let (mut joints, mut scales): (Vec<Joint>, Vec<f32>) = (Vec::new(), Vec::new());
        for node in &order {
            let (place, rest, own) = transform(&nodes[*node]);
            let parent = parents[*node].map(|p| places[p]);
            // Scales of parents reach the places of what hangs on them.
            let scale = parent.map_or(1.0, |p: usize| scales[p]);
            scales.push((scale * own).clamp(1e-6, 1e6));
            // What only carries a mesh is no joint, though it may be called like one.
            let carrier = !nodes[*node]["mesh"].is_null() && nodes[*node]["children"].is_null();
            let name = nodes[*node]["name"].as_str().filter(|_| !carrier).unwrap_or_default().to_string();
            joints.push(Joint { name, parent, offset: place * scale, rest, end: None });
        }
        Ok(Scene { skeleton: Skeleton { joints }, places, scales })
    }

    /// Our joints by the nodes' names.
    pub fn named(&self) -> Map {
        Map::of(&self.skeleton)
    }

    /// The place of the node that an object of VRM names.
    pub fn node(&self, value: &Value) -> Option<usize> {
        value["node"].as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < self.places.len())
    }

    /// Our joints as VRM's `humanBones` name them, and bones that are none of ours.
    pub fn bones(&self, bones: &Value) -> (Map, Vec<String>) {
        let (mut map, mut unused) = (Map { joints: [None; COUNT] }, Vec::new());
        for (bone, value) in bones.as_object().into_iter().flatten() {
            match (skeleton::index(bone), self.node(value)) {
                (Some(joint), Some(node)) => map.joints[joint] = Some(self.places[node]),
                _ => unused.push(bone.clone()),
            }
        }
        (map, unused)
    }

    fn parent_scale(&self, place: usize) -> f32 {
        self.skeleton.joints[place].parent.map_or(1.0, |p| self.scales[p])
    }
}

/// Place, rotation and mean scale of a node.
fn transform(node: &Value) -> (Vec3, Quat, f32) {
    let numbers = |key: &str| -> Vec<f32> { node[key].as_array().into_iter().flatten().filter_map(|v| Some(v.as_f64()? as f32)).collect() };
    let three = |key: &str, other: Vec3| match numbers(key)[..] {
        [x, y, z] => Vec3::new(x, y, z).clamp(Vec3::splat(-1e6), Vec3::splat(1e6)),
        _ => other,
    };
    if let Ok(matrix) = <[f32; 16]>::try_from(numbers("matrix")) {
        let (scale, rotation, place) = Mat4::from_cols_array(&matrix).to_scale_rotation_translation();
        if is_turn(rotation) && place.is_finite() && scale.is_finite() {
            return (place, rotation.normalize(), scale.abs().element_sum() / 3.0);
        }
    }
    let rotation = match numbers("rotation")[..] {
        [x, y, z, w] if is_turn(Quat::from_xyzw(x, y, z, w)) => Quat::from_xyzw(x, y, z, w).normalize(),
        _ => Quat::IDENTITY,
    };
    (three("translation", Vec3::ZERO), rotation, three("scale", Vec3::ONE).abs().element_sum() / 3.0)
}

/// One number of a curve, and how much of it, that drives a coefficient.
pub struct FaceCurve {
    pub coefficient: usize,
    pub curve: Rc<Curve>,
    pub column: usize,
    pub share: f32,
}

/// The curves of a file's first animation.
#[derive(Default)]
pub struct Motion {
    /// By the file's node.
    pub rotations: BTreeMap<usize, Rc<Curve>>,
    pub translations: BTreeMap<usize, Rc<Curve>>,
    pub weights: BTreeMap<usize, Rc<Curve>>,
    pub faces: Vec<FaceCurve>,
    /// Turns +z to where the eyes look, relative to the head.
    pub gaze: Option<Rc<Curve>>,
}

/// Frames that are worked on at once.
const BLOCK: usize = 256;
/// Frames from which it is learned how axes lie.
const SAMPLES: usize = 600;

impl Motion {
    pub fn new(file: &Container, scene: &Scene) -> std::result::Result<Motion, String> {
        let animation = &file.json["animations"][0];
        if animation.is_null() {
            return Err("holds no animation".into());
        }
        let (mut motion, mut allowance) = (Motion::default(), file.allowance());
        for channel in animation["channels"].as_array().into_iter().flatten() {
            let target = &channel["target"];
            let Some(node) = target["node"].as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < scene.places.len()) else {
                continue;
            };
            let sampler = &animation["samplers"][channel["sampler"].as_u64().unwrap_or(u64::MAX) as usize];
            let list = match target["path"].as_str() {
                Some("rotation") => &mut motion.rotations,
                Some("translation") => &mut motion.translations,
                Some("weights") => &mut motion.weights,
                _ => continue,
            };
            list.insert(node, Rc::new(Curve::read(file, sampler, &mut allowance)?));
        }
        Ok(motion)
    }

    fn curves(&self) -> impl Iterator<Item = &Curve> {
        let faces = self.faces.iter().map(|face| &face.curve);
        self.rotations.values().chain(self.translations.values()).chain(faces).chain(&self.gaze).map(Rc::as_ref)
    }

    /// Seconds, and frames a second: those of the keys.
    fn clock(&self) -> (f64, f64) {
        let end = self.curves().map(Curve::end).fold(0.0, f32::max);
        let mut spacings: Vec<f64> = self.curves().filter_map(Curve::spacing).collect();
        spacings.sort_by(f64::total_cmp);
        let spacing = spacings.get(spacings.len() / 2).copied().unwrap_or(1.0 / 30.0);
        // Sparse keys are no frame rate.
        let fps = if spacing > clock::SLOW { 30.0 } else { clock::rate(spacing) };
        (f64::from(end), fps.clamp(1.0, LARGEST_FPS))
    }

    /// The motion as a performance; `map` says which nodes (places in the skeleton) are our joints, `normal` that the format wants
    /// them to rest in the T-pose.
    pub fn load(&self, scene: &Scene, map: &Map, normal: bool, unused: Vec<String>, origin: &str) -> Result<Loaded> {
        let (end, fps) = self.clock();
        let count = (end * fps).round() as usize + 1;
        let keys = self.curves().map(Curve::keys).max().unwrap_or(0);
        if count > most_frames(keys) {
            return Err(Error::malformed(origin, format!("{keys} keys are too few for {end} seconds")));
        }
        let body = map.joints[0].is_some() && map.count() > 5 && !(self.rotations.is_empty() && self.translations.is_empty());
        let parts = Parts { face: !self.faces.is_empty(), head: body, gaze: self.gaze.is_some() || !self.faces.is_empty(), body };
        if !(parts.face || parts.body || parts.gaze) {
            let what = format!("{origin}: animates no joint and no shape that gestus knows ({} of {COUNT} joints)", map.count());
            return Err(Error::Unsupported { what, hint: "name joints as VRM or Mixamo do, shapes as ARKit does".into() });
        }
        let mut frames = vec![Frame::default(); count];
        if body {
            self.move_bodies(&mut frames, &Figure::of(scene, map), fps, normal);
        }
        for (n, frame) in frames.iter_mut().enumerate() {
            self.move_face(frame, (n as f64 / fps) as f32);
        }
        let performance = Performance { fps, seconds: count as f64 / fps, frames: frames.into() };
        Ok(Loaded { performance, parts, unused, notes: Vec::new() })
    }

    fn move_face(&self, frame: &mut Frame, time: f32) {
        for face in &self.faces {
            let value = face.curve.number(face.column, time) * face.share;
            frame.face[face.coefficient] = frame.face[face.coefficient].max(value.clamp(0.0, 1.0));
        }
        match self.gaze.as_ref().and_then(|curve| curve.rotation(time)) {
            Some(turn) => {
                let ahead = turn * Vec3::Z;
                frame.look(Gaze { yaw: ahead.x.atan2(ahead.z), pitch: -ahead.y.clamp(-1.0, 1.0).asin() });
            }
            None => frame.gaze = Gaze::read(&frame.face),
        }
    }

    /// The body block by block, as a clip of all nodes would take much more than the performance.
    fn move_bodies(&self, frames: &mut [Frame], figure: &Figure, fps: f64, normal: bool) {
        let count = frames.len();
        let learned = self.clip(figure, fps, (0..count).step_by(count.div_ceil(SAMPLES)));
        let straight = if normal { Retarget::normalised(&learned, &figure.map) } else { None };
        let retarget = straight.unwrap_or_else(|| Retarget::fit(&[&learned], &figure.map));
        for first in (0..count).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(count);
            let clip = self.clip(figure, fps, block.clone());
            for n in block {
                let before = n.checked_sub(1).map(|before| &frames[before].body);
                frames[n].body = retarget.follow(&clip.globals(n - first), before);
            }
        }
        retarget.settle(frames, |frame| &mut frame.body);
        frames.iter_mut().for_each(|frame| frame.head = motion::head_of(&frame.body));
    }

    /// Some of the frames of the body.
    fn clip(&self, figure: &Figure, fps: f64, frames: impl Iterator<Item = usize> + Clone) -> Clip {
        let joints = &figure.skeleton.joints;
        let time = |n: usize| (n as f64 / fps) as f32;
        let mut rotations = vec![joints.iter().map(|joint| joint.rest).collect::<Vec<Quat>>(); frames.clone().count()];
        for (curve, place) in self.rotations.iter().filter_map(|(node, curve)| Some((curve, figure.places.get(node)?))) {
            for (n, frame) in frames.clone().zip(&mut rotations) {
                frame[*place] = curve.rotation(time(n)).unwrap_or(frame[*place]);
            }
        }
        // Only what carries the body moves; bones that stretch are left out.
        let moving = self.translations.iter().filter_map(|(node, curve)| Some((curve, *figure.places.get(node)?)));
        let translations = moving.filter(|(_, place)| figure.carries(*place)).map(|(curve, place)| {
            let far = Vec3::splat(1e6);
            let at = |n: usize| match curve.at(time(n))[..] {
                [x, y, z] => Vec3::new(x, y, z).clamp(-far, far) * figure.scales[place],
                _ => joints[place].offset,
            };
            Track { joint: place, places: frames.clone().map(at).collect() }
        });
        Clip { fps, skeleton: figure.skeleton.clone(), translations: translations.collect(), rotations }
    }
}

/// The nodes of a file that are joints of ours, and those that carry them.
struct Figure {
    skeleton: Skeleton,
    map: Map,
    /// Places in the skeleton by the file's node.
    places: BTreeMap<usize, usize>,
    /// What the places of each joint's node are scaled by.
    scales: Vec<f32>,
}

impl Figure {
    fn of(scene: &Scene, map: &Map) -> Figure {
        let joints = &scene.skeleton.joints;
        let mut needed = vec![false; joints.len()];
        for joint in map.joints.iter().flatten() {
            let mut up = Some(*joint);
            while let Some(k) = up.filter(|k| !needed[*k]) {
                needed[k] = true;
                up = joints[k].parent;
            }
        }
        let kept: Vec<usize> = (0..joints.len()).filter(|k| needed[*k]).collect();
        let new = |old: usize| kept.binary_search(&old).ok();
        let skeleton =
            Skeleton { joints: kept.iter().map(|k| Joint { parent: joints[*k].parent.and_then(new), ..joints[*k].clone() }).collect() };
        let places = scene.places.iter().enumerate().filter_map(|(node, place)| Some((node, new(*place)?))).collect();
        Figure {
            skeleton,
            map: Map { joints: map.joints.map(|k| k.and_then(new)) },
            places,
            scales: kept.iter().map(|k| scene.parent_scale(*k)).collect(),
        }
    }

    /// Whether a joint is the hips or above them.
    fn carries(&self, place: usize) -> bool {
        let up = |hips| std::iter::successors(Some(hips), |k: &usize| self.skeleton.joints[*k].parent);
        self.map.joints[0].is_some_and(|hips| up(hips).any(|k| k == place))
    }
}
