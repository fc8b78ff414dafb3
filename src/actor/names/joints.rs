//! Which node of a skeleton is which joint, from names and from how the nodes hang together.
//!
//! Names settle the limbs, where every program has a word of its own for each segment. Spine, neck and fingers are counted along the
//! hierarchy instead, because programs number them differently and have two to six of them. Understood are VRM,
//! Mixamo with any prefix, Rigify, 3ds Max Biped, Unreal, Character Creator, Daz, MakeHuman, SMPL, MMD and plain words.

use super::tables::{BODY, EYE, FINGERS, HEAD, HIPS, IGNORED, JAW, LIMBS, NECK, NO_JOINT, TRUNK};
use super::{Side, Words, is_number};
use crate::actor::Node;
use crate::body::skeleton;
use std::collections::BTreeMap;

/// The nodes of a humanoid.
#[derive(Clone, Debug, Default)]
pub struct Humanoid {
    /// In the order of [`skeleton::JOINTS`].
    pub joints: Vec<Option<usize>>,
    /// Left, right.
    pub eyes: [Option<usize>; 2],
    pub jaw: Option<usize>,
}

impl Humanoid {
    pub fn empty() -> Humanoid {
        Humanoid { joints: vec![None; skeleton::COUNT], ..Humanoid::default() }
    }

    pub fn count(&self) -> usize {
        self.joints.iter().flatten().count()
    }

    /// The node of a joint by its VRM name.
    pub fn node(&self, joint: &str) -> Option<usize> {
        self.joints.get(skeleton::index(joint)?).copied().flatten()
    }

    fn set(&mut self, joint: &str, node: Option<usize>) {
        if let (Some(joint), Some(node)) = (skeleton::index(joint), node) {
            self.joints[joint] = Some(node);
        }
    }
}

/// Finds the humanoid among nodes (parents first). `bound` tells which nodes vertices hang on: of several nodes
/// with one meaning those are preferred.
pub fn humanoid(nodes: &[Node], bound: &[bool]) -> Humanoid {
    let tree = Tree::new(nodes, bound);
    let mut out = Humanoid::empty();
    for side in [Side::Left, Side::Right] {
        tree.limbs(side, &mut out);
    }
    tree.trunk(&mut out);
    for side in [Side::Left, Side::Right] {
        tree.fingers(side, &mut out);
        let mut eyes = tree.find(Some(side), &EYE).into_iter();
        // A head alone may be a mesh beside its eyes.
        let head = out.node("head").filter(|_| out.count() > 2);
        out.eyes[side.index()] = eyes.find(|eye| head.is_none_or(|head| tree.is_below(*eye, head)));
    }
    let head = out.node("head").filter(|_| out.count() > 2);
    out.jaw = tree.find(None, &JAW).into_iter().find(|jaw| head.is_none_or(|head| tree.is_below(*jaw, head)));
    // One node cannot be two joints: the one nearer to the hips keeps it.
    let mut seen = std::collections::BTreeSet::new();
    for joint in out.joints.iter_mut() {
        if joint.is_some_and(|node| !seen.insert(node)) {
            *joint = None;
        }
    }
    out
}

/// Nodes with their words, and how they hang together.
struct Tree<'a> {
    nodes: &'a [Node],
    words: Vec<Words>,
    depth: Vec<usize>,
    bound: Vec<bool>,
}

