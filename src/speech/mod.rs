//! Encoders of speech: what is said; and the words of a transcript in it.

pub mod align;
pub mod content;
pub mod folder;
pub mod phones;
pub mod spelling;
pub mod transcript;
pub mod whisper;
