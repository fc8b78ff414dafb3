//! Files of jobs in an object store: moto from PyPI, which speaks as S3 does, on this machine.

#[allow(dead_code)] // each test uses its part
mod common;
#[path = "common/google.rs"]
mod google;

use common::{Place, Run};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MOTO: &str = "moto[server]==5.2.5";

const KNOWN: [(&str, &str); 4] =
    [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1"), ("AWS_ALLOW_HTTP", "true")];

/// A store at work with an empty bucket `lines`; stopped when dropped.
struct Store {
    server: Child,
    python: PathBuf,
    endpoint: String,
}

impl Store {
    /// None where the server cannot be installed.
    fn start() -> Option<Store> {
        let Some(python) = common::python("moto", MOTO, "moto.server") else {
            eprintln!("SKIPPED: moto cannot be installed here (python3 with venv, and PyPI, are needed)");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new(&python);
        server.args(["-m", "moto.server", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let store = Store { server: server.spawn().unwrap(), python, endpoint: format!("http://127.0.0.1:{port}") };
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "the store does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        store.run("s3.create_bucket(Bucket='lines')");
        Some(store)
    }

    fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(KNOWN).env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_ENDPOINT_URL", &self.endpoint)
    }

    /// Runs a line of Python with a client `s3` and returns what it prints.
    fn run(&self, line: &str) -> String {
        let mut command = Command::new(&self.python);
        command.arg("-c").arg(format!("import boto3; s3 = boto3.client('s3', endpoint_url='{}'); {line}", self.endpoint));
        let run = self.environment(&mut command).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    }

    fn put(&self, file: &Path, key: &str) {
        self.run(&format!("s3.upload_file('{}', 'lines', '{key}')", file.display()));
    }

    fn get(&self, key: &str, file: &Path) {
        self.run(&format!("s3.download_file('lines', '{key}', '{}')", file.display()));
    }

    fn keys(&self) -> Vec<String> {
        let text = self.run("[print(o['Key']) for o in s3.list_objects_v2(Bucket='lines')['Contents']]");
        text.lines().map(String::from).collect()
    }

    fn batch(&self, place: &Place, line: &str) -> Run {
        let mut command = place.command(line);
        self.environment(&mut command);
        common::finish(command)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn counts(run: &Run) -> [u64; 3] {
    ["done", "up_to_date", "failed"].map(|name| run.json()[name].as_u64().unwrap())
}

#[test]
fn inputs_come_from_a_store_and_results_go_there() {
    let Some(store) = Store::start() else { return };
    let place = Place::new();
    place.speech("a.wav", 0.5);
    place.speech("b.wav", 0.6);
    store.put(&place.path("a.wav"), "in/a.wav");
    let manifest = format!(
        "{{\"audio\": \"s3://lines/in/a.wav\", \"outputs\": [\"s3://lines/out/a.bvh\", \"here.bvh\"]}}\n\
         {{\"audio\": \"file://{}\", \"outputs\": [\"s3://lines/out/b.mp4\", \"s3://lines/out/frames/\"], \"size\": \"64x64\"}}\n\
         {{\"audio\": \"s3://lines/in/none.wav\", \"outputs\": [\"none.bvh\"]}}\n",
        place.path("b.wav").display()
    );
    place.write("jobs.jsonl", manifest.as_bytes());
    let line = "batch jobs.jsonl --root s3://lines/in --root s3://lines/out --json";
    let run = store.batch(&place, line);
    assert_eq!((run.status, counts(&run)), (3, [2, 0, 1]), "{}", run.stderr);
    assert!(run.stderr.contains("s3://lines/in/none.wav"), "{}", run.stderr);
    // What is written names the recording where it is.
    let manifest = "{\"audio\": \"s3://lines/in/a.wav\", \"outputs\": [\"named.json\"]}\n";
    place.write("named.jsonl", manifest.as_bytes());
    store.batch(&place, "batch named.jsonl --root s3://lines").succeeded();
    let named: serde_json::Value = serde_json::from_slice(&place.read("named.json")).unwrap();
    assert!(named.to_string().contains("\"s3://lines/in/a.wav\""), "{}", &named.to_string()[..300]);
    // The same bytes as without a store, and nothing else.
    place.run("animate a.wav -o single.bvh").succeeded();
    place.run("render b.wav -o single.mp4 --size 64x64").succeeded();
    store.get("out/a.bvh", &place.path("fetched.bvh"));
    store.get("out/b.mp4", &place.path("fetched.mp4"));
    assert_eq!(place.read("fetched.bvh"), place.read("single.bvh"));
    assert_eq!(place.read("here.bvh"), place.read("single.bvh"));
    assert_eq!(place.read("fetched.mp4"), place.read("single.mp4"));
    let keys = store.keys();
    assert_eq!(keys.iter().filter(|key| key.starts_with("out/frames/")).count(), 18, "{keys:?}");
    assert_eq!(keys.len(), 3 + 18, "{keys:?}");
    assert!(std::fs::read_dir(place.path("jobs.jsonl.gestus")).unwrap().count() == 1, "something was left behind");
    // What stands there is not done again; what changed there is.
    assert_eq!(counts(&store.batch(&place, line)), [0, 2, 1]);
    store.run("s3.delete_object(Bucket='lines', Key='out/b.mp4')");
    assert_eq!(counts(&store.batch(&place, line)), [1, 1, 1]);
    store.put(&place.path("b.wav"), "in/a.wav");
    assert_eq!(counts(&store.batch(&place, line)), [1, 1, 1]);
}

#[test]
fn large_results_go_in_pieces() {
    let Some(store) = Store::start() else { return };
    let place = Place::new();
    place.speech("a.wav", 20.0);
    let manifest = "{\"audio\": \"a.wav\", \"outputs\": [\"s3://lines/a.json\", \"a.json\"], \"fps\": 240, \"quality\": \"draft\"}\n";
    place.write("jobs.jsonl", manifest.as_bytes());
    store.batch(&place, "batch jobs.jsonl --root s3://lines").succeeded();
    store.get("a.json", &place.path("fetched.json"));
    assert!(place.read("a.json").len() > 8 << 20, "too small to be sent in pieces");
    assert_eq!(place.read("fetched.json"), place.read("a.json"));
}

#[test]
fn manifests_and_folders_are_read_from_a_store() {
    let Some(store) = Store::start() else { return };
    let place = Place::new();
    place.speech("a.wav", 0.4);
    place.write("me.glb", b"not in the store");
    place.write("jobs.csv", b"audio,outputs,seed\na.wav,out/a.bvh,3\n");
    store.put(&place.path("a.wav"), "in/a.wav");
    store.put(&place.path("jobs.csv"), "in/jobs.csv");
    let before = place.names();
    assert_eq!(counts(&store.batch(&place, "batch s3://lines/in/jobs.csv --json --dry-run")), [0, 0, 0]);
    assert_eq!(place.names(), before, "a dry run left something");
    let line = "batch s3://lines/in/jobs.csv --json";
    assert_eq!(counts(&store.batch(&place, line)), [1, 0, 0]);
    assert_eq!(counts(&store.batch(&place, line)), [0, 1, 0]);
    place.run("animate a.wav -o single.bvh --seed 3").succeeded();
    store.get("in/out/a.bvh", &place.path("fetched.bvh"));
    assert_eq!(place.read("fetched.bvh"), place.read("single.bvh"));
    // A folder, in which the manifest is no recording.
    assert_eq!(counts(&store.batch(&place, "batch s3://lines/in/ -o out/{}.csv --json")), [1, 0, 0]);
    assert_eq!(store.keys(), ["in/a.wav", "in/jobs.csv", "in/out/a.bvh", "in/out/a.csv"]);
    // Such a manifest reaches neither this folder nor the rest of the store.
    for (row, told) in [
        ("../b.wav,a.bvh,", "not an address"),
        ("a.wav,../a.bvh,", "not an address"),
        ("a.wav,s3://lines/a.bvh,", "leads out"),
        ("a.wav,a.mp4,me.glb", "leads out"),
        ("/etc/passwd,a.bvh,", "leads out"),
    ] {
        place.write("wrong.csv", format!("audio,outputs,actor\n{row}\n").as_bytes());
        store.put(&place.path("wrong.csv"), "in/wrong.csv");
        let run = store.batch(&place, "batch s3://lines/in/wrong.csv");
        assert!(run.status == 2 && run.stderr.contains("s3://lines/in/wrong.csv:2") && run.stderr.contains(told), "{row}: {}", run.stderr);
    }
    let run = store.batch(&place, "batch s3://lines/none.jsonl");
    assert!(run.stderr.contains("s3://lines/none.jsonl"), "{}", run.stderr);
    run.failed(1);
}

#[cfg(unix)]
#[test]
fn half_an_upload_is_no_object() {
    let Some(store) = Store::start() else { return };
    let place = Place::new();
    place.speech("a.wav", 60.0);
    place.write("jobs.jsonl", b"{\"audio\": \"a.wav\", \"outputs\": [\"s3://lines/a.json\"], \"fps\": 240, \"quality\": \"draft\"}\n");
    let line = "batch jobs.jsonl --root s3://lines";
    let mut command = place.command(line);
    let mut child = store.environment(&mut command).spawn().unwrap();
    let watch = "import os, sys, time; end = time.time() + 120\n\
                 while time.time() < end and not s3.list_multipart_uploads(Bucket='lines').get('Uploads'): pass\n";
    store.run(&format!("exec(\"\"\"{watch}os.kill({}, 9)\"\"\")", child.id()));
    assert!(!child.wait().unwrap().success(), "it was over before");
    let keys = store.run("print(s3.list_objects_v2(Bucket='lines').get('KeyCount'))");
    assert_eq!(keys.trim(), "0", "half an upload can be seen");
    store.batch(&place, line).succeeded();
    store.get("a.json", &place.path("fetched.json"));
    place.run("animate a.wav -o single.json --fps 240 --quality draft").succeeded();
    assert_eq!(place.read("fetched.json"), place.read("single.json"));
}

#[test]
fn google_cloud_storage_is_spoken_to_as_it_asks() {
    let (address, objects) = google::start();
    let account = format!(
        "{{\"gcs_base_url\": \"{address}\", \"disable_oauth\": true, \"client_email\": \"\", \"private_key\": \"\", \"private_key_id\": \"\"}}"
    );
    let place = Place::new();
    place.speech("a.wav", 0.5);
    let batch = |line: &str| {
        let mut command = place.command(line);
        command.env("GOOGLE_SERVICE_ACCOUNT_KEY", &account).env("AWS_ALLOW_HTTP", "true");
        common::finish(command)
    };
    objects.lock().unwrap().insert("in/a.wav".into(), place.read("a.wav"));
    objects.lock().unwrap().insert("in/jobs.csv".into(), b"audio,outputs\na.wav,out/a.bvh\n".to_vec());
    let line = "batch gs://lines/in/jobs.csv --json";
    let first = batch(line);
    assert_eq!(counts(&first), [1, 0, 0], "{}", first.stderr);
    assert_eq!(counts(&batch(line)), [0, 1, 0]);
    place.run("animate a.wav -o single.bvh").succeeded();
    assert_eq!(objects.lock().unwrap()["in/out/a.bvh"], place.read("single.bvh"));
    objects.lock().unwrap().insert("in/out/a.bvh".into(), b"another".to_vec());
    assert_eq!(counts(&batch(line)), [1, 0, 0]);
    assert_eq!(counts(&batch("batch gs://lines/in/ -o {}.csv --json")), [1, 0, 0]);
    assert!(objects.lock().unwrap().keys().eq(["in/a.csv", "in/a.wav", "in/jobs.csv", "in/out/a.bvh"]));
}

#[test]
fn a_store_that_does_not_answer_ends_its_job() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new();
    place.speech("a.wav", 0.3);
    place.write(
        "jobs.jsonl",
        b"{\"audio\": \"a.wav\", \"outputs\": [\"s3://lines/a.bvh\"]}\n{\"audio\": \"a.wav\", \"outputs\": [\"b.bvh\"]}\n",
    );
    let mut command = place.command("batch jobs.jsonl --root s3://lines --time-limit 5");
    command.envs(KNOWN).env("AWS_ENDPOINT_URL", format!("http://{}", deaf.local_addr().unwrap()));
    let start = Instant::now();
    let run = common::finish(command);
    assert!(run.status == 3 && run.stderr.contains("too slow") && place.path("b.bvh").exists(), "{}", run.stderr);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    // Neither does one that the jobs themselves are in keep the batch waiting.
    for jobs in ["s3://lines/jobs.jsonl", "s3://lines/in/"] {
        let mut command = place.command(&format!("batch {jobs} -o {{}}.bvh --time-limit 2"));
        command.envs(KNOWN).env("AWS_ENDPOINT_URL", format!("http://{}", deaf.local_addr().unwrap()));
        let start = Instant::now();
        let run = common::finish(command);
        assert!(run.stderr.contains("too slow") && start.elapsed() < Duration::from_secs(20), "{:?}: {}", start.elapsed(), run.stderr);
        run.failed(1);
    }
}

#[test]
fn stores_that_are_not_allowed_or_not_there_are_told() {
    let place = Place::new();
    place.speech("a.wav", 0.3);
    let wrong = [
        ("s3://lines/a.wav", "--root s3://other", "leads out"),
        ("s3://other/../lines/a.wav", "--root s3://other", "not an address"),
        ("s3://lines/a.wav", "", "leads out"),
    ];
    for (audio, root, told) in wrong {
        place.write("jobs.jsonl", format!("{{\"audio\": \"{audio}\", \"outputs\": [\"a.bvh\"]}}\n").as_bytes());
        let run = place.run(&format!("batch jobs.jsonl {root}"));
        assert!(run.stderr.contains(told), "{audio}: {}", run.stderr);
        run.failed(2);
    }
    // A store that nobody answers for.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.write("jobs.jsonl", b"{\"audio\": \"s3://lines/a.wav\", \"outputs\": [\"a.bvh\"]}\n");
    let mut command = place.command("batch jobs.jsonl --root s3://lines");
    command.envs(KNOWN);
    command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"));
    let run = common::finish(command);
    assert!(run.status == 1 && run.stderr.contains("s3://lines/a.wav"), "{}", run.stderr);
}
