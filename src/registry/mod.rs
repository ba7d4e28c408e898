//! What datasets there are: which type, where in the sky and in time, in
//! which collections, in which files.
//!
//! The words are those of Rubin's Data Butler (dataset type, data ID, run,
//! tagged and chained collections, dimension records). A [`Source`] tells of
//! datasets; whoever keeps something true of them ([`Observer`]) is told in
//! [`Event`]s. Times are TAI, regions ICRS, as registries keep them.
//!
//! Must not know: any standard of the IVOA, HTTP, who observes.

pub mod butler;
mod dataset;
mod event;
pub mod own;
mod source;
mod wanted;

pub use dataset::{DataId, Dataset, File, Record, Scalar, Timespan};
pub use event::{Event, Observer, ObserverError};
pub use source::{Changes, Error, Place, Related, Relation, Source, Sweep};
pub use wanted::{Collections, PatternError, Wanted};
