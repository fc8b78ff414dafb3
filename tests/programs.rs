//! Other people's programs open our files and see what we wrote: Khronos's validator, three.js and three-vrm in a browser, USD, NumPy.
//! Blender has a test of its own.
//!
//! What is missing is installed below the build folder; what cannot be is skipped aloud. Pictures stay in the build folder.

#[path = "common/moving.rs"]
#[allow(dead_code)] // each test uses its part
mod moving;
#[path = "common/programs.rs"]
mod programs;

use gestus::actor::{self, Actor};
use gestus::body::skeleton::{self, JOINTS, OFFSETS};
use gestus::face::coefficients::NAMES;
use gestus::formats::{self, Info};
use gestus::motion::Performance;
use gestus::render::bake::Bake;
use glam::{Affine3A, Quat, Vec3};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The frame that programs are asked about.
const FRAME: usize = 30;

fn take() -> Performance {
    moving::performance(2.0, 30.0)
}

fn written(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    formats::write(&path, &take(), &Info::default()).unwrap();
    path
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name)
}

fn vector(value: &Value) -> Vec3 {
    Vec3::from_array(std::array::from_fn(|k| value[k].as_f64().unwrap() as f32))
}

/// Places of an actor's nodes in a frame of the take, by name.
fn places(actor: &Actor, frame: usize) -> Vec<(String, Vec3)> {
    let (take, bake) = (take(), Bake::new(actor).unwrap());
    let (pose, swing) = bake.swung(&take).nth(frame).unwrap();
    let baked = bake.frame(pose, &swing);
    let mut world: Vec<Affine3A> = Vec::new();
    for (k, node) in actor.nodes.iter().enumerate() {
        let place = if Some(k) == bake.hips() { baked.hips } else { node.translation };
        let local = Affine3A::from_scale_rotation_translation(node.scale, baked.rotations[k], place);
        world.push(node.parent.map_or(local, |parent| world[parent] * local));
    }
    actor.nodes.iter().zip(world).map(|(node, at)| (node.name.clone(), at.translation.into())).collect()
}

/// The largest distance between what we expect and what a program found, and how many joints it found.
fn farthest(expected: &[(String, Vec3)], found: &Value) -> (f32, usize) {
    let there: Vec<f32> =
        expected.iter().filter(|(name, _)| !found[name].is_null()).map(|(name, at)| vector(&found[name]).distance(*at)).collect();
    (there.iter().copied().fold(0.0, f32::max), there.len())
}

fn ours(frame: usize) -> Vec<(String, Vec3)> {
    let at = skeleton::globals(&take().frames[frame].body, &OFFSETS).positions;
    JOINTS.iter().zip(at).map(|(joint, at)| (joint.name.to_string(), at)).collect()
}

/// The largest difference of the face's weights, and how many were found.
fn weights(found: &Value, frame: usize) -> (f32, usize) {
    let face = take().frames[frame].face;
    let there = NAMES.iter().zip(face).filter_map(|(name, weight)| Some((found[name].as_f64()? as f32 - weight).abs()));
    there.fold((0.0, 0), |(most, count), off| (most.max(off), count + 1))
}

#[test]
fn the_validator_finds_no_error() {
    const SCRIPT: &str = "const v=require('gltf-validator'),fs=require('fs');v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))\
                          .then(r=>console.log('RESULT '+JSON.stringify(r.issues)));";
    let Some(modules) = programs::node_modules() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = ["a.glb", "a.anim.glb", "a.vrma"].map(|name| written(folder.path(), name)).into();
    for (name, format) in [("empty.vrma", "vrma"), ("empty.anim.glb", "glb-anim"), ("empty.glb", "glb")] {
        let path = folder.path().join(name);
        let nothing = Performance { fps: 30.0, ..Performance::default() };
        formats::write_as(format.parse().unwrap(), &path, &nothing, &formats::Settings::default()).unwrap();
        files.push(path);
    }
    for path in files {
        let issues = programs::result(Command::new("node").current_dir(&modules).args(["-e", SCRIPT]).arg(&path));
        let name = path.file_name().unwrap().to_string_lossy();
        eprintln!("{name}: {} errors, {} warnings", issues["numErrors"], issues["numWarnings"]);
        assert_eq!(issues["numErrors"], 0, "{name}: {issues}");
    }
}

