//! WAV, the container most speech comes in: a RIFF file with a `fmt ` chunk that describes and a `data` chunk that holds
//! the samples (Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991; RF64: EBU Tech 3306).
//!
//! Sizes in real WAV headers are often wrong: recorders that crash leave zero, programs that write to a pipe put 2^32-1.
//! So the chunks are found here, by what the file really holds, and the decoders behind (hound for integers and 32-bit
//! floats, symphonia for the rest) see a header that has been put right.

use super::samples::Writer;
use super::{Recording, check_shape, edits::Edits, packets};
use crate::{Error, Result};
use std::io::{BufReader, Chain, Cursor, Read, Seek, SeekFrom, Take};
use symphonia::core::io::{MediaSource, ReadOnlySource};

const FORMAT_PCM: u16 = 1;
const FORMAT_FLOAT: u16 = 3;
const FORMAT_EXTENSIBLE: u16 = 0xFFFE;

/// Longest `fmt ` chunk read; the largest in use (ADPCM with its table) has 50 bytes.
const MAX_FORMAT_BYTES: u64 = 4096;

/// Whether a file's first bytes are those of a little-endian RIFF file, plain or 64-bit.
pub fn is_riff(start: &[u8]) -> bool {
    matches!(start.get(..4), Some(b"RIFF" | b"RF64" | b"BW64"))
}

/// Decodes a RIFF WAVE file.
pub fn decode(mut source: Box<dyn MediaSource>, name: &str) -> Result<Recording> {
    let chunks = Chunks::find(&mut source, name)?;
    let format = Format::parse(&chunks.format).ok_or_else(|| Error::malformed(name, "WAV header too short"))?;
    let promised = chunks.promised_bytes as f64 / f64::from(format.frame_bytes.max(1)) / f64::from(format.rate.max(1));
    if chunks.data_bytes == 0 && promised > 0.0 {
        return Err(Error::malformed(
            name,
            format!("cut short: its header promises {promised:.2} s of sound and none of it is there; copy or record it again"),
        ));
    }
    source.seek(SeekFrom::Start(chunks.data_at)).map_err(Error::io(name))?;
    let recording = match format.simple() {
        Some(simple) => simple.decode(source, chunks.data_bytes, name),
        None => {
            let mut chunk = chunks.format;
            if chunk.len() == 16 {
                // Codecs other than PCM state the size of their extra fields, even where they have none.
                chunk.extend([0, 0]);
            }
            let repaired = repaired(&chunk, source, chunks.data_bytes);
            packets::decode(Box::new(ReadOnlySource::new(repaired)), name, Some("wav"), &Edits::default())
        }
    }?;
    let missing = if promised > 0.0 { (promised - recording.seconds()).max(0.0) } else { 0.0 };
    Ok(Recording { missing, ..recording })
}

/// Where the two chunks that matter are.
struct Chunks {
    format: Vec<u8>,
    data_at: u64,
    /// What the file really holds of it.
    data_bytes: u64,
    /// What the header says it holds; 0 where the header leaves that open.
    promised_bytes: u64,
}

impl Chunks {
    fn find(source: &mut Box<dyn MediaSource>, name: &str) -> Result<Chunks> {
        let end = source.seek(SeekFrom::End(0)).map_err(Error::io(name))?;
        let (mut format, mut data, mut long_data) = (None, None, None);
        let mut at = 12;
        while let Some((id, size)) = chunk_header(source, at, end).map_err(Error::io(name))? {
            let body = at + 8;
            let mut size = u64::from(size);
            match &id {
                b"fmt " => format = Some(bytes_at(source, body, size.min(MAX_FORMAT_BYTES)).map_err(Error::io(name))?),
                b"ds64" => {
                    // RIFF size, then data size, 8 bytes each.
                    let sizes = bytes_at(source, body, 16).map_err(Error::io(name))?;
                    long_data = sizes.get(8..16).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
                }
                b"data" if data.is_none() => {
                    size = match size {
                        0xFFFF_FFFF => long_data.unwrap_or(u64::MAX),
                        0 if !another_chunk_follows(source, body, end).map_err(Error::io(name))? => u64::MAX,
                        size => size,
                    };
                    data = Some((body, size.min(end - body), if size == u64::MAX { 0 } else { size }));
                }
                _ => {}
            }
            if format.is_some() && data.is_some() {
                break;
            }
            // Chunks start at even places.
            at = body.saturating_add(size).saturating_add(size & 1);
        }
        let format = format.ok_or_else(|| Error::malformed(name, "a WAV file without a fmt chunk"))?;
        let (data_at, data_bytes, promised_bytes) = data.ok_or_else(|| Error::malformed(name, "a WAV file without a data chunk"))?;
        Ok(Chunks { format, data_at, data_bytes, promised_bytes })
    }
}

/// Name and stated size of the chunk at `at`, if the file reaches that far.
fn chunk_header(source: &mut Box<dyn MediaSource>, at: u64, end: u64) -> std::io::Result<Option<([u8; 4], u32)>> {
    if at.saturating_add(8) > end {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(at))?;
    let (mut id, mut size) = ([0; 4], [0; 4]);
    source.read_exact(&mut id)?;
    source.read_exact(&mut size)?;
    Ok(Some((id, u32::from_le_bytes(size))))
}

