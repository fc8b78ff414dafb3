//! What a voice feels: a small network from pitch, loudness, voice quality and spectrum to the emotion space.
//!
//! Loudness and pitch carry most of an emotion, and both mean little by themselves: a microphone may be near, a voice deep. So a
//! stretch of one to three seconds is heard with its own loudness taken out, and beside it stands how it differs from the voice's
//! usual [`Manner`], where more of the voice is known. Convolutions look at the frames, their mean and deviation over the
//! speech make the stretch, and a [`Point`] comes out. A second opinion goes by sums over the stretch alone ([`Functionals`]), which it
//! compares with landmarks among those it has learned from (radial basis functions). Each label is a Gaussian around its point with one deviation for all, so
//! that the nearest label is the likeliest.

use super::functionals::{Functionals, MIDDLE_PITCH, TOLD};
use super::phonation::{self, PER_MOTION_FRAME, Phonation};
use super::{EMOTION, Label, Point, simplest};
use crate::audio::Speech;
use crate::audio::features::{BANDS, Mel, Prosody};
use crate::body::curves;
use crate::layers::{Conv, Dropout, linear, normalise};
use crate::models::Models;
use crate::speech::content::{ContentEncoder, TIMBRE};
use crate::{Error, Result};
use candle_core::{D, DType, Device, Module, Tensor};
use candle_nn::{Init, Linear, VarBuilder};
use std::sync::Arc;

/// Bands that are heard: neighbours of the mel bands together.
pub const HEARD_BANDS: usize = BANDS / 2;
/// Numbers a frame, 30 frames a second: bands without the stretch's loudness, pitch, voicing, level.
pub const INPUTS: usize = HEARD_BANDS + 3;
/// Numbers that tell how a stretch differs from the voice's usual manner: bands, loudness, pitch, and whether that is known.
pub const DIFFERENCE: usize = HEARD_BANDS + 3;
/// Classes that are told apart: all labels but contempt, which no recorded voice shows, and boredom, which is in no face.
pub const CLASSES: usize = 9;

/// Networks of one size that are heard together: their mean is surer than each.
const MEMBERS: usize = 3;
const CHANNELS: usize = 48;
const WIDE: usize = 64;
const HIDDEN: usize = 64;
const DILATIONS: [usize; 3] = [1, 2, 4];
/// Frames from voiced sound within which unvoiced sound is speech.
const NEARBY: usize = 8;
/// Where a class sits. Boredom as people rated the word (Russell and Mehrabian 1977).
pub fn class_point(class: usize) -> Point {
    match class {
        8 => [-0.65, -0.62, -0.33, 0.0, 0.0, 0.0, 0.0, 0.0],
        _ => Label::ALL[class].mean(),
    }
}

/// How a voice usually sounds: mean log band powers over speech and median pitch (natural log of hertz).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    pub bands: [f32; HEARD_BANDS],
    pub pitch: f32,
}

impl Manner {
    /// The middle of several.
    pub fn mean(manners: &[Manner]) -> Option<Manner> {
        let n = manners.len() as f32;
        (!manners.is_empty()).then(|| Manner {
            bands: std::array::from_fn(|b| manners.iter().map(|m| m.bands[b]).sum::<f32>() / n),
            pitch: manners.iter().map(|m| m.pitch).sum::<f32>() / n,
        })
    }

    fn level(&self) -> f32 {
        self.bands.iter().sum::<f32>() / HEARD_BANDS as f32
    }

    /// How this manner differs from the usual one; zeros where that is not known.
    pub fn beside(&self, usual: Option<&Manner>) -> [f32; DIFFERENCE] {
        let mut row = [0.0; DIFFERENCE];
        if let Some(usual) = usual {
            row.iter_mut().zip(self.bands.iter().zip(&usual.bands)).for_each(|(r, (own, other))| *r = 0.5 * (own - other));
            row[HEARD_BANDS..].copy_from_slice(&[self.level() - usual.level(), 4.0 * (self.pitch - usual.pitch), 1.0]);
        }
        row
    }
}

