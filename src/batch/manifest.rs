//! Manifests: what to make of which recording.
//!
//! JSON lines, one job a line; blank lines and lines that begin with `#` are skipped:
//!
//! ```json
//! {"audio": "a.wav", "outputs": ["out/a.mp4", "out/a.bvh"], "emotion": "joy:0.8", "actor": "mika", "seed": 1}
//! ```
//!
//! CSV with the same names in its first row, outputs divided by `;`. Every other name is an option of `render` or `animate`; a list
//! gives it several times, `true` sets a switch. A folder stands for all recordings in it.

use super::stores::{Address, here};
use crate::{Error, Result};
use serde_json::{Map, Value};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

/// What one job asks for, unchecked.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// File and line, or the recording's name.
    pub place: String,
    pub audio: String,
    pub outputs: Vec<String>,
    /// Command-line words.
    pub options: Vec<String>,
}

/// Larger manifests are refused.
const LARGEST: u64 = 256 << 20;
/// More jobs are refused.
const MOST: usize = 1_000_000;
/// Longer lines are refused.
const LONGEST: usize = 64 << 10;
/// Ends of names that a folder is searched for.
const SOUNDS: [&str; 12] = ["wav", "mp3", "flac", "ogg", "oga", "m4a", "aac", "aif", "aiff", "caf", "mkv", "mp4"];
/// Options that belong to the whole run.
const RESERVED: [&str; 8] = ["known-as", "output", "json", "dry-run", "no-clobber", "quiet", "progress", "help"];

/// Reads a manifest by the end of its name: `.csv`, else JSON lines. Outputs that a line does not name follow `templates`, with the
/// recording's name in place of `{}`.
pub fn read(path: &Path, templates: &[String]) -> Result<Vec<Entry>> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(Error::io(path))?;
    parse(path, text, templates)
}

/// The same for a manifest in an object store, which has to be there by `end`: relative recordings and outputs lie beside it.
pub fn fetch(address: &Address, templates: &[String], end: Instant) -> Result<Vec<Entry>> {
    let entries = if address.is_folder() {
        let names = address.names(end)?;
        too_many(names.len(), &address.path().display().to_string())?;
        jobs(sounds(names), templates)
    } else {
        parse(&address.path(), address.read(LARGEST, end)?, templates)?
    };
    let home = address.home();
    let beside = |entry: Entry| Entry {
        audio: home.beside(&entry.audio),
        outputs: entry.outputs.iter().map(|output| home.beside(output)).collect(),
        ..entry
    };
    Ok(entries.into_iter().map(beside).collect())
}

fn parse(path: &Path, text: Vec<u8>, templates: &[String]) -> Result<Vec<Entry>> {
    let name = path.display().to_string();
    if text.len() as u64 > LARGEST {
        return Err(Error::Limit { what: format!("{name}: more than {} MiB", LARGEST >> 20), hint: "split it".into() });
    }
    let text = String::from_utf8(text).map_err(|_| Error::malformed(&name, "not text in UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let rows = if has_extension(path, &["csv"]) { csv_rows(text, &name)? } else { json_rows(text, &name)? };
    if rows.is_empty() {
        return Err(Error::malformed(name, "no jobs in it"));
    }
    rows.into_iter().map(|(place, fields)| entry(place, fields, templates)).collect()
}

/// One job for every recording in a folder, by name.
pub fn folder(path: &Path, templates: &[String]) -> Result<Vec<Entry>> {
    Ok(jobs(recordings(path)?, templates))
}

/// The names of all recordings in a folder, sorted.
pub fn recordings(path: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for found in std::fs::read_dir(path).map_err(Error::io(path))? {
        let file = found.map_err(Error::io(path))?.path();
        if file.is_file() {
            names.extend(file.file_name().and_then(OsStr::to_str).map(str::to_string));
        }
        too_many(names.len(), &path.display().to_string())?;
    }
    Ok(sounds(names))
}

/// The recordings among the names of files, sorted.
fn sounds(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| has_extension(Path::new(name), &SOUNDS));
    names.sort();
    names
}

fn jobs(recordings: Vec<String>, templates: &[String]) -> Vec<Entry> {
    let one = |name: String| Entry { outputs: fill(templates, &name), place: name.clone(), audio: name, options: Vec::new() };
    recordings.into_iter().map(one).collect()
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|e| known.contains(&e.to_ascii_lowercase().as_str()))
}

