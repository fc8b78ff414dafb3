// The picture: the background with the feet's shadow, then every part of the actor.

struct Part {
    // Place of the surface in `actor::Surface`.
    surface: u32,
    roughness: f32,
    metallic: f32,
    // Opacity below which there is a hole; 0 where nothing is cut out.
    cutoff: f32,
    // w is the factor of the texture's opacity.
    emissive: vec4f,
    // Colour of the side away from the light; w is 1 where there is a texture.
    shade: vec4f,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> posed: array<Vertex>;
@group(0) @binding(2) var<storage, read> lids: array<f32>;
@group(0) @binding(3) var shadow_map: texture_depth_2d;
@group(0) @binding(4) var backdrop: texture_2d<f32>;
@group(1) @binding(0) var<uniform> part: Part;
@group(1) @binding(1) var skin_texture: texture_2d<f32>;
@group(1) @binding(2) var skin_sampler: sampler;

struct Varying {
    @builtin(position) clip: vec4f,
    @location(0) @interpolate(perspective, centroid) position: vec3f,
    @location(1) @interpolate(perspective, centroid) normal: vec3f,
    @location(2) @interpolate(perspective, centroid) uv: vec2f,
    @location(3) @interpolate(perspective, centroid) colour: vec4f,
    @location(4) @interpolate(perspective, centroid) anchor: vec4f,
}

@vertex
fn place(@builtin(vertex_index) i: u32) -> Varying {
    let v = posed[i];
    let q = v.a.xyz - frame.position.xyz;
    let depth = -dot(q, frame.back.xyz);
    let scale = 2.0 * frame.position.w / frame.size.xy;
    var out: Varying;
    // Reversed depth: nearer is greater.
    out.clip = vec4f(dot(q, frame.right.xyz) * scale.x, dot(q, frame.up.xyz) * scale.y, 0.01, depth);
    out.position = v.a.xyz;
    out.normal = vec3f(v.a.w, v.b.xy);
    out.uv = v.b.zw;
    out.colour = v.c;
    out.anchor = v.d;
    return out;
}

// The 6 by 6 texels of the shadow map around a receiver.
struct Window {
    base: vec2i,
    // Where in its texel the receiver stands.
    part: vec2f,
    // Height that the receiver's plane loses from one texel to the next.
    slope: vec2f,
    height: f32,
}

// 1 where nothing in texel (x, y) of the window stands above the receiver's plane.
fn reaches(w: Window, x: i32, y: i32) -> f32 {
    // The map's 0..1 spans twice its extent around 0.
    let span = 2.0 * f32(SHADOW_SIZE) / frame.shadow_centre.w;
    let map = (textureLoad(shadow_map, w.base + vec2i(x, y), 0) - 0.5) * span;
    let receiver = w.height - dot(w.slope, vec2f(vec2i(x - 2, y - 2)) - w.part);
    return select(0.0, 1.0, receiver >= map);
}

fn share(k: i32, part: f32) -> f32 {
    return select(select(1.0, part, k == 5), 1.0 - part, k == 0);
}

// Share of the key light that reaches a point: a box of 5 texels, the receiver's own slope taken into account.
// Where its diagonals are lit, which cross the shadow of anything thin, so is all of it.
fn shadow(position: vec3f, normal: vec3f) -> f32 {
    let texel = 1.0 / frame.shadow_centre.w;
    let q = position - frame.shadow_centre.xyz + normal * (1.8 * texel);
    let side = f32(SHADOW_SIZE);
    let flat_place = vec2f(dot(q, frame.shadow_right.xyz), dot(q, frame.shadow_up.xyz)) * frame.shadow_centre.w;
    let place = clamp(flat_place + (0.5 * side - 0.5), vec2f(2.0), vec2f(side - 4.0));
    var w: Window;
    w.base = vec2i(place) - 2;
    w.part = fract(place);
    let steep = max(dot(normal, frame.shadow_back.xyz), 0.3);
    w.slope = vec2f(dot(normal, frame.shadow_right.xyz), dot(normal, frame.shadow_up.xyz)) * (texel / steep);
    w.height = dot(q, frame.shadow_back.xyz) + 0.5 * texel;
    var agree = 0.0;
    for (var k = 0; k < 6; k++) {
        agree += reaches(w, k, k) + reaches(w, k, 5 - k);
    }
    if agree == 12.0 {
        return 1.0;
    }
    var sum = 0.0;
    for (var y = 0; y < 6; y++) {
        var row = 0.0;
        for (var x = 0; x < 6; x++) {
            row += reaches(w, x, y) * share(x, w.part.x);
        }
        sum += row * share(y, w.part.y);
    }
    return sum / 25.0;
}

const EYE = 2u;
const HAIR = 3u;

// On surfaces of unknown make the alpha of vertex colours is opacity, on our own it is openness.
fn is_foreign() -> bool {
    return part.surface == 0u || part.surface >= 7u;
}

// The texture from the level in which a pixel of so many texels of the first one covers about one.
fn texel(uv: vec2f, footprint: f32) -> vec4f {
    let level = floor(0.5 * floor(log2(2.0 * max(footprint, 0.5))));
    return textureSampleLevel(skin_texture, skin_sampler, uv, level);
}

struct Slope {
    uv_x: vec2f,
    uv_y: vec2f,
    alpha_x: f32,
    alpha_y: f32,
    // Area of a pixel in texels of the first level.
    footprint: f32,
}

// What changes from one pixel to the next. To be called where all pixels are together.
fn slope_of(in: Varying) -> Slope {
    let x = dpdx(in.uv);
    let y = dpdy(in.uv);
    let size = vec2f(textureDimensions(skin_texture));
    return Slope(x, y, dpdx(in.colour.a), dpdy(in.colour.a), abs(x.x * y.y - x.y * y.x) * size.x * size.y);
}

// Sample positions within a pixel, as graphics hardware has them.
const SAMPLES = array(vec2f(-0.125, -0.375), vec2f(0.375, -0.125), vec2f(-0.375, 0.125), vec2f(0.125, 0.375));

// The samples of a pixel at which the surface is opaque enough to be there.
fn coverage(in: Varying, slope: Slope) -> u32 {
    if part.cutoff == 0.0 {
        return 15u;
    }
    var mask = 0u;
    for (var s = 0u; s < 4u; s++) {
        let at = SAMPLES[s];
        let uv = in.uv + slope.uv_x * at.x + slope.uv_y * at.y;
        let alpha = select(1.0, in.colour.a + slope.alpha_x * at.x + slope.alpha_y * at.y, is_foreign());
        // A sample stands for a quarter of its pixel.
        let opacity = alpha * part.emissive.w * texel(uv, 0.25 * slope.footprint).a;
        mask |= select(0u, 1u << s, opacity >= part.cutoff);
    }
    return mask;
}

// Colour and opacity.
fn look(in: Varying, front: bool, slope: Slope) -> vec4f {
    var h: Hit;
    h.position = in.position;
    h.normal = normalize(in.normal);
    h.view = normalize(frame.position.xyz - in.position);
    // Judged by the face and not by the normal, which at a silhouette leans past the edge.
    if part.surface != 1u && !front {
        h.normal = -h.normal;
    }
    h.uv = in.uv;
    let textured = part.shade.w != 0.0;
    if part.surface == EYE && textured {
        h.uv += refraction(h.position, h.view);
    }
    let paint = texel(h.uv, slope.footprint);
    if part.surface == HAIR && textured {
        // Painted hair has its strands, and coordinates that mean something else.
        h.uv = vec2f(0.0);
    }
    h.albedo = in.colour.rgb * paint.rgb;
    h.open = select(in.colour.a, 1.0, is_foreign());
    h.anchor = select(in.anchor.xyz, normalize(in.anchor.xyz), part.surface == HAIR);
    h.depth = in.anchor.w;
    h.roughness = part.roughness;
    h.metallic = part.metallic;
    h.emissive = part.emissive.xyz;
    h.shade = part.shade.xyz * paint.rgb;
    h.behind = !front;
    h.lit = shadow(in.position, h.normal);
    let opacity = select(1.0, in.colour.a, is_foreign()) * part.emissive.w * paint.a;
    return vec4f(surface_colour(part.surface, h), opacity);
}

struct Shaded {
    @location(0) colour: vec4f,
    @builtin(sample_mask) mask: u32,
}

@fragment
fn shade(in: Varying, @builtin(front_facing) front: bool) -> Shaded {
    let slope = slope_of(in);
    let mask = coverage(in, slope);
    if mask == 0u {
        discard;
    }
    return Shaded(vec4f(look(in, front, slope).rgb, 1.0), mask);
}

// What mixes with what is behind it; where it is opaque it has been drawn before, at the same depth.
@fragment
fn veil(in: Varying, @builtin(front_facing) front: bool) -> @location(0) vec4f {
    let colour = look(in, front, slope_of(in));
    let opacity = saturate(colour.a);
    return vec4f(colour.rgb * opacity, opacity);
}

@vertex
fn cover(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
    // One triangle over the whole picture, behind everything.
    return vec4f(f32(i32(i & 1u) * 4 - 1), f32(i32(i >> 1u) * 4 - 1), 0.0, 1.0);
}

@fragment
fn behind(@builtin(position) at: vec4f) -> @location(0) vec4f {
    let colour = textureLoad(backdrop, vec2i(at.xy), 0).rgb;
    let off = vec2f(at.x - 0.5 * frame.size.x, at.y - 0.5 * frame.size.y);
    let ray = frame.right.xyz * off.x - frame.up.xyz * off.y - frame.back.xyz * frame.position.w;
    if ray.y >= -1e-6 {
        return vec4f(colour, 1.0);
    }
    let t = (frame.size.z - frame.position.y) / ray.y;
    let ground = frame.position.xz + ray.xz * t;
    var light = 1.0;
    for (var i = 0; i < i32(frame.size.w); i++) {
        let spot = frame.spots[i];
        let d = ground - spot.xy;
        let reach = 2.6 * spot.z;
        let near = max(1.0 - dot(d, d) / (reach * reach), 0.0);
        light *= 1.0 - spot.w * near * near * near;
    }
    return vec4f(colour * light, 1.0);
}
