//! What every fuzz target does: read, and look at what came of it.

use gestus::formats::{self, Format};

/// Reads bytes in a format. They may be refused in one line; what is accepted is sound.
pub fn read(format: Format, bytes: &[u8]) {
    match formats::read_bytes(format, bytes, "fuzz") {
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
        Ok(loaded) => {
            assert!(loaded.performance.fps > 0.0);
            for frame in &loaded.performance.frames {
                assert!(frame.body.hips.is_finite() && frame.body.rotations.iter().all(|q| q.is_finite()));
                assert!(frame.face.iter().all(|weight| (0.0..=1.0).contains(weight)));
            }
        }
    }
}
