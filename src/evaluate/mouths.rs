//! Opening, width and rounding of mouths against those that were recorded with the same sound.

use super::linear::Linear;
use crate::face::articulation::{gap_mm, rounding, width};
use crate::face::coefficients::Coefficients;
use crate::face::vector::{self, Row};
use crate::statistics::{Interval, interval, lagged, median, pearson};
use crate::train::data::{self, Split, Take};
use crate::train::sync::MOST as MOVED;
use serde::Serialize;

/// Correlations of one way of moving the mouth with the recorded mouth: per take, the median over takes.
#[derive(Clone, Debug, Serialize)]
pub struct Mouths {
    pub row: String,
    pub opening: Interval,
    pub width: Interval,
    pub rounding: Interval,
}

/// Every way of moving the mouths of a set against the recorded ones: samples that were `drawn` for its takes, and the references.
pub fn mouths(takes: &[&Take], drawn: &[(&Take, &[Row])], linear: &Linear<3>) -> Vec<Mouths> {
    let ours: Vec<Moved> = drawn.iter().map(|(take, rows)| (*take, mouth_of(rows))).collect();
    let each_take = |f: &dyn Fn(usize, &Take) -> [Vec<f32>; 3]| -> Vec<Moved> {
        takes.iter().enumerate().map(|(i, take)| (*take, f(i, take))).collect()
    };
    let loudness = each_take(&|_, take| {
        let level = take.prosody.level.clone();
        let less: Vec<f32> = level.iter().map(|l| -l).collect();
        [level, less.clone(), less]
    });
    let mapped = each_take(&|_, take| {
        let rows = linear.predict(&take.mel, take.frames);
        std::array::from_fn(|i| rows.iter().map(|r| r[i]).collect())
    });
    let shuffled = each_take(&|i, take| if takes.len() > 1 { recorded(takes[(i + 1) % takes.len()]) } else { recorded(take).map(turned) });
    let still = each_take(&|_, take| std::array::from_fn(|_| vec![0.0; take.frames]));
    let judged = |judge: fn(&Moved) -> [f32; 3], moved: &[Moved]| moved.iter().map(judge).collect();
    let rows: [(&str, Vec<[f32; 3]>); 11] = [
        ("gestus", judged(against, &ours)),
        ("linear map", judged(against, &mapped)),
        ("loudness", judged(against, &loudness)),
        ("shuffled", judged(against, &shuffled)),
        ("still", judged(against, &still)),
        ("gestus, all takes moved alike", moved_alike(&ours)),
        ("shuffled, all takes moved alike", moved_alike(&shuffled)),
        ("gestus, each take moved in time", judged(in_time, &ours)),
        ("shuffled, each take moved in time", judged(in_time, &shuffled)),
        ("gestus, from first to last sound", judged(while_heard, &ours)),
        ("shuffled, from first to last sound", judged(while_heard, &shuffled)),
    ];
    let row = |(row, r): (&str, Vec<[f32; 3]>)| {
        let column = |c: usize| interval(&r.iter().map(|v| v[c]).collect::<Vec<f32>>());
        Mouths { row: row.to_string(), opening: column(0), width: column(1), rounding: column(2) }
    };
    rows.into_iter().map(row).collect()
}

/// Opening, width and rounding of motion.
pub fn mouth_of(rows: &[Row]) -> [Vec<f32>; 3] {
    let faces: Vec<Coefficients> = rows.iter().map(|r| vector::unpack(r).0).collect();
    let series = |f: &dyn Fn(&Coefficients) -> f32| faces.iter().map(f).collect();
    [series(&|f| gap_mm(f).max(0.0)), series(&width), series(&rounding)]
}

fn recorded(take: &Take) -> [Vec<f32>; 3] {
    let series = |f: &dyn Fn(&data::Mouth) -> f32| take.mouth.iter().map(f).collect();
    [series(&|m| m.opening), series(&|m| m.width), series(&|m| m.rounding)]
}

/// The same series begun in its middle: what stands in for another take where there is only one.
pub fn turned(mut series: Vec<f32>) -> Vec<f32> {
    let half = series.len() / 2;
    series.rotate_left(half);
    series
}

/// A take, and opening, width and rounding that are held against its own.
type Moved<'a> = (&'a Take, [Vec<f32>; 3]);

fn against((take, moved): &Moved) -> [f32; 3] {
    let truth = recorded(take);
    std::array::from_fn(|i| pearson(&moved[i], &truth[i]))
}

/// The same with the recorded mouth moved by every number of frames that is tried; none where the take is too short to be moved.
fn at_lags((take, moved): &Moved) -> Vec<[f32; 3]> {
    if take.frames.min(moved[0].len()) <= 4 * MOVED {
        return Vec::new();
    }
    let truth = recorded(take);
    let most = MOVED as i32;
    (-most..=most).map(|lag| std::array::from_fn(|i| lagged(&truth[i], &moved[i], lag, MOVED))).collect()
}

/// The same after the recorded mouth was moved to where the openings agree best: what sound and picture that were not recorded in time cost.
fn in_time(moved: &Moved) -> [f32; 3] {
    at_lags(moved).into_iter().max_by(|a, b| a[0].total_cmp(&b[0])).unwrap_or_else(|| against(moved))
}

