//! A bob with an off-centre part: a cap on the skull and swept flat locks in layers.
//!
//! Locks are tubes along splines whose points are given as "skull in this direction, lifted so far". Sides differ: hair
//! falls free on the right and is tucked behind the left ear. Texture coordinates run across (u) and along (v) each lock,
//! so that a renderer can find the strands.

use super::Parameters;
use super::math::{curve, direction, jitter, linear, smoothstep, spline};
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
    let mut stylist = Stylist { surface, p, color: linear(p.colors.hair), hair: Part::default(), random: 0 };
    stylist.cap();
    stylist.curtains();
    stylist.fringe();
    stylist.sweep();
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
    random: u32,
}

impl Stylist<'_> {
    fn random(&mut self) -> f32 {
        self.random += 1;
        1.5 * jitter(self.random)
    }

    /// A point `lift` above the skull at an azimuth and elevation.
    fn above(&self, azimuth: f32, elevation: f32, lift: f32) -> Vec3 {
        self.surface.above_skull(direction(azimuth, elevation), lift)
    }

    /// A root near the part: `lift` above the skull in the direction of (x, y, z).
    fn root(&self, x: f32, y: f32, z: f32, lift: f32) -> Vec3 {
        self.surface.above_skull(Vec3::new(x, y, z), lift)
    }

    fn cap(&mut self) {
        const COLUMNS: usize = 48;
        const ROWS: usize = 22;
        let mut above = Vec::new();
        let mut part = Part::default();
        for r in 0..ROWS {
            for c in 0..COLUMNS {
                let (azimuth, elevation) = (c as f32 / COLUMNS as f32 * 360.0 - 180.0, 89.9 - 134.9 * r as f32 / (ROWS - 1) as f32);
                let line = above_hairline(azimuth, elevation);
                above.push(line);
                part.positions.push(self.above(azimuth, elevation, 0.72 * smoothstep(-1.0, 14.0, line) - 0.25));
                part.uvs.push([c as f32 / COLUMNS as f32, 0.3]);
            }
        }
        part.quads = grid(ROWS, COLUMNS, true);
        part.quads.retain(|q| q.iter().all(|v| above[*v as usize] > -9.0));
        let color = self.color * 0.7;
        self.hair.append(part.paint(color));
    }

    fn lock(&mut self, knots: &[Vec3], cut: Cut) {
        const ROWS: usize = 15;
        const COLUMNS: usize = 8;
        let path = spline(knots, ROWS);
        let along: Vec<f32> = (0..ROWS).map(|i| i as f32 / (ROWS - 1) as f32).collect();
        let profile: Vec<f32> = along.iter().map(|s| profile(*s, &cut)).collect();
        let up: Vec<Vec3> = path
            .iter()
            .map(|p| {
                let away = *p - Vec3::new(0.0, 1.0, -1.0);
                // Below the ears locks hang: they face sideways, not downwards.
                Vec3::new(away.x, if p.y < 0.0 { 0.15 * away.y } else { away.y }, away.z).normalize_or_zero()
            })
            .collect();
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

    /// Sides and back in two layers.
    fn curtains(&mut self) {
        let part = self.p.parting;
        for (layer, count, lift, width, shade) in [(0, 8, 0.45, 3.0, 0.7), (1, 9, 0.95, 2.5, 1.0)] {
            for side in [-1.0, 1.0] {
                let first = if side < 0.0 { 63.0 } else { 96.0 };
                for i in 0..count {
                    let f = (i as f32 + 0.5 * layer as f32) / (count as f32 - 0.5);
                    let around = first + (183.0 - first) * f;
                    let a = around * side;
                    let j: [f32; 5] = std::array::from_fn(|_| self.random());
                    let inner = 0.45 * side * (1 - layer) as f32;
                    let root = self.root(part * (1.0 - 0.5 * f) - inner, 9.5, 5.2 - 8.2 * f, 0.62 + 0.20 * f);
                    let crown = self.above(a * if around < 130.0 { 0.80 } else { 0.92 } + 2.0 * j[0], 60.0, lift * 0.6 + 0.42);
                    let temple = self.above(a + 2.0 * j[1], 18.0, lift + 0.50 + 0.12 * j[2]);
                    let length = self.p.hair_length + if side < 0.0 { 0.0 } else { 0.4 };
                    let tip = length + 0.30 * j[3] - 0.7 * smoothstep(0.0, 0.3, f);
                    let (x, z) = (temple.x, temple.z);
                    let back = if side < 0.0 { 0.0 } else { -1.4 * (1.0 - f) };
                    let hang = if side < 0.0 {
                        [
                            Vec3::new(x * 1.05, -2.6, z * 1.03),
                            Vec3::new(x * 1.04, -6.2, z * 1.02),
                            Vec3::new(x * 0.80, tip, z * 0.92 + 0.4 * (1.0 - f)),
                        ]
                    } else {
                        [
                            Vec3::new(x * 1.02, -2.8, z + back),
                            Vec3::new(x, -6.2, z + back * 0.8),
                            Vec3::new(x * 0.80, tip, z * 0.95 + back * 0.3),
                        ]
                    };
                    let knots = [root, crown, temple, hang[0], hang[1], hang[2]];
                    let shade = shade * (1.0 + 0.05 * j[4]);
                    self.lock(&knots, Cut { width: width * (1.0 + 0.1 * j[4]), height: 0.55, root: 0.5, tip: 0.45, widest: 0.55, shade });
                }
            }
        }
    }

    /// Swept over the forehead to the right.
    fn fringe(&mut self) {
        let part = self.p.parting;
        for i in 0..6 {
            let f = i as f32 / 4.6 - 0.14;
            let j: [f32; 4] = std::array::from_fn(|_| 0.7 * self.random());
            let knots = [
                self.root(part - 0.1 + 0.08 * j[0], 9.3, 5.6 - 2.2 * f, 0.52 + 0.25 * f),
                self.above(-6.0 - 16.0 * f, 46.0 + 9.0 * f, 0.88 + 0.20 * f + 0.06 * j[2]),
                self.above(-31.0 - 16.0 * f, 29.0 + 10.0 * f, 1.05 + 0.20 * f + 0.10 * j[0]),
                self.above(-52.0 - 12.0 * f, 17.0 + 5.0 * f, 0.95 + 0.25 * f),
                Vec3::new(-7.1 - 0.5 * f, -1.4 + 0.3 * j[1], 3.6 - 2.2 * f),
                Vec3::new(-7.0 - 0.3 * f, -4.8 + 2.0 * f + 0.5 * j[2], 3.9 - 2.0 * f),
            ];
            let width = 1.65 + 0.22 * j[3];
            self.lock(&knots, Cut { width, height: 0.5, root: 0.55, tip: 0.10, widest: 0.42, shade: 1.04 });
        }
    }

    /// Swept to the left and tucked behind the ear.
    fn sweep(&mut self) {
        let part = self.p.parting;
        for i in 0..7 {
            let f = i as f32 / 5.6 - 0.13;
            let j: [f32; 4] = std::array::from_fn(|_| 0.7 * self.random());
            let knots = [
                self.root(part + 0.1, 9.3, 5.6 - 6.6 * f, 0.52 + 0.25 * f),
                self.above(30.0 + 32.0 * f + 1.5 * j[0], 47.0 + 14.0 * f, 0.84 + 0.18 * f + 0.06 * j[1]),
                self.above(54.0 + 34.0 * f, 25.0 + 17.0 * f + 1.5 * j[2], 0.85 + 0.3 * f + 0.08 * j[3]),
                self.above(84.0 + 22.0 * f, 9.0 + 13.0 * f, 0.85),
                self.above(112.0 + 20.0 * f, -2.0 + 4.0 * f, 0.95),
                Vec3::new(6.2 - 1.2 * f, -5.5, -4.5 - 2.2 * f),
            ];
            let width = 1.75 + 0.2 * j[0];
            self.lock(&knots, Cut { width, height: 0.5, root: 0.5, tip: 0.3, widest: 0.45, shade: 1.04 });
        }
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
