//! What the model's motion lacks of people's: the size of strokes, its order under feelings, rest, and a torso that takes part.
//!
//! Few evaluations of a denoiser lead towards the mean: strokes come out smaller than anybody's, and feelings differ less in them than
//! they should. Where hands are is a smooth course with strokes on it; the strokes are made larger about that course, so that their
//! moments stay and posture does too.

use super::curves::{smooth, smoothstep};
use super::expressivity::Expressivity;
use super::gestures::Side;
use super::latent::{ARMS, CODE, Code, HIPS, Part, SPINE, WRIST};
use super::rhythm::Rhythm;
use glam::Vec3;

/// Frames over which the course under the strokes is a mean: the deviation of a low-pass, longer than a stroke.
const COURSE: f32 = 20.0;
/// Frames over which a stroke is a mean: what is quicker is tremor and does not grow.
const TREMOR: f32 = 1.2;
/// Size of neutral strokes over the model's, fitted to those of recorded speakers (0.23 m and 1.4 m/s at the 95th percentile).
const GAIN: f32 = 1.55;
/// Strokes do not leave their course by more than about this, metres: arms are not longer.
const FURTHEST: f32 = 0.4;
/// Frames over which a posture is a mean, and size of the hips' sway and of the torso's bends about it over the model's, which
/// are half of what recorded speakers do.
const POSTURE: f32 = 150.0;
const SWAY: f32 = 1.5;
const BEND: f32 = 1.6;
/// Share of the manner's height that the model leaves out, and the metres above the hips over which a hand counts as lifted: arms that
/// hang are not raised.
const RAISED: f32 = 0.5;
const LIFTED: (f32, f32) = (0.0, 0.15);
/// Pauses of so many frames are long (1.5 s).
const LONG: usize = 45;

/// Makes strokes as large as people's, by the extent of the manner, and raises lifted hands by its height.
pub(super) fn enlarge(codes: &mut [Code], rhythm: &Rhythm, manners: &[Expressivity]) {
    let awake = awake(rhythm, codes.len());
    for side in Side::BOTH {
        let at = ARMS[side as usize] + WRIST;
        let wrists: Vec<Vec3> = codes.iter().map(|code| Vec3::from_slice(&code[at..at + 3])).collect();
        // Strokes are what is slower than a tremor and faster than the course.
        let (course, smoothed) = (smooth(&wrists, COURSE), smooth(&wrists, TREMOR));
        for (n, code) in codes.iter_mut().enumerate() {
            let manner = manners.get(n).or(manners.last()).copied().unwrap_or_default();
            let larger = (smoothed[n] - course[n]) * (1.0 + awake[n] * (GAIN * manner.extent - 1.0));
            let bounded = larger / (1.0 + (larger.length() / FURTHEST).powi(4)).powf(0.25);
            let raised = awake[n] * RAISED * manner.height.max(0.0) * smoothstep(LIFTED.0, LIFTED.1, course[n].y);
            code[at..at + 3].copy_from_slice(&(course[n] + raised * Vec3::Y + bounded + wrists[n] - smoothed[n]).to_array());
        }
    }
}

/// Bends and shifts the trunk as far as people do, about where it is over some seconds.
pub(super) fn sway(codes: &mut [Code]) {
    let channels = std::iter::once((HIPS, SWAY)).chain((SPINE..ARMS[0]).map(|c| (c, BEND)));
    for (c, gain) in channels {
        let curve: Vec<f32> = codes.iter().map(|code| code[c]).collect();
        let posture = smooth(&curve, POSTURE);
        codes.iter_mut().zip(posture).for_each(|(code, posture)| code[c] = posture + gain * (code[c] - posture));
    }
}

/// 1 while somebody speaks, going over to 0 in long pauses.
fn awake(rhythm: &Rhythm, frames: usize) -> Vec<f32> {
    const EASE: f32 = 6.0;
    let mut awake = vec![1.0; frames];
    for pause in rhythm.pauses.iter().filter(|pause| pause.len() >= LONG) {
        awake[pause.start.min(frames)..pause.end.min(frames)].fill(0.0);
    }
    smooth(&awake, EASE)
}

