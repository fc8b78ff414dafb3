//! Hands: one skin from inside the sleeve over palm and knuckles into the webs, four fingers, a thumb, and nails.
//!
//! Everything is laid out on the left hand in rest, palm down: +x to the fingertips, +y to the back of the hand, +z to
//! the thumb. The palm is a tube of rings; its last ring parts into the roots of four fingers that share the webs between
//! them, and the thumb grows out of a hole in its side. Lengths are metres from the wrist joint.
//!
//! Linear skinning cuts the corner of a bent joint: a point on the outside at distance r of the axis comes to 0.71 r
//! from it at 90 degrees. So the axis lies nearer to the back of the finger than to its pad, knuckles stand out a little, and on
//! the outside the skin stays with the bone that forms the knuckle until past the joint.

use super::math::{bell, curve, lerp, smoothstep};
use super::mesh::{Part, Weights, grid};
use super::skeleton::{Rig, chain, influences};
use super::topology::neighbours;
use glam::Vec3;
use std::f32::consts::{PI, TAU};

/// Colours of a hand, linear.
pub struct Tones {
    pub skin: Vec3,
    pub blush: Vec3,
}

/// A finger or the thumb as a bent cone along its bones.
struct Digit {
    joints: [usize; 3],
    /// Its three joints and its tip.
    bones: [Vec3; 4],
    /// Radius over the distance from the first joint.
    radius: Vec<(f32, f32)>,
    /// Where the nail looks.
    back: Vec3,
    /// Where its rings lie, as distances from the first joint.
    rings: Vec<f32>,
    columns: usize,
}

/// Vertices of a finger's ring; two of them lie in webs, four face up, four down.
const COLUMNS: usize = 10;
/// Vertices across the back of the palm (as many across its inside), and of a ring of the palm with its two edges.
const ACROSS: usize = 13;
const RING: usize = 2 * ACROSS + 2;
/// The thumb's hole in the palm: rows, and columns on either side of the edge.
const HOLE_ROWS: (usize, usize) = (3, 5);
const HOLE_HALF: usize = 2;

/// Rings of the palm: distance from the wrist, centre across, half width, height of back and of palm, and how far the
/// section is that of the knuckles rather than an oval.
const PALM: [[f32; 6]; 10] = [
    [-0.060, 0.0000, 0.0232, 0.0185, 0.0185, 0.00],
    [-0.024, 0.0000, 0.0234, 0.0176, 0.0176, 0.00],
    [-0.003, 0.0000, 0.0246, 0.0160, 0.0166, 0.00],
    [0.014, 0.0000, 0.0282, 0.0148, 0.0165, 0.10],
    [0.032, -0.0010, 0.0320, 0.0140, 0.0165, 0.30],
    [0.052, -0.0026, 0.0352, 0.0130, 0.0158, 0.60],
    [0.068, -0.0046, 0.0378, 0.0122, 0.0146, 0.85],
    [0.080, -0.0062, 0.0402, 0.0122, 0.0136, 1.00],
    [0.089, -0.0064, 0.0402, 0.0128, 0.0128, 1.00],
    [0.098, -0.0064, 0.0402, 0.0114, 0.0124, 1.00],
];

/// Both hands.
pub fn build(rig: &Rig, tones: &Tones) -> Part {
    super::clothes::pair(left(rig, tones))
}

fn left(rig: &Rig, tones: &Tones) -> Part {
    let fingers = ["Little", "Ring", "Middle", "Index"].map(|name| finger(rig, name));
    let thumb = thumb(rig);
    let wrist = rig.at("leftHand");

    let mut hand = palm(&fingers, wrist);
    let roots = roots(&mut hand, &fingers);
    let mut bare = hand.positions.len();
    for (finger, root) in fingers.iter().zip(&roots) {
        grow(&mut hand, finger, root);
    }
    grow_thumb(&mut hand, &thumb);
    model_palm(&mut hand, &fingers, wrist, bare);
    soften(&mut hand, wrist, &thumb);
    hand.weights = weights(&hand, rig, &fingers, &thumb, bare, wrist);
    bare = hand.positions.len();
    hand = hand.flip();
    for digit in fingers.iter().chain([&thumb]) {
        hand.append(nail(digit));
    }
    paint(&mut hand, tones, &fingers, &thumb, bare, wrist);
    hand
}

