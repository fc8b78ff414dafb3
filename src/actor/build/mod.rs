//! Makes the built-in actors from parameters: no sculptor, no scan.
//!
//! The head is a signed distance field (`surface`) under a mesh with an animator's loops (`topology`); its shapes come
//! from small deformers with anatomy in them (`deform`, `mouth`, `lids`). Eyes, lashes, brows, teeth, tongue, ears,
//! hair, clothes and hands are parts of their own. [`build`] joins them on the skeleton, measures ambient occlusion and
//! bakes everything into an [`Actor`].
//!
//! The head is described in centimetres around the middle of the skull at eye height, everything else in metres.

mod brows;
mod clothes;
mod deform;
mod ears;
mod eye_frame;
mod eyes;
mod figure;
mod hair;
mod hands;
mod head;
mod lashes;
mod lids;
mod math;
mod mesh;
mod mouth;
mod occlusion;
mod skeleton;
mod surface;
mod teeth;
mod topology;

use super::{Actor, Alpha, Material, Mesh, Morph, Surface as Shading};
use eye_frame::EyeFrame;
use glam::{Mat4, Vec3};
use mesh::Part;
use skeleton::Rig;
use surface::Surface;

pub use clothes::{Dress, Outfit};
pub use deform::driver;
pub use figure::Figure;

/// The numbers that make a character. Lengths of the head in centimetres before [`Parameters::head_scale`], angles in
/// degrees, colours in sRGB.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    pub name: String,
    /// Size of the head over the recipe's; 1.07 gives 24 cm with hair on a body of 1.7 m.
    pub head_scale: f32,
    /// Centre of the left eye.
    pub eye_centre: [f32; 3],
    pub eye_radius: f32,
    /// How far the lids stand off the ball.
    pub lid_thickness: f32,
    /// Pitch of the open lids above and below the eye's axis.
    pub upper_lid: f32,
    pub lower_lid: f32,
    /// Half width of the opening, and how much higher its outer corner is.
    pub eye_half_width: f32,
    pub eye_tilt: f32,
    /// Half angle of the iris, and the pupil's share of its radius.
    pub iris_angle: f32,
    pub pupil: f32,
    /// How far each eye looks outward at rest.
    pub divergence: f32,
    pub mouth_y: f32,
    pub mouth_half_width: f32,
    /// Height of the lips at the middle.
    pub upper_lip: f32,
    pub lower_lip: f32,
    /// Height and depth of the temporomandibular joint, the jaw's angle at jawOpen = 1 and its slides.
    pub jaw_axis: [f32; 2],
    pub jaw_angle: f32,
    pub jaw_forward: f32,
    pub jaw_sideways: f32,
    /// Half height of the brows at their thickest.
    pub brow_thickness: f32,
    /// Where the hair parts (+ is the character's left), and the height of its tips.
    pub parting: f32,
    pub hair_length: f32,
    pub colors: Colors,
    pub figure: Figure,
}

/// Colours of a character, sRGB.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Colors {
    pub skin: [u8; 3],
    /// Blood under the skin of cheeks, nose and ears.
    pub blush: [u8; 3],
    pub lid: [u8; 3],
    pub crease: [u8; 3],
    pub waterline: [u8; 3],
    pub lip: [u8; 3],
    pub lip_inside: [u8; 3],
    pub hair: [u8; 3],
    pub brow: [u8; 3],
    pub lash: [u8; 3],
    pub iris: [u8; 3],
    pub iris_dark: [u8; 3],
    pub limbal_ring: [u8; 3],
    pub sclera: [u8; 3],
    pub teeth: [u8; 3],
    pub gum: [u8; 3],
    pub tongue: [u8; 3],
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            name: "ada".into(),
            head_scale: 1.07,
            eye_centre: [3.05, 0.0, 5.5],
            eye_radius: 2.1,
            lid_thickness: 0.15,
            upper_lid: 27.5,
            lower_lid: -20.5,
            eye_half_width: 53.0,
            eye_tilt: 5.0,
            iris_angle: 29.5,
            pupil: 0.44,
            divergence: 1.5,
            mouth_y: -5.32,
            mouth_half_width: 2.4,
            upper_lip: 0.50,
            lower_lip: 0.74,
            jaw_axis: [-1.6, -0.6],
            jaw_angle: 19.0,
            jaw_forward: 0.7,
            jaw_sideways: 0.6,
            brow_thickness: 0.265,
            parting: 1.9,
            hair_length: -8.6,
            colors: Colors::default(),
            figure: Figure::default(),
        }
    }
}

