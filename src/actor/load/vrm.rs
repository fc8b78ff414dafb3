//! What both versions of VRM say beyond glTF: which node is which bone, expressions, springs.
//!
//! VRM 0.x (`VRM`) and VRM 1.0 (`VRMC_vrm`, `VRMC_springBone`) tell the same with other names and units; here both speak VRM 1.0.

use super::Loader;
use super::geometry::Origin;
use crate::Result;
use crate::actor::drivers::Expression;
use crate::actor::{Actor, Collider, Node, Spring};
use glam::Vec3;
use serde_json::Value;
use std::collections::BTreeMap;

/// Chains of springs that are read from a file; hair has a few dozen.
const MOST_SPRINGS: usize = 1000;

/// Which kind of file it is, for the report.
pub fn format(extensions: &Value) -> &'static str {
    if extensions["VRMC_vrm"].is_object() {
        "VRM 1.0"
    } else if extensions["VRM"].is_object() {
        "VRM 0.x"
    } else {
        "glTF"
    }
}

/// (bone, node) pairs with the names of VRM 1.0; empty where the file is no VRM.
///
/// Fails where a bone names a node that is not there, or two bones name the same.
pub fn bones(loader: &Loader, places: &[Option<usize>]) -> Result<Vec<(String, usize)>> {
    let mut stated: Vec<(String, &Value)> = Vec::new();
    if let Some(bones) = loader.extensions["VRMC_vrm"]["humanoid"]["humanBones"].as_object() {
        stated.extend(bones.iter().map(|(bone, v)| (bone.clone(), &v["node"])));
    } else if let Some(bones) = loader.extensions["VRM"]["humanoid"]["humanBones"].as_array() {
        stated.extend(bones.iter().filter_map(|v| Some((renamed(v["bone"].as_str()?), &v["node"]))));
    }
    let mut taken = BTreeMap::new();
    let mut out = Vec::new();
    // Bones that are not there are -1 in some files.
    for (bone, node) in stated.into_iter().filter(|(_, node)| node.as_i64() != Some(-1)) {
        let bone = super::document::shortened(&bone);
        let place = node.as_u64().and_then(|n| places.get(usize::try_from(n).ok()?).copied().flatten());
        let place = place.ok_or_else(|| loader.broken(format!("humanoid bone {bone} is mapped to node {node}, which is missing")))?;
        if let Some(other) = taken.insert(place, bone.clone()) {
            return Err(loader.broken(format!("humanoid bones {other} and {bone} are mapped to the same node {node}")));
        }
        out.push((bone, place));
    }
    Ok(out)
}

/// The thumb's joints have moved by one name between the versions.
fn renamed(bone: &str) -> String {
    bone.replace("ThumbProximal", "ThumbMetacarpal").replace("ThumbIntermediate", "ThumbProximal")
}

/// All expressions that move something. Binds to what is not there are left out and noted.
pub fn expressions(loader: &Loader, actor: &Actor, origins: &[Origin]) -> Vec<Expression> {
    let mut out = Vec::new();
    let one = &loader.extensions["VRMC_vrm"]["expressions"];
    for (kind, preset) in [("preset", true), ("custom", false)] {
        for (name, value) in one[kind].as_object().into_iter().flatten() {
            let binds = list(&value["morphTargetBinds"]);
            let binds = binds.iter().map(|b| (Carrier::Node(&b["node"]), &b["index"], b["weight"].as_f64().unwrap_or(1.0)));
            out.push(expression(loader, actor, origins, name.clone(), preset, binds));
        }
    }
    for value in list(&loader.extensions["VRM"]["blendShapeMaster"]["blendShapeGroups"]) {
        let preset = value["presetName"].as_str().unwrap_or_default().to_ascii_lowercase();
        let known = OLD_PRESETS.iter().find(|(old, _)| *old == preset);
        let name = known.map_or_else(|| value["name"].as_str().unwrap_or_default().to_owned(), |(_, new)| (*new).into());
        let binds = list(&value["binds"]);
        let binds = binds.iter().map(|b| (Carrier::Mesh(&b["mesh"]), &b["index"], b["weight"].as_f64().unwrap_or(100.0) / 100.0));
        out.push(expression(loader, actor, origins, name, known.is_some(), binds));
    }
    out
}