impl<'a> Tree<'a> {
    fn new(nodes: &'a [Node], bound: &[bool]) -> Tree<'a> {
        let mut words: Vec<Words> = nodes.iter().map(|n| Words::of(&n.name)).collect();
        let prefixes = prefixes(&words);
        for w in &mut words {
            while w.words.len() > 1 && (prefixes.contains(&w.words[0]) || IGNORED.contains(&w.words[0].as_str())) {
                w.words.remove(0);
            }
            w.words.retain(|word| !IGNORED.contains(&word.as_str()));
        }
        let mut depth = vec![0; nodes.len()];
        let mut carries = bound.to_vec();
        carries.resize(nodes.len(), false);
        for (i, node) in nodes.iter().enumerate() {
            depth[i] = node.parent.map_or(0, |p| depth[p] + 1);
        }
        Tree { nodes, words, depth, bound: carries }
    }

    fn is_joint(&self, node: usize) -> bool {
        // The neck of Character Creator is called a twist.
        let neck = self.words[node].words.iter().any(|w| w == "neck");
        !self.words[node].words.iter().any(|w| NO_JOINT.contains(&w.as_str()) && !(neck && w == "twist"))
    }

    fn ancestors(&self, node: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.nodes[node].parent, |n| self.nodes[*n].parent)
    }

    fn is_below(&self, node: usize, above: usize) -> bool {
        self.ancestors(node).any(|a| a == above)
    }

