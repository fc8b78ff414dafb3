//! One file per command: arguments to library calls, progress, messages.
