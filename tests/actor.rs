//! The built-in actor keeps its promises, its file holds all of it, and foreign files never break the loader.

use gestus::actor::{self, Actor, Driver, Mesh, build};
use gestus::body::skeleton;
use gestus::face::coefficients::{COUNT, NAMES, index};
use glam::{Quat, Vec3};
use std::sync::OnceLock;

/// The actor as built, made once.
fn built() -> &'static Actor {
    static ACTOR: OnceLock<Actor> = OnceLock::new();
    ACTOR.get_or_init(|| build::build(&build::Parameters::default()))
}

fn mesh<'a>(actor: &'a Actor, name: &str) -> &'a Mesh {
    actor.meshes.iter().find(|m| m.name == name).unwrap_or_else(|| panic!("no mesh {name}"))
}

/// Coefficients by name; a name without a side sets both.
fn face(mix: &[(&str, f32)]) -> [f32; COUNT] {
    let mut out = [0.0; COUNT];
    for &(name, weight) in mix {
        match index(name) {
            Some(i) => out[i] = weight,
            None => ["Left", "Right"].iter().for_each(|side| out[index(&format!("{name}{side}")).unwrap()] = weight),
        }
    }
    out
}

fn weight(driver: &Driver, face: &[f32; COUNT]) -> f32 {
    match *driver {
        Driver::None => 0.0,
        Driver::Coefficient(i) => face[i],
        Driver::Product(a, b) => face[a] * face[b],
        Driver::Half(a) => 4.0 * face[a] * (1.0 - face[a]),
        // Only avatars from elsewhere have mixes.
        Driver::Mix(_) => 0.0,
    }
}

fn posed(mesh: &Mesh, mix: &[(&str, f32)]) -> Vec<Vec3> {
    let face = face(mix);
    let mut out = mesh.positions.clone();
    for morph in &mesh.morphs {
        let w = weight(&morph.driver, &face);
        morph.vertices.iter().zip(&morph.positions).for_each(|(v, o)| out[*v as usize] += *o * w);
    }
    out
}

/// Millimetres between two landmarks of a posed head.
fn gap(positions: &[Vec3], actor: &Actor, a: usize, b: usize) -> f32 {
    let points = actor.keypoints.as_ref().unwrap();
    1000.0 * positions[points[a].1 as usize].distance(positions[points[b].1 as usize])
}

const INNER_LIPS: [(usize, usize); 3] = [(61, 67), (62, 66), (63, 65)];

fn widest_lip_gap(mix: &[(&str, f32)]) -> f32 {
    let positions = posed(mesh(built(), "head"), mix);
    INNER_LIPS.iter().map(|&(a, b)| gap(&positions, built(), a, b)).fold(0.0, f32::max)
}

fn lid_gap(mix: &[(&str, f32)]) -> f32 {
    let positions = posed(mesh(built(), "head"), mix);
    [(37, 41), (38, 40), (43, 47), (44, 46)].iter().map(|&(a, b)| gap(&positions, built(), a, b)).fold(0.0, f32::max)
}

#[test]
fn every_coefficient_moves_something() {
    for (i, name) in NAMES.iter().enumerate() {
        let morphs = built().meshes.iter().flat_map(|m| &m.morphs).filter(|m| m.driver == Driver::Coefficient(i));
        let moved = morphs.flat_map(|m| &m.positions).map(|o| o.length()).fold(0.0, f32::max);
        assert!((5e-4..0.06).contains(&moved), "{name} moves by {} mm", 1000.0 * moved);
        assert!(mesh(built(), "head").morphs.iter().any(|m| m.name == *name), "{name} is missing on the head");
    }
}

#[test]
fn correctives_have_drivers() {
    let head = mesh(built(), "head");
    assert!(head.morphs.iter().all(|m| m.driver != Driver::None));
    for name in ["blinkHalfLeft", "blinkWideRight", "smileOpenLeft", "puckerOpen"] {
        assert!(head.morphs.iter().any(|m| m.name == name), "{name}");
    }
}

