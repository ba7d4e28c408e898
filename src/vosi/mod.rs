//! What the service can do, what tables it has, whether it is up, and all of it
//! as a record of the Registry.
//!
//! Standards: VOSI 1.1, <https://www.ivoa.net/documents/VOSI/20170524/>;
//! TAPRegExt 1.0, <https://www.ivoa.net/documents/TAPRegExt/20120827/>, for
//! the capability of TAP; VODataService 1.1 for tables, 1.2 and VOResource 1.1 for
//! the record of the Registry; SimpleDALRegExt 1.1 for cone search; DALI 1.1 section 2.3 for examples. With the setting
//! `metadata_drafts` what only the drafts TAPRegExt 1.1 and VODataService 1.3 have
//! a place for.
//!
//! Must not know: HTTP, SQL.

pub mod availability;
pub mod capabilities;
pub mod examples;
pub mod record;
pub mod simple;
pub mod soda;
pub mod tables;

pub use tables::Detail;

pub use crate::dali::xml::MEDIA_TYPE;
use crate::dali::xml::{XSI, Xml, document, element, maybe, printable};
