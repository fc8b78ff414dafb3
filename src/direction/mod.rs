//! What the user asks for: the grammar of directions, and the [`Plan`] that one becomes.
//!
//! ```text
//! direction = track { ";" track }
//! track     = [ region "=" ] key { ">" key }             ">" moves from one key to the next
//! key       = mix [ "@" time [ "-" time ] ] [ "ease" name ]
//! mix       = term { ("+" | "-") term }                  "-" guides away from it (alone: asks for the opposite)
//! term      = word [ ":" intensity ]                     0..=1.5, default 1; labels and the words of the lexicon
//!           | "va(" valence "," arousal ")"              -1..=1 each
//!           | "auto" [ ":" intensity ]                     what is heard in the voice
//!           | "from:" path [ ":" intensity ]               what is heard in another recording
//!           | "like:" path [ ":" share ]                   the style of a motion file, or of who has this voice
//!           | '"' free text '"'                          words of feeling, degree and muscle
//!           | muscle [ ":" amount ]                        one of ARKit's coefficients by name, browInnerUp:0.4, on top of the rest
//! region    = face | brows | eyes | cheeks | mouth | head | torso | hands | body
//! time      = seconds ["s"] | mm:ss[.ms] | percent "%"
//! name      = linear | smooth | snap | slow-in | slow-out
//! ```
//!
//! A path ends at a space or at one of `; > + @`; others stand in quotation marks, `from:"my take.wav"`. A recording of about the same length is
//! taken for the same words said again, and its feeling runs along; of any other the mean over its speech holds. A style belongs to
//! the whole: a region cannot have its own.
//!
//! | step | file |
//! |---|---|
//! | text to [`Direction`] | `grammar` |
//! | free text to a mix | `reading`, [`encoder`] |
//! | what a voice and its words say | [`auto`] |
//! | what is asked for at a moment | `mix` |
//! | parts of face and body | `region` |
//! | keys and easing to curves | `timeline` |
//! | what comes out, frame by frame | `plan` |
//! | plans in between others | [`mod@blend`] |
//! | other recordings and motions | [`mod@reference`], [`likeness`], [`habits`] |
//! | files: TOML, JSON, SRT, WebVTT | `file` |
//! | a direction as subtitles | [`cues`] |
//! | nods, looks, manners of speaking | [`events`] |
//! | how much there is of blinks, looks, head and hands, and of ebb in what is felt | [`dials`] |
//! | motion to begin with, to keep, to come through | [`given`] |

pub mod auto;
pub mod blend;
pub mod cues;
pub mod dials;
pub mod encoder;
pub mod events;
mod file;
pub mod given;
mod grammar;
pub mod habits;
pub mod likeness;
mod mix;
mod plan;
mod reading;
pub mod reference;
mod region;
mod timeline;

pub use mix::{FreeText, Mix, Term};
pub use plan::Plan;
pub use region::{PARTS, Region};

use crate::emotion::Point;
use crate::{Error, Result};
use dials::Dials;
use events::Event;
use given::Constraint;
use reference::Consulted;
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
    pub dials: Dials,
    /// Motion to begin with, to keep, to come through; where two give the same the later one wins.
    pub given: Vec<Constraint>,
    /// Words of free text that were not understood.
    pub unknown: Vec<String>,
    /// What [`Direction::consult`] found in the files that are named.
    pub consulted: Vec<Consulted>,
}

/// The keys of one region over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// `None` directs everything.
    pub region: Option<Region>,
    pub keys: Vec<Key>,
    /// Seconds within which alone several keys count, and fully: those of a subtitle.
    pub within: Option<(f64, f64)>,
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

impl Direction {
    /// Reads a direction; a mistake names its column. Text of several words without any sign of the grammar is free text.
    pub fn parse(text: &str) -> Result<Direction> {
        grammar::parse(text, false)
    }

    /// [`Direction::parse`] that leaves free text in which nothing is understood to [`Direction::interpret`].
    pub fn parse_open(text: &str) -> Result<Direction> {
        grammar::parse(text, true)
    }

    /// Fails with [`Error::Usage`] where free text is left in which nothing was understood.
    pub fn settle(&self) -> Result<()> {
        let texts = self.tracks.iter().flat_map(|track| &track.keys).flat_map(|key| &key.mix.texts);
        match texts.filter_map(|text| text.refusal.as_ref()).next() {
            Some((what, hint)) => Err(Error::usage(what, hint)),
            None => Ok(()),
        }
    }