#[test]
fn left_mirrors_right() {
    let head = mesh(built(), "head");
    let twin: Vec<usize> = {
        let mirror = |p: &Vec3| Vec3::new(-p.x, p.y, p.z);
        let nearest = |p: Vec3| {
            (0..head.positions.len())
                .min_by(|a, b| head.positions[*a].distance_squared(p).total_cmp(&head.positions[*b].distance_squared(p)))
        };
        head.positions.iter().map(|p| nearest(mirror(p)).unwrap()).collect()
    };
    for (p, &t) in head.positions.iter().zip(&twin) {
        assert!(p.distance(Vec3::new(-1.0, 1.0, 1.0) * head.positions[t]) < 2e-5, "{p} has no mirror image");
    }
    let shape = |name: &str| posed(head, &[(name, 1.0)]);
    for left in NAMES.iter().filter(|n| n.ends_with("Left")) {
        let right = left.replace("Left", "Right");
        let (a, b) = (shape(left), shape(&right));
        // The lips touch at rest: a contact vertex and its partner share a place, so compare by the nearer of the two.
        let off = (0..a.len()).map(|v| a[v].distance(Vec3::new(-1.0, 1.0, 1.0) * b[twin[v]])).filter(|d| *d > 5e-5).count();
        assert!(off <= 200, "{left} and {right} differ in {off} vertices");
    }
}

#[test]
fn closed_lips_touch() {
    for open in [0.0, 0.3, 0.7, 1.0] {
        let gap = widest_lip_gap(&[("jawOpen", open), ("mouthClose", open)]);
        assert!(gap < 0.01, "{gap} mm at {open}");
    }
}

#[test]
fn the_mouth_opens_with_the_jaw() {
    let gaps: Vec<f32> = (0..=4).map(|i| widest_lip_gap(&[("jawOpen", i as f32 / 4.0)])).collect();
    assert!(gaps.windows(2).all(|g| g[1] > g[0] + 3.0), "{gaps:?}");
    assert!((20.0..40.0).contains(&gaps[4]), "{gaps:?}");
}

#[test]
fn a_blink_closes_the_eyes_whatever_else_the_face_does() {
    assert!(lid_gap(&[]) > 10.0);
    let blink = ("eyeBlink", 1.0);
    for other in ["eyeWide", "eyeSquint", "eyeLookDown", "eyeLookUp", "cheekSquint", "browDown", "browOuterUp", "noseSneer", "mouthSmile"] {
        let gap = lid_gap(&[blink, (other, 1.0)]);
        assert!(gap < 0.1, "{gap} mm with {other}");
    }
}

#[test]
fn lids_never_cut_into_the_eyes() {
    let actor = built();
    let head = mesh(actor, "head");
    let joints = [skeleton::index("head").unwrap()];
    let world =
        |node: usize| -> Vec3 { std::iter::successors(Some(node), |n| actor.nodes[*n].parent).map(|n| actor.nodes[n].translation).sum() };
    assert!(world(joints[0]).y > 1.4);
    let centre = world(actor.eyes[0].unwrap());
    let radius = mesh(actor, "leftEyeball").positions[0].length();
    for blink in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let near = posed(head, &[("eyeBlink", blink)]).iter().map(|p| p.distance(centre)).fold(f32::MAX, f32::min);
        assert!(near > radius, "{} mm inside at {blink}", 1000.0 * (radius - near));
    }
}

#[test]
fn mixed_expressions_stay_in_bounds() {
    let happy = [("mouthSmile", 0.95), ("cheekSquint", 0.8), ("jawOpen", 0.24), ("mouthUpperUp", 0.42), ("browOuterUp", 0.22)];
    let afraid = [("browInnerUp", 0.95), ("eyeWide", 1.0), ("mouthStretch", 0.75), ("jawOpen", 0.22), ("mouthLowerDown", 0.3)];
    let all: Vec<(&str, f32)> = NAMES.iter().map(|n| (*n, 1.0)).collect();
    for (mix, limit) in [(&happy[..], 0.03), (&afraid[..], 0.03), (&all[..], 0.15)] {
        let head = mesh(built(), "head");
        let far = posed(head, mix).iter().zip(&head.positions).map(|(p, r)| p.distance(*r)).fold(0.0, f32::max);
        assert!(far < limit, "{far}");
    }
}

