//! What an emotion does to a speaking face, as offsets of coefficients and head, and how they join speech.
//!
//! The mixes follow the prototypes of the Facial Action Coding System (Ekman, Friesen and Hager 2002; EMFACS: happiness 6+12,
//! sadness 1+4+15, anger 4+5+7+23, fear 1+2+4+5+20, surprise 1+2+5+26, disgust 9+15+16, contempt a one-sided 12+14). They teach
//! the model, which adds the dynamics; the mouth part is held back so that speech stays readable, and lips that meet keep meeting.

use super::articulation::{gap_mm, set_gap};
use super::coefficients::{self, id};
use super::vector::{self, Row};
use crate::emotion::{Label, Point, mixture};

/// Offsets of one label at intensity 1.
struct Expression {
    /// (coefficient, offset), both sides spelled out.
    shapes: &'static [(usize, f32)],
    /// Factor on the lip gap, and millimetres added where the lips are apart.
    openness: (f32, f32),
    /// Head pitch and roll, gaze pitch, radians.
    head: [f32; 3],
}

macro_rules! both {
    ($left:ident, $right:ident, $v:expr) => {
        [(id::$left, $v), (id::$right, $v)]
    };
}

const fn join<const N: usize>(pairs: [[(usize, f32); 2]; N]) -> [[(usize, f32); 2]; N] {
    pairs
}

static HAPPY: [[(usize, f32); 2]; 7] = join([
    both!(MOUTH_SMILE_LEFT, MOUTH_SMILE_RIGHT, 0.62),
    both!(CHEEK_SQUINT_LEFT, CHEEK_SQUINT_RIGHT, 0.6),
    both!(EYE_SQUINT_LEFT, EYE_SQUINT_RIGHT, 0.2),
    both!(MOUTH_UPPER_UP_LEFT, MOUTH_UPPER_UP_RIGHT, 0.18),
    both!(BROW_OUTER_UP_LEFT, BROW_OUTER_UP_RIGHT, 0.18),
    both!(MOUTH_DIMPLE_LEFT, MOUTH_DIMPLE_RIGHT, 0.15),
    [(id::BROW_INNER_UP, 0.1), (id::CHEEK_PUFF, 0.0)],
]);
static SAD: [[(usize, f32); 2]; 6] = join([
    both!(MOUTH_FROWN_LEFT, MOUTH_FROWN_RIGHT, 0.6),
    both!(EYE_SQUINT_LEFT, EYE_SQUINT_RIGHT, 0.12),
    both!(EYE_BLINK_LEFT, EYE_BLINK_RIGHT, 0.12),
    both!(BROW_DOWN_LEFT, BROW_DOWN_RIGHT, 0.1),
    both!(MOUTH_PRESS_LEFT, MOUTH_PRESS_RIGHT, 0.05),
    [(id::BROW_INNER_UP, 0.85), (id::MOUTH_SHRUG_LOWER, 0.25)],
]);
static ANGRY: [[(usize, f32); 2]; 8] = join([
    both!(BROW_DOWN_LEFT, BROW_DOWN_RIGHT, 0.9),
    both!(EYE_SQUINT_LEFT, EYE_SQUINT_RIGHT, 0.35),
    both!(EYE_WIDE_LEFT, EYE_WIDE_RIGHT, 0.25),
    both!(NOSE_SNEER_LEFT, NOSE_SNEER_RIGHT, 0.4),
    both!(MOUTH_FROWN_LEFT, MOUTH_FROWN_RIGHT, 0.3),
    both!(MOUTH_UPPER_UP_LEFT, MOUTH_UPPER_UP_RIGHT, 0.12),
    both!(MOUTH_STRETCH_LEFT, MOUTH_STRETCH_RIGHT, 0.15),
    [(id::JAW_FORWARD, 0.15), (id::MOUTH_SHRUG_LOWER, 0.1)],
]);
static FEARFUL: [[(usize, f32); 2]; 5] = join([
    both!(BROW_OUTER_UP_LEFT, BROW_OUTER_UP_RIGHT, 0.4),
    both!(BROW_DOWN_LEFT, BROW_DOWN_RIGHT, 0.25),
    both!(EYE_WIDE_LEFT, EYE_WIDE_RIGHT, 0.85),
    both!(MOUTH_STRETCH_LEFT, MOUTH_STRETCH_RIGHT, 0.5),
    [(id::BROW_INNER_UP, 0.85), (id::CHEEK_PUFF, 0.0)],
]);
static DISGUST: [[(usize, f32); 2]; 7] = join([
    [(id::NOSE_SNEER_LEFT, 0.9), (id::NOSE_SNEER_RIGHT, 0.8)],
    both!(BROW_DOWN_LEFT, BROW_DOWN_RIGHT, 0.5),
    both!(EYE_SQUINT_LEFT, EYE_SQUINT_RIGHT, 0.5),
    both!(CHEEK_SQUINT_LEFT, CHEEK_SQUINT_RIGHT, 0.35),
    [(id::MOUTH_UPPER_UP_LEFT, 0.45), (id::MOUTH_UPPER_UP_RIGHT, 0.3)],
    both!(MOUTH_FROWN_LEFT, MOUTH_FROWN_RIGHT, 0.4),
    [(id::MOUTH_SHRUG_LOWER, 0.15), (id::CHEEK_PUFF, 0.0)],
]);
static SURPRISED: [[(usize, f32); 2]; 3] = join([
    both!(BROW_OUTER_UP_LEFT, BROW_OUTER_UP_RIGHT, 0.9),
    both!(EYE_WIDE_LEFT, EYE_WIDE_RIGHT, 0.8),
    [(id::BROW_INNER_UP, 0.8), (id::CHEEK_PUFF, 0.0)],
]);
static CONTEMPT: [[(usize, f32); 2]; 5] = join([
    [(id::MOUTH_SMILE_LEFT, 0.45), (id::MOUTH_SMILE_RIGHT, 0.0)],
    [(id::MOUTH_DIMPLE_LEFT, 0.55), (id::MOUTH_DIMPLE_RIGHT, 0.1)],
    [(id::CHEEK_SQUINT_LEFT, 0.25), (id::BROW_OUTER_UP_LEFT, 0.35)],
    both!(EYE_SQUINT_LEFT, EYE_SQUINT_RIGHT, 0.3),
    both!(EYE_BLINK_LEFT, EYE_BLINK_RIGHT, 0.1),
]);
static CALM: [[(usize, f32); 2]; 3] = join([
    both!(MOUTH_SMILE_LEFT, MOUTH_SMILE_RIGHT, 0.12),
    both!(EYE_BLINK_LEFT, EYE_BLINK_RIGHT, 0.08),
    both!(EYE_SQUINT_LEFT, EYE_SQUINT_RIGHT, 0.05),
]);

