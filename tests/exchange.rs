//! Files of other programs: what is written comes back, real samples are understood, damaged ones are refused in one line.

#[allow(dead_code)] // each test uses its part
mod common;
#[path = "common/moving.rs"]
mod moving;

use gestus::actor::Actor;
use gestus::body::skeleton::{self, COUNT, OFFSETS};
use gestus::direction::events::{Act, Event};
use gestus::direction::{Direction, Plan};
use gestus::emotion::Point;
use gestus::face::{coefficients, visemes};
use gestus::formats::bvh::{Layout, Profile};
use gestus::formats::{self, Format, Info, Loaded, Settings};
use gestus::motion::{Frame, Parts, Performance};
use moving::{performance, samples};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn written(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    formats::write(&path, &take(), &Info { audio: "talk.wav".into(), ..Info::default() }).unwrap();
    path
}

/// Two seconds in which everything moves a little.
fn take() -> Performance {
    performance(2.0, 30.0)
}

/// Formats that are read and hold motion frame by frame, BVH in all its profiles.
const CARRIERS: [(&str, Option<Profile>); 14] = [
    ("a.json", None),
    ("a.csv", None),
    ("a.a2f.json", None),
    ("a.a2f.csv", None),
    ("a.beat.json", None),
    ("a.glb", None),
    ("a.anim.glb", None),
    ("a.vrma", None),
    ("a.npz", None),
    ("vrm.bvh", Some(Profile::Vrm)),
    ("beat.bvh", Some(Profile::Beat)),
    ("zeggs.bvh", Some(Profile::Zeggs)),
    ("mixamo.bvh", Some(Profile::Mixamo)),
    ("biped.bvh", Some(Profile::Biped)),
];

