//! Free text by its meaning: a sentence encoder that the user has finds the shades of the lexicon that a text is nearest to.
//!
//! A folder with a BERT as Hugging Face distributes it (Devlin et al. 2019, <https://arxiv.org/abs/1810.04805>), best one that was trained on
//! sentences, such as all-MiniLM-L6-v2 (Reimers and Gurevych 2019, <https://arxiv.org/abs/1908.10084>). A text is the mean of its tokens' vectors.
//!
//! What the lexicon understands stays as it is, with its degrees and negations, which such encoders hardly see; the encoder speaks
//! for the share of the words that it does not understand.

use super::{Direction, FreeText, Mix, Term};
use crate::emotion::{Label, lexicon};
use crate::speech::folder::{Folder, Vocabulary};
use crate::{Error, Result};
use candle_core::{Device, Tensor};
use candle_transformers::models::bert::{BertModel, Config};
use std::path::Path;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{Model, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

/// A sentence encoder, and where it puts the shades of the lexicon.
pub struct TextEncoder {
    bert: BertModel,
    normalizer: BertNormalizer,
    pieces: WordPiece,
    /// Numbers of the tokens that begin and end every text.
    ends: [u32; 2],
    /// Most tokens of a text.
    longest: usize,
    shades: Vec<(Near, Vec<f32>)>,
}

/// A shade of feeling that a text is near to.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// Words that stand for it.
    pub name: String,
    pub mix: Vec<(Label, f32)>,
    /// Share among the nearest, which sum to one.
    pub share: f32,
}

/// How many shades a text is a mix of, and the difference of cosines that makes one e times as likely.
const NEAREST: usize = 4;
const TEMPERATURE: f32 = 0.04;
/// Text without any feeling has a place too.
const PLAIN: &str = "neutral, factual, without any feeling";

impl TextEncoder {
    /// Reads the three files of a folder. Fails with the file that is missing, damaged or does not fit.
    pub fn open(folder: &Path) -> Result<TextEncoder> {
        let folder = Folder(folder);
        let config: Config = folder.config("BERT")?;
        check(&folder, &config)?;
        let vocabulary = folder.vocabulary(config.vocab_size)?;
        let ends = ["[CLS]", "[SEP]"].map(|name| vocabulary.ids.get(name).copied());
        let [Some(begin), Some(end)] = ends else {
            return Err(folder.wrong("tokenizer.json", "there is no [CLS] or no [SEP]: not a tokenizer of BERT's"));
        };
        let pieces = word_pieces(&vocabulary).map_err(|what| folder.wrong("tokenizer.json", what))?;
        let normalizer = BertNormalizer::new(true, true, None, vocabulary.lowercase);
        let bert = BertModel::load(folder.weights()?, &config).map_err(|e| folder.misfit(e))?;
        let longest = config.max_position_embeddings;
        let mut encoder = TextEncoder { bert, normalizer, pieces, ends: [begin, end], longest, shades: Vec::new() };
        encoder.shades = shades().map(|near| Ok((near.clone(), encoder.place(&near.name)?))).collect::<Result<_>>()?;
        Ok(encoder)
    }

    /// The shades that a text is nearest to, the nearest first.
    pub fn nearest(&self, text: &str) -> Result<Vec<Near>> {
        let place = self.place(text)?;
        let cosine = |other: &[f32]| place.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        let mut near: Vec<Near> = self.shades.iter().map(|(shade, at)| Near { share: cosine(at), ..shade.clone() }).collect();
        near.sort_by(|a, b| b.share.total_cmp(&a.share));
        near.truncate(NEAREST);
        let most = near.first().map_or(0.0, |first| first.share);
        near.iter_mut().for_each(|n| n.share = ((n.share - most) / TEMPERATURE).exp());
        let total: f32 = near.iter().map(|n| n.share).sum();
        near.iter_mut().for_each(|n| n.share /= total);
        Ok(near)
    }

