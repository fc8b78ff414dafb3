//! NumPy archives of body motion as BEAT2 and AMASS have them: SMPL-X.
//!
//! `poses` (t × 165) are axis-angle rotations of 55 joints, `trans` (t × 3) where the model's origin is, `betas` the shape and
//! `expressions` (t × 100) the face (both zeros here), `mocap_frame_rate` the rate; AMASS says `mocap_framerate`. World in metres, y up.
//! The model's own mesh and joints are not free, so its T-pose stands here as ours with its arms and legs splayed as that mesh has them
//! (directions, rounded). Files of other programs come to the floor, as their bodies differ; ours say so and come back as they were.

use super::faces::loaded;
use super::{Loaded, MOST_FRAMES};
use crate::body::skeleton::{self, OFFSETS, Pose};
use crate::motion::retarget::{Clip, Joint, Map, Retarget, Skeleton, Track};
use crate::motion::{self, Frame, Performance};
use crate::train::npz::Npz;
use crate::{Error, Result};
use glam::{Quat, Vec3};
use std::io::{Seek, Write};
use zip::write::SimpleFileOptions;

/// From the origin of SMPL-X to its pelvis, metres.
const PELVIS: Vec3 = Vec3::new(0.0, -0.35, 0.01);
/// Joints of SMPL-X; SMPL-H has 52, without jaw and eyes.
const COUNT: usize = 55;
const BETAS: usize = 300;
const EXPRESSIONS: usize = 100;
/// Largest arrays that are read, all together, bytes: two hours at 60 frames a second are less.
const LARGEST: u64 = 512 << 20;
/// Arrays that matter here.
const WANTED: [&str; 7] = ["poses", "trans", "expressions", "mocap_frame_rate", "mocap_framerate", "fps", GENERATOR];

/// Names and parents of the first 25 joints; fifteen finger joints a side follow.
const BODY: [(&str, usize); 25] = [
    ("pelvis", 0),
    ("left_hip", 0),
    ("right_hip", 0),
    ("spine1", 0),
    ("left_knee", 1),
    ("right_knee", 2),
    ("spine2", 3),
    ("left_ankle", 4),
    ("right_ankle", 5),
    ("spine3", 6),
    ("left_foot", 7),
    ("right_foot", 8),
    ("neck", 9),
    ("left_collar", 9),
    ("right_collar", 9),
    ("head", 12),
    ("left_shoulder", 13),
    ("right_shoulder", 14),
    ("left_elbow", 16),
    ("right_elbow", 17),
    ("left_wrist", 18),
    ("right_wrist", 19),
    ("jaw", 15),
    ("left_eye_smplhf", 15),
    ("right_eye_smplhf", 15),
];
const FINGERS: [(&str, &str); 5] = [("index", "Index"), ("middle", "Middle"), ("pinky", "Little"), ("ring", "Ring"), ("thumb", "Thumb")];

/// Our joints of the body in the order of [`BODY`].
const OURS: [&str; 22] = [
    "hips",
    "leftUpperLeg",
    "rightUpperLeg",
    "spine",
    "leftLowerLeg",
    "rightLowerLeg",
    "chest",
    "leftFoot",
    "rightFoot",
    "upperChest",
    "leftToes",
    "rightToes",
    "neck",
    "leftShoulder",
    "rightShoulder",
    "head",
    "leftUpperArm",
    "rightUpperArm",
    "leftLowerArm",
    "rightLowerArm",
    "leftHand",
    "rightHand",
];

/// Where bones of the T-pose point, on the left, where it is not where ours do.
const SPLAYED: [(&str, Vec3); 4] = [
    ("left_elbow", Vec3::new(0.97, -0.20, -0.13)),
    ("left_wrist", Vec3::new(1.0, 0.03, -0.03)),
    ("left_knee", Vec3::new(0.13, -0.99, -0.03)),
    ("left_ankle", Vec3::new(-0.08, -0.99, -0.06)),
];

