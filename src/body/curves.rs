//! Curves over frames and the dice they are drawn with.
//!
//! Human reaches between two points follow a bell-shaped speed profile, the *minimum-jerk* profile (Flash and Hogan 1985:
//! <https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985>). Sums of such displacements overlapped in time blend into one
//! another without a stop (Henis and Flash 1995), which is how [`Path`] builds every voluntary movement here.
//! What is not voluntary (sway, drift of a held hand) is [`wander`]: low-passed noise with a given time constant.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Normal, Poisson};
use std::ops::{Add, AddAssign, Mul};

/// Frames per second at which the body is synthesised.
pub const FPS: f32 = 30.0;

/// What a stream of random numbers is for: each purpose has its own, so that a change in one leaves the others alone.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Gestures = 1,
    Drift = 2,
    Torso = 3,
    Stance = 4,
    Head = 5,
    Arms = 6,
    Fingers = 7,
    Breath = 8,
    Words = 9,
    Expression = 10,
    Glances = 11,
}

/// Random draws from one counter-based stream (ChaCha8): the same seed and purpose, the same draws.
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64, purpose: Purpose) -> Dice {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose as u64);
        Dice(generator)
    }

    /// Uniform in `low..high`.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        // 24 bits fill the mantissa of an f32.
        low + (high - low) * ((self.0.next_u32() >> 8) as f32 / (1u32 << 24) as f32)
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.uniform(0.0, 1.0) < probability
    }

    pub fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        Normal::new(mean, deviation).map_or(mean, |d| d.sample(&mut self.0))
    }

    /// Log-normal around `median`; `spread` is the standard deviation of the logarithm.
    pub fn log_normal(&mut self, median: f32, spread: f32) -> f32 {
        LogNormal::new(median.ln(), spread).map_or(median, |d| d.sample(&mut self.0))
    }

    pub fn poisson(&mut self, mean: f32) -> usize {
        Poisson::new(mean).map_or(0, |d: Poisson<f32>| d.sample(&mut self.0) as usize)
    }

    /// A vector whose components are normal around 0.
    pub fn vector(&mut self, deviation: f32) -> glam::Vec3 {
        glam::Vec3::new(self.normal(0.0, deviation), self.normal(0.0, deviation), self.normal(0.0, deviation))
    }

    /// One of `choices`, each with its weight.
    pub fn pick<T: Copy>(&mut self, choices: &[(T, f32)]) -> T {
        let mut left = self.uniform(0.0, choices.iter().map(|c| c.1).sum());
        for &(choice, weight) in choices {
            left -= weight;
            if left < 0.0 {
                return choice;
            }
        }
        choices[choices.len() - 1].0
    }
}

/// The minimum-jerk profile: 0 before 0, 1 after 1, velocity and acceleration zero at both ends.
pub fn ease(u: f32) -> f32 {
    let u = u.clamp(0.0, 1.0);
    u * u * u * (10.0 - 15.0 * u + 6.0 * u * u)
}

/// [`ease`] from `low` to `high`; `low > high` falls instead of rising.
pub fn ramp(x: f32, low: f32, high: f32) -> f32 {
    ease((x - low) / (high - low))
}

/// The cubic step from 0 at `low` to 1 at `high`; `low > high` falls instead of rising.
pub fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The larger of two numbers with the corner rounded over about `width`: keeps motion smooth where a limit begins.
pub fn soft_max(a: f32, b: f32, width: f32) -> f32 {
    0.5 * (a + b + ((a - b) * (a - b) + width * width).sqrt())
}

/// The smaller of two numbers with the corner rounded over about `width`.
pub fn soft_min(a: f32, b: f32, width: f32) -> f32 {
    -soft_max(-a, -b, width)
}

/// What a curve may carry: numbers and vectors.
pub trait Value: Copy + Default + Add<Output = Self> + AddAssign + Mul<f32, Output = Self> {}
impl<T: Copy + Default + Add<Output = T> + AddAssign + Mul<f32, Output = T>> Value for T {}

/// A course over frames made of displacements that may overlap. Times are in frames and may lie outside the course.
pub struct Path<T> {
    steps: Vec<T>,
    bows: Vec<T>,
}

impl<T: Value> Path<T> {
    pub fn new(frames: usize) -> Path<T> {
        Path { steps: vec![T::default(); frames], bows: vec![T::default(); frames] }
    }

