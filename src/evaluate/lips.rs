//! Do lips meet where they must? Generated faces under voices with phone times, in every emotion.
//!
//! The gap counts against a fifth of its own median in open vowels, so that a mouth that hardly opens cannot pass for one that closes.

use crate::Result;
use crate::audio::Speech;
use crate::emotion::Label;
use crate::face::articulation::{gap_mm, lip_to_teeth_mm};
use crate::face::hearing::Heard;
use crate::face::model::{Asked, FaceModel, Quality};
use crate::face::vector::{Row, unpack};
use crate::speech::align;
use crate::speech::phones::Class;
use crate::speech::transcript::Word;
use crate::statistics::median;
use crate::train::data::Take;
use rayon::prelude::*;
use serde::Serialize;

/// Share of the open-vowel median under which lips count as closed.
const CLOSED: f32 = 0.2;
/// Millimetres under which the lower lip counts as at the teeth.
const AT_TEETH: f32 = 2.0;
/// Frames around a phone in which its contact counts: 50 ms, rounded to frames.
const SLACK: usize = 2;

/// What lips do on one set of takes in one emotion.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Contacts {
    /// The emotion; "recorded" where the lips are those of the people.
    pub emotion: &'static str,
    /// Share of p, b and m with closed lips, and how many there were.
    pub closed: f32,
    pub bilabials: usize,
    /// Share of f and v with the lower lip at the upper teeth.
    pub at_teeth: f32,
    pub labiodentals: usize,
    /// Times that lips close in a vowel, and in any sound that is made without them, in ten seconds of speech.
    pub false_closures: f32,
    pub strays: f32,
}

/// Draws one sample of every take in each emotion at full strength; where the takes are `read`, their texts are known to the model.
pub fn contacts(model: &FaceModel, takes: &[&Take], read: bool, emotions: &[Label]) -> Result<Vec<Contacts>> {
    let listen = |take: &&Take| -> Result<Heard> {
        let speech = take.speech();
        let words = if read { words(model, take, &speech)? } else { Vec::new() };
        model.listen(&speech, take.frames, &words)
    };
    let heard: Vec<Heard> = takes.par_iter().map(listen).collect::<Result<_>>()?;
    emotions.iter().map(|label| under(model, takes, &heard, *label)).collect()
}

/// The same of the lips that were recorded.
pub fn recorded(takes: &[&Take]) -> Contacts {
    let mouths: Vec<Mouth> = takes.iter().map(|take| Mouth::of(take, &take.motion)).collect();
    count("recorded", &mouths)
}

/// The words of a take's text and when they are said.
fn words(model: &FaceModel, take: &Take, speech: &Speech) -> Result<Vec<Word>> {
    let tokens: Vec<&str> = take.text.iter().flat_map(|text| text.words.split_whitespace()).collect();
    let time = |frame: usize| frame as f64 / align::RATE;
    let spans = align::align_words(&tokens, &align::hear(model.encoder(), speech)?);
    let word = |(text, (start, end)): (&&str, (usize, usize))| Word { text: text.to_string(), start: time(start), end: time(end) };
    Ok(tokens.iter().zip(spans).map(word).collect())
}

fn under(model: &FaceModel, takes: &[&Take], heard: &[Heard], label: Label) -> Result<Contacts> {
    let asked = [label.at(1.0)];
    let asked = Asked { emotion: &asked, ..Asked::default() };
    let sample = |(take, heard): (&&Take, &Heard)| model.act(heard, &asked, take.frames, 1, Quality::Default);
    let faces: Vec<Vec<Row>> = takes.par_iter().zip(heard).map(sample).collect::<Result<_>>()?;
    let mouths: Vec<Mouth> = takes.iter().zip(&faces).map(|(take, rows)| Mouth::of(take, rows)).collect();
    Ok(count(label.name(), &mouths))
}

/// Counts the contacts of mouths against a fifth of what they are apart in open vowels.
fn count(emotion: &'static str, mouths: &[Mouth]) -> Contacts {
    let open: Vec<f32> = mouths.iter().flat_map(|m| m.during(&[Class::Open])).collect();
    let threshold = CLOSED * median(&open);
    let mut sums = Contacts { emotion, ..Contacts::default() };
    let mut spoken = 0;
    for mouth in mouths {
        for span in mouth.spans(|c| c.is_bilabial()) {
            sums.bilabials += 1;
            sums.closed += f32::from(u8::from(mouth.least(&mouth.gap, span) < threshold));
        }
        for span in mouth.spans(|c| c == Class::Labiodental) {
            sums.labiodentals += 1;
            sums.at_teeth += f32::from(u8::from(mouth.least(&mouth.teeth, span) < AT_TEETH));
        }
        sums.false_closures += mouth.false_closures(threshold, is_open) as f32;
        sums.strays += mouth.false_closures(threshold, |_| true) as f32;
        spoken += mouth.phones.iter().filter(|c| c.is_some_and(|c| c != Class::Silence)).count();
    }
    sums.closed /= sums.bilabials.max(1) as f32;
    sums.at_teeth /= sums.labiodentals.max(1) as f32;
    sums.false_closures *= 300.0 / spoken.max(1) as f32;
    sums.strays *= 300.0 / spoken.max(1) as f32;
    sums
}

