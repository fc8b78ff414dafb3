//! What formats of faces share: rows of named numbers at times, as a performance.

use super::{Loaded, MOST_FRAMES};
use crate::face::coefficients;
use crate::motion::{Frame, Gaze, Parts, Performance};
use crate::{Error, Result};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Columns of a table.
pub const MOST_COLUMNS: usize = 4096;

/// Columns by name: where each goes, and which are none of ours.
pub struct Columns {
    places: Vec<Option<usize>>,
    pub unused: Vec<String>,
}

impl Columns {
    /// Names as any program spells ARKit's, in any case. Fails where none is known.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>, origin: &str) -> Result<Columns> {
        let (mut places, mut unused) = (Vec::new(), Vec::new());
        for name in names {
            if places.len() == MOST_COLUMNS {
                return Err(Error::malformed(origin, format!("names more than {MOST_COLUMNS} columns")));
            }
            let place = coefficients::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
            if place.is_none() {
                unused.push(name.to_string());
            }
            places.push(place);
        }
        match places.iter().any(Option::is_some) {
            true => Ok(Columns { places, unused }),
            false => Err(Error::malformed(origin, "names no ARKit coefficient")),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// A row's frame: coefficients cut to 0..=1, the gaze read from them.
    pub fn frame(&self, values: &[f32]) -> Frame {
        let mut frame = Frame::default();
        for (value, place) in values.iter().zip(&self.places) {
            if let Some(place) = place {
                frame.face[*place] = if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
            }
        }
        frame.gaze = Gaze::read(&frame.face);
        frame
    }
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
    let performance = Performance { fps, seconds: frames.len() as f64 / fps, frames };
    Ok(Loaded { performance, parts, unused, notes: Vec::new() })
}

/// The rate of frames that stand at these times, seconds: that of most, whole where it nearly is. 30 if there is one frame only.
pub fn rate(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let Some(step) = steps.get(steps.len() / 2) else { return Some(30.0) };
    let fps = 1.0 / step;
    let near = [fps.round(), (fps * 1.001).round() / 1.001].into_iter().find(|whole| (whole / fps - 1.0).abs() < 4e-3);
    Some(near.unwrap_or(fps)).filter(|fps| fps.is_finite() && (0.5..=1000.0).contains(fps))
}
