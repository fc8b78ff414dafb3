//! Which of somebody's joints are ours, by name.

use super::Skeleton;
use super::fit::UPPER_CHEST;
use crate::actor::Node;
use crate::actor::names::Words;
use crate::actor::names::joints::humanoid;
use crate::body::skeleton::{self, COUNT, OFFSETS};
use std::collections::BTreeSet;

/// For each of our joints ([`skeleton::JOINTS`]) the place of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    pub joints: [Option<usize>; COUNT],
}

impl Map {
    /// Finds our joints by name and by how they hang together: VRM, Mixamo, Biped, SMPL-X, BEAT, ZeroEGGS, Bandai Namco, CMU,
    /// Unreal, Daz, Rigify, MMD and plain words, with or without a prefix. See [`crate::actor::Report`] for avatars.
    pub fn of(skeleton: &Skeleton) -> Map {
        let names: BTreeSet<&str> = skeleton.joints.iter().map(|joint| joint.name.as_str()).collect();
        let node = |joint: &super::Joint| Node {
            name: plain(&joint.name, &names),
            parent: joint.parent,
            translation: joint.offset,
            rotation: joint.rest,
            scale: glam::Vec3::ONE,
        };
        let nodes: Vec<Node> = skeleton.joints.iter().map(node).collect();
        let found = humanoid(&nodes, &[]);
        let mut map = Map { joints: std::array::from_fn(|k| found.joints.get(k).copied().flatten()) };
        map.divide_spine(skeleton);
        map
    }

    /// Of a spine with more joints than ours, those that divide it as ours is divided.
    fn divide_spine(&mut self, skeleton: &Skeleton) {
        let (Some(hips), Some(top)) = (self.joints[0], self.joints[UPPER_CHEST]) else { return };
        let up = std::iter::successors(Some(top), |k| skeleton.joints[*k].parent);
        let mut path: Vec<usize> = up.take_while(|k| *k != hips).collect();
        path.reverse();
        let lengths = path.iter().scan(0.0, |sum, k| {
            *sum += skeleton.joints[*k].offset.length();
            Some(*sum)
        });
        let lengths: Vec<f32> = lengths.collect();
        let Some(whole) = lengths.last().filter(|whole| path.len() > 3 && **whole > 0.0) else { return };
        let nearest = |share: f32, among: std::ops::Range<usize>| {
            let off = |n: &usize| (lengths[*n] / whole - share).abs();
            among.min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or_default()
        };
        let ours = |k: usize| OFFSETS[1..=k].iter().map(|v| v.length()).sum::<f32>();
        let spine = nearest(ours(1) / ours(UPPER_CHEST), 0..path.len() - 2);
        let chest = nearest(ours(2) / ours(UPPER_CHEST), spine + 1..path.len() - 1);
        (self.joints[1], self.joints[2]) = (Some(path[spine]), Some(path[chest]));
    }

    /// Their joint by our name.
    pub fn joint(&self, name: &str) -> Option<usize> {
        self.joints[skeleton::index(name)?]
    }

    /// How many of our joints they have.
    pub fn count(&self) -> usize {
        self.joints.iter().flatten().count()
    }

    /// For each of their joints ours.
    pub fn inverse(&self, joints: usize) -> Vec<Option<usize>> {
        let mut out = vec![None; joints];
        for (ours, theirs) in self.joints.iter().enumerate() {
            if let Some(slot) = theirs.and_then(|theirs| out.get_mut(theirs)) {
                *slot = Some(ours);
            }
        }
        out
    }

    /// Names of their joints that are none of ours.
    pub fn unused(&self, skeleton: &Skeleton) -> Vec<String> {
        let inverse = self.inverse(skeleton.joints.len());
        skeleton.joints.iter().zip(inverse).filter(|(_, ours)| ours.is_none()).map(|(joint, _)| joint.name.clone()).collect()
    }
}

/// Spellings that only make sense beside the other names, in words: the sides of Acclaim (`lfemur` beside `rfemur`), and of BEAT
/// and Trinity the forearm (`RArm1` below `RArm`) and the fingers (`RHandT1`; `RHandM` lies in the palm).
fn plain(name: &str, all: &BTreeSet<&str>) -> String {
    let bare = name.rsplit(':').next().unwrap_or(name);
    let mut letters = bare.chars();
    let (first, rest) = (letters.next().unwrap_or_default(), letters.as_str());
    let (side, other) = match first {
        'l' => ("left", "r"),
        'L' => ("left", "R"),
        'r' => ("right", "l"),
        'R' => ("right", "L"),
        _ => return name.to_owned(),
    };
    if !all.contains(format!("{other}{rest}").as_str()) {
        return name.to_owned();
    }
    if rest == "Arm1" && all.contains(format!("{first}Arm").as_str()) {
        return format!("{side} forearm");
    }
    if let Some(finger) = rest.strip_prefix("Hand").filter(|f| f.len() <= 2)
        && let Some((_, word)) = FINGERS.iter().find(|(letter, _)| finger.starts_with(*letter))
    {
        let part = if finger.len() == 1 { "metacarpal" } else { &finger[1..] };
        return format!("{side} {word} {part}");
    }
    if Words::of(bare).side.is_none() && rest.starts_with(char::is_alphabetic) { format!("{side} {rest}") } else { name.to_owned() }
}

const FINGERS: [(char, &str); 5] = [('T', "thumb"), ('I', "index"), ('M', "middle"), ('R', "ring"), ('P', "pinky")];
