//! The body: does it move like the people it was fitted to, and never like something broken?
//!
//! `cargo test --test body -- --nocapture` prints the figures beside those of two recorded speakers.

use gestus::audio::{SPEECH_RATE, Speech};
use gestus::body::model::{BodyModel, Request};
use gestus::body::rhythm::Rhythm;
use gestus::body::skeleton::{self, Globals, OFFSETS, Pose};
use gestus::body::{self, Expressivity, curves};
use gestus::evaluate::motion::Motion;
use gestus::formats;
use gestus::motion::{Frame, Head, Performance};
use gestus::train::clips::recorded;
use gestus::train::pairs::pairs;
use glam::Vec3;
use std::path::{Path, PathBuf};

const FPS: f32 = 30.0;
const LEFT_HAND: usize = 9;
const RIGHT_HAND: usize = 13;

/// Something with the rhythm of speech: syllables of changing stress four times a second in phrases of two seconds with
/// pauses between.
fn speech(seconds: f32, seed: u32) -> Speech {
    let rate = SPEECH_RATE as f32;
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32
    };
    let mut samples = vec![0.0; (seconds * rate) as usize];
    let (mut at, mut phrase) = (0.4, 0.0);
    while at < seconds {
        let (length, stress) = (0.12 + 0.14 * random(), 0.03 + 0.4 * random().powi(2));
        let first = (at * rate) as usize;
        for n in 0..(length * rate) as usize {
            let phase = n as f32 / (length * rate);
            if let Some(sample) = samples.get_mut(first + n) {
                *sample = stress * (std::f32::consts::PI * phase).sin() * (n as f32 * 0.08).sin();
            }
        }
        at += length + 0.06 * random();
        phrase += length;
        if phrase > 1.6 {
            at += 0.4 + random();
            phrase = 0.0;
        }
    }
    Speech { samples, seconds: f64::from(seconds) }
}

fn perform(speech: &Speech, label: &str, seed: u64) -> Vec<Pose> {
    let manner = Expressivity::of(label).unwrap();
    body::perform(speech, &|_| manner, &[], seed, (speech.seconds * 30.0).ceil() as usize)
}

fn globals(poses: &[Pose]) -> Vec<Globals> {
    poses.iter().map(|p| skeleton::globals(p, &OFFSETS)).collect()
}

/// Speed of a joint seen from the hips, metres per second.
fn speed(globals: &[Globals], joint: usize) -> Vec<f32> {
    let places: Vec<Vec3> = globals.iter().map(|g| g.positions[joint] - g.positions[0]).collect();
    curves::velocity(&curves::smooth(&places, 1.0)).iter().map(|v| v.length()).collect()
}

fn quantile(values: &[f32], share: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted[((sorted.len() - 1) as f32 * share) as usize]
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f32, f32) -> f32| a.iter().zip(b).map(|(x, y)| f(x - ma, y - mb)).sum::<f32>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt().max(1e-9)
}

/// The figures by which real speakers were described.
struct Figures {
    speed_median: f32,
    speed_p95: f32,
    still: f32,
    /// Highest correlation of hand speed and loudness (both smoothed over half a second) within 1.5 s, and its lag in
    /// seconds; negative: the hand is first.
    timing: (f32, f32),
    /// The same with the sound shifted, mean: chance.
    chance: f32,
    /// Distance of stroke peaks to the nearest stress, over the same with shifted stresses.
    punctuality: f32,
    height: f32,
    head_drop: f32,
}

