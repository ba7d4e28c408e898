//! A dataset with all that can be said of it.

use std::sync::Arc;

use adql::sky::Region;
use uuid::Uuid;

/// A dataset as its registry knows it. What many share is shared.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub id: Uuid,
    /// `raw`, `calexp`, …
    pub dataset_type: Arc<str>,
    /// The RUN collection that it was made in.
    pub run: Arc<str>,
    /// The TAGGED collections it is in, sorted.
    pub tags: Vec<Arc<str>>,
    pub data_id: DataId,
    /// Of the dimension elements of the data ID, those that have a record:
    /// `exposure`, `visit`, `detector`, `physical_filter`, `tract`, …
    pub records: Vec<(Arc<str>, Arc<Record>)>,
    /// Where it lies, ICRS: of visit and detector, visit, patch or tract; for
    /// exposures that of their visit.
    pub region: Option<Arc<Region>>,
    /// Of its exposure or visit.
    pub timespan: Option<Timespan>,
    /// Where it is stored; none where only the registry knows of it.
    pub files: Vec<File>,
}

/// The values of the dimensions, required and implied: `instrument`, `visit`,
/// `band`, … in the order of the universe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataId(pub Vec<(Arc<str>, Scalar)>);

/// What a registry says of one exposure, detector, patch, …
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// By the names of the registry's columns.
    pub fields: Vec<(Arc<str>, Scalar)>,
    pub timespan: Option<Timespan>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
}

/// From `begin` until before `end`, in nanoseconds since 1970-01-01T00:00:00
/// TAI; without a limit where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timespan {
    pub begin: Option<i64>,
    pub end: Option<i64>,
}

/// A file, or a member of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Absolute and percent-encoded; `#zip-path=` names a member of a zip.
    pub uri: String,
    /// The part of the dataset that it holds, where it was taken apart.
    pub component: Option<String>,
    /// In bytes, where known.
    pub size: Option<u64>,
    /// `image/fits`, …, where the registry says so.
    pub media_type: Option<String>,
    /// `algorithm:hexadecimal digits`.
    pub checksum: Option<String>,
}

impl Dataset {
    pub fn record(&self, element: &str) -> Option<&Record> {
        let found = self.records.iter().find(|(name, _)| &**name == element);
        found.map(|(_, record)| &**record)
    }
}

impl DataId {
    pub fn get(&self, dimension: &str) -> Option<&Scalar> {
        let found = self.0.iter().find(|(name, _)| &**name == dimension);
        found.map(|(_, value)| value)
    }
}

impl Record {
    pub fn get(&self, field: &str) -> Option<&Scalar> {
        let found = self.fields.iter().find(|(name, _)| &**name == field);
        found.map(|(_, value)| value)
    }
}
