//! One performance from the parts of several: a body from one file, a face from another.

use super::{Frame, Frames, Parts, Performance, set_head};
use crate::{Result, body};

/// Puts together performances and what each has, at `fps` frames a second, as long as the longest; shorter ones hold their
/// last frame. Each part comes from the first that has it, a body with its head. Without any body the character stands at ease.
///
/// # Errors
/// [`crate::Error::Io`] where many frames cannot be filed.
pub fn combine(takes: &[(Performance, Parts)], fps: f64) -> Result<Performance> {
    let length = |take: &Performance| take.seconds.max(take.frames.len() as f64 / take.fps.max(1.0));
    let seconds = takes.iter().filter(|(take, _)| !take.frames.is_empty()).map(|(take, _)| length(take)).fold(0.0, f64::max);
    let first = |part: fn(&Parts) -> bool| takes.iter().find(|(take, parts)| part(parts) && !take.frames.is_empty()).map(|(take, _)| take);
    let face = first(|parts| parts.face);
    let gaze = first(|parts| parts.gaze);
    let body = first(|parts| parts.body);
    let head = first(|parts| parts.head && !parts.body);
    let together = |n: usize| {
        let at = |take: &Performance| take.at(n as f64 / fps);
        let mut frame = Frame::default();
        if let Some(face) = face {
            frame.face = at(face).face;
        }
        match (gaze, face) {
            (Some(gaze), Some(_)) => frame.gaze = at(gaze).gaze,
            (Some(gaze), None) => frame.look(at(gaze).gaze),
            _ => {}
        }
        match body.map(at) {
            Some(own) => (frame.body, frame.head) = (own.body, own.head),
            None => {
                frame.body = body::standing();
                frame.head = head.map_or_else(Default::default, |head| at(head).head);
                set_head(&mut frame.body, frame.head);
            }
        }
        frame
    };
    let frames = Frames::gather((0..Performance::frames_for(seconds, fps)).map(together))?;
    Ok(Performance { fps, seconds, frames })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::{Frame, Head};

    #[test]
    fn parts_come_from_the_first_that_has_them() {
        let take = |jaw: f32, x: f32, yaw: f32, frames: usize| {
            let mut frame = Frame { head: Head { yaw, ..Head::default() }, ..Frame::default() };
            frame.face[17] = jaw;
            frame.body.hips.x = x;
            Performance { fps: 30.0, seconds: frames as f64 / 30.0, frames: vec![frame; frames].into() }
        };
        let face = Parts { face: true, head: true, gaze: true, body: false };
        let bodily = Parts { face: false, head: true, gaze: false, body: true };
        let (a, b) = ((take(0.5, 9.0, 0.1, 30), face), (take(0.0, 2.0, 0.2, 60), bodily));
        let both = combine(&[a.clone(), b.clone()], 60.0).unwrap();
        assert_eq!(both.frames.len(), 120);
        let last = &both.frames[119];
        assert_eq!((last.face[17], last.body.hips.x, last.head.yaw), (0.5, 2.0, 0.2));
        let alone = combine(&[a], 30.0).unwrap();
        assert_eq!((alone.frames.len(), alone.frames[0].head.yaw), (30, 0.1));
        assert!(alone.frames[0].body.hips.x.abs() < 0.1, "stands at ease");
        assert!(combine(&[], 30.0).unwrap().frames.is_empty());
    }
}
