//! Do the lips rest where nobody speaks? Silence, noises and music made here, beside speech.

use super::mouths::mouth_of;
use crate::Result;
use crate::audio::{SPEECH_RATE, Speech};
use crate::face::model::{FaceModel, Quality};
use crate::statistics::median;
use crate::train::data::Take;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// What the lips do under a sound.
#[derive(Clone, Debug, Serialize)]
pub struct Noise {
    pub sound: &'static str,
    /// Mean speed of the lip gap, mm a second.
    pub speed: f32,
    /// Share of the frames in which the lips are more than 2 mm apart.
    pub open: f32,
}

const SECONDS: usize = 6;

/// Performs every sound once, and some speech to compare.
pub fn noises(model: &FaceModel, speech: &[&Take]) -> Result<Vec<Noise>> {
    let mut out: Vec<Noise> = sounds().into_iter().map(|(name, samples)| judge(model, name, samples)).collect::<Result<_>>()?;
    let spoken: Vec<Noise> = speech.iter().take(8).map(|t| judge(model, "speech", t.samples.clone())).collect::<Result<_>>()?;
    let of = |f: fn(&Noise) -> f32| median(&spoken.iter().map(f).collect::<Vec<f32>>());
    out.push(Noise { sound: "speech", speed: of(|n| n.speed), open: of(|n| n.open) });
    Ok(out)
}

fn judge(model: &FaceModel, sound: &'static str, samples: Vec<f32>) -> Result<Noise> {
    let speech = Speech { seconds: samples.len() as f64 / f64::from(SPEECH_RATE), samples };
    let rows = model.perform(&speech, &[], 1, Quality::Default)?;
    let gap = &mouth_of(&rows)[0];
    let speed = gap.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f32>() * 30.0 / gap.len().max(2) as f32;
    Ok(Noise { sound, speed, open: gap.iter().filter(|g| **g > 2.0).count() as f32 / gap.len().max(1) as f32 })
}

/// Two bouts of laughter: breathy pulses, five calls a second, through the resonances of an open vowel.
fn laughter(hiss: &[f32]) -> Vec<f32> {
    const RESONANCES: [(f32, f32); 3] = [(750.0, 1.0), (1250.0, 0.6), (2700.0, 0.25)];
    let rate = SPEECH_RATE as f32;
    let keep = (-std::f32::consts::PI * 110.0 / rate).exp();
    let (mut phase, mut past) = (0.0, [[0f32; 2]; RESONANCES.len()]);
    hiss.iter()
        .enumerate()
        .map(|(n, hiss)| {
            let bout = (n as f32 / rate) % 3.0;
            let (call, place) = ((bout * 5.0).floor(), (bout * 5.0).fract());
            phase += (260.0 - 10.0 * call) / rate;
            let pulse = f32::from(u8::from(phase >= 1.0));
            phase = phase.fract();
            let voiced = (1.0 - place / 0.45).max(0.0);
            let source = if bout < 2.0 { voiced * pulse + 0.1 * hiss } else { 0.0 };
            let ring = |((hertz, size), past): (&(f32, f32), &mut [f32; 2])| {
                let turn = (std::f32::consts::TAU * hertz / rate).cos();
                *past = [source + 2.0 * keep * turn * past[0] - keep * keep * past[1], past[0]];
                size * past[0]
            };
            0.08 * RESONANCES.iter().zip(&mut past).map(ring).sum::<f32>()
        })
        .collect()
}

/// Sounds without speech.
fn sounds() -> Vec<(&'static str, Vec<f32>)> {
    let length = SECONDS * SPEECH_RATE as usize;
    let time = |n: usize| n as f32 / SPEECH_RATE as f32;
    let tone = |hertz: f32, t: f32| (std::f32::consts::TAU * hertz * t).sin();
    let make = |f: &dyn Fn(usize) -> f32| (0..length).map(f).collect::<Vec<f32>>();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let white: Vec<f32> = (0..length).map(|_| rng.random_range(-0.2f32..0.2)).collect();
    // Brown noise: a leaky sum, as wind and traffic have it.
    let mut sum = 0.0;
    let mut leaky = |w: &f32| {
        sum = 0.995 * sum + 0.1 * w;
        sum
    };
    let brown: Vec<f32> = white.iter().map(&mut leaky).collect();
    // Breaths: hiss that swells for a second, twice in five seconds.
    let breath = make(&|n| white[n] * 0.4 * (std::f32::consts::PI * (time(n) / 2.5).fract() * 2.0).sin().max(0.0).powi(2));
    let hum = make(&|n| (1..6).map(|k| tone(50.0 * k as f32, time(n)) / k as f32).sum::<f32>() * 0.1);
    // Chords that are plucked twice a second, and a melody over them.
    let music = make(&|n| {
        let t = time(n);
        let beat = (t * 2.0).fract();
        let chord = [[220.0, 277.2, 329.6], [196.0, 246.9, 293.7]][(t / 2.0) as usize % 2];
        let melody = [440.0, 493.9, 554.4, 659.3][(t * 4.0) as usize % 4];
        let plucked: f32 = chord.iter().map(|f| tone(*f, t) + 0.5 * tone(2.0 * f, t)).sum::<f32>() * (-3.0 * beat).exp();
        0.08 * plucked + 0.06 * tone(melody, t) * (-4.0 * (t * 4.0).fract()).exp()
    });
    let drums = make(&|n| {
        let t = time(n);
        let (kick, hat) = ((t * 2.0).fract() / 2.0, (t * 4.0).fract() / 4.0);
        0.5 * tone(60.0 * (1.0 + (-30.0 * kick).exp()), kick) * (-12.0 * kick).exp() + white[n] * (-60.0 * hat).exp()
    });
    let laughter = laughter(&white);
    vec![
        ("silence", vec![0.0; length]),
        ("white noise", white),
        ("brown noise", brown),
        ("breaths", breath),
        ("laughter", laughter),
        ("mains hum", hum),
        ("plucked chords and melody", music),
        ("drums", drums),
    ]
}
