//! Breath that is drawn before somebody speaks: the lips part for it while it is still silent.
//!
//! Speakers breathe in through nose and mouth at once (Lester and Hoit 2014, "Nasal and oral inspiration during natural speech
//! breathing", J. Speech Lang. Hear. Res. 57:734), so that a mouth is seen to open before anything is heard of it.

use super::articulation::{gap_mm, set_gap};
use super::coefficients::Coefficients;
use super::hearing::{AHEAD, phrases};
use crate::body::curves::smoothstep;

/// Frames before the sound in which lips begin to part, and in which they leave it to speech.
const FROM: usize = 13;
const UNTIL: usize = 1;
/// Frames of the way open.
const WAY: f32 = 5.0;
/// Millimetres between the lips: as in a narrow vowel.
const GAP: f32 = 3.0;

/// Parts the lips before every phrase that follows a pause. `activity` is how sure it is that somebody speaks, a frame.
pub fn draw_in(faces: &mut [Coefficients], activity: &[f32]) {
    for start in phrase_starts(activity) {
        for n in start.saturating_sub(FROM)..start.saturating_sub(UNTIL).min(faces.len()) {
            let (since, left) = ((n + FROM - start) as f32, (start - UNTIL - n) as f32);
            let gap = GAP * smoothstep(0.0, WAY, since).min(smoothstep(0.0, 0.5 * WAY, left));
            if gap > gap_mm(&faces[n]) {
                set_gap(&mut faces[n], gap);
            }
        }
    }
}

/// Frames at which a pause gives way to speech.
fn phrase_starts(activity: &[f32]) -> impl Iterator<Item = usize> {
    phrases(activity).into_iter().map(|phrase| phrase.start).filter(|start| *start > 0).map(|start| start + AHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::{COUNT, id};

    #[test]
    fn lips_part_before_a_phrase_and_not_in_the_middle_of_a_pause() {
        let mut faces = vec![[0.0; COUNT]; 120];
        faces[40][id::JAW_OPEN] = 0.5;
        let activity: Vec<f32> = (0..120).map(|n| f32::from(u8::from(!(50..80).contains(&n)))).collect();
        draw_in(&mut faces, &activity);
        let gap = |n: usize| gap_mm(&faces[n]);
        let sound = 80 + AHEAD;
        assert!((gap(sound - 8) - GAP).abs() < 1e-3 && gap(40) > 10.0);
        assert!((0..sound - FROM).filter(|n| *n != 40).chain(sound - UNTIL..120).all(|n| gap(n) == 0.0));
        // No jump: slower than lips that speak.
        assert!((41..119).all(|n| (gap(n + 1) - gap(n)).abs() < 0.6 * GAP));
    }

    #[test]
    fn where_nobody_speaks_or_speech_has_begun_nothing_happens() {
        for activity in [vec![0.0; 60], vec![1.0; 60], vec![], [vec![0.0; 58], vec![1.0; 2]].concat()] {
            let mut faces = vec![[0.0; COUNT]; 55];
            draw_in(&mut faces, &activity);
            assert!(faces.iter().all(|face| gap_mm(face) == 0.0));
        }
    }
}
