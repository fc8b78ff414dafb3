//! Motion that is given: what a performance begins in, what it keeps, poses that it comes through.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;
use gestus::body::given::Piece;
use gestus::body::limits;
use gestus::body::skeleton::{Globals, OFFSETS, globals};
use gestus::evaluate::motion::Motion;
use gestus::formats;
use gestus::motion::{Frame, Performance};
use std::ops::Range;

const LEFT_HAND: usize = 9;
const RIGHT_HAND: usize = 13;
const FEET: [usize; 2] = [16, 20];
const SECONDS: f64 = 6.0;

/// Six seconds of speech, and a lively take of other words.
fn place() -> Place {
    let place = Place::new();
    place.speech("talk.wav", SECONDS);
    place.speech("other.wav", 4.0);
    place.run("animate other.wav -o clip.bvh --emotion angry --seed 5").succeeded();
    place
}

fn motion(place: &Place, name: &str) -> Performance {
    formats::read(&place.path(name)).expect("readable").performance
}

fn performed(place: &Place, options: &str) -> Performance {
    place.run(&format!("animate talk.wav -o take.bvh {options}")).succeeded();
    motion(place, "take.bvh")
}

fn world(frames: &[Frame]) -> Vec<Globals> {
    frames.iter().map(|frame| globals(&frame.body, &OFFSETS)).collect()
}

/// Largest difference of a piece's joints, degrees.
fn apart(a: &Frame, b: &Frame, piece: Piece) -> f32 {
    let turns = piece.joints().map(|j| a.body.rotations[j].angle_between(b.body.rotations[j]).to_degrees());
    turns.fold(0.0, f32::max)
}

/// The fastest that hands are in the world within some frames, metres a second.
fn fastest(frames: &[Frame], span: Range<usize>) -> f32 {
    let world = world(&frames[span]);
    let steps = world.windows(2).flat_map(|w| [LEFT_HAND, RIGHT_HAND].map(|j| 30.0 * w[0].positions[j].distance(w[1].positions[j])));
    steps.fold(0.0, f32::max)
}

/// The fastest that the slower of both feet is, metres a second: one may step. Legs that come out of a given pose put their ankles right by a
/// millimetre.
fn sliding(frames: &[Frame]) -> f32 {
    let steps = world(frames);
    let slower =
        steps.windows(2).map(|w| FEET.map(|j| 30.0 * w[0].positions[j].distance(w[1].positions[j])).into_iter().fold(9.0, f32::min));
    slower.fold(0.0, f32::max)
}

#[test]
fn a_performance_begins_in_the_seed_motion_and_flows_out_of_it() {
    let place = place();
    let (clip, plain) = (motion(&place, "clip.bvh"), performed(&place, ""));
    let take = performed(&place, "--seed-motion clip.bvh@1s-2s");
    for (n, (own, given)) in take.frames.iter().zip(&clip.frames[30..60]).enumerate() {
        for piece in Piece::ALL {
            assert!(apart(own, given, piece) < 0.5, "frame {n}, {piece:?}: {}", apart(own, given, piece));
        }
        assert!(own.body.hips.distance(given.body.hips) < 1e-3);
    }
    let last = take.frames.len();
    assert!(apart(&take.frames[last - 1], &plain.frames[last - 1], Piece::LeftArm) < 30.0, "it becomes its own");
    let usual = fastest(&plain.frames, 0..last).max(fastest(&clip.frames, 0..clip.frames.len()));
    assert!(fastest(&take.frames, 28..60) <= usual, "{} {usual}", fastest(&take.frames, 28..60));
    assert!(sliding(&take.frames[30..]) < 0.04, "{}", sliding(&take.frames[30..]));
}

#[test]
fn kept_parts_are_the_given_ones_and_the_rest_is_performed() {
    let place = place();
    let (clip, plain) = (motion(&place, "clip.bvh"), performed(&place, ""));
    let cases = [
        ("hands", vec![Piece::LeftArm, Piece::RightArm]),
        ("left-hand,head", vec![Piece::LeftArm, Piece::Head]),
        ("lower-body", vec![Piece::LowerBody]),
        ("torso,lower-body", vec![Piece::Torso, Piece::LowerBody]),
    ];
    for (parts, kept) in cases {
        let take = performed(&place, &format!("--keep {parts}=clip.bvh"));
        for (n, (own, given)) in take.frames.iter().zip(&clip.frames).enumerate() {
            for piece in &kept {
                assert!(apart(own, given, *piece) < 0.5, "{parts}, frame {n}, {piece:?}: {}", apart(own, given, *piece));
            }
            assert!(!kept.contains(&Piece::LowerBody) || own.body.hips.distance(given.body.hips) < 1e-3, "{parts}, frame {n}");
            assert!(limits::outside(&own.body).next().is_none(), "{parts}, frame {n}");
        }
        for piece in Piece::ALL.into_iter().filter(|piece| !kept.contains(piece)) {
            let own = take.frames[..110].iter().zip(&clip.frames).filter(|(a, b)| apart(a, b, piece) > 1.0).count();
            assert!(own > 90, "{parts}: {piece:?} is the clip's");
        }
        let usual = fastest(&plain.frames, 0..180).max(fastest(&clip.frames, 0..clip.frames.len()));
        assert!(fastest(&take.frames, 0..180) <= 1.1 * usual, "{parts}: {} {usual}", fastest(&take.frames, 0..180));
        assert!(sliding(&take.frames) < 0.04, "{parts}: {}", sliding(&take.frames));
    }
}

