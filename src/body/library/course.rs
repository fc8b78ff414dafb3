//! The way of both hands through a gesture, in a manner.

use super::gesture::{Anchor, Gesture, HandKey, Key, Part, Repeat};
use super::reach::{self, comfortable};
use crate::body::curves::ease;
use crate::body::expressivity::Expressivity;
use crate::body::fingers::{self, Shape};
use crate::body::gestures::Side;
use crate::body::skeleton::{Globals, OFFSETS, Pose, globals};
use glam::{Quat, Vec3};

/// What one hand does at one moment, as on the left side.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// Of the wrist, metres from the hips of the standing figure, for each [`Anchor`] in turn: gestures that go from one to another
    /// blend their weights.
    pub place: Vec3,
    /// How much the place goes along with body, chest and head; sums to one.
    pub anchors: [f32; 3],
    pub turn: Quat,
    /// Swing of the elbow beyond its habit, radians.
    pub swivel: f32,
    pub shape: Shape,
}

/// A gesture in a manner: keys repeated and laid out in time.
#[derive(Clone, Debug)]
pub struct Course {
    /// Seconds from the end of the stroke, and what the leading and the other hand do.
    keys: Vec<(f32, [Option<Aim>; 2])>,
    flowing: bool,
    /// Seconds from the end of the stroke to where the hold begins.
    pub last: f32,
}

/// The leading hand comes first in arrays of two.
const LEADING: usize = 0;

impl Course {
    /// Lays out `gesture` for someone who moves in `manner`. `rise` is how far the collarbones are raised at the stroke, radians.
    pub fn new(gesture: &Gesture, manner: &Expressivity, rise: f32) -> Course {
        let slower = (manner.tempo.powf(0.6) * manner.power.powf(0.15)).recip().clamp(0.6, 1.6);
        let rest = globals(&Pose::default(), &OFFSETS);
        let middles = [LEADING, 1].map(|which| middle(gesture, which));
        let mut keys: Vec<(f32, [Option<Aim>; 2])> = Vec::new();
        for (at, key) in laid_out(gesture, manner) {
            let aim = |which: usize| hand_of(key, gesture, which).map(|hand| aim(hand, middles[which], manner, rise, &rest));
            keys.push((at * slower, [aim(LEADING), aim(1)]));
        }
        let last = keys.last().map_or(0.0, |key| key.0);
        Course { keys, flowing: gesture.flowing, last }
    }

    /// Seconds from the end of the stroke to the first key: 0 or less.
    pub fn first(&self) -> f32 {
        self.keys.first().map_or(0.0, |key| key.0)
    }

    /// What a hand (0 leads) does at `at` seconds from the end of the stroke; nothing where it takes no part.
    pub fn at(&self, which: usize, at: f32) -> Option<Aim> {
        let next = self.keys.partition_point(|key| key.0 <= at);
        let key = |k: usize| self.keys.get(k).and_then(|key| key.1[which]);
        if next == 0 || next == self.keys.len() {
            return key(next.saturating_sub(1).min(self.keys.len().checked_sub(1)?));
        }
        let (from, to) = (key(next - 1)?, key(next)?);
        let (start, end) = (self.keys[next - 1].0, self.keys[next].0);
        let linear = (at - start) / (end - start);
        let share = if self.flowing { linear } else { ease(linear) };
        let mut aim = from.towards(&to, share);
        if self.flowing {
            // Catmull and Rom 1974: the way bends through its neighbours.
            let (before, after) = (key(next.saturating_sub(2)).unwrap_or(from), key(next + 1).unwrap_or(to));
            aim.place = spline([before.place, from.place, to.place, after.place], linear);
        }
        Some(aim)
    }
}

/// Times of all keys with repetitions, before tempo.
fn laid_out<'a>(gesture: &'a Gesture, manner: &Expressivity) -> Vec<(f32, &'a Key)> {
    let Repeat { times, every } = gesture.repeat.unwrap_or(Repeat { times: 1, every: 0.0 });
    let times = if times > 1 { ((times as f32 * manner.repetition.sqrt()).round() as u32).max(2) } else { 1 };
    let (before, after): (Vec<&Key>, Vec<&Key>) = gesture.keys.iter().partition(|key| key.at < 0.0);
    let runs = (0..times).flat_map(|run| after.iter().map(move |key| (key.at + run as f32 * every, *key)));
    before.iter().map(|key| (key.at, *key)).chain(runs).collect()
}

fn hand_of<'a>(key: &'a Key, gesture: &Gesture, which: usize) -> Option<&'a HandKey> {
    match which {
        LEADING => Some(&key.hand),
        _ if gesture.two_handed() => Some(key.other.as_ref().unwrap_or(&key.hand)),
        _ => None,
    }
}

/// The middle of what a hand does in the gesture space: larger gestures grow from it.
fn middle(gesture: &Gesture, which: usize) -> Vec3 {
    let places: Vec<Vec3> = gesture.keys.iter().filter_map(|key| hand_of(key, gesture, which)).map(|hand| Vec3::from(hand.place)).collect();
    places.iter().sum::<Vec3>() / places.len().max(1) as f32
}

