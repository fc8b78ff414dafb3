//! Articulatory classes of phones: what the lips, jaw and tongue do, whatever the language.

/// A class of phones that look alike on the face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    Silence,
    /// p b: lips shut.
    BilabialStop,
    /// m: lips shut, voice on.
    BilabialNasal,
    /// f v: lower lip at the upper teeth.
    Labiodental,
    /// th dh.
    Dental,
    /// t d.
    AlveolarStop,
    /// n.
    AlveolarNasal,
    /// s z.
    Sibilant,
    /// sh zh ch j: lips a little forward.
    Postalveolar,
    /// k g, ng, x and the uvular r.
    Velar,
    /// l.
    Lateral,
    /// r and its taps.
    Rhotic,
    /// w.
    RoundedGlide,
    /// y, the palatal fricative.
    Palatal,
    /// h and the glottal stop.
    Glottal,
    /// a, as in father and cut.
    Open,
    /// e, as in bed.
    MidFront,
    /// i, as in see and sit.
    CloseFront,
    /// schwa.
    Central,
    /// o, as in thought.
    MidRounded,
    /// u, as in goose.
    CloseRounded,
    /// ö, ü.
    FrontRounded,
}

impl Class {
    pub const COUNT: usize = 22;

    /// All classes in the order of their numbers.
    pub const ALL: [Class; Class::COUNT] = [
        Class::Silence,
        Class::BilabialStop,
        Class::BilabialNasal,
        Class::Labiodental,
        Class::Dental,
        Class::AlveolarStop,
        Class::AlveolarNasal,
        Class::Sibilant,
        Class::Postalveolar,
        Class::Velar,
        Class::Lateral,
        Class::Rhotic,
        Class::RoundedGlide,
        Class::Palatal,
        Class::Glottal,
        Class::Open,
        Class::MidFront,
        Class::CloseFront,
        Class::Central,
        Class::MidRounded,
        Class::CloseRounded,
        Class::FrontRounded,
    ];

    /// The class of a number; nothing for a frame without a label.
    pub fn from_index(index: u8) -> Option<Class> {
        Class::ALL.get(usize::from(index)).copied()
    }

    /// Both lips meet.
    pub fn is_bilabial(self) -> bool {
        matches!(self, Class::BilabialStop | Class::BilabialNasal)
    }

    /// The class of an ARPAbet symbol, stress digits allowed.
    pub fn from_arpabet(symbol: &str) -> Option<Class> {
        Some(match symbol.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "sil" | "sp" | "PAU" | "" => Class::Silence,
            "P" | "B" => Class::BilabialStop,
            "M" => Class::BilabialNasal,
            "F" | "V" => Class::Labiodental,
            "TH" | "DH" => Class::Dental,
            "T" | "D" => Class::AlveolarStop,
            "N" => Class::AlveolarNasal,
            "S" | "Z" => Class::Sibilant,
            "SH" | "ZH" | "CH" | "JH" => Class::Postalveolar,
            "K" | "G" | "NG" => Class::Velar,
            "L" => Class::Lateral,
            "R" => Class::Rhotic,
            "W" => Class::RoundedGlide,
            "Y" => Class::Palatal,
            "HH" => Class::Glottal,
            "AA" | "AE" | "AH" | "AY" | "AW" => Class::Open,
            "EH" | "EY" => Class::MidFront,
            "IH" | "IY" => Class::CloseFront,
            "ER" | "AX" => Class::Central,
            "AO" | "OW" | "OY" => Class::MidRounded,
            "UH" | "UW" => Class::CloseRounded,
            _ => return None,
        })
    }

    /// The class of a SAMPA-like label of the Berlin emotional speech database.
    pub fn from_sampa(label: &str) -> Option<Class> {
        // Releases and devoiced closures carry a mark in front, aspiration and remarks stand behind.
        let label = label.trim_start_matches(['!', '_']);
        let label = label.split('+').next().unwrap_or(label);
        let label = label.strip_suffix("asp").unwrap_or(label);
        Some(match label {
            "sil" | "." | "(" | "(gef" => Class::Silence,
            "p" | "b" | "B" => Class::BilabialStop,
            "m" => Class::BilabialNasal,
            "f" | "v" | "V" | "vv" => Class::Labiodental,
            "t" | "d" | "D" => Class::AlveolarStop,
            "n" | "nn" => Class::AlveolarNasal,
            "s" | "z" | "ss" => Class::Sibilant,
            "S" => Class::Postalveolar,
            "k" | "g" | "G" | "N" | "NN" | "x" | "X" | "R" => Class::Velar,
            "l" | "L" => Class::Lateral,
            "4" => Class::Rhotic,
            "j" | "C" => Class::Palatal,
            "h" | "H" | "?" => Class::Glottal,
            "a" | "aI" | "aU" | "a6" | "aO" | "ao" => Class::Open,
            "e" | "E" | "E6" | "e@" => Class::MidFront,
            "i" | "I" | "i6" | "I6" | "I@" | "i@" | "ia" => Class::CloseFront,
            "@" | "6" | "@6" | "@E" => Class::Central,
            "o" | "O" | "OY" | "AO" | "OU" => Class::MidRounded,
            "u" | "U" | "AU" => Class::CloseRounded,
            "Y" | "y" | "9" | "8" | "Y6" => Class::FrontRounded,
            _ => return None,
        })
    }
}

