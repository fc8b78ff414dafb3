//! A sheet of long hair: lofted from strands, divided by grooves into locks that part from each other and end in tips.

use super::super::math::{jitter, lerp, resample, smoothstep};
use super::super::mesh::Part;
use super::{Swing, outward};
use glam::Vec3;

/// Faces across a lock.
const COLUMNS: usize = 4;
/// Strands and points of the table that the loft reads.
const TABLE: usize = 64;
const POINTS: usize = 48;

/// How a sheet is divided and shaped.
pub struct Sheet {
    pub locks: usize,
    /// Rows before and after the locks part.
    pub rows: (usize, usize),
    /// Share of the length at which the locks part from each other.
    pub split: f32,
    /// How unevenly long the tips are, as a share of their free length.
    pub stagger: f32,
    /// Share of a lock's width that is gone before its rounded tip.
    pub taper: f32,
    /// Depth of the grooves between locks, and thickness of a free lock, centimetres.
    pub groove: f32,
    pub thickness: f32,
    /// Centimetres by which the first and the last edge roll towards the head.
    pub roll: [f32; 2],
    /// How far neighbouring locks lie over and under each other at their tips, centimetres.
    pub overlap: f32,
    pub seed: u32,
    /// Linear.
    pub color: Vec3,
    pub swing: Swing,
}

/// A place on the sheet: position and outward normal.
struct Table {
    strands: Vec<Vec<Vec3>>,
}

impl Table {
    /// The point at `f` across and `s` along, both 0..=1.
    fn at(&self, f: f32, s: f32) -> Vec3 {
        let (x, y) = (f.clamp(0.0, 1.0) * (TABLE - 1) as f32, s.clamp(0.0, 1.0) * (POINTS - 1) as f32);
        let (i, j) = ((x as usize).min(TABLE - 2), (y as usize).min(POINTS - 2));
        let row = |i: usize| self.strands[i][j].lerp(self.strands[i][j + 1], y - j as f32);
        row(i).lerp(row(i + 1), x - i as f32)
    }

    fn normal(&self, f: f32, s: f32) -> Vec3 {
        const E: f32 = 0.02;
        let across = self.at(f + E, s) - self.at(f - E, s);
        let along = self.at(f, s + E) - self.at(f, s - E);
        let away = outward(self.at(f, s));
        let n = across.cross(along).normalize_or_zero();
        // Where strands meet, as at the parting, the sheet has no reliable normal of its own.
        let n = if n.dot(away) < 0.0 { -n } else { n };
        n.lerp(away, 0.35).normalize_or_zero()
    }
}

impl Sheet {
    /// Lofts strands over 0..=1. The faces look outwards where the strands follow each other clockwise seen from outside.
    pub fn loft(&self, strand: impl Fn(f32) -> Vec<Vec3>) -> Part {
        let table = Table { strands: (0..TABLE).map(|i| resample(&strand(i as f32 / (TABLE - 1) as f32), POINTS)).collect() };
        // Rows are denser towards the rounded tips.
        let (split, free) = self.rows;
        let joined = (0..split).map(|r| self.split * r as f32 / if free == 0 { split - 1 } else { split } as f32);
        let parted = (0..free).map(|r| 1.0 - (1.0 - self.split) * (1.0 - r as f32 / (free - 1) as f32).powf(1.6));
        let along: Vec<f32> = joined.chain(parted).collect();
        let mut part = Part::default();
        let mut left: Vec<u32> = Vec::new();
        for lock in 0..self.locks {
            let rows: Vec<Vec<u32>> = along
                .iter()
                .enumerate()
                .map(|(r, s)| {
                    let shared = (r < split && lock > 0).then(|| left[r]);
                    let fresh = if shared.is_some() { 1 } else { 0 };
                    let new: Vec<u32> =
                        (fresh..=COLUMNS).map(|c| self.vertex(&mut part, &table, lock, c as f32 / COLUMNS as f32, *s, 0.0)).collect();
                    shared.into_iter().chain(new).collect()
                })
                .collect();
            left = rows.iter().map(|row| row[COLUMNS]).collect();
            for pair in rows.windows(2) {
                for c in 0..COLUMNS {
                    part.quads.push([pair[0][c], pair[1][c], pair[1][c + 1], pair[0][c + 1]]);
                }
            }
            if free > 0 {
                self.underside(&mut part, &table, lock, &along, &rows, split);
            }
        }
        part
    }

