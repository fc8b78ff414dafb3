//! The head as a part: the cage with its shapes, painted, bound to neck and head, and its landmarks.

use super::Parameters;
use super::beard;
use super::deform::Shapes;
use super::hair;
use super::math::{angles, bell, direction, linear, smoothstep};
use super::mesh::{Part, Weights};
use super::skeleton::Rig;
use super::surface::Surface;
use super::topology::{Cage, Place};
use glam::Vec3;

/// The skin of head and neck, in head space.
pub fn build(p: &Parameters, cage: &Cage, shapes: Shapes, rig: &Rig) -> Part {
    let mut part = Part {
        positions: cage.positions.clone(),
        quads: cage.quads.clone(),
        colors: paint(p, cage),
        weights: cage.positions.iter().map(|v| skin_weights(*v, rig)).collect(),
        morphs: shapes,
        ..Part::default()
    };
    // Nobody sees the scalp under the hair.
    let hidden = |v: u32| {
        let (azimuth, elevation) = angles(cage.positions[v as usize]);
        hair::hides(p, azimuth, elevation)
    };
    part.quads.retain(|q| !q.iter().all(|v| hidden(*v)));
    part
}

/// Opens the mouth to the light: measured with closed lips, its walls would stay black when it opens.
pub fn light_mouth(cage: &Cage, part: &mut Part) {
    for (open, place) in part.openness.iter_mut().zip(&cage.places) {
        if let Place::Mouth { s, .. } = *place {
            *open = open.max(smoothstep(0.9, 1.3, s) * (0.75 - 0.09 * (s - 1.0)));
        }
    }
}

/// How neck and head carry the skin. The border between them runs from the throat to the nape, below chin and skull.
pub fn skin_weights(v: Vec3, rig: &Rig) -> Weights {
    let along = v.y + 0.35 * (v.z + 2.5);
    let head = smoothstep(-11.5, -6.5, along);
    let chest = (1.0 - head) * smoothstep(-12.6, -16.0, v.y);
    [(rig.joint("head"), head), (rig.joint("neck"), 1.0 - head - chest), (rig.joint("upperChest"), chest), (rig.joint("head"), 0.0)]
}

/// Linear albedo of the skin: blood in cheeks, nose and chin, tinted lids, lips.
fn paint(p: &Parameters, cage: &Cage) -> Vec<Vec3> {
    let c = &p.colors;
    let colors = [c.skin, c.blush, c.lid, c.crease, c.waterline, c.lip, c.lip_inside].map(linear);
    let [skin, blush, lid, crease, waterline, lip, inside] = colors;
    let (flesh, throat) = (linear([205, 98, 94]), linear([140, 52, 52]));
    let shaven = linear([96, 92, 98]);
    cage.positions
        .iter()
        .zip(&cage.places)
        .enumerate()
        .map(|(i, (v, place))| {
            let x = v.x.abs();
            let spot = |cx: f32, cy: f32, wx: f32, wy: f32, behind: f32| {
                bell(x - cx, wx) * bell(v.y - cy, wy) * smoothstep(behind - 0.5, behind + 0.5, v.z)
            };
            let mut color = skin;
            let mut tint = |amount: f32, with: Vec3| color = color.lerp(with, amount.clamp(0.0, 1.0));
            tint(0.46 * spot(4.1, -2.4, 1.7, 1.15, 0.0), blush);
            tint(0.34 * spot(0.0, -2.9, 1.1, 0.8, 7.6), blush);
            tint(0.14 * spot(0.0, -7.9, 1.2, 0.9, 3.0), blush);
            if p.skin.stubble > 0.0 {
                tint(0.42 * p.skin.stubble * beard::shadow(cage, i), shaven);
            }
            match *place {
                Place::Grid => {}
                Place::Lid { s, u, upper, ring, .. } => {
                    tint(0.30 * ((s - 0.35) / 0.65).max(0.0).powf(1.5), lid);
                    if upper {
                        tint(0.28 * bell(ring as f32 + 2.5, 1.1) * (1.0 - u.powi(4)).max(0.0), crease);
                    }
                    if ring >= 1 {
                        tint(0.75 * (1.0 - u.powi(8)).max(0.0), waterline);
                    }
                }
                Place::Mouth { s, t, .. } => {
                    tint(0.80 * smoothstep(-0.10, 0.06, s) * ((1.0 - t.abs().powi(7)) * 1.3).min(1.0), lip);
                    tint(0.55 * smoothstep(0.75, 1.0, s), inside);
                    tint(smoothstep(1.05, 1.6, s), flesh);
                    tint(smoothstep(2.6, 5.5, s), throat);
                }
            }
            color
        })
        .collect()
}

