//! Things that happen at a time: nods, looks, winks, manners of speaking.
//!
//! ```text
//! event = time [ "-" time ] act
//! act   = "nod" | "shake" | "tilt" side | "blink" | "wink" side | "sigh"
//!       | "look" ( side | "up" | "down" | "camera" | yaw "," pitch )       degrees, + left and down
//!       | "speak" ( "mumbled" | "clear" | "exaggerated" | "smiling" )
//!       | "lip-scale" number                                               0..=2
//!       | "gesture" name [ side ]                                          of the library; the stroke ends at the time
//! side  = "left" | "right"                                                 the character's
//! ```

use super::grammar;
use crate::body::curves::smoothstep;
use crate::face::articulation::{gap_mm, set_gap};
use crate::face::coefficients::id;
use crate::face::vector::{self, Row};
use crate::motion::Gaze;
use crate::spelling;
use crate::{Error, Result};
use std::f32::consts::TAU;
use std::str::FromStr;

/// Something that happens from `start` to `end`, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub start: f64,
    pub end: f64,
    pub act: Act,
}

/// What happens. Sides are the character's: + or `true` is left.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Nod,
    Shake,
    Tilt {
        left: bool,
    },
    Blink,
    Wink {
        left: bool,
    },
    Sigh,
    /// Radians relative to straight ahead; the head follows part of the way.
    Look(Gaze),
    /// Factor on what the lips do.
    Lips(f32),
    Smile,
    /// A gesture of the library, made with the left hand, the right one or whichever leads. It is no part of the face: the stage
    /// that knows the library places it.
    Gesture {
        name: String,
        left: Option<bool>,
    },
}

impl std::fmt::Display for Act {
    /// What happens, in few words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = |left: &bool| if *left { "left" } else { "right" };
        match self {
            Act::Nod => f.write_str("nod"),
            Act::Shake => f.write_str("shake"),
            Act::Blink => f.write_str("blink"),
            Act::Sigh => f.write_str("sigh"),
            Act::Smile => f.write_str("speak smiling"),
            Act::Tilt { left } => write!(f, "tilt {}", side(left)),
            Act::Wink { left } => write!(f, "wink {}", side(left)),
            Act::Look(aim) => write!(f, "look {:.0},{:.0}", aim.yaw.to_degrees(), aim.pitch.to_degrees()),
            Act::Lips(scale) => write!(f, "lip-scale {scale}"),
            Act::Gesture { name, left: None } => write!(f, "gesture {name}"),
            Act::Gesture { name, left: Some(left) } => write!(f, "gesture {name} {}", side(left)),
        }
    }
}

/// How long an act takes where only its start is given, seconds.
fn usual_length(act: &Act) -> f64 {
    match act {
        Act::Nod | Act::Shake => 1.2,
        Act::Blink | Act::Wink { .. } => 0.35,
        Act::Tilt { .. } | Act::Look(_) => 1.5,
        Act::Sigh => 2.2,
        Act::Lips(_) | Act::Smile => 2.0,
        // The gesture knows how long it is held.
        Act::Gesture { .. } => 1e-3,
    }
}

impl FromStr for Event {
    type Err = Error;

    fn from_str(text: &str) -> Result<Event> {
        let (when, what) = text.trim().split_once(char::is_whitespace).ok_or_else(|| {
            Error::usage(format!("event \"{text}\": a time and an act are expected"), "write it as in \"2.1s nod\" or \"3s-5s look left\"")
        })?;
        let (from, to) = match when.split_once('-') {
            Some((from, to)) => (from, Some(to)),
            None => (when, None),
        };
        let time = |t: &str| {
            grammar::seconds(t).ok_or_else(|| Error::usage(format!("event \"{text}\": \"{t}\" is not a time"), "write 2.5s or 1:02.5"))
        };
        let (start, act) = (time(from)?, act(text, what)?);
        let end = to.map(time).transpose()?.unwrap_or(start + usual_length(&act));
        match end > start {
            true => Ok(Event { start, end, act }),
            false => Err(Error::usage(format!("event \"{text}\": it ends before it begins"), "write it as in \"3s-5s look left\"")),
        }
    }
}

