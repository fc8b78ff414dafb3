//! Does the performance do what is asked? Intensities that grow, regions that stay apart, lips that close whatever is felt,
//! feelings that a judge tells, mixes that show both their parts, steps that look even.

use super::closures::closures;
use super::expression::{JUDGED, Seen, measures, relative, units_of};
use super::probe::Probe;
use super::score::hand_speed;
use super::steps::{Landmarks, even};
use crate::Result;
use crate::audio::Speech;
use crate::body::skeleton::{OFFSETS, globals};
use crate::direction::blend::blend;
use crate::direction::{Direction, Plan, Region};
use crate::emotion::Label;
use crate::face::articulation::gap_mm;
use crate::face::coefficients::COUNT;
use crate::face::model::{FaceModel, Quality};
use crate::face::vector::{self, Row};
use crate::models::Models;
use crate::motion::edit::{Scope, turn};
use crate::motion::{Head, Performance};
use crate::perform::{Options, perform};
use crate::statistics::{mean, spearman};
use crate::train::data::Split;
use crate::train::voices::{self, Corpus, action_units};
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// Strengths an emotion is asked for at, and seeds whose mean is taken.
const STRENGTHS: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
const SEEDS: u64 = 8;
/// Clips whose speech is joined where the body is measured too: some ten seconds.
const IN_A_ROW: u64 = 3;
/// Seeds that stand for actors before the judge.
const ACTORS: u64 = 8;
/// Penalty of the judge, in clips.
const RIDGE: f64 = 30.0;

/// What is measured of a performance: means over time.
const MEASURES: [&str; 9] =
    ["brows up", "brows down", "cheeks", "lids apart", "mouth corners", "head down", "head speed", "hand height", "hand speed"];
/// Change over all strengths from which a measure counts as moved by a label.
const MOVED: [f32; MEASURES.len()] = [0.05, 0.05, 0.05, 0.05, 0.05, 0.03, 0.02, 0.02, 0.06];

/// How the measures of one label go with its intensity.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    pub label: &'static str,
    /// Spearman's correlation of every measure that the label moves with the intensity, as a size.
    pub moved: Vec<(&'static str, f32)>,
}

/// What `gestus evaluate direction` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub growth: Vec<Growth>,
    /// Largest change of the mouth under `brows=angry`, over the range of the mouth; of the face when the head is turned.
    pub mouth_by_brows: f32,
    pub face_by_pose: f32,
    /// Share of the closures that speech asks for which are met, by direction.
    pub closed: Vec<(String, f32)>,
    /// Share of labels that a judge of people's action units tells, of seven, and of unseen actors' real clips.
    pub told: f32,
    pub told_real: f32,
    /// Share of mixes of two labels whose two the judge ranks first, and what guessing gives.
    pub both: f32,
    pub both_by_chance: f32,
    /// Spearman's correlation of the amount of one label that is guided away from another with how little of it is left in the face.
    pub guided: Vec<(String, f32)>,
    /// Largest over smallest step on some ways, as the eye measures them.
    pub steps: Vec<(String, f32)>,
}

/// Judges on clips of actors of a split under `root`.
pub fn evaluate(models: &Models, root: &Path, split: Split) -> Result<Report> {
    let model = models.face()?;
    let clips = voices::clips(root)?;
    let neutral = |c: &&voices::Clip| c.corpus == Corpus::Ravdess && c.split == split && c.class == Label::Neutral as usize;
    let speech: Vec<Speech> = clips.iter().filter(neutral).map(|c| c.speech.clone()).collect();
    let stage = Stage { models, model: &model, speech: &speech };
    let judge = Judge::new(&stage, root)?;
    Ok(Report {
        growth: Label::ALL[1..].iter().map(|label| stage.growth(*label)).collect::<Result<_>>()?,
        mouth_by_brows: stage.mouth_by_brows()?,
        face_by_pose: stage.face_by_pose()?,
        closed: stage.closed()?,
        told: judge.told,
        told_real: judge.told_real,
        both: judge.both(&stage)?,
        both_by_chance: 1.0 / (JUDGED.len() - 1) as f32 / (JUDGED.len() - 2) as f32 * 2.0,
        guided: stage.guided()?,
        steps: stage.steps()?,
    })
}

/// A model and the clips it performs.
struct Stage<'a> {
    models: &'a Models,
    model: &'a FaceModel,
    speech: &'a [Speech],
}