impl Figures {
    fn of(speech: &Speech, poses: &[Pose]) -> Figures {
        let globals = globals(poses);
        let rhythm = Rhythm::of(speech, poses.len());
        let hands = [speed(&globals, LEFT_HAND), speed(&globals, RIGHT_HAND)];
        let both: Vec<f32> = hands.concat();
        let sum: Vec<f32> = hands[0].iter().zip(&hands[1]).map(|(l, r)| l + r).collect();
        let (sum, level) = (curves::smooth(&sum, 6.4), curves::smooth(&rhythm.level, 6.4));
        let count = level.len();
        let timing = timing(&sum, &level);
        let shifts: Vec<usize> = (60..count.saturating_sub(60)).step_by(23).collect();
        let chances: Vec<f32> = shifts
            .iter()
            .map(|s| {
                let mut shifted = level.clone();
                shifted.rotate_right(*s);
                self::timing(&sum, &shifted).0
            })
            .collect();
        let strokes: Vec<usize> = hands.iter().flat_map(|h| strokes(h)).collect();
        let stresses: Vec<usize> = rhythm.peaks.iter().map(|p| p.frame).collect();
        let away = |shift: usize| {
            let nearest = |k: &usize| stresses.iter().map(|p| ((p + shift) % count).abs_diff(*k)).min().unwrap_or(0) as f32;
            mean(&strokes.iter().map(nearest).collect::<Vec<_>>())
        };
        let heights: Vec<f32> = globals.iter().flat_map(|g| [LEFT_HAND, RIGHT_HAND].map(|h| g.positions[h].y - g.positions[0].y)).collect();
        let drops: Vec<f32> = globals.iter().map(|g| -(g.rotations[5] * Vec3::Z).y.asin().to_degrees()).collect();
        Figures {
            speed_median: quantile(&both, 0.5),
            speed_p95: quantile(&both, 0.95),
            still: both.iter().filter(|v| **v < 0.1).count() as f32 / both.len() as f32,
            timing,
            chance: mean(&chances),
            punctuality: away(0) / mean(&shifts.iter().map(|s| away(*s)).collect::<Vec<_>>()),
            height: quantile(&heights, 0.5),
            head_drop: mean(&drops),
        }
    }

    fn print(&self, name: &str) {
        let Figures { speed_median, speed_p95, still, timing: (r, lag), chance, punctuality, height, head_drop } = self;
        println!(
            "{name:28} speed {speed_median:.2} / {speed_p95:.2} m/s, still {still:.2}, timing r {r:.2} at {lag:+.2} s \
             (chance {chance:.2}), strokes to stresses {punctuality:.2} of chance, height {height:+.2} m, head {head_drop:+.0} deg"
        );
    }
}

fn timing(speed: &[f32], level: &[f32]) -> (f32, f32) {
    let count = speed.len() as i32;
    let mut best = (-1.0, 0.0);
    for lag in -45..=45i32 {
        let span = lag.max(0)..count + lag.min(0);
        let hands = &speed[span.start as usize..span.end as usize];
        let sound = &level[(span.start - lag) as usize..(span.end - lag) as usize];
        let r = correlation(hands, sound);
        if r > best.0 {
            best = (r, lag as f32 / FPS);
        }
    }
    best
}

/// Frames at which a hand is fastest between two slow moments, and faster than 0.3 m/s.
fn strokes(speed: &[f32]) -> Vec<usize> {
    (2..speed.len().saturating_sub(2)).filter(|k| speed[*k] > 0.3 && (k - 2..=k + 2).all(|near| speed[near] <= speed[*k])).collect()
}

#[test]
fn moves_like_people_who_speak() {
    let speech = speech(60.0, 7);
    println!(
        "two recorded speakers        speed 0.27-0.42 / 1.40-1.42 m/s, still 0.07-0.19, timing r 0.56 at -0.13 s, strokes 0.77-0.95 of chance"
    );
    let all: Vec<Figures> = (0..3).map(|seed| Figures::of(&speech, &perform(&speech, "neutral", seed))).collect();
    all.iter().for_each(|f| f.print("neutral"));
    let average = |f: &dyn Fn(&Figures) -> f32| mean(&all.iter().map(f).collect::<Vec<_>>());
    assert!((0.12..0.5).contains(&average(&|f| f.speed_median)));
    assert!((0.8..1.7).contains(&average(&|f| f.speed_p95)));
    assert!(average(&|f| f.still) < 0.45);
    assert!(average(&|f| f.timing.0) > average(&|f| f.chance) + 0.15, "hands do not follow the voice");
    assert!((-0.45..0.1).contains(&average(&|f| f.timing.1)), "hands are not just before the voice");
    assert!((0.4..0.98).contains(&average(&|f| f.punctuality)));
}

