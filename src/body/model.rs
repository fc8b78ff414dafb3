//! The body model: rhythm, feeling and style in, poses out.
//!
//! The same kind of denoiser as the face's, over codes ([`super::latent`]) at 7.5 a second. Trunk and arms have noise levels of
//! their own, so that any part of any frame may be given: the overlap of windows of a long take, a seed, a pose to come
//! through, a gesture of one arm. Windows of 8 s overlap by 2 s; what comes out is made fit for a body ([`super::finish`]).

use super::curves::smooth;
use super::expressivity::Expressivity;
use super::finish::Finish;
use super::given::{self, Given};
use super::latent::{CODE, Code, FINGERS, GRIP, Latent, Part, STEP, fill_in};
use super::pulse::{self, PULSE};
use super::rehearse;
use super::rhythm::Rhythm;
use super::skeleton::Pose;
use super::style::{STYLE, Style};
use crate::diffusion::denoiser::{Config, Denoiser};
use crate::diffusion::noise;
use crate::diffusion::sampler::{Schedule, descend};
use crate::emotion::{EMOTION, Point};
use crate::models::Models;
use crate::motion::Head;
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Numbers a code of emotion and style, each with a mark that it is given, and of whose motion it is.
pub const MODULATION: usize = EMOTION + 1 + STYLE + 1 + 1;
/// Codes of a window, of the overlap that is given, and at its end that the next window makes anew.
pub const WINDOW: usize = 60;
const OVERLAP: usize = 15;
const TAIL: usize = 4;
/// Frames that the sketch takes to a given pose and away from it: about a second, as from one gesture to the next.
const WAY: f32 = 30.0;
/// Which stream of noise the body has: the face has the first.
const STREAM: u64 = 1;

/// The size of the shipped denoiser.
pub fn config() -> Config {
    Config {
        channels: CODE,
        groups: (0..CODE).map(|c| Part::of(c) as usize).collect(),
        condition: PULSE,
        modulation: MODULATION,
        width: 128,
        blocks: 4,
        heads: 4,
        reach: 15,
    }
}

/// How the model is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// Evaluations of the network.
    pub steps: usize,
    /// Deviation of the noise it starts from.
    pub temperature: f32,
    /// Level it starts from: 1 is noise alone; less starts from a sketch by the rules under that much noise (Meng et al. 2022,
    /// <https://arxiv.org/abs/2108.01073>), which keeps their large moves and leaves the rest to the model.
    pub start: f32,
    /// How much larger than asked the sketch's strokes are: few evaluations take some of it back.
    pub extent: f32,
    /// How much further than asked the rhythm leads: 1 asks once; more takes two evaluations a step.
    pub rhythm: f32,
    /// Deviation in codes of the low-pass that every estimate goes through: what few evaluations leave of the noise is white,
    /// and bodies are not.
    pub smooth: f32,
    /// Whose motion: 1 as recorded people, -1 as the rules.
    pub origin: f32,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { steps: 4, temperature: 1.0, start: 0.4, extent: 1.35, rhythm: 1.0, smooth: 0.35, origin: 0.0 }
    }
}

/// What to perform, at 30 frames a second.
pub struct Request<'a> {
    pub rhythm: &'a Rhythm,
    pub frames: usize,
    /// A point of the emotion space for every frame; the last one holds, none is neutral.
    pub emotion: &'a [Point],
    /// The manner that goes with it, for what stays rules.
    pub manners: &'a [Expressivity],
    pub style: Option<&'a Style>,
    /// Head motion of a face model, one a frame; the last one holds.
    pub heads: &'a [Head],
    /// Frames in which the hands begin no strokes of their own.
    pub busy: &'a [Range<f32>],
    pub given: &'a [Given],
    pub seed: u64,
}

/// Centre and spread of every number of a code.
#[derive(Clone, Debug)]
pub struct Scale {
    pub mean: Code,
    pub deviation: Code,
}

impl Scale {
    pub fn standardise(&self, code: &Code) -> Code {
        std::array::from_fn(|c| (code[c] - self.mean[c]) / self.deviation[c])
    }

    fn restore(&self, row: &[f32]) -> Code {
        std::array::from_fn(|c| row[c] * self.deviation[c] + self.mean[c])
    }
}

