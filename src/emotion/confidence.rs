//! How sure the ear for feelings is.

use super::voice::{CLASSES, VoiceEncoder};
use super::{EMOTION, Label, Point};
use crate::Result;
use candle_core::{Device, Tensor};

/// Probability of every class that the ear tells apart, the likeliest first: each class is a Gaussian around its point, and all
/// are as likely beforehand. They sum to one.
pub fn confidence(ear: &VoiceEncoder, point: &Point) -> Result<Vec<(&'static str, f32)>> {
    let row = ear.networks.likelihood(&Tensor::from_slice(point, (1, EMOTION), &Device::Cpu)?)?.squeeze(0)?.to_vec1::<f32>()?;
    let most = row.iter().copied().fold(f32::MIN, f32::max);
    let weights: Vec<f32> = row.iter().map(|l| (l - most).exp()).collect();
    let total: f32 = weights.iter().sum();
    let name = |class: usize| if class < CLASSES - 1 { Label::ALL[class].name() } else { "bored" };
    let mut shares: Vec<_> = weights.iter().enumerate().map(|(class, w)| (name(class), w / total)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_surest_at_its_own_point() -> Result<()> {
        let ear = VoiceEncoder::builtin()?;
        for label in [Label::Happy, Label::Sad, Label::Angry] {
            let shares = confidence(&ear, &label.mean())?;
            assert_eq!(shares[0].0, label.name());
            assert!((shares.iter().map(|(_, s)| s).sum::<f32>() - 1.0).abs() < 1e-5);
            let less = confidence(&ear, &label.at(0.5))?;
            assert!(shares[0].1 > less[0].1, "{shares:?} {less:?}");
        }
        Ok(())
    }
}
