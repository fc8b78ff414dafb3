//! The container of GLB and VRMA files: JSON and one buffer, with accessors read and written by number.
//!
//! glTF 2.0, <https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html>.

use super::clock;
use glam::Quat;
use serde_json::{Value, json};
use std::io::{Seek, SeekFrom, Write};

const F32: u64 = 5126;
const U8: u64 = 5121;
/// Values that an animation may hold: an hour of a hundred joints and as many morphs.
const MOST: usize = 160 << 20;
/// Longest document, bytes: without pictures and vertices it is names and numbers of some thousand nodes.
const LONGEST: usize = 64 << 20;

/// A file in parts.
#[derive(Clone, Debug, Default)]
pub struct Container {
    pub json: Value,
    pub bytes: Vec<u8>,
}

type Result<T> = std::result::Result<T, String>;

impl Container {
    /// Header, then chunks of JSON and of bytes.
    pub fn parse(data: &[u8]) -> Result<Container> {
        let word = |at: usize| data.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        if data.get(..4) != Some(b"glTF") {
            return Err("is no GLB file".into());
        }
        if word(4) != Some(2) {
            return Err("is not of version 2".into());
        }
        let mut out = Container::default();
        let mut at = 12;
        while let (Some(length), Some(kind)) = (word(at), word(at + 4)) {
            let end = (at + 8).checked_add(length as usize).ok_or("is cut short")?;
            let chunk = data.get(at + 8..end).ok_or("is cut short")?;
            match &kind.to_le_bytes() {
                b"JSON" if out.json.is_null() && chunk.len() > LONGEST => return Err("its document is too long".into()),
                b"JSON" if out.json.is_null() => {
                    out.json = serde_json::from_slice(chunk).map_err(|e| format!("JSON: {e}"))?;
                }
                b"BIN\0" if out.bytes.is_empty() => out.bytes = chunk.to_vec(),
                _ => {}
            }
            at = end.next_multiple_of(4);
        }
        if out.json.is_null() { Err("holds no JSON".into()) } else { Ok(out) }
    }

    /// Header, document and the bytes there are, with room for `more` bytes behind them.
    fn write_head(&mut self, out: &mut impl Write, more: u64) -> std::io::Result<()> {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let bytes = self.bytes.len() as u64 + more;
        if bytes > 0 {
            self.json["buffers"] = json!([{ "byteLength": bytes }]);
        }
        let mut text = serde_json::to_vec(&self.json)?;
        text.resize(text.len().next_multiple_of(4), b' ');
        let length = |n: u64| u32::try_from(n).map_err(|_| std::io::Error::other("a GLB file holds 4 GiB at most"));
        out.write_all(b"glTF")?;
        out.write_all(&2u32.to_le_bytes())?;
        let chunk = if bytes > 0 { 8 + bytes } else { 0 };
        out.write_all(&length(12 + 8 + text.len() as u64 + chunk)?.to_le_bytes())?;
        out.write_all(&length(text.len() as u64)?.to_le_bytes())?;
        out.write_all(b"JSON")?;
        out.write_all(&text)?;
        if bytes == 0 {
            return Ok(());
        }
        out.write_all(&length(bytes)?.to_le_bytes())?;
        out.write_all(b"BIN\0")?;
        out.write_all(&self.bytes)
    }

