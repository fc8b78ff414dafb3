//! What `auto` stands for: the feeling in a voice, and in its words where they are known.
//!
//! Words are read phrase by phrase with the lexicon of free text. A phrase with words of feeling weighs more the more of them it has;
//! its feeling comes and goes over seconds, and where words say nothing the voice alone counts. So what is felt is a mixture that moves
//! slowly, as feelings do (Kuppens, Allen and Sheeber 2010, "Emotional inertia and psychological maladjustment").

use super::reading;
use super::reference::Feeling;
use crate::Result;
use crate::audio::Speech;
use crate::body::curves;
use crate::emotion::confidence::confidence;
use crate::emotion::voice::{Usual, VoiceEncoder};
use crate::emotion::{EMOTION, Label, Point, mixture};
use crate::speech::transcript::Word;
use std::fmt;

/// How sure one source is of what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Impression {
    /// Probability of every feeling, the likeliest first; they sum to one.
    pub shares: Vec<(&'static str, f32)>,
    /// Words of feeling that it rests on, as they were read; none for a voice.
    pub telling: Vec<String>,
}

impl fmt::Display for Impression {
    /// The likeliest, and what it rests on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let likely: Vec<String> = self.shares.iter().take(3).map(|(name, share)| format!("{name} {:.0} %", 100.0 * share)).collect();
        f.write_str(&likely.join(", "))?;
        const MOST: usize = 8;
        match self.telling.len() {
            0 => Ok(()),
            n => write!(f, " ({}{})", self.telling[..n.min(MOST)].join(", "), if n > MOST { ", ..." } else { "" }),
        }
    }
}

/// What is felt in a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// A point for every frame at 30 a second.
    pub course: Vec<Point>,
    pub voice: Impression,
    /// Nothing where no words are known.
    pub words: Option<Impression>,
}

/// Frames (30 a second) over which a feeling in words comes and goes: the deviation of a low-pass.
const INERTIA: f32 = 36.0;
/// A phrase ends with its punctuation, at a silence of so many seconds, or after so many words.
const SILENCE: f64 = 0.5;
const LONGEST: usize = 14;
/// How much a voice weighs beside words that are certain.
const VOICE: f32 = 0.6;
/// Words of the lexicon that mean something else as often as a feeling, when nobody asked for one.
#[rustfmt::skip]
const OFTEN_OTHERWISE: [&str; 24] = [
    "content", "cross", "moved", "touched", "start", "liking", "interest", "interested", "concern", "distant", "patient", "cold", "soft", "grave",
    "warm", "severe", "strict", "moving", "blank", "neglect", "doubt", "confidence", "attraction", "calm",
];

/// Hears a recording whose words and whose voice are known, or not.
pub fn hear(ear: &VoiceEncoder, speech: &Speech, usual: Option<&Usual>, words: &[Word]) -> Result<Heard> {
    let feeling = Feeling::of(speech, ear, usual)?;
    Ok(with_words(ear, feeling.course, &feeling.mean, words))
}

/// Joins what is heard in a voice, over time and on the whole, and what its words say.
pub fn with_words(ear: &VoiceEncoder, voice: Vec<Point>, mean: &Point, words: &[Word]) -> Heard {
    let impression_of_voice = Impression { shares: confidence(ear, mean), telling: Vec::new() };
    if words.is_empty() {
        return Heard { course: voice, voice: impression_of_voice, words: None };
    }
    let phrases = phrases(words);
    let said = Course::of(&phrases, voice.len());
    let course = voice.iter().enumerate().map(|(n, heard)| said.join(n, heard)).collect();
    Heard { course, voice: impression_of_voice, words: Some(impression(&phrases)) }
}

/// What the words of a transcript alone say.
pub fn read(words: &[Word]) -> Impression {
    impression(&phrases(words))
}

/// Some words that belong together, and what they say.
struct Phrase {
    start: f64,
    end: f64,
    point: Point,
    /// 0 where there is no word of feeling, and nearer to 1 with each.
    certainty: f32,
    telling: Vec<String>,
}

fn phrases(words: &[Word]) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    let mut first = 0;
    for (n, word) in words.iter().enumerate() {
        let stops = word.text.ends_with(['.', '!', '?', ';', ':', ',', '…']);
        let silence = words.get(n + 1).is_none_or(|next| next.start - word.end > SILENCE);
        if stops || silence || n + 1 - first >= LONGEST {
            phrases.push(Phrase::of(&words[first..=n]));
            first = n + 1;
        }
    }
    phrases
}

impl Phrase {
    fn of(words: &[Word]) -> Phrase {
        let plain = |word: &Word| word.text.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()).to_string();
        let text: Vec<String> = words.iter().map(plain).filter(|word| !OFTEN_OTHERWISE.contains(&word.as_str())).collect();
        let reading = reading::read(&text.join(" "));
        let certainty = 1.0 - 0.35f32.powi(reading.felt.len() as i32);
        let (start, end) = (words.first().map_or(0.0, |word| word.start), words.last().map_or(0.0, |word| word.end));
        Phrase { start, end, point: reading.mix.point(), certainty, telling: reading.felt }
    }
}

