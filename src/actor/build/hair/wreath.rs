use super::{Hair, Scalp}; pub fn build(scalp: &Scalp) -> Hair { super::bob::build(scalp) }
