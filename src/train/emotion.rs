//! Trains the emotion encoder on acted voices of four corpora at once.
//!
//! Every other clip is shown with the usual manner of its speaker, the mean of one to ten other clips of theirs, so that the
//! network can use it where it is known and does without where it is not. A clip competes only with the classes its corpus has.

use super::data::{Sources, Split};
use super::voices::{Clip, Corpus, clips};
use super::{Log, optimiser};
use crate::emotion::voice::{CLASSES, DIFFERENCE, HEARD_BANDS, INPUTS, Manner, Stretches, VoiceEncoder, class_point};
use crate::emotion::{EMOTION, Point};
use crate::layers::Dropout;
use crate::{Error, Result};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Optimizer, VarBuilder, VarMap};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::path::PathBuf;

/// What to train and where the weights go.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of recordings (`data` inside it).
    pub data: PathBuf,
    /// Which of the corpora may be learned from.
    pub sources: Sources,
    /// Where `emotion.safetensors` is written.
    pub out: PathBuf,
    pub steps: usize,
    /// Leave out the speakers for choosing and log how well they are told.
    pub hold_out: bool,
    pub seed: u64,
}

/// Frames of a stretch, and stretches of a batch by corpus.
const STRETCH: usize = 84;
const SHARES: [(Corpus, usize); 4] = [(Corpus::Ravdess, 24), (Corpus::EmoDb, 12), (Corpus::Nemo, 8), (Corpus::Korean, 4)];
const LEARNING_RATE: f64 = 2e-3;
const DROPOUT: f32 = 0.3;
/// Share of the probability that goes to all classes of the corpus alike.
const SMOOTHING: f32 = 0.1;
/// Weight of the distance to the label's point at its strength.
const PLACE: f64 = 0.5;
/// Most clips of a speaker that tell the usual manner.
const REFERENCES: usize = 10;

/// The mean manner of up to `count` other clips of the same speaker.
pub fn usual_manner(clips: &[&Clip], of: &Clip, count: usize, rng: &mut impl Rng) -> Option<Manner> {
    let others: Vec<&&Clip> = clips.iter().filter(|c| c.speaker == of.speaker && c.corpus == of.corpus && c.name != of.name).collect();
    let chosen: Vec<Manner> = others.sample(rng, count).map(|c| c.manner).collect();
    Manner::mean(&chosen)
}

struct Batch {
    stretches: Stretches,
    /// Probability that each class should get, and a large negative number for those that do not compete.
    wanted: Tensor,
    competing: Tensor,
    places: Tensor,
}

fn batch(pools: &[(Corpus, usize, Vec<&Clip>)], rng: &mut impl Rng) -> Result<Batch> {
    let (mut rows, mut weights, mut difference) = (vec![], vec![], vec![]);
    let (mut wanted, mut competing, mut places) = (vec![], vec![], vec![]);
    for (corpus, share, pool) in pools {
        for _ in 0..*share {
            // Classes first: some are rarer than others.
            let class = corpus.classes()[rng.random_range(0..corpus.classes().len())];
            let Some(clip) = pool.iter().filter(|c| c.class == class).collect::<Vec<_>>().choose(rng).copied() else { continue };
            let usual = rng.random_bool(0.5).then(|| usual_manner(pool, clip, rng.random_range(1..=REFERENCES), rng)).flatten();
            let heard = augmented(clip, usual, rng);
            rows.extend(heard.rows);
            weights.extend(heard.weights);
            difference.extend(heard.difference);
            let classes = corpus.classes();
            let even = SMOOTHING / classes.len() as f32;
            wanted.extend((0..CLASSES).map(|c| {
                if c == class {
                    1.0 - SMOOTHING + even
                } else if classes.contains(&c) {
                    even
                } else {
                    0.0
                }
            }));
            competing.extend((0..CLASSES).map(|c| if classes.contains(&c) { 0.0f32 } else { -1e4 }));
            places.extend(class_point(class).map(|v| v * clip.strength));
        }
    }
    let n = places.len() / EMOTION;
    let tensor = |v: Vec<f32>, shape: &[usize]| Tensor::from_vec(v, shape, &Device::Cpu);
    Ok(Batch {
        stretches: Stretches {
            rows: tensor(rows, &[n, STRETCH, INPUTS])?,
            weights: tensor(weights, &[n, STRETCH, 1])?,
            difference: tensor(difference, &[n, DIFFERENCE])?,
        },
        wanted: tensor(wanted, &[n, CLASSES])?,
        competing: tensor(competing, &[n, CLASSES])?,
        places: tensor(places, &[n, EMOTION])?,
    })
}

