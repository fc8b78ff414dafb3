//! The whole performance of the sample speech: what is said, what is felt, and what is alive.

use gestus::audio::{self, Speech};
use gestus::body::skeleton::{OFFSETS, globals};
use gestus::body::standing;
use gestus::direction::Direction;
use gestus::direction::dials::Dials;
use gestus::direction::likeness::Likeness;
use gestus::direction::reference::{Consulted, Content};
use gestus::face::articulation::gap_mm;
use gestus::face::coefficients::id;
use gestus::face::model::Quality;
use gestus::face::style;
use gestus::models::Models;
use gestus::motion::Performance;
use gestus::perform::{Options, perform};
use gestus::statistics::{deviation, pearson};

fn sample() -> Speech {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/speech.wav");
    audio::decode_file(path.as_ref()).and_then(|r| r.to_speech()).expect("the sample speech is readable")
}

fn performed(emotion: &str, seed: u64) -> Performance {
    directed(&Direction::parse(emotion).unwrap(), seed)
}

fn directed(direction: &Direction, seed: u64) -> Performance {
    let speech = sample();
    let frames = Performance::frames_for(speech.seconds, 30.0);
    let plan = direction.plan(frames as f64 / 30.0, frames, &[]);
    perform(&Models::Standard, &speech, &plan, Options { seed, quality: Quality::Default }).unwrap()
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

fn blinks(p: &Performance) -> f32 {
    let lid = |n: usize| p.frames[n].face[id::EYE_BLINK_LEFT];
    (1..p.frames.len()).filter(|n| lid(n - 1) < 0.9 && lid(*n) >= 0.9).count() as f32
}

/// Mean angle between where the eyes look and the viewer.
fn looks_away(p: &Performance) -> f32 {
    p.frames.iter().map(|f| (f.head.yaw + f.gaze.yaw).hypot(f.head.pitch + f.gaze.pitch)).sum::<f32>() / p.frames.len() as f32
}

fn head_path(p: &Performance) -> f32 {
    p.frames.windows(2).map(|w| (w[1].head.yaw - w[0].head.yaw).hypot(w[1].head.pitch - w[0].head.pitch)).sum()
}

/// Metres that both wrists travel.
fn hand_path(p: &Performance) -> f32 {
    let hands = |n: usize| {
        let globals = globals(&p.frames[n].body, &OFFSETS);
        [9, 13].map(|hand| globals.positions[hand] - globals.positions[3])
    };
    (1..p.frames.len()).map(|n| hands(n).iter().zip(hands(n - 1)).map(|(a, b)| a.distance(b)).sum::<f32>()).sum()
}

#[test]
fn dials_run_from_none_to_twice_without_a_step_back() {
    type Set = fn(&mut Dials, f32);
    type Measured = (&'static str, Set, fn(&Performance) -> f32);
    let dials: [Measured; 4] = [
        ("blink", |d, v| d.blink = v, blinks),
        ("gaze", |d, v| d.gaze = v, looks_away),
        ("head", |d, v| d.head = v, head_path),
        ("gesture", |d, v| d.gesture = v, hand_path),
    ];
    let usual = performed("neutral", 2);
    for (name, set, measure) in dials {
        let at = |value: f32| {
            let mut direction = Direction::default();
            set(&mut direction.dials, value);
            directed(&direction, 2)
        };
        let figures: Vec<f32> = [0.0, 0.5, 1.0, 1.5, 2.0].iter().map(|v| measure(&at(*v))).collect();
        assert!(figures.windows(2).all(|w| w[1] >= w[0]), "{name}: {figures:?}");
        assert!(figures[4] > 1.15 * figures[2] && figures[2] > 1.2 * figures[1], "{name}: {figures:?}");
    }
    let none = Direction { dials: Dials { blink: 0.0, gaze: 0.0, head: 0.0, gesture: 0.0, ebb: 0.0 }, ..Direction::default() };
    let none = directed(&none, 2);
    assert_eq!(blinks(&none), 0.0);
    assert!(none.frames.iter().all(|f| f.head == none.frames[0].head), "the head rests");
    assert!(looks_away(&none) < 1e-6, "the eyes stay on the viewer");
    assert!(none.frames.iter().all(|f| f.body.rotations[6..14] == standing().rotations[6..14]), "the arms hang");
    assert_eq!(opening(&none), opening(&usual), "the words stay");
}

#[test]
fn an_expression_ebbs_by_its_dial_and_is_as_strong_on_average() {
    let smiles = |ebb: f32| -> Vec<f32> {
        let mut direction = Direction::parse("happy:0.8").unwrap();
        direction.dials.ebb = ebb;
        directed(&direction, 3).frames.iter().map(|f| f.face[id::MOUTH_SMILE_LEFT]).collect()
    };
    let [held, usual, twice] = [0.0, 1.0, 2.0].map(smiles);
    let [a, b, c] = [&held, &usual, &twice].map(|curve| deviation(curve));
    assert!(b > 1.5 * a && c > 1.4 * b, "{a} {b} {c}");
    let mean = |curve: &[f32]| curve.iter().sum::<f32>() / curve.len() as f32;
    assert!((mean(&usual) / mean(&held) - 1.0).abs() < 0.1, "{} {}", mean(&usual), mean(&held));
}

#[test]
fn a_style_changes_the_habits_and_not_the_words() {
    let usual = performed("neutral", 1);
    let leaning = |figures: &[(usize, f32)]| {
        let mut likeness = Likeness::default();
        figures.iter().for_each(|(figure, value)| likeness.face[*figure] = Some(*value));
        let mut direction = Direction::parse("like:a.csv").unwrap();
        direction.consulted = vec![Consulted { path: "a.csv".into(), content: Content::Style(likeness) }];
        directed(&direction, 1)
    };
    let heads = |v: f32| style::HEAD.map(|figure| (figure, v)).collect::<Vec<_>>();
    let (calm, lively) = (leaning(&heads(-1.5)), leaning(&heads(1.5)));
    assert!(head_path(&lively) > 1.3 * head_path(&calm), "{} {}", head_path(&lively), head_path(&calm));
    let (small, large) = (leaning(&[(style::LIP_RANGE, -1.5)]), leaning(&[(style::LIP_RANGE, 1.5), (style::BLINKS, 1.5)]));
    for (name, other) in [("calm", calm), ("lively", lively), ("small lips", small), ("large lips", large)] {
        let r = pearson(&opening(&usual), &opening(&other));
        assert!(r > 0.9, "{name} changes the words: {r}");
    }
}

#[test]
fn a_performance_is_like_itself() {
    let likeness = Likeness::of_motion(&performed("neutral", 1)).unwrap();
    assert!(likeness.body.iter().all(|b| b.is_some_and(|v| v > 0.5 && v < 1.5)), "{:?}", likeness.body);
    let sad = Likeness::of_motion(&performed("sad:1.5", 1)).unwrap();
    assert!(sad.body[0] < likeness.body[0], "{:?} {:?}", sad.body, likeness.body);
}
