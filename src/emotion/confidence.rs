//! How sure the ear for feelings is.

use super::voice::{CLASSES, VoiceEncoder, likelihood_at, shares};
use super::{Label, Point};

/// Probability of every class that the ear tells apart, the likeliest first: each class is a Gaussian around its point, and all
/// are as likely beforehand. They sum to one.
pub fn confidence(ear: &VoiceEncoder, point: &Point) -> Vec<(&'static str, f32)> {
    let name = |class: usize| if class < CLASSES - 1 { Label::ALL[class].name() } else { "bored" };
    let of_each = shares(&likelihood_at(point, ear.deviation()));
    let mut shares: Vec<_> = of_each.into_iter().enumerate().map(|(class, share)| (name(class), share)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;

    #[test]
    fn a_label_is_surest_at_its_own_point() -> Result<()> {
        let ear = VoiceEncoder::builtin()?;
        for label in [Label::Happy, Label::Sad, Label::Angry] {
            let shares = confidence(&ear, &label.mean());
            assert_eq!(shares[0].0, label.name());
            assert!((shares.iter().map(|(_, s)| s).sum::<f32>() - 1.0).abs() < 1e-5);
            let less = confidence(&ear, &label.at(0.5));
            assert!(shares[0].1 > less[0].1, "{shares:?} {less:?}");
        }
        Ok(())
    }
}
