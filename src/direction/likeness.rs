//! Somebody's style as figures that a performance can lean towards: sixteen of the face ([`crate::face::style`]), three of the body.
//!
//! Figures are measured where a motion shows them: a skeleton without a face tells how the head and the arms move and no more.
//! From a voice alone little can be foretold. Over 23 tracked people of one source a ridge regression from rate, pitch range,
//! loudness range and voicing explained, with each person left out in turn, a fifth of the differences in head pitch range, less of every
//! other figure and nothing of roll and gaze; from sentence to sentence of one person no |r| passed 0.17. Its slopes are a tenth of a
//! deviation, too little to be seen. So the way from a voice to a style is a convention that keeps their signs and is larger: who speaks
//! fast moves and blinks fast, a wide melody moves head and brows (Yehia, Kuratate and Vatikiotis-Bateson 2002, J. Phonetics 30:555, found
//! pitch and head to go together within a sentence), and loud stresses open the mouth and the arms.

use crate::audio::Speech;
use crate::audio::features::{Mel, Prosody};
use crate::body::Expressivity;
use crate::body::rhythm::Rhythm;
use crate::body::skeleton::{self, OFFSETS};
use crate::face::style::{self, STYLE, Style};
use crate::face::vector::{self, Row};
use crate::motion::{Frame, Performance};
use crate::statistics::{deviation, median};
use glam::Vec3;

/// Figures of the body, ratios to a neutral performance: extent, tempo and activity of the arms.
pub const BODY: usize = 3;

/// A style as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likeness {
    pub face: [Option<f32>; STYLE],
    pub body: [Option<f32>; BODY],
}

/// Less than this says nothing of anybody's style, seconds.
const SHORTEST: f32 = 2.0;

/// What neutral performances show (means of four seeds of the sample speech), for the ratios are factors on those: spread of the
/// wrists' places from the hips (metres), their median speed while they move (metres a second), share of the time that they move.
const TYPICAL: [f32; BODY] = [0.20, 0.48, 0.88];
/// Wrists that are faster than this move, metres a second.
const MOVING: f32 = 0.15;
/// Bounds of the ratios of the body: half as much to once and a half.
const RATIO: (f32, f32) = (0.5, 1.5);

impl Likeness {
    /// Measures a motion; none where there is too little of it or nothing moves.
    pub fn of_motion(performance: &Performance) -> Option<Likeness> {
        let motion = performance.resample(30.0);
        if (motion.frames.len() as f32) < 30.0 * SHORTEST {
            return None;
        }
        let mut likeness = Likeness::default();
        let frames = &motion.frames;
        let has_face = moves(frames, |f| f.face.to_vec());
        let heads = moves(frames, |f| vec![f.head.yaw, f.head.pitch, f.head.roll]);
        let rows: Vec<Row> = frames.iter().map(|f| vector::pack(&f.face, f.head, f.gaze)).collect();
        let figures = style::of(&rows);
        if has_face {
            likeness.face = figures.map(Some);
        }
        for figure in style::HEAD {
            likeness.face[figure] = heads.then_some(figures[figure]);
        }
        if moves(frames, |f| f.body.rotations[ARM_JOINT].to_array().to_vec()) {
            likeness.body = arms(frames).map(Some);
        }
        (likeness != Likeness::default()).then_some(likeness)
    }

    /// What one would expect of somebody with this voice; see the module's text. None where hardly anybody speaks.
    pub fn of_voice(speech: &Speech) -> Option<Likeness> {
        let habits = Habits::of(speech)?;
        // From the mean over 23 people, over a spread between theirs and that of single sentences.
        let from = |value: f32, mean: f32, spread: f32| ((value - mean) / spread).clamp(-2.0, 2.0);
        let (rate, melody, stress) = (from(habits.rate, 2.6, 0.7), from(habits.melody, 3.3, 1.2), from(habits.stress, 0.177, 0.015));
        let mut likeness = Likeness::default();
        for (figure, value) in [
            (style::LIP_RANGE, 0.6 * stress),
            (style::BLINKS, 0.5 * rate),
            (style::BROW_RANGE, 0.7 * melody),
            (style::HEAD_SPEED, 0.5 * rate + 0.4 * melody),
        ] {
            likeness.face[figure] = Some(value);
        }
        for figure in style::HEAD.filter(|figure| *figure != style::HEAD_SPEED) {
            likeness.face[figure] = Some(0.6 * melody);
        }
        likeness.body = [1.0 + 0.15 * stress, 1.0 + 0.1 * rate, 1.0 + 0.1 * melody].map(Some);
        Some(likeness)
    }
}