/// Up to `count` bytes from `at`: fewer where the file ends.
fn bytes_at(source: &mut Box<dyn MediaSource>, at: u64, count: u64) -> std::io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Tells an empty data chunk from one whose size was never filled in: an empty one is followed by the end of the file or
/// by a chunk with a plain name that fits into the file.
fn another_chunk_follows(source: &mut Box<dyn MediaSource>, at: u64, end: u64) -> std::io::Result<bool> {
    let Some((id, size)) = chunk_header(source, at, end)? else { return Ok(true) };
    Ok(id.iter().all(|c| c.is_ascii_alphanumeric() || *c == b' ') && at + 8 + u64::from(size) <= end)
}

/// The fields of a `fmt ` chunk that every codec has.
struct Format {
    tag: u16,
    channels: u16,
    rate: u32,
    /// Bytes of one sample of all channels.
    frame_bytes: u16,
}

impl Format {
    fn parse(bytes: &[u8]) -> Option<Format> {
        let u16_at = |at: usize| bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes);
        let rate = bytes.get(4..8)?.try_into().ok().map(u32::from_le_bytes)?;
        let tag = match u16_at(0)? {
            // The real tag begins the GUID of WAVEFORMATEXTENSIBLE.
            FORMAT_EXTENSIBLE => u16_at(24)?,
            tag => tag,
        };
        Some(Format { tag, channels: u16_at(2)?, rate, frame_bytes: u16_at(12)? })
    }

    /// The format as hound knows it, if it is one of those. Samples of fewer bits than their container (12 in 16, 24 in 32)
    /// stand in its upper bits, so only the size of the container counts.
    fn simple(&self) -> Option<SimpleFormat> {
        let bytes = self.frame_bytes.checked_div(self.channels)?;
        let exact = bytes * self.channels == self.frame_bytes;
        let known = match self.tag {
            FORMAT_PCM => (1..=4).contains(&bytes),
            FORMAT_FLOAT => bytes == 4,
            _ => false,
        };
        (exact && known).then_some(SimpleFormat { tag: self.tag, channels: self.channels, rate: self.rate, sample_bytes: bytes })
    }
}

/// Integers of 8, 16, 24 or 32 bits or floats of 32.
struct SimpleFormat {
    tag: u16,
    channels: u16,
    rate: u32,
    sample_bytes: u16,
}

impl SimpleFormat {
    fn decode(&self, source: Box<dyn MediaSource>, data_bytes: u64, name: &str) -> Result<Recording> {
        let frame_bytes = u64::from(self.channels) * u64::from(self.sample_bytes);
        let frames = data_bytes / frame_bytes;
        check_shape(name, self.rate, self.channels.into(), frames)?;
        let reader = BufReader::new(repaired(&self.chunk(), source, frames * frame_bytes));
        let wrong = |e: hound::Error| match e {
            hound::Error::IoError(source) => Error::Io { path: name.into(), source },
            e => Error::malformed(name, format!("WAV: {e}")),
        };
        let mut reader = hound::WavReader::new(reader).map_err(wrong)?;
        // As many as the file really holds, so the space is no gift to a lying header.
        let mut samples = Writer::with_room(frames as usize * usize::from(self.channels));
        if self.tag == FORMAT_FLOAT {
            for sample in reader.samples::<f32>() {
                samples.put(sample.map_err(wrong)?)?;
            }
        } else {
            let scale = 1.0 / (1u64 << (8 * self.sample_bytes - 1)) as f32;
            for sample in reader.samples::<i32>() {
                samples.put(sample.map_err(wrong)? as f32 * scale)?;
            }
        }
        Ok(Recording { samples: samples.finish()?, rate: self.rate, channels: self.channels, missing: 0.0 })
    }

    fn chunk(&self) -> Vec<u8> {
        let frame_bytes = self.channels * self.sample_bytes;
        let mut chunk = Vec::with_capacity(16);
        chunk.extend(self.tag.to_le_bytes());
        chunk.extend(self.channels.to_le_bytes());
        chunk.extend(self.rate.to_le_bytes());
        chunk.extend(self.rate.wrapping_mul(frame_bytes.into()).to_le_bytes());
        chunk.extend(frame_bytes.to_le_bytes());
        chunk.extend((8 * self.sample_bytes).to_le_bytes());
        chunk
    }
}

type Repaired = Chain<Cursor<Vec<u8>>, Take<Box<dyn MediaSource>>>;

/// The same sound as a minimal WAV file whose sizes are right. `source` stands at the first sample.
fn repaired(format: &[u8], source: Box<dyn MediaSource>, data_bytes: u64) -> Repaired {
    let data_bytes = u32::try_from(data_bytes).unwrap_or(u32::MAX - 64);
    let mut header = Vec::with_capacity(28 + format.len());
    header.extend(b"RIFF");
    header.extend((20 + format.len() as u32).saturating_add(data_bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend((format.len() as u32).to_le_bytes());
    header.extend(format);
    header.extend(b"data");
    header.extend(data_bytes.to_le_bytes());
    Cursor::new(header).chain(source.take(data_bytes.into()))
}
