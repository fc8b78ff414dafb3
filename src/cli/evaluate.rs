//! `gestus evaluate`: how well the models do, beside their references.

use super::messages::{Messages, print};
use super::take::to_json;
use crate::body::model::BodyModel;
use crate::emotion::voice::VoiceEncoder;
use crate::evaluate::{body, direction, emotion, face};
use crate::face::model::FaceModel;
use crate::speech::content::ContentEncoder;
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
    /// Judge the body under speech it never heard
    Body(Body),
    /// Judge the ear for feelings on actors it never heard
    Emotion(Emotion),
    /// Judge how exactly directions are followed
    Direction(Directed),
}

#[derive(Debug, clap::Args)]
struct Directed {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Emotion {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Folder with weights to judge [default: the built-in ones]
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Body {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Folder with weights to judge [default: the built-in ones]
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,
    /// Performances of each recording
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
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
    match &arguments.model {
        Model::Face(arguments) => {
            let root = recordings(&arguments.data)?;
            messages.say(format!("judging the face on {}", root.display()));
            let report = face::evaluate(&model(arguments.model.as_deref())?, &root, arguments.seeds)?;
            print(&if arguments.json { to_json(&report)? } else { report.to_string() })
        }
        Model::Direction(arguments) => {
            let root = recordings(&arguments.data)?;
            messages.say(format!("judging directions on {}", root.display()));
            let report = direction::evaluate(&root)?;
            print(&if arguments.json { to_json(&report)? } else { report.to_string() })
        }
        Model::Body(arguments) => {
            let root = recordings(&arguments.data)?;
            messages.say(format!("judging the body on {}", root.display()));
            let given = arguments.model.as_deref().map(|folder| BodyModel::from_bytes(&weights(folder, "body")?)).transpose()?;
            let model = match &given {
                Some(model) => model,
                None => BodyModel::builtin()?,
            };
            let gestus = |speech: &_, point: &_, seed, frames| body::weights(model, speech, point, seed, frames);
            let report = body::evaluate(&[("gestus", &gestus), ("rules", &body::rules)], &root, arguments.seeds)?;
            print(&if arguments.json { to_json(&report)? } else { report.to_string() })
        }
        Model::Emotion(arguments) => {
            let root = recordings(&arguments.data)?;
            messages.say(format!("judging the ear for feelings on {}", root.display()));
            let (voice, content) = ear(arguments.model.as_deref())?;
            let report = emotion::evaluate(&voice, &content, &root)?;
            print(&if arguments.json { to_json(&report)? } else { report.to_string() })
        }
    }
}

fn model(folder: Option<&Path>) -> Result<FaceModel> {
    let Some(folder) = folder else { return FaceModel::builtin() };
    FaceModel::from_bytes(&weights(folder, "content")?, &weights(folder, "face")?)
}

fn ear(folder: Option<&Path>) -> Result<(VoiceEncoder, ContentEncoder)> {
    let Some(folder) = folder else { return Ok((VoiceEncoder::builtin()?, ContentEncoder::from_bytes(ContentEncoder::BUILTIN)?)) };
    let voice = VoiceEncoder::from_bytes(&weights(folder, "emotion")?)?;
    Ok((voice, ContentEncoder::from_bytes(&weights(folder, "content")?)?))
}

fn weights(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(format!("{name}.safetensors"));
    std::fs::read(&path).map_err(Error::io(path))
}

/// The recordings inside a folder of data.
pub fn recordings(data: &Path) -> Result<PathBuf> {
    let root = data.join("data");
    let hint = "name the folder with --data, or set GESTUS_DATA".to_string();
    let what = format!("{}: has no folder `data` of recordings", data.display());
    if root.is_dir() { Ok(root) } else { Err(Error::Unsupported { what, hint }) }
}
