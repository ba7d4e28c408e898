//! VOTable through the crate of that name: the first table of the document,
//! in any of its serialisations.

use std::io::{BufRead, BufReader};

use votable::{Limits, ReadError, ReadProblem, Reader, Status, Value as Cell};

use super::error::{io_words, shown};
use super::source::Opened;
use super::{Contents, InputError, List, MAX_COLUMNS, MAX_ROW_BYTES, Row, Value};

pub(super) fn open(opened: Opened) -> Result<Contents, InputError> {
    let file = opened.name;
    let limits = Limits {
        fields: MAX_COLUMNS,
        row_bytes: usize::try_from(MAX_ROW_BYTES).unwrap_or(usize::MAX),
        ..Limits::default()
    };
    let reader = Reader::with_limits(BufReader::new(opened.content), limits)
        .map_err(|error| not_a_table(&file, &words(&error)))?;
    if let Some(failure) = failure(&reader) {
        return Err(not_a_table(&file, &failure));
    }
    let fields = reader.fields().to_vec();
    if fields.is_empty() {
        return Err(not_a_table(&file, "its table has no FIELD"));
    }
    Ok(Contents {
        fields,
        typed: true,
        rows: Box::new(Rows {
            file,
            reader,
            place: 0,
            ended: false,
        }),
        rows_total: None,
    })
}

fn not_a_table(file: &str, reason: &str) -> InputError {
    InputError::NotATable {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

/// The failure of the query that the document is the answer to (DALI 1.1
/// section 4.4): rows are missing, or all are.
fn failure<R: BufRead>(reader: &Reader<R>) -> Option<String> {
    match reader.status()? {
        Status::Error(text) => Some(format!(
            "it is the answer of a query that failed: {}",
            shown(text)
        )),
        // Whoever asked for a limited number of rows has them all.
        Status::Ok | Status::Overflow => None,
    }
}

/// The reader's sentence without the part that our own message says.
fn words(error: &ReadError) -> String {
    match &error.problem {
        ReadProblem::Io(error) => io_words(error),
        _ => {
            let sentence = error.to_string();
            let start = sentence.strip_prefix("reading the VOTable, ");
            start.unwrap_or(&sentence).to_owned()
        }
    }
}

struct Rows<R> {
    file: String,
    reader: Reader<R>,
    place: u64,
    ended: bool,
}

impl<R: BufRead> Rows<R> {
    fn broken(&self, reason: String) -> InputError {
        InputError::Broken {
            file: self.file.clone(),
            unit: "row",
            place: self.place,
            reason,
        }
    }

    fn row(&self, cells: Vec<Cell>) -> Row {
        Row {
            place: self.place,
            values: cells.into_iter().map(value).collect(),
        }
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.place += 1;
        match self.reader.next_row() {
            Ok(Some(row)) => Some(Ok(self.row(row.values))),
            Ok(None) => {
                self.ended = true;
                failure(&self.reader).map(|failure| Err(self.broken(failure)))
            }
            Err(error) => {
                self.ended = true;
                Some(Err(self.broken(words(&error))))
            }
        }
    }
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => Value::Bool(value),
        Cell::Int(value) => Value::Int(value),
        Cell::Float(value) => Value::Double(value),
        Cell::Text(text) => Value::Text(text),
        Cell::Floats(values) => Value::Doubles(values),
        Cell::Ints(values) => Value::List(List::Ints(values)),
        Cell::Bits(bits) => match bits.as_slice() {
            [bit] => Value::Bool(*bit),
            bits => Value::List(List::Bools(bits.iter().map(|bit| Some(*bit)).collect())),
        },
        Cell::Bools(values) => Value::List(List::Bools(values)),
        Cell::Complex(pair) => Value::List(List::Complexes(vec![pair])),
        Cell::Complexes(pairs) => Value::List(List::Complexes(pairs)),
    }
}
