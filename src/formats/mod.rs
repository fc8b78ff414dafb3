//! Motion files, written and read: one file of code per format.
//!
//! | extension | format | face | head | gaze | body |
//! |---|---|---|---|---|---|
//! | `.bvh` | Biovision hierarchy in any layout | | in the joints | | yes |
//! | `.csv` | Live Link Face, as Apple's ARKit app of Epic writes it | yes | yes | yes | |
//! | `.glb` | an actor with its performance as animation; anybody's animation | yes | in the joints | yes | yes |
//! | `.vrma` | VRM animation | yes | in the joints | yes | yes |
//! | `.json` | ours, `assets/schema/performance.schema.json` | yes | yes | yes | yes |
//!
//! Channels are matched by name, never by position, and readers say what they did not use. Writers stream frame by frame
//! into a temporary neighbour that takes the final name only when it is whole. Readers bound what they take in, refuse
//! numbers that are none, and never panic on what a file says.

pub mod bvh;
pub mod glb;
mod gltf;
pub mod json;
pub mod livelink;
mod scene;
mod splice;
pub mod vrma;

pub use splice::splice;

use crate::actor::{self, Actor};
use crate::motion::{Parts, Performance};
use crate::output::Output;
use crate::{Error, Result, spelling};
use std::fmt;
use std::io::{Read, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// A motion file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Bvh,
    LiveLink,
    Glb,
    Vrma,
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
const BODY: Parts = Parts { face: false, head: true, gaze: false, body: true };

const FORMATS: [Entry; 5] = [
    Entry { format: Format::Bvh, name: "bvh", ends: &[".bvh"], parts: BODY },
    Entry { format: Format::LiveLink, name: "livelink", ends: &[".csv"], parts: FACE },
    Entry { format: Format::Glb, name: "glb", ends: &[".glb"], parts: Parts::ALL },
    Entry { format: Format::Vrma, name: "vrma", ends: &[".vrma"], parts: Parts::ALL },
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
}

/// Larger files are refused: an hour of motion at 60 fps is less.
const LARGEST: u64 = 512 << 20;

/// More frames are refused: two hours at 60 fps.
const MOST_FRAMES: usize = 432_000;

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
            hint: "use .bvh (body), .csv (Live Link Face), .glb (an actor that moves), .vrma (VRM animation) or .json (everything)"
                .to_string(),
        })
    }

    /// What files of the format carry.
    pub fn parts(self) -> Parts {
        self.entry().parts
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
            let near = spelling::nearest(&lower, names.iter().copied()).map_or(String::new(), |name| format!("did you mean {name}? "));
            Error::usage(format!("there is no motion format {text}"), format!("{near}known are {}", names.join(", ")))
        })
    }
}

/// Writes `performance` to `path` in the format of its name, at the performance's own rate.
pub fn write(path: &Path, performance: &Performance, info: &Info) -> Result<()> {
    write_as(Format::of(path)?, path, performance, &Settings { info: info.clone(), ..Settings::default() })
}

/// [`write`] with all there is to choose.
pub fn write_as(format: Format, path: &Path, performance: &Performance, settings: &Settings) -> Result<()> {
    if !(performance.fps.is_finite() && performance.fps > 0.0) {
        return Err(Error::malformed("performance", format!("{} is no frame rate", performance.fps)));
    }
    let mut output = Output::create(path)?;
    encode(format, &mut output, path, performance, settings)?;
    output.commit()
}

/// Writes `performance` in a format; `path` is named in errors.
pub fn encode(format: Format, out: &mut impl Write, path: &Path, performance: &Performance, settings: &Settings) -> Result<()> {
    let written = match format {
        Format::Bvh => bvh::write(out, performance, &settings.bvh),
        Format::LiveLink => livelink::write(out, performance),
        Format::Glb => {
            return match &settings.actor {
                Some(actor) => glb::write(out, path, performance, actor),
                None => glb::write(out, path, performance, &actor::builtin(actor::BUILTIN[0])?),
            };
        }
        Format::Vrma => vrma::write(out, performance),
        Format::Json => json::write(out, performance, &settings.info),
    };
    written.map_err(Error::io(path))
}

/// Reads the motion in `path`, in the format of its name.
pub fn read(path: &Path) -> Result<Loaded> {
    read_as(Format::of(path)?, path)
}

/// Reads the motion in `path`, in the format given.
pub fn read_as(format: Format, path: &Path) -> Result<Loaded> {
    let (bytes, origin) = (bytes(path)?, path.display().to_string());
    match format {
        Format::Bvh => bvh::read(&bytes, &origin),
        Format::LiveLink => livelink::read(&bytes, &origin),
        Format::Glb => glb::read(&bytes, &origin),
        Format::Vrma => vrma::read(&bytes, &origin),
        Format::Json => json::read(&bytes, &origin),
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
