//! Trains the body's denoiser.
//!
//! Two teachers: the rules ([`crate::body`]), performed over hours of speech under every feeling, and recorded people of
//! Microsoft Rocketbox (MIT), who stand, listen and gesture without a sound. What the recorded ones do gets a rhythm from its own
//! strokes and rests, so that both speak the same language; a number tells the model whose motion it sees. Who holds recordings of
//! speakers with their speech ([`super::pairs`]) adds them to the people.

use super::clips::{Recorded, recorded};
use super::data::Split;
use super::pairs::{Pair, pairs};
use super::talks::{Talk, talks};
use super::{Average, Log, optimiser};
use crate::body::latent::{CODE, Code, FINGERS, GRIP, Latent, Part, STEP, leverage, mirror};
use crate::body::model::{BodyModel, MODULATION, Request, Scale, WINDOW, config, modulation_row};
use crate::body::pulse::{self, PULSE};
use crate::body::rhythm::{Peak, Rhythm};
use crate::body::skeleton::Pose;
use crate::body::{Expressivity, eased, rehearse, style};
use crate::diffusion::denoiser::Denoiser;
use crate::diffusion::noise;
use crate::emotion::{EMOTION, Label, Point};
use crate::evaluate::motion::Motion;
use crate::motion::Head;
use crate::statistics::mean;
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::{Optimizer, VarBuilder, VarMap};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;

/// What to train and where the weights go.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of recordings (`data` inside it).
    pub data: PathBuf,
    /// Where `body.safetensors` is written.
    pub out: PathBuf,
    /// Batches.
    pub steps: usize,
    /// How often the rules perform every minute of speech.
    pub rehearsals: usize,
    /// A folder of speakers' motion with its speech.
    pub pairs: Option<PathBuf>,
    /// Go on from the weights in `out`, at a third of the learning rate.
    pub resume: bool,
    pub seed: u64,
}

/// Windows of a batch that the rules perform, and that people do.
const BATCH: [usize; 2] = [20, 12];
const LEARNING_RATE: f64 = 1.5e-3;
/// Weight of speed against place.
const SPEED: f64 = 1.0;
/// Metres of error that count as one.
const ERROR: f32 = 0.06;
/// How often rhythm and emotion are left out, and style, which is left out when nobody asks for one.
const DROP: f64 = 0.12;
const NO_STYLE: f64 = 0.5;

/// The kinds of recorded clips that stand and have nothing in their hands, and the feeling they show.
const KINDS: [(&str, Option<(Label, f32)>); 6] = [
    ("idle", Some((Label::Neutral, 0.0))),
    ("listen", Some((Label::Neutral, 0.0))),
    ("present", Some((Label::Neutral, 0.0))),
    ("think", None),
    ("shrug", None),
    ("laugh", Some((Label::Happy, 0.7))),
];
/// Clips of these kinds that handle things or themselves.
const UNLIKE_SPEECH: [&str; 14] =
    ["bag", "trolley", "umbrella", "cough", "dust", "nail", "scratch", "stretch", "touch", "yawn", "shake", "roll", "extreme", "drink"];

/// Motion with what the model is told of it.
struct Example {
    codes: Vec<Code>,
    pulse: Vec<[f32; PULSE]>,
    /// A point of the emotion space for every code; nothing where nobody knows.
    points: Option<Vec<Point>>,
    origin: f32,
}

