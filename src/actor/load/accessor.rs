//! Numbers out of a glTF file's buffers: every component type, normalised integers, sparse overrides, all bounds checked.

use super::buffers::Buffers;
use gltf::accessor::{DataType, sparse::IndexType};

/// No list in a file may be longer; real avatars stay below a tenth of it.
pub const LONGEST: usize = 4_000_000;

/// All elements of an accessor, flattened; integers that are marked as normalised become 0..=1 or -1..=1. `None` where it
/// points outside its buffer or is unreasonably long.
pub fn numbers(accessor: &gltf::Accessor, buffers: &Buffers) -> Option<Vec<f32>> {
    let width = accessor.dimensions().multiplicity();
    let count = accessor.count();
    if count > LONGEST {
        return None;
    }
    let kind = accessor.data_type();
    let scale = if accessor.normalized() { normal_scale(kind) } else { 1.0 };
    let mut out = match accessor.view() {
        Some(view) => {
            let stride = view.stride().unwrap_or(width * kind.size());
            let bytes = buffers.view(&view)?.get(accessor.offset()..)?;
            elements(bytes, stride, count, width, kind)?
        }
        None => vec![0.0; count * width],
    };
    if let Some(sparse) = accessor.sparse() {
        let n = sparse.count();
        let places = sparse.indices();
        let index_kind = match places.index_type() {
            IndexType::U8 => DataType::U8,
            IndexType::U16 => DataType::U16,
            IndexType::U32 => DataType::U32,
        };
        let bytes = buffers.view(&places.view())?.get(places.offset()..)?;
        let places = integers(bytes, index_kind.size(), n, 1, index_kind)?;
        let values = sparse.values();
        let bytes = buffers.view(&values.view())?.get(values.offset()..)?;
        let values = elements(bytes, width * kind.size(), n, width, kind)?;
        for (place, value) in places.iter().zip(values.chunks_exact(width)) {
            let at = (*place as usize).checked_mul(width)?;
            out.get_mut(at..at + width)?.copy_from_slice(value);
        }
    }
    if scale != 1.0 {
        // The most negative integer stands for -1 too.
        out.iter_mut().for_each(|x| *x = (*x * scale).max(-1.0));
    }
    Some(out)
}

/// The elements of an integer accessor (indices, joints), which is never sparse.
pub fn whole_numbers(accessor: &gltf::Accessor, buffers: &Buffers) -> Option<Vec<u32>> {
    let (width, kind) = (accessor.dimensions().multiplicity(), accessor.data_type());
    if accessor.count() > LONGEST || accessor.sparse().is_some() {
        return None;
    }
    let view = accessor.view()?;
    let bytes = buffers.view(&view)?.get(accessor.offset()..)?;
    integers(bytes, view.stride().unwrap_or(width * kind.size()), accessor.count(), width, kind)
}

/// What turns an integer into 0..=1 or -1..=1.
pub fn normal_scale(kind: DataType) -> f32 {
    match kind {
        DataType::I8 => 1.0 / 127.0,
        DataType::U8 => 1.0 / 255.0,
        DataType::I16 => 1.0 / 32767.0,
        DataType::U16 => 1.0 / 65535.0,
        DataType::U32 => 1.0 / u32::MAX as f32,
        DataType::F32 => 1.0,
    }
}

/// The bytes of each component in turn, `None` where the data ends early.
fn components(bytes: &[u8], stride: usize, count: usize, width: usize, size: usize) -> Option<impl Iterator<Item = &[u8]>> {
    let last = count.checked_sub(1).map_or(Some(0), |n| n.checked_mul(stride)?.checked_add(width * size))?;
    if last > bytes.len() {
        return None;
    }
    Some((0..count).flat_map(move |i| (0..width).map(move |c| &bytes[i * stride + c * size..][..size])))
}

fn elements(bytes: &[u8], stride: usize, count: usize, width: usize, kind: DataType) -> Option<Vec<f32>> {
    let number = |b: &[u8]| match kind {
        DataType::I8 => f32::from(b[0] as i8),
        DataType::U8 => f32::from(b[0]),
        DataType::I16 => f32::from(i16::from_le_bytes([b[0], b[1]])),
        DataType::U16 => f32::from(u16::from_le_bytes([b[0], b[1]])),
        DataType::U32 => u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32,
        DataType::F32 => f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
    };
    Some(components(bytes, stride, count, width, kind.size())?.map(number).collect())
}

fn integers(bytes: &[u8], stride: usize, count: usize, width: usize, kind: DataType) -> Option<Vec<u32>> {
    let number = |b: &[u8]| match kind {
        DataType::U8 => Some(u32::from(b[0])),
        DataType::U16 => Some(u32::from(u16::from_le_bytes([b[0], b[1]]))),
        DataType::U32 => Some(u32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        DataType::I8 | DataType::I16 | DataType::F32 => None,
    };
    components(bytes, stride, count, width, kind.size())?.map(number).collect()
}