fn finger(rig: &Rig, name: &str) -> Digit {
    let joints = ["Proximal", "Intermediate", "Distal"].map(|part| rig.joint(&format!("left{name}{part}")));
    // Half the width at the root, at the tip, and how far the tip lies beyond the last joint.
    let (root, tip, beyond) = match name {
        "Index" => (0.0094, 0.0070, 0.0235),
        "Middle" => (0.0096, 0.0072, 0.0250),
        "Ring" => (0.0091, 0.0068, 0.0240),
        _ => (0.0080, 0.0060, 0.0205),
    };
    let [a, b, c] = joints.map(|j| rig.rest[j]);
    let end = c + (c - b).normalize_or_zero() * beyond;
    let (first, second) = (a.distance(b), a.distance(b) + b.distance(c));
    let whole = second + beyond;
    let radius = vec![(0.0, root), (0.6 * first, 0.93 * root), (first, 0.94 * root), (second, lerp(root, tip, 0.75)), (whole - tip, tip)];
    let mut rings = vec![0.55 * first, 0.78 * first, first - 0.003, first + 0.003, first + 0.009, 0.5 * (first + second)];
    rings.extend([second - 0.0065, second - 0.001, second + 0.005]);
    rings.extend([second + 0.45 * beyond, whole - 1.05 * tip, whole - 0.5 * tip, whole - 0.16 * tip, whole - 0.012 * tip]);
    Digit { joints, bones: [a, b, c, end], radius, back: Vec3::Y, rings, columns: COLUMNS }
}

fn thumb(rig: &Rig) -> Digit {
    let joints = ["Metacarpal", "Proximal", "Distal"].map(|part| rig.joint(&format!("leftThumb{part}")));
    let [a, b, c] = joints.map(|j| rig.rest[j]);
    let along = (c - b).normalize_or_zero();
    const BEYOND: f32 = 0.027;
    let (first, second) = (a.distance(b), a.distance(b) + b.distance(c));
    let whole = second + BEYOND;
    let radius = vec![
        (0.3 * first, 0.0165),
        (0.7 * first, 0.0142),
        (first, 0.0118),
        (0.5 * (first + second), 0.0102),
        (second, 0.0106),
        (second + 0.45 * BEYOND, 0.0104),
        (whole - 0.0085, 0.0086),
    ];
    let mut rings = vec![0.62 * first, first - 0.006, first + 0.001, first + 0.008, 0.5 * (first + second) + 0.002];
    rings.extend([second - 0.006, second, second + 0.006, second + 0.5 * BEYOND]);
    rings.extend([whole - 0.0088, whole - 0.0045, whole - 0.0014, whole - 0.0001]);
    // It bends about an axis that is nearly upright, so its nail looks to the side.
    let bend = Vec3::new(0.25, 0.85, 0.10);
    let back = along.cross(bend).normalize_or_zero();
    Digit { joints, bones: [a, b, c, a + along * whole], radius, back, rings, columns: 4 * HOLE_HALF + 2 * (HOLE_ROWS.1 - HOLE_ROWS.0) }
}

impl Digit {
    fn first(&self) -> f32 {
        self.bones[0].distance(self.bones[1])
    }

    fn second(&self) -> f32 {
        self.first() + self.bones[1].distance(self.bones[2])
    }

    fn whole(&self) -> f32 {
        self.second() + self.bones[2].distance(self.bones[3])
    }

    fn along(&self) -> Vec3 {
        (self.bones[2] - self.bones[1]).normalize_or_zero()
    }

    fn across(&self) -> Vec3 {
        self.along().cross(self.back)
    }

    /// Radius without knuckles and pads; the tip is round.
    fn width(&self, s: f32) -> f32 {
        let tip = self.radius.last().map_or(0.0, |(_, r)| *r);
        let left = ((self.whole() - s) / tip).clamp(0.0, 1.0);
        curve(&self.radius, s) * (1.0 - (1.0 - left).powf(2.4)).max(0.0).sqrt()
    }

