//! How a BVH file is laid out: names, hierarchy, offsets, channels and units, ours or those of somebody's file.

use super::parse::{Channel, FileJoint};
use super::take::Take;
use crate::body::skeleton::{self, COUNT, JOINTS, OFFSETS, Pose};
use crate::motion::retarget::{Clip, Joint, Map, Retarget, Skeleton, Track};
use crate::{Error, Result, spelling};
use glam::{Quat, Vec3};
use std::str::FromStr;

/// Names, hierarchy and channel order that a program expects. Proportions are ours, and the rest pose is the T-pose
/// at zero rotations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// VRM 1.0 names, angles Z X Y.
    #[default]
    Vrm,
    /// The 75 joints of the BEAT recordings, angles X Y Z.
    Beat,
    /// The 75 joints of the ZeroEGGS recordings, angles Z Y X.
    Zeggs,
    /// `mixamorig:` names, angles Z Y X.
    Mixamo,
    /// 3ds Max's Biped as Rocketbox names it, `Bip01_`, angles Z X Y.
    Biped,
}

impl Profile {
    pub const ALL: [(&str, Profile); 5] =
        [("vrm", Profile::Vrm), ("beat", Profile::Beat), ("zeggs", Profile::Zeggs), ("mixamo", Profile::Mixamo), ("biped", Profile::Biped)];
}

impl FromStr for Profile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Profile> {
        let lower = text.to_ascii_lowercase();
        Profile::ALL.iter().find(|(name, _)| *name == lower).map(|(_, profile)| *profile).ok_or_else(|| {
            let names = Profile::ALL.map(|(name, _)| name);
            let near = spelling::guess(&lower, names);
            Error::usage(format!("there is no BVH profile {text}"), format!("{near}known are {}", names.join(", ")))
        })
    }
}

/// Unit of length in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Centimetres,
    Metres,
}

impl Unit {
    /// Metres in one unit.
    pub fn metres(self) -> f32 {
        match self {
            Unit::Centimetres => 0.01,
            Unit::Metres => 1.0,
        }
    }
}

impl FromStr for Unit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Unit> {
        match text.to_ascii_lowercase().as_str() {
            "cm" => Ok(Unit::Centimetres),
            "m" => Ok(Unit::Metres),
            _ => Err(Error::usage(format!("'{text}' is no unit of BVH files"), "cm or m")),
        }
    }
}

/// The layout of a file to write.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) retarget: Retarget,
    /// As the file has them; their offsets in its units.
    pub(super) joints: Vec<FileJoint>,
    /// Metres in a unit of the file.
    pub(super) unit: f32,
    /// From the file's world to ours.
    pub(super) upright: Quat,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout::of(Profile::default(), None)
    }
}

impl Layout {
    /// The layout of a profile, in centimetres if nothing is said.
    pub fn of(profile: Profile, unit: Option<Unit>) -> Layout {
        let unit = unit.unwrap_or(Unit::Centimetres).metres();
        let rows = rows(profile);
        let rest = skeleton::globals(&Pose::default(), &OFFSETS).positions;
        let at: Vec<Vec3> = rows.iter().map(|row| row.at.place(&rest)).collect();
        let mut joints: Vec<FileJoint> = Vec::new();
        let mut map = Map { joints: [None; COUNT] };
        for (k, row) in rows.iter().enumerate() {
            let rotations = row.order.map(Channel::Rotation);
            let channels = match row.parent {
                None => (0..3).map(Channel::Position).chain(rotations).collect(),
                Some(_) => rotations.to_vec(),
            };
            // The root's offset is zero and its positions are absolute: programs differ in whether they add the two.
            let offset = row.parent.map_or(Vec3::ZERO, |p| (at[k] - at[p]) / unit);
            let leaf = !rows.iter().any(|other| other.parent == Some(k));
            let end = leaf.then(|| row.at.end() / unit);
            joints.push(FileJoint { name: row.name.clone(), parent: row.parent, offset, channels, end });
            if let At::Joint(ours) = row.at {
                map.joints[ours] = Some(k);
            }
        }
        let joint = |j: &FileJoint| Joint {
            name: j.name.clone(),
            parent: j.parent,
            offset: j.offset * unit,
            rest: Quat::IDENTITY,
            end: j.end.map(|end| end * unit),
        };
        let skeleton = Skeleton { joints: joints.iter().map(joint).collect() };
        let clip = Clip {
            fps: 30.0,
            rotations: vec![vec![Quat::IDENTITY; joints.len()]],
            translations: vec![Track { joint: 0, places: vec![rest[0]] }],
            skeleton,
        };
        Layout { retarget: Retarget::fit(&[&clip], &map), joints, unit, upright: Quat::IDENTITY }
    }

