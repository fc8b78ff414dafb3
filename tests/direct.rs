//! Directing finished takes and choosing among them: edits that touch nothing else, blends, scores, sheets and pages.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use std::path::Path;
use std::process::Command;

/// A folder with three seconds of speech and its take.
fn place() -> Place {
    let place = Place::new();
    place.speech("talk.wav", 3.0);
    place.run("animate talk.wav -o take.json -o take.bvh -o take.csv --emotion happy:0.5").succeeded();
    place
}

fn lines(place: &Place, name: &str) -> Vec<String> {
    String::from_utf8(place.read(name)).expect("UTF-8").lines().map(String::from).collect()
}

/// Frames are the last `frames` lines of a BVH or CSV, and in JSON those before the closing one.
fn frame_lines(place: &Place, name: &str, frames: usize) -> Vec<String> {
    let mut lines = lines(place, name);
    if name.ends_with(".json") {
        lines.pop();
        lines.iter_mut().for_each(|line| *line = line.trim_end_matches(',').to_string());
    }
    lines.split_off(lines.len() - frames)
}

#[test]
fn a_span_is_edited_and_the_rest_stays_to_the_byte() {
    let place = place();
    let run = place.run("edit take.json --audio talk.wav -o new.json --emotion angry --span 1s-2s").succeeded();
    assert!(run.stderr.contains("frames changed"), "{}", run.stderr);
    place.run("edit take.bvh take.csv --audio talk.wav -o new.bvh -o new.csv --was happy:0.5 --emotion angry --span 1s-2s").succeeded();
    for kind in ["json", "bvh", "csv"] {
        let (before, after) = (frame_lines(&place, &format!("take.{kind}"), 90), frame_lines(&place, &format!("new.{kind}"), 90));
        for n in 0..90 {
            let inside = (30..=60).contains(&n);
            assert!(inside || before[n] == after[n], "{kind} frame {n}:\n{}\n{}", before[n], after[n]);
        }
        assert!(before[45] != after[45], "{kind}: nothing changed");
    }
}

#[test]
fn one_region_is_edited_and_the_others_stay_to_the_byte() {
    let place = place();
    place.run("edit take.csv --audio talk.wav -o new.csv --was happy:0.5 --emotion angry --only brows").succeeded();
    let header = lines(&place, "take.csv")[0].clone();
    let names: Vec<&str> = header.split(',').collect();
    for (a, b) in lines(&place, "take.csv").iter().zip(lines(&place, "new.csv")).skip(1) {
        for ((name, x), y) in names.iter().zip(a.split(',')).zip(b.split(',')) {
            assert!(x == y || name.starts_with("Brow"), "{name}: {x} {y}");
        }
    }
    assert_ne!(lines(&place, "take.csv")[40], lines(&place, "new.csv")[40]);
}

#[test]
fn an_edited_emotion_is_the_one_performed_anew() {
    let place = place();
    place.run("edit take.json --audio talk.wav -o new.csv --emotion sad").succeeded();
    place.run("animate talk.wav -o sad.csv --emotion sad").succeeded();
    for (a, b) in lines(&place, "new.csv").iter().zip(lines(&place, "sad.csv")).skip(1) {
        for (x, y) in a.split(',').zip(b.split(',')).skip(2) {
            let (x, y): (f64, f64) = (x.parse().expect("a number"), y.parse().expect("a number"));
            assert!((x - y).abs() < 2e-3, "{x} {y}");
        }
    }
}

#[test]
fn a_turned_head_needs_no_recording_and_leaves_the_face() {
    let place = place();
    place.run("edit take.csv -o new.csv --turn 10,0,-5").succeeded();
    for (a, b) in lines(&place, "take.csv").iter().zip(lines(&place, "new.csv")).skip(1) {
        let (a, b): (Vec<&str>, Vec<&str>) = (a.split(',').collect(), b.split(',').collect());
        assert_eq!((&a[..54], &a[57..]), (&b[..54], &b[57..]), "coefficients and eyes");
        let turned = a[54].parse::<f64>().expect("a number") - b[54].parse::<f64>().expect("a number");
        assert!((turned - 10f64.to_radians()).abs() < 1e-5, "{turned}");
    }
}

