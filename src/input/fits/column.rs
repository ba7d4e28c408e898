//! Columns of a binary table and the values in their cells (FITS 4.0 sections
//! 7.3.1 to 7.3.3).

use ::votable::{Datatype, Field};

use super::super::{List, Value};
use super::header::Header;

/// A column of a binary table.
pub struct Column {
    /// Its name, type and unit.
    pub field: Field,
    form: Form,
    null: Option<i64>,
    scale: Scale,
}

/// `rT`, or `1Pt(max)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    kind: u8,
    repeat: u64,
    /// The letter of the descriptor, `P` or `Q`.
    descriptor: Option<u8>,
}

/// What is stored times TSCAL plus TZERO is what is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    None,
    /// Whole numbers, moved (section 7.3.2: unsigned ones).
    Whole(i64),
    Real {
        scale: f64,
        zero: f64,
    },
}

/// The columns that a header says.
///
/// # Errors
///
/// A sentence about the header.
pub fn all(header: &Header) -> Result<Vec<Column>, String> {
    let count = header.size("TFIELDS")?;
    if count > 999 {
        return Err(format!(
            "its header says {count} columns, and a FITS table has 999 at most"
        ));
    }
    (1..=count).map(|number| column(header, number)).collect()
}

fn column(header: &Header, number: u64) -> Result<Column, String> {
    let text = |keyword: &str| header.text(&format!("{keyword}{number}"));
    let tform = text("TFORM").ok_or_else(|| format!("its header does not say TFORM{number}"))?;
    let form = Form::read(tform.trim())
        .ok_or_else(|| format!("TFORM{number} is '{}', which is no type", tform.trim()))?;
    let real = |keyword: &str| header.real(&format!("{keyword}{number}"));
    let (scale, zero) = (real("TSCAL").unwrap_or(1.0), real("TZERO").unwrap_or(0.0));
    let null = header.number(&format!("TNULL{number}"));
    let (datatype, scale) = match (form.kind, scale == 1.0, zero) {
        (b'L', ..) => (Datatype::Boolean, Scale::None),
        (b'X', ..) => (Datatype::Bit, Scale::None),
        (b'A', ..) => (Datatype::UnicodeChar, Scale::None),
        (b'B', true, 0.0) => (Datatype::UnsignedByte, Scale::None),
        (b'B', true, -128.0) => (Datatype::Short, Scale::Whole(-128)),
        (b'I', true, 0.0) => (Datatype::Short, Scale::None),
        (b'I', true, 32768.0) => (Datatype::Int, Scale::Whole(1 << 15)),
        (b'J', true, 0.0) => (Datatype::Int, Scale::None),
        (b'J', true, 2147483648.0) => (Datatype::Long, Scale::Whole(1 << 31)),
        (b'K', true, 0.0) => (Datatype::Long, Scale::None),
        (b'E', true, 0.0) => (Datatype::Float, Scale::None),
        (b'D', true, 0.0) => (Datatype::Double, Scale::None),
        (b'C', ..) => (Datatype::FloatComplex, Scale::None),
        (b'M', ..) => (Datatype::DoubleComplex, Scale::None),
        (_, _, zero) => {
            let scale = real("TSCAL").unwrap_or(1.0);
            (Datatype::Double, Scale::Real { scale, zero })
        }
    };
    // Dimensions, the fastest first in both (section 7.3.2, VOTable 1.4
    // section 2.2).
    let dimensions = text("TDIM").and_then(|text| {
        let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?.to_owned();
        let numbers: Vec<u64> = inside
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect::<Option<_>>()?;
        let product = numbers
            .iter()
            .try_fold(1u64, |product, number| product.checked_mul(*number))?;
        (product == form.repeat && numbers.len() > 1).then(|| {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            numbers.join("x")
        })
    });
    let arraysize = match (form.descriptor, form.kind, form.repeat) {
        (Some(_), ..) | (None, b'A', _) => Some("*".to_owned()),
        (None, _, 1) => None,
        (None, _, repeat) => Some(dimensions.unwrap_or_else(|| repeat.to_string())),
    };
    let name = text("TTYPE").unwrap_or_default();
    let xtype = text("TXTYP").or_else(|| text("TXTYPE"));
    let ascii = matches!(xtype.as_deref(), Some("timestamp" | "adql:REGION"));
    Ok(Column {
        field: Field {
            arraysize,
            unit: text("TUNIT"),
            ucd: text("TUCD"),
            utype: text("TUTYP").or_else(|| text("TUTYPE")),
            xtype,
            description: text("TCOMM"),
            null: match scale {
                Scale::None => null,
                Scale::Whole(zero) => null.map(|null| null.saturating_add(zero)),
                Scale::Real { .. } => None,
            },
            ..Field::new(
                name.trim(),
                match ascii {
                    true => Datatype::Char,
                    false => datatype,
                },
            )
        },
        form,
        null,
        scale,
    })
}

