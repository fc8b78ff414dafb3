//! Hands: a palm and five fingers with three joints each, as tubes along the skeleton's bones.

use super::math::{bell, curve, lerp, spline};
use super::mesh::{Part, Tube};
use super::skeleton::{Rig, chain, influences};
use glam::Vec3;

/// Joints of a finger from the palm, and its radius at base and tip (metres).
const FINGERS: [([&str; 3], f32, f32); 5] = [
    (["leftThumbMetacarpal", "leftThumbProximal", "leftThumbDistal"], 0.0165, 0.0088),
    (["leftIndexProximal", "leftIndexIntermediate", "leftIndexDistal"], 0.0098, 0.0072),
    (["leftMiddleProximal", "leftMiddleIntermediate", "leftMiddleDistal"], 0.0100, 0.0074),
    (["leftRingProximal", "leftRingIntermediate", "leftRingDistal"], 0.0094, 0.0070),
    (["leftLittleProximal", "leftLittleIntermediate", "leftLittleDistal"], 0.0082, 0.0062),
];

/// Both hands, painted with the skin's colour and its blood.
pub fn build(rig: &Rig, skin: Vec3, blush: Vec3) -> Part {
    let mut hand = palm(rig);
    for (joints, base, tip) in FINGERS {
        hand.append(finger(rig, joints, base, tip));
    }
    let tips: Vec<Vec3> = FINGERS.iter().map(|(joints, ..)| rig.at(joints[2])).collect();
    hand.colors = hand
        .positions
        .iter()
        .map(|p| {
            let red = tips.iter().map(|t| bell(p.distance(*t + Vec3::X * 0.018), 0.018)).fold(0.0, f32::max);
            skin.lerp(blush, 0.06 + 0.16 * red)
        })
        .collect();
    super::clothes::pair(hand)
}

/// The palm from inside the sleeve to behind the knuckles.
fn palm(rig: &Rig) -> Part {
    // Along the hand: depth of the centre, half width, half thickness.
    const SECTIONS: [(f32, f32, f32, f32); 8] = [
        (-0.060, 0.000, 0.0220, 0.0190),
        (-0.020, 0.000, 0.0225, 0.0180),
        (0.005, 0.000, 0.0255, 0.0165),
        (0.030, -0.001, 0.0335, 0.0160),
        (0.055, -0.004, 0.0395, 0.0150),
        (0.080, -0.006, 0.0415, 0.0125),
        (0.094, -0.006, 0.0385, 0.0095),
        (0.102, -0.006, 0.0200, 0.0030),
    ];
    const ROWS: usize = 15;
    let hand = rig.at("leftHand");
    let at = |f: fn(&(f32, f32, f32, f32)) -> f32| spline(&SECTIONS.map(|s| Vec3::splat(f(&s))), ROWS).into_iter().map(|v| v.x);
    let path: Vec<Vec3> = at(|s| s.0).zip(at(|s| s.1)).map(|(x, z)| hand + Vec3::new(x, 0.0, z)).collect();
    let (width, height): (Vec<f32>, Vec<f32>) = (at(|s| s.2).collect(), at(|s| s.3).collect());
    let mut part = Tube { path: &path, up: &[Vec3::Y; ROWS], width: &width, height: &height, columns: 16, crown: 0.0 }.build();
    let (arm, wrist) = (rig.joint("leftLowerArm"), rig.joint("leftHand"));
    part.weights = part.positions.iter().map(|p| influences(&chain(&[arm, wrist], &[hand.x - 0.005], 0.02, p.x))).collect();
    part
}

/// A tube along a finger's bones with a rounded tip; rings gather at the joints, where it bends.
fn finger(rig: &Rig, joints: [&str; 3], base: f32, tip: f32) -> Part {
    let bones = joints.map(|name| rig.at(name));
    let last = (bones[2] - bones[1]).normalize_or_zero();
    let root = bones[0] - (bones[1] - bones[0]).normalize_or_zero() * 0.018;
    let end = bones[2] + last * 0.023;
    let lengths = [bones[0].distance(bones[1]), bones[1].distance(bones[2]), bones[2].distance(end)];
    let (first, second) = (lengths[0], lengths[0] + lengths[1]);
    let whole = second + lengths[2];
    // Places along the finger from its first joint.
    let mut along = vec![-0.018, 0.0, 0.4 * first, 0.75 * first, first, first + 0.25 * lengths[1], first + 0.72 * lengths[1]];
    along.extend([second, second + 0.3 * lengths[2], whole - 1.0 * tip, whole - 0.5 * tip, whole - 0.15 * tip, whole]);
    let point = |s: f32| {
        if s < 0.0 {
            bones[0].lerp(root, s / -0.018)
        } else if s < first {
            bones[0].lerp(bones[1], s / first)
        } else if s < second {
            bones[1].lerp(bones[2], (s - first) / lengths[1])
        } else {
            bones[2].lerp(end, (s - second) / lengths[2])
        }
    };
    let path: Vec<Vec3> = along.iter().map(|s| point(*s)).collect();
    let radius: Vec<f32> = along
        .iter()
        .map(|&s| {
            // Knuckles are a little thicker than the bones between; the tip is half a sphere.
            let knuckle = 1.0 + 0.06 * (bell(s - first, 0.008) + bell(s - second, 0.007));
            let cap = ((whole - s) / tip).clamp(0.0, 1.0);
            let round = (1.0 - (1.0 - cap).powi(2)).max(0.0).sqrt().max(0.004);
            lerp(base, tip, curve(&[(0.0, 0.0), (whole, 1.0)], s)) * knuckle * round
        })
        .collect();
    let height: Vec<f32> = radius.iter().map(|r| r * 0.92).collect();
    let mut part = Tube { path: &path, up: &vec![Vec3::Y; path.len()], width: &radius, height: &height, columns: 8, crown: 0.0 }.build();
    let palm = rig.joint("leftHand");
    let [a, b, c] = joints.map(|name| rig.joint(name));
    part.weights = along
        .iter()
        .flat_map(|&s| std::iter::repeat_n(influences(&chain(&[palm, a, b, c], &[-0.004, first, second], 0.007, s)), 8))
        .collect();
    part
}
