//! Habits of a style put into face motion: how often lids fall, how far brows, head and eyes move, how wide the lips open.
//!
//! The face model takes a style as a condition and follows it a little. What is missing is made up by plain factors about the mean:
//! the motion keeps its moments, the words their openings and closures.

use super::dials;
use super::likeness::Leaning;
use crate::body::curves;
use crate::face::articulation::{gap_mm, set_gap};
use crate::face::coefficients::id;
use crate::face::style::{self, STYLE, Style};
use crate::face::vector::{self, GAZE, HEAD, Row};
use crate::motion::Head;

/// Bounds of a factor.
const FACTORS: (f32, f32) = (0.4, 2.5);
/// Frames over which factors ease.
const EASE: f32 = 6.0;
/// Figures of the head's ranges.
const RANGES: [usize; 3] = [9, 10, 11];
const GAZE_RANGE: usize = 13;
/// Figures that are means of coefficients, and the coefficients.
const MEANS: [(usize, &[usize]); 3] = [
    (5, &[id::BROW_INNER_UP, id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT]),
    (7, &[id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT]),
    (8, &[id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT]),
];
const BROWS: [usize; 3] = [id::BROW_INNER_UP, id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT];

/// Bends motion at 30 frames a second to the styles that it leans towards. `nods` will be added to the head; the factor on
/// them, for every frame, is given back.
pub fn adopt(rows: &mut [Row], nods: &[Head], leanings: &[Leaning], seed: u64) -> Vec<f32> {
    if leanings.is_empty() {
        return vec![1.0; rows.len()];
    }
    let own = style::of(&with(rows, nods));
    let leaning = |n: usize| leanings.get(n).or(leanings.last()).copied().unwrap_or_default();
    // Wanted over measured, eased; one where nothing is asked for.
    let factors = |figure: usize| -> Vec<f32> {
        let factor = |n: usize| {
            let [value, share] = leaning(n).face[figure];
            if share == 0.0 { 1.0 } else { factor(&own, figure, own[figure] * (1.0 - share) + value) }
        };
        curves::smooth(&(0..rows.len()).map(factor).collect::<Vec<f32>>(), EASE)
    };
    let speed = factors(style::HEAD_SPEED);
    let turns = RANGES.map(|figure| factors(figure).iter().zip(&speed).map(|(range, speed)| (range * speed).sqrt()).collect::<Vec<f32>>());
    let (lips, brows, gaze, blinks) = (factors(style::LIP_RANGE), factors(style::BROW_RANGE), factors(GAZE_RANGE), factors(style::BLINKS));
    dials::blink(rows, &|n| blinks[n].min(dials::MOST), seed);
    let offset = |figure: usize, n: usize| {
        let [value, share] = leaning(n).face[figure];
        style::raw(figure, value - own[figure] * share) - style::raw(figure, 0.0)
    };
    let head: [f32; 3] = std::array::from_fn(|i| mean(rows, HEAD + i));
    let aim: [f32; 2] = std::array::from_fn(|i| mean(rows, GAZE + i) + head[i]);
    let brow: Vec<(usize, f32)> = BROWS.iter().filter_map(|c| vector::channel_of(*c)).map(|c| (c, mean(rows, c))).collect();
    for n in 0..rows.len() {
        let row = &mut rows[n];
        let looks: [f32; 2] = std::array::from_fn(|i| aim[i] + gaze[n] * (row[GAZE + i] + row[HEAD + i] - aim[i]));
        for i in 0..3 {
            row[HEAD + i] = head[i] + turns[i][n] * (row[HEAD + i] - head[i]);
        }
        for i in 0..2 {
            row[GAZE + i] = looks[i] - row[HEAD + i];
        }
        for (channel, mean) in &brow {
            row[*channel] = (mean + brows[n] * (row[*channel] - mean)).clamp(0.0, 1.0);
        }
        for (figure, coefficients) in MEANS {
            let offset = offset(figure, n);
            for channel in coefficients.iter().filter_map(|c| vector::channel_of(*c)) {
                row[channel] = (row[channel] + offset).clamp(0.0, 1.0);
            }
        }
        if lips[n] != 1.0 {
            let (mut face, head, gaze) = vector::unpack(row);
            let gap = gap_mm(&face).max(0.0);
            set_gap(&mut face, lips[n] * gap);
            *row = vector::pack(&face, head, gaze);
        }
    }
    (0..rows.len()).map(|n| turns.iter().map(|turn| turn[n]).sum::<f32>() / 3.0).collect()
}

