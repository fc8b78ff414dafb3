//! What the renderer promises: the same bytes whatever the threads, both back ends alike, sizes refused, pictures as agreed.

use gestus::actor::{self, Actor, Driver, Material, Mesh, Morph, Node, Surface};
use gestus::body::skeleton;
use gestus::face::coefficients;
use gestus::motion::{Frame, Performance};
use gestus::render::{Backend, Background, Framing, Picture, Renderer, View, draw_all};
use gestus::{Error, Result};
use glam::{Quat, Vec3};
use std::path::Path;

fn set(frame: &mut Frame, name: &str, value: f32) {
    frame.face[coefficients::index(name).expect("a coefficient's name")] = value;
}

fn turn(frame: &mut Frame, joint: &str, by: Quat) {
    frame.body.rotations[skeleton::index(joint).expect("a joint's name")] = by;
}

/// Smiling, one arm raised, looking to the side.
fn lively() -> Frame {
    let mut frame = Frame::default();
    for (name, value) in [("jawOpen", 0.35), ("mouthSmileLeft", 0.6), ("mouthSmileRight", 0.4), ("browInnerUp", 0.5), ("eyeBlinkLeft", 0.2)]
    {
        set(&mut frame, name, value);
    }
    frame.gaze.yaw = 0.15;
    turn(&mut frame, "leftUpperArm", Quat::from_rotation_z(-1.1));
    turn(&mut frame, "rightUpperArm", Quat::from_rotation_z(1.2));
    turn(&mut frame, "leftLowerArm", Quat::from_rotation_y(-1.6));
    turn(&mut frame, "head", Quat::from_rotation_y(0.25));
    frame
}

/// A ball on a node, with a morph that stretches its upper half.
fn ball() -> Actor {
    const RINGS: u32 = 16;
    const SIDES: u32 = 24;
    let mut mesh = Mesh { name: "ball".into(), node: Some(0), ..Default::default() };
    for ring in 0..=RINGS {
        for side in 0..=SIDES {
            let (a, b) = (std::f32::consts::PI * ring as f32 / RINGS as f32, std::f32::consts::TAU * side as f32 / SIDES as f32);
            let n = Vec3::new(a.sin() * b.sin(), a.cos(), a.sin() * b.cos());
            mesh.positions.push(n * 0.1);
            mesh.normals.push(n);
        }
    }
    for ring in 0..RINGS {
        for side in 0..SIDES {
            let (a, b) = (ring * (SIDES + 1) + side, (ring + 1) * (SIDES + 1) + side);
            mesh.triangles.extend([[a, b, b + 1], [a, b + 1, a + 1]]);
        }
    }
    let upper: Vec<u32> = (0..mesh.positions.len() as u32).filter(|i| mesh.positions[*i as usize].y > 0.0).collect();
    mesh.morphs.push(Morph {
        name: "jawOpen".into(),
        driver: Driver::Coefficient(coefficients::index("jawOpen").expect("jawOpen")),
        positions: upper.iter().map(|i| Vec3::Y * mesh.positions[*i as usize].y * 0.5).collect(),
        normals: Vec::new(),
        vertices: upper,
    });
    let node = Node { name: "root".into(), parent: None, translation: Vec3::Y, rotation: Quat::IDENTITY, scale: Vec3::ONE };
    let material = Material {
        name: "clay".into(),
        surface: Surface::Plain,
        base_color: [0.6, 0.3, 0.2, 1.0],
        roughness: 0.5,
        metallic: 0.0,
        texture: None,
        double_sided: false,
        alpha: gestus::actor::Alpha::Opaque,
        emissive: Vec3::ZERO,
        shade: Vec3::ONE,
    };
    Actor { name: "ball".into(), nodes: vec![node], meshes: vec![mesh], materials: vec![material], ..Default::default() }
}

fn view(width: u32, height: u32, framing: Framing) -> View {
    View { width, height, framing, ..View::default() }
}

