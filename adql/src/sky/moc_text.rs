//! A MOC in its ASCII form (MOC 2.0, section 4.3.2) or as JSON (section 4.3.3).
//!
//! Why not the reader of the crate `moc` (0.19)? It takes no commas between
//! cells, which archives write, and an order beyond 29 or a cell of 2^64 − 1
//! overflows in it, while no input may panic here.

use std::fmt;
use std::ops::RangeInclusive;

use cdshealpix::nested;

use super::cell::{FINEST, shift};
use super::moc::{MAX_CELLS, Moc, grown, ring};
use super::polygon::Polygon;
use super::region::{RegionError, RegionPart};

/// A region has at most so many cells, since each becomes a polygon.
const MAX_POLYGONS: usize = 4_096;

impl Moc {
    /// Reads what follows the word MOC, e.g. `4/1,3-5 5/96`, or
    /// `{"4": [1, 3, 4, 5], "5": [96]}`.
    ///
    /// # Errors
    ///
    /// When it is no MOC, has no cells, or more than [`MAX_CELLS`] of them.
    pub fn parse(text: &str) -> Result<Moc, RegionError> {
        // Of JSON only the signs differ.
        let json: String;
        let text = match text.trim().starts_with('{') {
            true => {
                let sign = |c: char| match c {
                    '{' | '}' | '[' | ']' | '"' => ' ',
                    c => c,
                };
                json = text.replace(':', "/ ").chars().map(sign).collect();
                json.replace(" /", "/").replace(" /", "/")
            }
            false => text.to_owned(),
        };
        let mut ranges = Vec::new();
        let mut order = None;
        let blank = |c: char| c.is_whitespace() || c == ',';
        for token in text.split(blank).filter(|token| !token.is_empty()) {
            let cells = match token.split_once('/') {
                Some((number, cells)) => {
                    order = Some(parse_order(number)?);
                    cells
                }
                None => token,
            };
            let Some(order) = order else {
                return Err(RegionError::new(format!(
                    "a MOC begins with an order and a slash, not with {cells:?}"
                )));
            };
            if !cells.is_empty() {
                let cells = parse_cells(order, cells)?;
                let shift = shift(order);
                ranges.push((cells.start() << shift, (cells.end() + 1) << shift));
            }
        }
        let moc = Moc::of_ranges(ranges);
        match moc.cells().take(MAX_CELLS + 1).count() {
            0 => Err(RegionError::new("the MOC is empty")),
            count if count > MAX_CELLS => Err(too_many(MAX_CELLS)),
            _ => Ok(moc),
        }
    }

    /// Whether these are all cells of the sky.
    pub(super) fn is_sky(&self) -> bool {
        self.complement().cells().next().is_none()
    }

    /// Appends a polygon around every cell.
    pub(super) fn build(&self, parts: &mut Vec<RegionPart>) -> Result<(), RegionError> {
        if self.cells().take(MAX_POLYGONS + 1).count() > MAX_POLYGONS {
            return Err(too_many(MAX_POLYGONS));
        }
        let mut cells: Vec<(u8, u64)> = self.cells().collect();
        cells.sort_unstable();
        for (order, cell) in cells {
            parts.push(RegionPart::Drawn {
                polygon: Polygon::new(ring(order, cell, 1.0))?,
                margin: grown(order),
            });
        }
        Ok(())
    }
}

fn too_many(most: usize) -> RegionError {
    RegionError::new(format!(
        "the MOC has more than {most} cells; give it at a lower order"
    ))
}

fn parse_order(text: &str) -> Result<u8, RegionError> {
    match text.trim().parse::<u8>() {
        Ok(order) if order <= FINEST => Ok(order),
        _ => Err(RegionError::new(format!(
            "a MOC has orders from 0 to {FINEST}, not {text}"
        ))),
    }
}

fn parse_cells(order: u8, text: &str) -> Result<RangeInclusive<u64>, RegionError> {
    let cell = |text: &str| {
        let cell: u64 = text
            .parse()
            .map_err(|_| RegionError::new(format!("{text:?} is not a cell of a MOC")))?;
        if cell >= nested::n_hash(order) {
            return Err(RegionError::new(format!(
                "the order {order} of a MOC has no cell {cell}"
            )));
        }
        Ok(cell)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let cells = cell(first)?..=cell(last)?;
    if cells.is_empty() {
        return Err(RegionError::new(format!(
            "the cells {text} of a MOC are in the wrong order"
        )));
    }
    Ok(cells)
}

impl fmt::Display for Moc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut order = None;
        let mut cells: Vec<(u8, u64)> = self.cells().collect();
        cells.sort_unstable();
        let mut cells = cells.into_iter().peekable();
        while let Some((this, first)) = cells.next() {
            let mut last = first;
            while cells.next_if_eq(&(this, last + 1)).is_some() {
                last += 1;
            }
            match order {
                Some(order) if order == this => f.write_str(",")?,
                Some(_) => write!(f, " {this}/")?,
                None => write!(f, "{this}/")?,
            }
            order = Some(this);
            write!(f, "{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
        }
        Ok(())
    }
}
