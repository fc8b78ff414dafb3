//! The actor: meshes with morphs, a skeleton, materials. [`build`] makes ours from parameters; loading reads
//! anybody's: glTF, GLB and VRM.

pub mod build;
mod drivers;
mod load;
mod map;
pub(crate) mod names;
mod packed;
mod report;
mod stand;
mod write;

pub use drivers::Speech;
pub use load::{load, open};
pub use map::Map;
pub use report::{Advice, Match, Report};
pub use stand::Stance;
pub(crate) use write::preset;
pub use write::write_glb;

use crate::{Error, Result};
use glam::{Mat4, Quat, Vec3};

/// Names of the built-in actors, the default first.
pub const BUILTIN: [&str; 4] = ["ada", "tomas", "zola", "mika"];

/// A built-in actor by its name. Fails with [`Error::Usage`] for any other name.
pub fn builtin(name: &str) -> Result<Actor> {
    let unknown = || Error::usage(format!("there is no built-in actor {name}"), format!("one of {}, or a file", BUILTIN.join(", ")));
    let bytes = packed::glb(name).unwrap_or_else(|| Err(unknown()))?;
    load(&bytes, &format!("{name}.glb"))
}

/// An actor ready to be drawn. Everything is in metres in the actor's own space (y up, facing +z, feet at y = 0).
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub name: String,
    /// Parents before children.
    pub nodes: Vec<Node>,
    pub meshes: Vec<Mesh>,
    pub materials: Vec<Material>,
    pub textures: Vec<Texture>,
    /// Node of each humanoid joint, in the order of [`crate::body::skeleton::JOINTS`].
    pub joints: Vec<Option<usize>>,
    /// Nodes that turn with the gaze: left, right.
    pub eyes: [Option<usize>; 2],
    /// How much less than the gaze the eyes turn, 0..=1: balls turn fully, painted irises with a far pivot hardly.
    pub eye_stiffness: f32,
    /// Bones of the face that turn where morphs are missing.
    pub hinges: Vec<Hinge>,
    /// Chains that swing with the motion: hair, skirts, earrings.
    pub springs: Vec<Spring>,
    /// What springs keep out of.
    pub colliders: Vec<Collider>,
    /// The 68 iBUG landmarks as (mesh, vertex), where the actor names them.
    pub keypoints: Option<Vec<(usize, u32)>>,
}

/// A node of the hierarchy with its local rest transform.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub parent: Option<usize>,
    pub translation: Vec3,
    pub rotation: Quat,
    pub scale: Vec3,
}

/// A bone that turns with the face, like the jaw of an avatar without morphs.
#[derive(Clone, Debug, PartialEq)]
pub struct Hinge {
    pub node: usize,
    pub channel: Channel,
    /// Axis in the space of the head at rest, times the angle in radians where the channel is 1.
    pub turn: Vec3,
}

/// A chain of nodes that follows its parent as a row of damped pendulums (VRM 1.0, `VRMC_springBone`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spring {
    pub name: String,
    /// Nodes from the root of the chain to its tip; the last one only marks the end.
    pub nodes: Vec<usize>,
    /// Pull back to the rest pose, 0..=4.
    pub stiffness: f32,
    /// Share of the speed that a step takes away, 0..=1.
    pub drag: f32,
    /// Pull downwards, 0..=2.
    pub gravity: f32,
    /// Radius against colliders, metres.
    pub radius: f32,
    /// Places in [`Actor::colliders`] of what it keeps out of.
    pub colliders: Vec<usize>,
}

/// A capsule on a node, or a ball where both ends are one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collider {
    pub node: usize,
    /// Ends of its axis in the node's space.
    pub from: Vec3,
    pub to: Vec3,
    pub radius: f32,
}

/// A triangle mesh with one material. All per-vertex lists have the same length, or are empty where the file has none.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    pub name: String,
    pub material: usize,
    /// The node that carries the mesh when it is not skinned.
    pub node: Option<usize>,
    pub positions: Vec<Vec3>,
    pub normals: Vec<Vec3>,
    pub uvs: Vec<[f32; 2]>,
    /// Linear RGB albedo factor; alpha carries baked ambient occlusion (1 = open) on our own actors, opacity elsewhere.
    pub colors: Vec<[f32; 4]>,
    pub triangles: Vec<[u32; 3]>,
    /// Skin: node numbers and weights (sum 1) of up to four joints, and the inverse bind matrix of every node used.
    pub joints: Vec<[u16; 4]>,
    pub weights: Vec<[f32; 4]>,
    /// (node, inverse bind matrix) for the numbers in `joints`.
    pub skin: Vec<(usize, Mat4)>,
    pub morphs: Vec<Morph>,
}

/// A morph target as sparse offsets.
#[derive(Clone, Debug, Default)]
pub struct Morph {
    pub name: String,
    /// What drives it.
    pub driver: Driver,
    pub vertices: Vec<u32>,
    pub positions: Vec<Vec3>,
    pub normals: Vec<Vec3>,
}

/// What sets a morph's weight from the 52 coefficients.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Driver {
    /// Nothing drives it.
    #[default]
    None,
    /// One ARKit coefficient, by its place in the 52.
    Coefficient(usize),
    /// The product of two coefficients: a corrective for a colliding pair.
    Product(usize, usize),
    /// 4·b·(1 − b) of one coefficient: a corrective at half way.
    Half(usize),
    /// The sum of channels, each times its gain, no more than 1: morphs of avatars made for other systems.
    Mix(Vec<(Channel, f32)>),
}

/// What a face can be read as: [`crate::face::visemes`] tells the last three from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// One of ARKit's 52 coefficients.
    Coefficient(usize),
    /// One of [`crate::face::visemes::NAMES`].
    Viseme(usize),
    /// One of [`crate::face::visemes::VOWELS`].
    Vowel(usize),
    /// One of [`crate::face::visemes::MOODS`].
    Mood(usize),
}

/// How a surface is shaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surface {
    #[default]
    Plain,
    Skin,
    Eye,
    Hair,
    Cloth,
    Mouth,
    Lash,
    /// Its colour as it is, whatever the light (`KHR_materials_unlit`).
    Unlit,
    /// Two tones with a soft step between light and [`Material::shade`] (MToon).
    Toon,
}

/// How a surface covers what is behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Alpha {
    #[default]
    Opaque,
    /// Drawn where its opacity reaches this value, not at all elsewhere.
    Mask(f32),
    /// Mixed by its opacity.
    Blend,
}

#[derive(Clone, Debug)]
pub struct Material {
    pub name: String,
    pub surface: Surface,
    /// Linear RGBA.
    pub base_color: [f32; 4],
    pub roughness: f32,
    pub metallic: f32,
    pub texture: Option<usize>,
    pub double_sided: bool,
    pub alpha: Alpha,
    /// Light it gives off, linear.
    pub emissive: Vec3,
    /// Linear colour of the side away from the light; [`Surface::Toon`] only.
    pub shade: Vec3,
}

/// sRGB, 8 bits, RGBA, rows from the top.
#[derive(Clone, Debug, Default)]
pub struct Texture {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}
