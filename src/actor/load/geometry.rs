//! Meshes: vertices, triangles, skins and morphs of every primitive.

use super::Loader;
use super::accessor::{LONGEST, numbers, whole_numbers};
use super::draco::{self, Unpacked};
use super::materials::Paint;
use crate::actor::{Actor, Driver, Mesh, Morph};
use crate::face::coefficients;
use crate::{Error, Result};
use glam::{Mat4, Vec2, Vec3};
use gltf::Semantic::{Colors, Extras, Joints, Normals, Positions, TexCoords, Weights};
use gltf::mesh::Mode;
use serde_json::Value;

/// A mesh of the actor and where it comes from, which VRM's expressions refer to.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub mesh: usize,
    pub node: usize,
}

/// Reads every primitive of every node that carries a mesh.
pub fn meshes(loader: &Loader, actor: &mut Actor, places: &[Option<usize>], paints: &[Paint]) -> Result<Vec<Origin>> {
    let extras = loader.extras();
    let mut carriers: Vec<(gltf::Mesh, gltf::Node)> = loader.document.nodes().filter_map(|n| Some((n.mesh()?, n))).collect();
    carriers.sort_by_key(|(mesh, node)| (mesh.index(), node.index()));
    let mut origins = Vec::new();
    for (mesh, node) in carriers {
        let skin = node.skin().map(|skin| self::skin(loader, &skin, places)).transpose()?;
        for primitive in mesh.primitives() {
            if matches!(primitive.mode(), Mode::Points | Mode::Lines | Mode::LineLoop | Mode::LineStrip) {
                loader.note("points and lines are not drawn".into());
                continue;
            }
            let material = primitive.material().index().filter(|m| *m < paints.len()).unwrap_or(paints.len() - 1);
            let reader = Reader::new(loader, &mesh, &primitive)?;
            let mut out = reader.mesh(skin.as_deref(), &paints[material], &extras)?;
            if out.triangles.is_empty() {
                continue;
            }
            out.material = material;
            out.node = if out.skin.is_empty() { places[node.index()] } else { None };
            origins.push(Origin { mesh: mesh.index(), node: node.index() });
            actor.meshes.push(out);
        }
    }
    if actor.meshes.is_empty() { Err(loader.broken("there are no triangles to draw")) } else { Ok(origins) }
}

/// (node, inverse bind matrix) of the joints of a skin.
fn skin(loader: &Loader, skin: &gltf::Skin, places: &[Option<usize>]) -> Result<Vec<(usize, Mat4)>> {
    let joints: Vec<usize> = skin.joints().filter_map(|j| places[j.index()]).collect();
    let matrices = match skin.inverse_bind_matrices() {
        Some(accessor) => loader.read(&accessor, 16, joints.len(), "inverse bind matrices")?,
        None => joints.iter().flat_map(|_| Mat4::IDENTITY.to_cols_array()).collect(),
    };
    let matrices = matrices.chunks_exact(16).map(|m| Mat4::from_cols_array(&std::array::from_fn(|i| m[i])));
    Ok(joints.into_iter().zip(matrices).collect())
}

impl Loader<'_> {
    /// Reads `count` elements of `width` finite numbers.
    fn read(&self, accessor: &gltf::Accessor, width: usize, count: usize, what: &str) -> Result<Vec<f32>> {
        if accessor.dimensions().multiplicity() != width || accessor.count() < count {
            return Err(self.broken(format!("{what}: wrong type or too few ({})", accessor.count())));
        }
        self.spend(accessor.count())?;
        let mut values = numbers(accessor, &self.buffers).ok_or_else(|| self.broken(format!("{what}: data lies outside of its buffer")))?;
        values.truncate(width * count);
        if values.iter().any(|x| !x.is_finite()) {
            return Err(self.broken(format!("{what}: contains values that are not numbers")));
        }
        Ok(values)
    }
}