#[test]
fn landmarks_are_distinct_and_in_order() {
    let actor = built();
    let head = mesh(actor, "head");
    let points: Vec<Vec3> = actor.keypoints.as_ref().unwrap().iter().map(|k| head.positions[k.1 as usize]).collect();
    assert_eq!(points.len(), 68);
    // From the character's right to its left, as in the pictures of 300-W.
    for range in [0..17, 17..27, 48..55, 60..65] {
        assert!(points[range.clone()].windows(2).all(|p| p[1].x > p[0].x), "{range:?}");
    }
    assert!(points[27..31].windows(2).all(|p| p[1].y < p[0].y));
    assert!(points[8].y < points[57].y && points[57].y < points[33].y && points[33].y < points[39].y);
    for (i, a) in points.iter().enumerate() {
        for (j, b) in points.iter().enumerate().skip(i + 1) {
            let touching = INNER_LIPS.contains(&(i, j));
            assert!(touching || a.distance(*b) > 5e-4, "{i} and {j} coincide");
        }
    }
}

#[test]
fn geometry_is_sound() {
    let triangles: usize = built().meshes.iter().map(|m| m.triangles.len()).sum();
    assert!((20_000..45_000).contains(&triangles), "{triangles} triangles");
    for mesh in &built().meshes {
        assert!(mesh.normals.iter().all(|n| (n.length() - 1.0).abs() < 1e-3), "{}", mesh.name);
        assert!(mesh.weights.iter().all(|w| (w.iter().sum::<f32>() - 1.0).abs() < 1e-4), "{}", mesh.name);
        assert!(mesh.colors.iter().flatten().all(|c| (0.0..=1.0).contains(c)), "{}", mesh.name);
        assert!(mesh.positions.iter().all(|p| p.is_finite()), "{}", mesh.name);
    }
    let low = built().meshes.iter().find(|m| m.name == "shoes").unwrap().positions.iter().map(|p| p.y).fold(f32::MAX, f32::min);
    assert!(low.abs() < 0.005, "feet at {low}");
}

/// A closed part whose faces point inwards has a negative volume.
#[test]
fn faces_point_outwards() {
    for name in ["hair", "ears", "brows", "tongue", "shoes", "hands", "leftEyeball", "lashes"] {
        let m = mesh(built(), name);
        let centre = m.positions.iter().sum::<Vec3>() / m.positions.len() as f32;
        let volume: f32 = m.triangles.iter().map(|t| t.map(|v| m.positions[v as usize] - centre)).map(|[a, b, c]| a.dot(b.cross(c))).sum();
        assert!(volume > 0.0, "{name}: {volume}");
    }
}

/// Skinned positions and joint places of a mesh in a pose given as local rotations.
fn bent(actor: &Actor, mesh: &Mesh, turns: &[(&str, Quat)]) -> (Vec<Vec3>, Vec<Vec3>) {
    let mut pose = skeleton::Pose::default();
    turns.iter().for_each(|(joint, turn)| pose.rotations[skeleton::index(joint).unwrap()] = *turn);
    pose.hips = actor.nodes[0].translation;
    let offsets = std::array::from_fn(|i| actor.nodes[actor.joints[i].unwrap()].translation);
    let globals = skeleton::globals(&pose, &offsets);
    let rest = skeleton::globals(&skeleton::Pose { hips: pose.hips, ..Default::default() }, &offsets);
    let place = |v: usize| -> Vec3 {
        let follow = |(joint, weight): (&u16, &f32)| {
            let j = usize::from(*joint).min(skeleton::COUNT - 1);
            (globals.positions[j] + globals.rotations[j] * (mesh.positions[v] - rest.positions[j])) * *weight
        };
        mesh.joints[v].iter().zip(&mesh.weights[v]).map(follow).sum()
    };
    ((0..mesh.positions.len()).map(place).collect(), globals.positions.to_vec())
}

