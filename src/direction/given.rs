//! Motion that is given with a direction: what the performance begins in, what it keeps, poses that it comes through.
//!
//! ```text
//! seed-motion = file [ "@" time "-" time ]                        its first two seconds, or those
//! keep        = part { "," part } "=" file [ "@" time "-" time ]  all of it, or those seconds of it; at the same times
//! pose        = time [ "-" time ] "=" file [ "#" frame ]          reached at a time, or held; the first frame is 0
//! part        = head | torso | hands | left-hand | right-hand | lower-body
//! ```
//!
//! Hands go from the collarbones to the fingers, and the lower body from the hips down. Motion of any skeleton is carried over to
//! ours. Kept joints turn as in the file; with the lower body the hips also stand where the file has them, unless that is
//! elsewhere in a room: then motion begins where the character stands, and faces the viewer.

use super::grammar;
use crate::body::RATE;
use crate::body::given::{Given, Piece};
use crate::formats;
use crate::motion::Performance;
use crate::spelling;
use crate::{Error, Result};
use glam::{Quat, Vec3};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Seconds of a clip that a performance begins with.
const BEGINNING: f64 = 2.0;
/// Motion that begins further away than this (metres) or turned further than this (radians) was recorded elsewhere.
const ELSEWHERE: f32 = 0.3;
const ASIDE: f32 = 1.0;

/// What given motion is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Use {
    /// The performance begins with it.
    Seed,
    /// These pieces are kept, at the file's own times.
    Keep([bool; Piece::COUNT]),
    /// The frame of this number is reached at the first time and held to the second, seconds.
    Pose { frame: usize, from: f64, to: f64 },
}

/// Motion that a direction asks for, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub path: PathBuf,
    pub usage: Use,
    /// Which seconds of the file.
    pub span: Option<(f64, f64)>,
}

/// Motion that was read for a [`Constraint`].
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    pub pieces: [bool; Piece::COUNT],
    /// When its first frame is wanted, seconds.
    pub start: f64,
    /// At the file's rate; a pose to be held is a single frame.
    pub motion: Performance,
    /// When its last frame is wanted, seconds.
    pub end: f64,
}

/// The parts by name.
const PARTS: [(&str, &[Piece]); 6] = [
    ("head", &[Piece::Head]),
    ("torso", &[Piece::Torso]),
    ("hands", &[Piece::LeftArm, Piece::RightArm]),
    ("left-hand", &[Piece::LeftArm]),
    ("right-hand", &[Piece::RightArm]),
    ("lower-body", &[Piece::LowerBody]),
];

impl Constraint {
    /// Reads what `--seed-motion` takes.
    pub fn seed(text: &str) -> Result<Constraint> {
        let (path, span) = piece_of_file(text, text)?;
        Ok(Constraint { path, usage: Use::Seed, span })
    }

    /// Reads what `--keep` takes.
    pub fn keep(text: &str) -> Result<Constraint> {
        let (parts, file) = text.split_once('=').ok_or_else(|| wrong(text, "no = is in it", "write it as in hands=clip.bvh"))?;
        let mut pieces = [false; Piece::COUNT];
        for part in parts.split(',').map(str::trim) {
            let names = PARTS.map(|(name, _)| name);
            let Some((_, own)) = PARTS.iter().find(|(name, _)| *name == part) else {
                let guess = spelling::guess(part, names);
                return Err(wrong(text, &format!("no part is called \"{part}\""), &format!("{guess}Known are {}", names.join(", "))));
            };
            own.iter().for_each(|piece| pieces[*piece as usize] = true);
        }
        let (path, span) = piece_of_file(text, file)?;
        Ok(Constraint { path, usage: Use::Keep(pieces), span })
    }

    /// Reads what `--pose` takes.
    pub fn pose(text: &str) -> Result<Constraint> {
        let example = "write it as in 2.5s=pose.bvh or 2s-3s=clip.bvh#120";
        let (when, file) = text.split_once('=').ok_or_else(|| wrong(text, "no = is in it", example))?;
        let time = |t: &str| grammar::seconds(t).ok_or_else(|| wrong(text, &format!("\"{t}\" is not a time"), example));
        let (from, to) = match when.split_once('-') {
            Some((from, to)) => (time(from)?, time(to)?),
            None => (time(when)?, time(when)?),
        };
        if to < from {
            return Err(wrong(text, "it ends before it begins", example));
        }
        let numbered = file.rsplit_once('#').and_then(|(path, frame)| Some((path, frame.parse().ok()?)));
        let (path, frame) = numbered.unwrap_or((file, 0));
        if path.is_empty() {
            return Err(wrong(text, "no file is named", example));
        }
        Ok(Constraint { path: path.into(), usage: Use::Pose { frame, from, to }, span: None })
    }

