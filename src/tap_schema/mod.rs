//! TAP_SCHEMA: what this service publishes, as tables of the service itself.
//!
//! Follows TAP 1.1 section 4 (<https://www.ivoa.net/documents/TAP/20190927/>).
//! [`publish`] writes the rows, [`load`] makes the [`adql::Catalog`] of them, and
//! [`Live`] keeps it up to date and counts what its indexes have;
//! [`own`] is the description of TAP_SCHEMA itself, used for both.
//! Leaves out: `[catalog.]` in names, arrays of more than one dimension.
//!
//! Must not know: which tables there are besides its own, engines, ADQL's
//! language.

pub mod indexes;
mod live;
mod load;
mod own;
mod population;
mod publish;
mod statistics;
mod ucd;

pub use live::{LOOKED_AFTER, Live};
pub use load::load;
pub use own::{keys, own};
pub use publish::{changed, publish, unpublish};
pub use statistics::Distributions;

pub use crate::database::Statistics;
pub use ucd::ucd_fault;

use adql::Column;
use adql::catalog::{ForeignKey, PositionIndex, RegionIndex, Table};

/// A table as it is made known: one row of `tap_schema.tables` and those of
/// `tap_schema.columns` that belong to it.
#[derive(Clone, Debug)]
pub struct Published {
    pub schema: Schema,
    /// Without its schema, as it is recommended for queries. The stored table
    /// has the same name in lower case.
    pub name: String,
    pub description: String,
    pub utype: Option<String>,
    /// Where it stands in a listing.
    pub index: i64,
    pub columns: Vec<PublishedColumn>,
    pub regions: Vec<RegionIndex>,
    pub positions: Vec<PositionIndex>,
}

/// One row of `tap_schema.schemas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    pub name: String,
    pub description: String,
    pub utype: Option<String>,
    pub index: i64,
}

/// One row of `tap_schema.columns`.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedColumn {
    pub column: Column,
    pub principal: bool,
    pub indexed: bool,
    /// Defined by a standard.
    pub std: bool,
}

/// How two tables can be joined: rows of `tap_schema.keys` and `key_columns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    /// Full names of tables.
    pub from: String,
    pub target: String,
    pub description: String,
    /// Columns of `from` and `target`.
    pub columns: Vec<(String, String)>,
}

impl Published {
    /// `schema.table`, the value of `table_name`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema.name, self.name)
    }

    /// What a query may know of it, with those of the keys that lead from it.
    pub fn table(&self, keys: &[Key]) -> Table {
        let from_here = keys.iter().filter(|key| key.from == self.full_name());
        Table {
            schema: self.schema.name.clone(),
            name: self.name.clone(),
            stored: stored(&self.schema.name, &self.name),
            description: Some(self.description.clone()),
            utype: self.utype.clone(),
            columns: self.columns.iter().map(|c| c.column.clone()).collect(),
            stored_columns: Vec::new(),
            indexed: self
                .columns
                .iter()
                .filter(|published| published.indexed)
                .map(|published| published.column.name.clone())
                .collect(),
            regions: self.regions.clone(),
            positions: self.positions.clone(),
            populations: Vec::new(),
            keys: from_here.map(Key::foreign).collect(),
        }
    }
}

impl Key {
    fn foreign(&self) -> ForeignKey {
        ForeignKey {
            target: self.target.clone(),
            description: Some(self.description.clone()),
            columns: self.columns.clone(),
        }
    }
}

/// Schema and table as the database has them.
fn stored(schema: &str, name: &str) -> (String, String) {
    (schema.to_lowercase(), name.to_lowercase())
}

/// The value of `column_name`: in quotes where a query has to write them
/// (TAP 1.1 section 4.3).
pub fn column_name(name: &str) -> String {
    match adql::is_regular(name) {
        true => name.to_owned(),
        false => adql::target::quote(name),
    }
}

/// A name of TAP_SCHEMA without the quotes it may carry.
fn bare(name: &str) -> String {
    match name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}
