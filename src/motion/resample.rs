//! The same performance at another frame rate.
//!
//! Coefficients, angles and places follow a monotone cubic: it passes through every sample, has a continuous velocity and
//! never overshoots, so a closed mouth stays closed and 0..=1 stays 0..=1 (Fritsch and Carlson 1980,
//! <https://doi.org/10.1137/0717021>). Rotations follow squad, its counterpart on the sphere of unit quaternions
//! (Shoemake 1987).

use super::{Frame, Frames, Gaze, Head, Performance};
use crate::Result;
use glam::{Quat, Vec3};

/// Rates outside are taken as the nearest of these, frames per second.
const RATES: (f64, f64) = (1.0, 1000.0);

impl Performance {
    /// Number of frames that `seconds` take at `fps`: `ceil(seconds × fps)`, safe against rounding.
    pub fn frames_for(seconds: f64, fps: f64) -> usize {
        (seconds * fps - 1e-6).ceil().max(0.0) as usize
    }

    /// The performance at `fps` frames per second (1 to 1000), `ceil(seconds × fps)` frames long. Frames that exist at both
    /// rates stay as they are; beyond the last one it is held.
    pub fn resample(&self, fps: f64) -> Performance {
        let (fps, frames) = self.resampled(fps);
        Performance { fps, seconds: self.length(), frames: frames.collect() }
    }

    /// [`Performance::resample`] for performances of any length: many frames go to a file.
    ///
    /// # Errors
    /// [`crate::Error::Io`] for the folder of temporary files.
    pub fn into_rate(self, fps: f64) -> Result<Performance> {
        if fps == self.fps && self.frames.len() == self.frames_at(fps) {
            return Ok(self);
        }
        let (fps, frames) = self.resampled(fps);
        Ok(Performance { fps, seconds: self.length(), frames: Frames::gather(frames)? })
    }

    /// The rate that is meant, and the frames at it.
    fn resampled(&self, fps: f64) -> (f64, impl Iterator<Item = Frame>) {
        let fps = if fps.is_nan() { self.fps } else { fps.clamp(RATES.0, RATES.1) };
        (fps, (0..self.frames_at(fps)).map(move |k| self.at(k as f64 / fps)))
    }

    /// Number of frames at another rate.
    pub(crate) fn frames_at(&self, fps: f64) -> usize {
        if self.frames.is_empty() { 0 } else { Performance::frames_for(self.length(), fps) }
    }

    /// Seconds, told from the frames where they are not stated.
    pub(crate) fn length(&self) -> f64 {
        if self.seconds > 0.0 { self.seconds } else { self.frames.len() as f64 / self.fps.max(RATES.0) }
    }

    /// The frame at a time in seconds; `self` has at least one frame.
    pub(crate) fn at(&self, time: f64) -> Frame {
        let last = self.frames.len() - 1;
        // Snap to samples that differ by rounding only.
        let place = (time * self.fps * 1e6).round() / 1e6;
        let here = (place.floor().max(0.0) as usize).min(last);
        let part = (place - here as f64) as f32;
        if part <= 0.0 || here == last {
            return self.frames.frame(here).clone();
        }
        let around = [here.saturating_sub(1), here, here + 1, (here + 2).min(last)].map(|k| self.frames.frame(k));
        between(around, part)
    }
}

/// The frame at `part` (0..=1) of the way from `a` to `b`, at rest at both.
pub(crate) fn blend(a: &Frame, b: &Frame, part: f32) -> Frame {
    between([a, a, b, b], part)
}

/// The frame at `part` (0..=1) between the second and the third of four neighbours.
fn between(around: [&Frame; 4], part: f32) -> Frame {
    let curve = |value: &dyn Fn(&Frame) -> f32| monotone(around.map(value), part);
    let mut frame = around[1].clone();
    for (k, value) in frame.face.iter_mut().enumerate() {
        *value = curve(&|f| f.face[k]);
    }
    frame.head = Head { yaw: curve(&|f| f.head.yaw), pitch: curve(&|f| f.head.pitch), roll: curve(&|f| f.head.roll) };
    frame.gaze = Gaze { yaw: curve(&|f| f.gaze.yaw), pitch: curve(&|f| f.gaze.pitch) };
    frame.body.hips = Vec3::from_array(std::array::from_fn(|k| curve(&|f| f.body.hips[k])));
    for (k, rotation) in frame.body.rotations.iter_mut().enumerate() {
        *rotation = squad(around.map(|f| f.body.rotations[k]), part);
    }
    frame
}

