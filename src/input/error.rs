//! What can be wrong with a file, in one sentence with the file's name.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("cannot open {file}: {reason}")]
    Open {
        file: String,
        reason: String,
        #[source]
        source: io::Error,
    },
    /// There is a file, and no rows can come from it.
    #[error("{file} is not a table that can be read: {reason}")]
    NotATable { file: String, reason: String },
    /// One row is wrong; the rows after it can be read.
    #[error("{file}, {unit} {place}: {reason}")]
    Row {
        file: String,
        /// "line" or "row".
        unit: &'static str,
        place: u64,
        reason: String,
    },
    /// Reading stopped here; nothing after it can be read.
    #[error("{file} cannot be read beyond {unit} {place}: {reason}")]
    Broken {
        file: String,
        unit: &'static str,
        place: u64,
        reason: String,
    },
}

impl InputError {
    /// Whether only one row is lost, and reading can go on.
    pub fn is_of_one_row(&self) -> bool {
        matches!(self, InputError::Row { .. })
    }

    /// The line or row concerned (see [`super::Row::place`]).
    pub fn place(&self) -> Option<u64> {
        match self {
            InputError::Row { place, .. } | InputError::Broken { place, .. } => Some(*place),
            InputError::Open { .. } | InputError::NotATable { .. } => None,
        }
    }

    /// Whether there was more to read than may be
    /// ([`super::Table::as_it_is`]).
    pub fn is_too_large(&self) -> bool {
        self.reason().ends_with(TOO_LARGE)
    }

    /// What is wrong, without the file's name.
    pub fn reason(&self) -> &str {
        match self {
            InputError::Open { reason, .. }
            | InputError::NotATable { reason, .. }
            | InputError::Row { reason, .. }
            | InputError::Broken { reason, .. } => reason,
        }
    }
}

const TOO_LARGE: &str = "it is larger than may be read";

/// Text of a file as a message can carry it: quoted, short, without control
/// characters.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("{start:?}")
}

/// An I/O error in words that say what to do, where we know.
pub(super) fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "this user may not read it".into(),
        io::ErrorKind::IsADirectory => "it is a directory, name the file in it".into(),
        io::ErrorKind::UnexpectedEof => "it ends too early, it was cut off".into(),
        io::ErrorKind::FileTooLarge => TOO_LARGE.into(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            "its gzip data are damaged".into()
        }
        _ => error.to_string(),
    }
}
