//! The command line: one file per command, which turns arguments into library calls. Stages live in the library; here
//! are only composition, progress and messages.
//!
//! Results go to stdout, messages and progress to stderr. An error is one line `error: ...`, and where something can be
//! done about it a second line `hint: ...`. Exit status: 0 done, 1 failed, 2 wrong command line, 130 interrupted.

mod actor;
mod animate;
mod batch;
mod bench;
mod blend;
mod bvh;
mod convert;
mod drawing;
mod edit;
mod evaluate;
mod explain;
mod gestures;
mod given;
mod long;
pub mod messages;
mod motion;
pub mod outputs;
mod picture;
mod render;
mod retarget;
mod score;
mod take;
mod train;
pub mod values;
mod voice;

use crate::batch::worker;
use crate::{Error, Result, interrupt};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use messages::{Messages, ProgressMode, complain, print};
use std::error::Error as _;
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Parser)]
#[command(name = "gestus", version, about = "Turns a recording of speech into a character's performance", after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    /// Print nothing but errors and results
    #[arg(short, long, global = true)]
    quiet: bool,
    /// How progress is shown on standard error
    #[arg(long, global = true, value_name = "HOW", default_value = "auto")]
    progress: ProgressMode,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gestus render talk.wav -o talk.mp4
  gestus render talk.mp3 -o talk.mp4 --emotion happy:0.8 --size 720x720
  gestus animate talk.wav -o talk.bvh -o talk.csv -o talk.json

Exit status: 0 done, 1 failed, 2 wrong command line, 3 some jobs of a batch failed, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a video of a character who speaks the recording
    Render(Box<render::Arguments>),
    /// Write the performance as animation data
    Animate(Box<animate::Arguments>),
    /// Change a finished take: its emotion, its head, a region, a span of time
    Edit(Box<edit::Arguments>),
    /// Put the same words under one emotion after another, side by side
    Blend(Box<blend::Arguments>),
    /// Judge any tool's motion under its recording
    Score(score::Arguments),
    /// Read motion in one format and write it in others
    Convert(convert::Arguments),
    /// Put the motion of a BVH file on another skeleton
    Retarget(retarget::Arguments),
    /// Do many recordings in one run, side by side, and only what is missing
    Batch(Box<batch::Arguments>),
    /// Takes jobs from a batch
    #[command(name = worker::COMMAND, hide = true)]
    BatchWorker(batch::worker::Arguments),
    /// Show what a direction of emotion is understood to mean
    Explain(explain::Arguments),
    /// List or draw the gestures that words call for
    Gestures(gestures::Arguments),
    /// Make, look at and judge characters
    Actor(actor::Arguments),
    /// Train a model on recordings
    Train(train::Arguments),
    /// Judge a model by figures, beside their references
    Evaluate(evaluate::Arguments),
    /// Measure how fast and how large gestus is on this machine
    Bench(bench::Arguments),
}

impl Command {
    fn run(&self, messages: &Messages) -> Result<()> {
        match self {
            Command::Render(arguments) => render::run(arguments, messages),
            Command::Animate(arguments) => animate::run(arguments, messages),
            Command::Edit(arguments) => edit::run(arguments, messages),
            Command::Blend(arguments) => blend::run(arguments, messages),
            Command::Score(arguments) => score::run(arguments, messages),
            Command::Convert(arguments) => convert::run(arguments, messages),
            Command::Retarget(arguments) => retarget::run(arguments, messages),
            Command::Batch(arguments) => batch::run(arguments, messages),
            Command::BatchWorker(arguments) => batch::worker::run(arguments),
            Command::Explain(arguments) => explain::run(arguments, messages),
            Command::Gestures(arguments) => gestures::run(arguments, messages),
            Command::Actor(arguments) => actor::run(arguments, messages),
            Command::Train(arguments) => train::run(arguments),
            Command::Evaluate(arguments) => evaluate::run(arguments, messages),
            Command::Bench(arguments) => bench::run(arguments, messages),
        }
    }
}

/// Runs the command line `arguments` (the first is the program's name) and reports how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    let messages = Messages::new(cli.quiet, cli.progress);
    match without_panic(|| interrupt::install().and_then(|()| cli.command.run(&messages))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// A panic is a mistake of ours: it ends in a line like any other error. Decoders that panic are caught where they are
/// called, and then nothing may be printed, so the hook only notes what happened.
fn without_panic(work: impl FnOnce() -> Result<()>) -> Result<()> {
    static LAST: Mutex<String> = Mutex::new(String::new());
    panic::set_hook(Box::new(|info| *LAST.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string()));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(Error::Unsupported { what: format!("mistake in gestus: {what}"), hint: "please report it with the command line".into() })
    })
}

fn failed(error: &Error) -> ExitCode {
    report(&error.to_string(), error.hint());
    ExitCode::from(error.exit_code())
}

/// Help and version are results; the rest is an error in our own two lines instead of clap's paragraphs.
fn misread(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match print(text.trim_end()) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => return failed(&error),
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => complain(text.trim_end()),
        _ => return failed(&misused(error)),
    }
    ExitCode::from(2)
}

/// What clap says in paragraphs, as an error in our two lines. A value of ours that does not parse explains itself.
fn misused(error: &clap::Error) -> Error {
    if let Some(own) = error.source().and_then(|source| source.downcast_ref::<Error>()) {
        return Error::usage(own.to_string(), own.hint().unwrap_or_default());
    }
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    Error::usage(one_line(paragraph), nearest(error).map_or("see --help".to_string(), |word| format!("did you mean {word}?")))
}

/// Arguments of a command from its words, of which the first is its name.
fn arguments<A: clap::Args>(words: impl IntoIterator<Item = OsString>) -> Result<A> {
    let matches = A::augment_args(clap::Command::new("gestus")).try_get_matches_from(words);
    matches.and_then(|matches| A::from_arg_matches(&matches)).map_err(|e| misused(&e))
}

/// The known word that clap finds closest to a mistyped one.
fn nearest(error: &clap::Error) -> Option<String> {
    let kinds = [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand];
    kinds.iter().find_map(|kind| match error.get(*kind)? {
        ContextValue::String(word) => Some(word.clone()),
        // The closest comes last.
        ContextValue::Strings(words) => words.last().cloned(),
        _ => None,
    })
}

fn report(what: &str, hint: Option<&str>) {
    complain(&format!("error: {}", one_line(what)));
    if let Some(hint) = hint {
        complain(&format!("hint: {}", one_line(hint)));
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
