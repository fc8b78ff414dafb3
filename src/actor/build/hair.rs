//! A bob with an off-centre part: a cap on the skull, a sculpted sheet of hair on either side of the part, and a loose
//! strand.
//!
//! A sheet is lofted from strands that start on the part and end at the tips; grooves divide it into locks of uneven width
//! with tips of their own. Strands are splines whose points are given as "skull in this direction, lifted so far". Sides
//! differ: hair falls free on the right and is tucked behind the left ear. Texture coordinates run across (u) and along (v)
//! the strands, so that a renderer can find them.

use super::Parameters;
use super::math::{curve, direction, jitter, lerp, linear, smoothstep, spline};
use super::mesh::{Part, Tube, grid};
use super::surface::Surface;
use glam::Vec3;

/// Elevation of the hairline by the angle from the front, degrees.
const HAIRLINE: [(f32, f32); 7] = [(0.0, 40.0), (25.0, 38.0), (45.0, 30.0), (60.0, 14.0), (75.0, 8.0), (95.0, -15.0), (180.0, -42.0)];

/// Degrees above the hairline of a direction.
pub fn above_hairline(azimuth: f32, elevation: f32) -> f32 {
    elevation - curve(&HAIRLINE, azimuth.abs())
}

/// Everything that grows on the skull but the brows.
pub fn build(p: &Parameters, surface: &Surface) -> Part {
    let mut stylist = Stylist { surface, p, color: linear(p.colors.hair), hair: Part::default() };
    stylist.cap();
    stylist.right_sheet();
    stylist.left_sheet();
    stylist.loose_strand();
    stylist.hair
}

/// Thickness of a lock along its length.
struct Cut {
    width: f32,
    height: f32,
    /// Share of the width at root and tip, and where it is widest.
    root: f32,
    tip: f32,
    widest: f32,
    shade: f32,
}

struct Stylist<'a> {
    surface: &'a Surface,
    p: &'a Parameters,
    color: Vec3,
    hair: Part,
}

/// Points of a strand from the part to its tip.
type Strand = [Vec3; 7];

/// Columns of a sheet's grid in each lock, and rows along the strands.
const LOCK_COLUMNS: usize = 5;
const SHEET_ROWS: usize = 17;
/// The first row whose inner side can be seen.
const INNER_FROM: usize = 3;
/// Thickness of a sheet.
const THICKNESS: f32 = 0.45;

