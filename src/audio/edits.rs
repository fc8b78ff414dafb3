//! Edit lists: which part of an MP4 track is played, and when.
//!
//! AAC and its kin put priming samples in front of the sound (1024 to 2112 of them, 21 to 48 ms) and padding behind it.
//! MP4 says so in the track's edit list (`edts/elst`, ISO/IEC 14496-12 section 8.6.6), which may also delay a track by an
//! empty edit; older iTunes files say it in a tag called `iTunSMPB`. Symphonia reads neither, so they are read here.

use super::samples::Writer;
use super::{Recording, check_shape};
use crate::Result;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use symphonia::core::io::MediaSource;

/// More boxes or edits than this in one place are damage.
const MAX_ENTRIES: usize = 4096;

/// The edits of every track that has some.
#[derive(Debug, Default)]
pub struct Edits {
    tracks: Vec<Track>,
}

#[derive(Debug, Default)]
struct Track {
    id: u32,
    segments: Vec<Segment>,
}

/// One stretch of the presentation.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// Where it begins in the decoded sound, in seconds; nothing is silence.
    start: Option<f64>,
    /// Seconds; nothing is all the rest.
    length: Option<f64>,
}

impl Edits {
    /// The part of `recording` (the decoded track numbered `track`) that is played, with the silence before it.
    pub fn apply(&self, track: u32, mut recording: Recording, name: &str) -> Result<Recording> {
        let Some(track) = self.tracks.iter().find(|t| t.id == track) else { return Ok(recording) };
        let channels = usize::from(recording.channels);
        let in_frames = |seconds: f64| (seconds * f64::from(recording.rate)).round().max(0.0) as usize;
        let frames = recording.frames();
        let part = |s: &Segment, start: f64| {
            let start = in_frames(start).min(frames);
            let end = s.length.map_or(frames, |l| start.saturating_add(in_frames(l)).min(frames));
            start * channels..end * channels
        };
        let mut samples = match track.segments[..] {
            // The usual case, priming and padding cut off, needs no second copy.
            [Segment { start: Some(start), length }] => {
                let part = part(&Segment { start: Some(start), length }, start);
                if part.is_empty() {
                    return Ok(recording);
                }
                recording.samples = recording.samples.part(part);
                return Ok(recording);
            }
            _ => Writer::default(),
        };
        for segment in &track.segments {
            let more = segment.start.map_or(in_frames(segment.length.unwrap_or(0.0)), |start| part(segment, start).len() / channels);
            let total = (samples.count() / channels).saturating_add(more);
            check_shape(name, recording.rate, channels, total as u64)?;
            match segment.start {
                Some(start) => recording.samples.part(part(segment, start)).blocks(1 << 16).try_for_each(|block| samples.extend(block))?,
                None => samples.silence(total * channels)?,
            }
        }
        // An edit list that plays nothing is damage: the sound itself counts.
        let samples = samples.finish()?;
        if samples.iter().any(|x| *x != 0.0) {
            recording.samples = samples;
        }
        Ok(recording)
    }
}

/// Reads the edit lists of an MP4 file. What is damaged or absent gives no edits: the decoder will say what is wrong.
pub fn read(source: &mut Box<dyn MediaSource>) -> Edits {
    Boxes { source }.movie().unwrap_or_default()
}

/// An MP4 file as a tree of boxes: size, four letters, content.
struct Boxes<'a> {
    source: &'a mut Box<dyn MediaSource>,
}

type Child = ([u8; 4], Range<u64>);

