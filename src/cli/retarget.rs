//! `gestus retarget`: the motion of a BVH file on another skeleton.

use super::messages::Messages;
use super::values::Fps;
use super::{bvh, motion, outputs};
use crate::formats::bvh::{Layout, Profile, Unit};
use crate::formats::{self, Format, Settings};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Motion to carry over: .bvh of any skeleton, or .json
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Skeleton to put it on: vrm, beat, zeggs, mixamo, biped, or a BVH file
    #[arg(long, value_name = "PROFILE|FILE", default_value = "vrm")]
    to: PathBuf,
    /// BVH file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Frames a second, 1 to 240 [default: the input's]
    #[arg(long, value_name = "RATE")]
    fps: Option<Fps>,
    /// Unit of lengths: cm or m [default: cm, or that of the file]
    #[arg(long = "bvh-unit", value_name = "UNIT")]
    unit: Option<Unit>,
    /// Fail instead of replacing a file that exists
    #[arg(long)]
    no_clobber: bool,
}

const EXAMPLES: &str = "\
Joints are matched by name; hands come to the same place relative to the body, feet to the floor.

Examples:
  gestus retarget cmu.bvh --to mixamo -o for-mixamo.bvh
  gestus retarget talk.bvh --to theirs.bvh -o talk-on-theirs.bvh
  gestus retarget take.bvh -o take-vrm.bvh --fps 60";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let Arguments { input, to, output, .. } = arguments;
    let file = to.extension().is_some().then_some(to.as_path());
    let inputs: Vec<&Path> = [input.as_path()].into_iter().chain(file).collect();
    outputs::plan(std::slice::from_ref(output), &inputs, arguments.no_clobber)?;
    if Format::of(output)? != Format::Bvh {
        return Err(Error::usage(format!("{}: retarget writes .bvh only", output.display()), "use `gestus convert` for other formats"));
    }
    let layout = match file {
        Some(path) => bvh::like(path, arguments.unit, messages)?,
        None => Layout::of(to.display().to_string().parse::<Profile>()?, arguments.unit),
    };
    let loaded = motion::load(input, messages)?;
    if !loaded.parts.body {
        return Err(Error::Unsupported { what: format!("{}: holds no body", input.display()), hint: "give a .bvh or .json file".into() });
    }
    let performance = match arguments.fps {
        Some(fps) => loaded.performance.resample(fps.0),
        None => loaded.performance,
    };
    formats::write_as(Format::Bvh, output, &performance, &Settings { bvh: layout, ..Settings::default() })?;
    let dropped = loaded.parts.beyond(Format::Bvh.parts());
    if !dropped.is_empty() {
        messages.say(format!("{}: has no room for the {}", output.display(), dropped.join(" and ")));
    }
    messages.say(format!("{}: {} frames at {} a second", output.display(), performance.frames.len(), performance.fps));
    Ok(())
}