fn draw(backend: Backend, actor: &Actor, view: &View, frame: &Frame) -> Picture {
    let renderer = Renderer::new(backend, actor, view).expect("a renderer");
    renderer.draw(frame).expect("a picture")
}

/// Pixels whose alpha is not 0.
fn covered(picture: &Picture) -> usize {
    picture.rgba.chunks_exact(4).filter(|p| p[3] > 0).count()
}

/// Mean difference of a channel, and the share of pixels off by more than `tolerance` in some channel.
fn difference(a: &Picture, b: &Picture, tolerance: u8) -> (f64, f64) {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let sum: u64 = a.rgba.iter().zip(&b.rgba).map(|(a, b)| a.abs_diff(*b) as u64).sum();
    let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > tolerance);
    let off = a.rgba.chunks_exact(4).zip(b.rgba.chunks_exact(4)).filter(far).count();
    (sum as f64 / a.rgba.len() as f64, off as f64 * 4.0 / a.rgba.len() as f64)
}

#[test]
fn impossible_sizes_are_usage_errors() {
    for (w, h) in [(0, 64), (64, 0), (8193, 64), (64, u32::MAX)] {
        let result = Renderer::new(Backend::Cpu, &ball(), &view(w, h, Framing::Head)).map(|r| r.name().to_string());
        assert!(matches!(result, Err(Error::Usage { .. })), "{w}x{h} gave {result:?}");
    }
}

#[test]
fn broken_meshes_are_refused() {
    let mut actor = ball();
    actor.meshes[0].triangles.push([0, 1, 1_000_000]);
    let result = Renderer::new(Backend::Cpu, &actor, &View::default()).map(|_| ());
    assert!(matches!(result, Err(Error::Malformed { .. })), "{result:?}");
}

#[test]
fn morphs_reach_the_picture() {
    let clear = View { background: Background::Transparent, ..view(96, 96, Framing::Body) };
    let mut open = Frame::default();
    set(&mut open, "jawOpen", 0.3);
    let (rest, stretched) = (draw(Backend::Cpu, &ball(), &clear, &Frame::default()), draw(Backend::Cpu, &ball(), &clear, &open));
    assert!(covered(&rest) > 1000, "{} pixels", covered(&rest));
    // Half of the ball becomes 15 % higher.
    let growth = covered(&stretched) as f64 / covered(&rest) as f64;
    assert!((1.06..1.09).contains(&growth), "grew by {growth}");
}

#[test]
fn broken_numbers_in_a_frame_do_not_panic() {
    let mut frame = Frame { face: [f32::NAN; coefficients::COUNT], ..Frame::default() };
    frame.gaze.yaw = f32::INFINITY;
    frame.body.hips = Vec3::splat(f32::NAN);
    frame.body.rotations = [Quat::from_xyzw(0.0, 0.0, 0.0, 0.0); skeleton::COUNT];
    let actor = actor::builtin("ada").expect("the built-in actor");
    draw(Backend::Cpu, &actor, &view(64, 48, Framing::Bust), &frame);
}

#[test]
fn all_frames_arrive_in_order_and_equal_single_draws() -> Result<()> {
    let renderer = Renderer::new(Backend::Cpu, &ball(), &view(64, 64, Framing::Body))?;
    let frame = |n: usize| {
        let mut frame = Frame::default();
        set(&mut frame, "jawOpen", n as f32 / 40.0);
        frame
    };
    let performance = Performance { fps: 30.0, seconds: 40.0 / 30.0, frames: (0..40).map(frame).collect() };
    let mut next = 0;
    draw_all(&renderer, &performance, &|| false, |n, picture| {
        assert_eq!(n, next);
        assert!(picture == renderer.draw(&performance.frames[n])?, "frame {n} differs from itself drawn alone");
        next += 1;
        Ok(())
    })?;
    assert_eq!(next, 40);
    let stopped = draw_all(&renderer, &performance, &|| true, |_, _| Ok(()));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let refused = draw_all(&renderer, &performance, &|| false, |n, _| if n == 3 { Err(Error::Render("full".into())) } else { Ok(()) });
    assert!(matches!(refused, Err(Error::Render(_))));
    Ok(())
}

