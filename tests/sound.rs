//! What a user sees when a recording goes in: every kind of file, and every kind of broken file.

use gestus::audio::{Recording, SPEECH_RATE, decode_bytes, decode_file};
use gestus::{Error, Result};
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn decode(bytes: Vec<u8>) -> Result<Recording> {
    decode_bytes(bytes, "talk.wav", Some("wav"))
}

/// A tone in -0.5..=0.5, different in every channel.
fn tone(frames: usize, channels: u16) -> Vec<f64> {
    let sample = |i: usize, c: u16| 0.5 * (i as f64 * 0.05 * f64::from(c + 1)).sin();
    (0..frames).flat_map(|i| (0..channels).map(move |c| sample(i, c))).collect()
}

/// A WAV file with a `fmt ` chunk of any tag around samples that are already bytes.
fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut format = Vec::new();
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(rate.to_le_bytes());
    format.extend((rate * u32::from(frame)).to_le_bytes());
    format.extend(frame.to_le_bytes());
    format.extend(bits.to_le_bytes());
    riff(&[(b"fmt ", &format), (b"data", data)])
}

fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WAVE".to_vec();
    for (id, content) in chunks {
        body.extend(*id);
        body.extend((content.len() as u32).to_le_bytes());
        body.extend(*content);
        body.extend(std::iter::repeat_n(0, content.len() % 2));
    }
    let mut file = b"RIFF".to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

/// `samples` as integers of 8 (unsigned), 16, 24 or 32 bits.
fn integers(samples: &[f64], bits: u32) -> Vec<u8> {
    let scale = (1u64 << (bits - 1)) as f64;
    let whole = samples.iter().map(|x| (x * scale).round() as i64);
    whole.flat_map(|x| (if bits == 8 { x + 128 } else { x }).to_le_bytes()[..bits as usize / 8].to_vec()).collect()
}

fn assert_close(got: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len());
    let worst = got.iter().zip(wanted).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance, "off by {worst}");
}

/// First sample louder than a tenth of the peak, in seconds.
fn onset(recording: &Recording) -> f64 {
    let peak = recording.samples.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!(peak > 0.3, "the tone is missing: peak {peak}");
    let first = recording.samples.iter().position(|x| x.abs() > 0.1 * peak).unwrap();
    (first / usize::from(recording.channels)) as f64 / f64::from(recording.rate)
}

#[test]
fn integer_wav_of_every_depth_rate_and_channel_count() {
    for bits in [8, 16, 24, 32] {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
            for channels in [1, 2, 6, 8] {
                let samples = tone(300, channels);
                let recording = decode(wav(1, channels, rate, bits as u16, &integers(&samples, bits))).unwrap();
                assert_eq!((recording.rate, recording.channels), (rate, channels));
                assert_close(&recording.samples, &samples, 0.5 / f64::from(1u32 << (bits.min(24) - 1)) + 1e-7);
            }
        }
    }
}

#[test]
fn float_wav_of_32_and_64_bits() {
    let samples = tone(500, 2);
    let single: Vec<u8> = samples.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
    let double: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_close(&decode(wav(3, 2, 48_000, 32, &single)).unwrap().samples, &samples, 1e-7);
    assert_close(&decode(wav(3, 2, 48_000, 64, &double)).unwrap().samples, &samples, 1e-7);
}

#[test]
fn telephone_wav() {
    // G.711: the code of silence and the loudest positive code of each law.
    let a_law = decode(wav(6, 1, 8_000, 8, &[0xD5, 0xAA, 0xD5, 0xAA])).unwrap();
    assert_close(&a_law.samples, &[8.0 / 32768.0, 32256.0 / 32768.0, 8.0 / 32768.0, 32256.0 / 32768.0], 1e-6);
    let mu_law = decode(wav(7, 1, 8_000, 8, &[0xFF, 0x80, 0xFF, 0x80])).unwrap();
    assert_close(&mu_law.samples, &[0.0, 32124.0 / 32768.0, 0.0, 32124.0 / 32768.0], 1e-6);
}

