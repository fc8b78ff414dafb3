//! Keys and easing to a point for every frame.

use super::likeness::Leaning;
use super::reference::{Feeling, Kind};
use super::{Direction, Ease, Key, Mix, PARTS, Plan, Region, Time, Track};
use crate::body::curves::smoothstep;
use crate::emotion::{EMOTION, Point};
use crate::face::coefficients;

/// Rate of a plan, frames a second.
const FPS: f64 = 30.0;
/// Seconds over which a lone span comes and goes: about what an expression takes to appear (Hess and Kleck 1990).
const ONSET: f64 = 0.4;

/// Feeling, muscles and style of one moment.
#[derive(Clone, Debug, PartialEq)]
struct State {
    point: Point,
    /// What it is guided away from.
    away: Point,
    /// Share of what is heard in the voice, and of the feeling of every recording that is named.
    heard: Vec<f32>,
    muscles: [f32; coefficients::COUNT],
    leaning: Leaning,
}

impl State {
    fn of(mix: &Mix, direction: &Direction) -> State {
        let mut muscles = [0.0; coefficients::COUNT];
        for (coefficient, value) in &mix.muscles {
            muscles[*coefficient] += value;
        }
        let (mut heard, mut leaning) = (vec![mix.heard()], Leaning::default());
        for reference in direction.references() {
            let share = mix.share(reference.kind, &reference.path);
            match (reference.kind, direction.style(&reference.path)) {
                (Kind::Feeling, _) => heard.push(share),
                (Kind::Style, Some(likeness)) => leaning = leaning.towards(likeness, share),
                (Kind::Style, None) => {}
            }
        }
        State { point: mix.point(), away: mix.away(), heard, muscles, leaning }
    }

    fn mix(&self, other: &State, t: f32) -> State {
        let lerp = |a: f32, b: f32| a * (1.0 - t) + b * t;
        State {
            point: std::array::from_fn(|i| lerp(self.point[i], other.point[i])),
            away: std::array::from_fn(|i| lerp(self.away[i], other.away[i])),
            heard: self.heard.iter().zip(&other.heard).map(|(a, b)| lerp(*a, *b)).collect(),
            leaning: self.leaning.mix(&other.leaning, t),
            muscles: std::array::from_fn(|i| lerp(self.muscles[i], other.muscles[i])),
        }
    }
}

pub fn plan(direction: &Direction, seconds: f64, frames: usize, heard: &[Point]) -> Plan {
    let neutral = State::of(&Mix::default(), direction);
    let mut whole = vec![neutral; frames];
    let mut regions: Vec<(Region, Vec<State>)> = Vec::new();
    for track in &direction.tracks {
        let course = Course::new(track, seconds, direction);
        let direct = |states: &mut Vec<State>| {
            for (n, state) in states.iter_mut().enumerate() {
                *state = course.at(n as f64 / FPS, state);
            }
        };
        match track.region {
            None => {
                direct(&mut whole);
                regions.iter_mut().for_each(|(_, states)| direct(states));
            }
            Some(region) => {
                for part in region.parts() {
                    if !regions.iter().any(|(r, _)| r == part) {
                        regions.push((*part, whole.clone()));
                    }
                    regions.iter_mut().filter(|(r, _)| r == part).for_each(|(_, states)| direct(states));
                }
            }
        }
    }
    regions.sort_by_key(|(region, _)| PARTS.iter().position(|p| p == region));
    let muscles = muscles(&whole, &regions);
    let leans = whole.iter().any(|s| s.leaning != Leaning::default());
    let styles = if leans { whole.iter().map(|s| s.leaning).collect() } else { Vec::new() };
    let parts = regions.iter().map(|(r, states)| (Some(*r), states));
    let away = std::iter::once((None, &whole)).chain(parts).map(|(r, states)| (r, states.iter().map(|s| s.away).collect::<Vec<Point>>()));
    let away = away.filter(|(_, points)| points.iter().flatten().any(|v| *v != 0.0)).collect();
    let voice = |n: usize| heard.get(n).or(heard.last()).copied().unwrap_or([0.0; EMOTION]);
    let silent = Feeling::default();
    let others = direction.references().into_iter().filter(|r| r.kind == Kind::Feeling);
    let others: Vec<&Feeling> = others.map(|r| direction.feeling(&r.path).unwrap_or(&silent)).collect();
    let felt = |(n, state): (usize, State)| -> Point {
        let mut point = state.point;
        let feelings = std::iter::once(voice(n)).chain(others.iter().map(|feeling| feeling.at(n, seconds)));
        for (share, feeling) in state.heard.iter().zip(feelings).filter(|(share, _)| **share != 0.0) {
            point.iter_mut().zip(feeling).for_each(|(p, f)| *p += share * f);
        }
        point
    };
    let points = |states: Vec<State>| -> Vec<Point> { states.into_iter().enumerate().map(felt).collect() };
    Plan {
        emotion: points(whole),
        regions: regions.into_iter().map(|(r, s)| (r, points(s))).collect(),
        away,
        muscles,
        events: direction.events.clone(),
        dials: direction.dials,
        styles,
        words: Vec::new(),
        gestures: Vec::new(),
        given: direction.excerpts().map(|(_, excerpt)| excerpt.clone()).collect(),
    }
}