    /// The skin at distance `s` from the first joint and at an angle around the bone: 90 degrees on the back.
    fn surface(&self, s: f32, angle: f32) -> Vec3 {
        let (sin, cos) = angle.sin_cos();
        let (first, second, whole) = (self.first(), self.second(), self.whole());
        let r = self.width(s);
        let knuckle = 0.09 * bell(s - first, 0.006) + 0.05 * bell(s - second, 0.005);
        let crease = bell(s - first, 0.0045) + bell(s - second + 0.001, 0.004);
        let pad = 0.10 * bell(s - 0.5 * (first + second), 0.008) + 0.13 * bell(s - second - 0.50 * (whole - second), 0.008) - 0.07 * crease;
        // Flat towards the nail, full below it.
        let flat = 0.13 * smoothstep(second, second + 0.008, s);
        let tall = if sin > 0.0 { 0.90 + 1.2 * knuckle - flat } else { 1.04 + pad };
        let wide = 1.0 + 0.5 * knuckle;
        let along = self.along();
        // The bone runs nearer to the back, and the last joint leans back a little.
        let lift = -0.10 * r + 0.05 * (s - second).max(0.0);
        let corner = 1.0 + 0.035 * (2.0 * angle).sin().powi(2);
        self.bones[0] + along * s + self.across() * (cos * r * wide * corner) + self.back * (sin * r * tall * corner + lift)
    }

    fn angle(&self, column: usize) -> f32 {
        // The first column lies where the ring of a finger's root begins: on the back, away from the thumb.
        0.8 * PI - TAU * column as f32 / self.columns as f32
    }
}

/// The places across the knuckles, from the little finger's edge to the index finger's.
fn layout(fingers: &[Digit; 4], wrist: Vec3) -> [f32; ACROSS] {
    let centre = |f: usize| fingers[f].bones[0].z - wrist.z;
    std::array::from_fn(|j| {
        let (f, k) = ((j / 3).min(3), j - 3 * (j / 3).min(3));
        let r = fingers[f].width(0.0);
        let edge = |side: usize| match (f, side) {
            (0, 0) => centre(0) - 0.85 * r,
            (3, 1) => centre(3) + 0.85 * r,
            (_, 0) => 0.5 * (centre(f - 1) + centre(f)),
            _ => 0.5 * (centre(f) + centre(f + 1)),
        };
        match k {
            0 => edge(0),
            1 => centre(f) - 0.34 * r,
            2 => centre(f) + 0.34 * r,
            _ => edge(1),
        }
    })
}

/// Rings of the palm: back from the little finger's edge to the index finger's, the edge, the inside and the other edge.
fn palm(fingers: &[Digit; 4], wrist: Vec3) -> Part {
    let places = layout(fingers, wrist);
    let knuckles: Vec<(f32, f32)> = fingers.iter().map(|f| (f.bones[0].z - wrist.z, (f.bones[0].x - wrist.x) / 0.093)).collect();
    let mut part = Part::default();
    for [x, centre, half, back, inside, spread] in PALM {
        for c in 0..RING {
            let (row, j) = (c / (ACROSS + 1), c % (ACROSS + 1));
            let f = (j + 1) as f32 / (ACROSS + 1) as f32;
            let up = if row == 0 { 1.0 } else { -1.0 };
            let angle = PI * (1.0 - f);
            let edge = j == ACROSS;
            // Both halves run little finger first, so the inside runs backwards around the ring.
            let k = if row == 0 { j } else { ACROSS - 1 - j.min(ACROSS - 1) };
            let (sin, cos) = if edge { (0.0, up) } else { (angle.sin(), angle.cos() * up) };
            let z = centre + half * cos;
            let z = if edge { z } else { lerp(z, places[k], spread) };
            let hump = if row == 0 && k % 3 != 0 { 1.0 } else { 0.93 };
            let full = lerp(sin.abs().powf(0.8), sin.abs().powf(0.35) * hump, spread);
            let height = if row == 0 { back } else { inside };
            part.positions.push(wrist + Vec3::new(x * lerp(1.0, curve(&knuckles, z), spread), up * height * full, z));
        }
    }
    let quads = grid(PALM.len(), RING, true);
    let hole = |i: usize| {
        let (r, c) = (i / RING, i % RING);
        (HOLE_ROWS.0..HOLE_ROWS.1).contains(&r) && (ACROSS - HOLE_HALF..ACROSS + HOLE_HALF).contains(&c)
    };
    part.quads = quads.iter().enumerate().filter(|(i, _)| !hole(*i)).map(|(_, q)| *q).collect();
    part
}

