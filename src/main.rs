//! The program: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    quieten_mesa();
    keep_memory();
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

/// The networks take and give back the same large tensors thousands of times. The C library would fetch each from the system and clear
/// its pages anew, which costs a tenth of a performance.
fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // The most that the library takes: half of a heap.
        const LARGE: i32 = 1 << 25;
        const AHEAD: i32 = 1 << 24;
        for (what, bytes) in [(libc::M_MMAP_THRESHOLD, LARGE), (libc::M_TRIM_THRESHOLD, 8 * LARGE), (libc::M_TOP_PAD, AHEAD)] {
            // SAFETY: no other thread has been started yet.
            unsafe { libc::mallopt(what, bytes) };
        }
    }
}
