//! How somebody's axes lie against ours, and their motion as ours.

use super::arms::Arms;
use super::{Clip, Globals, Map, Skeleton, between};
use crate::body::skeleton::{self, COUNT, JOINTS, OFFSETS, Pose};
use glam::{Mat3, Quat, Vec3};

/// Carries motion between one skeleton of somebody's and ours.
#[derive(Clone, Debug)]
pub struct Retarget {
    pub(super) map: Map,
    pub(super) skeleton: Skeleton,
    /// `ours = theirs · turn`, for global rotations.
    pub(super) turns: [Quat; COUNT],
    /// Their metres times this are ours, by the lengths of the legs.
    pub(super) scale: f32,
    /// Where our hips stand and where theirs do: the places that lengths are scaled about.
    pub(super) origin: (Vec3, Vec3),
    /// Axes and proportions are ours, whatever the names: nothing to correct.
    pub(super) same: bool,
    /// Local rotations and places of joints that nothing of ours drives.
    pub(super) neutral: Vec<(Quat, Vec3)>,
    /// Joints that may move against their parent.
    pub(super) movable: Vec<usize>,
}

/// So many frames say how axes lie.
const SAMPLES: usize = 600;

impl Retarget {
    /// Learns from clips of one skeleton, the more motion the better; their rest pose is enough where a person stands in it.
    /// All clips must have the skeleton of the first. Panics without clips.
    pub fn fit(clips: &[&Clip], map: &Map) -> Retarget {
        let (first, skeleton) = (clips[0], clips[0].skeleton.clone());
        let rest = skeleton.rest();
        let step = clips.iter().map(|clip| clip.frames()).sum::<usize>().div_ceil(SAMPLES).max(1);
        let mut samples: Vec<Globals> =
            clips.iter().flat_map(|clip| (0..clip.frames()).step_by(step).map(|frame| clip.globals(frame))).collect();
        if samples.is_empty() {
            samples.push(rest.clone());
        }
        let basis = standing(&rest, map);
        let turns = match basis {
            Some(basis) => from_rest(&rest, map, basis),
            None => Moving { skeleton: &skeleton, map, samples: &samples }.turns(),
        };
        let lengths = |names: [&str; 3]| -> Option<(f32, f32)> {
            let ours = names.map(skeleton::index);
            let theirs = names.map(|name| map.joint(name));
            let ([Some(a), Some(b), Some(c)], [Some(d), Some(e), Some(f)]) = (ours, theirs) else { return None };
            let at = &samples[0].positions;
            let our = skeleton::globals(&Pose::default(), &OFFSETS).positions;
            Some((our[a].distance(our[b]) + our[b].distance(our[c]), at[d].distance(at[e]) + at[e].distance(at[f])))
        };
        let legs = [lengths(["leftUpperLeg", "leftLowerLeg", "leftFoot"]), lengths(["rightUpperLeg", "rightLowerLeg", "rightFoot"])];
        let arms = [lengths(["leftUpperArm", "leftLowerArm", "leftHand"]), lengths(["rightUpperArm", "rightLowerArm", "rightHand"])];
        let ratio = |limbs: &[Option<(f32, f32)>]| {
            let (ours, theirs) = limbs.iter().flatten().fold((0.0, 0.0), |sum, limb| (sum.0 + limb.0, sum.1 + limb.1));
            (theirs > 1e-6).then(|| ours / theirs)
        };
        let scale = ratio(&legs).or_else(|| ratio(&arms)).unwrap_or(1.0);
        let place = |k: usize| {
            let track = first.translations.iter().find(|track| track.joint == k);
            track.and_then(|track| track.places.first().copied()).unwrap_or(skeleton.joints[k].offset)
        };
        let turn = |k: usize| match (basis, first.rotations.first()) {
            (None, Some(rotations)) => rotations[k],
            _ => skeleton.joints[k].rest,
        };
        let neutral = (0..skeleton.joints.len()).map(|k| (turn(k), place(k))).collect();
        let movable = first.translations.iter().map(|track| track.joint).collect();
        let same = is_ours(&samples[0], map, &turns);
        let origin = (Vec3::ZERO, Vec3::ZERO);
        Retarget { map: map.clone(), turns, scale: if same { 1.0 } else { scale }, origin, same, neutral, movable, skeleton }
    }