#[test]
fn both_back_ends_draw_the_same() {
    let actor = actor::builtin("ada").expect("the built-in actor");
    for framing in [Framing::Head, Framing::Bust, Framing::Body] {
        let view = view(256, 256, framing);
        let gpu = match Renderer::new(Backend::Gpu, &actor, &view) {
            Ok(gpu) => gpu,
            Err(error) => return eprintln!("SKIPPED both_back_ends_draw_the_same: {error}"),
        };
        let (a, b) = (draw(Backend::Cpu, &actor, &view, &lively()), gpu.draw(&lively()).expect("a picture"));
        let (mean, off) = difference(&a, &b, 24);
        println!("{framing:?}: mean {mean:.3}, {:.2} % of pixels off by more than 24", off * 100.0);
        assert!(mean < 1.0 && off < 0.02, "{framing:?}: mean {mean}, {off} of the pixels off");
    }
}

#[test]
fn transparent_pictures_keep_straight_colour() {
    let clear = View { background: Background::Transparent, ..view(96, 96, Framing::Head) };
    let solid = View { background: Background::Colour([255, 255, 255]), ..clear.clone() };
    let (clear, solid) = (draw(Backend::Cpu, &ball(), &clear, &Frame::default()), draw(Backend::Cpu, &ball(), &solid, &Frame::default()));
    assert!(clear.rgba.chunks_exact(4).any(|p| p[3] == 0) && clear.rgba.chunks_exact(4).any(|p| p[3] == 255));
    for (c, s) in clear.rgba.chunks_exact(4).zip(solid.rgba.chunks_exact(4)) {
        match c[3] {
            0 => assert_eq!(s, [255; 4]),
            255 => assert_eq!(s, c),
            _ => {}
        }
    }
}

/// Compares with `tests/golden/NAME.png`; `GESTUS_BLESS=1` writes it instead.
fn golden(name: &str, picture: &Picture) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"));
    let save = |path: &Path, p: &Picture| {
        image::save_buffer(path, &p.rgba, p.width, p.height, image::ColorType::Rgba8).expect("a writable picture");
    };
    if std::env::var_os("GESTUS_BLESS").is_some() {
        return save(&path, picture);
    }
    let wanted = image::open(&path).expect("a golden picture: make it with GESTUS_BLESS=1").to_rgba8();
    let wanted = Picture { width: wanted.width(), height: wanted.height(), rgba: wanted.into_raw() };
    let (mean, off) = difference(&wanted, picture, 24);
    if mean > 1.0 || off > 0.01 {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/golden");
        std::fs::create_dir_all(&folder).expect("a writable target folder");
        let change = |(i, (a, b)): (usize, (&u8, &u8))| if i % 4 == 3 { 255 } else { a.abs_diff(*b).saturating_mul(4) };
        let rgba = wanted.rgba.iter().zip(&picture.rgba).enumerate().map(change).collect();
        save(&folder.join(format!("{name}.actual.png")), picture);
        save(&folder.join(format!("{name}.difference.png")), &Picture { rgba, width: picture.width, height: picture.height });
        panic!("{name} changed (mean {mean:.2}, {:.1} % off): see {}", off * 100.0, folder.display());
    }
}

#[test]
fn pictures_look_as_agreed() {
    let actor = actor::builtin("ada").expect("the built-in actor");
    golden("head", &draw(Backend::Cpu, &actor, &view(128, 128, Framing::Head), &lively()));
    golden("bust", &draw(Backend::Cpu, &actor, &view(160, 120, Framing::Bust), &lively()));
    golden("body", &draw(Backend::Cpu, &actor, &view(96, 160, Framing::Body), &lively()));
}
