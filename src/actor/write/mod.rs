//! Writes an actor as one GLB file (glTF 2.0, VRM 1.0 humanoid) that any viewer can open.
//!
//! Morphs are sparse accessors. What glTF has no place for goes into `extras.gestus`: the kind of each surface, the driver
//! of each corrective morph, the 68 landmarks. Alpha of the colours is written as attribute `_AO`, since other programs
//! would take it for opacity.

mod vrm;

pub use vrm::preset;

use super::{Actor, Alpha, Driver, Material, Mesh, Morph, Surface, Texture};
use crate::face::coefficients;
use crate::{Error, Result};
use glam::Vec3;
use serde_json::{Map, Value, json};

/// Component types of glTF.
const U8: u32 = 5121;
const U16: u32 = 5123;
const U32: u32 = 5125;
const F32: u32 = 5126;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// The actor as the bytes of a GLB file.
///
/// Fails where the actor refers to nodes, vertices or materials that it does not have.
pub fn write_glb(actor: &Actor) -> Result<Vec<u8>> {
    let mut w = Writer::default();
    let document = w.document(actor)?;
    let text = serde_json::to_vec(&document).map_err(|e| Error::malformed(&actor.name, e.to_string()))?;
    Ok(glb(text, w.bytes))
}

/// Header, JSON chunk (padded with spaces), binary chunk (padded with zeros).
fn glb(mut text: Vec<u8>, mut bytes: Vec<u8>) -> Vec<u8> {
    text.resize(text.len().next_multiple_of(4), b' ');
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let total = 12 + 8 + text.len() + 8 + bytes.len();
    let mut out = Vec::with_capacity(total);
    out.extend(b"glTF");
    out.extend(2u32.to_le_bytes());
    out.extend((total as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", text), (b"BIN\0", bytes)] {
        out.extend((chunk.len() as u32).to_le_bytes());
        out.extend(kind);
        out.extend(chunk);
    }
    out
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Writer {
    fn document(&mut self, actor: &Actor) -> Result<Value> {
        let mut nodes = nodes(actor);
        let mut scene: Vec<usize> = (0..actor.nodes.len()).filter(|&n| actor.nodes[n].parent.is_none()).collect();
        let (mut meshes, mut skins, mut bound) = (Vec::new(), Vec::new(), Vec::new());
        let mut carriers = Vec::new();
        for (m, mesh) in actor.meshes.iter().enumerate() {
            meshes.push(self.mesh(mesh)?);
            let carrier = match mesh.node {
                Some(node) if mesh.skin.is_empty() => node,
                _ => {
                    scene.push(nodes.len());
                    nodes.push(json!({ "name": mesh.name }));
                    nodes.len() - 1
                }
            };
            let node = nodes.get_mut(carrier).ok_or_else(|| Error::malformed(&mesh.name, "hangs on a node that is missing"))?;
            node["mesh"] = json!(m);
            carriers.push(carrier);
            if !mesh.skin.is_empty() {
                // Meshes on the same joints share one skin.
                let at = bound.iter().position(|s| *s == &mesh.skin).unwrap_or_else(|| {
                    bound.push(&mesh.skin);
                    skins.push(self.skin(mesh));
                    bound.len() - 1
                });
                nodes[carrier]["skin"] = json!(at);
            }
        }
        let (images, textures): (Vec<Value>, Vec<Value>) = actor
            .textures
            .iter()
            .enumerate()
            .map(|(i, t)| Ok((self.image(t)?, json!({ "source": i, "sampler": 0 }))))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        let mut document = json!({
            "asset": { "version": "2.0", "generator": concat!("gestus ", env!("CARGO_PKG_VERSION")) },
            "scene": 0,
            "scenes": [{ "name": actor.name, "nodes": scene }],
            "nodes": nodes,
            "meshes": meshes,
            "materials": actor.materials.iter().map(material).collect::<Vec<_>>(),
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{ "byteLength": self.bytes.len().next_multiple_of(4) }],
            "extras": { "gestus": extras(actor) },
        });
        let mut optional = |key: &str, value: Vec<Value>| {
            if !value.is_empty() {
                document[key] = json!(value);
            }
        };
        optional("skins", skins);
        optional("images", images);
        if !textures.is_empty() {
            optional("samplers", vec![json!({ "magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071 })]);
        }
        optional("textures", textures);
        let extensions = vrm::extensions(actor, &carriers);
        let mut used: Vec<&str> = extensions.keys().map(String::as_str).collect();
        if actor.materials.iter().any(|m| m.surface == Surface::Unlit) {
            used.push("KHR_materials_unlit");
        }
        if !used.is_empty() {
            document["extensionsUsed"] = json!(used);
        }
        if !extensions.is_empty() {
            document["extensions"] = Value::Object(extensions);
        }
        Ok(document)
    }

    /// Adds bytes as a buffer view; starts are aligned to four bytes.
    fn view(&mut self, bytes: &[u8], target: Option<u32>) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let mut view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len() });
        if let Some(target) = target {
            view["target"] = json!(target);
        }
        self.bytes.extend(bytes);
        self.views.push(view);
        self.views.len() - 1
    }

    fn accessor(&mut self, value: Value) -> usize {
        self.accessors.push(value);
        self.accessors.len() - 1
    }

    fn attribute(&mut self, bytes: &[u8], component: u32, kind: &str, count: usize) -> usize {
        let view = self.view(bytes, Some(ARRAY_BUFFER));
        let normalized = component != F32 && kind != "JOINTS";
        let kind = if kind == "JOINTS" { "VEC4" } else { kind };
        let mut value = json!({ "bufferView": view, "componentType": component, "count": count, "type": kind });
        if normalized {
            value["normalized"] = json!(true);
        }
        self.accessor(value)
    }

    fn mesh(&mut self, mesh: &Mesh) -> Result<Value> {
        let count = mesh.positions.len();
        let broken = |what: &str| Error::malformed(&mesh.name, what);
        let lists = [mesh.normals.len(), mesh.uvs.len(), mesh.colors.len(), mesh.joints.len(), mesh.weights.len()];
        if count == 0 || mesh.triangles.is_empty() || lists.iter().any(|n| *n != 0 && *n != count) {
            return Err(broken("empty, or with lists of different lengths"));
        }
        if mesh.triangles.iter().flatten().any(|v| *v as usize >= count) {
            return Err(broken("has faces with vertices that are missing"));
        }
        let mut attributes = Map::new();
        let positions = self.attribute(&floats(&mesh.positions), F32, "VEC3", count);
        self.bounds(positions, &mesh.positions);
        attributes.insert("POSITION".into(), json!(positions));
        if !mesh.normals.is_empty() {
            attributes.insert("NORMAL".into(), json!(self.attribute(&floats(&mesh.normals), F32, "VEC3", count)));
        }
        if !mesh.uvs.is_empty() {
            let bytes: Vec<u8> = mesh.uvs.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
            attributes.insert("TEXCOORD_0".into(), json!(self.attribute(&bytes, F32, "VEC2", count)));
        }
        if !mesh.colors.is_empty() {
            let unit = |x: f32| ((x.clamp(0.0, 1.0) * 65535.0).round() as u16).to_le_bytes();
            let bytes: Vec<u8> = mesh.colors.iter().flat_map(|c| [c[0], c[1], c[2], 1.0]).flat_map(unit).collect();
            attributes.insert("COLOR_0".into(), json!(self.attribute(&bytes, U16, "VEC4", count)));
            let open: Vec<u8> = mesh.colors.iter().flat_map(|c| c[3].to_le_bytes()).collect();
            attributes.insert("_AO".into(), json!(self.attribute(&open, F32, "SCALAR", count)));
        }
        if !mesh.joints.is_empty() {
            let joints = joint_places(mesh).ok_or_else(|| broken("is bound to joints that its skin lacks"))?;
            attributes.insert("JOINTS_0".into(), json!(self.attribute(&joints, U8, "JOINTS", count)));
            let weights: Vec<u8> = mesh.weights.iter().flat_map(|w| whole_weights(*w)).flat_map(u16::to_le_bytes).collect();
            attributes.insert("WEIGHTS_0".into(), json!(self.attribute(&weights, U16, "VEC4", count)));
        }
        let corners: Vec<u32> = mesh.triangles.iter().flatten().copied().collect();
        let indices = self.indices(&corners, Some(ELEMENT_ARRAY_BUFFER), count);
        let indices =
            self.accessor(json!({ "bufferView": indices.0, "componentType": indices.1, "count": corners.len(), "type": "SCALAR" }));
        let mut primitive = json!({ "attributes": attributes, "indices": indices, "material": mesh.material });
        let mut out = json!({ "name": mesh.name });
        if !mesh.morphs.is_empty() {
            if mesh.morphs.iter().flat_map(|m| &m.vertices).any(|v| *v as usize >= count) {
                return Err(broken("has morphs of vertices that are missing"));
            }
            primitive["targets"] = json!(mesh.morphs.iter().map(|m| self.target(m, count)).collect::<Vec<_>>());
            out["weights"] = json!(vec![0.0; mesh.morphs.len()]);
            out["extras"] = json!({ "targetNames": mesh.morphs.iter().map(|m| &m.name).collect::<Vec<_>>() });
        }
        out["primitives"] = json!([primitive]);
        Ok(out)
    }

    /// Indices in the smallest type that holds `count` vertices: the view and the type.
    fn indices(&mut self, indices: &[u32], target: Option<u32>, count: usize) -> (usize, u32) {
        if count <= usize::from(u16::MAX) {
            let bytes: Vec<u8> = indices.iter().flat_map(|i| (*i as u16).to_le_bytes()).collect();
            (self.view(&bytes, target), U16)
        } else {
            let bytes: Vec<u8> = indices.iter().flat_map(|i| i.to_le_bytes()).collect();
            (self.view(&bytes, target), U32)
        }
    }

    /// A morph's sparse accessors; position and normal share their indices.
    fn target(&mut self, morph: &Morph, count: usize) -> Value {
        let indices = (!morph.vertices.is_empty()).then(|| self.indices(&morph.vertices, None, count));
        let mut sparse = |values: &[Vec3]| {
            let mut accessor = json!({ "componentType": F32, "count": count, "type": "VEC3" });
            if let Some((view, component)) = indices {
                let values = self.view(&floats(values), None);
                accessor["sparse"] = json!({
                    "count": morph.vertices.len(),
                    "indices": { "bufferView": view, "componentType": component },
                    "values": { "bufferView": values },
                });
            }
            self.accessor(accessor)
        };
        let positions = sparse(&morph.positions);
        let mut out = json!({ "POSITION": positions });
        if morph.normals.len() == morph.vertices.len() {
            out["NORMAL"] = json!(sparse(&morph.normals));
        }
        // Vertices that a sparse accessor leaves out are zero.
        let mut all = morph.positions.clone();
        if all.len() < count {
            all.push(Vec3::ZERO);
        }
        self.bounds(positions, &all);
        out
    }

    /// Position accessors must state their bounds.
    fn bounds(&mut self, accessor: usize, points: &[Vec3]) {
        let low = points.iter().copied().reduce(Vec3::min).unwrap_or_default();
        let high = points.iter().copied().reduce(Vec3::max).unwrap_or_default();
        self.accessors[accessor]["min"] = json!(low.to_array());
        self.accessors[accessor]["max"] = json!(high.to_array());
    }

    fn skin(&mut self, mesh: &Mesh) -> Value {
        let bytes: Vec<u8> = mesh.skin.iter().flat_map(|(_, m)| m.to_cols_array()).flat_map(f32::to_le_bytes).collect();
        let view = self.view(&bytes, None);
        let matrices = self.accessor(json!({ "bufferView": view, "componentType": F32, "count": mesh.skin.len(), "type": "MAT4" }));
        json!({ "joints": mesh.skin.iter().map(|(node, _)| *node).collect::<Vec<_>>(), "inverseBindMatrices": matrices })
    }

    fn image(&mut self, texture: &Texture) -> Result<Value> {
        let mut png = std::io::Cursor::new(Vec::new());
        let broken = || Error::malformed("texture", "pixels do not match its size");
        image::RgbaImage::from_raw(texture.width, texture.height, texture.rgba.clone())
            .ok_or_else(broken)
            .map(image::DynamicImage::from)
            .map(|picture| if texture.rgba.iter().skip(3).step_by(4).all(|a| *a == 255) { picture.to_rgb8().into() } else { picture })?
            .write_to(&mut png, image::ImageFormat::Png)
            .map_err(|e| Error::malformed("texture", e.to_string()))?;
        let view = self.view(png.get_ref(), None);
        Ok(json!({ "bufferView": view, "mimeType": "image/png" }))
    }
}

fn floats(values: &[Vec3]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_array()).flat_map(f32::to_le_bytes).collect()
}

/// The places in the skin of the nodes that vertices name; unused influences name the first.
fn joint_places(mesh: &Mesh) -> Option<Vec<u8>> {
    let place = |node: u16| mesh.skin.iter().position(|(n, _)| *n == usize::from(node)).and_then(|i| u8::try_from(i).ok());
    let pairs = mesh.joints.iter().flatten().zip(mesh.weights.iter().flatten());
    pairs.map(|(joint, weight)| if *weight > 0.5 / 65535.0 { place(*joint) } else { Some(0) }).collect()
}

/// Weights as integers that sum to exactly 65535.
fn whole_weights(weights: [f32; 4]) -> [u16; 4] {
    let mut whole = weights.map(|w| (w.clamp(0.0, 1.0) * 65535.0).round() as i64);
    let largest = (0..4).max_by_key(|&i| whole[i]).unwrap_or(0);
    whole[largest] += 65535 - whole.iter().sum::<i64>();
    whole.map(|w| w.clamp(0, 65535) as u16)
}

fn nodes(actor: &Actor) -> Vec<Value> {
    let mut children = vec![Vec::new(); actor.nodes.len()];
    for (i, node) in actor.nodes.iter().enumerate() {
        if let Some(list) = node.parent.and_then(|parent| children.get_mut(parent)) {
            list.push(i);
        }
    }
    let nodes = actor.nodes.iter().zip(children).map(|(node, children)| {
        let mut out = json!({ "name": node.name });
        if node.translation != Vec3::ZERO {
            out["translation"] = json!(node.translation.to_array());
        }
        if node.rotation != glam::Quat::IDENTITY {
            out["rotation"] = json!(node.rotation.to_array());
        }
        if node.scale != Vec3::ONE {
            out["scale"] = json!(node.scale.to_array());
        }
        if !children.is_empty() {
            out["children"] = json!(children);
        }
        out
    });
    nodes.collect()
}

/// Names of surfaces in `extras`.
pub(super) const SURFACES: [(Surface, &str); 7] = [
    (Surface::Plain, "plain"),
    (Surface::Skin, "skin"),
    (Surface::Eye, "eye"),
    (Surface::Hair, "hair"),
    (Surface::Cloth, "cloth"),
    (Surface::Mouth, "mouth"),
    (Surface::Lash, "lash"),
];

fn material(m: &Material) -> Value {
    let mut pbr = json!({ "baseColorFactor": m.base_color, "metallicFactor": m.metallic, "roughnessFactor": m.roughness });
    if let Some(texture) = m.texture {
        pbr["baseColorTexture"] = json!({ "index": texture });
    }
    let surface = SURFACES.iter().find(|(s, _)| *s == m.surface).map_or("plain", |(_, name)| name);
    let mut out = json!({
        "name": m.name,
        "pbrMetallicRoughness": pbr,
        "doubleSided": m.double_sided,
        "extras": { "gestus": { "surface": surface } },
    });
    match m.alpha {
        Alpha::Opaque => {}
        Alpha::Mask(least) => (out["alphaMode"], out["alphaCutoff"]) = (json!("MASK"), json!(least)),
        Alpha::Blend => out["alphaMode"] = json!("BLEND"),
    }
    if m.emissive != Vec3::ZERO {
        out["emissiveFactor"] = json!(m.emissive.clamp(Vec3::ZERO, Vec3::ONE).to_array());
    }
    if m.surface == Surface::Unlit {
        out["extensions"] = json!({ "KHR_materials_unlit": {} });
    }
    out
}

/// Drivers of correctives by morph name, and the landmarks as [mesh, vertex].
fn extras(actor: &Actor) -> Value {
    let name = |i: usize| coefficients::NAMES.get(i).copied().unwrap_or_default();
    let mut drivers = Map::new();
    for morph in actor.meshes.iter().flat_map(|m| &m.morphs) {
        let driver = match morph.driver {
            Driver::Product(a, b) => json!({ "product": [name(a), name(b)] }),
            Driver::Half(a) => json!({ "half": name(a) }),
            Driver::Coefficient(_) | Driver::Mix(_) | Driver::None => continue,
        };
        drivers.insert(morph.name.clone(), driver);
    }
    let mut out = json!({ "drivers": drivers });
    if let Some(points) = &actor.keypoints {
        out["keypoints"] = json!(points);
    }
    out
}
