//! Cells kept in a file without a name, in the order they came.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

/// Stands before a cell that is null; cells are shorter.
const NULL: u32 = u32::MAX;

/// Bytes written and read at once.
const BUFFER: usize = 256 * 1024;

/// Being written.
///
/// The writes go to the page cache, so that they need no thread of their own.
pub struct Spool {
    file: BufWriter<File>,
    bytes: u64,
}

/// Being read; whether there is more is looked up after every cell.
pub struct Reader {
    file: BufReader<File>,
    ended: bool,
}

impl Spool {
    /// In `directory`, which is made if need be; where that is not allowed, in
    /// the system's directory for such files. The file has no name, so that
    /// nothing is left of it however the program ends.
    pub fn new(directory: &Path) -> io::Result<Spool> {
        let here = fs::create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory));
        let file = match here {
            Ok(file) => file,
            Err(_) => tempfile::tempfile()?,
        };
        Ok(Spool {
            file: BufWriter::with_capacity(BUFFER, file),
            bytes: 0,
        })
    }

    /// Written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn put(&mut self, cell: Option<&[u8]>) -> io::Result<()> {
        self.bytes += 4 + cell.map_or(0, |cell| cell.len() as u64);
        let Some(cell) = cell else {
            return self.file.write_all(&NULL.to_le_bytes());
        };
        let length = u32::try_from(cell.len())
            .ok()
            .filter(|&length| length != NULL)
            .ok_or_else(|| io::Error::other("a cell of 4 GB or more"))?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(cell)
    }

    pub fn read(self) -> io::Result<Reader> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        Reader::new(file)
    }
}

impl Reader {
    fn new(mut file: File) -> io::Result<Reader> {
        file.rewind()?;
        let mut reader = Reader {
            file: BufReader::with_capacity(BUFFER, file),
            ended: false,
        };
        reader.look()?;
        Ok(reader)
    }

    /// From the first cell.
    pub fn again(self) -> io::Result<Reader> {
        Reader::new(self.file.into_inner())
    }

    pub fn is_at_end(&self) -> bool {
        self.ended
    }

    /// The next cell, in `cell`.
    pub fn next<'a>(&mut self, cell: &'a mut Vec<u8>) -> io::Result<Option<&'a [u8]>> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        let null = length == NULL;
        if !null {
            cell.resize(length as usize, 0);
            self.file.read_exact(cell)?;
        }
        self.look()?;
        Ok((!null).then_some(cell.as_slice()))
    }

    fn look(&mut self) -> io::Result<()> {
        self.ended = self.file.fill_buf()?.is_empty();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_twice_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("made");
        let mut spool = Spool::new(&directory).unwrap();
        let cells = [Some(&b"abc"[..]), None, Some(b"")];
        cells.iter().for_each(|cell| spool.put(*cell).unwrap());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        let mut reader = spool.read().unwrap();
        for _ in 0..2 {
            let mut scratch = Vec::new();
            for cell in cells {
                assert!(!reader.is_at_end());
                assert_eq!(reader.next(&mut scratch).unwrap(), cell);
            }
            assert!(reader.is_at_end());
            reader = reader.again().unwrap();
        }
    }
}
