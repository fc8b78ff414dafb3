//! What a look shows behind the actor: places far out of focus, painted from a few gradients and many soft discs, which is how a
//! lens renders what is far behind its subject.
//!
//! Places are angles in units of the picture's height (the lens' field is the same for every framing), x to the right and y
//! up, zero straight ahead and level. So a camera that turns pans over the scene, and a wider picture shows more of it.

use super::look::Scene;
use super::view::{FIELD, Framing, View};
use crate::body::curves::smoothstep;
use glam::{Vec2, Vec3};

/// The scene of a view, ready to be painted row by row.
pub struct Scenery {
    scene: Scene,
    framing: Framing,
    size: Vec2,
    /// Where the picture's middle looks.
    centre: Vec2,
    /// From the farthest to the nearest.
    discs: Vec<Disc>,
}

/// A blurred spot.
#[derive(Clone, Copy, Debug)]
struct Disc {
    at: Vec2,
    radius: f32,
    /// Height over width: reflections on the ground are long.
    stretch: f32,
    /// Share of the radius over which it fades.
    soft: f32,
    colour: Vec3,
    opacity: f32,
    /// Adds its light instead of covering what is behind.
    glows: bool,
}

/// Scenes repeat after this many picture heights.
const PERIOD: f32 = 8.0;

impl Scenery {
    pub fn new(view: &View) -> Scenery {
        let field = FIELD.to_radians();
        let tilt = view.pitch + view.framing.tilt();
        let discs = match view.look.scene {
            Scene::Park => park(),
            Scene::Street => street(),
            Scene::Wall | Scene::Plain => Vec::new(),
        };
        Scenery {
            scene: view.look.scene,
            framing: view.framing,
            size: Vec2::new(view.width as f32, view.height as f32),
            centre: Vec2::new(-view.yaw / field, -tilt / field),
            discs,
        }
    }

    /// Fills a row of the picture with linear display colours.
    pub fn paint(&self, row: usize, out: &mut [Vec3]) {
        let up = 0.5 - (row as f32 + 0.5) / self.size.y;
        let unit = 1.0 / self.size.y;
        let x_of = |column: f32| (column + 0.5 - 0.5 * self.size.x) * unit;
        for (i, pixel) in out.iter_mut().enumerate() {
            *pixel = self.base(Vec2::new(x_of(i as f32), up));
        }
        for disc in &self.discs {
            self.lay(disc, Vec2::new(x_of(0.0), up), unit, out);
        }
        for (i, pixel) in out.iter_mut().enumerate() {
            *pixel *= self.vignette(Vec2::new(x_of(i as f32), up));
        }
    }

    /// The scene without its discs at a place in the picture, zero in its middle.
    fn base(&self, p: Vec2) -> Vec3 {
        let at = p + self.centre;
        match self.scene {
            Scene::Wall => self.wall(p),
            Scene::Park => meadow(at),
            Scene::Street => road(at),
            Scene::Plain => Vec3::splat(0.42),
        }
    }

    /// A wall lit from the front: a pool of light behind the head that falls off to the corners, and in full figure a floor that
    /// catches light.
    fn wall(&self, p: Vec2) -> Vec3 {
        let aspect = (self.size.x / self.size.y).clamp(0.8, 1.4);
        let body = self.framing == Framing::Body;
        let head = Vec2::new(-0.05, if body { 0.17 } else { 0.10 });
        let far = ((p - head) * Vec2::new(1.05 * aspect / 1.2, 1.0)).length();
        let pool = (-2.6 * far * far).exp();
        let wall = Vec3::new(0.080, 0.118, 0.142).lerp(Vec3::new(0.540, 0.565, 0.530), pool);
        if !body {
            return wall;
        }
        // The sheet of paper bends forward behind the feet.
        let bend = smoothstep(-0.16, -0.34, p.y);
        let floor = Vec3::new(0.34, 0.38, 0.375) * (1.0 - 0.45 * smoothstep(0.15, 0.75, p.x.abs()));
        wall.lerp(floor, bend * 0.75)
    }