impl Expression {
    fn of(label: Label) -> Expression {
        let (shapes, openness, head): (&'static [[(usize, f32); 2]], _, _) = match label {
            Label::Neutral => (&[], (1.0, 0.0), [0.0; 3]),
            Label::Calm => (&CALM, (0.9, 0.0), [0.0; 3]),
            Label::Happy => (&HAPPY, (1.1, 1.0), [-0.05, 0.0, 0.0]),
            Label::Sad => (&SAD, (0.75, 0.0), [0.14, 0.03, 0.1]),
            Label::Angry => (&ANGRY, (1.15, 0.5), [0.07, 0.0, -0.03]),
            Label::Fearful => (&FEARFUL, (0.95, 1.0), [-0.02, 0.0, 0.0]),
            Label::Disgust => (&DISGUST, (0.9, 0.5), [-0.05, 0.04, 0.03]),
            Label::Surprised => (&SURPRISED, (1.15, 3.0), [-0.06, 0.0, 0.0]),
            Label::Contempt => (&CONTEMPT, (0.9, 0.0), [-0.08, 0.05, 0.05]),
        };
        Expression { shapes: shapes.as_flattened(), openness, head }
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
        for (c, offset) in expression.shapes {
            face[*c] = (face[*c] + weight * swing * offset).clamp(0.0, 1.0);
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

/// The coefficients of a still face that feels `point`: what the model aims at between words.
pub fn still(point: &Point) -> super::Coefficients {
    let rest = [0.0; coefficients::COUNT];
    vector::unpack(&express(&vector::pack(&rest, Default::default(), Default::default()), point, 1.0)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_lips_stay_closed_and_open_lips_open_with_every_emotion() {
        let mut face = [0.0; coefficients::COUNT];
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
