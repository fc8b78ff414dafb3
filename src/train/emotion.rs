//! Trains the ear for feelings on acted voices of four corpora at once, in closed form.
//!
//! Every clip is a landmark, by itself and beside what ten other clips of its speaker make usual, and ridge regression says what each
//! class has near each of them. The labels' Gaussians get the deviation under which speakers who were left out are told best.

use super::Log;
use super::data::{Sources, Split};
use super::voices::{Corpus, Spoken, clips};
use crate::emotion::Point;
use crate::emotion::functionals::FUNCTIONALS;
use crate::emotion::voice::{CLASSES, OWN, Passage, Scale, Usual, VoiceEncoder, likelihood_at, nearness, shares};
use crate::models::Models;
use crate::solve::cholesky_solve;
use crate::speech::content::ContentEncoder;
use crate::{Result, weights};
use candle_core::{Device, Tensor};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
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
    /// Leave out the speakers for choosing and log how well they are told.
    pub hold_out: bool,
    /// Chooses the clips that make usual.
    pub seed: u64,
}

/// Clips of a speaker that tell what is usual.
const REFERENCES: usize = 10;
/// Penalty on the weights of the landmarks.
const RIDGE: f64 = 0.3;

/// What up to `count` other clips of the same speaker make usual for the voice; `known` says what each clip tells of it.
fn usual(clips: &[&Spoken], known: impl Fn(usize) -> Usual, of: &Spoken, count: usize, rng: &mut impl Rng) -> Option<Usual> {
    let other = |c: &Spoken| c.clip.speaker == of.clip.speaker && c.clip.corpus == of.clip.corpus && c.clip.name != of.clip.name;
    let others: Vec<usize> = (0..clips.len()).filter(|i| other(clips[*i])).collect();
    Usual::mean(&others.sample(rng, count).map(|i| known(*i)).collect::<Vec<_>>())
}

/// What a clip by itself makes usual.
fn plain(spoken: &Spoken) -> Usual {
    Usual { functionals: spoken.own, leaning: None }
}

/// What is learned from clips, but for the deviation of the Gaussians.
fn learn(clips: &[&Spoken], seed: u64) -> Result<HashMap<String, Tensor>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut change = |spoken: &&Spoken| {
        let usual = usual(clips, |i| plain(clips[i]), spoken, REFERENCES, &mut rng).unwrap_or(plain(spoken));
        spoken.own.minus(&usual.functionals)
    };
    let changes: Vec<f32> = clips.iter().flat_map(&mut change).collect();
    let owns: Vec<f32> = clips.iter().flat_map(|spoken| spoken.own.quality()).copied().collect();
    let own = Tensor::from_vec(owns, (clips.len(), OWN), &Device::Cpu)?;
    let change = Tensor::from_vec(changes, (clips.len(), FUNCTIONALS), &Device::Cpu)?;
    let of_own = spread(&own, own.mean(0)?)?;
    let of_change = spread(&change, change.get(0)?.zeros_like()?)?;
    let landmarks = [("own.landmarks", of_own.standardise(&own)?), ("change.landmarks", of_change.standardise(&change)?)];
    let stored = weights::compact(landmarks.map(|(name, rows)| (name.to_string(), rows)).into())?;
    let seen = weights::restore(stored.clone())?;
    let alone = &seen["own.landmarks"];
    let beside = Tensor::cat(&[alone, &seen["change.landmarks"]], 1)?;
    let named = [
        ("own.centre", of_own.centre),
        ("own.scale", of_own.scale),
        ("change.centre", of_change.centre),
        ("change.scale", of_change.scale),
        ("alone.weights", ridge(alone, clips)?),
        ("beside.weights", ridge(&beside, clips)?),
    ];
    Ok(stored.into_iter().chain(named.map(|(name, tensor)| (name.to_string(), tensor))).collect())
}

/// How far the columns of rows spread about a centre; what never moves counts little.
fn spread(rows: &Tensor, centre: Tensor) -> Result<Scale> {
    const LEAST: f64 = 1e-4;
    let deviation = rows.broadcast_sub(&centre)?.sqr()?.mean(0)?.sqrt()?.maximum(LEAST)?;
    Ok(Scale { centre, scale: deviation.recip()? })
}

