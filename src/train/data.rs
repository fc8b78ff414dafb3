//! The recordings as takes on one clock: features at 120 frames a second, phones at 60, motion at 30.

use super::npz::{Array, Npz};
use super::track;
use super::voices::Corpus;
use crate::audio::features::{MEL_RATE, Mel, Prosody};
use crate::audio::{self, Recording, SPEECH_RATE, Speech};
use crate::emotion::Label;
use crate::face::vector::{CHANNELS, Row};
use crate::speech::align::Pronounced;
use crate::speech::content::Posterior;
use crate::speech::phones::Class;
use crate::{Error, Result};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Motion frames a second.
pub const FPS: usize = 30;
/// Marks a frame without a phone label.
pub const UNLABELLED: u8 = u8::MAX;

/// Where a take comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    GridS1,
    GridOthers,
    Facegood,
    LrwAr,
    Elospheres,
    Tmhint,
    LiveLink,
    Mead,
    Ravdess,
    EmoDb,
    /// Speech of which words are known and neither phones nor mouths.
    Nemo,
    Korean,
    SpeechOcean,
    /// Made by [`super::synthesis`].
    Synthetic,
    /// Made by [`super::diphones`].
    Diphones,
    /// Made by [`super::flite`].
    Flite,
    /// Not speech: made by [`super::sounds`].
    Sound,
}

/// Which recordings a training may learn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Sources {
    /// Everything in the folder; some of it allows research only
    #[default]
    All,
    /// Only what its terms allow to be used commercially
    Commercial,
}

impl Sources {
    /// Whether takes of a source may be learned from.
    pub fn allow(self, source: Source) -> bool {
        use Source::{EmoDb, Facegood, Flite, GridOthers, GridS1, Sound, SpeechOcean, Synthetic};
        self == Sources::All || matches!(source, GridS1 | GridOthers | Facegood | EmoDb | SpeechOcean | Synthetic | Flite | Sound)
    }
}

/// What a take may be used for. Speakers never cross; a source of one speaker is split by takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    Train,
    Validation,
    Test,
}

/// What a tracker or a rig recorded of the mouth, in its own units.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mouth {
    pub opening: f32,
    pub width: f32,
    pub rounding: f32,
    pub jaw: f32,
}

/// Words that are said, and when, seconds, where that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub words: String,
    pub span: Option<(f64, f64)>,
}

/// One uninterrupted recording. Lists are empty where the source has no such channel.
#[derive(Clone, Debug)]
pub struct Take {
    pub source: Source,
    pub split: Split,
    pub speaker: String,
    pub name: String,
    /// Motion frames.
    pub frames: usize,
    /// Normalised log-mel bands.
    pub mel: Mel,
    pub prosody: Prosody,
    pub samples: Vec<f32>,
    /// Solved face motion and which of its channels mean something.
    pub motion: Vec<Row>,
    pub known: [bool; CHANNELS],
    pub mouth: Vec<Mouth>,
    /// Phone classes at 60 a second, [`UNLABELLED`] where nobody knows.
    pub phones: Vec<u8>,
    /// What is said, as it is written, in pieces; empty where nobody knows.
    pub text: Vec<Text>,
    /// How the words of the text are pronounced, once [`super::transcripts`] has read it.
    pub words: Vec<Pronounced>,
    pub emotion: Label,
}

impl Take {
    pub(crate) fn silent(source: Source, split: Split, speaker: &str, name: String, frames: usize) -> Take {
        Take {
            source,
            split,
            speaker: speaker.to_string(),
            name,
            frames,
            mel: Mel::default(),
            prosody: Prosody::default(),
            samples: Vec::new(),
            motion: Vec::new(),
            known: [false; CHANNELS],
            mouth: Vec::new(),
            phones: Vec::new(),
            text: Vec::new(),
            words: Vec::new(),
            emotion: Label::Neutral,
        }
    }

    pub(super) fn hear(mut self, speech: Speech) -> Take {
        let mel = Mel::of(&speech);
        self.prosody = Prosody::of(&speech, &mel, self.frames);
        self.mel = mel.normalised();
        self.samples = speech.samples;
        self
    }

    /// What is heard of it.
    pub fn speech(&self) -> Speech {
        Speech { samples: self.samples.clone(), seconds: self.frames as f64 / FPS as f64 }
    }

    /// A speaker for choosing who may join the training once that is done.
    pub(super) fn is_held_out(&self) -> bool {
        self.source == Source::EmoDb && self.split == Split::Validation
    }

