//! The denoiser: noisy motion, its noise levels and the conditions in, the clean motion out.
//!
//! Blocks of {local convolution, attention within two seconds, gated feed-forward}, each modulated by noise level, emotion
//! and style (adaptive layer norm, Peebles and Xie 2023). The network's output is the velocity of the cosine schedule, so
//! that `x0 = α·x + σ·output`: frames at level zero come out as they went in, at level one the output alone counts.

use crate::layers::{Conv, Linear, LocalAttention, block_padding, linear, normalise, silu, zero_linear};
use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

/// The size of a denoiser.
#[derive(Clone, Debug)]
pub struct Config {
    /// Numbers of motion a frame, standardised.
    pub channels: usize,
    /// For every channel, the group whose noise level it has.
    pub groups: Vec<usize>,
    /// Numbers of what is heard, a frame.
    pub condition: usize,
    /// Numbers of emotion and style, a frame.
    pub modulation: usize,
    pub width: usize,
    pub blocks: usize,
    pub heads: usize,
    /// Frames that attention sees to either side.
    pub reach: usize,
}

impl Config {
    /// Number of groups of channels.
    pub fn group_count(&self) -> usize {
        self.groups.iter().max().map_or(0, |g| g + 1)
    }
}

const MODULATION: usize = 96;

struct Block {
    modulate: Linear,
    conv: Conv,
    conv_out: Linear,
    attention: LocalAttention,
    gate: Linear,
    out: Linear,
    width: usize,
}

impl Block {
    fn new(config: &Config, vb: VarBuilder) -> Result<Block> {
        let width = config.width;
        Ok(Block {
            modulate: zero_linear(MODULATION, 4 * width, vb.pp("modulate"))?,
            conv: Conv::new(width, width, 5, 1, vb.pp("conv"))?,
            conv_out: zero_linear(width, width, vb.pp("conv_out"))?,
            attention: LocalAttention::new(width, config.heads, config.reach, vb.pp("attention"))?,
            gate: linear(width, 4 * width, vb.pp("gate"))?,
            out: zero_linear(2 * width, width, vb.pp("out"))?,
            width,
        })
    }

    fn forward(&self, x: &Tensor, modulation: &Tensor, blocked: &Tensor) -> Result<Tensor> {
        let modulation = self.modulate.forward(modulation)?;
        let part = |i: usize| modulation.narrow(2, i * self.width, self.width);
        let h = normalise(x)?.broadcast_mul(&(part(0)? + 1.0)?)?.broadcast_add(&part(1)?)?;
        let x = (x + self.conv_out.forward(&silu(&self.conv.forward(&h)?)?)?)?;
        let h = normalise(&x)?.broadcast_mul(&(part(2)? + 1.0)?)?.broadcast_add(&part(3)?)?;
        let x = (x + self.attention.forward(&h, blocked)?)?;
        let gated = self.gate.forward(&normalise(&x)?)?;
        let (a, b) = (gated.narrow(2, 0, 2 * self.width)?, gated.narrow(2, 2 * self.width, 2 * self.width)?);
        &x + self.out.forward(&(silu(&a)? * b)?)?
    }
}

/// See the module's text.
pub struct Denoiser {
    config: Config,
    input: Linear,
    modulation: Linear,
    modulation_out: Linear,
    blocks: Vec<Block>,
    output: Linear,
}

/// Frequencies that a noise level is described by.
const LEVEL_WAVES: usize = 4;

impl Denoiser {
    pub fn new(config: Config, vb: VarBuilder) -> Result<Denoiser> {
        let levels = config.group_count() * (2 * LEVEL_WAVES + 1);
        Ok(Denoiser {
            input: linear(config.channels + config.condition, config.width, vb.pp("input"))?,
            modulation: linear(levels + config.modulation, MODULATION, vb.pp("modulation"))?,
            modulation_out: linear(MODULATION, MODULATION, vb.pp("modulation_out"))?,
            blocks: (0..config.blocks).map(|i| Block::new(&config, vb.pp("blocks").pp(i))).collect::<Result<_>>()?,
            output: linear(config.width, config.channels, vb.pp("output"))?,
            config,
        })
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The clean motion that the network believes in.
    ///
    /// `noisy` is `[batch, time, channels]`, `levels` `[batch, time, groups]` in 0..=1, `condition` `[batch, time, condition]`,
    /// `modulation` `[batch, time, modulation]`, `lengths` the number of real frames of every row.
    pub fn forward(&self, noisy: &Tensor, levels: &Tensor, condition: &Tensor, modulation: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let frames = noisy.dim(1)?;
        let blocked = block_padding(lengths, frames, noisy)?;
        let mut waves = vec![levels.clone()];
        for k in 0..LEVEL_WAVES {
            let angle = (levels * (std::f64::consts::PI * f64::from(1 << k) / 2.0))?;
            waves.extend([angle.sin()?, angle.cos()?]);
        }
        waves.push(modulation.clone());
        let modulation = silu(&self.modulation.forward(&Tensor::cat(&waves, 2)?)?)?;
        let modulation = silu(&self.modulation_out.forward(&modulation)?)?;
        let mut x = self.input.forward(&Tensor::cat(&[noisy, condition], 2)?)?;
        for block in &self.blocks {
            x = block.forward(&x, &modulation, &blocked)?;
        }
        let velocity = self.output.forward(&normalise(&x)?)?;
        let (signal, noise) = self.channel_shares(levels)?;
        (noisy * signal)? + (velocity * noise)?
    }

    /// Shares of signal and noise for every channel from the levels of the groups.
    fn channel_shares(&self, levels: &Tensor) -> Result<(Tensor, Tensor)> {
        let index: Vec<u32> = self.config.groups.iter().map(|g| *g as u32).collect();
        let index = Tensor::from_vec(index, self.config.channels, levels.device())?;
        let angle = (levels.index_select(&index, 2)? * std::f64::consts::FRAC_PI_2)?;
        Ok((angle.cos()?, angle.sin()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};
    use candle_nn::VarMap;

    fn small() -> Config {
        Config { channels: 3, groups: vec![0, 0, 1], condition: 2, modulation: 2, width: 8, blocks: 2, heads: 2, reach: 4 }
    }

    #[test]
    fn every_parameter_gets_a_gradient_and_given_frames_stay() -> Result<()> {
        let map = VarMap::new();
        let denoiser = Denoiser::new(small(), VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
        // Zero-initialised branches would hide the layers behind them.
        for var in map.all_vars() {
            var.set(&Tensor::randn(0f32, 0.3, var.shape(), &Device::Cpu)?)?;
        }
        let rand = |c: usize| Tensor::randn(0f32, 1.0, (2, 6, c), &Device::Cpu);
        let noisy = rand(3)?;
        let half = Tensor::full(0.5f32, (2, 6, 2), &Device::Cpu)?;
        let out = denoiser.forward(&noisy, &half, &rand(2)?, &rand(2)?, &[6, 4])?;
        let gradients = out.sqr()?.sum_all()?.backward()?;
        for (name, var) in map.data().lock().unwrap().iter() {
            assert!(gradients.get(var).is_some(), "{name} has no gradient");
        }
        let given = denoiser.forward(&noisy, &half.zeros_like()?, &rand(2)?, &rand(2)?, &[6, 6])?;
        let difference = (given - noisy)?.abs()?.max_all()?.to_scalar::<f32>()?;
        assert!(difference < 1e-6);
        Ok(())
    }
}
