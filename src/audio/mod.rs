//! Sound in: any file to a [`Recording`], a recording to [`Speech`] and its features.

pub mod features;

/// Rate at which speech is analysed, in hertz.
pub const SPEECH_RATE: u32 = 16_000;

/// A decoded sound file as it came: interleaved samples in -1..=1.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub samples: Vec<f32>,
    /// Hertz.
    pub rate: u32,
    pub channels: u16,
}

impl Recording {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        let frames = self.samples.len() / usize::from(self.channels.max(1));
        if self.rate == 0 { 0.0 } else { frames as f64 / f64::from(self.rate) }
    }
}

/// Mono speech at [`SPEECH_RATE`], free of NaN, in time with the recording it came from.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    pub samples: Vec<f32>,
    /// Exact length of the recording in seconds; the performance has `ceil(seconds × fps)` frames.
    pub seconds: f64,
}
