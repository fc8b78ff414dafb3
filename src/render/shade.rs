//! Shading: the twin of `shaders/common.wgsl`, function by function, eight pixels at once. All colours are linear.

use super::eyes::{COLUMNS, Eye, REACH};
use super::lanes::{F8, V3, f, floor, mix, saturate, smoothstep};
use super::view::{Camera, Light, Lights};
use crate::actor::Surface;
use glam::Vec3;

/// What a surface group is shaded from.
pub struct Hit {
    pub position: V3,
    /// Unit, turned to the camera except on skin.
    pub normal: V3,
    /// Unit, towards the camera.
    pub view: V3,
    pub albedo: V3,
    /// Baked ambient occlusion, 1 is open.
    pub open: F8,
    /// Along the hair strand.
    pub strand: V3,
    /// Metres behind the front of the mouth.
    pub depth: F8,
    pub u: F8,
    pub v: F8,
    pub roughness: F8,
    pub metallic: F8,
    /// Mask: seen from behind.
    pub behind: F8,
    /// Share of the key light that arrives.
    pub lit: F8,
}

/// What is the same for all pixels of a frame.
pub struct Studio {
    pub camera: Camera,
    pub lights: Lights,
    pub eyes: [Option<Eye>; 2],
    /// Depth that pushed-out lips add to the mouth, metres ([`super::rig::pout`]).
    pub pout: f32,
}

fn rgb(r: f32, g: f32, b: f32) -> V3 {
    V3::splat(Vec3::new(r, g, b))
}

/// Light that wraps around the terminator by `w`, as it does on skin and hair; close to ((n·l + w) / (1 + w))^1.25.
#[inline(always)]
fn wrap(n: V3, l: &Light, w: f32) -> F8 {
    let d = saturate((n.dot(V3::splat(l.direction)) + f(w)) * f(1.0 / (1.0 + w)));
    d * (f(0.68) + f(0.32) * d)
}

/// [`wrap`] with one reach per channel.
#[inline(always)]
fn wrap3(n: V3, l: &Light, w: [f32; 3]) -> V3 {
    let cosine = n.dot(V3::splat(l.direction));
    let one = |w: f32| {
        let d = saturate((cosine + f(w)) * f(1.0 / (1.0 + w)));
        d * (f(0.68) + f(0.32) * d)
    };
    V3::new(one(w[0]), one(w[1]), one(w[2]))
}

/// GGX specular with Schlick's Fresnel and a cheap visibility term (Walter et al. 2007; Schlick 1994).
#[inline(always)]
fn ggx(n: V3, v: V3, l: &Light, roughness: F8, f0: F8) -> F8 {
    let l = V3::splat(l.direction);
    let h = (v + l).normalize();
    let a2 = roughness * roughness * roughness * roughness;
    let nh = saturate(n.dot(h));
    let nl = saturate(n.dot(l));
    let k = nh * nh * (a2 - F8::ONE) + F8::ONE;
    let d = a2 / (f(std::f32::consts::PI) * k * k + f(1e-7));
    let c = F8::ONE - saturate(v.dot(h));
    let c2 = c * c;
    let fresnel = f0 + (F8::ONE - f0) * c2 * c2 * c;
    let facing = n.dot(v).abs();
    fresnel * d * nl * f(0.25) / (f(0.5) * (nl + facing)).fast_max(f(0.15))
}

/// Occlusion per channel: light that bounced in a crease is redder on skin. Close to a^(0.85, 1.05, 1.12).
#[inline(always)]
fn bounced(open: F8) -> V3 {
    let bend = open * (F8::ONE - open);
    V3::new(open + bend * f(0.18), open - bend * f(0.06), open - bend * f(0.13))
}

/// Light from above and below.
#[inline(always)]
fn ambient(n: V3, open: V3, lights: &Lights) -> V3 {
    V3::splat(lights.ground).mix(V3::splat(lights.sky), f(0.5) + f(0.5) * n.y) * open
}