    /// The layout of somebody's file: names, hierarchy, offsets, channel orders and, if nothing is said, its unit.
    pub fn like(take: &Take, unit: Option<Unit>) -> Layout {
        let mut joints = take.joints.clone();
        let unit = unit.map_or(take.unit, Unit::metres);
        for (joint, read) in joints.iter_mut().zip(&take.clip.skeleton.joints) {
            let turn = if joint.parent.is_none() { take.upright.conjugate() } else { Quat::IDENTITY };
            joint.offset = turn * read.offset / unit;
            joint.end = joint.end.map(|end| end * (take.unit / unit));
        }
        Layout { retarget: Retarget::fit(&[&take.clip], &take.map), joints, unit, upright: take.upright }
    }
}

/// A joint of a profile and where it stands in our T-pose.
struct Row {
    name: String,
    parent: Option<usize>,
    at: At,
    order: [usize; 3],
}

#[derive(Clone, Copy)]
enum At {
    /// Our joint.
    Joint(usize),
    /// A share of the way from our joint's parent to it.
    Way(usize, f32),
    /// Where our joint's bone ends.
    End(usize),
}

impl At {
    fn place(self, rest: &[Vec3; COUNT]) -> Vec3 {
        match self {
            At::Joint(k) => rest[k],
            At::Way(k, share) => rest[JOINTS[k].parent.unwrap_or(k)].lerp(rest[k], share),
            At::End(k) => rest[k] + end_site(JOINTS[k].name),
        }
    }

    /// From a leaf to its End Site.
    fn end(self) -> Vec3 {
        match self {
            At::Joint(k) => end_site(JOINTS[k].name),
            _ => Vec3::ZERO,
        }
    }
}

/// From leaf joints to the end of what they move, metres.
fn end_site(name: &str) -> Vec3 {
    let x = if name.starts_with("right") { -1.0 } else { 1.0 };
    match name {
        "head" => Vec3::new(0.0, 0.18, 0.0),
        n if n.ends_with("Toes") => Vec3::new(0.0, 0.0, 0.06),
        n if n.contains("Thumb") => Vec3::new(0.0175 * x, -0.006, 0.0168),
        n if n.contains("Little") => Vec3::new(0.018 * x, 0.0, 0.0),
        _ => Vec3::new(0.022 * x, 0.0, 0.0),
    }
}

/// Places where rows of a profile hang, and their order of angles.
struct Rows {
    rows: Vec<Row>,
    order: [usize; 3],
}

const XYZ: [usize; 3] = [0, 1, 2];
const ZXY: [usize; 3] = [2, 0, 1];
const ZYX: [usize; 3] = [2, 1, 0];

impl Rows {
    fn add(&mut self, name: impl Into<String>, parent: &str, at: At) {
        let parent = self.rows.iter().position(|row| row.name == parent);
        self.rows.push(Row { name: name.into(), parent, at, order: self.order });
    }

    /// A chain of our joints, each hanging on the one before, the first on `parent`.
    fn chain(&mut self, parent: &str, names: &[(String, At)]) {
        let mut parent = parent.to_string();
        for (name, at) in names {
            self.add(name.clone(), &parent, *at);
            parent.clone_from(name);
        }
    }
}

fn ours(name: &str) -> usize {
    skeleton::index(name).unwrap_or_default()
}

const FINGERS: [&str; 5] = ["Thumb", "Index", "Middle", "Ring", "Little"];

/// Our joint of a finger, `part` from 0 at the root.
fn finger(side: &str, name: &str, part: usize) -> usize {
    let parts = if name == "Thumb" { ["Metacarpal", "Proximal", "Distal"] } else { ["Proximal", "Intermediate", "Distal"] };
    ours(&format!("{side}{name}{}", parts[part]))
}

fn rows(profile: Profile) -> Vec<Row> {
    match profile {
        Profile::Vrm => vrm(),
        Profile::Beat => captured("R", "L", beat_arm, "F"),
        Profile::Zeggs => captured("Right", "Left", zeggs_arm, ""),
        Profile::Mixamo => mixamo(),
        Profile::Biped => biped(),
    }
}

