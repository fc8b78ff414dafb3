//! The program as a user meets it: what it accepts and refuses, what it says, what it leaves behind.

#[allow(dead_code)] // each test uses its part
mod common;

use common::{Place, finish};
use std::io::{BufRead, BufReader};

/// A folder with half a second of speech in `talk.wav`.
fn place() -> Place {
    let place = Place::new();
    place.speech("talk.wav", 0.5);
    place
}

#[test]
fn help_and_version_are_results() {
    let place = Place::new();
    for line in [
        "--help",
        "render --help",
        "animate -h",
        "train face --help",
        "bench --help",
        "edit --help",
        "blend --help",
        "score --help",
        "--version",
    ] {
        let run = place.run(line).succeeded();
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{line}");
    }
    let bare = place.run("");
    assert_eq!(bare.status, 2);
    assert!(bare.stderr.contains("Usage:"), "{}", bare.stderr);
}

#[test]
fn wrong_command_lines_exit_2_and_touch_nothing() {
    let place = place();
    let wrong = [
        ("rendr talk.wav -o a.mp4", "rendr"),
        ("render -o a.mp4", "no recording is given"),
        ("render talk.wav", "--output"),
        ("render talk.wav -o a.mp4 --frming head", "--frming"),
        ("render talk.wav -o a.mp4 --framing hed", "hed"),
        ("render talk.wav -o a.mp4 --size 0x0", "0x0"),
        ("render talk.wav -o a.mp4 --size 1000000x1000000", "1000000x1000000"),
        ("render talk.wav -o a.mp4 --size 512", "512"),
        ("render talk.wav -o a.mp4 --fps 0", "--fps"),
        ("render talk.wav -o a.mp4 --fps nan", "--fps"),
        ("render talk.wav -o a.mp4 --seed -1", "-1"),
        ("render talk.wav -o a.mp4 --emotion hapy", "hapy"),
        ("render talk.wav -o a.mp4 --emotion brow=sad", "brow"),
        ("render talk.wav -o a.mp4 --emotion sad --direction a.toml", "--direction"),
        ("render talk.wav -o a.mp4 --event nod", "nod"),
        ("render talk.wav -o a.mp4 --blink 3", "--blink"),
        ("render talk.wav -o a.mp4 --emotion from:", "from"),
        ("render talk.wav -o a.mp4 --takes 4", "a.mp4"),
        ("render talk.wav -o a.mp4 --background purplish", "purplish"),
        ("render talk.wav -o a.mp4 --actor adda", "adda"),
        ("render talk.wav -o a.xyz", ".xyz"),
        ("render talk.wav -o a", "a: "),
        ("render talk.wav -o a.mp4 -o ./a.mp4", "twice"),
        ("render talk.wav -o a.bvh", "no -o names a video"),
        ("animate talk.wav -o a.mp4", "motion files only"),
        ("train nose", "nose"),
        ("explain", "DIRECTION"),
        ("actor sheet -o a.png --show faces", "faces"),
        ("actor new -o a.glb", "<PARAMETERS>"),
        ("actor sheet -o a.bmp --show views --cell 32", "a.bmp"),
    ];
    for (line, named) in wrong {
        let run = place.run(line).failed(2);
        assert!(run.stderr.contains(named), "{line}: {}", run.stderr);
        assert!(run.stderr.contains("\nhint: "), "{line}: {}", run.stderr);
        assert_eq!(place.names(), ["talk.wav"], "{line}");
    }
}

