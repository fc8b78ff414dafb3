//! The ear for feelings on actors it never heard, and what else the latents give away.

use super::probe::Probe;
use crate::Result;
use crate::audio::features::{BANDS, Mel};
use crate::emotion::voice::{Passage, VoiceEncoder, class_point};
use crate::speech::content::ContentEncoder;
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
    let acted: Vec<&Spoken> = clips.iter().filter(|c| c.clip.corpus == Corpus::Ravdess).collect();
    for (name, latents) in latents(voice, content, &acted)? {
        let part = |keep: &dyn Fn(&Spoken) -> bool, class: &dyn Fn(&Spoken) -> usize| -> (Vec<Vec<f32>>, Vec<usize>) {
            acted.iter().zip(&latents).filter(|(c, _)| keep(c)).map(|(c, row)| (row.clone(), class(c))).unzip()
        };
        let emotion = |c: &Spoken| c.clip.class;
        let (rows, classes) = part(&|c| c.clip.split != Split::Test, &emotion);
        let (unseen, truth) = part(&|c| c.clip.split == Split::Test, &emotion);
        add(
            format!("linear probe, emotion of unseen actors from {name}"),
            Probe::fit(&rows, &classes, RIDGE).accuracy(&unseen, &truth),
            0.125,
        );
        // The same actors say everything twice: learn from the first time, be judged by the second.
        let mut names: Vec<&str> = acted.iter().map(|c| c.clip.speaker.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let speaker = |c: &Spoken| names.iter().position(|n| *n == c.clip.speaker).unwrap_or(0);
        let first = |c: &Spoken| c.clip.name.split('-').nth(5) == Some("01");
        let (rows, classes) = part(&first, &speaker);
        let (again, truth) = part(&|c| !first(c), &speaker);
        add(
            format!("linear probe, speaker from {name}"),
            Probe::fit(&rows, &classes, RIDGE).accuracy(&again, &truth),
            1.0 / names.len() as f32,
        );
    }
    Ok(Report { figures, confusion, missing })
}

/// A name, and a row of numbers for each clip.
type Latents = (&'static str, Vec<Vec<f32>>);

/// Mean and deviation over each clip of what is heard at three places: the bands, what is said, what is felt.
fn latents(voice: &VoiceEncoder, content: &ContentEncoder, clips: &[&Spoken]) -> Result<Vec<Latents>> {
    let bands = |spoken: &&Spoken| {
        let mel = Mel::of(&spoken.clip.speech);
        statistics(mel.values.chunks_exact(4 * BANDS).map(|four| &four[..BANDS]), &spoken.voice.weights())
    };
    let said = |spoken: &&Spoken| -> Result<Vec<f32>> {
        let latent = content.encode(&Mel::of(&spoken.clip.speech).normalised(), spoken.voice.frames())?.latent();
        Ok(statistics(latent.iter().map(|row| &row[..]), &spoken.voice.weights()))
    };
    let felt = |spoken: &&Spoken| -> Result<Vec<f32>> { Ok(voice.points(&[Passage::new(spoken.voice.clone(), None)])?[0].to_vec()) };
    Ok(vec![
        ("log-mel bands", clips.par_iter().map(bands).collect()),
        ("the content latent", clips.par_iter().map(said).collect::<Result<_>>()?),
        ("the emotion latent", clips.par_iter().map(felt).collect::<Result<_>>()?),
    ])
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
        writeln!(f, "{:<72} {:>8} {:>8}", "Feelings heard in voices of unseen actors", "gestus", "chance")?;
        for figure in &self.figures {
            writeln!(f, "{:<72} {:>8.3} {:>8.3}", figure.what, figure.value, figure.chance)?;
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
