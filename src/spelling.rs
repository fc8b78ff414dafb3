//! What a mistyped word was meant to be.

/// Levenshtein's edit distance, for "did you mean".
pub fn distance(a: &str, b: &str) -> usize {
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

/// The candidate that is nearest in spelling, if any is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.to_lowercase().chars().take(40).collect();
    let reach = word.chars().count().div_ceil(3).clamp(1, 3);
    candidates.into_iter().map(|c| (distance(c, &word), c)).filter(|(d, _)| *d <= reach).min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

/// The beginning of a hint: what was meant, or nothing where no candidate is near.
pub fn guess<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|near| format!("did you mean {near}? ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("Hapy", ["sad", "happy"]), Some("happy"));
        assert_eq!(nearest("mouht", ["brows", "mouth"]), Some("mouth"));
        assert_eq!(nearest("giraffe", ["sad", "happy"]), None);
        assert_eq!(distance("", "abc"), 3);
    }
}
