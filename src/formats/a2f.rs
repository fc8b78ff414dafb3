//! Audio2Face: the JSON that Omniverse exports, and the table `animation_frames.csv` of the Audio2Face-3D service.
//!
//! The JSON has `exportFps`, `facsNames` and one row of `weightMat` a frame; rotations of jaw and eyes may follow, which repeat what
//! the weights say. The table has `timeCode` in seconds and columns `blendShapes.JawOpen`; the head's columns are there
//! for the sake of order and hold zeros.

use super::faces::{self, Columns, FACE, MOST_COLUMNS, at_most};
use super::{Info, Loaded, MOST_FRAMES};
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(alias = "fps")]
    export_fps: f64,
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
    faces::loaded(frames, file.export_fps, FACE, columns.unused, origin)
}

/// Writes the table.
pub fn write_csv(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    let names: Vec<String> = NAMES.iter().map(|name| format!("blendShapes.{}", spelled(name))).collect();
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

/// Whether a first line is that of the table.
pub fn is_table(header: &str) -> bool {
    header.split(',').any(|cell| cell.trim().eq_ignore_ascii_case("timecode")) && header.contains("blendShapes.")
}

/// Reads the table; `origin` names it in errors.
pub fn read_csv(text: &str, origin: &str) -> Result<Loaded> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header: Vec<&str> =
        lines.next().map(|(_, line)| line.split(',').map(str::trim).take(MOST_COLUMNS + 1).collect()).unwrap_or_default();
    let time = header.iter().position(|name| name.eq_ignore_ascii_case("timecode"));
    let time = time.ok_or_else(|| Error::malformed(origin, "line 1 has no column timeCode"))?;
    let shapes: Vec<usize> = (0..header.len()).filter(|k| *k != time && !header[*k].is_empty()).collect();
    let mut columns = Columns::of(shapes.iter().map(|k| header[*k].trim_start_matches("blendShapes.")), origin)?;
    // The head's columns are zeros by definition.
    columns.unused.retain(|name| !name.starts_with("Head"));
    let (mut times, mut frames) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        let bad = |what: String| Error::malformed(format!("{origin}: line {}", number + 1), what);
        let cells: Vec<&str> = line.split(',').map(str::trim).take(header.len() + 1).collect();
        if cells.len() != header.len() {
            return Err(bad(format!("has {} columns, the header {}", line.split(',').count(), header.len())));
        }
        if frames.len() == MOST_FRAMES {
            return Err(bad(format!("more than {MOST_FRAMES} rows")));
        }
        let value =
            |k: usize| cells[k].parse::<f64>().ok().filter(|v| v.is_finite()).ok_or_else(|| bad(format!("'{}' is no number", cells[k])));
        times.push(value(time)?);
        if times.len() > 1 && times[times.len() - 1] <= times[times.len() - 2] {
            return Err(bad("the time does not follow the one before".into()));
        }
        let row = shapes.iter().map(|k| Ok(value(*k)? as f32)).collect::<Result<Vec<f32>>>()?;
        frames.push(columns.frame(&row));
    }
    let fps = faces::rate(&times).ok_or_else(|| Error::malformed(origin, "the times make no frame rate"))?;
    faces::loaded(frames, fps, FACE, columns.unused, origin)
}
