//! Trains the face's denoiser on everybody's motion, with the frozen content encoder's ear.
//!
//! Emotion is taught by exchange: the same words are shown with one expression after another (see
//! [`crate::face::expression`]), so that what is said and what is felt come apart.

use super::data::{Source, Split, Take};
use super::{Average, Log, Options, augment, augment_condition, optimiser, sync};
use crate::body::rhythm::Rhythm;
use crate::diffusion::denoiser::Denoiser;
use crate::diffusion::noise;
use crate::emotion::{EMOTION, Label, Point};
use crate::evaluate::mouths::correlations;
use crate::face::articulation::{gap_mm, rounding, width};
use crate::face::dose::{self, Response};
use crate::face::expression::express;
use crate::face::hearing::{CONDITION, hear};
use crate::face::model::{FaceModel, MODULATION, Quality, RESPONSE, Scale, config, modulate};
use crate::face::style::{self, Style};
use crate::face::vector::{self, CHANNELS, Row};
use crate::speech::content::{Content, ContentEncoder};
use crate::statistics::median;
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::{Optimizer, VarBuilder, VarMap};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

/// Motion frames of a training window.
const WINDOW: usize = 80;
const SHARES: [(Source, usize); 6] =
    [(Source::GridS1, 5), (Source::LrwAr, 6), (Source::Facegood, 2), (Source::Tmhint, 1), (Source::LiveLink, 1), (Source::Mead, 1)];
const LEARNING_RATE: f64 = 1.5e-3;
/// Weight of the lips against the life of the face, and of speed.
const LIPS: f32 = 1.5;
const SPEED: f64 = 0.5;
/// Errors of lip gap (mm), width and rounding that count as one: what the channels add up to is what is seen.
const MOUTH: [f32; 3] = [5.0, 0.2, 0.2];
/// Conditions are left out this often, each for itself and all together.
const DROP: f64 = 0.1;

/// Other voices, rooms and noises in which each take is heard too, and how often: the encoder errs more with strangers than with those it
/// learned from, and the denoiser must know how.
const OTHERS: usize = 2;
const OTHERWISE: f64 = 0.5;

/// A take as the denoiser's training sees it.
struct Example {
    source: Source,
    motion: Vec<Row>,
    known: [bool; CHANNELS],
    /// The condition as recorded and in [other voices](OTHERS); nothing where there is no sound.
    heard: Vec<Vec<f32>>,
    emotion: Label,
    styles: Vec<Style>,
}

fn examples(takes: &[Take], encoder: &ContentEncoder, seed: u64) -> Result<Vec<Example>> {
    let chosen: Vec<&Take> = takes.iter().filter(|t| t.split == Split::Train && !t.motion.is_empty()).collect();
    let mut people: HashMap<&str, Vec<&Take>> = HashMap::new();
    for take in &chosen {
        people.entry(&take.speaker).or_default().push(take);
    }
    let styles: HashMap<&str, Vec<Style>> = people.iter().map(|(who, takes)| (*who, styles_of(takes))).collect();
    let example = |(stream, take): (usize, &&Take)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(OTHERS_STREAM + stream as u64);
        let content = if take.samples.is_empty() { None } else { Some(encoder.encode(&take.mel, take.frames)?) };
        let offset = content.as_ref().map_or(0, |content| sync::offset(take, content));
        // Style needs the whole face.
        let styles = if take.known.iter().all(|k| *k) { styles[take.speaker.as_str()].clone() } else { Vec::new() };
        Ok(Example {
            source: take.source,
            motion: sync::later(&take.motion, offset),
            known: take.known,
            heard: content.map_or_else(|| Ok(Vec::new()), |content| heard(take, content, encoder, &mut rng))?,
            emotion: take.emotion,
            styles,
        })
    };
    chosen.par_iter().enumerate().map(example).collect()
}

/// The random streams of other voices, one for each take.
const OTHERS_STREAM: u64 = 1 << 32;

/// The denoiser's conditions over a take: as recorded, then in other voices.
fn heard(take: &Take, content: Content, encoder: &ContentEncoder, rng: &mut impl Rng) -> Result<Vec<Vec<f32>>> {
    let mut contents = vec![content];
    for _ in 0..OTHERS {
        let mut mel = take.mel.clone();
        augment::perturb(&mut mel.values, rng);
        contents.push(encoder.encode(&mel, take.frames)?);
    }
    let rhythm = Rhythm::of(&take.speech(), take.frames);
    let condition = |content| hear(content, &take.prosody, &take.mel, rhythm.clone()).condition;
    Ok(contents.into_iter().map(condition).collect())
}

