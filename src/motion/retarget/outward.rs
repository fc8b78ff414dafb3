//! Our motion as motion of somebody's skeleton.

use super::arms::Arms;
use super::fit::{FOREARM, Retarget, TRUNK, UPPER_CHEST, lowest};
use super::{Clip, Globals, Track};
use crate::body::skeleton::{self, COUNT, OFFSETS, Pose};
use glam::{Quat, Vec3};

/// What turns one of their joints.
#[derive(Clone, Copy)]
enum Drive {
    /// Our joint.
    Ours(usize),
    /// Two of theirs that it stands between, and how far it is towards the second.
    Between(usize, usize, f32),
    /// Its parent.
    Parent,
}

/// Our motion on its way to their skeleton, frame by frame: what every frame needs is found out once.
pub struct Outward<'a> {
    retarget: &'a Retarget,
    drives: Vec<Drive>,
    /// Global rotations of their joints where nothing of ours drives them.
    neutral: Vec<Quat>,
    carrier: usize,
    /// What brings their feet to our floor, metres.
    shift: f32,
}

/// One frame on their skeleton: local rotations and places of all joints, metres.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub rotations: Vec<Quat>,
    pub places: Vec<Vec3>,
}

/// So many frames tell where the floor is.
const FLOOR_SAMPLES: usize = 16_384;

impl Outward<'_> {
    /// A pose on their skeleton.
    pub fn frame(&self, pose: &Pose) -> Outgoing {
        let (globals, _, place) = self.placed(pose, &skeleton::globals(pose, &OFFSETS));
        let retarget = self.retarget;
        let above = |k: usize| retarget.skeleton.joints[k].parent.map_or(Quat::IDENTITY, |p| globals[p]);
        let rotations = (0..globals.len()).map(|k| (above(k).conjugate() * globals[k]).normalize()).collect();
        // Other joints that files let move stay where they are against their parent.
        let mut places: Vec<Vec3> = retarget.neutral.iter().map(|(_, place)| *place).collect();
        places[self.carrier] = place + above(self.carrier).conjugate() * Vec3::Y * self.shift;
        Outgoing { rotations, places }
    }

    /// Global rotations and places of their joints with the hips where ours are, and the carrier's local place.
    fn placed(&self, pose: &Pose, ours: &skeleton::Globals) -> (Vec<Quat>, Vec<Vec3>, Vec3) {
        let retarget = self.retarget;
        let mut globals = retarget.turned(&ours.rotations, &self.drives, &self.neutral);
        let hips = retarget.hips_outward(pose.hips);
        let (at, place) = retarget.placed(&globals, self.carrier, hips);
        if retarget.same {
            return (globals, at, place);
        }
        let theirs = retarget.arms_of(&Globals { positions: at.clone(), rotations: Vec::new() }, ours.rotations[UPPER_CHEST]);
        let Some(theirs) = theirs else { return (globals, at, place) };
        let joints = FOREARM.map(|lower| [lower - 1, lower, lower + 1].map(|k| ours.positions[k]));
        for (lower, turns) in FOREARM.into_iter().zip(Arms { joints, chest: theirs.chest }.carry(&theirs)) {
            retarget.bend_arm(&mut globals, lower, turns);
        }
        let (at, place) = retarget.placed(&globals, self.carrier, hips);
        (globals, at, place)
    }

    /// How far their lowest feet are below ours.
    fn floor<'p>(&self, poses: impl ExactSizeIterator<Item = &'p Pose>, feet: &[(usize, usize)]) -> f32 {
        let (mut ours_low, mut theirs_low) = (Vec::new(), Vec::new());
        let step = poses.len().div_ceil(FLOOR_SAMPLES).max(1);
        for pose in poses.step_by(step) {
            let ours = skeleton::globals(pose, &OFFSETS);
            let (_, theirs, _) = self.placed(pose, &ours);
            let lowest = |at: &dyn Fn(&(usize, usize)) -> f32| feet.iter().map(at).fold(f32::INFINITY, f32::min);
            ours_low.push(lowest(&|foot| ours.positions[foot.0].y) / self.retarget.scale);
            theirs_low.push(lowest(&|foot| theirs[foot.1].y));
        }
        lowest(ours_low) - lowest(theirs_low)
    }
}

