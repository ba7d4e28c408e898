//! What can go wrong with a database, as sentences about what was attempted.

/// The driver's own words stay inside ([`std::error::Error::source`]) and go
/// to the log, never to the user of the service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached or opened, or it refuses what it must
    /// allow; the text says what to do.
    #[error("{0}")]
    Unreachable(String),
    /// The tables in the database are older than this program needs.
    #[error("{0}")]
    TooOld(String),
    /// The schema in the database is newer than this program.
    #[error("{0}")]
    TooNew(String),
    /// A query ran longer than it may (seconds).
    #[error("the query took longer than {0} s and was stopped")]
    Timeout(u64),
    /// The query was stopped by us (client gone, shutting down).
    #[error("the query was cancelled")]
    Cancelled,
    /// A value made the query fail (overflow, invalid cast); the sentence is
    /// ours.
    #[error("{0}")]
    Data(String),
    /// A row may not be as it was written: another one has its key, or what it
    /// names is not there. Whoever wrote it knows the rule and says which.
    #[error("a row breaks a rule of its table")]
    Rule,
    /// Others were writing the same rows; the transaction, begun again, may
    /// succeed.
    #[error("other writers were in the way: try again")]
    Again,
    /// Anything else; `attempt` is ours, the source is the driver's.
    #[error("{attempt}")]
    Driver {
        attempt: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// What our own functions in the database say of a value, with what to do
    /// where that can be told.
    pub(super) fn said(sentence: &str) -> Error {
        Error::Data(match sentence.starts_with("the latitude ") {
            true => format!("{sentence}; longitudes stand first, as in POINT(ra, dec)"),
            false => sentence.to_owned(),
        })
    }

    pub(super) fn driver(
        attempt: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::Driver {
            attempt: attempt.into(),
            source: source.into(),
        }
    }
}
