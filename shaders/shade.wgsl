// The picture: the background with the feet's shadow, then every part of the actor.

struct Part {
    // Place of the surface in `actor::Surface`.
    surface: u32,
    roughness: f32,
    metallic: f32,
    // Texels below this opacity are holes.
    cutout: f32,
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
    @location(4) @interpolate(perspective, centroid) strand: vec4f,
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
    out.strand = v.d;
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

// Shade of the lid and of the corners, and the strength of the catch lights.
fn eye_light(h: Hit, number: i32) -> vec2f {
    let eye = frame.eyes[number];
    let q = normalize(h.position - eye.centre.xyz);
    let yaw = atan2(dot(q, eye.right.xyz), dot(q, eye.forward.xyz));
    let pitch = asin(clamp(dot(q, eye.up.xyz), -1.0, 1.0));
    let columns = f32(LID_COLUMNS);
    let at = clamp((yaw + LID_REACH) * (columns / (2.0 * LID_REACH)) - 0.5, 0.0, columns - 1.001);
    let low = i32(at) + number * LID_COLUMNS;
    let rim = mix(lids[low], lids[min(low + 1, number * LID_COLUMNS + LID_COLUMNS - 1)], fract(at));
    let under = rim - pitch;
    let fade = pow(1.0 + max(under - 0.026, 0.0) / (8.0 * 0.113), -8.0);
    let side = yaw / 0.94;
    let corner = saturate(side * side);
    let shade = (1.0 - 0.62 * fade) * (1.0 - 0.30 * corner * corner);
    let off = q - eye.gaze.xyz;
    let at_camera = vec2f(dot(off, frame.right.xyz), dot(off, frame.up.xyz));
    let open = smoothstep(-0.02, 0.07, under);
    let front = smoothstep(0.0, 0.3, dot(q, eye.gaze.xyz));
    let main = 1.0 - smoothstep(0.105, 0.155, length(at_camera - vec2f(-0.17, 0.20)));
    let low_light = 1.0 - smoothstep(0.04, 0.08, length(at_camera - vec2f(0.19, -0.20)));
    return vec2f(shade, (main * 1.6 * open + low_light * 0.35) * front);
}

fn eye(h: Hit) -> vec3f {
    let wrapped = wrap(h.normal, frame.key, 0.55) * (0.45 + 0.55 * h.lit) * 0.62;
    let amb = ambient(h.normal, vec3f(1.0)) * 0.40;
    let body = h.albedo * (frame.key.colour.xyz * wrapped + amb + 0.10);
    let wet = frame.rim.colour.xyz * (ggx(h.normal, h.view, frame.rim, 0.25, 0.04) * 0.3);
    if frame.eyes[0].centre.w == 0.0 || frame.eyes[1].centre.w == 0.0 {
        return body + wet + frame.key.colour.xyz * (ggx(h.normal, h.view, frame.key, 0.12, 0.04) * 0.2);
    }
    let nearer = distance(h.position, frame.eyes[0].centre.xyz) < distance(h.position, frame.eyes[1].centre.xyz);
    let light = eye_light(h, select(1, 0, nearer));
    return body * light.x + wet + light.y;
}

@fragment
fn shade(in: Varying, @builtin(front_facing) front: bool) -> @location(0) vec4f {
    let texel = textureSample(skin_texture, skin_sampler, in.uv);
    if texel.a < part.cutout {
        discard;
    }
    var h: Hit;
    h.position = in.position;
    h.normal = normalize(in.normal);
    h.view = normalize(frame.position.xyz - in.position);
    // Judged by the face and not by the normal, which at a silhouette leans past the edge.
    if part.surface != 1u && !front {
        h.normal = -h.normal;
    }
    h.albedo = in.colour.rgb * texel.rgb;
    h.open = in.colour.a;
    h.strand = normalize(in.strand.xyz);
    h.depth = in.strand.w;
    h.uv = in.uv;
    h.roughness = part.roughness;
    h.metallic = part.metallic;
    h.behind = !front;
    h.lit = shadow(in.position, h.normal);
    var colour: vec3f;
    switch part.surface {
        case 1u: { colour = skin(h); }
        case 2u: { colour = eye(h); }
        case 3u: { colour = hair(h); }
        case 4u: { colour = cloth(h); }
        case 5u: { colour = mouth(h); }
        case 6u: { colour = lash(h); }
        default: { colour = plain(h); }
    }
    return vec4f(tone_map(colour), 1.0);
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
