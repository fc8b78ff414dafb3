//! What can be measured on the motion of a body: where the hands are, how they move, when they strike, where the feet slide.
//!
//! Everything is taken from poses at 30 frames a second by forward kinematics on the common skeleton, in a frame at the
//! hips that turns with their heading.

use crate::body::curves::smooth;
use crate::body::gestures::Side;
use crate::body::limits;
use crate::body::penetration;
use crate::body::rhythm::Rhythm;
use crate::body::skeleton::{Globals, OFFSETS, Pose, globals};
use crate::statistics::{mean, pearson, percentile};
use glam::{Quat, Vec3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FPS: f32 = 30.0;
/// Places of joints among the 52.
const NECK: usize = 4;
const UPPER_CHEST: usize = 3;
const UPPER_ARM: [usize; 2] = [7, 11];
const LOWER_ARM: [usize; 2] = [8, 12];
const HAND: [usize; 2] = [9, 13];
const UPPER_LEG: [usize; 2] = [14, 18];
const TOES: [usize; 2] = [17, 21];
/// Joints whose slowings count as beats.
const BEATING: [usize; 6] = [7, 8, 9, 11, 12, 13];

/// Curves of a take of motion, one value a frame.
pub struct Motion {
    pub seconds: f32,
    /// Wrists (left, right) from the hips: out, up, forward, metres.
    pub places: [Vec<Vec3>; 2],
    /// Speed of the wrists relative to the hips, metres a second.
    pub speeds: [Vec<f32>; 2],
    /// Both wrists' mean speed.
    pub speed: Vec<f32>,
    /// Distance of the wrists from the spine, metres.
    pub reach: [Vec<f32>; 2],
    /// Distance between the wrists and between the elbows, metres.
    pub gap: Vec<f32>,
    pub elbows: Vec<f32>,
    /// Upper arms from straight down, mean of both, degrees.
    pub raised: Vec<f32>,
    /// Bending of the upper chest forward and aside, degrees.
    pub lean: Vec<f32>,
    pub bend: Vec<f32>,
    pub hips: Vec<Vec3>,
    /// Natural logarithm of 1 + jerk of the wrists (metres per second cubed), mean over time.
    pub log_jerk: f32,
    /// Speeds of planted toes, centimetres a second.
    pub planted: Vec<f32>,
    /// Share of frames with a joint outside its range, and with a hand inside head or torso.
    pub outside: f32,
    pub inside: f32,
    /// Speeds of the joints that may beat.
    beating: Vec<Vec<f32>>,
}

/// A stroke of a hand between two slowings: where it begins, is fastest and ends (frames), its peak speed and its chord.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub start: usize,
    pub peak: usize,
    pub end: usize,
    pub speed: f32,
    pub chord: f32,
}

impl Motion {
    pub fn of(poses: &[Pose]) -> Motion {
        let all: Vec<Globals> = poses.iter().map(|p| globals(p, &OFFSETS)).collect();
        let curve = |f: &dyn Fn(&Globals) -> f32| all.iter().map(f).collect::<Vec<f32>>();
        let places = Side::BOTH.map(|side| all.iter().map(|g| place(g, side)).collect::<Vec<Vec3>>());
        let speeds = HAND.map(|joint| speed_of(&all.iter().map(|g| g.positions[joint] - g.positions[0]).collect::<Vec<_>>()));
        let speed = speeds[0].iter().zip(&speeds[1]).map(|(l, r)| 0.5 * (l + r)).collect();
        let up = |g: &Globals| g.rotations[UPPER_CHEST] * Vec3::Y;
        let along = |g: &Globals, axis: Vec3| (up(g).dot(heading(g) * axis)).atan2(up(g).y).to_degrees();
        let apart = |joints: [usize; 2]| curve(&|g| g.positions[joints[0]].distance(g.positions[joints[1]]));
        let raised = |g: &Globals| {
            let angle = |s: usize| (g.positions[LOWER_ARM[s]] - g.positions[UPPER_ARM[s]]).angle_between(Vec3::NEG_Y).to_degrees();
            0.5 * (angle(0) + angle(1))
        };
        let count = poses.len().max(1) as f32;
        Motion {
            seconds: poses.len() as f32 / FPS,
            reach: HAND.map(|joint| curve(&|g| from_spine(g, joint))),
            gap: apart(HAND),
            elbows: apart(LOWER_ARM),
            raised: curve(&raised),
            lean: curve(&|g| along(g, Vec3::Z)),
            bend: curve(&|g| along(g, Vec3::X)),
            hips: poses.iter().map(|p| p.hips).collect(),
            log_jerk: mean(&HAND.map(|joint| log_jerk(&all, joint))),
            planted: planted(&all),
            outside: poses.iter().filter(|p| limits::outside(p).next().is_some()).count() as f32 / count,
            inside: all.iter().filter(|g| penetration::penetrates(g)).count() as f32 / count,
            beating: BEATING.iter().map(|joint| speed_of(&all.iter().map(|g| g.positions[*joint]).collect::<Vec<_>>())).collect(),
            places,
            speeds,
            speed,
        }
    }

