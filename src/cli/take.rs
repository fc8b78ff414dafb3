//! What `render` and `animate` share: from a recording to a performance, and its motion files.

use super::messages::{Messages, print};
use super::outputs::{self, Kind, Target};
use super::values::{Dial, Emotion, Fps, Weights};
use super::{bvh, given, long};
use crate::actor::Actor;
use crate::audio::{self, Recording, Reel, Speech};
use crate::body;
use crate::body::library::{Library, Placed};
use crate::direction::Plan;
use crate::direction::auto::{self, Heard, Impression};
use crate::direction::dials::Dials;
use crate::direction::encoder::TextEncoder;
use crate::direction::events::{Act, Event};
use crate::face::model;
use crate::formats::bvh::Layout;
use crate::formats::{self, Format, Info, Settings};
use crate::models::Models;
use crate::motion::Performance;
use crate::perform;
use crate::perform::long::Shelf;
use crate::speech::align;
use crate::speech::transcript::{Transcript, Word};
use crate::speech::whisper::Whisper;
use crate::{Error, Result, interrupt};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Recording of speech: WAV, MP3, FLAC, OGG, M4A, or a video with sound; `-` reads standard input
    #[arg(value_name = "INPUT")]
    pub input: Option<PathBuf>,
    /// File to write; its extension chooses the format. May be given several times; what exists is replaced
    #[arg(short, long = "output", value_name = "OUT", required = true)]
    pub outputs: Vec<PathBuf>,
    /// What the character feels, when and where: happy, joy:0.6+surprise:0.3, "neutral @0 > sad @4s; brows=angry",
    /// "quietly furious", auto for what is heard in the voice, from:other.wav for another's feeling, like:clip.csv for another's
    /// style (see `gestus explain --help`)
    #[arg(long, value_name = "DIRECTION", default_value = "neutral")]
    pub emotion: Emotion,
    /// File with the direction: TOML, JSON, or SRT and WebVTT whose texts are directions
    #[arg(long, value_name = "FILE", conflicts_with = "emotion")]
    pub direction: Option<PathBuf>,
    /// Something that happens at a time: "2.1s nod", "3s-5s look left", "4s wink left", "6s sigh", "0s-2s speak mumbled",
    /// "1s-4s lip-scale 1.3", "1.2s gesture stop"; may be given several times
    #[arg(long = "event", value_name = "EVENT")]
    pub events: Vec<Event>,
    #[command(flatten)]
    pub dials: DialArguments,
    /// What is said: .txt, .srt, .vtt, .TextGrid or .json with words. Its words call for gestures (see `gestus gestures`); where it
    /// gives no times of words they are found in the recording
    #[arg(long, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Folder with a Whisper model (config.json, tokenizer.json, model.safetensors) that writes the transcript
    #[arg(long, value_name = "DIR", conflicts_with = "transcript")]
    pub whisper: Option<PathBuf>,
    /// Folder with a BERT for sentences, such as all-MiniLM-L6-v2 (config.json, tokenizer.json, model.safetensors), that reads the
    /// words of free text which are in no lexicon
    #[arg(long, value_name = "DIR")]
    pub text_encoder: Option<PathBuf>,
    /// Folder with more gestures (JSON files; assets/gestures/README.md describes them)
    #[arg(long, value_name = "DIR")]
    pub gestures: Option<PathBuf>,
    #[command(flatten)]
    pub given: given::Arguments,
    #[command(flatten)]
    pub weights: Weights,
    /// Frames a second, 1 to 240
    #[arg(long, value_name = "RATE", default_value = "30")]
    pub fps: Fps,
    /// Number that chooses among the possible performances; the same seed gives the same files
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub seed: u64,
    /// Care taken with the performance
    #[arg(long, value_name = "LEVEL", default_value = "default")]
    pub quality: Quality,
    /// Recordings of twice this length and more are performed in parts, in constant memory; what a run that was ended has finished is
    /// kept in a hidden folder beside the first output, and the same command goes on from there
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(20..=3600))]
    pub part: u32,
    #[command(flatten)]
    pub bvh: bvh::Arguments,
    /// Fail instead of replacing files that exist
    #[arg(long)]
    pub no_clobber: bool,
    /// Check everything, say what would be written, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print a summary as one JSON object
    #[arg(long)]
    pub json: bool,
    /// What files call the recording, where INPUT is a copy of it
    #[arg(long, value_name = "NAME", hide = true)]
    pub known_as: Option<String>,
}

