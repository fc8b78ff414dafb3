//! Motion of other people's skeletons becomes ours and goes back.

use gestus::body::skeleton::{self, COUNT, JOINTS, OFFSETS};
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
            assert!(ours.positions[5].y > ours.positions[0].y + 0.3, "{name}: frame {frame} lies down");
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
