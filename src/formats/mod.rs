//! Motion files, written and read: one file of code per format.
//!
//! | extension | format | face | head | gaze | body |
//! |---|---|---|---|---|---|
//! | `.bvh` | Biovision hierarchy in any layout | | in the joints | | yes |
//! | `.csv` | Live Link Face, as Apple's ARKit app of Epic writes it | yes | yes | yes | |
//! | `.glb` | an actor with its performance as animation; anybody's animation | yes | in the joints | yes | yes |
//! | `.anim.glb` | the same animation without an actor | yes | in the joints | in the face | yes |
//! | `.vrma` | VRM animation | yes | in the joints | yes | yes |
//! | `.presets.vrma` | the same, its face in VRM's vowels, moods and blinks | yes | in the joints | yes | yes |
//! | `.npz` | SMPL-X as BEAT2 has it | | in the joints | | yes |
//! | `.usda` | USD skeleton and blend shapes (written only) | yes | in the joints | in the face | yes |
//! | `.a2f.json`, `.a2f.csv` | Audio2Face's export; Audio2Face-3D's table | yes | | in the face | |
//! | `.beat.json` | faces of BEAT | yes | | in the face | |
//! | `.tsv`, `.rhubarb.json` | mouth cues of Rhubarb Lip Sync | mouth | | | |
//! | `.oculus.tsv`, `.oculus.json` | mouth cues in Oculus visemes | mouth | | | |
//! | `.keypoints.csv`, `.keypoints.json` | 68 landmarks on the actor's face (written only) | yes | yes | | |
//! | `.srt` | the direction that was used, as subtitles (written only) | | | | |
//! | `.json` | ours, `assets/schema/performance.schema.json` | yes | yes | yes | yes |
//!
//! A `.json` or `.csv` that is read may be any of these: what is inside tells.
//!
//! Channels are matched by name, never by position, and readers say what they did not use. Writers stream frame by frame
//! into a temporary neighbour that takes the final name only when it is whole. Readers bound what they take in, refuse
//! numbers that are none, and never panic on what a file says.

pub mod a2f;
pub mod beat;
pub mod bvh;
mod clock;
pub mod cues;
mod faces;
pub mod glb;
mod gltf;
pub mod json;
pub mod keypoints;
pub mod livelink;
pub mod npz;
mod quoted;
mod scene;
mod splice;
pub mod srt;
mod table;
pub mod usda;
pub mod vrma;

pub use splice::splice;

use quoted::{in_one_line, leave_out, shown};

use crate::actor::{self, Actor};
use crate::direction::Direction;
use crate::motion::{Parts, Performance};
use crate::output::Output;
use crate::{Error, Result, spelling};
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use vrma::Expressions;

/// A motion file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Bvh,
    LiveLink,
    Glb,
    /// A GLB without an actor.
    GlbAnimation,
    Vrma(vrma::Expressions),
    Npz,
    Usda,
    A2fJson,
    A2fCsv,
    Beat,
    /// Rhubarb's or Oculus's mouth cues as lines.
    CuesTsv(cues::Set),
    CuesJson(cues::Set),
    KeypointsCsv,
    KeypointsJson,
    Srt,
    Json,
}

/// What there is to know about a format.
struct Entry {
    format: Format,
    /// As `--format` takes it.
    name: &'static str,
    /// Ends of file names that mean it; the first format with an end takes it, longer ends win.
    ends: &'static [&'static str],
    /// What it carries.
    parts: Parts,
}

const FACE: Parts = Parts { face: true, head: true, gaze: true, body: false };
const MOUTH: Parts = Parts { face: true, head: false, gaze: false, body: false };
const MARKS: Parts = Parts { face: true, head: true, gaze: false, body: false };
const NOTHING: Parts = Parts { face: false, head: false, gaze: false, body: false };
const BODY: Parts = Parts { face: false, head: true, gaze: false, body: true };

