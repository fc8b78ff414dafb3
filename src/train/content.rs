//! Trains the content encoder: phones of acted speech and mouths of everybody recorded, in one run.
//!
//! Where words are known and phones are not, the phones are found by forced alignment once the encoder knows phones ([`transcripts`]).
//! Where phones are known and mouths are not, mouths are guessed from the phones once the encoder knows phones ([`pseudo`]), so that
//! every voice teaches the lips, and recorded mouths that come too early or too late are moved ([`sync`]). Where neither is known, the
//! half-trained encoder says what it hears in the clean recording, and learns to hear the same in other rooms and voices (self-training
//! with noise; Xie et al. 2020, <https://arxiv.org/abs/1911.04252>).

use super::data::{Source, Split, Take, UNLABELLED, mel_window};
use super::{Average, Log, Options, augment, optimiser, pseudo, sync, transcripts};
use crate::audio::features::{BANDS, speaking};
use crate::face::articulation;
use crate::face::articulation::gap_mm;
use crate::face::coefficients::id;
use crate::face::vector::{Row, unpack};
use crate::layers::Dropout;
use crate::speech::content::{ARTICULATION, ContentEncoder, NETWORKS, Network, Posterior};
use crate::speech::phones::Class;
use crate::{Error, Result, weights};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Optimizer, VarBuilder, VarMap};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;

/// Motion frames of a training window.
const WINDOW: usize = 72;
/// Windows of a batch by source: mouths first, then phones.
const SHARES: [(Source, usize); 13] = [
    (Source::GridS1, 5),
    (Source::LrwAr, 7),
    (Source::Facegood, 3),
    (Source::Tmhint, 1),
    (Source::Ravdess, 3),
    (Source::EmoDb, 3),
    (Source::Synthetic, 4),
    (Source::Diphones, 8),
    (Source::Flite, 2),
    (Source::SpeechOcean, 3),
    (Source::Nemo, 2),
    (Source::Korean, 1),
    (Source::Sound, 3),
];
const LEARNING_RATE: f64 = 2e-3;
const DROPOUT: f32 = 0.1;
/// Share of the windows that are heard in another voice or room; and in an encoder that goes on, which learns the finer differences
/// between sounds from recordings as they are.
const PERTURBED: f64 = 0.65;
const PERTURBED_LATER: f64 = 0.35;
/// Share of the windows behind which another sound is heard, and how loud it is, nats of the speech.
const BEHIND: f64 = 0.2;
const BEHIND_LEVEL: std::ops::Range<f32> = -6.0..-1.0;
/// Weight of a frame of silence, which is half of the frames and easy, and of one where lips meet or find the teeth, which is seen most.
const SILENCE: f32 = 0.3;
const CONTACT: f32 = 2.0;
/// Share of the steps after which phones are aligned and mouths guessed from phones, and what such a mouth weighs.
const GUESSING: f32 = 0.35;
const GUESSED: f32 = 0.5;
/// Probability from which a phone that the encoder hears is believed.
const BELIEVED: f32 = 0.9;
/// Windows are spoken faster or slower by up to this factor either way.
const TEMPO: f32 = 1.15;

/// The articulation that a motion shows: opening, width, rounding, jaw.
pub fn articulation_of(row: &Row) -> [f32; ARTICULATION] {
    let (face, ..) = unpack(row);
    [gap_mm(&face), articulation::width(&face), articulation::rounding(&face), face[id::JAW_OPEN]]
}

/// Mean and deviation over a take, per target.
fn standardise(values: &[[f32; ARTICULATION]]) -> Vec<[f32; ARTICULATION]> {
    let n = values.len().max(1) as f32;
    let mean: [f32; ARTICULATION] = std::array::from_fn(|c| values.iter().map(|v| v[c]).sum::<f32>() / n);
    let deviation: [f32; ARTICULATION] =
        std::array::from_fn(|c| (values.iter().map(|v| (v[c] - mean[c]).powi(2)).sum::<f32>() / n).sqrt().max(FLOORS[c]));
    values.iter().map(|v| std::array::from_fn(|c| (v[c] - mean[c]) / deviation[c])).collect()
}

