//! Biovision hierarchy: a skeleton of offsets in its rest pose, then Euler angles per frame.
//!
//! Ours: VRM 1.0 joint names, centimetres, rest in T-pose with all rotations zero, three positions and three rotations at
//! the root, three rotations elsewhere, in the order Z, X, Y (the file's order is the order of multiplication, so a joint
//! turns by Rz · Rx · Ry), an End Site at every leaf. The root's offset is zero and its positions are absolute: programs
//! differ in whether they add the two, and agree on this.
//!
//! Reading goes through the crate `bvh_anim`, which panics or aborts on some malformed files; a first scan refuses those first
//! and hands it a cleaned text. Foreign skeletons are matched by name (VRM, Mixamo and the many that follow it) and, where
//! their rest pose is not our T-pose, turned bone by bone: the shortest arc from our bone's rest direction to theirs.

use super::{Loaded, MOST_FRAMES};
use crate::body::skeleton::{self, COUNT, JOINTS, OFFSETS, Pose};
use crate::motion::{Frame, Performance};
use crate::{Error, Result};
use bvh_anim::{Bvh, Channel, ChannelType};
use glam::{EulerRot, Quat, Vec3};
use std::collections::HashMap;
use std::io::Write;

const CENTIMETRES: f32 = 100.0;

/// From leaf joints to the end of what they move, metres, on the left side.
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

/// Joints in the order a hierarchy names them: each followed by its whole branch.
fn depth_first() -> Vec<usize> {
    let mut order = Vec::with_capacity(COUNT);
    let mut open = vec![0];
    while let Some(joint) = open.pop() {
        order.push(joint);
        open.extend((0..COUNT).rev().filter(|k| JOINTS[*k].parent == Some(joint)));
    }
    order
}

