//! Columns a service declares beside those of ObsCore (ObsCore 1.1 section
//! 4.22 lets providers do so), and what is checked of them.

use std::fmt;

use adql::{Column, Type};

use super::columns::{Declared, Need, xtype};
use super::table::is_kept;
use crate::config::ExtraColumn;
use crate::spatial;

/// Everything wrong with the extra columns of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraError {
    pub reasons: Vec<String>,
}

impl fmt::Display for ExtraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[[obscore.extra_columns]] cannot be used: ")?;
        f.write_str(&self.reasons.join("; "))
    }
}

impl std::error::Error for ExtraError {}

/// PostgreSQL cuts longer names off.
const LONGEST_NAME: usize = 63;

const TYPES: [(&str, Type); 13] = [
    ("BOOLEAN", Type::Boolean),
    ("SMALLINT", Type::SmallInt),
    ("INTEGER", Type::Integer),
    ("INT", Type::Integer),
    ("BIGINT", Type::BigInt),
    ("REAL", Type::Real),
    ("DOUBLE PRECISION", Type::Double),
    ("DOUBLE", Type::Double),
    ("CHAR", Type::Text),
    ("VARCHAR", Type::Text),
    ("CLOB", Type::Text),
    ("TEXT", Type::Text),
    ("TIMESTAMP", Type::Timestamp),
];

/// The extra columns, told apart from those that are there already.
pub(super) fn check(
    extra: &[ExtraColumn],
    standard: &[Declared],
) -> Result<Vec<Declared>, ExtraError> {
    let mut reasons = Vec::new();
    let mut columns: Vec<Declared> = Vec::with_capacity(extra.len());
    for wanted in extra {
        let name = &wanted.name;
        if let Some(reason) = wrong_name(name) {
            reasons.push(reason);
        } else if standard.iter().any(|d| d.name() == name) {
            reasons.push(format!("{name} is a column of ObsCore already"));
        } else if spatial::is_index_column(name) {
            reasons.push(format!(
                "the name {name} is kept for the spatial index; choose another"
            ));
        } else if is_kept(name) {
            reasons.push(format!(
                "the name {name} is kept for what ties a row to its registry; choose another"
            ));
        } else if columns.iter().any(|d| d.name() == name) {
            reasons.push(format!("{name} is declared twice"));
        }
        match kind(&wanted.kind) {
            Some(kind) => columns.push(Declared {
                column: Column {
                    unit: filled(&wanted.unit),
                    ucd: filled(&wanted.ucd),
                    utype: filled(&wanted.utype),
                    xtype: xtype(kind).map(str::to_owned),
                    description: filled(&wanted.description),
                    ..Column::new(name.clone(), kind)
                },
                need: Need::Extra,
                indexed: wanted.indexed,
            }),
            None => reasons.push(format!(
                "{name} cannot have the type {:?}; use BOOLEAN, SMALLINT, INTEGER, BIGINT, REAL, \
                 DOUBLE PRECISION, VARCHAR or TIMESTAMP",
                wanted.kind
            )),
        }
    }
    match reasons.is_empty() {
        true => Ok(columns),
        false => Err(ExtraError { reasons }),
    }
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.trim().is_empty())
}

fn wrong_name(name: &str) -> Option<String> {
    let regular = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !regular {
        return Some(format!(
            "{name:?} is not a name of lower-case letters, digits and underscores that begins with a letter"
        ));
    }
    (name.len() > LONGEST_NAME)
        .then(|| format!("the name {name} is longer than {LONGEST_NAME} characters"))
}

/// A type word without regard to case, inner spaces and a length in brackets.
fn kind(word: &str) -> Option<Type> {
    let word = word.split('(').next().unwrap_or_default();
    let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
    let known = TYPES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&word));
    known.map(|&(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::super::columns::declared;
    use super::*;

    fn extra(name: &str, kind: &str) -> ExtraColumn {
        ExtraColumn {
            name: name.into(),
            kind: kind.into(),
            ..ExtraColumn::default()
        }
    }

    #[track_caller]
    fn check_type(word: &str, expected: Type) {
        let columns = declared(&[extra("em_filter", word)]).unwrap();
        assert_eq!(columns[60].kind(), expected, "{word}");
    }

    #[track_caller]
    fn check_refused(extra: &[ExtraColumn], part: &str) {
        let error = declared(extra).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn types_are_written_as_in_adql() {
        check_type("VARCHAR", Type::Text);
        check_type("varchar(16)", Type::Text);
        check_type("double  precision", Type::Double);
        check_type("Timestamp", Type::Timestamp);
        check_type("bigint", Type::BigInt);
    }

    #[test]
    fn a_declaration_that_cannot_be_kept_is_refused() {
        check_refused(
            &[extra("s_ra", "REAL")],
            "s_ra is a column of ObsCore already",
        );
        check_refused(&[extra("fp_key", "BIGINT")], "kept for the spatial index");
        check_refused(&[extra("Filter", "VARCHAR")], "lower-case");
        check_refused(&[extra("x\"; DROP", "VARCHAR")], "lower-case");
        check_refused(&[extra("", "VARCHAR")], "lower-case");
        check_refused(&[extra(&"a".repeat(64), "VARCHAR")], "longer than 63");
        check_refused(
            &[extra("shape", "POLYGON")],
            "cannot have the type \"POLYGON\"",
        );
        check_refused(&[extra("a", "INT"), extra("a", "INT")], "declared twice");
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let error = declared(&[extra("s_ra", "REAL"), extra("b", "MONEY")]).unwrap_err();
        assert_eq!(error.reasons.len(), 2);
    }
}
