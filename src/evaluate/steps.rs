//! Steps that look equally large: how far two performances of the same words are apart to the eye, and places on a way that are
//! evenly apart by that measure.
//!
//! Seen is what moves on the built-in actor's mesh: the 68 landmarks of the face, in millimetres and in their speed.

use crate::actor::{self, Actor, Driver};
use crate::face::coefficients::Coefficients;
use crate::motion::{Frame, Performance};
use crate::{Error, Result};
use glam::{EulerRot, Quat, Vec3};
use rayon::prelude::*;

/// Seconds of speed that count as much as place: a landmark that is a millimetre elsewhere counts like one that is ten
/// millimetres a second faster.
const SPEED: f32 = 0.1;

/// The landmarks of an actor under any face.
pub struct Landmarks {
    /// Metres at rest, seen from where the head turns.
    rest: Vec<Vec3>,
    /// What moves each one: a driver and the way at 1.
    moves: Vec<Vec<(Driver, Vec3)>>,
}

impl Landmarks {
    /// Those of the first built-in actor.
    pub fn builtin() -> Result<Landmarks> {
        let actor = actor::builtin(actor::BUILTIN[0])?;
        Landmarks::of(&actor).ok_or_else(|| Error::malformed(actor.name.clone(), "no landmarks are named"))
    }

    fn of(actor: &Actor) -> Option<Landmarks> {
        const HEAD: usize = 5;
        let start = actor.joints.get(HEAD).copied().flatten()?;
        let pivot: Vec3 = std::iter::successors(Some(start), |n| actor.nodes[*n].parent).map(|n| actor.nodes[n].translation).sum();
        let keypoints = actor.keypoints.as_ref()?;
        let one = |&(mesh, vertex): &(usize, u32)| {
            let mesh = &actor.meshes[mesh];
            let way = |morph: &actor::Morph| {
                let at = morph.vertices.iter().position(|v| *v == vertex)?;
                Some((morph.driver.clone(), morph.positions[at]))
            };
            (mesh.positions[vertex as usize] - pivot, mesh.morphs.iter().filter_map(way).collect())
        };
        let (rest, moves) = keypoints.iter().map(one).unzip();
        Some(Landmarks { rest, moves })
    }

    /// Places in millimetres.
    fn places(&self, frame: &Frame) -> Vec<Vec3> {
        let head = Quat::from_euler(EulerRot::YXZ, frame.head.yaw, frame.head.pitch, frame.head.roll);
        let one = |(rest, moves): (&Vec3, &Vec<(Driver, Vec3)>)| {
            1000.0 * (head * moves.iter().fold(*rest, |place, (driver, way)| place + weight(driver, &frame.face) * *way))
        };
        self.rest.iter().zip(&self.moves).map(one).collect()
    }

    /// How far two performances are apart to the eye, millimetres: mean over time and landmarks.
    pub fn distance(&self, a: &Performance, b: &Performance) -> f32 {
        let course = |p: &Performance| p.frames.iter().map(|f| self.places(f)).collect::<Vec<_>>();
        let (a, b, fps) = (course(a), course(b), a.fps as f32);
        let apart: Vec<Vec<Vec3>> = a.iter().zip(&b).map(|(a, b)| a.iter().zip(b).map(|(p, q)| *p - *q).collect()).collect();
        let place: f32 = apart.iter().flatten().map(|d| d.length()).sum();
        let speed: f32 = apart.windows(2).flat_map(|w| w[0].iter().zip(&w[1])).map(|(p, q)| fps * (*q - *p).length()).sum();
        (place + SPEED * speed) / (apart.len() * self.rest.len()).max(1) as f32
    }
}

fn weight(driver: &Driver, face: &Coefficients) -> f32 {
    match driver {
        Driver::None | Driver::Mix(_) => 0.0,
        Driver::Coefficient(c) => face[*c],
        Driver::Product(a, b) => face[*a] * face[*b],
        Driver::Half(c) => 4.0 * face[*c] * (1.0 - face[*c]),
    }
}

