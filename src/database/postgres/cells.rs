//! Cells out of PostgreSQL: its binary bytes, copied and not decoded.

use adql::Wire;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Column, Row};

use crate::database::{Batch, Error};

/// The bytes of a cell, whatever its type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> Result<Raw<'a>, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Refuses columns whose bytes are not in the encoding that was announced:
/// a mistake of ours, since every column is cast.
pub(super) fn check(columns: &[Column], wires: &[Wire]) -> Result<(), Error> {
    let wrong = |reason: String| Err(Error::driver("read the answer of the database", reason));
    if columns.len() != wires.len() {
        let reason = format!(
            "{} columns where {} were announced",
            columns.len(),
            wires.len()
        );
        return wrong(reason);
    }
    for (column, wire) in columns.iter().zip(wires) {
        let fits = match wire {
            Wire::Bool => matches!(*column.type_(), Type::BOOL),
            Wire::Int2 => matches!(*column.type_(), Type::INT2),
            Wire::Int4 => matches!(*column.type_(), Type::INT4),
            Wire::Int8 => matches!(*column.type_(), Type::INT8),
            Wire::Float4 => matches!(*column.type_(), Type::FLOAT4),
            Wire::Float8 => matches!(*column.type_(), Type::FLOAT8),
            Wire::Text => matches!(
                *column.type_(),
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::JSON | Type::UNKNOWN
            ),
            Wire::Timestamp => matches!(*column.type_(), Type::TIMESTAMP),
            Wire::Bytes | Wire::Ints => matches!(*column.type_(), Type::BYTEA),
            Wire::Doubles => matches!(*column.type_(), Type::FLOAT8_ARRAY),
        };
        if !fits {
            let (name, kind) = (column.name(), column.type_());
            return wrong(format!(
                "column {name} is {kind} where {wire:?} was announced"
            ));
        }
    }
    Ok(())
}

/// Appends a row whose columns have been checked.
pub(super) fn push(batch: &mut Batch, row: &Row, wires: &[Wire]) -> Result<(), Error> {
    for (place, wire) in wires.iter().enumerate() {
        let cell: Option<Raw<'_>> = row
            .try_get(place)
            .map_err(|error| Error::driver("read the answer of the database", error))?;
        match (cell, wire) {
            (None, _) => batch.push(None),
            (Some(Raw(array)), Wire::Doubles) => batch.push(Some(&doubles(array)?)),
            (Some(Raw(bytes)), _) => batch.push(Some(bytes)),
        }
    }
    Ok(())
}

/// The elements of a float8 array, one after the other.
fn doubles(array: &[u8]) -> Result<Vec<u8>, Error> {
    let wrong = || Error::driver("read the answer of the database", "an array with NULLs");
    // Dimensions, flags, type; then a length and lower bound per dimension.
    let dimensions = array
        .first_chunk()
        .map_or(0, |head| u32::from_be_bytes(*head)) as usize;
    let elements = array.get(12 + 8 * dimensions..).ok_or_else(wrong)?;
    let mut bytes = Vec::with_capacity(elements.len() / 12 * 8);
    for element in elements.chunks(12) {
        let (length, value) = element.split_at_checked(4).ok_or_else(wrong)?;
        if length != [0, 0, 0, 8] || value.len() != 8 {
            return Err(wrong());
        }
        bytes.extend_from_slice(value);
    }
    Ok(bytes)
}
