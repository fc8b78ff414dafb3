//! Speech and a plan to a [`Performance`]: the face first, then the body that carries its head.

use crate::Result;
use crate::audio::Speech;
use crate::body::{self, Expressivity};
use crate::direction::Plan;
use crate::emotion::{self, Label};
use crate::face::model::{FaceModel, Quality};
use crate::face::vector;
use crate::motion::{Frame, Performance};

/// How a performance is drawn from the models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The same seed gives the same motion.
    pub seed: u64,
    pub quality: Quality,
}

/// Performs a whole recording at 30 frames a second.
pub fn perform(model: &FaceModel, speech: &Speech, plan: &Plan, options: Options) -> Result<Performance> {
    let rows = model.perform(speech, &plan.emotion, options.seed, options.quality)?;
    let faces: Vec<_> = rows.iter().map(vector::unpack).collect();
    let heads: Vec<_> = faces.iter().map(|(_, head, _)| *head).collect();
    let manner = |seconds: f64| manner(plan, (seconds * 30.0) as usize);
    let poses = body::perform(speech, &manner, &heads, options.seed, rows.len());
    let frames = faces.into_iter().zip(poses).map(|((face, head, gaze), body)| Frame { face, head, gaze, body }).collect();
    Ok(Performance { fps: 30.0, seconds: speech.seconds, frames })
}

/// The manner of the body at a frame of the plan.
fn manner(plan: &Plan, frame: usize) -> Expressivity {
    let point = plan.emotion.get(frame).or(plan.emotion.last()).copied().unwrap_or_default();
    let weights = emotion::mixture(&point);
    Expressivity::mix(Label::ALL.iter().zip(weights).map(|(label, weight)| (label.name(), weight)))
}
