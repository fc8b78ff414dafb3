//! Beards: the skin of jaw and upper lip once more, raised into hair. It moves exactly as the skin does.

use super::deform::Shapes;
use super::head::skin_weights;
use super::math::{angles, bell, curve, linear, smoothstep};
use super::mesh::{self, Part};
use super::skeleton::Rig;
use super::topology::{Cage, Place};
use super::{Beard, Parameters};
use glam::Vec3;

/// How much a vertex belongs to the beard of cheeks and jaw, to the chin and to the moustache, each 0..=1.
pub struct Area {
    pub jaw: f32,
    pub chin: f32,
    pub moustache: f32,
}

/// Upper edge of a beard on the cheek: height by azimuth.
const EDGE: [(f32, f32); 6] = [(16.0, -6.5), (26.0, -6.0), (34.0, -5.0), (48.0, -3.5), (62.0, -2.0), (76.0, 0.0)];

/// The areas at a vertex of the cage.
pub fn area(cage: &Cage, v: usize) -> Area {
    let (p, place) = (cage.positions[v], cage.places[v]);
    let (azimuth, _) = angles(p);
    let azimuth = azimuth.abs();
    let x = p.x.abs();
    let lips = match place {
        Place::Mouth { s, .. } => smoothstep(-0.04, -0.22, s),
        _ => 1.0,
    };
    let below = smoothstep(0.5, -0.7, p.y - curve(&EDGE, azimuth));
    let throat = smoothstep(-11.2, -9.2, p.y) * smoothstep(0.2, 2.2, p.z + 0.9 * (p.y + 9.0).max(0.0));
    let jaw = below * throat * smoothstep(86.0, 76.0, azimuth) * lips;
    let chin = bell(x, 2.3) * smoothstep(-5.9, -7.2, p.y) * throat * smoothstep(2.0, 4.5, p.z) * lips;
    let on_upper = match place {
        Place::Mouth { upper, t, .. } => (upper as u8 as f32) + (1.0 - upper as u8 as f32) * smoothstep(0.75, 0.95, t.abs()),
        _ => 0.0,
    };
    let drop = 0.55 * (x / 2.6).powi(2);
    let moustache = on_upper * smoothstep(3.25, 2.6, x) * smoothstep(-3.75, -4.05, p.y + 0.8 * drop) * lips;
    // At the corners moustache and beard join.
    let corner = bell(x - 2.95, 0.55) * smoothstep(-4.3, -4.9, p.y) * smoothstep(3.0, 4.0, p.z) * lips;
    Area { jaw: jaw.max(corner), chin, moustache }
}

/// Share of the skin that a shaven beard darkens.
pub fn shadow(cage: &Cage, v: usize) -> f32 {
    let a = area(cage, v);
    a.jaw.max(a.chin).max(a.moustache)
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
        cage.quads.iter().copied().filter(|q| q.iter().any(|v| height[*v as usize] > 0.01) && q.iter().all(|v| !inside(cage, *v))).collect();
    let color = linear(p.colors.beard);
    let mut part = Part { quads, ..Part::default() };
    for (v, position) in cage.positions.iter().enumerate() {
        let (azimuth, elevation) = angles(*position);
        let strands = (azimuth * 0.42 + 0.6 * (elevation * 0.3).sin()).sin() * (azimuth * 0.19 + elevation * 0.11).sin();
        let h = height[v];
        let chin = area(cage, v).chin;
        let hang = Vec3::new(-0.25 * position.x, -1.0, 0.12) * (b.length * chin * chin * smoothstep(0.05, 0.5, h));
        // The rim lies under the skin, so that no edge shows.
        let raised = h * (1.0 + 0.28 * strands) - 0.05 * smoothstep(0.12, 0.0, h);
        part.positions.push(*position + (normals[v] + Vec3::NEG_Y * 0.35 * smoothstep(0.0, 0.3, h)) * raised + hang * (1.0 + 0.15 * strands));
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

fn thickness(b: &Beard, cage: &Cage, v: usize) -> f32 {
    let a = area(cage, v);
    (b.cheeks * a.jaw).max(b.chin * a.chin).max(b.moustache * a.moustache)
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
