//! How an emotion shows in the body's manner of moving, whatever it is moving for.
//!
//! The parameters extend those of Hartmann, Mancini and Pelachaud (2006, <https://doi.org/10.1007/11678816_22>): overall
//! activation, spatial extent, temporal extent, fluidity, power, repetition. Directions and sizes of happy, angry, sad and
//! calm follow ratios measured on acted, styled motion, compressed to about their square root because actors exaggerate, but for
//! the height of joyful and angry hands, and joy's other ratios, which are small so that height tells it from anger;
//! fear, disgust, surprise and contempt follow the descriptions of Wallbott (1998,
//! <https://doi.org/10.1002/(SICI)1099-0992(1998110)28:6%3C879::AID-EJSP901%3E3.0.CO;2-W>) and are not measured.

use crate::emotion::{self, Label, Point};

/// A manner of moving. Ratios are to neutral; [`Expressivity::default`] is neutral.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expressivity {
    /// Ratio: size of strokes.
    pub extent: f32,
    /// Metres: how much higher the hands gesture.
    pub height: f32,
    /// Ratio: speed of the whole.
    pub tempo: f32,
    /// Ratio: peak speed and attack of strokes.
    pub power: f32,
    /// Ratio: how far one movement flows into the next.
    pub fluidity: f32,
    /// Ratio: strokes per gesture.
    pub repetition: f32,
    /// Ratio: how often one gestures at all.
    pub activity: f32,
    /// Degrees: the torso bends forward (+) or back (-).
    pub lean: f32,
    /// Degrees: the head hangs (+) or rises (-).
    pub head: f32,
    /// Ratio: distance of hands and elbows from the body.
    pub openness: f32,
}

/// Labels with extent, height, tempo, power, fluidity, repetition, activity, lean, head, openness.
#[rustfmt::skip]
const LABELS: [(&str, [f32; Expressivity::COUNT]); 9] = [
    ("neutral",   [1.00,  0.00, 1.00, 1.0, 1.00, 1.00, 1.00,  0.0,  0.0, 1.00]),
    ("calm",      [0.85, -0.04, 0.80, 0.7, 1.30, 0.85, 0.80,  0.0,  1.0, 1.00]),
    ("happy",     [1.03,  0.10, 1.04, 1.3, 1.00, 1.15, 1.10,  0.0, -5.0, 0.92]),
    ("sad",       [0.70, -0.10, 0.65, 0.5, 1.35, 0.70, 0.55,  5.0, 16.0, 0.78]),
    ("angry",     [1.25,  0.12, 1.30, 1.5, 0.75, 1.30, 1.25,  7.0,  1.0, 1.08]),
    ("fearful",   [0.75,  0.05, 1.10, 0.9, 0.80, 0.90, 0.70, -4.0,  6.0, 0.60]),
    ("disgust",   [0.85, -0.04, 0.90, 1.0, 1.00, 0.80, 0.80, -4.0, -3.0, 0.90]),
    ("surprised", [1.20,  0.10, 1.20, 1.3, 0.90, 0.90, 1.00, -3.0, -5.0, 1.20]),
    ("contempt",  [0.80, -0.04, 0.80, 0.8, 1.10, 0.70, 0.65, -4.0, -6.0, 1.00]),
];

/// Bounds of each parameter, in the same order: what the planner and the joints can follow.
#[rustfmt::skip]
const BOUNDS: [(f32, f32); Expressivity::COUNT] = [
    (0.3, 1.6), (-0.20, 0.20), (0.4, 1.7), (0.3, 2.2), (0.4, 1.8), (0.3, 1.8), (0.2, 1.6), (-10.0, 20.0), (-15.0, 25.0), (0.4, 1.5),
];

impl Expressivity {
    /// Number of parameters.
    pub(super) const COUNT: usize = 10;

    /// The manner that goes with a label (`neutral`, `calm`, `happy`, `sad`, `angry`, `fearful`, `disgust`, `surprised`,
    /// `contempt`), at full strength.
    pub fn of(label: &str) -> Option<Expressivity> {
        LABELS.iter().find(|(name, _)| *name == label).map(|(_, values)| Expressivity::from(*values))
    }

    /// Neutral plus the difference of every label from neutral times its strength (usually 0..=1.5; negative leads away).
    /// Labels that do not exist add nothing; the sum is bounded to what a body can do.
    pub fn mix<'a>(weights: impl IntoIterator<Item = (&'a str, f32)>) -> Expressivity {
        let neutral = Expressivity::default().values();
        let mut sum = neutral;
        for (label, strength) in weights {
            let Some(full) = Expressivity::of(label) else { continue };
            let strength = if strength.is_finite() { strength } else { 0.0 };
            for ((sum, full), neutral) in sum.iter_mut().zip(full.values()).zip(neutral) {
                *sum += strength * (full - neutral);
            }
        }
        Expressivity::from(sum).bounded()
    }

    /// The manner of a point of the emotion space.
    pub fn at(point: &Point) -> Expressivity {
        let weights = emotion::mixture(point);
        Expressivity::mix(Label::ALL.iter().zip(weights).map(|(label, weight)| (label.name(), weight)))
    }

    /// With every parameter inside its bounds, and neutral where it is not a number.
    pub fn bounded(self) -> Expressivity {
        let neutral = Expressivity::default().values();
        let mut values = self.values();
        for ((value, (low, high)), neutral) in values.iter_mut().zip(BOUNDS).zip(neutral) {
            *value = if value.is_nan() { neutral } else { value.clamp(low, high) };
        }
        Expressivity::from(values)
    }

    pub(super) fn values(self) -> [f32; Expressivity::COUNT] {
        let Expressivity { extent, height, tempo, power, fluidity, repetition, activity, lean, head, openness } = self;
        [extent, height, tempo, power, fluidity, repetition, activity, lean, head, openness]
    }
}

impl From<[f32; Expressivity::COUNT]> for Expressivity {
    fn from(values: [f32; Expressivity::COUNT]) -> Expressivity {
        let [extent, height, tempo, power, fluidity, repetition, activity, lean, head, openness] = values;
        Expressivity { extent, height, tempo, power, fluidity, repetition, activity, lean, head, openness }
    }
}

impl Default for Expressivity {
    fn default() -> Self {
        Expressivity::from(LABELS[0].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_label_stands_half_way() {
        let half = Expressivity::mix([("sad", 0.5)]);
        assert!((half.head - 8.0).abs() < 1e-5 && (half.tempo - 0.825).abs() < 1e-5);
        assert_eq!(Expressivity::mix([]), Expressivity::default());
        assert_eq!(Expressivity::mix([("no such label", 1.0), ("happy", f32::NAN)]), Expressivity::default());
    }

    #[test]
    fn too_much_is_bounded() {
        let wild = Expressivity::mix([("angry", 1e9), ("sad", -1e9)]);
        assert_eq!(wild, wild.bounded());
    }
}
