//! SQLite's errors as ours.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::database::Error;

/// What begins the message of an error raised by one of our functions.
pub(super) const OURS: &str = "obstap: ";

/// An error met while doing `attempt` ("run a query").
pub(super) fn explain(attempt: &str, error: rusqlite::Error) -> Error {
    let (code, message) = match &error {
        rusqlite::Error::SqliteFailure(code, message) => (code.code, message.as_deref()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error.code, Some(msg.as_str())),
        _ => (ErrorCode::Unknown, None),
    };
    let message = message.unwrap_or_default();
    if let Some(sentence) = message.strip_prefix(OURS) {
        return Error::said(sentence);
    }
    match code {
        ErrorCode::OperationInterrupted => Error::Cancelled,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Unreachable(
            "the database file is locked: another program has been writing to it for too long"
                .to_owned(),
        ),
        ErrorCode::DiskFull => Error::Unreachable(
            "the disk that holds the database is full: make room and try again".to_owned(),
        ),
        ErrorCode::ReadOnly => Error::Unreachable(
            "the database file cannot be written: check the permissions of the file and its directory"
                .to_owned(),
        ),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Unreachable(
            "the database file is damaged: restore it from a copy".to_owned(),
        ),
        ErrorCode::ConstraintViolation => {
            tracing::debug!(reason = message, "a row breaks a rule of its table");
            Error::Rule
        }
        ErrorCode::TooBig => Error::Data("a text or list is too long".to_owned()),
        ErrorCode::Unknown if message == "integer overflow" => {
            Error::Data("a number is out of range".to_owned())
        }
        _ => Error::driver(format!("could not {attempt}"), error),
    }
}

/// An error met while opening the file.
pub(super) fn opening(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.display();
    Error::Unreachable(match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{path} is not an SQLite database: give the path of another file")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => format!(
            "cannot open the database {path}: check the permissions of the file and its directory"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("cannot open the database {path}: another program keeps it locked")
        }
        _ => return Error::driver(format!("cannot open the database {path}"), error),
    })
}
