//! `gestus actor sheet`: a contact sheet of everything a character can show.

use crate::cli::messages::Messages;
use crate::output::Output;
use crate::render::showcase::Group;
use crate::render::{Backend, Look, Picture, View, sheet};
use crate::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::path::{Path, PathBuf};

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
    write(&picture, format, &arguments.output)?;
    messages.say(format!("{}: {}x{}", arguments.output.display(), picture.width, picture.height));
    Ok(())
}

/// Share of the original that a JPEG keeps, percent.
const JPEG_QUALITY: u8 = 88;

/// Kinds of file that a sheet can be.
#[derive(Clone, Copy)]
enum Format {
    Png,
    Jpeg,
}

impl Format {
    fn of(path: &Path) -> Result<Format> {
        match path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase().as_str() {
            "png" => Ok(Format::Png),
            "jpg" | "jpeg" => Ok(Format::Jpeg),
            _ => Err(Error::usage(format!("{}: not a picture that can be written", path.display()), "use .png or .jpg")),
        }
    }
}

fn write(picture: &Picture, format: Format, path: &Path) -> Result<()> {
    let mut output = Output::create(path)?;
    let (width, height) = (picture.width, picture.height);
    let done = match format {
        Format::Png => PngEncoder::new(&mut output).write_image(&picture.rgba, width, height, ExtendedColorType::Rgba8),
        Format::Jpeg => {
            let rgb: Vec<u8> = picture.rgba.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
            JpegEncoder::new_with_quality(&mut output, JPEG_QUALITY).write_image(&rgb, width, height, ExtendedColorType::Rgb8)
        }
    };
    done.map_err(|e| Error::Io { path: path.to_owned(), source: std::io::Error::other(e) })?;
    output.commit()
}
