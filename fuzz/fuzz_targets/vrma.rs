#![no_main]

use gestus::formats::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| gestus_fuzz::read(Format::Vrma, bytes));
