//! `gestus actor inspect`: what gestus makes of somebody's avatar.

use crate::actor;
use crate::cli::messages::{Messages, print};
use crate::cli::take::to_json;
use crate::output::Output;
use crate::{Error, Result};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// GLB, glTF or VRM file
    #[arg(value_name = "ACTOR")]
    actor: PathBuf,
    /// TOML file to write: the names that were matched, to be edited and given to --actor-map
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Names that were matched by hand before
    #[arg(long, value_name = "FILE")]
    actor_map: Option<PathBuf>,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  gestus actor inspect mine.vrm
  gestus actor inspect mine.vrm -o names.toml
  gestus render talk.wav -o talk.mp4 --actor mine.vrm --actor-map names.toml";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let map = super::map(arguments.actor_map.as_deref())?;
    let (_, report) = actor::open(&arguments.actor, &map.unwrap_or_default())?;
    if arguments.json {
        print(&to_json(&report)?)?;
    } else {
        print(report.to_string().trim_end())?;
    }
    if let Some(path) = &arguments.output {
        let mut output = Output::create(path)?;
        output.write_all(report.map().as_bytes()).map_err(Error::io(path))?;
        output.commit()?;
        messages.say(format!("{}: the name map", path.display()));
    }
    Ok(())
}
