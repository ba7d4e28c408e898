//! What a cut-out is made of, part by part of the file it is cut from.
//!
//! | part of the file | in the cut-out |
//! |---|---|
//! | image with a celestial WCS | the rectangle of pixels that the region meets; left out where it meets none (another detector) |
//! | image without one, of the same size on these axes as an image beside it | the same rectangle: variances, masks |
//! | any other image | left out, since nobody can tell which pixels are meant |
//! | table, up to 16 MB | as it stands: it describes what was observed (PSF, filters, LSST's archive) |
//! | larger table | left out |
//! | header without data | as it stands |
//!
//! What is left out is said in HISTORY cards of the first header, and what was
//! cut in those of each image. A first image that is left out leaves its header
//! without data, so that the file is one. Compressed tiles become plain pixels.

use std::fs::File;
use std::io::{self, Write};

use adql::sky::Region;

use super::Fault;
use super::fits::follow::{Cut, follow};
use super::fits::header::Cards;
use super::fits::image::{self, Window, pixel_bytes};
use super::fits::tiled::{Tiles, plain_header};
use super::fits::{Kind, Part, padded, parts};
use super::wcs::Wcs;
use super::window::{self, window};

/// Bytes of a table that goes along.
const TABLE: u64 = 16 << 20;
/// Parts whose leaving out is said by name.
const NAMED: usize = 20;

/// A cut-out that is known, and still to be written.
#[derive(Debug)]
pub struct Cutout {
    file: File,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Header(Vec<u8>),
    /// A part of the file as it stands.
    Copy {
        from: u64,
        bytes: u64,
    },
    Window(Window),
    Tiles(Box<Tiles>),
}

impl Piece {
    fn bytes(&self) -> u64 {
        match self {
            Piece::Header(bytes) => bytes.len() as u64,
            Piece::Copy { bytes, .. } => *bytes,
            Piece::Window(window) => window.bytes(),
            Piece::Tiles(tiles) => tiles.bytes(),
        }
    }
}

/// What becomes of a part.
enum Fate {
    Cut([usize; 2], window::Window),
    Whole,
    Out,
}

impl Cutout {
    /// Finds out what a region has in common with the images of a file; none
    /// where that is nothing. `about` is written into the first header, a
    /// sentence each.
    ///
    /// # Errors
    ///
    /// The file is no FITS file or a broken one, has no image with a celestial
    /// WCS, or one that cannot be followed.
    pub fn new(file: File, region: &Region, about: &[String]) -> Result<Option<Cutout>, Fault> {
        let parts = parts(&file)?;
        let fates = fates(&parts, region)?;
        if !fates.iter().any(|fate| matches!(fate, Fate::Cut(..))) {
            return Ok(None);
        }
        let mut notes = about.to_vec();
        notes.extend(left_out(&parts, &fates));
        let kept = fates
            .iter()
            .skip(1)
            .filter(|fate| !matches!(fate, Fate::Out))
            .count();
        let mut pieces = Vec::new();
        for (number, (part, fate)) in parts.iter().zip(&fates).enumerate() {
            let notes: &[String] = if number == 0 { &notes } else { &[] };
            add(part, number, fate, notes, kept, &mut pieces)
                .map_err(|fault| fault.of(&part.name))?;
        }
        Ok(Some(Cutout { file, pieces }))
    }

    /// All of a file, as it stands.
    ///
    /// # Errors
    ///
    /// It is no FITS file, or a broken one.
    pub fn whole(file: File) -> Result<Cutout, Fault> {
        let parts = parts(&file)?;
        let end = parts.last().map_or(0, |part| part.begin + part.bytes);
        let pieces = vec![Piece::Copy {
            from: 0,
            bytes: end,
        }];
        Ok(Cutout { file, pieces })
    }

    /// Bytes of the whole.
    pub fn bytes(&self) -> u64 {
        let all = self.pieces.iter().map(|piece| match piece {
            Piece::Header(bytes) => bytes.len() as u64,
            other => padded(other.bytes()),
        });
        all.fold(0, u64::saturating_add)
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// Reading or writing fails, or a compressed tile cannot be undone.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Header(bytes) => out.write_all(bytes)?,
                Piece::Copy { from, bytes } => image::copy(&self.file, *from, *bytes, out)?,
                Piece::Window(window) => window.copy(&self.file, out)?,
                Piece::Tiles(tiles) => tiles.copy(&self.file, out)?,
            }
            // Section 3.3.2: zeros to the end of the block.
            let missing = padded(piece.bytes()) - piece.bytes();
            out.write_all(&vec![0; usize::try_from(missing).unwrap_or_default()])?;
        }
        Ok(())
    }
}

fn axes(part: &Part) -> &[u64] {
    match &part.kind {
        Kind::Image(axes) | Kind::Tiled(axes) => axes,
        Kind::Other => &[],
    }
}

