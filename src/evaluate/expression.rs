//! Is the feeling seen? Generated faces before a judge who learned from people, and how they grow with intensity and loudness.
//!
//! The judge is a linear classifier of the Facial Action Coding System's action units, clip means as OpenFace measured them on RAVDESS's
//! actors. A tracker's scale is not that of coefficients, and people differ at rest: so each unit counts from the
//! actor's own mean, over its own deviation in the set, for people and for generated faces alike.

use super::probe::Probe;
use crate::Result;
use crate::audio::Speech;
use crate::emotion::Label;
use crate::face::articulation::gap_mm;
use crate::face::coefficients::{COUNT, Coefficients, id};
use crate::face::expression::express;
use crate::face::model::{FaceModel, Quality};
use crate::face::vector::{self, Row, unpack};
use crate::motion::{Gaze, Head};
use crate::train::data::Split;
use crate::train::voices::{ActionUnits, Clip, Corpus, UNITS, action_units};
use rayon::prelude::*;
use serde::Serialize;
use std::path::Path;

/// Seeds, and the strengths an expression is asked for at.
const SEEDS: u64 = 10;
const STRENGTHS: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Penalty of the judge, in clips.
const RIDGE: f64 = 30.0;

/// A share for every label.
pub type Shares = Vec<(&'static str, f32)>;

/// How well expressions are told and how they grow.
#[derive(Clone, Debug, Serialize)]
pub struct Expressions {
    /// Share of generated clips whose label the judge tells, of seven labels at intensity 1, and of unseen actors' real clips.
    pub told: f32,
    pub told_real: f32,
    /// The same share of every label.
    pub told_of: Shares,
    /// For every label, the share of seeds in which all that it moves of brows, cheeks, lids and mouth corners grows with every step of
    /// intensity.
    pub growing: Shares,
    /// Lip gap (90th percentile) and brow movement (deviation) of strongly spoken sentences over normally spoken ones of the
    /// same words in the same recording: medians.
    pub louder_gap: f32,
    pub louder_brow: f32,
}

/// Draws faces over clips of the actors of a split under `root`.
pub fn expressions(model: &FaceModel, clips: &[Clip], root: &Path, split: Split) -> Result<Expressions> {
    let unseen: Vec<&Clip> = clips.iter().filter(|c| c.corpus == Corpus::Ravdess && c.split == split).collect();
    let calm: Vec<&Clip> = unseen.iter().copied().filter(|c| c.class == Label::Neutral as usize).collect();
    let (told, told_real, told_of) = judge(model, &calm, &action_units(root)?)?;
    let growing = Label::ALL[1..].iter().map(|label| Ok((label.name(), growth(model, &calm, *label)?))).collect::<Result<_>>()?;
    let (louder_gap, louder_brow) = loudness(model, &unseen)?;
    Ok(Expressions { told, told_real, told_of, growing, louder_gap, louder_brow })
}

fn sample(model: &FaceModel, speech: &Speech, label: Label, intensity: f32, seed: u64) -> Result<Vec<Row>> {
    model.perform(speech, &[label.at(intensity)], seed, Quality::Default)
}

/// Labels that the judge knows: calm is hardly to be told from neutral.
pub(super) const JUDGED: [Label; 7] =
    [Label::Neutral, Label::Happy, Label::Sad, Label::Angry, Label::Fearful, Label::Disgust, Label::Surprised];

fn judge(model: &FaceModel, calm: &[&Clip], real: &[ActionUnits]) -> Result<(f32, f32, Shares)> {
    let class = |label: Label| JUDGED.iter().position(|l| *l == label);
    let of = |keep: &dyn Fn(&ActionUnits) -> bool| -> Vec<Seen> {
        let chosen = real.iter().filter(|u| keep(u));
        chosen.filter_map(|u| Some(Seen { actor: u.speaker.clone(), class: class(u.label)?, units: u.units })).collect()
    };
    let (rows, classes) = relative(&of(&|u| u.split != Split::Test));
    let (unseen, truth) = relative(&of(&|u| u.split == Split::Test));
    let probe = Probe::fit(&rows, &classes, RIDGE);
    let jobs: Vec<(usize, u64)> = (0..JUDGED.len()).flat_map(|k| (1..=SEEDS).map(move |seed| (k, seed))).collect();
    let generated = jobs
        .par_iter()
        .map(|(k, seed)| {
            let clip = calm[*seed as usize % calm.len()];
            let rows = sample(model, &clip.speech, JUDGED[*k], 1.0, *seed)?;
            Ok(Seen { actor: seed.to_string(), class: *k, units: units_of(&rows) })
        })
        .collect::<Result<Vec<Seen>>>()?;
    let (drawn, asked) = relative(&generated);
    let told_of = |k: usize| {
        let (rows, classes): (Vec<Vec<f32>>, Vec<usize>) =
            drawn.iter().zip(&asked).filter(|(_, class)| **class == k).map(|(row, class)| (row.clone(), *class)).unzip();
        (JUDGED[k].name(), probe.accuracy(&rows, &classes))
    };
    Ok((probe.accuracy(&drawn, &asked), probe.accuracy(&unseen, &truth), (0..JUDGED.len()).map(told_of).collect()))
}

/// Action units of a clip, who shows them and what was asked for.
pub(super) struct Seen {
    pub actor: String,
    pub class: usize,
    pub units: [f32; UNITS],
}

/// Units from each actor's mean, over the deviation in the set.
pub(super) fn relative(seen: &[Seen]) -> (Vec<Vec<f32>>, Vec<usize>) {
    let mean = |actor: &str| -> [f32; UNITS] {
        let own: Vec<&Seen> = seen.iter().filter(|s| s.actor == actor).collect();
        std::array::from_fn(|i| own.iter().map(|s| s.units[i]).sum::<f32>() / own.len() as f32)
    };
    let mut rows: Vec<Vec<f32>> = seen
        .iter()
        .map(|s| {
            let mean = mean(&s.actor);
            (0..UNITS).map(|i| s.units[i] - mean[i]).collect()
        })
        .collect();
    for i in 0..UNITS {
        let deviation = (rows.iter().map(|r| r[i] * r[i]).sum::<f32>() / rows.len().max(1) as f32).sqrt().max(1e-4);
        rows.iter_mut().for_each(|r| r[i] /= deviation);
    }
    (rows, seen.iter().map(|s| s.class).collect())
}

/// Clip means of the units that coefficients stand for, in the order of [`action_units`].
pub(super) fn units_of(rows: &[Row]) -> [f32; UNITS] {
    let mut sums = [0.0; UNITS];
    for row in rows {
        let face = unpack(row).0;
        let both = |left: usize, right: usize| 0.5 * (face[left] + face[right]);
        let units = [
            face[id::BROW_INNER_UP],
            both(id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT),
            both(id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT),
            both(id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT),
            both(id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT),
            both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT),
            both(id::NOSE_SNEER_LEFT, id::NOSE_SNEER_RIGHT),
            both(id::MOUTH_UPPER_UP_LEFT, id::MOUTH_UPPER_UP_RIGHT),
            both(id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT),
            both(id::MOUTH_DIMPLE_LEFT, id::MOUTH_DIMPLE_RIGHT),
            both(id::MOUTH_FROWN_LEFT, id::MOUTH_FROWN_RIGHT),
            face[id::MOUTH_SHRUG_LOWER],
            both(id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT),
            both(id::MOUTH_PRESS_LEFT, id::MOUTH_PRESS_RIGHT),
            gap_mm(&face).max(0.0) / 12.0,
            face[id::JAW_OPEN],
            both(id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT),
        ];
        sums.iter_mut().zip(units).for_each(|(s, u)| *s += u / rows.len() as f32);
    }
    sums
}

