//! Speech with exact phone times, synthesised by espeak-ng in twenty languages and some thirty voices.
//!
//! The library is loaded when it is asked for (Debian's `libespeak-ng1` and `espeak-ng-data`), so that gestus itself neither
//! links it nor needs it to run. It reports every phone with its start in the International Phonetic Alphabet. Pitch, its
//! range, speed and voice quality are drawn for each utterance; rooms, microphones and telephones come with
//! [`super::augment`]. The same seed says the same things in the same voices with the same phones; only the hiss of their breath differs, which
//! the library draws by itself.

use super::data::{Source, Span, Split, Take, spoken};
use super::sentences::LANGUAGES;
use crate::audio::Recording;
use crate::speech::phones::Class;
use crate::{Error, Result};
use libloading::{Library, Symbol};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::ffi::{CStr, CString, c_char, c_int, c_short, c_uint, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

const LIBRARY: &str = "libespeak-ng.so.1";

/// Voices that sound like people, by espeak-ng's names of variants; the last few are kept for judging.
const VARIANTS: [&str; 30] = [
    "m1", "m2", "m3", "m4", "m5", "m6", "f1", "f2", "f3", "f4", "klatt", "klatt2", "klatt4", "croak", "whisper", "Alex", "Annie",
    "belinda", "benjamin", "boris", "david", "edward", "grandma", "grandpa", "linda", "michael", "m7", "m8", "f5", "klatt3",
];
const KEPT: usize = 4;

/// Seconds of one utterance, about: what a share of minutes is counted in.
pub(super) const UTTERANCE: f32 = 4.0;

/// What one call of the synthesiser gave.
#[derive(Default)]
pub(super) struct Said {
    samples: Vec<f32>,
    /// Samples a second.
    rate: u32,
    /// Start in milliseconds and IPA name of every phone.
    phones: Vec<(i32, String)>,
}

/// The library speaks through a callback without a state of its own; the lock also keeps callers apart.
static SAID: Mutex<Option<Said>> = Mutex::new(None);

/// `espeak_EVENT` of `speak_lib.h`, revision 12.
#[repr(C)]
struct Event {
    kind: c_int,
    identifier: c_uint,
    text_position: c_int,
    length: c_int,
    /// Milliseconds from the start of the utterance.
    audio_position: c_int,
    sample: c_int,
    user_data: *mut c_void,
    /// A phone's name, cut at eight bytes.
    name: [u8; 8],
}

const END_OF_LIST: c_int = 0;
const PHONEME: c_int = 7;

/// Collects sound and phones; the library owns both buffers and they hold for the call.
unsafe extern "C" fn collect(samples: *mut c_short, count: c_int, mut event: *mut Event) -> c_int {
    let Ok(mut said) = SAID.lock() else { return 1 };
    let Some(said) = said.as_mut() else { return 1 };
    if !samples.is_null() && count > 0 {
        // SAFETY: the library gives `count` samples at this address.
        let samples = unsafe { std::slice::from_raw_parts(samples, count as usize) };
        said.samples.extend(samples.iter().map(|s| f32::from(*s) / 32768.0));
    }
    // SAFETY: the list of events ends with one of kind 0.
    while let Some(e) = unsafe { event.as_ref() }.filter(|e| e.kind != END_OF_LIST) {
        if e.kind == PHONEME {
            let length = e.name.iter().position(|b| *b == 0).unwrap_or(e.name.len());
            said.phones.push((e.audio_position, String::from_utf8_lossy(&e.name[..length]).into_owned()));
        }
        // SAFETY: the end of the list has not been reached.
        event = unsafe { event.add(1) };
    }
    0
}

/// How an utterance is spoken.
pub(super) struct Manner {
    pub voice: String,
    /// Words a minute.
    pub rate: i32,
    /// 0..=100 of the voice's own.
    pub pitch: i32,
    pub range: i32,
}

impl Manner {
    pub fn draw(voice: String, rng: &mut impl Rng) -> Manner {
        Manner { voice, rate: rng.random_range(100..240), pitch: rng.random_range(15..85), range: rng.random_range(20..90) }
    }
}

/// espeak-ng, loaded. One at a time: the library has one state for the whole process, so that a second waits for the first.
pub struct Synthesiser {
    library: Library,
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

/// `AUDIO_OUTPUT_SYNCHRONOUS`, phoneme events with IPA names, and no exit when data is missing.
const SYNCHRONOUS: c_int = 2;
const OPTIONS: c_int = 0x0001 | 0x0002 | 0x8000;
const UTF8: c_uint = 1;
const RATE: c_int = 1;
const PITCH: c_int = 3;
const RANGE: c_int = 4;
/// Phones in the International Phonetic Alphabet with this between them.
const APART: char = '_';
const IPA_APART: c_int = 2 | (APART as c_int) << 8;

impl Synthesiser {
    /// # Errors
    /// [`Error::Unsupported`] where the library or its data is not installed.
    pub fn load() -> Result<Synthesiser> {
        let missing = |what: String| Error::Unsupported {
            what,
            hint: "install it: apt install libespeak-ng1 espeak-ng-data; or train without it: --synthetic-minutes 0".into(),
        };
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: a known system library, whose initialisers do nothing unusual.
        let library =
            unsafe { Library::new(LIBRARY) }.map_err(|_| missing(format!("the speech synthesiser {LIBRARY} is not installed")))?;
        type Initialise = unsafe extern "C" fn(c_int, c_int, *const c_char, c_int) -> c_int;
        type SetCallback = unsafe extern "C" fn(unsafe extern "C" fn(*mut c_short, c_int, *mut Event) -> c_int);
        // SAFETY: names and types as in speak_lib.h.
        let rate = unsafe {
            let initialise: Symbol<Initialise> = symbol(&library, b"espeak_Initialize")?;
            let rate = initialise(SYNCHRONOUS, 0, std::ptr::null(), OPTIONS);
            let set_callback: Symbol<SetCallback> = symbol(&library, b"espeak_SetSynthCallback")?;
            set_callback(collect);
            rate
        };
        if rate > 0 {
            Ok(Synthesiser { library, _alone: alone })
        } else {
            Err(missing("the speech synthesiser espeak-ng finds no data".into()))
        }
    }

    /// Whether a voice is installed.
    pub(super) fn has(&self, voice: &str) -> Result<bool> {
        Ok(self.set_voice(voice)? == 0)
    }

    /// Speaks in a voice from now on; not 0 where there is none of that name.
    fn set_voice(&self, voice: &str) -> Result<c_int> {
        type SetVoice = unsafe extern "C" fn(*const c_char) -> c_int;
        let name = CString::new(voice).map_err(|_| failed(voice))?;
        // SAFETY: name and type as in speak_lib.h; the string outlives the call.
        unsafe { Ok(symbol::<SetVoice>(&self.library, b"espeak_SetVoiceByName")?(name.as_ptr())) }
    }

    pub(super) fn say(&mut self, text: &str, manner: &Manner) -> Result<Said> {
        type SetParameter = unsafe extern "C" fn(c_int, c_int, c_int) -> c_int;
        type SampleRate = unsafe extern "C" fn() -> c_int;
        type Synth = unsafe extern "C" fn(*const c_void, usize, c_uint, c_int, c_uint, c_uint, *mut c_uint, *mut c_void) -> c_int;
        let words = CString::new(text).map_err(|_| failed(text))?;
        let mut status = self.set_voice(&manner.voice)?;
        let poisoned = |_| failed(text);
        *SAID.lock().map_err(poisoned)? = Some(Said::default());
        // SAFETY: names and types as in speak_lib.h; the text outlives the call, which returns when all is said.
        let rate = unsafe {
            let set_parameter: Symbol<SetParameter> = symbol(&self.library, b"espeak_SetParameter")?;
            let synth: Symbol<Synth> = symbol(&self.library, b"espeak_Synth")?;
            for (parameter, value) in [(RATE, manner.rate), (PITCH, manner.pitch), (RANGE, manner.range)] {
                status |= set_parameter(parameter, value, 0);
            }
            let (null, no_data) = (std::ptr::null_mut(), std::ptr::null_mut());
            status |= synth(words.as_ptr().cast(), words.as_bytes_with_nul().len(), 0, 1, 0, UTF8, null, no_data);
            // A voice may bring its own.
            let sample_rate: Symbol<SampleRate> = symbol(&self.library, b"espeak_ng_GetSampleRate")?;
            sample_rate()
        };
        let said = SAID.lock().map_err(|_| failed(text))?.take().filter(|s| status == 0 && rate > 0 && !s.samples.is_empty());
        said.map(|said| Said { rate: rate as u32, ..said }).ok_or_else(|| failed(&manner.voice))
    }

    /// How the words of a text are pronounced in a language.
    pub fn pronounce(&mut self, language: &str, text: &str) -> Result<Vec<Vec<Option<Class>>>> {
        type TextToPhonemes = unsafe extern "C" fn(*mut *const c_void, c_int, c_int) -> *const c_char;
        let words = CString::new(text).map_err(|_| failed(text))?;
        if !self.has(language)? {
            return Err(failed(language));
        }
        let mut pronounced = String::new();
        // SAFETY: names and types as in speak_lib.h. Each call reads one clause and moves the pointer on, to nothing at the end; what it
        // returns holds until the next call.
        unsafe {
            let to_phonemes: Symbol<TextToPhonemes> = symbol(&self.library, b"espeak_TextToPhonemes")?;
            let mut rest = words.as_ptr().cast::<c_void>();
            while !rest.is_null() {
                let clause = to_phonemes(&mut rest, UTF8 as c_int, IPA_APART);
                if clause.is_null() {
                    break;
                }
                pronounced += &CStr::from_ptr(clause).to_string_lossy();
                pronounced.push(' ');
            }
        }
        Ok(words_of(&pronounced))
    }
}

impl Drop for Synthesiser {
    fn drop(&mut self) {
        type Terminate = unsafe extern "C" fn() -> c_int;
        // SAFETY: name and type as in speak_lib.h; nothing is being said.
        if let Ok(terminate) = unsafe { symbol::<Terminate>(&self.library, b"espeak_Terminate") } {
            // SAFETY: as above.
            unsafe { terminate() };
        }
    }
}

/// # Safety
/// `T` must be the symbol's type.
unsafe fn symbol<'a, T>(library: &'a Library, name: &[u8]) -> Result<Symbol<'a, T>> {
    // SAFETY: passed on.
    unsafe { library.get(name) }.map_err(|_| Error::Unsupported {
        what: format!("{LIBRARY} has no function {}", String::from_utf8_lossy(name)),
        hint: "install espeak-ng 1.50 or newer".into(),
    })
}

