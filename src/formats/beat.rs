//! Faces of the BEAT recordings: JSON with `names` and `frames` of `weights` at a `time`.
//!
//! BEAT has 51 names in alphabetical order, without the tongue, at 60 frames a second, and its readers take that for granted: so it is
//! written, whatever the motion's own rate. Others write 52 names and other rates; times say the rate.

use super::Loaded;
use super::faces::{self, Columns, FACE, at_most};
use crate::face::coefficients::NAMES;
use crate::motion::Performance;
use crate::{Error, Result};
use serde::Deserialize;
use std::io::Write;

/// Coefficients in the file's order.
fn order() -> Vec<usize> {
    let mut order: Vec<usize> = (0..NAMES.len()).filter(|k| NAMES[*k] != "tongueOut").collect();
    order.sort_by_key(|k| NAMES[*k]);
    order
}

/// Frames a second of what is written.
pub const RATE: f64 = 60.0;

/// Writes one frame a line.
pub fn write(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    let order = order();
    let names: Vec<&str> = order.iter().map(|k| NAMES[*k]).collect();
    write!(out, "{{\"names\":{},\n\"frames\":[", serde_json::to_string(&names)?)?;
    for n in 0..performance.frames_at(RATE) {
        let frame = performance.at(n as f64 / RATE);
        let value = |k: &usize| if frame.face[*k].is_finite() { frame.face[*k].clamp(0.0, 1.0) + 0.0 } else { 0.0 };
        let row: Vec<String> = order.iter().map(|k| format!("{:.5}", value(k))).collect();
        let comma = if n == 0 { "" } else { "," };
        write!(out, "{comma}\n{{\"weights\":[{}],\"time\":{:.6},\"rotation\":[]}}", row.join(","), n as f64 / RATE)?;
    }
    writeln!(out, "\n]}}")
}

#[derive(Deserialize)]
struct File {
    #[serde(deserialize_with = "at_most")]
    names: Vec<String>,
    #[serde(deserialize_with = "at_most")]
    frames: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    weights: Vec<f32>,
    time: f64,
}

/// Reads a file's text; `origin` names it in errors.
pub fn read(text: &str, origin: &str) -> Result<Loaded> {
    let file: File = serde_json::from_str(text).map_err(|e| Error::malformed(origin, e.to_string()))?;
    let columns = Columns::of(file.names.iter().map(String::as_str), origin)?;
    if let Some(n) = file.frames.iter().position(|row| row.weights.len() != columns.count()) {
        let what = format!("frame {n} has {} weights for {} names", file.frames[n].weights.len(), columns.count());
        return Err(Error::malformed(origin, what));
    }
    let times: Vec<f64> = file.frames.iter().map(|row| row.time).collect();
    let fps = faces::rate(&times).ok_or_else(|| Error::malformed(origin, "the times make no frame rate"))?;
    let frames = file.frames.iter().map(|row| columns.frame(&row.weights)).collect();
    faces::loaded(frames, fps, FACE, columns.unused, origin)
}
