//! `gestus animate`: the performance as animation data.

use super::actor;
use super::messages::Messages;
use super::outputs::Kind;
use super::take::{self, Summary};
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    pub take: take::Arguments,
    /// Who is in GLB files: ada, tomas, zola, mika, or a file (GLB, glTF, VRM) [default: ada]
    #[arg(long, value_name = "NAME|FILE")]
    actor: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Formats by extension: .bvh (skeleton), .csv (Live Link Face), .glb (an actor that moves), .anim.glb (the same without the actor), .vrma
(VRM animation), .usda, .npz (BEAT2), .a2f.json, .beat.json, .tsv (mouth cues), .srt (the direction), .json (everything;
assets/schema/performance.schema.json); `gestus convert --help` lists all

Examples:
  gestus animate talk.wav -o talk.bvh -o talk.csv -o talk.json
  gestus animate talk.wav -o face.csv --fps 60 --emotion sad:0.6
  sox talk.wav -t wav - tempo 0.9 | gestus animate - -o slow.bvh";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    arguments.execute(messages)?.show(arguments.take.json, messages)
}

impl Arguments {
    /// Every file that is read and an option names.
    pub fn inputs(&self) -> Vec<&Path> {
        self.take.inputs().into_iter().chain(self.files_read()).collect()
    }

    /// Files that are read besides what every take reads.
    fn files_read(&self) -> Vec<&Path> {
        self.actor.as_deref().filter(|path| !actor::is_builtin(path)).into_iter().collect()
    }

    /// Does the work and tells what was done.
    pub fn execute(&self, messages: &Messages) -> Result<Summary> {
        let targets = self.take.targets(&self.files_read())?;
        if let Some(video) = targets.iter().find(|target| !matches!(target.kind, Kind::Motion(_))) {
            let what = format!("{}: animate writes motion files only", video.path.display());
            return Err(Error::usage(what, "use `gestus render` for pictures"));
        }
        let mut take = self.take.listen(messages)?;
        if let Some(path) = &self.actor {
            take.actor = Some(Arc::new(actor::open(Some(path), None, messages)?));
        }
        if !self.take.dry_run {
            self.take.perform(&mut take, messages)?;
            let info = self.take.info(&take);
            take.write_motion(&targets, &info, messages)?;
            take.shelf.clear()?;
        }
        Ok(self.take.summary("animate", take))
    }
}
