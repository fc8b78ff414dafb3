//! Noise levels: the cosine schedule in continuous time (Nichol and Dhariwal 2021), and where the noise comes from.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Shares of signal and noise at level `t`: 0 is the motion itself, 1 is noise alone.
pub fn shares(t: f32) -> (f32, f32) {
    let angle = t.clamp(0.0, 1.0) * std::f32::consts::FRAC_PI_2;
    (angle.cos(), angle.sin())
}

/// Standard normal numbers for `frames` frames from `first` on, `channels` each. A frame's noise depends on the seed, the
/// stream and the frame alone, so that any window of a take sees the same noise.
pub fn noise(seed: u64, stream: u64, first: usize, frames: usize, channels: usize) -> Vec<f32> {
    (first..first + frames)
        .flat_map(|frame| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (frame as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            rng.set_stream(stream);
            (0..channels).map(|_| StandardNormal.sample(&mut rng)).collect::<Vec<f32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_window_sees_the_same_noise() {
        let all = noise(7, 1, 0, 10, 3);
        assert_eq!(all[12..21], noise(7, 1, 4, 3, 3)[..]);
        assert_ne!(all, noise(8, 1, 0, 10, 3));
        assert_ne!(all, noise(7, 2, 0, 10, 3));
    }

    #[test]
    fn noise_is_standard_normal() {
        let x = noise(1, 0, 0, 2000, 5);
        let mean = x.iter().sum::<f32>() / x.len() as f32;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / x.len() as f32;
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05);
    }
}
