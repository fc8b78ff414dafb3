//! Single pictures as files.

use crate::output::Output;
use crate::render::Picture;
use crate::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::path::Path;

/// Share of the original that a JPEG keeps, percent.
const JPEG_QUALITY: u8 = 88;

/// Kinds of file that a sheet can be.
#[derive(Clone, Copy)]
pub enum Format {
    Png,
    Jpeg,
}

impl Format {
    /// The kind that the end of a name says.
    pub fn of(path: &Path) -> Result<Format> {
        match path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase().as_str() {
            "png" => Ok(Format::Png),
            "jpg" | "jpeg" => Ok(Format::Jpeg),
            _ => Err(Error::usage(format!("{}: not a picture that can be written", path.display()), "use .png or .jpg")),
        }
    }
}

/// Writes a picture, whole or not at all.
pub fn write(picture: &Picture, format: Format, path: &Path) -> Result<()> {
    let mut output = Output::create(path)?;
    let (width, height) = (picture.width, picture.height);
    let done = match format {
        Format::Png => PngEncoder::new(&mut output).write_image(&picture.rgba, width, height, ExtendedColorType::Rgba8),
        Format::Jpeg => {
            let rgb: Vec<u8> = picture.rgba.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
            JpegEncoder::new_with_quality(&mut output, JPEG_QUALITY).write_image(&rgb, width, height, ExtendedColorType::Rgb8)
        }
    };
    done.map_err(|e| Error::Io { path: path.to_owned(), source: std::io::Error::other(e) })?;
    output.commit()
}