    /// The class of every labelled frame of speech, and whether it is the likeliest of those that are heard.
    pub fn told(&self, heard: &[Posterior]) -> Vec<(u8, bool)> {
        let labelled = self.phones.iter().zip(heard).filter(|(class, _)| Class::from_index(**class).is_some_and(|c| c != Class::Silence));
        labelled.map(|(class, row)| (*class, row.iter().all(|p| *p <= row[usize::from(*class)]))).collect()
    }

    /// Writes the classes of labelled stretches on the clock of the phones.
    pub(super) fn label(mut self, spans: &[Span]) -> Take {
        let class = |k: usize| {
            let time = k as f64 / (2 * FPS) as f64;
            let span = spans.iter().find(|s| (s.start..s.end).contains(&time));
            span.and_then(|s| s.class).map_or(UNLABELLED, |c| c as u8)
        };
        self.phones = (0..2 * self.frames).map(class).collect();
        self
    }
}

/// Arabic presenters kept for choosing between models, and for the final figures. `misc` mixes people and stays out.
const AR_VALIDATION: [&str; 2] = ["g16", "g49"];
const AR_TEST: [&str; 3] = ["g11", "g53", "g59"];
const AR_EXCLUDED: [&str; 1] = ["misc"];

/// Everything that moves a face, with or without sound.
pub fn faces(root: &Path) -> Result<Vec<Take>> {
    let mut jobs: Vec<(Source, Split, PathBuf)> = Vec::new();
    for file in list(&root.join("face/grid_s1"))? {
        let split = match stem(&file).as_str() {
            "s1_17" | "s1_18" => Split::Test,
            "s1_16" => Split::Validation,
            _ => Split::Train,
        };
        jobs.push((Source::GridS1, split, file));
    }
    for file in list(&root.join("face/facegood"))? {
        let split = if stem(&file).ends_with("2_05") { Split::Test } else { Split::Train };
        jobs.push((Source::Facegood, split, file));
    }
    for file in list(&root.join("face_many/lrw_ar"))? {
        let group = stem(&file);
        let split = match group.as_str() {
            g if AR_EXCLUDED.contains(&g) => continue,
            g if AR_TEST.contains(&g) => Split::Test,
            g if AR_VALIDATION.contains(&g) => Split::Validation,
            _ => Split::Train,
        };
        jobs.push((Source::LrwAr, split, file));
    }
    for (folder, source, split) in [
        ("face/grid_multi", Source::GridOthers, Split::Test),
        ("face_many/grid_more", Source::GridOthers, Split::Test),
        ("face_many/elospheres", Source::Elospheres, Split::Test),
        ("face_many/tmhint", Source::Tmhint, Split::Train),
        ("face/livelink_motion_only", Source::LiveLink, Split::Train),
        ("face_many/mead_motion_only", Source::Mead, Split::Train),
    ] {
        jobs.extend(list(&root.join(folder))?.into_iter().map(|file| (source, split, file)));
    }
    let takes: Vec<Vec<Take>> = jobs.par_iter().map(|(source, split, file)| read(*source, *split, file)).collect::<Result<_>>()?;
    Ok(takes.into_iter().flatten().collect())
}

/// Speech with phone times: acted German by hand and, where it is not learned from, English by machine.
pub fn phones(root: &Path) -> Result<Vec<Take>> {
    let mut takes = Vec::new();
    for (folder, table, source, (validation, test)) in [
        ("ravdess", "phones_auto.csv", Source::Ravdess, (&["19", "20", "21", "23", "24"][..], &[][..])),
        ("emodb", "phones.csv", Source::EmoDb, (&["14"][..], &["15", "16"][..])),
    ] {
        let folder = root.join("emotion").join(folder);
        let spans = phone_spans(&folder.join(table), source)?;
        let labels = table_rows(&folder.join("labels.csv"))?;
        let read = |row: &HashMap<String, String>| -> Option<Result<Take>> {
            let name = row.get("file")?;
            let spans = spans.get(name)?;
            let speaker = row.get("speaker")?;
            let split = match speaker.as_str() {
                s if test.contains(&s) => Split::Test,
                s if validation.contains(&s) => Split::Validation,
                _ => Split::Train,
            };
            let emotion = row.get("emotion").and_then(|e| Label::parse(e)).unwrap_or_default();
            let text = text_in(row);
            let take = recorded(source, split, speaker, name, &folder).map(|take| Take { emotion, text, ..take });
            // The machine's phones come up to 0.12 s late: loud vowels are labelled as stops. Only what is printed about them is by them.
            let labelled = source != Source::Ravdess || split != Split::Train;
            Some(take.map(|take| if labelled { take.label(spans) } else { take }))
        };
        takes.extend(labels.par_iter().filter_map(read).collect::<Result<Vec<_>>>()?);
    }
    Ok(takes)
}

