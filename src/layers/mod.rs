//! The few layers that all models are made of. Tensors are `[batch, time, channels]`.
//!
//! Every layer has a gradient (candle's fused layer norm and softmax silently have none), and is a plain
//! matrix product where it can be: a convolution gathers its taps and multiplies once.

mod fused;

use candle_core::{D, DType, Module, Result, Tensor};
use candle_nn::{Init, VarBuilder};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;

/// A linear map with bias.
pub struct Linear {
    /// `[outputs, inputs]`.
    weight: Tensor,
    bias: Tensor,
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, frames, inputs) = x.dims3()?;
        let y = x.reshape((batch * frames, inputs))?.matmul(&self.weight.t()?)?.reshape((batch, frames, ()))?;
        y.apply_op2(&self.bias, fused::AddBias)
    }
}

/// Weights and bias even within 1 over the root of the inputs.
pub fn linear(inputs: usize, outputs: usize, vb: VarBuilder) -> Result<Linear> {
    let reach = 1.0 / (inputs as f64).sqrt();
    start(inputs, outputs, Init::Uniform { lo: -reach, up: reach }, &vb)
}

/// A linear map that starts at zero, so that a residual branch starts as the identity.
pub fn zero_linear(inputs: usize, outputs: usize, vb: VarBuilder) -> Result<Linear> {
    start(inputs, outputs, Init::Const(0.0), &vb)
}

fn start(inputs: usize, outputs: usize, init: Init, vb: &VarBuilder) -> Result<Linear> {
    Ok(Linear { weight: vb.get_with_hints((outputs, inputs), "weight", init)?, bias: vb.get_with_hints(outputs, "bias", init)? })
}

/// Layer norm over channels, without gain and bias: the next linear map has both.
pub fn normalise(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(fused::Normalise)
}

/// `x · sigmoid(x)`.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(fused::Silu)
}

/// Dropout of a training run: a share of the numbers is zeroed, the rest scaled up. The same seed drops the same ones.
pub struct Dropout {
    share: f32,
    rng: RefCell<ChaCha8Rng>,
}

impl Dropout {
    /// `share` is in 0..1.
    pub fn new(share: f32, seed: u64) -> Dropout {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(DROPOUT_STREAM);
        Dropout { share, rng: RefCell::new(rng) }
    }

    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        // Sixteen random bits decide a number.
        let mut bits = vec![0u8; 2 * x.elem_count()];
        self.rng.borrow_mut().fill_bytes(&mut bits);
        let (limit, kept) = ((self.share * 65536.0) as u32, 1.0 / (1.0 - self.share));
        let keep = |b: &[u8]| if u32::from(b[0]) | u32::from(b[1]) << 8 < limit { 0.0 } else { kept };
        let mask: Vec<f32> = bits.chunks_exact(2).map(keep).collect();
        x.mul(&Tensor::from_vec(mask, x.shape(), x.device())?)
    }
}

const DROPOUT_STREAM: u64 = 12;

/// A convolution over time with zero padding, same length out.
pub struct Conv {
    map: Linear,
    taps: usize,
    dilation: usize,
}

impl Conv {
    /// `taps` must be odd.
    pub fn new(inputs: usize, outputs: usize, taps: usize, dilation: usize, vb: VarBuilder) -> Result<Conv> {
        Ok(Conv { map: linear(inputs * taps, outputs, vb)?, taps, dilation })
    }
}

impl Module for Conv {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.map.forward(&x.contiguous()?.apply_op1(fused::Gather { taps: self.taps, dilation: self.dilation })?)
    }
}

/// Self-attention over nearby frames, with a learned bias for every distance.
pub struct LocalAttention {
    qkv: Linear,
    out: Linear,
    /// `[2 · reach + 1, heads]`.
    bias: Tensor,
    heads: usize,
    reach: usize,
}

impl LocalAttention {
    /// Frames see `reach` frames to either side.
    pub fn new(channels: usize, heads: usize, reach: usize, vb: VarBuilder) -> Result<LocalAttention> {
        Ok(LocalAttention {
            qkv: linear(channels, 3 * channels, vb.pp("qkv"))?,
            out: zero_linear(channels, channels, vb.pp("out"))?,
            bias: vb.get_with_hints((2 * reach + 1, heads), "bias", Init::Const(0.0))?,
            heads,
            reach,
        })
    }

