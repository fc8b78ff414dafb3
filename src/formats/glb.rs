//! GLB with an actor and its performance: skeleton, eyes, swinging chains and morphs as one animation that any viewer plays.
//!
//! The actor is written as [`actor::write_glb`] writes it; the animation drives its nodes and the weights of its meshes. What never
//! changes gets no channel. Read are the bodies and ARKit morphs of anybody's GLB animation.

use super::Loaded;
use super::gltf::{Container, Curve};
use super::scene::{Motion, Scene};
use crate::actor::{self, Actor};
use crate::face::coefficients;
use crate::motion::Performance;
use crate::render::bake::{Bake, Baked};
use crate::{Error, Result};
use glam::Quat;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// Writes the actor with its performance. `path` is named in errors.
pub fn write(out: &mut impl Write, path: &Path, performance: &Performance, actor: &Actor) -> Result<()> {
    let broken = |what: String| Error::malformed(&actor.name, what);
    let mut file = Container::parse(&actor::write_glb(actor)?).map_err(broken)?;
    let bake = Bake::new(actor, performance)?;
    let frames: Vec<Baked> = performance.frames.iter().enumerate().map(|(n, frame)| bake.frame(n, frame)).collect();
    if !frames.is_empty() {
        animate(&mut file, actor, &bake, &frames, performance.fps);
    }
    file.write(out).map_err(Error::io(path))
}

fn animate(file: &mut Container, actor: &Actor, bake: &Bake, frames: &[Baked], fps: f64) {
    let times: Vec<f32> = (0..frames.len()).map(|n| (n as f64 / fps) as f32).collect();
    let mut timeline = Animation::new(file, &times);
    for (node, rest) in actor.nodes.iter().enumerate() {
        let turns: Vec<Quat> = aligned(frames.iter().map(|frame| frame.rotations[node]));
        if turns.iter().any(|turn| turn.angle_between(rest.rotation) > 1e-4) {
            timeline.rotations(node, &turns);
        }
    }
    if let Some(hips) = bake.hips() {
        let places: Vec<f32> = frames.iter().flat_map(|frame| frame.hips.to_array()).collect();
        timeline.channel(hips, "translation", &places, "VEC3");
    }
    for mesh in 0..actor.meshes.len() {
        let weights: Vec<f32> = frames.iter().flat_map(|frame| frame.weights[mesh].iter().copied()).collect();
        let carrier = timeline.file.json["nodes"].as_array().and_then(|nodes| nodes.iter().position(|n| n["mesh"] == json!(mesh)));
        if let Some(carrier) = carrier.filter(|_| weights.iter().any(|w| *w > 0.0)) {
            timeline.channel(carrier, "weights", &weights, "SCALAR");
        }
    }
    timeline.finish("performance");
}

/// Of the two quaternions that mean each rotation the one nearer to the last.
pub fn aligned(turns: impl Iterator<Item = Quat>) -> Vec<Quat> {
    let mut out: Vec<Quat> = Vec::new();
    for turn in turns {
        let near = out.last().is_none_or(|last| last.dot(turn) >= 0.0);
        out.push(if near { turn } else { -turn });
    }
    out
}

/// An animation on its way into a file.
pub struct Animation<'a> {
    pub file: &'a mut Container,
    input: usize,
    channels: Vec<Value>,
    samplers: Vec<Value>,
}

impl<'a> Animation<'a> {
    pub fn new(file: &'a mut Container, times: &[f32]) -> Animation<'a> {
        let input = file.push(times, "SCALAR", true);
        Animation { file, input, channels: Vec::new(), samplers: Vec::new() }
    }

    pub fn rotations(&mut self, node: usize, turns: &[Quat]) {
        let values: Vec<f32> = turns.iter().flat_map(|q| q.to_array()).collect();
        self.channel(node, "rotation", &values, "VEC4");
    }

    pub fn channel(&mut self, node: usize, path: &str, values: &[f32], kind: &str) {
        let output = self.file.push(values, kind, false);
        self.samplers.push(json!({ "input": self.input, "output": output, "interpolation": "LINEAR" }));
        self.channels.push(json!({ "sampler": self.samplers.len() - 1, "target": { "node": node, "path": path } }));
    }

    /// Adds it to the file; glTF allows none without channels.
    pub fn finish(self, name: &str) {
        if !self.channels.is_empty() {
            self.file.add("animations", json!({ "name": name, "channels": self.channels, "samplers": self.samplers }));
        }
    }
}

/// Reads the first animation of a file; `origin` names it in errors.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let bad = |what: String| Error::malformed(origin, what);
    let file = Container::parse(bytes).map_err(bad)?;
    let scene = Scene::read(&file).map_err(bad)?;
    let mut motion = Motion::new(&file, &scene).map_err(bad)?;
    // Morphs go by the names that most programs keep beside a mesh.
    let mut unused = Vec::new();
    for (node, curve) in std::mem::take(&mut motion.weights) {
        let mesh = &file.json["meshes"][file.json["nodes"][node]["mesh"].as_u64().unwrap_or(u64::MAX) as usize];
        let names = mesh["extras"]["targetNames"].as_array().cloned().unwrap_or_default();
        for (k, name) in names.iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            match coefficients::index(name) {
                Some(coefficient) => motion.faces.push((coefficient, curve.clone(), k)),
                None if !unused.contains(&name.to_string()) => unused.push(name.to_string()),
                None => {}
            }
        }
    }
    motion.load(&scene, &scene.named(), unused, origin)
}

/// One number of a curve that drives a coefficient.
pub type FaceCurve = (usize, Curve, usize);