const FORMATS: [Entry; 19] = [
    Entry { format: Format::Bvh, name: "bvh", ends: &[".bvh"], parts: BODY },
    Entry { format: Format::LiveLink, name: "livelink", ends: &[".csv"], parts: FACE },
    Entry { format: Format::Glb, name: "glb", ends: &[".glb"], parts: Parts::ALL },
    Entry { format: Format::GlbAnimation, name: "glb-anim", ends: &[".anim.glb"], parts: Parts::ALL },
    Entry { format: Format::Vrma(Expressions::Arkit), name: "vrma", ends: &[".vrma"], parts: Parts::ALL },
    Entry { format: Format::Vrma(Expressions::Presets), name: "vrma-presets", ends: &[".presets.vrma"], parts: Parts::ALL },
    Entry { format: Format::Npz, name: "beat2", ends: &[".npz"], parts: BODY },
    Entry { format: Format::Usda, name: "usd", ends: &[".usda"], parts: Parts::ALL },
    Entry { format: Format::A2fJson, name: "a2f", ends: &[".a2f.json"], parts: faces::FACE },
    Entry { format: Format::A2fCsv, name: "a2f-csv", ends: &[".a2f.csv"], parts: faces::FACE },
    Entry { format: Format::Beat, name: "beat", ends: &[".beat.json"], parts: faces::FACE },
    Entry { format: Format::CuesTsv(cues::Set::Rhubarb), name: "rhubarb", ends: &[".tsv"], parts: MOUTH },
    Entry { format: Format::CuesJson(cues::Set::Rhubarb), name: "rhubarb-json", ends: &[".rhubarb.json"], parts: MOUTH },
    Entry { format: Format::CuesTsv(cues::Set::Oculus), name: "oculus", ends: &[".oculus.tsv"], parts: MOUTH },
    Entry { format: Format::CuesJson(cues::Set::Oculus), name: "oculus-json", ends: &[".oculus.json"], parts: MOUTH },
    Entry { format: Format::KeypointsCsv, name: "keypoints", ends: &[".keypoints.csv"], parts: MARKS },
    Entry { format: Format::KeypointsJson, name: "keypoints-json", ends: &[".keypoints.json"], parts: MARKS },
    Entry { format: Format::Srt, name: "srt", ends: &[".srt"], parts: NOTHING },
    Entry { format: Format::Json, name: "gestus", ends: &[".json"], parts: Parts::ALL },
];

/// Where a performance comes from; written where a format has room for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// File name of the recording.
    pub audio: String,
    pub seed: u64,
    /// Name of the model that made it.
    pub model: String,
    /// The direction given, as text.
    pub emotion: String,
}

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub performance: Performance,
    /// What of the performance is from the file; the rest is at rest.
    pub parts: Parts,
    /// Names of joints or columns in the file that gestus did not use.
    pub unused: Vec<String>,
    /// What the file does not say and was found out: units, the axis that is up.
    pub notes: Vec<String>,
}

/// How files are written, for the formats that leave a choice.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub info: Info,
    pub bvh: bvh::Layout,
    /// Who is in GLB files; the first of [`crate::actor::BUILTIN`] if nobody is named.
    pub actor: Option<Arc<Actor>>,
    /// What was asked of the character, for files that say it.
    pub direction: Option<Direction>,
}

/// What there is, for those who named something else.
const HINT: &str = "use .bvh (body), .csv (Live Link Face), .glb (an actor that moves), .vrma (VRM animation), .json (everything), or another that \
                    `gestus convert --help` lists";

/// Larger files are refused: an hour of motion at 60 fps is less.
const LARGEST: u64 = 512 << 20;

/// More frames are refused: two hours at 60 fps.
const MOST_FRAMES: usize = 432_000;

/// Frames that a file with so many rows, keys or cues may bring: an hour, and longer gaps the more there is. Times alone may lie.
fn most_frames(rows: usize) -> usize {
    (108_000 + 400 * rows.min(MOST_FRAMES)).min(MOST_FRAMES)
}

/// Faster motion is read at this rate, frames per second.
const LARGEST_FPS: f64 = 240.0;