impl Form {
    fn read(text: &str) -> Option<Form> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (repeat, rest) = text.split_at(digits);
        let repeat = match repeat {
            "" => 1,
            repeat => repeat.parse().ok()?,
        };
        let mut letters = rest.bytes();
        let kind = letters.next()?;
        let form = match kind {
            b'P' | b'Q' => Form {
                kind: letters.next()?,
                repeat,
                descriptor: Some(kind),
            },
            kind => Form {
                kind,
                repeat,
                descriptor: None,
            },
        };
        let known = b"LXABIJKEDCM".contains(&form.kind);
        // A descriptor may be left out altogether, and there is one at most.
        let good = known && (form.descriptor.is_none() || repeat <= 1);
        // So that no later sum overflows.
        (good && repeat < 1 << 32).then_some(form)
    }

    /// Bytes of so many elements.
    fn bytes_of(&self, count: u64) -> Option<u64> {
        Some(match self.kind {
            b'X' => count.div_ceil(8),
            b'L' | b'A' | b'B' => count,
            b'I' => count.checked_mul(2)?,
            b'J' | b'E' => count.checked_mul(4)?,
            b'M' => count.checked_mul(16)?,
            _ => count.checked_mul(8)?,
        })
    }
}

impl Column {
    /// Bytes in the row itself.
    pub fn bytes(&self) -> u64 {
        match self.form.descriptor {
            Some(b'P') => 8 * self.form.repeat,
            Some(_) => 16 * self.form.repeat,
            None => self
                .form
                .bytes_of(self.form.repeat)
                .unwrap_or(u64::MAX >> 20),
        }
    }

