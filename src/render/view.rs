//! What the camera sees: picture size, framing, look, background and camera, as plain structs for both back ends.

use super::Picture;
use super::look::Look;
use crate::{Error, Result};
use glam::Vec3;

/// The longest side of a picture, in pixels.
pub const LARGEST: u32 = 8192;

/// Vertical field of view in degrees: an 83 mm lens on full frame. Shorter lenses make noses big.
pub const FIELD: f32 = 16.5;

/// How much of the actor is in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Brows to chin.
    Face,
    /// Head and shoulders.
    #[default]
    Head,
    /// From the hips up, with room for gesturing hands.
    Bust,
    /// The whole figure with the ground under its feet.
    Body,
}

impl Framing {
    /// How far the camera looks down by itself, radians: the whole figure shows the ground that it stands on.
    pub fn tilt(self) -> f32 {
        if self == Framing::Body { 0.07 } else { 0.0 }
    }
}

/// What stands behind the actor.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Background {
    /// The look's own ([`Look::scene`]).
    #[default]
    Scene,
    /// One sRGB colour.
    Colour([u8; 3]),
    /// A picture, scaled to cover and cut at the sides it overhangs.
    Image(Picture),
    /// Nothing: the picture's alpha is the actor's coverage.
    Transparent,
}

/// A view of an actor. Angles are radians.
#[derive(Clone, Debug)]
pub struct View {
    /// Size in pixels, each 1..=[`LARGEST`].
    pub width: u32,
    pub height: u32,
    pub framing: Framing,
    pub look: Look,
    pub background: Background,
    /// Walks the camera around the actor, + to the actor's left.
    pub yaw: f32,
    /// Raises the camera, + up.
    pub pitch: f32,
}

impl Default for View {
    fn default() -> Self {
        View { width: 512, height: 512, framing: Framing::Head, look: Look::default(), background: Background::Scene, yaw: 0.0, pitch: 0.0 }
    }
}

impl View {
    /// Fails with [`Error::Usage`] where the size is zero or beyond [`LARGEST`], or an angle or a background is unusable.
    pub fn check(&self) -> Result<()> {
        let (w, h) = (self.width, self.height);
        if w == 0 || h == 0 || w > LARGEST || h > LARGEST {
            return Err(Error::usage(format!("picture size {w}x{h} is out of range"), format!("each side is 1 to {LARGEST} pixels")));
        }
        if !self.yaw.is_finite() || !self.pitch.is_finite() || self.pitch.abs() > 1.4 {
            return Err(Error::usage("the camera's angles are out of range", "pitch is -80 to 80 degrees"));
        }
        match &self.background {
            Background::Image(p) if p.width == 0 || p.height == 0 || p.rgba.len() != p.width as usize * p.height as usize * 4 => {
                Err(Error::usage("the background picture is empty", "give a picture with at least one pixel"))
            }
            _ => Ok(()),
        }
    }
}

/// Where the actor's features are at rest, in metres: what framing is measured from.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Highest point, hair included.
    pub top: f32,
    /// Between the eyes.
    pub eyes: Vec3,
    pub hips: f32,
    pub floor: f32,
}

/// A pinhole camera.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    pub position: Vec3,
    /// Rotation from world to view: rows right, up, back (towards the camera).
    pub right: Vec3,
    pub up: Vec3,
    pub back: Vec3,
    /// Pixels per unit of x/z.
    pub focal: f32,
    /// The picture's middle in pixels.
    pub centre: [f32; 2],
    /// What the camera looks at, and the radius of the sphere around it that the picture shows.
    pub target: Vec3,
    pub reach: f32,
}

impl Camera {
    /// Places the camera so that `view.framing` of `subject` fills the picture.
    pub fn new(view: &View, subject: &Subject) -> Camera {
        let (w, h) = (view.width as f32, view.height as f32);
        let skull = (subject.top - subject.eyes.y).max(0.01);
        let tall = (subject.top - subject.floor).max(0.02);
        // (visible height, its middle, least visible width over height)
        let (visible, middle, least) = match view.framing {
            Framing::Face => (1.6 * skull, subject.eyes.y - 0.19 * skull, 0.8),
            Framing::Head => (2.39 * skull, subject.eyes.y - 0.118 * skull, 0.8),
            Framing::Bust => {
                let (low, high) = (subject.hips - 0.01 * tall, subject.top + 0.03 * tall);
                (high - low, 0.5 * (high + low), 0.9)
            }
            Framing::Body => (1.16 * tall, subject.floor + 0.485 * tall, 0.55),
        };
        let visible = visible.max(0.02) * (least / (w / h)).max(1.0);
        let target = Vec3::new(subject.eyes.x, middle, subject.eyes.z - 0.4 * skull);
        let distance = 0.5 * visible / (0.5 * FIELD.to_radians()).tan();
        let (sy, cy) = view.yaw.sin_cos();
        let (sp, cp) = (view.pitch + view.framing.tilt()).sin_cos();
        let back = Vec3::new(sy * cp, sp, cy * cp);
        let right = Vec3::new(cy, 0.0, -sy);
        let up = back.cross(right);
        let focal = 0.5 * h / (0.5 * FIELD.to_radians()).tan();
        let reach = 0.5 * visible * (1.0 + (w / h).min(1.6).powi(2)).sqrt();
        Camera { position: target + back * distance, right, up, back, focal, centre: [0.5 * w, 0.5 * h], target, reach }
    }

    /// Pixel position (x right, y down), 1/depth with depth in metres along the view axis, and 0: four numbers load at once.
    pub fn project(&self, p: Vec3) -> [f32; 4] {
        let q = p - self.position;
        let over = -1.0 / q.dot(self.back);
        let scale = self.focal * over;
        [self.centre[0] + q.dot(self.right) * scale, self.centre[1] - q.dot(self.up) * scale, over, 0.0]
    }

    /// Metres that a pixel spans at the target.
    pub fn pixel(&self) -> f32 {
        (self.position - self.target).length() / self.focal
    }

    /// Direction (not normalised) through a pixel position.
    pub fn ray(&self, x: f32, y: f32) -> Vec3 {
        self.right * (x - self.centre[0]) - self.up * (y - self.centre[1]) - self.back * self.focal
    }
}
