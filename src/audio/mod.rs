//! Sound in: any file to a [`Recording`], a recording to [`Speech`] and its features.
//!
//! A sound file is a container (WAV, MP4, Ogg, ...) around a codec (PCM, AAC, Vorbis, ...). The content decides which,
//! never the name: an MP3 called `talk.wav` is an MP3. Time zero is the first sample that a player would play, so
//! priming samples that an encoder puts in front are dropped wherever the file says how many there are; otherwise they
//! stay, as they do in players.
//!
//! Files lie, so nothing is sized by a header alone: what is really there is decoded up to the limits
//! [`MAX_SECONDS`], [`MAX_CHANNELS`] and [`MAX_SAMPLES`], and a file cut short gives the part that was saved.

mod edits;
mod packets;
pub(crate) mod resample;
pub mod samples;
mod wav;

use crate::{Error, Result};
use samples::{Samples, Writer};
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use symphonia::core::io::MediaSource;

pub mod features;

/// Rate at which speech is analysed, in hertz.
pub const SPEECH_RATE: u32 = 16_000;

/// Longest recording accepted, in seconds.
pub const MAX_SECONDS: u64 = 12 * 3600;

/// Most channels accepted.
pub const MAX_CHANNELS: u16 = 8;

/// Most samples accepted over all channels: 4 GiB, of which [`samples::MOST_HELD`] are in memory.
pub const MAX_SAMPLES: u64 = 1 << 30;

/// Sample rates accepted, in hertz.
pub const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Largest input read from a pipe, in bytes; files are streamed and may be larger.
const MAX_PIPED_BYTES: u64 = 4 << 30;

/// Peak of what still counts as overshoot: 3 dB.
const OVERSHOOT: f32 = std::f32::consts::SQRT_2;

/// Some floating-point files hold integers of up to 32 bits; anything larger is damage.
const LARGEST_SAMPLE: f32 = (1u64 << 31) as f32;

/// A decoded sound file as it came: interleaved samples in -1..=1.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub samples: Samples,
    /// Hertz.
    pub rate: u32,
    pub channels: u16,
    /// Seconds of sound that the file's header promised and that are not there: the file was cut short.
    pub missing: f64,
}

impl Recording {
    /// Length in samples of one channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        if self.rate == 0 { 0.0 } else { self.frames() as f64 / f64::from(self.rate) }
    }

    /// Averages the channels and resamples to [`SPEECH_RATE`]: `ceil(frames × 16000 / rate)` samples, in time with the
    /// recording. NaN and infinities, which a hand-made recording may hold, count as silence.
    pub fn to_speech(&self) -> Result<Speech> {
        let mono = self.mixed_down();
        let samples = resample::resample(mono, 1, self.rate, SPEECH_RATE)?;
        Ok(Speech { samples, seconds: self.seconds() })
    }

    /// [`Recording::to_speech`] for recordings of any length, a minute at a time.
    pub fn to_reel(&self) -> Result<Reel> {
        const MINUTE: usize = 60;
        let (rate, out, channels) = (self.rate as usize, SPEECH_RATE as usize, usize::from(self.channels.max(1)));
        let wanted = (self.frames() as u64 * u64::from(SPEECH_RATE)).div_ceil(u64::from(self.rate.max(1))) as usize;
        let mut writer = Writer::with_room(wanted);
        let mut blocks = self.samples.blocks(MINUTE * rate * channels).map(|block| mix_down(block, channels)).peekable();
        // A second on either side, so that the filter has no ends.
        let (mut before, mut minute) = (Vec::new(), 0);
        while let Some(mono) = blocks.next() {
            let margin = before.len();
            let mut piece = std::mem::take(&mut before);
            piece.extend_from_slice(&mono);
            piece.extend_from_slice(blocks.peek().map_or(&[], |next| &next[..rate.min(next.len())]));
            let heard = resample::resample(piece, 1, self.rate, SPEECH_RATE)?;
            let first = if margin > 0 { out } else { 0 };
            minute += 1;
            let end = (minute * MINUTE * out).min(wanted);
            let kept = end - writer.count();
            writer.extend(&heard[first..(first + kept).min(heard.len())])?;
            writer.silence(end)?;
            before = mono[mono.len().saturating_sub(rate)..].to_vec();
        }
        Ok(Reel { samples: writer.finish()?, seconds: self.seconds() })
    }

    /// The average of the channels, one sample a frame.
    fn mixed_down(&self) -> Vec<f32> {
        mix_down(&self.samples, self.channels.max(1).into())
    }

    /// The same for recordings of any length.
    pub(crate) fn mono(&self) -> Result<Samples> {
        const BLOCK: usize = 1 << 16;
        let channels = usize::from(self.channels.max(1));
        let mut writer = Writer::with_room(self.frames());
        self.samples.blocks(BLOCK * channels).try_for_each(|block| writer.extend(&mix_down(block, channels)))?;
        writer.finish()
    }
}

fn mix_down(samples: &[f32], channels: usize) -> Vec<f32> {
    let finite = |x: &f32| if x.is_finite() { *x } else { 0.0 };
    samples.chunks_exact(channels).map(|frame| frame.iter().map(finite).sum::<f32>() / channels as f32).collect()
}

/// Speech of any length, of which parts are taken into memory.
#[derive(Clone, Debug, Default)]
pub struct Reel {
    /// Mono at [`SPEECH_RATE`].
    pub samples: Samples,
    /// Exact length of the recording in seconds.
    pub seconds: f64,
}

