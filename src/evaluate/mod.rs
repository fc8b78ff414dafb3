//! How well the models do, in figures that stand beside their references.

pub mod face;
pub mod linear;
pub mod statistics;
