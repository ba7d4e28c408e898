//! Laws that hold for every random query (see `random/`).

#[allow(dead_code)]
mod random;

use adql::{Target, census};
use random::tape::Tape;
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

const QUERIES: u64 = 2000;

/// Calls `law` with random queries, checked and indexed.
fn on_each(law: impl Fn(&str, &adql::Query)) {
    let catalog = random::tables::catalog();
    for number in 0..QUERIES {
        let query = random::query(&catalog, &mut Tape::new(1, number)).text;
        let checked = adql::parse(&query).and_then(|syntax| adql::check(&syntax, &catalog));
        let checked = checked.unwrap_or_else(|messages| panic!("{query}\n{messages}"));
        law(&query, &adql::index(checked));
    }
}

#[test]
fn random_queries_check_and_leave_nothing_out() {
    let census = std::cell::RefCell::new(census::empty());
    on_each(|_, query| census::count(query, &mut census.borrow_mut()));
    let census = census.into_inner();
    let missing: Vec<_> = census.iter().filter(|(_, count)| **count == 0).collect();
    assert!(missing.is_empty(), "never in a random query: {missing:?}");
}

/// What we write parses again, and means the same to who prints it.
#[test]
fn what_is_written_parses_again() {
    let again = |dialect: &dyn Dialect, sql: &str| {
        let read = |sql: &str| Parser::parse_sql(dialect, sql);
        let first = read(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        assert_eq!(first.len(), 1, "{sql}");
        let printed = first[0].to_string();
        let second = read(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}"));
        assert_eq!(first, second, "{sql}");
    };
    on_each(|_, query| {
        let postgres = adql::write(query, &Target::postgres(Some("n")));
        again(&PostgreSqlDialect {}, &postgres.sql);
        // The parser does not know these of SQLite.
        let sqlite = adql::write(query, &Target::sqlite()).sql;
        let sqlite = sqlite.replace("AS MATERIALIZED (", "AS (");
        let sqlite = sqlite.replace(" CROSS JOIN ", " JOIN ");
        again(&SQLiteDialect {}, &sqlite.replace(" >> ", " - "));
    });
}
