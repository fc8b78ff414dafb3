//! Where the hands are: the planned moves, the life of held hands, and the space that is not theirs.

use super::curves::{Dice, FPS, Path, Purpose, ramp, smooth, soft_max, soft_min, velocity, wander};
use super::expressivity::Expressivity;
use super::gestures::{HandPlan, Plan};
use super::rhythm::Rhythm;
use glam::{Vec2, Vec3};

/// Wrist places per frame and hand (left, right), metres from the hips: x outwards, y up, z forwards.
pub fn courses(plan: &Plan, rhythm: &Rhythm, manner: &[Expressivity], seed: u64) -> [Vec<Vec3>; 2] {
    let mut dice = Dice::new(seed, Purpose::Drift);
    let loudness = smooth(&rhythm.level, 12.0);
    let planned = plan.hands.each_ref().map(|hand| course(hand, &loudness, manner, &mut dice));
    let mut courses = [follow(&planned[0], &planned[1]), follow(&planned[1], &planned[0])];
    for frame in 0..manner.len() {
        let [left, right] = &mut courses;
        let space = Space { width: 0.10 + 0.33 * manner[frame].openness, ..Space::of(&manner[frame]) };
        let (l, r) = (keep_out(left[frame], space), keep_out(right[frame], space));
        (left[frame], right[frame]) = part(l, r);
    }
    // Flesh has mass: where a limit throws a hand aside, it swings there in a tenth of a second.
    courses.map(|course| smooth(&course, 1.0))
}

/// Planned moves plus drift: a held hand is never quite still, the less so the louder the voice.
fn course(hand: &HandPlan, loudness: &[f32], manner: &[Expressivity], dice: &mut Dice) -> Vec<Vec3> {
    let frames = manner.len();
    let mut path = Path::new(frames);
    for m in &hand.moves {
        path.shift(m.start, m.end, m.by);
        path.bow(m.start, m.end, m.bow);
    }
    let mut course = path.finish(hand.origin);
    let speed: Vec<f32> = velocity(&course).iter().map(|v| v.length()).collect();
    let moving = smooth(&speed, 8.0);
    let held = drift(dice, frames, [(1.1, 0.048), (0.45, 0.016)]);
    let carried = drift(dice, frames, [(0.45, 0.012), (0.22, 0.004)]);
    for frame in 0..frames {
        let lifted = ramp(course[frame].y, -0.10, 0.16).max(0.10);
        let voice = 0.45 + 1.1 * loudness[frame];
        let manner = &manner[frame];
        course[frame] += held[frame] * (lifted * voice * manner.extent * manner.tempo.sqrt());
        course[frame] += carried[frame] * (0.25 * lifted + moving[frame].min(1.0));
    }
    course
}

/// Sums of wanderings, one for each (time constant in seconds, deviation in metres).
fn drift(dice: &mut Dice, frames: usize, parts: [(f32, f32); 2]) -> Vec<Vec3> {
    let mut sum = vec![Vec3::ZERO; frames];
    for (seconds, deviation) in parts {
        for axis in 0..3 {
            for (sum, value) in sum.iter_mut().zip(wander(dice, frames, seconds, deviation)) {
                sum[axis] += value;
            }
        }
    }
    sum
}

/// A lifted hand copies a little of what the other does, three frames later: hands are coupled.
fn follow(own: &[Vec3], other: &[Vec3]) -> Vec<Vec3> {
    let fast = smooth(other, 6.0);
    let slow = smooth(&fast, 1.5 * FPS);
    own.iter()
        .enumerate()
        .map(|(frame, at)| {
            let before = frame.saturating_sub(3);
            *at + (fast[before] - slow[before]) * (0.25 * ramp(at.y, -0.10, 0.14))
        })
        .collect()
}

/// The space that hands gesture in, metres to each side and above the hips.
#[derive(Clone, Copy)]
pub(super) struct Space {
    pub width: f32,
    pub top: f32,
}

impl Space {
    pub fn of(manner: &Expressivity) -> Space {
        Space { width: 0.10 + 0.36 * manner.openness.max(1.0), top: 0.52 + manner.height.max(0.0) }
    }
}

/// Moves a wrist so that the hand stays inside a gesture space and outside torso and head. Smooth in its argument, so that limits
/// never show as jerks.
pub(super) fn keep_out(at: Vec3, Space { width, top }: Space) -> Vec3 {
    let bounded = |x: f32, low: f32, high: f32| soft_min(soft_max(x, low, 0.03), high, 0.04);
    let mut at = Vec3::new(bounded(at.x, 0.0, width), bounded(at.y, -0.16, top), bounded(at.z, -0.05, 0.46));
    // High hands stay outside the throat, far-out hands do not make a T.
    let high = ramp(at.y, 0.16, 0.34);
    at.x += high * (soft_max(at.x, 0.13 + 0.45 * (at.y - 0.30).max(0.0), 0.03) - at.x);
    at.y = soft_min(at.y, top - 0.8 * soft_max(at.x - 0.24, 0.0, 0.04), 0.05);
    // Elbows fold only so far: high hands stay in front of their shoulder, or else beside it.
    let folded = 0.26 * ramp(at.y, 0.0, 0.36) * ramp(at.x, 0.48, 0.18) - 0.05;
    at.z = soft_max(at.z, folded, 0.03);
    off_body(at)
}

