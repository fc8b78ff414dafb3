//! Decodes buffer views compressed by `EXT_meshopt_compression` and `KHR_meshopt_compression`.
//!
//! Written from the bitstream appendix of the two extensions. Attributes are byte planes of deltas in groups of sixteen, packed
//! with as few bits as the group needs; triangles are one code byte each that refers to edges and vertices seen
//! a moment ago; filters turn what was made small back into unit vectors, quaternions, floats and colours.
//! Every function gives `None` where the stream is not what the format allows.

use std::collections::VecDeque;

/// How a view is stored: the properties of the extension's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Attributes,
    Triangles,
    Indices,
}

/// What is done with the elements after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    None,
    Octahedral,
    Quaternion,
    Exponential,
    Color,
}

/// The bytes of a view: `count` elements of `stride` bytes.
pub fn decode(stream: &[u8], mode: Mode, filter: Filter, count: usize, stride: usize) -> Option<Vec<u8>> {
    match mode {
        Mode::Attributes => {
            let mut elements = attributes(stream, count, stride)?;
            unfilter(&mut elements, filter, stride)?;
            Some(elements)
        }
        Mode::Triangles => narrowed(&triangles(stream, count)?, stride),
        Mode::Indices => narrowed(&indices(stream, count)?, stride),
    }
}

/// Elements of a group.
const GROUP: usize = 16;
/// Bytes and elements of the largest block.
const BLOCK: (usize, usize) = (8192, 256);

fn attributes(stream: &[u8], count: usize, stride: usize) -> Option<Vec<u8>> {
    if stride == 0 || stride > 256 || !stride.is_multiple_of(4) {
        return None;
    }
    let version = match stream.first()? {
        0xa0 => 0,
        0xa1 => 1,
        _ => return None,
    };
    let (tail, least) = if version == 0 { (stride, 32) } else { (stride + stride / 4, 24) };
    let end = stream.len().checked_sub(tail.max(least)).filter(|end| *end >= 1)?;
    let tail = &stream[stream.len() - tail..];
    let (mut last, channels) = (tail[..stride].to_vec(), &tail[stride..]);
    let mut data = Bytes(&stream[1..end]);
    let mut out = Vec::with_capacity(count.checked_mul(stride)?);
    let most = ((BLOCK.0 / stride) & !(GROUP - 1)).min(BLOCK.1);
    let mut left = count;
    while left > 0 {
        let size = left.min(most);
        let control = if version == 0 { None } else { Some(data.take(stride / 4)?) };
        let planes: Vec<Vec<u8>> =
            (0..stride).map(|k| plane(&mut data, control.map(|c| c[k / 4] >> (2 * (k % 4)) & 3), size)).collect::<Option<_>>()?;
        let element = |i: usize| planes.iter().map(move |plane| plane[i]);
        for deltas in (0..size).map(element) {
            let deltas: Vec<u8> = deltas.collect();
            for (channel, (held, delta)) in last.chunks_exact_mut(4).zip(deltas.chunks_exact(4)).enumerate() {
                let mode = channels.get(channel).copied().unwrap_or(0);
                let next = undelta([held[0], held[1], held[2], held[3]], [delta[0], delta[1], delta[2], delta[3]], mode)?;
                held.copy_from_slice(&next);
            }
            out.extend_from_slice(&last);
        }
        left -= size;
    }
    data.0.is_empty().then_some(out)
}

/// The deltas of one byte of the elements; `control` is absent in version 0.
fn plane(data: &mut Bytes, control: Option<u8>, size: usize) -> Option<Vec<u8>> {
    let groups = size.div_ceil(GROUP);
    let bits: [u32; 4] = match control {
        None => [0, 2, 4, 8],
        Some(0) => [0, 1, 2, 4],
        Some(1) => [1, 2, 4, 8],
        Some(2) => return Some(vec![0; size]),
        Some(_) => return Some(data.take(size)?.to_vec()),
    };
    let header = data.take(groups.div_ceil(4))?;
    let mut out = Vec::with_capacity(groups * GROUP);
    for group in 0..groups {
        let bits = bits[usize::from(header[group / 4] >> (2 * (group % 4)) & 3)];
        deltas(data, bits, &mut out)?;
    }
    Some(out)
}

