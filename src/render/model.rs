//! An [`Actor`] flattened for drawing: one list of vertices, one of triangles, one palette of joint matrices, sparse morphs.
//! Made once per renderer, shared by both back ends.

use super::eyes::{self, Socket};
use super::lanes::F8;
use super::rig::Rig;
use super::texture::Mips;
use super::translucency::translucency;
use super::view::Subject;
use crate::actor::{Actor, Alpha, Driver, Mesh, Surface};
use crate::motion::Frame;
use crate::{Error, Result};
use glam::{Affine3A, Vec3};
use std::ops::Range;

/// All that a frame is drawn from.
pub struct Model {
    pub rig: Rig,
    /// Position, normal, uv of every vertex: x y z, x y z, u v.
    pub shape: Vec<F8>,
    /// Colour; openness on our own surfaces, opacity on others; a place or direction on the surface; a number: r g b a, x y z, w.
    ///
    /// Hair: the strand's direction, -1. Mouth: resting position, metres behind the mouth's front. Skin: resting position, how
    /// much light comes through from behind. Cloth: resting position, how much its weave shows. Others: resting position, 0.
    pub paint: Vec<F8>,
    pub skin: Vec<Skin>,
    pub triangles: Vec<[u32; 3]>,
    /// One for every mesh of the actor.
    pub parts: Vec<Part>,
    /// Part of every triangle.
    pub part_of: Vec<u32>,
    pub morphs: Vec<Targets>,
    pub palette: Vec<Bind>,
    pub textures: Vec<Mips>,
    pub sockets: [Option<Socket>; 2],
    pub subject: Subject,
    /// Parts of the body that throw a soft shadow on the ground.
    pub shades: Vec<Shade>,
}

/// A part of the body as seen by the ground.
#[derive(Clone, Copy, Debug)]
pub struct Shade {
    /// It stands half-way between these nodes.
    pub nodes: [usize; 2],
    pub foot: bool,
    /// Height above the floor at rest.
    pub rest: f32,
    pub radius: f32,
}

/// From this opacity on a surface that mixes hides what is behind it.
pub const HIDES: f32 = 0.95;

/// A run of triangles with one material.
#[derive(Clone, Debug)]
pub struct Part {
    pub surface: Surface,
    pub triangles: Range<usize>,
    pub vertices: Range<usize>,
    pub two_sided: bool,
    pub roughness: f32,
    pub metallic: f32,
    pub texture: Option<usize>,
    /// Opacity below which there is a hole; 0 where nothing is cut out.
    pub cutoff: f32,
    /// Mixed with what is behind it where it is less opaque than [`HIDES`].
    pub blends: bool,
    /// Factor of the texture's opacity.
    pub opacity: f32,
    pub emissive: Vec3,
    pub shade: Vec3,
}

impl Part {
    /// Whether the surface is thick enough to throw a shadow that anyone would miss.
    pub fn casts_shadow(&self) -> bool {
        !self.blends && !matches!(self.surface, Surface::Lash | Surface::Eye | Surface::Mouth)
    }

    /// Whether it is opaque anywhere: what mixes and has no texture is so everywhere or nowhere.
    pub fn hides(&self) -> bool {
        !self.blends || self.texture.is_some() || self.opacity >= HIDES
    }

    /// Whether all that its shading needs is in its vertices.
    pub fn is_bare(&self) -> bool {
        self.texture.is_none() && self.opacity == 1.0 && self.emissive == Vec3::ZERO && !self.foreign()
    }

    /// Whether the alpha of vertex colours is opacity: on our own surfaces it is openness.
    pub fn foreign(&self) -> bool {
        is_foreign(self.surface)
    }
}

/// Up to four places in the palette and their weights.
#[derive(Clone, Copy, Debug)]
pub struct Skin {
    pub joints: [u32; 4],
    pub weights: [f32; 4],
}

/// A palette entry: the world matrix of `node` times `inverse`.
#[derive(Clone, Copy, Debug)]
pub struct Bind {
    pub node: usize,
    pub inverse: Affine3A,
}

/// A morph: offsets in the layout of [`Model::shape`].
pub struct Targets {
    pub driver: Driver,
    pub vertices: Vec<u32>,
    pub offsets: Vec<F8>,
}

pub fn is_foreign(surface: Surface) -> bool {
    matches!(surface, Surface::Plain | Surface::Unlit | Surface::Toon)
}