#[test]
fn an_edit_that_changes_nothing_keeps_every_byte() {
    let place = place();
    place.run("edit take.json --audio talk.wav -o new.json --emotion happy:0.5").succeeded();
    assert!(place.read("take.json") == place.read("new.json"));
    for (line, named) in [
        ("edit take.json -o new.json", "what to change"),
        ("edit take.json -o new.json --emotion sad", "--audio"),
        ("edit take.json -o new.mp4 --turn 1,0,0", "motion files only"),
        ("edit take.json -o new.json --turn 1,0", "three angles"),
        ("edit take.json -o new.json --only brow --turn 1,0,0", "did you mean brows?"),
        ("edit take.json -o new.json --span 4s-2s --turn 1,0,0", "ends before"),
    ] {
        let run = place.run(line).failed(2);
        assert!(run.stderr.contains(named), "{line}: {}", run.stderr);
    }
}

#[test]
fn steps_of_a_blend_look_equally_large() {
    let place = place();
    let run = place.run("blend talk.wav --from joy --to anger --steps 5 -o way.png -o way.gif --cell 48 --fps 6 --json").succeeded();
    let way = &run.json()[0];
    assert!(way["ratio"].as_f64().expect("a number") <= 1.5, "{way}");
    let places: Vec<f64> = way["places"].as_array().expect("a list").iter().filter_map(|v| v.as_f64()).collect();
    assert!(places.len() == 5 && places.windows(2).all(|w| w[1] > w[0]), "{places:?}");
    let sheet = image::open(place.path("way.png")).expect("a picture").into_rgba8();
    assert_eq!(sheet.width(), 5 * 52 + 4);
    assert_eq!(&place.read("way.gif")[..6], b"GIF89a");
    place.run("blend talk.wav --grid happy,sad --steps 3 -o grid.png --cell 32 --quality draft").succeeded();
    let grid = image::open(place.path("grid.png")).expect("a picture").into_rgba8();
    assert!(grid.height() > sheet.height());
    let run = place.run("blend talk.wav --from joy -o way.png").failed(2);
    assert!(run.stderr.contains("--to"), "{}", run.stderr);
    place.run("blend talk.wav --from joy --to sad -o way.bvh").failed(2);
}

#[test]
fn a_motion_is_scored_by_what_it_has() {
    let place = Place::new();
    place.speech("talk.wav", 6.5);
    place.run("animate talk.wav -o take.json -o take.bvh -o take.csv --emotion happy:0.5").succeeded();
    let card = |file: &str| place.run(&format!("score {file} --audio talk.wav --json")).succeeded().json();
    let figure = |card: &serde_json::Value, what: &str| {
        let found = card["figures"].as_array().and_then(|all| all.iter().find(|f| f["what"].as_str().is_some_and(|w| w.contains(what))));
        found.and_then(|f| f["value"].as_f64())
    };
    let ours = card("take.json");
    assert!(figure(&ours, "opening against loudness").expect("a face") > 0.4, "{ours}");
    // "Five brave puppets bow": lips meet for what is heard of every b and p.
    assert!(figure(&ours, "f v with the lip").expect("an f") > 0.7 && figure(&ours, "p b m with").expect("a b") > 0.7, "{ours}");
    assert!(figure(&ours, "hand speed, median").is_some() && ours["without"] == serde_json::json!([]));
    let face = card("take.csv");
    assert_eq!(face["without"], serde_json::json!(["body"]));
    let body = card("take.bvh");
    assert!(figure(&body, "strokes").is_some() && figure(&body, "opening").is_none());
    let told = place.run("score take.csv --audio talk.wav").succeeded();
    assert!(String::from_utf8_lossy(&told.stdout).contains("people"));
}

