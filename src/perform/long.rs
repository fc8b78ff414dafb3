//! Recordings of any length: performed in parts, so that memory for sound, features and the networks does not grow.
//!
//! A part begins where the one before it ends, and that one goes on for [`LAP`] frames more. In these frames a seam is chosen where
//! the eyes are open and little moves. The body of the new part is given the poses of the old one before the seam, so that its feet
//! stand where they stood; then one passes into the other within [`PASSING`] frames. Lids and gaze change at once, in that of these
//! frames in which both parts look most alike.

use super::{Options, perform_from};
use crate::audio::{Reel, Speech};
use crate::body::given::{Given, Piece};
use crate::body::skeleton::{self, OFFSETS};
use crate::direction::Plan;
use crate::face::articulation::gap_mm;
use crate::face::coefficients::{self, id};
use crate::models::Models;
use crate::motion::frames::Writer;
use crate::motion::{self, Frame, Gaze, Performance};
use crate::{Result, interrupt};
use std::ops::Range;

pub use super::shelf::Shelf;

/// Frames by which a part goes on beyond the beginning of the next: ten seconds.
pub const LAP: usize = 300;
/// Frames before a seam in which the eyes stay open and little moves, and as many after it.
const HALF: usize = 15;
/// Frames in which one part passes into the next, from [`HALF`] before the seam on.
pub const PASSING: usize = 105;
/// Frames before them in which the new body holds the old one's poses.
const HELD: usize = 30;

/// How a recording is divided, in frames at 30 a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    starts: Vec<usize>,
    frames: usize,
}

impl Parts {
    /// Parts of about `length` frames; one where there are less than twice as many, or where a part would be no longer than its lap.
    pub fn of(frames: usize, length: usize) -> Parts {
        let count = (frames / length.max(2 * LAP)).max(1);
        // Three frames are a whole number of samples.
        let start = |k: usize| frames * k / count / 3 * 3;
        Parts { starts: (0..count).map(start).collect(), frames }
    }

    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The frames of a part, its lap included.
    pub fn span(&self, part: usize) -> Range<usize> {
        self.starts[part]..self.starts.get(part + 1).map_or(self.frames, |next| (next + LAP).min(self.frames))
    }

    /// The frames of all parts without their laps.
    pub fn spans(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.starts[1..].iter().copied().chain([self.frames]);
        self.starts.iter().copied().zip(ends).map(|(start, end)| start..end)
    }
}

/// Performs a recording part by part. What `shelf` has of an earlier try is taken from there; `told` hears how many parts are done.
pub fn perform_parts(
    models: &Models,
    reel: &Reel,
    plan: &Plan,
    options: Options,
    (parts, shelf): (&Parts, &Shelf),
    told: &mut dyn FnMut(usize),
) -> Result<Performance> {
    let mut whole = Writer::default();
    // What the part before has beyond the beginning of this one.
    let mut lap: Vec<Frame> = Vec::new();
    for k in 0..parts.count() {
        interrupt::check()?;
        let span = parts.span(k);
        let seam = (k > 0).then(|| seam(&lap));
        let made = match shelf.take(k, span.len()) {
            Some(made) => made,
            None => {
                let given = seam.map(|seam| given(&lap, seam)).unwrap_or_default();
                // Parts that sound the same are not performed the same.
                let options = Options { seed: options.seed.wrapping_add((k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)), ..options };
                let made: Vec<Frame> =
                    perform_from(models, &reel.part(span.clone()), &plan.part(span.clone()), options, &given)?.frames.into();
                shelf.put(k, &made)?;
                made
            }
        };
        let mut part = seam.map_or(Vec::new(), |seam| join(lap, seam, &made));
        part.extend(made.into_iter().skip(part.len()));
        lap = part.split_off(parts.starts.get(k + 1).map_or(part.len(), |next| next - span.start));
        whole.extend(part)?;
        give_back();
        told(k + 1);
    }
    Ok(Performance { fps: 30.0, seconds: reel.seconds, frames: whole.finish()? })
}

/// Gives back to the system what a part took. The C library would keep it, in pieces that grow in number with every part.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: only memory that is free is given back.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Does something with the speech of every part and puts the results in a row.
pub fn over_parts<T>(reel: &Reel, parts: &Parts, mut work: impl FnMut(&Speech) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for span in parts.spans() {
        interrupt::check()?;
        all.extend(work(&reel.part(span))?);
    }
    Ok(all)
}

