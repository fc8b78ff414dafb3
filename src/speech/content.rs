//! The content encoder: what is said, whoever says it and however they feel.
//!
//! Normalised log-mel bands at 120 frames a second go through dilated convolutions at 60 a second (about 0.4 s to
//! either side) into a bottleneck of [`BOTTLENECK`] numbers, from which two heads read: the class of the phone, and where
//! the articulators are. Several such networks hear together, and what they say is averaged.
//!
//! The bottleneck's mean and deviation over the speech of a recording are taken out: who speaks and how they feel show there, what is said
//! does not (instance normalisation; Chou et al. 2019, "One-shot voice conversion by separating speaker and content
//! representations", <https://arxiv.org/abs/1904.05742>). Enough of both is left in it to be told, so that other models are given the
//! posteriorgram of the phones and not the bottleneck (Sun et al. 2016, "Phonetic posteriorgrams for many-to-one voice conversion without
//! parallel data training").

use crate::audio::features::{BANDS, Mel, speaking};
use crate::layers::{Conv, Dropout, Linear, linear, normalise, silu, zero_linear};
use crate::speech::phones::Class;
use crate::weights;
use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::VarBuilder;
use std::collections::HashMap;

/// Width of the bottleneck at 60 frames a second.
pub const BOTTLENECK: usize = 32;
/// Content numbers for each motion frame: two frames of the posteriorgram.
pub const CONTENT: usize = 2 * Class::COUNT;
/// Articulation targets, each standardised: opening, width, rounding, jaw.
pub const ARTICULATION: usize = 4;

const CHANNELS: usize = 128;
/// Width of what is heard of a voice on the way to what it says, and blocks after which that is.
pub const TIMBRE: usize = CHANNELS;
const TIMBRE_BLOCKS: usize = 5;
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
        let hidden = silu(&self.conv.forward(&normalise(x)?)?)?;
        let hidden = dropout.map_or(Ok(hidden.clone()), |d| d.apply(&hidden))?;
        x + self.out.forward(&hidden)?
    }
}

/// One network. Weights are read from `vb`, or made there when it belongs to a training run.
pub struct Network {
    input: Conv,
    blocks: Vec<Block>,
    bottleneck: Linear,
    phones: Linear,
    head_input: Conv,
    head_blocks: Vec<Block>,
    head_output: Linear,
}

/// What a network says about a batch.
pub struct Encoded {
    /// Logits `[batch, frames60, phone classes]`.
    pub phones: Tensor,
    /// `[batch, frames30, ARTICULATION]`.
    pub articulation: Tensor,
}

impl Network {
    pub fn new(vb: VarBuilder) -> Result<Network> {
        let blocks = |channels, dilations: &[usize], vb: VarBuilder| {
            dilations.iter().enumerate().map(|(i, d)| Block::new(channels, *d, vb.pp(i))).collect::<Result<Vec<_>>>()
        };
        Ok(Network {
            input: Conv::new(2 * BANDS, CHANNELS, 3, 1, vb.pp("input"))?,
            blocks: blocks(CHANNELS, &DILATIONS, vb.pp("blocks"))?,
            bottleneck: linear(CHANNELS, BOTTLENECK, vb.pp("bottleneck"))?,
            phones: linear(BOTTLENECK, Class::COUNT, vb.pp("phones"))?,
            head_input: Conv::new(2 * BOTTLENECK, HEAD, 3, 1, vb.pp("head.input"))?,
            head_blocks: blocks(HEAD, &[1, 2, 1], vb.pp("head.blocks"))?,
            head_output: linear(HEAD, ARTICULATION, vb.pp("head.output"))?,
        })
    }

    /// `mel` is `[batch, frames120, BANDS]`, the number of frames divisible by four; `speech` `[batch, frames60, 1]` is 1 where somebody
    /// speaks; `dropout` is for training.
    pub fn forward(&self, mel: &Tensor, speech: &Tensor, dropout: Option<&Dropout>) -> Result<Encoded> {
        self.read(&standardise(&self.hear(mel, dropout)?, speech)?, dropout)
    }

