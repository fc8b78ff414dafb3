//! The jaw and the shapes that move both lips as one: close, pucker, funnel, roll, shrug, left and right.

use super::deform::{Face, Shapes};
use super::math::{bell, smoothstep};
use super::topology::Place;
use glam::{Mat3, Vec3};

/// jawOpen, jawForward, jawLeft, jawRight and mouthClose.
pub fn jaw(face: &Face) -> Shapes {
    let mask = jaw_mask(face);
    let turn = Mat3::from_rotation_x(face.jaw.angle.to_radians());
    let (y, half_width) = (face.lips.y, face.lips.half_width);
    let open = face.map(|i, p| {
        let mut d = (turn * (p - face.jaw.axis) + face.jaw.axis - p) * mask[i];
        // The cheeks are drawn in a little and the corners back.
        let near = bell(p.x, 3.0) * bell(p.y - y + 1.0, 2.6) * smoothstep(-0.5, 2.5, p.z);
        d.x -= 0.10 * p.x * near * (1.0 - bell(p.x, 1.0));
        d.z -= 0.10 * bell(p.x.abs() - half_width, 0.8) * bell(p.y - y, 0.9);
        d
    });
    let slide = |offset: Vec3| face.map(|i, _| offset * mask[i]);
    let forward = slide(Vec3::Z * face.jaw.forward);
    let [left, right] = [1.0, -1.0].map(|side| slide(Vec3::X * side * face.jaw.sideways));
    let close = close(face, &open);
    [("jawOpen", open), ("jawForward", forward), ("jawLeft", left), ("jawRight", right), ("mouthClose", close)]
        .map(|(name, offsets)| (name.to_string(), offsets))
        .into()
}

/// How far each vertex follows the jaw: all below the mouth line seen from the joint, fading beside the mouth and down the neck.
fn jaw_mask(face: &Face) -> Vec<f32> {
    let axis = face.jaw.axis;
    let corner = (face.lips.y - axis.y).atan2(7.3 - axis.z).to_degrees();
    face.cage
        .positions
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let back = smoothstep(-1.2, 2.2, p.z);
            let throat = if p.y < -7.2 { smoothstep(0.3, 4.6, p.z - 0.35 * (p.y + 7.2)) } else { 1.0 };
            let neck = throat * smoothstep(-12.0, -8.4, p.y);
            let angle = (p.y - axis.y).atan2(p.z - axis.z).to_degrees();
            let width = 1.5 + 7.0 * (p.x.abs() - face.lips.half_width * 0.9).clamp(0.0, 3.2);
            let field = smoothstep(corner + width, corner - 1.1 * width, angle);
            let on_lips = face.on_lips[i];
            (field * (1.0 - on_lips) + face.lower[i] * on_lips) * back * neck
        })
        .collect()
}

/// Brings the lips of the open jaw together again: with jawOpen at the same weight the gap is exactly zero.
fn close(face: &Face, open: &[Vec3]) -> Vec<Vec3> {
    /// Where between the lips' positions they meet, from the upper.
    const MEET: f32 = 0.42;
    let cage = face.cage;
    let contact = &cage.mouth[cage.contact];
    let n = contact.len();
    let mut offsets = vec![Vec3::ZERO; cage.positions.len()];
    for (j, vertices) in cage.mouth.iter().enumerate() {
        let outside = smoothstep(0.0, 1.0, j as f32 / cage.border as f32).powf(1.3);
        let inside = if j > cage.contact { 1.0 - (j - cage.contact - 1) as f32 / 5.0 } else { 1.0 };
        for (k, &v) in vertices.iter().enumerate() {
            let facing = (n - k) % n;
            let (up, down) = if k <= n / 2 { (k, facing) } else { (facing, k) };
            let (up, down) = (open[contact[up] as usize], open[contact[down] as usize]);
            let own = if k <= n / 2 { up } else { down };
            // Beside the corner only the lips themselves move: the skin there already follows the jaw half the way.
            let beside = ring(face, v as usize).map_or(0.0, |(_, t, _)| t.abs().powi(4));
            let near = outside * (1.0 - beside + beside * face.on_lips[v as usize]);
            offsets[v as usize] = (up.lerp(down, MEET) - own) * (near * inside.max(0.0));
        }
    }
    offsets
}