/// Styles of some stretches of about ten seconds of one person.
fn styles_of(takes: &[&Take]) -> Vec<Style> {
    let rows: Vec<Row> = takes.iter().flat_map(|t| t.motion.iter().copied()).collect();
    rows.chunks(300).filter(|c| c.len() >= 150 || rows.len() < 150).take(40).map(style::of).collect()
}

/// What a window asks for, and the motion that answers.
struct Lesson {
    motion: Vec<Row>,
    condition: Vec<f32>,
    modulation: Vec<f32>,
    mask: Vec<f32>,
    length: usize,
}

/// Cuts a window and dresses it in an expression.
fn lesson(example: &Example, rng: &mut impl Rng) -> Lesson {
    let total = example.motion.len();
    let from = rng.random_range(0..=total.saturating_sub(WINDOW));
    let length = (total - from).min(WINDOW);
    let mirrored = rng.random_bool(0.5);
    let acted = example.emotion != Label::Neutral;
    let points = if acted { vec![example.emotion.at(1.0); length] } else { emotion_track(length, rng) };
    let swings = swing(length, rng);
    let motion: Vec<Row> = (0..length)
        .map(|n| {
            let row = &example.motion[from + n];
            let row = if mirrored { vector::mirror(row) } else { *row };
            if acted { row } else { express(&row, &points[n], swings[n]) }
        })
        .collect();
    let all = rng.random_bool(DROP);
    let drop = |rng: &mut dyn Rng| all || rng.random_bool(DROP);
    let (no_sound, no_emotion, no_style) = (drop(rng), drop(rng), drop(rng));
    let voice = if rng.random_bool(OTHERWISE) { rng.random_range(1..=OTHERS) } else { 0 };
    let condition = match example.heard.get(voice) {
        Some(heard) if !no_sound => augment_condition(&heard[from * CONDITION..(from + length) * CONDITION], rng),
        _ => vec![0.0; length * CONDITION],
    };
    let style = (!no_style && !example.styles.is_empty()).then(|| example.styles[rng.random_range(0..example.styles.len())]);
    let modulation = modulate((!no_emotion).then_some(&points[..]), |_| style, length);
    let mask = example.known.map(|k| f32::from(u8::from(k)));
    Lesson { motion, condition, modulation, mask: mask.repeat(length), length }
}

/// A neutral third; else one label at intensities up to 1.5, or two at once; and sometimes one after the other.
fn emotion_track(length: usize, rng: &mut impl Rng) -> Vec<Point> {
    let draw = |rng: &mut dyn Rng| -> Point {
        if rng.random_bool(0.3) {
            return [0.0; EMOTION];
        }
        let label = |rng: &mut dyn Rng| Label::ALL[rng.random_range(1..Label::ALL.len())];
        if rng.random_bool(0.5) {
            return label(rng).at(rng.random_range(0.15..1.5));
        }
        let (first, second) = (label(rng).at(rng.random_range(0.15..1.0)), label(rng).at(rng.random_range(0.15..1.0)));
        std::array::from_fn(|i| first[i] + second[i])
    };
    let from = draw(rng);
    if rng.random_bool(0.75) {
        return vec![from; length];
    }
    let (to, turn, ramp) = (draw(rng), rng.random_range(0..length) as f32, rng.random_range(5.0f32..25.0));
    (0..length)
        .map(|n| {
            let s = ((n as f32 - turn) / ramp).clamp(0.0, 1.0);
            std::array::from_fn(|i| from[i] + (to[i] - from[i]) * s * s * (3.0 - 2.0 * s))
        })
        .collect()
}

/// How far an expression is out over time: a slow random walk around 1 (an Ornstein-Uhlenbeck process of 1 s).
fn swing(length: usize, rng: &mut impl Rng) -> Vec<f32> {
    let normal = |rng: &mut dyn Rng| -> f32 { StandardNormal.sample(rng) };
    let mut state = normal(rng);
    (0..length)
        .map(|_| {
            state += -state / 30.0 + (2.0f32 / 30.0).sqrt() * normal(rng);
            (1.0 + 0.13 * state).clamp(0.6, 1.4)
        })
        .collect()
}

