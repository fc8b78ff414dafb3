//! Direction files: TOML and JSON with the grammar inside, and subtitles whose texts are directions.

use super::dials::Dials;
use super::given::Constraint;
use super::{Direction, Time, Track, grammar};
use crate::{Error, Result};
use serde::Deserialize;
use std::path::Path;

/// A TOML or JSON file: `emotion` is a direction, or a list of them that lie over each other; `events` are lines; `dials` are
/// factors by name; `seed-motion`, `keep` and `pose` give motion ([`super::given`]).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    emotion: Option<OneOrMany>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    dials: Dials,
    #[serde(default, rename = "seed-motion")]
    seed_motion: Option<String>,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default)]
    pose: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// `open` leaves free text in which nothing is understood for later.
pub fn parse(text: &str, origin: &Path, open: bool) -> Result<Direction> {
    let text = text.trim_start_matches('\u{feff}');
    let extension = origin.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let malformed = |what: String| Error::malformed(origin.display().to_string(), what);
    let mut direction = match extension.as_str() {
        "toml" => page(toml::from_str(text).map_err(|e| malformed(e.to_string().trim().replace('\n', " ")))?, origin, open),
        "json" => page(serde_json::from_str(text).map_err(|e| malformed(e.to_string()))?, origin, open),
        "srt" | "vtt" => subtitles(text, origin, open),
        _ => Err(Error::usage(format!("{}: not a direction file", origin.display()), "use .toml, .json, .srt or .vtt")),
    }?;
    // Files are named from where the direction stands.
    let folder = origin.parent().unwrap_or(Path::new(""));
    let mixes = direction.tracks.iter_mut().flat_map(|track| &mut track.keys).map(|key| &mut key.mix);
    mixes.flat_map(|mix| &mut mix.references).for_each(|reference| reference.path = folder.join(&reference.path));
    direction.given.iter_mut().for_each(|given| given.path = folder.join(&given.path));
    Ok(direction)
}

fn page(page: Page, origin: &Path, open: bool) -> Result<Direction> {
    let texts = match page.emotion {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![text],
        Some(OneOrMany::Many(texts)) => texts,
    };
    page.dials.check().map_err(|e| placed(e, origin, None))?;
    let mut direction = Direction { dials: page.dials, ..Direction::default() };
    for event in page.events {
        direction.events.push(event.parse().map_err(|e| placed(e, origin, None))?);
    }
    let keep = page.keep.iter().map(|text| Constraint::keep(text));
    let seed = page.seed_motion.iter().map(|text| Constraint::seed(text));
    let given = keep.chain(seed).chain(page.pose.iter().map(|text| Constraint::pose(text)));
    direction.given = given.collect::<Result<_>>().map_err(|e| placed(e, origin, None))?;
    for text in texts {
        let part = grammar::parse(&text, open).map_err(|e| placed(e, origin, None))?;
        direction.tracks.extend(part.tracks);
        direction.unknown.extend(part.unknown);
    }
    Ok(direction)
}

/// SubRip and WebVTT alike: a line with `-->` and the lines below it up to an empty one. Lines in brackets are events.
fn subtitles(text: &str, origin: &Path, open: bool) -> Result<Direction> {
    let mut direction = Direction::default();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some((from, to)) = line.split_once("-->") else { continue };
        let to = to.split_whitespace().next().unwrap_or_default();
        let (Some(from), Some(to)) = (clock(from), clock(to)) else {
            return Err(Error::malformed(origin.display().to_string(), format!("line {}: the times cannot be read", number + 1)));
        };
        if to < from {
            return Err(Error::malformed(origin.display().to_string(), format!("line {}: the cue ends before it begins", number + 1)));
        }
        let words: Vec<&str> = lines.by_ref().map(|(_, line)| line.trim()).take_while(|line| !line.is_empty()).collect();
        let text = words.join(" ");
        if let Some(act) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            direction.events.push(format!("{from}s-{to}s {act}").parse().map_err(|e| placed(e, origin, Some(number + 2)))?);
            continue;
        }
        let cue = grammar::parse(&text, open).map_err(|e| placed(e, origin, Some(number + 2)))?;
        direction.unknown.extend(cue.unknown);
        for track in cue.tracks {
            if track.keys.iter().any(|key| key.span.is_some()) {
                return Err(timed(origin, number + 2));
            }
            direction.tracks.push(laid(track, from, to));
        }
    }
    match direction.tracks.is_empty() && direction.events.is_empty() {
        true => Err(Error::malformed(origin.display().to_string(), "no cue with times is in it")),
        false => Ok(direction),
    }
}

