//! The body under speech that it never learned from, beside its references.
//!
//! Speech of unseen speakers is performed by the weights, by the rules that taught them, and compared with recorded
//! speakers (two takes of two people), with the weights' own motion under the speech of somebody else (shuffled), and with
//! standing still.

use super::manner::{Manners, manners};
use super::motion::{Motion, onsets, rotated, turned};
use crate::Result;
use crate::audio::{self, SPEECH_RATE, Speech};
use crate::body::model::{BodyModel, Request};
use crate::body::rhythm::Rhythm;
use crate::body::skeleton::Pose;
use crate::body::{self, Expressivity, standing};
use crate::emotion::Point;
use crate::motion::Head;
use crate::statistics::{Interval, deviation, interval, mean, median, pearson, percentile};
use crate::train::clips::{Recorded, recorded};
use crate::train::data::Split;
use crate::train::talks::{Talk, talks};
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::time::Instant;

/// Something that performs speech: speech, a point of the emotion space, a seed and a number of frames to poses.
pub type Performer<'a> = &'a (dyn Fn(&Speech, &Point, u64, usize) -> Result<Vec<Pose>> + Sync);

/// One figure of every row, with its 95 % interval over takes and seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub what: String,
    /// In the order of [`Report::rows`]; nothing where a row has no such figure.
    pub values: Vec<Option<Interval>>,
}

/// What `gestus evaluate body` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub takes: usize,
    pub seconds: f32,
    pub seeds: u64,
    pub rows: Vec<String>,
    pub figures: Vec<Figure>,
    pub manners: Vec<Manners>,
    /// Seconds of work for a second of speech on as many threads as the run had, per performer.
    pub cost: Vec<f64>,
}

/// A motion with the speech it goes with.
pub struct Pair {
    pub motion: Motion,
    pub rhythm: Rhythm,
}

impl Pair {
    pub fn new(poses: &[Pose], speech: &Speech) -> Pair {
        Pair { motion: Motion::of(poses), rhythm: Rhythm::of(speech, poses.len()) }
    }
}

/// One figure of a motion under its speech.
type Reading = fn(&Pair) -> Option<f32>;

/// Turns of the sound that chance is estimated from.
const TURNS: usize = 20;

const READINGS: [(&str, Reading); 30] = [
    ("arm timing: peak r of hand speed with loudness", |p| Some(p.motion.timing(&p.rhythm.level).0)),
    ("arm timing: lag of the hands, s (below 0: hands first)", |p| Some(p.motion.timing(&p.rhythm.level).1)),
    ("arm timing: r less chance (turned sound)", |p| {
        Some(p.motion.timing(&p.rhythm.level).0 - p.motion.timing_by_chance(&p.rhythm.level, TURNS))
    }),
    ("beat consistency, sigma 0.30 s, as published", |p| Some(beats(p, 0.30)[0])),
    ("beat consistency, sigma 0.30 s, less chance", |p| Some(beats(p, 0.30)[1])),
    ("beat consistency, sigma 0.10 s, less chance", |p| Some(beats(p, 0.10)[1])),
    ("beat consistency, sigma 0.10 s, deviations above chance", |p| Some(beats(p, 0.10)[2])),
    ("stroke to stress: distance over chance", |p| p.motion.stroke_to_stress(&p.rhythm)),
    ("strokes a minute and hand", |p| Some(p.motion.strokes().len() as f32 * 30.0 / p.motion.seconds)),
    ("stroke duration, median, s", |p| stroke(p, |s| (s.end - s.start) as f32 / 30.0)),
    ("stroke chord, median, m", |p| stroke(p, |s| s.chord)),
    ("hand speed, 5th percentile, m/s", |p| Some(p.motion.speed_percentile(0.05))),
    ("hand speed, 25th percentile", |p| Some(p.motion.speed_percentile(0.25))),
    ("hand speed, median", |p| Some(p.motion.speed_percentile(0.5))),
    ("hand speed, 75th percentile", |p| Some(p.motion.speed_percentile(0.75))),
    ("hand speed, 95th percentile", |p| Some(p.motion.speed_percentile(0.95))),
    ("log mean jerk of the wrists", |p| Some(p.motion.log_jerk)),
    ("height of the hands above the hips, median, m", |p| Some(height(&p.motion, 0.5))),
    ("height of the hands above the hips, 95th percentile, m", |p| Some(height(&p.motion, 0.95))),
    ("distance of the hands from the spine, 95th percentile, m", |p| Some(percentile(&p.motion.reach.concat(), 0.95))),
    ("correlation of left and right hand speed", |p| Some(pearson(&p.motion.speeds[0], &p.motion.speeds[1]))),
    ("side bend of the torso, deviation, degrees", |p| Some(deviation(&p.motion.bend))),
    ("lean of the torso, deviation, degrees", |p| Some(deviation(&p.motion.lean))),
    ("sway of the hips, deviation, m", |p| Some(deviation(&p.motion.hips.iter().map(|h| h.x).collect::<Vec<f32>>()))),
    ("hands at rest in pauses over 1.5 s, share of time", |p| p.motion.rest_in_pauses(&p.rhythm)),
    ("planted feet, median speed, cm/s", |p| Some(median(&p.motion.planted))),
    ("planted feet, 95th percentile", |p| Some(percentile(&p.motion.planted, 0.95))),
    ("frames with a joint outside its range, %", |p| Some(100.0 * p.motion.outside)),
    ("frames with a hand in head or torso, %", |p| Some(100.0 * p.motion.inside)),
    ("furthest from the start, m", |p| Some(p.motion.drift())),
];

