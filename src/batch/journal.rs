//! What is done: one JSON line a job, told apart by the content of everything that went into it.

use super::Job;
use super::stores::Address;
use crate::once::once;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The SHA-256 of a job's options, of the content of its inputs, of the names of its outputs, and of this program, models included.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    pub fn of(job: &Job) -> Result<Key> {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            // With lengths no two lists of parts look alike.
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(program()?.as_bytes());
        job.words.iter().for_each(|word| part(word.as_bytes()));
        job.outputs.iter().for_each(|path| part(path.as_os_str().as_encoded_bytes()));
        for path in &job.inputs {
            part(Written::of(path)?.hash.as_bytes());
        }
        Ok(Key(text(hash)))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The hash of this program, whose models and actors are part of it.
pub(crate) fn program() -> Result<&'static str> {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    once(&PROGRAM, || content(&std::env::current_exe().map_err(Error::io("gestus"))?)).map(String::as_str)
}

/// The SHA-256 of a file.
pub(crate) fn content(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(path).map_err(Error::io(path))?, &mut hash).map_err(Error::io(path))?;
    Ok(text(hash))
}

fn text(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An output as a job left it: a file, or a folder of files, here or in an object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub path: PathBuf,
    pub bytes: u64,
    hash: String,
}

impl Written {
    /// What stands at `path` now.
    pub fn of(path: &Path) -> Result<Written> {
        if let Some(address) = Address::of(path)? {
            let (bytes, hash) = address.state()?;
            return Ok(Written { path: path.into(), bytes, hash });
        }
        if !path.is_dir() {
            let bytes = path.metadata().map_err(Error::io(path))?.len();
            return Ok(Written { path: path.into(), bytes, hash: content(path)? });
        }
        let entries = fs::read_dir(path).map_err(Error::io(path))?;
        let mut files = entries.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>().map_err(Error::io(path))?;
        files.sort();
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        for file in files {
            let one = Written::of(&file)?;
            hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update(one.hash);
            bytes += one.bytes;
        }
        Ok(Written { path: path.into(), bytes, hash: text(hash) })
    }

    /// The same at another place.
    pub fn at(self, path: &Path) -> Written {
        Written { path: path.into(), ..self }
    }

    /// Whether the same stands there now.
    pub fn stands(&self) -> bool {
        let away = matches!(Address::of(&self.path), Ok(Some(_)));
        let size = if away || self.path.is_dir() { Some(self.bytes) } else { self.path.metadata().ok().map(|m| m.len()) };
        size == Some(self.bytes) && Written::of(&self.path).is_ok_and(|now| now == *self)
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: Key,
    job: String,
    seconds: f64,
    outputs: Vec<Written>,
}

/// What earlier runs did.
#[derive(Default)]
pub struct Known(HashMap<Key, Vec<Written>>);

impl Known {
    /// What the journal at `path` says; nothing where there is none.
    pub fn read(path: &Path) -> Result<Known> {
        match File::open(path) {
            Ok(file) => Ok(Known::whole_lines(&file, path)?.0),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Known::default()),
            Err(e) => Err(Error::io(path)(e)),
        }
    }

    /// What the job of this key left behind; nothing where it was never done.
    pub fn outputs(&self, key: &Key) -> Option<&[Written]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// All lines that are whole, and how many bytes they take: a run that was killed may have left half a line at the end.
    fn whole_lines(file: &File, path: &Path) -> Result<(Known, u64)> {
        let (mut known, mut whole, mut line) = (Known::default(), 0, Vec::new());
        let mut reader = BufReader::new(file);
        while reader.read_until(b'\n', &mut line).map_err(Error::io(path))? > 0 && line.ends_with(b"\n") {
            if let Ok(Line { key, outputs, .. }) = serde_json::from_slice(&line) {
                known.0.insert(key, outputs);
            }
            whole += line.len() as u64;
            line.clear();
        }
        Ok((known, whole))
    }
}

/// A journal, held by one run at a time.
pub struct Journal {
    file: File,
    path: PathBuf,
    pub known: Known,
}

impl Journal {
    /// Opens the journal at `path`, or begins it. Fails where another run holds it.
    pub fn open(path: &Path) -> Result<Journal> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(Error::io(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = format!("{}: another run is at work on these jobs", path.display());
                return Err(Error::Unsupported { what, hint: "wait for it, or divide the jobs with --shard".into() });
            }
            Err(TryLockError::Error(e)) => return Err(Error::io(path)(e)),
        }
        let (known, whole) = Known::whole_lines(&file, path)?;
        file.set_len(whole).map_err(Error::io(path))?;
        file.seek(SeekFrom::End(0)).map_err(Error::io(path))?;
        Ok(Journal { file, path: path.into(), known })
    }

    /// Notes a finished job, on the disk when this returns.
    pub fn add(&mut self, key: &Key, job: &str, outputs: Vec<Written>, seconds: f64) -> Result<()> {
        let line = Line { key: key.clone(), job: job.into(), seconds, outputs };
        let mut text = serde_json::to_string(&line).map_err(|e| Error::malformed("journal", e.to_string()))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data()).map_err(Error::io(&self.path))?;
        self.known.0.insert(line.key, line.outputs);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(folder: &Path) -> Job {
        std::fs::write(folder.join("a.wav"), "sound").unwrap();
        Job {
            place: "jobs:1".into(),
            words: vec!["animate".into(), "a.wav".into()],
            inputs: vec![folder.join("a.wav")],
            outputs: vec![folder.join("a.bvh")],
        }
    }

    #[test]
    fn keys_follow_content_and_options() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        let key = Key::of(&job).unwrap();
        assert_eq!(key, Key::of(&job).unwrap());
        assert_ne!(key, Key::of(&Job { words: vec!["animatea".into(), ".wav".into()], ..job.clone() }).unwrap());
        std::fs::write(folder.path().join("a.wav"), "other").unwrap();
        assert_ne!(key, Key::of(&job).unwrap());
    }

    #[test]
    fn it_remembers_what_stands_and_forgets_half_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let (path, job) = (folder.path().join("journal"), job(folder.path()));
        let key = Key::of(&job).unwrap();
        std::fs::write(&job.outputs[0], "motion").unwrap();
        Journal::open(&path).unwrap().add(&key, "jobs:1", vec![Written::of(&job.outputs[0]).unwrap()], 1.0).unwrap();
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"key\": \"hal").unwrap();
        let mut journal = Journal::open(&path).unwrap();
        let stands = |known: &Known, key: &Key| known.outputs(key).is_some_and(|outputs| outputs.iter().all(Written::stands));
        assert!(stands(&journal.known, &key) && stands(&Known::read(&path).unwrap(), &key));
        assert!(Journal::open(&path).is_err(), "two runs hold one journal");
        journal.add(&Key("other".into()), "jobs:2", Vec::new(), 1.0).unwrap();
        std::fs::write(&job.outputs[0], "motioN").unwrap();
        assert!(!stands(&journal.known, &key));
        drop(journal);
        assert!(stands(&Journal::open(&path).unwrap().known, &Key("other".into())));
    }
}