/// See the module's text.
pub struct BodyModel {
    denoiser: Denoiser,
    pub scale: Scale,
    pub latent: Latent,
    pub sampling: Sampling,
}

impl BodyModel {
    /// The body with the weights that gestus ships.
    pub fn builtin() -> Result<Arc<BodyModel>> {
        Models::Standard.body()
    }

    /// Reads a model from the bytes of a safetensors file.
    pub fn from_bytes(bytes: &[u8]) -> Result<BodyModel> {
        let bad = |what: String| Error::malformed("body weights", format!("damaged weights: {what}"));
        let weights: HashMap<String, Tensor> =
            candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(|e| bad(e.to_string()))?;
        let row = |name: &str, length: usize| -> Result<Vec<f32>> {
            let values = weights.get(name).and_then(|t| t.to_dtype(DType::F32).ok()?.flatten_all().ok()?.to_vec1::<f32>().ok());
            values.filter(|v| v.len() == length).ok_or_else(|| bad(format!("{name} is missing or has the wrong length")))
        };
        let code = |v: Vec<f32>| -> Code { std::array::from_fn(|i| v[i]) };
        let scale = Scale { mean: code(row("scale.mean", CODE)?), deviation: code(row("scale.deviation", CODE)?) };
        let (mean, grips) = (row("grip.mean", FINGERS)?, row("grip.axes", GRIP * FINGERS)?);
        let latent = Latent {
            mean: std::array::from_fn(|i| mean[i]),
            grips: std::array::from_fn(|k| std::array::from_fn(|i| grips[k * FINGERS + i])),
        };
        let denoiser = Denoiser::new(config(), VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu))?;
        Ok(BodyModel::new(denoiser, scale, latent))
    }

    pub fn new(denoiser: Denoiser, scale: Scale, latent: Latent) -> BodyModel {
        BodyModel { denoiser, scale, latent, sampling: Sampling::default() }
    }

    /// A pose for every frame.
    pub fn perform(&self, request: &Request) -> Result<Vec<Pose>> {
        if request.frames == 0 {
            return Ok(Vec::new());
        }
        let count = (request.frames - 1).div_ceil(STEP) + 1;
        let codes = self.sample(request, count)?;
        let finish = Finish {
            latent: &self.latent,
            rhythm: request.rhythm,
            manners: request.manners,
            heads: request.heads,
            given: request.given,
            seed: request.seed,
        };
        Ok(finish.poses(fill_in(&codes, request.frames)))
    }

    /// Codes for the whole of a request, window by window.
    fn sample(&self, request: &Request, count: usize) -> Result<Vec<Code>> {
        let pulse = pulse::rows(request.rhythm, count);
        let neutral = [0.0; EMOTION];
        let point = |k: usize| request.emotion.get(k * STEP).or(request.emotion.last()).unwrap_or(&neutral);
        let modulation: Vec<[f32; MODULATION]> =
            (0..count).map(|k| modulation_row(Some(point(k)), request.style, self.sampling.origin)).collect();
        let given = self.given_codes(request.given, count);
        let sketch = if self.sampling.start < 1.0 { self.sketch(request, count) } else { Vec::new() };
        let mut rows: Vec<Code> = Vec::with_capacity(count);
        while rows.len() < count {
            crate::interrupt::check()?;
            let first = rows.len().saturating_sub(OVERLAP);
            let last = (first + WINDOW).min(count);
            let mut window: Vec<(Code, [bool; Part::COUNT])> = given[first..last].to_vec();
            for (slot, row) in window.iter_mut().zip(&rows[first..]) {
                *slot = (*row, [true; Part::COUNT]);
            }
            let sketch = sketch.get(first..last).unwrap_or_default();
            let made = self.window(first, &window, sketch, &pulse[first..last], &modulation[first..last], request.seed)?;
            rows.truncate(first);
            rows.extend(made);
            if last < count {
                rows.truncate(last - TAIL);
            }
        }
        Ok(rows.iter().map(|r| self.scale.restore(r)).collect())
    }

    /// Standardised codes of the given poses, each at its nearest code, and which parts of them are given.
    fn given_codes(&self, given: &[Given], count: usize) -> Vec<(Code, [bool; Part::COUNT])> {
        let mut rows = vec![([0.0; CODE], [false; Part::COUNT]); count];
        let mut distance = vec![[STEP; Part::COUNT]; count];
        for g in given {
            let k = (g.frame + STEP / 2) / STEP;
            let away = g.frame.abs_diff(k * STEP);
            if k >= count {
                continue;
            }
            let code = self.scale.standardise(&self.latent.encode(&g.pose));
            let nearer: Vec<Part> = Part::ALL.into_iter().filter(|p| g.has(*p) && away < distance[k][*p as usize]).collect();
            for part in nearer {
                distance[k][part as usize] = away;
                rows[k].1[part as usize] = true;
                (0..CODE).filter(|c| Part::of(*c) == part).for_each(|c| rows[k].0[c] = code[c]);
            }
        }
        rows
    }

    /// Standardised codes of the rules' performance, on its way to what is given and back.
    fn sketch(&self, request: &Request, count: usize) -> Vec<Code> {
        let manner = |n: usize| {
            let asked = request.manners.get(n).or(request.manners.last()).copied().unwrap_or_default();
            Expressivity { extent: self.sampling.extent * asked.extent, ..asked }.bounded()
        };
        let poses = rehearse(request.rhythm, (0..request.frames).map(manner).collect(), request.seed, request.busy, false);
        let last = poses.len().saturating_sub(1);
        let mut codes: Vec<Code> = (0..count).map(|k| self.latent.encode(&poses[(k * STEP).min(last)])).collect();
        let encoded: Vec<Code> = request.given.iter().map(|g| self.latent.encode(&g.pose)).collect();
        given::draw_codes(&mut codes, STEP, request.given, &encoded, WAY);
        codes.iter().map(|code| self.scale.standardise(code)).collect()
    }

    fn window(
        &self,
        first: usize,
        given: &[(Code, [bool; Part::COUNT])],
        sketch: &[Code],
        pulse: &[[f32; PULSE]],
        modulation: &[[f32; MODULATION]],
        seed: u64,
    ) -> Result<Vec<Code>> {
        let frames = given.len();
        let Sampling { steps, temperature, start, rhythm, smooth, .. } = self.sampling;
        let guided = rhythm != 1.0;
        let mut schedule = Schedule::new(&[steps; Part::COUNT], &[temperature; Part::COUNT]);
        schedule.levels.iter_mut().flatten().for_each(|level| *level *= start);
        let mut x = noise::noise(seed, STREAM, first, frames, CODE);
        x.iter_mut().for_each(|v| *v *= temperature);
        let (signal, share) = noise::shares(start);
        for (x, sketch) in x.iter_mut().zip(sketch.iter().flatten()) {
            *x = signal * sketch + share * *x;
        }
        let held: Vec<bool> = given.iter().flat_map(|(_, parts)| *parts).collect();
        for (n, (code, parts)) in given.iter().enumerate() {
            (0..CODE).filter(|c| parts[Part::of(*c) as usize]).for_each(|c| x[n * CODE + c] = code[c]);
        }
        // With guidance the second row of the batch has no rhythm.
        let rows = 1 + usize::from(guided);
        let tensor = |mut v: Vec<f32>, width: usize, silent: bool| {
            if guided {
                let again = if silent { vec![0.0; v.len()] } else { v.clone() };
                v.extend(again);
            }
            Tensor::from_vec(v, (rows, frames, width), &Device::Cpu)
        };
        let condition = tensor(pulse.concat(), PULSE, true)?;
        let modulation = tensor(modulation.concat(), MODULATION, false)?;
        let groups = &self.denoiser.config().groups;
        descend(&mut x, groups, &held, &schedule, &|x, levels| {
            let (noisy, levels) = (tensor(x.to_vec(), CODE, false)?, tensor(levels.to_vec(), Part::COUNT, false)?);
            let clean = self.denoiser.forward(&noisy, &levels, &condition, &modulation, &vec![frames; rows])?;
            let mut clean = clean.flatten_all()?.to_vec1::<f32>()?;
            if guided {
                let null = clean.split_off(frames * CODE);
                clean.iter_mut().zip(null).for_each(|(c, n)| *c = n + rhythm * (*c - n));
            }
            low_pass(&mut clean, smooth);
            Ok(clean)
        })?;
        Ok(x.chunks_exact(CODE).map(|row| std::array::from_fn(|c| row[c])).collect())
    }
}

