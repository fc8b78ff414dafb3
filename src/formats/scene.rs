//! Nodes and animation of a glTF file as motion of our skeleton: what GLB and VRMA readers share.

use super::Loaded;
use super::glb::FaceCurve;
use super::gltf::{Container, Curve};
use super::{LARGEST_FPS, MOST_FRAMES};
use crate::body::skeleton::COUNT;
use crate::motion::retarget::{Clip, Joint, Map, Retarget, Skeleton, Track};
use crate::motion::{self, Frame, Gaze, Parts, Performance};
use crate::{Error, Result};
use glam::{Mat4, Quat, Vec3};
use serde_json::Value;
use std::collections::BTreeMap;

/// The nodes of a file, parents first.
pub struct Scene {
    pub skeleton: Skeleton,
    /// Place in the skeleton of each node of the file.
    pub places: Vec<usize>,
    /// Local rest places of the file's nodes are these times the skeleton's.
    scales: Vec<f32>,
}

const MOST_NODES: usize = 100_000;

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
            let name = nodes[*node]["name"].as_str().unwrap_or_default().to_string();
            joints.push(Joint { name, parent, offset: place * scale, rest, end: None });
        }
        Ok(Scene { skeleton: Skeleton { joints }, places, scales })
    }

    /// Our joints by the nodes' names.
    pub fn named(&self) -> Map {
        Map::of(&self.skeleton)
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
        if rotation.is_finite() && place.is_finite() {
            return (place, rotation.normalize(), scale.abs().element_sum() / 3.0);
        }
    }
    let rotation = match numbers("rotation")[..] {
        [x, y, z, w] if Quat::from_xyzw(x, y, z, w).length_squared() > 1e-6 => Quat::from_xyzw(x, y, z, w).normalize(),
        _ => Quat::IDENTITY,
    };
    (three("translation", Vec3::ZERO), rotation, three("scale", Vec3::ONE).abs().element_sum() / 3.0)
}

/// The curves of a file's first animation.
#[derive(Default)]
pub struct Motion {
    /// By the file's node.
    pub rotations: BTreeMap<usize, Curve>,
    pub translations: BTreeMap<usize, Curve>,
    pub weights: BTreeMap<usize, Curve>,
    pub faces: Vec<FaceCurve>,
    /// Turns +z to where the eyes look, relative to the head.
    pub gaze: Option<Curve>,
}

impl Motion {
    pub fn new(file: &Container, scene: &Scene) -> std::result::Result<Motion, String> {
        let animation = &file.json["animations"][0];
        if animation.is_null() {
            return Err("holds no animation".into());
        }
        let mut motion = Motion::default();
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
            list.insert(node, Curve::read(file, sampler)?);
        }
        Ok(motion)
    }

    /// Seconds, and frames a second: those of the keys.
    fn clock(&self) -> (f64, f64) {
        let faces = self.faces.iter().map(|(_, curve, _)| curve);
        let all: Vec<&Curve> = self.rotations.values().chain(self.translations.values()).chain(faces).chain(&self.gaze).collect();
        let end = all.iter().map(|curve| curve.end()).fold(0.0, f32::max);
        let mut spacings: Vec<f32> = all.iter().filter_map(|curve| curve.spacing()).collect();
        spacings.sort_by(f32::total_cmp);
        let spacing = spacings.get(spacings.len() / 2).copied().unwrap_or(1.0 / 30.0);
        // Sparse keys are no frame rate.
        let fps = if spacing > 0.11 { 30.0 } else { f64::from(1.0 / spacing) };
        let whole = fps.round();
        let fps = if (fps / whole - 1.0).abs() < 2e-3 { whole } else { fps };
        (f64::from(end), fps.clamp(1.0, LARGEST_FPS))
    }

    /// The motion as a performance; `map` says which nodes (places in the skeleton) are our joints.
    pub fn load(&self, scene: &Scene, map: &Map, unused: Vec<String>, origin: &str) -> Result<Loaded> {
        let (end, fps) = self.clock();
        let count = (end * fps).round() as usize + 1;
        if count > MOST_FRAMES {
            return Err(Error::malformed(origin, format!("more than {MOST_FRAMES} frames")));
        }
        let body = map.joints[0].is_some() && map.count() > 5 && !(self.rotations.is_empty() && self.translations.is_empty());
        let parts = Parts { face: !self.faces.is_empty(), head: body, gaze: self.gaze.is_some() || !self.faces.is_empty(), body };
        if !(parts.face || parts.body || parts.gaze) {
            let what = format!("{origin}: animates no joint and no shape that gestus knows ({} of {COUNT} joints)", map.count());
            return Err(Error::Unsupported { what, hint: "name joints as VRM or Mixamo do, shapes as ARKit does".into() });
        }
        let time = |n: usize| (n as f64 / fps) as f32;
        let mut frames = vec![Frame::default(); count];
        if body {
            let clip = self.clip(scene, map, fps, count);
            let poses = Retarget::fit(&[&clip], map).to_poses(&clip);
            for (frame, pose) in frames.iter_mut().zip(poses) {
                (frame.head, frame.body) = (motion::head_of(&pose), pose);
            }
        }
        for (n, frame) in frames.iter_mut().enumerate() {
            for (coefficient, curve, k) in &self.faces {
                let value = curve.at(time(n)).get(*k).copied().unwrap_or(0.0);
                frame.face[*coefficient] = frame.face[*coefficient].max(value.clamp(0.0, 1.0));
            }
            match self.gaze.as_ref().and_then(|curve| curve.rotation(time(n))) {
                Some(turn) => {
                    let ahead = turn * Vec3::Z;
                    frame.look(Gaze { yaw: ahead.x.atan2(ahead.z), pitch: -ahead.y.clamp(-1.0, 1.0).asin() });
                }
                None => frame.gaze = Gaze::read(&frame.face),
            }
        }
        let performance = Performance { fps, seconds: count as f64 / fps, frames };
        Ok(Loaded { performance, parts, unused, notes: Vec::new() })
    }

    fn clip(&self, scene: &Scene, map: &Map, fps: f64, count: usize) -> Clip {
        let joints = &scene.skeleton.joints;
        let mut rotations = vec![joints.iter().map(|joint| joint.rest).collect::<Vec<Quat>>(); count];
        for (node, curve) in &self.rotations {
            for (n, frame) in rotations.iter_mut().enumerate() {
                if let Some(turn) = curve.rotation((n as f64 / fps) as f32) {
                    frame[scene.places[*node]] = turn;
                }
            }
        }
        let hips = map.joints[0];
        // Only what carries the body moves; bones that stretch are left out.
        let carries = |place: usize| hips.is_some_and(|hips| std::iter::successors(Some(hips), |k| joints[*k].parent).any(|k| k == place));
        let moving = self.translations.iter().filter(|(node, _)| carries(scene.places[**node]));
        let translations = moving.map(|(node, curve)| {
            let place = scene.places[*node];
            let at = |n: usize| match curve.at((n as f64 / fps) as f32)[..] {
                [x, y, z] => Vec3::new(x, y, z).clamp(Vec3::splat(-1e6), Vec3::splat(1e6)) * scene.parent_scale(place),
                _ => joints[place].offset,
            };
            Track { joint: place, places: (0..count).map(at).collect() }
        });
        Clip { fps, skeleton: scene.skeleton.clone(), translations: translations.collect(), rotations }
    }
}
