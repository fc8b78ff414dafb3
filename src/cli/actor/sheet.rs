//! `gestus actor sheet`: a contact sheet of everything a character can show.

use crate::Result;
use crate::cli::messages::Messages;
use crate::cli::picture::{self, Format};
use crate::render::showcase::Group;
use crate::render::{Backend, Look, View, sheet};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Built-in actors by name, or GLB, glTF and VRM files, below each other
    #[arg(value_name = "ACTOR", default_value = crate::actor::BUILTIN[0])]
    actors: Vec<PathBuf>,
    /// What names in the avatar's file mean, as `gestus actor inspect -o` writes it
    #[arg(long, value_name = "FILE")]
    actor_map: Option<PathBuf>,
    /// Picture to write: .png or .jpg
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What to draw, separated by commas
    #[arg(long, value_name = "GROUPS", value_delimiter = ',', default_values_t = Group::ALL)]
    show: Vec<Group>,
    /// Light, surroundings and film
    #[arg(long, value_name = "LOOK", default_value = "studio")]
    look: Look,
    /// Side of a cell in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(32..=2048))]
    cell: u32,
    /// Cells in a row
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=32))]
    columns: u32,
}

const EXAMPLES: &str = "\
Examples:
  gestus actor sheet -o ada.png
  gestus actor sheet ada tomas zola mika -o cast.png --show emotions
  gestus actor sheet mine.vrm -o emotions.png --show emotions --cell 384";

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let format = Format::of(&arguments.output)?;
    let view = View { look: arguments.look, ..View::default() };
    let draw = |path: &PathBuf| {
        let actor = super::open(Some(path), arguments.actor_map.as_deref(), messages)?;
        let sections: Vec<_> = arguments.show.iter().map(|group| group.section(&actor)).collect();
        sheet::draw(&actor, &sections, arguments.columns, arguments.cell, Backend::Cpu, &view)
    };
    let picture = sheet::stack(arguments.actors.iter().map(draw).collect::<Result<_>>()?);
    picture::write(&picture, format, &arguments.output)?;
    messages.say(format!("{}: {}x{}", arguments.output.display(), picture.width, picture.height));
    Ok(())
}
