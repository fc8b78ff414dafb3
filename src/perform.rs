//! Speech and a plan to a [`Performance`]: the face first, then the body that carries its head.

pub mod long;
mod shelf;

use crate::Result;
use crate::audio::Speech;
use crate::body::gestures::Side;
use crate::body::given::{self, Given, Piece};
use crate::body::library::{self, Library, Placed, track};
use crate::body::model::{BodyModel, Request};
use crate::body::rhythm::Rhythm;
use crate::body::skeleton::Pose;
use crate::body::{self, Expressivity};
use crate::direction::events::Act;
use crate::direction::{Plan, Region, events, habits};
use crate::emotion::Point;
use crate::face::Coefficients;
use crate::face::articulation::{gap_mm, set_gap};
use crate::face::hearing::Heard;
use crate::face::model::{Asked, FaceModel, Quality};
use crate::face::vector::{self, Row};
use crate::models::Models;
use crate::motion::{self, Frame, Gaze, Head, Performance};
use std::ops::Range;

/// How a performance is drawn from the models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The same seed gives the same motion.
    pub seed: u64,
    pub quality: Quality,
}

/// Share of the body's nods and shifts of attention that is added to the face model's head, whose teachers sat still.
const NODS: f32 = 0.4;

/// Performs a whole recording at 30 frames a second.
pub fn perform(models: &Models, speech: &Speech, plan: &Plan, options: Options) -> Result<Performance> {
    perform_from(models, speech, plan, options, &[])
}

/// [`perform`] where the body passes through the `given` poses.
fn perform_from(models: &Models, speech: &Speech, plan: &Plan, options: Options, given: &[Given]) -> Result<Performance> {
    let seed = clip_seed(speech, options.seed);
    let (model, body) = (models.face()?, models.body()?);
    let heard = model.listen(speech, Performance::frames_for(speech.seconds, 30.0), &plan.words)?;
    let mut rows = faces(&model, &heard, plan, seed, options.quality)?;
    let manners = manners(plan, plan.points(Region::Head), rows.len());
    // Who is less active nods less far, at the same moments: what is felt may change smoothly.
    let steady: Vec<Expressivity> = manners.iter().map(|manner| Expressivity { activity: 1.0, ..*manner }).collect();
    let nods = body::head::heads(&heard.rhythm, &steady, seed);
    let nods: Vec<Head> = nods.into_iter().zip(&manners).map(|(nod, manner)| times(nod, NODS * (manner.activity + 0.1).min(1.0))).collect();
    let habits = habits::adopt(&mut rows, &nods, &plan.styles, seed);
    plan.dials.turn(&mut rows, seed);
    flex(&mut rows, &plan.muscles);
    events::play(&mut rows, &plan.events);
    events::play(&mut rows, &track::events(&plan.gestures));
    let nods = nods.into_iter().zip(habits).map(|(nod, habit)| times(nod, plan.dials.head * habit));
    let mut faces: Vec<_> = rows.iter().map(vector::unpack).zip(nods).map(|(face, nod)| nodding(face, nod)).collect();
    let heads: Vec<_> = faces.iter().map(|(_, head, _)| *head).collect();
    // What the plan gives is stronger than where the body comes from.
    let given: Vec<Given> = given.iter().cloned().chain(plan.given.iter().flat_map(|excerpt| excerpt.given(heads.len()))).collect();
    let poses = bodies(&body, &heard.rhythm, plan, &heads, &given, seed)?;
    keep_heads(&mut faces, &given);
    let frames = faces.into_iter().zip(poses).map(|((face, head, gaze), body)| Frame { face, head, gaze, body });
    Ok(Performance { fps: 30.0, seconds: speech.seconds, frames: frames.collect() })
}

/// Puts gestures of the library into the plan: those that its events ask for, and those that its words call for.
///
/// Fails with [`crate::Error::Usage`] where an event names a gesture that the library has not.
pub fn place(plan: &mut Plan, library: &Library, speech: &Speech, seed: u64) -> Result<()> {
    for event in &plan.events {
        if let Act::Gesture { name, left } = &event.act {
            let side = if *left == Some(true) { Side::Left } else { Side::Right };
            plan.gestures.push(Placed { gesture: library.find(name)?, time: event.start, until: Some(event.end), side });
        }
    }
    if !plan.words.is_empty() {
        let rhythm = Rhythm::of(speech, Performance::frames_for(speech.seconds, body::RATE));
        let feeling = plan.points(Region::Hands);
        let chosen = library::choose::choose(library, &plan.words, &rhythm, feeling, &plan.gestures, clip_seed(speech, seed));
        plan.gestures.extend(chosen);
    }
    plan.gestures.sort_by(|a, b| a.time.total_cmp(&b.time));
    Ok(())
}

