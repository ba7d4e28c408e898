//! ADQL 2.1 text in, SQL text out; no I/O, no async, no clock.
//!
//! Standard: [REC-ADQL-2.1](https://www.ivoa.net/documents/ADQL/20231215/).
//! Implemented: the whole grammar of queries, set operations, WITH, CAST,
//! OFFSET, IN_UNIT, mathematics, strings, the geometry of
//! [`functions::GEOMETRY`], MOCs, and the user defined functions that the IVOA
//! has agreed on (EN-udf-catalogue 1.2, without `ivo_simbadpoint`).
//! Conformance is checked by `tests/` here and `conformance/` of the service.
//!
//! The whole road:
//!
//! ```
//! use adql::{Catalog, Target};
//!
//! let catalog = Catalog::open([]);
//! let syntax = adql::parse("SELECT TOP 3 ra FROM stars WHERE dec < -88")?;
//! let query = adql::check(&syntax, &catalog)?.limited_to(Some(100));
//! let query = adql::index(query);
//! let statement = adql::write(&query, &Target::sqlite());
//! assert!(statement.sql.ends_with("LIMIT 3"));
//! # Ok::<(), adql::Messages>(())
//! ```
//!
//! Must not know: drivers, HTTP, files. `parse` knows no tables or engines,
//! `check` no engines or cells, `sky` no SQL, `index` no SQL text and no
//! table's name, and `target` never decides whether something is allowed.

mod message;

mod foreign;
mod grammar;
mod mistakes;
mod parse;

pub mod catalog;
pub mod functions;
pub mod time;
mod types;
pub mod units;

mod check;
mod query;

pub mod sky;

mod index;

mod statement;
pub mod target;

#[doc(hidden)]
pub mod census;

pub use catalog::Catalog;
pub use check::check;
pub use grammar::is_regular;
pub use index::index;
pub use message::{Message, Messages, Place};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_JOINTS, Syntax, parse};
pub use query::Query;
pub use statement::{Statement, Value};
pub use target::{Target, write};
pub use types::{Announced, Column, Type, Wire};