    /// Whether proportions and axes are those of our own skeleton.
    pub fn same(&self) -> bool {
        self.same
    }

    /// Their motion as ours. Joints they lack stay at rest.
    pub fn to_poses(&self, clip: &Clip) -> Vec<Pose> {
        let mut poses: Vec<Pose> = Vec::with_capacity(clip.frames());
        for frame in 0..clip.frames() {
            let pose = self.follow(&clip.globals(frame), poses.last());
            poses.push(pose);
        }
        self.settle(&mut poses, |pose| pose);
        poses
    }

    /// One frame of theirs as ours, after the frame before.
    pub fn follow(&self, theirs: &Globals, before: Option<&Pose>) -> Pose {
        let mut pose = self.pose(theirs);
        if let Some(before) = before {
            pose.align(before);
        }
        pose
    }

    /// Brings the feet of all frames to the floor, where proportions differ; `body` finds each frame's pose.
    pub fn settle<T>(&self, frames: &mut [T], body: impl Fn(&mut T) -> &mut Pose) {
        if self.same || ["leftFoot", "rightFoot"].iter().any(|foot| self.map.joint(foot).is_none()) {
            return;
        }
        let low = lowest(frames.iter_mut().map(|frame| toes(&skeleton::globals(body(frame), &OFFSETS).positions)).collect());
        let rest = toes(&skeleton::globals(&Pose::default(), &OFFSETS).positions);
        frames.iter_mut().for_each(|frame| body(frame).hips.y += rest - low);
    }

    fn pose(&self, theirs: &Globals) -> Pose {
        let mut pose = Pose::default();
        let mut globals = [Quat::IDENTITY; COUNT];
        for k in 0..COUNT {
            let above = JOINTS[k].parent.map_or(Quat::IDENTITY, |p| globals[p]);
            globals[k] = self.map.joints[k].map_or(above, |joint| (theirs.rotations[joint] * self.turns[k]).normalize());
            pose.rotations[k] = (above.conjugate() * globals[k]).normalize();
        }
        if let Some(hips) = self.map.joints[0] {
            pose.hips = self.origin.0 + (theirs.positions[hips] - self.origin.1) * self.scale;
        }
        if !self.same {
            self.place_hands(theirs, &mut pose);
            (0..2).for_each(|side| share_twist(&mut pose, FOREARM[side]));
        }
        pose
    }

    fn place_hands(&self, theirs: &Globals, pose: &mut Pose) {
        let ours = skeleton::globals(pose, &OFFSETS);
        let Some(from) = self.arms_of(theirs, ours.rotations[UPPER_CHEST]) else { return };
        let to = Arms { joints: FOREARM.map(|lower| [lower - 1, lower, lower + 1].map(|k| ours.positions[k])), chest: from.chest };
        for (lower, [upper_turn, lower_turn]) in FOREARM.into_iter().zip(from.carry(&to)) {
            let above = ours.rotations[lower - 2];
            let (upper, fore, hand) =
                (upper_turn * ours.rotations[lower - 1], lower_turn * ours.rotations[lower], ours.rotations[lower + 1]);
            pose.rotations[lower - 1] = (above.conjugate() * upper).normalize();
            pose.rotations[lower] = (upper.conjugate() * fore).normalize();
            pose.rotations[lower + 1] = (fore.conjugate() * hand).normalize();
        }
    }

