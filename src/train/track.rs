//! Recorded motion to the channels of the face model: tracked landmarks and rig weights re-solved to ARKit coefficients.
//!
//! A tracker's mouth coefficients are weak, its lip geometry is good: the gap and the width of the lips, on the speaker's
//! own scale, become jaw, lip and rounding shapes that give the same gap on the actor.

use super::data::{Mouth, Source};
use crate::face::articulation::set_gap;
use crate::face::coefficients::{self, COUNT, Coefficients, id};
use crate::face::vector::{self, CHANNELS, Row};
use crate::motion::{Gaze, Head};

/// Channels by name over time, as recorded.
pub struct Track<'a> {
    pub names: &'a [String],
    /// `frames × names`.
    pub values: Vec<f32>,
    pub fps: f32,
}

impl Track<'_> {
    pub fn frames(&self) -> usize {
        self.values.len() / self.names.len().max(1)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n.eq_ignore_ascii_case(name))
    }

    /// The value of a column at a fractional frame inside `first..last`.
    fn at(&self, column: Option<usize>, frame: f32, first: usize, last: usize) -> f32 {
        let Some(column) = column else { return 0.0 };
        let get = |f: usize| self.values[f.clamp(first, last - 1) * self.names.len() + column];
        let below = frame.floor();
        let (a, b) = (get(below as usize), get(below as usize + 1));
        a + (b - a) * (frame - below)
    }
}

/// Where a channel sits for one speaker.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    low: f32,
    middle: f32,
    high: f32,
}

impl Range {
    fn of(mut values: Vec<f32>, low: f32, high: f32) -> Range {
        values.sort_by(f32::total_cmp);
        let at = |q: f32| values.get(((values.len().max(1) - 1) as f32 * q) as usize).copied().unwrap_or(0.0);
        Range { low: at(low), middle: at(0.5), high: at(high) }
    }

    /// 0 at `low`, 1 at `high`.
    fn share(&self, value: f32) -> f32 {
        (value - self.low) / (self.high - self.low).max(1e-4)
    }
}

/// A speaker's own scale, and how to read the source's channels with it.
pub struct Solver {
    source: Source,
    ranges: Vec<Range>,
}

/// Lip gap in millimetres at the wide end of a speaker's range.
const WIDE_GAP: f32 = 13.0;
/// Jaw of the wide end.
const WIDE_JAW: f32 = 0.4;

impl Solver {
    /// Learns the speaker's scale from a whole file; acted emotions take their zero from the neutral takes.
    pub fn fit(source: Source, track: &Track, bounds: &[usize], emotions: &[String]) -> Solver {
        let neutral: Vec<usize> = (0..bounds.len().saturating_sub(1))
            .filter(|k| emotions.get(*k).is_none_or(|e| e == "neutral"))
            .flat_map(|k| bounds[k]..bounds[k + 1])
            .collect();
        let frames: Vec<usize> = if neutral.is_empty() { (0..track.frames()).collect() } else { neutral };
        let width = track.names.len();
        let ranges = (0..width).map(|c| Range::of(frames.iter().map(|f| track.values[f * width + c]).collect(), 0.03, 0.97)).collect();
        Solver { source, ranges }
    }

    /// Motion, mouth and known channels of frames `first..last` of the track, as `frames` frames at 30 a second.
    pub fn solve(&self, track: &Track, first: usize, last: usize, frames: usize) -> (Vec<Row>, Vec<Mouth>, [bool; CHANNELS]) {
        let step = track.fps / super::data::FPS as f32;
        let place = |n: usize| first as f32 + n as f32 * step;
        let read = |name: &str, n: usize| track.at(track.column(name), place(n), first, last);
        match self.source {
            Source::Facegood => {
                let (rows, mouths) = (0..frames).map(|n| rig(&|name| read(name, n))).unzip();
                (rows, mouths, std::array::from_fn(vector::is_lips))
            }
            Source::LiveLink => {
                let rows = (0..frames).map(|n| captured(&|name| read(name, n))).collect();
                (rows, Vec::new(), std::array::from_fn(|c| !vector::is_lips(c) && !(vector::HEAD..vector::GAZE).contains(&c)))
            }
            _ => {
                let columns: Vec<(Option<usize>, Range)> = TRACKED.iter().map(|name| self.range(track, name)).collect();
                let mut rows = Vec::with_capacity(frames);
                let mut mouths = Vec::with_capacity(frames);
                for n in 0..frames {
                    let look = |name: &str| {
                        let (column, range) = columns[TRACKED.iter().position(|t| *t == name).unwrap_or(0)];
                        (track.at(column, place(n), first, last), range)
                    };
                    let (row, mouth) = tracked(&look);
                    rows.push(row);
                    mouths.push(mouth);
                }
                if self.source != Source::Mead {
                    remove_posture(&mut rows);
                }
                let known = std::array::from_fn(|c| self.source != Source::Mead || !vector::is_lips(c));
                (rows, mouths, known)
            }
        }
    }