/// How thick a limb stays around `joint` when bent: distances of the skin to the bones of parent and joint over those at rest,
/// for the vertices within `reach` metres of the joint along the limb. The mean, and the least 5 %.
fn thickness(mesh: &Mesh, joint: &str, child: &str, reach: f32, turns: &[(&str, Quat)]) -> (f32, f32) {
    let actor = built();
    let index = |name: &str| skeleton::index(name).unwrap();
    let (middle, end) = (index(joint), index(child));
    let start = skeleton::JOINTS[middle].parent.unwrap();
    let distance = |p: Vec3, joints: &[Vec3]| {
        let to = |a: Vec3, b: Vec3| {
            let t = ((p - a).dot(b - a) / (b - a).length_squared()).clamp(0.0, 1.0);
            p.distance(a.lerp(b, t))
        };
        to(joints[start], joints[middle]).min(to(joints[middle], joints[end]))
    };
    let (rest, joints) = bent(actor, mesh, &[]);
    let (now, moved) = bent(actor, mesh, turns);
    let along = (joints[end] - joints[start]).normalize();
    let mut shares: Vec<f32> = (0..rest.len())
        .filter(|&v| (rest[v] - joints[middle]).dot(along).abs() < reach && rest[v].distance(joints[middle]) < 3.0 * reach)
        .map(|v| distance(now[v], &moved) / distance(rest[v], &joints).max(1e-4))
        .collect();
    assert!(shares.len() >= 16, "{joint}: {} vertices", shares.len());
    shares.sort_by(f32::total_cmp);
    (shares.iter().sum::<f32>() / shares.len() as f32, shares[shares.len() / 20])
}

/// Linear skinning thins what it bends: on the inside of a bend most, to 0.71 everywhere under a twist of 90 degrees in one
/// place. Shape and weights must keep the rest.
#[test]
fn bent_limbs_keep_their_thickness() {
    let turn = |axis: Vec3, degrees: f32| Quat::from_axis_angle(axis, degrees.to_radians());
    let (sleeve, hand, legs) = (mesh(built(), "top"), mesh(built(), "hands"), mesh(built(), "trousers"));
    let elbow = |degrees: f32| [("leftLowerArm", turn(Vec3::NEG_Y, degrees))];
    let twist = [("leftHand", turn(Vec3::X, 90.0))];
    let cases = [
        ("elbow 90", thickness(sleeve, "leftLowerArm", "leftHand", 0.04, &elbow(90.0)), 0.82, 0.50),
        ("elbow 120", thickness(sleeve, "leftLowerArm", "leftHand", 0.04, &elbow(120.0)), 0.72, 0.20),
        ("cuff, hand twisted 90", thickness(sleeve, "leftHand", "leftMiddleProximal", 0.03, &twist), 0.98, 0.98),
        ("hand twisted 90", thickness(hand, "leftHand", "leftMiddleProximal", 0.016, &twist), 0.85, 0.80),
        ("forearm twisted 45", thickness(sleeve, "leftLowerArm", "leftHand", 0.06, &[("leftLowerArm", turn(Vec3::X, 45.0))]), 0.95, 0.90),
        (
            "arm lowered 80",
            thickness(sleeve, "leftUpperArm", "leftLowerArm", 0.05, &[("leftUpperArm", turn(Vec3::NEG_Z, 80.0))]),
            0.74,
            0.28,
        ),
        ("arm raised 80", thickness(sleeve, "leftUpperArm", "leftLowerArm", 0.05, &[("leftUpperArm", turn(Vec3::Z, 80.0))]), 0.85, 0.60),
        ("knee 90", thickness(legs, "leftLowerLeg", "leftFoot", 0.06, &[("leftLowerLeg", turn(Vec3::X, 90.0))]), 0.85, 0.50),
        (
            "finger 90",
            thickness(hand, "leftIndexIntermediate", "leftIndexDistal", 0.009, &[("leftIndexIntermediate", turn(Vec3::NEG_Z, 90.0))]),
            0.85,
            0.42,
        ),
        (
            "knuckle 90",
            thickness(hand, "leftMiddleProximal", "leftMiddleIntermediate", 0.012, &[("leftMiddleProximal", turn(Vec3::NEG_Z, 90.0))]),
            0.82,
            0.36,
        ),
    ];
    for (what, (mean, least), ..) in &cases {
        eprintln!("{what}: {mean:.2} on average, {least:.2} at the thinnest");
    }
    for (what, (mean, least), mean_limit, least_limit) in cases {
        assert!(mean > mean_limit && least > least_limit, "{what}: {mean:.2} on average, {least:.2} at the thinnest");
    }
}