fn through(folder: &Path, (name, profile): (&str, Option<Profile>), performance: &Performance, actor: &Arc<Actor>) -> Loaded {
    let path = folder.join(name);
    let bvh = Layout::of(profile.unwrap_or_default(), None);
    let settings = Settings { bvh, actor: Some(Arc::clone(actor)), ..Settings::default() };
    formats::write_as(Format::of(&path).unwrap(), &path, performance, &settings).unwrap();
    formats::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The largest differences of what both hold, `b` as read from a file: coefficients, degrees of head and gaze, millimetres of any joint.
fn apart(a: &Loaded, b: &Loaded, file: &str) -> [Option<f32>; 4] {
    let mut worst = [0f32; 4];
    let format = Format::of(Path::new(file)).unwrap();
    // BEAT has a rate of its own.
    let fps = a.performance.fps.min(b.performance.fps);
    let at_rate = |p: &Performance| if p.fps == fps { p.clone() } else { p.resample(fps) };
    let (first, second) = (at_rate(&a.performance), at_rate(&b.performance));
    assert_eq!((first.frames.len(), first.fps), (second.frames.len(), second.fps));
    for (x, y) in first.frames.iter().zip(&second.frames) {
        let faces = (0..coefficients::COUNT).filter(|k| !format.lacks(coefficients::NAMES[*k])).map(|k| (x.face[k] - y.face[k]).abs());
        worst[0] = faces.fold(worst[0], f32::max);
        let turns = [(x.head.yaw, y.head.yaw), (x.head.pitch, y.head.pitch), (x.head.roll, y.head.roll)];
        worst[1] = turns.iter().map(|(a, b)| (a - b).abs().to_degrees()).fold(worst[1], f32::max);
        worst[2] = [x.gaze.yaw - y.gaze.yaw, x.gaze.pitch - y.gaze.pitch].iter().map(|d| d.abs().to_degrees()).fold(worst[2], f32::max);
        let (x, y) = (skeleton::globals(&x.body, &OFFSETS), skeleton::globals(&y.body, &OFFSETS));
        worst[3] = (0..COUNT).map(|k| 1000.0 * x.positions[k].distance(y.positions[k])).fold(worst[3], f32::max);
    }
    let both = |f: fn(&Parts) -> bool| f(&a.parts) && f(&b.parts);
    let there = [both(|p| p.face), both(|p| p.head), both(|p| p.gaze), both(|p| p.body)];
    std::array::from_fn(|k| there[k].then_some(worst[k]))
}

/// From every format into every other: what both can carry is the same, within rounding.
#[test]
fn every_pair_of_formats_agrees() {
    const NAMES: [&str; 4] = ["face", "head, degrees", "gaze, degrees", "joints, mm"];
    // Rounded are coefficients to 4 decimals, angles to 5 of a radian or 4 of a degree, one joint after another.
    const MOST: [f32; 4] = [1e-4, 0.005, 0.005, 0.1];
    let folder = tempfile::tempdir().unwrap();
    let actor = Arc::new(gestus::actor::builtin("ada").unwrap());
    let original = Loaded { performance: take(), parts: Parts::ALL, unused: Vec::new(), notes: Vec::new() };
    let mut table = vec![Vec::new(); CARRIERS.len()];
    for (row, from) in CARRIERS.into_iter().enumerate() {
        let first = through(folder.path(), from, &original.performance, &actor);
        table[row].push((from.0, apart(&original, &first, from.0)));
        for to in CARRIERS {
            let second = through(folder.path(), to, &first.performance, &actor);
            table[row].push((to.0, apart(&first, &second, to.0)));
        }
    }
    for (k, name) in NAMES.iter().enumerate() {
        let head: String = CARRIERS.iter().map(|(to, _)| format!("{to:>12}")).collect();
        eprintln!("{name}\n{:12}{:>12}{head}", "from \\ to", "original");
        for (row, (from, _)) in table.iter().zip(CARRIERS) {
            let cells: String = row.iter().map(|(_, d)| d[k].map_or(format!("{:>12}", "-"), |d| format!("{d:12.6}"))).collect();
            eprintln!("{from:12}{cells}");
        }
    }
    for (row, (from, _)) in table.iter().zip(CARRIERS) {
        for (to, differences) in row {
            for (k, difference) in differences.iter().enumerate() {
                assert!(difference.is_none_or(|d| d <= MOST[k]), "{from} to {to}: {} {difference:?}", NAMES[k]);
            }
        }
    }
}

/// Cues hold no more than the mouth's shape; that they keep.
#[test]
fn cues_stay_the_same_cues() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("a.tsv", "a.rhubarb.json"), ("a.rhubarb.json", "a.tsv"), ("a.oculus.tsv", "a.oculus.json")] {
        let first = formats::read(&written(folder.path(), from)).unwrap().performance;
        formats::write(&folder.path().join(to), &first, &Info::default()).unwrap();
        let second = formats::read(&folder.path().join(to)).unwrap().performance;
        assert_eq!(first.frames.len(), second.frames.len());
        let far =
            first.frames.iter().zip(&second.frames).filter(|(a, b)| a.face.iter().zip(&b.face).any(|(a, b)| (a - b).abs() > 0.3)).count();
        assert!(far <= first.frames.len() / 4, "{from} to {to}: {far} frames");
    }
}

