//! What may be spoken of: the published tables and their columns, as a plain
//! value. Whoever keeps TAP_SCHEMA builds it (TAP 1.1 section 4).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::types::{Column, Type};

/// The tables a query may name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    tables: Vec<Arc<Table>>,
    /// Lower-case `schema.table` and lower-case `table` to places in `tables`.
    places: HashMap<String, Vec<usize>>,
    open: bool,
    /// Functions that are only known to exist, for checking texts.
    declared: Vec<Declared>,
}

/// The signature of a function of some service, as its capabilities give it:
/// `name(argument TYPE, …) -> TYPE` (TAPRegExt 1.0 section 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub signature: String,
    pub name: String,
    pub arguments: usize,
    pub result: Type,
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
    /// The names of the columns as the database has them, one for each; none
    /// where they are stored as they are published.
    pub stored_columns: Vec<String>,
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

/// A column (as stored) of region texts or of lists that make a region, whose
/// index columns stand beside it:
/// `<prefix>_key`, `_x`, `_y`, `_z`, `_crad`, `_crin`, `_v`
/// (see [`crate::sky::Footprint`]).
#[derive(Clone, Debug, PartialEq)]
pub struct RegionIndex {
    pub column: String,
    pub prefix: String,
}

/// Two columns (as stored) of a position (degrees, ICRS) whose order-29 nested HEALPix
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

    /// Lets queries call a function that is only known by its signature. Such a
    /// query can be checked, not answered.
    pub fn declare(&mut self, function: Declared) {
        self.declared.push(function);
    }

    /// The declared function of that name, ignoring case.
    pub fn declared(&self, name: &str) -> Option<&Declared> {
        self.declared
            .iter()
            .find(|function| function.name.eq_ignore_ascii_case(name))
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

impl Declared {
    /// Reads `name(argument TYPE, …) -> TYPE`; a type that ADQL does not have
    /// is unknown.
    ///
    /// ```
    /// use adql::{Type, catalog::Declared};
    /// let read = Declared::read("gavo_match(pattern TEXT, string TEXT) -> INTEGER");
    /// let function = read.expect("a signature");
    /// assert_eq!((function.arguments, function.result), (2, Type::Integer));
    /// ```
    pub fn read(signature: &str) -> Option<Declared> {
        let (name, rest) = signature.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(')')?;
        let name = name.trim();
        let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let result = match result.trim().strip_prefix("->")?.trim() {
            "" => return None,
            word => word.to_ascii_uppercase(),
        };
        let result = match result.as_str() {
            "SMALLINT" => Type::SmallInt,
            "INTEGER" | "INT" => Type::Integer,
            "BIGINT" => Type::BigInt,
            "REAL" => Type::Real,
            "DOUBLE" | "DOUBLE PRECISION" => Type::Double,
            "TIMESTAMP" => Type::Timestamp,
            "POINT" => Type::Point,
            "CIRCLE" => Type::Circle,
            "POLYGON" => Type::Polygon,
            "REGION" => Type::Region,
            text if text.starts_with("CHAR") || text.starts_with("VARCHAR") => Type::Text,
            "TEXT" | "CLOB" => Type::Text,
            _ => Type::Unknown,
        };
        good.then(|| Declared {
            signature: signature.trim().to_owned(),
            name: name.to_owned(),
            arguments: match arguments.trim() {
                "" => 0,
                some => some.split(',').count(),
            },
            result,
        })
    }
}

/// The name alone: a checked query is read by people, and holds its tables.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full_name())
    }
}

impl Table {
    /// What the database calls the column of that number.
    pub fn stored_column(&self, number: usize) -> &str {
        match (self.stored_columns.get(number), self.columns.get(number)) {
            (Some(stored), _) => stored,
            (None, Some(column)) => &column.name,
            (None, None) => "",
        }
    }

    /// `schema.table` as published.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}