/// The T-pose, and which joints are ours.
fn skeleton_and_map(count: usize) -> (Skeleton, Map) {
    let mut map = Map { joints: [None; skeleton::COUNT] };
    let mut joints: Vec<Joint> = Vec::new();
    let mut add = |name: String, parent: Option<usize>, ours: Option<usize>| {
        let mut offset = ours.map_or(Vec3::ZERO, |k| OFFSETS[k]);
        for (left, direction) in SPLAYED {
            if name == left {
                offset = direction.normalize() * offset.length();
            } else if name == left.replace("left", "right") {
                offset = direction.normalize() * Vec3::new(-1.0, 1.0, 1.0) * offset.length();
            }
        }
        if let Some(ours) = ours {
            map.joints[ours] = Some(joints.len());
        }
        joints.push(Joint { name, parent, offset, rest: Quat::IDENTITY, end: None });
    };
    // SMPL-H goes on with the fingers where SMPL-X has jaw and eyes.
    let body = if count == COUNT { 25 } else { 22.min(count) };
    for (k, (name, parent)) in BODY.iter().enumerate().take(body) {
        add((*name).into(), (k > 0).then_some(*parent), OURS.get(k).and_then(|name| skeleton::index(name)));
    }
    for (side, wrist) in [("left", 20), ("right", 21)] {
        for (theirs, ours) in FINGERS.into_iter().filter(|_| count >= 52) {
            let parts = if ours == "Thumb" { ["Metacarpal", "Proximal", "Distal"] } else { ["Proximal", "Intermediate", "Distal"] };
            for (n, part) in parts.iter().enumerate() {
                let hand = FINGERS.iter().position(|(name, _)| *name == theirs).unwrap_or(0);
                let first = body + 15 * usize::from(side == "right") + 3 * hand;
                let parent = if n == 0 { wrist } else { first + n - 1 };
                add(format!("{side}_{theirs}{}", n + 1), Some(parent), skeleton::index(&format!("{side}{ours}{part}")));
            }
        }
    }
    (Skeleton { joints }, map)
}

/// Name of the array by which we know our own files.
const GENERATOR: &str = "generator";

/// Writes the archive; every array walks through the frames anew.
pub fn write(out: &mut (impl Write + Seek), performance: &Performance) -> std::io::Result<()> {
    let (skeleton, map) = skeleton_and_map(COUNT);
    let rest =
        Clip { fps: performance.fps, skeleton, translations: vec![Track { joint: 0, places: vec![OFFSETS[0]] }], rotations: Vec::new() };
    let retarget = Retarget::fit(&[&rest], &map).exact();
    let outward = retarget.outward(performance.frames.iter().map(|frame| &frame.body));
    let frames = performance.frames.len();
    let outgoing = || performance.frames.iter().map(|frame| outward.frame(&frame.body));
    let mut archive = Archive { zip: zip::ZipWriter::new(out) };
    let turns = outgoing().flat_map(|frame| frame.rotations).flat_map(|q| (if q.w < 0.0 { -q } else { q }).to_scaled_axis().to_array());
    archive.array("poses", "<f4", &format!("({frames}, {})", 3 * COUNT), turns.flat_map(f32::to_le_bytes))?;
    let places = outgoing().flat_map(|frame| (frame.places[0] - PELVIS).to_array());
    archive.array("trans", "<f4", &format!("({frames}, 3)"), places.flat_map(f32::to_le_bytes))?;
    archive.array("expressions", "<f4", &format!("({frames}, {EXPRESSIONS})"), std::iter::repeat_n(0, 4 * EXPRESSIONS * frames))?;
    archive.array("betas", "<f4", &format!("({BETAS},)"), std::iter::repeat_n(0, 4 * BETAS))?;
    archive.array("mocap_frame_rate", "<f8", "()", performance.fps.to_le_bytes().into_iter())?;
    for (name, text) in [("gender", "neutral"), ("model", "smplx2020"), (GENERATOR, super::glb::GENERATOR)] {
        let bytes = text.chars().flat_map(|c| u32::from(c).to_le_bytes());
        archive.array(name, &format!("<U{}", text.len()), "()", bytes)?;
    }
    archive.zip.finish().map_err(std::io::Error::other).map(drop)
}

/// An archive of arrays, in NumPy's format 1.0.
struct Archive<W: Write + Seek> {
    zip: zip::ZipWriter<W>,
}

impl<W: Write + Seek> Archive<W> {
    /// Adds an array of a type and a shape as NumPy writes them.
    fn array(&mut self, name: &str, kind: &str, shape: &str, data: impl Iterator<Item = u8>) -> std::io::Result<()> {
        // Sizes are known only at the end, and a long take may need more than 4 GiB.
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).large_file(true);
        self.zip.start_file(format!("{name}.npy"), options).map_err(std::io::Error::other)?;
        let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
        // Magic, version and length take ten bytes; all together fills whole lines of 64.
        header.push_str(&" ".repeat((10 + header.len() + 1).next_multiple_of(64) - 11 - header.len()));
        header.push('\n');
        self.zip.write_all(b"\x93NUMPY\x01\x00")?;
        self.zip.write_all(&(header.len() as u16).to_le_bytes())?;
        self.zip.write_all(header.as_bytes())?;
        let mut buffer = Vec::with_capacity(1 << 16);
        for byte in data {
            buffer.push(byte);
            if buffer.len() == 1 << 16 {
                self.zip.write_all(&buffer)?;
                buffer.clear();
            }
        }
        self.zip.write_all(&buffer)
    }
}

