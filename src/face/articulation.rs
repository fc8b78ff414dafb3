//! How far the lips are apart, from coefficients and back.
//!
//! Blend shapes are linear, so the gap between the inner lips (keypoints 62 and 66 on the built-in actor) is a weighted
//! sum of coefficients, cut at contact. Solving it backwards turns a measured gap into coefficients, and lets the model
//! close the lips exactly whatever the expression.

use super::coefficients::{Coefficients, id};

/// Millimetres of lip gap for a coefficient of 1.
const GAINS: [(usize, f32); 12] = [
    (id::JAW_OPEN, JAW_MM),
    (id::MOUTH_CLOSE, -JAW_MM),
    (id::MOUTH_FUNNEL, 11.5),
    (id::MOUTH_PUCKER, 0.9),
    (id::MOUTH_LOWER_DOWN_LEFT, LIP_MM),
    (id::MOUTH_LOWER_DOWN_RIGHT, LIP_MM),
    (id::MOUTH_UPPER_UP_LEFT, LIP_MM),
    (id::MOUTH_UPPER_UP_RIGHT, LIP_MM),
    (id::MOUTH_SHRUG_LOWER, -2.9),
    (id::MOUTH_SHRUG_UPPER, 2.7),
    (id::MOUTH_PRESS_LEFT, -1.2),
    (id::MOUTH_PRESS_RIGHT, -1.2),
];
/// Gap of jawOpen alone.
const JAW_MM: f32 = 27.0;
/// Gap of one side of one lip.
const LIP_MM: f32 = 3.1;

/// Distance of the inner lips in millimetres; negative where the lips are pressed together.
pub fn gap_mm(face: &Coefficients) -> f32 {
    GAINS.iter().map(|(i, mm)| face[*i] * mm).sum()
}

/// Millimetres that a coefficient of 1 moves the inner edge of the lower lip down on the built-in actor.
const DROPS: [(usize, f32); 12] = [
    (id::JAW_OPEN, JAW_MM),
    (id::MOUTH_CLOSE, -15.7),
    (id::MOUTH_FUNNEL, 6.2),
    (id::MOUTH_PUCKER, -0.5),
    (id::MOUTH_ROLL_LOWER, -0.7),
    (id::MOUTH_SHRUG_LOWER, -2.9),
    (id::MOUTH_PRESS_LEFT, -0.8),
    (id::MOUTH_PRESS_RIGHT, -0.8),
    (id::MOUTH_LOWER_DOWN_LEFT, LIP_MM),
    (id::MOUTH_LOWER_DOWN_RIGHT, LIP_MM),
    (id::MOUTH_SMILE_LEFT, -0.5),
    (id::MOUTH_SMILE_RIGHT, -0.5),
];
/// The edge of the upper teeth stands this far under the line where closed lips meet.
const TEETH_MM: f32 = 1.3;

/// Millimetres between the lower lip and the edge of the upper teeth; 0 where it touches or covers them.
pub fn lip_to_teeth_mm(face: &Coefficients) -> f32 {
    (DROPS.iter().map(|(i, mm)| face[*i] * mm).sum::<f32>() - TEETH_MM).max(0.0)
}

/// What the lips must do for a sound, each 0..=1: how sure it is that they meet, that the lower one finds the upper teeth, and that they
/// are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contact {
    pub closed: f32,
    pub teeth: f32,
    pub apart: f32,
}

/// Share of a contact's movement that the lips have made at it and one frame before and after: recorded lips swing into a contact and
/// out of it.
const NEAR: [f32; 2] = [1.0, 0.5];

/// Frames, 30 a second, by which a contact may be made earlier or later than it is heard most surely.
pub const SLACK: usize = 2;

/// Bends faces, a frame each, to the contacts that their sounds ask for.
pub fn meet(faces: &mut [Coefficients], contacts: &[Contact]) {
    let frames = faces.len().min(contacts.len());
    let around = |n: usize, part: &dyn Fn(usize) -> f32| -> f32 {
        (n.saturating_sub(1)..(n + 2).min(frames)).map(|k| NEAR[n.abs_diff(k)] * part(k)).fold(0.0, f32::max)
    };
    let gaps: Vec<f32> = faces.iter().map(|face| gap_mm(face).max(0.0)).collect();
    let contacts = settle(&contacts[..frames], &gaps);
    let pulled = |k: usize| (contacts[k].closed * gaps[k]).max(contacts[k].teeth * (gaps[k] - TEETH_GAP));
    for n in 0..frames {
        let (closed, teeth) = (around(n, &|k| contacts[k].closed), around(n, &|k| contacts[k].teeth));
        let apart = APART_GAP * contacts[n].apart * (1.0 - closed) * (1.0 - teeth);
        let wanted = (gaps[n] - around(n, &pulled)).max(apart);
        bite(&mut faces[n], teeth, wanted);
        if wanted != gaps[n] || teeth > 0.0 {
            set_gap(&mut faces[n], wanted);
        }
    }
}