/// Probabilities over all phrases: each counts as long as it lasts, and for no feeling as far as it is not certain.
fn impression(phrases: &[Phrase]) -> Impression {
    let mut sums = [0f32; 9];
    for phrase in phrases {
        let seconds = ((phrase.end - phrase.start) as f32).max(0.1);
        let mix = mixture(&phrase.point);
        let felt = mix[1..].iter().sum::<f32>().max(1e-6);
        (1..9).for_each(|label| sums[label] += seconds * phrase.certainty * mix[label] / felt.max(1.0));
        sums[0] += seconds * (1.0 - phrase.certainty * felt.min(1.0));
    }
    let total = sums.iter().sum::<f32>().max(1e-6);
    let mut shares: Vec<(&'static str, f32)> = Label::ALL.iter().zip(sums).map(|(label, sum)| (label.name(), sum / total)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    Impression { shares, telling: phrases.iter().flat_map(|phrase| phrase.telling.clone()).collect() }
}

/// The feeling in words over time.
struct Course {
    points: Vec<Point>,
    /// How certain it is, 0..=1.
    weights: Vec<f32>,
}

impl Course {
    fn of(phrases: &[Phrase], frames: usize) -> Course {
        let mut sums = vec![[0f32; EMOTION + 1]; frames];
        for phrase in phrases.iter().filter(|phrase| phrase.certainty > 0.0) {
            let frame = |time: f64| ((time * 30.0) as usize).min(frames);
            for row in &mut sums[frame(phrase.start)..frame(phrase.end)] {
                row[EMOTION] = phrase.certainty;
                (0..EMOTION).for_each(|i| row[i] = phrase.certainty * phrase.point[i]);
            }
        }
        let smooth = |column: usize| curves::smooth(&sums.iter().map(|row| row[column]).collect::<Vec<f32>>(), INERTIA);
        let weights = smooth(EMOTION);
        let columns: Vec<Vec<f32>> = (0..EMOTION).map(smooth).collect();
        let points = (0..frames).map(|n| std::array::from_fn(|i| columns[i][n] / weights[n].max(1e-6))).collect();
        Course { points, weights }
    }

    /// The voice's feeling with that of the words, each by its certainty.
    fn join(&self, n: usize, heard: &Point) -> Point {
        let share = self.weights[n] / (self.weights[n] + VOICE);
        std::array::from_fn(|i| heard[i] + share * (self.points[n][i] - heard[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words at three a second.
    fn said(text: &str) -> Vec<Word> {
        let word = |(n, text): (usize, &str)| Word { text: text.into(), start: n as f64 / 3.0, end: (n + 1) as f64 / 3.0 };
        text.split_whitespace().enumerate().map(word).collect()
    }

    fn likeliest(text: &str) -> &'static str {
        read(&said(text)).shares[0].0
    }

    #[test]
    fn sentences_say_what_they_say() {
        for (text, label) in [
            ("I was so scared, I was terrified of him!", "fearful"),
            ("We were absolutely delighted, everybody was happy.", "happy"),
            ("I am furious, I hate this, it is an outrage!", "angry"),
            ("She was heartbroken and miserable, full of grief.", "sad"),
            ("I was amazed, astonished even.", "surprised"),
            ("The train leaves at nine from the second platform.", "neutral"),
            ("They moved the patient to a cold room to start over.", "neutral"),
        ] {
            assert_eq!(likeliest(text), label, "{text}: {:?}", read(&said(text)));
        }
        let happy = |text: &str| read(&said(text)).shares.iter().find(|(name, _)| *name == "happy").unwrap().1;
        assert!(happy("I am not happy.") < 0.05 && happy("I am happy.") > 0.4);
        assert_eq!(read(&said("What grief, what joy!")).telling, ["grief", "joy"]);
    }

    #[test]
    fn more_words_are_surer_and_shares_sum_to_one() {
        let sad = |text: &str| read(&said(text)).shares.iter().find(|(name, _)| *name == "sad").unwrap().1;
        assert!(sad("so sad, so lonely, such misery and grief") > sad("so sad, and then we went home again"));
        assert!((read(&said("sad and happy words")).shares.iter().map(|(_, s)| s).sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(read(&[]).telling.len(), 0);
    }

    #[test]
    fn a_feeling_in_words_comes_and_goes_slowly_and_elsewhere_the_voice_counts() {
        let mut words = said("one two three four five six seven eight nine ten eleven twelve");
        words.extend(said("misery and grief, despair!").into_iter().map(|w| Word { start: w.start + 10.0, end: w.end + 10.0, ..w }));
        let course = Course::of(&phrases(&words), 900);
        let voice = Label::Happy.at(0.5);
        let felt: Vec<f32> = (0..900).map(|n| course.join(n, &voice)[0]).collect();
        assert_eq!((felt[0], felt[899]), (voice[0], voice[0]));
        assert!(felt[315] < 0.0, "{}", felt[315]);
        assert!(felt.windows(2).all(|w| (w[0] - w[1]).abs() < 0.03));
    }

    #[test]
    fn without_words_of_feeling_it_is_the_voice_to_the_bit() {
        let samples: Vec<f32> = (0..48_000).map(|n| (n as f32 * 0.05).sin() * (n as f32 * 0.0008).sin().abs() * 0.3).collect();
        let speech = Speech { samples, seconds: 3.0 };
        let ear = crate::models::Models::Standard.voice().unwrap();
        let alone = hear(&ear, &speech, None, &[]).unwrap();
        let told = hear(&ear, &speech, None, &said("the train leaves at nine")).unwrap();
        assert_eq!((alone.course, alone.voice), (told.course, told.voice));
        assert_eq!(told.words.unwrap().shares[0].0, "neutral");
    }
}
