//! Files of rows, whatever wrote them: CSV, TSV, VOTable, FITS and Parquet
//! become one stream of named columns and typed values, for `obstap load` and
//! for tables that are sent with a query.
//!
//! Follows RFC 4180 for CSV (a header is required), the IANA registration of
//! text/tab-separated-values, VOTable through the crate `votable`, binary
//! tables of FITS 4.0 (section 7.3) and the Apache Parquet format 2. Gzip
//! (RFC 1952) is undone wherever it is met.
//! Leaves out: ASCII and compressed tables of FITS, nested Parquet columns,
//! other compressions.
//!
//! Memory does not grow with the number of rows, and neither a line without
//! end nor a header of a million columns is read to its end.
//!
//! Must not know: what the columns mean (no ObsCore word), databases, HTTP.

mod delimited;
mod error;
pub mod fits;
mod footer;
mod format;
mod parquet;
mod source;
mod value;
mod votable;

pub use error::{InputError, shown};
pub use format::Format;
pub use source::{Source, unpacked};
pub use value::{List, Row, Value};

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::votable::Field;

/// More columns than this are not a table of observations.
pub const MAX_COLUMNS: usize = 4096;

/// Longest row that is read, in bytes of the file (after decompression).
pub const MAX_ROW_BYTES: u64 = 16 << 20;

/// An open table: its columns are known, its rows are still to be read.
///
/// Iterating gives every row, or an error in its place. After an error of one
/// row ([`InputError::is_of_one_row`]) the next row can be asked for; any
/// other error is the last item.
///
/// ```no_run
/// use obstap::input::{Source, Table};
/// let mut table = Table::open(&Source::named("exposures.csv.gz"), None)?;
/// assert_eq!(table.columns().len(), 15);
/// for row in table {
///     let row = row?;
///     println!("{}: {:?}", row.place, row.values);
/// }
/// # Ok::<(), obstap::input::InputError>(())
/// ```
pub struct Table {
    name: String,
    columns: Vec<String>,
    fields: Vec<Field>,
    typed: bool,
    rows: Rows,
    read: Arc<AtomicU64>,
    total: Option<u64>,
    rows_total: Option<u64>,
    ended: bool,
}

impl Table {
    /// Opens a file or standard input and reads as far as the names of the
    /// columns. The format is told by the content, then by the extension of
    /// the name, unless `format` says it.
    pub fn open(source: &Source, format: Option<Format>) -> Result<Table, InputError> {
        let opened = source::open(source)?;
        Table::read(opened, format)
    }

    /// A table from bytes that come from elsewhere (a part of a request).
    /// `name` is used in messages, and its extension for telling the format.
    pub fn from_reader(
        name: impl Into<String>,
        reader: impl Read + Send + 'static,
        format: Option<Format>,
    ) -> Result<Table, InputError> {
        let opened = source::opened(name.into(), Box::new(reader), None, None)?;
        Table::read(opened, format)
    }

    /// The same, but several columns may have one name, or none, and no more
    /// than `most` bytes are read once gzip is undone.
    ///
    /// # Errors
    /// As [`Table::open`]; beyond `most` bytes reading ends with
    /// [`InputError::is_too_large`].
    pub fn as_it_is(
        name: impl Into<String>,
        reader: impl Read + Send + 'static,
        format: Option<Format>,
        most: u64,
    ) -> Result<Table, InputError> {
        let opened = source::opened(name.into(), Box::new(reader), None, Some(most))?;
        Table::unchecked(opened, format)
    }

    fn read(opened: source::Opened, format: Option<Format>) -> Result<Table, InputError> {
        let table = Table::unchecked(opened, format)?;
        check_columns(&table.name, &table.columns)?;
        Ok(table)
    }

    fn unchecked(opened: source::Opened, format: Option<Format>) -> Result<Table, InputError> {
        let format = match format {
            Some(format) => format,
            None => format::tell(&opened.name, &opened.head)?,
        };
        let name = opened.name.clone();
        let (read, total) = (opened.read.clone(), opened.total);
        let Contents {
            fields,
            typed,
            rows,
            rows_total,
        } = match format {
            Format::Csv => delimited::open(opened, b',')?,
            Format::Tsv => delimited::open(opened, b'\t')?,
            Format::VoTable => votable::open(opened)?,
            Format::Fits => fits::open(opened)?,
            Format::Parquet => parquet::open(opened)?,
        };
        Ok(Table {
            name,
            columns: fields.iter().map(|field| field.name.clone()).collect(),
            fields,
            typed,
            rows,
            read,
            total,
            rows_total,
            ended: false,
        })
    }

    /// A table whose rows are computed; `rows_total` is their number, if it is
    /// known. Every row has a value for every column.
    pub fn from_rows(
        name: impl Into<String>,
        columns: Vec<String>,
        rows_total: Option<u64>,
        rows: impl Iterator<Item = Row> + Send + 'static,
    ) -> Result<Table, InputError> {
        let name = name.into();
        check_columns(&name, &columns)?;
        Ok(Table {
            name,
            fields: columns.iter().map(Field::text).collect(),
            typed: false,
            columns,
            rows: Box::new(rows.map(Ok)),
            read: Arc::default(),
            total: None,
            rows_total,
            ended: false,
        })
    }

    /// The file's name as messages have it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns' names as the file spells them; no two are alike without
    /// regard to case (but with [`Table::as_it_is`]).
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the file says of its columns, in the words of VOTable (1.4
    /// sections 4.1 and 2.2) whatever the format.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether the file gives its columns a type; else all are text.
    pub fn is_typed(&self) -> bool {
        self.typed
    }

    /// Bytes taken from the file so far (before decompression).
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes that [`Table::bytes_read`] will reach, when that is known.
    pub fn bytes_total(&self) -> Option<u64> {
        self.total
    }

    /// How many rows there will be, when the file says so in advance.
    pub fn rows_total(&self) -> Option<u64> {
        self.rows_total
    }
}

impl Iterator for Table {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.rows.next();
        self.ended = match &item {
            None => true,
            Some(Err(error)) => !error.is_of_one_row(),
            Some(Ok(_)) => false,
        };
        item
    }
}

/// What every format hands back: the columns, and the rows to come.
struct Contents {
    fields: Vec<Field>,
    typed: bool,
    rows: Rows,
    rows_total: Option<u64>,
}

type Rows = Box<dyn Iterator<Item = Result<Row, InputError>> + Send>;

fn too_many(columns: usize) -> String {
    format!("it has {columns} columns, and at most {MAX_COLUMNS} are read")
}

fn check_columns(file: &str, columns: &[String]) -> Result<(), InputError> {
    let not = |reason: String| {
        Err(InputError::NotATable {
            file: file.to_owned(),
            reason,
        })
    };
    if columns.len() > MAX_COLUMNS {
        return not(too_many(columns.len()));
    }
    let mut seen = std::collections::HashSet::new();
    for (place, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return not(format!(
                "its column {} has no name (with pandas: to_csv(…, index=False))",
                place + 1
            ));
        }
        if !seen.insert(name.to_lowercase()) {
            return not(format!("it names the column {} twice", shown(name)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
