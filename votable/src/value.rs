//! Values as read, from text and from bytes (VOTable 1.4 §5.5, §6).

use crate::field::{Datatype, Field, Length};

/// One cell. Integers of all widths are `i64` and floats `f64`; the field's
/// datatype says how wide they were.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Real and imaginary part.
    Complex([f64; 2]),
    Text(String),
    Bools(Vec<Option<bool>>),
    /// `None` where an element is the field's null value.
    Ints(Vec<Option<i64>>),
    Floats(Vec<f64>),
    Complexes(Vec<[f64; 2]>),
    /// A bit scalar or array.
    Bits(Vec<bool>),
}

/// A field, prepared for reading cells.
#[derive(Debug)]
pub(crate) struct Column {
    pub datatype: Datatype,
    pub length: Length,
    null: Option<Magic>,
    /// Strings of equal length one after the other, each filled up with NULs.
    padded: bool,
    /// Text longer than the field says was met.
    pub overlong: bool,
}

/// The value that stands for null.
#[derive(Debug)]
enum Magic {
    Int(i64),
    Float(f64),
    Text(String),
}

impl Column {
    /// `null` is the text of `VALUES null`.
    pub fn new(field: &Field, null: Option<&str>) -> Column {
        let datatype = field.datatype;
        let null = null.and_then(|null| match datatype {
            Datatype::Float | Datatype::Double => float(datatype, null).map(Magic::Float),
            Datatype::Char | Datatype::UnicodeChar => Some(Magic::Text(null.to_owned())),
            _ => integer(datatype, null).map(Magic::Int),
        });
        let arraysize = field.arraysize.as_deref();
        Column {
            datatype,
            length: field.length(),
            null,
            padded: arraysize.is_some_and(|arraysize| arraysize.contains('x')),
            overlong: false,
        }
    }

    /// Bytes of a cell of fixed length, in the binary serialisations.
    pub fn fixed_bytes(&self) -> Option<usize> {
        let count = match self.length {
            Length::Scalar => 1,
            Length::Fixed(count) => count,
            Length::Variable => return None,
        };
        Some(self.bytes_of(count))
    }

    /// Bytes of that many primitives.
    pub fn bytes_of(&self, count: usize) -> usize {
        match self.datatype {
            Datatype::Bit => count.div_ceil(8),
            datatype => count.saturating_mul(datatype.width()),
        }
    }

    /// The value of a TABLEDATA cell, or `None` if it is none.
    pub fn read_text(&self, text: &str) -> Option<Value> {
        if text.is_empty() {
            return Some(Value::Null);
        }
        if self.datatype.is_text() {
            return Some(self.text(text.to_owned()));
        }
        let text = text.trim_ascii();
        if text.is_empty() {
            return Some(Value::Null);
        }
        let scalar = self.length == Length::Scalar;
        let mut words = text.split_ascii_whitespace();
        match self.datatype {
            Datatype::Bit => {
                let digits = text.bytes().filter(|b| !b.is_ascii_whitespace());
                let bit = |b| match b {
                    b'0' => Some(false),
                    b'1' => Some(true),
                    _ => None,
                };
                digits.map(bit).collect::<Option<_>>().map(Value::Bits)
            }
            Datatype::Boolean if scalar => {
                logical(text).map(|value| value.map_or(Value::Null, Value::Bool))
            }
            Datatype::Boolean => words.map(logical).collect::<Option<_>>().map(Value::Bools),
            Datatype::Float | Datatype::Double if scalar => {
                float(self.datatype, text).map(|value| self.float(value))
            }
            Datatype::Float | Datatype::Double => {
                let element = |word| Some(self.element(float(self.datatype, word)?));
                words.map(element).collect::<Option<_>>().map(Value::Floats)
            }
            Datatype::FloatComplex | Datatype::DoubleComplex => {
                let part = if self.datatype == Datatype::FloatComplex {
                    Datatype::Float
                } else {
                    Datatype::Double
                };
                let mut pairs = Vec::new();
                while let Some(real) = words.next() {
                    pairs.push([float(part, real)?, float(part, words.next()?)?]);
                }
                self.complexes(pairs)
            }
            _ if scalar => integer(self.datatype, text).map(|value| self.int(value)),
            _ => {
                let element = |word| Some(self.unless_null(integer(self.datatype, word)?));
                words.map(element).collect::<Option<_>>().map(Value::Ints)
            }
        }
    }