/// Motion with nods, which leave the eyes on what they see.
fn with(rows: &[Row], nods: &[Head]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for (row, nod) in rows.iter_mut().zip(nods) {
        for (i, angle) in [nod.yaw, nod.pitch, nod.roll].into_iter().enumerate() {
            row[HEAD + i] += angle;
        }
        (row[GAZE], row[GAZE + 1]) = (row[GAZE] - nod.yaw, row[GAZE + 1] - nod.pitch);
    }
    rows
}

/// The factor that brings a figure from what was measured to what is wanted.
fn factor(own: &Style, figure: usize, wanted: f32) -> f32 {
    debug_assert!(figure < STYLE);
    let least = 0.05 * style::raw(figure, 1.0).abs();
    let (from, to) = (style::raw(figure, own[figure]).max(least), style::raw(figure, wanted.clamp(-3.0, 3.0)).max(0.0));
    (to / from).clamp(FACTORS.0, FACTORS.1)
}

fn mean(rows: &[Row], channel: usize) -> f32 {
    (rows.iter().map(|row| f64::from(row[channel])).sum::<f64>() / rows.len().max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::likeness::Likeness;
    use crate::face::life;
    use crate::face::vector::CHANNELS;

    fn minute() -> Vec<Row> {
        let mut rows = vec![[0.0; CHANNELS]; 1800];
        for (n, row) in rows.iter_mut().enumerate() {
            row[HEAD] = 0.04 * (n as f32 * 0.05).sin();
            row[HEAD + 1] = 0.03 * (n as f32 * 0.08).sin();
            row[vector::channel_of(id::JAW_OPEN).unwrap()] = 0.15 + 0.15 * (n as f32 * 0.7).sin();
            row[vector::channel_of(id::BROW_INNER_UP).unwrap()] = 0.3 + 0.2 * (n as f32 * 0.03).sin();
        }
        life::enliven(&mut rows, &[], 3);
        rows
    }

    fn adopted(figures: &[(usize, f32)]) -> Vec<Row> {
        let mut likeness = Likeness::default();
        figures.iter().for_each(|(figure, value)| likeness.face[*figure] = Some(*value));
        let mut rows = minute();
        adopt(&mut rows, &[], &[Leaning::default().towards(&likeness, 1.0)], 3);
        rows
    }

    #[test]
    fn a_style_that_is_asked_for_is_measured_afterwards() {
        for (figure, value) in [(style::LIP_RANGE, 0.5), (style::BROW_RANGE, 0.5)] {
            let found = style::of(&adopted(&[(figure, value)]))[figure];
            assert!((found - value).abs() < 0.45, "{}: {found} for {value}", style::NAMES[figure]);
        }
        // The head goes part of the way: where it looks is not all habit.
        for figure in [8, 9, 10] {
            let [less, more] = [-1.0, 1.0].map(|value| style::of(&adopted(&[(figure, value)]))[figure]);
            assert!(more > less + 0.5, "{}: {less} and {more}", style::NAMES[figure]);
        }
        let (few, many) = (style::of(&adopted(&[(style::BLINKS, -1.2)])), style::of(&adopted(&[(style::BLINKS, 1.0)])));
        assert!(many[style::BLINKS] > few[style::BLINKS] + 0.2, "{} and {}", few[style::BLINKS], many[style::BLINKS]);
    }

    #[test]
    fn lips_that_meet_keep_meeting_and_nothing_asked_is_nothing_done() {
        let gap = |row: &Row| gap_mm(&vector::unpack(row).0).max(0.0);
        for (a, b) in adopted(&[(style::LIP_RANGE, 2.0)]).iter().zip(minute()) {
            assert!(gap(&b) > 0.01 || gap(a) < 0.05);
        }
        let mut rows = minute();
        assert_eq!(adopt(&mut rows, &[], &[], 3), vec![1.0; 1800]);
        assert_eq!(rows, minute());
    }
}