fn failed(what: &str) -> Error {
    Error::Unsupported { what: format!("espeak-ng could not say \"{what}\""), hint: "install espeak-ng-data with all its voices".into() }
}

/// Classes of the phones of every word; what the synthesiser remarks in brackets is no word.
fn words_of(pronounced: &str) -> Vec<Vec<Option<Class>>> {
    let spoken = |word: &str| -> Vec<Option<Class>> {
        let phones = word.split(APART).filter(|phone| phone.chars().any(char::is_alphabetic));
        let mut classes: Vec<Option<Class>> = phones.flat_map(Class::from_ipa).collect();
        classes.dedup();
        classes
    };
    let words = pronounced.split_whitespace().filter(|word| !word.starts_with('('));
    words.map(spoken).filter(|word| !word.is_empty()).collect()
}

/// Pauses shorter than this, in seconds, are part of a stop and no silence.
const SHORTEST_PAUSE: f64 = 0.06;

/// Phones with their times; what is long as one symbol but moves (diphthongs) is shared out evenly.
fn spans(said: &Said) -> Vec<Span> {
    let end = said.samples.len() as f64 / f64::from(said.rate);
    // Some voices leave out the pause at the start that they have announced.
    let announced = said.phones.last().map_or(0.0, |(start, _)| f64::from(*start) / 1000.0);
    let left_out = (announced - end).max(0.0);
    let starts = said.phones.iter().map(|(start, _)| f64::from(*start) / 1000.0 - left_out);
    let ends = starts.clone().skip(1).chain([end]);
    let mut spans = Vec::new();
    for ((start, end), (_, name)) in starts.zip(ends).zip(&said.phones) {
        let classes = Class::from_ipa(name);
        let pause = classes == [Some(Class::Silence)] && end - start < SHORTEST_PAUSE;
        let part = (end - start) / classes.len().max(1) as f64;
        for (i, class) in classes.into_iter().enumerate() {
            let from = start + i as f64 * part;
            spans.push(Span { start: from, end: from + part, class: class.filter(|_| !pause) });
        }
    }
    spans
}

