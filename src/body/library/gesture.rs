//! One gesture as its file describes it.

use crate::body::fingers::{self, Shape};
use crate::direction::events::Event;
use crate::emotion::Label;
use crate::spelling;
use crate::{Error, Result};
use glam::{Mat3, Quat, Vec3};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::collections::BTreeMap;

/// A gesture with a meaning. Directions and places are those of the hand that makes it: x outwards from the body's middle, y up, z
/// forwards, so that either hand can. See `assets/gestures/README.md` for the file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gesture {
    pub name: String,
    /// What it says, in a few words.
    pub meaning: String,
    /// Words and phrases that call for it, by language (ISO 639-1). A `*` at the end of a word stands for any ending.
    #[serde(default)]
    pub words: BTreeMap<String, Vec<String>>,
    /// Which hands make it.
    #[serde(default)]
    pub hands: Hands,
    /// Poses in the order of their times; the one at 0 is the stroke's end, which meets the stressed syllable.
    pub keys: Vec<Key>,
    /// Seconds that the last pose is held.
    #[serde(default = "usual_hold")]
    pub hold: f32,
    /// Runs through the keys from 0 on several times.
    #[serde(default)]
    pub repeat: Option<Repeat>,
    /// Passes through the keys without stopping at each.
    #[serde(default)]
    pub flowing: bool,
    /// What head and face do meanwhile, in the words of events ("nod", "tilt left", "look up"); sides as for the right hand.
    #[serde(default)]
    pub acts: Vec<String>,
    #[serde(default)]
    pub posture: Posture,
    /// Share of its words that it answers, 0..=1.
    #[serde(default = "usual_chance")]
    pub chance: f32,
    /// Gestures of one family may follow each other at once, as numbers do in counting.
    #[serde(default)]
    pub family: Option<String>,
    /// Factors on `chance` under an emotion at full strength, by label.
    #[serde(default)]
    pub moods: BTreeMap<String, f32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hands {
    /// Either hand, by preference the leading one.
    #[default]
    One,
    Left,
    Right,
    /// Both, mirrored, or as the keys' `other` says.
    Both,
}

/// A pose at a time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Seconds from the end of the stroke.
    pub at: f32,
    pub hand: HandKey,
    /// The other hand, where both take part and it does not mirror the first.
    #[serde(default)]
    pub other: Option<HandKey>,
}

/// Where a hand is and how it is held.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandKey {
    /// Metres from the hips of the standing figure: outwards, up, forwards.
    pub place: [f32; 3],
    /// What of the hand is there.
    #[serde(default)]
    pub part: Part,
    /// What of the body the place goes along with.
    #[serde(default)]
    pub on: Anchor,
    /// Where the palm looks.
    pub palm: Direction,
    /// Where straight fingers would point.
    pub fingers: Direction,
    /// Handshape by name.
    #[serde(default = "usual_shape")]
    pub shape: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    #[default]
    Wrist,
    Palm,
    /// Tips of fingers.
    Thumb,
    Index,
    Middle,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The gesture space before the trunk.
    #[default]
    Body,
    /// The skin of the chest.
    Chest,
    /// The face.
    Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    pub times: u32,
    /// Seconds from one run to the next.
    pub every: f32,
}

/// What the trunk adds, degrees: `lean` forwards, `twist` towards the hand, `bend` away from it; `shoulders` rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Posture {
    pub lean: f32,
    pub twist: f32,
    pub bend: f32,
    pub shoulders: f32,
}

/// A direction of unit length: up, down, out, in, forward and back joined by `+`, or three numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction(pub Vec3);

impl<'de> Deserialize<'de> for Direction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Direction, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Words(String),
            Numbers([f32; 3]),
        }
        let sum = match Written::deserialize(deserializer)? {
            Written::Numbers(numbers) => Vec3::from(numbers),
            Written::Words(words) => {
                let mut sum = Vec3::ZERO;
                for word in words.split('+').map(str::trim) {
                    sum += direction(word)
                        .ok_or_else(|| D::Error::custom(format!("direction \"{word}\": known are up, down, out, in, forward, back")))?;
                }
                sum
            }
        };
        sum.try_normalize().map(Direction).ok_or_else(|| D::Error::custom("a direction without length"))
    }
}

fn direction(word: &str) -> Option<Vec3> {
    Some(match word {
        "up" => Vec3::Y,
        "down" => Vec3::NEG_Y,
        "out" => Vec3::X,
        "in" => Vec3::NEG_X,
        "forward" => Vec3::Z,
        "back" => Vec3::NEG_Z,
        _ => return None,
    })
}

fn usual_hold() -> f32 {
    0.5
}

fn usual_chance() -> f32 {
    0.7
}

fn usual_shape() -> String {
    "open".into()
}

/// Longest gesture, seconds, and most keys of one.
const LONGEST: f32 = 20.0;
const MOST_KEYS: usize = 64;

impl Gesture {
    /// Reads a gesture file; `origin` names it in errors, which tell line and column.
    pub fn parse(text: &str, origin: &str) -> Result<Gesture> {
        let gesture: Gesture = serde_json::from_str(text).map_err(|e| Error::malformed(origin, e.to_string()))?;
        gesture.check().map_err(|what| Error::malformed(origin, what))?;
        Ok(gesture)
    }

