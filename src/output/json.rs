//! JSON (RFC 8259): an array of objects, or an object on each line.
//!
//! - NULL is `null`; what is not finite, for which JSON has no number, is the
//!   text `"NaN"`, `"Infinity"` or `"-Infinity"`.
//! - A BIGINT beyond ±(2⁵³ − 1) is a text of its digits: JavaScript and all that
//!   reads numbers as doubles (RFC 8259 section 6) would silently change it.
//!   Every other integer is a number.
//! - Positions, shapes and lists are arrays of numbers, as in DALI; times are texts as
//!   in DALI; bytes are texts of hexadecimal digits.
//!
//! There is no place to say that MAXREC cut the answer off: it has MAXREC rows
//! then. An answer that fails half-way is broken off, and the array's `]` is
//! missing.

use adql::{Column, Wire};

use super::cell;
use super::field::unique_names;
use crate::database::Batch;

/// The largest integer that every reader of JSON keeps exact: 2⁵³ − 1.
const SAFE: u64 = (1 << 53) - 1;

/// What stands around the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    Array,
    Lines,
}

/// An answer being written.
pub struct Json {
    frame: Frame,
    members: Members,
    /// Whether there was a row.
    begun: bool,
}

/// The names of the members of an object, in quotes, with their colons.
pub struct Members(Vec<Vec<u8>>);

impl Json {
    pub fn new(frame: Frame, columns: &[Column], out: &mut Vec<u8>) -> Json {
        if frame == Frame::Array {
            out.push(b'[');
        }
        Json {
            frame,
            members: Members::new(columns),
            begun: false,
        }
    }

    /// Appends the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize, out: &mut Vec<u8>) {
        for row in 0..count {
            match (self.frame, self.begun) {
                (Frame::Array, true) => out.extend_from_slice(b",\n"),
                (Frame::Array, false) => out.push(b'\n'),
                (Frame::Lines, _) => {}
            }
            self.begun = true;
            self.members.object(batch, row, |_| true, out);
            if self.frame == Frame::Lines {
                out.push(b'\n');
            }
        }
    }

    pub fn finish(self, out: &mut Vec<u8>) {
        if self.frame == Frame::Array {
            out.extend_from_slice(b"\n]\n");
        }
    }
}

impl Members {
    pub fn new(columns: &[Column]) -> Members {
        let quoted = |name: &String| {
            let mut member = Vec::new();
            string(name.as_bytes(), &mut member);
            member.push(b':');
            member
        };
        Members(unique_names(columns).iter().map(quoted).collect())
    }

    /// Appends a row as an object, but for the columns that `wanted` leaves out.
    pub fn object(
        &self,
        batch: &Batch,
        row: usize,
        wanted: impl Fn(usize) -> bool,
        out: &mut Vec<u8>,
    ) {
        out.push(b'{');
        let mut first = true;
        let cells = batch.row(row).zip(batch.wires());
        for (number, ((cell, &wire), member)) in cells.zip(&self.0).enumerate() {
            if !wanted(number) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(member);
            value(cell, wire, out);
        }
        out.push(b'}');
    }
}

/// Appends a cell.
pub fn value(cell: Option<&[u8]>, wire: Wire, out: &mut Vec<u8>) {
    let Some(cell) = cell else {
        return out.extend_from_slice(b"null");
    };
    match wire {
        Wire::Bool | Wire::Int2 | Wire::Int4 => cell::write(wire, cell, out),
        Wire::Int8 => {
            let exact = cell::integer(wire, cell).is_some_and(|n| n.unsigned_abs() <= SAFE);
            quoted_if(!exact, out, |out| cell::write(wire, cell, out));
        }
        Wire::Float4 => {
            let finite =
                cell::array(cell).is_some_and(|bytes| f32::from_be_bytes(bytes).is_finite());
            quoted_if(!finite, out, |out| cell::write(wire, cell, out));
        }
        Wire::Float8 => double(cell, out),
        Wire::Doubles => {
            out.push(b'[');
            for (number, bytes) in cell.chunks_exact(8).enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                double(bytes, out);
            }
            out.push(b']');
        }
        Wire::Ints => {
            out.push(b'[');
            for (number, bytes) in cell.chunks_exact(4).enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                cell::write(Wire::Int4, bytes, out);
            }
            out.push(b']');
        }
        Wire::Text => string(cell, out),
        Wire::Timestamp | Wire::Bytes => quoted_if(true, out, |out| cell::write(wire, cell, out)),
    }
}

