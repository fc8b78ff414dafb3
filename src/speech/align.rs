//! Forced alignment: when each word of a transcript is said.
//!
//! The content encoder tells for every 1/60 s how likely each articulatory class is; [`super::spelling`] tells which classes a word
//! passes through. The best path through all words, with pauses allowed between them, gives the times (Viterbi's algorithm, as in
//! Rabiner 1989, <https://doi.org/10.1109/5.18626>).

use super::content::ContentEncoder;
use super::phones::Class;
use super::spelling::{Classes, sounds};
use super::transcript::{Part, Transcript, Word};
use crate::Result;
use crate::audio::Speech;
use crate::audio::features::{BANDS, Mel};
use candle_core::{Device, Tensor};

/// Frames of the classes a second.
pub const RATE: f64 = 60.0;

/// Probabilities of the classes in one frame.
pub type Heard = [f32; Class::COUNT];

/// Motion frames encoded at once and the context that overlaps.
const CHUNK: usize = 900;
const MARGIN: usize = 30;

/// Hears the classes in `speech`, [`RATE`] frames a second.
pub fn hear(encoder: &ContentEncoder, speech: &Speech) -> Result<Vec<Heard>> {
    let mel = Mel::of(speech).normalised();
    let frames = mel.frames() / 4;
    let mut heard = Vec::with_capacity(2 * frames);
    for start in (0..frames).step_by(CHUNK) {
        let end = (start + CHUNK).min(frames);
        let (from, to) = (start.saturating_sub(MARGIN), (end + MARGIN).min(frames));
        let rows = mel.values[4 * from * BANDS..4 * to * BANDS].to_vec();
        let input = Tensor::from_vec(rows, (1, 4 * (to - from), BANDS), &Device::Cpu)?;
        let classes = candle_nn::ops::softmax(&encoder.forward(&input, 0.0)?.phones, 2)?;
        let kept = classes.narrow(1, 2 * (start - from), 2 * (end - start))?.squeeze(0)?.to_vec2::<f32>()?;
        heard.extend(kept.iter().map(|row| -> Heard { std::array::from_fn(|class| row[class]) }));
    }
    Ok(heard)
}

/// Times of all words in a recording of `seconds`: those that the transcript tells, and for the others the best within the times of
/// their part. `heard` may be empty where [all are told](Transcript::is_timed).
pub fn align(transcript: &Transcript, heard: &[Heard], seconds: f64) -> Vec<Word> {
    let mut words = Vec::new();
    for part in &transcript.parts {
        let known = part.tokens.iter().map(|token| token.time.map(|(start, end)| Word { text: token.text.clone(), start, end }));
        match known.collect::<Option<Vec<Word>>>() {
            Some(known) => words.extend(known),
            None => words.extend(align_part(part, heard)),
        }
    }
    words.retain(|word: &Word| word.start < seconds);
    words
}

/// Cues of subtitles come a little early or late: speech is looked for this much around them, seconds.
const SLACK: f64 = 0.25;

fn align_part(part: &Part, heard: &[Heard]) -> Vec<Word> {
    let (from, to) = part.span.map_or((0.0, f64::INFINITY), |(from, to)| (from - SLACK, to + SLACK));
    let frame = |time: f64| ((time * RATE).max(0.0) as usize).min(heard.len());
    let (first, last) = (frame(from), frame(to));
    let last = last.max(first);
    let texts: Vec<&str> = part.tokens.iter().map(|token| token.text.as_str()).collect();
    let spans = align_words(&texts, &heard[first..last]);
    let time = |frame: usize| (first + frame) as f64 / RATE;
    texts.iter().zip(spans).map(|(text, (start, end))| Word { text: text.to_string(), start: time(start), end: time(end) }).collect()
}

/// A step of the way: the classes it may be heard as, whether it may be left out, and whose word it is.
#[derive(Clone, Copy, Debug)]
struct State {
    classes: Classes,
    optional: bool,
    word: Option<usize>,
}

/// Most states that may be left out in a row.
const LEAP: usize = 5;
/// States that are followed at any time: those around the best. About 150 words.
const BEAM: usize = 1024;
/// What is heard may always be something else: least probability of a class.
const FLOOR: f32 = 2e-3;
/// Cost of a frame in a state that is no silence where there is silence, and the like, are in the classes; this one makes leaving
/// out a sound dearer than a short one.
const OMISSION: f32 = 0.7;

/// First frame and the frame after the last of every word, as good as they fit into `heard`.
pub fn align_words(words: &[&str], heard: &[Heard]) -> Vec<(usize, usize)> {
    let states = states(words);
    let way = best_way(&states, heard);
    let mut spans: Vec<Option<(usize, usize)>> = vec![None; words.len()];
    for (frame, state) in way.iter().enumerate() {
        if let Some(word) = states.get(*state).and_then(|state| state.word) {
            let span = spans[word].get_or_insert((frame, frame + 1));
            span.1 = frame + 1;
        }
    }
    fill(spans, heard.len())
}

fn states(words: &[&str]) -> Vec<State> {
    const SILENCE: State = State { classes: 1 << Class::Silence as u32, optional: true, word: None };
    let mut states = vec![SILENCE];
    for (word, text) in words.iter().enumerate() {
        for sound in sounds(text) {
            let state = State { classes: sound.classes, optional: sound.optional, word: Some(word) };
            states.push(state);
            // A vowel takes two frames at least.
            if sound.vowel && !sound.optional {
                states.push(state);
            }
        }
        states.push(SILENCE);
    }
    states
}

