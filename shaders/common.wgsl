// What all passes share: the frame's constants and the shading of every surface.
// This is the source of truth for how gestus pictures look; src/render/shade.rs is its twin, function by function.
// Space is the actor's, metres, y up; colours are linear.

struct Light {
    direction: vec4f,
    colour: vec4f,
}

struct Eye {
    // Centre of the ball; w is 1 where there is an eye.
    centre: vec4f,
    gaze: vec4f,
    // The socket's frame, which turns with the head.
    right: vec4f,
    up: vec4f,
    forward: vec4f,
}

struct Frame {
    // Camera position; w is the focal length in pixels.
    position: vec4f,
    right: vec4f,
    up: vec4f,
    back: vec4f,
    // Picture width and height in pixels, height of the floor, number of spots.
    size: vec4f,
    key: Light,
    fill: Light,
    rim: Light,
    kicker: Light,
    // Light from above; w is the depth that pushed-out lips add to the mouth, metres.
    sky: vec4f,
    ground: vec4f,
    // Centre of the shadow map; w is texels per metre.
    shadow_centre: vec4f,
    shadow_right: vec4f,
    shadow_up: vec4f,
    shadow_back: vec4f,
    eyes: array<Eye, 2>,
    // Soft shadows on the floor: x, z, radius, strength.
    spots: array<vec4f, 8>,
}

// A vertex, posed or at rest: position, normal, uv; colour, openness, strand, depth in the mouth. Packed as floats:
// a = position, normal.x; b = normal.yz, uv; c = colour, openness; d = strand, depth.
struct Vertex {
    a: vec4f,
    b: vec4f,
    c: vec4f,
    d: vec4f,
}

const PI = 3.14159265;
const SHADOW_SIZE = 256;
const LID_COLUMNS = 16;
const LID_REACH = 1.0;

struct Hit {
    position: vec3f,
    normal: vec3f,
    // Towards the camera.
    view: vec3f,
    albedo: vec3f,
    // Baked ambient occlusion, 1 is open.
    open: f32,
    // Along the hair strand.
    strand: vec3f,
    // Metres behind the front of the mouth.
    depth: f32,
    uv: vec2f,
    roughness: f32,
    metallic: f32,
    behind: bool,
    // Share of the key light that arrives.
    lit: f32,
}

fn bend(x: f32, w: f32) -> f32 {
    let d = saturate((x + w) / (1.0 + w));
    return d * (0.68 + 0.32 * d);
}

// Light that wraps around the terminator by w; close to ((n.l + w) / (1 + w))^1.25.
fn wrap(n: vec3f, l: Light, w: f32) -> f32 {
    return bend(dot(n, l.direction.xyz), w);
}

fn wrap3(n: vec3f, l: Light, w: vec3f) -> vec3f {
    let d = dot(n, l.direction.xyz);
    return vec3f(bend(d, w.x), bend(d, w.y), bend(d, w.z));
}

// GGX specular with Schlick's Fresnel and a cheap visibility term (Walter et al. 2007; Schlick 1994).
fn ggx(n: vec3f, v: vec3f, light: Light, roughness: f32, f0: f32) -> f32 {
    let l = light.direction.xyz;
    let h = normalize(v + l);
    let a2 = roughness * roughness * roughness * roughness;
    let nh = saturate(dot(n, h));
    let nl = saturate(dot(n, l));
    let k = nh * nh * (a2 - 1.0) + 1.0;
    let d = a2 / (PI * k * k + 1e-7);
    let c = 1.0 - saturate(dot(v, h));
    let fresnel = f0 + (1.0 - f0) * c * c * c * c * c;
    let facing = abs(dot(n, v));
    return fresnel * d * nl * 0.25 / max(0.5 * (nl + facing), 0.15);
}

// Occlusion per channel: light that bounced in a crease is redder on skin. Close to a^(0.85, 1.05, 1.12).
fn bounced(open: f32) -> vec3f {
    let b = open * (1.0 - open);
    return vec3f(open) + b * vec3f(0.18, -0.06, -0.13);
}

fn ambient(n: vec3f, open: vec3f) -> vec3f {
    return mix(frame.ground.xyz, frame.sky.xyz, 0.5 + 0.5 * n.y) * open;
}

fn diffuse(h: Hit, w: vec3f) -> vec3f {
    let shadow = vec3f(h.lit * (1.35 - 0.35 * h.lit), h.lit, h.lit);
    let key = wrap3(h.normal, frame.key, w) * frame.key.colour.xyz * shadow;
    let fill = frame.fill.colour.xyz * (wrap(h.normal, frame.fill, max(w.y, 0.3)) * h.open);
    let rim = frame.rim.colour.xyz * (wrap(h.normal, frame.rim, 0.07) * h.open * h.open * 0.35);
    let kicker = frame.kicker.colour.xyz * (wrap(h.normal, frame.kicker, 0.07) * h.open * 0.35);
    return key + fill + rim + kicker;
}

// Lips and the wet rims of the eyes are told by their redness: they shine more.
fn lips(albedo: vec3f) -> f32 {
    return smoothstep(3.0, 5.0, albedo.x / (albedo.y + 0.02)) * smoothstep(0.05, 0.2, albedo.x);
}

