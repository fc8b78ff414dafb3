//! The face against people it never learned from.
//!
//! Every figure is of single samples (not of their mean), stands beside its references, and comes with a 95 % interval
//! (bootstrap over takes and seeds).

use super::answer::{Guidance, Styles, guidance, styles};
use super::expression::{Expressions, expressions};
use super::linear::Linear;
use super::lips::{Contacts, contacts};
use super::noises::{Noise, noises};
use crate::Result;
use crate::audio::Speech;
use crate::emotion::Label;
use crate::face::articulation::{gap_mm, rounding, width};
use crate::face::coefficients::{Coefficients, id};
use crate::face::model::{FaceModel, Quality};
use crate::face::style;
use crate::face::vector::{self, Row};
use crate::statistics::{Interval, interval, lagged, median, pearson, percentile};
use crate::train::data::{self, Source, Split, Take};
use crate::train::sync::MOST as MOVED;
use crate::train::{diphones, synthesis, voices};
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use std::time::Instant;

/// The sets of takes that are judged, none of which any weight has seen.
const SETS: [(Source, &str); 5] = [
    (Source::GridS1, "GRID s1, unseen takes"),
    (Source::GridOthers, "GRID, unseen speakers"),
    (Source::Elospheres, "EloSpheres speakers"),
    (Source::Facegood, "FACEGOOD 2_05"),
    (Source::LrwAr, "lrw_ar, unseen groups"),
];

/// Correlations of one way of moving the mouth with the recorded mouth: per take, the median over takes.
#[derive(Clone, Debug, Serialize)]
pub struct Mouths {
    pub row: String,
    pub opening: Interval,
    pub width: Interval,
    pub rounding: Interval,
}

/// A figure of generated motion beside the same figure of the recorded.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    pub what: String,
    pub generated: f32,
    pub real: f32,
}

/// All figures of one set.
#[derive(Clone, Debug, Serialize)]
pub struct SetReport {
    pub set: String,
    pub takes: usize,
    pub seconds: f32,
    pub mouths: Vec<Mouths>,
    pub life: Vec<Beside>,
}

/// What `gestus evaluate face` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub seeds: u64,
    pub sets: Vec<SetReport>,
    /// Median opening correlation on unseen GRID speakers when only the emotion changes.
    pub emotions: Vec<(String, f32)>,
    /// Contacts of the lips by set and emotion.
    pub contacts: Vec<(String, Vec<Contacts>)>,
    pub expressions: Option<Expressions>,
    /// What changes with style, and with a feeling that is taken away.
    pub styles: Option<Styles>,
    pub guidance: Vec<Guidance>,
    /// What the lips do where nobody speaks.
    pub noises: Vec<Noise>,
    /// Sets that could not be judged, and why.
    pub missing: Vec<String>,
    /// Seconds of work for a second of speech, on as many threads as the run had.
    pub cost: f64,
}

/// What to judge on.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Samples of every take, with seeds `1..=seeds`.
    pub seeds: u64,
    /// Most takes of a set.
    pub takes: usize,
    pub split: Split,
}

/// Evaluates a model on the recordings under `root`.
pub fn evaluate(model: &FaceModel, root: &Path, options: Options) -> Result<Report> {
    let Options { seeds, takes: most, split } = options;
    let takes = data::faces(root)?;
    let linear = fit_linear(&takes);
    let mut missing = Vec::new();
    let mut sets = Vec::new();
    let (start, mut spoken) = (Instant::now(), 0.0);
    for (source, name) in SETS {
        let chosen: Vec<&Take> = evenly(takes.iter().filter(|t| t.source == source && t.split == split).collect(), most);
        if chosen.is_empty() {
            continue;
        }
        let report = evaluate_set(model, name, &chosen, &linear, seeds)?;
        spoken += f64::from(report.seconds) * seeds as f64;
        sets.push(report);
    }
    let cost = start.elapsed().as_secs_f64() / spoken.max(1.0);
    let strangers: Vec<&Take> =
        evenly(takes.iter().filter(|t| t.source == STRANGERS[usize::from(split == Split::Validation)] && t.split == split).collect(), most);
    let emotions = Label::ALL
        .iter()
        .map(|label| {
            let r = strangers
                .par_iter()
                .map(|take| Ok(correlations(take, &sample(model, take, *label, 1)?)[0]))
                .collect::<Result<Vec<f32>>>()?;
            Ok((label.name().to_string(), median(&r)))
        })
        .collect::<Result<_>>()?;
    let mut lips = Vec::new();
    for (name, takes) in labelled(root, split, &mut missing)? {
        let chosen = evenly(takes.iter().collect(), most);
        lips.push((name.to_string(), contacts(model, &chosen, false)?));
        if takes.iter().all(|take| !take.text.is_empty()) {
            lips.push(("the same with their texts".to_string(), contacts(model, &chosen, true)?));
        }
    }
    let acted = root.join("emotion/ravdess");
    let expressions = if acted.is_dir() { Some(expressions(model, &voices::clips(root)?, root, split)?) } else { None };
    if expressions.is_none() {
        missing.push(format!("{}: missing, so expressions were not judged", acted.display()));
    }
    let long = takes.iter().filter(|t| t.source == Source::Facegood && t.split == Split::Test).max_by_key(|t| t.frames);
    let styles = long.map(|take| styles(model, take)).transpose()?;
    let guidance = guidance(model, &strangers)?;
    let noises = noises(model, &strangers)?;
    Ok(Report { seeds, sets, emotions, contacts: lips, expressions, styles, guidance, noises, missing, cost })
}

