//! When the rows of a table stand: time codes, seconds or numbers of frames as programs write them, and rows at uneven times as
//! frames at a steady rate.
//!
//! - A time code is `HH:MM:SS:FF.fff`, a time of day: takes start anywhere and may pass midnight; dropped frames leave gaps. Live Link
//!   Face counts sixtieths of a second in it whatever the frame rate, others count frames, NeuroSync repeats the second's thousandths
//!   behind the frame. Where seconds end tells which.
//! - `HH:MM:SS.fff` and plain numbers are seconds, or thousandths, millionths or billionths of one, as makes a frame rate.
//! - Whole numbers one after another only count rows.

use super::{MOST_FRAMES, most_frames};
use crate::motion::{Frame, Performance, blend};
use std::fmt;

/// Time codes of the app count sixtieths of a second.
const APP: Clock = Clock::Frames(60.0);
/// Other frames that time codes count to the second.
const BASES: [f64; 9] = [24.0, 25.0, 30.0, 48.0, 50.0, 100.0, 120.0, 240.0, 1000.0];
const DAY: f64 = 86_400.0;
/// Rates that faces are recorded at.
const RATES: [f64; 9] = [24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 90.0, 100.0, 120.0];
/// Rows that are only counted are read at this rate.
const COUNTED: f64 = 30.0;
/// A recording may stop and go on, but not for longer than this, in seconds.
const LONGEST_GAP: f64 = 600.0;
/// Rows or keys that stand farther apart than this, seconds, are hardly frames.
pub const SLOW: f64 = 0.11;

/// Times may be rounded to whole milliseconds, seconds.
const ROUNDING: f64 = 1.1e-3;

/// What a cell says about time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stamp {
    /// A time of day: whole seconds, and frames of a second beyond.
    Code {
        seconds: f64,
        frames: f64,
    },
    Number(f64),
}

impl Stamp {
    /// Reads a cell; colons or semicolons part a time code.
    pub fn read(text: &str) -> Option<Stamp> {
        let value = |part: &str| part.parse().ok().filter(|v: &f64| v.is_finite());
        let parts: Vec<f64> = text.split([':', ';']).take(5).map(value).collect::<Option<_>>()?;
        match parts[..] {
            [number] => Some(Stamp::Number(number)),
            _ if parts.iter().any(|v| !(0.0..1000.0).contains(v)) => None,
            [hours, minutes, seconds] => Some(Stamp::Number(hours * 3600.0 + minutes * 60.0 + seconds)),
            [hours, minutes, seconds, frames] => Some(Stamp::Code { seconds: hours * 3600.0 + minutes * 60.0 + seconds, frames }),
            _ => None,
        }
    }
}

/// How the part of a time code behind the seconds is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Clock {
    /// Frames to the second.
    Frames(f64),
    /// The fraction of the frame is that of the second.
    Fraction,
}

impl Clock {
    fn seconds(self, frames: f64) -> f64 {
        match self {
            Clock::Frames(base) => frames / base,
            Clock::Fraction => frames.fract(),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Clock::Frames(base) => write!(f, "timecodes count {base} frames to the second"),
            Clock::Fraction => write!(f, "timecodes repeat the fraction of the second behind the frame"),
        }
    }
}

/// Seconds at which rows stand, from any beginning, and what had to be guessed. Fails with the row that does not follow the one before;
/// several rows may stand at one time.
pub fn seconds(stamps: &[Stamp]) -> std::result::Result<(Vec<f64>, Vec<String>), usize> {
    let codes: Vec<(f64, f64)> =
        stamps.iter().filter_map(|s| if let Stamp::Code { seconds, frames } = s { Some((*seconds, *frames)) } else { None }).collect();
    let numbers: Vec<f64> = stamps.iter().filter_map(|s| if let Stamp::Number(n) = s { Some(*n) } else { None }).collect();
    if let (Some(first), false) = (stamps.first(), codes.is_empty() || numbers.is_empty()) {
        let other = |s: &Stamp| matches!(s, Stamp::Code { .. }) != matches!(first, Stamp::Code { .. });
        return Err(stamps.iter().position(other).unwrap_or(0));
    }
    let mut notes = Vec::new();
    let times = if numbers.is_empty() {
        let clock = clock(&codes);
        notes.extend((clock != APP).then(|| clock.to_string()));
        times(&codes, clock)
    } else {
        let (unit, note) = unit(&numbers);
        notes.extend(note);
        numbers.iter().map(|n| (n - numbers[0]) * unit).collect()
    };
    let late = |pair: &[f64]| pair[1] < pair[0] || pair[1] - pair[0] > LONGEST_GAP;
    match times.windows(2).position(late) {
        Some(row) => Err(row + 1),
        None => Ok((times, notes)),
    }
}