    /// Adds floats; returns their accessor, of a `kind` such as VEC3.
    pub fn push(&mut self, values: &[f32], kind: &str) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": 4 * values.len() });
        self.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let view = self.add("bufferViews", view);
        self.add("accessors", json!({ "bufferView": view, "componentType": F32, "count": values.len() / width(kind), "type": kind }))
    }

    /// Adds sets of four bytes, as joints of a skin are named; returns their accessor.
    pub fn push_bytes(&mut self, values: &[u8]) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": values.len() });
        self.bytes.extend(values);
        let view = self.add("bufferViews", view);
        self.add("accessors", json!({ "bufferView": view, "componentType": U8, "count": values.len() / 4, "type": "VEC4" }))
    }

    /// Appends to a list of the document; returns its place there.
    pub fn add(&mut self, list: &str, value: Value) -> usize {
        if !self.json[list].is_array() {
            self.json[list] = json!([]);
        }
        let all = self.json[list].as_array_mut();
        all.map_or(0, |all| {
            all.push(value);
            all.len() - 1
        })
    }

    /// How many numbers reading may bring in all: accessors may be named again and again, or hold zeros that no byte stands for.
    pub fn allowance(&self) -> usize {
        (2 * self.bytes.len() + (1 << 16)).min(MOST)
    }

    /// The bytes of an element that an accessor, or a list of a sparse one, names by buffer view and offset.
    fn element(&self, list: &Value, element: usize, bytes: usize) -> Option<&[u8]> {
        let view = self.json["bufferViews"].get(list["bufferView"].as_u64()? as usize)?;
        let stride = match size(&view["byteStride"]) {
            0 => bytes,
            n => n,
        };
        let start = size(&view["byteOffset"]).saturating_add(size(&list["byteOffset"]));
        let at = start.saturating_add(element.saturating_mul(stride));
        self.bytes.get(at..at.saturating_add(bytes))
    }

    /// Where the value `n` of a sparse accessor goes.
    fn sparse_index(&self, indices: &Value, n: usize) -> Option<usize> {
        let bytes = match indices["componentType"].as_u64()? {
            5121 => 1,
            5123 => 2,
            5125 => 4,
            _ => return None,
        };
        Some(self.element(indices, n, bytes)?.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }

    /// An accessor's numbers, taken from the `allowance`. Whole numbers that stand for shares become shares.
    fn floats(&self, accessor: &Value, allowance: &mut usize) -> Result<Vec<f32>> {
        let number = accessor.as_u64().ok_or("an accessor is missing")? as usize;
        let accessor = self.json["accessors"].get(number).ok_or(format!("accessor {number} is missing"))?;
        let broken = |what: &str| format!("accessor {number} {what}");
        let width = width(accessor["type"].as_str().unwrap_or_default());
        let count = size(&accessor["count"]);
        let (bytes, decode) = component(&accessor["componentType"]).ok_or_else(|| broken("has a type that animation has not"))?;
        let total = count.checked_mul(width).ok_or_else(|| broken("is too large"))?;
        *allowance = allowance.checked_sub(total).ok_or_else(|| broken("holds more than the file has room for"))?;
        let mut out = if accessor["bufferView"].is_null() {
            vec![0.0; total]
        } else {
            let mut out = Vec::with_capacity(total.min(self.bytes.len()));
            for element in 0..count {
                let data = self.element(accessor, element, bytes * width).ok_or_else(|| broken("goes beyond the file"))?;
                out.extend(data.chunks_exact(bytes).map(decode));
            }
            out
        };
        let sparse = &accessor["sparse"];
        for n in 0..size(&sparse["count"]).min(count) {
            let broken = || broken("has sparse values that go beyond the file");
            let place = self.sparse_index(&sparse["indices"], n).filter(|place| *place < count).ok_or_else(broken)?;
            let data = self.element(&sparse["values"], n, bytes * width).ok_or_else(broken)?;
            out[place * width..][..width].iter_mut().zip(data.chunks_exact(bytes)).for_each(|(value, b)| *value = decode(b));
        }
        if out.iter().any(|v| !v.is_finite()) { Err(broken("holds what is no number")) } else { Ok(out) }
    }
}

/// Bytes of a number, and the number in them.
type Component = (usize, fn(&[u8]) -> f32);

fn component(kind: &Value) -> Option<Component> {
    Some(match kind.as_u64()? {
        F32 => (4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        5120 => (1, |b| f32::from(b[0] as i8) * (1.0 / 127.0)),
        5121 => (1, |b| f32::from(b[0]) * (1.0 / 255.0)),
        5122 => (2, |b| f32::from(i16::from_le_bytes([b[0], b[1]])) * (1.0 / 32767.0)),
        5123 => (2, |b| f32::from(u16::from_le_bytes([b[0], b[1]])) * (1.0 / 65535.0)),
        _ => return None,
    })
}

fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or(0)).unwrap_or(usize::MAX)
}

fn width(kind: &str) -> usize {
    match kind {
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" => 4,
        "MAT4" => 16,
        _ => 1,
    }
}

/// Whether four numbers are about a unit quaternion: so far off that they can be made one.
pub fn is_turn(numbers: Quat) -> bool {
    (1e-6..1e6).contains(&numbers.length_squared())
}