/// Whom the emotions are judged on: unseen speakers, or those kept for choosing.
const STRANGERS: [Source; 2] = [Source::GridOthers, Source::LrwAr];

/// Up to `most` entries, spread over the list.
fn evenly<T>(list: Vec<T>, most: usize) -> Vec<T> {
    let every = list.len().div_ceil(most.max(1)).max(1);
    list.into_iter().step_by(every).collect()
}

/// Speech of unheard voices with phone times: of people by hand (for choosing: in diphones of people), and synthesised in languages that no
/// weight has heard.
fn labelled(root: &Path, split: Split, missing: &mut Vec<String>) -> Result<Vec<(&'static str, Vec<Take>)>> {
    /// Minutes of training speech that the synthesised set is a tenth of.
    const MINUTES: f32 = 30.0;
    let of =
        |takes: Vec<Take>, source: Source| -> Vec<Take> { takes.into_iter().filter(|t| t.source == source && t.split == split).collect() };
    let people = match split {
        Split::Test if root.join("emotion").is_dir() => of(data::phones(root)?, Source::EmoDb),
        Split::Test => Vec::new(),
        _ => diphones::takes(split, MINUTES / 10.0, 1).unwrap_or_default(),
    };
    let spoken = synthesis::takes(MINUTES, 1).unwrap_or_else(|e| {
        missing.push(format!("{e}, so lips were not judged on synthesised speech"));
        Vec::new()
    });
    let name = if split == Split::Test { "EmoDB, unseen speakers, phones by hand" } else { "Swedish in diphones of people" };
    let sets = vec![(name, people), ("synthesised, unheard languages and voices", of(spoken, Source::Synthetic))];
    Ok(sets.into_iter().filter(|(_, takes)| !takes.is_empty()).collect())
}

