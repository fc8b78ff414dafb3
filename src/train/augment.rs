//! Other voices, rooms and microphones, made from log-mel bands.

use crate::audio::features::BANDS;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal};

/// Perturbs normalised log-mel rows in place: vocal tract length, equalisation and tilt, noise, band limits. Content stays.
pub fn perturb(rows: &mut [f32], rng: &mut impl Rng) {
    let normal = Normal::new(0.0f32, 1.0).unwrap_or_else(|_| unreachable!("a deviation of 1 is valid"));
    let warp = rng.random_range(-0.16f32..0.16).exp();
    let tilt = rng.random_range(-1.5f32..1.5);
    let knots: [f32; 6] = std::array::from_fn(|_| 0.5 * normal.sample(rng));
    let colour = equaliser(tilt, &knots);
    // Noise stands this many nats above (or below) the mean speech spectrum, flat or sloping.
    let noise = rng.random_bool(0.5).then(|| (rng.random_range(-9.0f32..-2.0), rng.random_range(-1.5f32..1.5)));
    let low = if rng.random_bool(0.25) { rng.random_range(0..BANDS / 8) } else { 0 };
    let high = if rng.random_bool(0.25) { rng.random_range(BANDS * 3 / 5..BANDS) } else { BANDS };
    for row in rows.chunks_exact_mut(BANDS) {
        let heard: [f32; BANDS] = std::array::from_fn(|b| interpolate(row, b as f32 * warp));
        for (b, out) in row.iter_mut().enumerate() {
            let mut value = heard[b] + colour[b];
            if let Some((level, slope)) = noise {
                let hiss = level + slope * (b as f32 / BANDS as f32 - 0.5) + 0.4 * normal.sample(rng);
                value = (value.exp() + hiss.exp()).ln();
            }
            *out = if (low..high).contains(&b) { value } else { 0.0 };
        }
    }
}

fn interpolate(row: &[f32], place: f32) -> f32 {
    let below = (place as usize).min(BANDS - 1);
    let above = (below + 1).min(BANDS - 1);
    row[below] + (row[above] - row[below]) * (place - below as f32).clamp(0.0, 1.0)
}

fn equaliser(tilt: f32, knots: &[f32; 6]) -> [f32; BANDS] {
    std::array::from_fn(|b| {
        let place = b as f32 / (BANDS - 1) as f32;
        let at = place * 5.0;
        let below = (at as usize).min(4);
        tilt * (place - 0.5) + knots[below] + (knots[below + 1] - knots[below]) * (at - below as f32)
    })
}
