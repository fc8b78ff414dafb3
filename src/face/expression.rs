//! What an emotion does to a speaking face, as offsets of coefficients and head, and how they join speech.
//!
//! The mixes follow the prototypes of the Facial Action Coding System (Ekman, Friesen and Hager 2002; EMFACS: happiness 6+12,
//! sadness 1+4+15, anger 4+5+7+23, fear 1+2+4+5+20, surprise 1+2+5+26, disgust 9+15+16, contempt a one-sided 12+14). They teach
//! the model, which adds the dynamics; the mouth part is held back so that speech stays readable, and lips that meet keep meeting.

use super::articulation::{gap_mm, set_gap};
use super::coefficients::{COUNT, Coefficients, id};
use super::vector::{self, Row};
use crate::emotion::{Label, Point, mixture};

/// A shape that an expression adds to, on one side of the face or on both.
struct Shape {
    left: usize,
    right: Option<usize>,
    offset: f32,
}

const fn both(left: usize, right: usize, offset: f32) -> Shape {
    Shape { left, right: Some(right), offset }
}

const fn one(coefficient: usize, offset: f32) -> Shape {
    Shape { left: coefficient, right: None, offset }
}

/// What one label does at intensity 1.
struct Expression {
    shapes: &'static [Shape],
    /// Factor on the lip gap, and millimetres added where the lips are apart.
    openness: (f32, f32),
    /// Head pitch and roll, gaze pitch, radians.
    head: [f32; 3],
}

const HAPPY: &[Shape] = &[
    both(id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT, 0.62),
    both(id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT, 0.6),
    both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, 0.2),
    both(id::MOUTH_UPPER_UP_LEFT, id::MOUTH_UPPER_UP_RIGHT, 0.18),
    both(id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT, 0.18),
    both(id::MOUTH_DIMPLE_LEFT, id::MOUTH_DIMPLE_RIGHT, 0.15),
    one(id::BROW_INNER_UP, 0.1),
];
const SAD: &[Shape] = &[
    both(id::MOUTH_FROWN_LEFT, id::MOUTH_FROWN_RIGHT, 0.6),
    both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, 0.12),
    both(id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT, 0.12),
    both(id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT, 0.1),
    both(id::MOUTH_PRESS_LEFT, id::MOUTH_PRESS_RIGHT, 0.05),
    one(id::BROW_INNER_UP, 0.85),
    one(id::MOUTH_SHRUG_LOWER, 0.25),
];
const ANGRY: &[Shape] = &[
    both(id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT, 0.9),
    both(id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT, 0.4),
    both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, 0.2),
    both(id::NOSE_SNEER_LEFT, id::NOSE_SNEER_RIGHT, 0.15),
    both(id::MOUTH_FROWN_LEFT, id::MOUTH_FROWN_RIGHT, 0.22),
    both(id::MOUTH_PRESS_LEFT, id::MOUTH_PRESS_RIGHT, 0.25),
    both(id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT, 0.12),
    one(id::JAW_FORWARD, 0.2),
];
const FEARFUL: &[Shape] = &[
    both(id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT, 0.4),
    both(id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT, 0.25),
    both(id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT, 0.85),
    both(id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT, 0.5),
    one(id::BROW_INNER_UP, 0.85),
];
const DISGUST: &[Shape] = &[
    one(id::NOSE_SNEER_LEFT, 0.9),
    one(id::NOSE_SNEER_RIGHT, 0.8),
    both(id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT, 0.5),
    both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, 0.5),
    both(id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT, 0.35),
    one(id::MOUTH_UPPER_UP_LEFT, 0.45),
    one(id::MOUTH_UPPER_UP_RIGHT, 0.3),
    both(id::MOUTH_FROWN_LEFT, id::MOUTH_FROWN_RIGHT, 0.4),
    one(id::MOUTH_SHRUG_LOWER, 0.15),
];
const SURPRISED: &[Shape] = &[
    both(id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT, 0.9),
    both(id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT, 0.8),
    one(id::BROW_INNER_UP, 0.8),
];
const CONTEMPT: &[Shape] = &[
    one(id::MOUTH_SMILE_LEFT, 0.45),
    one(id::MOUTH_DIMPLE_LEFT, 0.55),
    one(id::MOUTH_DIMPLE_RIGHT, 0.1),
    one(id::CHEEK_SQUINT_LEFT, 0.25),
    one(id::BROW_OUTER_UP_LEFT, 0.35),
    both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, 0.3),
    both(id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT, 0.1),
];
const CALM: &[Shape] = &[
    both(id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT, 0.12),
    both(id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT, 0.08),
    both(id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, 0.05),
];

