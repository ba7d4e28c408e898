//! The reader: the first TABLE of a document, a row at a time.
//!
//! Standard: VOTable 1.4 §3 to §6, as well as 1.1 to 1.3, 1.5 and the draft of
//! 1.6 (`char` in UTF-8), with any namespace or none. What is wrong and can be
//! read all the same is read, and said in [`Reader::warnings`].
//!
//! Left out: FITS and remote or compressed streams (refused), tables after the
//! first, GROUPs (but for their PARAMs), LINKs but those of FIELD and PARAM.
//! Compression of the whole document is the caller's to undo.

mod head;
mod nodes;
mod rows;
mod source;

use std::io::BufRead;

use head::Head;
use nodes::Nodes;
use rows::Rows;
use source::Source;

use crate::document::{Coosys, Info, Timesys};
use crate::error::{Place, ReadError, ReadProblem, Warning};
use crate::field::{Field, Param};
use crate::outcome::Status;
use crate::value::Value;

/// How much of each we are willing to hold. A cell takes up to sixteen times its
/// bytes in memory (an array of single bytes).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one cell, text or tag, as written.
    pub cell_bytes: usize,
    /// Bytes of all cells of one row, as written.
    pub row_bytes: usize,
    /// Bytes before the first row, and of what is kept from after the last.
    pub head_bytes: usize,
    pub fields: usize,
    /// Elements inside each other.
    pub depth: usize,
}

impl Default for Limits {
    /// 4 MiB a cell, 16 MiB a row, 16 MiB of head, 4096 fields, 64 elements deep.
    fn default() -> Limits {
        Limits {
            cell_bytes: 4 << 20,
            row_bytes: 16 << 20,
            head_bytes: 16 << 20,
            fields: 4096,
            depth: 64,
        }
    }
}

/// A row, with as many values as the table has fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// From one.
    pub number: u64,
    /// Where it starts in TABLEDATA; in a stream, how far the input was read.
    pub line: u64,
    pub values: Vec<Value>,
}

/// Reads one table. After the last row, look at [`status`](Reader::status):
/// OVERFLOW and ERROR stand there.
pub struct Reader<R> {
    nodes: Nodes<R>,
    head: Head,
    rows: Rows,
    limits: Limits,
    warnings: Warnings,
    count: u64,
}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("head", &self.head)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads up to the first row, with the default [`Limits`].
    ///
    /// # Errors
    /// What is no VOTable, has no table (but if QUERY_STATUS says ERROR), breaks
    /// a limit, or keeps its rows in a form left out here.
    pub fn open(read: R) -> Result<Reader<R>, ReadError> {
        Reader::with_limits(read, Limits::default())
    }

    /// As [`open`](Reader::open).
    ///
    /// # Errors
    /// As [`open`](Reader::open).
    pub fn with_limits(read: R, limits: Limits) -> Result<Reader<R>, ReadError> {
        let at_start = |problem| ReadError {
            place: Place {
                line: 1,
                ..Place::default()
            },
            problem,
        };
        let source = Source::new(read)
            .map_err(|error| at_start(ReadProblem::Io(error)))?
            .ok_or_else(|| at_start(ReadProblem::Unsupported("a document in UTF-16 or UTF-32")))?;
        let mut nodes = Nodes::new(source, limits);
        let mut warnings = Warnings::default();
        let (head, rows) = head::read(&mut nodes, &limits, &mut warnings)?;
        Ok(Reader {
            nodes,
            head,
            rows,
            limits,
            warnings,
            count: 0,
        })
    }

    /// The `version` attribute, as written.
    pub fn version(&self) -> Option<&str> {
        self.head.version.as_deref()
    }

    pub fn table_name(&self) -> Option<&str> {
        self.head.table_name.as_deref()
    }

    pub fn description(&self) -> Option<&str> {
        self.head.description.as_deref()
    }

    pub fn fields(&self) -> &[Field] {
        &self.head.fields
    }

    /// All PARAMs met so far, wherever they stand.
    pub fn params(&self) -> &[Param] {
        &self.head.params
    }

    /// All INFOs met so far; those after the table come with the end of the rows.
    pub fn infos(&self) -> &[Info] {
        &self.head.infos
    }

    pub fn coosys(&self) -> &[Coosys] {
        &self.head.coosys
    }

    pub fn timesys(&self) -> &[Timesys] {
        &self.head.timesys
    }

    /// The last QUERY_STATUS met so far.
    pub fn status(&self) -> Option<&Status> {
        self.head.status.as_ref()
    }

    /// The first hundred things that were wrong.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings.kept
    }

    /// How many things were wrong.
    pub fn warning_count(&self) -> u64 {
        self.warnings.count
    }

    /// The next row, or `None` after the last. With the last row the rest of the
    /// document is read, for what it says of the answer.
    ///
    /// # Errors
    /// A cell that is no value of its field, broken XML or base64, a broken
    /// limit, a document that ends too early. There are no rows after an error.
    pub fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        match self.advance() {
            Ok(Some((line, values))) => {
                self.count += 1;
                Ok(Some(Row {
                    number: self.count,
                    line,
                    values,
                }))
            }
            Ok(None) => Ok(None),
            Err(mut error) => {
                if !matches!(self.rows, Rows::Ended) {
                    error.place.row = Some(self.count + 1);
                }
                self.rows = Rows::Ended;
                Err(error)
            }
        }
    }

    fn advance(&mut self) -> Result<Option<(u64, Vec<Value>)>, ReadError> {
        let number = self.count + 1;
        let row = match &mut self.rows {
            Rows::Ended => return Ok(None),
            Rows::None => None,
            Rows::TableData(columns) => rows::tabledata(
                &mut self.nodes,
                columns,
                &self.head,
                &self.limits,
                number,
                &mut self.warnings,
            )?,
            Rows::Stream(stream) => stream.row(
                &mut self.nodes,
                &self.head,
                &self.limits,
                number,
                &mut self.warnings,
            )?,
        };
        if row.is_none() {
            self.rows = Rows::Ended;
            head::tail(
                &mut self.nodes,
                &mut self.head,
                &self.limits,
                &mut self.warnings,
            )?;
        }
        Ok(row)
    }
}

/// What was wrong and read all the same.
#[derive(Debug, Default)]
struct Warnings {
    kept: Vec<Warning>,
    count: u64,
}

const WARNINGS_KEPT: usize = 100;

impl Warnings {
    fn add(&mut self, place: Place, message: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < WARNINGS_KEPT {
            self.kept.push(Warning {
                place,
                message: message.into(),
            });
        }
    }

    fn at(&mut self, line: u64, message: impl Into<String>) {
        self.add(
            Place {
                line,
                ..Place::default()
            },
            message,
        );
    }
}
