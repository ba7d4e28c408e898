//! Images in compressed tiles (FITS 4.0 section 10.1), as fpack and LSST write
//! them: RICE_1, GZIP_1, GZIP_2 and PLIO_1, whole numbers and real ones.
//!
//! Left out, and refused: HCOMPRESS_1, masks of nulls (ZMASKCMP).
//!
//! Only the tiles that a window meets are read.
//!
//! # Why not `fitsrs`?
//!
//! Its iterator over pixels begins at the first tile of an image, and would read
//! all of it for a corner; it knows no PLIO_1, which is what masks are in.

mod plio;
mod quantized;
mod rice;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

use crate::input::Value;
use crate::input::fits::column::{self, Column};
use crate::soda::Fault;

use super::Part;
use super::header::Cards;
use super::image::{Ranges, count, pixel_bytes, places};
use quantized::Dither;

/// Pixels of one tile, or of a row of tiles: memory for them is needed at once.
const MOST: u64 = 1 << 24;

/// A window of an image in tiles.
#[derive(Debug)]
pub struct Tiles {
    image: Image,
    ranges: Ranges,
}

#[derive(Debug)]
struct Image {
    /// The row of the table, and the heap, in the file.
    begin: u64,
    row: u64,
    heap: u64,
    end: u64,
    cells: Cells,
    axes: Vec<u64>,
    tile: Vec<u64>,
    algorithm: Algorithm,
    bitpix: i64,
    quantized: Option<Quantized>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Rice {
        width: usize,
        block: usize,
    },
    /// Whether the bytes of all pixels were sorted by their weight.
    Gzip {
        sorted: bool,
    },
    Plio,
}

#[derive(Clone, Copy, Debug)]
struct Quantized {
    scale: f64,
    zero: f64,
    blank: i64,
    dither: Dither,
}

/// Where in a row what stands.
#[derive(Debug, Default)]
struct Cells {
    compressed: Option<Cell>,
    gzipped: Option<Cell>,
    plain: Option<Cell>,
    scale: Option<Cell>,
    zero: Option<Cell>,
    blank: Option<Cell>,
}

struct Cell {
    offset: u64,
    column: Column,
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.column.field.name, self.offset)
    }
}

impl Tiles {
    /// # Errors
    ///
    /// The header does not describe such an image, or one that is left out here.
    pub fn new(part: &Part, axes: &[u64], ranges: Ranges) -> Result<Tiles, Fault> {
        let image = Image::read(part, axes)?;
        let (_, band) = image.bands(&ranges);
        let tile = image
            .tile
            .iter()
            .fold(1u64, |all, it| all.saturating_mul(*it));
        if tile > MOST || band > MOST {
            return Err(Fault::unsuited(format!(
                "its tiles, or a row of them, have more than {MOST} pixels, too many to undo at once"
            )));
        }
        Ok(Tiles { image, ranges })
    }

    /// Bytes of the pixels, undone.
    pub fn bytes(&self) -> u64 {
        count(&self.ranges).saturating_mul(self.image.pixel())
    }

    /// Writes the pixels.
    ///
    /// # Errors
    ///
    /// Reading or writing fails, or a tile cannot be undone.
    pub fn copy(&self, file: &File, out: &mut impl Write) -> io::Result<()> {
        self.image.copy(file, &self.ranges, out)
    }
}

