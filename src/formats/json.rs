//! Our own format: everything a [`Performance`] holds, as JSON that other programs read without a library.
//!
//! The schema is published in `assets/schema/performance.schema.json`. One frame a line, so that tools for lines work too.
//! Rounded to what can be seen: coefficients to 4 decimals, angles and quaternions to 5, metres to 5.

use super::faces::at_most;
use super::{Info, Loaded};
use crate::body::skeleton::{self, JOINTS, Pose};
use crate::face::coefficients;
use crate::motion::{Frame, Gaze, Head, Parts, Performance};
use crate::{Error, Result};
use glam::{Quat, Vec3};
use serde::{Deserialize, Serialize};
use std::io::Write;

/// The value of `format` in every file.
pub const FORMAT: &str = "gestus-performance";
/// The version this code writes and the only one it reads.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Source<'a> {
    generator: &'static str,
    audio: &'a str,
    seed: u64,
    model: &'a str,
    emotion: &'a str,
}

#[derive(Serialize, Deserialize)]
struct HeadFields {
    yaw: f32,
    pitch: f32,
    roll: f32,
}

#[derive(Serialize, Deserialize)]
struct GazeFields {
    yaw: f32,
    pitch: f32,
}

#[derive(Serialize, Deserialize)]
struct FrameFields {
    time: f64,
    face: Vec<f32>,
    head: HeadFields,
    gaze: GazeFields,
    hips: [f32; 3],
    rotations: Vec<[f32; 4]>,
}

#[derive(Deserialize)]
struct File {
    format: String,
    version: u32,
    fps: f64,
    seconds: f64,
    #[serde(deserialize_with = "at_most")]
    coefficients: Vec<String>,
    #[serde(deserialize_with = "at_most")]
    joints: Vec<String>,
    #[serde(deserialize_with = "at_most")]
    frames: Vec<FrameFields>,
}

/// Writes frame by frame.
pub fn write(out: &mut impl Write, performance: &Performance, info: &Info) -> std::io::Result<()> {
    let source = Source {
        generator: concat!("gestus ", env!("CARGO_PKG_VERSION")),
        audio: &info.audio,
        seed: info.seed,
        model: &info.model,
        emotion: &info.emotion,
    };
    let joints = JOINTS.map(|j| j.name);
    writeln!(out, "{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"fps\":{},\"seconds\":{},", performance.fps, performance.seconds)?;
    writeln!(out, "\"source\":{},", serde_json::to_string(&source)?)?;
    writeln!(out, "\"coefficients\":{},", serde_json::to_string(coefficients::NAMES.as_slice())?)?;
    writeln!(out, "\"joints\":{},", serde_json::to_string(joints.as_slice())?)?;
    write!(out, "\"frames\":[")?;
    for (n, frame) in performance.frames.iter().enumerate() {
        out.write_all(if n == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &fields(frame, n as f64 / performance.fps))?;
    }
    writeln!(out, "\n]}}")
}

fn fields(frame: &Frame, time: f64) -> FrameFields {
    let round = |value: f32, scale: f32| {
        let rounded = (value * scale).round() / scale;
        // Minus zero is noise in a file, and what is not a number has no place in JSON.
        if rounded.is_finite() && rounded != 0.0 { rounded } else { 0.0 }
    };
    let (Head { yaw, pitch, roll }, gaze) = (frame.head, frame.gaze);
    let angle = |value: f32| round(value, 1e5);
    FrameFields {
        time: (time * 1e6).round() / 1e6,
        face: frame.face.iter().map(|c| round(*c, 1e4)).collect(),
        head: HeadFields { yaw: angle(yaw), pitch: angle(pitch), roll: angle(roll) },
        gaze: GazeFields { yaw: angle(gaze.yaw), pitch: angle(gaze.pitch) },
        hips: frame.body.hips.to_array().map(angle),
        rotations: frame.body.rotations.iter().map(|q| q.to_array().map(angle)).collect(),
    }
}

