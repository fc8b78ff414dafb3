//! Training, from recordings to weights: `gestus train face` runs its stages in order, each resumable from its file, and
//! `gestus train body` and `gestus train emotion` train the body and the ear for feelings.

pub mod augment;
pub mod body;
pub mod clips;
pub mod content;
pub mod data;
pub mod diphones;
pub mod emotion;
pub mod face;
pub mod flite;
pub mod npz;
pub mod pairs;
mod pseudo;
pub mod sentences;
pub mod sounds;
pub mod sync;
pub mod synthesis;
pub mod talks;
pub mod track;
pub mod transcripts;
pub mod voices;

use crate::{Error, Result, weights};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarMap};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What to train and where the weights go.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of recordings (`data` inside it).
    pub data: PathBuf,
    /// Which of the recordings may be learned from.
    pub sources: data::Sources,
    /// Where `content.safetensors` and `face.safetensors` are written.
    pub out: PathBuf,
    /// Minutes of synthesised speech for the content encoder; 0 does without.
    pub synthetic_minutes: f32,
    /// Batches of the content encoder; 0 keeps the encoder in `out`.
    pub content_steps: usize,
    /// Batches of the denoiser; 0 trains none.
    pub face_steps: usize,
    /// Go on from the weights in `out`, at a third of the learning rate; a content encoder hears less in other voices and ends half way
    /// between these weights and where they lead.
    pub resume: bool,
    /// Leave out the speakers for choosing.
    pub hold_out: bool,
    pub seed: u64,
}

/// Progress of a training run: lines on stderr, checkpoints beside the weights.
pub struct Log {
    out: PathBuf,
    start: Instant,
}

impl Log {
    pub fn new(out: PathBuf) -> Log {
        Log { out, start: Instant::now() }
    }

    pub fn line(&self, text: &str) -> Result<()> {
        let seconds = self.start.elapsed().as_secs();
        writeln!(std::io::stderr(), "{seconds:5} s  {text}").map_err(Error::io("standard error"))
    }

    /// Where the weights of a model go.
    pub fn file(&self, name: &str) -> PathBuf {
        self.out.join(format!("{name}.safetensors"))
    }
}

/// Writes tensors as they are, in the order of their names.
pub fn save(tensors: HashMap<String, Tensor>, path: &Path) -> Result<()> {
    let mut sorted: Vec<_> = tensors.into_iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let bytes = safetensors::serialize(sorted.iter().map(|(n, t)| (n.as_str(), t)), None).map_err(|e| Error::Model(e.to_string()))?;
    let mut output = crate::output::Output::create(path)?;
    output.write_all(&bytes).map_err(Error::io(path))?;
    output.commit()
}

/// Jitters what a window hears, so that the denoiser does not take the encoder at its word for voices it knows by heart.
pub fn augment_condition(rows: &[f32], rng: &mut impl Rng) -> Vec<f32> {
    let jitter = 0.12 * rng.random::<f32>();
    rows.iter().map(|v| v + jitter * Distribution::<f32>::sample(&StandardNormal, rng)).collect()
}

/// Sets the weights of a map from a checkpoint, where `prefix` stands before their names.
pub fn restore(map: &VarMap, path: &Path, prefix: &str) -> Result<()> {
    let tensors = weights::restore(candle_core::safetensors::load(path, &Device::Cpu)?)?;
    for (name, var) in &variables(map)? {
        let tensor = tensors
            .get(&format!("{prefix}{name}"))
            .ok_or_else(|| Error::malformed(path.display().to_string(), format!("has no weights {name}")))?;
        var.set(&tensor.to_dtype(DType::F32)?)?;
    }
    Ok(())
}

/// The weights of a map by name: its own order would change from run to run.
fn variables(map: &VarMap) -> Result<BTreeMap<String, Var>> {
    let data = map.data().lock().map_err(|_| Error::Model("a training thread failed".into()))?;
    Ok(data.iter().map(|(name, var)| (name.clone(), var.clone())).collect())
}

