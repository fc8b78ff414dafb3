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
    assert_eq!(place.names(), ["killed.csv", "killed.mp4", "quiet.csv", "quiet.mp4", "talk.wav"], "something was left behind");
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

/// Names and bytes of the files in a folder, by name.
fn files(folder: PathBuf) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = paths.map(|path| (path.strip_prefix(&folder).unwrap().to_owned(), std::fs::read(&path).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn numbered_pictures_go_on_where_they_were_killed() {
    let place = Place::new();
    place.speech("talk.wav", 45.0);
    let line = |out: &str| format!("render talk.wav -o {out}/ --size 96x96 --fps 10 --part 20 --quality draft");
    place.run(&line("quiet")).succeeded();
    for folder_is_there in [false, true] {
        if folder_is_there {
            std::fs::remove_dir_all(place.path("killed")).unwrap();
            std::fs::create_dir(place.path("killed")).unwrap();
        }
        kill_at(&place, &line("killed"), |name| name == "00100.png");
        assert!(!place.path("killed/00000.png").exists());
        // What was cut short is drawn again.
        let cut = kept(&place, |name| name == "00050.png").unwrap();
        let bytes = std::fs::read(&cut).unwrap();
        std::fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
        let run = place.run(&line("killed")).succeeded();
        assert!(run.stderr.contains("50 pictures are there from an earlier run"), "{}", run.stderr);
        assert!(files(place.path("killed")) == files(place.path("quiet")), "other pictures");
        assert_eq!(place.names(), ["killed", "quiet", "talk.wav"], "something was left behind");
    }
}

#[test]
fn motion_that_is_drawn_goes_on_where_it_was_killed() {
    let place = Place::new();
    place.speech("talk.wav", 130.0);
    place.run("animate talk.wav -o talk.bvh -o talk.csv --quality draft").succeeded();
    let line = |out: &str| format!("render --motion talk.bvh --motion talk.csv talk.wav -o {out}.mp4 --size 64x64 --fps 6 --part 60");
    place.run(&line("quiet")).succeeded();
    kill_at(&place, &line("killed"), |name| name == "piece-0");
    let run = place.run(&line("killed")).succeeded();
    assert!(run.stderr.contains("360 pictures are there from an earlier run"), "{}", run.stderr);
    assert!(place.read("killed.mp4") == place.read("quiet.mp4"), "another video");
    assert!(kept(&place, |_| true).is_none(), "something was left behind");
}
