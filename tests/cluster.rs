//! A manifest on a cluster of other people's engines: Ray from PyPI, two nodes on this machine, one of them killed.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

const RAY: &str = "ray==2.60.0";

#[cfg(target_os = "linux")]
#[test]
fn a_node_dies_and_all_is_done_once() {
    let Some(python) = common::python("ray", RAY, "ray") else {
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

/// Three short recordings and their manifest.
#[cfg(unix)]
fn three() -> Place {
    let place = Place::new();
    let mut manifest = String::new();
    for n in 0..3 {
        place.speech(&format!("l{n}.wav"), 0.3 + 0.1 * f64::from(n));
        manifest += &format!("{{\"audio\": \"l{n}.wav\", \"outputs\": [\"out/l{n}.csv\"]}}\n");
    }
    place.write("jobs.jsonl", manifest.as_bytes());
    place
}

/// A shell with this program in its path.
#[cfg(unix)]
fn shell() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_gestus"));
    let path = std::env::join_paths([program.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut shell = Command::new("bash");
    shell.env("PATH", path);
    shell
}

#[cfg(unix)]
fn outputs(place: &Place) -> usize {
    std::fs::read_dir(place.path("out")).unwrap().count()
}

#[cfg(unix)]
#[test]
fn a_slurm_array_is_the_whole() {
    let place = three();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cluster/slurm.sh");
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    for task in 1..=2 {
        let mut run = shell();
        run.arg(&script).arg(place.path("jobs.jsonl")).args(["--retry", "1"]);
        run.env("SLURM_ARRAY_TASK_ID", task.to_string()).env("SLURM_ARRAY_TASK_COUNT", "2").env("SLURM_CPUS_PER_TASK", "1");
        let run = run.output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(outputs(&place), [2, 3][task - 1]);
    }
    let run = shell().arg(&script).arg(place.path("jobs.jsonl")).output().unwrap();
    assert!(!run.status.success(), "outside of an array");
}

/// The manifest's own command line, as a pod of each index runs it.
#[cfg(unix)]
#[test]
fn an_indexed_job_is_the_whole() {
    let place = three();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cluster/kubernetes.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().find(|line| line.trim().starts_with("command:")).unwrap();
    let command = line.split('"').nth(5).unwrap().replace("/lines/", &format!("{}/", place.path("").display()));
    let pods: usize = text.lines().find_map(|line| line.trim().strip_prefix("completions: ")).unwrap().parse().unwrap();
    for index in 0..pods {
        let run = shell().arg("-c").arg(&command).env("JOB_COMPLETION_INDEX", index.to_string()).output().unwrap();
        assert!(run.status.success(), "{index}: {}", String::from_utf8_lossy(&run.stderr));
    }
    assert_eq!(outputs(&place), 3);
    let Some(python) = common::python("kubernetes", "kubernetes-validate==1.37.0", "kubernetes_validate") else {
        eprintln!("SKIPPED: kubernetes-validate cannot be installed here (python3 with venv, and PyPI, are needed)");
        return;
    };
    let run = Command::new(python.with_file_name("kubernetes-validate")).arg("--strict").arg(&file).output().unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}
