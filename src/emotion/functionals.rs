//! How a stretch of speech is spoken, in [`FUNCTIONALS`] numbers: spectrum, its spread and its unrest, loudness, pitch, voicing, rhythm,
//! [`phonation`], and mean and spread of what the content encoder hears on its way to the words.
//!
//! Such sums over a stretch tell feelings of unheard speakers better than small networks of frames do (Eyben et al. 2016,
//! "The Geneva minimalistic acoustic parameter set", <https://doi.org/10.1109/TAFFC.2015.2457417>), and most of all beside
//! what is usual for the voice.

use super::phonation;
use super::voice::{HEARD_BANDS, Voice};
use crate::speech::content::TIMBRE;
use crate::statistics::{deviation, mean, pearson};
use std::f32::consts::{PI, TAU};

/// Numbers of a stretch, loudness first.
pub const FUNCTIONALS: usize = 3 * HEARD_BANDS + REST + phonation::NUMBERS + 2 * TIMBRE;
/// Those that are not of single bands.
const REST: usize = 1 + LOUDNESS + PITCH + VOICING + GROUPS * (GROUPS + 1) / 2 + RHYTHM + 1;
const LOUDNESS: usize = 4;
const PITCH: usize = 9;
const VOICING: usize = 5;
/// Groups of bands whose loudness is compared, by their first bands.
const GROUPS: usize = 5;
const EDGES: [usize; GROUPS + 1] = [0, 4, 9, 15, 22, HEARD_BANDS];
/// Bands of the rhythm, 0 to 7 Hz, and the lines of the spectrum of 256 frames in each.
const RHYTHM: usize = 12;
const LINES: usize = 5;
const PERIOD: usize = 256;

/// Pitch that counts where there is none, natural log of hertz.
pub(super) const MIDDLE_PITCH: f32 = 5.1;

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Functionals {
    pub numbers: [f32; FUNCTIONALS],
}

impl Functionals {
    /// Those of a stretch; none where nobody speaks.
    pub fn of(voice: &Voice) -> Option<Functionals> {
        let weights = voice.weights();
        if weights.iter().sum::<f32>() < 1.0 {
            return None;
        }
        let level: Vec<f32> = voice.bands.iter().map(|row| mean(row)).collect();
        let loudness = weighted(&weights, |n| level[n]);
        let mut numbers = vec![loudness];
        numbers.extend((0..HEARD_BANDS).map(|b| weighted(&weights, |n| voice.bands[n][b]) - loudness));
        numbers.extend((0..HEARD_BANDS).map(|b| spread(&weights, |n| voice.bands[n][b])));
        let steps: Vec<f32> = weights.windows(2).map(|w| w[0].min(w[1]) + 1e-6).collect();
        let unrest = |of: &dyn Fn(usize) -> f32| weighted(&steps, |n| (of(n + 1) - of(n)).abs());
        numbers.extend((0..HEARD_BANDS).map(|b| unrest(&|n| voice.bands[n][b])));
        let spoken: Vec<f32> = voice.level.iter().zip(&weights).filter(|(_, w)| **w > 0.5).map(|(l, _)| *l).collect();
        let jumps: Vec<f32> = voice.level.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
        numbers.extend([spread(&weights, |n| level[n]), unrest(&|n| level[n]), mean(&jumps), deviation(&spoken)]);
        numbers.extend(melody(&voice.pitch));
        numbers.extend(voicing(voice, &weights));
        numbers.extend(together(voice, &weights));
        numbers.extend(rhythm(&level));
        numbers.push(agreement(&voice.pitch, &level));
        numbers.extend(phonation::numbers(&voice.phonation));
        numbers.extend((0..TIMBRE).map(|i| weighted(&weights, |n| voice.timbre[n][i])));
        numbers.extend((0..TIMBRE).map(|i| spread(&weights, |n| voice.timbre[n][i])));
        Some(Functionals { numbers: std::array::from_fn(|i| numbers[i]) })
    }

