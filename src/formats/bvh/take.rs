//! A file as motion in our world: metres, y up.

use super::parse::{Channel, File, FileJoint};
use crate::motion::retarget::{Clip, Globals, Joint, Map, Skeleton, Track};
use crate::{Error, Result};
use glam::{Quat, Vec3};

/// What a file holds, with what had to be found out about it.
#[derive(Clone, Debug)]
pub struct Take {
    /// In metres and with y up.
    pub clip: Clip,
    pub map: Map,
    /// Metres in a unit of the file.
    pub unit: f32,
    /// From the file's world to ours, whose up is y.
    pub upright: Quat,
    /// What was guessed, for the user.
    pub notes: Vec<String>,
    pub(super) joints: Vec<FileJoint>,
}

/// Fewer known joints say nothing about a body.
const FEWEST: usize = 2;

/// Units that files are in, metres. CMU's recordings count in 1/0.45 of an inch.
const UNITS: [(f32, &str); 6] = [
    (0.01, "centimetres"),
    (1.0, "metres"),
    (0.0254, "inches"),
    (0.056444, "CMU's units (0.45 to the inch)"),
    (0.001, "millimetres"),
    (0.1, "decimetres"),
];
/// A body this many times taller or shorter than 1.7 m is measured in something else.
const ODD: f32 = 1.45;

impl Take {
    /// Reads a file's bytes; `origin` names it in errors.
    pub fn read(bytes: &[u8], origin: &str) -> Result<Take> {
        let file = File::parse(super::super::text(bytes, origin)?).map_err(|what| Error::malformed(origin, what))?;
        let mut clip = raw(&file);
        let map = Map::of(&clip.skeleton);
        if map.joints[0].is_none() || map.count() < FEWEST {
            let (known, first) = (map.count(), &file.joints[0].name);
            let what = format!(
                "{origin}: too few joints have names that gestus knows ({known}, with the hips at least {FEWEST}; the root is '{first}')"
            );
            return Err(Error::Unsupported { what, hint: "rename the joints to VRM or Mixamo names".to_string() });
        }
        let mut notes = Vec::new();
        if file.announced != file.frames {
            notes.push(format!("says that it has {} frames and has {}", file.announced, file.frames));
        }
        let unit = unit(&clip.skeleton, &map, &mut notes);
        let upright = upright(&clip, &map, &mut notes);
        convert(&mut clip, unit, upright);
        Ok(Take { clip, map, unit, upright, notes, joints: file.joints })
    }
}

/// Frame times are written with few decimals: 0.033333 means 30 frames per second.
fn tidy(fps: f64) -> f64 {
    let common = [fps.round(), (fps * 1.001).round() / 1.001];
    common.into_iter().find(|c| (c / fps - 1.0).abs() < 5e-5).unwrap_or(fps)
}

/// The motion in the file's own units and axes.
fn raw(file: &File) -> Clip {
    let mut rotations = vec![Vec::with_capacity(file.joints.len()); file.frames];
    let mut skeleton = Skeleton::default();
    let mut translations = Vec::new();
    let mut first = 0;
    for (k, joint) in file.joints.iter().enumerate() {
        let rows = || file.values.chunks_exact(file.width.max(1)).map(|row| &row[first..first + joint.channels.len()]);
        for (row, rotations) in rows().zip(&mut rotations) {
            rotations.push(turn(joint, row));
        }
        if file.width == 0 {
            rotations.iter_mut().for_each(|frame| frame.push(Quat::IDENTITY));
        }
        let mut offset = joint.offset;
        if joint.channels.iter().any(|c| matches!(c, Channel::Position(_))) && file.frames > 0 {
            let places: Vec<Vec3> = rows().map(|row| place(joint, row)).collect();
            let reach = places.iter().fold(0f32, |most, place| most.max(place.distance(places[0])));
            if joint.parent.is_none() || reach > 1e-4 * (1.0 + joint.offset.length()) {
                translations.push(Track { joint: k, places });
            } else if places[0] != Vec3::ZERO {
                // A place that never changes is an offset, and a truer one than the hierarchy's. Nothing but zeros is no place.
                offset = places[0];
            }
        }
        skeleton.joints.push(Joint { name: joint.name.clone(), parent: joint.parent, offset, rest: Quat::IDENTITY, end: joint.end });
        first += joint.channels.len();
    }
    Clip { fps: tidy(1.0 / file.frame_time), skeleton, translations, rotations }
}

