//! Query → Statement: how a checked query is said to a database, and all the
//! questions in which databases differ.
//!
//! Must not decide whether something is allowed; that is [`crate::check`].

mod cells;
mod expression;
mod geometry;
mod near;
mod nearest;
mod storage;
mod write;

pub use write::write;

use crate::catalog::Table;
use crate::query::Binary;
use crate::types::Type;

/// The stored schema of tables that one connection makes for itself; no
/// namespace stands before it.
pub const TEMPORARY: &str = "pg_temp";

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
            Some(namespace) if schema != TEMPORARY => format!("{namespace}_{schema}"),
            _ => schema.to_owned(),
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

    /// Whether a subquery in FROM can read the rows of the sources before it.
    /// If not, what it would find is a list of rows in the condition, and the
    /// sources stay in their order.
    fn joins_laterally(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// What a subquery that stands for a table has before its columns, so that
    /// conditions can name its rows.
    fn row_number(&self) -> &'static str {
        self.of_both("", "i.rowid AS rowid, ")
    }

    /// Whether sums and products that are out of range become something else
    /// (infinity, 0, a number that is not whole) instead of an error. If so,
    /// functions of ours compute them.
    fn overflows_quietly(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// Whether HAVING, or an aggregate in ORDER BY, makes one group of all rows
    /// without GROUP BY and whatever is selected. If not, the first column is
    /// made to count them.
    fn groups_unasked(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether text that comes from no column is compared in the order of a
    /// language. If so, it is told to be compared by bytes, as our columns are.
    fn compares_by_language(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether FULL JOIN wants an equality of both sides among its conditions.
    /// If so, it is given one that is always true.
    fn wants_equality_in_full_join(&self) -> bool {
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

    /// Whether an aggregate can be told the order of its values. If not, ours
    /// sort them.
    fn sorts_in_aggregates(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Whether a subquery with random numbers is computed once, whoever reads
    /// it. If not, that is asked for.
    fn keeps_volatile(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Which of a function's two forms is spoken here.
    fn of_both<T>(&self, postgres: T, sqlite: T) -> T {
        match self.dialect {
            Dialect::Postgres => postgres,
            Dialect::Sqlite => sqlite,
        }
    }

    /// The function that does an operation in BIGINT or DOUBLE PRECISION where
    /// the operator is not there, or does not say that it is out of range.
    /// Divided by zero they are NULL.
    fn operation(&self, operator: Binary, kind: Type) -> Option<&'static str> {
        if !self.overflows_quietly() {
            return None;
        }
        Some(match (operator, kind) {
            (Binary::Add, Type::BigInt) => "whole_add",
            (Binary::Subtract, Type::BigInt) => "whole_subtract",
            (Binary::Multiply, Type::BigInt) => "whole_multiply",
            (Binary::Divide, Type::BigInt) => "whole_divide",
            (Binary::BitXor, _) => "whole_xor",
            (Binary::Add, Type::Double) => "real_add",
            (Binary::Subtract, Type::Double) => "real_subtract",
            (Binary::Multiply, Type::Double) => "real_multiply",
            (Binary::Divide, Type::Double) => "real_divide",
            _ => return None,
        })
    }

    /// How a value of one type becomes one of another where CAST does
    /// something else: `{0}` is the value.
    ///
    /// Numbers become texts with the fewest digits that mean them, times
    /// become texts as answers have them (DALI 1.1 section 3.3.3). 0 and -0 are
    /// one number: not every engine keeps them apart.
    fn conversion(&self, from: Type, to: Type) -> Option<&'static str> {
        let (postgres, sqlite) = match (from, to) {
            (Type::Timestamp, Type::Text) => (
                Some(r#"rtrim(rtrim(to_char({0}, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.')"#),
                Some("rtrim(rtrim({0}, '0'), '.')"),
            ),
            (Type::Boolean, Type::Text) => (
                None,
                Some("CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"),
            ),
            // Plus 0, so that there is no -0.
            (Type::Real, Type::Text) => (
                Some("CAST({0} + CAST(0 AS real) AS text)"),
                Some("real_to_text({0})"),
            ),
            (Type::Double, Type::Text) => {
                (Some("CAST({0} + 0e0 AS text)"), Some("double_to_text({0})"))
            }
            // Every value is one of the other type as it is.
            (Type::Real, Type::Double) => (None, None),
            (_, Type::Double) if from.is_integer() => (None, None),
            _ if from.is_integer() && to.is_integer() && from <= to => (None, None),
            (_, Type::SmallInt) => (None, Some("to_smallint({0})")),
            (_, Type::Integer) => (None, Some("to_integer({0})")),
            (_, Type::BigInt) => (None, Some("to_bigint({0})")),
            (_, Type::Real) => (None, Some("to_real({0})")),
            (_, Type::Double) => (None, Some("to_double({0})")),
            _ => (None, None),
        };
        match self.dialect {
            Dialect::Postgres => postgres,
            Dialect::Sqlite => sqlite,
        }
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
            Type::Binary | Type::Integers => ("bytea", "BLOB"),
            Type::Point | Type::Circle | Type::Polygon | Type::Doubles => {
                ("double precision[]", "BLOB")
            }
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
