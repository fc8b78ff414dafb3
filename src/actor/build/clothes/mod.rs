//! Clothes: outfits sewn from a few pieces on the reference figure, with folds, seams, collars, buttons and shoes.
//!
//! `top` is torso and sleeves in one grid, cut by an outfit's pattern; `details` are what is sewn on; `legs` and `shoes`
//! go below. Folds are geometry (`folds`), darkened in their grooves.

mod details;
mod folds;
mod legs;
mod shoes;
mod top;

use super::math::linear;
use super::mesh::{Part, Weights};
use super::skeleton::{Rig, mirror_weights};
use glam::Vec3;

/// What is worn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outfit {
    /// A knitted sweater with a ribbed collar, trousers, sneakers.
    #[default]
    Sweater,
    /// A shirt with collar, placket and buttons over trousers, leather shoes.
    Shirt,
    /// A buttoned cardigan over a shirt, trousers, leather shoes.
    Cardigan,
    /// A hooded sweater with a pocket, trousers, sneakers.
    Hoodie,
    /// A dress to the knees with leggings, sneakers.
    Dress,
}

/// An outfit and its colours, sRGB.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dress {
    pub outfit: Outfit,
    pub top: [u8; 3],
    /// Ribs, buttons, cords.
    pub trim: [u8; 3],
    /// The shirt under a cardigan.
    pub under: [u8; 3],
    /// Trousers or leggings.
    pub bottom: [u8; 3],
    pub shoes: [u8; 3],
    pub soles: [u8; 3],
}

impl Default for Dress {
    fn default() -> Self {
        Dress {
            outfit: Outfit::Sweater,
            top: [58, 96, 112],
            trim: [42, 74, 90],
            under: [226, 222, 212],
            bottom: [52, 56, 70],
            shoes: [158, 84, 66],
            soles: [236, 230, 218],
        }
    }
}

/// Linear colours of a [`Dress`].
struct Palette {
    top: Vec3,
    trim: Vec3,
    under: Vec3,
    bottom: Vec3,
    shoes: Vec3,
    soles: Vec3,
}

/// All pieces as (mesh, material, part).
pub fn build(rig: &Rig, dress: &Dress) -> Vec<(&'static str, &'static str, Part)> {
    let palette = Palette {
        top: linear(dress.top),
        trim: linear(dress.trim),
        under: linear(dress.under),
        bottom: linear(dress.bottom),
        shoes: linear(dress.shoes),
        soles: linear(dress.soles),
    };
    let pattern = top::Pattern::of(dress.outfit);
    let mut body = top::build(rig, &pattern, &palette);
    details::sew(&mut body, rig, dress.outfit, &pattern, &palette);
    let sneakers = matches!(dress.outfit, Outfit::Sweater | Outfit::Hoodie | Outfit::Dress);
    vec![
        ("top", "top", body),
        ("trousers", "trousers", legs::build(rig, dress.outfit == Outfit::Dress, palette.bottom)),
        ("shoes", "shoes", shoes::build(rig, sneakers, &palette)),
    ]
}

/// A left part and its mirror image, weights included.
pub fn pair(left: Part) -> Part {
    let mut right = left.mirror();
    right.weights = right.weights.into_iter().map(mirror_weights).collect();
    let mut both = left;
    both.append(right);
    both
}

/// Weights described for the left side, for a vertex of either.
fn on_side(weights: Weights, p: Vec3) -> Weights {
    if p.x < 0.0 { mirror_weights(weights) } else { weights }
}

/// One axis of a super-ellipse of exponent 2.3: fuller than a circle.
fn rounded(x: f32) -> f32 {
    x.signum() * x.abs().powf(2.0 / 2.3)
}