impl Format {
    /// The format that the end of the name of `path` means, in any case.
    pub fn of(path: &Path) -> Result<Format> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ends = FORMATS.iter().flat_map(|entry| entry.ends.iter().map(move |end| (end, entry.format)));
        let known = ends.filter(|(end, _)| name.ends_with(*end) && name.len() > end.len()).max_by_key(|(end, _)| end.len());
        known.map(|(_, format)| format).ok_or_else(|| Error::Unsupported {
            what: format!(
                "{}: no motion format has the extension '{}'",
                path.display(),
                path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
            ),
            hint: HINT.to_string(),
        })
    }

    /// Whether files of the format are read, or written only.
    pub fn is_read(self) -> bool {
        !matches!(self, Format::Usda | Format::KeypointsCsv | Format::KeypointsJson | Format::Srt)
    }

    /// What files of the format carry.
    pub fn parts(self) -> Parts {
        self.entry().parts
    }

    /// What people should know about files of the format beyond the parts that they lack.
    pub fn caveat(self) -> Option<&'static str> {
        match self {
            Format::Npz => Some("expressions are left at zero"),
            Format::Beat => Some("60 frames a second and no tongue, as BEAT has it"),
            Format::Vrma(Expressions::Arkit) => Some("for avatars with ARKit's expressions; .presets.vrma is for all"),
            Format::Vrma(Expressions::Presets) => Some("the face in VRM's vowels, moods and blinks"),
            Format::GlbAnimation | Format::Usda => Some("one triangle carries the weights of the face"),
            Format::CuesTsv(_) | Format::CuesJson(_) => Some("only the shape of the mouth"),
            _ => None,
        }
    }

    /// Whether files of the format have no place of its own for a coefficient, though they carry faces: BEAT has no tongue, and VRM animation
    /// the gaze instead of the eyes' shapes.
    pub fn lacks(self, coefficient: &str) -> bool {
        match self {
            Format::Beat => coefficient == "tongueOut",
            Format::Vrma(_) => coefficient.starts_with("eyeLook"),
            _ => false,
        }
    }

    fn entry(self) -> &'static Entry {
        FORMATS.iter().find(|entry| entry.format == self).unwrap_or(&FORMATS[0])
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().name)
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Format> {
        let lower = text.to_ascii_lowercase();
        FORMATS.iter().find(|entry| entry.name == lower).map(|entry| entry.format).ok_or_else(|| {
            let names: Vec<&str> = FORMATS.iter().map(|entry| entry.name).collect();
            let near = spelling::guess(&lower, names.iter().copied());
            Error::usage(format!("there is no motion format {text}"), format!("{near}known are {}", names.join(", ")))
        })
    }
}

/// Writes `performance` to `path` in the format of its name, at the performance's own rate.
pub fn write(path: &Path, performance: &Performance, info: &Info) -> Result<()> {
    write_as(Format::of(path)?, path, performance, &Settings { info: info.clone(), ..Settings::default() })
}

/// [`write()`] with all there is to choose.
pub fn write_as(format: Format, path: &Path, performance: &Performance, settings: &Settings) -> Result<()> {
    if !(performance.fps.is_finite() && performance.fps > 0.0) {
        return Err(Error::malformed("performance", format!("{} is no frame rate", performance.fps)));
    }
    let mut output = Output::create(path)?;
    let (out, info) = (&mut output, &settings.info);
    let written = match format {
        Format::Bvh => bvh::write(out, performance, &settings.bvh),
        Format::LiveLink => livelink::write(out, performance),
        Format::Glb => return glb::write(out, performance, &*settings.someone()?).and_then(|()| output.commit()),
        Format::KeypointsCsv => return keypoints::write_csv(out, performance, &*settings.someone()?).and_then(|()| output.commit()),
        Format::KeypointsJson => return keypoints::write_json(out, performance, &*settings.someone()?).and_then(|()| output.commit()),
        Format::GlbAnimation => glb::write_animation(out, performance),
        Format::Vrma(expressions) => vrma::write(out, performance, expressions),
        Format::Npz => npz::write(out, performance),
        Format::Usda => usda::write(out, performance),
        Format::A2fJson => a2f::write_json(out, performance, info),
        Format::A2fCsv => a2f::write_csv(out, performance),
        Format::Beat => beat::write(out, performance),
        Format::CuesTsv(set) => cues::write_tsv(out, performance, set),
        Format::CuesJson(set) => cues::write_json(out, performance, set, info),
        Format::Srt => {
            let direction = settings.direction.as_ref().ok_or_else(|| Error::Unsupported {
                what: format!("{}: there is no direction to write", path.display()),
                hint: "write it with the take (`gestus animate talk.wav -o talk.srt`), or convert a .json that names its direction".into(),
            })?;
            srt::write(out, direction, performance.length())
        }
        Format::Json => json::write(out, performance, info),
    };
    written.map_err(Error::io(path))?;
    output.commit()
}