    fn vignette(&self, p: Vec2) -> f32 {
        let strength = match self.scene {
            Scene::Plain => return 1.0,
            Scene::Wall => 0.30,
            Scene::Park => 0.22,
            Scene::Street => 0.35,
        };
        let corner = self.size.x.max(self.size.y) / self.size.y * 0.5;
        1.0 - strength * smoothstep(0.35, 1.35, p.length() / corner)
    }

    fn lay(&self, disc: &Disc, first: Vec2, unit: f32, out: &mut [Vec3]) {
        let dy = (first.y + self.centre.y - disc.at.y) / (disc.radius * disc.stretch);
        if dy.abs() >= 1.0 {
            return;
        }
        let half = disc.radius * (1.0 - dy * dy).sqrt();
        // The repetition of the disc that is nearest to the middle of the view.
        let x = (disc.at.x - self.centre.x + 0.5 * PERIOD).rem_euclid(PERIOD) - 0.5 * PERIOD;
        let columns = out.len();
        let column = |x: f32| (((x - first.x) / unit).ceil().max(0.0) as usize).min(columns);
        let start = column(x - half);
        for (i, pixel) in out[start..column(x + half).max(start)].iter_mut().enumerate() {
            let dx = (first.x + (start + i) as f32 * unit - x) / disc.radius;
            let d = (dx * dx + dy * dy).sqrt();
            let cover = disc.opacity * smoothstep(1.0, 1.0 - disc.soft, d);
            // Lenses gather a little more light at the border of what they blur.
            let light = disc.colour * if disc.glows { 0.82 + 0.30 * d * d } else { 1.0 };
            *pixel = if disc.glows { *pixel + light * cover } else { pixel.lerp(light, cover) };
        }
    }
}

/// Sky, a line of far trees, sunlit grass.
fn meadow(p: Vec2) -> Vec3 {
    let sky = Vec3::new(0.74, 0.83, 0.90).lerp(Vec3::new(0.30, 0.50, 0.80), smoothstep(0.0, 0.75, p.y));
    let hills = 0.085 + 0.035 * ripple(p.x * 1.7, 1) + 0.02 * ripple(p.x * 4.3, 2);
    let woods = Vec3::new(0.17, 0.26, 0.13).lerp(Vec3::new(0.30, 0.40, 0.27), smoothstep(-0.02, 0.14, p.y));
    let near = smoothstep(-0.02, -0.70, p.y);
    let grass = Vec3::new(0.36, 0.44, 0.18).lerp(Vec3::new(0.22, 0.27, 0.11), near);
    let shade = 1.0 - 0.22 * smoothstep(-0.1, 0.6, ripple(p.x * 1.3 + 3.0, 3) + 0.4 * ripple(p.y * 9.0, 4)) * smoothstep(0.0, -0.10, p.y);
    let behind = sky.lerp(woods, smoothstep(hills + 0.05, hills - 0.06, p.y));
    behind.lerp(grass * shade, smoothstep(0.01, -0.10, p.y))
}

