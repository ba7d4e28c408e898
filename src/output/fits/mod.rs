//! FITS binary tables (FITS 4.0 section 7.3,
//! <https://fits.gsfc.nasa.gov/fits_standard.html>).
//!
//! The header says how many rows there are and how long the texts are, so rows
//! are kept in a file without a name until the last has come (it is gone when
//! the answer or the program is). A query that fails half-way is an error
//! therefore, never half a file. The header's QSTATUS is `OK` or `OVERFLOW`.
//!
//! - NULL: TNULL of integer columns is a value that no row has; booleans have
//!   a byte 0; floating-point numbers are NaN, so that NULL and NaN are one;
//!   NULL and empty text are one, as FITS has but one of them.
//! - Text is ASCII: other characters are written `\uNNNN`, `\UNNNNNNNN` or, if
//!   they are no characters, `\xNN`, as in VOTable's `char`. Texts of up to 256
//!   bytes stand in the row, longer ones, polygons, lists and
//!   bytes in the heap.
//! - Units, UCDs, utypes, xtypes and descriptions are TUNIT, TUCD, TUTYP, TXTYP
//!   and TCOMM, as STILTS and astropy read them.
//!
//! Why is there a writer of our own? Those there are (`fitsio`) need the C
//! library and the number of rows beforehand, or hold the table in memory.

mod column;
mod header;
mod spool;

use std::io;

use self::column::Field;
use self::spool::{Reader, Spool};
use super::encoder::{Ending, broken};
use super::{CHUNK, Table};
use crate::database::{Batch, Error};

/// FITS is written in blocks of so many bytes (section 3.1).
const BLOCK: usize = 2880;

/// Bytes that an answer may take on disk: one question must not fill it.
const MOST_BYTES: u64 = 16 << 30;

/// TFIELDS at most (section 7.3.1).
const MOST_COLUMNS: usize = 999;

pub struct Fits {
    fields: Vec<Field>,
    infos: Vec<(String, String)>,
    stage: Stage,
    /// Rows gathered.
    rows: u64,
    /// Where the next value in the heap lies.
    heap: u64,
    /// Scratch for a cell.
    cell: Vec<u8>,
}

enum Stage {
    Gathering(Spool),
    /// The rows, then what lies in the heap.
    Rows(Reader),
    Heap(Reader),
    Done,
}

impl Fits {
    pub fn new(table: &Table) -> Result<Fits, Error> {
        if table.columns.len() > MOST_COLUMNS {
            return Err(Error::Data(format!(
                "a FITS table has at most {MOST_COLUMNS} columns and the answer has {}; \
                 select fewer, or ask for another RESPONSEFORMAT",
                table.columns.len()
            )));
        }
        Ok(Fits {
            fields: Field::all(&table.columns),
            infos: table.infos.clone(),
            stage: Stage::Gathering(Spool::new(&table.scratch).map_err(unkept)?),
            rows: 0,
            heap: 0,
            cell: Vec::new(),
        })
    }

    /// Keeps the first `count` rows of `batch`.
    pub fn rows(&mut self, batch: &Batch, count: usize) -> Result<(), Error> {
        let Stage::Gathering(spool) = &mut self.stage else {
            return Ok(());
        };
        for row in 0..count {
            for (field, value) in self.fields.iter_mut().zip(batch.row(row)) {
                let kept = value.map(|value| {
                    self.cell.clear();
                    field.prepare(value, &mut self.cell);
                    self.cell.as_slice()
                });
                field.note(kept);
                spool.put(kept).map_err(unkept)?;
            }
            self.rows += 1;
        }
        if spool.bytes() > MOST_BYTES {
            return Err(Error::Data(format!(
                "the answer is larger than the {} GB that FITS may take here; ask for less, \
                 or for a RESPONSEFORMAT that is sent as it comes",
                MOST_BYTES >> 30
            )));
        }
        Ok(())
    }

