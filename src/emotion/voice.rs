//! What a voice feels: sums over a stretch of speech to the emotion space.
//!
//! Loudness and pitch carry most of an emotion, and both mean little by themselves: a microphone may be near, a voice deep. So a
//! stretch of one to three seconds is heard without its own loudness, and beside what is [`Usual`] for the voice where more of it is
//! known. Either way its [`Functionals`] are compared with those of every clip that was learned from, and each class is as likely as
//! the clips near by say (kernel ridge regression with a Gaussian kernel; Rifkin, Yeo and Poggio 2003, "Regularized least-squares
//! classification"). The [`Point`] is the mean of the classes' points. In that space each label is a Gaussian around its point with one
//! deviation for all.

use super::functionals::{FUNCTIONALS, Functionals};
use super::phonation::{self, PER_MOTION_FRAME, Phonation};
use super::{EMOTION, Label, Point, simplest};
use crate::audio::Speech;
use crate::audio::features::{BANDS, Mel, Prosody};
use crate::body::curves;
use crate::models::Models;
use crate::speech::content::{ContentEncoder, TIMBRE};
use crate::weights;
use crate::{Error, Result};
use candle_core::{D, DType, Device, Tensor};
use std::collections::HashMap;
use std::sync::Arc;

/// Bands that are heard: neighbours of the mel bands together.
pub const HEARD_BANDS: usize = BANDS / 2;
/// Classes that are told apart: all labels but contempt, which no recorded voice shows, and boredom, which is in no face.
pub const CLASSES: usize = 9;

/// Frames from voiced sound within which unvoiced sound is speech.
const NEARBY: usize = 8;
/// Where a class sits. Boredom as people rated the word (Russell and Mehrabian 1977).
pub fn class_point(class: usize) -> Point {
    match class {
        8 => [-0.65, -0.62, -0.33, 0.0, 0.0, 0.0, 0.0, 0.0],
        _ => Label::ALL[class].mean(),
    }
}

/// What is heard of a voice, frame by frame at 30 a second.
#[derive(Clone, Debug, Default)]
pub struct Voice {
    /// Log band powers, as they came.
    pub bands: Vec<[f32; HEARD_BANDS]>,
    /// Natural log of the pitch in hertz; 0 where there is none.
    pub pitch: Vec<f32>,
    pub voicing: Vec<f32>,
    /// Loudness over the recording's floor, 0..=1: also how much a frame counts.
    pub level: Vec<f32>,
    /// [`PER_MOTION_FRAME`] times as many.
    pub phonation: Vec<Phonation>,
    /// What the content encoder hears of the voice.
    pub timbre: Vec<[f32; TIMBRE]>,
}

impl Voice {
    /// Listens to a recording, `frames` motion frames of it.
    pub fn of(speech: &Speech, frames: usize, content: &ContentEncoder) -> Result<Voice> {
        let mel = Mel::of(speech);
        let prosody = Prosody::of(speech, &mel, frames);
        let quiet = [mel.values.iter().copied().fold(0.0, f32::min); BANDS];
        let row = |n: usize| if n < mel.frames() { mel.row(n) } else { &quiet[..] };
        let band = |n: usize, b: usize| (4 * n..4 * n + 4).map(|k| row(k)[2 * b] + row(k)[2 * b + 1]).sum::<f32>() / 8.0;
        let hertz = prosody.median_hertz.max(1.0).ln();
        Ok(Voice {
            bands: (0..frames).map(|n| std::array::from_fn(|b| band(n, b))).collect(),
            pitch: prosody.pitch.iter().map(|p| if *p == 0.0 { 0.0 } else { p + hertz }).collect(),
            voicing: prosody.voicing,
            level: prosody.level,
            phonation: phonation::listen(speech, frames),
            timbre: content.timbre(&mel, frames)?,
        })
    }

    pub fn frames(&self) -> usize {
        self.bands.len()
    }

    /// Frames `from..to`.
    pub fn part(&self, from: usize, to: usize) -> Voice {
        let cut = |v: &[f32]| v[from..to].to_vec();
        Voice {
            bands: self.bands[from..to].to_vec(),
            pitch: cut(&self.pitch),
            voicing: cut(&self.voicing),
            level: cut(&self.level),
            phonation: self.phonation[PER_MOTION_FRAME * from..PER_MOTION_FRAME * to].to_vec(),
            timbre: self.timbre[from..to].to_vec(),
        }
    }

