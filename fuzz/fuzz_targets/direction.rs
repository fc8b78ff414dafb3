#![no_main]

use gestus::direction::Direction;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

// Directions and the files that hold them, subtitles among them.
fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in ["a.srt", "a.toml", "a.json"] {
        if let Ok(direction) = Direction::from_file(text, Path::new(name)) {
            direction.plan(2.0, 60, &[]);
        }
    }
    let _ = Direction::parse(text);
});
