//! Rows: TABLEDATA from text (VOTable 1.4 §5.1), BINARY and BINARY2 from a
//! stream of base64 (§5.3, §5.4).

use std::io::BufRead;

use super::head::Head;
use super::nodes::{Element, Node, Nodes};
use super::{Limits, Warnings};
use crate::error::{Place, ReadError, ReadProblem};
use crate::field::Length;
use crate::value::{Column, Value};

pub(super) enum Rows {
    /// The table has no DATA.
    None,
    TableData(Vec<Column>),
    Stream(Stream),
    /// There are no more.
    Ended,
}

/// Where a row starts, and its values.
type Found = Option<(u64, Vec<Value>)>;

const TEXT: &str = "the bytes of one text or tag";
const ROW: &str = "the bytes of one row";

pub(super) fn tabledata<R: BufRead>(
    nodes: &mut Nodes<R>,
    columns: &mut [Column],
    head: &Head,
    limits: &Limits,
    number: u64,
    warnings: &mut Warnings,
) -> Result<Found, ReadError> {
    let width = columns.len();
    let place = |line, field: usize| Place {
        line,
        row: Some(number),
        field: head.fields.get(field).map(|field| field.name.clone()),
    };
    let start = loop {
        match nodes.next()? {
            Node::Open(Element::Row, _) => break nodes.line(),
            Node::Close(Element::TableData) => return Ok(None),
            Node::End => return Err(nodes.error(ReadProblem::Truncated)),
            _ => {}
        }
    };
    let mut values = Vec::with_capacity(width);
    let (mut text, mut bytes, mut beyond, mut inside) = (String::new(), 0, 0u64, false);
    loop {
        match nodes.next()? {
            Node::Open(Element::Cell, _) => {
                text.clear();
                inside = true;
            }
            Node::Text(piece) if inside => text.push_str(&piece),
            Node::Sloppy(piece, wrong) if inside => {
                warnings.add(place(nodes.line(), values.len()), wrong);
                text.push_str(&piece);
            }
            Node::Close(Element::Cell) => {
                inside = false;
                bytes += text.len();
                let Some(column) = columns.get_mut(values.len()) else {
                    beyond += 1;
                    continue;
                };
                let Some(value) = column.read_text(&text) else {
                    let problem = ReadProblem::Value {
                        text: text.chars().take(80).collect(),
                        datatype: column.datatype,
                    };
                    return Err(ReadError {
                        place: place(nodes.line(), values.len()),
                        problem,
                    });
                };
                if let Some(wrong) = miscounted(column, &value).or_else(|| overlong(column, &value))
                {
                    warnings.add(place(nodes.line(), values.len()), wrong);
                }
                values.push(value);
            }
            Node::Close(Element::Row) => break,
            Node::End => return Err(nodes.error(ReadProblem::Truncated)),
            _ => {}
        }
        for (what, held, limit) in [
            (TEXT, text.len(), limits.cell_bytes),
            (ROW, bytes, limits.row_bytes),
        ] {
            if held > limit {
                return Err(ReadError {
                    place: place(nodes.line(), values.len()),
                    problem: ReadProblem::TooMuch { what, limit },
                });
            }
        }
    }
    if beyond > 0 || values.len() < width {
        let found = values.len() as u64 + beyond;
        let message = format!("the row has {found} cells for {width} fields");
        warnings.add(place(start, usize::MAX), message);
        values.resize(width, Value::Null);
    }
    Ok(Some((start, values)))
}

/// A remark on text where the field says one character, once for each field:
/// leaving out the arraysize is the commonest mistake there is.
fn overlong(column: &mut Column, value: &Value) -> Option<String> {
    let Value::Text(text) = value else {
        return None;
    };
    let found = text.chars().nth(1).is_some();
    let wrong = column.length == Length::Scalar && found && !column.overlong;
    column.overlong |= wrong;
    wrong.then(|| "its field has no arraysize and holds more than one character; read whole, here and further on".to_owned())
}

/// A remark on an array that is not as long as its field says.
fn miscounted(column: &Column, value: &Value) -> Option<String> {
    let declared = match column.length {
        Length::Scalar => 1,
        Length::Fixed(count) => count,
        Length::Variable => return None,
    };
    let found = match value {
        Value::Bools(values) => values.len(),
        Value::Ints(values) => values.len(),
        Value::Floats(values) => values.len(),
        Value::Complexes(values) => values.len(),
        Value::Bits(values) => values.len(),
        _ => return None,
    };
    (found != declared)
        .then(|| format!("the array has {found} elements, its field says {declared}"))
}

/// Rows of BINARY or BINARY2, decoded as they are read.
pub(super) struct Stream {
    columns: Vec<Column>,
    /// BINARY2: null flags stand in front of each row.
    flagged: bool,
    base64: Base64,
    guessed: bool,
}

