//! Reads an actor from a GLB (or a glTF with everything inside): meshes, morphs by name, skins, the humanoid.
//!
//! Whatever the file holds, the result is an actor whose lists and indices fit together, or an error that says what is wrong.

use super::accessor::{numbers, whole_numbers};
use super::write::SURFACES;
use super::{Actor, Alpha, Driver, Material, Mesh, Morph, Node, Surface, Texture, names};
use crate::body::skeleton;
use crate::face::coefficients;
use crate::{Error, Result};
use glam::{Mat4, Quat, Vec3};
use gltf::json::validation::Validate;
use serde_json::Value;
use std::collections::BTreeMap;

/// Extensions that a file may require: they add knowledge, not another way to store geometry.
const KNOWN: [&str; 5] = ["VRMC_", "VRM", "KHR_materials_", "KHR_texture_transform", "KHR_mesh_quantization"];
/// Largest side of a texture, in pixels.
const LARGEST_TEXTURE: u32 = 8192;

/// Reads an actor. `origin` names the file in errors.
///
/// Fails with [`Error::Malformed`] where the file is broken, [`Error::Unsupported`] where it needs an extension or a second file.
pub fn load(bytes: &[u8], origin: &str) -> Result<Actor> {
    let (document, blob) = parse(bytes, origin)?;
    Loader { origin, buffers: buffers(&document, blob, origin)?, document: &document }.actor()
}

fn parse(bytes: &[u8], origin: &str) -> Result<(gltf::Document, Option<Vec<u8>>)> {
    let broken = |e: &dyn std::fmt::Display| Error::malformed(origin, format!("not a glTF file that can be read: {e}"));
    let (text, blob) = if bytes.starts_with(b"glTF") {
        let glb = gltf::Glb::from_slice(bytes).map_err(|e| broken(&e))?;
        (glb.json.into_owned(), glb.bin.map(|b| b.into_owned()))
    } else {
        (bytes.to_vec(), None)
    };
    let mut root: gltf::json::Root = gltf::json::deserialize::from_slice(&text).map_err(|e| broken(&e))?;
    if let Some(name) = root.extensions_required.iter().find(|name| !KNOWN.iter().any(|known| name.starts_with(known))) {
        return Err(Error::Unsupported {
            what: format!("{origin}: the file needs the glTF extension {name}"),
            hint: "save it without compression, as a plain GLB".into(),
        });
    }
    root.extensions_required.clear();
    check(&root).map_err(|what| broken(&what))?;
    Ok((gltf::Document::from_json_without_validation(root), blob))
}

/// All indices of the document point somewhere and all required fields are there. The first mistake, in words.
fn check(root: &gltf::json::Root) -> Result<(), String> {
    let mut first = None;
    root.validate(root, gltf::json::Path::new, &mut |path, error| {
        let path = path().to_string();
        // An accessor without data stands for zeros; exporters write empty morphs so.
        let zeros = error == gltf::json::validation::Error::Missing && path.starts_with("accessors[") && path.ends_with("].bufferView");
        if !zeros {
            first.get_or_insert_with(|| format!("{path}: {error}"));
        }
    });
    first.map_or(Ok(()), Err)
}

/// The bytes of all buffers: the GLB's own chunk, or data inside the JSON.
fn buffers(document: &gltf::Document, mut blob: Option<Vec<u8>>, origin: &str) -> Result<Vec<Vec<u8>>> {
    document
        .buffers()
        .map(|buffer| match buffer.source() {
            gltf::buffer::Source::Bin => blob.take().ok_or_else(|| Error::malformed(origin, "the binary chunk is missing")),
            gltf::buffer::Source::Uri(uri) => embedded(uri, origin),
        })
        .collect()
}

/// The bytes of a `data:` address.
fn embedded(uri: &str, origin: &str) -> Result<Vec<u8>> {
    let Some(data) = uri.strip_prefix("data:") else {
        let shown: String = uri.chars().take(60).collect();
        return Err(Error::Unsupported {
            what: format!("{origin}: refers to another file, '{shown}'"),
            hint: "export as GLB, which holds everything in one file".into(),
        });
    };
    data.split_once(";base64,").and_then(|(_, text)| base64(text)).ok_or_else(|| Error::malformed(origin, "embedded data is not base64"))
}

/// RFC 4648, padding optional.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

struct Loader<'a> {
    document: &'a gltf::Document,
    buffers: Vec<Vec<u8>>,
    origin: &'a str,
}

