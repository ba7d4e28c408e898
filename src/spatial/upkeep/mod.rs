//! Keeping the index columns of a stored table right, whoever writes its rows.
//!
//! [`add`] gives the columns to a table that is there, with triggers that see
//! every write, in plain SQL that any program can run; [`settle`] reads the
//! rows they have marked, before the next query; [`sweep`] goes through a
//! table and says, or mends, what is not as the regions and positions say.
//! Our own design, no standard.
//!
//! Leaves out: tables that are partitioned or inherited from, and views.
//!
//! Must not know: ObsCore, TAP_SCHEMA, how queries become SQL.

mod judge;
mod make;
mod rows;
mod sweep;
mod watch;

pub use judge::Cause;
pub use make::{Unfit, add, analyze, drop_triggers, finish, make_triggers, remove};
pub use rows::count;
pub use sweep::{Act, Tally, sweep};
pub use watch::{are_waiting, read_by, settle};

use adql::catalog::{PositionIndex, RegionIndex, Table};
use adql::{Target, Wire};

use super::{COLUMNS, PREFIX};

/// The cell of a position that another program has written.
pub const WAITING_CELL: i64 = -1;

/// An index on the sky of one stored table.
#[derive(Clone, Debug, PartialEq)]
pub struct Indexed {
    /// Schema and table as the database has them, before any namespace.
    pub stored: (String, String),
    pub index: Index,
}

/// What is indexed.
#[derive(Clone, Debug, PartialEq)]
pub enum Index {
    Region(RegionIndex),
    Position(PositionIndex),
}

impl Indexed {
    /// The indexes of a published table.
    pub fn all(table: &Table) -> Vec<Indexed> {
        let regions = table.regions.iter().cloned().map(Index::Region);
        let positions = table.positions.iter().cloned().map(Index::Position);
        let stored = &table.stored;
        let indexed = regions.chain(positions).map(|index| Indexed {
            stored: stored.clone(),
            index,
        });
        indexed.collect()
    }

    /// The stored table as SQL writes it.
    fn table(&self, target: &Target) -> String {
        target.stored(&self.stored.0, &self.stored.1)
    }
}

impl Index {
    /// The hidden columns, each with the column of [`COLUMNS`] it is like.
    fn columns(&self) -> Vec<(String, (&'static str, Wire))> {
        match self {
            Index::Region(region) => {
                let like = COLUMNS.iter().filter(|(name, _)| *name != super::CELL);
                let named = like.map(|like| {
                    let rest = like.0.strip_prefix(PREFIX).unwrap_or(like.0);
                    (format!("{}{rest}", region.prefix), *like)
                });
                named.collect()
            }
            Index::Position(position) => {
                vec![(position.cell.clone(), (super::CELL, Wire::Int8))]
            }
        }
    }

    /// The column with the B-tree.
    pub fn searched(&self) -> String {
        match self {
            Index::Region(region) => format!("{}_key", region.prefix),
            Index::Position(position) => position.cell.clone(),
        }
    }

    /// What its columns begin with, or the one column: its name in the table.
    pub fn name(&self) -> &str {
        match self {
            Index::Region(region) => &region.prefix,
            Index::Position(position) => &position.cell,
        }
    }

    /// The same with names for its columns, made of those it indexes.
    pub fn with_names(mut self) -> Index {
        // With their endings within the 63 bytes that PostgreSQL keeps.
        let short = |name: String| match name.len() {
            0..=50 => name,
            _ => format!("{}_{}", &name[..2], make::hash(&name)),
        };
        match &mut self {
            Index::Region(region) => region.prefix = short(format!("fp_{}", region.column)),
            Index::Position(position) => {
                position.cell = short(format!("pt_{}_{}", position.lon, position.lat));
            }
        }
        self
    }

    /// The columns that people see.
    pub fn of(&self) -> Vec<&str> {
        match self {
            Index::Region(region) => vec![&region.column],
            Index::Position(position) => vec![&position.lon, &position.lat],
        }
    }

    /// A value of [`Index::searched`] that no row has but those that wait.
    fn waiting(&self) -> i64 {
        match self {
            Index::Region(_) => adql::sky::Footprint::WAITING,
            Index::Position(_) => WAITING_CELL,
        }
    }
}