impl Expression {
    const fn of(label: Label) -> Expression {
        let (shapes, openness, head): (&[Shape], _, _) = match label {
            Label::Neutral => (&[], (1.0, 0.0), [0.0; 3]),
            Label::Calm => (CALM, (0.9, 0.0), [0.0; 3]),
            Label::Happy => (HAPPY, (1.25, 1.0), [-0.05, 0.0, 0.0]),
            Label::Sad => (SAD, (0.9, 0.0), [0.14, 0.03, 0.1]),
            Label::Angry => (ANGRY, (1.25, 0.5), [0.07, 0.0, -0.03]),
            Label::Fearful => (FEARFUL, (1.15, 1.0), [-0.02, 0.0, 0.0]),
            Label::Disgust => (DISGUST, (1.1, 0.5), [-0.05, 0.04, 0.03]),
            Label::Surprised => (SURPRISED, (1.15, 1.0), [-0.06, 0.0, 0.0]),
            Label::Contempt => (CONTEMPT, (0.9, 0.0), [-0.08, 0.05, 0.05]),
        };
        Expression { shapes, openness, head }
    }
}

/// Adds a point of the emotion space to a row of speaking motion. `swing` (about 1) is how far the expression is out just now.
pub fn express(row: &Row, point: &Point, swing: f32) -> Row {
    let weights = mixture(point);
    let (mut face, mut head, mut gaze) = vector::unpack(row);
    let mut gap = gap_mm(&face).max(0.0);
    let (mut factor, mut apart) = (1.0, 0.0);
    for label in &Label::ALL[1..] {
        let weight = weights[*label as usize];
        if weight <= 0.0 {
            continue;
        }
        let expression = Expression::of(*label);
        for shape in expression.shapes {
            for c in [Some(shape.left), shape.right].into_iter().flatten() {
                face[c] = (face[c] + weight * swing * shape.offset).clamp(0.0, 1.0);
            }
        }
        factor += weight * (expression.openness.0 - 1.0);
        apart += weight * expression.openness.1;
        head.pitch += weight * expression.head[0];
        head.roll += weight * expression.head[1];
        gaze.pitch += weight * expression.head[2];
    }
    // Lips that meet keep meeting: the added gap fades in over the first two millimetres.
    gap = gap * factor.max(0.3) + apart * gap / (gap + 2.0);
    set_gap(&mut face, gap);
    vector::pack(&face, head, gaze)
}

/// How far lips open under a point, over how far they do in neutral speech: strong feelings are articulated with more jaw (Erickson,
/// Fujimura and Pardo 1998, "Articulatory correlates of prosodic control: emotion and emphasis", Language and Speech 41; Lee et al. 2005,
/// "An articulatory study of emotional speech production", Interspeech).
pub fn openness(point: &Point) -> f32 {
    let weights = mixture(point);
    let more: f32 = Label::ALL[1..].iter().map(|label| weights[*label as usize] * (Expression::of(*label).openness.0 - 1.0)).sum();
    (1.0 + more).clamp(0.5, 1.5)
}

/// How far the head goes down (+) at intensity 1 of a label, radians.
pub fn head_pitch(label: Label) -> f32 {
    Expression::of(label).head[0]
}

/// What the expression of a label moves on a face at rest, as far as the other one does not move it more.
pub fn pattern(label: Label, other: Option<Label>) -> Coefficients {
    let rest = vector::pack(&[0.0; COUNT], Default::default(), Default::default());
    let of = |label: Label| vector::unpack(&express(&rest, &label.mean(), 1.0)).0;
    let (own, other) = (of(label), other.map_or([0.0; COUNT], of));
    std::array::from_fn(|c| if own[c] >= other[c] { own[c] } else { 0.0 })
}

/// How much of a pattern a face shows: its projection, 1 for the whole.
pub fn shown(face: &Coefficients, pattern: &Coefficients) -> f32 {
    let dot: f32 = face.iter().zip(pattern).map(|(a, b)| a * b).sum();
    dot / pattern.iter().map(|v| v * v).sum::<f32>().max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still(point: &Point) -> Coefficients {
        let rest = vector::pack(&[0.0; COUNT], Default::default(), Default::default());
        vector::unpack(&express(&rest, point, 1.0)).0
    }

    #[test]
    fn closed_lips_stay_closed_and_open_lips_open_with_every_emotion() {
        let mut face = [0.0; COUNT];
        let closed = vector::pack(&face, Default::default(), Default::default());
        face[id::JAW_OPEN] = 0.3;
        let open = vector::pack(&face, Default::default(), Default::default());
        for label in Label::ALL {
            let gap = |row: &Row| gap_mm(&vector::unpack(&express(row, &label.at(1.5), 1.2)).0);
            assert!(gap(&closed) < 0.2, "{label:?} parts closed lips by {}", gap(&closed));
            assert!(gap(&open) > 4.0, "{label:?} shuts open lips to {}", gap(&open));
        }
    }

    #[test]
    fn every_label_looks_unlike_every_other() {
        for a in Label::ALL {
            for b in Label::ALL {
                let distance: f32 = still(&a.at(1.0)).iter().zip(still(&b.at(1.0))).map(|(x, y)| (x - y).abs()).sum();
                assert!(a == b || distance > 0.3, "{a:?} and {b:?} differ by {distance}");
            }
        }
    }
}
