//! Motion for tests.

use gestus::motion::{Frame, Gaze, Head, Performance, attach_head, head_of};
use glam::{Quat, Vec3};
use std::path::{Path, PathBuf};

/// Motion in which everything moves a little, each channel in its own way.
pub fn performance(seconds: f64, fps: f64) -> Performance {
    let frames = (0..Performance::frames_for(seconds, fps)).map(|n| {
        let t = n as f32 / fps as f32;
        let mut frame = Frame::default();
        for (k, value) in frame.face.iter_mut().enumerate() {
            *value = 0.4 + 0.4 * (t * (1.0 + 0.1 * k as f32)).sin();
        }
        frame.look(Gaze { yaw: 0.2 * (3.0 * t).sin(), pitch: -0.1 * t.cos() });
        frame.body.hips += Vec3::new(0.05 * t.sin(), -0.02, 0.01 * (0.1 * t).sin());
        for (k, rotation) in frame.body.rotations.iter_mut().enumerate() {
            *rotation = Quat::from_scaled_axis(0.25 * Vec3::new((t + k as f32).sin(), (k as f32).cos(), (2.0 * t).cos()));
        }
        attach_head(&mut frame.body, Head { yaw: 0.2 * t.sin(), pitch: 0.1, roll: 0.05 * t.cos() });
        frame.head = head_of(&frame.body);
        frame
    });
    Performance { fps, seconds, frames: frames.collect() }
}

/// The folder with other people's files, or nothing, said aloud.
pub fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !folder.join("formats").is_dir() {
        eprintln!("SKIPPED: {} has no sample files; set GESTUS_DATA", folder.display());
        return None;
    }
    Some(folder.join("formats"))
}