#[test]
fn every_figure_is_dressed() {
    use build::{Dress, Figure, Outfit, Parameters};
    let figure = |outfit, change: fn(&mut Figure)| {
        let mut figure = Figure { dress: Dress { outfit, ..Default::default() }, ..Default::default() };
        change(&mut figure);
        figure
    };
    let figures = [
        figure(Outfit::Cardigan, |f| (f.back, f.belly, f.bust, f.waist, f.shoulders) = (0.8, 0.6, 0.0, 1.2, 1.15)),
        figure(Outfit::Hoodie, |f| (f.height, f.legs, f.bust, f.hips) = (1.1, 0.92, 0.0, 0.9)),
        figure(Outfit::Shirt, |f| (f.height, f.build, f.shoulders) = (2.0, 1.0, 1.3)),
        figure(Outfit::Dress, |f| (f.height, f.build, f.hips) = (1.55, -1.0, 1.3)),
    ];
    for figure in figures {
        figure.check().unwrap();
        let actor = build::build(&Parameters { figure: figure.clone(), ..Default::default() });
        let points = |m: &Mesh| m.positions.clone();
        let body: Vec<Vec3> = ["top", "trousers", "shoes", "hands"].iter().flat_map(|name| points(mesh(&actor, name))).collect();
        let low = body.iter().map(|p| p.y).fold(f32::MAX, f32::min);
        assert!(low.abs() < 0.006 && body.iter().all(|p| p.is_finite()), "{figure:?}: {low}");
        // The crown, without hair, is as high as asked for: the eyes lie 123 mm below it, times the head's scale.
        let world = |node: usize| -> Vec3 {
            std::iter::successors(Some(node), |n| actor.nodes[*n].parent).map(|n| actor.nodes[n].translation).sum()
        };
        let eyes = world(actor.eyes[0].unwrap()).y;
        assert!((eyes + 0.123 * 1.07 - figure.height).abs() < 0.01, "{figure:?}: eyes at {eyes}");
        // The wrist lies inside its cuff, the neck inside its collar.
        let wrist = world(actor.joints[skeleton::index("leftHand").unwrap()].unwrap());
        let around = mesh(&actor, "top").positions.iter().filter(|p| p.distance(wrist) < 0.05 * figure.height / 1.69);
        let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
        around.for_each(|p| (low, high) = (low.min(*p), high.max(*p)));
        assert!(low.y < wrist.y && wrist.y < high.y && low.z < wrist.z && wrist.z < high.z, "{figure:?}");
    }
}

#[test]
fn impossible_figures_are_refused_by_name() {
    use build::Figure;
    for (figure, name) in [
        (Figure { height: 3.0, ..Default::default() }, "height"),
        (Figure { back: -0.1, ..Default::default() }, "back"),
        (Figure { waist: f32::NAN, ..Default::default() }, "waist"),
    ] {
        let error = figure.check().unwrap_err();
        assert!(error.to_string().contains(name) && error.hint().is_some(), "{error}");
    }
}

#[test]
fn the_file_holds_the_actor_and_loads_back() {
    let bytes = actor::write_glb(built()).unwrap();
    assert!(bytes.len() < 5_000_000, "{} bytes", bytes.len());
    let loaded = actor::load(&bytes, "ada.glb").unwrap();
    same(built(), &loaded);
}

/// Rebuilding gives what is committed: refresh it with `cargo run --release --example build_actor`.
#[test]
fn the_committed_file_is_current() {
    same(built(), &actor::builtin("ada").unwrap());
}

