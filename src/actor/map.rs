//! The name map: what a user says that the names in a file mean.
//!
//! ```toml
//! [shapes]
//! jawOpen = "Mouth_Gape"           # ours = theirs; several as a list
//! viseme_PP = ["lips_shut", "lips_press"]
//! "Blink both" = "eyeBlink"        # or theirs = ours
//! "Old_Smile" = "none"             # leave it still
//!
//! [joints]
//! leftUpperArm = "Arm.L"
//! leftEye = "EyeBone_L"
//! ```
//!
//! What the map does not mention is found as without it.

use super::Channel;
use super::names::shapes;
use crate::body::skeleton;
use crate::face::{coefficients, visemes};
use crate::spelling::distance;
use crate::{Error, Result};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a user says that names mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    origin: String,
    shapes: Vec<Entry<Vec<(Channel, f32)>>>,
    joints: Vec<Entry<String>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry<T> {
    line: usize,
    theirs: String,
    ours: T,
}

/// Joints beyond those of the skeleton.
const OTHERS: [&str; 3] = ["leftEye", "rightEye", "jaw"];

impl Map {
    /// Reads a map. Errors name the line and the nearest name that gestus knows.
    pub fn parse(text: &str, origin: &str) -> Result<Map> {
        let line = |at: usize| 1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count();
        let table = DeTable::parse(text).map_err(|e| {
            let at = e.span().map_or(0, |s| s.start);
            Error::malformed(format!("{origin}:{}", line(at)), e.message().to_owned())
        })?;
        let mut map = Map { origin: origin.into(), ..Map::default() };
        for (section, value) in table.get_ref() {
            let at = line(section.span().start);
            let entries = match (section.get_ref().as_ref(), value.get_ref()) {
                ("shapes" | "joints", DeValue::Table(entries)) => entries,
                ("shapes" | "joints", _) => return Err(map.wrong(at, "a section is written in brackets, like [shapes]".into())),
                (other, _) => return Err(map.wrong(at, format!("'{other}' is no section; there are [shapes] and [joints]"))),
            };
            for (key, value) in entries {
                let at = line(key.span().start);
                for theirs in map.texts(at, value)? {
                    map.add(section.get_ref(), at, key.get_ref(), &theirs)?;
                }
            }
        }
        Ok(map)
    }

    fn wrong(&self, line: usize, what: String) -> Error {
        Error::malformed(format!("{}:{line}", self.origin), what)
    }

    /// A text or a list of texts; empty ones say nothing.
    fn texts(&self, line: usize, value: &Spanned<DeValue>) -> Result<Vec<String>> {
        let one = |v: &DeValue| match v {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong(line, "a name is written in quotes".into())),
        };
        let all: Vec<String> = match value.get_ref() {
            DeValue::Array(list) => list.iter().map(|v| one(v.get_ref())).collect::<Result<_>>()?,
            single => vec![one(single)?],
        };
        Ok(all.into_iter().filter(|text| !text.is_empty()).collect())
    }

    fn add(&mut self, section: &str, line: usize, key: &str, value: &str) -> Result<()> {
        if section == "shapes" {
            let none = |name: &str| if name == "none" { Some(Vec::new()) } else { shapes::channels(name, None) };
            let (theirs, ours) = match (shapes::channels(key, None), none(value)) {
                (Some(ours), _) if value != "none" => (value, ours),
                (_, Some(ours)) => (key, ours),
                _ => return Err(self.unknown(line, key, value, shape_names())),
            };
            self.shapes.push(Entry { line, theirs: theirs.into(), ours });
        } else {
            let known = |name: &str| skeleton::index(name).is_some() || OTHERS.contains(&name);
            let (theirs, ours) = match (known(key), known(value)) {
                (true, _) => (value, key),
                (_, true) => (key, value),
                _ => return Err(self.unknown(line, key, value, joint_names())),
            };
            self.joints.push(Entry { line, theirs: theirs.into(), ours: ours.into() });
        }
        Ok(())
    }

    fn unknown(&self, line: usize, key: &str, value: &str, known: Vec<String>) -> Error {
        let near = nearest(key, &known);
        self.wrong(line, format!("neither '{key}' nor '{value}' is a name that gestus knows; the nearest is {near}"))
    }

    /// What the user says about a shape of the file: `None` if nothing, no channels if it is to stay still.
    pub fn shape(&self, name: &str) -> Option<Vec<(Channel, f32)>> {
        let mut said = self.shapes.iter().filter(|e| e.theirs == name).peekable();
        said.peek()?;
        Some(said.flat_map(|e| e.ours.clone()).collect())
    }

    /// (joint, node's name) pairs.
    pub fn joints(&self) -> impl Iterator<Item = (&str, &str)> {
        self.joints.iter().map(|e| (e.ours.as_str(), e.theirs.as_str()))
    }

    /// Fails where the map names a shape or a node that the file does not have.
    pub fn check(&self, shapes: &[String], nodes: &[String]) -> Result<()> {
        let shapes = self.shapes.iter().map(|e| (e.line, &e.theirs, "shape", shapes));
        let joints = self.joints.iter().map(|e| (e.line, &e.theirs, "node", nodes));
        for (line, name, what, there) in shapes.chain(joints) {
            if !there.contains(name) {
                let near = if there.is_empty() { "it has none".into() } else { format!("the nearest is '{}'", nearest(name, there)) };
                return Err(self.wrong(line, format!("the avatar has no {what} '{name}'; {near}")));
            }
        }
        Ok(())
    }
}

