//! `gestus train`: weights from recordings.

use super::evaluate::recordings;
use crate::{Result, train};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    model: Model,
}

#[derive(Debug, Subcommand)]
enum Model {
    /// Train the face: content encoder, then denoiser
    Face(Face),
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Face {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Folder for the weights; made if it is missing
    #[arg(short, long, value_name = "FOLDER", default_value = "models")]
    out: PathBuf,
    /// Minutes of speech that espeak-ng synthesises for the content encoder; 0 does without it
    #[arg(long, value_name = "NUMBER", default_value_t = 60.0)]
    synthetic_minutes: f32,
    /// Batches for the content encoder; 0 keeps the encoder that is in the folder
    #[arg(long, value_name = "NUMBER", default_value_t = 1500)]
    content_steps: usize,
    /// Batches for the denoiser; 0 leaves it out
    #[arg(long, value_name = "NUMBER", default_value_t = 2500)]
    face_steps: usize,
    /// Go on from the weights in the folder, in smaller steps
    #[arg(long)]
    resume: bool,
    /// Number that chooses the first weights and the order of the recordings
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
}

const EXAMPLES: &str = "\
Checkpoints are saved on the way; Ctrl-C stops and leaves the last one.

Examples:
  gestus train face --data ~/recordings -o models
  gestus train face --resume --content-steps 0 --face-steps 2000";

pub fn run(arguments: &Arguments) -> Result<()> {
    let Model::Face(face) = &arguments.model;
    let Face { data, out, synthetic_minutes, content_steps, face_steps, resume, seed } = face.clone();
    recordings(&data)?;
    train::face(&train::Options { data, out, synthetic_minutes, content_steps, face_steps, resume, seed })
}
