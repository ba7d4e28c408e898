//! The parts of a FITS file (FITS 4.0): where each begins and ends, its header
//! as it stands, and the pixels of a window of an image, plain or in compressed
//! tiles (section 10).
//!
//! Only what is asked for is read; a file of any size needs no more memory than
//! a row of pixels, or a row of tiles.
//!
//! Must not know: regions, the sky.

pub mod follow;
pub mod header;
pub mod image;
mod section;
pub mod tiled;

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};

use crate::input::fits::header::{BLOCK, cards};

use super::Fault;
use header::Cards;

/// Parts of one file that are looked at, and cards of all of them: they are kept.
const PARTS: usize = 4096;
const CARDS: usize = 400_000;

/// One header, and where its data are.
#[derive(Clone, Debug)]
pub struct Part {
    /// How messages call it: `the primary image`, `extension 3 (MASK)`.
    pub name: String,
    pub cards: Cards,
    /// Where its data begin.
    pub begin: u64,
    /// Bytes of them, without what fills up the block.
    pub bytes: u64,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pixels along each axis; none of no data.
    Image(Vec<u64>),
    /// An image in a table of compressed tiles.
    Tiled(Vec<u64>),
    /// Any other extension.
    Other,
}

/// Up to the end of the block.
pub fn padded(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK).saturating_mul(BLOCK)
}

/// All parts of a file.
///
/// # Errors
///
/// It is no FITS file, ends before its headers say, or has too many parts.
pub fn parts(file: &File) -> Result<Vec<Part>, Fault> {
    let unread = |_| Fault::broken("the file cannot be read");
    let length = file.metadata().map_err(unread)?.len();
    if !begins(file, 0, b"SIMPLE  ") {
        return Err(not_fits());
    }
    let mut reader = BufReader::with_capacity(1 << 16, file);
    reader.rewind().map_err(unread)?;
    let mut parts = Vec::new();
    let mut cards_left = CARDS;
    loop {
        let number = parts.len();
        let begun = reader.stream_position().map_err(unread)?;
        let name = called(number, None);
        let raw = match cards(&mut reader) {
            Ok(Some(raw)) => raw,
            Ok(None) if number > 0 => break,
            Ok(None) => return Err(Fault::unsuited("it ends too early").of(&name)),
            // Section 3.5: special records may follow the last extension.
            Err(_) if number > 0 && !begins(file, begun, b"XTENSION") => break,
            Err(reason) => return Err(Fault::unsuited(reason).of(&name)),
        };
        cards_left = cards_left.checked_sub(raw.len()).ok_or_else(|| {
            Fault::unsuited(format!(
                "the headers of the file have more than {CARDS} cards"
            ))
        })?;
        let cards = Cards::new(raw);
        let first = cards.keywords().next().unwrap_or_default();
        if number > 0 && first != "XTENSION" {
            break;
        }
        if number >= PARTS {
            return Err(Fault::unsuited(format!(
                "the file has more than {PARTS} extensions"
            )));
        }
        let title = cards.text("EXTNAME");
        let name = called(number, title.as_deref());
        let bytes = cards.values().data_bytes();
        let bytes = bytes.map_err(|reason| Fault::unsuited(reason).of(&name))?;
        let begin = reader.stream_position().map_err(unread)?;
        let end = begin.checked_add(bytes).filter(|end| *end <= length);
        if end.is_none() {
            return Err(
                Fault::unsuited("the file ends before the data that its header says").of(&name),
            );
        }
        let kind = kind(&cards).map_err(|fault| fault.of(&name))?;
        parts.push(Part {
            name,
            cards,
            begin,
            bytes,
            kind,
        });
        let next = begin.saturating_add(padded(bytes));
        if next >= length {
            break;
        }
        reader.seek(SeekFrom::Start(next)).map_err(unread)?;
    }
    Ok(parts)
}

fn not_fits() -> Fault {
    Fault::unsuited("the file is no FITS file, and only these can be cut")
}

fn begins(file: &File, place: u64, with: &[u8; 8]) -> bool {
    let mut word = [0; 8];
    let read = std::os::unix::fs::FileExt::read_exact_at(file, &mut word, place);
    read.is_ok() && word == *with
}

fn called(number: usize, title: Option<&str>) -> String {
    match (number, title) {
        (0, _) => "the primary image".into(),
        (number, None) => format!("extension {number}"),
        (number, Some(title)) => {
            let title: String = title.chars().filter(|c| !c.is_control()).take(40).collect();
            format!("extension {number} ({title})")
        }
    }
}

fn kind(cards: &Cards) -> Result<Kind, Fault> {
    let axes = |begin: &str| -> Result<Vec<u64>, Fault> {
        let size = |name: String| cards.values().size(&name).map_err(Fault::unsuited);
        let count = size(begin.to_owned())?;
        if count > 999 {
            return Err(Fault::unsuited(format!("its header says {count} axes")));
        }
        (1..=count)
            .map(|axis| size(format!("{begin}{axis}")))
            .collect()
    };
    let extension = cards.text("XTENSION");
    match extension.as_deref().map(str::trim) {
        // Section 6: groups, which have no first axis.
        None if cards.values().flag("GROUPS") && cards.whole("NAXIS1") == Some(0) => {
            Ok(Kind::Other)
        }
        None | Some("IMAGE") => Ok(Kind::Image(axes("NAXIS")?)),
        Some("BINTABLE") if cards.values().flag("ZIMAGE") => Ok(Kind::Tiled(axes("ZNAXIS")?)),
        Some(_) => Ok(Kind::Other),
    }
}