fn evaluate_set(model: &FaceModel, name: &str, takes: &[&Take], linear: &Linear<3>, seeds: u64) -> Result<SetReport> {
    let jobs: Vec<(usize, u64)> = (0..takes.len()).flat_map(|t| (1..=seeds).map(move |s| (t, s))).collect();
    let sampled: Vec<Vec<Row>> = jobs.par_iter().map(|(t, seed)| sample(model, takes[*t], Label::Neutral, *seed)).collect::<Result<_>>()?;
    let ours: Vec<Moved> = jobs.iter().zip(&sampled).map(|((t, _), rows)| (takes[*t], mouth_of(rows))).collect();
    let each_take = |f: &dyn Fn(usize, &Take) -> [Vec<f32>; 3]| -> Vec<Moved> {
        takes.iter().enumerate().map(|(i, take)| (*take, f(i, take))).collect()
    };
    let loudness = each_take(&|_, take| {
        let level = take.prosody.level.clone();
        let less: Vec<f32> = level.iter().map(|l| -l).collect();
        [level, less.clone(), less]
    });
    let mapped = each_take(&|_, take| {
        let rows = linear.predict(&take.mel, take.frames);
        std::array::from_fn(|i| rows.iter().map(|r| r[i]).collect())
    });
    let shuffled = each_take(&|i, take| if takes.len() > 1 { recorded(takes[(i + 1) % takes.len()]) } else { recorded(take).map(turned) });
    let still = each_take(&|_, take| std::array::from_fn(|_| vec![0.0; take.frames]));
    let judged = |judge: fn(&Moved) -> [f32; 3], moved: &[Moved]| moved.iter().map(judge).collect();
    let rows: [(&str, Vec<[f32; 3]>); 11] = [
        ("gestus", judged(against, &ours)),
        ("linear map", judged(against, &mapped)),
        ("loudness", judged(against, &loudness)),
        ("shuffled", judged(against, &shuffled)),
        ("still", judged(against, &still)),
        ("gestus, all takes moved alike", moved_alike(&ours)),
        ("shuffled, all takes moved alike", moved_alike(&shuffled)),
        ("gestus, each take moved in time", judged(in_time, &ours)),
        ("shuffled, each take moved in time", judged(in_time, &shuffled)),
        ("gestus, from first to last sound", judged(while_heard, &ours)),
        ("shuffled, from first to last sound", judged(while_heard, &shuffled)),
    ];
    let mouths = rows
        .into_iter()
        .map(|(row, r)| {
            let column = |c: usize| interval(&r.iter().map(|v| v[c]).collect::<Vec<f32>>());
            Mouths { row: row.to_string(), opening: column(0), width: column(1), rounding: column(2) }
        })
        .collect();
    Ok(SetReport {
        set: name.to_string(),
        takes: takes.len(),
        seconds: takes.iter().map(|t| t.frames as f32 / 30.0).sum(),
        mouths,
        life: life(takes, &jobs, &sampled),
    })
}

/// One neutral or emotional sample of a take's sound.
fn sample(model: &FaceModel, take: &Take, label: Label, seed: u64) -> Result<Vec<Row>> {
    let speech = Speech { samples: take.samples.clone(), seconds: take.frames as f64 / 30.0 };
    model.perform(&speech, &[label.at(1.0)], seed, Quality::Default)
}

/// Opening, width and rounding of motion.
pub(super) fn mouth_of(rows: &[Row]) -> [Vec<f32>; 3] {
    let faces: Vec<Coefficients> = rows.iter().map(|r| vector::unpack(r).0).collect();
    let series = |f: &dyn Fn(&Coefficients) -> f32| faces.iter().map(f).collect();
    [series(&|f| gap_mm(f).max(0.0)), series(&width), series(&rounding)]
}

fn recorded(take: &Take) -> [Vec<f32>; 3] {
    let series = |f: &dyn Fn(&data::Mouth) -> f32| take.mouth.iter().map(f).collect();
    [series(&|m| m.opening), series(&|m| m.width), series(&|m| m.rounding)]
}

/// The same series begun in its middle: what stands in for another take where there is only one.
fn turned(mut series: Vec<f32>) -> Vec<f32> {
    let half = series.len() / 2;
    series.rotate_left(half);
    series
}

/// A take, and opening, width and rounding that are held against its own.
type Moved<'a> = (&'a Take, [Vec<f32>; 3]);

fn against((take, moved): &Moved) -> [f32; 3] {
    let truth = recorded(take);
    std::array::from_fn(|i| pearson(&moved[i], &truth[i]))
}

/// The same with the recorded mouth moved by every number of frames that is tried; none where the take is too short to be moved.
fn at_lags((take, moved): &Moved) -> Vec<[f32; 3]> {
    if take.frames.min(moved[0].len()) <= 4 * MOVED {
        return Vec::new();
    }
    let truth = recorded(take);
    let most = MOVED as i32;
    (-most..=most).map(|lag| std::array::from_fn(|i| lagged(&truth[i], &moved[i], lag, MOVED))).collect()
}

/// The same after the recorded mouth was moved to where the openings agree best: what sound and picture that were not recorded in time cost.
fn in_time(moved: &Moved) -> [f32; 3] {
    at_lags(moved).into_iter().max_by(|a, b| a[0].total_cmp(&b[0])).unwrap_or_else(|| against(moved))
}

/// The same where all takes of a set are moved by one number of frames, that which their openings like best: what a set that is early or
/// late as a whole costs.
fn moved_alike(set: &[Moved]) -> Vec<[f32; 3]> {
    let at: Vec<Vec<[f32; 3]>> = set.iter().map(at_lags).filter(|lags| !lags.is_empty()).collect();
    let opening = |lag: &usize| median(&at.iter().map(|lags| lags[*lag][0]).collect::<Vec<f32>>());
    let best = (0..=2 * MOVED).max_by(|a, b| opening(a).total_cmp(&opening(b))).unwrap_or(MOVED);
    at.iter().map(|lags| lags[best]).collect()
}

