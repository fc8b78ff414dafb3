//! Hidden neighbours of a job's outputs, where it writes until all is there.

use super::journal::Written;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// One hidden folder beside each output. Their names follow from the job, so that what a killed run left is found and emptied.
pub struct Staging {
    places: Vec<Place>,
}

struct Place {
    /// The hidden folder.
    folder: PathBuf,
    /// Where the worker writes.
    staged: PathBuf,
    /// Where it ends.
    target: PathBuf,
}

impl Staging {
    /// Makes the folders of the `outputs` and empty hidden ones beside them, named after `key`.
    pub fn new(outputs: &[PathBuf], key: &str) -> Result<Staging> {
        let place = |(n, output): (usize, &PathBuf)| -> Result<Place> {
            let (Some(parent), Some(name)) = (output.parent(), output.file_name()) else {
                return Err(Error::usage(format!("{}: not a file name", output.display()), "name a file"));
            };
            let folder = parent.join(format!(".gestus-{}-{n}", &key[..16.min(key.len())]));
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(Error::io(&folder))?;
            }
            fs::create_dir_all(&folder).map_err(Error::io(output))?;
            let mut staged = folder.join(name);
            if output.as_os_str().as_encoded_bytes().ends_with(b"/") {
                staged.push("");
            }
            Ok(Place { folder, staged, target: parent.to_owned() })
        };
        Ok(Staging { places: outputs.iter().enumerate().map(place).collect::<Result<_>>()? })
    }

    /// Where the job writes instead, one for each output.
    pub fn outputs(&self) -> Vec<&Path> {
        self.places.iter().map(|place| place.staged.as_path()).collect()
    }

    /// Moves everything to its final name, each file whole on the disk before it is renamed.
    pub fn commit(self) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for place in &self.places {
            for entry in fs::read_dir(&place.folder).map_err(Error::io(&place.folder))? {
                let staged = entry.map_err(Error::io(&place.folder))?.path();
                let target = place.target.join(staged.file_name().unwrap_or_default());
                force(&staged)?;
                let one = Written::of(&staged)?.at(&target);
                if staged.is_dir() && target.is_dir() {
                    fs::remove_dir_all(&target).map_err(Error::io(&target))?;
                }
                fs::rename(&staged, &target).map_err(Error::io(&target))?;
                written.push(one);
            }
            force_folder(&place.target);
        }
        written.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(written)
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
