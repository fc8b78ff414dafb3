//! Speech and a plan to a [`Performance`]: the face first, then the body that carries its head.

use crate::Result;
use crate::audio::Speech;
use crate::body::rhythm::Rhythm;
use crate::body::{self, Expressivity};
use crate::direction::Plan;
use crate::emotion::{self, Label};
use crate::face::model::{FaceModel, Quality};
use crate::face::{Coefficients, vector};
use crate::motion::{Frame, Gaze, Head, Performance};

/// How a performance is drawn from the models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The same seed gives the same motion.
    pub seed: u64,
    pub quality: Quality,
}

/// Share of the body's nods and shifts of attention that is added to the face model's head, whose teachers sat still.
const NODS: f32 = 0.4;

/// Performs a whole recording at 30 frames a second.
pub fn perform(model: &FaceModel, speech: &Speech, plan: &Plan, options: Options) -> Result<Performance> {
    let seed = clip_seed(speech, options.seed);
    let rows = model.perform(speech, &plan.emotion, seed, options.quality)?;
    let manners: Vec<Expressivity> = (0..rows.len()).map(|n| manner(plan, n)).collect();
    let manner = |seconds: f64| manners.get((seconds * body::RATE).round() as usize).copied().unwrap_or_default();
    let nods = body::head::heads(&Rhythm::of(speech, rows.len()), &manners, seed);
    let faces: Vec<_> = rows.iter().map(vector::unpack).zip(nods).map(|(face, nod)| nodding(face, nod)).collect();
    let heads: Vec<_> = faces.iter().map(|(_, head, _)| *head).collect();
    let poses = body::perform(speech, &manner, &heads, seed, rows.len());
    let frames = faces.into_iter().zip(poses).map(|((face, head, gaze), body)| Frame { face, head, gaze, body }).collect();
    Ok(Performance { fps: 30.0, seconds: speech.seconds, frames })
}

/// The clip's own seed, from the user's and from what is heard: lines that share a seed must not all blink at the same moment.
fn clip_seed(speech: &Speech, seed: u64) -> u64 {
    // FNV-1a over 16-bit samples, which no platform's rounding changes.
    speech
        .samples
        .iter()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, s| (hash ^ (s * 32767.0).round() as i16 as u16 as u64).wrapping_mul(0x100_0000_01b3))
}

/// Adds a nod to a face whose eyes stay where they look (the vestibulo-ocular reflex).
fn nodding((mut face, head, gaze): (Coefficients, Head, Gaze), nod: Head) -> (Coefficients, Head, Gaze) {
    let (yaw, pitch) = (NODS * nod.yaw, NODS * nod.pitch);
    let head = Head { yaw: head.yaw + yaw, pitch: head.pitch + pitch, roll: head.roll + NODS * nod.roll };
    let gaze = Gaze { yaw: gaze.yaw - yaw, pitch: gaze.pitch - pitch };
    gaze.write(&mut face);
    (face, head, gaze)
}

/// The manner of the body at a frame of the plan.
fn manner(plan: &Plan, frame: usize) -> Expressivity {
    let point = plan.emotion.get(frame).or(plan.emotion.last()).copied().unwrap_or_default();
    let weights = emotion::mixture(&point);
    let mix = Expressivity::mix(Label::ALL.iter().zip(weights).map(|(label, weight)| (label.name(), weight)));
    // The face model lowers and raises the head too; each does its part.
    Expressivity { head: 0.4 * mix.head, ..mix }
}
