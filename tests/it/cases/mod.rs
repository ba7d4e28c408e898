//! The chapters of `adql/tests/cases` run for real: every query in them that
//! is right has the same answer on both engines. A query that cannot run here
//! has a line before it that begins `<!-- not run:` and says why.
//!
//! `by_hand.md` has queries beside SQL that a person wrote for PostgreSQL:
//! theirs is the answer that both engines must give.

#[path = "../../../adql/tests/case_tables/mod.rs"]
mod case_tables;

use std::path::Path;

use adql::{Catalog, Statement, census};
use obstap::database::Database;

use crate::support::answer::{Answer, ask, ask_with, checked};
use crate::support::{on_both, rows, runtime};

/// Rows of each table.
const ROWS: usize = 24;

/// The queries of a chapter that may be run, each with what stands after it.
fn queries(chapter: &str) -> Vec<(&str, &str)> {
    let mut queries = Vec::new();
    let mut blocks = chapter.split("```adql\n");
    let mut before = blocks.next().unwrap_or_default();
    for block in blocks {
        let (query, after) = block.split_once("```\n").expect("a block that ends");
        let note = before.trim_end().lines().last().unwrap_or_default();
        if !note.starts_with("<!-- not run:") {
            queries.push((query.trim_end(), after));
        }
        before = after;
    }
    queries
}

async fn filled(database: &Database, catalog: &Catalog) {
    let mut made = Vec::new();
    for table in catalog.tables() {
        let (schema, name) = (&table.stored.0, &table.stored.1);
        // Some are there already, and have what they have.
        if database.exists((schema, name)).await.expect("a look") {
            continue;
        }
        if schema != "ivoa" && !made.contains(schema) {
            rows::make_schema(database, schema).await;
            made.push(schema.clone());
        }
        rows::fill(database, table, ROWS, rows::tame).await;
    }
}

/// Whether it is up to the engine which rows there are, or what is in them.
fn is_free(query: &adql::Query) -> bool {
    let mut census = census::empty();
    census::count(query, &mut census);
    let some = |name: &str| census.get(name).is_some_and(|count| *count > 0);
    some("TOP") || some("OFFSET") || some("RAND(…)") || some("IVO_NORMAL_RANDOM(…)")
}

/// Answers of both engines to each query, SQLite's first.
fn answers(queries: &[&str], catalog: &Catalog) -> Vec<Vec<Answer>> {
    let all = std::sync::Mutex::new(vec![Vec::new(); queries.len()]);
    on_both(async |database| {
        filled(&database, catalog).await;
        for (number, text) in queries.iter().enumerate() {
            let Ok(query) = checked(text, catalog) else {
                continue;
            };
            let answer = ask(&database, &query).await.sorted();
            all.lock().expect("answers")[number].push(answer);
        }
    });
    all.into_inner().expect("answers")
}

#[test]
fn queries_of_the_chapters_are_answered_alike() {
    let catalog = case_tables::catalog(false);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("adql/tests/cases");
    let chapters = std::fs::read_dir(folder).expect("the chapters");
    let mut paths: Vec<_> = chapters.map(|it| it.expect("a chapter").path()).collect();
    paths.sort();
    let chapters = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a text"));
    let chapters: Vec<String> = chapters.collect();
    let texts: Vec<&str> = chapters
        .iter()
        .flat_map(|it| queries(it))
        .map(|it| it.0)
        .collect();
    let (mut run, mut with_rows) = (0, 0);
    for (text, answers) in texts.iter().zip(answers(&texts, &catalog)) {
        let [sqlite, postgres] = &answers[..] else {
            continue;
        };
        let free = checked(text, &catalog).is_ok_and(|query| is_free(&query));
        let alike = match (sqlite, postgres) {
            (Answer::Rows(a), Answer::Rows(b)) => a == b || (free && a.len() == b.len()),
            (Answer::Refused(a), Answer::Refused(b)) => a == b,
            _ => false,
        };
        let (a, b) = sqlite.besides(postgres);
        assert!(alike, "{text}\nSQLite:     {a}\nPostgreSQL: {b}");
        run += 1;
        with_rows += usize::from(matches!(sqlite, Answer::Rows(rows) if !rows.is_empty()));
    }
    eprintln!(
        "{run} of {} queries ran, {with_rows} have rows",
        texts.len()
    );
    assert!(
        2 * with_rows > run,
        "only {with_rows} of {run} answers have rows"
    );
}

#[test]
fn answers_are_those_of_sql_written_by_hand() {
    let catalog = case_tables::catalog(false);
    let pairs = queries(include_str!("by_hand.md"));
    let texts: Vec<&str> = pairs.iter().map(|pair| pair.0).collect();
    let by_hand = by_hand(&pairs, &catalog);
    let answers = answers(&texts, &catalog);
    for ((text, answers), expected) in texts.iter().zip(answers).zip(by_hand) {
        assert_eq!(
            answers.len(),
            2,
            "{text}\n{:?}",
            checked(text, &catalog).err()
        );
        for answer in answers {
            let (ours, theirs) = answer.besides(&expected);
            assert!(
                answer == expected,
                "{text}\nours:    {ours}\nby hand: {theirs}"
            );
        }
        let some = matches!(&expected, Answer::Rows(rows) if !rows.is_empty());
        assert!(some, "{text}\nshows nothing: {expected:?}");
    }
}

/// What PostgreSQL says to the SQL after each query.
fn by_hand(pairs: &[(&str, &str)], catalog: &Catalog) -> Vec<Answer> {
    runtime().block_on(async {
        let url = crate::support::postgres::fresh_database();
        let database = crate::support::open(&url, None).await;
        database.migrate().await.expect("migrated");
        filled(&database, catalog).await;
        let mut answers = Vec::new();
        for (text, after) in pairs {
            let query = checked(text, catalog);
            let columns = query
                .unwrap_or_else(|it| panic!("{text}\n{it}"))
                .into_columns();
            let sql = after
                .strip_prefix("```sql\n")
                .and_then(|it| it.split_once("\n```"));
            let (sql, _) = sql.unwrap_or_else(|| panic!("{text}\nhas no SQL after it"));
            // Columns in the types that are announced.
            let names: Vec<String> = (0..columns.len()).map(|it| format!("c{it}")).collect();
            let target = database.target();
            let casts = columns.iter().zip(&names).map(|(column, name)| {
                let kind = target.stored_type(column.kind.wire());
                let kind = kind.split(" COLLATE").next().unwrap_or(kind);
                format!("CAST({name} AS {kind})")
            });
            let casts: Vec<String> = casts.collect();
            let statement = Statement {
                sql: format!(
                    "SELECT {} FROM ({sql}) AS h ({})",
                    casts.join(", "),
                    names.join(", ")
                ),
                parameters: Vec::new(),
                columns,
            };
            answers.push(ask_with(&database, &statement).await.sorted());
        }
        answers
    })
}
