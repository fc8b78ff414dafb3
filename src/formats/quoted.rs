//! What files say, as errors and messages quote it: names and numbers may be anything.

use crate::Error;

/// What files say may be anything: errors quote it in one line of a bearable length.
pub fn in_one_line(error: Error) -> Error {
    match error {
        Error::Malformed { origin, what } => Error::Malformed { origin, what: shown(&what, 240) },
        Error::Unsupported { what, hint } => Error::Unsupported { what: shown(&what, 600), hint },
        error => error,
    }
}

/// Text without control characters, cut after `most` of its characters.
pub fn shown(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut out: String = text.chars().take(most).map(plain).collect();
    if out.len() < text.len() && text.chars().nth(most).is_some() {
        out.push_str("...");
    }
    out
}

/// Notes a name that is not used, once; of very many not all.
pub fn leave_out(unused: &mut Vec<String>, name: &str) {
    if unused.len() < 200 && !unused.iter().any(|known| known == name) {
        unused.push(name.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_stays_in_one_line() {
        let error = in_one_line(Error::malformed("a.bvh", format!("'a\nb\u{1b}[31m{}' is no number", "x".repeat(1000))));
        let text = error.to_string();
        assert!(text.starts_with("a.bvh: 'a\u{fffd}b\u{fffd}[31mxx") && text.ends_with("xx...") && text.chars().count() < 260, "{text}");
        assert_eq!(shown("äöü", 3), "äöü");
        let mut names = Vec::new();
        (0..1000).for_each(|n| leave_out(&mut names, &(n % 300).to_string()));
        assert_eq!((names.len(), names[7].as_str()), (200, "7"));
    }
}