/// Reads one primitive.
struct Reader<'a> {
    loader: &'a Loader<'a>,
    mesh: &'a gltf::Mesh<'a>,
    primitive: &'a gltf::Primitive<'a>,
    /// Attributes and triangles out of a compressed stream.
    unpacked: Option<Unpacked>,
    count: usize,
    name: String,
}

impl<'a> Reader<'a> {
    fn new(loader: &'a Loader<'a>, mesh: &'a gltf::Mesh<'a>, primitive: &'a gltf::Primitive<'a>) -> Result<Reader<'a>> {
        let name = super::document::shortened(mesh.name().unwrap_or_default());
        let broken = |what: &str| loader.broken(format!("mesh '{name}', {what}"));
        let positions = primitive.get(&Positions).ok_or_else(|| broken("no positions"))?;
        let unpacked = draco::unpack(primitive, loader.document, &loader.buffers);
        let plain = positions.view().is_some() || positions.sparse().is_some();
        let unpacked = match unpacked {
            // A stream beside plain data is only an alternative.
            Some(Err(_)) if plain => None,
            Some(Err(why)) => {
                return Err(Error::Unsupported {
                    what: format!("{}: mesh '{name}', {why}", loader.origin),
                    hint: "save it without compression: gltf-transform copy in.glb out.glb".into(),
                });
            }
            Some(Ok(unpacked)) => Some(unpacked),
            None => None,
        };
        let streamed = unpacked.as_ref().and_then(|u| u.attributes.get("POSITION")).map(|p| p.len() / 3);
        let count = match (streamed, plain) {
            (Some(count), _) => count,
            (None, true) => positions.count(),
            (None, false) => return Err(broken("positions have no data")),
        };
        if count > LONGEST {
            return Err(broken("there are too many vertices"));
        }
        Ok(Reader { loader, mesh, primitive, unpacked, count, name })
    }

    fn broken(&self, what: &str) -> Error {
        self.loader.broken(format!("mesh '{}', {what}", self.name))
    }

    /// All values of an attribute, `None` where the primitive has none.
    fn attribute(&self, semantic: &gltf::Semantic, width: usize, what: &str) -> Result<Option<Vec<f32>>> {
        let streamed = self.unpacked.as_ref().and_then(|u| u.attributes.get(&semantic.to_string()));
        if let Some(values) = streamed.filter(|v| v.len() == width * self.count) {
            self.loader.spend(self.count)?;
            return Ok(Some(values.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect()));
        }
        let Some(accessor) = self.primitive.get(semantic) else { return Ok(None) };
        self.loader.read(&accessor, width, self.count, &format!("mesh '{}', {what}", self.name)).map(Some)
    }

    fn vectors(&self, semantic: &gltf::Semantic, what: &str) -> Result<Vec<Vec3>> {
        let values = self.attribute(semantic, 3, what)?.unwrap_or_default();
        Ok(values.chunks_exact(3).map(Vec3::from_slice).collect())
    }

    fn mesh(&self, skin: Option<&[(usize, Mat4)]>, paint: &Paint, extras: &Value) -> Result<Mesh> {
        let mut out = Mesh { name: self.mesh.name().unwrap_or_default().into(), ..Mesh::default() };
        out.positions = self.vectors(&Positions, "positions")?;
        out.normals = self.vectors(&Normals, "normals")?;
        if out.normals.iter().any(|n| n.length_squared() < 1e-6) {
            // Normals of nothing: the renderer makes its own.
            out.normals.clear();
        }
        let moved = |c: &[f32]| paint.transform.transform_point2(Vec2::new(c[0], c[1])).to_array();
        let uvs = self.attribute(&TexCoords(paint.set), 2, "texture coordinates")?.unwrap_or_default();
        out.uvs = uvs.chunks_exact(2).map(moved).collect();
        out.colors = self.colours()?;
        if let Some(skin) = skin {
            self.skin(skin, &mut out)?;
        }
        out.triangles = self.triangles()?;
        let names = self.target_names();
        for (i, target) in self.primitive.morph_targets().enumerate() {
            let name = names.get(i).cloned().unwrap_or_else(|| i.to_string());
            out.morphs.push(self.morph(name, &target, extras)?);
        }
        Ok(out)
    }

    fn colours(&self) -> Result<Vec<[f32; 4]>> {
        let mut out = Vec::new();
        if let Some(colors) = self.primitive.get(&Colors(0)) {
            let width = colors.dimensions().multiplicity().clamp(3, 4);
            let values = self.attribute(&Colors(0), width, "colours")?.unwrap_or_default();
            out = values.chunks_exact(width).map(|c| [c[0], c[1], c[2], c.get(3).copied().unwrap_or(1.0)]).collect();
            // Exporters write colours that nobody painted: a black avatar is never meant.
            if out.iter().all(|c| c[0] + c[1] + c[2] < 1e-3) {
                out.clear();
            }
        }
        if let Some(open) = self.attribute(&Extras("AO".into()), 1, "occlusion")? {
            out.resize(self.count, [1.0; 4]);
            out.iter_mut().zip(open).for_each(|(c, o)| c[3] = o);
        }
        Ok(out)
    }

    /// The four strongest influences on every vertex, out of up to eight.
    fn skin(&self, skin: &[(usize, Mat4)], out: &mut Mesh) -> Result<()> {
        let mut influences = vec![[(0u16, 0f32); 8]; 0];
        for set in 0..2 {
            let (Some(joints), Some(weights)) = (self.joints(set)?, self.attribute(&Weights(set), 4, "weights")?) else { break };
            influences.resize(self.count, [(0, 0.0); 8]);
            for (v, (joints, weights)) in joints.chunks_exact(4).zip(weights.chunks_exact(4)).enumerate() {
                for k in 0..4 {
                    let node = skin.get(joints[k] as usize).and_then(|(node, _)| u16::try_from(*node).ok());
                    // What has no weight may name anything.
                    let node = node.or(if weights[k] <= 0.0 { skin.first().and_then(|s| u16::try_from(s.0).ok()) } else { None });
                    let node = node.ok_or_else(|| self.broken("joints: number beyond those of the skin"))?;
                    influences[v][4 * set as usize + k] = (node, weights[k].max(0.0));
                }
            }
        }
        for all in &mut influences {
            all.sort_by(|a, b| b.1.total_cmp(&a.1));
            out.joints.push(std::array::from_fn(|k| if all[k].1 > 0.0 { all[k].0 } else { all[0].0 }));
            out.weights.push(sum_to_one(std::array::from_fn(|k| all[k].1)));
        }
        if !out.joints.is_empty() {
            out.skin = skin.to_vec();
        }
        Ok(())
    }

    fn joints(&self, set: u32) -> Result<Option<Vec<u32>>> {
        if let Some(values) = self.unpacked.as_ref().and_then(|u| u.attributes.get(&Joints(set).to_string())) {
            return Ok(Some(values.iter().map(|x| *x as u32).collect()));
        }
        let Some(accessor) = self.primitive.get(&Joints(set)) else { return Ok(None) };
        self.loader.spend(accessor.count())?;
        let joints = whole_numbers(&accessor, &self.loader.buffers).filter(|j| j.len() >= 4 * self.count);
        let joints = joints.ok_or_else(|| self.broken("joints: data lies outside of its buffer"))?;
        Ok(Some(joints[..4 * self.count].to_vec()))
    }

    fn triangles(&self) -> Result<Vec<[u32; 3]>> {
        let corners = match (&self.unpacked, self.primitive.indices()) {
            (Some(unpacked), _) => unpacked.corners.clone(),
            (None, Some(accessor)) => {
                self.loader.spend(accessor.count())?;
                let corners = whole_numbers(&accessor, &self.loader.buffers);
                corners.ok_or_else(|| self.broken("indices: data lies outside of its buffer"))?
            }
            (None, None) => (0..self.count as u32).collect(),
        };
        if corners.iter().any(|i| *i as usize >= self.count) {
            return Err(self.broken("indices: number beyond the vertices"));
        }
        // A decoded stream is always a list.
        let mode = if self.unpacked.is_some() { Mode::Triangles } else { self.primitive.mode() };
        Ok(match mode {
            Mode::TriangleStrip => corners
                .windows(3)
                .enumerate()
                .map(|(i, t)| if i % 2 == 0 { [t[0], t[1], t[2]] } else { [t[1], t[0], t[2]] })
                .filter(|t| t[0] != t[1] && t[1] != t[2] && t[2] != t[0])
                .collect(),
            Mode::TriangleFan => corners.windows(2).skip(1).map(|t| [corners[0], t[0], t[1]]).collect(),
            _ => corners.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect(),
        })
    }

    fn morph(&self, name: String, target: &gltf::mesh::MorphTarget, extras: &Value) -> Result<Morph> {
        let what = format!("mesh '{}', morph '{}'", self.name, super::document::shortened(&name));
        let list = |accessor: Option<gltf::Accessor>| -> Result<Vec<Vec3>> {
            // Neither view nor sparse values: all zeros, which many exporters write for what does not move.
            let stored = accessor.filter(|a| a.view().is_some() || a.sparse().is_some());
            let values = stored.map(|a| self.loader.read(&a, 3, self.count, &what)).transpose()?.unwrap_or_default();
            Ok(values.chunks_exact(3).map(Vec3::from_slice).collect())
        };
        let (positions, normals) = (list(target.positions())?, list(target.normals())?);
        let at = |list: &[Vec3], v: usize| list.get(v).copied().unwrap_or(Vec3::ZERO);
        let moved = |v: &usize| at(&positions, *v) != Vec3::ZERO || at(&normals, *v) != Vec3::ZERO;
        let vertices: Vec<usize> = (0..positions.len().max(normals.len())).filter(moved).collect();
        Ok(Morph {
            driver: corrective(&name, extras),
            positions: vertices.iter().map(|&v| at(&positions, v)).collect(),
            normals: if normals.is_empty() { Vec::new() } else { vertices.iter().map(|&v| at(&normals, v)).collect() },
            vertices: vertices.into_iter().map(|v| v as u32).collect(),
            name,
        })
    }

    /// Names of morphs: programs put them into the mesh, the primitive, or the accessors.
    fn target_names(&self) -> Vec<String> {
        let count = self.primitive.morph_targets().len();
        let listed = |extras: &gltf::json::Extras| -> Option<Vec<String>> {
            let value: Value = serde_json::from_str(extras.as_ref()?.get()).ok()?;
            let names: Option<Vec<String>> = value["targetNames"].as_array()?.iter().map(|n| Some(n.as_str()?.to_owned())).collect();
            // A list of another length belongs to something else.
            names.filter(|names| names.len() >= count.min(1) && names.len() >= count)
        };
        listed(self.mesh.extras()).or_else(|| listed(self.primitive.extras())).unwrap_or_else(|| {
            let accessor_name = |(i, t): (usize, gltf::mesh::MorphTarget)| {
                let name = |a: Option<gltf::Accessor>| a.and_then(|a| a.name().map(str::to_owned)).filter(|n| !n.is_empty());
                name(t.positions()).or_else(|| name(t.normals())).unwrap_or_else(|| i.to_string())
            };
            self.primitive.morph_targets().enumerate().map(accessor_name).collect()
        })
    }
}

/// Weights are stored rounded, and by some programs carelessly.
fn sum_to_one(weights: [f32; 4]) -> [f32; 4] {
    let sum: f32 = weights.iter().sum();
    if sum > 1e-6 { weights.map(|w| w / sum) } else { [1.0, 0.0, 0.0, 0.0] }
}

/// A corrective's driver from the extras of our own files.
fn corrective(name: &str, extras: &Value) -> Driver {
    let own = &extras["drivers"][name];
    let index = |v: &Value| v.as_str().and_then(coefficients::index);
    match (index(&own["product"][0]), index(&own["product"][1]), index(&own["half"])) {
        (Some(a), Some(b), _) => Driver::Product(a, b),
        (_, _, Some(a)) => Driver::Half(a),
        _ => Driver::None,
    }
}
