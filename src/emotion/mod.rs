//! The emotion space.