/// Level of what counts as sound.
const HEARD: f32 = 0.4;

/// The same from the first to the last sound: what mouths do in silence, which no sound tells, does not count.
fn while_heard(pair: &Moved) -> [f32; 3] {
    let (take, moved) = pair;
    let truth = recorded(take);
    let frames = take.frames.min(moved[0].len()).min(truth[0].len()).min(take.prosody.level.len());
    let loud = |n: &usize| take.prosody.level[*n] > HEARD;
    let (Some(first), Some(last)) = ((0..frames).find(loud), (0..frames).rfind(loud)) else { return against(pair) };
    std::array::from_fn(|i| pearson(&moved[i][first..=last], &truth[i][first..=last]))
}

/// Correlations of opening, width and rounding of motion with what was recorded of the take.
pub fn correlations(take: &Take, rows: &[Row]) -> [f32; 3] {
    against(&(take, mouth_of(rows)))
}

/// Trained on the same takes as the model.
fn fit_linear(takes: &[Take]) -> Linear<3> {
    let training: Vec<(&Take, Vec<[f32; 3]>)> = takes
        .iter()
        .filter(|t| t.split == Split::Train && !t.samples.is_empty() && !t.mouth.is_empty())
        .map(|take| {
            let standard = recorded(take).map(standardise);
            (take, (0..take.frames).map(|n| std::array::from_fn(|i| standard[i][n])).collect())
        })
        .collect();
    Linear::fit(training.iter().map(|(take, targets)| (&take.mel, &targets[..])))
}

fn standardise(values: Vec<f32>) -> Vec<f32> {
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt().max(1e-3);
    values.iter().map(|v| (v - mean) / deviation).collect()
}

/// Lip error, smoothness, blinks, head and spread between seeds, generated beside recorded.
fn life(takes: &[&Take], jobs: &[(usize, u64)], sampled: &[Vec<Row>]) -> Vec<Beside> {
    let generated: Vec<&[Row]> = sampled.iter().map(Vec::as_slice).collect();
    let real: Vec<&[Row]> = takes.iter().map(|t| t.motion.as_slice()).collect();
    let mut figures = Vec::new();
    let mut add = |what: &str, generated: f32, real: f32| figures.push(Beside { what: what.to_string(), generated, real });
    let error = jobs.iter().zip(sampled).map(|((t, _), rows)| lip_error(rows, &takes[*t].motion)).sum::<f32>() / jobs.len() as f32;
    let other =
        (0..takes.len()).map(|i| lip_error(&takes[(i + 1) % takes.len()].motion, &takes[i].motion)).sum::<f32>() / takes.len() as f32;
    add("lip error, RMS of 27 coefficients (real: of another take)", error, other);
    let gaps = |set: &[&[Row]]| set.iter().flat_map(|rows| mouth_of(rows)[0].clone()).collect::<Vec<f32>>();
    add("lip gap, 95th percentile, mm", percentile(&gaps(&generated), 0.95), percentile(&gaps(&real), 0.95));
    let opening = |rows: &[Row]| mouth_of(rows)[0].clone();
    let (lag, height) = synchrony(jobs.iter().zip(sampled).map(|((t, _), rows)| (takes[*t].prosody.level.as_slice(), opening(rows))));
    let (real_lag, real_height) = synchrony(takes.iter().map(|t| (t.prosody.level.as_slice(), opening(&t.motion))));
    add("sync: opening after loudness, ms", lag, real_lag);
    add("sync: height of that peak over the same with the sound turned by half", height, real_height);
    let whole = takes.iter().all(|t| t.known[vector::HEAD]);
    for (name, of, lips) in REGIONS {
        if lips || whole {
            let series = |rows: &[Row]| rows.iter().map(|r| of(&vector::unpack(r).0, r)).collect::<Vec<f32>>();
            let jerk = |set: &[&[Row]]| log_jerk(set.iter().map(|rows| series(rows)));
            add(&format!("log mean jerk, {name}"), jerk(&generated), jerk(&real));
        }
    }
    if whole {
        add("blinks a minute", blinks(&generated), blinks(&real));
        let paused = |set: Vec<(&Take, &[Row])>| at_pauses(&set);
        let drawn = jobs.iter().zip(&generated).map(|((t, _), rows)| (takes[*t], *rows)).collect();
        let recorded = takes.iter().zip(&real).map(|(t, rows)| (*t, *rows)).collect();
        add("blinks at ends of phrases, times chance", paused(drawn), paused(recorded));
        for (name, q) in [("head speed, median, degrees a second", 0.5), ("head speed, 95th percentile", 0.95)] {
            add(name, percentile(&head_speed(&generated), q), percentile(&head_speed(&real), q));
        }
        add("spread of styles between samples (real: between takes)", style_spread(&generated), style_spread(&real));
        let seeds = jobs.windows(2).zip(sampled.windows(2)).filter(|(j, _)| j[0].0 == j[1].0).map(|(_, s)| life_distance(&s[0], &s[1]));
        let others = real.windows(2).map(|w| life_distance(w[0], w[1]));
        add("distance of brows, lids and head between seeds (real: between takes)", average(seeds), average(others));
    }
    figures
}