    /// Best correlation of hand speed with loudness over lags of 1.5 s, and the lag in seconds (below 0: the hands are first).
    /// Both are smoothed over half a second.
    pub fn timing(&self, level: &[f32]) -> (f32, f32) {
        const WIDTH: f32 = 0.5 * FPS / 2.355;
        const REACH: isize = 45;
        let (hands, voice) = (smooth(&self.speed, WIDTH), smooth(level, WIDTH));
        let at = |lag: isize| {
            let (skip, ahead) = (lag.max(0) as usize, (-lag).max(0) as usize);
            let n = hands.len().min(voice.len()).saturating_sub(lag.unsigned_abs());
            (pearson(&hands[skip..skip + n], &voice[ahead..ahead + n]), lag as f32 / FPS)
        };
        (-REACH..=REACH).map(at).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
    }

    /// Mean of [`Motion::timing`]'s peak over `turns` of the loudness by random times.
    pub fn timing_by_chance(&self, level: &[f32], turns: usize) -> f32 {
        mean(&turned(level.len(), turns).map(|by| self.timing(&rotated(level, by)).0).collect::<Vec<f32>>())
    }

    /// Beat consistency as published for BEAT: how near the slowings of the arms' joints stand to onsets of the voice, a Gaussian
    /// of `sigma` seconds, mean over onsets and joints.
    pub fn beat_consistency(&self, onsets: &[usize], sigma: f32) -> f32 {
        const ORDER: usize = 7;
        let joint = |speed: &Vec<f32>| {
            let least = 0.3 * mean(speed);
            let slow = |n: &usize| speed[n.saturating_sub(ORDER)..(n + ORDER + 1).min(speed.len())].iter().all(|v| *v >= speed[*n]);
            let beats: Vec<usize> = (0..speed.len()).filter(|n| speed[*n] > least && slow(n)).collect();
            let nearness = |onset: &usize| {
                let away = nearest(&beats, *onset) / FPS;
                (-away * away / (2.0 * sigma * sigma)).exp()
            };
            mean(&onsets.iter().map(nearness).collect::<Vec<f32>>())
        };
        mean(&self.beating.iter().map(joint).collect::<Vec<f32>>())
    }

    /// Strokes of both hands: between slowings, faster than 0.3 m/s, at least 4 frames long.
    pub fn strokes(&self) -> Vec<Stroke> {
        Side::BOTH.into_iter().flat_map(|side| strokes(&self.speeds[side as usize], &self.places[side as usize])).collect()
    }

    /// Mean distance in time of strokes from the nearest stress, over the same with turned stresses: 1 is chance. Nothing
    /// without strokes or stresses.
    pub fn stroke_to_stress(&self, rhythm: &Rhythm) -> Option<f32> {
        let peaks: Vec<usize> = self.strokes().iter().map(|s| s.peak).collect();
        let stresses: Vec<usize> = rhythm.peaks.iter().map(|p| p.frame).collect();
        if peaks.len() < 5 || stresses.len() < 5 {
            return None;
        }
        let frames = self.speed.len();
        let away = |stresses: &[usize]| mean(&peaks.iter().map(|p| nearest(stresses, *p)).collect::<Vec<f32>>());
        let by_chance = |by: usize| {
            let mut moved: Vec<usize> = stresses.iter().map(|s| (s + by) % frames).collect();
            moved.sort_unstable();
            away(&moved)
        };
        Some(away(&stresses) / mean(&turned(frames, 20).map(by_chance).collect::<Vec<f32>>()))
    }

