//! GLB with an actor and its performance: skeleton, eyes, swinging chains and morphs as one animation that any viewer plays.
//!
//! The actor is written as [`actor::write_glb`] writes it; the animation drives its nodes and the weights of its meshes. What never
//! changes gets no channel. Read are the bodies and ARKit morphs of anybody's GLB animation.

use super::Loaded;
use super::faces;
use super::gltf::{Aligned, Animation, Container};
use super::scene::{FaceCurve, Motion, Scene};
use crate::actor::{self, Actor};
use crate::body::skeleton::{self, COUNT, JOINTS, OFFSETS, Pose};
use crate::face::coefficients::{self, NAMES};
use crate::motion::Performance;
use crate::output::Output;
use crate::render::bake::{Bake, Baked};
use crate::{Error, Result};
use glam::{Mat4, Vec3};
use serde_json::{Value, json};
use std::io::{Seek, Write};
use std::rc::Rc;

/// Writes the actor with its performance. Everything is played twice: once to see what moves, once to write it.
pub fn write(out: &mut Output, performance: &Performance, actor: &Actor) -> Result<()> {
    let broken = |what: String| Error::malformed(&actor.name, what);
    let file = Container::parse(&actor::write_glb(actor)?).map_err(broken)?;
    let bake = Bake::new(actor)?;
    let moving = Moving::of(actor, &bake, performance);
    let carriers: Vec<(usize, usize)> = moving.meshes.iter().filter_map(|mesh| Some((*mesh, carrier(&file, *mesh)?))).collect();
    let mut animation = Animation::new(file, performance.frames.len(), performance.fps);
    moving.turning.iter().for_each(|node| animation.rotation(*node));
    let hips = bake.hips().filter(|_| !performance.frames.is_empty());
    hips.iter().for_each(|node| animation.translation(*node));
    carriers.iter().for_each(|(mesh, node)| animation.weights(*node, actor.meshes[*mesh].morphs.len()));
    let mut aligned = Aligned::default();
    let rows = bake.swung(performance).map(|(frame, swing)| {
        let Baked { rotations, hips: place, weights } = bake.frame(frame, &swing);
        let mut row: Vec<f32> = moving.turning.iter().enumerate().flat_map(|(k, node)| aligned.next(k, rotations[*node])).collect();
        row.extend(hips.iter().flat_map(|_| place.to_array()));
        row.extend(carriers.iter().flat_map(|(mesh, _)| &weights[*mesh]));
        row
    });
    let path = out.path().to_owned();
    animation.write(out, rows).map_err(Error::io(path))
}

/// The node that carries a mesh.
fn carrier(file: &Container, mesh: usize) -> Option<usize> {
    file.json["nodes"].as_array()?.iter().position(|node| node["mesh"] == json!(mesh))
}

/// What of an actor moves at all; the rest gets no channel.
struct Moving {
    turning: Vec<usize>,
    /// Meshes any of whose morphs shows.
    meshes: Vec<usize>,
}

impl Moving {
    fn of(actor: &Actor, bake: &Bake, performance: &Performance) -> Moving {
        let (mut turns, mut shows) = (vec![false; actor.nodes.len()], vec![false; actor.meshes.len()]);
        for (frame, swing) in bake.swung(performance) {
            let baked = bake.frame(frame, &swing);
            for (turns, (now, rest)) in turns.iter_mut().zip(baked.rotations.iter().zip(&actor.nodes)) {
                *turns |= now.angle_between(rest.rotation) > 1e-4;
            }
            for (shows, weights) in shows.iter_mut().zip(&baked.weights) {
                *shows |= weights.iter().any(|weight| *weight > 0.0);
            }
        }
        let those = |flags: Vec<bool>| (0..flags.len()).filter(|k| flags[*k]).collect();
        Moving { turning: those(turns), meshes: those(shows) }
    }
}

/// Writes animation without an actor: our skeleton as a skin, and one small triangle whose 52 morphs move nothing but carry the
/// weights of the face, so that programs that import characters see joints, shape keys and their curves by name.
pub fn write_animation(out: &mut (impl Write + Seek), performance: &Performance) -> std::io::Result<()> {
    let file = bare();
    let mut animation = Animation::new(file, performance.frames.len(), performance.fps);
    animation.translation(0);
    (0..COUNT).for_each(|joint| animation.rotation(joint));
    animation.weights(COUNT, NAMES.len());
    let mut aligned = Aligned::default();
    let rows = performance.frames.iter().map(|frame| {
        let mut row = frame.body.hips.to_array().to_vec();
        row.extend((0..COUNT).flat_map(|k| aligned.next(k, frame.body.rotations[k].normalize())));
        row.extend(frame.face.iter().map(|weight| if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 0.0 }));
        row
    });
    animation.write(out, rows)
}