    /// Appends the headers; [`more`](Fits::more) gives the rest.
    pub fn finish(&mut self, ending: Ending<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let heap = self.fields.iter().map(Field::heap_bytes).sum();
        for field in &mut self.fields {
            field.settle(heap)?;
        }
        header::primary(out);
        header::table(&self.fields, self.rows, heap, &self.infos, ending, out);
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Gathering(spool) => Stage::Rows(spool.read().map_err(unkept)?),
            done => done,
        };
        Ok(())
    }

    /// Appends about a chunk; `false` after the last.
    pub fn more(&mut self, out: &mut Vec<u8>) -> Result<bool, Error> {
        self.step(out).map_err(unkept)
    }

    fn step(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        match &mut self.stage {
            Stage::Gathering(_) | Stage::Done => return Ok(false),
            Stage::Rows(reader) => {
                while out.len() < CHUNK && !reader.is_at_end() {
                    for field in &self.fields {
                        let value = reader.next(&mut self.cell)?;
                        field.write(value, &mut self.heap, out);
                    }
                }
            }
            Stage::Heap(reader) => {
                while out.len() < CHUNK && !reader.is_at_end() {
                    for field in &self.fields {
                        let value = reader.next(&mut self.cell)?;
                        if let (true, Some(value)) = (field.is_in_heap(), value) {
                            out.extend_from_slice(value);
                        }
                    }
                }
            }
        }
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Rows(reader) if reader.is_at_end() && self.heap > 0 => {
                Stage::Heap(reader.again()?)
            }
            Stage::Rows(reader) | Stage::Heap(reader) if reader.is_at_end() => {
                self.pad(out);
                Stage::Done
            }
            stage => stage,
        };
        Ok(true)
    }

    /// Zeros to the end of the block (section 7.3.2).
    fn pad(&self, out: &mut Vec<u8>) {
        let width: usize = self.fields.iter().map(Field::width).sum();
        let length = self.rows * width as u64 + self.heap;
        let over = (length % BLOCK as u64) as usize;
        out.resize(out.len() + (BLOCK - over) % BLOCK, 0);
    }
}

