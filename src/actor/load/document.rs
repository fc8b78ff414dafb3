//! From bytes to a glTF document whose indices all point somewhere.
//!
//! The text is read as plain JSON first and mended where exporters are known to err or where an extension moves a
//! property away, so that the typed reader, which is strict, meets only what it knows. Animations, cameras and lights are no part
//! of an actor and are left out, and so is whatever is wrong with them.

use crate::{Error, Result};
use gltf::json::validation::Validate;
use serde_json::{Value, json};

/// Extensions that a file may require: how gestus stores and shades what they describe, or harmless without.
const KNOWN: [&str; 20] = [
    "VRM",
    "VRMC_",
    "KHR_materials_",
    "KHR_texture_transform",
    "KHR_texture_basisu",
    "KHR_mesh_quantization",
    "KHR_meshopt_compression",
    "KHR_draco_mesh_compression",
    "KHR_lights_punctual",
    "KHR_xmp",
    "KHR_node_visibility",
    "KHR_animation_pointer",
    "EXT_meshopt_compression",
    "EXT_texture_webp",
    "EXT_texture_avif",
    "EXT_lights_",
    "EXT_mesh_gpu_instancing",
    "MSFT_",
    "ADOBE_",
    "FB_",
];

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: u64 = 1 << 29;
/// The largest text in one; parsed it takes many times as much.
const LARGEST_TEXT: usize = 1 << 27;

/// A document with the binary chunk of a GLB, and what its text says beyond the typed document.
pub struct Parsed {
    pub document: gltf::Document,
    /// The extensions at the root.
    pub extensions: Value,
    pub generator: String,
    pub binary: Option<Vec<u8>>,
}

/// Reads GLB and glTF. Fails with [`Error::Malformed`] where the bytes are something else or broken, [`Error::Unsupported`]
/// where the file requires an extension that changes how geometry is stored.
pub fn parse(bytes: &[u8], origin: &str) -> Result<Parsed> {
    let (text, binary) = chunks(bytes, origin)?;
    if text.len() > LARGEST_TEXT {
        return Err(Error::Limit {
            what: format!("{origin}: {} MiB of text are too many", text.len() >> 20),
            hint: "export as GLB, which keeps its numbers out of the text".into(),
        });
    }
    let mut root: Value = serde_json::from_slice(text).map_err(|e| not_gltf(origin, &e))?;
    if !root.is_object() || !root["asset"].is_object() {
        return Err(not_gltf(origin, &"it has no 'asset'"));
    }
    required(&root, origin)?;
    mend(&mut root);
    let extensions = root["extensions"].clone();
    let generator = root["asset"]["generator"].as_str().unwrap_or_default().to_owned();
    let root: gltf::json::Root = serde_json::from_value(root).map_err(|e| not_gltf(origin, &e))?;
    check(&root).map_err(|what| not_gltf(origin, &what))?;
    Ok(Parsed { document: gltf::Document::from_json_without_validation(root), extensions, generator, binary })
}

fn not_gltf(origin: &str, why: &dyn std::fmt::Display) -> Error {
    Error::malformed(origin, format!("not a glTF file that can be read: {why}"))
}

