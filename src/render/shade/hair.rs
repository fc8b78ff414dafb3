//! Hair: a diffuse body and, for each light, highlights across the strands. The first lies on the strand's surface and has the
//! light's colour, the second has been inside and has the hair's; cuticles tilt them apart.

use super::*;

pub fn hair(h: &Hit, s: &Studio) -> V3 {
    let l = &s.look.lights;
    let noise = strands(h);
    let strand = (h.anchor + h.normal * (noise * f(0.12))).normalize();
    let tips = smoothstep(0.45, 1.0, h.v);
    let base = h.albedo * (F8::ONE + noise * f(0.13) + tips * f(0.22));
    let body = base * (diffuse(h, s, [0.35, 0.30, 0.25]) + ambient(h.normal, V3::grey(f(0.16) + h.open * f(0.84)), l));
    let tint = h.albedo.map(|c| c.sqrt() * f(0.9) + f(0.02));
    let near = lobe(h, strand, &l.key, -0.06, |x| power(x, 5) * power(x, 3)) * h.lit * (F8::ONE + noise * f(0.7));
    let far = lobe(h, strand, &l.key, 0.10, |x| power(x, 3) * x * x) * h.lit;
    let rim = lobe(h, strand, &l.rim, 0.0, |x| power(x, 2) * x * x * x) * h.open;
    let kicker = lobe(h, strand, &l.kicker, 0.0, |x| power(x, 2) * x * x * x) * h.open;
    let shine = V3::splat(l.key.colour) * (rgb(1.0, 0.86, 0.70) * (near * f(0.17)) + tint * (far * f(0.27)))
        + V3::splat(l.rim.colour) * tint * (rim * f(0.45))
        + V3::splat(l.kicker.colour) * tint * (kicker * f(0.30));
    body + shine * (h.open * h.open)
}

/// Strands by their place across the clump, -1..=1: irregular waves that come and go along it, since regular ones look like corduroy.
fn strands(h: &Hit) -> F8 {
    let across = h.u * f(3.0);
    let broad = wave(across * f(1.43) + wave(h.v * f(0.48) + across * f(0.32)) * f(0.4)) * f(0.45);
    let fine = wave(across * f(4.9) + wave(h.v * f(0.9) + across * f(0.21)) * f(0.6)) * f(0.24);
    let middle = wave(across * f(2.7) + h.v * f(0.6)) * f(0.30);
    (broad + fine + middle) * (f(0.62) + f(0.38) * wave(across * f(0.43) + h.v * f(0.8)))
}

/// One highlight of a bundle of fibres (Kajiya and Kay 1989), its tangent shifted along the normal (Marschner et al. 2003).
#[inline(always)]
fn lobe(h: &Hit, strand: V3, l: &Light, shift: f32, exponent: impl Fn(F8) -> F8) -> F8 {
    let light = V3::splat(l.direction);
    let half = (h.view + light).normalize();
    let d = (strand + h.normal * f(shift)).normalize().dot(half);
    exponent(saturate(F8::ONE - d * d)) * saturate(h.normal.dot(light) * f(0.7) + f(0.35))
}