/// Words that found no place stand between their neighbours.
fn fill(spans: Vec<Option<(usize, usize)>>, frames: usize) -> Vec<(usize, usize)> {
    let mut filled = Vec::with_capacity(spans.len());
    let mut before = 0;
    for (k, span) in spans.iter().enumerate() {
        let next = spans[k..].iter().flatten().next().map_or(frames, |span| span.0);
        let span = span.unwrap_or((before, next.max(before)));
        before = span.1;
        filled.push(span);
    }
    filled
}

/// The state of every frame on the best way from the first states to the last.
fn best_way(states: &[State], heard: &[Heard]) -> Vec<usize> {
    const NEVER: f32 = f32::NEG_INFINITY;
    let width = BEAM.min(states.len());
    let last_offset = states.len() - width;
    let mut offsets = Vec::with_capacity(heard.len());
    // How many states the way leapt to come here, for every frame and state of the beam.
    let mut leaps: Vec<u8> = Vec::with_capacity(heard.len() * width);
    let mut scores = vec![NEVER; width];
    let mut offset = 0;
    for (frame, row) in heard.iter().enumerate() {
        let before_offset = offset;
        let best = if frame == 0 { 0 } else { best_of(&scores) };
        // The beam goes along with the best state, and hurries at the end so that the last word comes in.
        let left = heard.len() - frame;
        let centre = before_offset + best;
        offset = centre.saturating_sub(width / 2).max((states.len()).saturating_sub(width + left)).clamp(before_offset, last_offset);
        let previous = std::mem::replace(&mut scores, vec![NEVER; width]);
        let was = |state: usize| state.checked_sub(before_offset).and_then(|k| previous.get(k)).copied().unwrap_or(NEVER);
        for (k, score) in scores.iter_mut().enumerate() {
            let state = offset + k;
            let (mut top, mut leap) = match frame {
                0 => (if skippable(&states[..state]) { 0.0 } else { NEVER }, 0),
                _ => (was(state), 0),
            };
            let mut omitted = 0.0;
            for back in 1..=LEAP.min(state) {
                if frame == 0 {
                    break;
                }
                let from = was(state - back) - omitted;
                if from > top {
                    (top, leap) = (from, back);
                }
                let skipped = states[state - back];
                if !skipped.optional {
                    break;
                }
                omitted += if skipped.word.is_some() { OMISSION } else { 0.0 };
            }
            leaps.push(leap as u8);
            *score = top + emission(&states[state], row);
        }
        offsets.push(offset);
    }
    back(states, &offsets, &leaps, width, scores)
}

fn back(states: &[State], offsets: &[usize], leaps: &[u8], width: usize, scores: Vec<f32>) -> Vec<usize> {
    let Some(last) = offsets.last() else { return Vec::new() };
    let finals = (0..width).filter(|k| skippable(&states[(last + k + 1).min(states.len())..]) && scores[*k].is_finite());
    let best = finals.max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or_else(|| best_of(&scores));
    let mut state = last + best;
    let mut way = vec![state; offsets.len()];
    for frame in (0..offsets.len()).rev() {
        way[frame] = state;
        let k = state.saturating_sub(offsets[frame]).min(width - 1);
        state = state.saturating_sub(usize::from(leaps[frame * width + k]));
    }
    way
}

fn best_of(scores: &[f32]) -> usize {
    (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0)
}

fn skippable(states: &[State]) -> bool {
    states.len() <= LEAP && states.iter().all(|state| state.optional)
}

fn emission(state: &State, row: &Heard) -> f32 {
    let mut sum = 0.0;
    let mut classes = state.classes;
    while classes != 0 {
        let class = classes.trailing_zeros();
        sum += row[class as usize];
        classes &= classes - 1;
    }
    sum.max(FLOOR).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames in which one class is heard almost for sure.
    fn heard(runs: &[(Class, usize)]) -> Vec<Heard> {
        let row = |class: Class| {
            let mut row = [0.005; Class::COUNT];
            row[class as usize] = 0.9;
            row
        };
        runs.iter().flat_map(|(class, n)| std::iter::repeat_n(row(*class), *n)).collect()
    }

    #[test]
    fn words_are_found_between_pauses() {
        use Class::*;
        let heard = heard(&[(Silence, 20), (BilabialStop, 4), (Open, 8), (BilabialStop, 4), (Open, 8), (Silence, 30), (BilabialNasal, 6), (MidFront, 9), (Silence, 10)]);
        assert_eq!(align_words(&["papa", "me"], &heard), [(20, 44), (74, 89)]);
    }

    #[test]
    fn any_text_fits_any_sound_somehow() {
        let many: Vec<&str> = vec!["word"; 3000];
        for (words, frames) in [(&many[..], 0), (&many[..], 3), (&many[..], 400), (&["...", "a"][..], 5), (&[][..], 5)] {
            let spans = align_words(words, &heard(&[(Class::Open, frames)]));
            assert_eq!(spans.len(), words.len());
            assert!(spans.iter().all(|(start, end)| start <= end && *end <= frames.max(*start)), "{frames}");
            assert!(spans.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        }
    }
}
