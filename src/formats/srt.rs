//! The direction that was used, as SubRip subtitles: what is felt, where and when, for editors and players, and for
//! `--direction`, which reads it back ([`crate::direction`]).

use crate::direction::Direction;
use std::io::{Result, Write};

/// Writes the direction of a recording of `seconds`.
pub fn write(out: &mut impl Write, direction: &Direction, seconds: f64) -> Result<()> {
    for (n, cue) in direction.cues(seconds).iter().enumerate() {
        let start = thousandths(cue.start);
        // A cue without length would not be shown, nor read.
        let end = thousandths(cue.end).max(start + 1);
        writeln!(out, "{}\n{} --> {}\n{}\n", n + 1, clock(start), clock(end), cue.text)?;
    }
    Ok(())
}

fn thousandths(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// `00:01:02,345`.
fn clock(thousandths: u64) -> String {
    let (rest, seconds) = (thousandths % 1000, thousandths / 1000);
    format!("{:02}:{:02}:{:02},{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
