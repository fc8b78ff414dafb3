//! The actor's joints and where the head sits on them.

use super::Parameters;
use super::figure::Fit;
use super::math::smoothstep;
use super::mesh::Weights;
use crate::actor::Node;
use crate::body::skeleton::{COUNT, JOINTS, index};
use glam::{Quat, Vec3};
use std::sync::OnceLock;

/// The point of the head (centimetres of head space) that rests on the head joint: the skull's base, between the ears.
const PIVOT: Vec3 = Vec3::new(0.0, -4.0, -1.5);

/// Joints in rest: T-pose, no rotations, so that performances fit as they are.
pub struct Rig {
    /// Offset from the parent, metres, in the order of [`JOINTS`].
    pub offsets: [Vec3; COUNT],
    /// Place in the actor's space.
    pub rest: [Vec3; COUNT],
    /// Metres per centimetre of head space.
    pub head_scale: f32,
}

/// Where the reference figure's joints are, metres: an adult of 1.69 m.
pub fn reference() -> &'static [Vec3; COUNT] {
    static REST: OnceLock<[Vec3; COUNT]> = OnceLock::new();
    REST.get_or_init(|| {
        let mut offsets = JOINTS.map(|j| j.offset);
        let mut set = |name: &str, offset: Vec3| {
            if let Some(i) = index(name) {
                offsets[i] = offset;
            }
        };
        for (side, sign) in [("left", 1.0), ("right", -1.0)] {
            let mirrored = |x: f32, y: f32, z: f32| Vec3::new(x * sign, y, z);
            // Narrow, low shoulders suit the larger head.
            set(&format!("{side}Shoulder"), mirrored(0.03, 0.092, 0.0));
            set(&format!("{side}UpperArm"), mirrored(0.118, -0.006, 0.0));
            // The thumb's first joint lies at the wrist's edge, so that its ball moves with it.
            let thumb = mirrored(0.70, -0.25, 0.67).normalize();
            set(&format!("{side}ThumbMetacarpal"), mirrored(0.020, -0.010, 0.019));
            set(&format!("{side}ThumbProximal"), thumb * 0.043);
            set(&format!("{side}ThumbDistal"), thumb * 0.031);
        }
        let mut rest = [Vec3::ZERO; COUNT];
        for (i, joint) in JOINTS.iter().enumerate() {
            rest[i] = joint.parent.map_or(Vec3::ZERO, |parent| rest[parent]) + offsets[i];
        }
        rest
    })
}

impl Rig {
    pub fn new(p: &Parameters) -> Rig {
        let fit = Fit::new(&p.figure, p.head_scale);
        Rig::at_rest(std::array::from_fn(|i| fit.joint(i)), 0.01 * p.head_scale)
    }

    /// The figure that hands and clothes are made on before they are fitted.
    pub fn reference() -> Rig {
        Rig::at_rest(*reference(), 0.01)
    }

    fn at_rest(rest: [Vec3; COUNT], head_scale: f32) -> Rig {
        let offsets = std::array::from_fn(|i| rest[i] - JOINTS[i].parent.map_or(Vec3::ZERO, |parent| rest[parent]));
        Rig { offsets, rest, head_scale }
    }

    pub fn joint(&self, name: &str) -> usize {
        index(name).unwrap_or(0)
    }

    pub fn at(&self, name: &str) -> Vec3 {
        self.rest[self.joint(name)]
    }

    /// A point of head space in the actor's space.
    pub fn place(&self, p: Vec3) -> Vec3 {
        self.at("head") + (p - PIVOT) * self.head_scale
    }

    /// The joints as nodes, in the order of [`JOINTS`].
    pub fn nodes(&self) -> Vec<Node> {
        JOINTS.iter().zip(self.offsets).map(|(joint, offset)| node(joint.name, joint.parent, offset)).collect()
    }
}

/// A node that is only moved.
pub fn node(name: &str, parent: Option<usize>, translation: Vec3) -> Node {
    Node { name: name.into(), parent, translation, rotation: Quat::IDENTITY, scale: Vec3::ONE }
}

/// The weights of a mirrored vertex: left joints become right ones and the other way round.
pub fn mirror_weights(weights: Weights) -> Weights {
    let other = |joint: usize| {
        let name = JOINTS[joint].name;
        let swapped = match (name.strip_prefix("left"), name.strip_prefix("right")) {
            (Some(stem), _) => index(&format!("right{stem}")),
            (_, Some(stem)) => index(&format!("left{stem}")),
            _ => None,
        };
        swapped.unwrap_or(joint)
    };
    weights.map(|(joint, weight)| (other(joint), weight))
}

/// The four largest of a list of influences, summing to 1.
pub fn influences(list: &[(usize, f32)]) -> Weights {
    let mut sorted: Vec<(usize, f32)> = list.iter().copied().filter(|(_, w)| *w > 1e-4).collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    sorted.truncate(4);
    let sum: f32 = sorted.iter().map(|(_, w)| w).sum();
    std::array::from_fn(|i| sorted.get(i).map_or((0, 0.0), |&(joint, w)| (joint, w / sum)))
}

/// Shares of a chain of joints at `x`: joint i takes over from joint i - 1 around `starts[i - 1]` over ± `blend`.
pub fn chain(joints: &[usize], starts: &[f32], blend: f32, x: f32) -> Vec<(usize, f32)> {
    let mut left = 1.0;
    let mut out = Vec::with_capacity(joints.len());
    for (i, &joint) in joints.iter().enumerate() {
        let passed = starts.get(i).map_or(0.0, |s| smoothstep(s - blend, s + blend, x));
        out.push((joint, left * (1.0 - passed)));
        left *= passed;
    }
    out
}
