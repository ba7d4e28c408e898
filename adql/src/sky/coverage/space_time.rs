//! A MOC of space and time (MOC 2.0 sections 3.3 and 5): for every cell of time
//! the cells of space that were seen then.

use std::ops::Range;

use moc::deser::fits::keywords::MocType;
use moc::deser::fits::range_stmoc_to_fits_ivoa;
use moc::moc::range::RangeMOC;
use moc::moc2d::range::{RangeMOC2, RangeMOC2Elem};
use moc::moc2d::{
    CellMOC2IntoIterator, CellMOC2Iterator, CellOrCellRangeMOC2IntoIterator,
    CellOrCellRangeMOC2Iterator, RangeMOC2IntoIterator,
};
use moc::qty::{Hpx, MocQty, Time};

use super::kept::{self, Reader};
use super::paint::{Canvas, effort, paint_position, paint_region};
use super::time::span;
use super::{MOST, NotACoverage, TimeCoverage, WAITING};
use crate::sky::{Coverage, Region};

type Whole = RangeMOC2<u64, Time<u64>, u64, Hpx<u64>>;

/// A range of cells of space in one cell of time, each counted in the cells of
/// the map's order.
type Seen = (u64, Range<u64>);

/// Where and when, growing.
///
/// ```
/// use adql::sky::{Region, SpaceTimeCoverage};
///
/// let mut coverage = SpaceTimeCoverage::new(10, 3);
/// coverage.add(&Region::parse("MOC 3/0 1")?, 59_000.0, 59_000.5);
/// assert_eq!(coverage.ascii(), "t10/94 s3/0-1 t10/ s3/");
/// # Ok::<(), adql::sky::RegionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpaceTimeCoverage {
    time: u8,
    space: u8,
    /// In order, without overlap.
    joined: Vec<Seen>,
    waiting: Vec<Seen>,
}

