//! Rows into bytes: VOTable, CSV, TSV, and columns in line for a terminal.
//!
//! Standards: VOTable 1.4 through the crate `votable`; CSV as in RFC 4180
//! (<https://www.rfc-editor.org/rfc/rfc4180>) but with line ends of one byte.
//! Left out: FITS, Parquet, JSON.
//!
//! Rows are encoded batch by batch; memory does not grow with their number,
//! and the first rows leave before the last are read. The end of an answer is
//! always said: complete, cut off by MAXREC, or failed half-way. CSV has no
//! words for the last, so there the answer is broken off.
//!
//! Must not know: SQL, status codes.

mod aligned;
mod cell;
mod delimited;
pub mod field;
mod stream;
mod votable;

pub use stream::{Chunk, Stream, Summary};
pub use votable::error_document;

use adql::Column;

use crate::dali::VotableVersion;
use crate::database::Rows;

/// An answer that is about to be written.
pub struct Table {
    pub columns: Vec<Column>,
    /// `None`: the header alone is wanted (MAXREC=0).
    pub rows: Option<Rows>,
    /// Rows to write; one more row in `rows` means that the answer is cut off.
    pub maxrec: u64,
    /// Said in the VOTable beside the rows, as name and value.
    pub infos: Vec<(String, String)>,
    /// Which VOTable, if it is one.
    pub version: VotableVersion,
}
