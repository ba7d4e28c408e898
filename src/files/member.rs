//! Members of zips (APPNOTE 6.3.10): a stored one is a part of the file, a
//! deflated one is unpacked as it is read.

use std::fs::File;
use std::io::{self, BufReader, Read};

use zip::{CompressionMethod, ZipArchive};

use super::{Content, Fault};

pub(super) struct Entry {
    pub content: Content,
    /// Unpacked, in bytes.
    pub size: u64,
    pub crc32: u32,
}

/// A member to be unpacked.
#[derive(Debug)]
pub struct Member {
    archive: ZipArchive<BufReader<File>>,
    index: usize,
}

impl Member {
    /// Unpacks it, and gives it piece by piece until `take` says no.
    ///
    /// # Errors
    /// When the zip cannot be read or the member is damaged.
    pub fn unpack(mut self, piece: usize, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        let mut member = self.archive.by_index(self.index)?;
        loop {
            let mut bytes = Vec::with_capacity(piece);
            let read = (&mut member).take(piece as u64).read_to_end(&mut bytes)?;
            if read == 0 || !take(bytes) {
                return Ok(());
            }
        }
    }
}

pub(super) fn find(file: File, name: &str) -> Result<Entry, Fault> {
    let strange = |error: zip::result::ZipError| {
        tracing::warn!(%error, "a zip of datasets cannot be read");
        Fault::Unreadable
    };
    let again = file.try_clone().map_err(|error| super::fault(&error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(strange)?;
    let index = archive.index_for_name(name).ok_or(Fault::Gone)?;
    let member = archive.by_index(index).map_err(strange)?;
    if member.encrypted() {
        return Err(Fault::Strange);
    }
    let (size, crc32) = (member.size(), member.crc32());
    let stored = member.compression() == CompressionMethod::Stored;
    let start = member.data_start();
    drop(member);
    let content = match start {
        Some(start) if stored => Content::Plain(again, start),
        _ => Content::Packed(Member { archive, index }),
    };
    Ok(Entry {
        content,
        size,
        crc32,
    })
}
