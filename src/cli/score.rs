//! `gestus score`: the report card of anybody's motion.

use super::messages::{Messages, print};
use super::motion;
use super::take::to_json;
use crate::evaluate::score::score;
use crate::{Result, audio};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Motion of any tool: Live Link Face .csv, .json of gestus, or .bvh
    #[arg(value_name = "MOTION")]
    motion: PathBuf,
    /// The recording that the motion belongs to
    #[arg(long, value_name = "FILE")]
    audio: PathBuf,
    /// Print the card as one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Lips are judged by what is heard in the recording; a .bvh is judged by its body, a .csv by its face.

Examples:
  gestus score talk.csv --audio talk.wav
  gestus score theirs.bvh --audio talk.wav --json";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let motion = motion::load(&arguments.motion, messages)?.performance;
    let speech = audio::decode_file(&arguments.audio)?.to_speech()?;
    if (motion.seconds - speech.seconds).abs() > 0.5 {
        messages.say(format!(
            "warning: {} lasts {:.2} s and {} {:.2} s; judging what they share",
            arguments.motion.display(),
            motion.seconds,
            arguments.audio.display(),
            speech.seconds
        ));
    }
    let card = score(&motion, &speech)?;
    print(&if arguments.json { to_json(&card)? } else { card.to_string() })
}