/// Low-passes rows of codes along time.
fn low_pass(rows: &mut [f32], deviation: f32) {
    let frames = rows.len() / CODE;
    for c in (0..CODE).filter(|_| deviation > 0.0) {
        let curve: Vec<f32> = (0..frames).map(|n| rows[n * CODE + c]).collect();
        for (n, v) in smooth(&curve, deviation).into_iter().enumerate() {
            rows[n * CODE + c] = v;
        }
    }
}

/// Emotion and style with their marks, zeros where one is left out, and whose motion it is.
pub fn modulation_row(emotion: Option<&Point>, style: Option<&Style>, origin: f32) -> [f32; MODULATION] {
    let mut row = [0.0; MODULATION];
    if let Some(point) = emotion {
        row[..EMOTION].copy_from_slice(point);
        row[EMOTION] = 1.0;
    }
    if let Some(style) = style {
        row[EMOTION + 1..EMOTION + 1 + STYLE].copy_from_slice(style);
        row[EMOTION + 1 + STYLE] = 1.0;
    }
    row[MODULATION - 1] = origin;
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::given::Piece;
    use crate::body::skeleton::{OFFSETS, globals};
    use crate::body::{limits, standing};
    use candle_nn::VarMap;
    use glam::Quat;

    /// A model that has learned nothing, of a scale at which bodies stay together.
    fn untrained() -> BodyModel {
        let map = VarMap::new();
        let denoiser = Denoiser::new(config(), VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).unwrap();
        crate::train::draw(&map, 1).unwrap();
        let latent = Latent::fit([standing()].iter());
        BodyModel::new(denoiser, Scale { mean: latent.encode(&standing()), deviation: [0.05; CODE] }, latent)
    }

    fn performed(model: &BodyModel, frames: usize, given: &[Given], seed: u64) -> Vec<Pose> {
        let rhythm = Rhythm { level: vec![0.5; frames], ..Rhythm::default() };
        let request = Request { rhythm: &rhythm, frames, emotion: &[], manners: &[], style: None, heads: &[], busy: &[], given, seed };
        model.perform(&request).unwrap()
    }

    #[test]
    fn any_length_comes_out_whole_and_the_same_again() {
        let model = untrained();
        for frames in [0, 1, 2, 5, 241, 500] {
            let poses = performed(&model, frames, &[], 3);
            assert_eq!(poses.len(), frames);
            assert!(poses.iter().all(|p| p.hips.is_finite() && p.rotations.iter().all(|r| r.is_normalized())));
            assert!(poses.iter().all(|p| limits::outside(p).next().is_none()));
        }
        assert_eq!(performed(&model, 300, &[], 3), performed(&model, 300, &[], 3));
        assert_ne!(performed(&model, 300, &[], 3), performed(&model, 300, &[], 4));
    }

    #[test]
    fn given_poses_are_met_and_come_and_go_smoothly() {
        let model = untrained();
        let mut raised = standing();
        raised.rotations[7] = Quat::from_rotation_z(0.3);
        let at = |pieces| -> Vec<Given> { (100..130).map(|frame| Given { frame, pose: raised.clone(), pieces }).collect() };
        let whole = performed(&model, 300, &at([true; Piece::COUNT]), 3);
        assert!(whole[100..130].iter().all(|p| p.rotations == raised.rotations && p.hips == raised.hips));
        let arm = Piece::ALL.map(|piece| piece == Piece::LeftArm);
        let poses = performed(&model, 300, &at(arm), 3);
        assert!(poses[100..130].iter().all(|p| Piece::LeftArm.joints().all(|j| p.rotations[j] == raised.rotations[j])));
        assert!(poses[100..130].iter().all(|p| p.rotations[11] != raised.rotations[11] && p.rotations[2] != raised.rotations[2]));
        let wrist = |n: usize| globals(&poses[n], &OFFSETS).positions[9];
        for n in 80..150 {
            // What has learned nothing holds its arms anywhere, and has a third of a second to come.
            assert!(wrist(n).distance(wrist(n + 1)) < 0.25, "frame {n}: {}", wrist(n).distance(wrist(n + 1)));
        }
    }
}
