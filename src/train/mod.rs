//! Training, from recordings to weights.

pub mod npz;
