//! What the registry is given, as text: one JSON object a line (NDJSON,
//! <https://github.com/ndjson/ndjson-spec>), a JSON array of objects, CSV,
//! TSV or Parquet.
//!
//! What is not understood is named with its line, and nothing is passed over:
//! a name that means nothing here is an error, as is a name that stands twice.

mod datasets;
mod objects;
mod records;

use std::collections::HashSet;
use std::sync::Arc;

pub use datasets::{Defaults, Given, datasets};
pub use objects::{collections, ids, types};
pub use records::records;

use super::error::Error;
use crate::input::{self, Format};

/// Rows of one call.
pub const MOST: usize = 200_000;

/// Bytes of a text.
const LONGEST: usize = 65_536;

/// Bytes of a region.
const LONGEST_REGION: usize = 1 << 20;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One object, an array of them, or one in each line.
    Json,
    Table(Option<Format>),
}

impl Form {
    /// As a media type or the extension of a file name says; `None` where it
    /// says nothing that is known.
    pub fn named(name: &str) -> Option<Form> {
        let name = name.split(';').next().unwrap_or_default().trim();
        Some(match name.to_ascii_lowercase().as_str() {
            "application/json"
            | "application/x-ndjson"
            | "application/jsonl"
            | "json"
            | "ndjson"
            | "jsonl" => Form::Json,
            "text/csv" | "csv" => Form::Table(Some(Format::Csv)),
            "text/tab-separated-values" | "tsv" => Form::Table(Some(Format::Tsv)),
            "application/vnd.apache.parquet" | "application/parquet" | "parquet" => {
                Form::Table(Some(Format::Parquet))
            }
            _ => return None,
        })
    }

    /// As the first bytes tell.
    pub fn told(body: &[u8]) -> Form {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') | None => Form::Json,
            Some(_) => Form::Table(None),
        }
    }
}

/// Equal words, kept once.
#[derive(Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
    fn keep(&mut self, word: &str) -> Arc<str> {
        if let Some(kept) = self.0.get(word) {
            return kept.clone();
        }
        let kept: Arc<str> = word.into();
        self.0.insert(kept.clone());
        kept
    }
}

/// # Errors
/// A text that no database keeps.
fn check_text(place: &str, name: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.len() > most {
        return Err(Error::invalid(format!(
            "{place}: {name} has {} bytes, and at most {most} are kept",
            text.len()
        )));
    }
    if text.contains('\0') {
        return Err(Error::invalid(format!(
            "{place}: {name} holds a zero character, which cannot be kept: leave it out"
        )));
    }
    Ok(())
}

/// The lines that say something, with their numbers.
fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = Some(body);
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            number += 1;
            let line = match memchr::memchr(b'\n', text) {
                Some(end) => {
                    rest = text.get(end + 1..);
                    text.get(..end).unwrap_or_default()
                }
                None => {
                    rest = None;
                    text
                }
            };
            let line = line.trim_ascii();
            if !line.is_empty() {
                return Some((number, line));
            }
        }
    })
}

/// The objects of a body: of an array, or one after the other.
///
/// # Errors
/// With the line, what JSON does not allow and what `T` does not know.
fn parsed<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<Vec<(usize, T)>, Error> {
    let told = |line: usize, error: &serde_json::Error| {
        // The place is told by us.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        Error::invalid(format!("line {line}: {reason}"))
    };
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        let all: Vec<T> =
            serde_json::from_slice(body).map_err(|error| told(error.line(), &error))?;
        check_many(all.len())?;
        return Ok(all
            .into_iter()
            .enumerate()
            .map(|(at, it)| (at + 1, it))
            .collect());
    }
    // Lines, or one object written over several of them.
    let mut all = Vec::new();
    for (number, line) in lines(body) {
        match serde_json::from_slice(line) {
            Ok(item) => all.push((number, item)),
            Err(error) if all.is_empty() && error.is_eof() => {
                let item = serde_json::from_slice(body);
                let item = item.map_err(|error| told(error.line(), &error))?;
                return Ok(vec![(1, item)]);
            }
            Err(error) => return Err(told(number, &error)),
        }
        check_many(all.len())?;
    }
    Ok(all)
}

fn check_many(rows: usize) -> Result<(), Error> {
    match rows > MOST {
        true => Err(Error::invalid(format!(
            "a call takes {MOST} rows at most: send several"
        ))),
        false => Ok(()),
    }
}

fn table(body: &[u8], format: Option<Format>) -> Result<input::Table, Error> {
    let reader = std::io::Cursor::new(body.to_vec());
    let table = input::Table::from_reader("the body", reader, format);
    table.map_err(|error| Error::invalid(error.to_string()))
}

#[cfg(test)]
mod tests;
