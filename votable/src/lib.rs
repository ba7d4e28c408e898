//! VOTable as a stream: rows in, bytes out, and back.
//!
//! Standard: [VOTable 1.4](https://www.ivoa.net/documents/VOTable/20191021/)
//! (the default) and [1.5](https://www.ivoa.net/documents/VOTable/20250116/);
//! both share one namespace and differ in `version` and in COOSYS. Status lines
//! follow [DALI 1.1](https://www.ivoa.net/documents/DALI/20170517/) §4.4,
//! service descriptors [DataLink 1.1](https://www.ivoa.net/documents/DataLink/20231215/) §4.
//!
//! [`Writer`] writes one results table in TABLEDATA, BINARY or BINARY2 and takes
//! rows as they come; [`Reader`] reads the first table of a document of any
//! version from 1.1 to 1.6, in the same three serialisations.
//!
//! Left out: FITS serialisation, streams elsewhere (`STREAM href`), compressed
//! streams, several tables in one document, MIVOT blocks.
//!
//! Must not know: services, queries, databases, HTTP. No I/O but the reader's
//! `BufRead`, no clock, no threads.
//!
//! ```
//! use votable::{Datatype, Document, Field, Outcome, Reader, Serialization, Value, Version, Writer};
//!
//! let mut document = Document::default();
//! document.table.fields = vec![
//!     Field::text("name"),
//!     Field { unit: Some("deg".into()), ..Field::new("ra", Datatype::Double) },
//! ];
//! let mut out = Vec::new();
//! let mut writer = Writer::new(Version::V1_4, Serialization::Binary2, document);
//! writer.begin(&mut out);
//! let ra = 10.684_f64.to_be_bytes();
//! writer.row([Some(&b"M31"[..]), Some(&ra[..])].into_iter(), &mut out);
//! writer.finish(Outcome::Complete, &mut out);
//!
//! let mut reader = Reader::open(&out[..])?;
//! assert_eq!(reader.fields()[1].unit.as_deref(), Some("deg"));
//! let row = reader.next_row()?.map(|row| row.values);
//! assert_eq!(row, Some(vec![Value::Text("M31".into()), Value::Float(10.684)]));
//! # Ok::<(), votable::ReadError>(())
//! ```

mod binary;
mod binary2;
mod document;
mod error;
mod field;
mod group;
mod outcome;
mod read;
mod service;
mod tabledata;
mod text;
mod value;
mod writer;
mod xml;

pub use document::{Coosys, Document, Info, TableHead, Timesys, Version};
pub use error::{Place, ReadError, ReadProblem, Warning};
pub use field::{Datatype, Field, Length, Param};
pub use group::{Group, Link, Member, Reference};
pub use outcome::{Outcome, Status, dataless_document, error_document};
pub use read::{Limits, Reader, Row};
pub use service::Descriptor;
pub use value::Value;
pub use writer::{Counts, Serialization, Writer};