/// An animation at a steady rate on its way into a file. All channels are named first; then their values stream into their
/// places, since glTF has each channel's frames side by side and a performance all channels of a frame.
pub struct Animation {
    file: Container,
    /// The file without the animation.
    still: Container,
    frames: usize,
    fps: f64,
    input: usize,
    channels: Vec<Value>,
    samplers: Vec<Value>,
    /// Numbers of one frame in each channel.
    widths: Vec<usize>,
    /// Bytes behind those of the file.
    room: u64,
}

/// Frames that are gathered before they go to their places.
const BLOCK: usize = 256;

impl Animation {
    pub fn new(mut file: Container, frames: usize, fps: f64) -> Animation {
        file.bytes.resize(file.bytes.len().next_multiple_of(4), 0);
        let still = file.clone();
        let (channels, samplers, widths) = (Vec::new(), Vec::new(), Vec::new());
        let mut new = Animation { file, still, frames, fps, input: 0, channels, samplers, widths, room: 0 };
        new.input = new.region(1, "SCALAR");
        let last = new.time(frames.saturating_sub(1));
        (new.file.json["accessors"][new.input]["min"], new.file.json["accessors"][new.input]["max"]) = (json!([0.0]), json!([last]));
        new
    }

    fn time(&self, frame: usize) -> f32 {
        (frame as f64 / self.fps) as f32
    }

    /// Room for `width` numbers a frame.
    fn region(&mut self, width: usize, kind: &str) -> usize {
        let length = 4 * (width * self.frames) as u64;
        let view = json!({ "buffer": 0, "byteOffset": self.file.bytes.len() as u64 + self.room, "byteLength": length });
        self.room += length;
        self.widths.push(width);
        let count = width * self.frames / self::width(kind);
        let accessor = json!({ "componentType": F32, "count": count, "type": kind, "bufferView": self.file.add("bufferViews", view) });
        self.file.add("accessors", accessor)
    }

    pub fn rotation(&mut self, node: usize) {
        self.channel(node, "rotation", 4, "VEC4");
    }

    pub fn translation(&mut self, node: usize) {
        self.channel(node, "translation", 3, "VEC3");
    }

    /// Weights of as many morphs as the node's mesh has.
    pub fn weights(&mut self, node: usize, morphs: usize) {
        self.channel(node, "weights", morphs, "SCALAR");
    }

    fn channel(&mut self, node: usize, path: &str, width: usize, kind: &str) {
        let output = self.region(width, kind);
        self.samplers.push(json!({ "input": self.input, "output": output, "interpolation": "LINEAR" }));
        self.channels.push(json!({ "sampler": self.samplers.len() - 1, "target": { "node": node, "path": path } }));
    }

    /// Writes the file. `rows` gives for every frame the numbers of all channels in the order in which they were named. glTF allows
    /// no animation without channels: then there is none.
    pub fn write(mut self, out: &mut (impl Write + Seek), rows: impl Iterator<Item = Vec<f32>>) -> std::io::Result<()> {
        if self.channels.is_empty() || self.frames == 0 {
            return self.still.write_head(out, 0);
        }
        let (channels, samplers) = (std::mem::take(&mut self.channels), std::mem::take(&mut self.samplers));
        self.file.add("animations", json!({ "name": "performance", "channels": channels, "samplers": samplers }));
        self.file.write_head(out, self.room)?;
        let start = out.stream_position()?;
        let mut block: Vec<Vec<f32>> = Vec::with_capacity(BLOCK);
        let mut first = 0;
        let mut rows = rows.peekable();
        while let Some(mut row) = rows.next() {
            row.insert(0, self.time(first + block.len()));
            block.push(row);
            if block.len() == BLOCK || rows.peek().is_none() {
                self.place(out, start, first, &block)?;
                first += block.len();
                block.clear();
            }
        }
        out.seek(SeekFrom::Start(start + self.room)).map(drop)
    }

