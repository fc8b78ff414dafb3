//! `gestus batch`: many recordings in one run.

mod line;
mod source;
pub mod worker;

use super::messages::{Messages, Stage, print};
use super::outputs;
use super::picture;
use super::take::to_json;
use super::values::Limit;
use super::voice;
use crate::batch::journal::{Journal, Key, Known};
use crate::batch::manifest::{self, Entry};
use crate::batch::roots::Roots;
use crate::batch::{self, Ended, Job, Outcome, Settings};
use crate::render::{Picture, sheet};
use crate::{Error, Result, interrupt};
use line::Line;
use serde::Serialize;
use source::Source;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// JSON lines (.jsonl), a table (.csv), or a folder of recordings; here or in an object store (s3://bucket/jobs.jsonl, s3://bucket/folder/)
    #[arg(value_name = "JOBS")]
    jobs: PathBuf,
    /// Output of jobs that name none, beside the manifest; {} stands for the recording's name. May be given several times
    #[arg(short, long = "output", value_name = "TEMPLATE")]
    outputs: Vec<String>,
    /// Jobs side by side: a number, or auto for the number of cores
    #[arg(short, long, value_name = "NUMBER", default_value = "auto")]
    jobs_at_once: AtOnce,
    /// Another folder that jobs may read from and write to, here or in an object store (s3://bucket/folder, gs://, az://); may be given
    /// several times
    #[arg(long = "root", value_name = "FOLDER")]
    roots: Vec<PathBuf>,
    /// Only the i-th of n parts of the jobs, for n machines: 1/4
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// How often a job that failed is tried again
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    retry: usize,
    /// Begin no further job once one has failed
    #[arg(long)]
    fail_fast: bool,
    /// Longest time for one job, and for reading JOBS from an object store, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Most memory for one job, as 2GiB or 800MiB (Linux)
    #[arg(long, value_name = "SIZE", default_value = "4GiB")]
    memory_limit: Limit,
    /// Go on looking for new recordings in the folder until interrupted
    #[arg(long)]
    watch: bool,
    /// Contact sheet of all jobs: .png or .jpg
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Folder of the journal [default: JOBS.gestus; in the current folder for JOBS in an object store]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// Check every job, say what would be done, do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print a summary as one JSON object
    #[arg(long)]
    json: bool,
    /// Options of `render` or `animate` for every job, after `--`
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

const EXAMPLES: &str = "\
A line of JOBS: {\"audio\": \"a.wav\", \"outputs\": [\"out/a.mp4\", \"out/a.bvh\"], \"emotion\": \"joy:0.8\", \"seed\": 1}
Paths are relative to the manifest and stay inside its folder. What is done and unchanged is not done again.

Paths may be s3://bucket/key, gs://bucket/key or az://container/key below a --root, and file:///path. Credentials and endpoints come
from the environment, as for the stores' own tools: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL,
AWS_ALLOW_HTTP=true; GOOGLE_SERVICE_ACCOUNT; AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY.

Examples:
  gestus batch jobs.jsonl
  gestus batch lines/ -o 'out/{}.mp4' -o 'out/{}.bvh' --sheet all.png -- --emotion auto --actor mika
  gestus batch jobs.csv --shard 2/8 --retry 1 --json
  gestus batch inbox/ -o 'done/{}.csv' --watch
  gestus batch jobs.jsonl --root s3://lines
  gestus batch s3://lines/jobs.jsonl --shard 2/8

Exit status: 0 all done, 3 some failed, 1 none worked, 2 wrong command line or manifest, 130 interrupted.";

/// How many jobs run side by side.
#[derive(Clone, Copy, Debug)]
struct AtOnce(usize);

impl FromStr for AtOnce {
    type Err = String;

    fn from_str(text: &str) -> Result<AtOnce, String> {
        match text {
            "auto" => Ok(AtOnce(std::thread::available_parallelism().map_or(1, usize::from))),
            _ => text.parse().ok().filter(|n| (1..=1024).contains(n)).map(AtOnce).ok_or("auto, or a number from 1 to 1024".into()),
        }
    }
}

/// One of several parts of the jobs.
#[derive(Clone, Copy, Debug)]
struct Shard {
    part: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let numbers = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        numbers
            .filter(|(part, of)| (1..=*of).contains(part))
            .map(|(part, of)| Shard { part, of })
            .ok_or("write i/n, for example 1/4".into())
    }
}

