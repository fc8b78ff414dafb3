//! How BVH files are laid out: the options of every command that writes them.

use super::messages::Messages;
use crate::formats::bvh::{Layout, Profile, Take, Unit};
use crate::{Result, formats};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Names, hierarchy and angles of BVH files: vrm, beat, zeggs, mixamo or biped
    #[arg(long = "bvh-profile", value_name = "PROFILE", default_value = "vrm")]
    pub profile: Profile,
    /// BVH file whose names, hierarchy, offsets, channels and unit the written ones have
    #[arg(long, value_name = "FILE")]
    pub skeleton: Option<PathBuf>,
    /// Unit of lengths in BVH files: cm or m [default: cm, or that of --skeleton]
    #[arg(long = "bvh-unit", value_name = "UNIT")]
    pub unit: Option<Unit>,
}

impl Arguments {
    /// The layout asked for.
    pub fn layout(&self, messages: &Messages) -> Result<Layout> {
        match &self.skeleton {
            None => Ok(Layout::of(self.profile, self.unit)),
            Some(path) => like(path, self.unit, messages),
        }
    }
}

/// The layout of a file.
pub fn like(path: &Path, unit: Option<Unit>, messages: &Messages) -> Result<Layout> {
    let take = Take::read(&formats::bytes(path)?, &path.display().to_string())?;
    for note in &take.notes {
        messages.say(format!("{}: {note}", path.display()));
    }
    Ok(Layout::like(&take, unit))
}
