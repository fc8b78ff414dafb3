//! Edited files that keep the rest of their text to the byte.

/// `written` with every number that differs from `original` by no more than `tolerance` put back as it stood there: what an edit did not
/// touch was only read and rounded again. Lines whose words differ, and files of another length, stay as written.
pub fn splice(original: &str, written: &str, tolerance: f64) -> String {
    let ending = if original.contains("\r\n") { "\r\n" } else { "\n" };
    if original.lines().count() != written.lines().count() {
        return written.to_string();
    }
    let mut out = String::with_capacity(written.len());
    for (old, new) in original.lines().zip(written.lines()) {
        if old == new {
            out.push_str(new);
        } else {
            line(old, new, tolerance, &mut out);
        }
        out.push_str(ending);
    }
    if !original.ends_with('\n') {
        out.truncate(out.len() - ending.len());
    }
    out
}

fn line(old: &str, new: &str, tolerance: f64, out: &mut String) {
    let (before, after) = (pieces(old), pieces(new));
    let alike = |a: &Piece, b: &Piece| a.number.is_some() == b.number.is_some() && (a.number.is_some() || a.text == b.text);
    if before.len() != after.len() || !before.iter().zip(&after).all(|(a, b)| alike(a, b)) {
        return out.push_str(new);
    }
    for (a, b) in before.iter().zip(&after) {
        let same = matches!((a.number, b.number), (Some(x), Some(y)) if (x - y).abs() <= tolerance);
        out.push_str(if same { a.text } else { b.text });
    }
}

/// A number, or what stands between numbers.
struct Piece<'a> {
    text: &'a str,
    number: Option<f64>,
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut inside) = (0, false);
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        // An exponent and its sign go on with a number; a letter in front makes it a name.
        let goes_on =
            inside && (c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || (matches!(c, '+' | '-') && matches!(before, 'e' | 'E')));
        let begins = !inside && (c.is_ascii_digit() || c == '-') && !before.is_alphanumeric();
        if begins || (inside && !goes_on) {
            push(&mut pieces, &line[start..at], inside);
            (start, inside) = (at, begins);
        }
        before = c;
    }
    push(&mut pieces, &line[start..], inside);
    pieces
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str, number: bool) {
    if !text.is_empty() {
        pieces.push(Piece { text, number: if number { text.parse().ok() } else { None } });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_were_only_rounded_again_stay_as_they_were() {
        let original = "{\"time\":0.1,\"joint1\":[0.99999,-2.5e-3,1]}\nHips 1.000001 90\n";
        let written = "{\"time\":0.1,\"joint1\":[0.99998,-0.0025,4]}\nHips 1.0 91\n";
        assert_eq!(splice(original, written, 1.5e-5), "{\"time\":0.1,\"joint1\":[0.99999,-2.5e-3,4]}\nHips 1.000001 91\n");
    }

    #[test]
    fn what_does_not_match_stays_as_written() {
        assert_eq!(splice("a 1\n", "b 1.0\n", 1.0), "b 1.0\n");
        assert_eq!(splice("1\n2\n", "1.0\n", 1.0), "1.0\n");
        assert_eq!(splice("x 1 2\n", "x 1.1\n", 1.0), "x 1.1\n");
        assert_eq!(splice("1,2\r\n", "1.0,3\n", 0.1), "1,3\r\n");
        assert_eq!(splice("", "", 1.0), "");
    }
}
