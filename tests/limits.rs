//! Long and hostile files: an hour is written in constant memory; damaged files end in one line, within bounds of memory and time.
//!
//! `GESTUS_CASES=100000 cargo test --release --test limits -- --nocapture` damages files for longer, from case `GESTUS_FIRST_CASE` on.

#[path = "common/damage.rs"]
mod damage;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/moving.rs"]
mod moving;

use damage::{Dice, damaged};
use gestus::Error;
use gestus::direction::Direction;
use gestus::formats::{self, Format, Loaded, Settings};
use gestus::motion::Performance;
use moving::{performance, samples};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

/// Memory is counted for the whole process: one test at a time.
static TURN: Mutex<()> = Mutex::new(());

const NAMES: [&str; 19] = [
    "a.bvh",
    "a.csv",
    "a.glb",
    "a.anim.glb",
    "a.vrma",
    "a.presets.vrma",
    "a.npz",
    "a.usda",
    "a.a2f.json",
    "a.a2f.csv",
    "a.beat.json",
    "a.tsv",
    "a.rhubarb.json",
    "a.oculus.tsv",
    "a.oculus.json",
    "a.keypoints.csv",
    "a.keypoints.json",
    "a.srt",
    "a.json",
];

fn settings() -> Settings {
    Settings { direction: Direction::parse("happy @0 > sad @50%").ok(), ..Settings::default() }
}

/// Most memory that writing takes beyond the motion, MiB; and the file's size.
fn written(path: &Path, performance: &Performance, settings: &Settings) -> (f64, f64) {
    let format = Format::of(path).unwrap();
    let (peak, result) = memory::peak(|| formats::write_as(format, path, performance, settings));
    result.unwrap();
    (peak as f64 / 1048576.0, fs::metadata(path).unwrap().len() as f64 / 1048576.0)
}

#[test]
fn an_hour_is_written_in_constant_memory() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    let folder = tempfile::tempdir().unwrap();
    let (minute, hour) = (performance(60.0, 30.0), performance(3600.0, 30.0));
    let mut cases: Vec<(String, Settings)> = NAMES.iter().map(|name| (name.to_string(), settings())).collect();
    let beat = formats::bvh::Layout::of(formats::bvh::Profile::Beat, None);
    cases.push(("beat.bvh".into(), Settings { bvh: beat, ..settings() }));
    if let Some(samples) = samples() {
        // Other proportions: hands and floor are carried over.
        let bytes = fs::read(samples.join("bvh_zeggs_067_Speech_2_mixamo-retarget_first120.bvh")).unwrap();
        let take = formats::bvh::Take::read(&bytes, "theirs.bvh").unwrap();
        cases.push(("theirs.bvh".into(), Settings { bvh: formats::bvh::Layout::like(&take, None), ..settings() }));
    }
    eprintln!("{:20} {:>12} {:>12} {:>10} {:>8}", "", "minute, MiB", "hour, MiB", "file, MiB", "s");
    for (name, settings) in &cases {
        let path = folder.path().join(name);
        let (short, _) = written(&path, &minute, settings);
        let start = Instant::now();
        let (long, size) = written(&path, &hour, settings);
        eprintln!("{name:20} {short:12.2} {long:12.2} {size:10.1} {:8.1}", start.elapsed().as_secs_f64());
        fs::remove_file(&path).unwrap();
        assert!(long < short + 1.0, "{name}: {long} MiB for an hour, {short} for a minute");
    }
}

/// Files to damage: ours in every format that is read, and other people's.
fn whole(folder: &Path) -> Vec<PathBuf> {
    let take = performance(2.0, 30.0);
    let readable = NAMES.iter().filter(|name| Format::of(Path::new(name)).unwrap().is_read());
    let mut files: Vec<PathBuf> = readable.map(|name| folder.join(name)).collect();
    for path in &files {
        formats::write_as(Format::of(path).unwrap(), path, &take, &settings()).unwrap();
    }
    if let Some(samples) = samples() {
        let all = fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path());
        files.extend(all.filter(|path| Format::of(path).is_ok_and(Format::is_read)));
    }
    files.sort();
    files
}

/// What is read is motion that can be used, or an error of one line that says what is wrong.
fn is_sound(read: gestus::Result<Loaded>, case: &str) {
    match read {
        Ok(Loaded { performance: Performance { fps, frames, .. }, .. }) => {
            assert!(fps > 0.0, "{case}");
            for (n, frame) in frames.iter().enumerate() {
                let turns = frame.body.rotations.iter().all(|q| q.is_normalized());
                let weights = frame.face.iter().all(|w| (0.0..=1.0).contains(w));
                assert!(frame.body.hips.is_finite() && turns && weights, "{case}: frame {n} is {frame:?}");
            }
        }
        Err(error) => {
            assert!(!matches!(error, Error::Usage { .. } | Error::Io { .. }), "{case}: {error}");
            let line = error.to_string();
            assert!(line.chars().count() < 700 && !line.contains(char::is_control), "{case}: {line}");
        }
    }
}

#[test]
fn damaged_files_end_in_one_line() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<(PathBuf, Vec<u8>)> = whole(folder.path()).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let cases = std::env::var("GESTUS_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(4000);
    let (mut refused, mut slowest, mut largest) = (0, (0.0, 0), (0.0, 0));
    let first = std::env::var("GESTUS_FIRST_CASE").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for case in first..first + cases {
        let dice = &mut Dice(case as u64);
        dice.below(1);
        let (path, bytes) = &files[case % files.len()];
        let bytes = damaged(bytes, &files[dice.below(files.len())].1, dice);
        let format = Format::of(path).unwrap();
        let start = Instant::now();
        let (peak, read) = memory::peak(|| formats::read_bytes(format, &bytes, "damaged"));
        let (seconds, mib) = (start.elapsed().as_secs_f64(), peak as f64 / 1048576.0);
        let name = path.file_name().unwrap().to_string_lossy();
        // An hour of frames may come of two keys; beyond that memory goes with the file.
        assert!(mib < 400.0 + 200.0 * bytes.len() as f64 / 1048576.0, "case {case}, {name}: {mib} MiB for {} bytes", bytes.len());
        assert!(seconds < 20.0, "case {case}, {name}: {seconds} s");
        (slowest, largest) =
            (if seconds > slowest.0 { (seconds, case) } else { slowest }, if mib > largest.0 { (mib, case) } else { largest });
        refused += usize::from(read.is_err());
        is_sound(read, &format!("case {case}, {name}"));
    }
    eprintln!(
        "{cases} cases of {} files, {refused} refused; slowest {:.2} s (case {}), most {:.0} MiB (case {})",
        files.len(),
        slowest.0,
        slowest.1,
        largest.0,
        largest.1
    );
    assert!(refused > cases / 4 && refused < cases);
}
