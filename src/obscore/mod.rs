//! The table `ivoa.obscore`: what its columns are, how it is made, and how
//! rows come into it.
//!
//! Follows ObsCore 1.1 (<https://www.ivoa.net/documents/ObsCore/20170509/>).
//! [`columns`] is the data model written once; [`prepare`] makes the table and
//! publishes it; [`load`] fills it from files, and [`mapping`] makes rows
//! of the datasets of a registry. Leaves out: ObsCore's extensions. The example column
//! `o_stat_error_type` of the standard is none of its columns: a service that
//! wants it declares it.
//!
//! Must not know: HTTP, ADQL's language, drivers.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cell;
pub mod columns;
mod extra;
mod layout;
pub mod load;
pub mod mapping;
mod record;
mod table;

pub use columns::{Declared, Need, declared};
pub use extra::ExtraError;
pub use layout::{Layout, LayoutError};
pub use record::Record;
pub use table::{Changed, PrepareError, prepare};

use adql::Catalog;
use adql::catalog::{PositionIndex, RegionIndex};

use crate::config::ExtraColumn;
use crate::spatial;
use crate::tap_schema::{self, Published, PublishedColumn, Schema};

/// The stored schema and table.
pub const TABLE: (&str, &str) = ("ivoa", "obscore");

/// What TAP_SCHEMA says of the table (ObsCore 1.1 appendix C).
pub fn published(columns: &[Declared]) -> Published {
    let column = |declared: &Declared| PublishedColumn {
        column: declared.column.clone(),
        principal: declared.principal(),
        indexed: declared.indexed,
        std: declared.standard(),
    };
    Published {
        schema: Schema {
            name: TABLE.0.into(),
            description: "Tables defined by standards of the IVOA".into(),
            utype: None,
            index: 0,
        },
        name: TABLE.1.into(),
        description: "ObsCore 1.1: the observations of this archive, one row for each dataset"
            .into(),
        utype: Some("ivo://ivoa.net/std/obscore#table-1.1".into()),
        index: 0,
        columns: columns.iter().map(column).collect(),
        regions: vec![RegionIndex {
            column: columns::name::REGION.into(),
            prefix: spatial::PREFIX.into(),
        }],
        positions: vec![PositionIndex {
            lon: columns::name::RA.into(),
            lat: columns::name::DEC.into(),
            cell: spatial::CELL.into(),
        }],
    }
}

/// The catalog of a service that publishes nothing else, without a database;
/// what [`tap_schema::load`] finds after [`prepare`].
///
/// # Errors
/// When the extra columns cannot be used.
pub fn builtin(extra: &[ExtraColumn]) -> Result<Catalog, ExtraError> {
    let mut tables = vec![published(&declared(extra)?)];
    tables.extend(tap_schema::own());
    let keys = tap_schema::keys();
    Ok(Catalog::new(tables.iter().map(|table| table.table(&keys))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_without_a_database_has_obscore_and_tap_schema() {
        let catalog = builtin(&[]).unwrap();
        let names: Vec<String> = catalog.tables().iter().map(|t| t.full_name()).collect();
        assert_eq!(
            names,
            [
                "ivoa.obscore",
                "tap_schema.schemas",
                "tap_schema.tables",
                "tap_schema.columns",
                "tap_schema.keys",
                "tap_schema.key_columns",
            ]
        );
        let obscore = &catalog.find(Some("IVOA"), "ObsCore")[0];
        assert_eq!(obscore.stored, ("ivoa".into(), "obscore".into()));
        assert_eq!(obscore.columns.len(), 60);
        assert_eq!(obscore.regions.len(), 1);
    }
}