/// Writes frame by frame.
pub fn write(out: &mut impl Write, performance: &Performance) -> std::io::Result<()> {
    writeln!(out, "HIERARCHY")?;
    hierarchy(out, 0, 0)?;
    writeln!(out, "MOTION\nFrames: {}\nFrame Time: {:.9}", performance.frames.len(), 1.0 / performance.fps)?;
    let order = depth_first();
    let mut angles = [Vec3::ZERO; COUNT];
    for frame in &performance.frames {
        let hips = frame.body.hips * CENTIMETRES;
        write!(out, "{:.4} {:.4} {:.4}", hips.x + 0.0, hips.y + 0.0, hips.z + 0.0)?;
        for joint in &order {
            angles[*joint] = degrees(frame.body.rotations[*joint], angles[*joint]);
            let [z, x, y] = angles[*joint].to_array().map(|a| a + 0.0);
            write!(out, " {z:.4} {x:.4} {y:.4}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn hierarchy(out: &mut impl Write, joint: usize, depth: usize) -> std::io::Result<()> {
    let pad = "\t".repeat(depth);
    let offset = if joint == 0 { Vec3::ZERO } else { OFFSETS[joint] * CENTIMETRES };
    let (keyword, channels) = match joint {
        0 => ("ROOT", "6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"),
        _ => ("JOINT", "3 Zrotation Xrotation Yrotation"),
    };
    writeln!(out, "{pad}{keyword} {}\n{pad}{{", JOINTS[joint].name)?;
    writeln!(out, "{pad}\tOFFSET {:.6} {:.6} {:.6}\n{pad}\tCHANNELS {channels}", offset.x, offset.y, offset.z)?;
    let children: Vec<usize> = (0..COUNT).filter(|k| JOINTS[*k].parent == Some(joint)).collect();
    for child in &children {
        hierarchy(out, *child, depth + 1)?;
    }
    if children.is_empty() {
        let end = end_site(JOINTS[joint].name) * CENTIMETRES;
        writeln!(out, "{pad}\tEnd Site\n{pad}\t{{\n{pad}\t\tOFFSET {:.6} {:.6} {:.6}\n{pad}\t}}", end.x, end.y, end.z)?;
    }
    writeln!(out, "{pad}}}")
}

/// Angles about Z, X, Y in degrees, of the many that mean the same those nearest to the last frame's: curves stay whole.
fn degrees(rotation: Quat, last: Vec3) -> Vec3 {
    let (z, x, y) = rotation.to_euler(EulerRot::ZXY);
    let first = Vec3::new(z, x, y).map(f32::to_degrees);
    let second = Vec3::new(first.x + 180.0, 180.0 - first.y, first.z + 180.0);
    let unwound = |angles: Vec3| angles - ((angles - last) / 360.0).round() * 360.0;
    let (first, second) = (unwound(first), unwound(second));
    let nearer = if (second - last).abs().element_sum() < (first - last).abs().element_sum() { second } else { first };
    if nearer.is_finite() { nearer } else { last }
}

/// Reads a file's bytes; `origin` names it in errors.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let text = super::text(bytes, origin)?;
    let scan = Scan::of(text).map_err(|what| Error::malformed(origin, what))?;
    // What the scan lets through should not panic; a library that has panicked before is still kept at arm's length.
    let parsed = std::panic::catch_unwind(|| Bvh::from_bytes(scan.text.as_bytes()));
    let bvh = match parsed {
        Ok(Ok(bvh)) => bvh,
        Ok(Err(e)) => return Err(Error::malformed(origin, e.to_string())),
        Err(_) => return Err(Error::malformed(origin, "the hierarchy cannot be understood")),
    };
    let source = Source::of(&bvh, &scan.names);
    let places = source.places();
    let known = places.iter().flatten().count();
    if !places.contains(&Some(0)) || known < FEWEST {
        let first = source.joints.first().map_or("", |j| &j.name);
        let what = format!(
            "{origin}: too few joints have names that gestus knows ({known}, with the hips at least {FEWEST}; the root is '{first}')"
        );
        return Err(Error::Unsupported { what, hint: "rename the joints to VRM or Mixamo names".to_string() });
    }
    let retarget = Retarget::new(&source, &places);
    let mut frames: Vec<Frame> = Vec::with_capacity(scan.frames);
    for values in bvh.frames() {
        let mut body = retarget.pose(&source, values.as_slice());
        if let Some(before) = frames.last() {
            body.align(&before.body);
        }
        frames.push(Frame { body, ..Frame::default() });
    }
    let unused = source.joints.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(joint, _)| joint.name.clone()).collect();
    let fps = tidy(1.0 / scan.frame_time);
    Ok(Loaded { performance: Performance { fps, seconds: frames.len() as f64 / fps, frames }, unused })
}

/// Frame times are written with few decimals: 0.033333 means 30 frames per second.
fn tidy(fps: f64) -> f64 {
    let common = [fps.round(), (fps * 1.001).round() / 1.001];
    common.into_iter().find(|c| (c / fps - 1.0).abs() < 5e-5).unwrap_or(fps)
}

/// A first, cautious look at a file: sound enough to hand on, and its text in the one layout that `bvh_anim` understands.
struct Scan {
    text: String,
    /// Of the joints, in the file's order.
    names: Vec<String>,
    frames: usize,
    /// Seconds.
    frame_time: f64,
}

/// Fewer known joints say nothing about a body.
const FEWEST: usize = 2;
const DEEPEST: usize = 256;
const MOST_JOINTS: usize = 2048;

impl Scan {
    fn of(text: &str) -> std::result::Result<Scan, String> {
        let mut words = text.split_ascii_whitespace().peekable();
        if !words.next().is_some_and(|w| w.eq_ignore_ascii_case("HIERARCHY")) {
            return Err("does not begin with HIERARCHY".to_string());
        }
        let mut clean = String::from("HIERARCHY\n");
        let (channels, names) = Scan::hierarchy(&mut words, &mut clean)?;
        let frames = Scan::labelled(&mut words, "Frames:")?;
        let frames =
            frames.parse().ok().filter(|n| *n <= MOST_FRAMES).ok_or(format!("'{frames}' is no number of frames up to {MOST_FRAMES}"))?;
        if !words.next().is_some_and(|w| w.eq_ignore_ascii_case("Frame")) {
            return Err("'Frame Time:' is missing".to_string());
        }
        let time = Scan::labelled(&mut words, "Time:")?;
        let frame_time =
            time.parse().ok().filter(|t: &f64| (1e-3..=10.0).contains(t)).ok_or(format!("'{time}' is no frame time in seconds"))?;
        clean.push_str(&format!("MOTION\nFrames: {frames}\nFrame Time: {frame_time:.9}\n"));
        let mut found = 0;
        for (n, word) in words.enumerate() {
            word.parse()
                .ok()
                .filter(|v: &f32| v.is_finite())
                .ok_or_else(|| format!("'{word}' in frame {} is no number", n / channels.max(1)))?;
            clean.push_str(word);
            clean.push(if (n + 1) % channels.max(1) == 0 { '\n' } else { ' ' });
            found = n + 1;
        }
        if found != channels.saturating_mul(frames) {
            return Err(format!("{frames} frames of {channels} channels are announced, but {found} values follow"));
        }
        Ok(Scan { text: clean, names, frames, frame_time })
    }

    /// Walks the hierarchy up to and including MOTION; returns the number of channels and the joints' names.
    fn hierarchy<'a>(words: &mut impl Iterator<Item = &'a str>, clean: &mut String) -> std::result::Result<(usize, Vec<String>), String> {
        let (mut depth, mut channels, mut roots) = (0usize, 0usize, 0usize);
        let mut names: Vec<String> = Vec::new();
        while let Some(word) = words.next() {
            match word.to_ascii_uppercase().as_str() {
                "MOTION" if depth == 0 && roots == 1 => return Ok((channels, names)),
                keyword @ ("ROOT" | "JOINT") => {
                    // Names may have blanks in them; the brace ends them.
                    let name: Vec<&str> = words.by_ref().take_while(|w| *w != "{").collect();
                    roots += usize::from(keyword == "ROOT");
                    depth += 1;
                    if name.is_empty() || name.iter().any(|w| w.contains('{')) || name.len() > 8 {
                        return Err(format!("joint {} has no name, or no '{{' after it", names.len() + 1));
                    }
                    if (keyword == "ROOT") != (depth == 1) || roots > 1 || names.len() >= MOST_JOINTS || depth > DEEPEST {
                        return Err(format!("joint '{}': not a single tree of at most {MOST_JOINTS} joints", name.join(" ")));
                    }
                    // `bvh_anim` cuts names at colons: give it numbers instead.
                    clean.push_str(&format!("{keyword} {}\n{{\n", names.len()));
                    names.push(name.join(" "));
                }
                "END" => {
                    if !(words.next().is_some_and(|w| w.eq_ignore_ascii_case("Site")) && words.next() == Some("{")) || depth == 0 {
                        return Err("'End' is not followed by 'Site {'".to_string());
                    }
                    depth += 1;
                    clean.push_str("End Site\n{\n");
                }
                "OFFSET" => {
                    clean.push_str("OFFSET");
                    for _ in 0..3 {
                        let value = words.next().unwrap_or_default();
                        value.parse().ok().filter(|v: &f32| v.is_finite()).ok_or(format!("'{value}' in an OFFSET is no number"))?;
                        clean.push_str(&format!(" {value}"));
                    }
                    clean.push('\n');
                }
                "CHANNELS" => {
                    let count = words.next().unwrap_or_default();
                    let count = count.parse().ok().filter(|c: &usize| *c <= 6).ok_or(format!("'{count}' is no number of channels"))?;
                    channels += count;
                    let names: Vec<&str> = words.by_ref().take(count).collect();
                    clean.push_str(&format!("CHANNELS {count} {}\n", names.join(" ")));
                }
                "}" if depth > 0 => {
                    depth -= 1;
                    clean.push_str("}\n");
                }
                _ => return Err(format!("'{word}' is not expected in the hierarchy after joint {}", names.len())),
            }
        }
        Err("MOTION is missing".to_string())
    }

    /// The value after a label, which may be glued to it (`Frames:2`).
    fn labelled<'a>(words: &mut impl Iterator<Item = &'a str>, label: &str) -> std::result::Result<&'a str, String> {
        let word = words.next().unwrap_or_default();
        match word.get(..label.len()).filter(|w| w.eq_ignore_ascii_case(label)) {
            Some(_) if word.len() > label.len() => Ok(&word[label.len()..]),
            Some(_) => Ok(words.next().unwrap_or_default()),
            None => Err(format!("'{label}' is missing, found '{word}'")),
        }
    }
}