/// Shapes made of fields over the whole mouth.
pub fn lip_fields(face: &Face) -> Shapes {
    let shapes: [(&str, Vec<Vec3>); 9] = [
        ("mouthPucker", pucker(face)),
        ("mouthFunnel", funnel(face)),
        ("mouthLeft", sideways(face, 1.0)),
        ("mouthRight", sideways(face, -1.0)),
        ("mouthRollLower", roll(face, false)),
        ("mouthRollUpper", roll(face, true)),
        ("mouthShrugLower", shrug_lower(face)),
        ("mouthShrugUpper", shrug_upper(face)),
        ("puckerOpen", pucker_open(face)),
    ];
    shapes.map(|(name, offsets)| (name.to_string(), offsets)).into()
}

/// The region around the mouth: 1 at its middle.
fn region(face: &Face, p: Vec3) -> f32 {
    let (x, y) = ((p.x / 3.3).abs(), ((p.y - face.lips.y) / 1.75).abs());
    (-x.powi(3) - y.powf(2.4)).exp() * smoothstep(1.0, 4.0, p.z)
}

/// Place across the lips: (s, t) on rings, if it is on one.
pub fn ring(face: &Face, i: usize) -> Option<(f32, f32, bool)> {
    match face.cage.places[i] {
        Place::Mouth { s, t, upper } => Some((s, t, upper)),
        _ => None,
    }
}

/// 1 outside, falling to 0 at 4 cm behind the contact line.
fn fade_inside(face: &Face, i: usize) -> f32 {
    ring(face, i).map_or(1.0, |(s, ..)| 1.0 - (s - 1.0).clamp(0.0, 4.0) / 4.0)
}

/// (x / half width)², at most 1.
fn corner(face: &Face, p: Vec3) -> f32 {
    (p.x.abs() / face.lips.half_width).min(1.0).powi(2)
}

/// The lips are drawn together and forward, stay closed, swell, and lose the Cupid's bow.
fn pucker(face: &Face) -> Vec<Vec3> {
    face.map(|i, p| {
        let (g, c) = (region(face, p), corner(face, p));
        let y = ring(face, i).map_or(0.0, |(s, t, upper)| {
            let touching = smoothstep(0.3, 0.9, s);
            let swell = smoothstep(-0.2, 0.3, s) * (1.0 - touching) * (1.0 - c * c) * if upper { 0.10 } else { -0.10 };
            // An ellipse around the mouth, where the resting border runs out into a point.
            let round = 0.30 * ((1.0 - t * t).max(0.0).sqrt() - (1.0 - t * t).max(0.0).powf(0.85));
            let round = round * smoothstep(-0.5, 0.0, s) * (1.0 - touching) * if upper { 1.0 } else { -1.0 };
            (swell * g + round + plain_bow(s, t, upper)) * fade_inside(face, i)
        });
        // The contact line bends down at the corners: the mouth's resting curve would open as a V.
        let y = y - 0.40 * c * g * fade_inside(face, i);
        // The lips keep their thickness around the corners: the mouth is a ring.
        let around = ring(face, i)
            .map_or(0.0, |(s, t, _)| 0.18 * t.signum() * t.powi(4) * smoothstep(-0.5, 0.0, s) * (1.0 - smoothstep(0.2, 0.9, s)));
        Vec3::new(-0.58 * p.x * g + around, y, (0.85 + 0.22 * c) * g * fade_inside(face, i))
    })
}

/// Takes the Cupid's bow and the dip of the contact line away: a lip that is stretched or rounded has none.
pub fn plain_bow(s: f32, t: f32, upper: bool) -> f32 {
    let touching = smoothstep(0.3, 0.9, s);
    let bow = if upper { 0.07 * (bell(t, 0.12) - bell(t.abs() - 0.22, 0.13)) } else { 0.0 };
    smoothstep(-0.4, 0.0, s) * (bow * (1.0 - touching) + 0.05 * bell(t, 0.16) * touching)
}