struct Heard {
    rows: Vec<f32>,
    weights: Vec<f32>,
    difference: [f32; DIFFERENCE],
}

/// A random stretch of a clip in another voice and over another microphone.
fn augmented(clip: &Clip, usual: Option<Manner>, rng: &mut impl Rng) -> Heard {
    let total = clip.voice.frames();
    // Where the speech is: a stretch of silence teaches nothing.
    let from = if total > STRETCH { rng.random_range(0..=total - STRETCH) } else { 0 };
    let cut = clip.voice.part(from, (from + STRETCH).min(total));
    let voice = if cut.manner().is_some() { cut } else { clip.voice.clone() };
    let manner = voice.manner().unwrap_or(clip.manner);
    let mut normal = || -> f32 { StandardNormal.sample(rng) };
    let (warp, tilt, higher) = (1.0 + 0.06 * normal(), 0.3 * normal(), 0.12 * normal());
    let colour: [f32; 4] = std::array::from_fn(|_| 0.2 * normal());
    let equaliser: [f32; HEARD_BANDS] = std::array::from_fn(|b| {
        let place = b as f32 / (HEARD_BANDS - 1) as f32;
        let knot = (3.0 * place).min(2.999);
        let (k, s) = (knot as usize, knot.fract());
        tilt * (place - 0.5) + colour[k] + s * (colour[k + 1] - colour[k])
    });
    let jitter = 0.15 * rng.random::<f32>();
    let rows = voice.rows(&manner);
    let mut out = Vec::with_capacity(STRETCH * INPUTS);
    for n in 0..STRETCH {
        let Some(row) = rows.get(n) else {
            out.extend([0.0; INPUTS]);
            continue;
        };
        for (b, colour) in equaliser.iter().enumerate() {
            let place = (b as f32 * warp).clamp(0.0, (HEARD_BANDS - 1) as f32);
            let (k, s) = (place as usize, place.fract());
            let value = row[k] + s * (row[(k + 1).min(HEARD_BANDS - 1)] - row[k]);
            let noise: f32 = StandardNormal.sample(rng);
            out.push(value + colour + jitter * noise);
        }
        let pitch = row[HEARD_BANDS];
        out.extend([if pitch == 0.0 { 0.0 } else { pitch + higher }, row[HEARD_BANDS + 1], row[HEARD_BANDS + 2]]);
    }
    let mut weights = voice.weights();
    weights.resize(STRETCH, 0.0);
    let mut difference = manner.beside(usual.as_ref());
    if usual.is_some() {
        difference[..HEARD_BANDS + 1].iter_mut().for_each(|d| *d += 0.1 * Distribution::<f32>::sample(&StandardNormal, rng));
    }
    Heard { rows: out, weights, difference }
}

/// Every member learns by itself, from the same stretches.
fn loss(encoder: &VoiceEncoder, batch: &Batch, dropout: &Dropout) -> Result<Tensor> {
    let opinions = encoder.opinions(&batch.stretches, Some(dropout))?;
    let of = |points: &Tensor| -> candle_core::Result<Tensor> {
        let logits = (encoder.likelihood(points)? + &batch.competing)?;
        let entropy = candle_nn::ops::log_softmax(&logits, D::Minus1)?.mul(&batch.wanted)?.sum(D::Minus1)?.mean_all()?.neg()?;
        entropy + (points.sub(&batch.places)?.sqr()?.sum(D::Minus1)?.mean_all()? * PLACE)?
    };
    let losses = opinions.iter().map(of).collect::<candle_core::Result<Vec<Tensor>>>()?;
    Ok(Tensor::stack(&losses, 0)?.mean_all()?)
}