/// Speech of many more people, whose mouths nobody knows and of whose phones only the words are known; those kept for judging an ear for feelings stay out.
pub fn voices(root: &Path) -> Result<Vec<Take>> {
    let mut takes = Vec::new();
    for (source, corpus) in [(Source::Nemo, Some(Corpus::Nemo)), (Source::Korean, Some(Corpus::Korean)), (Source::SpeechOcean, None)] {
        let folder = root.join("emotion").join(corpus.map_or("speechocean_en", Corpus::folder));
        let read = |row: &HashMap<String, String>| -> Option<Result<Take>> {
            let learned = |speaker: &&String| corpus.is_none_or(|c| c.split(speaker) == Split::Train);
            let (name, speaker) = (row.get("file")?, row.get("speaker").filter(learned)?);
            let text = text_in(row);
            Some(recorded(source, Split::Train, speaker, name, &folder).map(|take| Take { text, ..take }))
        };
        takes.extend(table_rows(&folder.join("labels.csv"))?.par_iter().filter_map(read).collect::<Result<Vec<_>>>()?);
    }
    Ok(takes)
}

/// A labelled stretch of sound, seconds; no class where the label says nothing about the lips.
pub(super) struct Span {
    pub start: f64,
    pub end: f64,
    pub class: Option<Class>,
}

/// The text of a row of labels, whose times nobody knows.
fn text_in(row: &HashMap<String, String>) -> Vec<Text> {
    row.get("text").map(|words| Text { words: words.clone(), span: None }).into_iter().collect()
}

/// One recording of a corpus.
fn recorded(source: Source, split: Split, speaker: &str, name: &str, folder: &Path) -> Result<Take> {
    spoken(source, split, speaker, name.to_string(), &audio::decode_file(&folder.join("audio").join(format!("{name}.ogg")))?)
}

/// A take of speech alone.
pub(super) fn spoken(source: Source, split: Split, speaker: &str, name: String, recording: &Recording) -> Result<Take> {
    let speech = recording.to_speech()?;
    let frames = speech.samples.len() * FPS / SPEECH_RATE as usize;
    Ok(Take::silent(source, split, speaker, name, frames).hear(speech))
}

fn phone_spans(table: &Path, source: Source) -> Result<HashMap<String, Vec<Span>>> {
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    for row in table_rows(table)? {
        let field = |name: &str| row.get(name).map(String::as_str).unwrap_or_default();
        let (Ok(start), Ok(end)) = (field("start_s").parse(), field("end_s").parse()) else { continue };
        let class = if source == Source::Ravdess { Class::from_arpabet(field("phone")) } else { Class::from_sampa(field("phone")) };
        spans.entry(field("file").to_string()).or_default().push(Span { start, end, class });
    }
    Ok(spans)
}

/// Reads all takes of one archive and the sound beside it.
fn read(source: Source, split: Split, file: &Path) -> Result<Vec<Take>> {
    let npz = Npz::open(file)?;
    let values = npz.get("values")?;
    let (scale, fps) = (npz.number("scale")?, npz.number("fps")?);
    let names = &npz.get("names")?.strings;
    let track = track::Track { names, values: values.numbers.iter().map(|v| v * scale).collect(), fps };
    let speaker = format!("{source:?} {}", if source == Source::GridS1 { "s1".into() } else { stem(file) });
    let sound = file.with_extension("ogg");
    let samples = if sound.exists() { audio::decode_file(&sound)?.to_speech()?.samples } else { Vec::new() };
    let bounds: Vec<usize> = match npz.get("take_starts") {
        Ok(starts) => starts.numbers.iter().map(|s| *s as usize).collect(),
        Err(_) => vec![0, track.frames()],
    };
    let labels = |key: &str| npz.get(key).ok().map(|a: &Array| a.strings.clone()).unwrap_or_default();
    let (take_names, emotions, words) = (labels("take_names"), labels("take_emotions"), labels("words"));
    let solver = track::Solver::fit(source, &track, &bounds, &emotions);
    let mut takes = Vec::new();
    for (k, pair) in bounds.windows(2).enumerate() {
        let (first, last) = (pair[0], pair[1]);
        let frames = ((last - first) as f32 * FPS as f32 / fps) as usize;
        if frames < 8 {
            continue;
        }
        let name = format!("{} {}", stem(file), take_names.get(k).cloned().unwrap_or_default());
        let mut take = Take::silent(source, split, &speaker, name, frames);
        take.text = words.get(k).map(|timed| text_of(timed)).unwrap_or_default();
        (take.motion, take.mouth, take.known) = solver.solve(&track, first, last, frames);
        take.emotion = emotions.get(k).and_then(|e| Label::parse(e)).unwrap_or_else(|| emotion_of_file(source, file));
        if !samples.is_empty() {
            let at = |frame: usize| (frame as f64 / f64::from(fps) * f64::from(SPEECH_RATE)) as usize;
            let cut = &samples[at(first).min(samples.len())..at(last).min(samples.len())];
            take = take.hear(Speech { samples: cut.to_vec(), seconds: cut.len() as f64 / f64::from(SPEECH_RATE) });
        }
        takes.push(take);
    }
    Ok(takes)
}

