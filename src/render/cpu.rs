//! The CPU renderer: one whole frame per thread, tile by tile.
//!
//! Pose, draw the key light's depth map, bin triangles to tiles; per tile find the nearest triangle of every sample
//! ([`super::raster`]), shade once per pixel and surface ([`super::shade`]), and average the samples in linear light.

use super::Picture;
use super::background::{self, Ground};
use super::geometry;
use super::lanes::{F4, F8, V3, f, transpose, transpose4};
use super::look::Look;
use super::model::{Model, Part, is_foreign};
use super::raster::{Fragment, SAMPLES, Screen, TILE, Tile, facing, solid};
use super::rig::{Rig, pout};
use super::shade::{self, Detail, Hit, Make, Studio};
use super::shadow::{LightCamera, ShadowMap};
use super::texture::{ENCODED, LINEAR, Mips, STEPS as ENCODED_STEPS, encode};
use super::veil;
use super::view::{Background, Camera, View};
use crate::actor::Surface;
use crate::motion::Frame;
use glam::{Affine3A, Quat, Vec3, Vec3A};
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
    /// Turned for the camera.
    look: Look,
    light_camera: LightCamera,
    background: Picture,
    /// Surfaces none of whose parts has a texture or a material of its own.
    bare: [bool; SURFACES.len()],
    /// Triangles that mix with what is behind, farthest first.
    veils: Vec<u32>,
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
    /// Triangles to mix that touch each tile, farthest first.
    veil_bins: Vec<Vec<u64>>,
    tile: Tile,
    groups: [Vec<Fragment>; SURFACES.len()],
    veil: Vec<Fragment>,
    layers: Vec<Layer>,
    /// Light times samples of every pixel of a tile, and the samples.
    sum: Vec<F4>,
}

/// The last layer that was mixed over a pixel: triangles of one part, side by side.
#[derive(Clone, Copy, Default)]
struct Layer {
    part: u32,
    /// Samples that it covers so far.
    samples: u16,
    /// What lay under it.
    under: F4,
}

impl Layer {
    /// What lies under some samples of a part. Neighbours in a mesh share a pixel and lie side by side, not on each other.
    fn under(&mut self, part: u32, samples: u16, sum: F4) -> F4 {
        if self.part != part || self.samples & samples != 0 || self.samples == 0 {
            *self = Layer { part, samples: 0, under: sum };
        }
        self.samples |= samples;
        self.under
    }
}

/// Triangles between two looks at how far one can see in a tile.
const STRIDE: usize = 24;

impl CpuRenderer {
    pub fn new(model: Model, view: &View) -> CpuRenderer {
        let camera = Camera::new(view, &model.subject);
        let look = Look { lights: view.look.lights.turned(view.yaw), ..view.look };
        CpuRenderer {
            camera,
            look,
            light_camera: LightCamera::new(look.lights.key.direction, &camera),
            background: background::paint(view),
            bare: SURFACES.map(|surface| model.parts.iter().filter(|p| p.surface == surface).all(Part::is_bare)),
            veils: veil::sorted(&model, &camera),
            pool: Mutex::new(Vec::new()),
            view: view.clone(),
            model,
        }
    }

    pub fn rig(&self) -> &Rig {
        &self.model.rig
    }

