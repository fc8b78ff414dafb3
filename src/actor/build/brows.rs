//! Brows: flattened tubes on the brow ridge that follow the skin beneath them.

use super::Parameters;
use super::deform::Shapes;
use super::math::{bell, curve, jitter, spline};
use super::mesh::{Part, Tube};
use super::surface::Surface;
use super::topology::{Cage, Place};
use glam::Vec3;

/// The left brow in rest.
pub fn build(p: &Parameters, surface: &Surface, cage: &Cage, shapes: &Shapes) -> Part {
    const KNOTS: [(f32, f32); 5] = [(1.3, 2.68), (2.3, 3.0), (3.6, 3.12), (4.75, 2.75), (5.6, 1.95)];
    const ROWS: usize = 24;
    let b = &p.brows;
    let knots = KNOTS.map(|(x, y)| {
        let along = (x - KNOTS[0].0) / 4.3;
        let rise = b.height + b.arch * bell(along - 0.5, 0.4) + b.tilt * along;
        Vec3::new(KNOTS[0].0 + 0.5 * (p.eyes.spacing - 3.05) + (x - KNOTS[0].0) * b.length, y + rise, 0.0)
    });
    let line = spline(&knots, ROWS);
    let skin: Vec<Vec3> = line.iter().map(|p| surface.front(p.x, p.y)).collect();
    let up: Vec<Vec3> = skin.iter().map(|p| surface.gradient(*p).normalize_or_zero()).collect();
    let path: Vec<Vec3> = skin.iter().zip(&up).map(|(p, n)| *p + *n * 0.02).collect();
    let along = |points: &[(f32, f32)], scale: f32, rough: f32| -> Vec<f32> {
        (0..ROWS).map(|i| scale * curve(points, i as f32 / (ROWS - 1) as f32) * (1.0 + rough * jitter(300 + i as u32))).collect()
    };
    let outline = [(0.0, 0.12), (0.03, 0.55), (0.09, 0.85), (0.25, 1.0), (0.6, 0.86), (0.85, 0.5), (1.0, 0.05)];
    let width = along(&outline, b.thickness, 0.30 * b.bushiness);
    let height = along(&[(0.0, 0.2), (0.08, 0.8), (0.3, 1.0), (0.8, 0.7), (1.0, 0.1)], 0.13 + 0.2 * b.bushiness, 0.35 * b.bushiness);
    let mut part = Tube { path: &path, up: &up, width: &width, height: &height, columns: 8, crown: 0.0 }.build();
    // Hair lets light through: no dark line where it meets the skin.
    part.openness = vec![0.9; part.positions.len()];
    part.morphs = follow(&part.positions, cage, shapes, |p| p.y > -0.2 && p.z > 3.0);
    part
}

/// The shapes of points that ride on the skin: each follows its eight nearest vertices of a region, weighted by nearness.
pub fn follow(points: &[Vec3], cage: &Cage, shapes: &Shapes, region: impl Fn(Vec3) -> bool) -> Shapes {
    let skin: Vec<usize> = (0..cage.positions.len())
        .filter(|&i| !matches!(cage.places[i], Place::Mouth { s, .. } if s > -0.1) && region(cage.positions[i]))
        .collect();
    let anchors: Vec<Vec<(usize, f32)>> = points.iter().map(|p| nearest(*p, cage, &skin)).collect();
    let moved =
        |offsets: &[Vec3]| -> Vec<Vec3> { anchors.iter().map(|near| near.iter().map(|&(v, w)| offsets[v] * w).sum::<Vec3>()).collect() };
    let mut out: Shapes = shapes.iter().map(|(name, offsets)| (name.clone(), moved(offsets))).collect();
    out.retain(|(_, offsets)| offsets.iter().any(|o| o.length() > 2e-3));
    out
}

fn nearest(p: Vec3, cage: &Cage, skin: &[usize]) -> Vec<(usize, f32)> {
    let mut by_distance: Vec<(f32, usize)> = skin.iter().map(|&i| (cage.positions[i].distance(p), i)).collect();
    by_distance.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    by_distance.truncate(8);
    let weight = |d: f32| 1.0 / (d + 0.08).powi(2);
    let sum: f32 = by_distance.iter().map(|(d, _)| weight(*d)).sum();
    by_distance.iter().map(|&(d, i)| (i, weight(d) / sum)).collect()
}