    /// All nodes of a side with one of these stems: those that vertices hang on first, then the nearer to the root.
    fn find(&self, side: Option<Side>, stems: &[&str]) -> Vec<usize> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (i, words) in self.words.iter().enumerate() {
            if words.side == side && self.is_joint(i) {
                let stem = words.stem(0);
                let rank = stems.iter().position(|s| *s == stem || side.is_none() && stem == format!("{s}twist"));
                found.extend(rank.map(|rank| (rank, i)));
            }
        }
        found.sort_by_key(|&(rank, i)| (rank, !self.bound[i], self.depth[i], i));
        found.into_iter().map(|(_, i)| i).collect()
    }

    /// Arm and leg of a side.
    fn limbs(&self, side: Side, out: &mut Humanoid) {
        let name = |joint: &str| format!("{}{joint}", ["left", "right"][side.index()]);
        for limb in &LIMBS {
            let find = |stems: &[&str]| self.find(Some(side), stems).first().copied();
            let [mut first, mut upper, mut lower, mut end] = limb.stems.map(find);
            // Words that mean one segment or the next, by what else there is.
            let vague = find(limb.vague);
            match (upper, lower) {
                (None, Some(below)) => upper = vague.filter(|v| self.is_below(below, *v)).or(upper),
                (Some(above), None) => lower = vague.filter(|v| self.is_below(*v, above)).or(lower),
                _ => {}
            }
            if limb.arm && upper.is_none() && lower.is_some() {
                // Collar and shoulder: the shoulder is the upper arm.
                let shoulders = self.find(Some(side), &["shoulder", "shldr"]);
                upper = shoulders.first().copied();
                first = self.find(Some(side), &["collar", "clavicle", "collarbone"]).first().copied();
            }
            if limb.arm {
                let wrist = self.find(Some(side), &["wrist", "手首"]).first().copied();
                end = match (wrist, end) {
                    (Some(wrist), Some(hand)) if self.is_below(hand, wrist) => Some(wrist),
                    (wrist, hand) => hand.or(wrist),
                };
            } else {
                let ankle = self.find(Some(side), &["ankle", "足首"]).first().copied();
                // `limb.stems` has the toes first, as they are the joint beyond.
                (first, end) = match (ankle, end) {
                    (Some(ankle), Some(foot)) if self.is_below(foot, ankle) => (first.or(Some(foot)), Some(ankle)),
                    (ankle, foot) => (first, foot.or(ankle)),
                };
            }
            if upper.is_none() || lower.is_none() {
                [first, upper, lower, end] = self.counted(side, limb.word, limb.arm).unwrap_or([first, upper, lower, end]);
            }
            for (joint, node) in limb.joints.iter().zip([first, upper, lower, end]) {
                out.set(&name(joint), node);
            }
        }
    }

    /// A limb whose segments share a word and are told apart by where they hang: `arm_joint_L_1`, `arm_joint_L_2`, …
    fn counted(&self, side: Side, word: &str, arm: bool) -> Option<[Option<usize>; 4]> {
        let of_limb = |i: &usize| self.words[*i].side == Some(side) && self.is_joint(*i) && self.words[*i].stem(0) == word;
        let chain = self.chain((0..self.nodes.len()).filter(of_limb).collect());
        let at = |i: usize| chain.get(i).copied();
        match (chain.len(), arm) {
            (0..=2, _) => None,
            (3, true) => Some([None, at(0), at(1), at(2)]),
            (_, true) => Some([at(0), at(1), at(2), at(3)]),
            (_, false) => Some([at(3), at(0), at(1), at(2)]),
        }
    }

    /// The longest run of nodes each of which is below the last.
    fn chain(&self, mut nodes: Vec<usize>) -> Vec<usize> {
        nodes.sort_by_key(|n| (self.depth[*n], *n));
        let mut out: Vec<usize> = Vec::new();
        for node in nodes {
            if out.last().is_none_or(|last| self.is_below(node, *last)) {
                out.push(node);
            }
        }
        out
    }

    /// The nearest node that all of `nodes` hang on or are.
    fn common(&self, nodes: &[usize]) -> Option<usize> {
        let (first, others) = nodes.split_first()?;
        std::iter::once(*first).chain(self.ancestors(*first)).find(|a| others.iter().all(|n| n == a || self.is_below(*n, *a)))
    }

    /// Hips, spine, neck and head.
    fn trunk(&self, out: &mut Humanoid) {
        let known = |names: &[&str], out: &Humanoid| names.iter().filter_map(|n| out.node(n)).collect::<Vec<_>>();
        let side = |left: &str, right: &str, out: &Humanoid| out.node(left).or(out.node(right));
        let legs = known(&["leftUpperLeg", "rightUpperLeg"], out);
        let arms: Vec<usize> =
            [side("leftShoulder", "leftUpperArm", out), side("rightShoulder", "rightUpperArm", out)].into_iter().flatten().collect();
        let heads = self.find(None, &HEAD);
        let head = heads.iter().copied().find(|h| arms.iter().all(|a| !self.is_below(*a, *h)));
        // Where arms and neck meet; a head alone has its neck.
        let above: Vec<usize> = arms.iter().copied().chain(head).collect();
        let chest = if arms.len() == 2 { self.common(&above).filter(|c| !arms.contains(c)) } else { None };
        // A biped's collar bones may hang on its neck.
        let neck = chest.filter(|c| NECK.contains(&self.words[*c].stem(0).as_str()));
        let chest = neck.and_then(|neck| self.nodes[neck].parent).or(chest);
        let holds = |node: &usize| legs.iter().chain(&chest).chain(&head).all(|n| n == node || self.is_below(*n, *node));
        let named = self.find(None, &HIPS).into_iter().filter(holds).max_by_key(|n| self.depth[*n]);
        let ends: Vec<usize> = legs.iter().chain(&chest).copied().collect();
        let hips = named.or_else(|| if legs.len() == 2 { self.common(&ends) } else { None });
        out.set("hips", hips);
        let trunk: Vec<usize> = match (hips, chest) {
            (Some(hips), Some(chest)) if chest != hips => self.path(hips, chest),
            // Without arms: whatever is called so.
            _ => self.chain(self.find(None, &TRUNK)),
        };
        let last = trunk.len().saturating_sub(1);
        match trunk.len() {
            0 => {}
            1 => out.set("chest", Some(trunk[0])),
            2 => {
                out.set("spine", Some(trunk[0]));
                out.set("chest", Some(trunk[1]));
            }
            _ => {
                out.set("spine", Some(trunk[0]));
                out.set("chest", Some(trunk[last.div_ceil(2)]));
                out.set("upperChest", Some(trunk[last]));
            }
        }
        let base = chest.or(trunk.last().copied()).or(hips);
        let necks = self.chain(self.find(None, &NECK).into_iter().filter(|n| base.is_none_or(|b| self.is_below(*n, b))).collect());
        match head {
            Some(head) => {
                out.set("head", Some(head));
                let between = base.map(|base| self.path(base, head)).unwrap_or_default();
                let neck = neck.or_else(|| necks.iter().copied().find(|n| self.is_below(head, *n)));
                out.set("neck", neck.or(between.first().copied().filter(|n| *n != head && self.is_joint(*n) && chest.is_some())));
            }
            None => {
                // Rigs that number the spine up to the head, or have only necks.
                let beyond = |n: &usize| base.is_some_and(|b| self.is_below(*n, b)) && chest.is_some();
                let all: Vec<usize> = self.find(None, &TRUNK).into_iter().filter(beyond).chain(necks).collect();
                let chain = self.chain(all);
                out.set("head", chain.last().copied());
                out.set("neck", chain.first().copied().filter(|_| chain.len() > 1));
            }
        }
    }

    /// The nodes from below `above` down to `node`.
    fn path(&self, above: usize, node: usize) -> Vec<usize> {
        let mut out: Vec<usize> = std::iter::once(node).chain(self.ancestors(node)).take_while(|n| *n != above).collect();
        out.reverse();
        out
    }

    fn fingers(&self, side: Side, out: &mut Humanoid) {
        let name = |joint: &str| format!("{}{joint}", ["left", "right"][side.index()]);
        let Some(hand) = out.node(&name("Hand")) else { return };
        let mut fingers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in (0..self.nodes.len()).filter(|n| self.is_below(*n, hand) && self.is_joint(*n)) {
            if let Some(finger) = finger(&self.words[node].words) {
                fingers.entry(finger).or_default().push(node);
            }
        }
        for (finger, nodes) in fingers {
            let mut chain = self.chain(nodes);
            let number = |n: usize| self.words[n].words.iter().rev().find(|w| is_number(w)).and_then(|w| w.parse::<u32>().ok());
            // Four bones counted from 0 begin in the palm.
            if finger > 0 && chain.len() > 3 && number(chain[0]) == Some(0) {
                chain.remove(0);
            }
            let parts = if finger == 0 { ["Metacarpal", "Proximal", "Distal"] } else { ["Proximal", "Intermediate", "Distal"] };
            let stem = ["Thumb", "Index", "Middle", "Ring", "Little"][finger];
            for (part, node) in parts.iter().zip(chain) {
                out.set(&name(&format!("{stem}{part}")), Some(node));
            }
        }
    }
}

