//! The program: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    quieten_mesa();
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
