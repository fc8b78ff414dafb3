//! Eyes that blink and look as eyes do.
//!
//! The model says when lids fall and where the gaze goes; at 30 frames a second it blurs how. A blink is fast down and slower
//! up, and eyes jump from one place to the next and then stay, while the head moves under them.

use super::coefficients::id;
use super::hearing::phrases;
use super::vector::{self, GAZE, HEAD, Row};
use crate::body::curves;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

/// A lid this low is a blink, not a squint or a look down.
const BLINK: f32 = 0.5;
/// Lids of a full blink from the frame before its lowest: down within 0.1 s, up within 0.2 s (Doughty 2001).
pub const SHAPE: [f32; 7] = [0.45, 1.0, 0.92, 0.6, 0.32, 0.14, 0.04];
/// Longest time without a blink: log-normal intervals with a median of 5 s, of which the model's own blinks cut most short. With
/// both, a minute of speech holds 15 to 30 blinks (Bentivoglio et al. 1997: 26 in conversation, 17 at rest).
const INTERVAL_SECONDS: f32 = 5.0;
const INTERVAL_SPREAD: f32 = 0.45;
/// Blinks follow each other no faster than this, in frames.
const REFRACTORY: usize = 18;

/// Frames that narrowed lids take to narrow, as a deviation.
const SETTLING: f32 = 3.0;

/// Eyes stay until the model's gaze has left them by this many radians.
const SACCADE: f32 = 0.045;
/// Share of the way to a new place that each frame of a jump covers: two frames for most of it.
pub const JUMP: f32 = 0.7;

/// Share of the ends of phrases that eyes blink at which have not just done so: people blink where talk pauses (Nakano and
/// Kitazawa, "Eyeblink entrainment at breakpoints of speech", Exp. Brain Res. 205, 2010).
const AT_PAUSES: f32 = 0.5;
/// Frames for which a blink that is due waits for the end of the phrase.
const PATIENCE: usize = 40;

/// Turns the model's lids and gaze into blinks and fixations. `activity` is how sure it is that somebody speaks, a frame.
pub fn enliven(rows: &mut [Row], activity: &[f32], seed: u64) {
    blink(rows, &phrase_ends(activity), seed);
    fixate(rows);
}

/// Frames by which the activity outlasts the speech, less the moment that eyes need.
const HOLD: usize = 6;

/// Frames at which speech gives way to a pause.
pub fn phrase_ends(activity: &[f32]) -> Vec<usize> {
    let ends = phrases(activity).into_iter().map(|phrase| phrase.end);
    ends.filter(|end| *end < activity.len()).map(|end| end.saturating_sub(HOLD)).collect()
}

fn blink(rows: &mut [Row], ends: &[usize], seed: u64) {
    let (Some(left), Some(right)) = (vector::channel_of(id::EYE_BLINK_LEFT), vector::channel_of(id::EYE_BLINK_RIGHT)) else { return };
    let lid: Vec<f32> = rows.iter().map(|r| (0.5 * (r[left] + r[right])).clamp(0.0, 1.0)).collect();
    let events = blink_times(&lid, ends, seed);
    let rest = without_blinks(&lid);
    for (n, row) in rows.iter_mut().enumerate() {
        let shut = events.iter().filter(|e| n + 1 >= **e).filter_map(|e| SHAPE.get(n + 1 - e)).copied().fold(0.0, f32::max);
        let value = rest[n] + (1.0 - rest[n]) * shut;
        (row[left], row[right]) = (value, value);
    }
}

/// What is left of the model's lids without its blinks: tired or narrowed ones. Nothing stays that is over within [`REFRACTORY`] frames
/// (a morphological opening), for a blink of the model that becomes none would leave lids half shut for a moment.
fn without_blinks(lid: &[f32]) -> Vec<f32> {
    let over = |values: &[f32], of: fn(f32, f32) -> f32| -> Vec<f32> {
        let near = |n: usize| &values[n.saturating_sub(REFRACTORY / 2)..(n + REFRACTORY / 2 + 1).min(values.len())];
        (0..values.len()).map(|n| near(n).iter().copied().reduce(of).unwrap_or_default()).collect()
    };
    let opened = over(&over(lid, f32::min), f32::max);
    curves::smooth(&opened, SETTLING).into_iter().map(|rest| rest.min(BLINK)).collect()
}

/// Frames at which lids are lowest: the model's own blinks, some at the ends of phrases, and those that are due.
fn blink_times(lid: &[f32], ends: &[usize], seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(BLINK_STREAM);
    let Ok(interval) = LogNormal::new((30.0 * INTERVAL_SECONDS).ln(), INTERVAL_SPREAD) else { return Vec::new() };
    let lowest = |n: usize| lid[n] >= BLINK && (n == 0 || lid[n] > lid[n - 1]) && lid.get(n + 1).is_none_or(|next| lid[n] >= *next);
    let mut events: Vec<usize> = Vec::new();
    // The first one comes at any moment of an interval.
    let mut due = (rng.random::<f32>() * interval.sample(&mut rng)) as usize + REFRACTORY;
    for n in 0..lid.len() {
        let since = events.last().map(|last| n - last);
        let rested = since.is_none_or(|s| s >= REFRACTORY);
        let pause = ends.binary_search(&n).is_ok() && since.is_none_or(|s| s >= 2 * REFRACTORY) && rng.random::<f32>() < AT_PAUSES;
        let next = ends.get(ends.partition_point(|end| *end <= n));
        let waits = next.is_some_and(|end| *end < n + PATIENCE) && n < due + PATIENCE;
        if rested && (lowest(n) || pause || (n >= due && !waits)) {
            events.push(n);
            due = n + (interval.sample(&mut rng) as usize).max(2 * REFRACTORY);
        }
    }
    events
}

