//! Torso and sleeves: swept sections with smooth weights.
//!
//! One piece: the torso's grid has a hole at each shoulder, and a sleeve grows out of its border with the same number of
//! vertices, as the eyes do in the head. Where a garment opens in front, two columns follow its edge.

use super::super::math::{bell, curve, lerp, smoothstep};
use super::super::mesh::{Part, Weights, grid};
use super::super::skeleton::{Rig, chain, influences};
use super::super::topology::neighbours;
use super::{Outfit, Palette, folds, on_side, rounded};
use glam::{Mat3, Vec3};
use std::f32::consts::{FRAC_PI_2, TAU};

/// The body under the clothes every 40 mm of height from [`BODY_FLOOR`]: half width, depth in front and behind (metres).
const BODY: [[f32; 3]; 26] = [
    [0.215, 0.118, 0.140],
    [0.212, 0.115, 0.139],
    [0.208, 0.111, 0.137],
    [0.203, 0.107, 0.134],
    [0.197, 0.102, 0.130],
    [0.190, 0.097, 0.126],
    [0.184, 0.093, 0.122],
    [0.179, 0.090, 0.119],
    [0.174, 0.088, 0.118],
    [0.171, 0.088, 0.119],
    [0.170, 0.090, 0.121],
    [0.167, 0.091, 0.120],
    [0.159, 0.091, 0.113],
    [0.147, 0.089, 0.101],
    [0.134, 0.086, 0.088],
    [0.125, 0.084, 0.079],
    [0.122, 0.084, 0.076],
    [0.125, 0.087, 0.079],
    [0.131, 0.091, 0.086],
    [0.137, 0.093, 0.093],
    [0.143, 0.091, 0.100],
    [0.144, 0.084, 0.104],
    [0.143, 0.070, 0.104],
    [0.130, 0.053, 0.100],
    [0.088, 0.036, 0.092],
    [0.060, 0.026, 0.080],
];
const BODY_FLOOR: f32 = 0.46;
const BODY_STEP: f32 = 0.04;

/// Rings around the neck from inside the collar outwards: height, half width, depth in front and behind.
const NECK: [[f32; 4]; 5] = [
    [1.400, 0.0445, 0.0210, 0.0680],
    [1.4245, 0.0475, 0.0245, 0.0715],
    [1.4215, 0.0525, 0.0295, 0.0765],
    [1.4085, 0.0560, 0.0310, 0.0810],
    [1.4015, 0.0800, 0.0380, 0.0890],
];
/// Heights of the rows below, down to where ribs or the seam of the hem begin.
const ROWS: [f32; 17] =
    [1.390, 1.369, 1.346, 1.322, 1.298, 1.275, 1.250, 1.222, 1.192, 1.162, 1.132, 1.104, 1.078, 1.052, 1.024, 0.992, 0.956];
const COLUMNS: usize = 36;
/// Columns from the front's middle to the side seam.
const QUARTER: usize = COLUMNS / 4;
/// The shoulder's hole: rows (of the whole grid), and columns on either side of the side seam.
const HOLE_ROWS: (usize, usize) = (NECK.len(), NECK.len() + 5);
const HOLE_HALF: usize = 3;
/// Sleeve rings: distance along the arm from the shoulder joint, radius (metres). The last three are cuff, edge and inside.
const SLEEVE: [(f32, f32); 20] = [
    (0.045, 0.0418),
    (0.072, 0.0408),
    (0.104, 0.0400),
    (0.138, 0.0393),
    (0.170, 0.0386),
    (0.200, 0.0382),
    (0.222, 0.0379),
    (0.240, 0.0379),
    (0.257, 0.0381),
    (0.273, 0.0382),
    (0.290, 0.0380),
    (0.310, 0.0376),
    (0.338, 0.0368),
    (0.372, 0.0356),
    (0.402, 0.0344),
    (0.426, 0.0334),
    (0.448, 0.0324),
    (0.458, 0.0305),
    (0.500, 0.0290),
    (0.492, 0.0272),
];
/// Rings between the hole's border and the first sleeve ring.
const BRIDGE: usize = 2;

