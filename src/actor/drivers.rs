//! What drives the face of somebody's avatar: names of morphs and expressions, matched to the channels that gestus performs.
//!
//! Every name is read in all the ways it can be. The surest readings come first and take their channels; a name whose channel is taken is
//! a double (`mouthOpen` beside `jawOpen`) and stays still. Then the avatar's way of speaking is chosen: coefficients where it
//! has enough of them, else visemes, else vowels; never two at once, which would open the mouth twice.

use super::map::Map;
use super::names::is_number;
use super::names::shapes::{self, Kind, Meaning};
use super::{Actor, Channel, Driver};
use crate::face::coefficients::{self, COUNT, id};
use crate::face::visemes;
use std::collections::BTreeMap;

/// A named mix of morphs, as VRM has them.
#[derive(Clone, Debug)]
pub struct Expression {
    /// In VRM 1.0's words where it is a preset.
    pub name: String,
    pub preset: bool,
    /// Mesh and morph of the actor, and the morph's weight where the expression's is 1.
    pub binds: Vec<(usize, usize, f32)>,
}

/// How an avatar speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speech {
    Coefficients,
    Visemes,
    Vowels,
    /// Only the jaw opens.
    Jaw,
    /// The mouth does not move.
    #[default]
    None,
}

/// A name in the file, the channels it follows, and how it was read.
#[derive(Clone, Debug)]
pub struct Used {
    pub name: String,
    pub channels: Vec<(Channel, f32)>,
    pub kind: Kind,
}

/// What came of the matching.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    pub used: Vec<Used>,
    /// Names that mean what another name does already.
    pub doubles: Vec<String>,
    /// Names that mean nothing to us.
    pub unknown: Vec<String>,
    /// Names that were matched but move nothing.
    pub empty: Vec<String>,
    pub speech: Speech,
}

impl Matched {
    /// The coefficients that move something by themselves.
    pub fn coefficients(&self) -> Vec<usize> {
        (0..COUNT).filter(|i| self.follows(Channel::Coefficient(*i))).collect()
    }

    pub fn follows(&self, channel: Channel) -> bool {
        self.used.iter().any(|used| used.channels.iter().any(|(c, _)| *c == channel))
    }
}

/// A name and the morphs that it moves.
struct Handle {
    name: String,
    preset: bool,
    /// Mesh, morph and weight.
    parts: Vec<(usize, usize, f32)>,
    moves: bool,
}

/// Sets the driver of every morph.
pub fn assign(actor: &mut Actor, expressions: &[Expression], map: &Map) -> Matched {
    let handles = handles(actor, expressions);
    let mut matched = Matched::default();
    let mut claims = claims(&handles, map, &mut matched);
    matched.speech = choose(&mut claims, &handles, &mut matched);
    let mut mixes: BTreeMap<(usize, usize), Vec<(Channel, f32)>> = BTreeMap::new();
    for (handle, meaning) in &claims {
        let handle = &handles[*handle];
        if handle.moves {
            matched.used.push(Used { name: handle.name.clone(), channels: meaning.channels.clone(), kind: meaning.kind });
        } else {
            matched.empty.push(handle.name.clone());
        }
        for &(mesh, morph, weight) in &handle.parts {
            let mix = mixes.entry((mesh, morph)).or_default();
            mix.extend(meaning.channels.iter().map(|(c, w)| (*c, w * weight)));
        }
    }
    for ((mesh, morph), mix) in mixes {
        actor.meshes[mesh].morphs[morph].driver = match mix[..] {
            [(Channel::Coefficient(i), 1.0)] => Driver::Coefficient(i),
            _ => Driver::Mix(mix),
        };
    }
    still_eyeballs(actor);
    matched
}

