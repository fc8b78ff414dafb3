//! Gaze as an angle and as the eight eyeLook coefficients.
//!
//! ARKit does not say how far an eye turns at coefficient 1. The ranges here are the slopes between the coefficients and
//! the eye angles that Apple's tracker wrote for a real face: about 34° to each side, 39° down, 24° up.

use super::{Frame, Gaze};
use crate::face::Coefficients;

const SIDEWAYS: f32 = 0.60;
const DOWN: f32 = 0.68;
const UP: f32 = 0.42;

/// Places of the eyeLook coefficients: down, in, out, up of the left and of the right eye.
const LEFT: [usize; 4] = [1, 2, 3, 4];
const RIGHT: [usize; 4] = [8, 9, 10, 11];

impl Gaze {
    /// Writes the gaze into the eight eyeLook coefficients. To the left is out for the left eye and in for the right.
    pub fn write(self, face: &mut Coefficients) {
        let share = |angle: f32, range: f32| if angle.is_finite() { (angle / range).clamp(0.0, 1.0) } else { 0.0 };
        for ([down, inside, outside, up], outwards) in [(LEFT, self.yaw), (RIGHT, -self.yaw)] {
            face[down] = share(self.pitch, DOWN);
            face[up] = share(-self.pitch, UP);
            face[outside] = share(outwards, SIDEWAYS);
            face[inside] = share(-outwards, SIDEWAYS);
        }
    }

    /// Reads the mean direction of both eyes from the eyeLook coefficients.
    pub fn read(face: &Coefficients) -> Gaze {
        let eye = |[down, inside, outside, up]: [usize; 4]| (SIDEWAYS * (face[outside] - face[inside]), DOWN * face[down] - UP * face[up]);
        let ((left, left_pitch), (right, right_pitch)) = (eye(LEFT), eye(RIGHT));
        Gaze { yaw: 0.5 * (left - right), pitch: 0.5 * (left_pitch + right_pitch) }
    }
}

impl Frame {
    /// Sets the gaze, in the angle and in the coefficients.
    pub fn look(&mut self, gaze: Gaze) {
        self.gaze = gaze;
        gaze.write(&mut self.face);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::NAMES;

    #[test]
    fn places_are_the_named_ones() {
        assert_eq!(LEFT.map(|k| NAMES[k]), ["eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft"]);
        assert_eq!(RIGHT.map(|k| NAMES[k]), ["eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight"]);
    }

    #[test]
    fn gaze_survives_the_coefficients() {
        for (yaw, pitch) in [(0.3, 0.2), (-0.5, -0.3), (0.0, 0.0)] {
            let mut frame = Frame::default();
            frame.look(Gaze { yaw, pitch });
            let read = Gaze::read(&frame.face);
            assert!((read.yaw - yaw).abs() < 1e-6 && (read.pitch - pitch).abs() < 1e-6);
        }
    }

    #[test]
    fn looking_left_turns_the_left_eye_out() {
        let mut frame = Frame::default();
        frame.look(Gaze { yaw: 0.3, pitch: 0.0 });
        assert!(frame.face[LEFT[2]] > 0.4 && frame.face[RIGHT[1]] > 0.4 && frame.face[LEFT[1]] == 0.0);
    }
}
