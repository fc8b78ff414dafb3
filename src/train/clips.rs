//! Recorded body motion of the data pack as poses of our skeleton.

use super::data::table_rows;
use super::npz::Npz;
use crate::body::skeleton::Pose;
use crate::motion::retarget::{Clip, Joint, Map, Retarget, Skeleton, Track};
use crate::{Error, Result};
use glam::{Quat, Vec3};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Motion at 30 frames a second, with what its table says of it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The file, without its ending.
    pub path: PathBuf,
    pub name: String,
    /// Folder: `idle`, `listen`, `present`... or `style`, `paired`.
    pub kind: String,
    pub style: String,
    pub content: String,
    /// Whether the table keeps it for judging.
    pub test: bool,
    pub poses: Vec<Pose>,
}

/// The clips of the folder `body` under the recordings whose path (as in the tables) `wanted` accepts.
pub fn recorded(root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Recorded>> {
    let mut rigs: BTreeMap<String, Vec<(Recorded, Clip)>> = BTreeMap::new();
    for folder in [root.join("body"), root.join("body/rocketbox")] {
        let table = folder.join("index.csv");
        if !table.exists() {
            continue;
        }
        let rows: Vec<_> = table_rows(&table)?.into_iter().filter(|r| r.get("file").is_some_and(|f| wanted(f))).collect();
        let read: Vec<(String, Recorded, Clip)> = rows
            .par_iter()
            .map(|row| {
                let field = |name: &str| row.get(name).cloned().unwrap_or_default();
                let path = folder.join(field("file"));
                let clip = clip(&path)?;
                let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
                let kind = path.parent().and_then(Path::file_name).map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
                // Bodies of one source have one rig; Rocketbox has two, by gender.
                let rig = name.split('_').next().unwrap_or_default().to_string() + name.get(10..12).unwrap_or_default();
                let rig = if name.starts_with("bandai") { "bandai".to_string() } else { format!("{rig} {}", clip.skeleton.joints.len()) };
                let (style, content, test) = (field("style"), field("content"), field("split") == "test");
                Ok((rig, Recorded { path: path.with_extension(""), name, kind, style, content, test, poses: Vec::new() }, clip))
            })
            .collect::<Result<_>>()?;
        read.into_iter().for_each(|(rig, recorded, clip)| rigs.entry(rig).or_default().push((recorded, clip)));
    }
    let carried: Vec<Vec<Recorded>> = rigs
        .into_par_iter()
        .map(|(_, clips)| {
            let fit: Vec<&Clip> = clips.iter().take(60).map(|(_, clip)| clip).collect();
            let retarget = Retarget::fit(&fit, &Map::of(&fit[0].skeleton));
            let carry = |(recorded, clip): &(Recorded, Clip)| Recorded { poses: retarget.to_poses(clip), ..recorded.clone() };
            clips.iter().map(carry).collect()
        })
        .collect();
    Ok(carried.into_iter().flatten().collect())
}

/// One archive: `rotvec` holds axis-angle vectors in 32767ths of π.
fn clip(path: &Path) -> Result<Clip> {
    let npz = Npz::open(path)?;
    let bad = |what: &str| Error::malformed(path.display().to_string(), what);
    let vectors = |name: &str| -> Result<Vec<Vec3>> { Ok(npz.get(name)?.numbers.chunks_exact(3).map(Vec3::from_slice).collect()) };
    let (names, parents) = (&npz.get("joints")?.strings, &npz.get("parents")?.numbers);
    let (offsets, ends, roots) = (vectors("offsets")?, vectors("end_offset")?, vectors("root")?);
    let end_joints = &npz.get("end_joint")?.numbers;
    let count = names.len();
    let sound = count > 0 && parents.len() == count && offsets.len() == count;
    if !sound || parents.iter().enumerate().any(|(k, p)| *p >= k as f32) {
        return Err(bad("joints, parents and offsets do not fit together"));
    }
    let joint = |k: usize| Joint {
        name: names[k].clone(),
        parent: (parents[k] >= 0.0).then_some(parents[k] as usize),
        offset: offsets[k],
        rest: Quat::IDENTITY,
        end: end_joints.iter().position(|j| *j as usize == k).and_then(|n| ends.get(n).copied()),
    };
    let turn = |v: &Vec3| Quat::from_scaled_axis(*v * (std::f32::consts::PI / 32767.0));
    let turns: Vec<Quat> = vectors("rotvec")?.iter().map(turn).collect();
    let rotations: Vec<Vec<Quat>> = turns.chunks_exact(count).map(<[Quat]>::to_vec).collect();
    if roots.len() < rotations.len() || rotations.is_empty() {
        return Err(bad("has no motion, or places for fewer frames than it has rotations"));
    }
    Ok(Clip {
        fps: 30.0,
        skeleton: Skeleton { joints: (0..count).map(joint).collect() },
        translations: vec![Track { joint: 0, places: roots }],
        rotations,
    })
}
