//! The report card of any motion under its sound: no labels and no recorded original are needed.
//!
//! What lips must do is heard by the content encoder. Beside each figure stands what people do: ranges of the recordings that
//! `gestus evaluate face` judges by and of two recorded talks (arms), or published ones. Figures that chance alone can reach (lags,
//! timing) are given less what the same motion scores under its sound begun elsewhere.

use super::closures::{Closure, at_teeth, closures, false_closures};
use super::life::{log_jerk, looking_away, synchrony};
use crate::Result;
use crate::audio::Speech;
use crate::audio::features::{Mel, Prosody};
use crate::body::curves::smooth;
use crate::body::rhythm::Rhythm;
use crate::body::skeleton::{OFFSETS, globals};
use crate::face::articulation::{gap_mm, lip_to_teeth_mm, rounding, width};
use crate::face::coefficients::id;
use crate::face::hearing::Heard;
use crate::face::model::FaceModel;
use crate::face::vector::{self, Row};
use crate::face::{life, style};
use crate::motion::{Frame, Performance};
use crate::statistics::{mean, median, pearson, percentile};
use glam::Vec3;
use serde::Serialize;
use std::f32::consts::TAU;
use std::fmt;

/// One line of the card.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub what: &'static str,
    pub value: f32,
    /// What people do.
    pub people: &'static str,
}

/// What `gestus score` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    pub seconds: f32,
    pub figures: Vec<Figure>,
    /// Parts that the motion has not.
    pub without: Vec<&'static str>,
}

/// Judges motion under the sound it belongs to.
pub fn score(performance: &Performance, speech: &Speech) -> Result<Card> {
    let motion = performance.resample(30.0);
    let frames = motion.frames.len().min(Performance::frames_for(speech.seconds, 30.0));
    let frames = &motion.frames[..frames];
    let heard = FaceModel::builtin()?.listen(speech, frames.len(), &[])?;
    let prosody = Prosody::of(speech, &Mel::of(speech), frames.len());
    let rows: Vec<Row> = frames.iter().map(|f| vector::pack(&f.face, f.head, f.gaze)).collect();
    let mut card = Card { seconds: frames.len() as f32 / 30.0, figures: Vec::new(), without: Vec::new() };
    type Part<'a> = (&'static str, fn(&Frame) -> Vec<f32>, &'a dyn Fn() -> Vec<Figure>);
    let parts: [Part; 4] = [
        ("face", |f| f.face.to_vec(), &|| mouth(frames, &heard, &prosody.level)),
        ("eyes", |f| vec![f.gaze.yaw, f.gaze.pitch, f.face[id::EYE_BLINK_LEFT]], &|| eyes(&rows, &heard)),
        ("head", |f| vec![f.head.yaw, f.head.pitch, f.head.roll], &|| head(&rows)),
        ("body", |f| f.body.rotations[ARM].to_array().to_vec(), &|| body(frames, speech, &prosody.level)),
    ];
    for (name, of, judge) in parts {
        let first = frames.first().map(of);
        match frames.iter().any(|f| Some(of(f)) != first) {
            true => card.figures.extend(judge()),
            false => card.without.push(name),
        }
    }
    Ok(card)
}

/// Places of a lower arm, the hands, the chest and the feet among the joints.
const ARM: usize = 8;
const HANDS: [usize; 2] = [9, 13];
const TOES: [usize; 2] = [17, 21];

fn mouth(frames: &[Frame], heard: &Heard, level: &[f32]) -> Vec<Figure> {
    let series = |of: &dyn Fn(&Frame) -> f32| frames.iter().map(of).collect::<Vec<f32>>();
    let gap = series(&|f| gap_mm(&f.face).max(0.0));
    let shut = closures(&gap, &heard.contacts);
    let bitten = at_teeth(&series(&|f| lip_to_teeth_mm(&f.face)), &heard.contacts);
    let vowels = heard.contacts.iter().filter(|c| c.apart >= 0.5).count();
    let (lag, height) = synchrony([(level, gap.clone())].into_iter());
    let mut figures = vec![
        ("opening against loudness, Pearson r", pearson(&gap, level), "0.46 to 0.81"),
        ("opening after loudness, ms", lag, "-115 to 33"),
        ("height of that peak over the sound turned by half", height, "0.44 to 1.04"),
        ("lip gap, 95th percentile, mm", percentile(&gap, 0.95), "11 to 13"),
        ("false closures in 10 s of vowels", false_closures(&gap, &heard.contacts).len() as f32 * 300.0 / vowels.max(1) as f32, "0"),
        ("log mean jerk, lip gap", log_jerk([gap.clone()].into_iter()), "9.2 to 10.4"),
        ("log mean jerk, width of the mouth", log_jerk([series(&|f| 10.0 * width(&f.face))].into_iter()), "8.1 to 9.6"),
        ("log mean jerk, rounding", log_jerk([series(&|f| 10.0 * rounding(&f.face))].into_iter()), "8.3 to 9.3"),
        ("power of the lip gap above 8 Hz, share", fast_power(&gap), "below 0.05"),
        ("p b m heard", shut.len() as f32, ""),
        ("f v heard", bitten.len() as f32, ""),
    ];
    for (what, found) in [("p b m with closed lips, share", &shut), ("f v with the lip at the teeth, share", &bitten)] {
        if !found.is_empty() {
            figures.push((what, share(found), "1"));
        }
    }
    figures.into_iter().map(|(what, value, people)| Figure { what, value, people }).collect()
}

