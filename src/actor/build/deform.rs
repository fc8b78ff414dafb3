//! The 52 ARKit shapes of the head as offsets, and the correctives for shapes that collide.
//!
//! Three kinds of deformers: the jaw turns about the temporomandibular joint ([`super::mouth`]), lids slide over the eyeball
//! ([`super::lids`]), and soft tissue follows bell-shaped fields around landmarks (here). Left is +x; the right side is the
//! mirror image. A field of one side fades over the middle so that left and right add up to the symmetric shape.

use super::creases;
use super::eye_frame::EyeFrame;
use super::lids;
use super::math::{bell, mirrored, smoothstep};
use super::mouth;
use super::topology::{Cage, Lips, Place};
use super::{Jaw, Parameters};
use crate::actor::Driver;
use crate::face::coefficients;
use glam::Vec3;

/// Offsets of all vertices of the cage, by morph name.
pub type Shapes = Vec<(String, Vec<Vec3>)>;

/// The head at rest and the masks that deformers share.
pub struct Face<'a> {
    pub cage: &'a Cage,
    pub eye: &'a EyeFrame,
    pub lips: Lips,
    pub jaw: Jaw,
    /// How much a vertex belongs to the lower lip (0..=1); the rest belongs to the upper.
    pub lower: Vec<f32>,
    /// Whether a vertex is on the rings of the mouth and how near its lip border (0..=1).
    pub on_lips: Vec<f32>,
}

impl<'a> Face<'a> {
    pub fn new(cage: &'a Cage, eye: &'a EyeFrame, p: &Parameters) -> Face<'a> {
        let lips = Lips::new(p);
        let (mut lower, mut on_lips) = (Vec::new(), Vec::new());
        for (v, place) in cage.positions.iter().zip(&cage.places) {
            let beside = (v.x.abs() - 0.92 * lips.half_width).max(0.0);
            let band = 0.10 + 0.75 * beside;
            let line = lips.contact((v.x / lips.half_width).clamp(-1.0, 1.0));
            let field = smoothstep(band, -band, v.y - line - 0.10 * beside);
            // At the corner both halves move half the way: the opening becomes an oval, not a wedge.
            let (ring, weight) = match *place {
                Place::Mouth { s, t, upper } => {
                    let corner = 0.5 * t.abs().powi(6);
                    (if upper { corner } else { 1.0 - corner }, smoothstep(-0.35, -0.02, s))
                }
                _ => (0.0, 0.0),
            };
            lower.push(field * (1.0 - weight) + ring * weight);
            on_lips.push(weight);
        }
        Face { cage, eye, lips, jaw: p.jaw(), lower, on_lips }
    }

    /// Offsets from a function of vertex number and rest position.
    pub fn map(&self, f: impl Fn(usize, Vec3) -> Vec3) -> Vec<Vec3> {
        self.cage.positions.iter().enumerate().map(|(i, p)| f(i, *p)).collect()
    }
}

/// All shapes: the 52 in ARKit's order, then the correctives.
pub fn bake(face: &Face) -> Shapes {
    let mut shapes = mouth::jaw(face);
    shapes.extend(mouth::lip_fields(face));
    shapes.extend(landmark_shapes(face));
    shapes.extend(correctives(face));
    for (_, offsets) in &mut shapes {
        keep_off_the_lids(face.cage, offsets);
    }
    lids::add(face, &mut shapes);
    furrow(face, &mut shapes);
    let place = |name: &str| coefficients::index(name).unwrap_or(coefficients::COUNT);
    shapes.push(("tongueOut".into(), vec![Vec3::ZERO; face.cage.positions.len()]));
    shapes.sort_by_key(|(name, _)| place(name));
    shapes
}

