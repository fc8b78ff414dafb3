//! How far expressions ebb and flow, beside those of people who act the same feeling.

use crate::Result;
use crate::body::curves::smooth;
use crate::emotion::Label;
use crate::face::coefficients::id;
use crate::face::expression::pattern;
use crate::face::model::{FaceModel, Quality};
use crate::face::vector::{Row, unpack};
use crate::statistics::{mean, median};
use crate::train::data::{Source, Take};
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;

/// Shapes that show feelings and say nothing.
const SHOWING: [usize; 15] = [
    id::BROW_DOWN_LEFT,
    id::BROW_DOWN_RIGHT,
    id::BROW_INNER_UP,
    id::BROW_OUTER_UP_LEFT,
    id::BROW_OUTER_UP_RIGHT,
    id::CHEEK_SQUINT_LEFT,
    id::CHEEK_SQUINT_RIGHT,
    id::EYE_SQUINT_LEFT,
    id::EYE_SQUINT_RIGHT,
    id::EYE_WIDE_LEFT,
    id::EYE_WIDE_RIGHT,
    id::MOUTH_FROWN_LEFT,
    id::MOUTH_FROWN_RIGHT,
    id::NOSE_SNEER_LEFT,
    id::NOSE_SNEER_RIGHT,
];
/// A shape counts where the expression moves it, and the face shows it, at least as much.
const MOVED: f32 = 0.08;
/// Frames whose mean is what a shape ebbs about, and the deviation of the low-pass that takes tremble away.
const ABOUT: usize = 180;
const CALM: f32 = 2.5;
/// Samples of every label.
const SEEDS: u64 = 3;

/// Medians over the shapes of one label's expression of how far each deviates from its own running mean, as a share of its mean.
#[derive(Clone, Debug, Serialize)]
pub struct Ebb {
    pub emotion: &'static str,
    pub generated: f32,
    /// Of recordings of the same label.
    pub real: f32,
}

/// Labels that people are recorded with among the `takes`, beside performances of what is said in `spoken`.
pub fn ebbs(model: &FaceModel, takes: &[Take], spoken: &Take) -> Result<Vec<Ebb>> {
    let speech = spoken.speech();
    let recorded = |label: Label| takes.iter().filter(move |t| t.source == Source::LiveLink && t.emotion == label);
    let one = |label: Label| -> Result<Ebb> {
        let draw = |seed: u64| model.perform(&speech, &[label.at(1.0)], seed, Quality::Default);
        let drawn = (1..=SEEDS).into_par_iter().map(draw).collect::<Result<Vec<_>>>()?;
        let generated = drawn.iter().flat_map(|rows| shares(rows, label)).collect::<Vec<f32>>();
        let real = recorded(label).flat_map(|take| shares(&take.motion, label)).collect::<Vec<f32>>();
        Ok(Ebb { emotion: label.name(), generated: median(&generated), real: median(&real) })
    };
    Label::ALL[1..].iter().copied().filter(|label| recorded(*label).next().is_some()).map(one).collect()
}

/// Of every shape of the label's expression that the motion shows.
fn shares(motion: &[Row], label: Label) -> Vec<f32> {
    let asked = pattern(label, None);
    let shape = |c: usize| motion.iter().map(|row| unpack(row).0[c]).collect::<Vec<f32>>();
    SHOWING.iter().filter(|c| asked[**c] >= MOVED).filter_map(|c| share(&shape(*c))).collect()
}

/// Root mean square of a curve about its running mean, over its mean; none where there is next to nothing of it.
fn share(curve: &[f32]) -> Option<f32> {
    let (curve, whole) = (smooth(curve, CALM), mean(curve));
    let near = |n: usize| &curve[n.saturating_sub(ABOUT / 2)..(n + ABOUT / 2).min(curve.len())];
    let squares: Vec<f32> = curve.iter().enumerate().map(|(n, v)| (v - mean(near(n))).powi(2)).collect();
    (whole >= MOVED).then(|| mean(&squares).sqrt() / whole)
}

impl fmt::Display for Ebb {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {:.2} (people {:.2})", self.emotion, self.generated, self.real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_does_not_ebb_and_what_drifts_slowly_hardly() {
        let wave = |period: f32| (0..1800).map(|n| 0.5 + 0.2 * (n as f32 * std::f32::consts::TAU / period).sin()).collect::<Vec<f32>>();
        assert_eq!((share(&[0.5; 600]), share(&[0.02; 600]), share(&[])), (Some(0.0), None, None));
        let (quick, slow) = (share(&wave(60.0)).unwrap(), share(&wave(1800.0)).unwrap());
        assert!((quick - 0.4 / 2f32.sqrt()).abs() < 0.02 && slow < 0.1 * quick, "{quick} {slow}");
    }
}