/// Mean and deviation of every channel over random lessons.
fn fit_scale(pools: &[(usize, Vec<&Example>)], rng: &mut impl Rng) -> Scale {
    let (mut sum, mut square, mut count) = ([0f64; CHANNELS], [0f64; CHANNELS], [0f64; CHANNELS]);
    for _ in 0..60 {
        for (share, pool) in pools {
            for _ in 0..*share {
                let example = pool[rng.random_range(0..pool.len())];
                for row in lesson(example, rng).motion {
                    for c in (0..CHANNELS).filter(|c| example.known[*c]) {
                        let v = f64::from(row[c]);
                        (sum[c], square[c], count[c]) = (sum[c] + v, square[c] + v * v, count[c] + 1.0);
                    }
                }
            }
        }
    }
    let mean = std::array::from_fn(|c| (sum[c] / count[c].max(1.0)) as f32);
    let floor = |c: usize| if c < vector::HEAD { 0.05 } else { 0.03 };
    let deviation =
        std::array::from_fn(|c| ((square[c] / count[c].max(1.0) - f64::from(mean[c]).powi(2)).max(0.0).sqrt() as f32).max(floor(c)));
    Scale { mean, deviation }
}

struct Batch {
    clean: Tensor,
    noisy: Tensor,
    levels: Tensor,
    condition: Tensor,
    modulation: Tensor,
    mask: Tensor,
    lengths: Vec<usize>,
}

fn batch(pools: &[(usize, Vec<&Example>)], scale: &Scale, rng: &mut impl Rng) -> Result<Batch> {
    let (mut clean, mut noisy, mut levels) = (vec![], vec![], vec![]);
    let (mut condition, mut modulation, mut mask, mut lengths) = (vec![], vec![], vec![], vec![]);
    let groups = config().groups;
    for (share, pool) in pools {
        for _ in 0..*share {
            let lesson = lesson(pool[rng.random_range(0..pool.len())], rng);
            let drawn = draw_levels(rng);
            let given = if rng.random_bool(0.3) { rng.random_range(4..WINDOW / 2) } else { 0 };
            for n in 0..WINDOW {
                let level = if n < given { [0.0, 0.0] } else { drawn };
                levels.extend(level);
                let row = lesson.motion.get(n).map_or([0.0; CHANNELS], |row| scale.standardise(row));
                for c in 0..CHANNELS {
                    // Channels that a source lacks stand at their mean.
                    let known = lesson.mask.get(n * CHANNELS + c).copied().unwrap_or(0.0);
                    let value = row[c] * known;
                    let (signal, share) = noise::shares(level[groups[c]]);
                    let eps: f32 = StandardNormal.sample(rng);
                    clean.push(value);
                    noisy.push(signal * value + share * eps);
                }
            }
            let pad = |mut v: Vec<f32>, width: usize| {
                v.resize(WINDOW * width, 0.0);
                v
            };
            condition.extend(pad(lesson.condition, CONDITION));
            modulation.extend(pad(lesson.modulation, MODULATION));
            mask.extend(pad(lesson.mask, CHANNELS));
            lengths.push(lesson.length);
        }
    }
    let rows = lengths.len();
    let tensor = |v: Vec<f32>, width: usize| Tensor::from_vec(v, (rows, WINDOW, width), &Device::Cpu);
    Ok(Batch {
        clean: tensor(clean, CHANNELS)?,
        noisy: tensor(noisy, CHANNELS)?,
        levels: tensor(levels, 2)?,
        condition: tensor(condition, CONDITION)?,
        modulation: tensor(modulation, MODULATION)?,
        mask: tensor(mask, CHANNELS)?,
        lengths,
    })
}

/// Levels of lips and life. Lips are mostly asked for at once or given, as the sampler does; life needs every level.
fn draw_levels(rng: &mut impl Rng) -> [f32; 2] {
    let towards_noise = |rng: &mut dyn Rng| 1.0 - (1.0 - rng.random::<f32>()).powf(1.7);
    let life = if rng.random_bool(0.5) { towards_noise(rng) } else { rng.random() };
    let lips = match rng.random_range(0..10) {
        0..3 => 0.0,
        3..7 => 1.0,
        _ => towards_noise(rng),
    };
    [lips, life]
}

