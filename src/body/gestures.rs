//! Which gestures the hands make, and when.
//!
//! Kendon (1980, 2004) and McNeill (1992) describe a gesture as phases: a *preparation* brings the hand to where the
//! gesture begins, the *stroke* carries its meaning or beat and coincides with or just precedes the stressed syllable, a
//! *hold* keeps the hand where the stroke left it, and a *retraction* brings it home. Several strokes without going home
//! make a gesture *unit*. Here every phrase of speech may open one or more units; each unit draws which hands take part,
//! a centre in gesture space, a kind of movement and a handshape, and its strokes fall on the stresses of the phrase.
//!
//! Numbers (durations, amplitudes, rates) are fitted to statistics of two recorded speakers: strokes of 0.5 s and 0.2-0.3 m,
//! peak speed near 1.9 × amplitude / duration, 70 to 100 a minute and hand, centres near the lower chest.

use super::curves::{Dice, FPS, Purpose};
use super::expressivity::Expressivity;
use super::rhythm::{Peak, Rhythm};
use glam::Vec3;
use std::ops::Range;

/// The side of an arm or leg; sides index arrays of two as `side as usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left = 0,
    Right = 1,
}

impl Side {
    pub const BOTH: [Side; 2] = [Side::Left, Side::Right];

    /// +1 on the left (where x is positive), -1 on the right.
    pub fn sign(self) -> f32 {
        match self {
            Side::Left => 1.0,
            Side::Right => -1.0,
        }
    }
}

/// What the fingers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshape {
    Relaxed = 0,
    Open = 1,
    Curled = 2,
    Pointing = 3,
    Pinched = 4,
}

impl Handshape {
    pub const COUNT: usize = 5;
    pub const ALL: [Handshape; Handshape::COUNT] =
        [Handshape::Relaxed, Handshape::Open, Handshape::Curled, Handshape::Pointing, Handshape::Pinched];

    /// Forearm pronation that tends to go with the shape, radians: negative shows the palm. Hand position does not
    /// predict it, so the rest is drawn.
    fn pronation(self) -> f32 {
        match self {
            Handshape::Relaxed => 0.05,
            Handshape::Open => -0.45,
            Handshape::Curled => 0.25,
            Handshape::Pointing => 0.3,
            Handshape::Pinched => -0.1,
        }
    }
}

/// A displacement of the hand. Times in frames; the bow leads it off the straight line and back.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub start: f32,
    pub end: f32,
    pub by: Vec3,
    pub bow: Vec3,
}

/// From `start` on, over `length` frames, the hand takes on a shape and the forearm a pronation (radians, beyond the arm's
/// usual one).
#[derive(Clone, Copy, Debug)]
pub struct Grip {
    pub start: f32,
    pub length: f32,
    pub shape: Handshape,
    /// Share of the shape, the rest relaxed.
    pub weight: f32,
    pub pronation: f32,
}

/// All that one hand does. Places are metres from the hips: x outwards from the body's middle, y up, z forwards.
#[derive(Clone, Debug)]
pub struct HandPlan {
    pub origin: Vec3,
    pub moves: Vec<Move>,
    pub grips: Vec<Grip>,
    /// Where the last planned move leads.
    at: Vec3,
}

/// The gestures of a whole recording.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Left and right.
    pub hands: [HandPlan; 2],
}

/// How the hand travels in a stroke.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Beat,
    Sweep,
    Place,
    Circle,
}

impl Kind {
    fn direction(self) -> Vec3 {
        match self {
            Kind::Beat => Vec3::new(0.25, -0.85, 0.45),
            Kind::Sweep => Vec3::new(0.85, -0.2, 0.35),
            Kind::Place => Vec3::new(0.35, -0.45, 0.8),
            Kind::Circle => Vec3::new(0.5, -0.45, 0.75),
        }
    }
}

/// Which hands a unit uses.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hands {
    Both,
    One(Side),
    Alternating,
}

impl Hands {
    fn uses(self, side: Side, stroke: usize) -> bool {
        match self {
            Hands::Both => true,
            Hands::One(one) => one == side,
            Hands::Alternating => stroke.is_multiple_of(2) == (side == Side::Right),
        }
    }
}

/// A run of strokes that share their centre, hands, kind and handshape.
struct Unit {
    strokes_left: usize,
    hands: Hands,
    kind: Kind,
    shape: Handshape,
    /// Centre of the strokes of each hand.
    centres: [Vec3; 2],
}

