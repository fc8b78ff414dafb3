//! AAC-LC by syom: the one kind of sound that every MP4 player knows.

use crate::audio::{Recording, resample::resample};
use crate::{Error, Result};
use std::borrow::Cow;
use std::io::Write;
use syom::{EncodeOptions, Encoder};

/// Samples in an access unit, per channel.
pub const UNIT: u32 = 1024;

/// Rates AAC knows (ISO/IEC 14496-3, table 1.18), in hertz.
const RATES: [u32; 12] = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];

/// Rate for recordings that have another.
const COMMON_RATE: u32 = 48_000;

/// Frames encoded at once.
const BLOCK: usize = 1 << 16;

/// An encoded sound track, without its data.
pub struct Sound {
    pub rate: u32,
    pub channels: u16,
    /// Bits per second.
    pub bitrate: u32,
    /// AudioSpecificConfig, for the decoder.
    pub config: Vec<u8>,
    /// Samples per channel that the decoder puts out before the first of the recording.
    pub priming: u32,
    /// Samples per channel of the recording.
    pub frames: u64,
    /// Bytes of each access unit.
    pub sizes: Vec<u32>,
}

/// Encodes a recording; the access units go to `out` one after the other. One or two channels stay as they are, more
/// become one; a rate that AAC lacks becomes 48 kHz.
pub fn encode(recording: &Recording, out: &mut impl Write) -> Result<Sound> {
    let failed = |e: syom::AacError| Error::Render(format!("AAC: {e}"));
    let source = fit(recording)?;
    let (rate, channels) = (source.rate, source.channels);
    let bitrate = bitrate(rate, channels);
    let mut options = EncodeOptions::raw();
    options.bitrate_bps = bitrate;
    let mut encoder = Encoder::new(rate, channels.into(), &options).map_err(failed)?;
    let mut sizes = Vec::new();
    let mut written = Ok(());
    let mut keep = |frame: syom::EncodedFrame<'_>| {
        sizes.push(frame.au.len() as u32);
        if written.is_ok() {
            written = out.write_all(frame.au);
        }
        Ok(())
    };
    for block in source.samples.blocks(BLOCK * usize::from(channels)) {
        let planes: Vec<Vec<f32>> = (0..channels.into()).map(|c| plane(block, channels.into(), c)).collect();
        let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
        encoder.feed(&planes, &mut keep).map_err(failed)?;
    }
    let info = encoder.finish(&mut keep).map_err(failed)?;
    written.map_err(Error::io("temporary file"))?;
    Ok(Sound { rate, channels, bitrate, config: encoder.asc().to_vec(), priming: info.priming as u32, frames: info.samples, sizes })
}

/// The recording with channels and a rate that AAC-LC can have.
fn fit(recording: &Recording) -> Result<Cow<'_, Recording>> {
    let mut fitted = Cow::Borrowed(recording);
    if recording.channels > 2 {
        fitted = Cow::Owned(Recording { samples: recording.mono()?, rate: recording.rate, channels: 1, missing: 0.0 });
    }
    if !RATES.contains(&fitted.rate) {
        let Recording { samples, rate, channels, .. } = fitted.into_owned();
        let samples = resample(samples.to_vec(), channels.into(), rate, COMMON_RATE)?;
        fitted = Cow::Owned(Recording { samples: samples.into(), rate: COMMON_RATE, channels, missing: 0.0 });
    }
    Ok(fitted)
}

/// Bits per second that leave speech and music unharmed, within what AAC allows at low rates.
fn bitrate(rate: u32, channels: u16) -> u32 {
    let (most, per_sample) = if channels == 1 { (128_000, 4) } else { (192_000, 6) };
    (rate * per_sample).min(most)
}

/// One channel of interleaved samples, within the range the encoder takes.
fn plane(block: &[f32], channels: usize, channel: usize) -> Vec<f32> {
    let legal = |x: f32| if x.is_finite() { x.clamp(-1.0, 1.0) } else { 0.0 };
    block.chunks_exact(channels).map(|frame| legal(frame[channel])).collect()
}
