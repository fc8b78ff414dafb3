//! Ambient occlusion per vertex: how much of the sky each vertex sees, measured on depth maps from many directions.

use super::mesh::{self, Part};
use glam::{Vec2, Vec3};
use rayon::prelude::*;

const DIRECTIONS: usize = 48;
/// Metres per texel of a depth map.
const TEXEL: f32 = 0.0016;
/// How far a vertex is lifted off its surface, and how much nearer an occluder must be to count, in metres.
const LIFT: f32 = 0.0012;
const BIAS: f32 = 0.0025;
/// What even a buried vertex keeps: light that bounced.
const FLOOR: f32 = 0.12;

/// Fills in `openness` where a part has none. Parts in `casts` shade others; all are in metres in one space.
pub fn measure(parts: &mut [(&mut Part, bool)]) {
    let triangles: Vec<[Vec3; 3]> = parts
        .iter()
        .filter(|(_, casts)| *casts)
        .flat_map(|(part, _)| {
            mesh::triangles(&part.positions, &part.quads).into_iter().map(|t| t.map(|v| part.positions[v as usize])).collect::<Vec<_>>()
        })
        .collect();
    let receivers: Vec<(Vec3, Vec3)> = parts
        .iter()
        .filter(|(part, _)| part.openness.is_empty())
        .flat_map(|(part, _)| part.positions.iter().copied().zip(mesh::normals(&part.positions, &part.quads)).collect::<Vec<_>>())
        .collect();
    let open = openness(&triangles, &receivers);
    let mut open = open.as_slice();
    for (part, _) in parts.iter_mut().filter(|(part, _)| part.openness.is_empty()) {
        let (mine, rest) = open.split_at(part.positions.len());
        part.openness = smooth(mine.to_vec(), &super::topology::neighbours(mine.len(), &part.quads));
        open = rest;
    }
}

/// The visible, cosine-weighted share of the directions for each (position, normal); the sky counts more than the ground.
fn openness(triangles: &[[Vec3; 3]], receivers: &[(Vec3, Vec3)]) -> Vec<f32> {
    let directions: Vec<Vec3> = (0..DIRECTIONS).map(fibonacci).filter(|d| d.y > -0.75).collect();
    let seen: Vec<Vec<(f32, f32)>> = directions
        .par_iter()
        .map(|&d| {
            let map = DepthMap::new(d, triangles);
            let sky = 0.55 + 0.45 * d.y;
            receivers
                .iter()
                .map(|&(p, n)| {
                    let weight = n.dot(d).max(0.0) * sky;
                    let visible = weight > 0.0 && map.sees(p + n * LIFT);
                    (weight, if visible { weight } else { 0.0 })
                })
                .collect()
        })
        .collect();
    (0..receivers.len())
        .map(|i| {
            let (all, open) = seen.iter().fold((1e-6, 0.0), |(a, o), s| (a + s[i].0, o + s[i].1));
            FLOOR + (1.0 - FLOOR) * open / all
        })
        .collect()
}

/// The i-th of evenly spread directions on a golden-angle spiral.
fn fibonacci(i: usize) -> Vec3 {
    let k = i as f32 + 0.5;
    let y = 1.0 - 2.0 * k / DIRECTIONS as f32;
    let (sin, cos) = (std::f32::consts::PI * (1.0 + 5f32.sqrt()) * k).sin_cos();
    let r = (1.0 - y * y).sqrt();
    Vec3::new(cos * r, y, sin * r)
}

/// Depth along one direction over the plane across it; greater is nearer to the sky.
struct DepthMap {
    right: Vec3,
    up: Vec3,
    towards: Vec3,
    corner: Vec2,
    width: usize,
    height: usize,
    depth: Vec<f32>,
}

impl DepthMap {
    fn new(towards: Vec3, triangles: &[[Vec3; 3]]) -> DepthMap {
        let right = Vec3::new(0.0, 1.0, 0.1).cross(towards).normalize();
        let up = towards.cross(right);
        let flat = |p: Vec3| Vec2::new(p.dot(right), p.dot(up));
        let (mut low, mut high) = (Vec2::INFINITY, Vec2::NEG_INFINITY);
        for p in triangles.iter().flatten() {
            low = low.min(flat(*p));
            high = high.max(flat(*p));
        }
        let size = if triangles.is_empty() { Vec2::ZERO } else { (high - low) / TEXEL };
        let (width, height) = (size.x as usize + 1, size.y as usize + 1);
        let corner = if triangles.is_empty() { Vec2::ZERO } else { low };
        let mut map = DepthMap { right, up, towards, corner, width, height, depth: vec![f32::NEG_INFINITY; width * height] };
        for t in triangles {
            map.draw(t);
        }
        map
    }

    /// Texel coordinates and depth.
    fn project(&self, p: Vec3) -> Vec3 {
        let flat = (Vec2::new(p.dot(self.right), p.dot(self.up)) - self.corner) / TEXEL;
        flat.extend(p.dot(self.towards))
    }

    fn draw(&mut self, triangle: &[Vec3; 3]) {
        let [a, b, c] = triangle.map(|p| self.project(p));
        let cross = |p: Vec3, q: Vec3, x: f32, y: f32| (q.x - p.x) * (y - p.y) - (q.y - p.y) * (x - p.x);
        let area = cross(a, b, c.x, c.y);
        if area.abs() < 1e-9 {
            return;
        }
        let range = |f: fn(Vec3) -> f32, limit: usize| {
            let low = f(a).min(f(b)).min(f(c)).max(0.0) as usize;
            low..(f(a).max(f(b)).max(f(c)).ceil() as usize).min(limit)
        };
        for y in range(|p| p.y, self.height) {
            for x in range(|p| p.x, self.width) {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let (u, v) = (cross(c, a, px, py) / area, cross(a, b, px, py) / area);
                let w = 1.0 - u - v;
                if u >= 0.0 && v >= 0.0 && w >= 0.0 {
                    let depth = a.z * w + b.z * u + c.z * v;
                    let texel = &mut self.depth[y * self.width + x];
                    *texel = texel.max(depth);
                }
            }
        }
    }

    fn sees(&self, p: Vec3) -> bool {
        let q = self.project(p);
        let (x, y) = ((q.x.max(0.0) as usize).min(self.width - 1), (q.y.max(0.0) as usize).min(self.height - 1));
        q.z > self.depth[y * self.width + x] - BIAS
    }
}

/// Three passes of averaging with the neighbours.
fn smooth(mut values: Vec<f32>, neighbours: &[Vec<u32>]) -> Vec<f32> {
    for _ in 0..3 {
        let before = values.clone();
        for (value, around) in values.iter_mut().zip(neighbours).filter(|(_, around)| !around.is_empty()) {
            let mean = around.iter().map(|&n| before[n as usize]).sum::<f32>() / around.len() as f32;
            *value = 0.4 * *value + 0.6 * mean;
        }
    }
    values
}