/// A `fmt ` chunk of the extensible kind: containers of `bits`, of which the upper `valid` count.
fn extensible(tag: u16, channels: u16, rate: u32, bits: u16, valid: u16) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut format = Vec::new();
    format.extend(0xFFFEu16.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(rate.to_le_bytes());
    format.extend((rate * u32::from(frame)).to_le_bytes());
    for value in [frame, bits, 22, valid] {
        format.extend(value.to_le_bytes());
    }
    format.extend(0u32.to_le_bytes());
    format.extend(tag.to_le_bytes());
    format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    format
}

#[test]
fn extensible_wav() {
    let samples = tone(200, 4);
    for bits in [16, 24, 32] {
        let file = riff(&[(b"fmt ", &extensible(1, 4, 44_100, bits, bits)), (b"data", &integers(&samples, bits.into()))]);
        assert_close(&decode(file).unwrap().samples, &samples, 1e-4);
    }
    // 24 bits in the upper part of 32: only the size of the container matters.
    let file = riff(&[(b"fmt ", &extensible(1, 4, 44_100, 32, 24)), (b"data", &integers(&samples, 32))]);
    assert_close(&decode(file).unwrap().samples, &samples, 1e-6);
    let single: Vec<u8> = samples.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
    let file = riff(&[(b"fmt ", &extensible(3, 4, 44_100, 32, 32)), (b"data", &single)]);
    assert_close(&decode(file).unwrap().samples, &samples, 1e-7);
}

#[test]
fn other_chunks_anywhere_do_no_harm() {
    let samples = tone(100, 1);
    let plain = wav(1, 1, 16_000, 16, &integers(&samples, 16));
    let format = &plain[20..36];
    let data = integers(&samples, 16);
    let file = riff(&[(b"JUNK", &[7; 33]), (b"fmt ", format), (b"LIST", b"INFOISFT\x04\0\0\0test"), (b"data", &data), (b"id3 ", &[1; 9])]);
    assert_close(&decode(file).unwrap().samples, &samples, 1e-4);
    // Data first, its description after it.
    let file = riff(&[(b"data", &data), (b"fmt ", format)]);
    assert_close(&decode(file).unwrap().samples, &samples, 1e-4);
}

#[test]
fn wrong_sizes_in_a_wav_header_do_not_matter() {
    let samples = tone(1000, 2);
    let good = wav(1, 2, 48_000, 16, &integers(&samples, 16));
    // Never filled in; written to a pipe; larger than the file.
    for size in [0, u32::MAX, 400_000_000] {
        for riff_size in [0, u32::MAX, 17] {
            let mut file = good.clone();
            file[4..8].copy_from_slice(&riff_size.to_le_bytes());
            file[40..44].copy_from_slice(&size.to_le_bytes());
            assert_close(&decode(file).unwrap().samples, &samples, 1e-4);
        }
    }
    let mut file = good.clone();
    file[28..32].copy_from_slice(&12345u32.to_le_bytes());
    assert_close(&decode(file).unwrap().samples, &samples, 1e-4);
}

#[test]
fn a_wav_cut_short_gives_what_was_saved() {
    let samples = tone(1000, 2);
    let mut file = wav(1, 2, 48_000, 16, &integers(&samples, 16));
    let whole = decode(file.clone()).unwrap();
    file.truncate(44 + 4 * 600 + 3);
    let cut = decode(file.clone()).unwrap();
    assert_close(&cut.samples, &samples[..1200], 1e-4);
    assert_eq!(whole.missing, 0.0);
    assert!((cut.seconds() + cut.missing - whole.seconds()).abs() < 1e-6, "{} s missing", cut.missing);
    file.truncate(44);
    let error = decode(file).unwrap_err().to_string();
    assert!(error.contains("cut short"), "{error}");
}