    /// Writes frames from `first` on into the regions, which begin at byte `start`.
    fn place(&self, out: &mut (impl Write + Seek), start: u64, first: usize, block: &[Vec<f32>]) -> std::io::Result<()> {
        let (mut region, mut column) = (start, 0);
        for width in &self.widths {
            let bytes: Vec<u8> = block.iter().flat_map(|row| &row[column..column + width]).flat_map(|v| v.to_le_bytes()).collect();
            out.seek(SeekFrom::Start(region + 4 * (first * width) as u64))?;
            out.write_all(&bytes)?;
            region += 4 * (width * self.frames) as u64;
            column += width;
        }
        Ok(())
    }
}

/// Of the two quaternions that mean each rotation those nearer to the frame before: rows of many rotations, one after another.
#[derive(Default)]
pub struct Aligned(Vec<Quat>);

impl Aligned {
    /// The numbers of rotation `k` in the next frame.
    pub fn next(&mut self, k: usize, turn: Quat) -> [f32; 4] {
        if self.0.len() <= k {
            self.0.resize(k + 1, turn);
        }
        self.0[k] = if self.0[k].dot(turn) < 0.0 { -turn } else { turn };
        self.0[k].to_array()
    }
}

/// Keys of one property over time.
#[derive(Clone, Debug)]
pub struct Curve {
    times: Vec<f32>,
    /// Numbers of one key.
    width: usize,
    values: Vec<f32>,
    step: bool,
}

impl Curve {
    /// The curve of an animation's sampler. Cubic splines are read at their keys and joined by lines.
    pub fn read(file: &Container, sampler: &Value, allowance: &mut usize) -> Result<Curve> {
        let times = file.floats(&sampler["input"], allowance)?;
        let mut values = file.floats(&sampler["output"], allowance)?;
        let way = sampler["interpolation"].as_str().unwrap_or("LINEAR");
        let count = times.len();
        if count == 0 || values.len() % count != 0 || values.is_empty() || times.windows(2).any(|pair| pair[1] < pair[0]) {
            return Err("a sampler's keys do not match its times".into());
        }
        let mut width = values.len() / count;
        if way == "CUBICSPLINE" {
            if width % 3 != 0 {
                return Err("a cubic spline lacks its tangents".into());
            }
            width /= 3;
            values = values.chunks_exact(3 * width).flat_map(|key| key[width..2 * width].to_vec()).collect();
        }
        Ok(Curve { times, width, values, step: way == "STEP" })
    }

    /// Number of keys.
    pub fn keys(&self) -> usize {
        self.times.len()
    }

    /// When the last key is, seconds.
    pub fn end(&self) -> f32 {
        self.times.last().copied().unwrap_or(0.0)
    }

    /// The time between keys, seconds.
    pub fn spacing(&self) -> Option<f64> {
        clock::step(&self.times.iter().map(|time| f64::from(*time)).collect::<Vec<f64>>())
    }

    /// The keys around a time, and how far it is to the second.
    fn around(&self, time: f32) -> (&[f32], &[f32], f32) {
        let next = self.times.partition_point(|t| *t <= time);
        let key = |n: usize| &self.values[n * self.width..(n + 1) * self.width];
        let last = self.times.len() - 1;
        match next {
            0 => (key(0), key(0), 0.0),
            n if n > last => (key(last), key(last), 0.0),
            n => {
                let part = (time - self.times[n - 1]) / (self.times[n] - self.times[n - 1]).max(1e-9);
                (key(n - 1), key(n), if self.step { 0.0 } else { part })
            }
        }
    }

    /// All numbers at a time.
    pub fn at(&self, time: f32) -> Vec<f32> {
        let (a, b, part) = self.around(time);
        a.iter().zip(b).map(|(a, b)| a + (b - a) * part).collect()
    }

    /// One of the numbers at a time; 0 if there are fewer.
    pub fn number(&self, k: usize, time: f32) -> f32 {
        let (a, b, part) = self.around(time);
        a.get(k).zip(b.get(k)).map_or(0.0, |(a, b)| a + (b - a) * part)
    }

    /// The rotation at a time.
    pub fn rotation(&self, time: f32) -> Option<Quat> {
        let (a, b, part) = self.around(time);
        let quat = |v: &[f32]| Some(Quat::from_slice(v.get(..4)?)).filter(|q| is_turn(*q)).map(Quat::normalize);
        let (a, b) = (quat(a)?, quat(b)?);
        Some(a.slerp(if a.dot(b) < 0.0 { -b } else { b }, part))
    }
}
