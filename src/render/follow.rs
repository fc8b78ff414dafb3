//! A camera that keeps the head in the picture.
//!
//! People shift their weight by a hand's breadth as they talk, which carries the head out of a close shot. An operator pans
//! along, slowly, and faster where the head is about to leave the picture. The background of close shots hangs on the camera, so moving the camera by `d` and moving the actor by `-d`
//! give the same picture.

use super::Framing;
use crate::Result;
use crate::body::curves;
use crate::body::skeleton::{self, OFFSETS, Pose};
use crate::motion::Performance;
use glam::Vec3;

/// Place of the head among the joints.
const HEAD: usize = 5;

/// Moves the actor of a close shot so that the camera seems to follow the head. The whole figure stands in its room and is left alone.
///
/// # Errors
/// [`crate::Error::Io`] where many frames cannot be filed.
pub fn follow(performance: &mut Performance, framing: Framing) -> Result<()> {
    // Seconds over which the operator averages where the head is, and the metres that it may be away from there.
    let (patience, leeway) = match framing {
        Framing::Face => (0.4, 0.03),
        Framing::Head => (0.6, 0.05),
        Framing::Bust => (1.2, 0.10),
        Framing::Body => return Ok(()),
    };
    let head = |pose: &Pose| skeleton::globals(pose, &OFFSETS).positions[HEAD];
    let rest = head(&Pose::default());
    let away: Vec<Vec3> = performance.frames.iter().map(|frame| head(&frame.body) - rest).collect();
    let course = curves::smooth(&away, patience * performance.fps as f32);
    // Small moves are left as they are, large ones end at the leeway.
    let kept = |away: Vec3| away.to_array().map(|v| leeway * (v / leeway).tanh());
    performance.frames.change(|n, frame| frame.body.hips += Vec3::from(kept(away[n] - course[n])) - away[n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::Frame;

    #[test]
    fn a_slow_sway_is_followed_and_a_nod_is_not() {
        let mut performance = Performance { fps: 30.0, seconds: 20.0, frames: vec![Frame::default(); 600].into() };
        for (n, frame) in performance.frames.iter_mut().enumerate() {
            let t = n as f32 / 30.0;
            frame.body.hips.x += 0.1 * (t * 0.8).sin() + 0.01 * (t * 12.0).sin();
        }
        let whole = performance.clone();
        follow(&mut performance, Framing::Body).unwrap();
        assert_eq!(performance, whole);
        follow(&mut performance, Framing::Head).unwrap();
        let x: Vec<f32> = performance.frames[100..500].iter().map(|f| f.body.hips.x).collect();
        let reach = x.iter().fold(0f32, |m, v| m.max(v.abs()));
        assert!(reach < 0.03 && reach > 0.008, "{reach}");
    }

    #[test]
    fn a_lunge_stays_in_the_picture() {
        let mut performance = Performance { fps: 30.0, seconds: 4.0, frames: vec![Frame::default(); 120].into() };
        performance.frames.iter_mut().skip(60).for_each(|frame| frame.body.hips.x += 0.3);
        follow(&mut performance, Framing::Head).unwrap();
        let reach = performance.frames.iter().map(|f| (f.body.hips.x - Pose::default().hips.x).abs()).fold(0.0, f32::max);
        assert!(reach > 0.04 && reach <= 0.05, "{reach}");
    }
}
