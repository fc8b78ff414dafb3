//! Faces that differ keep the same promises: lids and lips close, teeth stay behind the lips, numbers out of range are refused.

use gestus::actor::build::{self, Parameters, Style};
use gestus::actor::{self, Actor, Driver, Mesh};
use gestus::face::coefficients::{COUNT, index};
use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::path::Path;
use std::sync::OnceLock;

const RANDOM: u64 = 6;

fn committed(name: &str) -> Parameters {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(format!("{name}.toml"));
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Parameters drawn from the inner nine tenths of every range.
fn random(seed: u64) -> Parameters {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut p = Parameters { name: format!("random {seed}"), glasses: Some(build::Glasses::default()), ..Parameters::default() };
    for number in p.numbers() {
        let (least, most) = (*number.range.start(), *number.range.end());
        *number.value = least + (most - least) * dice.random_range(0.05..0.95);
    }
    p.hair.style = [Style::Bob, Style::Short, Style::Curls, Style::Gathered, Style::Wreath][seed as usize % 5];
    p
}

/// The built-in actors and some random ones, made once.
fn everyone() -> &'static [Actor] {
    static ALL: OnceLock<Vec<Actor>> = OnceLock::new();
    ALL.get_or_init(|| {
        let parameters = actor::BUILTIN.iter().map(|name| committed(name)).chain((0..RANDOM).map(random));
        parameters.collect::<Vec<_>>().par_iter().map(build::build).collect()
    })
}

fn mesh<'a>(actor: &'a Actor, name: &str) -> &'a Mesh {
    actor.meshes.iter().find(|m| m.name == name).unwrap_or_else(|| panic!("{}: no mesh {name}", actor.name))
}

/// Coefficients by name; a name without a side sets both.
fn face(mix: &[(&str, f32)]) -> [f32; COUNT] {
    let mut out = [0.0; COUNT];
    for &(name, weight) in mix {
        match index(name) {
            Some(i) => out[i] = weight,
            None => ["Left", "Right"].iter().for_each(|side| out[index(&format!("{name}{side}")).unwrap()] = weight),
        }
    }
    out
}

/// Positions of a mesh in the actor's space in a pose of the face.
fn posed(actor: &Actor, mesh: &Mesh, mix: &[(&str, f32)]) -> Vec<Vec3> {
    let face = face(mix);
    let place = |node: usize| std::iter::successors(Some(node), |n| actor.nodes[*n].parent).map(|n| actor.nodes[n].translation).sum();
    let origin: Vec3 = if mesh.skin.is_empty() { mesh.node.map_or(Vec3::ZERO, place) } else { Vec3::ZERO };
    let mut out: Vec<Vec3> = mesh.positions.iter().map(|p| *p + origin).collect();
    for morph in &mesh.morphs {
        let w = match morph.driver {
            Driver::None | Driver::Mix(_) => 0.0,
            Driver::Coefficient(i) => face[i],
            Driver::Product(a, b) => face[a] * face[b],
            Driver::Half(a) => 4.0 * face[a] * (1.0 - face[a]),
        };
        morph.vertices.iter().zip(&morph.positions).for_each(|(v, o)| out[*v as usize] += *o * w);
    }
    out
}

/// The largest distance in millimetres between facing landmarks.
fn gap(actor: &Actor, mix: &[(&str, f32)], pairs: &[(usize, usize)]) -> f32 {
    let (positions, points) = (posed(actor, mesh(actor, "head"), mix), actor.keypoints.as_ref().unwrap());
    let at = |k: usize| positions[points[k].1 as usize];
    pairs.iter().map(|&(a, b)| 1000.0 * at(a).distance(at(b))).fold(0.0, f32::max)
}

const LIPS: [(usize, usize); 3] = [(61, 67), (62, 66), (63, 65)];
const LIDS: [(usize, usize); 4] = [(37, 41), (38, 40), (43, 47), (44, 46)];

#[test]
fn lips_close_on_every_face() {
    for actor in everyone() {
        for open in [0.0, 0.35, 1.0] {
            let gap = gap(actor, &[("jawOpen", open), ("mouthClose", open)], &LIPS);
            assert!(gap < 0.02, "{}: {gap} mm at {open}", actor.name);
        }
        assert!(gap(actor, &[("jawOpen", 1.0)], &LIPS) > 15.0, "{}", actor.name);
    }
}

