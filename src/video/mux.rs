//! The MP4 container (ISO/IEC 14496-12, -14, -15): boxes that describe (`moov`), then the data (`mdat`).
//!
//! The description comes first, so that a player on the web can start before it has the whole file. Pictures and sound
//! lie in turns of half a second. Each track has an edit list that says which part of it is played: this takes out the
//! encoder's priming samples, which would delay the sound by 21 ms and more, and ends both tracks with the recording.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};

/// Seconds of one track that lie together.
const CHUNK_SECONDS: f64 = 0.5;

/// Unit matrix of a track header, in 16.16 and 2.30 fixed point.
const MATRIX: [u32; 9] = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000];

/// A whole film. All durations fit into 32 bits.
pub struct Movie {
    /// Ticks per second of `duration`.
    pub timescale: u32,
    pub duration: u32,
    pub tracks: Vec<Track>,
}

/// One track: encoded samples lie one after the other in a file.
pub struct Track {
    pub media: Media,
    /// Ticks per second of `start` and of `durations`.
    pub timescale: u32,
    /// Where what is played begins.
    pub start: u32,
    /// Runs of samples of equal length: count and ticks.
    pub durations: Vec<(u32, u32)>,
    /// Bytes of each sample.
    pub sizes: Vec<u32>,
    /// Numbers of the samples where decoding can begin, from 0.
    pub keys: Vec<u32>,
    pub data: File,
}

/// What a decoder needs to know before the first sample.
pub enum Media {
    /// H.264; `primaries` to `matrix` are codes of ISO/IEC 23091-2.
    Pictures { width: u16, height: u16, sequence: Vec<u8>, picture: Vec<u8>, colour: u8 },
    /// AAC.
    Sound { rate: u32, channels: u16, bitrate: u32, config: Vec<u8> },
}

/// Samples of one track that lie together.
struct Chunk {
    track: usize,
    samples: u32,
    bytes: u64,
    /// When it begins, in seconds.
    time: f64,
    /// From the start of the data.
    offset: u64,
}

impl Movie {
    /// Writes the file.
    pub fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        let chunks = self.chunks();
        let data_bytes: u64 = chunks.iter().map(|c| c.bytes).sum();
        let mut head = Vec::new();
        put(&mut head, b"ftyp", |b| b.extend(b"isom\0\0\x02\0isomiso2avc1mp41"));
        // The description holds places that depend on its own size; only the width of a place changes that size.
        let data_header = if data_bytes + 8 > u64::from(u32::MAX) { 16 } else { 8 };
        let data_at = |wide| head.len() as u64 + self.description(&chunks, 0, wide).len() as u64 + data_header;
        let wide = data_at(false) + data_bytes > u64::from(u32::MAX);
        let description = self.description(&chunks, data_at(wide), wide);
        head.extend(description);
        if data_header == 16 {
            head.extend(1u32.to_be_bytes());
            head.extend(b"mdat");
            head.extend((data_bytes + 16).to_be_bytes());
        } else {
            head.extend((data_bytes as u32 + 8).to_be_bytes());
            head.extend(b"mdat");
        }
        out.write_all(&head)?;
        for track in &mut self.tracks {
            track.data.rewind()?;
        }
        let mut sources: Vec<_> = self.tracks.iter().map(|t| BufReader::new(&t.data)).collect();
        for chunk in &chunks {
            let copied = io::copy(&mut sources[chunk.track].by_ref().take(chunk.bytes), out)?;
            if copied != chunk.bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// The chunks of all tracks in the order of the file.
    fn chunks(&self) -> Vec<Chunk> {
        let mut chunks: Vec<Chunk> = self.tracks.iter().enumerate().flat_map(|(n, t)| t.chunks(n)).collect();
        chunks.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.track.cmp(&b.track)));
        let mut offset = 0;
        for chunk in &mut chunks {
            chunk.offset = offset;
            offset += chunk.bytes;
        }
        chunks
    }

    fn description(&self, chunks: &[Chunk], data_at: u64, wide: bool) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, b"moov", |b| {
            put_full(b, b"mvhd", 0, |b| {
                words(b, &[0, 0, self.timescale, self.duration, 0x10000]);
                b.extend([1, 0]);
                b.extend([0; 10]);
                words(b, &MATRIX);
                words(b, &[0; 6]);
                words(b, &[self.tracks.len() as u32 + 1]);
            });
            for (n, track) in self.tracks.iter().enumerate() {
                let mine: Vec<&Chunk> = chunks.iter().filter(|c| c.track == n).collect();
                let places = mine.iter().map(|c| data_at + c.offset).collect::<Vec<_>>();
                let counts = mine.iter().map(|c| c.samples).collect::<Vec<_>>();
                put(b, b"trak", |b| track.describe(b, n as u32 + 1, self.duration, &counts, &places, wide));
            }
        });
        out
    }
}

