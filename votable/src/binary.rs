//! BINARY: cells as bytes, one after the other (VOTable 1.4 §5.3, §6).
//!
//! There is no mark for null: a float is NaN, an integer the field's `null`, a
//! variable-length array or text is empty, a boolean `?`; fixed-length text and
//! bits are zero bytes.

use crate::field::{Datatype, Field, Length};
use crate::text;
use crate::writer::{Counts, Serialization};

/// A field, prepared for writing cells.
#[derive(Debug)]
pub(crate) struct Column {
    pub datatype: Datatype,
    pub length: Length,
    form: Form,
    /// One primitive of a null cell.
    null: [u8; 16],
    /// Length of `null` if an integer equal to it would be read as null.
    watched: Option<usize>,
}

/// How a cell becomes bytes.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// That many bytes, as they are.
    Copy(usize),
    /// A count of primitives of that width, then the bytes as they are.
    Counted(usize),
    Boolean(usize),
    CountedBooleans,
    CountedBits,
    Text {
        bytes: usize,
        unicode: bool,
    },
    CountedText {
        unicode: bool,
    },
}

impl Column {
    pub fn new(field: &Field, serialization: Serialization) -> Column {
        let (datatype, length) = (field.datatype, field.length());
        let width = datatype.width();
        let unicode = datatype == Datatype::UnicodeChar;
        let count = match length {
            Length::Scalar => Some(1),
            Length::Fixed(count) => Some(count),
            Length::Variable => None,
        };
        let form = match (datatype, count) {
            (Datatype::Boolean, Some(count)) => Form::Boolean(count),
            (Datatype::Boolean, None) => Form::CountedBooleans,
            (Datatype::Bit, Some(count)) => Form::Copy(count.div_ceil(8)),
            (Datatype::Bit, None) => Form::CountedBits,
            (Datatype::Char | Datatype::UnicodeChar, Some(count)) => Form::Text {
                bytes: count.saturating_mul(width),
                unicode,
            },
            (Datatype::Char | Datatype::UnicodeChar, None) => Form::CountedText { unicode },
            (_, Some(count)) => Form::Copy(count.saturating_mul(width)),
            (_, None) => Form::Counted(width),
        };
        let binary = serialization == Serialization::Binary;
        let mut null = [0; 16];
        match datatype {
            Datatype::Float | Datatype::FloatComplex => repeat(&f32::NAN.to_be_bytes(), &mut null),
            Datatype::Double | Datatype::DoubleComplex => {
                repeat(&f64::NAN.to_be_bytes(), &mut null)
            }
            Datatype::Boolean if binary => null[0] = b'?',
            _ => {}
        }
        let mut watched = None;
        if let (true, Some(declared), Some(_)) = (binary, field.null, datatype.integer_range()) {
            null[..width].copy_from_slice(&declared.to_be_bytes()[8 - width..]);
            watched = (length == Length::Scalar).then_some(width);
        }
        Column {
            datatype,
            length,
            form,
            null,
            watched,
        }
    }

