//! When speech stresses, pauses and falls silent: the clock of the gestures.
//!
//! Loudness in decibels, mapped so that the loudest 40 dB of the recording span 0..=1, rises and falls with syllables and
//! stresses. Gesture strokes fall on or just before stressed syllables (Kendon 1972; McNeill 1992; Loehr 2012:
//! <https://doi.org/10.1075/gest.12.1.03loe>); pauses separate phrases, within which one gesture unit unfolds.
//!
//! Sound that is not speech must not be beaten to. Speech alternates between loud and quiet within a second, steady noise
//! and most music do not: the share of quiet 20 ms pieces in a window of two seconds tells them apart
//! (low short-time energy ratio: Lu, Zhang and Jiang 2002, <https://doi.org/10.1109/TSA.2002.804546>).

use super::curves::{FPS, ramp, smooth};
use crate::audio::{SPEECH_RATE, Speech};
use std::ops::Range;

/// A local maximum of the level: a stress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    pub frame: usize,
    /// Height above the higher of the two valleys around it, in units of the level.
    pub prominence: f32,
    pub level: f32,
}

/// The rhythm of a recording at 30 frames per second.
#[derive(Clone, Debug, Default)]
pub struct Rhythm {
    /// Loudness per frame: 0 silence, 1 loud; zero where the sound is not speech.
    pub level: Vec<f32>,
    pub peaks: Vec<Peak>,
    /// Frames without speech, at least 8 long.
    pub pauses: Vec<Range<usize>>,
    /// Frames of speech between pauses; long ones are cut.
    pub phrases: Vec<Range<usize>>,
}

/// Energies are taken every 10 ms.
const HOP: usize = SPEECH_RATE as usize / 100;
/// Below this, in dB of full scale, even the loudest part of a recording is silence.
const SILENCE_DB: f32 = -60.0;
const LONGEST_PHRASE: usize = 240;

impl Rhythm {
    /// Listens to `speech` for `frames` frames of 1/30 s; what lies beyond the recording is silence.
    pub fn of(speech: &Speech, frames: usize) -> Rhythm {
        let energies = energies(&speech.samples);
        let level = per_frame(&level(&energies), frames);
        let pauses = pauses(&smooth(&level, 2.0));
        let phrases = phrases(&pauses, frames);
        Rhythm { peaks: peaks(&smooth(&level, 1.2)), level, pauses, phrases }
    }

    /// A rhythm of given loudness and stresses, one value a frame.
    pub(crate) fn from_curves(level: Vec<f32>, peaks: Vec<Peak>) -> Rhythm {
        let pauses = pauses(&smooth(&level, 2.0));
        let phrases = phrases(&pauses, level.len());
        Rhythm { level, peaks, pauses, phrases }
    }

    /// Peaks within a span of frames.
    pub fn peaks_in(&self, span: &Range<usize>) -> &[Peak] {
        let first = self.peaks.partition_point(|p| p.frame < span.start);
        let last = self.peaks.partition_point(|p| p.frame < span.end);
        &self.peaks[first..last]
    }

    /// The pause whose start lies nearest to `frame`, if within `reach` frames.
    pub fn pause_near(&self, frame: f32, reach: f32) -> Option<&Range<usize>> {
        let next = self.pauses.partition_point(|p| (p.start as f32) < frame);
        let distance = |p: &&Range<usize>| (p.start as f32 - frame).abs();
        self.pauses[next.saturating_sub(1)..(next + 1).min(self.pauses.len())]
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .filter(|p| distance(p) < reach)
    }
}

/// Mean square of 20 ms pieces, one every 10 ms.
fn energies(samples: &[f32]) -> Vec<f32> {
    let pieces = samples.len().div_ceil(HOP);
    (0..pieces)
        .map(|k| {
            let piece = &samples[(k * HOP).saturating_sub(HOP)..((k + 1) * HOP).min(samples.len())];
            piece.iter().map(|x| x * x).sum::<f32>() / piece.len().max(1) as f32
        })
        .collect()
}

/// Level every 10 ms: decibels over the top 40 dB (or down to the noise floor, if that is higher), times how speech-like it is.
fn level(energies: &[f32]) -> Vec<f32> {
    let decibels: Vec<f32> = energies.iter().map(|e| 10.0 * (e + 1e-12).log10()).collect();
    let mut sorted = decibels.clone();
    sorted.sort_by(f32::total_cmp);
    let quantile = |q: f32| sorted.get(((sorted.len() as f32 - 1.0) * q).round() as usize).copied().unwrap_or(SILENCE_DB);
    let (loud, noise) = (quantile(0.95), quantile(0.02));
    if loud <= SILENCE_DB {
        return vec![0.0; energies.len()];
    }
    let quiet = (noise + 3.0).clamp(loud - 40.0, loud - 20.0);
    let speech = speechness(energies);
    let level: Vec<f32> = decibels.iter().zip(speech).map(|(db, s)| ((db - quiet) / (loud - quiet)).clamp(0.0, 1.3) * s).collect();
    smooth(&level, 2.0)
}

