//! Glasses: two rims, a bridge and temples that rest on the ears.

use super::math::{linear, spline};
use super::mesh::{Part, Tube};
use super::surface::Surface;
use super::{Glasses, Parameters};
use glam::Vec3;
use std::f32::consts::TAU;

/// How far the lenses' plane stands before the eyes' centres, centimetres: clear of the lashes.
const BEFORE: f32 = 3.0;

/// The frame, in head space.
pub fn build(p: &Parameters, g: &Glasses, surface: &Surface, eye: Vec3) -> Part {
    let rim = Rim { glasses: g, centre: Vec3::new(eye.x + 0.05, eye.y - 0.25, eye.z + BEFORE) };
    let mut left = rim.loop_();
    left.append(temple(surface, &rim));
    let mut part = left.clone();
    part.append(left.mirror());
    part.append(bridge(&rim));
    let count = part.positions.len();
    part.uvs = vec![[0.0; 2]; count];
    part.paint(linear(p.colors.frames))
}

struct Rim<'a> {
    glasses: &'a Glasses,
    centre: Vec3,
}

impl Rim<'_> {
    /// A point of the rim by angle: a superellipse on a plane that bends back to the temple.
    fn at(&self, angle: f32) -> Vec3 {
        let power = 2.0 / (2.0 + 3.5 * (1.0 - self.glasses.roundness));
        let (sin, cos) = angle.sin_cos();
        let bent = |x: f32| x.signum() * x.abs().powf(power);
        let (x, y) = (self.glasses.size * bent(cos), self.glasses.size * self.glasses.aspect * bent(sin));
        let at = self.centre + Vec3::new(x, y, 0.0);
        at - Vec3::Z * (0.028 * at.x * at.x + 0.012 * (y * y))
    }

    fn loop_(&self) -> Part {
        const ROWS: usize = 41;
        let path: Vec<Vec3> = (0..ROWS).map(|i| self.at(TAU * i as f32 / (ROWS - 1) as f32)).collect();
        let up = vec![Vec3::Z; ROWS];
        let size = vec![self.glasses.rim; ROWS];
        Tube { path: &path, up: &up, width: &size, height: &size, columns: 6, crown: 0.0 }.build()
    }
}

/// From the rim's outer end over the ear.
fn temple(surface: &Surface, rim: &Rim) -> Part {
    const ROWS: usize = 14;
    let hinge = rim.at(0.25);
    let beside = |y: f32, z: f32| Vec3::new(surface.cranium_side(y, z) + 0.35, y, z);
    let knots = [hinge, Vec3::new(hinge.x + 0.75, 0.75, hinge.z - 1.3), beside(0.85, 1.5), beside(0.95, -1.2), beside(-0.3, -3.0)];
    let path = spline(&knots, ROWS);
    let up = vec![Vec3::X; ROWS];
    let (width, height) = (vec![1.2 * rim.glasses.rim; ROWS], vec![0.6 * rim.glasses.rim; ROWS]);
    Tube { path: &path, up: &up, width: &width, height: &height, columns: 5, crown: 0.0 }.build()
}

/// The arch over the nose.
fn bridge(rim: &Rim) -> Part {
    const ROWS: usize = 9;
    let end = rim.at(TAU * 0.47);
    let middle = Vec3::new(0.0, end.y + 0.28, end.z + 0.25);
    let path = spline(&[end, middle, Vec3::new(-end.x, end.y, end.z)], ROWS);
    let up = vec![Vec3::Z; ROWS];
    let size = vec![rim.glasses.rim; ROWS];
    Tube { path: &path, up: &up, width: &size, height: &size, columns: 6, crown: 0.0 }.build()
}
