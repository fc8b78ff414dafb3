//! Surfaces of other actors, by the model that their file asks for: metallic-roughness (glTF 2.0), unlit (`KHR_materials_unlit`),
//! two tones (MToon). The last two are finished colours: no film curve changes them.

use super::*;

/// Lambert and GGX by roughness and metalness, and the sky mirrored.
pub fn plain(h: &Hit, s: &Studio) -> V3 {
    let l = &s.look.lights;
    let (roughness, metallic) = (h.make.roughness, h.make.metallic);
    let amb = ambient(h.normal, V3::grey(h.open), l);
    let matt = h.albedo * (F8::ONE - metallic) * (diffuse(h, s, [0.10, 0.10, 0.10]) + amb);
    let f0 = rgb(0.04, 0.04, 0.04).mix(h.albedo, metallic);
    let shine = |light: &Light, share: F8| {
        let facet = Facet::new(h.normal, h.view, light);
        let fresnel = f0 * (F8::ONE - facet.graze) + V3::grey(facet.graze);
        // A light's colour is what a white sheet sends back, pi times less than it receives.
        V3::splat(light.colour) * fresnel * (facet.lobe(roughness) * share * f(std::f32::consts::PI))
    };
    let lights = shine(&l.key, h.lit) + shine(&l.fill, h.open) + shine(&l.rim, h.open) + shine(&l.kicker, h.open);
    matt + lights + mirrored(h, l, f0)
}

/// The sky in the surface, blurred by its roughness (Karis' fit of the environment term, 2014).
fn mirrored(h: &Hit, l: &Lights, f0: V3) -> V3 {
    let facing = saturate(h.normal.dot(h.view));
    let towards = h.normal * (facing * f(2.0)) - h.view;
    let r = F8::ONE - h.make.roughness;
    // exp2(-9.28 x) as a power.
    let grazing = F8::ONE / power(F8::ONE + facing * f(0.804), 3);
    let a = (r * r).fast_min(grazing) * r + f(0.0425) - h.make.roughness * f(0.0275);
    let (scale, offset) = (a * f(-1.04) + f(1.04) - h.make.roughness * f(0.572), a * f(1.04) - f(0.04) + h.make.roughness * f(0.022));
    ambient(towards, V3::grey(h.open), l) * (f0 * scale + V3::grey(offset))
}

/// The surface's own colour whatever the light.
pub fn unlit(h: &Hit) -> V3 {
    h.albedo.map(saturate)
}

/// Lit colour and shade colour with a soft step between them, as MToon's default of 0.9 has it.
pub fn toon(h: &Hit, s: &Studio) -> V3 {
    let key = h.normal.dot(V3::splat(s.look.lights.key.direction));
    let step = smoothstep(-0.1, 0.1, key) * h.lit;
    let painted = h.make.shade.mix(h.albedo, step) * V3::splat(s.look.paper);
    (painted + h.make.emissive).map(saturate)
}