impl Stage<'_> {
    fn clip(&self, seed: u64) -> &Speech {
        &self.speech[seed as usize % self.speech.len()]
    }

    /// Some clips one after the other: a body needs time to show a manner.
    fn long(&self, seed: u64) -> Speech {
        let clips: Vec<&Speech> = (0..IN_A_ROW).map(|k| self.clip(IN_A_ROW * seed + k)).collect();
        let samples = clips.iter().flat_map(|clip| clip.samples.iter().copied()).collect();
        Speech { samples, seconds: clips.iter().map(|clip| clip.seconds).sum() }
    }

    fn plan(text: &str, speech: &Speech) -> Result<Plan> {
        Ok(Direction::parse(text)?.plan(speech.seconds, Performance::frames_for(speech.seconds, 30.0), &[]))
    }

    fn perform(&self, speech: &Speech, plan: &Plan, seed: u64) -> Result<Performance> {
        perform(self.models, speech, plan, Options { seed, quality: Quality::Default })
    }

    fn directed(&self, text: &str, seed: u64) -> Result<Performance> {
        self.perform(self.clip(seed), &Stage::plan(text, self.clip(seed))?, seed)
    }

    fn growth(&self, label: Label) -> Result<Growth> {
        let jobs: Vec<(f32, u64)> = STRENGTHS.iter().flat_map(|s| (1..=SEEDS).map(move |seed| (*s, seed))).collect();
        let found = jobs
            .par_iter()
            .map(|(strength, seed)| {
                let speech = self.long(*seed);
                Ok(measured(&self.perform(&speech, &Stage::plan(&format!("{}:{strength}", label.name()), &speech)?, *seed)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let at = |step: usize, k: usize| mean(&(0..SEEDS as usize).map(|s| found[step * SEEDS as usize + s][k]).collect::<Vec<f32>>());
        let course = |k: usize| (0..STRENGTHS.len()).map(|step| at(step, k)).collect::<Vec<f32>>();
        let moved = |k: &usize| (course(*k)[STRENGTHS.len() - 1] - course(*k)[0]).abs() >= MOVED[*k];
        let moved = (0..MEASURES.len()).filter(moved).map(|k| (MEASURES[k], spearman(&STRENGTHS, &course(k)).abs())).collect();
        Ok(Growth { label: label.name(), moved })
    }

    /// By construction nothing but the brows; measured all the same.
    fn mouth_by_brows(&self) -> Result<f32> {
        let (plain, mixed) = (self.directed("neutral", 1)?, self.directed("brows=angry", 1)?);
        let mouth = Region::Mouth.coefficients();
        let values = |c: usize| plain.frames.iter().map(move |f| f.face[c]);
        let range = |c: usize| values(c).fold(0.0, f32::max) - values(c).fold(1.0, f32::min);
        let widest = mouth.iter().map(|c| range(*c)).fold(1e-3, f32::max);
        let change = plain.frames.iter().zip(&mixed.frames).flat_map(|(a, b)| mouth.iter().map(|c| (a.face[*c] - b.face[*c]).abs()));
        Ok(change.fold(0.0, f32::max) / widest)
    }

    fn face_by_pose(&self) -> Result<f32> {
        let plain = self.directed("happy", 1)?;
        let turned = turn(&plain, Head { yaw: 0.3, pitch: -0.1, roll: 0.1 }, &Scope::default());
        let pairs = plain.frames.iter().zip(&turned.frames);
        Ok(pairs.flat_map(|(a, b)| (0..COUNT).map(|c| (a.face[c] - b.face[c]).abs())).fold(0.0, f32::max))
    }

    fn closed(&self) -> Result<Vec<(String, f32)>> {
        let directions = Label::ALL.map(|label| label.name().to_string());
        let more = ["happy:0.6+sad:0.6", "angry-fear:0.5", "brows=angry; mouth=happy", "\"a broad smile, raised brows\""].map(String::from);
        let share = |text: &String| -> Result<(String, f32)> {
            let one = |seed: u64| -> Result<[usize; 2]> {
                let speech = self.clip(seed);
                let performance = self.directed(text, seed)?;
                let gap: Vec<f32> = performance.frames.iter().map(|f| gap_mm(&f.face).max(0.0)).collect();
                let found = closures(&gap, &self.model.listen(speech, gap.len(), &[])?.contacts);
                Ok([found.iter().filter(|c| c.met).count(), found.len()])
            };
            let found = (0..self.speech.len().min(12) as u64).into_par_iter().map(one).collect::<Result<Vec<_>>>()?;
            let [met, all] = found.iter().fold([0, 0], |sum, f| [sum[0] + f[0], sum[1] + f[1]]);
            Ok((text.clone(), met as f32 / all.max(1) as f32))
        };
        directions.iter().chain(&more).map(share).collect()
    }

    /// What is left of a label: the face's units along the way from neutral to it.
    fn guided(&self) -> Result<Vec<(String, f32)>> {
        let pairs = [("surprised", "fearful"), ("angry", "fearful"), ("sad", "fearful"), ("disgust", "angry"), ("happy", "surprised")];
        let units = |text: String| -> Result<Vec<f32>> {
            let all = (1..=SEEDS).into_par_iter().map(|seed| Ok(units_of(&rows(&self.directed(&text, seed)?))));
            let all = all.collect::<Result<Vec<_>>>()?;
            Ok((0..all[0].len()).map(|i| mean(&all.iter().map(|u| u[i]).collect::<Vec<f32>>())).collect())
        };
        let neutral = units("neutral".into())?;
        let one = |(kept, shunned): &(&str, &str)| -> Result<(String, f32)> {
            let way: Vec<f32> = units(shunned.to_string())?.iter().zip(&neutral).map(|(a, b)| a - b).collect();
            let left = |k: &f32| -> Result<f32> {
                let found = units(format!("{kept}-{shunned}:{k}"))?;
                Ok(found.iter().zip(&neutral).zip(&way).map(|((u, n), w)| (u - n) * w).sum())
            };
            let left = STRENGTHS.iter().map(left).collect::<Result<Vec<f32>>>()?;
            Ok((format!("{kept}-{shunned}"), -spearman(&STRENGTHS, &left)))
        };
        pairs.iter().map(one).collect()
    }

    fn steps(&self) -> Result<Vec<(String, f32)>> {
        let landmarks = Landmarks::builtin()?;
        let ways: [&[&str]; 4] = [&["happy", "angry"], &["neutral", "surprised"], &["sad", "happy"], &["happy", "sad", "fearful", "angry"]];
        let one = |way: &&[&str]| -> Result<(String, f32)> {
            let plans = way.iter().map(|text| Stage::plan(text, self.clip(0))).collect::<Result<Vec<_>>>()?;
            let steps = even(7, &landmarks, &|place| self.perform(self.clip(0), &blend(&plans, place), 0))?;
            Ok((way.join(" > "), steps.ratio()))
        };
        ways.iter().map(one).collect()
    }
}

fn rows(performance: &Performance) -> Vec<Row> {
    performance.frames.iter().map(|f| vector::pack(&f.face, f.head, f.gaze)).collect()
}

fn measured(performance: &Performance) -> [f32; MEASURES.len()] {
    let frames = &performance.frames;
    let over = |of: &dyn Fn(&crate::motion::Frame) -> f32| mean(&frames.iter().map(of).collect::<Vec<f32>>());
    let face: [f32; 5] = std::array::from_fn(|k| over(&|f| measures(&f.face)[k]));
    let height = over(&|f| {
        let places = globals(&f.body, &OFFSETS).positions;
        0.5 * (places[9].y + places[13].y) - places[0].y
    });
    let [up, down, cheek, lid, corner] = face;
    let head = crate::face::style::head_speeds(&rows(performance));
    [up, down, cheek, lid, corner, over(&|f| f.head.pitch), mean(&head), height, mean(&hand_speed(frames))]
}

/// A classifier of action units who saw people alone.
struct Judge {
    probe: Probe,
    told: f32,
    told_real: f32,
    /// Of every seed's actor: mean of the units over the labels, and the deviation over all.
    usual: Vec<Vec<f32>>,
    deviation: Vec<f32>,
}

impl Judge {
    fn new(stage: &Stage, root: &Path) -> Result<Judge> {
        let class = |label: Label| JUDGED.iter().position(|l| *l == label);
        let real = action_units(root)?;
        let of = |test: bool| -> Vec<Seen> {
            let chosen = real.iter().filter(|u| (u.split == Split::Test) == test);
            chosen.filter_map(|u| Some(Seen { actor: u.speaker.clone(), class: class(u.label)?, units: u.units })).collect()
        };
        let (known, classes) = relative(&of(false));
        let (unseen, truth) = relative(&of(true));
        let probe = Probe::fit(&known, &classes, RIDGE);
        let jobs: Vec<(usize, u64)> = (1..=ACTORS).flat_map(|seed| (0..JUDGED.len()).map(move |k| (k, seed))).collect();
        let seen = jobs
            .par_iter()
            .map(|(k, seed)| {
                Ok(Seen { actor: seed.to_string(), class: *k, units: units_of(&rows(&stage.directed(JUDGED[*k].name(), *seed)?)) })
            })
            .collect::<Result<Vec<Seen>>>()?;
        let (drawn, asked) = relative(&seen);
        let width = drawn.first().map_or(0, Vec::len);
        let usual: Vec<Vec<f32>> = seen
            .chunks(JUDGED.len())
            .map(|own| (0..width).map(|i| mean(&own.iter().map(|s| s.units[i]).collect::<Vec<f32>>())).collect())
            .collect();
        let away = |i: usize| seen.iter().enumerate().map(|(n, s)| (s.units[i] - usual[n / JUDGED.len()][i]).powi(2)).sum::<f32>();
        let deviation = (0..width).map(|i| (away(i) / seen.len().max(1) as f32).sqrt().max(1e-4)).collect();
        Ok(Judge { told: probe.accuracy(&drawn, &asked), told_real: probe.accuracy(&unseen, &truth), probe, usual, deviation })
    }

    /// Share of mixes of two labels, each at 0.7, whose two labels the judge ranks first; neutral is not counted among the ranks.
    fn both(&self, stage: &Stage) -> Result<f32> {
        let labels = 1..JUDGED.len();
        let pairs: Vec<(usize, usize)> = labels.clone().flat_map(|a| (a + 1..labels.end).map(move |b| (a, b))).collect();
        let jobs: Vec<(usize, usize, u64)> = pairs.iter().flat_map(|(a, b)| (1..=ACTORS / 2).map(move |seed| (*a, *b, seed))).collect();
        let right = jobs
            .par_iter()
            .map(|(a, b, seed)| {
                let text = format!("{}:0.7+{}:0.7", JUDGED[*a].name(), JUDGED[*b].name());
                let units = units_of(&rows(&stage.directed(&text, *seed)?));
                let usual = &self.usual[*seed as usize - 1];
                let row: Vec<f32> = units.iter().enumerate().map(|(i, u)| (u - usual[i]) / self.deviation[i]).collect();
                let first: Vec<usize> = self.probe.ranking(&row).into_iter().filter(|class| *class != 0).take(2).collect();
                Ok(first.contains(a) && first.contains(b))
            })
            .collect::<Result<Vec<bool>>>()?;
        Ok(right.iter().filter(|r| **r).count() as f32 / right.len().max(1) as f32)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(
            f,
            "Spearman's correlation with intensity 0, 0.25, 0.5, 0.75, 1 of what each label moves (goal 0.95; mean of {SEEDS} seeds)"
        )?;
        for Growth { label, moved } in &self.growth {
            let parts: Vec<String> = moved.iter().map(|(name, r)| format!("{name} {r:.2}")).collect();
            writeln!(f, "  {label:<12} {}", parts.join(", "))?;
        }
        let grown = self.growth.iter().flat_map(|g| &g.moved);
        let (good, all) = grown.fold((0, 0), |(good, all), (_, r)| (good + usize::from(*r >= 0.95), all + 1));
        writeln!(f, "  {good} of {all} reach it")?;
        writeln!(f, "brows=angry moves the mouth by {:.3} of its range (goal below 0.05)", self.mouth_by_brows)?;
        writeln!(f, "a turned head moves the face by {:.3} (goal 0)", self.face_by_pose)?;
        writeln!(f, "closures that speech asks for and lips make:")?;
        for (text, share) in &self.closed {
            writeln!(f, "  {share:.2}  {text}")?;
        }
        writeln!(
            f,
            "labels told by a judge of people's action units: {:.2} of 7 (unseen actors' clips: {:.2})",
            self.told, self.told_real
        )?;
        writeln!(f, "mixes whose two labels come first: {:.2} (goal 0.80; chance {:.2})", self.both, self.both_by_chance)?;
        let guided: Vec<String> = self.guided.iter().map(|(text, r)| format!("{text} {r:.2}")).collect();
        writeln!(f, "less is left the more is guided away, Spearman's correlation (goal 0.95): {}", guided.join(", "))?;
        write!(f, "largest over smallest step of 7 (goal 1.5):")?;
        self.steps.iter().try_for_each(|(way, ratio)| write!(f, "\n  {ratio:.2}  {way}"))
    }
}
