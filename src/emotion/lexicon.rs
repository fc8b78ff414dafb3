//! Finer words of feeling, each a mix of labels; the words stand in `lexicon.txt`.

use super::Label;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static TEXT: &str = include_str!("lexicon.txt");

static WORDS: LazyLock<BTreeMap<&str, Vec<(Label, f32)>>> =
    LazyLock::new(|| lines().flat_map(|(words, mix)| words.split_whitespace().map(move |word| (word, parse(mix)))).collect());

/// The lines that are not empty and not remarks: words, mix.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='))
}

fn parse(mix: &str) -> Vec<(Label, f32)> {
    let terms = mix.trim().split('+').filter_map(|term| term.split_once(':'));
    terms.filter_map(|(label, intensity)| Some((Label::parse(label)?, intensity.parse().ok()?))).collect()
}

/// The mix of a word, in any case: labels and their intensities.
pub fn word(word: &str) -> Option<Vec<(Label, f32)>> {
    WORDS.get(word.to_lowercase().as_str()).cloned()
}

/// The shades of feeling: words that mean about the same, and their mix.
pub fn shades() -> impl Iterator<Item = (&'static str, Vec<(Label, f32)>)> {
    lines().map(|(words, mix)| (words, parse(mix)))
}

/// All words in alphabetical order.
pub fn words() -> impl Iterator<Item = &'static str> {
    WORDS.keys().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood_whole() {
        for (words, mix) in lines() {
            assert_eq!(parse(mix).len(), mix.split('+').count(), "{words}");
            assert!(parse(mix).iter().all(|(_, i)| (0.05..=1.5).contains(i)), "{words}");
        }
        assert!(WORDS.len() > 250, "{}", WORDS.len());
    }

    #[test]
    fn no_word_stands_twice_or_hides_a_label() {
        let mut seen = std::collections::BTreeSet::new();
        for word in lines().flat_map(|(words, _)| words.split_whitespace()) {
            assert!(seen.insert(word), "{word} stands twice");
            assert!(Label::parse(word).is_none(), "{word} is a label");
        }
    }

    #[test]
    fn shades_differ_in_strength() {
        let anger = |w: &str| word(w).unwrap().iter().find(|(l, _)| *l == Label::Angry).unwrap().1;
        assert!(anger("irritated") < anger("Furious"));
        assert_eq!(word("hungry"), None);
    }
}