/// Monotone cubic Hermite between the second and the third of four equally spaced values.
fn monotone(values: [f32; 4], part: f32) -> f32 {
    let [before, slope, after] = [values[1] - values[0], values[2] - values[1], values[3] - values[2]];
    // The mean of the neighbouring slopes, kept inside the square of side 3 that guarantees monotony.
    let tangent = |a: f32, b: f32| {
        if a * b <= 0.0 { 0.0 } else { (0.5 * (a + b)).abs().min(3.0 * a.abs().min(b.abs())).copysign(a) }
    };
    let (start, end) = (tangent(before, slope), tangent(slope, after));
    let (t, t2, t3) = (part, part * part, part * part * part);
    let value = values[1] + (3.0 * t2 - 2.0 * t3) * slope + (t3 - 2.0 * t2 + t) * start + (t3 - t2) * end;
    value.clamp(values[1].min(values[2]), values[1].max(values[2]))
}

/// Spherical cubic between the second and the third of four equally spaced rotations.
fn squad(rotations: [Quat; 4], part: f32) -> Quat {
    let [q0, q1, q2, q3] = rotations;
    // Quaternions come in pairs that mean the same: take those nearest to q1.
    let near = |q: Quat, to: Quat| if q.dot(to) < 0.0 { -q } else { q };
    let (q0, q2) = (near(q0, q1), near(q2, q1));
    let q3 = near(q3, q2);
    let turn = |from: Quat, to: Quat| near(from.conjugate() * to, Quat::IDENTITY).to_scaled_axis();
    let inner = |q: Quat, last: Quat, next: Quat| q * Quat::from_scaled_axis(-0.25 * (turn(q, last) + turn(q, next)));
    let (s1, s2) = (inner(q1, q0, q2), inner(q2, q1, q3));
    q1.slerp(q2, part).slerp(s1.slerp(s2, part), 2.0 * part * (1.0 - part)).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(fps: f64, seconds: f64) -> Performance {
        let frames = (0..Performance::frames_for(seconds, fps))
            .map(|k| {
                let t = k as f32 / fps as f32;
                let mut frame = Frame::default();
                frame.face[17] = 0.5 - 0.5 * (6.0 * t).cos();
                frame.head.yaw = 0.3 * (2.0 * t).sin();
                frame.body.hips.x = 0.1 * t.sin();
                frame.body.rotations[7] = Quat::from_rotation_z((3.0 * t).sin());
                frame
            })
            .collect();
        Performance { fps, seconds, frames }
    }

    #[test]
    fn up_and_down_again_changes_nothing() {
        let performance = wave(30.0, 3.21);
        assert_eq!(performance.resample(120.0).resample(30.0), performance);
        assert_eq!(performance.resample(30.0), performance);
    }

    #[test]
    fn length_is_the_recording_at_any_rate() {
        let performance = wave(30.0, 3.21);
        for (fps, frames) in [(24.0, 78), (25.0, 81), (29.97, 97), (60.0, 193), (1.0, 4)] {
            assert_eq!(performance.resample(fps).frames.len(), frames);
        }
        assert!(Performance::default().resample(60.0).frames.is_empty());
        assert_eq!(wave(30.0, 2.0).resample(f64::NAN).frames.len(), 60);
    }

    #[test]
    fn curves_come_close_and_stay_inside() {
        let (coarse, fine) = (wave(30.0, 3.0).resample(100.0), wave(100.0, 3.0));
        for (a, b) in coarse.frames.iter().zip(&fine.frames).take(290) {
            assert!((a.face[17] - b.face[17]).abs() < 0.01 && (0.0..=1.0).contains(&a.face[17]));
            assert!(a.body.rotations[7].angle_between(b.body.rotations[7]) < 0.01);
            assert!((a.head.yaw - b.head.yaw).abs() < 0.003);
        }
    }

    #[test]
    fn a_step_does_not_overshoot() {
        for k in 0..=20 {
            let value = monotone([0.0, 0.0, 1.0, 1.0], k as f32 / 20.0);
            assert!((0.0..=1.0).contains(&value));
        }
    }
}
