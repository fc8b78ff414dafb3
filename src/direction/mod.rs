//! What the user asks for: the grammar of directions, and the [`Plan`] that one becomes.
//!
//! ```text
//! direction = track { ";" track }
//! track     = [ region "=" ] key { ">" key }             ">" moves from one key to the next
//! key       = mix [ "@" time [ "-" time ] ] [ "ease" name ]
//! mix       = term { ("+" | "-") term }                  "-" guides away
//! term      = word [ ":" intensity ]                     0..=1.5, default 1; labels and the words of the lexicon
//!           | "va(" valence "," arousal ")"              -1..=1 each
//!           | "auto" [ ":" intensity ]                     what is heard in the voice
//!           | '"' free text '"'                          words of feeling, degree and muscle
//! region    = face | brows | eyes | cheeks | mouth | head | torso | hands | body
//! time      = seconds ["s"] | mm:ss[.ms] | percent "%"
//! name      = linear | smooth | snap | slow-in | slow-out
//! ```
//!
//! | step | file |
//! |---|---|
//! | text to [`Direction`] | `grammar` |
//! | free text to a mix | `reading` |
//! | keys and easing to curves | `timeline` |
//! | files: TOML, JSON, SRT, WebVTT | `file` |
//! | nods, looks, manners of speaking | [`events`] |

pub mod events;
mod file;
mod grammar;
mod reading;
mod timeline;

use crate::body::library::Placed;
use crate::emotion::{EMOTION, Label, Point};
use crate::face::coefficients::id;
use crate::{Error, Result};
use events::Event;
use std::str::FromStr;

/// Strongest intensity that a term may ask for.
pub const MAX_INTENSITY: f32 = 1.5;

/// A parsed direction, such as `happy`, `joy:0.6+surprise:0.3`, `neutral @0 > sad @4s; brows=angry:0.5`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Direction {
    /// In the order written; where two direct the same region at the same time the later one wins.
    pub tracks: Vec<Track>,
    /// What happens at a time.
    pub events: Vec<Event>,
    /// Words of free text that were not understood.
    pub unknown: Vec<String>,
}

/// The keys of one region over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// `None` directs everything.
    pub region: Option<Region>,
    pub keys: Vec<Key>,
}

/// What is asked for, when, and how it is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    pub mix: Mix,
    /// Reached at the first time, held to the second.
    pub span: Option<(Time, Option<Time>)>,
    /// How the way from the key before runs.
    pub ease: Ease,
}

/// A place in the recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// From the first audio sample.
    Seconds(f64),
    /// Share of the recording's length, 0..=1.
    Share(f64),
}

/// How a transition runs from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ease {
    Linear,
    /// Slow at both ends.
    #[default]
    Smooth,
    /// All at once at the end.
    Snap,
    SlowIn,
    SlowOut,
}

/// A part of face or body with a direction of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Region {
    /// Brows, eyes, cheeks and mouth.
    Face,
    Brows,
    Eyes,
    Cheeks,
    Mouth,
    Head,
    Torso,
    /// Arms and hands.
    Hands,
    /// Head, torso and hands.
    Body,
}

impl Region {
    pub const ALL: [(Region, &str); 9] = [
        (Region::Face, "face"),
        (Region::Brows, "brows"),
        (Region::Eyes, "eyes"),
        (Region::Cheeks, "cheeks"),
        (Region::Mouth, "mouth"),
        (Region::Head, "head"),
        (Region::Torso, "torso"),
        (Region::Hands, "hands"),
        (Region::Body, "body"),
    ];

