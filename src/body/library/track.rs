//! Gestures over motion: where each begins and ends, and the poses that flow into it and out of it.

use super::course::{Aim, Course};
use super::gesture::{Gesture, Hands};
use super::reach::{Reach, mirror_place, mirror_turn};
use crate::body::curves::{FPS, ease};
use crate::body::expressivity::Expressivity;
use crate::body::fingers;
use crate::body::gestures::Side;
use crate::body::hands::off_body;
use crate::body::limbs::SHOULDER;
use crate::body::skeleton::{COUNT, Globals, OFFSETS, Pose, globals};
use crate::body::torso::SPINE_SHARES;
use crate::direction::events::Event;
use glam::{EulerRot, Quat};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A gesture at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub gesture: Arc<Gesture>,
    /// End of the stroke, seconds.
    pub time: f64,
    /// Held at least until then, seconds.
    pub until: Option<f64>,
    /// The leading hand.
    pub side: Side,
}

/// Groups of joints that a gesture moves, as bits.
pub type Groups = u8;
pub const LEFT_ARM: Groups = 1;
pub const RIGHT_ARM: Groups = 2;
pub const TRUNK: Groups = 4;

/// One frame of a gesture: a pose of some joints. It flows from and to the motion that it was laid over, so it may replace it; a
/// sampler that finds its own way there keeps the frames of full weight and leaves the others.
#[derive(Clone, Debug)]
pub struct Laid {
    pub frame: usize,
    pub groups: Groups,
    /// How much of it is the gesture's own, 0..=1.
    pub weight: f32,
    pub pose: Pose,
}

/// Joints of the groups: collarbones to fingers; spine to head.
fn joints(groups: Groups) -> impl Iterator<Item = usize> {
    let spans: [(Groups, [Range<usize>; 2]); 3] = [(LEFT_ARM, [6..10, 22..37]), (RIGHT_ARM, [10..14, 37..52]), (TRUNK, [1..4, 4..6])];
    spans.into_iter().filter(move |(group, _)| groups & group != 0).flat_map(|(_, spans)| spans).flatten()
}

/// Replaces the joints of the laid frames in `poses`.
pub fn blend(poses: &mut [Pose], track: &[Laid]) {
    for laid in track {
        if let Some(pose) = poses.get_mut(laid.frame) {
            joints(laid.groups).for_each(|joint| pose.rotations[joint] = laid.pose.rotations[joint]);
        }
    }
    for frame in 1..poses.len() {
        let (before, now) = poses.split_at_mut(frame);
        now[0].align(&before[frame - 1]);
    }
}

/// When a gesture takes hold of the body, seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The hands leave for it.
    pub start: f64,
    /// The hands have arrived.
    pub ready: f64,
    /// The hands leave it.
    pub release: f64,
    pub end: f64,
}

/// A usual preparation and retraction, seconds (Kita, van Gijn and van der Hulst 1998 count both as movement phases of their own).
const PREPARATION: f32 = 0.55;
const RETRACTION: f32 = 0.8;
/// Preparations are squeezed to no less than this where a recording begins with the word.
const QUICKEST: f64 = 0.22;

/// A gesture ready to be laid over motion.
struct Enacted<'a> {
    placed: &'a Placed,
    course: Course,
    span: Span,
    manner: Expressivity,
}

