//! `gestus convert`: motion from one format to others.

use super::messages::{Messages, print};
use super::outputs::{self, Kind};
use super::values::Fps;
use super::{actor, bvh, motion};
use crate::body::skeleton::{self, COUNT, OFFSETS};
use crate::direction::Direction;
use crate::face::coefficients::NAMES;
use crate::formats::vrma::Expressions;
use crate::formats::{self, Format, Info, Settings};
use crate::motion::{Frame, Head, Parts, Performance, head_of};
use crate::{Error, Result, interrupt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Motion to read; see below for the formats
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// File to write; its extension chooses the format. May be several; what exists is replaced
    #[arg(value_name = "OUT", required = true)]
    outputs: Vec<PathBuf>,
    /// More motion to put in, for the parts that INPUT has not; may be given several times
    #[arg(long = "with", value_name = "FILE")]
    with: Vec<PathBuf>,
    /// Frames a second, 1 to 240 [default: the input's]
    #[arg(long, value_name = "RATE")]
    fps: Option<Fps>,
    #[command(flatten)]
    bvh: bvh::Arguments,
    /// Who is in GLB files: ada, tomas, zola, mika, or a file (GLB, glTF, VRM) [default: ada]
    #[arg(long, value_name = "NAME|FILE")]
    actor: Option<PathBuf>,
    /// Format of the files to write, whatever their extension [default: by extension]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Read back what was written and print the largest differences
    #[arg(long)]
    check: bool,
    /// Fail instead of replacing files that exist
    #[arg(long)]
    no_clobber: bool,
}

const EXAMPLES: &str = "\
Formats by the end of the name, or by --format:
  .bvh (bvh)                        skeleton, in any layout
  .csv (livelink)                   Live Link Face
  .glb (glb)                        an actor that moves
  .anim.glb (glb-anim)              the same animation without an actor
  .vrma (vrma)                      VRM animation, the face by ARKit's expressions
  .presets.vrma (vrma-presets)      the same by VRM's own, which every avatar has
  .npz (beat2)                      SMPL-X as BEAT2 has it
  .usda (usd)                       USD, written only
  .a2f.json .a2f.csv (a2f a2f-csv)  Audio2Face
  .beat.json (beat)                 faces of BEAT
  .tsv .rhubarb.json (rhubarb rhubarb-json), .oculus.tsv .oculus.json (oculus oculus-json)
                                    mouth cues of Rhubarb, and in Oculus visemes
  .keypoints.csv .keypoints.json (keypoints keypoints-json)
                                    68 landmarks of the face, written only
  .srt (srt)                        the direction it was made under, written only
  .json (gestus)                    everything

What a format has no room for is left out, and said.

Examples:
  gestus convert face.csv face.json
  gestus convert take.json take.bvh take.csv --check
  gestus convert body.bvh both.json --with face.csv --fps 60";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let Arguments { input, with, .. } = arguments;
    let inputs: Vec<PathBuf> = [input].into_iter().chain(with).cloned().collect();
    let read: Vec<&Path> =
        inputs.iter().map(PathBuf::as_path).chain(arguments.bvh.skeleton.as_deref()).chain(arguments.actor.as_deref()).collect();
    let targets = arguments.targets(&read)?;
    let layout = arguments.bvh.layout(messages)?;
    let actor = match &arguments.actor {
        Some(path) => Some(Arc::new(actor::open(Some(path), None, messages)?)),
        None => None,
    };
    let info = source(&inputs)?;
    let direction = targets.iter().any(|(_, format)| *format == Format::Srt).then(|| direction(&info, input)).transpose()?;
    let motions = motion::load_all(&inputs, messages)?;
    let (performance, parts) = motions.all(arguments.fps.map(|fps| fps.0))?;
    let settings = Settings { info, bvh: layout, actor, direction };
    for (path, format) in &targets {
        interrupt::check()?;
        formats::write_as(*format, path, &performance, &settings)?;
        messages.say(format!("{}: {}", path.display(), written(*format, &performance, parts)));
        if arguments.check && !format.is_read() {
            messages.say(format!("{}: files of the format {format} are written only; not checked", path.display()));
        } else if arguments.check {
            print(&format!("{}: {}", path.display(), check(*format, path, &performance, parts)?))?;
        }
    }
    Ok(())
}

/// What went into a file and what did not.
fn written(format: Format, performance: &Performance, parts: Parts) -> String {
    if format == Format::Srt {
        return "the direction".into();
    }
    let dropped = parts.beyond(format.parts());
    let nothing = parts.beyond(Parts::default()).len() == dropped.len();
    if nothing {
        return format!("warning: nothing that was read has a place in it: the character rests for {} frames", performance.frames.len());
    }
    let without = if dropped.is_empty() { String::new() } else { format!(", without the {}", dropped.join(" and ")) };
    let caveat = format.caveat().map_or(String::new(), |caveat| format!(" ({caveat})"));
    format!("{} frames at {} a second{without}{caveat}", performance.frames.len(), performance.fps)
}

