//! How much of blinks, looks, head motion, gestures and of the ebb of a feeling there is: factors on what is done unasked.
//!
//! A dial at 1 changes nothing, at 0 there is none, and between and beyond motion grows with it without a jump. What is asked for by
//! name (a nod, a look) is not dialled.

use crate::body::skeleton::Pose;
use crate::body::{self, curves};
use crate::face::coefficients::id;
use crate::face::life::SHAPE;
use crate::face::vector::{self, GAZE, HEAD, Row};
use crate::{Error, Result};
use glam::Quat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::ops::Range;

/// Factors, each 0..=2.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dials {
    /// Number of blinks. People who talk blink 10 to 33 times a minute (Doughty 2001, Bentivoglio et al. 1997).
    pub blink: f32,
    /// How far the eyes wander from the listener.
    pub gaze: f32,
    /// How far the head moves about where it is held.
    pub head: f32,
    /// How far the arms gesture; 0 lets them hang.
    pub gesture: f32,
    /// How much an expression ebbs and flows (`face/ebb.rs`); 0 holds it at the strength that is asked for.
    pub ebb: f32,
}

/// The largest dial.
pub const MOST: f32 = 2.0;

impl Default for Dials {
    fn default() -> Self {
        Dials { blink: 1.0, gaze: 1.0, head: 1.0, gesture: 1.0, ebb: 1.0 }
    }
}

/// Random numbers that decide which blinks go first.
const STREAM: u64 = 12;
/// Least frames between blinks that one more may stand between.
const ROOM: usize = 36;
/// A lid this low is at the bottom of a blink.
const SHUT: f32 = 0.999;
/// How far eyes turn in the head, radians: to a side, up, down.
const ORBIT: [f32; 3] = [0.6, 0.42, 0.6];
/// Growth of the arms' turns about where they are held at the largest gesture dial.
const LARGER: f32 = 0.45;
/// Frames over which it is averaged where the arms are held.
const HELD: f32 = 30.0;

impl Dials {
    /// Fails where a dial is not in 0..=2.
    pub fn check(&self) -> Result<()> {
        let dials = [("blink", self.blink), ("gaze", self.gaze), ("head", self.head), ("gesture", self.gesture), ("ebb", self.ebb)];
        for (name, value) in dials {
            if !(0.0..=MOST).contains(&value) {
                return Err(Error::usage(format!("{name} {value} is not a number from 0 to {MOST}"), "1 is as people usually do"));
            }
        }
        Ok(())
    }

    /// Turns blinks, head and gaze of face motion.
    pub fn turn(&self, rows: &mut [Row], seed: u64) {
        if self.blink != 1.0 {
            blink(rows, &|_| self.blink, seed);
        }
        if self.head != 1.0 {
            nod(rows, self.head);
        }
        if self.gaze != 1.0 {
            look(rows, self.gaze);
        }
    }

    /// Lets the arms, whose joints are given, down towards hanging where they gesture less than usual; where more, they swing
    /// further about where they are held.
    pub fn gesture(&self, poses: &mut [Pose], arms: &[Range<usize>]) {
        let hanging = body::standing();
        for joint in arms.iter().cloned().flatten().filter(|_| self.gesture != 1.0) {
            if self.gesture > 1.0 {
                swing(poses, joint, 1.0 + LARGER * (self.gesture - 1.0));
                continue;
            }
            let rest = hanging.rotations[joint];
            for pose in poses.iter_mut() {
                let turned = pose.rotations[joint];
                pose.rotations[joint] = if self.gesture == 0.0 { rest } else { rest.slerp(turned, self.gesture) };
            }
        }
    }
}

/// Scales a joint's turns about their running mean.
fn swing(poses: &mut [Pose], joint: usize, factor: f32) {
    let part = |k: usize| curves::smooth(&poses.iter().map(|pose| pose.rotations[joint].to_array()[k]).collect::<Vec<f32>>(), HELD);
    let held = [0, 1, 2, 3].map(part);
    for (n, pose) in poses.iter_mut().enumerate() {
        let held = Quat::from_array([0, 1, 2, 3].map(|k| held[k][n])).normalize();
        let away = held.conjugate() * pose.rotations[joint];
        let away = if away.w < 0.0 { -away } else { away };
        pose.rotations[joint] = (held * Quat::from_scaled_axis(factor * away.to_scaled_axis())).normalize();
    }
}

/// Leaves blinks out, or puts more between them, by a dial that may change from frame to frame and the same dice for every dial: what a low dial shows a higher one shows too.
pub(super) fn blink(rows: &mut [Row], dial: &dyn Fn(usize) -> f32, seed: u64) {
    let (Some(left), Some(right)) = (vector::channel_of(id::EYE_BLINK_LEFT), vector::channel_of(id::EYE_BLINK_RIGHT)) else { return };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let shut = |n: usize| rows[n][left].min(rows[n][right]) >= SHUT;
    let blinks: Vec<usize> = (0..rows.len()).filter(|n| shut(*n) && (*n == 0 || !shut(n - 1))).collect();
    for lowest in &blinks {
        if rng.random::<f32>() >= dial(*lowest) {
            open(rows, *lowest, [left, right]);
        }
    }
    let mut before = 0;
    for next in blinks.iter().copied().chain([rows.len()]) {
        let (rank, place) = (rng.random::<f32>(), rng.random_range(0.35..0.65));
        let room = next - before;
        let lowest = before + (place * room as f32) as usize;
        if room >= ROOM && rank < dial(lowest) - 1.0 {
            close(rows, lowest, [left, right]);
        }
        before = next;
    }
}

