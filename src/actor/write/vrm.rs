//! The VRM 1.0 side of the file: humanoid, expressions, gaze, first person (`VRMC_vrm`) and swinging chains (`VRMC_springBone`).
//!
//! Programs that know VRM drive the presets (feelings, five vowels, blinks, gaze); programs that capture faces drive the 52
//! ARKit shapes, which are custom expressions of the same names.

use super::super::{Actor, Spring};
use crate::body::skeleton;
use crate::face::coefficients;
use glam::Vec3;
use serde_json::{Map, Value, json};

const REQUIRED: [&str; 15] = [
    "hips",
    "spine",
    "head",
    "leftUpperLeg",
    "leftLowerLeg",
    "leftFoot",
    "rightUpperLeg",
    "rightLowerLeg",
    "rightFoot",
    "leftUpperArm",
    "leftLowerArm",
    "leftHand",
    "rightUpperArm",
    "rightLowerArm",
    "rightHand",
];

/// The extensions by name; none where the actor lacks a joint that VRM requires. `carriers` are the nodes of the meshes.
pub fn extensions(actor: &Actor, carriers: &[usize]) -> Map<String, Value> {
    let mut out = Map::new();
    let mut bones = Map::new();
    for (joint, node) in skeleton::JOINTS.iter().zip(&actor.joints) {
        if let Some(node) = node {
            bones.insert(joint.name.into(), json!({ "node": node }));
        }
    }
    for (name, node) in ["leftEye", "rightEye"].iter().zip(actor.eyes) {
        if let Some(node) = node {
            bones.insert((*name).into(), json!({ "node": node }));
        }
    }
    if REQUIRED.iter().any(|name| !bones.contains_key(*name)) {
        return out;
    }
    let annotations: Vec<Value> = carriers.iter().map(|node| json!({ "node": node, "type": "auto" })).collect();
    out.insert(
        "VRMC_vrm".into(),
        json!({
            "specVersion": "1.0",
            "meta": meta(actor),
            "humanoid": { "humanBones": bones },
            "expressions": { "preset": presets(actor, carriers), "custom": shapes(actor, carriers) },
            "lookAt": look_at(actor),
            "firstPerson": { "meshAnnotations": annotations },
        }),
    );
    if !actor.springs.is_empty() {
        out.insert("VRMC_springBone".into(), springs(actor));
    }
    out
}

fn meta(actor: &Actor) -> Value {
    json!({
        "name": actor.name,
        "version": env!("CARGO_PKG_VERSION"),
        "authors": ["gestus"],
        "licenseUrl": "https://vrm.dev/licenses/1.0/",
        "avatarPermission": "everyone",
        "commercialUsage": "corporation",
        "creditNotation": "unnecessary",
        "allowRedistribution": true,
        "modification": "allowModificationRedistribution",
    })
}

/// Eyes turn as bones: 45 degrees of what is looked at turn them by 32 degrees sideways, 26 up and down.
fn look_at(actor: &Actor) -> Value {
    let look = |limit: f32, output: f32| json!({ "inputMaxValue": limit, "outputScale": output });
    json!({
        "type": "bone",
        "offsetFromHeadBone": eyes(actor).to_array(),
        "rangeMapHorizontalInner": look(45.0, 32.0),
        "rangeMapHorizontalOuter": look(45.0, 32.0),
        "rangeMapVerticalDown": look(45.0, 26.0),
        "rangeMapVerticalUp": look(45.0, 26.0),
    })
}

/// Between the eyes, from the head joint (metres).
fn eyes(actor: &Actor) -> Vec3 {
    let place = |node: Option<usize>| node.and_then(|n| actor.nodes.get(n)).map(|n| n.translation);
    match (place(actor.eyes[0]), place(actor.eyes[1])) {
        (Some(left), Some(right)) => 0.5 * (left + right),
        _ => Vec3::new(0.0, 0.043, 0.075),
    }
}

/// The presets of VRM 1.0 as mixes of ARKit shapes. A name without a side stands for both sides.
const EXPRESSIONS: [(&str, &[(&str, f32)]); 18] = [
    (
        "happy",
        &[
            ("mouthSmile", 0.95),
            ("cheekSquint", 0.8),
            ("eyeSquint", 0.2),
            ("mouthUpperUp", 0.3),
            ("browOuterUp", 0.22),
            ("mouthDimple", 0.2),
        ],
    ),
    (
        "angry",
        &[("browDown", 1.0), ("eyeSquint", 0.35), ("noseSneer", 0.45), ("mouthFrown", 0.45), ("mouthPress", 0.5), ("mouthShrugLower", 0.3)],
    ),
    ("sad", &[("mouthFrown", 0.75), ("browInnerUp", 1.0), ("eyeSquint", 0.15), ("mouthShrugLower", 0.55)]),
    ("relaxed", &[("mouthSmile", 0.35), ("eyeBlink", 0.25), ("browInnerUp", 0.15)]),
    ("surprised", &[("browInnerUp", 0.9), ("browOuterUp", 0.95), ("eyeWide", 0.95), ("jawOpen", 0.48), ("mouthFunnel", 0.3)]),
    ("aa", &[("jawOpen", 0.6), ("mouthLowerDown", 0.25), ("mouthUpperUp", 0.15)]),
    ("ih", &[("jawOpen", 0.2), ("mouthSmile", 0.2), ("mouthStretch", 0.2), ("mouthUpperUp", 0.2), ("mouthLowerDown", 0.25)]),
    ("ou", &[("mouthPucker", 0.9), ("mouthFunnel", 0.15), ("jawOpen", 0.05)]),
    ("ee", &[("jawOpen", 0.16), ("mouthSmile", 0.4), ("mouthStretch", 0.35), ("mouthUpperUp", 0.3), ("mouthLowerDown", 0.3)]),
    ("oh", &[("jawOpen", 0.42), ("mouthFunnel", 0.65), ("mouthPucker", 0.25)]),
    ("blink", &[("eyeBlink", 1.0)]),
    ("blinkLeft", &[("eyeBlinkLeft", 1.0)]),
    ("blinkRight", &[("eyeBlinkRight", 1.0)]),
    ("lookUp", &[("eyeLookUp", 1.0)]),
    ("lookDown", &[("eyeLookDown", 1.0)]),
    ("lookLeft", &[("eyeLookOutLeft", 1.0), ("eyeLookInRight", 1.0)]),
    ("lookRight", &[("eyeLookInLeft", 1.0), ("eyeLookOutRight", 1.0)]),
    ("neutral", &[]),
];

