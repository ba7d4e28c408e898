//! Small things of our own statements.

use adql::{Value, Wire};
use uuid::Uuid;

use crate::database::{Batch, Database, Error, Transaction};

/// Where rows are read: in a transaction that writes, or outside of any.
pub(super) enum Reader<'a> {
    Database(&'a Database),
    Transaction(&'a mut Transaction),
}

impl Reader<'_> {
    pub async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value],
        wires: &[Wire],
    ) -> Result<Batch, Error> {
        match self {
            Reader::Database(database) => database.fetch(sql, values, wires).await,
            Reader::Transaction(transaction) => transaction.fetch(sql, values, wires).await,
        }
    }
}

/// A subquery of the UUIDs that [`ids`] wrote as the value of this number.
pub(super) fn ids_in(database: &Database, number: usize) -> String {
    database
        .choose(
            "(SELECT decode(e.v, 'hex') FROM \
             pg_catalog.unnest(string_to_array(CAST($# AS text), ',')) AS e(v))",
            "(SELECT unhex(value) FROM json_each($#))",
        )
        .replace('#', &number.to_string())
}

/// UUIDs as one value.
pub(super) fn ids<'a>(database: &Database, ids: impl IntoIterator<Item = &'a Uuid>) -> Value {
    let listed: Vec<String> = match database.is_shared() {
        true => ids.into_iter().map(|id| id.simple().to_string()).collect(),
        false => ids
            .into_iter()
            .map(|id| format!("\"{}\"", id.simple()))
            .collect(),
    };
    let listed = listed.join(",");
    Value::Text(match database.is_shared() {
        true => listed,
        false => format!("[{listed}]"),
    })
}

/// A subquery of the texts that [`texts`] wrote as the value of this number.
pub(super) fn texts_in(database: &Database, number: usize) -> String {
    database
        .choose(
            "(SELECT e.v COLLATE \"C\" FROM pg_catalog.jsonb_array_elements_text(\
             CAST(CAST($# AS text) AS jsonb)) AS e(v))",
            "(SELECT value FROM json_each($#))",
        )
        .replace('#', &number.to_string())
}

/// Texts as one value.
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    let texts = texts.into_iter().map(serde_json::Value::from);
    Value::Text(serde_json::Value::Array(texts.collect()).to_string())
}

/// An expression of the UUID written in hexadecimal as the value of this number.
pub(super) fn id_at(database: &Database, number: usize) -> String {
    database
        .choose("decode(CAST($# AS text), 'hex')", "unhex($#)")
        .replace('#', &number.to_string())
}

pub(super) fn text(rows: &Batch, row: usize, column: usize) -> String {
    maybe_text(rows, row, column).unwrap_or_default()
}

pub(super) fn maybe_text(rows: &Batch, row: usize, column: usize) -> Option<String> {
    let cell = rows.cell(row, column)?;
    Some(String::from_utf8_lossy(cell).into_owned())
}

pub(super) fn int(rows: &Batch, row: usize, column: usize) -> Option<i64> {
    let cell = rows.cell(row, column)?;
    cell.try_into().map(i64::from_be_bytes).ok()
}

pub(super) fn id(rows: &Batch, row: usize, column: usize) -> Option<Uuid> {
    Uuid::from_slice(rows.cell(row, column)?).ok()
}

/// A count that a statement answers as its only value.
pub(super) fn count(rows: &Batch) -> u64 {
    match rows.is_empty() {
        true => 0,
        false => int(rows, 0, 0).and_then(|n| n.try_into().ok()).unwrap_or(0),
    }
}