/// Parts the end of the palm into the roots of the fingers, with a web between each two; returns the ring of each root.
fn roots(hand: &mut Part, fingers: &[Digit; 4]) -> [[u32; COLUMNS]; 4] {
    let last = ((PALM.len() - 1) * RING) as u32;
    let first = hand.positions.len() as u32;
    let near = |f: usize| 0.40 * fingers[f].first();
    // A ring of new vertices like the palm's.
    for c in 0..RING {
        let (row, j) = (c / (ACROSS + 1), c % (ACROSS + 1));
        let k = if row == 0 { j } else { ACROSS - 1 - j.min(ACROSS - 1) };
        let edge = j == ACROSS;
        let web = !edge && k % 3 == 0 && k != 0 && k != ACROSS - 1;
        let at = if web {
            let (a, b) = (&fingers[k / 3 - 1].bones[0], &fingers[k / 3].bones[0]);
            let middle = (*a + *b) * 0.5;
            middle + if row == 0 { Vec3::new(0.0125, 0.0030, 0.0) } else { Vec3::new(0.0175, -0.0090, 0.0) }
        } else {
            let f = if edge { 3 * (1 - row) } else { (k / 3).min(3) };
            let column = match (row, edge) {
                (0, false) => k - 3 * f,
                (0, true) => 4,
                (_, false) => 8 - (k - 3 * f),
                (_, true) => 9,
            };
            fingers[f].surface(near(f), fingers[f].angle(column))
        };
        hand.positions.push(at);
    }
    hand.quads.extend((0..RING as u32).map(|c| {
        let next = (c + 1) % RING as u32;
        [last + c, first + c, first + next, last + next]
    }));
    // The middle of each web, between its edge on the back and its edge inside.
    let webs = hand.positions.len() as u32;
    for f in 0..3 {
        let middle = (fingers[f].bones[0] + fingers[f + 1].bones[0]) * 0.5;
        hand.positions.push(middle + Vec3::new(0.0190, -0.0030, 0.0));
    }
    let inside = |k: usize| first + (ACROSS + 1 + ACROSS - 1 - k) as u32;
    std::array::from_fn(|f| {
        let back = |k: usize| first + (3 * f + k) as u32;
        let high = if f == 3 { first + ACROSS as u32 } else { webs + f as u32 };
        let low = if f == 0 { first + (RING - 1) as u32 } else { webs + f as u32 - 1 };
        let below = |k: usize| inside(3 * f + k);
        [back(0), back(1), back(2), back(3), high, below(3), below(2), below(1), below(0), low]
    })
}

/// Adds a digit's rings behind the ring `root` and closes its tip.
fn grow(hand: &mut Part, digit: &Digit, root: &[u32]) {
    let n = digit.columns;
    let mut before = root.to_vec();
    for &s in &digit.rings {
        let start = hand.positions.len() as u32;
        hand.positions.extend((0..n).map(|c| digit.surface(s, digit.angle(c))));
        let ring: Vec<u32> = (start..start + n as u32).collect();
        join(hand, &before, &ring);
        before = ring;
    }
    // Strips across the last ring.
    hand.quads.extend((0..n / 2 - 1).map(|i| [before[i], before[n - 1 - i], before[n - 2 - i], before[i + 1]]));
}

fn join(part: &mut Part, from: &[u32], to: &[u32]) {
    let n = from.len();
    part.quads.extend((0..n).map(|c| [from[c], to[c], to[(c + 1) % n], from[(c + 1) % n]]));
}

