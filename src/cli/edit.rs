//! `gestus edit`: changes in a finished take, and nothing else.

use super::bvh;
use super::messages::Messages;
use super::motion;
use super::outputs::{self, Kind, Target};
use super::take::{self, DialArguments};
use super::values::{Angles, Emotion, Span, Weights};
use super::voice;
use crate::body::library::Library;
use crate::direction::events::Event;
use crate::direction::{Direction, Region};
use crate::emotion::Point;
use crate::face::articulation::Contact;
use crate::formats::bvh::Layout;
use crate::formats::{self, Format, Info, Settings, json};
use crate::motion::edit::{self, Scope};
use crate::motion::{Head, Performance};
use crate::output::Output;
use crate::perform::{self, perform};
use crate::{Error, Result, audio, interrupt};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Take to edit: .json, .csv or .bvh; or .bvh and .csv of one take
    #[arg(value_name = "TAKE", required = true, num_args = 1..=2)]
    takes: Vec<PathBuf>,
    /// Motion file to write; may be given several times
    #[arg(short, long = "output", value_name = "OUT", required = true)]
    outputs: Vec<PathBuf>,
    /// Recording of the take; only --turn needs none
    #[arg(long, value_name = "FILE")]
    audio: Option<PathBuf>,
    /// What the character shall feel instead
    #[arg(long, value_name = "DIRECTION")]
    emotion: Option<Emotion>,
    /// File with the direction: TOML, JSON, SRT or WebVTT
    #[arg(long, value_name = "FILE", conflicts_with = "emotion")]
    direction: Option<PathBuf>,
    /// Something that shall happen too: "2.1s nod"; may be given several times
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<Event>,
    #[command(flatten)]
    dials: DialArguments,
    /// Another performance of the same direction
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Turn the head by yaw, pitch and roll in degrees: + to its left, down, left ear up
    #[arg(long, value_name = "Y,P,R", allow_hyphen_values = true)]
    turn: Option<Angles>,
    /// Change these regions alone: face, brows, eyes, cheeks, mouth, head, torso, hands, body, separated by commas
    #[arg(long, value_name = "REGIONS", value_delimiter = ',')]
    only: Vec<Region>,
    /// Change this part of the time alone: 2s-4s, 0:10-0:12.5
    #[arg(long, value_name = "SPAN")]
    span: Option<Span>,
    #[command(flatten)]
    voice: voice::Arguments,
    #[command(flatten)]
    weights: Weights,
    /// Direction that the take was performed under [default: what its .json says, else neutral]
    #[arg(long, value_name = "DIRECTION")]
    was: Option<Emotion>,
    /// Fail instead of replacing files that exist
    #[arg(long)]
    no_clobber: bool,
}

const EXAMPLES: &str = "\
What differs between performing the recording under the old direction and under the new one is added to the take. All
else stays as it was, in the file to the byte; at the ends of a span the edit comes and goes within 0.3 s.

Examples:
  gestus edit take.json --audio talk.wav -o new.json --emotion sad:0.8
  gestus edit take.json --audio talk.wav -o new.json --emotion angry --only brows,eyes --span 2s-4s
  gestus edit take.bvh take.csv --audio talk.wav -o new.bvh -o new.csv --event \"2.1s nod\"
  gestus edit take.json -o new.json --turn 10,0,-5
  gestus edit take.json --audio talk.wav -o new.json --seed 7 --span 3s-5s";

