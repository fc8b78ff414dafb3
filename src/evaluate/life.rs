//! Smoothness, blinks, head and spread: figures of motion as such, beside those of recorded motion.

use super::mouths::{mouth_of, turned};
use crate::face::articulation::{gap_mm, rounding, width};
use crate::face::coefficients::{Coefficients, id};
use crate::face::style;
use crate::face::vector::{self, Row};
use crate::statistics::{pearson, percentile};
use crate::train::data::Take;
use serde::Serialize;

/// A figure of generated motion beside the same figure of the recorded.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    pub what: String,
    pub generated: f32,
    pub real: f32,
}

/// Lip error, smoothness, blinks, head and spread between seeds of samples that were `drawn` for takes, beside the recorded motion of the
/// takes. Samples of one take follow one another.
pub fn life(takes: &[&Take], drawn: &[(&Take, &[Row])]) -> Vec<Beside> {
    let recorded: Vec<(&Take, &[Row])> = takes.iter().map(|take| (*take, &take.motion[..])).collect();
    let [generated, real] = [drawn, &recorded].map(|set| set.iter().map(|(_, rows)| *rows).collect::<Vec<&[Row]>>());
    let mut figures = Vec::new();
    let mut add = |what: &str, generated: f32, real: f32| figures.push(Beside { what: what.to_string(), generated, real });
    let error = average(drawn.iter().map(|(take, rows)| lip_error(rows, &take.motion)));
    let other = average((0..takes.len()).map(|i| lip_error(&takes[(i + 1) % takes.len()].motion, &takes[i].motion)));
    add("lip error, RMS of 27 coefficients (real: of another take)", error, other);
    let gaps = |set: &[&[Row]]| set.iter().flat_map(|rows| mouth_of(rows)[0].clone()).collect::<Vec<f32>>();
    add("lip gap, 95th percentile, mm", percentile(&gaps(&generated), 0.95), percentile(&gaps(&real), 0.95));
    let heard = |set: &[(&Take, &[Row])]| synchrony(set.iter().map(|(take, rows)| (&take.prosody.level[..], mouth_of(rows)[0].clone())));
    let ((lag, height), (real_lag, real_height)) = (heard(drawn), heard(&recorded));
    add("sync: opening after loudness, ms", lag, real_lag);
    add("sync: height of that peak over the same with the sound turned by half", height, real_height);
    let whole = takes.iter().all(|t| t.known[vector::HEAD]);
    for (name, of, lips) in REGIONS {
        if lips || whole {
            let series = |rows: &[Row]| rows.iter().map(|r| of(&vector::unpack(r).0, r)).collect::<Vec<f32>>();
            let jerk = |set: &[&[Row]]| log_jerk(set.iter().map(|rows| series(rows)));
            add(&format!("log mean jerk, {name}"), jerk(&generated), jerk(&real));
        }
    }
    if whole {
        add("blinks a minute", blinks(&generated), blinks(&real));
        add("blinks at ends of phrases, times chance", at_pauses(drawn), at_pauses(&recorded));
        for (name, q) in [("head speed, median, degrees a second", 0.5), ("head speed, 95th percentile", 0.95)] {
            add(name, percentile(&head_speed(&generated), q), percentile(&head_speed(&real), q));
        }
        add("spread of styles between samples (real: between takes)", style_spread(&generated), style_spread(&real));
        let seeds = drawn.windows(2).filter(|w| std::ptr::eq(w[0].0, w[1].0)).map(|w| life_distance(w[0].1, w[1].1));
        let others = real.windows(2).map(|w| life_distance(w[0], w[1]));
        add("distance of brows, lids and head between seeds (real: between takes)", average(seeds), average(others));
    }
    figures
}

/// One number of a face, from its coefficients and its row.
type Reading = fn(&Coefficients, &Row) -> f32;

/// Regions of the face, a number that stands for each on a scale of tens, and whether it belongs to the lips.
const REGIONS: [(&str, Reading, bool); 7] = [
    ("lip gap", |face, _| gap_mm(face).max(0.0), true),
    ("width of the mouth", |face, _| 10.0 * width(face), true),
    ("rounding", |face, _| 10.0 * rounding(face), true),
    ("brows", |face, _| 10.0 * (face[id::BROW_INNER_UP] + face[id::BROW_OUTER_UP_LEFT] - face[id::BROW_DOWN_LEFT]), false),
    ("lids", |face, _| 10.0 * face[id::EYE_BLINK_LEFT], false),
    ("gaze yaw", |_, row| 100.0 * row[vector::GAZE], false),
    ("head yaw", |_, row| 100.0 * row[vector::HEAD], false),
];

/// Root mean square difference of brows, lids and head angles (a tenth of a radian as one), over the common length.
fn life_distance(a: &[Row], b: &[Row]) -> f32 {
    let read = |row: &Row| {
        let face = vector::unpack(row).0;
        [
            face[id::BROW_INNER_UP],
            face[id::BROW_OUTER_UP_LEFT],
            face[id::EYE_BLINK_LEFT],
            10.0 * row[vector::HEAD],
            10.0 * row[vector::HEAD + 1],
        ]
    };
    let square = |(x, y): (&Row, &Row)| read(x).iter().zip(read(y)).map(|(x, y)| (x - y).powi(2)).sum::<f32>() / 5.0;
    average(a.iter().zip(b).map(square)).sqrt()
}

