//! The files a command will write: recognised, and checked before any work starts.

use crate::formats::Format;
use crate::{Error, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What will be written, by the end of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Animation data.
    Motion(Format),
    /// Pictures in time: `.mp4`, `.gif`, or PNG files.
    Video,
    /// A page that plays the performance: `.html`.
    Page,
}

/// An output the user named.
#[derive(Clone, Debug)]
pub struct Target {
    pub path: PathBuf,
    pub kind: Kind,
}

/// Extensions of video files; a name that ends with `/`, or an existing folder, takes PNG files too.
const VIDEO: [&str; 4] = ["mp4", "m4v", "gif", "png"];
const KNOWN: &str = "known are .mp4, .gif, .html, FOLDER/ and name-%04d.png (PNG pictures), .bvh, .csv and .json";

/// Recognises the outputs and [`check`]s them.
pub fn plan(outputs: &[PathBuf], inputs: &[&Path], no_clobber: bool) -> Result<Vec<Target>> {
    let targets = outputs.iter().map(|path| Ok(Target { kind: kind(path)?, path: path.clone() })).collect::<Result<_>>()?;
    check(outputs, inputs, no_clobber)?;
    Ok(targets)
}

/// Makes sure that each output can be written, hides no input and is named once.
pub fn check(outputs: &[PathBuf], inputs: &[&Path], no_clobber: bool) -> Result<()> {
    let mut places: Vec<PathBuf> = Vec::new();
    for path in outputs {
        let place = place(path)?;
        if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == place)) {
            let what = format!("{}: is both input and output", path.display());
            return Err(Error::usage(what, "name another file with -o"));
        }
        if places.contains(&place) {
            return Err(Error::usage(format!("{}: named twice as output", path.display()), "give every -o its own file"));
        }
        check_writable(path, &place, no_clobber)?;
        places.push(place);
    }
    Ok(())
}

fn kind(path: &Path) -> Result<Kind> {
    if is_folder(path) {
        return Ok(Kind::Video);
    }
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    if VIDEO.contains(&extension.as_str()) {
        return Ok(Kind::Video);
    }
    if extension == "html" {
        return Ok(Kind::Page);
    }
    let unknown = |_| match extension.as_str() {
        "" => Error::usage(format!("{}: no extension says what to write", path.display()), KNOWN),
        _ => Error::usage(format!("{}: unknown extension .{extension}", path.display()), KNOWN),
    };
    Format::of(path).map(Kind::Motion).map_err(unknown)
}

/// Whether the name asks for a folder of pictures.
fn is_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir()
}

/// Where the output will really be: its existing folder with links resolved, and its name.
fn place(path: &Path) -> Result<PathBuf> {
    if let Ok(there) = path.canonicalize() {
        return Ok(there);
    }
    let name = path.file_name().ok_or_else(|| Error::usage(format!("{}: not a file name", path.display()), KNOWN))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|_| Error::Unsupported {
        what: format!("{}: there is no folder {}", path.display(), folder.display()),
        hint: format!("make it first: mkdir -p {}", folder.display()),
    })?;
    Ok(folder.join(name))
}

/// Writing into the folder is tried, not guessed from permissions.
fn check_writable(path: &Path, place: &Path, no_clobber: bool) -> Result<()> {
    if no_clobber && place.exists() {
        let what = format!("{}: exists, and --no-clobber was given", path.display());
        return Err(Error::Unsupported { what, hint: "name another file, or leave --no-clobber away to replace it".into() });
    }
    let existing = if place.is_dir() { place } else { place.parent().unwrap_or(place) };
    let probe = tempfile::Builder::new().prefix(".gestus-").suffix(".tmp").tempfile_in(existing);
    probe.map(drop).map_err(|e| Error::Unsupported {
        what: format!("{}: cannot write here: {}", path.display(), e.kind()),
        hint: "choose a folder you may write to".into(),
    })
}