    /// Share of the time in pauses of at least 1.5 s, from 1.2 s after their start to 0.3 s before their end, in which both
    /// hands are slower than 0.15 m/s. Nothing without such pauses.
    pub fn rest_in_pauses(&self, rhythm: &Rhythm) -> Option<f32> {
        let long = rhythm.pauses.iter().filter(|p| p.len() >= 45);
        let frames: Vec<usize> = long.flat_map(|p| p.start + 36..(p.end - 9).min(self.speed.len())).collect();
        let still = |n: &&usize| self.speeds.iter().all(|s| s[**n] < 0.15);
        (!frames.is_empty()).then(|| frames.iter().filter(still).count() as f32 / frames.len() as f32)
    }

    /// Longest stretch in seconds of moving hands (faster than 0.15 m/s) that comes again elsewhere within 3 cm.
    pub fn longest_repetition(&self) -> f32 {
        const STEP: usize = 4;
        const AWAY: usize = 15;
        let frames: Vec<usize> = (0..self.speed.len()).step_by(STEP).collect();
        let near = |a: usize, b: usize| self.places.iter().all(|p| p[a].distance_squared(p[b]) < 9e-4);
        let mut longest = 0;
        for lag in AWAY..frames.len() {
            let mut run = 0;
            for (a, b) in frames.iter().zip(&frames[lag..]) {
                if !near(*a, *b) {
                    run = 0;
                } else if self.speed[*a] > 0.15 {
                    run += 1;
                    longest = longest.max(run);
                }
            }
        }
        (longest * STEP) as f32 / FPS
    }

    /// Furthest that the hips get from where they began, over the floor, metres.
    pub fn drift(&self) -> f32 {
        let flat = |v: Vec3| Vec3::new(v.x, 0.0, v.z);
        self.hips.iter().map(|h| flat(*h).distance(flat(self.hips[0]))).fold(0.0, f32::max)
    }

    /// Mean distance of the wrists from those of another motion, metres.
    pub fn distance(&self, other: &Motion) -> f32 {
        mean(&[0, 1].map(|s| {
            let apart = self.places[s].iter().zip(&other.places[s]).map(|(a, b)| a.distance(*b));
            mean(&apart.collect::<Vec<f32>>())
        }))
    }

    /// Percentile of both hands' speeds.
    pub fn speed_percentile(&self, q: f32) -> f32 {
        percentile(&self.speeds.concat(), q)
    }
}

/// Times at which loudness rises fastest: onsets of syllables.
pub fn onsets(level: &[f32]) -> Vec<usize> {
    let smoothed = smooth(level, 1.5);
    let rise: Vec<f32> = (0..smoothed.len()).map(|n| smoothed[(n + 1).min(smoothed.len() - 1)] - smoothed[n.saturating_sub(1)]).collect();
    (1..rise.len().saturating_sub(1)).filter(|n| rise[*n] > 0.04 && rise[n - 1] < rise[*n] && rise[*n] >= rise[n + 1]).collect()
}

/// Amounts by which to turn a series of `frames`, at least a tenth of it.
pub fn turned(frames: usize, turns: usize) -> impl Iterator<Item = usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(frames as u64);
    (0..turns).map(move |_| rng.random_range(frames / 10..=(frames - frames / 10).max(1)))
}

/// The series begun elsewhere.
pub fn rotated(level: &[f32], by: usize) -> Vec<f32> {
    let mut level = level.to_vec();
    let n = level.len().max(1);
    level.rotate_left(by % n);
    level
}

/// Frames from the nearest of sorted times; a second where there is none.
fn nearest(times: &[usize], at: usize) -> f32 {
    let next = times.partition_point(|t| *t < at);
    let around = &times[next.saturating_sub(1)..(next + 1).min(times.len())];
    around.iter().map(|t| t.abs_diff(at)).min().map_or(FPS, |d| d as f32)
}

/// The turn that takes +z to where the hips face.
fn heading(g: &Globals) -> Quat {
    let left = g.positions[UPPER_LEG[0]] - g.positions[UPPER_LEG[1]];
    Quat::from_rotation_y((-left.z).atan2(left.x))
}

fn place(g: &Globals, side: Side) -> Vec3 {
    let at = heading(g).inverse() * (g.positions[HAND[side as usize]] - g.positions[0]);
    Vec3::new(at.x * side.sign(), at.y, at.z)
}

fn from_spine(g: &Globals, joint: usize) -> f32 {
    let (hips, neck) = (g.positions[0], g.positions[NECK]);
    let share = ((g.positions[joint].y - hips.y) / (neck.y - hips.y).max(0.1)).clamp(0.0, 1.0);
    g.positions[joint].distance(hips.lerp(neck, share))
}

