//! Lashes as one dark wing swept along each rim: a clean shape reads better at small sizes than separate hairs.
//!
//! The wing is built from the posed rim, so every lid shape gives the lashes their own: open eyes carry them up, closed
//! eyes lay them down.

use super::deform::Shapes;
use super::eye_frame::EyeFrame;
use super::math::{bell, curve};
use super::mesh::{Part, grid};
use super::topology::Cage;
use glam::Vec3;

/// Points of a wing's section.
const SECTION: usize = 6;

/// Both wings of one eye in the pose of `skin`.
fn wings(cage: &Cage, eye: &EyeFrame, skin: &[Vec3], side: f32, amount: f32) -> (Vec<Vec3>, Vec<[u32; 4]>) {
    let ring = &cage.eyes[if side > 0.0 { 0 } else { 1 }][cage.rim];
    let n = ring.len();
    let half = n / 2;
    let upper: Vec<Vec3> = (1..=half).map(|k| skin[ring[k] as usize]).collect();
    let lower: Vec<Vec3> = (5..half - 1).map(|k| skin[ring[n - k] as usize]).collect();
    let centre = eye.centre_of(side);
    let mut points: Vec<Vec3> = sections(&upper, centre, side, true, amount);
    let mut quads = grid(upper.len(), SECTION, true);
    let offset = points.len() as u32;
    points.extend(sections(&lower, centre, side, false, amount));
    quads.extend(grid(lower.len(), SECTION, true).iter().map(|q| q.map(|v| v + offset)));
    (points, quads)
}

fn sections(rim: &[Vec3], centre: Vec3, side: f32, upper: bool, amount: f32) -> Vec<Vec3> {
    let lateral = Vec3::X * side;
    let up = if upper { Vec3::Y } else { -Vec3::Y };
    let sign = up.y;
    let mut out = Vec::with_capacity(rim.len() * SECTION);
    for (i, &p) in rim.iter().enumerate() {
        // From the inner to the outer corner.
        let f = i as f32 / (rim.len() - 1) as f32;
        let radial = (p - centre).normalize_or_zero();
        let open = ((radial.y + 0.22) / 0.62).clamp(0.0, 1.0);
        let (length, towards, thickness, lift) = if upper {
            let length = (0.08 + 0.36 * f.powf(1.6)) * curve(&[(0.0, 0.2), (0.12, 1.0), (0.80, 1.0), (1.0, 0.12)], f);
            let towards = radial + Vec3::Y * (-0.35 + 0.80 * open) + lateral * (0.75 * (f - 0.35));
            let thickness = (0.085 + 0.05 * (1.0 - open)) * curve(&[(0.0, 0.05), (0.2, 0.9), (0.5, 1.0), (0.9, 1.0), (1.0, 0.0)], f);
            (length, towards, thickness, 0.045 + 0.05 * bell(f, 0.30))
        } else {
            let length = (0.02 + 0.09 * f) * curve(&[(0.0, 0.0), (0.35, 0.3), (0.85, 1.0), (1.0, 0.1)], f);
            let thickness = 0.03 * curve(&[(0.0, 0.05), (0.4, 0.5), (0.8, 1.0), (1.0, 0.05)], f);
            (length, radial - Vec3::Y * 0.8 + lateral * (0.6 * (f - 0.3)), thickness, -0.01)
        };
        let (length, thickness) = (length * (0.15 + 0.85 * amount), thickness * (0.4 + 0.6 * amount));
        let along = towards.normalize_or_zero();
        let base = p + radial * lift;
        out.extend([
            base - up * 0.02,
            base + radial * 0.07 - up * (0.03 * sign),
            base + along * (length * 0.55) + radial * 0.05 - up * 0.02,
            base + along * length + up * (0.06 * length / 0.3 * sign),
            base + along * (length * 0.5) + up * (thickness * 0.9),
            base + up * thickness + radial * 0.02,
        ]);
    }
    out
}

/// The lashes of one eye with the shapes they inherit from the lids. `amount` is [`super::Eyes::lashes`].
pub fn build(cage: &Cage, eye: &EyeFrame, shapes: &Shapes, side: f32, amount: f32) -> Part {
    let (rest, quads) = wings(cage, eye, &cage.positions, side, amount);
    let suffix = if side > 0.0 { "Left" } else { "Right" };
    let posed = |offsets: &[Vec3]| -> Vec<Vec3> {
        let skin: Vec<Vec3> = cage.positions.iter().zip(offsets).map(|(p, o)| *p + *o).collect();
        wings(cage, eye, &skin, side, amount).0.iter().zip(&rest).map(|(p, r)| *p - *r).collect()
    };
    let of = |name: &str| shapes.iter().find(|(n, _)| *n == format!("{name}{suffix}")).map(|(_, o)| o.as_slice());
    let mut morphs: Shapes = shapes
        .iter()
        .filter(|(name, _)| name.ends_with(suffix) && !name.starts_with("blink"))
        .map(|(name, offsets)| (name.clone(), posed(offsets)))
        .collect();
    // Correctives: what the true pose has beyond the sum of the single shapes.
    if let (Some(blink), Some(half)) = (of("eyeBlink"), of("blinkHalf")) {
        let true_half: Vec<Vec3> = blink.iter().zip(half).map(|(b, h)| *b * 0.5 + *h).collect();
        let closed = posed(blink);
        let offsets = posed(&true_half).iter().zip(&closed).map(|(t, c)| *t - *c * 0.5).collect();
        morphs.push((format!("blinkHalf{suffix}"), offsets));
        for (name, other) in [
            ("blinkWide", "eyeWide"),
            ("blinkSquint", "eyeSquint"),
            ("blinkDown", "eyeLookDown"),
            ("blinkUp", "eyeLookUp"),
            ("blinkCheek", "cheekSquint"),
        ] {
            if let Some(other) = of(other) {
                morphs.push((format!("{name}{suffix}"), posed(other).iter().map(|o| -*o).collect()));
            }
        }
    }
    morphs.retain(|(_, offsets)| offsets.iter().any(|o| o.length() > 1e-3));
    let quads = if side > 0.0 { quads } else { quads.into_iter().map(|[a, b, c, d]| [d, c, b, a]).collect() };
    Part { positions: rest, quads, morphs, ..Part::default() }
}
