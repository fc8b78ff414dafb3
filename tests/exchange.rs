//! Files of other programs: what is written comes back, real samples are understood, damaged ones are refused in one line.

#[allow(dead_code)] // each test uses its part
mod common;

use gestus::Error;
use gestus::body::skeleton::{self, COUNT, OFFSETS};
use gestus::face::coefficients;
use gestus::formats::{self, Format, Info, Loaded};
use gestus::motion::{Frame, Gaze, Performance, attach_head, head_of};
use glam::{Quat, Vec3};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two seconds in which everything moves a little.
fn performance() -> Performance {
    let frames = (0..60).map(|n| {
        let t = n as f32 / 30.0;
        let mut frame = Frame::default();
        for (k, value) in frame.face.iter_mut().enumerate() {
            *value = 0.4 + 0.4 * (t * (1.0 + 0.1 * k as f32)).sin();
        }
        frame.look(Gaze { yaw: 0.2 * (3.0 * t).sin(), pitch: -0.1 * t.cos() });
        frame.body.hips += Vec3::new(0.05 * t.sin(), -0.02, 0.01 * t);
        for (k, rotation) in frame.body.rotations.iter_mut().enumerate() {
            *rotation = Quat::from_scaled_axis(0.25 * Vec3::new((t + k as f32).sin(), (k as f32).cos(), (2.0 * t).cos()));
        }
        attach_head(&mut frame.body, frame.head);
        frame.head = head_of(&frame.body);
        frame
    });
    Performance { fps: 30.0, seconds: 2.0, frames: frames.collect() }
}

fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !folder.join("formats").is_dir() {
        eprintln!("SKIPPED: {} has no sample files; set GESTUS_DATA", folder.display());
        return None;
    }
    Some(folder.join("formats"))
}

fn written(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    formats::write(&path, &performance(), &Info { audio: "talk.wav".into(), ..Info::default() }).unwrap();
    path
}

#[test]
fn what_is_written_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let before = performance();
    for (name, face, joints) in [
        ("a.a2f.json", 2e-5, None),
        ("a.a2f.csv", 2e-6, None),
        ("a.beat.json", 2e-5, None),
        ("a.vrma", 1e-5, Some(1e-3)),
        ("a.glb", 1e-5, Some(0.06)),
        // The skeleton of SMPL-X has other proportions: hands come back to their place, elbows near it.
        ("a.npz", f32::INFINITY, Some(0.06)),
    ] {
        let path = written(folder.path(), name);
        let Loaded { performance: after, parts, unused, .. } = formats::read(&path).unwrap();
        assert_eq!((after.fps, after.frames.len()), (30.0, 60), "{name}");
        let (mut faces, mut bodies) = (0f32, 0f32);
        for (a, b) in before.frames.iter().zip(&after.frames) {
            for (k, (x, y)) in a.face.iter().zip(&b.face).enumerate() {
                // BEAT has no tongue; VRMA has the gaze instead of its shapes.
                let without = name.ends_with("beat.json") && coefficients::NAMES[k] == "tongueOut";
                if !without {
                    faces = faces.max((x - y).abs());
                }
            }
            let (a, b) = (skeleton::globals(&a.body, &OFFSETS), skeleton::globals(&b.body, &OFFSETS));
            bodies = (0..COUNT).map(|k| a.positions[k].distance(b.positions[k])).fold(bodies, f32::max);
        }
        eprintln!("{name}: face off by {faces:.6}, joints by {:.2} mm, {parts:?}, not used {unused:?}", 1000.0 * bodies);
        if parts.face {
            assert!(faces <= face.max(if name.ends_with("vrma") { 0.02 } else { 0.0 }), "{name}: {faces}");
        }
        if let Some(most) = joints {
            assert!(parts.body && bodies < most, "{name}: {bodies} m");
        }
    }
}