/// All names that stand on our side of `[shapes]`.
fn shape_names() -> Vec<String> {
    let visemes = visemes::NAMES.iter().map(|n| format!("viseme_{n}"));
    let others = ["lookUp", "lookDown", "lookLeft", "lookRight", "none"];
    let plain = coefficients::NAMES.iter().chain(&visemes::VOWELS).chain(&visemes::MOODS).chain(&others);
    plain.map(|n| (*n).to_owned()).chain(visemes).collect()
}

fn joint_names() -> Vec<String> {
    skeleton::JOINTS.iter().map(|j| j.name).chain(OTHERS).map(str::to_owned).collect()
}

fn nearest<'a>(name: &str, known: &'a [String]) -> &'a str {
    let short: String = name.chars().take(80).collect();
    let apart = |k: &&String| distance(&short.to_lowercase(), &k.chars().take(80).collect::<String>().to_lowercase());
    known.iter().min_by_key(apart).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_on_either_side() {
        let text = "[shapes]\njawOpen = \"Gape\"\n\"Blink both\" = 'eyeBlink'\nviseme_PP = ['a', 'b']\ntongueOut = ''\nX = 'none'\n\n[joints]\nleftEye = 'E.L'\n'H' = 'head'";
        let map = Map::parse(text, "m.toml").unwrap();
        assert_eq!(map.shape("Gape"), shapes::channels("jawOpen", None));
        assert_eq!(map.shape("Blink both").unwrap().len(), 2);
        assert_eq!(map.shape("b"), shapes::channels("viseme_PP", None));
        assert_eq!(map.shape("X"), Some(Vec::new()));
        assert_eq!(map.shape("Y"), None);
        assert_eq!(map.joints().collect::<Vec<_>>(), [("head", "H"), ("leftEye", "E.L")]);
    }

    #[test]
    fn mistakes_name_line_and_nearest_name() {
        let fails = |text: &str, parts: &[&str]| {
            let error = Map::parse(text, "m.toml").unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)) && !error.contains('\n'), "{error}");
        };
        fails("[shapes]\n\njawOpne = 'x'", &["m.toml:3", "jawOpen"]);
        fails("[joints]\nleftuparm = 'x'", &["m.toml:2", "leftUpperArm"]);
        fails("[shape]\na = 'b'", &["m.toml:1", "[shapes]"]);
        fails("[shapes]\njawOpen = 3", &["m.toml:2", "quotes"]);
        fails("[shapes]\njawOpen = ", &["m.toml:2"]);
        let map = Map::parse("[shapes]\njawOpen = 'Mouth_Opn'", "m.toml").unwrap();
        let error = map.check(&["Mouth_Open".into()], &[]).unwrap_err().to_string();
        assert!(error.contains("m.toml:2") && error.contains("'Mouth_Open'"), "{error}");
    }
}
