//! Speech of four recorded English voices with exact phone times, by Flite (Black and Lenzo 2001, "Flite: a small fast run-time synthesis
//! engine"): voices whose terms allow any use.
//!
//! The library and its voices are loaded when they are asked for (Debian's `libflite1`); where they are missing, there are no takes. The same
//! seed says the same with the same phones; only the noise in the voices is drawn by the library.

use super::data::{self, Source, Span, Split, Take};
use super::sentences::LANGUAGES;
use super::synthesis::UTTERANCE;
use crate::audio::Recording;
use crate::speech::phones::Class;
use crate::{Error, Result};
use libloading::{Library, Symbol};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::ffi::{CStr, CString, c_char, c_float, c_int, c_short, c_void};

const LIBRARY: &str = "libflite.so.1";
const VOICES: [&str; 4] = ["awb", "kal16", "rms", "slt"];
/// What all of them say.
const LANGUAGE: &str = "en-us";

/// `cst_voice` of `cst_voice.h`, as far as it is needed.
#[repr(C)]
struct Voice {
    name: *const c_char,
    features: *mut c_void,
}

/// `cst_wave` of `cst_wave.h`.
#[repr(C)]
struct Wave {
    kind: *const c_char,
    rate: c_int,
    count: c_int,
    channels: c_int,
    samples: *const c_short,
}

/// A voice, loaded. Its library stays loaded for as long as the voice is used, and Flite's below it.
struct Speaker {
    name: &'static str,
    voice: *mut Voice,
    _library: Library,
}

struct Said {
    samples: Vec<f32>,
    rate: u32,
    spans: Vec<Span>,
}

/// About `minutes` of speech, the voices in turn; nothing where Flite is not installed.
pub fn takes(minutes: f32, seed: u64) -> Result<Vec<Take>> {
    // SAFETY: a known system library, whose initialisers do nothing unusual.
    let Ok(flite) = (unsafe { Library::new(LIBRARY) }) else { return Ok(Vec::new()) };
    // SAFETY: name and type as in flite.h.
    unsafe { symbol::<unsafe extern "C" fn() -> c_int>(&flite, "flite_init")?() };
    let speakers: Vec<Speaker> = VOICES.iter().filter_map(|name| load(name)).collect();
    let language = LANGUAGES.iter().find(|language| language.voice == LANGUAGE);
    let (Some(language), false) = (language, speakers.is_empty()) else { return Ok(Vec::new()) };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let mut spoken = Vec::new();
    for n in 0..(60.0 * minutes / UTTERANCE).ceil() as usize {
        crate::interrupt::check()?;
        let speaker = &speakers[n % speakers.len()];
        let text = language.utterance(&mut rng);
        let (slower, higher) = (rng.random_range(0.7..1.3), rng.random_range(0.8..1.3));
        spoken.push((speaker.name, say(&flite, speaker, &text, slower, higher)?, text));
    }
    let take = |(voice, said, text): (&str, Said, String)| -> Result<Take> {
        let recording = Recording { samples: said.samples.into(), rate: said.rate, channels: 1, missing: 0.0 };
        Ok(data::spoken(Source::Flite, Split::Train, voice, text, &recording)?.label(&said.spans))
    };
    spoken.into_par_iter().map(take).collect()
}

/// The random stream of the draws.
const STREAM: u64 = 14;

fn load(name: &'static str) -> Option<Speaker> {
    // SAFETY: as above; the name and type of the function as in the voice's header.
    unsafe {
        let library = Library::new(format!("libflite_cmu_us_{name}.so.1")).ok()?;
        let register = symbol::<unsafe extern "C" fn(*const c_char) -> *mut Voice>(&library, &format!("register_cmu_us_{name}")).ok()?;
        let voice = register(std::ptr::null());
        (!voice.is_null()).then_some(Speaker { name, voice, _library: library })
    }
}