impl Reel {
    /// The speech of some motion frames at 30 a second; the first is a multiple of three, or it falls between two samples.
    pub fn part(&self, frames: Range<usize>) -> Speech {
        let at = |frame: usize| frame * SPEECH_RATE as usize / 30;
        let samples = self.samples.part(at(frames.start)..at(frames.end)).to_vec();
        self.samples.release(self.samples.len());
        let seconds = (frames.end as f64 / 30.0).min(self.seconds) - frames.start as f64 / 30.0;
        Speech { samples, seconds }
    }

    /// All of it.
    pub fn whole(&self) -> Speech {
        Speech { samples: self.samples.to_vec(), seconds: self.seconds }
    }
}

/// Mono speech at [`SPEECH_RATE`], free of NaN, in time with the recording it came from.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    pub samples: Vec<f32>,
    /// Exact length of the recording in seconds; the performance has `ceil(seconds × fps)` frames.
    pub seconds: f64,
}

/// Decodes a sound file, or the first sound track of a video file.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Malformed`] if it is not sound or too damaged to decode,
/// [`Error::Unsupported`] for a codec gestus lacks, [`Error::Limit`] beyond the limits of this module.
pub fn decode_file(path: &Path) -> Result<Recording> {
    let name = path.display().to_string();
    let extension = path.extension().and_then(|e| e.to_str());
    let mut file = File::open(path).map_err(Error::io(path))?;
    if file.metadata().map_err(Error::io(path))?.is_file() {
        return decode(Box::new(file), &name, extension);
    }
    // A pipe or a device: it cannot be rewound, and it may never end.
    let mut bytes = Vec::new();
    file.by_ref().take(MAX_PIPED_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > MAX_PIPED_BYTES {
        return Err(Error::Limit { what: format!("{name}: more than 4 GiB through a pipe"), hint: "save it as a file first".into() });
    }
    decode_bytes(bytes, &name, extension)
}

/// Decodes a sound file held in memory. `name` stands for it in messages; `extension_hint` only breaks ties.
///
/// # Errors
/// As [`decode_file`].
pub fn decode_bytes(bytes: Vec<u8>, name: &str, extension_hint: Option<&str>) -> Result<Recording> {
    decode(Box::new(Cursor::new(bytes)), name, extension_hint)
}

fn decode(mut source: Box<dyn MediaSource>, name: &str, extension: Option<&str>) -> Result<Recording> {
    // Decoders are other people's code fed with anything: a panic inside one is a damaged file, not a crash.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let mut start = Vec::with_capacity(12);
        source.by_ref().take(12).read_to_end(&mut start).map_err(Error::io(name))?;
        source.rewind().map_err(Error::io(name))?;
        if start.is_empty() {
            return Err(Error::malformed(name, "the file is empty"));
        }
        match start.get(8..12) {
            Some(b"WAVE") if wav::is_riff(&start) => wav::decode(source, name),
            Some(_) if &start[4..8] == b"ftyp" => {
                let edits = edits::read(&mut source);
                source.rewind().map_err(Error::io(name))?;
                packets::decode(source, name, extension, &edits)
            }
            _ => packets::decode(source, name, extension, &edits::Edits::default()),
        }
    }));
    let mut recording = decoded.unwrap_or_else(|_| Err(Error::malformed(name, "damaged: its decoder failed")))?;
    recording.samples = normalise(recording.samples)?;
    Ok(recording)
}

/// Fails if a recording of this shape is beyond the limits. `frames` counts the samples of one channel.
fn check_shape(name: &str, rate: u32, channels: usize, frames: u64) -> Result<()> {
    let limit = |what: String, hint: &str| Err(Error::Limit { what: format!("{name}: {what}"), hint: hint.into() });
    if channels == 0 || channels > usize::from(MAX_CHANNELS) {
        return limit(format!("{channels} channels, 1 to {MAX_CHANNELS} are accepted"), "mix it down to mono first");
    }
    if !RATES.contains(&rate) {
        let (low, high) = (RATES.start(), RATES.end());
        return limit(format!("a sample rate of {rate} Hz, {low} to {high} are accepted"), "resample it to 48000 Hz first");
    }
    if frames > MAX_SECONDS * u64::from(rate) {
        return limit(format!("longer than {} hours", MAX_SECONDS / 3600), "cut it into shorter parts");
    }
    if frames * channels as u64 > MAX_SAMPLES {
        return limit("more than 4 GiB of decoded sound".into(), "make it mono at 16000 Hz, or cut it into shorter parts");
    }
    Ok(())
}

/// Brings samples into -1..=1. What is not a number becomes silence. Lossy codecs overshoot a little: that is clipped, as
/// players do. A peak beyond [`OVERSHOOT`] means a floating-point file with a scale of its own, which is brought down.
fn normalise(samples: Samples) -> Result<Samples> {
    const BLOCK: usize = 1 << 16;
    let (mut peak, mut damaged) = (1.0f32, false);
    for x in samples.blocks(BLOCK).flatten() {
        let number = !x.is_nan() && x.abs() <= LARGEST_SAMPLE;
        damaged |= !number;
        peak = peak.max(if number { x.abs() } else { 0.0 });
    }
    if peak <= 1.0 && !damaged {
        return Ok(samples);
    }
    let scale = if peak > OVERSHOOT { peak } else { 1.0 };
    let mut writer = Writer::with_room(samples.len());
    for x in samples.blocks(BLOCK).flatten() {
        let number = !x.is_nan() && x.abs() <= LARGEST_SAMPLE;
        writer.put(if number { (x / scale).clamp(-1.0, 1.0) } else { 0.0 })?;
    }
    writer.finish()
}
