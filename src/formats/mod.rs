//! Motion files, written and read: one file of code per format.
//!
//! | extension | format | face | head | gaze | body |
//! |---|---|---|---|---|---|
//! | `.bvh` | Biovision hierarchy, VRM joint names, T-pose rest | | in the joints | | yes |
//! | `.csv` | Live Link Face, as Apple's ARKit app of Epic writes it | yes | yes | yes | |
//! | `.json` | ours, `assets/schema/performance.schema.json` | yes | yes | yes | yes |
//!
//! Channels are matched by name, never by position, and readers say what they did not use. Writers stream frame by frame
//! into a temporary neighbour that takes the final name only when it is whole. Readers bound what they take in, refuse
//! numbers that are none, and never panic on what a file says.

pub mod bvh;
pub mod json;
pub mod livelink;
mod splice;

pub use splice::splice;

use crate::motion::Performance;
use crate::output::Output;
use crate::{Error, Result};
use std::io::{Read, Write};
use std::path::Path;

/// A motion file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Bvh,
    LiveLink,
    Json,
}

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
    /// Names of joints or columns in the file that gestus did not use.
    pub unused: Vec<String>,
}

/// Larger files are refused: an hour of motion at 60 fps is less.
const LARGEST: u64 = 512 << 20;

/// More frames are refused: two hours at 60 fps.
const MOST_FRAMES: usize = 432_000;

const EXTENSIONS: [(&str, Format); 3] = [("bvh", Format::Bvh), ("csv", Format::LiveLink), ("json", Format::Json)];

impl Format {
    /// The format that the extension of `path` names, in any case.
    pub fn of(path: &Path) -> Result<Format> {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let known = EXTENSIONS.iter().find(|(name, _)| *name == extension);
        known.map(|(_, format)| *format).ok_or_else(|| Error::Unsupported {
            what: format!("{}: no motion format has the extension '{extension}'", path.display()),
            hint: "use .bvh (body), .csv (Live Link Face) or .json (everything)".to_string(),
        })
    }
}

/// Writes `performance` to `path` in the format of its extension, at the performance's own rate.
pub fn write(path: &Path, performance: &Performance, info: &Info) -> Result<()> {
    let format = Format::of(path)?;
    if !(performance.fps.is_finite() && performance.fps > 0.0) {
        return Err(Error::malformed("performance", format!("{} is no frame rate", performance.fps)));
    }
    let mut output = Output::create(path)?;
    encode(format, &mut output, performance, info).map_err(Error::io(path))?;
    output.commit()
}

/// Writes `performance` in a format.
pub fn encode(format: Format, out: &mut impl Write, performance: &Performance, info: &Info) -> std::io::Result<()> {
    match format {
        Format::Bvh => bvh::write(out, performance),
        Format::LiveLink => livelink::write(out, performance),
        Format::Json => json::write(out, performance, info),
    }
}

/// Reads the motion in `path`, in the format of its extension.
pub fn read(path: &Path) -> Result<Loaded> {
    let format = Format::of(path)?;
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::Limit {
            what: format!("{}: larger than {} MiB", path.display(), LARGEST >> 20),
            hint: "cut it into shorter pieces".to_string(),
        });
    }
    let origin = path.display().to_string();
    match format {
        Format::Bvh => bvh::read(&bytes, &origin),
        Format::LiveLink => livelink::read(&bytes, &origin),
        Format::Json => json::read(&bytes, &origin),
    }
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
    fn extensions_choose_and_mistakes_list_what_there_is() {
        assert_eq!(Format::of(Path::new("a/Talk.BVH")).ok(), Some(Format::Bvh));
        let error = Format::of(Path::new("talk.fbx")).unwrap_err();
        assert!(error.to_string().contains("fbx") && error.hint().is_some_and(|h| h.contains(".bvh") && h.contains(".json")));
        assert!(Format::of(Path::new("talk")).is_err());
    }
}
