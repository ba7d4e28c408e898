//! A column: what is kept of its cells, what its rows taught, how it is written
//! (FITS 4.0 section 7.3.3).

use adql::{Column, Type, Wire};

use super::super::cell;
use super::super::field::unique_names;
use crate::dali::Datatype;
use crate::database::Error;

/// Longer texts lie in the heap.
const LONGEST_IN_ROW: u64 = 256;

/// A column of the answer as a field of the table.
pub struct Field {
    pub name: String,
    pub unit: Option<String>,
    pub ucd: Option<String>,
    pub utype: Option<String>,
    pub xtype: Option<String>,
    pub description: Option<String>,
    wire: Wire,
    /// Numbers in a cell of fixed length.
    count: Option<usize>,
    /// The integers that may stand for null, and whether a row has them.
    stand_ins: [(i64, bool); 4],
    /// Whether a row has none.
    nulls: bool,
    longest: u64,
    total: u64,
    form: Form,
}

/// How cells are written; settled when all are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Logical,
    /// The stand-in for null, if one is needed.
    Integer(Option<i64>),
    Real,
    Reals(usize),
    /// Bytes of text in the row.
    Text(usize),
    /// In the heap; wide descriptors have 64 bits.
    Heap {
        wide: bool,
    },
}

impl Field {
    pub fn all(columns: &[Column]) -> Vec<Field> {
        let names = unique_names(columns);
        columns.iter().zip(names).map(Field::new).collect()
    }

