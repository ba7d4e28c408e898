//! Values into SQLite and cells out of it.

use adql::{Value, Wire};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

use super::errors;
use crate::database::{Batch, Error};

/// Binds `$1`, `$2`, …; a value that the text does not mention is left out.
pub(super) fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), Error> {
    let attempt = |error| errors::explain("bind the values of a statement", error);
    for (place, value) in values.iter().enumerate() {
        let index = statement.parameter_index(&format!("${}", place + 1));
        if let Some(index) = index.map_err(attempt)? {
            let value = output(value)?;
            statement
                .raw_bind_parameter(index, value)
                .map_err(attempt)?;
        }
    }
    Ok(())
}

fn output(value: &Value) -> Result<ToSqlOutput<'_>, Error> {
    use rusqlite::types::Value as Owned;
    Ok(match value {
        Value::Null => ToSqlOutput::Owned(Owned::Null),
        Value::Boolean(value) => ToSqlOutput::Owned(Owned::Integer((*value).into())),
        Value::BigInt(value) => ToSqlOutput::Owned(Owned::Integer(*value)),
        Value::Double(value) => ToSqlOutput::Owned(Owned::Real(*value)),
        Value::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
        Value::Timestamp(micros) => ToSqlOutput::Owned(Owned::Text(timestamp(*micros)?)),
        Value::Doubles(values) => {
            let bytes = values.iter().flat_map(|value| value.to_be_bytes());
            ToSqlOutput::Owned(Owned::Blob(bytes.collect()))
        }
    })
}

fn timestamp(micros: i64) -> Result<String, Error> {
    adql::time::fixed(micros)
        .ok_or_else(|| Error::Data("a timestamp lies outside the years 0 to 9999".to_owned()))
}

/// The statement that adds a row to a table (its name quoted).
pub(super) fn insertion(table: &str, columns: &[&str]) -> String {
    let quoted: Vec<String> = columns
        .iter()
        .map(|name| adql::target::quote(name))
        .collect();
    let marks: Vec<String> = (1..=columns.len())
        .map(|place| format!("?{place}"))
        .collect();
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        quoted.join(", "),
        marks.join(", ")
    )
}

/// Adds rows with a statement made by [`insertion`].
pub(super) fn insert(
    connection: &Connection,
    sql: &str,
    rows: &Batch,
    attempt: &str,
) -> Result<(), Error> {
    let attempt = |error| errors::explain(attempt, error);
    let mut insert = connection.prepare_cached(sql).map_err(attempt)?;
    for row in 0..rows.len() {
        for (place, (cell, &wire)) in rows.row(row).zip(rows.wires()).enumerate() {
            let value = stored(cell, wire)?;
            insert
                .raw_bind_parameter(place + 1, value)
                .map_err(attempt)?;
        }
        insert.raw_execute().map_err(attempt)?;
    }
    Ok(())
}

/// A cell of a [`Batch`] as SQLite stores it, for an INSERT.
pub(super) fn stored(cell: Option<&[u8]>, wire: Wire) -> Result<ToSqlOutput<'_>, Error> {
    use rusqlite::types::Value as Owned;
    let Some(cell) = cell else {
        return Ok(ToSqlOutput::Owned(Owned::Null));
    };
    let wrong = || {
        let reason = format!("{} bytes for {wire:?}", cell.len());
        Error::driver("read a cell to be stored", reason)
    };
    let owned = match wire {
        Wire::Bool => Owned::Integer(i64::from(cell == [1])),
        Wire::Int2 => {
            Owned::Integer(i16::from_be_bytes(cell.try_into().map_err(|_| wrong())?).into())
        }
        Wire::Int4 => {
            Owned::Integer(i32::from_be_bytes(cell.try_into().map_err(|_| wrong())?).into())
        }
        Wire::Int8 => Owned::Integer(i64::from_be_bytes(cell.try_into().map_err(|_| wrong())?)),
        Wire::Float4 => {
            Owned::Real(f32::from_be_bytes(cell.try_into().map_err(|_| wrong())?).into())
        }
        Wire::Float8 => Owned::Real(f64::from_be_bytes(cell.try_into().map_err(|_| wrong())?)),
        Wire::Timestamp => Owned::Text(timestamp(i64::from_be_bytes(
            cell.try_into().map_err(|_| wrong())?,
        ))?),
        Wire::Text => return Ok(ToSqlOutput::Borrowed(ValueRef::Text(cell))),
        Wire::Bytes | Wire::Doubles | Wire::Ints => {
            return Ok(ToSqlOutput::Borrowed(ValueRef::Blob(cell)));
        }
    };
    Ok(ToSqlOutput::Owned(owned))
}