#[test]
fn cues_follow_the_mouth() {
    let folder = tempfile::tempdir().unwrap();
    let mut spoken = Performance { fps: 30.0, seconds: 2.0, frames: vec![Frame::default(); 60] };
    let id = |name: &str| coefficients::index(name).unwrap();
    // Closed, wide open, round, closed.
    for frame in &mut spoken.frames[15..30] {
        frame.face[id("jawOpen")] = 0.6;
    }
    for frame in &mut spoken.frames[30..45] {
        frame.face[id("mouthPucker")] = 0.8;
        frame.face[id("mouthFunnel")] = 0.3;
    }
    let path = folder.path().join("a.tsv");
    formats::write(&path, &spoken, &Info::default()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "0.00\tX\n0.50\tD\n1.00\tF\n1.50\tX\n2.00\tX\n");
    for name in ["a.tsv", "a.rhubarb.json", "a.oculus.tsv", "a.oculus.json"] {
        let path = folder.path().join(name);
        formats::write(&path, &spoken, &Info::default()).unwrap();
        let back = formats::read(&path).unwrap().performance;
        assert_eq!(back.frames.len(), 60, "{name}");
        assert!(back.frames[5].face[id("jawOpen")] < 0.05 && back.frames[22].face[id("jawOpen")] > 0.4, "{name}");
        assert!(back.frames[37].face[id("mouthPucker")] > 0.4, "{name}");
    }
}

#[test]
fn samples_of_other_programs_are_understood() {
    let Some(folder) = samples() else { return };
    for (name, frames, fps) in [
        ("a2f3d_animation_frames.csv", 184, 30.0),
        ("lam_bsData.json", 184, 30.0),
        ("rhubarb_pizzas.json", 0, 30.0),
        ("rhubarb_bonjour.json", 0, 30.0),
        ("rhubarb_string_numbers.json", 0, 30.0),
        ("rhubarb_readme_example.tsv", 0, 30.0),
        ("three-vrm_test.vrma", 0, 0.0),
        ("chatvrm_idle_loop.vrma", 250, 24.0),
        ("hips_spine_twisting.vrma", 1800, 30.0),
    ] {
        let Loaded { performance, parts, unused, notes } = formats::read(&folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        eprintln!("{name}: {} frames at {}, {parts:?}, {notes:?}, not used {unused:?}", performance.frames.len(), performance.fps);
        assert!(performance.frames.len() > 10, "{name}");
        if frames > 0 {
            assert_eq!(performance.frames.len(), frames, "{name}");
            assert!((performance.fps - fps).abs() < 0.1, "{name}: {}", performance.fps);
        }
        if name.ends_with("vrma") {
            let stands = |frame: &Frame| {
                let at = skeleton::globals(&frame.body, &OFFSETS).positions;
                at[5].y > at[0].y + 0.3 && at[0].y > 0.4 && at[5].y < 2.0
            };
            assert!(stands(&performance.frames[0]), "{name}: {:?}", performance.frames[0].body.hips);
        }
        if name == "three-vrm_test.vrma" {
            assert!(
                parts.face && parts.gaze && performance.frames.iter().any(|f| f.face[coefficients::index("mouthSmileLeft").unwrap()] > 0.3)
            );
        }
    }
}

/// Damages files byte by byte; whatever happens, it happens without a panic and in one line.
#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> =
        ["a.a2f.json", "a.a2f.csv", "a.beat.json", "a.vrma", "a.npz", "a.tsv", "a.rhubarb.json", "a.bvh", "a.csv", "a.json"]
            .iter()
            .map(|name| written(folder.path(), name))
            .collect();
    if let Some(samples) = samples() {
        let all = fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path());
        files.extend(all.filter(|path| Format::of(path).is_ok_and(|format| format != Format::Usda)));
    }
    let mut state = 12345u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) as usize) % below.max(1)
    };
    let mut refused = 0;
    for path in &files {
        let whole = fs::read(path).unwrap();
        let format = Format::of(path).unwrap();
        let target = folder.path().join("damaged");
        for round in 0..40 {
            let mut bytes = whole.clone();
            match round % 4 {
                0 => bytes.truncate(random(whole.len())),
                1 => bytes[random(whole.len())] = random(256) as u8,
                2 => (0..20).for_each(|_| bytes[random(whole.len())] = random(256) as u8),
                _ => {
                    let (from, length) = (random(whole.len()), random(64));
                    bytes.drain(from..(from + length).min(whole.len()));
                }
            }
            fs::write(&target, &bytes).unwrap();
            match formats::read_as(format, &target) {
                Ok(loaded) => assert!(
                    loaded.performance.frames.iter().all(|f| f.body.hips.is_finite() && f.face.iter().all(|w| (0.0..=1.0).contains(w)))
                ),
                Err(error) => {
                    refused += 1;
                    assert!(!matches!(error, Error::Usage { .. }));
                    assert_eq!(error.to_string().lines().count(), 1, "{}: {error}", path.display());
                }
            }
        }
    }
    eprintln!("{} files, {refused} damaged ones refused", files.len());
    assert!(refused > files.len());
}