impl SpaceTimeCoverage {
    /// An empty map at an order of time (0 to 61) and one of space (0 to 29);
    /// both may become coarser, in turns.
    pub fn new(time: u8, space: u8) -> SpaceTimeCoverage {
        SpaceTimeCoverage {
            time: time.min(TimeCoverage::FINEST),
            space: space.min(Coverage::FINEST),
            joined: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// The orders of time and space that the map has now.
    pub fn orders(&self) -> (u8, u8) {
        (self.time, self.space)
    }

    /// Adds a region seen from `first` to `last`, as [`TimeCoverage::add`]
    /// takes them; nothing if that is no span of time.
    pub fn add(&mut self, region: &Region, first: f64, last: f64) {
        while self.space > 0 && effort(region, self.space) > WAITING {
            self.degrade(self.time, self.space - 1);
        }
        self.add_painted(first, last, |order, cells| {
            paint_region(region, order, cells);
        });
    }

    /// Adds a position in degrees; nothing if it is none.
    pub fn add_position(&mut self, lon: f64, lat: f64, first: f64, last: f64) {
        self.add_painted(first, last, |order, cells| {
            // What is nowhere on the sky has painted nothing.
            let _ = paint_position(lon, lat, order, cells);
        });
    }

    fn add_painted(&mut self, first: f64, last: f64, paint: impl Fn(u8, &mut Painted)) {
        let Some(span) = span(first, last) else {
            return;
        };
        loop {
            let mut painted = Painted {
                order: self.space,
                cells: Vec::new(),
            };
            paint(self.space, &mut painted);
            let cells = painted.joined();
            let shift = Time::<u64>::shift_from_depth_max(self.time);
            let times = span.start >> shift..=(span.end - 1) >> shift;
            let many = (times.end() - times.start() + 1).saturating_mul(cells.len() as u64);
            // One row that was seen for years must not fill the map alone.
            if many > WAITING as u64 && self.time > 0 {
                self.coarsen();
                continue;
            }
            for time in times {
                let seen = cells.iter().map(|cells| (time, cells.clone()));
                self.waiting.extend(seen);
            }
            break;
        }
        if self.waiting.len() >= WAITING {
            self.join();
        }
    }

    /// Adds all of another map; the coarser orders stay.
    pub fn absorb(&mut self, other: &mut SpaceTimeCoverage) {
        other.join();
        self.degrade(other.time, other.space);
        other.degrade(self.time, self.space);
        self.waiting.extend_from_slice(&other.joined);
        self.join();
    }

    /// Makes it coarser where it is finer than that.
    pub fn degrade(&mut self, time: u8, space: u8) {
        let (older, wider) = (
            self.time.saturating_sub(time),
            self.space.saturating_sub(space),
        );
        if older == 0 && wider == 0 {
            return;
        }
        self.time -= older;
        self.space -= wider;
        let wider = 2 * wider;
        for (time, cells) in self.joined.iter_mut().chain(&mut self.waiting) {
            *time >>= older;
            *cells = cells.start >> wider..((cells.end - 1) >> wider) + 1;
        }
        // What was in order may overlap now.
        self.waiting.append(&mut self.joined);
        self.tidy();
    }

    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.waiting.is_empty()
    }

    /// The ASCII form (MOC 2.0 section 5.1).
    pub fn ascii(&mut self) -> String {
        let mut text = Vec::new();
        let moc = self.whole();
        let cells = (&moc).into_range_moc2_iter().into_cellcellrange_moc2_iter();
        // Writing to a Vec cannot fail.
        let _ = cells.to_ascii_ivoa(None, false, &mut text);
        let text = String::from_utf8_lossy(&text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The JSON form, as mocpy and Aladin have it (MOC 2.0 appendix A.3).
    pub fn json(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let moc = self.whole();
        let cells = (&moc).into_range_moc2_iter().into_cell_moc2_iter();
        // Writing to a Vec cannot fail.
        let _ = cells.to_json_aladin(&None, &mut text);
        text
    }

    /// The FITS form (MOC 2.0 section 5.2); `None` only if it does not fit into
    /// memory.
    pub fn fits(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let moc = self.whole();
        range_stmoc_to_fits_ivoa(&moc, None, Some(MocType::Catalog), &mut bytes).ok()?;
        Some(bytes)
    }

    /// As few bytes, for keeping.
    pub fn bytes(&mut self) -> Vec<u8> {
        self.join();
        let mut bytes = kept::header(&[self.time, self.space]);
        let (mut before, mut end) = (0, 0);
        for (time, cells) in &self.joined {
            kept::put(&mut bytes, time - before);
            if *time > before {
                (before, end) = (*time, 0);
            }
            kept::put(&mut bytes, cells.start - end);
            kept::put(&mut bytes, cells.end - cells.start);
            end = cells.end;
        }
        bytes
    }

    /// What [`Self::bytes`] gave.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub fn read(bytes: &[u8]) -> Result<SpaceTimeCoverage, NotACoverage> {
        let mut reader = Reader::open(bytes)?;
        let time = reader.order(TimeCoverage::FINEST)?;
        let space = reader.order(Coverage::FINEST)?;
        let (times, cells) = (Time::<u64>::n_cells(time), Hpx::<u64>::n_cells(space));
        let mut map = SpaceTimeCoverage::new(time, space);
        let (mut before, mut end) = (0_u64, 0_u64);
        while !reader.is_at_end() {
            let later = reader.number()?;
            if later > 0 {
                before = before.checked_add(later).ok_or(NotACoverage)?;
                end = 0;
            }
            let start = end.checked_add(reader.number()?).ok_or(NotACoverage)?;
            end = start.checked_add(reader.number()?).ok_or(NotACoverage)?;
            if start >= end || end > cells || before >= times {
                return Err(NotACoverage);
            }
            map.joined.push((before, start..end));
        }
        Ok(map)
    }

    fn join(&mut self) {
        if !self.waiting.is_empty() {
            self.waiting.append(&mut self.joined);
            self.tidy();
        }
        while self.joined.len() > MOST && self.time + self.space > 0 {
            self.coarsen();
        }
    }

    /// An order less in time or, every other time, in space.
    fn coarsen(&mut self) {
        match (self.time + self.space) % 2 {
            1 if self.space > 0 => self.degrade(self.time, self.space - 1),
            _ => self.degrade(self.time.saturating_sub(1), self.space),
        }
    }

    /// All that waits becomes the map, in order.
    fn tidy(&mut self) {
        self.waiting
            .sort_unstable_by_key(|(time, cells)| (*time, cells.start));
        self.joined.clear();
        for (time, cells) in self.waiting.drain(..) {
            match self.joined.last_mut() {
                Some((last, before)) if *last == time && before.end >= cells.start => {
                    before.end = before.end.max(cells.end);
                }
                _ => self.joined.push((time, cells)),
            }
        }
    }

    /// Cells of time that follow one another and saw the same are one element.
    fn whole(&mut self) -> Whole {
        self.join();
        let shift = Time::<u64>::shift_from_depth_max(self.time);
        let finer = Hpx::<u64>::shift_from_depth_max(self.space);
        let mut elements: Vec<(Range<u64>, &[Seen])> = Vec::new();
        for seen in self.joined.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((time, _)) = seen.first() else {
                continue;
            };
            let cells = |seen: &[Seen]| -> Vec<Range<u64>> {
                seen.iter().map(|(_, cells)| cells.clone()).collect()
            };
            match elements.last_mut() {
                Some((times, before)) if times.end == *time && cells(before) == cells(seen) => {
                    times.end += 1;
                }
                _ => elements.push((*time..time + 1, seen)),
            }
        }
        let elements = elements.into_iter().map(|(times, seen)| {
            let times = times.start << shift..times.end << shift;
            let cells = seen
                .iter()
                .map(|(_, cells)| cells.start << finer..cells.end << finer);
            RangeMOC2Elem::new(
                RangeMOC::from_maxdepth_ranges(self.time, std::iter::once(times), None),
                RangeMOC::from_maxdepth_ranges(self.space, cells, None),
            )
        });
        RangeMOC2::new(self.time, self.space, elements.collect())
    }
}

/// The cells of one row.
struct Painted {
    order: u8,
    cells: Vec<Range<u64>>,
}

impl Painted {
    fn joined(self) -> Vec<Range<u64>> {
        let mut cells = self.cells;
        cells.sort_unstable_by_key(|cells| cells.start);
        cells.dedup_by(|next, before| {
            let meet = next.start <= before.end;
            if meet {
                before.end = before.end.max(next.end);
            }
            meet
        });
        cells
    }
}

impl Canvas for Painted {
    fn has(&self, _: u8, _: u64) -> bool {
        false
    }

