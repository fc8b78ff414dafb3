//! A direction laid out in time.

use super::Region;
use super::dials::Dials;
use super::events::Event;
use super::given::Excerpt;
use super::likeness::Leaning;
use crate::body::library::Placed;
use crate::emotion::Point;
use crate::speech::transcript::Word;
use std::ops::Range;

/// A direction laid out in time, at 30 frames a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// A point of the emotion space for every frame, neutral at the origin.
    pub emotion: Vec<Point>,
    /// Regions that have a direction of their own, with their points.
    pub regions: Vec<(Region, Vec<Point>)>,
    /// What the whole (`None`) and those regions are guided away from, for every frame, where they are.
    pub away: Vec<(Option<Region>, Vec<Point>)>,
    /// Coefficients that are added to the performance: place and offset for every frame.
    pub muscles: Vec<(usize, Vec<f32>)>,
    pub events: Vec<Event>,
    pub dials: Dials,
    /// How far the performance leans towards other styles, for every frame; empty is the usual style throughout.
    pub styles: Vec<Leaning>,
    /// What is said and when, where that is known.
    pub words: Vec<Word>,
    /// Gestures with a meaning, in the order of their times ([`crate::perform::place`]).
    pub gestures: Vec<Placed>,
    /// Motion that is given.
    pub given: Vec<Excerpt>,
}

impl Plan {
    /// What the whole, or a region with a direction of its own, is guided away from; empty where it is from nothing.
    pub fn away(&self, region: Option<Region>) -> &[Point] {
        self.away.iter().find(|(r, _)| *r == region).map_or(&[], |(_, points)| points)
    }

    /// The plan of some frames, with times from the first of them on.
    pub fn part(&self, frames: Range<usize>) -> Plan {
        let (start, end) = (frames.start as f64 / 30.0, frames.end as f64 / 30.0);
        let points = |points: &[Point]| cut(points, &frames);
        let events = self.events.iter().filter(|event| event.end >= start && event.start <= end);
        let words = self.words.iter().filter(|word| word.end >= start && word.start <= end);
        let gestures =
            self.gestures.iter().filter(|placed| placed.until.unwrap_or(placed.time) >= start - NEAR && placed.time <= end + NEAR);
        Plan {
            emotion: points(&self.emotion),
            regions: self.regions.iter().map(|(region, own)| (*region, points(own))).collect(),
            away: self.away.iter().map(|(region, own)| (*region, points(own))).collect(),
            muscles: self.muscles.iter().map(|(muscle, curve)| (*muscle, cut(curve, &frames))).collect(),
            events: events.map(|e| Event { start: e.start - start, end: e.end - start, ..e.clone() }).collect(),
            dials: self.dials,
            styles: cut(&self.styles, &frames),
            words: words.map(|w| Word { start: w.start - start, end: w.end - start, ..w.clone() }).collect(),
            gestures: gestures.map(|p| Placed { time: p.time - start, until: p.until.map(|u| u - start), ..p.clone() }).collect(),
            given: self.given.iter().filter(|e| e.end >= start && e.start <= end).map(|e| e.earlier(start)).collect(),
        }
    }

    /// The points of a region without parts.
    pub fn points(&self, region: Region) -> &[Point] {
        self.regions.iter().find(|(r, _)| *r == region).map_or(&self.emotion, |(_, points)| points)
    }
}

/// Seconds around a gesture's stroke in which it is seen.
const NEAR: f64 = 5.0;

/// Values of some frames, where the last one holds on.
fn cut<T: Clone>(values: &[T], frames: &Range<usize>) -> Vec<T> {
    let last = values.len().saturating_sub(1);
    let within = frames.start.min(last)..frames.end.min(values.len());
    values.get(within).unwrap_or_default().to_vec()
}