/// What drives a morph of our own actors, by its name.
pub fn driver(name: &str) -> Driver {
    if let Some(i) = coefficients::index(name) {
        return Driver::Coefficient(i);
    }
    let index = |name: String| coefficients::index(&name);
    let (stem, side) = match (name.strip_suffix("Left"), name.strip_suffix("Right")) {
        (Some(stem), _) => (stem, "Left"),
        (_, Some(stem)) => (stem, "Right"),
        _ => (name, ""),
    };
    let pair = |a: &str, b: &str| match (index(format!("{a}{side}")), coefficients::index(b).or(index(format!("{b}{side}")))) {
        (Some(a), Some(b)) => Driver::Product(a, b),
        _ => Driver::None,
    };
    match stem {
        "blinkHalf" => index(format!("eyeBlink{side}")).map_or(Driver::None, Driver::Half),
        "blinkWide" => pair("eyeBlink", "eyeWide"),
        "blinkSquint" => pair("eyeBlink", "eyeSquint"),
        "blinkDown" => pair("eyeBlink", "eyeLookDown"),
        "blinkUp" => pair("eyeBlink", "eyeLookUp"),
        "blinkCheek" => pair("eyeBlink", "cheekSquint"),
        "smileOpen" => pair("mouthSmile", "jawOpen"),
        "smileRaise" => pair("mouthSmile", "mouthUpperUp"),
        "smilePucker" => pair("mouthSmile", "mouthPucker"),
        "smileFunnel" => pair("mouthSmile", "mouthFunnel"),
        "puckerOpen" => pair("mouthPucker", "jawOpen"),
        _ => Driver::None,
    }
}

/// Adds the furrows that shapes make in the skin.
fn furrow(face: &Face, shapes: &mut Shapes) {
    let normals = super::mesh::normals(&face.cage.positions, &face.cage.quads);
    for (name, offsets) in shapes {
        let (stem, sides) = match (name.strip_suffix("Left"), name.strip_suffix("Right")) {
            (Some(stem), _) => (stem, [1.0, 0.0]),
            (_, Some(stem)) => (stem, [0.0, 1.0]),
            _ => (name.as_str(), [1.0, 1.0]),
        };
        let creases = creases::of_shape(stem);
        if creases.is_empty() {
            continue;
        }
        for (i, offset) in offsets.iter_mut().enumerate() {
            let p = face.cage.positions[i];
            let free = match face.cage.places[i] {
                Place::Grid => 1.0,
                Place::Lid { s, .. } => 1.0 - smoothstep(0.45, 0.85, s),
                Place::Mouth { s, .. } => smoothstep(-0.15, -0.5, s),
            };
            let left = smoothstep(-0.3, 0.3, p.x);
            let side = sides[0] * left + sides[1] * (1.0 - left);
            let height: f32 = creases.iter().map(|c| c.height(Vec3::new(p.x.abs(), p.y, p.z))).sum();
            *offset += normals[i] * (height * free * side);
        }
    }
}

/// Only lid shapes may move the rims: anything else would open closed eyes.
fn keep_off_the_lids(cage: &Cage, offsets: &mut [Vec3]) {
    for (offset, place) in offsets.iter_mut().zip(&cage.places) {
        if let Place::Lid { s, .. } = *place {
            *offset *= 1.0 - smoothstep(0.40, 0.88, s);
        }
    }
}

/// A field around a landmark of the left side.
struct Bump {
    centre: (f32, f32),
    width: (f32, f32),
    offset: Vec3,
    /// Constant from the middle of the face to the centre: a plain bell would leave a dip in the middle of the lip.
    flat: bool,
    lip: Lip,
}

#[derive(Clone, Copy, PartialEq)]
enum Lip {
    Both,
    Upper,
    Lower,
}

fn bump(x: f32, y: f32, width: f32, height: f32, offset: [f32; 3]) -> Bump {
    Bump { centre: (x, y), width: (width, height), offset: offset.into(), flat: false, lip: Lip::Both }
}

impl Bump {
    fn flat(self) -> Bump {
        Bump { flat: true, ..self }
    }

    fn upper(self) -> Bump {
        Bump { lip: Lip::Upper, ..self }
    }

    fn lower(self) -> Bump {
        Bump { lip: Lip::Lower, ..self }
    }

    fn at(&self, p: Vec3, lower: f32) -> Vec3 {
        let x = p.x - self.centre.0;
        let x = if self.flat { x.max(0.0) } else { x };
        let lip = match self.lip {
            Lip::Both => 1.0,
            Lip::Upper => 1.0 - lower,
            Lip::Lower => lower,
        };
        self.offset * (bell(x, self.width.0) * bell(p.y - self.centre.1, self.width.1) * smoothstep(-0.5, 2.5, p.z) * lip)
    }
}

/// The sum of the bumps on one side.
fn one_side(face: &Face, bumps: &[Bump], side: f32) -> Vec<Vec3> {
    face.map(|i, p| {
        let p = mirrored(p, side);
        let sum: Vec3 = bumps.iter().map(|b| b.at(p, face.lower[i])).sum();
        mirrored(sum * smoothstep(-0.9, 0.9, p.x), side)
    })
}

