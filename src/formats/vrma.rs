//! VRM animation (`VRMC_vrm_animation` 1.0): a GLB without meshes that moves any VRM avatar.
//!
//! <https://github.com/vrm-c/vrm-specification/tree/master/specification/VRMC_vrm_animation-1.0>. Bones are nodes in T-pose, the hips alone
//! may move; an expression's weight is the x of a node's place; the gaze is a node's rotation. Written are ARKit's coefficients as custom
//! expressions, but for those of the gaze. Presets of other files are read as mixes of coefficients.

use super::Loaded;
use super::glb::{Animation, aligned};
use super::gltf::Container;
use super::scene::{Motion, Scene};
use crate::actor::preset;
use crate::body::skeleton::{COUNT, JOINTS};
use crate::face::coefficients::{self, NAMES};
use crate::motion::Performance;
use crate::render::gaze_rotation;
use crate::{Error, Result};
use serde_json::{Map as Object, json};
use std::io::Write;

const EXTENSION: &str = "VRMC_vrm_animation";

/// Writes a performance.
pub fn write(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    let shapes: Vec<usize> = (0..NAMES.len()).filter(|k| !NAMES[*k].starts_with("eyeLook")).collect();
    let (mut bones, mut custom, mut nodes) = (Object::new(), Object::new(), Vec::new());
    for (k, joint) in JOINTS.iter().enumerate() {
        let children: Vec<usize> = (0..COUNT).filter(|c| JOINTS[*c].parent == Some(k)).collect();
        let mut node = json!({ "name": joint.name, "translation": joint.offset.to_array() });
        if !children.is_empty() {
            node["children"] = json!(children);
        }
        nodes.push(node);
        bones.insert(joint.name.into(), json!({ "node": k }));
    }
    for shape in &shapes {
        custom.insert(NAMES[*shape].into(), json!({ "node": nodes.len() }));
        nodes.push(json!({ "name": NAMES[*shape] }));
    }
    let look = nodes.len();
    nodes.push(json!({ "name": "lookAt" }));
    let roots: Vec<usize> = [0].into_iter().chain(COUNT..nodes.len()).collect();
    let json = json!({
        "asset": { "version": "2.0", "generator": concat!("gestus ", env!("CARGO_PKG_VERSION")) },
        "scene": 0,
        "scenes": [{ "nodes": roots }],
        "nodes": nodes,
        "extensionsUsed": [EXTENSION],
        "extensions": { EXTENSION: {
            "specVersion": "1.0",
            "humanoid": { "humanBones": bones },
            "expressions": { "preset": {}, "custom": custom },
            "lookAt": { "node": look, "offsetFromHeadBone": [0.0, 0.06, 0.08] },
        }},
    });
    let mut file = Container { json, ..Container::default() };
    let frames = &performance.frames;
    if !frames.is_empty() {
        let times: Vec<f32> = (0..frames.len()).map(|n| (n as f64 / performance.fps) as f32).collect();
        let mut timeline = Animation::new(&mut file, &times);
        let hips: Vec<f32> = frames.iter().flat_map(|frame| frame.body.hips.to_array()).collect();
        timeline.channel(0, "translation", &hips, "VEC3");
        for joint in 0..COUNT {
            timeline.rotations(joint, &aligned(frames.iter().map(|frame| frame.body.rotations[joint].normalize())));
        }
        for (n, shape) in shapes.iter().enumerate() {
            let places: Vec<f32> = frames.iter().flat_map(|frame| [frame.face[*shape], 0.0, 0.0]).collect();
            timeline.channel(COUNT + n, "translation", &places, "VEC3");
        }
        timeline.rotations(look, &aligned(frames.iter().map(|frame| gaze_rotation(frame.gaze))));
        timeline.finish("performance");
    }
    file.write(out)
}

/// Reads a file's bytes; `origin` names it in errors.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let bad = |what: String| Error::malformed(origin, what);
    let file = Container::parse(bytes).map_err(bad)?;
    let extension = &file.json["extensions"][EXTENSION];
    if extension.is_null() {
        return super::glb::read(bytes, origin);
    }
    let scene = Scene::read(&file).map_err(bad)?;
    let mut motion = Motion::new(&file, &scene).map_err(bad)?;
    let (map, mut unused) = scene.bones(&extension["humanoid"]["humanBones"]);
    for kind in ["preset", "custom"] {
        for (name, value) in extension["expressions"][kind].as_object().into_iter().flatten() {
            let Some(curve) = scene.node(value).and_then(|node| motion.translations.get(&node)).cloned() else { continue };
            let mix: Vec<usize> = match coefficients::index(name) {
                Some(coefficient) => vec![coefficient],
                None => Vec::new(),
            };
            let shares = preset(name);
            if mix.is_empty() && shares.is_empty() {
                unused.push(name.clone());
            }
            motion.faces.extend(mix.into_iter().map(|coefficient| (coefficient, curve.clone(), 0)));
            motion.faces.extend(shares.into_iter().map(|(coefficient, share)| (coefficient, curve.scaled(share), 0)));
        }
    }
    motion.gaze = scene.node(&extension["lookAt"]).and_then(|node| motion.rotations.get(&node)).cloned();
    motion.load(&scene, &map, unused, origin)
}
