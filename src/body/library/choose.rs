//! Which words get a gesture, which one, and with which hand.
//!
//! Not every word that could gets one: people make an emblem or a depicting gesture every few seconds at most. A word counts with
//! the chance of its gesture, which the emotion changes; phrases come before single words, a word that is denied gets none ("not
//! big"), and no gesture comes again at once. The stroke ends on the stressed syllable of the word, taken as the loudest and longest
//! (McNeill's phonological synchrony rule, 1992).

use super::gesture::{Gesture, Hands};
use super::track::Placed;
use super::{Library, language};
use crate::body::curves::{Dice, FPS, Purpose};
use crate::body::expressivity::Expressivity;
use crate::body::gestures::Side;
use crate::body::rhythm::Rhythm;
use crate::emotion::{self, Label, Point};
use crate::speech::transcript::Word;
use std::collections::HashMap;
use std::sync::Arc;

/// Least time between two strokes, and between two of the same gesture, seconds.
const SPACING: f64 = 1.8;
const SAME: f64 = 8.0;
/// Least time between gestures of one family, and how far they may be apart to count as a series.
const FAMILY: f64 = 0.35;
const SERIES: f64 = 2.5;
/// How many words a "not" reaches.
const REACH: usize = 3;

/// Chooses gestures for `words`. `rhythm` tells stresses, `feeling` the emotion at every frame (the last holds on), `pinned` what has
/// been placed before: nothing is put near it. The same seed makes the same choice.
pub fn choose(library: &Library, words: &[Word], rhythm: &Rhythm, feeling: &[Point], pinned: &[Placed], seed: u64) -> Vec<Placed> {
    let spoken: Vec<String> = words.iter().map(|word| normalised(&word.text)).collect();
    let lexicon = Lexicon::new(library, language::guess(&spoken));
    let mut candidates = lexicon.candidates(words, &spoken);
    series(&mut candidates);
    let mut fired: Vec<Candidate> = Vec::new();
    for mut candidate in candidates {
        // A stream of its own for each word: what is said elsewhere changes nothing here.
        let place = (candidate.start * 1000.0).round() as u64;
        let mut dice = Dice::new(seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15), Purpose::Words);
        candidate.time = stress(rhythm, candidate.start, candidate.end);
        let mood = Mood::at(feeling, candidate.time);
        if candidate.decide(&mood, &mut dice) {
            fired.push(candidate);
        }
    }
    let mut placed = spread(fired, feeling, pinned);
    hands(&mut placed, seed);
    placed
}

/// A word as it is compared: small letters, without what stands around it.
pub fn normalised(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace('’', "'")
}

/// The words of a gesture, ready to be compared.
struct Phrase {
    gesture: usize,
    words: Vec<(String, bool)>,
    negative: bool,
}

struct Lexicon<'a> {
    gestures: &'a [Arc<Gesture>],
    language: Option<&'static str>,
    phrases: Vec<Phrase>,
    /// Phrases by their first word, and those whose first word has any ending.
    exact: HashMap<String, Vec<usize>>,
    open: Vec<usize>,
}

/// A place in the speech where one of some gestures may be made.
struct Candidate {
    start: f64,
    end: f64,
    /// When the stroke ends, seconds.
    time: f64,
    choices: Vec<Arc<Gesture>>,
    /// Words of the phrase that called.
    length: usize,
    certain: bool,
    score: f32,
}

