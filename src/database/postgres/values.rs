//! Values into PostgreSQL, in the binary form of the type that is wanted.

use std::error::Error;

use adql::Value;
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// The type a value is declared with in a query of a user. NULL is left to
/// the server to infer.
pub(super) fn declared(value: &Value) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Boolean(_) => Type::BOOL,
        Value::BigInt(_) => Type::INT8,
        Value::Double(_) => Type::FLOAT8,
        Value::Text(_) => Type::TEXT,
        Value::Timestamp(_) => Type::TIMESTAMP,
        Value::Doubles(_) => Type::FLOAT8_ARRAY,
    }
}

/// A value that takes the type the server wants, if it fits.
#[derive(Debug)]
pub(super) struct Parameter<'a>(pub &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Boolean(value), &Type::BOOL) => out.put_u8((*value).into()),
            (Value::BigInt(value), &Type::INT2) => out.put_i16((*value).try_into()?),
            (Value::BigInt(value), &Type::INT4) => out.put_i32((*value).try_into()?),
            (Value::BigInt(value), &Type::INT8) => out.put_i64(*value),
            (Value::BigInt(value), &Type::FLOAT8) => out.put_f64(*value as f64),
            (Value::BigInt(value), &Type::FLOAT4) => out.put_f32(*value as f32),
            (Value::Double(value), &Type::FLOAT8) => out.put_f64(*value),
            (Value::Double(value), &Type::FLOAT4) => {
                let narrow = *value as f32;
                if narrow.is_infinite() && value.is_finite() {
                    return Err("the number is out of range for real".into());
                }
                out.put_f32(narrow);
            }
            (Value::Timestamp(value), &Type::TIMESTAMP | &Type::TIMESTAMPTZ) => out.put_i64(*value),
            (Value::Doubles(values), &Type::FLOAT8_ARRAY) => {
                array_header(values.len(), out)?;
                for value in values {
                    out.put_i32(8);
                    out.put_f64(*value);
                }
            }
            (
                Value::Text(value),
                &Type::TEXT
                | &Type::VARCHAR
                | &Type::BPCHAR
                | &Type::NAME
                | &Type::JSON
                | &Type::UNKNOWN,
            ) => out.put_slice(value.as_bytes()),
            (value, ty) => return Err(format!("{value:?} where {ty} is wanted").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The header of a one-dimensional float8 array without NULLs; of none when it
/// is empty.
pub(super) fn array_header(
    count: usize,
    out: &mut impl BufMut,
) -> Result<(), std::num::TryFromIntError> {
    let dimensions = i32::from(count > 0);
    out.put_i32(dimensions);
    out.put_i32(0);
    out.put_u32(Type::FLOAT8.oid());
    if dimensions > 0 {
        out.put_i32(count.try_into()?);
        out.put_i32(1);
    }
    Ok(())
}

/// Bytes of [`array_header`].
pub(super) fn array_header_size(count: usize) -> usize {
    if count > 0 { 20 } else { 12 }
}