    fn range(&self, track: &Track, name: &str) -> (Option<usize>, Range) {
        let column = track.column(name);
        (column, column.map(|c| self.ranges[c]).unwrap_or_default())
    }
}

/// The columns of a tracked face that are worth reading.
const TRACKED: [&str; 30] = [
    "mouthGapInner",
    "mouthWidth",
    "mouthPucker",
    "jawOpen",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthRollLower",
    "mouthRollUpper",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "headYaw",
    "headPitch",
    "headRoll",
];

/// One frame of a tracked face; `look` gives a column's value and the speaker's range of it.
fn tracked(look: &dyn Fn(&str) -> (f32, Range)) -> (Row, Mouth) {
    let value = |name: &str| look(name).0;
    let share = |name: &str| {
        let (v, range) = look(name);
        range.share(v)
    };
    let above = |name: &str| {
        let (v, range) = look(name);
        (v - range.middle).max(0.0)
    };
    let mut face = [0.0; COUNT];
    let open = share("mouthGapInner").clamp(0.0, 1.35);
    let (width, reach) = look("mouthWidth");
    let narrow = ((reach.middle - width) / (reach.middle - reach.low).max(0.01)).clamp(0.0, 1.3);
    let wide = ((width - reach.middle) / (reach.high - reach.middle).max(0.01)).clamp(0.0, 1.2);
    let (pucker, pucker_range) = look("mouthPucker");
    let round = (0.5 * narrow + 0.5 * (pucker / pucker_range.high.max(0.25)).clamp(0.0, 1.3)).min(1.0);
    face[id::JAW_OPEN] = WIDE_JAW * (0.65 * share("jawOpen").clamp(0.0, 1.35) + 0.35 * open);
    face[id::MOUTH_PUCKER] = 0.6 * round * (1.0 - 0.5 * open.min(1.0));
    face[id::MOUTH_FUNNEL] = 0.4 * round * open.min(1.0);
    let closed = (1.0 - 4.0 * open).max(0.0);
    for (press, lower, upper, stretch) in [
        ("mouthPressLeft", id::MOUTH_LOWER_DOWN_LEFT, id::MOUTH_UPPER_UP_LEFT, id::MOUTH_STRETCH_LEFT),
        ("mouthPressRight", id::MOUTH_LOWER_DOWN_RIGHT, id::MOUTH_UPPER_UP_RIGHT, id::MOUTH_STRETCH_RIGHT),
    ] {
        face[lower] = 0.25 * open * (1.0 - round);
        face[upper] = 0.08 * open * (1.0 - round);
        face[stretch] = 0.35 * wide * (1.0 - round);
        let side = if press.ends_with("Left") { id::MOUTH_PRESS_LEFT } else { id::MOUTH_PRESS_RIGHT };
        face[side] = 0.3 * share(press).clamp(0.0, 1.0) * closed;
    }
    face[id::MOUTH_ROLL_LOWER] = 0.3 * share("mouthRollLower").clamp(0.0, 1.0) * (1.0 - open).max(0.0);
    face[id::MOUTH_ROLL_UPPER] = 0.15 * share("mouthRollUpper").clamp(0.0, 1.0) * (1.0 - open).max(0.0);
    set_gap(&mut face, WIDE_GAP * open);

    // Blinks are conjugate, and a tracker's lids also follow the gaze: take the mean and leave out the shallow half.
    let blink = |name: &str| {
        let (v, range) = look(name);
        (v - range.middle) / (0.72 - range.middle).max(0.2)
    };
    let lid = ((0.5 * (blink("eyeBlinkLeft") + blink("eyeBlinkRight")) - 0.25) / 0.75).clamp(0.0, 1.0);
    (face[id::EYE_BLINK_LEFT], face[id::EYE_BLINK_RIGHT]) = (lid, lid);
    for name in TRACKED.iter().filter(|n| n.starts_with("brow") || n.starts_with("mouthSmile") || n.starts_with("eyeSquint")) {
        if let Some(c) = coefficients::index(name) {
            face[c] = above(name).min(1.0);
        }
    }
    let mut eyes = [0.0; COUNT];
    for c in vector::GAZE_COEFFICIENTS {
        eyes[c] = value(coefficients::NAMES[c]);
    }
    // The tracker reads lids that close as eyes that look down: a blink says nothing of the gaze.
    let gaze = Gaze::read(&eyes);
    let gaze = Gaze { pitch: gaze.pitch * (1.0 - lid), ..gaze };
    // The track has angles in hundreds of degrees, with the signs of `Head`.
    let angle = |name: &str| (value(name) * 100.0).to_radians();
    let head = Head { yaw: angle("headYaw"), pitch: angle("headPitch"), roll: angle("headRoll") };
    let mouth = Mouth { opening: value("mouthGapInner"), width, rounding: pucker, jaw: value("jawOpen") };
    (vector::pack(&face, head, gaze), mouth)
}