    /// How much each frame counts: what is loud and has a pitch nearby is speech; pauses and noise are not.
    pub fn weights(&self) -> Vec<f32> {
        let voiced = |n: usize| self.pitch[n.saturating_sub(NEARBY)..(n + NEARBY + 1).min(self.frames())].iter().any(|p| *p > 0.0);
        self.level.iter().enumerate().map(|(n, l)| if voiced(n) { ((l - 0.25) / 0.25).clamp(0.0, 1.0) } else { 0.0 }).collect()
    }
}

/// What is usual for a voice.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    pub functionals: Functionals,
    /// Share of every class in what the voice sounds like to who does not know it; none where that was not asked
    /// ([`VoiceEncoder::acquaint`]).
    pub leaning: Option<[f32; CLASSES]>,
}

impl Usual {
    /// The middle of several.
    pub fn mean(all: &[Usual]) -> Option<Usual> {
        let leanings: Option<Vec<[f32; CLASSES]>> = all.iter().map(|usual| usual.leaning).collect();
        Some(Usual {
            functionals: Functionals::mean(&all.iter().map(|usual| usual.functionals).collect::<Vec<_>>())?,
            leaning: leanings
                .map(|all| std::array::from_fn(|class| all.iter().map(|shares| shares[class]).sum::<f32>() / all.len() as f32)),
        })
    }
}

/// Numbers that tell of a stretch by itself: all but how loud it is.
pub const OWN: usize = FUNCTIONALS - 1;
/// Deviations beyond which a number counts no more.
const FAR: f64 = 4.0;
/// Sharpness of nearness: its natural log falls by this much over the number of dimensions for a squared distance of 1.
const NARROW: f64 = 0.8;
/// What scores are multiplied by to be natural logs of odds: speakers left out of the training are told surest by it.
const SURENESS: f64 = 8.0;
/// Share of a voice's leaning, as log-likelihood, that is taken back, and the least share of a class that counts: what a low or a tense
/// voice has of a feeling at all times is none.
const TAKEN_BACK: f32 = 0.3;
const LEAST: f32 = 0.03;

/// Numbers standardised: where each stands and one over how far it spreads, both `[numbers]`.
pub struct Scale {
    pub centre: Tensor,
    pub scale: Tensor,
}

impl Scale {
    /// `[batch, numbers]` in deviations.
    pub fn standardise(&self, rows: &Tensor) -> candle_core::Result<Tensor> {
        rows.broadcast_sub(&self.centre)?.broadcast_mul(&self.scale)?.clamp(-FAR, FAR)
    }
}

/// Nearness of each row to each landmark, 0..=1: `[batch, landmarks]`.
pub fn nearness(rows: &Tensor, landmarks: &Tensor) -> candle_core::Result<Tensor> {
    let square = |x: &Tensor| x.sqr()?.sum(D::Minus1);
    let products = (rows.matmul(&landmarks.t()?)? * -2.0)?;
    let distance = products.broadcast_add(&square(rows)?.unsqueeze(1)?)?.broadcast_add(&square(landmarks)?.unsqueeze(0)?)?;
    (distance * (-NARROW / rows.dim(1)? as f64))?.exp()
}

/// What was learned: the clips as landmarks, and what each class has near each of them.
struct Learned {
    /// Of a stretch by itself, [`OWN`] numbers, and of how it differs from what is usual, [`FUNCTIONALS`].
    own: Scale,
    change: Scale,
    /// `[clips, OWN]` and `[clips, OWN + FUNCTIONALS]`, standardised.
    alone: Tensor,
    beside: Tensor,
    /// `[clips, CLASSES]`.
    alone_weights: Tensor,
    beside_weights: Tensor,
    /// Deviation of the labels' Gaussians.
    deviation: f32,
}

