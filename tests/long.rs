//! Long recordings as a user meets them: ended with no warning, in the performance or in the drawing, and begun again.

#![cfg(unix)]

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A file below a hidden folder of finished parts.
fn kept(place: &Place, wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let parts = inside(place.path("")).filter(|path| path.to_string_lossy().contains(".gestus-parts-"));
    let all = parts.flat_map(inside).flat_map(|path| if path.is_dir() { inside(path).collect() } else { vec![path] });
    all.filter(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy()))).min()
}

/// Runs a line and kills it as soon as a file with the wanted name is kept.
fn kill_at(place: &Place, line: &str, wanted: impl Fn(&str) -> bool) {
    let mut child = place.command(line).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(300);
    while kept(place, &wanted).is_none() {
        assert!(Instant::now() < end && child.try_wait().unwrap().is_none(), "{line}: over before it was killed");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_video_goes_on_where_it_was_killed() {
    let place = Place::new();
    place.speech("talk.wav", 190.0);
    let line = |out: &str| format!("render talk.wav -o {out}.mp4 -o {out}.csv --size 192x192 --fps 12 --part 60 --quality draft");
    place.run(&line("quiet")).succeeded();
    assert!(kept(&place, |_| true).is_none(), "something was left behind");
    kill_at(&place, &line("killed"), |name| name == "part-0");
    assert!(!place.path("killed.mp4").exists());
    kill_at(&place, &line("killed"), |name| name == "piece-0");
    kill_at(&place, &line("killed"), |name| name == "piece-1");
    // What was damaged meanwhile is drawn again.
    let second = kept(&place, |name| name == "piece-1").unwrap();
    let bytes = std::fs::read(&second).unwrap();
    std::fs::write(&second, &bytes[..bytes.len() - 1]).unwrap();
    let run = place.run(&line("killed")).succeeded();
    assert!(run.stderr.contains("720 pictures are there from an earlier run"), "{}", run.stderr);
    for end in ["mp4", "csv"] {
        assert!(place.read(&format!("killed.{end}")) == place.read(&format!("quiet.{end}")), "another {end}");
    }
    assert!(kept(&place, |_| true).is_none(), "something was left behind");
}

#[test]
fn another_look_is_drawn_from_the_beginning() {
    let place = Place::new();
    place.speech("talk.wav", 130.0);
    let line = |options: &str| format!("render talk.wav -o talk.mp4 --size 96x96 --fps 6 --part 60 --quality draft {options}");
    kill_at(&place, &line(""), |name| name == "piece-0");
    let run = place.run(&line("--look night")).succeeded();
    assert!(!run.stderr.contains("pictures are there"), "{}", run.stderr);
}
