//! Other voices, rooms and microphones, made from log-mel bands.

use crate::audio::features::{BANDS, MEL_RATE};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal};

/// Log-mel bands that a telephone carries, about 300 to 3400 Hz.
const TELEPHONE: std::ops::Range<usize> = 7..46;

/// Perturbs normalised log-mel rows in place: vocal tract length, equalisation and tilt, room, noise, band limits. Content stays.
pub fn perturb(rows: &mut [f32], rng: &mut impl Rng) {
    let normal = Normal::new(0.0f32, 1.0).unwrap_or_else(|_| unreachable!("a deviation of 1 is valid"));
    let warp = rng.random_range(-0.16f32..0.16).exp();
    let tilt = rng.random_range(-1.5f32..1.5);
    let knots: [f32; 6] = std::array::from_fn(|_| 0.5 * normal.sample(rng));
    let colour = equaliser(tilt, &knots);
    // Noise stands this many nats above (or below) the mean speech spectrum, flat or sloping.
    let noise = rng.random_bool(0.5).then(|| (rng.random_range(-9.0f32..-2.0), rng.random_range(-1.5f32..1.5)));
    let room = rng.random_bool(0.35).then(|| (rng.random_range(0.15f32..0.7), rng.random_range(-3.0f32..-0.7)));
    let telephone = rng.random_bool(0.12);
    let low = if rng.random_bool(0.25) { rng.random_range(0..BANDS / 8) } else { 0 };
    let high = if rng.random_bool(0.25) { rng.random_range(BANDS * 3 / 5..BANDS) } else { BANDS };
    let (low, high) = if telephone { (TELEPHONE.start, TELEPHONE.end) } else { (low, high) };
    if let Some((seconds, level)) = room {
        reverberate(rows, seconds, level);
    }
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

/// Adds the diffuse tail of a room: in each band the power dies off by 60 dB in `seconds`, and comes in `level` nats under the sound
/// that it is the tail of (Polack's model of late reverberation, by band).
fn reverberate(rows: &mut [f32], seconds: f32, level: f32) {
    let keep = (-6.0 * std::f32::consts::LN_10 / (seconds * MEL_RATE as f32)).exp();
    // The tail of a steady sound adds up to `level` of it.
    let share = level.exp() * (1.0 - keep);
    let mut tail = [0f32; BANDS];
    for row in rows.chunks_exact_mut(BANDS) {
        for (value, tail) in row.iter_mut().zip(&mut tail) {
            let direct = value.exp();
            *value = (direct + *tail).ln();
            *tail = keep * (*tail + share * direct);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_fills_the_gaps_and_leaves_the_sound() {
        let mut rows = vec![-9.0; 60 * BANDS];
        rows[..20 * BANDS].fill(0.0);
        let dry = rows.clone();
        reverberate(&mut rows, 0.5, -1.0);
        let level = |n: usize| rows[n * BANDS];
        assert!(rows.iter().zip(&dry).all(|(wet, dry)| wet >= dry));
        assert!(level(19) < 0.4, "the sound itself hardly changes: {}", level(19));
        assert!(level(21) > -4.0 && level(40) < level(25) && level(59) < level(40), "{} {} {}", level(21), level(40), level(59));
        // 60 dB are 13.8 nats of power: 0.1 s of a room of 0.5 s takes a fifth of them.
        assert!((level(22) - level(34) - 13.8 / 5.0).abs() < 0.1);
    }
}