    /// Their arms, if they have both.
    pub(super) fn arms_of(&self, theirs: &Globals, chest: Quat) -> Option<Arms> {
        let mut joints = [[Vec3::ZERO; 3]; 2];
        for (side, lower) in FOREARM.into_iter().enumerate() {
            for (place, k) in joints[side].iter_mut().zip([lower - 1, lower, lower + 1]) {
                *place = theirs.positions[self.map.joints[k]?];
            }
        }
        Some(Arms { joints, chest })
    }
}

pub(super) const UPPER_CHEST: usize = 3;
/// The lower arms, left and right; the upper arm stands before, the hand after each.
pub(super) const FOREARM: [usize; 2] = [8, 12];
const TOES: [usize; 2] = [17, 21];
/// Hips, spine, chest, upper chest, neck, head.
pub(super) const TRUNK: std::ops::Range<usize> = 0..6;

fn toes(positions: &[Vec3]) -> f32 {
    TOES.iter().map(|k| positions[*k].y).fold(f32::INFINITY, f32::min)
}

/// The height that 5 % of values are below: where the floor is, whoever jumps.
pub(super) fn lowest(mut heights: Vec<f32>) -> f32 {
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 20).copied().unwrap_or_default()
}

/// Radius and ulna turn about each other: what forearm and hand are twisted by together, each takes half. Rigs put it all into
/// one or the other.
fn share_twist(pose: &mut Pose, lower: usize) {
    let twist = |q: Quat| Quat::from_xyzw(q.x, 0.0, 0.0, q.w).normalize();
    let (fore, hand) = (pose.rotations[lower], pose.rotations[lower + 1]);
    if fore.w.abs().min(hand.w.abs()) < 1e-3 {
        return;
    }
    let (first, second) = (twist(fore), twist(hand));
    let angle = |q: Quat| 2.0 * (q.x * q.w.signum()).atan2(q.w.abs());
    let half = Quat::from_rotation_x(0.5 * (angle(first) + angle(second)));
    pose.rotations[lower] = (fore * first.conjugate() * half).normalize();
    pose.rotations[lower + 1] = (half * second.conjugate() * hand).normalize();
}

/// The joint of ours that shows where a bone points.
fn main_child(joint: usize) -> Option<usize> {
    let name = JOINTS[joint].name;
    match name {
        "hips" => skeleton::index("spine"),
        "upperChest" => skeleton::index("neck"),
        _ if name.ends_with("Hand") => skeleton::index(&name.replace("Hand", "MiddleProximal")),
        _ => (0..COUNT).find(|k| JOINTS[*k].parent == Some(joint)),
    }
}

/// The same among joints they have: the next one down the chain.
fn mapped_child(map: &Map, joint: usize) -> Option<usize> {
    std::iter::successors(main_child(joint), |k| main_child(*k)).find(|k| map.joints[*k].is_some())
}

/// +1 on the left, -1 on the right, 0 in the middle.
fn side(joint: usize) -> f32 {
    let name = JOINTS[joint].name;
    if name.starts_with("left") {
        1.0
    } else if name.starts_with("right") {
        -1.0
    } else {
        0.0
    }
}

/// What a joint is, as far as its axes go.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Trunk,
    Shoulder,
    Arm,
    Hand,
    Leg,
    Foot,
    Toes,
    Thumb,
    Finger,
}

fn part(joint: usize) -> Part {
    let name = JOINTS[joint].name;
    match name {
        _ if TRUNK.contains(&joint) => Part::Trunk,
        _ if name.ends_with("Shoulder") => Part::Shoulder,
        _ if name.ends_with("Arm") => Part::Arm,
        _ if name.ends_with("Hand") => Part::Hand,
        _ if name.ends_with("Leg") => Part::Leg,
        _ if name.ends_with("Foot") => Part::Foot,
        _ if name.ends_with("Toes") => Part::Toes,
        _ if name.contains("Thumb") => Part::Thumb,
        _ => Part::Finger,
    }
}

