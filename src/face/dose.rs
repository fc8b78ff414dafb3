//! Dose and response: what to ask of the face so that it shows as much of a feeling as is wanted.
//!
//! The model answers a weak feeling with less than its share and a strong one in full: its response to intensity is an S, and
//! another one for every label. It is measured once on the finished weights, as pharmacologists do, and read backwards, so that what
//! is seen grows in proportion to what is asked.

use super::expression::{pattern, shown};
use super::hearing::Heard;
use super::model::{Asked, FaceModel, Quality};
use super::vector::unpack;
use crate::Result;
use crate::emotion::{Label, Point, mixture};
use rayon::prelude::*;

/// Labels but neutral.
pub const FEELINGS: usize = Label::ALL.len() - 1;
/// Even steps of intensity up to 1 at which the response is measured.
pub const STEPS: usize = 10;
/// A row of numbers for every label: what is shown at each step, over what is shown at 1.
pub const NUMBERS: usize = FEELINGS * STEPS;

/// How much of each label's expression the face shows at every step of intensity, 0..=1 and rising; 1 at the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Response([[f32; STEPS]; FEELINGS]);

impl Response {
    /// Of a face that answers in proportion.
    pub fn proportional() -> Response {
        Response([std::array::from_fn(|i| (i + 1) as f32 / STEPS as f32); FEELINGS])
    }

    /// From as many numbers as [`Response::numbers`] gives; rows that do not rise are made to.
    pub fn new(numbers: &[f32; NUMBERS]) -> Response {
        Response(std::array::from_fn(|label| rising(&numbers[label * STEPS..(label + 1) * STEPS])))
    }

    pub fn numbers(&self) -> [f32; NUMBERS] {
        std::array::from_fn(|i| self.0[i / STEPS][i % STEPS])
    }

    /// The intensity that must be asked for so that `share` of the full expression is seen; from 1 on nothing changes.
    fn intensity(&self, label: usize, share: f32) -> f32 {
        let row = &self.0[label];
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

    /// Measures the response of a model over what was heard in some recordings.
    pub fn measure(model: &FaceModel, voices: &[Heard]) -> Result<Response> {
        let jobs: Vec<(usize, usize)> = (0..FEELINGS).flat_map(|label| (0..=STEPS).map(move |step| (label, step))).collect();
        let answers = jobs
            .par_iter()
            .map(|(label, step)| voices.iter().map(|heard| answer(model, heard, Label::ALL[label + 1], *step)).sum::<Result<f32>>())
            .collect::<Result<Vec<f32>>>()?;
        Ok(Response(std::array::from_fn(|label| {
            let row = &answers[label * (STEPS + 1)..(label + 1) * (STEPS + 1)];
            let full = (row[STEPS] - row[0]).max(1e-6);
            rising(&row[1..].iter().map(|v| (v - row[0]) / full).collect::<Vec<f32>>())
        })))
    }
}

/// How much of a label's expression a performance shows, on average.
fn answer(model: &FaceModel, heard: &Heard, label: Label, step: usize) -> Result<f32> {
    let frames = heard.activity.len();
    let emotion = [label.at(step as f32 / STEPS as f32)];
    let rows = model.act(heard, &Asked { emotion: &emotion, ..Asked::default() }, frames, 1, Quality::Default)?;
    let pattern = pattern(label, None);
    Ok(rows.iter().map(|row| shown(&unpack(row).0, &pattern)).sum::<f32>() / frames.max(1) as f32)
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
        let row = |i: usize| ((i % STEPS + 1) as f32 / STEPS as f32).powi(2);
        Response::new(&std::array::from_fn(row))
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
    fn noise_in_the_measurement_is_bridged() {
        let row = rising(&[0.2, 0.1, 0.3, 0.25, 0.4, 0.6, 0.7, 0.9, 0.95, 1.0]);
        assert!(row.windows(2).all(|w| w[1] > w[0]) && row[STEPS - 1] == 1.0, "{row:?}");
    }
}