/// The text and the binary chunk.
fn chunks<'a>(bytes: &'a [u8], origin: &str) -> Result<(&'a [u8], Option<Vec<u8>>)> {
    if !bytes.starts_with(b"glTF") {
        let start = bytes.trim_ascii_start();
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        return match start.first() {
            Some(b'{') => Ok((start, None)),
            Some(b'<') => Err(not_gltf(origin, &"it is a web page; download the file itself")),
            _ if start.starts_with(b"Kaydara FBX") => Err(Error::Unsupported {
                what: format!("{origin}: this is an FBX file"),
                hint: "export it as GLB, for example with Blender".into(),
            }),
            _ if start.starts_with(b"version https://git-lfs") => Err(not_gltf(origin, &"it is a Git LFS pointer; fetch the file itself")),
            _ => Err(not_gltf(origin, &"it begins neither like a GLB nor like JSON")),
        };
    }
    let word = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    if word(4) != Some(2) {
        return Err(not_gltf(origin, &"its version is not 2"));
    }
    if word(8).is_none_or(|length| length as usize > bytes.len()) {
        return Err(not_gltf(origin, &"it ends too early; the download may be incomplete"));
    }
    let (mut text, mut binary, mut at) = (None, None, 12usize);
    while let (Some(length), Some(kind)) = (word(at), bytes.get(at + 4..at + 8)) {
        let end = (at + 8).checked_add(length as usize);
        let chunk = end.and_then(|end| bytes.get(at + 8..end));
        let chunk = chunk.ok_or_else(|| not_gltf(origin, &"a chunk is longer than the file"))?;
        match kind {
            b"JSON" => text = text.or(Some(chunk)),
            b"BIN\0" => binary = binary.or(Some(chunk)),
            _ => {}
        }
        at += 8 + chunk.len();
    }
    let text = text.ok_or_else(|| not_gltf(origin, &"the JSON chunk is missing"))?;
    Ok((text, binary.map(<[u8]>::to_vec)))
}

fn required(root: &Value, origin: &str) -> Result<()> {
    let names = root["extensionsRequired"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut unknown = names.filter(|name| !KNOWN.iter().any(|known| name.starts_with(known)));
    match unknown.next() {
        None => Ok(()),
        Some(name) => Err(Error::Unsupported {
            what: format!("{origin}: the file needs the glTF extension {}", shortened(name)),
            hint: "export it again without that extension, as a plain GLB".into(),
        }),
    }
}

/// The first characters of a text out of a file, for messages.
pub fn shortened(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(60).map(plain).collect()
}

/// Removes what is no part of an actor, and puts properties that extensions have moved to where they are looked for.
fn mend(root: &mut Value) {
    let Some(object) = root.as_object_mut() else { return };
    for key in ["animations", "cameras", "extensionsRequired", "extensionsUsed"] {
        object.remove(key);
    }
    for node in objects(root, "nodes") {
        ["camera", "weights"].iter().for_each(|key| drop(node.remove(*key)));
        if let Some(extensions) = node.get_mut("extensions").and_then(Value::as_object_mut) {
            extensions.remove("KHR_lights_punctual");
        }
    }
    if let Some(extensions) = root["extensions"].as_object_mut() {
        extensions.remove("KHR_lights_punctual");
    }
    let images = root["images"].as_array().map_or(0, Vec::len);
    for texture in objects(root, "textures") {
        let moved = ["EXT_texture_webp", "KHR_texture_basisu", "EXT_texture_avif", "MSFT_texture_dds"];
        let source = moved.iter().find_map(|name| texture.get("extensions")?.get(*name)?["source"].as_u64());
        // A plain image beside the compressed one is the safer choice.
        if let (None, Some(source)) = (texture.get("source"), source) {
            texture.insert("source".into(), json!(source));
        }
        if texture.get("source").is_none() && images > 0 {
            texture.insert("source".into(), json!(0));
        }
    }
    for image in objects(root, "images") {
        // The type is read from the picture itself.
        if image.contains_key("bufferView") {
            image.insert("mimeType".into(), json!("image/png"));
        } else {
            image.remove("mimeType");
        }
    }
}

fn objects<'a>(root: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut serde_json::Map<String, Value>> {
    root.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// All indices of the document point somewhere and all required fields are there. The first mistake, in words.
fn check(root: &gltf::json::Root) -> Result<(), String> {
    let mut first = None;
    root.validate(root, gltf::json::Path::new, &mut |path, error| {
        let path = path().to_string();
        // An accessor without data stands for zeros, or for what a compressed stream holds.
        let zeros = error == gltf::json::validation::Error::Missing && path.starts_with("accessors[") && path.ends_with("].bufferView");
        // Bounds that positions must state are measured anyway.
        let bounds = path.ends_with(".min") || path.ends_with(".max");
        if !zeros && !bounds {
            first.get_or_insert_with(|| format!("{path}: {error}"));
        }
    });
    first.map_or(Ok(()), Err)
}