    /// The bottleneck as it is for this voice, `[batch, frames60, BOTTLENECK]`.
    fn hear(&self, mel: &Tensor, dropout: Option<&Dropout>) -> Result<Tensor> {
        self.bottleneck.forward(&normalise(&self.trunk(mel, &self.blocks, dropout)?)?)
    }

    /// `mel` through the first of the blocks, `[batch, frames60, CHANNELS]`.
    fn trunk(&self, mel: &Tensor, blocks: &[Block], dropout: Option<&Dropout>) -> Result<Tensor> {
        let (batch, frames, bands) = mel.dims3()?;
        let input = self.input.forward(&mel.reshape((batch, frames / 2, 2 * bands))?)?;
        blocks.iter().try_fold(input, |x, block| block.forward(&x, dropout))
    }

    /// The heads.
    fn read(&self, bottleneck: &Tensor, dropout: Option<&Dropout>) -> Result<Encoded> {
        let phones = self.phones.forward(bottleneck)?;
        let mut x = self.head_input.forward(&pair(bottleneck)?)?;
        for block in &self.head_blocks {
            x = block.forward(&x, dropout)?;
        }
        let articulation = self.head_output.forward(&normalise(&x)?)?;
        Ok(Encoded { phones, articulation })
    }

    /// Hears a whole recording, `frames` motion frames of it.
    fn encode(&self, mel: &Mel, frames: usize) -> Result<Encoded> {
        let mut speech = speaking(&mel.values);
        speech.resize(2 * frames, 0.0);
        let speech = Tensor::from_vec(speech, (1, 2 * frames, 1), &Device::Cpu)?;
        let heard = in_chunks(frames, |from, to| Ok([self.hear(&rows(mel, from, to)?, None)?]))?;
        let bottleneck = standardise(&heard[0], &speech)?;
        let [phones, articulation] = in_chunks(frames, |from, to| {
            let Encoded { phones, articulation } = self.read(&bottleneck.narrow(1, 2 * from, 2 * (to - from))?, None)?;
            Ok([phones, articulation])
        })?;
        Ok(Encoded { phones, articulation })
    }
}

/// Motion frames worked on at once and the context that overlaps, so that memory stays that of the results for any length.
const CHUNK: usize = 900;
const MARGIN: usize = 30;

/// What `of` gives for motion frames `from..to`, in chunks that are put together: `[1, any whole number of rows a frame, channels]`.
fn in_chunks<const N: usize>(frames: usize, of: impl Fn(usize, usize) -> Result<[Tensor; N]>) -> Result<[Tensor; N]> {
    let mut parts: [Vec<Tensor>; N] = std::array::from_fn(|_| Vec::new());
    for start in (0..frames).step_by(CHUNK) {
        let end = (start + CHUNK).min(frames);
        let (from, to) = (start.saturating_sub(MARGIN), (end + MARGIN).min(frames));
        for (part, x) in parts.iter_mut().zip(of(from, to)?) {
            let rows = x.dim(1)? / (to - from);
            part.push(x.narrow(1, rows * (start - from), rows * (end - start))?);
        }
    }
    let whole = parts.iter().map(|part| Tensor::cat(part, 1)).collect::<Result<Vec<_>>>()?;
    whole.try_into().map_err(|_| candle_core::Error::Msg("as many results as parts".into()))
}

/// Frames of mean 0 and deviation 1 that every recording is taken to begin with, so that a single word keeps most of what it is.
const PRIOR: f64 = 20.0;

/// Takes the mean and the deviation over the speech of every row of a batch out of it.
fn standardise(x: &Tensor, speech: &Tensor) -> Result<Tensor> {
    let count = (speech.sum_keepdim(1)? + PRIOR)?;
    let apart = x.broadcast_sub(&x.broadcast_mul(speech)?.sum_keepdim(1)?.broadcast_div(&count)?)?;
    let variance = (apart.sqr()?.broadcast_mul(speech)?.sum_keepdim(1)? + PRIOR)?.broadcast_div(&count)?;
    apart.broadcast_div(&variance.sqrt()?)
}

