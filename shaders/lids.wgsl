// Pitch of the upper lid's rim in every column of both eyes, from the posed vertices. Twin of Socket::pose in src/render/eyes.rs.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> posed: array<Vertex>;
// Vertices of the rim: the left eye's columns, then the right's.
@group(0) @binding(2) var<storage, read> rim: array<u32>;
@group(0) @binding(3) var<storage, read_write> lids: array<f32>;

@compute @workgroup_size(32)
fn measure(@builtin(global_invocation_id) id: vec3u) {
    let eye = frame.eyes[id.x / u32(LID_COLUMNS)];
    let d = posed[rim[id.x]].a.xyz - eye.centre.xyz;
    lids[id.x] = asin(clamp(dot(d, eye.up.xyz) / max(length(d), 1e-9), -1.0, 1.0));
}
