//! Dose and response: what to ask of the face so that it shows as much of a feeling as is wanted.
//!
//! The model answers a weak feeling with less than its share and a strong one in full: its response to intensity is an S, and
//! another one for every label. It is measured once on the finished weights, as pharmacologists do, and read backwards, so that what
//! is seen grows in proportion to what is asked.

use super::expression::{head_pitch, pattern, shown};
use super::hearing::Heard;
use super::model::{Asked, FaceModel, Quality};
use super::vector::{Row, unpack};
use crate::Result;
use crate::emotion::{Label, Point, mixture};
use rayon::prelude::*;

/// Labels but neutral.
pub const FEELINGS: usize = Label::ALL.len() - 1;
/// Even steps of intensity up to 1 at which the response is measured.
pub const STEPS: usize = 10;
/// Two rows of numbers for every label: those of [`Response`].
pub const NUMBERS: usize = 2 * FEELINGS * STEPS;

/// How the face answers to each label at every step of intensity.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// How much of the expression it shows, 0..=1 and rising; 1 at the last.
    shown: [[f32; STEPS]; FEELINGS],
    /// How far the head is pitched beyond neutral's, radians.
    pitch: [[f32; STEPS]; FEELINGS],
}

impl Response {
    /// Of a face that answers in proportion.
    pub fn proportional() -> Response {
        let share = |i: usize| (i + 1) as f32 / STEPS as f32;
        let pitch = |label: usize| std::array::from_fn(|i| share(i) * head_pitch(Label::ALL[label + 1]));
        Response { shown: [std::array::from_fn(share); FEELINGS], pitch: std::array::from_fn(pitch) }
    }

    /// From as many numbers as [`Response::numbers`] gives; rows that do not rise are made to.
    pub fn new(numbers: &[f32; NUMBERS]) -> Response {
        let row = |n: usize| &numbers[n * STEPS..(n + 1) * STEPS];
        Response {
            shown: std::array::from_fn(|label| rising(row(label))),
            pitch: std::array::from_fn(|label| std::array::from_fn(|i| row(FEELINGS + label)[i])),
        }
    }

    pub fn numbers(&self) -> [f32; NUMBERS] {
        std::array::from_fn(|i| [&self.shown, &self.pitch][i / (FEELINGS * STEPS)][i / STEPS % FEELINGS][i % STEPS])
    }

    /// The intensity that must be asked for so that `share` of the full expression is seen; from 1 on nothing changes.
    fn intensity(&self, label: usize, share: f32) -> f32 {
        let row = &self.shown[label];
        if !(0.0..1.0).contains(&share) {
            return share;
        }
        let above = row.iter().position(|shown| *shown > share).unwrap_or(STEPS - 1);
        let below = if above == 0 { 0.0 } else { row[above - 1] };
        (above as f32 + (share - below) / (row[above] - below).max(1e-6)) / STEPS as f32
    }

    /// The point that must be asked for so that the face shows the wanted one: every label that it holds is moved along its
    /// direction.
    pub fn dose(&self, wanted: &Point) -> Point {
        let weights = mixture(wanted);
        let mut asked = *wanted;
        for (i, label) in Label::ALL[1..].iter().enumerate() {
            let more = self.intensity(i, weights[*label as usize]) - weights[*label as usize];
            asked.iter_mut().zip(label.mean()).for_each(|(a, m)| *a += more * m);
        }
        asked
    }

    /// What the head must be pitched by, radians, so that it is held as the feeling asks: the model alone turns it the wrong way at
    /// weak intensities of some.
    pub fn nod(&self, wanted: &Point) -> f32 {
        let weights = mixture(wanted);
        let one = |(i, label): (usize, &Label)| {
            let weight = weights[*label as usize];
            weight * head_pitch(*label) - self.pitched(i, self.intensity(i, weight))
        };
        Label::ALL[1..].iter().enumerate().map(one).sum()
    }

    /// The measured pitch at an intensity; in proportion beyond 1.
    fn pitched(&self, label: usize, intensity: f32) -> f32 {
        let at = |step: usize| if step == 0 { 0.0 } else { self.pitch[label][step.min(STEPS) - 1] };
        let place = intensity.clamp(0.0, 1.0) * STEPS as f32;
        let (step, share) = (place as usize, place.fract());
        (at(step) + share * (at(step + 1) - at(step))) * intensity.max(1.0)
    }

