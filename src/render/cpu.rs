//! The CPU renderer: one whole frame per thread, tile by tile.
//!
//! Pose, draw the key light's depth map, bin triangles to tiles; per tile find the nearest triangle of every sample
//! ([`super::raster`]), shade once per pixel and surface ([`super::shade`]), and average the samples in linear light.

use super::Picture;
use super::background::{self, Ground};
use super::geometry;
use super::lanes::{F8, V3, f};
use super::model::Model;
use super::raster::{Fragment, Screen, TILE, Tile, facing, solid};
use super::rig::pout;
use super::shade::{Hit, Studio, shade};
use super::shadow::{LightCamera, ShadowMap};
use super::texture::{LINEAR, encode};
use super::view::{Background, Camera, Lights, View};
use crate::actor::Surface;
use crate::motion::Frame;
use glam::{Affine3A, Vec3, Vec3A};
use std::sync::Mutex;

const SURFACES: [Surface; 9] = [
    Surface::Plain,
    Surface::Skin,
    Surface::Eye,
    Surface::Hair,
    Surface::Cloth,
    Surface::Mouth,
    Surface::Lash,
    Surface::Unlit,
    Surface::Toon,
];

/// Draws with the CPU alone. Shared by threads, each of which draws whole frames.
pub struct CpuRenderer {
    model: Model,
    view: View,
    camera: Camera,
    lights: Lights,
    light_camera: LightCamera,
    background: Picture,
    /// Part of every triangle.
    part_of: Vec<u32>,
    /// Working memory of frames drawn before.
    pool: Mutex<Vec<Scratch>>,
}

/// Working memory of one frame.
struct Scratch {
    shape: Vec<F8>,
    paint: Vec<F8>,
    screen: Vec<Screen>,
    lit: Vec<[f32; 3]>,
    shadow: ShadowMap,
    /// Triangles that touch each tile: the bits of the nearest 1/depth, then the number.
    bins: Vec<Vec<u64>>,
    tile: Tile,
    groups: [Vec<Fragment>; SURFACES.len()],
    sum: Vec<[f32; 4]>,
}

/// Triangles between two looks at how far one can see in a tile.
const STRIDE: usize = 24;

impl CpuRenderer {
    pub fn new(model: Model, view: &View) -> CpuRenderer {
        let camera = Camera::new(view, &model.subject);
        let lights = Lights::studio(view.yaw);
        let mut part_of = vec![0; model.triangles.len()];
        for (i, part) in model.parts.iter().enumerate() {
            part_of[part.triangles.clone()].fill(i as u32);
        }
        CpuRenderer {
            camera,
            lights,
            light_camera: LightCamera::new(lights.key.direction, &camera),
            background: background::paint(view),
            part_of,
            pool: Mutex::new(Vec::new()),
            view: view.clone(),
            model,
        }
    }

