//! What the shaders read, in their memory layout (`shaders/common.wgsl`, `posing.wgsl`, `shade.wgsl`).

use super::background::{Ground, SPOTS};
use super::eyes::COLUMNS;
use super::look::{Light, Look};
use super::model::{Model, Part, Skin};
use super::rig::Joints;
use super::shade::Detail;
use super::shadow::LightCamera;
use super::view::{Camera, View};
use bytemuck::{Pod, Zeroable};
use glam::Vec3;

/// Columns of both lids of both eyes.
pub const LIDS: usize = 4 * COLUMNS;

type Vec4 = [f32; 4];

fn vec4(v: Vec3, w: f32) -> Vec4 {
    [v.x, v.y, v.z, w]
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct LightData {
    direction: Vec4,
    colour: Vec4,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct EyeData {
    centre: Vec4,
    gaze: Vec4,
    right: Vec4,
    up: Vec4,
    forward: Vec4,
    ball_right: Vec4,
    ball_up: Vec4,
    slope: Vec4,
}

/// `Frame` of `common.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct FrameData {
    position: Vec4,
    right: Vec4,
    up: Vec4,
    back: Vec4,
    size: Vec4,
    lights: [LightData; 4],
    sky: Vec4,
    ground: Vec4,
    film: Vec4,
    grade_shadows: Vec4,
    grade_lights: Vec4,
    paper: Vec4,
    shadow_centre: Vec4,
    shadow_right: Vec4,
    shadow_up: Vec4,
    shadow_back: Vec4,
    eyes: [EyeData; 2],
    spots: [Vec4; SPOTS],
}

/// Fills the constants of a frame.
pub fn frame_data(
    model: &Model,
    view: &View,
    camera: &Camera,
    look: &Look,
    shadow: &LightCamera,
    joints: &Joints,
    ground: Option<&Ground>,
) -> FrameData {
    let light = |l: &Light| LightData { direction: vec4(l.direction, l.size), colour: vec4(l.colour, 0.0) };
    let eyes = model.sockets.each_ref().map(|socket| match socket {
        None => EyeData::zeroed(),
        Some(socket) => {
            let eye = socket.place(&model.rig, joints);
            EyeData {
                centre: vec4(eye.centre, 1.0),
                gaze: vec4(eye.gaze, 0.0),
                right: vec4(eye.right, 0.0),
                up: vec4(eye.up, 0.0),
                forward: vec4(eye.forward, 0.0),
                ball_right: vec4(eye.ball_right, 0.0),
                ball_up: vec4(eye.ball_up, 0.0),
                slope: eye.slope,
            }
        }
    });
    let mut spots = [Vec4::zeroed(); SPOTS];
    let found = ground.map(|g| g.spots()).unwrap_or_default();
    found.iter().zip(&mut spots).for_each(|(from, to)| *to = *from);
    let lights = &look.lights;
    let detail = Detail::new(camera.pixel());
    FrameData {
        position: vec4(camera.position, camera.focal),
        right: vec4(camera.right, 0.0),
        up: vec4(camera.up, 0.0),
        back: vec4(camera.back, 0.0),
        size: [view.width as f32, view.height as f32, model.subject.floor, found.len().min(SPOTS) as f32],
        lights: [light(&lights.key), light(&lights.fill), light(&lights.rim), light(&lights.kicker)],
        sky: vec4(lights.sky, 0.0),
        ground: vec4(lights.ground, 0.0),
        film: [look.exposure, look.grade.saturation, detail.pores, detail.weave],
        grade_shadows: vec4(look.grade.shadows, 0.0),
        grade_lights: vec4(look.grade.lights, 0.0),
        paper: vec4(look.paper, 0.0),
        shadow_centre: vec4(shadow.centre, shadow.scale),
        shadow_right: vec4(shadow.right, 0.0),
        shadow_up: vec4(shadow.up, 0.0),
        shadow_back: vec4(shadow.back, 0.0),
        eyes,
        spots,
    }
}

impl FrameData {
    /// With the depth that pushed-out lips add to the mouth.
    pub fn pouting(mut self, depth: f32) -> FrameData {
        self.sky[3] = depth;
        self
    }
}

/// `Skin` of `posing.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct SkinData {
    joints: [u32; 4],
    weights: Vec4,
}

impl SkinData {
    pub fn new(skin: &Skin) -> SkinData {
        SkinData { joints: skin.joints, weights: skin.weights }
    }
}

/// `Part` of `shade.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct PartData {
    surface: u32,
    roughness: f32,
    metallic: f32,
    cutoff: f32,
    emissive: Vec4,
    shade: Vec4,
}

impl PartData {
    pub fn new(part: &Part) -> PartData {
        PartData {
            surface: part.surface as u32,
            roughness: part.roughness,
            metallic: part.metallic,
            cutoff: part.cutoff,
            emissive: vec4(part.emissive, part.opacity),
            shade: vec4(part.shade, if part.texture.is_some() { 1.0 } else { 0.0 }),
        }
    }
}

/// `Vertex` of `common.wgsl`: shape and paint side by side.
pub fn pack_vertices(model: &Model) -> Vec<[f32; 16]> {
    let both = |(shape, paint): (&super::lanes::F8, &super::lanes::F8)| {
        let (s, p) = (shape.to_array(), paint.to_array());
        std::array::from_fn(|i| if i < 8 { s[i] } else { p[i - 8] })
    };
    model.shape.iter().zip(&model.paint).map(both).collect()
}

/// `Offset` of `posing.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct OffsetData {
    position: [f32; 3],
    morph: u32,
    normal: [f32; 3],
    spare: f32,
}

/// All morph offsets, sorted by vertex and then by morph.
pub struct Offsets {
    /// Offsets of vertex i stand at `starts[i]..starts[i + 1]`.
    pub starts: Vec<u32>,
    pub entries: Vec<OffsetData>,
}

impl Offsets {
    pub fn new(model: &Model) -> Offsets {
        let count = model.shape.len();
        let mut starts = vec![0u32; count + 1];
        model.morphs.iter().flat_map(|m| &m.vertices).for_each(|v| starts[*v as usize + 1] += 1);
        (0..count).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        // One spare entry: a buffer must not be empty.
        let mut entries = vec![OffsetData::zeroed(); starts[count] as usize + 1];
        for (morph, targets) in model.morphs.iter().enumerate() {
            for (vertex, offset) in targets.vertices.iter().zip(&targets.offsets) {
                let o = offset.to_array();
                let place = &mut next[*vertex as usize];
                entries[*place as usize] =
                    OffsetData { position: [o[0], o[1], o[2]], morph: morph as u32, normal: [o[3], o[4], o[5]], spare: 0.0 };
                *place += 1;
            }
        }
        Offsets { starts, entries }
    }
}
