//! A manifest on a cluster of other people's engines: Ray from PyPI, two nodes on this machine, one of them killed.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const RAY: &str = "ray==2.60.0";

/// A Python with Ray, installed once below the target folder; none where that cannot be done.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ray");
    let python = venv.join("bin/python");
    let works = |python: &Path| Command::new(python).args(["-c", "import ray"]).output().is_ok_and(|run| run.status.success());
    if !works(&python) {
        let make = Command::new("python3").args(["-m", "venv"]).arg(&venv).output().ok()?;
        let install = Command::new(&python).args(["-m", "pip", "install", "--quiet", "--timeout", "20", "--retries", "1", RAY]).output();
        if !make.status.success() || !install.is_ok_and(|run| run.status.success()) {
            return None;
        }
    }
    works(&python).then_some(python)
}

#[cfg(target_os = "linux")]
#[test]
fn a_node_dies_and_all_is_done_once() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: Ray cannot be installed here (python3 with venv, and PyPI, are needed)");
        return;
    };
    let place = Place::new();
    std::fs::create_dir(place.path("lines")).unwrap();
    let mut manifest = String::new();
    for n in 0..24 {
        place.speech(&format!("lines/l{n}.wav"), 1.0 + 0.1 * f64::from(n));
        manifest += &format!("{{\"audio\": \"lines/l{n}.wav\", \"outputs\": [\"out/l{n}.mp4\"], \"size\": \"128x128\"}}\n");
    }
    place.write("jobs.jsonl", manifest.as_bytes());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut run = Command::new(python);
    run.arg(root.join("tests/cluster/two_nodes.py")).arg(root.join("examples/cluster/ray_batch.py"));
    run.arg(env!("CARGO_BIN_EXE_gestus")).arg(place.path("jobs.jsonl")).arg(place.path("out")).arg("5");
    let run = run.env("RAY_DISABLE_IMPORT_WARNING", "1").env("RAY_USAGE_STATS_ENABLED", "0").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let mut done: HashMap<String, usize> = HashMap::new();
    for part in 1..=4 {
        let journal = String::from_utf8(place.read(&format!("jobs.jsonl.gestus/journal-{part}-of-4.jsonl"))).unwrap();
        for line in journal.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            *done.entry(line["job"].as_str().unwrap().to_string()).or_default() += 1;
        }
    }
    assert_eq!((done.len(), done.values().max()), (24, Some(&1)), "{done:?}");
    // The same bytes as without a cluster.
    place.write("again.jsonl", manifest.lines().next().unwrap().replace("out/", "again/").as_bytes());
    place.run("batch again.jsonl").succeeded();
    assert_eq!(place.read("again/l0.mp4"), place.read("out/l0.mp4"));
}