    /// Where the encoder puts a text: a vector of length one.
    fn place(&self, text: &str) -> Result<Vec<f32>> {
        let ids = self.tokens(text)?;
        let input = Tensor::new(ids.as_slice(), &Device::Cpu)?.unsqueeze(0)?;
        let hidden = self.bert.forward(&input, &input.zeros_like()?, None)?;
        let mean = hidden.squeeze(0)?.mean(0)?.to_vec1::<f32>()?;
        let length = mean.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-9);
        Ok(mean.iter().map(|v| v / length).collect())
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        let failed = |e: tokenizers::Error| Error::Model(format!("the text encoder's tokenizer: {e}"));
        let mut normalized = NormalizedString::from(text);
        self.normalizer.normalize(&mut normalized).map_err(failed)?;
        let mut words = PreTokenizedString::from(normalized);
        BertPreTokenizer.pre_tokenize(&mut words).map_err(failed)?;
        let mut ids = vec![self.ends[0]];
        for (word, ..) in words.get_splits(OffsetReferential::Normalized, OffsetType::Byte) {
            ids.extend(self.pieces.tokenize(word).map_err(failed)?.iter().map(|token| token.id));
        }
        ids.truncate(self.longest - 1);
        ids.push(self.ends[1]);
        Ok(ids)
    }
}

/// The lexicon's shades, each by its first words, the labels, and no feeling.
fn shades() -> impl Iterator<Item = Near> {
    let labels =
        Label::ALL.into_iter().filter(|label| *label != Label::Neutral).map(|label| (label.name().to_string(), vec![(label, 1.0)]));
    let words = lexicon::shades().map(|(words, mix)| (words.split_whitespace().take(3).collect::<Vec<_>>().join(", "), mix));
    labels.chain(words).chain([(PLAIN.to_string(), Vec::new())]).map(|(name, mix)| Near { name, mix, share: 0.0 })
}

/// The vocabulary cuts words into the longest pieces that it has.
fn word_pieces(vocabulary: &Vocabulary) -> Result<WordPiece, String> {
    const UNKNOWN: &str = "[UNK]";
    if !vocabulary.ids.contains_key(UNKNOWN) {
        return Err(format!("there is no {UNKNOWN}: not a tokenizer of BERT's"));
    }
    let lines = WordPiece::read_bytes(vocabulary.texts.join("\n").as_bytes()).map_err(|e| e.to_string())?;
    WordPiece::builder().vocab(lines).unk_token(UNKNOWN.into()).build().map_err(|e| e.to_string())
}

/// What the model's code takes for granted.
fn check(folder: &Folder, config: &Config) -> Result<()> {
    folder.check(&[
        ("vocab_size", config.vocab_size, 4, 1 << 20),
        ("hidden_size", config.hidden_size, 1, 1 << 14),
        ("num_hidden_layers", config.num_hidden_layers, 1, 256),
        ("num_attention_heads", config.num_attention_heads, 1, 1 << 10),
        ("intermediate_size", config.intermediate_size, 1, 1 << 16),
        ("max_position_embeddings", config.max_position_embeddings, 8, 1 << 16),
        ("type_vocab_size", config.type_vocab_size, 1, 1 << 10),
    ])?;
    match config.hidden_size.is_multiple_of(config.num_attention_heads) {
        true => Ok(()),
        false => Err(folder.wrong("config.json", "hidden_size is no multiple of num_attention_heads")),
    }
}

impl Direction {
    /// Lets an encoder read what the lexicon did not understand in free text. Nothing is left unknown.
    pub fn interpret(&mut self, encoder: &TextEncoder) -> Result<()> {
        for key in self.tracks.iter_mut().flat_map(|track| &mut track.keys) {
            let texts = std::mem::take(&mut key.mix.texts);
            for text in texts {
                let read = if text.understood < 1.0 { text.interpreted(encoder, &mut key.mix)? } else { text };
                key.mix.texts.push(read);
            }
        }
        self.unknown.clear();
        Ok(())
    }
}