#[test]
fn cues_follow_the_mouth() {
    let folder = tempfile::tempdir().unwrap();
    let mut spoken = Performance { fps: 30.0, seconds: 2.0, frames: vec![Frame::default(); 60].into() };
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
        ("neurosync_shapes_68col_first120.csv", 120, 60.0),
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

#[test]
fn motion_is_converted_carried_over_and_drawn() {
    let place = common::Place::new();
    formats::write(&place.path("take.json"), &take(), &Info::default()).unwrap();
    let run = place.run("convert take.json take.csv take.bvh take.vrma --check").succeeded();
    let text = String::from_utf8(run.stdout).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("take.csv: largest differences after reading back: 0 frames, face 0.0000"), "{text}");
    assert!(run.stderr.contains("take.csv: 60 frames at 30 a second, without the body"), "{}", run.stderr);
    place.run("convert take.csv face.a2f.json face.beat.json").succeeded();
    let still = place.run("convert face.a2f.json still.bvh --check").succeeded();
    assert!(still.stderr.contains("still.bvh: warning: nothing that was read has a place in it"), "{}", still.stderr);
    let beat = place.run("convert take.json take.beat.json take.npz --check").succeeded();
    assert!(beat.stderr.contains("no tongue") && beat.stderr.contains("expressions are left at zero"), "{}", beat.stderr);
    let checked = String::from_utf8(beat.stdout).unwrap();
    assert!(checked.contains("take.beat.json: largest differences after reading back: 0 frames, face 0.0000"), "{checked}");
    assert!(checked.contains("take.npz") && checked.contains("joints 0.00 mm"), "{checked}");
    let info = Info { emotion: "happy @0 > sad @1s".into(), audio: "talk.wav".into(), ..Info::default() };
    formats::write(&place.path("told.json"), &take(), &info).unwrap();
    place.run("convert told.json talk.srt again.json").succeeded();
    assert_eq!(formats::json::source(&place.read("again.json")), Some(info));
    assert!(String::from_utf8(place.read("talk.srt")).unwrap().starts_with("1\n00:00:00,000 --> 00:00:01,000\nhappy > sad\n"));
    assert!(place.run("convert take.csv talk.srt").failed(1).stderr.contains("under which direction"));
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

/// Timecodes count sixtieths in the app's files and frames in others; columns stand anywhere; takes run past midnight.
#[test]
fn live_link_of_any_clock_and_any_order_is_read() {
    for (base, fps) in [(60, 60), (60, 30), (30, 30), (25, 25), (24, 24), (120, 120)] {
        let mut text = String::from("JawOpen,\"Timecode\",Extra,HeadYaw,EyeBlinkLeft\n");
        for n in 0..5 * fps {
            let (second, frame) = (86_398 + n / fps, n % fps * (base / fps));
            let clock = format!("{:02}:{:02}:{:02}:{frame:02}.000", second / 3600 % 24, second / 60 % 60, second % 60);
            text += &format!("{:.4},{clock},7,0.25,0.5\n", n as f64 / (5.0 * fps as f64));
        }
        let loaded = formats::read_bytes(Format::LiveLink, text.as_bytes(), "a.csv").unwrap();
        let Performance { fps: found, frames, .. } = loaded.performance;
        assert_eq!((found, frames.len(), loaded.unused.len()), (f64::from(fps), 5 * fps as usize, 1), "{base} to the second");
        assert_eq!(loaded.notes.is_empty(), base == 60, "{:?}", loaded.notes);
        let middle = &frames[2 * fps as usize];
        assert!((middle.face[coefficients::index("jawOpen").unwrap()] - 0.4).abs() < 1e-3 && (middle.head.yaw + 0.25).abs() < 1e-6);
    }
}

/// A table of a jaw that opens within two seconds at 30 frames a second; `time` and `row` write what stands in it.
fn table(header: &str, row: impl Fn(usize) -> String) -> String {
    (0..60).fold(format!("{header}\n"), |text, n| text + &row(n) + "\n")
}

/// What other programs make of the app's table: other clocks, names, units, delimiters and rows without a face.
#[test]
fn tables_in_other_spellings_are_read() {
    let jaw = |n: usize| n as f64 / 60.0;
    let seconds = |n: usize| n as f64 / 30.0;
    let code = |n: usize| format!("00:00:{:02}:{:02}", n / 30, n % 30);
    let cases = [
        ("seconds", table("timecode,jawOpen", |n| format!("{},{}", seconds(n), jaw(n))), ""),
        ("clock with seconds", table("Time,jawOpen", |n| format!("00:00:{:06.3},{}", seconds(n), jaw(n))), ""),
        ("milliseconds", table("Timestamp,jaw_open", |n| format!("{},{}", n * 1000 / 30, jaw(n))), "times are milliseconds"),
        ("numbers of frames", table("Timecode,JawOpen", |n| format!("{},{}", n + 100, jaw(n))), "counted, not timed"),
        ("no time at all", table("JawOpen,JawLeft", |n| format!("{},0", jaw(n))), "counted, not timed"),
        ("semicolons and decimal commas", table("time;jawOpen", |n| format!("{:.4};{:.4}", seconds(n), jaw(n)).replace('.', ",")), ""),
        ("tabs and Windows", table("Timecode\tjawOpen\r", |n| format!("{}\t{}\r", code(n), jaw(n))), "30 frames to the second"),
        ("percent", table("time,JawOpen,mouthSmile_L", |n| format!("{},{},60", seconds(n), 100.0 * jaw(n))), "percent"),
        ("delimiter at the end", table("time,jawOpen,", |n| format!("{},{},", seconds(n), jaw(n))), ""),
        ("Audio2Face", table("timecode,blendShapes.JawOpen,HeadYaw", |n| format!("{},{},9", seconds(n), jaw(n))), ""),
        ("words", table("time,jawOpen,mood", |n| format!("{},{},glad", seconds(n), jaw(n))), ""),
        ("degrees", table("time,jawOpen,Head_Yaw", |n| format!("{},{},-45", seconds(n), jaw(n))), "degrees"),
        (
            "rows without a face",
            table(
                "Timecode,BlendshapeCount,JawOpen",
                |n| if n == 20 { format!("{},0", code(n)) } else { format!("{},1,{}", code(n), jaw(n)) },
            ),
            "no face was seen, bridged: 1",
        ),
        ("two rows at one time", table("time,jawOpen", |n| format!("{},{}", seconds(n - usize::from(n == 30)), jaw(n))), ""),
    ];
    for (case, text, note) in cases {
        let loaded = formats::read_bytes(Format::LiveLink, text.as_bytes(), "a.csv").unwrap_or_else(|e| panic!("{case}: {e}"));
        let Performance { fps, frames, .. } = &loaded.performance;
        assert_eq!((*fps, frames.len()), (30.0, 60), "{case}");
        let jaw = |n: usize| frames[n].face[coefficients::index("jawOpen").unwrap()];
        assert!([10, 20, 50].iter().all(|n| (jaw(*n) - *n as f32 / 60.0).abs() < 2e-3), "{case}: {} {}", jaw(10), jaw(20));
        assert_eq!(loaded.notes.is_empty(), note.is_empty(), "{case}: {:?}", loaded.notes);
        assert!(loaded.notes.concat().contains(note), "{case}: {:?}", loaded.notes);
        assert_eq!(loaded.unused.concat(), if case == "words" { "mood" } else { "" }, "{case}");
        let turned = if case == "degrees" { 45f32.to_radians() } else { 0.0 };
        assert!((frames[9].head.yaw - turned).abs() < 1e-5 && loaded.parts.head == (case == "degrees"), "{case}");
    }
}

/// Shapes in other spellings drive ARKit's: halves of what ARKit has whole the larger one, a shape of both sides both.
#[test]
fn shapes_in_other_spellings_are_read() {
    let text =
        "time,browInnerUp_L,browInnerUp_R,mouthSmile,EyeBlink_L,eyeBlinkLeft,tongueTipUp\n0,0.2,0.6,0.5,0.9,0.1,1\n0.04,0,0,0,0,0,0\n";
    let loaded = formats::read_bytes(Format::LiveLink, text.as_bytes(), "a.csv").unwrap();
    let face = |name: &str| loaded.performance.frames[0].face[coefficients::index(name).unwrap()];
    let found = ["browInnerUp", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft"].map(face);
    assert_eq!(found, [0.6, 0.5, 0.5, 0.1]);
    assert_eq!(loaded.unused, ["EyeBlink_L", "tongueTipUp"], "what has a column of its own is not taken from another");
    let json = r#"{"facsNames":["jaw_open"],"weightMat":[[0.5],[0.25]]}"#;
    let loaded = formats::read_bytes(Format::Json, json.as_bytes(), "a.json").unwrap();
    assert_eq!((loaded.performance.fps, loaded.notes.len()), (30.0, 1));
    assert_eq!(loaded.performance.frames[1].face[coefficients::index("jawOpen").unwrap()], 0.25);
}

/// A GLB file of a document and its bytes.
fn glb(json: &serde_json::Value, bytes: &[u8]) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let length = |n: usize| (n as u32).to_le_bytes();
    let head = [&b"glTF"[..], &2u32.to_le_bytes(), &length(28 + text.len() + bytes.len()), &length(text.len()), b"JSON"].concat();
    [&head, &text[..], &length(bytes.len()), b"BIN\0", bytes].concat()
}

/// Keys that are zero but for a few may be stored as those few.
#[test]
fn sparse_keys_of_animation_are_read() {
    let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let bytes = [floats(&[0.0, 0.5, 1.0, 0.8]), vec![1, 0, 0, 0]].concat();
    let mut file = serde_json::json!({
        "asset": { "version": "2.0" },
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [], "extras": { "targetNames": ["Jaw_Open"] } }],
        "buffers": [{ "byteLength": bytes.len() }],
        "bufferViews": [{ "buffer": 0, "byteLength": 12 }, { "buffer": 0, "byteOffset": 12, "byteLength": 4 },
            { "buffer": 0, "byteOffset": 16, "byteLength": 1 }],
        "accessors": [
            { "componentType": 5126, "count": 3, "type": "SCALAR", "bufferView": 0 },
            { "componentType": 5126, "count": 3, "type": "SCALAR", "sparse": { "count": 1,
                "indices": { "bufferView": 2, "componentType": 5121 }, "values": { "bufferView": 1 } } },
        ],
        "animations": [{
            "samplers": [{ "input": 0, "output": 1 }],
            "channels": [{ "sampler": 0, "target": { "node": 0, "path": "weights" } }],
        }, {}],
    });
    let loaded = formats::read_bytes(Format::Glb, &glb(&file, &bytes), "a.glb").unwrap();
    let jaw = |n: usize| loaded.performance.frames[n].face[coefficients::index("jawOpen").unwrap()];
    assert_eq!((loaded.performance.frames.len(), jaw(0), jaw(15), jaw(30)), (31, 0.0, 0.8, 0.0));
    assert_eq!(loaded.notes, ["holds 2 animations: the first is read"]);
    file["accessors"][1]["sparse"]["indices"]["byteOffset"] = 1.into();
    assert!(
        formats::read_bytes(Format::Glb, &glb(&file, &bytes), "a.glb").is_ok_and(|loaded| loaded.performance.frames[0].face[17] == 0.8)
    );
    file["accessors"][1]["sparse"]["values"]["byteOffset"] = 8.into();
    let error = formats::read_bytes(Format::Glb, &glb(&file, &bytes), "a.glb").unwrap_err();
    assert!(error.to_string().contains("accessor 1 has sparse values that go beyond the file"), "{error}");
}

