//! Where a file's numbers lie: the GLB's own chunk, data inside the text, files beside it; and buffer views, decompressed
//! where they are compressed.

use super::document::shortened;
use super::meshopt::{self, Filter, Mode};
use crate::{Error, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The most bytes that all compressed views of a file may unfold to, and that a file beside it may have.
const LARGEST: u64 = 1 << 29;

/// The two names of the same compression.
const COMPRESSION: [&str; 2] = ["KHR_meshopt_compression", "EXT_meshopt_compression"];

/// The buffers of a document.
pub struct Buffers<'a> {
    origin: &'a str,
    folder: Option<&'a Path>,
    buffers: Vec<Vec<u8>>,
    /// Compressed views by number, decompressed; `None` where that failed.
    unfolded: BTreeMap<usize, Option<Vec<u8>>>,
}

impl<'a> Buffers<'a> {
    /// `folder` is where files beside the document are looked for; without it there are none.
    pub fn new(document: &gltf::Document, mut binary: Option<Vec<u8>>, origin: &'a str, folder: Option<&'a Path>) -> Result<Buffers<'a>> {
        let mut out = Buffers { origin, folder, buffers: Vec::new(), unfolded: BTreeMap::new() };
        for buffer in document.buffers() {
            let replaced = COMPRESSION.iter().any(|name| buffer.extension_value(name).is_some_and(|e| e["fallback"] == true));
            let bytes = match buffer.source() {
                // Only a place holder for what compressed views unfold to.
                _ if replaced => Vec::new(),
                gltf::buffer::Source::Uri(uri) => out.fetch(uri)?,
                gltf::buffer::Source::Bin => binary.take().unwrap_or_default(),
            };
            out.buffers.push(bytes);
        }
        let mut left = LARGEST;
        for view in document.views() {
            if let Some(extension) = COMPRESSION.iter().find_map(|name| view.extension_value(name)) {
                let bytes = out.unfold(extension, &mut left);
                out.unfolded.insert(view.index(), bytes);
            }
        }
        Ok(out)
    }

    /// What an address names: data within it, or a file in the document's own folder.
    pub fn fetch(&self, uri: &str) -> Result<Vec<u8>> {
        if let Some(data) = uri.strip_prefix("data:") {
            let bytes = data.split_once(',').and_then(|(kind, text)| if kind.ends_with(";base64") { base64(text) } else { None });
            return bytes.ok_or_else(|| Error::malformed(self.origin, "embedded data is not base64"));
        }
        let Some(folder) = self.folder else {
            return Err(Error::Unsupported {
                what: format!("{}: refers to another file, '{}'", self.origin, shortened(uri)),
                hint: "export as GLB, which holds everything in one file".into(),
            });
        };
        let path = beside(folder, uri).ok_or_else(|| {
            Error::malformed(self.origin, format!("refers to '{}', which is not a file in its own folder", shortened(uri)))
        })?;
        let real = |path: &Path| path.canonicalize().map_err(Error::io(path));
        // A link must not lead out of the folder either.
        if !real(&path)?.starts_with(real(folder)?) {
            return Err(Error::malformed(self.origin, format!("refers to '{}', which leads out of its folder", shortened(uri))));
        }
        let size = std::fs::metadata(&path).map_err(Error::io(&path))?.len();
        if size > LARGEST {
            return Err(Error::Limit {
                what: format!("{}: {size} bytes are too many", path.display()),
                hint: format!("files beside an avatar may have {} MiB", LARGEST >> 20),
            });
        }
        std::fs::read(&path).map_err(Error::io(&path))
    }

    /// The bytes of a view. `None` where it lies outside of its buffer or cannot be decompressed.
    pub fn view(&self, view: &gltf::buffer::View) -> Option<&[u8]> {
        match self.unfolded.get(&view.index()) {
            Some(bytes) => bytes.as_deref(),
            None => self.slice(view.buffer().index(), view.offset(), view.length()),
        }
    }

    fn slice(&self, buffer: usize, offset: usize, length: usize) -> Option<&[u8]> {
        self.buffers.get(buffer)?.get(offset..offset.checked_add(length)?)
    }

    fn unfold(&self, extension: &Value, left: &mut u64) -> Option<Vec<u8>> {
        let number = |key: &str| extension[key].as_u64().and_then(|n| usize::try_from(n).ok());
        let stream = self.slice(number("buffer")?, number("byteOffset").unwrap_or(0), number("byteLength")?)?;
        let mode = match extension["mode"].as_str()? {
            "ATTRIBUTES" => Mode::Attributes,
            "TRIANGLES" => Mode::Triangles,
            "INDICES" => Mode::Indices,
            _ => return None,
        };
        let filter = match extension["filter"].as_str().unwrap_or("NONE") {
            "NONE" => Filter::None,
            "OCTAHEDRAL" => Filter::Octahedral,
            "QUATERNION" => Filter::Quaternion,
            "EXPONENTIAL" => Filter::Exponential,
            "COLOR" => Filter::Color,
            _ => return None,
        };
        let (count, stride) = (number("count")?, number("byteStride")?);
        let size = (count as u64).checked_mul(stride as u64)?;
        *left = left.checked_sub(size)?;
        meshopt::decode(stream, mode, filter, count, stride)
    }
}

/// The path of a relative address, if it stays in the folder.
fn beside(folder: &Path, uri: &str) -> Option<PathBuf> {
    let name = unescaped(uri)?;
    let inside = |c: Component| matches!(c, Component::Normal(_) | Component::CurDir);
    let relative = Path::new(&name);
    let plain = !name.contains(['\\', '\0']) && !name.contains("://") && !name.is_empty();
    (plain && relative.components().all(inside)).then(|| folder.join(relative))
}

/// An address with its `%20` and the like resolved.
fn unescaped(uri: &str) -> Option<String> {
    let mut out = Vec::with_capacity(uri.len());
    let mut bytes = uri.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |b: u8| char::from(b).to_digit(16);
            let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// RFC 4648, padding optional; line breaks are skipped.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_in_the_folder_are_beside() {
        let folder = Path::new("/avatars");
        assert_eq!(beside(folder, "a%20b/c.bin"), Some("/avatars/a b/c.bin".into()));
        assert_eq!(beside(folder, "./c.bin"), Some("/avatars/./c.bin".into()));
        for wrong in ["../x", "a/../../x", "/etc/passwd", "file:///etc/passwd", "http://x/y", "a\\..\\b", "", "%2e%2e/x", "%zz", "a%00b"] {
            assert_eq!(beside(folder, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn base64_of_the_standard() {
        assert_eq!(base64("Zm9vYg==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(base64("Zm9vYmE").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(base64("Zm 9v"), None);
    }
}