/// A take as it was read.
struct Original {
    performance: Performance,
    info: Info,
    /// The files it came from, with their text.
    texts: Vec<Text>,
    /// How its BVH file is laid out.
    layout: Layout,
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let inputs: Vec<&Path> = arguments.takes.iter().chain(&arguments.audio).chain(&arguments.direction).map(PathBuf::as_path).collect();
    let targets = outputs::plan(&arguments.outputs, &inputs, arguments.no_clobber)?;
    if let Some(video) = targets.iter().find(|target| !matches!(target.kind, Kind::Motion(_))) {
        let what = format!("{}: edit writes motion files only", video.path.display());
        return Err(Error::usage(what, "write a .json and render that"));
    }
    let changes = arguments.performs() || arguments.turn.is_some();
    if !changes {
        return Err(Error::usage("nothing says what to change", "give --emotion, --event, --turn, --seed or a dial such as --head 0.5"));
    }
    let original = Original::read(&arguments.takes, messages)?;
    let scope = Scope { regions: arguments.only.clone(), span: arguments.span.map(|Span(from, to)| (from, to)) };
    let mut edited = original.performance.clone();
    let mut info = original.info.clone();
    if arguments.performs() {
        let change = arguments.change(&original, messages)?;
        edited = edit::revise(&edited, &change.old, &change.new, &scope, &change.contacts);
        info.emotion = change.text;
        info.seed = change.seed;
    }
    if let Some(Angles(angles)) = arguments.turn {
        let [yaw, pitch, roll] = angles.map(f32::to_radians);
        edited = edit::turn(&edited, Head { yaw, pitch, roll }, &scope);
    }
    let changed = edited.frames.iter().zip(&original.performance.frames).filter(|(a, b)| a != b).count();
    let settings = Settings { info, bvh: original.layout, ..Settings::default() };
    targets.iter().try_for_each(|target| write(target, &edited, &settings, &original.texts))?;
    messages.say(format!("{changed} of {} frames changed", edited.frames.len()));
    Ok(())
}

/// Two performances of the take's words and rate.
struct Change {
    old: Performance,
    new: Performance,
    contacts: Vec<Contact>,
    /// The direction that the take now stands under, as far as one line can tell.
    text: String,
    seed: u64,
}

impl Arguments {
    /// Whether the words have to be performed.
    fn performs(&self) -> bool {
        let DialArguments { blink, gaze, head, gesture, ebb } = &self.dials;
        let dialled = [blink, gaze, head, gesture, ebb].into_iter().any(Option::is_some);
        self.emotion.is_some() || self.direction.is_some() || !self.events.is_empty() || self.seed.is_some() || dialled
    }

    fn change(&self, original: &Original, messages: &Messages) -> Result<Change> {
        let Some(audio) = &self.audio else {
            return Err(Error::usage(
                "--audio is missing",
                format!("name the recording of the take with --audio{}", named(&original.info)),
            ));
        };
        let stage = messages.stage("perform", 0);
        let speech = audio::decode_file(audio)?.to_speech()?;
        let (there, heard) = (original.performance.seconds, speech.seconds);
        if (there - heard).abs() > 0.1 + 1.0 / original.performance.fps {
            messages.say(format!("warning: the take lasts {there:.2} s and {} lasts {heard:.2} s", audio.display()));
        }
        let was = self.was(&original.info, messages);
        let mut wanted = match (&self.emotion, &self.direction) {
            (Some(emotion), _) => emotion.clone(),
            (None, Some(path)) => Emotion::read(path)?,
            (None, None) => was.clone(),
        };
        wanted.direction.events.extend_from_slice(&self.events);
        self.dials.set(&mut wanted.direction.dials);
        let model = self.weights.model.face()?;
        let frames = Performance::frames_for(speech.seconds, 30.0);
        let contacts = model.listen(&speech, frames, &[])?.contacts;
        let seed = self.seed.unwrap_or(original.info.seed);
        let listens = was.direction.listens() || wanted.direction.listens();
        let usual = self.voice.usual(listens, &self.weights.model, messages)?;
        let under = |mut direction: Direction, seed: u64| -> Result<Performance> {
            direction.consult(&self.weights.model)?;
            let heard: Vec<Point> = if direction.listens() {
                take::hear(&self.weights.model, &speech, usual.as_ref(), &[], messages)?.course
            } else {
                Vec::new()
            };
            let mut plan = direction.plan(speech.seconds, frames, &heard);
            crate::perform::place(&mut plan, &Library::builtin(), &speech, seed)?;
            interrupt::check()?;
            let performance = perform(&self.weights.model, &speech, &plan, perform::Options { seed, ..Default::default() })?;
            Ok(performance.resample(original.performance.fps))
        };
        let (old, new) = (under(was.direction, original.info.seed)?, under(wanted.direction, seed)?);
        stage.finish();
        let text = if self.only.is_empty() && self.span.is_none() { wanted.text } else { was.text };
        Ok(Change { old, new, contacts, text, seed: if self.span.is_none() { seed } else { original.info.seed } })
    }

