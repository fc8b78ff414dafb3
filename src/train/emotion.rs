//! Trains the emotion encoder on acted voices of four corpora at once.
//!
//! Every other clip is shown with the usual manner of its speaker, the mean of one to ten other clips of theirs, so that the
//! network can use it where it is known and does without where it is not. A clip competes only with the classes its corpus has.

use super::data::{Sources, Split};
use super::voices::{Corpus, Spoken, clips};
use super::{Log, optimiser};
use crate::Result;
use crate::emotion::functionals::TOLD;
use crate::emotion::voice::{
    CLASSES, DIFFERENCE, HEARD_BANDS, INPUTS, LANDMARKS, Networks, Passage, Stretches, Usual, VoiceEncoder, class_point, nearness,
    restored, standardise, stored,
};
use crate::emotion::{EMOTION, Point};
use crate::layers::Dropout;
use crate::models::Models;
use crate::solve::cholesky_solve;
use crate::speech::content::ContentEncoder;
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Optimizer, VarBuilder, VarMap};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What to train and where the weights go.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of recordings (`data` inside it).
    pub data: PathBuf,
    /// Which of the corpora may be learned from.
    pub sources: Sources,
    /// Where `content.safetensors` lies, with which it hears, and where `emotion.safetensors` is written.
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

/// What up to `count` other clips of the same speaker make usual for the voice.
pub fn usual(clips: &[&Spoken], of: &Spoken, count: usize, rng: &mut impl Rng) -> Option<Usual> {
    let others: Vec<&&Spoken> = clips
        .iter()
        .filter(|c| c.clip.speaker == of.clip.speaker && c.clip.corpus == of.clip.corpus && c.clip.name != of.clip.name)
        .collect();
    let chosen: Vec<Usual> = others.sample(rng, count).map(|c| c.usual).collect();
    Usual::mean(&chosen)
}

struct Batch {
    stretches: Stretches,
    /// Probability that each class should get, and a large negative number for those that do not compete.
    wanted: Tensor,
    competing: Tensor,
    places: Tensor,
}

