//! The visibility buffer: which triangle is nearest at four samples of every pixel, tile by tile.
//!
//! Depth is 1/z, which is affine on the screen: larger is nearer. Edge functions of a shared edge are exact negatives of
//! each other, so that inclusive tests leave no cracks.

use super::lanes::{F8, f};
use std::ops::Range;
use wide::i32x8;

/// Side of a tile in pixels.
pub const TILE: usize = 32;
/// Eight pixels are a block of 4 by 2, which fits small triangles better than a row.
const WIDE: usize = 4;
const HIGH: usize = 2;
const BLOCKS: usize = TILE / WIDE;
/// Side in pixels of the squares whose farthest depth is known.
const SQUARE: usize = 8;
const SQUARES: usize = TILE / SQUARE;
/// Sample positions within a pixel: the standard rotated grid of graphics hardware.
pub const SAMPLES: [[f32; 2]; 4] = [[-0.125, -0.375], [0.375, -0.125], [-0.375, 0.125], [0.125, 0.375]];

/// A vertex on the screen: x, y in pixels (y down), 1/depth, 0.
pub type Screen = [f32; 4];

/// Depth and triangle of every sample of a tile. Triangles are kept as the bits of `number + 1`; 0 is empty.
pub struct Tile {
    depth: Vec<F8>,
    ids: Vec<F8>,
    /// 1/depth of the farthest sample of every square, as of the last [`Tile::measure`].
    far: [f32; SQUARES * SQUARES],
}

/// A run of samples of one pixel that lie on the same surface.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    pub triangle: u32,
    /// Place in the tile, row by row.
    pub pixel: u16,
    /// The samples, as bits.
    pub samples: u16,
}

impl Fragment {
    /// Number of samples, 1..=4.
    #[inline(always)]
    pub fn weight(&self) -> f32 {
        self.samples.count_ones() as f32
    }
}

/// Twice the signed area; positive where the triangle faces the camera.
pub fn facing(v: &[Screen; 3]) -> f32 {
    (v[2][0] - v[0][0]) * (v[1][1] - v[0][1]) - (v[1][0] - v[0][0]) * (v[2][1] - v[0][1])
}

impl Tile {
    pub fn new() -> Tile {
        let samples = 4 * TILE * TILE / 8;
        Tile { depth: vec![F8::ZERO; samples], ids: vec![F8::ZERO; samples], far: [0.0; SQUARES * SQUARES] }
    }

    pub fn clear(&mut self) {
        self.depth.fill(F8::ZERO);
        self.ids.fill(F8::ZERO);
        self.far.fill(0.0);
    }

    /// Looks up how far one can see in every square; returns the farthest of all, beyond which nothing can show.
    pub fn measure(&mut self) -> f32 {
        const ROWS: usize = SQUARE / HIGH;
        const SPAN: usize = SQUARE / WIDE * 4;
        for (i, far) in self.far.iter_mut().enumerate() {
            let first = (i / SQUARES * ROWS * BLOCKS + i % SQUARES * (SQUARE / WIDE)) * 4;
            let rows = (0..ROWS).map(|r| &self.depth[first + r * BLOCKS * 4..][..SPAN]);
            let least = rows.flatten().fold(f(f32::MAX), |a, b| a.fast_min(*b));
            *far = least.as_array().iter().copied().fold(f32::MAX, f32::min);
        }
        self.far.iter().copied().fold(f32::MAX, f32::min)
    }

    /// Enters a triangle, either way round. `origin` is the tile's first pixel; `solid` has, for the middles of eight pixels, a
    /// mask of each sample: where the surface has no hole.
    pub fn draw(&mut self, origin: [f32; 2], v: &[Screen; 3], number: u32, solid: impl Fn(F8, F8) -> [F8; 4]) {
        let id = f(f32::from_bits(number + 1));
        let (depths, ids) = (&mut self.depth, &mut self.ids);
        scan(&self.far, origin, v, |at, x, y, inside, depth| {
            let there = solid(x, y);
            for s in 0..4 {
                let old = depths[at + s];
                let wins = inside[s].simd_ge(F8::ZERO) & depth[s].simd_gt(old) & there[s];
                depths[at + s] = wins.select(depth[s], old);
                ids[at + s] = wins.select(id, ids[at + s]);
            }
        });
    }