/// The clock of time codes. With the right number of frames the step to the next second is like the others; the app's own where others fit
/// no better. Where rows stand unevenly by the best of them and evenly by the fraction, frames were only put in front.
fn clock(codes: &[(f64, f64)]) -> Clock {
    let most = codes.iter().map(|(_, frames)| *frames).fold(0.0, f64::max);
    let off = |clock: Clock| {
        let times = times(codes, clock);
        let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let usual = median(steps.clone()).unwrap_or(0.0);
        steps.into_iter().map(|step| (step - usual).abs()).collect::<Vec<f64>>()
    };
    let across = |clock: Clock| {
        let seconds = codes.windows(2).map(|pair| pair[1].0 != pair[0].0);
        median(off(clock).into_iter().zip(seconds).filter(|(_, across)| *across).map(|(off, _)| off).collect()).unwrap_or(0.0)
    };
    let app = Some(APP).filter(|_| most < 60.0);
    let bases = BASES.into_iter().filter(|base| *base > most).map(Clock::Frames);
    let possible = app.into_iter().chain(bases).map(|clock| (clock, across(clock)));
    let best = possible.reduce(|best, next| if next.1 < best.1 - 1e-3 { next } else { best }).map_or(APP, |(clock, _)| clock);
    let mean = |clock: Clock| off(clock).iter().sum::<f64>() / codes.len() as f64;
    if mean(best) > 2e-3 && mean(Clock::Fraction) < 0.25 * mean(best) { Clock::Fraction } else { best }
}

/// Seconds from the first midnight; past midnight the clock starts again.
fn times(codes: &[(f64, f64)], clock: Clock) -> Vec<f64> {
    let (mut days, mut last) = (0.0, 0.0);
    let time = |(seconds, frames): &(f64, f64)| {
        let mut time = seconds + clock.seconds(*frames) + days * DAY;
        if time < last - DAY / 2.0 {
            (days, time) = (days + 1.0, time + DAY);
        }
        last = time;
        time
    };
    codes.iter().map(time).collect()
}

/// Seconds in a unit of plain numbers, and a word where that is a guess.
fn unit(numbers: &[f64]) -> (f64, Option<String>) {
    let step = median(numbers.windows(2).map(|pair| pair[1] - pair[0]).collect()).unwrap_or(1.0);
    if (1.0..5.0).contains(&step) && numbers.iter().all(|n| n.fract() == 0.0) {
        return (1.0 / COUNTED, Some(format!("rows are counted, not timed: taken for {COUNTED} frames a second")));
    }
    let units = [(1.0, "seconds"), (1e-3, "milliseconds"), (1e-6, "microseconds"), (1e-9, "nanoseconds")];
    let (unit, name) = units.into_iter().find(|(unit, _)| step * unit <= 1.0).unwrap_or(units[0]);
    (unit, (unit != 1.0).then(|| format!("times are {name}")))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Seconds between rows that stand at these times: the mean where they stand evenly, as single steps are rounded, else the usual one.
/// Nothing if there are no two times.
pub fn step(times: &[f64]) -> Option<f64> {
    let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 1e-5).collect();
    let usual = median(steps.clone())?;
    let even = steps.len() + 1 == times.len() && steps.iter().all(|step| (step - usual).abs() < 0.02 * usual + ROUNDING);
    Some(if even { (times[steps.len()] - times[0]) / steps.len() as f64 } else { usual })
}

/// Frames a second of rows so far apart: a whole rate, or one of television (29.97), where it nearly is.
pub fn rate(step: f64) -> f64 {
    let whole = (1.0 / step).round();
    let television = (1.001 / step).round() / 1.001;
    [whole, television].into_iter().find(|rate| (rate * step - 1.0).abs() < 2e-4).unwrap_or(1.0 / step)
}

/// The same where clocks are a little off.
fn usual_rate(step: f64) -> f64 {
    let fps = rate(step);
    let television = RATES.map(|rate| rate / 1.001);
    let known = RATES.into_iter().chain(television).find(|known| *known == fps);
    let near = || RATES.into_iter().find(|rate| (rate * step - 1.0).abs() < 0.02);
    known.or_else(near).unwrap_or(fps).clamp(0.1, 1000.0)
}

/// Rows at uneven times as frames at the rate that most of them have, gaps filled by interpolation; of rows at one time the last counts.
/// Nothing if there are no rows, or too few for the time they take.
pub fn steady(times: &[f64], frames: Vec<Frame>, notes: &mut Vec<String>) -> Option<Performance> {
    let first = *times.first()?;
    let step = step(times).unwrap_or(1.0 / COUNTED);
    if step > SLOW {
        notes.push(format!("its rows stand {step:.2} seconds apart"));
    }
    let fps = usual_rate(step);
    let count = ((times.last()? - first) * fps).round() as usize + 1;
    if count > most_frames(times.len()).min(MOST_FRAMES) {
        return None;
    }
    let mut at = 0;
    let steady = (0..count).map(|n| {
        let time = first + n as f64 / fps;
        while at + 2 < times.len() && times[at + 1] <= time {
            at += 1;
        }
        let Some(next) = frames.get(at + 1) else { return frames[at].clone() };
        let part = ((time - times[at]) / (times[at + 1] - times[at]).max(1e-9)).clamp(0.0, 1.0);
        // Rows are within a thousandth of their place: keep them as they are.
        match part {
            p if p < 0.02 => frames[at].clone(),
            p if p > 0.98 => next.clone(),
            p => blend(&frames[at], next, p as f32),
        }
    });
    Some(Performance { fps, seconds: count as f64 / fps, frames: steady.collect() })
}
