//! What the user asks for, over time: the grammar and the [`Plan`].

/// Numbers of the emotion space.
pub const EMOTION: usize = 8;

/// The direction of a performance at 30 frames a second: a point of the emotion space for every frame, neutral at the origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub emotion: Vec<[f32; EMOTION]>,
}