/// Two frames at 60 a second side by side: `[batch, t, c]` to `[batch, t / 2, 2 c]`.
fn pair(x: &Tensor) -> Result<Tensor> {
    let (batch, frames, channels) = x.dims3()?;
    x.reshape((batch, frames / 2, 2 * channels))
}

/// Networks of a shipped encoder.
pub const NETWORKS: usize = 2;

/// See the module's text.
pub struct ContentEncoder {
    networks: Vec<Network>,
}

/// What is said, at 30 frames a second.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Opening, width, rounding and jaw, standardised.
    pub articulation: Vec<[f32; ARTICULATION]>,
    /// Probability of every phone class, 60 frames a second.
    pub classes: Vec<Posterior>,
}

/// Power that raises the odds of phones in the content latent.
const SHARPNESS: i32 = 16;

/// Probabilities of the phone classes in one frame.
pub type Posterior = [f32; Class::COUNT];

impl Content {
    /// The content latent of every frame: the posteriorgram's two half frames, so [sharpened](SHARPNESS) that little more is left than
    /// the likeliest phones. How unsure a phone is tells the voice and the feeling, which phone it is does not.
    pub fn latent(&self) -> Vec<[f32; CONTENT]> {
        let sharp = |two: &[Posterior], i: usize| {
            let (row, class) = (&two[i / Class::COUNT], i % Class::COUNT);
            row[class].powi(SHARPNESS) / row.iter().map(|p| p.powi(SHARPNESS)).sum::<f32>()
        };
        self.classes.chunks_exact(2).map(|two| std::array::from_fn(|i| sharp(two, i))).collect()
    }

    /// Probabilities of the phone classes at 30 frames a second, the mean of the two half frames.
    pub fn phones(&self) -> Vec<Posterior> {
        self.classes.chunks_exact(2).map(|two| std::array::from_fn(|c| 0.5 * (two[0][c] + two[1][c]))).collect()
    }
}

impl ContentEncoder {
    /// Of networks in any number above zero.
    pub fn new(networks: Vec<Network>) -> ContentEncoder {
        ContentEncoder { networks }
    }

    /// Reads [`NETWORKS`] networks, each under its number.
    pub fn read(tensors: HashMap<String, Tensor>) -> Result<ContentEncoder> {
        let vb = VarBuilder::from_tensors(weights::restore(tensors)?, DType::F32, &Device::Cpu);
        Ok(ContentEncoder::new((0..NETWORKS).map(|i| Network::new(vb.pp(i))).collect::<Result<_>>()?))
    }

    /// Reads the encoder from the bytes of its safetensors file.
    pub fn from_bytes(bytes: &[u8]) -> crate::Result<ContentEncoder> {
        let damaged = |e: candle_core::Error| crate::Error::malformed("content weights", format!("damaged weights: {e}"));
        ContentEncoder::read(candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(damaged)?).map_err(damaged)
    }

    /// Encodes a whole recording, `frames` motion frames of it.
    pub fn encode(&self, mel: &Mel, frames: usize) -> Result<Content> {
        if frames == 0 {
            return Ok(Content::default());
        }
        let mel = mel.normalised();
        let heard = self.networks.iter().map(|n| n.encode(&mel, frames)).collect::<Result<Vec<_>>>()?;
        let list = |x: &Tensor| x.squeeze(0)?.to_vec2::<f32>();
        let mean = |of: &dyn Fn(&Encoded) -> Result<Tensor>| -> Result<Tensor> {
            let all = heard.iter().map(of).collect::<Result<Vec<_>>>()?;
            Tensor::stack(&all, 0)?.mean(0)
        };
        Ok(Content {
            articulation: list(&mean(&|e| Ok(e.articulation.clone()))?)?.iter().map(|r| row(r)).collect(),
            classes: list(&mean(&|e| candle_nn::ops::softmax(&e.phones, 2))?)?.iter().map(|r| row(r)).collect(),
        })
    }
}

