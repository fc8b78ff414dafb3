//! Change of sample rate, by FFT (rubato), with the filter's delay taken out.

use crate::{Error, Result};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Frames per block of the resampler, about; larger is a steeper filter.
const BLOCK: usize = 1024;

/// Resamples interleaved `samples` from rate `from` to rate `to` (hertz): `ceil(frames × to / from)` frames come out,
/// the first at the time of the first that went in.
pub fn resample(samples: Vec<f32>, channels: usize, from: u32, to: u32) -> Result<Vec<f32>> {
    if from == to || samples.is_empty() {
        return Ok(samples);
    }
    let failed = |e: &dyn std::fmt::Display| Error::Limit {
        what: format!("cannot resample {from} Hz to {to} Hz: {e}"),
        hint: "resample it to 48000 Hz first".into(),
    };
    let frames = samples.len() / channels;
    let wanted = (frames as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
    let mut resampler = Fft::<f32>::new(from as usize, to as usize, BLOCK, channels, FixedSync::Both).map_err(|e| failed(&e))?;
    let input = InterleavedSlice::new(&samples, channels, frames).map_err(|e| failed(&e))?;
    let mut output = resampler.process_all(&input, frames, None).map_err(|e| failed(&e))?.take_data();
    // The resampler computes its length in floating point and may be one frame off.
    output.resize(wanted * channels, 0.0);
    Ok(output)
}
