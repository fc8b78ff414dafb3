//! Many recordings in one run.
//!
//! | part | what it does | file |
//! |---|---|---|
//! | manifest | JSON lines, CSV or a folder to entries | [`manifest`] |
//! | roots | no path leads out of the folders that were allowed | [`roots`] |
//! | journal | what is done, by the content of everything that went in | [`journal`] |
//! | stores | files in object stores | [`stores`] |
//! | worker | another process of gestus, which takes job after job | [`worker`] |
//!
//! Jobs run in worker processes, so that one that hangs, crashes or takes too much memory ends alone; models and actors are loaded
//! once for each worker. A job writes into a hidden neighbour of its outputs. Only when all of it is there are the files renamed
//! and the journal told, in this order, each forced to the disk. So whatever ends a run, the next one finds either a finished job or
//! one to do again, and the same bytes come out.

pub mod journal;
pub mod manifest;
pub mod roots;
pub(crate) mod staging;
pub mod stores;
pub mod worker;

use crate::{Error, Result, interrupt};
use journal::{Journal, Key, Known, Written};
use serde::Serialize;
use staging::{Fetched, Staging};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use worker::{Answer, Request, Worker};

/// One job, checked: every path is absolute and inside the allowed folders.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where it was asked for: a file and line, or a recording.
    pub place: String,
    /// The command line without its outputs: the command, the recording, options.
    pub words: Vec<String>,
    /// Files that are read.
    pub inputs: Vec<PathBuf>,
    /// Files that are written; the end of the name says what.
    pub outputs: Vec<PathBuf>,
}

/// How jobs are run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Jobs side by side, one thread each.
    pub workers: usize,
    /// How often a job that failed is tried again.
    pub retry: usize,
    /// Begin no further job once one has failed.
    pub fail_fast: bool,
    /// Longest time one job may take.
    pub time_limit: Duration,
    /// Most memory one worker may hold, bytes.
    pub memory_limit: u64,
    /// Folder that paths in jobs are relative to: workers run here.
    pub base: PathBuf,
    /// Where files from and for object stores are on their way.
    pub scratch: PathBuf,
    /// Keep a small picture of every job in this folder, named by the key of the job.
    pub pictures: Option<PathBuf>,
}

/// How a job went.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Outcome {
    /// Done now, after this many tries.
    Done {
        seconds: f64,
        tries: usize,
    },
    /// Done in an earlier run, from the same inputs, and its outputs are as it left them.
    UpToDate,
    Failed {
        error: String,
        hint: String,
        tries: usize,
    },
    /// The run ended before its turn.
    NotRun,
}

/// A job that is over.
#[derive(Clone, Debug)]
pub struct Ended {
    pub outcome: Outcome,
    /// What the job is known by; none where its inputs could not be read or its turn never came.
    pub key: Option<Key>,
}

impl Ended {
    const NOT_RUN: Ended = Ended { outcome: Outcome::NotRun, key: None };
}