/// Direction of our bone and its second axis in the rest pose.
fn axes(joint: usize) -> (Vec3, Vec3) {
    let s = side(joint);
    let along = main_child(joint).map(|child| OFFSETS[child].normalize());
    match part(joint) {
        Part::Trunk => (Vec3::Y, Vec3::Z),
        Part::Shoulder => (Vec3::X * s, Vec3::Y),
        Part::Arm => (Vec3::X * s, Vec3::NEG_Y * s),
        Part::Hand => (along.unwrap_or(Vec3::X * s), knuckle_line(joint)),
        Part::Leg => (Vec3::NEG_Y, Vec3::X),
        Part::Foot => (along.unwrap_or(Vec3::Z), Vec3::X),
        Part::Toes => (Vec3::Z, Vec3::X),
        Part::Thumb => (along.unwrap_or(Vec3::new(0.70 * s, -0.25, 0.67).normalize()), Vec3::new(0.25 * s, 0.85 * s, 0.1)),
        Part::Finger => (Vec3::X * s, Vec3::NEG_Z * s),
    }
}

fn finger(hand: usize, name: &str) -> Option<usize> {
    skeleton::index(&JOINTS[hand].name.replace("Hand", name))
}

/// From our little finger's knuckle to the index finger's.
fn knuckle_line(hand: usize) -> Vec3 {
    match (finger(hand, "IndexProximal"), finger(hand, "LittleProximal")) {
        (Some(index), Some(little)) => OFFSETS[index] - OFFSETS[little],
        _ => Vec3::Z,
    }
}

/// From the knuckle of their little finger to that of the index finger, in the world, if they have both.
fn their_knuckle_line(map: &Map, hand: usize, at: &[Vec3]) -> Option<Vec3> {
    Some(at[map.joints[finger(hand, "IndexProximal")?]?] - at[map.joints[finger(hand, "LittleProximal")?]?])
}

/// How a person who stands in the rest pose is turned against ours, if it is one: legs down, arms not up.
fn standing(rest: &Globals, map: &Map) -> Option<Quat> {
    let at = |name: &str| map.joint(name).map(|k| rest.positions[k]);
    let pair = |name: &str| Some((at(&format!("left{name}"))?, at(&format!("right{name}"))?));
    let top = ["head", "neck", "upperChest", "chest"].iter().find_map(|name| at(name))?;
    let up = (top - at("hips")?).try_normalize()?;
    let (left, right) = pair("UpperLeg").or_else(|| pair("UpperArm"))?;
    let across = (left - right).try_normalize()?;
    let mut upright = across.dot(up).abs() < 0.5;
    for (name, sign) in [("left", 1.0), ("right", -1.0)] {
        let line = |from: &str, to: &str| Some((at(&format!("{name}{to}"))? - at(&format!("{name}{from}"))?).normalize_or_zero());
        if let Some(leg) = line("UpperLeg", "LowerLeg") {
            upright &= leg.dot(up) < -0.7;
        }
        if let Some(shin) = line("LowerLeg", "Foot") {
            upright &= shin.dot(up) < -0.7;
        }
        if let Some(arm) = line("UpperArm", "LowerArm") {
            upright &= arm.dot(across) * sign > -0.3 && arm.dot(up) < 0.7;
        }
        if let Some(fore) = line("LowerArm", "Hand") {
            upright &= fore.dot(across) * sign > -0.3 && fore.dot(up) < 0.7;
        }
    }
    let basis = between((Vec3::Y, Vec3::X), (up, across));
    upright.then(|| snapped(basis))
}

/// The nearest turn by quarters, if there is one within 15 degrees: a leaning back is no other axis.
fn snapped(turn: Quat) -> Quat {
    let axes = Mat3::from_quat(turn);
    let round = Mat3::from_cols(axes.x_axis.round(), axes.y_axis.round(), axes.z_axis.round());
    let whole =
        (round.determinant() - 1.0).abs() < 1e-3 && [round.x_axis, round.y_axis].iter().all(|axis| (axis.length() - 1.0).abs() < 1e-3);
    let near = Quat::from_mat3(&round);
    if whole && near.angle_between(turn) < 0.26 { near.normalize() } else { turn }
}