/// A joint of the file: offsets in its own units.
struct SourceJoint {
    name: String,
    parent: Option<usize>,
    offset: Vec3,
    channels: Vec<Channel>,
}

struct Source {
    joints: Vec<SourceJoint>,
}

impl Source {
    fn of(bvh: &Bvh, names: &[String]) -> Source {
        let joints = bvh.joints().zip(names).map(|(joint, name)| {
            let data = joint.data();
            SourceJoint {
                name: name.clone(),
                parent: data.parent_index(),
                offset: Vec3::new(data.offset().x, data.offset().y, data.offset().z),
                channels: data.channels().to_vec(),
            }
        });
        Source { joints: joints.collect() }
    }

    /// Our joint for each of the file's, by name; of two with the same meaning the first.
    fn places(&self) -> Vec<Option<usize>> {
        let mut taken = [false; COUNT];
        // Mixamo and Maya put a namespace in front: `mixamorig:Hips`.
        let bare = |joint: &SourceJoint| joint.name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
        let known = aliases(self.joints.iter().any(|j| bare(j) == "leftelbow"));
        let place = |joint: &SourceJoint| {
            let bare = bare(joint);
            known.get(bare.as_str()).copied().filter(|k| !std::mem::replace(&mut taken[*k], true))
        };
        self.joints.iter().map(place).collect()
    }