/// A joint's rotation: the file's order is the order of multiplication.
fn turn(joint: &FileJoint, row: &[f32]) -> Quat {
    let mut turn = Quat::IDENTITY;
    for (channel, value) in joint.channels.iter().zip(row) {
        if let Channel::Rotation(axis) = channel {
            // Whole turns first: sines of large angles are coarse.
            turn *= Quat::from_axis_angle(Vec3::AXES[*axis], (value % 360.0).to_radians());
        }
    }
    turn.normalize()
}

/// A joint's place against its parent: its position channels stand instead of its offset.
fn place(joint: &FileJoint, row: &[f32]) -> Vec3 {
    let mut place = joint.offset;
    for (channel, value) in joint.channels.iter().zip(row) {
        if let Channel::Position(axis) = channel {
            place[*axis] = *value;
        }
    }
    place
}

/// Metres in the file's unit, by the height of the body.
fn unit(skeleton: &Skeleton, map: &Map, notes: &mut Vec<String>) -> f32 {
    let Some(height) = skeleton.height(map) else {
        notes.push("units are taken for centimetres: there are no legs to tell by".into());
        return 0.01;
    };
    let off = |unit: f32| (height * unit / 1.7).ln().abs();
    let (unit, name) = UNITS.into_iter().min_by(|a, b| off(a.0).total_cmp(&off(b.0))).unwrap_or(UNITS[0]);
    if off(unit) < ODD.ln() {
        if unit != 0.01 {
            notes.push(format!("units are {name}: the body is {:.2} m tall", height * unit));
        }
        return unit;
    }
    notes.push(format!("units are unknown: the body of {height:.3} is taken to be 1.7 m tall"));
    1.7 / height
}

/// What turns the file's up to y: people are upright most of the time.
fn upright(clip: &Clip, map: &Map, notes: &mut Vec<String>) -> Quat {
    let rest;
    let frames: Vec<Globals> = match clip.frames() {
        0 => {
            rest = clip.skeleton.rest();
            vec![rest]
        }
        n => (0..n).step_by(n.div_ceil(60)).map(|frame| clip.globals(frame)).collect(),
    };
    let feet: Vec<usize> = ["leftFoot", "rightFoot"].iter().filter_map(|name| map.joint(name)).collect();
    let Some(top) = ["head", "neck", "upperChest", "chest", "spine"].iter().find_map(|name| map.joint(name)) else { return Quat::IDENTITY };
    let hips = map.joints[0].unwrap_or(0);
    let line = |frame: &Globals| {
        let low = feet.iter().map(|k| frame.positions[*k]).sum::<Vec3>() / feet.len().max(1) as f32;
        (frame.positions[top] - if feet.len() == 2 { low } else { frame.positions[hips] }).normalize_or_zero()
    };
    let up = frames.iter().map(line).sum::<Vec3>();
    let sideways = if up.z.abs() > up.x.abs() { ("z", Vec3::Z * up.z.signum()) } else { ("x", Vec3::X * up.x.signum()) };
    if up.dot(sideways.1) < 1.2 * up.y.abs() || up.length() < 0.3 * frames.len() as f32 {
        return Quat::IDENTITY;
    }
    notes.push(format!("{} is up in this file", sideways.0));
    Quat::from_rotation_arc(sideways.1, Vec3::Y)
}

/// Brings a clip to metres and turns its world.
fn convert(clip: &mut Clip, unit: f32, upright: Quat) {
    for joint in &mut clip.skeleton.joints {
        joint.offset *= unit;
        joint.end = joint.end.map(|end| end * unit);
        if joint.parent.is_none() {
            joint.offset = upright * joint.offset;
            joint.rest = upright * joint.rest;
        }
    }
    for track in &mut clip.translations {
        let turn = if clip.skeleton.joints[track.joint].parent.is_none() { upright } else { Quat::IDENTITY };
        track.places.iter_mut().for_each(|place| *place = turn * *place * unit);
    }
    if upright != Quat::IDENTITY {
        clip.rotations.iter_mut().for_each(|frame| frame[0] = upright * frame[0]);
    }
}