    pub fn name(self) -> &'static str {
        Region::ALL.iter().find(|(region, _)| *region == self).map_or("", |(_, name)| name)
    }

    /// The face coefficients that belong to it, without those of the gaze.
    pub fn coefficients(self) -> &'static [usize] {
        match self {
            Region::Brows => &[id::BROW_DOWN_LEFT, id::BROW_DOWN_RIGHT, id::BROW_INNER_UP, id::BROW_OUTER_UP_LEFT, id::BROW_OUTER_UP_RIGHT],
            Region::Eyes => {
                &[id::EYE_BLINK_LEFT, id::EYE_BLINK_RIGHT, id::EYE_SQUINT_LEFT, id::EYE_SQUINT_RIGHT, id::EYE_WIDE_LEFT, id::EYE_WIDE_RIGHT]
            }
            Region::Cheeks => &[id::CHEEK_PUFF, id::CHEEK_SQUINT_LEFT, id::CHEEK_SQUINT_RIGHT, id::NOSE_SNEER_LEFT, id::NOSE_SNEER_RIGHT],
            Region::Mouth => &MOUTH,
            _ => &[],
        }
    }

    /// The regions it is made of; itself where it has no parts.
    pub fn parts(self) -> &'static [Region] {
        match self {
            Region::Face => &[Region::Brows, Region::Eyes, Region::Cheeks, Region::Mouth],
            Region::Body => &[Region::Head, Region::Torso, Region::Hands],
            Region::Brows => &[Region::Brows],
            Region::Eyes => &[Region::Eyes],
            Region::Cheeks => &[Region::Cheeks],
            Region::Mouth => &[Region::Mouth],
            Region::Head => &[Region::Head],
            Region::Torso => &[Region::Torso],
            Region::Hands => &[Region::Hands],
        }
    }
}

/// Jaw, lips and tongue.
const MOUTH: [usize; 28] = {
    let mut all = [0; 28];
    let mut n = 0;
    while id::JAW_FORWARD + n <= id::MOUTH_UPPER_UP_RIGHT {
        all[n] = id::JAW_FORWARD + n;
        n += 1;
    }
    all[n] = id::TONGUE_OUT;
    all
};

/// Regions without parts, in the order of [`Plan::regions`].
pub const PARTS: [Region; 7] = [Region::Brows, Region::Eyes, Region::Cheeks, Region::Mouth, Region::Head, Region::Torso, Region::Hands];

/// Feelings that add up, and muscles set by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mix {
    pub terms: Vec<Term>,
    /// Coefficients (place, offset) that free text set directly.
    pub muscles: Vec<(usize, f32)>,
}

/// One part of a mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    /// A label and how much of it; negative guides away.
    Label { label: Label, intensity: f32 },
    /// Valence and arousal, -1..=1 each, times an intensity.
    Affect { valence: f32, arousal: f32, intensity: f32 },
    /// What is heard in the voice, and how much of it.
    Heard { intensity: f32 },
}

impl Term {
    /// The term at `by` times its intensity.
    fn scaled(self, by: f32) -> Term {
        match self {
            Term::Label { label, intensity } => Term::Label { label, intensity: intensity * by },
            Term::Affect { valence, arousal, intensity } => Term::Affect { valence, arousal, intensity: intensity * by },
            Term::Heard { intensity } => Term::Heard { intensity: intensity * by },
        }
    }
}

impl Mix {
    /// How much of what is heard in the voice belongs to the mix.
    pub fn heard(&self) -> f32 {
        self.terms.iter().map(|term| if let Term::Heard { intensity } = term { *intensity } else { 0.0 }).sum()
    }

    /// Where the mix lies in the emotion space, without what is heard.
    pub fn point(&self) -> Point {
        let mut point = [0.0; EMOTION];
        for term in &self.terms {
            let part = match *term {
                Term::Label { label, intensity } => label.at(intensity),
                Term::Affect { valence, arousal, intensity } => crate::emotion::affect(valence, arousal).map(|v| v * intensity),
                Term::Heard { .. } => continue,
            };
            point.iter_mut().zip(part).for_each(|(p, v)| *p += v);
        }
        point
    }
}