fn fates(parts: &[Part], region: &Region) -> Result<Vec<Fate>, Fault> {
    let mut known: Vec<(Wcs, [u64; 2], Option<window::Window>)> = Vec::new();
    let mut found = Vec::with_capacity(parts.len());
    for part in parts {
        let axes = axes(part);
        let wcs = match axes.len() {
            0 | 1 => None,
            count => Wcs::read(&part.cards, count).map_err(|fault| fault.of(&part.name))?,
        };
        let Some(wcs) = wcs else {
            found.push(None);
            continue;
        };
        let size = wcs
            .axes
            .map(|axis| axes.get(axis).copied().unwrap_or_default());
        // Image, mask and variance have one WCS most often.
        let same = known.iter().rev().find(|it| it.0 == wcs && it.1 == size);
        let window = match same {
            Some((.., window)) => *window,
            None => {
                let window = window(&wcs, size, region).map_err(|fault| fault.of(&part.name))?;
                known.push((wcs.clone(), size, window));
                window
            }
        };
        found.push(Some((wcs.axes, size, window)));
    }
    if known.is_empty() {
        return Err(Fault::unsuited(
            "the file has no image whose header says where in the sky its pixels are",
        ));
    }
    let fate = |(at, part): (usize, &Part)| {
        let axes = axes(part);
        if let Some((axes, _, window)) = found.get(at).copied().flatten() {
            return window.map_or(Fate::Out, |window| Fate::Cut(axes, window));
        }
        if axes.is_empty() {
            return match at == 0 || part.bytes <= TABLE {
                true => Fate::Whole,
                false => Fate::Out,
            };
        }
        // The nearest before it, then the nearest after it.
        let before = (0..at).rev();
        let beside = before.chain(at + 1..parts.len()).find_map(|other| {
            let (of, size, window) = found.get(other).copied().flatten()?;
            let same = of.map(|axis| axes.get(axis).copied()) == size.map(Some);
            same.then_some((of, window))
        });
        match beside {
            Some((of, Some(window))) => Fate::Cut(of, window),
            _ => Fate::Out,
        }
    };
    Ok(parts.iter().enumerate().map(fate).collect())
}

fn left_out(parts: &[Part], fates: &[Fate]) -> Vec<String> {
    let out = parts.iter().zip(fates);
    let names: Vec<&str> = out
        .filter(|(_, fate)| matches!(fate, Fate::Out))
        .map(|(part, _)| part.name.as_str())
        .collect();
    let mut sentences: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format!("Left out: {name}"))
        .collect();
    if names.len() > NAMED {
        sentences.push(format!("Left out: {} more", names.len() - NAMED));
    }
    sentences
}

fn add(
    part: &Part,
    number: usize,
    fate: &Fate,
    notes: &[String],
    kept: usize,
    pieces: &mut Vec<Piece>,
) -> Result<(), Fault> {
    let mut cards = part.cards.clone();
    let mut data = None;
    match fate {
        Fate::Out if number > 0 => return Ok(()),
        Fate::Out => emptied(&mut cards),
        Fate::Whole => {
            data = (part.bytes > 0).then_some(Piece::Copy {
                from: part.begin,
                bytes: part.bytes,
            });
        }
        Fate::Cut(on, window) => {
            let axes = axes(part);
            let mut ranges: Vec<[u64; 2]> = axes.iter().map(|length| [0, *length]).collect();
            let mut cuts = Vec::new();
            for (at, axis) in on.iter().enumerate() {
                let (first, end) = (window.first[at], window.end[at]);
                if let Some(range) = ranges.get_mut(*axis) {
                    *range = [first, end];
                }
                cuts.push(Cut {
                    axis: axis + 1,
                    offset: first,
                    length: end - first,
                });
            }
            data = Some(match part.kind {
                Kind::Tiled(_) => {
                    cards = plain_header(&cards, axes);
                    Piece::Tiles(Box::new(Tiles::new(part, axes, ranges.clone())?))
                }
                _ => Piece::Window(Window {
                    begin: part.begin,
                    pixel: pixel_bytes(cards.whole("BITPIX"))?,
                    axes: axes.to_vec(),
                    ranges: ranges.clone(),
                }),
            });
            follow(&mut cards, &cuts)?;
            let sections: Vec<String> = ranges
                .iter()
                .map(|[first, end]| format!("{}:{end}", first + 1))
                .collect();
            cards.history(&format!(
                "SODA cut-out: pixels [{}] of {}",
                sections.join(","),
                axes.iter()
                    .map(u64::to_string)
                    .collect::<Vec<_>>()
                    .join("x"),
            ));
        }
    }
    if number == 0 {
        // Its own checksum no longer holds with what is added.
        cards.remove(|name| name == "CHECKSUM");
        if cards.has("NEXTEND") {
            cards.set_whole("NEXTEND", i64::try_from(kept).unwrap_or_default(), "");
        }
        for note in notes {
            cards.history(note);
        }
    }
    pieces.push(Piece::Header(cards.bytes()));
    pieces.extend(data);
    Ok(())
}

/// The first header, without its image.
fn emptied(cards: &mut Cards) {
    cards.remove(|name| {
        let axis = name
            .strip_prefix("NAXIS")
            .is_some_and(|rest| !rest.is_empty());
        axis || [
            "BSCALE", "BZERO", "BLANK", "CHECKSUM", "DATASUM", "DATAMIN", "DATAMAX", "BUNIT",
        ]
        .contains(&name)
    });
    cards.set_whole("NAXIS", 0, "");
}