    fn check(&self) -> Result<(), String> {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(word) {
            return Err(format!("name \"{}\": write small letters, digits and -", self.name));
        }
        if self.keys.is_empty() || self.keys.len() > MOST_KEYS {
            return Err(format!("{} keys: 1 to {MOST_KEYS} are possible", self.keys.len()));
        }
        if self.keys.windows(2).any(|pair| pair[1].at <= pair[0].at) || self.keys.iter().all(|key| key.at != 0.0) {
            return Err("the times of the keys must rise, and one must be 0".into());
        }
        let Repeat { times, every } = self.repeat.unwrap_or(Repeat { times: 1, every: 1.0 });
        let last = self.keys.last().map_or(0.0, |key| key.at);
        if times == 0 || (times > 1 && every <= last) {
            return Err("repeat: times is at least 1, and every is longer than the keys after 0".into());
        }
        let length = self.hold + last - self.keys[0].at + (times.min(1000) as f32) * every;
        if !(length.is_finite() && self.hold >= 0.0 && length <= LONGEST) {
            return Err(format!("a gesture may last {LONGEST} s"));
        }
        for hand in self.keys.iter().flat_map(|key| std::iter::once(&key.hand).chain(&key.other)) {
            hand.check()?;
        }
        let Posture { lean, twist, bend, shoulders } = self.posture;
        if [lean, twist, bend, shoulders].iter().any(|degrees| degrees.is_nan() || degrees.abs() > 45.0) {
            return Err("posture: angles are -45 to 45 degrees".into());
        }
        if !(0.0..=1.0).contains(&self.chance) {
            return Err("chance is 0 to 1".into());
        }
        if let Some((mood, _)) = self.moods.iter().find(|(mood, factor)| Label::parse(mood).is_none() || !(0.0..=10.0).contains(*factor)) {
            return Err(format!("mood \"{mood}\": a label of emotion with a factor from 0 to 10 is expected"));
        }
        self.acts.iter().try_for_each(|act| acting(act).map(drop).map_err(|e| e.to_string()))
    }

    /// What head and face do, as events that start at 0; sides are exchanged when `mirrored`.
    pub(super) fn events(&self, mirrored: bool) -> Vec<Event> {
        let exchanged = |act: &String| match mirrored {
            true if act.ends_with(" left") => act.replace(" left", " right"),
            true => act.replace(" right", " left"),
            false => act.clone(),
        };
        self.acts.iter().filter_map(|act| acting(&exchanged(act)).ok()).collect()
    }

    /// Whether both hands take part.
    pub fn two_handed(&self) -> bool {
        self.hands == Hands::Both
    }
}

fn acting(act: &str) -> Result<Event> {
    format!("0s {act}").parse()
}

impl HandKey {
    fn check(&self) -> Result<(), String> {
        if self.place.iter().any(|x| x.is_nan() || x.abs() > 1.5) {
            return Err(format!("place {:?}: metres from the hips, within reach of an arm", self.place));
        }
        if fingers::named(&self.shape).is_none() {
            let guess = spelling::guess(&self.shape, fingers::names());
            let known: Vec<&str> = fingers::names().collect();
            return Err(format!("shape \"{}\" is not known: {guess}known are {}", self.shape, known.join(", ")));
        }
        match self.palm.0.cross(self.fingers.0).length() > 0.1 {
            true => Ok(()),
            false => Err("palm and fingers look the same way".into()),
        }
    }

    /// The shape of the fingers.
    pub(super) fn form(&self) -> Shape {
        fingers::named(&self.shape).unwrap_or_default()
    }

    /// How the left hand is turned in the world: fingers as asked for, the palm as near as that allows.
    pub(super) fn turn(&self) -> Quat {
        let (x, palm) = (self.fingers.0, self.palm.0);
        let y = -(palm - x * palm.dot(x)).normalize_or(x.any_orthonormal_vector());
        Quat::from_mat3(&Mat3::from_cols(x, y, x.cross(y))).normalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: &str = r#"{"name": "stop", "meaning": "halt", "keys": [{"at": 0, "hand":
        {"place": [0.17, 0.4, 0.4], "palm": "forward", "fingers": "up", "shape": "open"}}]}"#;

    #[test]
    fn a_palm_looks_where_it_should() {
        let stop = Gesture::parse(STOP, "stop.json").unwrap();
        let turn = stop.keys[0].hand.turn();
        // At rest the left palm looks down and the fingers point to the left.
        assert!((turn * Vec3::X - Vec3::Y).length() < 1e-5 && (turn * Vec3::NEG_Y - Vec3::Z).length() < 1e-5);
    }

    #[test]
    fn mistakes_are_told() {
        let wrong = |from: &str, to: &str| Gesture::parse(&STOP.replace(from, to), "stop.json").unwrap_err().to_string();
        assert!(wrong("\"forward\"", "\"forwards\"").contains("direction \"forwards\""));
        assert!(wrong("\"shape\": \"open\"", "\"shape\": \"opne\"").contains("did you mean open?"));
        assert!(wrong("\"at\": 0", "\"at\": 0.5").contains("one must be 0"));
        assert!(wrong("\"up\"", "\"forward\"").contains("same way"));
        assert!(wrong("0.17", "17").contains("within reach"));
        assert!(wrong("\"meaning\"", "\"meening\"").contains("line 1"));
        assert!(wrong("\"meaning\"", "\"hold\": 1e9, \"meaning\"").contains("may last"));
        assert!(wrong("\"meaning\"", "\"acts\": [\"nodd\"], \"meaning\"").contains("nodd"));
        assert!(wrong("\"meaning\"", "\"repeat\": {\"times\": 4000000000, \"every\": 1}, \"meaning\"").contains("may last"));
    }
}
