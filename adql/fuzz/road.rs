//! Any text down the whole road: parse, check, index and write for both
//! targets, with names open and closed. It must end soon and without a panic.

use std::sync::OnceLock;

use adql::{Catalog, Messages, Query, Target};

#[path = "../tests/random/tables.rs"]
#[allow(dead_code)]
mod tables;

/// # Panics
/// When the road says something that it must not.
pub fn walk(text: &str) {
    static CATALOGS: OnceLock<[Catalog; 2]> = OnceLock::new();
    let catalogs = CATALOGS.get_or_init(|| [Catalog::open([]), tables::catalog()]);
    let syntax = match adql::parse(text) {
        Ok(syntax) => syntax,
        Err(messages) => return complain(text, &messages),
    };
    for catalog in catalogs {
        match adql::check(&syntax, catalog) {
            Ok(query) => write(query),
            Err(messages) => complain(text, &messages),
        }
    }
}

/// A query has a statement on each target, with all its parameters and not
/// out of all proportion.
fn write(query: Query) {
    let query = adql::index(query.limited_to(Some(10)));
    for target in [Target::postgres(Some("n")), Target::sqlite()] {
        let statement = adql::write(&query, &target);
        let last = statement.parameters.len();
        assert!(!statement.sql.contains(&format!("${}", last + 1)));
        assert!(last == 0 || statement.sql.contains(&format!("${last}")));
        assert!(
            statement.sql.len() < 1 << 26,
            "{} bytes",
            statement.sql.len()
        );
        assert_eq!(statement.columns, query.columns());
    }
}

/// Every message is about a place in the text.
fn complain(text: &str, messages: &Messages) {
    assert!(!messages.messages.is_empty());
    for message in &messages.messages {
        assert!(!message.sentence.is_empty());
        if let Some(place) = &message.place {
            // What is missing is missed after the end.
            assert!(place.line >= 1 && place.column >= 1, "{place:?}");
            assert!(place.line <= text.lines().count() + 1, "{place:?}");
        }
    }
    assert!(!messages.to_string().is_empty());
}