fn too_many(count: usize, origin: &str) -> Result<()> {
    let what = || format!("{origin}: more than {MOST} jobs");
    if count > MOST { Err(Error::Limit { what: what(), hint: "split it".into() }) } else { Ok(()) }
}

fn too_long(bytes: usize, place: &str) -> Result<()> {
    let what = || format!("{place}: longer than {} KiB", LONGEST >> 10);
    if bytes > LONGEST { Err(Error::Limit { what: what(), hint: "split it".into() }) } else { Ok(()) }
}

type Row = (String, Map<String, Value>);

fn json_rows(text: &str, name: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let (line, place) = (line.trim(), format!("{name}:{}", n + 1));
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        too_long(line.len(), &place)?;
        let fields =
            serde_json::from_str(line).map_err(|e| Error::malformed(&place, format!("not a JSON object, column {}: {e}", e.column())))?;
        rows.push((place, fields));
        too_many(rows.len(), name)?;
    }
    Ok(rows)
}

fn csv_rows(text: &str, name: &str) -> Result<Vec<Row>> {
    let wrong = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        Error::malformed(format!("{name}:{line}"), format!("not a row of the table: {e}"))
    };
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let names = reader.headers().map_err(wrong)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let place = format!("{name}:{}", record.position().map_or(0, csv::Position::line));
        too_long(record.as_slice().len(), &place)?;
        let mut fields = Map::new();
        for (key, cell) in names.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            let value = match (key, cell) {
                ("outputs", _) => Value::Array(cell.split(';').map(|path| path.trim().into()).collect()),
                (_, "true") => Value::Bool(true),
                (_, "false") => Value::Bool(false),
                _ => cell.into(),
            };
            fields.insert(key.to_string(), value);
        }
        rows.push((place, fields));
        too_many(rows.len(), name)?;
    }
    Ok(rows)
}

fn entry(place: String, mut fields: Map<String, Value>, templates: &[String]) -> Result<Entry> {
    let audio = match fields.remove("audio") {
        Some(Value::String(audio)) if !audio.is_empty() && audio != "-" => here(audio),
        _ => return Err(Error::malformed(place, "\"audio\" must name a recording")),
    };
    let outputs = match fields.remove("outputs") {
        None => fill(templates, &audio),
        Some(value) => {
            let outputs = texts(&value).ok_or_else(|| Error::malformed(&place, "\"outputs\" must be a list of file names"))?;
            outputs.into_iter().map(here).collect()
        }
    };
    if outputs.is_empty() {
        return Err(Error::malformed(place, "nothing to write: add \"outputs\", or give -o for all"));
    }
    if let Some(path) = outputs.iter().chain([&audio]).find(|path| path.contains(char::is_control)) {
        return Err(Error::malformed(place, format!("{path:?} is no file name")));
    }
    let mut options = Vec::new();
    for (name, value) in fields {
        options.extend(option(&place, &name, &value)?);
    }
    Ok(Entry { place, audio, outputs, options })
}

/// An option as command-line words.
fn option(place: &str, name: &str, value: &Value) -> Result<Vec<String>> {
    let flag = name.replace('_', "-");
    if RESERVED.contains(&flag.as_str()) || !flag.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
        return Err(Error::malformed(place, format!("\"{name}\" is no option of a job")));
    }
    match value {
        Value::Null | Value::Bool(false) => Ok(Vec::new()),
        Value::Bool(true) => Ok(vec![format!("--{flag}")]),
        _ => match texts(value) {
            Some(texts) => Ok(texts.into_iter().map(|text| format!("--{flag}={}", here(text))).collect()),
            None => Err(Error::malformed(place, format!("\"{name}\" must be a text, a number, true, false or a list"))),
        },
    }
}

/// A text, a number, or a list of them.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        // No command line has room for a NUL.
        Value::String(text) => (!text.contains('\0')).then(|| vec![text.clone()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::Array(list) => list.iter().map(|one| texts(one).filter(|t| !one.is_array() && t.len() == 1)?.pop()).collect(),
        _ => None,
    }
}

