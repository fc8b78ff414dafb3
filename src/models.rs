//! The sets of weights: the shipped ones, or a folder with one's own.

use crate::emotion::voice::VoiceEncoder;
use crate::face::model::FaceModel;
use crate::speech::content::ContentEncoder;
use crate::{Error, Result};
use std::borrow::Cow;
use std::path::PathBuf;
use std::str::FromStr;

/// A set of weights: content encoder, face, ear for feelings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Models {
    /// Learned from all recordings; some of them allow research only.
    #[default]
    Standard,
    /// Learned only from recordings whose terms allow commercial use.
    Commercial,
    /// `content.safetensors`, `face.safetensors` and `emotion.safetensors` in a folder.
    Folder(PathBuf),
}

impl FromStr for Models {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Models, String> {
        match text {
            "standard" => Ok(Models::Standard),
            "commercial" => Ok(Models::Commercial),
            folder if std::path::Path::new(folder).is_dir() => Ok(Models::Folder(folder.into())),
            other => Err(format!("no such folder: {other}; use standard, commercial or a folder with weights")),
        }
    }
}

impl Models {
    fn bytes(&self, name: &str, standard: &'static [u8], commercial: &'static [u8]) -> Result<Cow<'static, [u8]>> {
        match self {
            Models::Standard => Ok(standard.into()),
            Models::Commercial => Ok(commercial.into()),
            Models::Folder(folder) => {
                let path = folder.join(format!("{name}.safetensors"));
                Ok(std::fs::read(&path).map_err(Error::io(path))?.into())
            }
        }
    }

    fn content_bytes(&self) -> Result<Cow<'static, [u8]>> {
        self.bytes("content", ContentEncoder::BUILTIN, include_bytes!("../models/commercial/content.safetensors"))
    }

    /// The content encoder.
    pub fn content(&self) -> Result<ContentEncoder> {
        ContentEncoder::from_bytes(&self.content_bytes()?)
    }

    /// The face, with its content encoder.
    pub fn face(&self) -> Result<FaceModel> {
        let face = self.bytes("face", FaceModel::BUILTIN, include_bytes!("../models/commercial/face.safetensors"))?;
        FaceModel::from_bytes(&self.content_bytes()?, &face)
    }

    /// The ear for feelings.
    pub fn voice(&self) -> Result<VoiceEncoder> {
        let commercial = include_bytes!("../models/commercial/emotion.safetensors");
        VoiceEncoder::from_bytes(&self.bytes("emotion", VoiceEncoder::BUILTIN, commercial)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shipped_sets_are_whole_and_not_the_same() {
        for models in [Models::Standard, Models::Commercial] {
            assert!(models.content().is_ok() && models.face().is_ok() && models.voice().is_ok(), "{models:?}");
        }
        assert_ne!(Models::Standard.content_bytes().unwrap(), Models::Commercial.content_bytes().unwrap());
        assert!("no/such/folder".parse::<Models>().is_err());
        assert_eq!("models".parse(), Ok(Models::Folder("models".into())));
    }
}