/// Where the performance in a file's bytes comes from; none where the file does not tell.
pub fn source(bytes: &[u8]) -> Option<Info> {
    #[derive(Deserialize)]
    struct Page {
        source: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        audio: String,
        seed: u64,
        model: String,
        emotion: String,
    }
    let Fields { audio, seed, model, emotion } = serde_json::from_slice::<Page>(bytes).ok()?.source;
    Some(Info { audio, seed, model, emotion })
}

/// Reads a file's bytes; `origin` names it in errors. Coefficients and joints are matched by name; missing ones rest.
pub fn read(bytes: &[u8], origin: &str) -> Result<Loaded> {
    let text = super::text(bytes, origin)?;
    let file: File = serde_json::from_str(text).map_err(|e| Error::malformed(origin, e.to_string()))?;
    if file.format != FORMAT || file.version != VERSION {
        let what = format!("{origin}: '{}' version {} is not {FORMAT} version {VERSION}", file.format, file.version);
        return Err(Error::Unsupported { what, hint: "write it again with this version of gestus".to_string() });
    }
    if !(file.fps > 0.0 && file.fps <= 1000.0 && file.seconds >= 0.0 && file.seconds.is_finite()) {
        return Err(Error::malformed(origin, format!("fps {} or seconds {} out of range", file.fps, file.seconds)));
    }
    let faces: Vec<Option<usize>> = file.coefficients.iter().map(|n| coefficients::index(n)).collect();
    let joints: Vec<Option<usize>> = file.joints.iter().map(|n| skeleton::index(n)).collect();
    let names = file.coefficients.iter().zip(&faces).chain(file.joints.iter().zip(&joints));
    let unused = names.filter(|(_, place)| place.is_none()).map(|(name, _)| name.clone()).collect();
    let frames = file
        .frames
        .iter()
        .enumerate()
        .map(|(n, fields)| frame(fields, &faces, &joints).map_err(|what| Error::malformed(format!("{origin}: frame {n}"), what)));
    let frames = frames.collect::<Result<Vec<Frame>>>()?;
    Ok(Loaded {
        performance: Performance { fps: file.fps, seconds: file.seconds, frames: frames.into() },
        parts: Parts::ALL,
        unused,
        notes: Vec::new(),
    })
}

fn frame(fields: &FrameFields, faces: &[Option<usize>], joints: &[Option<usize>]) -> std::result::Result<Frame, String> {
    if fields.face.len() != faces.len() || fields.rotations.len() != joints.len() {
        return Err(format!("{} coefficients and {} rotations do not match the names", fields.face.len(), fields.rotations.len()));
    }
    let mut frame = Frame {
        head: Head { yaw: fields.head.yaw, pitch: fields.head.pitch, roll: fields.head.roll },
        gaze: Gaze { yaw: fields.gaze.yaw, pitch: fields.gaze.pitch },
        body: Pose { hips: Vec3::from_array(fields.hips), ..Pose::default() },
        ..Frame::default()
    };
    for (value, place) in fields.face.iter().zip(faces) {
        if let Some(place) = place {
            frame.face[*place] = value.clamp(0.0, 1.0);
        }
    }
    for (value, place) in fields.rotations.iter().zip(joints) {
        let rotation = Quat::from_array(*value);
        if !(0.5..2.0).contains(&rotation.length_squared()) {
            return Err(format!("{value:?} is no unit quaternion"));
        }
        if let Some(place) = place {
            frame.body.rotations[*place] = rotation.normalize();
        }
    }
    let angles = [fields.head.yaw, fields.head.pitch, fields.head.roll, fields.gaze.yaw, fields.gaze.pitch];
    if !(angles.iter().all(|a| a.is_finite()) && frame.body.hips.is_finite()) {
        return Err("a number is too large".to_string());
    }
    Ok(frame)
}
