//! What a direction takes from other files: the feeling of a recording (`from:`) and the style of a motion or a voice (`like:`).
//!
//! A direction is text and names files; [`Direction::consult`] reads them, and [`Direction::plan`] then needs no file any more.

use super::Direction;
use super::given::Excerpt;
use super::likeness::Likeness;
use crate::audio::{self, Speech};
use crate::emotion::voice::{Usual, VoiceEncoder};
use crate::emotion::{EMOTION, Point};
use crate::formats::{self, Format};
use crate::models::Models;
use crate::motion::Performance;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// What is taken from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What is heard in a voice.
    Feeling,
    /// How somebody moves.
    Style,
}

/// A file that a direction names, and how much of it is wanted: 0..=1.5.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub kind: Kind,
    pub path: PathBuf,
    pub share: f32,
}

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub struct Consulted {
    pub path: PathBuf,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Feeling(Feeling),
    Style(Likeness),
    Motion(Excerpt),
}

/// The feeling of a recording: a point for every motion frame, their mean over its speech, and its length in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feeling {
    pub course: Vec<Point>,
    pub mean: Point,
    pub seconds: f64,
}

/// Recordings whose lengths differ by less than this share are taken for the same words said again.
const SAME_LENGTH: f64 = 0.05;

impl Feeling {
    /// Hears a recording, of whose voice the `usual` may be known.
    pub fn of(speech: &Speech, ear: &VoiceEncoder, usual: Option<&Usual>) -> Result<Feeling> {
        let frames = Performance::frames_for(speech.seconds, 30.0);
        let voice = ear.listen(speech, frames)?;
        let (course, weights) = (ear.hear(&voice, usual)?, voice.weights());
        let total = weights.iter().sum::<f32>().max(1e-6);
        let mean = std::array::from_fn(|i| course.iter().zip(&weights).map(|(p, w)| w * p[i]).sum::<f32>() / total);
        Ok(Feeling { course, mean, seconds: speech.seconds })
    }

    /// The feeling at frame `n` of a recording of `seconds`. Where both are about equally long the one runs along with the
    /// other, stretched to fit: the line was said again, with feeling. Otherwise the mean holds throughout.
    pub fn at(&self, n: usize, seconds: f64) -> Point {
        if (self.seconds - seconds).abs() > SAME_LENGTH * seconds.max(1e-3) {
            return self.mean;
        }
        let place = (n as f64 * self.seconds / seconds.max(1e-3)).round() as usize;
        self.course.get(place).or(self.course.last()).copied().unwrap_or([0.0; EMOTION])
    }
}

impl Direction {
    /// The files that the direction names, each once for every kind.
    pub fn references(&self) -> Vec<&Reference> {
        let all = self.tracks.iter().flat_map(|track| &track.keys).flat_map(|key| &key.mix.references);
        let mut found: Vec<&Reference> = Vec::new();
        for reference in all {
            if !found.iter().any(|r| r.kind == reference.kind && r.path == reference.path) {
                found.push(reference);
            }
        }
        found
    }

    /// Reads the files that the direction names; `models` has the ear for feelings. Paths are relative to the working folder, in a direction file to the file's own.
    ///
    /// # Errors
    /// [`Error::Usage`] where free text was not understood at all; [`Error::Io`] and [`Error::Malformed`] of the file;
    /// [`Error::Unsupported`] where it holds nothing of the kind.
    pub fn consult(&mut self, models: &Models) -> Result<()> {
        self.settle()?;
        let wanted: Vec<Reference> = self.references().into_iter().cloned().collect();
        for Reference { kind, path, .. } in wanted {
            let content = match kind {
                Kind::Feeling => Content::Feeling(Feeling::of(&audio::decode_file(&path)?.to_speech()?, &*models.voice()?, None)?),
                Kind::Style => Content::Style(style(&path)?),
            };
            self.consulted.push(Consulted { path, content });
        }
        for constraint in &self.given {
            self.consulted.push(Consulted { path: constraint.path.clone(), content: Content::Motion(constraint.read()?) });
        }
        Ok(())
    }

    /// Every file that the direction names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let given = self.given.iter().map(|constraint| constraint.path.as_path());
        self.references().into_iter().map(|reference| reference.path.as_path()).chain(given)
    }

    /// The given motion that was read.
    pub fn excerpts(&self) -> impl Iterator<Item = (&Path, &Excerpt)> {
        self.consulted
            .iter()
            .filter_map(|c| if let Content::Motion(excerpt) = &c.content { Some((c.path.as_path(), excerpt)) } else { None })
    }

    pub(super) fn feeling(&self, path: &Path) -> Option<&Feeling> {
        self.consulted.iter().find_map(|c| match &c.content {
            Content::Feeling(feeling) if c.path == path => Some(feeling),
            _ => None,
        })
    }

    /// The style that was read from a file.
    pub fn style(&self, path: &Path) -> Option<&Likeness> {
        self.consulted.iter().find_map(|c| match &c.content {
            Content::Style(likeness) if c.path == path => Some(likeness),
            _ => None,
        })
    }
}

/// The style in a motion file, or behind a voice.
fn style(path: &Path) -> Result<Likeness> {
    let nothing = |what: &str| Error::Unsupported {
        what: format!("{}: {what}", path.display()),
        hint: "take the style from a longer .csv, .json or .bvh, or from a recording of a voice".into(),
    };
    match Format::of(path) {
        Ok(_) => Likeness::of_motion(&formats::read(path)?.performance).ok_or_else(|| nothing("less than two seconds of motion, or none")),
        Err(_) => Likeness::of_voice(&audio::decode_file(path)?.to_speech()?).ok_or_else(|| nothing("less than two seconds of speech")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Label;

    #[test]
    fn a_feeling_runs_along_with_words_of_its_length_and_is_a_mean_elsewhere() {
        let course: Vec<Point> = (0..60).map(|n| Label::Sad.at(n as f32 / 60.0)).collect();
        let feeling = Feeling { course, mean: Label::Sad.at(0.5), seconds: 2.0 };
        assert_eq!(feeling.at(30, 2.0), Label::Sad.at(0.5));
        assert!(feeling.at(50, 2.04)[0] < feeling.at(10, 2.04)[0]);
        assert_eq!((feeling.at(0, 5.0), feeling.at(100, 5.0)), (feeling.mean, feeling.mean));
        assert_eq!(Feeling::default().at(3, 0.0), [0.0; EMOTION]);
    }

    #[test]
    fn a_file_is_read_once_for_all_its_keys() {
        let direction = Direction::parse("from:a.wav @0 > from:a.wav:0.5+like:b.csv @1s > like:a.wav @2s").unwrap();
        assert_eq!(direction.references().len(), 3);
        let missing = Direction::parse("from:nowhere.wav").unwrap().consult(&Models::default()).unwrap_err();
        assert!(missing.to_string().contains("nowhere.wav") && missing.exit_code() == 1);
    }
}