/// Deviations under these are stillness, not speech: mm, then coefficients.
const FLOORS: [f32; ARTICULATION] = [1.0, 0.08, 0.08, 0.02];

struct Example<'a> {
    take: &'a Take,
    /// Phone classes at 60 a second.
    phones: Vec<u8>,
    targets: Vec<[f32; ARTICULATION]>,
    /// Whether the targets are of a recorded mouth.
    seen: bool,
}

impl Example<'_> {
    /// The targets between two frames; nothing where there are none.
    fn at(&self, frame: f32) -> Option<[f32; ARTICULATION]> {
        let (k, s) = (frame as usize, frame.fract());
        let (a, b) = (self.targets.get(k)?, self.targets.get(k + 1).or(self.targets.last())?);
        Some(std::array::from_fn(|c| a[c] + s * (b[c] - a[c])))
    }
}

/// Log-mel rows of [`WINDOW`] motion frames spoken `tempo` times as fast.
fn stretch(rows: &[f32], tempo: f32) -> Vec<f32> {
    let last = rows.len() / BANDS - 1;
    (0..4 * WINDOW)
        .flat_map(|k| {
            let place = k as f32 * tempo;
            let (below, s) = ((place as usize).min(last), place.fract());
            let above = (below + 1).min(last);
            (0..BANDS).map(move |b| rows[below * BANDS + b] + s * (rows[above * BANDS + b] - rows[below * BANDS + b]))
        })
        .collect()
}

/// Puts another sound behind a window.
fn mix(window: &mut [f32], other: &Take, rng: &mut impl Rng) {
    let level = rng.random_range(BEHIND_LEVEL);
    let from = rng.random_range(0..=other.frames.saturating_sub(WINDOW));
    for (value, heard) in window.iter_mut().zip(mel_window(&other.mel, from, WINDOW)) {
        *value = (value.exp() + (heard + level).exp()).ln();
    }
}

/// Batches of windows with their targets and weights.
struct Batch {
    mel: Tensor,
    speech: Tensor,
    targets: Tensor,
    target_weights: Tensor,
    phones: Tensor,
    phone_weights: Tensor,
}

fn batch(pools: &[(usize, Vec<Example>)], sounds: &[&Take], perturbed: f64, rng: &mut impl Rng) -> Result<Batch> {
    let (mut mel, mut speech, mut targets, mut weights, mut phones, mut phone_weights) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for (share, pool) in pools {
        for _ in 0..*share {
            let example = &pool[rng.random_range(0..pool.len())];
            let take = example.take;
            let tempo = rng.random_range(-TEMPO.ln()..TEMPO.ln()).exp();
            let heard = (WINDOW as f32 * tempo).ceil() as usize;
            let from = rng.random_range(0..=take.frames.saturating_sub(heard));
            let mut window = stretch(&mel_window(&take.mel, from, heard), tempo);
            if rng.random_bool(BEHIND) && !sounds.is_empty() {
                mix(&mut window, sounds[rng.random_range(0..sounds.len())], rng);
            }
            if rng.random_bool(perturbed) {
                augment::perturb(&mut window, rng);
            }
            let within = |k: usize| from as f32 + 0.5 * k as f32 * tempo < take.frames as f32;
            speech.extend(speaking(&window).into_iter().enumerate().map(|(k, s)| if within(k) { s } else { 0.0 }));
            mel.extend(window);
            for n in 0..WINDOW {
                let target = example.at(from as f32 + n as f32 * tempo);
                targets.extend(target.unwrap_or_default());
                weights.push(if target.is_none() {
                    0.0
                } else if example.seen {
                    1.0
                } else {
                    GUESSED
                });
            }
            for k in 0..2 * WINDOW {
                let class = example.phones.get(2 * from + (k as f32 * tempo) as usize).copied().unwrap_or(UNLABELLED);
                let weight = match Class::from_index(class) {
                    None => 0.0,
                    Some(Class::Silence) => SILENCE,
                    Some(c) if c.is_bilabial() || c == Class::Labiodental => CONTACT,
                    Some(_) => 1.0,
                };
                phones.push(if class == UNLABELLED { 0 } else { u32::from(class) });
                phone_weights.push(weight);
            }
        }
    }
    let (rows, device) = (pools.iter().map(|(share, _)| share).sum::<usize>(), Device::Cpu);
    Ok(Batch {
        mel: Tensor::from_vec(mel, (rows, 4 * WINDOW, BANDS), &device)?,
        speech: Tensor::from_vec(speech, (rows, 2 * WINDOW, 1), &device)?,
        targets: Tensor::from_vec(targets, (rows, WINDOW, ARTICULATION), &device)?,
        target_weights: Tensor::from_vec(weights, (rows, WINDOW, 1), &device)?,
        phones: Tensor::from_vec(phones, (rows, 2 * WINDOW, 1), &device)?,
        phone_weights: Tensor::from_vec(phone_weights, (rows, 2 * WINDOW), &device)?,
    })
}

