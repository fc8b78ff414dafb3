//! The program: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    quieten_mesa();
    keep_to_one_thread();
    gestus::cli::run(std::env::args_os())
}

/// Mesa's Vulkan layer for choosing a card looks for a Wayland desktop and complains on standard error, in its own
/// words, where there is no desktop at all.
fn quieten_mesa() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: this is the first thing the program does, so no other thread can be reading the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// candle's threads wait for each other in a busy loop: a second one makes a clip a little faster on an idle machine, and several
/// times slower on one that has other work. Clips, takes and pictures run side by side instead.
fn keep_to_one_thread() {
    const THREADS: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(THREADS).is_none() {
        // SAFETY: no other thread has been started yet.
        unsafe { std::env::set_var(THREADS, "1") };
    }
}
