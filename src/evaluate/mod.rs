//! How well the models do, in figures that stand beside their references.

pub mod statistics;
