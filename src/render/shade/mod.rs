//! Shading: the twin of `shaders/surfaces.wgsl`, function by function, eight pixels at once. All colours are linear.
//!
//! Our own surfaces are shaded by what they are made of, one function each; surfaces of other actors by the model that their
//! file asks for. Everything that is lit then goes through the look's exposure, a film curve and the look's grade.

mod cloth;
mod eye;
mod foreign;
mod hair;
mod skin;

pub use eye::refraction;

use super::eyes::Eye;
use super::lanes::{F8, V3, f, floor, saturate, smoothstep};
use super::look::{Light, Lights, Look};
use super::view::Camera;
use crate::actor::Surface;
use glam::Vec3;

/// What a surface group is shaded from.
pub struct Hit {
    pub position: V3,
    /// Unit, turned to the camera except on skin.
    pub normal: V3,
    /// Unit, towards the camera.
    pub view: V3,
    pub albedo: V3,
    /// Baked ambient occlusion, 1 is open.
    pub open: F8,
    /// 0 is clear.
    pub opacity: F8,
    /// Along the hair strand (unit); on other surfaces the resting position, metres.
    pub anchor: V3,
    /// Mouth: metres behind its front. Skin: share of the light that comes through from behind. Cloth: how much its weave shows.
    pub depth: F8,
    pub u: F8,
    pub v: F8,
    /// Mask: seen from behind.
    pub behind: F8,
    /// Share of the key light that arrives.
    pub lit: F8,
    /// What only surfaces of unknown make have.
    pub make: Make,
}

/// The material of a surface of unknown make.
pub struct Make {
    pub roughness: F8,
    pub metallic: F8,
    pub emissive: V3,
    /// Colour of the side away from the light.
    pub shade: V3,
}

impl Make {
    /// Of surfaces that use none of it.
    pub const NONE: Make = Make {
        roughness: F8::ONE,
        metallic: F8::ZERO,
        emissive: V3 { x: F8::ZERO, y: F8::ZERO, z: F8::ZERO },
        shade: V3 { x: F8::ZERO, y: F8::ZERO, z: F8::ZERO },
    };
}

/// What is the same for all pixels of a frame.
pub struct Studio {
    pub camera: Camera,
    /// Its lights turned for the camera.
    pub look: Look,
    pub eyes: [Option<Eye>; 2],
    /// Depth that pushed-out lips add to the mouth, metres ([`super::rig::pout`]).
    pub pout: f32,
    pub detail: Detail,
}

/// How much of a structure is drawn, 0..=1: what is finer than pixels would flicker.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// Of skin, about a millimetre wide.
    pub pores: f32,
    /// Of cloth, 2.4 mm.
    pub weave: f32,
}

impl Detail {
    /// `pixel` is the size of a pixel at the actor, metres.
    pub fn new(pixel: f32) -> Detail {
        let fade = |least: f32, most: f32| ((most - pixel) / (most - least)).clamp(0.0, 1.0);
        Detail { pores: fade(0.000_30, 0.000_55), weave: fade(0.000_60, 0.001_00) }
    }
}

fn rgb(r: f32, g: f32, b: f32) -> V3 {
    V3::splat(Vec3::new(r, g, b))
}

/// The shape of light that wraps around the terminator; close to d^1.25.
#[inline(always)]
fn bend(d: F8) -> F8 {
    d * (f(0.68) + f(0.32) * d)
}

/// Light that wraps around the terminator by `w`, as it does on skin and hair; close to ((n·l + w) / (1 + w))^1.25.
#[inline(always)]
fn wrap(n: V3, l: &Light, w: f32) -> F8 {
    bend(saturate((n.dot(V3::splat(l.direction)) + f(w)) * f(1.0 / (1.0 + w))))
}

/// [`wrap`] with one reach per channel.
#[inline(always)]
fn wrap3(n: V3, l: &Light, w: [f32; 3]) -> V3 {
    let cosine = n.dot(V3::splat(l.direction));
    let one = |w: f32| bend(saturate((cosine + f(w)) * f(1.0 / (1.0 + w))));
    V3::new(one(w[0]), one(w[1]), one(w[2]))
}

/// The parts of a microfacet highlight that lobes of different roughness share.
struct Facet {
    /// Squared cosine between normal and half vector.
    nh2: F8,
    /// (1 - v·h)^5 of Schlick's Fresnel term (1994).
    graze: F8,
    /// Cosine of the light over a cheap visibility term.
    seen: F8,
}

impl Facet {
    #[inline(always)]
    fn new(n: V3, v: V3, l: &Light) -> Facet {
        let l = V3::splat(l.direction);
        let h = (v + l).normalize();
        let nh = saturate(n.dot(h));
        let nl = saturate(n.dot(l));
        let c = F8::ONE - saturate(v.dot(h));
        let c2 = c * c;
        let facing = n.dot(v).abs();
        Facet { nh2: nh * nh, graze: c2 * c2 * c, seen: nl * f(0.25) / (f(0.5) * (nl + facing)).fast_max(f(0.15)) }
    }

    /// The GGX distribution (Walter et al. 2007) times visibility and the light's cosine, before Fresnel.
    #[inline(always)]
    fn lobe(&self, roughness: F8) -> F8 {
        let r2 = roughness * roughness;
        let a2 = r2 * r2;
        let k = self.nh2 * (a2 - F8::ONE) + F8::ONE;
        a2 / (f(std::f32::consts::PI) * k * k + f(1e-7)) * self.seen
    }