/// Beat consistency, its excess over turned sound, and that excess in deviations of chance.
fn beats(pair: &Pair, sigma: f32) -> [f32; 3] {
    let level = &pair.rhythm.level;
    let value = pair.motion.beat_consistency(&onsets(level), sigma);
    let chance: Vec<f32> = turned(level.len(), TURNS).map(|by| pair.motion.beat_consistency(&onsets(&rotated(level, by)), sigma)).collect();
    [value, value - mean(&chance), (value - mean(&chance)) / deviation(&chance).max(1e-4)]
}

fn stroke(pair: &Pair, of: fn(&super::motion::Stroke) -> f32) -> Option<f32> {
    let values: Vec<f32> = pair.motion.strokes().iter().map(of).collect();
    (values.len() >= 5).then(|| median(&values))
}

fn height(motion: &Motion, q: f32) -> f32 {
    percentile(&motion.places.concat().iter().map(|p| p.y).collect::<Vec<f32>>(), q)
}

/// The rules, with the head left to stand: a face model would move it.
pub fn rules(speech: &Speech, point: &Point, seed: u64, frames: usize) -> Result<Vec<Pose>> {
    let manner = Expressivity::at(point);
    Ok(body::perform(speech, &|_| manner, &[Head::default()], seed, frames))
}

/// The weights, with the head left to stand.
pub fn weights(model: &BodyModel, speech: &Speech, point: &Point, seed: u64, frames: usize) -> Result<Vec<Pose>> {
    let rhythm = Rhythm::of(speech, frames);
    let manner = Expressivity::at(point);
    model.perform(&Request {
        rhythm: &rhythm,
        frames,
        emotion: &[*point],
        manners: &[manner],
        style: None,
        heads: &[Head::default()],
        busy: &[],
        given: &[],
        seed,
    })
}

/// Recorded speakers with their speech; nothing where the recordings are missing.
fn speakers(root: &Path) -> Result<Vec<Pair>> {
    let pair = |take: &Recorded| {
        let speech = audio::decode_file(&take.path.with_extension("ogg"))?.to_speech()?;
        Ok(Pair::new(&take.poses, &speech))
    };
    recorded(root, &|file| file.starts_with("paired/"))?.iter().map(pair).collect()
}

/// Judges performers (with their names) on the speech of a split under `root`, with seeds `1..=seeds`.
pub fn evaluate(performers: &[(&str, Performer)], root: &Path, split: Split, seeds: u64) -> Result<Report> {
    let talks = talks(root, split)?;
    judge(performers, root, &talks, seeds)
}

