//! Packs the built-in actors, which are most of the program.

use flate2::{Compression, write::ZlibEncoder};
use std::fs::File;
use std::io::{Error, Write};
use std::path::Path;

/// Bytes of a row: a point is three numbers of four bytes. Read by columns, what is alike stands together (`src/actor/packed.rs`).
const ROW: usize = 12;

fn main() -> Result<(), Error> {
    let packed = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("cargo names no OUT_DIR"))?;
    for name in ["ada", "tomas", "zola", "mika"] {
        let source = format!("assets/{name}.glb");
        println!("cargo::rerun-if-changed={source}");
        let bytes = std::fs::read(source)?;
        let columns: Vec<u8> = (0..ROW).flat_map(|column| bytes.iter().skip(column).step_by(ROW).copied()).collect();
        let mut file = ZlibEncoder::new(File::create(Path::new(&packed).join(name))?, Compression::best());
        file.write_all(&(bytes.len() as u32).to_le_bytes())?;
        file.write_all(&columns)?;
        file.finish()?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