/// All names: those of morphs in the order of the file, then those of expressions.
fn handles(actor: &Actor, expressions: &[Expression]) -> Vec<Handle> {
    let mut out: Vec<Handle> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let moves = |mesh: usize, morph: usize| actor.meshes[mesh].morphs[morph].positions.iter().any(|p| p.length_squared() > 1e-14);
    for (m, mesh) in actor.meshes.iter().enumerate() {
        // Unnamed shapes, exactly as many as ARKit's: in ARKit's order.
        let unnamed = mesh.morphs.len() == COUNT && mesh.morphs.iter().all(|morph| is_number(&morph.name));
        for (i, morph) in mesh.morphs.iter().enumerate().filter(|(_, morph)| morph.driver == Driver::None) {
            let name = if unnamed { coefficients::NAMES[i].to_owned() } else { morph.name.clone() };
            let place = *places.entry(name.clone()).or_insert_with(|| {
                out.push(Handle { name, preset: false, parts: Vec::new(), moves: false });
                out.len() - 1
            });
            out[place].parts.push((m, i, 1.0));
            out[place].moves |= moves(m, i);
        }
    }
    for expression in expressions.iter().filter(|e| !e.binds.is_empty()) {
        let binds = expression.binds.iter().filter(|(mesh, morph, _)| actor.meshes[*mesh].morphs[*morph].driver == Driver::None);
        let parts: Vec<(usize, usize, f32)> = binds.copied().collect();
        let moves = parts.iter().any(|&(mesh, morph, weight)| weight > 0.0 && moves(mesh, morph));
        out.push(Handle { name: expression.name.clone(), preset: expression.preset, parts, moves });
    }
    out
}

/// The readings that got their channels, as (handle, meaning).
fn claims(handles: &[Handle], map: &Map, matched: &mut Matched) -> Vec<(usize, Meaning)> {
    let mut readings: Vec<(usize, Meaning)> = Vec::new();
    for (h, handle) in handles.iter().enumerate() {
        let given = map.shape(&handle.name);
        let meanings = match given {
            Some(channels) if channels.is_empty() => continue,
            Some(channels) => {
                let meaning =
                    Meaning { kind: Kind::Given, channels, prefix: String::new(), family: handle.name.clone(), part: String::new() };
                vec![meaning]
            }
            None => shapes::meanings(&handle.name, handle.preset),
        };
        if meanings.is_empty() && !(handle.preset || handle.name == "neutral") {
            matched.unknown.push(handle.name.clone());
        }
        readings.extend(meanings.into_iter().map(|m| (h, m)));
    }
    // A set of shapes is known by its prefix: the larger set is the one that was made for performing.
    let mut sets: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    readings.iter().for_each(|(_, m)| *sets.entry((m.kind, m.prefix.clone())).or_default() += 1);
    readings.sort_by_key(|(h, m)| {
        let size = sets[&(m.kind, m.prefix.clone())];
        (!handles[*h].moves, m.kind, m.channels.len(), usize::MAX - size, *h)
    });
    let mut taken: BTreeMap<Channel, (String, Vec<String>)> = BTreeMap::new();
    let mut done = vec![false; handles.len()];
    let mut out = Vec::new();
    for (h, meaning) in readings {
        let free = |(channel, _): &(Channel, f32)| match taken.get(channel) {
            None => true,
            // Parts of one shape share it.
            Some((family, parts)) => *family == meaning.family && !parts.contains(&meaning.part) && !meaning.part.is_empty(),
        };
        if done[h] || !meaning.channels.iter().all(free) {
            continue;
        }
        for (channel, _) in &meaning.channels {
            let entry = taken.entry(*channel).or_insert_with(|| (meaning.family.clone(), Vec::new()));
            entry.1.push(meaning.part.clone());
        }
        done[h] = true;
        out.push((h, meaning));
    }
    let known = |h: usize, out: &[(usize, Meaning)]| out.iter().any(|(o, _)| *o == h);
    let doubles = (0..handles.len()).filter(|h| !known(*h, &out) && !matched.unknown.contains(&handles[*h].name));
    matched.doubles = doubles.filter(|h| !handles[*h].preset).map(|h| handles[h].name.clone()).collect();
    out
}

/// Coefficients that the sounds of speech consist of: an avatar that speaks in visemes must not follow these as well.
const SOUNDS: [usize; 15] = [
    id::JAW_OPEN,
    id::MOUTH_CLOSE,
    id::MOUTH_FUNNEL,
    id::MOUTH_PUCKER,
    id::MOUTH_STRETCH_LEFT,
    id::MOUTH_STRETCH_RIGHT,
    id::MOUTH_ROLL_LOWER,
    id::MOUTH_ROLL_UPPER,
    id::MOUTH_SHRUG_LOWER,
    id::MOUTH_SHRUG_UPPER,
    id::MOUTH_LOWER_DOWN_LEFT,
    id::MOUTH_LOWER_DOWN_RIGHT,
    id::MOUTH_UPPER_UP_LEFT,
    id::MOUTH_UPPER_UP_RIGHT,
    id::TONGUE_OUT,
];