/// Appends a cell in the encoding of its wire type. Numbers are brought to
/// that type as a cast in PostgreSQL would; anything else that does not fit
/// is a mistake of ours.
pub(super) fn cell(
    batch: &mut Batch,
    value: ValueRef<'_>,
    wire: Wire,
    name: &str,
) -> Result<(), Error> {
    let out_of_range = || out_of_range(name, wire);
    match (wire, value) {
        (_, ValueRef::Null) => batch.push(None),
        (Wire::Bool, ValueRef::Integer(value)) => batch.push(Some(&[u8::from(value != 0)])),
        (Wire::Int2 | Wire::Int4 | Wire::Int8, ValueRef::Integer(_) | ValueRef::Real(_)) => {
            let value = integer(value).ok_or_else(out_of_range)?;
            match wire {
                Wire::Int2 => {
                    let value = i16::try_from(value).map_err(|_| out_of_range())?;
                    batch.push(Some(&value.to_be_bytes()));
                }
                Wire::Int4 => {
                    let value = i32::try_from(value).map_err(|_| out_of_range())?;
                    batch.push(Some(&value.to_be_bytes()));
                }
                _ => batch.push(Some(&value.to_be_bytes())),
            }
        }
        (Wire::Float4, ValueRef::Integer(_) | ValueRef::Real(_)) => {
            let wide = real(value);
            let value = wide as f32;
            if value.is_infinite() && wide.is_finite() {
                return Err(out_of_range());
            }
            batch.push(Some(&value.to_be_bytes()));
        }
        (Wire::Float8, ValueRef::Integer(_) | ValueRef::Real(_)) => {
            batch.push(Some(&real(value).to_be_bytes()));
        }
        (Wire::Text, ValueRef::Text(text)) => match std::str::from_utf8(text) {
            Ok(_) => batch.push(Some(text)),
            Err(_) => batch.push(Some(String::from_utf8_lossy(text).as_bytes())),
        },
        (Wire::Timestamp, ValueRef::Text(text)) => {
            let time = std::str::from_utf8(text).ok().and_then(adql::time::parse);
            let micros = time.ok_or_else(|| {
                let text = String::from_utf8_lossy(text);
                Error::Data(format!("column {name}: \"{text}\" is not a timestamp"))
            })?;
            batch.push(Some(&micros.to_be_bytes()));
        }
        (Wire::Bytes, ValueRef::Blob(bytes)) => batch.push(Some(bytes)),
        (Wire::Doubles, ValueRef::Blob(bytes)) if bytes.len() % 8 == 0 => batch.push(Some(bytes)),
        (Wire::Ints, ValueRef::Blob(bytes)) if bytes.len() % 4 == 0 => batch.push(Some(bytes)),
        (wire, value) => {
            let reason = format!(
                "column {name}: {} where {wire:?} was announced",
                value.data_type()
            );
            return Err(Error::driver("read the answer of the database", reason));
        }
    }
    Ok(())
}

fn out_of_range(name: &str, wire: Wire) -> Error {
    let kind = match wire {
        Wire::Int2 => "SMALLINT",
        Wire::Int4 => "INTEGER",
        Wire::Int8 => "BIGINT",
        _ => "REAL",
    };
    Error::Data(match name {
        "" => format!("a value is out of range for {kind}"),
        name => format!("a value of column {name} is out of range for {kind}"),
    })
}

fn real(value: ValueRef<'_>) -> f64 {
    match value {
        ValueRef::Integer(value) => value as f64,
        ValueRef::Real(value) => value,
        _ => f64::NAN,
    }
}

/// Reals round to the nearest integer, halves to the even one.
fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(value) => Some(value),
        ValueRef::Real(value) => {
            let rounded = value.round_ties_even();
            // 2^63 itself is the first real that does not fit.
            (i64::MIN as f64..-(i64::MIN as f64))
                .contains(&rounded)
                .then_some(rounded as i64)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_announced_type_or_are_refused() {
        let check = |value: ValueRef<'_>, wire: Wire, expected: Result<&[u8], &str>| {
            let mut batch = Batch::new([wire]);
            let got = cell(&mut batch, value, wire, "n");
            match expected {
                Ok(bytes) => assert_eq!(batch.cell(0, 0), Some(bytes), "{value:?} {got:?}"),
                Err(text) => assert_eq!(got.expect_err("refused").to_string(), text),
            }
        };
        check(ValueRef::Integer(-1), Wire::Int2, Ok(&[255, 255]));
        check(ValueRef::Real(2.5), Wire::Int4, Ok(&[0, 0, 0, 2]));
        check(ValueRef::Integer(1), Wire::Bool, Ok(&[1]));
        check(ValueRef::Integer(1), Wire::Float4, Ok(&1f32.to_be_bytes()));
        let wide = "a value of column n is out of range for ";
        check(
            ValueRef::Integer(1 << 15),
            Wire::Int2,
            Err(&format!("{wide}SMALLINT")),
        );
        check(
            ValueRef::Integer(1 << 31),
            Wire::Int4,
            Err(&format!("{wide}INTEGER")),
        );
        check(
            ValueRef::Real(9.3e18),
            Wire::Int8,
            Err(&format!("{wide}BIGINT")),
        );
        check(
            ValueRef::Real(1e39),
            Wire::Float4,
            Err(&format!("{wide}REAL")),
        );
        check(
            ValueRef::Text(b"1"),
            Wire::Int4,
            Err("read the answer of the database"),
        );
    }
}