    /// Draws a frame, each link of what swings turned by `swing`.
    pub fn draw(&self, frame: &Frame, swing: &[Quat]) -> Picture {
        let mut scratch = self.pool.lock().unwrap_or_else(|e| e.into_inner()).pop().unwrap_or_else(|| self.scratch());
        let picture = self.draw_with(frame, swing, &mut scratch);
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
            veil_bins: vec![Vec::new(); self.columns() * self.rows()],
            tile: Tile::new(),
            groups: Default::default(),
            veil: Vec::new(),
            layers: Vec::new(),
            sum: vec![F4::ZERO; TILE * TILE],
        }
    }

    fn columns(&self) -> usize {
        (self.view.width as usize).div_ceil(TILE)
    }

    fn rows(&self) -> usize {
        (self.view.height as usize).div_ceil(TILE)
    }

    fn draw_with(&self, frame: &Frame, swing: &[Quat], scratch: &mut Scratch) -> Picture {
        let model = &self.model;
        let joints = model.rig.pose_swung(frame, swing);
        let palette = model.palette(&joints);
        geometry::pose(model, &palette, &model.weights(frame), &mut scratch.shape);
        self.turn_strands(&palette, scratch);
        self.project(scratch);
        self.cast(scratch);
        self.bin(scratch);
        let eyes = [0, 1].map(|i: usize| model.sockets[i].as_ref().map(|s| s.pose(&model.rig, &joints, &scratch.shape)));
        let detail = Detail::new(self.camera.pixel());
        let studio = Studio { camera: self.camera, look: self.look, eyes, pout: pout(frame), detail };
        let ground = Ground::new(&self.view, self.look.lights.key.direction, model, &joints);
        let mut picture = self.background.clone();
        if let Some(ground) = &ground {
            self.darken(ground, &mut picture);
        }
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                let number = row * self.columns() + column;
                if !scratch.bins[number].is_empty() || !scratch.veil_bins[number].is_empty() {
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
        for part in self.model.parts.iter().filter(|p| p.hides()) {
            for i in part.triangles.clone() {
                let v = self.model.triangles[i].map(|k| scratch.screen[k as usize]);
                if part.two_sided || facing(&v) > 0.0 {
                    self.enter(&mut scratch.bins, i as u32, &v);
                }
            }
        }
        scratch.bins.iter_mut().for_each(|b| b.sort_unstable_by(|a, b| b.cmp(a)));
        scratch.veil_bins.iter_mut().for_each(Vec::clear);
        for number in &self.veils {
            let v = self.corners(*number).map(|i| scratch.screen[i]);
            if self.part(*number).two_sided || facing(&v) > 0.0 {
                self.enter(&mut scratch.veil_bins, *number, &v);
            }
        }
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
                if self.part(number).cutoff == 0.0 {
                    scratch.tile.draw(origin, &v, number, solid);
                } else {
                    let holes = self.holes(number, &v, &scratch.shape);
                    scratch.tile.draw(origin, &v, number, holes);
                }
            }
        }
        self.shade_tile(scratch, studio, origin);
        self.lay_veils(scratch, studio, at, origin);
        self.store(&scratch.sum, at, picture);
    }

    /// Shades every surface that the tile's samples see, once for each pixel.
    fn shade_tile(&self, scratch: &mut Scratch, studio: &Studio, origin: [f32; 2]) {
        let groups = &mut scratch.groups;
        groups.iter_mut().for_each(Vec::clear);
        let same = |a: u32, b: u32| self.model.part_of[a as usize] == self.model.part_of[b as usize];
        scratch.tile.resolve(same, |fragment| groups[self.part(fragment.triangle).surface as usize].push(fragment));
        scratch.sum.fill(F4::ZERO);
        for surface in SURFACES {
            for batch in scratch.groups[surface as usize].chunks(8) {
                let hit = self.hit(batch, surface, origin, scratch, studio);
                let [r, g, b] = lanes(shade::shade(surface, &hit, studio));
                for (lane, fragment) in batch.iter().enumerate() {
                    scratch.sum[fragment.pixel as usize] += F4::new([r[lane], g[lane], b[lane], 1.0]) * F4::splat(fragment.weight());
                }
            }
        }
    }

    /// Mixes what is not opaque over the shaded tile, farthest first.
    fn lay_veils(&self, scratch: &mut Scratch, studio: &Studio, at: [usize; 2], origin: [f32; 2]) {
        let bin = &scratch.veil_bins[at[1] * self.columns() + at[0]];
        if bin.is_empty() {
            return;
        }
        scratch.tile.measure();
        scratch.layers.clear();
        scratch.layers.resize(TILE * TILE, Layer::default());
        let veil = &mut scratch.veil;
        veil.clear();
        for number in bin.iter().map(|key| *key as u32) {
            let v = self.corners(number).map(|i| scratch.screen[i]);
            scratch.tile.look(origin, &v, number, |fragment| veil.push(fragment));
        }
        let surface = |fragment: &Fragment| self.part(fragment.triangle).surface;
        for run in scratch.veil.chunk_by(|a, b| surface(a) == surface(b)) {
            for batch in run.chunks(8) {
                let hit = self.hit(batch, surface(&batch[0]), origin, scratch, studio);
                let opacity = hit.opacity.to_array();
                let [r, g, b] = lanes(shade::shade(surface(&batch[0]), &hit, studio));
                for (lane, fragment) in batch.iter().enumerate() {
                    let pixel = fragment.pixel as usize;
                    let cover = opacity[lane].min(1.0) * fragment.weight() * 0.25;
                    let part = self.model.part_of[fragment.triangle as usize];
                    let under = scratch.layers[pixel].under(part, fragment.samples, scratch.sum[pixel]);
                    let own = F4::new([r[lane], g[lane], b[lane], 1.0]) * F4::splat(4.0);
                    scratch.sum[pixel] += (own - under) * F4::splat(cover);
                }
            }
        }
    }

    fn part(&self, triangle: u32) -> &Part {
        &self.model.parts[self.model.part_of[triangle as usize] as usize]
    }

    /// Masks of the samples of eight pixels at which a triangle is opaque enough to be there.
    fn holes<'a>(&'a self, number: u32, v: &'a [Screen; 3], shape: &'a [F8]) -> impl Fn(F8, F8) -> [F8; 4] + 'a {
        let part = self.part(number);
        let corners = self.corners(number);
        let uv = corners.map(|i| shape[i].to_array()).map(|a| [a[6], a[7]]);
        let alpha = corners.map(|i| if part.foreign() { self.model.paint[i].to_array()[3] } else { 1.0 });
        let texture = part.texture.map(|t| &self.model.textures[t]);
        // A sample stands for a quarter of its pixel.
        let footprint = 0.25 * texture.map_or(1.0, |t| footprint(&uv, v, t));
        let there = move |x: f32, y: f32| {
            let w = weights_at(v, x, y);
            let mean = |a: [f32; 3]| w[0] * a[0] + w[1] * a[1] + w[2] * a[2];
            let at = [0, 1].map(|c| mean(uv.map(|t| t[c])));
            let opacity = mean(alpha) * part.opacity * texture.map_or(1.0, |t| t.sample(at, footprint)[3]);
            if opacity >= part.cutoff { f32::from_bits(u32::MAX) } else { 0.0 }
        };
        move |x, y| {
            let (x, y) = (x.to_array(), y.to_array());
            SAMPLES.map(|s| F8::new(std::array::from_fn(|l| there(x[l] + s[0], y[l] + s[1]))))
        }
    }

    fn corners(&self, number: u32) -> [usize; 3] {
        self.model.triangles[number as usize].map(|i| i as usize)
    }

    /// Interpolates what is shaded for up to eight fragments; missing lanes repeat the last.
    fn hit(&self, batch: &[Fragment], surface: Surface, origin: [f32; 2], scratch: &Scratch, studio: &Studio) -> Hit {
        let fragment = |lane: usize| &batch[lane.min(batch.len() - 1)];
        let mut corners = [[0usize; 3]; 8];
        let (mut across, mut down) = ([0.0f32; 8], [0.0f32; 8]);
        let mut rows = [[F4::ZERO; 8]; 3];
        for lane in 0..8 {
            let Fragment { triangle, pixel, .. } = *fragment(lane);
            corners[lane] = self.corners(triangle);
            (across[lane], down[lane]) = ((pixel as usize % TILE) as f32, (pixel as usize / TILE) as f32);
            for k in 0..3 {
                rows[k][lane] = F4::new(scratch.screen[corners[lane][k]]);
            }
        }
        let v = [transpose4(&rows[0]), transpose4(&rows[1]), transpose4(&rows[2])];
        let (x, y) = (F8::new(across) + f(origin[0] + 0.5), F8::new(down) + f(origin[1] + 0.5));
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
        let [px, py, pz, nx, ny, nz, u, v_] = transpose(&shape);
        let [r, g, b, alpha, ax, ay, az, depth] = transpose(&paint);
        let position = V3::new(px, py, pz);
        let view = (V3::splat(studio.camera.position) - position).normalize();
        let normal = V3::new(nx, ny, nz).normalize();
        // On the screen y points down: a positive area turns away. Judged by the face and not by the normal, which at a
        // silhouette leans past the edge.
        let behind = area.simd_gt(F8::ZERO);
        let normal = if surface == Surface::Skin { normal } else { (normal * f(-1.0)).or(behind, normal) };
        let anchor = V3::new(ax, ay, az);
        let foreign = is_foreign(surface);
        let mut hit = Hit {
            position,
            normal,
            view,
            albedo: V3::new(r, g, b),
            open: if foreign { F8::ONE } else { alpha },
            opacity: if foreign { alpha } else { F8::ONE },
            anchor: if surface == Surface::Hair { anchor.normalize() } else { anchor },
            depth,
            u,
            v: v_,
            behind,
            lit: scratch.shadow.lit(&self.light_camera, position, normal),
            make: Make::NONE,
        };
        if !self.bare[surface as usize] {
            self.lay_material(&mut hit, surface, batch, scratch, studio);
        }
        hit
    }

    /// Fills in what differs from part to part: materials and textures.
    fn lay_material(&self, hit: &mut Hit, surface: Surface, batch: &[Fragment], scratch: &Scratch, studio: &Studio) {
        let parts: [&Part; 8] = std::array::from_fn(|lane| self.part(batch[lane.min(batch.len() - 1)].triangle));
        hit.make = make(&parts);
        hit.opacity *= F8::new(parts.map(|p| p.opacity));
        if parts.iter().all(|p| p.texture.is_none()) {
            return;
        }
        if surface == Surface::Eye {
            let (du, dv) = shade::refraction(hit.position, hit.view, studio);
            (hit.u, hit.v) = (hit.u + du, hit.v + dv);
        }
        let [r, g, b, opacity] = self.texels(batch, &hit.u.to_array(), &hit.v.to_array(), scratch).map(F8::new);
        hit.albedo = hit.albedo * V3::new(r, g, b);
        hit.make.shade = hit.make.shade * V3::new(r, g, b);
        hit.opacity *= opacity;
        if surface == Surface::Hair {
            // Painted hair has its strands, and coordinates that mean something else.
            (hit.u, hit.v) = (F8::ZERO, F8::ZERO);
        }
    }

    /// Linear texture colour and opacity of each lane; white where its part has none.
    fn texels(&self, batch: &[Fragment], u: &[f32; 8], v: &[f32; 8], scratch: &Scratch) -> [[f32; 8]; 4] {
        let mut rgba = [[1.0f32; 8]; 4];
        for (lane, fragment) in batch.iter().enumerate() {
            let Some(texture) = self.part(fragment.triangle).texture.map(|t| &self.model.textures[t]) else { continue };
            let corners = self.corners(fragment.triangle);
            let uv = corners.map(|i| scratch.shape[i].to_array()).map(|a| [a[6], a[7]]);
            let texel = texture.sample([u[lane], v[lane]], footprint(&uv, &corners.map(|i| scratch.screen[i]), texture));
            (0..4).for_each(|c| rgba[c][lane] = texel[c]);
        }
        rgba
    }

    /// Averages the samples of a tile over the background and writes sRGB.
    fn store(&self, sum: &[F4], at: [usize; 2], picture: &mut Picture) {
        let (w, h) = (self.view.width as usize, self.view.height as usize);
        let clear = self.view.background == Background::Transparent;
        let (linear, encoded) = (&*LINEAR, &*ENCODED);
        let top = F4::splat((ENCODED.len() - 1) as f32);
        // Colour from linear light times four.
        let quarter = top * F4::splat(0.25);
        let bytes = |light: F4| {
            let place = (light + F4::splat(0.5)).fast_max(F4::ZERO).fast_min(top).fast_trunc_int().to_array();
            place.map(|i| encoded[i as usize % ENCODED_STEPS])
        };
        for y in at[1] * TILE..(at[1] * TILE + TILE).min(h) {
            for x in at[0] * TILE..(at[0] * TILE + TILE).min(w) {
                let mut light = sum[y % TILE * TILE + x % TILE];
                let weight = light.as_array()[3];
                if weight == 0.0 {
                    continue;
                }
                let pixel = &mut picture.rgba[(y * w + x) * 4..][..4];
                if clear {
                    let [r, g, b, _] = bytes(light * (top * F4::splat(1.0 / weight)));
                    pixel.copy_from_slice(&[r, g, b, (weight * 63.75 + 0.5) as u8]);
                    continue;
                }
                if weight < 4.0 {
                    let behind = F4::new([linear[pixel[0] as usize], linear[pixel[1] as usize], linear[pixel[2] as usize], 0.0]);
                    light += behind * F4::splat(4.0 - weight);
                }
                let [r, g, b, _] = bytes(light * quarter);
                pixel.copy_from_slice(&[r, g, b, 255]);
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

/// The materials of eight lanes.
fn make(parts: &[&Part; 8]) -> Make {
    let vector = |get: fn(&Part) -> Vec3| {
        let [x, y, z] = [0, 1, 2].map(|c| F8::new(parts.map(|p| get(p)[c])));
        V3::new(x, y, z)
    };
    Make {
        roughness: F8::new(parts.map(|p| p.roughness)),
        metallic: F8::new(parts.map(|p| p.metallic)),
        emissive: vector(|p| p.emissive),
        shade: vector(|p| p.shade),
    }
}

fn lanes(colour: V3) -> [[f32; 8]; 3] {
    [colour.x.to_array(), colour.y.to_array(), colour.z.to_array()]
}

/// Area of a pixel of a triangle in texels of the first level.
fn footprint(uv: &[[f32; 2]; 3], v: &[Screen; 3], texture: &Mips) -> f32 {
    let area = |p: [[f32; 2]; 3]| ((p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[2][0] - p[0][0]) * (p[1][1] - p[0][1])).abs();
    let texels = area(*uv) * texture.levels[0].width as f32 * texture.levels[0].height as f32;
    texels / area(v.map(|s| [s[0], s[1]])).max(1e-6)
}

/// Weights of a triangle's corners at a place on the screen, with perspective.
fn weights_at(v: &[Screen; 3], x: f32, y: f32) -> [f32; 3] {
    let p = v.map(|c| [c[0] - x, c[1] - y]);
    let weight = |i: usize, j: usize, k: usize| (p[i][0] * p[j][1] - p[j][0] * p[i][1]) * v[k][2];
    let w = [weight(1, 2, 0), weight(2, 0, 1), weight(0, 1, 2)];
    let over = 1.0 / (w[0] + w[1] + w[2]);
    w.map(|w| w * over)
}
