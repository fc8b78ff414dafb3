//! Transcripts from the sound itself, by a Whisper model that the user has (Radford et al. 2022, <https://arxiv.org/abs/2212.04356>).
//!
//! A folder as Hugging Face distributes it: `config.json`, `tokenizer.json`, `model.safetensors` (tiny, base, small, ...). The model
//! gives phrases with their times; [`super::align`] then finds the words in them.

use super::folder::{Folder, Vocabulary};
use super::transcript::{Part, Token, Transcript};
use crate::audio::Speech;
use crate::{Error, Result, interrupt};
use candle_core::{D, Device, IndexOp, Tensor};
use candle_transformers::models::whisper::{self, Config, HOP_LENGTH, N_FFT, N_FRAMES, N_SAMPLES, SAMPLE_RATE, audio, model};
use std::path::Path;
use tokenizers::Decoder;
use tokenizers::decoders::byte_level::ByteLevel;

/// A model ready to listen.
pub struct Whisper {
    model: model::Whisper,
    vocabulary: Vocabulary,
    filters: Vec<f32>,
    special: Special,
}

/// Numbers of the tokens that are no text.
struct Special {
    start: u32,
    end: u32,
    transcribe: u32,
    /// Of the time 0; each of the next ones stands for 0.02 s more.
    times: u32,
    languages: Vec<u32>,
    /// Never said.
    silent: Vec<u32>,
}

/// Start and end in seconds, and what is said.
type Phrase = (f64, f64, String);

/// Seconds between two time tokens, and the latest time of a first phrase within what is heard at once.
const STEP: f64 = 0.02;
const LATEST_START: u32 = 50;
/// Vocabularies of this size and above know languages other than English.
const MULTILINGUAL: usize = 51_865;

impl Whisper {
    /// Reads the three files of a folder. Fails with the file that is missing, damaged or does not fit.
    pub fn open(folder: &Path) -> Result<Whisper> {
        let folder = Folder(folder);
        let config: Config = folder.config("Whisper")?;
        check(&folder, &config)?;
        let vocabulary = folder.vocabulary(config.vocab_size)?;
        let special = Special::new(&vocabulary, &config).map_err(|what| folder.wrong("tokenizer.json", what))?;
        let filters = mel_filters(config.num_mel_bins);
        let model = model::Whisper::load(&folder.weights()?, config).map_err(|e| folder.misfit(e))?;
        Ok(Whisper { model, vocabulary, filters, special })
    }

    /// Writes down what is said, in phrases with times. `heard` is told how many seconds are done.
    pub fn transcribe(&mut self, speech: &Speech, mut heard: impl FnMut(f64)) -> Result<Transcript> {
        let mut parts = Vec::new();
        let mut language = None;
        let (mut at, total) = (0.0, speech.samples.len() as f64 / SAMPLE_RATE as f64);
        while at < total {
            interrupt::check()?;
            let sound = self.listen(&speech.samples[(at * SAMPLE_RATE as f64) as usize..])?;
            if language.is_none() {
                language = Some(self.language(&sound)?);
            }
            let tokens = self.decode(&sound, language.flatten())?;
            let (phrases, seconds) = self.phrases(&tokens)?;
            parts.extend(phrases.into_iter().map(|(start, end, text)| part(at + start, (at + end).min(total), &text)));
            at += seconds.max(1.0);
            heard(at.min(total));
        }
        parts.retain(|part| !part.tokens.is_empty());
        Ok(Transcript { parts })
    }

    /// What the encoder makes of the first half minute of `samples`.
    fn listen(&mut self, samples: &[f32]) -> Result<Tensor> {
        let mut piece = samples[..samples.len().min(N_SAMPLES)].to_vec();
        piece.resize(N_SAMPLES, 0.0);
        let bins = self.model.config.num_mel_bins;
        let mel = audio::pcm_to_mel(&self.model.config, &piece, &self.filters);
        let frames = mel.len() / bins;
        let mel = Tensor::from_vec(mel, (1, bins, frames), &Device::Cpu)?.narrow(2, 0, N_FRAMES)?;
        self.model.reset_kv_cache();
        Ok(self.model.encoder.forward(&mel, true)?)
    }

