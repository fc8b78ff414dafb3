//! Eight pixels at once: three-vectors of 8-lane floats, with the operations that shading needs and no others.
//!
//! Fused multiply-add is never used, so that the result is the same to the bit on SSE2, AVX2 and NEON.

use glam::Vec3;
use std::ops::{Add, Mul, Sub};
pub use wide::{f32x4 as F4, f32x8 as F8};

/// A three-vector (or a linear RGB colour) in each of eight lanes.
#[derive(Clone, Copy)]
pub struct V3 {
    pub x: F8,
    pub y: F8,
    pub z: F8,
}

#[inline(always)]
pub fn f(value: f32) -> F8 {
    F8::splat(value)
}

/// Rows to columns, by quarters: without AVX that is several times faster than lane by lane.
#[inline(always)]
pub fn transpose(rows: &[F8; 8]) -> [F8; 8] {
    let halves: &[[F4; 2]; 8] = bytemuck::cast_ref(rows);
    let mut out = [[F4::ZERO; 2]; 8];
    for side in 0..2 {
        for row in [0, 4] {
            let quarter = [halves[row][side], halves[row + 1][side], halves[row + 2][side], halves[row + 3][side]];
            let quarter = F4::transpose(quarter);
            for i in 0..4 {
                out[4 * side + i][row / 4] = quarter[i];
            }
        }
    }
    bytemuck::cast(out)
}

/// Eight rows of four to columns.
#[inline(always)]
pub fn transpose4(rows: &[F4; 8]) -> [F8; 4] {
    let a = F4::transpose([rows[0], rows[1], rows[2], rows[3]]);
    let b = F4::transpose([rows[4], rows[5], rows[6], rows[7]]);
    bytemuck::cast([[a[0], b[0]], [a[1], b[1]], [a[2], b[2]], [a[3], b[3]]])
}

/// Clamps to 0..=1.
#[inline(always)]
pub fn saturate(x: F8) -> F8 {
    x.fast_max(F8::ZERO).fast_min(F8::ONE)
}

/// Rounds down; for magnitudes below 2^31. Cheaper than the exact floor where the target has no instruction for it.
#[inline(always)]
pub fn floor(x: F8) -> F8 {
    let whole = F8::from_i32x8(x.fast_trunc_int());
    whole - whole.simd_gt(x).select(F8::ONE, F8::ZERO)
}

/// WGSL's `smoothstep`; `low` may be above `high`.
#[inline(always)]
pub fn smoothstep(low: f32, high: f32, x: F8) -> F8 {
    let t = saturate((x - f(low)) * f(1.0 / (high - low)));
    t * t * (f(3.0) - f(2.0) * t)
}

/// WGSL's `mix`.
#[inline(always)]
pub fn mix(a: F8, b: F8, t: F8) -> F8 {
    a + (b - a) * t
}

impl V3 {
    #[inline(always)]
    pub fn new(x: F8, y: F8, z: F8) -> V3 {
        V3 { x, y, z }
    }

    /// The same vector in every lane.
    #[inline(always)]
    pub fn splat(v: Vec3) -> V3 {
        V3 { x: f(v.x), y: f(v.y), z: f(v.z) }
    }

    #[inline(always)]
    pub fn grey(v: F8) -> V3 {
        V3 { x: v, y: v, z: v }
    }

    #[inline(always)]
    pub fn dot(self, o: V3) -> F8 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }

    #[inline(always)]
    pub fn normalize(self) -> V3 {
        self * (F8::ONE / (self.dot(self) + f(1e-20)).sqrt())
    }

    #[inline(always)]
    pub fn map(self, g: impl Fn(F8) -> F8) -> V3 {
        V3 { x: g(self.x), y: g(self.y), z: g(self.z) }
    }

    /// Lane by lane `mask ? self : other`.
    #[inline(always)]
    pub fn or(self, mask: F8, other: V3) -> V3 {
        V3 { x: mask.select(self.x, other.x), y: mask.select(self.y, other.y), z: mask.select(self.z, other.z) }
    }

    #[inline(always)]
    pub fn mix(self, o: V3, t: F8) -> V3 {
        self + (o - self) * t
    }
}

impl Add for V3 {
    type Output = V3;
    #[inline(always)]
    fn add(self, o: V3) -> V3 {
        V3 { x: self.x + o.x, y: self.y + o.y, z: self.z + o.z }
    }
}

impl Sub for V3 {
    type Output = V3;
    #[inline(always)]
    fn sub(self, o: V3) -> V3 {
        V3 { x: self.x - o.x, y: self.y - o.y, z: self.z - o.z }
    }
}

impl Mul for V3 {
    type Output = V3;
    #[inline(always)]
    fn mul(self, o: V3) -> V3 {
        V3 { x: self.x * o.x, y: self.y * o.y, z: self.z * o.z }
    }
}

impl Mul<F8> for V3 {
    type Output = V3;
    #[inline(always)]
    fn mul(self, o: F8) -> V3 {
        V3 { x: self.x * o, y: self.y * o, z: self.z * o }
    }
}
