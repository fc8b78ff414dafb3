//! The built-in actors as the program carries them: deflated, and read by columns of rows of twelve bytes (`build.rs`).

use crate::{Error, Result};
use flate2::read::ZlibDecoder;
use std::io::Read;

/// Bytes of a row.
const ROW: usize = 12;

static PACKED: [(&str, &[u8]); 4] = [
    ("ada", include_bytes!(concat!(env!("OUT_DIR"), "/ada"))),
    ("tomas", include_bytes!(concat!(env!("OUT_DIR"), "/tomas"))),
    ("zola", include_bytes!(concat!(env!("OUT_DIR"), "/zola"))),
    ("mika", include_bytes!(concat!(env!("OUT_DIR"), "/mika"))),
];

/// The GLB file of a built-in actor; nothing for any other name.
pub fn glb(name: &str) -> Option<Result<Vec<u8>>> {
    let (_, packed) = PACKED.iter().find(|(known, _)| *known == name)?;
    Some(unpack(packed).map_err(Error::io(name)))
}

fn unpack(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut reader = ZlibDecoder::new(packed);
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let mut columns = vec![0; u32::from_le_bytes(length) as usize];
    reader.read_exact(&mut columns)?;
    let mut bytes = vec![0; columns.len()];
    let mut rest = columns.as_slice();
    for column in 0..ROW {
        let (own, next) = rest.split_at(rest.len().min((bytes.len() + ROW - 1 - column) / ROW));
        bytes[column..].iter_mut().step_by(ROW).zip(own).for_each(|(byte, own)| *byte = *own);
        rest = next;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn actors_are_unpacked_as_they_were() {
        for name in crate::actor::BUILTIN {
            let file = std::fs::read(format!("{}/assets/{name}.glb", env!("CARGO_MANIFEST_DIR"))).unwrap();
            assert!(super::glb(name).unwrap().unwrap() == file, "{name}");
        }
        assert!(super::glb("nobody").is_none());
    }
}
