//! What the models hear: log-mel bands, level, pitch and voicing of 16 kHz speech.
//!
//! Everything stands on one clock of [`MEL_RATE`] frames a second, four to each motion frame, so that motion frame `n`
//! (at `n / 30` s) and feature frame `4 n` are the same instant.

use super::{SPEECH_RATE, Speech};
use realfft::RealFftPlanner;

/// Feature frames a second.
pub const MEL_RATE: usize = 120;
/// Mel bands.
pub const BANDS: usize = 64;
/// Analysis window in samples (25 ms) and the transform that holds it.
const WINDOW: usize = 400;
const FFT: usize = 512;
const LOWEST_HZ: f32 = 60.0;
const HIGHEST_HZ: f32 = 7600.0;
/// Power under which a band counts as silent; keeps digital silence finite.
const FLOOR: f32 = 1e-8;
/// Frames this many nats under the loudest are not speech.
const SPEECH_RANGE: f32 = 7.0;

/// Natural-log mel powers, `frames × BANDS`, row by row.
#[derive(Clone, Debug, Default)]
pub struct Mel {
    pub values: Vec<f32>,
}

impl Mel {
    /// Log-mel spectrogram (HTK mel scale, Hann window); frame `k` is centred on sample `k · 16000 / 120`.
    pub fn of(speech: &Speech) -> Mel {
        let frames = (speech.samples.len() * MEL_RATE).div_ceil(SPEECH_RATE as usize);
        let bank = filter_bank();
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(FFT);
        let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
        let mut scratch = fft.make_scratch_vec();
        let hann: Vec<f32> = (0..WINDOW).map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * (i as f32 + 0.5) / WINDOW as f32).cos()).collect();
        let mut values = Vec::with_capacity(frames * BANDS);
        for frame in 0..frames {
            let centre = (frame * SPEECH_RATE as usize / MEL_RATE) as isize;
            input.fill(0.0);
            for (i, (slot, window)) in input.iter_mut().zip(&hann).enumerate() {
                let at = centre + i as isize - (WINDOW / 2) as isize;
                let sample = usize::try_from(at).ok().and_then(|at| speech.samples.get(at)).copied().unwrap_or(0.0);
                *slot = sample * window;
            }
            // The lengths come from the plan itself, so the transform cannot refuse them.
            let _ = fft.process_with_scratch(&mut input, &mut output, &mut scratch);
            let power: Vec<f32> = output.iter().map(|c| c.norm_sqr() / FFT as f32).collect();
            for band in &bank {
                let sum: f32 = band.weights.iter().zip(&power[band.first..]).map(|(w, p)| w * p).sum();
                values.push((sum + FLOOR).ln());
            }
        }
        Mel { values }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.values.len() / BANDS
    }

    pub fn row(&self, frame: usize) -> &[f32] {
        &self.values[frame * BANDS..(frame + 1) * BANDS]
    }

    /// Log of the mean band power of every frame, nats.
    pub fn level(&self) -> Vec<f32> {
        levels(&self.values)
    }

    /// Subtracts each band's mean over the speech frames, so that microphone, room and loudness drop out.
    pub fn normalised(&self) -> Mel {
        let level = self.level();
        let loudest = level.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut mean = [0f64; BANDS];
        let mut count = 0usize;
        for (row, _) in self.values.chunks_exact(BANDS).zip(&level).filter(|(_, l)| **l > loudest - SPEECH_RANGE) {
            count += 1;
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += f64::from(*v));
        }
        let mean = mean.map(|m| (m / count.max(1) as f64) as f32);
        let values = self.values.chunks_exact(BANDS).flat_map(|row| row.iter().zip(&mean).map(|(v, m)| v - m)).collect();
        Mel { values }
    }
}

/// Where normalised log-mel rows are loud enough for speech: 1 or 0 for every two rows.
pub fn speaking(rows: &[f32]) -> Vec<f32> {
    let level = levels(rows);
    let loudest = level.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    level.chunks_exact(2).map(|two| f32::from(u8::from(two[0].max(two[1]) > loudest - SPEECH_RANGE))).collect()
}

/// Log of the mean band power of every row, nats.
fn levels(rows: &[f32]) -> Vec<f32> {
    rows.chunks_exact(BANDS).map(|row| (row.iter().map(|v| v.exp()).sum::<f32>() / BANDS as f32).ln()).collect()
}

/// One triangular filter: the weights of the transform's bins from `first` on.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

fn filter_bank() -> Vec<Band> {
    let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
    let hertz = |mel: f32| 700.0 * (10f32.powf(mel / 2595.0) - 1.0);
    let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
    let edge = |i: usize| hertz(low + (high - low) * i as f32 / (BANDS + 1) as f32);
    let bin_hz = SPEECH_RATE as f32 / FFT as f32;
    (0..BANDS)
        .map(|b| {
            let (left, centre, right) = (edge(b), edge(b + 1), edge(b + 2));
            let weight = |bin: usize| {
                let hz = bin as f32 * bin_hz;
                ((hz - left) / (centre - left)).min((right - hz) / (right - centre)).max(0.0)
            };
            let first = (left / bin_hz).floor() as usize;
            let last = ((right / bin_hz).ceil() as usize).min(FFT / 2);
            let mut weights: Vec<f32> = (first..=last).map(weight).collect();
            // The lowest bands are narrower than one bin: give them their nearest bin.
            let sum: f32 = weights.iter().sum();
            if sum < 0.5 {
                let nearest = (centre / bin_hz).round() as usize;
                weights.iter_mut().enumerate().for_each(|(i, w)| *w = if first + i == nearest { 1.0 } else { 0.0 });
            }
            Band { first, weights }
        })
        .collect()
}

