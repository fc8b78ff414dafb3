//! The face model: speech and a plan in, face motion out.
//!
//! The content encoder says what is heard; the denoiser turns noise into motion under it, in windows of 8 s that overlap by
//! 2 s, the overlap given, so that a take of any length has no seam and needs no more memory. Lips are done after the first
//! evaluation (more cost correlation with real mouths: see ARCHITECTURE.md) and are then given to the life of the face (brows,
//! lids, gaze, head), which takes the whole schedule.

use super::articulation::{gap_mm, meet, set_gap};
use super::coefficients::{Coefficients, id};
use super::dose::{self, FEELINGS, Response};
use super::ebb::ebb;
use super::expression::openness;
use super::hearing::{CONDITION, Heard, hear};
use super::style::{STYLE, Style};
use super::vector::{self, CHANNELS, Row};
use super::{accents, breath, glances, life};
use crate::audio::Speech;
use crate::audio::features::{Mel, Prosody};
use crate::body::curves::{self, smoothstep};
use crate::body::rhythm::Rhythm;
use crate::diffusion::denoiser::{Config, Denoiser};
use crate::diffusion::sampler::{Schedule, Window, difference, sample};
use crate::emotion::{EMOTION, Point, mixture};
use crate::models::Models;
use crate::motion::Performance;
use crate::speech::align;
use crate::speech::content::ContentEncoder;
use crate::speech::transcript::Word;
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use std::collections::HashMap;
use std::sync::Arc;

/// Numbers a frame of emotion (point, labels) and style, each with a mark that it is given.
pub const MODULATION: usize = EMOTION + FEELINGS + 1 + STYLE + 1;
/// Groups of channels with a noise level of their own.
const LIPS: usize = 0;
const LIFE: usize = 1;
/// Frames of a window and of the overlap that is given.
const WINDOW: usize = 240;
const OVERLAP: usize = 60;
/// Frames at the end of a window that the next one makes anew: they have seen no future.
const TAIL: usize = 15;

/// The size of the shipped denoiser.
pub fn config() -> Config {
    Config {
        channels: CHANNELS,
        groups: (0..CHANNELS).map(|c| if vector::is_lips(c) { LIPS } else { LIFE }).collect(),
        condition: CONDITION,
        modulation: MODULATION,
        width: 128,
        blocks: 4,
        heads: 4,
        reach: 60,
    }
}

/// Deviation of the starting noise of lips and life: lips keep near the mean, which is what correlates with real mouths.
const TEMPERATURE: [f32; 2] = [0.5, 1.0];

/// How long the sampler works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Two evaluations: for looking.
    Draft,
    /// Eight evaluations.
    #[default]
    Default,
}

impl Quality {
    /// Guidance takes two of the eight evaluations.
    fn schedule(self, guided: bool) -> Schedule {
        match (self, guided) {
            (Quality::Draft, _) => Schedule::new(&[1, 2], &TEMPERATURE),
            (Quality::Default, false) => Schedule::new(&[1, 8], &TEMPERATURE),
            (Quality::Default, true) => Schedule::new(&[1, 6], &TEMPERATURE),
        }
    }
}

/// What is asked of the face; each list has an entry for every frame, of which the last holds to the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Points of the emotion space; none is neutral.
    pub emotion: &'a [Point],
    /// Points to be guided away from; none guides from nothing.
    pub away: &'a [Point],
    /// How it moves; none is the usual style.
    pub styles: &'a [Style],
    /// How much the expression ebbs and flows, of what people's does; 0 holds it.
    pub ebb: f32,
}

/// What follows from every point; equal neighbours are worked out once.
fn each<T: Copy>(points: &[Point], of: impl Fn(&Point) -> T) -> Vec<T> {
    let mut all: Vec<T> = Vec::with_capacity(points.len());
    for (n, point) in points.iter().enumerate() {
        let same = n > 0 && points[n - 1] == *point;
        all.push(if same { all[n - 1] } else { of(point) });
    }
    all
}

/// The entry of frame `n`.
fn entry<T: Copy>(list: &[T], n: usize) -> Option<T> {
    list.get(n).or(list.last()).copied()
}

/// Centre and spread of every channel: motion inside the model is standardised.
#[derive(Clone, Debug)]
pub struct Scale {
    pub mean: Row,
    pub deviation: Row,
}

impl Scale {
    pub fn standardise(&self, row: &Row) -> Row {
        std::array::from_fn(|c| (row[c] - self.mean[c]) / self.deviation[c])
    }

    pub fn restore(&self, row: &[f32]) -> Row {
        std::array::from_fn(|c| row[c] * self.deviation[c] + self.mean[c])
    }
}

/// Name of the measured [`Response`] beside the weights.
pub const RESPONSE: &str = "dose.response";