/// The header of the plain image that a header of tiles stands for (section
/// 10.1.2).
pub fn plain_header(cards: &Cards, axes: &[u64]) -> Cards {
    let bitpix = cards.whole("ZBITPIX").unwrap_or(8);
    let mut plain = cards.clone();
    let unnamed = cards.text("EXTNAME").as_deref() == Some("COMPRESSED_IMAGE");
    plain.remove(|name| {
        const GONE: [&str; 29] = [
            "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS",
            "THEAP", "ZIMAGE", "ZBITPIX", "ZNAXIS", "ZCMPTYPE", "ZMASKCMP", "ZQUANTIZ", "ZDITHER0",
            "ZBLANK", "ZSCALE", "ZZERO", "ZSIMPLE", "ZTENSION", "ZEXTEND", "ZBLOCKED", "ZPCOUNT",
            "ZGCOUNT", "ZHECKSUM", "ZDATASUM", "CHECKSUM", "DATASUM",
        ];
        const NUMBERED: [&str; 12] = [
            "TTYPE", "TFORM", "TUNIT", "TDISP", "TDIM", "TNULL", "TSCAL", "TZERO", "ZNAXIS",
            "ZTILE", "ZNAME", "ZVAL",
        ];
        let numbered = NUMBERED.iter().any(|begin| {
            name.strip_prefix(begin)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
        });
        GONE.contains(&name) || numbered || (unnamed && name == "EXTNAME")
    });
    // Of whole numbers it is what BLANK is (section 10.1.2).
    if let Some(blank) = cards.whole("ZBLANK").filter(|_| bitpix > 0)
        && !cards.has("BLANK")
    {
        plain.set_whole("BLANK", blank, "");
    }
    plain.begin("GCOUNT", "1", "");
    plain.begin("PCOUNT", "0", "");
    for (axis, length) in (1..).zip(axes).collect::<Vec<_>>().into_iter().rev() {
        plain.begin(&format!("NAXIS{axis}"), &length.to_string(), "");
    }
    plain.begin("NAXIS", &axes.len().to_string(), "");
    plain.begin("BITPIX", &bitpix.to_string(), "");
    plain.begin("XTENSION", "'IMAGE   '", "image extension");
    plain.settled()
}

impl Image {
    fn read(part: &Part, axes: &[u64]) -> Result<Image, Fault> {
        let cards = &part.cards;
        let values = cards.values();
        let size = |name: &str| values.size(name).map_err(Fault::unsuited);
        let bitpix = cards.whole("ZBITPIX");
        pixel_bytes(bitpix)?;
        let bitpix = bitpix.unwrap_or(8);
        // Section 10.1.1: rows of the image, unless it is said.
        let mut tile = Vec::new();
        for (axis, length) in (1..).zip(axes) {
            let usual = if axis == 1 { *length } else { 1 };
            let said = cards.whole(&format!("ZTILE{axis}"));
            match said.map_or(Ok(usual), u64::try_from) {
                Ok(side) if side > 0 => tile.push(side.min((*length).max(1))),
                _ => return Err(Fault::unsuited(format!("its ZTILE{axis} is no size"))),
            }
        }
        let (row, rows) = (size("NAXIS1")?, size("NAXIS2")?);
        let tiles = axes.iter().zip(&tile).fold(1u64, |all, (axis, side)| {
            all.saturating_mul(axis.div_ceil(*side))
        });
        if rows < tiles {
            return Err(Fault::unsuited(format!(
                "its header says {tiles} tiles, and its table has {rows}"
            )));
        }
        if cards.has("ZMASKCMP") {
            return Err(Fault::unsuited(
                "its pixels without a value are in a mask of their own (ZMASKCMP), which is not read",
            ));
        }
        let table = row.saturating_mul(rows);
        let heap = match cards.whole("THEAP").map(u64::try_from) {
            Some(Ok(heap)) => heap,
            _ => table,
        };
        let cells = Cells::read(cards, row)?;
        let algorithm = algorithm(cards)?;
        let quantized = match bitpix < 0 {
            true => quantized(cards, &cells)?,
            false => None,
        };
        Ok(Image {
            begin: part.begin,
            row,
            heap: part.begin.saturating_add(heap),
            end: part.begin.saturating_add(part.bytes),
            cells,
            axes: axes.to_vec(),
            tile,
            algorithm,
            bitpix,
            quantized,
        })
    }

    fn pixel(&self) -> u64 {
        self.bitpix.unsigned_abs() / 8
    }

    /// The last axis along which tiles have more than one pixel: what is before
    /// it is undone at once. With the pixels of the window in a row of tiles.
    fn bands(&self, ranges: &[[u64; 2]]) -> (usize, u64) {
        let axis = self.tile.iter().rposition(|side| *side > 1).unwrap_or(0);
        let before = ranges.get(..axis).unwrap_or_default();
        let side = self.tile.get(axis).copied().unwrap_or(1);
        (axis, count(before).saturating_mul(side))
    }