/// Moves contacts to the frame near theirs in which the lips are nearest already: what the model has learned of their path tells better
/// than the sound when they meet.
fn settle(contacts: &[Contact], gaps: &[f32]) -> Vec<Contact> {
    let mut settled: Vec<Contact> = contacts.iter().map(|c| Contact { apart: c.apart, ..Contact::default() }).collect();
    for (n, contact) in contacts.iter().enumerate().filter(|(_, c)| c.closed.max(c.teeth) > 0.0) {
        let near = n.saturating_sub(SLACK)..(n + SLACK + 1).min(gaps.len());
        let place = near.min_by(|a, b| gaps[*a].total_cmp(&gaps[*b])).unwrap_or(n);
        settled[place].closed = settled[place].closed.max(contact.closed);
        settled[place].teeth = settled[place].teeth.max(contact.teeth);
    }
    settled
}

/// An "f" lifts the jaw and turns the lower lip in; the upper lip rises off the teeth, towards a gap.
fn bite(face: &mut Coefficients, teeth: f32, gap: f32) {
    if teeth > 0.0 {
        face[id::JAW_OPEN] *= 1.0 - 0.85 * teeth;
        for lip in [id::MOUTH_LOWER_DOWN_LEFT, id::MOUTH_LOWER_DOWN_RIGHT] {
            face[lip] *= 1.0 - teeth;
        }
        face[id::MOUTH_ROLL_LOWER] = face[id::MOUTH_ROLL_LOWER].max(0.35 * teeth);
        let raised = ((gap - gap_mm(face)) / (2.0 * LIP_MM)).clamp(0.0, MOST_RAISED * teeth);
        for lip in [id::MOUTH_UPPER_UP_LEFT, id::MOUTH_UPPER_UP_RIGHT] {
            face[lip] = (face[lip] + raised).min(1.0);
        }
    }
}

/// How far an "f" raises the upper lip at most.
const MOST_RAISED: f32 = 0.3;
/// Lip gap of an "f" in millimetres: the edge of the teeth shows.
const TEETH_GAP: f32 = 3.2;
/// Least lip gap of a vowel in millimetres.
const APART_GAP: f32 = 2.2;

/// Width of the mouth relative to rest, from the shapes that stretch and narrow it (about -1..=1).
pub fn width(face: &Coefficients) -> f32 {
    let sides = |l: usize, r: usize| 0.5 * (face[l] + face[r]);
    sides(id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT) + sides(id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT)
        - face[id::MOUTH_PUCKER]
        - 0.6 * face[id::MOUTH_FUNNEL]
}

/// Rounding of the lips, 0..=1.
pub fn rounding(face: &Coefficients) -> f32 {
    (face[id::MOUTH_PUCKER] + face[id::MOUTH_FUNNEL]).min(1.0)
}

/// Moves the lips to a gap: opens with the jaw (and a little of the lower lip) what is missing, closes with mouthClose what it gives too much,
/// and takes back lip raises that alone would keep the lips apart.
pub fn set_gap(face: &mut Coefficients, gap: f32) {
    let gap = gap.max(0.0);
    face[id::MOUTH_CLOSE] = 0.0;
    let excess = gap_mm(face) - gap;
    if excess > 0.0 {
        let closing = (excess / JAW_MM).min(face[id::JAW_OPEN]);
        face[id::MOUTH_CLOSE] = closing;
        take_back_lips(face, excess - closing * JAW_MM);
    } else {
        // The jaw opens a mouth; the lower lip helps.
        let missing = -excess;
        face[id::JAW_OPEN] = (face[id::JAW_OPEN] + JAW_SHARE * missing / JAW_MM).min(1.0);
        for lip in [id::MOUTH_LOWER_DOWN_LEFT, id::MOUTH_LOWER_DOWN_RIGHT] {
            face[lip] = (face[lip] + (1.0 - JAW_SHARE) * missing / (2.0 * LIP_MM)).min(1.0);
        }
    }
}

/// Share of a wider opening that the jaw gives.
const JAW_SHARE: f32 = 0.75;

const LIPS: [usize; 4] = [id::MOUTH_LOWER_DOWN_LEFT, id::MOUTH_LOWER_DOWN_RIGHT, id::MOUTH_UPPER_UP_LEFT, id::MOUTH_UPPER_UP_RIGHT];