/// Sixteen deltas of so many bits each; all bits set means that the delta follows as a byte.
fn deltas(data: &mut Bytes, bits: u32, out: &mut Vec<u8>) -> Option<()> {
    match bits {
        0 => out.extend([0; GROUP]),
        8 => out.extend(data.take(GROUP)?),
        _ => {
            let packed = data.take(GROUP * bits as usize / 8)?;
            let each = 8 / bits as usize;
            let escape = (1u8 << bits) - 1;
            for i in 0..GROUP {
                // Single bits run from the low end of a byte, wider ones from the high end.
                let place = if bits == 1 { i % each } else { each - 1 - i % each };
                let value = packed[i / each] >> (place as u32 * bits) & escape;
                out.push(if value == escape { data.take(1)?[0] } else { value });
            }
        }
    }
    Some(())
}

/// The next four bytes from the last four, by the channel's mode.
fn undelta(last: [u8; 4], delta: [u8; 4], mode: u8) -> Option<[u8; 4]> {
    match (mode & 15, mode >> 4) {
        (0, 0) => Some(std::array::from_fn(|k| {
            let d = delta[k];
            last[k].wrapping_add((d >> 1) ^ (d & 1).wrapping_neg())
        })),
        (1, 0) => {
            let half = |k: usize| {
                let d = u16::from_le_bytes([delta[k], delta[k + 1]]);
                u16::from_le_bytes([last[k], last[k + 1]]).wrapping_add((d >> 1) ^ (d & 1).wrapping_neg()).to_le_bytes()
            };
            let (low, high) = (half(0), half(2));
            Some([low[0], low[1], high[0], high[1]])
        }
        (2, turn) => Some((u32::from_le_bytes(last) ^ u32::from_le_bytes(delta).rotate_left(u32::from(turn))).to_le_bytes()),
        _ => None,
    }
}

/// The last sixteen things seen, the latest at 0.
struct Recent<T>(VecDeque<T>);

impl<T: Copy> Recent<T> {
    fn push(&mut self, value: T) {
        self.0.truncate(15);
        self.0.push_front(value);
    }

    fn get(&self, place: u8) -> Option<T> {
        self.0.get(usize::from(place)).copied()
    }
}

/// What the decoder of triangles remembers.
struct Strip<'a> {
    data: Bytes<'a>,
    edges: Recent<(u32, u32)>,
    vertices: Recent<u32>,
    /// The vertex not used so far.
    next: u32,
    last: u32,
}

impl Strip<'_> {
    fn fresh(&mut self) -> u32 {
        let vertex = self.next;
        self.next = self.next.wrapping_add(1);
        vertex
    }

    fn explicit(&mut self) -> Option<u32> {
        let v = self.data.varint()?;
        self.last = self.last.wrapping_add((v >> 1) ^ (v & 1).wrapping_neg());
        Some(self.last)
    }

    /// A vertex by its nibble: 0 is fresh, 15 explicit, others are recent.
    fn vertex(&mut self, nibble: u8) -> Option<u32> {
        match nibble {
            0 => Some(self.fresh()),
            15 => self.explicit(),
            recent => self.vertices.get(recent - 1),
        }
    }

    /// A triangle on a recent edge.
    fn attached(&mut self, code: u8) -> Option<[u32; 3]> {
        let (a, b) = self.edges.get(code >> 4)?;
        let (c, known) = match code & 15 {
            0 => (self.fresh(), false),
            nibble @ 1..=12 => (self.vertices.get(nibble)?, true),
            15 => (self.explicit()?, false),
            step => {
                self.last = if step == 13 { self.last.wrapping_sub(1) } else { self.last.wrapping_add(1) };
                (self.last, false)
            }
        };
        self.edges.push((c, b));
        self.edges.push((a, c));
        if !known {
            self.vertices.push(c);
        }
        Some([a, b, c])
    }

    /// A triangle of its own.
    fn single(&mut self, code: u8, table: &[u8]) -> Option<[u32; 3]> {
        let nibbles = if code < 0xfe { table[usize::from(code & 15)] } else { self.data.take(1)?[0] };
        if code >= 0xfe && nibbles == 0 {
            self.next = 0;
        }
        let (z, w) = (nibbles >> 4, nibbles & 15);
        let a = if code == 0xff { self.explicit()? } else { self.fresh() };
        let (b, c) = (self.vertex(z)?, self.vertex(w)?);
        for edge in [(b, a), (c, b), (a, c)] {
            self.edges.push(edge);
        }
        self.vertices.push(a);
        for (vertex, nibble) in [(b, z), (c, w)] {
            if nibble == 0 || nibble == 15 {
                self.vertices.push(vertex);
            }
        }
        Some([a, b, c])
    }
}