    /// Logarithms of the probabilities of what comes after `tokens`.
    fn next(&mut self, sound: &Tensor, tokens: &[u32], first: bool) -> Result<Vec<f32>> {
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let hidden = self.model.decoder.forward(&input, sound, first)?;
        let last = hidden.i((.., tokens.len() - 1..))?;
        let logits = self.model.decoder.final_linear(&last)?.squeeze(1)?.squeeze(0)?;
        Ok(candle_nn::ops::log_softmax(&logits, D::Minus1)?.to_vec1()?)
    }

    fn language(&mut self, sound: &Tensor) -> Result<Option<u32>> {
        if self.special.languages.is_empty() {
            return Ok(None);
        }
        let scores = self.next(sound, &[self.special.start], true)?;
        let score = |token: &u32| scores.get(*token as usize).copied().unwrap_or(f32::NEG_INFINITY);
        Ok(self.special.languages.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b))))
    }

    /// The likeliest tokens one by one, times and text as the model was taught to write them.
    fn decode(&mut self, sound: &Tensor, language: Option<u32>) -> Result<Vec<u32>> {
        let mut tokens: Vec<u32> = std::iter::once(self.special.start).chain(language).collect();
        if language.is_some() {
            tokens.push(self.special.transcribe);
        }
        let prompt = tokens.len();
        let most = (self.model.config.max_target_positions / 2).max(prompt + 1);
        while tokens.len() < most {
            let mut scores = self.next(sound, &tokens, tokens.len() == prompt)?;
            self.special.allow(&tokens[prompt..], &mut scores);
            let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0) as u32;
            if best == self.special.end {
                break;
            }
            tokens.push(best);
        }
        Ok(tokens.split_off(prompt))
    }

    /// Phrases (start, end, text), seconds; and how far the sound has been heard.
    fn phrases(&self, tokens: &[u32]) -> Result<(Vec<Phrase>, f64)> {
        let time = |token: u32| (token >= self.special.times).then(|| f64::from(token - self.special.times) * STEP);
        const WHOLE: f64 = 30.0;
        let (mut phrases, mut start, mut said) = (Vec::new(), 0.0, Vec::new());
        let mut heard = WHOLE;
        for (k, token) in tokens.iter().enumerate() {
            match time(*token) {
                Some(end) if !said.is_empty() => {
                    phrases.push((start, end.max(start), self.text(&said)?));
                    said.clear();
                    // Something begins where this ends: it is heard again from there, with what follows.
                    heard = if tokens.get(k + 1).and_then(|next| time(*next)).is_some() { end } else { WHOLE };
                    start = end;
                }
                Some(begin) => start = begin,
                None => said.push(*token),
            }
        }
        if !said.is_empty() && phrases.is_empty() {
            phrases.push((start, WHOLE, self.text(&said)?));
        }
        Ok((phrases, heard))
    }

    fn text(&self, tokens: &[u32]) -> Result<String> {
        let pieces =
            tokens.iter().filter(|token| **token < self.special.end).filter_map(|token| self.vocabulary.texts.get(*token as usize));
        ByteLevel::default().decode(pieces.cloned().collect()).map_err(|e| Error::Model(format!("Whisper's tokenizer: {e}")))
    }
}

impl Special {
    fn new(vocabulary: &Vocabulary, config: &Config) -> Result<Special, String> {
        let token =
            |name: &str| vocabulary.ids.get(name).copied().ok_or_else(|| format!("there is no token {name}: not a tokenizer of Whisper's"));
        let (start, end) = (token(whisper::SOT_TOKEN)?, token(whisper::EOT_TOKEN)?);
        let (transcribe, without_times) = (token(whisper::TRANSCRIBE_TOKEN)?, token(whisper::NO_TIMESTAMPS_TOKEN)?);
        // Languages stand between the start and the tasks.
        let languages = if config.vocab_size >= MULTILINGUAL { (start + 1..transcribe.saturating_sub(1)).collect() } else { Vec::new() };
        let silent = (end + 1..=without_times).chain(config.suppress_tokens.iter().copied()).collect();
        Ok(Special { start, end, transcribe, times: without_times + 1, languages, silent })
    }