/// Melody and loudness at 30 frames a second: what gestures, brows and blinks go by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prosody {
    /// Loudness above the recording's floor, 0..=1 over the top 40 dB.
    pub level: Vec<f32>,
    /// Natural log of pitch relative to the speaker's median; 0 where unvoiced.
    pub pitch: Vec<f32>,
    /// Periodicity, 0..=1.
    pub voicing: Vec<f32>,
    /// The speaker's median pitch in hertz; 1 where nothing is voiced.
    pub median_hertz: f32,
}

/// Numbers a frame that [`Prosody`] gives the models.
pub const PROSODY: usize = 3;
/// Loudest level, in nats of mean band power, below which a recording counts as silence.
const SILENCE: f32 = -14.0;

impl Prosody {
    pub fn of(speech: &Speech, mel: &Mel, frames: usize) -> Prosody {
        let level = mel.level();
        let mut sorted = level.clone();
        sorted.sort_by(f32::total_cmp);
        // The 98th percentile, so that one click does not turn speech into silence.
        let top = sorted.get(sorted.len().saturating_sub(1) * 98 / 100).copied().unwrap_or(SILENCE).max(SILENCE);
        let range = 40.0 / 10.0 * std::f32::consts::LN_10;
        let at = |n: usize| level.get(4 * n).copied().unwrap_or(f32::NEG_INFINITY);
        let level: Vec<f32> = (0..frames).map(|n| ((at(n) - top) / range + 1.0).clamp(0.0, 1.0)).collect();
        let (mut pitch, voicing): (Vec<f32>, Vec<f32>) =
            (0..frames).map(|n| periodicity(&speech.samples, n * SPEECH_RATE as usize / 30)).unzip();
        let voiced = |n: usize| voicing[n] > 0.5 && level[n] > 0.3;
        let mut hertz: Vec<f32> = (0..frames).filter(|n| voiced(*n)).map(|n| pitch[n]).collect();
        hertz.sort_by(f32::total_cmp);
        let median = hertz.get(hertz.len() / 2).copied().unwrap_or(1.0);
        for (n, pitch) in pitch.iter_mut().enumerate() {
            *pitch = if voiced(n) { (*pitch / median).ln().clamp(-1.0, 1.0) } else { 0.0 };
        }
        Prosody { level, pitch, voicing, median_hertz: median }
    }
}

/// Pitch in hertz and periodicity around a sample: the best peak of the normalised autocorrelation between 70 and 420 Hz.
fn periodicity(samples: &[f32], centre: usize) -> (f32, f32) {
    const HALF: usize = 320;
    // Every second sample is enough for pitch and halves the work twice.
    const STEP: usize = 2;
    let start = centre.saturating_sub(HALF);
    let end = (centre + HALF).min(samples.len());
    if end <= start + HALF {
        return (0.0, 0.0);
    }
    let window: Vec<f32> = samples[start..end].iter().copied().step_by(STEP).collect();
    let rate = SPEECH_RATE as f32 / STEP as f32;
    let (shortest, longest) = ((rate / 420.0) as usize, (rate / 70.0) as usize);
    let half = window.len() / 2;
    let energy = |x: &[f32]| x.iter().map(|v| v * v).sum::<f32>();
    let head = &window[..half];
    let head_energy = energy(head);
    let mut best = (0.0, 0.0);
    for lag in shortest..=longest.min(window.len() - half) {
        let tail = &window[lag..lag + half];
        let product: f32 = head.iter().zip(tail).map(|(a, b)| a * b).sum();
        let r = product / (head_energy * energy(tail)).sqrt().max(1e-9);
        // A small preference for short lags avoids the octave below.
        let r = r - 0.05 * lag as f32 / longest as f32;
        if r > best.1 {
            best = (rate / lag as f32, r);
        }
    }
    (best.0, best.1.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, seconds: f32) -> Speech {
        let samples = (0..(seconds * SPEECH_RATE as f32) as usize)
            .map(|i| 0.3 * (std::f32::consts::TAU * hertz * i as f32 / SPEECH_RATE as f32).sin())
            .collect::<Vec<_>>();
        Speech { seconds: f64::from(seconds), samples }
    }

    #[test]
    fn a_tone_lights_the_band_at_its_frequency() {
        let peak = |hertz| {
            let mel = Mel::of(&tone(hertz, 0.5));
            let row = mel.row(30);
            (0..BANDS).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap()
        };
        assert!(peak(300.0) < peak(1000.0) && peak(1000.0) < peak(4000.0));
    }

    #[test]
    fn normalisation_removes_loudness() {
        let quiet = tone(400.0, 0.5);
        let loud = Speech { samples: quiet.samples.iter().map(|s| s * 3.0).collect(), ..quiet.clone() };
        let (a, b) = (Mel::of(&quiet).normalised(), Mel::of(&loud).normalised());
        let mel = Mel::of(&quiet);
        let strongest = (0..BANDS).max_by(|a, b| mel.row(30)[*a].total_cmp(&mel.row(30)[*b])).unwrap();
        assert!((a.row(30)[strongest] - b.row(30)[strongest]).abs() < 1e-3);
    }

    #[test]
    fn pitch_is_found_and_silence_has_none() {
        let (hertz, voicing) = periodicity(&tone(180.0, 0.2).samples, 1600);
        assert!((hertz - 180.0).abs() < 6.0 && voicing > 0.8);
        assert_eq!(periodicity(&vec![0.0; 4000], 1600).1, 0.0);
    }

    #[test]
    fn empty_speech_has_no_frames() {
        let mel = Mel::of(&Speech::default());
        assert_eq!(mel.frames(), 0);
        assert_eq!(mel.normalised().frames(), 0);
        assert_eq!(Prosody::of(&Speech::default(), &mel, 3).level, vec![0.0; 3]);
    }
}