struct Weights {
    channels: Tensor,
    /// Lip gap, width and rounding for each standardised channel, over their [`MOUTH`]: `[CHANNELS, 3]`.
    mouth: Tensor,
}

impl Weights {
    fn new(scale: &Scale) -> Result<Weights> {
        let channels: Vec<f32> = (0..CHANNELS).map(|c| if vector::is_lips(c) { LIPS } else { 1.0 }).collect();
        let mouth = (0..CHANNELS).flat_map(|c| {
            let mut face = [0.0; crate::face::coefficients::COUNT];
            vector::coefficient_of(c).into_iter().for_each(|i| face[i] = 1.0);
            let seen = [gap_mm(&face), width(&face), rounding(&face)];
            (0..3).map(move |i| seen[i] * scale.deviation[c] / MOUTH[i])
        });
        Ok(Weights {
            channels: Tensor::from_vec(channels, (1, 1, CHANNELS), &Device::Cpu)?,
            mouth: Tensor::from_vec(mouth.collect(), (CHANNELS, 3), &Device::Cpu)?,
        })
    }
}

fn loss(denoiser: &Denoiser, batch: &Batch, weights: &Weights) -> Result<Tensor> {
    let out = denoiser.forward(&batch.noisy, &batch.levels, &batch.condition, &batch.modulation, &batch.lengths)?;
    let error = out.sub(&batch.clean)?.mul(&batch.mask)?;
    let position = error.sqr()?.broadcast_mul(&weights.channels)?.mean_all()?;
    let difference = error.narrow(1, 1, WINDOW - 1)?.sub(&error.narrow(1, 0, WINDOW - 1)?)?;
    let speed = difference.sqr()?.broadcast_mul(&weights.channels)?.mean_all()?;
    let mouth = error.reshape(((), CHANNELS))?.matmul(&weights.mouth)?.sqr()?.sum(1)?.mean_all()?;
    Ok(((position + (speed * SPEED)?)? + mouth)?)
}