/// Foliage at the sides, dark masses first, then sunlit leaves and the sky that shows between them.
fn park() -> Vec<Disc> {
    const TREES: u32 = 20;
    let mut discs = Vec::new();
    let soft = Disc { at: Vec2::ZERO, radius: 0.1, stretch: 1.0, soft: 0.9, colour: Vec3::ZERO, opacity: 0.6, glows: false };
    for shrub in 0..70u32 {
        let r = |k: u32| noise(shrub, 80 + k);
        let at = Vec2::new(PERIOD * (shrub as f32 + r(0)) / 70.0, -0.02 + 0.10 * r(1) * r(2));
        let colour = Vec3::new(0.13, 0.20, 0.08).lerp(Vec3::new(0.33, 0.40, 0.17), r(3));
        discs.push(Disc { at, radius: 0.06 + 0.09 * r(4), colour, opacity: 0.55, ..soft });
    }
    // Patches of sun and shade on the grass.
    for patch in 0..60u32 {
        let r = |k: u32| noise(patch, 90 + k);
        let at = Vec2::new(PERIOD * (patch as f32 + r(0)) / 60.0, -0.10 - 0.55 * r(1) * r(1));
        let colour = Vec3::new(0.16, 0.21, 0.09).lerp(Vec3::new(0.52, 0.56, 0.26), r(2));
        discs.push(Disc { at, radius: 0.10 + 0.16 * r(3), stretch: 0.28, colour, opacity: 0.34, ..soft });
    }
    for tree in 0..TREES {
        let r = |k: u32| noise(tree, k);
        let x = (tree as f32 + 0.85 * (r(0) - 0.5)) * PERIOD / TREES as f32 + 0.28;
        let (crown, wide) = (0.20 + 0.20 * r(1), 0.20 + 0.14 * r(2));
        let colour = Vec3::new(0.10, 0.19, 0.065).lerp(Vec3::new(0.20, 0.29, 0.10), r(3));
        // Trunk, crown, leaves in the sun (which stands on the left), gaps.
        let trunk =
            Disc { at: Vec2::new(x, 0.02), radius: 0.035, stretch: 5.0, colour: Vec3::new(0.10, 0.085, 0.05), opacity: 0.55, ..soft };
        discs.push(trunk);
        for leaf in 0..16u32 {
            let s = |k: u32| noise(tree * 31 + leaf, 10 + k) - 0.5;
            let at = Vec2::new(x + 1.7 * wide * s(0), crown + 0.55 * s(1));
            let lit = (0.5 - 1.2 * s(0) + 0.8 * s(1)).clamp(0.0, 1.0);
            let tone = colour.lerp(Vec3::new(0.46, 0.52, 0.17), 0.75 * lit * (0.6 + s(2)).clamp(0.0, 1.0));
            discs.push(Disc { at, radius: 0.07 + 0.07 * (s(3) + 0.5), colour: tone, opacity: 0.62, soft: 0.75, ..soft });
        }
        for gap in 0..9u32 {
            let s = |k: u32| noise(tree * 17 + gap, 30 + k) - 0.5;
            let at = Vec2::new(x + 1.9 * wide * s(0), crown + 0.6 * s(1));
            let colour = Vec3::new(0.42, 0.44, 0.26).lerp(Vec3::new(0.36, 0.42, 0.46), s(2) + 0.5);
            let opacity = 0.16 + 0.34 * (s(3) + 0.5);
            discs.push(Disc { at, radius: 0.016 + 0.026 * (s(4) + 0.5), colour, opacity, soft: 0.22, glows: true, ..soft });
        }
    }
    discs
}

/// Night sky over a street: the glow of the town above the horizon, wet asphalt below.
fn road(p: Vec2) -> Vec3 {
    let sky = Vec3::new(0.050, 0.045, 0.070).lerp(Vec3::new(0.007, 0.011, 0.030), smoothstep(0.0, 0.55, p.y));
    // Houses left and right with a gap in which the street runs off.
    let block = ripple(p.x * 1.9 + 0.7, 5) + 0.3 * ripple(p.x * 5.1, 6);
    let roof = 0.22 + 0.20 * smoothstep(-0.5, 0.6, block);
    let house = Vec3::new(0.016, 0.017, 0.030) + Vec3::new(0.030, 0.017, 0.008) * smoothstep(0.30, 0.0, p.y);
    let behind = sky.lerp(house, 0.85 * smoothstep(roof + 0.05, roof - 0.05, p.y));
    let asphalt = Vec3::new(0.040, 0.036, 0.046).lerp(Vec3::new(0.013, 0.014, 0.022), smoothstep(-0.03, -0.5, p.y));
    behind.lerp(asphalt, smoothstep(-0.03, -0.09, p.y))
}

