//! Is what is said heard? Classes of phones against labels of people, frame by frame.

use super::emotion::Figure;
use crate::Result;
use crate::speech::content::ContentEncoder;
use crate::speech::phones::Class;
use crate::train::data::{self, Source, Split, Take};
use rayon::prelude::*;
use std::path::Path;

/// Speakers whom the encoder never heard, and who labelled them.
const SETS: [(Source, Split, &str); 2] =
    [(Source::EmoDb, Split::Test, "EmoDb, labelled by hand"), (Source::Ravdess, Split::Validation, "Ravdess, labelled by machine")];

/// Share of the frames of speech, 60 a second, whose class is the likeliest, beside the share of the commonest class.
pub fn phones(content: &ContentEncoder, root: &Path) -> Result<Vec<Figure>> {
    let takes = data::phones(root)?;
    SETS.iter()
        .map(|(source, split, name)| {
            let unseen: Vec<&Take> = takes.iter().filter(|t| t.source == *source && t.split == *split).collect();
            let frames: Vec<(u8, bool)> = unseen.par_iter().map(|take| told(content, take)).collect::<Result<Vec<_>>>()?.concat();
            let share =
                |counts: &dyn Fn(&(u8, bool)) -> bool| frames.iter().filter(|f| counts(f)).count() as f32 / frames.len().max(1) as f32;
            let commonest = (0..Class::COUNT as u8).map(|class| share(&|f| f.0 == class)).fold(0.0, f32::max);
            Ok(Figure { what: format!("{} phone classes, frames of {name}", Class::COUNT - 1), value: share(&|f| f.1), chance: commonest })
        })
        .collect()
}

/// The class of every labelled frame of speech, and whether it was told.
fn told(content: &ContentEncoder, take: &Take) -> Result<Vec<(u8, bool)>> {
    let heard = content.encode(&take.mel, take.frames)?.classes;
    let labelled = take.phones.iter().zip(&heard).filter(|(class, _)| Class::from_index(**class).is_some_and(|c| c != Class::Silence));
    Ok(labelled.map(|(class, row)| (*class, row.iter().all(|p| *p <= row[usize::from(*class)]))).collect())
}
