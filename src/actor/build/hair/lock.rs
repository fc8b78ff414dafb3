//! A single lock: a flattened tube that swells from its root and ends in a rounded tip.

use super::super::math::{resample, smoothstep, spline};
use super::super::mesh::{Part, Tube};
use super::{Swing, outward};
use glam::Vec3;

/// Shape of a lock.
pub struct Lock {
    /// Half width and half height at the thickest, centimetres.
    pub width: f32,
    pub height: f32,
    /// Share of the thickness at the root and before the tip.
    pub root: f32,
    pub tip: f32,
    pub rows: usize,
    pub columns: usize,
    /// Linear.
    pub color: Vec3,
    pub swing: Swing,
    /// Place across the chains of `swing`.
    pub place: f32,
}

impl Lock {
    /// Sweeps the lock along a curve through `knots`.
    pub fn sweep(&self, knots: &[Vec3]) -> Part {
        let path = resample(&spline(knots, 4 * self.rows), self.rows);
        let along: Vec<f32> = (0..self.rows).map(|i| i as f32 / (self.rows - 1) as f32).collect();
        let up: Vec<Vec3> = path.iter().map(|p| outward(*p)).collect();
        let scaled = |size: f32| along.iter().map(|s| size * self.profile(*s)).collect::<Vec<_>>();
        let (width, height) = (scaled(self.width), scaled(self.height));
        let mut part = Tube { path: &path, up: &up, width: &width, height: &height, columns: self.columns, crown: 0.35 }.build();
        for s in along {
            for c in 0..self.columns {
                let across = (std::f32::consts::TAU * c as f32 / self.columns as f32).cos();
                part.uvs.push([0.2 + 0.2 * across, s]);
                part.colors.push(self.color * (0.84 + 0.16 * smoothstep(0.0, 0.16, s)));
                part.weights.push(self.swing.weights(self.place, s));
            }
        }
        part
    }

    /// Share of the thickness at `s` from root to tip.
    fn profile(&self, s: f32) -> f32 {
        let body = if s < 0.4 {
            self.root + (1.0 - self.root) * smoothstep(0.0, 0.4, s)
        } else {
            self.tip + (1.0 - self.tip) * (1.0 - ((s - 0.4) / 0.6).powf(1.8))
        };
        let ends = (s / 0.08).clamp(0.0, 1.0).sqrt() * (1.0 - ((s - 0.9) / 0.1).clamp(0.0, 1.0).powi(2)).max(0.0).sqrt();
        body * ends + 0.01
    }
}