/// The 68 iBUG landmarks (300-W) as vertices of the cage, the character's right first. The inner lip's points lie on the
/// contact line in facing pairs, so that their distance is the opening of the mouth.
pub fn keypoints(cage: &Cage, surface: &Surface) -> Vec<u32> {
    const JAW: [(f32, f32); 9] = [
        (82.0, -8.0),
        (78.0, -18.0),
        (72.0, -27.0),
        (64.0, -34.0),
        (54.0, -40.0),
        (42.0, -44.5),
        (29.0, -48.0),
        (15.0, -50.5),
        (0.0, -52.0),
    ];
    const BROW: [(f32, f32); 5] = [(5.5, 2.05), (4.6, 2.85), (3.5, 3.15), (2.4, 3.0), (1.4, 2.65)];
    let skin = |target: Vec3| nearest(cage, target);
    let jaw = |(azimuth, elevation): (f32, f32), side: f32| skin(surface.project(Vec3::ZERO, direction(azimuth * side, elevation)));
    let brow = |(x, y): (f32, f32), side: f32| skin(surface.front(x * side, y));
    let lid = |side: f32, u: f32, upper: bool| {
        let ring = &cage.eyes[if side > 0.0 { 0 } else { 1 }][cage.rim];
        closest_across(cage, ring, u, upper)
    };
    let lip = |ring: usize, t: f32, upper: bool| closest_across(cage, &cage.mouth[ring], t, upper);
    let mut out = Vec::with_capacity(68);
    out.extend(JAW.iter().map(|j| jaw(*j, -1.0)));
    out.extend(JAW[..8].iter().rev().map(|j| jaw(*j, 1.0)));
    out.extend(BROW.iter().map(|b| brow(*b, -1.0)));
    out.extend(BROW.iter().rev().map(|b| brow(*b, 1.0)));
    out.extend([0.2, -0.9, -1.9, -2.75].map(|y| brow((0.0, y), 1.0)));
    out.extend([-1.0, -0.5, 0.0, 0.5, 1.0].map(|x: f32| brow((0.95 * x.abs(), -3.35 - 0.15 * (1.0 - x.abs())), x.signum())));
    out.extend([(1.0, true), (0.35, true), (-0.35, true), (-1.0, true), (-0.35, false), (0.35, false)].map(|(u, up)| lid(-1.0, u, up)));
    out.extend([(-1.0, true), (-0.35, true), (0.35, true), (1.0, true), (0.35, false), (-0.35, false)].map(|(u, up)| lid(1.0, u, up)));
    out.extend([-1.0, -0.6, -0.25, 0.0, 0.25, 0.6, 1.0].map(|t| lip(cage.border, t, true)));
    out.extend([0.6, 0.25, 0.0, -0.25, -0.6].map(|t| lip(cage.border, t, false)));
    out.extend([-0.9, -0.4, 0.0, 0.4, 0.9].map(|t| lip(cage.contact, t, true)));
    out.extend([0.4, 0.0, -0.4].map(|t| lip(cage.contact, t, false)));
    out
}

fn nearest(cage: &Cage, target: Vec3) -> u32 {
    let outside = |i: &usize| !matches!(cage.places[*i], Place::Mouth { s, .. } if s > 0.0);
    let distance = |i: &usize| cage.positions[*i].distance_squared(target);
    (0..cage.positions.len()).filter(outside).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0) as u32
}

/// The vertex of a ring nearest to a place across the opening.
fn closest_across(cage: &Cage, ring: &[u32], at: f32, above: bool) -> u32 {
    let off = |v: &u32| match cage.places[*v as usize] {
        Place::Lid { u, upper, .. } if upper == above => (u - at).abs(),
        Place::Mouth { t, upper, .. } if upper == above => (t - at).abs(),
        _ => f32::INFINITY,
    };
    ring.iter().copied().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0)
}