/// Huber-like loss of targets and of their speed, and the cross-entropy of phones.
fn loss(network: &Network, batch: &Batch, dropout: &Dropout) -> Result<(Tensor, [f32; 2])> {
    let out = network.forward(&batch.mel, &batch.speech, Some(dropout))?;
    let error = out.articulation.sub(&batch.targets)?.broadcast_mul(&batch.target_weights)?;
    let smooth = ((error.sqr()? + 0.25)?.sqrt()? - 0.5)?.mean_all()?;
    let speed = error.narrow(1, 1, WINDOW - 1)?.sub(&error.narrow(1, 0, WINDOW - 1)?)?.sqr()?.mean_all()?;
    let motion = (smooth + (speed * 0.5)?)?;
    let log = candle_nn::ops::log_softmax(&out.phones, D::Minus1)?;
    let picked = log.gather(&batch.phones, D::Minus1)?.squeeze(2)?;
    let phones =
        (picked.mul(&batch.phone_weights)?.sum_all()?.neg()? / f64::from(batch.phone_weights.sum_all()?.to_scalar::<f32>()?.max(1.0)))?;
    let parts = [motion.to_scalar::<f32>()?, phones.to_scalar::<f32>()?];
    Ok(((motion + (phones * 0.15)?)?, parts))
}

/// Trains the networks of the encoder side by side, each from a seed of its own, and puts them together.
pub fn train(takes: &[Take], options: &Options, log: &Log) -> Result<()> {
    let of = |i: usize| train_network(takes, options, i, log).map(|weights| (i, weights));
    let networks: Vec<(usize, HashMap<String, Tensor>)> = (0..NETWORKS).into_par_iter().map(of).collect::<Result<_>>()?;
    let named = networks.into_iter().flat_map(|(i, weights)| weights.into_iter().map(move |(name, w)| (format!("{i}.{name}"), w)));
    super::save(weights::compact(named.collect())?, &log.file("content"))?;
    (0..NETWORKS).try_for_each(|i| std::fs::remove_file(checkpoint(log, i)).map_err(Error::io(checkpoint(log, i))))
}

/// Where an unfinished network lies.
fn checkpoint(log: &Log, network: usize) -> PathBuf {
    log.file(&format!("content.{network}"))
}

