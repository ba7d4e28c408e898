//! A set of cells of one quantity that grows.

use std::marker::PhantomData;
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

/// Ranges are counted in cells of the finest order, and their ends are those of
/// cells of the map's order.
#[derive(Clone, Debug)]
pub(super) struct Ranges<Q> {
    order: u8,
    /// In order, apart.
    joined: Vec<Range<u64>>,
    waiting: Vec<Range<u64>>,
    quantity: PhantomData<Q>,
}

impl<Q: MocQty<u64>> Ranges<Q> {
    pub fn new(order: u8) -> Ranges<Q> {
        Ranges {
            order: order.min(Q::MAX_DEPTH),
            joined: Vec::new(),
            waiting: Vec::new(),
            quantity: PhantomData,
        }
    }

    pub fn order(&self) -> u8 {
        self.order
    }

    /// Adds a range of cells of the finest order.
    pub fn add(&mut self, range: Range<u64>) {
        self.waiting.push(self.whole(range));
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
        let shift = Q::shift_from_depth_max(order);
        let (start, end) = (cell << shift, (cell + 1) << shift);
        let place = self.joined.partition_point(|range| range.end <= start);
        let found = self.joined.get(place);
        found.is_some_and(|range| range.start <= start && end <= range.end)
    }

    /// Joins what waits: [`Self::has`] knows of it from then on.
    pub fn join(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.sort_unstable_by_key(|range| range.start);
            let mut all = Vec::with_capacity(self.joined.len() + self.waiting.len());
            let mut old = self.joined.drain(..).peekable();
            for new in self.waiting.drain(..) {
                while let Some(before) = old.next_if(|before| before.start <= new.start) {
                    push(&mut all, before);
                }
                push(&mut all, new);
            }
            old.for_each(|range| push(&mut all, range));
            self.joined = all;
        }
        while self.joined.len() > MOST && self.order > 0 {
            self.degrade(self.order - 1);
        }
    }

    pub fn degrade(&mut self, order: u8) {
        if order < self.order {
            self.order = order;
            let coarser = std::mem::take(&mut self.waiting).into_iter();
            self.waiting = coarser.map(|range| self.whole(range)).collect();
            let mut all = Vec::new();
            for range in std::mem::take(&mut self.joined) {
                push(&mut all, self.whole(range));
            }
            self.joined = all;
        }
    }

    /// Adds all of another map; the coarser of the two orders stays.
    pub fn absorb(&mut self, other: &mut Ranges<Q>) {
        other.join();
        self.degrade(other.order);
        let others = other.joined.iter().cloned();
        let others: Vec<Range<u64>> = others.map(|range| self.whole(range)).collect();
        self.waiting.extend(others);
        self.join();
    }

    /// All that was added, in order.
    pub fn ranges(&mut self) -> &[Range<u64>] {
        self.join();
        &self.joined
    }

    /// The same for those who write.
    pub fn joined(&mut self) -> Cells<Q> {
        let order = self.order;
        let ranges = self.ranges();
        Cells::from_maxdepth_ranges(order, ranges.iter().cloned(), Some(ranges.len() + 1))
    }

    /// The cells of the map's order in which a range lies.
    fn whole(&self, range: Range<u64>) -> Range<u64> {
        let shift = Q::shift_from_depth_max(self.order);
        let end = ((range.end - 1) >> shift) + 1;
        range.start >> shift << shift..end << shift
    }

    pub fn ascii(&mut self) -> String {
        let mut text = Vec::new();
        let cells = self.joined().into_range_moc_iter().cells().cellranges();
        // Writing to a Vec cannot fail.
        let _ = cells.to_ascii_ivoa(None, false, &mut text);
        String::from_utf8_lossy(&text).trim_end().to_owned()
    }

    pub fn json(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let cells = self.joined().into_range_moc_iter().cells();
        // Writing to a Vec cannot fail.
        let _ = cells.to_json_aladin(None, &mut text);
        text
    }

    /// As ranges (MOC 2.0 section 4.3.1).
    pub fn fits(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.joined()
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
            push(&mut ranges, start << shift..end << shift);
        }
        Ok(Ranges {
            order,
            joined: ranges,
            waiting: Vec::new(),
            quantity: PhantomData,
        })
    }
}

/// Appends a range that does not begin before the last one.
fn push(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
        _ => ranges.push(range),
    }
}