/// Turns from a rest pose in which a person stands, turned by `basis`.
fn from_rest(rest: &Globals, map: &Map, basis: Quat) -> [Quat; COUNT] {
    std::array::from_fn(|k| {
        let Some(joint) = map.joints[k] else { return Quat::IDENTITY };
        let (along, across) = axes(k);
        let ours = (basis * along, basis * across);
        let child = mapped_child(map, k).and_then(|child| map.joints[child]);
        let end = child.map(|child| rest.positions[child] - rest.positions[joint]).and_then(Vec3::try_normalize);
        let up = basis * Vec3::Y;
        let level = |v: Vec3| v - up * v.dot(up);
        let swing = match (part(k), end) {
            // Trunk and collarbones at rest are at rest, wherever a rig has put their joints; feet are flat.
            (Part::Trunk | Part::Shoulder | Part::Toes, _) | (_, None) => Quat::IDENTITY,
            (Part::Foot, Some(end)) => match (level(ours.0).try_normalize(), level(end).try_normalize()) {
                (Some(from), Some(to)) => Quat::from_rotation_arc(from, to),
                _ => Quat::IDENTITY,
            },
            (Part::Hand, Some(end)) => match their_knuckle_line(map, k, &rest.positions) {
                Some(line) => between(ours, (end, line)),
                None => Quat::from_rotation_arc(ours.0, end),
            },
            (_, Some(end)) => Quat::from_rotation_arc(ours.0, end),
        };
        (rest.rotations[joint].conjugate() * swing * basis).normalize()
    })
}

/// Turns from motion, where the rest pose says nothing.
struct Moving<'a> {
    skeleton: &'a Skeleton,
    map: &'a Map,
    samples: &'a [Globals],
}

/// Weight of the parent's axis against the bend that the motion shows (the sine of its angle).
const PRIOR: f32 = 0.05;

