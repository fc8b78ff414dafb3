//! Audio2Face: the JSON that Omniverse exports, and the table `animation_frames.csv` of the Audio2Face-3D service.
//!
//! The JSON has `exportFps`, `facsNames` and one row of `weightMat` a frame; rotations of jaw and eyes may follow, which repeat what
//! the weights say. The table has `timeCode` in seconds and columns `blendShapes.JawOpen`; the head's columns are there
//! for the sake of order and hold zeros.

use super::faces::{self, Columns, FACE, at_most};
use super::table::PREFIX;
use super::{Info, Loaded};
use crate::face::coefficients::NAMES;
use crate::motion::Performance;
use crate::{Error, Result};
use serde::Deserialize;
use std::io::Write;

/// `jawOpen` as the table spells it.
fn spelled(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

/// A coefficient as it is written: what is no number is 0, minus zero zero.
fn plain(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, 1.0) + 0.0 } else { 0.0 }
}

/// Writes the JSON, one row a line.
pub fn write_json(out: &mut impl Write, performance: &Performance, info: &Info) -> std::io::Result<()> {
    writeln!(out, "{{\"exportFps\":{},\"trackPath\":{},", performance.fps, serde_json::to_string(&info.audio)?)?;
    writeln!(out, "\"numPoses\":{},\"numFrames\":{},", NAMES.len(), performance.frames.len())?;
    writeln!(out, "\"facsNames\":{},", serde_json::to_string(NAMES.as_slice())?)?;
    write!(out, "\"weightMat\":[")?;
    for (n, frame) in performance.frames.iter().enumerate() {
        let row: Vec<String> = frame.face.iter().map(|value| format!("{:.5}", plain(*value))).collect();
        write!(out, "{}\n[{}]", if n == 0 { "" } else { "," }, row.join(","))?;
    }
    writeln!(out, "\n]}}")
}

/// Frames a second where the JSON says nothing.
const USUAL_RATE: f64 = 30.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(alias = "fps")]
    export_fps: Option<f64>,
    #[serde(deserialize_with = "at_most")]
    facs_names: Vec<String>,
    #[serde(deserialize_with = "at_most")]
    weight_mat: Vec<Vec<f32>>,
}

/// Reads the JSON; `origin` names it in errors.
pub fn read_json(text: &str, origin: &str) -> Result<Loaded> {
    let file: File = serde_json::from_str(text).map_err(|e| Error::malformed(origin, e.to_string()))?;
    let columns = Columns::of(file.facs_names.iter().map(String::as_str), origin)?;
    if let Some(n) = file.weight_mat.iter().position(|row| row.len() != columns.count()) {
        let what = format!("frame {n} has {} weights for {} names", file.weight_mat[n].len(), columns.count());
        return Err(Error::malformed(origin, what));
    }
    let frames = file.weight_mat.iter().map(|row| columns.frame(row)).collect();
    let loaded = faces::loaded(frames, file.export_fps.unwrap_or(USUAL_RATE), FACE, columns.unused, origin)?;
    let guessed = file.export_fps.is_none().then(|| format!("no frame rate is stated: taken for {USUAL_RATE} a second"));
    Ok(Loaded { notes: guessed.into_iter().collect(), ..loaded })
}

/// Writes the table.
pub fn write_csv(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    let names: Vec<String> = NAMES.iter().map(|name| format!("{PREFIX}{}", spelled(name))).collect();
    writeln!(out, ",timeCode,{},HeadRoll,HeadPitch,HeadYaw", names.join(","))?;
    for (n, frame) in performance.frames.iter().enumerate() {
        write!(out, "{n},{:.6}", n as f64 / performance.fps)?;
        for value in &frame.face {
            write!(out, ",{:.6}", plain(*value))?;
        }
        writeln!(out, ",0.0,0.0,0.0")?;
    }
    Ok(())
}
