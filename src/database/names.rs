//! Stored names inside our own SQL.

use adql::{Target, target};

/// Writes the stored names into SQL of ours: `{schema.table}` becomes the
/// quoted table, `{schema}` the quoted schema. Other braces (array literals,
/// bodies of functions) stay as they are.
pub(super) fn expand(target: &Target, sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 32);
    let mut rest = sql;
    while let Some(open) = rest.find('{') {
        let (before, braced) = rest.split_at(open);
        out.push_str(before);
        let inside = &braced[1..];
        match inside.find('}').map(|close| inside.split_at(close)) {
            Some((name, after)) if is_name(name) => {
                match name.split_once('.') {
                    Some((schema, table)) => out.push_str(&target.stored(schema, table)),
                    None => out.push_str(&target::quote(&target.schema(name))),
                }
                rest = &after[1..];
            }
            _ => {
                out.push('{');
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `schema` or `schema.table`, each a word that does not begin with a digit.
fn is_name(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    match text.split_once('.') {
        Some((schema, table)) => word(schema) && word(table),
        None => word(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_stored() {
        let check = |sql: &str, postgres: &str, sqlite: &str| {
            assert_eq!(expand(&Target::postgres(Some("n")), sql), postgres);
            assert_eq!(expand(&Target::sqlite(), sql), sqlite);
        };
        check(
            "SELECT 1 FROM {ivoa.obscore}",
            r#"SELECT 1 FROM "n_ivoa"."obscore""#,
            r#"SELECT 1 FROM "ivoa.obscore""#,
        );
        check("'{1,2}' {} { {x", "'{1,2}' {} { {x", "'{1,2}' {} { {x");
        check("é{a.b}}", "é\"n_a\".\"b\"}", "é\"a.b\"}");
        assert_eq!(
            expand(&Target::postgres(None), "CREATE FUNCTION {obstap}.f()"),
            r#"CREATE FUNCTION "obstap".f()"#
        );
    }
}
