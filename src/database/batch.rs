//! Rows as bytes, in one encoding whatever the engine.

use adql::Wire;

/// A run of rows. Cells lie one after the other, row by row, in the encoding
/// of their column's [`Wire`] type (numbers big-endian, as PostgreSQL's binary
/// format and VOTable's BINARY2 have them).
#[derive(Clone, Debug)]
pub struct Batch {
    wires: std::sync::Arc<[Wire]>,
    bytes: Vec<u8>,
    /// One per cell: where it ends in `bytes`, with [`NULL`] set if it is null.
    ends: Vec<u64>,
}

const NULL: u64 = 1 << 63;

impl Batch {
    pub fn new(wires: impl Into<std::sync::Arc<[Wire]>>) -> Batch {
        Batch {
            wires: wires.into(),
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub fn wires(&self) -> &[Wire] {
        &self.wires
    }

    /// Number of whole rows.
    pub fn len(&self) -> usize {
        self.ends.len().checked_div(self.wires.len()).unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes held, for deciding when a batch is full.
    pub fn size(&self) -> usize {
        self.bytes.len() + 8 * self.ends.len()
    }

    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Appends the next cell of the row being written.
    pub fn push(&mut self, cell: Option<&[u8]>) {
        match cell {
            Some(cell) => {
                self.bytes.extend_from_slice(cell);
                self.ends.push(self.bytes.len() as u64);
            }
            None => self.ends.push(self.bytes.len() as u64 | NULL),
        }
    }

    /// The cells of row `row`, in the order of the columns.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Option<&[u8]>> + Clone {
        let width = self.wires.len();
        (row * width..(row + 1) * width).map(|place| self.at(place))
    }

    pub fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        self.at(row * self.wires.len() + column)
    }

    fn at(&self, place: usize) -> Option<&[u8]> {
        let end = self.ends[place];
        if end & NULL != 0 {
            return None;
        }
        let start = match place {
            0 => 0,
            _ => self.ends[place - 1] & !NULL,
        };
        Some(&self.bytes[start as usize..end as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were_put() {
        let mut batch = Batch::new([Wire::Text, Wire::Int2]);
        batch.push(Some(b"M31"));
        batch.push(None);
        batch.push(None);
        batch.push(Some(&[0, 7]));
        batch.push(Some(b""));
        batch.push(Some(&[1, 0]));
        assert_eq!(batch.len(), 3);
        let rows: Vec<Vec<_>> = (0..3).map(|r| batch.row(r).collect()).collect();
        assert_eq!(rows[0], [Some(&b"M31"[..]), None]);
        assert_eq!(rows[1], [None, Some(&[0u8, 7][..])]);
        assert_eq!(rows[2], [Some(&b""[..]), Some(&[1u8, 0][..])]);
        assert_eq!(batch.cell(1, 1), Some(&[0u8, 7][..]));
    }
}