fn vrm() -> Vec<Row> {
    let mut rows = Rows { rows: Vec::new(), order: ZXY };
    let mut open = vec![0];
    while let Some(joint) = open.pop() {
        rows.add(JOINTS[joint].name, JOINTS[joint].parent.map_or("", |p| JOINTS[p].name), At::Joint(joint));
        open.extend((0..COUNT).rev().filter(|k| JOINTS[*k].parent == Some(joint)));
    }
    rows.rows
}

/// The skeleton of BEAT and ZeroEGGS: a spine of four, a neck of two, and ends that are joints.
fn captured(right: &str, left: &str, arm: fn(&mut Rows, &str, &str), middle_of_foot: &str) -> Vec<Row> {
    let order = if right == "R" { XYZ } else { ZYX };
    let mut rows = Rows { rows: Vec::new(), order };
    let at = |name: &str| At::Joint(ours(name));
    let trunk = [
        ("Hips", at("hips")),
        ("Spine", At::Way(ours("spine"), 0.5)),
        ("Spine1", at("spine")),
        ("Spine2", at("chest")),
        ("Spine3", at("upperChest")),
        ("Neck", at("neck")),
        ("Neck1", At::Way(ours("head"), 0.5)),
        ("Head", at("head")),
        ("HeadEnd", At::End(ours("head"))),
    ];
    rows.chain("", &trunk.map(|(name, at)| (name.to_string(), at)));
    for (theirs, side) in [(right, "right"), (left, "left")] {
        arm(&mut rows, theirs, side);
    }
    for (theirs, side) in [(right, "right"), (left, "left")] {
        let joint = |name: &str| At::Joint(ours(&format!("{side}{name}")));
        let toes = ours(&format!("{side}Toes"));
        let mut leg = vec![
            (format!("{theirs}UpLeg"), joint("UpperLeg")),
            (format!("{theirs}Leg"), joint("LowerLeg")),
            (format!("{theirs}Foot"), joint("Foot")),
        ];
        if !middle_of_foot.is_empty() {
            leg.push((format!("{theirs}Foot{middle_of_foot}"), At::Way(toes, 0.5)));
        }
        leg.push((format!("{theirs}ToeBase"), At::Joint(toes)));
        leg.push((format!("{theirs}ToeBaseEnd"), At::End(toes)));
        rows.chain("Hips", &leg);
        if middle_of_foot.is_empty() {
            let end = |name: &str| At::Way(ours(&format!("{side}{name}")), 1.0);
            rows.add(format!("{theirs}LegEnd"), &format!("{theirs}Foot"), end("Foot"));
            rows.add(format!("{theirs}UpLegEnd"), &format!("{theirs}Leg"), end("LowerLeg"));
        }
    }
    rows.rows
}

fn beat_arm(rows: &mut Rows, theirs: &str, side: &str) {
    let joint = |name: &str| At::Joint(ours(&format!("{side}{name}")));
    let arm = [("Shoulder", "Shoulder"), ("Arm", "UpperArm"), ("Arm1", "LowerArm"), ("Hand", "Hand")];
    rows.chain("Spine3", &arm.map(|(name, ours)| (format!("{theirs}{name}"), joint(ours))));
    for (letter, name) in [("M", "Middle"), ("R", "Ring"), ("P", "Little"), ("I", "Index"), ("T", "Thumb")] {
        let mut chain: Vec<(String, At)> =
            (0..3).map(|part| (format!("{theirs}Hand{letter}{}", part + 1), At::Joint(finger(side, name, part)))).collect();
        chain.push((format!("{theirs}Hand{letter}4"), At::End(finger(side, name, 2))));
        if ["R", "P", "I"].contains(&letter) {
            chain.insert(0, (format!("{theirs}Hand{letter}"), At::Way(finger(side, name, 0), 0.3)));
        }
        rows.chain(&format!("{theirs}Hand"), &chain);
    }
}

