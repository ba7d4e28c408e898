//! Functions of the IVOA catalogue of user defined functions for SQLite: the
//! twins of `migrations/postgres/0004_text_functions.sql`, with the same
//! names. The number at the end is the version of the answer.

use adql::functions::sexagesimal;
use adql::time::{self, FROM_1970};
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

use super::{Refusal, add};

pub(super) fn register(connection: &Connection) -> Result<()> {
    // As PostgreSQL's `date_part('epoch', …)`, to the last bit.
    add(connection, "epoch_seconds_1", 1, |of| {
        let text = of.text(0)?;
        match time::parse(text) {
            Some(micros) => Ok(Value::Real((micros + FROM_1970) as f64 / 1e6)),
            None => Err(Refusal::new(format!("\"{text}\" is not a timestamp"))),
        }
    })?;
    add(connection, "hasword_1", 2, |of| {
        let (haystack, needle) = (of.text(0)?, of.text(1)?);
        let has = |wanted: &str| words(haystack).any(|word| word.eq_ignore_ascii_case(wanted));
        Ok(truth(words(needle).all(has)))
    })?;
    add(connection, "hashlist_has_1", 2, |of| {
        let (list, item) = (of.text(0)?, of.text(1)?);
        let mut words = list.split('#');
        Ok(truth(words.any(|word| word.eq_ignore_ascii_case(item))))
    })?;
    add(connection, "hms_to_degrees_1", 1, |of| {
        Ok(real_or_null(sexagesimal::hours(of.text(0)?)))
    })?;
    add(connection, "dms_to_degrees_1", 1, |of| {
        Ok(real_or_null(sexagesimal::degrees(of.text(0)?)))
    })
}

/// Runs of letters, digits, and whatever is not ASCII.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric();
    text.split(between).filter(|word| !word.is_empty())
}

fn truth(holds: bool) -> Value {
    Value::Integer(holds.into())
}

fn real_or_null(number: Option<f64>) -> Value {
    number.map_or(Value::Null, Value::Real)
}