impl Boxes<'_> {
    fn movie(&mut self) -> Option<Edits> {
        let end = self.source.seek(SeekFrom::End(0)).ok()?;
        let movie = self.child(0..end, b"moov")?;
        let header = self.child(movie.clone(), b"mvhd")?;
        let movie_scale = self.timescale(header)?;
        let gapless = self.gapless_tag(movie.clone());
        let mut tracks = Vec::new();
        for (kind, body) in self.children(movie) {
            if &kind == b"trak" {
                tracks.extend(self.track(body, movie_scale, gapless));
            }
        }
        Some(Edits { tracks })
    }

    /// The edits of one track; where it has none, those of the iTunes tag.
    fn track(&mut self, body: Range<u64>, movie_scale: f64, gapless: Option<(f64, f64)>) -> Option<Track> {
        let header = self.child(body.clone(), b"tkhd")?;
        let header = self.bytes(header, 24)?;
        let id = be32(&header, if header[0] == 1 { 20 } else { 12 })?;
        let media = self.child(body.clone(), b"mdia").and_then(|mdia| self.child(mdia, b"mdhd"))?;
        let media_scale = self.timescale(media)?;
        let list = self.child(body, b"edts").and_then(|edts| self.child(edts, b"elst"));
        let segments = match (list, gapless) {
            (Some(list), _) => self.edit_list(list, movie_scale, media_scale)?,
            (None, Some((delay, length))) => vec![Segment { start: Some(delay / media_scale), length: Some(length / media_scale) }],
            (None, None) => return None,
        };
        (!segments.is_empty()).then_some(Track { id, segments })
    }

    fn edit_list(&mut self, list: Range<u64>, movie_scale: f64, media_scale: f64) -> Option<Vec<Segment>> {
        let bytes = self.bytes(list.clone(), list.end.saturating_sub(list.start).min(20 * MAX_ENTRIES as u64))?;
        let long = bytes.first()? == &1;
        let (count, size) = (be32(&bytes, 4)? as usize, if long { 20 } else { 12 });
        let entries = bytes.get(8..)?.chunks_exact(size).take(count.min(MAX_ENTRIES));
        let segment = |entry: &[u8]| {
            let (length, start) =
                if long { (be64(entry, 0)?, be64(entry, 8)? as i64) } else { (be32(entry, 0)?.into(), i64::from(be32(entry, 4)? as i32)) };
            let length = (length > 0 || start < 0).then_some(length as f64 / movie_scale);
            Some(Segment { start: (start >= 0).then_some(start as f64 / media_scale), length })
        };
        entries.map(segment).collect()
    }

    /// Delay and length in samples from the tag `iTunSMPB`: words of hexadecimal, the second is the delay, the fourth the length.
    fn gapless_tag(&mut self, movie: Range<u64>) -> Option<(f64, f64)> {
        let meta = self.child(movie, b"udta").and_then(|udta| self.child(udta, b"meta"))?;
        let list = self.child(meta.start.saturating_add(4)..meta.end, b"ilst")?;
        for (kind, body) in self.children(list) {
            if &kind != b"----" {
                continue;
            }
            let Some(name) = self.child(body.clone(), b"name").and_then(|name| self.bytes(name, 12)) else { continue };
            if &name[4..] != b"iTunSMPB" {
                continue;
            }
            let data = self.child(body, b"data")?;
            let text = self.bytes(data.clone(), (data.end.saturating_sub(data.start)).min(256))?;
            let text = String::from_utf8_lossy(text.get(8..)?).into_owned();
            let number = |n| u64::from_str_radix(text.split_ascii_whitespace().nth(n)?, 16).ok();
            return Some((number(1)? as f64, number(3).filter(|length| *length > 0)? as f64));
        }
        None
    }

    /// Ticks per second of an `mvhd` or `mdhd` box.
    fn timescale(&mut self, body: Range<u64>) -> Option<f64> {
        let bytes = self.bytes(body, 24)?;
        let scale = be32(&bytes, if bytes[0] == 1 { 20 } else { 12 })?;
        (scale > 0).then_some(scale.into())
    }

    fn child(&mut self, within: Range<u64>, kind: &[u8; 4]) -> Option<Range<u64>> {
        self.children(within).into_iter().find(|(k, _)| k == kind).map(|(_, body)| body)
    }

    /// The boxes directly inside `within`, up to the first that is damaged.
    fn children(&mut self, within: Range<u64>) -> Vec<Child> {
        let mut children = Vec::new();
        let mut at = within.start;
        while children.len() < MAX_ENTRIES {
            let Some(header) = self.bytes(at..within.end, 8) else { break };
            let (Some(size), Ok(kind)) = (be32(&header, 0), <[u8; 4]>::try_from(&header[4..])) else { break };
            let (head, size) = match size {
                0 => (8, within.end - at),
                1 => match self.bytes(at + 8..within.end, 8).and_then(|b| be64(&b, 0)) {
                    Some(size) => (16, size),
                    None => break,
                },
                size => (8, size.into()),
            };
            if size < head || size > within.end - at {
                break;
            }
            children.push((kind, at + head..at + size));
            at += size;
        }
        children
    }

    /// The first `count` bytes of a range, if it has that many.
    fn bytes(&mut self, range: Range<u64>, count: u64) -> Option<Vec<u8>> {
        if range.end.checked_sub(range.start)? < count {
            return None;
        }
        self.source.seek(SeekFrom::Start(range.start)).ok()?;
        let mut bytes = vec![0; count as usize];
        self.source.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes)
}
