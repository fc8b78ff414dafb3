//! Materials of glTF and of both versions of VRM as the few numbers that gestus shades with.

use super::Loader;
use super::images::{Images, placeholder};
use crate::actor::write::SURFACES;
use crate::actor::{Alpha, Material, Surface, Texture};
use crate::render::to_linear;
use glam::{Affine2, Vec2, Vec3};
use serde_json::Value;
use std::collections::BTreeMap;

/// A material with the place of its texture on the mesh.
pub struct Paint {
    pub material: Material,
    /// Which of the mesh's sets of texture coordinates, and how they are moved.
    pub set: u32,
    pub transform: Affine2,
}

/// All materials of a file, its default one last, and the textures that they use.
pub fn paints(loader: &Loader) -> (Vec<Paint>, Vec<Texture>) {
    let mut painter = Painter { loader, images: Images::new(&loader.buffers), textures: Vec::new(), places: BTreeMap::new() };
    let mut paints: Vec<Paint> = loader.document.materials().map(|m| painter.paint(&m)).collect();
    paints.push(Paint { material: plain(), set: 0, transform: Affine2::IDENTITY });
    (paints, painter.textures)
}

/// The material of primitives that name none, as glTF defines it but not metallic.
fn plain() -> Material {
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

struct Painter<'a> {
    loader: &'a Loader<'a>,
    images: Images<'a>,
    textures: Vec<Texture>,
    /// Place among the textures of each image used so far.
    places: BTreeMap<usize, usize>,
}

