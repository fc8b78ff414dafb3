//! Sweater, trousers and shoes: swept sections with smooth weights.
//!
//! The sweater is one piece: the torso's grid has a hole at each shoulder, and a sleeve grows out of its border with the
//! same number of vertices, as the eyes do in the head.

use super::math::{bell, curve, lerp, smoothstep, spline};
use super::mesh::{Part, Weights, grid};
use super::skeleton::{Rig, chain, influences, mirror_weights};
use super::topology::neighbours;
use glam::Vec3;
use std::f32::consts::TAU;

/// Torso sections: height, half width, half depth, depth of the centre (metres). From inside the collar to the hem.
const TORSO: [[f32; 4]; 16] = [
    [1.414, 0.0445, 0.0445, -0.0230],
    [1.424, 0.0480, 0.0478, -0.0230],
    [1.4166, 0.0525, 0.0515, -0.0235],
    [1.410, 0.066, 0.060, -0.0250],
    [1.400, 0.100, 0.067, -0.0260],
    [1.388, 0.134, 0.073, -0.0250],
    [1.358, 0.150, 0.080, -0.0220],
    [1.320, 0.152, 0.088, -0.0160],
    [1.270, 0.148, 0.097, -0.0080],
    [1.220, 0.141, 0.099, -0.0040],
    [1.150, 0.129, 0.093, -0.0030],
    [1.070, 0.122, 0.087, -0.0040],
    [1.000, 0.138, 0.098, -0.0060],
    [0.930, 0.168, 0.117, -0.0100],
    [0.868, 0.172, 0.118, -0.0110],
    [0.862, 0.165, 0.111, -0.0110],
];
/// Rows and columns of the torso's grid; two rows a section.
const ROWS: usize = 31;
const COLUMNS: usize = 40;
/// The shoulder's hole: rows, and columns on either side of the side seam.
const HOLE_ROWS: (usize, usize) = (8, 16);
const HOLE_HALF: usize = 4;
/// Sleeve rings: distance along the arm from the shoulder joint, radius (metres).
const SLEEVE: [(f32, f32); 15] = [
    (0.045, 0.0465),
    (0.075, 0.0450),
    (0.110, 0.0435),
    (0.150, 0.0420),
    (0.190, 0.0405),
    (0.225, 0.0395),
    (0.250, 0.0392),
    (0.265, 0.0395),
    (0.280, 0.0390),
    (0.310, 0.0385),
    (0.350, 0.0370),
    (0.400, 0.0345),
    (0.450, 0.0310),
    (0.487, 0.0272),
    (0.494, 0.0258),
];
/// Rings between the hole's border and the first sleeve ring.
const BRIDGE: usize = 3;

/// The sweater in its colour, with darker ribs at collar, cuffs and hem.
pub fn sweater(rig: &Rig, color: Vec3) -> Part {
    let mut part = Part { positions: torso(), ..Part::default() };
    let hole = |r: usize, c: usize, centre: usize| {
        (HOLE_ROWS.0..HOLE_ROWS.1).contains(&r) && (c + COLUMNS + HOLE_HALF - centre) % COLUMNS < 2 * HOLE_HALF
    };
    let (left, right) = (COLUMNS / 4, 3 * COLUMNS / 4);
    let all = grid(ROWS, COLUMNS, true);
    let kept = |i: &usize| !hole(i / COLUMNS, i % COLUMNS, left) && !hole(i / COLUMNS, i % COLUMNS, right);
    part.quads = (0..all.len()).filter(kept).map(|i| all[i]).collect();
    for side in [1.0, -1.0] {
        add_sleeve(&mut part, rig, side);
    }
    soften_shoulders(&mut part);
    part.weights = part.positions.iter().map(|p| sweater_weights(*p, rig)).collect();
    let wrist = rig.at("leftHand").x;
    part.colors = part
        .positions
        .iter()
        .map(|p| {
            let collar = smoothstep(1.406, 1.412, p.y) * smoothstep(0.10, 0.06, p.x.abs());
            let cuff = smoothstep(wrist - 0.062, wrist - 0.052, p.x.abs());
            let hem = smoothstep(0.905, 0.895, p.y);
            color * (1.0 - 0.30 * collar.max(cuff).max(hem))
        })
        .collect();
    part
}

