//! The whole performance of the sample speech: what is said, what is felt, and what is alive.

use gestus::audio::{self, Speech};
use gestus::direction::Direction;
use gestus::evaluate::statistics::pearson;
use gestus::face::articulation::gap_mm;
use gestus::face::coefficients::id;
use gestus::face::model::{FaceModel, Quality};
use gestus::motion::Performance;
use gestus::perform::{Options, perform};
use std::sync::LazyLock;

static MODEL: LazyLock<FaceModel> = LazyLock::new(|| FaceModel::builtin().expect("the shipped weights fit"));

fn sample() -> Speech {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/speech.wav");
    audio::decode_file(path.as_ref()).and_then(|r| r.to_speech()).expect("the sample speech is readable")
}

fn performed(emotion: &str, seed: u64) -> Performance {
    let speech = sample();
    let frames = Performance::frames_for(speech.seconds, 30.0);
    let plan = Direction::parse(emotion).unwrap().plan(frames as f64 / 30.0, frames, &[]);
    perform(&MODEL, &speech, &plan, Options { seed, quality: Quality::Default }).unwrap()
}

fn mean(p: &Performance, c: usize) -> f32 {
    p.frames.iter().map(|f| f.face[c]).sum::<f32>() / p.frames.len() as f32
}

fn opening(p: &Performance) -> Vec<f32> {
    p.frames.iter().map(|f| gap_mm(&f.face).max(0.0)).collect()
}

#[test]
fn every_emotion_shows_and_leaves_the_words_alone() {
    let neutral = performed("neutral", 1);
    for (emotion, shape) in [
        ("happy", id::MOUTH_SMILE_LEFT),
        ("sad", id::BROW_INNER_UP),
        ("angry", id::BROW_DOWN_LEFT),
        ("fearful", id::EYE_WIDE_RIGHT),
        ("disgust", id::NOSE_SNEER_LEFT),
        ("surprised", id::BROW_OUTER_UP_RIGHT),
        ("contempt", id::MOUTH_DIMPLE_LEFT),
    ] {
        let [half, full] = ["0.5", "1"].map(|strength| performed(&format!("{emotion}:{strength}"), 1));
        let [none, some, much] = [&neutral, &half, &full].map(|p| mean(p, shape));
        assert!(much > none + 0.2, "{emotion}: {none} to {much}");
        assert!(some > none && much > some, "{emotion} grows with its strength: {none}, {some}, {much}");
        let r = pearson(&opening(&neutral), &opening(&full));
        assert!(r > 0.9, "{emotion} changes the words: {r}");
    }
}

#[test]
fn lips_open_and_meet_and_rest_after_the_last_word() {
    let performance = performed("neutral", 3);
    let gaps = opening(&performance);
    let wide = gaps.iter().copied().fold(0.0, f32::max);
    assert!((8.0..25.0).contains(&wide), "widest {wide} mm");
    assert!(gaps.iter().filter(|g| **g < 1.0).count() > gaps.len() / 20, "lips meet now and then");
    assert!(gaps.last().is_some_and(|g| *g < 2.0), "lips rest at the end");
}

#[test]
fn the_face_is_alive_and_has_no_seams() {
    let performance = performed("neutral", 4);
    let frames = &performance.frames;
    assert_eq!(frames.len(), (performance.seconds * 30.0).ceil() as usize);
    let blinks = frames.windows(2).filter(|w| w[0].face[id::EYE_BLINK_LEFT] < 0.8 && w[1].face[id::EYE_BLINK_LEFT] >= 0.8).count();
    assert!((1..=9).contains(&blinks), "{blinks} blinks in {:.0} s", performance.seconds);
    let steps: Vec<f32> = frames.windows(2).map(|w| (w[1].head.yaw - w[0].head.yaw).hypot(w[1].head.pitch - w[0].head.pitch)).collect();
    let (fastest, moved) = (steps.iter().copied().fold(0.0, f32::max), steps.iter().sum::<f32>());
    // 100 degrees a second is fast for a head that talks.
    assert!(fastest < 100f32.to_radians() / 30.0, "a jump of {:.1} degrees", fastest.to_degrees());
    assert!(moved > 0.3, "the head is not frozen: {moved}");
}

#[test]
fn seeds_differ_and_repeat() {
    let [a, again, b] = [5, 5, 6].map(|seed| performed("happy:0.7", seed));
    assert_eq!(a, again);
    assert_ne!(a, b);
}
