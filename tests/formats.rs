//! Motion files: what is written comes back, what others wrote is understood, what is broken is refused.

use gestus::Error;
use gestus::body::skeleton::{self, JOINTS, OFFSETS};
use gestus::face::coefficients;
use gestus::formats::{self, Format, Info, Loaded};
use gestus::motion::{Frame, Gaze, Head, Performance, attach_head};
use glam::{Quat, Vec3};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Three seconds in which everything moves, each channel in its own way.
fn performance(fps: f64) -> Performance {
    let seconds = 2.987;
    let frames = (0..Performance::frames_for(seconds, fps)).map(|n| {
        let t = n as f32 / fps as f32;
        let mut frame = Frame { head: Head { yaw: 0.3 * t.sin(), pitch: 0.1 * (2.0 * t).cos(), roll: 0.05 * t }, ..Frame::default() };
        for (k, value) in frame.face.iter_mut().enumerate() {
            *value = 0.5 + 0.5 * (t * (1.0 + 0.1 * k as f32)).sin();
        }
        frame.look(Gaze { yaw: 0.2 * (3.0 * t).sin(), pitch: -0.1 * t.cos() });
        frame.body.hips = Vec3::new(0.05 * t.sin(), 0.93, 0.01 * t);
        for (k, rotation) in frame.body.rotations.iter_mut().enumerate() {
            let axis = Vec3::new(1.0, k as f32, -0.3 * k as f32).normalize();
            *rotation = Quat::from_axis_angle(axis, 0.9 * (t + k as f32).sin());
        }
        attach_head(&mut frame.body, frame.head);
        frame
    });
    Performance { fps, seconds, frames: frames.collect() }
}

fn info() -> Info {
    Info { audio: "talk \"one\".wav".into(), seed: u64::MAX, model: "test".into(), emotion: "joy:0.8".into() }
}

fn there_and_back(name: &str, performance: &Performance) -> (Loaded, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    formats::write(&path, performance, &info()).unwrap();
    (formats::read(&path).unwrap(), fs::read_to_string(&path).unwrap())
}

fn read(name: &str, bytes: impl AsRef<[u8]>) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    formats::read(&path)
}

fn refused(name: &str, bytes: impl AsRef<[u8]>, says: &str) {
    let Err(error) = read(name, bytes) else { panic!("accepted, though {says}") };
    let error = error.to_string();
    assert!(error.contains(says) && error.lines().count() == 1, "expected '{says}' in: {error}");
}

/// Angle between two rotations, radians; exact for small ones, where an arc cosine is not.
fn apart(a: Quat, b: Quat) -> f32 {
    2.0 * (a.conjugate() * b).xyz().length().min(1.0).asin()
}