#[test]
fn other_recordings_and_motions_give_feeling_and_style() {
    let place = place();
    place.run("animate talk.wav -o plain.csv").succeeded();
    for (n, term) in ["from:talk.wav", "like:take.csv", "like:take.bvh", "like:talk.wav", "happy:0.3+from:talk.wav:0.5"].iter().enumerate()
    {
        place.run(&format!("animate talk.wav -o a{n}.csv --emotion {term}")).succeeded();
        assert_ne!(place.read("plain.csv"), place.read(&format!("a{n}.csv")), "{term}");
    }
    let run = place.run("animate talk.wav -o b.csv --emotion like:nothing.csv").failed(1);
    assert!(run.stderr.contains("nothing.csv"), "{}", run.stderr);
    let told = place.run("explain from:talk.wav+like:take.csv").succeeded();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("head speed") && told.contains("feeling"), "{told}");
    let run = place.run("animate talk.wav -o c.csv --emotion auto").succeeded();
    assert!(run.stderr.contains("heard in the voice") && run.stderr.contains('%'), "{}", run.stderr);
}

#[test]
fn seeds_are_drawn_to_choose_from() {
    let place = place();
    place.run("render talk.wav -o takes.png --takes 4 --seed 3 --size 48x48 --renderer cpu").succeeded();
    let sheet = image::open(place.path("takes.png")).expect("a picture").into_rgba8();
    assert_eq!(sheet.width(), 2 * (4 * 48 + 4) + 4);
    place.run("render talk.wav -o takes.mp4 --takes 4").failed(2);
}

#[test]
fn a_strip_is_drawn_under_the_picture() {
    let place = place();
    place.run("render talk.wav -o frames/ --overlay --size 128x64 --fps 2 --renderer cpu").succeeded();
    let first = std::fs::read_dir(place.path("frames")).expect("a folder").flatten().next().expect("a picture");
    let picture = image::open(first.path()).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (128, 64 + 276));
}

#[test]
fn a_page_plays_in_a_browser() {
    let place = place();
    let mut command = place.command("render talk.wav -o talk.html --size 64x64 --renderer cpu --emotion joy:0.6");
    command.args(["--event", "0.5s nod"]);
    common::finish(command).succeeded();
    assert_eq!(place.names(), ["take.bvh", "take.csv", "take.json", "talk.html", "talk.wav"], "nothing else is left");
    let page = String::from_utf8(place.read("talk.html")).expect("UTF-8");
    assert!(page.contains("data:video/mp4;base64,AAAA") && page.contains(">nod</text>") && !page.contains("{{"));
    assert!(
        !page.contains("http://") || page.matches("http://").count() == page.matches("http://www.w3.org/").count(),
        "nothing is loaded"
    );
    let Some(browser) =
        ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|b| Command::new(b).arg("--version").output().is_ok())
    else {
        eprintln!("SKIPPED: no Chromium here, the page was not opened in a browser");
        return;
    };
    let shot = place.path("shot.png");
    let url = format!("file://{}", place.path("talk.html").display());
    let open = |more: &[&str]| {
        let mut command = Command::new(browser);
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--autoplay-policy=no-user-gesture-required",
            "--virtual-time-budget=4000",
        ]);
        command.arg("--window-size=1000,720").args(more).arg(&url).env("HOME", place.path("")).output().expect("the browser runs")
    };
    let dom = String::from_utf8_lossy(&open(&["--dump-dom"]).stdout).into_owned();
    let seconds: f64 =
        dom.split("data-seconds=\"").nth(1).and_then(|rest| rest.split('"').next()).and_then(|s| s.parse().ok()).unwrap_or(0.0);
    assert!((seconds - 3.0).abs() < 0.1, "the video of the page lasts {seconds} s");
    open(&[&format!("--screenshot={}", shot.display())]);
    look(&shot);
}

/// The strip is on the screenshot: its colours are there.
fn look(shot: &Path) {
    let picture = image::open(shot).expect("a screenshot").into_rgb8();
    let near = |p: &image::Rgb<u8>, c: [u8; 3]| p.0.iter().zip(c).all(|(a, b)| a.abs_diff(b) < 12);
    for (name, colour) in [("voice", [116, 168, 220]), ("vowels", [196, 146, 66]), ("feeling", [246, 206, 80])] {
        assert!(picture.pixels().filter(|p| near(p, colour)).count() > 10, "{name} is not to be seen");
    }
}