/// How much there is of what the character does by itself. Human ranges are those of people who talk.
#[derive(Debug, Default, Args)]
pub struct DialArguments {
    /// Number of blinks, 0 to 2 times the usual (people: 10 to 33 a minute) [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub blink: Option<Dial>,
    /// How far the eyes wander, 0 (they stay on the viewer) to 2 (people look away about half of the time) [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub gaze: Option<Dial>,
    /// How far the head moves, 0 to 2 (people: median 2 to 7, 95th percentile 9 to 29 degrees a second) [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub head: Option<Dial>,
    /// How far the arms gesture, 0 (they hang) to 2 (people: strokes of 0.2 to 0.3 m) [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub gesture: Option<Dial>,
}

impl DialArguments {
    /// Sets the dials that were given.
    pub fn set(&self, dials: &mut Dials) {
        let given = [(self.blink, &mut dials.blink), (self.gaze, &mut dials.gaze), (self.head, &mut dials.head)];
        for (dial, value) in given.into_iter().chain([(self.gesture, &mut dials.gesture)]) {
            *value = dial.map_or(*value, |dial| dial.0);
        }
    }
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
    /// What is felt in the recording, where the direction asks for it.
    pub heard: Option<Heard>,
    pub performance: Performance,
    /// How BVH files are laid out.
    pub layout: Layout,
    /// Who is in GLB files.
    pub actor: Option<Arc<Actor>>,
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
    pub fn new() -> Timings {
        Timings { stages: BTreeMap::new(), start: Instant::now() }
    }

    pub fn set(&mut self, stage: &'static str, seconds: f64) {
        self.stages.insert(stage, (seconds * 1000.0).round() / 1000.0);
    }

    /// Seconds of a stage; 0 if it did not run.
    pub fn get(&self, stage: &str) -> f64 {
        self.stages.get(stage).copied().unwrap_or(0.0)
    }

    /// Closes the account: everything since the start.
    pub fn finish(mut self) -> Timings {
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
    /// What was heard in the voice and read in the words, by probability.
    pub felt: BTreeMap<&'static str, BTreeMap<&'static str, f32>>,
    pub renderer: Option<String>,
    pub size: Option<String>,
    pub dry_run: bool,
    pub timings: Timings,
    /// What was performed.
    #[serde(skip)]
    pub performance: Performance,
}

impl Arguments {
    /// The outputs, checked before any work starts. `others` are more files that are read.
    pub fn targets(&self, others: &[&Path]) -> Result<Vec<Target>> {
        let inputs: Vec<&Path> = self.inputs().into_iter().chain(others.iter().copied()).collect();
        outputs::plan(&self.outputs, &inputs, self.no_clobber)
    }

    /// Files that are named in the direction.
    pub fn references(&self) -> Result<Vec<PathBuf>> {
        Ok(self.asked()?.direction.files().map(Path::to_path_buf).collect())
    }

    /// Every file that a take reads and an option names.
    pub fn inputs(&self) -> Vec<&Path> {
        let named = [&self.direction, &self.transcript, &self.whisper, &self.text_encoder, &self.gestures, &self.bvh.skeleton];
        let weights = match &self.weights.model {
            Models::Folder(folder) => Some(folder.as_path()),
            _ => None,
        };
        let named = named.into_iter().filter_map(|path| path.as_deref());
        self.input.as_deref().into_iter().chain(named).chain(weights).chain(self.given.files()).collect()
    }

