//! Makes the built-in actors from parameters: no sculptor, no scan.
//!
//! The head is a signed distance field (`surface`) under a mesh with an animator's loops (`topology`); its shapes come
//! from small deformers with anatomy in them (`deform`, `mouth`, `lids`). Eyes, lashes, brows, teeth, tongue, ears,
//! hair, clothes and hands are parts of their own. [`build`] joins them on the skeleton, measures ambient occlusion and
//! bakes everything into an [`Actor`].
//!
//! The head is described in centimetres around the middle of the skull at eye height, everything else in metres.

mod beard;
mod brows;
mod clothes;
mod creases;
mod deform;
mod ears;
mod eye_frame;
mod eyes;
mod figure;
mod glasses;
mod hair;
mod hands;
mod head;
mod lashes;
mod lids;
mod marks;
mod math;
mod mesh;
mod mouth;
mod occlusion;
mod parameters;
mod skeleton;
mod surface;
mod teeth;
mod topology;
mod warp;

use super::{Actor, Alpha, Material, Mesh, Morph, Spring, Surface as Shading};
use eye_frame::EyeFrame;
use glam::{Mat4, Vec3};
use mesh::Part;
use skeleton::Rig;
use surface::Surface;
use warp::Warp;

pub use clothes::{Dress, Outfit};
pub use deform::driver;
pub use figure::Figure;
pub use parameters::{Beard, Brows, Ears, Eyes, Face, Glasses, Hair, Mouth, Nose, Number, Skin, Style};

/// The numbers that make a character. Lengths of the head in centimetres before [`Parameters::head_scale`], angles in
/// degrees, colours in sRGB.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    pub name: String,
    /// Years; it shapes the face and its wrinkles on top of the numbers below.
    pub age: f32,
    /// Size of the head over the recipe's; 1.07 gives 24 cm with hair on a body of 1.7 m.
    pub head_scale: f32,
    pub face: Face,
    pub eyes: Eyes,
    pub nose: Nose,
    pub mouth: Mouth,
    pub brows: Brows,
    pub ears: Ears,
    pub skin: Skin,
    pub beard: Beard,
    pub glasses: Option<Glasses>,
    pub hair: Hair,
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
    pub beard: [u8; 3],
    pub brow: [u8; 3],
    pub lash: [u8; 3],
    pub iris: [u8; 3],
    pub iris_dark: [u8; 3],
    pub limbal_ring: [u8; 3],
    pub sclera: [u8; 3],
    pub teeth: [u8; 3],
    pub gum: [u8; 3],
    pub tongue: [u8; 3],
    /// Rims of glasses, and earrings.
    pub frames: [u8; 3],
    pub metal: [u8; 3],
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            name: "ada".into(),
            age: 28.0,
            head_scale: 1.07,
            face: Face { asymmetry: 1.0, ..Face::default() },
            eyes: Eyes::default(),
            nose: Nose::default(),
            mouth: Mouth::default(),
            brows: Brows::default(),
            ears: Ears::default(),
            skin: Skin::default(),
            beard: Beard::default(),
            glasses: None,
            hair: Hair::default(),
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
            beard: [76, 44, 34],
            brow: [70, 42, 33],
            lash: [30, 20, 18],
            iris: [70, 128, 128],
            iris_dark: [30, 66, 78],
            limbal_ring: [18, 34, 40],
            sclera: [243, 238, 232],
            teeth: [247, 243, 236],
            gum: [170, 72, 74],
            tongue: [192, 86, 88],
            frames: [52, 40, 36],
            metal: [226, 178, 92],
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
        let m = &self.mouth;
        Jaw { axis: Vec3::new(0.0, -1.6, -0.6), angle: m.jaw_angle, forward: m.jaw_forward, sideways: m.jaw_sideways }
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
///
/// Numbers outside of their ranges ([`Parameters::check`]) give broken faces, never a panic.
pub fn build(p: &Parameters) -> Actor {
    let p = &p.aged();
    let surface = Surface::new(p);
    let eye = EyeFrame::new(p);
    let cage = topology::build(p, &surface, &eye);
    let rig = Rig::new(p);
    let warp = Warp::new(&p.face);
    let shapes = deform::bake(&deform::Face::new(&cage, &eye, p));

    let hair = hair::build(p, &surface);
    let (chains, strands) = (hair.chains, hair.material);
    let mut pieces = head_pieces(p, &surface, &eye, &cage, shapes, &rig);
    pieces.push(hair_piece(hair.part, strands, &rig, &warp));
    pieces.extend(body_pieces(p));
    let mut parts: Vec<(&mut Part, bool)> = pieces.iter_mut().map(|piece| (&mut piece.part, piece.material != "lash")).collect();
    occlusion::measure(&mut parts);
    soften(&mut pieces, strands, 0.4);
    head::light_mouth(&cage, &mut pieces[0].part);

    let mut actor = Actor { name: p.name.clone(), nodes: rig.nodes(), materials: materials(), ..Actor::default() };
    actor.textures.push(eyes::texture(p, 512));
    actor.joints = (0..rig.rest.len()).map(Some).collect();
    add_eye_nodes(&mut actor, &eye, &rig);
    for chain in &chains {
        add_chain(&mut actor, chain, &rig, &warp);
    }
    let skin = bind(&actor);
    let renumbered: Vec<Vec<Option<u32>>> = pieces.into_iter().map(|piece| add_mesh(&mut actor, piece, &rig, &skin)).collect();
    let landmarks = head::keypoints(&cage, &surface).into_iter();
    actor.keypoints = landmarks.map(|v| renumbered[0][v as usize].map(|v| (0, v))).collect();
    actor
}

