//! Reads somebody's avatar: glTF and GLB, VRM 0.x and 1.0.
//!
//! ```text
//! bytes ─ document ▶ glTF ─ buffers (meshopt) ▶ numbers ─ nodes, geometry (draco), materials, images ▶ Actor as it is in the file
//! names ─ names::joints, vrm ▶ humanoid ─ stand ▶ metres, upright, facing +z
//! names ─ vrm, drivers ▶ what moves the face          all of it ─ report ▶ Report
//! ```
//!
//! Whatever the file holds, the result is an actor whose lists and indices fit together, or an error that says what is wrong.
//! Sizes are checked before anything is allocated for them, and nothing recurses on what the file nests.

mod accessor;
mod buffers;
mod document;
mod draco;
mod geometry;
mod images;
mod materials;
mod meshopt;
mod nodes;
mod vrm;

use super::map::Map;
use super::names::joints::{self, Humanoid};
use super::report::{Facts, Report};
use super::{Actor, Channel, Hinge, drivers, stand};
use crate::body::skeleton;
use crate::face::coefficients::id;
use crate::{Error, Result};
use buffers::Buffers;
use drivers::Speech;
use glam::Vec3;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

/// Numbers that may be read from one file, over all its lists: a bound on the work that a small file can ask for.
const MOST_ELEMENTS: u64 = 400_000_000;
/// How far a jaw opens that turns about its bone, radians.
const JAW: f32 = 0.3;

/// Reads an actor from bytes alone. `origin` names the file in errors.
///
/// Fails with [`Error::Malformed`] where the file is broken, [`Error::Unsupported`] where it needs an extension or a second
/// file, [`Error::Limit`] where it is too large.
pub fn load(bytes: &[u8], origin: &str) -> Result<Actor> {
    read(bytes, origin, None, &Map::default()).map(|(actor, _)| actor)
}

/// Reads an actor from a file and files beside it, and reports what was found. `map` says what names mean where the user knows better.
///
/// Fails as [`load`] does, with [`Error::Io`] where a file cannot be read, and where the map names what is not there.
pub fn open(path: &Path, map: &Map) -> Result<(Actor, Report)> {
    let size = std::fs::metadata(path).map_err(Error::io(path))?.len();
    if size > document::LARGEST_FILE {
        return Err(Error::Limit {
            what: format!("{}: {} MiB are too many", path.display(), size >> 20),
            hint: format!("an avatar may have {} MiB", document::LARGEST_FILE >> 20),
        });
    }
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    read(&bytes, &path.display().to_string(), Some(folder), map)
}

fn read(bytes: &[u8], origin: &str, folder: Option<&Path>, map: &Map) -> Result<(Actor, Report)> {
    let document::Parsed { document, extensions, generator, binary } = document::parse(bytes, origin)?;
    let loader = Loader {
        origin,
        buffers: Buffers::new(&document, binary, origin, folder)?,
        document: &document,
        extensions,
        left: Cell::new(MOST_ELEMENTS),
        notes: RefCell::default(),
    };
    let (actor, mut facts) = loader.actor(map)?;
    facts.generator = generator;
    facts.notes = loader.notes.into_inner();
    let report = Report::new(origin, &actor, facts);
    Ok((actor, report))
}

/// A document on its way to an actor.
struct Loader<'a> {
    document: &'a gltf::Document,
    buffers: Buffers<'a>,
    origin: &'a str,
    /// The extensions at the root of the file.
    extensions: Value,
    left: Cell<u64>,
    /// What was ignored, and how often.
    notes: RefCell<BTreeMap<String, usize>>,
}