#[test]
fn a_kept_span_comes_and_goes() {
    let place = place();
    let (clip, plain) = (motion(&place, "clip.bvh"), performed(&place, ""));
    let take = performed(&place, "--keep hands=clip.bvh@1.5s-2.5s --gesture 0.5");
    let dialled = performed(&place, "--gesture 0.5");
    for n in 46..75 {
        assert!(apart(&take.frames[n], &clip.frames[n], Piece::RightArm) < 0.5, "frame {n}");
    }
    assert!(take.frames[150..].iter().zip(&dialled.frames[150..]).all(|(a, b)| apart(a, b, Piece::RightArm) < 25.0));
    assert!(apart(&take.frames[20], &clip.frames[20], Piece::RightArm) > 2.0);
    let usual = fastest(&plain.frames, 0..180).max(fastest(&clip.frames, 0..clip.frames.len()));
    assert!(fastest(&take.frames, 20..110) <= 1.05 * usual, "{} {usual}", fastest(&take.frames, 20..110));
}

#[test]
fn pinned_poses_are_reached_at_their_frames() {
    let place = place();
    let (clip, plain) = (motion(&place, "clip.bvh"), performed(&place, ""));
    let options = "--pose 2s=clip.bvh#60 --pose 3s=clip.bvh#15 --pose 4.5s-5s=clip.bvh#90";
    let take = performed(&place, options);
    let pins = [(60, 60), (90, 15), (135, 90), (142, 90), (150, 90)];
    for (frame, of) in pins {
        for piece in Piece::ALL {
            let away = apart(&take.frames[frame], &clip.frames[of], piece);
            assert!(away < 0.5, "frame {frame}, {piece:?}: {away} degrees");
        }
        assert!(take.frames[frame].body.hips.distance(clip.frames[of].body.hips) < 1e-3, "frame {frame}");
    }
    let usual = fastest(&plain.frames, 0..180).max(fastest(&clip.frames, 0..clip.frames.len()));
    assert!(fastest(&take.frames, 0..180) <= 1.05 * usual, "{} {usual}", fastest(&take.frames, 0..180));
    assert!(sliding(&take.frames) < 0.04, "{}", sliding(&take.frames));
    // In between it moves by itself: hands are where neither pose has them.
    let motion = Motion::of(&take.frames[60..90].iter().map(|f| f.body.clone()).collect::<Vec<_>>());
    assert!(motion.speed_percentile(0.5) > 0.05, "{}", motion.speed_percentile(0.5));
    // A frame of 30 a second is one of 60 a second too.
    let double = performed(&place, &format!("{options} --fps 60"));
    assert!(apart(&double.frames[120], &clip.frames[60], Piece::RightArm) < 0.5);
}

#[test]
fn what_is_given_is_kept_to_the_letter_at_any_rate() {
    let place = place();
    place.run("animate other.wav -o fast.bvh --emotion happy --fps 60").succeeded();
    let clip = motion(&place, "fast.bvh");
    let take = performed(&place, "--keep hands=fast.bvh --fps 60");
    for (n, (own, given)) in take.frames.iter().zip(&clip.frames).enumerate() {
        assert!(apart(own, given, Piece::LeftArm) < 0.5, "frame {n}: {}", apart(own, given, Piece::LeftArm));
    }
}

#[test]
fn any_skeleton_is_taken_and_a_direction_file_names_motion_beside_it() {
    let place = place();
    std::fs::create_dir(place.path("scene")).expect("a folder");
    place.run("retarget clip.bvh --to mixamo -o scene/theirs.bvh").succeeded();
    place.write("scene/direction.toml", b"emotion = \"sad\"\nkeep = [\"hands=theirs.bvh\"]\npose = [\"5s=theirs.bvh#20\"]\n");
    let run = place.run("animate talk.wav -o take.bvh --direction scene/direction.toml").succeeded();
    assert!(run.stderr.contains("theirs.bvh: gives hands at 0.00 s to 3.97 s"), "{}", run.stderr);
    let (take, clip) = (motion(&place, "take.bvh"), motion(&place, "scene/theirs.bvh"));
    assert!(take.frames.iter().zip(&clip.frames).all(|(a, b)| apart(a, b, Piece::RightArm) < 0.5));
    assert!(apart(&take.frames[150], &clip.frames[20], Piece::Torso) < 0.5);
    let explained = place.run("explain scene/direction.toml").succeeded();
    assert!(String::from_utf8_lossy(&explained.stdout).contains("gives    hands at 0.00 s"), "{explained:?}");
}

#[test]
fn mistakes_are_told_before_anything_is_written() {
    let place = place();
    for (options, told) in [
        ("--keep hand=clip.bvh", "did you mean hands?"),
        ("--keep hands=nowhere.bvh", "nowhere.bvh"),
        ("--pose 2s=clip.bvh#999", "120 frames"),
        ("--pose soon=clip.bvh", "not a time"),
        ("--seed-motion clip.bvh@9s-10s", "120 frames"),
        ("--keep hands=talk.wav", "talk.wav"),
    ] {
        let run = place.run(&format!("animate talk.wav -o none.bvh {options}"));
        assert!(run.status != 0 && run.stderr.contains(told), "{options}: {}", run.stderr);
        assert!(!place.path("none.bvh").exists());
    }
    let run = place.run("animate talk.wav -o clip.bvh --keep hands=clip.bvh");
    assert!(run.status == 2, "an output that is also an input: {}", run.stderr);
}
