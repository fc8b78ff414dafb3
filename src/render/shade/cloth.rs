//! Cloth: matt, with a soft sheen of fibres that stand off its edge, and where pixels are fine enough its weave.

use super::*;

pub fn cloth(h: &Hit, s: &Studio) -> V3 {
    let l = &s.look.lights;
    let amb = ambient(h.normal, V3::grey(h.open), l);
    let edge = edge(h);
    let fuzz = edge * edge * edge;
    let worn = F8::ONE + wear(h.anchor) * f(0.02);
    // Seen at a slant the weave would be finer than pixels.
    let tone = match s.detail.weave {
        0.0 => worn,
        strength => worn + weave(h.anchor) * smoothstep(0.7, 0.3, edge) * h.depth * f(0.085 * strength),
    };
    let key = V3::splat(l.key.colour) * (wrap(h.normal, &l.key, 0.4) * h.lit);
    let sheen = (amb + key * f(0.5)) * (h.albedo * f(0.6) + rgb(0.05, 0.05, 0.05)) * (fuzz * f(0.55));
    h.albedo * tone * (diffuse(h, s, [0.17, 0.15, 0.14]) + amb) + sheen
}

/// Dye and wear are uneven over centimetres, -1..=1.
#[inline(always)]
fn wear(p: V3) -> F8 {
    let warped = wave(p.y * f(6.0) + wave(p.x * f(8.0) - p.z * f(6.0)) * f(0.9));
    wave(p.x * f(9.0) + wave(p.y * f(7.0) + p.z * f(5.0)) * f(0.9)) * warped
}

/// Threads that go over and under each other every 2.4 mm, unevenly, -1..=1.
#[inline(always)]
fn weave(p: V3) -> F8 {
    let warp = wave((p.x + p.z * f(0.6)) * f(417.0) + wave(p.y * f(61.0)) * f(0.35));
    let weft = wave(p.y * f(417.0) + wave((p.x + p.z) * f(53.0)) * f(0.35));
    warp * weft + (warp + weft) * f(0.25)
}
