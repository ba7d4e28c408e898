//! Random queries (`adql/tests/random`) on both engines: equal answers, no
//! error of ours, and nothing of the language left out.
//!
//! `OBSTAP_RANDOM_QUERIES` says how many (300 unless told), and
//! `OBSTAP_RANDOM_SEED` which: the seed is printed, and the same seed makes
//! the same queries. A query that fails is shrunk before it is shown.
//!
//! Numbers must be equal to the last bit, those of areas and centroids apart:
//! both engines compute on the same machine with the same C library, and where
//! they would not round alike the query is written so that they do.

#[path = "../../../adql/tests/random/mod.rs"]
mod queries;

use std::collections::BTreeMap;

use adql::{Catalog, Query, census};
use obstap::database::Database;

use crate::support::answer::{Answer, ask, checked};
use crate::support::{open, postgres, rows, runtime};
use queries::tape::{Tape, shrink};
use queries::{Random, query, tables};

/// How often every part of the language must stand in the queries of a long
/// run.
const OFTEN: usize = 50;
/// A run of so many is a long one.
const LONG: u64 = 5_000;
/// Tries at making a failing query smaller.
const TRIES: usize = 3_000;

struct Engines {
    catalog: Catalog,
    sqlite: Database,
    postgres: Database,
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().expect(name))
}

#[test]
fn random_queries_are_answered_alike() {
    let count = setting("OBSTAP_RANDOM_QUERIES").unwrap_or(300);
    let seed = setting("OBSTAP_RANDOM_SEED").unwrap_or(1);
    eprintln!("{count} random queries, OBSTAP_RANDOM_SEED={seed}");
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let engines = Engines::filled(folder.path()).await;
        let mut census = census::empty();
        let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
        for number in 0..count {
            let mut tape = Tape::new(seed, number);
            let random = query(&engines.catalog, &mut tape);
            match engines.compare(&random).await {
                Ok((checked, outcome)) => {
                    census::count(&checked, &mut census);
                    *outcomes.entry(outcome).or_default() += 1;
                }
                Err(_) => {
                    let complaint = engines.smallest(tape.into_choices());
                    panic!("query {number} of seed {seed}, made smaller:\n{complaint}");
                }
            }
        }
        eprintln!("{outcomes:?}");
        let rare = census
            .iter()
            .filter(|(_, times)| count < LONG || **times < OFTEN);
        let rare: Vec<String> = rare
            .map(|(name, times)| format!("{name} {times}"))
            .collect();
        if count < LONG {
            return eprintln!("how often: {}", rare.join(", "));
        }
        assert!(
            rare.is_empty(),
            "fewer than {OFTEN} times: {}",
            rare.join(", ")
        );
        let with_rows = outcomes.get("rows").copied().unwrap_or_default();
        assert!(2 * with_rows >= count, "only {with_rows} answers have rows");
        let least = census.iter().min_by_key(|(_, times)| **times);
        eprintln!("every part of the language at least {least:?} times");
    });
}

/// What a value may do wrong is said in the same words.
#[test]
fn refusals_are_worded_alike() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let engines = Engines::filled(folder.path()).await;
        let check = async |expression: &str, expected: &str| {
            let text = format!("SELECT {expression} FROM random.things");
            let query = checked(&text, &engines.catalog).expect("a query");
            for database in [&engines.sqlite, &engines.postgres] {
                let refused = Answer::Refused(expected.to_owned());
                assert_eq!(ask(database, &query).await, refused, "{expression}");
            }
        };
        let range = "a number is out of range";
        for expression in [
            "f8 * 10",
            "f8 * 1e-300 * 1e-300",
            "f8 / 1e-300",
            "i8 + 1",
            "- i8",
            "ABS(i2 * i8)",
            "SUM(i8 / 2 + 1)",
            "SUM(CASE WHEN f8 > 1e300 THEN f8 END * 1.7)",
            "CAST(i4 AS SMALLINT)",
            "CAST(f8 AS BIGINT)",
            "CAST(f8 AS REAL)",
            "CAST('99999999999' AS INTEGER)",
            "EXP(i4)",
            "POWER(10, 400)",
            "ACOS(2)",
            "ROUND(f8, 3)",
            "DEGREES(f8 * 1.7)",
        ] {
            check(expression, range).await;
        }
        let text = "a text is not a value of the type it is cast to";
        check("CAST('x' AS INTEGER)", text).await;
        check("CAST('' AS REAL)", text).await;
        check("CAST(t AS DOUBLE PRECISION)", text).await;
        let root = "a power or root of these numbers has no value";
        check("SQRT(-1)", root).await;
        check("POWER(-1, 0.5)", root).await;
        check("POWER(0, -1)", root).await;
        let logarithm = "the logarithm of zero or a negative number has no value";
        check("LOG(0)", logarithm).await;
        check("LOG10(few)", logarithm).await;
        let latitude = "the latitude 91 is not between -90 and 90 degrees; longitudes stand \
                        first, as in POINT(ra, dec)";
        check(
            "CONTAINS(POINT(ra, 91 + 0 * lat), CIRCLE(0, 0, 1))",
            latitude,
        )
        .await;
    });
}

