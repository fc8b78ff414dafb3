//! The text of a BVH file as joints and numbers. Tolerant of layout (line ends, tabs, glued braces and labels), strict in what it
//! bounds: a single tree, depth, joints, frames, finite numbers.

use super::super::MOST_FRAMES;
use glam::Vec3;

/// One column of motion: which axis, moved along or turned about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Position(usize),
    Rotation(usize),
}

/// A joint as the file has it, in the file's units and axes.
#[derive(Clone, Debug, PartialEq)]
pub struct FileJoint {
    pub name: String,
    pub parent: Option<usize>,
    pub offset: Vec3,
    pub channels: Vec<Channel>,
    /// Offset of the End Site.
    pub end: Option<Vec3>,
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub joints: Vec<FileJoint>,
    /// Frames that there are.
    pub frames: usize,
    /// Frames that the file says there are; not all programs set it right.
    pub announced: usize,
    /// Seconds.
    pub frame_time: f64,
    /// Number of channels of all joints: the width of a row of `values`.
    pub width: usize,
    pub values: Vec<f32>,
}

type Result<T> = std::result::Result<T, String>;

const DEEPEST: usize = 256;
const MOST_JOINTS: usize = 2048;
/// Joints times frames: an hour of 75 joints at 120 a second, and more.
const MOST_ROTATIONS: usize = 48 << 20;

impl File {
    /// Reads the text; the error says what is wrong.
    pub fn parse(text: &str) -> Result<File> {
        let mut words = words(text);
        if !words.next().is_some_and(|w| w.eq_ignore_ascii_case("HIERARCHY")) {
            return Err("does not begin with HIERARCHY".to_string());
        }
        let joints = hierarchy(&mut words)?;
        let width: usize = joints.iter().map(|joint| joint.channels.len()).sum();
        let announced = labelled(&mut words, "Frames:")?;
        let announced = announced
            .parse()
            .ok()
            .filter(|n| *n <= MOST_FRAMES)
            .ok_or(format!("'{announced}' is no number of frames up to {MOST_FRAMES}"))?;
        if !words.next().is_some_and(|w| w.eq_ignore_ascii_case("Frame")) {
            return Err("'Frame Time:' is missing".to_string());
        }
        let time = labelled(&mut words, "Time:")?;
        let frame_time =
            time.parse().ok().filter(|t: &f64| (1e-3..=10.0).contains(t)).ok_or(format!("'{time}' is no frame time in seconds"))?;
        let values = values(words, width)?;
        let frames = values.len().checked_div(width).unwrap_or(announced);
        if values.len() != width.saturating_mul(frames) || (values.is_empty() && announced > 0 && width > 0) {
            return Err(format!("{announced} frames of {width} channels are announced, but {} values follow", values.len()));
        }
        if frames * joints.len() > (16 * values.len() + (1 << 20)).min(MOST_ROTATIONS) {
            return Err(format!("{} joints, most of which have no channels, are too many for {frames} frames", joints.len()));
        }
        Ok(File { joints, frames, announced, frame_time, width, values })
    }
}

/// All numbers that follow.
fn values<'a>(words: impl Iterator<Item = &'a str>, width: usize) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    for (n, word) in words.enumerate() {
        if n >= width.saturating_mul(MOST_FRAMES) {
            return Err(format!("more than {MOST_FRAMES} frames of {width} channels"));
        }
        let value = word.parse().ok().filter(|v: &f32| v.is_finite());
        values.push(value.ok_or_else(|| format!("'{word}' in frame {} is no number", n / width.max(1)))?);
    }
    Ok(values)
}

/// Words between blanks, braces by themselves.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace().flat_map(|word| word.split_inclusive(['{', '}'])).flat_map(|word| {
        let split = match word.find(['{', '}']) {
            Some(at) if at > 0 => word.split_at(at),
            _ => (word, ""),
        };
        [split.0, split.1].into_iter().filter(|part| !part.is_empty())
    })
}

