//! The sets of weights: the shipped ones, or a folder with one's own.

use crate::body::model::BodyModel;
use crate::emotion::voice::VoiceEncoder;
use crate::face::model::FaceModel;
use crate::once::once;
use crate::speech::content::ContentEncoder;
use crate::{Error, Result};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

// The standard and the commercial weights. Statics, since a constant would be copied into every part of the program that names it.
static CONTENT: [&[u8]; 2] = [include_bytes!("../models/content.safetensors"), include_bytes!("../models/commercial/content.safetensors")];
static FACE: [&[u8]; 2] = [include_bytes!("../models/face.safetensors"), include_bytes!("../models/commercial/face.safetensors")];
static VOICE: [&[u8]; 2] = [include_bytes!("../models/emotion.safetensors"), include_bytes!("../models/commercial/emotion.safetensors")];
/// Of both.
static BODY: &[u8] = include_bytes!("../models/body.safetensors");

/// A set of weights: content encoder, face, ear for feelings, body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Models {
    /// Learned from all recordings; some of them allow research only.
    #[default]
    Standard,
    /// Learned only from recordings whose terms allow commercial use.
    Commercial,
    /// `content`, `face`, `emotion` and, if it has its own, `body.safetensors` in a folder; a file is read whenever one is asked for.
    Folder(PathBuf),
}

impl FromStr for Models {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Models, String> {
        match text {
            "standard" => Ok(Models::Standard),
            "commercial" => Ok(Models::Commercial),
            folder if Path::new(folder).is_dir() => Ok(Models::Folder(folder.into())),
            other => Err(format!("no such folder: {other}; use standard, commercial or a folder with weights")),
        }
    }
}

impl Models {
    fn bytes(&self, name: &str, [standard, commercial]: [&'static [u8]; 2]) -> Result<Cow<'static, [u8]>> {
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
        self.bytes("content", CONTENT)
    }

    /// The content encoder.
    pub fn content(&self) -> Result<Arc<ContentEncoder>> {
        static SHIPPED: [OnceLock<Arc<ContentEncoder>>; 2] = [const { OnceLock::new() }; 2];
        self.once(&SHIPPED, || ContentEncoder::from_bytes(&self.content_bytes()?))
    }

    /// The face, with its content encoder.
    pub fn face(&self) -> Result<Arc<FaceModel>> {
        static SHIPPED: [OnceLock<Arc<FaceModel>>; 2] = [const { OnceLock::new() }; 2];
        let face = || self.bytes("face", FACE);
        self.once(&SHIPPED, || FaceModel::from_bytes(&self.content_bytes()?, &face()?))
    }

    /// The ear for feelings, with its content encoder.
    pub fn voice(&self) -> Result<Arc<VoiceEncoder>> {
        static SHIPPED: [OnceLock<Arc<VoiceEncoder>>; 2] = [const { OnceLock::new() }; 2];
        let voice = || self.bytes("emotion", VOICE);
        self.once(&SHIPPED, || VoiceEncoder::from_bytes(&voice()?, self.content()?))
    }

    /// The body; both shipped sets have the same, whose recordings allow commercial use, and so has a folder without one.
    pub fn body(&self) -> Result<Arc<BodyModel>> {
        static SHIPPED: [OnceLock<Arc<BodyModel>>; 2] = [const { OnceLock::new() }; 2];
        if let Models::Folder(folder) = self
            && !folder.join("body.safetensors").exists()
        {
            return Models::Standard.body();
        }
        self.once(&SHIPPED, || BodyModel::from_bytes(&self.bytes("body", [BODY; 2])?))
    }

    /// A model of this set. Those of the shipped sets are read once and shared by all who ask.
    fn once<T>(&self, shipped: &'static [OnceLock<Arc<T>>; 2], read: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let known = match self {
            Models::Standard => &shipped[0],
            Models::Commercial => &shipped[1],
            Models::Folder(_) => return Ok(Arc::new(read()?)),
        };
        once(known, || Ok(Arc::new(read()?))).cloned()
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

    #[test]
    fn a_folder_has_the_shipped_body_unless_it_has_its_own() {
        let folder = std::env::temp_dir().join(format!("gestus-models-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let models = Models::Folder(folder.clone());
        assert!(Arc::ptr_eq(&models.body().unwrap(), &Models::Standard.body().unwrap()));
        std::fs::write(folder.join("body.safetensors"), b"damaged").unwrap();
        assert!(models.body().is_err() && models.face().is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
