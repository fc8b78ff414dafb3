//! Many frames: in memory, or beyond [`MOST_HELD`] in a temporary file that the system maps, so that memory does not grow with a
//! performance's length.

use super::Frame;
use crate::{Error, Result, filed};
use memmap2::Mmap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::mem::offset_of;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most frames that stay in memory: 17 MiB.
pub const MOST_HELD: usize = 1 << 14;
/// Frames that a walk through a file keeps behind it, and that are written at once.
const BLOCK: usize = 1 << 10;
const SIZE: usize = size_of::<Frame>();

/// Frames as one slice. Copies share them; who writes to shared or filed ones gets a copy in memory, but see [`Frames::change`].
///
/// [`Frames::iter`] and [`Frames::frame`] let go of what lies behind them in a file; a slice does not.
#[derive(Clone)]
pub struct Frames(Data);

#[derive(Clone)]
enum Data {
    Held(Arc<Vec<Frame>>),
    Filed(Arc<Filed>),
}

struct Filed {
    map: Mmap,
    /// The block in which a walk is.
    block: AtomicUsize,
}

impl Filed {
    fn all(&self) -> &[Frame] {
        // SAFETY: a frame is made of floats alone, of which any bytes are one. The map begins at a page, where any type may, and its
        // file, which has no name, is written to by nobody.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast(), self.map.len() / SIZE) }
    }

    /// Lets the system take back the pages that lie behind a walk that is at `frame`; it reads them again when they are wanted.
    fn reached(&self, frame: usize) {
        let block = frame / BLOCK;
        if self.block.swap(block, Ordering::Relaxed) == block {
            return;
        }
        filed::release(&self.map, SIZE * BLOCK * block.saturating_sub(1));
    }
}

impl Frames {
    /// The frames one after the other.
    pub fn iter(&self) -> Walk<'_> {
        Walk { frames: self, rest: 0..self.len() }
    }

    /// The frame of this number on a walk forwards.
    ///
    /// # Panics
    /// Where there is none, as slices do.
    pub fn frame(&self, number: usize) -> &Frame {
        if let Data::Filed(filed) = &self.0 {
            filed.reached(number);
        }
        &self[number]
    }

    /// Changes every frame, given its number. Frames in a file go to another one.
    ///
    /// # Errors
    /// [`Error::Io`] for the folder of temporary files.
    pub fn change(&mut self, mut change: impl FnMut(usize, &mut Frame)) -> Result<()> {
        if let Data::Held(_) = self.0 {
            self.iter_mut().enumerate().for_each(|(n, frame)| change(n, frame));
            return Ok(());
        }
        let changed = self.iter().cloned().enumerate().map(|(n, mut frame)| {
            change(n, &mut frame);
            frame
        });
        *self = Frames::gather(changed)?;
        Ok(())
    }

    /// Takes frames as they come; many of them go to a file.
    ///
    /// # Errors
    /// [`Error::Io`] for the folder of temporary files.
    pub fn gather(frames: impl IntoIterator<Item = Frame>) -> Result<Frames> {
        let mut writer = Writer::default();
        writer.extend(frames)?;
        writer.finish()
    }
}

impl From<Vec<Frame>> for Frames {
    fn from(frames: Vec<Frame>) -> Frames {
        Frames(Data::Held(Arc::new(frames)))
    }
}

impl FromIterator<Frame> for Frames {
    /// All in memory.
    fn from_iter<T: IntoIterator<Item = Frame>>(frames: T) -> Frames {
        Vec::from_iter(frames).into()
    }
}

impl From<Frames> for Vec<Frame> {
    fn from(frames: Frames) -> Vec<Frame> {
        match frames.0 {
            Data::Held(frames) => Arc::unwrap_or_clone(frames),
            Data::Filed(filed) => filed.all().to_vec(),
        }
    }
}

impl Default for Frames {
    fn default() -> Frames {
        Vec::new().into()
    }
}

impl Deref for Frames {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        match &self.0 {
            Data::Held(frames) => frames,
            Data::Filed(filed) => filed.all(),
        }
    }
}

impl DerefMut for Frames {
    fn deref_mut(&mut self) -> &mut [Frame] {
        if let Data::Filed(filed) = &self.0 {
            *self = filed.all().to_vec().into();
        }
        match &mut self.0 {
            Data::Held(frames) => Arc::make_mut(frames).as_mut_slice(),
            Data::Filed(_) => &mut [],
        }
    }
}

