//! Blender opens our BVH and GLB files and sees what we wrote.
//!
//! Needs a Python that has Blender as a module: `python3`, one named by `GESTUS_BLENDER_PYTHON`, or `bpy` from PyPI where there is one
//! for this Python.

#[path = "common/moving.rs"]
#[allow(dead_code)] // each test uses its part
mod moving;
#[path = "common/programs.rs"]
#[allow(dead_code)]
mod programs;

use gestus::actor;
use gestus::body::skeleton::{self, JOINTS, OFFSETS, Pose};
use gestus::face::coefficients::NAMES;
use gestus::formats::bvh::{self, Layout, Profile, Unit};
use gestus::formats::{self, Info};
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

/// Imports a GLB file and prints the place of every bone in one frame, metres, y up, and the values of shape keys.
const GLB_SCRIPT: &str = r#"
import bpy, json, sys
path, fps, frame = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = fps
bpy.ops.import_scene.gltf(filepath=path)
scene.frame_set(frame)
places, weights = {}, {}
for rig in [o for o in bpy.data.objects if o.type == 'ARMATURE']:
    for bone in rig.pose.bones:
        at = rig.matrix_world @ bone.head
        places[bone.name] = [at.x, at.z, -at.y]
for mesh in [o for o in bpy.data.objects if o.type == 'MESH' and o.data.shape_keys]:
    for key in mesh.data.shape_keys.key_blocks:
        weights.setdefault(key.name, key.value)
ends = [a.frame_range[1] for a in bpy.data.actions]
print("RESULT " + json.dumps({"places": places, "weights": weights, "end": max(ends)}))
"#;

/// A Python with Blender, or nothing, said aloud.
fn python() -> Option<String> {
    programs::python("GESTUS_BLENDER_PYTHON", "bpy", &["bpy"])
}

#[test]
fn blender_sees_actors_and_animation_in_glb() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let take = moving::performance(2.0, 30.0);
    for name in ["a.glb", "a.anim.glb"] {
        let path = folder.path().join(name);
        formats::write(&path, &take, &Info::default()).unwrap();
        let result = programs::result(Command::new(&python).arg("-c").arg(GLB_SCRIPT).arg(&path).args(["30", "30"]));
        let frame = &take.frames[30];
        // The actor has proportions of its own; her hips stand at their height, and rotations add up to the same directions.
        let (rest, ours) = match name {
            "a.glb" => (places_of(&actor::builtin("ada").unwrap()), None),
            _ => (Vec::new(), Some(skeleton::globals(&frame.body, &OFFSETS).positions)),
        };
        let at = |name: &str| Vec3::from_array(std::array::from_fn(|k| result["places"][name][k].as_f64().unwrap() as f32));
        let expected = ours.unwrap_or_else(|| posed(&rest, frame));
        let worst = JOINTS.iter().enumerate().map(|(k, joint)| at(joint.name).distance(expected[k])).fold(0.0, f32::max);
        let weight = |name: &str| result["weights"][name].as_f64().unwrap() as f32;
        let shapes = NAMES.iter().zip(frame.face).map(|(name, ours)| (weight(name) - ours).abs()).fold(0.0, f32::max);
        eprintln!(
            "{name}: {} bones within {:.3} mm, shape keys within {shapes:.6}",
            result["places"].as_object().unwrap().len(),
            1000.0 * worst
        );
        assert!(worst < 1e-3, "{name}: {worst} m");
        assert!(shapes < 1e-4, "{name}: {shapes}");
        assert!((result["end"].as_f64().unwrap() - 59.0).abs() < 1e-3);
    }
}

#[test]
fn blender_imports_usd_as_an_armature_and_shape_keys_that_move() {
    const SCRIPT: &str = "import bpy, json, sys\nbpy.ops.wm.read_factory_settings(use_empty=True)\nbpy.ops.wm.usd_import(filepath=sys.argv[1])\n\
        rig = [o for o in bpy.data.objects if o.type == 'ARMATURE'][0]\n\
        keys = [o for o in bpy.data.objects if o.type == 'MESH'][0].data.shape_keys.key_blocks\n\
        bpy.context.scene.frame_set(37)\n\
        print('RESULT ' + json.dumps({'bones': len(rig.pose.bones), 'end': max(a.frame_range[1] for a in bpy.data.actions), \
        'weights': {key.name: key.value for key in keys}}))";
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.usda");
    let take = moving::performance(2.0, 30.0);
    formats::write(&path, &take, &Info::default()).unwrap();
    let result = programs::result(Command::new(&python).arg("-c").arg(SCRIPT).arg(&path));
    assert_eq!((&result["bones"], &result["end"]), (&skeleton::COUNT.into(), &59.0.into()));
    for (k, name) in NAMES.iter().enumerate() {
        let off = (result["weights"][name].as_f64().unwrap() - f64::from(take.frames[37].face[k])).abs();
        assert!(off < 2e-5, "{name} is off by {off}");
    }
}

/// Places of our joints on an actor at rest, from its feet.
fn places_of(actor: &actor::Actor) -> Vec<Vec3> {
    let mut world: Vec<Vec3> = Vec::new();
    for node in &actor.nodes {
        assert!(
            node.rotation.angle_between(Quat::IDENTITY) < 1e-6 && (node.scale - Vec3::ONE).length() < 1e-6,
            "axes of built-in actors are the world's"
        );
        world.push(node.parent.map_or(node.translation, |parent| world[parent] + node.translation));
    }
    actor.joints.iter().map(|node| world[node.unwrap()]).collect()
}

/// The same in a frame, by forward kinematics.
fn posed(rest: &[Vec3], frame: &Frame) -> [Vec3; skeleton::COUNT] {
    let hips = rest[0] + (frame.body.hips - OFFSETS[0]) * (rest[0].y / OFFSETS[0].y);
    let offsets = std::array::from_fn(|k| rest[k] - JOINTS[k].parent.map_or(Vec3::ZERO, |parent| rest[parent]));
    skeleton::globals(&Pose { hips, ..frame.body.clone() }, &offsets).positions
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
        let result = programs::result(Command::new(&python).arg("-c").arg(SCRIPT).arg(&path).args([&unit.metres().to_string(), "30"]));
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
