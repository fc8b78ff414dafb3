//! Shapes of the lids: they slide over the eyeball, and closed rims land on the same points.

use super::deform::{Face, Shapes, cheek_squint};
use super::math::{mirrored, smoothstep};
use super::topology::Place;
use glam::Vec3;

/// How far the lids go, in degrees, as functions of the place across the eye.
struct Slide<'a> {
    /// Pitch of the upper and of the lower lid.
    upper: &'a dyn Fn(f32) -> f32,
    lower: &'a dyn Fn(f32) -> f32,
    /// Yaw of both, towards the temple.
    sideways: f32,
    /// Whether moving skin is drawn onto the ball.
    hug: bool,
}

/// Where a vertex stands with respect to one eye.
struct Lidded {
    yaw: f32,
    pitch: f32,
    radius: f32,
    u: f32,
    /// How much it follows the upper and the lower lid.
    upper: f32,
    lower: f32,
    /// Behind the lid's edge, where the distance from the ball is kept.
    behind: bool,
}

/// Adds all lid shapes and their correctives.
pub fn add(face: &Face, shapes: &mut Shapes) {
    for (side, suffix) in [(1.0, "Left"), (-1.0, "Right")] {
        let lids: Vec<Option<Lidded>> = (0..face.cage.positions.len()).map(|i| lidded(face, i, side)).collect();
        let eye = face.eye;
        let closing = |u: f32, share: f32, rim: &dyn Fn(f32) -> f32| {
            let u = u.clamp(-1.0, 1.0);
            share * (eye.closing(u) - rim(u))
        };
        let part = |share: f32| {
            let upper = |u: f32| closing(u, share, &|u| eye.upper_rim(u));
            let lower = |u: f32| closing(u, share, &|u| eye.lower_rim(u));
            slide(face, &lids, side, Slide { upper: &upper, lower: &lower, sideways: 0.0, hug: true })
        };
        let arched = |upper: f32, lower: f32, hug: bool| {
            let arch = |u: f32| (1.0 - u * u).max(0.0);
            slide(face, &lids, side, Slide { upper: &|u| upper * arch(u), lower: &|u| lower * arch(u), sideways: 0.0, hug })
        };
        let turned = |sideways: f32| slide(face, &lids, side, Slide { upper: &|_| 0.0, lower: &|_| 0.0, sideways, hug: false });

        let blink = part(1.0);
        // Half way the straight path of a linear morph would cut through the ball.
        let half = part(0.5).iter().zip(&blink).map(|(h, b)| *h - *b * 0.5).collect();
        let wide = arched(11.0, -3.5, false);
        let squint = arched(-3.5, 8.0, true);
        let down = arched(-15.0, -5.0, true);
        let up = arched(6.0, 3.5, false);
        let lid = arched(0.0, 7.0, true);
        let (cheek, over_closed) = join_cheek(face, cheek_squint(face, side), &lid);
        let undo = |offsets: &[Vec3]| offsets.iter().map(|o| -*o).collect::<Vec<_>>();
        let named = [
            ("blinkHalf", half),
            ("blinkWide", undo(&wide)),
            ("blinkSquint", undo(&squint)),
            ("blinkDown", undo(&down)),
            ("blinkUp", undo(&up)),
            ("blinkCheek", over_closed),
            ("eyeBlink", blink),
            ("eyeWide", wide),
            ("eyeSquint", squint),
            ("eyeLookDown", down),
            ("eyeLookUp", up),
            ("eyeLookIn", turned(-1.5)),
            ("eyeLookOut", turned(1.5)),
            ("cheekSquint", cheek),
        ];
        shapes.extend(named.map(|(name, offsets)| (format!("{name}{suffix}"), offsets)));
    }
}

/// cheekSquint of cheek and lower lid together, and what a blink must take back of it so that lids do not over-close.
fn join_cheek(face: &Face, cheek: Vec<Vec3>, lid: &[Vec3]) -> (Vec<Vec3>, Vec<Vec3>) {
    cheek
        .into_iter()
        .zip(lid)
        .zip(&face.cage.places)
        .map(|((cheek, lid), place)| {
            let near_rim = if let Place::Lid { s, .. } = *place { smoothstep(0.25, 0.85, s) } else { 0.0 };
            let cheek = cheek * (1.0 - 0.9 * near_rim);
            (cheek + *lid, -(cheek * near_rim + *lid))
        })
        .unzip()
}

fn lidded(face: &Face, i: usize, side: f32) -> Option<Lidded> {
    let eye = face.eye;
    let p = mirrored(face.cage.positions[i], side);
    let (yaw, pitch, radius, depth) = eye.coordinates(p);
    if depth <= 0.0 || radius >= eye.radius * 2.4 || p.x <= 0.0 {
        return None;
    }
    let u = yaw / eye.half_width;
    let clamped = u.clamp(-1.0, 1.0);
    let (upper_rim, lower_rim) = (eye.upper_rim(clamped), eye.lower_rim(clamped));
    let (is_upper, ring) = match face.cage.places[i] {
        Place::Lid { upper, ring, .. } => (upper, ring),
        _ => (pitch > 0.5 * (upper_rim + lower_rim), i32::MIN),
    };
    let weight = if ring >= 0 {
        1.0
    } else {
        let beyond = ((u.abs() - 1.0) / 0.35).clamp(0.0, 1.0);
        let beside = (1.0 - beyond).powi(2) * smoothstep(2.3 * eye.radius, 1.35 * eye.radius, radius);
        let away = if is_upper {
            (1.0 - (pitch - upper_rim).max(0.0) / 33.0).max(0.0).powf(1.15)
        } else {
            (1.0 - (lower_rim - pitch).max(0.0) / 30.0).max(0.0).powf(1.4)
        };
        beside * away
    };
    let (upper, lower) = if is_upper { (weight, 0.0) } else { (0.0, weight) };
    (weight > 1e-4).then_some(Lidded { yaw, pitch, radius, u, upper, lower, behind: ring >= 1 })
}

fn slide(face: &Face, lids: &[Option<Lidded>], side: f32, by: Slide) -> Vec<Vec3> {
    let eye = face.eye;
    face.map(|i, p| {
        let Some(lid) = &lids[i] else { return Vec3::ZERO };
        let (upper, lower) = ((by.upper)(lid.u) * lid.upper, (by.lower)(lid.u) * lid.lower);
        let weight = lid.upper + lid.lower;
        let radius = if lid.behind {
            lid.radius
        } else {
            let amount = (upper.abs() + lower.abs()).min(40.0) / 40.0;
            let pull = if by.hug { (amount * 1.6).min(1.0) * weight } else { 0.0 };
            let hugged = lid.radius + (eye.lid_radius - lid.radius) * pull;
            hugged.max(lid.radius.min(eye.lid_radius))
        };
        let moved = eye.point(lid.yaw + by.sideways * weight, lid.pitch + upper + lower, radius);
        mirrored(moved, side) - p
    })
}
