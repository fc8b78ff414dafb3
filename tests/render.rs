//! What the renderer promises: the same bytes whatever the threads, both back ends alike, sizes refused, pictures as agreed.

use gestus::actor::{self, Actor, Alpha, Driver, Material, Mesh, Morph, Node, Surface, Texture};
use gestus::body::skeleton;
use gestus::face::coefficients;
use gestus::motion::{Frame, Performance};
use gestus::render::{Backend, Background, Framing, Look, Picture, Renderer, View, draw_all};
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
        alpha: Alpha::Opaque,
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
    draw_all(&renderer, &performance, 0, &|| false, |n, picture| {
        assert_eq!(n, next);
        assert!(picture == renderer.draw(&performance.frames[n])?, "frame {n} differs from itself drawn alone");
        next += 1;
        Ok(())
    })?;
    assert_eq!(next, 40);
    let stopped = draw_all(&renderer, &performance, 0, &|| true, |_, _| Ok(()));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let refused = draw_all(&renderer, &performance, 0, &|| false, |n, _| if n == 3 { Err(Error::Render("full".into())) } else { Ok(()) });
    assert!(matches!(refused, Err(Error::Render(_))));
    Ok(())
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

/// A square in the plane z, one metre wide around (0, 1), facing +z, with texture coordinates from its upper left corner.
fn pane(z: f32, colors: Vec<[f32; 4]>, material: usize) -> Mesh {
    let corners = [(-0.5, 1.5), (-0.5, 0.5), (0.5, 0.5), (0.5, 1.5)];
    Mesh {
        name: "pane".into(),
        material,
        node: Some(0),
        positions: corners.map(|(x, y)| Vec3::new(x, y, z)).to_vec(),
        normals: vec![Vec3::Z; 4],
        uvs: vec![[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]],
        colors,
        triangles: vec![[0, 1, 2], [0, 2, 3]],
        ..Default::default()
    }
}

fn material(surface: Surface, base_color: [f32; 4], alpha: Alpha) -> Material {
    let colour = Vec3::new(base_color[0], base_color[1], base_color[2]);
    Material { surface, base_color, alpha, shade: colour * 0.3, ..ball().materials[0].clone() }
}

fn scene(meshes: Vec<Mesh>, materials: Vec<Material>) -> Actor {
    let node = Node { name: "root".into(), parent: None, translation: Vec3::ZERO, rotation: Quat::IDENTITY, scale: Vec3::ONE };
    Actor { name: "scene".into(), nodes: vec![node], meshes, materials, ..Default::default() }
}

/// Draws on every back end that is there, and gives the pixel in the middle of each picture.
fn middles(actor: &Actor) -> Vec<[u8; 4]> {
    let view = View { background: Background::Transparent, ..view(64, 64, Framing::Body) };
    let backends = [Backend::Cpu, Backend::Gpu].into_iter().filter_map(|b| Renderer::new(b, actor, &view).ok());
    let middle = |r: Renderer| r.draw(&Frame::default()).expect("a picture").rgba[(32 * 64 + 32) * 4..][..4].try_into().expect("a pixel");
    backends.map(middle).collect()
}

/// Linear 0..=1 as an sRGB byte.
fn srgb(linear: f32) -> u8 {
    let c = if linear <= 0.0031308 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (c * 255.0).round() as u8
}

fn assert_near(got: [u8; 4], wanted: [u8; 4], what: &str) {
    assert!(got.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 2), "{what}: {got:?} instead of {wanted:?}");
}

#[test]
fn unlit_surfaces_show_their_colour_in_every_look() {
    let actor = scene(vec![pane(0.0, Vec::new(), 0)], vec![material(Surface::Unlit, [0.5, 0.2, 0.05, 1.0], Alpha::Opaque)]);
    for look in Look::NAMES.map(|name| name.parse().expect("a look")) {
        let view = View { look, background: Background::Transparent, ..view(64, 64, Framing::Body) };
        let picture = draw(Backend::Cpu, &actor, &view, &Frame::default());
        let middle = picture.rgba[(32 * 64 + 32) * 4..][..4].try_into().expect("a pixel");
        assert_near(middle, [srgb(0.5), srgb(0.2), srgb(0.05), 255], "unlit");
    }
}