/// What an expression may move: raised and lowered brows, cheeks, lids, mouth corners.
pub(super) fn measures(face: &Coefficients) -> [f32; 5] {
    let both = |left: usize, right: usize| 0.5 * (face[left] + face[right]);
    [
        (face[id::BROW_INNER_UP] + 2.0 * both(id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT)) / 3.0,
        both(id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT),
        both(id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT),
        both(id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT) - both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT),
        both(id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT) - both(id::MOUTH_FROWN_LEFT, id::MOUTH_FROWN_RIGHT),
    ]
}

/// Which way an expression moves each measure; 0 where it leaves it about alone.
fn direction(label: Label) -> [f32; 5] {
    const MOVES: f32 = 0.15;
    let rest = vector::pack(&[0.0; COUNT], Head::default(), Gaze::default());
    let (before, after) = (measures(&unpack(&rest).0), measures(&unpack(&express(&rest, &label.mean(), 1.0)).0));
    std::array::from_fn(|i| if (after[i] - before[i]).abs() >= MOVES { (after[i] - before[i]).signum() } else { 0.0 })
}

/// Share of seeds in which every measure that the label moves grows with each step of intensity.
fn growth(model: &FaceModel, calm: &[&Clip], label: Label) -> Result<f32> {
    let direction = direction(label);
    let grows = |seed: u64| -> Result<bool> {
        let clip = calm[seed as usize % calm.len()];
        let steps = STRENGTHS
            .iter()
            .map(|strength| {
                let rows = sample(model, &clip.speech, label, *strength, seed)?;
                let all: Vec<[f32; 5]> = rows.iter().map(|r| measures(&unpack(r).0)).collect();
                Ok(std::array::from_fn(|i| all.iter().map(|m| m[i]).sum::<f32>() / all.len().max(1) as f32))
            })
            .collect::<Result<Vec<[f32; 5]>>>()?;
        Ok(steps.windows(2).all(|w| (0..5).all(|i| direction[i] == 0.0 || direction[i] * (w[1][i] - w[0][i]) > 0.0)))
    };
    let seeds: Vec<bool> = (1..=SEEDS).into_par_iter().map(grows).collect::<Result<_>>()?;
    Ok(seeds.iter().filter(|g| **g).count() as f32 / SEEDS as f32)
}