    /// Rules out what may not follow `said`: times come in pairs, do not fall, and the first is near the beginning.
    fn allow(&self, said: &[u32], scores: &mut [f32]) {
        const NEVER: f32 = f32::NEG_INFINITY;
        let (times, end) = ((self.times as usize).min(scores.len()), self.end as usize);
        let is_time = |token: Option<&u32>| token.is_some_and(|token| *token >= self.times);
        for token in &self.silent {
            if *token != self.end
                && let Some(score) = scores.get_mut(*token as usize)
            {
                *score = NEVER;
            }
        }
        let last = is_time(said.last());
        let before = said.len() < 2 || is_time(said.get(said.len() - 2));
        if said.is_empty() {
            scores[..times].fill(NEVER);
            let latest = (times + LATEST_START as usize + 1).min(scores.len());
            scores[latest..].fill(NEVER);
        } else if last && before {
            scores[times..].fill(NEVER);
        } else if last {
            scores[..end.min(times)].fill(NEVER);
        }
        if let Some(latest) = said.iter().rev().find(|token| **token >= self.times) {
            let least = *latest as usize + usize::from(!last || before);
            let least = least.clamp(times, scores.len());
            scores[times..least].fill(NEVER);
        }
        // If any time is likelier than every text, it is time for a time.
        let any_time: f32 = scores[times..].iter().map(|score| score.exp()).sum::<f32>().ln();
        let best_text = scores[..times].iter().copied().fold(NEVER, f32::max);
        if any_time > best_text && !scores[times..].is_empty() {
            scores[..times].fill(NEVER);
        }
    }
}

fn part(start: f64, end: f64, text: &str) -> Part {
    let said = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
    Part { tokens: said.map(|word| Token { text: word.to_string(), time: None }).collect(), span: Some((start, end)) }
}

/// What the model's code takes for granted.
fn check(folder: &Folder, config: &Config) -> Result<()> {
    folder.check(&[
        ("num_mel_bins", config.num_mel_bins, 1, 256),
        ("d_model", config.d_model, 4, 1 << 14),
        ("max_source_positions", config.max_source_positions, N_FRAMES / 2, 1 << 14),
        ("max_target_positions", config.max_target_positions, 8, 1 << 13),
        ("encoder_layers", config.encoder_layers, 1, 256),
        ("decoder_layers", config.decoder_layers, 1, 256),
        ("encoder_attention_heads", config.encoder_attention_heads, 1, 1 << 10),
        ("decoder_attention_heads", config.decoder_attention_heads, 1, 1 << 10),
        ("vocab_size", config.vocab_size, 8, 1 << 20),
    ])?;
    let even = |heads: usize| config.d_model.is_multiple_of(heads);
    match even(config.encoder_attention_heads) && even(config.decoder_attention_heads) {
        true => Ok(()),
        false => Err(folder.wrong("config.json", "d_model is no multiple of the number of heads")),
    }
}

/// Triangular filters on Slaney's mel scale with equal areas (Slaney 1998, Auditory Toolbox), `bins` rows of [`N_FFT`] / 2 + 1.
fn mel_filters(bins: usize) -> Vec<f32> {
    const LINEAR: f64 = 200.0 / 3.0;
    const BEND: f64 = 1000.0;
    let step = 6.4f64.ln() / 27.0;
    let to_hertz = |mel: f64| if mel < BEND / LINEAR { mel * LINEAR } else { BEND * (step * (mel - BEND / LINEAR)).exp() };
    let top = BEND / LINEAR + (SAMPLE_RATE as f64 / 2.0 / BEND).ln() / step;
    let edges: Vec<f64> = (0..bins + 2).map(|k| to_hertz(top * k as f64 / (bins + 1) as f64)).collect();
    let line = |k: usize| k as f64 * SAMPLE_RATE as f64 / N_FFT as f64;
    let filter = |edges: &[f64]| -> Vec<f32> {
        let area = 2.0 / (edges[2] - edges[0]);
        let height = |f: f64| ((f - edges[0]) / (edges[1] - edges[0])).min((edges[2] - f) / (edges[2] - edges[1])).max(0.0);
        (0..=N_FFT / 2).map(|k| (area * height(line(k))) as f32).collect()
    };
    edges.windows(3).flat_map(filter).collect()
}