/// Draws the first weights anew from a seed, each by its name alone: matrices normal with a variance of 2 over their inputs (He et al. 2015),
/// their biases even within 1 over the root of the inputs. What starts as a constant stays.
pub fn draw(map: &VarMap, seed: u64) -> Result<()> {
    let vars = variables(map)?;
    for (stream, (name, var)) in vars.iter().enumerate() {
        let values = var.flatten_all()?.to_vec1::<f32>()?;
        if values.iter().all(|v| *v == values[0]) {
            continue;
        }
        let matrix = vars.get(&name.replace("bias", "weight")).unwrap_or(var);
        let inputs = matrix.dims().last().copied().unwrap_or(1) as f32;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(WEIGHTS_STREAM + stream as u64);
        let (deviation, reach) = ((2.0 / inputs).sqrt(), 1.0 / inputs.sqrt());
        let mut number = || if var.rank() > 1 { deviation * normal(&mut rng) } else { rng.random_range(-reach..reach) };
        let drawn: Vec<f32> = values.iter().map(|_| number()).collect();
        var.set(&Tensor::from_vec(drawn, var.shape(), &Device::Cpu)?)?;
    }
    Ok(())
}

const WEIGHTS_STREAM: u64 = 1 << 16;

fn normal(rng: &mut impl Rng) -> f32 {
    StandardNormal.sample(rng)
}

/// AdamW with the decay that small corpora need.
pub fn optimiser(map: &VarMap, learning_rate: f64) -> Result<AdamW> {
    let vars = variables(map)?.into_values().collect();
    Ok(AdamW::new(vars, ParamsAdamW { lr: learning_rate, weight_decay: 0.02, ..Default::default() })?)
}

/// Warm-up over 50 steps, then half a cosine down to a twentieth.
pub fn schedule(peak: f64, step: usize, steps: usize) -> f64 {
    let warm = ((step + 1) as f64 / 50.0).min(1.0);
    let done = step as f64 / steps.max(1) as f64;
    peak * warm * (0.05 + 0.95 * 0.5 * (1.0 + (std::f64::consts::PI * done).cos()))
}

/// One step down the gradient of a loss, whose norm is held under 1.
pub fn step(optimiser: &mut AdamW, map: &VarMap, loss: &Tensor) -> Result<()> {
    crate::interrupt::check()?;
    descend(optimiser, map, &mut loss.backward()?)
}

/// Moves the weights of one map down a gradient, whose norm over that map is held under 1.
pub fn descend(optimiser: &mut AdamW, map: &VarMap, gradients: &mut GradStore) -> Result<()> {
    let vars: Vec<Var> = variables(map)?.into_values().collect();
    let mut square = 0f64;
    for var in &vars {
        if let Some(g) = gradients.get(var) {
            square += f64::from(g.sqr()?.sum_all()?.to_scalar::<f32>()?);
        }
    }
    let norm = square.sqrt();
    if !norm.is_finite() {
        return Ok(());
    }
    if norm > 1.0 {
        for var in &vars {
            if let Some(g) = gradients.remove(var) {
                gradients.insert(var, (g / norm)?);
            }
        }
    }
    Ok(optimiser.step(gradients)?)
}

/// Share of the moving average of the weights that a step keeps.
const AVERAGE: f64 = 0.998;

/// An exponential moving average of the weights: what is judged and shipped.
pub struct Average {
    pub tensors: HashMap<String, Tensor>,
}

impl Average {
    pub fn new(map: &VarMap) -> Result<Average> {
        Ok(Average { tensors: Average::copy(map)? })
    }

    fn copy(map: &VarMap) -> Result<HashMap<String, Tensor>> {
        variables(map)?.iter().map(|(name, var)| Ok((name.clone(), var.as_tensor().copy()?.detach()))).collect()
    }

    pub fn update(&mut self, map: &VarMap, step: usize) -> Result<()> {
        // A young average would remember the start for too long.
        let keep = AVERAGE.min((1.0 + step as f64) / (10.0 + step as f64));
        for (name, now) in Average::copy(map)? {
            if let Some(old) = self.tensors.get_mut(&name) {
                *old = ((&*old * keep)? + (now * (1.0 - keep))?)?.detach();
            }
        }
        Ok(())
    }

    /// Goes half way to other weights.
    pub fn meet(&mut self, other: &Average) -> Result<()> {
        for (name, tensor) in &mut self.tensors {
            if let Some(other) = other.tensors.get(name) {
                *tensor = ((&*tensor + other)? * 0.5)?;
            }
        }
        Ok(())
    }