impl Learned {
    fn read(tensors: HashMap<String, Tensor>) -> candle_core::Result<Learned> {
        let tensors = weights::restore(tensors)?;
        let get = |name: &str| -> candle_core::Result<Tensor> {
            let missing = || candle_core::Error::Msg(format!("{name} is missing"));
            tensors.get(name).ok_or_else(missing)?.to_dtype(DType::F32)
        };
        let scale = |name: &str| -> candle_core::Result<Scale> {
            Ok(Scale { centre: get(&format!("{name}.centre"))?, scale: get(&format!("{name}.scale"))? })
        };
        let own = get("own.landmarks")?;
        let learned = Learned {
            own: scale("own")?,
            change: scale("change")?,
            beside: Tensor::cat(&[&own, &get("change.landmarks")?], 1)?,
            alone: own,
            alone_weights: get("alone.weights")?,
            beside_weights: get("beside.weights")?,
            deviation: get("deviation")?.get(0)?.to_scalar()?,
        };
        let clips = learned.alone.dim(0)?;
        let shapes: [(&Tensor, &[usize]); 8] = [
            (&learned.own.centre, &[OWN]),
            (&learned.own.scale, &[OWN]),
            (&learned.change.centre, &[FUNCTIONALS]),
            (&learned.change.scale, &[FUNCTIONALS]),
            (&learned.alone, &[clips, OWN]),
            (&learned.beside, &[clips, OWN + FUNCTIONALS]),
            (&learned.alone_weights, &[clips, CLASSES]),
            (&learned.beside_weights, &[clips, CLASSES]),
        ];
        match shapes.iter().find(|(tensor, shape)| tensor.dims() != *shape) {
            Some((tensor, shape)) => Err(candle_core::Error::Msg(format!("{shape:?} numbers were expected, not {:?}", tensor.dims()))),
            None => Ok(learned),
        }
    }

    /// Log-likelihood of every class, but for a constant, for stretches all of which are heard alone or all beside what is usual.
    fn likelihood(&self, passages: &[Passage]) -> candle_core::Result<Vec<[f32; CLASSES]>> {
        let rows = |numbers: Vec<f32>, width: usize| Tensor::from_vec(numbers, (passages.len(), width), &Device::Cpu);
        let own = rows(passages.iter().flat_map(|p| p.own.quality().to_vec()).collect(), OWN)?;
        let own = self.own.standardise(&own)?;
        let changes = passages.iter().map(|p| Some(p.own.minus(&p.usual?.functionals).to_vec())).collect::<Option<Vec<_>>>();
        let scores = match changes {
            None => nearness(&own, &self.alone)?.matmul(&self.alone_weights)?,
            Some(changes) => {
                let change = self.change.standardise(&rows(changes.concat(), FUNCTIONALS)?)?;
                nearness(&Tensor::cat(&[&own, &change], 1)?, &self.beside)?.matmul(&self.beside_weights)?
            }
        };
        let scores = (scores * SURENESS)?.to_vec2::<f32>()?;
        Ok(scores.iter().map(|row| std::array::from_fn(|class| row[class])).collect())
    }
}

/// A stretch to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Passage {
    /// How it is spoken.
    pub own: Functionals,
    /// What is usual for the voice, where that is known.
    pub usual: Option<Usual>,
}

/// What is made of a stretch.
#[derive(Clone, Copy, Debug)]
pub struct Opinion {
    pub point: Point,
    /// Log-likelihood of every class, but for a constant.
    pub likelihood: [f32; CLASSES],
}

impl Opinion {
    fn new(likelihood: [f32; CLASSES]) -> Opinion {
        let shares = shares(&likelihood);
        let mean = |i: usize| shares.iter().enumerate().map(|(class, share)| share * class_point(class)[i]).sum::<f32>();
        Opinion { point: std::array::from_fn(mean), likelihood }
    }
}

/// Shares of the classes, which sum to one, from their likelihoods.
pub fn shares(likelihood: &[f32; CLASSES]) -> [f32; CLASSES] {
    let highest = likelihood.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let odds = likelihood.map(|l| (l - highest).exp());
    let total: f32 = odds.iter().sum();
    odds.map(|o| o / total)
}

/// Log-likelihood of every class, but for a constant, at a point, under Gaussians of a deviation.
pub fn likelihood_at(point: &Point, deviation: f32) -> [f32; CLASSES] {
    let distance = |class: usize| class_point(class).iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    std::array::from_fn(|class| -0.5 * distance(class) / deviation.powi(2))
}

/// See the module's text.
pub struct VoiceEncoder {
    content: Arc<ContentEncoder>,
    learned: Learned,
}

