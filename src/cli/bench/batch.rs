//! Many clips in one batch: how much faster than as many single runs, how much memory over the run, and whether a batch that is
//! killed again and again ends with the same bytes as one that is left alone.

use super::{Row, write_sample};
use crate::cli::messages::{Messages, print};
use crate::cli::outputs::{self, Kind};
use crate::cli::take::to_json;
use crate::{Error, Result, interrupt};
use rand::RngExt;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Number of clips
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    clips: u32,
    /// Length of each, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: u32,
    /// How often a second batch is killed before it may finish
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    kills: u32,
    /// What each clip becomes; {} stands for its name [default: {}.bvh and {}.csv]
    #[arg(short, long = "output", value_name = "TEMPLATE")]
    outputs: Vec<String>,
    /// Print the table as one JSON object
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    clips: u32,
    seconds: u32,
    outputs: Vec<String>,
    cores: usize,
    rows: Vec<Row>,
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let bench = Bench::new(arguments)?;
    messages.say(format!("{} clips of {} s, one run for each", arguments.clips, arguments.seconds));
    let (single, ()) = Cost::of(|| bench.singles())?;
    messages.say("the same in one batch");
    let (batch, memory) = Cost::of(|| bench.watch(bench.batch("batch")?))?;
    messages.say(format!("again, killed {} times", arguments.kills));
    let kills = bench.kill(batch.seconds, messages)?;
    bench.batch("killed")?.wait().map_err(Error::io(&bench.program))?;
    let rows = rows(arguments, single, batch, &memory, kills, &bench.differences()?);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let report = Report { clips: arguments.clips, seconds: arguments.seconds, outputs: bench.outputs, cores, rows };
    if arguments.json {
        return print(&to_json(&report)?);
    }
    print(&format!("{} clips of {} s to {}, {} cores", report.clips, report.seconds, report.outputs.join(" and "), report.cores))?;
    report.rows.iter().try_for_each(|row| print(&row.line()))
}

/// What a piece of work took.
struct Cost {
    seconds: f64,
    /// Seconds of all processors together, whatever else the machine did, where the system tells (Linux).
    processor: Option<f64>,
}

impl Cost {
    fn of<T>(work: impl FnOnce() -> Result<T>) -> Result<(Cost, T)> {
        let (start, before) = (Instant::now(), processor_seconds());
        let made = work()?;
        let processor = processor_seconds().zip(before).map(|(after, before)| after - before);
        Ok((Cost { seconds: start.elapsed().as_secs_f64(), processor }, made))
    }
}

/// Processor time of all processes that this one started and that have ended.
#[cfg(target_os = "linux")]
fn processor_seconds() -> Option<f64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the call fills the structure, which is read only where it says so.
    let usage = unsafe { (libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) == 0).then(|| usage.assume_init()) }?;
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Some(seconds(usage.ru_utime) + seconds(usage.ru_stime))
}

#[cfg(not(target_os = "linux"))]
fn processor_seconds() -> Option<f64> {
    None
}

fn rows(arguments: &Arguments, single: Cost, batch: Cost, memory: &[f64], kills: u32, differences: &Differences) -> Vec<Row> {
    let a_minute = |seconds: f64| 60.0 * f64::from(arguments.clips) / seconds;
    let mut rows = vec![
        Row::plain("one run for each clip", single.seconds, "s"),
        Row::plain("one run for each clip", a_minute(single.seconds), "clips/min"),
        Row::plain("one batch", batch.seconds, "s"),
        Row::plain("one batch", a_minute(batch.seconds), "clips/min"),
        Row::plain("one batch, times as fast", single.seconds / batch.seconds, ""),
    ];
    rows.extend(single.processor.map(|seconds| Row::plain("processor time, one run for each clip", seconds, "s")));
    rows.extend(batch.processor.map(|seconds| Row::plain("processor time, one batch", seconds, "s")));
    let names = ["memory, first quarter of the batch", "memory, second quarter", "memory, third quarter", "memory, last quarter"];
    for (name, part) in names.into_iter().zip(memory.chunks(memory.len().div_ceil(4).max(1))) {
        rows.push(Row::plain(name, part.iter().copied().fold(0.0, f64::max), "MB"));
    }
    rows.extend([
        Row::plain("batches killed before the end", f64::from(kills), ""),
        Row::plain("outputs", differences.outputs as f64, "files"),
        Row::at_most("other than those of single runs", differences.batch as f64, "files", 0.0),
        Row::at_most("other after kills, or missing", differences.killed as f64, "files", 0.0),
        Row::at_most("left behind by kills", differences.left as f64, "files", 0.0),
    ]);
    rows
}

/// Files that are not as they should be.
struct Differences {
    outputs: usize,
    batch: usize,
    killed: usize,
    left: usize,
}

/// A folder with clips, and the program.
struct Bench<'a> {
    arguments: &'a Arguments,
    folder: TempDir,
    program: PathBuf,
    /// `animate` or `render`.
    command: &'static str,
    outputs: Vec<String>,
}

