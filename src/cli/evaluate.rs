//! `gestus evaluate`: how well the models do, beside their references.

use super::messages::{Messages, print};
use super::take::to_json;
use crate::evaluate::{emotion, face};
use crate::models::Models;
use crate::train::data::Split;
use crate::{Error, Result};
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    model: Model,
}

#[derive(Debug, Subcommand)]
enum Model {
    /// Judge the face on recordings of people it never learned from
    Face(Face),
    /// Judge the ear for feelings on actors it never heard
    Emotion(Emotion),
}

#[derive(Debug, clap::Args)]
struct Emotion {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Weights to judge: standard, commercial, or a folder
    #[arg(long, value_name = "MODEL", default_value = "standard")]
    model: Models,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Face {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Weights to judge: standard, commercial, or a folder
    #[arg(long, value_name = "MODEL", default_value = "standard")]
    model: Models,
    /// Samples drawn from the model for each recording
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Most recordings of each set; for a quick look
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    takes: Option<u64>,
    /// Judge on the people kept for choosing between weights, not on those kept for the final figures
    #[arg(long)]
    choosing: bool,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  gestus evaluate face --data ~/recordings
  gestus evaluate face --model commercial
  gestus evaluate face --model try --seeds 1 --takes 10 --choosing";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    match &arguments.model {
        Model::Face(arguments) => {
            let root = recordings(&arguments.data)?;
            messages.say(format!("judging the face on {}", root.display()));
            let options = face::Options {
                seeds: arguments.seeds,
                takes: arguments.takes.map_or(usize::MAX, |n| n as usize),
                split: if arguments.choosing { Split::Validation } else { Split::Test },
            };
            let report = face::evaluate(&arguments.model.face()?, &root, options)?;
            report.missing.iter().for_each(|what| messages.say(format!("warning: {what}")));
            print(&if arguments.json { to_json(&report)? } else { report.to_string() })
        }
        Model::Emotion(arguments) => {
            let root = recordings(&arguments.data)?;
            messages.say(format!("judging the ear for feelings on {}", root.display()));
            let report = emotion::evaluate(&arguments.model.voice()?, &arguments.model.content()?, &root)?;
            print(&if arguments.json { to_json(&report)? } else { report.to_string() })
        }
    }
}

/// The recordings inside a folder of data.
pub fn recordings(data: &Path) -> Result<PathBuf> {
    let root = data.join("data");
    let hint = "name the folder with --data, or set GESTUS_DATA".to_string();
    let what = format!("{}: has no folder `data` of recordings", data.display());
    if root.is_dir() { Ok(root) } else { Err(Error::Unsupported { what, hint }) }
}