/// Grid of the torso, columns from the front (+z) over the left side.
fn torso() -> Vec<Vec3> {
    let sections = spline(&TORSO.map(|[y, x, z, _]| Vec3::new(y, x, z)), ROWS);
    let centres = spline(&TORSO.map(|[.., c]| Vec3::splat(c)), ROWS);
    let mut out = Vec::with_capacity(ROWS * COLUMNS);
    for (section, centre) in sections.iter().zip(centres) {
        for c in 0..COLUMNS {
            let (sin, cos) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let (x, z) = (section.y * rounded(sin), section.z * rounded(cos));
            // The collar dips in front.
            let dip = 0.009 * cos.max(0.0).powi(2) * smoothstep(1.385, 1.42, section.x);
            let chest = 0.013 * bell(x.abs() - 0.060, 0.050) * bell(section.x - 1.262, 0.055) * smoothstep(0.0, 0.06, z);
            out.push(Vec3::new(x, section.x - dip, centre.x + z + chest));
        }
    }
    out
}

/// One axis of a super-ellipse of exponent 2.3: fuller than a circle.
fn rounded(x: f32) -> f32 {
    x.signum() * x.abs().powf(2.0 / 2.3)
}

fn add_sleeve(part: &mut Part, rig: &Rig, side: f32) {
    let border = hole_border(side);
    let n = border.len();
    let shoulder = rig.at("leftUpperArm");
    let ring_point = |k: usize, along: f32, radius: f32| {
        let (sin, cos) = (TAU * k as f32 / n as f32).sin_cos();
        Vec3::new((shoulder.x + along) * side, shoulder.y + radius * sin, shoulder.z + radius * cos)
    };
    let mut rings = vec![border.clone()];
    for j in 1..=BRIDGE {
        let t = j as f32 / (BRIDGE + 1) as f32;
        let ring = (0..n)
            .map(|k| {
                let from = part.positions[border[k] as usize];
                part.positions.push(from.lerp(ring_point(k, SLEEVE[0].0, SLEEVE[0].1), t));
                part.positions.len() as u32 - 1
            })
            .collect();
        rings.push(ring);
    }
    // The cuff turns inside.
    let cuff = [(0.490, 0.0242), (0.470, 0.0236)];
    for (along, radius) in SLEEVE.into_iter().chain(cuff) {
        let first = part.positions.len() as u32;
        part.positions.extend((0..n).map(|k| ring_point(k, along, radius)));
        rings.push((first..first + n as u32).collect());
    }
    for pair in rings.windows(2) {
        for k in 0..n {
            let next = (k + 1) % n;
            let quad = [pair[0][k], pair[1][k], pair[1][next], pair[0][next]];
            part.quads.push(if side > 0.0 { quad } else { [quad[3], quad[2], quad[1], quad[0]] });
        }
    }
}

/// The hole's border from the middle of its front over the top.
fn hole_border(side: f32) -> Vec<u32> {
    let (r0, r1) = HOLE_ROWS;
    let middle = (r0 + r1) / 2;
    // Columns counted from the side seam, negative to the front.
    let id = |row: usize, column: i32| {
        let from_front = COLUMNS as i32 / 4 + column;
        let c = if side > 0.0 { from_front } else { COLUMNS as i32 - from_front };
        (row * COLUMNS + c as usize % COLUMNS) as u32
    };
    let h = HOLE_HALF as i32;
    let mut out: Vec<u32> = (r0 + 1..=middle).rev().map(|r| id(r, -h)).collect();
    out.extend((-h..h).map(|c| id(r0, c)));
    out.extend((r0..r1).map(|r| id(r, h)));
    out.extend((-h + 1..=h).rev().map(|c| id(r1, c)));
    out.extend((middle + 1..=r1).rev().map(|r| id(r, -h)));
    out
}