/// Grows the thumb out of its hole; two rings lead from the border to the round of its first bone.
fn grow_thumb(hand: &mut Part, thumb: &Digit) {
    let id = |r: usize, c: usize| (r * RING + c) as u32;
    let (low, high) = (ACROSS - HOLE_HALF, ACROSS + HOLE_HALF);
    let (near, far) = HOLE_ROWS;
    // Around the hole as its own faces would run, seen from outside.
    let mut border: Vec<u32> = (low..high).map(|c| id(near, c)).collect();
    border.extend((near..far).map(|r| id(r, high)));
    border.extend((low + 1..=high).rev().map(|c| id(far, c)));
    border.extend((near + 1..=far).rev().map(|r| id(r, low)));
    // Turn the border so that it begins where the thumb's rings begin.
    let centre = border.iter().map(|&v| hand.positions[v as usize]).sum::<Vec3>() / border.len() as f32;
    let seen = |v: u32| {
        let p = hand.positions[v as usize] - centre;
        p.dot(thumb.back).atan2(p.dot(thumb.across()))
    };
    let n = border.len();
    let misfit = |shift: usize, forward: bool| {
        let off = |c: usize| {
            let v = border[if forward { (c + shift) % n } else { (n + shift - c) % n }];
            1.0 - (seen(v) - thumb.angle(c)).cos()
        };
        (0..n).map(off).sum::<f32>()
    };
    let choices = (0..n).flat_map(|shift| [(shift, true), (shift, false)]);
    let (shift, forward) = choices.min_by(|a, b| misfit(a.0, a.1).total_cmp(&misfit(b.0, b.1))).unwrap_or((0, true));
    let mut before: Vec<u32> = (0..n).map(|c| border[if forward { (c + shift) % n } else { (n + shift - c) % n }]).collect();
    let root = before.clone();
    for step in 1..=2 {
        let t = step as f32 / 3.0;
        let start = hand.positions.len() as u32;
        for (c, &v) in root.iter().enumerate() {
            let p = hand.positions[v as usize].lerp(thumb.surface(thumb.rings[0], thumb.angle(c)), t);
            hand.positions.push(p);
        }
        let ring: Vec<u32> = (start..start + n as u32).collect();
        join(hand, &before, &ring);
        before = ring;
    }
    grow(hand, thumb, &before);
}

/// Muscles and tendons: the balls of thumb and little finger, the hollow between them, the pads under the fingers, the knuckles
/// and what runs to them.
fn model_palm(hand: &mut Part, fingers: &[Digit; 4], wrist: Vec3, count: usize) {
    for p in &mut hand.positions[..count] {
        let q = *p - wrist;
        let inside = smoothstep(0.004, -0.006, q.y);
        let at = |x: f32, z: f32, wx: f32, wz: f32| bell(q.x - x, wx) * bell(q.z - z, wz);
        let thenar = 0.0075 * at(0.034, 0.019, 0.022, 0.015);
        let hypothenar = 0.0060 * at(0.034, -0.025, 0.026, 0.012);
        let hollow = 0.0050 * at(0.058, -0.003, 0.020, 0.013);
        let pads = 0.0018 * bell(q.x - 0.090, 0.008) - 0.0012 * bell(q.x - 0.078, 0.004);
        let bone = |finger: &Digit| {
            let d = *p - finger.bones[0];
            let across = bell(d.z * (1.0 + 0.25 * smoothstep(0.0, -0.06, d.x)), 0.0055);
            across * (0.0026 * bell(d.x - 0.001, 0.0085) + 0.0011 * smoothstep(-0.055, -0.02, d.x) * smoothstep(0.004, -0.008, d.x))
        };
        let ridges: f32 = fingers.iter().map(bone).sum();
        p.y += (1.0 - inside) * ridges - inside * (thenar + hypothenar - hollow + pads);
        p.z += 0.0040 * inside * at(0.034, 0.028, 0.020, 0.012);
    }
}

