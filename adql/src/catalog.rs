//! What may be spoken of: the published tables and their columns, as a plain
//! value. Whoever keeps TAP_SCHEMA builds it (TAP 1.1 section 4).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::types::Column;

/// The tables a query may name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: Vec<Arc<Table>>,
    /// Lower-case `schema.table` and lower-case `table` to places in `tables`.
    places: HashMap<String, Vec<usize>>,
    open: bool,
}

/// A published table.
#[derive(Clone, Default, PartialEq)]
pub struct Table {
    /// The published schema, as in `ivoa`.
    pub schema: String,
    /// The published name without its schema, as in `ObsCore`.
    pub name: String,
    /// Schema and table as the database has them, before any namespace.
    pub stored: (String, String),
    pub description: Option<String>,
    pub utype: Option<String>,
    pub columns: Vec<Column>,
    /// Names of the columns whose conditions an index answers.
    pub indexed: Vec<String>,
    pub regions: Vec<RegionIndex>,
    pub positions: Vec<PositionIndex>,
    pub keys: Vec<ForeignKey>,
}

/// How rows of the table are joined to those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// `schema.table` as published.
    pub target: String,
    pub description: Option<String>,
    /// Column here, column there.
    pub columns: Vec<(String, String)>,
}

/// A column of region texts whose index columns stand beside it:
/// `<prefix>_key`, `_x`, `_y`, `_z`, `_crad`, `_crin`, `_v`
/// (see [`crate::sky::Footprint`]).
#[derive(Clone, Debug, PartialEq)]
pub struct RegionIndex {
    pub column: String,
    pub prefix: String,
}

/// Two columns of a position (degrees, ICRS) whose order-29 nested HEALPix
/// cell stands in the hidden column `cell`.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionIndex {
    pub lon: String,
    pub lat: String,
    pub cell: String,
}

impl Catalog {
    /// A catalog of these tables and no others.
    pub fn new(tables: impl IntoIterator<Item = Table>) -> Catalog {
        let mut catalog = Catalog::default();
        for table in tables {
            catalog.add(table);
        }
        catalog
    }

    /// The same, but names it does not hold are assumed to exist with unknown
    /// type. Only for checking texts without a service (`obstap adql check`).
    pub fn open(tables: impl IntoIterator<Item = Table>) -> Catalog {
        Catalog {
            open: true,
            ..Catalog::new(tables)
        }
    }

    pub fn add(&mut self, table: Table) {
        let place = self.tables.len();
        let name = table.name.to_lowercase();
        let full = format!("{}.{name}", table.schema.to_lowercase());
        self.places.entry(full).or_default().push(place);
        self.places.entry(name).or_default().push(place);
        self.tables.push(Arc::new(table));
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    pub fn tables(&self) -> &[Arc<Table>] {
        &self.tables
    }

    /// Tables whose name fits, ignoring case; with a schema only those in it.
    pub fn find(&self, schema: Option<&str>, name: &str) -> Vec<&Arc<Table>> {
        let name = name.to_lowercase();
        let key = match schema {
            Some(schema) => format!("{}.{name}", schema.to_lowercase()),
            None => name,
        };
        let places = self.places.get(&key).map_or(&[][..], Vec::as_slice);
        places.iter().map(|&place| &self.tables[place]).collect()
    }
}

/// The name alone: a checked query is read by people, and holds its tables.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full_name())
    }
}

impl Table {
    /// `schema.table` as published.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}