/// How somebody speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// Stresses in a second of speech.
    pub rate: f32,
    /// Deviation of the pitch, semitones.
    pub melody: f32,
    /// Deviation of the level while speaking, in units of [`Prosody::level`].
    pub stress: f32,
}

impl Habits {
    /// Listens to a recording; none where there are less than two seconds of speech.
    pub fn of(speech: &Speech) -> Option<Habits> {
        /// A level above which somebody speaks.
        const SPEAKING: f32 = 0.3;
        let frames = Performance::frames_for(speech.seconds, 30.0);
        let prosody = Prosody::of(speech, &Mel::of(speech), frames);
        let said: Vec<usize> = (0..frames).filter(|n| prosody.level[*n] > SPEAKING).collect();
        let seconds = said.len() as f32 / 30.0;
        let pitch: Vec<f32> = said.iter().map(|n| prosody.pitch[*n]).filter(|p| *p != 0.0).collect();
        (seconds >= SHORTEST && !pitch.is_empty()).then(|| Habits {
            rate: Rhythm::of(speech, frames).peaks.len() as f32 / seconds,
            melody: deviation(&pitch) * 12.0 / std::f32::consts::LN_2,
            stress: deviation(&said.iter().map(|n| prosody.level[*n]).collect::<Vec<f32>>()),
        })
    }
}

/// Places of a lower arm and the hands among the joints.
const ARM_JOINT: usize = 8;
const HANDS: [usize; 2] = [9, 13];

/// Whether what `of` reads differs between any two frames.
fn moves(frames: &[Frame], of: impl Fn(&Frame) -> Vec<f32>) -> bool {
    let first = frames.first().map(&of);
    frames.iter().any(|f| Some(of(f)) != first)
}

/// Extent, tempo and activity of the arms, over those of a neutral performance.
fn arms(frames: &[Frame]) -> [f32; BODY] {
    let places: Vec<[Vec3; 2]> = frames
        .iter()
        .map(|f| {
            let globals = skeleton::globals(&f.body, &OFFSETS);
            HANDS.map(|hand| globals.positions[hand] - globals.positions[0])
        })
        .collect();
    let n = places.len() as f32;
    let spread = |hand: usize| {
        let mean = places.iter().map(|p| p[hand]).sum::<Vec3>() / n;
        (places.iter().map(|p| p[hand].distance_squared(mean)).sum::<f32>() / n).sqrt()
    };
    let speeds: Vec<f32> = places.windows(2).flat_map(|w| [0, 1].map(|hand| 30.0 * w[0][hand].distance(w[1][hand]))).collect();
    let moving: Vec<f32> = speeds.iter().copied().filter(|s| *s > MOVING).collect();
    let share = moving.len() as f32 / speeds.len().max(1) as f32;
    let figures = [0.5 * (spread(0) + spread(1)), median(&moving), share];
    std::array::from_fn(|i| (figures[i] / TYPICAL[i]).clamp(RATIO.0, RATIO.1))
}

/// How far a performance leans towards styles: for every figure the wanted values times their shares, and the shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Leaning {
    pub face: [[f32; 2]; STYLE],
    pub body: [[f32; 2]; BODY],
}

impl Leaning {
    /// Leans by `share` towards a style.
    pub fn towards(mut self, likeness: &Likeness, share: f32) -> Leaning {
        let wanted = likeness.face.iter().chain(&likeness.body);
        for (sum, value) in self.face.iter_mut().chain(&mut self.body).zip(wanted) {
            if let Some(value) = value {
                *sum = [sum[0] + share * value, sum[1] + share];
            }
        }
        self
    }