fn share(found: &[Closure]) -> f32 {
    found.iter().filter(|c| c.met).count() as f32 / found.len().max(1) as f32
}

fn eyes(rows: &[Row], heard: &Heard) -> Vec<Figure> {
    let minutes = rows.len() as f32 / 1800.0;
    let blinks = style::blink_frames(rows);
    let lid = vector::channel_of(id::EYE_BLINK_LEFT).unwrap_or_default();
    // From passing the half down to passing it up again.
    let length = |start: usize| rows[start..].iter().take_while(|row| row[lid] >= 0.5).count() as f32 / 30.0;
    let lengths: Vec<f32> = blinks.iter().map(|b| length(*b)).collect();
    let ends = life::phrase_ends(&heard.activity);
    let near = |n: usize| ends.iter().any(|end| n.abs_diff(*end) <= 8);
    let expected = blinks.len() as f32 * (0..rows.len()).filter(|n| near(*n)).count() as f32 / rows.len().max(1) as f32;
    let at_ends = blinks.iter().filter(|b| near(**b)).count() as f32 / expected.max(0.1);
    let gaze = rows.iter().map(|row| 100.0 * row[vector::GAZE]).collect::<Vec<f32>>();
    let figures = [
        ("blinks a minute", blinks.len() as f32 / minutes.max(1e-3), "10 to 33, mean 26 (Bentivoglio 1997)"),
        ("seconds that lids are more than half closed", median(&lengths), "0.07 to 0.3"),
        ("blinks at ends of phrases, times chance", at_ends, "0.7 to 1.4"),
        ("share of the time looking away", looking_away(rows), "about 0.5 (Argyle, Cook 1976)"),
        ("log mean jerk, gaze yaw", log_jerk([gaze].into_iter()), "9.0 to 10.2"),
    ];
    figures.map(|(what, value, people)| Figure { what, value, people }).to_vec()
}

fn head(rows: &[Row]) -> Vec<Figure> {
    let speeds: Vec<f32> = style::head_speeds(rows).into_iter().map(f32::to_degrees).collect();
    let yaw = rows.iter().map(|row| 100.0 * row[vector::HEAD]).collect::<Vec<f32>>();
    let figures = [
        ("head speed, median, degrees a second", median(&speeds), "1.5 to 7"),
        ("head speed, 95th percentile", percentile(&speeds, 0.95), "9 to 29"),
        ("head speed, 99th percentile", percentile(&speeds, 0.99), "below 100"),
        ("log mean jerk, head yaw", log_jerk([yaw].into_iter()), "7.2 to 8.5"),
    ];
    figures.map(|(what, value, people)| Figure { what, value, people }).to_vec()
}

fn body(frames: &[Frame], speech: &Speech, level: &[f32]) -> Vec<Figure> {
    let places: Vec<_> = frames.iter().map(|f| globals(&f.body, &OFFSETS).positions).collect();
    let speed = wrist_speed(&places);
    let rhythm = Rhythm::of(speech, frames.len());
    let (lag, height) = arm_timing(&speed, level);
    let strokes = strokes(&speed);
    let stresses: Vec<usize> = rhythm.peaks.iter().map(|p| p.frame).collect();
    let consistency = beat_consistency(&speed, &stresses);
    let figures = [
        ("hand speed, median, m/s", median(&speed), "0.4 to 0.5"),
        ("strokes a minute", strokes.len() as f32 * 1800.0 / frames.len().max(1) as f32, "35 to 100"),
        ("hand speed against loudness, peak r less chance", height, "0.1 to 0.25"),
        ("lag of that peak, ms (negative: hands first)", lag, "-300 to 0"),
        ("stroke to stress, distance over that of shifted sound", stroke_to_stress(&strokes, &stresses, frames.len()), "0.77 to 0.95"),
        ("beat consistency at 0.30 s", consistency.0, "0.68 to 0.74; chance reaches 0.62 to 0.75"),
        ("beat consistency less that of shifted sound", consistency.1, "0.01"),
        ("feet that stand slide, cm/s", sliding(&places), "below 1"),
    ];
    figures.map(|(what, value, people)| Figure { what, value, people }).to_vec()
}