/// What is heard of a voice, frame by frame at 30 a second.
#[derive(Clone, Debug, Default)]
pub struct Voice {
    /// Log band powers, as they came.
    pub bands: Vec<[f32; HEARD_BANDS]>,
    /// Natural log of the pitch in hertz; 0 where there is none.
    pub pitch: Vec<f32>,
    pub voicing: Vec<f32>,
    /// Loudness over the recording's floor, 0..=1: also how much a frame counts.
    pub level: Vec<f32>,
    /// [`PER_MOTION_FRAME`] times as many.
    pub phonation: Vec<Phonation>,
    /// What the content encoder hears of the voice.
    pub timbre: Vec<[f32; TIMBRE]>,
}

impl Voice {
    /// Listens to a recording, `frames` motion frames of it.
    pub fn of(speech: &Speech, frames: usize, content: &ContentEncoder) -> Result<Voice> {
        let mel = Mel::of(speech);
        let prosody = Prosody::of(speech, &mel, frames);
        let quiet = [mel.values.iter().copied().fold(0.0, f32::min); BANDS];
        let row = |n: usize| if n < mel.frames() { mel.row(n) } else { &quiet[..] };
        let band = |n: usize, b: usize| (4 * n..4 * n + 4).map(|k| row(k)[2 * b] + row(k)[2 * b + 1]).sum::<f32>() / 8.0;
        let hertz = prosody.median_hertz.max(1.0).ln();
        Ok(Voice {
            bands: (0..frames).map(|n| std::array::from_fn(|b| band(n, b))).collect(),
            pitch: prosody.pitch.iter().map(|p| if *p == 0.0 { 0.0 } else { p + hertz }).collect(),
            voicing: prosody.voicing,
            level: prosody.level,
            phonation: phonation::listen(speech, frames),
            timbre: content.timbre(&mel, frames)?,
        })
    }

    pub fn frames(&self) -> usize {
        self.bands.len()
    }

    /// Frames `from..to`.
    pub fn part(&self, from: usize, to: usize) -> Voice {
        let cut = |v: &[f32]| v[from..to].to_vec();
        Voice {
            bands: self.bands[from..to].to_vec(),
            pitch: cut(&self.pitch),
            voicing: cut(&self.voicing),
            level: cut(&self.level),
            phonation: self.phonation[PER_MOTION_FRAME * from..PER_MOTION_FRAME * to].to_vec(),
            timbre: self.timbre[from..to].to_vec(),
        }
    }

    /// How much each frame counts: what is loud and has a pitch nearby is speech; pauses and noise are not.
    pub fn weights(&self) -> Vec<f32> {
        let voiced = |n: usize| self.pitch[n.saturating_sub(NEARBY)..(n + NEARBY + 1).min(self.frames())].iter().any(|p| *p > 0.0);
        self.level.iter().enumerate().map(|(n, l)| if voiced(n) { ((l - 0.25) / 0.25).clamp(0.0, 1.0) } else { 0.0 }).collect()
    }

    /// The manner of this stretch; none where nobody speaks.
    pub fn manner(&self) -> Option<Manner> {
        let weights = self.weights();
        let total: f32 = weights.iter().sum();
        let bands = std::array::from_fn(|b| self.bands.iter().zip(&weights).map(|(row, w)| w * row[b]).sum::<f32>() / total.max(1e-6));
        let mut voiced: Vec<f32> = self.pitch.iter().copied().filter(|p| *p > 0.0).collect();
        voiced.sort_by(f32::total_cmp);
        let pitch = voiced.get(voiced.len() / 2).copied().unwrap_or(MIDDLE_PITCH);
        (total >= 1.0).then_some(Manner { bands, pitch })
    }

    /// The network's rows: each band less the loudness of the stretch.
    pub fn rows(&self, manner: &Manner) -> Vec<[f32; INPUTS]> {
        let level = manner.level();
        (0..self.frames())
            .map(|n| {
                let mut row = [0.0; INPUTS];
                row.iter_mut().zip(self.bands[n]).for_each(|(r, b)| *r = 0.5 * (b - level));
                let pitch = if self.pitch[n] > 0.0 { 2.0 * (self.pitch[n] - MIDDLE_PITCH) } else { 0.0 };
                row[HEARD_BANDS..].copy_from_slice(&[pitch, self.voicing[n], self.level[n]]);
                row
            })
            .collect()
    }
}