impl ContentEncoder {
    /// What the last network knows of a whole recording before it leaves out who speaks and how they feel: a row for each of `frames`
    /// motion frames. What is learned for words serves feelings too.
    pub fn timbre(&self, mel: &Mel, frames: usize) -> Result<Vec<[f32; TIMBRE]>> {
        let Some(network) = self.networks.last().filter(|_| frames > 0) else { return Ok(Vec::new()) };
        let mel = mel.normalised();
        let [heard] = in_chunks(frames, |from, to| {
            let x = normalise(&network.trunk(&rows(&mel, from, to)?, &network.blocks[..TIMBRE_BLOCKS], None)?)?;
            Ok([pair(&x)?])
        })?;
        let two = heard.squeeze(0)?.to_vec2::<f32>()?;
        Ok(two.iter().map(|two| std::array::from_fn(|i| 0.5 * (two[i] + two[TIMBRE + i]))).collect())
    }
}

/// The rows of motion frames `from..to`, `[1, 4 frames, BANDS]`; the quietest follows the end of a recording.
fn rows(mel: &Mel, from: usize, to: usize) -> Result<Tensor> {
    let rows: Vec<f32> = (4 * from..4 * to).flat_map(|k| if k < mel.frames() { mel.row(k).to_vec() } else { silence(mel) }).collect();
    Tensor::from_vec(rows, (1, 4 * (to - from), BANDS), &Device::Cpu)
}

/// The quietest row.
fn silence(mel: &Mel) -> Vec<f32> {
    mel.values
        .chunks_exact(BANDS)
        .min_by(|a, b| a.iter().sum::<f32>().total_cmp(&b.iter().sum::<f32>()))
        .map_or(vec![0.0; BANDS], <[f32]>::to_vec)
}

fn row<const N: usize>(values: &[f32]) -> [f32; N] {
    std::array::from_fn(|i| values[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_of_another_mean_and_spread_says_the_same() -> Result<()> {
        let frames = 400;
        let said: Vec<f32> = (0..frames).map(|n| (n as f32 * 0.37).sin() + (n as f32 * 0.11).cos()).collect();
        let voice = |mean: f32, spread: f32| -> Result<Vec<f32>> {
            let x = Tensor::from_vec(said.iter().map(|v| mean + spread * v).collect::<Vec<f32>>(), (1, frames, 1), &Device::Cpu)?;
            standardise(&x, &Tensor::ones((1, frames, 1), DType::F32, &Device::Cpu)?)?.flatten_all()?.to_vec1()
        };
        let (one, other) = (voice(0.0, 1.0)?, voice(0.7, 1.4)?);
        let apart = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 0.12, "{apart}");
        Ok(())
    }

    #[test]
    fn timbre_has_a_row_for_every_frame_and_no_seam() -> crate::Result<()> {
        let wave = |i: usize| 0.2 * (i as f32 * 0.05).sin() * (1.0 + (i as f32 * 0.002).sin());
        let speech =
            |frames: usize| crate::audio::Speech { samples: (0..frames * 1600 / 3).map(wave).collect(), seconds: frames as f64 / 30.0 };
        let encoder = crate::models::Models::Standard.content()?;
        let long = encoder.timbre(&Mel::of(&speech(CHUNK + 60)), CHUNK + 90)?;
        assert_eq!(long.len(), CHUNK + 90);
        assert!(encoder.timbre(&Mel::default(), 0)?.is_empty());
        // The sound goes on alike over the border of two chunks, and so does what is heard.
        let step = |n: usize| long[n].iter().zip(&long[n + 1]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let usual = (600..CHUNK - 1).map(step).fold(0.0, f32::max);
        assert!(step(CHUNK - 1) <= 1.5 * usual, "{} {usual}", step(CHUNK - 1));
        Ok(())
    }
}
