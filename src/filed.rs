//! What does not fit into memory: a temporary file without a name, which the system maps.

use crate::{Error, Result};
use memmap2::Mmap;
use std::fs::File;
use std::io::BufWriter;

/// A file that nobody else can see.
///
/// # Errors
/// [`Error::Io`] for the folder of temporary files.
pub fn create() -> Result<BufWriter<File>> {
    tempfile::tempfile().map(BufWriter::new).map_err(Error::io(std::env::temp_dir()))
}

/// All that was written to a file of [`create`].
///
/// # Errors
/// [`Error::Io`] for the folder of temporary files.
pub fn map(file: BufWriter<File>) -> Result<Mmap> {
    let file = file.into_inner().map_err(|e| Error::io(std::env::temp_dir())(e.into_error()))?;
    // SAFETY: the file has no name, so nobody else can change it.
    unsafe { Mmap::map(&file) }.map_err(Error::io(std::env::temp_dir()))
}

/// Lets the system take back the pages of the first `bytes` bytes; it reads them again when they are wanted.
pub fn release(map: &Mmap, bytes: usize) {
    #[cfg(unix)]
    {
        // SAFETY: the pages belong to a file that nobody writes to, so what is read again is the same.
        let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, 0, bytes.min(map.len())) };
    }
    #[cfg(not(unix))]
    let _ = (map, bytes);
}