/// Rounds where thumb and fingers leave the palm.
fn soften(hand: &mut Part, wrist: Vec3, thumb: &Digit) {
    let around = neighbours(hand.positions.len(), &hand.quads);
    let root = thumb.bones[0] + thumb.along() * (0.40 * thumb.first());
    for pass in 0..6 {
        let before = hand.positions.clone();
        for (v, near) in around.iter().enumerate().filter(|(_, near)| !near.is_empty()) {
            let q = before[v] - wrist;
            let thumb = 0.75 * bell(before[v].distance(root), 0.024);
            let webs = if pass < 2 { 0.35 * bell(q.x - 0.100, 0.009) } else { 0.0 };
            let mean = near.iter().map(|&n| before[n as usize]).sum::<Vec3>() / near.len() as f32;
            hand.positions[v] = before[v].lerp(mean, thumb.max(webs));
        }
    }
}

/// How a point follows a digit: shares of what carries it and of its three joints. `lift` is the sine of the angle around the bone.
fn follow(digit: &Digit, parent: usize, s: f32, lift: f32, root: (f32, f32)) -> Vec<(usize, f32)> {
    let [a, b, c] = digit.joints;
    // The knuckle belongs to the bone before the joint.
    let shift = 0.0030 * lift.max(0.0);
    let starts = [root.0, digit.first() + shift, digit.second() + shift];
    let mut left = 1.0;
    let mut out = Vec::with_capacity(4);
    for (joint, start) in [(parent, Some((starts[0], root.1))), (a, Some((starts[1], 0.0055))), (b, Some((starts[2], 0.0050))), (c, None)] {
        let passed = start.map_or(0.0, |(at, blend): (f32, f32)| smoothstep(at - blend, at + blend, s));
        out.push((joint, left * (1.0 - passed)));
        left *= passed;
    }
    out
}

fn weights(hand: &Part, rig: &Rig, fingers: &[Digit; 4], thumb: &Digit, palm: usize, wrist: Vec3) -> Vec<Weights> {
    let carpus = rig.joint("leftHand");
    let finger_size = fingers[0].rings.len() * COLUMNS;
    // The skin twists where the cuff hides it.
    let wrist_chain = |x: f32| chain(&[rig.joint("leftLowerArm"), carpus], &[-0.016], 0.022, x);
    let lift = |p: Vec3, digit: &Digit| {
        let q = p - digit.bones[0];
        let (y, z) = (q.dot(digit.back), q.dot(digit.across()));
        y / y.hypot(z).max(1e-5)
    };
    // The ball of the thumb goes half way with it.
    let with_thumb = |p: Vec3| {
        let q = p - thumb.bones[0];
        let s = q.dot(thumb.along());
        let off = (q - thumb.along() * s).length();
        smoothstep(0.004, 0.034, s) * smoothstep(0.034, 0.014, off) * smoothstep(-0.012, 0.010, p.z - wrist.z)
    };
    let of_palm = |p: Vec3| -> Vec<(usize, f32)> {
        let q = p - wrist;
        // Shares of the fingers by place across the hand.
        let mut list = Vec::new();
        let mut rest = 1.0;
        for (f, digit) in fingers.iter().enumerate() {
            let centre = |f: usize| fingers[f].bones[0].z;
            let below = if f == 0 { 1.0 } else { smoothstep(centre(f - 1) + 0.005, centre(f) - 0.005, p.z) };
            let above = if f == 3 { 1.0 } else { smoothstep(centre(f + 1) - 0.005, centre(f) + 0.005, p.z) };
            let s = p.x - digit.bones[0].x;
            let lift = smoothstep(-0.006, 0.006, q.y);
            let share = below * above * smoothstep(lerp(-0.004, -0.003, lift), lerp(0.020, 0.013, lift), s);
            list.push((digit.joints[0], share));
            rest -= share;
        }
        let moved = with_thumb(p);
        list.push((thumb.joints[0], rest.max(0.0) * moved));
        list.extend(wrist_chain(q.x).into_iter().map(|(j, w)| (j, w * rest.max(0.0) * (1.0 - moved))));
        list
    };
    let thumb_start = palm + 4 * finger_size;
    hand.positions
        .iter()
        .enumerate()
        .map(|(v, &p)| {
            let list = if v < palm {
                of_palm(p)
            } else if v < thumb_start {
                let digit = &fingers[(v - palm) / finger_size];
                let s = (p - digit.bones[0]).dot(digit.along());
                follow(digit, carpus, s, lift(p, digit), (0.005, 0.012))
            } else {
                let s = (p - thumb.bones[0]).dot(thumb.along());
                if s < 0.55 * thumb.first() { of_palm(p) } else { follow(thumb, carpus, s, lift(p, thumb), (0.0, 0.030)) }
            };
            influences(&list)
        })
        .collect()
}

