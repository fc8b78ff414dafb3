//! What stands behind the actor, painted once per renderer, and the soft shadow where the actor meets the ground.

use super::Picture;
use super::model::Model;
use super::rig::Joints;
use super::scenery::{Scenery, noise};
use super::texture::{encode, to_srgb};
use super::view::{Background, Camera, Framing, View};
use glam::{Vec2, Vec3};

/// The prefilled picture behind the actor.
pub fn paint(view: &View) -> Picture {
    let (w, h) = (view.width, view.height);
    let mut rgba = Vec::with_capacity(w as usize * h as usize * 4);
    match &view.background {
        Background::Transparent => rgba.resize(w as usize * h as usize * 4, 0),
        Background::Colour([r, g, b]) => (0..w as usize * h as usize).for_each(|_| rgba.extend([*r, *g, *b, 255])),
        Background::Image(image) => cover(image, w, h, &mut rgba),
        Background::Scene => {
            let scenery = Scenery::new(view);
            let mut row = vec![Vec3::ZERO; w as usize];
            for y in 0..h {
                scenery.paint(y as usize, &mut row);
                rgba.extend(row.iter().enumerate().flat_map(|(x, light)| grained(*light, x as u32, y)));
            }
        }
    }
    Picture { width: w, height: h, rgba }
}

/// A linear colour as sRGB bytes. A fixed grain of half a step keeps gradients from banding.
fn grained(light: Vec3, x: u32, y: u32) -> [u8; 4] {
    let grain = noise(x, y) - 0.5;
    let channel = |c: f32| (to_srgb(c.clamp(0.0, 1.0)) * 255.0 + 0.5 + grain).clamp(0.0, 255.0) as u8;
    [channel(light.x), channel(light.y), channel(light.z), 255]
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

/// The most spots of a shadow.
pub const SPOTS: usize = 16;

/// The actor's soft shadow on the floor: what each part of the body keeps from it, thrown along the key light and blurred with height.
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
    pub fn new(view: &View, key: Vec3, model: &Model, joints: &Joints) -> Option<Ground> {
        if view.framing != Framing::Body || view.background != Background::Scene || model.shades.is_empty() {
            return None;
        }
        let floor = model.subject.floor;
        let along = Vec2::new(key.x, key.z) / key.y.max(0.35);
        let mut spots: Vec<Spot> = Vec::new();
        let (mut middle, mut feet) = (Vec2::ZERO, 0.0f32);
        for shade in &model.shades {
            let [a, b] = shade.nodes.map(|n| Vec3::from(joints.world[n].translation));
            let p = 0.5 * (a + b);
            let height = (p.y - floor).max(0.0);
            let at = Vec2::new(p.x, p.z);
            if shade.foot {
                // Contact: the light of the whole sky is kept away, until the foot is lifted.
                let lifted = ((height - shade.rest) / 0.15).clamp(0.0, 1.0);
                spots.push(Spot { at, radius: 0.085 + 0.05 * lifted, strength: 0.62 * (1.0 - lifted) });
                middle += at;
                feet += 1.0;
                continue;
            }
            let radius = shade.radius + 0.10 * height;
            spots.push(Spot { at: at - along * height, radius, strength: 0.42 * (shade.radius / radius).powi(2) });
        }
        spots.push(Spot { at: middle / feet.max(1.0), radius: 0.30, strength: 0.30 });
        spots.truncate(SPOTS);
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
