//! The container of GLB and VRMA files: JSON and one buffer, with accessors read and written by number.
//!
//! glTF 2.0, <https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html>.

use glam::Quat;
use serde_json::{Value, json};

const F32: u64 = 5126;
/// Values that one accessor may hold.
const MOST: usize = 64 << 20;

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

    /// The bytes of the file.
    pub fn write(mut self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.json["buffers"] = json!([{ "byteLength": self.bytes.len() }]);
        let mut text = serde_json::to_vec(&self.json)?;
        text.resize(text.len().next_multiple_of(4), b' ');
        let total = 12 + 8 + text.len() + 8 + self.bytes.len();
        let length = |n: usize| u32::try_from(n).map_err(|_| std::io::Error::other("a GLB file holds 4 GiB at most"));
        out.write_all(b"glTF")?;
        out.write_all(&2u32.to_le_bytes())?;
        out.write_all(&length(total)?.to_le_bytes())?;
        for (kind, chunk) in [(b"JSON", &text), (b"BIN\0", &self.bytes)] {
            out.write_all(&length(chunk.len())?.to_le_bytes())?;
            out.write_all(kind)?;
            out.write_all(chunk)?;
        }
        Ok(())
    }

    /// Adds an accessor of floats, `kind` SCALAR, VEC3 or VEC4; bounds are stated where glTF asks for them.
    pub fn push(&mut self, values: &[f32], kind: &str, bounds: bool) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": 4 * values.len() });
        self.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let width = width(kind);
        let mut accessor = json!({ "componentType": F32, "count": values.len() / width, "type": kind });
        if bounds {
            let fold = |start: f32, pick: fn(f32, f32) -> f32| -> Vec<f32> {
                (0..width).map(|k| values.iter().skip(k).step_by(width).copied().fold(start, pick)).collect()
            };
            (accessor["min"], accessor["max"]) = (json!(fold(f32::INFINITY, f32::min)), json!(fold(f32::NEG_INFINITY, f32::max)));
        }
        accessor["bufferView"] = json!(self.add("bufferViews", view));
        self.add("accessors", accessor)
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

    /// An accessor's numbers, and how many make one element. Whole numbers that stand for shares become shares.
    pub fn floats(&self, accessor: &Value) -> Result<(Vec<f32>, usize)> {
        let number = accessor.as_u64().ok_or("an accessor is missing")? as usize;
        let accessor = self.json["accessors"].get(number).ok_or(format!("accessor {number} is missing"))?;
        let broken = |what: &str| format!("accessor {number} {what}");
        let size = |v: &Value| usize::try_from(v.as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let width = width(accessor["type"].as_str().unwrap_or_default());
        let count = size(&accessor["count"]);
        let (bytes, scale): (usize, f32) = match accessor["componentType"].as_u64() {
            Some(F32) => (4, 1.0),
            Some(5120) => (1, 1.0 / 127.0),
            Some(5121) => (1, 1.0 / 255.0),
            Some(5122) => (2, 1.0 / 32767.0),
            Some(5123) => (2, 1.0 / 65535.0),
            _ => return Err(broken("has a type that animation has not")),
        };
        let total = count.checked_mul(width).filter(|n| *n <= MOST).ok_or_else(|| broken("is too large"))?;
        if accessor["bufferView"].is_null() {
            return if accessor["sparse"].is_null() { Ok((vec![0.0; total], width)) } else { Err(broken("is sparse")) };
        }
        let view = self.json["bufferViews"].get(size(&accessor["bufferView"])).ok_or_else(|| broken("has no buffer view"))?;
        let stride = match size(&view["byteStride"]) {
            0 => bytes * width,
            n => n,
        };
        let start = size(&view["byteOffset"]).saturating_add(size(&accessor["byteOffset"]));
        let mut out = Vec::with_capacity(total.min(self.bytes.len()));
        for element in 0..count {
            let at = start.saturating_add(element.saturating_mul(stride));
            let data = self.bytes.get(at..at.saturating_add(bytes * width)).ok_or_else(|| broken("goes beyond the file"))?;
            out.extend(data.chunks_exact(bytes).map(|b| match (accessor["componentType"].as_u64(), b) {
                (Some(5120), b) => f32::from(b[0] as i8) * scale,
                (Some(5121), b) => f32::from(b[0]) * scale,
                (Some(5122), b) => f32::from(i16::from_le_bytes([b[0], b[1]])) * scale,
                (Some(5123), b) => f32::from(u16::from_le_bytes([b[0], b[1]])) * scale,
                (_, b) => f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
            }));
        }
        if out.iter().any(|v| !v.is_finite()) { Err(broken("holds what is no number")) } else { Ok((out, width)) }
    }
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
    pub fn read(file: &Container, sampler: &Value) -> Result<Curve> {
        let (times, _) = file.floats(&sampler["input"])?;
        let (mut values, _) = file.floats(&sampler["output"])?;
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

    /// The curve with every value times `share`.
    pub fn scaled(&self, share: f32) -> Curve {
        Curve { values: self.values.iter().map(|v| v * share).collect(), ..self.clone() }
    }

    /// When the last key is, seconds.
    pub fn end(&self) -> f32 {
        self.times.last().copied().unwrap_or(0.0)
    }

    /// The time between most keys, seconds.
    pub fn spacing(&self) -> Option<f32> {
        let mut steps: Vec<f32> = self.times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 1e-5).collect();
        steps.sort_by(f32::total_cmp);
        steps.get(steps.len() / 2).copied()
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

    /// The rotation at a time.
    pub fn rotation(&self, time: f32) -> Option<Quat> {
        let (a, b, part) = self.around(time);
        let quat = |v: &[f32]| Some(Quat::from_slice(v.get(..4)?)).filter(|q| q.length_squared() > 1e-6).map(Quat::normalize);
        let (a, b) = (quat(a)?, quat(b)?);
        Some(a.slerp(if a.dot(b) < 0.0 { -b } else { b }, part))
    }
}