fn double(cell: &[u8], out: &mut Vec<u8>) {
    let finite = cell::array(cell).is_some_and(|bytes| f64::from_be_bytes(bytes).is_finite());
    quoted_if(!finite, out, |out| cell::write(Wire::Float8, cell, out));
}

/// Quotes round a text that needs no escape.
fn quoted_if(quotes: bool, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if quotes {
        out.push(b'"');
    }
    write(out);
    if quotes {
        out.push(b'"');
    }
}

/// Appends text in quotes (RFC 8259 section 7). Bytes that are no UTF-8 become
/// U+FFFD.
pub fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let text = String::from_utf8_lossy(text);
    let mut plain = text.as_bytes();
    while let Some(place) = plain
        .iter()
        .position(|&b| b < 0x20 || b == b'"' || b == b'\\')
    {
        let (before, rest) = plain.split_at(place);
        out.extend_from_slice(before);
        let Some((&byte, rest)) = rest.split_first() else {
            break;
        };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        plain = rest;
    }
    out.extend_from_slice(plain);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::Type;
    use proptest::prelude::*;

    #[test]
    fn cells_keep_their_kind() {
        fn check(wire: Wire, cell: &[u8], expected: &str) {
            let mut out = Vec::new();
            value(Some(cell), wire, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        check(Wire::Bool, &[0], "false");
        check(Wire::Int2, &7i16.to_be_bytes(), "7");
        check(Wire::Int8, &(SAFE as i64).to_be_bytes(), "9007199254740991");
        check(
            Wire::Int8,
            &(1i64 << 53).to_be_bytes(),
            "\"9007199254740992\"",
        );
        check(
            Wire::Int8,
            &i64::MIN.to_be_bytes(),
            "\"-9223372036854775808\"",
        );
        check(Wire::Float4, &0.1f32.to_be_bytes(), "0.1");
        check(Wire::Float8, &(-0.0f64).to_be_bytes(), "-0.0");
        check(Wire::Float8, &1e300f64.to_be_bytes(), "1e+300");
        check(Wire::Float8, &f64::NAN.to_be_bytes(), "\"NaN\"");
        check(Wire::Float8, &f64::INFINITY.to_be_bytes(), "\"Infinity\"");
        check(
            Wire::Text,
            "a\"b\\c\nd\u{1}λ".as_bytes(),
            r#""a\"b\\c\nd\u0001λ""#,
        );
        check(Wire::Text, b"\xff", "\"\u{fffd}\"");
        check(
            Wire::Timestamp,
            &0i64.to_be_bytes(),
            "\"2000-01-01T00:00:00\"",
        );
        check(Wire::Bytes, &[0, 255], "\"00ff\"");
        let two = [1.5f64.to_be_bytes(), f64::NAN.to_be_bytes()].concat();
        check(Wire::Doubles, &two, "[1.5,\"NaN\"]");
        check(Wire::Doubles, &[], "[]");
        let two = [1i32.to_be_bytes(), (-2i32).to_be_bytes()].concat();
        check(Wire::Ints, &two, "[1,-2]");
        let mut out = Vec::new();
        value(None, Wire::Int8, &mut out);
        assert_eq!(out, b"null");
    }

    #[test]
    fn rows_stand_in_an_array_or_on_lines() {
        let columns = [
            Column::new("n", Type::Integer),
            Column::new("n", Type::Text),
        ];
        let mut batch = Batch::new([Wire::Int4, Wire::Text]);
        for number in [1i32, 2] {
            batch.push(Some(&number.to_be_bytes()));
            batch.push((number == 1).then_some(b"x"));
        }
        let check = |frame, count, expected: &str| {
            let mut out = Vec::new();
            let mut json = Json::new(frame, &columns, &mut out);
            json.rows(&batch, count, &mut out);
            json.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check(Frame::Array, 0, "[\n]\n");
        check(Frame::Array, 1, "[\n{\"n\":1,\"n_2\":\"x\"}\n]\n");
        check(
            Frame::Array,
            2,
            "[\n{\"n\":1,\"n_2\":\"x\"},\n{\"n\":2,\"n_2\":null}\n]\n",
        );
        check(
            Frame::Lines,
            2,
            "{\"n\":1,\"n_2\":\"x\"}\n{\"n\":2,\"n_2\":null}\n",
        );
        check(Frame::Lines, 0, "");
    }

    proptest! {
        /// What is written is what a JSON reader reads.
        #[test]
        fn text_comes_back(text in any::<String>()) {
            let mut out = Vec::new();
            string(text.as_bytes(), &mut out);
            let read: String = serde_json::from_slice(&out)?;
            prop_assert_eq!(read, text);
        }
    }
}