/// Vowels that are spoken with open lips.
fn is_open(class: Class) -> bool {
    matches!(class, Class::Open | Class::MidFront | Class::CloseFront | Class::Central | Class::MidRounded)
}

/// What the lips of one take do, with its phones at 30 frames a second.
struct Mouth {
    gap: Vec<f32>,
    teeth: Vec<f32>,
    phones: Vec<Option<Class>>,
}

impl Mouth {
    fn of(take: &Take, rows: &[Row]) -> Mouth {
        let faces: Vec<_> = rows.iter().map(|r| unpack(r).0).collect();
        let phone = |n: usize| take.phones.get(2 * n).and_then(|c| Class::from_index(*c));
        Mouth {
            gap: faces.iter().map(|f| gap_mm(f).max(0.0)).collect(),
            teeth: faces.iter().map(lip_to_teeth_mm).collect(),
            phones: (0..rows.len()).map(phone).collect(),
        }
    }

    fn during(&self, classes: &[Class]) -> Vec<f32> {
        let of = |c: &Option<Class>| c.is_some_and(|c| classes.contains(&c));
        self.gap.iter().zip(&self.phones).filter(|(_, c)| of(c)).map(|(g, _)| *g).collect()
    }

    /// First frame and the frame after the last of every stretch of such phones.
    fn spans(&self, wanted: impl Fn(Class) -> bool) -> Vec<(usize, usize)> {
        let is = |n: usize| self.phones[n].is_some_and(&wanted);
        let starts = (0..self.phones.len()).filter(|n| is(*n) && (*n == 0 || !is(n - 1)));
        starts.map(|start| (start, (start..self.phones.len()).find(|n| !is(*n)).unwrap_or(self.phones.len()))).collect()
    }

    /// The least of a curve in a span and its slack.
    fn least(&self, curve: &[f32], (start, end): (usize, usize)) -> f32 {
        curve[start.saturating_sub(SLACK)..(end + SLACK).min(curve.len())].iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// Closures inside the sounds that are `wanted`, away from those that close or narrow the lips and from silence.
    fn false_closures(&self, threshold: f32, wanted: impl Fn(Class) -> bool) -> usize {
        let narrow = |c: &Option<Class>| {
            c.is_none_or(|c| {
                c.is_bilabial() || matches!(c, Class::Labiodental | Class::Silence | Class::RoundedGlide | Class::CloseRounded)
            })
        };
        let clear = |n: usize| {
            let around = &self.phones[n.saturating_sub(SLACK)..(n + SLACK + 1).min(self.phones.len())];
            self.phones[n].is_some_and(&wanted) && !around.iter().any(narrow)
        };
        let closed: Vec<bool> = (0..self.gap.len()).map(|n| clear(n) && self.gap[n] < threshold).collect();
        closed.iter().enumerate().filter(|(n, c)| **c && (*n == 0 || !closed[n - 1])).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::coefficients::{COUNT, id};
    use crate::face::vector::pack;
    use crate::train::data::{Source, Split};

    #[test]
    fn recorded_lips_are_judged_like_drawn_ones() {
        let mouth = |jaw: f32| {
            let mut face = [0.0; COUNT];
            face[id::JAW_OPEN] = jaw;
            pack(&face, Default::default(), Default::default())
        };
        let mut take = Take::silent(Source::GridS1, Split::Test, "a", String::new(), 40);
        let phones = [Class::Open, Class::BilabialStop, Class::Open, Class::BilabialStop, Class::Open];
        take.phones = phones.iter().flat_map(|class| [*class as u8; 16]).collect();
        take.motion = (0..40).map(|n| mouth(if (8..16).contains(&n) || n == 20 { 0.0 } else { 0.4 })).collect();
        let found = recorded(&[&take]);
        assert_eq!((found.bilabials, found.closed), (2, 0.5), "the second stop is missed");
        assert!((found.false_closures - 7.5).abs() < 1e-3, "once in 1.33 s: {}", found.false_closures);
    }

    #[test]
    fn contacts_are_found_where_the_phones_are() {
        let phones: Vec<Option<Class>> = [Class::Silence, Class::Open, Class::BilabialStop, Class::Open, Class::Open, Class::Labiodental]
            .into_iter()
            .flat_map(|c| vec![Some(c); 6])
            .collect();
        let mut gap = vec![8.0; phones.len()];
        (gap[13], gap[22]) = (0.5, 0.5);
        let mouth = Mouth { teeth: gap.clone(), gap, phones };
        assert_eq!(mouth.spans(Class::is_bilabial), [(12, 18)]);
        assert_eq!(mouth.least(&mouth.gap, (12, 18)), 0.5);
        assert_eq!(mouth.least(&mouth.teeth, (30, 36)), 8.0);
        assert_eq!(mouth.false_closures(1.6, is_open), 1);
        assert_eq!(mouth.false_closures(1.6, |c| c == Class::Velar), 0);
    }
}
