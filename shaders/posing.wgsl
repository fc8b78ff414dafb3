// Morphs and linear blend skinning, one vertex an invocation; then the lids' rims. Twin of src/render/geometry.rs and eyes.rs.

struct Skin {
    joints: vec4u,
    weights: vec4f,
}

// One morph's offset of one vertex. `morph` holds the bits of the morph's number.
struct Offset {
    position: vec3f,
    morph: u32,
    normal: vec3f,
    spare: f32,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> rest: array<Vertex>;
@group(0) @binding(2) var<storage, read> skins: array<Skin>;
// Offsets of vertex i stand at starts[i] .. starts[i + 1], in the order of the morphs.
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> offsets: array<Offset>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
// Three rows a joint.
@group(0) @binding(6) var<storage, read> palette: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> posed: array<Vertex>;

fn turned(joint: u32, v: vec4f) -> vec3f {
    let row = joint * 3u;
    return vec3f(dot(palette[row], v), dot(palette[row + 1u], v), dot(palette[row + 2u], v));
}

fn skinned(skin: Skin, v: vec4f) -> vec3f {
    var sum = turned(skin.joints.x, v) * skin.weights.x;
    if skin.weights.y != 0.0 {
        sum += turned(skin.joints.y, v) * skin.weights.y;
        sum += turned(skin.joints.z, v) * skin.weights.z;
        sum += turned(skin.joints.w, v) * skin.weights.w;
    }
    return sum;
}

@compute @workgroup_size(64)
fn pose(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    if i >= arrayLength(&skins) {
        return;
    }
    var v = rest[i];
    var position = v.a.xyz;
    var normal = vec3f(v.a.w, v.b.xy);
    for (var k = starts[i]; k < starts[i + 1u]; k++) {
        let weight = weights[offsets[k].morph];
        position += offsets[k].position * weight;
        normal += offsets[k].normal * weight;
    }
    let skin = skins[i];
    position = skinned(skin, vec4f(position, 1.0));
    normal = skinned(skin, vec4f(normal, 0.0));
    v.a = vec4f(position, normal.x);
    v.b = vec4f(normal.yz, v.b.zw);
    // Strands turn with the head; resting positions stay.
    if v.d.w < 0.0 {
        v.d = vec4f(skinned(skin, vec4f(v.d.xyz, 0.0)), v.d.w);
    }
    posed[i] = v;
}
