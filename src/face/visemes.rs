//! Visemes: what the mouth shows of the sounds of speech.
//!
//! Many avatars have no coefficients but the fifteen visemes of Oculus' lip sync, or only five vowels and a few moods. [`SHAPES`] says
//! what each viseme is in ARKit's coefficients. The way back is a fit: the weights, none negative, whose visemes and moods
//! together come nearest to a face. Moods are fitted along with the mouth so that a smile is taken for joy rather than for
//! a sound, as [`super::expression`] shows them.

use super::coefficients::{COUNT, Coefficients, id};
use super::{expression, vector};
use crate::emotion::Label;
use std::sync::LazyLock;

/// The visemes of Oculus' lip sync in its order.
pub const NAMES: [&str; 15] = ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"];
/// The vowels of VRM 1.0.
pub const VOWELS: [&str; 5] = ["aa", "ih", "ou", "ee", "oh"];
/// The moods of VRM 1.0.
pub const MOODS: [&str; 5] = ["happy", "angry", "sad", "relaxed", "surprised"];

/// Places of the vowels among the visemes.
const VOWEL_PLACES: [usize; 5] = [10, 12, 14, 11, 13];
/// The moods as gestus names them.
const LABELS: [Label; 5] = [Label::Happy, Label::Angry, Label::Sad, Label::Calm, Label::Surprised];

type Mix = &'static [(usize, f32)];

/// What each viseme of [`NAMES`] is in coefficients.
pub const SHAPES: [Mix; 15] = [
    &[],
    &[
        (id::MOUTH_ROLL_UPPER, 0.3),
        (id::MOUTH_ROLL_LOWER, 0.3),
        (id::MOUTH_PRESS_LEFT, 0.35),
        (id::MOUTH_PRESS_RIGHT, 0.35),
        (id::JAW_OPEN, 0.08),
        (id::MOUTH_CLOSE, 0.1),
    ],
    &[
        (id::MOUTH_ROLL_LOWER, 0.5),
        (id::MOUTH_UPPER_UP_LEFT, 0.25),
        (id::MOUTH_UPPER_UP_RIGHT, 0.25),
        (id::JAW_OPEN, 0.06),
        (id::MOUTH_SHRUG_UPPER, 0.1),
    ],
    &[
        (id::TONGUE_OUT, 0.35),
        (id::JAW_OPEN, 0.14),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.2),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.2),
        (id::MOUTH_UPPER_UP_LEFT, 0.1),
        (id::MOUTH_UPPER_UP_RIGHT, 0.1),
    ],
    &[
        (id::JAW_OPEN, 0.12),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.3),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.3),
        (id::MOUTH_UPPER_UP_LEFT, 0.15),
        (id::MOUTH_UPPER_UP_RIGHT, 0.15),
        (id::MOUTH_SHRUG_UPPER, 0.1),
    ],
    &[
        (id::JAW_OPEN, 0.2),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.15),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.15),
        (id::MOUTH_UPPER_UP_LEFT, 0.15),
        (id::MOUTH_UPPER_UP_RIGHT, 0.15),
        (id::MOUTH_STRETCH_LEFT, 0.1),
        (id::MOUTH_STRETCH_RIGHT, 0.1),
    ],
    &[
        (id::MOUTH_FUNNEL, 0.5),
        (id::MOUTH_PUCKER, 0.25),
        (id::JAW_OPEN, 0.08),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.15),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.15),
        (id::MOUTH_UPPER_UP_LEFT, 0.15),
        (id::MOUTH_UPPER_UP_RIGHT, 0.15),
    ],
    &[
        (id::JAW_OPEN, 0.04),
        (id::MOUTH_STRETCH_LEFT, 0.35),
        (id::MOUTH_STRETCH_RIGHT, 0.35),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.3),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.3),
        (id::MOUTH_UPPER_UP_LEFT, 0.15),
        (id::MOUTH_UPPER_UP_RIGHT, 0.15),
    ],
    &[(id::JAW_OPEN, 0.12), (id::MOUTH_LOWER_DOWN_LEFT, 0.2), (id::MOUTH_LOWER_DOWN_RIGHT, 0.2), (id::MOUTH_SHRUG_UPPER, 0.15)],
    &[
        (id::MOUTH_FUNNEL, 0.3),
        (id::MOUTH_PUCKER, 0.3),
        (id::JAW_OPEN, 0.1),
        (id::MOUTH_SHRUG_UPPER, 0.2),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.1),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.1),
    ],
    &[
        (id::JAW_OPEN, 0.55),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.2),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.2),
        (id::MOUTH_UPPER_UP_LEFT, 0.15),
        (id::MOUTH_UPPER_UP_RIGHT, 0.15),
    ],
    &[
        (id::JAW_OPEN, 0.3),
        (id::MOUTH_STRETCH_LEFT, 0.15),
        (id::MOUTH_STRETCH_RIGHT, 0.15),
        (id::MOUTH_SMILE_LEFT, 0.2),
        (id::MOUTH_SMILE_RIGHT, 0.2),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.25),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.25),
        (id::MOUTH_UPPER_UP_LEFT, 0.3),
        (id::MOUTH_UPPER_UP_RIGHT, 0.3),
    ],
    &[
        (id::JAW_OPEN, 0.14),
        (id::MOUTH_STRETCH_LEFT, 0.2),
        (id::MOUTH_STRETCH_RIGHT, 0.2),
        (id::MOUTH_SMILE_LEFT, 0.25),
        (id::MOUTH_SMILE_RIGHT, 0.25),
        (id::MOUTH_LOWER_DOWN_LEFT, 0.25),
        (id::MOUTH_LOWER_DOWN_RIGHT, 0.25),
        (id::MOUTH_UPPER_UP_LEFT, 0.15),
        (id::MOUTH_UPPER_UP_RIGHT, 0.15),
    ],
    &[(id::JAW_OPEN, 0.38), (id::MOUTH_FUNNEL, 0.5), (id::MOUTH_PUCKER, 0.2)],
    &[(id::JAW_OPEN, 0.12), (id::MOUTH_FUNNEL, 0.3), (id::MOUTH_PUCKER, 0.7)],
];

