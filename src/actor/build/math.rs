//! Small numeric tools of the builders.

use glam::Vec3;

pub use crate::body::curves::smoothstep;

/// Bell curve exp(-(x/width)²).
pub fn bell(x: f32, width: f32) -> f32 {
    (-(x / width).powi(2)).exp()
}

pub fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Piecewise linear curve through `points` (sorted by x), constant outside.
pub fn curve(points: &[(f32, f32)], x: f32) -> f32 {
    let Some(last) = points.last() else { return 0.0 };
    if x <= points[0].0 {
        return points[0].1;
    }
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x <= x1 {
            return lerp(y0, y1, (x - x0) / (x1 - x0));
        }
    }
    last.1
}

/// `count` points of the uniform Catmull-Rom spline through `knots` (at least two), ends included.
pub fn spline(knots: &[Vec3], count: usize) -> Vec<Vec3> {
    let last = knots.len() - 1;
    let knot = |i: isize| -> Vec3 {
        if i < 0 {
            knots[0] * 2.0 - knots[1]
        } else if i as usize > last {
            knots[last] * 2.0 - knots[last - 1]
        } else {
            knots[i as usize]
        }
    };
    (0..count)
        .map(|n| {
            let u = n as f32 / (count - 1) as f32 * last as f32;
            let i = (u as usize).min(last - 1);
            let f = u - i as f32;
            let i = i as isize;
            let (a, b, c, d) = (knot(i - 1), knot(i), knot(i + 1), knot(i + 2));
            (b * 2.0 + (c - a) * f + (a * 2.0 - b * 5.0 + c * 4.0 - d) * f * f + (b * 3.0 - a - c * 3.0 + d) * f * f * f) * 0.5
        })
        .collect()
}

/// Unit vector of azimuth (0 = +z, 90 = +x) and elevation, in degrees.
pub fn direction(azimuth: f32, elevation: f32) -> Vec3 {
    let (a, e) = (azimuth.to_radians(), elevation.to_radians());
    Vec3::new(a.sin() * e.cos(), e.sin(), a.cos() * e.cos())
}

/// Azimuth and elevation of a direction, in degrees: the inverse of [`direction`].
pub fn angles(p: Vec3) -> (f32, f32) {
    (p.x.atan2(p.z).to_degrees(), p.y.atan2(p.x.hypot(p.z)).to_degrees())
}

/// Linear RGB of an sRGB colour in 0..=255, by the sRGB transfer function (IEC 61966-2-1).
pub fn linear(srgb: [u8; 3]) -> Vec3 {
    Vec3::from(srgb.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    }))
}

/// The sRGB byte of a linear value.
pub fn srgb_byte(linear: f32) -> u8 {
    let c = linear.clamp(0.0, 1.0);
    let s = if c <= 0.003_130_8 { c * 12.92 } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
    (s * 255.0 + 0.5) as u8
}

/// The point mirrored to the other side for a negative `side`.
pub fn mirrored(p: Vec3, side: f32) -> Vec3 {
    Vec3::new(p.x * side, p.y, p.z)
}

/// Even noise in -1..=1 from a number: a fixed hash (PCG output step), the same on every machine.
pub fn jitter(n: u32) -> f32 {
    let state = n.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    ((word >> 22) ^ word) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

/// `count` points at even distances along a polyline (at least two points), ends included.
pub fn resample(points: &[Vec3], count: usize) -> Vec<Vec3> {
    let mut length = vec![0.0];
    for pair in points.windows(2) {
        length.push(length[length.len() - 1] + pair[0].distance(pair[1]));
    }
    let total = length[length.len() - 1];
    let mut i = 0;
    (0..count)
        .map(|n| {
            let at = total * n as f32 / (count - 1) as f32;
            while i + 2 < points.len() && length[i + 1] < at {
                i += 1;
            }
            let span = (length[i + 1] - length[i]).max(1e-9);
            points[i].lerp(points[i + 1], ((at - length[i]) / span).clamp(0.0, 1.0))
        })
        .collect()
}
