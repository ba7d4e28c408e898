//! TABLEDATA: cells as text (VOTable 1.4 §5.1, §6).

use crate::binary::Column;
use crate::field::{Datatype, Length};
use crate::writer::Counts;
use crate::{text, xml};

/// `scratch` is a place for text that must be rewritten.
pub(crate) fn row<'a>(
    columns: &[Column],
    cells: impl Iterator<Item = Option<&'a [u8]>>,
    scratch: &mut Vec<u8>,
    counts: &mut Counts,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"<TR>");
    for (column, cell) in columns.iter().zip(cells) {
        match cell {
            None | Some([]) => out.extend_from_slice(b"<TD/>"),
            Some(cell) => {
                out.extend_from_slice(b"<TD>");
                value(column, cell, scratch, counts, out);
                out.extend_from_slice(b"</TD>");
            }
        }
    }
    out.extend_from_slice(b"</TR>\n");
}

fn value(
    column: &Column,
    cell: &[u8],
    scratch: &mut Vec<u8>,
    counts: &mut Counts,
    out: &mut Vec<u8>,
) {
    match column.datatype {
        Datatype::Char | Datatype::UnicodeChar => {
            let ascii = column.datatype == Datatype::Char;
            if cell.is_ascii() || (!ascii && str::from_utf8(cell).is_ok()) {
                xml::utf8(cell, out);
            } else {
                scratch.clear();
                counts.escaped += u64::from(text::visible(cell, ascii, scratch));
                xml::utf8(scratch, out);
            }
        }
        Datatype::Bit => bits(column.length, cell, out),
        _ => {
            let mut primitives = column.primitives(cell);
            counts.fitted += u64::from(!primitives.remainder().is_empty());
            if column.length == Length::Scalar {
                if let Some(primitive) = primitives.next() {
                    number(column.datatype, primitive, out);
                }
                return;
            }
            for (place, primitive) in primitives.enumerate() {
                if place > 0 {
                    out.push(b' ');
                }
                number(column.datatype, primitive, out);
            }
        }
    }
}

fn number(datatype: Datatype, bytes: &[u8], out: &mut Vec<u8>) {
    match (datatype, bytes) {
        (Datatype::Boolean, [byte]) => {
            out.extend_from_slice(if *byte == 0 {
                b"false"
            } else {
                b"true".as_slice()
            });
        }
        (Datatype::UnsignedByte, [byte]) => integer(*byte, out),
        (Datatype::Short, &[a, b]) => integer(i16::from_be_bytes([a, b]), out),
        (Datatype::Int, &[a, b, c, d]) => integer(i32::from_be_bytes([a, b, c, d]), out),
        (Datatype::Long, &[a, b, c, d, e, f, g, h]) => {
            integer(i64::from_be_bytes([a, b, c, d, e, f, g, h]), out)
        }
        (Datatype::Float, &[a, b, c, d]) => float(f32::from_be_bytes([a, b, c, d]), out),
        (Datatype::Double, &[a, b, c, d, e, f, g, h]) => {
            float(f64::from_be_bytes([a, b, c, d, e, f, g, h]), out)
        }
        (Datatype::FloatComplex, bytes) => pair(Datatype::Float, bytes, out),
        (Datatype::DoubleComplex, bytes) => pair(Datatype::Double, bytes, out),
        _ => {}
    }
}

fn pair(part: Datatype, bytes: &[u8], out: &mut Vec<u8>) {
    let (real, imaginary) = bytes.split_at(bytes.len() / 2);
    number(part, real, out);
    out.push(b' ');
    number(part, imaginary, out);
}

fn integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The shortest text that reads back as the same number; the three special
/// values as §6 spells them.
fn float(value: impl zmij::Float + Into<f64> + Copy, out: &mut Vec<u8>) {
    let wide: f64 = value.into();
    if wide.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else if wide.is_nan() {
        out.extend_from_slice(b"NaN");
    } else {
        out.extend_from_slice(if wide > 0.0 { b"+Inf" } else { b"-Inf" });
    }
}

/// As many digits as the field declares; all bits of the cell if it is open.
/// With blanks between them: §6 asks for a sequence of 0 and 1, which STILTS
/// reads with blanks only, and others either way.
fn bits(length: Length, cell: &[u8], out: &mut Vec<u8>) {
    let count = match length {
        Length::Scalar => 1,
        Length::Fixed(count) => count,
        Length::Variable => usize::MAX,
    };
    let digits = cell
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte << bit & 0x80 != 0));
    for (place, bit) in digits.take(count).enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        out.push(if bit { b'1' } else { b'0' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;
    use crate::writer::Serialization;

    #[test]
    fn cells_become_text() {
        fn check(datatype: Datatype, arraysize: &str, cell: &[u8], expected: &str) {
            let arraysize = (!arraysize.is_empty()).then(|| arraysize.to_owned());
            let field = Field {
                arraysize,
                ..Field::new("x", datatype)
            };
            let column = Column::new(&field, Serialization::TableData);
            let mut out = Vec::new();
            row(
                &[column],
                [Some(cell)].into_iter(),
                &mut Vec::new(),
                &mut Counts::default(),
                &mut out,
            );
            let out = String::from_utf8_lossy(&out);
            let out = out.strip_prefix("<TR><TD>").unwrap_or(&out);
            assert_eq!(out.strip_suffix("</TD></TR>\n").unwrap_or(out), expected);
        }
        use Datatype::*;
        check(Double, "", &0.1f64.to_be_bytes(), "0.1");
        check(Double, "", &1e300f64.to_be_bytes(), "1e+300");
        check(Double, "", &(-1.5e-7f64).to_be_bytes(), "-1.5e-7");
        check(Double, "", &f64::NAN.to_be_bytes(), "NaN");
        check(Double, "", &f64::INFINITY.to_be_bytes(), "+Inf");
        check(Double, "", &f64::NEG_INFINITY.to_be_bytes(), "-Inf");
        check(Float, "", &0.1f32.to_be_bytes(), "0.1");
        check(Long, "", &i64::MIN.to_be_bytes(), "-9223372036854775808");
        check(Short, "*", &[0, 1, 0xff, 0xff], "1 -1");
        check(UnsignedByte, "3", &[0, 128, 255], "0 128 255");
        check(Boolean, "", &[1], "true");
        check(Boolean, "*", &[1, 0], "true false");
        check(
            Bit,
            "10",
            &[0b1010_0000, 0b0100_0000],
            "1 0 1 0 0 0 0 0 0 1",
        );
        check(Bit, "", &[0x80], "1");
        check(Char, "*", b"a<b", "a&lt;b");
        check(Char, "*", "é".as_bytes(), "\\u00e9");
        check(UnicodeChar, "*", "é\u{1}".as_bytes(), "é\u{fffd}");
        check(FloatComplex, "", &[0x3f, 0x80, 0, 0, 0, 0, 0, 0], "1.0 0.0");
    }
}
