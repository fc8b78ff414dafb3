//! Editing finished motion.
//!
//! An edit never makes a take anew. What changes between performing the words under the old direction and under the new one is
//! *added* to the take: differences for coefficients and angles, turns for joints. Where both performances agree to the bit, so does
//! the take before and after; earlier edits, and takes from elsewhere, keep what they have. A take that was performed under the old
//! direction and never touched becomes the performance under the new one.

use super::{Frame, Head, Performance, attach_head};
use crate::body::curves::smoothstep;
use crate::direction::{PARTS, Region};
use crate::face::articulation::{Contact, SLACK, gap_mm, set_gap};
use glam::Quat;
use std::ops::Range;

/// What an edit may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Parts of face and body; empty is everything. Here the gaze belongs to the eyes, hips and legs to the torso.
    pub regions: Vec<Region>,
    /// Seconds; nothing outside changes.
    pub span: Option<(f64, f64)>,
}

/// Seconds at either end of a span over which the edit comes and goes, at most a third of the span.
const BLEND: f64 = 0.3;
/// Lips this near count as closed, millimetres.
const CLOSED: f32 = 0.3;
/// Lips that are this much further apart, millimetres, are so by the rounding of numbers in files.
const ROUNDED: f32 = 0.01;
/// From this probability on speech asks for closed lips.
const ASKED: f32 = 0.5;

impl Scope {
    fn has(&self, part: Region) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|region| region.parts().contains(&part))
    }

    /// How much of the edit there is at a time of a take of `seconds`, 0..=1. At the take's own ends nothing has to blend.
    fn weight(&self, time: f64, seconds: f64) -> f32 {
        let Some((from, to)) = self.span else { return 1.0 };
        let blend = BLEND.min((to - from) / 3.0) as f32;
        if !(from..=to).contains(&time) || blend <= 0.0 {
            return 0.0;
        }
        let edge = |distance: f64, free: bool| if free { 1.0 } else { smoothstep(0.0, blend, distance as f32) };
        edge(time - from, from <= 0.0) * edge(to - time, to >= seconds)
    }
}

/// Adds to `take` what differs between `old` and `new`, both of the take's rate. `contacts` is what the words ask of the lips at
/// 30 frames a second: lips that meet for a sound keep meeting.
pub fn revise(take: &Performance, old: &Performance, new: &Performance, scope: &Scope, contacts: &[Contact]) -> Performance {
    // Under the new direction the lips may be nearest, and so meet, a frame or two earlier or later.
    let slack = (SLACK as f64 / 30.0 * take.fps).round() as usize;
    let meet = |n: usize| (n.saturating_sub(slack)..=n + slack).any(|k| at(new, k).is_some_and(|frame| gap_mm(&frame.face) < CLOSED));
    let frames = take.frames.iter().enumerate().map(|(n, given)| {
        let time = n as f64 / take.fps;
        let weight = scope.weight(time, take.seconds);
        let (Some(old), Some(new)) = (at(old, n), at(new, n)) else { return given.clone() };
        if weight == 0.0 {
            return given.clone();
        }
        let mut frame = revised(given, old, new, scope, weight);
        let asked = contacts.get((time * 30.0).round() as usize).is_some_and(|contact| contact.closed >= ASKED);
        let before = gap_mm(&given.face);
        let meant = if weight == 1.0 && meet(n) { before.max(gap_mm(&new.face)) } else { before };
        if asked && before < CLOSED && gap_mm(&frame.face) > meant.max(0.0) + ROUNDED {
            set_gap(&mut frame.face, meant);
        }
        frame
    });
    Performance { frames: frames.collect(), ..*take }
}

/// Turns the head of a take, in neck and head joints too. Eyes and face go along and stay as they are.
pub fn turn(take: &Performance, by: Head, scope: &Scope) -> Performance {
    let mut turned = take.clone();
    for (n, frame) in turned.frames.iter_mut().enumerate() {
        let weight = scope.weight(n as f64 / take.fps, take.seconds);
        if weight > 0.0 {
            let part = Head { yaw: weight * by.yaw, pitch: weight * by.pitch, roll: weight * by.roll };
            let Head { yaw, pitch, roll } = frame.head;
            frame.head = Head { yaw: yaw + part.yaw, pitch: pitch + part.pitch, roll: roll + part.roll };
            attach_head(&mut frame.body, part);
        }
    }
    turned
}

/// Frame `n`; a take that runs on holds the last one.
fn at(performance: &Performance, n: usize) -> Option<&Frame> {
    performance.frames.get(n).or(performance.frames.last())
}

fn revised(given: &Frame, old: &Frame, new: &Frame, scope: &Scope, weight: f32) -> Frame {
    let mut frame = given.clone();
    let add = |value: &mut f32, old: f32, new: f32| {
        if old != new {
            *value += weight * (new - old);
        }
    };
    for part in PARTS.into_iter().filter(|part| scope.has(*part)) {
        for c in part.coefficients() {
            add(&mut frame.face[*c], old.face[*c], new.face[*c]);
            frame.face[*c] = frame.face[*c].clamp(0.0, 1.0);
        }
        for joint in joints(part).iter().cloned().flatten() {
            let (from, to) = (old.body.rotations[joint], new.body.rotations[joint]);
            if from != to {
                let turn = Quat::IDENTITY.slerp(from.conjugate() * to, weight);
                frame.body.rotations[joint] = (given.body.rotations[joint] * turn).normalize();
            }
        }
    }
    if scope.has(Region::Head) {
        add(&mut frame.head.yaw, old.head.yaw, new.head.yaw);
        add(&mut frame.head.pitch, old.head.pitch, new.head.pitch);
        add(&mut frame.head.roll, old.head.roll, new.head.roll);
    }
    if scope.has(Region::Eyes) && old.gaze != new.gaze {
        add(&mut frame.gaze.yaw, old.gaze.yaw, new.gaze.yaw);
        add(&mut frame.gaze.pitch, old.gaze.pitch, new.gaze.pitch);
        frame.gaze.write(&mut frame.face);
    }
    if scope.has(Region::Torso) && old.body.hips != new.body.hips {
        frame.body.hips += weight * (new.body.hips - old.body.hips);
    }
    frame
}