impl Loader<'_> {
    fn broken(&self, what: impl Into<String>) -> Error {
        Error::malformed(self.origin, what)
    }

    fn limit(&self, what: String, most: String) -> Error {
        Error::Limit { what: format!("{}: {what} are too many", self.origin), hint: format!("an avatar may have {most}") }
    }

    fn note(&self, what: String) {
        *self.notes.borrow_mut().entry(what).or_default() += 1;
    }

    /// Accounts for reading so many elements.
    fn spend(&self, elements: usize) -> Result<()> {
        let left = self.left.get().checked_sub(elements as u64);
        self.left.set(left.ok_or_else(|| self.limit("the numbers in its lists".into(), format!("{MOST_ELEMENTS} elements")))?);
        Ok(())
    }

    /// What our own files say beyond glTF.
    fn extras(&self) -> Value {
        let raw = self.document.as_json().extras.as_ref();
        let value: Value = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        value["gestus"].clone()
    }

    fn actor(&self, map: &Map) -> Result<(Actor, Facts)> {
        let (nodes, places) = nodes::nodes(self)?;
        let (mut paints, textures) = materials::paints(self);
        let mut actor = Actor { name: self.name(), nodes, textures, ..Actor::default() };
        let origins = geometry::meshes(self, &mut actor, &places, &paints)?;
        // The default material stays only where it is used.
        if !actor.meshes.iter().any(|m| m.material + 1 == paints.len()) {
            paints.pop();
        }
        actor.materials = paints.into_iter().map(|p| p.material).collect();
        let shapes: Vec<String> = actor.meshes.iter().flat_map(|m| &m.morphs).map(|m| m.name.clone()).collect();
        let expressions = vrm::expressions(self, &actor, &origins);
        let expressed = expressions.iter().map(|e| e.name.clone());
        let names: Vec<String> = actor.nodes.iter().map(|n| n.name.clone()).collect();
        map.check(&shapes.into_iter().chain(expressed).collect::<Vec<_>>(), &names)?;

        let (mut humanoid, by) = self.humanoid(&actor, &places, map)?;
        (actor.springs, actor.colliders) = vrm::springs(self, &actor.nodes, &places);
        let stance = stand::stand(&mut actor, &mut humanoid);
        let rigid = actor.meshes.iter().all(|m| m.skin.is_empty());
        if rigid && humanoid.count() < 3 && (stand::is_face(&actor) || humanoid.eyes.iter().any(Option::is_some)) {
            stand::add_neck(&mut actor, &mut humanoid);
        }
        actor.eye_stiffness = stand::seat_eyes(&mut actor, &humanoid);
        actor.joints = humanoid.joints;
        actor.eyes = humanoid.eyes;
        let mut matched = drivers::assign(&mut actor, &expressions, map);
        if let (Speech::None, Some(jaw)) = (matched.speech, humanoid.jaw) {
            let turn = Vec3::X * JAW;
            actor.hinges.push(Hinge { node: jaw, channel: Channel::Coefficient(id::JAW_OPEN), turn });
            matched.speech = Speech::Jaw;
        }
        actor.keypoints = keypoints(&self.extras(), &actor);
        let facts = Facts { format: vrm::format(&self.extensions).into(), joints_by: by.into(), stance, matched, ..Facts::default() };
        Ok((actor, facts))
    }

    /// The scene's name, unless it is what programs call every scene; else the file's.
    fn name(&self) -> String {
        let scene = self.document.default_scene().or_else(|| self.document.scenes().next());
        let file = self.origin.rsplit(['/', '\\']).next().unwrap_or(self.origin);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let named = scene.and_then(|s| s.name()).filter(|name| !["Scene", "AuxScene", "Root Scene"].contains(name));
        named.unwrap_or(stem).to_owned()
    }

    /// Joints and eyes by the VRM map where there is one, else by the nodes' names; and by the user's map before both.
    fn humanoid(&self, actor: &Actor, places: &[Option<usize>], map: &Map) -> Result<(Humanoid, &'static str)> {
        let bones = vrm::bones(self, places)?;
        let by = if bones.is_empty() { "names" } else { "VRM" };
        let mut humanoid = if bones.is_empty() {
            let mut bound = vec![false; actor.nodes.len()];
            actor.meshes.iter().flat_map(|m| &m.skin).for_each(|(node, _)| bound[*node] = true);
            joints::humanoid(&actor.nodes, &bound)
        } else {
            Humanoid::empty()
        };
        let given = map.joints().filter_map(|(joint, name)| Some((joint, actor.nodes.iter().position(|n| n.name == name)?)));
        for (bone, node) in bones.iter().map(|(bone, node)| (bone.as_str(), *node)).chain(given) {
            match (skeleton::index(bone), bone) {
                (Some(joint), _) => humanoid.joints[joint] = Some(node),
                (_, "leftEye") => humanoid.eyes[0] = Some(node),
                (_, "rightEye") => humanoid.eyes[1] = Some(node),
                (_, "jaw") => humanoid.jaw = Some(node),
                _ => {}
            }
        }
        Ok((humanoid, by))
    }
}

/// The 68 landmarks, if the file names them all and they exist.
fn keypoints(extras: &Value, actor: &Actor) -> Option<Vec<(usize, u32)>> {
    let points: Vec<(usize, u32)> = serde_json::from_value(extras["keypoints"].clone()).ok()?;
    let exists = |(mesh, vertex): &(usize, u32)| actor.meshes.get(*mesh).is_some_and(|m| (*vertex as usize) < m.positions.len());
    (points.len() == 68 && points.iter().all(exists)).then_some(points)
}
