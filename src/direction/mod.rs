//! What the user asks for: the grammar of emotions, and the [`Plan`] it becomes.
//!
//! ```text
//! mix  = term { ("+" | "-") term }        "-" guides away
//! term = label [ ":" number ]             intensity 0..=1.5, default 1
//! ```

use crate::emotion::{EMOTION, Label, Point};
use crate::{Error, Result};
use std::str::FromStr;

/// The direction of a performance at 30 frames a second: a point of the emotion space for every frame, neutral at the origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub emotion: Vec<Point>,
}

/// One label of a mix and how much of it; negative guides away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    pub label: Label,
    pub intensity: f32,
}

/// A parsed direction, such as `happy`, `sad:0.4`, `joy:0.6+surprise:0.3` or `angry-fear:0.5`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Direction {
    pub terms: Vec<Term>,
}

/// Strongest intensity that a term may ask for.
pub const MAX_INTENSITY: f32 = 1.5;

impl Direction {
    /// Reads a direction; a mistake names its column.
    pub fn parse(text: &str) -> Result<Direction> {
        let mut terms = Vec::new();
        let (mut start, mut sign) = (0, 1.0);
        let bounds = text.char_indices().filter(|(_, c)| matches!(c, '+' | '-')).chain([(text.len(), '+')]);
        for (end, next) in bounds {
            terms.push(term(text, start, end, sign)?);
            (start, sign) = (end + next.len_utf8(), if next == '-' { -1.0 } else { 1.0 });
        }
        Ok(Direction { terms })
    }

    /// Where the mix lies in the emotion space.
    pub fn point(&self) -> Point {
        let mut point = [0.0; EMOTION];
        for term in &self.terms {
            point.iter_mut().zip(term.label.at(term.intensity)).for_each(|(p, v)| *p += v);
        }
        point
    }

    /// The same emotion for `frames` frames.
    pub fn plan(&self, frames: usize) -> Plan {
        Plan { emotion: vec![self.point(); frames] }
    }
}

impl FromStr for Direction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Direction> {
        Direction::parse(text)
    }
}

fn term(text: &str, start: usize, end: usize, sign: f32) -> Result<Term> {
    let part = &text[start..end];
    let column = 1 + text[..start].chars().count() + part.chars().take_while(|c| c.is_whitespace()).count();
    let (word, number) = part.split_once(':').map_or((part, None), |(w, n)| (w, Some(n)));
    let label = Label::parse(word).ok_or_else(|| unknown(text, word.trim(), column))?;
    let intensity = match number.map(|n| (n.trim(), n.trim().parse::<f32>())) {
        None => 1.0,
        Some((_, Ok(value))) if (0.0..=MAX_INTENSITY).contains(&value) => value,
        Some((n, _)) => {
            return Err(Error::usage(
                format!(
                    "emotion \"{text}\": intensity \"{n}\" of {} in column {column} is not a number from 0 to {MAX_INTENSITY}",
                    label.name()
                ),
                "write it as in --emotion happy:0.8",
            ));
        }
    };
    Ok(Term { label, intensity: sign * intensity })
}

fn unknown(text: &str, word: &str, column: usize) -> Error {
    let names = Label::ALL.map(Label::name);
    let nearest =
        names.iter().min_by_key(|name| distance(name, &word.to_lowercase())).filter(|name| distance(name, &word.to_lowercase()) <= 3);
    let hint = match nearest {
        Some(name) => format!("did you mean {name}? Known are {}", names.join(", ")),
        None => format!("known are {}", names.join(", ")),
    };
    let what = if word.is_empty() { "a label is missing".to_string() } else { format!("no emotion is called \"{word}\"") };
    Error::usage(format!("emotion \"{text}\": {what} in column {column}"), hint)
}

/// Levenshtein's edit distance.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixes_add_up() {
        let direction = Direction::parse("joy:0.6 + Surprise:0.3 - fear").unwrap();
        let terms: Vec<_> = direction.terms.iter().map(|t| (t.label, t.intensity)).collect();
        assert_eq!(terms, [(Label::Happy, 0.6), (Label::Surprised, 0.3), (Label::Fearful, -1.0)]);
        assert!((direction.point()[0] - (0.6 * 0.76 + 0.3 * 0.40 + 0.64)).abs() < 1e-6);
        assert_eq!(Direction::parse("sad").unwrap().plan(3).emotion, vec![Label::Sad.at(1.0); 3]);
    }

    #[test]
    fn mistakes_name_column_and_nearest_word() {
        let error = Direction::parse("sad+hapy").unwrap_err();
        assert!(error.to_string().contains("\"hapy\" in column 5"), "{error}");
        assert!(error.hint().unwrap().contains("happy"));
        for bad in ["", "happy:", "happy:2", "happy:-1", "happy:x", "+", "happy:nan"] {
            assert_eq!(Direction::parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