/// What a face says in visemes and in moods, each 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// In the order of [`NAMES`]; silence is what the others leave.
    pub visemes: [f32; 15],
    /// In the order of [`MOODS`], fitted with the visemes.
    pub moods: [f32; 5],
    /// In the order of [`VOWELS`]: the fit with nothing but vowels and moods.
    pub vowels: [f32; 5],
}

/// Reads a face. Of all sounds together no more than one remains.
pub fn read(face: &Coefficients) -> Reading {
    let all = FIT.weights(face);
    let few = VOWEL_FIT.weights(face);
    let mut reading = Reading::default();
    reading.visemes[1..].copy_from_slice(&all[..14]);
    reading.moods.copy_from_slice(&all[14..19]);
    reading.vowels.copy_from_slice(&few[..5]);
    whole(&mut reading.visemes[1..]);
    whole(&mut reading.vowels);
    reading.visemes[0] = 1.0 - reading.visemes.iter().sum::<f32>().min(1.0);
    reading
}

/// Scales weights whose sum is more than one.
fn whole(weights: &mut [f32]) {
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w = (*w / sum.max(1.0)).clamp(0.0, 1.0));
}

static FIT: LazyLock<Fit> = LazyLock::new(|| Fit::new((1..15).map(|v| spread(SHAPES[v])).chain(LABELS.map(mood)).collect()));
static VOWEL_FIT: LazyLock<Fit> =
    LazyLock::new(|| Fit::new(VOWEL_PLACES.map(|v| spread(SHAPES[v])).into_iter().chain(LABELS.map(mood)).collect()));

fn spread(mix: Mix) -> Coefficients {
    let mut out = [0.0; COUNT];
    mix.iter().for_each(|&(i, w)| out[i] = w);
    out
}

/// The coefficients of a silent face with a mood.
fn mood(label: Label) -> Coefficients {
    let still = vector::pack(&[0.0; COUNT], Default::default(), Default::default());
    vector::unpack(&expression::express(&still, &label.at(1.0), 1.0)).0
}

/// A fit without negative weights: minimises |A·w − x|² + λ|w|₁ + μ|w|² by cyclic coordinate descent, whose
/// steps are exact in each weight (Friedman, Hastie and Tibshirani 2010).
struct Fit {
    atoms: Vec<Coefficients>,
    /// Inner products of the atoms.
    gram: Vec<Vec<f32>>,
}