/// Where recordings are.
fn shared() -> PathBuf {
    std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

#[test]
fn recorded_voices_move_it_too() {
    let folder = shared();
    for name in [
        "paired/zeggs_067_Speech_2_a",
        "paired/beat2_2_scott_0_1_1_a",
        "speech_only/beat2_2_scott_0_2_2",
        "speech_only/beat2_2_scott_0_4_4",
    ] {
        let path = folder.join("data/body").join(name).with_extension("ogg");
        if !path.is_file() {
            eprintln!("SKIPPED: {} is missing; set GESTUS_DATA", path.display());
            return;
        }
        let speech = gestus::audio::decode_file(&path).and_then(|r| r.to_speech()).unwrap();
        let figures = Figures::of(&speech, &perform(&speech, "neutral", 1));
        figures.print(name.rsplit('/').next().unwrap_or(name));
        assert!(figures.timing.0 > figures.chance + 0.08, "{name}: hands do not follow the voice");
        assert!(figures.punctuality < 1.0 && figures.still < 0.45 && figures.speed_p95 > 0.8, "{name}");
    }
}

#[test]
fn emotions_differ_as_they_should() {
    let speech = speech(60.0, 8);
    let figures = |label: &str| {
        let figures = Figures::of(&speech, &perform(&speech, label, 3));
        figures.print(label);
        figures
    };
    let (neutral, happy, sad, angry) = (figures("neutral"), figures("happy"), figures("sad"), figures("angry"));
    assert!(sad.speed_p95 < 0.8 * neutral.speed_p95 && angry.speed_p95 > 1.05 * neutral.speed_p95);
    assert!(happy.height > neutral.height && sad.height < neutral.height);
    assert!(sad.head_drop > neutral.head_drop + 10.0 && happy.head_drop < neutral.head_drop - 2.0);
}

#[test]
fn stands_quietly_where_nobody_speaks() {
    let mut noise = speech(20.0, 1);
    let mut state = 1u32;
    noise.samples.iter_mut().for_each(|x| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *x = 0.2 * (state as f32 / u32::MAX as f32 - 0.5);
    });
    let silence = Speech { samples: vec![0.0; 320_000], seconds: 20.0 };
    let tone = Speech { samples: (0..320_000).map(|n| 0.3 * (n as f32 * 0.1).sin()).collect(), seconds: 20.0 };
    for (name, quiet) in [("noise", noise), ("silence", silence), ("tone", tone)] {
        let poses = perform(&quiet, "neutral", 5);
        let globals = globals(&poses);
        let hands: Vec<f32> = [LEFT_HAND, RIGHT_HAND].iter().flat_map(|h| speed(&globals, *h)).collect();
        println!("{name}: hands {:.3} / {:.3} m/s", quantile(&hands, 0.5), quantile(&hands, 0.99));
        assert!(quantile(&hands, 0.9) < 0.25, "{name}: beats to it");
        // Alive all the same: chest and hips move a little.
        let chest: Vec<f32> = globals.iter().map(|g| g.rotations[3].x).collect();
        assert!(quantile(&chest, 0.9) - quantile(&chest, 0.1) > 0.004, "{name}: dead");
        let hips: Vec<f32> = globals.iter().map(|g| g.positions[0].x).collect();
        assert!(quantile(&hips, 0.95) - quantile(&hips, 0.05) > 0.01, "{name}: rooted");
    }
}