/// Plays files in a browser; one result and one picture for each time.
fn play(query: &str, folder: &Path, times: &[f64], name: &str) -> Option<(Value, Vec<PathBuf>)> {
    let (modules, chromium) = (programs::node_modules()?, programs::chromium()?);
    let pictures: Vec<PathBuf> = (0..times.len()).map(|n| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{n}.png"))).collect();
    let times: Vec<String> = times.iter().map(f64::to_string).collect();
    let mut command = Command::new("node");
    command.arg(script("play.cjs")).arg(modules).arg(chromium).arg(folder).arg(script("play.html"));
    let found = programs::result(command.arg(format!("{query}&times={}", times.join(","))).args(&pictures));
    eprintln!("{name}: pictures are {}", pictures.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "));
    Some((found, pictures))
}

/// Shares of the pixels that are not the background, and that differ between two pictures.
fn seen(pictures: &[PathBuf]) -> (f64, f64) {
    let [a, b] = [0, 1].map(|n| image::open(&pictures[n]).unwrap().into_rgb8());
    let all = f64::from(a.width() * a.height());
    let corner = *a.get_pixel(2, 2);
    let far = |x: &image::Rgb<u8>, y: &image::Rgb<u8>| x.0.iter().zip(y.0).any(|(x, y)| x.abs_diff(y) > 24);
    let shown = a.pixels().filter(|p| far(p, &corner)).count() as f64;
    let moved = a.pixels().zip(b.pixels()).filter(|(a, b)| far(a, b)).count() as f64;
    (shown / all, moved / all)
}

#[test]
fn three_js_plays_the_actor() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "a.glb");
    let Some((found, pictures)) = play("glb=a.glb", folder.path(), &[0.2, 1.0], "three-glb") else { return };
    let found = &found[1];
    let (off, joints) = farthest(&places(&actor::builtin("ada").unwrap(), FRAME), &found["places"]);
    let (face, shapes) = weights(&found["weights"], FRAME);
    let (shown, moved) = seen(&pictures);
    eprintln!(
        "three.js: {joints} joints within {:.3} mm, {shapes} weights within {face:.6}; {:.0} % shown, {:.1} % moved",
        1000.0 * off,
        100.0 * shown,
        100.0 * moved
    );
    assert_eq!(found["animations"], 1);
    assert!((found["duration"].as_f64().unwrap() - 59.0 / 30.0).abs() < 1e-4);
    assert!(joints >= 52 && off < 1e-3, "{joints} joints, {off} m");
    assert!(shapes == NAMES.len() && face < 1e-5, "{shapes} shapes, {face}");
    assert!(shown > 0.05 && moved > 0.01, "{shown} shown, {moved} moved");
}

#[test]
fn three_js_plays_the_animation_without_an_actor() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "a.anim.glb");
    let Some((found, _)) = play("glb=a.anim.glb", folder.path(), &[0.2, 1.0], "three-anim") else { return };
    let (off, joints) = farthest(&ours(FRAME), &found[1]["places"]);
    let (face, shapes) = weights(&found[1]["weights"], FRAME);
    eprintln!("three.js: {joints} joints within {:.3} mm, {shapes} weights within {face:.6}", 1000.0 * off);
    assert!(joints == skeleton::COUNT && off < 1e-4 && shapes == NAMES.len() && face < 1e-5);
}

