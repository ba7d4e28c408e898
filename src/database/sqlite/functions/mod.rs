//! Functions that PostgreSQL has, or that our migrations give it, registered
//! for SQLite with the same names, answers and errors.
//!
//! Any NULL argument makes the answer NULL. A value that PostgreSQL refuses
//! (the logarithm of zero) is refused here too.

mod aggregates;
mod arithmetic;
mod casts;
mod catalogue;
mod maths;
mod sky;

use std::borrow::Cow;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ffi};

use super::errors::OURS;

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    maths::register(connection)?;
    arithmetic::register(connection)?;
    casts::register(connection)?;
    catalogue::register(connection)?;
    aggregates::register(connection)?;
    sky::register(connection)
}

/// Registers a function of `count` arguments, none of which will be NULL.
fn add(
    connection: &Connection,
    name: &'static str,
    count: i32,
    function: impl Fn(&Arguments<'_, '_>) -> Result<Value, Refusal> + Send + 'static,
) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(name, count, flags, move |context| {
        if (0..context.len()).any(|place| context.get_raw(place) == ValueRef::Null) {
            return Ok(ToSqlOutput::Owned(Value::Null));
        }
        match function(&Arguments { name, context }) {
            Ok(value) => Ok(ToSqlOutput::Owned(value)),
            Err(refusal) => Err(refusal.into()),
        }
    })
}

/// Why a function gave no value, as a sentence for the user: the one that
/// `postgres::errors` has for the same.
struct Refusal(Cow<'static, str>);

const OUT_OF_RANGE: &str = "a number is out of range";

impl Refusal {
    fn new(sentence: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal(sentence.into())
    }
}

impl From<Refusal> for rusqlite::Error {
    fn from(Refusal(sentence): Refusal) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_ERROR),
            Some(format!("{OURS}{sentence}")),
        )
    }
}

struct Arguments<'a, 'b> {
    name: &'static str,
    context: &'a Context<'b>,
}

impl Arguments<'_, '_> {
    fn raw(&self, place: usize) -> ValueRef<'_> {
        self.context.get_raw(place)
    }

    fn real(&self, place: usize) -> Result<f64, Refusal> {
        match self.raw(place) {
            ValueRef::Integer(value) => Ok(value as f64),
            ValueRef::Real(value) => Ok(value),
            _ => Err(self.refuse("wants a number")),
        }
    }

    fn integer(&self, place: usize) -> Result<i64, Refusal> {
        match self.raw(place) {
            ValueRef::Integer(value) => Ok(value),
            _ => Err(self.refuse("wants an integer")),
        }
    }

    fn text(&self, place: usize) -> Result<&str, Refusal> {
        match self.raw(place) {
            ValueRef::Text(text) => Ok(std::str::from_utf8(text).unwrap_or_default()),
            _ => Err(self.refuse("wants a string")),
        }
    }

    fn refuse(&self, reason: &str) -> Refusal {
        Refusal::new(format!("{} {reason}", self.name.to_uppercase()))
    }
}
