//! Motion of other people's skeletons becomes ours and goes back.

use gestus::body::skeleton::{self, COUNT, JOINTS, OFFSETS, Pose};
use gestus::formats;
use gestus::formats::bvh::{self, Layout, Profile, Take, Unit};
use gestus::motion::Performance;
use gestus::motion::retarget::{Clip, Joint, Map, Retarget, Skeleton, Track};
use gestus::train::npz::Npz;
use glam::{Quat, Vec3};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder with other people's files, or nothing, said aloud.
fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !folder.join("data/body").is_dir() {
        eprintln!("SKIPPED: {} has no motion; set GESTUS_DATA", folder.display());
        return None;
    }
    Some(folder)
}

/// A clip of the motion pack (`data/body/README.md` there).
fn clip(path: &Path) -> Clip {
    let npz = Npz::open(path).unwrap();
    let get = |name: &str| npz.get(name).unwrap();
    let vectors = |name: &str| get(name).numbers.chunks_exact(3).map(Vec3::from_slice).collect::<Vec<_>>();
    let (offsets, ends) = (vectors("offsets"), vectors("end_offset"));
    let end_joints = &get("end_joint").numbers;
    let parents = &get("parents").numbers;
    let joint = |k: usize| Joint {
        name: get("joints").strings[k].clone(),
        parent: (parents[k] >= 0.0).then_some(parents[k] as usize),
        offset: offsets[k],
        rest: Quat::IDENTITY,
        end: end_joints.iter().position(|j| *j as usize == k).map(|n| ends[n]),
    };
    let skeleton = Skeleton { joints: (0..parents.len()).map(joint).collect() };
    let turns =
        get("rotvec").numbers.chunks_exact(3).map(|v| Quat::from_scaled_axis(Vec3::from_slice(v) * (std::f32::consts::PI / 32767.0)));
    let turns: Vec<Quat> = turns.collect();
    Clip {
        fps: 30.0,
        translations: vec![Track { joint: 0, places: vectors("root") }],
        rotations: turns.chunks_exact(parents.len()).map(<[Quat]>::to_vec).collect(),
        skeleton,
    }
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// One clip of every rig there is: limbs point where theirs point, people stand on the floor, and what goes back is what came.
#[test]
fn every_rig_is_understood() {
    let Some(folder) = samples() else { return };
    let body = folder.join("data/body");
    for name in [
        "paired/beat2_2_scott_0_1_1_a",
        "paired/zeggs_067_Speech_2_a",
        "style/cmu_18_01",
        "style/pymo_AV_8Walk",
        "rocketbox/present/*",
        "rocketbox/listen/*",
        "style/bandai1_*",
    ] {
        let (place, first) = name.rsplit_once('/').unwrap();
        let mut paths: Vec<PathBuf> = std::fs::read_dir(body.join(place)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.retain(|p| {
            let stem = p.file_name().unwrap().to_string_lossy();
            stem.ends_with("npz") && stem.starts_with(first.trim_end_matches('*')) && !(place.starts_with("rocket") && stem.contains("_m_"))
        });
        paths.sort();
        let clips: Vec<Clip> = paths.iter().take(6).map(|p| clip(p)).collect();
        let clips: Vec<&Clip> = clips.iter().filter(|c| c.skeleton.joints.len() == clips[0].skeleton.joints.len()).collect();
        let map = Map::of(&clips[0].skeleton);
        let retarget = Retarget::fit(&clips, &map);
        let poses = retarget.to_poses(clips[0]);
        let mut errors: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
        let (mut hands, mut low) = (Vec::new(), Vec::new());
        let back = retarget.to_clip(&poses, 30.0);
        for (frame, pose) in poses.iter().enumerate() {
            let (theirs, ours, again) = (clips[0].globals(frame), skeleton::globals(pose, &OFFSETS), back.globals(frame));
            for (k, joint) in JOINTS.iter().enumerate() {
                let limb = ["UpperLeg", "LowerLeg", "UpperArm", "LowerArm"].iter().any(|l| joint.name.ends_with(l));
                let child = (0..COUNT).find(|c| JOINTS[*c].parent == Some(k));
                if let (true, Some(child), Some(a)) = (limb, child, map.joints[k])
                    && let Some(b) = map.joints[child]
                {
                    let (x, y) = (theirs.positions[b] - theirs.positions[a], ours.positions[child] - ours.positions[k]);
                    errors.entry(joint.name).or_default().push(x.angle_between(y).to_degrees());
                }
            }
            if let Some(k) = map.joint("leftHand") {
                let hips = map.joint("hips").unwrap();
                let at = |g: &gestus::motion::retarget::Globals| g.positions[k] - g.positions[hips];
                hands.push(at(&theirs).distance(at(&again)));
            }
            low.push(ours.positions[skeleton::index("leftToes").unwrap()].y.min(ours.positions[skeleton::index("rightToes").unwrap()].y));
            assert!(frame > 0 || ours.positions[5].y > ours.positions[0].y + 0.3, "{name}: does not stand");
            assert!(pose.rotations.iter().all(|q| q.is_finite()) && pose.hips.is_finite());
        }
        let worst = errors.iter().map(|(name, e)| (*name, median(e.clone()))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        eprintln!(
            "{name}: {} of 52 joints, {} frames, worst limb {} {:.1} deg, lowest toes {:.3} m, hand back within {:.1} mm (median)",
            map.count(),
            poses.len(),
            worst.0,
            worst.1,
            median(low.clone()),
            1000.0 * median(hands.clone()),
        );
        assert!(map.count() >= 17, "{name}: {}", map.count());
        assert!(worst.1 < 8.0, "{name}: {worst:?}");
        assert!((-0.05..0.2).contains(&median(low)), "{name}");
        assert!(median(hands) < 0.02, "{name}");
    }
}

/// Global places of all joints of a file, in its own units and axes, against those that two other readers agree on.
#[test]
fn every_layout_is_read_as_other_readers_do() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("data/body/bvh_cases");
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("expected_fk.json")).unwrap()).unwrap();
    for (name, case) in expected.as_object().unwrap().iter().filter(|(name, _)| name.ends_with(".bvh")) {
        let take = Take::read(&std::fs::read(folder.join(name)).unwrap(), name).unwrap();
        let names: Vec<&str> = take.clip.skeleton.joints.iter().map(|j| j.name.as_str()).collect();
        assert_eq!(serde_json::json!(names), case["names"], "{name}");
        assert_eq!(take.clip.frames() as u64, case["frames_in_data"], "{name}");
        let mut worst = 0f32;
        for (frame, places) in case["global_pos_source_units"].as_object().unwrap() {
            let globals = take.clip.globals(frame.parse().unwrap());
            for (at, place) in globals.positions.iter().zip(places.as_array().unwrap()) {
                let place = Vec3::from_array(std::array::from_fn(|k| place[k].as_f64().unwrap() as f32));
                worst = worst.max((take.upright.conjugate() * *at / take.unit).distance(place));
            }
        }
        eprintln!("{name}: {} joints known, worst place off by {worst:.5} units; {:?}", take.map.count(), take.notes);
        assert!(worst < 1e-3, "{name}: {worst}");
    }
}