/// The nail: a plate on the back of the last bone whose edges sink into the skin.
fn nail(digit: &Digit) -> Part {
    const ROWS: usize = 4;
    const ACROSS: usize = 5;
    let (second, whole) = (digit.second(), digit.whole());
    let (from, to) = (lerp(second, whole, 0.46), whole - 0.0006);
    let mut part = Part { quads: grid(ROWS, ACROSS, false), ..Part::default() };
    for r in 0..ROWS {
        for c in 0..ACROSS {
            let (f, g) = (r as f32 / (ROWS - 1) as f32, 2.0 * c as f32 / (ACROSS - 1) as f32 - 1.0);
            // Round at the root, a little past the flesh at the free edge.
            let s = lerp(from + 0.0016 * g * g, to, f) - 0.0022 * g * g * smoothstep(0.6, 1.0, f);
            let skin = digit.surface(s.min(lerp(second, whole, 0.80)), PI * 0.5 - g * 0.92);
            let at = skin + digit.along() * (s - lerp(second, whole, 0.80)).max(0.0);
            let edge = g.abs().powi(4).max(1.0 - smoothstep(0.0, 0.25, f));
            part.positions.push(at + digit.back * lerp(0.00055, -0.0004, edge));
        }
    }
    let joint = digit.joints[2];
    part.weights = vec![influences(&[(joint, 1.0)]); part.positions.len()];
    part.flip()
}

/// Blood under the knuckles and fingertips, a paler palm, darker creases, nails.
fn paint(hand: &mut Part, tones: &Tones, fingers: &[Digit; 4], thumb: &Digit, bare: usize, wrist: Vec3) {
    let bright = tones.skin.dot(Vec3::new(0.2126, 0.7152, 0.0722));
    // Palms carry little pigment: the darker the skin, the greater the difference.
    let palm_tone = tones.skin.lerp(Vec3::new(0.62, 0.34, 0.24), (0.45 - 0.8 * bright).clamp(0.05, 0.45)).lerp(tones.blush, 0.10);
    let nail = tones.skin.lerp(tones.blush, 0.22).lerp(Vec3::new(0.86, 0.62, 0.55), 0.30);
    let crease_tone = Vec3::new(0.62, 0.50, 0.48);
    let count = hand.positions.len();
    hand.colors = (0..count)
        .map(|v| {
            if v >= bare {
                return nail;
            }
            let p = hand.positions[v];
            let q = p - wrist;
            let mut red: f32 = 0.05;
            let mut crease: f32 = 0.0;
            let mut inside = smoothstep(0.001, -0.007, q.y) * smoothstep(-0.01, 0.02, q.x);
            for digit in fingers.iter().chain([thumb]) {
                let d = p - digit.bones[0];
                let s = d.dot(digit.along());
                let (y, z) = (d.dot(digit.back), d.dot(digit.across()));
                if z.abs() > 1.3 * digit.width(s) + 0.001 || s < 0.0 || (s < 0.6 * digit.first() && digit.back != Vec3::Y) {
                    continue;
                }
                let back = smoothstep(0.0, 0.006, y);
                red = red.max(0.20 * smoothstep(digit.second(), digit.whole(), s));
                red = red.max(0.26 * back * (bell(s - digit.first(), 0.007) + 0.6 * bell(s - digit.second(), 0.005) + bell(s, 0.008)));
                crease = crease.max((1.0 - back) * (bell(s - digit.first(), 0.003) + bell(s - digit.second(), 0.003)).min(1.0));
                inside = if digit.back == Vec3::Y { inside } else { smoothstep(0.002, -0.006, y) };
            }
            let tone = tones.skin.lerp(tones.blush, red.min(0.35)).lerp(palm_tone, 0.8 * inside);
            tone.lerp(tone * crease_tone, 0.30 * crease)
        })
        .collect();
}