/// How much each 10 ms sounds like speech rather than a steady sound, 0..=1.
fn speechness(energies: &[f32]) -> Vec<f32> {
    const HALF: usize = 100;
    let amplitudes: Vec<f32> = energies.iter().map(|e| e.sqrt()).collect();
    let mut totals = vec![0.0f64];
    totals.extend(amplitudes.iter().scan(0.0, |sum, a| {
        *sum += f64::from(*a);
        Some(*sum)
    }));
    // The share of quiet pieces changes slowly: every tenth piece is enough.
    let coarse: Vec<f32> = (0..amplitudes.len())
        .step_by(10)
        .map(|at| {
            let window = at.saturating_sub(HALF)..(at + HALF).min(amplitudes.len());
            let mean = ((totals[window.end] - totals[window.start]) / window.len().max(1) as f64) as f32;
            let quiet = amplitudes[window.clone()].iter().filter(|a| **a < 0.5 * mean).count();
            ramp(quiet as f32 / window.len().max(1) as f32, 0.08, 0.24)
        })
        .collect();
    (0..amplitudes.len()).map(|at| coarse[at / 10]).collect()
}

/// Values every 10 ms, read off at frames of 1/30 s.
fn per_frame(level: &[f32], frames: usize) -> Vec<f32> {
    let at = |k: usize| level.get(k).copied().unwrap_or(0.0);
    (0..frames)
        .map(|frame| {
            let place = frame as f64 * 100.0 / f64::from(FPS);
            let (whole, part) = (place as usize, place.fract() as f32);
            at(whole) * (1.0 - part) + at(whole + 1) * part
        })
        .collect()
}

/// Maxima that stand out by at least 0.08, no two within 5 frames.
fn peaks(level: &[f32]) -> Vec<Peak> {
    const REACH: usize = 150;
    let mut found: Vec<Peak> = Vec::new();
    for frame in 1..level.len().saturating_sub(1) {
        let height = level[frame];
        if !(level[frame - 1] < height && level[frame + 1] <= height) {
            continue;
        }
        let valley = |side: &mut dyn Iterator<Item = &f32>| side.take_while(|l| **l <= height).fold(height, |low, l| low.min(*l));
        let before = valley(&mut level[frame.saturating_sub(REACH)..frame].iter().rev());
        let after = valley(&mut level[frame + 1..(frame + REACH).min(level.len())].iter());
        let peak = Peak { frame, prominence: height - before.max(after), level: height };
        if peak.prominence <= 0.08 {
            continue;
        }
        match found.last_mut() {
            Some(last) if frame - last.frame < 5 => {
                if last.level < height {
                    *last = peak;
                }
            }
            _ => found.push(peak),
        }
    }
    found
}

fn pauses(level: &[f32]) -> Vec<Range<usize>> {
    let mut pauses = Vec::new();
    let mut start = None;
    for frame in 0..=level.len() {
        let quiet = level.get(frame).is_some_and(|l| *l < 0.3);
        match (quiet, start) {
            (true, None) => start = Some(frame),
            (false, Some(first)) => {
                if frame - first >= 8 {
                    pauses.push(first..frame);
                }
                start = None;
            }
            _ => {}
        }
    }
    pauses
}

fn phrases(pauses: &[Range<usize>], frames: usize) -> Vec<Range<usize>> {
    let starts = std::iter::once(0).chain(pauses.iter().map(|p| p.end));
    let ends = pauses.iter().map(|p| p.start).chain(std::iter::once(frames));
    let mut phrases = Vec::new();
    for (start, end) in starts.zip(ends).filter(|(start, end)| end.saturating_sub(*start) > 6) {
        let parts = (end - start).div_ceil(LONGEST_PHRASE);
        phrases.extend((0..parts).map(|k| start + (end - start) * k / parts..start + (end - start) * (k + 1) / parts));
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bursts of a tone, `on` seconds long, every `every` seconds.
    fn bursts(seconds: f32, on: f32, every: f32) -> Speech {
        let rate = SPEECH_RATE as f32;
        let samples = (0..(seconds * rate) as usize)
            .map(|n| {
                let t = n as f32 / rate;
                if t % every < on { 0.3 * (t * 900.0).sin() * (std::f32::consts::PI * (t % every) / on).sin() } else { 0.0 }
            })
            .collect();
        Speech { samples, seconds: f64::from(seconds) }
    }

    #[test]
    fn bursts_are_peaks_in_their_middle() {
        let rhythm = Rhythm::of(&bursts(10.0, 0.3, 0.8), 300);
        assert!((11..=13).contains(&rhythm.peaks.len()), "{:?}", rhythm.peaks);
        for peak in &rhythm.peaks {
            let phase = (peak.frame as f32 / FPS) % 0.8;
            assert!((phase - 0.15).abs() < 0.08, "{phase}");
        }
        assert!(rhythm.pauses.len() > 8);
    }

    #[test]
    fn silence_noise_and_scraps_have_no_stress() {
        let mut dice = super::super::curves::Dice::new(3, super::super::curves::Purpose::Drift);
        let noise: Vec<f32> = (0..160_000).map(|_| dice.normal(0.0, 0.1)).collect();
        for samples in [vec![], vec![0.0; 160_000], noise, vec![0.2; 800]] {
            let seconds = samples.len() as f64 / f64::from(SPEECH_RATE);
            let rhythm = Rhythm::of(&Speech { samples, seconds }, 300);
            assert!(rhythm.peaks.is_empty() && rhythm.phrases.is_empty(), "{:?}", rhythm.phrases);
            assert_eq!(rhythm.level.len(), 300);
        }
        assert!(Rhythm::of(&Speech::default(), 0).level.is_empty());
    }

    #[test]
    fn level_follows_speech_in_noise() {
        let mut speech = bursts(10.0, 0.3, 0.8);
        let mut dice = super::super::curves::Dice::new(3, super::super::curves::Purpose::Drift);
        speech.samples.iter_mut().for_each(|x| *x += dice.normal(0.0, 0.01));
        assert!(Rhythm::of(&speech, 300).peaks.len() >= 10);
    }
}