impl Stylist<'_> {
    /// A point `lift` above the skull at an azimuth and elevation.
    fn above(&self, azimuth: f32, elevation: f32, lift: f32) -> Vec3 {
        self.surface.above_skull(direction(azimuth, elevation), lift)
    }

    /// A root near the part: `lift` above the skull in the direction of (x, y, z).
    fn root(&self, x: f32, y: f32, z: f32, lift: f32) -> Vec3 {
        self.surface.above_skull(Vec3::new(x, y, z), lift)
    }

    /// Lifts a point of a sheet that would sink into the cap: a spline sags between its knots.
    fn clear_of_cap(&self, p: Vec3) -> Vec3 {
        const LEAST: f32 = 0.5;
        p + outward(p) * (LEAST - self.surface.cranium(p)).max(0.0)
    }

    /// Short hair on the skull down to the hairline, which its last row follows.
    fn cap(&mut self) {
        const COLUMNS: usize = 44;
        const ROWS: usize = 9;
        let mut part = Part::default();
        for r in 0..ROWS {
            for c in 0..COLUMNS {
                let azimuth = c as f32 / COLUMNS as f32 * 360.0 - 180.0;
                let line = curve(&HAIRLINE, azimuth.abs()) - 4.0;
                let elevation = lerp(89.9, line, (r as f32 / (ROWS - 1) as f32).powf(0.8));
                // Rises out of the skin behind the hairline and sinks again under the sheets.
                let above = above_hairline(azimuth, elevation);
                let lift = 0.55 * smoothstep(-1.0, 14.0, above) - 0.28 * smoothstep(16.0, 32.0, above) - 0.25;
                part.positions.push(self.above(azimuth, elevation, lift));
                part.uvs.push([c as f32 / COLUMNS as f32, 0.3]);
            }
        }
        part.quads = grid(ROWS, COLUMNS, true);
        let color = self.color * 0.5;
        self.hair.append(part.paint(color));
    }

    fn lock(&mut self, knots: &[Vec3], cut: Cut) {
        const ROWS: usize = 15;
        const COLUMNS: usize = 8;
        let path = spline(knots, ROWS);
        let along: Vec<f32> = (0..ROWS).map(|i| i as f32 / (ROWS - 1) as f32).collect();
        let profile: Vec<f32> = along.iter().map(|s| profile(*s, &cut)).collect();
        let up: Vec<Vec3> = path.iter().map(|p| outward(*p)).collect();
        let scaled = |size: f32| profile.iter().map(|f| size * f).collect::<Vec<_>>();
        let (width, height) = (scaled(cut.width), scaled(cut.height));
        let mut part = Tube { path: &path, up: &up, width: &width, height: &height, columns: COLUMNS, crown: 0.35 }.build();
        for s in along {
            for c in 0..COLUMNS {
                let across = (std::f32::consts::TAU * c as f32 / COLUMNS as f32).cos();
                part.uvs.push([0.5 + 0.5 * across, s]);
                part.colors.push(self.color * (cut.shade * (0.80 + 0.20 * smoothstep(0.0, 0.16, s))));
            }
        }
        self.hair.append(part);
    }

    /// From the fringe, swept over the forehead, around the right side to the back.
    fn right_sheet(&mut self) {
        let part = self.p.parting;
        let tip = self.p.hair_length;
        let surface = self.surface;
        let above = |azimuth: f32, elevation: f32, lift: f32| surface.above_skull(direction(-azimuth, elevation), lift);
        let strand = |f: f32| -> Strand {
            let along = |values: [f32; 5]| curve(&std::array::from_fn::<_, 5, _>(|i| (i as f32 / 4.0, values[i])), f);
            let root = Vec3::new(part * (1.0 - 0.6 * f), 8.0 + 1.3 * f, 7.6 - 11.6 * f);
            let temple =
                above(along([50.0, 74.0, 102.0, 142.0, 183.0]), along([16.0, 9.0, 4.0, 1.0, 0.0]), along([0.75, 1.5, 1.85, 2.0, 2.0]));
            // The front edge swings forward to the cheek.
            let front = smoothstep(0.22, 0.0, f);
            let hang = |x: f32, y: f32, z: f32| Vec3::new(temple.x * x, y, temple.z * z);
            [
                surface.above_skull(root, 0.62 + 0.24 * f),
                above(along([-2.0, 34.0, 84.0, 134.0, 184.0]), along([42.0, 53.0, 56.0, 54.0, 49.0]), along([0.9, 1.3, 1.5, 1.5, 1.45])),
                above(along([28.0, 60.0, 96.0, 140.0, 183.0]), along([29.0, 30.0, 29.0, 26.0, 24.0]), along([0.9, 1.4, 1.65, 1.75, 1.75])),
                temple,
                hang(1.03, -2.6, 1.02).lerp(Vec3::new(-7.3, -1.6, 3.5), front),
                hang(1.02, -6.0, 1.00).lerp(Vec3::new(-7.5, -5.2, 3.3), front),
                hang(0.84, tip - 0.3 * f, 0.88).lerp(Vec3::new(-6.3, tip + 0.5, 3.5), front),
            ]
        };
        self.sheet(8, 11, strand, true);
    }

    /// From the part to the left, behind the ear and around to the back.
    fn left_sheet(&mut self) {
        let part = self.p.parting;
        let tip = self.p.hair_length + 0.2;
        let surface = self.surface;
        let above = |azimuth: f32, elevation: f32, lift: f32| surface.above_skull(direction(azimuth, elevation), lift);
        let strand = |f: f32| -> Strand {
            let along = |values: [f32; 5]| curve(&std::array::from_fn::<_, 5, _>(|i| (i as f32 / 4.0, values[i])), f);
            let root = Vec3::new(part * (1.0 - 0.6 * f) - 0.08, 8.0 + 1.3 * f, 7.6 - 11.6 * f);
            let behind_ear = above(
                along([116.0, 122.0, 136.0, 158.0, 182.0]),
                along([-1.0, -3.0, -5.0, -6.0, -6.0]),
                along([0.95, 1.35, 1.8, 2.0, 2.0]),
            );
            let hang = |x: f32, y: f32, z: f32| Vec3::new(behind_ear.x * x, y, behind_ear.z * z);
            [
                surface.above_skull(root, 0.62 + 0.24 * f),
                above(along([24.0, 52.0, 95.0, 138.0, 181.0]), along([42.0, 53.0, 56.0, 54.0, 49.0]), along([0.9, 1.25, 1.45, 1.5, 1.45])),
                above(along([44.0, 72.0, 106.0, 145.0, 182.0]), along([26.0, 30.0, 30.0, 27.0, 24.0]), along([1.0, 1.3, 1.55, 1.7, 1.75])),
                above(along([77.0, 98.0, 122.0, 151.0, 182.0]), along([10.0, 14.0, 11.0, 8.0, 8.0]), along([0.85, 1.2, 1.6, 1.85, 1.9])),
                behind_ear,
                hang(0.98, -5.0, lerp(1.30, 1.01, smoothstep(0.0, 0.4, f))),
                hang(0.82, tip - 0.5 * f, lerp(1.12, 0.88, smoothstep(0.0, 0.4, f))),
            ]
        };
        self.sheet(7, 29, strand, false);
    }

    /// Lofts `strand` over 0..=1 from front to back into a sheet of `locks` locks.
    fn sheet(&mut self, locks: usize, seed: u32, strand: impl Fn(f32) -> Strand, right: bool) {
        let columns = locks * LOCK_COLUMNS + 1;
        let edge = |lock: usize| {
            let inner = 0 < lock && lock < locks;
            (lock as f32 + if inner { 0.24 * jitter(seed + lock as u32) } else { 0.0 }) / locks as f32
        };
        let mut part = Part::default();
        let mut inner = Vec::new();
        let mut strands = Vec::with_capacity(columns);
        for c in 0..columns {
            let (lock, step) = ((c / LOCK_COLUMNS).min(locks - 1), c - (c / LOCK_COLUMNS).min(locks - 1) * LOCK_COLUMNS);
            let x = step as f32 / LOCK_COLUMNS as f32;
            let mut knots = strand(lerp(edge(lock), edge(lock + 1), x));
            // Each lock ends in a tip of its own.
            let from_middle = (2.0 * x - 1.0).abs();
            knots[6].y += 0.40 * from_middle.powf(2.0) + 0.30 * jitter(seed + 50 + lock as u32) * (1.0 - from_middle.powi(4));
            let path = spline(&knots, SHEET_ROWS).into_iter().map(|p| self.clear_of_cap(p)).collect::<Vec<_>>();
            strands.push((path, from_middle, lock));
        }
        for r in 0..SHEET_ROWS {
            let s = r as f32 / (SHEET_ROWS - 1) as f32;
            let depth = lerp(0.0, 0.34, smoothstep(0.0, 0.55, s));
            for (c, (path, from_middle, lock)) in strands.iter().enumerate() {
                let up = outward(path[r]);
                let border = if c == 0 { 0.2 * smoothstep(0.0, 0.2, s) } else { 0.0 };
                let groove = depth * (from_middle.powf(2.4) - 0.35) + border;
                let shade = 1.0 + 0.07 * jitter(seed + 90 + *lock as u32);
                part.positions.push(path[r] - up * groove);
                part.uvs.push([c as f32 / columns as f32 * 0.55 * locks as f32, s]);
                part.colors.push(self.color * (shade * (0.82 + 0.18 * smoothstep(0.0, 0.16, s))));
                inner.push(path[r] - up * (groove + THICKNESS * (1.0 - 0.5 * smoothstep(0.85, 1.0, s))));
            }
        }
        part.quads = grid(SHEET_ROWS, columns, false);
        close_sheet(&mut part, &inner, columns);
        self.hair.append(if right { part.flip() } else { part });
    }

    fn loose_strand(&mut self) {
        let knots = [
            self.root(2.2, 9.3, 5.0, 0.9),
            self.above(24.0, 44.0, 1.3),
            self.above(42.0, 27.0, 1.1),
            self.above(57.0, 8.0, 0.9),
            Vec3::new(6.6, -2.6, 4.4),
            Vec3::new(6.5, -4.6, 4.6),
        ];
        self.lock(&knots, Cut { width: 0.36, height: 0.2, root: 0.5, tip: 0.03, widest: 0.45, shade: 1.08 });
    }
}