/// Places of neck and head among the joints.
const NECK_AND_HEAD: Range<usize> = 4..6;

/// Joints of a part among the 52.
fn joints(part: Region) -> &'static [Range<usize>] {
    match part {
        Region::Torso => &[0..4, 14..22],
        Region::Head => std::slice::from_ref(&NECK_AND_HEAD),
        Region::Hands => &[6..14, 22..52],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::{COUNT, id};
    use crate::face::vector::GAZE_COEFFICIENTS;
    use crate::motion::Gaze;

    fn take(smile: f32, yaw: f32) -> Performance {
        let mut frame = Frame { head: Head { yaw, ..Head::default() }, ..Frame::default() };
        frame.face[id::MOUTH_SMILE_LEFT] = smile;
        frame.face[id::BROW_INNER_UP] = smile;
        frame.look(Gaze { yaw: -yaw, pitch: 0.0 });
        frame.body.rotations[7] = Quat::from_rotation_z(yaw);
        Performance { fps: 30.0, seconds: 4.0, frames: vec![frame; 120].into() }
    }

    #[test]
    fn every_coefficient_and_joint_belongs_to_one_part() {
        let coefficients: Vec<usize> = PARTS.iter().flat_map(|p| p.coefficients()).copied().chain(GAZE_COEFFICIENTS).collect();
        assert!((0..COUNT).all(|c| coefficients.iter().filter(|k| **k == c).count() == 1));
        let all: Vec<usize> = PARTS.iter().flat_map(|p| joints(*p)).cloned().flatten().collect();
        assert!((0..52).all(|j| all.iter().filter(|k| **k == j).count() == 1));
    }

    #[test]
    fn a_take_of_ours_becomes_the_new_performance_and_a_foreign_one_moves_by_the_difference() {
        let (old, new) = (take(0.2, 0.1), take(0.5, 0.3));
        let same = revise(&old, &old, &new, &Scope::default(), &[]);
        for (a, b) in same.frames.iter().zip(&new.frames) {
            assert!((a.face[id::MOUTH_SMILE_LEFT] - b.face[id::MOUTH_SMILE_LEFT]).abs() < 1e-6 && (a.head.yaw - b.head.yaw).abs() < 1e-6);
            assert!(a.body.rotations[7].angle_between(b.body.rotations[7]) < 1e-3);
        }
        let foreign = revise(&take(0.6, 0.0), &old, &new, &Scope::default(), &[]);
        assert!((foreign.frames[5].face[id::MOUTH_SMILE_LEFT] - 0.9).abs() < 1e-6);
        assert_eq!(revise(&take(0.6, 0.0), &old, &old, &Scope::default(), &[]), take(0.6, 0.0));
    }

    #[test]
    fn outside_its_scope_nothing_changes() {
        let (old, new) = (take(0.2, 0.1), take(0.5, 0.3));
        let brows = revise(&old, &old, &new, &Scope { regions: vec![Region::Brows], span: Some((1.0, 3.0)) }, &[]);
        for (n, (a, b)) in brows.frames.iter().zip(&old.frames).enumerate() {
            if !(30..=90).contains(&n) {
                assert_eq!(a, b);
            }
            let mut rest = a.clone();
            rest.face[id::BROW_INNER_UP] = b.face[id::BROW_INNER_UP];
            assert_eq!(rest, *b);
        }
        assert!((brows.frames[60].face[id::BROW_INNER_UP] - 0.5).abs() < 1e-6);
        let largest = brows.frames.windows(2).map(|w| (w[1].face[id::BROW_INNER_UP] - w[0].face[id::BROW_INNER_UP]).abs());
        assert!(largest.fold(0.0, f32::max) < 0.06);
    }

    #[test]
    fn lips_that_meet_keep_meeting() {
        let (old, mut new) = (take(0.0, 0.0), take(0.0, 0.0));
        new.frames.iter_mut().for_each(|f| f.face[id::JAW_OPEN] = 0.3);
        let contacts = vec![Contact { closed: 1.0, ..Contact::default() }; 60];
        let edited = revise(&old, &old, &new, &Scope::default(), &contacts);
        assert!(gap_mm(&edited.frames[30].face) < 0.01 && gap_mm(&edited.frames[90].face) > 5.0);
        // Where they meet a frame later instead, once is enough.
        new.frames[31].face[id::JAW_OPEN] = 0.0;
        let edited = revise(&old, &old, &new, &Scope::default(), &contacts);
        assert_eq!(edited.frames[30].face, new.frames[30].face);
        assert!(gap_mm(&edited.frames[31].face) < 0.01);
    }

    #[test]
    fn a_turned_head_leaves_the_face_alone() {
        let turned = turn(&take(0.2, 0.1), Head { yaw: 0.2, ..Head::default() }, &Scope::default());
        assert_eq!(turned.frames[3].face, take(0.2, 0.1).frames[3].face);
        assert!((turned.frames[3].head.yaw - 0.3).abs() < 1e-6);
        assert!(turned.frames[3].body.rotations[5] != Quat::IDENTITY);
    }
}
