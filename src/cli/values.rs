//! Values of options that parse themselves.

use crate::direction::{Direction, dials};
use crate::models::Models;
use crate::render::{Background, LARGEST, Picture};
use crate::{Error, Result};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Shortest side of a picture: nothing can be seen in less, and video encoders start there.
const SMALLEST: u32 = 16;

/// Width and height of a picture in pixels, written `512x512`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let (width, height) = text.split_once(['x', 'X', '×']).ok_or("write WIDTHxHEIGHT, for example 512x512")?;
        let side = |text: &str| text.parse::<u32>().ok().filter(|side| (SMALLEST..=LARGEST).contains(side));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Size { width, height }),
            _ => Err(format!("both sides must be whole numbers from {SMALLEST} to {LARGEST}")),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Frames a second, 1 to 240: a number (`29.97`) or a fraction (`30000/1001`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fps(pub f64);

impl FromStr for Fps {
    type Err = String;

    fn from_str(text: &str) -> Result<Fps, String> {
        let rate = match text.split_once('/') {
            Some((n, d)) => n.trim().parse::<f64>().ok().zip(d.trim().parse::<f64>().ok()).map(|(n, d)| n / d),
            None => text.trim().parse().ok(),
        };
        rate.filter(|rate| (1.0..=240.0).contains(rate)).map(Fps).ok_or_else(|| "must be a number from 1 to 240".into())
    }
}

impl fmt::Display for Fps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount of memory in bytes, written as a number of them or with a unit: `800MiB`, `2GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub u64);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
        let unit = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
        let (number, shift) = unit.unwrap_or((text, 0));
        let bytes = number.trim().parse::<u64>().ok().and_then(|n| n.checked_mul(1 << shift));
        // Less than this does not even hold the models.
        bytes.filter(|bytes| *bytes >= 256 << 20).map(Limit).ok_or_else(|| "an amount of at least 256MiB, as 800MiB or 2GiB".into())
    }
}

/// A factor on what is usual, 0 to 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dial(pub f32);

impl FromStr for Dial {
    type Err = String;

    fn from_str(text: &str) -> Result<Dial, String> {
        let number = text.trim().parse().ok().filter(|dial| (0.0..=dials::MOST).contains(dial));
        number.map(Dial).ok_or_else(|| format!("must be a number from 0 (none) to {}; 1 is usual", dials::MOST))
    }
}

/// What stands behind the character: `scene` (the look's own), `transparent`, a colour by name or as `#rrggbb`, or a picture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backdrop {
    Scene,
    Transparent,
    /// sRGB.
    Colour([u8; 3]),
    Picture(PathBuf),
}

/// Colours by their CSS names.
const COLOURS: [(&str, [u8; 3]); 12] = [
    ("black", [0, 0, 0]),
    ("white", [255, 255, 255]),
    ("gray", [128, 128, 128]),
    ("grey", [128, 128, 128]),
    ("silver", [192, 192, 192]),
    ("navy", [0, 0, 128]),
    ("teal", [0, 128, 128]),
    ("green", [0, 128, 0]),
    ("lime", [0, 255, 0]),
    ("blue", [0, 0, 255]),
    ("red", [255, 0, 0]),
    ("magenta", [255, 0, 255]),
];

impl FromStr for Backdrop {
    type Err = String;

    fn from_str(text: &str) -> Result<Backdrop, String> {
        let word = text.to_ascii_lowercase();
        let named = COLOURS.iter().find(|(name, _)| *name == word);
        match (word.as_str(), named, word.strip_prefix('#')) {
            ("scene", ..) => Ok(Backdrop::Scene),
            ("transparent", ..) => Ok(Backdrop::Transparent),
            (_, Some((_, colour)), _) => Ok(Backdrop::Colour(*colour)),
            (_, _, Some(digits)) => {
                hexadecimal(digits).map(Backdrop::Colour).ok_or_else(|| "a colour is #rrggbb, for example #204060".into())
            }
            _ if text.contains(['.', '/', '\\']) => Ok(Backdrop::Picture(text.into())),
            _ => Err("use scene, transparent, a colour like teal or #204060, or a picture file".into()),
        }
    }
}

fn hexadecimal(digits: &str) -> Option<[u8; 3]> {
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6 && !digits.starts_with('+'))?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

impl Backdrop {
    /// The background to draw; reads the picture file.
    pub fn load(&self) -> Result<Background> {
        match self {
            Backdrop::Scene => Ok(Background::Scene),
            Backdrop::Transparent => Ok(Background::Transparent),
            Backdrop::Colour(colour) => Ok(Background::Colour(*colour)),
            Backdrop::Picture(path) => {
                let unreadable = |e: image::ImageError| Error::malformed(path.display().to_string(), format!("not a usable picture: {e}"));
                let reader = image::ImageReader::open(path).map_err(Error::io(path))?;
                let picture = reader.with_guessed_format().map_err(Error::io(path))?.decode().map_err(unreadable)?.into_rgba8();
                Ok(Background::Image(Picture { width: picture.width(), height: picture.height(), rgba: picture.into_raw() }))
            }
        }
    }
}

