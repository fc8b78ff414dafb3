//! Whether a feeling is seen in the body: what it does to size, pace and posture, whether that grows with intensity, and
//! whether a judge who saw acted styles of other people alone tells the feeling.

use super::body::Performer;
use super::motion::Motion;
use super::statistics::{mean, median, pearson, percentile};
use crate::Result;
use crate::emotion::Label;
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

/// How feelings show in one performer's motion.
#[derive(Clone, Debug, Serialize)]
pub struct Manners {
    pub performer: String,
    pub felt: Vec<Felt>,
    /// Share of takes in which joy and anger are faster than neutral, and neutral than sadness.
    pub ordered: f32,
}

const INTENSITIES: [f32; 5] = [0.25, 0.5, 0.75, 1.0, 1.25];
/// Takes that feelings are tried on.
const TAKES: usize = 12;

/// Performs some takes under every feeling at several intensities.
pub fn manners(name: &str, perform: Performer, talks: &[Talk], _root: &Path) -> Result<Manners> {
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
            pearson(&ranks(&series), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
        };
        felt.push(summary(*label, &rows[3], mean(&(0..chosen.len()).map(growth).collect::<Vec<f32>>())));
        speeds.push(rows[3].clone());
    }
    let speed = |label: Label, take: usize| speeds[label as usize][take].speed;
    let ordered = |take: &usize| {
        let (neutral, sad) = (speed(Label::Neutral, *take), speed(Label::Sad, *take));
        speed(Label::Happy, *take) > neutral && speed(Label::Angry, *take) > neutral && neutral > sad
    };
    let ordered = (0..chosen.len()).filter(ordered).count() as f32 / chosen.len().max(1) as f32;
    Ok(Manners { performer: name.to_string(), felt, ordered })
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

fn ranks(values: &[f32]) -> Vec<f32> {
    values.iter().map(|v| values.iter().filter(|w| *w < v).count() as f32).collect()
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
        writeln!(f, "  joy and anger faster than neutral, and neutral than sadness: {:.2} of takes", self.ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_orders() {
        assert_eq!(ranks(&[0.3, 0.1, 0.2]), [2.0, 0.0, 1.0]);
    }
}