fn skin(h: Hit) -> vec3f {
    if h.behind {
        // The inside of the head, seen through the mouth.
        return vec3f(0.012, 0.003, 0.004);
    }
    let amb = ambient(h.normal, bounced(h.open));
    let body = h.albedo * 0.80 * (diffuse(h, vec3f(0.50, 0.24, 0.17)) + amb);
    let key = frame.key.colour.xyz * (ggx(h.normal, h.view, frame.key, 0.47, 0.04) * h.lit * 1.4);
    let rim = frame.rim.colour.xyz * (ggx(h.normal, h.view, frame.rim, 0.45, 0.04) * h.open * h.open * 0.7);
    let fill = frame.fill.colour.xyz * ggx(h.normal, h.view, frame.fill, 0.5, 0.04);
    let edge = saturate(1.0 - abs(dot(h.normal, h.view)));
    let sheen = amb * vec3f(1.0, 0.72, 0.60) * (edge * edge * edge * h.open * 0.45);
    let gloss = frame.key.colour.xyz * (ggx(h.normal, h.view, frame.key, 0.30, 0.04) * h.lit * lips(h.albedo) * 0.55);
    return body + key + rim + fill + sheen + gloss;
}

// The base of a highlight of a bundle of fibres (Kajiya and Kay 1989), its tangent shifted along the normal; raised to a power by the caller.
fn strand_lobe(h: Hit, strand: vec3f, l: Light, shift: f32) -> f32 {
    let half = normalize(h.view + l.direction.xyz);
    let d = dot(normalize(strand + h.normal * shift), half);
    return saturate(1.0 - d * d);
}

fn strand_face(h: Hit, l: Light) -> f32 {
    return saturate(dot(h.normal, l.direction.xyz) * 0.7 + 0.35);
}

// A sine of turns: a parabola refined once.
fn wave(turns: f32) -> f32 {
    let t = turns - floor(turns + 0.5);
    let y = t * (8.0 - 16.0 * abs(t));
    return 0.225 * (y * abs(y) - y) + y;
}

fn hair(h: Hit) -> vec3f {
    let across = h.uv.x * 3.0;
    let v = h.uv.y;
    let noise = wave(across * 1.43 + wave(v * 0.48 + across * 0.32) * 0.4) * 0.45
        + wave(across * 4.9 + wave(v * 0.32) * 0.6) * 0.20
        + wave(across * 2.7 + v * 0.32) * 0.30;
    let strand = normalize(h.strand + h.normal * (noise * 0.10));
    let base = h.albedo * (1.0 + noise * 0.16);
    let body = base * (diffuse(h, vec3f(0.35, 0.30, 0.25)) + ambient(h.normal, vec3f(h.open)));
    let tint = sqrt(h.albedo) * 0.9 + 0.02;
    let near = pow(strand_lobe(h, strand, frame.key, -0.06), 40.0) * strand_face(h, frame.key) * h.lit * (1.0 + noise * 0.5);
    let far = pow(strand_lobe(h, strand, frame.key, 0.10), 10.0) * strand_face(h, frame.key) * h.lit;
    let rim = pow(strand_lobe(h, strand, frame.rim, 0.0), 7.0) * strand_face(h, frame.rim) * h.open;
    let kicker = pow(strand_lobe(h, strand, frame.kicker, 0.0), 7.0) * strand_face(h, frame.kicker) * h.open;
    let shine = frame.key.colour.xyz * vec3f(1.0, 0.86, 0.70) * (near * 0.20)
        + frame.key.colour.xyz * tint * (far * 0.28)
        + frame.rim.colour.xyz * tint * (rim * 0.45)
        + frame.kicker.colour.xyz * tint * (kicker * 0.25);
    return body + shine * h.open * h.open;
}

fn cloth(h: Hit) -> vec3f {
    let amb = ambient(h.normal, vec3f(h.open));
    let edge = saturate(1.0 - abs(dot(h.normal, h.view)));
    return h.albedo * (diffuse(h, vec3f(0.15)) + amb) + amb * (edge * edge * edge * 0.10);
}

// Teeth, gums and tongue: lit through the mouth's opening only, so they fade with depth behind its front.
fn mouth(h: Hit) -> vec3f {
    let amb = ambient(h.normal, vec3f(h.open)) * 1.2;
    let key = frame.key.colour.xyz * (wrap(h.normal, frame.key, 0.5) * max(h.lit, 0.6) * 0.70);
    let deep = 1.0 - saturate((h.depth + frame.sky.w) / 0.024) * 0.85;
    let wet = ggx(h.normal, h.view, frame.key, 0.25, 0.04) * 0.6 * deep;
    return (h.albedo * (amb + key + 0.3) + wet) * deep;
}

fn lash(h: Hit) -> vec3f {
    return h.albedo * (ambient(h.normal, vec3f(h.open)) * 0.5 + 0.35);
}

// Surfaces of unknown make: Lambert and GGX by roughness and metalness.
fn plain(h: Hit) -> vec3f {
    let amb = ambient(h.normal, vec3f(h.open));
    let matt = h.albedo * (1.0 - h.metallic) * (diffuse(h, vec3f(0.10)) + amb);
    let f0 = mix(0.04, dot(h.albedo, vec3f(0.3, 0.6, 0.1)), h.metallic);
    let tint = mix(vec3f(1.0), h.albedo, h.metallic);
    let key = frame.key.colour.xyz * (ggx(h.normal, h.view, frame.key, h.roughness, f0) * h.lit);
    let fill = frame.fill.colour.xyz * ggx(h.normal, h.view, frame.fill, h.roughness, f0);
    let rim = frame.rim.colour.xyz * (ggx(h.normal, h.view, frame.rim, h.roughness, f0) * h.open);
    return matt + tint * (key + fill + rim + amb * (f0 * (1.2 - h.roughness)));
}

// Krzysztof Narkowicz's fit of the ACES film curve (2015), at the studio's exposure. Gives linear light 0..1.
fn tone_map(colour: vec3f) -> vec3f {
    let x = colour * 0.66;
    return saturate((x * (x * 2.51 + 0.03)) / (x * (x * 2.43 + 0.59) + 0.14));
}
