//! `gestus explain`: what a direction was understood to mean.

use super::messages::{Messages, print};
use super::take;
use super::voice;
use crate::audio;
use crate::body::Expressivity;
use crate::direction::auto::{self, Impression};
use crate::direction::encoder::TextEncoder;
use crate::direction::likeness::BODY;
use crate::direction::reference::{Consulted, Content, Kind, Reference};
use crate::direction::{Direction, Key, Term, Time};
use crate::emotion::{Label, lexicon, mixture};
use crate::face::coefficients::{self, NAMES};
use crate::face::{expression, style, vector};
use crate::models::Models;
use crate::speech::transcript::{Transcript, Word};
use crate::{Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A direction, or a file with one (.toml, .json, .srt, .vtt)
    #[arg(value_name = "DIRECTION", required_unless_present = "words", allow_hyphen_values = true)]
    direction: Option<String>,
    /// Recording in which `auto` hears the voice
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    audio: Option<PathBuf>,
    #[command(flatten)]
    voice: voice::Arguments,
    /// What is said in it, of whose words `auto` makes something too: .txt, .srt, .vtt, .TextGrid or .json
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    transcript: Option<PathBuf>,
    /// Folder with a BERT for sentences that reads the words of free text which are in no lexicon
    #[arg(long, value_name = "DIR")]
    text_encoder: Option<PathBuf>,
    /// List the words of feeling that are known, with the mix that each stands for
    #[arg(long, conflicts_with = "direction")]
    words: bool,
    /// Print as one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
The grammar:
  happy   sad:0.4   joy:0.6+surprise:0.3   angry-fear:0.5      labels, words of feeling, mixes; - guides away
  va(-0.6,0.7)                                                 valence and arousal, -1 to 1
  auto   auto:1.2   auto+happy:0.3                             what is heard in the voice
  from:other.wav   from:\"my take.wav\":0.7                      the feeling of another recording: along with it where the
                                                               lengths agree, else its mean
  happy+like:clip.csv   like:walk.bvh:0.5   like:voice.wav     the style of a motion, or of who speaks like this
  \"quietly furious, a raised left brow\"                       free text: words of feeling, degree and muscle
  happy+browInnerUp:0.4                                        muscles by ARKit's names, on top of the rest
  neutral @0 > happy @2.5s > sad:0.4 @80% ease smooth          over time; eases: linear, smooth, snap, slow-in, slow-out
  sad; brows=angry; mouth=happy:0.3 @1s-4s                     over face and body: face, brows, eyes, cheeks, mouth,
                                                               head, torso, hands, body

Examples:
  gestus explain \"joy:0.6+surprise:0.3\"
  gestus explain \"relieved, a tired half smile\" --json
  gestus explain scene.srt
  gestus explain auto --audio talk.wav --transcript talk.txt";

/// A key of a track, as understood.
#[derive(Debug, Serialize)]
struct Explained {
    region: &'static str,
    /// Seconds or percent, as asked for.
    when: String,
    mix: Vec<(&'static str, f32)>,
    /// Share of what is heard in the voice, which comes on top.
    heard: f32,
    /// Files that give a feeling or a style, with their shares.
    files: Vec<String>,
    /// Shades of feeling that free text is near to, with their shares.
    nearest: Vec<(String, f32)>,
    valence: f32,
    arousal: f32,
    /// What a resting face does under it: coefficient and value.
    face: Vec<(&'static str, f32)>,
    /// The body's manner, as ratios to neutral.
    extent: f32,
    tempo: f32,
    power: f32,
    openness: f32,
}

#[derive(Debug, Serialize)]
struct Explanation {
    keys: Vec<Explained>,
    /// What the files that are named hold.
    files: Vec<Found>,
    /// What `auto` hears and reads in the recording, by probability.
    felt: Vec<Felt>,
    not_understood: Vec<String>,
}

/// What one source says.
#[derive(Debug, Serialize)]
struct Felt {
    source: &'static str,
    shares: Vec<(&'static str, f32)>,
    /// Words that it rests on.
    telling: Vec<String>,
    #[serde(skip)]
    line: String,
}

/// What was found in a file: labels and how much of each, or figures of a style and how far they lie from the average.
#[derive(Debug, Serialize)]
struct Found {
    path: String,
    feeling: Vec<(&'static str, f32)>,
    style: Vec<(&'static str, f32)>,
    /// What of the body it gives, and when.
    given: String,
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let Some(text) = &arguments.direction else { return print(&word_list()) };
    let mut direction = read(text)?;
    if let Some(folder) = &arguments.text_encoder {
        direction.interpret(&TextEncoder::open(folder)?)?;
    }
    direction.consult(&Models::Standard)?;
    let felt = arguments.felt(messages)?;
    let keys = direction.tracks.iter().flat_map(|t| t.keys.iter().map(|k| explain(t.region.map_or("all", |r| r.name()), k))).collect();
    let files = direction.consulted.iter().map(found).collect();
    let explanation = Explanation { keys, files, felt, not_understood: direction.unknown };
    if arguments.json {
        return print(&take::to_json(&explanation)?);
    }
    let mut out: Vec<String> = explanation.keys.iter().map(table).collect();
    out.extend(explanation.files.iter().map(|f| {
        let (what, parts) = match f {
            Found { given, .. } if !given.is_empty() => ("gives", given.clone()),
            Found { style, .. } if !style.is_empty() => ("style", list(style)),
            _ => ("feeling", list(&f.feeling)),
        };
        format!("{}\n  {what:<8} {parts}", f.path)
    }));
    if !explanation.felt.is_empty() {
        out.push(explanation.felt.iter().map(|felt| format!("{:<21}{}", felt.source, felt.line)).collect::<Vec<_>>().join("\n"));
    }
    if !explanation.not_understood.is_empty() {
        out.push(format!("not understood: {}", explanation.not_understood.join(", ")));
    }
    print(out.join("\n\n").trim_end())
}

impl Arguments {
    /// What the recording and its words say.
    fn felt(&self, messages: &Messages) -> Result<Vec<Felt>> {
        let felt = |source, impression: Impression| Felt {
            source,
            line: impression.to_string(),
            shares: impression.shares.iter().map(|(name, share)| (*name, round(*share))).collect(),
            telling: impression.telling,
        };
        let transcript = self.transcript.as_deref().map(Transcript::open).transpose()?;
        let Some(audio) = &self.audio else {
            return Ok(transcript.map(|transcript| felt("read in the words", auto::read(&untimed(&transcript)))).into_iter().collect());
        };
        let speech = audio::decode_file(audio)?.to_speech()?;
        let models = Models::Standard;
        let words = take::words(&models, transcript.as_ref(), &speech)?;
        let heard = auto::hear(&*models.voice()?, &speech, self.voice.usual(true, &models, messages)?.as_ref(), &words)?;
        let words = heard.words.map(|words| felt("read in the words", words));
        Ok([felt("heard in the voice", heard.voice)].into_iter().chain(words).collect())
    }
}

/// Words as they follow one another, three a second.
fn untimed(transcript: &Transcript) -> Vec<Word> {
    let tokens = transcript.parts.iter().flat_map(|part| &part.tokens);
    tokens.enumerate().map(|(n, token)| Word { text: token.text.clone(), start: n as f64 / 3.0, end: (n + 1) as f64 / 3.0 }).collect()
}

/// A file where there is one of that name, else the text itself.
fn read(text: &str) -> Result<Direction> {
    let path = Path::new(text);
    let named = [".toml", ".json", ".srt", ".vtt"].iter().any(|end| text.ends_with(end));
    match named {
        true => Direction::from_file_open(&std::fs::read_to_string(path).map_err(Error::io(PathBuf::from(text)))?, path),
        false => Direction::parse_open(text),
    }
}

fn explain(region: &'static str, key: &Key) -> Explained {
    let point = key.mix.point();
    let weights = mixture(&point);
    let by_label = Label::ALL.iter().zip(weights).map(|(label, w)| (label.name(), w));
    let manner = Expressivity::mix(by_label.clone());
    let asked_away = key.mix.terms.iter().filter_map(|term| match *term {
        Term::Label { label, intensity } if intensity < 0.0 => Some((label.name(), round(intensity))),
        _ => None,
    });
    Explained {
        region,
        when: when(key),
        mix: by_label.skip(1).filter(|(_, w)| *w > 0.05).map(|(name, w)| (name, round(w))).chain(asked_away).collect(),
        heard: round(key.mix.heard()),
        files: key.mix.references.iter().map(named).collect(),
        nearest: key.mix.texts.iter().flat_map(|text| &text.nearest).map(|near| (near.name.clone(), round(near.share))).collect(),
        valence: round(point[0]),
        arousal: round(point[1]),
        face: resting_face(key),
        extent: round(manner.extent),
        tempo: round(manner.tempo),
        power: round(manner.power),
        openness: round(manner.openness),
    }
}

/// A reference as it was written.
fn named(reference: &Reference) -> String {
    let word = if reference.kind == Kind::Style { "like" } else { "from" };
    format!("{word}:{} {:.2}", reference.path.display(), reference.share)
}

fn found(consulted: &Consulted) -> Found {
    let path = consulted.path.display().to_string();
    let nothing = Found { path, feeling: Vec::new(), style: Vec::new(), given: String::new() };
    match &consulted.content {
        Content::Feeling(feeling) => {
            let weights = Label::ALL.iter().zip(mixture(&feeling.mean)).filter(|(_, w)| *w > 0.05);
            Found { feeling: weights.map(|(label, w)| (label.name(), round(w))).collect(), ..nothing }
        }
        Content::Style(likeness) => {
            const BODY_NAMES: [&str; BODY] = ["arm extent (ratio)", "arm tempo (ratio)", "arm activity (ratio)"];
            let names = style::NAMES.into_iter().chain(BODY_NAMES);
            let figures = names.zip(likeness.face.iter().chain(&likeness.body));
            Found { style: figures.filter_map(|(name, v)| Some((name, round((*v)?)))).collect(), ..nothing }
        }
        Content::Motion(excerpt) => Found { given: excerpt.to_string(), ..nothing },
    }
}

/// The strongest coefficients of a face at rest under the key.
fn resting_face(key: &Key) -> Vec<(&'static str, f32)> {
    let rest = vector::pack(&[0.0; coefficients::COUNT], Default::default(), Default::default());
    let mut face = vector::unpack(&expression::express(&rest, &key.mix.point(), 1.0)).0;
    key.mix.muscles.iter().for_each(|(c, v)| face[*c] = (face[*c] + v).clamp(0.0, 1.0));
    let mut shown: Vec<(&str, f32)> =
        NAMES.iter().zip(face).filter(|(n, v)| *v > 0.04 && !n.starts_with("eyeLook")).map(|(n, v)| (*n, round(v))).collect();
    shown.sort_by(|a, b| b.1.total_cmp(&a.1));
    shown
}

fn when(key: &Key) -> String {
    let one = |time: Time| match time {
        Time::Seconds(s) => format!("{s} s"),
        Time::Share(share) => format!("{} %", share * 100.0),
    };
    match key.span {
        None => String::new(),
        Some((from, None)) => one(from),
        Some((from, Some(to))) => format!("{} to {}", one(from), one(to)),
    }
}

fn round(x: f32) -> f32 {
    (x * 100.0).round() / 100.0
}

fn list(parts: &[(&str, f32)]) -> String {
    match parts.is_empty() {
        true => "-".to_string(),
        false => parts.iter().map(|(name, v)| format!("{name} {v:.2}")).collect::<Vec<_>>().join(", "),
    }
}

fn table(key: &Explained) -> String {
    let heading = format!("{} {}", key.region, key.when);
    let voice = if key.heard == 0.0 { String::new() } else { format!(" + {:.2} of what is heard in the voice", key.heard) };
    let files: String = key.files.iter().map(|file| format!(" + {file}")).collect();
    let body =
        format!("extent {:.2}, tempo {:.2}, power {:.2}, openness {:.2} (1 is neutral)", key.extent, key.tempo, key.power, key.openness);
    let near: Vec<String> = key.nearest.iter().map(|(name, share)| format!("{name}: {share:.2}")).collect();
    let near = if near.is_empty() { String::new() } else { format!("\n  near to  {}", near.join("; ")) };
    format!(
        "{}\n  feeling  {}{voice}{files}{near}\n  valence  {:+.2}   arousal {:+.2}\n  face     {}\n  body     {body}",
        heading.trim(),
        list(&key.mix),
        key.valence,
        key.arousal,
        list(&key.face)
    )
}

fn word_list() -> String {
    let line = |word: &str| {
        let parts: Vec<String> = lexicon::word(word).unwrap_or_default().iter().map(|(l, i)| format!("{}:{i}", l.name())).collect();
        format!("{word:<16} {}", parts.join("+"))
    };
    lexicon::words().map(line).collect::<Vec<_>>().join("\n")
}