    /// The mean of several.
    pub fn mean(all: &[Functionals]) -> Option<Functionals> {
        let n = all.len() as f32;
        (!all.is_empty()).then(|| Functionals { numbers: std::array::from_fn(|i| all.iter().map(|m| m.numbers[i]).sum::<f32>() / n) })
    }

    /// Those that say how it is spoken: all but how loud.
    pub fn quality(&self) -> &[f32] {
        &self.numbers[1..]
    }

    /// How it differs from another stretch.
    pub fn minus(&self, other: &Functionals) -> [f32; FUNCTIONALS] {
        std::array::from_fn(|i| self.numbers[i] - other.numbers[i])
    }
}

/// Middle, spread, ends, steps, share that rises, slope a second and bends of the pitch.
fn melody(pitch: &[f32]) -> [f32; PITCH] {
    let mut voiced: Vec<f32> = pitch.iter().copied().filter(|p| *p > 0.0).collect();
    if voiced.len() < 5 {
        voiced = vec![MIDDLE_PITCH; 5];
    }
    let bends: Vec<f32> = voiced.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).collect();
    let steps: Vec<f32> = pitch.windows(2).filter(|w| w[0] > 0.0 && w[1] > 0.0).map(|w| w[1] - w[0]).collect();
    let sizes: Vec<f32> = steps.iter().map(|s| s.abs()).collect();
    let rising = steps.iter().filter(|s| **s > 0.0).count() as f32 / steps.len().max(1) as f32;
    let times: Vec<f32> = (0..pitch.len()).filter(|n| pitch[*n] > 0.0).map(|n| n as f32 / 30.0).collect();
    let slope = if times.len() == voiced.len() { slope(&times, &voiced) } else { 0.0 };
    let deviation = deviation(&voiced);
    voiced.sort_by(f32::total_cmp);
    let at = |q: f32| voiced[((voiced.len() - 1) as f32 * q).round() as usize];
    [at(0.5), deviation, at(0.1), at(0.9), mean(&sizes), mean(&steps), rising, slope, mean(&bends)]
}

/// Periodicity, share of the speech that has a pitch, share of the stretch that is speech, and length and number of what has a pitch without a break.
fn voicing(voice: &Voice, weights: &[f32]) -> [f32; VOICING] {
    let frames = voice.frames() as f32;
    let spoken = weights.iter().filter(|w| **w > 0.3).count() as f32;
    let voiced = voice.pitch.iter().filter(|p| **p > 0.0).count() as f32;
    let runs = (0..voice.frames()).filter(|n| voice.pitch[*n] > 0.0 && (*n == 0 || voice.pitch[n - 1] <= 0.0)).count() as f32;
    [weighted(weights, |n| voice.voicing[n]), voiced / spoken.max(1.0), spoken / frames, voiced / runs.max(1.0), runs / frames]
}

/// Covariance of the loudness of groups of bands, as its Cholesky factor.
fn together(voice: &Voice, weights: &[f32]) -> Vec<f32> {
    let group = |n: usize, g: usize| mean(&voice.bands[n][EDGES[g]..EDGES[g + 1]]);
    let means: [f32; GROUPS] = std::array::from_fn(|g| weighted(weights, |n| group(n, g)));
    let mut factor = [[0f32; GROUPS]; GROUPS];
    let mut numbers = Vec::new();
    for i in 0..GROUPS {
        for j in 0..=i {
            let covariance = weighted(weights, |n| (group(n, i) - means[i]) * (group(n, j) - means[j]));
            let known: f32 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            factor[i][j] = if i == j { (covariance + 1e-3 - known).max(1e-6).sqrt() } else { (covariance - known) / factor[j][j] };
            numbers.push(factor[i][j]);
        }
    }
    numbers
}

