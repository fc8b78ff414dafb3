// What all passes share: the frame's constants and the vertices.
// Space is the actor's, metres, y up; colours are linear.

struct Light {
    // w is the radius of its reflection in an eye, as a share of the ball's.
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
    // The ball's own frame, which turns with the gaze.
    ball_right: vec4f,
    ball_up: vec4f,
    // Change of the texture coordinates along the ball's x and y: du/dx, dv/dx, du/dy, dv/dy.
    slope: vec4f,
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
    // Exposure, saturation; how much is drawn of pores and of weave.
    film: vec4f,
    grade_shadows: vec4f,
    grade_lights: vec4f,
    // Light on surfaces that are drawn rather than lit.
    paper: vec4f,
    // Centre of the shadow map; w is texels per metre.
    shadow_centre: vec4f,
    shadow_right: vec4f,
    shadow_up: vec4f,
    shadow_back: vec4f,
    eyes: array<Eye, 2>,
    // Soft shadows on the floor: x, z, radius, strength.
    spots: array<vec4f, 16>,
}

// A vertex, posed or at rest: position, normal, uv, colour, openness or opacity, anchor, number. Packed as floats:
// a = position, normal.x; b = normal.yz, uv; c = colour, openness or opacity; d = anchor, number (`Model::paint`).
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
