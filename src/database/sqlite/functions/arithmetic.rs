//! Arithmetic that says when it is out of range, as PostgreSQL's does. SQLite
//! by itself goes on with infinity, with 0, or with a number that is no longer
//! whole. Divided by zero, a number is NULL.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::{OUT_OF_RANGE, Refusal, add};

pub(super) fn register(connection: &Connection) -> Result<()> {
    for (name, operation) in [
        ("whole_add", i64::checked_add as fn(i64, i64) -> Option<i64>),
        ("whole_subtract", i64::checked_sub),
        ("whole_multiply", i64::checked_mul),
        ("whole_xor", |a, b| Some(a ^ b)),
    ] {
        add(connection, name, 2, move |of| {
            let number = operation(of.integer(0)?, of.integer(1)?);
            number.map(Value::Integer).ok_or(Refusal::new(OUT_OF_RANGE))
        })?;
    }
    add(connection, "whole_divide", 2, |of| {
        match (of.integer(0)?, of.integer(1)?) {
            (_, 0) => Ok(Value::Null),
            (a, b) => {
                let number = a.checked_div(b);
                number.map(Value::Integer).ok_or(Refusal::new(OUT_OF_RANGE))
            }
        }
    })?;
    add(connection, "real_add", 2, |of| {
        let (a, b) = (of.real(0)?, of.real(1)?);
        ranged(a + b, a.is_finite() && b.is_finite(), false).map(Value::Real)
    })?;
    add(connection, "real_subtract", 2, |of| {
        let (a, b) = (of.real(0)?, of.real(1)?);
        ranged(a - b, a.is_finite() && b.is_finite(), false).map(Value::Real)
    })?;
    add(connection, "real_multiply", 2, |of| {
        multiply(of.real(0)?, of.real(1)?).map(Value::Real)
    })?;
    add(connection, "real_divide", 2, |of| {
        let number = divide(of.real(0)?, of.real(1)?)?;
        Ok(number.map_or(Value::Null, Value::Real))
    })?;
    add(connection, "finite", 1, |of| match of.real(0)? {
        number if number.is_infinite() => Err(Refusal::new(OUT_OF_RANGE)),
        number => Ok(Value::Real(number)),
    })?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_aggregate_function("whole_sum", 1, flags, WholeSum)
}

pub(super) fn multiply(a: f64, b: f64) -> std::result::Result<f64, Refusal> {
    ranged(a * b, a.is_finite() && b.is_finite(), a != 0.0 && b != 0.0)
}

/// None for what is divided by zero.
pub(super) fn divide(a: f64, b: f64) -> std::result::Result<Option<f64>, Refusal> {
    match b {
        0.0 => Ok(None),
        _ => ranged(a / b, a.is_finite(), a != 0.0 && b.is_finite()).map(Some),
    }
}

/// A result that has become infinite where it should be `finite`, or 0 where
/// it should be `something`, is refused.
fn ranged(result: f64, finite: bool, something: bool) -> std::result::Result<f64, Refusal> {
    match (result.is_infinite() && finite) || (result == 0.0 && something) {
        true => Err(Refusal::new(OUT_OF_RANGE)),
        false => Ok(result),
    }
}

/// A sum of whole numbers that only has to fit at its end, whatever the order
/// of the rows.
struct WholeSum;

impl Aggregate<Option<i128>, Value> for WholeSum {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<i128>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut Option<i128>) -> Result<()> {
        match context.get_raw(0) {
            ValueRef::Integer(number) => {
                let so_far = sum.unwrap_or_default();
                *sum = Some(so_far.saturating_add(number.into()));
                Ok(())
            }
            ValueRef::Null => Ok(()),
            _ => Err(Refusal::new("SUM wants whole numbers").into()),
        }
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<Option<i128>>) -> Result<Value> {
        match sum.flatten().map(i64::try_from) {
            None => Ok(Value::Null),
            Some(Ok(sum)) => Ok(Value::Integer(sum)),
            Some(Err(_)) => Err(Refusal::new(OUT_OF_RANGE).into()),
        }
    }
}
