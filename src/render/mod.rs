//! Drawing: a frame is a pure function of actor, pose, look and camera.

/// A finished picture: sRGB, 8 bits, RGBA with straight alpha, rows from the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}
