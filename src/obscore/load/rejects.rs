//! The rows left out, with their reasons, as a CSV file beside.

use std::fs::{File, OpenOptions};
use std::path::Path;

use super::LoadError;
use super::check::Bad;
use crate::input::{List, Value};

pub(super) struct Rejects {
    writer: csv::Writer<File>,
    path: String,
    file: String,
}

impl Rejects {
    /// Appends to `path` a header and then the bad rows of `file`.
    pub fn open(path: &Path, file: &str, columns: &[String]) -> Result<Rejects, LoadError> {
        let shown = path.display().to_string();
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let opened = opened.map_err(|error| failed(&shown, &error))?;
        let mut rejects = Rejects {
            writer: csv::WriterBuilder::new().flexible(true).from_writer(opened),
            path: shown,
            file: file.to_owned(),
        };
        let head = ["file", "line", "reason"].into_iter();
        rejects.record(head.chain(columns.iter().map(String::as_str)))?;
        Ok(rejects)
    }

    pub fn write(&mut self, bad: &Bad) -> Result<(), LoadError> {
        let mut record = vec![
            self.file.clone(),
            bad.place.to_string(),
            bad.reasons.join("; "),
        ];
        let values = bad.values.iter().flatten();
        record.extend(values.map(text));
        self.record(record.iter().map(String::as_str))
    }

    pub fn finish(mut self) -> Result<(), LoadError> {
        self.writer
            .flush()
            .map_err(|error| failed(&self.path, &error))
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a str>) -> Result<(), LoadError> {
        let written = self.writer.write_record(fields);
        written.map_err(|error| failed(&self.path, &error))
    }
}

fn failed(file: &str, error: &dyn std::error::Error) -> LoadError {
    LoadError::Rejects {
        file: file.to_owned(),
        reason: error.to_string(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Doubles(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
            numbers.join(" ")
        }
        Value::List(list) => match list {
            List::Ints(values) => words(values, |value| maybe(*value)),
            List::Bools(values) => words(values, |value| maybe(*value)),
            List::Complexes(pairs) => {
                words(pairs, |[real, imaginary]| format!("{real} {imaginary}"))
            }
        },
    }
}

fn words<T>(values: &[T], word: impl Fn(&T) -> String) -> String {
    let words: Vec<String> = values.iter().map(word).collect();
    words.join(" ")
}

/// An element that is not there has a word too, so that the others keep their
/// places.
fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}