/// Rounds the seam between torso and sleeve.
fn soften_shoulders(part: &mut Part) {
    let around = neighbours(part.positions.len(), &part.quads);
    for _ in 0..8 {
        let before = part.positions.clone();
        for (v, near) in around.iter().enumerate().filter(|(_, near)| !near.is_empty()) {
            let p = before[v];
            let amount = 0.5 * bell(p.x.abs() - 0.16, 0.05) * smoothstep(1.20, 1.28, p.y);
            let mean = near.iter().map(|&n| before[n as usize]).sum::<Vec3>() / near.len() as f32;
            part.positions[v] = p.lerp(mean, amount);
        }
    }
}

fn sweater_weights(p: Vec3, rig: &Rig) -> Weights {
    let x = p.x.abs();
    let shoulder = rig.at("leftUpperArm").x;
    let elbow = rig.at("leftLowerArm").x;
    // Below the armpit the torso keeps its side; along the sleeve everything is arm.
    let armpit = smoothstep(1.24, 1.335, p.y).max(smoothstep(shoulder + 0.03, shoulder + 0.08, x));
    let arm = smoothstep(shoulder - 0.045, shoulder + 0.06, x) * armpit;
    let clavicle = (1.0 - arm) * 0.6 * smoothstep(0.03, 0.12, x) * smoothstep(1.28, 1.37, p.y);
    let bend = smoothstep(elbow - 0.035, elbow + 0.035, x);
    let torso = ["hips", "spine", "chest", "upperChest", "neck"].map(|name| rig.joint(name));
    let trunk = chain(&torso, &[1.03, 1.14, 1.25, 1.435], 0.055, p.y);
    let mut list: Vec<(usize, f32)> = trunk.into_iter().map(|(j, w)| (j, w * (1.0 - arm - clavicle))).collect();
    list.extend([
        (rig.joint("leftShoulder"), clavicle),
        (rig.joint("leftUpperArm"), arm * (1.0 - bend)),
        (rig.joint("leftLowerArm"), arm * bend),
    ]);
    on_side(influences(&list), p)
}

/// Weights described for the left side, for a vertex of either.
fn on_side(weights: Weights, p: Vec3) -> Weights {
    if p.x < 0.0 { mirror_weights(weights) } else { weights }
}

/// Leg sections: height, centre across, half width, half depth, depth of the centre (metres).
const LEG: [[f32; 5]; 12] = [
    [0.940, 0.060, 0.060, 0.068, -0.010],
    [0.880, 0.074, 0.075, 0.082, -0.011],
    [0.830, 0.085, 0.084, 0.097, -0.011],
    [0.780, 0.090, 0.082, 0.096, -0.008],
    [0.690, 0.092, 0.073, 0.085, -0.004],
    [0.590, 0.091, 0.064, 0.074, 0.000],
    [0.490, 0.090, 0.056, 0.065, 0.001],
    [0.390, 0.090, 0.053, 0.062, -0.006],
    [0.270, 0.090, 0.049, 0.058, -0.008],
    [0.130, 0.090, 0.045, 0.053, -0.004],
    [0.082, 0.090, 0.047, 0.058, 0.000],
    [0.086, 0.090, 0.041, 0.050, 0.000],
];

