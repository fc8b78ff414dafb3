//! The body: skeleton, gesture model, inverse kinematics.

pub mod skeleton;
