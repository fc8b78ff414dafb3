//! What was done and how long it took, for people and for `--json`.

use crate::cli::messages::{Messages, print};
use crate::motion::Performance;
use crate::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// Seconds that each stage took, to the millisecond.
#[derive(Clone, Debug, Serialize)]
pub struct Timings {
    #[serde(flatten)]
    stages: BTreeMap<&'static str, f64>,
    #[serde(skip)]
    start: Instant,
}

impl Timings {
    pub fn new() -> Timings {
        Timings { stages: BTreeMap::new(), start: Instant::now() }
    }

    pub fn set(&mut self, stage: &'static str, seconds: f64) {
        self.stages.insert(stage, (seconds * 1000.0).round() / 1000.0);
    }

    /// Seconds of a stage; 0 if it did not run.
    pub fn get(&self, stage: &str) -> f64 {
        self.stages.get(stage).copied().unwrap_or(0.0)
    }

    /// Closes the account: everything since the start.
    pub fn finish(mut self) -> Timings {
        self.set("total", self.start.elapsed().as_secs_f64());
        self
    }
}

/// What was done, for `--json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub command: &'static str,
    pub input: String,
    pub outputs: Vec<String>,
    /// Length of the recording.
    pub seconds: f64,
    pub fps: f64,
    pub frames: usize,
    pub seed: u64,
    pub emotion: String,
    /// What was heard in the voice and read in the words, by probability.
    pub felt: BTreeMap<&'static str, BTreeMap<&'static str, f32>>,
    pub renderer: Option<String>,
    pub size: Option<String>,
    pub dry_run: bool,
    pub timings: Timings,
    /// What was performed.
    #[serde(skip)]
    pub performance: Performance,
}

impl Summary {
    /// Shows the summary: as JSON on stdout if asked for, else as one line for people.
    pub fn show(&self, json: bool, messages: &Messages) -> Result<()> {
        let Summary { seconds, frames, fps, timings, .. } = self;
        messages.say(format!("{seconds:.2} s of speech, {frames} frames at {fps} a second; took {:.2} s", timings.get("total")));
        if json { print(&to_json(self)?) } else { Ok(()) }
    }
}

/// One line of JSON.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::malformed("summary", e.to_string()))
}