    /// The direction of the take before the edit.
    fn was(&self, info: &Info, messages: &Messages) -> Emotion {
        let text = if info.emotion.is_empty() { "neutral" } else { &info.emotion };
        let told = || text.parse().or_else(|_| Emotion::read(Path::new(text))).ok();
        self.was.clone().or_else(told).unwrap_or_else(|| {
            messages.say(format!("warning: the take's direction \"{text}\" cannot be read; going on from neutral (see --was)"));
            Emotion { text: "neutral".into(), direction: Direction::default() }
        })
    }
}

/// What the take says of its recording.
fn named(info: &Info) -> String {
    if info.audio.is_empty() { String::new() } else { format!("; it says {}", info.audio) }
}

impl Original {
    /// Reads a take from one file, or its face and its body from two.
    fn read(paths: &[PathBuf], messages: &Messages) -> Result<Original> {
        let mut whole: Option<Performance> = None;
        let (mut info, mut texts, mut layout) = (Info::default(), Vec::new(), Layout::default());
        for path in paths {
            let format = Format::of(path)?;
            let performance = motion::load(path, messages)?.performance;
            let text = || std::fs::read_to_string(path).map_err(Error::io(path));
            match format {
                Format::Json => info = json::source(text()?.as_bytes()).unwrap_or_default(),
                Format::Bvh => layout = bvh::like(path, None, &Messages::SILENT)?,
                _ => {}
            }
            if let Some(rounding) = rounding(format) {
                texts.push(Text { format, rounding, original: text()? });
            }
            whole = Some(match whole {
                None => performance,
                Some(first) if format == Format::Bvh => together(first, &performance),
                Some(first) => together(performance.resample(first.fps), &first),
            });
        }
        Ok(Original { performance: whole.unwrap_or_default(), info, texts, layout })
    }
}

/// The face of one performance over the body of another; as long as the face.
fn together(face: Performance, body: &Performance) -> Performance {
    let body = if body.fps == face.fps { body.clone() } else { body.resample(face.fps) };
    let mut whole = face;
    for (n, frame) in whole.frames.iter_mut().enumerate() {
        if let Some(own) = body.frames.get(n).or(body.frames.last()) {
            frame.body = own.body.clone();
        }
    }
    whole
}

/// How far a number moves by being read and written again, in the formats whose text is kept: JSON has five decimals, angles in BVH four
/// of a degree.
fn rounding(format: Format) -> Option<f64> {
    match format {
        Format::Json => Some(1.5e-5),
        Format::LiveLink => Some(1e-9),
        Format::Bvh => Some(3e-4),
        _ => None,
    }
}

/// A file of the take as it stands, in a format whose text is kept where the edit left it alone.
struct Text {
    format: Format,
    rounding: f64,
    original: String,
}

/// Writes a file; what the take's file of that format had and the edit left alone is kept to the byte.
fn write(target: &Target, performance: &Performance, settings: &Settings, texts: &[Text]) -> Result<()> {
    let Kind::Motion(format) = target.kind else { return Ok(()) };
    let Some(text) = texts.iter().find(|text| text.format == format) else {
        return formats::write_as(format, &target.path, performance, settings);
    };
    let draft = tempfile::NamedTempFile::new().map_err(Error::io(std::env::temp_dir()))?;
    formats::write_as(format, draft.path(), performance, settings)?;
    let written = std::fs::read_to_string(draft.path()).map_err(Error::io(draft.path()))?;
    let mut output = Output::create(&target.path)?;
    output.write_all(formats::splice(&text.original, &written, text.rounding).as_bytes()).map_err(Error::io(&target.path))?;
    output.commit()
}