impl Engines {
    async fn filled(folder: &std::path::Path) -> Engines {
        let url = format!("sqlite:{}", folder.join("random.db").display());
        let engines = Engines {
            catalog: tables::catalog(),
            sqlite: open(&url, None).await,
            // Sorts as people do: what is not compared by bytes shows.
            postgres: open(&postgres::fresh_database_in("en"), None).await,
        };
        for database in [&engines.sqlite, &engines.postgres] {
            database.migrate().await.expect("migrated");
            rows::make_schema(database, tables::SCHEMA).await;
            for table in engines.catalog.tables() {
                let count = if table.regions.is_empty() { 9 } else { 18 };
                rows::fill(database, table, count, rows::wild).await;
            }
        }
        engines
    }

    /// The query and what became of it, or how the engines differ.
    async fn compare(&self, random: &Random) -> Result<(Query, &'static str), String> {
        let text = &random.text;
        let query = checked(text, &self.catalog).map_err(|it| format!("{text}\n{it}"))?;
        let mut answers = [
            ask(&self.sqlite, &query).await,
            ask(&self.postgres, &query).await,
        ];
        // Areas and centroids are sums that the engines do not make in the same
        // order: 9 digits of them are compared.
        let mut census = census::empty();
        census::count(&query, &mut census);
        let rounded = census["Node::Extent"] > 0;
        if rounded {
            answers = answers.map(Answer::rounded);
        }
        // Their last digits may also decide which row comes first.
        if rounded && census["TOP"] + census["OFFSET"] > 0 {
            answers = answers.map(Answer::counted);
        }
        // Of two columns with one name ORDER BY means the first.
        let mut names: Vec<&str> = query.columns().iter().map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        let doubtful = names.windows(2).any(|pair| pair[0] == pair[1]);
        if rounded || doubtful || !random.ordered {
            answers = answers.map(Answer::sorted);
        }
        let outcome = match &answers {
            [Answer::Rows(a), Answer::Rows(b)] if a == b && a.is_empty() => "no rows",
            [Answer::Rows(a), Answer::Rows(b)] if a == b => "rows",
            // Conditions that hang on the last digits of an area or a centroid.
            [Answer::Rows(_), Answer::Rows(_)] if rounded => "near",
            // Of two faults in a query either may be met first.
            [Answer::Refused(_), Answer::Refused(_)] => "refused",
            [sqlite, postgres] => {
                let (sqlite, postgres) = sqlite.besides(postgres);
                return Err(format!(
                    "{text}\nSQLite:     {sqlite}\nPostgreSQL: {postgres}"
                ));
            }
        };
        Ok((query, outcome))
    }

    /// The complaint about the smallest query found that fails.
    fn smallest(&self, choices: Vec<u32>) -> String {
        let complaint = |choices: &[u32]| {
            let random = query(&self.catalog, &mut Tape::again(choices));
            let comparing = self.compare(&random);
            let outcome = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(comparing)
            });
            outcome.err()
        };
        let best = shrink(choices, TRIES, |choices| complaint(choices).is_some());
        complaint(&best).unwrap_or_default()
    }
}
