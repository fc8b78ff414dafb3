//! Looping GIF: one palette for the whole film where it fits, a dithering pattern that stands still, and only those pixels
//! stored that changed since the picture before.

use super::palette::{Histogram, Palette};
use super::{VideoSettings, VideoWriter};
use crate::output::Output;
use crate::render::Picture;
use crate::{Error, Result};
use gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};
use std::path::{Path, PathBuf};

/// Pictures, and bytes of them, that are looked at before the palette is chosen.
const EARLY_PICTURES: usize = 60;
const EARLY_BYTES: usize = 64 << 20;

/// Shortest delay that browsers respect, in hundredths of a second; they slow down what is faster to a tenth.
const MIN_DELAY: u64 = 2;

/// Longest delay of one picture, in hundredths of a second: below the limit of the format.
const MAX_DELAY: u64 = 60_000;

/// A later picture gets a new palette if the error of the old one is larger than so many times what it was made for, and
/// visible (in steps of 255).
const WORSE: f32 = 2.0;
const VISIBLE: f32 = 2.0;

pub struct GifWriter {
    width: u32,
    height: u32,
    fps: f64,
    /// Length of the recording, if there is one.
    seconds: Option<f64>,
    path: PathBuf,
    /// Where the finished file will be, until writing begins.
    output: Option<Output>,
    early: Vec<Picture>,
    stream: Option<Stream>,
    pushed: usize,
}

/// The file, once the palette is known.
struct Stream {
    encoder: Encoder<Output>,
    palette: Palette,
    dither: [[f32; 8]; 8],
    /// Whether the palette is not the file's own but must be written with each picture.
    local: bool,
    /// Whether the pictures have holes; then each one replaces the one before.
    holes: bool,
    width: usize,
    height: usize,
    /// What is shown, as colours.
    canvas: Vec<[u8; 3]>,
    /// The picture whose delay is not known yet, and when it begins in hundredths of a second.
    waiting: Option<(Frame<'static>, u64)>,
}

impl GifWriter {
    pub fn create(path: &Path, settings: &VideoSettings) -> Result<GifWriter> {
        let output = Some(Output::create(path)?);
        let VideoSettings { width, height, fps, .. } = *settings;
        let seconds = settings.sound_seconds();
        Ok(GifWriter { width, height, fps, seconds, path: path.to_owned(), output, early: Vec::new(), stream: None, pushed: 0 })
    }

    /// Chooses the palette from the early pictures and writes them.
    fn begin(&mut self) -> Result<()> {
        let Some(output) = self.output.take() else { return Ok(()) };
        let mut stream = Stream::begin(output, &self.early, self.width, self.height).map_err(failed(&self.path))?;
        for (n, picture) in self.early.drain(..).enumerate() {
            stream.push(&picture, hundredths(n as f64 / self.fps)).map_err(failed(&self.path))?;
        }
        self.stream = Some(stream);
        Ok(())
    }
}

impl VideoWriter for GifWriter {
    fn push(&mut self, picture: &Picture) -> Result<()> {
        let start = hundredths(self.pushed as f64 / self.fps);
        self.pushed += 1;
        if self.pushed > 1 && self.seconds.is_some_and(|seconds| hundredths(seconds) < start + MIN_DELAY) {
            // Too late to be shown before the end.
            return Ok(());
        }
        if let Some(stream) = &mut self.stream {
            return stream.push(picture, start).map_err(failed(&self.path));
        }
        self.early.push(picture.clone());
        if self.early.len() >= EARLY_PICTURES || self.early.len() * picture.rgba.len() >= EARLY_BYTES { self.begin() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.pushed == 0 {
            let what = format!("{}: a video needs at least one picture", self.path.display());
            return Err(Error::Unsupported { what, hint: "the recording is empty".into() });
        }
        self.begin()?;
        let Some(stream) = self.stream else { return Ok(()) };
        let end = hundredths(self.seconds.unwrap_or(self.pushed as f64 / self.fps));
        stream.end(end).map_err(failed(&self.path))?.commit()
    }
}

fn hundredths(seconds: f64) -> u64 {
    (seconds * 100.0).round() as u64
}

fn failed(path: &Path) -> impl FnOnce(EncodingError) -> Error {
    let path = path.to_owned();
    move |e| match e {
        EncodingError::Io(source) => Error::Io { path, source },
        e => Error::Io { path, source: std::io::Error::other(e) },
    }
}

impl Stream {
    fn begin(output: Output, early: &[Picture], width: u32, height: u32) -> Result<Stream, EncodingError> {
        let mut histogram = Histogram::new();
        early.iter().for_each(|picture| histogram.add(&picture.rgba));
        let palette = Palette::of(&histogram);
        let mut encoder = Encoder::new(output, width as u16, height as u16, &palette.colours.concat())?;
        encoder.set_repeat(Repeat::Infinite)?;
        let holes = early.iter().any(|picture| picture.rgba.chunks_exact(4).any(|p| p[3] < 128));
        let dither = palette.dither();
        let (width, height) = (width as usize, height as usize);
        Ok(Stream { encoder, palette, dither, local: false, holes, width, height, canvas: Vec::new(), waiting: None })
    }