/// Speeds of a smoothed course, per second.
fn speed_of(course: &[Vec3]) -> Vec<f32> {
    crate::body::curves::velocity(&smooth(course, 1.0)).iter().map(|v| v.length()).collect()
}

fn log_jerk(all: &[Globals], joint: usize) -> f32 {
    let at = |n: usize| all[n].positions[joint];
    let jerk = |n: usize| (at(n + 3) - at(n + 2) * 3.0 + at(n + 1) * 3.0 - at(n)).length() * FPS.powi(3);
    mean(&(0..all.len().saturating_sub(3)).map(|n| (1.0 + jerk(n)).ln()).collect::<Vec<f32>>())
}

/// Speeds of toes that stand within a centimetre of their floor, the 5th percentile of their height.
fn planted(all: &[Globals]) -> Vec<f32> {
    let mut speeds = Vec::new();
    for joint in TOES {
        let heights: Vec<f32> = all.iter().map(|g| g.positions[joint].y).collect();
        let floor = percentile(&heights, 0.05);
        for pair in all.windows(2) {
            let (a, b) = (pair[0].positions[joint], pair[1].positions[joint]);
            if a.y.max(b.y) < floor + 0.01 {
                speeds.push(100.0 * FPS * a.distance(b));
            }
        }
    }
    speeds
}

fn strokes(speed: &[f32], places: &[Vec3]) -> Vec<Stroke> {
    let speed = smooth(speed, 0.7);
    let last = speed.len().saturating_sub(1);
    let slow = (1..last).filter(|n| speed[*n] < speed[n - 1] && speed[*n] <= speed[n + 1]);
    let bounds: Vec<usize> = std::iter::once(0).chain(slow).chain([last]).collect();
    let stroke = |w: &[usize]| {
        let (start, end) = (w[0], w[1]);
        let peak = (start..=end).max_by(|a, b| speed[*a].total_cmp(&speed[*b]))?;
        let stroke = Stroke { start, peak, end, speed: speed[peak], chord: places[start].distance(places[end]) };
        (end >= start + 4 && stroke.speed > 0.3).then_some(stroke)
    };
    bounds.windows(2).filter_map(stroke).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::standing;

    /// Forearms that swing up and down by the loudness of `level`, `late` frames after it.
    fn swinging(level: &[f32], late: usize) -> Vec<Pose> {
        let mut angle = 0.0;
        (0..level.len())
            .map(|n| {
                angle += 0.25 * level[n.saturating_sub(late)];
                let mut pose = standing();
                for (joint, sign) in [(8, -1.0), (12, 1.0)] {
                    pose.rotations[joint] = Quat::from_rotation_y(sign * (1.0 + 0.5 * f32::sin(angle)));
                }
                pose
            })
            .collect()
    }

    fn syllables() -> Vec<f32> {
        (0..900).map(|n| if (n / 60) % 3 == 0 { 0.0 } else { 0.5 + 0.4 * (n as f32 * 0.7).sin() }).collect()
    }

    #[test]
    fn timing_finds_the_lag_and_chance_is_lower() {
        let level = syllables();
        let motion = Motion::of(&swinging(&level, 6));
        let (r, lag) = motion.timing(&level);
        assert!(r > 0.7 && (lag - 0.2).abs() < 0.08, "{r} {lag}");
        let still = Motion::of(&vec![standing(); 900]);
        assert_eq!(still.timing(&level).0, 0.0);
        assert_eq!((still.outside, still.inside, still.drift()), (0.0, 0.0, 0.0));
    }

    #[test]
    fn sliding_feet_and_repeated_motion_are_seen() {
        let mut poses = swinging(&vec![0.8; 600], 0);
        let still = Motion::of(&poses);
        assert!(percentile(&still.planted, 0.95) < 0.01);
        assert!(still.longest_repetition() > 5.0);
        poses.iter_mut().enumerate().for_each(|(n, p)| p.hips.x += 0.001 * n as f32);
        let sliding = Motion::of(&poses);
        assert!((percentile(&sliding.planted, 0.5) - 3.0).abs() < 0.1 && (sliding.drift() - 0.599).abs() < 1e-3);
    }

    #[test]
    fn onsets_are_where_loudness_rises() {
        let level: Vec<f32> = (0..90).map(|n| if n % 30 < 12 { 0.0 } else { 0.8 }).collect();
        assert_eq!(onsets(&level), [12, 42, 72]);
    }
}