/// Presets of VRM 0.x and what they are called in 1.0.
const OLD_PRESETS: [(&str, &str); 17] = [
    ("a", "aa"),
    ("i", "ih"),
    ("u", "ou"),
    ("e", "ee"),
    ("o", "oh"),
    ("blink", "blink"),
    ("blink_l", "blinkLeft"),
    ("blink_r", "blinkRight"),
    ("joy", "happy"),
    ("angry", "angry"),
    ("sorrow", "sad"),
    ("fun", "relaxed"),
    ("neutral", "neutral"),
    ("lookup", "lookUp"),
    ("lookdown", "lookDown"),
    ("lookleft", "lookLeft"),
    ("lookright", "lookRight"),
];

/// What an expression's bind names: VRM 0.x the mesh, 1.0 the node.
enum Carrier<'a> {
    Mesh(&'a Value),
    Node(&'a Value),
}

fn expression<'a>(
    loader: &Loader,
    actor: &Actor,
    origins: &[Origin],
    name: String,
    preset: bool,
    stated: impl Iterator<Item = (Carrier<'a>, &'a Value, f64)>,
) -> Expression {
    let mut binds = Vec::new();
    for (carrier, index, weight) in stated {
        let carried = |origin: &Origin| match carrier {
            Carrier::Mesh(mesh) => mesh.as_u64() == Some(origin.mesh as u64),
            Carrier::Node(node) => node.as_u64() == Some(origin.node as u64),
        };
        let morph = index.as_u64().and_then(|i| usize::try_from(i).ok());
        let meshes = origins.iter().enumerate().filter(|(_, origin)| carried(origin)).map(|(mesh, _)| mesh);
        let found = meshes.filter_map(|mesh| morph.filter(|m| *m < actor.meshes[mesh].morphs.len()).map(|morph| (mesh, morph)));
        let before = binds.len();
        binds.extend(found.map(|(mesh, morph)| (mesh, morph, (weight as f32).clamp(0.0, 1.0))));
        if binds.len() == before {
            loader.note("expressions name morphs that are missing".into());
        }
    }
    Expression { name, preset, binds }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The chains of both versions and what they keep out of.
pub fn springs(loader: &Loader, nodes: &[Node], places: &[Option<usize>]) -> (Vec<Spring>, Vec<Collider>) {
    let place = |v: &Value| v.as_u64().and_then(|n| places.get(usize::try_from(n).ok()?).copied().flatten());
    let (colliders, groups) = colliders(loader, &place);
    let of = |list: &[Value]| -> Vec<usize> {
        let groups = list.iter().filter_map(|g| groups.get(usize::try_from(g.as_u64()?).ok()?));
        let mut all: Vec<usize> = groups.flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let number = |v: &Value, other: f64, high: f32| (v.as_f64().unwrap_or(other) as f32).clamp(0.0, high);
    let mut out = Vec::new();
    for spring in list(&loader.extensions["VRMC_springBone"]["springs"]) {
        let joints = list(&spring["joints"]);
        let chain: Vec<usize> = joints.iter().filter_map(|j| place(&j["node"])).collect();
        // Chains run down the hierarchy; what does not is no chain.
        let descends = chain.windows(2).all(|pair| ancestors(nodes, pair[1]).any(|a| a == pair[0]));
        if let (Some(first), true) = (joints.first(), chain.len() >= 2 && descends) {
            out.push(Spring {
                name: spring["name"].as_str().unwrap_or_default().into(),
                nodes: chain,
                stiffness: number(&first["stiffness"], 1.0, 4.0),
                drag: number(&first["dragForce"], 0.5, 1.0),
                gravity: number(&first["gravityPower"], 0.0, 2.0),
                radius: number(&first["hitRadius"], 0.0, 1.0),
                colliders: of(list(&spring["colliderGroups"])),
            });
        }
    }
    let children = children(nodes);
    for group in list(&loader.extensions["VRM"]["secondaryAnimation"]["boneGroups"]) {
        for root in list(&group["bones"]).iter().filter_map(place) {
            for chain in chains(&children, root) {
                out.push(Spring {
                    name: group["comment"].as_str().unwrap_or_default().into(),
                    nodes: chain,
                    // Spelled so in the standard.
                    stiffness: number(&group["stiffiness"], 1.0, 4.0),
                    drag: number(&group["dragForce"], 0.4, 1.0),
                    gravity: number(&group["gravityPower"], 0.0, 2.0),
                    radius: number(&group["hitRadius"], 0.02, 1.0),
                    colliders: of(list(&group["colliderGroups"])),
                });
            }
            if out.len() > MOST_SPRINGS {
                break;
            }
        }
    }
    if out.len() > MOST_SPRINGS {
        loader.note(format!("springs beyond the first {MOST_SPRINGS} hang still"));
        out.truncate(MOST_SPRINGS);
    }
    (out, colliders)
}

/// Colliders that are read from a file; a body has a few dozen.
const MOST_COLLIDERS: usize = 512;

/// The colliders of both versions, and which each group holds.
fn colliders(loader: &Loader, place: &impl Fn(&Value) -> Option<usize>) -> (Vec<Collider>, Vec<Vec<usize>>) {
    let number = |v: &Value| v.as_f64().filter(|v| v.is_finite()).unwrap_or(0.0) as f32;
    let radius = |v: &Value| number(v).clamp(0.0, 10.0);
    let mut out: Vec<Collider> = Vec::new();
    let newer = &loader.extensions["VRMC_springBone"];
    if !newer["colliders"].is_null() {
        // Groups name colliders by number, whether they can be used or not.
        let point = |v: &Value| Vec3::new(number(&v[0]), number(&v[1]), number(&v[2])).clamp(Vec3::splat(-100.0), Vec3::splat(100.0));
        let mut kept: Vec<Option<usize>> = Vec::new();
        for collider in list(&newer["colliders"]) {
            let shape = &collider["shape"];
            let (inner, capsule) = if shape["capsule"].is_object() { (&shape["capsule"], true) } else { (&shape["sphere"], false) };
            let node = place(&collider["node"]).filter(|_| inner.is_object() && out.len() < MOST_COLLIDERS);
            kept.push(node.map(|node| {
                let from = point(&inner["offset"]);
                out.push(Collider { node, from, to: if capsule { point(&inner["tail"]) } else { from }, radius: radius(&inner["radius"]) });
                out.len() - 1
            }));
        }
        let member = |v: &Value| kept.get(usize::try_from(v.as_u64()?).ok()?).copied().flatten();
        let groups = list(&newer["colliderGroups"]).iter().map(|g| list(&g["colliders"]).iter().filter_map(member).collect());
        return (out, groups.collect());
    }
    let mut groups = Vec::new();
    for group in list(&loader.extensions["VRM"]["secondaryAnimation"]["colliderGroups"]) {
        let first = out.len();
        for collider in list(&group["colliders"]) {
            if let Some(node) = place(&group["node"]).filter(|_| out.len() < MOST_COLLIDERS) {
                let offset = &collider["offset"];
                // Version 0 has offsets in Unity's space, whose z points the other way.
                let from = Vec3::new(number(&offset["x"]), number(&offset["y"]), -number(&offset["z"]));
                let from = from.clamp(Vec3::splat(-100.0), Vec3::splat(100.0));
                out.push(Collider { node, from, to: from, radius: radius(&collider["radius"]) });
            }
        }
        groups.push((first..out.len()).collect());
    }
    (out, groups)
}

fn ancestors(nodes: &[Node], node: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(nodes[node].parent, |n| nodes[*n].parent)
}

fn children(nodes: &[Node]) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new(); nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            out[parent].push(i);
        }
    }
    out
}

/// All chains below a root: the first child continues one, each further child begins another.
fn chains(children: &[Vec<usize>], root: usize) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    let mut starts = vec![root];
    while let Some(start) = starts.pop() {
        let mut chain = vec![start];
        let mut end = start;
        while let Some((first, others)) = children[end].split_first() {
            starts.extend(others);
            chain.push(*first);
            end = *first;
        }
        if chain.len() >= 2 {
            out.push(chain);
        }
    }
    out
}