    /// Reads a direction file: TOML, JSON, SRT or WebVTT by the file's extension; `origin` names it in errors.
    ///
    /// Fails with [`Error::Malformed`] and the line, [`Error::Usage`] for another extension.
    pub fn from_file(text: &str, origin: &std::path::Path) -> Result<Direction> {
        file::parse(text, origin, false)
    }

    /// [`Direction::from_file`] with free text as in [`Direction::parse_open`].
    pub fn from_file_open(text: &str, origin: &std::path::Path) -> Result<Direction> {
        file::parse(text, origin, true)
    }

    /// A time in seconds from the first sample: `2.5`, `2.5s`, `1:02.5`.
    pub fn seconds(text: &str) -> Option<f64> {
        grammar::seconds(text)
    }

    /// Whether the voice has to be heard for the plan.
    pub fn listens(&self) -> bool {
        self.tracks.iter().flat_map(|track| &track.keys).any(|key| key.mix.heard() != 0.0)
    }

    /// Lays the direction out over a recording of `seconds`, in `frames` frames of 1/30 s. `heard` is the feeling in the voice at
    /// every frame ([`crate::emotion::voice`]); it may be empty unless the direction [listens](Direction::listens). Files that are
    /// named count for nothing until they were [consulted](Direction::consult).
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
    use super::reference::Kind;
    use super::*;
    use crate::emotion::Label;
    use crate::face::coefficients::id;

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
    fn files_are_named_with_their_share() {
        let direction = Direction::parse("from:a-b/c d.wav").unwrap_err();
        assert!(direction.to_string().contains("column 12"), "{direction}");
        let mix = Direction::parse("sad+from:a-b/c.wav:0.5+like:\"my clip.csv\"").unwrap().tracks.remove(0).keys.remove(0).mix;
        assert_eq!((mix.terms.len(), mix.references.len()), (1, 2));
        assert_eq!(mix.share(Kind::Feeling, "a-b/c.wav".as_ref()), 0.5);
        assert_eq!(mix.share(Kind::Style, "my clip.csv".as_ref()), 1.0);
    }

    #[test]
    fn what_was_found_in_files_joins_the_plan() {
        use reference::{Content, Feeling};
        let mut direction = Direction::parse("neutral @0 > happy:0.2+from:a.wav:0.5+like:b.csv @1s ease linear").unwrap();
        let feeling = Feeling { course: vec![Label::Sad.at(1.0); 60], mean: Label::Sad.at(1.0), seconds: 2.0 };
        let mut likeness = likeness::Likeness::default();
        likeness.face[4] = Some(1.0);
        direction.consulted = vec![
            Consulted { path: "a.wav".into(), content: Content::Feeling(feeling) },
            Consulted { path: "b.csv".into(), content: Content::Style(likeness) },
        ];
        let plan = direction.plan(2.0, 60, &[]);
        assert!((valence(&plan, 1.5) - (0.2 * 0.76 - 0.5 * 0.63)).abs() < 1e-5);
        assert_eq!((plan.styles[0].face[4], plan.styles[45].face[4]), ([0.0; 2], [1.0; 2]));
        assert!((plan.styles[15].face[4][1] - 0.5).abs() < 1e-5);
        assert!(Direction::parse("happy").unwrap().plan(2.0, 60, &[]).styles.is_empty());
    }

    #[test]
    fn what_is_taken_away_from_something_guides_and_alone_is_the_opposite() {
        let plan = |text: &str| Direction::parse(text).unwrap().plan(1.0, 30, &[]);
        let guided = plan("angry-fear:0.5; brows=happy-sad");
        assert_eq!((guided.emotion[0], guided.away(None)[0]), (Label::Angry.at(1.0), Label::Fearful.at(0.5)));
        assert_eq!((guided.points(Region::Brows)[0], guided.away(Some(Region::Brows))[0]), (Label::Happy.at(1.0), Label::Sad.at(1.0)));
        assert!(guided.away(Some(Region::Mouth)).is_empty() && plan("angry; mouth=sad").away.is_empty());
        let alone = plan("\"not happy\"");
        assert!(alone.emotion[0][0] < -0.2 && alone.away.is_empty());
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
            "from:",
            "like:\"a.csv",
            "from:a.wav:3",
            "brows=like:a.csv",
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
