//! From SQL to values and back, in the encodings of both engines.

use std::sync::Arc;

use adql::{Value, Wire};
use uuid::Uuid;

use super::universe::Kind;
use crate::database::{Batch, Guest};
use crate::registry::{Scalar, Timespan};

/// Begin and end of an empty timespan, and beyond which there is no limit:
/// 1970 and 2100, TAI.
const FIRST: i64 = 0;
const LAST: i64 = 4_102_444_800_000_000_000;

impl Kind {
    pub(super) fn wire(self) -> Wire {
        match self {
            Kind::Int => Wire::Int8,
            Kind::Float => Wire::Float8,
            Kind::Bool => Wire::Bool,
            Kind::Text => Wire::Text,
        }
    }

    /// A column brought to this kind.
    pub(super) fn cast(self, guest: &Guest, column: &str) -> String {
        let name = match self {
            Kind::Int => guest.choose("bigint", "INTEGER"),
            Kind::Float => guest.choose("double precision", "REAL"),
            Kind::Bool => guest.choose("boolean", "INTEGER"),
            Kind::Text => guest.choose("text", "TEXT"),
        };
        format!("CAST({column} AS {name})")
    }

    /// The type of such a key in a list of keys, on PostgreSQL.
    pub(super) fn key(self) -> &'static str {
        match self {
            Kind::Int => "bigint",
            Kind::Float => "double precision",
            Kind::Bool => "boolean",
            Kind::Text => "text",
        }
    }

    pub(super) fn scalar(self, cell: Option<&[u8]>) -> Scalar {
        let Some(cell) = cell else {
            return Scalar::Null;
        };
        let value = match self {
            Kind::Int => int(Some(cell)).map(Scalar::Int),
            Kind::Float => cell
                .try_into()
                .ok()
                .map(|bytes| Scalar::Float(f64::from_be_bytes(bytes))),
            Kind::Bool => cell.first().map(|&byte| Scalar::Bool(byte != 0)),
            Kind::Text => Some(Scalar::Text(text(cell).into())),
        };
        value.unwrap_or(Scalar::Null)
    }
}

/// A cell of the first row, if there is one.
pub(super) fn first(rows: &Batch, column: usize) -> Option<&[u8]> {
    match rows.is_empty() {
        true => None,
        false => rows.cell(0, column),
    }
}

pub(super) fn int(cell: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(cell?.try_into().ok()?))
}

pub(super) fn text(cell: &[u8]) -> &str {
    // Both engines answer UTF-8.
    std::str::from_utf8(cell).unwrap_or_default()
}

/// A UUID, whose column is selected by [`id_column`].
pub(super) fn id(cell: Option<&[u8]>) -> Option<Uuid> {
    match cell? {
        bytes if bytes.len() == 16 => Uuid::from_slice(bytes).ok(),
        digits => Uuid::try_parse_ascii(digits).ok(),
    }
}

/// SQL for a column of UUIDs, and its wire.
pub(super) fn id_column(guest: &Guest, column: &str) -> String {
    guest.choose(format!("uuid_send({column})"), column.to_owned())
}

pub(super) fn id_wire(guest: &Guest) -> Wire {
    guest.choose(Wire::Bytes, Wire::Text)
}

/// A UUID as a parameter, which [`id_parameter`] turns into its type.
pub(super) fn id_value(id: Uuid) -> Value {
    Value::Text(id.simple().to_string())
}

/// SQL for the parameter that [`id_value`] made.
pub(super) fn id_parameter(guest: &Guest, place: usize) -> String {
    guest.choose(format!("CAST(${place} AS uuid)"), format!("${place}"))
}

/// Many UUIDs as one parameter.
pub(super) fn ids_value(guest: &Guest, ids: &[Uuid]) -> Value {
    let mut list = String::with_capacity(35 * ids.len() + 2);
    let (open, close, quote) = guest.choose(('{', '}', ""), ('[', ']', "\""));
    list.push(open);
    for (place, id) in ids.iter().enumerate() {
        if place > 0 {
            list.push(',');
        }
        list.push_str(quote);
        let mut digits = Uuid::encode_buffer();
        list.push_str(id.simple().encode_lower(&mut digits));
        list.push_str(quote);
    }
    list.push(close);
    Value::Text(list)
}

/// SQL that begins with the UUIDs of a parameter and finds the rows of a table
/// (`AS t`) with them in a column.
pub(super) fn from_ids(guest: &Guest, place: usize, table: &str, column: &str) -> String {
    guest.choose(
        format!("FROM {table} AS t WHERE t.{column} = ANY(CAST(${place} AS uuid[]))"),
        format!("FROM json_each(${place}) AS k CROSS JOIN {table} AS t WHERE t.{column} = k.value"),
    )
}

