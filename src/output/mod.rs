//! Rows into bytes: VOTable and every other format that people ask for, and
//! columns in line for a terminal.
//!
//! Each format is a file here, which opens with its standard and with how it
//! tells NULL, NaN and infinity apart; [`encoder`] is the seam where they meet,
//! and the names they go by are in [`crate::dali::Format`].
//! Left out: reading; HTTP's compression.
//!
//! Rows are encoded batch by batch; memory does not grow with their number,
//! and the first rows leave before the last are read. FITS, whose header
//! counts the rows, waits on disk, and a MOC is bounded by its order.
//!
//! The end of an answer is said as well as its format allows:
//!
//! | format | cut off by MAXREC or by its size | failed half-way |
//! |---|---|---|
//! | VOTable | INFO `QUERY_STATUS` OVERFLOW | INFO `QUERY_STATUS` ERROR |
//! | HTML | the foot of the page | the foot of the page |
//! | GeoJSON | member `query_status` | broken off, the member is missing |
//! | Arrow | metadata `QUERY_STATUS` of a last batch without rows | broken off, the end mark is missing |
//! | Parquet | the VOTable in the footer | broken off, the footer is missing |
//! | FITS | QSTATUS in the header | an error instead of an answer |
//! | MOC | not said | an error instead of an answer |
//! | CSV, TSV, JSON, NDJSON | not said: there are MAXREC rows; broken off where its size is too large | broken off |
//!
//! Must not know: SQL, status codes.

mod aligned;
mod arrow;
mod cell;
mod delimited;
mod encoder;
pub mod field;
mod fits;
mod geojson;
mod html;
mod json;
mod links;
mod moc;
mod parquet;
mod stream;
#[cfg(test)]
mod tests;
mod votable;

use std::path::PathBuf;

pub use html::{error_page, escaped};
pub use links::{Access, Identifier, Links, Told, file_url, links_url};
pub use stream::{Chunk, Stream, Summary};
pub use votable::error_document;

use ::votable::Descriptor;
use adql::Column;

use crate::dali::VotableVersion;
use crate::database::Rows;

/// Bytes of a chunk, about; the first leaves as soon as there are rows.
const CHUNK: usize = 64 * 1024;

/// An answer that is about to be written.
pub struct Table {
    pub columns: Vec<Column>,
    /// `None`: the header alone is wanted (MAXREC=0).
    pub rows: Option<Rows>,
    /// Rows to write; one more row in `rows` means that the answer is cut off.
    pub maxrec: u64,
    /// What is said then.
    pub maxrec_limit: Limit,
    /// Bytes after which no more rows are written (those of the batch under way
    /// still are), and what is said then.
    pub bytes: u64,
    pub bytes_limit: Limit,
    /// Said beside the rows where the format has a place, as name and value.
    pub infos: Vec<(String, String)>,
    /// Services that VOTables describe after the rows (DataLink 1.1 section 4).
    pub services: Vec<Descriptor>,
    /// Which VOTable, if it is one.
    pub version: VotableVersion,
    /// The address of the same answer but for the name of a format, which
    /// comes last; for pages that offer it in others.
    pub address: Option<String>,
    /// How clients reach the data of the rows.
    pub links: Links,
    /// A column whose equal values stand together: an answer is cut off before
    /// or after such rows, not among them.
    pub whole: Option<usize>,
    /// The rows are not all there are, whatever their number.
    pub cut: Option<Limit>,
    /// A directory on disk for formats that must wait for the last row.
    pub scratch: PathBuf,
}

/// A limit that cuts an answer off, for whoever reads the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    pub name: &'static str,
    /// Its value and what to do about it, as sentences.
    pub advice: String,
}

#[cfg(test)]
impl Table {
    /// Nothing but columns.
    fn of(columns: Vec<Column>) -> Table {
        Table {
            columns,
            rows: None,
            maxrec: 100,
            maxrec_limit: Limit::default(),
            bytes: u64::MAX,
            bytes_limit: Limit::default(),
            infos: Vec::new(),
            services: Vec::new(),
            version: VotableVersion::default(),
            address: None,
            links: Links::default(),
            whole: None,
            cut: None,
            scratch: std::env::temp_dir(),
        }
    }
}
