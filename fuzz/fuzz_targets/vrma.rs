#![no_main]

use gestus::formats::Format;
use gestus::formats::vrma::Expressions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| gestus_fuzz::read(Format::Vrma(Expressions::Arkit), bytes));
