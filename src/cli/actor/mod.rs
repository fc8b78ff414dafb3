//! `gestus actor`: make, look at and judge characters.

mod new;
mod sheet;

use super::messages::Messages;
use crate::actor::{self, Actor};
use crate::{Error, Result};
use clap::{Args, Subcommand};
use std::path::Path;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build a character from a page of proportions and colours
    New(new::Arguments),
    /// Draw everything a character can show as a contact sheet
    Sheet(sheet::Arguments),
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, messages),
        Command::Sheet(arguments) => sheet::run(arguments, messages),
    }
}

/// The actor of a `--actor` option: a file, or the built-in one where there is none.
pub fn open(path: Option<&Path>) -> Result<Actor> {
    match path {
        Some(path) => actor::load(&std::fs::read(path).map_err(Error::io(path))?, &path.display().to_string()),
        None => actor::builtin(),
    }
}