/// One number of a face, from its coefficients and its row.
type Reading = fn(&Coefficients, &Row) -> f32;

/// Regions of the face, a number that stands for each on a scale of tens, and whether it belongs to the lips.
const REGIONS: [(&str, Reading, bool); 7] = [
    ("lip gap", |face, _| gap_mm(face).max(0.0), true),
    ("width of the mouth", |face, _| 10.0 * width(face), true),
    ("rounding", |face, _| 10.0 * rounding(face), true),
    ("brows", |face, _| 10.0 * (face[id::BROW_INNER_UP] + face[id::BROW_OUTER_UP_LEFT] - face[id::BROW_DOWN_LEFT]), false),
    ("lids", |face, _| 10.0 * face[id::EYE_BLINK_LEFT], false),
    ("gaze yaw", |_, row| 100.0 * row[vector::GAZE], false),
    ("head yaw", |_, row| 100.0 * row[vector::HEAD], false),
];

/// Root mean square difference of brows, lids and head angles (a tenth of a radian as one), over the common length.
fn life_distance(a: &[Row], b: &[Row]) -> f32 {
    let read = |row: &Row| {
        let face = vector::unpack(row).0;
        [
            face[id::BROW_INNER_UP],
            face[id::BROW_OUTER_UP_LEFT],
            face[id::EYE_BLINK_LEFT],
            10.0 * row[vector::HEAD],
            10.0 * row[vector::HEAD + 1],
        ]
    };
    let square = |(x, y): (&Row, &Row)| read(x).iter().zip(read(y)).map(|(x, y)| (x - y).powi(2)).sum::<f32>() / 5.0;
    average(a.iter().zip(b).map(square)).sqrt()
}

fn average(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    sum / count.max(1) as f32
}

