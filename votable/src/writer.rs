//! The writer: a document's head, its rows as they come, and its end.

use crate::binary::{self, Column};
use crate::document::{Document, Info, Version};
use crate::outcome::Outcome;
use crate::{binary2, tabledata, xml};

/// How rows are written (VOTable 1.4 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serialization {
    TableData,
    Binary,
    Binary2,
}

impl Serialization {
    /// The element, and the `serialization` parameter of the media type.
    pub fn name(self) -> &'static str {
        match self {
            Serialization::TableData => "TABLEDATA",
            Serialization::Binary => "BINARY",
            Serialization::Binary2 => "BINARY2",
        }
    }
}

/// What a writer has met, told in INFOs after the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: u64,
    /// Text cells holding what their field cannot; written with visible escapes.
    pub escaped: u64,
    /// Cells longer or shorter than their field says; cut or filled up.
    pub fitted: u64,
    /// In BINARY, integers equal to the value that stands for null; read as null.
    pub mistaken: u64,
}

/// Writes one document. Bytes are appended to the caller's buffer, which may be
/// emptied between calls; memory does not grow with the number of rows.
///
/// Cells are bytes: numbers and arrays of numbers big-endian and one after the
/// other, booleans a byte 0 or 1 each, text in UTF-8, bits packed from the
/// highest bit of the first byte.
///
/// [`finish`](Writer::finish) is the only good end: a document without it is not
/// XML, so that no reader takes it for a whole answer.
#[derive(Debug)]
#[must_use]
pub struct Writer {
    version: Version,
    serialization: Serialization,
    document: Document,
    columns: Vec<Column>,
    /// Bytes of BINARY and BINARY2 that do not yet fill a line of base64; in
    /// TABLEDATA a place for escaped text.
    raw: Vec<u8>,
    counts: Counts,
}

/// Raw bytes of one line of base64: a multiple of 48, so that only the last line
/// is padded, and long enough that cutting costs nothing.
const LINE: usize = 48 * 64;

impl Writer {
    /// For BINARY, which cannot mark nulls, integer fields without a `null` get
    /// one: the lowest value, 255 for `unsignedByte`.
    pub fn new(version: Version, serialization: Serialization, mut document: Document) -> Writer {
        let fields = &mut document.table.fields;
        if serialization == Serialization::Binary {
            fields.iter_mut().for_each(binary::choose_null);
        }
        let columns = fields
            .iter()
            .map(|field| Column::new(field, serialization))
            .collect();
        Writer {
            version,
            serialization,
            document,
            columns,
            raw: Vec::new(),
            counts: Counts::default(),
        }
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Everything before the first row; to be called once.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        self.document.begin(self.version, out);
        out.extend_from_slice(match self.serialization {
            Serialization::TableData => b"<DATA>\n<TABLEDATA>\n",
            Serialization::Binary => b"<DATA>\n<BINARY>\n<STREAM encoding=\"base64\">\n".as_slice(),
            Serialization::Binary2 => b"<DATA>\n<BINARY2>\n<STREAM encoding=\"base64\">\n",
        });
    }

    /// One row. Missing cells are null, cells beyond the last field are ignored.
    pub fn row<'a>(
        &mut self,
        mut cells: impl Iterator<Item = Option<&'a [u8]>>,
        out: &mut Vec<u8>,
    ) {
        let cells = std::iter::from_fn(|| Some(cells.next().flatten()));
        let Writer {
            columns,
            raw,
            counts,
            ..
        } = self;
        counts.rows += 1;
        match self.serialization {
            Serialization::TableData => tabledata::row(columns, cells, raw, counts, out),
            Serialization::Binary => binary::row(columns, cells, raw, counts),
            Serialization::Binary2 => binary2::row(columns, cells, raw, counts),
        }
        if self.serialization != Serialization::TableData && self.raw.len() >= LINE {
            self.encode(self.raw.len() - self.raw.len() % LINE, out);
        }
    }

    /// Everything after the last row.
    pub fn finish(mut self, outcome: Outcome, out: &mut Vec<u8>) {
        match self.serialization {
            Serialization::TableData => out.extend_from_slice(b"</TABLEDATA>\n</DATA>\n"),
            binary => {
                self.encode(self.raw.len(), out);
                xml::close("STREAM", out);
                xml::close(binary.name(), out);
                xml::close("DATA", out);
            }
        }
        xml::close("TABLE", out);
        self.remarks(out);
        outcome.write(out);
        xml::close("RESOURCE", out);
        self.document.end(out);
    }

    fn encode(&mut self, length: usize, out: &mut Vec<u8>) {
        for line in self.raw[..length].chunks(LINE) {
            base64_simd::STANDARD.encode_append(line, out);
            out.push(b'\n');
        }
        self.raw.drain(..length);
    }

    fn remarks(&self, out: &mut Vec<u8>) {
        let remarks = [
            (
                "escaped_values",
                self.counts.escaped,
                "Text values with characters their column cannot hold; these characters are written as \\uNNNN, \\UNNNNNNNN or \\xNN.",
            ),
            (
                "fitted_values",
                self.counts.fitted,
                "Values cut or filled up to the length their column declares.",
            ),
            (
                "mistakable_values",
                self.counts.mistaken,
                "Integers equal to the value that stands for null in BINARY; ask for BINARY2 or TABLEDATA to tell them apart.",
            ),
        ];
        for (name, count, explanation) in remarks {
            if count > 0 {
                Info {
                    content: Some(explanation.into()),
                    ..Info::new(name, count.to_string())
                }
                .write(out);
            }
        }
    }
}
