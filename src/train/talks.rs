//! Speech for the body: a speaker's recordings joined into takes of about a minute, with pauses between them.

use super::data::{Split, table_rows};
use super::voices::Corpus;
use crate::audio::{self, SPEECH_RATE, Speech};
use crate::{Error, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A take of one speaker.
#[derive(Clone, Debug)]
pub struct Talk {
    pub name: String,
    pub split: Split,
    pub speech: Speech,
}

/// Pauses between joined recordings, seconds, in turn: short ones to hold through, long ones to rest in.
const PAUSES: [f32; 5] = [0.5, 1.1, 0.3, 2.6, 0.8];
const SECONDS: f32 = 60.0;

impl Talk {
    /// Frames of motion at 30 a second.
    pub fn frames(&self) -> usize {
        crate::motion::Performance::frames_for(self.speech.seconds, 30.0)
    }
}

/// All talks of a split under the folder of recordings, in a fixed order; folders that are missing are left out.
pub fn talks(root: &Path, split: Split) -> Result<Vec<Talk>> {
    let mut speakers: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for corpus in Corpus::ALL {
        let folder = root.join("emotion").join(corpus.folder());
        if !folder.is_dir() {
            continue;
        }
        for row in table_rows(&folder.join("labels.csv"))? {
            let (Some(name), Some(speaker)) = (row.get("file"), row.get("speaker")) else { continue };
            if corpus.split(speaker) == split {
                let file = folder.join("audio").join(format!("{name}.ogg"));
                speakers.entry(format!("{corpus:?} {speaker}")).or_default().push(file);
            }
        }
    }
    for (folder, of) in [
        ("face/grid_s1", None),
        ("face/facegood", Some(Split::Train)),
        ("face_many/lrw_ar", Some(Split::Train)),
        ("face/grid_multi", Some(Split::Test)),
        ("face_many/grid_more", Some(Split::Test)),
        ("body/speech_only", Some(Split::Test)),
    ] {
        for file in sounds(&root.join(folder))? {
            let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            if of.unwrap_or_else(|| of_grid(&name)) == split && !KEPT.contains(&name.as_str()) {
                speakers.entry(format!("{folder} {name}")).or_default().push(file);
            }
        }
    }
    let joined: Vec<Vec<Talk>> = speakers.par_iter().map(|(name, files)| join(name, files, split)).collect::<Result<_>>()?;
    Ok(joined.into_iter().flatten().collect())
}

/// Groups and takes that other models keep for choosing and judging: the body does without them.
const KEPT: [&str; 7] = ["g16", "g49", "g11", "g53", "g59", "misc", "2_05"];

fn of_grid(name: &str) -> Split {
    match name {
        "s1_17" | "s1_18" => Split::Test,
        "s1_16" => Split::Validation,
        _ => Split::Train,
    }
}

fn sounds(folder: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "ogg")).collect();
    files.sort();
    Ok(files)
}

/// Joins recordings until a minute is full; longer ones are cut into minutes. Scraps under ten seconds are left out.
fn join(name: &str, files: &[PathBuf], split: Split) -> Result<Vec<Talk>> {
    let full = (SECONDS * SPEECH_RATE as f32) as usize;
    let mut takes: Vec<Vec<f32>> = vec![Vec::new()];
    for (k, file) in files.iter().enumerate() {
        let samples = audio::decode_file(file)?.to_speech()?.samples;
        for piece in samples.chunks(full) {
            if takes.last().is_none_or(|t| t.len() + piece.len() > full + full / 2 || t.len() >= full) {
                takes.push(Vec::new());
            }
            let Some(take) = takes.last_mut() else { return Err(Error::malformed(name, "has no take")) };
            if !take.is_empty() {
                take.resize(take.len() + (PAUSES[k % PAUSES.len()] * SPEECH_RATE as f32) as usize, 0.0);
            }
            take.extend_from_slice(piece);
        }
    }
    let talk = |(k, samples): (usize, Vec<f32>)| {
        let seconds = samples.len() as f64 / f64::from(SPEECH_RATE);
        Talk { name: format!("{name} {k}"), split, speech: Speech { samples, seconds } }
    };
    Ok(takes.into_iter().filter(|t| t.len() > full / 6).enumerate().map(talk).collect())
}