    /// A mix of two leanings.
    pub fn mix(&self, other: &Leaning, t: f32) -> Leaning {
        let lerp = |a: [f32; 2], b: [f32; 2]| [a[0] * (1.0 - t) + b[0] * t, a[1] * (1.0 - t) + b[1] * t];
        Leaning {
            face: std::array::from_fn(|i| lerp(self.face[i], other.face[i])),
            body: std::array::from_fn(|i| lerp(self.body[i], other.body[i])),
        }
    }

    /// The style of a face whose usual one is given.
    pub fn style(&self, usual: &Style) -> Style {
        std::array::from_fn(|i| (usual[i] * (1.0 - self.face[i][1]) + self.face[i][0]).clamp(-3.0, 3.0))
    }

    /// The manner of a body.
    pub fn manner(&self, manner: Expressivity) -> Expressivity {
        let ratio = |[value, share]: [f32; 2]| (1.0 - share + value).clamp(0.3, 2.0);
        let [extent, tempo, activity] = self.body.map(ratio);
        Expressivity { extent: manner.extent * extent, tempo: manner.tempo * tempo, activity: manner.activity * activity, ..manner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::SPEECH_RATE;
    use glam::Quat;

    #[test]
    fn a_skeleton_without_a_face_tells_of_head_and_arms_alone() {
        let mut performance = Performance { fps: 30.0, seconds: 4.0, frames: vec![Frame::default(); 120].into() };
        assert_eq!(Likeness::of_motion(&performance), None);
        for (n, frame) in performance.frames.iter_mut().enumerate() {
            frame.head.yaw = 0.1 * (n as f32 * 0.1).sin();
            frame.body.rotations[ARM_JOINT] = Quat::from_rotation_y(0.5 * (n as f32 * 0.2).sin());
        }
        let likeness = Likeness::of_motion(&performance).unwrap();
        assert!(style::HEAD.into_iter().all(|i| likeness.face[i].is_some()) && likeness.face[style::BLINKS].is_none());
        assert!(likeness.body.iter().all(|b| b.is_some_and(|v| (0.5..=1.5).contains(&v))));
        performance.frames = performance.frames[..30].to_vec().into();
        performance.seconds = 1.0;
        assert_eq!(Likeness::of_motion(&performance), None);
    }

    #[test]
    fn a_wide_melody_moves_the_head_more() {
        let voice = |semitones: f32| {
            let rate = SPEECH_RATE as f32;
            let mut phase = 0.0f32;
            let samples = (0..(6.0 * rate) as usize)
                .map(|n| {
                    let t = n as f32 / rate;
                    let hertz = 140.0 * 2f32.powf(semitones / 12.0 * (t * 3.0).sin());
                    phase += std::f32::consts::TAU * hertz / rate;
                    (1..12).map(|k| (k as f32 * phase).sin() / k as f32).sum::<f32>() * 0.1 * (t * 12.0).sin().abs()
                })
                .collect();
            Likeness::of_voice(&Speech { samples, seconds: 6.0 }).unwrap().face[style::HEAD_SPEED].unwrap()
        };
        assert!(voice(8.0) > voice(1.0) + 0.2, "{} {}", voice(8.0), voice(1.0));
        assert_eq!(Likeness::of_voice(&Speech { samples: vec![0.0; 80_000], seconds: 5.0 }), None);
    }

    #[test]
    fn leaning_goes_from_the_usual_to_the_wanted() {
        let mut likeness = Likeness::default();
        (likeness.face[3], likeness.body[0]) = (Some(2.0), Some(0.5));
        let half = Leaning::default().towards(&likeness, 0.5);
        let style = half.style(&[1.0; STYLE]);
        assert_eq!((style[3], style[4]), (1.5, 1.0));
        assert_eq!(half.manner(Expressivity::default()).extent, 0.75);
        assert_eq!(half.mix(&Leaning::default(), 1.0), Leaning::default());
    }
}
