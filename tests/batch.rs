//! Many recordings in one run, as a user meets it: what is done, what is done again, what a killed run leaves.

#[allow(dead_code)] // each test uses its part
mod common;

use common::{Place, Run};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A folder with some recordings of different lengths in `lines/`.
fn place(recordings: usize) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("lines")).unwrap();
    for n in 0..recordings {
        place.speech(&format!("lines/l{n}.wav"), 0.4 + 0.1 * n as f64);
    }
    place
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())).flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            files.extend(tree(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

fn counts(run: &Run) -> [u64; 4] {
    let report = run.json();
    ["done", "up_to_date", "failed", "not_run"].map(|name| report[name].as_u64().unwrap())
}

#[test]
fn only_what_is_missing_or_changed_is_done() {
    let place = place(3);
    let line = "batch lines -o out/{}.bvh -o out/{}.csv --json -- --emotion sad";
    assert_eq!(counts(&place.run(&line.replace("--json", "--json --dry-run")).succeeded()), [0, 0, 0, 3]);
    assert_eq!(place.names(), ["lines"], "a dry run left something");
    assert_eq!(counts(&place.run(line).succeeded()), [3, 0, 0, 0]);
    let first = tree(&place.path("lines/out"));
    assert_eq!(first.len(), 6);
    assert_eq!(counts(&place.run(line).succeeded()), [0, 3, 0, 0]);
    // An output that is gone, one that was changed, an input that is another.
    std::fs::remove_file(place.path("lines/out/l0.csv")).unwrap();
    place.write("lines/out/l1.bvh", b"changed");
    place.speech("lines/l2.wav", 0.3);
    assert_eq!(counts(&place.run(line).succeeded()), [3, 0, 0, 0]);
    let second = tree(&place.path("lines/out"));
    assert!(["l0.bvh", "l0.csv", "l1.bvh", "l1.csv"].iter().all(|name| first[*name] == second[*name]));
    assert_ne!(first["l2.bvh"], second["l2.bvh"]);
    assert_eq!(counts(&place.run(&line.replace("sad", "happy")).succeeded()), [3, 0, 0, 0]);
}

#[test]
fn a_batch_writes_what_single_runs_write() {
    let place = place(2);
    let manifest = "{\"audio\": \"lines/l0.wav\", \"outputs\": [\"all/a.mp4\", \"all/a.json\"], \"size\": \"64x64\", \"seed\": 3}\n\
                    {\"audio\": \"lines/l1.wav\", \"outputs\": [\"all/frames/\"], \"size\": \"48x48\", \"event\": [\"0.1s nod\"]}\n";
    place.write("jobs.jsonl", manifest.as_bytes());
    place.run("batch jobs.jsonl -j 2 --sheet all.png").succeeded();
    std::fs::create_dir(place.path("one")).unwrap();
    place.run("render lines/l0.wav -o one/a.mp4 -o one/a.json --size 64x64 --seed 3").succeeded();
    let mut command = place.command("render lines/l1.wav -o one/frames/ --size 48x48 --event");
    command.arg("0.1s nod");
    common::finish(command).succeeded();
    assert_eq!(tree(&place.path("all")), tree(&place.path("one")));
    let sheet = image::open(place.path("all.png")).unwrap().into_rgb8();
    let colours: std::collections::HashSet<_> = sheet.pixels().collect();
    assert!(colours.len() > 200, "an empty sheet");
}

#[test]
fn failures_are_told_by_job_and_stop_nothing() {
    let place = place(2);
    place.write("lines/bad.wav", b"no sound");
    let run = place.run("batch lines -o out/{}.bvh --json");
    assert_eq!((run.status, counts(&run)), (3, [2, 0, 1, 0]));
    assert!(run.stderr.contains("bad.wav") && run.stderr.contains("1 of 3 jobs failed"), "{}", run.stderr);
    let job = run.json()["jobs"][0].clone();
    assert_eq!((job["job"].as_str(), job["status"].as_str(), job["tries"].as_u64()), (Some("bad.wav"), Some("failed"), Some(1)));
    let run = place.run("batch lines -o out2/{}.bvh --json --fail-fast -j 1 --retry 2");
    assert_eq!((run.status, counts(&run)), (1, [0, 0, 1, 2]));
    assert_eq!(run.json()["jobs"][0]["tries"].as_u64(), Some(3));
    assert_eq!(tree(&place.path("lines/out")).len(), 2);
    assert!(!tree(&place.path("lines")).keys().any(|name| name.contains(".gestus-")), "a job left its folder behind");
}

#[test]
fn a_job_that_takes_too_long_or_too_much_ends_alone() {
    let place = place(1);
    place.speech("lines/long.wav", 11.0);
    std::fs::write(place.path("jobs.csv"), "audio,outputs,size,framing\nlines/l0.wav,a.bvh,,\nlines/long.wav,b.mp4,1024x1024,body\n")
        .unwrap();
    let run = place.run("batch jobs.csv --json --time-limit 1");
    assert_eq!((run.status, counts(&run)), (3, [1, 0, 1, 0]));
    assert!(run.stderr.contains("longer than 1 s") && run.stderr.contains("jobs.csv:3"), "{}", run.stderr);
    assert!(place.path("a.bvh").exists() && !place.path("b.mp4").exists());
    if cfg!(target_os = "linux") {
        std::fs::write(place.path("jobs.csv"), "audio,outputs,size\nlines/long.wav,b.mp4,8192x8192\nlines/l0.wav,c.bvh,\n").unwrap();
        let run = place.run("batch jobs.csv --json --memory-limit 300MiB -j 1");
        assert_eq!((run.status, counts(&run)), (3, [1, 0, 1, 0]), "{}", run.stderr);
        assert!(place.path("c.bvh").exists() && !place.path("b.mp4").exists());
    }
}

#[test]
fn shards_are_the_whole_and_nothing_twice() {
    let place = place(5);
    let mut seen = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let run = place.run(&format!("batch lines -o out/{{}}.csv --json --shard {shard}")).succeeded();
        seen.extend(run.json()["jobs"].as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap().to_string()));
    }
    seen.sort();
    assert_eq!(seen, ["l0.wav", "l1.wav", "l2.wav", "l3.wav", "l4.wav"]);
    assert_eq!(tree(&place.path("lines/out")).len(), 5);
}