/// SQL for a list of keys (`k.k0`, `k.k1`, …) in a parameter made by
/// [`keys_value`].
pub(super) fn from_keys(guest: &Guest, place: usize, kinds: &[Kind]) -> String {
    let columns = kinds
        .iter()
        .enumerate()
        .map(|(at, kind)| format!("k{at} {}", kind.key()));
    let columns: Vec<String> = columns.collect();
    guest.choose(
        format!(
            "FROM json_to_recordset(CAST(${place} AS json)) AS k({})",
            columns.join(", ")
        ),
        format!("FROM json_each(${place}) AS k"),
    )
}

/// SQL for the `at`th part of a key in that list.
pub(super) fn key_part(guest: &Guest, at: usize) -> String {
    guest.choose(
        format!("k.k{at}"),
        format!("json_extract(k.value, '$.k{at}')"),
    )
}

/// Keys as one parameter.
pub(super) fn keys_value<'a>(keys: impl IntoIterator<Item = &'a [Part]>) -> Value {
    let key = |parts: &[Part]| {
        let part = |(at, part): (usize, &Part)| {
            let value = match part {
                Part::Int(value) => serde_json::Value::from(*value),
                Part::Text(value) => serde_json::Value::from(&**value),
            };
            (format!("k{at}"), value)
        };
        let parts: serde_json::Map<String, serde_json::Value> =
            parts.iter().enumerate().map(part).collect();
        serde_json::Value::Object(parts)
    };
    let keys: Vec<serde_json::Value> = keys.into_iter().map(key).collect();
    Value::Text(serde_json::Value::Array(keys).to_string())
}

/// A part of a key: dimensions have whole numbers and names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    Int(i64),
    Text(Arc<str>),
}

impl Part {
    pub(super) fn of(value: &Scalar) -> Option<Part> {
        match value {
            Scalar::Int(value) => Some(Part::Int(*value)),
            Scalar::Text(value) => Some(Part::Text(value.clone())),
            Scalar::Bool(value) => Some(Part::Int((*value).into())),
            Scalar::Null | Scalar::Float(_) => None,
        }
    }
}

/// SQL for the two numbers of a timespan, of a table's alias.
pub(super) fn timespan_columns(guest: &Guest, alias: &str) -> String {
    let column = format!("{alias}.timespan");
    guest.choose(
        format!(
            "CASE WHEN {column} IS NULL THEN NULL WHEN isempty({column}) THEN {LAST} \
             ELSE COALESCE(lower({column}), {FIRST}) END, \
             CASE WHEN {column} IS NULL THEN NULL WHEN isempty({column}) THEN {FIRST} \
             ELSE COALESCE(upper({column}), {LAST}) END"
        ),
        format!("{column}_begin, {column}_end"),
    )
}

/// The timespan of two such numbers; none of NULL, and of an empty one, which
/// holds no instant.
pub(super) fn timespan(begin: Option<&[u8]>, end: Option<&[u8]>) -> Option<Timespan> {
    let (begin, end) = (int(begin)?, int(end)?);
    (begin < end).then(|| Timespan {
        begin: (begin > FIRST).then_some(begin),
        end: (end < LAST).then_some(end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timespans_have_limits_or_not() {
        let check = |begin: i64, end: i64, expected: Option<(Option<i64>, Option<i64>)>| {
            let cells = (begin.to_be_bytes(), end.to_be_bytes());
            let found = timespan(Some(&cells.0), Some(&cells.1));
            assert_eq!(found.map(|span| (span.begin, span.end)), expected);
        };
        check(5, 7, Some((Some(5), Some(7))));
        check(FIRST, 7, Some((None, Some(7))));
        check(
            1_356_998_400_000_000_000,
            LAST,
            Some((Some(1_356_998_400_000_000_000), None)),
        );
        check(LAST, FIRST, None);
        assert_eq!(timespan(None, None), None);
    }

    #[test]
    fn ids_are_read_in_both_forms() {
        let expected = Uuid::from_u128(0xfac4_c8fc_d0f3_5814_a366_bdcd_4aa7_4504);
        assert_eq!(id(Some(expected.as_bytes())), Some(expected));
        assert_eq!(
            id(Some(b"fac4c8fcd0f35814a366bdcd4aa74504")),
            Some(expected)
        );
        assert_eq!(id(Some(b"fac4")), None);
        assert_eq!(id(None), None);
    }
}
