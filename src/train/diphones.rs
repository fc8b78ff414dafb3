//! Speech of recorded voices with exact phone times: espeak-ng tells what is said and when, and MBROLA says it in diphones cut from
//! people's recordings (Dutoit et al. 1996, "The MBROLA project").
//!
//! Debian's `mbrola` and its voices (`mbrola-en1` and so on) are looked for where espeak-ng looks; those that are not installed are left out.
//! Their terms allow use that is not commercial.

use super::data::{Source, Split, Take};
use super::sentences::{LANGUAGES, Language, spelled};
use super::synthesis::{Manner, Synthesiser, UTTERANCE};
use crate::Result;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Languages that only recorded voices speak: chance words alone.
static MORE: [Language; 7] = [
    spelled("pt", "t d n s z ch j nh lh l r", "a é i ó u ão ei", &[]),
    spelled("ro", "t d n s z ț ș j k g l r h ce ghi", "a e i o u ă â oa", &[]),
    spelled("hr", "t d n s z š ž č ć k g l r h j nj lj", "a e i o u", &[]),
    spelled("et", "t d n s k g l r h j", "a e i o u õ ä ö ü aa ei", &[]),
    spelled("id", "t d n s c j k g l r h ny ng w y", "a e i o u ai au", &[]),
    spelled("la", "t d n s c g l r h qu", "a e i o u ae", &[]),
    spelled("ca", "t d n s z x tx j k g l r ny ll", "a e i o u ai", &[]),
];

/// Voices by the language of their words, as MBROLA names them. Voices are left out that lack diphones which espeak-ng asks for (Spanish,
/// Hindi and others), one whose phones lie elsewhere (us3), and those of languages that are kept for judging.
const VOICES: [(&str, &[&str]); 18] = [
    ("en-gb-x-rp", &["en1"]),
    ("en-us", &["us1", "us2"]),
    ("de", &["de1", "de2", "de3", "de4", "de5", "de6", "de7"]),
    ("fr", &["fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7"]),
    ("it", &["it3"]),
    ("pt-br", &["br1", "br2", "br3", "br4"]),
    ("pl", &["pl1"]),
    ("tr", &["tr1", "tr2"]),
    ("ar", &["ar1", "ar2"]),
    ("ja", &["jp1", "jp2", "jp3"]),
    ("sv", &["sw1", "sw2"]),
    ("pt", &["pt1"]),
    ("ro", &["ro1"]),
    ("hr", &["cr1"]),
    ("et", &["ee1"]),
    ("id", &["id1"]),
    ("la", &["la1"]),
    ("ca", &["ca1", "ca2"]),
];

/// About `minutes` of speech of a split, its installed voices in turn; nothing where none is installed.
pub fn takes(split: Split, minutes: f32, seed: u64) -> Result<Vec<Take>> {
    let mut synthesiser = Synthesiser::load()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let voices = installed(split, &synthesiser)?;
    let count = if voices.is_empty() { 0 } else { (60.0 * minutes / UTTERANCE).ceil() as usize };
    let mut spoken = Vec::new();
    for n in 0..count {
        crate::interrupt::check()?;
        let (voice, language) = &voices[n % voices.len()];
        let manner = Manner::draw(voice.clone(), &mut rng);
        let text = language.utterance(&mut rng);
        let said = synthesiser.say(&text, &manner)?;
        spoken.push((voice.clone(), text, said));
    }
    spoken.into_par_iter().map(|(voice, text, said)| said.take(Source::Diphones, split, &voice, text)).collect()
}

/// The random stream of the draws.
const STREAM: u64 = 13;

/// Voices of a split as espeak-ng calls them, with what they speak.
fn installed(split: Split, synthesiser: &Synthesiser) -> Result<Vec<(String, &'static Language)>> {
    let mut voices = Vec::new();
    for (spoken, names) in &VOICES {
        let mut languages = LANGUAGES.iter().chain(&MORE);
        let Some(language) = languages.find(|language| language.voice == *spoken && language.split == split) else { continue };
        for name in *names {
            let voice = format!("mb-{name}");
            if synthesiser.has(&voice)? {
                voices.push((voice, language));
            }
        }
    }
    Ok(voices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::phones::Class;

    #[test]
    fn every_voice_has_a_language_and_none_is_in_two_splits() {
        let known = |spoken: &str| LANGUAGES.iter().chain(&MORE).any(|l| l.voice == spoken && l.split != Split::Test);
        assert!(VOICES.iter().all(|(spoken, names)| known(spoken) && !names.is_empty()));
        let mut names: Vec<&str> = VOICES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn recorded_voices_say_the_same_again_with_phones_in_time() {
        let takes = match takes(Split::Train, 2.0, 5) {
            Err(e) => return eprintln!("SKIPPED: {e}"),
            Ok(takes) if takes.is_empty() => return eprintln!("SKIPPED: no voices of MBROLA are installed"),
            Ok(takes) => takes,
        };
        let again = super::takes(Split::Train, 2.0, 5).unwrap();
        assert!(takes.iter().zip(&again).all(|(a, b)| a.name == b.name && a.phones == b.phones && a.samples == b.samples));
        let levels = |class: Class| -> Vec<f32> {
            takes.iter().flat_map(|t| (0..t.frames).filter(|n| t.phones[2 * n] == class as u8).map(|n| t.prosody.level[n])).collect()
        };
        let (open, stop) = (levels(Class::Open), levels(Class::BilabialStop));
        assert!(open.len() > 20 && stop.len() > 20);
        assert!(crate::statistics::mean(&open) > crate::statistics::mean(&stop) + 0.1);
    }
}
