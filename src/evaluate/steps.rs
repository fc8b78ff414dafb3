//! Steps that look equally large: how far two performances of the same words are apart to the eye, and places on a way that are
//! evenly apart by that measure.
//!
//! Seen is what moves on the built-in actor's mesh: the 68 landmarks of the face, in millimetres and in their speed. Blinks are
//! left out: they come at another moment from step to step, which is no step of expression.

use crate::actor::{self, Actor, Driver};
use crate::face::coefficients::{Coefficients, id};
use crate::motion::{Frame, Performance};
use crate::{Error, Result};
use glam::{EulerRot, Quat, Vec3};
use rayon::prelude::*;

/// Lids may not be seen lower than this.
const OPEN: f32 = 0.3;
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
        let mut face = frame.face;
        for lid in [id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT] {
            face[lid] = face[lid].min(OPEN);
        }
        let head = Quat::from_euler(EulerRot::YXZ, frame.head.yaw, frame.head.pitch, frame.head.roll);
        let one = |(rest, moves): (&Vec3, &Vec<(Driver, Vec3)>)| {
            1000.0 * (head * moves.iter().fold(*rest, |place, (driver, way)| place + weight(driver, &face) * *way))
        };
        self.rest.iter().zip(&self.moves).map(one).collect()
    }

    /// How far two performances are apart to the eye, millimetres: mean over time and landmarks.
    pub fn distance(&self, a: &Performance, b: &Performance) -> f32 {
        self.apart(&self.course(a), &self.course(b), a.fps as f32)
    }

    fn course(&self, performance: &Performance) -> Course {
        performance.frames.iter().map(|frame| self.places(frame)).collect()
    }

    fn apart(&self, a: &Course, b: &Course, fps: f32) -> f32 {
        let mut before: Vec<Vec3> = Vec::new();
        let (mut place, mut speed) = (0.0, 0.0);
        for (a, b) in a.iter().zip(b) {
            let apart: Vec<Vec3> = a.iter().zip(b).map(|(p, q)| *p - *q).collect();
            place += apart.iter().map(|d| d.length()).sum::<f32>();
            speed += apart.iter().zip(&before).map(|(now, before)| fps * (*now - *before).length()).sum::<f32>();
            before = apart;
        }
        (place + SPEED * speed) / (a.len().min(b.len()) * self.rest.len()).max(1) as f32
    }
}

/// Places of all landmarks over time, millimetres.
type Course = Vec<Vec<Vec3>>;

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
        ratio(&self.sizes)
    }
}

/// Times that places are moved, if the performances that they take stay below [`MOST`]; and the ratio that is even enough.
const ROUNDS: usize = 7;
const MOST: usize = 64;
const EVEN: f32 = 1.1;

/// A performance on the way.
struct Station {
    place: f32,
    performance: Performance,
    course: Course,
}

/// `count` (at least 2) places from 0 to 1, as evenly apart to the eye as can be found: places are measured and moved for a few
/// rounds, and where the way jumps, those of all the tried ones are taken that suit each other best.
pub fn even(count: usize, landmarks: &Landmarks, perform: &(dyn Fn(f32) -> Result<Performance> + Sync)) -> Result<Steps> {
    let count = count.max(2);
    let station = |place: &f32| -> Result<Station> {
        let performance = perform(*place)?;
        Ok(Station { place: *place, course: landmarks.course(&performance), performance })
    };
    let apart = |a: &Station, b: &Station| landmarks.apart(&a.course, &b.course, a.performance.fps as f32);
    let mut tried = vec![station(&0.0)?, station(&1.0)?];
    let mut places: Vec<f32> = (0..count).map(|k| k as f32 / (count - 1) as f32).collect();
    for _ in 0..ROUNDS.min(MOST / (count - 1)).max(1) {
        crate::interrupt::check()?;
        let between = places[1..count - 1].par_iter().map(station).collect::<Result<Vec<Station>>>()?;
        let now: Vec<&Station> = std::iter::once(&tried[0]).chain(&between).chain([&tried[1]]).collect();
        let sizes: Vec<f32> = now.par_windows(2).map(|w| apart(w[0], w[1])).collect();
        places = moved(&places, &sizes);
        tried.extend(between);
        if ratio(&sizes) <= EVEN {
            break;
        }
    }
    tried.sort_by(|a, b| a.place.total_cmp(&b.place));
    let distances: Vec<Vec<f32>> = (0..tried.len())
        .into_par_iter()
        .map(|i| (0..tried.len()).map(|j| if j > i { apart(&tried[i], &tried[j]) } else { 0.0 }).collect())
        .collect();
    let chosen = suit(count, &distances);
    let sizes = chosen.windows(2).map(|w| distances[w[0]][w[1]]).collect();
    let kept = tried.into_iter().enumerate().filter(|(k, _)| chosen.contains(k)).map(|(_, station)| station);
    let (places, performances) = kept.map(|station| (station.place, station.performance)).unzip();
    Ok(Steps { places, performances, sizes })
}