impl<'a> Lexicon<'a> {
    fn new(library: &'a Library, language: Option<&'static str>) -> Lexicon<'a> {
        let mut lexicon = Lexicon { gestures: library.gestures(), language, phrases: Vec::new(), exact: HashMap::new(), open: Vec::new() };
        for (gesture, description) in library.gestures().iter().enumerate() {
            for (code, phrases) in &description.words {
                if language.is_none_or(|language| language == code || !language::known(code)) {
                    phrases.iter().for_each(|phrase| lexicon.add(gesture, phrase));
                }
            }
        }
        lexicon
    }

    fn add(&mut self, gesture: usize, phrase: &str) {
        let words: Vec<(String, bool)> = phrase.split_whitespace().map(|word| (normalised(word), word.ends_with('*'))).collect();
        let Some((first, any_ending)) = words.first() else { return };
        match any_ending {
            true => self.open.push(self.phrases.len()),
            false => self.exact.entry(first.clone()).or_default().push(self.phrases.len()),
        }
        let negative = words.iter().any(|(word, _)| language::negates(word, self.language));
        self.phrases.push(Phrase { gesture, words, negative });
    }

    /// Where gestures may be: at every word the longest phrases that begin there.
    fn candidates(&self, words: &[Word], spoken: &[String]) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut at = 0;
        while at < spoken.len() {
            let begin = self.exact.get(&spoken[at]).map(Vec::as_slice).unwrap_or_default().iter().chain(&self.open);
            let fitting: Vec<&Phrase> = begin.map(|k| &self.phrases[*k]).filter(|phrase| phrase.fits(&spoken[at..])).collect();
            let length = fitting.iter().map(|phrase| phrase.words.len()).max().unwrap_or(0);
            let denied = self.denied(words, spoken, at, at + length);
            let called = fitting.iter().filter(|phrase| phrase.words.len() == length && (!denied || phrase.negative));
            let choices: Vec<Arc<Gesture>> = called.map(|phrase| self.gestures[phrase.gesture].clone()).collect();
            if !choices.is_empty() {
                let (start, end) = (words[at].start, words[at + length - 1].end);
                candidates.push(Candidate { start, end, time: start, choices, length, certain: false, score: 0.0 });
            }
            at += length.max(1);
        }
        candidates
    }

    /// Whether a word nearby in the same clause denies those from `first` to `last`.
    fn denied(&self, words: &[Word], spoken: &[String], first: usize, last: usize) -> bool {
        let before = (first.saturating_sub(REACH)..first).rev().take_while(|k| !ends_clause(&words[*k].text));
        let mut before = before.map(|k| language::negates(&spoken[k], self.language));
        let inside = words.get(last.wrapping_sub(1)).is_none_or(|word| !ends_clause(&word.text));
        let mut after = (last..(last + 2).min(spoken.len())).take_while(|k| *k == last || !ends_clause(&words[*k - 1].text));
        before.any(|no| no) || (inside && after.any(|k| language::negates_before(&spoken[k], self.language)))
    }
}

impl Phrase {
    fn fits(&self, spoken: &[String]) -> bool {
        self.words.len() <= spoken.len()
            && self
                .words
                .iter()
                .zip(spoken)
                .all(|((word, any_ending), spoken)| if *any_ending { spoken.starts_with(word.as_str()) } else { spoken == word })
    }
}

fn ends_clause(word: &str) -> bool {
    word.ends_with(['.', ',', ';', ':', '!', '?', '…'])
}

/// Numbers in a row are counted: each of them gets its gesture.
fn series(candidates: &mut [Candidate]) {
    let family = |c: &Candidate| c.choices.iter().find_map(|gesture| gesture.family.clone().map(|family| (family, gesture.name.clone())));
    for k in 1..candidates.len() {
        if let (Some((family_a, a)), Some((family_b, b))) = (family(&candidates[k - 1]), family(&candidates[k]))
            && family_a == family_b
            && a != b
            && candidates[k].start - candidates[k - 1].start < SERIES
        {
            candidates[k - 1].certain = true;
            candidates[k].certain = true;
        }
    }
}

/// The share of every emotion at a moment.
struct Mood([f32; Label::ALL.len()]);

impl Mood {
    fn at(feeling: &[Point], time: f64) -> Mood {
        let frame = (time * f64::from(FPS)).max(0.0) as usize;
        Mood(emotion::mixture(&feeling.get(frame).or(feeling.last()).copied().unwrap_or_default()))
    }