fn triangles(stream: &[u8], count: usize) -> Option<Vec<u32>> {
    let codes = count / 3;
    if stream.first() != Some(&0xe1) || !count.is_multiple_of(3) || stream.len() < (1 + 16usize).checked_add(codes)? {
        return None;
    }
    let (body, table) = stream.split_at(stream.len() - 16);
    let (codes, data) = body[1..].split_at(codes);
    let mut strip = Strip { data: Bytes(data), edges: Recent(VecDeque::new()), vertices: Recent(VecDeque::new()), next: 0, last: 0 };
    let mut out = Vec::with_capacity(count);
    for &code in codes {
        out.extend(if code < 0xf0 { strip.attached(code)? } else { strip.single(code, table)? });
    }
    strip.data.0.is_empty().then_some(out)
}

fn indices(stream: &[u8], count: usize) -> Option<Vec<u32>> {
    if stream.first() != Some(&0xd1) || stream.len() < 5usize.checked_add(count)? {
        return None;
    }
    let mut data = Bytes(&stream[1..stream.len() - 4]);
    let mut last = [0u32; 2];
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let v = data.varint()?;
        let base = &mut last[(v & 1) as usize];
        *base = base.wrapping_add((v >> 2) ^ (v >> 1 & 1).wrapping_neg());
        out.push(*base);
    }
    data.0.is_empty().then_some(out)
}

fn narrowed(values: &[u32], stride: usize) -> Option<Vec<u8>> {
    match stride {
        2 => Some(values.iter().flat_map(|v| (*v as u16).to_le_bytes()).collect()),
        4 => Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        _ => None,
    }
}

fn unfilter(elements: &mut [u8], filter: Filter, stride: usize) -> Option<()> {
    let wide = stride == 8;
    match filter {
        Filter::None => {}
        Filter::Octahedral if wide || stride == 4 => each(elements, wide, true, unit_vector),
        Filter::Quaternion if wide => each(elements, wide, true, quaternion),
        Filter::Color if wide || stride == 4 => each(elements, wide, false, color),
        Filter::Exponential => {
            for word in elements.chunks_exact_mut(4) {
                let bits = i32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                let value = 2f32.powi(bits >> 24) * (bits << 8 >> 8) as f32;
                word.copy_from_slice(&value.to_le_bytes());
            }
        }
        _ => return None,
    }
    Some(())
}

/// Applies `f` to elements of four integers of 8 or 16 bits; it also gets the largest value of the type.
fn each(elements: &mut [u8], wide: bool, signed: bool, f: impl Fn([i32; 4], f32) -> [i32; 4]) {
    let largest = match (wide, signed) {
        (false, true) => 127.0,
        (false, false) => 255.0,
        (true, true) => 32767.0,
        (true, false) => 65535.0,
    };
    for element in elements.chunks_exact_mut(if wide { 8 } else { 4 }) {
        let input: [i32; 4] = std::array::from_fn(|k| match (wide, signed) {
            (true, true) => i32::from(i16::from_le_bytes([element[2 * k], element[2 * k + 1]])),
            (true, false) => i32::from(u16::from_le_bytes([element[2 * k], element[2 * k + 1]])),
            (false, true) => i32::from(element[k] as i8),
            (false, false) => i32::from(element[k]),
        });
        for (k, value) in f(input, largest).into_iter().enumerate() {
            if wide {
                element[2 * k..2 * k + 2].copy_from_slice(&(value as u16).to_le_bytes());
            } else {
                element[k] = value as u8;
            }
        }
    }
}

/// Octahedral encoding: x and y of the vector folded onto a square, and what stands for one.
fn unit_vector([x, y, one, w]: [i32; 4], largest: f32) -> [i32; 4] {
    let one = (one as f32).max(1.0);
    let (x, y) = (x as f32 / one, y as f32 / one);
    let z = 1.0 - x.abs() - y.abs();
    let fold = z.min(0.0);
    let (x, y) = (x - fold.copysign(x), y - fold.copysign(y));
    let scale = largest / (x * x + y * y + z * z).sqrt().max(1e-9);
    [(x * scale).round() as i32, (y * scale).round() as i32, (z * scale).round() as i32, w]
}

