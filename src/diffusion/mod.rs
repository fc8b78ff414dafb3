//! Diffusion of motion: one denoiser and one sampler for face and body.
//!
//! Every frame has a noise level of its own, and so has every group of channels: frames at level zero are given (seeds,
//! overlaps of long takes, edits), and lips may be finished while the life of the face still takes shape.

pub mod denoiser;
pub mod noise;
pub mod sampler;
