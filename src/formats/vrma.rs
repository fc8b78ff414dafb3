//! VRM animation (`VRMC_vrm_animation` 1.0): a GLB without meshes that moves any VRM avatar.
//!
//! <https://github.com/vrm-c/vrm-specification/tree/master/specification/VRMC_vrm_animation-1.0>. Bones are nodes in T-pose, the hips alone
//! may move; an expression's weight is the x of a node's place; the gaze is a node's rotation. Written are ARKit's coefficients as custom
//! expressions, but for those of the gaze. Presets of other files are read as mixes of coefficients.

use super::Loaded;
use super::glb::{GENERATOR, joint_node};
use super::gltf::{Aligned, Animation, Container};
use super::scene::{FaceCurve, Motion, Scene};
use crate::actor::preset;
use crate::body::skeleton::{COUNT, JOINTS};
use crate::face::coefficients::{self, NAMES};
use crate::motion::Performance;
use crate::render::gaze_rotation;
use crate::{Error, Result};
use serde_json::{Map as Object, json};
use std::io::{Seek, Write};
use std::rc::Rc;

const EXTENSION: &str = "VRMC_vrm_animation";

/// Writes a performance.
pub fn write(out: &mut (impl Write + Seek), performance: &Performance) -> std::io::Result<()> {
    let shapes: Vec<usize> = (0..NAMES.len()).filter(|k| !NAMES[*k].starts_with("eyeLook")).collect();
    let look = COUNT + shapes.len();
    let mut animation = Animation::new(file(&shapes), performance.frames.len(), performance.fps);
    animation.translation(0);
    (0..COUNT).for_each(|joint| animation.rotation(joint));
    (COUNT..look).for_each(|node| animation.translation(node));
    animation.rotation(look);
    let mut aligned = Aligned::default();
    let rows = performance.frames.iter().map(|frame| {
        let mut row = frame.body.hips.to_array().to_vec();
        row.extend((0..COUNT).flat_map(|k| aligned.next(k, frame.body.rotations[k].normalize())));
        row.extend(shapes.iter().flat_map(|shape| [frame.face[*shape], 0.0, 0.0]));
        row.extend(aligned.next(COUNT, gaze_rotation(frame.gaze)));
        row
    });
    animation.write(out, rows)
}

/// Nodes of the joints, of an expression for each of `shapes`, and of the gaze.
fn file(shapes: &[usize]) -> Container {
    let (mut bones, mut custom) = (Object::new(), Object::new());
    let mut nodes: Vec<_> = JOINTS.iter().enumerate().map(|(k, joint)| joint_node(k, joint.name, joint.offset)).collect();
    for (k, joint) in JOINTS.iter().enumerate() {
        bones.insert(joint.name.into(), json!({ "node": k }));
    }
    for shape in shapes {
        custom.insert(NAMES[*shape].into(), json!({ "node": nodes.len() }));
        nodes.push(json!({ "name": NAMES[*shape] }));
    }
    let look = nodes.len();
    nodes.push(json!({ "name": "lookAt" }));
    let roots: Vec<usize> = [0].into_iter().chain(COUNT..nodes.len()).collect();
    let json = json!({
        "asset": { "version": "2.0", "generator": GENERATOR },
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
    Container { json, ..Container::default() }
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
            // Coefficients go by their own names, presets of VRM as mixes of them.
            let mix = coefficients::index(name).map_or_else(|| preset(name), |coefficient| vec![(coefficient, 1.0)]);
            if mix.is_empty() {
                unused.push(name.clone());
            }
            let face = |(coefficient, share)| FaceCurve { coefficient, curve: Rc::clone(&curve), column: 0, share };
            motion.faces.extend(mix.into_iter().map(face));
        }
    }
    motion.gaze = scene.node(&extension["lookAt"]).and_then(|node| motion.rotations.get(&node)).cloned();
    motion.load(&scene, &map, true, unused, origin)
}