/// Where in the frames of a lap the next part takes over: the quietest second with open eyes.
fn seam(lap: &[Frame]) -> usize {
    let wrists = |frame: &Frame| {
        let places = skeleton::globals(&frame.body, &OFFSETS).positions;
        [places[WRISTS[0]], places[WRISTS[1]]]
    };
    let wrists: Vec<_> = lap.iter().map(wrists).collect();
    // Metres a frame, radians a frame, and millimetres between the lips, made alike.
    let unrest = |n: usize| {
        let (now, before) = (&lap[n], &lap[n - 1]);
        let hands: f32 = (0..2).map(|s| (wrists[n][s] - wrists[n - 1][s]).length()).sum();
        let head = (now.head.yaw - before.head.yaw).abs() + (now.head.pitch - before.head.pitch).abs();
        let steps = (now.body.hips - before.body.hips).length();
        20.0 * hands + 10.0 * head + 20.0 * steps + 0.05 * gap_mm(&now.face).max(0.0) + if shut(now) > 0.35 { 10.0 } else { 0.0 }
    };
    let unrest: Vec<f32> = (1..lap.len()).map(unrest).collect();
    let around = |n: &usize| unrest[n - HALF..n + HALF].iter().sum::<f32>();
    // Room for the poses that are held, and for the passing.
    (HELD + HALF..unrest.len().saturating_sub(PASSING)).min_by(|a, b| around(a).total_cmp(&around(b))).unwrap_or(lap.len() / 2)
}

/// Left and right hand among the joints.
const WRISTS: [usize; 2] = [9, 13];

fn shut(frame: &Frame) -> f32 {
    frame.face[id::EYE_BLINK_LEFT].max(frame.face[id::EYE_BLINK_RIGHT])
}

/// The poses of a lap before a seam.
fn given(lap: &[Frame], seam: usize) -> Vec<Given> {
    let held = seam.saturating_sub(HELD + HALF)..seam.saturating_sub(HALF).min(lap.len());
    held.map(|n| Given { frame: n, pose: lap[n].body.clone(), pieces: [true; Piece::COUNT] }).collect()
}

/// The frames of a lap up to where the next part, which begins with the lap, goes on alone.
fn join(mut lap: Vec<Frame>, seam: usize, made: &[Frame]) -> Vec<Frame> {
    let first = seam.saturating_sub(HALF);
    lap.truncate(first + PASSING);
    let last = lap.len();
    let eyes = eyes(&lap[first..], &made[first..]) + first;
    for n in first..last {
        let share = (n + 1 - first) as f32 / (last + 1 - first) as f32;
        lap[n] = passing(&lap[n], &made[n], share, n < eyes);
    }
    lap
}

/// The frame from which the eyes are the new part's: where the old ones look there already, both open.
fn eyes(old: &[Frame], new: &[Frame]) -> usize {
    let at = |frame: &Frame| [frame.gaze.yaw + frame.head.yaw, frame.gaze.pitch + frame.head.pitch];
    let step = |n: &usize| {
        let (before, after) = (at(&old[n - 1]), at(&new[*n]));
        let turn = (after[0] - before[0]).hypot(after[1] - before[1]);
        turn + shut(&old[n - 1]).max(shut(&new[*n])) + (shut(&old[n - 1]) - shut(&new[*n])).abs()
    };
    (1..old.len().min(new.len())).min_by(|a, b| step(a).total_cmp(&step(b))).unwrap_or(0)
}

/// The frame between two parts.
fn passing(old: &Frame, new: &Frame, share: f32, before: bool) -> Frame {
    let mut frame = motion::blend(old, new, share);
    let eyes = if before { old } else { new };
    for lid in [id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT] {
        frame.face[lid] = eyes.face[lid];
    }
    // The head moves under eyes that stay where they look.
    frame.gaze = Gaze { yaw: eyes.gaze.yaw + eyes.head.yaw - frame.head.yaw, pitch: eyes.gaze.pitch + eyes.head.pitch - frame.head.pitch };
    frame.gaze.write(&mut frame.face);
    frame
}