/// Lamps, windows, signs and cars, and their reflections on the wet road.
fn street() -> Vec<Disc> {
    const LAMPS: u32 = 150;
    const WARM: Vec3 = Vec3::new(1.0, 0.50, 0.16);
    const WHITE: Vec3 = Vec3::new(0.95, 0.80, 0.62);
    const COOL: Vec3 = Vec3::new(0.25, 0.55, 0.95);
    const RED: Vec3 = Vec3::new(0.95, 0.10, 0.07);
    const TEAL: Vec3 = Vec3::new(0.10, 0.62, 0.55);
    let spot = Disc { at: Vec2::ZERO, radius: 0.03, stretch: 1.0, soft: 0.14, colour: WARM, opacity: 0.5, glows: true };
    let mut discs = Vec::new();
    let mut lamp = |at: Vec2, radius: f32, colour: Vec3, opacity: f32| {
        // The air around it, its reflection, itself.
        discs.push(Disc { at, radius: 4.5 * radius, soft: 1.0, colour, opacity: 0.07 * opacity, ..spot });
        let mirrored = Vec2::new(at.x, -0.10 - 0.55 * at.y.max(-0.04));
        discs.push(Disc { at: mirrored, radius: 0.9 * radius, stretch: 3.2, soft: 0.9, colour, opacity: 0.22 * opacity, ..spot });
        discs.push(Disc { at, radius, colour, opacity, ..spot });
    };
    for i in 0..LAMPS {
        let r = |k: u32| noise(i, 50 + k);
        let x = PERIOD * (i as f32 + 0.8 * r(0)) / LAMPS as f32;
        let (at, radius, colour, opacity) = match i % 6 {
            // Windows.
            0 | 3 => (Vec2::new(x, 0.06 + 0.30 * r(1)), 0.014 + 0.010 * r(2), WHITE.lerp(WARM, r(3)), 0.10 + 0.16 * r(4)),
            // Street lamps.
            1 => (Vec2::new(x, 0.20 + 0.14 * r(1)), 0.034 + 0.016 * r(2), WARM.lerp(WHITE, 0.45 * r(3)), 0.45 + 0.3 * r(4)),
            // Cars: coming and going.
            2 => (Vec2::new(x, -0.035 + 0.02 * r(1)), 0.020 + 0.016 * r(2), if r(3) < 0.5 { RED } else { WHITE }, 0.30 + 0.25 * r(4)),
            // Signs.
            4 => (Vec2::new(x, 0.05 + 0.14 * r(1)), 0.026 + 0.018 * r(2), if r(3) < 0.5 { COOL } else { TEAL }, 0.18 + 0.25 * r(4)),
            _ => (Vec2::new(x, 0.01 + 0.10 * r(1)), 0.022 + 0.020 * r(2), WARM, 0.15 + 0.30 * r(4)),
        };
        lamp(at, radius, colour, opacity);
    }
    discs
}

/// A smooth curve through random heights in -1..1, one at every whole number.
fn ripple(x: f32, seed: u32) -> f32 {
    let cell = x.floor();
    let height = |k: f32| 2.0 * noise((cell + k) as i32 as u32, 1000 + seed) - 1.0;
    height(0.0) + (height(1.0) - height(0.0)) * smoothstep(0.0, 1.0, x - cell)
}

/// A fixed hash of two numbers to 0..1 (integer mixing by multiplication and shifts).
pub fn noise(x: u32, y: u32) -> f32 {
    let mut n = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    n = (n ^ (n >> 15)).wrapping_mul(0x2C1B_3C6D);
    n = (n ^ (n >> 12)).wrapping_mul(0x297A_2D39);
    ((n ^ (n >> 15)) >> 8) as f32 / (1 << 24) as f32
}
