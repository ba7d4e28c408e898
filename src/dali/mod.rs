//! What all data access services share: parameters, MAXREC, response formats,
//! the names of types, and the writing of their small XML documents.
//!
//! Standard: DALI 1.1, <https://www.ivoa.net/documents/DALI/20170517/>,
//! sections 3.1–3.2 (parameters), 3.3 (types) and 3.4 (RESPONSEFORMAT, MAXREC,
//! UPLOAD).
//!
//! Must not know: HTTP libraries, queries, tables.

mod datatype;
mod format;
mod maxrec;
mod params;
mod parts;
mod upload;
mod version;
pub mod xml;

pub use datatype::Datatype;
pub use format::{Announced, Coverage, Format, Layout, Serialization, default_from_accept};
pub use maxrec::maxrec;
pub use params::{Params, encoded};
pub use parts::{Part, Parts};
pub use upload::{Place, Upload};
pub use version::VotableVersion;

/// A parameter that cannot be understood; the text is a whole sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);
