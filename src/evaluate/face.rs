//! The face against people it never learned from.
//!
//! Every figure is of single samples (not of their mean), stands beside its references, and comes with a 95 % interval
//! (bootstrap over takes and seeds).

use super::answer::{Guidance, Styles, guidance, styles};
use super::ebb::{Ebb, ebbs};
use super::expression::{Expressions, expressions};
use super::life::{Beside, life, looking_away};
use super::linear::Linear;
use super::lips::{self, Contacts, contacts};
use super::mouths::{Mouths, correlations, fit_linear, mouths};
use super::noises::{Noise, noises};
use super::phones::aligned;
use crate::Result;
use crate::emotion::Label;
use crate::face::model::{FaceModel, Quality};
use crate::face::vector::Row;
use crate::statistics::median;
use crate::train::data::{self, Source, Split, Take};
use crate::train::{diphones, synthesis, voices};
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::iter;
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
    /// How far expressions ebb and flow.
    pub ebbs: Vec<Ebb>,
    /// Share of a long take in which the eyes look past the viewer.
    pub looks_away: Option<f32>,
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
    let mut met = beside_people(model, &takes, options, &mut missing)?;
    for (name, takes) in labelled(root, split, &mut missing)? {
        let chosen = evenly(takes.iter().collect(), most);
        met.push((name.to_string(), contacts(model, &chosen, false, &Label::ALL)?));
        if takes.iter().all(|take| !take.text.is_empty()) {
            met.push(("the same with their texts".to_string(), contacts(model, &chosen, true, &Label::ALL)?));
        }
    }
    let acted = root.join("emotion/ravdess");
    let expressions = if acted.is_dir() { Some(expressions(model, &voices::clips(root)?, root, split)?) } else { None };
    if expressions.is_none() {
        missing.push(format!("{}: missing, so expressions were not judged", acted.display()));
    }
    let long = takes.iter().filter(|t| t.source == Source::Facegood && t.split == Split::Test).max_by_key(|t| t.frames);
    let styles = long.map(|take| styles(model, take)).transpose()?;
    let looks_away = long.map(|take| sample(model, take, Label::Neutral, 1)).transpose()?.map(|rows| looking_away(&rows));
    let ebbs = long.map(|take| ebbs(model, &takes, take)).transpose()?.unwrap_or_default();
    let guidance = guidance(model, &strangers)?;
    let noises = noises(model, &strangers)?;
    Ok(Report { seeds, sets, emotions, contacts: met, expressions, ebbs, looks_away, styles, guidance, noises, missing, cost })
}

/// Whom the emotions are judged on: unseen speakers, or those kept for choosing.
const STRANGERS: [Source; 2] = [Source::GridOthers, Source::LrwAr];

/// Up to `most` entries, spread over the list.
fn evenly<T>(list: Vec<T>, most: usize) -> Vec<T> {
    let every = list.len().div_ceil(most.max(1)).max(1);
    list.into_iter().step_by(every).collect()
}

/// Contacts of recorded lips beside those that are drawn for the same sound, by where the phones of the text lie in it by forced alignment:
/// people miss contacts too, and near their lips in sounds that ask for none.
fn beside_people(model: &FaceModel, takes: &[Take], options: Options, missing: &mut Vec<String>) -> Result<Vec<(String, Vec<Contacts>)>> {
    let mut sets = Vec::new();
    for (source, name) in SETS {
        let told = |t: &&Take| t.source == source && t.split == options.split && !t.text.is_empty();
        let chosen = evenly(takes.iter().filter(told).collect(), options.takes);
        let placed = aligned(model.encoder(), &chosen)?;
        if placed.len() < chosen.len() {
            missing.push(format!("contacts of people in {name}: espeak-ng is missing"));
        }
        let placed: Vec<&Take> = placed.iter().collect();
        let people = lips::recorded(&placed);
        if people.bilabials > 0 {
            let drawn = contacts(model, &placed, false, &[Label::Neutral])?;
            sets.push((format!("{name}, phones by forced alignment"), iter::once(people).chain(drawn).collect()));
        }
    }
    Ok(sets)
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
    let drawn: Vec<(&Take, &[Row])> = jobs.iter().zip(&sampled).map(|((t, _), rows)| (takes[*t], &rows[..])).collect();
    Ok(SetReport {
        set: name.to_string(),
        takes: takes.len(),
        seconds: takes.iter().map(|t| t.frames as f32 / 30.0).sum(),
        mouths: mouths(takes, &drawn, linear),
        life: life(takes, &drawn),
    })
}

/// One neutral or emotional sample of a take's sound.
fn sample(model: &FaceModel, take: &Take, label: Label, seed: u64) -> Result<Vec<Row>> {
    model.perform(&take.speech(), &[label.at(1.0)], seed, Quality::Default)
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
        if !self.ebbs.is_empty() {
            let ebbs: Vec<String> = self.ebbs.iter().map(Ebb::to_string).collect();
            writeln!(f, "Ebb of expressions about their mean of six seconds, share of it: {}", ebbs.join(", "))?;
        }
        if let Some(share) = self.looks_away {
            writeln!(f, "Share of the time looking away in minutes of speech: {share:.2} (people who talk to somebody: about half)")?;
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
