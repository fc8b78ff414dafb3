//! A direction as timed lines of its own grammar: what subtitles say, and [`Direction::from_file`] reads back as the same direction.
//!
//! A key that holds for a while is a cue with the key; a key of no time holds throughout. Where one key moves to the next the cue says both,
//! `neutral > happy`, and lasts as long as the way; before and after it keys hold with `ease snap`, for cues of one key otherwise come
//! and go softly. What happens at a moment stands in brackets, as subtitles for the deaf tell sounds: `[nod]`.

use super::events::{Act, Event};
use super::reference::Kind;
use super::{Direction, Ease, Key, MAX_INTENSITY, Mix, Term, Track, timeline};
use crate::face::coefficients::NAMES;

/// A line and when it holds, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    pub start: f64,
    pub end: f64,
    pub text: String,
}

impl Direction {
    /// The direction over a recording of `seconds` in cues: those of a track one after another, later tracks over earlier ones as in
    /// the direction itself, then what happens. Dials have no place in cues.
    pub fn cues(&self, seconds: f64) -> Vec<Cue> {
        let mut cues: Vec<Cue> = self.tracks.iter().flat_map(|track| of_track(track, seconds)).collect();
        if cues.is_empty() {
            cues.push(Cue { start: 0.0, end: seconds, text: "neutral".into() });
        }
        let mut events: Vec<&Event> = self.events.iter().collect();
        events.sort_by(|a, b| a.start.total_cmp(&b.start));
        cues.extend(events.into_iter().map(|event| Cue { start: event.start, end: event.end, text: format!("[{}]", act(&event.act)) }));
        cues
    }
}

fn of_track(track: &Track, seconds: f64) -> Vec<Cue> {
    let region = track.region.map_or(String::new(), |region| format!("{}=", region.name()));
    let cue = |start: f64, end: f64, text: String| Cue { start, end, text: format!("{region}{text}") };
    if let [key] = track.keys.as_slice() {
        let lasts = matches!(key.span, Some((_, Some(_))));
        let (start, end) = timeline::spread(&track.keys, seconds)[0];
        let (start, end) = if lasts { (start, end) } else { (0.0, seconds) };
        return vec![cue(start, end, mix(&key.mix) + ease(key.ease))];
    }
    let spans = timeline::spread(&track.keys, seconds);
    let (from, to) = track.within.unwrap_or((0.0, seconds));
    let held = |key: &Key, start: f64, end: f64| (end > start).then(|| cue(start, end, mix(&key.mix) + ease(Ease::Snap)));
    let mut cues = Vec::new();
    for (n, (key, (start, end))) in track.keys.iter().zip(&spans).enumerate() {
        let start = if n == 0 { from } else { *start };
        let next = track.keys.get(n + 1).zip(spans.get(n + 1));
        let end = if next.is_none() { to.max(*end) } else { *end };
        cues.extend(held(key, start, end));
        let way = next.filter(|(_, span)| span.0 > end);
        cues.extend(way.map(|(to, span)| cue(end, span.0, format!("{} > {}{}", mix(&key.mix), mix(&to.mix), ease(to.ease)))));
    }
    cues
}

fn ease(ease: Ease) -> &'static str {
    match ease {
        Ease::Linear => " ease linear",
        Ease::Smooth => "",
        Ease::Snap => " ease snap",
        Ease::SlowIn => " ease slow-in",
        Ease::SlowOut => " ease slow-out",
    }
}

/// A mix in the grammar.
fn mix(mix: &Mix) -> String {
    let mut out = String::new();
    for term in &mix.terms {
        match *term {
            Term::Label { label, intensity } => add(&mut out, label.name(), intensity),
            Term::Affect { valence, arousal, intensity } => add(&mut out, &format!("va({valence},{arousal})"), intensity),
            Term::Heard { intensity } => add(&mut out, "auto", intensity),
        }
    }
    for reference in &mix.references {
        let word = if reference.kind == Kind::Feeling { "from" } else { "like" };
        // Files are looked for from where the subtitles are.
        let path = std::path::absolute(&reference.path).unwrap_or(reference.path.clone());
        add(&mut out, &format!("{word}:\"{}\"", path.display()), reference.share);
    }
    for (muscle, amount) in &mix.muscles {
        add(&mut out, NAMES[*muscle], *amount);
    }
    if out.is_empty() { "neutral".into() } else { out }
}

/// Adds a term. What only leads away needs something in front that counts for nothing; what is too much for one term takes several.
fn add(out: &mut String, word: &str, amount: f32) {
    if out.is_empty() && amount < 0.0 {
        out.push_str("neutral:0");
    }
    let mut left = amount.abs();
    loop {
        let part = left.min(MAX_INTENSITY);
        left -= part;
        out.push_str(if amount < 0.0 {
            " - "
        } else if out.is_empty() {
            ""
        } else {
            " + "
        });
        out.push_str(word);
        if part != 1.0 {
            out.push_str(&format!(":{part}"));
        }
        if left <= 0.0 {
            return;
        }
    }
}

/// What happens, as [`Event`] reads it.
fn act(act: &Act) -> String {
    let degrees = |angle: f32| (angle.to_degrees() * 1000.0).round() / 1000.0;
    match act {
        Act::Look(aim) => format!("look {},{}", degrees(aim.yaw), degrees(aim.pitch)),
        other => other.to_string(),
    }
}