    /// Places of all joints with every rotation zero, in the file's units, from the root.
    fn rest(&self) -> Vec<Vec3> {
        let mut places: Vec<Vec3> = Vec::new();
        for joint in &self.joints {
            places.push(joint.parent.map_or(Vec3::ZERO, |p| places[p] + joint.offset));
        }
        places
    }

    /// World rotations of all joints and the place of each, in the file's units, for one frame.
    fn globals(&self, values: &[f32]) -> (Vec<Quat>, Vec<Vec3>) {
        let (mut rotations, mut positions): (Vec<Quat>, Vec<Vec3>) = (Vec::new(), Vec::new());
        for joint in &self.joints {
            let (mut turn, mut place) = (Quat::IDENTITY, Vec3::ZERO);
            let mut moved = false;
            for channel in &joint.channels {
                let value = values.get(channel.motion_index()).copied().unwrap_or_default();
                match channel.channel_type() {
                    ChannelType::RotationX => turn *= Quat::from_rotation_x(value.to_radians()),
                    ChannelType::RotationY => turn *= Quat::from_rotation_y(value.to_radians()),
                    ChannelType::RotationZ => turn *= Quat::from_rotation_z(value.to_radians()),
                    ChannelType::PositionX => (place.x, moved) = (value, true),
                    ChannelType::PositionY => (place.y, moved) = (value, true),
                    ChannelType::PositionZ => (place.z, moved) = (value, true),
                }
            }
            let place = if moved { place } else { joint.offset };
            let (above, at) = joint.parent.map_or((Quat::IDENTITY, Vec3::ZERO), |p| (rotations[p], positions[p]));
            positions.push(at + above * place);
            rotations.push((above * turn).normalize());
        }
        (rotations, positions)
    }
}

/// Lower-case names to our joints: VRM 1.0 and Mixamo, which many others share; or the older scheme of Biovision and Poser,
/// told by its elbows, in which a limb's joint is called by the joint and not by the bone (`LeftShoulder` turns the arm).
fn aliases(anatomical: bool) -> HashMap<String, usize> {
    let mut names: HashMap<String, usize> = JOINTS.iter().enumerate().map(|(k, j)| (j.name.to_ascii_lowercase(), k)).collect();
    let mut also = |theirs: String, ours: String| {
        if let Some(place) = skeleton::index(&ours) {
            names.insert(theirs, place);
        }
    };
    also(if anatomical { "chest2" } else { "spine1" }.into(), if anatomical { "upperChest" } else { "chest" }.into());
    also(if anatomical { "chest3" } else { "spine2" }.into(), "upperChest".into());
    for side in ["left", "right"] {
        let limbs: &[(&str, &str)] = if anatomical { &ANATOMICAL } else { &MIXAMO };
        for (theirs, ours) in limbs {
            also(format!("{side}{theirs}"), format!("{side}{ours}"));
        }
        for (number, (theirs, ours)) in FINGERS.iter().enumerate() {
            let segments = if *ours == "Thumb" { ["Metacarpal", "Proximal", "Distal"] } else { ["Proximal", "Intermediate", "Distal"] };
            for (k, segment) in segments.iter().enumerate() {
                also(format!("{side}hand{theirs}{}", k + 1), format!("{side}{ours}{segment}"));
                let count = if k == 0 { String::new() } else { k.to_string() };
                also(format!("{side}finger{number}{count}"), format!("{side}{ours}{segment}"));
            }
        }
    }
    names
}

