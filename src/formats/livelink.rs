//! CSV as the iPhone app Live Link Face writes it.
//!
//! A header `Timecode,BlendshapeCount,EyeBlinkLeft,...`, then one row a frame: the time of day, the number 61, 52
//! coefficients, and nine angles in radians. Facts (from files recorded with the app):
//!
//! - The order of coefficients is *not* ARKit's: JawRight comes before JawLeft, MouthRight before MouthLeft. Everything here
//!   goes by name. Header spellings differ between versions of the app (`BlendShapeCount`); so does the number of columns.
//! - A timecode is `HH:MM:SS:FF.fff` in sixtieths of a second, whatever the frame rate; other programs count frames instead. It is a
//!   time of day: files start anywhere and may pass midnight; dropped frames leave gaps.
//! - Eye yaw is positive to the subject's right, eye pitch positive downwards (checked against the eyeLook coefficients
//!   of real recordings). Head angles come out of the same conversion from ARKit's axes to Unreal's, so their yaw and
//!   pitch are taken to have the same signs, and roll to be positive with the right ear up; the recordings at hand hold no
//!   head motion to check it on. So yaw and roll change sign between such a file and [`Head`]; pitch does not.

use super::faces::MOST_COLUMNS;
use super::{Loaded, MOST_FRAMES, most_frames};
use crate::face::coefficients::{self, NAMES};
use crate::motion::{Frame, Gaze, Head, Parts, Performance};
use crate::{Error, Result};
use std::io::Write;

const COUNT: usize = 61;
const ANGLES: [&str; 9] =
    ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"];
/// Timecodes of the app count sixtieths of a second.
const BASE: f64 = 60.0;
const DAY: f64 = 86_400.0;
/// Rates that faces are recorded at.
const RATES: [f64; 9] = [24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 90.0, 100.0, 120.0];
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
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Timecode,
    Coefficient(usize),
    Angle(usize),
    /// The number of coefficients, which the header says too.
    Count,
    Unused,
}

/// Reads a file's bytes; `origin` names it in errors. Columns may stand in any order. Rows are brought to a steady rate: the one most
/// rows have (30 or 60 in the app), gaps filled by interpolation. Coefficients are cut to 0..=1 (the app's reach 1.05).
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let text = super::text(bytes, origin)?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let names: Vec<&str> = cells(header).take(MOST_COLUMNS).collect();
    let columns: Vec<Column> = names.iter().map(|n| column(n)).collect();
    let Some(timecode) = columns.iter().position(|column| *column == Column::Timecode) else {
        return Err(Error::malformed(origin, "line 1 is not a Live Link Face header (Timecode,BlendshapeCount,...)"));
    };
    if !columns.iter().any(|c| matches!(c, Column::Coefficient(_))) {
        return Err(Error::malformed(origin, "line 1 names no ARKit coefficient"));
    }
    let head = columns.iter().any(|c| matches!(c, Column::Angle(0..=2)));
    let unused = names.iter().zip(&columns).filter(|(_, c)| matches!(c, Column::Unused)).map(|(n, _)| n.to_string()).collect();
    let (mut codes, mut frames, mut numbers): (Vec<Timecode>, Vec<Frame>, Vec<usize>) = Default::default();
    for (number, line) in lines {
        let place = || format!("{origin}: line {}", number + 1);
        if frames.len() == MOST_FRAMES {
            return Err(Error::malformed(place(), format!("more than {MOST_FRAMES} rows")));
        }
        let code = cells(line).nth(timecode).and_then(Timecode::read);
        codes.push(code.ok_or_else(|| Error::malformed(place(), "is no timecode HH:MM:SS:FF.fff"))?);
        frames.push(row(line, &columns).map_err(|what| Error::malformed(place(), what))?);
        numbers.push(number + 1);
    }
    let base = base(&codes);
    let times = times(&codes, base);
    let late = |pair: &[f64]| pair[1] <= pair[0] || pair[1] - pair[0] > LONGEST_GAP;
    if let Some(n) = times.windows(2).position(late) {
        return Err(Error::malformed(format!("{origin}: line {}", numbers[n + 1]), "the timecode does not follow the one before"));
    }
    let performance = steady(&times, frames).ok_or_else(|| Error::malformed(origin, "holds no rows, or too few for the time they take"))?;
    let notes = if base == BASE { Vec::new() } else { vec![format!("timecodes count {base} frames to the second")] };
    Ok(Loaded { performance, parts: Parts { head, ..super::FACE }, unused, notes })
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.trim_end().split(',').map(|cell| cell.trim().trim_matches('"'))
}

