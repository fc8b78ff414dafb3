//! Where the jobs of a batch are written down: here, or in an object store.

use crate::batch::manifest::{self, Entry};
use crate::batch::roots::Roots;
use crate::batch::stores::Address;
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where jobs are written down.
pub enum Source {
    /// A manifest or a folder of recordings, from the root.
    Here(PathBuf),
    /// The same in an object store.
    Store(Address),
}

impl Source {
    /// The source with the folders that its jobs may use.
    pub fn open(jobs: &Path, roots: &[PathBuf]) -> Result<(Source, Roots)> {
        if let Some(address) = Address::of(jobs)? {
            let roots = Roots::away(address.home(), roots)?;
            return Ok((Source::Store(address), roots));
        }
        let jobs = jobs.canonicalize().map_err(Error::io(jobs))?;
        let base = if jobs.is_dir() { jobs.as_path() } else { jobs.parent().unwrap_or(&jobs) };
        let roots = Roots::new(base, roots)?;
        Ok((Source::Here(jobs), roots))
    }

    /// Where the journal is kept if nothing else is asked for.
    pub fn state(&self) -> PathBuf {
        let beside = |jobs: &Path| {
            let mut name = jobs.file_name().unwrap_or_default().to_owned();
            name.push(".gestus");
            jobs.with_file_name(name)
        };
        match self {
            Source::Here(jobs) => beside(jobs),
            Source::Store(address) => beside(Path::new(address.path().file_name().unwrap_or_default())),
        }
    }

    /// The jobs, unchecked. Those here are read in their own folder, where the batch works; those of a store have to be there by `end`.
    pub fn entries(&self, templates: &[String], end: Instant) -> Result<Vec<Entry>> {
        match self {
            Source::Here(jobs) if jobs.is_dir() => manifest::folder(jobs, templates),
            Source::Here(jobs) => manifest::read(jobs.file_name().map_or(jobs, Path::new), templates),
            Source::Store(address) => manifest::fetch(address, templates, end),
        }
    }
}
