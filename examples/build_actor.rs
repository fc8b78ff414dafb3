//! Rebuilds the built-in actors: `cargo run --release --example build_actor` writes `assets/<name>.glb`.

use gestus::actor::{build, write_glb};
use std::path::Path;

fn main() -> gestus::Result<()> {
    let actor = build::build(&build::Parameters::default());
    let bytes = write_glb(&actor)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(format!("{}.glb", actor.name));
    std::fs::write(&path, &bytes).map_err(gestus::Error::io(&path))?;
    let triangles: usize = actor.meshes.iter().map(|m| m.triangles.len()).sum();
    println!("{}: {triangles} triangles, {} bytes", path.display(), bytes.len());
    for mesh in &actor.meshes {
        println!(
            "  {:<12} {:>6} vertices {:>6} triangles {:>3} morphs",
            mesh.name,
            mesh.positions.len(),
            mesh.triangles.len(),
            mesh.morphs.len()
        );
    }
    Ok(())
}