/// Equal within the rounding of the file.
fn same(a: &Actor, b: &Actor) {
    assert_eq!(a.name, b.name);
    let shape = |n: &actor::Node| (n.name.clone(), n.parent.map(|p| p.to_string()));
    let sorted = |actor: &Actor| {
        let name = |i: usize| actor.nodes[i].name.clone();
        let mut list: Vec<_> = actor.nodes.iter().map(|n| (shape(n).0, n.parent.map(name))).collect();
        list.sort();
        list
    };
    assert_eq!(sorted(a), sorted(b));
    let joint = |actor: &Actor| actor.joints.iter().map(|j| j.map(|n| actor.nodes[n].name.clone())).collect::<Vec<_>>();
    assert_eq!(joint(a), joint(b));
    assert!(b.eyes.iter().all(Option::is_some));
    assert_eq!(a.keypoints, b.keypoints);
    let (ta, tb) = (&a.textures[0], &b.textures[0]);
    assert!(ta.rgba.iter().zip(&tb.rgba).all(|(x, y)| x.abs_diff(*y) <= 1));
    assert_eq!(a.meshes.len(), b.meshes.len());
    for (m, n) in a.meshes.iter().zip(&b.meshes) {
        let close = |a: &[Vec3], b: &[Vec3], limit: f32| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.distance(*b) < limit);
        assert_eq!((&m.name, &m.triangles), (&n.name, &n.triangles));
        assert_eq!(a.materials[m.material].surface, b.materials[n.material].surface);
        assert!(close(&m.positions, &n.positions, 1e-5) && close(&m.normals, &n.normals, 1e-2), "{}", m.name);
        assert!(m.colors.iter().flatten().zip(n.colors.iter().flatten()).all(|(x, y)| (x - y).abs() < 2e-2), "{}", m.name);
        for (v, (w, joints)) in m.weights.iter().zip(&m.joints).enumerate() {
            for (w, joint) in w.iter().zip(joints).filter(|(w, _)| **w > 1e-3) {
                let name = &a.nodes[usize::from(*joint)].name;
                let theirs = (0..4).filter(|&k| b.nodes[usize::from(n.joints[v][k])].name == *name).map(|k| n.weights[v][k]).sum::<f32>();
                assert!((w - theirs).abs() < 1e-3, "{} {v}: {name} {w} {theirs}", m.name);
            }
        }
        assert_eq!(m.morphs.len(), n.morphs.len(), "{}", m.name);
        for (x, y) in m.morphs.iter().zip(&n.morphs) {
            assert_eq!((&x.name, &x.driver), (&y.name, &y.driver));
            let missing = x.vertices.len().abs_diff(y.vertices.len());
            assert!(missing <= 4 + x.vertices.len() / 50, "{}: {} {missing}", m.name, x.name);
        }
        for mix in [[("jawOpen", 1.0)], [("eyeBlink", 0.5)], [("mouthSmile", 1.0)]] {
            assert!(close(&posed(m, &mix), &posed(n, &mix), 3e-5), "{} {mix:?}", m.name);
        }
    }
}

#[test]
fn broken_bytes_give_errors() {
    let good = actor::write_glb(built()).unwrap();
    assert!(actor::load(&[], "empty").is_err());
    assert!(actor::load(b"glTF", "short").is_err());
    assert!(actor::load(b"<!DOCTYPE html>", "page").is_err());
    for cut in [11, 20, 1000, good.len() / 2, good.len() - 8] {
        assert!(actor::load(&good[..cut], "cut").is_err(), "{cut}");
    }
    // Damage in the text chunk: an error or an actor, never a panic.
    let text = u32::from_le_bytes(good[12..16].try_into().unwrap()) as usize;
    for i in 0..60 {
        let mut bad = good.clone();
        let at = 20 + (i * 7919) % text;
        bad[at] = if bad[at].is_ascii_digit() { b'9' } else { b'x' };
        let _ = actor::load(&bad, "damaged");
    }
}