/// Trains for `content_steps` batches. An encoder that goes on ends half way between where it began and where that leads: it is better with
/// what it learns from by then, and half way still as good with what it does not (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
/// models", <https://arxiv.org/abs/2109.01903>). Chooses nothing by itself: the figures on unseen people go to the log.
fn train_network(takes: &[Take], options: &Options, number: usize, log: &Log) -> Result<HashMap<String, Tensor>> {
    let (steps, seed) = (options.content_steps, options.seed * NETWORKS as u64 + number as u64);
    let map = VarMap::new();
    let network = Network::new(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    let example = |take| {
        let targets = recorded(take);
        Example { take, phones: take.phones.clone(), seen: !targets.is_empty(), targets }
    };
    let mut pools: Vec<(usize, Vec<Example>)> = SHARES
        .iter()
        .map(|(source, share)| {
            let of_source = takes.iter().filter(|t| t.source == *source && t.split == Split::Train);
            (*share, of_source.map(example).collect::<Vec<_>>())
        })
        .filter(|(_, pool)| !pool.is_empty())
        .collect();
    let sounds: Vec<&Take> = takes.iter().filter(|t| t.source == Source::Sound).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (peak, perturbed) = if options.resume { (LEARNING_RATE / 3.0, PERTURBED_LATER) } else { (LEARNING_RATE, PERTURBED) };
    super::draw(&map, seed)?;
    if options.resume {
        super::restore(&map, &log.file("content"), &format!("{number}."))?;
    }
    let began = Average::new(&map)?;
    let dropout = Dropout::new(DROPOUT, seed);
    let mut optimiser = optimiser(&map, peak)?;
    let mut average = Average::new(&map)?;
    // An encoder that goes on knows phones from the start.
    let guessing = if options.resume { 0 } else { (GUESSING * steps as f32) as usize };
    let mut smooth = [0.0; 2];
    for step in 0..steps {
        if step == guessing {
            let encoder = averaged(&average)?;
            bring_into_time(&mut pools, &encoder)?;
            spell(&mut pools, &encoder)?;
            guess(&mut pools, &encoder)?;
        }
        optimiser.set_learning_rate(super::schedule(peak, step, steps));
        let (loss, parts) = loss(&network, &batch(&pools, &sounds, perturbed, &mut rng)?, &dropout)?;
        super::step(&mut optimiser, &map, &loss)?;
        average.update(&map, step)?;
        (0..2).for_each(|i| smooth[i] = 0.95 * smooth[i] + 0.05 * parts[i]);
        if options.resume && step + 1 == steps {
            average.meet(&began)?;
        }
        if step % 200 == 199 || step + 1 == steps {
            let [motion, phones] = smooth;
            let figures = validate(&averaged(&average)?, takes)?;
            log.line(&format!("content {number}: {}/{steps} motion {motion:.4} phones {phones:.3} {figures}", step + 1))?;
            super::save(average.half()?, &checkpoint(log, number))?;
        }
    }
    average.half()
}

fn averaged(average: &Average) -> Result<ContentEncoder> {
    let network = Network::new(VarBuilder::from_tensors(average.tensors.clone(), DType::F32, &Device::Cpu))?;
    Ok(ContentEncoder::new(vec![network]))
}

/// What the recorded mouth of a take does, standardised; nothing where none was recorded.
pub(super) fn recorded(take: &Take) -> Vec<[f32; ARTICULATION]> {
    standardise(&take.motion.iter().map(articulation_of).collect::<Vec<_>>())
}

/// Moves recorded mouths to where the encoder hears them.
fn bring_into_time(pools: &mut [(usize, Vec<Example>)], encoder: &ContentEncoder) -> Result<()> {
    for example in pools.iter_mut().flat_map(|(_, pool)| pool).filter(|e| sync::may_be_off(e.take)) {
        let heard = encoder.encode(&example.take.mel, example.take.frames)?;
        example.targets = sync::later(&example.targets, sync::offset(example.take, &heard));
    }
    Ok(())
}

/// Finds the phones of takes whose words are known.
fn spell(pools: &mut [(usize, Vec<Example>)], encoder: &ContentEncoder) -> Result<()> {
    let known = |e: &&mut Example| !e.take.words.is_empty();
    for example in pools.iter_mut().flat_map(|(_, pool)| pool).filter(known) {
        let heard = encoder.encode(&example.take.mel, example.take.frames)?;
        example.phones = transcripts::align(example.take, &heard.classes);
    }
    Ok(())
}

/// Gives the takes whose phones are known and whose mouths are not the mouths that go with such phones, and those of which nothing is known
/// what the encoder hears in them.
fn guess(pools: &mut [(usize, Vec<Example>)], encoder: &ContentEncoder) -> Result<()> {
    let seen: Vec<(&Take, &[[f32; ARTICULATION]])> =
        pools.iter().flat_map(|(_, pool)| pool.iter().filter(|e| e.seen).map(|e| (e.take, &e.targets[..]))).collect();
    let mouths = pseudo::Mouths::fit(&seen, encoder)?;
    let unseen = |e: &&mut Example| !e.seen && e.take.source != Source::Sound;
    for example in pools.iter_mut().flat_map(|(_, pool)| pool).filter(unseen) {
        if example.phones.is_empty() {
            let heard = encoder.encode(&example.take.mel, example.take.frames)?;
            example.phones = heard.classes.iter().map(believed).collect();
            example.targets = standardise(&heard.articulation);
        } else {
            example.targets = standardise(&mouths.of(&example.phones, example.take.frames));
        }
    }
    Ok(())
}

/// The class that is heard surely.
fn believed(classes: &Posterior) -> u8 {
    (0..).zip(classes).find(|(_, p)| **p > BELIEVED).map_or(UNLABELLED, |(class, _)| class)
}

/// Correlation of the opening with the recorded one on unseen people, and phone accuracy on unseen voices.
fn validate(encoder: &ContentEncoder, takes: &[Take]) -> Result<String> {
    let chosen = |source: Source, most: usize| takes.iter().filter(move |t| t.source == source && t.split == Split::Validation).take(most);
    let mut text = String::new();
    for source in [Source::GridS1, Source::LrwAr] {
        let mut r: [Vec<f32>; 3] = Default::default();
        for take in chosen(source, 60) {
            let content = encoder.encode(&take.mel, take.frames)?;
            for (i, list) in r.iter_mut().enumerate() {
                let recorded: Vec<f32> = take.mouth.iter().map(|m| [m.opening, m.width, m.rounding][i]).collect();
                let heard: Vec<f32> = content.articulation.iter().map(|a| a[i]).collect();
                list.push(crate::statistics::pearson(&heard, &recorded));
            }
        }
        let r = r.map(|list| crate::statistics::median(&list));
        text += &format!("{source:?} r {:.3}/{:.3}/{:.3} ", r[0], r[1], r[2]);
    }
    for source in [Source::Ravdess, Source::EmoDb, Source::Synthetic, Source::Diphones] {
        let of = |take: &Take| Ok(take.told(&encoder.encode(&take.mel, take.frames)?.classes));
        let told = chosen(source, 40).map(of).collect::<Result<Vec<_>>>()?.concat();
        if !told.is_empty() {
            let right = told.iter().filter(|(_, right)| *right).count() as f32 / told.len() as f32;
            text += &format!("{source:?} phones {right:.3} ");
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretching_keeps_sound_and_targets_together() {
        let rows: Vec<f32> = (0..400).flat_map(|k| [k as f32; BANDS]).collect();
        let slow = stretch(&rows, 0.9);
        assert_eq!(slow.len(), 4 * WINDOW * BANDS);
        assert!((slow[100 * BANDS] - 90.0).abs() < 1e-3);
        let take = Take::silent(Source::GridS1, Split::Train, "a", String::new(), 100);
        let targets = (0..100).map(|n| [4.0 * n as f32; ARTICULATION]).collect();
        let example = Example { take: &take, phones: Vec::new(), targets, seen: true };
        // Motion frame 25 of the slow window is feature frame 100 of it.
        assert!((example.at(25.0 * 0.9).unwrap()[0] - 90.0).abs() < 1e-3);
        assert!(example.at(100.0).is_none());
    }
}