struct Planner<'a> {
    rhythm: &'a Rhythm,
    manner: &'a [Expressivity],
    dice: Dice,
    hands: [HandPlan; 2],
}

impl Plan {
    /// Plans gestures for speech of the given rhythm in the given manner (one per frame).
    pub fn new(rhythm: &Rhythm, manner: &[Expressivity], seed: u64) -> Plan {
        let mut dice = Dice::new(seed, Purpose::Gestures);
        let neutral = Expressivity::default();
        let openness = manner.first().unwrap_or(&neutral).openness;
        let hands = Side::BOTH.map(|_| {
            let origin = hanging(&mut dice, openness);
            HandPlan { origin, moves: Vec::new(), grips: Vec::new(), at: origin }
        });
        let mut planner = Planner { rhythm, manner, dice, hands };
        for (k, phrase) in rhythm.phrases.iter().enumerate() {
            let next = rhythm.phrases.get(k + 1).map(|p| p.start);
            planner.phrase(phrase);
            planner.after(phrase.end, next);
        }
        planner.settle();
        Plan { hands: planner.hands }
    }

    /// Leaves out what begins within the spans of frames, where a lifted hand sinks instead; the next move makes up for the way, so
    /// that the rest stays as it was.
    pub fn keep_still(&mut self, busy: &[Range<f32>]) {
        let within = |start: f32| busy.iter().find(|span| span.contains(&start));
        for hand in &mut self.hands {
            // Where the hand is, where it was planned to be, and until when it has something to make up.
            let (mut at, mut planned, mut after) = (hand.origin, hand.origin, 0.0);
            let mut moves = Vec::new();
            for m in hand.moves.drain(..) {
                let before = planned;
                planned += m.by;
                if let Some(span) = within(m.start) {
                    if at.y > LOW.y + 0.1 && span.end > after {
                        moves.push(Move { start: span.start, end: span.start + 1.1 * FPS, by: LOW - at, bow: Vec3::Z * 0.04 });
                        at = LOW;
                    }
                    after = span.end;
                    continue;
                }
                // What became longer takes longer; what did not change stays to the bit.
                let by = if at == before { m.by } else { planned - at };
                let end = if at == before { m.end } else { m.end.max(m.start + 1.875 * by.length() / 1.9 * FPS) };
                moves.push(Move { by, end, ..m });
                at = planned;
            }
            if (planned - at).length() > 0.01 {
                moves.push(Move { start: after, end: after + FPS, by: planned - at, bow: Vec3::ZERO });
            }
            hand.moves = moves;
            hand.grips.retain(|grip| within(grip.start).is_none());
        }
    }
}

/// Where a hand waits while the other one says something.
const LOW: Vec3 = Vec3::new(0.17, 0.0, 0.14);

/// Arms hanging: the wrist beside the thigh.
fn hanging(dice: &mut Dice, openness: f32) -> Vec3 {
    Vec3::new(0.155 + 0.045 * openness, -0.075, 0.035) + dice.vector(0.010)
}

/// Forearms up and hands low in front of the belly: where speakers rest between phrases.
fn in_front(dice: &mut Dice, openness: f32) -> Vec3 {
    Vec3::new(0.05 + 0.08 * openness, 0.07, 0.21) + dice.vector(0.018)
}