/// Diffuse light of the whole studio with wrap `w`; `ambient` is added by the caller's own measure.
#[inline(always)]
fn diffuse(h: &Hit, s: &Studio, w: [f32; 3]) -> V3 {
    let l = &s.lights;
    let open2 = h.open * h.open;
    let shadow = V3::new(h.lit * (f(1.35) - f(0.35) * h.lit), h.lit, h.lit);
    let key = wrap3(h.normal, &l.key, w) * V3::splat(l.key.colour) * shadow;
    let fill = V3::splat(l.fill.colour) * (wrap(h.normal, &l.fill, w[1].max(0.3)) * h.open);
    let rim = V3::splat(l.rim.colour) * (wrap(h.normal, &l.rim, 0.07) * open2 * f(0.35));
    let kicker = V3::splat(l.kicker.colour) * (wrap(h.normal, &l.kicker, 0.07) * h.open * f(0.35));
    key + fill + rim + kicker
}

fn skin(h: &Hit, s: &Studio) -> V3 {
    let l = &s.lights;
    let amb = ambient(h.normal, bounced(h.open), l);
    let body = h.albedo * f(0.80) * (diffuse(h, s, [0.50, 0.24, 0.17]) + amb);
    let f0 = f(0.04);
    let open2 = h.open * h.open;
    let key = V3::splat(l.key.colour) * (ggx(h.normal, h.view, &l.key, f(0.47), f0) * h.lit * f(1.4));
    let rim = V3::splat(l.rim.colour) * (ggx(h.normal, h.view, &l.rim, f(0.45), f0) * open2 * f(0.7));
    let fill = V3::splat(l.fill.colour) * ggx(h.normal, h.view, &l.fill, f(0.5), f0);
    let edge = saturate(F8::ONE - h.normal.dot(h.view).abs());
    let sheen = amb * rgb(1.0, 0.72, 0.60) * (edge * edge * edge * h.open * f(0.45));
    let lips = lips(h.albedo);
    let gloss = V3::splat(l.key.colour) * (ggx(h.normal, h.view, &l.key, f(0.30), f0) * h.lit * lips * f(0.55));
    // The inside of the head, seen through the mouth.
    rgb(0.012, 0.003, 0.004).or(h.behind, body + key + rim + fill + sheen + gloss)
}

/// Lips and the wet rims of the eyes are told by their redness: they shine more.
fn lips(albedo: V3) -> F8 {
    smoothstep(3.0, 5.0, albedo.x / (albedo.y + f(0.02))) * smoothstep(0.05, 0.2, albedo.x)
}

/// One highlight of a bundle of fibres (Kajiya and Kay 1989), its tangent shifted along the normal (Marschner's cuticle tilt).
#[inline(always)]
fn strand_lobe(h: &Hit, strand: V3, l: &Light, shift: f32, exponent: impl Fn(F8) -> F8) -> F8 {
    let light = V3::splat(l.direction);
    let half = (h.view + light).normalize();
    let d = (strand + h.normal * f(shift)).normalize().dot(half);
    exponent(saturate(F8::ONE - d * d)) * saturate(h.normal.dot(light) * f(0.7) + f(0.35))
}

#[inline(always)]
fn power(x: F8, squarings: u32) -> F8 {
    (0..squarings).fold(x, |x, _| x * x)
}

/// A sine good to 0.001, cheap in lanes: parabola refined once, after folding to one turn.
#[inline(always)]
fn wave(turns: F8) -> F8 {
    let t = turns - floor(turns + f(0.5));
    let y = t * (f(8.0) - f(16.0) * t.abs());
    f(0.225) * (y * y.abs() - y) + y
}