/// The folder with other people's files, or nothing, said aloud.
fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !folder.join("formats").is_dir() {
        eprintln!("SKIPPED: {} has no sample files; set GESTUS_DATA", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn bvh_comes_back_as_it_was() {
    for fps in [24.0, 30.0, 59.94, 120.0] {
        let before = performance(fps);
        let (loaded, _) = there_and_back("a.bvh", &before);
        let after = loaded.performance;
        assert!(loaded.unused.is_empty());
        assert!((after.fps - fps).abs() < 1e-4, "{}", after.fps);
        assert_eq!(after.frames.len(), before.frames.len());
        for (a, b) in before.frames.iter().zip(&after.frames) {
            assert!((a.body.hips - b.body.hips).length() < 1e-4);
            for (k, joint) in JOINTS.iter().enumerate() {
                assert!(apart(a.body.rotations[k], b.body.rotations[k]) < 1e-3, "{}", joint.name);
            }
        }
    }
}

#[test]
fn bvh_is_what_another_reader_expects() {
    let before = performance(25.0);
    let (_, text) = there_and_back("a.bvh", &before);
    let bvh = bvh_anim::Bvh::from_bytes(text.as_bytes()).unwrap();
    assert!(text.contains("Frame Time: 0.040000000\n"));
    assert_eq!(bvh.joints().count(), skeleton::COUNT);
    assert_eq!(bvh.frames().count(), before.frames.len());
    let leaves = bvh.joints().filter(|j| j.data().has_end_site()).count();
    assert_eq!(leaves, 13); // head, two feet, ten fingers
    // Forward kinematics by the format's own rules meets our skeleton's, in centimetres.
    let frame = &before.frames[40];
    let ours = skeleton::globals(&frame.body, &OFFSETS);
    let values: Vec<f32> = bvh.frames().nth(40).unwrap().as_slice().to_vec();
    let mut globals: Vec<(Vec3, Quat)> = Vec::new();
    for joint in bvh.joints() {
        let data = joint.data();
        let first = data.channels()[0].motion_index();
        let (place, angles) = match data.parent_index() {
            None => (Vec3::from_slice(&values[first..first + 3]), &values[first + 3..first + 6]),
            Some(_) => (Vec3::new(data.offset().x, data.offset().y, data.offset().z), &values[first..first + 3]),
        };
        let [z, x, y] = [angles[0], angles[1], angles[2]].map(f32::to_radians);
        let turn = Quat::from_rotation_z(z) * Quat::from_rotation_x(x) * Quat::from_rotation_y(y);
        let (at, above) = data.parent_index().map_or((Vec3::ZERO, Quat::IDENTITY), |p| globals[p]);
        globals.push((at + above * place, above * turn));
        let expected = ours.positions[skeleton::index(&data.name().to_string()).unwrap()] * 100.0;
        assert!((globals[globals.len() - 1].0 - expected).length() < 0.01, "{}", data.name());
    }
}

#[test]
fn euler_curves_do_not_jump() {
    let mut turning = performance(30.0);
    for (n, frame) in turning.frames.iter_mut().enumerate() {
        frame.body.rotations[7] = Quat::from_rotation_z(0.12 * n as f32) * Quat::from_rotation_y(0.2);
    }
    let (_, text) = there_and_back("a.bvh", &turning);
    let rows: Vec<Vec<f32>> = text
        .lines()
        .skip_while(|l| !l.starts_with("Frame Time"))
        .skip(1)
        .map(|l| l.split(' ').map(|v| v.parse().unwrap()).collect())
        .collect();
    for pair in rows.windows(2) {
        assert!(pair[0].iter().zip(&pair[1]).all(|(a, b)| (a - b).abs() < 30.0));
    }
}

#[test]
fn json_comes_back_as_it_was() {
    let before = performance(30.0);
    let (loaded, text) = there_and_back("a.json", &before);
    let after = loaded.performance;
    assert_eq!((after.fps, after.seconds, after.frames.len()), (30.0, before.seconds, before.frames.len()));
    for (a, b) in before.frames.iter().zip(&after.frames) {
        assert!(a.face.iter().zip(&b.face).all(|(x, y)| (x - y).abs() < 6e-5));
        assert!((a.head.yaw - b.head.yaw).abs() < 1e-5 && (a.gaze.pitch - b.gaze.pitch).abs() < 1e-5);
        assert!((0..skeleton::COUNT).all(|k| apart(a.body.rotations[k], b.body.rotations[k]) < 1e-3));
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["source"]["audio"], "talk \"one\".wav");
    assert_eq!(document["source"]["seed"], u64::MAX);
    assert_eq!(document["frames"][3]["time"], 0.1);
}

#[test]
fn json_keeps_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../assets/schema/performance.schema.json")).unwrap();
    for performance in [performance(30.0), Performance { fps: 30.0, ..Performance::default() }] {
        let document: Value = serde_json::from_str(&there_and_back("a.json", &performance).1).unwrap();
        check(&schema, &schema, &document, "$").unwrap();
    }
    // The checker itself must be able to say no.
    let mut broken: Value = serde_json::from_str(&there_and_back("a.json", &performance(5.0)).1).unwrap();
    broken["frames"][1]["rotations"][4][2] = Value::from(1.5);
    assert!(check(&schema, &schema, &broken, "$").unwrap_err().contains("rotations[4][2]"));
    broken["frames"][0].as_object_mut().unwrap().remove("gaze");
    assert!(check(&schema, &schema, &broken, "$").unwrap_err().contains("gaze"));
}

/// The part of JSON Schema that ours uses; a keyword it does not know fails the test.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let fail = |what: String| Err(format!("{at}: {what}"));
    for (keyword, rule) in schema.as_object().unwrap() {
        let number = || rule.as_f64().unwrap();
        let items = value.as_array();
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "uniqueItems" => {}
            "$ref" => check(root, root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap(), value, at)?,
            "const" if rule != value => return fail(format!("not {rule}")),
            "type" => {
                let holds = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64() || value.is_i64(),
                    other => panic!("type {other}"),
                };
                if !holds {
                    return fail(format!("not of type {rule}"));
                }
            }
            "required" => {
                if let Some(name) = rule.as_array().unwrap().iter().find(|n| value.get(n.as_str().unwrap()).is_none()) {
                    return fail(format!("{name} is missing"));
                }
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                if let Some(name) = value.as_object().unwrap().keys().find(|k| !known.contains_key(*k)) {
                    return fail(format!("{name} is unknown"));
                }
            }
            "properties" => {
                for (name, inner) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(root, inner, member, &format!("{at}.{name}"))?;
                    }
                }
            }
            "items" => {
                for (n, item) in items.unwrap().iter().enumerate() {
                    check(root, rule, item, &format!("{at}[{n}]"))?;
                }
            }
            "minimum" if value.as_f64().unwrap() < number() => return fail(format!("{value} below {rule}")),
            "exclusiveMinimum" if value.as_f64().unwrap() <= number() => return fail(format!("{value} not above {rule}")),
            "maximum" if value.as_f64().unwrap() > number() => return fail(format!("{value} above {rule}")),
            "minItems" if (items.unwrap().len() as f64) < number() => return fail("too short".into()),
            "maxItems" if (items.unwrap().len() as f64) > number() => return fail("too long".into()),
            "const" | "minimum" | "exclusiveMinimum" | "maximum" | "minItems" | "maxItems" => {}
            other => panic!("schema keyword {other}"),
        }
    }
    Ok(())
}