impl Moving<'_> {
    fn turns(&self) -> [Quat; COUNT] {
        let mut turns = [Quat::IDENTITY; COUNT];
        let mut alongs = [Vec3::X; COUNT];
        for k in 0..COUNT {
            if let Some(joint) = self.map.joints[k] {
                let parent = std::iter::successors(JOINTS[k].parent, |p| JOINTS[*p].parent).find(|p| self.map.joints[*p].is_some());
                alongs[k] = self.along(k, joint, parent.map(|p| alongs[p]));
                let across = self.mean(joint, |frame| self.across(k, joint, alongs[k], parent, &turns, frame));
                turns[k] = between(axes(k), (alongs[k], across)).normalize();
            }
        }
        turns
    }

    /// Sum over frames of a world direction as a joint sees it.
    fn mean(&self, joint: usize, direction: impl Fn(&Globals) -> Vec3) -> Vec3 {
        self.samples.iter().map(|frame| frame.rotations[joint].conjugate() * direction(frame)).sum::<Vec3>().normalize_or(Vec3::Y)
    }

    fn line(&self, frame: &Globals, from: &str, to: &str) -> Option<Vec3> {
        Some((frame.positions[self.map.joint(to)?] - frame.positions[self.map.joint(from)?]).normalize_or_zero())
    }

    /// Where the bone points, in its own axes.
    fn along(&self, k: usize, joint: usize, parents: Option<Vec3>) -> Vec3 {
        if let Some(child) = mapped_child(self.map, k).and_then(|child| self.map.joints[child]) {
            return self.mean(joint, |frame| frame.positions[child] - frame.positions[joint]);
        }
        // Bones that end nowhere point along one of their axes: a head up, toes ahead, the rest as the bone before.
        let nearest = |v: Vec3| {
            let axis = [Vec3::X, Vec3::Y, Vec3::Z].into_iter().max_by(|a, b| v.dot(*a).abs().total_cmp(&v.dot(*b).abs()));
            let axis = axis.unwrap_or(Vec3::Y) * v.dot(axis.unwrap_or(Vec3::Y)).signum();
            if axis.dot(v) > 0.8 { axis } else { v }
        };
        let end = self.skeleton.joints[joint].end.and_then(Vec3::try_normalize);
        match part(k) {
            Part::Trunk => nearest(self.mean(joint, |_| Vec3::Y)),
            Part::Toes => end.unwrap_or_else(|| nearest(self.mean(joint, |frame| self.forward(frame)))),
            _ => parents.or(end).unwrap_or(Vec3::X),
        }
    }

    /// Where the hips face, level.
    fn forward(&self, frame: &Globals) -> Vec3 {
        let across = self.line(frame, "rightUpperLeg", "leftUpperLeg").or_else(|| self.line(frame, "rightUpperArm", "leftUpperArm"));
        across.unwrap_or(Vec3::X).cross(Vec3::Y).normalize_or(Vec3::Z)
    }

    /// The bone's second axis in one frame, in the world.
    fn across(&self, k: usize, joint: usize, along: Vec3, parent: Option<usize>, turns: &[Quat; COUNT], frame: &Globals) -> Vec3 {
        let name = if side(k) > 0.0 { "left" } else { "right" };
        let bend = |a: &str, b: &str, c: &str| {
            let [a, b, c] = [a, b, c].map(|part| format!("{name}{part}"));
            Some(self.line(frame, &a, &b)?.cross(self.line(frame, &b, &c)?))
        };
        // The parent's axes brought along the shortest way to where this bone points.
        let prior = || {
            let ours = parent.and_then(|p| Some(frame.rotations[self.map.joints[p]?] * turns[p])).unwrap_or(Quat::IDENTITY);
            let (rest, second) = axes(k);
            let (from, to) = ((ours * rest).normalize(), (frame.rotations[joint] * along).normalize());
            Quat::from_rotation_arc(from, to) * ours * second
        };
        let seen = match part(k) {
            Part::Trunk => return self.forward(frame),
            Part::Shoulder => return Vec3::Y,
            Part::Hand => return their_knuckle_line(self.map, k, &frame.positions).unwrap_or_else(prior),
            Part::Foot | Part::Toes => return prior(),
            Part::Arm => bend("UpperArm", "LowerArm", "Hand"),
            Part::Leg => bend("UpperLeg", "LowerLeg", "Foot"),
            Part::Thumb => bend("ThumbMetacarpal", "ThumbProximal", "ThumbDistal"),
            Part::Finger => {
                let finger = ["Index", "Middle", "Ring", "Little"].into_iter().find(|f| JOINTS[k].name.contains(f)).unwrap_or("Index");
                bend(&format!("{finger}Proximal"), &format!("{finger}Intermediate"), &format!("{finger}Distal"))
            }
        };
        seen.unwrap_or(Vec3::ZERO) + PRIOR * prior()
    }
}

/// Whether axes and the places of all mapped joints against each other are ours.
fn is_ours(sample: &Globals, map: &Map, turns: &[Quat; COUNT]) -> bool {
    let mut pose = Pose::default();
    let mut globals = [Quat::IDENTITY; COUNT];
    for k in 0..COUNT {
        let above = JOINTS[k].parent.map_or(Quat::IDENTITY, |p| globals[p]);
        globals[k] = map.joints[k].map_or(above, |joint| sample.rotations[joint]);
        pose.rotations[k] = above.conjugate() * globals[k];
    }
    let Some(hips) = map.joints[0] else { return false };
    pose.hips = sample.positions[hips];
    let ours = skeleton::globals(&pose, &OFFSETS).positions;
    let near = |k: usize| map.joints[k].is_none_or(|joint| sample.positions[joint].distance(ours[k]) < 2e-3);
    (0..COUNT).all(|k| near(k) && (map.joints[k].is_none() || turns[k].w.abs() > 1.0 - 1e-6))
}
