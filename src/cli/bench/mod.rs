//! `gestus bench`: the commands `animate` and `render` as a user runs them, on ten seconds of the sample speech, against
//! the budgets that gestus promises for two cores without a graphics card. `gestus bench batch`: many clips ([`batch`]). `gestus
//! bench long`: one long recording ([`long`]).

mod batch;
mod long;

use super::drawing::Drawing;
use super::messages::{Messages, print};
use super::take::{Summary, to_json};
use super::{animate, render};
use crate::{Error, Result};
use serde::Serialize;
use std::io::{BufRead, BufReader, Cursor};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Print the table as one JSON object
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
}

/// What is measured in place of the usual.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Many clips in one batch against as many single runs, and a batch that is killed again and again
    Batch(batch::Arguments),
    /// A long recording: memory and speed by quarter, and a run that is killed in the middle
    Long(long::Arguments),
}

const EXAMPLES: &str = "\
Works in a temporary folder and leaves nothing behind. Other work on the machine makes the figures worse.

Examples:
  gestus bench
  gestus bench --json > bench.json
  gestus bench batch --clips 50 -o {}.mp4
  gestus bench long --minutes 20";

/// The sample speech.
static SPEECH: &[u8] = include_bytes!("../../../assets/speech.wav");

/// Length of the benchmark's recording.
const SECONDS: u32 = 10;

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    work: &'static str,
    measured: f64,
    unit: &'static str,
    /// The most, or for a rate the least, that is acceptable.
    budget: Option<f64>,
    within: Option<bool>,
}

impl Row {
    fn at_most(work: &'static str, measured: f64, unit: &'static str, budget: f64) -> Row {
        Row { work, measured, unit, budget: Some(budget), within: Some(measured <= budget) }
    }

    fn at_least(work: &'static str, measured: f64, unit: &'static str, budget: f64) -> Row {
        Row { work, measured, unit, budget: Some(budget), within: Some(measured >= budget) }
    }

    fn plain(work: &'static str, measured: f64, unit: &'static str) -> Row {
        Row { work, measured, unit, budget: None, within: None }
    }

    fn line(&self) -> String {
        let budget = self.budget.map_or(String::new(), |budget| format!("{budget:>8} {:<9}", self.unit));
        let verdict = self.within.map_or("", |within| if within { "ok" } else { "over" });
        format!("{:<44}{:>8.3} {:<9}{budget:<18}{verdict}", self.work, self.measured, self.unit).trim_end().to_string()
    }
}

/// The whole run.
#[derive(Debug, Serialize)]
struct Report {
    seconds: u32,
    cores: usize,
    renderer: String,
    rows: Vec<Row>,
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    match &arguments.what {
        Some(What::Batch(arguments)) => return batch::run(arguments, messages),
        Some(What::Long(arguments)) => return long::run(arguments, messages),
        None => {}
    }
    messages.say(format!("measuring animate and render on {SECONDS} s of speech"));
    let folder = tempfile::tempdir().map_err(Error::io(std::env::temp_dir()))?;
    let report = measure(folder.path())?;
    if arguments.json {
        return print(&to_json(&report)?);
    }
    print(&format!("{} cores, renderer: {}\n{:<44}{:>8} {:<9}{:>8}", report.cores, report.renderer, "work", "measured", "", "budget"))?;
    report.rows.iter().try_for_each(|row| print(&row.line()))
}

fn measure(folder: &Path) -> Result<Report> {
    let speech = folder.join("speech.wav");
    write_sample(&speech, SECONDS, 0)?;
    let first_line = first_line(&speech)?;
    let animated = animate(folder)?;
    let animate_memory = peak_memory();
    let rendered = render(folder)?;
    let render_memory = peak_memory();
    let drawing = drawing_alone(folder, &[])?;
    let large = drawing_alone(folder, &["--size", "1920x1080"])?;

    let frames = rendered.frames as f64;
    let mut rows = vec![
        Row::at_most("time to the first line", first_line, "s", 0.1),
        Row::at_most("performance, per second of speech", animated.timings.get("perform") / f64::from(SECONDS), "s", 0.05),
        Row::at_most("animate: BVH, CSV and JSON", animated.timings.get("total"), "s", 1.5),
    ];
    rows.extend(animate_memory.map(|memory| Row::at_most("animate: peak memory", memory, "MB", 300.0)));
    rows.extend([
        Row::at_least("drawing 512x512", frames / drawing, "frames/s", 100.0),
        Row::at_least("drawing and encoding 512x512", frames / rendered.timings.get("draw"), "frames/s", 80.0),
        Row::at_least("drawing 1920x1080", frames / large, "frames/s", 25.0),
        Row::at_most("render: 512x512 MP4", rendered.timings.get("total"), "s", 6.0),
    ]);
    rows.extend(render_memory.map(|memory| Row::at_most("render: peak memory", memory, "MB", 600.0)));
    rows.extend(binary_size().map(|size| Row::at_most("program with weights and actor", size, "MB", 60.0)));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Report { seconds: SECONDS, cores, renderer: rendered.renderer.unwrap_or_default(), rows })
}

