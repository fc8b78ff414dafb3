//! What gestus found in an avatar, what it can do with it, and what would make it better.

use super::drivers::{Matched, Speech, channel_name};
use super::names::shapes::Kind;
use super::stand::Stance;
use super::{Actor, Alpha, Driver, Surface};
use crate::body::skeleton;
use crate::face::coefficients::{self, id};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What loading learnt, besides the actor.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub format: String,
    pub generator: String,
    pub joints_by: String,
    pub stance: Stance,
    pub matched: Matched,
    pub notes: BTreeMap<String, usize>,
}

/// Something that would make an avatar better, and how to come by it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    pub missing: String,
    pub remedy: String,
}

/// A name in the file and what it was taken for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    pub theirs: String,
    pub ours: Vec<String>,
    pub by: String,
}

/// The whole report. [`fmt::Display`] prints it for people, [`Report::summary`] in two lines.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub file: String,
    pub format: String,
    pub generator: String,
    pub meshes: usize,
    pub vertices: usize,
    pub triangles: usize,
    pub morphs: usize,
    pub textures: usize,
    /// How many materials are shaded in which way.
    pub materials: BTreeMap<String, usize>,
    pub springs: usize,
    pub speech: Speech,
    /// How many of ARKit's coefficients move something.
    pub coefficients: usize,
    pub shapes: Vec<Match>,
    pub joints: Vec<Match>,
    /// How joints were found: `VRM` or `names`.
    pub joints_by: String,
    pub eyes: bool,
    pub stance: Stance,
    pub missing: Vec<Advice>,
    /// Shapes that mean what another means already, that mean nothing to us, that move nothing.
    pub doubles: Vec<String>,
    pub unknown: Vec<String>,
    pub empty: Vec<String>,
    /// What else was ignored, and how often.
    pub ignored: BTreeMap<String, usize>,
    /// Names of the nodes, for the name map.
    #[serde(skip)]
    nodes: Vec<String>,
}

impl Report {
    pub(super) fn new(file: &str, actor: &Actor, facts: Facts) -> Report {
        let Facts { format, generator, joints_by, stance, matched, notes } = facts;
        let node = |n: usize| actor.nodes[n].name.clone();
        let joints = skeleton::JOINTS.iter().zip(&actor.joints).map(|(joint, n)| (joint.name, *n));
        let eyes = ["leftEye", "rightEye"].into_iter().zip(actor.eyes);
        let jaw = actor.hinges.iter().map(|h| ("jaw", Some(h.node)));
        let joints = joints
            .chain(eyes)
            .chain(jaw)
            .filter_map(|(ours, n)| Some(Match { theirs: node(n?), ours: vec![ours.into()], by: joints_by.clone() }));
        let shapes = matched.used.iter().map(|used| Match {
            theirs: used.name.clone(),
            ours: used.channels.iter().map(|(c, _)| channel_name(*c)).collect(),
            by: kind_name(used.kind).into(),
        });
        let mut materials = BTreeMap::new();
        actor.materials.iter().for_each(|m| *materials.entry(look(m)).or_default() += 1);
        let mut report = Report {
            file: file.into(),
            format,
            generator,
            meshes: actor.meshes.len(),
            vertices: actor.meshes.iter().map(|m| m.positions.len()).sum(),
            triangles: actor.meshes.iter().map(|m| m.triangles.len()).sum(),
            morphs: actor.meshes.iter().flat_map(|m| &m.morphs).filter(|m| m.driver != Driver::None).count(),
            textures: actor.textures.len(),
            materials,
            springs: actor.springs.len(),
            speech: matched.speech,
            coefficients: matched.coefficients().len(),
            shapes: shapes.collect(),
            joints: joints.collect(),
            joints_by: joints_by.clone(),
            eyes: actor.eyes.iter().all(Option::is_some),
            stance,
            missing: Vec::new(),
            doubles: matched.doubles.clone(),
            unknown: matched.unknown.clone(),
            empty: matched.empty.clone(),
            ignored: notes,
            nodes: actor.nodes.iter().map(|n| n.name.clone()).filter(|n| !n.is_empty()).collect(),
        };
        report.missing = advice(&report, actor, &matched);
        report
    }

    /// Two lines for people who only want to know whether it will do.
    pub fn summary(&self) -> String {
        let speaks = match self.speech {
            Speech::Coefficients => format!("{} of 52 face shapes", self.coefficients),
            Speech::Visemes => format!("visemes and {} face shapes", self.coefficients),
            Speech::Vowels => format!("vowels and {} face shapes", self.coefficients),
            Speech::Jaw => "a jaw alone".into(),
            Speech::None => "a face that does not move".into(),
        };
        let joints = self.joints.iter().filter(|j| skeleton::index(&j.ours[0]).is_some()).count();
        let first = format!("{}: {speaks}, {joints} of {} joints, {} triangles", self.file, skeleton::COUNT, self.triangles);
        let second = match self.missing.split_first() {
            None => "nothing is missing".to_string(),
            Some((advice, [])) => format!("missing: {}", advice.missing),
            Some((advice, more)) => format!("missing: {}, and {} more", advice.missing, more.len()),
        };
        format!("{first}\n{second} (see: gestus actor inspect)")
    }

