//! Rows and values as the file has them.

use super::error::shown;

/// One cell. CSV and TSV know text alone, so whoever takes the rows turns
/// [`Value::Text`] into the type its column needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value: an empty field, a VOTable null, a Parquet null. NaN counts as
    /// a number here.
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    /// An array of numbers (a DALI polygon, a list of coordinates).
    Doubles(Vec<f64>),
    /// An array of something else.
    List(List),
}

/// Arrays that only whoever keeps the file's own types can do something with.
#[derive(Clone, Debug, PartialEq)]
pub enum List {
    /// `None` where an element is the null value of its column.
    Ints(Vec<Option<i64>>),
    /// Also bits.
    Bools(Vec<Option<bool>>),
    /// Real and imaginary part; a single one is a list too.
    Complexes(Vec<[f64; 2]>),
}

impl Value {
    /// As a message can carry it.
    pub fn named(&self) -> String {
        match self {
            Value::Null => "no value".into(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Double(number) => number.to_string(),
            Value::Text(text) => shown(text),
            Value::Doubles(_) | Value::List(_) => "a list of values".into(),
        }
    }

    /// An array of numbers without gaps, as floating-point ones.
    pub fn doubles(&self) -> Option<Vec<f64>> {
        match self {
            Value::Doubles(numbers) => Some(numbers.clone()),
            Value::List(List::Ints(numbers)) => numbers
                .iter()
                .map(|number| number.map(|number| number as f64))
                .collect(),
            _ => None,
        }
    }
}

/// One row of a [`super::Table`], as long as its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it stands: the line of the file on which it begins for CSV and
    /// TSV, the number of the row otherwise. Both count from 1.
    pub place: u64,
    pub values: Vec<Value>,
}