impl Default for Colors {
    fn default() -> Self {
        Colors {
            skin: [234, 178, 152],
            blush: [226, 104, 96],
            lid: [188, 104, 88],
            crease: [150, 78, 64],
            waterline: [205, 120, 108],
            lip: [192, 84, 80],
            lip_inside: [150, 52, 52],
            hair: [76, 44, 34],
            brow: [70, 42, 33],
            lash: [30, 20, 18],
            iris: [70, 128, 128],
            iris_dark: [30, 66, 78],
            limbal_ring: [18, 34, 40],
            sclera: [243, 238, 232],
            teeth: [247, 243, 236],
            gum: [170, 72, 74],
            tongue: [192, 86, 88],
        }
    }
}

/// The jaw joint in head space.
#[derive(Clone, Copy)]
struct Jaw {
    /// A point on the axis of rotation, which runs along x.
    axis: Vec3,
    angle: f32,
    forward: f32,
    sideways: f32,
}

impl Parameters {
    fn jaw(&self) -> Jaw {
        let [y, z] = self.jaw_axis;
        Jaw { axis: Vec3::new(0.0, y, z), angle: self.jaw_angle, forward: self.jaw_forward, sideways: self.jaw_sideways }
    }
}

/// What a part hangs on.
#[derive(Clone, Copy)]
enum Hold {
    /// Skinned by its weights.
    Skin,
    /// On a joint.
    Joint(usize),
    /// On the node of an eye (0 left, 1 right).
    Eye(usize),
}

/// A part with what it takes to become a mesh. Its positions are metres in the actor's space.
struct Piece {
    name: &'static str,
    material: &'static str,
    hold: Hold,
    part: Part,
}

/// Makes an actor.
pub fn build(p: &Parameters) -> Actor {
    let surface = Surface::new(p);
    let eye = EyeFrame::new(p);
    let cage = topology::build(p, &surface, &eye);
    let rig = Rig::new(p);
    let shapes = deform::bake(&deform::Face::new(&cage, &eye, p));

    let mut pieces = head_pieces(p, &surface, &eye, &cage, shapes, &rig);
    pieces.extend(body_pieces(p));
    let mut parts: Vec<(&mut Part, bool)> = pieces.iter_mut().map(|piece| (&mut piece.part, piece.material != "lash")).collect();
    occlusion::measure(&mut parts);
    head::light_mouth(&cage, &mut pieces[0].part);

    let mut actor = Actor { name: p.name.clone(), nodes: rig.nodes(), materials: materials(), ..Actor::default() };
    actor.textures.push(eyes::texture(p, 512));
    actor.joints = (0..rig.rest.len()).map(Some).collect();
    add_eye_nodes(&mut actor, &eye, &rig);
    let renumbered: Vec<Vec<Option<u32>>> = pieces.into_iter().map(|piece| add_mesh(&mut actor, piece, &rig)).collect();
    let landmarks = head::keypoints(&cage, &surface).into_iter();
    actor.keypoints = landmarks.map(|v| renumbered[0][v as usize].map(|v| (0, v))).collect();
    actor
}