/// The file of [`write_animation()`] before anything moves.
fn bare() -> Container {
    let mut file = Container::default();
    let corner = |x: f32, y: f32| [x, 1.62 + y, 0.1];
    let places = [corner(0.0, 0.0), corner(0.002, 0.0), corner(0.0, 0.002)].concat();
    let position = file.push(&places, "VEC3");
    (file.json["accessors"][position]["min"], file.json["accessors"][position]["max"]) =
        (json!([0.0, 1.62, 0.1]), json!([0.002, 1.622, 0.1]));
    let still = file.push(&[0.0; 9], "VEC3");
    (file.json["accessors"][still]["min"], file.json["accessors"][still]["max"]) = (json!([0.0, 0.0, 0.0]), json!([0.0, 0.0, 0.0]));
    let weights = file.push(&[1.0, 0.0, 0.0, 0.0].repeat(3), "VEC4");
    let bound = file.push_bytes(&[HEAD as u8, 0, 0, 0].repeat(3));
    let rest = skeleton::globals(&Pose::default(), &OFFSETS).positions;
    let inverses: Vec<f32> = rest.iter().flat_map(|at| Mat4::from_translation(-*at).to_cols_array()).collect();
    let inverses = file.push(&inverses, "MAT4");
    let primitive = json!({
        "attributes": { "POSITION": position, "JOINTS_0": bound, "WEIGHTS_0": weights },
        "targets": vec![json!({ "POSITION": still }); NAMES.len()],
    });
    let mut nodes: Vec<Value> = JOINTS.iter().enumerate().map(|(k, joint)| joint_node(k, joint.name, joint.offset)).collect();
    nodes.push(json!({ "name": "face", "mesh": 0, "skin": 0 }));
    let parts = json!({
        "asset": { "version": "2.0", "generator": GENERATOR },
        "scene": 0,
        "scenes": [{ "nodes": [0, COUNT] }],
        "nodes": nodes,
        "meshes": [{ "name": "face", "primitives": [primitive], "weights": vec![0.0f32; NAMES.len()], "extras": { "targetNames": NAMES.as_slice() } }],
        "skins": [{ "skeleton": 0, "joints": (0..COUNT).collect::<Vec<_>>(), "inverseBindMatrices": inverses }],
    });
    for (key, value) in parts.as_object().into_iter().flatten() {
        file.json[key] = value.clone();
    }
    file
}

pub const GENERATOR: &str = concat!("gestus ", env!("CARGO_PKG_VERSION"));
/// Place of the head among the joints.
const HEAD: usize = 5;

/// A joint of ours as a node.
pub fn joint_node(joint: usize, name: &str, offset: Vec3) -> Value {
    let children: Vec<usize> = (0..COUNT).filter(|c| JOINTS[*c].parent == Some(joint)).collect();
    let mut node = json!({ "name": name, "translation": offset.to_array() });
    if !children.is_empty() {
        node["children"] = json!(children);
    }
    node
}

/// Reads the first animation of a file; `origin` names it in errors.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let bad = |what: String| Error::malformed(origin, what);
    let file = Container::parse(bytes).map_err(bad)?;
    let scene = Scene::read(&file).map_err(bad)?;
    let mut motion = Motion::new(&file, &scene).map_err(bad)?;
    // Morphs go by the names that most programs keep beside a mesh.
    let mut unused = Vec::new();
    let ours = file.json["asset"]["generator"].as_str().is_some_and(|name| name.starts_with("gestus "));
    for (node, curve) in std::mem::take(&mut motion.weights) {
        let mesh = &file.json["meshes"][file.json["nodes"][node]["mesh"].as_u64().unwrap_or(u64::MAX) as usize];
        let names = mesh["extras"]["targetNames"].as_array().cloned().unwrap_or_default();
        for (k, name) in names.iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            // Our actors' other morphs follow from the face.
            let meant = if ours { coefficients::index(name).into_iter().collect() } else { faces::meant(name) };
            if meant.is_empty() && !ours {
                super::leave_out(&mut unused, name);
            }
            let curves = meant.into_iter().map(|coefficient| FaceCurve { coefficient, curve: Rc::clone(&curve), column: k, share: 1.0 });
            motion.faces.extend(curves);
        }
    }
    let bones = &file.json["extensions"]["VRMC_vrm"]["humanoid"]["humanBones"];
    let map = if bones.is_object() { scene.bones(bones).0 } else { scene.named() };
    let mut loaded = motion.load(&scene, &map, bones.is_object(), unused, origin)?;
    let animations = file.json["animations"].as_array().map_or(0, Vec::len);
    loaded.notes.extend((animations > 1).then(|| format!("holds {animations} animations: the first is read")));
    Ok(loaded)
}
