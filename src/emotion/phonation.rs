//! How the voice itself sounds, 90 times a second: pitch, periodicity, level, the balance of harmonics and bands, cepstrum.
//!
//! Of the frame-wise parameters of the Geneva set (Eyben et al. 2016, <https://doi.org/10.1109/TAFFC.2015.2457417>) these are the level
//! differences of the first two harmonics and the first three formant regions, alpha ratio and Hammarberg index. The pitch is finer and
//! reaches further than the one the lips go by: voices in fear and surprise rise beyond 500 Hz.

use super::functionals::MIDDLE_PITCH;
use crate::audio::{SPEECH_RATE, Speech};
use crate::statistics::{deviation, mean, pearson, percentile};
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::f32::consts::{PI, TAU};
use std::sync::Arc;

/// Frames for each motion frame.
pub const PER_MOTION_FRAME: usize = 3;
const RATE: usize = 30 * PER_MOTION_FRAME;
/// Samples that pitch is looked for in (80 ms), the transform that holds them and their lags, and the range of lags: 65 to 600 Hz.
const PITCH_WINDOW: usize = 1280;
const PITCH_FFT: usize = 2048;
const LAGS: std::ops::Range<usize> = SPEECH_RATE as usize / 600..SPEECH_RATE as usize / 65;
/// What a lag of an octave more must gain to be preferred.
const OCTAVE: f32 = 0.02;
/// Samples of a spectrum (25 ms), and its transform.
const WINDOW: usize = 400;
const FFT: usize = 1024;
const LINE_HZ: f32 = SPEECH_RATE as f32 / FFT as f32;
/// Periodicity from which a frame is voiced, and nats under the loudest frames of the stretch down to which it is.
const PERIODIC: f32 = 0.55;
const RANGE: f32 = 3.5;
/// Steps of the pitch beyond this, natural log, are leaps to another octave.
const LEAP: f32 = 0.2;

/// Differences of levels in decibels: first and second harmonic; first harmonic and the peaks at 300-1000, 900-2500 and 2300-3800 Hz; power
/// under and over 1 kHz; peaks under and over 2 kHz.
const BALANCES: usize = 6;
/// Coefficients of the cepstrum, and the mel bands that they come from.
const CEPSTRUM: usize = 20;
const MELS: usize = 40;
const MEL_HZ: std::ops::Range<f32> = 60.0..7800.0;
/// Numbers of a stretch.
pub const NUMBERS: usize = 8 + 5 + 2 * BALANCES + 3 + 2 * (2 * CEPSTRUM - 1) + CEPSTRUM;

/// One frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phonation {
    /// Natural log of the likeliest pitch in hertz, and how periodic the sound is at it, 0..=1.
    pitch: f32,
    periodicity: f32,
    /// Natural log of the root mean square.
    level: f32,
    balances: [f32; BALANCES],
    cepstrum: [f32; CEPSTRUM],
}

/// The frames of a recording, [`PER_MOTION_FRAME`] for each of `frames`.
pub fn listen(speech: &Speech, frames: usize) -> Vec<Phonation> {
    let listener = Listener::new();
    (0..PER_MOTION_FRAME * frames).map(|n| listener.hear(&speech.samples, n * SPEECH_RATE as usize / RATE)).collect()
}

/// Plans and buffers of the transforms.
struct Listener {
    pitch: Spectrum,
    spectrum: Spectrum,
    /// Autocorrelation of the pitch's window itself, by lag.
    window: Vec<f32>,
    /// Weights of the lines in every mel band.
    bank: Vec<Vec<(usize, f32)>>,
}