/// What is usual for a voice.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    pub manner: Manner,
    pub functionals: Functionals,
}

impl Usual {
    /// Of one stretch; none where nobody speaks.
    pub fn of(voice: &Voice) -> Option<Usual> {
        Some(Usual { manner: voice.manner()?, functionals: Functionals::of(voice)? })
    }

    /// The middle of several.
    pub fn mean(all: &[Usual]) -> Option<Usual> {
        Some(Usual {
            manner: Manner::mean(&all.iter().map(|u| u.manner).collect::<Vec<_>>())?,
            functionals: Functionals::mean(&all.iter().map(|u| u.functionals).collect::<Vec<_>>())?,
        })
    }
}

/// One network.
struct Member {
    input: Conv,
    convs: Vec<Conv>,
    wide: Linear,
    hidden: Linear,
    output: Linear,
}

/// The first opinion: networks that look at frames.
pub struct Networks {
    members: Vec<Member>,
    /// Natural log of the deviation of the labels' Gaussians.
    deviation: Tensor,
}

/// See the module's text.
pub struct VoiceEncoder {
    content: Arc<ContentEncoder>,
    pub networks: Networks,
    sums: Sums,
}

/// The second opinion: how near a stretch is to each landmark, times what each class has there.
struct Sums {
    /// What is usually told, and one over how far it spreads: `[TOLD]`.
    centre: Tensor,
    scale: Tensor,
    /// `[LANDMARKS, TOLD]`, standardised.
    landmarks: Tensor,
    /// `[LANDMARKS, CLASSES]`.
    weights: Tensor,
}

/// Landmarks of the second opinion.
pub const LANDMARKS: usize = 512;
/// Deviations beyond which what is told counts no more.
const FAR: f64 = 4.0;
/// Steps of a deviation that a landmark's byte tells: 4 deviations either way fill it.
const FINENESS: f64 = 31.0;
/// Sharpness of nearness: its natural log falls by this much over the number of dimensions for a squared distance of 1.
const NARROW: f64 = 0.5;
/// What scores are multiplied by to be natural logs of odds.
const SURENESS: f64 = 8.0;

/// Standardises what is told: `[batch, TOLD]`.
pub fn standardise(told: &Tensor, centre: &Tensor, scale: &Tensor) -> candle_core::Result<Tensor> {
    told.broadcast_sub(centre)?.broadcast_mul(scale)?.clamp(-FAR, FAR)
}

/// Nearness of each row to each landmark, 0..=1: `[batch, LANDMARKS]`.
pub fn nearness(rows: &Tensor, landmarks: &Tensor) -> candle_core::Result<Tensor> {
    let square = |x: &Tensor| x.sqr()?.sum(D::Minus1);
    let products = (rows.matmul(&landmarks.t()?)? * -2.0)?;
    let distance = products.broadcast_add(&square(rows)?.unsqueeze(1)?)?.broadcast_add(&square(landmarks)?.unsqueeze(0)?)?;
    (distance * (-NARROW / TOLD as f64))?.exp()
}

/// Landmarks as the bytes that are stored, 1 / [`FINENESS`] of a deviation apart: what is told is no surer than that.
pub fn stored(landmarks: &Tensor) -> candle_core::Result<Tensor> {
    landmarks.affine(FINENESS, 128.0)?.round()?.to_dtype(DType::U8)
}

/// Landmarks from their bytes.
pub fn restored(landmarks: &Tensor) -> candle_core::Result<Tensor> {
    landmarks.to_dtype(DType::F32)?.affine(1.0 / FINENESS, -128.0 / FINENESS)
}

impl Sums {
    fn new(vb: VarBuilder) -> candle_core::Result<Sums> {
        Ok(Sums {
            centre: vb.get(TOLD, "centre")?,
            scale: vb.get(TOLD, "scale")?,
            landmarks: restored(&vb.get((LANDMARKS, TOLD), "landmarks")?)?,
            weights: vb.get((LANDMARKS, CLASSES), "weights")?,
        })
    }