/// Away from the head at a point of a strand. Below the ears hair hangs: it faces sideways, not downwards.
fn outward(p: Vec3) -> Vec3 {
    let away = p - Vec3::new(0.0, 1.0, -1.0);
    Vec3::new(away.x, if p.y < 0.0 { 0.15 * away.y } else { away.y }, away.z).normalize_or_zero()
}

/// Adds a sheet's inner side, and the rims at its tips, front and back.
fn close_sheet(part: &mut Part, inner: &[Vec3], columns: usize) {
    let first = INNER_FROM * columns;
    let offset = part.positions.len() - first;
    part.positions.extend_from_slice(&inner[first..]);
    part.uvs.extend_from_within(first..inner.len());
    let dark: Vec<Vec3> = part.colors[first..].iter().map(|c| *c * 0.6).collect();
    part.colors.extend(dark);
    let behind = |v: usize| (v + offset) as u32;
    let at = |r: usize, c: usize| r * columns + c;
    for r in INNER_FROM..SHEET_ROWS - 1 {
        for c in 0..columns - 1 {
            part.quads.push([at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)].map(behind));
        }
        let (front, back) = (0, columns - 1);
        part.quads.push([behind(at(r, front)), behind(at(r + 1, front)), at(r + 1, front) as u32, at(r, front) as u32]);
        part.quads.push([at(r, back) as u32, at(r + 1, back) as u32, behind(at(r + 1, back)), behind(at(r, back))]);
    }
    let last = SHEET_ROWS - 1;
    for c in 0..columns - 1 {
        part.quads.push([at(last, c) as u32, behind(at(last, c)), behind(at(last, c + 1)), at(last, c + 1) as u32]);
    }
}

/// Share of a lock's thickness at `s` from root (0) to tip (1): swells from the root, ends rounded shut on both sides.
fn profile(s: f32, cut: &Cut) -> f32 {
    let body = if s < cut.widest {
        cut.root + (1.0 - cut.root) * smoothstep(0.0, cut.widest, s)
    } else {
        let towards_tip = ((s - cut.widest) / (1.0 - cut.widest)).clamp(0.0, 1.0);
        let end = (1.0 - ((s - 0.9) / 0.1).clamp(0.0, 1.0).powi(2)).max(0.0).sqrt();
        (cut.tip + (1.0 - cut.tip) * (1.0 - towards_tip.powf(2.2))) * end + 0.01
    };
    body * (s / 0.10).clamp(0.0, 1.0).sqrt() + 0.02
}
