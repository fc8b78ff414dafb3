//! Numbered PNG pictures with alpha, for compositing and editing.
//!
//! They are written into a hidden folder beside their place, which is moved there at the end; other files of a folder that
//! exists already stay. Those of a long take are written where a later run finds them and goes on.

use super::{VideoSettings, VideoWriter};
use crate::render::Picture;
use crate::{Error, Result};
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use tempfile::TempDir;

/// Fewest digits of a number in a folder named without a pattern.
const MIN_DIGITS: usize = 5;

/// Where the pictures go: a folder, and names made of a number between two texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    folder: PathBuf,
    before: String,
    after: String,
    /// Fewest digits; nothing means as many as the count of pictures needs.
    digits: Option<usize>,
}

impl Place {
    /// The place that `path` names: a folder (an existing one, or a slash at the end) or a pattern such as `talk-%04d.png`.
    /// Nothing for any other kind of name.
    pub fn of(path: &Path) -> Result<Option<Place>> {
        let text = path.to_string_lossy();
        if text.ends_with('/') || text.ends_with(MAIN_SEPARATOR) || path.is_dir() {
            let folder = path.components().collect();
            return Ok(Some(Place { folder, before: String::new(), after: ".png".into(), digits: None }));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let wrong = |what: &str| Error::usage(format!("{text}: {what}"), "name the pictures like talk-%04d.png");
        let Some((before, rest)) = name.split_once('%') else {
            return if name.to_ascii_lowercase().ends_with(".png") { Err(wrong("one name for many pictures")) } else { Ok(None) };
        };
        let Some((digits, after)) = rest.split_once('d') else { return Err(wrong("a % without the d of a number")) };
        let digits = match digits.trim_start_matches('0') {
            "" => 1,
            digits => digits.parse().ok().filter(|d| *d <= 12).ok_or_else(|| wrong("a % without the d of a number"))?,
        };
        if after.contains('%') || !after.to_ascii_lowercase().ends_with(".png") {
            return Err(wrong("only PNG pictures can be numbered"));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Ok(Some(Place { folder, before: before.into(), after: after.into(), digits: Some(digits) }))
    }

    fn name(&self, number: usize, digits: usize) -> String {
        format!("{}{number:0digits$}{}", self.before, self.after)
    }
}

pub struct PngWriter {
    place: Place,
    digits: usize,
    waiting: Waiting,
    /// Pictures that there are.
    pushed: usize,
}

/// The folder of pictures before all are there.
enum Waiting {
    Temporary(TempDir),
    /// For a later run too.
    Kept(PathBuf),
}

impl Waiting {
    fn path(&self) -> &Path {
        match self {
            Waiting::Temporary(folder) => folder.path(),
            Waiting::Kept(folder) => folder,
        }
    }
}

/// The chunk with which a PNG file ends: length, name, check sum.
const END: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Whether a picture was written to its end.
fn is_whole(path: &Path) -> bool {
    let mut end = [0; END.len()];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-(END.len() as i64)))?;
        file.read_exact(&mut end)
    });
    read.is_ok() && end == END
}

impl PngWriter {
    pub fn create(place: Place, settings: &VideoSettings) -> Result<PngWriter> {
        // A pattern's folder must exist, as for any file; a folder named as such is made.
        let beside = if place.digits.is_some() || place.folder.is_dir() {
            place.folder.clone()
        } else {
            place.folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
        };
        let temporary = tempfile::Builder::new().prefix(".gestus-").suffix(".tmp").tempdir_in(beside).map_err(Error::io(&place.folder))?;
        let digits = place.digits.unwrap_or_else(|| settings.frames.saturating_sub(1).to_string().len().max(MIN_DIGITS));
        Ok(PngWriter { place, digits, waiting: Waiting::Temporary(temporary), pushed: 0 })
    }
}

impl VideoWriter for PngWriter {
    fn push(&mut self, picture: &Picture) -> Result<()> {
        let name = self.place.name(self.pushed, self.digits);
        let path = self.waiting.path().join(&name);
        let shown = self.place.folder.join(name);
        let mut file = BufWriter::new(File::create(&path).map_err(Error::io(&shown))?);
        let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive);
        let written = encoder.write_image(&picture.rgba, picture.width, picture.height, image::ExtendedColorType::Rgba8);
        written.map_err(|e| match e {
            image::ImageError::IoError(source) => Error::Io { path: shown.clone(), source },
            e => Error::Render(format!("{}: {e}", shown.display())),
        })?;
        file.flush().map_err(Error::io(&shown))?;
        self.pushed += 1;
        Ok(())
    }

    fn resume(&mut self, folder: &Path, most: usize) -> Result<usize> {
        if !folder.is_dir() {
            match fs::rename(self.waiting.path(), folder) {
                // What is there could not be moved to its place at the end.
                Err(e) if e.kind() == ErrorKind::CrossesDevices => return Ok(0),
                moved => moved.map_err(Error::io(folder))?,
            }
        }
        self.waiting = Waiting::Kept(folder.to_owned());
        self.pushed = (0..most).take_while(|number| is_whole(&folder.join(self.place.name(*number, self.digits)))).count();
        Ok(self.pushed)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let PngWriter { place, digits, waiting, pushed } = *self;
        let folder = &place.folder;
        if !folder.is_dir() {
            set_default_permissions(waiting.path()).map_err(Error::io(folder))?;
            return fs::rename(waiting.path(), folder).map_err(Error::io(folder));
        }
        for number in 0..pushed {
            let name = place.name(number, digits);
            fs::rename(waiting.path().join(&name), folder.join(&name)).map_err(Error::io(folder.join(&name)))?;
        }
        fs::remove_dir_all(waiting.path()).map_err(Error::io(folder))
    }
}

/// Temporary folders are private (0700); a result is as readable as any folder the user makes.
#[cfg(unix)]
fn set_default_permissions(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_default_permissions(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pictures() {
        let place = |text: &str| Place::of(Path::new(text));
        let pattern = place("no/talk-%04d.png").unwrap().unwrap();
        assert_eq!((pattern.name(7, 4), pattern.digits), ("talk-0007.png".into(), Some(4)));
        assert_eq!(pattern.folder, Path::new("no"));
        assert_eq!(place("%d.png").unwrap().unwrap().name(12, 1), "12.png");
        assert_eq!(place("no/such/").unwrap().unwrap().name(3, 5), "00003.png");
        assert_eq!(place("talk.mp4").unwrap(), None);
        for wrong in ["talk.png", "talk-%04.png", "talk-%04x.png", "talk-%99d.png", "talk-%04d.jpg", "%d%d.png"] {
            assert!(matches!(place(wrong), Err(Error::Usage { .. })), "{wrong}");
        }
    }
}
