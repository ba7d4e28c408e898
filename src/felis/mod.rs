//! Tables described in Felis, the YAML in which Rubin writes its schemas
//! (<https://felis.lsst.io>), read, checked and published in TAP_SCHEMA.
//!
//! What a file says wrongly is a [`Problem`] with its place: an error where
//! nothing sensible could be published, else a warning (real files have units
//! and UCDs that no list knows). `columnRefs` are followed into the files of
//! `resources`, which lie beside the one that names them.
//!
//! Leaves out: check constraints, column groups, versions, the keys of other
//! databases (`mysql:…`).
//!
//! Must not know: HTTP, ADQL's language, how the observations are kept.

mod document;
mod resolve;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};

pub use store::{Stored, publish};

use crate::tap_schema::{Key, Published};

/// What a file describes.
#[derive(Debug)]
pub struct Felis {
    pub tables: Vec<Described>,
    pub keys: Vec<Key>,
    pub problems: Vec<Problem>,
}

/// A table, as it is published and as it would be made.
#[derive(Debug)]
pub struct Described {
    pub published: Published,
    pub primary_key: Vec<String>,
    pub not_null: Vec<String>,
    pub unique: Vec<Vec<String>>,
    /// Columns of each index besides those of the keys.
    pub indexes: Vec<Vec<String>>,
}

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `table.column`, `table` or the name of the schema.
    pub place: String,
    pub sentence: String,
    /// Nothing of the file is published.
    pub fatal: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.fatal { "error" } else { "warning" };
        write!(f, "{kind}: {}: {}", self.place, self.sentence)
    }
}

/// Why a file cannot be used at all, or its tables not be published.
#[derive(Debug, thiserror::Error)]
pub enum FelisError {
    #[error("cannot read the schema in {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    /// What is published and what is stored differ.
    #[error("{0}")]
    Stored(String),
    #[error(transparent)]
    Database(#[from] crate::database::Error),
}

/// Reads a file and the files it refers to, and checks them.
///
/// # Errors
/// When a file cannot be read or is no Felis. What is wrong inside is told in
/// [`Felis::problems`].
pub fn read(path: &Path) -> Result<Felis, FelisError> {
    let document = document::Document::read(path)?;
    resolve::resolve(&document, path)
}