    fn paint(&mut self, order: u8, cell: u64) {
        let shift = 2 * self.order.saturating_sub(order);
        self.cells.push(cell << shift..(cell + 1) << shift);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_seen_together_is_written_together() {
        let mut coverage = SpaceTimeCoverage::new(10, 3);
        let mut add = |region: &str, first: f64, last: f64| {
            coverage.add(&Region::parse(region).unwrap(), first, last);
        };
        add("MOC 3/0", 59_000.0, 59_001.0);
        add("MOC 3/1", 59_000.0, 59_001.0);
        add("MOC 3/7", 10.0, 30_000.0);
        add("MOC 3/9", 10.0, 9.0);
        assert_eq!(coverage.ascii(), "t9/46 10/ s3/7 t10/94 s3/0-1 t10/ s3/");
    }

    #[test]
    fn one_row_of_many_years_does_not_fill_the_map() {
        let mut coverage = SpaceTimeCoverage::new(61, 8);
        let region = Region::parse("CIRCLE 10 20 3").unwrap();
        coverage.add(&region, 10_000.0, 60_000.0);
        let (time, space) = coverage.orders();
        assert!(
            time < 40 && space < 8 && !coverage.is_empty(),
            "{time} {space}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn maps_are_kept_joined_and_made_coarser(
            rows in proptest::collection::vec(
                (0.0..360.0f64, -90.0..90.0f64, 0.0..3.0f64, 58_000.0..59_000.0f64, 0.0..3.0f64),
                0..20,
            ),
            time in 15u8..26, space in 0u8..6,
        ) {
            let mut whole = SpaceTimeCoverage::new(time, space);
            let mut halves = [whole.clone(), whole.clone()];
            for (place, (lon, lat, radius, first, length)) in rows.iter().enumerate() {
                let region = Region::circle(*lon, *lat, *radius)?;
                whole.add(&region, *first, first + length);
                halves[place % 2].add(&region, *first, first + length);
            }
            let [mut first, second] = halves;
            first.absorb(&mut SpaceTimeCoverage::read(&{second}.bytes())?);
            prop_assert_eq!(first.ascii(), whole.ascii());
            prop_assert!(whole.fits().is_some_and(|it| it.len().is_multiple_of(2880)));
            // Coarser at the end or from the beginning: the same times, and no less sky.
            whole.degrade(12, space);
            let mut coarse = SpaceTimeCoverage::new(12, space);
            for (lon, lat, radius, first, length) in &rows {
                coarse.add(&Region::circle(*lon, *lat, *radius)?, *first, first + length);
            }
            prop_assert_eq!(coarse.ascii(), whole.ascii());
        }
    }
}
