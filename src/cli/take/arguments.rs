//! The options that `render` and `animate` share, and what is done with them.

use super::{Summary, Take, Timings, felt, hear, join, name, read, words};
use crate::audio::Speech;
use crate::cli::messages::Messages;
use crate::cli::outputs::{self, Target};
use crate::cli::values::{Dial, Emotion, Fps, Weights};
use crate::cli::{bvh, gestures, given, long, voice};
use crate::direction::dials::Dials;
use crate::direction::encoder::TextEncoder;
use crate::direction::events::{Act, Event};
use crate::face::model;
use crate::formats::Info;
use crate::models::Models;
use crate::motion::Performance;
use crate::speech::transcript::Transcript;
use crate::speech::whisper::Whisper;
use crate::{Error, Result, body, interrupt, perform};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

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
    #[command(flatten)]
    pub voice: voice::Arguments,
    /// What is said: .txt, .srt, .vtt, .TextGrid or .json with words. The lips go by them (in the Latin script), and they call for
    /// gestures (see `gestus gestures`); where it gives no times of words they are found in the recording
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
    /// kept in a hidden folder beside the first output, and the same command goes on from there (a GIF is drawn anew)
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
    /// How much the expression ebbs and flows, 0 (it is held) to 2 (people: by a fifth to two fifths of it) [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub ebb: Option<Dial>,
}

impl DialArguments {
    /// Sets the dials that were given.
    pub fn set(&self, dials: &mut Dials) {
        let given = [
            (self.blink, &mut dials.blink),
            (self.gaze, &mut dials.gaze),
            (self.head, &mut dials.head),
            (self.gesture, &mut dials.gesture),
            (self.ebb, &mut dials.ebb),
        ];
        for (dial, value) in given {
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

impl Arguments {
    /// The outputs, checked before any work starts. `others` are more files that are read.
    pub fn targets(&self, others: &[&Path]) -> Result<Vec<Target>> {
        let inputs: Vec<&Path> = self.inputs().into_iter().chain(self.voice.paths()).chain(others.iter().copied()).collect();
        outputs::plan(&self.outputs, &inputs, self.no_clobber)
    }

    /// Files that are named in the direction.
    pub fn references(&self) -> Result<Vec<PathBuf>> {
        Ok(self.asked()?.direction.files().map(Path::to_path_buf).collect())
    }

    /// Every file that a take reads and an option names, but for recordings of the voice.
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
        let library = gestures::library(self.gestures.as_deref())?;
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
        let usual = self.voice.usual(emotion.direction.listens(), &self.weights.model, messages)?;
        timings.set("read", stage.finish());
        Ok(Take {
            recording,
            speech,
            reel,
            library,
            transcript,
            whisper,
            usual,
            ..Take::silent(Performance::default(), emotion, layout, timings)
        })
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
        take.heard = if direction.listens() { Some(hear(models, &take.speech, take.usual.as_ref(), &words, messages)?) } else { None };
        take.plan = direction.plan(take.speech.seconds, frames, take.heard.as_ref().map_or(&[], |heard| &heard.course));
        take.plan.words = words;
        perform::place(&mut take.plan, &take.library, &take.speech, seed)?;
        take.tell_gestures(messages);
        let options = perform::Options { seed, quality: self.quality.into() };
        take.performance = perform::perform(&self.weights.model, &take.speech, &take.plan, options)?.resample(self.fps.0);
        take.plan.given.iter().try_for_each(|excerpt| excerpt.hold(&mut take.performance))?;
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
