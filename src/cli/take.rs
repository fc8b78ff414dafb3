//! What `render` and `animate` share: from a recording to a performance, and its motion files.

use super::messages::{Messages, print};
use super::outputs::{self, Kind, Target};
use super::values::{Emotion, Fps};
use crate::audio::{self, Recording, Speech};
use crate::body;
use crate::direction::Direction;
use crate::direction::events::Event;
use crate::face::model;
use crate::formats::{self, Info};
use crate::models::Models;
use crate::motion::Performance;
use crate::perform;
use crate::{Error, Result, interrupt};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Recording of speech: WAV, MP3, FLAC, OGG, M4A, or a video with sound; `-` reads standard input
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// File to write; its extension chooses the format. May be given several times; what exists is replaced
    #[arg(short, long = "output", value_name = "OUT", required = true)]
    pub outputs: Vec<PathBuf>,
    /// What the character feels, when and where: happy, joy:0.6+surprise:0.3, "neutral @0 > sad @4s; brows=angry",
    /// "quietly furious", auto for what is heard in the voice (see `gestus explain --help`)
    #[arg(long, value_name = "DIRECTION", default_value = "neutral")]
    pub emotion: Emotion,
    /// File with the direction: TOML, JSON, or SRT and WebVTT whose texts are directions
    #[arg(long, value_name = "FILE", conflicts_with = "emotion")]
    pub direction: Option<PathBuf>,
    /// Something that happens at a time: "2.1s nod", "3s-5s look left", "4s wink left", "6s sigh", "0s-2s speak mumbled",
    /// "1s-4s lip-scale 1.3"; may be given several times
    #[arg(long = "event", value_name = "EVENT")]
    pub events: Vec<Event>,
    /// Weights: standard, commercial (learned only from recordings whose terms allow that), or a folder of your own
    #[arg(long, value_name = "MODEL", default_value = "standard")]
    pub model: Models,
    /// Frames a second, 1 to 240
    #[arg(long, value_name = "RATE", default_value = "30")]
    pub fps: Fps,
    /// Number that chooses among the possible performances; the same seed gives the same files
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Care taken with the performance
    #[arg(long, value_name = "LEVEL", default_value = "default")]
    pub quality: Quality,
    /// Fail instead of replacing files that exist
    #[arg(long)]
    pub no_clobber: bool,
    /// Check everything, say what would be written, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print a summary as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Care taken with the performance.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Quality {
    /// Full sampling
    Default,
    /// Fewer sampling steps: faster, a little coarser
    Draft,
}

impl From<Quality> for model::Quality {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Default => model::Quality::Default,
            Quality::Draft => model::Quality::Draft,
        }
    }
}

/// A recording on its way to a performance.
pub struct Take {
    pub recording: Recording,
    pub speech: Speech,
    /// What is asked of the character, from the command line or a file.
    pub emotion: Emotion,
    pub performance: Performance,
    pub timings: Timings,
}

/// Seconds that each stage took, to the millisecond.
#[derive(Clone, Debug, Serialize)]
pub struct Timings {
    #[serde(flatten)]
    stages: BTreeMap<&'static str, f64>,
    #[serde(skip)]
    start: Instant,
}

impl Timings {
    pub fn set(&mut self, stage: &'static str, seconds: f64) {
        self.stages.insert(stage, (seconds * 1000.0).round() / 1000.0);
    }

    /// Seconds of a stage; 0 if it did not run.
    pub fn get(&self, stage: &str) -> f64 {
        self.stages.get(stage).copied().unwrap_or(0.0)
    }

    /// Closes the account: everything since the start.
    fn finish(mut self) -> Timings {
        self.set("total", self.start.elapsed().as_secs_f64());
        self
    }
}

/// What was done, for `--json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub command: &'static str,
    pub input: String,
    pub outputs: Vec<String>,
    /// Length of the recording.
    pub seconds: f64,
    pub fps: f64,
    pub frames: usize,
    pub seed: u64,
    pub emotion: String,
    pub renderer: Option<String>,
    pub size: Option<String>,
    pub dry_run: bool,
    pub timings: Timings,
}

impl Arguments {
    /// The outputs, checked before any work starts. `others` are more files that are read.
    pub fn targets(&self, others: &[&Path]) -> Result<Vec<Target>> {
        let inputs: Vec<&Path> = others.iter().copied().chain([self.input.as_path()]).chain(self.direction.as_deref()).collect();
        outputs::plan(&self.outputs, &inputs, self.no_clobber)
    }

