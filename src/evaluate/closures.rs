//! Lips that meet where the sound asks for it, by what the content encoder hears: no labels are needed.

use crate::face::articulation::Contact;
use crate::statistics::median;

/// Probability from which speech asks for a contact.
const ASKED: f32 = 0.5;
/// Share of the median gap of open vowels under which lips count as closed, and the least such gap, millimetres.
const CLOSED: f32 = 0.2;
const LEAST: f32 = 0.8;
/// Millimetres under which the lower lip counts as at the upper teeth.
const AT_TEETH: f32 = 2.0;
/// Frames around a sound in which its contact counts: 50 ms, rounded.
const SLACK: usize = 2;

/// A stretch of frames in which speech asks for a contact, and whether the lips make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    pub start: usize,
    /// The frame after the last.
    pub end: usize,
    pub met: bool,
}

/// Every p, b and m, by lip gaps in millimetres at 30 frames a second.
pub fn closures(gap: &[f32], contacts: &[Contact]) -> Vec<Closure> {
    let limit = limit(gap, contacts);
    spans(contacts, gap.len(), |c| c.closed >= ASKED)
        .map(|(start, end)| Closure { start, end, met: least(gap, start, end) < limit })
        .collect()
}

/// Every f and v, by distances of the lower lip from the upper teeth, millimetres.
pub fn at_teeth(distance: &[f32], contacts: &[Contact]) -> Vec<Closure> {
    let met = |start, end| least(distance, start, end) < AT_TEETH;
    spans(contacts, distance.len(), |c| c.teeth >= ASKED).map(|(start, end)| Closure { start, end, met: met(start, end) }).collect()
}

/// Frames in which lips close though a vowel holds them apart.
pub fn false_closures(gap: &[f32], contacts: &[Contact]) -> Vec<usize> {
    let limit = limit(gap, contacts);
    let near = |n: usize| &contacts[n.saturating_sub(SLACK).min(contacts.len())..(n + SLACK + 1).min(contacts.len())];
    let clear = |n: usize| contacts.get(n).is_some_and(|c| c.apart >= ASKED) && near(n).iter().all(|c| c.closed.max(c.teeth) < ASKED);
    let closed = |n: usize| clear(n) && gap[n] < limit;
    (0..gap.len()).filter(|n| closed(*n) && (*n == 0 || !closed(n - 1))).collect()
}

fn limit(gap: &[f32], contacts: &[Contact]) -> f32 {
    let open: Vec<f32> = gap.iter().zip(contacts).filter(|(_, c)| c.apart >= ASKED).map(|(g, _)| *g).collect();
    (CLOSED * median(&open)).max(LEAST)
}

fn spans(contacts: &[Contact], frames: usize, asked: impl Fn(&Contact) -> bool) -> impl Iterator<Item = (usize, usize)> {
    let asked: Vec<bool> = (0..frames).map(|n| contacts.get(n).is_some_and(&asked)).collect();
    let starts: Vec<usize> = (0..frames).filter(|n| asked[*n] && (*n == 0 || !asked[n - 1])).collect();
    starts.into_iter().map(move |start| (start, (start..frames).find(|n| !asked[*n]).unwrap_or(frames)))
}

fn least(curve: &[f32], start: usize, end: usize) -> f32 {
    curve[start.saturating_sub(SLACK)..(end + SLACK).min(curve.len())].iter().copied().fold(f32::INFINITY, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_met_missed_and_false() {
        let mut contacts = vec![Contact { apart: 1.0, ..Contact::default() }; 60];
        for n in (10..13).chain(30..33) {
            contacts[n] = Contact { closed: 1.0, ..Contact::default() };
        }
        let mut gap = vec![8.0; 60];
        (gap[11], gap[50]) = (0.2, 0.2);
        let found = closures(&gap, &contacts);
        assert_eq!(found, [Closure { start: 10, end: 13, met: true }, Closure { start: 30, end: 33, met: false }]);
        assert_eq!(false_closures(&gap, &contacts), [50]);
        assert!(closures(&[], &contacts).is_empty() && false_closures(&[1.0; 3], &[]).is_empty());
    }
}