    /// Reads the motion.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Malformed`] of the file; [`Error::Unsupported`] where it has no body; [`Error::Usage`] where it has
    /// not the frame or the seconds.
    pub fn read(&self) -> Result<Excerpt> {
        let name = self.path.display();
        let loaded = formats::read(&self.path)?;
        let motion = loaded.performance;
        if !loaded.parts.body {
            return Err(Error::Unsupported { what: format!("{name}: holds no body"), hint: "give a .bvh or .json file with one".into() });
        }
        let seconds = motion.frames.len() as f64 / motion.fps;
        let (first, count) = match (&self.usage, self.span) {
            (Use::Pose { frame, .. }, _) => (*frame, 1),
            (Use::Seed, None) => (0, (BEGINNING * motion.fps).ceil() as usize),
            (_, None) => (0, motion.frames.len()),
            (_, Some((from, to))) => {
                let first = (from * motion.fps).round() as usize;
                (first, ((to * motion.fps).round() as usize).saturating_sub(first).max(1))
            }
        };
        if first >= motion.frames.len() {
            let what = format!("{name}: has {} frames ({seconds:.2} s), frame {first} is asked for", motion.frames.len());
            return Err(Error::usage(what, "frames are counted from 0"));
        }
        let frames = motion.frames[first..(first + count).min(motion.frames.len())].to_vec();
        let length = (frames.len() - 1) as f64 / motion.fps;
        let (pieces, start, end) = match self.usage {
            Use::Seed => ([true; Piece::COUNT], 0.0, length),
            Use::Keep(pieces) => (pieces, first as f64 / motion.fps, first as f64 / motion.fps + length),
            Use::Pose { from, to, .. } => ([true; Piece::COUNT], from, to),
        };
        let mut motion = Performance { seconds: frames.len() as f64 / motion.fps, frames: frames.into(), ..motion };
        bring_home(&mut motion);
        Ok(Excerpt { pieces, start, end, motion })
    }
}

/// A file and which seconds of it. What follows an @ that is no time belongs to the name.
fn piece_of_file(text: &str, file: &str) -> Result<(PathBuf, Option<(f64, f64)>)> {
    let timed = file.rsplit_once('@').and_then(|(path, span)| {
        let (from, to) = span.split_once('-')?;
        Some((path, (grammar::seconds(from)?, grammar::seconds(to)?)))
    });
    let (path, span) = timed.map_or((file, None), |(path, span)| (path, Some(span)));
    match (path.is_empty(), span) {
        (true, _) => Err(wrong(text, "no file is named", "write it as in clip.bvh or clip.bvh@2s-4s")),
        (_, Some((from, to))) if to <= from => Err(wrong(text, "it ends before it begins", "write it as in clip.bvh@2s-4s")),
        _ => Ok((path.into(), span)),
    }
}

fn wrong(text: &str, what: &str, hint: &str) -> Error {
    Error::usage(format!("\"{text}\": {what}"), hint)
}

/// Lets motion that was recorded elsewhere in a room begin where the character stands, facing the viewer.
fn bring_home(motion: &mut Performance) {
    let Some(first) = motion.frames.first().map(|frame| frame.body.clone()) else { return };
    let aside = Some(first.hips.with_y(0.0)).filter(|at| at.length() > ELSEWHERE).unwrap_or_default();
    let ahead = first.rotations[0] * Vec3::Z;
    let yaw = Some(ahead.x.atan2(ahead.z)).filter(|yaw| yaw.abs() > ASIDE).unwrap_or_default();
    if aside == Vec3::ZERO && yaw == 0.0 {
        return;
    }
    let (about, back) = (first.hips.with_y(0.0), Quat::from_rotation_y(-yaw));
    for frame in &mut motion.frames {
        frame.body.hips = about + back * (frame.body.hips - about) - aside;
        frame.body.rotations[0] = back * frame.body.rotations[0];
    }
}

impl Excerpt {
    /// The same wanted earlier by some seconds; what would be before the start is left out.
    pub(super) fn earlier(&self, seconds: f64) -> Excerpt {
        Excerpt { start: self.start - seconds, end: self.end - seconds, ..self.clone() }
    }

    /// Poses for every frame (30 a second) at which it is wanted, of `frames`.
    pub fn given(&self, frames: usize) -> Vec<Given> {
        let given = |frame: usize| Given { frame, pose: self.motion.at(frame as f64 / RATE - self.start).body, pieces: self.pieces };
        self.reached().take_while(|frame| *frame < frames).map(given).collect()
    }

    /// Frames at 30 a second: the nearest to the time of a pose; those within motion.
    fn reached(&self) -> RangeInclusive<usize> {
        // What differs by rounding only is the same frame.
        let place = |seconds: f64| (seconds * RATE * 1e6).round() / 1e6;
        match self.motion.frames.len() {
            1 => place(self.start).round() as usize..=place(self.end).round() as usize,
            _ => place(self.start).ceil() as usize..=place(self.end).floor() as usize,
        }
    }