fn add(a: Vec<Vec3>, b: &[Vec3]) -> Vec<Vec3> {
    a.into_iter().zip(b).map(|(a, b)| a + *b).collect()
}

fn both_sides(face: &Face, bumps: &[Bump]) -> Vec<Vec3> {
    add(one_side(face, bumps, 1.0), &one_side(face, bumps, -1.0))
}

fn pair(face: &Face, name: &str, bumps: &[Bump]) -> [(String, Vec<Vec3>); 2] {
    [(format!("{name}Left"), one_side(face, bumps, 1.0)), (format!("{name}Right"), one_side(face, bumps, -1.0))]
}

/// The shapes made of fields around landmarks. Numbers in centimetres, found by looking.
fn landmark_shapes(face: &Face) -> Shapes {
    let y = face.lips.y;
    let (cx, cy) = (face.lips.half_width, face.lips.contact(1.0));
    let sided: [(&str, Vec<Bump>); 10] = [
        ("mouthSmile", smile(face)),
        (
            "mouthFrown",
            vec![
                bump(cx, cy, 1.05, 1.0, [0.10, -0.72, -0.12]),
                bump(1.0, cy, 1.1, 0.7, [0.0, 0.06, 0.03]),
                bump(0.0, -7.3, 1.6, 0.9, [0.0, 0.10, 0.10]),
                bump(2.7, -6.5, 0.7, 0.8, [0.0, -0.10, 0.12]),
            ],
        ),
        ("mouthStretch", vec![bump(cx, cy, 1.25, 1.2, [0.75, -0.38, -0.50]), bump(2.2, -7.1, 1.4, 1.3, [0.12, -0.15, 0.0])]),
        ("mouthDimple", vec![bump(cx + 0.1, cy, 0.85, 0.8, [0.32, 0.12, -0.48])]),
        (
            "mouthPress",
            vec![
                bump(1.3, y + 0.25, 1.3, 0.4, [0.0, -0.14, -0.14]).flat().upper(),
                bump(1.3, y - 0.35, 1.3, 0.5, [0.0, 0.20, -0.16]).flat().lower(),
                bump(cx, cy, 0.8, 0.7, [0.06, 0.0, -0.14]),
            ],
        ),
        (
            "mouthUpperUp",
            vec![
                bump(0.8, y + 0.2, 1.15, 1.0, [0.05, 0.62, -0.02]).flat().upper(),
                bump(2.2, -3.8, 0.8, 0.8, [0.06, 0.26, 0.16]).upper(),
                bump(3.4, -2.9, 1.3, 1.0, [0.0, 0.2, 0.12]),
            ],
        ),
        ("mouthLowerDown", vec![bump(0.8, y - 0.4, 1.2, 1.1, [0.06, -0.62, -0.04]).flat().lower()]),
        (
            "noseSneer",
            vec![
                bump(0.95, -2.9, 0.75, 0.8, [0.06, 0.34, 0.06]),
                bump(1.2, y + 0.3, 1.0, 0.9, [0.0, 0.28, 0.0]).upper(),
                bump(0.6, 0.3, 0.7, 0.7, [0.0, -0.12, 0.12]),
                bump(1.4, 2.4, 1.2, 1.0, [-0.10, -0.22, 0.05]),
                bump(1.7, -2.7, 0.5, 0.8, [0.0, 0.15, 0.16]),
            ],
        ),
        (
            "browDown",
            vec![
                bump(1.5, 2.7, 1.5, 1.35, [-0.36, -1.0, 0.24]),
                bump(3.9, 3.0, 1.7, 1.2, [-0.05, -0.52, 0.05]),
                bump(0.35, 2.0, 0.35, 0.8, [0.0, 0.0, -0.12]),
            ],
        ),
        (
            "browOuterUp",
            vec![
                bump(4.5, 2.8, 1.9, 1.6, [0.0, 1.15, -0.06]),
                bump(4.0, 1.4, 1.5, 0.9, [0.0, 0.18, 0.0]),
                bump(4.0, 5.2, 2.0, 0.8, [0.0, 0.0, 0.08]),
            ],
        ),
    ];
    let mut shapes: Shapes = sided.iter().flat_map(|(name, bumps)| pair(face, name, bumps)).collect();
    for (name, offsets) in shapes.iter_mut().filter(|(name, _)| name.starts_with("mouthSmile")) {
        let side = if name.ends_with("Left") { 1.0 } else { -1.0 };
        for (i, offset) in offsets.iter_mut().enumerate() {
            if let Some((s, t, upper)) = mouth::ring(face, i) {
                offset.y += mouth::plain_bow(s, t, upper) * smoothstep(-0.9, 0.9, side * face.cage.positions[i].x);
            }
        }
    }
    let brow_inner = [
        bump(1.35, 2.8, 1.35, 1.35, [0.06, 1.18, 0.07]),
        bump(1.7, 1.5, 1.2, 0.8, [0.0, 0.22, 0.0]),
        bump(0.0, 2.7, 1.0, 1.3, [0.0, 0.30, 0.0]),
        bump(1.2, 4.9, 2.0, 0.7, [0.0, 0.0, 0.10]),
    ];
    let puff = [
        bump(3.4, -4.5, 1.7, 1.6, [0.62, 0.05, 0.55]),
        bump(1.2, y + 0.9, 1.2, 0.6, [0.0, 0.0, 0.25]),
        bump(1.2, y - 1.1, 1.2, 0.6, [0.0, 0.0, 0.25]),
    ];
    shapes.push(("browInnerUp".into(), both_sides(face, &brow_inner)));
    shapes.push(("cheekPuff".into(), both_sides(face, &puff)));
    shapes
}

