// Pitches of the lids' rims in every column of both eyes, from the posed vertices. Twin of Socket::pose in src/render/eyes.rs.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> posed: array<Vertex>;
// Vertices of the rims: of the left eye's upper lid, lower lid, then the right eye's.
@group(0) @binding(2) var<storage, read> rim: array<u32>;
@group(0) @binding(3) var<storage, read_write> lids: array<f32>;

@compute @workgroup_size(64)
fn measure(@builtin(global_invocation_id) id: vec3u) {
    let eye = frame.eyes[id.x / u32(2 * LID_COLUMNS)];
    let d = posed[rim[id.x]].a.xyz - eye.centre.xyz;
    lids[id.x] = asin(clamp(dot(d, eye.up.xyz) / max(length(d), 1e-9), -1.0, 1.0));
}