/// A direction laid out in time, at 30 frames a second.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// A point of the emotion space for every frame, neutral at the origin.
    pub emotion: Vec<Point>,
    /// Regions that have a direction of their own, with their points.
    pub regions: Vec<(Region, Vec<Point>)>,
    /// Coefficients that are added to the performance: place and offset for every frame.
    pub muscles: Vec<(usize, Vec<f32>)>,
    pub events: Vec<Event>,
    /// Gestures with a meaning, in the order of their times ([`crate::perform::place`]).
    pub gestures: Vec<Placed>,
}

impl Plan {
    /// The points of a region without parts.
    pub fn points(&self, region: Region) -> &[Point] {
        self.regions.iter().find(|(r, _)| *r == region).map_or(&self.emotion, |(_, points)| points)
    }
}

impl Direction {
    /// Reads a direction; a mistake names its column. Text of several words without any sign of the grammar is free text.
    pub fn parse(text: &str) -> Result<Direction> {
        grammar::parse(text)
    }

    /// Reads a direction file: TOML, JSON, SRT or WebVTT by the file's extension; `origin` names it in errors.
    ///
    /// Fails with [`Error::Malformed`] and the line, [`Error::Usage`] for another extension.
    pub fn from_file(text: &str, origin: &std::path::Path) -> Result<Direction> {
        file::parse(text, origin)
    }

    /// Whether the voice has to be heard for the plan.
    pub fn listens(&self) -> bool {
        self.tracks.iter().flat_map(|track| &track.keys).any(|key| key.mix.heard() != 0.0)
    }

    /// Lays the direction out over a recording of `seconds`, in `frames` frames of 1/30 s. `heard` is the feeling in the voice at
    /// every frame ([`crate::emotion::voice`]); it may be empty unless the direction [listens](Direction::listens).
    pub fn plan(&self, seconds: f64, frames: usize, heard: &[Point]) -> Plan {
        timeline::plan(self, seconds, frames, heard)
    }
}

impl FromStr for Direction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Direction> {
        Direction::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intensities(text: &str) -> Vec<(Label, f32)> {
        let terms = Direction::parse(text).unwrap().tracks.remove(0).keys.remove(0).mix.terms;
        let of = |t: &Term| if let Term::Label { label, intensity } = *t { Some((label, intensity)) } else { None };
        terms.iter().filter_map(of).collect()
    }

    fn valence(plan: &Plan, seconds: f64) -> f32 {
        plan.emotion[(seconds * 30.0) as usize][0]
    }

    #[test]
    fn mixes_add_up() {
        assert_eq!(intensities("joy:0.6 + Surprise:0.3 - fear"), [(Label::Happy, 0.6), (Label::Surprised, 0.3), (Label::Fearful, -1.0)]);
        assert_eq!(Direction::parse("sad").unwrap().plan(0.1, 3, &[]).emotion, vec![Label::Sad.at(1.0); 3]);
        let direction = Direction::parse("va(-0.6, 0.5):0.5").unwrap();
        assert_eq!(direction.tracks[0].keys[0].mix.terms, [Term::Affect { valence: -0.6, arousal: 0.5, intensity: 0.5 }]);
        assert!(intensities("furious:0.5")[0].1 < 0.7);
        assert_eq!(intensities("quietly furious, holding back tears").len(), 1);
    }

    #[test]
    fn keys_move_from_one_to_the_next() {
        let plan = Direction::parse("neutral @0 > happy @2s > sad:0.5 @80% ease linear").unwrap().plan(10.0, 300, &[]);
        assert_eq!(valence(&plan, 0.0), 0.0);
        assert!((valence(&plan, 1.0) - 0.38).abs() < 0.02, "{}", valence(&plan, 1.0));
        assert!((valence(&plan, 2.0) - 0.76).abs() < 1e-5);
        assert!((valence(&plan, 5.0) - 0.5 * (0.76 - 0.315)).abs() < 0.01);
        assert!((valence(&plan, 9.9) + 0.315).abs() < 1e-5);
    }

