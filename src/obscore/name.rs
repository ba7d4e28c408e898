//! What an ObsCore-shaped table is called.

use std::fmt;

use adql::{Target, Value};

/// Schema and name of a table, as published and (before any namespace) as
/// stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    schema: String,
    table: String,
}

/// A name that no ObsCore table of ours can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot be an ObsCore table: {reason}")]
pub struct NameError {
    pub text: String,
    pub reason: &'static str,
}

/// Names of indexes are made of these and of the names of columns.
const LONGEST: usize = 40;

/// Schemas of this program's own, and of the database's.
const TAKEN: [&str; 6] = [
    "tap_schema",
    "tap_upload",
    "obstap",
    "registry",
    "information_schema",
    "main",
];

impl Default for Name {
    /// `ivoa.obscore` (ObsCore 1.1 section 1).
    fn default() -> Name {
        Name {
            schema: "ivoa".into(),
            table: "obscore".into(),
        }
    }
}

impl Name {
    /// # Errors
    /// When it is not two words of lower-case letters, digits and underscores,
    /// or its schema belongs to something else.
    pub fn new(schema: &str, table: &str) -> Result<Name, NameError> {
        let refused = |reason| NameError {
            text: format!("{schema}.{table}"),
            reason,
        };
        if ![schema, table].into_iter().all(is_word) {
            return Err(refused(
                "write schema.table, both of at most 40 lower-case letters, digits and \
                 underscores, a letter first",
            ));
        }
        if TAKEN.contains(&schema) || schema.starts_with("pg_") {
            return Err(refused("its schema is kept for something else"));
        }
        Ok(Name {
            schema: schema.into(),
            table: table.into(),
        })
    }

    /// Reads `schema.table`.
    ///
    /// # Errors
    /// As [`Name::new`].
    pub fn read(text: &str) -> Result<Name, NameError> {
        let (schema, table) = text.split_once('.').unwrap_or((text, ""));
        Name::new(schema, table)
    }

    pub fn schema(&self) -> &str {
        &self.schema
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    /// Schema and table.
    pub fn pair(&self) -> (&str, &str) {
        (&self.schema, &self.table)
    }

    /// As SQL writes it.
    pub(super) fn stored(&self, target: &Target) -> String {
        target.stored(&self.schema, &self.table)
    }

    /// As the values of two columns.
    pub(super) fn values(&self) -> [Value; 2] {
        [&self.schema, &self.table].map(|name| Value::Text(name.clone()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

fn is_word(name: &str) -> bool {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.len() <= LONGEST
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && name.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_plain_words() {
        fn check(text: &str, good: bool) {
            assert_eq!(Name::read(text).is_ok(), good, "{text}");
        }
        check("ivoa.obscore", true);
        check("dr1.obscore_2", true);
        check("obscore", false);
        check("Ivoa.obscore", false);
        check("a.b.c", false);
        check("tap_schema.tables", false);
        check("pg_catalog.pg_class", false);
        check("a.\"b", false);
        check("1a.b", false);
    }
}
