//! A MOC in its ASCII form (MOC 2.0, section 4.3.2), as cells and as polygons.
//!
//! Why not the reader of the crate `moc` (0.19)? It takes no commas between
//! cells, which archives write, and an order beyond 29 or a cell of 2^64 − 1
//! overflows in it, while no input may panic here.

use std::fmt;
use std::ops::RangeInclusive;

use cdshealpix::compass_point::Cardinal;
use cdshealpix::nested;

use super::point::{Point, Vector};
use super::polygon::Polygon;
use super::region::{RegionError, RegionPart};

/// The finest order of a MOC.
const FINEST: u8 = 29;

/// More cells than this, after merging, are refused: each becomes a polygon.
const MAX_CELLS: usize = 4_096;

/// Cells, merged where four make a larger one, by order and number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moc {
    cells: Vec<(u8, u64)>,
}

impl Moc {
    /// Reads what follows the word MOC, e.g. `4/1,3-5 5/96`.
    pub fn parse(text: &str) -> Result<Moc, RegionError> {
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
                let shift = 2 * u32::from(FINEST - order);
                ranges.push((cells.start() << shift, (cells.end() + 1) << shift));
            }
        }
        Moc::merged(ranges)
    }

    fn merged(mut ranges: Vec<(u64, u64)>) -> Result<Moc, RegionError> {
        ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (from, to) in ranges {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        let mut cells = Vec::new();
        for (mut from, to) in joined {
            while from < to {
                // The largest cell that begins here and ends in the range.
                let aligned = (from.trailing_zeros() / 2).min(u32::from(FINEST));
                let fitting = (to - from).ilog2() / 2;
                let up = aligned.min(fitting);
                cells.push((FINEST - up as u8, from >> (2 * up)));
                from += 1 << (2 * up);
                if cells.len() > MAX_CELLS {
                    return Err(RegionError::new(format!(
                        "the MOC has more than {MAX_CELLS} cells; give it at a lower order"
                    )));
                }
            }
        }
        if cells.is_empty() {
            return Err(RegionError::new("the MOC is empty"));
        }
        cells.sort_unstable();
        Ok(Moc { cells })
    }

    /// Order and number of every cell.
    pub fn cells(&self) -> &[(u8, u64)] {
        &self.cells
    }

    /// Appends a polygon for every cell, its edges within `stray` radians of the
    /// cell's; the whole sky becomes one circle.
    pub fn build(&self, stray: f64, parts: &mut Vec<RegionPart>) -> Result<(), RegionError> {
        if self.cells.len() == 12 && self.cells.iter().all(|&(order, _)| order == 0) {
            parts.push(RegionPart::Circle {
                centre: [0.0, 0.0, 1.0],
                chord: 2.0,
            });
            return Ok(());
        }
        for &(order, cell) in &self.cells {
            // The edge of a cell bends about as much as a circle of its size.
            let edge = 1.03 / f64::from(1_u32 << order);
            let steps = (edge / (8.0 * stray).sqrt()).ceil().max(1.0);
            let path = nested::path_along_cell_edge(order, cell, &Cardinal::S, false, steps as u32);
            let ring = path
                .iter()
                .map(|&(lon, lat)| {
                    let lat = lat.to_degrees().clamp(-90.0, 90.0);
                    Point::from_degrees(lon.to_degrees(), lat).map(|point| point.vector())
                })
                .collect::<Result<Vec<Vector>, _>>()?;
            parts.push(RegionPart::Polygon(Polygon::new(ring)?));
        }
        Ok(())
    }
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
        let mut cells = self.cells.iter().copied().peekable();
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