/// Takes back lip raises first; what rounding still keeps apart is turned from a funnel, which is open, into a pucker, which is not:
/// a narrow "oo" stays round.
fn take_back_lips(face: &mut Coefficients, mut millimetres: f32) {
    const RAISES: [usize; 5] = [LIPS[0], LIPS[1], LIPS[2], LIPS[3], id::MOUTH_SHRUG_UPPER];
    let open: f32 = RAISES.iter().map(|i| face[*i] * gain(*i)).sum();
    if open > 0.0 && millimetres > 0.0 {
        let taken = millimetres.min(open);
        RAISES.iter().for_each(|i| face[*i] *= 1.0 - taken / open);
        millimetres -= taken;
    }
    let turned = (millimetres / (gain(id::MOUTH_FUNNEL) - gain(id::MOUTH_PUCKER))).clamp(0.0, face[id::MOUTH_FUNNEL]);
    face[id::MOUTH_FUNNEL] -= turned;
    face[id::MOUTH_PUCKER] = (face[id::MOUTH_PUCKER] + turned).min(1.0);
    // A full pucker leaves a crack; pressing the lips closes it.
    let crack = gain(id::MOUTH_PUCKER) * face[id::MOUTH_PUCKER];
    let rest = (millimetres - turned * (gain(id::MOUTH_FUNNEL) - gain(id::MOUTH_PUCKER))).min(crack);
    if rest > 1e-6 {
        let pressed = rest / (2.0 * -gain(id::MOUTH_PRESS_LEFT));
        for side in [id::MOUTH_PRESS_LEFT, id::MOUTH_PRESS_RIGHT] {
            face[side] = (face[side] + pressed).min(1.0);
        }
    }
}

/// Millimetres of lip gap for a coefficient of 1.
fn gain(coefficient: usize) -> f32 {
    GAINS.iter().find(|(c, _)| *c == coefficient).map_or(0.0, |(_, mm)| *mm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::COUNT;
    use std::slice;

    #[test]
    fn a_contact_is_made_where_the_lips_are_nearest() {
        let open = |jaw: f32| {
            let mut face = [0.0; COUNT];
            face[id::JAW_OPEN] = jaw;
            face
        };
        let mut faces = [0.4, 0.4, 0.3, 0.2, 0.4, 0.4].map(open);
        let mut contacts = [Contact::default(); 6];
        contacts[2].closed = 1.0;
        meet(&mut faces, &contacts);
        assert!(gap_mm(&faces[3]).abs() < 1e-3, "the lips meet a frame later, where they were nearest");
        assert!(gap_mm(&faces[2]) > 3.0 && gap_mm(&faces[2]) < gap_mm(&open(0.3)), "and are on their way there before");
        assert_eq!(faces[0], open(0.4));
    }

    #[test]
    fn lips_meet_and_the_lower_lip_finds_the_teeth() {
        for jaw in [0.1, 0.3, 0.6] {
            let mut open = [0.0; COUNT];
            (open[id::JAW_OPEN], open[id::MOUTH_FUNNEL]) = (jaw, 0.2);
            (open[id::MOUTH_LOWER_DOWN_LEFT], open[id::MOUTH_LOWER_DOWN_RIGHT]) = (0.3, 0.3);
            let (mut b, mut f) = (open, open);
            meet(slice::from_mut(&mut b), &[Contact { closed: 1.0, apart: 1.0, ..Contact::default() }]);
            meet(slice::from_mut(&mut f), &[Contact { teeth: 1.0, ..Contact::default() }]);
            assert!(gap_mm(&b).abs() < 1e-3, "jaw {jaw}: {}", gap_mm(&b));
            assert!(lip_to_teeth_mm(&f) < 2.0 && gap_mm(&f) > 0.5, "jaw {jaw}: {} {}", lip_to_teeth_mm(&f), gap_mm(&f));
            assert!(lip_to_teeth_mm(&open) > 4.0);
            meet(slice::from_mut(&mut open), &[Contact::default()]);
            assert!((open[id::JAW_OPEN] - jaw).abs() < 1e-6, "nothing asked, nothing changed");
        }
        let mut shut = [0.0; COUNT];
        meet(slice::from_mut(&mut shut), &[Contact { apart: 1.0, ..Contact::default() }]);
        assert!((gap_mm(&shut) - APART_GAP).abs() < 1e-3);
    }

    #[test]
    fn every_gap_is_met_whatever_the_expression() {
        let mut smile = [0.0; COUNT];
        smile[id::MOUTH_UPPER_UP_LEFT] = 0.5;
        smile[id::MOUTH_UPPER_UP_RIGHT] = 0.4;
        smile[id::MOUTH_FUNNEL] = 0.3;
        for jaw in [0.0, 0.2, 0.6] {
            for gap in [0.0, 2.0, 6.0] {
                let mut face = smile;
                face[id::JAW_OPEN] = jaw;
                set_gap(&mut face, gap);
                assert!((gap_mm(&face) - gap).abs() < 1e-3, "jaw {jaw} gap {gap}: {}", gap_mm(&face));
                assert!(face.iter().all(|c| (0.0..=1.0).contains(c)));
                assert!(face[id::MOUTH_CLOSE] <= face[id::JAW_OPEN]);
            }
        }
    }
}
