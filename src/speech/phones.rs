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

    /// Both lips meet.
    pub fn is_bilabial(self) -> bool {
        matches!(self, Class::BilabialStop | Class::BilabialNasal)
    }

    /// The class of an ARPAbet symbol, stress digits allowed.
    pub fn from_arpabet(symbol: &str) -> Option<Class> {
        Some(match symbol.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "sil" | "sp" | "" => Class::Silence,
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
            "ER" => Class::Central,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_both_alphabets_meet_in_one_class() {
        assert_eq!(Class::from_arpabet("AO1"), Class::from_sampa("O"));
        assert_eq!(Class::from_arpabet("P"), Class::from_sampa("pasp"));
        assert_eq!(Class::from_sampa("!b"), Some(Class::BilabialStop));
        assert_eq!(Class::from_sampa("tasp+sth"), Some(Class::AlveolarStop));
        assert_eq!(Class::from_sampa("a"), Some(Class::Open));
        assert_eq!(Class::from_arpabet("QQ"), None);
        assert_eq!(Class::FrontRounded as usize + 1, Class::COUNT);
    }
}
