//! Hidden neighbours of a job's outputs, where it writes until all is there. What comes from an object store or goes there passes
//! through a folder of the batch's own.

use super::Job;
use super::journal::Written;
use super::stores::Address;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One hidden folder beside each output. Their names follow from the job, so that what a killed run left is found and emptied.
pub struct Staging {
    places: Vec<Place>,
}

struct Place {
    /// The hidden folder.
    folder: PathBuf,
    /// Where the worker writes.
    staged: PathBuf,
    target: Target,
}

/// Where an output ends.
enum Target {
    Folder(PathBuf),
    Store(Address),
}

/// How folders of finished parts of a long take begin, which a job that is begun again goes on from.
pub const PARTS: &str = ".gestus-parts-";

impl Staging {
    /// Makes the folders of the `outputs` and empty hidden ones beside them, named after `key`; below `scratch` those of outputs that
    /// go to a store.
    pub fn new(outputs: &[PathBuf], key: &str, scratch: &Path) -> Result<Staging> {
        let place = |(n, output): (usize, &PathBuf)| -> Result<Place> {
            let (Some(parent), Some(name)) = (output.parent(), output.file_name()) else {
                return Err(Error::usage(format!("{}: not a file name", output.display()), "name a file"));
            };
            let target = Address::of(output)?.map_or_else(|| Target::Folder(parent.to_owned()), Target::Store);
            let beside = if matches!(target, Target::Store(_)) { scratch } else { parent };
            let folder = beside.join(format!(".gestus-{}-{n}", &key[..16.min(key.len())]));
            fs::create_dir_all(&folder).map_err(Error::io(output))?;
            empty(&folder)?;
            let mut staged = folder.join(name);
            if output.as_os_str().as_encoded_bytes().ends_with(b"/") {
                staged.push("");
            }
            Ok(Place { folder, staged, target })
        };
        Ok(Staging { places: outputs.iter().enumerate().map(place).collect::<Result<_>>()? })
    }

    /// Where the job writes instead, one for each output.
    pub fn outputs(&self) -> Vec<&Path> {
        self.places.iter().map(|place| place.staged.as_path()).collect()
    }

    /// Moves everything to its final name, each file whole on the disk before it is renamed. What goes to a store has to be there
    /// until `end`.
    pub fn commit(self, end: Instant) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for place in &self.places {
            match &place.target {
                Target::Folder(folder) => place.settle(folder, &mut written)?,
                Target::Store(address) => place.send(address, end, &mut written)?,
            }
        }
        written.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(written)
    }
}

impl Place {
    fn settle(&self, folder: &Path, written: &mut Vec<Written>) -> Result<()> {
        for staged in entries(&self.folder)? {
            let target = folder.join(staged.file_name().unwrap_or_default());
            force(&staged)?;
            let one = Written::of(&staged)?.at(&target);
            if staged.is_dir() && target.is_dir() {
                fs::remove_dir_all(&target).map_err(Error::io(&target))?;
            }
            fs::rename(&staged, &target).map_err(Error::io(&target))?;
            written.push(one);
        }
        force_folder(folder);
        Ok(())
    }

    fn send(&self, address: &Address, end: Instant, written: &mut Vec<Written>) -> Result<()> {
        for made in entries(&self.folder)? {
            for (place, file) in address.places(&made)? {
                place.send(&file, end)?;
                written.push(Written::of(&place.path())?);
            }
        }
        Ok(())
    }
}

/// What a folder holds, without parts of long takes.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let all = fs::read_dir(folder).and_then(|all| all.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>());
    let parts = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PARTS));
    Ok(all.map_err(Error::io(folder))?.into_iter().filter(|path| !parts(path)).collect())
}

fn empty(folder: &Path) -> Result<()> {
    for path in entries(folder)? {
        let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        gone.map_err(Error::io(&path))?;
    }
    Ok(())
}

/// Copies of a job's inputs that are in object stores, removed when dropped.
pub struct Fetched {
    folder: PathBuf,
    /// Address and copy.
    copies: Vec<(String, PathBuf)>,
}

impl Fetched {
    /// Copies what of the inputs is in a store below `scratch`, before `end`.
    pub fn new(job: &Job, key: &str, scratch: &Path, end: Instant) -> Result<Fetched> {
        let mut fetched = Fetched { folder: scratch.join(format!(".gestus-{}-in", &key[..16.min(key.len())])), copies: Vec::new() };
        for (n, input) in job.inputs.iter().enumerate() {
            if let Some(address) = Address::of(input)? {
                let place = fetched.folder.join(n.to_string());
                fs::create_dir_all(&place).map_err(Error::io(&place))?;
                let copy = place.join(input.file_name().unwrap_or_default());
                address.fetch(&copy, end)?;
                fetched.copies.push((input.display().to_string(), copy));
            }
        }
        // No address is taken for the beginning of another.
        fetched.copies.sort_by_key(|(address, _)| std::cmp::Reverse(address.len()));
        Ok(fetched)
    }

    /// The words of a job with copies in place of addresses. What is written still tells the recording's address.
    pub fn words(&self, words: &[String]) -> Vec<String> {
        let here = |word: &String| self.copies.iter().fold(word.clone(), |w, (from, to)| w.replace(from, &to.display().to_string()));
        let named = words.get(1).filter(|audio| here(audio) != **audio).map(|audio| format!("--known-as={audio}"));
        words.iter().map(here).chain(named).collect()
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        for place in &self.places {
            let _ = fs::remove_dir_all(&place.folder);
        }
    }
}

/// Has the system write a file, or every file of a folder, to the disk.
fn force(path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(Error::io(path))? {
            force(&entry.map_err(Error::io(path))?.path())?;
        }
        return Ok(());
    }
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(Error::io(path))
}

/// Renames last once their folder is on the disk. Not every system can say so of a folder.
fn force_folder(path: &Path) {
    let _ = fs::File::open(path).and_then(|folder| folder.sync_all());
}
