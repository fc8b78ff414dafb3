//! Looks: how a picture is lit, exposed and graded, and what stands behind the actor, as one plain struct for both back ends.
//!
//! A look is four distant lights and a sky, in the manner of portrait photography: the key makes the shape and throws the
//! only shadow, the fill decides how dark the other side is, rim and kicker draw the edges against the background. Powers
//! are such that a white sheet square to a light of power 1 has radiance 1.

use crate::Error;
use glam::{Mat3, Vec3};
use std::str::FromStr;

/// A distant light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Towards the light, unit.
    pub direction: Vec3,
    /// Linear colour times power.
    pub colour: Vec3,
    /// How large its reflection is in an eye: radius as a share of the ball's.
    pub size: f32,
}

/// Key, fill, two lights from behind, and light from above and below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lights {
    pub key: Light,
    pub fill: Light,
    pub rim: Light,
    pub kicker: Light,
    pub sky: Vec3,
    pub ground: Vec3,
}

impl Lights {
    /// The lights as seen from a camera that walked around the actor: they follow 55 % of its yaw, so that a turned view is
    /// neither flat nor unlit.
    pub fn turned(&self, camera_yaw: f32) -> Lights {
        let turn = Mat3::from_rotation_y(0.55 * camera_yaw);
        let light = |l: &Light| Light { direction: turn * l.direction, ..*l };
        Lights { key: light(&self.key), fill: light(&self.fill), rim: light(&self.rim), kicker: light(&self.kicker), ..*self }
    }
}

/// What is done to the picture after the film curve, in linear light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grade {
    /// Light added to black; fades out towards white.
    pub shadows: Vec3,
    /// Factor of each channel.
    pub lights: Vec3,
    /// 0 is grey, 1 leaves colours alone.
    pub saturation: f32,
}

/// What is painted behind the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A wall with a pool of light.
    Wall,
    /// A park, far out of focus.
    Park,
    /// A street with its lamps, far out of focus.
    Street,
    /// One even grey.
    Plain,
}

/// How a picture is lit, exposed, graded and backed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub lights: Lights,
    /// Factor before the film curve.
    pub exposure: f32,
    pub grade: Grade,
    /// Light on surfaces that are drawn rather than lit ([`crate::actor::Surface::Toon`]); 1 shows them as they were painted.
    pub paper: Vec3,
    pub scene: Scene,
}

impl Default for Look {
    fn default() -> Self {
        Look::studio()
    }
}

fn light(x: f32, y: f32, z: f32, colour: [f32; 3], power: f32, size: f32) -> Light {
    Light { direction: Vec3::new(x, y, z).normalize(), colour: Vec3::from(colour) * power, size }
}

impl Look {
    /// The names that [`Look::from_str`] knows.
    pub const NAMES: [&str; 4] = ["studio", "daylight", "night", "flat"];

    /// Portrait light: a large warm key from the upper left, a cool fill, a cool and a warm edge, before a lit wall.
    pub fn studio() -> Look {
        Look {
            lights: Lights {
                key: light(-0.55, 0.62, 0.80, [1.0, 0.94, 0.87], 2.4, 0.13),
                fill: light(0.85, 0.10, 0.65, [0.62, 0.74, 1.0], 0.42, 0.06),
                rim: light(0.72, 0.42, -0.72, [0.80, 0.90, 1.0], 1.8, 0.05),
                kicker: light(-0.85, 0.15, -0.60, [1.0, 0.78, 0.60], 0.9, 0.05),
                sky: Vec3::new(0.56, 0.62, 0.72) * 0.66,
                ground: Vec3::new(0.62, 0.44, 0.36) * 0.42,
            },
            exposure: 0.66,
            grade: Grade { shadows: Vec3::new(0.001, 0.002, 0.004), lights: Vec3::ONE, saturation: 1.0 },
            paper: Vec3::ONE,
            scene: Scene::Wall,
        }
    }

    /// A clear afternoon: warm sun high on the left, the blue of the sky from everywhere else, light thrown back by grass.
    pub fn daylight() -> Look {
        Look {
            lights: Lights {
                key: light(-0.66, 0.78, 0.70, [1.0, 0.92, 0.80], 2.75, 0.10),
                fill: light(0.80, 0.35, 0.60, [0.56, 0.75, 1.0], 0.62, 0.075),
                rim: light(0.60, 0.62, -0.72, [1.0, 0.93, 0.78], 2.0, 0.05),
                kicker: light(-0.85, 0.25, -0.55, [0.86, 0.95, 0.72], 0.7, 0.05),
                sky: Vec3::new(0.48, 0.62, 0.86) * 0.80,
                ground: Vec3::new(0.50, 0.50, 0.30) * 0.48,
            },
            exposure: 0.62,
            grade: Grade { shadows: Vec3::new(0.003, 0.004, 0.006), lights: Vec3::new(1.0, 1.0, 0.98), saturation: 1.04 },
            paper: Vec3::new(1.0, 0.98, 0.93),
            scene: Scene::Park,
        }
    }

    /// A street at night: a cool soft key, a strong warm lamp behind, little else.
    pub fn night() -> Look {
        Look {
            lights: Lights {
                key: light(-0.50, 0.48, 0.86, [0.66, 0.80, 1.0], 1.35, 0.11),
                fill: light(0.88, -0.05, 0.55, [1.0, 0.55, 0.36], 0.42, 0.07),
                rim: light(0.80, 0.34, -0.56, [1.0, 0.60, 0.30], 2.7, 0.05),
                kicker: light(-0.86, 0.30, -0.52, [0.35, 0.55, 1.0], 1.5, 0.05),
                sky: Vec3::new(0.22, 0.30, 0.52) * 0.50,
                ground: Vec3::new(0.46, 0.30, 0.26) * 0.32,
            },
            exposure: 0.74,
            grade: Grade { shadows: Vec3::new(0.001, 0.003, 0.008), lights: Vec3::new(1.0, 0.985, 1.02), saturation: 1.06 },
            paper: Vec3::new(0.52, 0.58, 0.74),
            scene: Scene::Street,
        }
    }

    /// Even light from the front and a plain grey behind: for laying over other pictures and for judging shapes and colours.
    pub fn flat() -> Look {
        Look {
            lights: Lights {
                key: light(-0.15, 0.35, 0.95, [1.0; 3], 0.80, 0.10),
                fill: light(0.60, 0.10, 0.80, [1.0; 3], 0.35, 0.05),
                rim: light(0.72, 0.42, -0.72, [1.0; 3], 0.25, 0.05),
                kicker: light(-0.72, 0.42, -0.72, [1.0; 3], 0.25, 0.05),
                sky: Vec3::splat(0.85),
                ground: Vec3::splat(0.62),
            },
            exposure: 0.70,
            grade: Grade { shadows: Vec3::ZERO, lights: Vec3::ONE, saturation: 1.0 },
            paper: Vec3::ONE,
            scene: Scene::Plain,
        }
    }
}

impl FromStr for Look {
    type Err = Error;

    /// A look by its name. Fails with [`Error::Usage`] for another word.
    fn from_str(name: &str) -> Result<Look, Error> {
        match name.to_ascii_lowercase().as_str() {
            "studio" => Ok(Look::studio()),
            "daylight" => Ok(Look::daylight()),
            "night" => Ok(Look::night()),
            "flat" => Ok(Look::flat()),
            _ => Err(Error::usage(format!("there is no look '{name}'"), format!("use one of {}", Look::NAMES.join(", ")))),
        }
    }
}
