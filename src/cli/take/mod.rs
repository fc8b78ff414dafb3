//! What `render` and `animate` share: from a recording to a performance, and its motion files.

mod arguments;
mod heard;
mod summary;

pub use arguments::{Arguments, DialArguments, Quality};
pub use heard::{hear, tell, words};
pub use summary::{Summary, Timings, to_json};

use super::messages::Messages;
use super::outputs::{Kind, Target};
use super::values::Emotion;
use crate::actor::Actor;
use crate::audio::{self, Recording, Reel, Speech};
use crate::body::library::Library;
use crate::direction::Plan;
use crate::direction::auto::Heard;
use crate::direction::dials::Dials;
use crate::emotion::voice::Usual;
use crate::formats::bvh::Layout;
use crate::formats::{self, Format, Info, Settings};
use crate::motion::Performance;
use crate::perform::long::Shelf;
use crate::speech::transcript::Transcript;
use crate::speech::whisper::Whisper;
use crate::{Error, Result, interrupt};
use heard::{felt, made};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A recording on its way to a performance.
pub struct Take {
    pub recording: Recording,
    /// Without its samples where there is a reel.
    pub speech: Speech,
    /// The speech of a recording that is performed in parts.
    pub reel: Option<Reel>,
    /// Where its finished parts are.
    pub shelf: Shelf,
    /// What is asked of the character, from the command line or a file.
    pub emotion: Emotion,
    /// The direction over the recording's time, once it is performed.
    pub plan: Plan,
    pub library: Library,
    /// What is said, where the user told it.
    pub transcript: Option<Transcript>,
    /// What writes down what is said, until it has.
    pub whisper: Option<Whisper>,
    /// What is usual for the voice, where other recordings of it were named.
    pub usual: Option<Usual>,
    /// What is felt in the recording, where the direction asks for it.
    pub heard: Option<Heard>,
    pub performance: Performance,
    /// How BVH files are laid out.
    pub layout: Layout,
    /// Who is in GLB files.
    pub actor: Option<Arc<Actor>>,
    pub timings: Timings,
}

impl Take {
    /// Motion that needs no recording.
    pub fn silent(performance: Performance, emotion: Emotion, layout: Layout, timings: Timings) -> Take {
        let speech = Speech { seconds: performance.seconds, ..Speech::default() };
        let (recording, plan, library) = (Recording::default(), Plan::default(), Library::default());
        Take {
            recording,
            speech,
            reel: None,
            shelf: Shelf::none(),
            emotion,
            plan,
            library,
            transcript: None,
            whisper: None,
            usual: None,
            heard: None,
            performance,
            layout,
            actor: None,
            timings,
        }
    }

    /// Lets Whisper write the transcript, once.
    fn write_down(&mut self, messages: &Messages) -> Result<()> {
        let Some(mut whisper) = self.whisper.take() else { return Ok(()) };
        let mut stage = messages.stage("transcribe", self.speech.seconds.ceil() as usize);
        let whole = self.reel.as_ref().map(Reel::whole);
        let transcript = whisper.transcribe(whole.as_ref().unwrap_or(&self.speech), |seconds| stage.reached(seconds as usize))?;
        self.timings.set("transcribe", stage.finish());
        messages.say(format!("written down: {transcript}"));
        self.transcript = Some(transcript);
        Ok(())
    }

    /// Says which gestures the words of a transcript call for.
    pub fn tell_gestures(&self, messages: &Messages) {
        if self.transcript.is_some() {
            messages.say(format!("{} words, {}", self.plan.words.len(), made(&self.plan.gestures)));
        }
    }

    /// What of the direction subtitles cannot say.
    fn beyond_words(&self) -> Option<&'static str> {
        let direction = &self.emotion.direction;
        match (direction.dials != Dials::default(), !direction.given.is_empty()) {
            (true, true) => Some("the dials and the motion that is given"),
            (true, false) => Some("the dials"),
            (false, true) => Some("the motion that is given"),
            (false, false) => None,
        }
    }

    /// Writes the motion files among `targets`.
    pub fn write_motion(&mut self, targets: &[Target], info: &Info, messages: &Messages) -> Result<()> {
        let motion: Vec<&Target> = targets.iter().filter(|target| matches!(target.kind, Kind::Motion(_))).collect();
        if motion.is_empty() {
            return Ok(());
        }
        let mut stage = messages.stage("write", motion.len());
        let direction = Some(self.emotion.direction.clone());
        let settings = Settings { info: info.clone(), bvh: self.layout.clone(), actor: self.actor.clone(), direction };
        for (n, target) in motion.iter().enumerate() {
            interrupt::check()?;
            if let Kind::Motion(format) = target.kind {
                if let (Format::Srt, Some(left)) = (format, self.beyond_words()) {
                    messages.say(format!("{}: without {left}, for which subtitles have no words", target.path.display()));
                }
                formats::write_as(format, &target.path, &self.performance, &settings)?;
                if let Some(caveat) = format.caveat() {
                    messages.say(format!("{}: {caveat}", target.path.display()));
                }
            }
            stage.reached(n + 1);
        }
        self.timings.set("write", stage.finish());
        Ok(())
    }
}

/// Largest recording read from standard input, in bytes: an hour of 96 kHz stereo float, and more.
const STDIN_LIMIT: u64 = 4 << 30;

pub fn read(input: &Path) -> Result<Recording> {
    if input != Path::new("-") {
        return audio::decode_file(input);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(STDIN_LIMIT + 1).read_to_end(&mut bytes).map_err(Error::io("standard input"))?;
    if bytes.len() as u64 > STDIN_LIMIT {
        let what = "standard input: more than 4 GiB".to_string();
        return Err(Error::Limit { what, hint: "cut the recording into parts".into() });
    }
    audio::decode_bytes(bytes, "standard input", None)
}

/// The input's name as messages and files show it.
fn name(input: &Path) -> String {
    if input == Path::new("-") { "standard input".into() } else { input.display().to_string() }
}

fn join(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
