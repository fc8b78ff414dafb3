//! Praat's TextGrid, long and short: both are the same run of numbers, quoted texts and flags; all else is comment
//! (<https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html>).

use super::{Part, sound, token};

/// Names of tiers of words, in the order of preference; without one the first tier of intervals is taken.
const TIERS: [&str; 2] = ["word", "ort"];
/// Labels of silence.
const SILENCE: [&str; 6] = ["sil", "sp", "spn", "<eps>", "<sil>", "<p:>"];

pub fn read(text: &str) -> Result<Vec<Part>, String> {
    let mut reader = Reader { text, at: 0 };
    for expected in ["ooTextFile", "TextGrid"] {
        let found = reader.string()?;
        if found != expected {
            return Err(format!("{}: \"{expected}\" is expected, not \"{found}\"", reader.place()));
        }
    }
    let (_, _) = (reader.number()?, reader.number()?);
    if !reader.exists()? {
        return Ok(Vec::new());
    }
    let mut tiers: Vec<(usize, Vec<Part>)> = Vec::new();
    for _ in 0..reader.count()? {
        let intervals = reader.string()? == "IntervalTier";
        let name = reader.string()?.to_lowercase();
        let (_, _) = (reader.number()?, reader.number()?);
        let parts = reader.tier(intervals)?;
        if intervals {
            tiers.push((TIERS.iter().position(|known| name.contains(known)).unwrap_or(TIERS.len()), parts));
        }
    }
    Ok(tiers.into_iter().min_by_key(|(rank, _)| *rank).map(|(_, parts)| parts).unwrap_or_default())
}

/// A cursor over what counts in the file: free-standing numbers, texts in quotes, flags in angle brackets.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The intervals of a tier, each a part; the points of a point tier are passed over.
    fn tier(&mut self, intervals: bool) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        for _ in 0..self.count()? {
            let start = self.number()?;
            let end = if intervals { self.number()? } else { start };
            let label = self.string()?;
            if intervals && !sound(start.max(0.0), end) {
                return Err(format!("{}: the interval ends before it begins", self.place()));
            }
            if !intervals || SILENCE.contains(&label.to_lowercase().as_str()) {
                continue;
            }
            let mut tokens: Vec<_> = label.split_whitespace().filter_map(|word| token(word.trim_matches('"'), None)).collect();
            if let [only] = tokens.as_mut_slice() {
                only.time = Some((start.max(0.0), end));
            }
            parts.push(Part { tokens, span: Some((start.max(0.0), end)) });
        }
        Ok(parts)
    }

    fn number(&mut self) -> Result<f64, String> {
        loop {
            let word = self.word("a number")?;
            if word.starts_with('"') {
                return Err(format!("{}: a number is expected, not {}", self.place(), word.chars().take(20).collect::<String>()));
            }
            if let Ok(number) = word.parse::<f64>()
                && number.is_finite()
            {
                return Ok(number);
            }
        }
    }

    /// A number of things; more than there are bytes left cannot be.
    fn count(&mut self) -> Result<usize, String> {
        let number = self.number()?;
        let left = self.text.len() - self.at;
        match number >= 0.0 && number <= left as f64 {
            true => Ok(number as usize),
            false => Err(format!("{}: {number} things cannot follow", self.place())),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        loop {
            let word = self.word("a text in quotes")?;
            if let Some(text) = word.strip_prefix('"') {
                return Ok(text.strip_suffix('"').unwrap_or(text).replace("\"\"", "\""));
            }
        }
    }

    fn exists(&mut self) -> Result<bool, String> {
        loop {
            match self.word("<exists>")? {
                "<exists>" => return Ok(true),
                "<absent>" => return Ok(false),
                _ => {}
            }
        }
    }

    /// What stands between blanks, or in quotes with the quotes around it.
    fn word(&mut self, expected: &str) -> Result<&'a str, String> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.len() - rest.trim_start().len();
        let rest = &self.text[start..];
        let length = match rest.chars().next() {
            None => return Err(format!("{}: the file ends where {expected} is expected", self.place())),
            Some('"') => quoted(rest).ok_or_else(|| format!("{}: a text without an end", self.place()))?,
            Some(_) => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        self.at = start + length;
        Ok(&rest[..length])
    }

    fn place(&self) -> String {
        format!("line {}", self.text[..self.at].lines().count().max(1))
    }
}

/// Length of a text in quotes; two quotes stand for one inside.
fn quoted(text: &str) -> Option<usize> {
    let mut quotes = text.bytes().enumerate().skip(1).filter(|(_, b)| *b == b'"').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.peek() != Some(&(at + 1)) {
            return Some(at + 1);
        }
        quotes.next();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n2\n<exists>\n1\n\"IntervalTier\"\n\"mary\"\n0\n2\n3\n0\n0.5\n\"\"\n0.5\n1\n\"\"\"go\"\"\"\n1\n2\n\"not so fast\"\n";

    #[test]
    fn short_files_and_quotes() {
        let parts = read(SHORT).unwrap();
        assert_eq!(parts[1].tokens[0].time, Some((0.5, 1.0)));
        assert_eq!(parts[1].tokens[0].text, "go");
        assert_eq!((parts[2].tokens.len(), parts[2].tokens[0].time, parts[2].span), (3, None, Some((1.0, 2.0))));
    }

    #[test]
    fn no_damage_panics() {
        for end in 0..SHORT.len() {
            let _ = read(&SHORT[..end]);
        }
        assert!(read(&SHORT.replace("\n3\n0\n", "\n1e18\n0\n")).unwrap_err().contains("cannot follow"));
        assert!(read(&SHORT.replace("0.5\n1\n", "0.5\n0.1\n")).unwrap_err().contains("line"));
        assert!(read("hello").unwrap_err().contains("line 1"));
    }
}