    /// Says what is going to happen, before anything slow, and reads the recording.
    pub fn listen(&self, messages: &Messages) -> Result<Take> {
        let input = self.input.as_deref().ok_or_else(|| {
            Error::usage("no recording is given", "name one: `gestus animate talk.wav -o talk.bvh`; `-` reads standard input")
        })?;
        let verb = if self.dry_run { "would write" } else { "writing" };
        messages.say(format!("{}: {verb} {}", name(input), join(&self.outputs)));
        let mut emotion = self.asked()?;
        match &self.text_encoder {
            Some(folder) => emotion.direction.interpret(&TextEncoder::open(folder)?)?,
            None => emotion.direction.settle()?,
        }
        emotion.direction.events.extend_from_slice(&self.events);
        emotion.direction.given.extend(self.given.constraints().cloned());
        self.dials.set(&mut emotion.direction.dials);
        if !emotion.direction.unknown.is_empty() {
            messages.say(format!("warning: not understood and left out: {}", emotion.direction.unknown.join(", ")));
        }
        let library = super::gestures::library(self.gestures.as_deref())?;
        let transcript = self.transcript.as_deref().map(Transcript::open).transpose()?;
        let whisper = self.whisper.as_deref().map(Whisper::open).transpose()?;
        for event in &emotion.direction.events {
            if let Act::Gesture { name, .. } = &event.act {
                library.find(name)?;
            }
        }
        let mut timings = Timings::new();
        let stage = messages.stage("read", 0);
        let layout = self.bvh.layout(messages)?;
        let recording = read(input)?;
        if recording.missing > 0.05 {
            let (there, missing) = (recording.seconds(), recording.missing);
            messages.say(format!(
                "warning: {}: cut short, {missing:.2} s are missing after {there:.2} s; going on with what is there",
                name(input)
            ));
        }
        let long = recording.seconds() >= 2.0 * f64::from(self.part);
        let reel = long.then(|| recording.to_reel()).transpose()?;
        let speech = match &reel {
            Some(reel) => Speech { seconds: reel.seconds, ..Speech::default() },
            None => recording.to_speech()?,
        };
        emotion.direction.consult(&self.weights.model)?;
        emotion.direction.excerpts().for_each(|(path, excerpt)| messages.say(format!("{}: gives {excerpt}", path.display())));
        timings.set("read", stage.finish());
        Ok(Take { recording, speech, reel, library, transcript, whisper, ..Take::silent(Performance::default(), emotion, layout, timings) })
    }

    /// The direction of the command line or of its file.
    fn asked(&self) -> Result<Emotion> {
        let read = if self.text_encoder.is_some() { Emotion::read_open } else { Emotion::read };
        self.direction.as_deref().map_or_else(|| Ok(self.emotion.clone()), read)
    }

    /// Performs what was heard, at the frame rate asked for.
    pub fn perform(&self, take: &mut Take, messages: &Messages) -> Result<()> {
        self.perform_as(self.seed, take, messages)
    }

    /// The same for another seed.
    pub fn perform_as(&self, seed: u64, take: &mut Take, messages: &Messages) -> Result<()> {
        interrupt::check()?;
        take.write_down(messages)?;
        if let Some(reel) = take.reel.clone() {
            return long::perform(self, seed, take, &reel, messages);
        }
        let stage = messages.stage("perform", 0);
        let (direction, frames) = (&take.emotion.direction, Performance::frames_for(take.speech.seconds, body::RATE));
        let models = &self.weights.model;
        let words = words(models, take.transcript.as_ref(), &take.speech)?;
        take.heard = if direction.listens() { Some(hear(models, &take.speech, &words, messages)?) } else { None };
        take.plan = direction.plan(take.speech.seconds, frames, take.heard.as_ref().map_or(&[], |heard| &heard.course));
        perform::place(&mut take.plan, &take.library, &words, &take.speech, seed)?;
        take.tell_gestures(&words, messages);
        let options = perform::Options { seed, quality: self.quality.into() };
        take.performance = perform::perform(&*self.weights.model.face()?, &take.speech, &take.plan, options)?.resample(self.fps.0);
        take.plan.given.iter().for_each(|excerpt| excerpt.hold(&mut take.performance));
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
            input: self.input.as_deref().map_or_else(String::new, |input| input.display().to_string()),
            outputs: self.outputs.iter().map(|path| path.display().to_string()).collect(),
            frames: self.frames(&take),
            seconds: take.speech.seconds,
            fps: self.fps.0,
            seed: self.seed,
            emotion: take.emotion.text,
            felt: take.heard.as_ref().map(felt).unwrap_or_default(),
            renderer: None,
            size: None,
            dry_run: self.dry_run,
            timings: take.timings.finish(),
            performance: take.performance,
        }
    }

