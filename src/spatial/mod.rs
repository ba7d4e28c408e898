//! The index columns that stand beside a region and a position, and how they
//! are filled from the values they belong to.
//!
//! Our own design, no standard: a footprint is a key (size and HEALPix cell of
//! its centre), a centre, two radii and its shape ([`adql::sky::Footprint`]);
//! a position is its order-29 nested HEALPix cell. The columns are hidden:
//! TAP_SCHEMA and `SELECT *` do not have them. [`upkeep`] keeps them right in a
//! table that others write too. [`Place`] finds the columns that say where a row
//! lies, [`coverage`] what many rows cover.
//!
//! Must not know: ObsCore, which tables there are.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cells;
pub mod coverage;
mod place;
pub mod upkeep;

pub use cells::{IndexCells, RegionError, fill};
pub use place::{Place, Where};

use adql::Wire;

/// Changes when the cells of the same row would differ from those an earlier
/// version made; the tables concerned are then to be filled again.
pub const VERSION: i64 = 2;

/// What the names of a region's index columns begin with.
pub const PREFIX: &str = "fp";

/// The column of a position's cell.
pub const CELL: &str = "pt_hpx";

/// The column to search regions by; it and [`CELL`] get a B-tree each.
pub const KEY: &str = "fp_key";

/// The index columns in the order [`IndexCells::push`] writes them.
pub const COLUMNS: [(&str, Wire); 8] = [
    (KEY, Wire::Int8),
    ("fp_x", Wire::Float8),
    ("fp_y", Wire::Float8),
    ("fp_z", Wire::Float8),
    ("fp_crad", Wire::Float8),
    ("fp_crin", Wire::Float8),
    ("fp_v", Wire::Doubles),
    (CELL, Wire::Int8),
];

/// Whether a column of this name would be taken for one of the index: also
/// those that a later version may add.
pub fn is_index_column(name: &str) -> bool {
    let taken = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('_'))
    };
    taken(PREFIX) || taken("pt")
}