#[test]
fn what_hears_with_the_content_encoder_is_not_trained_without_it() {
    let place = place();
    std::fs::create_dir(place.path("data")).unwrap();
    for line in ["train emotion --data . -o weights", "train face --data . --content-steps 0 -o weights"] {
        let run = place.run(line).failed(2);
        assert!(run.stderr.contains("content.safetensors") && run.stderr.contains("--face-steps 0"), "{line}: {}", run.stderr);
        assert_eq!(place.names(), ["data", "talk.wav"], "{line}");
    }
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest() {
    let place = place();
    for (line, nearest) in [("rendr", "render"), ("render talk.wav -o a.mp4 --framing hed", "head"), ("animate --sede 1", "--seed")] {
        let run = place.run(line).failed(2);
        assert!(run.stderr.contains(&format!("did you mean {nearest}?")), "{}", run.stderr);
    }
}

#[test]
fn input_that_is_no_recording_exits_1_and_leaves_nothing() {
    let place = place();
    let whole = place.read("talk.wav");
    place.write("text.wav", b"This is a letter, not a recording.\n");
    place.write("empty.wav", b"");
    place.write("cut.wav", &whole[..20]);
    place.write("zeros.wav", &[0; 5000]);
    let before = place.names();
    for input in ["missing.wav", "text.wav", "empty.wav", "cut.wav", "zeros.wav", "."] {
        let run = place.run(&format!("render {input} -o a.mp4 -o a.bvh --size 64x64")).failed(1);
        assert!(run.stderr.contains(&format!("error: {input}: ")), "{input}: {}", run.stderr);
        assert_eq!(place.names(), before, "{input}");
    }
    let run = place.run_with_input("animate - -o a.bvh", b"no sound either").failed(1);
    assert!(run.stderr.contains("error: standard input: "), "{}", run.stderr);
    assert_eq!(place.names(), before);
}

#[test]
fn a_header_that_promises_too_much_costs_nothing() {
    let place = place();
    let mut lying = place.read("talk.wav");
    let data = lying.windows(4).position(|word| word == b"data").expect("a data chunk");
    lying[data + 4..data + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    place.write("lying.wav", &lying);
    let run = place.run("animate lying.wav -o a.csv --json").succeeded();
    assert_eq!(run.json()["frames"], 15, "what is really there is performed");
}

#[test]
fn outputs_are_checked_before_work_starts() {
    let place = place();
    let before = place.names();
    let run = place.run("render talk.wav -o nowhere/a.mp4").failed(1);
    assert!(run.stderr.contains("no folder nowhere") && run.stderr.contains("mkdir"), "{}", run.stderr);
    let run = place.run("animate talk.wav -o talk.wav").failed(2);
    assert!(run.stderr.contains(".wav"), "{}", run.stderr);
    if cfg!(target_os = "linux") {
        place.run("animate talk.wav -o /proc/a.bvh").failed(1);
    }
    assert_eq!(place.names(), before);
}

#[test]
fn an_input_is_never_overwritten() {
    let place = place();
    place.write("talk.csv", &place.read("talk.wav"));
    let before = place.read("talk.csv");
    let run = place.run("animate talk.csv -o ./talk.csv").failed(2);
    assert!(run.stderr.contains("both input and output"), "{}", run.stderr);
    place.write("wall.gif", b"a picture");
    place.run("render talk.wav --background wall.gif -o wall.gif").failed(2);
    assert_eq!((place.read("talk.csv"), place.read("wall.gif")), (before, b"a picture".to_vec()));
}

#[test]
fn damaged_actors_and_backgrounds_exit_1() {
    let place = place();
    place.write("broken.glb", b"glTF\x02\0\0\0\xff\xff\xff\x7f");
    place.write("broken.png", b"\x89PNG\r\n\x1a\nnothing");
    let before = place.names();
    for option in ["--actor broken.glb", "--actor missing.glb", "--background broken.png", "--background missing.png"] {
        let run = place.run(&format!("render talk.wav -o a.mp4 --size 64x64 {option}")).failed(1);
        let file = option.split(' ').next_back().expect("a file");
        assert!(run.stderr.contains(&format!("error: {file}: ")), "{}", run.stderr);
        assert_eq!(place.names(), before, "{option}");
    }
}

#[test]
fn an_actor_file_is_drawn() {
    let place = place();
    let actor = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/ada.glb");
    place.run("render talk.wav -o a.gif --size 64x64 --renderer cpu").succeeded();
    let mut command = place.command("render talk.wav -o b.gif --size 64x64 --renderer cpu --actor");
    command.arg(actor);
    finish(command).succeeded();
    assert!(place.read("a.gif") == place.read("b.gif"), "the built-in actor is the one in assets");
}

#[test]
fn parameters_become_an_actor_and_mistakes_name_their_place() {
    let place = place();
    let defaults = String::from_utf8(place.run("actor new --print-defaults").succeeded().stdout).unwrap();
    assert!(defaults.lines().count() > 20, "{defaults}");
    place.write("mine.toml", defaults.replace("\"ada\"", "\"mine\"").as_bytes());
    place.run("actor new mine.toml -o mine.glb").succeeded();
    let glb = place.read("mine.glb");
    assert!(glb.starts_with(b"glTF") && glb.len() < 5_000_000, "{} bytes", glb.len());
    place.write("bad.toml", b"name = \"x\"\n\nnoze = 3\n");
    let run = place.run("actor new bad.toml -o bad.glb").failed(1);
    assert!(run.stderr.contains("line 3") && run.stderr.contains("noze"), "{}", run.stderr);
    assert!(!place.names().contains(&"bad.glb".to_string()));
}

#[test]
fn a_sheet_shows_what_was_asked_for() {
    let place = place();
    place.run("actor sheet -o sheet.png --show views --cell 64 --columns 6").succeeded();
    let sheet = image::open(place.path("sheet.png")).unwrap().into_rgba8();
    assert_eq!(sheet.width(), 6 * 68 + 4);
    let cell = |n: u32| image::imageops::crop_imm(&sheet, 4 + 68 * n, 28, 64, 64).to_image();
    assert_ne!(cell(0), cell(1), "front and three-quarter are the same picture");
}

#[test]
fn a_direction_is_explained() {
    let place = place();
    let told = place.command("explain").arg("quietly furious, a raised left brow").output().unwrap().stdout;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("angry") && told.contains("browOuterUpLeft"), "{told}");
    place.write("scene.srt", b"1\n00:00:00,000 --> 00:00:00,300\nsad\n");
    let value = place.run("explain scene.srt --json").succeeded().json();
    assert_eq!(value["keys"][0]["when"], "0 s to 0.3 s");
    place.run("animate talk.wav -o a.csv --direction scene.srt").succeeded();
    place.run("animate talk.wav -o b.csv").succeeded();
    assert_ne!(place.read("a.csv"), place.read("b.csv"));
    for example in ["scene.toml", "scene.srt"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        let run = finish(place.command(&format!("explain {}", path.display())));
        assert!(run.status == 0 && !run.stdout.is_empty(), "{example}: {}", run.stderr);
    }
}

#[test]
fn what_exists_is_replaced_unless_forbidden() {
    let place = place();
    place.write("a.csv", b"old");
    let run = place.run("animate talk.wav -o a.csv --no-clobber").failed(1);
    assert!(run.stderr.contains("--no-clobber"), "{}", run.stderr);
    assert_eq!(place.read("a.csv"), b"old");
    place.run("animate talk.wav -o a.csv").succeeded();
    assert_ne!(place.read("a.csv"), b"old");
    assert_eq!(place.names(), ["a.csv", "talk.wav"]);
}

#[test]
fn one_call_writes_every_format() {
    let place = place();
    let run = place.run("render talk.wav -o a.mp4 -o a.gif -o frames/ -o a.bvh -o a.csv -o a.json --size 64x64 --json").succeeded();
    let summary = run.json();
    assert_eq!(summary["outputs"], serde_json::json!(["a.mp4", "a.gif", "frames/", "a.bvh", "a.csv", "a.json"]));
    assert_eq!((&summary["frames"], &summary["seed"], &summary["size"]), (&15.into(), &0.into(), &"64x64".into()));
    assert!((summary["seconds"].as_f64().expect("a number") - 0.5).abs() < 1e-3);
    assert!(summary["renderer"].as_str().is_some_and(|name| !name.is_empty()));
    for stage in ["read", "perform", "write", "draw", "total"] {
        assert!(summary["timings"][stage].is_number(), "{stage}: {summary}");
    }
    assert_eq!(place.names(), ["a.bvh", "a.csv", "a.gif", "a.json", "a.mp4", "frames", "talk.wav"]);
    assert_eq!(&place.read("a.mp4")[4..8], b"ftyp");
    assert_eq!(&place.read("a.gif")[..6], b"GIF89a");
    assert!(place.read("a.bvh").starts_with(b"HIERARCHY"));
    let frames = std::fs::read_dir(place.path("frames")).expect("a folder").count();
    assert_eq!(frames, 15);
}

#[test]
fn standard_input_is_read_as_the_file_would_be() {
    let place = place();
    place.run("animate talk.wav -o a.bvh").succeeded();
    place.run_with_input("animate - -o b.bvh", &place.read("talk.wav")).succeeded();
    assert_eq!(place.read("a.bvh"), place.read("b.bvh"));
}

#[test]
fn a_seed_gives_the_same_bytes_whatever_the_threads() {
    let place = place();
    let make = |name: &str, seed: u32, threads: &str| {
        let outputs = ["mp4", "bvh", "csv"].map(|extension| format!("-o {name}.{extension}")).join(" ");
        let mut command = place.command(&format!("render talk.wav {outputs} --size 64x64 --renderer cpu --seed {seed}"));
        command.env("RAYON_NUM_THREADS", threads);
        finish(command).succeeded();
        ["mp4", "bvh", "csv"].map(|extension| place.read(&format!("{name}.{extension}")))
    };
    let first = make("a", 7, "1");
    assert!(first == make("b", 7, "2"), "two threads");
    assert!(first == make("c", 7, "5"), "five threads");
    assert!(first[1] != make("d", 8, "2")[1], "another seed moves the body in another way");
}

#[test]
fn quiet_dry_and_json() {
    let place = place();
    let quiet = place.run("animate talk.wav -o a.csv -q").succeeded();
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty(), "{}", quiet.stderr);
    let dry = place.run("render talk.wav -o b.mp4 --dry-run --json").succeeded();
    assert_eq!((&dry.json()["dry_run"], &dry.json()["frames"]), (&true.into(), &15.into()));
    assert!(dry.stderr.contains("would write b.mp4"), "{}", dry.stderr);
    assert_eq!(place.names(), ["a.csv", "talk.wav"]);
}

