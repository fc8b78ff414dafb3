//! The hierarchy of a file as a flat list, parents first.

use super::Loader;
use crate::Result;
use crate::actor::Node;
use glam::{Quat, Vec3};

/// The most nodes of a file. Finding joints compares nodes with what is above them; avatars have a few hundred.
const MOST: usize = 16_000;

/// All nodes, parents first, without those that only carry a skinned mesh: their transform means nothing. And the place among
/// them of each of the file's nodes.
pub fn nodes(loader: &Loader) -> Result<(Vec<Node>, Vec<Option<usize>>)> {
    let count = loader.document.nodes().len();
    if count > MOST {
        return Err(loader.limit(format!("{count} nodes"), format!("{MOST} nodes")));
    }
    let mut parent = vec![None; count];
    for node in loader.document.nodes() {
        for child in node.children() {
            if parent[child.index()].replace(node.index()).is_some() {
                return Err(loader.broken(format!("node {} has two parents", child.index())));
            }
        }
    }
    let mut joint = vec![false; count];
    loader.document.skins().for_each(|s| s.joints().for_each(|j| joint[j.index()] = true));
    let mut places = vec![None; count];
    let mut out: Vec<Node> = Vec::with_capacity(count);
    let mut seen = 0;
    let mut waiting: Vec<gltf::Node> = loader.document.nodes().filter(|n| parent[n.index()].is_none()).collect();
    waiting.reverse();
    while let Some(node) = waiting.pop() {
        seen += 1;
        let mut children: Vec<gltf::Node> = node.children().collect();
        let only_carries = node.skin().is_some() && node.mesh().is_some() && children.is_empty() && !joint[node.index()];
        children.reverse();
        waiting.extend(children);
        if !only_carries {
            let parent = parent[node.index()].and_then(|p: usize| places[p]);
            places[node.index()] = Some(out.len());
            out.push(read(loader, &node, parent)?);
        }
    }
    // A loop of nodes has no root and is never reached.
    if seen != count { Err(loader.broken("the nodes form a loop")) } else { Ok((out, places)) }
}

fn read(loader: &Loader, node: &gltf::Node, parent: Option<usize>) -> Result<Node> {
    let (t, r, s) = node.transform().decomposed();
    let (translation, rotation, scale) = (Vec3::from(t), Quat::from_array(r), Vec3::from(s));
    let sane = |v: Vec3| v.is_finite() && v.abs().max_element() < 1e9;
    if !(sane(translation) && rotation.is_finite() && sane(scale) && rotation.length() > 1e-3) {
        return Err(loader.broken(format!("node {} has a transform that is not a number", node.index())));
    }
    let rotation = if rotation == Quat::IDENTITY { rotation } else { rotation.normalize() };
    Ok(Node { name: node.name().unwrap_or_default().into(), parent, translation, rotation, scale })
}
