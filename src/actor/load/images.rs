//! Pictures of any kind that avatars carry: PNG, JPEG, WebP, and KTX2 with Basis Universal inside.
//!
//! A picture that is missing or cannot be read costs the avatar its paint, not its performance: it is replaced by plain
//! grey and noted.

use super::buffers::Buffers;
use crate::actor::Texture;
use basisu::{DecodeFlags, TargetFormat, Transcoder};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Largest side of a picture that is read, in pixels.
const LARGEST_SIDE: u32 = 16384;
/// Largest side that is kept: more cannot be seen in a picture of an actor.
const LARGEST_KEPT: u32 = 2048;
/// Pixels that all pictures of a file may have together.
const MOST_PIXELS: u64 = 1 << 29;

/// Decodes pictures of one file, within its limits.
pub struct Images<'a> {
    buffers: &'a Buffers<'a>,
    pixels_left: u64,
}

impl<'a> Images<'a> {
    pub fn new(buffers: &'a Buffers<'a>) -> Images<'a> {
        Images { buffers, pixels_left: MOST_PIXELS }
    }

    /// The picture, or why it cannot be had.
    pub fn decode(&mut self, image: &gltf::Image) -> Result<Texture, String> {
        let fetched;
        let bytes = match image.source() {
            gltf::image::Source::View { view, .. } => self.buffers.view(&view).ok_or("lies outside of its buffer")?,
            gltf::image::Source::Uri { uri, .. } => {
                fetched = self.buffers.fetch(uri).map_err(|e| e.to_string())?;
                &fetched
            }
        };
        let texture = if bytes.starts_with(b"\xabKTX 20\xbb") { self.basis(bytes) } else { self.plain(bytes) }?;
        Ok(reduced(texture))
    }

    fn spend(&mut self, width: u32, height: u32) -> Result<(), String> {
        let left = self.pixels_left.checked_sub(u64::from(width) * u64::from(height));
        let fits = width > 0 && height > 0 && width <= LARGEST_SIDE && height <= LARGEST_SIDE;
        self.pixels_left = left.filter(|_| fits).ok_or_else(|| format!("{width}x{height} pixels are too many"))?;
        Ok(())
    }

    fn plain(&mut self, bytes: &[u8]) -> Result<Texture, String> {
        let reader = || image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string());
        let (width, height) = reader()?.into_dimensions().map_err(|e| e.to_string())?;
        self.spend(width, height)?;
        let pixels = reader()?.decode().map_err(|e| e.to_string())?.to_rgba8();
        Ok(Texture { width: pixels.width(), height: pixels.height(), rgba: pixels.into_raw() })
    }

    fn basis(&mut self, bytes: &[u8]) -> Result<Texture, String> {
        // The header states the size: stay clear of what it would make the transcoder allocate.
        let word = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        self.spend(word(20), word(24))?;
        let transcode = || {
            let texture = Transcoder::new(bytes).map_err(|e| format!("{e:?}"))?;
            let level = texture.image_level_info(0).map_err(|e| format!("{e:?}"))?;
            let rgba = texture.transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE).map_err(|e| format!("{e:?}"))?;
            Ok::<_, String>(Texture { width: level.width, height: level.height, rgba })
        };
        // As with other large decoders: what it overlooks must not end our program.
        let texture = catch_unwind(AssertUnwindSafe(transcode)).map_err(|_| "KTX2: the picture is broken")?;
        let texture = texture.map_err(|why| format!("KTX2: {why}"))?;
        let whole = texture.rgba.len() as u64 == u64::from(texture.width) * u64::from(texture.height) * 4;
        if whole { Ok(texture) } else { Err("KTX2: the picture is broken".into()) }
    }
}

/// Grey, for pictures that are not there.
pub fn placeholder() -> Texture {
    Texture { width: 1, height: 1, rgba: vec![160, 160, 160, 255] }
}

/// Halved until no side is larger than what is kept.
fn reduced(mut texture: Texture) -> Texture {
    while texture.width.max(texture.height) > LARGEST_KEPT {
        let (w, h) = ((texture.width / 2).max(1), (texture.height / 2).max(1));
        let at = |x: u32, y: u32, c: usize| {
            let i = y.min(texture.height - 1) as usize * texture.width as usize + x.min(texture.width - 1) as usize;
            u32::from(texture.rgba[4 * i + c])
        };
        let mean = |x: u32, y: u32, c: usize| {
            let sum = at(2 * x, 2 * y, c) + at(2 * x + 1, 2 * y, c) + at(2 * x, 2 * y + 1, c) + at(2 * x + 1, 2 * y + 1, c);
            ((sum + 2) / 4) as u8
        };
        let rgba = (0..h).flat_map(|y| (0..w).flat_map(move |x| (0..4).map(move |c| (x, y, c)))).map(|(x, y, c)| mean(x, y, c)).collect();
        texture = Texture { width: w, height: h, rgba };
    }
    texture
}
