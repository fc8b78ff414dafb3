//! Morphing and skinning on the CPU: the twin of `shaders/posing.wgsl`.

use super::lanes::F8;
use super::model::Model;
use glam::{Affine3A, Vec3A};

/// Fills `out` with the posed vertices: position, normal (not normalised), uv.
pub fn pose(model: &Model, palette: &[Affine3A], weights: &[f32], out: &mut Vec<F8>) {
    out.clear();
    out.extend_from_slice(&model.shape);
    for (morph, weight) in model.morphs.iter().zip(weights) {
        if *weight != 0.0 {
            let weight = F8::splat(*weight);
            for (vertex, offset) in morph.vertices.iter().zip(&morph.offsets) {
                out[*vertex as usize] += *offset * weight;
            }
        }
    }
    for (vertex, skin) in out.iter_mut().zip(&model.skin) {
        let matrix = blend(palette, &skin.joints, &skin.weights);
        let a = vertex.as_array();
        let p = matrix.transform_point3a(Vec3A::new(a[0], a[1], a[2]));
        let n = matrix.transform_vector3a(Vec3A::new(a[3], a[4], a[5]));
        *vertex = F8::new([p.x, p.y, p.z, n.x, n.y, n.z, a[6], a[7]]);
    }
}

/// Linear blend of joint matrices. Weights are sorted, so a second weight of zero means a rigid vertex.
#[inline]
pub fn blend(palette: &[Affine3A], joints: &[u32; 4], weights: &[f32; 4]) -> Affine3A {
    let at = |k: usize| &palette[joints[k] as usize];
    if weights[1] == 0.0 {
        return *at(0);
    }
    let mut sum = scaled(at(0), weights[0]);
    for (k, weight) in weights.iter().enumerate().skip(1).take_while(|(_, w)| **w != 0.0) {
        let m = scaled(at(k), *weight);
        sum.matrix3 += m.matrix3;
        sum.translation += m.translation;
    }
    sum
}

#[inline]
fn scaled(m: &Affine3A, weight: f32) -> Affine3A {
    Affine3A { matrix3: m.matrix3 * weight, translation: m.translation * weight }
}