/// Trains for `face_steps` batches and saves the averaged weights with the scale and the default style beside them.
pub fn train(takes: &[Take], content: &HashMap<String, Tensor>, options: &Options, log: &Log) -> Result<()> {
    let (steps, seed) = (options.face_steps, options.seed);
    let encoder = || ContentEncoder::read(content.clone());
    let examples = examples(takes, &encoder()?, seed)?;
    let pools: Vec<(usize, Vec<&Example>)> = SHARES
        .iter()
        .map(|(source, share)| (*share, examples.iter().filter(|e| e.source == *source).collect::<Vec<_>>()))
        .filter(|(_, pool)| !pool.is_empty())
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let scale = fit_scale(&pools, &mut rng);
    let style = default_style(&examples);
    let weights = Weights::new(&scale)?;
    let map = VarMap::new();
    let denoiser = Denoiser::new(config(), VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    let peak = if options.resume { LEARNING_RATE / 3.0 } else { LEARNING_RATE };
    super::draw(&map, seed)?;
    if options.resume {
        super::restore(&map, &log.file("face"), "")?;
    }
    let mut average = Average::new(&map)?;
    let mut optimiser = optimiser(&map, peak)?;
    let extra = HashMap::from([
        ("scale.mean".to_string(), Tensor::from_slice(&scale.mean, CHANNELS, &Device::Cpu)?),
        ("scale.deviation".to_string(), Tensor::from_slice(&scale.deviation, CHANNELS, &Device::Cpu)?),
        ("style.default".to_string(), Tensor::from_slice(&style, style::STYLE, &Device::Cpu)?),
    ]);
    let mut smooth = 0.0;
    for step in 0..steps {
        optimiser.set_learning_rate(super::schedule(peak, step, steps));
        let loss = loss(&denoiser, &batch(&pools, &scale, &mut rng)?, &weights)?;
        super::step(&mut optimiser, &map, &loss)?;
        average.update(&map, step)?;
        let now = loss.to_scalar::<f32>()?;
        smooth = if step == 0 { now } else { 0.98 * smooth + 0.02 * now };
        if step % 250 == 249 || step + 1 == steps {
            let mut tensors = average.half()?;
            tensors.extend(extra.clone());
            super::save(tensors, &log.file("face"))?;
            let denoiser = Denoiser::new(config(), VarBuilder::from_tensors(average.tensors.clone(), DType::F32, &Device::Cpu))?;
            let model = FaceModel::new(encoder()?, denoiser, scale.clone(), style);
            log.line(&format!("face {}/{steps} loss {smooth:.4} {}", step + 1, validate(&model, takes)?))?;
        }
    }
    Ok(())
}

/// Measures how the finished weights answer to intensity, on people kept for choosing, and writes it beside them.
pub fn calibrate(takes: &[Take], log: &Log) -> Result<()> {
    let (content, face) = (log.file("content"), log.file("face"));
    let mut tensors = candle_core::safetensors::load(&face, &Device::Cpu)?;
    tensors.remove(RESPONSE);
    super::save(tensors.clone(), &face)?;
    let read = |path: &Path| std::fs::read(path).map_err(Error::io(path));
    let model = FaceModel::from_bytes(&read(&content)?, &read(&face)?)?;
    let kept =
        |source| takes.iter().filter(move |t| t.source == source && t.split == Split::Validation && !t.samples.is_empty()).take(VOICES);
    let voices: Vec<&Take> = [Source::GridS1, Source::LrwAr].into_iter().flat_map(kept).collect();
    let heard = voices.par_iter().map(|take| model.listen(&take.speech(), take.frames, &[])).collect::<Result<Vec<_>>>()?;
    let response = Response::measure(&model, &heard)?;
    tensors.insert(RESPONSE.to_string(), Tensor::from_slice(&response.numbers(), dose::NUMBERS, &Device::Cpu)?);
    super::save(tensors, &face)?;
    log.line(&format!("response to intensity measured on {} takes", heard.len()))
}

/// Takes of each source on which the response is measured.
const VOICES: usize = 10;

/// The mean of the presenters' styles, of everybody's where there are none, with the head of a livelier speaker: presenters and readers of
/// word lists hold theirs still.
fn default_style(examples: &[Example]) -> Style {
    let of = |keep: &dyn Fn(&Example) -> bool| -> Vec<&Style> { examples.iter().filter(|e| keep(e)).flat_map(|e| &e.styles).collect() };
    let presenters = of(&|e| e.source == Source::LrwAr);
    let all = if presenters.is_empty() { of(&|_| true) } else { presenters };
    std::array::from_fn(|i| {
        let mean = all.iter().map(|s| s[i]).sum::<f32>() / all.len().max(1) as f32;
        if style::HEAD.contains(&i) { mean + 1.0 } else { mean }
    })
}

/// Single samples on people kept for choosing: opening, width and rounding against the record, and how lively the rest is.
fn validate(model: &FaceModel, takes: &[Take]) -> Result<String> {
    let mut text = String::new();
    for source in [Source::GridS1, Source::LrwAr] {
        let chosen: Vec<&Take> = takes.iter().filter(|t| t.source == source && t.split == Split::Validation).take(40).collect();
        let sampled: Vec<Vec<Row>> = chosen.par_iter().map(|t| model.perform_take(t)).collect::<Result<_>>()?;
        let mut r: [Vec<f32>; 3] = Default::default();
        for (take, rows) in chosen.iter().zip(&sampled) {
            let figures = correlations(take, rows);
            (0..3).for_each(|i| r[i].push(figures[i]));
        }
        let flat: Vec<Row> = sampled.into_iter().flatten().collect();
        let real: Vec<Row> = chosen.iter().flat_map(|t| t.motion.iter().copied()).collect();
        let (a, b) = (style::of(&flat), style::of(&real));
        text += &format!(
            "{source:?} r {:.3}/{:.3}/{:.3} gap {:.1}({:.1}) blink {:.1}({:.1}) head {:.1}({:.1}) brow {:.1}({:.1}) | ",
            median(&r[0]),
            median(&r[1]),
            median(&r[2]),
            a[0],
            b[0],
            a[4],
            b[4],
            a[12],
            b[12],
            a[6],
            b[6]
        );
    }
    Ok(text)
}

impl FaceModel {
    /// A neutral sample of a take's sound.
    fn perform_take(&self, take: &Take) -> Result<Vec<Row>> {
        self.perform(&take.speech(), &[], 1, Quality::Default)
    }
}
