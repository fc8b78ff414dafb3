//! What stands behind the actor, painted once per renderer, and the soft shadow where the actor meets the ground.

use super::Picture;
use super::model::Model;
use super::rig::Joints;
use super::texture::{encode, to_linear};
use super::view::{Background, Camera, Framing, View};
use crate::motion::Frame;
use glam::{Vec2, Vec3};

/// The prefilled picture behind the actor.
pub fn paint(view: &View) -> Picture {
    let (w, h) = (view.width, view.height);
    let mut rgba = Vec::with_capacity(w as usize * h as usize * 4);
    match &view.background {
        Background::Transparent => rgba.resize(w as usize * h as usize * 4, 0),
        Background::Colour([r, g, b]) => (0..w as usize * h as usize).for_each(|_| rgba.extend([*r, *g, *b, 255])),
        Background::Image(image) => cover(image, w, h, &mut rgba),
        Background::Studio => {
            for y in 0..h {
                for x in 0..w {
                    rgba.extend(studio(x, y, w, h, view.framing));
                }
            }
        }
    }
    Picture { width: w, height: h, rgba }
}

/// A wall lit from the front: a pool of light behind the head that falls off to the corners, and in full figure a floor that
/// catches light. A fixed grain of half a step keeps the gradient from banding.
fn studio(x: u32, y: u32, w: u32, h: u32, framing: Framing) -> [u8; 4] {
    let aspect = w as f32 / h as f32;
    let (u, v) = ((x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32);
    let middle = if framing == Framing::Body { 0.36 } else { 0.42 };
    let d = Vec2::new((u - 0.46) * 1.1 * aspect.clamp(0.8, 1.4), v - middle).length();
    let pool = (1.0 - d / 0.85).clamp(0.0, 1.0);
    let floor = if framing == Framing::Body { ((v - 0.74) / 0.30).clamp(0.0, 1.0) } else { 0.0 };
    let near = [206.0, 216.0, 212.0f32];
    let far = [104.0, 132.0, 146.0f32];
    let grain = noise(x, y) - 0.5;
    let channel = |c: usize| {
        let (a, b) = (to_linear(far[c] / 255.0), to_linear(near[c] / 255.0));
        let light = a + (b - a) * (pool + 0.28 * floor * floor * (3.0 - 2.0 * floor));
        let shown = super::texture::to_srgb(film(light * 0.8)) * 255.0;
        (shown + 0.5 + grain).clamp(0.0, 255.0) as u8
    };
    [channel(0), channel(1), channel(2), 255]
}

/// The scalar of `shade::tone_map`.
fn film(x: f32) -> f32 {
    let x = x * 0.66;
    ((x * (x * 2.51 + 0.03)) / (x * (x * 2.43 + 0.59) + 0.14)).clamp(0.0, 1.0)
}

/// A fixed hash of a pixel to 0..1 (integer mixing by multiplication and shifts).
fn noise(x: u32, y: u32) -> f32 {
    let mut n = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    n = (n ^ (n >> 15)).wrapping_mul(0x2C1B_3C6D);
    n = (n ^ (n >> 12)).wrapping_mul(0x297A_2D39);
    ((n ^ (n >> 15)) >> 8) as f32 / (1 << 24) as f32
}

/// Scales an image to cover the picture, averaging over each pixel's footprint in linear light.
fn cover(image: &Picture, w: u32, h: u32, rgba: &mut Vec<u8>) {
    let scale = (image.width as f32 / w as f32).min(image.height as f32 / h as f32);
    let (left, top) = (0.5 * (image.width as f32 - w as f32 * scale), 0.5 * (image.height as f32 - h as f32 * scale));
    let taps = (scale.ceil() as u32).clamp(1, 4);
    for y in 0..h {
        for x in 0..w {
            let mut sum = [0.0f32; 3];
            for t in 0..taps * taps {
                let at = |i: u32, k: u32, off: f32| off + (i as f32 + (k as f32 + 0.5) / taps as f32) * scale;
                let px = (at(x, t % taps, left).max(0.0) as u32).min(image.width - 1);
                let py = (at(y, t / taps, top).max(0.0) as u32).min(image.height - 1);
                let i = (py as usize * image.width as usize + px as usize) * 4;
                (0..3).for_each(|c| sum[c] += super::texture::LINEAR[image.rgba[i + c] as usize]);
            }
            let mean = 1.0 / (taps * taps) as f32;
            rgba.extend([encode(sum[0] * mean), encode(sum[1] * mean), encode(sum[2] * mean), 255]);
        }
    }
}

/// Soft shadow of the feet on the floor.
pub struct Ground {
    floor: f32,
    spots: Vec<Spot>,
}

struct Spot {
    at: Vec2,
    radius: f32,
    strength: f32,
}

impl Ground {
    /// `None` where the picture shows no ground of ours.
    pub fn new(view: &View, model: &Model, joints: &Joints) -> Option<Ground> {
        if view.framing != Framing::Body || view.background != Background::Studio || model.feet.is_empty() {
            return None;
        }
        let rest = model.rig.pose(&Frame::default());
        let floor = model.subject.floor;
        let mut spots = Vec::new();
        let mut middle = Vec2::ZERO;
        for node in &model.feet {
            let (p, r) = (Vec3::from(joints.world[*node].translation), Vec3::from(rest.world[*node].translation));
            let lifted = ((p.y - r.y) / 0.15).clamp(0.0, 1.0);
            let at = Vec2::new(p.x, p.z);
            middle += at / model.feet.len() as f32;
            spots.push(Spot { at, radius: 0.095 + 0.05 * lifted, strength: 0.62 * (1.0 - lifted) });
        }
        spots.push(Spot { at: middle, radius: 0.36, strength: 0.34 });
        Some(Ground { floor, spots })
    }

    /// x, z, radius, strength of every spot.
    pub fn spots(&self) -> Vec<[f32; 4]> {
        self.spots.iter().map(|s| [s.at.x, s.at.y, s.radius, s.strength]).collect()
    }

    /// Rows of the picture that the shadow can touch.
    pub fn rows(&self, camera: &Camera, height: u32) -> std::ops::Range<usize> {
        let reach = |s: &Spot, sign: f32| {
            let p = Vec3::new(s.at.x, self.floor, s.at.y)
                + Vec3::new(camera.back.x, 0.0, camera.back.z).normalize_or_zero() * (sign * 2.6 * s.radius);
            camera.project(p)[1]
        };
        let top = self.spots.iter().map(|s| reach(s, -1.0)).fold(f32::MAX, f32::min);
        let low = self.spots.iter().map(|s| reach(s, 1.0)).fold(0.0, f32::max);
        (top.max(0.0) as usize).min(height as usize)..(low.max(0.0).ceil() as usize + 1).min(height as usize)
    }

    /// Share of light left on the background at a pixel position.
    pub fn light(&self, camera: &Camera, x: f32, y: f32) -> f32 {
        let ray = camera.ray(x, y);
        if ray.y >= -1e-6 {
            return 1.0;
        }
        let t = (self.floor - camera.position.y) / ray.y;
        let at = Vec2::new(camera.position.x + ray.x * t, camera.position.z + ray.z * t);
        self.spots.iter().fold(1.0, |light, s| {
            let near = (1.0 - (at - s.at).length_squared() / (2.6 * s.radius).powi(2)).max(0.0);
            light * (1.0 - s.strength * near * near * near)
        })
    }
}