impl Planner<'_> {
    fn manner(&self, frame: usize) -> Expressivity {
        self.manner.get(frame).copied().unwrap_or_default()
    }

    /// Loud phrases are gestured, soft ones often not; a phrase without gestures may bring the hands home.
    fn phrase(&mut self, phrase: &Range<usize>) {
        let manner = self.manner((phrase.start + phrase.end) / 2);
        let peaks = self.rhythm.peaks_in(&(phrase.start.saturating_sub(2)..phrase.end + 2));
        let level = &self.rhythm.level[phrase.clone()];
        let loudness = level.iter().sum::<f32>() / level.len().max(1) as f32;
        let chance = match peaks.len() {
            0 => return,
            1 => 0.5 * manner.activity,
            _ => (1.25 * manner.activity * (loudness / 0.5).powf(1.2)).clamp(0.05, 0.99),
        };
        if !self.dice.chance(chance) {
            if phrase.len() > 45 && self.dice.chance(0.6) {
                let start = phrase.start as f32 + self.dice.uniform(4.0, 14.0);
                self.retract(start, 0.35, &manner);
            }
            return;
        }
        let stresses = self.choose(peaks, &manner);
        let mut unit = self.unit(&manner);
        for (k, peak) in stresses.iter().enumerate() {
            if unit.strokes_left == 0 {
                unit = self.unit(&manner);
            }
            unit.strokes_left -= 1;
            self.stroke(&unit, k, peak, phrase, &manner);
        }
    }

    /// Stresses to gesture on: the strongest first, none too close to another, softer ones sometimes left out.
    fn choose(&mut self, peaks: &[Peak], manner: &Expressivity) -> Vec<Peak> {
        let spacing = 0.56 * FPS / (manner.tempo * manner.repetition.sqrt());
        let mut ranked: Vec<(f32, Peak)> = peaks.iter().map(|p| (p.prominence + 0.3 * p.level + self.dice.uniform(0.0, 0.1), *p)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut chosen: Vec<Peak> = Vec::new();
        for (_, peak) in ranked {
            if chosen.iter().all(|c| c.frame.abs_diff(peak.frame) as f32 >= spacing) {
                chosen.push(peak);
            }
        }
        chosen.sort_by_key(|p| p.frame);
        let first = chosen.first().copied();
        chosen.retain(|p| self.dice.chance((0.35 + 0.9 * p.level).clamp(0.3, 0.97) * manner.activity.sqrt().min(1.1)));
        if chosen.is_empty() { first.into_iter().collect() } else { chosen }
    }

    fn unit(&mut self, manner: &Expressivity) -> Unit {
        let dice = &mut self.dice;
        let hands =
            dice.pick(&[(Hands::Both, 0.48), (Hands::One(Side::Right), 0.25), (Hands::One(Side::Left), 0.14), (Hands::Alternating, 0.13)]);
        let centre = Vec3::new(0.225 * manner.openness.powf(0.7), 0.23 + 0.75 * manner.height, 0.24)
            + Vec3::new(dice.normal(0.0, 0.05), dice.normal(0.0, 0.06), dice.normal(0.0, 0.045));
        let asymmetry = dice.vector(0.05);
        Unit {
            strokes_left: 1 + dice.poisson(1.6 * manner.repetition),
            hands,
            kind: dice.pick(&[(Kind::Beat, 0.42), (Kind::Sweep, 0.24), (Kind::Place, 0.22), (Kind::Circle, 0.12)]),
            shape: dice.pick(&[
                (Handshape::Relaxed, 0.42),
                (Handshape::Open, 0.33),
                (Handshape::Curled, 0.07),
                (Handshape::Pointing, 0.08),
                (Handshape::Pinched, 0.10),
            ]),
            centres: [centre + asymmetry, centre - asymmetry * 0.5],
        }
    }

    /// One stroke on a stress, with its preparation and rebound, by each hand that takes part.
    fn stroke(&mut self, unit: &Unit, number: usize, peak: &Peak, phrase: &Range<usize>, manner: &Expressivity) {
        let stress = ((peak.level - 0.35) / 0.55).clamp(0.3, 1.25);
        let reach =
            0.195 * manner.extent * (0.08 + 0.85 * stress.powf(1.3) + 0.8 * peak.prominence.min(0.6)) * self.dice.log_normal(1.0, 0.25);
        let pace = manner.tempo * manner.power.powf(0.35);
        let shortest = 1.875 * 2.0 * reach / (1.9 * manner.power.sqrt()) * FPS;
        let duration = (self.dice.log_normal(0.74 * FPS, 0.22) / pace).clamp(7.0, 42.0).max(shortest);
        // The middle of the stroke, its fastest moment, stands a little before the stress.
        let middle = peak.frame as f32 - self.dice.normal(0.07, 0.14) * FPS;
        for side in Side::BOTH {
            if unit.hands.uses(side, number) {
                self.stroke_of(side, unit, middle - 0.5 * duration, duration, reach, number == 0, phrase, manner);
            } else if number == 0 {
                self.lower(side, middle - 0.5 * duration, manner);
            }
        }
    }

    #[allow(clippy::too_many_arguments)] // one stroke is that many numbers; a struct would only rename them
    fn stroke_of(
        &mut self,
        side: Side,
        unit: &Unit,
        start: f32,
        duration: f32,
        reach: f32,
        first: bool,
        phrase: &Range<usize>,
        manner: &Expressivity,
    ) {
        let dice = &mut self.dice;
        let direction = (unit.kind.direction() + dice.vector(0.3)).normalize_or(Vec3::NEG_Y);
        let scatter = dice.vector(0.05 * manner.extent);
        let centre = unit.centres[side as usize];
        // Gestures unfold in front of the trunk.
        let in_space = |at: Vec3| at.clamp(Vec3::new(0.0, -0.10, 0.14), Vec3::new(0.50, 0.50, 0.48));
        let from = in_space(centre - direction * reach * 0.8 + scatter * 0.5 - Vec3::Y * 0.03);
        let to = in_space(centre + direction * reach + scatter);
        // The left hand follows the right by a frame or so: two hands never move as one.
        let lag = if side == Side::Left { dice.normal(0.4, 1.1) } else { 0.0 };
        let mut start = start + lag;

        let distance = (from - self.hands[side as usize].at).length();
        if distance > 0.05 {
            let peak_speed = 1.2 * manner.tempo * manner.power.powf(0.3);
            let length = ((1.875 * distance / peak_speed).max(0.4) * FPS * dice.log_normal(1.1, 0.15)).clamp(10.0, 36.0);
            let overlap = 0.32 * manner.fluidity * duration;
            if first && start < phrase.start as f32 + 12.0 {
                start = start.max(phrase.start as f32 - 9.0 + length - overlap);
            }
            let bow = dice.vector(0.12 * distance) + Vec3::Z * 0.05;
            self.go(side, start - length + overlap, start + overlap, from, bow);
        }
        let dice = &mut self.dice;
        let bow = match unit.kind {
            Kind::Circle => direction.cross(Vec3::X) * reach * 1.1,
            _ => direction.cross(dice.vector(1.0)) * reach * 0.35,
        };
        self.go(side, start, start + duration, to, bow);
        // Muscles let go after the stroke: the hand gives back a part of its way, quickly or while it is held.
        let dice = &mut self.dice;
        let back = to + (centre - to) * dice.uniform(0.15, 0.45);
        let settling = dice.log_normal(1.1, 0.35) / manner.power.sqrt();
        self.go(side, start + 0.8 * duration, start + (0.8 + settling) * duration, back, Vec3::ZERO);
        let dice = &mut self.dice;
        let grip = Grip {
            start: start - 4.0,
            length: dice.uniform(9.0, 15.0),
            shape: unit.shape,
            weight: dice.uniform(0.5, 1.0),
            pronation: dice.normal(unit.shape.pronation(), 0.4).clamp(-1.0, 1.0),
        };
        self.hands[side as usize].grips.push(grip);
    }

    /// A hand that a unit leaves out sinks to rest, or stays up for the next unit.
    fn lower(&mut self, side: Side, start: f32, manner: &Expressivity) {
        if self.hands[side as usize].at.y > 0.12 && self.dice.chance(0.65) {
            self.home(side, start, 0.75, manner);
        }
    }

    /// After a phrase the hands hold; only a long pause brings them home.
    fn after(&mut self, end: usize, next: Option<usize>) {
        let manner = self.manner(end.saturating_sub(1));
        let pause = next.map_or(f32::INFINITY, |n| (n - end) as f32 / FPS);
        if pause <= 0.95 / manner.activity.max(0.4) {
            return;
        }
        let in_front = if pause < 1.6 {
            1.0
        } else if pause < 4.0 {
            0.8
        } else {
            0.0
        };
        // The voice fades while the hands already leave.
        let start = end as f32 + self.dice.uniform(-6.0, 2.0);
        self.retract(start, in_front, &manner);
    }

    fn retract(&mut self, start: f32, in_front: f32, manner: &Expressivity) {
        for side in Side::BOTH {
            let start = start + self.dice.normal(0.0, 2.0);
            self.home(side, start, in_front, manner);
        }
    }

    /// Brings a hand to rest: with the given chance low in front of the body, else hanging.
    fn home(&mut self, side: Side, start: f32, in_front_chance: f32, manner: &Expressivity) {
        let dice = &mut self.dice;
        let rest = if dice.chance(in_front_chance) { in_front(dice, manner.openness) } else { hanging(dice, manner.openness) };
        if (rest - self.hands[side as usize].at).length() < 0.06 {
            return;
        }
        let length = (dice.log_normal(1.25 * FPS, 0.2) / manner.tempo.powf(0.6)).clamp(14.0, 60.0);
        let bow = Vec3::new(0.03, 0.0, 0.05) * dice.uniform(0.3, 1.0);
        let grip = Grip { start, length: dice.uniform(12.0, 18.0), shape: Handshape::Relaxed, weight: 1.0, pronation: 0.0 };
        self.go(side, start, start + length, rest, bow);
        self.hands[side as usize].grips.push(grip);
    }

    fn go(&mut self, side: Side, start: f32, end: f32, to: Vec3, bow: Vec3) {
        let hand = &mut self.hands[side as usize];
        hand.moves.push(Move { start, end: end.max(start + 3.0), by: to - hand.at, bow });
        hand.at = to;
    }

    /// Long silences: now and then one stands differently.
    fn settle(&mut self) {
        let pauses: Vec<Range<usize>> = self.rhythm.pauses.iter().filter(|p| p.len() as f32 > 7.0 * FPS).cloned().collect();
        for pause in pauses {
            let mut at = pause.start as f32 + self.dice.log_normal(5.0, 0.5) * FPS;
            // Both changes end where the hands were, so what is planned after the pause still fits.
            while at + 6.0 * FPS < pause.end as f32 {
                let stay = self.dice.uniform(2.5, 5.0) * FPS;
                if at + stay + 3.0 * FPS > pause.end as f32 {
                    break;
                }
                self.stand_differently(at, stay);
                at += stay + self.dice.log_normal(9.0, 0.5) * FPS;
            }
        }
    }

    /// Raises the hands to the front of the belly for a while.
    fn stand_differently(&mut self, at: f32, stay: f32) {
        let manner = self.manner(at as usize);
        for side in Side::BOTH {
            let (start, length) = (at + self.dice.normal(0.0, 2.0), self.dice.log_normal(1.4 * FPS, 0.15) / manner.tempo.sqrt());
            let by = in_front(&mut self.dice, manner.openness) - hanging(&mut self.dice, manner.openness);
            let hand = &mut self.hands[side as usize];
            let bow = Vec3::Z * 0.04;
            hand.moves.push(Move { start, end: start + length, by, bow });
            hand.moves.push(Move { start: start + length + stay, end: start + 2.2 * length + stay, by: -by, bow });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pause after two phrases.
    fn rhythm() -> Rhythm {
        let peaks = (1..20).map(|k| Peak { frame: 20 * k, prominence: 0.4, level: 0.9 }).collect();
        Rhythm { level: vec![0.7; 600], peaks, pauses: std::iter::once(400..600).collect(), phrases: vec![0..200, 200..400] }
    }

    #[test]
    fn strokes_come_home_after_the_last_phrase() {
        for seed in 0..20 {
            let plan = Plan::new(&rhythm(), &[Expressivity::default(); 600], seed);
            for hand in &plan.hands {
                let end = hand.moves.iter().fold(hand.origin, |at, m| at + m.by);
                assert!(end.y < 0.2, "{end}");
                assert!(hand.moves.iter().all(|m| m.end > m.start && m.by.is_finite()));
            }
        }
    }

    #[test]
    fn sad_speakers_gesture_less_than_happy_ones() {
        let strokes = |label: &str| -> usize {
            let manner = vec![Expressivity::of(label).unwrap(); 600];
            (0..10).map(|seed| Plan::new(&rhythm(), &manner, seed).hands.iter().map(|h| h.moves.len()).sum::<usize>()).sum()
        };
        assert!(strokes("sad") * 3 < strokes("happy") * 2);
    }

    #[test]
    fn other_gestures_take_the_place_of_strokes() {
        for seed in 0..10 {
            let plan = Plan::new(&rhythm(), &[Expressivity::default(); 600], seed);
            let mut kept = plan.clone();
            kept.keep_still(&[60.0..120.0, 150.0..200.0]);
            for (hand, before) in kept.hands.iter().zip(&plan.hands) {
                for span in [60.0..120.0, 150.0..200.0] {
                    let begun: Vec<&Move> = hand.moves.iter().filter(|m| span.contains(&m.start)).collect();
                    assert!(begun.len() <= 1 && begun.iter().all(|m| m.by.y < 0.0), "{begun:?}");
                }
                let end = |hand: &HandPlan| hand.moves.iter().fold(hand.origin, |at, m| at + m.by);
                assert!((end(hand) - end(before)).length() < 0.02);
            }
        }
    }

    #[test]
    fn silence_has_no_strokes() {
        let silent = Rhythm { level: vec![0.0; 150], pauses: std::iter::once(0..150).collect(), ..Rhythm::default() };
        assert!(Plan::new(&silent, &[], 1).hands.iter().all(|h| h.moves.is_empty()));
    }
}