type Places = [Vec3; crate::body::skeleton::COUNT];

/// Mean speed of both wrists seen from the hips, metres a second, low-passed over a tenth of a second.
fn wrist_speed(places: &[Places]) -> Vec<f32> {
    let speed = |n: usize| {
        let (a, b) = (&places[n.saturating_sub(1)], &places[n]);
        HANDS.map(|hand| 15.0 * ((b[hand] - b[0]) - (a[hand] - a[0])).length()).iter().sum::<f32>()
    };
    smooth(&(0..places.len()).map(speed).collect::<Vec<f32>>(), 1.5)
}

/// Frames at which the hands are fastest between two slow moments.
pub fn strokes(speed: &[f32]) -> Vec<usize> {
    /// Metres a second of a stroke's peak, and frames between two.
    const FAST: f32 = 0.35;
    const APART: usize = 8;
    let mut found: Vec<usize> = Vec::new();
    for n in 1..speed.len().saturating_sub(1) {
        if speed[n] >= FAST && speed[n] > speed[n - 1] && speed[n] >= speed[n + 1] {
            match found.last_mut() {
                Some(last) if n - *last < APART => {
                    if speed[*last] < speed[n] {
                        *last = n;
                    }
                }
                _ => found.push(n),
            }
        }
    }
    found
}

/// Wrist speed of a performance at 30 frames a second.
pub fn hand_speed(frames: &[Frame]) -> Vec<f32> {
    wrist_speed(&frames.iter().map(|f| globals(&f.body, &OFFSETS).positions).collect::<Vec<_>>())
}

/// Parts of the sound's length by which it is turned for chance.
const TURNS: usize = 20;

fn turned<T: Copy>(values: &[T], by: usize) -> Vec<T> {
    let mut values = values.to_vec();
    if !values.is_empty() {
        let middle = by % values.len();
        values.rotate_left(middle);
    }
    values
}

