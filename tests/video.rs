//! What a user sees when a video comes out: that it is whole, plays in time, and looks like the pictures that went in.

use gestus::audio::{Recording, decode_file};
use gestus::render::Picture;
use gestus::video::{Quality, VideoSettings, create};
use gestus::{Error, Result};
use image::AnimationDecoder;
use image::codecs::gif::GifDecoder;
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use std::collections::HashMap;
use std::fs;
use std::io::BufReader;
use std::path::Path;
use tempfile::TempDir;

fn settings(width: u32, height: u32, fps: f64, sound: Option<Recording>) -> VideoSettings {
    VideoSettings { width, height, fps, sound, frames: 0, quality: Quality::Standard }
}

fn plain(width: u32, height: u32, rgba: [u8; 4]) -> Picture {
    Picture { width, height, rgba: rgba.repeat((width * height) as usize) }
}

/// A shaded ball that moves a little, on a shaded ground.
fn scene(width: u32, height: u32, n: usize) -> Picture {
    let centre = (width as f32 * (0.5 + 0.1 * (n as f32 * 0.3).sin()), height as f32 * 0.5);
    let pixel = |x: u32, y: u32| {
        let (dx, dy) = ((x as f32 - centre.0) / width as f32, (y as f32 - centre.1) / width as f32);
        let inside = dx * dx + dy * dy < 0.09;
        let light = if inside { 0.9 - 1.5 * (dx + dy) } else { 0.2 + 0.4 * y as f32 / height as f32 };
        let tint = if inside { [230.0, 170.0, 140.0] } else { [90.0, 120.0, 180.0] };
        [(tint[0] * light) as u8, (tint[1] * light) as u8, (tint[2] * light) as u8, 255]
    };
    let rgba = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Picture { width, height, rgba }
}

fn silence(seconds: f64, rate: u32, channels: u16) -> Recording {
    Recording {
        samples: vec![0.0; (seconds * f64::from(rate)).round() as usize * usize::from(channels)].into(),
        rate,
        channels,
        missing: 0.0,
    }
}

/// A short burst at each of some times.
fn clicks(seconds: f64, rate: u32, at: &[f64]) -> Recording {
    let mut recording = silence(seconds, rate, 1);
    for time in at {
        let start = (time * f64::from(rate)).round() as usize;
        let length = rate as usize / 100;
        for i in 0..length.min(recording.samples.len() - start) {
            recording.samples[start + i] = 0.8 * (i as f32 * 1.1).cos();
        }
    }
    recording
}

fn write(path: &Path, settings: &VideoSettings, pictures: impl IntoIterator<Item = Picture>) -> Result<()> {
    let mut writer = create(path, settings)?;
    for picture in pictures {
        writer.push(&picture)?;
    }
    writer.finish()
}

// A small reader of MP4 files, written against the standard and not against our writer.

const CONTAINERS: [&[u8; 4]; 7] = [b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl"];

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Every box as path and content; the sizes of the boxes must fill their parents exactly.
fn boxes(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    fn walk(bytes: &[u8], path: &str, found: &mut Vec<(String, Vec<u8>)>) {
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes.len() - at >= 8, "{path}: {} bytes left over", bytes.len() - at);
            let size = be32(bytes, at) as usize;
            assert!(size >= 8 && size <= bytes.len() - at, "{path}: a box of {size} bytes in {}", bytes.len() - at);
            let kind: &[u8; 4] = bytes[at + 4..at + 8].try_into().unwrap();
            let name = format!("{path}/{}", String::from_utf8_lossy(kind));
            let body = &bytes[at + 8..at + size];
            found.push((name.clone(), body.to_vec()));
            if CONTAINERS.contains(&kind) {
                walk(body, &name, found);
            }
            // Boxes behind a head of fields of their own.
            let head = match kind {
                b"dref" | b"stsd" => 8,
                b"avc1" => 78,
                b"mp4a" => 28,
                _ => 0,
            };
            if head > 0 {
                walk(&body[head..], &name, found);
            }
            at += size;
        }
    }
    let mut found = Vec::new();
    walk(bytes, "", &mut found);
    found
}

struct Sample {
    offset: usize,
    size: usize,
    /// Seconds on the film's clock, after the edit list.
    time: f64,
}

struct Track {
    handler: String,
    /// Length of its edit list and of its header, in seconds.
    length: f64,
    samples: Vec<Sample>,
    boxes: HashMap<String, Vec<u8>>,
}