    /// Puts it to the letter into a performance of any rate that came through it.
    ///
    /// # Errors
    /// [`Error::Io`] where many frames cannot be filed.
    pub fn hold(&self, performance: &mut Performance) -> Result<()> {
        let fps = performance.fps;
        let still = self.motion.frames.len() == 1;
        let wanted = |time: f64| match still {
            // A pose is reached at a frame at 30 a second, which other rates may lack.
            true => (time * RATE - (time * RATE).round()).abs() < 1e-6 && self.reached().contains(&((time * RATE).round() as usize)),
            false => time >= self.start - 1e-6 && time <= self.end + 1e-6,
        };
        performance.frames.change(|n, frame| {
            let time = n as f64 / fps;
            if !wanted(time) {
                return;
            }
            let own = self.motion.at(time - self.start);
            for piece in Piece::ALL.into_iter().filter(|piece| self.pieces[*piece as usize]) {
                piece.joints().for_each(|joint| frame.body.rotations[joint] = own.body.rotations[joint]);
                match piece {
                    Piece::LowerBody => frame.body.hips = own.body.hips,
                    Piece::Head => frame.head = own.head,
                    _ => {}
                }
            }
        })
    }
}

impl fmt::Display for Excerpt {
    /// What is given and when.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.pieces;
        let mut names: Vec<&str> = Vec::new();
        for (name, pieces) in PARTS.iter().filter(|(_, pieces)| pieces.iter().all(|piece| self.pieces[*piece as usize])) {
            // "hands" says it for both.
            if pieces.iter().filter(|piece| std::mem::take(&mut left[**piece as usize])).count() > 0 {
                names.push(name);
            }
        }
        let part = if self.pieces == [true; Piece::COUNT] { "the whole body".to_string() } else { names.join(", ") };
        write!(f, "{part} at {:.2} s", self.start)?;
        if self.end > self.start { write!(f, " to {:.2} s", self.end) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::Frame;

    #[test]
    fn what_is_written_is_read() {
        let keep = Constraint::keep("hands, lower-body=a=b@c.bvh@1s-2.5s").unwrap();
        assert_eq!((keep.path, keep.span), ("a=b@c.bvh".into(), Some((1.0, 2.5))));
        assert_eq!(keep.usage, Use::Keep([true, false, true, true, false]));
        let pose = Constraint::pose("1:02.5=p#1.bvh#12").unwrap();
        assert_eq!((pose.path, pose.usage), ("p#1.bvh".into(), Use::Pose { frame: 12, from: 62.5, to: 62.5 }));
        assert_eq!(Constraint::pose("1s-2s=p.bvh").unwrap().usage, Use::Pose { frame: 0, from: 1.0, to: 2.0 });
        assert_eq!(Constraint::seed("me@home.bvh").unwrap().path, PathBuf::from("me@home.bvh"));
    }

    #[test]
    fn mistakes_say_what_is_known() {
        let tell = |error: Error| {
            assert_eq!(error.exit_code(), 2);
            format!("{error} | {}", error.hint().unwrap_or_default())
        };
        assert!(tell(Constraint::keep("hand=a.bvh").unwrap_err()).contains("did you mean hands?"));
        for bad in ["a.bvh", "=a.bvh", "hands=", "hands=@1s-2s", "hands=a.bvh@2s-1s"] {
            tell(Constraint::keep(bad).unwrap_err());
        }
        for bad in ["a.bvh", "x=a.bvh", "2s-1s=a.bvh", "1s=", "1s=#3", "-1s=a.bvh"] {
            tell(Constraint::pose(bad).unwrap_err());
        }
        assert!(Constraint::seed("@1s-2s").is_err() && Constraint::seed("").is_err());
    }

    fn walk(from: Vec3, yaw: f32) -> Performance {
        let mut frames = vec![Frame::default(); 61];
        for (n, frame) in frames.iter_mut().enumerate() {
            frame.body.rotations[0] = Quat::from_rotation_y(yaw);
            frame.body.hips = from + frame.body.rotations[0] * Vec3::Z * n as f32 * 0.01;
        }
        Performance { fps: 60.0, seconds: 61.0 / 60.0, frames: frames.into() }
    }

    #[test]
    fn what_was_recorded_elsewhere_comes_home() {
        let mut near = walk(Vec3::new(0.1, 0.9, 0.0), 0.3);
        let before = near.clone();
        bring_home(&mut near);
        assert_eq!(near, before);
        let mut far = walk(Vec3::new(3.0, 0.9, 1.0), 2.0);
        bring_home(&mut far);
        assert!(far.frames[0].body.hips.distance(Vec3::Y * 0.9) < 1e-5);
        assert!(far.frames[60].body.hips.distance(Vec3::new(0.0, 0.9, 0.6)) < 1e-4, "{}", far.frames[60].body.hips);
    }

    #[test]
    fn frames_are_wanted_where_they_fall() {
        let excerpt = |start: f64, motion: Performance| Excerpt { pieces: [true; 5], start, end: start + 1.0, motion };
        let given = excerpt(0.51, walk(Vec3::Y, 0.0)).given(40);
        assert_eq!((given[0].frame, given.last().unwrap().frame), (16, 39));
        assert!((given[0].pose.hips.z - 0.6 * (16.0 / 30.0 - 0.51) as f32).abs() < 1e-4);
        let mut still = walk(Vec3::Y, 0.0);
        still.frames = still.frames[..1].to_vec().into();
        assert_eq!(excerpt(0.51, still).given(100).len(), 31);
    }
}
