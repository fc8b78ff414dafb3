//! Is what is said heard? Classes of phones against labels of people, frame by frame.

use super::emotion::Figure;
use crate::Result;
use crate::speech::content::ContentEncoder;
use crate::speech::phones::Class;
use crate::statistics::mean;
use crate::train::data::{self, Source, Split, Take};
use crate::train::voices::Corpus;
use crate::train::{diphones, transcripts};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

/// Speakers whom the encoder never heard, and who labelled them. The machine's labels of RAVDESS are late: the level of the sound at its
/// stops, which should be low, tells. So its texts are aligned with what is heard as well: how well the two go together, no labels of people.
const SETS: [(Source, Split, &str); 3] = [
    (Source::EmoDb, Split::Test, "EmoDb, labelled by hand"),
    (Source::Diphones, Split::Validation, "Swedish in diphones of people"),
    (Source::Ravdess, Split::Validation, "Ravdess, labelled by machine"),
];
/// Minutes of diphones.
const DIPHONES: f32 = 3.0;

/// Figures of every set: frames, 60 a second, whose class is the likeliest, and how loud their stops are. Sets that are not here are named
/// in `missing`.
pub fn phones(content: &ContentEncoder, root: &Path, missing: &mut Vec<String>) -> Result<Vec<Figure>> {
    let mut takes = data::phones(root)?;
    takes.extend(diphones::takes(Split::Validation, DIPHONES, 1).unwrap_or_default());
    let of = |source: Source, split: Split| -> Vec<&Take> { takes.iter().filter(|t| t.source == source && t.split == split).collect() };
    let aligned = aligned(content, &of(Source::Ravdess, Split::Validation))?;
    let sets = SETS.map(|(source, split, name)| (of(source, split), name));
    let (here, absent): (Vec<_>, Vec<_>) =
        sets.into_iter().chain([(aligned.iter().collect(), "Ravdess, by forced alignment")]).partition(|(unseen, _)| !unseen.is_empty());
    missing.extend(absent.into_iter().map(|(_, name)| format!("phones of {name}: recordings, espeak-ng or mbrola's voices are missing")));
    here.into_iter().flat_map(|(unseen, name)| [told_of(content, &unseen, name), Ok(level_of(&unseen, name))]).collect()
}

/// Classes of the phones of clips by name, 60 a second.
pub type Labelled = HashMap<String, Vec<u8>>;

/// The phones of all clips of EmoDB by hand, or of RAVDESS by forced alignment; none where recordings or a synthesiser are missing.
pub fn labelled(content: &ContentEncoder, root: &Path, corpus: Corpus) -> Result<Labelled> {
    let source = if corpus == Corpus::EmoDb { Source::EmoDb } else { Source::Ravdess };
    let takes = data::phones(root)?;
    let takes: Vec<&Take> = takes.iter().filter(|take| take.source == source).collect();
    let named = |take: &Take| (take.name.clone(), take.phones.clone());
    Ok(match source {
        Source::EmoDb => takes.into_iter().map(named).collect(),
        _ => aligned(content, &takes)?.iter().map(named).collect(),
    })
}

/// The takes with their phones as they lie in their texts by what is heard; none where no synthesiser tells how words are pronounced.
pub fn aligned(content: &ContentEncoder, takes: &[&Take]) -> Result<Vec<Take>> {
    let mut takes: Vec<Take> = takes.iter().map(|take| Take { phones: Vec::new(), ..(*take).clone() }).collect();
    if transcripts::pronounce(&mut takes).is_err() {
        return Ok(Vec::new());
    }
    let align = |take: Take| Ok(Take { phones: transcripts::align(&take, &content.encode(&take.mel, take.frames)?.classes), ..take });
    takes.into_par_iter().map(align).collect()
}

/// Share of the frames of speech that are told, beside the share of the commonest class.
fn told_of(content: &ContentEncoder, unseen: &[&Take], name: &str) -> Result<Figure> {
    let told = |take: &&Take| Ok(take.told(&content.encode(&take.mel, take.frames)?.classes));
    let frames: Vec<(u8, bool)> = unseen.par_iter().map(told).collect::<Result<Vec<_>>>()?.concat();
    let share = |counts: &dyn Fn(&(u8, bool)) -> bool| frames.iter().filter(|f| counts(f)).count() as f32 / frames.len().max(1) as f32;
    let commonest = (0..Class::COUNT as u8).map(|class| share(&|f| f.0 == class)).fold(0.0, f32::max);
    Ok(Figure { what: format!("{} phone classes, frames of {name}", Class::COUNT - 1), value: share(&|f| f.1), chance: commonest })
}

/// How loud p and b are labelled, against all that is spoken.
fn level_of(takes: &[&Take], name: &str) -> Figure {
    let levels = |of: &dyn Fn(Class) -> bool| -> Vec<f32> {
        let is = |k: usize, take: &Take| take.phones.get(k).and_then(|class| Class::from_index(*class)).is_some_and(of);
        takes.iter().flat_map(|take| (0..take.frames).filter(move |n| is(2 * n, take)).map(|n| take.prosody.level[n])).collect()
    };
    let (stops, spoken) = (levels(&|c| c == Class::BilabialStop), levels(&|c| c != Class::Silence));
    Figure { what: format!("level of the sound where p b are labelled, {name}"), value: mean(&stops), chance: mean(&spoken) }
}