/// The same where all takes of a set are moved by one number of frames, that which their openings like best: what a set that is early or
/// late as a whole costs.
fn moved_alike(set: &[Moved]) -> Vec<[f32; 3]> {
    let at: Vec<Vec<[f32; 3]>> = set.iter().map(at_lags).filter(|lags| !lags.is_empty()).collect();
    let opening = |lag: &usize| median(&at.iter().map(|lags| lags[*lag][0]).collect::<Vec<f32>>());
    let best = (0..=2 * MOVED).max_by(|a, b| opening(a).total_cmp(&opening(b))).unwrap_or(MOVED);
    at.iter().map(|lags| lags[best]).collect()
}

/// Level of what counts as sound.
const HEARD: f32 = 0.4;

/// The same from the first to the last sound: what mouths do in silence, which no sound tells, does not count.
fn while_heard(pair: &Moved) -> [f32; 3] {
    let (take, moved) = pair;
    let truth = recorded(take);
    let frames = take.frames.min(moved[0].len()).min(truth[0].len()).min(take.prosody.level.len());
    let loud = |n: &usize| take.prosody.level[*n] > HEARD;
    let (Some(first), Some(last)) = ((0..frames).find(loud), (0..frames).rfind(loud)) else { return against(pair) };
    std::array::from_fn(|i| pearson(&moved[i][first..=last], &truth[i][first..=last]))
}

/// Correlations of opening, width and rounding of motion with what was recorded of the take.
pub fn correlations(take: &Take, rows: &[Row]) -> [f32; 3] {
    against(&(take, mouth_of(rows)))
}

/// Trained on the same takes as the model.
pub fn fit_linear(takes: &[Take]) -> Linear<3> {
    let training: Vec<(&Take, Vec<[f32; 3]>)> = takes
        .iter()
        .filter(|t| t.split == Split::Train && !t.samples.is_empty() && !t.mouth.is_empty())
        .map(|take| {
            let standard = recorded(take).map(standardise);
            (take, (0..take.frames).map(|n| std::array::from_fn(|i| standard[i][n])).collect())
        })
        .collect();
    Linear::fit(training.iter().map(|(take, targets)| (&take.mel, &targets[..])))
}

fn standardise(values: Vec<f32>) -> Vec<f32> {
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt().max(1e-3);
    values.iter().map(|v| (v - mean) / deviation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::{Mouth, Source};

    #[test]
    fn a_mouth_that_was_recorded_out_of_time_agrees_once_it_is_moved() {
        let opening = |n: usize| (n as f32 * 0.6).sin();
        let mouth = |n: usize| Mouth { opening: opening(n + 3), width: opening(n + 4), ..Mouth::default() };
        let take = Take { mouth: (0..60).map(mouth).collect(), ..Take::silent(Source::LrwAr, Split::Test, "a", String::new(), 60) };
        let moved = || [0, 1, 0].map(|late| (0..60).map(|n| opening(n + late)).collect::<Vec<f32>>());
        let (as_it_is, in_time) = (against(&(&take, moved())), in_time(&(&take, moved())));
        assert!(as_it_is[0] < 0.0 && in_time[0] > 0.999 && in_time[1] > 0.999, "{as_it_is:?} {in_time:?}");
    }

    #[test]
    fn a_set_that_is_early_as_a_whole_is_moved_by_what_most_takes_like() {
        let opening = |n: usize| (n as f32 * 0.6).sin();
        let early = |by: usize| {
            let mouth = |n: usize| Mouth { opening: opening(n + by), ..Mouth::default() };
            Take { mouth: (0..60).map(mouth).collect(), ..Take::silent(Source::LrwAr, Split::Test, "a", String::new(), 60) }
        };
        let (three, none, short) = (early(3), early(0), Take { frames: 8, ..early(3) });
        let moved = || [0, 0, 0].map(|_: i32| (0..60).map(opening).collect::<Vec<f32>>());
        let r = moved_alike(&[(&three, moved()), (&none, moved()), (&three, moved()), (&short, moved())]);
        assert!(r.len() == 3 && r[0][0] > 0.999 && r[1][0] < 0.0 && r[2][0] > 0.999, "{r:?}");
    }

    #[test]
    fn what_a_mouth_does_before_the_sound_counts_as_a_whole_only() {
        let opening = |n: usize| (n as f32 * 0.6).sin();
        let mouth = |n: usize| Mouth { opening: if n < 20 { 3.0 } else { opening(n) }, ..Mouth::default() };
        let mut take = Take { mouth: (0..60).map(mouth).collect(), ..Take::silent(Source::LrwAr, Split::Test, "a", String::new(), 60) };
        take.prosody.level = (0..60).map(|n| f32::from(u8::from((20..50).contains(&n)))).collect();
        let moved = || [0, 1, 0].map(|late| (0..60).map(|n| opening(n + late)).collect::<Vec<f32>>());
        let (whole, heard) = (against(&(&take, moved())), while_heard(&(&take, moved())));
        assert!(whole[0] < 0.8 && heard[0] > 0.999, "{whole:?} {heard:?}");
        take.prosody.level.fill(0.0);
        assert_eq!(while_heard(&(&take, moved())), whole);
    }
}