fn batch(pools: &[(Corpus, usize, Vec<&Spoken>)], rng: &mut impl Rng) -> Result<Batch> {
    let (mut rows, mut weights, mut difference) = (vec![], vec![], vec![]);
    let (mut wanted, mut competing, mut places) = (vec![], vec![], vec![]);
    for (corpus, share, pool) in pools {
        for _ in 0..*share {
            // Classes first: some are rarer than others.
            let class = corpus.classes()[rng.random_range(0..corpus.classes().len())];
            let Some(spoken) = pool.iter().filter(|c| c.clip.class == class).collect::<Vec<_>>().choose(rng).copied() else { continue };
            let usual = rng.random_bool(0.5).then(|| usual(pool, spoken, rng.random_range(1..=REFERENCES), rng)).flatten();
            let heard = augmented(spoken, usual, rng);
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
            places.extend(class_point(class).map(|v| v * spoken.clip.strength));
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
fn augmented(spoken: &Spoken, usual: Option<Usual>, rng: &mut impl Rng) -> Heard {
    let total = spoken.voice.frames();
    // Where the speech is: a stretch of silence teaches nothing.
    let from = if total > STRETCH { rng.random_range(0..=total - STRETCH) } else { 0 };
    let cut = spoken.voice.part(from, (from + STRETCH).min(total));
    let voice = if cut.manner().is_some() { cut } else { spoken.voice.clone() };
    let manner = voice.manner().unwrap_or(spoken.usual.manner);
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
    let mut difference = manner.beside(usual.as_ref().map(|u| &u.manner));
    if usual.is_some() {
        difference[..HEARD_BANDS + 1].iter_mut().for_each(|d| *d += 0.1 * Distribution::<f32>::sample(&StandardNormal, rng));
    }
    Heard { rows: out, weights, difference }
}

/// Every member learns by itself, from the same stretches.
fn loss(networks: &Networks, batch: &Batch, dropout: &Dropout) -> Result<Tensor> {
    let opinions = networks.opinions(&batch.stretches, Some(dropout))?;
    let of = |points: &Tensor| -> candle_core::Result<Tensor> {
        let logits = (networks.likelihood(points)? + &batch.competing)?;
        let entropy = candle_nn::ops::log_softmax(&logits, D::Minus1)?.mul(&batch.wanted)?.sum(D::Minus1)?.mean_all()?.neg()?;
        entropy + (points.sub(&batch.places)?.sqr()?.sum(D::Minus1)?.mean_all()? * PLACE)?
    };
    let losses = opinions.iter().map(of).collect::<candle_core::Result<Vec<Tensor>>>()?;
    Ok(Tensor::stack(&losses, 0)?.mean_all()?)
}

/// Rounds of the search for landmarks, and the penalty on their weights.
const ROUNDS: usize = 6;
const RIDGE: f64 = 0.3;
const SUMS_STREAM: u64 = 14;

/// Learns the second opinion in closed form: every clip is told once alone and once beside ten others of its speaker, landmarks are the
/// middles of clusters (Lloyd 1982), and a ridge regression says what each class has near each of them.
fn learn_sums(pools: &[(Corpus, usize, Vec<&Spoken>)], seed: u64) -> Result<HashMap<String, Tensor>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(SUMS_STREAM);
    let (mut told, mut classes) = (Vec::new(), Vec::new());
    for (.., pool) in pools {
        for spoken in pool {
            let sums = spoken.usual.functionals;
            told.push(sums.beside(None));
            told.push(sums.beside(usual(pool, spoken, REFERENCES, &mut rng).map(|u| u.functionals).as_ref()));
            classes.extend([spoken.clip.class; 2]);
        }
    }
    let device = &Device::Cpu;
    let (centre, scale) = spread(&told);
    let rows = Tensor::from_vec(told.concat(), (told.len(), TOLD), device)?;
    let (centre, scale) = (Tensor::from_slice(&centre, TOLD, device)?, Tensor::from_slice(&scale, TOLD, device)?);
    let rows = standardise(&rows, &centre, &scale)?;
    let bytes = stored(&clusters(&rows, &mut rng)?)?;
    let landmarks = restored(&bytes)?;
    let near = nearness(&rows, &landmarks)?.to_vec2::<f32>()?;
    let among = nearness(&landmarks, &landmarks)?.to_vec2::<f32>()?;
    let mut gram: Vec<Vec<f64>> = among.iter().map(|row| row.iter().map(|v| RIDGE * f64::from(*v)).collect()).collect();
    let mut weights = vec![[0f64; CLASSES]; LANDMARKS];
    for (near, class) in near.iter().zip(&classes) {
        for (i, a) in near.iter().map(|v| f64::from(*v)).enumerate() {
            gram[i][..=i].iter_mut().zip(near).for_each(|(g, b)| *g += a * f64::from(*b));
            let even = 1.0 / CLASSES as f64;
            weights[i].iter_mut().enumerate().for_each(|(c, w)| *w += a * (f64::from(u8::from(c == *class)) - even));
        }
    }
    (0..LANDMARKS).for_each(|i| gram[i][i] += 1e-6);
    cholesky_solve(&mut gram, &mut weights);
    let weights: Vec<f32> = weights.iter().flatten().map(|w| *w as f32).collect();
    let weights = Tensor::from_vec(weights, (LANDMARKS, CLASSES), device)?;
    let named = [("centre", centre), ("scale", scale), ("landmarks", bytes), ("weights", weights)];
    Ok(named.into_iter().map(|(name, tensor)| (format!("sums.{name}"), tensor)).collect())
}

/// Where told numbers stand and one over how far they spread. What tells of differences stands at 0 and spreads where it is known; the last
/// number tells that.
fn spread(told: &[[f32; TOLD]]) -> ([f32; TOLD], [f32; TOLD]) {
    let own = |i: usize| i < TOLD / 2 - 1;
    let counted = |i: usize| told.iter().filter(move |t| own(i) || t[TOLD - 1] > 0.0);
    let mean = |i: usize, of: &dyn Fn(&[f32; TOLD]) -> f32| counted(i).map(of).sum::<f32>() / counted(i).count().max(1) as f32;
    let centre: [f32; TOLD] = std::array::from_fn(|i| if own(i) { mean(i, &|t| t[i]) } else { 0.0 });
    let scale = |i: usize| 1.0 / mean(i, &|t| (t[i] - centre[i]).powi(2)).sqrt().max(1e-4);
    (centre, std::array::from_fn(|i| if i < TOLD - 1 { scale(i) } else { 1.0 }))
}

/// Middles of [`LANDMARKS`] clusters of rows.
fn clusters(rows: &Tensor, rng: &mut impl Rng) -> Result<Tensor> {
    let count = rows.dim(0)?;
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.shuffle(rng);
    let first: Vec<u32> = order.into_iter().cycle().take(LANDMARKS).collect();
    let mut middles = rows.index_select(&Tensor::from_vec(first, LANDMARKS, &Device::Cpu)?, 0)?;
    for _ in 0..ROUNDS {
        let nearest = nearness(rows, &middles)?.argmax(1)?.to_vec1::<u32>()?;
        let (values, old) = (rows.to_vec2::<f32>()?, middles.to_vec2::<f32>()?);
        let mut sums = vec![(vec![0f32; TOLD], 0f32); LANDMARKS];
        for (row, place) in values.iter().zip(nearest) {
            let (sum, n) = &mut sums[place as usize];
            sum.iter_mut().zip(row).for_each(|(s, v)| *s += v);
            *n += 1.0;
        }
        let moved =
            sums.iter().zip(&old).flat_map(|((sum, n), old)| if *n > 0.0 { sum.iter().map(|s| s / n).collect() } else { old.clone() });
        middles = Tensor::from_vec(moved.collect::<Vec<f32>>(), (LANDMARKS, TOLD), &Device::Cpu)?;
    }
    Ok(middles)
}

/// Trains the emotion encoder and saves its averaged weights.
pub fn train(options: &Options) -> Result<()> {
    super::has_content(&options.out)?;
    let log = Log::new(options.out.clone());
    let content = Models::Folder(options.out.clone()).content()?;
    let clips = Spoken::all(clips(&options.data.join("data"))?, &content)?;
    let learned = |c: &&Spoken| c.clip.split == Split::Train || (!options.hold_out && c.clip.split == Split::Validation);
    let pools: Vec<(Corpus, usize, Vec<&Spoken>)> = SHARES
        .iter()
        .filter(|(corpus, _)| options.sources == Sources::All || corpus.is_commercial())
        .map(|(corpus, share)| (*corpus, *share, clips.iter().filter(|c| c.clip.corpus == *corpus).filter(learned).collect::<Vec<_>>()))
        .filter(|(.., pool)| !pool.is_empty())
        .collect();
    log.line(&format!("{} clips", pools.iter().map(|(.., pool)| pool.len()).sum::<usize>()))?;
    let map = VarMap::new();
    let networks = Networks::new(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    super::draw(&map, options.seed)?;
    let dropout = Dropout::new(DROPOUT, options.seed);
    let mut optimiser = optimiser(&map, LEARNING_RATE)?;
    let mut average = super::Average::new(&map)?;
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let sums = learn_sums(&pools, options.seed)?;
    let mut smooth = 0.0;
    for step in 0..options.steps {
        optimiser.set_learning_rate(super::schedule(LEARNING_RATE, step, options.steps));
        let loss = loss(&networks, &batch(&pools, &mut rng)?, &dropout)?;
        super::step(&mut optimiser, &map, &loss)?;
        average.update(&map, step)?;
        let now = loss.to_scalar::<f32>()?;
        smooth = if step == 0 { now } else { 0.98 * smooth + 0.02 * now };
        if step % 200 == 199 || step + 1 == options.steps {
            let tensors: HashMap<String, Tensor> = average.half()?.into_iter().chain(sums.clone()).collect();
            super::save(tensors.clone(), &log.file("emotion"))?;
            let told = if options.hold_out { validate(&encoder(tensors, content.clone())?, &clips)? } else { String::new() };
            log.line(&format!("emotion {}/{} loss {smooth:.4} {told}", step + 1, options.steps))?;
        }
    }
    Ok(())
}

fn encoder(tensors: HashMap<String, Tensor>, content: Arc<ContentEncoder>) -> Result<VoiceEncoder> {
    Ok(VoiceEncoder::new(VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu), content)?)
}

/// Share of the clips of speakers kept for choosing whose class is told, from one clip and beside ten others.
fn validate(encoder: &VoiceEncoder, clips: &[Spoken]) -> Result<String> {
    let mut text = String::new();
    for corpus in Corpus::ALL {
        let chosen: Vec<&Spoken> = clips.iter().filter(|c| c.clip.corpus == corpus && c.clip.split == Split::Validation).collect();
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
pub fn tell(encoder: &VoiceEncoder, clips: &[&Spoken], references: usize) -> Result<Vec<Told>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    clips
        .iter()
        .map(|spoken| {
            let usual = if references > 0 { usual(clips, spoken, references, &mut rng) } else { None };
            let opinion = encoder.judge(&[Passage { voice: spoken.voice.clone(), own: Some(spoken.usual), usual }])?[0];
            let likelier = |a: &usize, b: &usize| opinion.likelihood[*a].total_cmp(&opinion.likelihood[*b]);
            let class = spoken.clip.corpus.classes().iter().copied().max_by(likelier).unwrap_or_default();
            Ok(Told { point: opinion.point, class })
        })
        .collect()
}

/// Share of clips whose class was told.
pub fn accuracy(told: &[Told], clips: &[&Spoken]) -> f32 {
    told.iter().zip(clips).filter(|(t, c)| t.class == c.clip.class).count() as f32 / clips.len().max(1) as f32
}
