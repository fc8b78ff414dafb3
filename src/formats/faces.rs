//! What formats of faces share: rows of named numbers at times, as a performance.

use super::{Loaded, MOST_FRAMES, clock};
use crate::actor::Channel;
use crate::actor::names::shapes::{Kind, meanings};
use crate::face::coefficients::{self, Coefficients};
use crate::motion::{Frame, Gaze, Parts, Performance};
use crate::{Error, Result};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Columns of a table.
pub const MOST_COLUMNS: usize = 4096;

/// Columns by name: which coefficients each drives, and which are none of ours.
pub struct Columns {
    places: Vec<Vec<usize>>,
    pub unused: Vec<String>,
}

/// Longer names are nobody's.
const LONGEST_NAME: usize = 80;

/// The coefficients that a shape stands for: ARKit's own names in any case, and its names in other spellings, such as
/// `eyeBlink_L`, `Jaw Open` or `mouthSmile` for both sides. Nothing for other shapes.
pub fn meant(name: &str) -> Vec<usize> {
    if let Some(place) = exactly(name) {
        return vec![place];
    }
    if name.len() > LONGEST_NAME {
        return Vec::new();
    }
    let spelled = meanings(name, false).into_iter().find(|meaning| meaning.kind <= Kind::Spelled);
    let channels = spelled.map(|meaning| meaning.channels).unwrap_or_default();
    channels.into_iter().filter_map(|(channel, _)| if let Channel::Coefficient(place) = channel { Some(place) } else { None }).collect()
}

fn exactly(name: &str) -> Option<usize> {
    coefficients::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))
}

impl Columns {
    /// Names as programs spell ARKit's. Fails where none is known.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>, origin: &str) -> Result<Columns> {
        let names: Vec<&str> = names.take(MOST_COLUMNS + 1).collect();
        if names.len() > MOST_COLUMNS {
            return Err(Error::malformed(origin, format!("names more than {MOST_COLUMNS} columns")));
        }
        let own: Vec<usize> = names.iter().filter_map(|name| exactly(name)).collect();
        let (mut places, mut unused) = (Vec::new(), Vec::new());
        for name in names {
            let mut place = meant(name);
            if exactly(name).is_none() {
                // What has a column of its own is not taken from another.
                place.retain(|k| !own.contains(k));
            }
            if place.is_empty() {
                unused.push(name.to_string());
            }
            places.push(place);
        }
        match places.iter().any(|place| !place.is_empty()) {
            true => Ok(Columns { places, unused }),
            false => Err(Error::malformed(origin, "names no ARKit coefficient")),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Whether a column drives anything.
    pub fn uses(&self, column: usize) -> bool {
        self.places.get(column).is_some_and(|places| !places.is_empty())
    }

    /// A row's coefficients as they stand there, the largest where several columns give one.
    pub fn face(&self, values: &[f32]) -> Coefficients {
        let mut face = [f32::NEG_INFINITY; coefficients::COUNT];
        for (value, places) in values.iter().zip(&self.places) {
            places.iter().for_each(|place| face[*place] = face[*place].max(*value));
        }
        face.map(|value| if value.is_finite() { value } else { 0.0 })
    }

    /// A row's frame.
    pub fn frame(&self, values: &[f32]) -> Frame {
        posed(&self.face(values))
    }
}

/// A frame of a face: coefficients cut to 0..=1, the gaze read from them.
pub fn posed(face: &Coefficients) -> Frame {
    let face = face.map(|value| value.clamp(0.0, 1.0));
    Frame { gaze: Gaze::read(&face), face, ..Frame::default() }
}

/// A list in JSON with no more entries than a performance may have frames: short ones take many times the room of their text.
pub fn at_most<'de, D: Deserializer<'de>, T: Deserialize<'de>>(list: D) -> std::result::Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            write!(f, "a list of at most {MOST_FRAMES} entries")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> std::result::Result<Vec<T>, A::Error> {
            let mut out = Vec::new();
            while let Some(entry) = entries.next_element()? {
                if out.len() == MOST_FRAMES {
                    return Err(serde::de::Error::invalid_length(out.len(), &self));
                }
                out.push(entry);
            }
            Ok(out)
        }
    }
    list.deserialize_seq(List(PhantomData))
}

/// A face with its gaze.
pub const FACE: Parts = Parts { face: true, head: false, gaze: true, body: false };

/// Frames at a steady rate as what was loaded.
pub fn loaded(frames: Vec<Frame>, fps: f64, parts: Parts, unused: Vec<String>, origin: &str) -> Result<Loaded> {
    if !(fps > 0.0 && fps <= 1000.0) {
        return Err(Error::malformed(origin, format!("{fps} is no frame rate")));
    }
    if frames.len() > MOST_FRAMES {
        return Err(Error::malformed(origin, format!("more than {MOST_FRAMES} frames")));
    }
    let performance = Performance { fps, seconds: frames.len() as f64 / fps, frames: frames.into() };
    Ok(Loaded { performance, parts, unused, notes: Vec::new() })
}

/// The rate of frames that stand at these times, seconds. 30 if there is one frame only.
pub fn rate(times: &[f64]) -> Option<f64> {
    if times.len() < 2 {
        return Some(30.0);
    }
    clock::step(times).map(clock::rate).filter(|fps| (0.5..=1000.0).contains(fps))
}