/// The clip's own seed, from the user's and from what is heard: lines that share a seed must not all blink at the same moment.
fn clip_seed(speech: &Speech, seed: u64) -> u64 {
    // FNV-1a over 16-bit samples, which no platform's rounding changes.
    speech
        .samples
        .iter()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, s| (hash ^ (s * 32767.0).round() as i16 as u16 as u64).wrapping_mul(0x100_0000_01b3))
}

fn times(head: Head, factor: f32) -> Head {
    Head { yaw: factor * head.yaw, pitch: factor * head.pitch, roll: factor * head.roll }
}

/// Adds a nod to a face whose eyes stay where they look (the vestibulo-ocular reflex).
fn nodding((mut face, head, gaze): (Coefficients, Head, Gaze), nod: Head) -> (Coefficients, Head, Gaze) {
    let head = Head { yaw: head.yaw + nod.yaw, pitch: head.pitch + nod.pitch, roll: head.roll + nod.roll };
    let gaze = Gaze { yaw: gaze.yaw - nod.yaw, pitch: gaze.pitch - nod.pitch };
    gaze.write(&mut face);
    (face, head, gaze)
}

/// The face under the whole plan, with every region that has its own direction taken from a performance under that one. All
/// share the seed, so what differs is the feeling alone.
fn faces(model: &FaceModel, heard: &Heard, plan: &Plan, seed: u64, quality: Quality) -> Result<Vec<Row>> {
    let frames = heard.activity.len();
    let styles: Vec<_> = plan.styles.iter().map(|leaning| leaning.style(model.usual_style())).collect();
    let act = |asked: [&[Point]; 2]| {
        let asked = Asked { emotion: asked[0], away: asked[1], styles: &styles, ebb: plan.dials.ebb };
        model.act(heard, &asked, frames, seed, quality)
    };
    let whole = [&plan.emotion[..], plan.away(None)];
    let mut rows = act(whole)?;
    let mut done: Vec<([&[Point]; 2], Vec<Row>)> = Vec::new();
    for (region, points) in &plan.regions {
        let channels = channels(*region);
        let asked = [&points[..], plan.away(Some(*region))];
        if channels.is_empty() || asked == whole {
            continue;
        }
        if !done.iter().any(|(known, _)| *known == asked) {
            done.push((asked, act(asked)?));
        }
        let Some((_, own)) = done.iter().find(|(known, _)| *known == asked) else { continue };
        for (row, own) in rows.iter_mut().zip(own) {
            channels.iter().for_each(|c| row[*c] = own[*c]);
        }
    }
    Ok(rows)
}

/// The channels of the face model that belong to a region.
fn channels(region: Region) -> Vec<usize> {
    match region {
        Region::Head => (vector::HEAD..vector::HEAD + 3).collect(),
        _ => region.coefficients().iter().filter_map(|c| vector::channel_of(*c)).collect(),
    }
}

/// Adds muscles that were asked for by name. Lips that meet keep meeting.
fn flex(rows: &mut [Row], muscles: &[(usize, Vec<f32>)]) {
    for (n, row) in rows.iter_mut().enumerate().filter(|_| !muscles.is_empty()) {
        let (mut face, head, gaze) = vector::unpack(row);
        let before = gap_mm(&face).max(0.0);
        for (coefficient, curve) in muscles {
            let offset = curve.get(n).or(curve.last()).copied().unwrap_or(0.0);
            face[*coefficient] = (face[*coefficient] + offset).clamp(0.0, 1.0);
        }
        let after = gap_mm(&face).max(0.0);
        set_gap(&mut face, before + (after - before) * before / (before + 2.0));
        *row = vector::pack(&face, head, gaze);
    }
}

/// Tells of given heads what the body does with them.
fn keep_heads(faces: &mut [(Coefficients, Head, Gaze)], given: &[Given]) {
    let pulls = given::pull(given, Piece::Head, faces.len(), given::REACH);
    for ((_, head, _), pull) in faces.iter_mut().zip(pulls) {
        for (i, share) in pull.shares.into_iter().filter(|(_, share)| *share > 0.0) {
            let wanted = motion::head_of(&given[i].pose);
            let towards = |own: f32, wanted: f32| own + share * (wanted - own);
            *head = Head {
                yaw: towards(head.yaw, wanted.yaw),
                pitch: towards(head.pitch, wanted.pitch),
                roll: towards(head.roll, wanted.roll),
            };
        }
    }
}