#[test]
fn three_vrm_plays_vrm_animation_on_an_avatar() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "a.vrma");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/ada.glb"), folder.path().join("ada.vrm")).unwrap();
    let Some((found, pictures)) = play("vrma=a.vrma&vrm=ada.vrm", folder.path(), &[0.2, 1.0], "three-vrm") else { return };
    let (found, frame) = (&found[1], &take().frames[FRAME]);
    let turn = |name: &str| Quat::from_array(std::array::from_fn(|k| found["turns"][name][k].as_f64().unwrap() as f32));
    let turns = JOINTS.iter().zip(frame.body.rotations).filter(|(joint, _)| !found["turns"][joint.name].is_null());
    let off: Vec<f32> = turns.map(|(joint, ours)| (turn(joint.name).conjugate() * ours).xyz().length() * 2.0).collect();
    let worst = off.iter().copied().fold(0.0, f32::max).to_degrees();
    let (face, shapes) = weights(&found["weights"], FRAME);
    let gaze = [found["gaze"][0].as_f64().unwrap() as f32, found["gaze"][1].as_f64().unwrap() as f32];
    let (shown, moved) = seen(&pictures);
    eprintln!(
        "three-vrm: {} bones within {worst:.4} degrees, {shapes} expressions, with the gaze's within {face:.6}, gaze {gaze:?} for {:?}; {:.0} % shown, {:.1} % moved",
        off.len(),
        frame.gaze,
        100.0 * shown,
        100.0 * moved
    );
    assert!(off.len() == skeleton::COUNT && worst < 0.02);
    // The eight of the gaze are driven by the look itself.
    let own = NAMES.iter().zip(frame.face).filter(|(name, _)| !name.starts_with("eyeLook"));
    let own = own.map(|(name, weight)| (found["weights"][name].as_f64().unwrap() as f32 - weight).abs()).fold(0.0, f32::max);
    assert!(shapes == NAMES.len() && own < 1e-5 && found["tracks"].as_u64().unwrap() >= 52 + 44, "{shapes} shapes, {own}");
    assert!((gaze[0] - frame.gaze.yaw.to_degrees()).abs() < 0.1 && (gaze[1] - frame.gaze.pitch.to_degrees()).abs() < 0.1, "{gaze:?}");
    assert!(shown > 0.05 && moved > 0.01, "{shown} shown, {moved} moved");
}

#[test]
fn usd_opens_the_stage() {
    let Some(python) = programs::python("GESTUS_PYTHON", "pxr.UsdValidation, numpy", &["usd-core", "numpy"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "a.usda");
    let found = programs::result(Command::new(python).arg(script("usd.py")).arg(path).arg(FRAME.to_string()));
    let (off, joints) = farthest(&ours(FRAME), &found["places"]);
    let (face, shapes) = weights(&found["weights"], FRAME);
    eprintln!(
        "USD: {joints} joints within {:.3} mm, {shapes} weights within {face:.6}; {} validators: {}",
        1000.0 * off,
        found["validators"],
        found["errors"]
    );
    assert_eq!((&found["up"], &found["metres"], &found["fps"], &found["end"]), (&"Y".into(), &1.0.into(), &30.0.into(), &59.0.into()));
    assert!(joints == skeleton::COUNT && off < 1e-4, "{joints} joints, {off} m");
    assert!(shapes == NAMES.len() && face < 2e-5, "{shapes} shapes, {face}");
    assert_eq!(found["errors"].as_array().unwrap().len(), 0, "{}", found["errors"]);
    assert!(found["validators"].as_u64().unwrap() > 10);
}

#[test]
fn numpy_opens_the_archive() {
    let Some(python) = programs::python("GESTUS_PYTHON", "numpy", &["numpy"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "a.npz");
    let found = programs::result(Command::new(python).arg(script("npz.py")).arg(path).arg(FRAME.to_string()));
    let shape = |name: &str| found["shapes"][name].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        (shape("poses"), shape("trans"), shape("expressions"), shape("betas")),
        (vec![60, 165], vec![60, 3], vec![60, 100], vec![300])
    );
    assert_eq!((&found["types"]["poses"], &found["rate"], &found["face"]), (&"<f4".into(), &30.0.into(), &0.0.into()));
    assert_eq!(found["texts"], serde_json::json!(["neutral", "smplx2020"]));
    // The trunk's axes are ours, so its rotations are too: pelvis 0, spine 3, 6, 9, neck 12, head 15.
    let body = &take().frames[FRAME].body;
    for (theirs, ours) in [(0, 0), (3, 1), (6, 2), (9, 3), (12, 4), (15, 5)] {
        let turn = Quat::from_scaled_axis(vector(&Value::from(found["pose"].as_array().unwrap()[3 * theirs..3 * theirs + 3].to_vec())));
        let off = (turn.conjugate() * body.rotations[ours]).xyz().length() * 2.0;
        assert!(off < 1e-4, "joint {theirs}: {off} radians");
    }
    // The model's origin is above its pelvis.
    assert!((vector(&found["place"]) - body.hips).length() < 0.4);
    eprintln!("NumPy: {} arrays", found["shapes"].as_object().unwrap().len());
}