/// Head and what it carries; the head itself comes first.
fn head_pieces(p: &Parameters, surface: &Surface, eye: &EyeFrame, cage: &topology::Cage, shapes: deform::Shapes, rig: &Rig) -> Vec<Piece> {
    let head = rig.joint("head");
    let jaw = p.jaw();
    let mut brows = brows::build(surface, cage, &shapes, p.brow_thickness);
    brows.append(other_side(&brows));
    let mut lashes = lashes::build(cage, eye, &shapes, 1.0);
    lashes.append(lashes::build(cage, eye, &shapes, -1.0));
    let mut ears = ears::build(p);
    ears.append(ears.mirror());
    let mut lower_teeth = teeth::teeth(p, false);
    lower_teeth.morphs = teeth::jaw_shapes(&lower_teeth.positions, &jaw);
    let mut tongue = teeth::tongue(p);
    tongue.morphs = teeth::jaw_shapes(&tongue.positions, &jaw);
    tongue.morphs.push(teeth::tongue_out(&tongue.positions));

    let c = &p.colors;
    let on_head = |name, material, part| Piece { name, material, hold: Hold::Joint(head), part: to_actor(part, rig) };
    let skin = Piece { name: "head", material: "skin", hold: Hold::Skin, part: to_actor(head::build(p, cage, shapes, rig), rig) };
    let mut pieces = vec![
        skin,
        on_head("ears", "skin", ears),
        on_head("hair", "hair", hair::build(p, surface)),
        on_head("brows", "brow", brows.paint(math::linear(c.brow))),
        on_head("lashes", "lash", lashes.paint(math::linear(c.lash))),
        on_head("upperTeeth", "teeth", teeth::teeth(p, true)),
        on_head("lowerTeeth", "teeth", lower_teeth),
        on_head("tongue", "tongue", tongue),
    ];
    for (i, (name, side)) in [("leftEyeball", 1.0), ("rightEyeball", -1.0)].into_iter().enumerate() {
        let mut ball = eyes::ball(p, eye, side);
        for v in &mut ball.positions {
            *v += eye.centre_of(side);
        }
        pieces.push(Piece { name, material: "eye", hold: Hold::Eye(i), part: to_actor(ball, rig) });
    }
    pieces
}

/// Clothes and hands, made on the reference figure and fitted to this one.
fn body_pieces(p: &Parameters) -> Vec<Piece> {
    let rig = Rig::reference();
    let tones = hands::Tones { skin: math::linear(p.colors.skin), blush: math::linear(p.colors.blush) };
    let mut parts = clothes::build(&rig, &p.figure.dress);
    parts.push(("hands", "skin", hands::build(&rig, &tones)));
    let fit = figure::Fit::new(&p.figure, p.head_scale);
    let piece = |(name, material, mut part): (&'static str, &'static str, Part)| {
        fit.dress(&mut part);
        Piece { name, material, hold: Hold::Skin, part }
    };
    parts.into_iter().map(piece).collect()
}

/// A left-sided part's mirror image, with the morphs of the other side.
fn other_side(part: &Part) -> Part {
    let swapped = |name: &str| match (name.strip_suffix("Left"), name.strip_suffix("Right")) {
        (Some(stem), _) => format!("{stem}Right"),
        (_, Some(stem)) => format!("{stem}Left"),
        _ => name.to_string(),
    };
    let mut out = part.mirror();
    for (name, offsets) in &mut out.morphs {
        // The jaw and the mouth move sideways by name too: jawLeft mirrors jawRight.
        *name = swapped(name);
        for o in offsets {
            o.x = -o.x;
        }
    }
    out
}

/// From head space to the actor's.
fn to_actor(mut part: Part, rig: &Rig) -> Part {
    for p in &mut part.positions {
        *p = rig.place(*p);
    }
    for o in part.morphs.iter_mut().flat_map(|(_, offsets)| offsets) {
        *o *= rig.head_scale;
    }
    part
}

fn materials() -> Vec<Material> {
    let material = |name: &str, surface, roughness, double_sided| Material {
        name: name.into(),
        surface,
        base_color: [1.0; 4],
        roughness,
        metallic: 0.0,
        texture: (name == "eye").then_some(0),
        double_sided,
        alpha: Alpha::Opaque,
        emissive: Vec3::ZERO,
        shade: Vec3::ONE,
    };
    vec![
        material("skin", Shading::Skin, 0.5, false),
        material("eye", Shading::Eye, 0.1, false),
        material("hair", Shading::Hair, 0.45, false),
        material("brow", Shading::Cloth, 0.7, false),
        material("lash", Shading::Lash, 0.8, true),
        material("teeth", Shading::Mouth, 0.25, true),
        material("tongue", Shading::Mouth, 0.35, false),
        material("top", Shading::Cloth, 0.85, true),
        material("trousers", Shading::Cloth, 0.9, true),
        material("shoes", Shading::Plain, 0.6, false),
    ]
}

