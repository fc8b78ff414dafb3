//! SubRip and WebVTT: cues with times; captions of videos may tell the time of single words (`<00:17.500>`).

use super::{Part, sound, tokens};

pub fn read(text: &str) -> Result<Vec<Part>, String> {
    let mut parts: Vec<Part> = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut before: Vec<String> = Vec::new();
    while let Some((number, line)) = lines.next() {
        let Some((from, to)) = line.split_once("-->") else { continue };
        let place = |text: &str| format!("line {}, column {}", number + 1, column(line, text));
        let time = |text: &str| clock(text).ok_or_else(|| format!("{}: \"{}\" is not a time like 00:01:02,345", place(text), text.trim()));
        let to = to.split_whitespace().next().unwrap_or_default();
        let (start, end) = (time(from)?, time(to)?);
        if !sound(start, end) {
            return Err(format!("{}: the cue ends before it begins", place(to)));
        }
        let shown: Vec<String> = lines.by_ref().map(|(_, line)| line.trim().to_string()).take_while(|line| !line.is_empty()).collect();
        // Rolling captions repeat the line above; only what is new is said now.
        let new = shown.iter().filter(|line| !before.iter().any(|known| plain(known) == plain(line)));
        let spoken: Vec<&str> = new.map(String::as_str).collect();
        parts.extend(timed(&spoken.join("\n"), start, end));
        before = shown;
    }
    Ok(parts)
}

/// A cue, cut where it tells times.
fn timed(text: &str, start: f64, end: f64) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut at, mut said) = (start, String::new());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        said.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else { break };
        if let Some(time) = clock(tag).filter(|time| (at..=end).contains(time)) {
            parts.push(Part { tokens: tokens(&said), span: Some((at, time)) });
            (at, said) = (time, String::new());
        }
        rest = after;
    }
    said.push_str(rest);
    parts.push(Part { tokens: tokens(&said), span: Some((at, end)) });
    parts
}

/// A line without its tags.
fn plain(line: &str) -> String {
    timed(line, 0.0, 0.0).iter().flat_map(|part| &part.tokens).map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// `00:01:02,345` or `01:02.345`: seconds.
fn clock(text: &str) -> Option<f64> {
    let parts: Option<Vec<f64>> =
        text.trim().split(':').map(|p| p.replace(',', ".").parse().ok().filter(|v: &f64| (0.0..1e6).contains(v))).collect();
    parts.filter(|p| (2..=3).contains(&p.len())).map(|p| p.iter().fold(0.0, |sum, v| sum * 60.0 + v))
}

/// Where `part`, a slice of `line`, begins, counted from 1.
fn column(line: &str, part: &str) -> usize {
    let offset = (part.trim_start().as_ptr() as usize).saturating_sub(line.as_ptr() as usize).min(line.len());
    line.char_indices().take_while(|(at, _)| *at < offset).count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(parts: &[Part]) -> Vec<(String, (f64, f64))> {
        let joined = |part: &Part| part.tokens.iter().map(|t| t.text.clone()).collect::<Vec<_>>().join(" ");
        parts.iter().filter(|p| !p.tokens.is_empty()).map(|p| (joined(p), p.span.unwrap())).collect()
    }

    #[test]
    fn cues_and_the_times_inside() {
        let srt = "1\r\n00:00:00,500 --> 00:00:07,000\r\n<i>Caption</i> text\r\nof two lines\r\n\r\n2\r\n00:00:07,000 --> 00:00:08,000\r\nnext\r\n";
        assert_eq!(words(&read(srt).unwrap()), [("Caption text of two lines".into(), (0.5, 7.0)), ("next".into(), (7.0, 8.0))]);
        let vtt = "WEBVTT\n\n00:18.500 --> 00:20.500 align:start\nLike a <00:19.000>big-a <00:19.500>pizza <00:20.000>pie\n";
        assert_eq!(words(&read(vtt).unwrap())[1], ("big-a".into(), (19.0, 19.5)));
    }

    #[test]
    fn rolling_captions_are_said_once() {
        let vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nyeah\n\n00:02.000 --> 00:04.000\nyeah\nwhat<00:03.000><c> now</c>\n";
        assert_eq!(words(&read(vtt).unwrap()).into_iter().map(|w| w.0).collect::<Vec<_>>(), ["yeah", "what", "now"]);
    }

    #[test]
    fn mistakes_have_a_place() {
        assert!(read("1\n00:00:01,000 --> 00:00:1d,000\nx\n").unwrap_err().contains("line 2, column 18"));
        assert!(read("1\n00:00:03,000 --> 00:00:01,000\nx\n").unwrap_err().contains("ends before"));
    }
}