#[test]
fn an_empty_wav_is_a_recording_of_no_length() {
    let recording = decode(wav(1, 2, 48_000, 16, &[])).unwrap();
    assert_eq!((recording.seconds(), recording.rate, recording.channels), (0.0, 48_000, 2));
    let speech = recording.to_speech().unwrap();
    assert_eq!((speech.samples.len(), speech.seconds), (0, 0.0));
    let followed = riff(&[(b"fmt ", &extensible(1, 1, 8_000, 16, 16)), (b"data", &[]), (b"LIST", b"INFOISFT\x04\0\0\0test")]);
    assert_eq!(decode(followed).unwrap().frames(), 0);
}

#[test]
fn compressed_recordings_keep_their_timing() {
    // Name, latest onset error in seconds: lossy codecs smear the edge of the tone.
    let exact = [
        ("tone.flac", 0.001),
        ("tone-alac.m4a", 0.001),
        ("tone.mp3", 0.006),
        ("tone.ogg", 0.006),
        ("tone.m4a", 0.006),
        ("tone.mp4", 0.006),
        ("tone.mkv", 0.006),
    ];
    for (name, tolerance) in exact {
        let recording = decode_file(&fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = onset(&recording);
        assert!((found - 0.5).abs() < tolerance, "{name}: the tone starts at {found}");
        assert!((recording.seconds() - 1.0).abs() < 0.03, "{name}: {} s", recording.seconds());
    }
}

#[test]
fn containers_that_state_their_length_are_exact() {
    for name in ["tone.flac", "tone-alac.m4a", "tone.mp3", "tone.ogg", "tone.m4a"] {
        let recording = decode_file(&fixture(name)).unwrap();
        assert!((recording.seconds() - 1.0).abs() < 0.0006, "{name}: {} s", recording.seconds());
    }
}

#[test]
fn a_track_delayed_by_an_edit_list_stays_delayed() {
    let recording = decode_file(&fixture("tone-late.mp4")).unwrap();
    let found = onset(&recording);
    assert!((found - 0.75).abs() < 0.006, "the tone starts at {found}");
}

#[test]
fn adts_and_adpcm_decode() {
    // ADTS says nothing about its priming of 1024 samples, so it stays.
    let found = onset(&decode_file(&fixture("tone.aac")).unwrap());
    assert!((found - 0.5 - 1024.0 / 44_100.0).abs() < 0.006, "the tone starts at {found}");
    let found = onset(&decode_file(&fixture("tone-adpcm.wav")).unwrap());
    assert!((found - 0.5).abs() < 0.002, "the tone starts at {found}");
}

#[test]
fn aiff_decodes() {
    let samples = tone(400, 2);
    let big_endian: Vec<u8> = samples.iter().flat_map(|x| ((x * 32768.0).round() as i16).to_be_bytes()).collect();
    let mut file = b"FORM".to_vec();
    file.extend((4 + 8 + 18 + 8 + 8 + big_endian.len() as u32).to_be_bytes());
    file.extend(b"AIFFCOMM");
    file.extend(18u32.to_be_bytes());
    file.extend(2u16.to_be_bytes());
    file.extend(400u32.to_be_bytes());
    file.extend(16u16.to_be_bytes());
    // 8000 Hz as an 80-bit float: 1.953125 × 2^12.
    file.extend([0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(b"SSND");
    file.extend((8 + big_endian.len() as u32).to_be_bytes());
    file.extend([0; 8]);
    file.extend(big_endian);
    let recording = decode_bytes(file, "talk.aiff", Some("aiff")).unwrap();
    assert_eq!((recording.rate, recording.channels), (8_000, 2));
    assert_close(&recording.samples, &samples, 1e-4);
}

#[test]
fn the_content_decides_not_the_name() {
    let bytes = std::fs::read(fixture("tone.mp3")).unwrap();
    let honest = decode_bytes(bytes.clone(), "talk.mp3", Some("mp3")).unwrap();
    for extension in [Some("wav"), Some("txt"), None] {
        assert_eq!(decode_bytes(bytes.clone(), "talk", extension).unwrap().samples, honest.samples);
    }
    let samples = tone(100, 1);
    let wave = wav(1, 1, 16_000, 16, &integers(&samples, 16));
    assert_close(&decode_bytes(wave, "talk.mp3", Some("mp3")).unwrap().samples, &samples, 1e-4);
}

#[test]
fn a_compressed_file_cut_short_gives_what_was_saved() {
    for name in ["tone.flac", "tone.mp3", "tone.aac"] {
        let mut bytes = std::fs::read(fixture(name)).unwrap();
        bytes.truncate(bytes.len() * 4 / 5);
        let seconds = decode_bytes(bytes, name, None).unwrap_or_else(|e| panic!("{e}")).seconds();
        assert!(seconds > 0.4 && seconds < 1.0, "{name}: {seconds} s");
    }
}

#[test]
fn damage_in_the_middle_does_not_shift_what_follows() {
    let mut bytes = std::fs::read(fixture("tone.m4a")).unwrap();
    let data = bytes.windows(4).position(|w| w == b"mdat").unwrap();
    // Access units of silence, long before the tone.
    bytes[data + 60..data + 80].fill(0xFF);
    let found = onset(&decode_bytes(bytes, "tone.m4a", None).unwrap());
    assert!((found - 0.5).abs() < 0.006, "the tone starts at {found}");
}

#[test]
fn marks_of_mp3_in_other_data_are_no_sound() {
    // Three real packets of silence in a large file of something else.
    let mp3 = std::fs::read(fixture("tone.mp3")).unwrap();
    let mut bytes = vec![0x47; 300_000];
    bytes[1_000..1_000 + 800].copy_from_slice(&mp3[1_000..1_800]);
    assert!(decode_bytes(bytes, "film.ts", Some("ts")).is_err());
}

#[test]
fn opus_is_refused_with_a_way_out() {
    let error = decode_file(&fixture("tone.opus")).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    assert!(error.to_string().contains("tone.opus") && error.to_string().contains("Opus"), "{error}");
    assert!(error.hint().unwrap().contains("ffmpeg"));
}

#[test]
fn what_is_no_sound_is_refused_by_name() {
    let text = "Bring me my bow of burning gold, and more of that.\n".repeat(500).into_bytes();
    let cases: [(&str, Vec<u8>); 6] = [
        ("text", text),
        ("empty", vec![]),
        ("one byte", vec![b'R']),
        ("zeros", vec![0; 100_000]),
        ("a header alone", b"RIFF\0\0\0\0WAVE".to_vec()),
        ("no data", wav(1, 1, 16_000, 16, &[])[..36].to_vec()),
    ];
    for (what, bytes) in cases {
        let error = decode(bytes).expect_err(what);
        let message = error.to_string();
        assert!(message.contains("talk.wav") && !message.contains('\n'), "{what}: {message}");
    }
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let error = decode_file(Path::new("no/such/talk.wav")).unwrap_err();
    assert!(error.to_string().starts_with("no/such/talk.wav: "), "{error}");
    assert!(decode_file(Path::new(env!("CARGO_MANIFEST_DIR"))).is_err());
}

#[test]
fn limits_are_errors() {
    for (what, file) in [
        ("9 channels", wav(1, 9, 48_000, 16, &[0; 180])),
        ("0 channels", riff(&[(b"fmt ", &[1, 0, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0]), (b"data", &[0; 8])])),
        ("rate 1", wav(1, 1, 1, 16, &[0; 8])),
        ("rate 0", wav(1, 1, 0, 16, &[0; 8])),
        ("rate 3 GHz", wav(1, 1, 1_000_000_000, 16, &[0; 8])),
        ("12 hours at 4 kHz", wav(1, 1, 4_000, 8, &vec![128; 12 * 3600 * 4_000 + 1])),
    ] {
        let error = decode(file).expect_err(what);
        assert!(error.to_string().starts_with("talk.wav: "), "{what}: {error}");
    }
}

#[test]
fn damaged_files_of_every_format_never_panic_or_hang() {
    let mut seed = 1u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize
    };
    let names = [
        "tone.flac",
        "tone-alac.m4a",
        "tone.mp3",
        "tone.ogg",
        "tone.m4a",
        "tone.aac",
        "tone.mp4",
        "tone.mkv",
        "tone-late.mp4",
        "tone-adpcm.wav",
    ];
    for name in names {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for round in 0..60 {
            let mut broken = bytes.clone();
            if round % 3 == 0 {
                broken.truncate(random() % bytes.len());
            }
            for _ in 0..(round % 20) {
                if !broken.is_empty() {
                    let at = random() % broken.len().min(if round % 2 == 0 { 400 } else { usize::MAX });
                    broken[at] = random() as u8;
                }
            }
            if let Ok(recording) = decode_bytes(broken, name, None) {
                assert!(recording.samples.iter().all(|x| x.abs() <= 1.0), "{name}, round {round}");
                recording.to_speech().unwrap();
            }
        }
    }
    for length in [10, 1000, 100_000] {
        let noise: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        let _ = decode(noise);
    }
}

#[test]
fn samples_beyond_the_range_are_brought_into_it() {
    let decoded = |samples: &[f32]| {
        let data: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        decode(wav(3, 1, 16_000, 32, &data)).unwrap().samples
    };
    assert_eq!(decoded(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, 0.0, 0.5]), [0.0, 0.0, 0.0, 0.0, 0.0, 0.5]);
    // A little too loud is clipped; another scale, here that of 16-bit integers, is brought down.
    assert_eq!(decoded(&[1.25, -1.1, 0.5]), [1.0, -1.0, 0.5]);
    assert_eq!(decoded(&[32768.0, -16384.0, 0.0]), [1.0, -0.5, 0.0]);
}

#[test]
fn speech_is_mono_at_16_khz_of_exact_length_and_in_time() {
    for rate in [8_000u32, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
        for frames in [1usize, 7, 1_000, rate as usize, rate as usize + 13] {
            let recording = Recording { samples: vec![0.25; frames * 2].into(), rate, channels: 2, missing: 0.0 };
            let speech = recording.to_speech().unwrap();
            assert_eq!(speech.samples.len(), (frames * SPEECH_RATE as usize).div_ceil(rate as usize), "{frames} frames at {rate} Hz");
            assert_eq!(speech.seconds, frames as f64 / f64::from(rate));
        }
        // A click at half a second stays there.
        let mut recording = Recording { samples: vec![0.0; rate as usize].into(), rate, channels: 1, missing: 0.0 };
        recording.samples[rate as usize / 2] = 1.0;
        let speech = recording.to_speech().unwrap();
        let loudest = speech.samples.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap().0;
        assert!(loudest.abs_diff(8_000) <= 1, "{rate} Hz: the click is at sample {loudest}");
    }
}

#[test]
fn channels_are_averaged() {
    let recording = Recording { samples: vec![0.5, -0.5, 0.25, 0.75, f32::NAN, 1.0].into(), rate: 16_000, channels: 2, missing: 0.0 };
    assert_eq!(recording.to_speech().unwrap().samples, [0.0, 0.5, 0.5]);
}

/// A folder of real recordings, if the machine has it.
fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("GESTUS_DATA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is missing; set GESTUS_DATA", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn a_long_ogg_decodes_whole_and_cut_short() {
    let Some(data) = shared_data() else { return };
    let bytes = std::fs::read(data.join("data/face/grid_s1/s1_01.ogg")).unwrap();
    let whole = decode_bytes(bytes.clone(), "s1_01.ogg", Some("ogg")).unwrap();
    let cut = decode_bytes(bytes[..bytes.len() / 2].to_vec(), "s1_01.ogg", Some("ogg")).unwrap();
    assert!(whole.samples.iter().any(|x| x.abs() > 0.1));
    let share = cut.seconds() / whole.seconds();
    assert!((0.3..0.7).contains(&share), "{} s of {} s", cut.seconds(), whole.seconds());
    assert!(cut.samples[..100_000] == whole.samples[..100_000]);
}
