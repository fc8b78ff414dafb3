//! The figure below the head: proportions, and how they carry hands and clothes.
//!
//! Everything on the body is made once, for a reference figure of 1.69 m, and then fitted: a map of space takes each point from the
//! reference to the figure asked for. The trunk has widths and depths by height and a bent spine, arms and legs are longer or
//! thicker around their bones, hands keep their shape. A point follows the regions by the weights of its skin, so
//! that clothes, buttons and joints stay together whatever the figure.

use super::clothes::Dress;
use super::math::{bell, lerp, smoothstep};
use super::mesh::{Part, Weights};
use super::skeleton::reference;
use crate::body::skeleton::{JOINTS, index};
use crate::{Error, Result};
use glam::Vec3;

/// The body's proportions and its clothes. Shares are relative to the reference figure, a slender adult.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Figure {
    /// From the ground to the crown without hair, metres, 0.9..=2.1. The head keeps its own size (`head_scale`), so a small
    /// height makes a child.
    pub height: f32,
    /// Slight (-1) to heavy (1).
    pub build: f32,
    /// Length of the legs against the trunk, share, 0.8..=1.2.
    pub legs: f32,
    /// Width of the shoulders, share, 0.8..=1.3.
    pub shoulders: f32,
    /// Width of the waist, share, 0.8..=1.4.
    pub waist: f32,
    /// Width of the hips, share, 0.8..=1.3.
    pub hips: f32,
    /// Fullness of the bust, 0 (flat) to 1.5.
    pub bust: f32,
    /// How far the belly stands out, 0 to 1 (70 mm).
    pub belly: f32,
    /// Roundness of the upper back, 0 (upright) to 1 (bent by age).
    pub back: f32,
    /// Size of the hands, share, 0.8..=1.25.
    pub hands: f32,
    pub dress: Dress,
}

impl Default for Figure {
    fn default() -> Self {
        Figure {
            height: 1.69,
            build: 0.0,
            legs: 1.0,
            shoulders: 1.0,
            waist: 1.0,
            hips: 1.0,
            bust: 0.7,
            belly: 0.0,
            back: 0.0,
            hands: 1.0,
            dress: Dress::default(),
        }
    }
}

impl Figure {
    /// Fails with [`Error::Usage`], which names the field, where a number is out of its range.
    pub fn check(&self) -> Result<()> {
        let ranges = [
            ("height", self.height, 0.9, 2.1),
            ("build", self.build, -1.0, 1.0),
            ("legs", self.legs, 0.8, 1.2),
            ("shoulders", self.shoulders, 0.8, 1.3),
            ("waist", self.waist, 0.8, 1.4),
            ("hips", self.hips, 0.8, 1.3),
            ("bust", self.bust, 0.0, 1.5),
            ("belly", self.belly, 0.0, 1.0),
            ("back", self.back, 0.0, 1.0),
            ("hands", self.hands, 0.8, 1.25),
        ];
        // Written so that a value that is not a number fails too.
        match ranges.iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
            Some((name, value, low, high)) => {
                Err(Error::usage(format!("figure.{name} is {value}"), format!("give a number from {low} to {high}")))
            }
            None => Ok(()),
        }
    }
}

/// Height of the head joint over the ground and of the hips in the reference, and of the crown over the head joint at
/// `head_scale` 1, metres.
const HEAD: f32 = 1.515;
const HIPS: f32 = 0.94;
const CROWN: f32 = 0.163;
/// The head scale that the reference's collar fits.
const HEAD_SCALE: f32 = 1.07;
/// Lengths in the reference: shoulder to wrist; the legs' distance from the middle.
const ARM: f32 = 0.505;
const LEG: f32 = 0.09;

/// The map from the reference to a figure.
#[derive(Clone)]
pub struct Fit {
    figure: Figure,
    /// Lengths of trunk (and arms) and of legs, shares.
    trunk: f32,
    leg: f32,
    /// Widths and depths in general, shares.
    girth: f32,
    /// Size of neck and head, hands and feet, shares.
    head: f32,
    hand: f32,
}

impl Fit {
    pub fn new(figure: &Figure, head_scale: f32) -> Fit {
        let trunk = (figure.height - CROWN * head_scale) / (HIPS * figure.legs + HEAD - HIPS);
        let girth = trunk.powf(0.85) * (1.0 + 0.16 * figure.build);
        let hand = trunk.powf(0.8) * figure.hands * (1.0 + 0.04 * figure.build);
        Fit { figure: figure.clone(), trunk, leg: trunk * figure.legs, girth, head: head_scale / HEAD_SCALE, hand }
    }

    /// A joint of the reference on the figure.
    pub fn joint(&self, joint: usize) -> Vec3 {
        let (arm, leg) = limbs(joint);
        self.place(reference()[joint], if arm { 1.0 } else { 0.0 }, if leg { 1.0 } else { 0.0 })
    }

