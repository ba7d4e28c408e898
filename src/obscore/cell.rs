//! One value of a file, turned into what its column holds.

use std::borrow::Cow;

use adql::Type;

use crate::database::Batch;
use crate::input::{Value, shown};

/// A value as its column holds it. Texts are borrowed from the row they were
/// read in wherever they need no change.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Bool(bool),
    Int2(i16),
    Int4(i32),
    Int8(i64),
    Float4(f32),
    Float8(f64),
    Text(Cow<'a, str>),
    /// Microseconds since 2000-01-01T00:00:00 UTC.
    Timestamp(i64),
}

impl Cell<'_> {
    pub(super) fn is_null(&self) -> bool {
        *self == Cell::Null
    }

    /// The number, where it is one of double precision.
    pub(super) fn double(&self) -> Option<f64> {
        match self {
            Cell::Float8(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Appends it to the row being written.
    pub(super) fn push(&self, batch: &mut Batch) {
        match self {
            Cell::Null => batch.push(None),
            Cell::Bool(flag) => batch.push(Some(&[u8::from(*flag)])),
            Cell::Int2(number) => batch.push(Some(&number.to_be_bytes())),
            Cell::Int4(number) => batch.push(Some(&number.to_be_bytes())),
            Cell::Int8(number) | Cell::Timestamp(number) => {
                batch.push(Some(&number.to_be_bytes()));
            }
            Cell::Float4(number) => batch.push(Some(&number.to_be_bytes())),
            Cell::Float8(number) => batch.push(Some(&number.to_be_bytes())),
            Cell::Text(text) => batch.push(Some(text.as_bytes())),
        }
    }
}

/// The value for a column of this type, or why it cannot be one. NaN and
/// blank text (but in a column of texts, where only the empty one) are no
/// value.
pub(super) fn convert(value: &Value, kind: Type) -> Result<Cell<'_>, String> {
    if matches!(value, Value::Null) {
        return Ok(Cell::Null);
    }
    match kind {
        Type::Text | Type::Unknown => text(value),
        Type::Region => region(value),
        Type::Boolean => boolean(value),
        Type::SmallInt => whole(value, "SMALLINT", |n| n.try_into().ok().map(Cell::Int2)),
        Type::Integer => whole(value, "INTEGER", |n| n.try_into().ok().map(Cell::Int4)),
        Type::BigInt => whole(value, "BIGINT", |n| Some(Cell::Int8(n))),
        Type::Double => Ok(number(value)?.map_or(Cell::Null, Cell::Float8)),
        Type::Real => match number(value)? {
            None => Ok(Cell::Null),
            Some(number) if (number as f32).is_finite() => Ok(Cell::Float4(number as f32)),
            Some(number) => Err(format!("{number} is too large for REAL")),
        },
        Type::Timestamp => timestamp(value),
        Type::Binary
        | Type::Integers
        | Type::Doubles
        | Type::Point
        | Type::Circle
        | Type::Polygon => Err(format!("values of type {kind} cannot be loaded")),
    }
}

fn text(value: &Value) -> Result<Cell<'_>, String> {
    let text = match value {
        Value::Text(text) if text.is_empty() => return Ok(Cell::Null),
        // PostgreSQL cannot store it, and no archive means it.
        Value::Text(text) if text.contains('\0') => {
            return Err(format!("{} has a NUL character in it", shown(text)));
        }
        Value::Text(text) => Cow::Borrowed(text.as_str()),
        Value::Double(number) if number.is_nan() => return Ok(Cell::Null),
        Value::Double(number) => number.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        Value::Bool(flag) => flag.to_string().into(),
        Value::Doubles(_) | Value::List(_) => return Err("a list is no text".into()),
        Value::Null => return Ok(Cell::Null),
    };
    Ok(Cell::Text(text))
}

/// Region texts stay as they are. Lists of numbers, as VOTable has regions of
/// DALI 1.1 (section 3.3), are written as STC-S.
fn region(value: &Value) -> Result<Cell<'_>, String> {
    if let Value::Text(text) = value
        && text.trim().is_empty()
    {
        return Ok(Cell::Null);
    }
    match value.doubles() {
        Some(numbers) if numbers.is_empty() => Ok(Cell::Null),
        Some(numbers) => {
            let shape = match numbers.len() {
                3 => "CIRCLE",
                count if count >= 6 && count % 2 == 0 => "POLYGON",
                count => return Err(format!("{count} numbers are neither circle nor polygon")),
            };
            let mut text = format!("{shape} ICRS");
            for number in numbers {
                text.push_str(&format!(" {number}"));
            }
            Ok(Cell::Text(text.into()))
        }
        None => text(value),
    }
}

fn boolean(value: &Value) -> Result<Cell<'_>, String> {
    let flag = match value {
        Value::Bool(flag) => Some(*flag),
        Value::Int(number @ (0 | 1)) => Some(*number == 1),
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "" => return Ok(Cell::Null),
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    let flag = flag.ok_or_else(|| format!("{} is neither true nor false", value.named()))?;
    Ok(Cell::Bool(flag))
}

