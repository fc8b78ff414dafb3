//! JSON with times: lists of words, and the segments of Whisper and its relatives.

use super::{Part, Token, sound, token, tokens};
use serde_json::{Map, Value};

pub fn read(text: &str) -> Result<Vec<Part>, String> {
    let root: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    match &root {
        Value::Array(entries) => list(entries, "[]"),
        Value::Object(object) => object_parts(object),
        _ => Err(NOTHING.into()),
    }
}

const NOTHING: &str =
    "no words with times are in it: a list of {\"word\", \"start\", \"end\"}, or \"segments\" of {\"text\", \"start\", \"end\"}";

fn object_parts(object: &Map<String, Value>) -> Result<Vec<Part>, String> {
    for key in ["segments", "transcription", "chunks", "words"] {
        if let Some(Value::Array(entries)) = object.get(key) {
            return list(entries, key);
        }
    }
    match object.get("text") {
        Some(Value::String(text)) => Ok(vec![Part { tokens: tokens(text), span: None }]),
        _ => Err(NOTHING.into()),
    }
}

/// Segments become parts; a run of words becomes one part.
fn list(entries: &[Value], name: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut words: Vec<Token> = Vec::new();
    for (n, entry) in entries.iter().enumerate() {
        let Value::Object(object) = entry else { return Err(format!("{name}, entry {}: not an object", n + 1)) };
        let place = || format!("{name}, entry {}", n + 1);
        let time = span(object).map_err(|what| format!("{}: {what}", place()))?;
        if let Some(word) = object.get("word").or(object.get("value")).and_then(Value::as_str) {
            words.extend(token(word, time));
        } else if let Some(Value::Array(inner)) = object.get("words") {
            parts.extend(list(inner, "words").map_err(|what| format!("{}, {what}", place()))?);
        } else if let Some(text) = object.get("text").and_then(Value::as_str) {
            let mut tokens = tokens(text);
            if let [only] = tokens.as_mut_slice() {
                only.time = time;
            }
            parts.push(Part { tokens, span: time });
        } else {
            return Err(format!("{}: neither \"word\" nor \"text\" is in it", place()));
        }
    }
    if !words.is_empty() {
        parts.push(Part { tokens: words, span: None });
    }
    Ok(parts)
}

/// Start and end in seconds, under the names that tools give them.
fn span(object: &Map<String, Value>) -> Result<Option<(f64, f64)>, String> {
    let pair = |from: &Value, to: &Value, scale: f64| match (number(from), number(to)) {
        (Some(start), Some(end)) if sound(start * scale, end * scale) => Ok(Some((start * scale, end * scale))),
        _ => Err(format!("{from} to {to} is not a span of time")),
    };
    if let (Some(from), Some(to)) = (object.get("start"), object.get("end")) {
        // Some tools write null where they are not sure.
        return if from.is_null() || to.is_null() { Ok(None) } else { pair(from, to, 1.0) };
    }
    if let Some(Value::Object(offsets)) = object.get("offsets")
        && let (Some(from), Some(to)) = (offsets.get("from"), offsets.get("to"))
    {
        return pair(from, to, 1e-3);
    }
    if let Some(Value::Array(both)) = object.get("timestamp")
        && let [from, to] = both.as_slice()
    {
        return if to.is_null() { Ok(None) } else { pair(from, to, 1.0) };
    }
    Ok(None)
}

/// Numbers, also those written as texts.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_the_forms_that_tools_write() {
        let forms = [
            r#"[{"word": "go", "start": 0.5, "end": 1}]"#,
            r#"{"words": [{"word": " go", "start": "0.5", "end": "1.0", "probability": 0.9}]}"#,
            r#"{"text": "go", "segments": [{"text": "go", "start": 0, "end": 2, "words": [{"word": "go", "start": 0.5, "end": 1}]}]}"#,
            r#"{"transcription": [{"text": " go", "offsets": {"from": 500, "to": 1000}}]}"#,
            r#"{"chunks": [{"text": " go", "timestamp": [0.5, 1.0]}]}"#,
        ];
        for form in forms {
            let parts = read(form).unwrap();
            assert_eq!(parts[0].tokens[0], Token { text: "go".into(), time: Some((0.5, 1.0)) }, "{form}");
        }
        let segment = &read(r#"{"segments": [{"text": "not so fast", "start": 1, "end": 2}]}"#).unwrap()[0];
        assert_eq!((segment.tokens.len(), segment.span), (3, Some((1.0, 2.0))));
    }

    #[test]
    fn mistakes_have_a_place() {
        assert!(read("{\n\"words\": [}").unwrap_err().contains("line 2 column"));
        assert!(read(r#"[{"word": "go", "start": 2, "end": 1}]"#).unwrap_err().contains("entry 1"));
        assert!(
            read(r#"{"segments": [{"text": "x", "words": [{"word": "a", "start": "x", "end": 1}]}]}"#)
                .unwrap_err()
                .contains("segments, entry 1, words, entry 1")
        );
        assert!(read("{}").unwrap_err().contains("no words"));
    }
}
