//! `gestus explain`: what a direction was understood to mean.

use super::messages::{Messages, print};
use crate::body::Expressivity;
use crate::direction::likeness::BODY;
use crate::direction::reference::{Consulted, Content, Kind, Reference};
use crate::direction::{Direction, Key, Term, Time};
use crate::emotion::{Label, lexicon, mixture};
use crate::face::coefficients::{self, NAMES};
use crate::face::{expression, style, vector};
use crate::{Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A direction, or a file with one (.toml, .json, .srt, .vtt)
    #[arg(value_name = "DIRECTION", required_unless_present = "words", allow_hyphen_values = true)]
    direction: Option<String>,
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
  gestus explain scene.srt";

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
    not_understood: Vec<String>,
}

/// What was found in a file: labels and how much of each, or figures of a style and how far they lie from the average.
#[derive(Debug, Serialize)]
struct Found {
    path: String,
    feeling: Vec<(&'static str, f32)>,
    style: Vec<(&'static str, f32)>,
}

pub fn run(arguments: &Arguments, _messages: &Messages) -> Result<()> {
    let Some(text) = &arguments.direction else { return print(&word_list()) };
    let mut direction = read(text)?;
    direction.consult(&crate::models::Models::Standard)?;
    let keys = direction.tracks.iter().flat_map(|t| t.keys.iter().map(|k| explain(t.region.map_or("all", |r| r.name()), k))).collect();
    let files = direction.consulted.iter().map(found).collect();
    let explanation = Explanation { keys, files, not_understood: direction.unknown };
    if arguments.json {
        return print(&super::take::to_json(&explanation)?);
    }
    let mut out: Vec<String> = explanation.keys.iter().map(table).collect();
    out.extend(explanation.files.iter().map(|f| {
        let (what, parts) = if f.style.is_empty() { ("feeling", &f.feeling) } else { ("style", &f.style) };
        format!("{}\n  {what:<8} {}", f.path, list(parts))
    }));
    if !explanation.not_understood.is_empty() {
        out.push(format!("not understood: {}", explanation.not_understood.join(", ")));
    }
    print(out.join("\n\n").trim_end())
}

/// A file where there is one of that name, else the text itself.
fn read(text: &str) -> Result<Direction> {
    let path = Path::new(text);
    let named = [".toml", ".json", ".srt", ".vtt"].iter().any(|end| text.ends_with(end));
    match named {
        true => Direction::from_file(&std::fs::read_to_string(path).map_err(Error::io(PathBuf::from(text)))?, path),
        false => Direction::parse(text),
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
    match &consulted.content {
        Content::Feeling(feeling) => {
            let weights = Label::ALL.iter().zip(mixture(&feeling.mean)).filter(|(_, w)| *w > 0.05);
            Found { path, feeling: weights.map(|(label, w)| (label.name(), round(w))).collect(), style: Vec::new() }
        }
        Content::Style(likeness) => {
            const BODY_NAMES: [&str; BODY] = ["arm extent (ratio)", "arm tempo (ratio)", "arm activity (ratio)"];
            let names = style::NAMES.into_iter().chain(BODY_NAMES);
            let figures = names.zip(likeness.face.iter().chain(&likeness.body));
            Found { path, feeling: Vec::new(), style: figures.filter_map(|(name, v)| Some((name, round((*v)?)))).collect() }
        }
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
    format!(
        "{}\n  feeling  {}{voice}{files}\n  valence  {:+.2}   arousal {:+.2}\n  face     {}\n  body     {body}",
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