impl Painter<'_> {
    fn paint(&mut self, m: &gltf::Material) -> Paint {
        let pbr = m.pbr_metallic_roughness();
        let extras: Value = m.extras().as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let surface = extras["gestus"]["surface"].as_str().unwrap_or_default();
        let alpha = match m.alpha_mode() {
            gltf::material::AlphaMode::Opaque => Alpha::Opaque,
            gltf::material::AlphaMode::Mask => Alpha::Mask(finite(m.alpha_cutoff().unwrap_or(0.5)).clamp(0.0, 1.0)),
            gltf::material::AlphaMode::Blend => Alpha::Blend,
        };
        let (metallic, roughness) = self.metal(&pbr);
        let mut material = Material {
            name: m.name().unwrap_or_default().into(),
            surface: SURFACES.iter().find(|(_, name)| *name == surface).map_or(Surface::Plain, |(s, _)| *s),
            base_color: pbr.base_color_factor().map(|c| finite(c).clamp(0.0, 1.0)),
            roughness,
            metallic,
            double_sided: m.double_sided(),
            alpha,
            emissive: self.emissive(m),
            ..plain()
        };
        let mut info = pbr.base_color_texture();
        self.specular_glossiness(m, &mut material);
        if m.extension_value("KHR_materials_unlit").is_some() {
            material.surface = Surface::Unlit;
        }
        if let Some(toon) = m.extension_value("VRMC_materials_mtoon") {
            material.surface = Surface::Toon;
            material.shade = colour(&toon["shadeColorFactor"]).unwrap_or(Vec3::ONE);
        }
        if let Some(old) = m.index().map(|i| &self.loader.extensions["VRM"]["materialProperties"][i]) {
            self.mtoon(old, &mut material);
        }
        // Eyes and lashes of some programs have only an emissive picture.
        let only_emissive = info.is_none() && material.emissive.max_element() > 0.0;
        if let Some(emissive) = m.emissive_texture().filter(|_| only_emissive && luminance(material.base_color) < 0.02) {
            info = Some(emissive);
            material.surface = Surface::Unlit;
            material.base_color = [1.0, 1.0, 1.0, material.base_color[3]];
        }
        let Some(info) = info else { return Paint { material, set: 0, transform: Affine2::IDENTITY } };
        material.texture = Some(self.texture(&info.texture().source(), &mut material));
        let moved = info.extension_value("KHR_texture_transform");
        let set = moved.and_then(|t| t["texCoord"].as_u64()).and_then(|set| u32::try_from(set).ok()).unwrap_or(info.tex_coord());
        Paint { material, set, transform: moved.map_or(Affine2::IDENTITY, transform) }
    }

    /// The place of an image among the textures. Hair and lashes whose exporter forgot to say that they are cut out become so.
    fn texture(&mut self, image: &gltf::Image, material: &mut Material) -> usize {
        let index = image.index();
        let place = self.places.get(&index).copied().unwrap_or_else(|| {
            self.textures.push(self.images.decode(image).unwrap_or_else(|why| {
                self.loader.note(format!("picture {index} is drawn grey: {why}"));
                placeholder()
            }));
            self.places.insert(index, self.textures.len() - 1);
            self.textures.len() - 1
        });
        let holes = |t: &Texture| t.rgba.chunks_exact(4).any(|p| p[3] < 100);
        if material.alpha == Alpha::Opaque && is_cards(&material.name) && holes(&self.textures[place]) {
            material.alpha = Alpha::Mask(0.4);
            material.base_color[3] = 1.0;
        }
        place
    }

    /// Metal and roughness as one number each: the mean of their texture where there is one.
    fn metal(&mut self, pbr: &gltf::material::PbrMetallicRoughness) -> (f32, f32) {
        let (metallic, roughness) = (finite(pbr.metallic_factor()).clamp(0.0, 1.0), finite(pbr.roughness_factor()).clamp(0.0, 1.0));
        let Some(info) = pbr.metallic_roughness_texture() else {
            // Exporters that know no metal leave the factor out, and its default is 1: a face of black chrome.
            return if metallic == 1.0 { (0.0, roughness) } else { (metallic, roughness) };
        };
        match self.images.decode(&info.texture().source()) {
            Ok(texture) => {
                let pixels = texture.rgba.chunks_exact(4).step_by(61);
                let sum = pixels.clone().fold([0.0; 2], |s, p| [s[0] + f32::from(p[1]), s[1] + f32::from(p[2])]);
                let [green, blue] = sum.map(|s| s / 255.0 / pixels.len().max(1) as f32);
                (metallic * blue, roughness * green)
            }
            Err(_) => (0.0, roughness),
        }
    }

    /// Light given off: the factor, where no texture says that it is only in places.
    fn emissive(&self, m: &gltf::Material) -> Vec3 {
        let strength = m.extension_value("KHR_materials_emissive_strength").and_then(|e| e["emissiveStrength"].as_f64()).unwrap_or(1.0);
        let factor = Vec3::from(m.emissive_factor().map(finite)).clamp(Vec3::ZERO, Vec3::ONE) * (strength as f32).clamp(0.0, 10.0);
        let same = |t: &gltf::texture::Info| {
            m.pbr_metallic_roughness().base_color_texture().is_none_or(|base| base.texture().index() == t.texture().index())
        };
        match m.emissive_texture() {
            Some(texture) if factor != Vec3::ZERO && !same(&texture) => {
                self.loader.note("emissive pictures are not drawn".into());
                Vec3::ZERO
            }
            _ => factor,
        }
    }

    /// The older workflow, whose colour has the part of the base colour.
    fn specular_glossiness(&mut self, m: &gltf::Material, material: &mut Material) {
        let Some(old) = m.extension_value("KHR_materials_pbrSpecularGlossiness") else { return };
        if let Some(diffuse) = old["diffuseFactor"].as_array().filter(|d| d.len() == 4) {
            material.base_color = std::array::from_fn(|i| finite(diffuse[i].as_f64().unwrap_or(1.0) as f32).clamp(0.0, 1.0));
        }
        material.metallic = 0.0;
        material.roughness = 1.0 - (old["glossinessFactor"].as_f64().unwrap_or(1.0) as f32).clamp(0.0, 1.0);
        let index = old["diffuseTexture"]["index"].as_u64().and_then(|n| self.loader.document.textures().nth(usize::try_from(n).ok()?));
        if let Some(texture) = index {
            material.texture = Some(self.texture(&texture.source(), material));
        }
    }

    /// The material properties of VRM 0.x, which stand beside glTF's own. Colours are sRGB there.
    fn mtoon(&mut self, old: &Value, material: &mut Material) {
        let shader = old["shader"].as_str().unwrap_or_default();
        let linear = |value: &Value| colour(value).map(|c| Vec3::from(c.to_array().map(to_linear)));
        if shader.contains("Unlit") {
            material.surface = Surface::Unlit;
        }
        if !shader.contains("MToon") {
            return;
        }
        material.surface = Surface::Toon;
        material.shade = linear(&old["vectorProperties"]["_ShadeColor"]).unwrap_or(Vec3::ONE);
        material.emissive = linear(&old["vectorProperties"]["_EmissionColor"])
            .filter(|_| old["textureProperties"]["_EmissionMap"].is_null())
            .unwrap_or(Vec3::ZERO)
            .clamp(Vec3::ZERO, Vec3::splat(10.0));
        let number = |key: &str| old["floatProperties"][key].as_f64();
        material.alpha = match number("_BlendMode") {
            Some(1.0) => Alpha::Mask((number("_Cutoff").unwrap_or(0.5) as f32).clamp(0.0, 1.0)),
            Some(2.0 | 3.0) => Alpha::Blend,
            Some(0.0) => Alpha::Opaque,
            _ => material.alpha,
        };
        if let Some(cull) = number("_CullMode") {
            material.double_sided = cull == 0.0;
        }
    }
}

/// Whether a material's name is that of flat cards with a picture of hair.
fn is_cards(name: &str) -> bool {
    let words = crate::actor::names::Words::of(name).words;
    words.iter().any(|w| {
        ["opacity", "hair", "lash", "lashes", "eyelash", "eyelashes", "alpha", "beard", "brows", "transparency"].contains(&w.as_str())
    })
}

fn colour(value: &Value) -> Option<Vec3> {
    let part = |i: usize| value[i].as_f64().map(|c| finite(c as f32).clamp(0.0, 1.0));
    Some(Vec3::new(part(0)?, part(1)?, part(2)?))
}

fn luminance(c: [f32; 4]) -> f32 {
    (c[0] + c[1] + c[2]) / 3.0
}

/// `KHR_texture_transform`: scaled, turned (counter-clockwise with v downwards), moved.
fn transform(extension: &Value) -> Affine2 {
    let pair = |key: &str, other: f32| {
        let part = |i: usize| extension[key][i].as_f64().map_or(other, |x| finite(x as f32));
        Vec2::new(part(0), part(1))
    };
    let angle = extension["rotation"].as_f64().map_or(0.0, |x| finite(x as f32));
    Affine2::from_scale_angle_translation(pair("scale", 1.0), -angle, pair("offset", 0.0))
}

fn finite(x: f32) -> f32 {
    if x.is_finite() { x } else { 0.0 }
}