struct Film {
    seconds: f64,
    tracks: Vec<Track>,
    bytes: Vec<u8>,
}

fn read_film(path: &Path) -> Film {
    let bytes = fs::read(path).unwrap();
    let all = boxes(&bytes);
    let top: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).filter(|name| name.matches('/').count() == 1).collect();
    assert_eq!(top, ["/ftyp", "/moov", "/mdat"], "the description comes before the data");
    let header = &all.iter().find(|(name, _)| name == "/moov/mvhd").unwrap().1;
    assert_eq!(header.len(), 100);
    let scale = f64::from(be32(header, 12));
    let mut tracks = Vec::new();
    for (name, body) in &all {
        if name == "/moov/trak" {
            tracks.push(read_track(boxes(body).into_iter().collect(), scale));
        }
    }
    let data = bytes.windows(4).position(|w| w == b"mdat").unwrap() + 4;
    let mut spans: Vec<(usize, usize)> = tracks.iter().flat_map(|t| t.samples.iter().map(|s| (s.offset, s.size))).collect();
    spans.sort_unstable();
    let mut at = data;
    for (offset, size) in spans {
        assert_eq!(offset, at, "samples fill the data without gaps or overlaps");
        at += size;
    }
    assert_eq!(at, bytes.len());
    Film { seconds: f64::from(be32(header, 16)) / scale, tracks, bytes }
}

fn read_track(boxes: HashMap<String, Vec<u8>>, movie_scale: f64) -> Track {
    let table = |name: &str| &boxes[&format!("/mdia/minf/stbl/{name}")];
    let entries = |name: &str, words: usize| {
        let table = table(name);
        let count = be32(table, 4) as usize;
        assert_eq!(table.len(), 8 + 4 * words * count, "{name}");
        (0..count).map(|n| (0..words).map(|w| be32(table, 8 + 4 * (n * words + w)) as usize).collect()).collect::<Vec<Vec<usize>>>()
    };
    let media = &boxes["/mdia/mdhd"];
    let scale = f64::from(be32(media, 12));
    let (edits, header) = (&boxes["/edts/elst"], &boxes["/tkhd"]);
    assert_eq!((edits.len(), be32(edits, 4), header.len(), media.len()), (20, 1, 84, 24));
    assert_eq!(be32(edits, 8), be32(header, 20), "edit list and track header agree");
    let start = be32(edits, 12) as usize;

    let sizes = table("stsz");
    let count = be32(sizes, 8) as usize;
    assert_eq!((be32(sizes, 4), sizes.len()), (0, 12 + 4 * count));
    let durations: Vec<usize> = entries("stts", 2).iter().flat_map(|e| vec![e[1]; e[0]]).collect();
    assert_eq!(durations.len(), count);
    assert_eq!(durations.iter().sum::<usize>(), be32(media, 16) as usize);

    let places = entries("stco", 1);
    let runs = entries("stsc", 3);
    let mut samples = Vec::new();
    let mut ticks = 0;
    for (n, place) in places.iter().enumerate() {
        let run = runs.iter().rev().find(|run| run[0] <= n + 1).unwrap();
        let mut offset = place[0];
        for _ in 0..run[1] {
            let size = be32(sizes, 12 + 4 * samples.len()) as usize;
            samples.push(Sample { offset, size, time: (ticks as f64 - start as f64) / scale });
            ticks += durations[samples.len() - 1];
            offset += size;
        }
    }
    assert_eq!(samples.len(), count, "chunks hold all samples");
    let handler = String::from_utf8_lossy(&boxes["/mdia/hdlr"][8..12]).into_owned();
    Track { handler, length: f64::from(be32(edits, 8)) / movie_scale, samples, boxes }
}

impl Film {
    fn track(&self, handler: &str) -> Option<&Track> {
        self.tracks.iter().find(|t| t.handler == handler)
    }