    /// Log-likelihood of every class, but for a constant: `[batch, CLASSES]`.
    fn likelihood(&self, told: &Tensor) -> candle_core::Result<Tensor> {
        nearness(&standardise(told, &self.centre, &self.scale)?, &self.landmarks)?.matmul(&self.weights)? * SURENESS
    }
}

/// A stretch to be judged.
#[derive(Clone, Debug)]
pub struct Passage {
    pub voice: Voice,
    /// How it is spoken; none where nobody speaks.
    pub own: Option<Usual>,
    /// What is usual for the voice, where that is known.
    pub usual: Option<Usual>,
}

impl Passage {
    pub fn new(voice: Voice, usual: Option<Usual>) -> Passage {
        Passage { own: Usual::of(&voice), voice, usual }
    }
}

/// What both opinions make of a stretch.
#[derive(Clone, Copy, Debug)]
pub struct Opinion {
    pub point: Point,
    /// Log-likelihood of every class, but for a constant.
    pub likelihood: [f32; CLASSES],
}

/// Stretches of equal length for the network.
pub struct Stretches {
    /// `[batch, frames, INPUTS]`.
    pub rows: Tensor,
    /// `[batch, frames, 1]`, how much each frame counts.
    pub weights: Tensor,
    /// `[batch, DIFFERENCE]`.
    pub difference: Tensor,
}

impl Member {
    fn new(vb: VarBuilder) -> candle_core::Result<Member> {
        let conv = |(i, dilation): (usize, &usize)| Conv::new(CHANNELS, CHANNELS, 3, *dilation, vb.pp("convs").pp(i));
        Ok(Member {
            input: Conv::new(INPUTS, CHANNELS, 5, 1, vb.pp("input"))?,
            convs: DILATIONS.iter().enumerate().map(conv).collect::<candle_core::Result<_>>()?,
            wide: linear(CHANNELS, WIDE, vb.pp("wide"))?,
            hidden: linear(2 * (WIDE + INPUTS) + DIFFERENCE, HIDDEN, vb.pp("hidden"))?,
            output: linear(HIDDEN, EMOTION, vb.pp("output"))?,
        })
    }

    fn forward(&self, stretches: &Stretches, dropout: Option<&Dropout>) -> candle_core::Result<Tensor> {
        let drop = |x: Tensor| dropout.map_or(Ok(x.clone()), |d| d.apply(&x));
        let mut x = self.input.forward(&stretches.rows)?.silu()?;
        for conv in &self.convs {
            x = (&x + drop(conv.forward(&normalise(&x)?)?.silu()?)?)?;
        }
        let x = self.wide.forward(&normalise(&x)?)?.silu()?;
        // The rows themselves too: plain statistics of pitch and spectrum say much.
        let x = Tensor::cat(&[&x, &stretches.rows], 2)?;
        let total = (stretches.weights.sum(1)? + 1e-3)?;
        let mean = x.broadcast_mul(&stretches.weights)?.sum(1)?.broadcast_div(&total)?;
        let apart = x.broadcast_sub(&mean.unsqueeze(1)?)?.sqr()?;
        let deviation = (apart.broadcast_mul(&stretches.weights)?.sum(1)?.broadcast_div(&total)? + 1e-4)?.sqrt()?;
        let heard = drop(Tensor::cat(&[&mean, &deviation], 1)?)?;
        let hidden = self.hidden.forward(&Tensor::cat(&[&heard, &stretches.difference], 1)?)?.silu()?;
        self.output.forward(&drop(hidden)?)
    }
}

impl Networks {
    /// Weights are read from `vb`, or made there when it belongs to a training run.
    pub fn new(vb: VarBuilder) -> candle_core::Result<Networks> {
        Ok(Networks {
            members: (0..MEMBERS).map(|i| Member::new(vb.pp("members").pp(i))).collect::<candle_core::Result<_>>()?,
            deviation: vb.get_with_hints(1, "deviation", Init::Const(-1.0))?,
        })
    }

    /// Where each member puts each stretch in the emotion space: a list of `[batch, EMOTION]`. `dropout` is for training.
    pub fn opinions(&self, stretches: &Stretches, dropout: Option<&Dropout>) -> candle_core::Result<Vec<Tensor>> {
        self.members.iter().map(|member| member.forward(stretches, dropout)).collect()
    }

