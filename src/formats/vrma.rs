//! VRM animation (`VRMC_vrm_animation` 1.0): a GLB without meshes that moves any VRM avatar.
//!
//! <https://github.com/vrm-c/vrm-specification/tree/master/specification/VRMC_vrm_animation-1.0>. Bones are nodes in T-pose, the hips alone
//! may move; an expression's weight is the x of a node's place; the gaze is a node's rotation. Written are ARKit's coefficients as custom
//! expressions, but for those of the gaze, or VRM's own twelve that every avatar has: not both, since avatars that know both would do
//! everything twice. Presets are read as mixes of coefficients.

use super::Loaded;
use super::glb::{GENERATOR, joint_node};
use super::gltf::{Aligned, Animation, Container};
use super::scene::{FaceCurve, Motion, Scene};
use crate::actor::preset;
use crate::body::skeleton::{COUNT, JOINTS};
use crate::face::coefficients::{self, Coefficients, NAMES};
use crate::face::visemes;
use crate::motion::Performance;
use crate::render::gaze_rotation;
use crate::{Error, Result};
use serde_json::{Map as Object, json};
use std::io::{Seek, Write};
use std::rc::Rc;

const EXTENSION: &str = "VRMC_vrm_animation";

/// What carries the face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expressions {
    /// ARKit's coefficients, for avatars that have them.
    Arkit,
    /// VRM's presets: five vowels, five moods, two blinks.
    Presets,
}

impl Expressions {
    /// Where the extension has them.
    fn kind(self) -> &'static str {
        match self {
            Expressions::Arkit => "custom",
            Expressions::Presets => "preset",
        }
    }

    fn names(self) -> Vec<&'static str> {
        match self {
            Expressions::Arkit => NAMES.into_iter().filter(|name| !name.starts_with("eyeLook")).collect(),
            Expressions::Presets => visemes::VOWELS.into_iter().chain(visemes::MOODS).chain(["blinkLeft", "blinkRight"]).collect(),
        }
    }

    /// How far each is up in a face, in the order of the names.
    fn weights(self, face: &Coefficients) -> Vec<f32> {
        match self {
            Expressions::Arkit => (0..NAMES.len()).filter(|k| !NAMES[*k].starts_with("eyeLook")).map(|k| face[k]).collect(),
            Expressions::Presets => {
                let reading = visemes::read(face);
                let blinks = ["eyeBlinkLeft", "eyeBlinkRight"].map(|name| coefficients::index(name).map_or(0.0, |k| face[k]));
                [&reading.vowels[..], &reading.moods, &blinks].concat()
            }
        }
    }
}

/// Writes a performance.
pub fn write(out: &mut (impl Write + Seek), performance: &Performance, expressions: Expressions) -> std::io::Result<()> {
    let names = expressions.names();
    let look = COUNT + names.len();
    let mut animation = Animation::new(file(expressions.kind(), &names), performance.frames.len(), performance.fps);
    animation.translation(0);
    (0..COUNT).for_each(|joint| animation.rotation(joint));
    (COUNT..look).for_each(|node| animation.translation(node));
    animation.rotation(look);
    let mut aligned = Aligned::default();
    let rows = performance.frames.iter().map(|frame| {
        let mut row = frame.body.hips.to_array().to_vec();
        row.extend((0..COUNT).flat_map(|k| aligned.next(k, frame.body.rotations[k].normalize())));
        row.extend(expressions.weights(&frame.face).into_iter().flat_map(|weight| [weight, 0.0, 0.0]));
        row.extend(aligned.next(COUNT, gaze_rotation(frame.gaze)));
        row
    });
    animation.write(out, rows)
}

/// Nodes of the joints, of expressions of a kind, and of the gaze.
fn file(kind: &str, names: &[&str]) -> Container {
    let (mut bones, mut expressions) = (Object::new(), Object::new());
    let mut nodes: Vec<_> = JOINTS.iter().enumerate().map(|(k, joint)| joint_node(k, joint.name, joint.offset)).collect();
    for (k, joint) in JOINTS.iter().enumerate() {
        bones.insert(joint.name.into(), json!({ "node": k }));
    }
    for name in names {
        expressions.insert(name.to_string(), json!({ "node": nodes.len() }));
        nodes.push(json!({ "name": name }));
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
            "expressions": { kind: expressions },
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
