//! What the names in somebody's file stand for: joints of the humanoid, shapes of the face.
//!
//! Every program spells in its own way: `mixamorig:LeftForeArm`, `Bip01 L Forearm`, `DEF-forearm.L`, `lowerarm_l`, `左ひじ` are
//! one joint; `jawOpen`, `blendShape1.AK_25_JawOpen`, `Jaw_Open` and `AU26` one shape. A name is first cut into [`Words`], with
//! the side taken out; tables of stems say the rest.

pub mod joints;
pub mod shapes;
mod tables;

/// A side of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Left,
    Right,
}

impl Side {
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A name in lower-case words without its side: `CC_Base_L_UpperarmTwist01` is left, `cc base upperarm twist 01`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub side: Option<Side>,
    pub words: Vec<String>,
    /// The side that follows the word `look`, which is a direction.
    pub towards: Option<Side>,
}

impl Words {
    pub fn of(name: &str) -> Words {
        let name = name.rsplit([':', '|']).next().unwrap_or(name);
        let mut words = split(name);
        let mut towards = None;
        if let Some(look) = words.iter().position(|w| w == "look")
            && let Some(side) = words.get(look + 1).and_then(|w| side(w))
        {
            towards = Some(side);
            words.remove(look + 1);
        }
        // A side stands first or last rather than in the middle, if there are two.
        let sides: Vec<usize> = (0..words.len()).filter(|&i| side(&words[i]).is_some()).collect();
        let chosen = sides.iter().copied().find(|i| *i == 0).or(sides.last().copied());
        let mut found = chosen.and_then(|i| side(&words.remove(i)));
        if found.is_none() {
            found = glued(&mut words);
        }
        Words { side: found, words, towards }
    }

    /// The words from `first` on, without numbers, as one.
    pub fn stem(&self, first: usize) -> String {
        self.words[first.min(self.words.len())..].iter().filter(|w| !is_number(w)).map(String::as_str).collect()
    }
}

pub fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

fn side(word: &str) -> Option<Side> {
    match word {
        "l" | "left" | "lft" | "lt" | "lf" | "左" => Some(Side::Left),
        "r" | "right" | "rgt" | "rt" | "rg" | "右" => Some(Side::Right),
        _ => None,
    }
}

/// A side that is part of a longer word without a capital to tell: `leftarm`, `eyeblinkright`.
fn glued(words: &mut [String]) -> Option<Side> {
    for word in words {
        for (text, side) in [("left", Side::Left), ("right", Side::Right), ("左", Side::Left), ("右", Side::Right)] {
            let rest = word.strip_prefix(text).or_else(|| word.strip_suffix(text));
            if let Some(rest) = rest.filter(|rest| rest.chars().count() > if text.is_ascii() { 2 } else { 0 }) {
                *word = rest.to_owned();
                return Some(side);
            }
        }
    }
    None
}

/// Words end at anything that is no letter or digit, where a capital begins, and between letters and digits.
fn split(name: &str) -> Vec<String> {
    // Full-width letters and digits, as Japanese programs write them, become plain ones.
    let plain = |c: char| match c as u32 {
        0xff01..=0xff5e => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let letters: Vec<char> = name.chars().take(200).map(plain).collect();
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for (i, &c) in letters.iter().enumerate() {
        if c.is_alphanumeric() || "∧▲ω□△".contains(c) {
            let next_small = letters.get(i + 1).is_some_and(|n| n.is_lowercase());
            let begins = last.is_none_or(|l| {
                l.is_ascii_digit() != c.is_ascii_digit() || c.is_uppercase() && (l.is_lowercase() || l.is_uppercase() && next_small)
            });
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
            last = Some(c);
        } else {
            last = None;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        let cut = |name: &str| {
            let words = Words::of(name);
            (words.side.map(Side::index), words.words.join(" "))
        };
        for (name, side, words) in [
            ("mixamorig:LeftForeArm", Some(0), "fore arm"),
            ("Armature|Bip01 L UpperArm", Some(0), "bip 01 upper arm"),
            ("DEF-upper_arm.R", Some(1), "def upper arm"),
            ("CC_Base_L_UpperarmTwist01", Some(0), "cc base upperarm twist 01"),
            ("Bip01 REyeBlinkTop", Some(1), "bip 01 eye blink top"),
            ("blendShape1.AK_25_JawOpen", None, "blend shape 1 ak 25 jaw open"),
            ("eyeBlink_L", Some(0), "eye blink"),
            ("mouthsmileright", Some(1), "mouthsmile"),
            ("leftarm", Some(0), "arm"),
            ("左ひじ", Some(0), "ひじ"),
            ("ウィンク右", Some(1), "ウィンク"),
            ("AU06_L", Some(0), "au 06"),
            ("lThighBend", Some(0), "thigh bend"),
            ("Wolf3D_Head", None, "wolf 3 d head"),
        ] {
            assert_eq!(cut(name), (side, words.to_string()), "{name}");
        }
        assert_eq!(Words::of("Eye_L_Look_R").towards, Some(Side::Right));
        assert_eq!(Words::of("Eye_L_Look_R").side, Some(Side::Left));
        assert_eq!(Words::of("eyeLookLeftL").towards, Some(Side::Left));
    }
}
