//! Avatars from elsewhere: what is found in real ones, what their spellings mean, and that no file, however broken, breaks gestus.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use gestus::actor::{self, Actor, Channel, Driver, Map, Report, Speech, build};
use gestus::face::{coefficients, visemes};
use gestus::motion::Frame;
use gestus::render::{Backend, Renderer, View};
use std::path::{Path, PathBuf};

/// The folder of real avatars.
fn data() -> Option<PathBuf> {
    let root = std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("avatars");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is missing; set GESTUS_DATA", folder.display());
        return None;
    }
    Some(folder)
}

fn open(path: &Path) -> gestus::Result<(Actor, Report)> {
    actor::open(path, &Map::default())
}

/// What is in each file: how it speaks, coefficients that move something, joints, triangles, the way it faced, its rest pose.
#[rustfmt::skip]
const REAL: [(&str, Speech, usize, usize, usize, &str, &str); 20] = [
    ("talkinghead_brunette-t.glb", Speech::Coefficients, 52, 52, 13317, "+z", "T"),
    ("talkinghead_vroid_meshopt_webp.glb", Speech::Visemes, 29, 52, 40792, "+z", "T"),
    ("three_facecap_ktx2_meshopt.glb", Speech::Coefficients, 51, 1, 8042, "+z", ""),
    ("rocketbox_male_08_facial_sparse.glb", Speech::Coefficients, 52, 52, 7364, "+z", "A"),
    ("rocketbox_female_01_nomorph.glb", Speech::Jaw, 0, 52, 8732, "+z", "A"),
    ("vrm0_cryptovoxels.vrm", Speech::None, 0, 43, 4907, "-z", "T"),
    ("vrm1_debug_robot.vrm", Speech::None, 0, 51, 792, "+z", "T"),
    ("vrm1_springbone_conformance.vrm", Speech::None, 0, 19, 2400, "+z", "T"),
    ("khronos_RiggedFigure.glb", Speech::None, 0, 19, 256, "+z", "A"),
    ("khronos_Box.glb", Speech::None, 0, 0, 12, "unknown", ""),
    ("khronos_Box_embedded.gltf", Speech::None, 0, 0, 12, "unknown", ""),
    ("khronos_MorphStressTest.gltf", Speech::None, 0, 0, 2412, "unknown", ""),
    ("box_sparse.glb", Speech::None, 0, 0, 12, "unknown", ""),
    ("singleBlendshapeCube_sparse.glb", Speech::None, 0, 0, 12, "unknown", ""),
    ("texture_transform/09_texture_transform.gltf", Speech::None, 0, 0, 2, "unknown", ""),
    ("unlit/01_unlit.gltf", Speech::None, 0, 0, 88, "unknown", ""),
    ("compressed/BoxMeshopt.glb", Speech::None, 0, 0, 12, "unknown", ""),
    ("compressed/BoxMeshopt.gltf", Speech::None, 0, 0, 12, "unknown", ""),
    ("compressed/BoxDraco.gltf", Speech::None, 0, 0, 12, "unknown", ""),
    ("compressed/DracoSparseMesh.gltf", Speech::None, 0, 0, 102, "unknown", ""),
];