    /// Says what is going to happen, before anything slow, and reads the recording.
    pub fn listen(&self, messages: &Messages) -> Result<Take> {
        let verb = if self.dry_run { "would write" } else { "writing" };
        messages.say(format!("{}: {verb} {}", name(&self.input), join(&self.outputs)));
        let mut emotion = self.asked()?;
        emotion.direction.events.extend(&self.events);
        if !emotion.direction.unknown.is_empty() {
            messages.say(format!("warning: not understood and left out: {}", emotion.direction.unknown.join(", ")));
        }
        let mut timings = Timings { stages: BTreeMap::new(), start: Instant::now() };
        let stage = messages.stage("read", 0);
        let recording = read(&self.input)?;
        if recording.missing > 0.05 {
            let (there, missing) = (recording.seconds(), recording.missing);
            messages.say(format!(
                "warning: {}: cut short, {missing:.2} s are missing after {there:.2} s; going on with what is there",
                name(&self.input)
            ));
        }
        let speech = recording.to_speech()?;
        timings.set("read", stage.finish());
        Ok(Take { recording, speech, emotion, performance: Performance::default(), timings })
    }

    /// The direction of the command line or of its file.
    fn asked(&self) -> Result<Emotion> {
        let Some(path) = &self.direction else { return Ok(self.emotion.clone()) };
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Ok(Emotion { text: path.display().to_string(), direction: Direction::from_file(&text, path)? })
    }

    /// Performs what was heard, at the frame rate asked for.
    pub fn perform(&self, take: &mut Take, messages: &Messages) -> Result<()> {
        interrupt::check()?;
        let stage = messages.stage("perform", 0);
        let (direction, frames) = (&take.emotion.direction, Performance::frames_for(take.speech.seconds, body::RATE));
        let heard = if direction.listens() { self.model.voice()?.hear(&take.speech, frames)? } else { Vec::new() };
        let plan = direction.plan(take.speech.seconds, frames, &heard);
        let options = perform::Options { seed: self.seed, quality: self.quality.into() };
        take.performance = perform::perform(&self.model.face()?, &take.speech, &plan, options)?.resample(self.fps.0);
        take.timings.set("perform", stage.finish());
        interrupt::check()
    }

    /// Frames that the performance of a take will have.
    pub fn frames(&self, take: &Take) -> usize {
        Performance::frames_for(take.speech.seconds, self.fps.0)
    }

    /// What was done, or in a dry run would be.
    pub fn summary(&self, command: &'static str, take: Take) -> Summary {
        Summary {
            command,
            input: self.input.display().to_string(),
            outputs: self.outputs.iter().map(|path| path.display().to_string()).collect(),
            frames: self.frames(&take),
            seconds: take.speech.seconds,
            fps: self.fps.0,
            seed: self.seed,
            emotion: take.emotion.text,
            renderer: None,
            size: None,
            dry_run: self.dry_run,
            timings: take.timings.finish(),
        }
    }

    /// The provenance that files carry.
    pub fn info(&self, take: &Take) -> Info {
        let model = concat!("gestus ", env!("CARGO_PKG_VERSION")).to_string();
        Info { audio: name(&self.input), seed: self.seed, model, emotion: take.emotion.text.clone() }
    }
}

impl Take {
    /// Writes the motion files among `targets`.
    pub fn write_motion(&mut self, targets: &[Target], info: &Info, messages: &Messages) -> Result<()> {
        let motion: Vec<&Target> = targets.iter().filter(|target| matches!(target.kind, Kind::Motion(_))).collect();
        if motion.is_empty() {
            return Ok(());
        }
        let mut stage = messages.stage("write", motion.len());
        for (n, target) in motion.iter().enumerate() {
            interrupt::check()?;
            formats::write(&target.path, &self.performance, info)?;
            stage.reached(n + 1);
        }
        self.timings.set("write", stage.finish());
        Ok(())
    }
}

impl Summary {
    /// Shows the summary: as JSON on stdout if asked for, else as one line for people.
    pub fn show(&self, json: bool, messages: &Messages) -> Result<()> {
        let Summary { seconds, frames, fps, timings, .. } = self;
        messages.say(format!("{seconds:.2} s of speech, {frames} frames at {fps} a second; took {:.2} s", timings.get("total")));
        if json { print(&to_json(self)?) } else { Ok(()) }
    }
}

/// One line of JSON.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::malformed("summary", e.to_string()))
}

/// Largest recording read from standard input, in bytes: an hour of 96 kHz stereo float, and more.
const STDIN_LIMIT: u64 = 4 << 30;

fn read(input: &Path) -> Result<Recording> {
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