const MIXAMO: [(&str, &str); 6] =
    [("arm", "UpperArm"), ("forearm", "LowerArm"), ("upleg", "UpperLeg"), ("leg", "LowerLeg"), ("toebase", "Toes"), ("toe", "Toes")];
const ANATOMICAL: [(&str, &str); 8] = [
    ("collar", "Shoulder"),
    ("shoulder", "UpperArm"),
    ("elbow", "LowerArm"),
    ("wrist", "Hand"),
    ("hip", "UpperLeg"),
    ("knee", "LowerLeg"),
    ("ankle", "Foot"),
    ("toe", "Toes"),
];
const FINGERS: [(&str, &str); 5] = [("thumb", "Thumb"), ("index", "Index"), ("middle", "Middle"), ("ring", "Ring"), ("pinky", "Little")];

/// How a foreign skeleton's turns become ours.
struct Retarget {
    /// For each of our joints the file's joint and the turn from our rest to its rest.
    joints: [Option<(usize, Quat)>; COUNT],
    /// The file's units to metres.
    scale: f32,
}

impl Retarget {
    fn new(source: &Source, places: &[Option<usize>]) -> Retarget {
        let mut theirs = [None; COUNT];
        for (theirs_index, place) in places.iter().enumerate() {
            if let Some(place) = place {
                theirs[*place] = Some(theirs_index);
            }
        }
        let rest = source.rest();
        let ours = skeleton::globals(&Pose::default(), &OFFSETS).positions;
        let joints = std::array::from_fn(|k| {
            let index = theirs[k]?;
            let turn = main_child(k).and_then(|child| {
                let (a, b) = ((ours[child] - ours[k]).normalize_or_zero(), (rest[theirs[child]?] - rest[index]).normalize_or_zero());
                (a != Vec3::ZERO && b != Vec3::ZERO).then(|| Quat::from_rotation_arc(a, b))
            });
            Some((index, turn.unwrap_or(Quat::IDENTITY)))
        });
        let length = |name: &str| {
            let (from, to) = (skeleton::index(name)?, skeleton::index(&name.replace("UpperLeg", "Foot"))?);
            let between = |at: &[Vec3], a: usize, b: usize| (at[a] - at[b]).length();
            Some(between(&ours, from, to) / between(&rest, theirs[from]?, theirs[to]?)).filter(|s| s.is_finite() && *s > 0.0)
        };
        let scale = length("leftUpperLeg").or_else(|| length("rightUpperLeg")).unwrap_or(1.0 / CENTIMETRES);
        Retarget { joints, scale }
    }

    fn pose(&self, source: &Source, values: &[f32]) -> Pose {
        let (rotations, positions) = source.globals(values);
        let mut pose = Pose::default();
        let mut globals = [Quat::IDENTITY; COUNT];
        for k in 0..COUNT {
            let above = JOINTS[k].parent.map_or(Quat::IDENTITY, |p| globals[p]);
            globals[k] = self.joints[k].map_or(above, |(index, turn)| rotations[index] * turn);
            pose.rotations[k] = (above.conjugate() * globals[k]).normalize();
        }
        if let Some((index, _)) = self.joints[0] {
            pose.hips = positions[index] * self.scale;
        }
        pose
    }
}

/// The child that shows where a limb's bone points; the trunk's axes are taken to be upright in every rest pose.
fn main_child(joint: usize) -> Option<usize> {
    let name = JOINTS[joint].name;
    if name.ends_with("Hand") {
        return skeleton::index(&name.replace("Hand", "MiddleProximal"));
    }
    let limb = name.starts_with("left") || name.starts_with("right");
    (0..COUNT).find(|k| limb && JOINTS[*k].parent == Some(joint))
}