/// The rules over all speech, `rehearsals` times each.
fn taught(talks: &[Talk], latent: &Latent, options: &Options) -> Vec<Example> {
    let jobs: Vec<(&Talk, u64)> = talks.iter().flat_map(|t| (0..options.rehearsals as u64).map(move |k| (t, k))).collect();
    jobs.par_iter()
        .enumerate()
        .map(|(n, (talk, _))| {
            let mut rng = ChaCha8Rng::seed_from_u64(options.seed ^ (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let frames = talk.frames();
            let rhythm = Rhythm::of(&talk.speech, frames);
            let points = emotion_track(frames, &mut rng);
            let manner = eased(manners(&points).into_iter());
            let poses = rehearse(&rhythm, manner, rng.random(), &[], false);
            let codes: Vec<Code> = poses.iter().step_by(STEP).map(|p| latent.encode(p)).collect();
            let points = points.into_iter().step_by(STEP).collect();
            Example { pulse: pulse::rows(&rhythm, codes.len()), codes, points: Some(points), origin: -1.0 }
        })
        .collect()
}

/// A manner for every point; points repeat, and solving for one takes time.
fn manners(points: &[Point]) -> Vec<Expressivity> {
    let mut known: Option<(Point, Expressivity)> = None;
    let mut manner = |point: &Point| match known {
        Some((before, manner)) if before == *point => manner,
        _ => known.insert((*point, Expressivity::at(point))).1,
    };
    points.iter().map(&mut manner).collect()
}

/// A third neutral; else one feeling at intensities up to 1.5, a quarter of them turning into another.
fn emotion_track(frames: usize, rng: &mut impl Rng) -> Vec<Point> {
    let draw = |rng: &mut dyn Rng| -> Point {
        if rng.random_bool(0.33) {
            [0.0; EMOTION]
        } else {
            Label::ALL[rng.random_range(1..Label::ALL.len())].at(rng.random_range(0.2..1.5))
        }
    };
    let (from, to) = (draw(rng), draw(rng));
    let turn = if rng.random_bool(0.25) { rng.random_range(0..frames) } else { frames };
    (0..frames).map(|n| if n < turn { from } else { to }).collect()
}

/// Clips of recorded people, chained: those of one body begin and end in one pose.
fn people(clips: &[Recorded], latent: &Latent, rng: &mut impl Rng) -> Vec<Example> {
    const CHAINS: usize = 12;
    const CLIPS: usize = 8;
    let mut bodies: Vec<Vec<&Recorded>> = vec![Vec::new(), Vec::new()];
    for clip in clips.iter().filter(|c| !c.poses.is_empty()) {
        bodies[usize::from(clip.name.contains("_m_"))].push(clip);
    }
    let mut examples = Vec::new();
    for body in bodies.iter().filter(|b| !b.is_empty()) {
        // Every clip by itself, and chains of several.
        let alone = body.iter().map(|c| vec![*c]);
        let chained: Vec<Vec<&Recorded>> =
            (0..CHAINS).map(|_| (0..CLIPS).map(|_| body[rng.random_range(0..body.len())]).collect()).collect();
        for chain in alone.chain(chained) {
            examples.push(example(&chain, latent, rng));
        }
    }
    examples
}

fn example(chain: &[&Recorded], latent: &Latent, rng: &mut impl Rng) -> Example {
    let mut poses: Vec<Pose> = Vec::new();
    let mut points: Vec<Option<Point>> = Vec::new();
    for clip in chain {
        // Where the last one stood is where the next one begins.
        let shift = poses.last().map_or(glam::Vec3::ZERO, |p| p.hips - clip.poses[0].hips) * glam::Vec3::new(1.0, 0.0, 1.0);
        let moved = clip.poses.iter().map(|p| Pose { hips: p.hips + shift, ..p.clone() });
        poses.extend(moved);
        let felt = KINDS.iter().find(|(kind, _)| *kind == clip.kind).and_then(|(_, felt)| *felt);
        points.extend(std::iter::repeat_n(felt.map(|(label, strength)| label.at(strength)), clip.poses.len()));
    }
    centre(&mut poses);
    let rhythm = rhythm_of_motion(&Motion::of(&poses), rng);
    let codes: Vec<Code> = poses.iter().step_by(STEP).map(|p| latent.encode(p)).collect();
    let points: Option<Vec<Point>> = points.into_iter().step_by(STEP).collect();
    Example { pulse: pulse::rows(&rhythm, codes.len()), codes, points, origin: 1.0 }
}

/// Speakers under their own speech.
fn spoken(pair: Pair, latent: &Latent) -> Example {
    let Pair { mut poses, speech, felt, .. } = pair;
    centre(&mut poses);
    let codes: Vec<Code> = poses.iter().step_by(STEP).map(|p| latent.encode(p)).collect();
    let points = felt.map(|label| vec![label.at(1.0); codes.len()]);
    Example { pulse: pulse::rows(&Rhythm::of(&speech, poses.len()), codes.len()), codes, points, origin: 1.0 }
}

/// Puts the mean place between the feet over the origin.
fn centre(poses: &mut [Pose]) {
    let sum = poses.iter().fold(glam::Vec3::ZERO, |sum, p| sum + p.hips);
    let mean = sum / poses.len().max(1) as f32 * glam::Vec3::new(1.0, 0.0, 1.0);
    poses.iter_mut().for_each(|p| p.hips -= mean);
}

/// The rhythm of speech that would go with a motion: strokes are stresses, heard a little after the hand is fastest; moving hands
/// are phrases, still ones pauses. Some stresses are missed and some invented, as people do not gesture on each.
fn rhythm_of_motion(motion: &Motion, rng: &mut impl Rng) -> Rhythm {
    let frames = motion.speed.len();
    let slow = crate::body::curves::smooth(&motion.speed, 8.0);
    // Hands at half a metre a second go with a loud voice.
    let mut level: Vec<f32> = slow.iter().map(|v| (1.6 * v).min(0.75)).collect();
    let normal = |rng: &mut dyn Rng| -> f32 { StandardNormal.sample(rng) };
    let mut peaks: Vec<Peak> = Vec::new();
    for stroke in motion.strokes() {
        if rng.random_bool(0.15) {
            continue;
        }
        let frame = stroke.peak as f32 + 3.0 + 3.0 * normal(rng);
        let height = (0.35 + 0.5 * stroke.speed).min(1.0);
        peaks.push(Peak {
            frame: (frame.max(0.0) as usize).min(frames - 1),
            prominence: 0.3 + 0.4 * height * rng.random::<f32>(),
            level: height,
        });
    }
    // Syllables without a stroke.
    let mut at = rng.random_range(4..20);
    while at < frames {
        if level[at] > 0.2 && rng.random_bool(0.5) {
            peaks.push(Peak { frame: at, prominence: rng.random_range(0.1..0.3), level: rng.random_range(0.3..0.6) });
        }
        at += rng.random_range(6..14);
    }
    peaks.sort_by_key(|p| p.frame);
    for peak in &peaks {
        for (n, level) in level.iter_mut().enumerate().take(peak.frame + 7).skip(peak.frame.saturating_sub(6)) {
            *level = level.max(peak.level * (-((n as f32 - peak.frame as f32) / 3.0).powi(2)).exp());
        }
    }
    Rhythm::from_curves(level, peaks)
}

/// What a window asks for, and the motion that answers.
struct Lesson {
    codes: Vec<Code>,
    pulse: Vec<[f32; PULSE]>,
    modulation: Vec<[f32; MODULATION]>,
}

fn lesson(example: &Example, rng: &mut impl Rng) -> Lesson {
    let total = example.codes.len();
    let from = rng.random_range(0..=total.saturating_sub(WINDOW));
    let span = from..(from + WINDOW).min(total);
    let mirrored = rng.random_bool(0.5);
    let mut codes: Vec<Code> = example.codes[span.clone()].iter().map(|c| if mirrored { mirror(c) } else { *c }).collect();
    // Nobody stands on a mark.
    let normal = |rng: &mut dyn Rng| -> f32 { StandardNormal.sample(rng) };
    let shift = [0.03 * normal(rng), 0.03 * normal(rng)];
    for code in &mut codes {
        (code[0], code[2]) = (code[0] + shift[0], code[2] + shift[1]);
        (code[45], code[48], code[47], code[50]) = (code[45] + shift[0], code[48] - shift[0], code[47] + shift[1], code[50] + shift[1]);
    }
    let all = rng.random_bool(DROP / 2.0);
    let drop = |rng: &mut dyn Rng, share: f64| all || rng.random_bool(share);
    let (no_rhythm, no_emotion, no_style) = (drop(rng, DROP), drop(rng, DROP), drop(rng, NO_STYLE));
    let pulse = if no_rhythm { vec![[0.0; PULSE]; span.len()] } else { example.pulse[span.clone()].to_vec() };
    let style = (!no_style).then(|| style::of(&codes));
    let origin = if rng.random_bool(0.12) { 0.0 } else { example.origin };
    let point = |k: usize| example.points.as_ref().filter(|_| !no_emotion).map(|p| p[k]);
    let modulation = span.map(|k| modulation_row(point(k).as_ref(), style.as_ref(), origin)).collect();
    Lesson { codes, pulse, modulation }
}

/// Which parts of which codes are given: none, the beginning, some moments, or some parts throughout.
fn given(length: usize, rng: &mut impl Rng) -> Vec<[bool; Part::COUNT]> {
    let mut given = vec![[false; Part::COUNT]; length];
    match rng.random_range(0..20) {
        0..7 => given[..rng.random_range(1..32).min(length)].fill([true; Part::COUNT]),
        7..10 => {
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..length);
                let parts = if rng.random_bool(0.5) { [true; Part::COUNT] } else { std::array::from_fn(|_| rng.random_bool(0.5)) };
                for slot in &mut given[at..(at + rng.random_range(1..10)).min(length)] {
                    (0..Part::COUNT).for_each(|p| slot[p] |= parts[p]);
                }
            }
        }
        10..12 => given.fill(std::array::from_fn(|_| rng.random_bool(0.4))),
        _ => {}
    }
    given
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

fn batch(pools: &[Vec<Example>; 2], scale: &Scale, rng: &mut impl Rng) -> Result<Batch> {
    let (mut clean, mut noisy, mut levels, mut mask) = (vec![], vec![], vec![], vec![]);
    let (mut condition, mut modulation, mut lengths) = (vec![], vec![], vec![]);
    let groups = config().groups;
    for (count, pool) in BATCH.iter().zip(pools).filter(|(_, pool)| !pool.is_empty()) {
        for _ in 0..*count {
            let lesson = lesson(&pool[rng.random_range(0..pool.len())], rng);
            let length = lesson.codes.len();
            let drawn = if rng.random_bool(0.5) { 1.0 - (1.0 - rng.random::<f32>()).powf(1.7) } else { rng.random() };
            let given = given(length, rng);
            for n in 0..WINDOW {
                let row = lesson.codes.get(n).map_or([0.0; CODE], |code| scale.standardise(code));
                let level: [f32; Part::COUNT] = std::array::from_fn(|p| if given.get(n).is_some_and(|g| g[p]) { 0.0 } else { drawn });
                levels.extend(level);
                mask.push(f32::from(u8::from(n < length)));
                for c in 0..CODE {
                    let (signal, share) = noise::shares(level[groups[c]]);
                    let eps: f32 = StandardNormal.sample(rng);
                    clean.push(row[c]);
                    noisy.push(signal * row[c] + share * eps);
                }
                condition.extend(lesson.pulse.get(n).copied().unwrap_or([0.0; PULSE]));
                modulation.extend(lesson.modulation.get(n).copied().unwrap_or([0.0; MODULATION]));
            }
            lengths.push(length);
        }
    }
    let rows = lengths.len();
    let tensor = |v: Vec<f32>, width: usize| Tensor::from_vec(v, (rows, WINDOW, width), &Device::Cpu);
    Ok(Batch {
        clean: tensor(clean, CODE)?,
        noisy: tensor(noisy, CODE)?,
        levels: tensor(levels, Part::COUNT)?,
        condition: tensor(condition, PULSE)?,
        modulation: tensor(modulation, MODULATION)?,
        mask: tensor(mask, 1)?,
        lengths,
    })
}

/// Weights of the numbers of a code: how far an error moves a point of the body.
fn weights(scale: &Scale) -> Result<Tensor> {
    let weight = |c: usize| (scale.deviation[c] * leverage(c) / ERROR).powi(2).clamp(0.1, 12.0);
    let weights: Vec<f32> = (0..CODE).map(weight).collect();
    let total: f32 = weights.iter().sum::<f32>() / CODE as f32;
    Ok(Tensor::from_vec(weights.iter().map(|w| w / total).collect::<Vec<f32>>(), (1, 1, CODE), &Device::Cpu)?)
}

fn loss(denoiser: &Denoiser, batch: &Batch, weights: &Tensor) -> Result<Tensor> {
    let out = denoiser.forward(&batch.noisy, &batch.levels, &batch.condition, &batch.modulation, &batch.lengths)?;
    let error = out.sub(&batch.clean)?.broadcast_mul(&batch.mask)?;
    let place = error.sqr()?.broadcast_mul(weights)?.mean_all()?;
    let difference = error.narrow(1, 1, WINDOW - 1)?.sub(&error.narrow(1, 0, WINDOW - 1)?)?;
    let speed = difference.sqr()?.broadcast_mul(weights)?.mean_all()?;
    Ok((place + (speed * SPEED)?)?)
}

fn fit_scale(pools: &[Vec<Example>; 2], rng: &mut impl Rng) -> Scale {
    let (mut sum, mut square, mut count) = ([0f64; CODE], [0f64; CODE], 0f64);
    for _ in 0..100 {
        for (share, pool) in BATCH.iter().zip(pools).filter(|(_, pool)| !pool.is_empty()) {
            for _ in 0..*share {
                for code in lesson(&pool[rng.random_range(0..pool.len())], rng).codes {
                    for c in 0..CODE {
                        sum[c] += f64::from(code[c]);
                        square[c] += f64::from(code[c]).powi(2);
                    }
                    count += 1.0;
                }
            }
        }
    }
    let mean: Code = std::array::from_fn(|c| (sum[c] / count) as f32);
    // Noise must not be larger than what it is added to means: half a centimetre at least.
    let floor = |c: usize| 0.005 / leverage(c);
    let deviation = |c: usize| ((square[c] / count - f64::from(mean[c]).powi(2)).max(0.0).sqrt() as f32).max(floor(c));
    Scale { deviation: std::array::from_fn(deviation), mean }
}

/// Trains for `steps` batches and saves the averaged weights with scale and grips beside them.
pub fn train(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.out).map_err(Error::io(&options.out))?;
    let log = Log::new(options.out.clone());
    let root = options.data.join("data");
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let talks_train = talks(&root, Split::Train)?;
    let chosen = talks(&root, Split::Validation)?;
    let clips = recorded(&root, &|file| {
        KINDS.iter().any(|(kind, _)| file.starts_with(&format!("{kind}/"))) && !UNLIKE_SPEECH.iter().any(|word| file.contains(word))
    })?;
    let clips: Vec<Recorded> = clips.into_iter().filter(|c| !c.test).collect();
    let latent = fit_latent(&clips, &talks_train);
    let mut people = people(&clips, &latent, &mut rng);
    if let Some(folder) = &options.pairs {
        let spoken: Vec<Example> = pairs(folder)?.into_iter().map(|pair| spoken(pair, &latent)).collect();
        log.line(&format!("{} takes of speakers with their speech", spoken.len()))?;
        people.extend(spoken);
    }
    let pools = [taught(&talks_train, &latent, options), people];
    let minutes = |pool: &[Example]| pool.iter().map(|e| e.codes.len() * STEP).sum::<usize>() as f32 / 1800.0;
    let recorded_minutes = clips.iter().map(|c| c.poses.len()).sum::<usize>() as f32 / 1800.0;
    log.line(&format!(
        "{:.0} minutes by the rules over {:.0} of speech; {recorded_minutes:.1} recorded in {} clips",
        minutes(&pools[0]),
        talks_train.iter().map(|t| t.speech.seconds).sum::<f64>() / 60.0,
        clips.len()
    ))?;
    let scale = fit_scale(&pools, &mut rng);
    let weights = weights(&scale)?;
    let map = VarMap::new();
    let denoiser = Denoiser::new(config(), VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    let peak = if options.resume { LEARNING_RATE / 3.0 } else { LEARNING_RATE };
    if options.resume {
        super::restore(&map, &log.file("body"), "")?;
    }
    let mut average = Average::new(&map)?;
    let mut optimiser = optimiser(&map, peak)?;
    let row = |v: &[f32]| Tensor::from_slice(v, v.len(), &Device::Cpu);
    let extra = HashMap::from([
        ("scale.mean".to_string(), row(&scale.mean)?),
        ("scale.deviation".to_string(), row(&scale.deviation)?),
        ("grip.mean".to_string(), row(&latent.mean)?),
        ("grip.axes".to_string(), Tensor::from_slice(&latent.grips.concat(), (GRIP, FINGERS), &Device::Cpu)?),
    ]);
    let mut smooth = 0.0;
    for step in 0..options.steps {
        optimiser.set_learning_rate(super::schedule(peak, step, options.steps));
        let loss = loss(&denoiser, &batch(&pools, &scale, &mut rng)?, &weights)?;
        super::step(&mut optimiser, &map, &loss)?;
        average.update(&map, step)?;
        let now = loss.to_scalar::<f32>()?;
        smooth = if step == 0 { now } else { 0.98 * smooth + 0.02 * now };
        if step % 250 == 249 || step + 1 == options.steps {
            let mut tensors = average.half()?;
            tensors.extend(extra.clone());
            super::save(tensors, &log.file("body"))?;
            let denoiser = Denoiser::new(config(), VarBuilder::from_tensors(average.tensors.clone(), DType::F32, &Device::Cpu))?;
            let model = BodyModel::new(denoiser, scale.clone(), latent.clone());
            log.line(&format!("body {}/{} loss {smooth:.4} {}", step + 1, options.steps, validate(&model, &chosen)?))?;
        }
    }
    Ok(())
}

/// Grips of people and of the rules.
fn fit_latent(clips: &[Recorded], talks: &[Talk]) -> Latent {
    let ruled: Vec<Vec<Pose>> = talks
        .iter()
        .take(12)
        .map(|talk| {
            let frames = talk.frames();
            rehearse(&Rhythm::of(&talk.speech, frames), vec![Expressivity::default(); frames], 1, &[], false)
        })
        .collect();
    let step = 15;
    Latent::fit(clips.iter().flat_map(|c| c.poses.iter().step_by(step)).chain(ruled.iter().flat_map(|p| p.iter().step_by(step))))
}

/// Neutral samples under speech kept for choosing.
fn validate(model: &BodyModel, talks: &[Talk]) -> Result<String> {
    let step = talks.len().div_ceil(6).max(1);
    let chosen: Vec<&Talk> = talks.iter().step_by(step).collect();
    let figures: Vec<[f32; 9]> = chosen
        .par_iter()
        .map(|talk| {
            let rhythm = Rhythm::of(&talk.speech, talk.frames());
            let request = Request {
                rhythm: &rhythm,
                frames: talk.frames(),
                emotion: &[],
                manners: &[],
                style: None,
                heads: &[Head::default()],
                busy: &[],
                given: &[],
                seed: 1,
            };
            let motion = Motion::of(&model.perform(&request)?);
            let (r, lag) = motion.timing(&rhythm.level);
            let speed = |q: f32| motion.speed_percentile(q);
            let stress = motion.stroke_to_stress(&rhythm).unwrap_or(1.0);
            let rest = motion.rest_in_pauses(&rhythm).unwrap_or(1.0);
            Ok([r, lag, stress, rest, speed(0.25), speed(0.5), speed(0.95), motion.log_jerk, 100.0 * motion.inside])
        })
        .collect::<Result<_>>()?;
    let figure = |k: usize| mean(&figures.iter().map(|f| f[k]).collect::<Vec<f32>>());
    Ok(format!(
        "r {:.2} lag {:.2} stress {:.2} rest {:.2} speed {:.2} {:.2} {:.2} jerk {:.2} inside {:.2} %",
        figure(0),
        figure(1),
        figure(2),
        figure(3),
        figure(4),
        figure(5),
        figure(6),
        figure(7),
        figure(8)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_give_no_more_than_there_is() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for length in 1..40 {
            for _ in 0..40 {
                assert_eq!(given(length, &mut rng).len(), length);
            }
        }
    }
}