fn fill(templates: &[String], audio: &str) -> Vec<String> {
    let stem = Path::new(audio).file_stem().and_then(OsStr::to_str).unwrap_or_default();
    templates.iter().map(|template| template.replace("{}", stem)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str, templates: &[&str]) -> Result<Vec<Entry>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&path, &templates.iter().map(|t| t.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn lines_and_tables_say_the_same() {
        let json =
            "# lines\n\n{\"audio\": \"a b.wav\", \"outputs\": [\"out/a.mp4\", \"a.bvh\"], \"emotion\": \"sad, then angry\", \"seed\": 7}\n";
        let csv = "audio,outputs,emotion,seed\na b.wav,out/a.mp4; a.bvh,\"sad, then angry\",7\n";
        let [json, csv] = [written("j.jsonl", json, &[]), written("j.csv", csv, &[])].map(|jobs| jobs.unwrap().remove(0));
        assert_eq!(json.options, ["--emotion=sad, then angry", "--seed=7"]);
        assert_eq!((&json.audio, &json.outputs, &json.options), (&csv.audio, &csv.outputs, &csv.options));
        assert!(json.place.ends_with("j.jsonl:3") && csv.place.ends_with("j.csv:2"), "{} {}", json.place, csv.place);
    }

    #[test]
    fn switches_lists_and_templates() {
        let text = r#"{"audio":"in/x.wav","event":["1s nod","2s shake"],"fast":true,"slow":false,"lip_scale":1.5}"#;
        let job = written("j.jsonl", text, &["out/{}.mp4", "{}.csv"]).unwrap().remove(0);
        assert_eq!(job.outputs, ["out/x.mp4", "x.csv"]);
        assert_eq!(job.options, ["--event=1s nod", "--event=2s shake", "--fast", "--lip-scale=1.5"]);
    }

    #[test]
    fn file_addresses_are_paths() {
        let text = r#"{"audio":"file:///in/a%20b.wav","outputs":["file:///out/x.mp4"],"actor":"file:///me.glb"}"#;
        let job = written("j.jsonl", text, &[]).unwrap().remove(0);
        assert_eq!(
            (job.audio.as_str(), &job.outputs[..], &job.options[..]),
            ("/in/a b.wav", &["/out/x.mp4".into()][..], &["--actor=/me.glb".into()][..])
        );
    }

    #[test]
    fn mistakes_name_their_line() {
        let wrong = [
            "{\"audio\": 3}",
            "{\"outputs\": [\"a.mp4\"]}",
            "{\"audio\": \"-\", \"outputs\": [\"a.mp4\"]}",
            "{\"audio\": \"a.wav\"}",
            "{\"audio\": \"a.wav\", \"outputs\": [[\"a.mp4\"]]}",
            "{\"audio\": \"a.wav\", \"outputs\": [\"a.mp4\"], \"seed\": {}}",
            "{\"audio\": \"a.wav\", \"outputs\": [\"a.mp4\"], \"dry-run\": true}",
            "{\"audio\": \"a.wav\", \"outputs\": [\"a.mp4\"], \"x y\": 1}",
            "{\"audio\": \"a\\u0000.wav\", \"outputs\": [\"a.mp4\"]}",
            "{\"audio\": \"a.wav\", \"outputs\": [\"a\\u001b[2J.mp4\"]}",
            "{\"audio\": \"a.wav\", \"outputs\": [\"a.mp4\"], \"emotion\": \"sad\\u0000\"}",
            "{\"audio\": \"a.wav\", \"outputs\": [\"a.mp4\"], \"fps\": 1e999}",
            "{",
            "[]",
        ];
        for text in wrong {
            let error = written("j.jsonl", &format!("\n{text}"), &[]).unwrap_err().to_string();
            assert!(error.contains("j.jsonl:2"), "{text}: {error}");
        }
        let deep = format!("{{\"audio\": \"a.wav\", \"outputs\": {}{}}}", "[".repeat(20_000), "]".repeat(20_000));
        let long = format!("{{\"audio\": \"{}.wav\"}}", "a".repeat(LONGEST));
        assert!([deep, long].iter().all(|text| written("j.jsonl", text, &["{}.bvh"]).is_err()));
        assert!(written("j.csv", &format!("audio,outputs\n{}.wav,a.bvh\n", "a".repeat(LONGEST)), &[]).is_err());
        assert!(written("j.jsonl", "# nothing", &[]).is_err());
        assert!(written("j.csv", "audio,outputs\n\"a.wav,b\n", &[]).is_err());
    }
}