/// What each class has near each landmark, from how near these are to one another: `[clips, CLASSES]`.
fn ridge(landmarks: &Tensor, clips: &[&Spoken]) -> Result<Tensor> {
    let near = nearness(landmarks, landmarks)?.to_vec2::<f32>()?;
    let mut gram: Vec<Vec<f64>> = near.iter().map(|row| row.iter().map(|v| f64::from(*v)).collect()).collect();
    (0..gram.len()).for_each(|i| gram[i][i] += RIDGE);
    let even = 1.0 / CLASSES as f64;
    let wanted = |spoken: &&Spoken| std::array::from_fn(|class| f64::from(u8::from(class == spoken.clip.class)) - even);
    let mut weights: Vec<[f64; CLASSES]> = clips.iter().map(wanted).collect();
    cholesky_solve(&mut gram, &mut weights);
    let weights: Vec<f32> = weights.iter().flatten().map(|w| *w as f32).collect();
    Ok(Tensor::from_vec(weights, (clips.len(), CLASSES), &Device::Cpu)?)
}

/// Deviation of the labels' Gaussians under which the classes of speakers who were left out are likeliest, by their points: half of the
/// speakers tell the other half's.
fn deviation(clips: &[&Spoken], content: &Arc<ContentEncoder>, seed: u64) -> Result<f32> {
    let mut speakers: Vec<(Corpus, &str)> = clips.iter().map(|c| (c.clip.corpus, c.clip.speaker.as_str())).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let even = |c: &&&Spoken| speakers.binary_search(&(c.clip.corpus, c.clip.speaker.as_str())).unwrap_or(0).is_multiple_of(2);
    let (one, other): (Vec<&Spoken>, Vec<&Spoken>) = clips.iter().partition(even);
    let mut heard: Vec<(Told, usize)> = Vec::new();
    for (learned, left_out) in [(&one, &other), (&other, &one)] {
        let encoder = VoiceEncoder::read(with_deviation(learn(learned, seed)?, 1.0)?, content.clone())?;
        heard.extend(tell(&encoder, left_out, 0)?.into_iter().zip(left_out.iter().map(|c| c.clip.class)));
    }
    let likelihood =
        |deviation: f32| heard.iter().map(|(told, class)| shares(&likelihood_at(&told.point, deviation))[*class].ln()).sum::<f32>();
    let steps = (0..40).map(|n| 0.1 * 1.06f32.powi(n));
    Ok(steps.max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b))).unwrap_or(1.0))
}

fn with_deviation(mut tensors: HashMap<String, Tensor>, deviation: f32) -> Result<HashMap<String, Tensor>> {
    tensors.insert("deviation".into(), Tensor::from_slice(&[deviation], 1, &Device::Cpu)?);
    Ok(tensors)
}

/// Trains the emotion encoder and saves it.
pub fn train(options: &Options) -> Result<()> {
    super::has_content(&options.out)?;
    let log = Log::new(options.out.clone());
    let content = Models::Folder(options.out.clone()).content()?;
    let all = Spoken::all(clips(&options.data.join("data"))?, &content)?;
    let learned = |c: &&Spoken| {
        (options.sources == Sources::All || c.clip.corpus.is_commercial())
            && (c.clip.split == Split::Train || (!options.hold_out && c.clip.split == Split::Validation))
    };
    let clips: Vec<&Spoken> = all.iter().filter(learned).collect();
    log.line(&format!("{} clips", clips.len()))?;
    let deviation = deviation(&clips, &content, options.seed)?;
    let tensors = with_deviation(learn(&clips, options.seed)?, deviation)?;
    super::save(tensors.clone(), &log.file("emotion"))?;
    let told = if options.hold_out { validate(&VoiceEncoder::read(tensors, content)?, &all)? } else { String::new() };
    log.line(&format!("emotion: deviation {deviation:.2} {told}"))
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

/// Hears clips one by one; with `references` above zero beside so many other clips of the speaker.
pub fn tell(encoder: &VoiceEncoder, clips: &[&Spoken], references: usize) -> Result<Vec<Told>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let acquaint = |spoken: &&Spoken| Ok(encoder.acquaint(&spoken.voice)?.unwrap_or(plain(spoken)));
    let known = if references > 0 { clips.iter().map(acquaint).collect::<Result<Vec<Usual>>>()? } else { Vec::new() };
    clips
        .iter()
        .map(|spoken| {
            let usual = if references > 0 { usual(clips, |i| known[i], spoken, references, &mut rng) } else { None };
            let opinion = encoder.judge(&[Passage { own: spoken.own, usual }])?[0];
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