#[test]
fn progress_for_machines_is_one_object_a_line() {
    let place = place();
    let run = place.run("render talk.wav -o a.mp4 -o a.csv --size 64x64 --renderer cpu --progress json").succeeded();
    let lines: Vec<serde_json::Value> = run.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for stage in ["read", "perform", "write", "draw"] {
        let last = lines.iter().rfind(|line| line["stage"] == stage).unwrap_or_else(|| panic!("no {stage}: {}", run.stderr));
        assert_eq!((&last["done"], last["seconds_left"].as_f64()), (&last["total"], Some(0.0)), "{last}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let place = place();
    let mut child = place.command("animate talk.wav -o a.csv --json").spawn().expect("gestus starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("gestus ends").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_nothing_behind() {
    let place = Place::new();
    place.speech("talk.wav", 8.0);
    let mut child =
        place.command("render talk.wav -o a.mp4 -o a.gif -o frames/ --renderer cpu --progress json").spawn().expect("gestus starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let drawing = lines.find(|line| line.contains("\"draw\"") && !line.contains("\"done\":0"));
    assert!(drawing.is_some(), "drawing began");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("gestus ends").code(), Some(130), "{rest:?}");
    assert_eq!(rest.last().map(String::as_str), Some("error: interrupted"));
    assert_eq!(place.names(), ["talk.wav"]);
}
