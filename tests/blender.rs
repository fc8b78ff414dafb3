//! Blender opens our BVH files and sees what we wrote.
//!
//! Needs a Python that has Blender as a module (`pip install bpy`), found as `python3` or named by `GESTUS_BLENDER_PYTHON`.

use gestus::body::skeleton::{self, JOINTS, OFFSETS};
use gestus::formats::bvh::{self, Layout, Profile, Unit};
use gestus::motion::{Frame, Performance};
use glam::{Quat, Vec3};
use std::process::Command;

/// Imports a BVH file and prints joints, frames and the place of every joint in one frame, metres, y up.
const SCRIPT: &str = r#"
import bpy, json, sys
path, scale, frame = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_anim.bvh(filepath=path, global_scale=scale, axis_forward='-Z', axis_up='Y', frame_start=1, use_fps_scale=False, update_scene_fps=True, update_scene_duration=True)
rig = bpy.context.object
scene = bpy.context.scene
scene.frame_set(frame + 1)
places = {}
for bone in rig.pose.bones:
    at = rig.matrix_world @ bone.head
    places[bone.name] = [at.x, at.z, -at.y]
print("RESULT " + json.dumps({"frames": round(rig.animation_data.action.frame_range[1] - rig.animation_data.action.frame_range[0]) + 1, "places": places}))
"#;

/// A Python with Blender, or nothing, said aloud.
fn python() -> Option<String> {
    let python = std::env::var("GESTUS_BLENDER_PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python).args(["-c", "import bpy"]).output().is_ok_and(|out| out.status.success());
    if !there {
        eprintln!("SKIPPED: {python} has no Blender; pip install bpy, or set GESTUS_BLENDER_PYTHON");
    }
    there.then_some(python)
}

#[test]
fn blender_sees_joints_frames_and_poses() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let frames = (0..48).map(|n| {
        let mut frame = Frame::default();
        frame.body.hips += Vec3::new(0.1, -0.05, 0.02 * n as f32);
        for (k, rotation) in frame.body.rotations.iter_mut().enumerate() {
            *rotation = Quat::from_scaled_axis(0.5 * Vec3::new((0.1 * n as f32 + k as f32).sin(), (k as f32).cos(), 0.3));
        }
        frame
    });
    let performance = Performance { fps: 24.0, seconds: 2.0, frames: frames.collect() };
    for (profile, unit, hand) in [
        (Profile::Vrm, Unit::Centimetres, "leftHand"),
        (Profile::Mixamo, Unit::Centimetres, "mixamorig:LeftHand"),
        (Profile::Zeggs, Unit::Metres, "LeftHand"),
        (Profile::Beat, Unit::Centimetres, "LHand"),
        (Profile::Biped, Unit::Centimetres, "Bip01_L_Hand"),
    ] {
        let path = folder.path().join("take.bvh");
        let mut file = std::fs::File::create(&path).unwrap();
        bvh::write(&mut file, &performance, &Layout::of(profile, Some(unit))).unwrap();
        let run = Command::new(&python).arg("-c").arg(SCRIPT).arg(&path).args([&unit.metres().to_string(), "30"]).output().unwrap();
        let text = String::from_utf8_lossy(&run.stdout);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("RESULT "))
            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&run.stderr)));
        let result: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(result["frames"], 48);
        let ours = skeleton::globals(&performance.frames[30].body, &OFFSETS);
        let at = |name: &str| Vec3::from_array(std::array::from_fn(|k| result["places"][name][k].as_f64().unwrap() as f32));
        let error = at(hand).distance(ours.positions[skeleton::index("leftHand").unwrap()]);
        eprintln!("{profile:?} in {unit:?}: {} joints, hand off by {:.2} mm", result["places"].as_object().unwrap().len(), 1000.0 * error);
        assert!(error < 1e-3, "{profile:?}: {error} m");
        if profile == Profile::Vrm {
            let worst = JOINTS.iter().enumerate().map(|(k, joint)| at(joint.name).distance(ours.positions[k])).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{worst} m");
        }
    }
}