impl Retarget {
    /// The way to their skeleton for a motion, all of whose poses are given: the floor is told from them.
    pub fn outward<'p>(&self, poses: impl ExactSizeIterator<Item = &'p Pose>) -> Outward<'_> {
        let neutral = self.skeleton.globals(|k| self.neutral[k].1, |k| self.neutral[k].0).rotations;
        let mut outward = Outward { retarget: self, drives: self.drives(), neutral, carrier: self.carrier(), shift: 0.0 };
        let feet = self.feet();
        if !(self.same || feet.is_empty()) {
            outward.shift = outward.floor(poses, &feet);
        }
        outward
    }

    /// Our motion on their skeleton: `fps` is only noted. Joints of theirs between two of the trunk share the bend, others keep
    /// the place that they have against their parent.
    pub fn to_clip(&self, poses: &[Pose], fps: f64) -> Clip {
        let outward = self.outward(poses.iter());
        let carrier = outward.carrier;
        let mut rotations = Vec::with_capacity(poses.len());
        let others = self.movable.iter().filter(|joint| **joint != carrier);
        let mut translations: Vec<Track> =
            std::iter::once(&carrier).chain(others).map(|k| Track { joint: *k, places: Vec::new() }).collect();
        for pose in poses {
            let frame = outward.frame(pose);
            translations.iter_mut().for_each(|track| track.places.push(frame.places[track.joint]));
            rotations.push(frame.rotations);
        }
        Clip { fps, skeleton: self.skeleton.clone(), translations, rotations }
    }

    /// Our and their joints of the lowest part of each foot that they have.
    fn feet(&self) -> Vec<(usize, usize)> {
        let pick = |names: [&str; 2]| {
            let pair: Vec<(usize, usize)> = names.iter().filter_map(|n| Some((skeleton::index(n)?, self.map.joint(n)?))).collect();
            (pair.len() == 2).then_some(pair)
        };
        pick(["leftToes", "rightToes"]).or_else(|| pick(["leftFoot", "rightFoot"])).unwrap_or_default()
    }

    fn drives(&self) -> Vec<Drive> {
        let mut out: Vec<Drive> =
            self.map.inverse(self.skeleton.joints.len()).into_iter().map(|k| k.map_or(Drive::Parent, Drive::Ours)).collect();
        let trunk: Vec<(usize, usize)> = TRUNK.filter_map(|ours| Some((ours, self.map.joints[ours]?))).collect();
        // The last joint below the neck bends as our whole chest does.
        if let Some((ours, theirs)) = trunk.iter().rfind(|(ours, _)| (1..=UPPER_CHEST).contains(ours))
            && *ours != UPPER_CHEST
        {
            out[*theirs] = Drive::Ours(UPPER_CHEST);
        }
        // On our own proportions a joint between follows the one before: then the next one stands where ours does.
        for pair in trunk.windows(2).filter(|_| !self.same) {
            let (from, to) = (pair[0].1, pair[1].1);
            let up = std::iter::successors(self.skeleton.joints[to].parent, |k| self.skeleton.joints[*k].parent);
            let path: Vec<usize> = up.take_while(|k| *k != from).collect();
            let count = path.len() as f32 + 1.0;
            for (n, joint) in path.into_iter().enumerate().filter(|(_, joint)| self.is_below(*joint, from)) {
                out[joint] = Drive::Between(from, to, (count - 1.0 - n as f32) / count);
            }
        }
        out
    }

    fn is_below(&self, joint: usize, above: usize) -> bool {
        std::iter::successors(Some(joint), |k| self.skeleton.joints[*k].parent).any(|k| k == above)
    }

    /// The joint whose place moves the body: the hips, or what carries them.
    fn carrier(&self) -> usize {
        let hips = self.map.joints[0].unwrap_or(0);
        let up = std::iter::successors(Some(hips), |k| self.skeleton.joints[*k].parent);
        up.clone().find(|k| self.movable.contains(k)).or_else(|| up.last()).unwrap_or(0)
    }

    /// Global rotations of their joints.
    fn turned(&self, ours: &[Quat; COUNT], drives: &[Drive], neutral: &[Quat]) -> Vec<Quat> {
        let of = |joint: usize| match drives[joint] {
            Drive::Ours(k) => {
                let own = self.map.joints.iter().position(|theirs| *theirs == Some(joint)).unwrap_or(k);
                ours[k] * self.turns[own].conjugate()
            }
            _ => neutral[joint],
        };
        let mut out: Vec<Quat> = Vec::with_capacity(drives.len());
        for (k, drive) in drives.iter().enumerate() {
            let turned = match *drive {
                Drive::Ours(_) => of(k),
                Drive::Between(a, b, share) => {
                    let seen = |joint: usize| of(joint) * neutral[joint].conjugate() * neutral[k];
                    let (first, second) = (seen(a), seen(b));
                    first.slerp(if first.dot(second) < 0.0 { -second } else { second }, share)
                }
                Drive::Parent => self.skeleton.joints[k].parent.map_or(Quat::IDENTITY, |p| out[p]) * self.neutral[k].0,
            };
            out.push(turned.normalize());
        }
        out
    }

    /// Places of their joints with the hips at `hips`, and the local place of the carrier that brings them there.
    fn placed(&self, globals: &[Quat], carrier: usize, hips: Vec3) -> (Vec<Vec3>, Vec3) {
        let mut at: Vec<Vec3> = Vec::with_capacity(globals.len());
        for (k, joint) in self.skeleton.joints.iter().enumerate() {
            at.push(joint.parent.map_or(self.neutral[k].1, |p| at[p] + globals[p] * self.neutral[k].1));
        }
        let moved = hips - at[self.map.joints[0].unwrap_or(0)];
        let above = self.skeleton.joints[carrier].parent.map_or(Quat::IDENTITY, |p| globals[p]);
        let place = self.neutral[carrier].1 + above.conjugate() * moved;
        (0..at.len()).filter(|k| self.is_below(*k, carrier)).for_each(|k| at[k] += moved);
        (at, place)
    }

    /// Turns upper arm and forearm with all that hangs on them but the hand.
    fn bend_arm(&self, globals: &mut [Quat], lower: usize, [upper_turn, lower_turn]: [Quat; 2]) {
        let [Some(upper), Some(fore), Some(hand)] = [lower - 1, lower, lower + 1].map(|k| self.map.joints[k]) else { return };
        for (joint, global) in globals.iter_mut().enumerate() {
            if self.is_below(joint, upper) && !self.is_below(joint, hand) {
                let turn = if self.is_below(joint, fore) { lower_turn } else { upper_turn };
                *global = (turn * *global).normalize();
            }
        }
    }
}