impl PartialEq for Frames {
    fn eq(&self, other: &Frames) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Frames {
    type Item = &'a Frame;
    type IntoIter = Walk<'a>;

    fn into_iter(self) -> Walk<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Frames {
    type Item = &'a mut Frame;
    type IntoIter = std::slice::IterMut<'a, Frame>;

    fn into_iter(self) -> std::slice::IterMut<'a, Frame> {
        self.iter_mut()
    }
}

/// A walk through frames.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    frames: &'a Frames,
    rest: Range<usize>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a Frame;

    fn next(&mut self) -> Option<&'a Frame> {
        self.rest.next().map(|n| self.frames.frame(n))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for Walk<'_> {}

/// Takes frames one after the other.
#[derive(Default)]
pub struct Writer {
    /// All of them, or what is not in the file yet.
    held: Vec<Frame>,
    file: Option<BufWriter<File>>,
}

impl Writer {
    pub fn extend(&mut self, frames: impl IntoIterator<Item = Frame>) -> Result<()> {
        for frame in frames {
            self.held.push(frame);
            if self.held.len() >= if self.file.is_some() { BLOCK } else { MOST_HELD } {
                self.spill()?;
            }
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(filed::create()?),
        };
        std::mem::take(&mut self.held).iter().try_for_each(|frame| file.write_all(&bytes(frame))).map_err(Error::io(std::env::temp_dir()))
    }

    pub fn finish(mut self) -> Result<Frames> {
        if self.file.is_none() {
            return Ok(self.held.into());
        }
        self.spill()?;
        let Some(file) = self.file else { return Ok(Frames::default()) };
        Ok(Frames(Data::Filed(Arc::new(Filed { map: filed::map(file)?, block: AtomicUsize::new(0) }))))
    }
}

/// A frame as it lies in memory, with zeros where nothing does.
fn bytes(frame: &Frame) -> [u8; SIZE] {
    let Frame { face, head, gaze, body } = frame;
    let mut bytes = [0; SIZE];
    let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
    put(offset_of!(Frame, face), bytemuck::cast_slice(face));
    put(offset_of!(Frame, head.yaw), &head.yaw.to_ne_bytes());
    put(offset_of!(Frame, head.pitch), &head.pitch.to_ne_bytes());
    put(offset_of!(Frame, head.roll), &head.roll.to_ne_bytes());
    put(offset_of!(Frame, gaze.yaw), &gaze.yaw.to_ne_bytes());
    put(offset_of!(Frame, gaze.pitch), &gaze.pitch.to_ne_bytes());
    put(offset_of!(Frame, body.hips), bytemuck::bytes_of(&body.hips));
    put(offset_of!(Frame, body.rotations), bytemuck::cast_slice(&body.rotations));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::{Gaze, Head};
    use glam::{Quat, Vec3};

    /// A frame in which no two numbers are alike.
    fn frame(n: usize) -> Frame {
        let mut number = n as f32;
        let mut next = || {
            number += 0.001;
            number
        };
        let mut frame = Frame { face: std::array::from_fn(|_| next()), ..Frame::default() };
        frame.head = Head { yaw: next(), pitch: next(), roll: next() };
        frame.gaze = Gaze { yaw: next(), pitch: next() };
        frame.body.hips = Vec3::new(next(), next(), next());
        frame.body.rotations.iter_mut().for_each(|turn| *turn = Quat::from_xyzw(next(), next(), next(), next()));
        frame
    }

    #[test]
    fn what_does_not_fit_into_memory_is_filed_and_reads_the_same() {
        let count = MOST_HELD + 3 * BLOCK + 7;
        let frames = Frames::gather((0..count).map(frame)).unwrap();
        assert!(matches!(frames.0, Data::Filed(_)) && frames.len() == count);
        assert!(frames.iter().enumerate().all(|(n, f)| *f == frame(n)));
        assert!(frames.iter().len() == count && frames.frame(3) == &frame(3) && frames[MOST_HELD..].last() == Some(&frame(count - 1)));
        assert!(matches!(Frames::gather((0..5).map(frame)).unwrap().0, Data::Held(_)));
    }

    #[test]
    fn frames_change_in_memory_and_in_a_file_and_copies_do_not() {
        for count in [5, MOST_HELD + 5] {
            let before = Frames::gather((0..count).map(frame)).unwrap();
            let mut after = before.clone();
            after.change(|n, f| f.head.yaw = -(n as f32)).unwrap();
            assert!(after.iter().enumerate().all(|(n, f)| f.head == Head { yaw: -(n as f32), ..frame(n).head } && f.body == frame(n).body));
            assert_eq!(matches!(after.0, Data::Filed(_)), count > MOST_HELD);
            after[3].head.yaw = 7.0;
            assert!(after[3].head.yaw == 7.0 && matches!(after.0, Data::Held(_)));
            assert!(before.iter().enumerate().all(|(n, f)| *f == frame(n)));
        }
    }
}
