//! From points of the emotion space to the labels that they hold.
//!
//! All three are non-negative least squares (Lawson and Hanson 1974, "Solving Least Squares Problems", chapter 23). Eight labels in eight
//! dimensions are independent, so a mix that was asked for is read back whole, joy and sadness too, whose points nearly cancel.

use super::{EMOTION, Label, Point};
use crate::solve::cholesky_solve;

/// Labels but neutral.
const FEELINGS: usize = Label::ALL.len() - 1;

/// How much of each label a point holds: the non-negative mix of labels that comes nearest to it. Neutral has what is left of 1.
pub fn mixture(point: &Point) -> [f32; 9] {
    shares(nearest(&Label::ALL.map(Label::mean), point, EXACT))
}

/// A point that was heard, as the small mix of labels that comes near to it: of a voice that could be happy or sad nothing much is
/// known, while `mixture` would find much of both in it.
pub fn simplest(point: &Point) -> Point {
    mixed(&nearest(&Label::ALL.map(Label::mean), point, SMALL))
}

/// The point that stands for a valence and an arousal, -1..=1 each: the smallest mix of labels that has them, so that a face can
/// show it. A pair that no mix reaches (very pleasant and very quiet at once, say) comes as near as it can.
pub fn affect(valence: f32, arousal: f32) -> Point {
    mixed(&nearest(&Label::ALL.map(|label| [label.mean()[0], label.mean()[1]]), &[valence, arousal], SMALL))
}

/// Penalties on the squares of the weights: none to speak of, and one that keeps mixes small and spreads them over the labels that
/// lie in the direction.
const EXACT: f64 = 1e-9;
const SMALL: f64 = 0.02;

fn mixed(weights: &[f64; FEELINGS]) -> Point {
    let mut point = [0.0; EMOTION];
    for (weight, label) in weights.iter().zip(&Label::ALL[1..]) {
        point.iter_mut().zip(label.mean()).for_each(|(p, m)| *p += *weight as f32 * m);
    }
    point
}

fn shares(weights: [f64; FEELINGS]) -> [f32; 9] {
    let neutral = (1.0 - weights.iter().sum::<f64>()).max(0.0);
    std::array::from_fn(|i| if i == 0 { neutral } else { weights[i - 1] } as f32)
}

/// Weights of the means (that of neutral is the origin) whose sum comes nearest to the point.
fn nearest<const D: usize>(means: &[[f32; D]; 9], point: &[f32; D], ridge: f64) -> [f64; FEELINGS] {
    let dot = |a: &[f32; D], b: &[f32; D]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let gram: [[f64; FEELINGS]; FEELINGS] =
        std::array::from_fn(|i| std::array::from_fn(|j| dot(&means[i + 1], &means[j + 1]) + if i == j { ridge } else { 0.0 }));
    let wanted: [f64; FEELINGS] = std::array::from_fn(|i| dot(&means[i + 1], point));
    let mut weights = [0f64; FEELINGS];
    let mut free: Vec<usize> = Vec::new();
    // Every round takes in the label that helps most, and drops those that it drives below zero.
    for _ in 0..3 * FEELINGS {
        let slope = |i: usize| wanted[i] - (0..FEELINGS).map(|j| gram[i][j] * weights[j]).sum::<f64>();
        let outside = (0..FEELINGS).filter(|i| !free.contains(i)).map(|i| (i, slope(i)));
        let Some((best, _)) = outside.filter(|(_, slope)| *slope > 1e-7).max_by(|a, b| a.1.total_cmp(&b.1)) else { break };
        free.push(best);
        while !free.is_empty() {
            let best = unbounded(&gram, &wanted, &free);
            let over = free.iter().filter(|i| best[**i] <= 0.0).map(|i| weights[*i] / (weights[*i] - best[*i]).max(1e-12));
            let step = over.fold(1.0, f64::min);
            (0..FEELINGS).for_each(|i| weights[i] += step * (best[i] - weights[i]));
            if step >= 1.0 {
                break;
            }
            free.retain(|i| weights[*i] > 1e-9);
        }
        (0..FEELINGS).filter(|i| !free.contains(i)).for_each(|i| weights[i] = 0.0);
    }
    weights
}