    #[inline(always)]
    fn fresnel(&self, f0: f32) -> F8 {
        f(f0) + f(1.0 - f0) * self.graze
    }
}

/// A highlight of one roughness on something that does not conduct.
#[inline(always)]
fn ggx(n: V3, v: V3, l: &Light, roughness: f32) -> F8 {
    let facet = Facet::new(n, v, l);
    facet.lobe(f(roughness)) * facet.fresnel(0.04)
}

/// Light from above and below.
#[inline(always)]
fn ambient(n: V3, open: V3, lights: &Lights) -> V3 {
    V3::splat(lights.ground).mix(V3::splat(lights.sky), f(0.5) + f(0.5) * n.y) * open
}

/// Diffuse light of all lights with wrap `w`; `ambient` is added by the caller's own measure.
#[inline(always)]
fn diffuse(h: &Hit, s: &Studio, w: [f32; 3]) -> V3 {
    let l = &s.look.lights;
    let open2 = h.open * h.open;
    let shadow = V3::new(h.lit * (f(1.35) - f(0.35) * h.lit), h.lit, h.lit);
    let key = wrap3(h.normal, &l.key, w) * V3::splat(l.key.colour) * shadow;
    let fill = V3::splat(l.fill.colour) * (wrap(h.normal, &l.fill, w[1].max(0.3)) * h.open);
    let rim = V3::splat(l.rim.colour) * (wrap(h.normal, &l.rim, 0.07) * open2 * f(0.35));
    let kicker = V3::splat(l.kicker.colour) * (wrap(h.normal, &l.kicker, 0.07) * h.open * f(0.35));
    key + fill + rim + kicker
}

/// How much a surface turns to its edge, 0..=1.
#[inline(always)]
fn edge(h: &Hit) -> F8 {
    saturate(F8::ONE - h.normal.dot(h.view).abs())
}

#[inline(always)]
fn power(x: F8, squarings: u32) -> F8 {
    (0..squarings).fold(x, |x, _| x * x)
}

/// A sine of turns good to 0.001, cheap in lanes: parabola refined once, after folding to one turn.
#[inline(always)]
fn wave(turns: F8) -> F8 {
    let t = turns - floor(turns + f(0.5));
    let y = t * (f(8.0) - f(16.0) * t.abs());
    f(0.225) * (y * y.abs() - y) + y
}

/// Teeth, gums and tongue: lit through the mouth's opening only, so they fade with depth behind its front, to red.
fn mouth(h: &Hit, s: &Studio) -> V3 {
    let l = &s.look.lights;
    let amb = ambient(h.normal, V3::grey(h.open), l) * f(1.2);
    let key = V3::splat(l.key.colour) * (wrap(h.normal, &l.key, 0.5) * h.lit.fast_max(f(0.6)) * f(0.70));
    let far = saturate((h.depth + f(s.pout)) * f(1.0 / 0.024));
    let deep = V3::new(F8::ONE - far * f(0.78), F8::ONE - far * f(0.87), F8::ONE - far * f(0.88));
    let wet = ggx(h.normal, h.view, &l.key, 0.25) * f(0.6);
    (h.albedo * (amb + key + amb * f(0.35)) + V3::splat(l.key.colour) * (wet * f(0.42))) * deep
}

fn lash(h: &Hit, s: &Studio) -> V3 {
    let amb = ambient(h.normal, V3::grey(h.open), &s.look.lights);
    h.albedo * amb * f(1.05)
}

/// The film curve's share of a channel: Krzysztof Narkowicz's fit of the ACES curve (2015).
#[inline(always)]
fn film(x: F8) -> F8 {
    (x * (x * f(2.51) + f(0.03))) / (x * (x * f(2.43) + f(0.59)) + f(0.14))
}

/// Exposure, film curve and grade. A curve on each channel alone bleaches bright skin to yellow, one on the brightness alone
/// never lets light go white; half of each keeps the hue and rolls off. Gives linear light 0..=1.
pub fn tone_map(colour: V3, look: &Look) -> V3 {
    let x = colour * f(look.exposure);
    let peak = x.x.fast_max(x.y).fast_max(x.z).fast_max(f(1e-4));
    let mapped = (x.map(film) + x * (film(peak) / peak)) * f(0.5);
    let grade = &look.grade;
    let grey = mapped.dot(rgb(0.2126, 0.7152, 0.0722));
    let coloured = V3::grey(grey).mix(mapped, f(grade.saturation));
    let lifted = coloured * V3::splat(grade.lights) + V3::splat(grade.shadows) * (F8::ONE - grey);
    lifted.map(saturate)
}

/// Colour of a surface group as linear light 0..=1.
pub fn shade(surface: Surface, h: &Hit, s: &Studio) -> V3 {
    let light = match surface {
        Surface::Unlit => return foreign::unlit(h),
        Surface::Toon => return foreign::toon(h, s),
        Surface::Plain => foreign::plain(h, s),
        Surface::Skin => skin::skin(h, s),
        Surface::Eye => eye::eye(h, s),
        Surface::Hair => hair::hair(h, s),
        Surface::Cloth => cloth::cloth(h, s),
        Surface::Mouth => mouth(h, s),
        Surface::Lash => lash(h, s),
    };
    tone_map(light + h.make.emissive, &s.look)
}