/// See the module's text.
pub struct FaceModel {
    encoder: ContentEncoder,
    denoiser: Denoiser,
    scale: Scale,
    /// The style of nobody in particular.
    style: Style,
    response: Response,
}

impl FaceModel {
    /// The face with the weights that gestus ships.
    pub fn builtin() -> Result<Arc<FaceModel>> {
        Models::Standard.face()
    }

    /// Reads the content encoder and the denoiser from the bytes of their safetensors files.
    pub fn from_bytes(content: &[u8], face: &[u8]) -> Result<FaceModel> {
        let face: HashMap<String, Tensor> = candle_core::safetensors::load_buffer(face, &Device::Cpu)
            .map_err(|e| Error::malformed("face weights", format!("damaged weights: {e}")))?;
        let row = |name: &str, length: usize| -> Result<Vec<f32>> {
            let values = face.get(name).and_then(|t| t.to_dtype(DType::F32).ok()?.flatten_all().ok()?.to_vec1::<f32>().ok());
            values
                .filter(|v| v.len() == length)
                .ok_or_else(|| Error::malformed("face weights", format!("damaged weights: {name} is missing or has the wrong length")))
        };
        let array = |v: Vec<f32>| std::array::from_fn(|i| v[i]);
        let scale = Scale { mean: array(row("scale.mean", CHANNELS)?), deviation: array(row("scale.deviation", CHANNELS)?) };
        let style = row("style.default", STYLE)?;
        // Weights of an unfinished training have none yet.
        let response = face.contains_key(RESPONSE).then(|| row(RESPONSE, dose::NUMBERS)).transpose()?;
        let denoiser = Denoiser::new(config(), VarBuilder::from_tensors(face, DType::F32, &Device::Cpu))?;
        let model = FaceModel::new(ContentEncoder::from_bytes(content)?, denoiser, scale, std::array::from_fn(|i| style[i]));
        let response = response.map_or(Response::proportional(), |v| Response::new(&std::array::from_fn(|i| v[i])));
        Ok(FaceModel { response, ..model })
    }

    /// A face whose response to intensity has not been measured: it is asked for what is wanted.
    pub fn new(encoder: ContentEncoder, denoiser: Denoiser, scale: Scale, style: Style) -> FaceModel {
        FaceModel { encoder, denoiser, scale, style, response: Response::proportional() }
    }

    /// Face motion at 30 frames a second: one row for each frame of the recording. `emotion` is a point for every frame; the
    /// last one holds to the end, none is neutral.
    pub fn perform(&self, speech: &Speech, emotion: &[Point], seed: u64, quality: Quality) -> Result<Vec<Row>> {
        let frames = Performance::frames_for(speech.seconds, 30.0);
        self.act(&self.listen(speech, frames, &[])?, &Asked { emotion, ebb: 1.0, ..Asked::default() }, frames, seed, quality)
    }

    /// What hears what is said.
    pub fn encoder(&self) -> &ContentEncoder {
        &self.encoder
    }

    /// The style of nobody in particular, which is performed where no other is asked for.
    pub fn usual_style(&self) -> &Style {
        &self.style
    }

    /// [`FaceModel::perform`] for what was heard already: one recording may be performed in several ways.
    pub fn act(&self, heard: &Heard, asked: &Asked, frames: usize, seed: u64, quality: Quality) -> Result<Vec<Row>> {
        let under = |points: &[Point]| -> Vec<f32> {
            modulate(Some(&each(points, |point| self.response.dose(point))), |n| Some(entry(asked.styles, n).unwrap_or(self.style)), frames)
        };
        let emotion = ebb(asked.emotion, heard, asked.ebb, seed);
        let away = (!asked.away.is_empty()).then(|| [under(&[]), under(asked.away)]);
        let schedule = quality.schedule(away.is_some());
        let mut rows = self.generate(heard, &under(&emotion), away.as_ref(), frames, seed, &schedule)?;
        open_up(&mut rows, heard, &each(&emotion, openness));
        let mut faces: Vec<Coefficients> = rows.iter().map(|row| vector::unpack(row).0).collect();
        breath::draw_in(&mut faces, &heard.activity);
        meet(&mut faces, &heard.contacts);
        for (row, face) in rows.iter_mut().zip(&faces) {
            let (_, head, gaze) = vector::unpack(row);
            *row = vector::pack(face, head, gaze);
        }
        let nods = each(&emotion, |point| self.response.nod(point));
        rows.iter_mut().enumerate().for_each(|(n, row)| pitch_head(row, entry(&nods, n).unwrap_or(0.0)));
        accents::raise(&mut rows, &heard.stresses, seed);
        life::enliven(&mut rows, &heard.activity, seed);
        glances::look_away(&mut rows, &heard.activity, seed);
        Ok(rows)
    }

