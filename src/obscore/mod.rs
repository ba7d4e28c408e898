//! ObsCore tables, first of all `ivoa.obscore`: what their columns are, how they
//! are made, and how rows come into them.
//!
//! Follows ObsCore 1.1 (<https://www.ivoa.net/documents/ObsCore/20170509/>).
//! [`columns`] is the data model written once; [`prepare`] makes the tables and
//! publishes them; [`load`] fills them from files, [`manager`] from registries,
//! whose datasets become rows by [`mapping`]. Leaves out: ObsCore's extensions.
//! The example column
//! `o_stat_error_type` of the standard is none of its columns: a service that
//! wants it declares it.
//!
//! Must not know: HTTP, ADQL's language, drivers.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cell;
pub mod change;
pub mod columns;
mod extra;
mod indexes;
mod kept;
mod layout;
pub mod load;
pub mod manager;
pub mod mapping;
mod name;
mod record;
mod table;

pub use columns::{Declared, Need, declared};
pub use extra::ExtraError;
pub use kept::{extra as extra_columns, live as live_tables};
pub use layout::{Layout, LayoutError};
pub use name::{Name, NameError};
pub use record::Record;
pub use table::{Changed, PrepareError, prepare};

use adql::Catalog;
use adql::catalog::{PositionIndex, RegionIndex};

use crate::config::ExtraColumn;
use crate::spatial;
use crate::tap_schema::{self, Published, PublishedColumn, Schema};

/// What TAP_SCHEMA says of a table (ObsCore 1.1 appendix C).
pub fn published(table: &Name, columns: &[Declared]) -> Published {
    let column = |declared: &Declared| PublishedColumn {
        column: declared.column.clone(),
        principal: declared.principal(),
        indexed: declared.indexed,
        std: declared.standard(),
    };
    let schema = match table.schema() {
        "ivoa" => "Tables defined by standards of the IVOA",
        _ => "Observations of this archive",
    };
    // Whoever looks for the ObsCore table of a service finds one.
    let utype = (*table == Name::default()).then_some("ivo://ivoa.net/std/obscore#table-1.1");
    Published {
        schema: Schema {
            name: table.schema().into(),
            description: schema.into(),
            utype: None,
            index: i64::from(table.schema() != "ivoa"),
        },
        name: table.table().into(),
        description: "ObsCore 1.1: the observations of this archive, one row for each dataset"
            .into(),
        utype: utype.map(str::to_owned),
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
    let mut tables = vec![published(&Name::default(), &declared(extra)?)];
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
