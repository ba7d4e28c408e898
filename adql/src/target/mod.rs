//! Query → Statement: how a checked query is said to a database, and all the
//! questions in which databases differ.
//!
//! Must not decide whether something is allowed; that is [`crate::check`].

mod cells;
mod expression;
mod geometry;
mod write;

pub use write::write;

mod storage;

use crate::catalog::Table;
use crate::types::Type;

/// A dialect of SQL and the place our tables have in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    dialect: Dialect,
    /// Put before the name of every schema (PostgreSQL only).
    namespace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Postgres,
    Sqlite,
}

impl Target {
    /// Stock PostgreSQL 14 or later; with a namespace `n` the schema `ivoa` is
    /// stored as `n_ivoa`.
    pub fn postgres(namespace: Option<&str>) -> Target {
        Target {
            dialect: Dialect::Postgres,
            namespace: namespace.map(str::to_owned),
        }
    }

    /// SQLite with our functions registered.
    pub fn sqlite() -> Target {
        Target {
            dialect: Dialect::Sqlite,
            namespace: None,
        }
    }

    /// The quoted stored name of a published table.
    pub fn table(&self, table: &Table) -> String {
        self.stored(&table.stored.0, &table.stored.1)
    }

    /// The quoted stored name of `schema.name`: `"ivoa"."obscore"` where there
    /// are schemas, `"ivoa.obscore"` where there are none.
    pub fn stored(&self, schema: &str, name: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("{}.{}", quote(&self.schema(schema)), quote(name)),
            Dialect::Sqlite => quote(&format!("{schema}.{name}")),
        }
    }

    /// The stored schema of a published one, before quoting.
    pub fn schema(&self, schema: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}_{schema}"),
            None => schema.to_owned(),
        }
    }

    /// Whether a subquery in parentheses can be a side of a set operation. If
    /// not, it is read through one more `SELECT * FROM (…)`.
    fn has_set_parentheses(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether EXCEPT ALL and INTERSECT ALL exist. If not, rows are numbered
    /// among their equals first, which makes the plain ones do.
    fn has_set_all(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether NULL comes after all values in ascending order. If not, it is
    /// asked for.
    fn sorts_nulls_last(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether columns have a type that the statement must give them. If not,
    /// the driver fits values to the column's wire type.
    fn has_typed_columns(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether a list of key ranges joined by OR becomes index scans (and is
    /// estimated well). If not, the ranges are rows that drive the look-up.
    fn unites_ranges(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether `#` is bitwise XOR. If not, it is `(a | b) - (a & b)`.
    fn has_xor(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether arrays of numbers are a type of SQL. If not, they are bytes
    /// with functions of ours.
    fn has_arrays(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether `\\` escapes in LIKE unless told otherwise. ADQL has no escape.
    fn escapes_in_like(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Which of a function's two forms is spoken here.
    fn of_both<'a>(&self, postgres: &'a str, sqlite: &'a str) -> &'a str {
        match self.dialect {
            Dialect::Postgres => postgres,
            Dialect::Sqlite => sqlite,
        }
    }

    /// The function that reads a number from text, where CAST would take text
    /// that is none for 0.
    fn number_reader(&self, kind: Type) -> Option<&'static str> {
        let reader = match kind.is_integer() {
            true => "text_to_integer",
            false => "text_to_real",
        };
        (kind.is_numeric() && self.dialect == Dialect::Sqlite).then_some(reader)
    }

    /// The name of a type in CAST.
    fn type_name(&self, kind: Type) -> &'static str {
        let (postgres, sqlite) = match kind {
            Type::Boolean => ("boolean", "INTEGER"),
            Type::SmallInt => ("smallint", "INTEGER"),
            Type::Integer => ("integer", "INTEGER"),
            Type::BigInt => ("bigint", "INTEGER"),
            Type::Real => ("real", "REAL"),
            Type::Double => ("double precision", "REAL"),
            Type::Timestamp => ("timestamp", "TEXT"),
            Type::Binary => ("bytea", "BLOB"),
            Type::Point | Type::Circle | Type::Polygon => ("double precision[]", "BLOB"),
            Type::Text | Type::Region | Type::Unknown => ("text", "TEXT"),
        };
        self.of_both(postgres, sqlite)
    }

    /// The name by which SQL calls one of our own functions (`sky_meets_1`).
    pub fn function(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("{}.{name}", quote(&self.schema("obstap"))),
            Dialect::Sqlite => name.to_owned(),
        }
    }
}

/// A name between double quotes, inner ones doubled (SQL-92 5.2).
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