#[test]
fn manifests_are_checked_before_anything_is_done() {
    let place = place(2);
    let wrong = [
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"../a.bvh\"]}", "leads out"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"/tmp/a.bvh\"]}", "leads out"),
        ("{\"audio\": \"/etc/passwd\", \"outputs\": [\"a.bvh\"]}", "leads out"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a.mp4\"], \"actor\": \"/etc/passwd\"}", "leads out"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a.mp4\"], \"background\": \"../../etc/passwd\"}", "leads out"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a.bvh\"], \"emotion\": \"hapy\"}", "hapy"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a.bvh\"], \"emotoin\": \"sad\"}", "emotoin"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a.xyz\"]}", ".xyz"),
        ("{\"audio\": \"lines/l0.wav\", \"outputs\": [\"lines/l1.wav.bvh\", \"lines/l1.wav.bvh\"]}", "writes"),
        ("{\"audio\": \"lines/l0.wav\"}", "outputs"),
    ];
    for (line, told) in wrong {
        place.write("jobs.jsonl", format!("{{\"audio\": \"lines/l1.wav\", \"outputs\": [\"good.bvh\"]}}\n{line}\n").as_bytes());
        let run = place.run("batch jobs.jsonl");
        assert!(run.status == 2 || run.status == 1, "{line}: {}", run.status);
        assert!(run.stderr.contains("jobs.jsonl:2") && run.stderr.contains(told), "{line}: {}", run.stderr);
        assert_eq!(place.names(), ["jobs.jsonl", "lines"], "{line}");
    }
    place.run("batch nowhere.jsonl").failed(1);
    place.run("batch lines -o {}.bvh --shard 3/2").failed(2);
    place.run("batch jobs.jsonl --watch").failed(2);
}

/// Kills a run with everything it started at several moments, then lets one run through: the same bytes as if nothing had happened.
#[cfg(unix)]
#[test]
fn killed_runs_leave_nothing_wrong_behind() {
    use std::os::unix::process::CommandExt;
    let place = place(6);
    let line = "batch lines -o OUT/{}.bvh -o OUT/{}.mp4 -j 2 -- --size 64x64";
    place.run(&line.replace("OUT", "quiet")).succeeded();
    for milliseconds in [60, 150, 250, 350, 500] {
        let mut child = place.command(&line.replace("OUT", "killed")).process_group(0).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        let group = format!("-{}", child.id());
        std::process::Command::new("kill").args(["-9", "--", &group]).status().unwrap();
        child.wait().unwrap();
    }
    place.run(&line.replace("OUT", "killed")).succeeded();
    assert_eq!(tree(&place.path("lines/quiet")), tree(&place.path("lines/killed")));
}