impl Track {
    /// Length in ticks.
    fn duration(&self) -> u32 {
        self.durations.iter().map(|(count, ticks)| count * ticks).sum()
    }

    /// Cuts the track where a sample begins after a multiple of [`CHUNK_SECONDS`].
    fn chunks(&self, track: usize) -> Vec<Chunk> {
        let mut chunks: Vec<Chunk> = Vec::new();
        let ticks = self.durations.iter().flat_map(|(count, ticks)| std::iter::repeat_n(*ticks, *count as usize));
        let mut at = 0u64;
        for (size, ticks) in self.sizes.iter().zip(ticks) {
            let time = at as f64 / f64::from(self.timescale);
            match chunks.last_mut() {
                Some(chunk) if (time / CHUNK_SECONDS).floor() == (chunk.time / CHUNK_SECONDS).floor() => {
                    chunk.samples += 1;
                    chunk.bytes += u64::from(*size);
                }
                _ => chunks.push(Chunk { track, samples: 1, bytes: u64::from(*size), time, offset: 0 }),
            }
            at += u64::from(ticks);
        }
        chunks
    }

    fn describe(&self, out: &mut Vec<u8>, id: u32, movie_duration: u32, counts: &[u32], places: &[u64], wide: bool) {
        let (volume, width, height) = match self.media {
            Media::Pictures { width, height, .. } => (0u16, width, height),
            Media::Sound { .. } => (0x100, 0, 0),
        };
        // Enabled, and part of the film.
        put_full(out, b"tkhd", 3, |b| {
            words(b, &[0, 0, id, 0, movie_duration, 0, 0, 0]);
            b.extend(volume.to_be_bytes());
            b.extend([0; 2]);
            words(b, &MATRIX);
            words(b, &[u32::from(width) << 16, u32::from(height) << 16]);
        });
        put(out, b"edts", |b| put_full(b, b"elst", 0, |b| words(b, &[1, movie_duration, self.start, 0x10000])));
        put(out, b"mdia", |b| {
            put_full(b, b"mdhd", 0, |b| {
                words(b, &[0, 0, self.timescale, self.duration()]);
                // Language "und": three letters of five bits.
                b.extend([0x55, 0xC4, 0, 0]);
            });
            let handler: &[u8] = if volume == 0 { b"vide" } else { b"soun" };
            put_full(b, b"hdlr", 0, |b| {
                words(b, &[0]);
                b.extend(handler);
                words(b, &[0; 3]);
                b.extend(b"gestus\0");
            });
            put(b, b"minf", |b| {
                match volume {
                    0 => put_full(b, b"vmhd", 1, |b| words(b, &[0, 0])),
                    _ => put_full(b, b"smhd", 0, |b| words(b, &[0])),
                }
                // The data is in this file.
                put(b, b"dinf", |b| {
                    put_full(b, b"dref", 0, |b| {
                        words(b, &[1]);
                        put_full(b, b"url ", 1, |_| {});
                    })
                });
                put(b, b"stbl", |b| self.tables(b, counts, places, wide));
            });
        });
    }