fn aim(hand: &HandKey, middle: Vec3, manner: &Expressivity, rise: f32, rest: &Globals) -> Aim {
    let (turn, shape) = (hand.turn(), hand.form());
    let mut place = Vec3::from(hand.place);
    if hand.on == Anchor::Body {
        place = middle + (place - middle) * manner.extent.powf(0.6) + Vec3::Y * (0.4 * manner.height);
    }
    place -= turn * offset(hand.part, &shape);
    let swivel = comfortable((rest.positions[3], rest.rotations[3]), rest.positions[0] + place, turn, rise);
    let anchors = [Anchor::Body, Anchor::Chest, Anchor::Head].map(|anchor| f32::from(anchor == hand.on));
    Aim { place, anchors, turn, swivel, shape }
}

/// Where a part of the left hand is, seen from the wrist in the hand's axes, metres.
fn offset(part: Part, shape: &Shape) -> Vec3 {
    /// Last joint of the finger among the joints, and the length of its last phalanx.
    const TIPS: [(usize, f32); 3] = [(24, 0.026), (27, 0.020), (30, 0.022)];
    let (joint, length) = match part {
        Part::Wrist => return Vec3::ZERO,
        Part::Palm => return Vec3::new(0.065, -0.022, 0.0),
        Part::Thumb => TIPS[0],
        Part::Index => TIPS[1],
        Part::Middle => TIPS[2],
    };
    let mut pose = Pose::default();
    fingers::form(shape, Side::Left, &mut pose.rotations);
    let globals = globals(&pose, &OFFSETS);
    let along = (OFFSETS[joint]).normalize_or(Vec3::X);
    globals.positions[joint] + globals.rotations[joint] * along * length - globals.positions[9]
}

impl Aim {
    fn towards(&self, other: &Aim, share: f32) -> Aim {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Aim {
            place: self.place.lerp(other.place, share),
            anchors: std::array::from_fn(|k| mix(self.anchors[k], other.anchors[k])),
            turn: self.turn.slerp(other.turn, share),
            swivel: mix(self.swivel, other.swivel),
            shape: std::array::from_fn(|f| std::array::from_fn(|k| mix(self.shape[f][k], other.shape[f][k]))),
        }
    }

    /// How the hand is turned in the world (seen in the mirror for the right side): on chest and face it goes along with them.
    pub fn hand(&self, globals: &Globals, side: Side) -> Quat {
        let along = |joint: usize, share: f32| Quat::IDENTITY.slerp(reach::mirror_turn(globals.rotations[joint], side), share);
        let [_, chest, head] = self.anchors;
        along(3, chest) * along(5, head) * self.turn
    }

    /// Where the wrist is in the world (seen in the mirror for the right side) on a trunk that stands as in `globals`.
    pub fn wrist(&self, globals: &Globals, rest: &Globals, side: Side) -> Vec3 {
        let place = reach::mirror_place(self.place, side);
        let neck: Vec3 = globals.positions[4] - globals.positions[0] - (rest.positions[4] - rest.positions[0]);
        // Hands go along with most of what the trunk does to the shoulders.
        let body = globals.positions[0] + place + neck * 0.8;
        let carried =
            |joint: usize| globals.positions[joint] + globals.rotations[joint] * (rest.positions[0] + place - rest.positions[joint]);
        let [a, b, c] = self.anchors;
        reach::mirror_place(body * a + carried(3) * b + carried(5) * c, side)
    }
}

fn spline([a, b, c, d]: [Vec3; 4], t: f32) -> Vec3 {
    let (t2, t3) = (t * t, t * t * t);
    (b * 2.0 + (c - a) * t + (a * 2.0 - b * 5.0 + c * 4.0 - d) * t2 + (b * 3.0 - a - c * 3.0 + d) * t3) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave() -> Gesture {
        let hand = |x: f32| format!(r#"{{"place": [{x}, 0.5, 0.2], "palm": "forward", "fingers": "up", "shape": "open"}}"#);
        let text = format!(
            r#"{{"name": "w", "meaning": "-", "keys": [{{"at": -0.2, "hand": {}}}, {{"at": 0, "hand": {}}}, {{"at": 0.2, "hand": {}}}], "repeat": {{"times": 3, "every": 0.4}}}}"#,
            hand(0.3),
            hand(0.4),
            hand(0.3)
        );
        Gesture::parse(&text, "w").unwrap()
    }

    #[test]
    fn repetitions_follow_the_stroke() {
        let course = Course::new(&wave(), &Expressivity::default(), 0.0);
        assert_eq!((course.first(), course.last), (-0.2, 1.0));
        let x = |at: f32| course.at(0, at).unwrap().place.x;
        assert!((x(0.0) - 0.4).abs() < 1e-5 && (x(0.8) - 0.4).abs() < 1e-5 && (x(0.6) - 0.3).abs() < 1e-5 && (x(9.0) - 0.3).abs() < 1e-5);
        assert!(course.at(1, 0.0).is_none());
    }

    #[test]
    fn manner_scales_size_and_pace() {
        let span = |label: &str| {
            let course = Course::new(&wave(), &Expressivity::of(label).unwrap(), 0.0);
            (course.at(0, 0.0).unwrap().place - course.at(0, course.first()).unwrap().place).length() / -course.first()
        };
        assert!(span("sad") < 0.7 * span("neutral") && span("angry") > 1.2 * span("neutral"));
    }

    #[test]
    fn the_tip_of_the_index_is_where_it_is_asked_to_be() {
        let straight = fingers::named("pointing").unwrap();
        let tip = offset(Part::Index, &straight);
        assert!((tip.x - 0.174).abs() < 0.01 && tip.y.abs() < 0.03, "{tip}");
        let pinch = fingers::named("ok").unwrap();
        assert!((offset(Part::Index, &pinch) - offset(Part::Thumb, &pinch)).length() < 0.03);
    }
}
