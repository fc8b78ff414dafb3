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

    /// Enters a triangle given by projected vertices.
    pub fn draw(&mut self, p: [[f32; 3]; 3]) {
        let area = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
        if !(area.abs() > 1e-9) {
            return;
        }
        let p = if area > 0.0 { p } else { [p[0], p[2], p[1]] };
        let inverse = 1.0 / area.abs();
        let least = |c: usize| (p[0][c].min(p[1][c]).min(p[2][c]) - 0.5).ceil().max(0.0);
        let most = |c: usize| (p[0][c].max(p[1][c]).max(p[2][c]) - 0.5).floor().min(SIZE as f32 - 1.0);
        let (x0, x1, y0, y1) = (least(0), most(0), least(1), most(1));
        if !(x0 <= x1 && y0 <= y1) {
            return;
        }
        let edge = |i: usize, j: usize, x: f32, y: f32| (p[j][0] - p[i][0]) * (y - p[i][1]) - (p[j][1] - p[i][1]) * (x - p[i][0]);
        for row in y0 as usize..=y1 as usize {
            for column in x0 as usize..=x1 as usize {
                let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
                let (e0, e1, e2) = (edge(1, 2, x, y), edge(2, 0, x, y), edge(0, 1, x, y));
                if e0 >= 0.0 && e1 >= 0.0 && e2 >= 0.0 {
                    let height = (e0 * p[0][2] + e1 * p[1][2] + e2 * p[2][2]) * inverse;
                    let at = &mut self.height[row * SIZE + column];
                    *at = at.max(height);
                }
            }
        }
    }

    /// Share of the key light that reaches points with normals: a box of 4 texels, with the receiver's own slope taken
    /// into account, so that it does not shadow itself.
    pub fn lit(&self, light: &LightCamera, position: V3, normal: V3) -> F8 {
        let texel = 1.0 / light.scale;
        let q = position - V3::splat(light.centre) + normal * f(1.2 * texel);
        let (right, up, back) = (V3::splat(light.right), V3::splat(light.up), V3::splat(light.back));
        let half = f(SIZE as f32 * 0.5);
        let high = f(SIZE as f32 - 3.5);
        let u = (q.dot(right) * f(light.scale) + half).fast_max(f(2.5)).fast_min(high);
        let v = (q.dot(up) * f(light.scale) + half).fast_max(f(2.5)).fast_min(high);
        let steep = normal.dot(back).fast_max(f(0.3));
        let slope = f(texel) / steep;
        let (su, sv) = (normal.dot(right) * slope, normal.dot(up) * slope);
        let (iu, iv) = (u.trunc_int().to_array(), v.trunc_int().to_array());
        let (fu, fv) = (u - u.floor(), v - v.floor());
        let height = q.dot(back) + f(0.5 * texel);
        let base: [usize; 8] = std::array::from_fn(|l| (iv[l] as usize).wrapping_sub(2) * SIZE + (iu[l] as usize).wrapping_sub(2));
        let mut sum = F8::ZERO;
        for y in 0..5 {
            let mut row = F8::ZERO;
            // Moving by one texel moves the receiver by its slope.
            let along = height - sv * (f(y as f32 - 1.5) - fv);
            for x in 0..5 {
                let map = F8::new(std::array::from_fn(|l| self.height.get(base[l].wrapping_add(y * SIZE + x)).copied().unwrap_or(NOTHING)));
                let receiver = along - su * (f(x as f32 - 1.5) - fu);
                let weight = match x {
                    0 => F8::ONE - fu,
                    4 => fu,
                    _ => F8::ONE,
                };
                row += receiver.simd_ge(map).select(weight, F8::ZERO);
            }
            let weight = match y {
                0 => F8::ONE - fv,
                4 => fv,
                _ => F8::ONE,
            };
            sum += row * weight;
        }
        sum * f(1.0 / 16.0)
    }
}