    /// Time and planes of every picture, decoded: width, height, and the Y, Cb and Cr in the middle.
    fn pictures(&self) -> Vec<(f64, usize, usize, [u8; 3])> {
        let track = self.track("vide").unwrap();
        let config = &track.boxes["/mdia/minf/stbl/stsd/avc1/avcC"];
        let sequence = u16::from_be_bytes([config[6], config[7]]) as usize;
        let picture_at = 8 + sequence + 3;
        let start = [0, 0, 0, 1];
        let mut decoder = Decoder::new().unwrap();
        let mut header = [&start[..], &config[8..8 + sequence], &start, &config[picture_at..]].concat();
        let mut pictures = Vec::new();
        for sample in &track.samples {
            let mut stream = std::mem::take(&mut header);
            let mut unit = &self.bytes[sample.offset..sample.offset + sample.size];
            while !unit.is_empty() {
                let length = be32(unit, 0) as usize;
                stream.extend(start);
                stream.extend(&unit[4..4 + length]);
                unit = &unit[4 + length..];
            }
            let picture = decoder.decode(&stream).unwrap().expect("one picture for each sample");
            let ((width, height), (sy, su, sv)) = (picture.dimensions(), picture.strides());
            let (x, y) = (width / 2, height / 2);
            let middle = [picture.y()[y * sy + x], picture.u()[y / 2 * su + x / 2], picture.v()[y / 2 * sv + x / 2]];
            pictures.push((sample.time, width, height, middle));
        }
        pictures
    }
}

/// Times at which a recording becomes loud.
fn onsets(recording: &Recording) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::new();
    for (n, frame) in recording.samples.chunks_exact(recording.channels.into()).enumerate() {
        let time = n as f64 / f64::from(recording.rate);
        if frame[0].abs() > 0.3 && found.last().is_none_or(|last| time - last > 0.1) {
            found.push(time);
        }
    }
    found
}

/// Writes a clip that flashes when it clicks, and compares when it does both after decoding.
fn check_sync(seconds: f64, fps: f64, rate: u32, at: &[f64]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flash.mp4");
    let frames = (seconds * fps).ceil() as usize;
    let shade = |n: usize| {
        let time = n as f64 / fps;
        if at.iter().any(|a| time > a - 1e-6 && time < a + 0.15) { 255 } else { 0 }
    };
    let pictures = (0..frames).map(|n| plain(32, 32, [shade(n), shade(n), shade(n), 255]));
    write(&path, &settings(32, 32, fps, Some(clicks(seconds, rate, at))), pictures).unwrap();

    let film = read_film(&path);
    let mut bright = false;
    let mut flashes = Vec::new();
    for (time, .., middle) in film.pictures() {
        if middle[0] > 128 && !bright {
            flashes.push(time);
        }
        bright = middle[0] > 128;
    }
    let sound = decode_file(&path).unwrap();
    let heard = onsets(&sound);
    assert_eq!((flashes.len(), heard.len()), (at.len(), at.len()), "{flashes:?} {heard:?}");
    for ((seen, heard), wanted) in flashes.iter().zip(&heard).zip(at) {
        assert!((seen - wanted).abs() < 0.001, "{fps} fps: seen at {seen}, should be {wanted}");
        assert!((heard - wanted).abs() < 0.003, "{rate} Hz: heard at {heard}, should be {wanted}");
        assert!((seen - heard).abs() < 0.010);
    }
    assert!((sound.seconds() - seconds).abs() < 0.001, "{} s of sound", sound.seconds());
}

#[test]
fn sound_and_picture_agree_at_the_start() {
    for (fps, rate) in
        [(30.0f64, 48_000), (25.0, 44_100), (30_000.0 / 1001.0, 16_000), (60.0, 8_000), (12.5, 22_050), (29.97, 96_000), (24.0, 47_000)]
    {
        let at: Vec<f64> = [0.0, 0.5, 2.0].iter().map(|t| (t * fps).round() / fps).collect();
        check_sync(3.0, fps, rate, &at);
    }
}

#[test]
fn sound_and_picture_agree_after_ten_minutes() {
    for (fps, rate) in [(5.0f64, 16_000), (23.976 / 4.0, 11_025)] {
        let at: Vec<f64> = [1.0, 300.0, 599.0].iter().map(|t| (t * fps).round() / fps).collect();
        check_sync(601.0, fps, rate, &at);
    }
}

#[test]
fn an_mp4_is_as_long_as_its_recording() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("talk.mp4");
    for (seconds, fps, rate) in [
        (1.0f64, 30.0f64, 48_000),
        (1.01, 30.0, 44_100),
        (0.999, 29.97, 16_000),
        (0.01, 25.0, 8_000),
        (1.2345, 23.976, 22_050),
        (2.0001, 60.0, 47_999),
    ] {
        let frames = (seconds * fps).ceil() as usize;
        let pictures = (0..frames).map(|n| scene(64, 48, n));
        write(&path, &settings(64, 48, fps, Some(silence(seconds, rate, 2))), pictures).unwrap();
        let film = read_film(&path);
        assert!((film.seconds - seconds).abs() < 0.001, "{seconds}: {}", film.seconds);
        for track in &film.tracks {
            assert!((track.length - seconds).abs() < 0.001, "{seconds}: {}", track.length);
        }
        let media = &film.track("vide").unwrap().boxes["/mdia/mdhd"];
        let pictures = f64::from(be32(media, 16)) / f64::from(be32(media, 12));
        assert!((pictures - seconds).abs() < 0.001, "the last picture ends at {pictures}, not {seconds}");
        assert_eq!(film.pictures().len(), frames);
    }
}

