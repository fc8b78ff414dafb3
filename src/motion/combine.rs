//! One performance from the parts of several: a body from one file, a face from another.

use super::{Parts, Performance, set_head};
use crate::body;

/// Puts together performances and what each has, at `fps` frames a second, as long as the longest; shorter ones hold their
/// last frame. Each part comes from the first that has it, a body with its head. Without any body the character stands at ease.
pub fn combine(takes: &[(Performance, Parts)], fps: f64) -> Performance {
    let length = |take: &Performance| take.seconds.max(take.frames.len() as f64 / take.fps.max(1.0));
    let seconds = takes.iter().filter(|(take, _)| !take.frames.is_empty()).map(|(take, _)| length(take)).fold(0.0, f64::max);
    let at_rate = |part: fn(&Parts) -> bool| {
        let (take, _) = takes.iter().find(|(take, parts)| part(parts) && !take.frames.is_empty())?;
        Some(Performance { seconds, ..take.clone() }.resample(fps).frames)
    };
    let face = at_rate(|parts| parts.face);
    let gaze = at_rate(|parts| parts.gaze);
    let body = at_rate(|parts| parts.body);
    let head = at_rate(|parts| parts.head && !parts.body);
    let mut frames = vec![super::Frame::default(); Performance::frames_for(seconds, fps)];
    for (n, frame) in frames.iter_mut().enumerate() {
        if let Some(face) = &face {
            frame.face = face[n].face;
        }
        match (&gaze, &face) {
            (Some(gaze), Some(_)) => frame.gaze = gaze[n].gaze,
            (Some(gaze), None) => frame.look(gaze[n].gaze),
            _ => {}
        }
        match (&body, &head) {
            (Some(body), _) => (frame.body, frame.head) = (body[n].body.clone(), body[n].head),
            (None, head) => {
                frame.body = body::standing();
                frame.head = head.as_ref().map_or_else(Default::default, |head| head[n].head);
                set_head(&mut frame.body, frame.head);
            }
        }
    }
    Performance { fps, seconds, frames }
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
            Performance { fps: 30.0, seconds: frames as f64 / 30.0, frames: vec![frame; frames] }
        };
        let face = Parts { face: true, head: true, gaze: true, body: false };
        let bodily = Parts { face: false, head: true, gaze: false, body: true };
        let (a, b) = ((take(0.5, 9.0, 0.1, 30), face), (take(0.0, 2.0, 0.2, 60), bodily));
        let both = combine(&[a.clone(), b.clone()], 60.0);
        assert_eq!(both.frames.len(), 120);
        let last = &both.frames[119];
        assert_eq!((last.face[17], last.body.hips.x, last.head.yaw), (0.5, 2.0, 0.2));
        let alone = combine(&[a], 30.0);
        assert_eq!((alone.frames.len(), alone.frames[0].head.yaw), (30, 0.1));
        assert!(alone.frames[0].body.hips.x.abs() < 0.1, "stands at ease");
        assert!(combine(&[], 30.0).frames.is_empty());
    }
}