#[test]
fn live_link_comes_back_as_it_was() {
    for fps in [30.0, 60.0] {
        let before = performance(fps);
        let (loaded, text) = there_and_back("a.csv", &before);
        let after = loaded.performance;
        assert_eq!((after.fps, after.frames.len()), (fps, before.frames.len()));
        assert!(text.lines().all(|l| l.split(',').count() == 63) && text.lines().nth(1).unwrap().starts_with("00:00:00:00.000,61,"));
        for (a, b) in before.frames.iter().zip(&after.frames) {
            assert!(a.face.iter().zip(&b.face).all(|(x, y)| (x - y).abs() < 1e-6));
            assert!((a.head.yaw - b.head.yaw).abs() < 1e-6 && (a.head.roll - b.head.roll).abs() < 1e-6);
            assert!((a.gaze.yaw - b.gaze.yaw).abs() < 1e-6 && (a.gaze.pitch - b.gaze.pitch).abs() < 1e-6);
        }
    }
}

#[test]
fn live_link_goes_by_name_and_says_what_it_means() {
    let mut performance = performance(30.0);
    performance.frames.iter_mut().for_each(|f| {
        f.face = [0.0; coefficients::COUNT];
        f.face[coefficients::index("jawLeft").unwrap()] = 0.25;
        f.face[coefficients::index("mouthRight").unwrap()] = 0.75;
        f.head = Head { yaw: 0.5, pitch: 0.25, roll: 0.125 };
        f.look(Gaze { yaw: 0.3, pitch: 0.1 });
    });
    let (_, text) = there_and_back("a.csv", &performance);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row: Vec<&str> = lines.nth(70).unwrap().split(',').collect();
    let value = |name: &str| row[names.iter().position(|n| *n == name).unwrap()].parse::<f32>().unwrap();
    assert_eq!((names[15 + 2], names[16 + 2], names[21 + 2]), ("JawRight", "JawLeft", "MouthRight"));
    assert_eq!((value("JawLeft"), value("JawRight"), value("MouthRight")), (0.25, 0.0, 0.75));
    // Yaw and roll are positive to the subject's right, pitch down.
    assert_eq!((value("HeadYaw"), value("HeadPitch"), value("HeadRoll")), (-0.5, 0.25, -0.125));
    assert_eq!((value("LeftEyeYaw"), value("RightEyePitch")), (-0.3, 0.1));
    // 70 frames at 30 fps are 2 s and 20 sixtieths.
    assert_eq!(row[0], "00:00:02:20.000");
}

