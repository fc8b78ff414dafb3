//! Forced alignment: when each word of a transcript is said.
//!
//! The content encoder tells for every 1/60 s how likely each articulatory class is; [`super::spelling`] tells which classes a word
//! passes through. The best path through all words, with pauses allowed between them, gives the times (Viterbi's algorithm, as in
//! Rabiner 1989, <https://doi.org/10.1109/5.18626>).

use super::content::{ContentEncoder, Posterior};
use super::phones::Class;
use super::spelling::{Classes, sounds};
use super::transcript::{Part, Transcript, Word};
use crate::Result;
use crate::audio::Speech;
use crate::audio::features::Mel;

/// Frames of the classes a second.
pub const RATE: f64 = 60.0;

/// Hears the classes in `speech`, [`RATE`] frames a second.
pub fn hear(encoder: &ContentEncoder, speech: &Speech) -> Result<Vec<Posterior>> {
    let mel = Mel::of(speech);
    Ok(encoder.encode(&mel, mel.frames() / 4)?.classes)
}

/// Times of all words in a recording of `seconds`: those that the transcript tells, and for the others the best within the times of
/// their part. `heard` may be empty where [all are told](Transcript::is_timed).
pub fn align(transcript: &Transcript, heard: &[Posterior], seconds: f64) -> Vec<Word> {
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

fn align_part(part: &Part, heard: &[Posterior]) -> Vec<Word> {
    let (from, to) = part.span.map_or((0.0, f64::INFINITY), |(from, to)| (from - SLACK, to + SLACK));
    let frame = |time: f64| ((time * RATE).max(0.0) as usize).min(heard.len());
    let (first, last) = (frame(from), frame(to));
    let last = last.max(first);
    let texts: Vec<&str> = part.tokens.iter().map(|token| token.text.as_str()).collect();
    let spans = align_words(&texts, &heard[first..last]);
    let time = |frame: usize| (first + frame) as f64 / RATE;
    texts.iter().zip(spans).map(|(text, (start, end))| Word { text: text.to_string(), start: time(start), end: time(end) }).collect()
}

/// A step of the way: the classes it may be heard as and the frames in which, whether it may be left out, and the number of its word (or
/// phone).
#[derive(Clone, Copy, Debug)]
struct State {
    classes: Classes,
    span: (usize, usize),
    optional: bool,
    word: Option<usize>,
}

const ANY_TIME: (usize, usize) = (0, usize::MAX);
const PAUSE: State = State { classes: 1 << Class::Silence as u32, span: ANY_TIME, optional: true, word: None };

/// Most states that may be left out in a row.
const LEAP: usize = 5;
/// States that are followed at any time: those around the best. About 60 words.
const BEAM: usize = 1024;
/// Least probability of a class: what is heard may always be something else.
const FLOOR: f32 = 5e-4;
/// Probability, in a frame between words, of a sound that the transcript leaves out.
const FILLER: f32 = 0.03;
/// Cost of a sound that is left out, as a logarithm.
const OMISSION: f32 = 2.0;
/// Least frames of a sound that must be there, and of one of which it is known that it is said.
const SHORTEST: usize = 3;
const SHORTEST_PHONE: usize = 2;
/// The classes are sure of a word this much after it begins and ends, frames.
const LATE: (usize, usize) = (2, 1);

/// First frame and the frame after the last of every word, as good as they fit into `heard`.
pub fn align_words(words: &[&str], heard: &[Posterior]) -> Vec<(usize, usize)> {
    let states = states(words);
    let way = best_way(&states, heard);
    let mut spans: Vec<Option<(usize, usize)>> = vec![None; words.len()];
    for (frame, state) in way.iter().enumerate() {
        if let Some(word) = states.get(*state).and_then(|state| state.word) {
            let span = spans[word].get_or_insert((frame, frame + 1));
            span.1 = frame + 1;
        }
    }
    fill(spans.into_iter().map(|span| span.map(|(start, end)| early(start, end))).collect(), heard.len())
}

fn states(words: &[&str]) -> Vec<State> {
    let mut states = vec![PAUSE];
    for (word, text) in words.iter().enumerate() {
        for sound in sounds(text) {
            let state = State { classes: sound.classes, span: ANY_TIME, optional: sound.optional, word: Some(word) };
            states.extend(std::iter::repeat_n(state, if sound.optional { 1 } else { SHORTEST }));
        }
        states.push(PAUSE);
    }
    states
}

/// What a phone may be heard as of which the class is not known, and how likely it is against a phone that is.
const ANY_SOUND: Classes = !PAUSE.classes & ((1 << Class::COUNT) - 1);
const UNSURE: f32 = 0.5;

/// A word of which it is known how it is pronounced, and perhaps in which frames it is said.
#[derive(Clone, Debug)]
pub struct Pronounced {
    pub phones: Vec<Option<Class>>,
    pub span: Option<(usize, usize)>,
}

/// Which phone is said in every frame, counted through all words; nothing in a pause. The phones of a word follow on each other, pauses are
/// allowed between words, and a phone without a class is any but silence.
pub fn align_phones(words: &[Pronounced], heard: &[Posterior]) -> Vec<Option<usize>> {
    let mut states = vec![PAUSE];
    let mut phone = 0;
    for word in words {
        for class in &word.phones {
            let classes = class.map_or(ANY_SOUND, |class| 1 << class as u32);
            let state = State { classes, span: word.span.unwrap_or(ANY_TIME), optional: false, word: Some(phone) };
            states.extend(std::iter::repeat_n(state, SHORTEST_PHONE));
            phone += 1;
        }
        states.push(PAUSE);
    }
    best_way(&states, heard).into_iter().map(|state| states[state].word).collect()
}

fn early(start: usize, end: usize) -> (usize, usize) {
    (start.saturating_sub(LATE.0), end.saturating_sub(LATE.1).max(start.saturating_sub(LATE.0)))
}

/// Words that found no place stand between their neighbours.
fn fill(spans: Vec<Option<(usize, usize)>>, frames: usize) -> Vec<(usize, usize)> {
    // Where the word after each one begins.
    let mut next = frames;
    let mut after = vec![frames; spans.len()];
    for (k, span) in spans.iter().enumerate().rev() {
        after[k] = next;
        next = span.map_or(next, |span| span.0);
    }
    let mut before = 0;
    let placed = spans.into_iter().zip(after).map(|(span, next)| {
        let (start, end) = span.unwrap_or((before, next));
        let start = start.max(before);
        before = end.max(start);
        (start, before)
    });
    placed.collect()
}

/// Frames after which the way so far is fixed as it is best then: a minute. Keeps memory the same for any length.
const BLOCK: usize = 3600;

/// The state of every frame on the best way from the first states to the last.
fn best_way(states: &[State], heard: &[Posterior]) -> Vec<usize> {
    let mut search = Search::new(states);
    let mut way = Vec::with_capacity(heard.len());
    for (frame, row) in heard.iter().enumerate() {
        search.step(row, heard.len() - frame);
        if search.offsets.len() == 2 * BLOCK {
            way.extend(search.back(best_of(&search.scores)).drain(..BLOCK));
            search.offsets.drain(..BLOCK);
            search.leaps.drain(..BLOCK * search.width);
        }
    }
    way.extend(search.back(search.finish()));
    way
}

/// Viterbi's search within a beam of states.
struct Search<'a> {
    states: &'a [State],
    width: usize,
    /// First state of the beam, and the best score of every state in it.
    offset: usize,
    scores: Vec<f32>,
    /// For the frames that are not fixed: where the beam was, and how many states the way leapt to come to each.
    offsets: Vec<usize>,
    leaps: Vec<u8>,
    /// Frames so far.
    frame: usize,
}

