//! Keeping the index columns of a stored table right, whoever writes its rows.
//!
//! [`add`] gives the columns to a table that is there, with triggers that see
//! every write, in plain SQL that any program can run; [`settle`] reads the
//! rows they have marked, before the next query; [`sweep`] goes through a
//! table and says, or mends, what is not as the regions and positions say.
//! Our own design, no standard.
//!
//! Where a table may not be altered, the columns are in a side table joined by
//! its key, and queries read a view of both ([`add_aside`]).
//!
//! Leaves out: on SQLite, views.
//!
//! Must not know: ObsCore, TAP_SCHEMA, how queries become SQL.

mod judge;
mod make;
mod rows;
mod side;
mod sweep;
mod watch;

pub use judge::Cause;
pub use make::{Unfit, add, analyze, drop_triggers, finish, make_triggers, remove};
pub use rows::count;
pub use side::{Base, add_aside, base, remove_aside, view};
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
    /// Schema and table (or view) in which a row stands with its cells, before
    /// any namespace.
    pub stored: (String, String),
    /// The table that holds the cells: the same, or a side table.
    cells: (String, String),
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
        let indexes = regions.chain(positions);
        let indexed = indexes.map(|index| match side::is_view(&table.stored) {
            false => Indexed::beside(table.stored.clone(), index),
            true => Indexed::of_view(table.stored.clone(), index),
        });
        indexed.collect()
    }

    /// An index in the table itself.
    pub fn beside(stored: (String, String), index: Index) -> Indexed {
        let cells = stored.clone();
        Indexed {
            stored,
            cells,
            index,
        }
    }

    /// An index in a side table, of a table that may not be altered.
    pub fn aside(base: &(String, String), index: Index) -> Indexed {
        Indexed::of_view(view(base), index)
    }

    fn of_view(view: (String, String), index: Index) -> Indexed {
        let cells = side::table(&view, index.name());
        Indexed {
            stored: view,
            cells,
            index,
        }
    }

    fn is_aside(&self) -> bool {
        self.stored != self.cells
    }

    /// What is read, as SQL writes it.
    fn table(&self, target: &Target) -> String {
        target.stored(&self.stored.0, &self.stored.1)
    }

    /// What is written, as SQL writes it.
    fn cells(&self, target: &Target) -> String {
        target.stored(&self.cells.0, &self.cells.1)
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

    /// The column of a view with the address of the row in the side table.
    fn place(&self) -> String {
        format!("{}_at", self.name())
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
