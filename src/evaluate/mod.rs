//! How well the models do, in figures that stand beside their references.

pub mod emotion;
pub mod expression;
pub mod face;
pub mod linear;
pub mod lips;
pub mod manner;
pub mod noises;
pub mod probe;
pub mod statistics;
