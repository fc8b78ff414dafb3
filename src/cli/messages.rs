//! What the user sees while gestus works: messages and progress on stderr, results on stdout.

use crate::{Error, Result};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// A bar with the time left on a terminal, messages elsewhere
    #[default]
    Auto,
    /// One JSON object a line on stderr: stage, done, total, seconds_left (null where unknown)
    Json,
    /// Messages, no bar
    None,
}

/// The channel to the user. Copies are cheap; it holds only how to speak.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    quiet: bool,
    progress: ProgressMode,
}

impl Messages {
    /// Says nothing at all.
    pub const SILENT: Messages = Messages { quiet: true, progress: ProgressMode::None };

    /// `quiet` silences everything but errors and results.
    pub fn new(quiet: bool, progress: ProgressMode) -> Messages {
        let progress = if quiet { ProgressMode::None } else { progress };
        Messages { quiet, progress }
    }

    /// A line for people, on stderr. Not shown where stderr carries JSON.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet && self.progress != ProgressMode::Json {
            complain(line.as_ref());
        }
    }

    /// Starts a stage of `total` steps, or of unknown length when `total` is 0.
    pub fn stage(&self, name: &'static str, total: usize) -> Stage {
        let bar = (self.progress == ProgressMode::Auto && std::io::stderr().is_terminal()).then(|| bar(name, total));
        let stage = Stage { name, total, start: Instant::now(), told: None, bar, json: self.progress == ProgressMode::Json };
        stage.tell(0);
        stage
    }
}

/// A line on stderr. A closed stderr is no reason to fail.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A result on stdout. A reader that has seen enough (`| head`) is no failure.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Error::io("standard output")(e)),
        _ => Ok(()),
    }
}

/// One stage of the work, shown until it is dropped.
#[derive(Debug)]
pub struct Stage {
    name: &'static str,
    total: usize,
    start: Instant,
    told: Option<Instant>,
    bar: Option<ProgressBar>,
    json: bool,
}

/// Shortest time between two lines of JSON progress.
const INTERVAL: Duration = Duration::from_millis(100);

impl Stage {
    /// `done` steps of the stage are finished.
    pub fn reached(&mut self, done: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
        if done >= self.total || self.told.is_none_or(|told| told.elapsed() >= INTERVAL) {
            self.tell(done);
            self.told = Some(Instant::now());
        }
    }

    /// Ends the stage and returns the seconds it took.
    pub fn finish(mut self) -> f64 {
        if self.total == 0 {
            self.total = 1;
            self.reached(1);
        }
        self.start.elapsed().as_secs_f64()
    }

    fn tell(&self, done: usize) {
        if self.json {
            let line = json!({"stage": self.name, "done": done, "total": (self.total > 0).then_some(self.total), "seconds_left": self.seconds_left(done)});
            complain(&line.to_string());
        }
    }

    /// Time left if the rest goes as fast as what is done; unknown before the first step.
    fn seconds_left(&self, done: usize) -> Option<f64> {
        let left = self.total.saturating_sub(done) as f64;
        let seconds = self.start.elapsed().as_secs_f64() / done as f64 * left;
        (done > 0).then_some((seconds * 1000.0).round() / 1000.0)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &'static str, total: usize) -> ProgressBar {
    let (bar, template) = match total {
        0 => (ProgressBar::new_spinner(), "{msg:>8} {spinner}"),
        _ => (ProgressBar::new(total as u64), "{msg:>8} [{bar:40}] {pos}/{len}, {eta} left"),
    };
    // The template is a constant; a mistake in it would only cost the looks.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(name);
    bar.enable_steady_tick(INTERVAL);
    bar
}