impl Model {
    /// Fails where lists of a mesh disagree or an index points nowhere.
    pub fn new(actor: &Actor) -> Result<Model> {
        let mut model = Model {
            rig: Rig::new(actor)?,
            shape: Vec::new(),
            paint: Vec::new(),
            skin: Vec::new(),
            triangles: Vec::new(),
            parts: Vec::new(),
            part_of: Vec::new(),
            morphs: Vec::new(),
            palette: Vec::new(),
            textures: actor.textures.iter().map(Mips::new).collect::<Result<_>>()?,
            sockets: [None, None],
            subject: Subject { top: 0.0, eyes: Vec3::ZERO, hips: 0.0, floor: 0.0 },
            shades: Vec::new(),
        };
        for mesh in &actor.meshes {
            check(actor, mesh)?;
            model.add(actor, mesh)?;
        }
        if model.triangles.is_empty() {
            return Err(Error::malformed(&actor.name, "the actor has no triangles to draw"));
        }
        let rest = model.geometry(&Frame::default());
        model.subject = subject(actor, &model, &rest);
        model.sockets = eyes::sockets(actor, &model, &rest);
        model.shades = shades(actor, &model);
        model.anchor(&rest);
        Ok(model)
    }

    /// Posed positions, normals and uvs of all vertices, in the layout of [`Model::shape`].
    pub fn geometry(&self, frame: &Frame) -> Vec<F8> {
        let mut out = Vec::new();
        super::geometry::pose(self, &self.palette(&self.rig.pose(frame)), &self.weights(frame), &mut out);
        out
    }

    /// Skinning matrices of a pose.
    pub fn palette(&self, joints: &super::rig::Joints) -> Vec<Affine3A> {
        self.palette.iter().map(|b| joints.world.get(b.node).copied().unwrap_or(Affine3A::IDENTITY) * b.inverse).collect()
    }

    /// Weight of every morph in a frame.
    pub fn weights(&self, frame: &Frame) -> Vec<f32> {
        super::rig::weights(self.morphs.iter().map(|m| &m.driver), &frame.face)
    }

    fn add(&mut self, actor: &Actor, mesh: &Mesh) -> Result<()> {
        let material = &actor.materials[mesh.material];
        let first = self.shape.len();
        let normals = if mesh.normals.is_empty() { smooth_normals(mesh) } else { mesh.normals.clone() };
        let tangents = if material.surface == Surface::Hair { strands(mesh, &normals) } else { vec![Vec3::Y; normals.len()] };
        let front = mesh.positions.iter().map(|p| p.z).fold(f32::MIN, f32::max);
        let opacity = if material.alpha == Alpha::Opaque { 1.0 } else { material.base_color[3].clamp(0.0, 1.0) };
        let foreign = is_foreign(material.surface);
        let number = |p: Vec3| match material.surface {
            Surface::Hair => -1.0,
            Surface::Mouth => front - p.z,
            // Satin and leather are smooth because one sees no threads.
            Surface::Cloth => ((material.roughness - 0.70) / 0.15).clamp(0.0, 1.0),
            _ => 0.0,
        };
        for i in 0..mesh.positions.len() {
            let (p, n, t) = (mesh.positions[i], normals[i], tangents[i]);
            let uv = mesh.uvs.get(i).copied().unwrap_or_default();
            let c = mesh.colors.get(i).copied().unwrap_or([1.0; 4]);
            let base = material.base_color;
            self.shape.push(F8::new([p.x, p.y, p.z, n.x, n.y, n.z, uv[0], uv[1]]));
            let [r, g, b] = [c[0] * base[0], c[1] * base[1], c[2] * base[2]];
            let alpha = if foreign && material.alpha == Alpha::Opaque { 1.0 } else { c[3].clamp(0.0, 1.0) };
            self.paint.push(F8::new([r, g, b, alpha, t.x, t.y, t.z, number(p)]));
        }
        self.add_skin(mesh);
        let triangles = self.triangles.len();
        self.part_of.resize(triangles + mesh.triangles.len(), self.parts.len() as u32);
        self.triangles.extend(mesh.triangles.iter().map(|t| t.map(|i| i + first as u32)));
        let texture = material.texture.filter(|t| *t < self.textures.len() && !mesh.uvs.is_empty());
        self.parts.push(Part {
            surface: material.surface,
            triangles: triangles..self.triangles.len(),
            vertices: first..self.shape.len(),
            two_sided: material.double_sided,
            roughness: material.roughness.clamp(0.05, 1.0),
            metallic: material.metallic.clamp(0.0, 1.0),
            texture,
            cutoff: match material.alpha {
                Alpha::Opaque => 0.0,
                Alpha::Mask(cutoff) => cutoff.clamp(1.0 / 255.0, 1.0),
                Alpha::Blend => HIDES,
            },
            blends: material.alpha == Alpha::Blend,
            opacity,
            emissive: material.emissive.max(Vec3::ZERO),
            shade: material.shade,
        });
        for morph in mesh.morphs.iter().filter(|m| m.driver != Driver::None && !m.vertices.is_empty()) {
            let offsets = morph.positions.iter().enumerate().map(|(i, p)| {
                let n = morph.normals.get(i).copied().unwrap_or(Vec3::ZERO);
                F8::new([p.x, p.y, p.z, n.x, n.y, n.z, 0.0, 0.0])
            });
            self.morphs.push(Targets {
                driver: morph.driver.clone(),
                vertices: morph.vertices.iter().map(|v| v + first as u32).collect(),
                offsets: offsets.collect(),
            });
        }
        Ok(())
    }