fn act(text: &str, what: &str) -> Result<Act> {
    let words: Vec<&str> = what.split_whitespace().collect();
    let looking = |yaw: f32, pitch: f32| Act::Look(Gaze { yaw: yaw.to_radians(), pitch: pitch.to_radians() });
    Ok(match words.as_slice() {
        ["nod"] => Act::Nod,
        ["shake"] => Act::Shake,
        ["blink"] => Act::Blink,
        ["sigh"] => Act::Sigh,
        ["tilt", side @ ("left" | "right")] => Act::Tilt { left: *side == "left" },
        ["wink", side @ ("left" | "right")] => Act::Wink { left: *side == "left" },
        ["look", "left"] => looking(30.0, 0.0),
        ["look", "right"] => looking(-30.0, 0.0),
        ["look", "up"] => looking(0.0, -18.0),
        ["look", "down"] => looking(0.0, 22.0),
        ["look", "camera"] => looking(0.0, 0.0),
        ["look", angles] => match angles.split_once(',').map(|(y, p)| (y.parse::<f32>(), p.parse::<f32>())) {
            Some((Ok(yaw), Ok(pitch))) if yaw.abs() <= 80.0 && pitch.abs() <= 50.0 => looking(yaw, pitch),
            _ => return Err(wrong(text, angles, &["left", "right", "up", "down", "camera", "20,-5"])),
        },
        ["speak", "mumbled"] => Act::Lips(0.55),
        ["speak", "clear"] => Act::Lips(1.25),
        ["speak", "exaggerated"] => Act::Lips(1.55),
        ["speak", "smiling"] => Act::Smile,
        ["speak", other] => return Err(wrong(text, other, &["mumbled", "clear", "exaggerated", "smiling"])),
        ["lip-scale", number] => match number.parse::<f32>() {
            Ok(scale) if (0.0..=2.0).contains(&scale) => Act::Lips(scale),
            _ => return Err(Error::usage(format!("event \"{text}\": lip-scale \"{number}\" is not a number from 0 to 2"), "")),
        },
        ["gesture", name] => Act::Gesture { name: name.to_string(), left: None },
        ["gesture", name, side @ ("left" | "right")] => Act::Gesture { name: name.to_string(), left: Some(*side == "left") },
        ["gesture", _, side, ..] => return Err(wrong(text, side, &["left", "right"])),
        ["gesture"] => return Err(Error::usage(format!("event \"{text}\": which gesture?"), "`gestus gestures` lists them")),
        [side @ ("tilt" | "wink"), ..] => return Err(wrong(text, words.get(1).unwrap_or(side), &["left", "right"])),
        [other, ..] => {
            return Err(wrong(text, other, &["nod", "shake", "tilt", "blink", "wink", "sigh", "look", "speak", "lip-scale", "gesture"]));
        }
        [] => return Err(wrong(text, "", &["nod", "look left"])),
    })
}

fn wrong(text: &str, word: &str, known: &[&str]) -> Error {
    let guess = spelling::guess(word, known.iter().copied());
    let column = text.find(word).map_or(0, |at| text[..at].chars().count()) + 1;
    Error::usage(format!("event \"{text}\": \"{word}\" in column {column} is not known"), format!("{guess}Known are {}", known.join(", ")))
}

/// Plays the events on face motion at 30 frames a second.
pub fn play(rows: &mut [Row], events: &[Event]) {
    for event in events {
        for (n, row) in rows.iter_mut().enumerate() {
            let time = n as f64 / 30.0;
            if time >= event.start && time <= event.end {
                event.shape(time, row);
            }
        }
    }
}

/// Amplitudes in radians: an emphatic nod and shake, a tilt.
const NOD: f32 = 0.16;
const SHAKE: f32 = 0.20;
const TILT: f32 = 0.20;
/// Share of a look that the head takes (Freedman and Sparks 1997: beyond some 20 degrees heads come along).
const HEAD_SHARE: f32 = 0.35;

impl Event {
    fn shape(&self, time: f64, row: &mut Row) {
        let since = (time - self.start) as f32;
        let length = (self.end - self.start) as f32;
        // Comes within a quarter of a second, or a third of a short act, and goes likewise.
        let edge = (0.25f32).min(length / 3.0).max(1e-3);
        let inside = ease(since / edge) * ease((length - since) / edge);
        let (mut face, mut head, mut gaze) = vector::unpack(row);
        match self.act {
            Act::Nod => turn(&mut head.pitch, &mut gaze.pitch, NOD * swing(since, length, 2.0) * inside),
            Act::Shake => turn(&mut head.yaw, &mut gaze.yaw, SHAKE * swing(since, length, 2.5) * inside),
            Act::Tilt { left } => head.roll += if left { -TILT } else { TILT } * inside,
            Act::Blink => [id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT].iter().for_each(|c| shut(&mut face[*c], since, length)),
            Act::Wink { left } => {
                let [lid, cheek, corner] = match left {
                    true => [id::EYE_BLINK_LEFT, id::CHEEK_SQUINT_LEFT, id::MOUTH_SMILE_LEFT],
                    false => [id::EYE_BLINK_RIGHT, id::CHEEK_SQUINT_RIGHT, id::MOUTH_SMILE_RIGHT],
                };
                shut(&mut face[lid], since, length);
                face[cheek] = (face[cheek] + 0.6 * inside).min(1.0);
                face[corner] = (face[corner] + 0.2 * inside).min(1.0);
            }
            Act::Sigh => {
                // In over the first third, then out through slightly parted lips; lids and head sink.
                let out = ease((since / length - 0.3) / 0.2) * inside;
                head.pitch += (0.05 * out) - 0.03 * (inside - out).max(0.0);
                for lid in [id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT] {
                    face[lid] = face[lid].max(0.3 * out);
                }
                face[id::BROW_INNER_UP] = (face[id::BROW_INNER_UP] + 0.2 * out).min(1.0);
            }
            Act::Look(aim) => {
                let mix = |now: f32, aim: f32, share: f32| now + (aim * share - now) * inside;
                (gaze.yaw, gaze.pitch) = (mix(gaze.yaw, aim.yaw, 1.0 - HEAD_SHARE), mix(gaze.pitch, aim.pitch, 1.0 - HEAD_SHARE));
                let slow = ease(since / (2.0 * edge)) * ease((length - since) / (2.0 * edge));
                head.yaw += HEAD_SHARE * aim.yaw * slow;
                head.pitch += HEAD_SHARE * aim.pitch * slow;
            }
            Act::Lips(scale) => {
                let factor = 1.0 + (scale - 1.0) * inside;
                let gap = gap_mm(&face).max(0.0) * factor;
                for c in [id::MOUTH_PUCKER, id::MOUTH_FUNNEL, id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT] {
                    face[c] = (face[c] * factor).min(1.0);
                }
                set_gap(&mut face, gap);
            }
            Act::Gesture { .. } => {}
            Act::Smile => {
                let shapes = [id::MOUTH_SMILE_LEFT, id::MOUTH_SMILE_RIGHT, id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT];
                shapes.iter().for_each(|c| face[*c] = (face[*c] + 0.4 * inside).min(1.0));
            }
        }
        *row = vector::pack(&face, head, gaze);
    }
}