    /// The networks' mean: `[batch, EMOTION]`.
    fn forward(&self, stretches: &Stretches) -> candle_core::Result<Tensor> {
        Tensor::stack(&self.opinions(stretches, None)?, 0)?.mean(0)
    }

    /// Log-likelihood of every class at every point, but for a constant: `[batch, CLASSES]`.
    pub fn likelihood(&self, points: &Tensor) -> candle_core::Result<Tensor> {
        let means: Vec<f32> = (0..CLASSES).flat_map(class_point).collect();
        let means = Tensor::from_vec(means, (1, CLASSES, EMOTION), points.device())?;
        let distance = points.unsqueeze(1)?.broadcast_sub(&means)?.sqr()?.sum(D::Minus1)?;
        distance.broadcast_mul(&(self.deviation.affine(-2.0, 0.0)?.exp()? * -0.5)?)
    }
}

impl VoiceEncoder {
    /// `content` is the encoder that it was trained with.
    pub fn new(vb: VarBuilder, content: Arc<ContentEncoder>) -> candle_core::Result<VoiceEncoder> {
        Ok(VoiceEncoder { content, sums: Sums::new(vb.pp("sums"))?, networks: Networks::new(vb)? })
    }

    /// What is made of several stretches, which are padded to one length.
    pub fn judge(&self, stretches: &[Passage]) -> Result<Vec<Opinion>> {
        let frames = stretches.iter().map(|stretch| stretch.voice.frames()).max().unwrap_or(0);
        let (mut rows, mut weights, mut difference, mut told) = (vec![], vec![], vec![], vec![]);
        for Passage { voice, own, usual } in stretches {
            let neutral = Manner { bands: [0.0; HEARD_BANDS], pitch: MIDDLE_PITCH };
            let pad = |mut v: Vec<f32>, length: usize| {
                v.resize(length, 0.0);
                v
            };
            rows.extend(pad(voice.rows(&own.map_or(neutral, |own| own.manner)).concat(), frames * INPUTS));
            weights.extend(pad(if own.is_some() { voice.weights() } else { Vec::new() }, frames));
            difference.extend(own.map_or([0.0; DIFFERENCE], |own| own.manner.beside(usual.as_ref().map(|u| &u.manner))));
            told.extend(own.map_or([0.0; TOLD], |own| own.functionals.beside(usual.as_ref().map(|u| &u.functionals))));
        }
        let (batch, device) = (stretches.len(), Device::Cpu);
        let stretches = Stretches {
            rows: Tensor::from_vec(rows, (batch, frames, INPUTS), &device)?,
            weights: Tensor::from_vec(weights, (batch, frames, 1), &device)?,
            difference: Tensor::from_vec(difference, (batch, DIFFERENCE), &device)?,
        };
        let points = self.networks.forward(&stretches)?;
        let first = self.networks.likelihood(&points)?.to_vec2::<f32>()?;
        let second = self.sums.likelihood(&Tensor::from_vec(told, (batch, TOLD), &device)?)?.to_vec2::<f32>()?;
        let points = points.to_vec2::<f32>()?;
        Ok((0..batch).map(|n| settle_opinions(&points[n], &first[n], &second[n])).collect())
    }

    /// The points of [`VoiceEncoder::judge`].
    pub fn points(&self, stretches: &[Passage]) -> Result<Vec<Point>> {
        Ok(self.judge(stretches)?.iter().map(|opinion| opinion.point).collect())
    }
}

/// The mean of two opinions: the networks' point and its likelihoods, and those of the sums.
fn settle_opinions(point: &[f32], first: &[f32], second: &[f32]) -> Opinion {
    let loudest = second.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f32> = second.iter().map(|l| (l - loudest).exp()).collect();
    let total: f32 = shares.iter().sum();
    let other = |i: usize| shares.iter().enumerate().map(|(class, share)| share / total * class_point(class)[i]).sum::<f32>();
    Opinion {
        point: std::array::from_fn(|i| 0.5 * (point[i] + other(i))),
        likelihood: std::array::from_fn(|class| first[class] + second[class]),
    }
}