/// Places on a way, their performances, and how far each is from the one before, millimetres.
pub struct Steps {
    pub places: Vec<f32>,
    pub performances: Vec<Performance>,
    pub sizes: Vec<f32>,
}

impl Steps {
    /// The largest step over the smallest.
    pub fn ratio(&self) -> f32 {
        let (low, high) = self.sizes.iter().fold((f32::MAX, 0.0f32), |(low, high), s| (low.min(*s), high.max(*s)));
        if self.sizes.is_empty() { 1.0 } else { high / low.max(1e-6) }
    }
}

/// Times that places are moved, and the ratio that is even enough.
const ROUNDS: usize = 7;
const EVEN: f32 = 1.1;

/// `count` (at least 2) places from 0 to 1, as evenly apart to the eye as a few rounds of measuring and moving bring them.
pub fn even(count: usize, landmarks: &Landmarks, perform: &(dyn Fn(f32) -> Result<Performance> + Sync)) -> Result<Steps> {
    let count = count.max(2);
    let mut places: Vec<f32> = (0..count).map(|k| k as f32 / (count - 1) as f32).collect();
    let ends = [perform(0.0)?, perform(1.0)?];
    let mut best: Option<Steps> = None;
    for _ in 0..ROUNDS {
        crate::interrupt::check()?;
        let between = places[1..count - 1].par_iter().map(|place| perform(*place)).collect::<Result<Vec<_>>>()?;
        let performances: Vec<Performance> = std::iter::once(ends[0].clone()).chain(between).chain([ends[1].clone()]).collect();
        let sizes: Vec<f32> = performances.par_windows(2).map(|w| landmarks.distance(&w[0], &w[1])).collect();
        let next = moved(&places, &sizes);
        let steps = Steps { places: std::mem::replace(&mut places, next), performances, sizes };
        if best.as_ref().is_none_or(|best| steps.ratio() < best.ratio()) {
            best = Some(steps);
        }
        if best.as_ref().is_some_and(|best| best.ratio() <= EVEN) {
            break;
        }
    }
    best.ok_or_else(|| Error::usage("no steps", "ask for at least two"))
}

/// Places that cut the measured way into equal parts, where it is straight between the old ones.
fn moved(places: &[f32], sizes: &[f32]) -> Vec<f32> {
    let total: f32 = sizes.iter().sum();
    let last = places.len() - 1;
    let at = |k: usize| {
        let mut left = total * k as f32 / last as f32;
        for (pair, size) in places.windows(2).zip(sizes) {
            if left <= *size && *size > 0.0 {
                return pair[0] + (pair[1] - pair[0]) * left / size;
            }
            left -= size;
        }
        1.0
    };
    (0..=last)
        .map(|k| {
            if k == 0 {
                0.0
            } else if k == last {
                1.0
            } else {
                at(k)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::id;

    #[test]
    fn a_way_that_begins_slowly_is_cut_into_equal_steps() {
        let landmarks = Landmarks::builtin().unwrap();
        let perform = |place: f32| {
            let mut frame = Frame::default();
            frame.face[id::MOUTH_SMILE_LEFT] = place.powi(3);
            Ok(Performance { fps: 30.0, seconds: 0.2, frames: vec![frame; 6] })
        };
        let steps = even(7, &landmarks, &perform).unwrap();
        assert!(steps.ratio() < 1.15, "{:?}", steps.sizes);
        assert!(steps.places[1] > 0.4 && steps.places.windows(2).all(|w| w[1] > w[0]));
    }

    #[test]
    fn a_turned_head_and_a_smile_are_seen() {
        let landmarks = Landmarks::builtin().unwrap();
        let still = Performance { fps: 30.0, seconds: 0.2, frames: vec![Frame::default(); 6] };
        let mut turned = still.clone();
        turned.frames.iter_mut().for_each(|f| f.head.yaw = 0.1);
        let far = landmarks.distance(&still, &turned);
        assert!((4.0..20.0).contains(&far), "{far} mm");
        assert_eq!(landmarks.distance(&still, &still), 0.0);
    }
}