/// Takes a blink away: lids go straight from what was before it to what comes after.
fn open(rows: &mut [Row], lowest: usize, lids: [usize; 2]) {
    let (first, end) = (lowest.saturating_sub(1), (lowest + SHAPE.len() - 1).min(rows.len()));
    for lid in lids {
        let after = rows.get(end).map(|row| row[lid]);
        let before = first.checked_sub(1).map(|n| rows[n][lid]).or(after).unwrap_or(0.0);
        let after = after.unwrap_or(before);
        for (n, row) in rows[first..end].iter_mut().enumerate() {
            row[lid] = before + (n + 1) as f32 / (end + 1 - first) as f32 * (after - before);
        }
    }
}

fn close(rows: &mut [Row], lowest: usize, lids: [usize; 2]) {
    for (row, shape) in rows.iter_mut().skip(lowest.saturating_sub(1)).zip(SHAPE) {
        for lid in lids {
            row[lid] += (1.0 - row[lid]) * shape;
        }
    }
}

/// Scales the head's motion about its mean; the eyes stay on what they see.
fn nod(rows: &mut [Row], dial: f32) {
    for angle in 0..3 {
        let mean = rows.iter().map(|row| f64::from(row[HEAD + angle])).sum::<f64>() / rows.len().max(1) as f64;
        for row in rows.iter_mut() {
            let turned = mean as f32 + dial * (row[HEAD + angle] - mean as f32);
            if angle < 2 {
                row[GAZE + angle] += row[HEAD + angle] - turned;
            }
            row[HEAD + angle] = turned;
        }
    }
}

/// Scales how far the eyes look past the listener, who stands straight ahead; beyond the usual as far as eyes turn.
fn look(rows: &mut [Row], dial: f32) {
    let [side, up, down] = ORBIT;
    for row in rows {
        for angle in 0..2 {
            let aim = row[GAZE + angle] + row[HEAD + angle];
            row[GAZE + angle] = dial * aim - row[HEAD + angle];
        }
        if dial > 1.0 {
            row[GAZE] = row[GAZE].clamp(-side, side);
            row[GAZE + 1] = row[GAZE + 1].clamp(-up, down);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::life;
    use crate::face::vector::CHANNELS;

    fn minute() -> Vec<Row> {
        let mut rows = vec![[0.0; CHANNELS]; 1800];
        for (n, row) in rows.iter_mut().enumerate() {
            row[HEAD] = 0.1 * (n as f32 * 0.05).sin();
            row[GAZE + 1] = if n % 200 < 60 { 0.2 } else { 0.0 };
        }
        life::enliven(&mut rows, &[], 3);
        rows
    }

    fn turned(dials: Dials) -> Vec<Row> {
        let mut rows = minute();
        dials.turn(&mut rows, 3);
        rows
    }

    fn blinks(rows: &[Row]) -> Vec<usize> {
        let lid = vector::channel_of(id::EYE_BLINK_LEFT).unwrap();
        (1..rows.len()).filter(|n| rows[n - 1][lid] < 0.9 && rows[*n][lid] >= 0.9).collect()
    }

    #[test]
    fn blinks_come_and_go_by_their_dial_and_stay_where_they_are() {
        let at = |blink: f32| blinks(&turned(Dials { blink, ..Dials::default() }));
        let usual = at(1.0);
        assert!(at(0.0).is_empty() && usual == blinks(&minute()));
        let mut before: Vec<usize> = Vec::new();
        for step in 0..=20 {
            let now = at(0.1 * step as f32);
            assert!(before.iter().all(|b| now.contains(b)), "a higher dial keeps what a lower one shows");
            before = now;
        }
        assert!(before.len() * 5 > usual.len() * 8, "{} of {}", before.len(), usual.len());
        assert!(before.windows(2).all(|w| w[1] - w[0] > 10));
    }

    #[test]
    fn the_head_rests_and_the_eyes_keep_their_aim() {
        let still = turned(Dials { head: 0.0, ..Dials::default() });
        assert!(still.iter().all(|row| row[HEAD] == still[0][HEAD]));
        for (a, b) in still.iter().zip(minute()) {
            assert!((a[HEAD] + a[GAZE] - b[HEAD] - b[GAZE]).abs() < 1e-5);
        }
        let held = turned(Dials { gaze: 0.0, ..Dials::default() });
        assert!(held.iter().all(|row| row[GAZE] == -row[HEAD] && row[GAZE + 1] == -row[HEAD + 1]));
    }

    #[test]
    fn dials_out_of_range_are_refused() {
        for bad in [-0.1, 2.1, f32::NAN] {
            assert_eq!(Dials { gaze: bad, ..Dials::default() }.check().unwrap_err().exit_code(), 2);
        }
        assert!(Dials::default().check().is_ok());
    }
}
