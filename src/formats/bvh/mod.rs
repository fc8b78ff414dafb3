//! Biovision hierarchy: a skeleton of offsets in its rest pose, then Euler angles per frame.
//!
//! The file's order of channels is the order of multiplication, so `Zrotation Xrotation Yrotation` turns by Rz · Rx · Ry. Position
//! channels stand instead of the offset. Units and the axis that is up are nowhere said: they are told from the body's
//! height and stance, and what was found is reported.
//!
//! Any layout is read: channels in any order, joint by joint, positions on every joint, any rest pose, any names that
//! [`crate::motion::retarget`] knows. Written are the layouts of [`Profile`] or of somebody's file ([`Layout::like`]).

mod layout;
mod parse;
mod take;

pub use layout::{Layout, Profile, Unit};
pub use take::Take;

use super::Loaded;
use crate::Result;
use crate::body::skeleton::Pose;
use crate::motion::retarget::{Outgoing, Retarget};
use crate::motion::{self, Frame, Performance};
use glam::{EulerRot, Quat, Vec3};
use parse::{Channel, FileJoint};
use std::f32::consts::FRAC_PI_2;
use std::io::Write;

/// Writes in a layout.
pub fn write(out: &mut impl Write, performance: &Performance, layout: &Layout) -> std::io::Result<()> {
    writeln!(out, "HIERARCHY")?;
    hierarchy(out, &layout.joints, 0, 0)?;
    writeln!(out, "MOTION\nFrames: {}\nFrame Time: {:.9}", performance.frames.len(), 1.0 / performance.fps)?;
    let outward = layout.retarget.outward(performance.frames.iter().map(|frame| &frame.body));
    let mut angles = vec![Vec3::ZERO; layout.joints.len()];
    performance.frames.iter().try_for_each(|frame| row(out, &outward.frame(&frame.body), layout, &mut angles))
}

fn hierarchy(out: &mut impl Write, joints: &[FileJoint], joint: usize, depth: usize) -> std::io::Result<()> {
    let pad = "\t".repeat(depth);
    let FileJoint { name, parent, offset, channels, end } = &joints[joint];
    let keyword = if parent.is_none() { "ROOT" } else { "JOINT" };
    writeln!(out, "{pad}{keyword} {name}\n{pad}{{\n{pad}\tOFFSET {}", three(*offset))?;
    let names = channels.iter().map(|channel| match channel {
        Channel::Position(axis) => format!(" {}position", ["X", "Y", "Z"][*axis]),
        Channel::Rotation(axis) => format!(" {}rotation", ["X", "Y", "Z"][*axis]),
    });
    writeln!(out, "{pad}\tCHANNELS {}{}", channels.len(), names.collect::<String>())?;
    let children: Vec<usize> = (joint + 1..joints.len()).filter(|k| joints[*k].parent == Some(joint)).collect();
    for child in &children {
        hierarchy(out, joints, *child, depth + 1)?;
    }
    if children.is_empty() {
        writeln!(out, "{pad}\tEnd Site\n{pad}\t{{\n{pad}\t\tOFFSET {}\n{pad}\t}}", three(end.unwrap_or_default()))?;
    }
    writeln!(out, "{pad}}}")
}

/// Three numbers; adding zero turns minus zero into zero.
fn three(v: Vec3) -> String {
    format!("{:.6} {:.6} {:.6}", v.x + 0.0, v.y + 0.0, v.z + 0.0)
}

/// One frame's line.
fn row(out: &mut impl Write, frame: &Outgoing, layout: &Layout, angles: &mut [Vec3]) -> std::io::Result<()> {
    let mut blank = "";
    for (k, joint) in layout.joints.iter().enumerate() {
        let (mut place, mut turn) = (frame.places[k], frame.rotations[k]);
        if joint.parent.is_none() {
            (place, turn) = (layout.upright.conjugate() * place, layout.upright.conjugate() * turn);
        }
        let order = joint.order();
        angles[k] = degrees(turn, order, angles[k]);
        for channel in &joint.channels {
            match channel {
                // Four decimals of a centimetre, six of a metre.
                Channel::Position(axis) if layout.unit < 0.1 => write!(out, "{blank}{:.4}", place[*axis] / layout.unit + 0.0)?,
                Channel::Position(axis) => write!(out, "{blank}{:.6}", place[*axis] / layout.unit + 0.0)?,
                Channel::Rotation(axis) => {
                    let at = order.iter().position(|a| a == axis).unwrap_or(0);
                    write!(out, "{blank}{:.4}", angles[k][at] + 0.0)?;
                }
            }
            blank = " ";
        }
    }
    writeln!(out)
}

/// Angles about three axes in the order given, degrees; of the many that mean the same those nearest to the last
/// frame's, so that curves stay whole.
fn degrees(rotation: Quat, order: [usize; 3], last: Vec3) -> Vec3 {
    let order = match order {
        [0, 1, 2] => EulerRot::XYZ,
        [0, 2, 1] => EulerRot::XZY,
        [1, 0, 2] => EulerRot::YXZ,
        [1, 2, 0] => EulerRot::YZX,
        [2, 0, 1] => EulerRot::ZXY,
        _ => EulerRot::ZYX,
    };
    let (a, b, c) = rotation.to_euler(order);
    let first = Vec3::new(a, b, c).map(f32::to_degrees);
    let second = Vec3::new(first.x + 180.0, 180.0 - first.y, first.z + 180.0);
    let unwound = |angles: Vec3| angles - ((angles - last) / 360.0).round() * 360.0;
    let (first, second) = (unwound(first), unwound(second));
    let nearer = if (second - last).abs().element_sum() < (first - last).abs().element_sum() { second } else { first };
    if nearer.is_finite() { nearer } else { last }
}

/// Reads a file's bytes as motion of our skeleton; `origin` names it in errors.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let Take { clip, map, mut notes, .. } = Take::read(bytes, origin)?;
    let retarget = Retarget::fit(&[&clip], &map);
    let mut poses = retarget.to_poses(&clip);
    if !retarget.same() {
        face_forward(&mut poses, clip.fps, &mut notes);
    }
    let frame = |body: Pose| Frame { head: motion::head_of(&body), body, ..Frame::default() };
    let frames: Vec<Frame> = poses.into_iter().map(frame).collect();
    let performance = Performance { fps: clip.fps, seconds: frames.len() as f64 / clip.fps, frames: frames.into() };
    Ok(Loaded { performance, parts: super::BODY, unused: map.unused(&clip.skeleton), notes })
}

/// Somebody's axes may have people face another way than +z: turns by quarters, so that people who begin turned a
/// little stay so.
fn face_forward(poses: &mut [Pose], fps: f64, notes: &mut Vec<String>) {
    let first = &poses[..poses.len().min(fps.ceil() as usize)];
    let facing: Vec3 = first.iter().map(|pose| pose.rotations[0] * Vec3::Z).sum();
    let quarters = (facing.x.atan2(facing.z) / FRAC_PI_2).round();
    if quarters == 0.0 {
        return;
    }
    notes.push(format!("turned by {:.0} degrees to face the front", 90.0 * quarters.abs()));
    let turn = Quat::from_rotation_y(-FRAC_PI_2 * quarters);
    for pose in poses {
        pose.hips = turn * pose.hips;
        pose.rotations[0] = turn * pose.rotations[0];
    }
}