/// The best weights of the free labels, whatever their signs.
fn unbounded(gram: &[[f64; FEELINGS]; FEELINGS], wanted: &[f64; FEELINGS], free: &[usize]) -> [f64; FEELINGS] {
    let mut rows: Vec<Vec<f64>> = free.iter().map(|i| free.iter().map(|j| gram[*i][*j]).collect()).collect();
    let mut solved: Vec<[f64; 1]> = free.iter().map(|i| [wanted[*i]]).collect();
    cholesky_solve(&mut rows, &mut solved);
    let mut weights = [0.0; FEELINGS];
    free.iter().zip(solved).for_each(|(i, [w])| weights[*i] = w);
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: Point, b: Point) -> Point {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[test]
    fn valence_and_arousal_are_met_by_a_mix_that_fits() {
        for (valence, arousal) in [(0.7, 0.5), (-0.6, 0.5), (-0.6, -0.25), (0.35, -0.4), (0.0, 0.0)] {
            let point = affect(valence, arousal);
            assert!((point[0] - valence).abs() < 0.08 && (point[1] - arousal).abs() < 0.08, "{valence} {arousal}: {point:?}");
        }
        assert!(mixture(&affect(0.7, 0.4))[Label::Happy as usize] > 0.5);
        assert!(mixture(&affect(-0.6, -0.25))[Label::Sad as usize] > 0.5);
    }

    #[test]
    fn any_mix_of_two_is_read_back_at_its_intensities() {
        for a in &Label::ALL[1..] {
            for b in &Label::ALL[1..] {
                let weights = mixture(&sum(a.at(0.8), b.at(0.3)));
                let wanted = |label: Label| if label == *a { 0.8 } else { 0.0 } + if label == *b { 0.3 } else { 0.0 };
                assert!(Label::ALL[1..].iter().all(|l| (weights[*l as usize] - wanted(*l)).abs() < 1e-3), "{a:?} {b:?} {weights:?}");
            }
        }
        assert_eq!(mixture(&[0.0; EMOTION])[0], 1.0);
    }

    #[test]
    fn no_point_makes_it_negative_or_endless_and_none_is_nearer() {
        let value = |i: usize| ((i * 7919) % 1013) as f32 / 506.5 - 1.0;
        let distance =
            |weights: &[f64; FEELINGS], point: &Point| -> f32 { mixed(weights).iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum() };
        for n in 0..200 {
            let point: Point = std::array::from_fn(|i| value(8 * n + i));
            let found = nearest(&Label::ALL.map(Label::mean), &point, EXACT);
            assert!(found.iter().all(|w| (0.0..100.0).contains(w)), "{point:?} {found:?}");
            for i in 0..FEELINGS {
                for change in [-0.01, 0.01] {
                    let mut other = found;
                    other[i] = (other[i] + change).max(0.0);
                    assert!(distance(&other, &point) >= distance(&found, &point) - 1e-5, "{point:?}");
                }
            }
        }
        assert_eq!(mixture(&[f32::NAN; EMOTION])[1..], [0.0; FEELINGS]);
    }

    #[test]
    fn what_was_heard_is_a_small_mix() {
        let heard = simplest(&sum(Label::Happy.at(0.5), Label::Sad.at(0.5)));
        assert!(mixture(&heard)[1..].iter().sum::<f32>() < 0.4, "{:?}", mixture(&heard));
        let sad = mixture(&simplest(&Label::Sad.at(0.7)));
        assert!((sad[Label::Sad as usize] - 0.7).abs() < 0.05, "{sad:?}");
    }
}
