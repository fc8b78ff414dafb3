//! Damages files in the ways that files are damaged, and in some that only malice thinks of. Seeded: a case can be made again.

use std::io::{Cursor, Read, Write};

/// A small generator of random numbers (PCG's multiplier; the high bits).
pub struct Dice(pub u64);

impl Dice {
    /// Below `count`; 0 where nothing is.
    pub fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % count.max(1)
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Numbers that readers stumble over.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1e308",
    "-1e308",
    "1e-320",
    "NaN",
    "inf",
    "99999999999999999999",
    "4294967295",
    "2147483648",
    "1000000",
    "432000",
    "0.0000001",
    "1e5",
    "--1",
    "0x10",
];

/// Texts that nest, repeat or end badly.
const TEXTS: [&str; 12] =
    ["\u{feff}", "\0", "[", "{\"a\":", "JOINT a {\nOFFSET 0 0 0\nCHANNELS 0\n", "End Site {\n", ",", "\"", "\r", "\u{202e}", "\t\n", "}"];

/// A damaged copy of `whole`; `other` is a file whose parts may slip in.
pub fn damaged(whole: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    // Behind a checksum damage is never seen: packed files are packed again.
    if whole.starts_with(b"PK") && dice.below(4) != 0 {
        return repacked(whole, other, dice).unwrap_or_else(|| mutated(whole, other, dice));
    }
    if whole.starts_with(b"glTF") && dice.below(3) != 0 {
        return rewritten(whole, other, dice).unwrap_or_else(|| mutated(whole, other, dice));
    }
    mutated(whole, other, dice)
}

fn mutated(whole: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..1 + dice.below(3) {
        once(&mut bytes, other, dice);
    }
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let place = dice.below(bytes.len());
    let near = |place: usize, length: usize, all: usize| place..(place + length).min(all);
    match dice.below(11) {
        0 => bytes.truncate(place),
        1 if !bytes.is_empty() => bytes[place] ^= 1 << dice.below(8),
        2 => (0..20.min(bytes.len())).for_each(|_| {
            let at = dice.below(bytes.len());
            bytes[at] = dice.below(256) as u8;
        }),
        3 => drop(bytes.drain(near(place, 1 + dice.below(200), bytes.len()))),
        4 => {
            let again = bytes[near(place, 1 + dice.below(400), bytes.len())].repeat(1 + dice.below(50));
            bytes.splice(place..place, again);
        }
        5 => {
            let from = dice.below(other.len());
            bytes.splice(place..place, other[near(from, 1 + dice.below(2000), other.len())].iter().copied());
        }
        6 | 7 => number(bytes, place, dice),
        8 if bytes.len() >= 4 => {
            let word: u32 = *dice.of(&[0, 1, u32::MAX, 1 << 31, 1 << 20, 0x7f80_0000, 0x4b00_0000, 0x7fc0_0000]);
            let at = place.min(bytes.len() - 4) & !3;
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        9 => {
            let count = *dice.of(&[1, 1, 3, 200, 100_000]);
            bytes.splice(place..place, dice.of(&TEXTS).bytes().collect::<Vec<u8>>().repeat(count));
        }
        _ => drop(bytes.splice(0..0, dice.of(&TEXTS).bytes())),
    }
}

/// Puts a number in the place of the next one.
fn number(bytes: &mut Vec<u8>, place: usize, dice: &mut Dice) {
    let digit = |b: &u8| b.is_ascii_digit();
    let Some(start) = bytes[place..].iter().position(digit).map(|k| place + k) else { return };
    let end = start + bytes[start..].iter().take_while(|b| digit(b) || b"+-.eE".contains(b)).count();
    bytes.splice(start..end, dice.of(&NUMBERS).bytes());
}

/// A zip archive with one entry damaged.
fn repacked(whole: &[u8], other: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(whole)).ok()?;
    let chosen = dice.below(archive.len());
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for n in 0..archive.len() {
        let mut entry = archive.by_index(n).ok()?;
        let name = entry.name().ok()?.to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).ok()?;
        if n == chosen {
            bytes = match dice.below(3) {
                // What matters stands in the first bytes.
                0 => [mutated(&bytes[..bytes.len().min(128)], other, dice), bytes[bytes.len().min(128)..].to_vec()].concat(),
                _ => mutated(&bytes, other, dice),
            };
        }
        out.start_file(name, options).ok()?;
        out.write_all(&bytes).ok()?;
    }
    Some(out.finish().ok()?.into_inner())
}

/// A GLB with its document damaged, and lengths that fit.
fn rewritten(whole: &[u8], other: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(whole.get(12..16)?.try_into().ok()?) as usize;
    let mut text = mutated(whole.get(20..20 + length)?, other, dice);
    text.resize(text.len().next_multiple_of(4), b' ');
    let rest = whole.get(20 + length..)?;
    let total = (20 + text.len() + rest.len()) as u32;
    let head = [b"glTF".as_slice(), &2u32.to_le_bytes(), &total.to_le_bytes(), &(text.len() as u32).to_le_bytes(), b"JSON"].concat();
    Some([head, text, rest.to_vec()].concat())
}