fn zeggs_arm(rows: &mut Rows, theirs: &str, side: &str) {
    let joint = |name: &str| At::Joint(ours(&format!("{side}{name}")));
    let arm = [("Shoulder", "Shoulder"), ("Arm", "UpperArm"), ("ForeArm", "LowerArm"), ("Hand", "Hand")];
    rows.chain("Spine3", &arm.map(|(name, ours)| (format!("{theirs}{name}"), joint(ours))));
    for name in FINGERS {
        let word = if name == "Little" { "Pinky" } else { name };
        let mut chain: Vec<(String, At)> =
            (0..3).map(|part| (format!("{theirs}Hand{word}{}", part + 1), At::Joint(finger(side, name, part)))).collect();
        chain.push((format!("{theirs}Hand{word}4"), At::End(finger(side, name, 2))));
        rows.chain(&format!("{theirs}Hand"), &chain);
    }
    let end = |name: &str| At::Way(ours(&format!("{side}{name}")), 1.0);
    rows.add(format!("{theirs}ForeArmEnd"), &format!("{theirs}Hand"), end("Hand"));
    rows.add(format!("{theirs}ArmEnd"), &format!("{theirs}ForeArm"), end("LowerArm"));
}

fn mixamo() -> Vec<Row> {
    let mut rows = Rows { rows: Vec::new(), order: ZYX };
    let name = |bare: &str| format!("mixamorig:{bare}");
    let trunk = [("Hips", "hips"), ("Spine", "spine"), ("Spine1", "chest"), ("Spine2", "upperChest"), ("Neck", "neck"), ("Head", "head")];
    rows.chain("", &trunk.map(|(theirs, our)| (name(theirs), At::Joint(ours(our)))));
    for (theirs, side) in [("Left", "left"), ("Right", "right")] {
        let joint = |n: &str| At::Joint(ours(&format!("{side}{n}")));
        let arm = [("Shoulder", "Shoulder"), ("Arm", "UpperArm"), ("ForeArm", "LowerArm"), ("Hand", "Hand")];
        rows.chain("mixamorig:Spine2", &arm.map(|(n, our)| (name(&format!("{theirs}{n}")), joint(our))));
        for finger_name in FINGERS {
            let word = if finger_name == "Little" { "Pinky" } else { finger_name };
            let link = |part: usize| (name(&format!("{theirs}Hand{word}{}", part + 1)), At::Joint(finger(side, finger_name, part)));
            rows.chain(&name(&format!("{theirs}Hand")), &[0, 1, 2].map(link));
        }
    }
    for (theirs, side) in [("Left", "left"), ("Right", "right")] {
        let joint = |n: &str| At::Joint(ours(&format!("{side}{n}")));
        let leg = [("UpLeg", "UpperLeg"), ("Leg", "LowerLeg"), ("Foot", "Foot"), ("ToeBase", "Toes")];
        rows.chain("mixamorig:Hips", &leg.map(|(n, our)| (name(&format!("{theirs}{n}")), joint(our))));
    }
    rows.rows
}

fn biped() -> Vec<Row> {
    let mut rows = Rows { rows: Vec::new(), order: ZXY };
    // The root carries the body; the pelvis stands where it does.
    rows.add("Bip01", "", At::Way(ours("hips"), 0.0));
    let trunk = [("Pelvis", "hips"), ("Spine", "spine"), ("Spine1", "chest"), ("Spine2", "upperChest"), ("Neck", "neck"), ("Head", "head")];
    rows.chain("Bip01", &trunk.map(|(theirs, our)| (format!("Bip01_{theirs}"), At::Joint(ours(our)))));
    for (letter, side) in [("L", "left"), ("R", "right")] {
        let joint = |n: &str| At::Joint(ours(&format!("{side}{n}")));
        let arm = [("Clavicle", "Shoulder"), ("UpperArm", "UpperArm"), ("Forearm", "LowerArm"), ("Hand", "Hand")];
        rows.chain("Bip01_Spine2", &arm.map(|(n, our)| (format!("Bip01_{letter}_{n}"), joint(our))));
        for (number, name) in FINGERS.into_iter().enumerate() {
            let link = |part: usize| {
                let count = if part == 0 { String::new() } else { part.to_string() };
                (format!("Bip01_{letter}_Finger{number}{count}"), At::Joint(finger(side, name, part)))
            };
            rows.chain(&format!("Bip01_{letter}_Hand"), &[0, 1, 2].map(link));
        }
    }
    for (letter, side) in [("L", "left"), ("R", "right")] {
        let joint = |n: &str| At::Joint(ours(&format!("{side}{n}")));
        let leg = [("Thigh", "UpperLeg"), ("Calf", "LowerLeg"), ("Foot", "Foot"), ("Toe0", "Toes")];
        rows.chain("Bip01_Pelvis", &leg.map(|(n, our)| (format!("Bip01_{letter}_{n}"), joint(our))));
    }
    rows.rows
}