/// A preset's coefficients and their shares; nothing for unknown names.
pub fn preset(name: &str) -> Vec<(usize, f32)> {
    let mix = EXPRESSIONS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, mix)| mix);
    let sides = |shape: &str| match coefficients::index(shape) {
        Some(k) => vec![k],
        None => ["Left", "Right"].iter().filter_map(|side| coefficients::index(&format!("{shape}{side}"))).collect(),
    };
    mix.iter().flat_map(|(shape, share)| sides(shape).into_iter().map(move |k| (k, *share))).collect()
}

fn presets(actor: &Actor, carriers: &[usize]) -> Value {
    let expression = |(name, mix): (&str, &[(&str, f32)])| (name.to_string(), expression(actor, carriers, mix));
    Value::Object(EXPRESSIONS.into_iter().map(expression).collect())
}

/// The 52 ARKit shapes under their own names.
fn shapes(actor: &Actor, carriers: &[usize]) -> Value {
    let shape = |name: &&str| (name.to_string(), expression(actor, carriers, &[(*name, 1.0)]));
    Value::Object(coefficients::NAMES.iter().map(shape).collect())
}

fn expression(actor: &Actor, carriers: &[usize], mix: &[(&str, f32)]) -> Value {
    let mut binds = Vec::new();
    for &(shape, weight) in mix {
        let names = match coefficients::index(shape) {
            Some(_) => vec![shape.to_string()],
            None => vec![format!("{shape}Left"), format!("{shape}Right")],
        };
        for (mesh, carrier) in actor.meshes.iter().zip(carriers) {
            let found = mesh.morphs.iter().enumerate().filter(|(_, morph)| names.contains(&morph.name));
            binds.extend(found.map(|(i, _)| json!({ "node": carrier, "index": i, "weight": weight })));
        }
    }
    let mut out = json!({ "isBinary": false });
    if !binds.is_empty() {
        out["morphTargetBinds"] = json!(binds);
    }
    out
}

fn springs(actor: &Actor) -> Value {
    let colliders = colliders(actor);
    let all: Vec<usize> = (0..colliders.len()).collect();
    let spring = |spring: &Spring| {
        let joint = |node: &usize| {
            json!({
                "node": node,
                "hitRadius": spring.radius,
                "stiffness": spring.stiffness,
                "gravityPower": spring.gravity,
                "gravityDir": [0.0, -1.0, 0.0],
                "dragForce": spring.drag,
            })
        };
        json!({ "name": spring.name, "joints": spring.nodes.iter().map(joint).collect::<Vec<_>>(), "colliderGroups": [0] })
    };
    json!({
        "specVersion": "1.0",
        "colliders": colliders,
        "colliderGroups": [{ "name": "body", "colliders": all }],
        "springs": actor.springs.iter().map(spring).collect::<Vec<_>>(),
    })
}

/// What hair and cloth must not swing into: a ball in the skull, capsules in neck and upper chest, smaller than the body by the
/// radius that chains keep from them. Sizes are those of our own actors, relative to eyes and joints.
fn colliders(actor: &Actor) -> Vec<Value> {
    let node = |name: &str| skeleton::index(name).and_then(|joint| actor.joints.get(joint).copied().flatten());
    let offset = |name: &str| node(name).and_then(|n| actor.nodes.get(n)).map_or(Vec3::ZERO, |n| n.translation);
    // A centimetre of head space; the eyes lie four above the head joint.
    let head = eyes(actor).y / 4.0;
    let body = offset("neck").y / 0.16;
    let ball = |at: Vec3, radius: f32| json!({ "sphere": { "offset": at.to_array(), "radius": radius } });
    let capsule =
        |from: Vec3, to: Vec3, radius: f32| json!({ "capsule": { "offset": from.to_array(), "tail": to.to_array(), "radius": radius } });
    let shoulder = Vec3::new(0.085, 0.075, -0.015) * body;
    let shapes = [
        ("head", ball(Vec3::new(0.0, 6.6, -0.2) * head, 6.2 * head)),
        ("neck", capsule(Vec3::ZERO, offset("head"), 2.4 * head)),
        ("upperChest", capsule(shoulder * Vec3::new(-1.0, 1.0, 1.0), shoulder, 0.055 * body)),
    ];
    shapes.into_iter().filter_map(|(name, shape)| Some(json!({ "node": node(name)?, "shape": shape }))).collect()
}
