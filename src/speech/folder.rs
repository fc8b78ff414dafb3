//! Folders of models as Hugging Face distributes them: `config.json`, `tokenizer.json`, `model.safetensors`.

use crate::{Error, Result};
use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Largest file that is read, bytes: more than the largest model of a use here.
const LARGEST: u64 = 8 << 30;

/// A folder with a model.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a>(pub &'a Path);

/// The tokens of a model, both ways.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    pub ids: HashMap<String, u32>,
    /// By number; holes are empty.
    pub texts: Vec<String>,
    /// Whether text becomes small letters before it is looked up.
    pub lowercase: bool,
}

/// What of `tokenizer.json` is read.
#[derive(Deserialize)]
struct Tokenizer {
    model: Model,
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
}

impl Folder<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A mistake in one of the files.
    pub fn wrong(&self, name: &str, what: impl Into<String>) -> Error {
        Error::malformed(self.path(name).display().to_string(), what)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name);
        let size = std::fs::metadata(&path).map_err(Error::io(&path))?.len();
        if size > LARGEST {
            return Err(Error::Limit { what: format!("{}: more than 8 GiB", path.display()), hint: "use a smaller model".into() });
        }
        std::fs::read(&path).map_err(Error::io(&path))
    }

    /// `config.json` as the settings of `kind` of model.
    pub fn config<T: DeserializeOwned>(&self, kind: &str) -> Result<T> {
        serde_json::from_slice(&self.read("config.json")?).map_err(|e| self.wrong("config.json", format!("not a {kind} model: {e}")))
    }

    /// The tokens in `tokenizer.json`, all of which stand below `size`.
    pub fn vocabulary(&self, size: usize) -> Result<Vocabulary> {
        const NAME: &str = "tokenizer.json";
        let read: Tokenizer = serde_json::from_slice(&self.read(NAME)?).map_err(|e| self.wrong(NAME, format!("not a tokenizer: {e}")))?;
        let mut vocabulary = Vocabulary { ids: read.model.vocab, texts: vec![String::new(); size], lowercase: false };
        vocabulary.ids.extend(read.added_tokens.into_iter().map(|token| (token.content, token.id)));
        for (text, id) in &vocabulary.ids {
            let place = vocabulary.texts.get_mut(*id as usize);
            let place = place.ok_or_else(|| self.wrong(NAME, format!("token {text} is beyond the model's vocabulary of {size}")))?;
            place.clone_from(text);
        }
        vocabulary.lowercase = read.normalizer.and_then(|n| n.get("lowercase")?.as_bool()).unwrap_or(false);
        Ok(vocabulary)
    }

    /// The weights as 32-bit numbers.
    pub fn weights(&self) -> Result<VarBuilder<'static>> {
        let bytes = self.read("model.safetensors")?;
        VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu).map_err(|e| self.misfit(e))
    }

    /// Weights that are damaged or belong to another model.
    pub fn misfit(&self, error: candle_core::Error) -> Error {
        let line = error.to_string().lines().next().unwrap_or_default().to_string();
        self.wrong("model.safetensors", format!("does not fit config.json: {line}"))
    }

    /// Checks sizes of `config.json` that the models' code takes for granted: name, value, least, most.
    pub fn check(&self, sizes: &[(&str, usize, usize, usize)]) -> Result<()> {
        match sizes.iter().find(|(_, value, least, most)| !(*least..=*most).contains(value)) {
            Some((name, value, least, most)) => Err(self.wrong("config.json", format!("{name} is {value}, not {least} to {most}"))),
            None => Ok(()),
        }
    }
}
