//! Mouth cues: one mouth shape at a time, as Rhubarb Lip Sync and players of Oculus visemes take them.
//!
//! - Rhubarb (<https://github.com/DanielSWolf/rhubarb-lip-sync>): shapes A to H and X. TSV is `time<TAB>shape`, the last line the end of
//!   the sound with a closed mouth; JSON has `mouthCues` with `start`, `end`, `value`.
//! - Oculus: the same layouts with `sil PP FF TH DD kk CH SS nn RR aa E I O U`.
//!
//! A face is read as visemes ([`crate::face::visemes::read`]); the strongest has the cue. Cues last three frames of thirty at least, as
//! animators draw on twos and threes.

use super::faces::{at_most, loaded};
use super::{Info, Loaded, MOST_FRAMES, most_frames};
use crate::face::visemes::{self, NAMES, SHAPES};
use crate::motion::{Frame, Parts, Performance};
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use std::io::Write;

/// Whose shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    Rhubarb,
    Oculus,
}

/// Shortest cue, seconds.
const SHORTEST: f64 = 0.1;
/// Times a second at which faces are read.
const RATE: f64 = 100.0;
/// Frames a second of what is read.
const FPS: f64 = 30.0;
/// Weight that a viseme needs to part a mouth at rest.
const HEARD: f32 = 0.18;
/// Seconds in which one shape becomes the next.
const BLEND: f64 = 0.08;

/// The Rhubarb shape of each viseme of [`NAMES`]: closed, clenched, open, wide, round, puckered, teeth on lip, tongue, rest.
const RHUBARB: [&str; 15] = ["X", "A", "G", "B", "B", "B", "B", "B", "H", "E", "D", "C", "B", "E", "F"];
/// The viseme that shows each Rhubarb shape.
const VISEMES: [(&str, &str); 9] =
    [("A", "PP"), ("B", "kk"), ("C", "E"), ("D", "aa"), ("E", "O"), ("F", "U"), ("G", "FF"), ("H", "nn"), ("X", "sil")];

/// A shape from a time on.
#[derive(Clone, Debug, PartialEq)]
struct Cue {
    start: f64,
    shape: String,
}

/// Gives every cue of a performance: from when to when, seconds, and its shape.
fn walk(performance: &Performance, set: Set, mut each: impl FnMut(f64, f64, &str) -> std::io::Result<()>) -> std::io::Result<()> {
    let seconds = length(performance);
    let mut last: Option<(f64, &str)> = None;
    let mut read = (usize::MAX, "");
    let samples = if performance.frames.is_empty() { 0 } else { (seconds * RATE).ceil() as usize };
    for n in 0..samples {
        let time = n as f64 / RATE;
        let frame = ((time * performance.fps) as usize).min(performance.frames.len() - 1);
        if read.0 != frame {
            read = (frame, shape(performance.frames.frame(frame), set));
        }
        let shape = read.1;
        match last {
            Some((_, before)) if before == shape => {}
            // A closed mouth is worth a short cue: lips that do not meet are seen.
            Some((start, _)) if time - start < SHORTEST && !["A", "PP"].contains(&shape) => {}
            _ => {
                last.map_or(Ok(()), |(start, before)| each(start, time, before))?;
                last = Some((time, shape));
            }
        }
    }
    last.map_or(Ok(()), |(start, shape)| each(start, seconds, shape))
}

fn length(performance: &Performance) -> f64 {
    performance.seconds.max(performance.frames.len() as f64 / performance.fps.max(1.0))
}

fn shape(frame: &Frame, set: Set) -> &'static str {
    let weights = visemes::read(&frame.face).visemes;
    let best = (1..weights.len()).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap_or(0);
    let viseme = if weights[best] < HEARD { 0 } else { best };
    match set {
        Set::Oculus => NAMES[viseme],
        Set::Rhubarb => RHUBARB[viseme],
    }
}

/// Writes `time<TAB>shape` a line.
pub fn write_tsv(out: &mut impl Write, performance: &Performance, set: Set) -> std::io::Result<()> {
    walk(performance, set, |start, _, shape| writeln!(out, "{start:.2}\t{shape}"))?;
    let rest = if set == Set::Rhubarb { "X" } else { "sil" };
    writeln!(out, "{:.2}\t{rest}", length(performance))
}