/// How an outfit's top is cut.
pub struct Pattern {
    /// Room between body and cloth, metres.
    ease: f32,
    /// Height of the hem, metres.
    pub hem: f32,
    /// Ribs gather the cloth at hem and cuffs.
    ribs: bool,
    /// The skirt of a dress swings out below the waist.
    skirt: bool,
    /// Half width over height of the opening in front, whose edge is a step; true where another garment shows inside.
    opening: Option<(&'static [(f32, f32)], bool)>,
    /// How much a rolled collar stands out, and how low the neckline is cut in front, metres.
    roll: f32,
    scoop: f32,
}

impl Pattern {
    pub fn of(outfit: Outfit) -> Pattern {
        const PLACKET: &[(f32, f32)] = &[(0.0, 0.0135), (2.0, 0.0135)];
        const V_NECK: &[(f32, f32)] = &[(0.0, 0.004), (1.20, 0.004), (1.235, 0.010), (1.40, 0.050), (1.45, 0.055)];
        let knit = Pattern { ease: 0.004, hem: 0.872, ribs: true, skirt: false, opening: None, roll: 0.0035, scoop: 0.010 };
        match outfit {
            Outfit::Sweater => knit,
            Outfit::Shirt => Pattern { ease: 0.003, hem: 0.858, ribs: false, opening: Some((PLACKET, false)), roll: 0.0, ..knit },
            Outfit::Cardigan => Pattern { ease: 0.006, opening: Some((V_NECK, true)), roll: 0.0, ..knit },
            Outfit::Hoodie => Pattern { ease: 0.011, hem: 0.866, roll: 0.002, ..knit },
            Outfit::Dress => Pattern { ease: 0.001, hem: 0.500, ribs: false, skirt: true, roll: 0.001, scoop: 0.020, ..knit },
        }
    }

    /// Heights of all rows below the neck; the last ones are the band's upper and lower edge and the inside of the hem.
    fn rows(&self) -> Vec<f32> {
        let mut rows = ROWS.to_vec();
        if self.skirt {
            rows.extend([0.915, 0.865, 0.810, 0.750, 0.690, 0.630, 0.575, self.hem + 0.012]);
        } else {
            let band = self.hem + if self.ribs { 0.042 } else { 0.012 };
            let last = ROWS[ROWS.len() - 1];
            rows.extend([0.5 * (last + band) + 0.004, band + 0.010, band]);
        }
        rows.extend([self.hem, self.hem + 0.004]);
        rows
    }

    fn edge(&self, y: f32) -> Option<f32> {
        self.opening.map(|(points, _)| curve(points, y))
    }

    /// Whether a border runs along the opening.
    fn border(&self) -> bool {
        matches!(self.opening, Some((_, true)))
    }

    /// Whether a vertex of a column at a height belongs to what shows in the opening.
    fn inside(&self, y: f32, column: usize) -> bool {
        let from_middle = column.min(COLUMNS - column);
        self.border() && from_middle <= 1 && y > 1.215
    }

    /// Angle of a column at a height where the section is `half` wide.
    fn angle(&self, y: f32, half: f32, column: usize) -> f32 {
        let signed = if column > COLUMNS / 2 { column as f32 - COLUMNS as f32 } else { column as f32 };
        let k = signed.abs();
        let at = |x: f32| (x / half).clamp(0.0, 0.9).powf(2.3 / 2.0).asin();
        let angle = match self.edge(y) {
            Some(_) if k < 0.5 => 0.0,
            Some(x) if k < 1.5 => at(x),
            Some(x) if k < 2.5 => at(x + 0.0022),
            // A knitted border has an edge on its other side too.
            Some(x) if self.border() && k < 4.5 => at(x + if k < 3.5 { 0.0150 } else { 0.0172 }),
            Some(x) if self.border() && k < QUARTER as f32 => lerp(at(x + 0.0172), FRAC_PI_2, (k - 4.0) / (QUARTER as f32 - 4.0)),
            Some(x) if k < QUARTER as f32 => lerp(at(x + 0.0022), FRAC_PI_2, (k - 2.0) / (QUARTER as f32 - 2.0)),
            _ => TAU * k / COLUMNS as f32,
        };
        angle * signed.signum()
    }

