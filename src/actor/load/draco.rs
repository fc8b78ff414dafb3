//! Primitives compressed by `KHR_draco_mesh_compression`: all attributes and the triangles in one stream.

use super::accessor::{LONGEST, normal_scale};
use super::buffers::Buffers;
use draco_core::{DecodeLimits, DecoderBuffer, Mesh, MeshDecoder};
use gltf::Document;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A decoded primitive.
#[derive(Default)]
pub struct Unpacked {
    /// Numbers by the attribute's name in the file (`POSITION`), flattened.
    pub attributes: BTreeMap<String, Vec<f32>>,
    pub corners: Vec<u32>,
}

/// Decodes a primitive that names a stream. `None` where it names none; an error in words where the stream is broken.
pub fn unpack(primitive: &gltf::Primitive, document: &Document, buffers: &Buffers) -> Option<Result<Unpacked, String>> {
    let extension = primitive.extension_value("KHR_draco_mesh_compression")?;
    let view = extension["bufferView"].as_u64().and_then(|n| document.views().nth(usize::try_from(n).ok()?));
    let Some(stream) = view.and_then(|view| buffers.view(&view).map(<[u8]>::to_vec)) else {
        return Some(Err("the Draco stream lies outside of its buffer".into()));
    };
    // The decoder reports broken streams, but it is a large program: what it overlooks must not end ours.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(&stream)));
    let mesh = match decoded {
        Ok(Ok(mesh)) => mesh,
        Ok(Err(why)) => return Some(Err(format!("Draco: {why}"))),
        Err(_) => return Some(Err("Draco: the stream is broken".into())),
    };
    let count = mesh.num_points();
    let mut out = Unpacked::default();
    for (semantic, accessor) in primitive.attributes() {
        let name = semantic.to_string();
        let id = extension["attributes"][&name].as_u64().and_then(|id| u32::try_from(id).ok());
        if let Some(attribute) = id.and_then(|id| mesh.attribute_by_unique_id(id)) {
            let mut values = attribute.read_f32s(count, accessor.dimensions().multiplicity());
            if accessor.normalized() {
                let scale = normal_scale(accessor.data_type());
                values.iter_mut().for_each(|x| *x = (*x * scale).max(-1.0));
            }
            out.attributes.insert(name, values);
        }
    }
    out.corners = mesh.faces().iter().flatten().map(|point| point.0).collect();
    Some(Ok(out))
}

fn decode(stream: &[u8]) -> Result<Mesh, String> {
    let mut limits = DecodeLimits::default();
    limits.max_points = LONGEST as u64;
    limits.max_faces = 2 * LONGEST as u64;
    limits.max_decoded_bytes = 1 << 29;
    let mut mesh = Mesh::new();
    MeshDecoder::new().decode(&mut DecoderBuffer::new(stream).with_limits(limits), &mut mesh).map_err(|e| e.to_string())?;
    Ok(mesh)
}
