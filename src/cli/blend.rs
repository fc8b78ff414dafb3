//! `gestus blend`: the same words on the way from one emotion to another, side by side.

use super::actor;
use super::messages::{Messages, print};
use super::outputs;
use super::picture;
use super::take::{Quality, hear, to_json};
use super::values::{Emotion, Fps, Weights};
use crate::audio::{self, Speech};
use crate::direction::blend::blend;
use crate::direction::{Direction, Plan};
use crate::evaluate::steps::{Landmarks, Steps, even};
use crate::face::coefficients::id;
use crate::models::Models;
use crate::motion::Performance;
use crate::perform::{self, perform};
use crate::render::takes::peaks;
use crate::render::{Backend, Framing, Look, Renderer, View, grid};
use crate::video::{self, VideoSettings};
use crate::{Error, Result, interrupt};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Recording of speech, as `render` takes it
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Where the way begins: a direction
    #[arg(long, value_name = "DIRECTION", required_unless_present = "grid")]
    from: Option<Emotion>,
    /// Where it ends
    #[arg(long, value_name = "DIRECTION", required_unless_present = "grid")]
    to: Option<Emotion>,
    /// What it passes on the way; may be given several times
    #[arg(long, value_name = "DIRECTION")]
    through: Vec<Emotion>,
    /// Instead: a row for each of these, from neutral to it, separated by commas
    #[arg(long, value_name = "DIRECTIONS", value_delimiter = ',', conflicts_with_all = ["from", "to", "through"])]
    grid: Vec<Emotion>,
    /// Steps of a way, both ends among them; they look equally large
    #[arg(long, value_name = "NUMBER", default_value_t = 7, value_parser = clap::value_parser!(u32).range(2..=25))]
    steps: u32,
    /// File to write: .png or .jpg (one moment), .mp4 or .gif (all speak at once); may be given several times
    #[arg(short, long = "output", value_name = "OUT", required = true)]
    outputs: Vec<PathBuf>,
    /// Side of a cell in pixels, even
    #[arg(long, value_name = "PIXELS", default_value_t = 192, value_parser = clap::value_parser!(u32).range(32..=1024))]
    cell: u32,
    /// Character: ada, tomas, zola, mika, or a file [default: ada]
    #[arg(long, value_name = "NAME|FILE")]
    actor: Option<PathBuf>,
    /// Light, surroundings and film
    #[arg(long, value_name = "LOOK", default_value = "studio")]
    look: Look,
    #[command(flatten)]
    weights: Weights,
    /// Frames a second of a video
    #[arg(long, value_name = "RATE", default_value = "30")]
    fps: Fps,
    /// Number that chooses among the possible performances
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Care taken with the performance
    #[arg(long, value_name = "LEVEL", default_value = "default")]
    quality: Quality,
    /// Print the steps as one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Printed is how far each step is from the one before to the eye: millimetres of the face's 68 landmarks and of their speed.

Examples:
  gestus blend talk.wav --from joy --to anger -o way.png
  gestus blend talk.wav --from joy --through sad --through fear --to anger --steps 9 -o way.mp4
  gestus blend talk.wav --grid happy,sad,angry,surprised --steps 5 -o grid.gif";

/// Longest recording, seconds: every tried step is kept.
const LONGEST: f64 = 120.0;

/// One way as it is printed.
#[derive(Debug, Serialize)]
struct Way {
    name: String,
    /// 0..=1 along the way.
    places: Vec<f32>,
    /// Millimetres from the step before.
    sizes: Vec<f32>,
    /// Largest over smallest.
    ratio: f32,
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let cell = arguments.cell & !1;
    let read: Vec<&Path> = std::iter::once(arguments.input.as_path()).chain(arguments.actor.as_deref()).collect();
    arguments.outputs.iter().try_for_each(|path| known(path))?;
    outputs::check(&arguments.outputs, &read, false)?;
    let (stills, videos): (Vec<&PathBuf>, Vec<&PathBuf>) = arguments.outputs.iter().partition(|path| picture::Format::of(path).is_ok());
    let recording = audio::decode_file(&arguments.input)?;
    let speech = recording.to_speech()?;
    if speech.seconds > LONGEST {
        let what =
            format!("{}: {:.0} s are more than the {LONGEST} s that blend holds in memory", arguments.input.display(), speech.seconds);
        return Err(Error::Limit { what, hint: "cut the recording".into() });
    }
    let ways = arguments.ways(&speech, messages)?;
    let view = View { width: cell, height: cell, framing: Framing::Face, look: arguments.look, ..View::default() };
    let renderer = Renderer::new(Backend::Auto, &actor::open(arguments.actor.as_deref(), None, messages)?, &view)?;
    let rows = ways.iter().map(|(way, steps)| row(way, steps, arguments.fps.0)).collect::<Result<Vec<_>>>()?;
    if !stills.is_empty() {
        let sheet = grid::draw(&renderer, cell, &rows, moment(&rows))?;
        stills.iter().try_for_each(|path| picture::write(&sheet, picture::Format::of(path)?, path))?;
    }
    if !videos.is_empty() {
        let [width, height] = grid::size(cell, &rows);
        let frames = Performance::frames_for(speech.seconds, arguments.fps.0);
        let settings =
            VideoSettings { width, height, fps: arguments.fps.0, sound: Some(recording), frames, quality: video::Quality::default() };
        let mut writers = videos.iter().map(|path| video::create(path, &settings)).collect::<Result<Vec<_>>>()?;
        let mut stage = messages.stage("draw", frames);
        for n in 0..frames {
            interrupt::check()?;
            let picture = grid::draw(&renderer, cell, &rows, n)?;
            writers.iter_mut().try_for_each(|writer| writer.push(&picture))?;
            stage.reached(n + 1);
        }
        writers.into_iter().try_for_each(|writer| writer.finish())?;
        stage.finish();
    }
    let ways: Vec<Way> = ways.into_iter().map(|(way, _)| way).collect();
    print(&if arguments.json { to_json(&ways)? } else { table(&ways) })
}