/// The corner goes out and up; the field is narrower in height than in width, which bends the line to a crescent.
fn smile(face: &Face) -> Vec<Bump> {
    let y = face.lips.y;
    let (cx, cy) = (face.lips.half_width, face.lips.contact(1.0));
    vec![
        bump(cx + 0.1, cy, 1.35, 1.15, [0.72, 0.0, -0.52]),
        bump(cx + 0.15, cy, 1.12, 1.15, [0.0, 0.74, 0.0]),
        bump(0.7, y, 1.3, 0.9, [0.06, 0.13, -0.14]),
        bump(0.8, y + 0.4, 1.2, 0.5, [0.0, 0.08, -0.05]).upper(),
        bump(3.9, -2.6, 1.5, 1.25, [0.10, 0.48, 0.26]),
        bump(3.0, -3.7, 0.75, 0.9, [0.10, 0.10, 0.22]),
        bump(3.4, cy + 0.55, 0.38, 0.7, [0.0, 0.0, -0.20]),
        bump(0.0, -7.6, 2.2, 1.0, [0.0, 0.05, -0.10]),
        bump(4.5, -4.7, 1.4, 1.6, [0.10, 0.25, 0.05]),
    ]
}

/// The cheek's part of cheekSquint; the lids add theirs.
pub fn cheek_squint(face: &Face, side: f32) -> Vec<Vec3> {
    let (cx, cy) = (face.lips.half_width, face.lips.contact(1.0));
    let bumps = [bump(3.7, -2.4, 1.7, 1.1, [0.05, 0.42, 0.30]), bump(cx + 0.4, cy + 0.3, 1.0, 1.0, [0.08, 0.14, -0.05])];
    one_side(face, &bumps, side)
}

/// Offsets that come on top when two mouth shapes meet.
fn correctives(face: &Face) -> Shapes {
    let y = face.lips.y;
    let (cx, cy) = (face.lips.half_width, face.lips.contact(1.0));
    let sided: [(&str, Vec<Bump>); 4] = [
        // An open smile would stretch too wide and press the corners into the teeth.
        ("smileOpen", vec![bump(cx, cy, 0.9, 0.9, [-0.15, 0.0, 0.12])]),
        // A raised smiling lip keeps its bow: lift the middle.
        ("smileRaise", vec![bump(0.0, y + 0.3, 0.6, 0.5, [0.0, 0.10, 0.0]).upper()]),
        // Rounding wins over spreading.
        ("smileFunnel", vec![bump(cx, cy, 1.2, 1.0, [-0.30, -0.25, 0.20])]),
        ("smilePucker", vec![bump(cx, cy, 1.3, 1.1, [-0.55, -0.45, 0.35])]),
    ];
    sided.iter().flat_map(|(name, bumps)| pair(face, name, bumps)).collect()
}
