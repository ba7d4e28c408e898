//! The end of a Parquet file, looked at before it is read: whoever reads it
//! calls itself for every group within a group, and a file of a few kilobytes
//! can have more of those than a program has stack.
//!
//! The end is `FileMetaData` in Thrift's compact protocol; of it this knows
//! the list of the schema's elements and no more.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Groups within groups that are let through.
const DEPTH: usize = 16;
/// Elements of a schema.
const ELEMENTS: u64 = 1 << 16;
/// Bytes of the metadata.
const BYTES: u64 = 64 << 20;

const DAMAGED: &str = "its Parquet footer is missing or damaged (was it cut off?)";

/// The same file, if its schema can be read without danger.
pub(super) fn checked(file: File) -> Result<File, &'static str> {
    let length = file.metadata().map_err(|_| DAMAGED)?.len();
    let end = length.checked_sub(8).ok_or(DAMAGED)?;
    let mut tail = [0; 8];
    file.read_exact_at(&mut tail, end).map_err(|_| DAMAGED)?;
    let [a, b, c, d, magic @ ..] = tail;
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    if magic != *b"PAR1" {
        return Err(DAMAGED);
    }
    if size > BYTES {
        return Err("its Parquet footer is larger than 64 MB");
    }
    let begin = end.checked_sub(size).ok_or(DAMAGED)?;
    let mut metadata = vec![0; size as usize];
    let read = file.read_exact_at(&mut metadata, begin);
    read.map_err(|_| DAMAGED)?;
    match (Compact { rest: &metadata }).depth() {
        Some(depth) if depth <= DEPTH => Ok(file),
        Some(_) => Err("its Parquet columns have groups within groups, which are not read"),
        None => Err(DAMAGED),
    }
}

/// What is still to be read.
struct Compact<'a> {
    rest: &'a [u8],
}

/// Types of the compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Compact<'_> {
    /// The deepest nesting of the schema; `None` if this is no metadata.
    fn depth(&mut self) -> Option<usize> {
        let mut field = 0;
        loop {
            let kind = self.field(&mut field)?;
            // FileMetaData has the schema as its second field.
            match (kind, field) {
                (0, _) => return Some(0),
                (LIST, 2) => return self.schema(),
                _ => self.skip(kind, 0)?,
            }
        }
    }

    fn schema(&mut self) -> Option<usize> {
        let (kind, count) = self.list()?;
        if kind != STRUCT || count > ELEMENTS {
            return None;
        }
        // Children that are still to come, of every group that is open.
        let mut open: Vec<u64> = Vec::new();
        let mut deepest = 0;
        for _ in 0..count {
            let children = self.element()?;
            if let Some(last) = open.last_mut() {
                *last = last.checked_sub(1)?;
            }
            if children > 0 {
                open.push(children);
                deepest = deepest.max(open.len());
                if deepest > DEPTH {
                    return Some(deepest);
                }
            }
            while open.last() == Some(&0) {
                open.pop();
            }
        }
        Some(deepest)
    }

    /// The number of children of an element of the schema, its fifth field.
    fn element(&mut self) -> Option<u64> {
        let (mut field, mut children) = (0, 0);
        loop {
            match (self.field(&mut field)?, field) {
                (0, _) => return Some(children),
                (BYTE..=I64, 5) => children = self.signed()?.try_into().ok()?,
                (kind, _) => self.skip(kind, 0)?,
            }
        }
    }

    /// The type of the next field, 0 after the last.
    fn field(&mut self, number: &mut i64) -> Option<u8> {
        let head = self.byte()?;
        if head != 0 {
            *number = match head >> 4 {
                0 => self.signed()?,
                step => number.checked_add(i64::from(step))?,
            };
        }
        Some(head & 15)
    }

    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            count => count.into(),
        };
        Some((head & 15, count))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match kind {
            TRUE | FALSE => {}
            BYTE => drop(self.byte()?),
            4..=I64 => drop(self.unsigned()?),
            DOUBLE => self.pass(8)?,
            BINARY => {
                let count = self.unsigned()?;
                self.pass(count)?;
            }
            LIST | 10 => {
                let (kind, count) = self.list()?;
                for _ in 0..count {
                    match kind {
                        // In a list a truth value is a byte.
                        TRUE | FALSE => self.pass(1)?,
                        kind => self.skip(kind, depth + 1)?,
                    }
                }
            }
            STRUCT => {
                let mut field = 0;
                loop {
                    match self.field(&mut field)? {
                        0 => break,
                        kind => self.skip(kind, depth + 1)?,
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    /// Zigzag: 0, -1, 1, -2, ….
    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metadata whose schema has elements with so many children each.
    fn metadata(children: &[u8]) -> Vec<u8> {
        // Field 1, an i32; field 2, a list of structs.
        let mut bytes = vec![0x15, 2, 0x19, 0xfc, children.len() as u8];
        for &count in children {
            // Field 4, a text; field 5, an i32, zigzag.
            bytes.extend([0x48, 1, b'a', 0x15, count * 2, 0]);
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn groups_within_groups_are_counted() {
        fn check(children: &[u8], depth: Option<usize>) {
            let metadata = metadata(children);
            assert_eq!((Compact { rest: &metadata }).depth(), depth);
        }
        check(&[2, 0, 0], Some(1));
        check(&[2, 1, 1, 0, 0], Some(3));
        check(&[1; 100], Some(DEPTH + 1));
        check(&[], Some(0));
        let cut = &metadata(&[2, 0, 0])[..10];
        assert_eq!((Compact { rest: cut }).depth(), None);
    }
}
