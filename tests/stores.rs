//! Files of jobs in an object store: moto from PyPI, which speaks as S3 does, on this machine.

#![cfg(feature = "stores")]

#[allow(dead_code)] // each test uses its part
mod common;

use common::{Place, Run};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MOTO: &str = "moto[server]==5.2.5";

/// A store at work with an empty bucket `lines`; stopped when dropped.
struct Store {
    server: Child,
    python: PathBuf,
    endpoint: String,
}

impl Store {
    /// None where the server cannot be installed.
    fn start() -> Option<Store> {
        let python = common::python("moto", MOTO, "moto.server")?;
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
        let known =
            [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1"), ("AWS_ALLOW_HTTP", "true")];
        command.envs(known).env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_ENDPOINT_URL", &self.endpoint)
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
    let Some(store) = Store::start() else {
        eprintln!("SKIPPED: moto cannot be installed here (python3 with venv, and PyPI, are needed)");
        return;
    };
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
    let Some(store) = Store::start() else {
        eprintln!("SKIPPED: moto cannot be installed here (python3 with venv, and PyPI, are needed)");
        return;
    };
    let place = Place::new();
    place.speech("a.wav", 11.0);
    let manifest = "{\"audio\": \"a.wav\", \"outputs\": [\"s3://lines/a.json\", \"a.json\"], \"fps\": 240}\n";
    place.write("jobs.jsonl", manifest.as_bytes());
    store.batch(&place, "batch jobs.jsonl --root s3://lines").succeeded();
    store.get("a.json", &place.path("fetched.json"));
    assert!(place.read("a.json").len() > 8 << 20, "too small to be sent in pieces");
    assert_eq!(place.read("fetched.json"), place.read("a.json"));
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
    command.envs([
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
    ]);
    command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"));
    let run = common::finish(command);
    assert!(run.status == 1 && run.stderr.contains("s3://lines/a.wav"), "{}", run.stderr);
}