/// Lays `placed`, in the order of their times, over `poses` at 30 a second. `manner` is the manner of every frame.
pub fn lay(placed: &[Placed], poses: &[Pose], manner: &[Expressivity]) -> Vec<Laid> {
    let mut now: BTreeMap<usize, Pose> = BTreeMap::new();
    let mut track: BTreeMap<usize, Laid> = BTreeMap::new();
    let rest = globals(&Pose::default(), &OFFSETS);
    for enacted in enacted(placed, manner) {
        let frames =
            (enacted.span.start * f64::from(FPS)).max(0.0).ceil() as usize..(enacted.span.end * f64::from(FPS)).ceil().max(0.0) as usize;
        for (frame, below) in poses.iter().enumerate().take(frames.end).skip(frames.start) {
            let pose = now.entry(frame).or_insert_with(|| below.clone());
            let (groups, weight) = enacted.pose(frame as f64 / f64::from(FPS), pose, &rest);
            let laid = track.entry(frame).or_insert_with(|| Laid { frame, groups: 0, weight: 0.0, pose: pose.clone() });
            laid.groups |= groups;
            laid.weight = laid.weight.max(weight);
            laid.pose = pose.clone();
        }
    }
    track.into_values().collect()
}

/// When the gestures take hold of the body: other motion of the hands has no place there.
pub fn spans(placed: &[Placed], manner: &[Expressivity]) -> Vec<Span> {
    enacted(placed, manner).iter().map(|enacted| enacted.span).collect()
}

/// What head and face do along with the gestures.
pub fn events(placed: &[Placed]) -> Vec<Event> {
    let of = |placed: &Placed| {
        let time = placed.time;
        let mirrored = placed.side == Side::Left && matches!(placed.gesture.hands, Hands::One | Hands::Both);
        let first = placed.gesture.keys.first().map_or(0.0, |key| f64::from(key.at));
        // A look or a tilt stays as long as the hands do.
        let last = placed.gesture.keys.last().map_or(0.0, |key| f64::from(key.at)) + f64::from(placed.gesture.hold);
        let last = placed.until.map_or(last, |until| last.max(until - placed.time));
        placed.gesture.events(mirrored).into_iter().map(move |event| {
            let start = (time + first - 0.1).max(0.0);
            Event { start, end: (start + event.end).max(time + last), ..event }
        })
    };
    placed.iter().flat_map(of).collect()
}

fn manner_at(manner: &[Expressivity], time: f64) -> Expressivity {
    let frame = (time * f64::from(FPS)).max(0.0) as usize;
    manner.get(frame).or(manner.last()).copied().unwrap_or_default()
}

fn enacted<'a>(placed: &'a [Placed], manner: &[Expressivity]) -> Vec<Enacted<'a>> {
    let mut enacted: Vec<Enacted> = placed.iter().map(|p| Enacted::new(p, manner_at(manner, p.time))).collect();
    enacted.sort_by(|a, b| a.placed.time.total_cmp(&b.placed.time));
    // Where the next gesture begins before the hands are home they wait for it instead of going back and forth.
    for k in 1..enacted.len() {
        let next = enacted[k].span;
        let before = &mut enacted[k - 1].span;
        if next.start < before.end {
            let going = before.end - before.release;
            before.release = before.release.max(next.ready.min(before.release + 1.2));
            before.end = before.release + going;
        }
    }
    enacted
}