    /// Size in bytes (unless that is beyond any number) and place in the heap
    /// of what a cell points to, if it does.
    pub fn descriptor(&self, cell: &[u8]) -> Option<(Option<u64>, u64)> {
        let letter = self.form.descriptor?;
        if cell.is_empty() {
            return Some((Some(0), 0));
        }
        let (count, offset) = cell.split_at(cell.len() / 2);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0u64, |all, byte| all << 8 | u64::from(*byte))
        };
        // The numbers have a sign, and no right to it.
        let bound = if letter == b'P' { 1 << 31 } else { 1 << 63 };
        let (count, offset) = (number(count), number(offset));
        let bytes = self.form.bytes_of(count);
        Some((bytes.filter(|_| count < bound && offset < bound), offset))
    }

    /// What a cell says.
    pub fn value(&self, cell: &[u8]) -> Value {
        if self.form.kind == b'A' {
            return text(cell);
        }
        let single = self.field.arraysize.is_none();
        match self.form.kind {
            b'L' => {
                let mut flags = cell.iter().map(|byte| match byte {
                    b'T' => Some(true),
                    b'F' => Some(false),
                    _ => None,
                });
                match single {
                    true => flags.next().flatten().map_or(Value::Null, Value::Bool),
                    false => Value::List(List::Bools(flags.collect())),
                }
            }
            b'X' => {
                let bits = cell
                    .iter()
                    .flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1));
                let count = match self.form.descriptor {
                    Some(_) => usize::MAX,
                    None => self.form.repeat as usize,
                };
                let mut bits = bits.take(count);
                match single {
                    true => bits.next().map_or(Value::Null, Value::Bool),
                    false => Value::List(List::Bools(bits.map(Some).collect())),
                }
            }
            b'C' | b'M' => {
                let width = if self.form.kind == b'C' { 4 } else { 8 };
                let numbers: Vec<f64> = cell.chunks_exact(width).map(real).collect();
                Value::List(List::Complexes(numbers.as_chunks::<2>().0.to_vec()))
            }
            b'E' | b'D' => {
                let width = if self.form.kind == b'E' { 4 } else { 8 };
                let mut numbers = cell
                    .chunks_exact(width)
                    .map(|bytes| self.scaled(real(bytes)));
                match single {
                    true => numbers.next().map_or(Value::Null, Value::Double),
                    false => Value::Doubles(numbers.collect()),
                }
            }
            kind => {
                let width = match kind {
                    b'B' => 1,
                    b'I' => 2,
                    b'J' => 4,
                    _ => 8,
                };
                let mut numbers = cell.chunks_exact(width).map(whole);
                match (self.scale, single) {
                    (Scale::Real { .. }, true) => {
                        let number = numbers.next().filter(|number| Some(*number) != self.null);
                        number.map_or(Value::Null, |number| {
                            Value::Double(self.scaled(number as f64))
                        })
                    }
                    (Scale::Real { .. }, false) => Value::Doubles(
                        numbers
                            .map(|number| match Some(number) == self.null {
                                true => f64::NAN,
                                false => self.scaled(number as f64),
                            })
                            .collect(),
                    ),
                    (_, true) => {
                        let number = numbers.next().and_then(|number| self.moved(number));
                        number.map_or(Value::Null, Value::Int)
                    }
                    (_, false) => Value::List(List::Ints(
                        numbers.map(|number| self.moved(number)).collect(),
                    )),
                }
            }
        }
    }

    fn scaled(&self, number: f64) -> f64 {
        match self.scale {
            Scale::Real { scale, zero } => number * scale + zero,
            _ => number,
        }
    }

    fn moved(&self, number: i64) -> Option<i64> {
        let zero = match self.scale {
            Scale::Whole(zero) => zero,
            _ => 0,
        };
        (Some(number) != self.null).then(|| number.saturating_add(zero))
    }
}

/// Text ends at the first NUL (section 7.3.3.1), and blanks fill it up. There
/// is no other way to say that there is none.
fn text(cell: &[u8]) -> Value {
    let text = cell.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    match text.trim_end_matches(' ') {
        "" => Value::Null,
        text => Value::Text(text.to_owned()),
    }
}

/// Big-endian; a single byte has no sign.
fn whole(bytes: &[u8]) -> i64 {
    let bits = bytes
        .iter()
        .fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    match bytes.len() {
        2 => i64::from(bits as u16 as i16),
        4 => i64::from(bits as u32 as i32),
        _ => bits as i64,
    }
}

fn real(bytes: &[u8]) -> f64 {
    let bits = bytes
        .iter()
        .fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    match bytes.len() {
        4 => f64::from(f32::from_bits(bits as u32)),
        _ => f64::from_bits(bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read() {
        fn check(text: &str, expected: Option<(u8, u64, Option<u8>)>) {
            let form = Form::read(text).map(|form| (form.kind, form.repeat, form.descriptor));
            assert_eq!(form, expected, "{text}");
        }
        check("D", Some((b'D', 1, None)));
        check("12A", Some((b'A', 12, None)));
        check("1PE(100)", Some((b'E', 1, Some(b'P'))));
        check("QJ(5)", Some((b'J', 1, Some(b'Q'))));
        check("2PE", None);
        check("Z", None);
        check("99999999999D", None);
    }
}
