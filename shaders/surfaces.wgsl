// The shading of every surface. This is the source of truth for how gestus pictures look; src/render/shade/ is its twin, function by
// function. Colours are linear. `lids` holds the pitches of the lids' rims: of each eye the upper, then the lower one's columns.

struct Hit {
    position: vec3f,
    normal: vec3f,
    // Towards the camera.
    view: vec3f,
    albedo: vec3f,
    // Baked ambient occlusion, 1 is open.
    open: f32,
    // Along the hair strand; on other surfaces the resting position.
    anchor: vec3f,
    // Mouth: metres behind its front. Skin: share of the light that comes through from behind. Cloth: how much its weave shows.
    depth: f32,
    uv: vec2f,
    behind: bool,
    // Share of the key light that arrives.
    lit: f32,
    // What only surfaces of unknown make have; `shade` is the colour of the side away from the light.
    roughness: f32,
    metallic: f32,
    emissive: vec3f,
    shade: vec3f,
}

fn bend(d: f32) -> f32 {
    return d * (0.68 + 0.32 * d);
}

// Light that wraps around the terminator by w; close to ((n.l + w) / (1 + w))^1.25.
fn wrap(n: vec3f, l: Light, w: f32) -> f32 {
    return bend(saturate((dot(n, l.direction.xyz) + w) / (1.0 + w)));
}

fn wrap3(n: vec3f, l: Light, w: vec3f) -> vec3f {
    let d = saturate((dot(n, l.direction.xyz) + w) / (1.0 + w));
    return d * (0.68 + 0.32 * d);
}

// The parts of a microfacet highlight that lobes of different roughness share.
struct Facet {
    // Squared cosine between normal and half vector.
    nh2: f32,
    // (1 - v.h)^5 of Schlick's Fresnel term (1994).
    graze: f32,
    // Cosine of the light over a cheap visibility term.
    seen: f32,
}

fn facet(n: vec3f, v: vec3f, light: Light) -> Facet {
    let l = light.direction.xyz;
    let h = normalize(v + l);
    let nh = saturate(dot(n, h));
    let nl = saturate(dot(n, l));
    let c = 1.0 - saturate(dot(v, h));
    let c2 = c * c;
    let facing = abs(dot(n, v));
    return Facet(nh * nh, c2 * c2 * c, nl * 0.25 / max(0.5 * (nl + facing), 0.15));
}

// The GGX distribution (Walter et al. 2007) times visibility and the light's cosine, before Fresnel.
fn lobe(f: Facet, roughness: f32) -> f32 {
    let r2 = roughness * roughness;
    let a2 = r2 * r2;
    let k = f.nh2 * (a2 - 1.0) + 1.0;
    return a2 / (PI * k * k + 1e-7) * f.seen;
}

fn fresnel(f: Facet, f0: f32) -> f32 {
    return f0 + (1.0 - f0) * f.graze;
}