/// Khronos's validator finds no error; `npm install gltf-validator` in the folder that `GESTUS_GLTF_VALIDATOR` names.
#[test]
fn gltf_files_are_valid() {
    const SCRIPT: &str = "const v=require('gltf-validator'),fs=require('fs');v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))\
                          .then(r=>console.log(JSON.stringify(r.issues)));";
    let Some(place) =
        std::env::var_os("GESTUS_GLTF_VALIDATOR").map(PathBuf::from).filter(|p| p.join("node_modules/gltf-validator").is_dir())
    else {
        eprintln!("SKIPPED: no gltf-validator; npm install it in a folder and set GESTUS_GLTF_VALIDATOR to that");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.glb", "a.vrma"] {
        let path = written(folder.path(), name);
        let run = Command::new("node").current_dir(&place).args(["-e", SCRIPT]).arg(&path).output().unwrap();
        let issues: serde_json::Value =
            serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&run.stderr)));
        eprintln!("{name}: {} errors, {} warnings", issues["numErrors"], issues["numWarnings"]);
        assert_eq!(issues["numErrors"], 0, "{name}: {issues}");
    }
}

#[test]
fn motion_is_converted_carried_over_and_drawn() {
    let place = common::Place::new();
    formats::write(&place.path("take.json"), &performance(), &Info::default()).unwrap();
    let run = place.run("convert take.json take.csv take.bvh take.vrma --check").succeeded();
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("take.csv: largest differences after reading back: 0 frames, face 0.0000"), "{text}");
    assert!(run.stderr.contains("take.csv: 60 frames at 30 a second, without the body"), "{}", run.stderr);
    place.run("retarget take.bvh --to mixamo -o mixamo.bvh --fps 60").succeeded();
    let mixamo = String::from_utf8(place.read("mixamo.bvh")).unwrap();
    assert!(mixamo.contains("ROOT mixamorig:Hips") && mixamo.contains("Frames: 120"));
    place.run("retarget take.bvh --to mixamo.bvh --bvh-unit m -o theirs.bvh").succeeded();
    assert!(place.run("retarget take.bvh --to mixano -o b.bvh").failed(2).stderr.contains("did you mean mixamo?"));
    assert!(place.run("retarget take.csv --to vrm -o b.bvh").failed(1).stderr.contains("holds no body"));
    place.run("render --motion take.bvh --motion take.csv -o take.gif --size 64x64 --renderer cpu --fps 10").succeeded();
    assert!(place.run("render -o take.gif").failed(2).stderr.contains("no recording"));
    place.run("convert take.bvh both.json --with take.csv --format gestus").succeeded();
    let both = formats::read(&place.path("both.json")).unwrap().performance;
    assert!(both.frames[30].face[17] > 0.1 && both.frames[30].body.hips.x.abs() > 1e-3);
}