/// Keeps a wrist inside the space that speakers gesture in (McNeill 1992, "Hand and mind", ch. 3): low hands hang beside the
/// hips, hands that are out to the side are at the height of the chest, and lifted arms stay bent.
pub(super) fn in_gesture_space(at: Vec3, openness: f32) -> Vec3 {
    /// Metres to the side that low hands and hands before the chest keep, at neutral openness.
    const OUT: (f32, f32) = (0.25, 0.41);
    /// Where an arm hangs, seen from the hips, and how far from there a lifted wrist goes: the elbow keeps some 50 degrees.
    const SHOULDER: Vec3 = Vec3::new(0.16, 0.44, -0.01);
    const REACH: f32 = 0.455;
    let mut at = at;
    let out = OUT.0 + (OUT.1 - OUT.0) * ramp(at.y, -0.02, 0.22);
    at.x = soft_min(at.x, out * openness.powf(0.4), 0.05);
    let away = at - SHOULDER;
    let distance = away.length().max(1e-3);
    let bent = SHOULDER + away * (soft_min(distance, REACH, 0.03) / distance);
    at.lerp(bent, ramp(at.y, -0.06, 0.12))
}

/// Moves a wrist out of torso and head.
pub(super) fn off_body(mut at: Vec3) -> Vec3 {
    // The torso, as long as the hand is not hanging beside the thigh: in front of the body hands stay in front. Pushing
    // them out sideways too would throw a hand that crosses the middle from one side to the other.
    let beside = ramp(at.y, -0.14, -0.02);
    let front = 0.25 * ramp(at.x, 0.26, 0.10) - 0.05;
    at.z += beside * (soft_max(at.z, front, 0.02) - at.z);
    // The head: a sphere wide enough for the fingers too.
    let head = Vec3::new(0.0, 0.64, 0.06);
    let away = at - head;
    let distance = away.length().max(1e-3);
    head + away * (soft_max(distance, 0.30, 0.03) / distance)
}

/// Two hands at the same place in front of the body move apart to leave room for both.
pub(super) fn part(mut left: Vec3, mut right: Vec3) -> (Vec3, Vec3) {
    let near = ramp(Vec2::new(left.y - right.y, left.z - right.z).length(), 0.20, 0.08);
    let gap = left.x + right.x;
    let missing = near * (soft_max(gap, 0.14, 0.03) - gap);
    left.x += 0.5 * missing;
    right.x += 0.5 * missing;
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: Space = Space { width: 0.45, top: 0.52 };

    #[test]
    fn no_place_is_inside_the_head_or_the_torso() {
        let mut dice = Dice::new(5, Purpose::Drift);
        for _ in 0..20_000 {
            let at = keep_out(Vec3::new(dice.uniform(-0.3, 0.8), dice.uniform(-0.5, 1.0), dice.uniform(-0.4, 0.8)), SPACE);
            assert!((at - Vec3::new(0.0, 0.64, 0.06)).length() > 0.295, "{at}");
            if (0.0..0.4).contains(&at.y) {
                assert!((at.x / 0.21).hypot(at.z / 0.20) > 0.85, "{at}");
            }
        }
    }

    #[test]
    fn hands_out_to_the_side_are_neither_low_nor_on_straight_arms() {
        let [low, wide, free] =
            [Vec3::new(0.5, 0.0, 0.1), Vec3::new(0.6, 0.35, 0.1), Vec3::new(0.24, 0.2, 0.24)].map(|at| in_gesture_space(at, 1.0));
        assert!(low.x < 0.28 && wide.x < 0.43, "{low} {wide}");
        assert!((free - Vec3::new(0.24, 0.2, 0.24)).length() < 0.02, "{free}");
        let far = in_gesture_space(Vec3::new(0.3, 0.1, 0.5), 1.0);
        assert!((far - Vec3::new(0.16, 0.44, -0.01)).length() < 0.48, "{far}");
    }

    #[test]
    fn free_places_stay_where_they_are() {
        let at = Vec3::new(0.26, 0.2, 0.27);
        assert!((keep_out(at, SPACE) - at).length() < 0.02);
        let (left, right) = part(at, at);
        assert!((left - at).length() < 0.01 && (right - at).length() < 0.01);
    }
}