/// Three components of a quaternion, without the largest, whose place is in the low bits of what stands for one.
fn quaternion([x, y, z, one]: [i32; 4], largest: f32) -> [i32; 4] {
    let place = (one & 3) as usize;
    let scale = std::f32::consts::FRAC_1_SQRT_2 / (one | 3).max(1) as f32;
    let [x, y, z] = [x, y, z].map(|c| c as f32 * scale);
    let w = (1.0 - x * x - y * y - z * z).max(0.0).sqrt();
    let mut out = [0; 4];
    for (k, value) in [w, x, y, z].into_iter().enumerate() {
        out[(place + k) % 4] = (value * largest).round() as i32;
    }
    out
}

/// Luma and two chroma differences; the highest bit of alpha tells the number of bits.
fn color([y, co, cg, alpha]: [i32; 4], largest: f32) -> [i32; 4] {
    // Chroma is signed, whatever the type of the element.
    let signed = |c: i32| if largest > 255.0 { i32::from(c as u16 as i16) } else { i32::from(c as u8 as i8) };
    let (co, cg) = (signed(co), signed(cg));
    let top = (1i32 << (32 - alpha.max(1).leading_zeros())) - 1;
    let a = alpha & (top >> 1);
    let scale = largest / top as f32;
    [y + co - cg, y + cg, y - co - cg, a << 1 | a & 1].map(|c| (c as f32 * scale).round().clamp(0.0, largest) as i32)
}

/// Bytes that are taken from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    /// Unsigned LEB128 of up to five bytes.
    fn varint(&mut self) -> Option<u32> {
        let mut value = 0u32;
        for k in 0..5 {
            let byte = self.take(1)?[0];
            value |= u32::from(byte & 127) << (7 * k);
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn deltas_of_four_bits() {
        let packed = [0x17, 0x5f, 0xf0, 0xbc, 0x77, 0xa9, 0x21, 0x00, 0x34, 0xb5];
        let mut out = Vec::new();
        deltas(&mut Bytes(&packed), 4, &mut out).unwrap();
        let decoded: Vec<i8> = out.iter().map(|d| ((d >> 1) ^ (d & 1).wrapping_neg()) as i8).collect();
        assert_eq!(decoded, [-1, -4, -3, 26, -91, 0, -6, 6, -4, -4, 5, -5, 1, -1, 0, 0]);
    }

    #[test]
    fn numbers_of_variable_length() {
        assert_eq!(Bytes(&[0x7f]).varint(), Some(0x7f));
        assert_eq!(Bytes(&[0x81, 0x04]).varint(), Some(0x201));
        assert_eq!(Bytes(&[0xff, 0xa0, 0x05]).varint(), Some(0x1_507f));
        assert_eq!(Bytes(&[0xff; 6]).varint(), None);
    }

    /// Two triangles of four vertices in a row: the first of its own, the second on its last edge.
    #[test]
    fn a_quad() {
        let mut stream = vec![0xe1, 0xf0, 0x00];
        stream.extend([0; 16]);
        let bytes = decode(&stream, Mode::Triangles, Filter::None, 6, 2).unwrap();
        let corners: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        assert_eq!(corners, [0, 1, 2, 0, 2, 3]);
    }

    #[test]
    fn rotation_of_the_second_version() {
        assert_eq!(undelta([1, 0, 0, 0], [0, 1, 0, 0], 2 | 4 << 4), Some(0x1001u32.to_le_bytes()));
        assert_eq!(undelta([0xff, 0, 0, 0], [2, 0, 0, 0], 1), Some([0x00, 0x01, 0, 0]));
        assert_eq!(undelta([0; 4], [0; 4], 3), None);
    }

    #[test]
    fn unit_vectors_have_length_one() {
        for input in [[127, 0, 127, 5], [0, 0, 127, 5], [64, -63, 127, 5], [100, 100, 127, 5]] {
            let [x, y, z, w] = unit_vector(input, 127.0).map(|c| c as f32);
            assert!(((x * x + y * y + z * z).sqrt() - 127.0).abs() < 1.5 && w == 5.0, "{input:?}");
        }
    }

    #[test]
    fn cut_streams_are_refused() {
        let stream = [0xa0u8; 40];
        for n in 0..40 {
            assert_eq!(decode(&stream[..n], Mode::Attributes, Filter::None, 1000, 12), None);
            assert_eq!(decode(&stream[..n], Mode::Triangles, Filter::None, 999, 4), None);
        }
    }
}
