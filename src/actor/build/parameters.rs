//! The sections of [`super::Parameters`]: what can be set about a face, its hair and what it wears, with units and ranges.
//!
//! Lengths are centimetres in head space, angles degrees, colours sRGB. The defaults are Ada's. [`super::Parameters::numbers`]
//! holds the ranges; within them every shape keeps its promises (lids and lips close, teeth stay behind the lips).

use super::math::smoothstep;
use super::Parameters;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Bones and soft tissue, as differences from Ada's face.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Face {
    /// Centimetres added between eyes and chin.
    pub length: f32,
    /// Centimetres by which each side of the jaw stands further out.
    pub jaw_width: f32,
    /// Centimetres by which the chin is wider on each side, and further forward.
    pub chin_width: f32,
    pub chin_forward: f32,
    /// Centimetres of flesh on the cheeks; of the cheekbones' height.
    pub cheeks: f32,
    pub cheekbones: f32,
    /// Centimetres by which brow ridge and forehead stand out.
    pub brow_ridge: f32,
    pub forehead: f32,
    /// Centimetres of thickness added to the neck.
    pub neck: f32,
    /// Share of a natural unevenness of left and right; 0 is a mirror image.
    pub asymmetry: f32,
}

/// Eyeballs, lids and irises.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eyes {
    /// Distance of each eye's centre from the middle of the face, centimetres.
    pub spacing: f32,
    /// Radius of the ball, centimetres, and how far the lids stand off it.
    pub radius: f32,
    pub lid_thickness: f32,
    /// Pitch of the open lids above and below the eye's axis, degrees.
    pub upper_lid: f32,
    pub lower_lid: f32,
    /// Half width of the opening, and how much higher its outer corner is, degrees.
    pub half_width: f32,
    pub tilt: f32,
    /// Half angle of the iris, degrees, and the pupil's share of its radius.
    pub iris_angle: f32,
    pub pupil: f32,
    /// How far each eye looks outward at rest, degrees.
    pub divergence: f32,
    /// How much the lashes are drawn: 1 is Ada's wing, 0 a thin line.
    pub lashes: f32,
}

impl Default for Eyes {
    fn default() -> Self {
        Eyes {
            spacing: 3.05,
            radius: 2.1,
            lid_thickness: 0.15,
            upper_lid: 27.5,
            lower_lid: -20.5,
            half_width: 53.0,
            tilt: 5.0,
            iris_angle: 29.5,
            pupil: 0.44,
            divergence: 1.5,
            lashes: 1.0,
        }
    }
}

/// The nose, as differences from Ada's.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nose {
    /// Centimetres by which the tip hangs lower.
    pub length: f32,
    /// Width of the wings over Ada's.
    pub width: f32,
    /// Centimetres added to the tip's radius; by which tip and bridge stand further out.
    pub tip: f32,
    pub projection: f32,
    pub bridge: f32,
}

impl Default for Nose {
    fn default() -> Self {
        Nose { length: 0.0, width: 1.0, tip: 0.0, projection: 0.0, bridge: 0.0 }
    }
}

/// Lips and jaw joint.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mouth {
    /// Height of the mouth line below the eyes and half of its width, centimetres.
    pub height: f32,
    pub half_width: f32,
    /// Height of the lips at the middle, centimetres, and how far they stand out over Ada's.
    pub upper_lip: f32,
    pub lower_lip: f32,
    pub fullness: f32,
    /// The jaw's angle at jawOpen = 1, degrees, and its slides, centimetres.
    pub jaw_angle: f32,
    pub jaw_forward: f32,
    pub jaw_sideways: f32,
}

impl Default for Mouth {
    fn default() -> Self {
        Mouth {
            height: -5.32,
            half_width: 2.4,
            upper_lip: 0.50,
            lower_lip: 0.74,
            fullness: 1.0,
            jaw_angle: 19.0,
            jaw_forward: 0.7,
            jaw_sideways: 0.6,
        }
    }
}

/// The brows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brows {
    /// Half height at the thickest, centimetres.
    pub thickness: f32,
    /// Length over Ada's.
    pub length: f32,
    /// Centimetres by which they sit higher, by which their middle is arched more, and by which the outer end is raised.
    pub height: f32,
    pub arch: f32,
    pub tilt: f32,
    /// How bushy: 0 is a smooth stroke, 1 rough and thick.
    pub bushiness: f32,
}

impl Default for Brows {
    fn default() -> Self {
        Brows { thickness: 0.265, length: 1.0, height: 0.0, arch: 0.0, tilt: 0.0, bushiness: 0.15 }
    }
}

/// The ears.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ears {
    /// Size over Ada's.
    pub size: f32,
    /// How far they stand off the head, degrees.
    pub angle: f32,
    /// Length of the lobe over Ada's.
    pub lobe: f32,
    /// Radius of hoop earrings, centimetres; 0 for none.
    pub ring: f32,
}

impl Default for Ears {
    fn default() -> Self {
        Ears { size: 1.0, angle: 24.0, lobe: 1.0, ring: 0.0 }
    }
}

