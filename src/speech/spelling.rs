//! From letters to sounds, roughly: which articulatory classes a written word may pass through.
//!
//! The rules know no language. Each letter or group of letters of the Latin script stands for the classes that English, German,
//! French, Spanish and their neighbours give it; what may be silent may be left out. That is enough to find a word in the classes
//! that the content encoder hears, since the alignment chooses among them. Common words that break the rules are in `irregular.txt`.

use super::phones::Class;

/// Classes as bits.
pub type Classes = u32;

/// One sound of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    pub classes: Classes,
    /// May be left out.
    pub optional: bool,
    /// The core of a syllable.
    pub vowel: bool,
}

const fn bit(class: Class) -> Classes {
    1 << class as u32
}

const P: Classes = bit(Class::BilabialStop);
const M: Classes = bit(Class::BilabialNasal);
const F: Classes = bit(Class::Labiodental);
const TH: Classes = bit(Class::Dental);
const T: Classes = bit(Class::AlveolarStop);
const N: Classes = bit(Class::AlveolarNasal);
const S: Classes = bit(Class::Sibilant);
const SH: Classes = bit(Class::Postalveolar);
const K: Classes = bit(Class::Velar);
const L: Classes = bit(Class::Lateral);
const R: Classes = bit(Class::Rhotic);
const W: Classes = bit(Class::RoundedGlide);
const J: Classes = bit(Class::Palatal);
const H: Classes = bit(Class::Glottal);
const A: Classes = bit(Class::Open);
const E: Classes = bit(Class::MidFront);
const I: Classes = bit(Class::CloseFront);
const C: Classes = bit(Class::Central);
const O: Classes = bit(Class::MidRounded);
const U: Classes = bit(Class::CloseRounded);
const Y: Classes = bit(Class::FrontRounded);
const VOWEL: Classes = A | E | I | C | O | U | Y;
const CONSONANT: Classes = P | M | F | TH | T | N | S | SH | K | L | R | W | J | H;

/// A sound that must be there (`!`), that may (`?`).
const fn must(classes: Classes) -> Sound {
    Sound { classes, optional: false, vowel: classes & VOWEL != 0 && classes & CONSONANT == 0 }
}

const fn may(classes: Classes) -> Sound {
    Sound { optional: true, ..must(classes) }
}