/// Walks the hierarchy up to and including MOTION.
fn hierarchy<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Vec<FileJoint>> {
    let mut joints: Vec<FileJoint> = Vec::new();
    // The joints that are open, `None` an End Site.
    let mut open: Vec<Option<usize>> = Vec::new();
    while let Some(word) = words.next() {
        match word.to_ascii_uppercase().as_str() {
            "MOTION" if open.is_empty() && !joints.is_empty() => return Ok(joints),
            keyword @ ("ROOT" | "JOINT") => {
                // Names may have blanks in them; the brace ends them.
                let name: Vec<&str> = words.by_ref().take_while(|w| *w != "{").take(9).collect();
                if name.is_empty() || name.len() > 8 || name.contains(&"}") {
                    return Err(format!("joint {} has no name, or no '{{' after it", joints.len() + 1));
                }
                let parent = open.last().copied().flatten();
                if (keyword == "ROOT") != joints.is_empty()
                    || joints.is_empty() != parent.is_none()
                    || joints.len() >= MOST_JOINTS
                    || open.len() >= DEEPEST
                {
                    return Err(format!("joint '{}': not a single tree of at most {MOST_JOINTS} joints", name.join(" ")));
                }
                open.push(Some(joints.len()));
                joints.push(FileJoint { name: name.join(" "), parent, offset: Vec3::ZERO, channels: Vec::new(), end: None });
            }
            "END" => {
                let site = words.next().is_some_and(|w| w.eq_ignore_ascii_case("Site"));
                // Some writers name it.
                let opened = words.by_ref().take(3).any(|w| w == "{");
                if !(site && opened) || open.last().copied().flatten().is_none() {
                    return Err("'End' is not followed by 'Site {'".to_string());
                }
                open.push(None);
            }
            "OFFSET" => {
                let mut value = || {
                    let word = words.next().unwrap_or_default();
                    word.parse().ok().filter(|v: &f32| v.is_finite()).ok_or(format!("'{word}' in an OFFSET is no number"))
                };
                let offset = Vec3::new(value()?, value()?, value()?);
                match (open.last(), joints.last_mut()) {
                    (Some(Some(joint)), _) => joints[*joint].offset = offset,
                    (Some(None), Some(last)) => last.end = Some(offset),
                    _ => return Err("an OFFSET stands outside of all joints".to_string()),
                }
            }
            "CHANNELS" => {
                let count = words.next().unwrap_or_default();
                let count = count.parse().ok().filter(|c: &usize| *c <= 6).ok_or(format!("'{count}' is no number of channels"))?;
                // Some writers give an End Site none.
                if count == 0 && open.last().is_some_and(Option::is_none) {
                    continue;
                }
                let Some(Some(joint)) = open.last() else { return Err("CHANNELS stand outside of all joints".to_string()) };
                let channels: Vec<Channel> = words.by_ref().take(count).map(channel).collect::<Result<_>>()?;
                if channels.len() < count || (1..count).any(|k| channels[..k].contains(&channels[k])) || !joints[*joint].channels.is_empty()
                {
                    return Err(format!("joint '{}': its channels are named twice, or are missing", joints[*joint].name));
                }
                joints[*joint].channels = channels;
            }
            "}" if open.pop().is_some() => {}
            _ => return Err(format!("'{word}' is not expected in the hierarchy after joint {}", joints.len())),
        }
    }
    Err("MOTION is missing".to_string())
}

fn channel(word: &str) -> Result<Channel> {
    let lower = word.to_ascii_lowercase();
    let axis = lower.bytes().next().and_then(|first| b"xyz".iter().position(|axis| *axis == first));
    match (axis, lower.get(1..)) {
        (Some(axis), Some("position" | "translation")) => Ok(Channel::Position(axis)),
        (Some(axis), Some("rotation")) => Ok(Channel::Rotation(axis)),
        _ => Err(format!("'{word}' is no channel")),
    }
}

/// The value after a label, which may be glued to it (`Frames:2`).
fn labelled<'a>(words: &mut impl Iterator<Item = &'a str>, label: &str) -> Result<&'a str> {
    let word = words.next().unwrap_or_default();
    match word.get(..label.len()).filter(|w| w.eq_ignore_ascii_case(label)) {
        Some(_) if word.len() > label.len() => Ok(&word[label.len()..]),
        Some(_) => Ok(words.next().unwrap_or_default()),
        None => Err(format!("'{label}' is missing, found '{word}'")),
    }
}

impl FileJoint {
    /// The axes of rotation in the order in which they are multiplied, completed to three.
    pub fn order(&self) -> [usize; 3] {
        let mut axes: Vec<usize> =
            self.channels.iter().filter_map(|c| if let Channel::Rotation(axis) = c { Some(*axis) } else { None }).collect();
        axes.extend((0..3).filter(|axis| !axes.contains(axis)).collect::<Vec<_>>());
        [axes[0], axes[1], axes[2]]
    }
}