const BLINK_STREAM: u64 = 11;

fn fixate(rows: &mut [Row]) {
    // Where the eyes look in the world: the head turns under them.
    let aim = |row: &Row| [row[GAZE] + row[HEAD], row[GAZE + 1] + row[HEAD + 1]];
    let Some(mut place) = rows.first().map(aim) else { return };
    let mut target = place;
    for row in rows.iter_mut() {
        let wanted = aim(row);
        if (wanted[0] - target[0]).hypot(wanted[1] - target[1]) > SACCADE {
            target = wanted;
        }
        for i in 0..2 {
            place[i] += JUMP * (target[i] - place[i]);
            row[GAZE + i] = place[i] - row[HEAD + i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::vector::{CHANNELS, channel_of};

    fn lids(rows: &[Row]) -> Vec<f32> {
        rows.iter().map(|r| r[channel_of(id::EYE_BLINK_LEFT).unwrap()]).collect()
    }

    #[test]
    fn a_minute_without_the_models_blinks_has_a_human_number_of_them() {
        for seed in 0..5 {
            let mut rows = vec![[0.0; CHANNELS]; 1800];
            enliven(&mut rows, &[], seed);
            let lid = lids(&rows);
            let blinks = lid.windows(2).filter(|w| w[0] < 0.9 && w[1] >= 0.9).count();
            assert!((6..=25).contains(&blinks), "{blinks} blinks");
            assert!(lid.iter().all(|l| (0.0..=1.0).contains(l)));
        }
    }

    #[test]
    fn blinks_gather_at_the_ends_of_phrases() {
        // Phrases of two seconds and pauses of one.
        let activity: Vec<f32> = (0..1800).map(|n| if n % 90 < 60 { 1.0 } else { 0.0 }).collect();
        let ends = phrase_ends(&activity);
        assert_eq!(ends[0], 60 - HOLD);
        let (mut near, mut all) = (0, 0);
        for seed in 0..5 {
            let mut rows = vec![[0.0; CHANNELS]; 1800];
            enliven(&mut rows, &activity, seed);
            let lid = lids(&rows);
            let blinks: Vec<usize> = (1..1800).filter(|n| lid[n - 1] < 0.9 && lid[*n] >= 0.9).collect();
            assert!((8..=32).contains(&blinks.len()), "{} blinks", blinks.len());
            all += blinks.len();
            near += blinks.iter().filter(|b| ends.iter().any(|e| b.abs_diff(*e) <= 4)).count();
        }
        // Chance would put a tenth of them there.
        assert!(2 * near > all, "{near} of {all}");
    }

    #[test]
    fn the_models_blink_becomes_a_full_one_at_its_time() {
        let mut rows = vec![[0.0; CHANNELS]; 60];
        rows[8][channel_of(id::EYE_BLINK_LEFT).unwrap()] = 0.9;
        rows[8][channel_of(id::EYE_BLINK_RIGHT).unwrap()] = 0.7;
        enliven(&mut rows, &[], 0);
        let lid = lids(&rows);
        assert!(lid[8] > 0.99 && lid[6] < 0.1 && lid[7] < lid[8] && lid[9] > lid[11]);
    }

    #[test]
    fn a_blink_that_is_drawn_too_wide_or_too_soon_leaves_no_lid_half_shut() {
        let mut rows = vec![[0.0; CHANNELS]; 240];
        for side in [id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT].map(|c| channel_of(c).unwrap()) {
            // One of a third of a second, another right after it, and later two seconds of tired lids.
            rows[30..40].iter_mut().for_each(|r| r[side] = 0.8);
            rows[43..47].iter_mut().for_each(|r| r[side] = 0.7);
            rows[150..210].iter_mut().for_each(|r| r[side] = 0.3);
        }
        enliven(&mut rows, &[], 0);
        let lid = lids(&rows);
        let half = lid[25..60].iter().filter(|l| (0.2..0.9).contains(*l)).count();
        assert!(half <= 4 && lid[25..60].contains(&1.0), "one blink and its way there and back: {:?}", &lid[25..60]);
        assert!(lid[165..195].iter().all(|l| *l > 0.25), "tired lids stay");
    }

    #[test]
    fn eyes_stay_on_their_place_while_the_head_turns() {
        let mut rows = vec![[0.0; CHANNELS]; 30];
        for (n, row) in rows.iter_mut().enumerate() {
            row[HEAD] = 0.01 * n as f32;
            row[GAZE] = -0.01 * n as f32 + if n >= 20 { 0.2 } else { 0.0 };
        }
        enliven(&mut rows, &[], 0);
        let aims: Vec<f32> = rows.iter().map(|r| r[GAZE] + r[HEAD]).collect();
        assert!(aims[..20].iter().all(|a| a.abs() < 1e-5));
        assert!(aims[22..].iter().all(|a| (a - 0.2).abs() < 0.01), "{aims:?}");
    }
}
