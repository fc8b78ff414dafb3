//! Tables of faces as Live Link Face, Audio2Face-3D and those who follow them write them: one row a frame.
//!
//! A header names the columns, in any order and spelling, parted by commas, semicolons or tabs (then numbers may have decimal commas).
//! One column tells the time ([`super::clock`]); coefficients may be shares or percent, angles radians or degrees, as the largest tells.
//! Live Link Face counts the values of a row, and writes 0 and nothing else where it saw no face: such rows are gaps. In tables of
//! Audio2Face (`blendShapes.JawOpen`) the head's columns are there for the sake of order and hold zeros.

use super::clock::{self, Stamp};
use super::faces::{Columns, FACE, MOST_COLUMNS, posed};
use super::livelink::ANGLES;
use super::{Loaded, MOST_FRAMES};
use crate::face::coefficients::Coefficients;
use crate::motion::{Frame, Gaze, Head, Parts, set_head};
use crate::{Error, Result};

/// In front of coefficients in Audio2Face's tables.
pub const PREFIX: &str = "blendShapes.";
/// Columns that tell the time, the best first.
const TIMES: [&str; 7] = ["timecode", "timestamp", "time", "seconds", "timeseconds", "frame", "framenumber"];
/// Coefficients that reach beyond this are percent. The app's reach 1.05, some are driven harder.
const SHARES: f32 = 5.0;
/// The first of the angles are the head's.
const HEAD: usize = 3;
/// Angles that reach beyond this are degrees: nobody's head turns so far.
const RADIANS: f32 = 2.0;

/// What a column holds.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    /// Of [`TIMES`].
    Time(usize),
    /// How many values the row has.
    Count,
    Angle(usize),
    /// A coefficient's place among the others, or a name that is not known.
    Other,
}

impl Column {
    fn of(name: &str) -> Column {
        let plain: String = name.chars().filter(|c| c.is_alphanumeric()).take(40).flat_map(char::to_lowercase).collect();
        let angle = ANGLES.iter().position(|angle| angle.eq_ignore_ascii_case(&plain)).map(Column::Angle);
        let time = || TIMES.iter().position(|time| *time == plain).map(Column::Time);
        let count = || (plain == "blendshapecount").then_some(Column::Count);
        angle.or_else(time).or_else(count).unwrap_or(Column::Other)
    }
}

/// A table's first line.
struct Header {
    columns: Vec<Column>,
    /// Places of the coefficients' columns, and what they are.
    shapes: Vec<usize>,
    known: Columns,
    time: Option<usize>,
    count: Option<usize>,
    delimiter: char,
    /// Whether the head's columns say nothing.
    headless: bool,
}

impl Header {
    fn read(line: &str, origin: &str) -> Result<Header> {
        let often = |delimiter: &char| line.matches(*delimiter).count();
        let delimiter = [';', '\t', ','].into_iter().max_by_key(often).unwrap_or(',');
        let names: Vec<&str> = cells(line, delimiter).take(MOST_COLUMNS + 2).collect();
        // Lines may end in a delimiter.
        let names = if names.last().is_some_and(|name| name.is_empty()) { &names[..names.len() - 1] } else { &names[..] };
        let columns: Vec<Column> = names.iter().map(|name| Column::of(name)).collect();
        let shapes: Vec<usize> = (0..names.len()).filter(|k| columns[*k] == Column::Other && !names[*k].is_empty()).collect();
        let header = format!("{origin}: line 1 is no header of a table of faces");
        let known = Columns::of(shapes.iter().map(|k| names[*k].trim_start_matches(PREFIX)), &header)?;
        let best = |k: &usize| if let Column::Time(rank) = columns[*k] { rank } else { TIMES.len() };
        let time = (0..columns.len()).min_by_key(best).filter(|k| matches!(columns[*k], Column::Time(_)));
        let count = columns.iter().position(|column| *column == Column::Count);
        let headless = names.iter().any(|name| name.starts_with(PREFIX));
        Ok(Header { shapes, known, time, count, delimiter, headless, columns })
    }

    /// Whether there are columns for the head's angles that say something.
    fn head(&self) -> bool {
        !self.headless && self.columns.iter().any(|column| matches!(column, Column::Angle(angle) if *angle < HEAD))
    }

