#![no_main]

use gestus::formats::Format;
use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Write};

// Checksums hide what is behind them: bytes that are no archive become the arrays of one.
fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        return gestus_fuzz::read(Format::Npz, bytes);
    }
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, part) in ["poses.npy", "trans.npy", "mocap_frame_rate.npy"].iter().zip(bytes.split(|b| *b == b'|')) {
        if archive.start_file(*name, stored).is_err() || archive.write_all(part).is_err() {
            return;
        }
    }
    if let Ok(file) = archive.finish() {
        gestus_fuzz::read(Format::Npz, &file.into_inner());
    }
});
