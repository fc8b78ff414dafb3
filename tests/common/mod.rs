//! Running the built program as a user does, in a folder of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// The only thing on stdout, as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.stdout)))
    }

    #[track_caller]
    pub fn succeeded(self) -> Run {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self
    }

    /// Failed with this status, in one line that says what is wrong and at most one that says what to do.
    #[track_caller]
    pub fn failed(self, status: i32) -> Run {
        assert_eq!(self.status, status, "{}", self.stderr);
        let lines: Vec<&str> = self.stderr.lines().skip_while(|line| !line.starts_with("error: ")).collect();
        assert!(matches!(lines.len(), 1 | 2), "{}", self.stderr);
        assert!(lines.get(1).is_none_or(|line| line.starts_with("hint: ")), "{}", self.stderr);
        assert!(self.stdout.is_empty(), "{}", String::from_utf8_lossy(&self.stdout));
        self
    }
}

/// A folder to work in, removed at the end.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("a writable folder");
    }

    /// Names of everything in the folder, hidden files included.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The program, ready to run here on `line`, which is split at spaces.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gestus"));
        command.args(line.split(' ').filter(|word| !word.is_empty())).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, line: &str) -> Run {
        finish(self.command(line))
    }

    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Run {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().expect("gestus starts");
        // The program may rightly stop before it has read everything.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        outcome(child.wait_with_output().expect("gestus ends"))
    }

    /// Writes `name` with the first `seconds` of the sample speech, which begins again where it ends.
    pub fn speech(&self, name: &str, seconds: f64) {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/speech.wav");
        let mut reader = hound::WavReader::open(sample).expect("the sample speech");
        let wanted = (seconds * f64::from(reader.spec().sample_rate)) as usize * usize::from(reader.spec().channels);
        let mut writer = hound::WavWriter::create(self.path(name), reader.spec()).expect("a writable folder");
        let samples: Vec<i16> = reader.samples().map(|sample| sample.expect("a sample")).collect();
        samples.iter().cycle().take(wanted).for_each(|sample| writer.write_sample(*sample).expect("room"));
        writer.finalize().expect("room");
    }
}

pub fn finish(mut command: Command) -> Run {
    outcome(command.output().expect("gestus runs"))
}

fn outcome(output: std::process::Output) -> Run {
    let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
    Run { status: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
}

/// A Python with a package of PyPI, installed once below the target folder; none where that cannot be done.
pub fn python(name: &str, package: &str, module: &str) -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = venv.join("bin/python");
    let works = || Command::new(&python).args(["-c", &format!("import {module}")]).output().is_ok_and(|run| run.status.success());
    if !works() {
        let make = Command::new("python3").args(["-m", "venv"]).arg(&venv).output().ok()?;
        let install =
            Command::new(&python).args(["-m", "pip", "install", "--quiet", "--timeout", "20", "--retries", "1", package]).output();
        if !make.status.success() || !install.is_ok_and(|run| run.status.success()) {
            return None;
        }
    }
    works().then_some(python)
}