    /// Gives skin, cloth and the like their resting places, which fine structure is laid on, and skin its thin places.
    fn anchor(&mut self, rest: &[F8]) {
        let through = translucency(self, rest);
        for part in self.parts.iter().filter(|p| p.surface != Surface::Hair) {
            for i in part.vertices.clone() {
                let (p, a) = (rest[i].to_array(), self.paint[i].to_array());
                let last = if part.surface == Surface::Skin { through[i] } else { a[7] };
                self.paint[i] = F8::new([a[0], a[1], a[2], a[3], p[0], p[1], p[2], last]);
            }
        }
    }

    /// Enters the mesh's skin into the palette; a mesh without one hangs rigidly on its node.
    fn add_skin(&mut self, mesh: &Mesh) {
        let base = self.palette.len() as u32;
        if mesh.joints.is_empty() || mesh.skin.is_empty() {
            self.palette.push(Bind { node: mesh.node.unwrap_or(usize::MAX), inverse: Affine3A::IDENTITY });
            let rigid = Skin { joints: [base; 4], weights: [1.0, 0.0, 0.0, 0.0] };
            self.skin.extend(std::iter::repeat_n(rigid, mesh.positions.len()));
            return;
        }
        self.palette.extend(mesh.skin.iter().map(|(node, inverse)| Bind { node: *node, inverse: Affine3A::from_mat4(*inverse) }));
        // Meshes name joints by node; the palette has them in the order of the skin.
        let place = |node: u16| base + mesh.skin.iter().position(|(n, _)| *n == node as usize).unwrap_or(0) as u32;
        for (nodes, weights) in mesh.joints.iter().zip(&mesh.weights) {
            let sum: f32 = weights.iter().sum();
            let weights = if sum > 1e-6 { weights.map(|w| w / sum) } else { [1.0, 0.0, 0.0, 0.0] };
            let mut pairs: [(f32, u32); 4] = std::array::from_fn(|k| (weights[k], place(nodes[k])));
            pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
            self.skin.push(Skin { joints: pairs.map(|p| p.1), weights: pairs.map(|p| p.0) });
        }
    }
}

/// The node of a humanoid joint, where the actor has it.
fn joint(actor: &Actor, name: &str) -> Option<usize> {
    actor.joints.get(crate::body::skeleton::index(name)?).copied().flatten()
}

/// Every index of a mesh must point somewhere, and every list be empty or whole.
fn check(actor: &Actor, mesh: &Mesh) -> Result<()> {
    let count = mesh.positions.len();
    let fits = |len: usize| len == 0 || len == count;
    let whole = fits(mesh.normals.len()) && fits(mesh.uvs.len()) && fits(mesh.colors.len()) && fits(mesh.joints.len());
    let morphs = mesh.morphs.iter().all(|m| {
        let n = m.vertices.len();
        m.positions.len() == n && (m.normals.is_empty() || m.normals.len() == n) && m.vertices.iter().all(|v| (*v as usize) < count)
    });
    let nodes = mesh.skin.iter().map(|s| s.0).chain(mesh.node).all(|n| n < actor.nodes.len());
    let triangles = mesh.triangles.iter().flatten().all(|i| (*i as usize) < count);
    if whole && mesh.joints.len() == mesh.weights.len() && morphs && nodes && triangles && mesh.material < actor.materials.len() {
        return Ok(());
    }
    Err(Error::malformed(&actor.name, format!("mesh '{}' has lists or indices that do not fit together", mesh.name)))
}

