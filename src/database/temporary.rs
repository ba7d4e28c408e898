//! Tables that live as long as the query that reads them.

use std::sync::Arc;

use adql::Wire;

use super::{Batch, Error};

/// Rows to come. An error ends them; [`Error::Data`] is for the person who
/// sent the query.
pub type Batches = Box<dyn Iterator<Item = Result<Batch, Error>> + Send>;

/// A table that one query sees, as `(adql::target::TEMPORARY, name)`.
#[derive(Clone)]
pub struct Temporary {
    pub name: String,
    /// As stored, in the order of the cells of its rows.
    pub columns: Vec<(String, Wire)>,
    /// Columns that get an index each.
    pub indexes: Vec<String>,
    /// Opens the rows from the first; called on a thread that may wait, again
    /// if the connection is lost.
    pub rows: Arc<dyn Fn() -> Result<Batches, Error> + Send + Sync>,
}

impl std::fmt::Debug for Temporary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Temporary")
            .field("name", &self.name)
            .field("columns", &self.columns)
            .field("indexes", &self.indexes)
            .finish_non_exhaustive()
    }
}
