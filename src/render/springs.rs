//! Secondary motion: hair, earrings and cloth on chains of springs follow the body.
//!
//! The algorithm of VRM 1.0 (`VRMC_springBone`,
//! <https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_springBone-1.0/README.md>): the tail of each link
//! keeps its speed (Verlet), is pulled towards its rest and down, is brought back to the link's length and pushed out of
//! colliders. It is stepped at a fixed 60 times a second, the rate at which its unitless forces are tuned by those who make
//! avatars, whatever the frame rate; frames lie between steps. So the result belongs to the performance: one walk goes
//! through it, and frames are drawn beside each other as it hands them out.

use super::rig::Rig;
use crate::actor::{Actor, Collider};
use crate::motion::Performance;
use glam::{Affine3A, Quat, Vec3};

/// Steps a second.
const RATE: f64 = 60.0;
/// Steps for which the first pose is held before anything moves: hair hangs still by then.
const SETTLE: usize = 120;
/// A link whose root moves farther in one step than this, metres, is carried along: that was a cut, not a move.
const LEAP: f32 = 0.25;

/// The chains of an actor.
#[derive(Debug, Default)]
pub struct Springs {
    links: Vec<Link>,
    colliders: Vec<Collider>,
}

#[derive(Debug)]
struct Link {
    /// Where it ends, in its node's space.
    tail: Vec3,
    stiffness: f32,
    drag: f32,
    gravity: f32,
    radius: f32,
    colliders: Vec<usize>,
}

/// Where the tails are.
struct State {
    now: Vec<Vec3>,
    before: Vec<Vec3>,
    /// Each link's matrix in the last step, as it would be at rest.
    rest: Vec<Affine3A>,
    turns: Vec<Quat>,
}

impl Springs {
    /// The chains of an actor whose nodes at rest are `rest`, and the link of every node that is one. Nodes that `taken` says are
    /// turned by something else do not swing.
    pub fn new(actor: &Actor, rest: &[Affine3A], taken: impl Fn(usize) -> bool) -> (Springs, Vec<Option<usize>>) {
        let mut slots = vec![None; rest.len()];
        let mut links = Vec::new();
        for spring in &actor.springs {
            for pair in spring.nodes.windows(2) {
                let (Some(matrix), Some(next)) = (rest.get(pair[0]), rest.get(pair[1])) else { continue };
                let tail = Vec3::from(matrix.inverse().transform_point3a(next.translation));
                if taken(pair[0]) || slots[pair[0]].is_some() || !tail.is_finite() || tail.length() < 1e-5 {
                    continue;
                }
                slots[pair[0]] = Some(links.len());
                let colliders = spring.colliders.iter().copied().filter(|c| *c < actor.colliders.len()).collect();
                let (stiffness, drag, gravity, radius) = (spring.stiffness, spring.drag, spring.gravity, spring.radius);
                links.push(Link { tail, stiffness, drag, gravity, radius, colliders });
            }
        }
        let colliders = actor.colliders.iter().filter(|c| c.node < rest.len()).cloned().collect();
        (Springs { links, colliders }, slots)
    }

