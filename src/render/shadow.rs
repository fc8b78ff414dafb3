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
    height: Box<[f32; SIZE * SIZE]>,
}

/// Height where nothing casts a shadow.
const NOTHING: f32 = -1e9;

impl ShadowMap {
    pub fn new() -> ShadowMap {
        ShadowMap { height: Box::new([NOTHING; SIZE * SIZE]) }
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
        // First and last texel centre inside the extent.
        let least = |c: usize| ((p[0][c].min(p[1][c]).min(p[2][c]) + 0.5).max(0.0) as i32).min(SIZE as i32);
        let most = |c: usize| ((p[0][c].max(p[1][c]).max(p[2][c]) + 0.5).max(0.0) as i32).min(SIZE as i32);
        let (x0, x1, y0, y1) = (least(0), most(0), least(1), most(1));
        if x0 >= x1 || y0 >= y1 {
            return;
        }
        let p = if area > 0.0 { p } else { [p[0], p[2], p[1]] };
        let inverse = 1.0 / area.abs();
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
            for at in &mut self.height[row as usize * SIZE..][x0 as usize..x1 as usize] {
                if e[0] >= 0.0 && e[1] >= 0.0 && e[2] >= 0.0 && e[3] > *at {
                    *at = e[3];
                }
                e = [e[0] + edges[0][1], e[1] + edges[1][1], e[2] + edges[2][1], e[3] + inside[1]];
            }
            starts = [starts[0] + edges[0][2], starts[1] + edges[1][2], starts[2] + edges[2][2], starts[3] + inside[2]];
        }
    }

    /// Share of the key light that reaches points with normals: a box of 5 texels, with the receiver's own slope taken
    /// into account, so that it does not shadow itself. Where its diagonals are lit, which cross the shadow of anything thin, so is all of it.
    pub fn lit(&self, light: &LightCamera, position: V3, normal: V3) -> F8 {
        let texel = 1.0 / light.scale;
        let q = position - V3::splat(light.centre) + normal * f(1.8 * texel);
        let (right, up, back) = (V3::splat(light.right), V3::splat(light.up), V3::splat(light.back));
        let half = f(SIZE as f32 * 0.5);
        // Texel centres stand at halves.
        let place = |p: F8| (p * f(light.scale) + half - f(0.5)).fast_max(f(2.0)).fast_min(f(SIZE as f32 - 4.0));
        let (u, v) = (place(q.dot(right)), place(q.dot(up)));
        let steep = normal.dot(back).fast_max(f(0.3));
        let slope = f(texel) / steep;
        let (iu, iv) = (u.fast_trunc_int(), v.fast_trunc_int());
        let (fu, fv) = (u - F8::from_i32x8(iu), v - F8::from_i32x8(iv));
        let (iu, iv) = (iu.to_array(), iv.to_array());
        let base: [usize; 8] =
            std::array::from_fn(|l| (iv[l] as usize).wrapping_sub(2).wrapping_mul(SIZE).wrapping_add((iu[l] as usize).wrapping_sub(2)));
        let window =
            Window { base, fu, fv, su: normal.dot(right) * slope, sv: normal.dot(up) * slope, height: q.dot(back) + f(0.5 * texel) };
        let probe = |x, y| self.reaches(&window, x, y).select(F8::ONE, F8::ZERO);
        let agree = (0..6).fold(F8::ZERO, |sum, k| sum + probe(k, k) + probe(k, 5 - k));
        let open = agree.simd_eq(f(12.0));
        if open.all() {
            return F8::ONE;
        }
        open.select(F8::ONE, self.average(&window))
    }

    /// Share of the window's 6 by 6 texels that light reaches, those at the rim by the part inside the box.
    fn average(&self, window: &Window) -> F8 {
        let share = |k: usize, part: F8| match k {
            0 => F8::ONE - part,
            5 => part,
            _ => F8::ONE,
        };
        let mut sum = F8::ZERO;
        for y in 0..6 {
            let mut row = F8::ZERO;
            for x in 0..6 {
                row += self.reaches(window, x, y).select(share(x, window.fu), F8::ZERO);
            }
            sum += row * share(y, window.fv);
        }
        sum * f(1.0 / 25.0)
    }

    /// Mask: nothing in texel (x, y) of the window stands above the receiver's plane.
    #[inline(always)]
    fn reaches(&self, w: &Window, x: usize, y: usize) -> F8 {
        let mut map = [0.0; 8];
        for (height, base) in map.iter_mut().zip(&w.base) {
            *height = self.height[base.wrapping_add(y * SIZE + x) % (SIZE * SIZE)];
        }
        let receiver = w.height - w.su * (f(x as f32 - 2.0) - w.fu) - w.sv * (f(y as f32 - 2.0) - w.fv);
        receiver.simd_ge(F8::new(map))
    }
}

/// The 6 by 6 texels around eight receivers.
struct Window {
    /// Place of the first texel in the map.
    base: [usize; 8],
    /// Where in its texel the receiver stands.
    fu: F8,
    fv: F8,
    /// Height that the receiver's plane loses from one texel to the next.
    su: F8,
    sv: F8,
    height: F8,
}