/// Spellings, longer ones first.
#[rustfmt::skip]
const RULES: &[(&str, &[Sound])] = &[
    ("tion", &[must(SH | S), may(C | I | J), may(O), must(N)]),
    ("sion", &[must(SH | S), may(C | I | J), may(O), must(N)]),
    ("ough", &[must(O | U | A), may(F)]),
    ("augh", &[must(O | A), may(F)]),
    ("eigh", &[must(E | A)]),
    ("igh", &[must(A), may(I)]),
    ("tsch", &[must(SH)]),
    ("sch", &[must(SH | S), may(K)]),
    ("tch", &[must(SH)]),
    ("chs", &[must(K), must(S)]),
    ("eau", &[must(O)]),
    ("oeu", &[must(Y | C)]),
    ("ous", &[must(C | U), may(S)]),
    ("ght", &[may(K | J), must(T)]),
    ("th", &[must(TH | T)]),
    ("sh", &[must(SH)]),
    ("ch", &[must(SH | K | J)]),
    ("ph", &[must(F)]),
    ("pf", &[may(P), must(F)]),
    ("ck", &[must(K)]),
    ("qu", &[must(K), may(W | F)]),
    ("wh", &[must(W | H)]),
    ("wr", &[must(R)]),
    ("kn", &[may(K), must(N)]),
    ("gn", &[may(K), must(N)]),
    ("gh", &[may(K | F)]),
    ("ng", &[must(K | N), may(K | SH)]),
    ("nk", &[must(K | N), may(K)]),
    ("ll", &[must(L | J)]),
    ("dg", &[must(SH | T)]),
    ("gu", &[must(K), may(W | U | A)]),
    ("ee", &[must(I | E)]), ("ea", &[must(I | E | A)]), ("ie", &[must(I | A | E), may(E | C)]), ("ei", &[must(A | I | E), may(I)]),
    ("ai", &[must(A | E), may(I)]), ("ay", &[must(E | A | I)]), ("ey", &[must(I | E)]), ("eu", &[must(O | Y | U | J), may(U | I)]),
    ("äu", &[must(O), may(I)]), ("au", &[must(A | O), may(U)]), ("aw", &[must(O)]), ("ow", &[must(O | A), may(U)]), ("ou", &[must(A | U | O), may(U)]),
    ("oo", &[must(U | O)]), ("oa", &[must(O | W), may(A)]), ("oi", &[must(O | W), must(I | A)]), ("oy", &[must(O), must(I)]), ("oe", &[must(O | Y | U)]),
    ("ue", &[must(U | Y | E), may(E | C)]), ("ui", &[must(U | I | W | Y), may(I)]), ("ew", &[must(U | J), may(U)]),
    ("er", &[must(C | E | A), may(R | K | C)]), ("or", &[must(O | C), may(R | K | C)]), ("ar", &[must(A | C), may(R | K | C)]),
    ("ir", &[must(C | I), may(R | K | C)]), ("ur", &[must(C | U), may(R | K | C)]),
    ("a", &[must(A | E | C | O)]), ("e", &[must(E | I | C)]), ("i", &[must(I | A | C | J)]), ("o", &[must(O | A | U | C)]), ("u", &[must(U | A | Y | C | J | W)]),
    ("y", &[must(I | A | J | Y)]),
    ("ä", &[must(E)]), ("ö", &[must(Y)]), ("ü", &[must(Y)]), ("à", &[must(A)]), ("â", &[must(A)]), ("á", &[must(A)]), ("ã", &[must(A | C)]), ("å", &[must(O)]),
    ("é", &[must(E | I)]), ("è", &[must(E)]), ("ê", &[must(E)]), ("ë", &[must(E)]), ("î", &[must(I)]), ("ï", &[must(I)]), ("í", &[must(I)]),
    ("ô", &[must(O)]), ("ó", &[must(O)]), ("õ", &[must(O)]), ("ø", &[must(Y)]), ("œ", &[must(Y | C)]), ("æ", &[must(E | A)]), ("ù", &[must(U | Y)]), ("û", &[must(U | Y)]), ("ú", &[must(U)]),
    ("b", &[must(P | F)]), ("c", &[must(K | S | TH | SH)]), ("ç", &[must(S | SH)]), ("d", &[must(T | TH)]), ("f", &[must(F)]), ("g", &[must(K | SH | J)]),
    ("h", &[may(H | K)]), ("j", &[must(J | SH | K)]), ("k", &[must(K)]), ("l", &[must(L)]), ("m", &[must(M)]), ("n", &[must(N | K)]), ("ñ", &[must(N | J)]),
    ("p", &[must(P)]), ("q", &[must(K)]), ("r", &[may(R | K | C)]), ("ß", &[must(S)]), ("s", &[must(S | SH)]), ("t", &[must(T | R)]), ("v", &[must(F | P)]),
    ("w", &[must(W | F)]), ("x", &[must(K), must(S)]), ("z", &[must(S | TH | T), may(S)]), ("š", &[must(SH)]), ("č", &[must(SH)]), ("ž", &[must(SH)]), ("ł", &[must(W | L)]),
];

/// Words that break the rules: a word a line, then its sounds.
const IRREGULAR: &str = include_str!("irregular.txt");

const NAMES: [(&str, Classes); 21] = [
    ("P", P),
    ("M", M),
    ("F", F),
    ("TH", TH),
    ("T", T),
    ("N", N),
    ("S", S),
    ("SH", SH),
    ("K", K),
    ("L", L),
    ("R", R),
    ("W", W),
    ("J", J),
    ("H", H),
    ("A", A),
    ("E", E),
    ("I", I),
    ("C", C),
    ("O", O),
    ("U", U),
    ("Y", Y),
];

/// The sounds of an irregular word.
fn irregular(word: &str) -> Option<Vec<Sound>> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).replace('’', "'");
    let line = IRREGULAR.lines().find(|line| line.split(' ').next() == Some(&word))?;
    let classes =
        |names: &str| names.split('|').filter_map(|name| NAMES.iter().find(|(known, _)| *known == name)).fold(0, |all, (_, one)| all | one);
    let sound = |text: &str| Sound { optional: text.ends_with('?'), ..must(classes(text.trim_end_matches('?'))) };
    Some(line.split(' ').skip(1).map(sound).collect())
}

