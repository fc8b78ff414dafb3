//! What the builders make: quads with colours, morphs and bindings, before they become an actor's meshes.

use super::math::mirrored;
use glam::Vec3;

/// A part of the actor. All per-vertex lists have the same length or are empty.
#[derive(Clone, Default)]
pub struct Part {
    /// Centimetres in head space, or metres in actor space: the assembler knows which.
    pub positions: Vec<Vec3>,
    pub quads: Vec<[u32; 4]>,
    /// Linear albedo.
    pub colors: Vec<Vec3>,
    pub uvs: Vec<[f32; 2]>,
    /// Openness known beforehand (0..=1); where empty it is measured.
    pub openness: Vec<f32>,
    /// Joint numbers and weights; empty for parts that ride on a node.
    pub weights: Vec<Weights>,
    /// Offsets of every vertex by morph name.
    pub morphs: Vec<(String, Vec<Vec3>)>,
}

/// Up to four joints and how much each counts (sum 1).
pub type Weights = [(usize, f32); 4];

impl Part {
    /// Adds another part behind this one; both must carry the same optional lists. Its morphs are matched by name.
    pub fn append(&mut self, other: Part) {
        let (mine, theirs) = (self.positions.len(), other.positions.len());
        self.quads.extend(other.quads.iter().map(|q| q.map(|v| v + mine as u32)));
        self.positions.extend(other.positions);
        self.colors.extend(other.colors);
        self.uvs.extend(other.uvs);
        self.openness.extend(other.openness);
        self.weights.extend(other.weights);
        for (_, offsets) in &mut self.morphs {
            offsets.resize(mine + theirs, Vec3::ZERO);
        }
        for (name, offsets) in other.morphs {
            let at = self.morphs.iter().position(|(n, _)| *n == name).unwrap_or_else(|| {
                self.morphs.push((name, vec![Vec3::ZERO; mine + theirs]));
                self.morphs.len() - 1
            });
            self.morphs[at].1[mine..].copy_from_slice(&offsets);
        }
    }

    /// The part on the other side of the body, for builders of symmetric pairs. Morphs and weights do not travel.
    pub fn mirror(&self) -> Part {
        Part {
            positions: self.positions.iter().map(|p| mirrored(*p, -1.0)).collect(),
            quads: self.quads.iter().map(|q| [q[3], q[2], q[1], q[0]]).collect(),
            ..self.clone()
        }
    }

    /// Gives every vertex one colour.
    pub fn paint(mut self, color: Vec3) -> Part {
        self.colors = vec![color; self.positions.len()];
        self
    }

    /// Flips all faces.
    pub fn flip(mut self) -> Part {
        for q in &mut self.quads {
            q.reverse();
        }
        self
    }
}

/// Smooth normals: the sum of the quads' normals, which weighs them by area. Quads rather than triangles, so that the
/// choice of diagonal does not show.
pub fn normals(positions: &[Vec3], quads: &[[u32; 4]]) -> Vec<Vec3> {
    let mut out = vec![Vec3::ZERO; positions.len()];
    for q in quads {
        let [a, b, c, d] = q.map(|v| positions[v as usize]);
        let n = (c - a).cross(d - b);
        for &v in q {
            out[v as usize] += n;
        }
    }
    out.into_iter().map(|n| n.try_normalize().unwrap_or(Vec3::Y)).collect()
}

/// Two triangles a quad along the shorter diagonal; collapsed corners give one.
pub fn triangles(positions: &[Vec3], quads: &[[u32; 4]]) -> Vec<[u32; 3]> {
    let mut out = Vec::with_capacity(quads.len() * 2);
    for &[a, b, c, d] in quads {
        let length = |i: u32, j: u32| (positions[i as usize] - positions[j as usize]).length_squared();
        let pair = if length(a, c) <= length(b, d) { [[a, b, c], [a, c, d]] } else { [[b, c, d], [b, d, a]] };
        out.extend(pair.into_iter().filter(|t| t[0] != t[1] && t[1] != t[2] && t[2] != t[0]));
    }
    out
}

/// Quads between `rows` rings of `columns` vertices each; `closed` joins the last column to the first.
pub fn grid(rows: usize, columns: usize, closed: bool) -> Vec<[u32; 4]> {
    let across = if closed { columns } else { columns - 1 };
    (0..rows - 1)
        .flat_map(|r| {
            (0..across).map(move |c| {
                let next = (c + 1) % columns;
                [r * columns + c, (r + 1) * columns + c, (r + 1) * columns + next, r * columns + next].map(|v| v as u32)
            })
        })
        .collect()
}

/// A tube along `path`: flattened sections of half width `width` (across) and half height `height` (along `up`).
/// Column angle runs from the +across side over the top. `crown` bends the sides down, like a lock lying on a sphere.
pub struct Tube<'a> {
    pub path: &'a [Vec3],
    pub up: &'a [Vec3],
    pub width: &'a [f32],
    pub height: &'a [f32],
    pub columns: usize,
    pub crown: f32,
}

impl Tube<'_> {
    pub fn build(&self) -> Part {
        let n = self.path.len();
        let mut positions = Vec::with_capacity(n * self.columns);
        for i in 0..n {
            let (before, after) = (self.path[i.saturating_sub(1)], self.path[(i + 1).min(n - 1)]);
            let tangent = (after - before).normalize_or_zero();
            let normal = (self.up[i] - tangent * self.up[i].dot(tangent)).normalize_or_zero();
            let across = tangent.cross(normal);
            for c in 0..self.columns {
                let (sin, cos) = (std::f32::consts::TAU * c as f32 / self.columns as f32).sin_cos();
                let drop = self.crown * cos * cos * self.width[i];
                positions.push(self.path[i] + across * (cos * self.width[i]) + normal * (sin * self.height[i] - drop));
            }
        }
        Part { positions, quads: grid(n, self.columns, true), ..Part::default() }
    }
}