/// Lag in milliseconds at which hand speed and loudness, both smoothed over half a second, agree best within a second, and the
/// correlation there less the mean of the same under turned sound.
fn arm_timing(speed: &[f32], level: &[f32]) -> (f32, f32) {
    const REACH: isize = 30;
    let (speed, level) = (smooth(speed, 7.5), smooth(level, 7.5));
    let peak = |level: &[f32]| {
        let at = |lag: isize| {
            let (skip, ahead) = (lag.max(0) as usize, (-lag).max(0) as usize);
            pearson(level.get(ahead..).unwrap_or_default(), speed.get(skip..).unwrap_or_default())
        };
        (-REACH..=REACH).map(|lag| (lag as f32 * 1000.0 / 30.0, at(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
    };
    let (lag, height) = peak(&level);
    let chance: Vec<f32> = (1..TURNS).map(|k| peak(&turned(&level, k * level.len() / TURNS)).1).collect();
    (lag, height - mean(&chance))
}

fn nearest(at: usize, events: &[usize]) -> f32 {
    events.iter().map(|e| at.abs_diff(*e)).min().unwrap_or_default() as f32
}

/// Mean distance from each stroke to the nearest stress, over the same under turned sound; 1 is chance.
fn stroke_to_stress(strokes: &[usize], stresses: &[usize], frames: usize) -> f32 {
    let distance = |stresses: &[usize]| mean(&strokes.iter().map(|s| nearest(*s, stresses)).collect::<Vec<f32>>());
    let shifted = |k: usize| distance(&stresses.iter().map(|s| (s + k * frames / TURNS) % frames.max(1)).collect::<Vec<_>>());
    let chance = mean(&(1..TURNS).map(shifted).collect::<Vec<f32>>());
    distance(stresses) / chance.max(1e-3)
}

/// Beat consistency as published (speed minima of order 7 below which hands slow down, Gaussian of 0.3 s around the nearest stress), and less
/// its mean under turned sound.
fn beat_consistency(speed: &[f32], stresses: &[usize]) -> (f32, f32) {
    const ORDER: usize = 7;
    let usual = mean(speed);
    let around = |n: usize| &speed[n.saturating_sub(ORDER)..(n + ORDER + 1).min(speed.len())];
    let highest = |n: usize| around(n).iter().copied().fold(0.0, f32::max);
    let slowest = |n: &usize| around(*n).iter().all(|s| *s >= speed[*n]) && highest(*n) > 0.3 * usual;
    let beats: Vec<usize> = (0..speed.len()).filter(slowest).collect();
    let near = |stresses: &[usize]| {
        mean(&stresses.iter().map(|s| (-(nearest(*s, &beats) / 30.0).powi(2) / (2.0 * 0.09)).exp()).collect::<Vec<f32>>())
    };
    let shifted = |k: usize| near(&stresses.iter().map(|s| (s + k * speed.len() / TURNS) % speed.len().max(1)).collect::<Vec<_>>());
    let chance = mean(&(1..TURNS).map(shifted).collect::<Vec<f32>>());
    let here = if beats.is_empty() { 0.0 } else { near(stresses) };
    (here, if beats.is_empty() { 0.0 } else { here - chance })
}

/// Median speed along the floor of the lower foot while it is on it, centimetres a second.
fn sliding(places: &[Places]) -> f32 {
    let lowest = places.iter().flat_map(|p| TOES.map(|t| p[t].y)).fold(f32::MAX, f32::min);
    let slid = |w: &[Places]| {
        TOES.iter()
            .filter(|t| w[0][**t].y < lowest + 0.02 && w[1][**t].y < lowest + 0.02)
            .map(|t| {
                let step = w[1][*t] - w[0][*t];
                3000.0 * step.x.hypot(step.z)
            })
            .fold(f32::MAX, f32::min)
    };
    median(&places.windows(2).map(slid).filter(|s| *s < f32::MAX).collect::<Vec<f32>>())
}

/// Share of a curve's variance above 8 Hz, by discrete Fourier transforms of windows of 128 frames.
fn fast_power(curve: &[f32]) -> f32 {
    const WINDOW: usize = 128;
    let (mut fast, mut all) = (0.0, 0.0);
    for window in curve.chunks_exact(WINDOW) {
        let level = mean(window);
        for k in 1..WINDOW / 2 {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, v) in window.iter().enumerate() {
                let hann = 0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos();
                let (s, c) = (TAU * ((k * n) % WINDOW) as f32 / WINDOW as f32).sin_cos();
                (re, im) = (re + hann * (v - level) * c, im + hann * (v - level) * s);
            }
            let power = re * re + im * im;
            all += power;
            fast += if k as f32 * 30.0 / WINDOW as f32 > 8.0 { power } else { 0.0 };
        }
    }
    fast / f32::max(all, 1e-9)
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:<56}  measured   people", format!("{:.1} s of motion", self.seconds))?;
        for Figure { what, value, people } in &self.figures {
            write!(f, "\n{what:<56} {value:>9.2}   {people}")?;
        }
        if !self.without.is_empty() {
            write!(f, "\nnot judged, for nothing of it moves: {}", self.without.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_that_go_with_the_voice_are_told_from_chance() {
        let mut state = 1u32;
        let mut dice = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0
        };
        let noise: Vec<f32> = (0..1800).map(|_| dice()).collect();
        let level = smooth(&noise, 10.0);
        let mut late = level.clone();
        late.rotate_right(6);
        let (lag, height) = arm_timing(&late, &level);
        assert!((lag - 200.0).abs() < 40.0 && height > 0.4, "{lag} {height}");
        let other: Vec<f32> = (0..1800).map(|_| dice()).collect();
        assert!(arm_timing(&smooth(&other, 10.0), &level).1 < 0.25);
        let strokes: Vec<usize> = (1..40).map(|k| 41 * k).collect();
        assert!(stroke_to_stress(&strokes, &strokes, 1800) < 0.2);
    }

    #[test]
    fn trembling_is_fast_power() {
        let slow: Vec<f32> = (0..600).map(|n| (n as f32 * 0.3).sin()).collect();
        let shaky: Vec<f32> = slow.iter().enumerate().map(|(n, v)| v + if n % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert!(fast_power(&slow) < 0.01 && fast_power(&shaky) > 0.3);
    }
}
