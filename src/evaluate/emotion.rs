//! The ear for feelings on actors it never heard, and what else the latents give away.

use super::phones::Labelled;
use super::probe::Probe;
use crate::Result;
use crate::audio::features::{BANDS, Mel};
use crate::emotion::voice::{Passage, VoiceEncoder, class_point};
use crate::speech::content::ContentEncoder;
use crate::speech::phones::Class;
use crate::train::data::Split;
use crate::train::emotion::{accuracy, tell};
use crate::train::voices::{Corpus, Spoken, clips};
use rayon::prelude::*;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// Clips of a speaker that tell the usual manner of the voice.
const REFERENCES: usize = 10;
/// Arousal midway between neutral and the least aroused of the aroused labels.
const AROUSED: f32 = 0.17;
/// Penalty of the probes, in rows.
const RIDGE: f64 = 30.0;

/// A figure beside what guessing gives.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub what: String,
    pub value: f32,
    pub chance: f32,
}

/// What `gestus evaluate emotion` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub figures: Vec<Figure>,
    /// Of 100 clips of each class of RAVDESS, how many were told as which, beside ten other clips.
    pub confusion: Vec<Vec<f32>>,
    /// What could not be judged here, and why.
    pub missing: Vec<String>,
}

/// Judges on the unseen actors of all corpora under `root`.
pub fn evaluate(voice: &VoiceEncoder, content: &ContentEncoder, root: &Path) -> Result<Report> {
    let clips = Spoken::all(clips(root)?, content)?;
    let (mut figures, mut confusion, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |what: String, value: f32, chance: f32| figures.push(Figure { what, value, chance });
    for corpus in Corpus::ALL {
        let unseen: Vec<&Spoken> = clips.iter().filter(|c| c.clip.corpus == corpus && c.clip.split == Split::Test).collect();
        if unseen.is_empty() {
            continue;
        }
        let (n, chance) = (corpus.classes().len(), 1.0 / corpus.classes().len() as f32);
        for (how, references) in [("from one clip", 0), ("beside ten other clips", REFERENCES)] {
            let told = tell(voice, &unseen, references)?;
            add(format!("{corpus:?}, {n} classes, {how}"), accuracy(&told, &unseen), chance);
            let aroused = |spoken: &Spoken| class_point(spoken.clip.class)[1] > AROUSED;
            let right = told.iter().zip(&unseen).filter(|(t, c)| (t.point[1] > AROUSED) == aroused(c)).count();
            let share = unseen.iter().filter(|c| aroused(c)).count() as f32 / unseen.len() as f32;
            add(format!("{corpus:?}, high or low arousal, {how}"), right as f32 / unseen.len() as f32, share.max(1.0 - share));
            for (i, name) in ["valence", "arousal"].into_iter().enumerate() {
                let (guess, truth): (Vec<f32>, Vec<f32>) =
                    told.iter().zip(&unseen).map(|(t, c)| (t.point[i], class_point(c.clip.class)[i])).unzip();
                add(format!("{corpus:?}, R2 of {name}, {how}"), explained(&guess, &truth), 0.0);
            }
            if corpus == Corpus::Ravdess && references > 0 {
                confusion = table(&told.iter().map(|t| t.class).collect::<Vec<_>>(), &unseen, n);
            }
        }
    }
    super::phones::phones(content, root, &mut missing)?.into_iter().for_each(|figure| add(figure.what, figure.value, figure.chance));
    for corpus in [Corpus::Ravdess, Corpus::EmoDb] {
        let acted: Vec<&Spoken> = clips.iter().filter(|c| c.clip.corpus == corpus).collect();
        let labelled = super::phones::labelled(content, root, corpus)?;
        if labelled.is_empty() {
            missing.push(format!("what the phones of {corpus:?} give away by themselves: recordings or espeak-ng are missing"));
        }
        for (name, latents) in latents(voice, content, &acted, &labelled)? {
            for (what, rows) in [(name.to_string(), &latents.clips), (format!("a frame of {name}"), &latents.frames)] {
                let [emotion, speaker] = given_away(&acted, rows);
                add(format!("linear probe, {corpus:?}, emotion of unseen actors from {what}"), emotion.0, emotion.1);
                add(format!("linear probe, {corpus:?}, speaker from {what}"), speaker.0, speaker.1);
            }
        }
    }
    Ok(Report { figures, confusion, missing })
}

/// How often a probe tells the emotion of actors whom it has not seen, and the speaker of clips that it has not, from rows of numbers of
/// each clip; each beside chance.
fn given_away(clips: &[&Spoken], rows: &[Vec<Vec<f32>>]) -> [(f32, f32); 2] {
    let told = |taught: &dyn Fn(usize) -> bool, class: &dyn Fn(usize) -> usize| {
        let part = |keep: bool| -> (Vec<Vec<f32>>, Vec<usize>) {
            let of = |i: usize| rows[i].iter().map(move |row| (row.clone(), class(i)));
            (0..clips.len()).filter(|i| taught(*i) == keep).flat_map(of).unzip()
        };
        let ((rows, classes), (unseen, truth)) = (part(true), part(false));
        Probe::fit(&rows, &classes, RIDGE).accuracy(&unseen, &truth)
    };
    let classes = clips.first().map_or(1, |c| c.clip.corpus.classes().len());
    let emotion = told(&|i| clips[i].clip.split != Split::Test, &|i| clips[i].clip.class);
    // The clips of a speaker by turns, to learn from and to be judged by: in RAVDESS they say everything twice.
    let mut names: Vec<&str> = clips.iter().map(|c| c.clip.speaker.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let place = |i: usize| clips[..i].iter().filter(|c| c.clip.speaker == clips[i].clip.speaker).count();
    let speaker = |i: usize| names.iter().position(|n| *n == clips[i].clip.speaker).unwrap_or(0);
    [(emotion, 1.0 / classes as f32), (told(&|i| place(i) % 2 == 0, &speaker), 1.0 / names.len().max(1) as f32)]
}

/// Rows of numbers of every clip: one that sums it up, and one for each of some frames of speech.
struct Latents {
    clips: Vec<Vec<Vec<f32>>>,
    frames: Vec<Vec<Vec<f32>>>,
}

/// Of the frames of speech in a clip, each of this many is shown to the probe by itself.
const EVERY: usize = 5;

impl Latents {
    /// From the rows of a clip, of which there is one for every frame.
    fn of(clips: &[&Spoken], rows: impl Fn(&Spoken) -> Result<Vec<Vec<f32>>> + Sync) -> Result<Latents> {
        let both = |spoken: &&Spoken| {
            let (rows, weights) = (rows(spoken)?, spoken.voice.weights());
            let whole = statistics(rows.iter().map(Vec::as_slice), &weights);
            let spoken = rows.into_iter().zip(weights).filter(|(_, weight)| *weight > 0.5).map(|(row, _)| row);
            Ok((vec![whole], spoken.step_by(EVERY).collect()))
        };
        let (clips, frames) = clips.par_iter().map(both).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        Ok(Latents { clips, frames })
    }
}

/// What is heard at three places: the bands, what is said, what is felt; and the phones that the clip is labelled with, which is what
/// knows nothing but which sound is made when. Clips are summed up by mean and deviation, what is felt by what the ear says of the clip.
fn latents(voice: &VoiceEncoder, content: &ContentEncoder, clips: &[&Spoken], labelled: &Labelled) -> Result<Vec<(&'static str, Latents)>> {
    let bands = |spoken: &Spoken| {
        let mel = Mel::of(&spoken.clip.speech);
        Ok(mel.values.chunks_exact(4 * BANDS).map(|four| four[..BANDS].to_vec()).collect())
    };
    let said = |spoken: &Spoken| {
        let latent = content.encode(&Mel::of(&spoken.clip.speech).normalised(), spoken.voice.frames())?.latent();
        Ok(latent.iter().map(|row| row.to_vec()).collect())
    };
    let felt = |spoken: &Spoken| Ok(voice.hear(&spoken.voice, None)?.iter().map(|point| point.to_vec()).collect());
    let judged = |spoken: &&Spoken| Ok(vec![voice.judge(&[Passage { own: spoken.own, usual: None }])?[0].point.to_vec()]);
    let written = |spoken: &Spoken| {
        let phones = labelled.get(&spoken.clip.name).map_or(&[][..], Vec::as_slice);
        // Two frames of phones to one of motion, as in the content latent.
        let is = |n: usize, i: usize| phones.get(2 * n + i / Class::COUNT).is_some_and(|class| usize::from(*class) == i % Class::COUNT);
        Ok((0..spoken.voice.frames()).map(|n| (0..2 * Class::COUNT).map(|i| f32::from(u8::from(is(n, i)))).collect()).collect())
    };
    let mut latents = vec![
        ("log-mel bands", Latents::of(clips, bands)?),
        ("the content latent", Latents::of(clips, said)?),
        ("the emotion latent", Latents { clips: clips.par_iter().map(judged).collect::<Result<_>>()?, ..Latents::of(clips, felt)? }),
    ];
    if !labelled.is_empty() {
        latents.push(("its phones as labelled", Latents::of(clips, written)?));
    }
    Ok(latents)
}

/// Weighted mean and deviation of every column.
fn statistics<'a>(rows: impl Iterator<Item = &'a [f32]>, weights: &[f32]) -> Vec<f32> {
    let rows: Vec<&[f32]> = rows.collect();
    let width = rows.first().map_or(0, |r| r.len());
    let total: f32 = weights.iter().take(rows.len()).sum::<f32>().max(1e-6);
    let mean = |f: &dyn Fn(usize) -> f32| rows.iter().zip(weights).enumerate().map(|(n, (_, w))| w * f(n)).sum::<f32>() / total;
    let means: Vec<f32> = (0..width).map(|i| mean(&|n| rows[n][i])).collect();
    let deviations = (0..width).map(|i| mean(&|n| (rows[n][i] - means[i]).powi(2)).sqrt()).collect::<Vec<f32>>();
    [means, deviations].concat()
}

/// Share of the variance that is explained; below zero where the mean would do better.
fn explained(guess: &[f32], truth: &[f32]) -> f32 {
    let mean = truth.iter().sum::<f32>() / truth.len().max(1) as f32;
    let rest: f32 = guess.iter().zip(truth).map(|(g, t)| (g - t).powi(2)).sum();
    let all: f32 = truth.iter().map(|t| (t - mean).powi(2)).sum();
    1.0 - rest / all.max(1e-6)
}

fn table(told: &[usize], clips: &[&Spoken], classes: usize) -> Vec<Vec<f32>> {
    let mut counts = vec![vec![0.0; classes]; classes];
    told.iter().zip(clips).for_each(|(t, c)| counts[c.clip.class][*t] += 1.0);
    for row in &mut counts {
        let total = row.iter().sum::<f32>().max(1.0);
        row.iter_mut().for_each(|v| *v *= 100.0 / total);
    }
    counts
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{:<88} {:>8} {:>8}", "Feelings heard in voices of unseen actors", "gestus", "chance")?;
        for figure in &self.figures {
            writeln!(f, "{:<88} {:>8.3} {:>8.3}", figure.what, figure.value, figure.chance)?;
        }
        let names: Vec<&str> = crate::emotion::Label::ALL.iter().map(|l| l.name()).take(self.confusion.len()).collect();
        writeln!(
            f,
            "\nOf 100 clips of Ravdess, beside ten others\n{:<12}{}",
            "",
            names.iter().map(|n| format!("{n:>10}")).collect::<String>()
        )?;
        for (name, row) in names.iter().zip(&self.confusion) {
            writeln!(f, "{name:<12}{}", row.iter().map(|v| format!("{v:>10.0}")).collect::<String>())?;
        }
        for what in &self.missing {
            writeln!(f, "NOT JUDGED: {what}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_explained() {
        let truth = [0.0, 1.0, 2.0];
        assert_eq!(explained(&truth, &truth), 1.0);
        assert!(explained(&[1.0; 3], &truth).abs() < 1e-6);
        assert!(explained(&[2.0, 1.0, 0.0], &truth) < 0.0);
    }

    #[test]
    fn statistics_weigh_their_rows() {
        let rows = [[1.0, 0.0], [3.0, 0.0], [100.0, 7.0]];
        let found = statistics(rows.iter().map(|r| &r[..]), &[1.0, 1.0, 0.0]);
        assert_eq!(found, [2.0, 0.0, 1.0, 0.0]);
    }
}
