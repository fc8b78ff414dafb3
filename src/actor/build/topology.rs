//! The head's cage: a grid in the flat map of azimuth and elevation, with closed loops around eyes and mouth.
//!
//! The front of the head is star-shaped from the origin, so a vertex is one ray cast through the surface. Three blocks of
//! grid cells are taken out and filled with rings that have exactly the block's perimeter count: all faces are quads and
//! irregular vertices lie only at block corners. Under the chin the ray's origin slides down the neck, which covers the
//! throat without a second patch. The lips are no part of the surface: they are laid on the muzzle by explicit profiles.

use super::Parameters;
use super::creases::AGE;
use super::eye_frame::EyeFrame;
use super::math::{angles, bell, direction, lerp, mirrored, smoothstep};
use super::surface::Surface;
use glam::Vec3;

/// Where a vertex sits in the layout; deformers read their masks from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Grid,
    /// On a ring around an eye: `s` 0 at the block, 1 at the rim; `u` across; `ring` 0 at the rim, positive inside.
    Lid {
        side: f32,
        s: f32,
        u: f32,
        upper: bool,
        ring: i32,
    },
    /// On a ring around the mouth: `s` -1 at the block, 0 at the lip border, 1 at the contact line, 1 + depth inside;
    /// `t` from the right corner (-1) to the left (1).
    Mouth {
        s: f32,
        t: f32,
        upper: bool,
    },
}

/// The head's mesh in centimetres.
pub struct Cage {
    pub positions: Vec<Vec3>,
    pub places: Vec<Place>,
    pub quads: Vec<[u32; 4]>,
    /// Rings around the left and the right eye from the block to behind the lid; vertex k faces vertex N - k.
    pub eyes: [Vec<Vec<u32>>; 2],
    /// Number of the ring that is the rim in `eyes`.
    pub rim: usize,
    /// Rings around the mouth from the block to deep inside.
    pub mouth: Vec<Vec<u32>>,
    /// Numbers of the lip border and of the contact line in `mouth`.
    pub border: usize,
    pub contact: usize,
}

/// The lips' curves over `t` in -1..=1, centimetres.
pub struct Lips {
    pub y: f32,
    pub half_width: f32,
    upper: f32,
    lower: f32,
    /// How far the lips stand out, 1 is usual.
    fullness: f32,
}

impl Lips {
    pub fn new(p: &Parameters) -> Lips {
        let m = &p.mouth;
        Lips { y: m.height, half_width: m.half_width, upper: m.upper_lip, lower: m.lower_lip, fullness: m.fullness }
    }

    /// Height of the line where the lips touch.
    pub fn contact(&self, t: f32) -> f32 {
        self.y + 0.3 * t.abs().powf(2.2) - 0.05 * bell(t, 0.16)
    }

    /// Height of the vermilion border; the upper one has the Cupid's bow.
    fn border(&self, t: f32, upper: bool) -> f32 {
        let arch = |power: f32| (1.0 - t.abs().powf(power)).max(0.0);
        if upper {
            self.contact(t) + self.upper * arch(2.1).powf(0.85) + 0.07 * bell(t.abs() - 0.22, 0.13) - 0.07 * bell(t, 0.12)
        } else {
            self.contact(t) - self.lower * arch(2.3).powf(0.8)
        }
    }
}

const EYE_RINGS: usize = 9;
const MOUTH_RINGS: usize = 8;
const LIP_RINGS: usize = 6;
/// Lid edge and the surface behind it: radius relative to (lid radius, eye radius), degrees behind the rim.
const LID_EDGE: [(bool, f32, f32); 3] = [(true, -0.03, 1.2), (false, 0.03, 2.2), (false, 0.02, 7.0)];
/// The pocket behind the lips: depth behind the contact line and half height.
const POCKET: [(f32, f32); 6] = [(0.22, 0.06), (0.42, 0.30), (0.65, 0.85), (1.2, 1.4), (2.6, 1.7), (4.5, 1.7)];

/// Azimuths of one half and the columns where blocks begin and end.
struct Columns {
    half: Vec<f32>,
    eye: (usize, usize),
    mouth: usize,
}