    /// `blocked` is `[batch, 1, 1, time]`: a large negative number where a frame does not exist, else 0.
    pub fn forward(&self, x: &Tensor, blocked: &Tensor) -> Result<Tensor> {
        let (batch, frames, channels) = x.dims3()?;
        let width = channels / self.heads;
        let qkv = self.qkv.forward(x)?.reshape((batch, frames, 3, self.heads, width))?.permute((2, 0, 3, 1, 4))?;
        let part = |i: usize| qkv.narrow(0, i, 1)?.squeeze(0)?.contiguous();
        let (q, k, v) = (part(0)?, part(1)?, part(2)?);
        let scores = (q.matmul(&k.t()?.contiguous()?)? / (width as f64).sqrt())?;
        let scores = scores.broadcast_add(&self.distance_bias(frames)?)?.broadcast_add(blocked)?;
        let mixed = candle_nn::ops::softmax(&scores, D::Minus1)?.matmul(&v)?;
        self.out.forward(&mixed.transpose(1, 2)?.reshape((batch, frames, channels))?)
    }

    /// `[1, heads, time, time]`; frames out of reach are blocked.
    fn distance_bias(&self, frames: usize) -> Result<Tensor> {
        let device = self.bias.device();
        let reach = self.reach as i64;
        let distance = |i: usize| (i % frames) as i64 - (i / frames) as i64;
        let index: Vec<u32> = (0..frames * frames).map(|i| (distance(i).clamp(-reach, reach) + reach) as u32).collect();
        let far: Vec<f32> = (0..frames * frames).map(|i| if distance(i).abs() > reach { BLOCKED } else { 0.0 }).collect();
        let bias = self.bias.index_select(&Tensor::from_vec(index, frames * frames, device)?, 0)?;
        let bias = bias.t()?.reshape((1, self.heads, frames, frames))?;
        bias.broadcast_add(&Tensor::from_vec(far, (1, 1, frames, frames), device)?)
    }
}

/// Added to the score of what must not be seen.
pub const BLOCKED: f32 = -1e4;

/// `[batch, 1, 1, time]` from the length of every row.
pub fn block_padding(lengths: &[usize], frames: usize, like: &Tensor) -> Result<Tensor> {
    let values: Vec<f32> = lengths.iter().flat_map(|n| (0..frames).map(move |t| if t < *n { 0.0 } else { BLOCKED })).collect();
    Tensor::from_vec(values, (lengths.len(), 1, 1, frames), like.device())?.to_dtype(DType::F32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_nn::VarMap;

    #[test]
    fn every_parameter_gets_a_gradient() -> Result<()> {
        let map = VarMap::new();
        let vb = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
        let conv = Conv::new(8, 8, 3, 2, vb.pp("conv"))?;
        let attention = LocalAttention::new(8, 2, 3, vb.pp("attention"))?;
        let x = Tensor::randn(0f32, 1.0, (2, 10, 8), &Device::Cpu)?;
        let y = conv.forward(&normalise(&x)?)?;
        let y = (attention.forward(&y, &block_padding(&[10, 7], 10, &y)?)? + y)?;
        let gradients = y.sqr()?.sum_all()?.backward()?;
        for (name, var) in map.data().lock().unwrap().iter() {
            assert!(gradients.get(var).is_some(), "{name} has no gradient");
        }
        Ok(())
    }

    #[test]
    fn dropout_zeroes_its_share_and_repeats_with_its_seed() -> Result<()> {
        let ones = Tensor::ones((100, 100), DType::F32, &Device::Cpu)?;
        let once = || Dropout::new(0.25, 3).apply(&ones)?.flatten_all()?.to_vec1::<f32>();
        let dropped = once()?;
        let zeros = dropped.iter().filter(|v| **v == 0.0).count();
        assert!((2300..2700).contains(&zeros), "{zeros}");
        assert!((dropped.iter().sum::<f32>() / 10_000.0 - 1.0).abs() < 0.05);
        assert_eq!(dropped, once()?);
        Ok(())
    }

    #[test]
    fn a_convolution_sees_its_reach_and_no_further() -> Result<()> {
        let map = VarMap::new();
        let conv = Conv::new(1, 1, 3, 2, VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
        let mut pulse = vec![0f32; 9];
        pulse[4] = 1.0;
        let zero = conv.forward(&Tensor::zeros((1, 9, 1), DType::F32, &Device::Cpu)?)?.flatten_all()?.to_vec1::<f32>()?;
        let out = conv.forward(&Tensor::from_vec(pulse, (1, 9, 1), &Device::Cpu)?)?.flatten_all()?.to_vec1::<f32>()?;
        let touched: Vec<usize> = (0..9).filter(|i| out[*i] != zero[*i]).collect();
        assert_eq!(touched, [2, 4, 6]);
        Ok(())
    }
}