/// [`evaluate`] on given talks.
pub fn judge(performers: &[(&str, Performer)], root: &Path, talks: &[Talk], seeds: u64) -> Result<Report> {
    let neutral = Point::default();
    let jobs: Vec<(usize, u64)> = (0..talks.len()).flat_map(|t| (1..=seeds).map(move |s| (t, s))).collect();
    let spoken: f64 = talks.iter().map(|t| t.speech.seconds).sum::<f64>() * seeds as f64;
    let (mut rows, mut pairs, mut cost) = (Vec::new(), Vec::new(), Vec::new());
    let mut shuffled = Vec::new();
    for (k, (name, perform)) in performers.iter().enumerate() {
        let start = Instant::now();
        let performed: Vec<Vec<Pose>> =
            jobs.par_iter().map(|(t, seed)| perform(&talks[*t].speech, &neutral, *seed, talks[*t].frames())).collect::<Result<_>>()?;
        cost.push(start.elapsed().as_secs_f64() / spoken.max(1.0));
        let with = |shift: usize| -> Vec<Pair> {
            let pair = |((t, _), poses): (&(usize, u64), &Vec<Pose>)| Pair::new(poses, &talks[(t + shift) % talks.len()].speech);
            jobs.par_iter().zip(&performed).map(pair).collect()
        };
        rows.push(name.to_string());
        pairs.push(with(0));
        if k == 0 {
            shuffled = with(1);
        }
    }
    rows.extend(["shuffled".to_string(), "still".to_string(), "real".to_string()]);
    pairs.push(shuffled);
    pairs.push(talks.par_iter().map(|t| Pair::new(&vec![standing(); t.frames()], &t.speech)).collect());
    pairs.push(speakers(root)?);
    let mut figures: Vec<Figure> = READINGS
        .par_iter()
        .map(|(what, read)| {
            let value = |pairs: &Vec<Pair>| {
                let values: Vec<f32> = pairs.iter().filter_map(read).collect();
                (!values.is_empty()).then(|| interval(&values))
            };
            Figure { what: what.to_string(), values: pairs.iter().map(value).collect() }
        })
        .collect();
    figures.extend(long(performers, talks, rows.len())?);
    figures.push(diversity(&pairs, &jobs, rows.len()));
    let manners = performers.iter().map(|(name, perform)| manners(name, *perform, talks, root)).collect::<Result<_>>()?;
    let seconds = talks.iter().map(|t| t.speech.seconds as f32).sum();
    Ok(Report { takes: talks.len(), seconds, seeds, rows, figures, manners, cost })
}

/// Ten minutes at a stretch: drift and repetition.
fn long(performers: &[(&str, Performer)], talks: &[Talk], rows: usize) -> Result<Vec<Figure>> {
    const SECONDS: usize = 600;
    let mut samples: Vec<f32> = Vec::new();
    for talk in talks.iter().cycle().take_while(|_| !talks.is_empty()) {
        samples.extend_from_slice(&talk.speech.samples);
        if samples.len() >= SECONDS * SPEECH_RATE as usize {
            break;
        }
    }
    samples.truncate(SECONDS * SPEECH_RATE as usize);
    let speech = Speech { seconds: samples.len() as f64 / f64::from(SPEECH_RATE), samples };
    let frames = (30.0 * speech.seconds) as usize;
    let motions: Vec<Motion> =
        performers.iter().map(|(_, perform)| Ok(Motion::of(&perform(&speech, &Point::default(), 1, frames)?))).collect::<Result<_>>()?;
    let figure = |what: &str, of: &dyn Fn(&Motion) -> f32| {
        let mut values: Vec<Option<Interval>> = motions.iter().map(|m| Some(Interval::exactly(of(m)))).collect();
        values.resize(rows, None);
        Figure { what: what.to_string(), values }
    };
    Ok(vec![
        figure("ten minutes: furthest from the start, m", &Motion::drift),
        figure("ten minutes: longest repeated stretch of moving hands, s", &Motion::longest_repetition),
    ])
}

/// Mean distance of the hands between neighbouring seeds of the same speech.
fn diversity(pairs: &[Vec<Pair>], jobs: &[(usize, u64)], rows: usize) -> Figure {
    let between = |pairs: &Vec<Pair>| {
        let same = jobs.windows(2).zip(pairs.windows(2)).filter(|(j, _)| j[0].0 == j[1].0);
        let apart: Vec<f32> = same.map(|(_, p)| p[0].motion.distance(&p[1].motion)).collect();
        (!apart.is_empty()).then(|| interval(&apart))
    };
    let mut values: Vec<Option<Interval>> = pairs.iter().take(rows - 3).map(between).collect();
    values.resize(rows, None);
    let real = &pairs[rows - 1];
    let apart: Vec<f32> = real.windows(2).map(|p| p[0].motion.distance(&p[1].motion)).collect();
    values[rows - 1] = (!apart.is_empty()).then(|| interval(&apart));
    Figure { what: "distance of the hands between seeds (real: between takes), m".to_string(), values }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(
            f,
            "Body under the speech of {} unseen takes ({:.0} s), {} seeds: median over takes [95 % interval]\n",
            self.takes, self.seconds, self.seeds
        )?;
        write!(f, "{:<62}", "")?;
        self.rows.iter().try_for_each(|row| write!(f, " {row:>22}"))?;
        writeln!(f)?;
        for figure in &self.figures {
            write!(f, "{:<62}", figure.what)?;
            for value in &figure.values {
                write!(f, " {:>22}", value.map(|v| v.to_string()).unwrap_or_default())?;
            }
            writeln!(f)?;
        }
        for manners in &self.manners {
            write!(f, "\n{manners}")?;
        }
        let cost: Vec<String> = self.rows.iter().zip(&self.cost).map(|(name, cost)| format!("{name} {cost:.4} s")).collect();
        write!(f, "\nCost of a second of speech, {} threads: {}", rayon::current_num_threads(), cost.join(", "))
    }
}