    /// The sample tables: what the samples are, how long, how large, and where.
    fn tables(&self, out: &mut Vec<u8>, counts: &[u32], places: &[u64], wide: bool) {
        put_full(out, b"stsd", 0, |b| {
            words(b, &[1]);
            self.media.describe(b);
        });
        put_full(out, b"stts", 0, |b| {
            words(b, &[self.durations.len() as u32]);
            self.durations.iter().for_each(|(count, ticks)| words(b, &[*count, *ticks]));
        });
        if self.keys.len() < self.sizes.len() {
            put_full(out, b"stss", 0, |b| {
                words(b, &[self.keys.len() as u32]);
                self.keys.iter().for_each(|key| words(b, &[key + 1]));
            });
        }
        put_full(out, b"stsz", 0, |b| {
            words(b, &[0, self.sizes.len() as u32]);
            words(b, &self.sizes);
        });
        // Only where the number of samples in a chunk changes.
        let changes: Vec<usize> = (0..counts.len()).filter(|n| *n == 0 || counts[*n] != counts[*n - 1]).collect();
        put_full(out, b"stsc", 0, |b| {
            words(b, &[changes.len() as u32]);
            changes.iter().for_each(|n| words(b, &[*n as u32 + 1, counts[*n], 1]));
        });
        put_full(out, if wide { b"co64" } else { b"stco" }, 0, |b| {
            words(b, &[places.len() as u32]);
            for place in places {
                if wide {
                    b.extend(place.to_be_bytes());
                } else {
                    words(b, &[*place as u32]);
                }
            }
        });
    }
}

impl Media {
    /// The sample entry.
    fn describe(&self, out: &mut Vec<u8>) {
        match self {
            Media::Pictures { width, height, sequence, picture, colour } => put(out, b"avc1", |b| {
                b.extend([0, 0, 0, 0, 0, 0, 0, 1]);
                b.extend([0; 16]);
                b.extend(width.to_be_bytes());
                b.extend(height.to_be_bytes());
                // 72 dots per inch, one picture per sample, no name, 24 bits deep, no colour table.
                words(b, &[0x48_0000, 0x48_0000, 0]);
                b.extend([0, 1]);
                b.extend([0; 32]);
                b.extend([0, 24, 0xFF, 0xFF]);
                put(b, b"avcC", |b| {
                    // Profile, constraints and level stand at the head of the sequence parameter set; lengths have 4 bytes.
                    b.push(1);
                    b.extend(sequence.get(1..4).unwrap_or(&[66, 0, 40]));
                    b.push(0xFF);
                    for (sets, unit) in [(0xE1, sequence), (0x01, picture)] {
                        b.push(sets);
                        b.extend((unit.len() as u16).to_be_bytes());
                        b.extend(unit);
                    }
                });
                put(b, b"colr", |b| {
                    b.extend(b"nclx");
                    // Primaries, transfer, matrix; limited range.
                    b.extend([0, *colour, 0, *colour, 0, *colour, 0]);
                });
                put(b, b"pasp", |b| words(b, &[1, 1]));
            }),
            Media::Sound { rate, channels, bitrate, config } => put(out, b"mp4a", |b| {
                b.extend([0, 0, 0, 0, 0, 0, 0, 1]);
                b.extend([0; 8]);
                b.extend(channels.to_be_bytes());
                b.extend([0, 16, 0, 0, 0, 0]);
                // 16.16 fixed point; a rate too high for it stands in the decoder's configuration alone.
                words(b, &[u16::try_from(*rate).map_or(0, |rate| u32::from(rate) << 16)]);
                put_full(b, b"esds", 0, |b| elementary_stream(b, *bitrate, config));
            }),
        }
    }
}

/// The descriptors of an AAC stream (ISO/IEC 14496-1, section 7.2.6).
fn elementary_stream(out: &mut Vec<u8>, bitrate: u32, config: &[u8]) {
    let specific = descriptor(5, config);
    let mut decoder = vec![0x40, 0x15, 0, 0x18, 0];
    words(&mut decoder, &[bitrate, bitrate]);
    decoder.extend(specific);
    let mut stream = vec![0, 1, 0];
    stream.extend(descriptor(4, &decoder));
    stream.extend(descriptor(6, &[2]));
    out.extend(descriptor(3, &stream));
}

/// A descriptor shorter than 128 bytes: tag, length, content.
fn descriptor(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, content.len() as u8];
    out.extend(content);
    out
}

/// Appends a box: its size, its four letters, its content.
fn put(out: &mut Vec<u8>, kind: &[u8; 4], fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(kind);
    fill(out);
    let size = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&size.to_be_bytes());
}

/// Appends a box that begins with a version, here always 0, and flags.
fn put_full(out: &mut Vec<u8>, kind: &[u8; 4], flags: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    put(out, kind, |b| {
        words(b, &[flags]);
        fill(b);
    });
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    out.extend(words.iter().flat_map(|w| w.to_be_bytes()));
}
