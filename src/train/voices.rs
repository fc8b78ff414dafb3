//! Acted voices of four corpora with what they feel: what the emotion encoder learns from and is judged by.

use super::data::{FPS, Split, table_rows};
use crate::Result;
use crate::audio::{self, SPEECH_RATE, Speech};
use crate::emotion::Label;
use crate::emotion::functionals::Functionals;
use crate::emotion::voice::{CLASSES, Voice};
use crate::speech::content::ContentEncoder;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

/// Where a voice comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Corpus {
    Ravdess,
    EmoDb,
    Nemo,
    Korean,
}

/// Boredom's class, which has no label.
pub const BORED: usize = 8;

impl Corpus {
    pub const ALL: [Corpus; 4] = [Corpus::Ravdess, Corpus::EmoDb, Corpus::Nemo, Corpus::Korean];

    /// The classes that its actors were asked for.
    pub fn classes(self) -> &'static [usize] {
        match self {
            Corpus::Ravdess => &[0, 1, 2, 3, 4, 5, 6, 7],
            Corpus::EmoDb => &[0, 2, 3, 4, 5, 6, BORED],
            Corpus::Nemo => &[0, 2, 3, 4, 5, 7],
            Corpus::Korean => &[0, 2, 3, 4],
        }
    }

    /// Whether its terms allow commercial use.
    pub fn is_commercial(self) -> bool {
        self == Corpus::EmoDb
    }

    pub(super) fn folder(self) -> &'static str {
        match self {
            Corpus::Ravdess => "ravdess",
            Corpus::EmoDb => "emodb",
            Corpus::Nemo => "nemo",
            Corpus::Korean => "korean_kaist",
        }
    }

    /// Speakers kept for choosing and for the final figures.
    pub(super) fn split(self, speaker: &str) -> Split {
        let (validation, test): (&[&str], &[&str]) = match self {
            Corpus::Ravdess => (&["16", "18"], &["19", "20", "21", "23", "24"]),
            Corpus::EmoDb => (&["14"], &["15", "16"]),
            Corpus::Nemo => (&["KS0"], &["EB0", "WR0"]),
            Corpus::Korean => (&[], &["emh"]),
        };
        if test.contains(&speaker) {
            Split::Test
        } else if validation.contains(&speaker) {
            Split::Validation
        } else {
            Split::Train
        }
    }
}

/// One acted clip.
#[derive(Clone, Debug)]
pub struct Clip {
    pub corpus: Corpus,
    pub split: Split,
    pub speaker: String,
    pub name: String,
    pub class: usize,
    /// 1 is full strength.
    pub strength: f32,
    pub speech: Speech,
}

impl Clip {
    /// Motion frames.
    pub fn frames(&self) -> usize {
        self.speech.samples.len() * FPS / SPEECH_RATE as usize
    }
}

/// A clip as the ear hears it.
#[derive(Clone, Debug)]
pub struct Spoken {
    pub clip: Clip,
    pub voice: Voice,
    /// How it is spoken.
    pub own: Functionals,
}

impl Spoken {
    /// All clips in which somebody speaks, heard with a content encoder.
    pub fn all(clips: Vec<Clip>, content: &ContentEncoder) -> Result<Vec<Spoken>> {
        let one = |clip: Clip| -> Result<Option<Spoken>> {
            let voice = Voice::of(&clip.speech, clip.frames(), content)?;
            Ok(Functionals::of(&voice).map(|own| Spoken { clip, voice, own }))
        };
        clips.into_par_iter().filter_map(|clip| one(clip).transpose()).collect()
    }
}

/// Some classes of EmoDB were found cut after two seconds, so all of it is: length must not tell the class.
const EMODB_SECONDS: usize = 2;

/// All clips under the folder of recordings, in the order of their tables.
pub fn clips(root: &Path) -> Result<Vec<Clip>> {
    let mut clips = Vec::new();
    for corpus in Corpus::ALL {
        let folder = root.join("emotion").join(corpus.folder());
        let rows = table_rows(&folder.join("labels.csv"))?;
        clips.extend(rows.par_iter().filter_map(|row| clip(corpus, &folder, row).transpose()).collect::<Result<Vec<_>>>()?);
    }
    Ok(clips)
}

/// One row of a table; nothing where a field is missing.
fn clip(corpus: Corpus, folder: &Path, row: &HashMap<String, String>) -> Result<Option<Clip>> {
    let (Some(name), Some(speaker), Some(emotion)) = (row.get("file"), row.get("speaker"), row.get("emotion")) else { return Ok(None) };
    let class = if emotion == "boredom" { Some(BORED) } else { Label::parse(emotion).map(|l| l as usize) };
    let Some(class) = class.filter(|c| *c < CLASSES) else { return Ok(None) };
    let mut speech = audio::decode_file(&folder.join("audio").join(format!("{name}.ogg")))?.to_speech()?;
    if corpus == Corpus::EmoDb {
        speech.samples.truncate(EMODB_SECONDS * SPEECH_RATE as usize);
    }
    speech.seconds = speech.samples.len() as f64 / f64::from(SPEECH_RATE);
    let strength = if row.get("intensity").is_some_and(|i| i == "normal") { 0.75 } else { 1.0 };
    let split = corpus.split(speaker);
    Ok(Some(Clip { corpus, split, speaker: speaker.clone(), name: name.clone(), class, strength, speech }))
}

/// Action units of a clip in the Facial Action Coding System: 1 2 4 5 6 7 9 10 12 14 15 17 20 23 25 26 45.
pub const UNITS: usize = 17;
const UNIT_NAMES: [&str; UNITS] = ["01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45"];

/// Mean intensities of the action units, 0..=5, over one clip of RAVDESS, as OpenFace saw them.
#[derive(Clone, Debug)]
pub struct ActionUnits {
    pub speaker: String,
    pub split: Split,
    pub label: Label,
    pub units: [f32; UNITS],
}

/// The action units of all of RAVDESS's clips under the folder of recordings.
pub fn action_units(root: &Path) -> Result<Vec<ActionUnits>> {
    let read = |row: &HashMap<String, String>| {
        let speaker = row.get("speaker")?.clone();
        let label = Label::parse(row.get("emotion")?)?;
        let units = UNIT_NAMES.map(|n| row.get(&format!("AU{n}_r")).and_then(|v| v.parse().ok()).unwrap_or(0.0));
        Some(ActionUnits { split: Corpus::Ravdess.split(&speaker), speaker, label, units })
    };
    Ok(table_rows(&root.join("emotion/ravdess/au_clip_means.csv"))?.iter().filter_map(read).collect())
}
