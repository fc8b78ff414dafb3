//! Rebuilds the built-in actors: `cargo run --release --example build_actor` reads `assets/<name>.toml` and writes
//! `assets/<name>.glb` for each.

use gestus::actor::{self, build, write_glb};
use gestus::{Error, Result};
use std::path::Path;

fn main() -> Result<()> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    for name in actor::BUILTIN {
        let source = assets.join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&source).map_err(Error::io(&source))?;
        let parameters: build::Parameters =
            toml::from_str(&text).map_err(|e| Error::malformed(source.display().to_string(), e.message()))?;
        parameters.check()?;
        let started = std::time::Instant::now();
        let actor = build::build(&parameters);
        let seconds = started.elapsed().as_secs_f32();
        let bytes = write_glb(&actor)?;
        let path = assets.join(format!("{name}.glb"));
        std::fs::write(&path, &bytes).map_err(Error::io(&path))?;
        let triangles: usize = actor.meshes.iter().map(|m| m.triangles.len()).sum();
        println!("{}: {triangles} triangles, {} bytes, built in {seconds:.1} s", path.display(), bytes.len());
        for mesh in &actor.meshes {
            let (vertices, triangles, morphs) = (mesh.positions.len(), mesh.triangles.len(), mesh.morphs.len());
            println!("  {:<12} {vertices:>6} vertices {triangles:>6} triangles {morphs:>3} morphs", mesh.name);
        }
    }
    Ok(())
}
