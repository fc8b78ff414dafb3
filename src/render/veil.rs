//! What mixes with what is behind it: triangles of such parts, farthest first.
//!
//! Parts that mix are drawn twice: with all else where they are all but opaque, so that hair cards hide each other
//! correctly whatever their order, and then, over all else, the rest of them. Only that rest needs an order. It is that of the
//! resting actor, made once, the same for both back ends.

use super::model::Model;
use super::view::Camera;
use glam::Vec3;
use std::ops::Range;

/// Numbers of the triangles to mix, farthest first.
pub fn sorted(model: &Model, camera: &Camera) -> Vec<u32> {
    let parts = || model.parts.iter().filter(|p| p.blends);
    if parts().next().is_none() {
        return Vec::new();
    }
    let rest = model.geometry(&crate::motion::Frame::default());
    let height = |i: u32| {
        let a = rest[i as usize].to_array();
        Vec3::new(a[0], a[1], a[2]).dot(camera.back)
    };
    let near = |number: u32| model.triangles[number as usize].map(height).iter().sum::<f32>();
    let mut found: Vec<(f32, u32)> = parts().flat_map(|p| p.triangles.clone()).map(|n| (near(n as u32), n as u32)).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.into_iter().map(|(_, number)| number).collect()
}

/// Runs of triangles of one part in `sorted`, as (part, places in `sorted`).
pub fn runs(sorted: &[u32], part_of: &[u32]) -> Vec<(usize, Range<u32>)> {
    let mut runs: Vec<(usize, Range<u32>)> = Vec::new();
    for (i, number) in sorted.iter().enumerate() {
        let (part, i) = (part_of[*number as usize] as usize, i as u32);
        match runs.last_mut() {
            Some((last, range)) if *last == part => range.end = i + 1,
            _ => runs.push((part, i..i + 1)),
        }
    }
    runs
}