impl Listener {
    fn new() -> Listener {
        let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f32 / (PITCH_WINDOW - 1) as f32).cos();
        let hamming = |i: usize| 0.54 - 0.46 * (TAU * i as f32 / (WINDOW - 1) as f32).cos();
        let pitch = Spectrum::new((0..PITCH_WINDOW).map(hann).collect(), PITCH_FFT);
        let window = pitch.autocorrelation(&vec![1.0; PITCH_WINDOW]);
        Listener { pitch, spectrum: Spectrum::new((0..WINDOW).map(hamming).collect(), FFT), window, bank: bank() }
    }

    /// The frame around a sample.
    fn hear(&self, samples: &[f32], centre: usize) -> Phonation {
        let cut = |length: usize| -> Vec<f32> {
            let at = |i: usize| (centre + i).checked_sub(length / 2).and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
            (0..length).map(at).collect()
        };
        let mut wave = cut(PITCH_WINDOW);
        let middle = mean(&wave);
        wave.iter_mut().for_each(|v| *v -= middle);
        let energy = wave.iter().map(|v| v * v).sum::<f32>() / PITCH_WINDOW as f32;
        let (hertz, periodicity) = self.pitched(&wave);
        let power = self.spectrum.power(&cut(WINDOW));
        Phonation {
            pitch: hertz.ln(),
            periodicity,
            level: (energy.sqrt() + 1e-6).ln(),
            balances: balances(&power, hertz),
            cepstrum: self.cepstrum(&power),
        }
    }

    /// Mel-frequency cepstral coefficients (Davis and Mermelstein 1980), the loudness first.
    fn cepstrum(&self, power: &[f32]) -> [f32; CEPSTRUM] {
        let band = |lines: &Vec<(usize, f32)>| (lines.iter().map(|(k, w)| w * power[*k]).sum::<f32>() + 1e-9).ln();
        let bands: Vec<f32> = self.bank.iter().map(band).collect();
        let turn = |i: usize, b: usize| (PI * i as f32 * (b as f32 + 0.5) / MELS as f32).cos();
        let scale = (2.0 / MELS as f32).sqrt();
        std::array::from_fn(|i| scale * bands.iter().enumerate().map(|(b, v)| v * turn(i, b)).sum::<f32>())
    }

    /// Pitch in hertz and periodicity: the peak of the autocorrelation, of which the window's own is taken out (Boersma 1993, "Accurate
    /// short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound").
    fn pitched(&self, wave: &[f32]) -> (f32, f32) {
        let own = self.pitch.autocorrelation(wave);
        let at = |lag: usize| own[lag] / (own[0] + 1e-9) * self.window[0] / self.window[lag];
        let wanted = |lag: usize| at(lag) - OCTAVE * (lag as f32 / LAGS.start as f32).log2();
        let best = LAGS.max_by(|a, b| wanted(*a).total_cmp(&wanted(*b))).unwrap_or(LAGS.start);
        let [before, here, after] = [best - 1, best, best + 1].map(at);
        let curve = before - 2.0 * here + after;
        let shift = if curve < -1e-9 { (0.5 * (before - after) / curve).clamp(-0.5, 0.5) } else { 0.0 };
        (SPEECH_RATE as f32 / (best as f32 + shift), here.clamp(0.0, 1.0))
    }
}

/// A windowed power spectrum.
struct Spectrum {
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
}

impl Spectrum {
    fn new(window: Vec<f32>, length: usize) -> Spectrum {
        Spectrum { window, fft: RealFftPlanner::<f32>::new().plan_fft_forward(length) }
    }

    fn power(&self, wave: &[f32]) -> Vec<f32> {
        self.transformed(wave.iter().zip(&self.window).map(|(v, w)| v * w)).iter().map(|c| c.norm_sqr()).collect()
    }

    /// By lag, from the power spectrum, which is real and even.
    fn autocorrelation(&self, wave: &[f32]) -> Vec<f32> {
        let power = self.power(wave);
        let mirrored = power[1..power.len() - 1].iter().rev();
        self.transformed(power.iter().chain(mirrored).copied()).iter().map(|c| c.re).collect()
    }

    fn transformed(&self, values: impl Iterator<Item = f32>) -> Vec<Complex<f32>> {
        let (mut input, mut output) = (self.fft.make_input_vec(), self.fft.make_output_vec());
        input.iter_mut().zip(values).for_each(|(slot, v)| *slot = v);
        // The lengths come from the plan itself, so the transform cannot refuse them.
        let _ = self.fft.process(&mut input, &mut output);
        output
    }
}

/// Triangles on the mel scale.
fn bank() -> Vec<Vec<(usize, f32)>> {
    let mel = |hertz: f32| 2595.0 * (1.0 + hertz / 700.0).log10();
    let (from, to) = (mel(MEL_HZ.start), mel(MEL_HZ.end));
    let corner = |i: usize| 700.0 * (10f32.powf((from + (to - from) * i as f32 / (MELS + 1) as f32) / 2595.0) - 1.0);
    let triangle = |b: usize| {
        let [low, top, high] = [corner(b), corner(b + 1), corner(b + 2)];
        let weight = |hertz: f32| ((hertz - low) / (top - low)).min((high - hertz) / (high - top));
        (0..=FFT / 2).map(|k| (k, weight(k as f32 * LINE_HZ))).filter(|(_, w)| *w > 0.0).collect()
    };
    (0..MELS).map(triangle).collect()
}