    /// The inner face of a lock, where it can be seen: behind free locks, and behind the sheet's first and last edge.
    fn underside(&self, part: &mut Part, table: &Table, lock: usize, along: &[f32], rows: &[Vec<u32>], split: usize) {
        let outer = [lock == 0, lock == self.locks - 1];
        let from = if outer[0] || outer[1] { 3.min(split) } else { split };
        let middle: Vec<u32> = along[from..].iter().map(|s| self.vertex(part, table, lock, 0.5, *s, self.thickness)).collect();
        for (i, pair) in rows[from..].windows(2).enumerate() {
            let (a, b) = (middle[i], middle[i + 1]);
            let free = from + i + 1 >= split;
            if free || outer[0] {
                part.quads.push([pair[0][0], a, b, pair[1][0]]);
            }
            if free || outer[1] {
                part.quads.push([a, pair[0][COLUMNS], pair[1][COLUMNS], b]);
            }
        }
    }

    /// Borders of a lock across the sheet.
    fn edge(&self, border: usize) -> f32 {
        let inner = 0 < border && border < self.locks;
        (border as f32 + if inner { 0.22 * jitter(self.seed + border as u32) } else { 0.0 }) / self.locks as f32
    }

    /// Adds the vertex at `x` across a lock and `s` along, `below` the outer face; darker there.
    fn vertex(&self, part: &mut Part, table: &Table, lock: usize, x: f32, s: f32, below: f32) -> u32 {
        let own = |n: u32| jitter(self.seed + 50 * n + lock as u32);
        let free = ((s - self.split) / (1.0 - self.split).max(1e-3)).max(0.0);
        let (low, high) = (self.edge(lock), self.edge(lock + 1));
        let fuller = 0.95 * free * (1.0 - free);
        let width = (lerp(1.0, 1.0 - self.taper, free.powf(1.7)) + fuller) * (1.0 - free.powi(5)).max(0.0).sqrt() + 0.005;
        let drift = 0.35 * own(1) * free * free;
        let f = low + (high - low) * (0.5 + (x - 0.5) * width + drift);
        let end = 1.0 - self.stagger * (0.5 + 0.5 * own(2));
        let s_end = if s > self.split { self.split + (s - self.split) * end } else { s };
        let from_middle = (2.0 * x - 1.0).abs();
        let mut groove = self.groove * smoothstep(0.0, 0.5, s) * (from_middle.powf(2.4) - 0.35);
        groove += 0.35 * self.thickness * free * from_middle.powi(3);
        for (edge, roll) in [(lock == 0 && x < 0.5, self.roll[0]), (lock + 1 == self.locks && x > 0.5, self.roll[1])] {
            if edge {
                groove += roll * from_middle * from_middle * smoothstep(0.0, 0.15, s);
            }
        }
        groove *= width.min(1.0);
        let alternate = if lock.is_multiple_of(2) { 1.0 } else { -1.0 };
        let lift = self.overlap * (alternate + 0.7 * own(3)) * free * (2.0 - free);
        let thickness = below * (1.0 - free.powi(3)) * if free > 0.0 { smoothstep(0.0, 0.25, free).max(0.1) } else { 1.0 };
        let place = table.at(f, s_end) + table.normal(f, s_end) * (lift - groove - thickness);
        part.positions.push(place);
        part.uvs.push([(lock as f32 + x) * 0.4, s]);
        let shade = (1.0 + 0.07 * own(4)) * (0.84 + 0.16 * smoothstep(0.0, 0.16, s)) * (1.0 + 0.08 * free);
        part.colors.push(self.color * (shade * if below > 0.0 { 0.6 } else { 1.0 }));
        part.weights.push(self.swing.weights(f, s));
        (part.positions.len() - 1) as u32
    }
}