    /// Draws a frame.
    pub fn draw(&self, frame: &Frame) -> Picture {
        let mut scratch = self.pool.lock().unwrap_or_else(|e| e.into_inner()).pop().unwrap_or_else(|| self.scratch());
        let picture = self.draw_with(frame, &mut scratch);
        self.pool.lock().unwrap_or_else(|e| e.into_inner()).push(scratch);
        picture
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            shape: Vec::new(),
            paint: self.model.paint.clone(),
            screen: Vec::new(),
            lit: Vec::new(),
            shadow: ShadowMap::new(),
            bins: vec![Vec::new(); self.columns() * self.rows()],
            tile: Tile::new(),
            groups: Default::default(),
            sum: vec![[0.0; 4]; TILE * TILE],
        }
    }

    fn columns(&self) -> usize {
        (self.view.width as usize).div_ceil(TILE)
    }

    fn rows(&self) -> usize {
        (self.view.height as usize).div_ceil(TILE)
    }

    fn draw_with(&self, frame: &Frame, scratch: &mut Scratch) -> Picture {
        let model = &self.model;
        let joints = model.rig.pose(frame);
        let palette = model.palette(&joints);
        geometry::pose(model, &palette, &model.weights(frame), &mut scratch.shape);
        self.turn_strands(&palette, scratch);
        self.project(scratch);
        self.cast(scratch);
        self.bin(scratch);
        let eyes = [0, 1].map(|i: usize| model.sockets[i].as_ref().map(|s| s.pose(&model.rig, &joints, &scratch.shape)));
        let studio = Studio { camera: self.camera, lights: self.lights, eyes, pout: pout(frame) };
        let ground = Ground::new(&self.view, model, &joints);
        let mut picture = self.background.clone();
        if let Some(ground) = &ground {
            self.darken(ground, &mut picture);
        }
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                if !scratch.bins[row * self.columns() + column].is_empty() {
                    self.draw_tile(scratch, &studio, [column, row], &mut picture);
                }
            }
        }
        picture
    }

    /// Hair's strands turn with the head.
    fn turn_strands(&self, palette: &[Affine3A], scratch: &mut Scratch) {
        for part in self.model.parts.iter().filter(|p| p.surface == Surface::Hair) {
            for i in part.vertices.clone() {
                let skin = &self.model.skin[i];
                let a = self.model.paint[i].to_array();
                let t = geometry::blend(palette, &skin.joints, &skin.weights).transform_vector3a(Vec3A::new(a[4], a[5], a[6]));
                scratch.paint[i] = F8::new([a[0], a[1], a[2], a[3], t.x, t.y, t.z, a[7]]);
            }
        }
    }

    fn project(&self, scratch: &mut Scratch) {
        let points = || scratch.shape.iter().map(|v| v.as_array()).map(|a| Vec3::new(a[0], a[1], a[2]));
        scratch.screen.clear();
        scratch.screen.extend(points().map(|p| self.camera.project(p)));
        scratch.lit.clear();
        scratch.lit.extend(points().map(|p| self.light_camera.project(p)));
    }

    /// Draws the key light's depth map from all that casts a shadow.
    fn cast(&self, scratch: &mut Scratch) {
        scratch.shadow.clear();
        for part in self.model.parts.iter().filter(|p| p.casts_shadow()) {
            // What faces away from the light in a closed mesh lies behind what faces it.
            let open = part.two_sided;
            for t in &self.model.triangles[part.triangles.clone()] {
                scratch.shadow.draw(t.map(|i| scratch.lit[i as usize]), open);
            }
        }
    }

    /// Sorts triangles into tiles, nearest first: what is near hides most of the rest.
    fn bin(&self, scratch: &mut Scratch) {
        scratch.bins.iter_mut().for_each(Vec::clear);
        for part in &self.model.parts {
            for i in part.triangles.clone() {
                let v = self.model.triangles[i].map(|k| scratch.screen[k as usize]);
                if part.two_sided || facing(&v) > 0.0 {
                    self.enter(&mut scratch.bins, i as u32, &v);
                }
            }
        }
        scratch.bins.iter_mut().for_each(|b| b.sort_unstable_by(|a, b| b.cmp(a)));
    }

    fn enter(&self, bins: &mut [Vec<u64>], number: u32, v: &[Screen; 3]) {
        // Behind or at the camera, or not finite.
        if !(v[0][2] > 0.0 && v[1][2] > 0.0 && v[2][2] > 0.0) {
            return;
        }
        let range = |c: usize, tiles: usize| {
            let low = v[0][c].min(v[1][c]).min(v[2][c]);
            let high = v[0][c].max(v[1][c]).max(v[2][c]);
            let end = (tiles * TILE) as f32;
            (low <= end && high >= 0.0).then(|| (low.max(0.0) as usize / TILE).min(tiles - 1)..=(high as usize / TILE).min(tiles - 1))
        };
        let (Some(columns), Some(rows)) = (range(0, self.columns()), range(1, self.rows())) else { return };
        // 1/depth is positive, so its bits sort as it does.
        let key = (v[0][2].max(v[1][2]).max(v[2][2]).to_bits() as u64) << 32 | number as u64;
        for row in rows {
            for column in columns.clone() {
                bins[row * self.columns() + column].push(key);
            }
        }
    }

    fn draw_tile(&self, scratch: &mut Scratch, studio: &Studio, at: [usize; 2], picture: &mut Picture) {
        let origin = [(at[0] * TILE) as f32, (at[1] * TILE) as f32];
        let bin = &scratch.bins[at[1] * self.columns() + at[0]];
        scratch.tile.clear();
        for some in bin.chunks(STRIDE) {
            let farthest = scratch.tile.measure();
            if f32::from_bits((some[0] >> 32) as u32) <= farthest {
                break;
            }
            for number in some.iter().map(|key| *key as u32) {
                let v = self.corners(number).map(|i| scratch.screen[i]);
                let part = &self.model.parts[self.part_of[number as usize] as usize];
                match part.texture.filter(|_| part.cutout) {
                    None => scratch.tile.draw(origin, &v, number, solid),
                    Some(texture) => {
                        let uv = self.corners(number).map(|i| scratch.shape[i].to_array()).map(|a| [a[6], a[7]]);
                        let opacity = |x: f32, y: f32| self.model.textures[texture].sample(uv_at(&v, &uv, x, y), 1.0)[3];
                        let holes = |x: F8, y: F8| {
                            let (x, y) = (x.to_array(), y.to_array());
                            F8::new(std::array::from_fn(|l| opacity(x[l], y[l]))).simd_ge(f(0.5))
                        };
                        scratch.tile.draw(origin, &v, number, holes);
                    }
                }
            }
        }
        let groups = &mut scratch.groups;
        groups.iter_mut().for_each(Vec::clear);
        let same = |a: u32, b: u32| self.part_of[a as usize] == self.part_of[b as usize];
        scratch.tile.resolve(same, |fragment| {
            let part = &self.model.parts[self.part_of[fragment.triangle as usize] as usize];
            groups[part.surface as usize].push(fragment);
        });
        scratch.sum.fill([0.0; 4]);
        for surface in SURFACES {
            for batch in scratch.groups[surface as usize].chunks(8) {
                let hit = self.hit(batch, origin, scratch, studio);
                let colour = shade(surface, &hit, studio);
                let [r, g, b] = [colour.x.to_array(), colour.y.to_array(), colour.z.to_array()];
                for (lane, fragment) in batch.iter().enumerate() {
                    let weight = fragment.weight as f32;
                    let sum = &mut scratch.sum[fragment.pixel as usize];
                    *sum = [sum[0] + r[lane] * weight, sum[1] + g[lane] * weight, sum[2] + b[lane] * weight, sum[3] + weight];
                }
            }
        }
        self.store(&scratch.sum, at, picture);
    }

    fn corners(&self, number: u32) -> [usize; 3] {
        self.model.triangles[number as usize].map(|i| i as usize)
    }

    /// Interpolates what is shaded for up to eight fragments; missing lanes repeat the last.
    fn hit(&self, batch: &[Fragment], origin: [f32; 2], scratch: &Scratch, studio: &Studio) -> Hit {
        let fragment = |lane: usize| &batch[lane.min(batch.len() - 1)];
        let corners: [_; 8] = std::array::from_fn(|lane| self.corners(fragment(lane).triangle));
        let mut screen = [[[0.0f32; 8]; 3]; 3];
        for (lane, corners) in corners.iter().enumerate() {
            for (place, i) in screen.iter_mut().zip(corners) {
                place.iter_mut().zip(scratch.screen[*i]).for_each(|(to, from)| to[lane] = from);
            }
        }
        let v = screen.map(|c| c.map(F8::new));
        let x = F8::new(std::array::from_fn(|l| origin[0] + (fragment(l).pixel as usize % TILE) as f32 + 0.5));
        let y = F8::new(std::array::from_fn(|l| origin[1] + (fragment(l).pixel as usize / TILE) as f32 + 0.5));
        // Relative to the pixel, so that slivers keep their sign.
        let p = v.map(|c| [c[0] - x, c[1] - y]);
        let edge = |i: usize, j: usize| p[i][0] * p[j][1] - p[j][0] * p[i][1];
        let w = [edge(1, 2), edge(2, 0), edge(0, 1)];
        let area = w[0] + w[1] + w[2];
        let sign = area.simd_gt(F8::ZERO).select(F8::ONE, f(-1.0));
        // Perspective-correct weights, held inside the triangle where only samples off the centre are covered.
        let w = [0, 1, 2].map(|k: usize| (w[k] * sign).fast_max(F8::ZERO) * v[k][2]);
        let total = F8::ONE / (w[0] + w[1] + w[2]).fast_max(f(1e-30));
        let w = w.map(|w| (w * total).to_array());
        let mut shape = [F8::ZERO; 8];
        let mut paint = [F8::ZERO; 8];
        for lane in 0..8 {
            let [a, b, c] = corners[lane];
            let [wa, wb, wc] = [f(w[0][lane]), f(w[1][lane]), f(w[2][lane])];
            shape[lane] = scratch.shape[a] * wa + scratch.shape[b] * wb + scratch.shape[c] * wc;
            paint[lane] = scratch.paint[a] * wa + scratch.paint[b] * wb + scratch.paint[c] * wc;
        }
        let [px, py, pz, nx, ny, nz, u, v_] = F8::transpose(shape);
        let [r, g, b, open, tx, ty, tz, depth] = F8::transpose(paint);
        let position = V3::new(px, py, pz);
        let view = (V3::splat(studio.camera.position) - position).normalize();
        let normal = V3::new(nx, ny, nz).normalize();
        let parts: [_; 8] = std::array::from_fn(|l| &self.model.parts[self.part_of[fragment(l).triangle as usize] as usize]);
        let skin = parts[0].surface == Surface::Skin;
        // On the screen y points down: a positive area turns away. Judged by the face and not by the normal, which at a
        // silhouette leans past the edge.
        let behind = area.simd_gt(F8::ZERO);
        let normal = if skin { normal } else { (normal * f(-1.0)).or(behind, normal) };
        let mut albedo = V3::new(r, g, b);
        if parts.iter().any(|p| p.texture.is_some()) {
            albedo = albedo * self.texels(batch, &u.to_array(), &v_.to_array(), scratch);
        }
        let lit = scratch.shadow.lit(&self.light_camera, position, normal);
        Hit {
            position,
            normal,
            view,
            albedo,
            open,
            strand: V3::new(tx, ty, tz).normalize(),
            depth,
            u,
            v: v_,
            roughness: F8::new(parts.map(|p| p.roughness)),
            metallic: F8::new(parts.map(|p| p.metallic)),
            behind,
            lit,
        }
    }

    /// Linear texture colour of each lane; white where its part has none.
    fn texels(&self, batch: &[Fragment], u: &[f32; 8], v: &[f32; 8], scratch: &Scratch) -> V3 {
        let mut rgb = [[1.0f32; 8]; 3];
        for (lane, fragment) in batch.iter().enumerate() {
            let part = &self.model.parts[self.part_of[fragment.triangle as usize] as usize];
            let Some(texture) = part.texture.map(|t| &self.model.textures[t]) else { continue };
            let corners = self.corners(fragment.triangle);
            let uv = corners.map(|i| scratch.shape[i].to_array()).map(|a| [a[6], a[7]]);
            let screen = corners.map(|i| scratch.screen[i]);
            let area = |p: [[f32; 2]; 3]| ((p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1])).abs();
            let texels = area(uv) * texture.levels[0].width as f32 * texture.levels[0].height as f32;
            let footprint = texels / area(screen.map(|s| [s[0], s[1]])).max(1e-6);
            let texel = texture.sample([u[lane], v[lane]], footprint);
            (0..3).for_each(|c| rgb[c][lane] = texel[c]);
        }
        let [r, g, b] = rgb.map(F8::new);
        V3::new(r, g, b)
    }

    /// Averages the samples of a tile over the background and writes sRGB.
    fn store(&self, sum: &[[f32; 4]], at: [usize; 2], picture: &mut Picture) {
        let (w, h) = (self.view.width as usize, self.view.height as usize);
        let clear = self.view.background == Background::Transparent;
        for y in at[1] * TILE..(at[1] * TILE + TILE).min(h) {
            for x in at[0] * TILE..(at[0] * TILE + TILE).min(w) {
                let [r, g, b, weight] = sum[y % TILE * TILE + x % TILE];
                if weight == 0.0 {
                    continue;
                }
                let pixel = &mut picture.rgba[(y * w + x) * 4..][..4];
                if clear {
                    let own = 1.0 / weight;
                    pixel.copy_from_slice(&[encode(r * own), encode(g * own), encode(b * own), (weight * 63.75 + 0.5) as u8]);
                    continue;
                }
                let behind = 4.0 - weight;
                let mixed = |own: f32, old: u8| encode((own + LINEAR[old as usize] * behind) * 0.25);
                pixel.copy_from_slice(&[mixed(r, pixel[0]), mixed(g, pixel[1]), mixed(b, pixel[2]), 255]);
            }
        }
    }

    /// The actor's shadow on the ground, before the actor is drawn over it.
    fn darken(&self, ground: &Ground, picture: &mut Picture) {
        let w = self.view.width as usize;
        for y in ground.rows(&self.camera, self.view.height) {
            for x in 0..w {
                let light = ground.light(&self.camera, x as f32 + 0.5, y as f32 + 0.5);
                if light < 1.0 {
                    picture.rgba[(y * w + x) * 4..][..3].iter_mut().for_each(|c| *c = encode(LINEAR[*c as usize] * light));
                }
            }
        }
    }
}

/// Texture coordinates of a triangle at a place on the screen, with perspective.
fn uv_at(v: &[Screen; 3], uv: &[[f32; 2]; 3], x: f32, y: f32) -> [f32; 2] {
    let p = v.map(|c| [c[0] - x, c[1] - y]);
    let weight = |i: usize, j: usize, k: usize| (p[i][0] * p[j][1] - p[j][0] * p[i][1]) * v[k][2];
    let w = [weight(1, 2, 0), weight(2, 0, 1), weight(0, 1, 2)];
    let total = w[0] + w[1] + w[2];
    [0, 1].map(|c| (w[0] * uv[0][c] + w[1] * uv[1][c] + w[2] * uv[2][c]) / total)
}
