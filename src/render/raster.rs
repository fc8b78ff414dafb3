//! The visibility buffer: which triangle is nearest at four samples of every pixel, tile by tile.
//!
//! Depth is 1/z, which is affine on the screen: larger is nearer. Edge functions of a shared edge are exact negatives of
//! each other, so that inclusive tests leave no cracks.

use super::lanes::{F8, f};

/// Side of a tile in pixels.
pub const TILE: usize = 32;
const BLOCKS: usize = TILE / 8;
/// Sample positions within a pixel: the standard rotated grid of graphics hardware.
pub const SAMPLES: [[f32; 2]; 4] = [[-0.125, -0.375], [0.375, -0.125], [-0.375, 0.125], [0.125, 0.375]];

/// A vertex on the screen: x, y in pixels (y down), 1/depth.
pub type Screen = [f32; 3];

/// Depth and triangle of every sample of a tile. Triangles are kept as the bits of `number + 1`; 0 is empty.
pub struct Tile {
    depth: Vec<F8>,
    ids: Vec<F8>,
}

/// A run of samples of one pixel that lie on the same surface.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    pub triangle: u32,
    /// Place in the tile, row by row.
    pub pixel: u16,
    /// Samples covered, 1..=4.
    pub weight: u16,
}

/// Twice the signed area; positive where the triangle faces the camera.
pub fn facing(v: &[Screen; 3]) -> f32 {
    (v[2][0] - v[0][0]) * (v[1][1] - v[0][1]) - (v[1][0] - v[0][0]) * (v[2][1] - v[0][1])
}

impl Tile {
    pub fn new() -> Tile {
        Tile { depth: vec![F8::ZERO; 4 * BLOCKS * TILE], ids: vec![F8::ZERO; 4 * BLOCKS * TILE] }
    }

    pub fn clear(&mut self) {
        self.depth.fill(F8::ZERO);
        self.ids.fill(F8::ZERO);
    }

    /// 1/depth of the farthest sample: nothing farther can show.
    pub fn farthest(&self) -> f32 {
        self.depth.iter().fold(f(f32::MAX), |a, b| a.fast_min(*b)).as_array().iter().copied().fold(f32::MAX, f32::min)
    }

    /// Enters a triangle, either way round. `origin` is the tile's first pixel.
    pub fn draw(&mut self, origin: [f32; 2], v: &[Screen; 3], number: u32) {
        let p = [0, 1, 2].map(|i| [v[i][0] - origin[0], v[i][1] - origin[1], v[i][2]]);
        let area = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
        let p = if area > 0.0 { p } else { [p[0], p[2], p[1]] };
        let area = area.abs();
        if !(area > 1e-12) {
            return;
        }
        let Some((rows, blocks)) = extent(&p) else { return };
        // Edge k runs from vertex k to the next: e(x, y) = a x + b y + c, positive inside.
        let edge = |i: usize, j: usize| [p[i][1] - p[j][1], p[j][0] - p[i][0], p[i][0] * p[j][1] - p[j][0] * p[i][1]];
        let edges = [edge(0, 1), edge(1, 2), edge(2, 0)];
        let inverse = 1.0 / area;
        let plane = [0, 1, 2].map(|c| (edges[1][c] * p[0][2] + edges[2][c] * p[1][2] + edges[0][c] * p[2][2]) * inverse);
        let shift = |e: &[f32; 3]| SAMPLES.map(|s| f(e[0] * s[0] + e[1] * s[1]));
        let shifts = [shift(&edges[0]), shift(&edges[1]), shift(&edges[2])];
        let lift = shift(&plane);
        let id = f(f32::from_bits(number + 1));
        let lanes = F8::new([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]);
        for row in rows {
            let y = row as f32 + 0.5;
            let starts = edges.map(|e| f(e[1] * y + e[2]));
            let depth = f(plane[1] * y + plane[2]);
            for block in blocks.clone() {
                let x = lanes + f(block as f32 * 8.0);
                let e = [0, 1, 2].map(|k| f(edges[k][0]) * x + starts[k]);
                let inside = [0, 1, 2, 3].map(|s: usize| (e[0] + shifts[0][s]).fast_min(e[1] + shifts[1][s]).fast_min(e[2] + shifts[2][s]));
                let any = inside[0].fast_max(inside[1]).fast_max(inside[2].fast_max(inside[3]));
                if any.simd_ge(F8::ZERO).to_bitmask() == 0 {
                    continue;
                }
                let depth = f(plane[0]) * x + depth;
                let at = (row * BLOCKS + block) * 4;
                for s in 0..4 {
                    let (old, new) = (self.depth[at + s], depth + lift[s]);
                    let wins = inside[s].simd_ge(F8::ZERO) & new.simd_gt(old);
                    self.depth[at + s] = wins.select(new, old);
                    self.ids[at + s] = wins.select(id, self.ids[at + s]);
                }
            }
        }
    }

    /// Groups the samples of every pixel by surface and hands each group to `emit`. Samples on the same part (`same`)
    /// within 1 % of depth are one group: they are shaded once.
    pub fn resolve(&self, same: impl Fn(u32, u32) -> bool, mut emit: impl FnMut(Fragment)) {
        for at in 0..BLOCKS * TILE {
            let ids: [[f32; 8]; 4] = std::array::from_fn(|s| self.ids[at * 4 + s].to_array());
            let depths: [[f32; 8]; 4] = std::array::from_fn(|s| self.depth[at * 4 + s].to_array());
            for lane in 0..8 {
                let pixel = (at / BLOCKS * TILE + at % BLOCKS * 8 + lane) as u16;
                let id = [0, 1, 2, 3].map(|s: usize| ids[s][lane].to_bits());
                if id[0] == id[1] && id[1] == id[2] && id[2] == id[3] {
                    if id[0] != 0 {
                        emit(Fragment { triangle: id[0] - 1, pixel, weight: 4 });
                    }
                    continue;
                }
                let mut taken = id.map(|i| i == 0);
                for s in 0..4 {
                    if taken[s] {
                        continue;
                    }
                    let mut weight = 1;
                    for t in s + 1..4 {
                        let near = (depths[t][lane] - depths[s][lane]).abs() < 0.01 * depths[s][lane];
                        if !taken[t] && (id[t] == id[s] || near && same(id[t] - 1, id[s] - 1)) {
                            taken[t] = true;
                            weight += 1;
                        }
                    }
                    emit(Fragment { triangle: id[s] - 1, pixel, weight });
                }
            }
        }
    }
}

type Extent = (std::ops::Range<usize>, std::ops::Range<usize>);

/// Rows and blocks of a tile that samples of a triangle can lie in; `None` where there are none.
fn extent(p: &[Screen; 3]) -> Option<Extent> {
    let least = |c: usize| p[0][c].min(p[1][c]).min(p[2][c]);
    let most = |c: usize| p[0][c].max(p[1][c]).max(p[2][c]);
    let first = |low: f32| (low - 0.875).ceil().max(0.0);
    let last = |high: f32| (high - 0.125).floor().min(TILE as f32 - 1.0);
    let (y0, y1, x0, x1) = (first(least(1)), last(most(1)), first(least(0)), last(most(0)));
    // Written so that a NaN leaves nothing.
    if y0 <= y1 && x0 <= x1 {
        return Some((y0 as usize..y1 as usize + 1, x0 as usize / 8..x1 as usize / 8 + 1));
    }
    None
}