impl Loader<'_> {
    fn broken(&self, what: impl Into<String>) -> Error {
        Error::malformed(self.origin, what)
    }

    fn actor(&self) -> Result<Actor> {
        let scene = self.document.default_scene().or_else(|| self.document.scenes().next());
        let file = self.origin.rsplit(['/', '\\']).next().unwrap_or(self.origin);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let mut actor = Actor {
            name: scene.and_then(|s| s.name().map(str::to_owned)).unwrap_or_else(|| stem.to_owned()),
            textures: self.document.images().map(|i| self.texture(&i)).collect::<Result<_>>()?,
            materials: self.document.materials().map(|m| self.material(&m)).collect(),
            ..Actor::default()
        };
        actor.materials.push(default_material());
        let places = self.nodes(&mut actor)?;
        self.humanoid(&mut actor, &places)?;
        let extras = self.extras();
        self.meshes(&mut actor, &places, &extras)?;
        if !actor.meshes.iter().any(|m| m.material + 1 == actor.materials.len()) {
            actor.materials.pop();
        }
        actor.keypoints = keypoints(&extras, &actor.meshes);
        Ok(actor)
    }

    /// All nodes, parents first, without those that only carry a skinned mesh: their transform means nothing. Returns the
    /// new place of each of the file's nodes.
    fn nodes(&self, actor: &mut Actor) -> Result<Vec<Option<usize>>> {
        let count = self.document.nodes().len();
        let mut parent = vec![None; count];
        for node in self.document.nodes() {
            for child in node.children() {
                if parent[child.index()].replace(node.index()).is_some() {
                    return Err(self.broken(format!("node {} has two parents", child.index())));
                }
            }
        }
        let joints: Vec<bool> = {
            let mut used = vec![false; count];
            self.document.skins().flat_map(|s| s.joints().map(|j| j.index()).collect::<Vec<_>>()).for_each(|j| used[j] = true);
            used
        };
        let mut places = vec![None; count];
        let mut seen = 0;
        let mut waiting: Vec<gltf::Node> = self.document.nodes().filter(|n| parent[n.index()].is_none()).collect();
        waiting.reverse();
        while let Some(node) = waiting.pop() {
            seen += 1;
            let mut children: Vec<gltf::Node> = node.children().collect();
            let only_carries = node.skin().is_some() && children.is_empty() && !joints[node.index()];
            children.reverse();
            waiting.extend(children);
            if !only_carries {
                let (t, r, s) = node.transform().decomposed();
                let (translation, rotation, scale) = (Vec3::from(t), Quat::from_array(r), Vec3::from(s));
                if !(translation.is_finite() && rotation.is_finite() && scale.is_finite() && rotation.length() > 1e-3) {
                    return Err(self.broken(format!("node {} has a transform that is not a number", node.index())));
                }
                places[node.index()] = Some(actor.nodes.len());
                actor.nodes.push(Node {
                    name: node.name().unwrap_or_default().into(),
                    parent: parent[node.index()].and_then(|p| places[p]),
                    translation,
                    rotation: if rotation == Quat::IDENTITY { rotation } else { rotation.normalize() },
                    scale,
                });
            }
        }
        // A loop of nodes has no root and is never reached.
        if seen != count { Err(self.broken("the nodes form a loop")) } else { Ok(places) }
    }

    /// Joints and eyes by the VRM map where there is one, else by the nodes' names.
    fn humanoid(&self, actor: &mut Actor, places: &[Option<usize>]) -> Result<()> {
        actor.joints = vec![None; skeleton::COUNT];
        let bones = self.vrm_bones()?;
        if bones.is_empty() {
            for (i, node) in actor.nodes.iter().enumerate() {
                if let Some(joint) = names::joint(&node.name) {
                    actor.joints[joint].get_or_insert(i);
                }
                let plain: String = node.name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
                let eye = ["lefteye", "righteye"].iter().position(|eye| plain.ends_with(eye));
                let eye = eye.or_else(|| ["eyeleft", "eyeright"].iter().position(|eye| plain.ends_with(eye)));
                if let Some(eye) = eye {
                    actor.eyes[eye].get_or_insert(i);
                }
            }
            return Ok(());
        }
        let mut taken = BTreeMap::new();
        for (bone, node) in bones {
            let place = usize::try_from(node).ok().and_then(|n| places.get(n).copied().flatten());
            let place = place.ok_or_else(|| self.broken(format!("humanoid bone {bone} is mapped to node {node}, which is missing")))?;
            if let Some(other) = taken.insert(place, bone.clone()) {
                return Err(self.broken(format!("humanoid bones {other} and {bone} are mapped to the same node {node}")));
            }
            match (skeleton::index(&bone), bone.as_str()) {
                (Some(joint), _) => actor.joints[joint] = Some(place),
                (_, "leftEye") => actor.eyes[0] = Some(place),
                (_, "rightEye") => actor.eyes[1] = Some(place),
                _ => {}
            }
        }
        Ok(())
    }

    /// (bone, node) pairs of VRM 1.0 (`VRMC_vrm`) or VRM 0.x (`VRM`), with the names of VRM 1.0.
    fn vrm_bones(&self) -> Result<Vec<(String, u64)>> {
        let extension = |name: &str| self.document.extension_value(name);
        let missing = |bone: &str| self.broken(format!("humanoid bone {bone} names no node"));
        if let Some(bones) = extension("VRMC_vrm").and_then(|v| v["humanoid"]["humanBones"].as_object()) {
            return bones.iter().map(|(bone, v)| Ok((bone.clone(), v["node"].as_u64().ok_or_else(|| missing(bone))?))).collect();
        }
        let Some(bones) = extension("VRM").and_then(|v| v["humanoid"]["humanBones"].as_array()) else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for v in bones {
            let bone = v["bone"].as_str().unwrap_or_default();
            // The thumb's joints have moved by one name between the versions.
            let renamed = bone.replace("ThumbProximal", "ThumbMetacarpal").replace("ThumbIntermediate", "ThumbProximal");
            if !bone.is_empty() {
                out.push((renamed, v["node"].as_u64().ok_or_else(|| missing(bone))?));
            }
        }
        Ok(out)
    }

    fn extras(&self) -> Value {
        let raw = self.document.as_json().extras.as_ref();
        let value: Value = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        value["gestus"].clone()
    }

    fn meshes(&self, actor: &mut Actor, places: &[Option<usize>], extras: &Value) -> Result<()> {
        let mut carriers: Vec<(gltf::Mesh, gltf::Node)> = self.document.nodes().filter_map(|n| Some((n.mesh()?, n))).collect();
        carriers.sort_by_key(|(mesh, node)| (mesh.index(), node.index()));
        for (mesh, node) in carriers {
            let skin = node.skin().map(|skin| self.skin(&skin, places)).transpose()?;
            for primitive in mesh.primitives().filter(|p| p.mode() == gltf::mesh::Mode::Triangles) {
                let mut out = self.primitive(&mesh, &primitive, skin.as_deref(), extras)?;
                out.material = primitive.material().index().unwrap_or(actor.materials.len() - 1);
                out.node = if out.skin.is_empty() { places[node.index()] } else { None };
                actor.meshes.push(out);
            }
        }
        if actor.meshes.is_empty() { Err(self.broken("there are no triangles to draw")) } else { Ok(()) }
    }

    fn skin(&self, skin: &gltf::Skin, places: &[Option<usize>]) -> Result<Vec<(usize, Mat4)>> {
        let joints: Vec<usize> = skin.joints().filter_map(|j| places[j.index()]).collect();
        let matrices = match skin.inverse_bind_matrices() {
            Some(accessor) => self.read(&accessor, 16, joints.len(), "inverse bind matrices")?,
            None => joints.iter().flat_map(|_| Mat4::IDENTITY.to_cols_array()).collect(),
        };
        let matrices = matrices.chunks_exact(16).map(|m| Mat4::from_cols_array(&std::array::from_fn(|i| m[i])));
        Ok(joints.into_iter().zip(matrices).collect())
    }

    /// Reads `count` elements of `width` finite numbers.
    fn read(&self, accessor: &gltf::Accessor, width: usize, count: usize, what: &str) -> Result<Vec<f32>> {
        if accessor.dimensions().multiplicity() != width || accessor.count() < count {
            return Err(self.broken(format!("{what}: wrong type or too few ({})", accessor.count())));
        }
        let mut values = numbers(accessor, &self.buffers).ok_or_else(|| self.broken(format!("{what}: data lies outside of its buffer")))?;
        values.truncate(width * count);
        if values.iter().any(|x| !x.is_finite()) {
            return Err(self.broken(format!("{what}: contains values that are not numbers")));
        }
        Ok(values)
    }

    fn vectors(&self, accessor: &gltf::Accessor, count: usize, what: &str) -> Result<Vec<Vec3>> {
        Ok(self.read(accessor, 3, count, what)?.chunks_exact(3).map(Vec3::from_slice).collect())
    }

    fn primitive(&self, mesh: &gltf::Mesh, primitive: &gltf::Primitive, skin: Option<&[(usize, Mat4)]>, extras: &Value) -> Result<Mesh> {
        use gltf::Semantic::{Colors, Extras, Joints, Normals, Positions, TexCoords, Weights};
        let name = mesh.name().unwrap_or_default().to_owned();
        let what = |part: &str| format!("mesh '{name}', {part}");
        let positions = primitive.get(&Positions).ok_or_else(|| self.broken(what("no positions")))?;
        if positions.view().is_none() && positions.sparse().is_none() {
            return Err(self.broken(what("positions without data; compressed files must be saved as plain GLB")));
        }
        let count = positions.count();
        let mut out = Mesh { name: name.clone(), positions: self.vectors(&positions, count, &what("positions"))?, ..Mesh::default() };
        if let Some(normals) = primitive.get(&Normals) {
            out.normals = self.vectors(&normals, count, &what("normals"))?;
        }
        if let Some(uvs) = primitive.get(&TexCoords(0)) {
            out.uvs = self.read(&uvs, 2, count, &what("texture coordinates"))?.chunks_exact(2).map(|c| [c[0], c[1]]).collect();
        }
        if let Some(colors) = primitive.get(&Colors(0)) {
            let width = colors.dimensions().multiplicity();
            let values = self.read(&colors, if width == 3 { 3 } else { 4 }, count, &what("colours"))?;
            out.colors = values.chunks_exact(width).map(|c| [c[0], c[1], c[2], c.get(3).copied().unwrap_or(1.0)]).collect();
        }
        if let Some(open) = primitive.get(&Extras("AO".into())) {
            let open = self.read(&open, 1, count, &what("occlusion"))?;
            out.colors.resize(count, [1.0; 4]);
            out.colors.iter_mut().zip(open).for_each(|(c, o)| c[3] = o);
        }
        if let (Some(skin), Some(joints), Some(weights)) = (skin, primitive.get(&Joints(0)), primitive.get(&Weights(0))) {
            out.weights =
                self.read(&weights, 4, count, &what("weights"))?.chunks_exact(4).map(|w| sum_to_one([w[0], w[1], w[2], w[3]])).collect();
            let joints = whole_numbers(&joints, &self.buffers).filter(|j| j.len() >= 4 * count);
            let joints = joints.ok_or_else(|| self.broken(what("joints: data lies outside of its buffer")))?;
            let node = |j: u32| skin.get(j as usize).and_then(|(node, _)| u16::try_from(*node).ok());
            let nodes: Option<Vec<u16>> = joints[..4 * count].iter().map(|j| node(*j)).collect();
            let nodes = nodes.ok_or_else(|| self.broken(what("joints: number beyond those of the skin")))?;
            out.joints = nodes.chunks_exact(4).map(|j| [j[0], j[1], j[2], j[3]]).collect();
            out.skin = skin.to_vec();
        }
        let corners = match primitive.indices() {
            Some(accessor) => {
                whole_numbers(&accessor, &self.buffers).ok_or_else(|| self.broken(what("indices: data lies outside of its buffer")))?
            }
            None => (0..count as u32).collect(),
        };
        if corners.iter().any(|i| *i as usize >= count) {
            return Err(self.broken(what("indices: number beyond the vertices")));
        }
        out.triangles = corners.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect();
        let names = self.target_names(mesh, primitive);
        for (i, target) in primitive.morph_targets().enumerate() {
            let name = names.get(i).cloned().unwrap_or_else(|| i.to_string());
            out.morphs.push(self.morph(name, &target, count, extras)?);
        }
        Ok(out)
    }

    fn morph(&self, name: String, target: &gltf::mesh::MorphTarget, count: usize, extras: &Value) -> Result<Morph> {
        let list = |accessor: Option<gltf::Accessor>| match accessor {
            Some(accessor) => self.vectors(&accessor, count, &format!("morph '{name}'")),
            None => Ok(Vec::new()),
        };
        let (positions, normals) = (list(target.positions())?, list(target.normals())?);
        let at = |list: &[Vec3], v: usize| list.get(v).copied().unwrap_or(Vec3::ZERO);
        let moved = |v: &usize| at(&positions, *v) != Vec3::ZERO || at(&normals, *v) != Vec3::ZERO;
        let vertices: Vec<usize> = (0..count).filter(moved).collect();
        Ok(Morph {
            driver: driver(&name, extras),
            positions: vertices.iter().map(|&v| at(&positions, v)).collect(),
            normals: if normals.is_empty() { Vec::new() } else { vertices.iter().map(|&v| at(&normals, v)).collect() },
            vertices: vertices.into_iter().map(|v| v as u32).collect(),
            name,
        })
    }

    /// Names of morphs: programs put them into the mesh, the primitive, or the accessors.
    fn target_names(&self, mesh: &gltf::Mesh, primitive: &gltf::Primitive) -> Vec<String> {
        let listed = |extras: &gltf::json::Extras| -> Option<Vec<String>> {
            let value: Value = serde_json::from_str(extras.as_ref()?.get()).ok()?;
            value["targetNames"].as_array()?.iter().map(|n| Some(n.as_str()?.to_owned())).collect()
        };
        listed(mesh.extras()).or_else(|| listed(primitive.extras())).unwrap_or_else(|| {
            let accessor_name = |(i, t): (usize, gltf::mesh::MorphTarget)| {
                t.positions().and_then(|a| a.name().map(str::to_owned)).unwrap_or_else(|| i.to_string())
            };
            primitive.morph_targets().enumerate().map(accessor_name).collect()
        })
    }

    fn texture(&self, image: &gltf::Image) -> Result<Texture> {
        let broken = |e: &dyn std::fmt::Display| self.broken(format!("image {}: {e}", image.index()));
        let data = match image.source() {
            gltf::image::Source::View { view, .. } => {
                let end = view.offset().checked_add(view.length());
                let bytes = self.buffers.get(view.buffer().index()).zip(end).and_then(|(b, end)| b.get(view.offset()..end));
                bytes.ok_or_else(|| broken(&"lies outside of its buffer"))?.to_vec()
            }
            gltf::image::Source::Uri { uri, .. } => embedded(uri, self.origin)?,
        };
        let mut reader = image::ImageReader::new(std::io::Cursor::new(data)).with_guessed_format().map_err(|e| broken(&e))?;
        let mut limits = image::Limits::default();
        limits.max_image_width = Some(LARGEST_TEXTURE);
        limits.max_image_height = Some(LARGEST_TEXTURE);
        reader.limits(limits);
        let pixels = reader.decode().map_err(|e| broken(&e))?.to_rgba8();
        Ok(Texture { width: pixels.width(), height: pixels.height(), rgba: pixels.into_raw() })
    }

    fn material(&self, m: &gltf::Material) -> Material {
        let pbr = m.pbr_metallic_roughness();
        let extras: Value = m.extras().as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let surface = extras["gestus"]["surface"].as_str().unwrap_or_default();
        Material {
            name: m.name().unwrap_or_default().into(),
            surface: SURFACES.iter().find(|(_, name)| *name == surface).map_or(Surface::Plain, |(s, _)| *s),
            base_color: pbr.base_color_factor(),
            roughness: pbr.roughness_factor(),
            metallic: pbr.metallic_factor(),
            texture: pbr.base_color_texture().map(|t| t.texture().source().index()),
            double_sided: m.double_sided(),
            alpha: Alpha::Opaque,
            emissive: Vec3::ZERO,
            shade: Vec3::ONE,
        }
    }
}

