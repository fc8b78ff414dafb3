//! Gestures with a meaning: a library of them, the words that call for them, and how they enter the motion.
//!
//! What the other layers of the body do is led by the rhythm of speech. Emblems, pointing and depicting gestures (McNeill 1992) are
//! led by words: they are described in small files (`assets/gestures/`, one a gesture), chosen by [`choose`], and laid over the rest
//! as a [`track`], with their stroke on the stressed syllable of the word.
//!
//! | what | file |
//! |---|---|
//! | a gesture as its file describes it | [`gesture`] |
//! | hands through its keys, in a manner | [`course`] |
//! | an arm that brings a hand there | [`reach`] |
//! | preparation and retraction over other motion | [`track`] |
//! | words to gestures | [`choose`], [`language`] |

pub mod choose;
pub mod course;
pub mod gesture;
pub mod language;
pub mod reach;
pub mod track;

pub use gesture::Gesture;
pub use track::{Laid, Placed};

use crate::spelling;
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of our own gestures: name and text.
macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../assets/gestures/", $name, ".json")))),*]
    };
}

const FILES: &[(&str, &str)] = files! {
    "above" "all" "apart" "behind" "below" "big" "clap" "cold" "come" "count-1" "count-2" "count-3" "count-4"
    "count-5" "crazy" "cross-fingers" "drink" "eat" "enough" "facepalm" "fist" "go-away" "goodbye" "heart" "hello"
    "hush" "kiss" "later" "listen" "look" "low" "me" "money" "no" "nothing" "offer" "ok" "one-moment" "one-side"
    "other-side" "phew" "phone" "please" "promise" "quotes" "refuse" "round" "salute" "search" "shrug" "sleep"
    "small" "sniff" "so-so" "stop" "strong" "tall" "there-left" "there-right" "think" "thumbs-down" "thumbs-up"
    "time" "together" "victory" "weigh" "wide" "write" "yes" "you"
};

/// Largest gesture file, bytes, and most files of a folder.
const LARGEST: u64 = 1 << 20;
const MOST: usize = 10_000;

/// Gestures by name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    gestures: Vec<Arc<Gesture>>,
}

impl Library {
    /// The gestures that come with gestus.
    pub fn builtin() -> Library {
        // A test reads every file, so none can be missing here.
        let read = |(name, text): &(&str, &str)| Gesture::parse(text, name).ok().map(Arc::new);
        Library { gestures: FILES.iter().filter_map(read).collect() }
    }

    /// Adds every `.json` file of a folder; a gesture of a known name replaces that one.
    ///
    /// Fails with [`Error::Malformed`] and the file, line and column of a mistake.
    pub fn add_folder(&mut self, folder: &Path) -> Result<()> {
        let entries = std::fs::read_dir(folder).map_err(Error::io(folder))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_json(path)).take(MOST + 1).collect();
        if files.len() > MOST {
            return Err(Error::Limit { what: format!("{}: more than {MOST} gestures", folder.display()), hint: "split the folder".into() });
        }
        if files.is_empty() {
            return Err(Error::malformed(folder.display().to_string(), "no gesture (.json) is in this folder"));
        }
        files.sort();
        for file in files {
            let gesture = Arc::new(Gesture::parse(&read_text(&file, LARGEST)?, &file.display().to_string())?);
            match self.gestures.iter_mut().find(|known| known.name == gesture.name) {
                Some(known) => *known = gesture,
                None => self.gestures.push(gesture),
            }
        }
        Ok(())
    }

    pub fn gestures(&self) -> &[Arc<Gesture>] {
        &self.gestures
    }

    /// The gesture of a name; an unknown one is answered with the nearest.
    pub fn find(&self, name: &str) -> Result<Arc<Gesture>> {
        let names = || self.gestures.iter().map(|gesture| gesture.name.as_str());
        let unknown = || {
            let guess = spelling::guess(name, names());
            Error::usage(format!("there is no gesture \"{name}\""), format!("{guess}`gestus gestures` lists them"))
        };
        self.gestures.iter().find(|gesture| gesture.name == name).cloned().ok_or_else(unknown)
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

/// A text file of at most `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String> {
    let size = std::fs::metadata(path).map_err(Error::io(path))?.len();
    if size > most {
        return Err(Error::Limit { what: format!("{}: {size} bytes, more than {most}", path.display()), hint: "cut the file".into() });
    }
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    String::from_utf8(bytes)
        .map_err(|e| Error::malformed(path.display().to_string(), format!("byte {}: not UTF-8 text", e.utf8_error().valid_up_to())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_ours_is_read_and_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/gestures");
        let mut library = Library::default();
        library.add_folder(&folder).unwrap();
        let builtin = Library::builtin();
        assert_eq!(library.gestures.len(), builtin.gestures.len(), "a gesture is missing in FILES");
        for (name, text) in FILES {
            assert_eq!(Gesture::parse(text, name).unwrap().name, *name);
        }
        assert!(builtin.gestures.len() >= 40);
        for language in ["en", "de", "fr", "es"] {
            assert!(builtin.gestures.iter().filter(|g| g.words.contains_key(language)).count() >= 40, "{language}");
        }
    }

    #[test]
    fn unknown_names_are_answered_with_the_nearest() {
        let error = Library::builtin().find("thumb-up").unwrap_err();
        assert!(error.exit_code() == 2 && error.hint().unwrap().contains("did you mean thumbs-up?"), "{error}");
    }
}
