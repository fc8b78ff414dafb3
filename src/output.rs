//! Files appear under their final name only when they are whole.

use crate::{Error, Result};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file being written: a temporary neighbour of its final place, removed unless [`Output::commit`] is reached.
pub struct Output {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Output {
    /// Starts writing beside `path`. Fails where the folder is missing or not writable.
    pub fn create(path: &Path) -> Result<Output> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".gestus-").suffix(".tmp").tempfile_in(folder).map_err(Error::io(path))?;
        Ok(Output { file: BufWriter::new(file), path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the finished file to its final name, replacing what was there.
    pub fn commit(mut self) -> Result<()> {
        self.file.flush().map_err(Error::io(&self.path))?;
        let file = self.file.into_inner().map_err(|e| Error::Io { path: self.path.clone(), source: e.into_error() })?;
        set_default_permissions(&file).map_err(Error::io(&self.path))?;
        file.persist(&self.path).map_err(|e| Error::Io { path: self.path.clone(), source: e.error })?;
        Ok(())
    }
}

/// Temporary files are private (0600); a result is as readable as any file the user makes.
#[cfg(unix)]
fn set_default_permissions(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_default_permissions(_: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}
