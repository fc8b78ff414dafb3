//! `gestus gestures`: the gestures that words call for, as a list or a contact sheet.

use super::messages::{Messages, print};
use super::picture;
use crate::Result;
use crate::body::gestures::Side;
use crate::body::library::{Gesture, Library, Placed, track};
use crate::body::{self, Expressivity};
use crate::direction::events;
use crate::face::vector;
use crate::motion::{Frame, attach_head};
use crate::render::sheet::{self, Cell, Section};
use crate::render::{Backend, Framing, View};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Only these
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Folder with more gestures (JSON files); one of a known name replaces that one
    #[arg(long, value_name = "DIR")]
    gestures: Option<PathBuf>,
    /// Draw them at their strokes, from the front and from the side: .png or .jpg
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Who shows them: a built-in actor by name, or a GLB, glTF or VRM file
    #[arg(long, value_name = "ACTOR", default_value = crate::actor::BUILTIN[0], requires = "output")]
    actor: PathBuf,
    /// Side of a cell in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(32..=2048))]
    cell: u32,
    /// Cells in a row
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=32))]
    columns: u32,
    /// Print as one JSON array
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
A gesture is made where the transcript has one of its words, or where an event asks for it:
  gestus render talk.wav -o talk.mp4 --transcript talk.txt
  gestus render talk.wav -o talk.mp4 --event \"1.2s gesture thumbs-up\"

Examples:
  gestus gestures
  gestus gestures stop shrug think -o sheet.png --cell 384
  gestus gestures --gestures my-gestures -o sheet.jpg --actor mine.vrm";

#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    meaning: &'a str,
    words: &'a BTreeMap<String, Vec<String>>,
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let library = library(arguments.gestures.as_deref())?;
    let shown: Vec<Arc<Gesture>> = match arguments.names.is_empty() {
        true => library.gestures().to_vec(),
        false => arguments.names.iter().map(|name| library.find(name)).collect::<Result<_>>()?,
    };
    if let Some(path) = &arguments.output {
        let format = picture::Format::of(path)?;
        let actor = super::actor::open(Some(&arguments.actor), None, messages)?;
        let side = |title: &str, yaw: f32| Section {
            title: format!("{}: {title}", actor.name),
            cells: shown.iter().map(|gesture| Cell { yaw, framing: Framing::Bust, ..Cell::head(&gesture.name, stroke(gesture)) }).collect(),
        };
        let sections = [side("front", 0.0), side("three-quarter", -0.6)];
        let sheet = sheet::draw(&actor, &sections, arguments.columns, arguments.cell, Backend::Cpu, &View::default())?;
        picture::write(&sheet, format, path)?;
        messages.say(format!("{}: {}x{}", path.display(), sheet.width, sheet.height));
        return Ok(());
    }
    let listed: Vec<Listed> = shown.iter().map(|g| Listed { name: &g.name, meaning: &g.meaning, words: &g.words }).collect();
    if arguments.json {
        return print(&super::take::to_json(&listed)?);
    }
    print(&listed.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The built-in gestures and those of a `--gestures` option.
pub fn library(folder: Option<&std::path::Path>) -> Result<Library> {
    let mut library = Library::builtin();
    folder.map_or(Ok(()), |folder| library.add_folder(folder))?;
    Ok(library)
}

fn line(gesture: &Listed) -> String {
    let words: Vec<&str> = gesture.words.values().flatten().map(String::as_str).collect();
    format!("{:<16} {}\n{:<16}   {}", gesture.name, gesture.meaning, "", words.join(", "))
}

/// A standing figure at the end of the stroke.
fn stroke(gesture: &Arc<Gesture>) -> Frame {
    const TIME: f64 = 2.0;
    let placed = Placed { gesture: gesture.clone(), time: TIME, until: None, side: Side::Right };
    let frame = (TIME * body::RATE) as usize;
    let rest = vector::pack(&[0.0; crate::face::coefficients::COUNT], Default::default(), Default::default());
    let mut rows = vec![rest; frame + 1];
    events::play(&mut rows, &track::events(std::slice::from_ref(&placed)));
    let (face, head, gaze) = vector::unpack(&rows[frame]);
    let mut poses = vec![body::standing(); frame + 1];
    poses.iter_mut().for_each(|pose| attach_head(pose, head));
    let given = track::lay(&[placed], &poses, &[Expressivity::default()]);
    track::blend(&mut poses, &given);
    let mut shown = Frame { face, head, body: poses.swap_remove(frame), ..Frame::default() };
    shown.look(gaze);
    shown
}
