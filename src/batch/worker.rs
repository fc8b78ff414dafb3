//! A worker: another process of this program, which reads a job a line on standard input and answers with a line on standard output.

use crate::{Error, Result, interrupt};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The hidden command that makes a process a worker.
pub const COMMAND: &str = "batch-worker";

/// What a worker is asked to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// A command line without the program's name.
    pub words: Vec<String>,
    /// Where to put a small picture of the result.
    pub picture: Option<PathBuf>,
}

/// What a worker answers; no error means done.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Reply {
    pub error: Option<String>,
    pub hint: String,
    /// Exit status that the command line would have had.
    pub status: u8,
}

/// How a request ended.
#[derive(Debug)]
pub enum Answer {
    Done(Result<()>),
    /// The process is gone.
    Ended(String),
    TooLate,
}

/// A running worker; it is killed when dropped.
pub struct Worker {
    child: Child,
    orders: ChildStdin,
    replies: Receiver<String>,
}

/// How long a worker has to clear up once the user interrupts the run.
const GRACE: Duration = Duration::from_secs(5);
/// How often the wait for a worker looks at the clock.
const TICK: Duration = Duration::from_millis(50);

impl Worker {
    /// Starts this program as a worker in the folder `base`, which may hold at most `memory` bytes. One thread: jobs run side by side.
    pub fn start(base: &Path, memory: u64) -> Result<Worker> {
        let program = std::env::current_exe().map_err(Error::io("gestus"))?;
        let mut command = Command::new(&program);
        command.arg(COMMAND).arg(memory.to_string()).current_dir(base);
        // candle's threads wait for each other in a busy loop, at the cost of the other workers.
        command.env("RAYON_NUM_THREADS", "1").env("CANDLE_NUM_THREADS", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(Error::io(&program))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Unsupported { what: "a worker without pipes".into(), hint: String::new() });
        };
        let (sender, replies) = channel();
        std::thread::spawn(move || BufReader::new(answers).lines().map_while(|line| line.ok()).try_for_each(|line| sender.send(line)));
        Ok(Worker { child, orders, replies })
    }

    /// Has a job done. After any answer but [`Answer::Done`] the worker is of no more use.
    pub fn ask(&mut self, request: &Request, limit: Duration) -> Answer {
        let sent =
            serde_json::to_string(request).is_ok_and(|line| writeln!(self.orders, "{line}").and_then(|()| self.orders.flush()).is_ok());
        if !sent {
            return self.ended();
        }
        let mut end = Instant::now() + limit;
        let mut stopping = false;
        loop {
            match self.replies.recv_timeout(TICK) {
                Ok(line) => return self.read(&line),
                Err(RecvTimeoutError::Disconnected) => return self.ended(),
                Err(RecvTimeoutError::Timeout) if Instant::now() > end => return Answer::TooLate,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupt::requested() && !stopping {
                stopping = true;
                end = Instant::now() + GRACE;
            }
        }
    }

    fn read(&mut self, line: &str) -> Answer {
        let Ok(reply) = serde_json::from_str::<Reply>(line) else { return self.ended() };
        Answer::Done(match (reply.error, reply.status) {
            (None, _) => Ok(()),
            (Some(what), 2) => Err(Error::Usage { what, hint: reply.hint }),
            (Some(what), _) => Err(Error::Unsupported { what, hint: reply.hint }),
        })
    }

    fn ended(&mut self) -> Answer {
        let _ = self.child.kill();
        Answer::Ended(self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