/// Trains the emotion encoder and saves its averaged weights.
pub fn train(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.out).map_err(Error::io(&options.out))?;
    let mut log = Log::new(options.out.clone());
    let clips = clips(&options.data.join("data"))?;
    let learned = |c: &&Clip| c.split == Split::Train || (!options.hold_out && c.split == Split::Validation);
    let pools: Vec<(Corpus, usize, Vec<&Clip>)> = SHARES
        .iter()
        .filter(|(corpus, _)| options.sources == Sources::All || corpus.is_commercial())
        .map(|(corpus, share)| (*corpus, *share, clips.iter().filter(|c| c.corpus == *corpus).filter(learned).collect::<Vec<_>>()))
        .filter(|(.., pool)| !pool.is_empty())
        .collect();
    log.line(&format!("{} clips", pools.iter().map(|(.., pool)| pool.len()).sum::<usize>()))?;
    let map = VarMap::new();
    let encoder = VoiceEncoder::new(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    super::draw(&map, options.seed)?;
    let dropout = Dropout::new(DROPOUT, options.seed);
    let mut optimiser = optimiser(&map, LEARNING_RATE)?;
    let mut average = super::Average::new(&map)?;
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut smooth = 0.0;
    for step in 0..options.steps {
        optimiser.set_learning_rate(super::schedule(LEARNING_RATE, step, options.steps));
        let loss = loss(&encoder, &batch(&pools, &mut rng)?, &dropout)?;
        super::step(&mut optimiser, &map, &loss)?;
        average.update(&map, step)?;
        let now = loss.to_scalar::<f32>()?;
        smooth = if step == 0 { now } else { 0.98 * smooth + 0.02 * now };
        if step % 200 == 199 || step + 1 == options.steps {
            super::save(average.half()?, &log.file("emotion"))?;
            let told = if options.hold_out { validate(&average.encoder()?, &clips)? } else { String::new() };
            log.line(&format!("emotion {}/{} loss {smooth:.4} {told}", step + 1, options.steps))?;
        }
    }
    Ok(())
}

impl super::Average {
    fn encoder(&self) -> Result<VoiceEncoder> {
        Ok(VoiceEncoder::new(VarBuilder::from_tensors(self.tensors.clone(), DType::F32, &Device::Cpu))?)
    }
}

/// Share of the clips of speakers kept for choosing whose class is told, from one clip and beside ten others.
fn validate(encoder: &VoiceEncoder, clips: &[Clip]) -> Result<String> {
    let mut text = String::new();
    for corpus in Corpus::ALL {
        let chosen: Vec<&Clip> = clips.iter().filter(|c| c.corpus == corpus && c.split == Split::Validation).collect();
        if !chosen.is_empty() {
            let right = |references| -> Result<f32> { Ok(accuracy(&tell(encoder, &chosen, references)?, &chosen)) };
            text += &format!("{corpus:?} {:.3} {:.3} ", right(0)?, right(REFERENCES)?);
        }
    }
    Ok(text)
}

/// What the encoder makes of a clip: the point and the likeliest class of the corpus.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub point: Point,
    pub class: usize,
}

/// Hears clips one by one; with `references` above zero beside the mean manner of so many other clips of the speaker.
pub fn tell(encoder: &VoiceEncoder, clips: &[&Clip], references: usize) -> Result<Vec<Told>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    clips
        .iter()
        .map(|clip| {
            let usual = if references > 0 { usual_manner(clips, clip, references, &mut rng) } else { None };
            let point = encoder.points(&[(clip.voice.clone(), usual)])?[0];
            let row = encoder.likelihood(&Tensor::from_slice(&point, (1, EMOTION), &Device::Cpu)?)?.squeeze(0)?.to_vec1::<f32>()?;
            let class = clip.corpus.classes().iter().copied().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or_default();
            Ok(Told { point, class })
        })
        .collect()
}

/// Share of clips whose class was told.
pub fn accuracy(told: &[Told], clips: &[&Clip]) -> f32 {
    told.iter().zip(clips).filter(|(t, c)| t.class == c.class).count() as f32 / clips.len().max(1) as f32
}