#[test]
fn a_voice_is_known_from_the_lines_themselves() {
    let place = place(2);
    place.speech("lines/long.wav", 2.0);
    let line = "batch lines -o out/{}.csv --json -- --emotion auto --voice .";
    assert_eq!(counts(&place.run(line).succeeded()), [3, 0, 0, 0]);
    assert_eq!(counts(&place.run(line).succeeded()), [0, 3, 0, 0], "what was made is no recording");
    place.speech("lines/more.wav", 1.5);
    assert_eq!(counts(&place.run(line).succeeded()), [4, 0, 0, 0], "now the voice is known better");
}

#[test]
fn a_watched_folder_is_kept_up_to_date() {
    let place = place(1);
    let mut child = place.command("batch lines -o out/{}.csv --watch").spawn().unwrap();
    let wait_for = |name: &str| {
        let there = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            place.path(name).exists()
        });
        assert!(there, "{name} never came");
    };
    wait_for("lines/out/l0.csv");
    place.speech("lines/new.wav", 0.4);
    wait_for("lines/out/new.csv");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A disk that is full in the middle of a run, in a small file system of the test's own.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_no_more_than_it_must() {
    use std::process::Command;
    let place = place(4);
    place.run("batch lines -o quiet/{}.bvh -o quiet/{}.json").succeeded();
    let script = "mkdir disk && mount -t tmpfs -o size=250k none disk && cp lines/*.wav disk/ || exit 77
        \"$0\" batch disk -o 'out/{}.bvh' -o 'out/{}.json' --state state; echo first $?
        mount -o remount,size=64m disk && \"$0\" batch disk -o 'out/{}.bvh' -o 'out/{}.json' --state state; echo second $?
        ls -A disk; cp -r disk/out result";
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script, env!("CARGO_BIN_EXE_gestus")]).current_dir(place.path(""));
    let Ok(run) = command.output() else { return eprintln!("SKIPPED: there is no unshare here") };
    if run.status.code() == Some(77) || !place.path("result").exists() && String::from_utf8_lossy(&run.stderr).contains("unshare") {
        return eprintln!("SKIPPED: no file system can be mounted here");
    }
    let (told, messages) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(told.contains("first 3") && messages.contains("make room"), "{told}{messages}");
    assert!(told.contains("second 0") && !told.contains(".gestus-"), "{told}{messages}");
    assert_eq!(tree(&place.path("result")), tree(&place.path("lines/quiet")));
}

/// What somebody may write who means harm.
#[test]
fn hostile_manifests_are_refused_in_a_line() {
    let place = place(1);
    let line = |rest: &str| format!("{{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a.bvh\"]{rest}}}\n").into_bytes();
    let mut wrong = vec![
        line(", \"emotion\": \"sad\\u0000\""),
        line(&format!(", \"emotion\": {}1{}", "[".repeat(30_000), "]".repeat(30_000))),
        line(&format!(", \"emotion\": \"{}\"", "x".repeat(70_000))),
        line(", \"emotion\": \"from:/etc/passwd\""),
        line(", \"emotion\": \"like:../../etc/passwd\""),
        line(", \"gestures\": \"/etc\""),
        line(", \"model\": \"/etc\""),
        line(", \"direction\": \"/etc/passwd\""),
        line(", \"output\": \"/tmp/x.bvh\""),
        b"{\"audio\": \"lines/l0.wav\", \"outputs\": [\"a\\u0000.bvh\"]}\n".to_vec(),
        b"{\"audio\": \"lines/l0.wav\", \"outputs\": [\"s3://lines/a.bvh\"]}\n".to_vec(),
        b"{\"audio\": \"file:///etc/passwd\", \"outputs\": [\"a.bvh\"]}\n".to_vec(),
        b"\xff\xfe{}\n".to_vec(),
        vec![b'{'; 1 << 20],
        vec![0; 4096],
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc", place.path("lines/out")).unwrap();
        wrong.push(b"{\"audio\": \"lines/l0.wav\", \"outputs\": [\"lines/out/a.bvh\"]}\n".to_vec());
        wrong.push(b"{\"audio\": \"lines/out/passwd\", \"outputs\": [\"a.bvh\"]}\n".to_vec());
    }
    for text in wrong {
        place.write("jobs.jsonl", &text);
        let run = place.run("batch jobs.jsonl");
        let status = run.status;
        assert!(run.stderr.lines().all(|line| line.len() < 400), "{}", run.stderr);
        run.failed(if status == 1 { 1 } else { 2 });
        assert_eq!(place.names(), ["jobs.jsonl", "lines"]);
    }
}