#[test]
fn nothing_jumps_and_nothing_penetrates() {
    for (seed, label) in ["neutral", "happy", "angry", "sad", "fearful", "surprised"].iter().enumerate() {
        let speech = speech(40.0, seed as u32 + 20);
        let poses = perform(&speech, label, seed as u64);
        let globals = globals(&poses);
        let mut inside = 0;
        for (frame, now) in globals.iter().enumerate() {
            assert!(poses[frame].rotations.iter().all(|q| q.is_normalized()) && poses[frame].hips.is_finite());
            for foot in [16, 20] {
                assert!((0.06..0.12).contains(&now.positions[foot].y), "{label}: a foot at {}", now.positions[foot]);
            }
            let skull = now.positions[5] + now.rotations[5] * Vec3::new(0.0, 0.09, 0.02);
            inside += (22..skeleton::COUNT).filter(|k| (now.positions[*k] - skull).length() < 0.11).count();
            if frame >= 2 {
                for joint in 0..skeleton::COUNT {
                    let [a, b, c] = [&globals[frame - 2], &globals[frame - 1], now].map(|g| g.positions[joint] - g.positions[0]);
                    let acceleration = (a - 2.0 * b + c).length() * FPS * FPS;
                    // Fingertips swing with the forearm's turn.
                    let limit = if joint < 22 { 90.0 } else { 130.0 };
                    assert!(acceleration < limit, "{label}: {} jumps at frame {frame}: {acceleration} m/s2", skeleton::JOINTS[joint].name);
                }
            }
        }
        assert!(inside < globals.len() / 20, "{label}: {inside} finger joints inside the head");
    }
}

#[test]
fn feet_stay_where_they_stand() {
    let speech = speech(60.0, 4);
    let globals = globals(&perform(&speech, "neutral", 9));
    for foot in [16, 20] {
        let places: Vec<Vec3> = globals.iter().map(|g| g.positions[foot]).collect();
        let planted = places.windows(2).filter(|w| w[0].y < 0.0705 && w[1].y < 0.0705);
        assert!(planted.clone().count() > places.len() / 2);
        assert!(planted.map(|w| (w[1] - w[0]).length()).fold(0.0, f32::max) < 0.004, "a planted foot slides");
    }
}

#[test]
fn a_face_model_leads_the_head() {
    let speech = speech(5.0, 2);
    let still = body::perform(&speech, &|_| Expressivity::default(), &[Head::default()], 1, 150);
    let turned = body::perform(&speech, &|_| Expressivity::default(), &[Head { yaw: 0.5, pitch: 0.0, roll: 0.0 }], 1, 150);
    let facing = |poses: &[Pose]| globals(poses)[75].rotations[5] * Vec3::Z;
    let (a, b) = (facing(&still), facing(&turned));
    assert!((b.x.atan2(b.z) - a.x.atan2(a.z) - 0.5).abs() < 0.05);
}

#[test]
fn the_same_seed_gives_the_same_motion_and_another_another() {
    let speech = speech(8.0, 3);
    assert_eq!(perform(&speech, "happy", 1), perform(&speech, "happy", 1));
    assert_ne!(perform(&speech, "happy", 1), perform(&speech, "happy", 2));
}

#[test]
fn odd_inputs_are_performed_too() {
    let neutral = |_: f64| Expressivity::default();
    assert!(body::perform(&Speech::default(), &neutral, &[], 1, 0).is_empty());
    assert_eq!(body::perform(&Speech::default(), &neutral, &[], 1, 1).len(), 1);
    for samples in [1usize, 800, 8000] {
        let speech = Speech { samples: vec![0.5; samples], seconds: samples as f64 / 16000.0 };
        assert_eq!(body::perform(&speech, &neutral, &[], 1, 45).len(), 45);
    }
    // A manner that leaps and is not always a number.
    let wild = |t: f64| Expressivity { lean: if t % 1.0 < 0.5 { f32::NAN } else { 1e9 }, tempo: -3.0, ..Expressivity::default() };
    let poses = body::perform(&speech(6.0, 5), &wild, &[], 1, 180);
    assert!(poses.iter().all(|p| p.rotations.iter().all(|q| q.is_normalized())));
}

