//! What a request sends along (DALI 1.1 section 3.4.5): the parts of a
//! multipart body that are files.

use std::fs::File;
use std::sync::Arc;

use tempfile::TempPath;

/// The files of one request.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    parts: Vec<Part>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Part {
    /// As `param:name` calls it.
    pub name: String,
    /// As its sender calls its format.
    pub media_type: Option<String>,
    /// Not to be moved: several may read it.
    pub file: Arc<File>,
    /// Where it lies, if it is to be kept; it is gone with the last of these.
    pub path: Option<Arc<TempPath>>,
}

impl Parts {
    pub fn add(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// The last of that name, as of any parameter that replaces another.
    pub fn find(&self, name: &str) -> Option<&Part> {
        self.parts.iter().rev().find(|part| part.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn len(&self) -> usize {
        self.parts.len()
    }
}
