//! CSV as the iPhone app Live Link Face writes it.
//!
//! A header `Timecode,BlendshapeCount,EyeBlinkLeft,...`, then one row a frame: the time of day, the number 61, 52
//! coefficients, and nine angles in radians. Facts (from files recorded with the app):
//!
//! - The order of coefficients is *not* ARKit's: JawRight comes before JawLeft, MouthRight before MouthLeft. Everything here
//!   goes by name. Header spellings differ between versions of the app (`BlendShapeCount`); so does the number of columns.
//! - A timecode is `HH:MM:SS:FF.fff` in sixtieths of a second, whatever the frame rate. It is a time of day: files start
//!   anywhere and may pass midnight; dropped frames leave gaps.
//! - Eye yaw is positive to the subject's right, eye pitch positive downwards (checked against the eyeLook coefficients
//!   of real recordings). Head angles come out of the same conversion from ARKit's axes to Unreal's, so their yaw and
//!   pitch are taken to have the same signs, and roll to be positive with the right ear up; the recordings at hand hold no
//!   head motion to check it on. So yaw and roll change sign between such a file and [`Head`]; pitch does not.

use super::{Loaded, MOST_FRAMES};
use crate::face::coefficients::{self, NAMES};
use crate::motion::{Frame, Gaze, Head, Parts, Performance};
use crate::{Error, Result};
use std::io::Write;

const COUNT: usize = 61;
const ANGLES: [&str; 9] =
    ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"];
/// Timecodes count sixtieths of a second.
const BASE: f64 = 60.0;
const DAY: f64 = 86_400.0;
/// A recording may stop and go on, but not for longer than this, in seconds.
const LONGEST_GAP: f64 = 600.0;

/// Coefficients in the app's order, as places in ARKit's.
fn order() -> [usize; coefficients::COUNT] {
    let mut order: [usize; coefficients::COUNT] = std::array::from_fn(|k| k);
    for (left, right) in [("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")] {
        if let (Some(left), Some(right)) = (coefficients::index(left), coefficients::index(right)) {
            order.swap(left, right);
        }
    }
    order
}