const NEVER: f32 = f32::NEG_INFINITY;

impl<'a> Search<'a> {
    fn new(states: &'a [State]) -> Search<'a> {
        let width = BEAM.min(states.len());
        Search { states, width, offset: 0, scores: vec![NEVER; width], offsets: Vec::new(), leaps: Vec::new(), frame: 0 }
    }

    /// One frame further; `left` frames are left with this one.
    fn step(&mut self, row: &Posterior, left: usize) {
        let before = self.offset;
        if self.frame > 0 {
            // The beam goes along with the best state, and hurries at the end so that the last word comes in.
            let centred = (before + best_of(&self.scores)).saturating_sub(self.width / 2);
            let hurried = self.states.len().saturating_sub(self.width + left);
            self.offset = centred.max(hurried).clamp(before, self.states.len() - self.width);
        }
        let previous = std::mem::replace(&mut self.scores, vec![NEVER; self.width]);
        let was = |state: usize| state.checked_sub(before).and_then(|k| previous.get(k)).copied().unwrap_or(NEVER);
        for k in 0..self.width {
            let state = self.offset + k;
            let (score, leap) = match self.frame > 0 {
                true => self.best_before(state, was),
                false => (if skippable(&self.states[..state]) { 0.0 } else { NEVER }, 0),
            };
            self.leaps.push(leap);
            self.scores[k] = score + emission(&self.states[state], row, self.frame);
        }
        self.offsets.push(self.offset);
        self.frame += 1;
    }

    /// The best way to come to a state, and how many states it leaps.
    fn best_before(&self, state: usize, was: impl Fn(usize) -> f32) -> (f32, u8) {
        let (mut top, mut leap, mut omitted) = (was(state), 0, 0.0);
        for back in 1..=LEAP.min(state) {
            let score = was(state - back) - omitted;
            if score > top {
                (top, leap) = (score, back as u8);
            }
            let skipped = self.states[state - back];
            if !skipped.optional {
                break;
            }
            omitted += if skipped.word.is_some() { OMISSION } else { 0.0 };
        }
        (top, leap)
    }

    /// The best state to end in, as a place in the beam.
    fn finish(&self) -> usize {
        let last = (0..self.width).filter(|k| self.scores[*k].is_finite() && skippable(&self.states[self.offset + k + 1..]));
        last.max_by(|a, b| self.scores[*a].total_cmp(&self.scores[*b])).unwrap_or_else(|| best_of(&self.scores))
    }

    /// The way to a place in the beam, for the frames that are not fixed.
    fn back(&self, place: usize) -> Vec<usize> {
        let mut state = self.offset + place;
        let mut way = vec![state; self.offsets.len()];
        for (frame, offset) in self.offsets.iter().enumerate().rev() {
            way[frame] = state;
            let k = state.saturating_sub(*offset).min(self.width - 1);
            state = state.saturating_sub(usize::from(self.leaps[frame * self.width + k]));
        }
        way
    }
}

fn best_of(scores: &[f32]) -> usize {
    (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0)
}

fn skippable(states: &[State]) -> bool {
    states.len() <= LEAP && states.iter().all(|state| state.optional)
}

fn emission(state: &State, row: &Posterior, frame: usize) -> f32 {
    let mut sum = 0.0;
    let mut classes = if (state.span.0..state.span.1).contains(&frame) { state.classes } else { 0 };
    while classes != 0 {
        let class = classes.trailing_zeros();
        sum += row[class as usize];
        classes &= classes - 1;
    }
    if state.classes == ANY_SOUND {
        sum *= UNSURE;
    }
    sum.max(if state.word.is_some() { FLOOR } else { FILLER }).ln()
}

/// Frames around a written sound in which it may be said, and in which it is said.
const AROUND: usize = 5;
const THERE: usize = 2;
/// What the odds of a sound that is not written there are multiplied by (people say "lapm" for "Lappen"), and those of lips that are.
/// Chosen on a German speaker who was kept for choosing: of the lips that meet without reason most are gone, of the others hardly one.
const UNWRITTEN: f32 = 0.2;
const WRITTEN: f32 = 3.0;
/// Sounds that the lips are seen to make.
const LIPS: Classes = 1 << Class::BilabialStop as u32 | 1 << Class::BilabialNasal as u32 | 1 << Class::Labiodental as u32;

/// Brings what is heard nearer to the sounds that words are written with: where there is no "m" an "n" is likelier. Words in other
/// scripts than the Latin, and what is between words, tell nothing.
pub fn expect(words: &[Word], heard: &mut [Posterior]) {
    let (mut possible, mut asked): (Vec<Classes>, Vec<Classes>) = (vec![0; heard.len()], vec![0; heard.len()]);
    for word in words {
        let states = states(&[&word.text]);
        let frame = |time: f64| ((time.max(0.0) * RATE) as usize).min(heard.len());
        let (from, to) = (frame(word.start).saturating_sub(AROUND), (frame(word.end) + AROUND).min(heard.len()));
        if from >= to || states.iter().all(|state| state.word.is_none()) {
            continue;
        }
        for (n, state) in best_way(&states, &heard[from..to]).into_iter().enumerate() {
            let around = |reach: usize| (from + n).saturating_sub(reach)..(from + n + reach + 1).min(heard.len());
            possible[around(AROUND)].iter_mut().for_each(|all| *all |= states[state].classes);
            // A letter that may be something else, or that no rule knows, asks nothing.
            if states[state].classes & !LIPS == 0 {
                asked[around(THERE)].iter_mut().for_each(|all| *all |= states[state].classes);
            }
        }
    }
    for ((row, possible), asked) in heard.iter_mut().zip(possible).zip(asked).filter(|((_, possible), _)| possible & ANY_SOUND != 0) {
        let has = |classes: Classes, class: usize| classes & (1 << class) != 0;
        for (class, p) in row.iter_mut().enumerate() {
            if !has(possible | PAUSE.classes, class) {
                *p *= UNWRITTEN;
            }
            if has(asked, class) {
                *p *= WRITTEN;
            }
        }
        let total: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total.max(f32::MIN_POSITIVE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames in which one class is heard almost for sure.
    fn heard(runs: &[(Class, usize)]) -> Vec<Posterior> {
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
        let heard = heard(&[
            (Silence, 20),
            (BilabialStop, 4),
            (Open, 8),
            (BilabialStop, 4),
            (Open, 8),
            (Silence, 30),
            (BilabialNasal, 6),
            (CloseFront, 9),
            (Silence, 10),
        ]);
        assert_eq!(align_words(&["papa", "me"], &heard), [(18, 43), (72, 88)]);
    }

    #[test]
    fn phones_are_found_in_their_order() {
        use Class::*;
        let heard = heard(&[(Silence, 9), (BilabialStop, 4), (Open, 8), (Silence, 20), (Velar, 5), (BilabialNasal, 6), (Open, 9)]);
        // What is not sure to be any class lies where something is said.
        let word = |phones: &[Option<Class>]| Pronounced { phones: phones.to_vec(), span: None };
        let mut words = [word(&[Some(BilabialStop), Some(Open)]), word(&[None, Some(BilabialNasal), Some(Open)])];
        let runs = [(None, 9), (Some(0), 4), (Some(1), 8), (None, 20), (Some(2), 5), (Some(3), 6), (Some(4), 9)];
        let expected: Vec<Option<usize>> = runs.iter().flat_map(|(phone, n)| std::iter::repeat_n(*phone, *n)).collect();
        assert_eq!(align_phones(&words, &heard), expected);
        assert_eq!(align_phones(&words, &heard[..3]).len(), 3);
        assert!(align_phones(&[], &heard).iter().all(Option::is_none));
        // The only word is one of two that sound the same, by its time.
        let twice = [&heard[..41], &heard[..41]].concat();
        for (span, first) in [((0, 30), 9), ((35, 80), 50)] {
            words[0].span = Some(span);
            assert_eq!(align_phones(&words[..1], &twice).iter().position(Option::is_some), Some(first));
        }
    }

    #[test]
    fn any_text_fits_any_sound_somehow() {
        let many: Vec<&str> = vec!["word"; 3000];
        for (words, frames) in
            [(&many[..], 0), (&many[..], 3), (&many[..], 400), (&many[..], 3 * BLOCK), (&["...", "a"][..], 5), (&[][..], 5)]
        {
            let spans = align_words(words, &heard(&[(Class::Open, frames)]));
            assert_eq!(spans.len(), words.len());
            assert!(spans.iter().all(|(start, end)| start <= end && *end <= frames.max(*start)), "{frames}");
            assert!(spans.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        }
    }

    #[test]
    fn a_sound_is_likelier_where_it_is_written() {
        use Class::{AlveolarNasal, BilabialNasal, Central, Open};
        let word = |text: &str| Word { text: text.into(), start: 0.2, end: 0.6 };
        let row = |of: &[(Class, f32)]| {
            let mut row: Posterior = [0.0; Class::COUNT];
            of.iter().for_each(|(class, p)| row[*class as usize] = *p);
            row
        };
        let unsure = row(&[(BilabialNasal, 0.5), (AlveolarNasal, 0.4), (Central, 0.1)]);
        let vowel = row(&[(Open, 1.0)]);
        let heard: Vec<Posterior> = (0..48).map(|n| if (20..28).contains(&n) { unsure } else { vowel }).collect();
        let meeting = |words: &[Word]| {
            let mut heard = heard.clone();
            expect(words, &mut heard);
            assert!(heard.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
            heard[24][BilabialNasal as usize]
        };
        assert!(meeting(&[word("ana")]) < 0.25 && meeting(&[word("ama")]) > 0.7);
        assert_eq!(meeting(&[]), 0.5);
        assert_eq!(meeting(&[word("мама")]), 0.5, "a script that it cannot read");
        assert_eq!(meeting(&[Word { start: 9.0, end: 9.5, ..word("ana") }]), 0.5);
    }
}
