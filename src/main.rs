//! The program: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    quieten_mesa();
    keep_candle_on_one_thread();
    gestus::cli::run(std::env::args_os())
}

/// candle's own threads wait for each other in a busy loop after every small operation. That gains nothing here, and where other
/// programs run it costs several times the work.
fn keep_candle_on_one_thread() {
    const NAME: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(NAME).is_none() {
        // SAFETY: no other thread has been started yet.
        unsafe { std::env::set_var(NAME, "1") };
    }
}

/// Mesa's Vulkan layer for choosing a card looks for a Wayland desktop and complains on standard error, in its own
/// words, where there is no desktop at all.
fn quieten_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: this is the first thing the program does, so no other thread can be reading the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