/// Log strength of the rise and fall of loudness by its rate, 0 to 7 Hz.
fn rhythm(level: &[f32]) -> [f32; RHYTHM] {
    let frames = level.len().min(PERIOD);
    let middle = mean(&level[..frames]);
    let window = |n: usize| 0.5 - 0.5 * (TAU * n as f32 / (frames.max(2) - 1) as f32).cos();
    let curve: Vec<f32> = (0..frames).map(|n| (level[n] - middle) * window(n)).collect();
    let line = |k: usize| {
        let turn = 2.0 * PI * k as f32 / PERIOD as f32;
        let (re, im) = curve.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, v)| {
            let (sin, cos) = (turn * n as f32).sin_cos();
            (re + v * cos, im + v * sin)
        });
        re.hypot(im) * 2.0 / frames.max(1) as f32
    };
    std::array::from_fn(|band| ((0..LINES).map(|k| line(band * LINES + k)).sum::<f32>() / LINES as f32 + 1e-3).ln())
}

/// Correlation of pitch and loudness where there is a pitch.
fn agreement(pitch: &[f32], level: &[f32]) -> f32 {
    let (p, l): (Vec<f32>, Vec<f32>) = pitch.iter().zip(level).filter(|(p, _)| **p > 0.0).map(|(p, l)| (*p, *l)).unzip();
    let moves = p.len() >= 6 && deviation(&p) >= 1e-3 && deviation(&l) >= 1e-3;
    if moves { pearson(&p, &l) } else { 0.0 }
}

/// Slope of the line through points.
fn slope(x: &[f32], y: &[f32]) -> f32 {
    let (mx, my) = (mean(x), mean(y));
    let both: f32 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    both / x.iter().map(|x| (x - mx).powi(2)).sum::<f32>().max(1e-6)
}

fn weighted(weights: &[f32], of: impl Fn(usize) -> f32) -> f32 {
    weights.iter().enumerate().map(|(n, w)| w * of(n)).sum::<f32>() / weights.iter().sum::<f32>().max(1e-6)
}

fn spread(weights: &[f32], of: impl Fn(usize) -> f32) -> f32 {
    let middle = weighted(weights, &of);
    weighted(weights, |n| (of(n) - middle).powi(2)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(frames: usize, hertz: f32) -> Voice {
        Voice {
            bands: (0..frames).map(|n| std::array::from_fn(|b| (TAU * hertz * n as f32 / 30.0).sin() - 5.0 + 0.01 * b as f32)).collect(),
            pitch: (0..frames).map(|n| 5.0 + 0.3 * n as f32 / 30.0).collect(),
            voicing: vec![0.8; frames],
            level: vec![0.8; frames],
            phonation: vec![Default::default(); phonation::PER_MOTION_FRAME * frames],
            timbre: vec![[0.1; TIMBRE]; frames],
        }
    }

    #[test]
    fn rhythm_and_melody_are_what_was_put_in() {
        let numbers = Functionals::of(&voice(120, 3.0)).unwrap().numbers;
        let first = 3 * HEARD_BANDS + REST - 1 - RHYTHM;
        let rhythm = &numbers[first..first + RHYTHM];
        // Lines stand 30 / 256 Hz apart, five in a band.
        let loudest = (0..RHYTHM).max_by(|a, b| rhythm[*a].total_cmp(&rhythm[*b])).unwrap();
        assert_eq!(loudest, (3.0f32 * 256.0 / 30.0 / 5.0) as usize, "{rhythm:?}");
        let melody = 3 * HEARD_BANDS + 1 + LOUDNESS;
        assert!((numbers[melody + 7] - 0.3).abs() < 1e-2, "slope {}", numbers[melody + 7]);
        assert!((numbers[melody] - 5.6).abs() < 0.02, "median {}", numbers[melody]);
    }

    #[test]
    fn any_voice_has_finite_numbers_or_none() {
        assert_eq!(Functionals::of(&Voice::default()), None);
        for frames in [2, 3, 5, 40, 700] {
            let told = Functionals::of(&voice(frames, 4.0)).unwrap();
            assert!(told.numbers.iter().all(|v| v.is_finite()), "{frames}");
            assert!(told.minus(&told).iter().all(|d| *d == 0.0) && told.quality().len() == FUNCTIONALS - 1);
        }
    }
}
