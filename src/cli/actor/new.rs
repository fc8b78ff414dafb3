//! `gestus actor new`: from a page of parameters to a GLB.

use crate::actor::build::{self, Parameters};
use crate::actor::write_glb;
use crate::cli::messages::Messages;
use crate::output::Output;
use crate::{Error, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Parameters in TOML; what it leaves out is as in the built-in actor
    #[arg(value_name = "PARAMETERS", required_unless_present = "print_defaults")]
    parameters: Option<PathBuf>,
    /// GLB file to write, a VRM 1.0 avatar as well (name it .vrm for programs that insist)
    #[arg(short, long, value_name = "FILE", required_unless_present = "print_defaults")]
    output: Option<PathBuf>,
    /// Print all parameters with their defaults as TOML, and write nothing
    #[arg(long, conflicts_with_all = ["parameters", "output"])]
    print_defaults: bool,
}

const EXAMPLES: &str = "\
Examples:
  gestus actor new --print-defaults > mine.toml
  gestus actor new mine.toml -o mine.glb
  gestus render talk.wav -o talk.mp4 --actor mine.glb";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let (Some(source), Some(target)) = (&arguments.parameters, &arguments.output) else {
        return super::super::messages::print(defaults()?.trim_end());
    };
    let parameters = read(source)?;
    parameters.check().map_err(|e| Error::malformed(source.display().to_string(), told(&e)))?;
    let actor = build::build(&parameters);
    let mut output = Output::create(target)?;
    let bytes = write_glb(&actor)?;
    output.write_all(&bytes).map_err(Error::io(target))?;
    output.commit()?;
    let triangles: usize = actor.meshes.iter().map(|m| m.triangles.len()).sum();
    messages.say(format!("{}: {triangles} triangles, {} kB", target.display(), bytes.len() / 1000));
    Ok(())
}

/// An error with what to do about it in one line.
fn told(error: &Error) -> String {
    error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}: {hint}"))
}

fn defaults() -> Result<String> {
    toml::to_string(&Parameters::default()).map_err(|e| Error::malformed("the defaults", e.to_string()))
}

/// Fails with [`Error::Malformed`], which names line and field.
fn read(path: &Path) -> Result<Parameters> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    toml::from_str(&text).map_err(|e| Error::malformed(path.display().to_string(), place(&text, &e)))
}

/// A parser's complaint with its line and column.
fn place(text: &str, error: &toml::de::Error) -> String {
    let Some(at) = error.span().map(|span| span.start.min(text.len())) else { return error.message().to_string() };
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {}", error.message())
}