/// Lag in milliseconds at which loudness and opening agree best, and the correlation there less the best with sound begun in
/// its middle: means over takes.
pub(super) fn synchrony<'a>(takes: impl Iterator<Item = (&'a [f32], Vec<f32>)>) -> (f32, f32) {
    const REACH: isize = 8;
    let peak = |level: &[f32], opening: &[f32]| {
        let at = |lag: isize| {
            let (skip, ahead) = (lag.max(0) as usize, (-lag).max(0) as usize);
            pearson(level.get(ahead..).unwrap_or_default(), opening.get(skip..).unwrap_or_default())
        };
        (-REACH..=REACH).map(|lag| (lag as f32 * 1000.0 / 30.0, at(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
    };
    let (mut lag, mut height, mut count) = (0.0, 0.0, 0);
    for (level, opening) in takes {
        let (best, chance) = (peak(level, &opening), peak(&turned(level.to_vec()), &opening));
        (lag, height, count) = (lag + best.0, height + best.1 - chance.1, count + 1);
    }
    (lag / count.max(1) as f32, height / count.max(1) as f32)
}

/// Root mean square over the jaw and mouth coefficients and time.
fn lip_error(a: &[Row], b: &[Row]) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (vector::unpack(x).0, vector::unpack(y).0);
        for c in id::JAW_FORWARD..=id::MOUTH_UPPER_UP_RIGHT {
            (sum, count) = (sum + (x[c] - y[c]).powi(2), count + 1);
        }
    }
    (sum / count.max(1) as f32).sqrt()
}

/// Natural logarithm of one and the mean size of the third derivative, 30 frames a second.
pub(super) fn log_jerk(series: impl Iterator<Item = Vec<f32>>) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for values in series {
        for w in values.windows(4) {
            (sum, count) = (sum + (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs() * 27_000.0, count + 1);
        }
    }
    (1.0 + sum / count.max(1) as f32).ln()
}

fn blinks(set: &[&[Row]]) -> f32 {
    let frames: usize = set.iter().map(|rows| rows.len()).sum();
    let count: usize = set.iter().map(|rows| style::blinks(rows)).sum();
    count as f32 * 1800.0 / frames.max(1) as f32
}

/// How often blinks fall on the half second around a pause's beginning, over how often they would by chance; 0 without any.
fn at_pauses(set: &[(&Take, &[Row])]) -> f32 {
    const NEAR: usize = 8;
    let (mut hits, mut blinks, mut near, mut frames) = (0, 0, 0, 0);
    for (take, rows) in set {
        let level = &take.prosody.level;
        let quiet = |n: usize| level[n] < 0.3;
        let ends: Vec<usize> = (10..level.len().saturating_sub(6)).filter(|n| !quiet(n - 1) && (*n..n + 6).all(quiet)).collect();
        let at_end = |n: &usize| ends.iter().any(|e| n.abs_diff(*e) <= NEAR);
        let times = style::blink_frames(rows);
        hits += times.iter().filter(|n| at_end(n)).count();
        blinks += times.len();
        near += (0..rows.len()).filter(at_end).count();
        frames += rows.len();
    }
    (hits * frames) as f32 / (blinks * near).max(1) as f32
}

/// Degrees a second.
fn head_speed(set: &[&[Row]]) -> Vec<f32> {
    set.iter().flat_map(|rows| style::head_speeds(rows)).map(f32::to_degrees).collect()
}

/// Mean distance between the styles of neighbouring stretches.
fn style_spread(set: &[&[Row]]) -> f32 {
    let styles: Vec<_> = set.iter().map(|rows| style::of(rows)).collect();
    let distance = |w: &[style::Style]| w[0].iter().zip(w[1]).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
    styles.windows(2).map(distance).sum::<f32>() / (styles.len().max(2) - 1) as f32
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "Pearson r with the recorded mouth, single samples of {} seeds: median over takes [95 % interval]", self.seeds)?;
        for set in &self.sets {
            writeln!(f, "\n{} ({} takes, {:.0} s)", set.set, set.takes, set.seconds)?;
            writeln!(f, "  {:<34} {:>20} {:>20} {:>20}", "", "opening", "width", "rounding")?;
            for m in &set.mouths {
                writeln!(f, "  {:<34} {:>20} {:>20} {:>20}", m.row, m.opening.to_string(), m.width.to_string(), m.rounding.to_string())?;
            }
            writeln!(f, "  {:<72} {:>10} {:>10}", "", "gestus", "real")?;
            for b in &set.life {
                writeln!(f, "  {:<72} {:>10.2} {:>10.2}", b.what, b.generated, b.real)?;
            }
        }
        let emotions: Vec<String> = self.emotions.iter().map(|(name, r)| format!("{name} {r:.2}")).collect();
        writeln!(f, "\nOpening on unseen GRID speakers when only the emotion changes: {}", emotions.join(", "))?;
        for (name, rows) in &self.contacts {
            writeln!(f, "\nContacts of the lips, one sample at full strength: {name}")?;
            writeln!(
                f,
                "  {:<12} {:>16} {:>16} {:>32} {:>20}",
                "", "closed at b p m", "teeth at f v", "false closures in 10 s: vowels", "all other sounds"
            )?;
            for c in rows {
                writeln!(
                    f,
                    "  {:<12} {:>8.2} of {:>4} {:>8.2} of {:>4} {:>32.2} {:>20.2}",
                    c.emotion, c.closed, c.bilabials, c.at_teeth, c.labiodentals, c.false_closures, c.strays
                )?;
            }
        }
        if let Some(e) = &self.expressions {
            writeln!(
                f,
                "\nExpressions at intensity 1, told by a judge of action units who saw people alone: {:.2} of 7 labels (unseen actors: {:.2})",
                e.told, e.told_real
            )?;
            let told: Vec<String> = e.told_of.iter().map(|(name, share)| format!("{name} {share:.1}")).collect();
            writeln!(f, "Told of each: {}", told.join(", "))?;
            let growing: Vec<String> = e.growing.iter().map(|(name, share)| format!("{name} {share:.1}")).collect();
            writeln!(f, "Share of 10 seeds in which brows, cheeks, lids and corners grow with intensity: {}", growing.join(", "))?;
            writeln!(
                f,
                "Strong speech over normal speech of the same words: lip gap {:.2}, brow movement {:.2}",
                e.louder_gap, e.louder_brow
            )?;
        }
        if let Some(styles) = &self.styles {
            writeln!(f, "\n{styles}")?;
        }
        for guidance in &self.guidance {
            writeln!(f, "{guidance}")?;
        }
        writeln!(f, "\nLips where nobody speaks (speed of the gap, mm a second; share of frames more than 2 mm apart)")?;
        for noise in &self.noises {
            writeln!(f, "  {:<36} {:>8.2} {:>8.2}", noise.sound, noise.speed, noise.open)?;
        }
        for what in &self.missing {
            writeln!(f, "NOT JUDGED: {what}")?;
        }
        write!(f, "Cost: {:.3} s for a second of speech, all threads", self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Mouth;

    #[test]
    fn synchrony_finds_the_lag() {
        let level: Vec<f32> = (0..300).map(|n| (n as f32 * 0.37).sin() + (n as f32 * 0.113).sin()).collect();
        let mut late = level.clone();
        late.rotate_right(3);
        let (lag, height) = synchrony([(level.as_slice(), late)].into_iter());
        assert!((lag - 100.0).abs() < 1.0 && height > 0.05, "{lag} {height}");
    }

    #[test]
    fn a_mouth_that_was_recorded_out_of_time_agrees_once_it_is_moved() {
        let opening = |n: usize| (n as f32 * 0.6).sin();
        let mouth = |n: usize| Mouth { opening: opening(n + 3), width: opening(n + 4), ..Mouth::default() };
        let take = Take { mouth: (0..60).map(mouth).collect(), ..Take::silent(Source::LrwAr, Split::Test, "a", String::new(), 60) };
        let moved = || [0, 1, 0].map(|late| (0..60).map(|n| opening(n + late)).collect::<Vec<f32>>());
        let (as_it_is, in_time) = (against(&(&take, moved())), in_time(&(&take, moved())));
        assert!(as_it_is[0] < 0.0 && in_time[0] > 0.999 && in_time[1] > 0.999, "{as_it_is:?} {in_time:?}");
    }

    #[test]
    fn a_set_that_is_early_as_a_whole_is_moved_by_what_most_takes_like() {
        let opening = |n: usize| (n as f32 * 0.6).sin();
        let early = |by: usize| {
            let mouth = |n: usize| Mouth { opening: opening(n + by), ..Mouth::default() };
            Take { mouth: (0..60).map(mouth).collect(), ..Take::silent(Source::LrwAr, Split::Test, "a", String::new(), 60) }
        };
        let (three, none, short) = (early(3), early(0), Take { frames: 8, ..early(3) });
        let moved = || [0, 0, 0].map(|_: i32| (0..60).map(opening).collect::<Vec<f32>>());
        let r = moved_alike(&[(&three, moved()), (&none, moved()), (&three, moved()), (&short, moved())]);
        assert!(r.len() == 3 && r[0][0] > 0.999 && r[1][0] < 0.0 && r[2][0] > 0.999, "{r:?}");
    }

    #[test]
    fn what_a_mouth_does_before_the_sound_counts_as_a_whole_only() {
        let opening = |n: usize| (n as f32 * 0.6).sin();
        let mouth = |n: usize| Mouth { opening: if n < 20 { 3.0 } else { opening(n) }, ..Mouth::default() };
        let mut take = Take { mouth: (0..60).map(mouth).collect(), ..Take::silent(Source::LrwAr, Split::Test, "a", String::new(), 60) };
        take.prosody.level = (0..60).map(|n| f32::from(u8::from((20..50).contains(&n)))).collect();
        let moved = || [0, 1, 0].map(|late| (0..60).map(|n| opening(n + late)).collect::<Vec<f32>>());
        let (whole, heard) = (against(&(&take, moved())), while_heard(&(&take, moved())));
        assert!(whole[0] < 0.8 && heard[0] > 0.999, "{whole:?} {heard:?}");
        take.prosody.level.fill(0.0);
        assert_eq!(while_heard(&(&take, moved())), whole);
    }
}
