//! Stopping early. The first Ctrl-C (or SIGTERM) sets a flag that long loops look at, so that unfinished files are
//! removed on the way out; the second one ends the process at once.

use crate::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// Exit status after an interruption, as shells number it: 128 + SIGINT.
pub const EXIT_STATUS: u8 = 130;

/// Installs the handler. Only the program does this; a library's host keeps its own.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_STATUS.into());
        }
    })
    .map_err(|e| Error::Unsupported { what: format!("cannot watch for Ctrl-C: {e}"), hint: String::new() })
}

/// Whether the user asked to stop.
pub fn requested() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// [`Error::Interrupted`] once the user asked to stop: `interrupt::check()?` in a loop.
pub fn check() -> Result<()> {
    if requested() { Err(Error::Interrupted) } else { Ok(()) }
}
