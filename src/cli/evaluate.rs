//! `gestus evaluate`: how well the models do, beside their references.

use super::messages::{Messages, print};
use super::take::to_json;
use super::values::Weights;
use crate::evaluate::{body, direction, emotion, face};
use crate::train::data::Split;
use crate::{Error, Result};
use clap::Subcommand;
use serde::Serialize;
use std::fmt::Display;
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

/// What it is judged on, and how that is told.
#[derive(Debug, clap::Args)]
struct On {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Directed {
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    weights: Weights,
    /// Judge on the actors kept for choosing between weights, not on those kept for the final figures
    #[arg(long)]
    choosing: bool,
}

#[derive(Debug, clap::Args)]
struct Emotion {
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    weights: Weights,
}

#[derive(Debug, clap::Args)]
struct Body {
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    weights: Weights,
    /// Performances of each recording
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Judge on the people kept for choosing between weights, not on those kept for the final figures
    #[arg(long)]
    choosing: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Face {
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    weights: Weights,
    /// Samples drawn from the model for each recording
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Most recordings of each set; for a quick look
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    takes: Option<u64>,
    /// Judge on the people kept for choosing between weights, not on those kept for the final figures
    #[arg(long)]
    choosing: bool,
}

const EXAMPLES: &str = "\
Examples:
  gestus evaluate face --data ~/recordings
  gestus evaluate face --model commercial
  gestus evaluate face --model try --seeds 1 --takes 10 --choosing";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    match &arguments.model {
        Model::Face(arguments) => {
            let root = recordings(&arguments.on.data)?;
            messages.say(format!("judging the face on {}", root.display()));
            let options = face::Options {
                seeds: arguments.seeds,
                takes: arguments.takes.map_or(usize::MAX, |n| n as usize),
                split: split(arguments.choosing),
            };
            let report = face::evaluate(&*arguments.weights.model.face()?, &root, options)?;
            report.missing.iter().for_each(|what| messages.say(format!("warning: {what}")));
            arguments.on.tell(&report)
        }
        Model::Direction(arguments) => {
            let root = recordings(&arguments.on.data)?;
            messages.say(format!("judging directions on {}", root.display()));
            let report = direction::evaluate(&arguments.weights.model, &root, split(arguments.choosing))?;
            arguments.on.tell(&report)
        }
        Model::Body(arguments) => {
            let root = recordings(&arguments.on.data)?;
            messages.say(format!("judging the body on {}", root.display()));
            let model = arguments.weights.model.body()?;
            let gestus = |speech: &_, point: &_, seed, frames| body::weights(&model, speech, point, seed, frames);
            let report =
                body::evaluate(&[("gestus", &gestus), ("rules", &body::rules)], &root, split(arguments.choosing), arguments.seeds)?;
            arguments.on.tell(&report)
        }
        Model::Emotion(arguments) => {
            let root = recordings(&arguments.on.data)?;
            messages.say(format!("judging the ear for feelings on {}", root.display()));
            let report = emotion::evaluate(&*arguments.weights.model.voice()?, &*arguments.weights.model.content()?, &root)?;
            report.missing.iter().for_each(|what| messages.say(format!("warning: not judged: {what}")));
            arguments.on.tell(&report)
        }
    }
}

fn split(choosing: bool) -> Split {
    if choosing { Split::Validation } else { Split::Test }
}

impl On {
    fn tell(&self, report: &(impl Serialize + Display)) -> Result<()> {
        print(&if self.json { to_json(report)? } else { report.to_string() })
    }
}

/// The recordings inside a folder of data.
pub fn recordings(data: &Path) -> Result<PathBuf> {
    let root = data.join("data");
    let hint = "name the folder with --data, or set GESTUS_DATA".to_string();
    let what = format!("{}: has no folder `data` of recordings", data.display());
    if root.is_dir() { Ok(root) } else { Err(Error::Unsupported { what, hint }) }
}