fn read(text: &[u8]) -> formats::Loaded {
    bvh::read(text, "test.bvh").unwrap()
}

fn written(performance: &Performance, layout: &Layout) -> Vec<u8> {
    let mut out = Vec::new();
    bvh::write(&mut out, performance, layout).unwrap();
    out
}

/// Distances of both hands from the hips between two performances, millimetres.
fn hand_errors(a: &Performance, b: &Performance) -> Vec<f32> {
    let at = |p: &Pose, k: usize| {
        let globals = skeleton::globals(p, &OFFSETS);
        globals.positions[k] - globals.positions[0]
    };
    let hands = ["leftHand", "rightHand"].map(|hand| skeleton::index(hand).unwrap());
    let pairs = a.frames.iter().zip(&b.frames);
    pairs.flat_map(|(a, b)| hands.map(|k| 1000.0 * at(&a.body, k).distance(at(&b.body, k)))).collect()
}

/// A real speaker on our skeleton.
fn speaker(folder: &Path) -> Performance {
    read(&std::fs::read(folder.join("data/body/bvh_cases/zeggs_067_first120.bvh")).unwrap()).performance
}

#[test]
fn profiles_keep_hands_where_they_are() {
    let Some(folder) = samples() else { return };
    let performance = speaker(&folder);
    for (name, profile) in Profile::ALL {
        for unit in [Unit::Centimetres, Unit::Metres] {
            let text = written(&performance, &Layout::of(profile, Some(unit)));
            let loaded = read(&text);
            let errors = hand_errors(&performance, &loaded.performance);
            let worst = errors.iter().copied().fold(0.0, f32::max);
            let hips = performance
                .frames
                .iter()
                .zip(&loaded.performance.frames)
                .map(|(a, b)| a.body.hips.distance(b.body.hips))
                .fold(0.0, f32::max);
            eprintln!("{name} in {unit:?}: hands back within {worst:.2} mm, hips {:.2} mm; {:?}", 1000.0 * hips, loaded.notes);
            assert!(worst < 2.0 && hips < 1e-3, "{name}: {worst} mm, hips {hips} m");
            assert_eq!(loaded.performance.fps, performance.fps);
            let first = String::from_utf8_lossy(&text).lines().nth(1).unwrap().to_string();
            assert!(first.starts_with("ROOT "), "{first}");
        }
    }
}

