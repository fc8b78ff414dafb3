//! One long recording: whether memory and speed stay the same from its first quarter to its last, and whether a run that is killed in
//! the middle of performing and of drawing ends with the same bytes.

use super::{Row, held, write_sample};
use crate::cli::messages::{Messages, print};
use crate::cli::take::{Quality, to_json};
use crate::cli::values::Size;
use crate::{Error, Result, interrupt};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Length of the recording
    #[arg(long, value_name = "NUMBER", default_value_t = 60, value_parser = clap::value_parser!(u32).range(3..=360))]
    minutes: u32,
    /// Seconds of a part
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(20..=3600))]
    part: u32,
    /// Size of the pictures
    #[arg(long, value_name = "WxH", default_value = "128x128")]
    size: Size,
    /// Care taken with the performance
    #[arg(long, value_name = "LEVEL", default_value = "default")]
    quality: Quality,
    /// Print the table as one JSON object
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    minutes: u32,
    part: u32,
    size: String,
    cores: usize,
    rows: Vec<Row>,
}

/// Pictures a second: enough for whole pieces of a video.
const FPS: u32 = 10;
/// Of what `render` tells, the stages that take long.
const PERFORM: &str = "perform";
const DRAW: &str = "draw";
/// What each run writes.
const OUTPUTS: [&str; 3] = ["talk.mp4", "talk.bvh", "talk.csv"];
/// How much more memory an hour may take than a third of it, and a last quarter than a first.
const GROWTH: f64 = 1.1;

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let Arguments { minutes, part, .. } = *arguments;
    let bench = Bench::new(arguments)?;
    messages.say(format!("{} minutes", minutes / 3));
    let third = bench.run("third.wav", "third", None)?;
    messages.say(format!("{minutes} minutes"));
    let whole = bench.run("whole.wav", "whole", None)?;
    messages.say("the same, killed in the middle of performing, then of drawing, then to the end");
    let performing = bench.run("whole.wav", "killed", Some(PERFORM))?;
    let drawing = bench.run("whole.wav", "killed", Some(DRAW))?;
    let rest = bench.run("whole.wav", "killed", None)?;
    let mut rows = rows(arguments, &third, &whole);
    rows.extend([
        Row::plain("killed while performing, after", performing.seconds, "s"),
        Row::plain("begun again, killed while drawing, after", drawing.seconds, "s"),
        Row::plain("begun again, to the end", rest.seconds, "s"),
        Row::at_most("outputs other than without kills", bench.differences()? as f64, "files", 0.0),
        Row::at_most("left behind by kills", bench.left()? as f64, "files", 0.0),
    ]);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let report = Report { minutes, part, size: arguments.size.to_string(), cores, rows };
    if arguments.json {
        return print(&to_json(&report)?);
    }
    print(&format!("{minutes} min in parts of {part} s, pictures of {}, {cores} cores", report.size))?;
    report.rows.iter().try_for_each(|row| print(&row.line()))
}

fn rows(arguments: &Arguments, third: &Run, whole: &Run) -> Vec<Row> {
    let seconds = 60.0 * f64::from(arguments.minutes);
    let mut rows = vec![Row::plain("whole run", whole.seconds, "s")];
    let names = [
        (PERFORM, ["performing, first quarter", "performing, second quarter", "performing, third quarter", "performing, last quarter"]),
        (DRAW, ["drawing, first quarter", "drawing, second quarter", "drawing, third quarter", "drawing, last quarter"]),
    ];
    for (stage, names) in names {
        let ends: Vec<f64> = (0..=4).map(|quarter| whole.time(stage, f64::from(quarter) / 4.0)).collect();
        for (name, span) in names.iter().zip(ends.windows(2)) {
            rows.push(Row::plain(name, seconds / 4.0 / (span[1] - span[0]), "x real time"));
            rows.extend(whole.most(span[0], span[1]).map(|memory| Row::plain(name, memory, "MB")));
        }
        let quarter = |n: usize| whole.most(ends[n], ends[n + 1]);
        let what =
            if stage == PERFORM { "performing, memory of last quarter to first" } else { "drawing, memory of last quarter to first" };
        rows.extend(quarter(3).zip(quarter(0)).map(|(last, first)| Row::at_most(what, last / first, "", GROWTH)));
    }
    if let (Some(third), Some(whole)) = (third.peak, whole.peak) {
        rows.extend([Row::plain("most memory, a third of it", third, "MB"), Row::plain("most memory, whole", whole, "MB")]);
        rows.push(Row::at_most("most memory, whole to a third", whole / third, "", GROWTH));
    }
    rows
}

/// A folder with recordings, and the program.
struct Bench<'a> {
    arguments: &'a Arguments,
    folder: TempDir,
    program: PathBuf,
}

