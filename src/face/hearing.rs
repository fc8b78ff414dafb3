//! What the face takes from a recording: the denoiser's condition, what the sounds ask of the lips, and where speech stresses.

use super::accents::{Stress, stresses, vigour};
use super::articulation::Contact;
use crate::audio::features::{Mel, PROSODY, Prosody};
use crate::body::curves::{self, smoothstep};
use crate::body::rhythm::Rhythm;
use crate::speech::content::{ARTICULATION, CONTENT, Content, Posterior};
use crate::speech::phones::Class;
use std::ops::Range;

/// Numbers a frame that the denoiser hears: content, articulation, prosody, and whether there is any sound at all.
pub const CONDITION: usize = CONTENT + ARTICULATION + PROSODY + 1;

/// What the model hears in a recording.
pub struct Heard {
    /// `frames × CONDITION`.
    pub condition: Vec<f32>,
    /// Probabilities of the phone classes of each frame.
    pub phones: Vec<Posterior>,
    /// What the sound of each frame asks of the lips.
    pub contacts: Vec<Contact>,
    /// How sure it is that somebody speaks, 0..=1 a frame; lips rest where nobody does.
    pub activity: Vec<f32>,
    /// Stressed syllables in the order of time.
    pub stresses: Vec<Stress>,
    /// How much louder than this recording's usual each frame is spoken, -1..=1.
    pub vigour: Vec<f32>,
    pub rhythm: Rhythm,
}

/// Frames by which the activity is ahead of the sound.
pub const AHEAD: usize = 11;

/// Frames in which somebody speaks, phrase by phrase. `activity` is how sure that is, a frame.
pub fn phrases(activity: &[f32]) -> Vec<Range<usize>> {
    let mut phrases: Vec<Range<usize>> = Vec::new();
    for n in (0..activity.len()).filter(|n| activity[*n] >= 0.5) {
        match phrases.last_mut().filter(|phrase| phrase.end == n) {
            Some(phrase) => phrase.end = n + 1,
            None => phrases.push(n..n + 1),
        }
    }
    phrases
}

/// Probabilities of a class from which, and at which wholly, the lips obey it.
const SURE: (f32, f32) = (0.3, 0.5);
/// The same of an "f" or "v", which is heard less surely and does less harm where there is none.
const SURE_TEETH: (f32, f32) = (0.12, 0.25);
/// The same of vowels, which hold the lips apart.
const SURE_APART: (f32, f32) = (0.6, 0.9);

/// Puts together what content, prosody, bands and rhythm of one recording say.
pub fn hear(content: Content, prosody: &Prosody, mel: &Mel, rhythm: Rhythm) -> Heard {
    let frames = content.articulation.len();
    let gain = articulation_gain(&content, prosody);
    let condition = condition(&content, prosody, gain);
    let phones = content.phones();
    let silence: Vec<f32> = phones.iter().map(|p| p[Class::Silence as usize]).collect();
    let silent = |n: usize| smoothstep(0.9, 1.0, silence[n]);
    let speech = |n: usize| speechlike(&rhythm, n) * spoken(&silence, &prosody.level, n);
    let speaking: Vec<f32> = (0..frames).map(|n| smoothstep(0.05, 0.25, prosody.level[n]) * (1.0 - 0.8 * silent(n)) * speech(n)).collect();
    let voiced = smoothstep(0.01, 0.05, share_voiced(prosody));
    // Mouths open before the sound and hold through short pauses: a gate of half a second, with soft edges.
    let widest: Vec<f32> =
        (0..frames).map(|n| speaking[n.saturating_sub(8)..(n + AHEAD).min(frames)].iter().copied().fold(0.0, f32::max)).collect();
    let activity: Vec<f32> = curves::smooth(&widest, 2.0).into_iter().map(|a| voiced * smoothstep(0.0, 0.5, a)).collect();
    let contacts = contacts(&phones, &activity);
    let vigour = vigour(prosody, mel, frames);
    let stresses = stresses(&rhythm, &vigour);
    Heard { condition, phones, contacts, activity, stresses, vigour, rhythm }
}

/// Frames around a moment in which the rhythm is that of speech: 0 in steady noise and in most music, 1 in speech.
fn speechlike(rhythm: &Rhythm, n: usize) -> f32 {
    const NEAR: usize = 30;
    let around = &rhythm.level[n.saturating_sub(NEAR).min(rhythm.level.len())..(n + NEAR).min(rhythm.level.len())];
    smoothstep(0.0, 0.15, around.iter().copied().fold(0.0, f32::max))
}