fn columns() -> Columns {
    let (nose, eye) = (6, 20);
    let mut half: Vec<f32> = (0..=nose).map(|i| 8.8 * i as f32 / nose as f32).collect();
    half.extend((1..=eye).map(|i| 8.8 + 41.8 * i as f32 / eye as f32));
    // Behind the temple the spacing grows steadily, so that shading shows no step.
    let (last, behind, first) = (180.0 - 50.6, 16, 2.3);
    let growth = geometric_growth(first, behind, last);
    let mut step = first;
    for _ in 0..behind {
        half.push(half[half.len() - 1] + step);
        step *= growth;
    }
    if let Some(back) = half.last_mut() {
        *back = 180.0;
    }
    Columns { half, eye: (nose, nose + eye), mouth: nose + 8 }
}

/// The ratio with which `count` steps from `first` add up to `total`.
fn geometric_growth(first: f32, count: usize, total: f32) -> f32 {
    let sum = |q: f32| (0..count).map(|i| first * q.powi(i as i32)).sum::<f32>();
    let (mut low, mut high) = (1.0, 2.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if sum(middle) < total { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// A row of the grid: ray origin and elevation.
struct Row {
    origin: Vec3,
    elevation: f32,
}

struct Rows {
    rows: Vec<Row>,
    eye: (usize, usize),
    mouth: (usize, usize),
}

fn rows() -> Rows {
    // Few rows under the hair, dense ones on the forehead, which wrinkles.
    let mut elevations: Vec<f32> = (0..5).map(|i| lerp(88.0, 46.0, i as f32 / 5.0)).collect();
    elevations.extend((0..=10).map(|i| lerp(46.0, 17.6, i as f32 / 10.0)));
    let top = elevations.len() - 1;
    // The nose lies between -11 and -22 degrees and gets the denser rows.
    for (to, count) in [(-11.0, 13), (-17.875, 5), (-22.0, 3), (-48.4, 12)] {
        let from = elevations[elevations.len() - 1];
        elevations.extend((1..=count).map(|i| lerp(from, to, i as f32 / count as f32)));
    }
    let mouth = (top + 21, top + 33);
    let mut rows: Vec<Row> = elevations.into_iter().map(|elevation| Row { origin: Vec3::ZERO, elevation }).collect();
    rows.extend((1..=11).map(|i| {
        let q = i as f32 / 12.0;
        Row {
            origin: Vec3::new(0.0, -17.5 * q.powf(1.1), -3.2 * smoothstep(0.0, 0.75, q)),
            elevation: -48.4 + 45.4 * smoothstep(0.0, 0.85, q),
        }
    }));
    Rows { rows, eye: (top, top + 18), mouth }
}

/// A block of cells between two rows and two columns, which becomes a hole.
#[derive(Clone, Copy)]
struct Block {
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Block {
    fn holds_vertex(&self, row: usize, column: usize) -> bool {
        self.rows.0 < row && row < self.rows.1 && self.columns.0 < column && column < self.columns.1
    }

    fn holds_cell(&self, row: usize, column: usize) -> bool {
        (self.rows.0..self.rows.1).contains(&row) && (self.columns.0..self.columns.1).contains(&column)
    }

    /// (row, column) around the hole, from the middle of the low-column side over the top: vertex k faces vertex N - k.
    fn perimeter(&self) -> Vec<(usize, usize)> {
        let ((r0, r1), (c0, c1)) = (self.rows, self.columns);
        let middle = (r0 + r1) / 2;
        let mut out: Vec<(usize, usize)> = (r0 + 1..=middle).rev().map(|r| (r, c0)).collect();
        out.extend((c0..c1).map(|c| (r0, c)));
        out.extend((r0..r1).map(|r| (r, c1)));
        out.extend((c0 + 1..=c1).rev().map(|c| (r1, c)));
        out.extend((middle + 1..=r1).rev().map(|r| (r, c0)));
        out
    }
}

/// Lays out the head.
pub fn build(p: &Parameters, surface: &Surface, eye: &EyeFrame) -> Cage {
    let mut builder = Builder::grid(surface);
    let left = builder.eye_ring(1.0);
    let right = builder.eye_ring(-1.0);
    let eyes = [builder.fill_eye(1.0, &left, eye), builder.fill_eye(-1.0, &right, eye)];
    let mouth = builder.fill_mouth(&Lips::new(p));
    builder.relax();
    builder.crease_lids(eye);
    builder.wrinkle(p.wrinkles());
    Cage {
        positions: builder.positions,
        places: builder.places,
        quads: builder.quads,
        eyes,
        rim: EYE_RINGS,
        mouth,
        border: MOUTH_RINGS,
        contact: MOUTH_RINGS + LIP_RINGS,
    }
}

struct Builder<'a> {
    surface: &'a Surface,
    positions: Vec<Vec3>,
    places: Vec<Place>,
    quads: Vec<[u32; 4]>,
    /// Azimuth and elevation of the grid's vertices.
    flat: Vec<(f32, f32)>,
    /// Vertex number by row and column; `None` in holes.
    ids: Vec<Vec<Option<u32>>>,
    /// Blocks of the left eye, the right eye, the mouth.
    blocks: [Block; 3],
    /// Column of azimuth 0.
    centre: usize,
    /// Vertices that relaxation leaves alone: the first and the last row.
    edge: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn grid(surface: &'a Surface) -> Builder<'a> {
        let (columns, rows) = (columns(), rows());
        let n = columns.half.len();
        let azimuths: Vec<f32> = columns.half[1..].iter().rev().map(|a| -a).chain(columns.half[..n - 1].iter().copied()).collect();
        let centre = n - 1;
        let (e0, e1) = columns.eye;
        let blocks = [
            Block { rows: rows.eye, columns: (centre + e0, centre + e1) },
            Block { rows: rows.eye, columns: (centre - e1, centre - e0) },
            Block { rows: rows.mouth, columns: (centre - columns.mouth, centre + columns.mouth) },
        ];
        let mut b = Builder {
            surface,
            positions: Vec::new(),
            places: Vec::new(),
            quads: Vec::new(),
            flat: Vec::new(),
            ids: Vec::new(),
            blocks,
            centre,
            edge: Vec::new(),
        };
        for (r, row) in rows.rows.iter().enumerate() {
            let mut ids = Vec::with_capacity(azimuths.len());
            for (c, &azimuth) in azimuths.iter().enumerate() {
                if blocks.iter().any(|b| b.holds_vertex(r, c)) {
                    ids.push(None);
                    continue;
                }
                b.flat.push((azimuth, row.elevation));
                ids.push(Some(b.add(surface.project(row.origin, direction(azimuth, row.elevation)), Place::Grid)));
            }
            b.ids.push(ids);
        }
        b.edge = b.ids.first().into_iter().chain(b.ids.last()).flatten().flatten().copied().collect();
        b.grid_quads(azimuths.len());
        b
    }

    fn grid_quads(&mut self, width: usize) {
        for r in 0..self.ids.len() - 1 {
            for c in 0..width {
                if self.blocks.iter().any(|b| b.holds_cell(r, c)) {
                    continue;
                }
                let next = (c + 1) % width;
                let corners = [self.ids[r][c], self.ids[r + 1][c], self.ids[r + 1][next], self.ids[r][next]];
                if let [Some(a), Some(b), Some(c), Some(d)] = corners {
                    self.quads.push([a, b, c, d]);
                }
            }
        }
    }

    fn add(&mut self, p: Vec3, place: Place) -> u32 {
        self.positions.push(p);
        self.places.push(place);
        (self.positions.len() - 1) as u32
    }

    fn perimeter(&self, block: usize, mirror: bool) -> Vec<u32> {
        let column = |c: usize| if mirror { 2 * self.centre - c } else { c };
        self.blocks[block].perimeter().into_iter().filter_map(|(r, c)| self.ids[r][column(c)]).collect()
    }

    /// The block's perimeter around one eye; the right one is listed as the mirror image of the left.
    fn eye_ring(&self, side: f32) -> Vec<u32> {
        self.perimeter(0, side < 0.0)
    }

    fn connect(&mut self, outer: &[u32], inner: &[u32], side: f32) {
        let n = outer.len();
        for k in 0..n {
            let next = (k + 1) % n;
            let quad = [outer[k], inner[k], inner[next], outer[next]];
            self.quads.push(if side > 0.0 { quad } else { [quad[3], quad[2], quad[1], quad[0]] });
        }
    }

    fn fill_eye(&mut self, side: f32, perimeter: &[u32], eye: &EyeFrame) -> Vec<Vec<u32>> {
        let n = perimeter.len();
        let spread: Vec<(f32, bool)> = (0..n).map(|k| across(k, n, 0.55)).collect();
        let rim_pitch = |u: f32, upper: bool| if upper { eye.upper_rim(u) } else { eye.lower_rim(u) };
        let mut rings = vec![perimeter.to_vec()];
        for j in 1..=EYE_RINGS {
            let s = j as f32 / EYE_RINGS as f32;
            let g = 1.0 - (1.0 - s).powf(1.35);
            let ring = (0..n)
                .map(|k| {
                    let (u, upper) = spread[k];
                    let rim = eye.point(u * eye.half_width, rim_pitch(u, upper), eye.lid_radius);
                    let from = self.flat[perimeter[k] as usize];
                    let to = angles(rim);
                    let flat = direction(lerp(from.0 * side, to.0, g), lerp(from.1, to.1, g));
                    let p = if j == EYE_RINGS { rim } else { self.surface.project(Vec3::ZERO, flat) };
                    let ring = j as i32 - EYE_RINGS as i32;
                    self.add(mirrored(p, side), Place::Lid { side, s, u, upper, ring })
                })
                .collect();
            rings.push(ring);
        }
        for (j, &(outer, offset, behind)) in LID_EDGE.iter().enumerate() {
            let radius = offset + if outer { eye.lid_radius } else { eye.radius };
            let ring = (0..n)
                .map(|k| {
                    let (u, upper) = spread[k];
                    let away = behind * (1.0 - u.powi(4)).max(0.1) * if upper { 1.0 } else { -1.0 };
                    let p = eye.point(u * (eye.half_width + behind * 0.5), rim_pitch(u, upper) + away, radius);
                    self.add(mirrored(p, side), Place::Lid { side, s: 1.0, u, upper, ring: j as i32 + 1 })
                })
                .collect();
            rings.push(ring);
        }
        for pair in rings.windows(2) {
            self.connect(&pair[0], &pair[1], side);
        }
        rings
    }

    fn fill_mouth(&mut self, lips: &Lips) -> Vec<Vec<u32>> {
        let perimeter = self.perimeter(2, false);
        let n = perimeter.len();
        let spread: Vec<(f32, bool)> = (0..n).map(|k| across(k, n, 0.35)).collect();
        let contact: Vec<Vec3> = spread.iter().map(|&(t, _)| self.surface.front(t * lips.half_width, lips.contact(t))).collect();
        let border: Vec<Vec3> =
            spread.iter().map(|&(t, upper)| self.surface.front(t * (lips.half_width + 0.12), lips.border(t, upper))).collect();
        let mut rings = vec![perimeter.clone()];
        for j in 1..=MOUTH_RINGS {
            let s = j as f32 / MOUTH_RINGS as f32;
            let g = 1.0 - (1.0 - s).powf(1.25);
            let ring = (0..n)
                .map(|k| {
                    let (from, to) = (self.flat[perimeter[k] as usize], angles(border[k]));
                    let flat = direction(lerp(from.0, to.0, g), lerp(from.1, to.1, g));
                    let p = if j == MOUTH_RINGS { border[k] } else { self.surface.project(Vec3::ZERO, flat) };
                    self.add(p, Place::Mouth { s: s - 1.0, t: spread[k].0, upper: spread[k].1 })
                })
                .collect();
            rings.push(ring);
        }
        let mut last = Vec::new();
        for j in 1..=LIP_RINGS {
            let s = j as f32 / LIP_RINGS as f32;
            last = (0..n).map(|k| lip_profile(border[k], contact[k], s, spread[k], lips.fullness)).collect::<Vec<_>>();
            if j == LIP_RINGS {
                // The lower half copies the upper: at rest the lips touch exactly.
                for k in n / 2 + 1..n {
                    last[k] = last[n - k];
                }
            }
            rings.push((0..n).map(|k| self.add(last[k], Place::Mouth { s, t: spread[k].0, upper: spread[k].1 })).collect());
        }
        for (depth, height) in POCKET {
            let ring = (0..n)
                .map(|k| {
                    let (t, upper) = spread[k];
                    let rise = height * (1.0 - t.abs().powi(10)).max(0.0) * if upper { 1.0 } else { -1.0 };
                    let c = last[k];
                    // The cheeks' inside is wider than the lips: through a smile one sees its wall.
                    let p = Vec3::new(c.x * (1.0 + 0.42 * smoothstep(0.2, 1.6, depth)), c.y + rise, c.z - depth);
                    self.add(p, Place::Mouth { s: 1.0 + depth, t, upper })
                })
                .collect();
            rings.push(ring);
        }
        for pair in rings.windows(2) {
            self.connect(&pair[0], &pair[1], 1.0);
        }
        self.close_throat(&rings[rings.len() - 1]);
        rings
    }

    /// Zips the last ring's upper and lower half together.
    fn close_throat(&mut self, ring: &[u32]) {
        let n = ring.len();
        for k in 0..n / 2 {
            self.quads.push([ring[k], ring[(n - k) % n], ring[n - k - 1], ring[k + 1]]);
        }
    }

    /// Evens out the cage in space, keeping it on the surface; rims, lips and edges stay.
    fn relax(&mut self) {
        let neighbours = neighbours(self.positions.len(), &self.quads);
        let mut free: Vec<bool> = self
            .places
            .iter()
            .map(|place| match *place {
                Place::Grid => true,
                Place::Lid { ring, .. } => ring < -2,
                Place::Mouth { s, .. } => s < -0.12,
            })
            .collect();
        for &v in &self.edge {
            free[v as usize] = false;
        }
        for _ in 0..6 {
            let before = self.positions.clone();
            for (v, around) in neighbours.iter().enumerate().filter(|(v, _)| free[*v]) {
                let mean = around.iter().map(|&n| before[n as usize]).sum::<Vec3>() / around.len() as f32;
                self.positions[v] = self.surface.settle(before[v].lerp(mean, 0.6));
            }
        }
    }

    /// The furrows of age.
    fn wrinkle(&mut self, amount: f32) {
        if amount <= 0.0 {
            return;
        }
        let normals = super::mesh::normals(&self.positions, &self.quads);
        for ((position, normal), place) in self.positions.iter_mut().zip(normals).zip(&self.places) {
            let free = match *place {
                Place::Grid => 1.0,
                Place::Lid { s, .. } => 1.0 - smoothstep(0.45, 0.85, s),
                Place::Mouth { s, .. } => smoothstep(-0.15, -0.5, s),
            };
            let left = mirrored(*position, if position.x < 0.0 { -1.0 } else { 1.0 });
            *position += normal * (amount * free * AGE.iter().map(|c| c.height(left)).sum::<f32>());
        }
    }

    /// The groove above the upper lid and the soft fold over it.
    fn crease_lids(&mut self, eye: &EyeFrame) {
        let normals = super::mesh::normals(&self.positions, &self.quads);
        for ((position, normal), place) in self.positions.iter_mut().zip(normals).zip(&self.places) {
            for side in [1.0, -1.0] {
                let (a, b, r, depth) = eye.coordinates(mirrored(*position, side));
                let on_rim = matches!(*place, Place::Lid { side: s, ring, .. } if s == side && ring >= -1);
                if depth <= 0.0 || r >= eye.radius * 1.6 || on_rim {
                    continue;
                }
                let u = a / eye.half_width;
                let above = b - eye.upper_rim(u.clamp(-1.0, 1.0));
                let fold = -0.11 * bell(above - 8.5, 2.3) + 0.07 * bell(above - 14.5, 4.0);
                *position += normal * (fold * (1.0 - u.abs().powi(3)).max(0.0));
            }
        }
    }
}

/// Position across an opening of ring vertex `k` of `n` (-1..=1, denser at the corners by `cosine`) and whether it is above.
fn across(k: usize, n: usize, cosine: f32) -> (f32, bool) {
    let half = n / 2;
    let upper = k <= half;
    let f = if upper { k } else { n - k } as f32 / half as f32;
    (cosine * -(std::f32::consts::PI * f).cos() + (1.0 - cosine) * (2.0 * f - 1.0), upper)
}

/// A point between lip border (s = 0) and contact line (s = 1): a straight line with the lip's bulge and its tubercle.
fn lip_profile(border: Vec3, contact: Vec3, s: f32, (t, upper): (f32, bool), fullness: f32) -> Vec3 {
    let arch = (1.0 - t * t).max(0.0);
    let tubercle = bell(t, 0.2);
    let profile = (std::f32::consts::PI * s.powf(0.8)).sin().max(0.0).powf(0.9);
    let thickness = fullness * if upper { 0.25 + 0.07 * tubercle } else { 0.4 - 0.04 * tubercle };
    let mut p = border.lerp(contact, s);
    p.z += thickness * arch.powf(0.6) * profile * 0.97 - 0.16 * s.powi(3) - 0.05 * s;
    p.y += if upper { 0.10 } else { -0.16 } * arch * profile * (1.0 - s);
    if upper {
        p.y -= 0.05 * tubercle * s * s;
    }
    p
}

/// The vertices that share an edge with each vertex.
pub fn neighbours(count: usize, quads: &[[u32; 4]]) -> Vec<Vec<u32>> {
    let mut out = vec![Vec::new(); count];
    for q in quads {
        for i in 0..4 {
            let (a, b) = (q[i], q[(i + 1) % 4]);
            out[a as usize].push(b);
            out[b as usize].push(a);
        }
    }
    for list in &mut out {
        list.sort_unstable();
        list.dedup();
    }
    out
}
