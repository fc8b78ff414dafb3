//! Skin: light wraps further in red than in blue because it travels under the surface, thin places glow when lit from behind, and
//! the surface shines twice, widely by its roughness and tightly by its oil.

use super::*;

pub fn skin(h: &Hit, s: &Studio) -> V3 {
    let l = &s.look.lights;
    let amb = ambient(h.normal, bounced(h.open), l);
    let albedo = h.albedo * f(0.80) * complexion(h.anchor);
    let body = albedo * (diffuse(h, s, [0.50, 0.24, 0.17]) + amb + through(h, l));
    let (normal, rough) = if s.detail.pores > 0.0 { pores(h, s.detail.pores) } else { (h.normal, F8::ONE) };
    let open2 = h.open * h.open;
    // Lips are wet, the rest has a little oil.
    let oil = f(0.20) + f(0.85) * lips(h.albedo);
    let facet = Facet::new(normal, h.view, &l.key);
    let key = (facet.lobe(f(0.50)) * f(1.35) + facet.lobe(f(0.31)) * oil * rough) * facet.fresnel(0.04) * h.lit;
    let rim = ggx(normal, h.view, &l.rim, 0.45) * open2 * f(0.7);
    let fill = ggx(normal, h.view, &l.fill, 0.5) * h.open;
    let kicker = ggx(normal, h.view, &l.kicker, 0.5) * open2 * f(0.5);
    let edge = edge(h);
    let down = amb * rgb(1.0, 0.72, 0.60) * (edge * edge * edge * h.open * f(0.45));
    let shine = V3::splat(l.key.colour) * key
        + V3::splat(l.rim.colour) * rim
        + V3::splat(l.fill.colour) * fill
        + V3::splat(l.kicker.colour) * kicker;
    let inside = (amb + V3::splat(l.key.colour) * f(0.25)) * rgb(0.085, 0.014, 0.013);
    // Seen from behind it is the inside of the head, through the mouth.
    inside.or(h.behind, body + shine + down)
}

/// Occlusion per channel: light that bounced in a crease is redder on skin. Close to a^(0.85, 1.05, 1.12).
#[inline(always)]
fn bounced(open: F8) -> V3 {
    let bend = open * (F8::ONE - open);
    V3::new(open + bend * f(0.18), open - bend * f(0.06), open - bend * f(0.13))
}

/// Blood is unevenly spread: faint redder and paler patches of two to three centimetres.
#[inline(always)]
fn complexion(p: V3) -> V3 {
    let patch = wave(p.x * f(41.0) + wave(p.y * f(23.0)) * f(0.3)) * wave(p.y * f(33.0) + p.z * f(19.0));
    V3::new(F8::ONE + patch * f(0.012), F8::ONE - patch * f(0.022), F8::ONE - patch * f(0.018))
}

/// Light on the far side that comes through thin flesh, red by the blood in it.
#[inline(always)]
fn through(h: &Hit, l: &Lights) -> V3 {
    let back = |light: &Light| V3::splat(light.colour) * saturate(f(0.25) - h.normal.dot(V3::splat(light.direction)));
    let key = back(&l.key) * f(0.35);
    (key + back(&l.rim) + back(&l.kicker)) * rgb(0.62, 0.15, 0.08) * h.depth
}

/// The normal with the skin's fine relief, and how much more or less the oil shines on it.
fn pores(h: &Hit, strength: f32) -> (V3, F8) {
    let p = h.anchor;
    // Waves bent by other waves of about their length, in directions of no common measure: nothing repeats.
    let along = |x: f32, y: f32, z: f32| p.dot(rgb(x, y, z));
    let (a, b) = (wave(along(-270.0, 640.0, 380.0)) * f(0.7), wave(along(560.0, -250.0, 610.0)) * f(0.7));
    let x = wave(along(690.0, 230.0, -350.0) + a + b);
    let y = wave(along(-310.0, 590.0, 440.0) + b - a);
    let z = wave(along(370.0, -480.0, 560.0) + a * b * f(2.0));
    let relief = V3::new(x, y, z) * f(0.045 * strength);
    ((h.normal + relief).normalize(), F8::ONE + x * y * f(0.5 * strength))
}

/// Lips and the wet rims of the eyes are told by their redness: they shine more.
fn lips(albedo: V3) -> F8 {
    smoothstep(3.0, 5.0, albedo.x / (albedo.y + f(0.02))) * smoothstep(0.05, 0.2, albedo.x)
}