/// Muscles named anywhere, each over all frames. A region's own track can only name what it has: the rest stays with the whole.
fn muscles(whole: &[State], regions: &[(Region, Vec<State>)]) -> Vec<(usize, Vec<f32>)> {
    let curve = |c: usize| -> Vec<f32> {
        let own = regions.iter().find(|(region, _)| region.coefficients().contains(&c)).map(|(_, states)| states.as_slice());
        own.unwrap_or(whole).iter().map(|s| s.muscles[c]).collect()
    };
    (0..coefficients::COUNT).map(|c| (c, curve(c))).filter(|(_, curve)| curve.iter().any(|v| *v != 0.0)).collect()
}

/// A track with all times in seconds.
struct Course {
    keys: Vec<(f64, f64, State, Ease)>,
    /// A lone span: outside it, what was there before holds.
    within: bool,
    /// The same without fading, for several keys of a subtitle.
    limits: Option<(f64, f64)>,
}

impl Course {
    fn new(track: &Track, seconds: f64, direction: &Direction) -> Course {
        let within = track.keys.len() == 1 && matches!(track.keys[0].span, Some((_, Some(_))));
        let spans = spread(&track.keys, seconds);
        let keys = track.keys.iter().zip(spans).map(|(key, (from, to))| (from, to, State::of(&key.mix, direction), key.ease)).collect();
        Course { keys, within, limits: track.within }
    }

    /// What is asked for at a time, where `before` is what other tracks ask for.
    fn at(&self, time: f64, before: &State) -> State {
        let Some(first) = self.keys.first() else { return before.clone() };
        if self.limits.is_some_and(|(from, to)| !(from..=to).contains(&time)) {
            return before.clone();
        }
        if self.within {
            let (from, to, state, ease) = first;
            let inside = ramp(time, from - ONSET, *from, *ease) * (1.0 - ramp(time, *to, to + ONSET, *ease));
            return before.mix(state, inside);
        }
        let mut state = first.2.clone();
        for (previous, (from, _, next, ease)) in self.keys.iter().zip(&self.keys[1..]) {
            state = state.mix(next, ramp(time, previous.1, *from, *ease));
        }
        state
    }
}

/// Start and end of every key: times that were not given stand evenly between their neighbours.
pub(super) fn spread(keys: &[Key], seconds: f64) -> Vec<(f64, f64)> {
    let of = |time: Time| match time {
        Time::Seconds(s) => s,
        Time::Share(share) => share * seconds,
    };
    let given: Vec<Option<(f64, f64)>> = keys.iter().map(|k| k.span.map(|(a, b)| (of(a), b.map_or(of(a), of)))).collect();
    let mut spans: Vec<(f64, f64)> = Vec::with_capacity(keys.len());
    for (n, span) in given.iter().enumerate() {
        let free = || {
            let before = spans.last().map_or(0.0, |(_, end): &(f64, f64)| *end);
            let next = given[n..].iter().position(Option::is_some);
            match (n, next) {
                (0, _) => 0.0,
                (_, Some(steps)) => before + (given[n + steps].map_or(seconds, |s| s.0) - before) / (steps + 1) as f64,
                (_, None) => before + (seconds - before).max(0.0) / (keys.len() - n) as f64,
            }
        };
        let (from, to) = span.unwrap_or_else(|| (free(), free()));
        // Keys come in the order written.
        let from = spans.last().map_or(from, |(_, end)| from.max(*end));
        spans.push((from, to.max(from)));
    }
    spans
}

/// 0 before `from`, 1 after `to`, eased between.
fn ramp(time: f64, from: f64, to: f64, ease: Ease) -> f32 {
    let t = if to > from { ((time - from) / (to - from)).clamp(0.0, 1.0) } else { f64::from(time >= to) } as f32;
    match ease {
        Ease::Linear => t,
        Ease::Smooth => smoothstep(0.0, 1.0, t),
        Ease::Snap => f32::from(t >= 1.0),
        Ease::SlowIn => t * t,
        Ease::SlowOut => t * (2.0 - t),
    }
}