/// Written with somebody's skeleton a file has their hierarchy to the letter, and reads back as what was written.
#[test]
fn somebodys_skeleton_keeps_its_names_and_our_motion() {
    let Some(folder) = samples() else { return };
    let performance = speaker(&folder);
    for name in [
        "formats/bvh_mixamorig_test_freebvh.bvh",
        "formats/bvh_Geno_stance.bvh",
        "formats/bvh_seg_ARMS_DESCEND-2_first60.bvh",
        "data/body/bvh_cases/cmu_18_01.bvh",
        "data/body/bvh_cases/bandai2_wave-both-hands_exhausted_001.bvh",
        "data/body/bvh_cases/pybvh_test1_mixed_orders.bvh",
        "data/body/bvh_cases/zeggs_067_first120.bvh",
    ] {
        let template = std::fs::read(folder.join(name)).unwrap();
        let take = Take::read(&template, name).unwrap();
        let text = written(&performance, &Layout::like(&take, None));
        let lines = |bytes: &[u8], keywords: &[&str]| -> Vec<String> {
            let text = String::from_utf8_lossy(bytes).to_string();
            let clean = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            clean.filter(|line| keywords.iter().any(|k| line.starts_with(k))).collect()
        };
        let keywords = ["ROOT", "JOINT", "CHANNELS", "End Site"];
        assert_eq!(lines(&text, &keywords), lines(&template, &keywords), "{name}");
        let loaded = read(&text);
        assert_eq!(loaded.performance.frames.len(), performance.frames.len());
        let errors = hand_errors(&performance, &loaded.performance);
        let feet: Vec<f32> = loaded
            .performance
            .frames
            .iter()
            .map(|f| {
                let at = skeleton::globals(&f.body, &OFFSETS).positions;
                at[17].y.min(at[21].y)
            })
            .collect();
        let worst = errors.iter().copied().fold(0.0, f32::max);
        eprintln!(
            "{name}: hands back within {:.1} mm (median), {worst:.1} (worst); toes at {:.3} m; {:?}",
            median(errors.clone()),
            median(feet.clone()),
            loaded.notes
        );
        assert!(median(errors) < 10.0 && (-0.03..0.1).contains(&median(feet)), "{name}");
    }
}
