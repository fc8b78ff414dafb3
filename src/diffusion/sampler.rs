//! The sampler: from noise to motion in a few evaluations (DDIM, Song et al. 2021), each group on its own schedule.
//!
//! Lips want the first estimates, life wants the whole schedule (a single sample that takes many steps loses correlation with
//! the recorded mouth, while blinks and head motion gain their spread from it). So every group has its own list of levels, and
//! a group that has arrived at zero is given to those still under way.

use super::denoiser::Denoiser;
use super::noise;
use crate::Result;
use candle_core::{Device, Tensor};

/// Levels of every group at every evaluation, and zero at the end: `levels[step][group]`, `steps + 1` rows.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub levels: Vec<Vec<f32>>,
    /// Deviation of the noise that each group starts from: 1 samples as trained, less keeps nearer to the mean.
    pub temperature: Vec<f32>,
}

impl Schedule {
    /// Group `g` goes from noise of deviation `temperature[g]` to motion in `steps[g]` even steps; a group that is done stays at zero.
    pub fn new(steps: &[usize], temperature: &[f32]) -> Schedule {
        let longest = steps.iter().copied().max().unwrap_or(0);
        let level = |step: usize, of: usize| 1.0 - (step as f32 / of.max(1) as f32).min(1.0);
        let levels = (0..=longest).map(|s| steps.iter().map(|of| level(s, *of)).collect()).collect();
        Schedule { levels, temperature: temperature.to_vec() }
    }

    /// Network evaluations.
    pub fn evaluations(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }
}

/// A stretch of motion to be sampled.
pub struct Window<'a> {
    /// Number of the first frame in the whole take: noise depends on it.
    pub first: usize,
    pub frames: usize,
    /// Frames at the start that are given, standardised, `given.len() / channels` of them.
    pub given: &'a [f32],
    /// `frames × condition` and `frames × modulation`.
    pub condition: &'a [f32],
    pub modulation: &'a [f32],
}

/// Samples a window; `shape` sees every estimate of the clean motion (`frames × channels`) and may bend it.
pub fn sample(denoiser: &Denoiser, window: &Window, schedule: &Schedule, seed: u64, shape: &dyn Fn(&mut [f32])) -> Result<Vec<f32>> {
    let config = denoiser.config();
    let (frames, channels, groups) = (window.frames, config.channels, config.group_count());
    let device = Device::Cpu;
    let tensor = |v: &[f32], width: usize| Tensor::from_slice(v, (1, frames, width), &device);
    let condition = tensor(window.condition, config.condition)?;
    let modulation = tensor(window.modulation, config.modulation)?;
    let mut x = noise::noise(seed, 0, window.first, frames, channels);
    x.iter_mut().enumerate().for_each(|(i, v)| *v *= schedule.temperature[config.groups[i % channels]]);
    let given = window.given.len() / channels;
    x[..window.given.len()].copy_from_slice(window.given);
    let held: Vec<bool> = (0..frames * groups).map(|i| i / groups < given).collect();
    descend(&mut x, &config.groups, &held, schedule, &|x, levels| {
        let clean = denoiser.forward(&tensor(x, channels)?, &tensor(levels, groups)?, &condition, &modulation, &[frames])?;
        let mut clean = clean.flatten_all()?.to_vec1::<f32>()?;
        shape(&mut clean);
        Ok(clean)
    })?;
    Ok(x)
}

/// An estimate of the clean motion from noisy motion (`frames × channels`) and its levels (`frames × groups`).
pub type Estimate<'a> = &'a dyn Fn(&[f32], &[f32]) -> Result<Vec<f32>>;

/// Brings noise in `x` (`frames × channels`) down to motion. Where `held` (`frames × groups`) the motion is given: it stands at
/// level zero and stays as it is. `groups` has the group of every channel.
pub fn descend(x: &mut [f32], groups: &[usize], held: &[bool], schedule: &Schedule, estimate: Estimate) -> Result<()> {
    let (channels, count) = (groups.len(), groups.iter().max().map_or(0, |g| g + 1));
    for step in schedule.levels.windows(2) {
        let (now, next) = (&step[0], &step[1]);
        let levels: Vec<f32> = held.iter().enumerate().map(|(i, held)| if *held { 0.0 } else { now[i % count] }).collect();
        let clean = estimate(x, &levels)?;
        for (i, x) in x.iter_mut().enumerate() {
            let group = groups[i % channels];
            if held[i / channels * count + group] || now[group] <= 0.0 {
                continue;
            }
            let ((signal, noise), (next_signal, next_noise)) = (noise::shares(now[group]), noise::shares(next[group]));
            // What is left of the noise under the estimate; nothing where the group has arrived.
            let rest = if noise > 1e-4 { (*x - signal * clean[i]) / noise } else { 0.0 };
            *x = next_signal * clean[i] + next_noise * rest;
        }
    }
    Ok(())
}

/// How the first estimate of a window differs between two modulations, `frames × channels`: what the second of them takes away.
///
/// Guidance between conditions is a sum of such differences (Ho and Salimans 2022, "Classifier-free diffusion guidance"; Liu et al.
/// 2022, "Compositional visual generation"). At pure noise the estimates are the means under their conditions, so that the
/// difference grows with the conditions' own and carries no noise.
pub fn difference(denoiser: &Denoiser, window: &Window, other: &[f32], seed: u64) -> Result<Vec<f32>> {
    let config = denoiser.config();
    let (frames, channels, groups) = (window.frames, config.channels, config.group_count());
    let device = Device::Cpu;
    let twice = |v: &[f32], width: usize| Tensor::from_vec([v, v].concat(), (2, frames, width), &device);
    let noise = noise::noise(seed, 0, window.first, frames, channels);
    let modulation = Tensor::from_vec([window.modulation, other].concat(), (2, frames, config.modulation), &device)?;
    let levels = Tensor::ones((2, frames, groups), candle_core::DType::F32, &device)?;
    let condition = twice(window.condition, config.condition)?;
    let clean = denoiser.forward(&twice(&noise, channels)?, &levels, &condition, &modulation, &[frames, frames])?;
    Ok((clean.get(0)? - clean.get(1)?)?.flatten_all()?.to_vec1::<f32>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_stays_and_the_rest_arrives_at_the_estimate() -> Result<()> {
        let mut x = vec![5.0, 6.0, 7.0, 8.0];
        let schedule = Schedule::new(&[4, 4], &[1.0, 1.0]);
        descend(&mut x, &[0, 1], &[true, false, false, false], &schedule, &|_, _| Ok(vec![1.0, 2.0, 3.0, 4.0]))?;
        assert_eq!(x[0], 5.0);
        assert!((x[1] - 2.0).abs() < 1e-5 && (x[2] - 3.0).abs() < 1e-5 && (x[3] - 4.0).abs() < 1e-5, "{x:?}");
        Ok(())
    }

    #[test]
    fn groups_arrive_in_their_own_time() {
        let schedule = Schedule::new(&[2, 8], &[1.0, 1.0]);
        assert_eq!(schedule.evaluations(), 8);
        assert_eq!(schedule.levels[0], [1.0, 1.0]);
        assert_eq!(schedule.levels[2], [0.0, 0.75]);
        assert_eq!(schedule.levels[8], [0.0, 0.0]);
    }
}
