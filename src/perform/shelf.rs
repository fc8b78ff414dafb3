//! Finished parts of a long performance on the disk, so that a run that was ended goes on where it was.

use super::long::NUMBERS;
use crate::body::skeleton::{COUNT, Pose};
use crate::face::coefficients;
use crate::motion::{Frame, Gaze, Head};
use crate::output::Output;
use crate::{Error, Result};
use glam::{Quat, Vec3};
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A folder of parts, or none at all.
#[derive(Clone, Debug)]
pub struct Shelf(Option<PathBuf>);

impl Shelf {
    /// Keeps nothing.
    pub fn none() -> Shelf {
        Shelf(None)
    }

    /// Keeps parts in `folder`, which is made where it is missing.
    pub fn open(folder: &Path) -> Result<Shelf> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        Ok(Shelf(Some(folder.to_owned())))
    }

    /// Where more than parts can be kept, as long as they are.
    pub fn folder(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// The folder and all that is in it are removed.
    pub fn clear(&self) -> Result<()> {
        match self.0.as_deref().map(|folder| (folder, std::fs::remove_dir_all(folder))) {
            Some((folder, Err(e))) if e.kind() != ErrorKind::NotFound => Err(Error::io(folder)(e)),
            _ => Ok(()),
        }
    }

    /// A part of `frames` frames as it was put there; nothing if it is not there whole.
    pub(super) fn take(&self, part: usize, frames: usize) -> Option<Vec<Frame>> {
        let bytes = std::fs::read(self.place(part)?).ok()?;
        let (numbers, mark) = bytes.split_at_checked(4 * NUMBERS * frames)?;
        (mark == Sha256::digest(numbers).as_slice()).then(|| numbers.chunks_exact(4 * NUMBERS).map(read).collect())
    }

    pub(super) fn put(&self, part: usize, frames: &[Frame]) -> Result<()> {
        let Some(place) = self.place(part) else { return Ok(()) };
        let numbers: Vec<u8> = frames.iter().flat_map(write).flat_map(f32::to_le_bytes).collect();
        let mut output = Output::create(&place)?;
        output.write_all(&numbers).and_then(|()| output.write_all(&Sha256::digest(&numbers))).map_err(Error::io(&place))?;
        output.commit()
    }

    fn place(&self, part: usize) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(format!("part-{part}")))
    }
}

fn write(frame: &Frame) -> Vec<f32> {
    let Frame { face, head, gaze, body } = frame;
    let mut numbers = Vec::with_capacity(NUMBERS);
    numbers.extend(face);
    numbers.extend([head.yaw, head.pitch, head.roll, gaze.yaw, gaze.pitch]);
    numbers.extend(body.hips.to_array());
    numbers.extend(body.rotations.iter().flat_map(|turn| turn.to_array()));
    numbers
}

fn read(bytes: &[u8]) -> Frame {
    const FACE: usize = coefficients::COUNT;
    let at = |n: usize| bytes.get(4 * n..4 * n + 4).and_then(|b| b.try_into().ok()).map_or(0.0, f32::from_le_bytes);
    let turn = |joint: usize| Quat::from_array(std::array::from_fn(|k| at(FACE + 8 + 4 * joint + k)));
    let mut rotations = [Quat::IDENTITY; COUNT];
    rotations.iter_mut().enumerate().for_each(|(joint, rotation)| *rotation = turn(joint));
    Frame {
        face: std::array::from_fn(at),
        head: Head { yaw: at(FACE), pitch: at(FACE + 1), roll: at(FACE + 2) },
        gaze: Gaze { yaw: at(FACE + 3), pitch: at(FACE + 4) },
        body: Pose { hips: Vec3::new(at(FACE + 5), at(FACE + 6), at(FACE + 7)), rotations },
    }
}
