//! Who speaks and what they feel, told from the bottleneck, so that the encoder learns to hide it: domain-adversarial training
//! (Ganin et al. 2016, "Domain-adversarial training of neural networks", JMLR 17).
//!
//! A small network sees the mean and the deviation of the bottleneck over the speech of a window. Speakers compete within their source
//! alone: who says what differs between sources, and what is said must stay.

use super::data::{Source, Take};
use crate::Result;
use crate::emotion::Label;
use crate::layers::linear;
use crate::speech::content::BOTTLENECK;
use candle_core::{D, Device, Module, Tensor};
use candle_nn::{Linear, VarBuilder};
use std::collections::BTreeMap;

const HIDDEN: usize = 96;
/// What the adversary weighs beside the lips.
const WEIGHT: f64 = 0.06;
/// Added to the score of those who do not compete.
const ABSENT: f32 = -1e4;

/// See the module's text.
pub struct Adversary {
    /// Place of each speaker among the outputs; the feelings stand behind them.
    speakers: BTreeMap<(Source, String), usize>,
    hidden: Linear,
    output: Linear,
}

/// Sources whose speakers say the same or anything at all.
const SOURCES: [Source; 4] = [Source::Ravdess, Source::EmoDb, Source::LrwAr, Source::Synthetic];
const ACTED: [Source; 2] = [Source::Ravdess, Source::EmoDb];

/// The speaker of a take; of a synthesised voice the variant: its language is content.
fn speaker(take: &Take) -> (Source, String) {
    let name = take.speaker.rsplit('+').next().unwrap_or_default();
    (take.source, name.to_string())
}

impl Adversary {
    pub fn new(takes: &[&Take], vb: VarBuilder) -> Result<Adversary> {
        let mut speakers: BTreeMap<_, usize> = takes.iter().filter(|t| SOURCES.contains(&t.source)).map(|t| (speaker(t), 0)).collect();
        speakers.values_mut().enumerate().for_each(|(i, place)| *place = i);
        let outputs = speakers.len() + Label::ALL.len();
        Ok(Adversary {
            speakers,
            hidden: linear(2 * BOTTLENECK, HIDDEN, vb.pp("hidden"))?,
            output: linear(HIDDEN, outputs, vb.pp("output"))?,
        })
    }

    /// Cross-entropy of speakers and feelings, as far as the rows have them. `bottleneck` is `[batch, time, BOTTLENECK]`, `weights`
    /// `[batch, time]` say how much each frame counts (rows without any count evenly). The encoder gets the gradient turned round, times `reversal`.
    pub fn loss(&self, bottleneck: &Tensor, weights: &Tensor, takes: &[&Take], reversal: f64) -> Result<Tensor> {
        let turned = ((bottleneck.detach() * (1.0 + reversal))? - (bottleneck * reversal)?)?;
        let weights = (weights + 1e-3)?.unsqueeze(2)?;
        let weights = weights.broadcast_div(&weights.sum_keepdim(1)?)?;
        let mean = turned.broadcast_mul(&weights)?.sum_keepdim(1)?;
        let apart = turned.broadcast_sub(&mean)?.sqr()?.broadcast_mul(&weights)?.sum(1)?;
        let seen = Tensor::cat(&[mean.squeeze(1)?, (apart + 1e-4)?.sqrt()?], 1)?;
        let scores = self.output.forward(&self.hidden.forward(&seen)?.silu()?)?;
        let feelings = self.speakers.len();
        let who = self.entropy(&scores, takes, |take| Some((*self.speakers.get(&speaker(take))?, self.rivals(take.source))))?;
        let felt =
            |take: &Take| ACTED.contains(&take.source).then(|| (feelings + take.emotion as usize, feelings..feelings + Label::ALL.len()));
        Ok(((who + self.entropy(&scores, takes, felt)?)? * WEIGHT)?)
    }

    /// The outputs of a source's speakers.
    fn rivals(&self, source: Source) -> std::ops::Range<usize> {
        let of = |(s, _): &&(Source, String)| *s == source;
        let first = self.speakers.keys().take_while(|k| !of(k)).count();
        first..first + self.speakers.keys().filter(of).count()
    }

    /// Mean cross-entropy over the rows that have an answer: its place, and the places that compete.
    fn entropy(
        &self,
        scores: &Tensor,
        takes: &[&Take],
        answer: impl Fn(&Take) -> Option<(usize, std::ops::Range<usize>)>,
    ) -> Result<Tensor> {
        let outputs = scores.dim(1)?;
        let (mut mask, mut wanted) = (vec![0f32; takes.len() * outputs], vec![0f32; takes.len() * outputs]);
        let answers: Vec<_> = takes.iter().map(|t| answer(t)).collect();
        let count = answers.iter().flatten().count().max(1);
        for (row, (right, rivals)) in answers.iter().enumerate().filter_map(|(row, a)| Some((row, a.as_ref()?))) {
            (0..outputs).filter(|i| !rivals.contains(i)).for_each(|i| mask[row * outputs + i] = ABSENT);
            wanted[row * outputs + right] = 1.0 / count as f32;
        }
        let tensor = |v: Vec<f32>| Tensor::from_vec(v, (takes.len(), outputs), &Device::Cpu);
        let log = candle_nn::ops::log_softmax(&(scores + tensor(mask)?)?, D::Minus1)?;
        Ok(log.mul(&tensor(wanted)?)?.sum_all()?.neg()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Split;
    use candle_core::{DType, Var};
    use candle_nn::VarMap;

    #[test]
    fn the_encoder_gets_the_gradient_turned_round() -> Result<()> {
        let takes = ["a", "b"].map(|who| Take::silent(Source::Ravdess, Split::Train, who, String::new(), 4));
        let takes: Vec<&Take> = takes.iter().collect();
        let map = VarMap::new();
        let adversary = Adversary::new(&takes, VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
        let heard = Var::randn(0f32, 1.0, (2, 8, BOTTLENECK), &Device::Cpu)?;
        let weights = Tensor::ones((2, 8), DType::F32, &Device::Cpu)?;
        let gradient = |reversal: f64| -> Result<Vec<f32>> {
            let gradients = adversary.loss(&heard, &weights, &takes, reversal)?.backward()?;
            let own = gradients.get(&heard).map(|g| g.flatten_all()?.to_vec1::<f32>()).transpose()?;
            assert!(map.all_vars().iter().all(|v| gradients.get(v).is_some()));
            Ok(own.unwrap_or_default())
        };
        let (one, two) = (gradient(1.0)?, gradient(-1.0)?);
        assert!(one.iter().any(|g| g.abs() > 1e-6));
        assert!(one.iter().zip(&two).all(|(a, b)| (a + b).abs() < 1e-6 + 1e-3 * a.abs()));
        Ok(())
    }
}
