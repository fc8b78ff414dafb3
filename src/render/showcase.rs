//! What an actor is judged by: all it can show, as sections of a contact sheet.

use super::sheet::{Cell, Section};
use super::view::Framing;
use crate::actor::Actor;
use crate::body::gestures::{Handshape, Side};
use crate::body::skeleton::{self, Pose};
use crate::body::{self, fingers};
use crate::emotion::Label;
use crate::face::coefficients::{COUNT, NAMES, id};
use crate::face::{Coefficients, articulation, expression, vector, visemes};
use crate::motion::{Frame, Gaze, Head, attach_head};
use glam::Quat;
use std::f32::consts::PI;

/// A group of poses. The command line takes them by name and shows these lines as help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Group {
    /// At rest from all sides
    Views,
    /// Every emotion at 0.5 and 1.0
    Emotions,
    /// Visemes and extreme mouths
    Visemes,
    /// Lids, and the gaze in eight directions
    Eyes,
    /// Handshapes, palm and back
    Hands,
    /// Each of the 52 coefficients at 1
    Morphs,
}

impl Group {
    pub const ALL: [Group; 6] = [Group::Views, Group::Emotions, Group::Visemes, Group::Eyes, Group::Hands, Group::Morphs];

    /// The poses of the group.
    pub fn section(self, actor: &Actor) -> Section {
        let (title, cells) = match self {
            Group::Views => ("views", views()),
            Group::Emotions => ("emotions at 0.5 and 1.0", emotions()),
            Group::Visemes => ("visemes and extremes", mouths()),
            Group::Eyes => ("lids and gaze", eyes()),
            Group::Hands => ("hands", hands()),
            Group::Morphs => ("morphs", morphs()),
        };
        Section { title: format!("{}: {title}", actor.name), cells }
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(clap::ValueEnum::to_possible_value(self).as_ref().map_or("", |v| v.get_name()))
    }
}

/// Standing at ease with a face.
fn standing(face: Coefficients) -> Frame {
    Frame { face, body: body::standing(), ..Frame::default() }
}

fn views() -> Vec<Cell> {
    let view =
        |caption: &str, framing, degrees: f32| Cell { framing, yaw: degrees.to_radians(), ..Cell::head(caption, standing([0.0; COUNT])) };
    let above = Cell { pitch: 0.6, ..view("from above", Framing::Head, 30.0) };
    vec![
        view("front", Framing::Head, 0.0),
        view("three-quarter", Framing::Head, 35.0),
        view("profile", Framing::Head, 90.0),
        view("other three-quarter", Framing::Head, -35.0),
        view("back", Framing::Head, 180.0),
        above,
        view("bust", Framing::Bust, 0.0),
        view("bust, turned", Framing::Bust, 40.0),
        view("body", Framing::Body, 0.0),
        view("body, turned", Framing::Body, 40.0),
        view("body, side", Framing::Body, 90.0),
        view("body, back", Framing::Body, 180.0),
    ]
}

fn emotions() -> Vec<Cell> {
    let felt = |label: Label, intensity: f32| {
        let (face, head, gaze) = still(label, intensity);
        let mut frame = Frame { head, ..standing(face) };
        frame.look(gaze);
        attach_head(&mut frame.body, head);
        Cell::face(format!("{} {intensity:.1}", label.name()), frame)
    };
    let labels = &Label::ALL[1..];
    [0.5, 1.0].into_iter().flat_map(|intensity| labels.iter().map(move |label| felt(*label, intensity))).collect()
}

/// An emotion without speech: the jaw hangs as far as the emotion opens it.
fn still(label: Label, intensity: f32) -> (Coefficients, Head, Gaze) {
    let mut rest = [0.0; COUNT];
    let apart = match label {
        Label::Surprised => 16.0,
        Label::Happy | Label::Fearful => 5.0,
        _ => 0.0,
    };
    articulation::set_gap(&mut rest, apart * intensity);
    let row = vector::pack(&rest, Head::default(), Gaze::default());
    // A face that does not speak shows more of what it feels.
    vector::unpack(&expression::express(&row, &label.at(intensity), 1.3))
}