/// About `minutes` of speech for training, and a tenth as much of languages and voices kept for choosing and for judging.
pub fn takes(minutes: f32, seed: u64) -> Result<Vec<Take>> {
    let mut synthesiser = Synthesiser::load()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let mut spoken = Vec::new();
    for (split, share) in [(Split::Train, 1.0), (Split::Validation, 0.1), (Split::Test, 0.1)] {
        let languages: Vec<_> = LANGUAGES.iter().filter(|l| l.split == split).collect();
        let (heard, kept) = VARIANTS.split_at(VARIANTS.len() - KEPT);
        let variants = if split == Split::Train { heard } else { kept };
        for n in 0..(60.0 * minutes * share / UTTERANCE).ceil() as usize {
            crate::interrupt::check()?;
            let language = languages[n % languages.len()];
            let variant = variants.choose(&mut rng).copied().unwrap_or_default();
            let manner = Manner::draw(format!("{}+{variant}", language.voice), &mut rng);
            let text = language.utterance(&mut rng);
            let said = synthesiser.say(&text, &manner)?;
            spoken.push((split, manner.voice, text, said));
        }
    }
    spoken.into_par_iter().map(|(split, voice, text, said)| said.take(Source::Synthetic, split, &voice, text)).collect()
}

/// The random stream of the synthesis.
const STREAM: u64 = 11;