/// A stretch that is heard at once, and how often one is heard, in motion frames.
const STRETCH: usize = 75;
const HOP: usize = 10;
/// Frames that a voice is judged by at once where it is only made known: about a line.
const LINE: usize = 120;
/// Stretches that are judged together: memory stays the same for any length.
const TOGETHER: usize = 64;
/// Frames of speech from which a recording tells what is usual for its voice.
const KNOWN: f32 = 240.0;
/// Feelings change slowly: deviation in frames of the low-pass over them.
const INERTIA: f32 = 20.0;

impl VoiceEncoder {
    /// The ear with the weights that gestus ships.
    pub fn builtin() -> Result<Arc<VoiceEncoder>> {
        Models::Standard.voice()
    }

    /// Reads the encoder from the bytes of its safetensors file; `content` is the encoder that it was trained with.
    pub fn from_bytes(bytes: &[u8], content: Arc<ContentEncoder>) -> Result<VoiceEncoder> {
        let damaged = |e: candle_core::Error| Error::malformed("emotion weights", format!("damaged weights: {e}"));
        VoiceEncoder::read(candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(damaged)?, content).map_err(damaged)
    }

    /// The same from its tensors.
    pub fn read(tensors: HashMap<String, Tensor>, content: Arc<ContentEncoder>) -> candle_core::Result<VoiceEncoder> {
        Ok(VoiceEncoder { content, learned: Learned::read(tensors)? })
    }

    /// Deviation of the labels' Gaussians.
    pub fn deviation(&self) -> f32 {
        self.learned.deviation
    }

    /// What is made of several stretches.
    pub fn judge(&self, passages: &[Passage]) -> Result<Vec<Opinion>> {
        let mut opinions = Vec::with_capacity(passages.len());
        for alike in passages.chunk_by(|a, b| a.usual.is_some() == b.usual.is_some()).flat_map(|alike| alike.chunks(TOGETHER)) {
            for (likelihood, passage) in self.learned.likelihood(alike)?.into_iter().zip(alike) {
                let leaning = passage.usual.and_then(|usual| usual.leaning);
                let less = |class: usize| leaning.map_or(0.0, |shares| TAKEN_BACK * shares[class].max(LEAST).ln());
                opinions.push(Opinion::new(std::array::from_fn(|class| likelihood[class] - less(class))));
            }
        }
        Ok(opinions)
    }

    /// What there is to hear in the first `frames` motion frames of a recording.
    pub fn listen(&self, speech: &Speech, frames: usize) -> Result<Voice> {
        Voice::of(speech, frames, &self.content)
    }

    /// What a recording tells of what is usual for its voice, to be known when another is heard; none where nobody speaks. The
    /// [`Usual::mean`] of several, in which different things are felt, tells most.
    pub fn acquaint(&self, voice: &Voice) -> Result<Option<Usual>> {
        let parts = (voice.frames() / LINE).max(1);
        let bound = |k: usize| k * voice.frames() / parts;
        let own = (0..parts).filter_map(|k| Functionals::of(&voice.part(bound(k), bound(k + 1))));
        let passages: Vec<Passage> = own.map(|own| Passage { own, usual: None }).collect();
        let leanings = self.judge(&passages)?.into_iter().map(|opinion| Some(shares(&opinion.likelihood)));
        let known: Vec<Usual> = passages.iter().zip(leanings).map(|(p, leaning)| Usual { functionals: p.own, leaning }).collect();
        Ok(Usual::mean(&known))
    }

    /// What a recording feels: a point for each of its motion frames. Where nobody speaks the feeling of the speech around lasts, and
    /// without any speech it is neutral. `usual` is what other recordings of the voice tell; without them a long one tells itself.
    pub fn hear(&self, voice: &Voice, usual: Option<&Usual>) -> Result<Vec<Point>> {
        let (frames, weights) = (voice.frames(), voice.weights());
        let known = weights.iter().sum::<f32>() >= KNOWN;
        let centres: Vec<usize> = (0..frames).step_by(HOP).collect();
        let bounds = |k: usize| (centres[k].saturating_sub(STRETCH / 2), (centres[k] + STRETCH / 2 + 1).min(frames));
        let own = |k: usize| Some((k, Functionals::of(&voice.part(bounds(k).0, bounds(k).1))?));
        let heard: Vec<(usize, Functionals)> = (0..centres.len()).filter_map(own).collect();
        let by_itself = || -> Option<Usual> {
            let functionals = Functionals::mean(&heard.iter().map(|(_, own)| *own).collect::<Vec<_>>()).filter(|_| known)?;
            Some(Usual { functionals, leaning: None })
        };
        let usual = usual.copied().or_else(by_itself);
        let (mut points, mut counts) = (vec![[0.0; EMOTION]; centres.len()], vec![0.0; centres.len()]);
        for some in heard.chunks(TOGETHER) {
            crate::interrupt::check()?;
            let passages: Vec<Passage> = some.iter().map(|(_, own)| Passage { own: *own, usual }).collect();
            for (opinion, (k, _)) in self.judge(&passages)?.iter().zip(some) {
                let spoken: f32 = weights[bounds(*k).0..bounds(*k).1].iter().sum();
                // A fifth of a second of speech says little.
                (points[*k], counts[*k]) = (opinion.point, (spoken / 15.0).min(1.0));
            }
        }
        Ok(settle(&points, &counts, frames).iter().map(simplest).collect())
    }
}