fn mouths() -> Vec<Cell> {
    let mixed = |caption: &str, shapes: &[(usize, f32)]| Cell::face(caption, standing(face(shapes)));
    let smile = [(id::MOUTH_SMILE_LEFT, 1.0), (id::MOUTH_SMILE_RIGHT, 1.0)];
    let upper = [(id::MOUTH_UPPER_UP_LEFT, 1.0), (id::MOUTH_UPPER_UP_RIGHT, 1.0)];
    let with = |a: &[(usize, f32)], b: &[(usize, f32)]| [a, b].concat();
    let said = visemes::NAMES.iter().zip(visemes::SHAPES).map(|(name, shapes)| mixed(name, shapes));
    let extremes = [
        mixed("jaw open", &[(id::JAW_OPEN, 1.0)]),
        mixed("jaw open, closed lips", &[(id::JAW_OPEN, 1.0), (id::MOUTH_CLOSE, 1.0)]),
        mixed("smile, jaw open", &with(&smile, &[(id::JAW_OPEN, 0.7)])),
        mixed("smile, upper lip", &with(&smile, &upper)),
        mixed("smile, pucker", &with(&smile, &[(id::MOUTH_PUCKER, 1.0)])),
        mixed("funnel, jaw open", &[(id::MOUTH_FUNNEL, 1.0), (id::JAW_OPEN, 0.6)]),
    ];
    said.chain(extremes).collect()
}

fn eyes() -> Vec<Cell> {
    let lids = |caption: &str, shapes: &[(usize, f32)]| Cell::face(caption, standing(face(shapes)));
    let both = |weight| [(id::EYE_BLINK_LEFT, weight), (id::EYE_BLINK_RIGHT, weight)];
    let look = |caption: &str, yaw: f32, pitch: f32| {
        let mut frame = standing([0.0; COUNT]);
        frame.look(Gaze { yaw: yaw.to_radians(), pitch: pitch.to_radians() });
        Cell::face(caption, frame)
    };
    let squint = [(id::EYE_SQUINT_LEFT, 1.0), (id::EYE_SQUINT_RIGHT, 1.0)];
    let wide = [(id::EYE_WIDE_LEFT, 1.0), (id::EYE_WIDE_RIGHT, 1.0)];
    vec![
        lids("blink 0.5", &both(0.5)),
        lids("blink", &both(1.0)),
        lids("wink", &[(id::EYE_BLINK_LEFT, 1.0)]),
        lids("squint", &squint),
        lids("wide", &wide),
        look("left", 25.0, 0.0),
        look("left up", 20.0, -16.0),
        look("up", 0.0, -20.0),
        look("right up", -20.0, -16.0),
        look("right", -25.0, 0.0),
        look("right down", -20.0, 20.0),
        look("down", 0.0, 25.0),
        look("left down", 20.0, 20.0),
    ]
}

fn hands() -> Vec<Cell> {
    let middle = skeleton::index("leftMiddleProximal").unwrap_or_default();
    let seen = |name: String, back: bool, form: &dyn Fn(&mut Pose)| {
        let mut frame = standing([0.0; COUNT]);
        raise(&mut frame.body);
        form(&mut frame.body);
        let (side, yaw) = if back { ("back", PI) } else { ("palm", 0.25) };
        Cell { framing: Framing::Bust, yaw, close_up: Some((middle, 0.12)), ..Cell::head(format!("{name}, {side}"), frame) }
    };
    let side = |back: bool| {
        let shapes = Handshape::ALL.map(|shape| {
            let blend = std::array::from_fn(|s| f32::from(s == shape as usize));
            let form = move |pose: &mut Pose| fingers::pose(&blend, Side::Left, &mut pose.rotations);
            seen(format!("{shape:?}").to_lowercase(), back, &form)
        });
        let signs = fingers::SIGNS
            .map(|(name, sign)| seen(name.into(), back, &move |pose: &mut Pose| fingers::form(&sign, Side::Left, &mut pose.rotations)));
        shapes.into_iter().chain(signs)
    };
    side(false).chain(side(true)).collect()
}

/// Lifts the left forearm, palm to the front.
fn raise(pose: &mut Pose) {
    let turn = |name: &str, q: Quat, pose: &mut Pose| {
        if let Some(joint) = skeleton::index(name) {
            pose.rotations[joint] = q;
        }
    };
    let degrees = f32::to_radians;
    turn("leftUpperArm", Quat::from_rotation_z(degrees(-62.0)) * Quat::from_rotation_x(degrees(-90.0)), pose);
    turn("leftLowerArm", Quat::from_rotation_y(degrees(-140.0)), pose);
    turn("leftHand", Quat::IDENTITY, pose);
}

fn morphs() -> Vec<Cell> {
    NAMES.iter().enumerate().map(|(n, name)| Cell::face(*name, standing(face(&[(n, 1.0)])))).collect()
}

fn face(shapes: &[(usize, f32)]) -> Coefficients {
    let mut face = [0.0; COUNT];
    for (coefficient, value) in shapes {
        face[*coefficient] = *value;
    }
    face
}