impl<'a> Bench<'a> {
    fn new(arguments: &'a Arguments) -> Result<Bench<'a>> {
        let folder = tempfile::tempdir().map_err(Error::io(std::env::temp_dir()))?;
        let program = std::env::current_exe().map_err(Error::io("gestus"))?;
        for (name, minutes) in [("third.wav", arguments.minutes / 3), ("whole.wav", arguments.minutes)] {
            write_sample(&folder.path().join(name), 60 * minutes, 0)?;
        }
        for into in ["third", "whole", "killed"] {
            std::fs::create_dir(folder.path().join(into)).map_err(Error::io(folder.path()))?;
        }
        Ok(Bench { arguments, folder, program })
    }

    /// Renders a recording into a folder, or until the middle of the stage `killed`.
    fn run(&self, recording: &str, into: &str, killed: Option<&str>) -> Result<Run> {
        let Arguments { part, size, .. } = self.arguments;
        let quality = if let Quality::Draft = self.arguments.quality { "draft" } else { "default" };
        let words = format!("render {recording} --progress json --size {size} --fps {FPS} --part {part} --quality {quality}");
        let mut command = Command::new(&self.program);
        command.args(words.split(' ')).args(OUTPUTS.iter().flat_map(|name| ["-o".to_string(), format!("{into}/{name}")]));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io(&self.program))?;
        let watched = watch(&mut child, killed);
        // Whatever happened, nothing goes on alone.
        let stopped = child.kill().and_then(|()| child.wait()).map_err(Error::io(&self.program));
        let run = watched?;
        let finished = killed.is_some() || stopped?.success();
        let failed = || Error::Unsupported { what: format!("{words} failed"), hint: "try `gestus render` on a recording".into() };
        if finished { Ok(run) } else { Err(failed()) }
    }

    /// Outputs that are missing or other after kills.
    fn differences(&self) -> Result<usize> {
        let hash = |into: &str, name: &str| crate::batch::journal::content(&self.folder.path().join(into).join(name));
        let mut count = 0;
        for name in OUTPUTS {
            count += usize::from(hash("killed", name).ok() != Some(hash("whole", name)?));
        }
        Ok(count)
    }

    fn left(&self) -> Result<usize> {
        let killed: &Path = &self.folder.path().join("killed");
        Ok(std::fs::read_dir(killed).map_err(Error::io(killed))?.count().saturating_sub(OUTPUTS.len()))
    }
}

/// A line of progress.
#[derive(Debug, Deserialize)]
struct Progress {
    stage: String,
    done: usize,
    total: Option<usize>,
}

/// What was seen of a run; times are seconds from its beginning.
struct Run {
    seconds: f64,
    /// Share of a stage that was done at a time.
    reached: Vec<(String, f64, f64)>,
    /// Megabytes held at a time.
    memory: Vec<(f64, f64)>,
    /// Most that were ever held.
    peak: Option<f64>,
}

impl Run {
    /// When a share of a stage was done, in a straight line between what was told.
    fn time(&self, stage: &str, share: f64) -> f64 {
        let told: Vec<_> = self.reached.iter().filter(|(name, ..)| name == stage).map(|(_, share, time)| (*share, *time)).collect();
        let after = told.iter().position(|(known, _)| *known >= share).unwrap_or(told.len().saturating_sub(1));
        match (told.get(after.saturating_sub(1)), told.get(after)) {
            (Some((a, from)), Some((b, to))) if b > a => from + (to - from) * (share - a) / (b - a),
            (_, Some((_, time))) => *time,
            _ => f64::NAN,
        }
    }

    /// Most memory between two times, where the system tells.
    fn most(&self, from: f64, to: f64) -> Option<f64> {
        self.memory.iter().filter(|(time, _)| (from..=to).contains(time)).map(|(_, held)| *held).reduce(f64::max)
    }
}

/// Follows a run to its end, or to the middle of the stage `until`.
fn watch(child: &mut Child, until: Option<&str>) -> Result<Run> {
    /// How often memory is looked at.
    const TICK: Duration = Duration::from_millis(100);
    let (start, process) = (Instant::now(), child.id().to_string());
    let lines = lines(child.stderr.take());
    let mut run = Run { seconds: 0.0, reached: Vec::new(), memory: Vec::new(), peak: None };
    let over = |run: &Run| until.is_some_and(|stage| run.reached.last().is_some_and(|(name, share, _)| name == stage && *share >= 0.5));
    while !over(&run) {
        interrupt::check()?;
        let line = lines.recv_timeout(TICK);
        let now = start.elapsed().as_secs_f64();
        run.memory.extend(held(&process, "VmRSS:").map(|held| (now, held)));
        run.peak = held(&process, "VmHWM:").or(run.peak);
        match line {
            Ok(Progress { stage, done, total: Some(total) }) => run.reached.push((stage, done as f64 / total as f64, now)),
            Err(RecvTimeoutError::Disconnected) => break,
            _ => {}
        }
    }
    run.seconds = start.elapsed().as_secs_f64();
    if until.is_none() {
        child.wait().map_err(Error::io("gestus"))?;
    }
    Ok(run)
}

/// What a run tells of its progress, line by line.
fn lines(stderr: Option<ChildStderr>) -> Receiver<Progress> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let all = stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).lines()).map_while(|line| line.ok());
        all.filter_map(|line| serde_json::from_str(&line).ok()).try_for_each(|line| sender.send(line))
    });
    receiver
}