/// Writes Rhubarb's JSON, laid out as Rhubarb does.
pub fn write_json(out: &mut impl Write, performance: &Performance, set: Set, info: &Info) -> std::io::Result<()> {
    let sound = serde_json::to_string(&info.audio)?;
    write!(out, "{{\n  \"metadata\": {{\n    \"soundFile\": {sound},\n    \"duration\": {:.2}\n  }},\n", length(performance))?;
    write!(out, "  \"mouthCues\": [")?;
    let mut comma = "";
    walk(performance, set, |start, end, shape| {
        write!(out, "{comma}\n    {{ \"start\": {start:.2}, \"end\": {end:.2}, \"value\": \"{shape}\" }}")?;
        comma = ",";
        Ok(())
    })?;
    writeln!(out, "\n  ]\n}}")
}

/// Reads lines of `time<TAB>shape`; `origin` names them in errors.
pub fn read_tsv(text: &str, origin: &str) -> Result<Loaded> {
    let mut cues = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |what: String| Error::malformed(format!("{origin}: line {}", number + 1), what);
        if cues.len() == MOST_FRAMES {
            return Err(bad(format!("more than {MOST_FRAMES} cues")));
        }
        let mut cells = line.split_whitespace();
        let (time, shape) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let start = time.parse().ok().filter(|t: &f64| *t >= 0.0 && t.is_finite()).ok_or_else(|| bad(format!("'{time}' is no time")))?;
        cues.push(Cue { start, shape: shape.into() });
    }
    let end = cues.last().map_or(0.0, |cue| cue.start);
    performed(&cues, end, origin)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    metadata: Metadata,
    #[serde(deserialize_with = "at_most")]
    mouth_cues: Vec<Span>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    duration: Value,
}

#[derive(Deserialize)]
struct Span {
    start: Value,
    end: Value,
    value: String,
}

/// Reads Rhubarb's JSON, whose numbers some programs write as text.
pub fn read_json(text: &str, origin: &str) -> Result<Loaded> {
    let file: File = serde_json::from_str(text).map_err(|e| Error::malformed(origin, e.to_string()))?;
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.trim().parse().ok()).filter(|t| t.is_finite() && *t >= 0.0);
    let mut cues = Vec::new();
    let mut end = number(&file.metadata.duration).unwrap_or(0.0);
    for (n, span) in file.mouth_cues.into_iter().enumerate() {
        let bad = || Error::malformed(origin, format!("cue {n} has no times"));
        let start = number(&span.start).ok_or_else(bad)?;
        end = end.max(number(&span.end).ok_or_else(bad)?);
        cues.push(Cue { start, shape: span.value });
    }
    performed(&cues, end, origin)
}

/// Cues as a face that moves from shape to shape.
fn performed(cues: &[Cue], end: f64, origin: &str) -> Result<Loaded> {
    let mut shapes: Vec<Option<usize>> = Vec::new();
    let mut unused: Vec<String> = Vec::new();
    // E is Rhubarb's round mouth and Oculus's spread one; other names tell which file it is.
    let oculus = cues.iter().any(|cue| cue.shape.len() > 1 || ["I", "O", "U"].contains(&cue.shape.as_str()));
    for cue in cues {
        let rhubarb = VISEMES.iter().find(|(name, _)| *name == cue.shape).map(|(_, viseme)| *viseme);
        let viseme = if oculus { Some(cue.shape.as_str()) } else { rhubarb };
        let known = viseme.and_then(|name| NAMES.iter().position(|n| n.eq_ignore_ascii_case(name)));
        if known.is_none() {
            super::leave_out(&mut unused, &cue.shape);
        }
        shapes.push(known);
    }
    if shapes.iter().all(Option::is_none) {
        return Err(Error::malformed(origin, "names no mouth shape that gestus knows"));
    }
    if cues.windows(2).any(|pair| pair[1].start < pair[0].start) {
        return Err(Error::malformed(origin, "its cues do not follow each other"));
    }
    let count = Performance::frames_for(end, FPS);
    if count > most_frames(cues.len()) {
        return Err(Error::malformed(origin, format!("{} cues are too few for {end} seconds", cues.len())));
    }
    let mut at = 0;
    let frames = (0..count).map(|n| {
        let time = n as f64 / FPS;
        while at + 1 < cues.len() && cues[at + 1].start <= time + 0.5 * BLEND {
            at += 1;
        }
        let mut frame = Frame::default();
        let part = (0.5 + (time - cues[at].start) / BLEND).clamp(0.0, 1.0) as f32;
        let before = at.checked_sub(1).and_then(|k| shapes[k]);
        for (shape, weight) in [(before, 1.0 - part), (shapes[at], part)] {
            for (coefficient, share) in shape.map_or(&[][..], |shape| SHAPES[shape]) {
                frame.face[*coefficient] = (frame.face[*coefficient] + share * weight).clamp(0.0, 1.0);
            }
        }
        frame
    });
    let parts = Parts { face: true, ..Parts::default() };
    loaded(frames.collect(), FPS, parts, unused, origin)
}
