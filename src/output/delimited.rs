//! CSV (RFC 4180) and TSV (IANA `text/tab-separated-values`), with a line of
//! names.
//!
//! NULL is an empty field. In CSV empty text is `""`, which readers that tell
//! the two apart (PostgreSQL, DuckDB) take as meant; TSV cannot. What is not
//! finite is `NaN`, `Infinity` or `-Infinity`.
//!
//! Neither has a place to say that MAXREC cut the answer off: it has MAXREC
//! rows then. An answer that fails half-way is broken off.

use adql::{Column, Wire};

use super::cell;
use crate::database::Batch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    Comma,
    Tab,
}

pub fn header(delimiter: Delimiter, columns: &[Column], out: &mut Vec<u8>) {
    for (number, column) in columns.iter().enumerate() {
        if number > 0 {
            out.push(delimiter.byte());
        }
        text(delimiter, column.name.as_bytes(), out);
    }
    out.push(b'\n');
}

/// Appends the first `count` rows of `batch`.
pub fn rows(delimiter: Delimiter, batch: &Batch, count: usize, out: &mut Vec<u8>) {
    let wires = batch.wires();
    for row in 0..count.min(batch.len()) {
        for (number, (value, &wire)) in batch.row(row).zip(wires).enumerate() {
            if number > 0 {
                out.push(delimiter.byte());
            }
            match (value, wire) {
                (None, _) => {}
                (Some(value), Wire::Text) => text(delimiter, value, out),
                (Some(value), _) => cell::write(wire, value, out),
            }
        }
        out.push(b'\n');
    }
}

fn text(delimiter: Delimiter, value: &[u8], out: &mut Vec<u8>) {
    match delimiter {
        Delimiter::Comma => {
            let special = value
                .iter()
                .any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'));
            // A leading or trailing space would be trimmed by many readers.
            let spaced = value.first() == Some(&b' ') || value.last() == Some(&b' ');
            if !special && !spaced && !value.is_empty() {
                return out.extend_from_slice(value);
            }
            out.push(b'"');
            for &byte in value {
                if byte == b'"' {
                    out.push(b'"');
                }
                out.push(byte);
            }
            out.push(b'"');
        }
        // TSV has no way to quote: what would break a line becomes a space.
        Delimiter::Tab => out.extend(value.iter().map(|&byte| match byte {
            b'\t' | b'\n' | b'\r' => b' ',
            _ => byte,
        })),
    }
}

impl Delimiter {
    fn byte(self) -> u8 {
        match self {
            Delimiter::Comma => b',',
            Delimiter::Tab => b'\t',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adql::Type;
    use proptest::prelude::*;

    fn written(delimiter: Delimiter, cells: &[Option<&str>]) -> String {
        let columns: Vec<Column> = (0..cells.len())
            .map(|n| Column::new(format!("c{n}"), Type::Text))
            .collect();
        let mut batch = Batch::new(vec![Wire::Text; cells.len()]);
        for cell in cells {
            batch.push(cell.map(str::as_bytes));
        }
        let mut out = Vec::new();
        header(delimiter, &columns, &mut out);
        rows(delimiter, &batch, 1, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn special_characters_are_kept_or_quoted() {
        use Delimiter::*;
        fn check(delimiter: Delimiter, cells: &[Option<&str>], line: &str) {
            let all = written(delimiter, cells);
            assert_eq!(all.split_once('\n').map(|(_, rows)| rows), Some(line));
        }
        check(Comma, &[Some("a"), None, Some("")], "a,,\"\"\n");
        check(
            Comma,
            &[Some("a,b"), Some("say \"x\"")],
            "\"a,b\",\"say \"\"x\"\"\"\n",
        );
        check(
            Comma,
            &[Some("two\nlines"), Some(" a")],
            "\"two\nlines\",\" a\"\n",
        );
        check(Tab, &[Some("a\tb"), Some("c,d")], "a b\tc,d\n");
        assert_eq!(written(Comma, &[Some("x"), Some("y")]), "c0,c1\nx,y\n");
    }

    proptest! {
        /// What is written is what a CSV reader reads.
        #[test]
        fn csv_comes_back(cells in proptest::collection::vec("\\PC{0,5}[,\"\n\r]?\\PC{0,3}", 1..4)) {
            let given: Vec<Option<&str>> = cells.iter().map(|c| Some(c.as_str())).collect();
            let text = written(Delimiter::Comma, &given);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let record = reader.records().next().and_then(Result::ok);
            let read: Vec<String> = record.iter().flat_map(|r| r.iter().map(str::to_owned)).collect();
            prop_assert_eq!(read, cells);
        }
    }
}