/// What the skin shows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Skin {
    /// Depth of wrinkles on top of those of the age, 0..=1.
    pub wrinkles: f32,
    /// How many freckles, 0..=1.
    pub freckles: f32,
    /// Radius of a beauty spot beside the mouth, centimetres; 0 for none.
    pub spot: f32,
    /// Shade of a shaven beard, 0..=1.
    pub stubble: f32,
}

/// A beard that lies on the skin. All zero is none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Beard {
    /// Thickness on cheeks and jaw, centimetres.
    pub cheeks: f32,
    /// Thickness at the chin and how far it hangs below it, centimetres.
    pub chin: f32,
    pub length: f32,
    /// Thickness of the moustache, centimetres.
    pub moustache: f32,
}

/// Glasses; leave the section out for none.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Glasses {
    /// Half width of a lens, centimetres, and its height over the width.
    pub size: f32,
    pub aspect: f32,
    /// 0 is a rectangle, 1 round.
    pub roundness: f32,
    /// Thickness of the rims, centimetres.
    pub rim: f32,
}

impl Default for Glasses {
    fn default() -> Self {
        Glasses { size: 2.5, aspect: 0.85, roundness: 0.8, rim: 0.14 }
    }
}

/// How the hair is worn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Parted, falling to the chin, tucked behind the left ear.
    #[default]
    Bob,
    /// Short, combed over from the parting.
    Short,
    /// A round cloud of curls.
    Curls,
    /// Gathered at the back of the head: a bun, or a tail where `length` is above 0.
    Gathered,
    /// A bald crown with hair around it.
    Wreath,
}

/// The hair. Each style uses the numbers that mean something for it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hair {
    pub style: Style,
    /// Centimetres added to the style's own length.
    pub length: f32,
    /// How far it stands off the skull over the style's own.
    pub volume: f32,
    /// Where it parts, centimetres from the middle (+ is the character's left).
    pub parting: f32,
    /// Degrees by which the hairline has receded at the temples.
    pub receding: f32,
    /// How uneven locks are: 0 combed, 1 tousled.
    pub tousle: f32,
}

impl Default for Hair {
    fn default() -> Self {
        Hair { style: Style::Bob, length: 0.0, volume: 1.0, parting: 1.9, receding: 0.0, tousle: 0.4 }
    }
}

/// A number of [`Parameters`] by its path in the file, with its range.
pub struct Number<'a> {
    pub name: &'static str,
    pub value: &'a mut f32,
    pub range: RangeInclusive<f32>,
}