/// Chooses the way of speaking and of feeling, and drops the claims of the others.
fn choose(claims: &mut Vec<(usize, Meaning)>, handles: &[Handle], matched: &mut Matched) -> Speech {
    let moving = |wanted: &dyn Fn(Channel) -> bool| {
        let mut found: Vec<Channel> = Vec::new();
        for (channel, _) in claims.iter().filter(|(h, _)| handles[*h].moves).flat_map(|(_, m)| &m.channels) {
            if wanted(*channel) && !found.contains(channel) {
                found.push(*channel);
            }
        }
        found.len()
    };
    let jaw = moving(&|c| c == Channel::Coefficient(id::JAW_OPEN)) > 0;
    let sounds = moving(&|c| matches!(c, Channel::Coefficient(i) if SOUNDS.contains(&i)));
    let sounding = moving(&|c| matches!(c, Channel::Viseme(v) if v > 0));
    let vowels = moving(&|c| matches!(c, Channel::Vowel(_)));
    let speech = match (sounds, sounding, vowels) {
        (7.., ..) if jaw => Speech::Coefficients,
        (_, 6.., _) => Speech::Visemes,
        (_, _, 3..) => Speech::Vowels,
        (_, 3.., _) => Speech::Visemes,
        (3.., ..) if jaw => Speech::Coefficients,
        _ if jaw => Speech::Jaw,
        _ if sounding + vowels > 0 => {
            if sounding > vowels {
                Speech::Visemes
            } else {
                Speech::Vowels
            }
        }
        _ => Speech::None,
    };
    const FEELING: [usize; 5] = [id::MOUTH_SMILE_LEFT, id::MOUTH_FROWN_LEFT, id::BROW_DOWN_LEFT, id::BROW_INNER_UP, id::BROW_OUTER_UP_LEFT];
    let moods = moving(&|c| matches!(c, Channel::Coefficient(i) if FEELING.contains(&i))) < 3;
    let wanted = |meaning: &Meaning| {
        meaning.kind == Kind::Given
            || meaning.channels.iter().all(|(c, _)| match c {
                Channel::Coefficient(i) => !matches!(speech, Speech::Visemes | Speech::Vowels) || !SOUNDS.contains(i),
                Channel::Viseme(_) => speech == Speech::Visemes,
                Channel::Vowel(_) => speech == Speech::Vowels,
                Channel::Mood(_) => moods,
            })
    };
    let dropped: Vec<usize> = claims.iter().filter(|(_, m)| !wanted(m)).map(|(h, _)| *h).collect();
    claims.retain(|(_, m)| wanted(m));
    matched.doubles.extend(dropped.into_iter().filter(|h| !handles[*h].preset).map(|h| handles[h].name.clone()));
    speech
}

/// Eyeballs that turn with a bone must not be turned by a morph as well: the gaze would be twice as wide.
fn still_eyeballs(actor: &mut Actor) {
    let mut turns = vec![false; actor.nodes.len()];
    for (i, node) in actor.nodes.iter().enumerate() {
        turns[i] = actor.eyes.contains(&Some(i)) || node.parent.is_some_and(|p| turns[p]);
    }
    let gaze = |i: usize| {
        (id::EYE_LOOK_DOWN_LEFT..=id::EYE_LOOK_UP_LEFT).contains(&i) || (id::EYE_LOOK_DOWN_RIGHT..=id::EYE_LOOK_UP_RIGHT).contains(&i)
    };
    let looks = |driver: &Driver| match driver {
        Driver::Coefficient(i) => gaze(*i),
        Driver::Mix(mix) => mix.iter().all(|(c, _)| matches!(c, Channel::Coefficient(i) if gaze(*i))),
        _ => false,
    };
    for mesh in &mut actor.meshes {
        let of_eye = |v: &&u32| match mesh.joints.get(**v as usize) {
            Some(joints) => turns[usize::from(joints[0])],
            None => mesh.node.is_some_and(|n| turns[n]),
        };
        for morph in mesh.morphs.iter_mut().filter(|m| looks(&m.driver)) {
            if 2 * morph.vertices.iter().filter(of_eye).count() > morph.vertices.len() {
                morph.driver = Driver::None;
            }
        }
    }
}

/// The name of a channel as users write it.
pub fn channel_name(channel: Channel) -> String {
    match channel {
        Channel::Coefficient(i) => coefficients::NAMES.get(i).copied().unwrap_or_default().into(),
        Channel::Viseme(i) => format!("viseme_{}", visemes::NAMES.get(i).copied().unwrap_or_default()),
        Channel::Vowel(i) => visemes::VOWELS.get(i).copied().unwrap_or_default().into(),
        Channel::Mood(i) => visemes::MOODS.get(i).copied().unwrap_or_default().into(),
    }
}
