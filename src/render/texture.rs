//! Textures with their mip levels, sampled bilinearly from the level nearest to the pixel's footprint.

use crate::actor::Texture;
use crate::{Error, Result};
use std::sync::LazyLock;

/// A texture and its halvings down to one texel; sRGB, RGBA.
pub struct Mips {
    pub levels: Vec<Level>,
}

pub struct Level {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}

/// sRGB byte to linear 0..=1.
pub static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| std::array::from_fn(|i| to_linear(i as f32 / 255.0)));

/// Entries of [`ENCODED`].
pub const STEPS: usize = 4096;

/// Linear 0..=1 in 4096 steps to an sRGB byte.
pub static ENCODED: LazyLock<[u8; STEPS]> =
    LazyLock::new(|| std::array::from_fn(|i| (to_srgb(i as f32 / (STEPS - 1) as f32) * 255.0 + 0.5) as u8));

/// Linear 0..=1 to an sRGB byte, by table.
#[inline(always)]
pub fn encode(linear: f32) -> u8 {
    ENCODED[((linear * (STEPS - 1) as f32 + 0.5) as usize).min(STEPS - 1)]
}

/// IEC 61966-2-1, the sRGB standard.
pub fn to_linear(c: f32) -> f32 {
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// The inverse of [`to_linear`].
pub fn to_srgb(c: f32) -> f32 {
    if c <= 0.0031308 { c * 12.92 } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 }
}

impl Mips {
    /// Fails where the texture's bytes do not fit its size.
    pub fn new(texture: &Texture) -> Result<Mips> {
        let (w, h) = (texture.width, texture.height);
        if w == 0 || h == 0 || texture.rgba.len() as u64 != w as u64 * h as u64 * 4 {
            return Err(Error::Render(format!("a texture of {w}x{h} pixels has {} bytes", texture.rgba.len())));
        }
        let mut levels = vec![Level { width: w, height: h, rgba: texture.rgba.clone() }];
        while let Some(last) = levels.last().filter(|l| l.width > 1 || l.height > 1) {
            let next = last.half();
            levels.push(next);
        }
        Ok(Mips { levels })
    }

    /// Width, height and bytes of every level.
    pub fn all(&self) -> Vec<(u32, u32, &[u8])> {
        self.levels.iter().map(|l| (l.width, l.height, &l.rgba[..])).collect()
    }

    /// Linear RGBA at `uv` (wrapping); `footprint` is the area of a pixel in texels of the first level.
    #[inline]
    pub fn sample(&self, uv: [f32; 2], footprint: f32) -> [f32; 4] {
        // A level halves each side. The exponent of twice the area is twice the level, rounded to the nearest.
        let exponent = ((2.0 * footprint).to_bits() >> 23) as i32 - 127;
        let level = (exponent / 2).max(0) as usize;
        self.levels[level.min(self.levels.len() - 1)].bilinear(uv)
    }
}

impl Level {
    fn half(&self) -> Level {
        let (w, h) = ((self.width / 2).max(1), (self.height / 2).max(1));
        let mut rgba = Vec::with_capacity(w as usize * h as usize * 4);
        for y in 0..h {
            for x in 0..w {
                let (x1, y1) = ((2 * x + 1).min(self.width - 1), (2 * y + 1).min(self.height - 1));
                let four = [self.texel(2 * x, 2 * y), self.texel(x1, 2 * y), self.texel(2 * x, y1), self.texel(x1, y1)];
                let mean = |c: usize| four.iter().map(|t| t[c]).sum::<f32>() * 0.25;
                rgba.extend([encode(mean(0)), encode(mean(1)), encode(mean(2)), (mean(3) * 255.0 + 0.5) as u8]);
            }
        }
        Level { width: w, height: h, rgba }
    }

    fn texel(&self, x: u32, y: u32) -> [f32; 4] {
        let i = (y.min(self.height - 1) as usize * self.width as usize + x.min(self.width - 1) as usize) * 4;
        let p = &self.rgba[i..i + 4];
        [LINEAR[p[0] as usize], LINEAR[p[1] as usize], LINEAR[p[2] as usize], p[3] as f32 / 255.0]
    }

    #[inline]
    fn bilinear(&self, uv: [f32; 2]) -> [f32; 4] {
        let (x0, x1, fx) = place(uv[0], self.width);
        let (y0, y1, fy) = place(uv[1], self.height);
        let (a, b, c, d) = (self.texel(x0, y0), self.texel(x1, y0), self.texel(x0, y1), self.texel(x1, y1));
        std::array::from_fn(|i| {
            let (top, low) = (a[i] + (b[i] - a[i]) * fx, c[i] + (d[i] - c[i]) * fx);
            top + (low - top) * fy
        })
    }
}

/// The two texels around a wrapping coordinate and the way between them. Casts truncate, which is cheaper than flooring.
#[inline]
fn place(t: f32, size: u32) -> (u32, u32, f32) {
    let whole = t as i32 as f32;
    let t = t - whole + if t < whole { 1.0 } else { 0.0 };
    let x = t * size as f32 + (size as f32 - 0.5);
    let low = x as u32;
    let wrap = |i: u32| {
        if i >= 2 * size {
            i - 2 * size
        } else if i >= size {
            i - size
        } else {
            i
        }
    };
    (wrap(low), wrap(low.wrapping_add(1)), x - low as f32)
}