#[test]
fn live_link_reads_the_app() {
    let Some(folder) = samples() else { return };
    let (_, ours) = there_and_back("a.csv", &performance(30.0));
    for (name, fps, frames) in
        [("livelinkface_MySlate_164_iPhone_cal_first240.csv", 60.0, 240), ("livelinkface_alex_rom_4_first300.csv", 30.0, 300)]
    {
        let path = folder.join("formats").join(name);
        let loaded = formats::read(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let header = text.lines().next().unwrap();
        assert_eq!(ours.lines().next().unwrap().to_lowercase(), header.to_lowercase());
        assert!(loaded.unused.is_empty());
        assert_eq!(loaded.performance.fps, fps);
        assert!(loaded.performance.frames.len() >= frames, "{}", loaded.performance.frames.len());
        // The app's gaze agrees with its coefficients.
        let (angles, coefficients): (Vec<f32>, Vec<f32>) =
            loaded.performance.frames.iter().map(|f| (f.gaze.pitch, Gaze::read(&f.face).pitch)).unzip();
        assert!(correlation(&angles, &coefficients) > 0.8);
    }
    let exact = fs::read_to_string(folder.join("formats/livelinkface_MySlate_164_iPhone_cal_first240.csv")).unwrap();
    assert_eq!(ours.lines().next(), exact.lines().next(), "the header to the byte");
    let extra = formats::read(&folder.join("formats/neurosync_shapes_68col_first120.csv")).unwrap();
    assert_eq!(extra.unused, ["Angry", "Disgusted", "Fearful", "Happy", "Neutral", "Sad", "Surprised"]);
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |x: &[f32]| x.iter().sum::<f32>() / x.len() as f32;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(usize) -> f32| (0..a.len()).map(f).sum::<f32>();
    sum(&|k| (a[k] - ma) * (b[k] - mb)) / (sum(&|k| (a[k] - ma).powi(2)) * sum(&|k| (b[k] - mb).powi(2))).sqrt()
}

#[test]
fn foreign_bvh_is_understood() {
    let Some(folder) = samples() else { return };
    for (name, frames, at_least) in [
        ("formats/bvh_mixamorig_test_freebvh.bvh", 69, 20),
        ("formats/bvh_zeggs_067_Speech_2_mixamo-retarget_first120.bvh", 120, 50),
        ("formats/bvh_Geno_stance.bvh", 2, 30),
        ("data/body/bvh_cases/zeggs_067_first120.bvh", 120, 50),
        ("formats/bvh_seg_ARMS_DESCEND-2_first60.bvh", 60, 30),
        ("data/body/bvh_cases/cmu_18_01.bvh", 303, 15),
        ("data/body/bvh_cases/bandai2_wave-both-hands_exhausted_001.bvh", 181, 12),
        ("data/body/bvh_cases/pybvh_test1_mixed_orders.bvh", 75, 15),
        ("data/body/bvh_cases/mixamorig_freebvh.bvh", 69, 20),
    ] {
        let loaded = formats::read(&folder.join(name)).unwrap();
        assert_eq!(loaded.performance.frames.len(), frames, "{name}");
        let moved = (0..skeleton::COUNT)
            .filter(|k| loaded.performance.frames.iter().any(|f| apart(f.body.rotations[*k], Quat::IDENTITY) > 1e-4))
            .count();
        eprintln!("{name}: {moved} joints move, {:?}, unused {:?}", loaded.notes, loaded.unused);
        assert!(moved >= at_least, "{name}: {moved}");
        // People stand on their feet, head up.
        let globals = skeleton::globals(&loaded.performance.frames[0].body, &OFFSETS);
        let at = |joint: &str| globals.positions[skeleton::index(joint).unwrap()];
        assert!(at("head").y > at("hips").y + 0.35 && at("hips").y > at("leftFoot").y + 0.5, "{name}");
        assert!(at("leftFoot").y.abs() < 0.3, "{name}: {}", at("leftFoot"));
    }
}

/// A small skeleton with `motion` after it.
fn small_bvh(motion: &str) -> String {
    "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation\nJOINT mixamorig:Spine\n{\nOFFSET 0 10 0\n\
     CHANNELS 3 Zrotation Yrotation Xrotation\nEnd Site\n{\nOFFSET 0 5 0\n}\n}\n}\n"
        .to_string()
        + motion
}

#[test]
fn odd_but_sound_bvh_is_read() {
    let motion = "MOTION\nFrames: 2\nFrame Time:\t.0333333\n1 90 2 0 0 0 0 0 30\n1e0 +90.0 2 0 0 0\n0 0 -3.0E+01\n";
    let plain = read("a.bvh", small_bvh(motion)).unwrap().performance;
    assert!((plain.fps - 30.0).abs() < 1e-3 && plain.frames.len() == 2);
    let spine = skeleton::index("chest").unwrap();
    assert!(apart(plain.frames[0].body.rotations[spine], Quat::from_rotation_x(30f32.to_radians())) < 1e-3);
    let variants = [
        format!("\u{feff}{}", small_bvh(motion)),
        small_bvh(motion).replace('\n', "\r\n"),
        small_bvh(motion).replace("Hips\n{", "Hips {").replace("ROOT", "Root").replace("CHANNELS", "channels"),
        small_bvh(motion).replace("Frames: 2", "Frames:2").replace('\n', "\n\n \t"),
        small_bvh(motion).replace("\n{\n", "{").replace("\n}", "}").replace("End Site", "End Site tip"),
        small_bvh(motion).replace("OFFSET 0 5 0", "OFFSET 0 5 0\nCHANNELS 0"),
        small_bvh(motion).replace("Frames: 2", "Frames: 7"),
    ];
    for variant in variants {
        assert_eq!(read("a.bvh", &variant).unwrap().performance, plain, "{variant}");
    }
    let miscounted = read("a.bvh", small_bvh(motion).replace("Frames: 2", "Frames: 7")).unwrap();
    assert!(miscounted.notes.iter().any(|note| note == "says that it has 7 frames and has 2"), "{:?}", miscounted.notes);
}

#[test]
fn broken_bvh_is_refused() {
    let one = "MOTION\nFrames: 1\nFrame Time: 0.033333\n1 90 2 0 0 0 0 0 30\n";
    refused("a.bvh", "", "HIERARCHY");
    refused("a.bvh", small_bvh(""), "MOTION");
    refused("a.bvh", small_bvh(&one.replace("s: 1", "s: 99999999999")), "99999999999");
    refused("a.bvh", small_bvh(&one.replace("s: 1", "s: 400000").replace("1 90 2 0 0 0 0 0 30\n", "")), "0 values follow");
    refused("a.bvh", small_bvh(&one.replace("30\n", "nan\n")), "'nan' in frame 0");
    refused("a.bvh", small_bvh(&one.replace("0.033333", "0")), "frame time");
    refused("a.bvh", small_bvh(&one.replace("0.033333", "-nan(ind)")), "frame time");
    refused("a.bvh", small_bvh(&one.replace("1 90", "90")), "8 values follow");
    refused("a.bvh", small_bvh(one).replace("JOINT mixamorig:Spine", "JOINT"), "no name");
    refused("a.bvh", small_bvh(one).replace("JOINT", "ROOT"), "single tree");
    refused("a.bvh", small_bvh(one) + &small_bvh(one), "no number");
    refused("a.bvh", small_bvh(one).replace("Zrotation", "Wrotation"), "a.bvh");
    refused("a.bvh", small_bvh(one).replace("OFFSET 0 10 0", "OFFSET 0 10 inf"), "OFFSET");
    refused("a.bvh", small_bvh(one).replace("Hips", "Dog").replace("Spine", "Tail"), "too few joints");
    refused("a.bvh", b"HIERARCHY \xff\xfe", "UTF-8");
    let deep = "JOINT a\n{\nOFFSET 0 0 0\nCHANNELS 0\n".repeat(5000);
    refused("a.bvh", format!("HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\nCHANNELS 0\n{deep}"), "single tree");
    // Cut anywhere, a file gives an error or a performance, never a panic.
    let whole = small_bvh(one);
    for end in 0..whole.len() {
        let _ = read("a.bvh", &whole[..end]);
    }
}

#[test]
fn broken_tables_and_documents_are_refused() {
    let (_, csv) = there_and_back("a.csv", &performance(30.0));
    refused("a.csv", "", "header");
    refused("a.csv", "time,value\n1,2\n", "header");
    refused("a.csv", csv.lines().next().unwrap(), "no rows");
    refused("a.csv", csv.replacen(",61,", ",61,x", 1), "line 2: 'x");
    refused("a.csv", csv.replacen("00:00:00:00.000", "noon", 1), "line 2: is no timecode");
    refused("a.csv", csv.replacen(",61,", ",61,0,", 1), "line 2: has 64 columns");
    refused("a.csv", csv.replacen("00:00:00:04.000", "23:00:00:00.000", 1), "line 4");
    refused("a.json", "{}", "a.json");
    refused("a.json", "[".repeat(100_000), "a.json");
    let (_, json) = there_and_back("a.json", &performance(5.0));
    refused("a.json", &json[..json.len() / 2], "EOF");
    refused("a.json", json.replacen("\"version\":1", "\"version\":9", 1), "version 9");
    refused("a.json", json.replacen("\"fps\":5", "\"fps\":0", 1), "fps 0");
    refused("a.json", json.replacen("\"face\":[", "\"face\":[0,", 1), "frame 0");
    assert!(matches!(formats::read(Path::new("no such file.bvh")), Err(Error::Io { .. })));
    assert!(Format::of(Path::new("a.fbx")).is_err());
}

#[test]
fn a_failed_write_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = performance(30.0);
    broken.fps = f64::NAN;
    assert!(formats::write(&folder.path().join("a.bvh"), &broken, &info()).is_err());
    assert!(formats::write(&folder.path().join("no/such/folder/a.bvh"), &performance(30.0), &info()).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