/// The words of a list of `word:start:end`, milliseconds, without its silences.
fn text_of(timed: &str) -> Vec<Text> {
    let text = |word: &str| {
        let mut fields = word.split(':');
        let words = fields.next().filter(|word| !matches!(*word, "sil" | "sp"))?.to_string();
        let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / 1000.0);
        let span = seconds().and_then(|start| Some((start, seconds()?)));
        Some(Text { words, span })
    };
    timed.split_whitespace().filter_map(text).collect()
}

fn emotion_of_file(source: Source, file: &Path) -> Label {
    let word = stem(file);
    if source == Source::LiveLink { word.split('_').next().and_then(Label::parse).unwrap_or(Label::Neutral) } else { Label::Neutral }
}

/// Rows of log-mel for motion frames `from..from + frames`, zeros (the mean) beyond the end.
pub fn mel_window(mel: &Mel, from: usize, frames: usize) -> Vec<f32> {
    let per_frame = MEL_RATE / FPS * crate::audio::features::BANDS;
    let (start, end) = (from * per_frame, (from + frames) * per_frame);
    let mut rows = mel.values.get(start..end.min(mel.values.len())).unwrap_or_default().to_vec();
    rows.resize(frames * per_frame, 0.0);
    rows
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::io(folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "npz")).collect();
    files.sort();
    Ok(files)
}

/// Rows of a comma-separated table with a header. Quoted fields may hold commas.
pub(super) fn table_rows(path: &Path) -> Result<Vec<HashMap<String, String>>> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let mut lines = text.lines();
    let header: Vec<String> = fields(lines.next().unwrap_or_default());
    Ok(lines.map(|line| header.iter().cloned().zip(fields(line)).collect()).collect())
}

fn fields(line: &str) -> Vec<String> {
    let (mut out, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    out.push(field);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder of recordings: `GESTUS_DATA`, or `../shared` beside the package.
    fn root() -> PathBuf {
        std::env::var_os("GESTUS_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from).join("data")
    }

    #[test]
    fn words_come_with_their_times() {
        let text = text_of("sil:0:950 bin:950:1180 sp:1360:1400 now:- sil:2120:2980");
        let expected = [("bin", Some((0.95, 1.18))), ("now", None)];
        assert_eq!(text, expected.map(|(words, span)| Text { words: words.to_string(), span }));
    }

    #[test]
    fn quoted_fields_keep_their_commas() {
        assert_eq!(fields("a,\"b, c\",d"), ["a", "b, c", "d"]);
    }

    #[test]
    fn no_speaker_is_in_two_splits() {
        let root = root();
        if !root.exists() {
            eprintln!("SKIPPED: no recordings at {} (set GESTUS_DATA)", root.display());
            return;
        }
        let takes = faces(&root).unwrap();
        for take in takes.iter().filter(|t| t.split != Split::Train && !matches!(t.source, Source::GridS1 | Source::Facegood)) {
            assert!(!takes.iter().any(|t| t.split != take.split && t.speaker == take.speaker), "{} is in two splits", take.speaker);
        }
        assert!(
            takes
                .iter()
                .filter(|t| !t.motion.is_empty())
                .all(|t| t.motion.len() == t.frames && t.motion.iter().flatten().all(|v| v.is_finite()))
        );
    }
}
