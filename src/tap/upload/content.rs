//! The bytes of a table that came with a request.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::dali::Part;
use crate::input::Format;

/// A file, and what its sender calls its format.
#[derive(Clone, Debug)]
pub(super) struct Content {
    file: Arc<File>,
    pub format: Option<Format>,
}

impl Content {
    pub fn new(file: File, media_type: Option<&str>) -> Content {
        Content {
            file: Arc::new(file),
            format: media_type.and_then(told),
        }
    }

    pub fn of(part: &Part) -> Content {
        Content {
            file: part.file.clone(),
            format: part.media_type.as_deref().and_then(told),
        }
    }

    pub fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Reads from the beginning, whoever else reads.
    pub fn reader(&self) -> impl Read + Send + use<> {
        Reader {
            file: self.file.clone(),
            place: 0,
        }
    }
}

/// Of text it is worth knowing what divides it. Everything else is told by its
/// first bytes, and senders are often wrong about it.
fn told(media_type: &str) -> Option<Format> {
    let format = Format::of_media_type(media_type)?;
    matches!(format, Format::Tsv).then_some(format)
}

struct Reader {
    file: Arc<File>,
    place: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.place)?;
        self.place += count as u64;
        Ok(count)
    }
}
