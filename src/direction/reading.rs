//! Free text to a mix: words of feeling with words of degree and negation, and phrases that name muscles.
//!
//! The reading is shallow on purpose: it goes word by word, so that everyone can foresee what a phrase will do.

use super::{Mix, Term};
use crate::emotion::{Label, lexicon};
use crate::face::coefficients;
use std::sync::LazyLock;

static PHRASES: &str = include_str!("muscles.txt");

/// A phrase as its words, and the coefficients that it moves.
type Phrase = (Vec<&'static str>, Vec<(usize, f32)>);

static MUSCLES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let lines = PHRASES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let mut phrases: Vec<Phrase> =
        lines.flat_map(|(phrases, shapes)| phrases.split(',').map(move |p| (p.split_whitespace().collect(), offsets(shapes)))).collect();
    // The longest first, so that "half smile" is not read as "smile".
    phrases.sort_by_key(|(words, _): &Phrase| std::cmp::Reverse(words.len()));
    phrases
});

fn offsets(shapes: &str) -> Vec<(usize, f32)> {
    let parts = shapes.split_whitespace().filter_map(|part| part.split_once(':'));
    let sided = |name: &str| -> Vec<usize> {
        match coefficients::index(name) {
            Some(i) => vec![i],
            None => ["Left", "Right"].iter().filter_map(|side| coefficients::index(&format!("{name}{side}"))).collect(),
        }
    };
    parts
        .filter_map(|(name, value)| Some((sided(name), value.parse().ok()?)))
        .flat_map(|(all, v)| all.into_iter().map(move |i| (i, v)))
        .collect()
}

/// Words of degree with their factor on the next feeling.
#[rustfmt::skip]
const DEGREES: [(&str, f32); 34] = [
    ("barely", 0.25), ("hardly", 0.25), ("faintly", 0.3), ("slightly", 0.4), ("mildly", 0.45), ("little", 0.45), ("bit", 0.45), ("touch", 0.4),
    ("somewhat", 0.55), ("softly", 0.6), ("quietly", 0.65), ("gently", 0.6), ("half", 0.5), ("fairly", 0.75), ("rather", 0.8), ("quite", 0.85), ("pretty", 0.85),
    ("really", 1.2), ("very", 1.25), ("so", 1.15), ("truly", 1.2), ("deeply", 1.3), ("strongly", 1.3), ("intensely", 1.4), ("extremely", 1.5), ("utterly", 1.5),
    ("totally", 1.4), ("absolutely", 1.5), ("wildly", 1.5), ("completely", 1.4), ("most", 1.4), ("more", 1.2), ("less", 0.6), ("too", 1.2),
];
const NEGATIONS: [&str; 7] = ["not", "no", "never", "without", "hardly", "isn't", "don't"];
/// Words that carry nothing here.
#[rustfmt::skip]
const SMALL: [&str; 40] = [
    "a", "an", "and", "the", "of", "with", "but", "yet", "in", "on", "at", "to", "is", "are", "be", "feels", "feeling", "feel", "as", "if",
    "his", "her", "their", "my", "your", "its", "he", "she", "they", "by", "like", "who", "that", "this", "while", "or", "face", "voice", "look", "looks",
];

/// What free text says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub mix: Mix,
    /// Neutral was asked for, by name.
    pub neutral: bool,
    /// Words that mean nothing to us.
    pub unknown: Vec<String>,
    /// Words of feeling.
    pub felt: Vec<String>,
    /// Words and phrases of muscles that were understood, neutral among them.
    understood: usize,
}

impl Reading {
    /// Share of the words with a meaning that was understood, 0..=1.
    pub fn understood(&self) -> f32 {
        self.understood as f32 / (self.understood + self.unknown.len()).max(1) as f32
    }
}

/// Words after which a negation or a degree no longer holds.
const REACH: usize = 3;