/// Where the motion comes from, if a file says so; only our own format does.
fn source(inputs: &[PathBuf]) -> Result<Info> {
    for path in inputs.iter().filter(|path| Format::of(path).is_ok_and(|format| format == Format::Json)) {
        if let Some(info) = formats::json::source(&formats::bytes(path)?) {
            return Ok(info);
        }
    }
    Ok(Info::default())
}

/// The direction that a take was made under.
fn direction(info: &Info, input: &Path) -> Result<Direction> {
    let text = Some(&info.emotion).filter(|text| !text.is_empty());
    text.and_then(|text| Direction::parse(text).ok()).ok_or_else(|| Error::Unsupported {
        what: format!("{}: does not say under which direction it was made", input.display()),
        hint: "write the .srt with the take (`gestus animate talk.wav -o talk.srt`), or convert its .json".into(),
    })
}

/// Reads a file back and tells the largest differences.
fn check(format: Format, path: &Path, performance: &Performance, parts: Parts) -> Result<String> {
    let back = formats::read_as(format, path)?;
    // Cues hold shapes of the mouth and presets mixes, not faces.
    let mixed = matches!(format, Format::CuesTsv(_) | Format::CuesJson(_) | Format::Vrma(Expressions::Presets));
    let both = Parts {
        face: parts.face && back.parts.face && !mixed,
        head: parts.head && back.parts.head,
        gaze: parts.gaze && back.parts.gaze,
        body: parts.body && back.parts.body,
    };
    let back = back.performance;
    // Some formats have a rate of their own.
    let before = if (back.fps / performance.fps - 1.0).abs() < 1e-3 { performance } else { &performance.resample(back.fps) };
    Ok(Difference::of(before, &back, both, format).line(both))
}

impl Arguments {
    /// Files to write and their formats.
    fn targets(&self, inputs: &[&Path]) -> Result<Vec<(PathBuf, Format)>> {
        if let Some(format) = self.format {
            outputs::check(&self.outputs, inputs, self.no_clobber)?;
            return Ok(self.outputs.iter().map(|path| (path.clone(), format)).collect());
        }
        let targets = outputs::plan(&self.outputs, inputs, self.no_clobber)?;
        let motion = targets.into_iter().map(|target| match target.kind {
            Kind::Motion(format) => Ok((target.path, format)),
            Kind::Video | Kind::Page => Err(Error::usage(
                format!("{}: convert writes motion files only", target.path.display()),
                "use `gestus render --motion` for pictures",
            )),
        });
        motion.collect()
    }
}

/// The largest differences between two performances.
#[derive(Debug, Default)]
struct Difference {
    frames: usize,
    face: f32,
    /// Degrees.
    head: f32,
    /// Degrees.
    gaze: f32,
    /// Metres, of any joint.
    joints: f32,
}

impl Difference {
    fn of(a: &Performance, b: &Performance, parts: Parts, format: Format) -> Difference {
        let held: Vec<usize> = (0..NAMES.len()).filter(|k| !format.lacks(NAMES[*k])).collect();
        // Other formats than ours hold the head where a body has it, in its joints.
        let joints = parts.body && format != Format::Json;
        let mut most = Difference { frames: a.frames.len().abs_diff(b.frames.len()), ..Difference::default() };
        for (a, b) in a.frames.iter().zip(&b.frames) {
            most.face = held.iter().map(|k| (a.face[*k] - b.face[*k]).abs()).fold(most.face, f32::max);
            let head = |f: &Frame| {
                let Head { yaw, pitch, roll } = if joints { head_of(&f.body) } else { f.head };
                [yaw, pitch, roll]
            };
            let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs().to_degrees()).fold(0.0, f32::max);
            most.head = most.head.max(apart(&head(a), &head(b)));
            most.gaze = most.gaze.max(apart(&[a.gaze.yaw, a.gaze.pitch], &[b.gaze.yaw, b.gaze.pitch]));
            if parts.body {
                let (a, b) = (skeleton::globals(&a.body, &OFFSETS), skeleton::globals(&b.body, &OFFSETS));
                most.joints = (0..COUNT).map(|k| a.positions[k].distance(b.positions[k])).fold(most.joints, f32::max);
            }
        }
        most
    }

    fn line(&self, parts: Parts) -> String {
        let mut words = vec![format!("largest differences after reading back: {} frames", self.frames)];
        words.extend(parts.face.then(|| format!("face {:.5}", self.face)));
        words.extend(parts.head.then(|| format!("head {:.3} degrees", self.head)));
        words.extend(parts.gaze.then(|| format!("gaze {:.3} degrees", self.gaze)));
        words.extend(parts.body.then(|| format!("joints {:.2} mm", 1000.0 * self.joints)));
        if words.len() == 1 {
            words.push("nothing else to compare".into());
        }
        words.join(", ")
    }
}
