//! The content encoder: what is said, whoever says it and however they feel.
//!
//! Normalised log-mel bands at 120 frames a second go through dilated convolutions at 60 a second (about 0.4 s to
//! either side) into a bottleneck of [`BOTTLENECK`] numbers, from which two heads read: the class of the phone, and where
//! the articulators are. Two bottleneck frames make one content frame at 30 a second.

use crate::audio::features::{BANDS, Mel};
use crate::layers::{Conv, Dropout, linear, normalise, zero_linear};
use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{Linear, VarBuilder};

/// Width of the bottleneck at 60 frames a second.
pub const BOTTLENECK: usize = 32;
/// Content numbers for each motion frame: two bottleneck frames.
pub const CONTENT: usize = 2 * BOTTLENECK;
/// Articulation targets, each standardised: opening, width, rounding, jaw.
pub const ARTICULATION: usize = 4;

const CHANNELS: usize = 128;
const DILATIONS: [usize; 6] = [1, 2, 4, 8, 1, 3];
const HEAD: usize = 64;

struct Block {
    conv: Conv,
    out: Linear,
}

impl Block {
    fn new(channels: usize, dilation: usize, vb: VarBuilder) -> Result<Block> {
        Ok(Block { conv: Conv::new(channels, channels, 3, dilation, vb.pp("conv"))?, out: zero_linear(channels, channels, vb.pp("out"))? })
    }

    fn forward(&self, x: &Tensor, dropout: Option<&Dropout>) -> Result<Tensor> {
        let hidden = self.conv.forward(&normalise(x)?)?.silu()?;
        let hidden = dropout.map_or(Ok(hidden.clone()), |d| d.apply(&hidden))?;
        x + self.out.forward(&hidden)?
    }
}

/// See the module's text. Weights are read from `vb`, or made there when it belongs to a training run.
pub struct ContentEncoder {
    input: Conv,
    blocks: Vec<Block>,
    bottleneck: Linear,
    phones: Linear,
    head_input: Conv,
    head_blocks: Vec<Block>,
    head_output: Linear,
}

/// What the encoder says about a batch.
pub struct Encoded {
    /// `[batch, frames60, BOTTLENECK]`.
    pub bottleneck: Tensor,
    /// Logits `[batch, frames60, phone classes]`.
    pub phones: Tensor,
    /// `[batch, frames30, ARTICULATION]`.
    pub articulation: Tensor,
}

impl ContentEncoder {
    pub fn new(vb: VarBuilder) -> Result<ContentEncoder> {
        let blocks = |channels, dilations: &[usize], vb: VarBuilder| {
            dilations.iter().enumerate().map(|(i, d)| Block::new(channels, *d, vb.pp(i))).collect::<Result<Vec<_>>>()
        };
        Ok(ContentEncoder {
            input: Conv::new(2 * BANDS, CHANNELS, 3, 1, vb.pp("input"))?,
            blocks: blocks(CHANNELS, &DILATIONS, vb.pp("blocks"))?,
            bottleneck: linear(CHANNELS, BOTTLENECK, vb.pp("bottleneck"))?,
            phones: linear(BOTTLENECK, super::phones::Class::COUNT, vb.pp("phones"))?,
            head_input: Conv::new(CONTENT, HEAD, 3, 1, vb.pp("head.input"))?,
            head_blocks: blocks(HEAD, &[1, 2, 1], vb.pp("head.blocks"))?,
            head_output: linear(HEAD, ARTICULATION, vb.pp("head.output"))?,
        })
    }

    /// Reads the encoder from the bytes of its safetensors file.
    pub fn from_bytes(bytes: &[u8]) -> crate::Result<ContentEncoder> {
        let damaged = |e: candle_core::Error| crate::Error::malformed("content weights", format!("damaged weights: {e}"));
        let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(damaged)?;
        ContentEncoder::new(VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)).map_err(damaged)
    }

    /// `mel` is `[batch, frames120, BANDS]`, the number of frames divisible by four; `dropout` is for training.
    pub fn forward(&self, mel: &Tensor, dropout: Option<&Dropout>) -> Result<Encoded> {
        let (batch, frames, bands) = mel.dims3()?;
        let mut x = self.input.forward(&mel.reshape((batch, frames / 2, 2 * bands))?)?;
        for block in &self.blocks {
            x = block.forward(&x, dropout)?;
        }
        let bottleneck = self.bottleneck.forward(&normalise(&x)?)?.tanh()?;
        let phones = self.phones.forward(&bottleneck)?;
        let mut x = self.head_input.forward(&pair(&bottleneck)?)?;
        for block in &self.head_blocks {
            x = block.forward(&x, dropout)?;
        }
        let articulation = self.head_output.forward(&normalise(&x)?)?;
        Ok(Encoded { bottleneck, phones, articulation })
    }
}

/// Two frames at 60 a second side by side: `[batch, t, c]` to `[batch, t / 2, 2 c]`.
pub fn pair(x: &Tensor) -> Result<Tensor> {
    let (batch, frames, channels) = x.dims3()?;
    x.reshape((batch, frames / 2, 2 * channels))
}

/// What is said, at 30 frames a second.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// One row of [`CONTENT`] numbers a frame.
    pub latent: Vec<[f32; CONTENT]>,
    /// Opening, width, rounding and jaw, standardised.
    pub articulation: Vec<[f32; ARTICULATION]>,
    /// Probability of every phone class, the mean of the two half frames.
    pub phones: Vec<[f32; super::phones::Class::COUNT]>,
}

/// Motion frames encoded at once and the context that overlaps, so that memory stays the same for any length.
const CHUNK: usize = 900;
const MARGIN: usize = 30;

impl ContentEncoder {
    /// Encodes a whole recording, `frames` motion frames of it.
    pub fn encode(&self, mel: &Mel, frames: usize) -> Result<Content> {
        let mel = mel.normalised();
        let mut content = Content::default();
        for start in (0..frames).step_by(CHUNK) {
            let end = (start + CHUNK).min(frames);
            let (from, to) = (start.saturating_sub(MARGIN), (end + MARGIN).min(frames));
            let rows: Vec<f32> =
                (4 * from..4 * to).flat_map(|k| if k < mel.frames() { mel.row(k).to_vec() } else { silence(&mel) }).collect();
            let input = Tensor::from_vec(rows, (1, 4 * (to - from), BANDS), &Device::Cpu)?;
            let encoded = self.forward(&input, None)?;
            let keep = |x: Tensor| x.narrow(1, start - from, end - start)?.squeeze(0)?.to_dtype(DType::F32)?.to_vec2::<f32>();
            content.latent.extend(keep(pair(&encoded.bottleneck)?)?.iter().map(|r| row(r)));
            content.articulation.extend(keep(encoded.articulation)?.iter().map(|r| row(r)));
            let phones = keep(pair(&candle_nn::ops::softmax(&encoded.phones, 2)?)?)?;
            const N: usize = super::phones::Class::COUNT;
            content.phones.extend(phones.iter().map(|r| std::array::from_fn(|c| 0.5 * (r[c] + r[N + c]))));
        }
        Ok(content)
    }
}

/// The quietest row: what follows the end of a recording.
fn silence(mel: &Mel) -> Vec<f32> {
    mel.values
        .chunks_exact(BANDS)
        .min_by(|a, b| a.iter().sum::<f32>().total_cmp(&b.iter().sum::<f32>()))
        .map_or(vec![0.0; BANDS], <[f32]>::to_vec)
}

fn row<const N: usize>(values: &[f32]) -> [f32; N] {
    std::array::from_fn(|i| values[i])
}