/// Turns the head and turns the eyes back by as much: they stay on what they see (the vestibulo-ocular reflex).
fn turn(head: &mut f32, gaze: &mut f32, angle: f32) {
    *head += angle;
    *gaze -= angle;
}

/// A swing to and fro that dies away, as nods and shakes do (Hadar et al. 1985: some 2 to 4 a second), -1..=1.
fn swing(since: f32, length: f32, rate: f32) -> f32 {
    (TAU * rate * since).sin() * (1.0 - 0.6 * since / length)
}

/// Down in a quarter of the time, up in the rest.
fn shut(lid: &mut f32, since: f32, length: f32) {
    let at = since / length;
    let closed = if at < 0.25 { ease(at / 0.25) } else { 1.0 - ease(((at - 0.45) / 0.55).max(0.0)) };
    *lid = lid.max(closed);
}

fn ease(t: f32) -> f32 {
    smoothstep(0.0, 1.0, t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::vector::{CHANNELS, HEAD};

    fn played(text: &str) -> Vec<Row> {
        let mut rows = vec![[0.0; CHANNELS]; 120];
        play(&mut rows, &[text.parse().unwrap()]);
        rows
    }

    #[test]
    fn a_nod_moves_the_head_and_ends_at_rest() {
        let rows = played("1s nod");
        let pitch: Vec<f32> = rows.iter().map(|r| r[HEAD + 1]).collect();
        assert!(pitch[..29].iter().all(|p| *p == 0.0) && pitch[70..].iter().all(|p| *p == 0.0));
        let most = pitch.iter().copied().fold(0.0, f32::max);
        assert!((0.08..0.2).contains(&most), "{most}");
        let steps = pitch.windows(2).map(|w| (w[1] - w[0]).abs() * 30.0).fold(0.0, f32::max);
        assert!(steps < 3.0, "{steps} rad/s");
    }

    #[test]
    fn closed_lips_stay_closed_however_one_speaks() {
        for text in ["0s-4s lip-scale 2", "0s-4s speak exaggerated", "0s-4s speak mumbled", "0s-4s speak smiling"] {
            let rows = played(text);
            assert!(rows.iter().all(|r| gap_mm(&vector::unpack(r).0) < 0.2), "{text}");
        }
    }

    #[test]
    fn a_wink_shuts_one_eye() {
        let rows = played("1s wink left");
        let lid = |c: usize| rows.iter().map(|r| vector::unpack(r).0[c]).fold(0.0, f32::max);
        assert!(lid(id::EYE_BLINK_LEFT) > 0.95 && lid(id::EYE_BLINK_RIGHT) == 0.0);
    }

    #[test]
    fn a_look_is_shared_by_eyes_and_head() {
        let rows = played("1s-3s look left");
        let (_, head, gaze) = vector::unpack(&rows[60]);
        assert!((head.yaw + gaze.yaw - 30f32.to_radians()).abs() < 0.02, "{head:?} {gaze:?}");
    }

    #[test]
    fn gestures_have_a_name_and_perhaps_a_side() {
        let act = |text: &str| text.parse::<Event>().map(|event| event.act);
        assert_eq!(act("2s gesture stop").unwrap(), Act::Gesture { name: "stop".into(), left: None });
        assert_eq!(act("2s-3s gesture stop left").unwrap(), Act::Gesture { name: "stop".into(), left: Some(true) });
        assert!(act("2s gesture").unwrap_err().to_string().contains("which gesture"));
        assert!(act("2s gesture stop lefft").unwrap_err().hint().unwrap().contains("did you mean left?"));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in
            [("nod", "a time"), ("2s nodd", "nodd"), ("5s-3s nod", "ends before"), ("2s wink", "wink"), ("x nod", "not a time")]
        {
            let error = text.parse::<Event>().unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains(part), "{error}");
        }
        assert!("2s nodd".parse::<Event>().unwrap_err().hint().unwrap().contains("did you mean nod?"));
        assert!("2s look 200,0".parse::<Event>().is_err());
    }
}
