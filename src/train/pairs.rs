//! Motion of speakers with their speech, for whoever holds its licence: folders as BEAT, BEAT2 and ZeroEGGS have them.
//!
//! A take is a motion file (`.bvh` of any skeleton, BEAT2's `.npz`) with a recording of the same name beside it or in another folder, as BEAT2 has
//! them. A feeling that is part of the name, as ZeroEGGS has it, is taught; else nobody knows it.

use crate::audio::{self, Speech};
use crate::body;
use crate::body::skeleton::Pose;
use crate::emotion::Label;
use crate::{Error, Result, formats};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A take: as many poses at 30 a second as the shorter of motion and speech has.
#[derive(Clone, Debug)]
pub struct Pair {
    pub name: String,
    pub poses: Vec<Pose>,
    pub speech: Speech,
    pub felt: Option<Label>,
}

const MOTION: [&str; 2] = ["bvh", "npz"];
const SOUND: [&str; 4] = ["wav", "ogg", "flac", "mp3"];
/// Folders inside folders that are looked into.
const DEPTH: usize = 8;

/// All takes of a folder, in the order of their names.
///
/// # Errors
/// [`Error::Unsupported`] where there is none; what reading a file fails with.
pub fn pairs(folder: &Path) -> Result<Vec<Pair>> {
    let (mut motion, mut sound) = (BTreeMap::new(), BTreeMap::new());
    gather(folder, DEPTH, &mut |path| {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if MOTION.contains(&ending.as_str()) {
            motion.insert(name, path);
        } else if SOUND.contains(&ending.as_str()) {
            sound.insert(name, path);
        }
    })?;
    let found: Vec<Pair> = motion.iter().filter_map(|(name, path)| Some(pair(name, path, sound.get(name)?))).collect::<Result<_>>()?;
    if found.is_empty() {
        let what = format!("{}: holds no motion file with a recording of the same name", folder.display());
        return Err(Error::Unsupported { what, hint: "put talk.bvh and talk.wav into it".into() });
    }
    Ok(found)
}

fn gather(folder: &Path, depth: usize, take: &mut dyn FnMut(PathBuf)) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        if !path.is_dir() {
            take(path);
        } else if depth > 0 {
            gather(&path, depth - 1, take)?;
        }
    }
    Ok(())
}

fn pair(name: &str, motion: &Path, sound: &Path) -> Result<Pair> {
    let speech = audio::decode_file(sound)?.to_speech()?;
    let performance = formats::read(motion)?.performance.into_rate(body::RATE)?;
    let frames = performance.frames.len().min((speech.seconds * body::RATE) as usize);
    let poses = performance.frames.iter().take(frames).map(|frame| frame.body.clone()).collect();
    let felt = name.split(|c: char| !c.is_alphanumeric()).find_map(Label::parse);
    Ok(Pair { name: name.to_string(), poses, speech, felt })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::Direction;
    use crate::models::Models;
    use crate::motion::Performance;
    use crate::perform::{Options, perform};

    /// Two seconds of a performance, as a file of motion and one of sound.
    fn put(folder: &Path, motion: &str, sound: &str) -> Performance {
        let samples: Vec<f32> = (0..32_000).map(|n| (n as f32 * 0.05).sin() * (n as f32 * 0.0008).sin().abs() * 0.3).collect();
        let speech = Speech { samples, seconds: 2.0 };
        let plan = Direction::parse("happy").unwrap().plan(2.0, 60, &[]);
        let performance = perform(&Models::Standard, &speech, &plan, Options::default()).unwrap();
        for file in [motion, sound] {
            std::fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        }
        formats::write(&folder.join(motion), &performance, &Default::default()).unwrap();
        let spec = hound::WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut out = hound::WavWriter::create(folder.join(sound), spec).unwrap();
        speech.samples.iter().for_each(|s| out.write_sample((s * 32767.0) as i16).unwrap());
        out.finalize().unwrap();
        performance
    }

    #[test]
    fn takes_are_found_as_the_sets_lay_them_out() {
        let folder = tempfile::tempdir().unwrap();
        // BEAT and ZeroEGGS keep both beside each other, BEAT2 in two folders.
        let performance = put(folder.path(), "067_Happy_x_1_0.bvh", "067_Happy_x_1_0.wav");
        put(folder.path(), "smplxflame_30/2_scott_0_1_1.npz", "wave16k/2_scott_0_1_1.wav");
        std::fs::write(folder.path().join("alone.wav"), "").unwrap();
        let found = pairs(folder.path()).unwrap();
        let told: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.poses.len(), p.felt)).collect();
        assert_eq!(told, [("067_Happy_x_1_0", 60, Some(Label::Happy)), ("2_scott_0_1_1", 60, None)]);
        let wrist = |pose: &Pose| body::skeleton::globals(pose, &body::skeleton::OFFSETS).positions[9] - pose.hips;
        let apart = (0..60).map(|n| wrist(&found[0].poses[n]).distance(wrist(&performance.frames[n].body))).fold(0.0, f32::max);
        assert!(apart < 0.01, "{apart} m");
    }

    #[test]
    fn a_folder_without_takes_says_what_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let message = pairs(folder.path()).unwrap_err().to_string();
        assert!(message.contains("same name"), "{message}");
    }
}