/// Low-passes points that count more or less, and fills in between them.
fn settle(points: &[Point], counts: &[f32], frames: usize) -> Vec<Point> {
    let deviation = INERTIA / HOP as f32;
    // What is far from all speech keeps the last feeling: a wide low-pass at a thousandth of the weight.
    let spread = |v: &[f32]| -> Vec<f32> {
        let (near, far) = (curves::smooth(v, deviation), curves::smooth(v, 10.0 * deviation));
        near.iter().zip(far).map(|(n, f)| n + 1e-3 * f).collect()
    };
    let total = spread(counts);
    let channels: Vec<Vec<f32>> = (0..EMOTION)
        .map(|i| {
            let weighted: Vec<f32> = points.iter().zip(counts).map(|(p, c)| p[i] * c).collect();
            spread(&weighted).iter().zip(&total).map(|(v, t)| if *t > 1e-9 { v / t } else { 0.0 }).collect()
        })
        .collect();
    let at = |channel: &[f32], n: usize| {
        let place = n as f32 / HOP as f32;
        let (k, s) = (place as usize, place.fract());
        let (a, b) = (channel[k.min(channel.len() - 1)], channel[(k + 1).min(channel.len() - 1)]);
        a + s * (b - a)
    };
    (0..frames).map(|n| std::array::from_fn(|i| at(&channels[i], n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ear that has learned from one stretch for each of three classes: as it is, a tone higher and two tones higher.
    fn encoder() -> VoiceEncoder {
        let landmark = |k: usize, width: usize| (0..width).map(move |i| if i < width / 3 { 2.0 * k as f32 } else { 0.0 });
        let rows = |width: usize| {
            let values: Vec<f32> = (0..3).flat_map(|k| landmark(k, width)).collect();
            Tensor::from_vec(values, (3, width), &Device::Cpu).unwrap()
        };
        let ones = |width: usize, value: f32| Tensor::full(value, width, &Device::Cpu).unwrap();
        let weights: Vec<f32> = (0..3).flat_map(|k| (0..CLASSES).map(move |class| f32::from(u8::from(class == 2 + k)))).collect();
        let weights = Tensor::from_vec(weights, (3, CLASSES), &Device::Cpu).unwrap();
        let stretch = Functionals::of(&voice(60, 0.0)).unwrap();
        let tensors = [
            ("own.centre", Tensor::from_slice(stretch.quality(), OWN, &Device::Cpu).unwrap()),
            ("own.scale", ones(OWN, 1.0)),
            ("change.centre", ones(FUNCTIONALS, 0.0)),
            ("change.scale", ones(FUNCTIONALS, 1.0)),
            ("own.landmarks", rows(OWN)),
            ("change.landmarks", rows(FUNCTIONALS)),
            ("alone.weights", weights.clone()),
            ("beside.weights", weights),
            ("deviation", ones(1, 0.5)),
        ];
        let tensors = tensors.map(|(name, tensor)| (name.to_string(), tensor)).into();
        VoiceEncoder::read(tensors, Models::Standard.content().unwrap()).unwrap()
    }

    fn voice(frames: usize, level: f32) -> Voice {
        let wave = |n: usize, b: usize| (n as f32 * 0.3 + b as f32).sin() - 5.0 + level;
        Voice {
            bands: (0..frames).map(|n| std::array::from_fn(|b| wave(n, b))).collect(),
            pitch: vec![5.0; frames],
            voicing: vec![0.8; frames],
            level: vec![0.8; frames],
            phonation: vec![Phonation::default(); PER_MOTION_FRAME * frames],
            timbre: vec![[0.1; TIMBRE]; frames],
        }
    }

    fn own(level: f32) -> Functionals {
        Functionals::of(&voice(60, level)).unwrap()
    }

    fn point(encoder: &VoiceEncoder, own: Functionals, usual: Option<Usual>) -> Point {
        encoder.judge(&[Passage { own, usual }]).unwrap()[0].point
    }

    #[test]
    fn the_clips_near_by_say_which_class_it_is() {
        let encoder = encoder();
        for (k, label) in [Label::Happy, Label::Sad, Label::Angry].into_iter().enumerate() {
            let mut stretch = own(0.0);
            stretch.numbers[1..=OWN / 3].iter_mut().for_each(|v| *v += 2.0 * k as f32);
            let likelihood = encoder.judge(&[Passage { own: stretch, usual: None }]).unwrap()[0].likelihood;
            let likeliest = (0..CLASSES).max_by(|a, b| likelihood[*a].total_cmp(&likelihood[*b]));
            assert_eq!(likeliest, Some(label as usize), "{likelihood:?}");
        }
    }

    #[test]
    fn the_loudness_of_a_recording_says_nothing_by_itself_but_a_louder_stretch_does() {
        let encoder = encoder();
        let distance = |a: Point, b: Point| a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(distance(point(&encoder, own(0.0), None), point(&encoder, own(3.0), None)) < 1e-5);
        let usual = Some(Usual { functionals: own(0.0), leaning: None });
        assert!(distance(point(&encoder, own(0.0), usual), point(&encoder, own(3.0), usual)) > 1e-4);
    }

    #[test]
    fn what_a_voice_leans_to_anyway_counts_less() -> Result<()> {
        let encoder = encoder();
        let known = |leaning| Usual { functionals: own(0.0), leaning };
        let mut tense = [0.02; CLASSES];
        tense[Label::Angry as usize] = 0.84;
        let passage = |leaning| Passage { own: own(0.0), usual: Some(known(leaning)) };
        let judged = encoder.judge(&[passage(None), passage(Some(tense))])?;
        let odds = |n: usize| judged[n].likelihood[Label::Angry as usize] - judged[n].likelihood[Label::Sad as usize];
        let taken = TAKEN_BACK * (0.84f32 / LEAST).ln();
        assert!((odds(0) - odds(1) - taken).abs() < 1e-4, "{} {}", odds(0), odds(1));
        // Where it is not known of every recording, it is not known.
        assert!(Usual::mean(&[known(Some(tense)), known(None)]).unwrap().leaning.is_none());
        let acquainted = encoder.acquaint(&voice(60, 0.0))?.unwrap();
        assert!((acquainted.leaning.unwrap().iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert_eq!(acquainted.functionals, own(0.0));
        Ok(())
    }

    #[test]
    fn a_label_is_likeliest_at_its_point() {
        for class in 0..CLASSES {
            let row = likelihood_at(&class_point(class), 0.5);
            assert_eq!((0..CLASSES).max_by(|a, b| row[*a].total_cmp(&row[*b])), Some(class));
        }
    }

    #[test]
    fn weights_of_another_shape_are_damaged() {
        let tensors = [("deviation".to_string(), Tensor::ones(1, DType::F32, &Device::Cpu).unwrap())].into();
        let error = VoiceEncoder::read(tensors, Models::Standard.content().unwrap()).err().unwrap();
        assert!(error.to_string().contains("own.landmarks"), "{error}");
    }

    #[test]
    fn silence_is_neutral_and_a_pause_keeps_the_feeling() -> Result<()> {
        let encoder = encoder();
        let silence = Speech { samples: vec![0.0; 32_000], seconds: 2.0 };
        let heard = encoder.listen(&silence, 60)?;
        assert!(encoder.acquaint(&heard)?.is_none());
        assert_eq!(encoder.hear(&heard, None)?, vec![[0.0; EMOTION]; 60]);
        let counts: Vec<f32> = (0..30).map(|k| if k < 10 { 1.0 } else { 0.0 }).collect();
        let settled = settle(&vec![Label::Happy.mean(); 30], &counts, 300);
        assert!((settled[250][0] - Label::Happy.mean()[0]).abs() < 0.05, "{:?}", settled[250]);
        Ok(())
    }
}
