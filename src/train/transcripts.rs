//! Phones of speech whose words are known: the synthesiser tells how its text is pronounced, and forced alignment when.

use super::data::{Source, Take, UNLABELLED};
use super::synthesis::Synthesiser;
use crate::Result;
use crate::speech::align::{Pronounced, RATE, align_phones};
use crate::speech::content::Posterior;
use crate::speech::phones::Class;

/// Times of words that come with a recording may be this much off, seconds.
const SLACK: f64 = 0.08;

/// Reads the texts of takes without phones, each in its language.
pub fn pronounce(takes: &mut [Take]) -> Result<()> {
    let mut synthesiser = Synthesiser::load()?;
    for take in takes.iter_mut().filter(|take| take.phones.is_empty()) {
        let Some(language) = language(take.source) else { continue };
        for text in &take.text {
            let frame = |time: f64| (time.max(0.0) * RATE) as usize;
            let span = text.span.map(|(start, end)| (frame(start - SLACK), frame(end + SLACK)));
            // In capitals it spells some words letter by letter.
            let words = synthesiser.pronounce(language, &text.words.to_lowercase())?;
            take.words.extend(words.into_iter().map(|phones| Pronounced { phones, span }));
        }
    }
    Ok(())
}

fn language(source: Source) -> Option<&'static str> {
    Some(match source {
        Source::GridS1 => "en-gb-x-rp",
        Source::LrwAr => "ar",
        Source::Nemo => "pl",
        Source::Korean => "ko",
        Source::SpeechOcean | Source::Ravdess => "en-us",
        _ => return None,
    })
}

/// Mean probability in which the phones of a text must be heard where they are found: less is another text or another pronunciation.
const LIKELY: f32 = 0.2;
/// The same for one phone.
const HEARD: f32 = 0.02;
/// Probability from which a pause is believed: a clip may hold more than its text.
const PAUSE: f32 = 0.5;

/// The phone classes of a take, 60 a second, by what an encoder hears in it; nothing where its text does not fit.
pub fn align(take: &Take, heard: &[Posterior]) -> Vec<u8> {
    let phones: Vec<Option<Class>> = take.words.iter().flat_map(|word| &word.phones).copied().collect();
    let way = align_phones(&take.words, heard);
    // Sum of probabilities and frames of every phone.
    let mut likely = vec![(0.0f32, 0.0f32); phones.len()];
    for (phone, row) in way.iter().zip(heard) {
        if let Some((phone, class)) = phone.and_then(|phone| Some((phone, phones[phone]?))) {
            likely[phone] = (likely[phone].0 + row[class as usize], likely[phone].1 + 1.0);
        }
    }
    let (sum, frames) = likely.iter().fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
    if sum < LIKELY * frames || frames == 0.0 {
        return Vec::new();
    }
    let label = |phone: &Option<usize>, row: &Posterior| match phone {
        None => (row[Class::Silence as usize] > PAUSE).then_some(Class::Silence),
        Some(phone) => phones[*phone].filter(|_| likely[*phone].0 > HEARD * likely[*phone].1),
    };
    way.iter().zip(heard).map(|(phone, row)| label(phone, row).map_or(UNLABELLED, |class| class as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Split;
    use Class::*;

    fn heard(runs: &[(Class, usize)]) -> Vec<Posterior> {
        let row = |class: Class| {
            let mut row = [0.01; Class::COUNT];
            row[class as usize] = 0.8;
            row
        };
        runs.iter().flat_map(|(class, n)| std::iter::repeat_n(row(*class), *n)).collect()
    }

    #[test]
    fn phones_lie_where_they_are_heard_and_another_text_teaches_nothing() {
        let heard = heard(&[(Silence, 10), (BilabialStop, 5), (Open, 8), (Sibilant, 6), (Silence, 5)]);
        let mut take = Take::silent(Source::SpeechOcean, Split::Train, "a", String::new(), 17);
        let word = |phones: [Class; 3]| vec![Pronounced { phones: phones.map(Some).to_vec(), span: None }];
        take.words = word([BilabialStop, Open, Sibilant]);
        let labels = align(&take, &heard);
        assert_eq!(labels.len(), 34);
        for (frame, class) in [(3, Silence), (12, BilabialStop), (19, Open), (26, Sibilant), (32, Silence)] {
            assert_eq!(labels[frame], class as u8, "{frame}");
        }
        take.words = word([Velar, CloseRounded, Lateral]);
        assert!(align(&take, &heard).is_empty());
        take.words.clear();
        assert!(align(&take, &heard).is_empty());
    }
}