impl<'a> Bench<'a> {
    fn new(arguments: &'a Arguments) -> Result<Bench<'a>> {
        let usual = || ["{}.bvh", "{}.csv"].map(String::from).to_vec();
        let outputs = if arguments.outputs.is_empty() { usual() } else { arguments.outputs.clone() };
        let mut command = "animate";
        for output in &outputs {
            if !output.contains("{}") || output.contains(['/', '\\']) {
                return Err(Error::usage(format!("-o {output}: not a file name with {{}} in it"), "write -o {}.mp4"));
            }
            if outputs::kind(Path::new(output))? == Kind::Video {
                command = "render";
            }
        }
        let folder = tempfile::tempdir().map_err(Error::io(std::env::temp_dir()))?;
        let program = std::env::current_exe().map_err(Error::io("gestus"))?;
        let bench = Bench { arguments, folder, program, command, outputs };
        std::fs::create_dir(bench.path("single")).map_err(Error::io(bench.folder.path()))?;
        for n in 0..arguments.clips {
            // No two clips are alike.
            write_sample(&bench.path(&format!("{}.wav", name(n))), arguments.seconds, 997 * n as usize)?;
        }
        ["batch", "killed"].iter().try_for_each(|into| bench.write_manifest(into))?;
        Ok(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files that clip `n` becomes in the folder `into`.
    fn files(&self, into: &str, n: u32) -> Vec<String> {
        self.outputs.iter().map(|template| format!("{into}/{}", template.replace("{}", &name(n)))).collect()
    }

    fn write_manifest(&self, into: &str) -> Result<()> {
        let line = |n| serde_json::json!({"audio": format!("{}.wav", name(n)), "outputs": self.files(into, n)}).to_string() + "\n";
        let path = self.path(&format!("{into}.jsonl"));
        std::fs::write(&path, (0..self.arguments.clips).map(line).collect::<String>()).map_err(Error::io(path))
    }

    fn gestus(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Every clip in a run of its own, one after another.
    fn singles(&self) -> Result<()> {
        for n in 0..self.arguments.clips {
            interrupt::check()?;
            let mut command = self.gestus();
            command.arg(self.command).arg(format!("{}.wav", name(n)));
            command.args(self.files("single", n).iter().flat_map(|file| ["-o", file]));
            succeeded(command.status().map_err(Error::io(&self.program))?.success(), "a single run")?;
        }
        Ok(())
    }

    /// Starts a batch of all clips.
    fn batch(&self, into: &str) -> Result<Child> {
        self.gestus().arg("batch").arg(format!("{into}.jsonl")).spawn().map_err(Error::io(&self.program))
    }

    /// Waits for a batch and says how much memory it and its workers held, megabytes, a few times a second.
    fn watch(&self, mut child: Child) -> Result<Vec<f64>> {
        let mut held = Vec::new();
        loop {
            if let Some(status) = child.try_wait().map_err(Error::io(&self.program))? {
                succeeded(status.success(), "the batch")?;
                return Ok(held);
            }
            held.extend(memory(child.id()));
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Kills batch after batch at random moments; says how many were at work still. A batch that takes `whole` seconds would be
    /// done, on average, when the last is killed.
    fn kill(&self, whole: f64, messages: &Messages) -> Result<u32> {
        let mut killed = 0;
        let mut stage = messages.stage("kills", self.arguments.kills as usize);
        for n in 0..self.arguments.kills {
            interrupt::check()?;
            let mut child = self.batch("killed")?;
            let moment = rand::rng().random::<f64>() * 2.0 * whole / f64::from(self.arguments.kills);
            std::thread::sleep(Duration::from_secs_f64(moment));
            if child.try_wait().map_err(Error::io(&self.program))?.is_none() {
                child.kill().and_then(|()| child.wait()).map_err(Error::io(&self.program))?;
                killed += 1;
            }
            stage.reached(n as usize + 1);
        }
        Ok(killed)
    }

    fn differences(&self) -> Result<Differences> {
        let mut found = Differences { outputs: 0, batch: 0, killed: 0, left: 0 };
        for n in 0..self.arguments.clips {
            let [single, batch, killed] = ["single", "batch", "killed"].map(|into| self.files(into, n));
            for ((single, batch), killed) in single.iter().zip(&batch).zip(&killed) {
                let bytes = |name: &str| std::fs::read(self.path(name)).ok();
                let expected = std::fs::read(self.path(single)).map_err(Error::io(single))?;
                found.outputs += 1;
                found.batch += usize::from(bytes(batch).as_ref() != Some(&expected));
                found.killed += usize::from(bytes(killed).as_ref() != Some(&expected));
            }
        }
        let there = std::fs::read_dir(self.path("killed")).map_err(Error::io(self.path("killed")))?.count();
        found.left = there.saturating_sub(found.outputs);
        Ok(found)
    }
}

fn name(n: u32) -> String {
    format!("clip{n:04}")
}

fn succeeded(success: bool, what: &str) -> Result<()> {
    let failed = || Error::Unsupported { what: format!("{what} failed"), hint: "try `gestus animate` on a recording".into() };
    if success { Ok(()) } else { Err(failed()) }
}

/// Megabytes that a process and its children hold, where the system tells (Linux): what several share counts once.
fn memory(process: u32) -> Option<f64> {
    // Each worker belongs to the thread that started it.
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?.flatten();
    let children: Vec<String> = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok()).collect();
    let numbers = children.iter().flat_map(|line| line.split_whitespace()).filter_map(|number| number.parse().ok());
    let held: Vec<f64> = numbers.chain([process]).filter_map(share).collect();
    (!held.is_empty()).then(|| held.iter().sum())
}

/// Megabytes of one process, pages that it shares divided among those who do.
fn share(process: u32) -> Option<f64> {
    let sums = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = sums.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