/// Both ways of saying the same words as one recording, performed without any feeling: the strong half over the normal one.
fn loudness(model: &FaceModel, unseen: &[&Clip]) -> Result<(f32, f32)> {
    // Names end in emotion, intensity, words, repetition and actor.
    let strong = |clip: &Clip| clip.name.replacen("-02-0", "-01-0", 1);
    let pairs: Vec<(&Clip, &Clip)> = unseen
        .iter()
        .filter(|c| c.strength >= 1.0 && c.class != Label::Calm as usize && c.class != Label::Sad as usize)
        .filter_map(|loud| Some((*unseen.iter().find(|soft| soft.name != loud.name && soft.name == strong(loud))?, *loud)))
        .collect();
    let ratios = pairs
        .par_iter()
        .map(|(soft, loud)| {
            let samples = [&soft.speech.samples[..], &loud.speech.samples[..]].concat();
            let speech = Speech { seconds: soft.speech.seconds + loud.speech.seconds, samples };
            let rows = sample(model, &speech, Label::Neutral, 0.0, 1)?;
            let (a, b) = rows.split_at(soft.frames().min(rows.len()));
            let gap = |rows: &[Row]| {
                let mut gaps: Vec<f32> = rows.iter().map(|r| gap_mm(&unpack(r).0).max(0.0)).collect();
                gaps.sort_by(f32::total_cmp);
                gaps.get(gaps.len() * 9 / 10).copied().unwrap_or(0.0)
            };
            let brow = |rows: &[Row]| {
                let raised: Vec<f32> = rows.iter().map(|r| measures(&unpack(r).0)[0]).collect();
                crate::statistics::deviation(&raised)
            };
            Ok((gap(b) / gap(a).max(0.1), brow(b) / brow(a).max(1e-3)))
        })
        .collect::<Result<Vec<(f32, f32)>>>()?;
    let (gaps, brows): (Vec<f32>, Vec<f32>) = ratios.into_iter().unzip();
    Ok((crate::statistics::median(&gaps), crate::statistics::median(&brows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_move_what_they_should() {
        let [up, down, cheek, lid, corner] = direction(Label::Happy);
        assert!((cheek, corner) == (1.0, 1.0) && down == 0.0, "{up} {down} {cheek} {lid} {corner}");
        assert_eq!(direction(Label::Angry)[1], 1.0);
        assert_eq!(direction(Label::Surprised)[0], 1.0);
        assert_eq!(direction(Label::Neutral), [0.0; 5]);
    }

    #[test]
    fn units_count_from_the_actors_mean() {
        let seen = |actor: &str, class, v| Seen { actor: actor.into(), class, units: [v; UNITS] };
        let (rows, classes) = relative(&[seen("a", 0, 1.0), seen("a", 1, 3.0), seen("b", 0, 11.0), seen("b", 1, 13.0)]);
        assert_eq!(classes, [0, 1, 0, 1]);
        assert_eq!(rows.iter().map(|r| r[0]).collect::<Vec<_>>(), [-1.0, 1.0, -1.0, 1.0]);
    }
}
