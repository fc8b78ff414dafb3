//! The face: 52 coefficients, the model that drives them, articulation rules, blinks and gaze.

pub mod coefficients;

pub use coefficients::Coefficients;
