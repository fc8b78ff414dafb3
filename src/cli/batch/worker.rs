//! The process that takes jobs from a batch: a job a line in, an answer a line out.

use super::line::Line;
use crate::batch::worker::{Reply, Request};
use crate::cli::messages::{Messages, print};
use crate::cli::picture::{self, Format};
use crate::cli::take::{Summary, to_json};
use crate::cli::{one_line, without_panic};
use crate::face::articulation::gap_mm;
use crate::face::coefficients::id::EYE_BLINK_LEFT;
use crate::motion::Frame;
use crate::render::{Backend, Renderer, View};
use crate::{Error, Result, interrupt};
use std::io::BufRead;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Most memory that this process may hold, bytes
    memory: u64,
}

/// Side of the small pictures, pixels.
pub const PICTURE: u32 = 160;

/// Takes jobs until there are no more.
pub fn run(arguments: &Arguments) -> Result<()> {
    confine(arguments.memory);
    let mut booth = Booth::default();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(Error::io("standard input"))?;
        let request = serde_json::from_str(&line).map_err(|e| Error::malformed("standard input", e.to_string()))?;
        let reply = match without_panic(|| answer(&request, &mut booth)) {
            Ok(()) => Reply::default(),
            Err(e) => Reply { error: Some(one_line(&e.to_string())), hint: e.hint().unwrap_or_default().into(), status: e.exit_code() },
        };
        print(&to_json(&reply)?)?;
        interrupt::check()?;
    }
    Ok(())
}

fn answer(request: &Request, booth: &mut Booth) -> Result<()> {
    let line = Line::parse(&request.words, &[])?;
    let summary = line.execute(&Messages::SILENT)?;
    let Some(path) = &request.picture else { return Ok(()) };
    picture::write(&booth.renderer(&line)?.draw(&telling(&summary))?, Format::Png, path)
}

/// What draws small pictures: the last one is kept, since jobs mostly show the same actor.
#[derive(Default)]
struct Booth(Option<(String, Renderer)>);

impl Booth {
    fn renderer(&mut self, line: &Line) -> Result<&Renderer> {
        let who = line.who();
        let renderer = match self.0.take() {
            Some((known, renderer)) if known == who => renderer,
            _ => {
                let view = View { width: PICTURE, height: PICTURE, ..View::default() };
                Renderer::new(Backend::Cpu, &line.actor()?, &view)?
            }
        };
        Ok(&self.0.insert((who, renderer)).1)
    }
}

/// The frame that tells most of a performance: the mouth widest, the eyes open.
fn telling(summary: &Summary) -> Frame {
    let frames = &summary.performance.frames;
    let score = |frame: &Frame| gap_mm(&frame.face) - 20.0 * frame.face[EYE_BLINK_LEFT];
    frames.iter().max_by(|a, b| score(a).total_cmp(&score(b))).cloned().unwrap_or_default()
}

/// Holds this process to its memory, and has it end with the batch that started it.
#[cfg(target_os = "linux")]
fn confine(memory: u64) {
    let limit = libc::rlimit { rlim_cur: memory, rlim_max: memory };
    // SAFETY: both calls read their arguments alone. A system that refuses either still does the work.
    unsafe {
        libc::setrlimit(libc::RLIMIT_DATA, &limit);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
}

#[cfg(not(target_os = "linux"))]
fn confine(_: u64) {}