pub fn read(text: &str) -> Reading {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-')).filter(|w| !w.is_empty()).collect();
    let mut reading = Reading::default();
    let mut at = 0;
    let (mut degree, mut negated, mut since) = (1f32, false, 0);
    while at < words.len() {
        let strength = (degree * if negated { -0.5 } else { 1.0 }).clamp(-1.5, 1.5);
        if let Some((length, shapes)) = phrase(&words[at..]) {
            reading.mix.muscles.extend(shapes.iter().map(|(c, v)| (*c, v * if negated { 0.0 } else { degree.min(1.2) })));
            reading.understood += 1;
            (degree, negated, since, at) = (1.0, false, 0, at + length);
            continue;
        }
        let word = words[at];
        if let Some(parts) = feeling(word) {
            reading.neutral |= parts.is_empty();
            reading.understood += 1;
            reading.felt.push(word.to_string());
            reading.mix.terms.extend(parts.into_iter().map(|(label, i)| Term::Label { label, intensity: i * strength }));
            (degree, negated, since) = (1.0, false, 0);
        } else if let Some((_, factor)) = DEGREES.iter().find(|(known, _)| *known == word) {
            (degree, since) = (degree * factor, 0);
        } else if NEGATIONS.contains(&word) {
            (negated, since) = (true, 0);
        } else if !SMALL.contains(&word) {
            reading.unknown.push(word.to_string());
        }
        since += 1;
        if since > REACH {
            (degree, negated) = (1.0, false);
        }
        at += 1;
    }
    reading
}

/// The longest phrase of muscles that the words begin with: its length and what it moves.
fn phrase(words: &[&str]) -> Option<(usize, &'static [(usize, f32)])> {
    MUSCLES.iter().find(|(phrase, _)| words.starts_with(phrase)).map(|(phrase, shapes)| (phrase.len(), shapes.as_slice()))
}

/// A word of feeling, also as an adverb (`happily`, `furiously`); neutral is an empty mix.
fn feeling(word: &str) -> Option<Vec<(Label, f32)>> {
    let of = |w: &str| match Label::parse(w) {
        Some(Label::Neutral) => Some(Vec::new()),
        Some(label) => Some(vec![(label, 1.0)]),
        None => lexicon::word(w),
    };
    let adverb = || {
        let stem = word.strip_suffix("ly")?;
        of(stem).or_else(|| of(&format!("{}y", stem.strip_suffix('i')?))).or_else(|| of(stem.strip_suffix("al")?))
    };
    of(word).or_else(adverb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::id;

    fn amount(text: &str, label: Label) -> f32 {
        let terms = read(text).mix.terms;
        terms
            .iter()
            .map(|t| if let Term::Label { label: l, intensity } = t { if *l == label { *intensity } else { 0.0 } } else { 0.0 })
            .sum()
    }

    #[test]
    fn degrees_and_negations_reach_the_next_feeling() {
        assert!((amount("very sad", Label::Sad) - 1.25).abs() < 1e-6);
        assert!((amount("a little bit sad", Label::Sad) - 0.45 * 0.45).abs() < 1e-6);
        assert!(amount("not happy", Label::Happy) < 0.0);
        assert!((amount("not a word about it, just happy", Label::Happy) - 1.0).abs() < 1e-6);
        assert!(amount("quietly furious", Label::Angry) > 0.7);
        assert!((amount("happily", Label::Happy) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn muscles_are_found_by_phrase() {
        let read = read("relieved, a half smile and a raised left brow");
        assert!(read.mix.muscles.iter().any(|(c, v)| *c == id::MOUTH_SMILE_LEFT && *v > 0.2));
        assert!(!read.mix.muscles.iter().any(|(c, _)| *c == id::MOUTH_SMILE_RIGHT));
        assert!(read.mix.muscles.iter().any(|(c, _)| *c == id::BROW_OUTER_UP_LEFT));
        assert!(read.unknown.is_empty(), "{:?}", read.unknown);
    }

    #[test]
    fn every_phrase_moves_something() {
        assert!(MUSCLES.len() > 40, "{}", MUSCLES.len());
        for line in PHRASES.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            let shapes = line.split_once('=').unwrap().1;
            assert!(offsets(shapes).len() >= shapes.split_whitespace().count(), "{line}");
        }
    }

    #[test]
    fn the_unknown_is_told() {
        assert_eq!(read("sad like a purple giraffe").unknown, ["purple", "giraffe"]);
    }
}