/// Shares of the loud sound around a frame that are heard as phones: music has less than the first, speech in noise more than the second.
const SPOKEN: (f32, f32) = (0.55, 0.75);

/// Whether the loud sound around a frame is heard as phones: 1 in speech, 0 in music and noise; 1 where nothing is loud.
fn spoken(silence: &[f32], level: &[f32], n: usize) -> f32 {
    const NEAR: usize = 30;
    let loud = |k: &usize| level[*k] > 0.3;
    let (heard, all) = (n.saturating_sub(NEAR)..(n + NEAR + 1).min(level.len()))
        .filter(loud)
        .fold((0.0, 0.0f32), |(heard, all), k| (heard + 1.0 - silence[k], all + 1.0));
    if all < 1.0 { 1.0 } else { smoothstep(SPOKEN.0, SPOKEN.1, heard / all) }
}

/// Vowels that are spoken with the lips well apart.
const APART: [Class; 5] = [Class::Open, Class::MidFront, Class::CloseFront, Class::Central, Class::MidRounded];

/// What the probabilities of the phones ask of the lips.
fn contacts(phones: &[Posterior], activity: &[f32]) -> Vec<Contact> {
    let of = |classes: &[Class]| -> Vec<f32> { phones.iter().map(|row| classes.iter().map(|c| row[*c as usize]).sum()).collect() };
    let closed = brief(&of(&[Class::BilabialStop, Class::BilabialNasal]), SURE);
    let teeth = brief(&of(&[Class::Labiodental]), SURE_TEETH);
    let (from, wholly) = SURE_APART;
    let apart = of(&APART).into_iter().zip(activity).map(|(p, active)| active * smoothstep(from, wholly, p));
    closed.into_iter().zip(teeth).zip(apart).map(|((closed, teeth), apart)| Contact { closed, teeth, apart }).collect()
}

/// How wholly a contact is made: lips touch where it is surest and are on their way there before and after, as recorded lips are.
fn brief(probability: &[f32], (from, wholly): (f32, f32)) -> Vec<f32> {
    let sure: Vec<f32> = probability.iter().map(|p| smoothstep(from, wholly, *p)).collect();
    let mut made = vec![0.0f32; sure.len()];
    for n in (0..sure.len()).filter(|n| sure[*n] > 0.0) {
        let around = n.saturating_sub(2)..(n + 3).min(sure.len());
        if probability[around].iter().all(|p| *p <= probability[n]) {
            made[n] = sure[n];
        }
    }
    made
}

/// Share of the loud frames that have a pitch: noise has none, so nobody speaks there.
fn share_voiced(prosody: &Prosody) -> f32 {
    let loud = prosody.level.iter().zip(&prosody.voicing).filter(|(l, _)| **l > 0.4);
    let (voiced, all) = loud.fold((0, 0), |(v, a), (_, voicing)| (v + usize::from(*voicing > 0.5), a + 1));
    voiced as f32 / all.max(1) as f32
}

/// The denoiser's condition, [`CONDITION`] numbers a frame.
fn condition(content: &Content, prosody: &Prosody, gain: f32) -> Vec<f32> {
    let latent = content.latent();
    let row = |n: usize| {
        let articulation = content.articulation[n].map(|a| a * gain);
        let melody = [prosody.level[n], prosody.pitch[n], prosody.voicing[n]];
        latent[n].into_iter().chain(articulation).chain(melody).chain([1.0])
    };
    (0..latent.len()).flat_map(row).collect()
}

/// The encoder understates the mouths of unheard voices; this brings the spread of its opening in speech back to one.
fn articulation_gain(content: &Content, prosody: &Prosody) -> f32 {
    let opening: Vec<f32> = content.articulation.iter().zip(&prosody.level).filter(|(_, l)| **l > 0.3).map(|(a, _)| a[0]).collect();
    if opening.len() < 15 {
        return 1.0;
    }
    let mean = opening.iter().sum::<f32>() / opening.len() as f32;
    let deviation = (opening.iter().map(|o| (o - mean).powi(2)).sum::<f32>() / opening.len() as f32).sqrt();
    (1.0 / deviation.max(0.1)).clamp(1.0, 1.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_made_where_it_is_surest() {
        let made = brief(&[0.0, 0.3, 0.6, 0.9, 0.6, 0.3, 0.0, 0.1, 0.0], SURE);
        assert!(made.iter().enumerate().all(|(n, m)| *m == f32::from(u8::from(n == 3))), "{made:?}");
    }
}