impl Fit {
    const SWEEPS: usize = 40;
    /// λ: few sounds at a time; μ: sounds that are alike share.
    const SPARSE: f32 = 0.002;
    const RIDGE: f32 = 0.002;

    fn new(mut atoms: Vec<Coefficients>) -> Fit {
        for atom in &mut atoms {
            atom.iter_mut().zip(importance()).for_each(|(a, w)| *a *= w);
        }
        let dot = |a: &Coefficients, b: &Coefficients| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        let gram = atoms.iter().map(|a| atoms.iter().map(|b| dot(a, b)).collect()).collect();
        Fit { atoms, gram }
    }

    fn weights(&self, face: &Coefficients) -> Vec<f32> {
        let finite = |x: f32| if x.is_finite() { x.clamp(0.0, 1.0) } else { 0.0 };
        let target: Vec<f32> = face.iter().zip(importance()).map(|(x, w)| finite(*x) * w).collect();
        let aim: Vec<f32> = self.atoms.iter().map(|a| a.iter().zip(&target).map(|(x, y)| x * y).sum()).collect();
        let mut weights = vec![0.0f32; self.atoms.len()];
        for _ in 0..Self::SWEEPS {
            for i in 0..weights.len() {
                let others: f32 = self.gram[i].iter().zip(&weights).map(|(g, w)| g * w).sum::<f32>() - self.gram[i][i] * weights[i];
                weights[i] = ((aim[i] - others - Self::SPARSE) / (self.gram[i][i] + Self::RIDGE)).clamp(0.0, 1.0);
            }
        }
        weights
    }
}

/// How much each coefficient counts: lips and jaw tell sounds, lids and gaze tell neither sounds nor moods.
fn importance() -> impl Iterator<Item = f32> {
    (0..COUNT).map(|i| match i {
        id::JAW_OPEN => 1.5,
        id::EYE_BLINK_LEFT | id::EYE_BLINK_RIGHT => 0.0,
        _ if (id::EYE_LOOK_DOWN_LEFT..=id::EYE_LOOK_UP_LEFT).contains(&i) => 0.0,
        _ if (id::EYE_LOOK_DOWN_RIGHT..=id::EYE_LOOK_UP_RIGHT).contains(&i) => 0.0,
        _ => 1.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_viseme_is_read_as_itself() {
        for (v, name) in NAMES.iter().enumerate() {
            let reading = read(&spread(SHAPES[v]));
            let best = (0..15).max_by(|a, b| reading.visemes[*a].total_cmp(&reading.visemes[*b])).unwrap();
            assert_eq!(NAMES[best], *name, "{:?}", reading.visemes);
            assert!(reading.visemes[v] > 0.55, "{name}: {:?}", reading.visemes);
            assert!((reading.visemes.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
    }

    #[test]
    fn each_mood_is_read_as_itself_and_makes_no_sound() {
        for (m, name) in MOODS.iter().enumerate() {
            let reading = read(&mood(LABELS[m]));
            let best = (0..5).max_by(|a, b| reading.moods[*a].total_cmp(&reading.moods[*b])).unwrap();
            assert_eq!(MOODS[best], *name, "{:?}", reading.moods);
            assert!(reading.visemes[0] > 0.6, "{name}: {:?}", reading.visemes);
        }
    }

    #[test]
    fn a_happy_vowel_is_both() {
        let mut face = mood(Label::Happy);
        SHAPES[10].iter().for_each(|&(i, w)| face[i] = (face[i] + w).min(1.0));
        let reading = read(&face);
        assert!(reading.moods[0] > 0.6 && reading.visemes[10] > 0.4 && reading.vowels[0] > 0.5, "{reading:?}");
    }

    #[test]
    fn any_numbers_are_read() {
        for x in [f32::NAN, f32::INFINITY, -1.0, 1.0] {
            let reading = read(&[x; COUNT]);
            let all = reading.visemes.iter().chain(&reading.moods).chain(&reading.vowels);
            assert!(all.clone().all(|w| (0.0..=1.0).contains(w)), "{reading:?}");
        }
    }
}
