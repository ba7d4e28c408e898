//! The first binary table of a FITS file (FITS 4.0 section 7.3), a row at a
//! time.
//!
//! Left out: ASCII tables, tiled (compressed) tables, images; who reads these
//! finds headers and the columns of tables here.
//!
//! A row's arrays of variable length lie behind the table (section 7.3.5), so
//! what does not come from a plain file is first copied to a temporary one.

pub mod column;
pub mod header;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use super::error::{io_words, shown};
use super::source::Opened;
use super::{Contents, InputError, MAX_COLUMNS, MAX_ROW_BYTES, Row, too_many};
use column::Column;
use header::Header;

/// Extensions before the table that are passed over.
const EXTENSIONS: usize = 1000;

pub(super) fn open(opened: Opened) -> Result<Contents, InputError> {
    let name = opened.name.clone();
    let not = |reason: String| InputError::NotATable {
        file: name.clone(),
        reason,
    };
    let refuse = |source: std::io::Error| InputError::Open {
        file: name.clone(),
        reason: io_words(&source),
        source,
    };
    let file = opened.plain_file().map_err(refuse)?;
    let heap_file = file.try_clone().map_err(refuse)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let header = table(&mut reader).map_err(not)?;
    let columns = column::all(&header).map_err(not)?;
    if columns.is_empty() {
        return Err(not("its table has no columns".into()));
    }
    if columns.len() > MAX_COLUMNS {
        return Err(not(too_many(columns.len())));
    }
    let width: u64 = columns.iter().map(Column::bytes).sum();
    let said = header.size("NAXIS1").map_err(not)?;
    if width != said {
        return Err(not(format!(
            "its header says that a row has {said} bytes, and the columns need {width}"
        )));
    }
    if width > MAX_ROW_BYTES {
        return Err(not(format!(
            "a row has {width} bytes, and at most {MAX_ROW_BYTES} are read"
        )));
    }
    let count = header.size("NAXIS2").map_err(not)?;
    let begin = reader
        .stream_position()
        .map_err(|_| not("it cannot be read in any order".into()))?;
    let table = width
        .checked_mul(count)
        .ok_or_else(|| not("its header says a size that no file has".into()))?;
    let heap = match header.number("THEAP") {
        Some(heap) => u64::try_from(heap).unwrap_or(table),
        None => table,
    };
    let heap = begin.saturating_add(heap);
    let fields = columns.iter().map(|column| column.field.clone()).collect();
    Ok(Contents {
        fields,
        typed: true,
        rows: Box::new(Rows {
            file: name,
            heap_file,
            reader,
            columns,
            row: vec![0; width as usize],
            heap,
            place: 0,
            count,
        }),
        rows_total: Some(count),
    })
}

/// The header of the first binary table; the reader stands behind it.
fn table(reader: &mut BufReader<File>) -> Result<Header, String> {
    for _ in 0..EXTENSIONS {
        let Some(header) = header::read(reader)? else {
            break;
        };
        if header.text("XTENSION").as_deref() == Some("BINTABLE") {
            if header.text("ZTABLE").is_some() || header.flag("ZTABLE") || header.flag("ZIMAGE") {
                return Err("its table is compressed in itself, which is not read".into());
            }
            return Ok(header);
        }
        let size = header.data_bytes()?;
        let padded = size.div_ceil(header::BLOCK).checked_mul(header::BLOCK);
        let padded = padded.and_then(|size| i64::try_from(size).ok());
        let padded = padded.ok_or("its header says a size that no file has")?;
        reader
            .seek(SeekFrom::Current(padded))
            .map_err(|error| io_words(&error))?;
    }
    Err("it is a FITS file without a binary table".into())
}

struct Rows {
    file: String,
    reader: BufReader<File>,
    /// The same file; what is read from it is said by place.
    heap_file: File,
    columns: Vec<Column>,
    row: Vec<u8>,
    /// Where the heap begins in the file.
    heap: u64,
    place: u64,
    count: u64,
}

impl Rows {
    fn broken(&self, reason: String) -> InputError {
        InputError::Broken {
            file: self.file.clone(),
            unit: "row",
            place: self.place,
            reason,
        }
    }

    fn read(&mut self) -> Result<Row, InputError> {
        if let Err(error) = self.reader.read_exact(&mut self.row) {
            return Err(self.broken(io_words(&error)));
        }
        let mut values = Vec::with_capacity(self.columns.len());
        let mut rest = &self.row[..];
        // All arrays of a row together are bounded as the row is.
        let mut left = MAX_ROW_BYTES;
        for column in &self.columns {
            let (cell, after) = rest
                .split_at_checked(column.bytes() as usize)
                .ok_or_else(|| self.broken("the row is too short".into()))?;
            rest = after;
            let far;
            let cell = match column.descriptor(cell) {
                None => cell,
                Some((bytes, offset)) => {
                    left = bytes
                        .and_then(|bytes| left.checked_sub(bytes))
                        .ok_or_else(|| {
                            let name = shown(&column.field.name);
                            self.broken(format!("the array of {name} is larger than 16 MB"))
                        })?;
                    let mut array = vec![0; bytes.unwrap_or_default() as usize];
                    let place = self.heap.saturating_add(offset);
                    let read = self.heap_file.read_exact_at(&mut array, place);
                    read.map_err(|_| {
                        let name = shown(&column.field.name);
                        self.broken(format!("the array of {name} lies beyond the file's end"))
                    })?;
                    far = array;
                    &far[..]
                }
            };
            values.push(column.value(cell));
        }
        Ok(Row {
            place: self.place,
            values,
        })
    }
}

impl Iterator for Rows {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.place >= self.count {
            return None;
        }
        self.place += 1;
        Some(self.read())
    }
}