    /// The value of `count` primitives in a binary serialisation, and whether
    /// its text was in an encoding that had to be guessed.
    pub fn read_bytes(&self, bytes: &[u8], count: usize) -> (Value, bool) {
        let scalar = self.length == Length::Scalar;
        let mut guessed = false;
        let value = match self.datatype {
            Datatype::Char => {
                let end = bytes.iter().position(|b| *b == 0 && !self.padded);
                let bytes = &bytes[..end.unwrap_or(bytes.len())];
                let text = match str::from_utf8(bytes) {
                    Ok(text) => text.to_owned(),
                    Err(_) => {
                        guessed = true;
                        bytes.iter().map(|b| char::from(*b)).collect()
                    }
                };
                self.text(text)
            }
            Datatype::UnicodeChar => {
                let units = bytes.chunks_exact(2).map(|unit| big_endian(unit) as u16);
                let units = units.take_while(|unit| *unit != 0 || self.padded);
                let text =
                    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
                self.text(text.collect())
            }
            // A single bit fills a byte, and astropy (7.1) sets its fourth and
            // not its first.
            Datatype::Bit if scalar => Value::Bits(vec![bytes.iter().any(|byte| *byte != 0)]),
            Datatype::Bit => {
                let bits = bytes
                    .iter()
                    .flat_map(|byte| (0..8).map(move |bit| byte << bit & 0x80 != 0));
                Value::Bits(bits.take(count).collect())
            }
            Datatype::Boolean if scalar => bytes
                .first()
                .and_then(|b| flag(*b))
                .map_or(Value::Null, Value::Bool),
            Datatype::Boolean => Value::Bools(bytes.iter().map(|b| flag(*b)).collect()),
            Datatype::Float | Datatype::Double => {
                let mut floats = bytes.chunks_exact(self.datatype.width()).map(floating);
                match scalar {
                    true => floats.next().map_or(Value::Null, |value| self.float(value)),
                    false => Value::Floats(floats.map(|value| self.element(value)).collect()),
                }
            }
            Datatype::FloatComplex | Datatype::DoubleComplex => {
                let pair = |pair: &[u8]| {
                    let (real, imaginary) = pair.split_at(pair.len() / 2);
                    [floating(real), floating(imaginary)]
                };
                let pairs = bytes
                    .chunks_exact(self.datatype.width())
                    .map(pair)
                    .collect();
                self.complexes(pairs).unwrap_or(Value::Null)
            }
            Datatype::UnsignedByte | Datatype::Short | Datatype::Int | Datatype::Long => {
                let mut ints = bytes
                    .chunks_exact(self.datatype.width())
                    .map(|b| signed(self.datatype, big_endian(b)));
                match scalar {
                    true => ints.next().map_or(Value::Null, |value| self.int(value)),
                    false => Value::Ints(ints.map(|value| self.unless_null(value)).collect()),
                }
            }
        };
        (value, guessed)
    }

    fn text(&self, mut text: String) -> Value {
        if self.padded && text.contains('\0') {
            text = text.trim_end_matches('\0').replace('\0', " ");
        }
        match &self.null {
            Some(Magic::Text(null)) if *null == text => Value::Null,
            _ => Value::Text(text),
        }
    }

    fn int(&self, value: i64) -> Value {
        self.unless_null(value).map_or(Value::Null, Value::Int)
    }

    fn unless_null(&self, value: i64) -> Option<i64> {
        match self.null {
            Some(Magic::Int(null)) if null == value => None,
            _ => Some(value),
        }
    }

    fn float(&self, value: f64) -> Value {
        match self.null {
            Some(Magic::Float(null)) if null == value => Value::Null,
            _ => Value::Float(value),
        }
    }

    /// An element of an array, which has no null but NaN.
    fn element(&self, value: f64) -> f64 {
        match self.null {
            Some(Magic::Float(null)) if null == value => f64::NAN,
            _ => value,
        }
    }

    fn complexes(&self, pairs: Vec<[f64; 2]>) -> Option<Value> {
        match (self.length, &*pairs) {
            (Length::Scalar, [pair]) => Some(Value::Complex(*pair)),
            (Length::Scalar, _) => None,
            _ => Some(Value::Complexes(pairs)),
        }
    }
}

fn logical(text: &str) -> Option<Option<bool>> {
    match text {
        "T" | "t" | "1" => Some(Some(true)),
        "F" | "f" | "0" => Some(Some(false)),
        "?" => Some(None),
        _ if text.eq_ignore_ascii_case("true") => Some(Some(true)),
        _ if text.eq_ignore_ascii_case("false") => Some(Some(false)),
        _ => None,
    }
}