    /// One line's row; nothing where the app saw no face.
    fn row(&self, line: &str, number: usize) -> std::result::Result<Option<(Stamp, Row)>, String> {
        let mut cells: Vec<&str> = cells(line, self.delimiter).take(self.columns.len() + 2).collect();
        if cells.len() == self.columns.len() + 1 && cells.last().is_some_and(|cell| cell.is_empty()) {
            cells.pop();
        }
        if self.count.and_then(|k| cells.get(k)).is_some_and(|cell| *cell == "0") {
            return Ok(None);
        }
        if cells.len() != self.columns.len() {
            return Err(format!("has {} columns, the header {}", line.split(self.delimiter).count(), self.columns.len()));
        }
        let stamp = match self.time {
            Some(k) => Stamp::read(&decimal(cells[k], self.delimiter)).ok_or("is no timecode HH:MM:SS:FF.fff, nor a time in seconds")?,
            None => Stamp::Number(number as f64),
        };
        let value = |k: usize| {
            let text = decimal(cells[k], self.delimiter);
            text.parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| format!("'{text}' is no number"))
        };
        let values = self.shapes.iter().zip(0..).map(|(k, n)| if self.known.uses(n) { value(*k) } else { Ok(0.0) });
        let face = self.known.face(&values.collect::<std::result::Result<Vec<f32>, _>>()?);
        let mut angles = [None; ANGLES.len()];
        for (k, column) in self.columns.iter().enumerate() {
            if let Column::Angle(angle) = column
                && !(self.headless && *angle < HEAD)
            {
                angles[*angle] = Some(value(k)?);
            }
        }
        Ok(Some((stamp, Row { face, angles })))
    }
}

/// Numbers of a row, as they stand there.
struct Row {
    face: Coefficients,
    angles: [Option<f32>; ANGLES.len()],
}

impl Row {
    /// The frame, where coefficients and angles are to be multiplied.
    fn frame(&self, shares: f32, turns: f32) -> Frame {
        let mut frame = posed(&self.face.map(|value| value * shares));
        let angle = |k: usize| self.angles[k].unwrap_or(0.0) * turns;
        if [3, 4, 6, 7].iter().all(|k| self.angles[*k].is_some()) {
            frame.gaze = Gaze { yaw: -0.5 * (angle(3) + angle(6)), pitch: 0.5 * (angle(4) + angle(7)) };
        }
        frame.head = Head { yaw: -angle(0), pitch: angle(1), roll: -angle(2) };
        set_head(&mut frame.body, frame.head);
        frame
    }
}

fn cells(line: &str, delimiter: char) -> impl Iterator<Item = &str> {
    line.trim_end_matches(['\r', '\n']).split(delimiter).map(|cell| cell.trim().trim_matches('"'))
}

/// A number with a point where there are decimal commas.
fn decimal(cell: &str, delimiter: char) -> String {
    if delimiter == ',' { cell.to_string() } else { cell.replace(',', ".") }
}

/// Reads a table's text; `origin` names it in errors. Rows are brought to a steady rate, coefficients cut to 0..=1.
pub fn read(text: &str, origin: &str) -> Result<Loaded> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = Header::read(lines.next().map(|(_, line)| line).unwrap_or_default(), origin)?;
    let (mut stamps, mut rows, mut numbers): (Vec<Stamp>, Vec<Row>, Vec<usize>) = Default::default();
    let mut lost = 0;
    for (number, line) in lines {
        let place = || format!("{origin}: line {}", number + 1);
        if rows.len() == MOST_FRAMES {
            return Err(Error::malformed(place(), format!("more than {MOST_FRAMES} rows")));
        }
        match header.row(line, rows.len() + lost).map_err(|what| Error::malformed(place(), what))? {
            Some((stamp, row)) => {
                stamps.push(stamp);
                rows.push(row);
                numbers.push(number + 1);
            }
            None => lost += 1,
        }
    }
    let late = |row: usize| Error::malformed(format!("{origin}: line {}", numbers[row]), "the timecode does not follow the one before");
    let (times, mut notes) = clock::seconds(&stamps).map_err(late)?;
    let frames = frames(&rows, &mut notes);
    if lost > 0 {
        notes.push(format!("rows in which no face was seen, bridged: {lost}"));
    }
    let performance = clock::steady(&times, frames, &mut notes);
    let performance = performance.ok_or_else(|| Error::malformed(origin, "holds no rows, or too few for the time they take"))?;
    Ok(Loaded { performance, parts: Parts { head: header.head(), ..FACE }, unused: header.known.unused, notes })
}

/// Rows as frames, in the units that their largest numbers tell.
fn frames(rows: &[Row], notes: &mut Vec<String>) -> Vec<Frame> {
    let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0f32, |most, value| most.max(value.abs()));
    let weight = largest(&mut rows.iter().flat_map(|row| row.face));
    let turn = largest(&mut rows.iter().flat_map(|row| row.angles).flatten());
    let shares = if weight > SHARES { 0.01 } else { 1.0 };
    let turns = if turn > RADIANS { 1f32.to_radians() } else { 1.0 };
    notes.extend((weight > SHARES).then(|| format!("coefficients are percent: the largest is {weight}")));
    notes.extend((turn > RADIANS).then(|| format!("angles are degrees: the largest is {turn}")));
    rows.iter().map(|row| row.frame(shares, turns)).collect()
}