impl<'a> Enacted<'a> {
    fn new(placed: &'a Placed, manner: Expressivity) -> Enacted<'a> {
        let gesture = &placed.gesture;
        let course = Course::new(gesture, &manner, gesture.posture.shoulders.to_radians());
        let pace = f64::from(manner.tempo.powf(0.6));
        let ready = placed.time + f64::from(course.first());
        let start = (ready - f64::from(PREPARATION) / pace).max(0.0).min(ready - QUICKEST);
        let held = placed.time + f64::from(course.last) + f64::from(gesture.hold) / pace;
        let release = placed.until.map_or(held, |until| held.max(until));
        Enacted { placed, course, span: Span { start, ready, release, end: release + f64::from(RETRACTION) / pace }, manner }
    }

    /// Share of the gesture in the body at a time.
    fn weight(&self, time: f64) -> f32 {
        let Span { start, ready, release, end } = self.span;
        // The preparation flows into the stroke instead of stopping before it.
        let arrived = ready + 0.35 * (self.placed.time - ready);
        let share = |from: f64, to: f64| ease(((time - from) / (to - from)) as f32);
        share(start, arrived.max(start + 0.1)) * (1.0 - share(release, end))
    }

    fn hands(&self) -> impl Iterator<Item = (usize, Side)> {
        let leading = match self.placed.gesture.hands {
            Hands::Left => Side::Left,
            Hands::Right => Side::Right,
            _ => self.placed.side,
        };
        let other = if leading == Side::Left { Side::Right } else { Side::Left };
        [(0, leading), (1, other)].into_iter().take(if self.placed.gesture.two_handed() { 2 } else { 1 })
    }

    /// Puts the gesture into a pose; what it moved, and how much of that is its own.
    fn pose(&self, time: f64, pose: &mut Pose, rest: &Globals) -> (Groups, f32) {
        let weight = self.weight(time);
        if weight <= 0.0 {
            return (0, 0.0);
        }
        let at = (time - self.placed.time) as f32;
        let now = globals(pose, &OFFSETS);
        let aims: Vec<(Side, Aim, Reach)> =
            self.hands().filter_map(|(which, side)| Some((side, self.course.at(which, at)?, Reach::of(pose, &now, side)))).collect();
        self.trunk(weight, &aims, &now, pose);
        let turned = globals(pose, &OFFSETS);
        let mut groups = TRUNK;
        for (side, aim, under) in &aims {
            groups |= if *side == Side::Left { LEFT_ARM } else { RIGHT_ARM };
            self.arm(*side, aim, under, weight, (&turned, rest), pose);
        }
        (groups, weight)
    }

    fn arm(&self, side: Side, aim: &Aim, under: &Reach, weight: f32, (now, rest): (&Globals, &Globals), pose: &mut Pose) {
        let chest = (mirror_place(now.positions[3], side), mirror_turn(now.rotations[3], side));
        let rise = self.placed.gesture.posture.shoulders.to_radians();
        let wrist = aim.wrist(now, rest, side);
        let asked = Reach::usual(chest, wrist, aim.hand(now, side), aim.swivel, rise);
        let mut reach = under.towards(&asked, weight);
        // On the way the hand goes around the body; where it is asked to be it may touch.
        let hips = mirror_place(now.positions[0], side);
        let place = reach.wrist - hips;
        reach.wrist += (off_body(place) - place) * (4.0 * weight * (1.0 - weight)).min(1.0);
        let first = SHOULDER[side as usize];
        for (k, turn) in reach.solve(chest).into_iter().enumerate() {
            pose.rotations[first + k] = mirror_turn(turn, side);
        }
        let mut formed = [Quat::IDENTITY; COUNT];
        fingers::form(&aim.shape, side, &mut formed);
        let fingers = if side == Side::Left { 22..37 } else { 37..52 };
        for joint in fingers {
            pose.rotations[joint] = pose.rotations[joint].slerp(formed[joint], weight);
        }
    }

    /// The trunk goes along with hands that reach out or rise, and takes the gesture's own posture; the face stays where it looks.
    fn trunk(&self, weight: f32, aims: &[(Side, Aim, Reach)], now: &Globals, pose: &mut Pose) {
        let posture = self.placed.gesture.posture;
        let leading = self.hands().next().map_or(1.0, |(_, side)| side.sign());
        let mut twist = -posture.twist.to_radians() * -leading;
        let mut bend = -posture.bend.to_radians() * leading;
        for (side, aim, under) in aims {
            let out = aim.place - (under.wrist - mirror_place(now.positions[0], *side));
            // As hands and trunk of speakers go together, radians per metre (see `torso`).
            twist += -side.sign() * 0.40 * out.z.clamp(-0.4, 0.4);
            bend += side.sign() * 0.20 * out.y.clamp(-0.4, 0.4);
        }
        let scale = weight * self.manner.extent.min(1.2);
        let (twist, lean, bend) = (twist * scale, posture.lean.to_radians() * scale, bend * scale);
        let euler = |share: f32| Quat::from_euler(EulerRot::YXZ, twist * share, lean * share, bend * share);
        for (k, share) in SPINE_SHARES.into_iter().enumerate() {
            pose.rotations[1 + k] *= euler(share);
        }
        for joint in [4, 5] {
            pose.rotations[joint] = euler(-0.4) * pose.rotations[joint];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use super::*;
    use crate::body;
    use glam::Vec3;

    fn standing(frames: usize) -> Vec<Pose> {
        vec![body::standing(); frames]
    }

    fn placed(name: &str, time: f64, side: Side) -> Placed {
        Placed { gesture: Library::builtin().find(name).unwrap(), time, until: None, side }
    }

    fn over(placed: &[Placed], label: &str) -> Vec<Pose> {
        let mut poses = standing(150);
        let track = lay(placed, &poses, &[Expressivity::of(label).unwrap()]);
        blend(&mut poses, &track);
        poses
    }

    #[test]
    fn outside_its_span_nothing_moves() {
        let stop = placed("stop", 2.0, Side::Right);
        let span = spans(std::slice::from_ref(&stop), &[])[0];
        let poses = over(&[stop], "neutral");
        for (frame, pose) in poses.iter().enumerate() {
            let inside = (span.start..span.end).contains(&(frame as f64 / 30.0));
            assert_eq!(*pose != body::standing(), inside && frame as f64 / 30.0 > span.start, "{frame}");
            // A one-handed gesture leaves the other arm alone.
            assert_eq!(pose.rotations[6..10], body::standing().rotations[6..10]);
        }
    }

    #[test]
    fn the_other_hand_sees_it_in_the_mirror() {
        let [left, right] = Side::BOTH.map(|side| over(&[placed("hello", 2.0, side)], "neutral"));
        for (l, r) in left.iter().zip(&right) {
            let (l, r) = (globals(l, &OFFSETS), globals(r, &OFFSETS));
            let seen = mirror_place(r.positions[13], Side::Right);
            assert!((l.positions[9] - seen).length() < 2e-3, "{} {seen}", l.positions[9]);
        }
    }

    #[test]
    fn every_gesture_moves_as_arms_can_and_stays_out_of_the_body() {
        let (mut frames, mut wrong) = (0, Vec::new());
        for gesture in Library::builtin().gestures() {
            for (label, side) in [("neutral", Side::Right), ("angry", Side::Left), ("sad", Side::Right)] {
                let poses = over(&[placed(&gesture.name, 2.0, side)], label);
                let all: Vec<Globals> = poses.iter().map(|p| globals(p, &OFFSETS)).collect();
                for pair in all.windows(2) {
                    for wrist in [9, 13] {
                        let speed = (pair[1].positions[wrist] - pair[0].positions[wrist]).length() * FPS;
                        assert!(speed < 4.5, "{} {label}: {speed} m/s", gesture.name);
                    }
                }
                for (frame, now) in all.iter().enumerate() {
                    for joint in (22..52).chain([9, 13]) {
                        let at = now.positions[joint];
                        let skull = (at - now.positions[5] - now.rotations[5] * Vec3::new(0.0, 0.095, 0.01)) / Vec3::new(0.07, 0.11, 0.085);
                        let spine = (now.rotations[3].inverse() * (at - now.positions[3])) * Vec3::new(1.0, 1.0, 1.0);
                        let trunk = (spine.x / 0.15).hypot(spine.z / 0.09);
                        let inside = trunk < 0.85 && (-0.3..0.12).contains(&spine.y);
                        if inside || skull.length() < 0.85 {
                            wrong.push(format!("{} {label} {frame}: joint {joint}", gesture.name));
                            break;
                        }
                    }
                }
                frames += all.len();
            }
        }
        assert!(wrong.len() * 200 < frames, "{} of {frames} frames: {wrong:?}", wrong.len());
    }
}
