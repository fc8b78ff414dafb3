//! Options that give motion: to begin in, to keep, to come through.

use crate::direction::given::Constraint;
use clap::Args;
use std::path::Path;

#[derive(Debug, Default, Args)]
pub struct Arguments {
    /// Motion that the performance begins in and flows out of: the first 2 s of a .bvh or .json of any skeleton, or those named,
    /// clip.bvh@3s-4.5s
    #[arg(long = "seed-motion", value_name = "FILE", value_parser = Constraint::seed)]
    seed_motion: Option<Constraint>,
    /// Parts kept from a motion while the rest is generated: hands=clip.bvh, lower-body,torso=clip.bvh@2s-4s. Parts: head, torso,
    /// hands, left-hand, right-hand, lower-body; times are those of the file. May be given several times
    #[arg(long = "keep", value_name = "PARTS=FILE", value_parser = Constraint::keep)]
    keep: Vec<Constraint>,
    /// Pose to come through at a time: 2.5s=pose.bvh, 4s=clip.bvh#120 for its frame 120; 2s-3s=pose.bvh holds it. May be given
    /// several times
    #[arg(long = "pose", value_name = "TIME=FILE", value_parser = Constraint::pose)]
    poses: Vec<Constraint>,
}

impl Arguments {
    /// All that is given, the later the stronger.
    pub fn constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.keep.iter().chain(&self.seed_motion).chain(&self.poses)
    }

    /// The files that are named.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.constraints().map(|constraint| constraint.path.as_path())
    }
}