    /// Moves a part of the reference onto the figure; each point follows the regions by its weights.
    pub fn dress(&self, part: &mut Part) {
        for (p, weights) in part.positions.iter_mut().zip(&part.weights) {
            let (arm, leg) = shares(weights);
            *p = self.place(*p, arm, leg);
        }
    }

    fn place(&self, p: Vec3, arm: f32, leg: f32) -> Vec3 {
        let mut out = self.trunk(p) * (1.0 - arm - leg);
        if arm > 0.0 {
            out += self.arm(p) * arm;
        }
        if leg > 0.0 {
            out += self.leg(p) * leg;
        }
        out
    }

    fn height(&self, y: f32) -> f32 {
        if y < HIPS { y * self.leg } else { HIPS * self.leg + (y - HIPS) * self.trunk }
    }

    /// Width at a height of the reference.
    fn width(&self, y: f32) -> f32 {
        let f = &self.figure;
        let low = lerp(f.hips, f.waist, smoothstep(0.93, 1.06, y));
        let belly = 1.0 + 0.16 * f.belly * bell(y - 1.05, 0.12);
        self.girth * belly * lerp(low, lerp(1.0, f.shoulders, smoothstep(1.18, 1.30, y)), smoothstep(1.10, 1.22, y))
    }

    /// How far the spine's bend moves a height forwards.
    fn bend(&self, y: f32) -> f32 {
        self.figure.back * (0.060 * smoothstep(1.30, 1.50, y) - 0.022 * bell(y - 1.24, 0.12)) * self.trunk
    }

    fn trunk(&self, p: Vec3) -> Vec3 {
        let f = &self.figure;
        let front = smoothstep(-0.01, 0.06, p.z);
        let bust = 0.020 * f.bust * bell(p.x.abs() - 0.060, 0.046) * bell(p.y - 1.252, 0.050);
        let belly = 0.070 * f.belly * bell(p.y - 1.04, 0.13) * bell(p.x, 0.13);
        let round = -0.026 * f.back * (1.0 - front) * bell(p.y - 1.30, 0.09);
        let deep = self.girth * (1.0 + 0.05 * f.build) * lerp(1.0, lerp(1.0, f.waist.max(f.hips), 0.4), smoothstep(1.2, 1.0, p.y));
        let z = (p.z + front * (bust + belly) + round) * deep + self.bend(p.y);
        let body = Vec3::new(p.x * self.width(p.y), self.height(p.y), z);
        // Around the neck everything keeps to the head's size and place.
        let neck = smoothstep(1.355, 1.405, p.y);
        let head = Vec3::new(0.0, 0.0, reference()[index("head").unwrap_or(0)].z);
        let above = (p - head) * self.head;
        let above = Vec3::new(above.x, body.y, above.z + head.z * self.girth + self.bend(HEAD));
        body.lerp(above, neck)
    }

    fn arm(&self, p: Vec3) -> Vec3 {
        let side = if p.x < 0.0 { -1.0 } else { 1.0 };
        let joint = reference()[index("leftUpperArm").unwrap_or(0)];
        let shoulder = self.trunk(joint) * Vec3::new(side, 1.0, 1.0);
        let along = p.x.abs() - joint.x;
        let reach = along.min(ARM) * self.trunk + (along - ARM).max(0.0) * self.hand;
        let thick = lerp(self.girth, self.hand, smoothstep(0.28, 0.46, along));
        Vec3::new(shoulder.x + side * reach, shoulder.y + (p.y - joint.y) * thick, shoulder.z + (p.z - joint.z) * thick)
    }

    fn leg(&self, p: Vec3) -> Vec3 {
        let side = if p.x < 0.0 { -1.0 } else { 1.0 };
        let hips = self.width(0.84);
        let calf = lerp(self.hand / self.figure.hands, self.girth, smoothstep(0.10, 0.45, p.y));
        let thick = lerp(calf, hips, smoothstep(0.62, 0.86, p.y));
        Vec3::new(side * (LEG * hips + (p.x.abs() - LEG) * thick), self.height(p.y), p.z * thick)
    }
}

/// Whether a joint belongs to an arm, to a leg.
fn limbs(joint: usize) -> (bool, bool) {
    let name = JOINTS[joint].name;
    let stem = name.strip_prefix("left").or_else(|| name.strip_prefix("right")).unwrap_or("");
    let leg = ["UpperLeg", "LowerLeg", "Foot", "Toes"].contains(&stem);
    (!leg && !stem.is_empty() && stem != "Shoulder", leg)
}

/// Shares of arms and of legs in a vertex's weights.
fn shares(weights: &Weights) -> (f32, f32) {
    let mut sum = (0.0, 0.0);
    for &(joint, weight) in weights {
        let (arm, leg) = limbs(joint);
        sum.0 += if arm { weight } else { 0.0 };
        sum.1 += if leg { weight } else { 0.0 };
    }
    sum
}