fn add_eye_nodes(actor: &mut Actor, eye: &EyeFrame, rig: &Rig) {
    for (i, (name, side)) in [("leftEye", 1.0), ("rightEye", -1.0)].into_iter().enumerate() {
        let at = rig.place(eye.centre_of(side)) - rig.at("head");
        actor.nodes.push(skeleton::node(name, Some(rig.joint("head")), at));
        actor.eyes[i] = Some(actor.nodes.len() - 1);
    }
}

/// Bakes a piece into a mesh; returns the new number of each of its vertices, `None` for those no face uses.
fn add_mesh(actor: &mut Actor, piece: Piece, rig: &Rig) -> Vec<Option<u32>> {
    let Piece { name, material, hold, part } = piece;
    let (joint, place, skin) = match hold {
        Hold::Skin => (None, Vec3::ZERO, bind(rig)),
        Hold::Joint(j) => {
            actor.nodes.push(skeleton::node(name, Some(j), Vec3::ZERO));
            (Some(actor.nodes.len() - 1), rig.rest[j], Vec::new())
        }
        Hold::Eye(i) => {
            let node = actor.eyes[i];
            (node, rig.at("head") + node.map_or(Vec3::ZERO, |n| actor.nodes[n].translation), Vec::new())
        }
    };
    let normals = mesh::normals(&part.positions, &part.quads);
    let kept = used(&part);
    let mut numbers = vec![None; part.positions.len()];
    for (new, &old) in kept.iter().enumerate() {
        numbers[old] = Some(new as u32);
    }
    let triangles = mesh::triangles(&part.positions, &part.quads);
    actor.meshes.push(Mesh {
        name: name.into(),
        material: actor.materials.iter().position(|m| m.name == material).unwrap_or(0),
        node: joint,
        positions: kept.iter().map(|&v| part.positions[v] - place).collect(),
        normals: kept.iter().map(|&v| normals[v]).collect(),
        uvs: if part.uvs.is_empty() { Vec::new() } else { kept.iter().map(|&v| part.uvs[v]).collect() },
        colors: kept.iter().map(|&v| part.colors[v].extend(part.openness[v]).to_array()).collect(),
        triangles: triangles.iter().map(|t| t.map(|v| numbers[v as usize].unwrap_or(0))).collect(),
        joints: kept.iter().filter_map(|&v| part.weights.get(v)).map(|w| w.map(|(joint, _)| joint as u16)).collect(),
        weights: kept.iter().filter_map(|&v| part.weights.get(v)).map(|w| w.map(|(_, weight)| weight)).collect(),
        skin,
        morphs: part.morphs.iter().map(|(name, offsets)| morph(&part, &normals, name, offsets, &numbers)).collect(),
    });
    numbers
}

/// The vertices that faces use, in order.
fn used(part: &Part) -> Vec<usize> {
    let mut used = vec![false; part.positions.len()];
    for &v in part.quads.iter().flatten() {
        used[v as usize] = true;
    }
    (0..used.len()).filter(|&v| used[v]).collect()
}

/// All joints with their inverse rest transforms, which are translations.
fn bind(rig: &Rig) -> Vec<(usize, Mat4)> {
    rig.rest.iter().enumerate().map(|(i, at)| (i, Mat4::from_translation(-*at))).collect()
}

/// A sparse morph: offsets below 0.01 mm that do not turn the normal either are dropped.
fn morph(part: &Part, normals: &[Vec3], name: &str, offsets: &[Vec3], numbers: &[Option<u32>]) -> Morph {
    let posed: Vec<Vec3> = part.positions.iter().zip(offsets).map(|(p, o)| *p + *o).collect();
    let turned = mesh::normals(&posed, &part.quads);
    let mut out = Morph { name: name.into(), driver: deform::driver(name), ..Morph::default() };
    for (v, number) in numbers.iter().enumerate() {
        let (offset, turn) = (offsets[v], turned[v] - normals[v]);
        if let Some(number) = number.filter(|_| offset.length() > 1e-5 || turn.length() > 0.01) {
            out.vertices.push(number);
            out.positions.push(offset);
            out.normals.push(turn);
        }
    }
    out
}