/// Head and what it carries; the head itself comes first.
fn head_pieces(p: &Parameters, surface: &Surface, eye: &EyeFrame, cage: &topology::Cage, shapes: deform::Shapes, rig: &Rig) -> Vec<Piece> {
    let warp = Warp::new(&p.face);
    let head = rig.joint("head");
    let jaw = p.jaw();
    let mut brows = brows::build(p, surface, cage, &shapes);
    brows.append(other_side(&brows));
    let mut lashes = lashes::build(cage, eye, &shapes, 1.0, p.eyes.lashes);
    lashes.append(lashes::build(cage, eye, &shapes, -1.0, p.eyes.lashes));
    let mut ears = ears::build(p);
    ears.append(ears.mirror());
    let mut lower_teeth = teeth::teeth(p, false);
    lower_teeth.morphs = teeth::jaw_shapes(&lower_teeth.positions, &jaw);
    let mut tongue = teeth::tongue(p);
    tongue.morphs = teeth::jaw_shapes(&tongue.positions, &jaw);
    tongue.morphs.push(teeth::tongue_out(&tongue.positions));

    let c = &p.colors;
    let on_head = |name, material, part| Piece { name, material, hold: Hold::Joint(head), part: warp.part(part, rig) };
    let beard = beard::build(p, cage, &shapes, rig);
    let marks = marks::build(p, surface, cage, &shapes);
    let skin = Piece { name: "head", material: "skin", hold: Hold::Skin, part: warp.part(head::build(p, cage, shapes, rig), rig) };
    let mut pieces = vec![
        skin,
        on_head("ears", "skin", ears),
        on_head("brows", "brow", brows.paint(math::linear(c.brow))),
        on_head("lashes", "lash", lashes.paint(math::linear(c.lash))),
        on_head("upperTeeth", "teeth", teeth::teeth(p, true)),
        on_head("lowerTeeth", "teeth", lower_teeth),
        on_head("tongue", "tongue", tongue),
    ];
    if let Some(beard) = beard {
        pieces.push(Piece { name: "beard", material: "hair", hold: Hold::Skin, part: warp.part(beard, rig) });
    }
    pieces.extend(marks.map(|part| on_head("marks", "skin", part)));
    pieces.extend(p.glasses.as_ref().map(|g| on_head("glasses", "frames", glasses::build(p, g, surface, eye.centre))));
    if p.ears.ring > 0.0 {
        let mut hoops = ears::hoop(p);
        hoops.append(hoops.mirror());
        pieces.push(on_head("earrings", "metal", hoops));
    }
    for (i, (name, side)) in [("leftEyeball", 1.0), ("rightEyeball", -1.0)].into_iter().enumerate() {
        let mut ball = eyes::ball(p, eye, side);
        for v in &mut ball.positions {
            *v += eye.centre_of(side);
        }
        pieces.push(Piece { name, material: "eye", hold: Hold::Eye(i), part: warp.part(ball, rig) });
    }
    pieces
}

