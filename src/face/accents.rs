//! Brows that mark what is stressed, the more the harder it is said.
//!
//! Raised brows go with prominent syllables: they rise with the pitch accent (Cavé et al. 1996, "About the relationship between eyebrow
//! movements and F0 variations", ICSLP), make a word sound stressed to those who watch (Krahmer and Swerts 2007, J. Mem. Lang.
//! 57:396) and lead the accent by some 60 ms (Flecha-García 2010, Speech Communication 52:542). Few stresses have one.
//!
//! How hard something is said is heard within the recording, whose gain nobody knows: louder, higher and with a flatter
//! spectrum than its usual (Traunmüller and Eriksson 2000, J. Acoust. Soc. Am. 107:3438).

use super::coefficients::id;
use super::vector::{self, Row};
use crate::audio::features::{BANDS, Mel, Prosody};
use crate::body::curves::{smooth, smoothstep};
use crate::body::rhythm::Rhythm;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stressed syllable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stress {
    pub frame: usize,
    /// How far it stands out and how hard it is said, 0..=1.
    pub size: f32,
}

/// Level above which somebody speaks.
const SPEAKING: f32 = 0.3;
/// What counts as a whole step of effort: 8 dB of level, four semitones (natural log), and spectral tilt in nats.
const STEP: [f32; 3] = [0.2, 0.23, 1.2];
const SHARES: [f32; 3] = [0.6, 0.2, 0.2];
/// Frames over which effort is felt.
const INERTIA: f32 = 10.0;

/// How much harder than usual each frame is said, -1..=1.
pub fn vigour(prosody: &Prosody, mel: &Mel, frames: usize) -> Vec<f32> {
    let spoken = |n: usize| prosody.level[n] > SPEAKING;
    let voiced = |n: usize| spoken(n) && prosody.pitch[n] != 0.0;
    let tilt: Vec<f32> = (0..frames).map(|n| tilt(mel, n)).collect();
    let parts =
        [from_usual(&prosody.level, &spoken, STEP[0]), from_usual(&prosody.pitch, &voiced, STEP[1]), from_usual(&tilt, &voiced, STEP[2])];
    let sum = |n: usize| (0..3).map(|i| SHARES[i] * parts[i][n]).sum::<f32>().clamp(-1.0, 1.0);
    // What is not spoken says nothing.
    let weights: Vec<f32> = (0..frames).map(|n| f32::from(u8::from(spoken(n)))).collect();
    let weighted: Vec<f32> = (0..frames).map(|n| weights[n] * sum(n)).collect();
    smooth(&weighted, INERTIA).iter().zip(smooth(&weights, INERTIA)).map(|(v, w)| v / (w + 0.05)).collect()
}

/// Steps from the mean over the frames that count; 0 elsewhere.
fn from_usual(values: &[f32], counts: &dyn Fn(usize) -> bool, step: f32) -> Vec<f32> {
    let chosen: Vec<f32> = (0..values.len()).filter(|n| counts(*n)).map(|n| values[n]).collect();
    let mean = chosen.iter().sum::<f32>() / chosen.len().max(1) as f32;
    (0..values.len()).map(|n| if counts(n) { ((values[n] - mean) / step).clamp(-1.5, 1.5) } else { 0.0 }).collect()
}

/// Log power of about 1 to 5 kHz over that below 1 kHz, nats.
fn tilt(mel: &Mel, n: usize) -> f32 {
    const EDGES: [usize; 3] = [2, 22, 55];
    let mean = |from: usize, to: usize, row: &[f32]| row[from..to].iter().sum::<f32>() / (to - from) as f32;
    let rows = mel.values.chunks_exact(BANDS).skip(4 * n).take(4);
    let (sum, count) = rows.fold((0.0, 0), |(s, c), row| (s + mean(EDGES[1], EDGES[2], row) - mean(EDGES[0], EDGES[1], row), c + 1));
    sum / count.max(1) as f32
}

/// The stresses of a recording and their sizes.
pub fn stresses(rhythm: &Rhythm, vigour: &[f32]) -> Vec<Stress> {
    let size = |frame: usize, prominence: f32| {
        let effort = 0.5 + 0.5 * vigour.get(frame).copied().unwrap_or(0.0);
        smoothstep(0.2, 0.8, effort) * smoothstep(0.05, 0.3, prominence)
    };
    rhythm.peaks.iter().map(|p| Stress { frame: p.frame, size: size(p.frame, p.prominence) }).collect()
}