/// The material of primitives that name none, as glTF defines it but not metallic.
fn default_material() -> Material {
    Material {
        name: String::new(),
        surface: Surface::Plain,
        base_color: [1.0; 4],
        roughness: 1.0,
        metallic: 0.0,
        texture: None,
        double_sided: false,
        alpha: Alpha::Opaque,
        emissive: Vec3::ZERO,
        shade: Vec3::ONE,
    }
}

/// Weights are stored rounded, and by some programs carelessly.
fn sum_to_one(weights: [f32; 4]) -> [f32; 4] {
    let sum: f32 = weights.iter().sum();
    if sum > 1e-6 { weights.map(|w| w / sum) } else { [1.0, 0.0, 0.0, 0.0] }
}

/// A corrective's driver from the extras, else the coefficient of that name.
fn driver(name: &str, extras: &Value) -> Driver {
    let own = &extras["drivers"][name];
    let index = |v: &Value| v.as_str().and_then(coefficients::index);
    if let (Some(a), Some(b)) = (index(&own["product"][0]), index(&own["product"][1])) {
        return Driver::Product(a, b);
    }
    if let Some(a) = index(&own["half"]) {
        return Driver::Half(a);
    }
    names::coefficient(name).map_or(Driver::None, Driver::Coefficient)
}

/// The 68 landmarks, if the file names them all and they exist.
fn keypoints(extras: &Value, meshes: &[Mesh]) -> Option<Vec<(usize, u32)>> {
    let points: Vec<(usize, u32)> = serde_json::from_value(extras["keypoints"].clone()).ok()?;
    let exists = |(mesh, vertex): &(usize, u32)| meshes.get(*mesh).is_some_and(|m| (*vertex as usize) < m.positions.len());
    (points.len() == 68 && points.iter().all(exists)).then_some(points)
}