    fn new((column, name): (&Column, String)) -> Field {
        let wire = column.kind.wire();
        let (low, high) = match wire {
            Wire::Int2 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Wire::Int4 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        Field {
            name,
            unit: column.unit.clone(),
            ucd: column.ucd.clone(),
            utype: column.utype.clone(),
            xtype: Datatype::of(column).xtype.map(str::to_owned),
            description: column.description.clone(),
            wire,
            count: match column.kind {
                Type::Point => Some(2),
                Type::Circle => Some(3),
                _ => None,
            },
            stand_ins: [low, high, low + 1, high - 1].map(|number| (number, false)),
            nulls: false,
            longest: 0,
            total: 0,
            form: Form::Real,
        }
    }

    /// A cell as it will be written, or, for integers, as it is.
    pub fn prepare(&self, value: &[u8], out: &mut Vec<u8>) {
        match self.wire {
            Wire::Text => visible(value, out),
            Wire::Timestamp => cell::write(self.wire, value, out),
            Wire::Bool => {
                let yes = value.first().is_some_and(|&byte| byte != 0);
                out.push(if yes { b'T' } else { b'F' });
            }
            Wire::Doubles => {
                out.extend_from_slice(value);
                if let Some(count) = self.count {
                    out.truncate(8 * count);
                    while out.len() < 8 * count {
                        out.extend_from_slice(&f64::NAN.to_be_bytes());
                    }
                }
            }
            _ => out.extend_from_slice(value),
        }
    }

    /// Learns from a prepared cell.
    pub fn note(&mut self, value: Option<&[u8]>) {
        let Some(value) = value else {
            self.nulls = true;
            return;
        };
        self.longest = self.longest.max(value.len() as u64);
        self.total += value.len() as u64;
        if let Some(number) = cell::integer(self.wire, value) {
            for (stand_in, taken) in &mut self.stand_ins {
                *taken |= *stand_in == number;
            }
        }
    }

    /// Bytes of this column in the heap.
    pub fn heap_bytes(&self) -> u64 {
        if self.lies_in_heap() { self.total } else { 0 }
    }

    /// Settles how cells are written; `heap` is the size of the heap.
    pub fn settle(&mut self, heap: u64) -> Result<(), Error> {
        self.form = match self.wire {
            _ if self.lies_in_heap() => Form::Heap {
                wide: heap > i32::MAX as u64,
            },
            Wire::Bool => Form::Logical,
            Wire::Int2 | Wire::Int4 | Wire::Int8 => Form::Integer(self.stand_in()?),
            Wire::Float4 | Wire::Float8 => Form::Real,
            Wire::Doubles => Form::Reals(self.count.unwrap_or(0)),
            Wire::Text | Wire::Timestamp | Wire::Bytes | Wire::Ints => {
                Form::Text(usize::try_from(self.longest).unwrap_or(0).max(1))
            }
        };
        Ok(())
    }

    fn lies_in_heap(&self) -> bool {
        match self.wire {
            Wire::Bytes | Wire::Ints => true,
            Wire::Doubles => self.count.is_none(),
            Wire::Text => self.longest > LONGEST_IN_ROW,
            _ => false,
        }
    }

    fn stand_in(&self) -> Result<Option<i64>, Error> {
        if !self.nulls {
            return Ok(None);
        }
        match self.stand_ins.iter().find(|(_, taken)| !taken) {
            Some((number, _)) => Ok(Some(*number)),
            None => Err(Error::Data(format!(
                "the column {} leaves no integer to stand for NULL in FITS; \
                 ask for another RESPONSEFORMAT",
                self.name
            ))),
        }
    }

    pub fn is_in_heap(&self) -> bool {
        matches!(self.form, Form::Heap { .. })
    }

    /// TFORM (section 7.3.1, table 18; 7.3.5 for the heap).
    pub fn format(&self) -> String {
        let letter = match self.wire {
            Wire::Bool => 'L',
            Wire::Int2 => 'I',
            Wire::Int4 | Wire::Ints => 'J',
            Wire::Int8 => 'K',
            Wire::Float4 => 'E',
            Wire::Float8 | Wire::Doubles => 'D',
            Wire::Text | Wire::Timestamp => 'A',
            Wire::Bytes => 'B',
        };
        match self.form {
            Form::Logical | Form::Integer(_) | Form::Real => letter.to_string(),
            Form::Reals(count) | Form::Text(count) => format!("{count}{letter}"),
            Form::Heap { wide } => {
                let pointer = if wide { 'Q' } else { 'P' };
                format!("{pointer}{letter}({})", self.longest / self.item())
            }
        }
    }

    /// TNULL.
    pub fn null(&self) -> Option<i64> {
        match self.form {
            Form::Integer(null) => null,
            _ => None,
        }
    }

    /// Bytes in the row.
    pub fn width(&self) -> usize {
        match (self.form, self.wire) {
            (Form::Reals(count), _) => 8 * count,
            (Form::Text(length), _) => length,
            (Form::Heap { wide }, _) => 8 << usize::from(wide),
            (_, Wire::Bool) => 1,
            (_, Wire::Int2) => 2,
            (_, Wire::Int4 | Wire::Float4) => 4,
            _ => 8,
        }
    }

    /// Appends a prepared cell to the row, with its place if it lies in the
    /// heap.
    pub fn write(&self, value: Option<&[u8]>, heap: &mut u64, out: &mut Vec<u8>) {
        let width = self.width();
        let end = out.len() + width;
        match (self.form, value) {
            (Form::Heap { wide }, value) => {
                let bytes = value.map_or(0, |value| value.len() as u64);
                let (items, place) = (bytes / self.item(), *heap);
                *heap += bytes;
                if wide {
                    out.extend_from_slice(&items.to_be_bytes());
                    out.extend_from_slice(&place.to_be_bytes());
                } else {
                    // The heap is known to be smaller than 2 GB.
                    out.extend_from_slice(&(items as u32).to_be_bytes());
                    out.extend_from_slice(&(place as u32).to_be_bytes());
                }
            }
            (_, Some(value)) => out.extend_from_slice(value),
            (Form::Integer(Some(null)), None) => {
                let bytes = null.to_be_bytes();
                out.extend_from_slice(bytes.get(8 - width..).unwrap_or_default());
            }
            (Form::Real, None) if self.wire == Wire::Float4 => {
                out.extend_from_slice(&f32::NAN.to_be_bytes());
            }
            (Form::Real | Form::Reals(_), None) => {
                while out.len() < end {
                    out.extend_from_slice(&f64::NAN.to_be_bytes());
                }
            }
            (_, None) => {}
        }
        // Texts end at the first zero byte; a byte 0 is an unknown boolean.
        out.resize(end, 0);
    }

    /// Bytes of one item in the heap.
    fn item(&self) -> u64 {
        match self.wire {
            Wire::Doubles => 8,
            Wire::Ints => 4,
            _ => 1,
        }
    }
}

/// Appends text in the characters FITS allows (section 4.2.1: 32 to 126);
/// others are escaped as in VOTable's `char`.
pub fn visible(text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            let code = u32::from(character);
            match code {
                0x20..=0x7E => out.push(code as u8),
                0..=0xFFFF => out.extend_from_slice(format!("\\u{code:04x}").as_bytes()),
                _ => out.extend_from_slice(format!("\\U{code:08x}").as_bytes()),
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
}
