//! Reads NumPy archives (`.npz`): the arrays that the recordings come with.

use crate::{Error, Result};
use std::collections::HashMap;
use std::io::{Read, Seek};
use std::path::Path;

/// An array of numbers or of strings, row by row.
#[derive(Clone, Debug)]
pub struct Array {
    pub shape: Vec<usize>,
    pub numbers: Vec<f32>,
    pub strings: Vec<String>,
}

/// All arrays of an archive by name.
pub struct Npz {
    origin: String,
    arrays: HashMap<String, Array>,
}

/// Larger archives are refused, bytes of all arrays.
const LARGEST: u64 = 4 << 30;

impl Npz {
    pub fn open(path: &Path) -> Result<Npz> {
        let file = std::fs::File::open(path).map_err(Error::io(path))?;
        Npz::read(std::io::BufReader::new(file), &path.display().to_string())
    }

    /// Reads an archive; `origin` names it in errors.
    pub fn read(archive: impl Read + Seek, origin: &str) -> Result<Npz> {
        Npz::read_within(archive, origin, None, LARGEST)
    }

    /// Reads the arrays of an archive that are `wanted`, all if nothing is said; together they may take `largest` bytes.
    pub fn read_within(archive: impl Read + Seek, origin: &str, wanted: Option<&[&str]>, largest: u64) -> Result<Npz> {
        let origin = origin.to_string();
        let bad = |what: String| Error::malformed(&origin, what);
        let mut zip = zip::ZipArchive::new(archive).map_err(|e| bad(e.to_string()))?;
        let mut arrays = HashMap::new();
        let mut left = largest;
        for i in 0..zip.len() {
            let entry = zip.by_index(i).map_err(|e| bad(e.to_string()))?;
            let name = entry.name().map_err(|e| bad(e.to_string()))?.trim_end_matches(".npy").to_string();
            if wanted.is_some_and(|wanted| !wanted.contains(&name.as_str())) {
                continue;
            }
            let mut bytes = Vec::new();
            entry.take(left + 1).read_to_end(&mut bytes).map_err(|e| bad(e.to_string()))?;
            left = left.checked_sub(bytes.len() as u64).ok_or_else(|| bad(format!("its arrays are larger than {} MiB", largest >> 20)))?;
            // Arrays of Python objects (free-text metadata) carry nothing that is needed.
            if let Some(array) = parse(&bytes).map_err(|what| bad(format!("array {name}: {what}")))? {
                arrays.insert(name, array);
            }
        }
        Ok(Npz { origin, arrays })
    }

    pub fn get(&self, name: &str) -> Result<&Array> {
        self.arrays.get(name).ok_or_else(|| Error::malformed(&self.origin, format!("has no array {name}")))
    }

    /// A single number.
    pub fn number(&self, name: &str) -> Result<f32> {
        self.get(name)?.numbers.first().copied().ok_or_else(|| Error::malformed(&self.origin, format!("{name} is empty")))
    }
}

/// NumPy format 1.0 and 2.0 (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
fn parse(bytes: &[u8]) -> std::result::Result<Option<Array>, String> {
    if bytes.len() < 12 || &bytes[..6] != b"\x93NUMPY" {
        return Err("is not a NumPy array".into());
    }
    let (start, length): (usize, usize) = match bytes[6] {
        1 => (10, usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))),
        _ => (12, u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize),
    };
    let header = bytes.get(start..start.saturating_add(length)).and_then(|h| std::str::from_utf8(h).ok()).ok_or("has a broken header")?;
    let field = |key: &str| header.split(&format!("'{key}':")).nth(1).map(str::trim_start);
    let kind = field("descr").and_then(|d| d.split('\'').nth(1)).ok_or("has no type")?;
    let shape: Vec<usize> = field("shape")
        .and_then(|s| s.split(['(', ')']).nth(1))
        .ok_or("has no shape")?
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let count = shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side)).ok_or("is too large")?;
    let data = &bytes[start + length..];
    let width: usize = match kind {
        "<i2" => 2,
        "<i4" | "<f4" => 4,
        "<f8" | "<i8" => 8,
        "<f2" => 2,
        "|i1" | "|u1" | "|b1" => 1,
        k if k.starts_with("<U") => 4 * k[2..].parse::<usize>().map_err(|_| "has a broken type")?,
        _ => return Ok(None),
    };
    if count.checked_mul(width).is_none_or(|size| data.len() < size) {
        return Err("is cut short".into());
    }
    let items = data.chunks_exact(width.max(1)).take(count);
    let (mut numbers, mut strings) = (Vec::new(), Vec::new());
    match kind {
        "<i2" => numbers.extend(items.map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])))),
        "<i4" => numbers.extend(items.map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32)),
        "<f4" => numbers.extend(items.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
        "<f8" => numbers.extend(items.map(|b| f64::from_le_bytes(std::array::from_fn(|i| b[i])) as f32)),
        "<i8" => numbers.extend(items.map(|b| i64::from_le_bytes(std::array::from_fn(|i| b[i])) as f32)),
        "<f2" => numbers.extend(items.map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32())),
        "|i1" => numbers.extend(items.map(|b| f32::from(b[0] as i8))),
        "|u1" | "|b1" => numbers.extend(items.map(|b| f32::from(b[0]))),
        _ => strings.extend(items.map(text)),
    }
    if header.contains("'fortran_order': True") && shape.len() == 2 {
        numbers = transposed(&numbers, shape[0], shape[1]);
    }
    Ok(Some(Array { shape, numbers, strings }))
}

/// Columns one after another to rows one after another.
fn transposed(columns: &[f32], rows: usize, width: usize) -> Vec<f32> {
    (0..rows * width).map(|i| columns[i % width * rows + i / width]).collect()
}

/// A fixed-width UTF-32 string, padded with zeros.
fn text(bytes: &[u8]) -> String {
    bytes
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .take_while(|c| *c != 0)
        .map(|c| char::from_u32(c).unwrap_or('\u{fffd}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn both_memory_orders_give_the_same_rows() {
        let values: Vec<u8> = [1i16, 2, 3, 4, 5, 6].iter().flat_map(|v| v.to_le_bytes()).collect();
        let read = |order: &str| {
            parse(&npy(&format!("{{'descr': '<i2', 'fortran_order': {order}, 'shape': (2, 3), }}"), &values)).unwrap().unwrap()
        };
        assert_eq!(read("False").numbers, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(read("True").numbers, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn broken_arrays_are_refused() {
        assert!(parse(b"not an array").is_err());
        assert!(parse(&npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }", &[0; 8])).is_err());
        assert!(parse(&npy("{'descr': '|O', 'fortran_order': False, 'shape': (), }", &[0; 8])).unwrap().is_none());
    }
}