/// Runs the jobs that `journal` does not know as done, in order, side by side. `told` hears of every outcome, with the place of the
/// job among `jobs`.
///
/// Failures are outcomes. Fails itself where the journal cannot be written or no worker can be started.
pub fn run(jobs: &[Job], settings: &Settings, journal: &Mutex<Journal>, told: &(dyn Fn(usize, &Outcome) + Sync)) -> Result<Vec<Ended>> {
    let all = Mutex::new(vec![Ended::NOT_RUN; jobs.len()]);
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let trouble: Mutex<Option<Error>> = Mutex::new(None);
    let work = || {
        let mut hand = Hand { settings, worker: None };
        while !stop.load(Ordering::SeqCst) && !interrupt::requested() {
            let n = next.fetch_add(1, Ordering::SeqCst);
            let Some(job) = jobs.get(n) else { return };
            match hand.take(job, journal) {
                Ok(ended) => {
                    if settings.fail_fast && matches!(ended.outcome, Outcome::Failed { .. }) {
                        stop.store(true, Ordering::SeqCst);
                    }
                    told(n, &ended.outcome);
                    lock(&all)[n] = ended;
                }
                Err(error) => {
                    stop.store(true, Ordering::SeqCst);
                    lock(&trouble).get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| (0..settings.workers.clamp(1, jobs.len().max(1))).for_each(|_| drop(scope.spawn(work))));
    match lock(&trouble).take() {
        Some(error) => Err(error),
        None => Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// What would be done: up to date or not run.
pub fn preview(jobs: &[Job], settings: &Settings, known: &Known) -> Vec<Ended> {
    let look = |job: &Job| {
        let key = Key::of(job).ok();
        let done = key.as_ref().is_some_and(|key| stands(key, known.outputs(key), settings));
        Ended { outcome: if done { Outcome::UpToDate } else { Outcome::NotRun }, key }
    };
    jobs.iter().map(look).collect()
}

/// Whether all that a job left behind is there, unchanged.
fn stands(key: &Key, outputs: Option<&[Written]>, settings: &Settings) -> bool {
    let pictured = settings.pictures.as_deref().is_none_or(|folder| picture(folder, key).exists());
    pictured && outputs.is_some_and(|outputs| outputs.iter().all(Written::stands))
}

/// Where the small picture of a job is kept.
pub fn picture(folder: &Path, key: &Key) -> PathBuf {
    folder.join(format!("{key}.png"))
}

/// One thread of the run with its worker.
struct Hand<'a> {
    settings: &'a Settings,
    worker: Option<Worker>,
}

impl Hand<'_> {
    fn take(&mut self, job: &Job, journal: &Mutex<Journal>) -> Result<Ended> {
        match Key::of(job) {
            Ok(key) => Ok(Ended { outcome: self.take_as(job, &key, journal)?, key: Some(key) }),
            Err(error) => Ok(Ended { outcome: failed(&error, 1), key: None }),
        }
    }

    fn take_as(&mut self, job: &Job, key: &Key, journal: &Mutex<Journal>) -> Result<Outcome> {
        // Outputs are read again without the journal, which others wait for.
        let known = lock(journal).known.outputs(key).map(<[Written]>::to_vec);
        if stands(key, known.as_deref(), self.settings) {
            return Ok(Outcome::UpToDate);
        }
        let start = Instant::now();
        for tries in 1.. {
            let error = match self.perform(job, key)? {
                Ok(written) => {
                    let seconds = (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
                    lock(journal).add(key, &job.place, written, seconds)?;
                    return Ok(Outcome::Done { seconds, tries });
                }
                Err(error) => error,
            };
            if interrupt::requested() {
                return Ok(Outcome::NotRun);
            }
            // A wrong option stays wrong.
            if tries > self.settings.retry || matches!(error, Error::Usage { .. }) {
                return Ok(failed(&error, tries));
            }
        }
        Ok(Outcome::NotRun)
    }

    /// One try. The outer error ends the run, the inner one the job.
    fn perform(&mut self, job: &Job, key: &Key) -> Result<Result<Vec<Written>>> {
        let end = Instant::now() + self.settings.time_limit;
        let (name, scratch) = (key.to_string(), &self.settings.scratch);
        let prepared = Staging::new(&job.outputs, &name, scratch).and_then(|s| Ok((s, Fetched::new(job, &name, scratch, end)?)));
        let (staging, fetched) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        let picture = self.settings.pictures.as_deref().map(|folder| picture(folder, key));
        let outputs = staging.outputs().into_iter().flat_map(|path| ["-o".to_string(), path.display().to_string()]);
        let request = Request { words: fetched.words(&job.words).into_iter().chain(outputs).collect(), picture };
        let worker = match &mut self.worker {
            Some(worker) => worker,
            none => none.insert(Worker::start(&self.settings.base, self.settings.memory_limit)?),
        };
        let answer = worker.ask(&request, self.settings.time_limit);
        if !matches!(answer, Answer::Done(_)) {
            self.worker = None;
        }
        Ok(match answer {
            Answer::Done(Ok(())) => staging.commit(end),
            Answer::Done(Err(error)) => Err(error),
            Answer::Ended(how) => Err(Error::Unsupported {
                what: format!("{}: its worker ended: {how}", job.place),
                hint: "too little memory for it? See --memory-limit".into(),
            }),
            Answer::TooLate => {
                let seconds = self.settings.time_limit.as_secs();
                Err(Error::Limit { what: format!("{}: took longer than {seconds} s", job.place), hint: "see --time-limit".into() })
            }
        })
    }
}

fn failed(error: &Error, tries: usize) -> Outcome {
    Outcome::Failed { error: error.to_string(), hint: error.hint().unwrap_or_default().into(), tries }
}

/// A thread that panicked leaves whole values behind: each is set in one step.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
