//! Sounds that nobody speaks: music, drums, noises, hums, knocks and laughter, drawn from a seed. They teach the content encoder what is
//! silence to the lips, and speech is heard in front of them.

use super::data::{FPS, Source, Split, Take};
use crate::audio::{SPEECH_RATE, Speech};
use crate::speech::phones::Class;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::f32::consts::TAU;

const SECONDS: usize = 4;
const LENGTH: usize = SECONDS * SPEECH_RATE as usize;
const RATE: f32 = SPEECH_RATE as f32;
/// The random stream of the sounds.
const STREAM: u64 = 13;

/// About `minutes` of sounds, every moment of which is labelled as silence.
pub fn takes(minutes: f32, seed: u64) -> Vec<Take> {
    let count = (60.0 * minutes / SECONDS as f32).ceil() as u64;
    let take = |n: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(STREAM + (n << 8));
        let frames = SECONDS * FPS;
        let speech = Speech { samples: sound(&mut rng), seconds: SECONDS as f64 };
        let take = Take::silent(Source::Sound, Split::Train, "sound", format!("sound {n}"), frames).hear(speech);
        Take { phones: vec![Class::Silence as u8; 2 * frames], ..take }
    };
    (0..count).into_par_iter().map(take).collect()
}

/// One kind of sound, or two at once. Music is nearest to speech, so that there is most of it.
fn sound(rng: &mut impl Rng) -> Vec<f32> {
    const KINDS: [fn(&mut ChaCha8Rng) -> Vec<f32>; 8] = [music, music, music, drums, noise, hum, knocks, laughter];
    let mut own = ChaCha8Rng::seed_from_u64(rng.random());
    let mut samples = KINDS[own.random_range(0..KINDS.len())](&mut own);
    if own.random_bool(0.4) {
        let level = own.random_range(0.1..1.0);
        let other = KINDS[own.random_range(0..KINDS.len())](&mut own);
        samples.iter_mut().zip(other).for_each(|(s, o)| *s += level * o);
    }
    let peak = samples.iter().fold(1e-6f32, |p, s| p.max(s.abs()));
    let level = own.random_range(0.1..0.9) / peak;
    samples.iter_mut().for_each(|s| *s *= level);
    samples
}

fn seconds(n: usize) -> f32 {
    n as f32 / RATE
}

/// Notes and chords of a scale by one to four instruments, each with its own partials, attack, decay and vibrato.
fn music(rng: &mut ChaCha8Rng) -> Vec<f32> {
    const STEPS: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
    let mut samples = vec![0.0; LENGTH];
    let root = rng.random_range(55.0f32..220.0);
    let beat = rng.random_range(0.1f32..0.7);
    for _ in 0..rng.random_range(1..5) {
        let dull = rng.random_range(0.5f32..2.5);
        let partials: Vec<f32> = (1..=rng.random_range(1..12)).map(|k| rng.random::<f32>() / (k as f32).powf(dull)).collect();
        let attack = if rng.random_bool(0.5) { 0.002 } else { rng.random_range(0.003f32..0.15) };
        let (decay, vibrato) = (rng.random_range(0.1f32..2.0), rng.random_range(0.0f32..0.012));
        let (octave, level) = (rng.random_range(0..3), rng.random_range(0.2f32..1.0));
        let voices = if rng.random_bool(0.4) { rng.random_range(2..5) } else { 1 };
        // Instruments keep time with one another, or with themselves alone.
        let beat = if rng.random_bool(0.7) { beat * [0.5, 1.0, 2.0][rng.random_range(0..3)] } else { rng.random_range(0.1f32..0.7) };
        let mut start = beat * rng.random_range(0..2) as f32;
        while start < SECONDS as f32 {
            let degree = rng.random_range(0..STEPS.len());
            let length = beat * rng.random_range(1..4) as f32;
            for third in 0..voices {
                let degree = degree + 2 * third;
                let step = STEPS[degree % STEPS.len()] + 12 * (octave + (degree / STEPS.len()) as i32);
                let hertz = root * 2f32.powf(step as f32 / 12.0);
                for (n, sample) in samples[(start * RATE) as usize..].iter_mut().take((length * RATE) as usize).enumerate() {
                    let t = seconds(n);
                    let envelope = (t / attack).min(1.0) * (-t / decay).exp() * ((length - t) / 0.02).clamp(0.0, 1.0);
                    let phase = TAU * hertz * t + hertz * vibrato * (TAU * 5.5 * t).sin() / 5.5;
                    *sample += level * envelope * partials.iter().enumerate().map(|(k, p)| p * ((k + 1) as f32 * phase).sin()).sum::<f32>();
                }
            }
            start += if rng.random_bool(0.2) { 2.0 * length } else { length };
        }
    }
    samples
}