/// Whole numbers, also as other programs may have turned them into decimals
/// (pandas does so to columns with missing values).
fn whole<'a>(
    value: &'a Value,
    type_name: &str,
    fit: impl Fn(i64) -> Option<Cell<'a>>,
) -> Result<Cell<'a>, String> {
    let exact = match value {
        Value::Int(number) => Some(*number),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = match exact {
        Some(number) => number,
        None => match number(value).map_err(|_| not_whole(value))? {
            None => return Ok(Cell::Null),
            // Beyond 2^53 a decimal does not say which whole number is meant.
            Some(decimal) if decimal.fract() == 0.0 && decimal.abs() < 9.007_199_254_740_992e15 => {
                decimal as i64
            }
            Some(_) => return Err(not_whole(value)),
        },
    };
    fit(number).ok_or_else(|| format!("{number} is too large for {type_name}"))
}

fn not_whole(value: &Value) -> String {
    format!("{} is not a whole number", value.named())
}

/// A finite number, or none for NaN.
fn number(value: &Value) -> Result<Option<f64>, String> {
    let number = match value {
        Value::Double(number) => *number,
        Value::Int(number) => *number as f64,
        Value::Text(text) => match text.trim() {
            "" => return Ok(None),
            trimmed => trimmed.parse().map_err(|_| not_number(value))?,
        },
        Value::Null => return Ok(None),
        Value::Bool(_) | Value::Doubles(_) | Value::List(_) => return Err(not_number(value)),
    };
    if number.is_nan() {
        return Ok(None);
    }
    match number.is_finite() {
        true => Ok(Some(number)),
        false => Err(format!("{} is not a finite number", value.named())),
    }
}

fn not_number(value: &Value) -> String {
    format!("{} is not a number", value.named())
}

fn timestamp(value: &Value) -> Result<Cell<'_>, String> {
    let text = match value {
        Value::Text(text) => text.trim(),
        Value::Double(number) if number.is_nan() => return Ok(Cell::Null),
        _ => "",
    };
    if text.is_empty() && matches!(value, Value::Text(_)) {
        return Ok(Cell::Null);
    }
    match adql::time::parse(text) {
        Some(micros) => Ok(Cell::Timestamp(micros)),
        None => Err(format!(
            "{} is not a time like 2024-05-06T07:08:09.123",
            value.named()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Value, kind: Type, expected: Cell<'_>) {
        assert_eq!(convert(&value, kind), Ok(expected), "{value:?}");
    }

    #[track_caller]
    fn check_refused(value: Value, kind: Type, expected: &str) {
        assert_eq!(convert(&value, kind), Err(expected.to_owned()));
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn nan_and_blanks_are_no_value() {
        check(Value::Double(f64::NAN), Type::Double, Cell::Null);
        check(text("NaN"), Type::Double, Cell::Null);
        check(text(" "), Type::Integer, Cell::Null);
        check(Value::Double(f64::NAN), Type::Integer, Cell::Null);
        check(text(""), Type::Text, Cell::Null);
        check(text("  "), Type::Region, Cell::Null);
        check(Value::Null, Type::Timestamp, Cell::Null);
    }

    #[test]
    fn numbers_come_as_text_or_as_numbers() {
        check(text(" 1.5e3 "), Type::Double, Cell::Float8(1500.0));
        check(Value::Int(3), Type::Double, Cell::Float8(3.0));
        check(text("2"), Type::Integer, Cell::Int4(2));
        check(text("2.0"), Type::Integer, Cell::Int4(2));
        check(Value::Double(2.0), Type::SmallInt, Cell::Int2(2));
        check(
            text("9007199254740993"),
            Type::BigInt,
            Cell::Int8(9_007_199_254_740_993),
        );
        check(Value::Int(7), Type::Text, Cell::Text("7".into()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        check_refused(
            text("many"),
            Type::Integer,
            "\"many\" is not a whole number",
        );
        check_refused(text("2.5"), Type::Integer, "\"2.5\" is not a whole number");
        check_refused(
            Value::Int(70_000),
            Type::SmallInt,
            "70000 is too large for SMALLINT",
        );
        check_refused(text("x"), Type::Double, "\"x\" is not a number");
        check_refused(text("inf"), Type::Double, "\"inf\" is not a finite number");
        check_refused(
            Value::Double(1e300),
            Type::Real,
            &format!("{} is too large for REAL", 1e300),
        );
        check_refused(
            text("maybe"),
            Type::Boolean,
            "\"maybe\" is neither true nor false",
        );
        check_refused(
            text("a\0b"),
            Type::Text,
            "\"a\\0b\" has a NUL character in it",
        );
        check_refused(
            Value::Double(55_000.0),
            Type::Timestamp,
            "55000 is not a time like 2024-05-06T07:08:09.123",
        );
    }

    #[test]
    fn lists_of_numbers_are_regions() {
        check(
            Value::Doubles(vec![10.0, -20.5, 0.1]),
            Type::Region,
            Cell::Text("CIRCLE ICRS 10 -20.5 0.1".into()),
        );
        check(
            Value::Doubles(vec![1.0, 1.0, 2.0, 1.0, 2.0, 2.0]),
            Type::Region,
            Cell::Text("POLYGON ICRS 1 1 2 1 2 2".into()),
        );
        check_refused(
            Value::Doubles(vec![1.0, 2.0]),
            Type::Region,
            "2 numbers are neither circle nor polygon",
        );
    }
}