/// Hair on the head joint and on the nodes of its chains, which come behind joints and eyes.
fn hair_piece(mut part: Part, material: &'static str, rig: &Rig, warp: &Warp) -> Piece {
    let (head, first) = (rig.joint("head"), rig.rest.len() + 2);
    for (joint, _) in part.weights.iter_mut().flatten() {
        *joint = if *joint == 0 { head } else { first + *joint - 1 };
    }
    Piece { name: "hair", material, hold: Hold::Skin, part: warp.part(part, rig) }
}

/// Lets some light through a material's occlusion: hair is no solid body.
fn soften(pieces: &mut [Piece], material: &str, least: f32) {
    let openness = pieces.iter_mut().filter(|piece| piece.material == material).flat_map(|piece| &mut piece.part.openness);
    openness.for_each(|open| *open = least + (1.0 - least) * *open);
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
        // Tight curls scatter light like cloth: they have no band of highlights.
        material("curls", Shading::Cloth, 0.8, false),
        material("brow", Shading::Cloth, 0.7, false),
        material("lash", Shading::Lash, 0.8, true),
        material("teeth", Shading::Mouth, 0.25, true),
        material("tongue", Shading::Mouth, 0.35, false),
        material("frames", Shading::Plain, 0.35, false),
        Material { metallic: 0.9, ..material("metal", Shading::Plain, 0.3, false) },
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

/// A chain of free hair as nodes under the head, and the spring that swings it.
fn add_chain(actor: &mut Actor, chain: &hair::Chain, rig: &Rig, warp: &Warp) {
    let (mut parent, mut from) = (rig.joint("head"), rig.at("head"));
    let mut nodes = Vec::with_capacity(chain.points.len());
    for (i, point) in chain.points.iter().enumerate() {
        let at = rig.place(warp.point(*point));
        actor.nodes.push(skeleton::node(&format!("{}{}", chain.name, i + 1), Some(parent), at - from));
        (parent, from) = (actor.nodes.len() - 1, at);
        nodes.push(parent);
    }
    let name = chain.name.clone();
    actor.springs.push(Spring { name, nodes, stiffness: 1.0, drag: 0.4, gravity: 0.15, radius: 0.02, colliders: Vec::new() });
}

/// Bakes a piece into a mesh; returns the new number of each of its vertices, `None` for those no face uses.
fn add_mesh(actor: &mut Actor, piece: Piece, rig: &Rig, bind: &[(usize, Mat4)]) -> Vec<Option<u32>> {
    let Piece { name, material, hold, part } = piece;
    let (joint, place, skin) = match hold {
        Hold::Skin => (None, Vec3::ZERO, bind.to_vec()),
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

/// All nodes so far with their inverse rest transforms, which are translations.
fn bind(actor: &Actor) -> Vec<(usize, Mat4)> {
    let mut at: Vec<Vec3> = Vec::with_capacity(actor.nodes.len());
    for node in &actor.nodes {
        at.push(node.translation + node.parent.map_or(Vec3::ZERO, |p| at[p]));
    }
    at.into_iter().enumerate().map(|(i, at)| (i, Mat4::from_translation(-at))).collect()
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