fn unkept(source: io::Error) -> Error {
    broken(
        "keeping the answer on disk until it is whole failed",
        source,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::encoder::Cut;
    use adql::{Column, Type, Wire};

    fn written(columns: Vec<Column>, batch: &Batch, ending: Ending<'_>) -> Vec<u8> {
        let table = Table::of(columns);
        let mut out = Vec::new();
        let mut fits = Fits::new(&table).unwrap();
        fits.rows(batch, batch.len()).unwrap();
        fits.finish(ending, &mut out).unwrap();
        while fits.more(&mut out).unwrap() {}
        assert_eq!(out.len() % BLOCK, 0);
        out
    }

    /// The cards of both headers that are not blank, and what follows them.
    fn read(bytes: &[u8]) -> (Vec<String>, Vec<u8>) {
        let mut cards = Vec::new();
        let mut ends = 0;
        let mut place = 0;
        while ends < 2 {
            let card = String::from_utf8(bytes[place..place + 80].to_vec()).unwrap();
            place += 80;
            if card.trim_end() == "END" {
                ends += 1;
                place = place.div_ceil(BLOCK) * BLOCK;
            }
            cards.push(card.trim_end().to_owned());
        }
        (cards, bytes[place..].to_vec())
    }

    #[test]
    fn a_table_of_every_type() {
        let kinds = [
            ("b", Type::Boolean),
            ("i", Type::Integer),
            ("d", Type::Double),
            ("t", Type::Text),
            ("w", Type::Timestamp),
            ("p", Type::Point),
            ("r", Type::Polygon),
        ];
        let mut columns = kinds.map(|(name, kind)| Column::new(name, kind)).to_vec();
        columns[2].unit = Some("deg".to_owned());
        columns[2].ucd = Some("pos.eq.ra".to_owned());
        let wires: Vec<Wire> = kinds.iter().map(|(_, kind)| kind.wire()).collect();
        let mut batch = Batch::new(wires);
        let two = [1f64.to_be_bytes(), 2f64.to_be_bytes()].concat();
        let row: [&[u8]; 7] = [
            &[1],
            &i32::MIN.to_be_bytes(),
            &1.5f64.to_be_bytes(),
            "aλ".as_bytes(),
            &0i64.to_be_bytes(),
            &two,
            &two,
        ];
        row.iter().for_each(|cell| batch.push(Some(cell)));
        (0..7).for_each(|_| batch.push(None));
        let (cards, data) = read(&written(
            columns,
            &batch,
            Ending::Overflow(Some(Cut::after(2))),
        ));
        for card in [
            "NAXIS1  =                   63",
            "NAXIS2  =                    2",
            "PCOUNT  =                   16",
            "TFORM1  = 'L       '",
            "TNULL2  =           2147483647",
            "TUNIT3  = 'deg     '",
            "TUCD3   = 'pos.eq.ra'",
            "TFORM4  = '7A      '",
            "TFORM5  = '19A     '",
            "TFORM6  = '2D      '",
            "TFORM7  = 'PD(2)   '",
            "QSTATUS = 'OVERFLOW'           / how the answer ended (DALI QUERY_STATUS)",
        ] {
            assert!(
                cards.iter().any(|c| c.starts_with(card)),
                "{card} is not in {cards:#?}"
            );
        }
        let mut expected = vec![b'T'];
        expected.extend(i32::MIN.to_be_bytes());
        expected.extend(1.5f64.to_be_bytes());
        expected.extend(b"a\\u03bb2000-01-01T00:00:00");
        expected.extend(&two);
        expected.extend([0, 0, 0, 2, 0, 0, 0, 0]);
        expected.push(0);
        expected.extend(i32::MAX.to_be_bytes());
        expected.extend(f64::NAN.to_be_bytes());
        expected.extend([0; 26]);
        expected.extend([f64::NAN.to_be_bytes(), f64::NAN.to_be_bytes()].concat());
        expected.extend([0, 0, 0, 0, 0, 0, 0, 16]);
        expected.extend(&two);
        assert_eq!(data[..expected.len()], expected);
        assert!(data[expected.len()..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn null_is_a_value_that_no_row_has() {
        let mut batch = Batch::new([Wire::Int2]);
        for number in [i16::MIN, i16::MAX, 5] {
            batch.push(Some(&number.to_be_bytes()));
        }
        let columns = vec![Column::new("n", Type::SmallInt)];
        let (cards, _) = read(&written(columns.clone(), &batch, Ending::Complete));
        assert!(!cards.iter().any(|card| card.starts_with("TNULL1")));
        batch.push(None);
        let (cards, data) = read(&written(columns, &batch, Ending::Complete));
        assert!(
            cards
                .iter()
                .any(|card| card == "TNULL1  =               -32767")
        );
        assert_eq!(data[6..8], (-32767i16).to_be_bytes());
    }

    #[test]
    fn an_empty_answer_is_a_table_without_rows() {
        let columns = vec![Column::new("t", Type::Text)];
        let (cards, data) = read(&written(
            columns,
            &Batch::new([Wire::Text]),
            Ending::Complete,
        ));
        assert!(
            cards
                .iter()
                .any(|card| card.starts_with("NAXIS2  =                    0"))
        );
        assert!(data.is_empty());
    }

    #[test]
    fn long_texts_lie_in_the_heap() {
        let mut batch = Batch::new([Wire::Text]);
        let long = "x".repeat(300);
        batch.push(Some(long.as_bytes()));
        batch.push(Some(b"y"));
        let columns = vec![Column::new("t", Type::Text)];
        let (cards, data) = read(&written(columns, &batch, Ending::Complete));
        assert!(cards.iter().any(|card| card == "TFORM1  = 'PA(300) '"));
        assert_eq!(
            data[..16],
            [0, 0, 1, 44, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 44]
        );
        assert_eq!(data[16..317], *format!("{long}y").as_bytes());
    }
}
