//! Pictures out: [`create`] picks a writer by the file's name; pictures are pushed in order, and [`VideoWriter::finish`]
//! puts the file in place.
//!
//! | name | what is written | file |
//! |---|---|---|
//! | `talk.mp4` | H.264 and AAC-LC in MP4, for every player | `mp4`, `pieces`, `h264`, `aac`, `mux` |
//! | `talk.gif` | a looping GIF without sound | `gif`, `palette` |
//! | `talk/`, `talk/%04d.png` | numbered PNG pictures with alpha | `png` |
//!
//! Picture `n` is shown at `n / fps` seconds, the first sound sample at zero, and the video is as long as the recording.
//! Encoding runs on a thread of its own while the next picture is drawn. Memory does not grow with the length: what
//! is encoded waits in a temporary file. Nothing stands under the final name before it is whole, and a writer dropped
//! half way leaves nothing behind.

mod aac;
mod background;
mod colour;
mod gif;
mod h264;
mod mp4;
mod mux;
pub mod page;
mod palette;
mod pieces;
mod png;
mod under;

pub use under::Under;

use crate::audio::Recording;
use crate::render::Picture;
use crate::{Error, Result};
use std::path::Path;

/// Rates of pictures accepted, per second.
pub const FRAME_RATES: std::ops::RangeInclusive<f64> = 1.0..=240.0;

/// Takes the pictures of a video in order.
pub trait VideoWriter: Send {
    /// Adds the next picture. An error may also be that of an earlier picture.
    fn push(&mut self, picture: &Picture) -> Result<()>;

    /// Keeps finished pieces in `folder` from now on, and takes up those that are there from an earlier run, at most `most` pictures:
    /// says how many, which then need not come again. Nothing may have been pushed before. A GIF keeps nothing: each picture is told by
    /// what changed since the one before.
    fn resume(&mut self, _folder: &Path, _most: usize) -> Result<usize> {
        Ok(0)
    }

    /// Completes the file and moves it to its name.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// How large the file may become for how good a picture. GIF and PNG know only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// For messages: about a quarter of the size.
    Small,
    #[default]
    Standard,
    /// For further editing: about three times the size.
    Fine,
}

/// What a video is made of.
#[derive(Clone, Debug)]
pub struct VideoSettings {
    /// Pixels; for MP4 both even.
    pub width: u32,
    pub height: u32,
    /// Pictures per second, whole or not: [`FRAME_RATES`].
    pub fps: f64,
    /// The sound, which also sets the length of the video. GIF and PNG keep only the length.
    pub sound: Option<Recording>,
    /// Pictures that will come, as far as known; PNG names get enough digits for them.
    pub frames: usize,
    pub quality: Quality,
}

impl VideoSettings {
    /// Length of the sound in seconds, if there is some; that of the video then too.
    fn sound_seconds(&self) -> Option<f64> {
        self.sound.as_ref().filter(|sound| sound.frames() > 0).map(Recording::seconds)
    }
}

/// Begins a video at `path`; the ending of the name says which kind. Fails at once where the place cannot be written.
///
/// # Errors
/// [`Error::Usage`] for an unknown ending, a size or a rate that the kind cannot have; [`Error::Io`] for the place.
pub fn create(path: &Path, settings: &VideoSettings) -> Result<Box<dyn VideoWriter>> {
    if !FRAME_RATES.contains(&settings.fps) {
        let (low, high) = (FRAME_RATES.start(), FRAME_RATES.end());
        return Err(Error::usage(format!("{} pictures per second", settings.fps), format!("a video has {low} to {high}")));
    }
    if settings.width == 0 || settings.height == 0 || settings.width > 16_384 || settings.height > 16_384 {
        return Err(Error::usage(format!("a video of {}x{}", settings.width, settings.height), "both sides are 1 to 16384 pixels long"));
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let writer: Box<dyn VideoWriter> = if let Some(place) = png::Place::of(path)? {
        Box::new(png::PngWriter::create(place, settings)?)
    } else {
        match extension.as_str() {
            "mp4" | "m4v" => Box::new(mp4::Mp4Writer::create(path, settings)?),
            "gif" => Box::new(gif::GifWriter::create(path, settings)?),
            _ => {
                let what = format!("{}: gestus does not know this kind of video", path.display());
                return Err(Error::usage(what, "name it .mp4 or .gif, or name a folder with a slash at the end for PNG pictures"));
            }
        }
    };
    Ok(Box::new(background::Background::new(writer, settings)))
}

/// Fails unless `picture` has the size the video was begun with.
fn check_size(picture: &Picture, settings: &VideoSettings) -> Result<()> {
    let (width, height) = (settings.width, settings.height);
    if (picture.width, picture.height) == (width, height) && picture.rgba.len() == width as usize * height as usize * 4 {
        return Ok(());
    }
    Err(Error::Render(format!("a picture of {}x{} in a video of {width}x{height}", picture.width, picture.height)))
}