/// Numbers of a frame on a shelf.
pub(super) const NUMBERS: usize = coefficients::COUNT + 8 + 4 * skeleton::COUNT;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::Direction;
    use crate::face::model::Quality;
    use crate::motion::Frames;

    /// Bursts of a tone with a melody, for `seconds`.
    fn reel(seconds: usize) -> Reel {
        let sample = |n: usize| {
            let t = n as f32 / 16_000.0;
            let loud = (t * 9.0).sin().max(0.0) * (t * 0.9).sin().abs();
            0.3 * loud * (std::f32::consts::TAU * (150.0 + 30.0 * t.sin()) * t).sin()
        };
        Reel { samples: (0..16_000 * seconds).map(sample).collect::<Vec<_>>().into(), seconds: seconds as f64 }
    }

    fn performed(reel: &Reel, parts: &Parts, shelf: &Shelf) -> Frames {
        let plan = Direction::parse("neutral > happy").unwrap().plan(reel.seconds, parts.frames, &[]);
        let options = Options { seed: 5, quality: Quality::Draft };
        perform_parts(&Models::Standard, reel, &plan, options, (parts, shelf), &mut |_| {}).unwrap().frames
    }

    #[test]
    fn parts_are_the_whole_and_lap_over() {
        let parts = Parts::of(10_000, 3000);
        assert_eq!(parts.count(), 3);
        assert_eq!(parts.spans().map(|s| s.len()).sum::<usize>(), 10_000);
        assert!((1..3).all(|k| parts.span(k - 1).end == parts.span(k).start + LAP && parts.span(k).start.is_multiple_of(3)));
        assert_eq!(Parts::of(5999, 3000).count(), 1);
        assert_eq!(Parts::of(1000, 10).count(), 1);
    }

    #[test]
    fn eyes_change_where_both_look_alike_and_are_open() {
        let frame = |yaw: f32, blink: f32| {
            let mut frame = Frame { gaze: Gaze { yaw, pitch: 0.0 }, ..Frame::default() };
            frame.face[id::EYE_BLINK_LEFT] = blink;
            frame
        };
        let old: Vec<Frame> = (0..60).map(|n| frame(if n < 30 { 0.3 } else { -0.2 }, 0.0)).collect();
        let new: Vec<Frame> = (0..60).map(|n| frame(-0.2, if n < 40 { 0.8 } else { 0.0 })).collect();
        let first = eyes(&old, &new);
        assert!(first >= 40, "{first}");
        let whole = join(old, HALF, &new);
        assert_eq!(whole.len(), 60);
        let steps = (1..60).map(|n| (whole[n].gaze.yaw - whole[n - 1].gaze.yaw).abs());
        assert_eq!(steps.filter(|step| *step > 1e-3).count(), 1, "one jump, the old part's own");
    }

    #[test]
    fn seams_are_no_faster_than_the_rest_and_feet_stay() {
        let reel = reel(62);
        let parts = Parts::of(62 * 30, 600);
        let frames = performed(&reel, &parts, &Shelf::none());
        assert_eq!((parts.count(), frames.len()), (3, 62 * 30));
        let places: Vec<_> = frames.iter().map(|f| skeleton::globals(&f.body, &OFFSETS).positions).collect();
        let fastest =
            |joint: usize, span: Range<usize>| span.map(|n| (places[n][joint] - places[n - 1][joint]).length()).fold(0.0, f32::max);
        let look = |n: usize| [frames[n].gaze.yaw + frames[n].head.yaw, frames[n].gaze.pitch + frames[n].head.pitch];
        let step = |n: usize| (look(n)[0] - look(n - 1)[0]).hypot(look(n)[1] - look(n - 1)[1]);
        let leap = |span: Range<usize>| span.map(step).fold(0.0, f32::max);
        for k in 1..parts.count() {
            let start = parts.span(k).start;
            let lap = start..start + LAP;
            for joint in [5, WRISTS[0], WRISTS[1], 0] {
                let (here, ever) = (fastest(joint, lap.clone()), fastest(joint, 1..start).max(fastest(joint, lap.end..frames.len())));
                assert!(here < 1.5 * ever, "joint {joint}: {here} against {ever}");
            }
            let (here, ever) = (leap(lap.clone()), leap(1..start).max(leap(lap.end..frames.len())));
            assert!(here < 1.2 * ever, "eyes: {here} against {ever} radians");
        }
        // An ankle that stands does not creep.
        for ankle in [16, 20] {
            let creeps = (1..frames.len()).filter(|n| {
                let (now, before) = (places[*n][ankle], places[n - 1][ankle]);
                let away = (now - before).length();
                away > 1e-3 && now.y.max(before.y) < 0.072
            });
            assert!(creeps.count() < frames.len() / 200, "ankle {ankle}");
        }
    }

    #[test]
    fn what_is_on_the_shelf_is_taken_and_the_bytes_are_the_same() {
        let (folder, reel) = (tempfile::tempdir().unwrap(), reel(41));
        let parts = Parts::of(41 * 30, 600);
        let place = folder.path().join("shelf");
        let quiet = performed(&reel, &parts, &Shelf::none());
        let shelf = Shelf::open(&place).unwrap();
        assert_eq!(performed(&reel, &parts, &shelf), quiet);
        // Half a file is none.
        let second = place.join("part-1");
        let bytes = std::fs::read(&second).unwrap();
        std::fs::write(&second, &bytes[..bytes.len() / 2]).unwrap();
        assert!(shelf.take(0, parts.span(0).len()).is_some() && shelf.take(1, parts.span(1).len()).is_none());
        assert_eq!(performed(&reel, &parts, &shelf), quiet);
        shelf.clear().unwrap();
        assert!(!place.exists());
    }
}