    /// Shows `picture` from `start` on (hundredths of a second).
    fn push(&mut self, picture: &Picture, start: u64) -> Result<(), EncodingError> {
        let since = self.waiting.as_ref().map(|(_, begun)| start - begun);
        if since.is_some_and(|since| since < MIN_DELAY) {
            return Ok(());
        }
        self.check_palette(picture);
        let (indices, colours) = self.dithered(picture);
        let frame = if self.holes { Some(self.whole(&indices)) } else { self.changed(&indices, &colours) };
        self.canvas = colours;
        // A picture like the one before only makes that one last longer, up to the limit of a delay.
        let frame = match frame {
            Some(frame) => frame,
            None if since.is_some_and(|since| since < MAX_DELAY) => return Ok(()),
            None => self.part(&indices, 0..1, 0..1),
        };
        self.write_waiting(start)?;
        self.waiting = Some((frame, start));
        Ok(())
    }

    /// Writes the last picture and closes the file.
    fn end(mut self, end: u64) -> Result<Output, EncodingError> {
        self.write_waiting(end)?;
        self.encoder.into_inner()
    }

    fn write_waiting(&mut self, until: u64) -> Result<(), EncodingError> {
        let Some((mut frame, begun)) = self.waiting.take() else { return Ok(()) };
        frame.delay = until.saturating_sub(begun).clamp(MIN_DELAY, u16::MAX.into()) as u16;
        self.encoder.write_frame(&frame)
    }

    /// Makes a new palette if this picture has colours that the old one lacks.
    fn check_palette(&mut self, picture: &Picture) {
        // Every 7th pixel tells: 7 has no factor in common with usual widths.
        let sample = picture.rgba.chunks_exact(4).step_by(7).filter(|p| p[3] >= 128);
        let errors = sample.map(|p| self.palette.squared_error([p[0], p[1], p[2]]));
        let (sum, count) = errors.fold((0.0, 0.0f32), |(sum, count), e| (sum + e, count + 1.0));
        let error = (sum / count.max(1.0)).sqrt();
        if error > WORSE * self.palette.error && error > VISIBLE {
            let mut histogram = Histogram::new();
            histogram.add(&picture.rgba);
            self.palette = Palette::of(&histogram);
            self.dither = self.palette.dither();
            self.local = true;
        }
    }

    /// The picture in colours of the palette: indices, and the colours themselves.
    fn dithered(&mut self, picture: &Picture) -> (Vec<u8>, Vec<[u8; 3]>) {
        let none = self.transparent();
        let mut indices = Vec::with_capacity(self.width * self.height);
        let mut colours = Vec::with_capacity(self.width * self.height);
        for (y, row) in picture.rgba.chunks_exact(4 * self.width).enumerate() {
            let pattern = self.dither[y % 8];
            for (x, p) in row.chunks_exact(4).enumerate() {
                let moved = |c: u8| (f32::from(c) + pattern[x % 8]).round().clamp(0.0, 255.0) as u8;
                let index = if p[3] < 128 { none } else { self.palette.index([moved(p[0]), moved(p[1]), moved(p[2])]) };
                indices.push(index);
                colours.push(self.palette.colours.get(usize::from(index)).copied().unwrap_or_default());
            }
        }
        (indices, colours)
    }

    /// The index that no colour has.
    fn transparent(&self) -> u8 {
        self.palette.colours.len() as u8
    }

    /// A frame of all pixels, holes among them, that is cleared before the next.
    fn whole(&self, indices: &[u8]) -> Frame<'static> {
        Frame { dispose: DisposalMethod::Background, ..self.part(indices, 0..self.width, 0..self.height) }
    }

    /// The smallest frame that turns the canvas into the picture; nothing where they are equal.
    fn changed(&self, indices: &[u8], colours: &[[u8; 3]]) -> Option<Frame<'static>> {
        if self.canvas.is_empty() {
            return Some(self.part(indices, 0..self.width, 0..self.height));
        }
        let (mut left, mut right, mut top, mut bottom) = (self.width, 0, self.height, 0);
        for (y, (new, old)) in colours.chunks_exact(self.width).zip(self.canvas.chunks_exact(self.width)).enumerate() {
            let Some(first) = (0..self.width).find(|x| new[*x] != old[*x]) else { continue };
            let last = (first..self.width).rfind(|x| new[*x] != old[*x]).unwrap_or(first);
            (left, right, top, bottom) = (left.min(first), right.max(last + 1), top.min(y), y + 1);
        }
        if bottom == 0 {
            return None;
        }
        let mut kept = indices.to_vec();
        for (index, (new, old)) in kept.iter_mut().zip(colours.iter().zip(&self.canvas)) {
            if new == old {
                *index = self.transparent();
            }
        }
        Some(self.part(&kept, left..right, top..bottom))
    }

    /// A frame of some columns and rows.
    fn part(&self, indices: &[u8], columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Frame<'static> {
        let buffer: Vec<u8> = rows.clone().flat_map(|y| indices[y * self.width..][columns.clone()].iter().copied()).collect();
        Frame {
            left: columns.start as u16,
            top: rows.start as u16,
            width: columns.len() as u16,
            height: rows.len() as u16,
            transparent: Some(self.transparent()),
            palette: self.local.then(|| self.palette.colours.concat()),
            buffer: buffer.into(),
            ..Frame::default()
        }
    }
}