pub fn run(arguments: &Arguments, messages: &Messages) -> Result<()> {
    let sheet = arguments.sheet.as_deref().map(|path| Ok::<_, Error>((absolute(path)?, picture::Format::of(path)?))).transpose()?;
    if arguments.watch && !arguments.jobs.is_dir() {
        return Err(Error::usage("--watch needs a folder of recordings", "name a folder in place of the manifest"));
    }
    let batch = Batch::new(arguments)?;
    let report = loop {
        // What comes while the jobs run is news afterwards.
        let recordings = if arguments.watch { batch.recordings()? } else { Vec::new() };
        let jobs = batch.jobs()?;
        let report = batch.work(&jobs, messages)?;
        if let Some((path, format)) = sheet.as_ref().filter(|_| !arguments.dry_run && !report.jobs.is_empty()) {
            picture::write(&batch.sheet(&jobs, &report)?, *format, path)?;
        }
        if !arguments.watch || arguments.dry_run || interrupt::requested() {
            break report;
        }
        batch.wait_for_news(&recordings)?;
    };
    report.say(messages);
    if arguments.json {
        print(&to_json(&report)?)?;
    }
    report.verdict()
}

/// What was done, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    done: usize,
    up_to_date: usize,
    failed: usize,
    not_run: usize,
    seconds: f64,
    dry_run: bool,
    jobs: Vec<Reported>,
}

#[derive(Debug, Serialize)]
struct Reported {
    job: String,
    outputs: Vec<PathBuf>,
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip)]
    key: Option<Key>,
}

impl Report {
    fn say(&self, messages: &Messages) {
        let Report { done, up_to_date, failed, not_run, seconds, .. } = self;
        let line = match self.dry_run {
            true => format!("{not_run} jobs to do, {up_to_date} up to date"),
            false => format!("{done} done, {up_to_date} up to date, {failed} failed, {not_run} not run; took {seconds:.1} s"),
        };
        messages.say(line);
    }

    fn verdict(&self) -> Result<()> {
        let what = format!("{} of {} jobs failed", self.failed, self.jobs.len());
        let hint = "the messages above name each; a second run does only what is missing".to_string();
        match (self.failed, self.done + self.up_to_date) {
            _ if interrupt::requested() => Err(Error::Interrupted),
            (0, _) => Ok(()),
            (_, 0) => Err(Error::Unsupported { what, hint }),
            _ => Err(Error::Partly { what, hint }),
        }
    }
}

/// A batch with its folders. It works in the folder of its manifest, where relative paths of jobs begin.
struct Batch<'a> {
    arguments: &'a Arguments,
    source: Source,
    roots: Roots,
    settings: Settings,
    journal: PathBuf,
}

