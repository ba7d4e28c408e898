//! Where bytes come from: a file or standard input, counted, and freed of gzip.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::InputError;
use super::error::io_words;

/// What a table is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Path(PathBuf),
    Stdin,
}

impl Source {
    /// As typed on a command line: `-` is standard input.
    pub fn named(name: impl AsRef<Path>) -> Source {
        match name.as_ref() {
            name if name == Path::new("-") => Source::Stdin,
            name => Source::Path(name.to_owned()),
        }
    }

    /// As messages have it.
    pub fn name(&self) -> String {
        match self {
            Source::Path(path) => path.display().to_string(),
            Source::Stdin => "standard input".into(),
        }
    }
}

/// Bytes ready to be read as a table.
pub(super) struct Opened {
    pub name: String,
    /// The first bytes of `content`, which has them too.
    pub head: Vec<u8>,
    /// The file itself, at its beginning, when nothing had to be undone and
    /// it can be read in any order.
    pub file: Option<File>,
    /// After decompression.
    pub content: Box<dyn Read + Send>,
    /// Whether gzip is undone on the way.
    pub packed: bool,
    /// Bytes taken from the source, before decompression.
    pub read: Arc<AtomicU64>,
    pub total: Option<u64>,
}

impl Opened {
    /// The file itself when nothing had to be undone, otherwise a copy without
    /// a name, which is gone when it is closed.
    pub fn plain_file(mut self) -> io::Result<File> {
        if let Some(file) = self.file {
            return Ok(file);
        }
        let mut copy = tempfile::tempfile()?;
        io::copy(&mut self.content, &mut copy)?;
        copy.rewind()?;
        Ok(copy)
    }
}

/// Enough to see past an XML declaration and a comment or two.
const HEAD_BYTES: usize = 4096;

pub(super) fn open(source: &Source) -> Result<Opened, InputError> {
    let name = source.name();
    let refuse = |source: io::Error| InputError::Open {
        file: name.clone(),
        reason: io_words(&source),
        source,
    };
    match source {
        Source::Stdin => opened(name, Box::new(io::stdin()), None, None),
        Source::Path(path) => {
            let file = File::open(path).map_err(refuse)?;
            let about = file.metadata().map_err(refuse)?;
            if about.is_dir() {
                return Err(refuse(io::ErrorKind::IsADirectory.into()));
            }
            // A pipe or device has no length worth showing.
            let total = about.is_file().then_some(about.len());
            let again = match total {
                Some(_) => Some(File::open(path).map_err(refuse)?),
                None => None,
            };
            let mut opened = opened(name, Box::new(file), total, None)?;
            if !opened.packed {
                opened.file = again;
            }
            Ok(opened)
        }
    }
}

/// A file as it stands, or a copy without a name where gzip had to be undone,
/// of `most` bytes at most.
///
/// # Errors
///
/// Reading or writing fails, or the copy would be larger.
pub fn unpacked(file: File, most: u64) -> io::Result<File> {
    let mut again = file.try_clone()?;
    let refused = |_| io::Error::from(io::ErrorKind::InvalidData);
    let mut opened = opened(String::new(), Box::new(file), None, Some(most)).map_err(refused)?;
    if !opened.packed {
        again.rewind()?;
        opened.file = Some(again);
    }
    opened.plain_file()
}

pub(super) fn opened(
    name: String,
    reader: Box<dyn Read + Send>,
    total: Option<u64>,
    most: Option<u64>,
) -> Result<Opened, InputError> {
    let read = Arc::new(AtomicU64::new(0));
    let refuse = |source: io::Error| InputError::Open {
        file: name.clone(),
        reason: io_words(&source),
        source,
    };
    let counted = BufReader::with_capacity(
        1 << 16,
        Counted {
            reader,
            read: read.clone(),
        },
    );
    let (magic, counted) = peek(counted, 2).map_err(refuse)?;
    // RFC 1952 section 2.3.1; several members may follow each other.
    let packed = magic == [0x1f, 0x8b];
    let content: Box<dyn Read + Send> = match packed {
        true => Box::new(flate2::read::MultiGzDecoder::new(counted)),
        false => Box::new(counted),
    };
    let content: Box<dyn Read + Send> = match most {
        Some(most) => Box::new(Bounded {
            reader: content,
            left: most,
        }),
        None => content,
    };
    let (head, content) = peek(content, HEAD_BYTES).map_err(refuse)?;
    Ok(Opened {
        head,
        file: None,
        packed,
        content: Box::new(content),
        read,
        total,
        name,
    })
}

/// The first bytes (fewer at the end of the content), and the whole again.
fn peek<R: Read>(mut reader: R, bytes: usize) -> io::Result<(Vec<u8>, impl Read + use<R>)> {
    let mut head = Vec::with_capacity(bytes);
    reader.by_ref().take(bytes as u64).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(reader)))
}

/// Gives no more than so many bytes; what is longer is an error, not an end.
struct Bounded {
    reader: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
        Ok(count)
    }
}

struct Counted<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
