//! How well the models do, in figures that stand beside their references.

pub mod answer;
pub mod body;
pub mod closures;
pub mod direction;
pub mod ebb;
pub mod emotion;
pub mod expression;
pub mod face;
pub mod life;
pub mod linear;
pub mod lips;
pub mod manner;
pub mod motion;
pub mod mouths;
pub mod noises;
pub mod phones;
pub mod probe;
pub mod score;
pub mod steps;
pub mod strip;