impl Said {
    pub fn take(self, source: Source, split: Split, voice: &str, text: String) -> Result<Take> {
        let spans = spans(&self);
        let recording = Recording { samples: self.samples.into(), rate: self.rate, channels: 1, missing: 0.0 };
        Ok(spoken(source, split, voice, text, &recording)?.label(&spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pronunciations_are_words_of_classes() {
        use Class::*;
        let words = words_of("(en) b_ˈɪ_n (pl) p_f_ˈaɪ ,");
        assert_eq!(
            words,
            [
                vec![Some(BilabialStop), Some(CloseFront), Some(AlveolarNasal)],
                vec![Some(BilabialStop), Some(Labiodental), Some(Open), Some(CloseFront)]
            ]
        );
        match Synthesiser::load() {
            Err(e) => eprintln!("SKIPPED: {e}"),
            Ok(mut synthesiser) => {
                assert_eq!(synthesiser.pronounce("en-us", "bin, bin").unwrap(), [words[0].clone(), words[0].clone()]);
                assert!(synthesiser.pronounce("en-us", "").unwrap().is_empty());
            }
        }
    }

    #[test]
    fn the_same_seed_says_the_same_with_phones_in_time() {
        if let Err(e) = Synthesiser::load() {
            return eprintln!("SKIPPED: {e}");
        }
        let (takes, again) = (takes(2.0, 5).unwrap(), super::takes(2.0, 5).unwrap());
        assert!(takes.len() >= 30 && takes.iter().zip(&again).all(|(a, b)| a.name == b.name && a.phones == b.phones));
        // Sound and labels agree: where silence is labelled it is quiet, where an open vowel is, it is loud.
        let mean = |class: Class| {
            let levels: Vec<f32> =
                takes.iter().flat_map(|t| (0..t.frames).filter(|n| t.phones[2 * n] == class as u8).map(|n| t.prosody.level[n])).collect();
            assert!(levels.len() > 20, "{class:?}");
            levels.iter().sum::<f32>() / levels.len() as f32
        };
        assert!(mean(Class::Open) > mean(Class::BilabialStop) + 0.1 && mean(Class::BilabialStop) > mean(Class::Silence) + 0.1);
    }
}