/// Cameras stand where they stand: head and gaze count from the take's own middle.
fn remove_posture(rows: &mut [Row]) {
    for c in vector::HEAD..CHANNELS {
        let middle = Range::of(rows.iter().map(|r| r[c]).collect(), 0.0, 1.0).middle;
        rows.iter_mut().for_each(|r| r[c] -= middle);
    }
}

/// One frame of FACEGOOD's rig weights. Its takes write rounded lips in two ways (pucker, or "oh" and "oo"): both become rounding.
fn rig(read: &dyn Fn(&str) -> f32) -> (Row, Mouth) {
    let both = |stem: &str| 0.5 * (read(&format!("{stem}_l")) + read(&format!("{stem}_r")));
    let funnel = ["ul", "ur", "dl", "dr"].iter().map(|s| read(&format!("mouth_funnel_{s}"))).sum::<f32>() / 4.0;
    let (oh, oo, pucker) = (read("mouth_oh_c"), read("mouth_oo_c"), both("mouth_pucker"));
    let (lower, upper) = (both("mouth_lowerLipDepress"), both("mouth_upperLipRaise"));
    let mut face: Coefficients = [0.0; COUNT];
    let mut set = |places: &[usize], v: f32| places.iter().for_each(|c| face[*c] = v.clamp(0.0, 1.0));
    set(&[id::JAW_OPEN], read("mouth_stretch_c") + 0.1 * oh);
    set(&[id::MOUTH_FUNNEL], 0.6 * funnel + 0.3 * oh);
    set(&[id::MOUTH_PUCKER], 0.7 * pucker + 0.35 * oh + 0.7 * oo);
    set(&[id::MOUTH_LOWER_DOWN_LEFT, id::MOUTH_LOWER_DOWN_RIGHT], lower);
    set(&[id::MOUTH_UPPER_UP_LEFT, id::MOUTH_UPPER_UP_RIGHT], upper);
    set(&[id::MOUTH_PRESS_LEFT, id::MOUTH_PRESS_RIGHT], both("mouth_press"));
    set(&[id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT], both("mouth_lipStretch") + 0.5 * both("mouth_lipCornerPull"));
    set(&[id::MOUTH_ROLL_LOWER], 0.5 * (read("mouth_suck_dl") + read("mouth_suck_dr")));
    set(&[id::MOUTH_ROLL_UPPER], 0.5 * (read("mouth_suck_ul") + read("mouth_suck_ur")));
    set(&[id::MOUTH_SHRUG_UPPER], read("mouth_chinRaise_u"));
    set(&[id::JAW_LEFT], read("jaw_sideways_l"));
    let rounding = pucker + oh + oo;
    let mouth = Mouth {
        opening: read("mouth_stretch_c") + 0.35 * lower + 0.3 * upper,
        width: both("mouth_lipStretch") + both("mouth_lipCornerPull") - rounding,
        rounding,
        jaw: read("mouth_stretch_c"),
    };
    (vector::pack(&face, Head::default(), Gaze::default()), mouth)
}

/// One frame of a Live Link capture: coefficients by name, nothing said about the head.
fn captured(read: &dyn Fn(&str) -> f32) -> Row {
    let face: Coefficients = std::array::from_fn(|c| read(coefficients::NAMES[c]).clamp(0.0, 1.0));
    vector::pack(&face, Head::default(), Gaze::read(&face))
}