/// Both legs; they touch in the middle plane and the sweater hides their upper rims.
pub fn trousers(rig: &Rig) -> Part {
    const ROWS: usize = 17;
    const COLUMNS: usize = 20;
    let upper = spline(&LEG.map(|[y, x, w, ..]| Vec3::new(y, x, w)), ROWS);
    let depth = spline(&LEG.map(|[.., d, c]| Vec3::new(d, c, 0.0)), ROWS);
    let mut leg = Part { quads: grid(ROWS, COLUMNS, true), ..Part::default() };
    for (u, d) in upper.iter().zip(depth) {
        for c in 0..COLUMNS {
            let (sin, cos) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            leg.positions.push(Vec3::new((u.y + u.z * rounded(sin)).max(0.0), u.x, d.y + d.x * rounded(cos)));
        }
    }
    let joints = ["hips", "leftUpperLeg", "leftLowerLeg", "leftFoot"].map(|name| rig.joint(name));
    let knee = rig.at("leftLowerLeg").y;
    leg.weights = leg
        .positions
        .iter()
        .map(|p| {
            let thigh = smoothstep(0.92, 0.80, p.y) * lerp(0.5, 1.0, smoothstep(0.0, 0.05, p.x + 2.0 * (0.8 - p.y).max(0.0)));
            let (shin, foot) = (smoothstep(knee + 0.05, knee - 0.05, p.y), 0.6 * smoothstep(0.13, 0.06, p.y));
            let shares = [1.0 - thigh, thigh * (1.0 - shin), shin * (1.0 - foot), shin * foot];
            influences(&std::array::from_fn::<_, 4, _>(|i| (joints[i], shares[i])))
        })
        .collect();
    pair(leg)
}

/// A left part and its mirror image, weights included.
pub fn pair(left: Part) -> Part {
    let mut right = left.mirror();
    right.weights = right.weights.into_iter().map(mirror_weights).collect();
    let mut both = left;
    both.append(right);
    both
}

/// Shoes from heel to toe with a flat sole of their own colour.
pub fn shoes(rig: &Rig, upper: Vec3, sole: Vec3) -> Part {
    const ROWS: usize = 15;
    const COLUMNS: usize = 14;
    const WIDTH: [(f32, f32); 7] = [(0.0, 0.027), (0.08, 0.032), (0.25, 0.0355), (0.45, 0.037), (0.65, 0.043), (0.85, 0.039), (1.0, 0.027)];
    const TOP: [(f32, f32); 8] =
        [(0.0, 0.045), (0.04, 0.075), (0.15, 0.098), (0.30, 0.100), (0.50, 0.076), (0.70, 0.055), (0.92, 0.044), (1.0, 0.026)];
    let ankle = rig.at("leftFoot");
    let toes = rig.at("leftToes");
    let (heel, tip) = (ankle.z - 0.070, toes.z + 0.058);
    let mut shoe = Part { quads: grid(ROWS, COLUMNS, true), ..Part::default() };
    for r in 0..ROWS {
        // Denser at both ends.
        let f = 0.5 - 0.5 * (std::f32::consts::PI * r as f32 / (ROWS - 1) as f32).cos();
        let (width, top) = (curve(&WIDTH, f), curve(&TOP, f));
        // Heel and toe close round, a little above the ground.
        let end = (f.min(1.0 - f) / 0.05).min(1.0);
        let open = (1.0 - (1.0 - end).powi(2)).max(0.0).sqrt();
        for c in 0..COLUMNS {
            let (sin, cos) = (TAU * c as f32 / COLUMNS as f32).sin_cos();
            let middle = 0.45 * top;
            let y = if sin > 0.0 { middle + (top - middle) * sin } else { middle * (1.0 - (-sin).powf(0.6)) };
            let narrower = 1.0 - 0.35 * smoothstep(0.4 * top, top, y);
            shoe.positions.push(Vec3::new(ankle.x + width * rounded(cos) * narrower * open, lerp(0.018, y, open), lerp(heel, tip, f)));
        }
    }
    let (foot, toe) = (rig.joint("leftFoot"), rig.joint("leftToes"));
    shoe.weights = shoe.positions.iter().map(|p| influences(&chain(&[foot, toe], &[toes.z], 0.025, p.z))).collect();
    shoe.colors = shoe.positions.iter().map(|p| sole.lerp(upper, smoothstep(0.006, 0.013, p.y))).collect();
    pair(shoe.flip())
}
