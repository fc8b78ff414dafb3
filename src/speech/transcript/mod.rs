//! What is said, in words: transcripts in the formats that people and tools write.
//!
//! | file | times it gives | reader |
//! |---|---|---|
//! | plain text | none | here |
//! | SubRip, WebVTT | of cues, of words in karaoke captions | [`subtitles`] |
//! | Praat TextGrid, long and short | of words | [`textgrid`] |
//! | JSON: lists of words, Whisper's segments | of words or segments | [`json`] |
//!
//! Where words have no times of their own they are aligned to the sound ([`super::align`]).

mod json;
mod subtitles;
mod textgrid;

use crate::{Error, Result};
use std::fmt;
use std::path::Path;

/// A word and when it is said, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    pub start: f64,
    pub end: f64,
}

/// A word as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub text: String,
    /// Start and end, seconds, where the file tells them.
    pub time: Option<(f64, f64)>,
}

/// Words that are said between two times, or anywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    pub tokens: Vec<Token>,
    /// Seconds.
    pub span: Option<(f64, f64)>,
}

/// What is said, in the order it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    pub parts: Vec<Part>,
}

/// Largest file, bytes, and most words: days of speech.
const LARGEST: u64 = 64 << 20;
const MOST_WORDS: usize = 1_000_000;
/// Latest time, seconds.
const LATEST: f64 = 1e6;

impl Transcript {
    /// Reads a file by its extension: .txt, .srt, .vtt, .TextGrid or .json.
    ///
    /// Fails with [`Error::Malformed`] and the place of the mistake, or [`Error::Usage`] for another extension.
    pub fn open(path: &Path) -> Result<Transcript> {
        let size = std::fs::metadata(path).map_err(Error::io(path))?.len();
        if size > LARGEST {
            return Err(Error::Limit { what: format!("{}: more than 64 MiB of text", path.display()), hint: "cut the transcript".into() });
        }
        Transcript::parse(&std::fs::read(path).map_err(Error::io(path))?, path)
    }

    /// [`Transcript::open`] on bytes; `origin` names the format by its extension, and the file in errors.
    pub fn parse(bytes: &[u8], origin: &Path) -> Result<Transcript> {
        let malformed = |what: String| Error::malformed(origin.display().to_string(), what);
        let text = decode(bytes).map_err(malformed)?;
        let extension = origin.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let parts = match extension.as_str() {
            "txt" | "text" => vec![Part { tokens: tokens(&text), span: None }],
            "srt" | "vtt" => subtitles::read(&text).map_err(malformed)?,
            "textgrid" => textgrid::read(&text).map_err(malformed)?,
            "json" => json::read(&text).map_err(malformed)?,
            _ => return Err(Error::usage(format!("{}: not a transcript", origin.display()), "use .txt, .srt, .vtt, .TextGrid or .json")),
        };
        let transcript = Transcript { parts: parts.into_iter().filter(|part| !part.tokens.is_empty()).collect() };
        match transcript.parts.iter().map(|part| part.tokens.len()).sum::<usize>() {
            0 => Err(malformed("there is no word in it".into())),
            n if n > MOST_WORDS => Err(malformed(format!("{n} words, more than {MOST_WORDS}"))),
            _ => Ok(transcript),
        }
    }
}

impl fmt::Display for Transcript {
    /// How much it is, and its first words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 12;
        let words: Vec<&str> = self.parts.iter().flat_map(|part| &part.tokens).map(|token| token.text.as_str()).collect();
        let more = if words.len() > SHOWN { " ..." } else { "" };
        write!(f, "{} words: {}{more}", words.len(), words[..words.len().min(SHOWN)].join(" "))
    }
}

impl Transcript {
    /// Whether every word has its times.
    pub fn is_timed(&self) -> bool {
        self.parts.iter().flat_map(|part| &part.tokens).all(|token| token.time.is_some())
    }
}

/// UTF-8, or UTF-16 with a byte order mark as Praat writes it.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let wide = |unit: fn([u8; 2]) -> u16| -> Vec<u16> { bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect() };
    let units = match bytes {
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        _ => {
            let text = std::str::from_utf8(bytes).map_err(|e| format!("byte {}: not UTF-8 text", e.valid_up_to()))?;
            return Ok(text.trim_start_matches('\u{feff}').to_string());
        }
    };
    String::from_utf16(&units).map_err(|_| "not UTF-16 text".into())
}

/// Words of running text. What stands in brackets is not said: (laughs), [music], ♪.
fn tokens(text: &str) -> Vec<Token> {
    let mut spoken = String::with_capacity(text.len());
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => spoken.push(c),
            // A bracket that is never closed ends with its line.
            '\n' => {
                depth = 0;
                spoken.push(c);
            }
            _ => {}
        }
    }
    spoken.split_whitespace().filter_map(|word| token(word, None)).collect()
}

/// A word, if there is a letter or a digit in it.
fn token(text: &str, time: Option<(f64, f64)>) -> Option<Token> {
    let text = text.trim();
    text.chars().any(char::is_alphanumeric).then(|| Token { text: text.to_string(), time })
}

/// Whether a span of time can be.
fn sound(start: f64, end: f64) -> bool {
    (0.0..=LATEST).contains(&start) && (start..=LATEST).contains(&end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_what_is_said() {
        let read = |text: &str| Transcript::parse(text.as_bytes(), Path::new("a.txt"));
        let words: Vec<String> =
            read("\u{feff}Well, (laughs) don't -- go [music]\nthere!").unwrap().parts[0].tokens.iter().map(|t| t.text.clone()).collect();
        assert_eq!(words, ["Well,", "don't", "go", "there!"]);
        assert_eq!(read("(open\nstill here").unwrap().parts[0].tokens.len(), 2);
        assert!(read("  \n--").unwrap_err().to_string().contains("no word"));
        assert_eq!(Transcript::parse(b"x", Path::new("a.doc")).unwrap_err().exit_code(), 2);
        assert!(Transcript::parse(&[b'a', 0xff], Path::new("a.txt")).unwrap_err().to_string().contains("byte 1"));
    }
}