#[test]
fn an_hour_takes_seconds() {
    let hour = speech(3600.0, 6);
    let start = std::time::Instant::now();
    let poses = perform(&hour, "neutral", 1);
    println!("an hour of speech: {:.1} s", start.elapsed().as_secs_f32());
    assert_eq!(poses.len(), 108_000);
    assert!(start.elapsed().as_secs() < 60);
}

/// The learned body under a rhythm of speech, neutral, without a head of its own.
fn learned(speech: &Speech, seed: u64) -> Vec<Pose> {
    let frames = (speech.seconds * 30.0).ceil() as usize;
    let rhythm = Rhythm::of(speech, frames);
    let request = Request {
        rhythm: &rhythm,
        frames,
        emotion: &[],
        manners: &[],
        style: None,
        heads: &[Head::default()],
        busy: &[],
        given: &[],
        seed,
    };
    BodyModel::builtin().unwrap().perform(&request).unwrap()
}

#[test]
fn the_learned_body_moves_with_the_voice_and_stays_whole() {
    let (mut timing, mut motions) = (Vec::new(), Vec::new());
    for seed in 1..=3 {
        let speech = speech(40.0, seed as u32);
        let motion = Motion::of(&learned(&speech, seed));
        let (r, lag) = motion.timing(&Rhythm::of(&speech, motion.speed.len()).level);
        println!("seed {seed}: r {r:.2} at {lag:.2} s, speed {:.2}, inside {:.4}", motion.speed_percentile(0.5), motion.inside);
        timing.push(r);
        assert!((-0.7..0.1).contains(&lag), "{lag}");
        assert_eq!(motion.outside, 0.0);
        assert!(motion.inside < 0.005 && motion.drift() < 0.3, "{} {}", motion.inside, motion.drift());
        assert!(quantile(&motion.planted, 0.95) < 1.0, "{}", quantile(&motion.planted, 0.95));
        motions.push(motion);
    }
    assert!(mean(&timing) > 0.3, "{timing:?}");
    let speech = speech(20.0, 9);
    let (one, other) = (Motion::of(&learned(&speech, 1)), Motion::of(&learned(&speech, 2)));
    assert!(one.distance(&other) > 0.04, "seeds are alike: {}", one.distance(&other));
}

#[test]
fn the_learned_body_does_not_depend_on_threads() {
    let speech = speech(12.0, 4);
    let on = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| learned(&speech, 5));
    assert_eq!(on(1), on(3));
}

#[test]
fn real_takes_of_speakers_are_pairs_to_learn_from() {
    let root = shared().join("data");
    let takes = recorded(&root, &|file| file.starts_with("paired/")).unwrap();
    if takes.is_empty() {
        eprintln!("SKIPPED: {} has no paired takes; set GESTUS_DATA", root.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for take in &takes {
        let seconds = take.poses.len() as f64 / 30.0;
        let frames = take.poses.iter().map(|pose| Frame { body: pose.clone(), ..Frame::default() }).collect();
        let motion = Performance { fps: 30.0, seconds, frames };
        formats::write(&folder.path().join(format!("{}.bvh", take.name)), &motion, &Default::default()).unwrap();
        std::fs::copy(take.path.with_extension("ogg"), folder.path().join(format!("{}.ogg", take.name))).unwrap();
    }
    let pairs = pairs(folder.path()).unwrap();
    assert_eq!(pairs.len(), takes.len());
    for (pair, take) in pairs.iter().zip(&takes) {
        let of = |poses: &[Pose]| Motion::of(poses).timing(&Rhythm::of(&pair.speech, poses.len()).level).0;
        let (here, there) = (of(&pair.poses), of(&take.poses[..pair.poses.len()]));
        println!("{}: {} frames, r of hands and voice {here:.2}, as recorded {there:.2}", pair.name, pair.poses.len());
        assert!((here - there).abs() < 0.05 && pair.poses.len() > 1000);
    }
}