/// A direction with the words that it was given in. Free text in which nothing is understood waits for an encoder, or to be told
/// when the direction is [settled](Direction::settle).
#[derive(Clone, Debug)]
pub struct Emotion {
    pub text: String,
    pub direction: Direction,
}

impl FromStr for Emotion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Emotion> {
        Ok(Emotion { text: text.into(), direction: Direction::parse_open(text)? })
    }
}

impl Emotion {
    /// The direction in a file.
    pub fn read(path: &Path) -> Result<Emotion> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Ok(Emotion { text: path.display().to_string(), direction: Direction::from_file(&text, path)? })
    }

    /// [`Emotion::read`] with free text that an encoder is going to read.
    pub fn read_open(path: &Path) -> Result<Emotion> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Ok(Emotion { text: path.display().to_string(), direction: Direction::from_file_open(&text, path)? })
    }
}

/// From when to when, seconds, written `2s-4s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span(pub f64, pub f64);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let (from, to) = text.split_once('-').ok_or("write it as in 2s-4s")?;
        match (Direction::seconds(from), Direction::seconds(to)) {
            (Some(from), Some(to)) if to > from => Ok(Span(from, to)),
            (Some(_), Some(_)) => Err("it ends before it begins".into()),
            _ => Err("times are written 2.5s or 1:02.5".into()),
        }
    }
}

/// Yaw, pitch and roll in degrees, written `10,0,-5`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angles(pub [f32; 3]);

impl FromStr for Angles {
    type Err = String;

    fn from_str(text: &str) -> Result<Angles, String> {
        let parts: Option<Vec<f32>> = text.split(',').map(|p| p.trim().parse().ok().filter(|a| (-60.0..=60.0).contains(a))).collect();
        let angles = parts.and_then(|parts| <[f32; 3]>::try_from(parts).ok());
        angles.map(Angles).ok_or_else(|| "write three angles from -60 to 60 degrees, as in 10,0,-5".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!("640x360".parse(), Ok(Size { width: 640, height: 360 }));
        for wrong in ["", "x", "512", "0x0", "512x", "-2x2", "100000x100000", "99999999999x2", "5e2x512"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn rates() {
        assert_eq!("25".parse(), Ok(Fps(25.0)));
        assert_eq!("30000/1001".parse(), Ok(Fps(30000.0 / 1001.0)));
        for wrong in ["", "0", "-30", "1e9", "nan", "inf", "30/0", "0/0", "a/b"] {
            assert!(wrong.parse::<Fps>().is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn amounts() {
        assert_eq!("2GiB".parse(), Ok(Limit(2 << 30)));
        assert_eq!("1073741824".parse(), Ok(Limit(1 << 30)));
        for wrong in ["", "GiB", "-1GiB", "1KiB", "2GB", "99999999999999999999GiB", "18446744073709551615GiB"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn spans_and_angles() {
        assert_eq!("2s-4s".parse(), Ok(Span(2.0, 4.0)));
        assert_eq!("0:10-1:02.5".parse(), Ok(Span(10.0, 62.5)));
        assert_eq!("10, 0,-5".parse(), Ok(Angles([10.0, 0.0, -5.0])));
        for wrong in ["", "2s", "4s-2s", "a-b", "-1-2"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong} passed");
        }
        for wrong in ["", "1,2", "1,2,3,4", "90,0,0", "nan,0,0"] {
            assert!(wrong.parse::<Angles>().is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn factors() {
        assert_eq!("0.5".parse(), Ok(Dial(0.5)));
        for wrong in ["", "-0.1", "2.01", "nan", "x"] {
            assert!(wrong.parse::<Dial>().is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn backdrops() {
        assert_eq!("Scene".parse(), Ok(Backdrop::Scene));
        assert_eq!("#0a0B0c".parse(), Ok(Backdrop::Colour([10, 11, 12])));
        assert_eq!("navy".parse(), Ok(Backdrop::Colour([0, 0, 128])));
        assert_eq!("wall.png".parse(), Ok(Backdrop::Picture("wall.png".into())));
        for wrong in ["", "#12345", "#+12345", "#gggggg", "purplish"] {
            assert!(wrong.parse::<Backdrop>().is_err(), "{wrong} passed");
        }
    }
}

/// Who performs and listens.
#[derive(Debug, clap::Args)]
pub struct Weights {
    /// Weights of face, body and ear: standard, commercial (learned only from recordings whose terms allow that), or a folder of your own
    #[arg(long, value_name = "MODEL", default_value = "standard")]
    pub model: Models,
}