    /// The ranges of tiles that hold these pixels.
    fn tiles(&self, ranges: &[[u64; 2]]) -> Vec<[u64; 2]> {
        let all = ranges.iter().zip(&self.tile);
        all.map(|([first, end], side)| [first / side, end.div_ceil(*side)])
            .collect()
    }

    fn copy(&self, file: &File, ranges: &[[u64; 2]], out: &mut impl Write) -> io::Result<()> {
        let (axis, _) = self.bands(ranges);
        let tiles = self.tiles(ranges);
        let (before, along) = tiles.split_at(axis);
        let pixel = usize::try_from(self.pixel()).unwrap_or(1);
        for outer in places(along) {
            // The part of the window in this row of tiles.
            let band: Vec<[u64; 2]> = ranges
                .iter()
                .enumerate()
                .map(|(at, [first, end])| {
                    let place = at.checked_sub(axis).and_then(|at| outer.get(at));
                    match (place, self.tile.get(at)) {
                        (Some(place), Some(side)) => {
                            [(*first).max(place * side), (*end).min((place + 1) * side)]
                        }
                        _ => [*first, *end],
                    }
                })
                .collect();
            let bytes = usize::try_from(count(&band)).unwrap_or_default() * pixel;
            let mut buffer = vec![0; bytes];
            for inner in places(before) {
                let place: Vec<u64> = inner.iter().chain(&outer).copied().collect();
                self.place_tile(file, &place, &band, &mut buffer)?;
            }
            out.write_all(&buffer)?;
        }
        Ok(())
    }

    /// Undoes one tile, and puts what the band has of it where it belongs.
    fn place_tile(
        &self,
        file: &File,
        place: &[u64],
        band: &[[u64; 2]],
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let sides = place.iter().zip(&self.tile).zip(&self.axes);
        let extent: Vec<[u64; 2]> = sides
            .map(|((place, side), axis)| [place * side, ((place + 1) * side).min(*axis)])
            .collect();
        let number = place
            .iter()
            .zip(self.axes.iter().zip(&self.tile))
            .rev()
            .fold(0u64, |number, (place, (axis, side))| {
                number
                    .saturating_mul(axis.div_ceil(*side))
                    .saturating_add(*place)
            });
        let pixels = usize::try_from(count(&extent)).unwrap_or_default();
        let pixel = usize::try_from(self.pixel()).unwrap_or(1);
        let tile = self.undone(file, number, pixels)?;
        let common: Vec<[u64; 2]> = extent
            .iter()
            .zip(band)
            .map(|(a, b)| [a[0].max(b[0]), a[1].min(b[1])])
            .collect();
        let Some(([first, end], others)) = common.split_first() else {
            return Ok(());
        };
        let run = usize::try_from(end.saturating_sub(*first)).unwrap_or_default() * pixel;
        for rest in places(others) {
            let at: Vec<u64> = std::iter::once(*first).chain(rest).collect();
            let from = within(&at, &extent) * pixel;
            let to = within(&at, band) * pixel;
            let (Some(source), Some(target)) =
                (tile.get(from..from + run), buffer.get_mut(to..to + run))
            else {
                return Err(broken());
            };
            target.copy_from_slice(source);
        }
        Ok(())
    }