/// A stretch that is heard at once, and how often one is heard, in motion frames.
const STRETCH: usize = 75;
const HOP: usize = 10;
/// Stretches that go through the network together: memory stays the same for any length.
const TOGETHER: usize = 64;
/// Frames of speech from which a recording tells what is usual for its voice.
const KNOWN: f32 = 240.0;
/// Feelings change slowly: deviation in frames of the low-pass over them.
const INERTIA: f32 = 20.0;

impl VoiceEncoder {
    /// The ear with the weights that gestus ships.
    pub fn builtin() -> Result<Arc<VoiceEncoder>> {
        Models::Standard.voice()
    }

    /// Reads the encoder from the bytes of its safetensors file; `content` is the encoder that it was trained with.
    pub fn from_bytes(bytes: &[u8], content: Arc<ContentEncoder>) -> Result<VoiceEncoder> {
        let damaged = |e: candle_core::Error| Error::malformed("emotion weights", format!("damaged weights: {e}"));
        let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(damaged)?;
        VoiceEncoder::new(VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu), content).map_err(damaged)
    }

    /// What there is to hear in the first `frames` motion frames of a recording.
    pub fn listen(&self, speech: &Speech, frames: usize) -> Result<Voice> {
        Voice::of(speech, frames, &self.content)
    }

    /// What a recording feels: a point for each of its motion frames. Where nobody speaks the feeling of the speech around lasts, and
    /// without any speech it is neutral.
    pub fn hear(&self, voice: &Voice) -> Result<Vec<Point>> {
        let (frames, weights) = (voice.frames(), voice.weights());
        let known = weights.iter().sum::<f32>() >= KNOWN;
        let centres: Vec<usize> = (0..frames).step_by(HOP).collect();
        let bounds = |c: usize| (c.saturating_sub(STRETCH / 2), (c + STRETCH / 2 + 1).min(frames));
        let part = |c: usize| voice.part(bounds(c).0, bounds(c).1);
        let own: Vec<Option<Usual>> = centres.iter().map(|c| Usual::of(&part(*c))).collect();
        let usual = if known { Usual::mean(&own.iter().flatten().copied().collect::<Vec<_>>()) } else { None };
        let (mut sums, mut counts) = (vec![[0.0; EMOTION]; centres.len()], vec![0.0; centres.len()]);
        for (k, centres) in centres.chunks(TOGETHER).enumerate() {
            crate::interrupt::check()?;
            let own = &own[k * TOGETHER..];
            let stretches: Vec<_> = centres.iter().zip(own).map(|(c, own)| Passage { voice: part(*c), own: *own, usual }).collect();
            for (i, (point, centre)) in self.points(&stretches)?.into_iter().zip(centres).enumerate() {
                let spoken: f32 = weights[bounds(*centre).0..bounds(*centre).1].iter().sum();
                // A fifth of a second of speech says little.
                counts[k * TOGETHER + i] = (spoken / 15.0).min(1.0);
                sums[k * TOGETHER + i] = point;
            }
        }
        Ok(settle(&sums, &counts, frames).iter().map(simplest).collect())
    }
}