    /// The weights as half floats, for a file.
    pub fn half(&self) -> Result<HashMap<String, Tensor>> {
        self.tensors.iter().map(|(name, tensor)| Ok((name.clone(), tensor.to_dtype(DType::F16)?))).collect()
    }
}

/// Minutes of sounds that nobody speaks.
const SOUND_MINUTES: f32 = 60.0;

/// Face and ear are trained with a content encoder, which must lie in their folder.
///
/// # Errors
/// [`Error::Usage`] where it does not.
fn has_content(folder: &Path) -> Result<()> {
    let path = folder.join("content.safetensors");
    let hint = format!("train it first: gestus train face --face-steps 0 -o {}", folder.display());
    if path.is_file() { Ok(()) } else { Err(Error::usage(format!("{} is missing", path.display()), hint)) }
}

/// Trains the face: recordings, content encoder, denoiser.
pub fn face(options: &Options) -> Result<()> {
    if options.content_steps == 0 {
        has_content(&options.out)?;
    }
    std::fs::create_dir_all(&options.out).map_err(Error::io(&options.out))?;
    let log = Log::new(options.out.clone());
    let root = options.data.join("data");
    // First, while little is in memory: each of their utterances is a process of its own, which copies the tables of what there is.
    let made = if options.content_steps > 0 && options.synthetic_minutes > 0.0 { voices_made(options, &log)? } else { Vec::new() };
    let mut takes = data::faces(&root)?;
    takes.extend(data::phones(&root)?);
    takes.retain(|t| t.split != data::Split::Train || options.sources.allow(t.source));
    if !options.hold_out {
        takes.iter_mut().filter(|t| t.is_held_out()).for_each(|t| t.split = data::Split::Train);
    }
    let minutes: f32 = takes.iter().map(|t| t.frames as f32).sum::<f32>() / (60.0 * data::FPS as f32);
    log.line(&format!("{} takes, {minutes:.0} minutes", takes.len()))?;
    if options.content_steps > 0 {
        takes.extend(data::voices(&root)?.into_iter().filter(|t| options.sources.allow(t.source)));
        takes.extend(sounds::takes(SOUND_MINUTES, options.seed));
        if options.synthetic_minutes > 0.0 {
            transcripts::pronounce(&mut takes)?;
        }
        takes.extend(made);
        content::train(&takes, options, &log)?;
    }
    if options.face_steps > 0 {
        let weights = candle_core::safetensors::load(log.file("content"), &Device::Cpu)?;
        face::train(&takes, &weights, options, &log)?;
    }
    // Content alone has nothing to calibrate.
    if log.file("face").exists() { face::calibrate(&takes, &log) } else { Ok(()) }
}

/// Speech made by synthesisers, as far as they are installed and may be learned from.
fn voices_made(options: &Options, log: &Log) -> Result<Vec<data::Take>> {
    let (minutes, seed) = (options.synthetic_minutes, options.seed);
    let mut takes = Vec::new();
    let mut add = |made: Vec<data::Take>, what: &str| {
        let missing = if made.is_empty() { ": not installed, the encoder will know fewer voices" } else { "" };
        log.line(&format!("{} utterances of {what}{missing}", made.len()))?;
        takes.extend(made);
        Ok::<(), Error>(())
    };
    if options.sources.allow(data::Source::Diphones) {
        add(diphones::takes(data::Split::Train, minutes, seed)?, "MBROLA (mbrola and its voices)")?;
        add(diphones::takes(data::Split::Validation, CHOOSING * minutes, seed)?, "voices kept for choosing")?;
    }
    add(flite::takes(FLITE * minutes, seed)?, "Flite (libflite1)")?;
    add(synthesis::takes(minutes, seed)?, "espeak-ng")?;
    Ok(takes)
}

/// Minutes of Flite's four voices, and of MBROLA's voices for choosing, for one of espeak-ng's.
const FLITE: f32 = 0.25;
const CHOOSING: f32 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_meet_are_half_way_between() -> Result<()> {
        let of = |value: f32| -> Result<Average> {
            let map = VarMap::new();
            map.data().lock().unwrap().insert("w".into(), Var::from_vec(vec![value, -value], 2, &Device::Cpu)?);
            Average::new(&map)
        };
        let mut average = of(3.0)?;
        average.meet(&of(1.0)?)?;
        assert_eq!(average.tensors["w"].to_vec1::<f32>()?, [2.0, -2.0]);
        Ok(())
    }
}