#[test]
fn an_mp4_without_sound_is_as_long_as_its_pictures() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mute.mp4");
    for sound in [None, Some(silence(0.0, 48_000, 1))] {
        write(&path, &settings(64, 64, 29.97, sound), (0..10).map(|n| scene(64, 64, n))).unwrap();
        let film = read_film(&path);
        assert!(film.track("soun").is_none());
        assert!((film.seconds - 10.0 / 29.97).abs() < 0.0005, "{}", film.seconds);
    }
}

#[test]
fn pictures_keep_size_and_colours() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("colour.mp4");
    let colours = [[255, 255, 255], [0, 0, 0], [200, 40, 40], [40, 180, 60], [30, 60, 220], [224, 172, 140]];
    for (width, height) in [(64, 64), (50, 38), (514, 130)] {
        let pictures = colours.iter().map(|c| plain(width, height, [c[0], c[1], c[2], 255]));
        write(&path, &settings(width, height, 10.0, None), pictures).unwrap();
        let film = read_film(&path);
        for ((_, w, h, [y, cb, cr]), colour) in film.pictures().iter().zip(colours) {
            assert_eq!((*w as u32, *h as u32), (width, height));
            // Back by the inverse of BT.709.
            let (y, cb, cr) = ((f64::from(*y) - 16.0) / 219.0, (f64::from(*cb) - 128.0) / 224.0, (f64::from(*cr) - 128.0) / 224.0);
            let (r, b) = (y + 1.5748 * cr, y + 1.8556 * cb);
            let g = (y - 0.2126 * r - 0.0722 * b) / 0.7152;
            for (got, wanted) in [r, g, b].iter().zip(colour) {
                assert!((got * 255.0 - f64::from(wanted)).abs() < 6.0, "{colour:?}: {r} {g} {b}");
            }
        }
        let track = film.track("vide").unwrap();
        assert_eq!(track.boxes["/mdia/minf/stbl/stsd/avc1/colr"], b"nclx\0\x01\0\x01\0\x01\0");
        assert_eq!((be32(&track.boxes["/tkhd"], 76), be32(&track.boxes["/tkhd"], 80)), (width << 16, height << 16));
    }
}

#[test]
fn every_kind_of_recording_becomes_a_sound_track() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("talk.mp4");
    for (rate, channels, stored_rate, stored_channels) in
        [(48_000, 1, 48_000, 1), (44_100, 2, 44_100, 2), (8_000, 1, 8_000, 1), (192_000, 2, 48_000, 2), (48_000, 6, 48_000, 1)]
    {
        let tone: Vec<f32> =
            (0..rate as usize).flat_map(|i| vec![0.5 * (i as f32 * 2765.0 / rate as f32).sin(); channels.into()]).collect();
        let recording = Recording { samples: tone.into(), rate, channels, missing: 0.0 };
        write(&path, &settings(32, 32, 10.0, Some(recording)), (0..10).map(|n| scene(32, 32, n))).unwrap();
        let heard = decode_file(&path).unwrap();
        assert_eq!((heard.rate, heard.channels), (stored_rate, stored_channels));
        assert!((heard.seconds() - 1.0).abs() < 0.001);
        // In phase with what went in, and as loud.
        let frames = heard.samples.chunks_exact(heard.channels.into()).enumerate().skip(2000).take(4000);
        let errors = frames.map(|(i, frame)| (frame[0] - 0.5 * (i as f32 * 2765.0 / stored_rate as f32).sin()).powi(2));
        let error = (errors.sum::<f32>() / 4000.0).sqrt();
        assert!(error < 0.02, "{rate} Hz, {channels} channels: off by {error}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    for name in ["a.mp4", "a.gif"] {
        let path = folder.path().join(name);
        let mut made = (0..2).map(|_| {
            write(&path, &settings(96, 64, 30.0, Some(clicks(1.0, 48_000, &[0.5]))), (0..30).map(|n| scene(96, 64, n))).unwrap();
            fs::read(&path).unwrap()
        });
        assert!(made.next() == made.next(), "{name}");
    }
}