impl<'a> Batch<'a> {
    fn new(arguments: &'a Arguments) -> Result<Batch<'a>> {
        let (source, roots) = Source::open(&arguments.jobs, &arguments.roots)?;
        let state = absolute(&arguments.state.clone().unwrap_or_else(|| source.state()))?;
        let pictures = arguments.sheet.as_ref().map(|_| state.join("pictures"));
        let Shard { part, of } = arguments.shard;
        let journal = state.join(format!("journal-{part}-of-{of}.jsonl"));
        let scratch = state.clone();
        std::env::set_current_dir(roots.base()).map_err(Error::io(roots.base()))?;
        let settings = Settings {
            workers: arguments.jobs_at_once.0,
            retry: arguments.retry,
            fail_fast: arguments.fail_fast,
            time_limit: Duration::from_secs(arguments.time_limit),
            memory_limit: arguments.memory_limit.0,
            base: roots.base().to_owned(),
            // Names in files that are written do not tell where a batch is.
            scratch: scratch.strip_prefix(roots.base()).map_or(scratch.clone(), Path::to_owned),
            pictures,
        };
        Ok(Batch { arguments, source, roots, settings, journal })
    }

    /// The jobs of this shard. A mistake in any line stops the run before it begins.
    fn jobs(&self) -> Result<Vec<Job>> {
        let Arguments { outputs, shard, .. } = self.arguments;
        let entries = self.source.entries(outputs, Instant::now() + self.settings.time_limit)?;
        let mut written: HashMap<PathBuf, String> = HashMap::new();
        let mut all = Vec::new();
        for entry in entries {
            let place = entry.place.clone();
            let job = self.job(entry).map_err(|e| Error::usage(format!("{place}: {e}"), e.hint().unwrap_or_default()))?;
            for output in &job.outputs {
                if let Some(other) = written.insert(output.clone(), place.clone()) {
                    return Err(Error::usage(format!("{place}: writes {}, as does {other}", output.display()), "give each its own name"));
                }
            }
            all.push(job);
        }
        let read: HashSet<&PathBuf> = all.iter().flat_map(|job| &job.inputs).collect();
        if let Some(both) = written.keys().find(|output| read.contains(output)) {
            let what = format!("{}: {} is input of a job too", written[both], both.display());
            return Err(Error::usage(what, "write elsewhere"));
        }
        Ok(all.into_iter().skip(shard.part - 1).step_by(shard.of).collect())
    }

    fn job(&self, entry: Entry) -> Result<Job> {
        let outputs = entry.outputs.iter().map(|path| self.roots.output(Path::new(path))).collect::<Result<Vec<_>>>()?;
        let mut video = false;
        for output in &outputs {
            video |= outputs::kind(output)? == outputs::Kind::Video;
        }
        let command = if video { "render" } else { "animate" };
        let words = [command.to_string(), entry.audio].into_iter().chain(self.arguments.options.iter().cloned()).chain(entry.options);
        let words: Vec<String> = words.collect();
        // A recording that is missing fails alone, when its turn comes.
        let line = Line::parse(&words, &outputs)?;
        let allowed = |path: &Path| match self.roots.input(path) {
            Err(Error::Io { .. }) => Ok(self.roots.base().join(path)),
            found => found,
        };
        // A direction file is read only once it is known to be inside.
        let mut inputs = line.inputs().into_iter().map(allowed).collect::<Result<Vec<_>>>()?;
        for path in line.voices() {
            inputs.extend(voice::recordings(&allowed(path)?)?);
        }
        for path in line.references()? {
            inputs.push(allowed(&path)?);
        }
        Ok(Job { place: entry.place, inputs, words, outputs })
    }

    fn work(&self, jobs: &[Job], messages: &Messages) -> Result<Report> {
        let start = std::time::Instant::now();
        let ended = match self.arguments.dry_run {
            true => batch::preview(jobs, &self.settings, &Known::read(&self.journal)?),
            false => self.perform(jobs, messages)?,
        };
        let count = |one: fn(&Outcome) -> bool| ended.iter().filter(|job| one(&job.outcome)).count();
        Ok(Report {
            done: count(|o| matches!(o, Outcome::Done { .. })),
            up_to_date: count(|o| *o == Outcome::UpToDate),
            failed: count(|o| matches!(o, Outcome::Failed { .. })),
            not_run: count(|o| *o == Outcome::NotRun),
            seconds: (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            dry_run: self.arguments.dry_run,
            jobs: jobs.iter().zip(ended).map(|(job, ended)| reported(job, ended)).collect(),
        })
    }

    fn perform(&self, jobs: &[Job], messages: &Messages) -> Result<Vec<Ended>> {
        let folder = self.settings.pictures.as_deref().or(self.journal.parent()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let journal = Mutex::new(Journal::open(&self.journal)?);
        let progress: Mutex<(Stage, usize)> = Mutex::new((messages.stage("jobs", jobs.len()), 0));
        batch::run(jobs, &self.settings, &journal, &|n, outcome| {
            if let Outcome::Failed { error, hint, .. } = outcome {
                let hint = if hint.is_empty() { String::new() } else { format!(" ({hint})") };
                messages.say(format!("failed: {}: {error}{hint}", jobs[n].place));
            }
            let (stage, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            stage.reached(*done);
        })
    }

    /// Every job of the report with its small picture, or why there is none.
    fn sheet(&self, jobs: &[Job], report: &Report) -> Result<Picture> {
        let tile = |(job, reported): (&Job, &Reported)| {
            let name = Path::new(&job.words[1]).file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let picture = self.settings.pictures.as_deref().and_then(|folder| {
                let small = image::open(batch::picture(folder, reported.key.as_ref()?)).ok()?.into_rgba8();
                Some(Picture { width: small.width(), height: small.height(), rgba: small.into_raw() })
            });
            match reported.outcome {
                Outcome::Failed { .. } => (format!("{name}: failed"), None),
                Outcome::NotRun => (format!("{name}: not run"), None),
                _ => (name, picture),
            }
        };
        let tiles: Vec<_> = jobs.iter().zip(&report.jobs).map(tile).collect();
        let title = format!("{}: {} jobs, {} failed", self.arguments.jobs.display(), jobs.len(), report.failed);
        sheet::tile(&title, &tiles, 10.min(tiles.len() as u32), worker::PICTURE)
    }

    /// The recordings in the folder, each with its length and when it was changed.
    fn recordings(&self) -> Result<Vec<Recorded>> {
        let state = |entry: Entry| {
            let data = self.roots.base().join(&entry.audio).metadata().ok();
            (entry.audio, data.as_ref().map_or(0, |d| d.len()), data.and_then(|d| d.modified().ok()))
        };
        Ok(manifest::folder(self.roots.base(), &[])?.into_iter().map(state).collect())
    }

    /// Waits until the folder's recordings are others than the `known` and then stood still for a second.
    fn wait_for_news(&self, known: &[Recorded]) -> Result<()> {
        let mut seen = self.recordings()?;
        while !interrupt::requested() {
            std::thread::sleep(Duration::from_secs(1));
            let now = self.recordings()?;
            if now != known && now == seen {
                break;
            }
            seen = now;
        }
        Ok(())
    }
}

/// A recording's name, length and time of its last change.
type Recorded = (String, u64, Option<SystemTime>);

/// A path from the root, so that it means the same in any folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(Error::io(path))
}

fn reported(job: &Job, Ended { outcome, key }: Ended) -> Reported {
    Reported { job: job.place.clone(), outputs: job.outputs.clone(), outcome, key }
}
