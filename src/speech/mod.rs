//! Encoders of speech: what is said.

pub mod content;
pub mod phones;