#[test]
fn toon_surfaces_have_two_tones() {
    let lit = scene(vec![pane(0.0, Vec::new(), 0)], vec![material(Surface::Toon, [0.8, 0.4, 0.1, 1.0], Alpha::Opaque)]);
    for middle in middles(&lit) {
        assert_near(middle, [srgb(0.8), srgb(0.4), srgb(0.1), 255], "lit side");
    }
    let mut shaded = lit.clone();
    shaded.meshes[0].normals = vec![Vec3::new(0.6, -0.6, -0.53); 4];
    for middle in middles(&shaded) {
        assert_near(middle, [srgb(0.24), srgb(0.12), srgb(0.03), 255], "other side");
    }
}

#[test]
fn veils_mix_with_what_is_behind_whatever_the_order_of_the_meshes() {
    let red = material(Surface::Unlit, [0.9, 0.0, 0.0, 1.0], Alpha::Opaque);
    let green = material(Surface::Unlit, [0.0, 0.8, 0.0, 0.5], Alpha::Blend);
    let blue = material(Surface::Unlit, [0.0, 0.0, 0.7, 0.25], Alpha::Blend);
    let panes = [pane(0.0, Vec::new(), 0), pane(0.1, Vec::new(), 1), pane(0.2, Vec::new(), 2)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let meshes = order.map(|i: usize| panes[i].clone()).to_vec();
        for middle in middles(&scene(meshes, vec![red.clone(), green.clone(), blue.clone()])) {
            // Half of the green over the red, then a quarter of the blue over both.
            assert_near(middle, [srgb(0.9 * 0.5 * 0.75), srgb(0.8 * 0.5 * 0.75), srgb(0.7 * 0.25), 255], "three panes");
        }
    }
    // Before nothing, it is its own colour and its opacity the picture's.
    for middle in middles(&scene(vec![pane(0.0, Vec::new(), 0)], vec![green.clone()])) {
        assert_near(middle, [0, srgb(0.8), 0, 128], "one pane");
    }
    // And behind what is opaque it is not seen.
    let hidden = scene(vec![pane(0.1, Vec::new(), 0), pane(0.0, Vec::new(), 1)], vec![red, green]);
    for middle in middles(&hidden) {
        assert_near(middle, [srgb(0.9), 0, 0, 255], "hidden pane");
    }
}

#[test]
fn vertex_alpha_is_opacity_on_foreign_surfaces_and_openness_on_ours() {
    let half = vec![[1.0, 1.0, 1.0, 0.5]; 4];
    let unlit = |alpha| scene(vec![pane(0.0, half.clone(), 0)], vec![material(Surface::Unlit, [0.5, 0.5, 0.5, 1.0], alpha)]);
    for (alpha, opacity) in [(Alpha::Opaque, 255), (Alpha::Blend, 128), (Alpha::Mask(0.4), 255), (Alpha::Mask(0.6), 0)] {
        for middle in middles(&unlit(alpha)) {
            assert_eq!(middle[3].abs_diff(opacity) / 2, 0, "{alpha:?}: {middle:?}");
        }
    }
    let cloth = |open| scene(vec![pane(0.0, vec![[1.0, 1.0, 1.0, open]; 4], 0)], vec![material(Surface::Cloth, [0.5; 4], Alpha::Opaque)]);
    for (creased, open) in middles(&cloth(0.3)).into_iter().zip(middles(&cloth(1.0))) {
        assert!(creased[3] == 255 && creased[0] < open[0], "{creased:?} against {open:?}");
    }
}

#[test]
fn holes_in_a_texture_are_cut_out_with_soft_borders() {
    // A disc of half the pane's width.
    let texel = |i: usize| {
        let (x, y) = ((i % 64) as f32 - 31.5, (i / 64) as f32 - 31.5);
        [255, 255, 255, if x.hypot(y) < 16.0 { 255 } else { 0 }]
    };
    let texture = Texture { width: 64, height: 64, rgba: (0..64 * 64).flat_map(texel).collect() };
    let mut masked = material(Surface::Unlit, [1.0; 4], Alpha::Mask(0.5));
    masked.texture = Some(0);
    let mut actor = scene(vec![pane(0.0, Vec::new(), 0)], vec![masked]);
    actor.textures.push(texture);
    let view = View { background: Background::Transparent, ..view(128, 128, Framing::Body) };
    let whole = { scene(vec![pane(0.0, Vec::new(), 0)], vec![material(Surface::Unlit, [1.0; 4], Alpha::Opaque)]) };
    let count = |p: &Picture| p.rgba.chunks_exact(4).map(|p| p[3] as f64 / 255.0).sum::<f64>();
    let (disc, whole) = (draw(Backend::Cpu, &actor, &view, &Frame::default()), draw(Backend::Cpu, &whole, &view, &Frame::default()));
    let share = count(&disc) / count(&whole);
    assert!((share - std::f64::consts::PI / 16.0).abs() < 0.01, "the disc has {share} of the pane");
    let soft = disc.rgba.chunks_exact(4).filter(|p| p[3] > 0 && p[3] < 255).count();
    assert!(soft > 60, "only {soft} pixels on the border are partly covered");
}