impl Class {
    /// The classes that a symbol of the International Phonetic Alphabet passes through: one for most, two for a diphthong or for "pf".
    /// Marks of length, stress, tone and secondary articulation are passed over; a sound whose lips differ between
    /// languages (a bilabial fricative) has none. An empty name is a pause.
    pub fn from_ipa(name: &str) -> Vec<Option<Class>> {
        let mut classes: Vec<Option<Class>> = Vec::new();
        // An h behind another letter is its aspiration.
        let letters = name.chars().enumerate().filter(|(n, letter)| *n == 0 || *letter != 'h').map(|(_, letter)| letter);
        for class in letters.filter_map(Class::of_letter) {
            // The stop of an affricate belongs to its fricative.
            let affricate =
                matches!((classes.last(), class), (Some(Some(Class::AlveolarStop)), Some(Class::Sibilant | Class::Postalveolar)));
            if affricate {
                classes.pop();
            }
            if classes.last() != Some(&class) {
                classes.push(class);
            }
        }
        if name.is_empty() {
            classes.push(Some(Class::Silence));
        } else if classes.is_empty() {
            classes.push(None);
        }
        classes
    }

    /// The class of one letter; an inner `None` for sounds that no class is sure of, an outer one for marks.
    fn of_letter(letter: char) -> Option<Option<Class>> {
        Some(Some(match letter {
            'p' | 'b' | 'ɓ' => Class::BilabialStop,
            'm' => Class::BilabialNasal,
            'f' | 'v' | 'ʋ' | 'ɱ' => Class::Labiodental,
            'θ' | 'ð' => Class::Dental,
            't' | 'd' | 'ʈ' | 'ɖ' | 'ɗ' => Class::AlveolarStop,
            'n' | 'ɳ' | 'ɲ' => Class::AlveolarNasal,
            's' | 'z' => Class::Sibilant,
            'ʃ' | 'ʒ' | 'ɕ' | 'ʑ' | 'ʂ' | 'ʐ' => Class::Postalveolar,
            'k' | 'g' | 'ɡ' | 'ɠ' | 'ŋ' | 'x' | 'ɣ' | 'q' | 'ɢ' | 'χ' | 'ʁ' | 'ʀ' | 'ɴ' => Class::Velar,
            'l' | 'ɫ' | 'ɭ' | 'ɬ' | 'ɮ' | 'ʎ' => Class::Lateral,
            'r' | 'ɹ' | 'ɾ' | 'ɻ' | 'ɽ' => Class::Rhotic,
            'w' | 'ʍ' | 'ɥ' => Class::RoundedGlide,
            'j' | 'ʝ' | 'ç' | 'c' | 'ɟ' => Class::Palatal,
            'h' | 'ɦ' | 'ʔ' | 'ħ' | 'ʕ' => Class::Glottal,
            'a' | 'æ' | 'ɑ' | 'ʌ' | 'ä' => Class::Open,
            'e' | 'ɛ' => Class::MidFront,
            'i' | 'ɪ' | 'ɨ' | 'ᵻ' | 'ɯ' => Class::CloseFront,
            'ə' | 'ɐ' | 'ɜ' | 'ɚ' | 'ɝ' | 'ɘ' | 'ɤ' => Class::Central,
            'o' | 'ɔ' | 'ɒ' => Class::MidRounded,
            'u' | 'ʊ' | 'ʉ' => Class::CloseRounded,
            'y' | 'ʏ' | 'ø' | 'œ' | 'ɵ' => Class::FrontRounded,
            'β' | 'ɸ' => return Some(None),
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_the_phonetic_alphabet() {
        assert_eq!(Class::from_ipa("ɔː"), [Some(Class::MidRounded)]);
        assert_eq!(Class::from_ipa("tʃʲ"), [Some(Class::Postalveolar)]);
        assert_eq!(Class::from_ipa("tʃh"), [Some(Class::Postalveolar)]);
        assert_eq!(Class::from_ipa("pf"), [Some(Class::BilabialStop), Some(Class::Labiodental)]);
        assert_eq!(Class::from_ipa("aʊ"), [Some(Class::Open), Some(Class::CloseRounded)]);
        assert_eq!(Class::from_ipa(""), [Some(Class::Silence)]);
        assert_eq!(Class::from_ipa("β"), [None]);
        assert_eq!(Class::from_ipa("5"), [None]);
    }

    #[test]
    fn labels_of_both_alphabets_meet_in_one_class() {
        assert_eq!(Class::from_arpabet("AO1"), Class::from_sampa("O"));
        assert_eq!(Class::from_arpabet("P"), Class::from_sampa("pasp"));
        assert_eq!(Class::from_sampa("!b"), Some(Class::BilabialStop));
        assert_eq!(Class::from_sampa("tasp+sth"), Some(Class::AlveolarStop));
        assert_eq!(Class::from_sampa("a"), Some(Class::Open));
        assert_eq!(Class::from_arpabet("QQ"), None);
        assert!(Class::ALL.iter().enumerate().all(|(i, c)| *c as usize == i));
    }
}