    /// Measures the response of a model over what was heard in some recordings.
    pub fn measure(model: &FaceModel, voices: &[Heard]) -> Result<Response> {
        let jobs: Vec<(usize, usize)> = (0..FEELINGS).flat_map(|label| (0..=STEPS).map(move |step| (label, step))).collect();
        let answers = jobs
            .par_iter()
            .map(|(label, step)| {
                let answers = voices.iter().map(|heard| answer(model, heard, Label::ALL[label + 1], *step)).collect::<Result<Vec<_>>>()?;
                Ok([0, 1].map(|k| answers.iter().map(|a| a[k]).sum::<f32>() / answers.len().max(1) as f32))
            })
            .collect::<Result<Vec<[f32; 2]>>>()?;
        let row = |label: usize| &answers[label * (STEPS + 1)..(label + 1) * (STEPS + 1)];
        let shown = |label: usize| {
            let row: Vec<f32> = row(label).iter().map(|a| a[0]).collect();
            let full = (row[STEPS] - row[0]).max(1e-6);
            rising(&row[1..].iter().map(|v| (v - row[0]) / full).collect::<Vec<f32>>())
        };
        let pitch = |label: usize| std::array::from_fn(|i| row(label)[i + 1][1] - row(label)[0][1]);
        Ok(Response { shown: std::array::from_fn(shown), pitch: std::array::from_fn(pitch) })
    }
}

/// How much of a label's expression a performance shows, and how far its head is pitched, on average.
fn answer(model: &FaceModel, heard: &Heard, label: Label, step: usize) -> Result<[f32; 2]> {
    let frames = heard.activity.len();
    let emotion = [label.at(step as f32 / STEPS as f32)];
    let rows = model.act(heard, &Asked { emotion: &emotion, ..Asked::default() }, frames, 1, Quality::Default)?;
    let pattern = pattern(label, None);
    let mean = |of: &dyn Fn(&Row) -> f32| rows.iter().map(of).sum::<f32>() / frames.max(1) as f32;
    Ok([mean(&|row| shown(&unpack(row).0, &pattern)), mean(&|row| unpack(row).1.pitch)])
}

/// The row made to rise from 0 to 1 (by at least a thousandth a step, so that it can be read backwards).
fn rising(row: &[f32]) -> [f32; STEPS] {
    const LEAST: f32 = 1e-3;
    let mut last = 0.0;
    let risen: [f32; STEPS] = std::array::from_fn(|i| {
        last = row.get(i).copied().unwrap_or(0.0).max(last + LEAST);
        last
    });
    risen.map(|v| v / risen[STEPS - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weak feelings are answered with the square of their intensity.
    fn square() -> Response {
        let share = |i: usize| ((i % STEPS + 1) as f32 / STEPS as f32).powi(2);
        Response::new(&std::array::from_fn(|i| if i < NUMBERS / 2 { share(i) } else { 0.1 * share(i) }))
    }

    #[test]
    fn what_is_seen_grows_in_proportion() {
        for wanted in [0.0, 0.1, 0.25, 0.5, 0.9, 1.0, 1.4] {
            let dose = square().dose(&Label::Angry.at(wanted));
            let asked = dose[3] / Label::Angry.mean()[3];
            let seen = if asked < 1.0 { asked * asked } else { asked };
            assert!((seen - wanted).abs() < 0.02, "wanted {wanted}, asked {asked}");
        }
        assert_eq!(square().dose(&[0.0; crate::emotion::EMOTION]), [0.0; crate::emotion::EMOTION]);
    }

    #[test]
    fn a_face_that_answers_in_proportion_is_asked_for_what_is_wanted() {
        let wanted = Label::Sad.at(0.37);
        let asked = Response::proportional().dose(&wanted);
        assert!(wanted.iter().zip(asked).all(|(w, a)| (w - a).abs() < 1e-3), "{asked:?}");
        assert_eq!(Response::new(&square().numbers()).numbers(), square().numbers());
    }

    #[test]
    fn the_head_ends_where_the_feeling_asks() {
        for wanted in [0.2, 0.55, 1.0, 1.3] {
            let point = Label::Disgust.at(wanted);
            let asked = square().dose(&point)[5] / Label::Disgust.mean()[5];
            let own = 0.1 * if asked < 1.0 { asked * asked } else { asked };
            assert!((own + square().nod(&point) - wanted * head_pitch(Label::Disgust)).abs() < 0.003, "{wanted}");
        }
        assert!(Response::proportional().nod(&Label::Sad.at(0.37)).abs() < 1e-4);
    }

    #[test]
    fn noise_in_the_measurement_is_bridged() {
        let row = rising(&[0.2, 0.1, 0.3, 0.25, 0.4, 0.6, 0.7, 0.9, 0.95, 1.0]);
        assert!(row.windows(2).all(|w| w[1] > w[0]) && row[STEPS - 1] == 1.0, "{row:?}");
    }
}