    /// What the model hears in the first `frames` motion frames; the `words` that are said there, where they are known, make it surer.
    pub fn listen(&self, speech: &Speech, frames: usize, words: &[Word]) -> Result<Heard> {
        let mel = Mel::of(speech);
        let prosody = Prosody::of(speech, &mel, frames);
        let mel = mel.normalised();
        let mut content = self.encoder.encode(&mel, frames)?;
        align::expect(words, &mut content.classes);
        Ok(hear(content, &prosody, &mel, Rhythm::of(speech, frames)))
    }

    /// Samples motion under what was heard; `modulation` has [`MODULATION`] numbers a frame. With `away`, the way from the second of
    /// its modulations to the first is added: `x0(c, e+) + [x0(c, neutral) - x0(c, e-)]`.
    fn generate(
        &self,
        heard: &Heard,
        modulation: &[f32],
        away: Option<&[Vec<f32>; 2]>,
        frames: usize,
        seed: u64,
        schedule: &Schedule,
    ) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = Vec::with_capacity(frames);
        let mut shifts: Vec<Row> = Vec::new();
        while rows.len() < frames {
            crate::interrupt::check()?;
            let first = rows.len().saturating_sub(OVERLAP);
            let last = (first + WINDOW).min(frames);
            let given: Vec<f32> = rows[first..].iter().flat_map(|r| self.scale.standardise(r)).collect();
            let window = Window {
                first,
                frames: last - first,
                given: &given,
                condition: &heard.condition[first * CONDITION..last * CONDITION],
                modulation: &modulation[first * MODULATION..last * MODULATION],
            };
            let shape = |clean: &mut [f32]| {
                smooth(clean);
                self.articulate(clean, heard, first);
            };
            let sampled = sample(&self.denoiser, &window, schedule, seed, &shape)?;
            if let Some([from, to]) = away {
                let part = |m: &[f32]| m[first * MODULATION..last * MODULATION].to_vec();
                let (from, to) = (part(from), part(to));
                let mut shift = difference(&self.denoiser, &Window { modulation: &from, ..window }, &to, seed)?;
                smooth(&mut shift);
                fade_in(&mut shifts, first, &shift);
            }
            let kept = if last < frames { last - TAIL } else { last };
            let new = rows.len() - first..kept - first;
            rows.extend(sampled.chunks_exact(CHANNELS).take(new.end).skip(new.start).map(|r| self.scale.restore(r)));
        }
        for (row, shift) in rows.iter_mut().zip(&shifts) {
            (0..CHANNELS).for_each(|c| row[c] += self.scale.deviation[c] * shift[c]);
        }
        Ok(rows)
    }

    /// Articulatory guidance of rows from frame `first` on: where the encoder is sure of a closure the lips meet, and of an "f" or
    /// "v" the lip meets the teeth, whatever the emotion; where nobody speaks they rest.
    fn articulate(&self, clean: &mut [f32], heard: &Heard, first: usize) {
        let rest = |n: usize, row: &Row| {
            let mut face = vector::unpack(row).0;
            let active = heard.activity[first + n];
            let gap = gap_mm(&face).max(0.0);
            RESTING.iter().for_each(|c| face[*c] *= active);
            set_gap(&mut face, gap * active);
            face
        };
        let rows: Vec<Row> = clean.chunks_exact(CHANNELS).map(|row| self.scale.restore(row)).collect();
        let mut faces: Vec<Coefficients> = rows.iter().enumerate().map(|(n, row)| rest(n, row)).collect();
        meet(&mut faces, &heard.contacts[first..]);
        for ((clean, row), face) in clean.chunks_exact_mut(CHANNELS).zip(&rows).zip(&faces) {
            let (_, head, gaze) = vector::unpack(row);
            let bent = self.scale.standardise(&vector::pack(face, head, gaze));
            for c in (0..CHANNELS).filter(|c| vector::is_lips(*c)) {
                clean[c] = bent[c];
            }
        }
    }
}

/// Turns the head down by `pitch` radians under eyes that stay where they look.
fn pitch_head(row: &mut Row, pitch: f32) {
    row[vector::HEAD + 1] += pitch;
    row[vector::GAZE + 1] -= pitch;
}

/// Joins the rows of a window from frame `first` on to those of the windows before: over what they share, the new ones take over.
fn fade_in(rows: &mut Vec<Row>, first: usize, window: &[f32]) {
    let shared = rows.len() - first;
    for (n, new) in window.chunks_exact(CHANNELS).enumerate() {
        match rows.get_mut(first + n) {
            Some(row) => {
                let t = smoothstep(0.0, 1.0, (n + 1) as f32 / (shared + 1) as f32);
                row.iter_mut().zip(new).for_each(|(old, new)| *old += t * (new - *old));
            }
            None => rows.push(std::array::from_fn(|c| new[c])),
        }
    }
}

