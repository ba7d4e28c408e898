//! Cells of batches in and out, and lists as values of statements.

use adql::Value;
use uuid::Uuid;

use crate::database::{Batch, Database};
use crate::registry::Scalar;

use super::universe::Kind;

/// `None` also where there is no such row.
fn cell(batch: &Batch, row: usize, column: usize) -> Option<&[u8]> {
    match row < batch.len() {
        true => batch.cell(row, column),
        false => None,
    }
}

pub fn text(batch: &Batch, row: usize, column: usize) -> Option<&str> {
    let cell = cell(batch, row, column)?;
    std::str::from_utf8(cell).ok()
}

pub fn int(batch: &Batch, row: usize, column: usize) -> Option<i64> {
    let cell = cell(batch, row, column)?;
    cell.try_into().ok().map(i64::from_be_bytes)
}

pub fn uuid(batch: &Batch, row: usize, column: usize) -> Option<Uuid> {
    Uuid::from_slice(cell(batch, row, column)?).ok()
}

/// Of four bytes.
pub fn narrow(batch: &Batch, row: usize, column: usize) -> i32 {
    let cell = cell(batch, row, column).unwrap_or_default();
    i32::from_be_bytes(cell.try_into().unwrap_or_default())
}

/// A cell of the wire type of `kind`.
pub fn scalar(batch: &Batch, row: usize, column: usize, kind: Kind) -> Scalar {
    let Some(cell) = cell(batch, row, column) else {
        return Scalar::Null;
    };
    let eight = || cell.try_into().unwrap_or_default();
    match kind {
        Kind::Int => Scalar::Int(i64::from_be_bytes(eight())),
        Kind::Float => Scalar::Float(f64::from_be_bytes(eight())),
        Kind::Bool => Scalar::Bool(cell == [1]),
        Kind::Text => Scalar::Text(String::from_utf8_lossy(cell).into()),
    }
}

pub fn push_int(batch: &mut Batch, value: Option<i64>) {
    match value {
        Some(value) => batch.push(Some(&value.to_be_bytes())),
        None => batch.push(None),
    }
}

pub fn push_narrow(batch: &mut Batch, value: i32) {
    batch.push(Some(&value.to_be_bytes()));
}

pub fn push_text(batch: &mut Batch, value: Option<&str>) {
    batch.push(value.map(str::as_bytes));
}

pub fn push_scalar(batch: &mut Batch, value: &Scalar) {
    match value {
        Scalar::Null => batch.push(None),
        Scalar::Bool(value) => batch.push(Some(&[u8::from(*value)])),
        Scalar::Int(value) => batch.push(Some(&value.to_be_bytes())),
        Scalar::Float(value) => batch.push(Some(&value.to_be_bytes())),
        Scalar::Text(value) => batch.push(Some(value.as_bytes())),
    }
}

/// How a list of values is one value of a statement: `IN` what, and the value.
pub struct Lists {
    /// Conditions with `$N` for the number of the value. They select from the
    /// list: a cast of it in a filter would be done for every row.
    ints: &'static str,
    words: &'static str,
    ids: &'static str,
    is_array: bool,
}

impl Lists {
    pub fn of(database: &Database) -> Lists {
        match database.choose("array", "json") {
            "array" => Lists {
                ints: "IN (SELECT pg_catalog.unnest(CAST(CAST($N AS text) AS bigint[])))",
                words: "IN (SELECT pg_catalog.unnest(CAST(CAST($N AS text) AS text[])))",
                ids: "IN (SELECT pg_catalog.unnest(CAST(CAST($N AS text) AS uuid[])))",
                is_array: true,
            },
            _ => Lists {
                ints: "IN (SELECT value FROM json_each($N))",
                words: "IN (SELECT value FROM json_each($N))",
                ids: "IN (SELECT unhex(value) FROM json_each($N))",
                is_array: false,
            },
        }
    }

    pub fn in_ints(&self, place: usize) -> String {
        self.ints.replace("$N", &format!("${place}"))
    }

    pub fn in_words(&self, place: usize) -> String {
        self.words.replace("$N", &format!("${place}"))
    }

    pub fn in_ids(&self, place: usize) -> String {
        self.ids.replace("$N", &format!("${place}"))
    }

    pub fn ints(&self, values: impl IntoIterator<Item = i64>) -> Value {
        self.list(values.into_iter().map(|it| it.to_string()))
    }

    pub fn ids(&self, values: impl IntoIterator<Item = Uuid>) -> Value {
        let quote = |id: Uuid| match self.is_array {
            true => id.simple().to_string(),
            false => format!("\"{}\"", id.simple()),
        };
        self.list(values.into_iter().map(quote))
    }

    pub fn words<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> Value {
        // Both kinds of list quote with these and escape with a backslash;
        // what JSON writes as \n or \u… an array takes as it is.
        let array = |word: &str| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
        let json = |word: &str| serde_json::Value::from(word).to_string();
        let quote = |word: &str| match self.is_array {
            true => array(word),
            false => json(word),
        };
        self.list(values.into_iter().map(quote))
    }

    fn list(&self, values: impl Iterator<Item = String>) -> Value {
        let (open, close) = match self.is_array {
            true => ('{', '}'),
            false => ('[', ']'),
        };
        let mut list = String::from(open);
        for (place, value) in values.enumerate() {
            if place > 0 {
                list.push(',');
            }
            list.push_str(&value);
        }
        list.push(close);
        Value::Text(list)
    }
}