/// Which finger's joint the words name, 0 the thumb. Bones in the palm are none.
fn finger(words: &[String]) -> Option<usize> {
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let named = FINGERS.iter().position(|names| has(names));
    let named =
        named.or_else(|| FINGERS.iter().position(|names| words.iter().any(|w| names.iter().any(|n| w.strip_suffix("finger") == Some(n)))));
    if let Some(finger) = named {
        return (finger == 0 || !has(&["metacarpal", "palm", "carpal", "meta"])).then_some(finger);
    }
    let numbers: Vec<&String> = words.iter().skip_while(|w| *w != "finger").filter(|w| is_number(w)).collect();
    match numbers[..] {
        // Biped: Finger0, Finger01, Finger02; the first digit is the finger.
        [number] => number.chars().next()?.to_digit(10).map(|d| d as usize),
        // MakeHuman: finger1-1 to finger5-3.
        [finger, _] => finger.parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
    .filter(|f| *f < 5)
}

/// Words that begin so many names that they can only be the name of the rig.
fn prefixes(words: &[Words]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for w in words.iter().filter(|w| w.words.len() > 1) {
        *counts.entry(&w.words[0]).or_default() += 1;
    }
    let many = |count: usize| count >= 8 && 5 * count > 2 * words.len();
    counts.into_iter().filter(|(word, count)| many(*count) && !BODY.contains(word)).map(|(word, _)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests;
