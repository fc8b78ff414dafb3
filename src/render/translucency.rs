//! Where light shines through skin: ears above all. Found once, at rest, from the mesh alone: a vertex is thin where another one
//! that faces away lies close behind it, and lit through where that other side is open to the light. Lids, lips and nostrils are
//! thin too, but their other side is inside the head: all of them lie before the middle of the eyes, where nothing counts.

use super::lanes::F8;
use super::model::Model;
use crate::actor::Surface;
use glam::{IVec3, Vec3};
use std::collections::HashMap;

/// Flesh this thick lets nothing through, metres.
const THICK: f32 = 0.012;
/// How far beside the line through the flesh the other side's vertex may lie, metres.
const BESIDE: f32 = 0.0045;

struct Vertex {
    at: Vec3,
    normal: Vec3,
    open: f32,
}

/// For every vertex of the model the share of the light on the other side that comes through, 0..=1; 0 off the skin.
/// `rest` is the posed model at rest.
pub fn translucency(model: &Model, rest: &[F8]) -> Vec<f32> {
    let mut through = vec![0.0; rest.len()];
    for part in model.parts.iter().filter(|p| p.surface == Surface::Skin) {
        let vertices: Vec<Vertex> = part.vertices.clone().map(|i| vertex(model, rest, i)).collect();
        let mut cells: HashMap<IVec3, Vec<u32>> = HashMap::new();
        for (i, v) in vertices.iter().enumerate() {
            cells.entry(cell(v.at)).or_default().push(i as u32);
        }
        for (v, out) in vertices.iter().zip(&mut through[part.vertices.clone()]).filter(|(v, _)| v.at.z < model.subject.eyes.z) {
            *out = behind(v, &vertices, &cells);
        }
    }
    through
}

fn vertex(model: &Model, rest: &[F8], i: usize) -> Vertex {
    let a = rest[i].to_array();
    let normal = Vec3::new(a[3], a[4], a[5]).normalize_or_zero();
    Vertex { at: Vec3::new(a[0], a[1], a[2]), normal, open: model.paint[i].to_array()[3] }
}

fn cell(p: Vec3) -> IVec3 {
    (p / THICK).floor().as_ivec3()
}

/// The most light that comes through from any vertex on the other side.
fn behind(v: &Vertex, vertices: &[Vertex], cells: &HashMap<IVec3, Vec<u32>>) -> f32 {
    let home = cell(v.at);
    let mut most = 0.0f32;
    for n in 0..27 {
        let Some(cell) = cells.get(&(home + IVec3::new(n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1))) else { continue };
        // Meshes far too dense for their size would make this quadratic.
        for other in cell.iter().take(96).map(|i| &vertices[*i as usize]) {
            let d = other.at - v.at;
            let depth = -d.dot(v.normal);
            let facing_away = v.normal.dot(other.normal) < -0.3;
            if facing_away && depth > 0.0005 && depth < THICK && (d + v.normal * depth).length_squared() < BESIDE * BESIDE {
                let reached = ((other.open - 0.05) / 0.45).clamp(0.0, 1.0);
                most = most.max((1.0 - depth / THICK) * reached);
            }
        }
    }
    most.min(1.0)
}