fn smooth_normals(mesh: &Mesh) -> Vec<Vec3> {
    let mut normals = vec![Vec3::ZERO; mesh.positions.len()];
    for t in &mesh.triangles {
        let [a, b, c] = t.map(|i| mesh.positions[i as usize]);
        let n = (b - a).cross(c - a);
        t.iter().for_each(|i| normals[*i as usize] += n);
    }
    normals.into_iter().map(|n| n.normalize_or(Vec3::Y)).collect()
}

/// Direction along the hair strands at every vertex: where v grows on the surface; down where there are no uvs.
fn strands(mesh: &Mesh, normals: &[Vec3]) -> Vec<Vec3> {
    let mut along = vec![Vec3::ZERO; mesh.positions.len()];
    if !mesh.uvs.is_empty() {
        for t in &mesh.triangles {
            let [a, b, c] = t.map(|i| mesh.positions[i as usize]);
            let [ta, tb, tc] = t.map(|i| mesh.uvs[i as usize]);
            let (u1, v1, u2, v2) = (tb[0] - ta[0], tb[1] - ta[1], tc[0] - ta[0], tc[1] - ta[1]);
            let area = u1 * v2 - u2 * v1;
            if area.abs() > 1e-12 {
                let direction = ((c - a) * u1 - (b - a) * u2) * area.signum();
                t.iter().for_each(|i| along[*i as usize] += direction.normalize_or_zero());
            }
        }
    }
    let flat = |d: Vec3, n: Vec3| (d - n * d.dot(n)).try_normalize();
    along.iter().zip(normals).map(|(d, n)| flat(*d, *n).or(flat(Vec3::NEG_Y, *n)).unwrap_or(Vec3::X)).collect()
}

/// The parts of the body whose shadow on the ground one would miss, with their radii in metres.
fn shades(actor: &Actor, model: &Model) -> Vec<Shade> {
    const BODY: [(&str, &str, f32); 13] = [
        ("leftFoot", "leftFoot", 0.0),
        ("leftToes", "leftToes", 0.0),
        ("rightFoot", "rightFoot", 0.0),
        ("rightToes", "rightToes", 0.0),
        ("leftLowerLeg", "leftFoot", 0.07),
        ("rightLowerLeg", "rightFoot", 0.07),
        ("leftLowerLeg", "leftLowerLeg", 0.09),
        ("rightLowerLeg", "rightLowerLeg", 0.09),
        ("leftUpperLeg", "leftLowerLeg", 0.11),
        ("rightUpperLeg", "rightLowerLeg", 0.11),
        ("hips", "hips", 0.19),
        ("chest", "chest", 0.21),
        ("head", "head", 0.15),
    ];
    let joints = model.rig.pose(&Frame::default());
    let one = |(a, b, radius): &(&str, &str, f32)| {
        let nodes = [joint(actor, a)?, joint(actor, b)?];
        let rest = joints.world[nodes[0]].translation.y - model.subject.floor;
        Some(Shade { nodes, foot: *radius == 0.0, rest, radius: *radius })
    };
    BODY.iter().filter_map(one).collect()
}

/// Measures the resting actor for framing. Where eyes, head or hips are unknown, an adult's proportions fill in.
fn subject(actor: &Actor, model: &Model, rest: &[F8]) -> Subject {
    let points = || rest.iter().map(|v| v.as_array()).map(|a| Vec3::new(a[0], a[1], a[2])).filter(|p| p.is_finite());
    let (low, high) = points().fold((Vec3::MAX, Vec3::MIN), |(l, h), p| (l.min(p), h.max(p)));
    let joints = model.rig.pose(&Frame::default());
    let place = |node: Option<usize>| node.and_then(|n| joints.world.get(n)).map(|m| Vec3::from(m.translation));
    let tall = (high.y - low.y).max(0.01);
    let middle = 0.5 * (low + high);
    let eyes = match (place(actor.eyes[0]), place(actor.eyes[1])) {
        (Some(l), Some(r)) => 0.5 * (l + r),
        _ => match place(joint(actor, "head")) {
            Some(head) => Vec3::new(head.x, head.y + 0.45 * (high.y - head.y), head.z + 0.35 * (high.y - head.y)),
            // No skeleton: the whole of it is the subject.
            None => Vec3::new(middle.x, high.y - tall / 2.39 * 1.1, middle.z),
        },
    };
    let hips = place(joint(actor, "hips")).map(|p| p.y);
    Subject { top: high.y, eyes, hips: hips.unwrap_or(if actor.joints.iter().flatten().count() < 2 { low.y } else { low.y + 0.55 * tall }), floor: if hips.is_some() { low.y.min(0.0) } else { low.y } }
}
