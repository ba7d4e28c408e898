//! Why a request for links is not answered (DataLink 1.1 section 3.4).

use crate::{dali, database};

/// A sentence that begins with one of the standard's words for errors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Of HTTP.
    pub status: u16,
    pub message: String,
}

impl Fault {
    pub(super) fn fatal(error: &database::Error) -> Fault {
        tracing::error!(%error, "links cannot be written");
        let (status, message) = match error {
            database::Error::Data(sentence) => (400, format!("UsageFault: {sentence}")),
            _ => (500, "FatalFault: the links cannot be written".to_owned()),
        };
        Fault { status, message }
    }
}

impl From<dali::Error> for Fault {
    fn from(error: dali::Error) -> Fault {
        Fault {
            status: 400,
            message: format!("UsageFault: {error}"),
        }
    }
}