/// The moment that is drawn: of the first face's most expressive ones that in which its brows are lowest, since brows that are up for a
/// stress hide what a feeling does to them.
fn moment(rows: &[grid::Row]) -> usize {
    let Some((_, first)) = rows.first().and_then(|row| row.cells.first()) else { return 0 };
    let raised = |n: usize| first.frames[n].face[id::BROW_INNER_UP] + first.frames[n].face[id::BROW_OUTER_UP_LEFT];
    peaks(first).into_iter().min_by(|a, b| raised(*a).total_cmp(&raised(*b))).unwrap_or(0)
}

impl Arguments {
    /// Every way with its steps.
    fn ways(&self, speech: &Speech, messages: &Messages) -> Result<Vec<(Way, Steps)>> {
        let landmarks = Landmarks::builtin()?;
        let neutral = || Emotion { text: "neutral".into(), direction: Direction::default() };
        let stations: Vec<Vec<Emotion>> = match (&self.from, &self.to) {
            (Some(from), Some(to)) => vec![std::iter::once(from).chain(&self.through).chain([to]).cloned().collect()],
            _ => self.grid.iter().map(|to| vec![neutral(), to.clone()]).collect(),
        };
        let mut stage = messages.stage("perform", stations.len());
        let mut ways = Vec::new();
        for (n, stations) in stations.iter().enumerate() {
            let plans =
                stations.iter().map(|emotion| plan(&self.weights.model, emotion, speech, messages)).collect::<Result<Vec<Plan>>>()?;
            let options = perform::Options { seed: self.seed, quality: self.quality.into() };
            let steps =
                even(self.steps as usize, &landmarks, &|place| perform(&self.weights.model, speech, &blend(&plans, place), options))?;
            let name = stations.iter().map(|e| e.text.as_str()).collect::<Vec<_>>().join(" > ");
            let round = |values: &[f32]| values.iter().map(|v| (v * 1000.0).round() / 1000.0).collect();
            ways.push((Way { name, places: round(&steps.places), sizes: round(&steps.sizes), ratio: steps.ratio() }, steps));
            stage.reached(n + 1);
        }
        stage.finish();
        Ok(ways)
    }
}

fn plan(models: &Models, emotion: &Emotion, speech: &Speech, messages: &Messages) -> Result<Plan> {
    let mut direction = emotion.direction.clone();
    direction.consult(models)?;
    let heard = if direction.listens() { hear(models, speech, None, &[], messages)?.course } else { Vec::new() };
    Ok(direction.plan(speech.seconds, Performance::frames_for(speech.seconds, 30.0), &heard))
}

fn row(way: &Way, steps: &Steps, fps: f64) -> Result<grid::Row> {
    let caption = |place: &f32| format!("{:.0} %", 100.0 * place);
    let cells = steps.places.iter().zip(&steps.performances).map(|(place, p)| {
        let mut performance = p.resample(fps);
        crate::render::follow(&mut performance, Framing::Face)?;
        Ok((caption(place), performance))
    });
    Ok(grid::Row { title: way.name.clone(), cells: cells.collect::<Result<_>>()? })
}

fn table(ways: &[Way]) -> String {
    let one = |way: &Way| {
        let step = |(n, place): (usize, &f32)| {
            let size = n.checked_sub(1).map_or(String::new(), |k| format!("{:>10.3} mm", way.sizes[k]));
            format!("\n  step {:<3} at {:>6.1} %{size}", n + 1, 100.0 * place)
        };
        let steps: String = way.places.iter().enumerate().map(step).collect();
        format!("{}{steps}\n  largest over smallest step: {:.2}", way.name, way.ratio)
    };
    ways.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Fails for a kind of file that a blend cannot be.
fn known(path: &Path) -> Result<()> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "png" | "jpg" | "jpeg" | "mp4" | "m4v" | "gif" => Ok(()),
        _ => Err(Error::usage(format!("{}: blend writes no such file", path.display()), "use .png, .jpg, .mp4 or .gif")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::Frame;

    #[test]
    fn faces_are_drawn_between_stresses() {
        let mut speaks = Performance { fps: 30.0, seconds: 4.0, frames: vec![Frame::default(); 120].into() };
        for n in [10, 40, 70, 100] {
            speaks.frames[n].face[id::JAW_OPEN] = 0.6;
            speaks.frames[n].face[id::BROW_INNER_UP] = if n == 70 { 0.1 } else { 0.7 };
        }
        let row = grid::Row { title: String::new(), cells: vec![(String::new(), speaks)] };
        assert_eq!(moment(&[row]), 70);
        assert_eq!(moment(&[]), 0);
    }
}