fn balances(power: &[f32], hertz: f32) -> [f32; BALANCES] {
    let decibels = |power: f32| 10.0 * (power + 1e-10).log10();
    let line = |hertz: f32| (hertz / LINE_HZ) as usize;
    let peak = |from: f32, to: f32| decibels(power[line(from)..line(to)].iter().copied().fold(0.0, f32::max));
    let sum = |from: f32, to: f32| power[line(from)..line(to)].iter().sum::<f32>() + 1e-10;
    let harmonic = |hertz: f32| {
        let middle = ((hertz / LINE_HZ).round() as usize).clamp(2, power.len() - 2);
        decibels(power[middle - 1..=middle + 1].iter().copied().fold(0.0, f32::max))
    };
    let first = harmonic(hertz);
    [
        first - harmonic(2.0 * hertz),
        first - peak(300.0, 1000.0),
        first - peak(900.0, 2500.0),
        first - peak(2300.0, 3800.0),
        10.0 * (sum(50.0, 1000.0) / sum(1000.0, 5000.0)).log10(),
        peak(0.0, 2000.0) - peak(2000.0, 5000.0),
    ]
}

/// What is told of a stretch: its pitch, the steps of it, the balances where there is a pitch, the cepstrum.
pub fn numbers(frames: &[Phonation]) -> [f32; NUMBERS] {
    let stretch = Stretch { frames, top: percentile(&frames.iter().map(|f| f.level).collect::<Vec<f32>>(), 0.95) };
    let numbers = [stretch.pitch(), stretch.steps(), stretch.balances(), stretch.cepstrum()].concat();
    std::array::from_fn(|i| numbers[i])
}

/// Frames, and the level that the loudest twentieth of them reaches.
struct Stretch<'a> {
    frames: &'a [Phonation],
    top: f32,
}

impl Stretch<'_> {
    fn is_spoken(&self, frame: &Phonation) -> bool {
        frame.level > self.top - RANGE
    }

    fn is_voiced(&self, frame: &Phonation) -> bool {
        frame.periodicity > PERIODIC && self.is_spoken(frame)
    }

    /// The voiced frames, none where they are too few to tell anything.
    fn voiced(&self) -> Vec<&Phonation> {
        let voiced: Vec<&Phonation> = self.frames.iter().filter(|f| self.is_voiced(f)).collect();
        if voiced.len() > 5 { voiced } else { Vec::new() }
    }

    /// Mean, spread, five percentiles and skewness.
    fn pitch(&self) -> Vec<f32> {
        let voiced = self.voiced();
        let pitch = if voiced.is_empty() { vec![MIDDLE_PITCH; 6] } else { each(&voiced, |f| f.pitch) };
        let (middle, apart) = (mean(&pitch), deviation(&pitch));
        let skewness = mean(&pitch.iter().map(|p| (p - middle).powi(3)).collect::<Vec<f32>>()) / (apart.powi(3) + 1e-6);
        let [a, b, c, d, e] = [0.05, 0.2, 0.5, 0.8, 0.95].map(|q| percentile(&pitch, q));
        vec![middle, apart, a, b, c, d, e, skewness]
    }

    /// Size, mean, spread and share that rises of the pitch's steps, and the size of its bends.
    fn steps(&self) -> Vec<f32> {
        let neighbours = self.frames.windows(2).filter(|w| self.is_voiced(&w[0]) && self.is_voiced(&w[1]));
        let mut steps: Vec<f32> = neighbours.map(|w| w[1].pitch - w[0].pitch).filter(|s| s.abs() < LEAP).collect();
        if steps.len() <= 3 {
            steps = vec![0.0; 4];
        }
        let rising = steps.iter().filter(|s| **s > 0.0).count() as f32 / steps.len() as f32;
        let bends = size(steps.windows(2).map(|w| w[1] - w[0]));
        vec![size(steps.iter().copied()), mean(&steps), deviation(&steps), rising, bends]
    }

    /// Mean and spread of each, and how pitch, level and alpha ratio go together.
    fn balances(&self) -> Vec<f32> {
        let voiced = self.voiced();
        let balance = |i: usize| each(&voiced, |f| f.balances[i]);
        let spreads = (0..BALANCES).flat_map(|i| [mean(&balance(i)), deviation(&balance(i))]);
        let (pitch, level, alpha) = (each(&voiced, |f| f.pitch), each(&voiced, |f| f.level), balance(4));
        spreads.chain([pearson(&pitch, &level), pearson(&pitch, &alpha), pearson(&level, &alpha)]).collect()
    }

    /// Mean, but of the first, which is loudness, and spread, of the voiced frames and of the rest of the speech; then its unrest.
    fn cepstrum(&self) -> Vec<f32> {
        let mut numbers = Vec::new();
        for voiced in [true, false] {
            let spoken = || self.frames.iter().filter(|f| self.is_spoken(f));
            let mut part: Vec<&Phonation> = spoken().filter(|f| self.is_voiced(f) == voiced).collect();
            if part.len() < 4 {
                part = spoken().collect();
            }
            let coefficient = |i: usize| each(&part, |f| f.cepstrum[i]);
            numbers.extend((1..CEPSTRUM).map(|i| mean(&coefficient(i))));
            numbers.extend((0..CEPSTRUM).map(|i| deviation(&coefficient(i))));
        }
        let turns: Vec<&[Phonation]> = self.frames.windows(3).filter(|w| self.is_spoken(&w[2])).collect();
        numbers.extend((0..CEPSTRUM).map(|i| size(turns.iter().map(|w| w[2].cepstrum[i] - w[0].cepstrum[i]))));
        numbers
    }
}

