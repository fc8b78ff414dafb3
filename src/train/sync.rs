//! Sound and picture in time: clips of television are some frames off, each by its own, and what is learned from them would blur.
//!
//! A clip's offset is where the recorded mouth goes best with the one that the encoder hears, found by correlation (as lip-sync errors of
//! broadcasts are; Chung and Zisserman 2016, "Out of time: automated lip sync in the wild").

use super::content::recorded;
use super::data::{Source, Take};
use crate::speech::content::{ARTICULATION, Content};
use crate::statistics::{lagged, mean};

/// Motion frames by which a clip may be off.
pub const MOST: usize = 4;
/// What the correlation must gain for an offset of one frame; for n frames n squared times as much.
const RELUCTANCE: f32 = 0.01;

/// Whether a take may have been recorded out of time.
pub fn may_be_off(take: &Take) -> bool {
    take.source == Source::LrwAr
}

/// Frames by which the motion of a take comes before the mouth that is heard in it; 0 where it was recorded in time.
pub fn offset(take: &Take, heard: &Content) -> i32 {
    if may_be_off(take) { lag(&heard.articulation, &recorded(take)) } else { 0 }
}

/// Frames by which what is seen comes before what is heard.
fn lag(heard: &[[f32; ARTICULATION]], seen: &[[f32; ARTICULATION]]) -> i32 {
    // Opening, width and rounding.
    let three = |rows: &[[f32; ARTICULATION]]| [0, 1, 2].map(|i| rows.iter().map(|row| row[i]).collect::<Vec<f32>>());
    let (heard, seen, most) = (three(heard), three(seen), MOST as i32);
    let likeness = |lag: i32| mean(&[0, 1, 2].map(|i| lagged(&heard[i], &seen[i], lag, MOST))) - RELUCTANCE * (lag * lag) as f32;
    let nearer = |a: &i32, b: &i32| likeness(*a).total_cmp(&likeness(*b)).then(b.abs().cmp(&a.abs()));
    (-most..=most).max_by(nearer).unwrap_or(0)
}

/// Rows that come `frames` later; the first or the last stands where there are none.
pub fn later<T: Copy>(rows: &[T], frames: i32) -> Vec<T> {
    let last = rows.len() as i32 - 1;
    (0..=last).map(|n| rows[(n - frames).clamp(0, last) as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mouth_out_of_time_is_found_and_moved_back() {
        let heard: Vec<[f32; ARTICULATION]> = (0..40).map(|n| [0.7, 1.1, 0.4, 0.9].map(|rate| (rate * n as f32).sin())).collect();
        for early in -3..=3 {
            let seen = later(&heard, -early);
            assert_eq!(lag(&heard, &seen), early);
            assert_eq!(later(&seen, early)[8..32], heard[8..32]);
        }
        assert_eq!(lag(&heard[..6], &heard[..6]), 0, "too short to tell");
        assert_eq!(lag(&[], &[]), 0);
    }

    #[test]
    fn rows_move_later_or_earlier_and_keep_their_number() {
        assert_eq!(later(&[1, 2, 3, 4], 1), [1, 1, 2, 3]);
        assert_eq!(later(&[1, 2, 3, 4], -2), [3, 4, 4, 4]);
        assert!(later::<u8>(&[], 2).is_empty());
    }
}
