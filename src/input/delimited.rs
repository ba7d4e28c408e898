//! CSV (RFC 4180) and TSV: a header line, then one line per row.
//!
//! Wider than the RFC where real files are: lines may end with LF alone, a
//! byte order mark is skipped, empty lines are skipped, and TSV fields may be
//! quoted as in CSV (pandas and astropy write them so). An empty field is no
//! value, quoted or not.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::votable::Field;

use super::error::io_words;
use super::source::Opened;
use super::{Contents, InputError, MAX_COLUMNS, MAX_ROW_BYTES, Row, Value, too_many};

pub(super) fn open(opened: Opened, delimiter: u8) -> Result<Contents, InputError> {
    let allowance = Arc::new(AtomicU64::new(MAX_ROW_BYTES));
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        // Field counts are checked here, so that the message is ours and the
        // rows after a wrong one can be read.
        .flexible(true)
        .has_headers(false)
        // LF alone ends a record and a CR before it is taken off here: with
        // both as terminator the reader counts the lines of CRLF files wrong.
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(BUFFER_BYTES as usize)
        .from_reader(Rationed {
            // With a line end at the very end, every record has one.
            reader: Box::new(opened.content.chain(&b"\n"[..])),
            allowance: allowance.clone(),
        });
    let mut rows = Rows {
        file: opened.name,
        reader,
        allowance,
        record: csv::ByteRecord::new(),
        limit: HEADER_BYTES,
        width: 0,
    };
    let columns = match rows.next_record()? {
        Some(_) if rows.record.len() > MAX_COLUMNS => {
            return Err(InputError::NotATable {
                reason: too_many(rows.record.len()),
                file: rows.file,
            });
        }
        Some(line) => rows.texts(line)?,
        None => {
            return Err(InputError::NotATable {
                file: rows.file,
                reason: "it is empty".into(),
            });
        }
    };
    rows.width = columns.len();
    rows.limit = MAX_ROW_BYTES;
    Ok(Contents {
        fields: columns
            .iter()
            .map(|name| Field::text(name.trim()))
            .collect(),
        typed: false,
        rows: Box::new(rows),
        rows_total: None,
    })
}

const BUFFER_BYTES: u64 = 1 << 16;

/// Room for 256 bytes of name for every column that may be.
const HEADER_BYTES: u64 = 1 << 20;

struct Rows {
    file: String,
    reader: csv::Reader<Rationed>,
    allowance: Arc<AtomicU64>,
    record: csv::ByteRecord,
    /// Longest record that is read, bytes.
    limit: u64,
    width: usize,
}

impl Rows {
    /// Reads the next record; its line, or `None` after the last.
    fn next_record(&mut self) -> Result<Option<u64>, InputError> {
        self.allowance
            .store(self.limit + BUFFER_BYTES, Ordering::Relaxed);
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {
                let within = memchr::memchr_iter(b'\n', self.record.as_slice()).count() as u64;
                let next = self.reader.position().line();
                Ok(Some(next.saturating_sub(1 + within)))
            }
            Ok(false) => Ok(None),
            Err(error) => {
                let reason = match error.into_kind() {
                    csv::ErrorKind::Io(error) if is_ration(&error) => format!(
                        "the row that begins there is longer than {} MB \
                         (a quotation mark without its partner?)",
                        self.limit >> 20
                    ),
                    csv::ErrorKind::Io(error) => io_words(&error),
                    _ => "it is not a text of rows and fields".into(),
                };
                Err(InputError::Broken {
                    file: self.file.clone(),
                    unit: "line",
                    place: self.reader.position().line(),
                    reason,
                })
            }
        }
    }

    fn texts(&self, line: u64) -> Result<Vec<String>, InputError> {
        let last = self.record.len().saturating_sub(1);
        self.record
            .iter()
            .enumerate()
            .map(|(column, field)| match field {
                [field @ .., b'\r'] if column == last => (column, field),
                field => (column, field),
            })
            .map(|(column, field)| match std::str::from_utf8(field) {
                Ok(text) => Ok(text.to_owned()),
                Err(_) => Err(self.row_error(
                    line,
                    format!("the value in column {} is not UTF-8 text", column + 1),
                )),
            })
            .collect()
    }

    fn row_error(&self, line: u64, reason: String) -> InputError {
        InputError::Row {
            file: self.file.clone(),
            unit: "line",
            place: line,
            reason,
        }
    }

    fn read(&mut self) -> Result<Option<Row>, InputError> {
        let line = loop {
            match self.next_record()? {
                None => return Ok(None),
                // An empty line that ends with CRLF.
                Some(_) if self.record.as_slice() == b"\r" => {}
                Some(line) => break line,
            }
        };
        if self.record.len() != self.width {
            return Err(self.row_error(
                line,
                format!(
                    "the row has {} values and the header names {} columns",
                    self.record.len(),
                    self.width
                ),
            ));
        }
        let values = self.texts(line)?;
        Ok(Some(Row {
            place: line,
            values: values
                .into_iter()
                .map(|text| match text.is_empty() {
                    true => Value::Null,
                    false => Value::Text(text),
                })
                .collect(),
        }))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Gives out no more bytes than one row may have; the row's reader renews the
/// allowance. The `csv` crate itself has no limit.
struct Rationed {
    reader: Box<dyn Read + Send>,
    allowance: Arc<AtomicU64>,
}

#[derive(Debug, thiserror::Error)]
#[error("the row is too long")]
struct Ration;

fn is_ration(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Ration>())
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other(Ration));
        }
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.reader.read(&mut buffer[..most])?;
        self.allowance.store(left - count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
