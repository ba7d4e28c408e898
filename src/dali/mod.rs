//! What all data access services share: parameters, MAXREC and response
//! formats.
//!
//! Standard: DALI 1.1, <https://www.ivoa.net/documents/DALI/20170517/>,
//! sections 2.4 (RESPONSEFORMAT, MAXREC) and 3.1–3.2 (parameters).
//! Left out: UPLOAD.
//!
//! Must not know: HTTP libraries, queries, tables.

mod format;
mod maxrec;
mod params;

pub use format::{Announced, Coverage, Format, Layout, Serialization, default_from_accept};
pub use maxrec::maxrec;
pub use params::{Params, encoded};

/// A parameter that cannot be understood; the text is a whole sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);
