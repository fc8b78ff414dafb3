//! The 68 iBUG landmarks on the actor's face over time, as a table or as JSON.
//!
//! Metres in the actor's space (y up, facing +z, feet at y = 0), in the usual order: 0-16 the jaw from the actor's right ear, 17-26 brows,
//! 27-35 nose, 36-47 eyes, 48-67 lips. Written for actors that name their landmarks; not read.

use crate::actor::Actor;
use crate::motion::Performance;
use crate::output::Output;
use crate::render::bake::Bake;
use crate::{Error, Result};
use glam::Vec3;
use std::io::Write;

/// Landmarks of a face.
pub const COUNT: usize = 68;

fn bake(actor: &Actor) -> Result<Bake<'_>> {
    if actor.keypoints.as_ref().is_none_or(|points| points.len() != COUNT) {
        let what = format!("{}: the actor names no {COUNT} landmarks", actor.name);
        return Err(Error::Unsupported { what, hint: "use a built-in actor".into() });
    }
    Bake::new(actor)
}

/// Writes `frame,timestamp,X_0..X_67,Y_0..,Z_0..`.
pub fn write_csv(out: &mut Output, performance: &Performance, actor: &Actor) -> Result<()> {
    let bake = bake(actor)?;
    let path = out.path().to_owned();
    let names = ["X", "Y", "Z"].into_iter().flat_map(|axis| (0..COUNT).map(move |k| format!("{axis}_{k}")));
    let lines = || -> std::io::Result<()> {
        writeln!(out, "frame,timestamp,{}", names.collect::<Vec<_>>().join(","))?;
        for (n, (frame, swing)) in bake.swung(performance).enumerate() {
            let points = bake.keypoints(frame, &swing);
            write!(out, "{n},{:.6}", n as f64 / performance.fps)?;
            for axis in 0..3 {
                points.iter().try_for_each(|p| write!(out, ",{:.5}", p[axis] + 0.0))?;
            }
            writeln!(out)?;
        }
        Ok(())
    };
    lines().map_err(Error::io(path))
}

/// Writes one frame a line.
pub fn write_json(out: &mut Output, performance: &Performance, actor: &Actor) -> Result<()> {
    let bake = bake(actor)?;
    let path = out.path().to_owned();
    let mut lines = || -> std::io::Result<()> {
        writeln!(out, "{{\"format\":\"gestus-keypoints\",\"scheme\":\"iBUG 68\",\"unit\":\"m\",\"fps\":{},\"frames\":[", performance.fps)?;
        for (n, (frame, swing)) in bake.swung(performance).enumerate() {
            let point = |p: &Vec3| format!("[{:.5},{:.5},{:.5}]", p.x + 0.0, p.y + 0.0, p.z + 0.0);
            let row: Vec<String> = bake.keypoints(frame, &swing).iter().map(point).collect();
            writeln!(out, "[{}]{}", row.join(","), if n + 1 < performance.frames.len() { "," } else { "" })?;
        }
        writeln!(out, "]}}")
    };
    lines().map_err(Error::io(path))
}