    fn activity(&self) -> f32 {
        Expressivity::mix(Label::ALL.iter().zip(self.0).map(|(label, weight)| (label.name(), weight))).activity
    }

    /// How much the mood favours a gesture.
    fn factor(&self, gesture: &Gesture) -> f32 {
        let weight =
            |mood: &str| Label::parse(mood).and_then(|label| Label::ALL.iter().position(|l| *l == label)).map_or(0.0, |k| self.0[k]);
        gesture.moods.iter().map(|(mood, factor)| (1.0 + weight(mood).clamp(0.0, 1.0) * (factor - 1.0)).max(0.0)).product()
    }
}

impl Candidate {
    /// Draws whether a gesture is made, and keeps the one that is.
    fn decide(&mut self, mood: &Mood, dice: &mut Dice) -> bool {
        let weights: Vec<f32> = self.choices.iter().map(|gesture| gesture.chance * mood.factor(gesture)).collect();
        let most = weights.iter().copied().fold(0.0, f32::max);
        let share: Vec<(usize, f32)> = weights.iter().enumerate().map(|(k, weight)| (k, weight + 1e-6)).collect();
        let chosen = dice.pick(&share);
        let drawn = dice.chance((most * mood.activity().sqrt()).min(1.0));
        self.score = most + 0.3 * (self.length as f32 - 1.0) + dice.uniform(0.0, 0.2) + f32::from(self.certain);
        self.choices = vec![self.choices[chosen].clone()];
        drawn || self.certain
    }

    fn gesture(&self) -> &Arc<Gesture> {
        &self.choices[0]
    }
}

/// Keeps the best ones that leave each other time, in the order of time.
fn spread(mut fired: Vec<Candidate>, feeling: &[Point], pinned: &[Placed]) -> Vec<Placed> {
    fired.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.time.total_cmp(&b.time)));
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in fired {
        let spacing = SPACING / f64::from(Mood::at(feeling, candidate.time).activity());
        let free = |other: &Arc<Gesture>, time: f64| {
            let (gesture, apart) = (candidate.gesture(), (candidate.time - time).abs());
            match gesture.name == other.name {
                true => apart >= SAME,
                false if gesture.family.is_some() && gesture.family == other.family => apart >= FAMILY,
                false => apart >= spacing,
            }
        };
        let busy =
            pinned.iter().any(|p| candidate.time > p.time - spacing && candidate.time < p.until.unwrap_or(p.time).max(p.time) + spacing);
        if !busy && kept.iter().all(|other| free(other.gesture(), other.time)) {
            kept.push(candidate);
        }
    }
    kept.sort_by(|a, b| a.time.total_cmp(&b.time));
    kept.into_iter().map(|c| Placed { gesture: c.gesture().clone(), time: c.time, until: None, side: Side::Right }).collect()
}

/// Most people lead with the right hand; either sometimes lets the other do it.
fn hands(placed: &mut [Placed], seed: u64) {
    let mut dice = Dice::new(seed, Purpose::Words);
    let (leading, other) = if dice.chance(0.1) { (Side::Left, Side::Right) } else { (Side::Right, Side::Left) };
    let mut before = f64::NEG_INFINITY;
    for placed in placed.iter_mut() {
        let soon = placed.time - before < 4.0;
        let swapped = dice.chance(if soon { 0.35 } else { 0.12 }) && placed.gesture.hands == Hands::One && placed.gesture.family.is_none();
        placed.side = if swapped { other } else { leading };
        before = placed.time;
    }
}