impl Settings {
    /// Who is in files that show somebody.
    fn someone(&self) -> Result<Arc<Actor>> {
        match &self.actor {
            Some(actor) => Ok(actor.clone()),
            None => Ok(Arc::new(actor::builtin(actor::BUILTIN[0])?)),
        }
    }
}

/// Reads the motion in `path`, in the format of its name.
pub fn read(path: &Path) -> Result<Loaded> {
    read_as(Format::of(path)?, path)
}

/// Reads the motion in `path`, in the format given.
pub fn read_as(format: Format, path: &Path) -> Result<Loaded> {
    let origin = path.display().to_string();
    if !format.is_read() {
        let what = format!("{origin}: files of the format {format} are written only");
        let hint = match format {
            Format::Srt => "subtitles are a direction: give them to --direction",
            Format::Usda => "bring the motion as .glb or .bvh; Blender opens USD and writes both",
            _ => "keep the performance as .json beside it",
        };
        return Err(Error::Unsupported { what, hint: hint.into() });
    }
    read_bytes(format, &bytes(path)?, &origin)
}

/// Reads the motion in a file's bytes; `origin` names it in errors.
pub fn read_bytes(format: Format, bytes: &[u8], origin: &str) -> Result<Loaded> {
    let read = match format {
        Format::Bvh => bvh::read(bytes, origin),
        Format::Glb | Format::GlbAnimation => glb::read(bytes, origin),
        Format::Vrma(_) => vrma::read(bytes, origin),
        Format::Npz => npz::read(bytes, origin),
        _ => text(bytes, origin).and_then(|content| match inside(format, content) {
            Format::A2fJson => a2f::read_json(content, origin),
            Format::Beat => beat::read(content, origin),
            Format::CuesTsv(_) => cues::read_tsv(content, origin),
            Format::CuesJson(_) => cues::read_json(content, origin),
            Format::LiveLink | Format::A2fCsv => table::read(content, origin),
            _ => json::read(bytes, origin),
        }),
    };
    let mut loaded = read.map_err(in_one_line)?;
    loaded.unused.iter_mut().for_each(|name| *name = shown(name, 60));
    Ok(loaded)
}

/// The format of a text that a name like `.json` or `.csv` leaves open.
fn inside(format: Format, text: &str) -> Format {
    match format {
        Format::Json if text.contains("\"weightMat\"") => Format::A2fJson,
        Format::Json if text.contains("\"mouthCues\"") => Format::CuesJson(cues::Set::Rhubarb),
        Format::Json if text.contains("\"names\"") && text.contains("\"weights\"") => Format::Beat,
        format => format,
    }
}

/// A file's bytes, if it is not too large.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::Limit {
            what: format!("{}: larger than {} MiB", path.display(), LARGEST >> 20),
            hint: "cut it into shorter pieces".to_string(),
        });
    }
    Ok(bytes)
}

/// A file's text, without the mark that some editors put in front.
fn text<'a>(bytes: &'a [u8], origin: &str) -> Result<&'a str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|e| Error::malformed(origin, format!("not text: byte {} is not UTF-8", e.valid_up_to())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_and_mistakes_list_what_there_is() {
        assert_eq!(Format::of(Path::new("a/Talk.BVH")).ok(), Some(Format::Bvh));
        let error = Format::of(Path::new("talk.fbx")).unwrap_err();
        assert!(error.to_string().contains("fbx") && error.hint().is_some_and(|h| h.contains(".bvh") && h.contains(".json")));
        assert!(Format::of(Path::new("talk")).is_err() && Format::of(Path::new(".bvh")).is_err());
        assert_eq!("LiveLink".parse::<Format>().ok(), Some(Format::LiveLink));
        assert!("livelnk".parse::<Format>().unwrap_err().hint().is_some_and(|h| h.contains("did you mean livelink")));
    }
}