#[test]
fn a_better_quality_is_a_larger_file() {
    let folder = TempDir::new().unwrap();
    let size = |quality| {
        let path = folder.path().join("q.mp4");
        write(&path, &VideoSettings { quality, ..settings(256, 256, 30.0, None) }, (0..30).map(|n| scene(256, 256, n))).unwrap();
        fs::metadata(&path).unwrap().len()
    };
    let (small, standard, fine) = (size(Quality::Small), size(Quality::Standard), size(Quality::Fine));
    assert!(small < standard && standard < fine, "{small} {standard} {fine}");
}

#[test]
fn a_video_that_cannot_be_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let refusal =
        |name: &str, settings: &VideoSettings| create(&folder.path().join(name), settings).err().unwrap_or_else(|| panic!("{name}"));
    let good = settings(64, 64, 30.0, None);
    for (name, settings, said) in [
        ("odd.mp4", settings(511, 512, 30.0, None), "512x512"),
        ("small.mp4", settings(8, 8, 30.0, None), "16x16"),
        ("large.mp4", settings(8000, 4000, 30.0, None), "3840x2160"),
        ("none.mp4", settings(0, 64, 30.0, None), "16384"),
        ("still.mp4", settings(64, 64, 0.0, None), "1 to 240"),
        ("nan.mp4", settings(64, 64, f64::NAN, None), "1 to 240"),
        ("talk.avi", good.clone(), ".mp4"),
        ("talk", good.clone(), ".mp4"),
        ("talk.png", good.clone(), "%04d"),
    ] {
        let error = refusal(name, &settings);
        assert_eq!(error.exit_code(), 2, "{name}: {error}");
        assert!(error.hint().unwrap_or_default().contains(said), "{name}: {error} / {:?}", error.hint());
    }
    assert!(matches!(refusal("no/such/folder/talk.mp4", &good), Error::Io { .. }));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_left_of_a_video_that_was_not_finished() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("talk.mp4"), "old").unwrap();
    for name in ["talk.mp4", "talk.gif", "talk/", "talk-%d.png"] {
        let mut writer = create(&folder.path().join(name), &settings(64, 64, 30.0, Some(silence(1.0, 16_000, 1)))).unwrap();
        (0..5).for_each(|n| writer.push(&scene(64, 64, n)).unwrap());
        drop(writer);
        // A picture of the wrong size is refused, now or at the latest at the end.
        let mut writer = create(&folder.path().join(name), &settings(64, 64, 30.0, None)).unwrap();
        let pushed = writer.push(&scene(32, 64, 0));
        assert!(pushed.and_then(|()| writer.finish()).is_err(), "{name}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["talk.mp4"]);
    assert_eq!(fs::read(folder.path().join("talk.mp4")).unwrap(), b"old");
}

#[test]
fn a_video_of_no_pictures_says_so() {
    let folder = TempDir::new().unwrap();
    for name in ["talk.mp4", "talk.gif"] {
        let error = write(&folder.path().join(name), &settings(64, 64, 30.0, None), []).unwrap_err();
        assert!(error.to_string().contains("at least one picture"), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The frames of a GIF as they are shown, with their delays in milliseconds.
fn read_gif(path: &Path) -> Vec<(image::RgbaImage, u32)> {
    let decoder = GifDecoder::new(BufReader::new(fs::File::open(path).unwrap())).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    frames.into_iter().map(|f| (f.buffer().clone(), f.delay().numer_denom_ms().0 / f.delay().numer_denom_ms().1)).collect()
}

/// Root of the mean squared difference.
fn difference(a: &image::RgbaImage, b: &Picture) -> f64 {
    let errors = a.as_raw().iter().zip(&b.rgba).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    (errors.sum::<f64>() / b.rgba.len() as f64).sqrt()
}

#[test]
fn a_gif_shows_the_pictures_for_the_right_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("talk.gif");
    for fps in [10.0f64, 15.0, 24.0, 29.97, 30.0, 50.0, 60.0, 120.0] {
        let frames = (2.0 * fps) as usize;
        write(&path, &settings(80, 60, fps, None), (0..frames).map(|n| scene(80, 60, n))).unwrap();
        let shown = read_gif(&path);
        let total: u32 = shown.iter().map(|(_, delay)| delay).sum();
        assert!((f64::from(total) - frames as f64 / fps * 1000.0).abs() <= 10.0, "{fps} fps: {total} ms");
        assert!(shown.iter().all(|(_, delay)| *delay >= 20), "{fps} fps: browsers slow down delays below 20 ms");
        let mut time = 0;
        for (picture, delay) in &shown {
            // One of the two pictures around that time; times are rounded to 10 ms.
            let n = (f64::from(time) / 1000.0 * fps) as usize;
            let error = (n.saturating_sub(1)..n + 3).map(|n| difference(picture, &scene(80, 60, n))).fold(f64::MAX, f64::min);
            assert!(error < 6.0, "{fps} fps at {time} ms: off by {error}");
            time += delay;
        }
    }
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.windows(16).any(|w| w == b"NETSCAPE2.0\x03\x01\0\0\0"), "it loops for ever");
}

#[test]
fn a_gif_is_as_long_as_its_recording() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("talk.gif");
    write(&path, &settings(32, 32, 25.0, Some(silence(1.37, 16_000, 1))), (0..35).map(|n| scene(32, 32, n))).unwrap();
    assert_eq!(read_gif(&path).iter().map(|(_, delay)| delay).sum::<u32>(), 1370);
}

#[test]
fn a_gif_of_few_colours_is_exact_even_when_they_change_late() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("late.gif");
    // 70 dark pictures decide the palette; then come colours it has not.
    let pictures = (0..90)
        .map(|n| if n < 70 { plain(40, 40, [20, 30, (n / 10 * 8) as u8, 255]) } else { plain(40, 40, [250, (n / 5 * 10) as u8, 10, 255]) });
    write(&path, &settings(40, 40, 20.0, None), pictures).unwrap();
    let shown = read_gif(&path);
    let last = shown.last().unwrap().0.get_pixel(20, 20).0;
    assert_eq!(last, [250, 170, 10, 255]);
    assert_eq!(shown.len(), 7 + 4, "pictures that do not change are stored once");
    assert_eq!(shown[3].0.get_pixel(3, 3).0, [20, 30, 24, 255]);
}

