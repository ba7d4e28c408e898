//! How columns and indexes of our own tables are stored.

use super::{Dialect, Target, quote};
use crate::types::Wire;

impl Target {
    /// The type of a stored column whose values travel as `wire`. Text
    /// compares by bytes everywhere; lists of reals are an array, or bytes
    /// where there are no arrays.
    ///
    /// ```
    /// use adql::{Target, Wire};
    /// assert_eq!(Target::postgres(None).stored_type(Wire::Int4), "integer");
    /// assert_eq!(Target::sqlite().stored_type(Wire::Doubles), "BLOB");
    /// ```
    pub fn stored_type(&self, wire: Wire) -> &'static str {
        match self.dialect {
            Dialect::Postgres => match wire {
                Wire::Bool => "boolean",
                Wire::Int2 => "smallint",
                Wire::Int4 => "integer",
                Wire::Int8 => "bigint",
                Wire::Float4 => "real",
                Wire::Float8 => "double precision",
                Wire::Text => r#"text COLLATE "C""#,
                Wire::Timestamp => "timestamp",
                Wire::Bytes | Wire::Ints => "bytea",
                Wire::Doubles => "double precision[]",
            },
            Dialect::Sqlite => match wire {
                Wire::Bool | Wire::Int2 | Wire::Int4 | Wire::Int8 => "INTEGER",
                Wire::Float4 | Wire::Float8 => "REAL",
                Wire::Text | Wire::Timestamp => "TEXT",
                Wire::Bytes | Wire::Doubles | Wire::Ints => "BLOB",
            },
        }
    }

    /// Puts the rows of a table in the order of an index (their names as SQL has
    /// them), where that can be done to a table that is there.
    pub fn cluster(&self, table: &str, index: &str) -> Option<String> {
        match self.dialect {
            Dialect::Postgres => Some(format!("CLUSTER {table} USING {index}")),
            Dialect::Sqlite => None,
        }
    }

    /// What CREATE makes for rows that need not outlive the transaction.
    pub fn scratch_table(&self) -> &'static str {
        self.of_both("UNLOGGED TABLE", "TABLE")
    }

    /// What follows the columns of CREATE TABLE, so that values of another
    /// type than declared are refused.
    pub fn table_options(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "",
            Dialect::Sqlite => "STRICT",
        }
    }

    /// The name of an index in CREATE INDEX, and in DROP INDEX. Where there
    /// are no schemas the name has to say which one is meant.
    pub fn index_names(&self, schema: &str, index: &str) -> (String, String) {
        let stored = self.stored(schema, index);
        match self.dialect {
            Dialect::Postgres => (quote(index), stored),
            Dialect::Sqlite => (stored.clone(), stored),
        }
    }
}