    #[test]
    fn keys_without_times_are_spread() {
        let plan = Direction::parse("neutral > happy > neutral").unwrap().plan(10.0, 300, &[]);
        assert!((valence(&plan, 5.0) - 0.76).abs() < 0.01, "{}", valence(&plan, 5.0));
        assert!(valence(&plan, 9.95).abs() < 0.02);
    }

    #[test]
    fn what_is_heard_joins_what_is_asked() {
        let direction = Direction::parse("neutral @0 > auto:0.5+happy:0.2 @1s ease linear").unwrap();
        assert!(direction.listens() && !Direction::parse("happy").unwrap().listens());
        let plan = direction.plan(2.0, 60, &vec![Label::Sad.at(1.0); 60]);
        assert_eq!(valence(&plan, 0.0), 0.0);
        assert!((valence(&plan, 1.5) - (0.2 * 0.76 - 0.5 * 0.63)).abs() < 1e-5);
        assert!((valence(&plan, 0.5) - 0.5 * (0.2 * 0.76 - 0.5 * 0.63)).abs() < 1e-5);
    }

    #[test]
    fn a_region_has_its_own_way_and_only_it() {
        let plan = Direction::parse("sad; brows=angry; mouth=happy:0.3 @1s-4s").unwrap().plan(10.0, 300, &[]);
        assert_eq!(plan.points(Region::Brows)[0], Label::Angry.at(1.0));
        assert_eq!(plan.points(Region::Eyes)[0], Label::Sad.at(1.0));
        assert_eq!(plan.points(Region::Mouth)[0], Label::Sad.at(1.0));
        assert_eq!(plan.points(Region::Mouth)[60], Label::Happy.at(0.3));
        assert_eq!(plan.points(Region::Mouth)[200], Label::Sad.at(1.0));
    }

    #[test]
    fn muscles_follow_the_keys() {
        let plan = Direction::parse("neutral @0 > \"raised left brow\" @1s").unwrap().plan(2.0, 60, &[]);
        let curve = &plan.muscles.iter().find(|(c, _)| *c == id::BROW_OUTER_UP_LEFT).unwrap().1;
        assert!(curve[0] == 0.0 && curve[15] > 0.3 && curve[45] > 0.8);
    }

    #[test]
    fn mistakes_name_column_and_nearest_word() {
        let tell = |text: &str| {
            let error = Direction::parse(text).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{text}");
            format!("{error} | {}", error.hint().unwrap_or_default())
        };
        assert!(tell("sad+hapy").contains("\"hapy\" in column 5 | did you mean happy?"), "{}", tell("sad+hapy"));
        assert!(tell("brow=angry").contains("did you mean brows?"));
        assert!(tell("sad @2s ease smoth").contains("did you mean smooth?"));
        assert!(tell("sad @4s-1s").contains("ends before"));
        assert!(tell("happy sad:1 x").contains("column 7"), "{}", tell("happy sad:1 x"));
        for bad in [
            "",
            "happy:",
            "happy:2",
            "happy:-1",
            "happy:x",
            "+",
            "happy:nan",
            "va(1)",
            "va(2,0)",
            "\"sad",
            "sad@",
            "sad@1x",
            "a=b=c",
            "sad>>",
            "purple giraffes",
        ] {
            tell(bad);
        }
    }

    #[test]
    fn no_text_panics() {
        let pieces =
            ["happy", ":", "0.5", "@", "1s", "-", ">", ";", "brows=", "va(", ")", ",", "\"", "ease", "é", "%", " ", "9e9", "\u{1F600}"];
        let mut state = 7u64;
        for _ in 0..5000 {
            let mut text = String::new();
            for _ in 0..8 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                text += pieces[(state >> 33) as usize % pieces.len()];
            }
            if let Ok(direction) = Direction::parse(&text) {
                let plan = direction.plan(1.0, 30, &[]);
                assert!(plan.emotion.iter().flatten().all(|v| v.is_finite()), "{text}");
            }
        }
    }
}
