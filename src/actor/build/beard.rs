//! Beards: the skin of jaw and upper lip once more, raised into hair. It moves exactly as the skin does.

use super::deform::Shapes;
use super::head::skin_weights;
use super::math::{angles, bell, curve, linear, smoothstep};
use super::mesh::{self, Part};
use super::skeleton::Rig;
use super::topology::{Cage, Place};
use super::{Beard, Parameters};
use glam::Vec3;

/// How far a vertex lies inside the areas of jaw, chin and moustache: from -0.3 outside over 0 at the edge to 1 well inside.
struct Area {
    jaw: f32,
    chin: f32,
    moustache: f32,
}

/// Upper edge of a beard on the cheek: height by azimuth.
const EDGE: [(f32, f32); 6] = [(14.0, -5.4), (26.0, -5.2), (34.0, -4.7), (48.0, -3.3), (62.0, -1.9), (76.0, 0.0)];

/// A straight ramp over an edge of an area: linear, so that the edge is an even line between the vertices.
fn ramp(from: f32, to: f32, x: f32) -> f32 {
    ((x - from) / (to - from)).clamp(-0.3, 1.0)
}

/// The least of several ramps: what lies inside of all of them.
fn within<const N: usize>(ramps: [f32; N]) -> f32 {
    ramps.into_iter().fold(1.0, f32::min)
}

fn area(cage: &Cage, v: usize) -> Area {
    let (p, place) = (cage.positions[v], cage.places[v]);
    let azimuth = angles(p).0.abs();
    let x = p.x.abs();
    let (lips, above) = match place {
        Place::Mouth { s, upper, t } => (ramp(-0.05, -0.30, s), if upper { 1.0 } else { ramp(0.75, 0.95, t.abs()) }),
        _ => (1.0, -0.3),
    };
    let throat = within([ramp(-11.0, -9.6, p.y), ramp(0.2, 2.2, p.z + 0.9 * (p.y + 9.0).max(0.0))]);
    let below = ramp(0.25, -1.0, p.y - curve(&EDGE, azimuth));
    let jaw = within([below, throat, ramp(85.0, 76.0, azimuth), lips]);
    let chin = within([ramp(2.9, 0.6, x), ramp(-5.7, -7.2, p.y), throat, lips]);
    // Under the nose the moustache leaves the groove free.
    let nose = -4.1 - 0.25 * bell(x, 0.5) - 0.06 * x * x;
    let moustache = within([ramp(3.3, 2.4, x), ramp(nose + 0.15, nose - 0.25, p.y), above, lips]);
    Area { jaw, chin, moustache }
}

/// Share of the skin that a shaven beard darkens.
pub fn shadow(cage: &Cage, v: usize) -> f32 {
    let a = area(cage, v);
    a.jaw.max(a.chin).max(a.moustache).max(0.0)
}

/// The beard, or nothing.
pub fn build(p: &Parameters, cage: &Cage, shapes: &Shapes, rig: &Rig) -> Option<Part> {
    let b = &p.beard;
    if b.cheeks + b.chin + b.moustache <= 0.0 {
        return None;
    }
    let normals = mesh::normals(&cage.positions, &cage.quads);
    let height: Vec<f32> = (0..cage.positions.len()).map(|v| thickness(b, cage, v)).collect();
    let quads: Vec<[u32; 4]> =
        cage.quads.iter().copied().filter(|q| q.iter().any(|v| height[*v as usize] > 0.0) && q.iter().all(|v| !inside(cage, *v))).collect();
    let color = linear(p.colors.beard);
    let mut part = Part { quads, ..Part::default() };
    for (v, position) in cage.positions.iter().enumerate() {
        let (azimuth, elevation) = angles(*position);
        let strands = (azimuth * 0.42 + 0.6 * (elevation * 0.3).sin()).sin() * (azimuth * 0.19 + elevation * 0.11).sin();
        let h = height[v];
        let chin = area(cage, v).chin.max(0.0);
        let hang = Vec3::new(-0.25 * position.x, -1.0, 0.12) * (b.length * chin * chin * smoothstep(0.05, 0.5, h));
        // Outside of its area the beard lies under the skin, so that no edge shows.
        let raised = h * (1.0 + 0.28 * strands * smoothstep(0.0, 0.2, h));
        part.positions
            .push(*position + (normals[v] + Vec3::NEG_Y * 0.35 * smoothstep(0.0, 0.3, h)) * raised + hang * (1.0 + 0.15 * strands));
        part.uvs.push([azimuth * 0.10, -0.3 * position.y]);
        part.colors.push(color * (1.0 + 0.12 * strands));
        part.weights.push(skin_weights(*position, rig));
    }
    part.morphs = shapes.clone();
    Some(compact(part))
}

fn inside(cage: &Cage, v: u32) -> bool {
    matches!(cage.places[v as usize], Place::Mouth { s, .. } if s > 0.05)
}

/// Height of the beard over the skin, centimetres; negative outside.
fn thickness(b: &Beard, cage: &Cage, v: usize) -> f32 {
    let a = area(cage, v);
    let areas = [(b.cheeks, a.jaw), (b.chin, a.chin), (b.moustache, a.moustache)];
    let height = |(thick, inside): (f32, f32)| if inside < 0.0 { 0.3 * inside } else { thick * inside.powf(0.6) };
    areas.into_iter().filter(|(thick, _)| *thick > 0.0).map(height).fold(-0.09, f32::max)
}

/// Drops vertices that no face uses and shapes that move nothing.
fn compact(part: Part) -> Part {
    let mut keep = vec![false; part.positions.len()];
    part.quads.iter().flatten().for_each(|v| keep[*v as usize] = true);
    let mut number = vec![0; keep.len()];
    let kept: Vec<usize> = (0..keep.len()).filter(|v| keep[*v]).collect();
    for (new, &old) in kept.iter().enumerate() {
        number[old] = new as u32;
    }
    let mut morphs: Shapes =
        part.morphs.into_iter().map(|(name, offsets)| (name, kept.iter().map(|v| offsets[*v]).collect::<Vec<_>>())).collect();
    morphs.retain(|(_, offsets)| offsets.iter().any(|o| o.length() > 2e-3));
    Part {
        positions: kept.iter().map(|v| part.positions[*v]).collect(),
        quads: part.quads.into_iter().map(|q| q.map(|v| number[v as usize])).collect(),
        colors: kept.iter().map(|v| part.colors[*v]).collect(),
        uvs: kept.iter().map(|v| part.uvs[*v]).collect(),
        weights: kept.iter().map(|v| part.weights[*v]).collect(),
        openness: Vec::new(),
        morphs,
    }
}