impl FreeText {
    /// Adds what the encoder makes of the text to the mix that it stands in.
    fn interpreted(mut self, encoder: &TextEncoder, mix: &mut Mix) -> Result<FreeText> {
        self.nearest = encoder.nearest(&self.text)?;
        mix.terms[self.terms.clone()].iter_mut().for_each(|term| *term = term.scaled(self.understood));
        let share = (1.0 - self.understood) * self.intensity;
        for near in &self.nearest {
            mix.terms.extend(near.mix.iter().map(|(label, i)| Term::Label { label: *label, intensity: share * near.share * i }));
        }
        (self.understood, self.refusal) = (1.0, None);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direction::grammar;
    use candle_core::DType;
    use candle_nn::{VarBuilder, VarMap};

    /// A folder with a model of random weights whose words are letters and a few of the lexicon's.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let letters = ('a'..='z').flat_map(|c| [c.to_string(), format!("##{c}")]);
        let words =
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ",", "glum", "##my", "grief", "happy"].map(String::from).into_iter().chain(letters);
        let vocabulary: serde_json::Map<_, _> = words.enumerate().map(|(id, word)| (word, id.into())).collect();
        let config = serde_json::json!({"vocab_size": vocabulary.len(), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
            "intermediate_size": 64, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "max_position_embeddings": 64, "type_vocab_size": 2,
            "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0, "model_type": "bert"});
        let tokenizer = serde_json::json!({"normalizer": {"type": "BertNormalizer", "lowercase": true}, "added_tokens": [],
            "model": {"type": "WordPiece", "vocab": vocabulary}});
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let map = VarMap::new();
        BertModel::load(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu), &serde_json::from_value(config).unwrap()).unwrap();
        crate::train::draw(&map, 1).unwrap();
        map.save(folder.path().join("model.safetensors")).unwrap();
        folder
    }

    fn read(text: &str, encoder: &TextEncoder) -> Direction {
        let mut direction = grammar::parse(text, true).unwrap();
        direction.interpret(encoder).unwrap();
        direction
    }

    #[test]
    fn text_is_cut_into_the_longest_pieces() {
        let folder = folder();
        let encoder = TextEncoder::open(folder.path()).unwrap();
        let text = |ids: &[u32]| -> Vec<String> {
            let vocabulary = Folder(folder.path()).vocabulary(61).unwrap();
            ids.iter().map(|id| vocabulary.texts[*id as usize].clone()).collect()
        };
        assert_eq!(text(&encoder.tokens("Glummy, ÉA!").unwrap()), ["[CLS]", "glum", "##my", ",", "e", "##a", "[UNK]", "[SEP]"]);
        assert_eq!(encoder.tokens(&"a ".repeat(500)).unwrap().len(), 64);
    }

    #[test]
    fn a_text_is_nearest_to_itself_and_shares_sum_to_one() {
        let encoder = TextEncoder::open(folder().path()).unwrap();
        for (shade, _) in encoder.shades.iter().step_by(7) {
            let near = encoder.nearest(&shade.name).unwrap();
            assert_eq!(near[0].name, shade.name);
            assert!((near.iter().map(|n| n.share).sum::<f32>() - 1.0).abs() < 1e-5 && near.len() == NEAREST);
        }
        assert_eq!(encoder.nearest("abc").unwrap(), encoder.nearest("abc").unwrap());
    }

    #[test]
    fn what_the_lexicon_understands_stays_and_the_rest_is_told_by_likeness() {
        let encoder = TextEncoder::open(folder().path()).unwrap();
        let known = read("quietly furious", &encoder);
        assert_eq!(known, grammar::parse("quietly furious", false).unwrap());
        let unknown = read("grief, grieving, mourning zq", &encoder);
        assert!(unknown.unknown.is_empty());
        let strange = read("\"purple giraffes\":0.5", &encoder);
        let mix = &strange.tracks[0].keys[0].mix;
        let nearest = &mix.texts[0].nearest;
        assert_eq!(nearest.len(), NEAREST);
        let asked: f32 = nearest.iter().flat_map(|near| near.mix.iter().map(|(_, i)| 0.5 * near.share * i)).sum();
        let got: f32 = mix.terms.iter().map(|term| term.intensity()).sum();
        assert!((asked - got).abs() < 1e-5, "{asked} {got}");
        assert!(grammar::parse("purple giraffes", false).is_err());
    }

    #[test]
    fn damaged_folders_are_told() {
        let spoil = |name: &str, text: &str| {
            let folder = folder();
            std::fs::write(folder.path().join(name), text).unwrap();
            TextEncoder::open(folder.path()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(spoil("config.json", "{}").contains("config.json: not a BERT model"));
        assert!(spoil("tokenizer.json", "{}").contains("tokenizer.json"));
        assert!(spoil("model.safetensors", "x").contains("model.safetensors"));
        assert!(TextEncoder::open(Path::new("nowhere")).err().unwrap().to_string().contains("nowhere"));
    }
}
