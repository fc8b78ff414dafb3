//! Motion files as commands read them, with what there is to say about them.

use super::messages::Messages;
use crate::formats::{self, Loaded};
use crate::motion::{Parts, Performance, combine};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Names listed before the rest is only counted.
const LISTED: usize = 6;

/// What several files bring together.
#[derive(Debug, Default)]
pub struct Motions {
    takes: Vec<(Performance, Parts)>,
}

/// Reads a file and says what was found out and what was left out.
pub fn load(path: &Path, messages: &Messages) -> Result<Loaded> {
    let loaded = formats::read(path)?;
    let Loaded { performance, unused, notes, .. } = &loaded;
    if performance.frames.is_empty() {
        return Err(Error::malformed(path.display().to_string(), "holds no frames"));
    }
    for note in notes {
        messages.say(format!("{}: {note}", path.display()));
    }
    if !unused.is_empty() {
        let more = unused.len().saturating_sub(LISTED);
        let listed = unused.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        messages.say(format!("{}: not used: {listed}{rest}", path.display()));
    }
    Ok(loaded)
}

/// Reads several files, each of which brings a part.
pub fn load_all(paths: &[PathBuf], messages: &Messages) -> Result<Motions> {
    let mut all = Motions::default();
    for path in paths {
        let loaded = load(path, messages)?;
        if loaded.parts.beyond(all.parts()).is_empty() {
            messages.say(format!("warning: {}: all it holds is in the files before; left out", path.display()));
        }
        all.takes.push((loaded.performance, loaded.parts));
    }
    Ok(all)
}

impl Motions {
    /// Everything together at a frame rate.
    pub fn at(&self, fps: f64) -> Result<Performance> {
        combine(&self.takes, fps)
    }

    /// Everything together, a single body as it is, else at the first file's rate or the one given; and what there is.
    pub fn all(&self, fps: Option<f64>) -> Result<(Performance, Parts)> {
        let performance = match (&self.takes[..], fps) {
            ([(only, parts)], None) if parts.body => only.clone(),
            ([(only, parts)], Some(fps)) if parts.body => only.clone().into_rate(fps)?,
            (takes, fps) => self.at(fps.or(takes.first().map(|(take, _)| take.fps)).unwrap_or(30.0))?,
        };
        Ok((performance, self.parts()))
    }

    fn parts(&self) -> Parts {
        self.takes.iter().fold(Parts::default(), |sum, (_, parts)| Parts {
            face: sum.face || parts.face,
            head: sum.head || parts.head,
            gaze: sum.gaze || parts.gaze,
            body: sum.body || parts.body,
        })
    }
}

/// Lets motion that was recorded elsewhere in a room begin where the character stands.
pub fn centre(performance: &mut Performance) -> Result<()> {
    let Some(first) = performance.frames.first().map(|frame| frame.body.hips.with_y(0.0)) else { return Ok(()) };
    performance.frames.change(|_, frame| frame.body.hips -= first)
}