/// Names of digits in syllables: whatever the language, about one each.
const DIGIT: &[Sound] = &[may(CONSONANT), must(VOWEL), may(CONSONANT)];

/// The sounds of a written word, in order. Letters of other scripts stand for a syllable each that is not known.
pub fn sounds(word: &str) -> Vec<Sound> {
    let word = word.to_lowercase();
    if let Some(sounds) = irregular(&word) {
        return sounds;
    }
    let mut sounds: Vec<Sound> = Vec::new();
    let mut rest = word.as_str();
    while let Some(letter) = rest.chars().next() {
        let (length, found): (usize, &[Sound]) = match RULES.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
            Some((spelling, found)) => (spelling.len(), found),
            None if letter.is_alphanumeric() => (letter.len_utf8(), DIGIT),
            None => (letter.len_utf8(), &[]),
        };
        rest = &rest[length..];
        for sound in found {
            // Doubled letters are one sound.
            if sounds.last() != Some(sound) {
                sounds.push(*sound);
            }
        }
    }
    if let [only] = sounds.as_slice()
        && !only.vowel
    {
        // The name of a letter: be, ef.
        return vec![may(VOWEL), Sound { optional: false, ..*only }, may(VOWEL)];
    }
    silent_end(&word, &mut sounds);
    sounds
}

/// Final e and, as in French, a consonant before it or alone may be silent.
fn silent_end(word: &str, sounds: &mut [Sound]) {
    let vowels = sounds.iter().filter(|sound| sound.vowel).count();
    let bare = word.trim_end_matches(|c: char| !c.is_alphabetic());
    if let Some(last) = sounds.last_mut() {
        let silent_vowel = bare.ends_with('e') && last.vowel && vowels > 1;
        let silent_consonant = !last.vowel && bare.ends_with(['s', 't', 'd', 'x', 'z', 'p', 'r']) && vowels > 0;
        last.optional |= silent_vowel || silent_consonant;
    }
    // "-ed", "-es", "-ent".
    for ending in ["ed", "es", "ent"] {
        if bare.ends_with(ending)
            && vowels > 1
            && let Some(vowel) = sounds.iter_mut().rev().find(|sound| sound.vowel)
        {
            vowel.optional = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(word: &str, classes: &[Class]) -> bool {
        fn matches(sounds: &[Sound], classes: &[Class]) -> bool {
            match (sounds.split_first(), classes.split_first()) {
                (None, None) => true,
                (Some((sound, after)), _) if sound.optional && matches(after, classes) => true,
                (Some((sound, after)), Some((class, left))) => sound.classes & bit(*class) != 0 && matches(after, left),
                _ => false,
            }
        }
        matches(&sounds(word), classes)
    }

    #[test]
    fn words_of_several_languages_are_among_the_readings() {
        use Class::*;
        assert!(accepts("this", &[Dental, CloseFront, Sibilant]));
        assert!(accepts("Shall", &[Postalveolar, Open, Lateral]));
        assert!(accepts("schön", &[Postalveolar, FrontRounded, AlveolarNasal]));
        assert!(accepts("merci", &[BilabialNasal, MidFront, Rhotic, Sibilant, CloseFront]));
        assert!(accepts("place", &[BilabialStop, Lateral, MidFront, Sibilant]));
        assert!(accepts("hola", &[MidRounded, Lateral, Open]));
        assert!(!accepts("this", &[BilabialStop, CloseFront, Sibilant]));
    }

    #[test]
    fn irregular_words_are_written_in_known_letters() {
        for line in IRREGULAR.lines().filter(|line| !line.starts_with('#')) {
            let word = line.split(' ').next().unwrap();
            assert!(irregular(word).is_some_and(|sounds| !sounds.is_empty() && sounds.iter().all(|sound| sound.classes != 0)), "{line}");
        }
        assert!(accepts("One,", &[Class::RoundedGlide, Class::Open, Class::AlveolarNasal]));
    }

    #[test]
    fn whatever_is_written_has_an_end() {
        assert_eq!(sounds("--"), []);
        assert_eq!(sounds("42").iter().filter(|s| s.vowel).count(), 2);
        assert_eq!(sounds("привет").iter().filter(|s| s.vowel).count(), 6);
    }
}
