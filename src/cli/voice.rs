//! The option that makes a voice known before it is heard.

use super::messages::Messages;
use crate::audio::{self, SPEECH_RATE};
use crate::batch::manifest;
use crate::emotion::voice::Usual;
use crate::models::Models;
use crate::motion::Performance;
use crate::{Error, Result, interrupt};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Args)]
pub struct Arguments {
    /// Another recording of the same voice, or a folder of them, best in several moods: `auto` hears how this one differs from what
    /// is usual for the voice. May be given several times
    #[arg(long = "voice", value_name = "PATH")]
    recordings: Vec<PathBuf>,
}

/// Most recordings that are listened to, and seconds of each: more of them tell hardly more.
const MOST: usize = 20;
const SECONDS: usize = 30;

/// The recordings in a folder; of anything else, the path itself.
pub fn recordings(path: &Path) -> Result<Vec<PathBuf>> {
    match path.is_dir() {
        true => Ok(manifest::recordings(path)?.into_iter().map(|name| path.join(name)).collect()),
        false => Ok(vec![path.to_path_buf()]),
    }
}

impl Arguments {
    /// What is named.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.recordings.iter().map(PathBuf::as_path)
    }

    /// What is usual for the voice; nothing where nothing was named, or where no direction `listens` to it, which is said.
    ///
    /// # Errors
    /// Those of reading the recordings; [`Error::Unsupported`] where nobody speaks in them.
    pub fn usual(&self, listens: bool, models: &Models, messages: &Messages) -> Result<Option<Usual>> {
        if self.recordings.is_empty() {
            return Ok(None);
        }
        if !listens {
            messages.say("warning: --voice changes nothing, since the direction has no auto");
            return Ok(None);
        }
        let files = self.recordings.iter().map(|path| recordings(path)).collect::<Result<Vec<_>>>()?.concat();
        let ear = models.voice()?;
        let every = files.len().div_ceil(MOST).max(1);
        let mut known = Vec::new();
        for file in files.iter().step_by(every) {
            interrupt::check()?;
            let mut speech = audio::decode_file(file)?.to_speech()?;
            speech.samples.truncate(SECONDS * SPEECH_RATE as usize);
            speech.seconds = speech.seconds.min(SECONDS as f64);
            known.extend(ear.acquaint(&ear.listen(&speech, Performance::frames_for(speech.seconds, 30.0))?)?);
        }
        let usual = Usual::mean(&known).ok_or_else(|| Error::Unsupported {
            what: format!("--voice {}: nobody speaks there", self.recordings[0].display()),
            hint: "name recordings of speech, or a folder of them".into(),
        })?;
        messages.say(format!("the voice is known from {} of {} recordings", known.len(), files.len()));
        Ok(Some(usual))
    }
}
