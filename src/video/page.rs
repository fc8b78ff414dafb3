//! A page that plays a video beside what is heard, felt and moved: one HTML file with everything inside.

use crate::output::Output;
use crate::render::strip::{self, Strip};
use crate::{Error, Result};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Pixels a second of the strip, and its least width, which fills the page.
const SCALE: f64 = 110.0;
const NARROWEST: f64 = 1060.0;
/// Bytes of the video that are turned into text at once; a multiple of three.
const PIECE: usize = 3 << 18;

/// What stands above the strip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    pub title: String,
    /// Names and values.
    pub facts: Vec<(String, String)>,
}

/// Writes the page at `path` around the MP4 file `video`.
pub fn write(path: &Path, video: &Path, strip: &Strip, caption: &Caption) -> Result<()> {
    let mut out = Output::create(path)?;
    let failed = || Error::io(path);
    let width = (strip.seconds * SCALE).ceil().clamp(NARROWEST, 1e6) as u32;
    let page = include_str!("page.html")
        .replace("{{title}}", &escaped(&caption.title))
        .replace("{{facts}}", &facts(caption))
        .replace("{{scale}}", &format!("{}", f64::from(width) / strip.seconds.max(1e-3)))
        .replace("{{height}}", &strip::HEIGHT.to_string())
        .replace("{{strip}}", &strip.draw(0.0, strip.seconds, width).svg());
    let (head, tail) = page.split_once("{{video}}").unwrap_or((&page, ""));
    out.write_all(head.as_bytes()).map_err(failed())?;
    let file = File::open(video).map_err(Error::io(video))?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        (&file).take(PIECE as u64).read_to_end(&mut piece).map_err(Error::io(video))?;
        if piece.is_empty() {
            break;
        }
        out.write_all(base64(&piece).as_bytes()).map_err(failed())?;
    }
    out.write_all(tail.as_bytes()).map_err(failed())?;
    out.commit()
}

fn facts(caption: &Caption) -> String {
    caption.facts.iter().fold(String::new(), |mut out, (name, value)| {
        // Writing to a string cannot fail.
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
        out
    })
}

fn escaped(text: &str) -> String {
    // Braces too, or a name could be taken for a place of the page.
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('{', "&#123;")
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for k in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * k)) as usize & 63];
            out.push(if k <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_letters() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn names_cannot_break_the_page() {
        assert_eq!(escaped("<a> {{video}}"), "&lt;a&gt; &#123;&#123;video}}");
    }
}
