// The key light's depth map. Twin of src/render/shadow.rs.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> posed: array<Vertex>;

@vertex
fn project(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
    let q = posed[i].a.xyz - frame.shadow_centre.xyz;
    let scale = frame.shadow_centre.w * 2.0 / f32(SHADOW_SIZE);
    // Rows grow upwards in the map, so y is flipped. Nearer to the light is greater, 0..1 over twice the map's extent.
    let height = 0.5 + 0.25 * dot(q, frame.shadow_back.xyz) * scale;
    return vec4f(dot(q, frame.shadow_right.xyz) * scale, -dot(q, frame.shadow_up.xyz) * scale, height, 1.0);
}
