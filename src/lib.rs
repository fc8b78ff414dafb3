//! gestus turns a recording of speech into a character's performance: a face that speaks and feels, a body that
//! gestures, and the files that animators use.
//!
//! Data flows one way; each stage is a module, each box a plain struct:
//!
//! ```text
//! audio file ─ audio ─▶ Recording, Speech ─ speech ▶ Latents ┐
//! "joy:0.8"  ─ direction ▶ Plan ─────────────────────────────┴ face, body (diffusion) ▶ Performance
//! Performance ─ formats ▶ BVH, Live Link CSV, JSON     Performance + Actor ─ render ▶ frames ─ video ▶ MP4, GIF, PNG
//! ```
//!
//! ```no_run
//! use gestus::{audio, direction::Direction, formats, models::Models, perform};
//! use std::path::Path;
//!
//! # fn main() -> gestus::Result<()> {
//! let speech = audio::decode_file(Path::new("talk.wav"))?.to_speech()?;
//! // One point of the emotion space holds for the whole recording.
//! let plan = Direction::parse("happy:0.8")?.plan(speech.seconds, 1, &[]);
//! let performance = perform::perform(&Models::Standard, &speech, &plan, perform::Options::default())?;
//! formats::write(Path::new("talk.bvh"), &performance.resample(60.0), &formats::Info::default())
//! # }
//! ```
//!
//! Conventions (all stages): metres, right-handed, y up, the actor faces +z and its left is +x; unit quaternions; seconds
//! from the first audio sample; frame `n` stands at `n / fps`; coefficients are ARKit's 52, in 0..=1, addressed by name.

// The text of a module teaches its stage, and names the private parts it is made of.
#![allow(rustdoc::private_intra_doc_links)]

pub mod actor;
pub mod audio;
pub mod batch;
pub mod body;
pub mod cli;
pub mod diffusion;
pub mod direction;
pub mod emotion;
pub mod error;
pub mod evaluate;
pub mod face;
mod filed;
pub mod formats;
pub mod interrupt;
pub mod layers;
pub mod models;
pub mod motion;
mod once;
pub mod output;
pub mod perform;
pub mod render;
mod solve;
pub mod speech;
mod spelling;
pub mod statistics;
pub mod train;
pub mod video;
pub mod weights;

pub use error::{Error, Result};

/// The examples in README.md compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
