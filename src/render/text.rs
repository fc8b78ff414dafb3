//! Captions on pictures, in a monospaced bitmap face.

use super::Picture;
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Height of a line in pixels.
pub const LINE: u32 = 16;

const WEIGHT: FontWeight = FontWeight::Regular;
const HEIGHT: RasterHeight = RasterHeight::Size16;

/// Width of a letter in pixels.
pub const fn letter() -> u32 {
    get_raster_width(WEIGHT, HEIGHT) as u32
}

/// Writes ASCII `text` in sRGB `colour` with its upper left corner at `at` (x right, y down); what lies outside is cut off, and
/// letters of other alphabets are left blank.
pub fn write(picture: &mut Picture, text: &str, at: [u32; 2], colour: [u8; 3]) {
    for (n, raster) in text.chars().map(|c| get_raster(c, WEIGHT, HEIGHT)).enumerate() {
        let left = at[0] + n as u32 * letter();
        for (y, row) in raster.iter().flat_map(|r| r.rows()).enumerate() {
            for (x, ink) in row.iter().enumerate() {
                dab(picture, [left + x as u32, at[1] + y as u32], colour, *ink);
            }
        }
    }
}

/// Mixes `ink` (0..=255) of a colour into a pixel, if the picture has it.
fn dab(picture: &mut Picture, [x, y]: [u32; 2], colour: [u8; 3], ink: u8) {
    if x >= picture.width || y >= picture.height || ink == 0 {
        return;
    }
    let at = 4 * (y as usize * picture.width as usize + x as usize);
    if let Some(pixel) = picture.rgba.get_mut(at..at + 4) {
        for (under, over) in pixel.iter_mut().zip([colour[0], colour[1], colour[2], 255]) {
            *under = ((*under as u32 * (255 - ink as u32) + over as u32 * ink as u32 + 127) / 255) as u8;
        }
    }
}