fn say(flite: &Library, speaker: &Speaker, text: &str, slower: f32, higher: f32) -> Result<Said> {
    type Set = unsafe extern "C" fn(*mut c_void, *const c_char, c_float);
    type Synth = unsafe extern "C" fn(*const c_char, *mut Voice) -> *mut c_void;
    type WaveOf = unsafe extern "C" fn(*mut c_void) -> *const Wave;
    type Relation = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;
    type Step = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
    type Name = unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_char;
    type Number = unsafe extern "C" fn(*mut c_void, *const c_char) -> c_float;
    type Delete = unsafe extern "C" fn(*mut c_void);
    let words = CString::new(text).map_err(|_| failed(text))?;
    // SAFETY: names and types as in Flite's headers. The voice lives as long as its speaker; the utterance, its wave and its segments until
    // it is deleted, and all that is kept of them is copied before.
    unsafe {
        let set: Symbol<Set> = symbol(flite, "feat_set_float")?;
        set((*speaker.voice).features, c"duration_stretch".as_ptr(), slower);
        set((*speaker.voice).features, c"f0_shift".as_ptr(), higher);
        let utterance = symbol::<Synth>(flite, "flite_synth_text")?(words.as_ptr(), speaker.voice);
        if utterance.is_null() {
            return Err(failed(text));
        }
        let wave = symbol::<WaveOf>(flite, "utt_wave")?(utterance).as_ref().ok_or_else(|| failed(text))?;
        let samples = std::slice::from_raw_parts(wave.samples, wave.count as usize).iter().map(|s| f32::from(*s) / 32768.0).collect();
        let (next, name, number): (Symbol<Step>, Symbol<Name>, Symbol<Number>) =
            (symbol(flite, "item_next")?, symbol(flite, "item_feat_string")?, symbol(flite, "item_feat_float")?);
        let segments = symbol::<Relation>(flite, "utt_relation")?(utterance, c"Segment".as_ptr());
        let mut segment = symbol::<Step>(flite, "relation_head")?(segments);
        let (mut spans, mut start) = (Vec::new(), 0.0);
        while !segment.is_null() {
            let phone = CStr::from_ptr(name(segment, c"name".as_ptr())).to_string_lossy().to_ascii_uppercase();
            let end = f64::from(number(segment, c"end".as_ptr()));
            spans.push(Span { start, end, class: Class::from_arpabet(&phone) });
            (start, segment) = (end, next(segment));
        }
        let said = Said { samples, rate: wave.rate as u32, spans };
        symbol::<Delete>(flite, "delete_utterance")?(utterance);
        Ok(said)
    }
}

/// # Safety
/// `T` must be the symbol's type.
unsafe fn symbol<'a, T>(library: &'a Library, name: &str) -> Result<Symbol<'a, T>> {
    // SAFETY: passed on.
    unsafe { library.get(name.as_bytes()) }.map_err(|_| Error::Unsupported {
        what: format!("{LIBRARY} or a voice of it has no function {name}"),
        hint: "install Flite 2.2 or newer: apt install libflite1".into(),
    })
}

fn failed(text: &str) -> Error {
    Error::Unsupported { what: format!("Flite could not say \"{text}\""), hint: "reinstall it: apt install libflite1".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_voices_say_the_same_again_with_phones_in_time() {
        let takes = takes(0.5, 5).unwrap();
        if takes.is_empty() {
            return eprintln!("SKIPPED: {LIBRARY} and its voices are not installed");
        }
        let again = super::takes(0.5, 5).unwrap();
        assert!(takes.iter().zip(&again).all(|(a, b)| a.name == b.name && a.phones == b.phones));
        let levels = |of: &dyn Fn(Class) -> bool| -> Vec<f32> {
            let is = |class: u8| Class::from_index(class).is_some_and(of);
            takes.iter().flat_map(|t| (0..t.frames).filter(|n| is(t.phones[2 * n])).map(|n| t.prosody.level[n])).collect()
        };
        let (open, silent) = (levels(&|c| c == Class::Open), levels(&|c| c == Class::Silence));
        assert!(open.len() > 20 && silent.len() > 20);
        assert!(crate::statistics::mean(&open) > crate::statistics::mean(&silent) + 0.3);
    }
}
