//! What functions answer, the same on both engines: the examples of the
//! catalogue (EN-udf-catalogue 1.2), and what its text leaves open.

mod laws;
mod numbers;
mod served;
mod texts;

use std::cell::RefCell;
use std::sync::Arc;

use adql::catalog::Table;
use adql::{Catalog, Column, Type, Value, Wire};
use obstap::database::{Database, Limits};

use crate::support::on_both;

/// Microseconds since 2000 of the first and last time a timestamp can be.
const FIRST: &str = "0001-01-01";
const LAST: &str = "9999-12-31T23:59:59.999999";

type Row = (
    Option<&'static str>,
    Option<&'static str>,
    Option<f64>,
    Option<&'static str>,
);

const ROWS: &[Row] = &[
    (
        Some("Miller and Urey have"),
        Some("miller"),
        Some(0.5),
        Some("2000-01-02T12:00:00"),
    ),
    (None, Some("x"), None, None),
    (Some(""), Some(""), Some(-1e308), Some(FIRST)),
    (
        Some("ÄÖÜ, Straße; 星\u{1f30c}"),
        Some("äöü"),
        Some(1e308),
        Some(LAST),
    ),
    (
        Some("red#Green#blue"),
        Some("green"),
        Some(5e-324),
        Some("1969-12-31T23:59:59.999999"),
    ),
    (
        Some("12:30:00"),
        Some("shown\tprimordial"),
        Some(3.5),
        Some("2016-12-31T12:00:00.5"),
    ),
    (Some("shown that a Primordial"), None, Some(3.5), None),
];

/// A database with [`ROWS`] as `f.things` (id, a, b, x, t) and nothing else.
struct Asked {
    database: Database,
    catalog: Catalog,
    /// What was not as expected, so that one run tells all.
    wrong: RefCell<Vec<String>>,
}

impl Asked {
    async fn new(database: Database) -> Asked {
        let kinds = [
            ("id", Type::Integer),
            ("a", Type::Text),
            ("b", Type::Text),
            ("x", Type::Double),
            ("t", Type::Timestamp),
        ];
        let target = database.target();
        let columns = kinds.map(|(name, kind)| {
            let kind = target.stored_type(kind.wire());
            format!("{name} {kind}")
        });
        let table = format!("CREATE TABLE {{f.things}} ({})", columns.join(", "));
        let mut transaction = database.begin().await.expect("begin");
        if database.version().starts_with("PostgreSQL") {
            let schema = transaction.script("CREATE SCHEMA {f}").await;
            schema.expect("a schema");
        }
        transaction.script(&table).await.expect("a table");
        for (number, (a, b, x, t)) in ROWS.iter().enumerate() {
            let text = |text: &Option<&str>| text.map_or(Value::Null, |it| Value::Text(it.into()));
            let time = t.and_then(adql::time::parse);
            let values = [
                Value::BigInt(number as i64 + 1),
                text(a),
                text(b),
                x.map_or(Value::Null, Value::Double),
                time.map_or(Value::Null, Value::Timestamp),
            ];
            let sql = "INSERT INTO {f.things} (id, a, b, x, t) VALUES ($1, $2, $3, $4, $5)";
            transaction.execute(sql, &values).await.expect("a row");
        }
        transaction.commit().await.expect("commit");
        let table = Table {
            schema: "f".to_owned(),
            name: "things".to_owned(),
            stored: ("f".to_owned(), "things".to_owned()),
            columns: kinds.map(|(name, kind)| Column::new(name, kind)).to_vec(),
            ..Table::default()
        };
        let catalog = Catalog::new([table]);
        Asked {
            database,
            catalog,
            wrong: RefCell::default(),
        }
    }

    /// Rows joined by `;`, cells by `|`; or what is wrong.
    async fn answer(&self, query: &str) -> Result<String, String> {
        let syntax = adql::parse(query).map_err(|messages| messages.to_string())?;
        let checked = adql::check(&syntax, &self.catalog);
        let checked = adql::index(checked.map_err(|messages| messages.to_string())?);
        let statement = adql::write(&checked, self.database.target());
        let rows = self.database.stream(&statement, Limits::default()).await;
        let mut rows = rows.map_err(|error| error.to_string())?;
        let wires: Arc<[Wire]> = rows.wires().into();
        let mut lines = Vec::new();
        while let Some(batch) = rows.next().await.map_err(|error| error.to_string())? {
            for row in 0..batch.len() {
                let cells = batch.row(row).zip(wires.iter());
                let texts = cells.map(|(cell, &wire)| text(cell, wire));
                lines.push(texts.collect::<Vec<_>>().join("|"));
            }
        }
        Ok(lines.join(";"))
    }

    /// A query, or one expression that is asked for once.
    async fn check(&self, query: &str, expected: &str) {
        let query = match query.starts_with("SELECT ") || query.starts_with("WITH ") {
            true => query.to_owned(),
            false => format!("SELECT {query} AS res FROM f.things WHERE id = 1"),
        };
        let answer = self.answer(&query).await;
        if answer.as_deref() != Ok(expected) {
            let wrong = format!("{query}\n  {answer:?}\n  {expected:?}");
            self.wrong.borrow_mut().push(wrong);
        }
    }

    /// An expression in every row, in the order of the rows.
    async fn in_rows(&self, expression: &str, expected: &str) {
        let query = format!("SELECT {expression} AS res FROM f.things ORDER BY id");
        self.check(&query, expected).await;
    }

    async fn refused(&self, query: &str, expected: &str) {
        let query = format!("SELECT {query} AS res FROM f.things");
        let answer = self.answer(&query).await;
        if !answer.as_ref().is_err_and(|error| error.contains(expected)) {
            let wrong = format!("{query}\n  {answer:?}\n  {expected:?}");
            self.wrong.borrow_mut().push(wrong);
        }
    }
}

fn text(cell: Option<&[u8]>, wire: Wire) -> String {
    let Some(cell) = cell else {
        return "NULL".to_owned();
    };
    let int = |cell: &[u8]| i32::from_be_bytes(cell.try_into().expect("4 bytes")).to_string();
    match wire {
        Wire::Text => String::from_utf8_lossy(cell).into_owned(),
        Wire::Int4 => int(cell),
        Wire::Ints => cell.chunks(4).map(int).collect::<Vec<_>>().join(" "),
        Wire::Int8 => i64::from_be_bytes(cell.try_into().expect("8 bytes")).to_string(),
        Wire::Float8 => format!(
            "{:?}",
            f64::from_be_bytes(cell.try_into().expect("8 bytes"))
        ),
        other => panic!("no test asks for {other:?}"),
    }
}

fn asked(test: impl AsyncFn(&Asked)) {
    on_both(async |database| {
        let asked = Asked::new(database).await;
        test(&asked).await;
        let wrong = asked.wrong.take();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}
