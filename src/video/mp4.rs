//! MP4 with H.264 pictures and AAC sound: encodes into temporary files, joins them at the end.

use super::aac::{self, Sound};
use super::colour::BT709;
use super::h264::H264;
use super::mux::{Media, Movie, Track};
use super::pieces::{self, Pictures};
use super::{VideoSettings, VideoWriter};
use crate::output::Output;
use crate::render::Picture;
use crate::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// At least so many ticks per second: the length is then right to a tenth of a millisecond.
const MIN_TIMESCALE: u32 = 10_000;

/// At most so many: ten hours then fit into 32 bits.
const MAX_TIMESCALE: u32 = 120_000;

pub struct Mp4Writer {
    path: PathBuf,
    width: u16,
    height: u16,
    rate: FrameRate,
    encoder: H264,
    settings: VideoSettings,
    encoded: BufWriter<File>,
    /// All that are encoded but the piece at work.
    pictures: Pictures,
    /// Those of the piece at work.
    piece: Pictures,
    /// Where finished pieces are kept.
    kept: Option<PathBuf>,
    sound: Option<(Sound, File)>,
}

impl Mp4Writer {
    /// Encodes the sound and makes ready for pictures.
    pub fn create(path: &Path, settings: &VideoSettings) -> Result<Mp4Writer> {
        let encoder = H264::new(settings)?;
        // Begun at the end, so that a run that is killed leaves nothing; whether it can be is known at once.
        drop(Output::create(path)?);
        let temporary = || tempfile::tempfile_in(folder_of(path)).map_err(Error::io(path));
        let sound = match &settings.sound {
            Some(recording) if recording.frames() > 0 => {
                let mut file = BufWriter::new(temporary()?);
                let sound = aac::encode(recording, &mut file)?;
                Some((sound, flushed(file, path)?))
            }
            _ => None,
        };
        Ok(Mp4Writer {
            path: path.to_owned(),
            width: settings.width as u16,
            height: settings.height as u16,
            rate: FrameRate::new(settings.fps),
            encoder,
            settings: VideoSettings { sound: None, ..*settings },
            encoded: BufWriter::new(temporary()?),
            pictures: Pictures::default(),
            piece: Pictures::default(),
            kept: None,
            sound,
        })
    }

    /// Ends the piece at work: what follows is encoded as if the video began there.
    fn end_piece(&mut self) -> Result<()> {
        let done = std::mem::take(&mut self.piece);
        if let Some(folder) = &self.kept {
            let start = SeekFrom::Start(self.pictures.bytes());
            let piece = self.pictures.sizes.len() / pieces::length(self.settings.fps);
            self.encoded.flush().and_then(|()| self.encoded.get_mut().seek(start)).map_err(Error::io(folder))?;
            pieces::put(folder, piece, &done, &mut self.encoded.get_ref().take(done.bytes()))?;
            self.encoded.get_mut().seek(SeekFrom::End(0)).map_err(Error::io(folder))?;
        }
        self.pictures.extend(&done);
        self.encoder = H264::new(&self.settings)?;
        Ok(())
    }
}

impl VideoWriter for Mp4Writer {
    fn push(&mut self, picture: &Picture) -> Result<()> {
        if self.piece.sizes.len() == pieces::length(self.settings.fps) {
            self.end_piece()?;
        }
        let packet = self.encoder.encode(picture)?;
        self.piece.add(packet.bytes.len() as u32, packet.key);
        self.encoded.write_all(&packet.bytes).map_err(Error::io(&self.path))
    }

