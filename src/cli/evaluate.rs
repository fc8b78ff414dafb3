//! `gestus evaluate`: how well the models do, beside their references.

use super::messages::{Messages, print};
use super::take::to_json;
use crate::evaluate::face;
use crate::face::model::FaceModel;
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
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Face {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Folder with weights to judge [default: the built-in ones]
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,
    /// Samples drawn from the model for each recording
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  gestus evaluate face --data ~/recordings
  gestus evaluate face --model try --seeds 1 --json";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let Model::Face(arguments) = &arguments.model;
    let root = recordings(&arguments.data)?;
    messages.say(format!("judging the face on {}", root.display()));
    let report = face::evaluate(&model(arguments.model.as_deref())?, &root, arguments.seeds)?;
    print(&if arguments.json { to_json(&report)? } else { report.to_string() })
}

fn model(folder: Option<&Path>) -> Result<FaceModel> {
    let Some(folder) = folder else { return FaceModel::builtin() };
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(Error::io(path))
    };
    FaceModel::from_bytes(&read("content.safetensors")?, &read("face.safetensors")?)
}

/// The recordings inside a folder of data.
pub fn recordings(data: &Path) -> Result<PathBuf> {
    let root = data.join("data");
    let hint = "name the folder with --data, or set GESTUS_DATA".to_string();
    let what = format!("{}: has no folder `data` of recordings", data.display());
    if root.is_dir() { Ok(root) } else { Err(Error::Unsupported { what, hint }) }
}