/// The logical byte of the binary serialisations. Bytes 1 and 0 are against the
/// standard and met in the wild; 0 is null by the standard.
fn flag(byte: u8) -> Option<bool> {
    match byte {
        b'T' | b't' | b'1' | 1 => Some(true),
        b'F' | b'f' | b'0' => Some(false),
        _ => None,
    }
}

/// As wide as the datatype, so that a `float` reads as it would from bytes.
fn float(datatype: Datatype, text: &str) -> Option<f64> {
    let text = text.trim_ascii();
    match datatype {
        Datatype::Float => text.parse::<f32>().ok().map(f64::from),
        _ => text.parse().ok(),
    }
}

/// Decimal with an optional sign, or the bits in hexadecimal after `0x`.
fn integer(datatype: Datatype, text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let bits = u64::from_str_radix(digits, 16).ok()?;
        let held = 8 * datatype.width();
        let fits = !digits.starts_with('+') && (held >= 64 || bits >> held == 0);
        return fits.then(|| signed(datatype, bits));
    }
    let value = text.parse().ok()?;
    let (least, most) = datatype.integer_range()?;
    (least..=most).contains(&value).then_some(value)
}

/// Up to eight bytes as a number.
fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn signed(datatype: Datatype, bits: u64) -> i64 {
    match datatype {
        Datatype::Short => i64::from(bits as u16 as i16),
        Datatype::Int => i64::from(bits as u32 as i32),
        _ => bits as i64,
    }
}

fn floating(bytes: &[u8]) -> f64 {
    match bytes.len() {
        4 => f64::from(f32::from_bits(big_endian(bytes) as u32)),
        _ => f64::from_bits(big_endian(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_values() {
        use Datatype::{Bit, Boolean, Char, Double, DoubleComplex, Short, UnsignedByte};
        use Value::{Bits, Bool, Bools, Complex, Complexes, Floats, Ints, Null, Text};
        fn check(datatype: Datatype, arraysize: &str, text: &str, expected: Option<Value>) {
            let arraysize = (!arraysize.is_empty()).then(|| arraysize.to_owned());
            let field = Field {
                arraysize,
                ..Field::new("x", datatype)
            };
            assert_eq!(
                Column::new(&field, Some("-9")).read_text(text),
                expected,
                "{text:?}"
            );
        }
        check(Datatype::Int, "", " 12 ", Some(Value::Int(12)));
        check(Datatype::Int, "", "+12", Some(Value::Int(12)));
        check(Datatype::Int, "", "-9", Some(Null));
        check(Datatype::Int, "", "3000000000", None);
        check(Datatype::Int, "", "1.5", None);
        check(Short, "", "0xFFFF", Some(Value::Int(-1)));
        check(Short, "", "0x1FFFF", None);
        check(UnsignedByte, "*", "0xff 0 -9", None);
        check(
            Short,
            "*",
            "1 -9\n3",
            Some(Ints(vec![Some(1), None, Some(3)])),
        );
        check(Double, "", "+Inf", Some(Value::Float(f64::INFINITY)));
        check(Double, "", "-9.0", Some(Null));
        check(Double, "2", "1e3 -2", Some(Floats(vec![1000.0, -2.0])));
        check(
            Datatype::Float,
            "",
            "0.1",
            Some(Value::Float(f64::from(0.1f32))),
        );
        check(Boolean, "", "tRUe", Some(Bool(true)));
        check(Boolean, "", "?", Some(Null));
        check(Boolean, "", "yes", None);
        check(
            Boolean,
            "*",
            "T 0 ?",
            Some(Bools(vec![Some(true), Some(false), None])),
        );
        check(
            Bit,
            "4",
            "10 10",
            Some(Bits(vec![true, false, true, false])),
        );
        check(Bit, "", "2", None);
        check(DoubleComplex, "", "1 2", Some(Complex([1.0, 2.0])));
        check(DoubleComplex, "", "1", None);
        check(
            DoubleComplex,
            "*",
            "1 2 3 4",
            Some(Complexes(vec![[1.0, 2.0], [3.0, 4.0]])),
        );
        check(Char, "*", " a ", Some(Text(" a ".into())));
        check(Char, "*", "-9", Some(Null));
        check(Double, "", "  ", Some(Null));
    }
}
