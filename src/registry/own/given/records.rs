//! Records of elements.

use std::fmt;
use std::sync::Arc;

use adql::sky::Region;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use super::{Form, LONGEST, LONGEST_REGION, Words, check_many, check_text, parsed, table};
use crate::input;
use crate::registry::own::error::Error;
use crate::registry::own::records::Row;
use crate::registry::own::universe::{BEGIN, END, Element, Kind, REGION};
use crate::registry::{Scalar, Timespan};

/// An object whose names stand once.
struct Object(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields: Vec<(String, Json)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    // Few names are known, so a long list is wrong before it is slow.
                    if fields.len() > 64 {
                        return Err(serde::de::Error::custom("too many fields"));
                    }
                    if fields.iter().any(|(known, _)| *known == name) {
                        let name = name.chars().take(80).collect::<String>();
                        return Err(serde::de::Error::custom(format!(
                            "duplicate field `{name}`"
                        )));
                    }
                    fields.push((name, value));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// Records of an element. With `only`, the keys and these columns are what
/// each row may have, and must.
///
/// # Errors
/// The first that cannot be understood, with its line.
pub fn records(
    body: &[u8],
    form: Form,
    element: &Element,
    only: Option<&[&str]>,
) -> Result<Vec<Row>, Error> {
    let mut words = Words::default();
    let mut rows = Vec::new();
    match form {
        Form::Json => {
            for (line, object) in parsed::<Object>(body)? {
                rows.push(row(line, object.0, element, only, &mut words)?);
            }
        }
        Form::Table(format) => {
            let table = table(body, format)?;
            let names: Vec<String> = table
                .columns()
                .iter()
                .map(|it| it.trim().to_owned())
                .collect();
            for read in table {
                let read = read.map_err(|error| Error::invalid(error.to_string()))?;
                let line = usize::try_from(read.place).unwrap_or(usize::MAX);
                let cells = names.iter().zip(read.values);
                let fields = cells.map(|(name, value)| Ok((name.clone(), json(line, value)?)));
                let fields: Result<Vec<(String, Json)>, Error> = fields.collect();
                rows.push(row(line, fields?, element, only, &mut words)?);
                check_many(rows.len())?;
            }
        }
    }
    Ok(rows)
}

fn json(line: usize, value: input::Value) -> Result<Json, Error> {
    Ok(match value {
        input::Value::Null => Json::Null,
        input::Value::Bool(flag) => flag.into(),
        input::Value::Int(number) => number.into(),
        input::Value::Double(number) => number.into(),
        input::Value::Text(text) => text.into(),
        input::Value::Doubles(_) | input::Value::List(_) => {
            return Err(Error::invalid(format!(
                "line {line}: a list is no value here"
            )));
        }
    })
}

fn row(
    line: usize,
    given: Vec<(String, Json)>,
    element: &Element,
    only: Option<&[&str]>,
    words: &mut Words,
) -> Result<Row, Error> {
    let place = format!("line {line}");
    let mut fields = vec![Scalar::Null; element.fields().count()];
    let (mut region, mut begin, mut end) = (None, None, None);
    let may = |name: &str| {
        only.is_none_or(|only| {
            only.contains(&name) || element.keys.iter().any(|it| it.name == name)
        })
    };
    for (name, value) in given {
        let known = element.fields().position(|it| it.name == name);
        match (name.as_str(), known) {
            (name, _) if !may(name) => return Err(unknown(&place, name, element, only)),
            (_, Some(at)) => {
                if let (Some(slot), Some(field)) = (fields.get_mut(at), element.fields().nth(at)) {
                    *slot = scalar(&place, field.name, field.kind, value, words)?;
                }
            }
            (REGION, None) if element.has_region => region = self::region(&place, value)?,
            (BEGIN, None) if element.has_timespan => begin = time(&place, BEGIN, value)?,
            (END, None) if element.has_timespan => end = time(&place, END, value)?,
            ("timespan", None) if element.has_timespan => match value {
                Json::Null => {}
                Json::Array(mut both) if both.len() == 2 => {
                    end = time(&place, "timespan", both.pop().unwrap_or_default())?;
                    begin = time(&place, "timespan", both.pop().unwrap_or_default())?;
                }
                _ => {
                    return Err(Error::invalid(format!(
                        "{place}: timespan must be two times in an array: its begin and its end"
                    )));
                }
            },
            (name, None) => return Err(unknown(&place, name, element, only)),
        }
    }
    for (field, value) in element.fields().zip(&fields) {
        let wanted = only.is_none() || element.keys.contains(field);
        if field.needed && wanted && *value == Scalar::Null {
            return Err(Error::invalid(format!(
                "{place}: {} without {}, which each has",
                element.name, field.name
            )));
        }
    }
    let wanted = only.is_none_or(|only| only.contains(&REGION));
    if element.needs_region() && wanted && region.is_none() {
        return Err(Error::invalid(format!(
            "{place}: {} without {REGION}, which each has",
            element.name
        )));
    }
    if let (Some(begin), Some(end)) = (begin, end)
        && begin >= end
    {
        return Err(Error::invalid(format!(
            "{place}: the timespan ends before it begins; its end is the first instant after it"
        )));
    }
    Ok(Row {
        line,
        fields,
        region,
        timespan: (begin.is_some() || end.is_some()).then_some(Timespan { begin, end }),
    })
}

fn unknown(place: &str, name: &str, element: &Element, only: Option<&[&str]>) -> Error {
    let columns = element.columns();
    let known = columns.iter().map(|(name, _)| *name).filter(|name| {
        only.is_none_or(|only| {
            only.contains(name) || element.keys.iter().any(|key| key.name == *name)
        })
    });
    let known: Vec<&str> = known.collect();
    let shown: String = name.chars().take(80).collect();
    Error::invalid(format!(
        "{place}: unknown field {shown:?} of {}; there are {}",
        element.name,
        known.join(", ")
    ))
}

fn scalar(
    place: &str,
    name: &str,
    kind: Kind,
    value: Json,
    words: &mut Words,
) -> Result<Scalar, Error> {
    let wrong = || Error::invalid(format!("{place}: {name} must be {}", kind.told()));
    let is_text = matches!(value, Json::String(_));
    let scalar = match (kind, value) {
        (_, Json::Null) => Scalar::Null,
        // A table of texts writes everything as text.
        (Kind::Int, Json::String(text)) => Scalar::Int(text.trim().parse().map_err(|_| wrong())?),
        (Kind::Float, Json::String(text)) => {
            let number: f64 = text.trim().parse().map_err(|_| wrong())?;
            Scalar::Float(number)
        }
        (Kind::Bool, Json::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Scalar::Bool(true),
            "false" | "0" => Scalar::Bool(false),
            _ => return Err(wrong()),
        },
        (Kind::Text, Json::String(text)) => {
            check_text(place, name, &text, LONGEST)?;
            if text.is_empty() {
                return Ok(Scalar::Null);
            }
            Scalar::Text(words.keep(&text))
        }
        (Kind::Int, Json::Number(number)) => Scalar::Int(number.as_i64().ok_or_else(wrong)?),
        (Kind::Float, Json::Number(number)) => Scalar::Float(number.as_f64().ok_or_else(wrong)?),
        (Kind::Bool, Json::Bool(flag)) => Scalar::Bool(flag),
        // Parquet may keep the names of detectors as numbers.
        (Kind::Text, Json::Number(number)) if !is_text => {
            Scalar::Text(words.keep(&number.to_string()))
        }
        _ => return Err(wrong()),
    };
    // What is no number is no value.
    Ok(match scalar {
        Scalar::Float(number) if !number.is_finite() => Scalar::Null,
        scalar => scalar,
    })
}

/// As it is written by us, so that equal ones are written alike.
fn region(place: &str, value: Json) -> Result<Option<Arc<str>>, Error> {
    let text = match value {
        Json::Null => return Ok(None),
        Json::String(text) => text,
        _ => {
            return Err(Error::invalid(format!(
                "{place}: region must be a text, as in POLYGON ICRS 10 -1 12 -1 12 1"
            )));
        }
    };
    check_text(place, REGION, &text, LONGEST_REGION)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let region = Region::parse(&text)
        .map_err(|error| Error::invalid(format!("{place}: region cannot be read: {error}")))?;
    Ok(Some(region.to_string().into()))
}

/// Nanoseconds since 1970, TAI; or a time in TAI as ISO 8601 has it.
fn time(place: &str, name: &str, value: Json) -> Result<Option<i64>, Error> {
    let wrong = || {
        Error::invalid(format!(
            "{place}: {name} must be nanoseconds since 1970-01-01T00:00:00 TAI, or a time in TAI \
             such as 2026-01-31T12:00:00"
        ))
    };
    Ok(Some(match value {
        Json::Null => return Ok(None),
        Json::Number(number) => number.as_i64().ok_or_else(wrong)?,
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => match text.trim().parse() {
            Ok(number) => number,
            Err(_) => {
                let micros = adql::time::parse(text.trim()).ok_or_else(wrong)?;
                let since_1970 = micros.checked_add(adql::time::FROM_1970);
                let nanos = since_1970.and_then(|micros| micros.checked_mul(1000));
                nanos.ok_or_else(wrong)?
            }
        },
        _ => return Err(wrong()),
    }))
}