/// Avatars without ARKit's expressions move by VRM's own, which read back as the face they show.
#[test]
fn vrm_animation_for_any_avatar_has_vrms_own_expressions() {
    let id = |name: &str| coefficients::index(name).unwrap();
    let mut take = take();
    for (n, frame) in take.frames.iter_mut().enumerate() {
        frame.face = [0.0; coefficients::COUNT];
        frame.face[id("eyeBlinkLeft")] = n as f32 / 60.0;
        visemes::SHAPES[10].iter().for_each(|(k, share)| frame.face[*k] = *share);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.presets.vrma");
    formats::write(&path, &take, &Info::default()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let file: serde_json::Value = serde_json::from_slice(&bytes[20..20 + length]).unwrap();
    let expressions = &file["extensions"]["VRMC_vrm_animation"]["expressions"];
    let names: Vec<&str> = expressions["preset"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(expressions["custom"].is_null() && names.len() == 12 && names.contains(&"aa") && names.contains(&"blinkRight"), "{names:?}");
    let Loaded { performance: back, unused, .. } = formats::read(&path).unwrap();
    assert!(unused.is_empty() && back.frames.len() == take.frames.len());
    for (a, b) in take.frames.iter().zip(&back.frames) {
        assert!((a.face[id("eyeBlinkLeft")] - b.face[id("eyeBlinkLeft")]).abs() < 1e-4 && b.face[id("eyeBlinkRight")] < 1e-4);
        assert!((a.face[id("jawOpen")] - b.face[id("jawOpen")]).abs() < 0.15, "{} {}", a.face[id("jawOpen")], b.face[id("jawOpen")]);
        assert!((a.gaze.yaw - b.gaze.yaw).abs() < 1e-4 && (a.body.hips - b.body.hips).length() < 1e-4);
    }
}

/// A direction that leaves as subtitles comes back as the same plan.
#[test]
fn the_direction_is_written_as_subtitles_that_are_the_same_direction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.srt");
    let seconds = 9.87;
    let frames = Performance::frames_for(seconds, 30.0);
    let heard = vec![gestus::emotion::affect(0.3, -0.4); frames];
    let silence = Performance { fps: 30.0, seconds, frames: vec![Frame::default(); frames].into() };
    for text in [
        "neutral",
        "happy:0.8",
        "joy:0.6+surprise:0.3 - fear:0.2",
        "neutral @0 > happy @2.5s > sad:0.4 @80%",
        "happy > sad ease snap > angry:1.2 ease slow-in",
        "calm @1s-2s > furious @3s-5s ease linear; brows=angry:0.5 @1s-4s; mouth=happy @20% > neutral @90%; disgust:0.3 @6s-7s",
        "va(-0.6,0.7):0.5 + auto:0.4",
        "auto - happy",
        "quietly furious, a raised left brow",
        "head=\"not at all happy\"; browInnerUp:0.25 + jawOpen:0.1 @3s-5s",
        "\"extremely furious\":1.5 @2s > \"a little sad, tired\" @5s",
    ] {
        let mut direction = Direction::parse(text).unwrap();
        direction.events = ["2.1s nod", "3s-5s look 20,-8", "6s wink left", "7s-9s speak smiling", "1.2s gesture stop left"]
            .map(|e| e.parse().unwrap())
            .into();
        let settings = Settings { direction: Some(direction.clone()), ..Settings::default() };
        formats::write_as(Format::Srt, &path, &silence, &settings).unwrap();
        let subtitles = fs::read_to_string(&path).unwrap();
        let back = Direction::from_file(&subtitles, &path).unwrap_or_else(|e| panic!("{text}: {e}\n{subtitles}"));
        let (before, after) = (direction.plan(seconds, frames, &heard), back.plan(seconds, frames, &heard));
        let off = difference(&before, &after);
        eprintln!("{text}: {} cues, off by {off:.6}", subtitles.matches("-->").count());
        assert!(off < 2e-3, "{text}: {off}\n{subtitles}");
    }
    assert!(formats::write_as(Format::Srt, &path, &silence, &Settings::default()).unwrap_err().to_string().contains("no direction"));
}

/// The largest difference of two plans; endless where they are not of one kind.
fn difference(a: &Plan, b: &Plan) -> f32 {
    let points = |a: &[Point], b: &[Point]| {
        assert_eq!(a.len(), b.len());
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let mut worst = points(&a.emotion, &b.emotion);
    let regions = |plan: &Plan| plan.regions.iter().map(|(region, _)| *region).collect::<Vec<_>>();
    let muscles = |plan: &Plan| plan.muscles.iter().map(|(muscle, _)| *muscle).collect::<Vec<_>>();
    let away = |plan: &Plan| plan.away.iter().map(|(region, _)| *region).collect::<Vec<_>>();
    assert_eq!((regions(a), muscles(a), away(a), a.events.len()), (regions(b), muscles(b), away(b), b.events.len()));
    a.regions.iter().zip(&b.regions).for_each(|((_, a), (_, b))| worst = worst.max(points(a, b)));
    a.away.iter().zip(&b.away).for_each(|((_, a), (_, b))| worst = worst.max(points(a, b)));
    for ((_, a), (_, b)) in a.muscles.iter().zip(&b.muscles) {
        worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
    }
    for event in &a.events {
        let same = |other: &&Event| (other.start - event.start).abs() < 1e-3 && (other.end - event.end).abs() < 2e-3;
        let there = b.events.iter().filter(same).any(|other| match (&event.act, &other.act) {
            (Act::Look(a), Act::Look(b)) => (a.yaw - b.yaw).abs() + (a.pitch - b.pitch).abs() < 1e-4,
            (a, b) => a == b,
        });
        assert!(there, "{event:?} in {:?}", b.events);
    }
    worst
}