#[test]
fn real_avatars_hold_what_they_hold() {
    let Some(folder) = data() else { return };
    for (file, speech, shapes, joints, triangles, facing, rest) in REAL {
        let (actor, report) = open(&folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!((report.speech, report.coefficients, report.triangles), (speech, shapes, triangles), "{file}");
        assert_eq!(actor.joints.iter().flatten().count(), joints, "{file}");
        let faced = if report.stance.facing == "unknown" || joints > 0 { report.stance.facing.as_str() } else { facing };
        assert_eq!((faced, report.stance.rest.as_str()), (facing, rest), "{file}");
        for mesh in &actor.meshes {
            assert!(mesh.triangles.iter().flatten().all(|v| (*v as usize) < mesh.positions.len()), "{file}");
            assert!(mesh.joints.iter().flatten().all(|j| mesh.skin.iter().any(|(n, _)| *n == usize::from(*j))), "{file}");
        }
        assert!(report.to_string().contains("face:") && report.summary().lines().count() == 2, "{file}");
    }
}

/// A picture of every avatar holds something else than its background, and changes where the face or the body moves.
#[test]
fn real_avatars_are_drawn_and_move() {
    let Some(folder) = data() else { return };
    for (file, speech, ..) in REAL.into_iter().take(9) {
        let (actor, _) = open(&folder.join(file)).unwrap();
        let view = View { width: 96, height: 96, background: gestus::render::Background::Transparent, ..View::default() };
        let renderer = Renderer::new(Backend::Cpu, &actor, &view).unwrap();
        let still = renderer.draw(&Frame::default()).unwrap();
        let covered = still.rgba.chunks_exact(4).filter(|p| p[3] > 128).count();
        assert!(covered > 400, "{file}: {covered} pixels");
        let mut frame = Frame::default();
        frame.face[coefficients::id::JAW_OPEN] = 0.7;
        let opened = renderer.draw(&frame).unwrap();
        assert_eq!(still != opened, speech != Speech::None, "{file}");
        let mut frame = Frame::default();
        gestus::motion::attach_head(&mut frame.body, gestus::motion::Head { yaw: 0.6, ..Default::default() });
        assert!(renderer.draw(&frame).unwrap() != still, "{file}");
    }
}

/// Each broken file gives one line that names it; a bind to a morph that is not there is left out.
#[test]
fn broken_avatars_are_named() {
    let Some(folder) = data() else { return };
    for (file, says) in [
        ("duplicate_humanoid_bone.vrm", "same node"),
        ("facecap_corrupt.glb", "too early"),
        ("html_saved_as.glb", "web page"),
        ("malformed_glb_json.vrm", "not a glTF file"),
        ("nonfinite_transform.vrm", "column"),
        ("out_of_range_joints.vrm", "joints"),
        ("unmapped_humanoid_node.vrm", "999"),
    ] {
        let error = open(&folder.join("bad").join(file)).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(says) && !error.contains('\n'), "{error}");
    }
    let (_, report) = open(&folder.join("bad/oob_expression_morph.vrm")).unwrap();
    assert!(report.ignored.keys().any(|k| k.contains("expressions name morphs")), "{:?}", report.ignored);
}

#[test]
fn files_beside_are_found_only_from_a_path() {
    let Some(folder) = data() else { return };
    let path = folder.join("compressed/BoxMeshopt.gltf");
    assert!(open(&path).is_ok());
    let error = actor::load(&std::fs::read(&path).unwrap(), "box.gltf").unwrap_err();
    assert!(error.hint().is_some_and(|h| h.contains("GLB")), "{error}");
}

/// Pseudo-random numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Changes, cuts and doubles bytes; three in four changes hit the text, where the structure is.
fn damage(good: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bad = good.to_vec();
    let binary = good.starts_with(b"glTF");
    let text = if binary { u32::from_le_bytes(good[12..16].try_into().unwrap()) as usize } else { good.len() };
    for _ in 0..1 + dice.below(6) {
        let in_text = dice.below(4) > 0;
        let start = if binary { 20 } else { 0 };
        let at = if in_text { start + dice.below(text) } else { dice.below(bad.len()) };
        let Some(byte) = bad.get_mut(at) else { continue };
        *byte = match (in_text, *byte) {
            (true, b'0'..=b'9') => b"0123456789-"[dice.below(11)],
            (true, letter) if dice.below(2) == 0 => letter.wrapping_add(1),
            (true, same) => same,
            (false, _) => dice.below(256) as u8,
        };
    }
    if dice.below(8) == 0 {
        bad.truncate(dice.below(bad.len()));
        if binary && bad.len() > 12 {
            let length = bad.len() as u32;
            bad[8..12].copy_from_slice(&length.to_le_bytes());
        }
    }
    bad
}

#[test]
fn damaged_avatars_never_break_anything() {
    let Some(folder) = data() else { return };
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let place = Place::new();
    let (mut loaded, mut refused) = (0, 0);
    for (file, ..) in REAL {
        let good = std::fs::read(folder.join(file)).unwrap();
        let rounds = if good.len() > 1_000_000 { 4 } else { 30 };
        for beside in std::fs::read_dir(folder.join(file).parent().unwrap()).unwrap().flatten() {
            if beside.path().extension().is_some_and(|e| e == "bin" || e == "png") {
                place.write(&beside.file_name().to_string_lossy(), &std::fs::read(beside.path()).unwrap());
            }
        }
        for _ in 0..rounds {
            place.write("damaged.glb", &damage(&good, &mut dice));
            match open(&place.path("damaged.glb")) {
                Err(e) => {
                    assert!(!e.to_string().is_empty() && !e.to_string().contains('\n'), "{e}");
                    refused += 1;
                }
                Ok((actor, _)) => {
                    let view = View { width: 24, height: 24, ..View::default() };
                    if actor.meshes.iter().map(|m| m.triangles.len()).sum::<usize>() < 10_000
                        && let Ok(renderer) = Renderer::new(Backend::Cpu, &actor, &view)
                    {
                        let _ = renderer.draw(&Frame::default());
                    }
                    loaded += 1;
                }
            }
        }
    }
    assert!(loaded > 50 && refused > 50, "{loaded} loaded, {refused} refused: the damage is too weak or too strong");
}