/// The stressed syllable between two times: the loudest and longest rise of the voice there, seconds.
pub fn stress(rhythm: &Rhythm, start: f64, end: f64) -> f64 {
    let frame = |time: f64| ((time * f64::from(FPS)).round().max(0.0) as usize).min(rhythm.level.len());
    let (first, last) = (frame(start), frame(end).max(frame(start) + 1).min(rhythm.level.len()));
    let level = rhythm.level.get(first..last).unwrap_or_default();
    // A syllable lasts while the level stays above two thirds of its peak.
    let weight = |k: usize| {
        let loud = |l: &&f32| **l > 0.66 * level[k] && **l <= level[k];
        let (before, after) = (level[..k].iter().rev().take_while(loud), level[k + 1..].iter().take_while(loud));
        level[k] + before.chain(after).sum::<f32>()
    };
    let best = (0..level.len()).filter(|k| level[*k] > 0.05).max_by(|a, b| weight(*a).total_cmp(&weight(*b)).then(b.cmp(a)));
    best.map_or(0.5 * (start + end), |k| ((first + k) as f64 / f64::from(FPS)).clamp(start, end.max(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of 0.4 s each, evenly spoken, loudest in the middle.
    fn said(text: &str) -> (Vec<Word>, Rhythm) {
        let word = |(k, text): (usize, &str)| Word { text: text.into(), start: 0.4 * k as f64, end: 0.4 * k as f64 + 0.36 };
        let words: Vec<Word> = text.split_whitespace().enumerate().map(word).collect();
        let level = (0..words.len() * 12).map(|k| 0.9 - 0.1 * (k % 12) as f32).collect();
        (words, Rhythm { level, ..Rhythm::default() })
    }

    /// How often each gesture is chosen in a hundred takes.
    fn chosen(text: &str, feeling: &str) -> HashMap<String, usize> {
        let (words, rhythm) = said(text);
        let feeling = [Label::parse(feeling).unwrap().at(1.0)];
        let library = Library::builtin();
        let mut counts = HashMap::new();
        for seed in 0..100 {
            for placed in choose(&library, &words, &rhythm, &feeling, &[], seed) {
                *counts.entry(placed.gesture.name.clone()).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn words_call_and_denied_words_do_not() {
        assert!(chosen("it was a huge house by the sea", "neutral")["big"] > 40);
        assert!(!chosen("it was not a huge house by the sea", "neutral").contains_key("big"));
        assert!(chosen("it was not there, a huge house was by the sea", "neutral").contains_key("big"));
        assert!(chosen("i don't know what it is", "neutral")["shrug"] > 40);
        assert!(!chosen("das haus ist riesig nicht wahr und ich bin es", "neutral").contains_key("big"));
        assert!(chosen("das haus ist riesig, nicht wahr und ich bin es", "neutral").contains_key("big"));
    }

    #[test]
    fn counting_is_certain_and_a_lone_number_is_not() {
        let counted = chosen("we have one two three of them", "neutral");
        assert!(counted["count-1"] == 100 && counted["count-2"] == 100 && counted["count-3"] == 100, "{counted:?}");
        assert!(chosen("there is one of them in the house", "neutral").get("count-1").is_none_or(|n| *n < 50));
    }

    #[test]
    fn moods_change_the_choice() {
        let (happy, sad) = (chosen("that is great and you know it", "happy"), chosen("that is great and you know it", "sad"));
        assert!(happy["thumbs-up"] > 2 * sad.get("thumbs-up").copied().unwrap_or(0), "{happy:?} {sad:?}");
    }

    #[test]
    fn gestures_leave_each_other_time() {
        let text = "stop it is big and small and great and stop it is crazy and you think of money and love and hello again ".repeat(8);
        let (words, rhythm) = said(&text);
        for seed in 0..20 {
            let placed = choose(&Library::builtin(), &words, &rhythm, &[], &[], seed);
            assert!(placed.len() > 8);
            assert!(placed.windows(2).all(|pair| pair[1].time - pair[0].time >= 0.9 * SPACING));
            for (k, a) in placed.iter().enumerate() {
                assert!(placed[..k].iter().all(|b| b.gesture.name != a.gesture.name || a.time - b.time >= SAME));
                // The stroke ends inside the word, at its loudest.
                assert!((a.time + 0.01) % 0.4 < 0.05, "{}", a.time);
            }
        }
    }
}
