//! Recordings that are hardly speech give a performance too: a character who waits, breathes and blinks.

#[allow(dead_code)] // each test uses its part
mod common;

use common::Place;

/// The columns of a Live Link Face file whose names start with `prefix`, by frame.
fn column(place: &Place, file: &str, name: &str) -> Vec<f64> {
    let text = String::from_utf8(place.read(file)).expect("UTF-8");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let at = header.iter().position(|column| column.eq_ignore_ascii_case(name)).unwrap_or_else(|| panic!("no {name} in {header:?}"));
    lines.map(|line| line.split(',').nth(at).and_then(|value| value.parse().ok()).expect("a number")).collect()
}

fn largest_step(values: &[f64]) -> f64 {
    values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max)
}

/// Writes `name` as 16 kHz mono.
fn write_wav(place: &Place, name: &str, samples: impl IntoIterator<Item = i16>) {
    let spec = hound::WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(place.path(name), spec).expect("a writable folder");
    samples.into_iter().for_each(|sample| writer.write_sample(sample).expect("room"));
    writer.finalize().expect("room");
}

/// White noise from a linear congruential generator, at `level` of full scale.
fn noise(samples: usize, level: f64) -> impl Iterator<Item = i16> {
    let mut state = 1u32;
    (0..samples).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state as i32 >> 16) * level) as i16
    })
}

#[test]
fn a_recording_without_samples_has_no_frames() {
    let place = Place::new();
    write_wav(&place, "empty.wav", []);
    let run = place.run("animate empty.wav -o a.bvh -o a.csv -o a.json --json").succeeded();
    assert_eq!(run.json()["frames"], 0);
    assert!(column(&place, "a.csv", "JawOpen").is_empty());
    let before = place.names();
    for output in ["a.mp4", "a.gif"] {
        let run = place.run(&format!("render empty.wav -o {output} --size 64x64 --renderer cpu")).failed(1);
        assert!(run.stderr.contains("empty"), "{}", run.stderr);
        assert_eq!(place.names(), before);
    }
}

#[test]
fn fifty_milliseconds_are_two_frames() {
    let place = Place::new();
    place.speech("short.wav", 0.05);
    let run = place.run("render short.wav -o a.mp4 -o a.bvh -o a.csv --size 64x64 --json").succeeded();
    assert_eq!(run.json()["frames"], 2);
    assert_eq!(column(&place, "a.csv", "JawOpen").len(), 2);
}

#[test]
fn nobody_speaks_in_silence_but_somebody_is_alive() {
    let place = Place::new();
    write_wav(&place, "silent.wav", std::iter::repeat_n(0, 16_000 * 12));
    place.run("animate silent.wav -o a.csv").succeeded();
    let jaw = column(&place, "a.csv", "JawOpen");
    assert!(jaw.iter().all(|open| *open < 0.15), "the mouth rests");
    assert!(column(&place, "a.csv", "EyeBlinkLeft").iter().any(|shut| *shut > 0.6), "there is a blink in twelve seconds");
    let head = column(&place, "a.csv", "HeadPitch");
    assert!(largest_step(&head) > 0.0, "the head is not frozen");
}

#[test]
fn noise_is_no_speech() {
    let place = Place::new();
    write_wav(&place, "noise.wav", noise(16_000 * 4, 0.05));
    place.run("animate noise.wav -o a.csv").succeeded();
    let jaw = column(&place, "a.csv", "JawOpen");
    assert!(largest_step(&jaw) < 0.1, "the mouth does not chatter: {}", largest_step(&jaw));
    assert!(jaw.iter().all(|open| *open < 0.3), "the mouth stays nearly shut");
}

#[test]
fn clipped_speech_is_still_spoken() {
    let place = Place::new();
    place.speech("talk.wav", 3.0);
    let mut reader = hound::WavReader::open(place.path("talk.wav")).expect("a recording");
    let spec = reader.spec();
    let mut writer = hound::WavWriter::create(place.path("clipped.wav"), spec).expect("a writable folder");
    for sample in reader.samples::<i16>() {
        writer.write_sample(sample.expect("a sample").saturating_mul(20)).expect("room");
    }
    writer.finalize().expect("room");
    place.run("animate clipped.wav -o a.csv").succeeded();
    let jaw = column(&place, "a.csv", "JawOpen");
    assert!(jaw.iter().all(|open| (0.0..=1.0).contains(open)));
    assert!(jaw.iter().cloned().fold(0.0, f64::max) > 0.15, "the mouth opens");
}
