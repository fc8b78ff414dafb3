//! Finished pieces of a long video on the disk, so that a run that was ended goes on where it was.
//!
//! A piece is encoded by itself, whether it is kept or not: so the bytes of a video do not depend on how often it was begun. Its file
//! holds the number of pictures, the length of each with whether decoding can begin there, the encoded pictures, and the SHA-256 of
//! all that.

use super::h264;
use crate::output::Output;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Key pictures of a piece: a minute.
const KEYS: usize = 30;
/// Marks the length of a picture where decoding can begin.
const KEY: u32 = 1 << 31;

/// Encoded pictures in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Bytes of each.
    pub sizes: Vec<u32>,
    /// Numbers of those where decoding can begin.
    pub keys: Vec<u32>,
}

impl Pictures {
    pub fn add(&mut self, size: u32, key: bool) {
        if key {
            self.keys.push(self.sizes.len() as u32);
        }
        self.sizes.push(size);
    }

    pub fn bytes(&self) -> u64 {
        self.sizes.iter().map(|size| u64::from(*size)).sum()
    }

    /// Takes in what follows.
    pub fn extend(&mut self, next: &Pictures) {
        let before = self.sizes.len() as u32;
        self.keys.extend(next.keys.iter().map(|key| before + key));
        self.sizes.extend(&next.sizes);
    }

    fn lengths(&self) -> Vec<u8> {
        let mut lengths = self.sizes.clone();
        self.keys.iter().for_each(|key| lengths[*key as usize] |= KEY);
        lengths.iter().flat_map(|length| length.to_le_bytes()).collect()
    }
}

/// Pictures of a piece at this rate.
pub fn length(fps: f64) -> usize {
    KEYS * h264::key_distance(fps) as usize
}

fn place(folder: &Path, piece: usize) -> PathBuf {
    folder.join(format!("piece-{piece}"))
}

/// Puts a piece into the folder. `encoded` reads its pictures.
pub fn put(folder: &Path, piece: usize, pictures: &Pictures, encoded: &mut dyn Read) -> Result<()> {
    let path = place(folder, piece);
    let mut file = Hashing { inner: Output::create(&path)?, hash: Sha256::new() };
    let written = file
        .write_all(&(pictures.sizes.len() as u32).to_le_bytes())
        .and_then(|()| file.write_all(&pictures.lengths()))
        .and_then(|()| io::copy(encoded, &mut file));
    written.map_err(Error::io(&path))?;
    let Hashing { mut inner, hash } = file;
    inner.write_all(&hash.finalize()).map_err(Error::io(&path))?;
    inner.commit()
}

/// Copies a piece to the end of `to` and tells its pictures; nothing where there is none of `count` pictures, as it was put there.
pub fn take(folder: &Path, piece: usize, count: usize, to: &mut BufWriter<File>) -> Result<Option<Pictures>> {
    let path = place(folder, piece);
    let Ok(file) = File::open(&path) else { return Ok(None) };
    let end = to.stream_position().map_err(Error::io(&path))?;
    let mut reader = Hashing { inner: BufReader::new(file), hash: Sha256::new() };
    let Some(pictures) = read(&mut reader, count).unwrap_or(None) else { return Ok(None) };
    io::copy(&mut reader.by_ref().take(pictures.bytes()), to).map_err(Error::io(&path))?;
    let Hashing { mut inner, hash } = reader;
    let mut mark = Vec::new();
    if inner.read_to_end(&mut mark).is_ok() && hash.finalize().as_slice() == mark {
        return Ok(Some(pictures));
    }
    to.seek(SeekFrom::Start(end)).and_then(|_| to.get_ref().set_len(end)).map_err(Error::io(&path))?;
    Ok(None)
}

/// The lengths of the pictures, if there are `count`.
fn read(reader: &mut impl Read, count: usize) -> io::Result<Option<Pictures>> {
    let mut number = || -> io::Result<u32> {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    };
    if number()? as usize != count {
        return Ok(None);
    }
    let mut pictures = Pictures::default();
    for _ in 0..count {
        let length = number()?;
        pictures.add(length & !KEY, length & KEY != 0);
    }
    Ok(Some(pictures))
}

/// Writes or reads, and hashes.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_as_they_were_and_damaged_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures { sizes: vec![5, 1, 3], keys: vec![0, 2] };
        put(folder.path(), 0, &pictures, &mut &b"abcdefghi"[..]).unwrap();
        put(folder.path(), 1, &pictures, &mut &b"ABCDEFGHI"[..]).unwrap();
        let mut file = BufWriter::new(tempfile::tempfile_in(&folder).unwrap());
        let taken = |piece: usize, count: usize, file: &mut BufWriter<File>| take(folder.path(), piece, count, file).unwrap();
        let mut all = taken(0, 3, &mut file).unwrap();
        assert_eq!(all, pictures);
        for damage in [|bytes: &mut Vec<u8>| bytes[20] ^= 1, |bytes: &mut Vec<u8>| bytes.truncate(30), |bytes: &mut Vec<u8>| bytes.clear()]
        {
            let path = place(folder.path(), 1);
            let before = std::fs::read(&path).unwrap();
            let mut bytes = before.clone();
            damage(&mut bytes);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(taken(1, 3, &mut file), None);
            std::fs::write(&path, before).unwrap();
        }
        assert_eq!((taken(1, 4, &mut file), taken(2, 3, &mut file)), (None, None));
        all.extend(&taken(1, 3, &mut file).unwrap());
        assert_eq!(all, Pictures { sizes: vec![5, 1, 3, 5, 1, 3], keys: vec![0, 2, 3, 5] });
        let mut bytes = Vec::new();
        let mut file = file.into_inner().unwrap();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).unwrap();
        assert_eq!(bytes, b"abcdefghiABCDEFGHI");
    }
}
