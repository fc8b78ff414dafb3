//! From the screen's RGB to the Y'CbCr 4:2:0 of video: BT.709 (Rec. ITU-R BT.709-6, section 3), limited range, which is
//! what the stream's VUI and the file's `colr` box say too.

use crate::render::Picture;

/// Code of BT.709 for primaries, transfer and matrix (ISO/IEC 23091-2, tables 2, 3 and 4).
pub const BT709: u8 = 1;

const SHIFT: u32 = 16;

/// Weights of R, G and B, times 2^16, scaled to 219 steps for luma and 224 for the colour differences.
const LUMA: [i32; 3] = [weight(0.2126 * 219.0), weight(0.7152 * 219.0), weight(0.0722 * 219.0)];
const BLUE: [i32; 3] = [weight(-0.2126 / 1.8556 * 224.0), weight(-0.7152 / 1.8556 * 224.0), weight(0.5 * 224.0)];
const RED: [i32; 3] = [weight(0.5 * 224.0), weight(-0.7152 / 1.5748 * 224.0), weight(-0.0722 / 1.5748 * 224.0)];

const fn weight(steps: f64) -> i32 {
    let scaled = steps / 255.0 * (1 << SHIFT) as f64;
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

/// One picture as three planes; the colour planes have half the width and height.
pub struct Planes {
    pub width: usize,
    pub height: usize,
    pub y: Vec<u8>,
    pub cb: Vec<u8>,
    pub cr: Vec<u8>,
}

impl Planes {
    /// Black planes for a picture of even width and height.
    pub fn new(width: usize, height: usize) -> Planes {
        let quarter = width / 2 * (height / 2);
        Planes { width, height, y: vec![16; width * height], cb: vec![128; quarter], cr: vec![128; quarter] }
    }

    /// Converts `picture`, which has the planes' size. What is transparent shows black.
    pub fn fill(&mut self, picture: &Picture) {
        let opaque;
        let rgba = if picture.rgba.chunks_exact(4).all(|p| p[3] == 255) {
            &picture.rgba
        } else {
            opaque = over_black(&picture.rgba);
            &opaque
        };
        let rows = rgba.chunks_exact(self.width * 8).zip(self.y.chunks_exact_mut(self.width * 2));
        let colours = self.cb.chunks_exact_mut(self.width / 2).zip(self.cr.chunks_exact_mut(self.width / 2));
        for ((rgba, y), (cb, cr)) in rows.zip(colours) {
            luma(rgba, y);
            let (upper, lower) = rgba.split_at(self.width * 4);
            differences(upper, lower, cb, cr);
        }
    }
}

fn dot(weights: [i32; 3], r: i32, g: i32, b: i32) -> i32 {
    weights[0] * r + weights[1] * g + weights[2] * b
}

fn luma(rgba: &[u8], out: &mut [u8]) {
    for (p, y) in rgba.chunks_exact(4).zip(out) {
        let sum = dot(LUMA, p[0].into(), p[1].into(), p[2].into());
        *y = (16 + ((sum + (1 << (SHIFT - 1))) >> SHIFT)) as u8;
    }
}

/// The colour of each 2x2 block of pixels, averaged.
fn differences(upper: &[u8], lower: &[u8], cb: &mut [u8], cr: &mut [u8]) {
    let blocks = upper.chunks_exact(8).zip(lower.chunks_exact(8));
    for ((u, l), (cb, cr)) in blocks.zip(cb.iter_mut().zip(cr)) {
        let sum = |c: usize| i32::from(u[c]) + i32::from(u[c + 4]) + i32::from(l[c]) + i32::from(l[c + 4]);
        let (r, g, b) = (sum(0), sum(1), sum(2));
        // Two bits more for the sum of four.
        let half = 1 << (SHIFT + 1);
        *cb = (128 + ((dot(BLUE, r, g, b) + half) >> (SHIFT + 2))) as u8;
        *cr = (128 + ((dot(RED, r, g, b) + half) >> (SHIFT + 2))) as u8;
    }
}

fn over_black(rgba: &[u8]) -> Vec<u8> {
    let dim = |c: u8, a: u8| ((u32::from(c) * u32::from(a) + 127) / 255) as u8;
    rgba.chunks_exact(4).flat_map(|p| [dim(p[0], p[3]), dim(p[1], p[3]), dim(p[2], p[3]), 255]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(rgb: [u8; 3], alpha: u8) -> [u8; 3] {
        let pixel = [rgb[0], rgb[1], rgb[2], alpha];
        let mut planes = Planes::new(2, 2);
        planes.fill(&Picture { width: 2, height: 2, rgba: pixel.repeat(4) });
        [planes.y[3], planes.cb[0], planes.cr[0]]
    }

    #[test]
    fn colours_of_the_standard() {
        // 8-bit values of the 100 % colour bars of BT.709.
        assert_eq!(convert([255, 255, 255], 255), [235, 128, 128]);
        assert_eq!(convert([0, 0, 0], 255), [16, 128, 128]);
        assert_eq!(convert([255, 255, 0], 255), [219, 16, 138]);
        assert_eq!(convert([0, 255, 255], 255), [188, 154, 16]);
        assert_eq!(convert([0, 255, 0], 255), [173, 42, 26]);
        assert_eq!(convert([255, 0, 255], 255), [78, 214, 230]);
        assert_eq!(convert([255, 0, 0], 255), [63, 102, 240]);
        assert_eq!(convert([0, 0, 255], 255), [32, 240, 118]);
        assert_eq!(convert([255, 255, 255], 0), [16, 128, 128]);
    }
}