const _: () = assert!(N_SAMPLES / HOP_LENGTH == N_FRAMES);

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;
    use candle_nn::{VarBuilder, VarMap};

    /// A folder with a model of random weights: it says nonsense, but in the right form.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let words =
            ["a", "b", "c", "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>"];
        let times = (0..1501).map(|k| format!("<|{:.2}|>", f64::from(k) * STEP));
        let all: Vec<String> = words.iter().map(|w| w.to_string()).chain(times).collect();
        let config = serde_json::json!({"num_mel_bins": 80, "max_source_positions": 1500, "d_model": 16, "encoder_attention_heads": 2, "encoder_layers": 1,
            "vocab_size": all.len(), "max_target_positions": 32, "decoder_attention_heads": 2, "decoder_layers": 1, "suppress_tokens": [1]});
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let vocabulary: serde_json::Map<_, _> = all.iter().enumerate().map(|(k, word)| (word.clone(), k.into())).collect();
        let added: Vec<_> = all.iter().enumerate().filter(|(_, w)| w.starts_with("<|")).map(|(id, content)| {
            serde_json::json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
        }).collect();
        let tokenizer = serde_json::json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
            "pre_tokenizer": null, "post_processor": null, "decoder": null, "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "a"}});
        std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let map = VarMap::new();
        let config: Config = serde_json::from_value(config).unwrap();
        model::Whisper::load(&VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu), config).unwrap();
        crate::train::draw(&map, 1).unwrap();
        map.save(folder.path().join("model.safetensors")).unwrap();
        folder
    }

    #[test]
    fn a_model_of_the_right_form_gives_phrases_with_times() {
        let folder = folder();
        let samples: Vec<f32> = (0..40 * SAMPLE_RATE).map(|n| (n as f32 * 0.05).sin() * 0.1).collect();
        let speech = Speech { seconds: 40.0, samples };
        let mut whisper = Whisper::open(folder.path()).unwrap();
        let transcript = whisper.transcribe(&speech, |_| {}).unwrap();
        for part in &transcript.parts {
            let (start, end) = part.span.unwrap();
            assert!((0.0..=40.0).contains(&start) && start <= end && end <= 40.0);
            assert!(part.tokens.iter().all(|token| token.text == "a" || token.text == "c"), "{:?}", part.tokens);
        }
        assert_eq!(transcript, Whisper::open(folder.path()).unwrap().transcribe(&speech, |_| {}).unwrap());
    }

    #[test]
    fn times_come_in_pairs_and_do_not_fall() {
        let special = Special { start: 4, end: 3, transcribe: 7, times: 9, languages: Vec::new(), silent: vec![4, 5, 6, 7, 8] };
        let allowed = |said: &[u32]| -> Vec<usize> {
            // Text is a little likelier than the sum of all times.
            let mut scores: Vec<f32> = (0..20).map(|k| if k < 9 { -0.1 } else { -9.0 }).collect();
            special.allow(said, &mut scores);
            (0..20).filter(|k| scores[*k].is_finite()).collect()
        };
        assert_eq!(allowed(&[]), (9..20).collect::<Vec<_>>());
        assert_eq!(allowed(&[10]), [0, 1, 2, 3]);
        assert_eq!(allowed(&[10, 1]), [0, 1, 2, 3].into_iter().chain(11..20).collect::<Vec<_>>());
        assert_eq!(allowed(&[10, 1, 12]), std::iter::once(3).chain(12..20).collect::<Vec<_>>());
    }

    #[test]
    fn damaged_folders_are_told() {
        let spoil = |name: &str, text: &str| {
            let folder = folder();
            std::fs::write(folder.path().join(name), text).unwrap();
            Whisper::open(folder.path()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(spoil("config.json", "{}").contains("config.json: not a Whisper model"));
        assert!(spoil("tokenizer.json", "{}").contains("tokenizer.json"));
        assert!(spoil("model.safetensors", "x").contains("model.safetensors"));
        let folder = folder();
        let config = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
        for (from, to) in
            [("\"d_model\":16", "\"d_model\":15"), ("\"d_model\":16", "\"d_model\":32"), ("\"num_mel_bins\":80", "\"num_mel_bins\":0")]
        {
            std::fs::write(folder.path().join("config.json"), config.replace(from, to)).unwrap();
            assert!(Whisper::open(folder.path()).is_err(), "{to}");
        }
    }

    #[test]
    fn filters_have_equal_areas_and_follow_one_another() {
        let filters = mel_filters(80);
        let rows: Vec<&[f32]> = filters.chunks(N_FFT / 2 + 1).collect();
        assert_eq!(rows.len(), 80);
        let centre = |row: &[f32]| row.iter().enumerate().map(|(k, v)| k as f32 * v).sum::<f32>() / row.iter().sum::<f32>();
        assert!(rows.windows(2).all(|pair| centre(pair[0]) < centre(pair[1])));
        // Wide filters cover many lines, so that their area is not a matter of chance.
        for row in &rows[50..] {
            assert!((row.iter().sum::<f32>() * 40.0 - 1.0).abs() < 0.05);
        }
    }
}