/// Shapes that speech alone opens the mouth with: they go to rest with it.
const RESTING: [usize; 2] = [id::JAW_OPEN, id::MOUTH_FUNNEL];

/// Lip gap in millimetres that people pass in a tenth of the frames of speech, and the most that a take is stretched to reach it.
const WIDE_GAP: f32 = 11.5;
const MOST_GAIN: f32 = 2.0;

/// Lip gap in millimetres that a full funnel keeps.
const ROUND_GAP: f32 = 6.0;

/// How much wider lips open where speech is loudest: jaws drop further with vocal effort (Geumann 2001, "Vocal intensity:
/// acoustic and articulatory correlates").
const LOUDER: f32 = 0.15;

/// Stretches what the lips do to a human range, from lips that meet to wide open: of voices it has not heard, the model
/// understates both ends.
fn open_up(rows: &mut [Row], heard: &Heard, openness: &[f32]) {
    let gap = |row: &Row| gap_mm(&vector::unpack(row).0).max(0.0);
    let neutral = |n: usize| gap(&rows[n]) / entry(openness, n).unwrap_or(1.0);
    let mut gaps: Vec<f32> = (0..rows.len()).filter(|n| heard.activity[*n] > 0.5).map(neutral).collect();
    gaps.sort_by(f32::total_cmp);
    let (Some(narrow), Some(wide)) = (gaps.get(gaps.len() * 8 / 100), gaps.get(gaps.len() * 9 / 10)) else { return };
    let gain = (WIDE_GAP / (wide - narrow).max(0.1)).clamp(1.0, MOST_GAIN);
    for (row, vigour) in rows.iter_mut().zip(&heard.vigour) {
        let (mut face, head, gaze) = vector::unpack(row);
        // Rounded lips stay a little apart.
        let wanted = (gain * (1.0 + LOUDER * vigour) * (gap(row) - narrow)).max(ROUND_GAP * face[id::MOUTH_FUNNEL]);
        for c in [id::MOUTH_PUCKER, id::MOUTH_FUNNEL, id::MOUTH_STRETCH_LEFT, id::MOUTH_STRETCH_RIGHT] {
            face[c] = (gain * face[c]).min(1.0);
        }
        set_gap(&mut face, wanted);
        *row = vector::pack(&face, head, gaze);
    }
}

fn labels(point: &Point) -> [f32; FEELINGS] {
    let weights = mixture(point);
    std::array::from_fn(|i| weights[i + 1])
}

/// The denoiser's modulation of every frame: emotion and style with their marks, zeros where one is left out.
pub fn modulate(emotion: Option<&[Point]>, style: impl Fn(usize) -> Option<Style>, frames: usize) -> Vec<f32> {
    let mut known: Option<(Point, [f32; FEELINGS])> = None;
    let mut rows = Vec::with_capacity(frames * MODULATION);
    for n in 0..frames {
        let mut row = [0.0; MODULATION];
        if let Some(points) = emotion {
            let point = entry(points, n).unwrap_or_default();
            let weights = match known {
                Some((before, weights)) if before == point => weights,
                _ => known.insert((point, labels(&point))).1,
            };
            row[..EMOTION].copy_from_slice(&point);
            row[EMOTION..EMOTION + FEELINGS].copy_from_slice(&weights);
            row[EMOTION + FEELINGS] = 1.0;
        }
        if let Some(style) = style(n) {
            row[MODULATION - 1 - STYLE..MODULATION - 1].copy_from_slice(&style);
            row[MODULATION - 1] = 1.0;
        }
        rows.extend(row);
    }
    rows
}

/// Deviation in frames of the low-pass that every estimate of a channel goes through. What few evaluations leave of the noise is
/// white, and faces are not: heads and brows move below 3 Hz, lips below 8 Hz; lids are left alone.
fn slowness(channel: usize) -> f32 {
    match vector::coefficient_of(channel) {
        None if channel < vector::GAZE => 2.0,
        None => 1.5,
        Some(id::EYE_BLINK_LEFT | id::EYE_BLINK_RIGHT) => 0.0,
        Some(_) if vector::is_lips(channel) => 0.6,
        Some(_) => 2.5,
    }
}

/// Low-passes `frames × CHANNELS` along time, each channel by its [`slowness`].
fn smooth(rows: &mut [f32]) {
    let frames = rows.len() / CHANNELS;
    for c in 0..CHANNELS {
        let deviation = slowness(c);
        if deviation > 0.0 {
            let curve: Vec<f32> = (0..frames).map(|n| rows[n * CHANNELS + c]).collect();
            for (n, v) in curves::smooth(&curve, deviation).into_iter().enumerate() {
                rows[n * CHANNELS + c] = v;
            }
        }
    }
}