    /// Finds where a triangle shows in front of all that was entered, and enters nothing: samples of each pixel go to `emit`.
    pub fn look(&self, origin: [f32; 2], v: &[Screen; 3], number: u32, mut emit: impl FnMut(Fragment)) {
        scan(&self.far, origin, v, |at, _, _, inside, depth| {
            let shows = |s: usize| (inside[s].simd_ge(F8::ZERO) & depth[s].simd_gt(self.depth[at + s])).to_bitmask();
            let shows = [shows(0), shows(1), shows(2), shows(3)];
            for lane in 0..8 {
                let samples = (0..4).fold(0, |bits, s| bits | ((shows[s] >> lane & 1) as u16) << s);
                if samples > 0 {
                    emit(Fragment { triangle: number, pixel: pixel(at / 4, lane), samples });
                }
            }
        });
    }
    /// Groups the samples of every pixel by surface and hands each group to `emit`. Samples on the same part (`same`)
    /// within 1 % of depth are one group: they are shaded once.
    pub fn resolve(&self, same: impl Fn(u32, u32) -> bool, mut emit: impl FnMut(Fragment)) {
        for at in 0..TILE * TILE / 8 {
            let ids: [i32x8; 4] = [0, 1, 2, 3].map(|s| bytemuck::cast(self.ids[at * 4 + s]));
            let differ = (ids[0] ^ ids[1]) | (ids[0] ^ ids[2]) | (ids[0] ^ ids[3]);
            if (ids[0] | differ).simd_eq(i32x8::ZERO).all() {
                continue;
            }
            let (first, differ) = (ids[0].to_array(), differ.to_array());
            for lane in 0..8 {
                let pixel = pixel(at, lane);
                if differ[lane] == 0 {
                    if first[lane] != 0 {
                        emit(Fragment { triangle: first[lane] as u32 - 1, pixel, samples: 15 });
                    }
                    continue;
                }
                let id = [0, 1, 2, 3].map(|s: usize| ids[s].as_array()[lane] as u32);
                let depth = [0, 1, 2, 3].map(|s: usize| self.depth[at * 4 + s].as_array()[lane]);
                let mut taken = id.map(|i| i == 0);
                for s in 0..4 {
                    if taken[s] {
                        continue;
                    }
                    let mut samples = 1 << s;
                    for t in s + 1..4 {
                        let near = (depth[t] - depth[s]).abs() < 0.01 * depth[s];
                        if !taken[t] && (id[t] == id[s] || near && same(id[t] - 1, id[s] - 1)) {
                            taken[t] = true;
                            samples |= 1 << t;
                        }
                    }
                    emit(Fragment { triangle: id[s] - 1, pixel, samples });
                }
            }
        }
    }
}

/// Whether all squares that a triangle can touch are nearer than its nearest vertex.
fn hides(far: &[f32; SQUARES * SQUARES], rows: &Range<usize>, blocks: &Range<usize>, nearest: f32) -> bool {
    let rows = rows.start * HIGH / SQUARE..=(rows.end * HIGH - 1) / SQUARE;
    let columns = blocks.start * WIDE / SQUARE..=(blocks.end * WIDE - 1) / SQUARE;
    rows.into_iter().all(|r| columns.clone().all(|c| far[r * SQUARES + c] >= nearest))
}

/// Nowhere a hole.
pub fn solid(_: F8, _: F8) -> [F8; 4] {
    [f(f32::from_bits(u32::MAX)); 4]
}

/// Place in the tile of a lane of a block.
fn pixel(block: usize, lane: usize) -> u16 {
    let (x, y) = (block % BLOCKS * WIDE + lane % WIDE, block / BLOCKS * HIGH + lane / WIDE);
    (y * TILE + x) as u16
}

type Extent = (Range<usize>, Range<usize>);