    /// The name map as it was found, to be edited and given to `--actor-map`.
    pub fn map(&self) -> String {
        let quoted = |name: &str| serde_json::Value::from(name).to_string();
        let mut out = String::from("# What gestus takes the names in the file for. Edit, then render with --actor-map.\n\n[shapes]\n");
        let mut sides: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for shape in &self.shapes {
            // A shape for both sides has the name of both.
            let ours = match &shape.ours[..] {
                [one] => one.clone(),
                many => joined(many),
            };
            sides.entry(ours).or_default().push(&shape.theirs);
        }
        for (ours, theirs) in &sides {
            let list = theirs.iter().map(|t| quoted(t)).collect::<Vec<_>>();
            let value = if list.len() == 1 { list[0].clone() } else { format!("[{}]", list.join(", ")) };
            out += &format!("{ours} = {value}\n");
        }
        let has = |i: usize| self.shapes.iter().any(|s| s.ours.iter().any(|o| o == coefficients::NAMES[i]));
        let absent: Vec<usize> = (0..coefficients::COUNT).filter(|i| !has(*i)).collect();
        if !absent.is_empty() {
            out += "\n# Not found. Write the file's name between the quotes.\n";
            absent.iter().for_each(|i| out += &format!("{} = \"\"\n", coefficients::NAMES[*i]));
        }
        let free: Vec<String> = self.unknown.iter().chain(&self.doubles).map(|n| quoted(n)).collect();
        if !free.is_empty() {
            out += &format!("\n# Not used: {}\n", free.join(", "));
        }
        out += "\n[joints]\n";
        for joint in &self.joints {
            out += &format!("{} = {}\n", joint.ours[0], quoted(&joint.theirs));
        }
        let known = |name: &str| self.joints.iter().any(|j| j.ours[0] == name);
        for name in skeleton::JOINTS.iter().map(|j| j.name).chain(["leftEye", "rightEye", "jaw"]).filter(|n| !known(n)) {
            out += &format!("{name} = \"\"\n");
        }
        let taken = |name: &&String| !self.joints.iter().any(|j| j.theirs == **name);
        let free: Vec<String> = self.nodes.iter().filter(taken).map(|n| quoted(n)).collect();
        if !free.is_empty() {
            out += &format!("\n# Other nodes: {}\n", free.join(", "));
        }
        out
    }
}

/// `eyeBlinkLeft` and `eyeBlinkRight` as `eyeBlink`; what looks to a side by its direction.
fn joined(names: &[String]) -> String {
    let stem = names[0].trim_end_matches("Left");
    if names.len() == 2 && names[1] == format!("{stem}Right") {
        return match stem {
            "eyeLookUp" => "lookUp".into(),
            "eyeLookDown" => "lookDown".into(),
            other => other.into(),
        };
    }
    if names[0] == "eyeLookOutLeft" { "lookLeft".into() } else { "lookRight".into() }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Given => "the map",
        Kind::Exact => "ARKit's name",
        Kind::Spelled => "ARKit's name, respelled",
        Kind::Preset => "VRM",
        Kind::Viseme => "viseme",
        Kind::Word => "known word",
        Kind::ActionUnit => "FACS",
    }
}

fn look(material: &super::Material) -> String {
    let surface = match material.surface {
        Surface::Unlit => "unlit",
        Surface::Toon => "toon",
        _ => "lit",
    };
    let alpha = match material.alpha {
        Alpha::Opaque => "",
        Alpha::Mask(_) => ", cut out",
        Alpha::Blend => ", see-through",
    };
    format!("{surface}{alpha}")
}