fn each(frames: &[&Phonation], number: impl Fn(&Phonation) -> f32) -> Vec<f32> {
    frames.iter().map(|f| number(f)).collect()
}

/// Mean size.
fn size(values: impl Iterator<Item = f32>) -> f32 {
    mean(&values.map(f32::abs).collect::<Vec<f32>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone with harmonics that fall off by `tilt` decibels each, gliding from one pitch to another.
    fn voice(from: f32, to: f32, tilt: f32, seconds: f32) -> Speech {
        let count = (seconds * SPEECH_RATE as f32) as usize;
        let mut phase = 0.0f32;
        let samples = (0..count).map(|i| {
            phase += TAU * (from + (to - from) * i as f32 / count as f32) / SPEECH_RATE as f32;
            (1..12).map(|k| 10f32.powf(-tilt * (k - 1) as f32 / 20.0) * (k as f32 * phase).sin()).sum::<f32>() * 0.1
        });
        Speech { samples: samples.collect(), seconds: f64::from(seconds) }
    }

    #[test]
    fn pitch_glide_and_tilt_are_found() {
        for hertz in [90.0f32, 210.0, 520.0] {
            let numbers = numbers(&listen(&voice(hertz, hertz, 6.0, 1.0), 30));
            assert!((numbers[0] - hertz.ln()).abs() < 0.01, "{hertz}: {}", numbers[0].exp());
            assert!(numbers[1] < 0.03, "{hertz}: {}", numbers[1]);
        }
        let rising = numbers(&listen(&voice(150.0, 200.0, 6.0, 2.0), 60));
        let rate = rising[9] * RATE as f32;
        assert!((rate - (200.0f32 / 150.0).ln() / 2.0).abs() < 0.02, "{rate}");
        assert!(rising[11] > 0.95);
        let [soft, bright] = [14.0, 3.0].map(|tilt| numbers(&listen(&voice(200.0, 200.0, tilt, 1.0), 30)));
        assert!((soft[13] - 14.0).abs() < 2.0 && (bright[13] - 3.0).abs() < 2.0, "{} {}", soft[13], bright[13]);
        assert!(soft[21] > bright[21] + 5.0, "alpha ratio");
    }

    #[test]
    fn any_sound_has_finite_numbers() {
        let noise: Vec<f32> = (0..20_000).map(|i| ((i * 7919) % 1013) as f32 / 506.5 - 1.0).collect();
        for samples in [vec![], vec![0.0; 8000], noise, vec![1.0; 4000]] {
            let speech = Speech { seconds: 1.0, samples };
            assert!(numbers(&listen(&speech, 30)).iter().all(|v| v.is_finite()));
        }
        assert!(numbers(&[]).iter().all(|v| v.is_finite()));
    }
}