/// `eyeBlinkLeft` as the app spells it: `EyeBlinkLeft`.
fn spelled(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

/// Writes frame by frame; the first frame stands at 00:00:00:00.000.
pub fn write(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    let order = order();
    let names: Vec<String> = order.iter().map(|k| spelled(NAMES[*k])).collect();
    writeln!(out, "Timecode,BlendshapeCount,{},{}", names.join(","), ANGLES.join(","))?;
    for (n, frame) in performance.frames.iter().enumerate() {
        write!(out, "{},{COUNT}", timecode(n as f64 / performance.fps))?;
        for value in order.iter().map(|k| frame.face[*k]).chain(angles(frame)) {
            // Adding zero turns minus zero into zero.
            write!(out, ",{:.10}", if value.is_finite() { value + 0.0 } else { 0.0 })?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The nine angles of a frame, in the file's order and signs. Both eyes look the same way.
fn angles(frame: &Frame) -> [f32; 9] {
    let (head, gaze) = (frame.head, frame.gaze);
    [-head.yaw, head.pitch, -head.roll, -gaze.yaw, gaze.pitch, 0.0, -gaze.yaw, gaze.pitch, 0.0]
}

/// `HH:MM:SS:FF.fff` in sixtieths; whole thousandths of them, so that 59.9999 becomes the next second.
fn timecode(seconds: f64) -> String {
    let thousandths = (seconds * BASE * 1000.0).round() as u64;
    let (parts, whole) = (thousandths % 60_000, thousandths / 60_000);
    format!("{:02}:{:02}:{:02}:{:02}.{:03}", whole / 3600 % 24, whole / 60 % 60, whole % 60, parts / 1000, parts % 1000)
}

/// What a column holds.
#[derive(Clone, Copy)]
enum Column {
    Coefficient(usize),
    Angle(usize),
    Unused,
}

/// Reads a file's bytes; `origin` names it in errors. Rows are brought to a steady rate: the one most rows have (30 or 60 in
/// the app), gaps filled by interpolation. Coefficients are cut to 0..=1 (the app's reach 1.05).
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let text = super::text(bytes, origin)?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let mut names = header.split(',').map(str::trim);
    if !names.next().is_some_and(|n| n.eq_ignore_ascii_case("timecode"))
        || !names.next().is_some_and(|n| n.eq_ignore_ascii_case("blendshapecount"))
    {
        return Err(Error::malformed(origin, "line 1 is not a Live Link Face header (Timecode,BlendshapeCount,...)"));
    }
    let names: Vec<&str> = names.collect();
    let columns: Vec<Column> = names.iter().map(|n| column(n)).collect();
    if !columns.iter().any(|c| matches!(c, Column::Coefficient(_))) {
        return Err(Error::malformed(origin, "line 1 names no ARKit coefficient"));
    }
    let head = columns.iter().any(|c| matches!(c, Column::Angle(0..=2)));
    let unused = names.iter().zip(&columns).filter(|(_, c)| matches!(c, Column::Unused)).map(|(n, _)| n.to_string()).collect();
    let mut times = Vec::new();
    let mut frames = Vec::new();
    for (number, line) in lines {
        let place = || format!("{origin}: line {}", number + 1);
        let (time, frame) = row(line, &columns).map_err(|what| Error::malformed(place(), what))?;
        let time = match times.last() {
            // Past midnight the clock starts again.
            Some(last) if time < last - DAY / 2.0 => time + DAY,
            _ => time,
        };
        if times.last().is_some_and(|last| time <= *last || time - last > LONGEST_GAP) {
            return Err(Error::malformed(place(), "the timecode does not follow the one before"));
        }
        times.push(time);
        frames.push(frame);
        if frames.len() > MOST_FRAMES {
            return Err(Error::malformed(place(), format!("more than {MOST_FRAMES} rows")));
        }
    }
    let performance =
        steady(&times, frames).ok_or_else(|| Error::malformed(origin, format!("holds no rows, or more time than {MOST_FRAMES} frames")))?;
    Ok(Loaded { performance, parts: Parts { head, ..super::FACE }, unused, notes: Vec::new() })
}

fn column(name: &str) -> Column {
    let named = |n: &&str| n.eq_ignore_ascii_case(name);
    let coefficient = NAMES.iter().position(named).map(Column::Coefficient);
    coefficient.or_else(|| ANGLES.iter().position(named).map(Column::Angle)).unwrap_or(Column::Unused)
}

/// One row: its time in seconds and its frame.
fn row(line: &str, columns: &[Column]) -> std::result::Result<(f64, Frame), String> {
    let mut cells = line.trim_end().split(',');
    let time = seconds(cells.next().unwrap_or_default().trim()).ok_or("is no timecode HH:MM:SS:FF.fff")?;
    cells.next();
    let mut frame = Frame::default();
    let mut angles = [None; ANGLES.len()];
    let mut count = 0;
    for (column, cell) in columns.iter().zip(cells.by_ref()) {
        let value: f32 = cell.trim().parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| format!("'{cell}' is no number"))?;
        match column {
            Column::Coefficient(k) => frame.face[*k] = value.clamp(0.0, 1.0),
            Column::Angle(k) => angles[*k] = Some(value),
            Column::Unused => {}
        }
        count += 1;
    }
    let found = count + cells.count();
    if found != columns.len() {
        return Err(format!("has {} columns, the header {}", found + 2, columns.len() + 2));
    }
    let angle = |k: usize| angles[k].unwrap_or(0.0);
    frame.head = Head { yaw: -angle(0), pitch: angle(1), roll: -angle(2) };
    let eyes = [3, 4, 6, 7].iter().all(|k| angles[*k].is_some());
    let seen = Gaze { yaw: -0.5 * (angle(3) + angle(6)), pitch: 0.5 * (angle(4) + angle(7)) };
    frame.gaze = if eyes { seen } else { Gaze::read(&frame.face) };
    crate::motion::attach_head(&mut frame.body, frame.head);
    Ok((time, frame))
}

/// Seconds of the day of a timecode.
fn seconds(timecode: &str) -> Option<f64> {
    let parts: Vec<f64> = timecode.split(':').map(|p| p.parse().ok().filter(|v: &f64| (0.0..100.0).contains(v))).collect::<Option<_>>()?;
    let [hours, minutes, seconds, frames] = parts.as_slice() else { return None };
    Some(hours * 3600.0 + minutes * 60.0 + seconds + frames / BASE)
}

/// Rows at uneven times as frames at the rate that most of them have.
fn steady(times: &[f64], frames: Vec<Frame>) -> Option<Performance> {
    let first = *times.first()?;
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    steps.sort_by(f64::total_cmp);
    let step = steps.get(steps.len() / 2).copied().unwrap_or(1.0 / 30.0);
    // The app records at whole rates; its clock is a little off.
    let fps = (1.0 / step).round().clamp(1.0, 1000.0);
    let count = ((times.last()? - first) * fps).round() as usize + 1;
    if count > MOST_FRAMES {
        return None;
    }
    let mut at = 0;
    let steady = (0..count).map(|n| {
        let time = first + n as f64 / fps;
        while at + 2 < times.len() && times[at + 1] <= time {
            at += 1;
        }
        let Some(next) = frames.get(at + 1) else { return frames[at].clone() };
        let part = ((time - times[at]) / (times[at + 1] - times[at])).clamp(0.0, 1.0);
        // Rows are within a thousandth of their place: keep them as they are.
        match part {
            p if p < 0.02 => frames[at].clone(),
            p if p > 0.98 => next.clone(),
            p => crate::motion::blend(&frames[at], next, p as f32),
        }
    });
    Some(Performance { fps, seconds: count as f64 / fps, frames: steady.collect() })
}
