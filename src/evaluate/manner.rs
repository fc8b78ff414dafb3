//! Whether a feeling is seen in the body: what it does to size, pace and posture, whether that grows with intensity, and
//! whether a judge who saw acted styles of other people alone tells the feeling.

use super::body::Performer;
use super::motion::Motion;
use crate::Result;
use crate::emotion::Label;
use crate::statistics::{mean, median, percentile, spearman};
use crate::train::clips::{Recorded, recorded};
use crate::train::talks::Talk;
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// What a manner of moving is described by.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figures {
    /// Mean speed of the hands, m/s.
    pub speed: f32,
    /// 95th percentile of that speed.
    pub quick: f32,
    /// 95th percentile of the distance from the spine, m.
    pub reach: f32,
    /// 95th percentile of the hands' height above the hips, m.
    pub height: f32,
    /// Median distance between hands, m.
    pub gap: f32,
    /// Median distance between elbows, m.
    pub elbows: f32,
    /// Median angle of the upper arms from hanging, degrees.
    pub raised: f32,
    /// Mean forward lean, degrees.
    pub lean: f32,
}

impl Figures {
    pub fn of(motion: &Motion) -> Figures {
        let heights: Vec<f32> = motion.places.concat().iter().map(|p| p.y).collect();
        Figures {
            speed: mean(&motion.speed),
            quick: motion.speed_percentile(0.95),
            reach: percentile(&motion.reach.concat(), 0.95),
            height: percentile(&heights, 0.95),
            gap: median(&motion.gap),
            elbows: median(&motion.elbows),
            raised: median(&motion.raised),
            lean: mean(&motion.lean),
        }
    }
}

/// Figures of a feeling at intensity 1, medians over takes.
#[derive(Clone, Debug, Serialize)]
pub struct Felt {
    pub label: String,
    pub figures: Figures,
    /// Rank correlation of intensity (0 to 1.25) with the speed of the hands, mean over takes.
    pub growth: f32,
}

/// Figures against those of neutral motion of the same content: logarithms of ratios, and differences in units that make
/// them about as large.
type Against = [f32; 8];

impl Figures {
    fn against(&self, neutral: &Figures) -> Against {
        let ratio = |a: f32, b: f32| (a.max(0.01) / b.max(0.01)).ln();
        [
            ratio(self.speed, neutral.speed),
            ratio(self.quick, neutral.quick),
            ratio(self.reach, neutral.reach),
            (self.height - neutral.height) / 0.1,
            ratio(self.gap, neutral.gap),
            ratio(self.elbows, neutral.elbows),
            (self.raised - neutral.raised) / 10.0,
            (self.lean - neutral.lean) / 5.0,
        ]
    }
}

/// Tells joy, anger and sadness from the body by the direction in which its figures differ from neutral motion: actors
/// exaggerate, so size does not count. Nearest class mean by the cosine, in units of each figure's spread within classes.
#[derive(Clone, Debug)]
struct Judge {
    means: Vec<(Label, Against)>,
    spread: Against,
}

const TOLD: [(Label, &str); 3] = [(Label::Happy, "happy"), (Label::Angry, "angry"), (Label::Sad, "sad")];

impl Judge {
    fn learn(examples: &[(Label, Against)]) -> Judge {
        let of = |label: Label| examples.iter().filter(move |(l, _)| *l == label);
        let means: Vec<(Label, Against)> = TOLD
            .iter()
            .map(|(label, _)| (*label, std::array::from_fn(|k| mean(&of(*label).map(|(_, x)| x[k]).collect::<Vec<f32>>()))))
            .collect();
        let deviation = |k: usize| {
            let squares = means.iter().flat_map(|(label, m)| of(*label).map(move |(_, x)| (x[k] - m[k]).powi(2)));
            mean(&squares.collect::<Vec<f32>>()).sqrt().max(0.05)
        };
        Judge { spread: std::array::from_fn(deviation), means }
    }

    fn tell(&self, x: &Against) -> Label {
        let cosine = |m: &Against| {
            let scaled = |v: &Against| -> Against { std::array::from_fn(|k| v[k] / self.spread[k]) };
            let (x, m) = (scaled(x), scaled(m));
            let dot = |a: &Against, b: &Against| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            dot(&x, &m) / (dot(&x, &x) * dot(&m, &m)).sqrt().max(1e-6)
        };
        self.means.iter().max_by(|a, b| cosine(&a.1).total_cmp(&cosine(&b.1))).map_or(Label::Neutral, |(label, _)| *label)
    }
}

/// Acted styles of the recordings against the normal style of the same content: content, feeling, figures.
fn acted(root: &Path) -> Result<Vec<(String, Label, Against)>> {
    let clips = recorded(root, &|file| file.starts_with("style/bandai1"))?;
    let figures: Vec<(&Recorded, Figures)> = clips.par_iter().map(|c| (c, Figures::of(&Motion::of(&c.poses)))).collect();
    let example = |(clip, x): &(&Recorded, Figures)| {
        let label = TOLD.iter().find(|(_, style)| *style == clip.style)?.0;
        let (_, normal) = figures.iter().find(|(c, _)| c.style == "normal" && c.content == clip.content)?;
        Some((clip.content.clone(), label, x.against(normal)))
    };
    Ok(figures.iter().filter_map(example).collect())
}

/// Right answers of judges about the contents that each of them did not see.
fn told_of_actors(examples: &[(String, Label, Against)]) -> Option<f32> {
    let right: Vec<f32> = examples
        .iter()
        .map(|(content, label, x)| {
            let others: Vec<(Label, Against)> = examples.iter().filter(|e| e.0 != *content).map(|e| (e.1, e.2)).collect();
            f32::from(u8::from(Judge::learn(&others).tell(x) == *label))
        })
        .collect();
    (!right.is_empty()).then(|| mean(&right))
}