/// An open puckered mouth is round: the jaw alone would pull it to a V.
fn pucker_open(face: &Face) -> Vec<Vec3> {
    face.map(|i, p| {
        let t = ring(face, i).map_or_else(|| (p.x / face.lips.half_width).clamp(-1.0, 1.0), |(_, t, _)| t);
        let round = (1.0 - t * t).max(0.0).sqrt();
        let near = region(face, p) * smoothstep(-1.0, 0.0, ring(face, i).map_or(-1.0, |(s, ..)| s)) * fade_inside(face, i);
        let apart = 0.60 * (1.0 - face.lower[i]) * round - 2.4 * face.lower[i] * t * t * (1.0 - t * t);
        Vec3::new(0.30 * p.x.signum() * t.abs().powi(4), apart, 0.0) * near
    })
}

fn funnel(face: &Face) -> Vec<Vec3> {
    face.map(|i, p| {
        let (g, c) = (region(face, p), corner(face, p));
        let from_line = p.y - face.lips.y;
        // On the lips the opening is an ellipse, whose corners are round.
        let soft = 1.0 - c * c;
        let (flare, part) = match ring(face, i) {
            Some((s, t, _)) => (smoothstep(-0.35, 0.0, s), soft + ((1.0 - t * t).max(0.0).sqrt() - soft) * smoothstep(-0.3, 0.0, s)),
            None => (bell(from_line, 1.2), soft * bell(from_line, 1.4)),
        };
        let apart = 0.50 * (1.0 - face.lower[i]) - 0.58 * face.lower[i];
        Vec3::new(-0.26 * p.x * g, g * apart * part, (0.55 + 0.30 * flare * (1.0 - c)) * g * fade_inside(face, i))
    })
}

fn sideways(face: &Face, side: f32) -> Vec<Vec3> {
    face.map(|_, p| {
        let g = region(face, p);
        let wide = (-(p.x / 3.6).abs().powi(3) - ((p.y - face.lips.y) / 2.2).powi(2)).exp() * smoothstep(0.0, 3.0, p.z);
        Vec3::new(0.85 * side * wide, 0.10 * g * side * p.x / face.lips.half_width, -0.05 * side * p.x * g)
    })
}

/// A lip turns in over the teeth: the contact line goes back, the border follows it.
fn roll(face: &Face, upper: bool) -> Vec<Vec3> {
    let (back, towards) = if upper { (-0.29, -0.26) } else { (-0.41, 0.34) };
    face.map(|i, _| match ring(face, i) {
        Some((s, t, on_upper)) if on_upper == upper => {
            let arch = (1.0 - t.abs().powi(3)).max(0.0);
            let rolled = smoothstep(-0.15, 0.75, s) * fade_inside(face, i);
            let pulled = smoothstep(-0.6, 0.1, s) * (1.0 - 0.8 * smoothstep(0.2, 0.9, s));
            Vec3::new(0.0, towards * arch * pulled, back * arch * rolled)
        }
        _ => Vec3::ZERO,
    })
}

fn shrug_lower(face: &Face) -> Vec<Vec3> {
    face.map(|i, p| {
        let w = bell(p.x, 2.0) * bell(p.y - face.lips.y + 1.1, 1.5) * face.lower[i] * smoothstep(2.0, 5.0, p.z);
        let chin = bell(p.x, 1.2) * bell(p.y + 7.5, 0.8) * smoothstep(2.0, 5.0, p.z);
        Vec3::new(0.0, 0.42 * w, 0.22 * w + 0.14 * chin)
    })
}

fn shrug_upper(face: &Face) -> Vec<Vec3> {
    face.map(|i, p| {
        let w = bell(p.x, 2.0) * bell(p.y - face.lips.y - 0.4, 0.9) * (1.0 - face.lower[i]) * smoothstep(2.0, 5.0, p.z);
        Vec3::new(0.0, 0.34 * w, 0.16 * w)
    })
}