/// The body under the whole plan, with torso and hands that have their own direction taken from a performance under that one.
fn bodies(model: &BodyModel, rhythm: &Rhythm, plan: &Plan, heads: &[Head], given: &[Given], seed: u64) -> Result<Vec<Pose>> {
    let frames = heads.len();
    let hands = manners(plan, plan.points(Region::Hands), frames);
    let frame = |seconds: f64| (seconds * body::RATE) as f32;
    let busy: Vec<Range<f32>> =
        track::spans(&plan.gestures, &hands).iter().map(|span| frame(span.start - 0.2)..frame(span.end - 0.4)).collect();
    let under = |points: &[Point]| {
        let manners = body::eased(manners(plan, points, frames).into_iter());
        let (manners, busy) = (&manners, &busy);
        model.perform(&Request { rhythm, frames, emotion: points, manners, style: None, heads, busy, given, seed })
    };
    let mut poses = under(&plan.emotion)?;
    for (region, joints) in [(Region::Torso, &TORSO), (Region::Hands, &HANDS)] {
        let points = plan.points(region);
        if points != plan.emotion {
            for (pose, own) in poses.iter_mut().zip(under(points)?) {
                for span in joints {
                    pose.rotations[span.clone()].copy_from_slice(&own.rotations[span.clone()]);
                }
            }
        }
    }
    let through = if given.is_empty() { Vec::new() } else { poses.clone() };
    plan.dials.gesture(&mut poses, &HANDS);
    let track = track::lay(&plan.gestures, &poses, &hands);
    track::blend(&mut poses, &track);
    given::restore(&mut poses, &through, given);
    Ok(poses)
}

/// Joints of the region among the 52: spine, chest and upper chest; shoulders to hands, and fingers.
const TORSO: [Range<usize>; 2] = [1..3, 3..4];
const HANDS: [Range<usize>; 2] = [6..14, 22..52];

/// The manner of the body at every frame of the points, in the style that the plan leans towards.
fn manners(plan: &Plan, points: &[Point], frames: usize) -> Vec<Expressivity> {
    let mut known: Option<(Point, Expressivity)> = None;
    let mut manner = |n: usize| {
        let point = points.get(n).or(points.last()).copied().unwrap_or_default();
        match known {
            Some((before, manner)) if before == point => manner,
            _ => known.insert((point, manner_of(&point))).1,
        }
    };
    let leaning = |n: usize| plan.styles.get(n).or(plan.styles.last()).copied().unwrap_or_default();
    (0..frames).map(|n| leaning(n).manner(manner(n))).collect()
}

fn manner_of(point: &Point) -> Expressivity {
    let mix = Expressivity::at(point);
    // The face model lowers and raises the head too; each does its part.
    Expressivity { head: 0.4 * mix.head, ..mix }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::Direction;
    use crate::face::coefficients::id;

    fn performed(text: &str) -> Performance {
        let samples: Vec<f32> = (0..32_000).map(|n| (n as f32 * 0.05).sin() * (n as f32 * 0.0008).sin().abs() * 0.3).collect();
        let speech = Speech { samples, seconds: 2.0 };
        let plan = Direction::parse(text).unwrap().plan(2.0, 60, &[]);
        perform(&Models::Standard, &speech, &plan, Options { quality: Quality::Draft, ..Options::default() }).unwrap()
    }

    #[test]
    fn a_region_changes_and_the_rest_stays_to_the_bit() {
        let (plain, mixed) = (performed("sad"), performed("sad; brows=angry; hands=happy"));
        for (a, b) in plain.frames.iter().zip(&mixed.frames) {
            for c in Region::Mouth.coefficients().iter().chain(Region::Cheeks.coefficients()) {
                assert_eq!(a.face[*c], b.face[*c]);
            }
            assert_eq!(a.body.rotations[14..22], b.body.rotations[14..22]);
        }
        let brow = |p: &Performance| p.frames.iter().map(|f| f.face[id::BROW_DOWN_LEFT]).sum::<f32>();
        assert!(brow(&mixed) > brow(&plain) + 5.0, "{} {}", brow(&mixed), brow(&plain));
        assert!(plain.frames.iter().zip(&mixed.frames).any(|(a, b)| a.body.rotations[7] != b.body.rotations[7]));
    }

    #[test]
    fn a_feeling_taken_away_leaves_the_face_step_by_step() {
        let wide = |text: &str| performed(text).frames.iter().map(|f| f.face[id::EYE_WIDE_LEFT] + f.face[id::BROW_INNER_UP]).sum::<f32>();
        let steps = ["surprised", "surprised-fear:0.3", "surprised-fear:0.6", "surprised-fear"].map(wide);
        assert!(steps.windows(2).all(|w| w[1] < w[0] - 1.0), "{steps:?}");
        // It stays the face that was asked for.
        let smile = |text: &str| performed(text).frames.iter().map(|f| f.face[id::MOUTH_SMILE_LEFT]).sum::<f32>();
        assert!(smile("happy-fear") > 0.8 * smile("happy"), "{} {}", smile("happy-fear"), smile("happy"));
    }

    #[test]
    fn a_muscle_by_name_moves_it() {
        let raised = performed("\"raised left brow\"");
        let (left, right) = (id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT);
        assert!(raised.frames.iter().all(|f| f.face[left] > f.face[right] + 0.4));
    }
}