fn column(name: &str) -> Column {
    let named = |n: &&str| n.eq_ignore_ascii_case(name);
    let coefficient = NAMES.iter().position(named).map(Column::Coefficient);
    let angle = || ANGLES.iter().position(named).map(Column::Angle);
    let other = || match () {
        () if named(&"timecode") => Column::Timecode,
        () if named(&"blendshapecount") => Column::Count,
        () => Column::Unused,
    };
    coefficient.or_else(angle).unwrap_or_else(other)
}

/// One row's frame.
fn row(line: &str, columns: &[Column]) -> std::result::Result<Frame, String> {
    let mut frame = Frame::default();
    let mut angles = [None; ANGLES.len()];
    let mut found = 0;
    for (cell, column) in cells(line).zip(columns.iter().map(Some).chain(std::iter::repeat(None))) {
        found += 1;
        let value = || cell.parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| format!("'{cell}' is no number"));
        match column {
            Some(Column::Coefficient(k)) => frame.face[*k] = value()?.clamp(0.0, 1.0),
            Some(Column::Angle(k)) => angles[*k] = Some(value()?),
            Some(Column::Unused) => drop(value()?),
            Some(Column::Timecode | Column::Count) | None => {}
        }
    }
    if found != columns.len() {
        return Err(format!("has {found} columns, the header {}", columns.len()));
    }
    let angle = |k: usize| angles[k].unwrap_or(0.0);
    frame.head = Head { yaw: -angle(0), pitch: angle(1), roll: -angle(2) };
    let eyes = [3, 4, 6, 7].iter().all(|k| angles[*k].is_some());
    let seen = Gaze { yaw: -0.5 * (angle(3) + angle(6)), pitch: 0.5 * (angle(4) + angle(7)) };
    frame.gaze = if eyes { seen } else { Gaze::read(&frame.face) };
    crate::motion::set_head(&mut frame.body, frame.head);
    Ok(frame)
}

/// A time of day: whole seconds, and frames of a second beyond.
#[derive(Clone, Copy, Debug)]
struct Timecode {
    seconds: f64,
    frames: f64,
}

impl Timecode {
    fn read(text: &str) -> Option<Timecode> {
        let value = |p: &str| p.parse().ok().filter(|v: &f64| (0.0..1000.0).contains(v));
        let parts: Vec<f64> = text.split([':', ';']).take(5).map(value).collect::<Option<_>>()?;
        let [hours, minutes, seconds, frames] = parts.as_slice() else { return None };
        Some(Timecode { seconds: hours * 3600.0 + minutes * 60.0 + seconds, frames: *frames })
    }
}

/// Frames that timecodes count to the second: sixty in the app's files, the frame rate in those of others. It is told from where
/// seconds end: with the right one the step to the next second is like the others.
fn base(codes: &[Timecode]) -> f64 {
    let most = codes.iter().map(|code| code.frames).fold(0.0, f64::max);
    let uneven = |base: f64| {
        let times = times(codes, base);
        let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let across = codes.windows(2).zip(&steps).filter(|(pair, _)| pair[1].seconds != pair[0].seconds);
        let usual = median(steps.clone()).unwrap_or(0.0);
        median(across.map(|(_, step)| (step - usual).abs()).collect()).unwrap_or(0.0)
    };
    let bases = [BASE, 24.0, 25.0, 30.0, 48.0, 50.0, 100.0, 120.0, 240.0];
    let possible: Vec<(f64, f64)> = bases.into_iter().filter(|base| *base > most).map(|base| (base, uneven(base))).collect();
    // The app's own where others fit no better.
    possible.into_iter().reduce(|best, next| if next.1 < best.1 - 1e-3 { next } else { best }).map_or(BASE, |(base, _)| base)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Seconds from the first midnight; past midnight the clock starts again.
fn times(codes: &[Timecode], base: f64) -> Vec<f64> {
    let mut days = 0.0;
    let mut last = 0.0;
    let time = |code: &Timecode| {
        let mut time = code.seconds + code.frames / base + days * DAY;
        if time < last - DAY / 2.0 {
            (days, time) = (days + 1.0, time + DAY);
        }
        last = time;
        time
    };
    codes.iter().map(time).collect()
}

/// Rows at uneven times as frames at the rate that most of them have.
fn steady(times: &[f64], frames: Vec<Frame>) -> Option<Performance> {
    let first = *times.first()?;
    let step = median(times.windows(2).map(|w| w[1] - w[0]).collect()).unwrap_or(1.0 / 30.0);
    // The app records at whole rates; its clock is a little off, and those of others are more.
    let near = |rate: &f64| (rate * step - 1.0).abs() < 0.02;
    let fps = RATES.into_iter().find(near).unwrap_or((1.0 / step).round()).clamp(1.0, 1000.0);
    let count = ((times.last()? - first) * fps).round() as usize + 1;
    if count > most_frames(times.len()) {
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
