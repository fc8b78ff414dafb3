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
use std::io::{self, BufReader, BufWriter, Read, Write};
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

/// How many pieces stand in the folder one after another, each of `length` pictures and as it was put there.
pub fn whole(folder: &Path, length: usize) -> usize {
    (0..).take_while(|piece| is_whole(&place(folder, *piece), length).unwrap_or(false)).count()
}

fn is_whole(path: &Path, length: usize) -> io::Result<bool> {
    const MARK: u64 = 32;
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let (mut reader, mut hashed) = (BufReader::new(file), Hashing { inner: io::sink(), hash: Sha256::new() });
    let mut count = [0; 4];
    reader.read_exact(&mut count)?;
    hashed.write_all(&count)?;
    io::copy(&mut reader.by_ref().take(bytes.saturating_sub(4 + MARK)), &mut hashed)?;
    let mut mark = Vec::new();
    reader.read_to_end(&mut mark)?;
    Ok(u32::from_le_bytes(count) as usize == length && hashed.hash.finalize().as_slice() == mark)
}

/// Copies a piece that is whole to the end of `to` and tells its pictures.
pub fn take(folder: &Path, piece: usize, to: &mut BufWriter<File>) -> Result<Pictures> {
    let path = place(folder, piece);
    let mut copied = || -> io::Result<Pictures> {
        let mut reader = BufReader::new(File::open(&path)?);
        let mut number = || -> io::Result<u32> {
            let mut bytes = [0; 4];
            reader.read_exact(&mut bytes)?;
            Ok(u32::from_le_bytes(bytes))
        };
        let mut pictures = Pictures::default();
        for _ in 0..number()? {
            let length = number()?;
            pictures.add(length & !KEY, length & KEY != 0);
        }
        io::copy(&mut reader.take(pictures.bytes()), to)?;
        Ok(pictures)
    };
    copied().map_err(Error::io(&path))
}

/// Writes and hashes.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
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
        assert_eq!((whole(folder.path(), 3), whole(folder.path(), 4)), (2, 0));
        let mut file = BufWriter::new(tempfile::tempfile_in(&folder).unwrap());
        let mut all = take(folder.path(), 0, &mut file).unwrap();
        assert_eq!(all, pictures);
        all.extend(&take(folder.path(), 1, &mut file).unwrap());
        assert_eq!(all, Pictures { sizes: vec![5, 1, 3, 5, 1, 3], keys: vec![0, 2, 3, 5] });
        assert_eq!(file.into_inner().unwrap().metadata().unwrap().len(), 18);
        for damage in [|bytes: &mut Vec<u8>| bytes[20] ^= 1, |bytes: &mut Vec<u8>| bytes.truncate(30), |bytes: &mut Vec<u8>| bytes.clear()]
        {
            let path = place(folder.path(), 1);
            let before = std::fs::read(&path).unwrap();
            let mut bytes = before.clone();
            damage(&mut bytes);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(whole(folder.path(), 3), 1);
            std::fs::write(&path, before).unwrap();
        }
    }
}