    /// Depth of the cloth's front at a place across and a height.
    pub fn front(&self, x: f32, y: f32) -> f32 {
        let angle = (x.abs() / body(y)[0]).clamp(0.0, 0.95).powf(2.3 / 2.0).asin();
        self.surface(y, angle).0.z
    }

    /// The cloth at a height and an angle from the front, and how far folds lift it.
    pub fn surface(&self, y: f32, angle: f32) -> (Vec3, f32) {
        let [half, front, behind] = body(y);
        let (sin, cos) = angle.sin_cos();
        let loose = self.ease * smoothstep(1.40, 1.34, y);
        let band = if self.ribs { 0.007 * smoothstep(self.hem + 0.050, self.hem + 0.042, y) } else { 0.0 };
        let off = folds::torso(y, angle, self.ribs.then_some(self.hem + 0.04)) * smoothstep(1.41, 1.37, y) + loose - band;
        let flare = if self.skirt { smoothstep(0.95, 0.52, y) } else { 0.0 };
        let pleat = flare * (0.008 + 0.016 * (8.0 * angle + 0.8 * (3.0 * angle).sin()).sin());
        // Room for the thighs.
        let room = if self.skirt { 0.016 * bell(y - 0.79, 0.10) } else { 0.0 };
        let off = off + pleat + room;
        let depth = if cos > 0.0 { front } else { behind };
        // Breastbone, the groove of the spine, shoulder blades.
        let chest = 0.004 * bell(sin.abs() - 0.42, 0.25) * bell(y - 1.27, 0.05) * cos.max(0.0);
        let spine = -0.005 * bell(sin, 0.22) * bell(y - 1.14, 0.13) * (-cos).max(0.0);
        let blades = 0.005 * bell(sin.abs() - 0.5, 0.22) * bell(y - 1.295, 0.05) * (-cos).max(0.0);
        let round = off + chest + spine + blades;
        (Vec3::new((half + off) * rounded(sin), y, (depth + round) * rounded(cos)), off - loose)
    }
}

/// The body's section at a height: Catmull-Rom through [`BODY`].
fn body(y: f32) -> [f32; 3] {
    let u = ((y - BODY_FLOOR) / BODY_STEP).clamp(0.0, (BODY.len() - 1) as f32);
    let i = (u as usize).min(BODY.len() - 2);
    let f = u - i as f32;
    let knot = |k: isize| Vec3::from(BODY[(i as isize + k).clamp(0, BODY.len() as isize - 1) as usize]);
    let (a, b, c, d) = (knot(-1), knot(0), knot(1), knot(2));
    let cubic = (b * 2.0 + (c - a) * f + (a * 2.0 - b * 5.0 + c * 4.0 - d) * f * f + (b * 3.0 - a - c * 3.0 + d) * f * f * f) * 0.5;
    cubic.to_array()
}

/// Torso and sleeves in the outfit's colours.
pub fn build(rig: &Rig, pattern: &Pattern, palette: &Palette) -> Part {
    let rows = pattern.rows();
    let count = NECK.len() + rows.len();
    let (mut part, mut lift) = torso(pattern, &rows);
    let hole = |r: usize, c: usize, centre: usize| {
        (HOLE_ROWS.0..HOLE_ROWS.1).contains(&r) && (c + COLUMNS + HOLE_HALF - centre) % COLUMNS < 2 * HOLE_HALF
    };
    let all = grid(count, COLUMNS, true);
    let kept = |i: &usize| !hole(i / COLUMNS, i % COLUMNS, QUARTER) && !hole(i / COLUMNS, i % COLUMNS, 3 * QUARTER);
    part.quads = (0..all.len()).filter(kept).map(|i| all[i]).collect();
    for side in [1.0, -1.0] {
        sleeve(&mut part, &mut lift, rig, pattern, side);
    }
    part.weights = part.positions.iter().map(|p| weights(*p, rig)).collect();
    soften(&mut part, rig);
    part.colors = colors(&part, &lift, &rows, rig, pattern, palette);
    part
}

/// The torso's grid, columns from the front (+z) over the left side, with the lift of its folds.
fn torso(pattern: &Pattern, rows: &[f32]) -> (Part, Vec<f32>) {
    let mut part = Part::default();
    let mut lift = Vec::new();
    for (r, [y, half, front, behind]) in NECK.iter().copied().enumerate() {
        for c in 0..COLUMNS {
            let angle = pattern.angle(y, half, c);
            let (sin, cos) = angle.sin_cos();
            let roll = if (1..4).contains(&r) { pattern.roll } else { 0.0 };
            let middle = 0.5 * (front - behind);
            let depth = 0.5 * (front + behind) + roll;
            // The collar dips in front.
            let dip = pattern.scoop * cos.max(0.0).powi(2) * if r < 4 { 1.0 } else { 0.6 };
            let sunk = if pattern.inside(y, c) { 0.004 } else { 0.0 };
            part.positions.push(Vec3::new((half + roll) * rounded(sin), y - dip, middle + depth * rounded(cos) - sunk));
            lift.push(0.0);
        }
    }
    let last = rows.len() - 1;
    for (r, &y) in rows.iter().enumerate() {
        for c in 0..COLUMNS {
            let (mut at, mut off) = pattern.surface(y, pattern.angle(y, body(y)[0], c));
            let from_middle = c.min(COLUMNS - c);
            if let Some((_, another)) = pattern.opening {
                // One edge lies on the other; what shows in a neckline lies below both.
                at.z += match (another && y > 1.215, from_middle) {
                    (true, 0 | 1) => -0.0055,
                    (true, 2 | 3) => 0.0015,
                    (false, 0 | 1) => 0.0018,
                    _ => 0.0,
                };
            }
            if r == last {
                at = Vec3::new(at.x * 0.94, at.y, at.z * 0.93);
                off = -0.003;
            }
            part.positions.push(at);
            lift.push(off);
        }
    }
    (part, lift)
}

fn sleeve(part: &mut Part, lift: &mut Vec<f32>, rig: &Rig, pattern: &Pattern, side: f32) {
    let border = hole_border(side);
    let n = border.len();
    let shoulder = rig.at("leftUpperArm");
    let (elbow, wrist) = (rig.at("leftLowerArm").x - shoulder.x, rig.at("leftHand").x - shoulder.x);
    let point = |ring: usize, k: usize| {
        let (along, radius) = SLEEVE[ring];
        let angle = TAU * k as f32 / n as f32;
        let cuff = smoothstep(0.452, 0.458, along);
        let off = folds::sleeve(along, angle + if side < 0.0 { 0.5 } else { 0.0 }, elbow, wrist, pattern.ribs);
        let straight = if pattern.ribs || ring + 1 == SLEEVE.len() { 0.0 } else { 0.0012 * cuff };
        let r = radius + off + 0.8 * pattern.ease * (1.0 - cuff) + straight;
        let (sin, cos) = angle.sin_cos();
        // The elbow's point, and cloth that hangs a little.
        let point = 0.0035 * bell(along - elbow, 0.03) * smoothstep(0.2, -0.9, cos);
        let hang = -0.0020 * (1.0 - cuff) * bell(along - 0.30, 0.15);
        let at = Vec3::new((shoulder.x + along) * side, shoulder.y + r * sin + hang, shoulder.z + (r + point) * cos);
        (at, off)
    };
    let mut before = border.clone();
    let mut push = |ring: Vec<(Vec3, f32)>, part: &mut Part, lift: &mut Vec<f32>| {
        let start = part.positions.len() as u32;
        for (at, off) in ring {
            part.positions.push(at);
            lift.push(off);
        }
        let ring: Vec<u32> = (start..part.positions.len() as u32).collect();
        for k in 0..n {
            let k1 = (k + 1) % n;
            let mut quad = [before[k], ring[k], ring[k1], before[k1]];
            if side < 0.0 {
                quad.reverse();
            }
            part.quads.push(quad);
        }
        before = ring;
    };
    for j in 1..=BRIDGE {
        let t = j as f32 / (BRIDGE + 1) as f32;
        let ring = (0..n).map(|k| (part.positions[border[k] as usize].lerp(point(0, k).0, t), 0.0)).collect();
        push(ring, part, lift);
    }
    for r in 0..SLEEVE.len() {
        push((0..n).map(|k| point(r, k)).collect(), part, lift);
    }
}

/// The hole's border from the front over the top: vertex k lies at k/n of a turn, 0 in front, a quarter on top.
fn hole_border(side: f32) -> Vec<u32> {
    let (r0, r1) = (HOLE_ROWS.0 as i32, HOLE_ROWS.1 as i32);
    let middle = (r0 + r1) / 2;
    // Columns count from the front to the back on the left, and the other way on the right.
    let id = |r: i32, c: i32| {
        let column = if side > 0.0 { QUARTER as i32 + c } else { 3 * QUARTER as i32 - c };
        (r as usize * COLUMNS + column as usize) as u32
    };
    let h = HOLE_HALF as i32;
    let mut out: Vec<u32> = (r0..=middle).rev().map(|r| id(r, -h)).collect();
    out.extend((-h + 1..=h).map(|c| id(r0, c)));
    out.extend((r0 + 1..=r1).map(|r| id(r, h)));
    out.extend((-h..h).rev().map(|c| id(r1, c)));
    out.extend((middle + 1..r1).rev().map(|r| id(r, -h)));
    out
}

/// Rounds the seam between torso and sleeve as it is with the arms half lowered, which is how people stand.
fn soften(part: &mut Part, rig: &Rig) {
    const LOWERED: f32 = 0.95;
    let arm = |v: usize, part: &Part| -> f32 {
        let of_arm = |name: &str| name.ends_with("UpperArm") || name.ends_with("LowerArm") || name.ends_with("Hand");
        let joints = &crate::body::skeleton::JOINTS;
        part.weights[v].iter().filter(|(j, _)| of_arm(joints[*j].name)).map(|(_, w)| w).sum()
    };
    let bent: Vec<(Mat3, Vec3)> = (0..part.positions.len())
        .map(|v| {
            let side = if part.positions[v].x < 0.0 { -1.0 } else { 1.0 };
            let w = arm(v, part);
            let turn = Mat3::IDENTITY * (1.0 - w) + Mat3::from_rotation_z(-LOWERED * side) * w;
            (turn, rig.at("leftUpperArm") * Vec3::new(side, 1.0, 1.0))
        })
        .collect();
    let rest = part.positions.clone();
    for (p, (turn, about)) in part.positions.iter_mut().zip(&bent) {
        *p = *about + *turn * (*p - *about);
    }
    let around = neighbours(part.positions.len(), &part.quads);
    for _ in 0..10 {
        let before = part.positions.clone();
        for (v, near) in around.iter().enumerate().filter(|(_, near)| !near.is_empty()) {
            let p = rest[v];
            let amount = 0.5 * bell(p.x.abs() - 0.165, 0.050) * smoothstep(1.20, 1.28, p.y);
            let mean = near.iter().map(|&n| before[n as usize]).sum::<Vec3>() / near.len() as f32;
            part.positions[v] = before[v].lerp(mean, amount);
        }
    }
    for (p, (turn, about)) in part.positions.iter_mut().zip(&bent) {
        *p = *about + turn.inverse() * (*p - *about);
    }
}

/// How a top follows the body. `p` may lie on either side.
pub fn weights(p: Vec3, rig: &Rig) -> Weights {
    let x = p.x.abs();
    let (shoulder, elbow) = (rig.at("leftUpperArm"), rig.at("leftLowerArm").x);
    // Below the armpit the torso keeps its side; along the sleeve everything is arm.
    let armpit = smoothstep(1.235, 1.335, p.y).max(smoothstep(shoulder.x + 0.03, shoulder.x + 0.08, x));
    let arm = smoothstep(shoulder.x - 0.050, shoulder.x + 0.055, x) * armpit;
    let clavicle = (1.0 - arm) * 0.65 * smoothstep(0.03, 0.12, x) * smoothstep(1.27, 1.37, p.y);
    // The elbow's point belongs to the forearm, so its back goes over earlier: a bent elbow keeps its corner.
    let behind = smoothstep(0.010, -0.030, p.z - shoulder.z);
    let bend = smoothstep(elbow - 0.036 - 0.016 * behind, elbow + 0.036 - 0.024 * behind, x);
    let torso = ["hips", "spine", "chest", "upperChest", "neck"].map(|name| rig.joint(name));
    let trunk = chain(&torso, &[1.03, 1.14, 1.25, 1.428], 0.055, p.y);
    let mut list: Vec<(usize, f32)> = trunk.into_iter().map(|(j, w)| (j, w * (1.0 - arm - clavicle))).collect();
    // The cuff keeps to the forearm, and the hand turns inside it.
    list.extend([
        (rig.joint("leftShoulder"), clavicle),
        (rig.joint("leftUpperArm"), arm * (1.0 - bend)),
        (rig.joint("leftLowerArm"), arm * bend),
    ]);
    // A skirt goes with the thighs, its middle with both.
    let skirt = smoothstep(0.93, 0.79, p.y + 0.25 * p.z.min(0.0)) * smoothstep(0.60, 0.40, x);
    if skirt > 0.0 {
        list.iter_mut().for_each(|(_, w)| *w *= 1.0 - skirt);
        let same = smoothstep(-0.05, 0.05, x);
        list.extend([(rig.joint("leftUpperLeg"), skirt * same), (rig.joint("rightUpperLeg"), skirt * (1.0 - same))]);
    }
    on_side(influences(&list), p)
}

/// Ribs of a knitted band, a column each.
fn rib(column: usize) -> f32 {
    if column.is_multiple_of(2) { 1.08 } else { 0.80 }
}

fn colors(part: &Part, lift: &[f32], rows: &[f32], rig: &Rig, pattern: &Pattern, palette: &Palette) -> Vec<Vec3> {
    let wrist = rig.at("leftHand").x;
    let torso = (NECK.len() + rows.len()) * COLUMNS;
    part.positions
        .iter()
        .enumerate()
        .map(|(v, p)| {
            let shaded = palette.top * folds::shade(lift[v]);
            let (row, column) = (v / COLUMNS, v % COLUMNS);
            let from_middle = column.min(COLUMNS - column);
            if v < torso {
                let y = if row < NECK.len() { NECK[row][0] } else { rows[row - NECK.len()] };
                let hem = pattern.ribs && row + 3 >= NECK.len() + rows.len();
                let collar = pattern.opening.is_none() && row < 4;
                let border = pattern.border() && (from_middle == 2 || from_middle == 3);
                if pattern.inside(y, column) {
                    palette.under
                } else if hem || collar {
                    palette.trim * rib(column)
                } else if border {
                    palette.trim
                } else if pattern.opening.is_some() && from_middle == 2 {
                    // The shadow line of the upper edge.
                    shaded * 0.72
                } else {
                    shaded
                }
            } else if p.x.abs() > wrist - 0.049 {
                if pattern.ribs { palette.trim * rib(v) } else { palette.top * 0.94 }
            } else {
                shaded
            }
        })
        .collect()
}
