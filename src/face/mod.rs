//! The face: 52 coefficients, the model that drives them, articulation rules, blinks and gaze.

pub mod accents;
pub mod articulation;
pub mod breath;
pub mod coefficients;
pub mod dose;
pub mod ebb;
pub mod expression;
pub mod glances;
pub mod hearing;
pub mod life;
pub mod model;
pub mod style;
pub mod vector;
pub mod visemes;

pub use coefficients::Coefficients;