/// Bouts of laughter: calls of one vowel four to seven times a second, breath between them, pitch that falls from call to call
/// (Bachorowski et al. 2001, "The acoustic features of human laughter").
fn laughter(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut samples = vec![0.0; LENGTH];
    let formants = [rng.random_range(400.0f32..1000.0), rng.random_range(1000.0f32..2300.0), rng.random_range(2400.0f32..3200.0)];
    let vowel =
        |hertz: f32| formants.iter().zip([1.0, 0.4, 0.15]).map(|(f, a)| a * (-((hertz - f) / 140.0).powi(2)).exp()).sum::<f32>() + 0.02;
    let mut start = rng.random_range(0.0f32..0.5);
    while start < SECONDS as f32 - 0.5 {
        let (mut hertz, rate) = (rng.random_range(130.0f32..450.0), rng.random_range(4.0f32..7.0));
        let (fall, breath, voiced) = (rng.random_range(0.9f32..1.0), rng.random_range(0.05f32..0.5), rng.random_range(0.3f32..0.6));
        for call in 0..rng.random_range(3..10) {
            let (first, loud, mut low) = (start + call as f32 / rate, rng.random_range(0.6f32..1.0), 0.0);
            for (n, sample) in samples[((first * RATE) as usize).min(LENGTH)..].iter_mut().take((RATE / rate) as usize).enumerate() {
                let (t, place) = (seconds(n), seconds(n) * rate);
                low = 0.6 * low + 0.4 * rng.random_range(-1.0f32..1.0);
                let open = if place < voiced { (std::f32::consts::PI * place / voiced).sin() } else { 0.0 };
                let tone: f32 = (1..24).map(|k| k as f32 * hertz).filter(|h| *h < 5000.0).map(|h| vowel(h) * (TAU * h * t).sin()).sum();
                *sample += loud * (open * tone + breath * (0.3 + 0.7 * (1.0 - open)) * low);
            }
            hertz *= fall;
        }
        start += 10.0 / rate + rng.random_range(0.2f32..1.0);
    }
    samples
}

/// Falling tones and bursts of hiss in a rhythm.
fn drums(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut samples = vec![0.0; LENGTH];
    let beat = rng.random_range(0.12f32..0.5);
    for _ in 0..rng.random_range(1..4) {
        let (hertz, fall, decay) = (rng.random_range(40.0f32..300.0), rng.random_range(5.0f32..40.0), rng.random_range(6.0f32..60.0));
        let (hiss, every, dull) = (rng.random::<f32>(), rng.random_range(1..5), rng.random_range(0.0f32..0.9));
        for hit in (0..).step_by(every).map(|k| k as f32 * beat).take_while(|t| *t < SECONDS as f32) {
            if rng.random_bool(0.15) {
                continue;
            }
            let mut low = 0.0;
            for (n, sample) in samples[(hit * RATE) as usize..].iter_mut().take(SPEECH_RATE as usize / 2).enumerate() {
                let t = seconds(n);
                low = dull * low + (1.0 - dull) * rng.random_range(-1.0f32..1.0);
                *sample += (-decay * t).exp() * ((1.0 - hiss) * (TAU * hertz * t * (1.0 + (-fall * t).exp())).sin() + hiss * low);
            }
        }
    }
    samples
}

/// Hiss of any colour, steady, swelling like breath and wind, or in bursts like applause.
fn noise(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (keep, ring, swell) = (rng.random_range(0.0f32..0.995), rng.random_range(0.0f32..0.95), rng.random_range(0.2f32..6.0));
    let (depth, phase) = (rng.random::<f32>(), TAU * rng.random::<f32>());
    let turn = TAU * rng.random_range(300.0f32..4000.0) / RATE;
    let (mut low, mut past) = (0.0, [0.0f32; 2]);
    (0..LENGTH)
        .map(|n| {
            low = keep * low + (1.0 - keep) * rng.random_range(-1.0f32..1.0);
            let rung = low + 2.0 * ring * turn.cos() * past[0] - ring * ring * past[1];
            past = [rung, past[0]];
            rung * (1.0 - depth * (0.5 + 0.5 * (TAU * swell * seconds(n) + phase).sin()))
        })
        .collect()
}

/// Tones that stand or glide: mains, engines, alarms.
fn hum(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let hertz = 2f32.powf(rng.random_range(5.5f32..11.0));
    let (glide, rate) = (if rng.random_bool(0.5) { rng.random_range(0.0f32..0.5) } else { 0.0 }, rng.random_range(0.2f32..5.0));
    let partials: Vec<f32> = (1..=rng.random_range(1..10)).map(|k| rng.random::<f32>() / k as f32).collect();
    let mut phase = 0.0;
    (0..LENGTH)
        .map(|n| {
            phase += TAU * hertz * (1.0 + glide * (TAU * rate * seconds(n)).sin()) / RATE;
            let heard = |k: &usize| hertz * ((k + 1) as f32) < RATE / 2.0;
            partials.iter().enumerate().filter(|(k, _)| heard(k)).map(|(k, p)| p * ((k + 1) as f32 * phase).sin()).sum()
        })
        .collect()
}

/// Short knocks, clicks and keys at random moments.
fn knocks(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut samples = vec![0.0; LENGTH];
    for _ in 0..rng.random_range(4..60) {
        let (at, hertz) = (rng.random_range(0..LENGTH), rng.random_range(80.0f32..5000.0));
        let (decay, level) = (rng.random_range(20.0f32..400.0), rng.random::<f32>());
        for (n, sample) in samples[at..].iter_mut().take(SPEECH_RATE as usize / 8).enumerate() {
            let t = seconds(n);
            *sample += level * (-decay * t).exp() * ((TAU * hertz * t).sin() + rng.random_range(-0.5..0.5));
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_sounds_the_same_and_no_two_are_alike() {
        let (a, b) = (takes(1.0, 3), takes(1.0, 3));
        assert_eq!(a.len(), 15);
        assert!(a.iter().zip(&b).all(|(a, b)| a.samples == b.samples));
        assert!(a.windows(2).all(|w| w[0].samples != w[1].samples));
        assert!(a.iter().all(|t| t.samples.iter().all(|s| s.is_finite() && s.abs() <= 0.9) && t.phones.len() == 2 * t.frames));
    }
}
