//! `gestus train`: weights from recordings.

use super::evaluate::recordings;
use crate::train::data::Sources;
use crate::{Result, train};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    model: Model,
}

#[derive(Clone, Debug, Subcommand)]
enum Model {
    /// Train the face: content encoder, then denoiser
    Face(Face),
    /// Train the body on its rules and on recorded motion
    Body(Body),
    /// Train the ear for feelings in a voice
    Emotion(Emotion),
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = BODY_EXAMPLES)]
struct Body {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Folder for the weights; made if it is missing
    #[arg(short, long, value_name = "FOLDER", default_value = "models")]
    out: PathBuf,
    /// Batches
    #[arg(long, value_name = "NUMBER", default_value_t = 2400)]
    steps: usize,
    /// How often the rules perform every minute of speech
    #[arg(long, value_name = "NUMBER", default_value_t = 6)]
    rehearsals: usize,
    /// Learn from a folder of speakers too, as BEAT, BEAT2 and ZeroEGGS have them: motion (.bvh, .npz) with recordings of the same names
    #[arg(long, value_name = "FOLDER")]
    pairs: Option<PathBuf>,
    /// Go on from the weights in the folder, in smaller steps
    #[arg(long)]
    resume: bool,
    /// Number that chooses the rehearsals and the order of the windows
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
}

const BODY_EXAMPLES: &str = "\
Checkpoints are saved on the way; Ctrl-C stops and leaves the last one.

Examples:
  gestus train body --data ~/recordings -o models
  gestus train body --resume --steps 800 -o try
  gestus train body --pairs ~/zeroeggs/clean -o mine";

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EMOTION_EXAMPLES)]
struct Emotion {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Which recordings to learn from
    #[arg(long, value_name = "TERMS", default_value = "all")]
    sources: Sources,
    /// Folder with the content encoder (`content.safetensors`) that it hears with, and for the weights
    #[arg(short, long, value_name = "FOLDER", default_value = "models")]
    out: PathBuf,
    /// Leave out the speakers kept for choosing, and say how well they are told
    #[arg(long)]
    hold_out: bool,
    /// Number that chooses the clips beside which others are heard
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
}

const EMOTION_EXAMPLES: &str = "\
Examples:
  gestus train emotion --data ~/recordings -o models
  gestus train emotion --hold-out -o try";

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Face {
    /// Folder of recordings; `data` is read inside it
    #[arg(long, value_name = "FOLDER", env = "GESTUS_DATA", default_value = "../shared")]
    data: PathBuf,
    /// Which recordings to learn from
    #[arg(long, value_name = "TERMS", default_value = "all")]
    sources: Sources,
    /// Folder for the weights; made if it is missing
    #[arg(short, long, value_name = "FOLDER", default_value = "models")]
    out: PathBuf,
    /// Minutes of speech that espeak-ng synthesises for the content encoder, and as many in MBROLA's recorded voices; 0 does without
    #[arg(long, value_name = "NUMBER", default_value_t = 60.0)]
    synthetic_minutes: f32,
    /// Batches for the content encoder; 0 keeps the encoder that is in the folder
    #[arg(long, value_name = "NUMBER", default_value_t = 2300)]
    content_steps: usize,
    /// Batches for the denoiser; 0 leaves it out
    #[arg(long, value_name = "NUMBER", default_value_t = 2100)]
    face_steps: usize,
    /// Go on from the weights in the folder, in smaller steps
    #[arg(long)]
    resume: bool,
    /// Leave out the speaker kept for choosing among those whose phones are labelled by hand
    #[arg(long)]
    hold_out: bool,
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
    match arguments.model.clone() {
        Model::Face(Face { data, sources, out, synthetic_minutes, content_steps, face_steps, resume, hold_out, seed }) => {
            recordings(&data)?;
            train::face(&train::Options { data, sources, out, synthetic_minutes, content_steps, face_steps, resume, hold_out, seed })
        }
        Model::Body(Body { data, out, steps, rehearsals, pairs, resume, seed }) => {
            recordings(&data)?;
            train::body::train(&train::body::Options { data, out, steps, rehearsals, pairs, resume, seed })
        }
        Model::Emotion(Emotion { data, sources, out, hold_out, seed }) => {
            recordings(&data)?;
            train::emotion::train(&train::emotion::Options { data, sources, out, hold_out, seed })
        }
    }
}
