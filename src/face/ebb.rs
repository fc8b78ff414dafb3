//! Expressions ebb and flow: who feels something all the while does not show it alike all the while.
//!
//! In nine recordings of acted anger, fear and sadness the shapes that carry the feeling deviate from their running mean of six seconds by
//! 0.2 to 0.4 of it (median 0.28), and are like themselves by 0.70 a second later and 0.30 two seconds later: noise through a Gaussian of
//! 0.87 s. More of it is seen where more effort is heard, as face and voice are driven together (Busso and Narayanan 2007, "Interrelation
//! between speech and facial gestures in emotional utterances", IEEE Trans. Audio, Speech, Lang. Process. 15:2331).

use super::hearing::Heard;
use crate::body::curves::{Dice, Purpose, wander};
use crate::emotion::Point;
use crate::statistics::mean;

/// Deviation of what chance adds to the intensity, as a share of it, and the seconds in which it changes. The face follows it in part, so that
/// two fifths of people's ebb are seen: a feeling that is asked for stays near the strength that is asked for.
const CHANCE: f32 = 0.3;
const SECONDS: f32 = 0.87;
/// Share of the intensity that is added where a voice is at its hardest.
const EFFORT: f32 = 0.35;
/// Most of the intensity that is added or taken.
const MOST: f32 = 0.6;

/// The points of the emotion space that a face shows while it feels those given (the last of which holds to the end): nearer to neutral
/// here and further from it there, and on average as far. `depth` is how much, of what people do.
pub fn ebb(points: &[Point], heard: &Heard, depth: f32, seed: u64) -> Vec<Point> {
    let Some(last) = points.last().filter(|_| depth > 0.0) else { return points.to_vec() };
    let at = |n: usize| points.get(n).unwrap_or(last);
    tide(&heard.vigour, seed).into_iter().enumerate().map(|(n, tide)| at(n).map(|v| v * (1.0 + depth * tide))).collect()
}

/// What is added to the intensity of every frame, as a share of it: 0 on average. `effort` is how much harder than usual the voice is there.
fn tide(effort: &[f32], seed: u64) -> Vec<f32> {
    let chance = wander(&mut Dice::new(seed, Purpose::Expression), effort.len(), SECONDS, CHANCE);
    let sum: Vec<f32> = chance.iter().zip(effort).map(|(chance, effort)| chance + EFFORT * effort).collect();
    let mean = mean(&sum);
    sum.into_iter().map(|t| (t - mean).clamp(-MOST, MOST)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{deviation, pearson};

    #[test]
    fn intensity_ebbs_about_what_is_asked_for_and_goes_with_the_voice() {
        let effort: Vec<f32> = (0..3000).map(|n| (n as f32 * 0.05).sin()).collect();
        let (calm, hard) = (tide(&vec![0.0; 3000], 1), tide(&effort, 1));
        assert!(calm.iter().chain(&hard).all(|t| t.abs() <= MOST));
        let mean = mean(&calm);
        assert!(mean.abs() < 0.02 && (0.8 * CHANCE..1.1 * CHANCE).contains(&deviation(&calm)), "{mean} {}", deviation(&calm));
        assert!(pearson(&hard, &effort) > 0.5 && pearson(&calm, &effort).abs() < 0.2);
        // No jumps: less than a tenth of its range a frame.
        assert!(calm.windows(2).all(|w| (w[1] - w[0]).abs() < 0.1 * MOST));
        assert!(tide(&effort, 2) != hard && tide(&[], 1).is_empty());
    }
}