/// What is missing for good results, the most important first.
fn advice(report: &Report, actor: &Actor, matched: &Matched) -> Vec<Advice> {
    let mut out = Vec::new();
    let mut add = |missing: &str, remedy: &str| out.push(Advice { missing: missing.into(), remedy: remedy.into() });
    let has = |i: usize| matched.follows(super::Channel::Coefficient(i));
    let joint = |name: &str| skeleton::index(name).and_then(|i| actor.joints.get(i).copied().flatten()).is_some();
    const ADD_ARKIT: &str = "add ARKit's 52 blend shapes under Apple's names, or name yours in a map for --actor-map";
    match report.speech {
        Speech::None => add("anything that opens the mouth", ADD_ARKIT),
        Speech::Jaw => add("shapes of the lips; only the jaw moves", ADD_ARKIT),
        Speech::Vowels => add("lips that close and round as sounds need", "add ARKit's 52 blend shapes, or the 15 Oculus visemes"),
        Speech::Visemes | Speech::Coefficients => {}
    }
    if !has(id::EYE_BLINK_LEFT) {
        add("a blink", "add eyeBlinkLeft and eyeBlinkRight");
    }
    if !report.eyes && !has(id::EYE_LOOK_UP_LEFT) {
        add("a gaze", "add a bone for each eye, or the eight eyeLook shapes");
    }
    let brows = [id::BROW_DOWN_LEFT, id::BROW_INNER_UP, id::BROW_OUTER_UP_LEFT].iter().filter(|i| has(**i)).count();
    let moods = matched.used.iter().any(|used| used.channels.iter().any(|(c, _)| matches!(c, super::Channel::Mood(_))));
    if brows < 2 && !moods {
        add("brows", "add browDown, browInnerUp and browOuterUp, or the moods of VRM; without them feelings do not show");
    }
    if report.speech == Speech::Coefficients && report.coefficients < coefficients::COUNT {
        let absent: Vec<&str> = (0..coefficients::COUNT).filter(|i| !has(*i)).map(|i| coefficients::NAMES[i]).collect();
        add(&format!("face shapes: {}", absent.join(", ")), "add them, or name yours in a map for --actor-map");
    }
    if !joint("head") {
        add("a head that turns", "add a joint for the head, or name yours in a map for --actor-map");
    } else if !joint("hips") {
        add("a body", "nothing, if only the head is wanted: use --framing head");
    } else {
        let limbs = ["leftUpperArm", "leftLowerArm", "leftHand", "rightUpperArm", "rightLowerArm", "rightHand", "neck", "chest", "spine"];
        let absent: Vec<&str> = limbs.into_iter().filter(|j| !joint(j)).collect();
        if !absent.is_empty() {
            add(&format!("joints: {}", absent.join(", ")), "name yours in a map for --actor-map");
        }
        if !joint("leftIndexProximal") && !joint("rightIndexProximal") {
            add("fingers", "add joints for them; the hands stay as they are");
        }
    }
    if report.stance.facing == "unknown" {
        add("a way to tell front from back", "it is taken to face +z as glTF asks; name joints or eyes in a map for --actor-map");
    }
    if actor.textures.is_empty() && actor.meshes.iter().all(|m| m.colors.is_empty()) && actor.materials.len() < 2 {
        add("paint", "export with textures or vertex colours");
    }
    out
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.file)?;
        let by = if self.generator.is_empty() { String::new() } else { format!(", made by {}", self.generator) };
        writeln!(f, "  {}{by}", self.format)?;
        writeln!(f, "  {} meshes, {} vertices, {} triangles, {} textures", self.meshes, self.vertices, self.triangles, self.textures)?;
        let materials = self.materials.iter().map(|(look, n)| format!("{n} {look}")).collect::<Vec<_>>();
        writeln!(f, "  materials: {}", materials.join("; "))?;
        let s = &self.stance;
        let scaled = if s.scale == 1.0 { String::new() } else { format!(", scaled by {}", s.scale) };
        writeln!(f, "  faces {}, up is {}, {:.2} m tall{scaled}", s.facing, s.up, s.height)?;
        if !s.rest.is_empty() {
            writeln!(f, "  rest pose: {} (arms {:.0} degrees below horizontal)", s.rest, s.arms)?;
        }
        if s.swapped {
            writeln!(f, "  left and right are the viewer's in its names, and were swapped")?;
        }
        if self.springs > 0 {
            writeln!(f, "  {} chains of springs", self.springs)?;
        }
        let speech = match self.speech {
            Speech::Coefficients => "ARKit's coefficients",
            Speech::Visemes => "visemes",
            Speech::Vowels => "vowels",
            Speech::Jaw => "its jaw alone",
            Speech::None => "nothing: its mouth does not move",
        };
        writeln!(f, "\nface: speaks with {speech}; {} of 52 coefficients move something", self.coefficients)?;
        for shape in &self.shapes {
            writeln!(f, "  {:<36} <- {} ({})", shape.ours.join(" + "), shape.theirs, shape.by)?;
        }
        let count = self.joints.iter().filter(|j| skeleton::index(&j.ours[0]).is_some()).count();
        writeln!(f, "\nbody: {count} of {} joints, by {}", skeleton::COUNT, self.joints_by)?;
        for joint in &self.joints {
            writeln!(f, "  {:<36} <- {}", joint.ours[0], joint.theirs)?;
        }
        if !self.missing.is_empty() {
            writeln!(f, "\nmissing for good results:")?;
        }
        for advice in &self.missing {
            writeln!(f, "  {}\n    {}", advice.missing, advice.remedy)?;
        }
        let lists =
            [("not needed, as others do the same", &self.doubles), ("not understood", &self.unknown), ("moves nothing", &self.empty)];
        if lists.iter().any(|(_, l)| !l.is_empty()) || !self.ignored.is_empty() {
            writeln!(f, "\nignored:")?;
        }
        for (what, names) in lists.iter().filter(|(_, l)| !l.is_empty()) {
            writeln!(f, "  {} shapes, {what}: {}", names.len(), names.join(", "))?;
        }
        for (what, count) in &self.ignored {
            writeln!(f, "  {what}{}", if *count > 1 { format!(" ({count} times)") } else { String::new() })?;
        }
        Ok(())
    }
}
