//! The value of a column beside those that a mapping fills by itself.

use std::borrow::Cow;

use super::config::Kind;
use super::template::{Hole, Template};
use crate::input::Value;
use crate::registry::{Dataset, Scalar};

/// How the value of an extra column is made.
#[derive(Clone, Debug)]
pub(super) enum Maker {
    Constant(Value),
    Template(Kind, Placed),
}

/// A template, and the keys that lead to it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub path: String,
    pub template: Template,
}

impl Maker {
    /// # Errors
    /// The keys that lead to the template, and why a value of the column's type
    /// cannot be made by it.
    pub(super) fn make(&self, dataset: &Dataset, obs_id: Option<&str>) -> Result<Value, String> {
        match self {
            Maker::Constant(value) => Ok(value.clone()),
            Maker::Template(kind, placed) => made(*kind, &placed.template, dataset, obs_id)
                .map_err(|reason| format!("{}: {reason}", placed.path)),
        }
    }
}

/// The value of an extra column. What the dataset does not have is none.
fn made(
    kind: Kind,
    template: &Template,
    dataset: &Dataset,
    obs_id: Option<&str>,
) -> Result<Value, String> {
    let none = |hole: Hole<'_>| match hole {
        Hole::Missing(_) | Hole::Null(_) => Ok(Value::Null),
        Hole::Wrong(reason) => Err(reason),
    };
    match (kind, template.bare(dataset)) {
        (_, Some(Err(hole))) => return none(hole),
        (Kind::Int, Some(Ok(Scalar::Int(number)))) => return Ok(Value::Int(*number)),
        (Kind::Bool, Some(Ok(Scalar::Bool(flag)))) => return Ok(Value::Bool(*flag)),
        (Kind::Bool, Some(Ok(Scalar::Int(number)))) => return Ok(Value::Bool(*number != 0)),
        (Kind::Int, Some(Ok(Scalar::Bool(flag)))) => return Ok(Value::Int(i64::from(*flag))),
        _ => {}
    }
    let mut text = String::with_capacity(32);
    match template.fill(dataset, obs_id, &mut text) {
        Ok(()) => converted(kind, text),
        Err(hole) => none(hole),
    }
}

/// As Python's `int`, `float` and `bool(int(…))` read a text.
fn converted(kind: Kind, text: String) -> Result<Value, String> {
    match kind {
        Kind::String => Ok(Value::Text(text)),
        Kind::Int => Ok(Value::Int(whole(&text)?)),
        Kind::Bool => Ok(Value::Bool(whole(&text)? != 0)),
        Kind::Float => match digits(&text).parse::<f64>() {
            Ok(number) if number.is_nan() => Ok(Value::Null),
            Ok(number) if number.is_finite() => Ok(Value::Double(number)),
            _ => Err(format!("{text:?} is not a finite number")),
        },
    }
}

fn whole(text: &str) -> Result<i64, String> {
    let number = digits(text).parse();
    number.map_err(|_| format!("{text:?} is not a whole number of 64 bits"))
}

/// Without blanks around it, and without single underscores between digits.
fn digits(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains('_') {
        return Cow::Borrowed(text);
    }
    let parts = text.split('_');
    let between_digits = parts.clone().all(|part| !part.is_empty())
        && text
            .bytes()
            .zip(text.bytes().skip(1))
            .all(|(a, b)| (a != b'_' || b.is_ascii_digit()) && (b != b'_' || a.is_ascii_digit()));
    match between_digits {
        true => Cow::Owned(parts.collect()),
        false => Cow::Borrowed(text),
    }
}
