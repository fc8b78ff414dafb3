//! The key light's shadow: a small depth map drawn from the light, read with a soft box filter.
//! Twin of `shaders/shadow.wgsl` and of `shadow` in `shaders/common.wgsl`.

use super::lanes::{F8, V3, f};
use super::view::Camera;
use glam::Vec3;

/// Side of the map in texels.
pub const SIZE: usize = 256;

/// Orthographic camera of the key light.
#[derive(Clone, Copy, Debug)]
pub struct LightCamera {
    pub centre: Vec3,
    pub right: Vec3,
    pub up: Vec3,
    /// Towards the light.
    pub back: Vec3,
    /// Texels per metre.
    pub scale: f32,
}

impl LightCamera {
    /// Covers what the camera sees.
    pub fn new(direction: Vec3, camera: &Camera) -> LightCamera {
        let right = Vec3::Y.cross(direction).normalize_or(Vec3::X);
        let reach = camera.reach * 1.05;
        LightCamera { centre: camera.target, right, up: direction.cross(right), back: direction, scale: SIZE as f32 / (2.0 * reach) }
    }

    /// Texel position (y up) and height towards the light in metres.
    pub fn project(&self, p: Vec3) -> [f32; 3] {
        let q = p - self.centre;
        let half = SIZE as f32 * 0.5;
        [q.dot(self.right) * self.scale + half, q.dot(self.up) * self.scale + half, q.dot(self.back)]
    }
}

/// Heights towards the light of the surfaces nearest to it.
pub struct ShadowMap {
    height: Vec<f32>,
}

/// Height where nothing casts a shadow.
const NOTHING: f32 = -1e9;

impl ShadowMap {
    pub fn new() -> ShadowMap {
        ShadowMap { height: vec![NOTHING; SIZE * SIZE] }
    }

    pub fn clear(&mut self) {
        self.height.fill(NOTHING);
    }

    /// Enters a triangle given by projected vertices; one that faces away from the light only where it is part of an `open` mesh.
    pub fn draw(&mut self, p: [[f32; 3]; 3], open: bool) {
        let area = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
        if !(area > 1e-9 || open && area < -1e-9) {
            return;
        }
        let p = if area > 0.0 { p } else { [p[0], p[2], p[1]] };
        let inverse = 1.0 / area.abs();
        // First and last texel centre inside the extent.
        let least = |c: usize| ((p[0][c].min(p[1][c]).min(p[2][c]) + 0.5).max(0.0) as i32).min(SIZE as i32);
        let most = |c: usize| ((p[0][c].max(p[1][c]).max(p[2][c]) + 0.5).max(0.0) as i32).min(SIZE as i32);
        let (x0, x1, y0, y1) = (least(0), most(0), least(1), most(1));
        let (x, y) = (x0 as f32 + 0.5, y0 as f32 + 0.5);
        let edge = |i: usize, j: usize| {
            let (dx, dy) = (p[j][0] - p[i][0], p[j][1] - p[i][1]);
            [dx * (y - p[i][1]) - dy * (x - p[i][0]), -dy, dx]
        };
        let edges = [edge(1, 2), edge(2, 0), edge(0, 1)];
        let inside = [0, 1, 2].map(|c| (edges[0][c] * p[0][2] + edges[1][c] * p[1][2] + edges[2][c] * p[2][2]) * inverse);
        let mut starts = [edges[0][0], edges[1][0], edges[2][0], inside[0]];
        for row in y0..y1 {
            let mut e = starts;
            for at in &mut self.height[row as usize * SIZE..][x0 as usize..x1.max(x0) as usize] {
                if e[0] >= 0.0 && e[1] >= 0.0 && e[2] >= 0.0 && e[3] > *at {
                    *at = e[3];
                }
                e = [e[0] + edges[0][1], e[1] + edges[1][1], e[2] + edges[2][1], e[3] + inside[1]];
            }
            starts = [starts[0] + edges[0][2], starts[1] + edges[1][2], starts[2] + edges[2][2], starts[3] + inside[2]];
        }
    }

    /// Share of the key light that reaches points with normals: a box of 3 texels, with the receiver's own slope taken
    /// into account, so that it does not shadow itself.
    pub fn lit(&self, light: &LightCamera, position: V3, normal: V3) -> F8 {
        let texel = 1.0 / light.scale;
        let q = position - V3::splat(light.centre) + normal * f(1.2 * texel);
        let (right, up, back) = (V3::splat(light.right), V3::splat(light.up), V3::splat(light.back));
        let half = f(SIZE as f32 * 0.5);
        let high = f(SIZE as f32 - 2.5);
        let u = (q.dot(right) * f(light.scale) + half).fast_max(f(1.5)).fast_min(high);
        let v = (q.dot(up) * f(light.scale) + half).fast_max(f(1.5)).fast_min(high);
        let steep = normal.dot(back).fast_max(f(0.3));
        let slope = f(texel) / steep;
        let (su, sv) = (normal.dot(right) * slope, normal.dot(up) * slope);
        // Texel centres stand at halves.
        let (u, v) = (u - f(0.5), v - f(0.5));
        let (iu, iv) = (u.fast_trunc_int(), v.fast_trunc_int());
        let (fu, fv) = (u - F8::from_i32x8(iu), v - F8::from_i32x8(iv));
        let (iu, iv) = (iu.to_array(), iv.to_array());
        let height = q.dot(back) + f(0.5 * texel);
        let base: [usize; 8] = std::array::from_fn(|l| (iv[l] as usize).wrapping_sub(1) * SIZE + (iu[l] as usize).wrapping_sub(1));
        let mut sum = F8::ZERO;
        for y in 0..4 {
            let mut row = F8::ZERO;
            // Moving by one texel moves the receiver by its slope.
            let along = height - sv * (f(y as f32 - 1.0) - fv);
            for x in 0..4 {
                let map = F8::new(std::array::from_fn(|l| self.height.get(base[l].wrapping_add(y * SIZE + x)).copied().unwrap_or(NOTHING)));
                let receiver = along - su * (f(x as f32 - 1.0) - fu);
                let weight = match x {
                    0 => F8::ONE - fu,
                    3 => fu,
                    _ => F8::ONE,
                };
                row += receiver.simd_ge(map).select(weight, F8::ZERO);
            }
            let weight = match y {
                0 => F8::ONE - fv,
                3 => fv,
                _ => F8::ONE,
            };
            sum += row * weight;
        }
        sum * f(1.0 / 9.0)
    }
}
