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
        // The error's own text names the temporary file, which would only puzzle.
        let file = builder().tempfile_in(folder).map_err(|e| Error::io(path)(e.kind().into()))?;
        Ok(Output { file: BufWriter::new(file), path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the finished file to its final name, replacing what was there.
    pub fn commit(mut self) -> Result<()> {
        self.file.flush().map_err(Error::io(&self.path))?;
        let file = self.file.into_inner().map_err(|e| Error::Io { path: self.path.clone(), source: e.into_error() })?;
        file.persist(&self.path).map_err(|e| Error::Io { path: self.path.clone(), source: e.error })?;
        Ok(())
    }
}

/// Temporary files are private by default; a result is as readable as any file the user makes (their umask applies).
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gestus-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
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