#[test]
fn lids_close_on_every_face_and_spare_the_eyeballs() {
    for actor in everyone() {
        assert!(gap(actor, &[], &LIDS) > 7.0, "{}", actor.name);
        for other in ["eyeWide", "eyeSquint", "eyeLookDown", "eyeLookUp", "cheekSquint", "browDown", "browOuterUp", "noseSneer", "mouthSmile"] {
            let gap = gap(actor, &[("eyeBlink", 1.0), (other, 1.0)], &LIDS);
            assert!(gap < 0.1, "{}: {gap} mm with {other}", actor.name);
        }
        let head = mesh(actor, "head");
        for name in ["leftEyeball", "rightEyeball"] {
            let ball = posed(actor, mesh(actor, name), &[]);
            let radius = mesh(actor, name).positions[0].length();
            let centre = ball[0] - mesh(actor, name).positions[0];
            for blink in [0.0, 0.25, 0.5, 0.75, 1.0] {
                let near = posed(actor, head, &[("eyeBlink", blink)]).iter().map(|p| p.distance(centre)).fold(f32::MAX, f32::min);
                assert!(near > radius, "{}: {} mm inside at {blink}", actor.name, 1000.0 * (radius - near));
            }
        }
    }
}

/// Millimetres by which teeth stand out of the skin in front of them; negative where they stay behind.
fn teeth_through(actor: &Actor, mix: &[(&str, f32)]) -> f32 {
    let head = mesh(actor, "head");
    let skin = posed(actor, head, mix);
    let teeth: Vec<Vec3> = ["upperTeeth", "lowerTeeth"].iter().flat_map(|name| posed(actor, mesh(actor, name), mix)).collect();
    let near = teeth.iter().fold((f32::MAX, f32::MIN), |(low, high), p| (low.min(p.y), high.max(p.y)));
    let mut worst = f32::MIN;
    for t in &head.triangles {
        let [a, b, c] = t.map(|v| skin[v as usize]);
        let cross = (b - a).cross(c - a);
        let front = cross.z > 0.3 * cross.length() && a.y > near.0 - 0.02 && a.y < near.1 + 0.02;
        if !front {
            continue;
        }
        for p in &teeth {
            let edge = |a: Vec3, b: Vec3| (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
            let (u, v, w) = (edge(b, c), edge(c, a), edge(a, b));
            if u >= 0.0 && v >= 0.0 && w >= 0.0 {
                let z = (a.z * u + b.z * v + c.z * w) / (u + v + w).max(1e-12);
                // The walls of the mouth lie behind the teeth, far away.
                if p.z - z < 0.006 {
                    worst = worst.max(1000.0 * (p.z - z));
                }
            }
        }
    }
    worst
}

#[test]
fn teeth_stay_behind_the_lips() {
    let poses: [&[(&str, f32)]; 8] = [
        &[],
        &[("mouthSmile", 1.0)],
        &[("mouthPress", 1.0)],
        &[("mouthPucker", 1.0)],
        &[("mouthStretch", 1.0)],
        &[("jawOpen", 0.2), ("mouthClose", 0.2), ("mouthPress", 0.25)],
        &[("mouthFrown", 1.0), ("mouthShrugLower", 0.5)],
        &[("mouthSmile", 0.95), ("jawOpen", 0.24), ("mouthUpperUp", 0.42), ("mouthLowerDown", 0.12)],
    ];
    for actor in everyone() {
        for pose in poses {
            let through = teeth_through(actor, pose);
            assert!(through < 0.5, "{}: {through} mm with {pose:?}", actor.name);
        }
    }
}

#[test]
fn every_face_is_sound_and_swings_by_its_own_nodes() {
    for actor in everyone() {
        let triangles: usize = actor.meshes.iter().map(|m| m.triangles.len()).sum();
        assert!((20_000..45_000).contains(&triangles), "{}: {triangles} triangles", actor.name);
        for mesh in &actor.meshes {
            assert!(mesh.positions.iter().all(|p| p.is_finite()), "{}: {}", actor.name, mesh.name);
            assert!(mesh.normals.iter().all(|n| (n.length() - 1.0).abs() < 1e-3), "{}: {}", actor.name, mesh.name);
            assert!(mesh.weights.iter().all(|w| (w.iter().sum::<f32>() - 1.0).abs() < 1e-4), "{}: {}", actor.name, mesh.name);
            assert!(mesh.joints.iter().flatten().all(|j| usize::from(*j) < actor.nodes.len()), "{}: {}", actor.name, mesh.name);
        }
        for spring in &actor.springs {
            assert!(spring.nodes.len() >= 3, "{}: {}", actor.name, spring.name);
            assert!(spring.nodes.windows(2).all(|n| actor.nodes[n[1]].parent == Some(n[0])), "{}: {}", actor.name, spring.name);
            let moves = |node: usize| {
                mesh(actor, "hair").joints.iter().zip(&mesh(actor, "hair").weights).any(|(j, w)| (0..4).any(|k| usize::from(j[k]) == node && w[k] > 0.1))
            };
            assert!(spring.nodes[..spring.nodes.len() - 1].iter().all(|n| moves(*n)), "{}: {} moves no hair", actor.name, spring.name);
        }
    }
    assert!(!mesh(&everyone()[0], "hair").joints.is_empty() && everyone()[0].springs.len() >= 4);
}

/// A closed part whose faces point inwards has a negative volume.
#[test]
fn faces_point_outwards() {
    for actor in everyone() {
        for name in ["hair", "ears", "brows", "tongue", "glasses", "earrings"] {
            let Some(m) = actor.meshes.iter().find(|m| m.name == name) else { continue };
            let centre = m.positions.iter().sum::<Vec3>() / m.positions.len() as f32;
            let cone = |t: &[u32; 3]| {
                let [a, b, c] = t.map(|v| m.positions[v as usize] - centre);
                a.dot(b.cross(c))
            };
            let volume: f32 = m.triangles.iter().map(cone).sum();
            assert!(volume > 0.0, "{}: {name}: {volume}", actor.name);
        }
    }
}

#[test]
fn the_built_in_actors_are_as_different_as_they_should_be() {
    let all: Vec<&Actor> = everyone()[..actor::BUILTIN.len()].iter().collect();
    for (i, a) in all.iter().enumerate() {
        for b in &all[i + 1..] {
            let points = |actor: &Actor| -> Vec<Vec3> {
                let head = &mesh(actor, "head").positions;
                let eye = |k: usize| head[actor.keypoints.as_ref().unwrap()[k].1 as usize];
                let (middle, size) = ((eye(36) + eye(45)) * 0.5, eye(36).distance(eye(45)));
                actor.keypoints.as_ref().unwrap().iter().map(|k| (head[k.1 as usize] - middle) / size).collect()
            };
            let apart: f32 = points(a).iter().zip(points(b)).map(|(p, q)| p.distance(q)).sum::<f32>() / 68.0;
            assert!(apart > 0.02, "{} and {} have the same face: {apart}", a.name, b.name);
        }
    }
}

#[test]
fn numbers_out_of_range_are_refused_by_name() {
    let mut defaults = Parameters { glasses: Some(build::Glasses::default()), ..Parameters::default() };
    defaults.check().unwrap();
    let count = defaults.numbers().len();
    assert!(count > 60);
    for i in 0..count {
        let mut bad = defaults.clone();
        let name = {
            let mut numbers = bad.numbers();
            *numbers[i].value = *numbers[i].range.end() + 1.0;
            numbers[i].name
        };
        let error = bad.check().unwrap_err();
        assert!(error.to_string().contains(name) && error.hint().is_some_and(|h| h.contains("to")), "{error}");
    }
    let mut bad = Parameters::default();
    bad.face.length = f32::NAN;
    assert!(bad.check().is_err());
    for text in ["nose = { lenght = 1.0 }", "hair = { style = \"mohawk\" }", "age = \"old\""] {
        assert!(toml::from_str::<Parameters>(text).is_err(), "{text}");
    }
    for name in actor::BUILTIN {
        committed(name).check().unwrap();
    }
}

#[test]
fn the_same_parameters_give_the_same_bytes() {
    let p = committed("zola");
    let bytes = || actor::write_glb(&build::build(&p)).unwrap();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(bytes() == one.install(bytes));
}

#[test]
fn every_built_in_actor_loads_by_name() {
    for name in actor::BUILTIN {
        let loaded = actor::builtin(name).unwrap();
        assert_eq!(loaded.name, name);
        let built = &everyone()[actor::BUILTIN.iter().position(|n| *n == name).unwrap()];
        let close = |a: &Mesh, b: &Mesh| a.positions.len() == b.positions.len() && a.positions.iter().zip(&b.positions).all(|(p, q)| p.distance(*q) < 1e-4);
        assert!(built.meshes.len() == loaded.meshes.len() && built.meshes.iter().zip(&loaded.meshes).all(|(a, b)| close(a, b)), "{name} is not current: run the example build_actor");
    }
    let error = actor::builtin("nobody").unwrap_err();
    assert!(error.hint().is_some_and(|h| h.contains("zola")), "{error}");
}
