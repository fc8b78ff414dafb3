//! A job's command line.

use crate::Result;
use crate::actor::{self, Actor};
use crate::cli::messages::Messages;
use crate::cli::take::Summary;
use crate::cli::{animate, arguments, render};
use std::path::{Path, PathBuf};

/// One of the commands that a job can be.
pub enum Line {
    Animate(Box<animate::Arguments>),
    Render(Box<render::Arguments>),
}

impl Line {
    /// Reads a command with its words and the files it is to write. Fails with [`crate::Error::Usage`].
    pub fn parse(words: &[String], outputs: &[PathBuf]) -> Result<Line> {
        let outputs = outputs.iter().flat_map(|path| ["-o".into(), path.clone().into_os_string()]);
        let words: Vec<_> = words.iter().map(Into::into).chain(outputs).collect();
        match words.first().and_then(|word| word.to_str()) {
            Some("render") => Ok(Line::Render(Box::new(arguments(words)?))),
            _ => Ok(Line::Animate(Box::new(arguments(words)?))),
        }
    }

    /// Every file that is read and an option names.
    pub fn inputs(&self) -> Vec<&Path> {
        match self {
            Line::Animate(arguments) => arguments.inputs(),
            Line::Render(arguments) => arguments.inputs(),
        }
    }

    /// Other recordings of the voice, and folders of them.
    pub fn voices(&self) -> impl Iterator<Item = &Path> {
        match self {
            Line::Animate(arguments) => arguments.take.voice.paths(),
            Line::Render(arguments) => arguments.take.voice.paths(),
        }
    }

    /// Files that are named in the direction, whose own file is read for it.
    pub fn references(&self) -> Result<Vec<PathBuf>> {
        match self {
            Line::Animate(arguments) => arguments.take.references(),
            Line::Render(arguments) => arguments.take.references(),
        }
    }

    /// The character that is shown.
    pub fn actor(&self) -> Result<Actor> {
        match self {
            Line::Render(arguments) => arguments.actor(&Messages::SILENT),
            Line::Animate(_) => actor::builtin(actor::BUILTIN[0]),
        }
    }

    /// Tells the characters of lines apart, files that changed included.
    pub fn who(&self) -> String {
        match self {
            Line::Render(arguments) => arguments.who(),
            Line::Animate(_) => String::new(),
        }
    }

    pub fn execute(&self, messages: &Messages) -> Result<Summary> {
        match self {
            Line::Animate(arguments) => arguments.execute(messages),
            Line::Render(arguments) => arguments.execute(messages),
        }
    }
}