/// Rows of blocks, and blocks of a row, of a tile that samples of a triangle can lie in; `None` where there are none.
fn extent(p: &[[f32; 3]; 3]) -> Option<Extent> {
    let least = |c: usize| p[0][c].min(p[1][c]).min(p[2][c]);
    let most = |c: usize| p[0][c].max(p[1][c]).max(p[2][c]);
    let first = |low: f32| ceil(low - 0.875);
    let last = |high: f32| ((high - 0.125 + 1.0).max(0.0) as usize).min(TILE);
    let (y0, y1, x0, x1) = (first(least(1)), last(most(1)), first(least(0)), last(most(0)));
    // Ends are exclusive.
    if y0 < y1 && x0 < x1 {
        return Some((y0 / HIGH..(y1 - 1) / HIGH + 1, x0 / WIDE..(x1 - 1) / WIDE + 1));
    }
    None
}

/// Rounds up, and negatives to 0; cheaper than `f32::ceil` where the target has no instruction for it.
fn ceil(x: f32) -> usize {
    let whole = x.max(0.0) as usize;
    whole + (x > whole as f32) as usize
}

/// Walks the blocks of a tile that a triangle touches and that are not known to be hidden. `visit` gets the place of the block's
/// first sample, the middles of its eight pixels, and for each sample a number that is not negative inside, and 1/depth.
#[inline(always)]
fn scan(far: &[f32; SQUARES * SQUARES], origin: [f32; 2], v: &[Screen; 3], mut visit: impl FnMut(usize, F8, F8, [F8; 4], [F8; 4])) {
    let p = [0, 1, 2].map(|i| [v[i][0] - origin[0], v[i][1] - origin[1], v[i][2]]);
    let area = (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1]);
    let p = if area > 0.0 { p } else { [p[0], p[2], p[1]] };
    let area = area.abs();
    if area.is_nan() || area <= 1e-12 {
        return;
    }
    let Some((rows, blocks)) = extent(&p) else { return };
    if hides(far, &rows, &blocks, p[0][2].max(p[1][2]).max(p[2][2])) {
        return;
    }
    // Edge k runs from vertex k to the next: e(x, y) = a x + b y + c, positive inside.
    let edge = |i: usize, j: usize| [p[i][1] - p[j][1], p[j][0] - p[i][0], p[i][0] * p[j][1] - p[j][0] * p[i][1]];
    let edges = [edge(0, 1), edge(1, 2), edge(2, 0)];
    let inverse = 1.0 / area;
    let plane = [0, 1, 2].map(|c| (edges[1][c] * p[0][2] + edges[2][c] * p[1][2] + edges[0][c] * p[2][2]) * inverse);
    let shift = |e: &[f32; 3]| SAMPLES.map(|s| f(e[0] * s[0] + e[1] * s[1]));
    let shifts = [shift(&edges[0]), shift(&edges[1]), shift(&edges[2])];
    let lift = shift(&plane);
    let (x_lanes, y_lanes) = (F8::new([0.5, 1.5, 2.5, 3.5, 0.5, 1.5, 2.5, 3.5]), F8::new([0.5, 0.5, 0.5, 0.5, 1.5, 1.5, 1.5, 1.5]));
    for row in rows {
        let y = y_lanes + f((row * HIGH) as f32);
        let starts = edges.map(|e| f(e[1]) * y + f(e[2]));
        let depth = f(plane[1]) * y + f(plane[2]);
        for block in blocks.clone() {
            let x = x_lanes + f((block * WIDE) as f32);
            let e = [0, 1, 2].map(|k| f(edges[k][0]) * x + starts[k]);
            let inside = |s: usize| (e[0] + shifts[0][s]).fast_min(e[1] + shifts[1][s]).fast_min(e[2] + shifts[2][s]);
            let inside = [inside(0), inside(1), inside(2), inside(3)];
            let any = inside[0].fast_max(inside[1]).fast_max(inside[2].fast_max(inside[3]));
            if any.simd_ge(F8::ZERO).to_bitmask() == 0 {
                continue;
            }
            let depth = f(plane[0]) * x + depth;
            let at = (row * BLOCKS + block) * 4;
            visit(at, x + f(origin[0]), y + f(origin[1]), inside, lift.map(|l| depth + l));
        }
    }
}
