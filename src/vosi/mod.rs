//! What the service can do, what tables it has, whether it is up, and all of it
//! as a record of the Registry.
//!
//! Standards: VOSI 1.1, <https://www.ivoa.net/documents/VOSI/20170524/>;
//! TAPRegExt 1.0, <https://www.ivoa.net/documents/TAPRegExt/20120827/>, for
//! the capability of TAP; VODataService 1.1 for tables, 1.2 and VOResource 1.1 for
//! the record of the Registry.
//!
//! Must not know: HTTP, SQL.

pub mod availability;
pub mod capabilities;
pub mod record;
pub mod tables;

pub use crate::dali::xml::MEDIA_TYPE;
use crate::dali::xml::{XSI, Xml, document, element, maybe, printable};