fn hair(h: &Hit, s: &Studio) -> V3 {
    let l = &s.lights;
    // Irregular waves across the clump: regular ones look like corduroy.
    let across = h.u * f(3.0);
    let noise = wave(across * f(1.43) + wave(h.v * f(0.48) + across * f(0.32)) * f(0.4)) * f(0.45)
        + wave(across * f(4.9) + wave(h.v * f(0.32)) * f(0.6)) * f(0.20)
        + wave(across * f(2.7) + h.v * f(0.32)) * f(0.30);
    let strand = (h.strand + h.normal * (noise * f(0.10))).normalize();
    let base = h.albedo * (F8::ONE + noise * f(0.16));
    let body = base * (diffuse(h, s, [0.35, 0.30, 0.25]) + ambient(h.normal, V3::grey(h.open), l));
    let tint = h.albedo.map(|c| c.sqrt() * f(0.9) + f(0.02));
    let roots = h.open * h.open;
    let near = strand_lobe(h, strand, &l.key, -0.06, |x| power(x, 5) * power(x, 3)) * h.lit * (F8::ONE + noise * f(0.5));
    let far = strand_lobe(h, strand, &l.key, 0.10, |x| power(x, 3) * x * x) * h.lit;
    let rim = strand_lobe(h, strand, &l.rim, 0.0, |x| power(x, 2) * x * x * x) * h.open;
    let kicker = strand_lobe(h, strand, &l.kicker, 0.0, |x| power(x, 2) * x * x * x) * h.open;
    let shine = V3::splat(l.key.colour) * rgb(1.0, 0.86, 0.70) * (near * f(0.20))
        + V3::splat(l.key.colour) * tint * (far * f(0.28))
        + V3::splat(l.rim.colour) * tint * (rim * f(0.45))
        + V3::splat(l.kicker.colour) * tint * (kicker * f(0.25));
    body + shine * roots
}

fn cloth(h: &Hit, s: &Studio) -> V3 {
    let amb = ambient(h.normal, V3::grey(h.open), &s.lights);
    let edge = saturate(F8::ONE - h.normal.dot(h.view).abs());
    h.albedo * (diffuse(h, s, [0.15, 0.15, 0.15]) + amb) + amb * (edge * edge * edge * f(0.10))
}

/// Teeth, gums and tongue: lit through the mouth's opening only, so they fade with depth behind its front.
fn mouth(h: &Hit, s: &Studio) -> V3 {
    let l = &s.lights;
    let amb = ambient(h.normal, V3::grey(h.open), l) * f(1.2);
    let key = V3::splat(l.key.colour) * (wrap(h.normal, &l.key, 0.5) * h.lit.fast_max(f(0.6)) * f(0.70));
    let deep = F8::ONE - saturate((h.depth + f(s.pout)) * f(1.0 / 0.024)) * f(0.85);
    let wet = ggx(h.normal, h.view, &l.key, f(0.25), f(0.04)) * f(0.6) * deep;
    (h.albedo * (amb + key + V3::grey(f(0.3))) + V3::grey(wet)) * deep
}

fn lash(h: &Hit, s: &Studio) -> V3 {
    h.albedo * (ambient(h.normal, V3::grey(h.open), &s.lights) * f(0.5) + V3::grey(f(0.35)))
}

/// Surfaces of unknown make: Lambert and GGX by roughness and metalness.
fn plain(h: &Hit, s: &Studio) -> V3 {
    let l = &s.lights;
    let amb = ambient(h.normal, V3::grey(h.open), l);
    let matt = h.albedo * (F8::ONE - h.metallic) * (diffuse(h, s, [0.10, 0.10, 0.10]) + amb);
    let f0 = mix(f(0.04), h.albedo.dot(rgb(0.3, 0.6, 0.1)), h.metallic);
    let tint = rgb(1.0, 1.0, 1.0).mix(h.albedo, h.metallic);
    let key = V3::splat(l.key.colour) * (ggx(h.normal, h.view, &l.key, h.roughness, f0) * h.lit);
    let fill = V3::splat(l.fill.colour) * ggx(h.normal, h.view, &l.fill, h.roughness, f0);
    let rim = V3::splat(l.rim.colour) * (ggx(h.normal, h.view, &l.rim, h.roughness, f0) * h.open);
    matt + tint * (key + fill + rim + amb * (f0 * (f(1.2) - h.roughness)))
}

/// Pitch of the lid's rim over a pixel's column, and the pixel's yaw and pitch in the socket.
fn lid_over(eye: &Eye, q: V3) -> (F8, F8, F8) {
    let x = q.dot(V3::splat(eye.right));
    let z = q.dot(V3::splat(eye.forward));
    let yaw = x.atan2(z);
    let pitch = saturate((q.dot(V3::splat(eye.up)) + F8::ONE) * f(0.5)) * f(2.0) - F8::ONE;
    let pitch = pitch.asin();
    let place = ((yaw + f(REACH)) * f(COLUMNS as f32 / (2.0 * REACH)) - f(0.5)).fast_max(F8::ZERO).fast_min(f(COLUMNS as f32 - 1.001));
    let (low, t) = (place.fast_trunc_int().to_array(), place - floor(place));
    let column = |i: i32| eye.lid[(i.max(0) as usize).min(COLUMNS - 1)];
    let rim = mix(F8::new(low.map(column)), F8::new(low.map(|i| column(i + 1))), t);
    (rim, yaw, pitch)
}