    /// Follows a performance from its first pose, at rest in it: how every link is turned against its parent, beyond its rest, frame
    /// after frame.
    pub fn walk<'a>(&'a self, rig: &'a Rig, performance: &'a Performance) -> Walk<'a> {
        let state = State { now: Vec::new(), before: Vec::new(), rest: Vec::new(), turns: vec![Quat::IDENTITY; self.links.len()] };
        let mut walk = Walk { springs: self, rig, performance, state, behind: Vec::new(), ahead: Vec::new(), done: 0, next: 0 };
        if walk.moves() {
            walk.ahead = (0..=SETTLE).map(|_| walk.step(0.0)).last().unwrap_or_default();
            walk.behind = walk.ahead.clone();
        }
        walk
    }

    fn step(&self, rig: &Rig, performance: &Performance, time: f64, state: &mut State) {
        let frame = performance.at(time);
        let still = rig.pose_swung(&frame, &state.turns);
        let colliders: Vec<Shape> = self.colliders.iter().map(|c| Shape::new(c, &still.world[c.node])).collect();
        let seconds = (1.0 / RATE) as f32;
        rig.pose_by(&frame, |slot, rest, above| {
            let link = &self.links[slot];
            let head = Vec3::from(rest.translation);
            let end = rest.transform_point3(link.tail);
            let length = head.distance(end);
            let straight = (end - head).normalize_or(Vec3::NEG_Y);
            if state.now.len() <= slot {
                // Links come in the order of their nodes, so each finds its place.
                state.now.resize(slot + 1, end);
                state.before.resize(slot + 1, end);
                state.rest.resize(slot + 1, *rest);
                (state.now[slot], state.before[slot], state.rest[slot]) = (end, end, *rest);
            }
            if head.distance(state.rest[slot].translation.into()) > LEAP {
                let carried = *rest * state.rest[slot].inverse();
                state.now[slot] = carried.transform_point3(state.now[slot]);
                state.before[slot] = carried.transform_point3(state.before[slot]);
            }
            state.rest[slot] = *rest;
            let (now, before) = (state.now[slot], state.before[slot]);
            let next = now + (now - before) * (1.0 - link.drag) + seconds * (link.stiffness * straight + link.gravity * Vec3::NEG_Y);
            let at_length = |p: Vec3| head + (p - head).normalize_or(straight) * length;
            let mut next = at_length(next);
            for collider in link.colliders.iter().map(|c| &colliders[*c]) {
                next = at_length(collider.outside(next, link.radius));
            }
            (state.before[slot], state.now[slot]) = (now, next);
            let turn = Quat::from_rotation_arc(straight, (next - head).normalize_or(straight));
            state.turns[slot] = (above.conjugate() * turn * above).normalize();
            state.turns[slot]
        });
    }
}

/// Chains on their way through a performance.
pub struct Walk<'a> {
    springs: &'a Springs,
    rig: &'a Rig,
    performance: &'a Performance,
    state: State,
    /// The turns of the last two steps; the next frame lies between them.
    behind: Vec<Quat>,
    ahead: Vec<Quat>,
    done: usize,
    next: usize,
}

impl Walk<'_> {
    fn moves(&self) -> bool {
        !self.springs.links.is_empty() && !self.performance.frames.is_empty() && !self.performance.fps.is_nan()
    }

    fn step(&mut self, time: f64) -> Vec<Quat> {
        self.springs.step(self.rig, self.performance, time, &mut self.state);
        self.state.turns.clone()
    }
}

impl Iterator for Walk<'_> {
    type Item = Vec<Quat>;

    fn next(&mut self) -> Option<Vec<Quat>> {
        let frame = self.next;
        if frame >= self.performance.frames.len() {
            return None;
        }
        self.next += 1;
        if !self.moves() {
            return Some(Vec::new());
        }
        let place = frame as f64 / self.performance.fps.clamp(1.0, 1000.0) * RATE;
        while (self.done as f64) < place {
            self.done += 1;
            let ahead = self.step(self.done as f64 / RATE);
            self.behind = std::mem::replace(&mut self.ahead, ahead);
        }
        let part = (place - (self.done as f64 - 1.0)).clamp(0.0, 1.0) as f32;
        Some(self.behind.iter().zip(&self.ahead).map(|(a, b)| a.lerp(*b, part)).collect())
    }
}

/// A collider in the world.
struct Shape {
    from: Vec3,
    to: Vec3,
    radius: f32,
}

impl Shape {
    fn new(collider: &Collider, world: &Affine3A) -> Shape {
        let scale = world.matrix3.x_axis.length();
        let [from, to] = [collider.from, collider.to].map(|p| world.transform_point3(p));
        Shape { from, to, radius: collider.radius * scale }
    }