/// Reads an archive's bytes; `origin` names it in errors.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let npz = Npz::read_within(std::io::Cursor::new(bytes), origin, Some(&WANTED), LARGEST)?;
    let bad = |what: String| Error::malformed(origin, what);
    let poses = npz.get("poses").map_err(|_| bad("has no array poses: archives as in BEAT2 and AMASS are read".into()))?;
    let [frames, width] = poses.shape[..] else { return Err(bad(format!("poses have the shape {:?}", poses.shape))) };
    let count = width / 3;
    if ![COUNT, 52, 24, 22].contains(&count) || width % 3 != 0 || poses.numbers.len() != frames * width || frames > MOST_FRAMES {
        return Err(bad(format!("poses of {frames} x {width} are none of SMPL-X (165), SMPL-H (156) or SMPL (72, 66)")));
    }
    let rate = ["mocap_frame_rate", "mocap_framerate", "fps"].iter().find_map(|name| npz.number(name).ok());
    let trans = npz.get("trans")?;
    let mut notes = Vec::new();
    if rate.is_none() {
        notes.push("no frame rate is stated: taken for 30 a second".to_string());
    }
    if poses.numbers.iter().chain(&trans.numbers).any(|v| !v.is_finite()) || trans.numbers.len() < 3 * frames {
        return Err(bad("poses or trans hold what is no number, or too little".into()));
    }
    let (skeleton, map) = skeleton_and_map(count.min(COUNT));
    let joints = skeleton.joints.len();
    let rotation = |v: &[f32]| Quat::from_scaled_axis(Vec3::from_slice(v).clamp_length_max(100.0));
    let rotations: Vec<Vec<Quat>> =
        poses.numbers.chunks_exact(width.max(1)).map(|row| row.chunks_exact(3).take(joints).map(rotation).collect()).collect();
    let places = trans.numbers.chunks_exact(3).take(frames).map(|p| Vec3::from_slice(p).clamp_length_max(1e4) + PELVIS).collect();
    let fps = f64::from(rate.unwrap_or(30.0));
    let clip = Clip { fps, skeleton, translations: vec![Track { joint: 0, places }], rotations };
    let frame = |body: Pose| Frame { head: motion::head_of(&body), body, ..Frame::default() };
    let poses = match npz.get(GENERATOR).is_ok_and(|array| array.strings.iter().any(|name| name.starts_with("gestus "))) {
        true => Retarget::fit(&[&clip], &map).exact().to_poses(&clip),
        false => {
            let (clip, turned) = upright(clip, &map);
            notes.extend(turned.then(|| "z is up in this file".to_string()));
            Retarget::fit(&[&clip], &map).to_poses(&clip)
        }
    };
    let moves = npz.get("expressions").is_ok_and(|array| array.numbers.iter().any(|v| *v != 0.0));
    let unused = if moves { vec!["expressions".to_string()] } else { Vec::new() };
    Ok(Loaded { notes, ..loaded(poses.into_iter().map(frame).collect(), fps, super::BODY, unused, origin)? })
}

/// AMASS has z up: turns the world if people stand along z.
fn upright(mut clip: Clip, map: &Map) -> (Clip, bool) {
    let step = clip.frames().div_ceil(60).max(1);
    let line = |frame: usize| {
        let at = clip.globals(frame).positions;
        let place = |name: &str| map.joint(name).map_or(Vec3::ZERO, |k| at[k]);
        place("head") - place("hips")
    };
    let up: Vec3 = (0..clip.frames()).step_by(step).map(line).sum();
    let turn = up.z > 1.2 * up.y.abs();
    if turn {
        let quarter = Quat::from_rotation_x(-std::f32::consts::FRAC_PI_2);
        clip.rotations.iter_mut().for_each(|frame| frame[0] = quarter * frame[0]);
        clip.translations.iter_mut().flat_map(|track| &mut track.places).for_each(|place| *place = quarter * *place);
    }
    (clip, turn)
}