#[test]
fn a_gif_has_holes_where_the_picture_has() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hole.gif");
    let picture = |n: u32| {
        let pixel = |x: u32| if (x + n) % 8 < 4 { [200, 100, 50, 255] } else { [0, 0, 0, 0] };
        Picture { width: 16, height: 16, rgba: (0..256).flat_map(|i| pixel(i % 16)).collect() }
    };
    write(&path, &settings(16, 16, 10.0, None), (0..8).map(picture)).unwrap();
    for (n, (shown, _)) in read_gif(&path).iter().enumerate() {
        let wanted = picture(n as u32);
        for (got, wanted) in shown.as_raw().chunks(4).zip(wanted.rgba.chunks(4)) {
            assert_eq!(got[3], wanted[3]);
            assert!(wanted[3] == 0 || got == wanted, "{got:?} {wanted:?}");
        }
    }
}

#[test]
fn numbered_pictures_are_exact_and_spare_other_files() {
    let folder = TempDir::new().unwrap();
    let picture = |n: u8| Picture { width: 7, height: 5, rgba: (0..140u8).map(|i| i.wrapping_mul(n + 3)).collect() };
    let check = |path: &Path, n: u8| {
        let read = image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(read.color(), image::ColorType::Rgba8);
        assert_eq!((read.width(), read.height(), read.into_rgba8().into_raw()), (7, 5, picture(n).rgba));
    };
    // A new folder; the same again, with a stranger in it; names by a pattern, in the same folder.
    write(&folder.path().join("frames/"), &settings(7, 5, 30.0, None), (0..12).map(picture)).unwrap();
    fs::write(folder.path().join("frames/notes.txt"), "mine").unwrap();
    write(&folder.path().join("frames"), &settings(7, 5, 30.0, None), (5..8).map(picture)).unwrap();
    check(&folder.path().join("frames/00000.png"), 5);
    check(&folder.path().join("frames/00011.png"), 11);
    write(&folder.path().join("frames/talk-%03d.png"), &settings(7, 5, 30.0, None), (0..3).map(picture)).unwrap();
    check(&folder.path().join("frames/talk-002.png"), 2);
    assert_eq!(fs::read(folder.path().join("frames/notes.txt")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path().join("frames")).unwrap().count(), 12 + 1 + 3);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(create(&folder.path().join("no/such/%d.png"), &settings(7, 5, 30.0, None)).is_err());
}