    fn resume(&mut self, folder: &Path, most: usize) -> Result<usize> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let length = pieces::length(self.settings.fps);
        for piece in 0..most / length {
            let Some(pictures) = pieces::take(folder, piece, length, &mut self.encoded)? else { break };
            self.pictures.extend(&pictures);
        }
        self.kept = Some(folder.to_owned());
        Ok(self.pictures.sizes.len())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Mp4Writer { path, width, height, rate, encoder, encoded, mut pictures, piece, sound, .. } = *self;
        pictures.extend(&piece);
        let Pictures { sizes, keys } = pictures;
        if sizes.is_empty() {
            let what = format!("{}: a video needs at least one picture", path.display());
            return Err(Error::Unsupported { what, hint: "the recording is empty".into() });
        }
        let frames = sizes.len() as u64;
        let (timescale, duration) = match &sound {
            Some((sound, _)) => (sound.rate, sound.frames),
            None => (rate.timescale, frames * u64::from(rate.ticks)),
        };
        let too_long = || Error::Limit { what: format!("{}: too long for one MP4", path.display()), hint: "cut it into parts".into() };
        let ticks = (duration as f64 / f64::from(timescale) * f64::from(rate.timescale)).round() as u64;
        if duration.max(ticks).max(frames * u64::from(rate.ticks)) > u64::from(u32::MAX) {
            return Err(too_long());
        }
        let sets = encoder.parameter_sets().clone();
        let mut tracks = vec![Track {
            media: Media::Pictures { width, height, sequence: sets.sequence, picture: sets.picture, colour: BT709 },
            timescale: rate.timescale,
            start: 0,
            durations: rate.durations(frames as u32, ticks),
            sizes,
            keys,
            data: flushed(encoded, &path)?,
        }];
        if let Some((sound, data)) = sound {
            let units = sound.sizes.len() as u32;
            let Sound { rate, channels, bitrate, config, priming, sizes, .. } = sound;
            let media = Media::Sound { rate, channels, bitrate, config };
            let durations = vec![(units, aac::UNIT)];
            tracks.push(Track { media, timescale: rate, start: priming, durations, sizes, keys: (0..units).collect(), data });
        }
        let movie = Movie { timescale, duration: duration as u32, tracks };
        let mut output = Output::create(&path)?;
        movie.write(&mut output).map_err(Error::io(path))?;
        output.commit()
    }
}

/// Pictures per second as a fraction: `timescale / ticks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FrameRate {
    timescale: u32,
    ticks: u32,
}

impl FrameRate {
    /// The simplest fraction within one part in 10^9, by continued fractions: 29.97 is 2997/100, 30000/1001 is itself. For
    /// rates without a short fraction, the nearest whose numerator stays below [`MAX_TIMESCALE`].
    fn new(fps: f64) -> FrameRate {
        let (mut upper, mut lower) = ((1.0, fps.floor()), (0.0, 1.0));
        let mut rest = fps.fract();
        while rest > 1e-9 && (upper.1 / lower.1 / fps - 1.0).abs() > 1e-9 {
            let whole = (1.0 / rest).floor();
            let next = whole * upper.1 + upper.0;
            if next > f64::from(MAX_TIMESCALE) {
                break;
            }
            upper = (upper.1, next);
            lower = (lower.1, whole * lower.1 + lower.0);
            rest = (1.0 / rest).fract();
        }
        let (upper, lower) = (upper.1 as u32, lower.1 as u32);
        let times = MIN_TIMESCALE.div_ceil(upper);
        FrameRate { timescale: upper * times, ticks: lower * times }
    }

    /// Runs of pictures of equal length, of which the last ends at `end` ticks.
    fn durations(self, frames: u32, end: u64) -> Vec<(u32, u32)> {
        let before = u64::from(frames - 1) * u64::from(self.ticks);
        let last = end.saturating_sub(before).clamp(1, u64::from(u32::MAX)) as u32;
        match frames {
            1 => vec![(1, last)],
            _ if last == self.ticks => vec![(frames, last)],
            _ => vec![(frames - 1, self.ticks), (1, last)],
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn flushed(file: BufWriter<File>, path: &Path) -> Result<File> {
    file.into_inner().map_err(|e| Error::Io { path: path.to_owned(), source: e.into_error() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_rates_are_exact() {
        for (fps, upper, lower) in [
            (30.0, 30, 1),
            (25.0, 25, 1),
            (29.97, 2997, 100),
            (23.976, 2997, 125),
            (30_000.0 / 1001.0, 30_000, 1001),
            (12.5, 25, 2),
            (1.0, 1, 1),
            (59.94, 2997, 50),
        ] {
            let rate = FrameRate::new(fps);
            assert_eq!(u64::from(rate.timescale) * lower, u64::from(rate.ticks) * upper, "{fps}: {rate:?}");
            assert!((MIN_TIMESCALE..=MAX_TIMESCALE).contains(&rate.timescale), "{fps}: {rate:?}");
        }
        let odd = FrameRate::new(std::f64::consts::PI * 10.0);
        assert!((f64::from(odd.timescale) / f64::from(odd.ticks) / (std::f64::consts::PI * 10.0) - 1.0).abs() < 1e-7);
    }

    #[test]
    fn the_last_picture_ends_with_the_film() {
        let rate = FrameRate { timescale: 10, ticks: 4 };
        assert_eq!(rate.durations(3, 12), [(3, 4)]);
        assert_eq!(rate.durations(3, 11), [(2, 4), (1, 3)]);
        assert_eq!(rate.durations(3, 2), [(2, 4), (1, 1)]);
        assert_eq!(rate.durations(1, 9), [(1, 9)]);
    }
}