/// How feelings show in one performer's motion.
#[derive(Clone, Debug, Serialize)]
pub struct Manners {
    pub performer: String,
    pub felt: Vec<Felt>,
    /// Share of joy, anger and sadness (chance: a third) that a judge of acted styles tells in this motion, and in the actors
    /// whose content it did not see.
    pub told: Option<f32>,
    pub told_of_actors: Option<f32>,
    /// Share of takes in which joy and anger are faster than neutral, and neutral than sadness.
    pub ordered: f32,
}

const INTENSITIES: [f32; 3] = [0.5, 1.0, 1.25];
/// Takes that feelings are tried on.
const TAKES: usize = 8;

/// Performs some takes under every feeling at several intensities.
pub fn manners(name: &str, perform: Performer, talks: &[Talk], root: &Path) -> Result<Manners> {
    let step = talks.len().div_ceil(TAKES).max(1);
    let chosen: Vec<&Talk> = talks.iter().step_by(step).collect();
    let at = |label: Label, intensity: f32| -> Result<Vec<Figures>> {
        let figures = |talk: &&Talk| Ok(Figures::of(&Motion::of(&perform(&talk.speech, &label.at(intensity), 1, talk.frames())?)));
        chosen.par_iter().map(figures).collect()
    };
    let neutral = at(Label::Neutral, 0.0)?;
    let (mut felt, mut speeds) = (vec![summary(Label::Neutral, &neutral, 0.0)], vec![neutral.clone()]);
    for label in &Label::ALL[1..] {
        let rows: Vec<Vec<Figures>> = INTENSITIES.iter().map(|i| at(*label, *i)).collect::<Result<_>>()?;
        let growth = |take: usize| {
            let series: Vec<f32> = std::iter::once(&neutral).chain(&rows).map(|r| r[take].speed).collect();
            spearman(&series, &[0.0, 1.0, 2.0, 3.0])
        };
        felt.push(summary(*label, &rows[1], mean(&(0..chosen.len()).map(growth).collect::<Vec<f32>>())));
        speeds.push(rows[1].clone());
    }
    let speed = |label: Label, take: usize| speeds[label as usize][take].speed;
    let ordered = |take: &usize| {
        let (neutral, sad) = (speed(Label::Neutral, *take), speed(Label::Sad, *take));
        speed(Label::Happy, *take) > neutral && speed(Label::Angry, *take) > neutral && neutral > sad
    };
    let ordered = (0..chosen.len()).filter(ordered).count() as f32 / chosen.len().max(1) as f32;
    let examples = acted(root)?;
    let judge = Judge::learn(&examples.iter().map(|e| (e.1, e.2)).collect::<Vec<_>>());
    let right = |(label, _): &(Label, &str)| {
        let told = speeds[*label as usize].iter().zip(&neutral).map(|(x, normal)| judge.tell(&x.against(normal)));
        told.map(|l| f32::from(u8::from(l == *label))).collect::<Vec<f32>>()
    };
    let told = (!examples.is_empty()).then(|| mean(&TOLD.iter().flat_map(right).collect::<Vec<f32>>()));
    Ok(Manners { performer: name.to_string(), felt, told, told_of_actors: told_of_actors(&examples), ordered })
}

fn summary(label: Label, rows: &[Figures], growth: f32) -> Felt {
    let of = |f: fn(&Figures) -> f32| median(&rows.iter().map(f).collect::<Vec<f32>>());
    let figures = Figures {
        speed: of(|f| f.speed),
        quick: of(|f| f.quick),
        reach: of(|f| f.reach),
        height: of(|f| f.height),
        gap: of(|f| f.gap),
        elbows: of(|f| f.elbows),
        raised: of(|f| f.raised),
        lean: of(|f| f.lean),
    };
    Felt { label: label.name().to_string(), figures, growth }
}

impl fmt::Display for Manners {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "Feelings at intensity 1: {}", self.performer)?;
        writeln!(
            f,
            "  {:<12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "", "speed", "quick", "reach", "height", "gap", "elbows", "raised", "lean", "growth"
        )?;
        for felt in &self.felt {
            let x = &felt.figures;
            writeln!(
                f,
                "  {:<12} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>8.1} {:>8.1} {:>8.2}",
                felt.label, x.speed, x.quick, x.reach, x.height, x.gap, x.elbows, x.raised, x.lean, felt.growth
            )?;
        }
        if let (Some(told), Some(actors)) = (self.told, self.told_of_actors) {
            writeln!(
                f,
                "  joy, anger and sadness told by a judge who saw acted styles of other people: {told:.2} (the actors: {actors:.2}, chance 0.33)"
            )?;
        }
        writeln!(f, "  joy and anger faster than neutral, and neutral than sadness: {:.2} of takes", self.ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_goes_by_direction() {
        let toward = |k: usize, by: f32| -> Against { std::array::from_fn(|i| if i == k { by } else { 0.05 * (i + k) as f32 }) };
        let examples: Vec<(Label, Against)> = (0..3).flat_map(|k| [1.0, 1.4].map(|by| (TOLD[k].0, toward(k, by)))).collect();
        let judge = Judge::learn(&examples);
        assert_eq!(judge.tell(&toward(1, 0.6)), Label::Angry);
        assert_eq!(judge.tell(&toward(2, 3.0)), Label::Sad);
    }
}