/// Brings the arms to rest in long pauses: what they do there goes over into a course that hardly moves, and comes back before the
/// voice does.
pub(super) fn rest(codes: &mut [Code], rhythm: &Rhythm) {
    /// The slow course is the mean over about a second; wrists follow it at no more than this, metres a frame.
    const SLOW: f32 = 14.0;
    const CREEP: f32 = 0.08 / 30.0;
    /// Frames in which the arms settle, and come back.
    const SETTLE: (f32, f32) = (2.0, 28.0);
    const RETURN: f32 = 12.0;
    let arms: Vec<usize> = (0..CODE).filter(|c| Part::of(*c) != Part::Trunk).collect();
    let long: Vec<_> = rhythm.pauses.iter().filter(|p| p.len() >= LONG && p.end <= codes.len()).collect();
    if long.is_empty() {
        return;
    }
    let slow: Vec<Vec<f32>> = arms.iter().map(|c| smooth(&codes.iter().map(|code| code[*c]).collect::<Vec<f32>>(), SLOW)).collect();
    for pause in long {
        // At the very end of a take nobody speaks again.
        let back = if pause.end == codes.len() { usize::MAX } else { pause.end };
        let settled = (pause.start + SETTLE.1 as usize / 2).min(pause.end - 1);
        let place = |frame: usize| -> Code {
            let mut code = codes[frame];
            arms.iter().zip(&slow).for_each(|(c, slow)| code[*c] = slow[frame]);
            code
        };
        let course: Vec<Code> = pause.clone().map(|frame| place(frame.max(settled))).collect();
        let mut at: [Vec3; 2] = Side::BOTH.map(|s| wrist(&course[0], s));
        for (frame, mut calm) in pause.clone().zip(course) {
            for side in Side::BOTH {
                let s = side as usize;
                at[s] += (wrist(&calm, side) - at[s]).clamp_length_max(CREEP);
                calm[ARMS[s] + WRIST..][..3].copy_from_slice(&at[s].to_array());
            }
            let since = (frame - pause.start) as f32;
            let left = (back - frame) as f32;
            let share = smoothstep(SETTLE.0, SETTLE.1, since) * smoothstep(0.0, RETURN, left);
            arms.iter().for_each(|c| codes[frame][*c] += share * (calm[*c] - codes[frame][*c]));
        }
    }
}

fn wrist(code: &Code, side: Side) -> Vec3 {
    Vec3::from_slice(&code[ARMS[side as usize] + WRIST..][..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waving(frames: usize, reach: f32) -> Vec<Code> {
        (0..frames).map(|n| [reach * (n as f32 * 0.4).sin(); CODE]).collect()
    }

    #[test]
    fn arms_come_to_rest_in_long_pauses_alone() {
        let waving = waving(240, 1.0);
        let pauses = vec![20..40, 100..190];
        let mut codes = waving.clone();
        rest(&mut codes, &Rhythm { level: vec![0.0; 240], pauses, ..Rhythm::default() });
        assert_eq!(codes[..100], waving[..100]);
        assert_eq!(codes[190..], waving[190..]);
        assert_eq!(codes[150][HIPS], waving[150][HIPS]);
        let at = |n: usize| wrist(&codes[n], Side::Left);
        assert!((130..177).all(|n| at(n).distance(at(n + 1)) < 0.005), "{}", at(150).distance(at(151)));
    }

    #[test]
    fn strokes_grow_about_their_course_by_the_extent_and_only_in_speech() {
        let small = waving(300, 0.05);
        let size = |codes: &[Code], span: std::ops::Range<usize>| span.map(|n| wrist(&codes[n], Side::Right).length()).fold(0.0, f32::max);
        let grown = |extent: f32| {
            let mut codes = small.clone();
            let rhythm = Rhythm { level: vec![0.5; 300], pauses: std::iter::once(200..290).collect(), ..Rhythm::default() };
            enlarge(&mut codes, &rhythm, &[Expressivity { extent, ..Expressivity::default() }]);
            codes
        };
        let (usual, angry, sad) = (grown(1.0), grown(1.2), grown(0.7));
        let [plain, usual_size, angry_size, sad_size] = [&small, &usual, &angry, &sad].map(|codes| size(codes, 40..160));
        assert!((usual_size / plain - GAIN).abs() < 0.1 && angry_size > 1.15 * usual_size && sad_size < 0.75 * usual_size);
        assert!((size(&angry, 230..260) / size(&small, 230..260) - 1.0).abs() < 0.02);
        let mut wide = waving(300, 0.6);
        enlarge(&mut wide, &Rhythm { level: vec![0.5; 300], ..Rhythm::default() }, &[]);
        assert!(size(&wide, 40..160) < FURTHEST + 0.2);
    }
    #[test]
    fn lifted_hands_rise_with_the_manner_and_hanging_ones_do_not() {
        let raised = |y: f32| {
            let mut codes = vec![[y; CODE]; 200];
            let manner = Expressivity { height: 0.1, ..Expressivity::default() };
            enlarge(&mut codes, &Rhythm { level: vec![0.5; 200], ..Rhythm::default() }, &[manner]);
            wrist(&codes[100], Side::Left).y - y
        };
        assert!((raised(0.2) - 0.1 * RAISED).abs() < 1e-3 && raised(-0.05).abs() < 1e-6, "{} {}", raised(0.2), raised(-0.05));
    }

    #[test]
    fn the_trunk_moves_further_about_its_posture() {
        let mut codes: Vec<Code> = (0..600).map(|n| [0.2 + 0.1 * (n as f32 * 0.2).sin(); CODE]).collect();
        sway(&mut codes);
        let most = |c: usize| codes[250..350].iter().map(|code| code[c]).fold(0.0, f32::max);
        assert!((most(SPINE) - 0.2 - 0.1 * BEND).abs() < 0.01 && (most(HIPS) - 0.2 - 0.1 * SWAY).abs() < 0.01);
        assert!((most(HIPS + 1) - 0.3).abs() < 0.01, "their height stays");
    }
}