    /// Moves everything after `end` by `by`, along the minimum-jerk profile from `start`.
    pub fn shift(&mut self, start: f32, end: f32, by: T) {
        let end = end.max(start + 1.0);
        let mut done = 0.0;
        for frame in self.span(start, end) {
            let share = ease((frame as f32 - start) / (end - start));
            self.steps[frame] += by * (share - done);
            done = share;
        }
    }

    /// Goes out by `by` and comes back between `start` and `end`, fastest in the middle of a shift over the same span.
    pub fn bow(&mut self, start: f32, end: f32, by: T) {
        let end = end.max(start + 1.0);
        for frame in self.span(start, end) {
            let share = ease((frame as f32 - start) / (end - start));
            self.bows[frame] += by * (std::f32::consts::PI * share).sin().powi(2);
        }
    }

    /// The course, starting at `origin`.
    pub fn finish(self, origin: T) -> Vec<T> {
        let mut at = origin;
        self.steps
            .into_iter()
            .zip(self.bows)
            .map(|(step, bow)| {
                at += step;
                at + bow
            })
            .collect()
    }

    /// Frames that something between `start` and `end` changes: frame 0 also takes what happened before it.
    fn span(&self, start: f32, end: f32) -> std::ops::Range<usize> {
        let first = start.floor().max(0.0) as usize;
        let last = (end.ceil().max(0.0) as usize + 1).min(self.steps.len());
        first.min(last)..last
    }
}

/// Gaussian low-pass; `deviation` in frames. The ends are held.
pub fn smooth<T: Value>(curve: &[T], deviation: f32) -> Vec<T> {
    if curve.is_empty() {
        return Vec::new();
    }
    let kernel = gaussian(deviation);
    let radius = (kernel.len() / 2) as isize;
    let last = curve.len() as isize - 1;
    (0..curve.len() as isize)
        .map(|at| {
            let mut sum = T::default();
            for (weight, offset) in kernel.iter().zip(-radius..) {
                sum += curve[(at + offset).clamp(0, last) as usize] * *weight;
            }
            sum
        })
        .collect()
}

/// Noise low-passed to a time constant of `seconds`, with the given standard deviation over an endless take.
pub fn wander(dice: &mut Dice, frames: usize, seconds: f32, deviation: f32) -> Vec<f32> {
    let kernel = gaussian(seconds * FPS);
    let power = kernel.iter().map(|w| w * w).sum::<f32>().sqrt();
    let noise: Vec<f32> = (0..frames + kernel.len() - 1).map(|_| dice.normal(0.0, deviation / power)).collect();
    noise.windows(kernel.len()).take(frames).map(|w| w.iter().zip(&kernel).map(|(x, k)| x * k).sum()).collect()
}

/// Velocity of a curve, per second, by central differences.
pub fn velocity<T: Value>(curve: &[T]) -> Vec<T> {
    let last = curve.len().saturating_sub(1);
    (0..curve.len())
        .map(|at| {
            let (before, after) = (at.saturating_sub(1), (at + 1).min(last));
            let span = (after - before).max(1) as f32;
            (curve[after] + curve[before] * -1.0) * (FPS / span)
        })
        .collect()
}

/// A Gaussian kernel out to four deviations, summing to one.
fn gaussian(deviation: f32) -> Vec<f32> {
    let deviation = deviation.max(0.1);
    let radius = (4.0 * deviation).ceil() as i32;
    let mut kernel: Vec<f32> = (-radius..=radius).map(|k| (-0.5 * (k as f32 / deviation).powi(2)).exp()).collect();
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|w| *w /= sum);
    kernel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_shifts_add_up_and_never_jump() {
        let mut path = Path::new(60);
        path.shift(-5.0, 10.0, 1.0);
        path.shift(5.5, 20.25, 2.0);
        path.bow(8.0, 22.0, 0.5);
        let curve = path.finish(0.0);
        assert!((curve[59] - 3.0).abs() < 1e-5);
        assert!(curve.windows(2).all(|w| (w[1] - w[0]).abs() < 0.5));
    }

    #[test]
    fn wander_has_the_asked_deviation() {
        let curve = wander(&mut Dice::new(1, Purpose::Drift), 60_000, 0.3, 2.0);
        let power = curve.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / curve.len() as f64;
        assert!((power.sqrt() - 2.0).abs() < 0.15, "{}", power.sqrt());
    }

    #[test]
    fn smoothing_keeps_a_constant() {
        assert!(smooth(&[3.0; 40], 6.0).iter().all(|x| (x - 3.0).abs() < 1e-5));
        assert!(smooth::<f32>(&[], 6.0).is_empty());
    }
}