// A highlight of one roughness on something that does not conduct.
fn ggx(n: vec3f, v: vec3f, light: Light, roughness: f32) -> f32 {
    let f = facet(n, v, light);
    return lobe(f, roughness) * fresnel(f, 0.04);
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

// How much a surface turns to its edge, 0..1.
fn edge_of(h: Hit) -> f32 {
    return saturate(1.0 - abs(dot(h.normal, h.view)));
}

// A sine of turns: a parabola refined once.
fn wave(turns: f32) -> f32 {
    let t = turns - floor(turns + 0.5);
    let y = t * (8.0 - 16.0 * abs(t));
    return 0.225 * (y * abs(y) - y) + y;
}

// Skin.

// Occlusion per channel: light that bounced in a crease is redder on skin. Close to a^(0.85, 1.05, 1.12).
fn bounced(open: f32) -> vec3f {
    let b = open * (1.0 - open);
    return vec3f(open) + b * vec3f(0.18, -0.06, -0.13);
}

// Blood is unevenly spread: faint redder and paler patches of two to three centimetres.
fn complexion(p: vec3f) -> vec3f {
    let patch_ = wave(p.x * 41.0 + wave(p.y * 23.0) * 0.3) * wave(p.y * 33.0 + p.z * 19.0);
    return 1.0 + patch_ * vec3f(0.012, -0.022, -0.018);
}

fn from_behind(h: Hit, light: Light) -> vec3f {
    return light.colour.xyz * saturate(0.25 - dot(h.normal, light.direction.xyz));
}

// Light on the far side that comes through thin flesh, red by the blood in it.
fn through(h: Hit) -> vec3f {
    let light = from_behind(h, frame.key) * 0.35 + from_behind(h, frame.rim) + from_behind(h, frame.kicker);
    return light * vec3f(0.62, 0.15, 0.08) * h.depth;
}

// The skin's fine relief; xyz offsets the normal.
fn pores(p: vec3f) -> vec3f {
    // Waves bent by other waves of about their length, in directions of no common measure: nothing repeats.
    let a = wave(dot(p, vec3f(-270.0, 640.0, 380.0))) * 0.7;
    let b = wave(dot(p, vec3f(560.0, -250.0, 610.0))) * 0.7;
    let x = wave(dot(p, vec3f(690.0, 230.0, -350.0)) + a + b);
    let y = wave(dot(p, vec3f(-310.0, 590.0, 440.0)) + b - a);
    let z = wave(dot(p, vec3f(370.0, -480.0, 560.0)) + a * b * 2.0);
    return vec3f(x, y, z);
}

// Lips and the wet rims of the eyes are told by their redness: they shine more.
fn lips(albedo: vec3f) -> f32 {
    return smoothstep(3.0, 5.0, albedo.x / (albedo.y + 0.02)) * smoothstep(0.05, 0.2, albedo.x);
}

fn skin(h: Hit) -> vec3f {
    let amb = ambient(h.normal, bounced(h.open));
    if h.behind {
        // The inside of the head, seen through the mouth.
        return (amb + frame.key.colour.xyz * 0.25) * vec3f(0.085, 0.014, 0.013);
    }
    let albedo = h.albedo * 0.80 * complexion(h.anchor);
    let body = albedo * (diffuse(h, vec3f(0.50, 0.24, 0.17)) + amb + through(h));
    var normal = h.normal;
    var rough = 1.0;
    if frame.film.z > 0.0 {
        let relief = pores(h.anchor);
        normal = normalize(normal + relief * (0.045 * frame.film.z));
        rough += relief.x * relief.y * 0.5 * frame.film.z;
    }
    let open2 = h.open * h.open;
    let oil = 0.20 + 0.85 * lips(h.albedo);
    let f = facet(normal, h.view, frame.key);
    let key = (lobe(f, 0.50) * 1.35 + lobe(f, 0.31) * oil * rough) * fresnel(f, 0.04) * h.lit;
    let rim = ggx(normal, h.view, frame.rim, 0.45) * open2 * 0.7;
    let fill = ggx(normal, h.view, frame.fill, 0.5) * h.open;
    let kicker = ggx(normal, h.view, frame.kicker, 0.5) * open2 * 0.5;
    let edge = edge_of(h);
    let down = amb * vec3f(1.0, 0.72, 0.60) * (edge * edge * edge * h.open * 0.45);
    let shine = frame.key.colour.xyz * key + frame.rim.colour.xyz * rim + frame.fill.colour.xyz * fill + frame.kicker.colour.xyz * kicker;
    return body + shine + down;
}

// Hair.

// Strands by their place across the clump, -1..1: irregular waves that come and go along it, since regular ones look like corduroy.
fn strands(uv: vec2f) -> f32 {
    let across = uv.x * 3.0;
    let broad = wave(across * 1.43 + wave(uv.y * 0.48 + across * 0.32) * 0.4) * 0.45;
    let fine = wave(across * 4.9 + wave(uv.y * 0.9 + across * 0.21) * 0.6) * 0.24;
    let middle = wave(across * 2.7 + uv.y * 0.6) * 0.30;
    return (broad + fine + middle) * (0.62 + 0.38 * wave(across * 0.43 + uv.y * 0.8));
}

// One highlight of a bundle of fibres (Kajiya and Kay 1989), its tangent shifted along the normal (Marschner et al. 2003).
fn strand_lobe(h: Hit, strand: vec3f, l: Light, shift: f32, exponent: f32) -> f32 {
    let half_ = normalize(h.view + l.direction.xyz);
    let d = dot(normalize(strand + h.normal * shift), half_);
    return pow(saturate(1.0 - d * d), exponent) * saturate(dot(h.normal, l.direction.xyz) * 0.7 + 0.35);
}

fn hair(h: Hit) -> vec3f {
    let noise = strands(h.uv);
    let strand = normalize(h.anchor + h.normal * (noise * 0.12));
    let tips = smoothstep(0.45, 1.0, h.uv.y);
    let base = h.albedo * (1.0 + noise * 0.13 + tips * 0.22);
    let body = base * (diffuse(h, vec3f(0.35, 0.30, 0.25)) + ambient(h.normal, vec3f(0.16 + 0.84 * h.open)));
    let tint = sqrt(h.albedo) * 0.9 + 0.02;
    let near = strand_lobe(h, strand, frame.key, -0.06, 40.0) * h.lit * (1.0 + noise * 0.7);
    let far = strand_lobe(h, strand, frame.key, 0.10, 10.0) * h.lit;
    let rim = strand_lobe(h, strand, frame.rim, 0.0, 7.0) * h.open;
    let kicker = strand_lobe(h, strand, frame.kicker, 0.0, 7.0) * h.open;
    let shine = frame.key.colour.xyz * (vec3f(1.0, 0.86, 0.70) * (near * 0.17) + tint * (far * 0.27))
        + frame.rim.colour.xyz * tint * (rim * 0.45)
        + frame.kicker.colour.xyz * tint * (kicker * 0.30);
    return body + shine * h.open * h.open;
}

// Cloth.

// Dye and wear are uneven over centimetres, -1..1.
fn wear(p: vec3f) -> f32 {
    return wave(p.x * 9.0 + wave(p.y * 7.0 + p.z * 5.0) * 0.9) * wave(p.y * 6.0 + wave(p.x * 8.0 - p.z * 6.0) * 0.9);
}

// Threads that go over and under each other every 2.4 mm, unevenly, -1..1.
fn weave(p: vec3f) -> f32 {
    let warp = wave((p.x + p.z * 0.6) * 417.0 + wave(p.y * 61.0) * 0.35);
    let weft = wave(p.y * 417.0 + wave((p.x + p.z) * 53.0) * 0.35);
    return warp * weft + (warp + weft) * 0.25;
}

fn cloth(h: Hit) -> vec3f {
    let amb = ambient(h.normal, vec3f(h.open));
    let edge = edge_of(h);
    let fuzz = edge * edge * edge;
    var tone = 1.0 + wear(h.anchor) * 0.02;
    if frame.film.w > 0.0 {
        // Seen at a slant it would be finer than pixels.
        tone += weave(h.anchor) * ((1.0 - smoothstep(0.3, 0.7, edge)) * 0.085 * frame.film.w * h.depth);
    }
    let key = frame.key.colour.xyz * (wrap(h.normal, frame.key, 0.4) * h.lit);
    let sheen = (amb + key * 0.5) * (h.albedo * 0.6 + 0.05) * (fuzz * 0.55);
    return h.albedo * tone * (diffuse(h, vec3f(0.17, 0.15, 0.14)) + amb) + sheen;
}

// Mouth and lashes.

// Teeth, gums and tongue: lit through the mouth's opening only, so they fade with depth behind its front, to red.
fn mouth(h: Hit) -> vec3f {
    let amb = ambient(h.normal, vec3f(h.open)) * 1.2;
    let key = frame.key.colour.xyz * (wrap(h.normal, frame.key, 0.5) * max(h.lit, 0.6) * 0.70);
    let far = saturate((h.depth + frame.sky.w) / 0.024);
    let deep = 1.0 - far * vec3f(0.78, 0.87, 0.88);
    let wet = ggx(h.normal, h.view, frame.key, 0.25) * 0.6;
    return (h.albedo * (amb + key + amb * 0.35) + frame.key.colour.xyz * (wet * 0.42)) * deep;
}

fn lash(h: Hit) -> vec3f {
    return h.albedo * ambient(h.normal, vec3f(h.open)) * 1.05;
}

// Other actors' surfaces.

// The sky in the surface, blurred by its roughness (Karis' fit of the environment term, 2014).
fn mirrored_sky(h: Hit, f0: vec3f) -> vec3f {
    let facing = saturate(dot(h.normal, h.view));
    let towards = h.normal * (facing * 2.0) - h.view;
    let r = 1.0 - h.roughness;
    let grazing = pow(1.0 + facing * 0.804, -8.0);
    let a = min(r * r, grazing) * r + 0.0425 - h.roughness * 0.0275;
    let scale = 1.04 - 1.04 * a - h.roughness * 0.572;
    let offset = 1.04 * a - 0.04 + h.roughness * 0.022;
    return ambient(towards, vec3f(h.open)) * (f0 * scale + offset);
}

fn shine(h: Hit, light: Light, f0: vec3f, share: f32) -> vec3f {
    let f = facet(h.normal, h.view, light);
    // A light's colour is what a white sheet sends back, pi times less than it receives.
    return light.colour.xyz * (f0 * (1.0 - f.graze) + f.graze) * (lobe(f, h.roughness) * share * PI);
}

// Lambert and GGX by roughness and metalness, and the sky mirrored.
fn plain(h: Hit) -> vec3f {
    let amb = ambient(h.normal, vec3f(h.open));
    let matt = h.albedo * (1.0 - h.metallic) * (diffuse(h, vec3f(0.10)) + amb);
    let f0 = mix(vec3f(0.04), h.albedo, h.metallic);
    let lights = shine(h, frame.key, f0, h.lit) + shine(h, frame.fill, f0, h.open)
        + shine(h, frame.rim, f0, h.open) + shine(h, frame.kicker, f0, h.open);
    return matt + lights + mirrored_sky(h, f0);
}

// Lit colour and shade colour with a soft step between them, as MToon's default of 0.9 has it.
fn toon(h: Hit) -> vec3f {
    let step = smoothstep(-0.1, 0.1, dot(h.normal, frame.key.direction.xyz)) * h.lit;
    return saturate(mix(h.shade, h.albedo, step) * frame.paper.xyz + h.emissive);
}

// Eyes.

// Depth of the iris behind the cornea's front as a share of the ball's radius, and the index of refraction of what is between.
const IRIS_DEPTH = 0.17;
const IRIS_INDEX = 1.336;
// The cornea's radius of curvature as a share of the ball's, and its border's distance from the axis.
const CORNEA = 0.65;
const CORNEA_BORDER = 0.52;

// Whether there are two eyes with sockets.
fn has_eyes() -> bool {
    return frame.eyes[0].centre.w != 0.0 && frame.eyes[1].centre.w != 0.0;
}

fn nearer_eye(position: vec3f) -> i32 {
    return select(1, 0, distance(position, frame.eyes[0].centre.xyz) < distance(position, frame.eyes[1].centre.xyz));
}

// A direction in the frame that turns with the ball: right, up, along the gaze.
fn in_ball(eye: Eye, q: vec3f) -> vec3f {
    return vec3f(dot(q, eye.ball_right.xyz), dot(q, eye.ball_up.xyz), dot(q, eye.gaze.xyz));
}

// Where the look through the cornea meets the iris: what to add to the texture coordinates.
fn refraction(position: vec3f, view: vec3f) -> vec2f {
    if !has_eyes() {
        return vec2f(0.0);
    }
    let eye = frame.eyes[nearer_eye(position)];
    let q = in_ball(eye, normalize(position - eye.centre.xyz));
    let v = in_ball(eye, view);
    let under = saturate(1.0 - dot(q.xy, q.xy) / (CORNEA_BORDER * CORNEA_BORDER)) * select(0.0, 1.0, q.z > 0.0);
    let d = v.xy * (under * (-IRIS_DEPTH / IRIS_INDEX) / max(v.z, 0.35));
    return d.x * eye.slope.xy + d.y * eye.slope.zw;
}

fn fall(x: f32, reach: f32) -> f32 {
    return pow(1.0 + max(x, 0.0) / (8.0 * reach), -8.0);
}

// Light that enters the cornea on one side leaves the iris on the other. White and pupil, which have no colour, keep still.
fn glow(h: Hit, eye: Eye, q: vec3f) -> f32 {
    let p = in_ball(eye, q).xy;
    let l = in_ball(eye, frame.key.direction.xyz).xy;
    let across = saturate(dot(p, l) * -1.6 + 0.30);
    let most = max(h.albedo.x, max(h.albedo.y, h.albedo.z));
    let least = min(h.albedo.x, min(h.albedo.y, h.albedo.z));
    let coloured = smoothstep(0.15, 0.5, (most - least) / (most + 0.01));
    let inside = 1.0 - smoothstep(0.8, 1.0, dot(p, p) / (CORNEA_BORDER * CORNEA_BORDER));
    return 1.0 + coloured * inside * (across * across * 1.1 - 0.05);
}

// A light mirrored in the cornea, as a disc where its reflection stands; kept on the iris, so that the eye is alive from
// everywhere, and off its middle, where a light in the pupil would look like a cataract.
fn mirrored_light(eye: Eye, q: vec3f, light: Light) -> vec3f {
    let half_ = normalize(light.direction.xyz + frame.back.xyz);
    let off = (half_ - eye.gaze.xyz) * CORNEA;
    let centre = vec2f(dot(off, frame.right.xyz), dot(off, frame.up.xyz));
    let hold = min(0.27 / max(length(centre), 1e-6), 1.0);
    let colour = light.colour.xyz * smoothstep(0.06, 0.16, length(centre));
    let p = q - eye.gaze.xyz;
    let d = distance(vec2f(dot(p, frame.right.xyz), dot(p, frame.up.xyz)), centre * hold);
    return colour * (1.0 - smoothstep(light.direction.w * 0.8, light.direction.w * 1.2, d));
}

// Pitch of a lid's rim; `first` is the place of its first column.
fn rim_over(first: i32, place: f32) -> f32 {
    let low = i32(place);
    return mix(lids[first + low], lids[first + min(low + 1, LID_COLUMNS - 1)], fract(place));
}

// Shade of the lids and the corners with the glow of the iris in w, what is mirrored in xyz.
fn socket(h: Hit, number: i32) -> vec4f {
    let eye = frame.eyes[number];
    let q = normalize(h.position - eye.centre.xyz);
    let yaw = atan2(dot(q, eye.right.xyz), dot(q, eye.forward.xyz));
    let pitch = asin(clamp(dot(q, eye.up.xyz), -1.0, 1.0));
    let columns = f32(LID_COLUMNS);
    let place = clamp((yaw + LID_REACH) * (columns / (2.0 * LID_REACH)) - 0.5, 0.0, columns - 1.001);
    let first = number * 2 * LID_COLUMNS;
    let under = rim_over(first, place) - pitch;
    let above = pitch - rim_over(first + LID_COLUMNS, place);
    let side = yaw / 0.94;
    let corner = saturate(side * side);
    let lid = (1.0 - 0.62 * fall(under - 0.026, 0.113)) * (1.0 - 0.30 * corner * corner);
    let shade = lid * (1.0 - 0.30 * fall(above, 0.06)) * glow(h, eye, q);
    let front = smoothstep(0.0, 0.3, dot(q, eye.gaze.xyz));
    let open = smoothstep(-0.02, 0.07, under);
    let lights = mirrored_light(eye, q, frame.key) * (open * 0.66) + mirrored_light(eye, q, frame.fill) * 0.70;
    let near = saturate(1.0 - abs(above - 0.018) / 0.022);
    let tears = frame.key.colour.xyz * (near * near * (0.3 + 0.7 * h.lit) * 0.07);
    return vec4f(lights * front + tears, shade);
}

fn eye(h: Hit) -> vec3f {
    let wrapped = wrap(h.normal, frame.key, 0.55) * (0.45 + 0.55 * h.lit) * 0.62;
    let amb = ambient(h.normal, vec3f(1.0)) * 0.56;
    let fill = frame.fill.colour.xyz * (wrap(h.normal, frame.fill, 0.5) * 0.30);
    let light = frame.key.colour.xyz * wrapped + amb + fill;
    let wet = frame.rim.colour.xyz * (ggx(h.normal, h.view, frame.rim, 0.25) * 0.3);
    if !has_eyes() {
        return h.albedo * light + wet + frame.key.colour.xyz * (ggx(h.normal, h.view, frame.key, 0.12) * 0.2);
    }
    let in_socket = socket(h, nearer_eye(h.position));
    return h.albedo * light * in_socket.w + wet + in_socket.xyz;
}

// Film.

// The film curve: Krzysztof Narkowicz's fit of the ACES curve (2015).
fn film(x: vec3f) -> vec3f {
    return (x * (x * 2.51 + 0.03)) / (x * (x * 2.43 + 0.59) + 0.14);
}

// Exposure, film curve and grade. A curve on each channel alone bleaches bright skin to yellow, one on the brightness alone
// never lets light go white; half of each keeps the hue and rolls off. Gives linear light 0..1.
fn tone_map(colour: vec3f) -> vec3f {
    let x = colour * frame.film.x;
    let peak = max(max(x.x, x.y), max(x.z, 1e-4));
    let mapped = (film(x) + x * (film(vec3f(peak)).x / peak)) * 0.5;
    let grey = dot(mapped, vec3f(0.2126, 0.7152, 0.0722));
    let coloured = mix(vec3f(grey), mapped, frame.film.y);
    return saturate(coloured * frame.grade_lights.xyz + frame.grade_shadows.xyz * (1.0 - grey));
}

// Colour of a surface, by its place in `actor::Surface`.
fn surface_colour(surface: u32, h: Hit) -> vec3f {
    var light: vec3f;
    switch surface {
        case 1u: { light = skin(h); }
        case 2u: { light = eye(h); }
        case 3u: { light = hair(h); }
        case 4u: { light = cloth(h); }
        case 5u: { light = mouth(h); }
        case 6u: { light = lash(h); }
        case 7u: { return saturate(h.albedo); }
        case 8u: { return toon(h); }
        default: { light = plain(h); }
    }
    return tone_map(light + h.emissive);
}