/// The eyeball: its texture, shaded by the lid above it, with catch lights placed relative to the gaze in camera space, so that
/// the eye looks alive from everywhere.
fn eye(h: &Hit, s: &Studio) -> V3 {
    let l = &s.lights;
    let wrapped = wrap(h.normal, &l.key, 0.55) * (f(0.45) + f(0.55) * h.lit) * f(0.62);
    let amb = ambient(h.normal, V3::grey(F8::ONE), l) * f(0.40);
    let body = h.albedo * (V3::splat(l.key.colour) * wrapped + amb + V3::grey(f(0.10)));
    let wet = V3::splat(l.rim.colour) * (ggx(h.normal, h.view, &l.rim, f(0.25), f(0.04)) * f(0.3));
    let [Some(left), Some(right)] = &s.eyes else {
        return body + wet + V3::splat(l.key.colour) * (ggx(h.normal, h.view, &l.key, f(0.12), f(0.04)) * f(0.2));
    };
    let (a, b) = (eye_light(h, s, left), eye_light(h, s, right));
    let nearer = {
        let (p, q) = (h.position - V3::splat(left.centre), h.position - V3::splat(right.centre));
        p.dot(p).simd_lt(q.dot(q))
    };
    let shade = nearer.select(a.0, b.0);
    let shine = nearer.select(a.1, b.1);
    body * shade + wet + V3::grey(shine)
}

/// (shade of the lid and the corners, catch lights) for one eye.
fn eye_light(h: &Hit, s: &Studio, eye: &Eye) -> (F8, F8) {
    let q = (h.position - V3::splat(eye.centre)).normalize();
    let (rim, yaw, pitch) = lid_over(eye, q);
    let under = rim - pitch;
    // exp(-x) for x >= 0, good to 0.01: (1 + x/8)^-8.
    let fade = F8::ONE / power(F8::ONE + (under - f(0.026)).fast_max(F8::ZERO) * f(1.0 / (8.0 * 0.113)), 3);
    let side = yaw * f(1.0 / 0.94);
    let corner = saturate(side * side);
    let shade = (F8::ONE - f(0.62) * fade) * (F8::ONE - f(0.30) * corner * corner);
    let off = q - V3::splat(eye.gaze);
    let (x, y) = (off.dot(V3::splat(s.camera.right)), off.dot(V3::splat(s.camera.up)));
    let disc = |cx: f32, cy: f32, outer: f32, inner: f32| {
        let (dx, dy) = (x - f(cx), y - f(cy));
        smoothstep(outer, inner, (dx * dx + dy * dy).sqrt())
    };
    // Only on the side that looks at the camera, and not on what the lid covers.
    let open = smoothstep(-0.02, 0.07, under);
    let front = smoothstep(0.0, 0.3, q.dot(V3::splat(eye.gaze)));
    let shine = disc(-0.17, 0.20, 0.155, 0.105) * f(1.6) * open + disc(0.19, -0.20, 0.08, 0.04) * f(0.35);
    (shade, shine * front)
}

/// Krzysztof Narkowicz's fit of the ACES film curve (2015), at the studio's exposure. Gives linear light 0..=1.
pub fn tone_map(colour: V3) -> V3 {
    colour.map(|x| {
        let x = x * f(0.66);
        saturate((x * (x * f(2.51) + f(0.03))) / (x * (x * f(2.43) + f(0.59)) + f(0.14)))
    })
}

/// Colour of a surface group as linear light 0..=1.
pub fn shade(surface: Surface, h: &Hit, s: &Studio) -> V3 {
    tone_map(match surface {
        Surface::Plain | Surface::Unlit | Surface::Toon => plain(h, s),
        Surface::Skin => skin(h, s),
        Surface::Eye => eye(h, s),
        Surface::Hair => hair(h, s),
        Surface::Cloth => cloth(h, s),
        Surface::Mouth => mouth(h, s),
        Surface::Lash => lash(h, s),
    })
}