impl Parameters {
    /// All numbers of face and hair with their ranges, to check or to vary them.
    pub fn numbers(&mut self) -> Vec<Number<'_>> {
        let mut list = Vec::new();
        let mut add = |name, value, least: f32, most: f32| list.push(Number { name, value, range: least..=most });
        add("age", &mut self.age, 5.0, 95.0);
        add("head_scale", &mut self.head_scale, 0.7, 1.3);
        let f = &mut self.face;
        add("face.length", &mut f.length, -1.0, 1.0);
        add("face.jaw_width", &mut f.jaw_width, -0.5, 1.0);
        add("face.chin_width", &mut f.chin_width, -0.3, 0.8);
        add("face.chin_forward", &mut f.chin_forward, -0.4, 0.5);
        add("face.cheeks", &mut f.cheeks, -0.4, 0.5);
        add("face.cheekbones", &mut f.cheekbones, -0.3, 0.4);
        add("face.brow_ridge", &mut f.brow_ridge, -0.2, 0.4);
        add("face.forehead", &mut f.forehead, -0.3, 0.4);
        add("face.neck", &mut f.neck, -0.7, 1.0);
        add("face.asymmetry", &mut f.asymmetry, 0.0, 1.0);
        let e = &mut self.eyes;
        add("eyes.spacing", &mut e.spacing, 2.85, 3.3);
        add("eyes.radius", &mut e.radius, 1.8, 2.25);
        add("eyes.lid_thickness", &mut e.lid_thickness, 0.12, 0.22);
        add("eyes.upper_lid", &mut e.upper_lid, 19.0, 32.0);
        add("eyes.lower_lid", &mut e.lower_lid, -25.0, -15.0);
        add("eyes.half_width", &mut e.half_width, 46.0, 57.0);
        add("eyes.tilt", &mut e.tilt, -5.0, 10.0);
        add("eyes.iris_angle", &mut e.iris_angle, 25.0, 33.0);
        add("eyes.pupil", &mut e.pupil, 0.3, 0.6);
        add("eyes.divergence", &mut e.divergence, -1.0, 3.0);
        add("eyes.lashes", &mut e.lashes, 0.0, 1.2);
        let n = &mut self.nose;
        add("nose.length", &mut n.length, -0.4, 0.5);
        add("nose.width", &mut n.width, 0.8, 1.5);
        add("nose.tip", &mut n.tip, -0.15, 0.3);
        add("nose.projection", &mut n.projection, -0.4, 0.5);
        add("nose.bridge", &mut n.bridge, -0.25, 0.4);
        let m = &mut self.mouth;
        add("mouth.height", &mut m.height, -5.6, -5.1);
        add("mouth.half_width", &mut m.half_width, 2.1, 2.7);
        add("mouth.upper_lip", &mut m.upper_lip, 0.3, 0.75);
        add("mouth.lower_lip", &mut m.lower_lip, 0.45, 1.0);
        add("mouth.fullness", &mut m.fullness, 0.6, 1.5);
        add("mouth.jaw_angle", &mut m.jaw_angle, 14.0, 22.0);
        add("mouth.jaw_forward", &mut m.jaw_forward, 0.3, 1.0);
        add("mouth.jaw_sideways", &mut m.jaw_sideways, 0.3, 1.0);
        let b = &mut self.brows;
        add("brows.thickness", &mut b.thickness, 0.12, 0.45);
        add("brows.length", &mut b.length, 0.8, 1.15);
        add("brows.height", &mut b.height, -0.3, 0.5);
        add("brows.arch", &mut b.arch, -0.3, 0.4);
        add("brows.tilt", &mut b.tilt, -0.4, 0.5);
        add("brows.bushiness", &mut b.bushiness, 0.0, 1.0);
        let e = &mut self.ears;
        add("ears.size", &mut e.size, 0.8, 1.3);
        add("ears.angle", &mut e.angle, 12.0, 45.0);
        add("ears.lobe", &mut e.lobe, 0.6, 1.6);
        add("ears.ring", &mut e.ring, 0.0, 2.5);
        let s = &mut self.skin;
        add("skin.wrinkles", &mut s.wrinkles, 0.0, 1.0);
        add("skin.freckles", &mut s.freckles, 0.0, 1.0);
        add("skin.spot", &mut s.spot, 0.0, 0.15);
        add("skin.stubble", &mut s.stubble, 0.0, 1.0);
        let b = &mut self.beard;
        add("beard.cheeks", &mut b.cheeks, 0.0, 0.6);
        add("beard.chin", &mut b.chin, 0.0, 1.2);
        add("beard.length", &mut b.length, 0.0, 6.0);
        add("beard.moustache", &mut b.moustache, 0.0, 0.5);
        if let Some(g) = &mut self.glasses {
            add("glasses.size", &mut g.size, 2.0, 2.8);
            add("glasses.aspect", &mut g.aspect, 0.6, 1.1);
            add("glasses.roundness", &mut g.roundness, 0.0, 1.0);
            add("glasses.rim", &mut g.rim, 0.06, 0.3);
        }
        let h = &mut self.hair;
        add("hair.length", &mut h.length, -2.0, 12.0);
        add("hair.volume", &mut h.volume, 0.6, 1.6);
        add("hair.parting", &mut h.parting, -3.0, 3.0);
        add("hair.receding", &mut h.receding, 0.0, 25.0);
        add("hair.tousle", &mut h.tousle, 0.0, 1.0);
        list
    }

    /// Fails with [`Error::Usage`] where a number is outside of its range.
    pub fn check(&self) -> Result<()> {
        for Number { name, value, range } in self.clone().numbers() {
            if !range.contains(value) {
                let (least, most) = (range.start(), range.end());
                return Err(Error::usage(format!("{name} = {value} is out of range"), format!("{name} is {least} to {most}")));
            }
        }
        self.figure.check()
    }

    /// How much of a child (0..=1).
    pub(super) fn childhood(&self) -> f32 {
        smoothstep(16.0, 6.0, self.age)
    }

    /// How deep the wrinkles are (0..=1).
    pub(super) fn wrinkles(&self) -> f32 {
        (0.9 * smoothstep(32.0, 85.0, self.age) + self.skin.wrinkles).min(1.0)
    }

    /// The parameters with what the age does to a face added: children have round cheeks, small noses and short faces; later
    /// nose and ears grow, lips get thinner and lids heavier.
    pub(super) fn aged(&self) -> Parameters {
        let (child, old) = (self.childhood(), smoothstep(40.0, 85.0, self.age));
        let mut p = self.clone();
        p.face.length -= 1.1 * child;
        p.face.jaw_width -= 0.35 * child;
        p.face.cheeks += 0.36 * child - 0.22 * old;
        p.face.brow_ridge -= 0.15 * child;
        p.face.forehead += 0.35 * child;
        p.face.neck -= 0.95 * child;
        p.face.chin_forward -= 0.2 * child;
        p.nose.length += -0.35 * child + 0.22 * old;
        p.nose.projection -= 0.38 * child;
        p.nose.bridge -= 0.3 * child;
        p.nose.width *= 1.0 - 0.08 * child + 0.08 * old;
        p.mouth.half_width -= 0.28 * child;
        p.mouth.upper_lip *= 1.0 - 0.25 * old;
        p.mouth.lower_lip *= 1.0 - 0.15 * old;
        p.eyes.upper_lid -= 4.5 * old;
        p.eyes.tilt -= 3.0 * old;
        p.eyes.iris_angle += 1.5 * child - 1.5 * old;
        p.ears.size *= 1.0 - 0.06 * child + 0.1 * old;
        p.brows.thickness *= 1.0 - 0.25 * child;
        p
    }
}