    /// The pixels of a tile, as a plain image has them.
    fn undone(&self, file: &File, number: u64, pixels: usize) -> io::Result<Vec<u8>> {
        let width = usize::try_from(self.pixel()).unwrap_or(1);
        let mut row = vec![0; usize::try_from(self.row).unwrap_or_default()];
        let place = self.begin.saturating_add(number.saturating_mul(self.row));
        file.read_exact_at(&mut row, place)?;
        if let Some(plain) = self.array(file, &row, self.cells.plain.as_ref(), pixels)? {
            return sized(plain, pixels, width);
        }
        if let Some(gzipped) = self.array(file, &row, self.cells.gzipped.as_ref(), pixels)? {
            // Real numbers that would not be rounded.
            return sized(gunzipped(&gzipped, pixels * width)?, pixels, width);
        }
        let Some(bytes) = self.array(file, &row, self.cells.compressed.as_ref(), pixels)? else {
            return Err(broken());
        };
        let numbers = match self.algorithm {
            Algorithm::Rice { width, block } => rice::decode(&bytes, width, block, pixels),
            Algorithm::Plio => plio::decode(&bytes, pixels),
            Algorithm::Gzip { sorted } => {
                // Rounded ones have four bytes.
                let width = match self.quantized.is_some() {
                    true => 4,
                    false => width,
                };
                let plain = sized(gunzipped(&bytes, pixels * width)?, pixels, width)?;
                let plain = match sorted {
                    true => unsorted(&plain, width),
                    false => plain,
                };
                if self.quantized.is_none() {
                    return Ok(plain);
                }
                let numbers = plain.as_chunks::<4>().0.iter();
                Some(
                    numbers
                        .map(|it| i64::from(i32::from_be_bytes(*it)))
                        .collect(),
                )
            }
        };
        let numbers = numbers.ok_or_else(broken)?;
        let real = |cell: &Option<Cell>, otherwise: f64| match cell
            .as_ref()
            .map(|cell| cell.value(&row))
        {
            Some(Value::Double(number)) => number,
            _ => otherwise,
        };
        match self.quantized {
            None if self.bitpix < 0 => Err(broken()),
            None => Ok(written(&numbers, width)),
            Some(quantized) => {
                let blank = match self.cells.blank.as_ref().map(|cell| cell.value(&row)) {
                    Some(Value::Int(blank)) => blank,
                    _ => quantized.blank,
                };
                let numbers = quantized::restored(
                    &numbers,
                    real(&self.cells.scale, quantized.scale),
                    real(&self.cells.zero, quantized.zero),
                    blank,
                    quantized.dither,
                    number,
                );
                Ok(match self.bitpix {
                    -32 => numbers
                        .iter()
                        .flat_map(|it| (*it as f32).to_be_bytes())
                        .collect(),
                    _ => numbers.iter().flat_map(|it| it.to_be_bytes()).collect(),
                })
            }
        }
    }

    /// The array that a cell points to; none where it has no bytes.
    fn array(
        &self,
        file: &File,
        row: &[u8],
        cell: Option<&Cell>,
        pixels: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        let Some((Some(bytes), offset)) =
            cell.and_then(|cell| cell.column.descriptor(cell.bytes(row)?))
        else {
            return Ok(None);
        };
        if bytes == 0 {
            return Ok(None);
        }
        // No algorithm makes much more of a tile than it was.
        let most = (pixels as u64).saturating_mul(16).saturating_add(1 << 16);
        let place = self.heap.saturating_add(offset);
        if bytes > most || place.saturating_add(bytes) > self.end {
            return Err(broken());
        }
        let mut array = vec![0; usize::try_from(bytes).unwrap_or_default()];
        file.read_exact_at(&mut array, place)?;
        Ok(Some(array))
    }
}

impl Cells {
    fn read(cards: &Cards, row: u64) -> Result<Cells, Fault> {
        let mut cells = Cells::default();
        let mut offset = 0u64;
        for column in column::all(cards.values()).map_err(Fault::unsuited)? {
            let bytes = column.bytes();
            let name = column.field.name.to_ascii_uppercase();
            let cell = Some(Cell { offset, column });
            match name.as_str() {
                "COMPRESSED_DATA" => cells.compressed = cell,
                "GZIP_COMPRESSED_DATA" => cells.gzipped = cell,
                "UNCOMPRESSED_DATA" => cells.plain = cell,
                "ZSCALE" => cells.scale = cell,
                "ZZERO" => cells.zero = cell,
                "ZBLANK" => cells.blank = cell,
                _ => {}
            }
            offset = offset.saturating_add(bytes);
        }
        match offset == row && row <= 1 << 20 {
            true => Ok(cells),
            false => Err(Fault::unsuited(
                "the columns of its tiles do not fill the rows that its header says",
            )),
        }
    }
}

impl Cell {
    fn bytes<'r>(&self, row: &'r [u8]) -> Option<&'r [u8]> {
        let from = usize::try_from(self.offset).ok()?;
        let length = usize::try_from(self.column.bytes()).ok()?;
        row.get(from..from.checked_add(length)?)
    }

    fn value(&self, row: &[u8]) -> Value {
        self.bytes(row)
            .map_or(Value::Null, |bytes| self.column.value(bytes))
    }
}

