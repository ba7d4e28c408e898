//! Why the registry did not do what it was asked.

use std::fmt;

use crate::database;
use crate::registry::{self, ObserverError};

/// What is wrong, with what, and what to do: a sentence, and one line for each
/// of the first things that it is about.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    pub details: Vec<String>,
    source: Option<database::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was given cannot be read, or means nothing.
    Invalid,
    /// It is not this user's to change.
    Forbidden,
    /// What it names is not there.
    Missing,
    /// It contradicts what is there.
    Conflict,
    /// It is no longer what it was expected to be.
    Changed,
    /// Try again later.
    Busy,
    /// The fault is not the asker's.
    Ours,
}

impl Kind {
    /// For programs.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Forbidden => "forbidden",
            Kind::Missing => "missing",
            Kind::Conflict => "conflict",
            Kind::Changed => "changed",
            Kind::Busy => "busy",
            Kind::Ours => "internal",
        }
    }
}

/// Things named in one error; the rest are counted.
pub(super) const TOLD: usize = 20;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            details: Vec::new(),
            source: None,
        }
    }

    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(Kind::Invalid, message)
    }

    pub(super) fn missing(message: impl Into<String>) -> Error {
        Error::new(Kind::Missing, message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Error {
        Error::new(Kind::Conflict, message)
    }

    pub(super) fn about(mut self, details: impl IntoIterator<Item = String>) -> Error {
        self.details = details.into_iter().take(TOLD).collect();
        self
    }

    /// Whether the transaction, begun again, may succeed.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.source, Some(database::Error::Again))
    }

    /// Whether a row broke a rule of its table.
    pub(super) fn is_rule(&self) -> bool {
        matches!(self.source, Some(database::Error::Rule))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for detail in &self.details {
            write!(f, "\n  {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl From<database::Error> for Error {
    fn from(error: database::Error) -> Error {
        use database::Error as Cause;
        let (kind, message) = match &error {
            Cause::Data(sentence) => (Kind::Invalid, sentence.clone()),
            Cause::Rule => (
                Kind::Conflict,
                "something else was written meanwhile that this contradicts: look, and try again"
                    .to_owned(),
            ),
            Cause::Again | Cause::Cancelled | Cause::Timeout(_) => (
                Kind::Busy,
                "the registry was busy with others who write: try again".to_owned(),
            ),
            Cause::Unreachable(_) | Cause::TooOld(_) | Cause::TooNew(_) => (
                Kind::Busy,
                "the database cannot be reached just now: try again later".to_owned(),
            ),
            Cause::Driver { .. } => (
                Kind::Ours,
                "the database did not do what it should: the log says more".to_owned(),
            ),
        };
        Error {
            source: Some(error),
            ..Error::new(kind, message)
        }
    }
}

impl From<ObserverError> for Error {
    fn from(error: ObserverError) -> Error {
        match error {
            ObserverError::Dataset { id, reason } => Error::invalid(format!(
                "dataset {id} cannot be described as its ObsCore table asks: {reason}"
            )),
            ObserverError::Database(error) => error.into(),
        }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Error {
        match error {
            registry::Error::Database(error) => error.into(),
            error @ registry::Error::Unreadable { .. } => Error::new(Kind::Ours, error.to_string()),
        }
    }
}

/// For readers, who know no other errors.
impl From<Error> for registry::Error {
    fn from(error: Error) -> registry::Error {
        match error.source {
            Some(source) => registry::Error::Database(source),
            None => registry::Error::Unreadable {
                repository: "the registry".to_owned(),
                reason: error.message,
            },
        }
    }
}
