//! What a morph's or an expression's name stands for.

use super::tables::{ACTION_UNITS, SHAPES, VISEMES};
use super::{Side, Words, is_number};
use crate::actor::Channel;
use crate::face::coefficients::{self, NAMES};
use crate::face::visemes;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How sure the reading of a name is; the surer comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The user said so.
    Given,
    /// ARKit's own name.
    Exact,
    /// ARKit's name in another spelling.
    Spelled,
    /// An expression of VRM.
    Preset,
    /// A viseme of Oculus or of Character Creator.
    Viseme,
    /// A word of another program.
    Word,
    /// An action unit of FACS.
    ActionUnit,
}

/// What a name may mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    pub kind: Kind,
    pub channels: Vec<(Channel, f32)>,
    /// What stood before the words that were understood, without numbers: sets of shapes share it.
    pub prefix: String,
    /// The words that were understood, without what tells parts of one shape apart, and which part this is.
    pub family: String,
    pub part: String,
}

/// All that a name may mean, the surest first; a preset of VRM means one thing only.
pub fn meanings(name: &str, preset: bool) -> Vec<Meaning> {
    let mut out = Vec::new();
    let meaning = |kind, channels, prefix: &str, family: &str, part: String| Meaning {
        kind,
        channels,
        prefix: prefix.into(),
        family: family.into(),
        part,
    };
    if let Some(i) = coefficients::index(name) {
        out.push(meaning(Kind::Exact, vec![(Channel::Coefficient(i), 1.0)], "", name, String::new()));
        return out;
    }
    let mut words = Words::of(name);
    quarter(&mut words);
    let part = format!("{:?}{:?}", words.side, words.towards);
    for first in 0..words.words.len() {
        let (stem, prefix) = (words.stem(first), plain(&words.words[..first]));
        if !understood(&words.words[..first], &stem) {
            continue;
        }
        if let Some(channels) = arkit(&stem, words.side, words.towards) {
            let kind = if preset { Kind::Preset } else { Kind::Spelled };
            out.push(meaning(kind, channels, &prefix, &stem, part.clone()));
        }
        if let Some((_, target)) = SHAPES.iter().find(|(s, _)| *s == stem)
            && let Some(channels) = channels(target, words.side)
        {
            let kind = if preset { Kind::Preset } else { Kind::Word };
            let family = ["down", "up", "u", "d"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(&stem);
            out.push(meaning(kind, channels, &prefix, family, format!("{part}{stem}")));
        }
        if !preset && let Some(viseme) = viseme(&words.words[..first], &stem) {
            out.push(meaning(Kind::Viseme, vec![(Channel::Viseme(viseme), 1.0)], &prefix, &stem, String::new()));
        }
        if let Some(vowel) = vowel(&stem).filter(|_| first == 0 && words.side.is_none()) {
            let kind = if preset { Kind::Preset } else { Kind::Word };
            out.push(meaning(kind, vec![(Channel::Vowel(vowel), 1.0)], &prefix, &stem, String::new()));
        }
    }
    if let Some(channels) = action_unit(&words) {
        out.push(meaning(Kind::ActionUnit, channels, "au", &words.words.join(""), part));
    }
    out.sort_by_key(|m| m.kind);
    out
}

/// Short words mean something only alone or behind the name of a set.
fn understood(before: &[String], stem: &str) -> bool {
    const SETS: [&str; 24] = [
        "fcl",
        "vrc",
        "ctrl",
        "expressions",
        "viseme",
        "visemes",
        "v",
        "vi",
        "ak",
        "arkit",
        "shape",
        "shapes",
        "blendshape",
        "blendshapes",
        "face",
        "facial",
        "expression",
        "key",
        "morph",
        "morphs",
        "mouth",
        "lip",
        "vrm",
        "head",
    ];
    let set = before.iter().rev().find(|w| !is_number(w)).is_none_or(|w| SETS.contains(&w.as_str()));
    !stem.is_empty() && (set || stem.len() >= 7 && stem.is_ascii())
}

fn plain(words: &[String]) -> String {
    words.iter().filter(|w| !is_number(w)).map(String::as_str).collect()
}

/// Quarters of the mouth: `mouthFunnelUL` is the left part of `mouthFunnelU`.
fn quarter(words: &mut Words) {
    let quarter = match words.words.last().map(String::as_str) {
        Some("ul") => ("u", Side::Left),
        Some("ur") => ("u", Side::Right),
        Some("dl") => ("d", Side::Left),
        Some("dr") => ("d", Side::Right),
        _ => return,
    };
    if words.side.is_none()
        && let Some(last) = words.words.last_mut()
    {
        *last = quarter.0.into();
        words.side = Some(quarter.1);
    }
}

/// Stems of ARKit's names with the coefficients of left, right and neither.
static ARKIT: LazyLock<BTreeMap<String, [Option<usize>; 3]>> = LazyLock::new(|| {
    let mut out: BTreeMap<String, [Option<usize>; 3]> = BTreeMap::new();
    for (i, name) in NAMES.iter().enumerate() {
        let words = Words::of(name);
        out.entry(words.stem(0)).or_default()[words.side.map_or(2, Side::index)] = Some(i);
    }
    out
});

fn arkit(stem: &str, side: Option<Side>, towards: Option<Side>) -> Option<Vec<(Channel, f32)>> {
    if let Some(towards) = towards {
        // Looking to a side is in for one eye and out for the other.
        let eye = |eye: Side| {
            let way = if eye == towards { "eyelookout" } else { "eyelookin" };
            ARKIT.get(way)?[eye.index()]
        };
        return match (stem, side) {
            ("eyelook", Some(side)) => Some(vec![(Channel::Coefficient(eye(side)?), 1.0)]),
            ("eyelook" | "eyeslook" | "look", None) => both(eye(Side::Left), eye(Side::Right)),
            _ => None,
        };
    }
    let [left, right, neither] = *ARKIT.get(stem)?;
    match (side, neither) {
        (Some(side), None) => [left, right][side.index()].map(|i| vec![(Channel::Coefficient(i), 1.0)]),
        // Half of a shape that ARKit has only whole.
        (_, Some(i)) => Some(vec![(Channel::Coefficient(i), 1.0)]),
        // `jaw` and `mouth` alone do not tell which way.
        (None, None) if matches!(stem, "jaw" | "mouth") => None,
        (None, None) => both(left, right),
    }
}

/// A shape for both sides follows their mean.
fn both(left: Option<usize>, right: Option<usize>) -> Option<Vec<(Channel, f32)>> {
    Some(vec![(Channel::Coefficient(left?), 0.5), (Channel::Coefficient(right?), 0.5)])
}

/// The channels of a table's target, or of a name that a user wrote: a coefficient with or without its side, a viseme, a
/// vowel, a mood, a direction of both eyes.
pub fn channels(target: &str, side: Option<Side>) -> Option<Vec<(Channel, f32)>> {
    if let Some(i) = coefficients::index(target) {
        return Some(vec![(Channel::Coefficient(i), 1.0)]);
    }
    if let Some(i) = visemes::VOWELS.iter().position(|n| *n == target) {
        return Some(vec![(Channel::Vowel(i), 1.0)]);
    }
    if let Some(i) = visemes::MOODS.iter().position(|n| *n == target) {
        return Some(vec![(Channel::Mood(i), 1.0)]);
    }
    if let Some(i) = target.strip_prefix("viseme_").and_then(|t| visemes::NAMES.iter().position(|n| *n == t)) {
        return Some(vec![(Channel::Viseme(i), 1.0)]);
    }
    let pair = |left: &str, right: &str| both(coefficients::index(left), coefficients::index(right));
    match target {
        "lookUp" => pair("eyeLookUpLeft", "eyeLookUpRight"),
        "lookDown" => pair("eyeLookDownLeft", "eyeLookDownRight"),
        "lookLeft" => pair("eyeLookOutLeft", "eyeLookInRight"),
        "lookRight" => pair("eyeLookInLeft", "eyeLookOutRight"),
        // Eyes closed by a smile: only as far as a smile closes them here.
        "eyeSmile" => pair("cheekSquintLeft", "cheekSquintRight").map(|c| c.into_iter().map(|(c, w)| (c, 0.5 * w)).collect()),
        sided => arkit(&sided.to_ascii_lowercase(), side, None),
    }
}

/// The viseme of a stem: any behind a word for visemes, else only those that can be nothing else.
fn viseme(before: &[String], stem: &str) -> Option<usize> {
    const PLAIN: [&str; 16] =
        ["sil", "pp", "ff", "dd", "kk", "ss", "nn", "rr", "bmp", "fv", "tldn", "kghng", "chj", "sz", "woo", "affricate"];
    let announced = before.iter().any(|w| matches!(w.as_str(), "viseme" | "visemes" | "v" | "vi" | "vis" | "phoneme"));
    let (_, name) = VISEMES.iter().find(|(s, _)| *s == stem && (announced || before.is_empty() && PLAIN.contains(s)))?;
    visemes::NAMES.iter().position(|n| n == name)
}

fn vowel(stem: &str) -> Option<usize> {
    let name = match stem {
        "aa" | "ah" => "aa",
        "ih" => "ih",
        "ou" | "uu" | "oo" => "ou",
        "ee" | "eh" | "ae" => "ee",
        "oh" => "oh",
        _ => return None,
    };
    visemes::VOWELS.iter().position(|n| *n == name)
}

fn action_unit(words: &Words) -> Option<Vec<(Channel, f32)>> {
    let at = words.words.iter().position(|w| w == "au")?;
    let number: u32 = words.words.get(at + 1)?.parse().ok()?;
    let (_, target) = ACTION_UNITS.iter().find(|(n, _)| *n == number)?;
    channels(target, words.side)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(name: &str) -> Option<Vec<(Channel, f32)>> {
        meanings(name, false).into_iter().next().map(|m| m.channels)
    }

    fn one(name: &str) -> Option<Vec<(Channel, f32)>> {
        coefficients::index(name).map(|i| vec![(Channel::Coefficient(i), 1.0)])
    }

    #[test]
    fn spellings_of_arkit() {
        for (spelled, name) in [
            ("jawOpen", "jawOpen"),
            ("JawOpen", "jawOpen"),
            ("jaw_open", "jawOpen"),
            ("Jaw_Open", "jawOpen"),
            ("blendShape1.AK_25_JawOpen", "jawOpen"),
            ("blendShapes.JawOpen", "jawOpen"),
            ("eyeBlink_L", "eyeBlinkLeft"),
            ("eyeBlink.R", "eyeBlinkRight"),
            ("EyeBlinkLeft", "eyeBlinkLeft"),
            ("leftEyeBlink", "eyeBlinkLeft"),
            ("Eye_Blink_Left", "eyeBlinkLeft"),
            ("eyeblinkleft", "eyeBlinkLeft"),
            ("mouthSmile_R", "mouthSmileRight"),
            ("MouthSmileL", "mouthSmileLeft"),
            ("mouthLeft", "mouthLeft"),
            ("Mouth_R", "mouthRight"),
            ("Jaw_L", "jawLeft"),
            ("Eye_L_Look_L", "eyeLookOutLeft"),
            ("Eye_R_Look_L", "eyeLookInRight"),
            ("eyeLookIn_L", "eyeLookInLeft"),
            ("CTRL_expressions_eyeLookLeftL", "eyeLookOutLeft"),
            ("CTRL_expressions_mouthCornerPullR", "mouthSmileRight"),
            ("CTRL_expressions_mouthFunnelUL", "mouthFunnel"),
            ("CTRL_expressions_jawOpen", "jawOpen"),
            ("Brow_Raise_Inner_L", "browInnerUp"),
            ("Mouth_Up_Upper_R", "mouthUpperUpRight"),
            ("AU26", "jawOpen"),
            ("AU_12_LipCornerPuller_L", "mouthSmileLeft"),
            ("Fcl_EYE_Close_L", "eyeBlinkLeft"),
            ("Face.M_F00_000_00_Fcl_EYE_Close_R", "eyeBlinkRight"),
            ("vrc.blink_left", "eyeBlinkLeft"),
            ("ウィンク右", "eyeBlinkRight"),
            ("Head_Mesh_tongueOut", "tongueOut"),
        ] {
            assert_eq!(best(spelled), one(name), "{spelled}");
        }
        for nothing in ["Basis", "Key 1", "", "0", "mouth", "SR_01_x", "L", "hair_long", "Fcl_HA_Fung1", "bodyFat"] {
            assert_eq!(best(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn shapes_for_both_sides() {
        let blink = channels("eyeBlink", None);
        for name in ["blink", "Blink", "eyesClosed", "まばたき", "EyeBlink", "Fcl_EYE_Close"] {
            assert_eq!(best(name), blink, "{name}");
        }
    }

    #[test]
    fn visemes_vowels_and_moods() {
        let viseme = |n: &str| channels(&format!("viseme_{n}"), None);
        for (name, viseme_name) in [
            ("viseme_aa", "aa"),
            ("AA_VI_00_sil", "sil"),
            ("AA_VI_01_PP", "PP"),
            ("vrc.v_ou", "U"),
            ("vrc.v_th", "TH"),
            ("V_Explosive", "PP"),
        ] {
            assert_eq!(best(name), viseme(viseme_name), "{name}");
        }
        for (name, target) in [
            ("あ", "aa"),
            ("A", "aa"),
            ("Fcl_MTH_E", "ee"),
            ("oh", "oh"),
            ("Fcl_ALL_Joy", "happy"),
            ("Surprised", "surprised"),
            ("え", "ee"),
        ] {
            assert_eq!(best(name), channels(target, None), "{name}");
        }
    }
}
