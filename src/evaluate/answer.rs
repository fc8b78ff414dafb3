//! Does the face answer to style, and to a feeling that is taken away?

use super::mouths::mouth_of;
use crate::Result;
use crate::direction::habits;
use crate::direction::likeness::{Leaning, Likeness};
use crate::emotion::Label;
use crate::face::expression::{pattern, shown};
use crate::face::model::{Asked, FaceModel, Quality};
use crate::face::style;
use crate::face::vector::{Row, unpack};
use crate::statistics::{deviation, median, pearson};
use crate::train::data::Take;
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;

/// Steps of style either way.
const REACH: f32 = 1.5;
const SEEDS: u64 = 3;

/// What a style of `+1.5` in some figures does beside one of `-1.5`.
#[derive(Clone, Debug, Serialize)]
pub struct Styles {
    /// What was changed, and the ratio of what is then measured: medians over seeds.
    pub ratios: Vec<(&'static str, f32)>,
    /// Correlation of the lip gaps of both performances, the least over all changes.
    pub words: f32,
}

/// The figures of style that are changed together and the one that is measured, as it was measured.
type Change = (&'static str, &'static [usize], fn(&[Row]) -> f32);

const CHANGES: [Change; 4] = [
    ("range of the lips", &[style::LIP_RANGE, 2, 3], |rows| deviation(&mouth_of(rows)[0])),
    ("head speed", &[9, 10, 11, style::HEAD_SPEED], |rows| median(&style::head_speeds(rows))),
    ("range of the brows", &[5, style::BROW_RANGE], |rows| deviation(&rows.iter().map(brows).collect::<Vec<f32>>())),
    ("blinks", &[style::BLINKS], |rows| style::blinks(rows) as f32),
];

fn brows(row: &Row) -> f32 {
    unpack(row).0[crate::face::coefficients::id::BROW_INNER_UP]
}

/// Performs a long take in styles that lie on both sides of the usual one.
pub fn styles(model: &FaceModel, take: &Take) -> Result<Styles> {
    let heard = model.listen(&take.speech(), take.frames, &[])?;
    let (mut ratios, mut words) = (Vec::new(), f32::INFINITY);
    for (name, figures, measure) in CHANGES {
        let perform = |shift: f32, seed: u64| {
            let mut likeness = Likeness::default();
            figures.iter().for_each(|i| likeness.face[*i] = Some(model.usual_style()[*i] + shift));
            let leaning = Leaning::default().towards(&likeness, 1.0);
            let asked = Asked { styles: &[leaning.style(model.usual_style())], ..Asked::default() };
            let mut rows = model.act(&heard, &asked, take.frames, seed, Quality::Default)?;
            habits::adopt(&mut rows, &[], &[leaning], seed);
            Ok::<_, crate::Error>(rows)
        };
        let pairs = (1..=SEEDS).into_par_iter().map(|seed| Ok((perform(REACH, seed)?, perform(-REACH, seed)?)));
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        ratios.push((name, median(&pairs.iter().map(|(more, less)| measure(more) / measure(less).max(1e-4)).collect::<Vec<f32>>())));
        let alike = pairs.iter().map(|(a, b)| pearson(&mouth_of(a)[0], &mouth_of(b)[0]));
        words = alike.fold(words, f32::min);
    }
    Ok(Styles { ratios, words })
}

impl fmt::Display for Styles {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let ratios: Vec<String> = self.ratios.iter().map(|(name, ratio)| format!("{name} {ratio:.2}")).collect();
        write!(f, "Style 1.5 up over 1.5 down: {}; lip gaps of both agree with r {:.2} or more", ratios.join(", "), self.words)
    }
}

/// What happens when a feeling is taken away from another, step by step.
#[derive(Clone, Debug, Serialize)]
pub struct Guidance {
    pub towards: &'static str,
    pub away: &'static str,
    /// Mean of how much the face shows of what is taken away (1 is its expression), at every scale.
    pub shown: Vec<f32>,
    /// Share of takes in which every step shows less of it.
    pub falling: f32,
    /// The same of what it is guided towards, at the last scale over the first.
    pub kept: f32,
}

const PAIRS: [(Label, Label); 3] = [(Label::Surprised, Label::Fearful), (Label::Angry, Label::Fearful), (Label::Happy, Label::Surprised)];
const SCALES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Performs takes under pairs of feelings, one of which is taken away at growing scales.
pub fn guidance(model: &FaceModel, takes: &[&Take]) -> Result<Vec<Guidance>> {
    PAIRS.iter().map(|(towards, away)| guided(model, takes, *towards, *away)).collect()
}

fn guided(model: &FaceModel, takes: &[&Take], towards: Label, away: Label) -> Result<Guidance> {
    let (other, own) = (pattern(away, Some(towards)), pattern(towards, None));
    let course = |take: &&Take| -> Result<Vec<[f32; 2]>> {
        let heard = model.listen(&take.speech(), take.frames, &[])?;
        SCALES
            .iter()
            .map(|scale| {
                let emotion = [towards.at(1.0)];
                let from = [away.at(*scale)];
                let asked = Asked { emotion: &emotion, away: if *scale > 0.0 { &from } else { &[] }, ..Asked::default() };
                let rows = model.act(&heard, &asked, take.frames, 1, Quality::Default)?;
                Ok([&other, &own].map(|p| rows.iter().map(|r| shown(&unpack(r).0, p)).sum::<f32>() / rows.len().max(1) as f32))
            })
            .collect()
    };
    let courses: Vec<Vec<[f32; 2]>> = takes.par_iter().map(course).collect::<Result<_>>()?;
    let n = courses.len().max(1) as f32;
    let mean = |step: usize, i: usize| courses.iter().map(|c| c[step][i]).sum::<f32>() / n;
    let falling = courses.iter().filter(|c| c.windows(2).all(|w| w[1][0] < w[0][0])).count() as f32 / n;
    let shown = (0..SCALES.len()).map(|s| mean(s, 0)).collect();
    let kept = mean(SCALES.len() - 1, 1) / mean(0, 1).max(1e-3);
    Ok(Guidance { towards: towards.name(), away: away.name(), shown, falling, kept })
}

impl fmt::Display for Guidance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let shown: Vec<String> = self.shown.iter().map(|v| format!("{v:.2}")).collect();
        write!(
            f,
            "{} away from {} at 0, 0.25 .. 1: shows {} of it, less with every step in {:.2} of takes; keeps {:.2} of its own",
            self.towards,
            self.away,
            shown.join(" "),
            self.falling,
            self.kept
        )
    }
}