fn average(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    sum / count.max(1) as f32
}

/// Lag in milliseconds at which loudness and opening agree best, and the correlation there less the best with sound begun in
/// its middle: means over takes.
pub fn synchrony<'a>(takes: impl Iterator<Item = (&'a [f32], Vec<f32>)>) -> (f32, f32) {
    const REACH: isize = 8;
    let peak = |level: &[f32], opening: &[f32]| {
        let at = |lag: isize| {
            let (skip, ahead) = (lag.max(0) as usize, (-lag).max(0) as usize);
            pearson(level.get(ahead..).unwrap_or_default(), opening.get(skip..).unwrap_or_default())
        };
        (-REACH..=REACH).map(|lag| (lag as f32 * 1000.0 / 30.0, at(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
    };
    let (mut lag, mut height, mut count) = (0.0, 0.0, 0);
    for (level, opening) in takes {
        let (best, chance) = (peak(level, &opening), peak(&turned(level.to_vec()), &opening));
        (lag, height, count) = (lag + best.0, height + best.1 - chance.1, count + 1);
    }
    (lag / count.max(1) as f32, height / count.max(1) as f32)
}

/// Root mean square over the jaw and mouth coefficients and time.
fn lip_error(a: &[Row], b: &[Row]) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (vector::unpack(x).0, vector::unpack(y).0);
        for c in id::JAW_FORWARD..=id::MOUTH_UPPER_UP_RIGHT {
            (sum, count) = (sum + (x[c] - y[c]).powi(2), count + 1);
        }
    }
    (sum / count.max(1) as f32).sqrt()
}

/// Natural logarithm of one and the mean size of the third derivative, 30 frames a second.
pub fn log_jerk(series: impl Iterator<Item = Vec<f32>>) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for values in series {
        for w in values.windows(4) {
            (sum, count) = (sum + (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs() * 27_000.0, count + 1);
        }
    }
    (1.0 + sum / count.max(1) as f32).ln()
}

/// Share of the time in which the eyes look past the viewer, who stands straight ahead.
pub fn looking_away(rows: &[Row]) -> f32 {
    /// Radians past the viewer that count.
    const AWAY: f32 = 0.12;
    let (h, g) = (vector::HEAD, vector::GAZE);
    let away = |row: &&Row| (row[h] + row[g]).hypot(row[h + 1] + row[g + 1]) > AWAY;
    rows.iter().filter(away).count() as f32 / rows.len().max(1) as f32
}

fn blinks(set: &[&[Row]]) -> f32 {
    let frames: usize = set.iter().map(|rows| rows.len()).sum();
    let count: usize = set.iter().map(|rows| style::blinks(rows)).sum();
    count as f32 * 1800.0 / frames.max(1) as f32
}

/// How often blinks fall on the half second around a pause's beginning, over how often they would by chance; 0 without any.
fn at_pauses(set: &[(&Take, &[Row])]) -> f32 {
    const NEAR: usize = 8;
    let (mut hits, mut blinks, mut near, mut frames) = (0, 0, 0, 0);
    for (take, rows) in set {
        let level = &take.prosody.level;
        let quiet = |n: usize| level[n] < 0.3;
        let ends: Vec<usize> = (10..level.len().saturating_sub(6)).filter(|n| !quiet(n - 1) && (*n..n + 6).all(quiet)).collect();
        let at_end = |n: &usize| ends.iter().any(|e| n.abs_diff(*e) <= NEAR);
        let times = style::blink_frames(rows);
        hits += times.iter().filter(|n| at_end(n)).count();
        blinks += times.len();
        near += (0..rows.len()).filter(at_end).count();
        frames += rows.len();
    }
    (hits * frames) as f32 / (blinks * near).max(1) as f32
}

/// Degrees a second.
fn head_speed(set: &[&[Row]]) -> Vec<f32> {
    set.iter().flat_map(|rows| style::head_speeds(rows)).map(f32::to_degrees).collect()
}

/// Mean distance between the styles of neighbouring stretches.
fn style_spread(set: &[&[Row]]) -> f32 {
    let styles: Vec<_> = set.iter().map(|rows| style::of(rows)).collect();
    let distance = |w: &[style::Style]| w[0].iter().zip(w[1]).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
    styles.windows(2).map(distance).sum::<f32>() / (styles.len().max(2) - 1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synchrony_finds_the_lag() {
        let level: Vec<f32> = (0..300).map(|n| (n as f32 * 0.37).sin() + (n as f32 * 0.113).sin()).collect();
        let mut late = level.clone();
        late.rotate_right(3);
        let (lag, height) = synchrony([(level.as_slice(), late)].into_iter());
        assert!((lag - 100.0).abs() < 1.0 && height > 0.05, "{lag} {height}");
    }
}