/// Our own actor with the given names for some of its shapes and nothing else.
fn renamed(names: &[(&str, &str)]) -> (Actor, Report) {
    let mut made = build::build(&build::Parameters::default());
    for mesh in &mut made.meshes {
        mesh.morphs.retain(|m| names.iter().any(|(ours, _)| *ours == m.name));
        for morph in &mut mesh.morphs {
            morph.name = names.iter().find(|(ours, _)| *ours == morph.name).unwrap().1.into();
        }
    }
    let place = Place::new();
    place.write("made.glb", &actor::write_glb(&made).unwrap());
    open(&place.path("made.glb")).unwrap()
}

fn drives(actor: &Actor, name: &str) -> Driver {
    actor.meshes.iter().flat_map(|m| &m.morphs).find(|m| m.name == name).unwrap().driver.clone()
}

#[test]
fn vowels_alone_are_enough_to_speak() {
    let (actor, report) = renamed(&[
        ("jawOpen", "あ"),
        ("mouthSmileLeft", "い"),
        ("mouthPucker", "う"),
        ("mouthStretchLeft", "え"),
        ("mouthFunnel", "お"),
        ("eyeBlinkLeft", "まばたき"),
    ]);
    assert_eq!(report.speech, Speech::Vowels);
    assert_eq!(drives(&actor, "あ"), Driver::Mix(vec![(Channel::Vowel(0), 1.0)]));
    let blink: Vec<Channel> = match drives(&actor, "まばたき") {
        Driver::Mix(mix) => mix.into_iter().map(|(c, _)| c).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(blink, [Channel::Coefficient(coefficients::id::EYE_BLINK_LEFT), Channel::Coefficient(coefficients::id::EYE_BLINK_RIGHT)]);
    assert!(report.missing.iter().any(|a| a.missing.contains("lips")), "{:?}", report.missing);
}

#[test]
fn doubles_stay_still() {
    let (actor, report) = renamed(&[("jawOpen", "JawOpen"), ("mouthFunnel", "mouthOpen"), ("mouthPucker", "Jaw_Open")]);
    assert_eq!(drives(&actor, "JawOpen"), Driver::Coefficient(coefficients::id::JAW_OPEN));
    assert_eq!(drives(&actor, "mouthOpen"), Driver::None);
    assert_eq!(report.doubles.len(), 2, "{:?}", report.doubles);
}

#[test]
fn visemes_are_preferred_to_a_jaw() {
    let names: Vec<String> = visemes::NAMES[1..].iter().map(|n| format!("viseme_{n}")).collect();
    let pairs: Vec<(&str, &str)> =
        coefficients::NAMES[14..28].iter().copied().zip(names.iter().map(String::as_str)).chain([("jawOpen", "mouthOpen")]).collect();
    // jawOpen is among the first fourteen; the last pair is never reached.
    let (_, report) = renamed(&pairs);
    assert_eq!((report.speech, report.coefficients), (Speech::Visemes, 0));
}

#[test]
fn the_map_is_written_and_read() {
    let place = Place::new();
    let mut made = build::build(&build::Parameters::default());
    made.meshes.iter_mut().flat_map(|m| &mut m.morphs).filter(|m| m.name == "jawOpen").for_each(|m| m.name = "Gape".into());
    place.write("mine.glb", &actor::write_glb(&made).unwrap());
    place.speech("talk.wav", 0.3);

    let told = place.run("actor inspect mine.glb -o names.toml").succeeded();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("Gape") && told.contains("missing"), "{told}");
    let text = String::from_utf8(place.read("names.toml")).unwrap();
    assert!(text.contains("jawOpen = \"\"") && text.contains("leftUpperArm = \"leftUpperArm\""), "{text}");

    place.write("names.toml", text.replace("jawOpen = \"\"", "jawOpen = \"Gape\"").as_bytes());
    let json = place.run("actor inspect mine.glb --actor-map names.toml --json").succeeded().json();
    assert_eq!(json["coefficients"], 52, "{json}");
    let run = place.run("render talk.wav -o a.gif --size 64x64 --actor mine.glb --actor-map names.toml").succeeded();
    assert!(run.stderr.contains("mine.glb: 52 of 52 face shapes"), "{}", run.stderr);

    place.write("wrong.toml", b"[shapes]\njawOpen = \"Gap\"\n");
    let run = place.run("actor inspect mine.glb --actor-map wrong.toml").failed(1);
    assert!(run.stderr.contains("wrong.toml:2") && run.stderr.contains("'Gape'"), "{}", run.stderr);
    place.run("render talk.wav -o b.gif --actor-map names.toml").failed(2);
}