/// A track over the time of its cue: one key lasts for it, several are spread over it.
fn laid(mut track: Track, from: f64, to: f64) -> Track {
    let steps = track.keys.len() - 1;
    if steps == 0 {
        track.keys[0].span = Some((Time::Seconds(from), Some(Time::Seconds(to))));
        return track;
    }
    for (n, key) in track.keys.iter_mut().enumerate() {
        key.span = Some((Time::Seconds(from + (to - from) * n as f64 / steps as f64), None));
    }
    Track { within: Some((from, to)), ..track }
}

fn timed(origin: &Path, line: usize) -> Error {
    Error::malformed(origin.display().to_string(), format!("line {line}: the cue gives the time, so its text may not use @"))
}

/// `00:01:02,345`, `01:02.345`: seconds.
fn clock(text: &str) -> Option<f64> {
    let parts: Option<Vec<f64>> =
        text.trim().split(':').map(|p| p.replace(',', ".").parse::<f64>().ok().filter(|v| (0.0..1e6).contains(v))).collect();
    parts.filter(|p| (2..=3).contains(&p.len())).map(|p| p.iter().fold(0.0, |sum, v| sum * 60.0 + v))
}

/// A mistake in a direction, told with its file and line.
fn placed(error: Error, origin: &Path, line: Option<usize>) -> Error {
    let line = line.map(|l| format!("line {l}: ")).unwrap_or_default();
    let hint = error.hint().map(|h| format!(" ({h})")).unwrap_or_default();
    Error::malformed(origin.display().to_string(), format!("{line}{error}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: &str) -> Result<Direction> {
        parse(text, Path::new(name), false)
    }

    #[test]
    fn pages_in_both_languages() {
        let toml = read("emotion = [\"happy\", \"brows=angry @1s-2s\"]", "a.toml").unwrap();
        let json = read("{\"emotion\": [\"happy\", \"brows=angry @1s-2s\"]}", "a.json").unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml.tracks.len(), 2);
        let events = read("events = [\"2s nod\", \"3s-4s look left\"]", "a.toml").unwrap().events;
        assert_eq!(events.len(), 2);
        assert!(read("events = [\"2s nodd\"]", "a.toml").unwrap_err().to_string().contains("nodd"));
        let dials = read("dials = { blink = 0.5 }", "a.toml").unwrap().dials;
        assert_eq!(dials, Dials { blink: 0.5, ..Dials::default() });
        assert!(read("dials = { blink = 5 }", "a.toml").unwrap_err().to_string().contains("blink 5"));
        let given = read("keep = [\"hands=a.bvh\"]\npose = [\"2s=b.bvh#3\"]\nseed-motion = \"c.bvh\"", "scenes/a.toml").unwrap().given;
        assert_eq!(
            given.iter().map(|g| g.path.display().to_string()).collect::<Vec<_>>(),
            ["scenes/a.bvh", "scenes/c.bvh", "scenes/b.bvh"]
        );
        assert!(read("pose = [\"soon=b.bvh\"]", "a.toml").unwrap_err().to_string().contains("not a time"));
        assert!(read("mood = 1", "a.toml").unwrap_err().to_string().contains("mood"));
        assert!(read("emotion = \"hapy\"", "a.toml").unwrap_err().to_string().contains("did you mean happy"));
        assert_eq!(read("", "a.txt").unwrap_err().exit_code(), 2);
        let named = read("emotion = \"from:b.wav\"", "scenes/a.toml").unwrap();
        assert_eq!(named.references()[0].path, Path::new("scenes/b.wav"));
    }

    #[test]
    fn subtitles_give_times() {
        let srt = "1\n00:00:01,000 --> 00:00:02,500\nsad:0.5\n\n2\n00:00:03,000 --> 00:00:04,000\nquietly furious\n";
        let direction = read(srt, "a.srt").unwrap();
        assert_eq!(direction.tracks.len(), 2);
        assert_eq!(direction.tracks[0].keys[0].span, Some((Time::Seconds(1.0), Some(Time::Seconds(2.5)))));
        let vtt = "WEBVTT\n\n00:01.000 --> 00:02.500 align:start\nsad:0.5\n";
        assert_eq!(read(vtt, "a.vtt").unwrap().tracks[0], direction.tracks[0]);
        assert!(read("1\n00:00:01,000 --> 00:00:02,000\nhapy\n", "a.srt").unwrap_err().to_string().contains("line 3"));
        assert!(read("1\n00:00:03,000 --> 00:00:02,000\nhappy\n", "a.srt").unwrap_err().to_string().contains("line 2"));
        assert!(read("nothing", "a.vtt").is_err());
    }
}