/// Low-passes points that count more or less, and fills in between them.
fn settle(points: &[Point], counts: &[f32], frames: usize) -> Vec<Point> {
    let deviation = INERTIA / HOP as f32;
    // What is far from all speech keeps the last feeling: a wide low-pass at a thousandth of the weight.
    let spread = |v: &[f32]| -> Vec<f32> {
        let (near, far) = (curves::smooth(v, deviation), curves::smooth(v, 10.0 * deviation));
        near.iter().zip(far).map(|(n, f)| n + 1e-3 * f).collect()
    };
    let total = spread(counts);
    let channels: Vec<Vec<f32>> = (0..EMOTION)
        .map(|i| {
            let weighted: Vec<f32> = points.iter().zip(counts).map(|(p, c)| p[i] * c).collect();
            spread(&weighted).iter().zip(&total).map(|(v, t)| if *t > 1e-9 { v / t } else { 0.0 }).collect()
        })
        .collect();
    let at = |channel: &[f32], n: usize| {
        let place = n as f32 / HOP as f32;
        let (k, s) = (place as usize, place.fract());
        let (a, b) = (channel[k.min(channel.len() - 1)], channel[(k + 1).min(channel.len() - 1)]);
        a + s * (b - a)
    };
    (0..frames).map(|n| std::array::from_fn(|i| at(&channels[i], n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_nn::VarMap;

    fn encoder() -> (VarMap, VoiceEncoder) {
        let map = VarMap::new();
        let vb = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
        (map, VoiceEncoder::new(vb, Models::Standard.content().unwrap()).unwrap())
    }

    fn voice(frames: usize, level: f32) -> Voice {
        let wave = |n: usize, b: usize| (n as f32 * 0.3 + b as f32).sin() - 5.0 + level;
        Voice {
            bands: (0..frames).map(|n| std::array::from_fn(|b| wave(n, b))).collect(),
            pitch: vec![5.0; frames],
            voicing: vec![0.8; frames],
            level: vec![0.8; frames],
            phonation: vec![Phonation::default(); PER_MOTION_FRAME * frames],
            timbre: vec![[level; TIMBRE]; frames],
        }
    }

    #[test]
    fn every_parameter_gets_a_gradient() -> Result<()> {
        let map = VarMap::new();
        let networks = Networks::new(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
        let rand = |shape: &[usize]| Tensor::randn(0f32, 1.0, shape, &Device::Cpu);
        let stretches =
            Stretches { rows: rand(&[3, 40, INPUTS])?, weights: rand(&[3, 40, 1])?.abs()?, difference: rand(&[3, DIFFERENCE])? };
        let loss = networks.likelihood(&networks.forward(&stretches)?)?.sqr()?.sum_all()?;
        let gradients = loss.backward()?;
        for (name, var) in map.data().lock().unwrap().iter() {
            assert!(gradients.get(var).is_some(), "{name} has no gradient");
        }
        Ok(())
    }

    #[test]
    fn the_loudness_of_a_recording_says_nothing_by_itself_but_a_louder_stretch_does() -> Result<()> {
        let (_, encoder) = encoder();
        let distance = |a: Point, b: Point| a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        let points = |usual| encoder.points(&[Passage::new(voice(60, 0.0), usual), Passage::new(voice(60, 3.0), usual)]);
        let alone = points(None)?;
        assert!(distance(alone[0], alone[1]) < 1e-4);
        let usual = Usual::of(&voice(60, 0.0));
        let beside = points(usual)?;
        assert!(distance(beside[0], beside[1]) > 1e-3);
        Ok(())
    }

    #[test]
    fn the_nearest_label_is_the_likeliest() -> Result<()> {
        let (_, encoder) = encoder();
        for class in 0..CLASSES {
            let point = Tensor::from_slice(&class_point(class), (1, EMOTION), &Device::Cpu)?;
            let row = encoder.networks.likelihood(&point)?.squeeze(0)?.to_vec1::<f32>()?;
            assert_eq!((0..CLASSES).max_by(|a, b| row[*a].total_cmp(&row[*b])), Some(class));
        }
        Ok(())
    }

    #[test]
    fn stored_landmarks_come_back_to_a_step() -> Result<()> {
        let values: Vec<f32> = (0..400).map(|i| 0.02 * i as f32 - 4.0).collect();
        let back = restored(&stored(&Tensor::from_slice(&values, (20, 20), &Device::Cpu)?)?)?.flatten_all()?.to_vec1::<f32>()?;
        assert!(back.iter().zip(&values).all(|(b, v)| (b - v).abs() <= 0.5 / FINENESS as f32 + 1e-4));
        Ok(())
    }

    #[test]
    fn silence_is_neutral_and_a_pause_keeps_the_feeling() -> Result<()> {
        let (_, encoder) = encoder();
        let silence = Speech { samples: vec![0.0; 32_000], seconds: 2.0 };
        assert_eq!(encoder.hear(&encoder.listen(&silence, 60)?)?, vec![[0.0; EMOTION]; 60]);
        let counts: Vec<f32> = (0..30).map(|k| if k < 10 { 1.0 } else { 0.0 }).collect();
        let settled = settle(&vec![Label::Happy.mean(); 30], &counts, 300);
        assert!((settled[250][0] - Label::Happy.mean()[0]).abs() < 0.05, "{:?}", settled[250]);
        Ok(())
    }
}