fn algorithm(cards: &Cards) -> Result<Algorithm, Fault> {
    let parameter = |wanted: &str, otherwise: i64| {
        let named = (1..=20).find(|number| {
            cards
                .text(&format!("ZNAME{number}"))
                .as_deref()
                .map(str::trim)
                == Some(wanted)
        });
        let value = named.and_then(|number| cards.whole(&format!("ZVAL{number}")));
        usize::try_from(value.unwrap_or(otherwise)).unwrap_or_default()
    };
    let name = cards.text("ZCMPTYPE").unwrap_or_default();
    match name.trim() {
        "RICE_1" | "RICE_ONE" => Ok(Algorithm::Rice {
            width: parameter("BYTEPIX", 4),
            block: parameter("BLOCKSIZE", 32),
        }),
        "GZIP_1" => Ok(Algorithm::Gzip { sorted: false }),
        "GZIP_2" => Ok(Algorithm::Gzip { sorted: true }),
        "PLIO_1" => Ok(Algorithm::Plio),
        other => Err(Fault::unsuited(format!(
            "its tiles are compressed with {other}; those that can be cut are RICE_1, GZIP_1, GZIP_2 and PLIO_1"
        ))),
    }
}

/// How real numbers were made whole; none where they were not.
fn quantized(cards: &Cards, cells: &Cells) -> Result<Option<Quantized>, Fault> {
    let (scale, zero) = (cards.real("ZSCALE")?, cards.real("ZZERO")?);
    let said = cards.text("ZQUANTIZ").unwrap_or_default();
    let rounded = scale.is_some() || cells.scale.is_some();
    if said.trim() == "NONE" || !rounded {
        return Ok(None);
    }
    let seed = cards.whole("ZDITHER0").unwrap_or(1);
    let dither = match said.trim() {
        "" | "NO_DITHER" => Dither::None,
        "SUBTRACTIVE_DITHER_1" => Dither::First(seed),
        "SUBTRACTIVE_DITHER_2" => Dither::Second(seed),
        other => {
            return Err(Fault::unsuited(format!(
                "its real numbers were rounded by {other}, which is not known here"
            )));
        }
    };
    Ok(Some(Quantized {
        scale: scale.unwrap_or(1.0),
        zero: zero.unwrap_or(0.0),
        blank: cards.whole("ZBLANK").unwrap_or(quantized::NULL),
        dither,
    }))
}

/// The index of a place in these ranges.
fn within(place: &[u64], ranges: &[[u64; 2]]) -> usize {
    let index = place
        .iter()
        .zip(ranges)
        .rev()
        .fold(0u64, |index, (place, [first, end])| {
            index
                .saturating_mul(end.saturating_sub(*first))
                .saturating_add(place.saturating_sub(*first))
        });
    usize::try_from(index).unwrap_or(usize::MAX >> 8)
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a tile of the image is broken")
}

/// At most what is expected, whatever the bytes would become.
fn gunzipped(bytes: &[u8], expected: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(expected);
    flate2::read::MultiGzDecoder::new(bytes)
        .take(expected as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| broken())?;
    Ok(plain)
}

fn sized(bytes: Vec<u8>, pixels: usize, width: usize) -> io::Result<Vec<u8>> {
    match bytes.len() == pixels * width {
        true => Ok(bytes),
        false => Err(broken()),
    }
}

/// GZIP_2 puts the first bytes of all pixels first (section 10.4.2).
fn unsorted(bytes: &[u8], width: usize) -> Vec<u8> {
    let pixels = bytes.len() / width.max(1);
    let byte = |pixel: usize, weight: usize| bytes.get(weight * pixels + pixel).copied();
    (0..pixels)
        .flat_map(|pixel| (0..width).map(move |weight| byte(pixel, weight).unwrap_or_default()))
        .collect()
}

/// Whole numbers of so many bytes, the lowest ones.
fn written(numbers: &[i64], width: usize) -> Vec<u8> {
    let tail = |number: &i64| {
        let bytes = number.to_be_bytes();
        bytes.into_iter().skip(8 - width.min(8))
    };
    numbers.iter().flat_map(tail).collect()
}