    /// Whole primitives of a cell, one by one.
    pub fn primitives<'c>(&self, cell: &'c [u8]) -> std::slice::ChunksExact<'c, u8> {
        cell.chunks_exact(self.datatype.width())
    }

    /// Appends a value.
    pub fn value(&self, cell: &[u8], raw: &mut Vec<u8>, counts: &mut Counts) {
        match self.form {
            Form::Copy(bytes) if cell.len() == bytes => {
                raw.extend_from_slice(cell);
                if let Some(width) = self.watched {
                    counts.mistaken += u64::from(*cell == self.null[..width]);
                }
            }
            Form::Copy(bytes) => {
                // Short arrays are filled up with nulls, so that what follows
                // stays in step.
                counts.fitted += 1;
                let width = self.datatype.width();
                let kept = cell.len().min(bytes) / width * width;
                raw.extend_from_slice(&cell[..kept]);
                self.fill(bytes - kept, raw);
            }
            Form::Counted(width) => {
                let count = cell.len() / width;
                counts.fitted += u64::from(count * width != cell.len());
                raw.extend_from_slice(&length(count));
                raw.extend_from_slice(&cell[..count * width]);
            }
            Form::Boolean(count) => {
                counts.fitted += u64::from(count != cell.len());
                let kept = cell.len().min(count);
                raw.extend(cell[..kept].iter().map(|&b| logical(b)));
                self.fill(count - kept, raw);
            }
            Form::CountedBooleans => {
                raw.extend_from_slice(&length(cell.len()));
                raw.extend(cell.iter().map(|&b| logical(b)));
            }
            Form::CountedBits => {
                raw.extend_from_slice(&length(cell.len().saturating_mul(8)));
                raw.extend_from_slice(cell);
            }
            Form::Text { bytes, unicode } => {
                let start = raw.len();
                characters(cell, unicode, raw, counts);
                let written = raw.len() - start;
                counts.fitted += u64::from(written > bytes);
                raw.resize(start + bytes, 0);
            }
            Form::CountedText { unicode } => {
                let start = raw.len();
                raw.extend_from_slice(&[0; 4]);
                characters(cell, unicode, raw, counts);
                let count = (raw.len() - start - 4) / self.datatype.width();
                raw[start..start + 4].copy_from_slice(&length(count));
            }
        }
    }

    /// Appends the bytes that stand where a value is null.
    pub fn null(&self, raw: &mut Vec<u8>) {
        match self.form {
            Form::Copy(bytes) | Form::Boolean(bytes) | Form::Text { bytes, .. } => {
                self.fill(bytes, raw)
            }
            Form::Counted(_)
            | Form::CountedBooleans
            | Form::CountedBits
            | Form::CountedText { .. } => {
                raw.extend_from_slice(&[0; 4]);
            }
        }
    }

    fn fill(&self, bytes: usize, raw: &mut Vec<u8>) {
        let width = self.datatype.width();
        for _ in 0..bytes / width {
            raw.extend_from_slice(&self.null[..width]);
        }
    }
}

fn repeat(primitive: &[u8], into: &mut [u8; 16]) {
    for place in into.chunks_exact_mut(primitive.len()) {
        place.copy_from_slice(primitive);
    }
}

/// The count before a variable-length array (§5.3: four bytes, signed).
fn length(count: usize) -> [u8; 4] {
    i32::try_from(count).unwrap_or(i32::MAX).to_be_bytes()
}

fn logical(byte: u8) -> u8 {
    if byte == 0 { b'F' } else { b'T' }
}

fn characters(cell: &[u8], unicode: bool, raw: &mut Vec<u8>, counts: &mut Counts) {
    if !unicode {
        if cell.is_ascii() {
            raw.extend_from_slice(cell);
        } else {
            counts.escaped += u64::from(text::visible(cell, true, raw));
        }
        return;
    }
    match str::from_utf8(cell) {
        Ok(text) => utf16(text, raw),
        Err(_) => {
            counts.escaped += 1;
            let mut visible = Vec::new();
            text::visible(cell, false, &mut visible);
            utf16(&String::from_utf8_lossy(&visible), raw);
        }
    }
}

/// Characters beyond the Basic Multilingual Plane become surrogate pairs, which
/// §6 of later versions lets readers accept.
fn utf16(text: &str, raw: &mut Vec<u8>) {
    for unit in text.encode_utf16() {
        raw.extend_from_slice(&unit.to_be_bytes());
    }
}

/// Gives an integer field a value for null where it has none that fits. Null
/// arrays of variable length are empty, so they need none.
pub(crate) fn choose_null(field: &mut Field) {
    let Some((least, most)) = field.datatype.integer_range() else {
        return;
    };
    let declared = field
        .null
        .is_some_and(|null| (least..=most).contains(&null));
    if !declared && field.length() != Length::Variable {
        field.null = Some(if field.datatype == Datatype::UnsignedByte {
            most
        } else {
            least
        });
    }
}

pub(crate) fn row<'a>(
    columns: &[Column],
    cells: impl Iterator<Item = Option<&'a [u8]>>,
    raw: &mut Vec<u8>,
    counts: &mut Counts,
) {
    for (column, cell) in columns.iter().zip(cells) {
        match cell {
            Some(cell) => column.value(cell, raw, counts),
            None => column.null(raw),
        }
    }
}
