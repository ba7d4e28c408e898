//! Why there is no cut-out, in the words of SODA 1.0 section 5.2.

use std::fmt;

/// The words that a text about a fault begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Anything without a word of its own.
    Error,
    /// Not now, but perhaps later.
    ServiceUnavailable,
    /// Asking again does not help.
    UsageError,
    /// Several values where one is taken.
    MultiValuedParamNotSupported,
}

/// A sentence without its full stop, its word and its HTTP status (RFC 9110
/// section 15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub word: Word,
    pub status: u16,
    pub message: String,
}

impl Fault {
    /// The request is not understood.
    pub fn usage(message: impl Into<String>) -> Fault {
        Fault::new(Word::UsageError, 400, message)
    }

    /// There is no such file here.
    pub fn not_found(message: impl Into<String>) -> Fault {
        Fault::new(Word::UsageError, 404, message)
    }

    /// The file is one that cannot be cut, or not without a doubt.
    pub fn unsuited(message: impl Into<String>) -> Fault {
        Fault::new(Word::UsageError, 422, message)
    }

    /// Several values of one parameter (SODA 1.0 section 3.1).
    pub fn several(message: impl Into<String>) -> Fault {
        Fault::new(Word::MultiValuedParamNotSupported, 400, message)
    }

    /// Too much is going on.
    pub fn busy(message: impl Into<String>) -> Fault {
        Fault::new(Word::ServiceUnavailable, 503, message)
    }

    /// Something of ours, or of the file, is broken.
    pub fn broken(message: impl Into<String>) -> Fault {
        Fault::new(Word::Error, 500, message)
    }

    fn new(word: Word, status: u16, message: impl Into<String>) -> Fault {
        Fault {
            word,
            status,
            message: message.into(),
        }
    }

    /// The same, about this part of a file.
    pub(super) fn of(mut self, part: &str) -> Fault {
        self.message = format!("{part}: {}", self.message);
        self
    }
}

impl fmt::Display for Fault {
    /// As SODA 1.0 section 5.2 wants the text to begin.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.word {
            Word::Error => "Error",
            Word::ServiceUnavailable => "ServiceUnavailable",
            Word::UsageError => "UsageError",
            Word::MultiValuedParamNotSupported => "MultiValuedParamNotSupported",
        };
        write!(f, "{word}: {}", self.message)
    }
}

impl std::error::Error for Fault {}