/// A row of balls, one of each surface, and one masked, one mixed and one of metal.
fn every_surface() -> Actor {
    use Surface::*;
    let kinds = [Plain, Skin, Eye, Hair, Cloth, Mouth, Lash, Unlit, Toon];
    let colour = [0.55, 0.33, 0.22, 0.6];
    let mut materials: Vec<Material> = kinds.map(|surface| material(surface, colour, Alpha::Opaque)).to_vec();
    materials.push(material(Plain, colour, Alpha::Blend));
    materials.push(Material { metallic: 1.0, roughness: 0.3, ..material(Plain, colour, Alpha::Opaque) });
    materials.push(Material { emissive: Vec3::new(0.1, 0.2, 0.3), texture: Some(0), ..material(Toon, [1.0; 4], Alpha::Mask(0.5)) });
    let checks = |i: usize| if (i / 4 + i / 64).is_multiple_of(2) { [230, 120, 60, 255] } else { [30, 60, 90, 40] };
    let meshes = (0..materials.len()).map(|i| {
        let mut mesh = Mesh { morphs: Vec::new(), material: i, ..ball().meshes.remove(0) };
        let place = Vec3::new((i % 4) as f32 * 0.24, (i / 4) as f32 * 0.24, 0.0);
        mesh.uvs = mesh.normals.iter().map(|n| [0.5 + 0.5 * n.x, 0.5 - 0.5 * n.y]).collect();
        mesh.colors = mesh.normals.iter().map(|n| [1.0, 1.0, 1.0, 0.75 + 0.25 * n.y]).collect();
        mesh.positions.iter_mut().for_each(|p| *p += place);
        mesh
    });
    let mut actor = scene(meshes.collect(), materials);
    actor.textures.push(Texture { width: 16, height: 16, rgba: (0..256).flat_map(checks).collect() });
    actor
}

/// How far the two back ends may differ: mean over all channels, and the share of pixels off by more than 24 steps in one.
/// Both shade from the same formulas; what differs is which of two surfaces a sample on their border takes, and powers that the
/// CPU takes by multiplication.
const TOLERANCE: (f64, f64) = (0.7, 0.01);

fn compare(actor: &Actor, view: &View, frame: &Frame, what: &str) -> bool {
    let gpu = match Renderer::new(Backend::Gpu, actor, view) {
        Ok(gpu) => gpu,
        Err(error) => {
            eprintln!("SKIPPED {what}: {error}");
            return false;
        }
    };
    let (mean, off) = difference(&draw(Backend::Cpu, actor, view, frame), &gpu.draw(frame).expect("a picture"), 24);
    println!("{what}: mean {mean:.3}, {:.2} % of pixels off by more than 24", off * 100.0);
    assert!(mean < TOLERANCE.0 && off < TOLERANCE.1, "{what}: mean {mean}, {off} of the pixels off");
    true
}

#[test]
fn both_back_ends_draw_the_same() {
    let actor = actor::builtin("ada").expect("the built-in actor");
    for name in Look::NAMES {
        let look = name.parse().expect("a look");
        for framing in [Framing::Head, Framing::Bust, Framing::Body] {
            let view = View { look, yaw: 0.3, ..view(256, 256, framing) };
            if !compare(&actor, &view, &lively(), &format!("{name}, {framing:?}")) {
                return;
            }
        }
    }
}

#[test]
fn both_back_ends_draw_every_surface_the_same() {
    for name in Look::NAMES {
        let view = View { look: name.parse().expect("a look"), ..view(256, 256, Framing::Body) };
        if !compare(&every_surface(), &view, &Frame::default(), &format!("{name}, every surface")) {
            return;
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
