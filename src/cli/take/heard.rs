//! What is felt in a recording and said in it.

use crate::Result;
use crate::audio::Speech;
use crate::body::library::Placed;
use crate::cli::messages::Messages;
use crate::direction::auto::{self, Heard, Impression};
use crate::emotion::voice::Usual;
use crate::models::Models;
use crate::speech::align;
use crate::speech::transcript::{Transcript, Word};
use std::collections::BTreeMap;

/// The feeling in the voice, of which the `usual` may be known, and in its words; says what it is on the whole, and how sure that is.
pub fn hear(models: &Models, speech: &Speech, usual: Option<&Usual>, words: &[Word], messages: &Messages) -> Result<Heard> {
    let heard = auto::hear(&*models.voice()?, speech, usual, words)?;
    tell(&heard, messages);
    Ok(heard)
}

/// What was heard and read, for the summary.
pub fn felt(heard: &Heard) -> BTreeMap<&'static str, BTreeMap<&'static str, f32>> {
    let sources = [("voice", Some(&heard.voice)), ("words", heard.words.as_ref())];
    let shares = |impression: &Impression| impression.shares.iter().map(|(name, share)| (*name, (share * 1e3).round() / 1e3)).collect();
    sources.into_iter().filter_map(|(source, impression)| Some((source, shares(impression?)))).collect()
}

/// Says what is heard in a voice and read in its words, and how sure that is.
pub fn tell(heard: &Heard, messages: &Messages) {
    messages.say(format!("heard in the voice, by probability: {}", heard.voice));
    if let Some(words) = &heard.words {
        messages.say(format!("read in the words, by probability: {words}"));
    }
}

/// The words of a transcript with their times.
pub fn words(models: &Models, transcript: Option<&Transcript>, speech: &Speech) -> Result<Vec<Word>> {
    let Some(transcript) = transcript else { return Ok(Vec::new()) };
    let heard = if transcript.is_timed() { Vec::new() } else { align::hear(&*models.content()?, speech)? };
    Ok(align::align(transcript, &heard, speech.seconds))
}

/// The gestures that will be seen, in a few words.
pub fn made(gestures: &[Placed]) -> String {
    let named: Vec<String> = gestures.iter().map(|p| format!("{:.2} s {}", p.time, p.gesture.name)).collect();
    if named.is_empty() { "no gesture".into() } else { format!("gestures: {}", named.join(", ")) }
}