    /// `point`, or the nearest to it that is `radius` away from the surface.
    fn outside(&self, point: Vec3, radius: f32) -> Vec3 {
        let along = self.to - self.from;
        let share = ((point - self.from).dot(along) / along.length_squared().max(1e-12)).clamp(0.0, 1.0);
        let nearest = self.from + along * share;
        let (away, least) = (point - nearest, self.radius + radius);
        if away.length() >= least { point } else { nearest + away.normalize_or(Vec3::Y) * least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor;
    use crate::motion::{Frame, Head, attach_head};

    fn rig() -> Rig {
        Rig::new(&actor::builtin("ada").unwrap()).unwrap()
    }

    /// Four seconds of a head that shakes and nods hard from the second one on.
    fn shake(fps: f64) -> Performance {
        let frames = (0..(4.0 * fps) as usize).map(|n| {
            let t = n as f32 / fps as f32;
            let on = ((t - 1.0) * 2.0).clamp(0.0, 1.0);
            let head = Head { yaw: 0.8 * on * (9.0 * t).sin(), pitch: 0.3 * on * (6.0 * t).sin(), roll: 0.0 };
            let mut frame = Frame { head, ..Frame::default() };
            attach_head(&mut frame.body, head);
            frame
        });
        Performance { fps, seconds: 4.0, frames: frames.collect() }
    }

    fn swings(rig: &Rig, performance: &Performance) -> Vec<Vec<Quat>> {
        rig.springs.walk(rig, performance).collect()
    }

    #[test]
    fn nothing_moves_while_nothing_moves() {
        let rig = rig();
        let swings = swings(&rig, &Performance { fps: 30.0, seconds: 2.0, frames: vec![Frame::default(); 60].into() });
        let first = swings[0].clone();
        assert!(first.len() >= 10, "Ada's hair hangs on chains: {}", first.len());
        assert!(swings[59].iter().zip(&first).all(|(a, b)| a.angle_between(*b) < 1e-3));
        let sag = first.iter().map(|q| q.angle_between(Quat::IDENTITY).to_degrees()).fold(0.0, f32::max);
        eprintln!("at rest the links hang off their drawn shape by up to {sag:.1} degrees");
    }

    #[test]
    fn any_frame_rate_gives_the_same_motion() {
        let rig = rig();
        let smooth = shake(120.0);
        let [a, b, c] = [24.0, 30.0, 60.0].map(|fps| (fps, swings(&rig, &smooth.resample(fps))));
        let mut swing = 0f32;
        for half in 0..8 {
            let at = |(fps, swings): &(f64, Vec<Vec<Quat>>)| swings[(f64::from(half) * 0.5 * fps) as usize].clone();
            for (x, (y, z)) in at(&a).iter().zip(at(&b).iter().zip(&at(&c))) {
                let off = x.angle_between(*y).max(y.angle_between(*z)).to_degrees();
                assert!(off < 2.5, "{off} degrees at {} s", 0.5 * f64::from(half));
                swing = swing.max(x.angle_between(Quat::IDENTITY).to_degrees());
            }
        }
        assert!(swing > 8.0, "it does swing: {swing}");
    }

    #[test]
    fn hair_neither_stretches_nor_enters_the_head() {
        let rig = rig();
        let performance = shake(60.0);
        let swings = swings(&rig, &performance);
        let actor = actor::builtin("ada").unwrap();
        let length = |world: &[Affine3A], pair: &[usize]| world[pair[0]].translation.distance(world[pair[1]].translation);
        let rest = rig.pose(&Frame::default()).world;
        let mut deepest = 0f32;
        for (n, frame) in performance.frames.iter().enumerate() {
            let world = rig.pose_swung(frame, &swings[n]).world;
            let shapes: Vec<Shape> = actor.colliders.iter().map(|c| Shape::new(c, &world[c.node])).collect();
            for spring in &actor.springs {
                for pair in spring.nodes.windows(2) {
                    assert!((length(&world, pair) / length(&rest, pair) - 1.0).abs() < 1e-3);
                    let tail = Vec3::from(world[pair[1]].translation);
                    deepest = shapes.iter().map(|s| s.outside(tail, 0.0).distance(tail)).fold(deepest, f32::max);
                }
            }
        }
        eprintln!("links come {:.1} mm into the colliders at most", 1000.0 * deepest);
        assert!(deepest < 0.004, "{deepest} m into the body");
    }

    #[test]
    fn a_cut_is_no_blow() {
        let rig = rig();
        let mut performance = Performance { fps: 30.0, seconds: 2.0, frames: vec![Frame::default(); 60].into() };
        performance.frames[30..].iter_mut().for_each(|frame| frame.body.hips.x += 50.0);
        let swings = swings(&rig, &performance);
        let first = swings[0].clone();
        for (n, swing) in swings.iter().enumerate() {
            let off = swing.iter().zip(&first).map(|(a, b)| a.angle_between(*b)).fold(0.0, f32::max);
            assert!(off < 0.2, "frame {n}: {} degrees", off.to_degrees());
        }
    }

    #[test]
    fn capsules_push_out() {
        let shape = Shape { from: Vec3::ZERO, to: Vec3::X, radius: 0.1 };
        assert!(shape.outside(Vec3::new(0.5, 0.05, 0.0), 0.02).distance(Vec3::new(0.5, 0.12, 0.0)) < 1e-6);
        assert_eq!(shape.outside(Vec3::new(2.0, 0.0, 0.0), 0.02), Vec3::new(2.0, 0.0, 0.0));
    }
}