/// The sample from its frame `first` on, repeated or cut to `seconds`.
fn write_sample(path: &Path, seconds: u32, first: usize) -> Result<()> {
    let broken = |e: hound::Error| Error::malformed("sample speech", e.to_string());
    let mut reader = hound::WavReader::new(Cursor::new(SPEECH)).map_err(broken)?;
    let spec = reader.spec();
    let samples = reader.samples::<i32>().collect::<Result<Vec<i32>, _>>().map_err(broken)?;
    let wanted = (seconds * spec.sample_rate) as usize * usize::from(spec.channels);
    let mut writer = hound::WavWriter::create(path, spec).map_err(broken)?;
    samples
        .iter()
        .cycle()
        .skip(first * usize::from(spec.channels))
        .take(wanted)
        .try_for_each(|sample| writer.write_sample(*sample))
        .map_err(broken)?;
    writer.finalize().map_err(broken)
}

/// Seconds from starting the program to its first line on stderr.
fn first_line(speech: &Path) -> Result<f64> {
    let program = std::env::current_exe().map_err(Error::io("gestus"))?;
    let start = Instant::now();
    let mut command = Command::new(&program);
    command.arg("animate").arg(speech).arg("-o").arg(speech.with_extension("bvh")).arg("--dry-run");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(Error::io(&program))?;
    let mut line = String::new();
    if let Some(stderr) = child.stderr.take() {
        BufReader::new(stderr).read_line(&mut line).map_err(Error::io(&program))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    child.wait().map_err(Error::io(&program))?;
    Ok(seconds)
}

/// A command's arguments with every other default, as from `gestus COMMAND speech.wav OPTIONS -o FILE...` in `folder`.
fn arguments<A: clap::Args>(folder: &Path, outputs: &[&str], options: &[&str]) -> Result<A> {
    let mut words = vec!["gestus".into(), folder.join("speech.wav").into_os_string()];
    words.extend(options.iter().map(Into::into));
    words.extend(outputs.iter().flat_map(|name| ["-o".into(), folder.join(name).into_os_string()]));
    super::arguments(words)
}

fn animate(folder: &Path) -> Result<Summary> {
    arguments::<animate::Arguments>(folder, &["talk.bvh", "talk.csv", "talk.json"], &[])?.execute(&Messages::SILENT)
}

fn render(folder: &Path) -> Result<Summary> {
    arguments::<render::Arguments>(folder, &["talk.mp4"], &[])?.execute(&Messages::SILENT)
}

/// Seconds for drawing every frame and throwing it away.
fn drawing_alone(folder: &Path, options: &[&str]) -> Result<f64> {
    let arguments: render::Arguments = arguments(folder, &["talk.mp4"], options)?;
    let mut take = arguments.take.listen(&Messages::SILENT)?;
    arguments.take.perform(&mut take, &Messages::SILENT)?;
    let (renderer, _) = arguments.renderer(&Messages::SILENT)?;
    Drawing { renderer: &renderer, performance: &take.performance, videos: Vec::new() }.draw(&[], &Messages::SILENT)
}

/// Most memory this process ever held, in megabytes, where the system tells.
fn peak_memory() -> Option<f64> {
    held("self", "VmHWM:")
}

/// Megabytes that a process holds (`VmRSS:`) or held at most (`VmHWM:`), where the system tells.
fn held(process: &str, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

fn binary_size() -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    Some(std::fs::metadata(program).ok()?.len() as f64 / 1e6)
}
