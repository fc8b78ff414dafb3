//! The folders that jobs may read from and write to, here and in object stores. A manifest may come from anybody.

use super::stores::Address;
use crate::{Error, Result};
use std::path::{Component, Path, PathBuf};

/// Folders with every link in their paths resolved.
#[derive(Clone, Debug)]
pub struct Roots {
    /// What relative paths are relative to.
    base: PathBuf,
    folders: Vec<PathBuf>,
    /// Folders in object stores.
    stores: Vec<Address>,
}

impl Roots {
    /// `base` and the folders in `others`, which must exist if they are on this machine.
    pub fn new(base: &Path, others: &[PathBuf]) -> Result<Roots> {
        let real = |path: &Path| path.canonicalize().map_err(Error::io(path));
        let base = real(base)?;
        let (mut folders, mut stores) = (vec![base.clone()], Vec::new());
        for path in others {
            match Address::of(path)? {
                Some(address) => stores.push(address),
                None => folders.push(real(path)?),
            }
        }
        Ok(Roots { base, folders, stores })
    }

    /// For a manifest in the folder `home` of an object store: nothing on this machine is allowed but the folders in `others`.
    pub fn away(home: Address, others: &[PathBuf]) -> Result<Roots> {
        let mut roots = Roots::new(Path::new("."), others)?;
        roots.folders.remove(0);
        roots.stores.push(home);
        Ok(roots)
    }

    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The real place of a file to read. Fails where there is none, or where it lies outside, also through a link.
    pub fn input(&self, path: &Path) -> Result<PathBuf> {
        if let Some(address) = Address::of(path)? {
            return self.in_store(&address);
        }
        let real = self.base.join(path).canonicalize().map_err(Error::io(path))?;
        self.inside(real, path)
    }

    /// The real place of a file to write, whose folders need not exist yet.
    pub fn output(&self, path: &Path) -> Result<PathBuf> {
        if let Some(address) = Address::of(path)? {
            return self.in_store(&address);
        }
        let whole = self.base.join(path);
        if path.file_name().is_none() || whole.components().any(|part| part == Component::ParentDir) {
            return Err(outside(path));
        }
        // The deepest folder that exists decides where the rest will be.
        let mut missing = Vec::new();
        let mut there = whole.as_path();
        let real = loop {
            match (there.symlink_metadata(), there.parent(), there.file_name()) {
                (Ok(_), ..) => break there.canonicalize().map_err(Error::io(path))?,
                (Err(_), Some(parent), Some(name)) => {
                    missing.push(name);
                    there = parent;
                }
                _ => return Err(outside(path)),
            }
        };
        let folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let mut real = self.inside(missing.iter().rev().fold(real, |place, name| place.join(name)), path)?;
        if folder {
            real.push("");
        }
        Ok(real)
    }

    fn in_store(&self, address: &Address) -> Result<PathBuf> {
        let path = address.path();
        let allowed = address.is_object() && self.stores.iter().any(|root| address.is_in(root));
        if allowed { Ok(path) } else { Err(outside(&path)) }
    }

    fn inside(&self, real: PathBuf, path: &Path) -> Result<PathBuf> {
        if self.folders.iter().any(|folder| real.starts_with(folder)) { Ok(real) } else { Err(outside(path)) }
    }
}

fn outside(path: &Path) -> Error {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("FOLDER"));
    Error::usage(format!("{}: leads out of the manifest's folder", path.display()), format!("allow it with --root {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&inside, &outside] {
            std::fs::write(folder.path().join("a.wav"), "x").unwrap();
        }
        let roots = Roots::new(inside.path(), &[]).unwrap();
        assert!(roots.input(Path::new("a.wav")).is_ok());
        assert!(roots.output(Path::new("new/deep/a.mp4")).unwrap().starts_with(inside.path().canonicalize().unwrap()));
        let foreign = outside.path().join("a.wav");
        let around = Path::new("..").join(outside.path().file_name().unwrap()).join("a.wav");
        for path in [foreign.as_path(), &around, Path::new("../x.mp4"), Path::new("new/../../x.mp4"), Path::new("/"), Path::new("")] {
            assert!(roots.input(path).is_err() || path == Path::new("") || path == Path::new("/"), "{}", path.display());
            assert!(roots.output(path).is_err(), "{}", path.display());
        }
        assert!(Roots::new(inside.path(), &[outside.path().into()]).unwrap().input(&foreign).is_ok());
    }

    #[test]
    fn stores_have_roots_of_their_own() {
        let inside = tempfile::tempdir().unwrap();
        let path = Path::new("s3://lines/in/a.wav");
        assert!(Roots::new(inside.path(), &[]).unwrap().input(path).is_err());
        let roots = Roots::new(inside.path(), &["s3://lines/in".into()]).unwrap();
        assert_eq!(roots.input(path).unwrap(), path);
        for outside in ["s3://lines/out/a.wav", "s3://lines/in/../out/a.wav", "s3://lines", "gs://lines/in/a.wav"] {
            assert!(roots.output(Path::new(outside)).is_err(), "{outside}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("a.wav"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("away")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("later"), inside.path().join("dangling")).unwrap();
        let roots = Roots::new(inside.path(), &[]).unwrap();
        assert!(roots.input(Path::new("away/a.wav")).is_err());
        for path in ["away/b.mp4", "away/new/b.mp4", "dangling/b.mp4", "dangling"] {
            assert!(roots.output(Path::new(path)).is_err(), "{path}");
        }
    }
}
