//! The few kinds of error, each one line that says what went wrong, where, and what to do.

use std::io::ErrorKind;
use std::path::PathBuf;

/// Everything that can go wrong. `Display` is one line for people; [`Error::hint`] says what to do, where there is something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused to read or write.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// Input that is not what it claims to be. `at` names the place: a line, a byte, a time.
    #[error("{origin}: {what}")]
    Malformed { origin: String, what: String },
    /// Input that is well formed but that gestus does not handle.
    #[error("{what}")]
    Unsupported { what: String, hint: String },
    /// A size, a length or a number beyond what is accepted.
    #[error("{what}")]
    Limit { what: String, hint: String },
    /// The command line or an option's value is wrong: exit status 2.
    #[error("{what}")]
    Usage { what: String, hint: String },
    /// Weights that do not fit the model, or a failed tensor operation.
    #[error("model: {0}")]
    Model(String),
    /// Drawing failed on the chosen device.
    #[error("renderer: {0}")]
    Render(String),
    /// Some of many jobs failed: exit status 3.
    #[error("{what}")]
    Partly { what: String, hint: String },
    /// Stopped by the user: exit status 130.
    #[error("interrupted")]
    Interrupted,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps an input or output error with the path it happened on.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }

    pub fn malformed(origin: impl Into<String>, what: impl Into<String>) -> Error {
        Error::Malformed { origin: origin.into(), what: what.into() }
    }

    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Usage { what: what.into(), hint: hint.into() }
    }

    /// What the user can do about it, if gestus knows.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Unsupported { hint, .. } | Error::Limit { hint, .. } | Error::Usage { hint, .. } | Error::Partly { hint, .. } => {
                Some(hint.as_str()).filter(|hint| !hint.is_empty())
            }
            Error::Io { source, .. } => match source.kind() {
                ErrorKind::NotFound => Some("check the spelling and the folder"),
                ErrorKind::IsADirectory => Some("name a file, not a folder"),
                ErrorKind::PermissionDenied => Some("check the permissions, or use another file"),
                ErrorKind::StorageFull => Some("make room, or write elsewhere"),
                _ => None,
            },
            _ => None,
        }
    }

    /// The exit status of the process: 2 for usage, 3 for some of many, 130 when interrupted, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage { .. } => 2,
            Error::Partly { .. } => 3,
            Error::Interrupted => 130,
            _ => 1,
        }
    }
}

impl From<candle_core::Error> for Error {
    fn from(e: candle_core::Error) -> Self {
        // candle appends a backtrace; one line is enough for people.
        Error::Model(e.to_string().lines().next().unwrap_or_default().to_string())
    }
}
