//! The rhythm as the body model hears it: one row for each code.

use super::curves::smooth;
use super::latent::STEP;
use super::rhythm::Rhythm;

/// Numbers of a row: loudness and stress at the four frames of a code, loudness over half a second and two seconds, what
/// phrase or pause one is in and how far its ends are, and a mark that there is a rhythm at all.
pub const PULSE: usize = 19;

/// Rows for `codes` codes; beyond the end of the rhythm there is silence.
pub fn rows(rhythm: &Rhythm, codes: usize) -> Vec<[f32; PULSE]> {
    let frames = (codes * STEP).max(rhythm.level.len());
    let mut level = rhythm.level.clone();
    level.resize(frames, 0.0);
    let mut stress = vec![0f32; frames];
    for peak in &rhythm.peaks {
        stress[peak.frame.min(frames - 1)] += peak.prominence;
    }
    // A stress is a bump of height one for a prominence of one.
    let stress: Vec<f32> = smooth(&stress, 1.6).iter().map(|s| 4.0 * s).collect();
    let (near, wide) = (smooth(&level, 6.0), smooth(&level, 30.0));
    let fine = smooth(&level, 1.2);
    (0..codes)
        .map(|k| {
            let frame = k * STEP;
            let mut row = [0.0; PULSE];
            for i in 0..4 {
                let at = (frame + i).saturating_sub(1).min(frames - 1);
                (row[i], row[4 + i]) = (fine[at], stress[at]);
            }
            (row[8], row[9]) = (near[frame.min(frames - 1)], wide[frame.min(frames - 1)]);
            let seconds = |frames: usize| (frames as f32 / 30.0).min(8.0);
            let nearness = |frames: usize| (-seconds(frames) / 0.6).exp();
            if let Some(phrase) = rhythm.phrases.iter().find(|p| p.contains(&frame)) {
                let loudness = level[phrase.clone()].iter().sum::<f32>() / phrase.len().max(1) as f32;
                row[10] = 1.0;
                row[11] = nearness(frame - phrase.start);
                row[12] = nearness(phrase.end - frame);
                row[13] = loudness;
                row[14] = (seconds(phrase.len()) / 3.0).tanh();
            } else {
                let pause = rhythm.pauses.iter().find(|p| p.contains(&frame));
                // Beyond the end it is quiet for good.
                let (since, left) = pause.map_or((frame, 240), |p| (frame - p.start, p.end - frame));
                row[15] = nearness(since);
                row[16] = nearness(left);
                row[17] = (seconds(since + left) / 2.0).tanh();
            }
            row[PULSE - 1] = 1.0;
            row
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::rhythm::Peak;

    #[test]
    fn a_row_tells_stress_phrase_and_pause() {
        let rhythm = Rhythm {
            level: (0..120).map(|n| if n < 60 { 0.7 } else { 0.0 }).collect(),
            peaks: vec![Peak { frame: 20, prominence: 0.5, level: 0.9 }],
            pauses: std::iter::once(60..120).collect(),
            phrases: std::iter::once(0..60).collect(),
        };
        let rows = rows(&rhythm, 40);
        assert!(rows[5][4..8].iter().fold(0.0f32, |a, b| a.max(*b)) > 0.3 && rows[10][4] < 0.01);
        assert_eq!((rows[5][10], rows[20][10]), (1.0, 0.0));
        assert!(rows[15][15] > 0.9 && rows[29][16] > 0.7 && rows[39][15] < 0.1);
        assert!(rows.iter().flatten().all(|v| v.is_finite()));
    }
}
