//! What the user asks for, over time: the grammar and the [`Plan`].

/// The direction of a performance at 30 frames a second: a point of the emotion space for every frame, neutral at the origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub emotion: Vec<crate::emotion::Point>,
}