/// Share of the strongest and of the weakest stresses that have an accent of the brows, and the frames between two of them.
const CHANCE: (f32, f32) = (0.9, 0.15);
const APART: usize = 24;
/// How far the strongest accent raises the brows.
const HEIGHT: f32 = 0.6;
/// Frames by which the top of the accent comes before that of the syllable, and the deviations of its way up and down.
const LEAD: f32 = 2.0;
const UP: f32 = 2.5;
const DOWN: f32 = 5.0;
const STREAM: u64 = 13;

/// Raises the brows at some of the stresses; brows that are drawn together are drawn further down instead.
pub fn raise(rows: &mut [Row], stresses: &[Stress], seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let mut last: Option<usize> = None;
    for stress in stresses {
        let drawn = rng.random::<f32>() < CHANCE.1 + (CHANCE.0 - CHANCE.1) * stress.size;
        if drawn && last.is_none_or(|l| stress.frame >= l + APART) {
            last = Some(stress.frame);
            accent(rows, stress.frame as f32 - LEAD, HEIGHT * stress.size);
        }
    }
}

const RAISED: [(usize, f32); 3] = [(id::BROW_INNER_UP, 1.0), (id::BROW_OUTER_UP_LEFT, 0.8), (id::BROW_OUTER_UP_RIGHT, 0.8)];
const LOWERED: [(usize, f32); 2] = [(id::BROW_DOWN_LEFT, 0.6), (id::BROW_DOWN_RIGHT, 0.6)];

fn accent(rows: &mut [Row], top: f32, height: f32) {
    let channel = |c: usize| vector::channel_of(c).unwrap_or_default();
    let frowning = |row: &Row| smoothstep(0.2, 0.5, row[channel(id::BROW_DOWN_LEFT)]);
    let from = (top - 3.0 * UP).max(0.0) as usize;
    for (n, row) in rows.iter_mut().enumerate().skip(from).take((3.0 * (UP + DOWN)) as usize + 1) {
        let distance = n as f32 - top;
        let shape = (-0.5 * (distance / if distance < 0.0 { UP } else { DOWN }).powi(2)).exp();
        let frown = frowning(row);
        let parts = RAISED.iter().map(|(c, w)| (c, w * (1.0 - frown))).chain(LOWERED.iter().map(|(c, w)| (c, w * frown)));
        for (c, weight) in parts {
            // What is up already has less way to go.
            let now = row[channel(*c)].clamp(0.0, 1.0);
            row[channel(*c)] = now + height * shape * weight * (1.0 - now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::vector::CHANNELS;

    #[test]
    fn hard_stresses_raise_the_brows_more_and_frowns_deepen() {
        let brow = |rows: &[Row], c: usize| rows.iter().map(|r| r[vector::channel_of(c).unwrap()]).fold(0.0, f32::max);
        let raised = |size: f32, frown: f32| {
            let mut rows = vec![[0.0; CHANNELS]; 200];
            rows.iter_mut().for_each(|r| r[vector::channel_of(id::BROW_DOWN_LEFT).unwrap()] = frown);
            let stresses: Vec<Stress> = (1..10).map(|k| Stress { frame: 20 * k, size }).collect();
            raise(&mut rows, &stresses, 1);
            [brow(&rows, id::BROW_INNER_UP), brow(&rows, id::BROW_DOWN_LEFT) - frown]
        };
        assert!(raised(1.0, 0.0)[0] > 0.5 && raised(0.3, 0.0)[0] < 0.25 && raised(0.0, 0.0) == [0.0; 2]);
        assert!(raised(1.0, 0.6)[0] < 0.01 && raised(1.0, 0.6)[1] > 0.05);
    }

    #[test]
    fn effort_is_heard_within_the_recording_whatever_its_gain() {
        let loud = |n: usize| if n < 150 { 0.45 } else { 0.75 };
        let prosody = Prosody {
            level: (0..300).map(loud).collect(),
            pitch: (0..300).map(|n| if n < 150 { -0.1 } else { 0.1 }).collect(),
            voicing: vec![1.0; 300],
            median_hertz: 120.0,
        };
        let bands = |gain: f32| Mel {
            values: (0..1200 * BANDS).map(|i| gain + if i / BANDS > 600 && i % BANDS > 22 { 1.0 } else { 0.0 }).collect(),
        };
        let (a, b) = (vigour(&prosody, &bands(0.0), 300), vigour(&prosody, &bands(5.0), 300));
        assert!(a[60] < -0.3 && a[240] > 0.3, "{} {}", a[60], a[240]);
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-3));
    }
}