/// The `count` stations from the first to the last whose largest step is smallest against their smallest.
fn suit(count: usize, distances: &[Vec<f32>]) -> Vec<usize> {
    let last = distances.len() - 1;
    let mut least: Vec<f32> = distances.iter().flatten().copied().filter(|d| *d > 0.0).collect();
    least.sort_by(f32::total_cmp);
    least.dedup();
    let (mut best, mut chosen) = (f32::MAX, None);
    for least in least {
        // The smallest largest step of a way of k steps to each station, none of them below the least, and the station before it.
        let mut reached: Vec<Vec<(f32, usize)>> = vec![(0..=last).map(|j| (if j == 0 { 0.0 } else { f32::MAX }, 0)).collect()];
        for step in 1..count {
            let to = |j: usize| {
                let from = (0..j).filter(|i| distances[*i][j] >= least).map(|i| (reached[step - 1][i].0.max(distances[i][j]), i));
                from.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f32::MAX, 0))
            };
            let row = (0..=last).map(to).collect();
            reached.push(row);
        }
        let largest = reached[count - 1][last].0;
        if largest < f32::MAX && largest / least < best {
            let mut way = vec![last];
            for step in (1..count).rev() {
                way.push(reached[step][way[way.len() - 1]].1);
            }
            way.reverse();
            (best, chosen) = (largest / least, Some(way));
        }
    }
    // All alike: nothing is to be seen on the way.
    chosen.unwrap_or_else(|| (0..count).map(|k| k * last / (count - 1)).collect())
}

/// The largest over the smallest.
fn ratio(sizes: &[f32]) -> f32 {
    let (low, high) = sizes.iter().fold((f32::MAX, 0.0f32), |(low, high), s| (low.min(*s), high.max(*s)));
    if sizes.is_empty() { 1.0 } else { high / low.max(1e-6) }
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

    #[test]
    fn a_way_that_begins_slowly_is_cut_into_equal_steps() {
        let landmarks = Landmarks::builtin().unwrap();
        let perform = |place: f32| {
            let mut frame = Frame::default();
            frame.face[id::MOUTH_SMILE_LEFT] = place.powi(3);
            Ok(Performance { fps: 30.0, seconds: 0.2, frames: vec![frame; 6].into() })
        };
        let steps = even(7, &landmarks, &perform).unwrap();
        assert!(steps.ratio() < 1.15, "{:?}", steps.sizes);
        assert!(steps.places[1] > 0.4 && steps.places.windows(2).all(|w| w[1] > w[0]));
    }

    #[test]
    fn a_way_that_jumps_is_cut_beside_the_jump() {
        // Stations on a line, with a gap of three between the fourth and the fifth.
        let at = [0.0f32, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0];
        let distances: Vec<Vec<f32>> = at.iter().map(|a| at.iter().map(|b| (b - a).max(0.0)).collect()).collect();
        assert_eq!(suit(4, &distances), [0, 3, 4, 7]);
        assert_eq!(suit(2, &distances), [0, 7]);
        let still: Vec<Vec<f32>> = (0..5).map(|_| vec![0.0; 5]).collect();
        assert_eq!(suit(3, &still), [0, 2, 4]);
    }

    #[test]
    fn a_turned_head_and_a_smile_are_seen() {
        let landmarks = Landmarks::builtin().unwrap();
        let still = Performance { fps: 30.0, seconds: 0.2, frames: vec![Frame::default(); 6].into() };
        let mut turned = still.clone();
        turned.frames.iter_mut().for_each(|f| f.head.yaw = 0.1);
        let far = landmarks.distance(&still, &turned);
        assert!((4.0..20.0).contains(&far), "{far} mm");
        assert_eq!(landmarks.distance(&still, &still), 0.0);
    }
}