    /// The provenance that files carry.
    pub fn info(&self, take: &Take) -> Info {
        let model = concat!("gestus ", env!("CARGO_PKG_VERSION")).to_string();
        let audio = self.known_as.clone().or_else(|| self.input.as_deref().map(name)).unwrap_or_default();
        Info { audio, seed: self.seed, model, emotion: take.emotion.text.clone() }
    }
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
    pub fn tell_gestures(&self, words: &[Word], messages: &Messages) {
        if self.transcript.is_some() {
            messages.say(format!("{} words, {}", words.len(), made(&self.plan.gestures)));
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
                if format == Format::Srt && self.emotion.direction.dials != Dials::default() {
                    messages.say(format!("{}: without the dials, for which subtitles have no words", target.path.display()));
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

impl Summary {
    /// Shows the summary: as JSON on stdout if asked for, else as one line for people.
    pub fn show(&self, json: bool, messages: &Messages) -> Result<()> {
        let Summary { seconds, frames, fps, timings, .. } = self;
        messages.say(format!("{seconds:.2} s of speech, {frames} frames at {fps} a second; took {:.2} s", timings.get("total")));
        if json { print(&to_json(self)?) } else { Ok(()) }
    }
}

/// The feeling in the voice and in its words; says what it is on the whole, and how sure that is.
pub fn hear(models: &Models, speech: &Speech, words: &[Word], messages: &Messages) -> Result<Heard> {
    let heard = auto::hear(&*models.voice()?, speech, words)?;
    tell(&heard, messages);
    Ok(heard)
}

/// What was heard and read, for the summary.
fn felt(heard: &Heard) -> BTreeMap<&'static str, BTreeMap<&'static str, f32>> {
    let sources = [("voice", Some(&heard.voice)), ("words", heard.words.as_ref())];
    let shares = |impression: &Impression| impression.shares.iter().map(|(name, share)| (*name, (share * 1e3).round() / 1e3)).collect();
    sources.into_iter().filter_map(|(source, impression)| Some((source, shares(impression?)))).collect()
}

/// Says what is heard in a voice and read in its words, and how sure that is.
pub fn tell(heard: &Heard, messages: &Messages) {
    messages.say(format!("heard in the voice, by probability: {}", heard.voice));
    if let Some(words) = &heard.words {
        messages.say(format!("read in the words, by probability: {words}"));
    }
}

/// The words of a transcript with their times.
pub fn words(models: &Models, transcript: Option<&Transcript>, speech: &Speech) -> Result<Vec<Word>> {
    let Some(transcript) = transcript else { return Ok(Vec::new()) };
    let heard = if transcript.is_timed() { Vec::new() } else { align::hear(&*models.content()?, speech)? };
    Ok(align::align(transcript, &heard, speech.seconds))
}

/// The gestures that will be seen, in a few words.
fn made(gestures: &[Placed]) -> String {
    let named: Vec<String> = gestures.iter().map(|p| format!("{:.2} s {}", p.time, p.gesture.name)).collect();
    if named.is_empty() { "no gesture".into() } else { format!("gestures: {}", named.join(", ")) }
}

/// One line of JSON.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::malformed("summary", e.to_string()))
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
