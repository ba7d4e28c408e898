//! A set of cells of one quantity that grows.

use std::ops::Range;

use moc::deser::fits::keywords::MocType;
use moc::moc::range::RangeMOC;
use moc::moc::{
    CellMOCIterator, CellOrCellRangeMOCIterator, RangeMOCIntoIterator, RangeMOCIterator,
};
use moc::qty::MocQty;

use super::kept::{self, Reader};
use super::{MOST, NotACoverage, WAITING};

/// So many new ranges always wait.
const FEW: usize = 1_024;

pub(super) type Cells<Q> = RangeMOC<u64, Q>;

/// Ranges are counted in cells of the finest order.
#[derive(Clone, Debug)]
pub(super) struct Ranges<Q: MocQty<u64>> {
    order: u8,
    joined: Cells<Q>,
    waiting: Vec<Range<u64>>,
}

impl<Q: MocQty<u64>> Ranges<Q> {
    pub fn new(order: u8) -> Ranges<Q> {
        let order = order.min(Q::MAX_DEPTH);
        Ranges {
            order,
            joined: Cells::new_empty(order),
            waiting: Vec::new(),
        }
    }

    pub fn order(&self) -> u8 {
        self.order
    }

    /// Adds a range of cells of the finest order.
    pub fn add(&mut self, range: Range<u64>) {
        self.waiting.push(range);
        // Often while the map is small, so that what comes again is known, and
        // seldom enough that joining costs no more than adding.
        let many = (self.joined.len() / 2).clamp(FEW, WAITING);
        if self.waiting.len() >= many {
            self.join();
        }
    }

    pub fn add_cell(&mut self, order: u8, cell: u64) {
        let shift = Q::shift_from_depth_max(order);
        self.add(cell << shift..(cell + 1) << shift);
    }

    /// Whether the cell was added before; false if it is not known yet.
    pub fn has(&self, order: u8, cell: u64) -> bool {
        !self.joined.is_empty() && self.joined.contains_cell(order, cell)
    }

    /// Joins what waits: [`Self::has`] knows of it from then on.
    pub fn join(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.sort_unstable_by_key(|range| range.start);
            let waiting = self.waiting.drain(..);
            // Cells finer than the map, from a MOC, become those of its order.
            let new = Cells::from_maxdepth_ranges(self.order, waiting, Some(WAITING));
            self.joined = self.joined.or(&new).degraded(self.order);
        }
        while self.joined.len() > MOST && self.order > 0 {
            self.degrade(self.order - 1);
        }
    }

    pub fn degrade(&mut self, order: u8) {
        if order < self.order {
            self.order = order;
            self.joined = self.joined.degraded(order);
        }
    }

    /// Adds all of another map; the coarser of the two orders stays.
    pub fn absorb(&mut self, other: &mut Ranges<Q>) {
        other.join();
        self.join();
        self.degrade(other.order);
        self.joined = self.joined.or(&other.joined).degraded(self.order);
        self.join();
    }

    pub fn ranges(&mut self) -> &[Range<u64>] {
        self.join();
        &self.joined.moc_ranges().0.0
    }

    /// All that was added, in order.
    pub fn joined(&mut self) -> &Cells<Q> {
        self.join();
        &self.joined
    }

    pub fn ascii(&mut self) -> String {
        self.join();
        let mut text = Vec::new();
        let cells = (&self.joined).into_range_moc_iter().cells().cellranges();
        // Writing to a Vec cannot fail.
        let _ = cells.to_ascii_ivoa(None, false, &mut text);
        String::from_utf8_lossy(&text).trim_end().to_owned()
    }

    pub fn json(&mut self) -> Vec<u8> {
        self.join();
        let mut text = Vec::new();
        let cells = (&self.joined).into_range_moc_iter().cells();
        // Writing to a Vec cannot fail.
        let _ = cells.to_json_aladin(None, &mut text);
        text
    }

    /// As ranges (MOC 2.0 section 4.3.1).
    pub fn fits(&mut self) -> Option<Vec<u8>> {
        self.join();
        let mut bytes = Vec::new();
        (&self.joined)
            .into_range_moc_iter()
            .to_fits_ivoa(None, Some(MocType::Catalog), &mut bytes)
            .ok()?;
        Some(bytes)
    }

    pub fn bytes(&mut self) -> Vec<u8> {
        let shift = Q::shift_from_depth_max(self.order);
        let mut bytes = kept::header(&[self.order]);
        let mut end = 0;
        for range in self.ranges() {
            kept::put(&mut bytes, (range.start >> shift) - end);
            kept::put(&mut bytes, (range.end - range.start) >> shift);
            end = range.end >> shift;
        }
        bytes
    }

    pub fn read(bytes: &[u8]) -> Result<Ranges<Q>, NotACoverage> {
        let mut reader = Reader::open(bytes)?;
        let order = reader.order(Q::MAX_DEPTH)?;
        let shift = Q::shift_from_depth_max(order);
        let cells = Q::n_cells(order);
        let mut ranges = Vec::new();
        let mut end = 0_u64;
        while !reader.is_at_end() {
            let start = end.checked_add(reader.number()?).ok_or(NotACoverage)?;
            end = start.checked_add(reader.number()?).ok_or(NotACoverage)?;
            if start >= end || end > cells {
                return Err(NotACoverage);
            }
            ranges.push(start << shift..end << shift);
        }
        Ok(Ranges {
            order,
            joined: Cells::from_maxdepth_ranges(order, ranges.into_iter(), Some(WAITING)),
            waiting: Vec::new(),
        })
    }
}
