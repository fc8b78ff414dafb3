//! Takes of long recordings: performed in parts, each kept until the whole is written.

use super::messages::Messages;
use super::take::{self, Arguments, Take};
use crate::audio::{Reel, SPEECH_RATE, Speech};
use crate::batch::journal::{self, Written};
use crate::body;
use crate::direction::Plan;
use crate::direction::auto::{self, Heard};
use crate::direction::reference::Feeling;
use crate::emotion::EMOTION;
use crate::emotion::voice::Usual;
use crate::models::Models;
use crate::motion::Performance;
use crate::perform::long::{Parts, Shelf, over_parts, perform_parts};
use crate::perform::{self, Options};
use crate::speech::transcript::Word;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What [`Arguments::perform_as`] does, for a recording on a reel.
pub fn perform(arguments: &Arguments, seed: u64, take: &mut Take, reel: &Reel, messages: &Messages) -> Result<()> {
    let frames = Performance::frames_for(reel.seconds, body::RATE);
    let parts = Parts::of(frames, arguments.part as usize * body::RATE as usize);
    let mut stage = messages.stage("perform", parts.count());
    let direction = &take.emotion.direction;
    // Words are looked for in the whole recording, since they may be anywhere in it.
    let speech = if take.transcript.is_some() { reel.whole() } else { Speech::default() };
    let words = take::words(&arguments.weights.model, take.transcript.as_ref(), &speech)?;
    let listen = || hear(&arguments.weights.model, reel, &parts, take.usual.as_ref(), &words, messages);
    take.heard = direction.listens().then(listen).transpose()?;
    take.plan = direction.plan(reel.seconds, frames, take.heard.as_ref().map_or(&[], |heard| &heard.course));
    take.plan.words = words;
    perform::place(&mut take.plan, &take.library, &speech, seed)?;
    drop(speech);
    take.tell_gestures(messages);
    let options = Options { seed, quality: arguments.quality.into() };
    let shelf = shelf(arguments, reel, &take.plan, options, &parts)?;
    let performed = perform_parts(&arguments.weights.model, reel, &take.plan, options, (&parts, &shelf), &mut |done| stage.reached(done))?;
    take.performance = performed.into_rate(arguments.fps.0)?;
    take.plan.given.iter().try_for_each(|excerpt| excerpt.hold(&mut take.performance))?;
    take.shelf = shelf;
    take.timings.set("perform", stage.finish());
    Ok(())
}

/// The feeling in the voice and in the words, as [`take::hear`] finds it.
fn hear(models: &Models, reel: &Reel, parts: &Parts, usual: Option<&Usual>, words: &[Word], messages: &Messages) -> Result<Heard> {
    let ear = models.voice()?;
    let mut mean = [0.0; EMOTION];
    let course = over_parts(reel, parts, |speech| {
        let feeling = Feeling::of(speech, &ear, usual)?;
        let share = (speech.seconds / reel.seconds) as f32;
        mean.iter_mut().zip(feeling.mean).for_each(|(mean, own)| *mean += share * own);
        Ok(feeling.course)
    })?;
    let heard = auto::with_words(&ear, course, &mean, words);
    take::tell(&heard, messages);
    Ok(heard)
}

/// Where finished parts are kept: a hidden folder beside the first output, named after everything that they come from.
fn shelf(arguments: &Arguments, reel: &Reel, plan: &Plan, options: Options, parts: &Parts) -> Result<Shelf> {
    let mut hash = Hashed(Sha256::new());
    hash.0.update(journal::program()?);
    for block in reel.samples.blocks(60 * SPEECH_RATE as usize) {
        hash.0.update(bytemuck::cast_slice::<f32, u8>(block));
    }
    if let Models::Folder(folder) = &arguments.weights.model {
        write!(hash, "{:?}", Written::of(folder)?).map_err(|e| Error::malformed("weights", e.to_string()))?;
    }
    // Every number is written in full.
    write!(hash, "{:?} {} {plan:?} {options:?} {parts:?}", arguments.weights.model, reel.seconds)
        .map_err(|e| Error::malformed("plan", e.to_string()))?;
    open(arguments, hash)
}

/// Where pictures of motion that exists are kept, which come from what `look` says in full; nowhere where it is short.
pub fn pictures(arguments: &Arguments, seconds: f64, look: impl FnOnce() -> Result<String>) -> Result<Shelf> {
    // Standard input cannot be read twice, to tell it from another.
    if seconds < 2.0 * f64::from(arguments.part) || arguments.input.as_deref() == Some(Path::new("-")) {
        return Ok(Shelf::none());
    }
    let mut hash = Hashed(Sha256::new());
    hash.0.update(journal::program()?);
    hash.0.update(look()?);
    open(arguments, hash)
}

fn open(arguments: &Arguments, hash: Hashed) -> Result<Shelf> {
    let name: String = hash.0.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let beside = arguments.outputs.first().map_or(Path::new("."), PathBuf::as_path);
    let folder = beside.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Shelf::open(&folder.join(format!("{PREFIX}{name}")))
}

/// How the folders of finished parts are called.
const PREFIX: &str = crate::batch::staging::PARTS;

/// Takes text into a hash.
struct Hashed(Sha256);

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}