impl Stream {
    pub fn new(columns: Vec<Column>, flagged: bool) -> Stream {
        Stream {
            columns,
            flagged,
            base64: Base64::default(),
            guessed: false,
        }
    }

    pub fn row<R: BufRead>(
        &mut self,
        nodes: &mut Nodes<R>,
        head: &Head,
        limits: &Limits,
        number: u64,
        warnings: &mut Warnings,
    ) -> Result<Found, ReadError> {
        let Stream {
            columns,
            flagged,
            base64,
            guessed,
        } = self;
        if !base64.has(1, nodes)? {
            while !base64.ended {
                base64.more(nodes)?;
            }
            return Ok(None);
        }
        let place = |line, field: usize| Place {
            line,
            row: Some(number),
            field: head.fields.get(field).map(|field| field.name.clone()),
        };
        let flags = match flagged {
            true => base64.take(columns.len().div_ceil(8), nodes)?.to_vec(),
            false => Vec::new(),
        };
        // Rows of no bytes would have no end.
        if columns.iter().all(|column| column.fixed_bytes() == Some(0)) {
            return Err(nodes.error(ReadProblem::Unsupported("a stream of rows without bytes")));
        }
        let mut values = Vec::with_capacity(columns.len());
        let mut row_bytes = 0usize;
        for (index, column) in columns.iter().enumerate() {
            let (count, bytes) = match column.fixed_bytes() {
                Some(bytes) => match column.length {
                    Length::Fixed(count) => (count, bytes),
                    _ => (1, bytes),
                },
                None => {
                    let count = base64
                        .take(4, nodes)?
                        .try_into()
                        .map(i32::from_be_bytes)
                        .unwrap_or(-1);
                    // A negative count is met for nulls in the wild.
                    let count = usize::try_from(count).unwrap_or(0);
                    (count, column.bytes_of(count))
                }
            };
            row_bytes = row_bytes.saturating_add(bytes);
            for (what, held, limit) in [
                (TEXT, bytes, limits.cell_bytes),
                (ROW, row_bytes, limits.row_bytes),
            ] {
                if held > limit {
                    let problem = ReadProblem::TooMuch { what, limit };
                    return Err(ReadError {
                        place: place(nodes.line(), index),
                        problem,
                    });
                }
            }
            let (value, guess) = column.read_bytes(base64.take(bytes, nodes)?, count);
            if guess && !std::mem::replace(guessed, true) {
                let message =
                    "this text is not UTF-8 and is read as ISO-8859-1, here and further on";
                warnings.add(place(nodes.line(), index), message);
            }
            let null = flags
                .get(index / 8)
                .is_some_and(|flags| flags << (index % 8) & 0x80 != 0);
            values.push(if null { Value::Null } else { value });
        }
        Ok(Some((nodes.line(), values)))
    }
}

/// The decoder: holds a piece of input and what it decodes to.
#[derive(Default)]
struct Base64 {
    piece: Vec<u8>,
    /// Characters not yet decoded.
    text: Vec<u8>,
    bytes: Vec<u8>,
    /// Bytes already taken.
    at: usize,
    /// The end of STREAM was read.
    ended: bool,
}

impl Base64 {
    /// Whether there are that many bytes more.
    fn has<R: BufRead>(&mut self, count: usize, nodes: &mut Nodes<R>) -> Result<bool, ReadError> {
        while self.bytes.len() - self.at < count {
            if self.ended {
                return Ok(false);
            }
            self.more(nodes)?;
        }
        Ok(true)
    }

    fn take<R: BufRead>(&mut self, count: usize, nodes: &mut Nodes<R>) -> Result<&[u8], ReadError> {
        if !self.has(count, nodes)? {
            return Err(nodes.error(ReadProblem::Truncated));
        }
        let start = self.at;
        self.at += count;
        Ok(&self.bytes[start..self.at])
    }

    /// Decodes the next piece, or finds the end.
    fn more<R: BufRead>(&mut self, nodes: &mut Nodes<R>) -> Result<(), ReadError> {
        self.bytes.drain(..self.at);
        self.at = 0;
        nodes.raw(&mut self.piece)?;
        if self.piece.is_empty() {
            match nodes.next()? {
                Node::Text(text) => self.piece.extend_from_slice(text.as_bytes()),
                Node::Close(Element::Stream) => self.ended = true,
                _ => return Err(nodes.error(ReadProblem::Base64)),
            }
        }
        self.text
            .extend(self.piece.iter().filter(|b| !b.is_ascii_whitespace()));
        // The last group may come without its padding.
        while self.ended && !self.text.is_empty() && !self.text.len().is_multiple_of(4) {
            self.text.push(b'=');
        }
        let whole = self.text.len() / 4 * 4;
        let decoded = base64_simd::STANDARD.decode_append(&self.text[..whole], &mut self.bytes);
        self.text.drain(..whole);
        decoded.map_err(|_| nodes.error(ReadProblem::Base64))
    }
}
