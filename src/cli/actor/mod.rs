//! `gestus actor`: make, look at and judge characters.

mod inspect;
mod new;
mod sheet;

use super::messages::Messages;
use crate::actor::{self, Actor, Map};
use crate::{Error, Result, spelling};
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
    /// Tell what gestus makes of an avatar, what is missing and how to add it
    Inspect(inspect::Arguments),
    /// Draw everything a character can show as a contact sheet
    Sheet(Box<sheet::Arguments>),
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, messages),
        Command::Inspect(arguments) => inspect::run(arguments, messages),
        Command::Sheet(arguments) => sheet::run(arguments, messages),
    }
}

/// The actor of a `--actor` option: a built-in one by its name, or a file with its name map; the first built-in one where there is
/// none. Of a file it is said in two lines what it can do.
pub fn open(path: Option<&Path>, map: Option<&Path>, messages: &Messages) -> Result<Actor> {
    let map = self::map(map)?;
    let path = path.unwrap_or(Path::new(actor::BUILTIN[0]));
    if let Some(name) = actor::BUILTIN.into_iter().find(|name| Path::new(name) == path) {
        return match map {
            Some(_) => Err(Error::usage("--actor-map without an avatar's file", "name the file with --actor")),
            None => actor::builtin(name),
        };
    }
    if path.extension().is_none() && !path.exists() {
        return Err(nobody(&path.display().to_string()));
    }
    let (actor, report) = actor::open(path, &map.unwrap_or_default())?;
    messages.say(report.summary());
    Ok(actor)
}

/// Whether an `--actor` option names a built-in actor.
pub fn is_builtin(path: &Path) -> bool {
    actor::BUILTIN.iter().any(|name| Path::new(name) == path)
}

/// A bare word that is neither a file nor a built-in actor.
fn nobody(name: &str) -> Error {
    let guess = spelling::guess(name, actor::BUILTIN);
    Error::usage(format!("there is no file and no built-in actor \"{name}\""), format!("{guess}Built in are {}", actor::BUILTIN.join(", ")))
}

/// The name map of an `--actor-map` option.
pub fn map(path: Option<&Path>) -> Result<Option<Map>> {
    let read = |path: &Path| Map::parse(&std::fs::read_to_string(path).map_err(Error::io(path))?, &path.display().to_string());
    path.map(read).transpose()
}
