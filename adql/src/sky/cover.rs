//! Which keys a query must look at.
//!
//! The law: a cover may only be too wide. It names keys that hold every
//! footprint (every position) that can satisfy the relation, and the exact
//! test decides. Cells are judged by the circle round them, distances get
//! [`SLACK`] for all rounding.

use cdshealpix::nested;

use super::footprint::{ALWAYS, CLASS_RADII, CLASS_SHIFT, KEY_ORDER, POSITION_ORDER};
use super::moc::{Moc, STRAY};
use super::point::{Vector, angle_of, chord_of, chord2};
use super::region::{Region, RegionPart};

/// What a footprint must have to do with the query region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The footprint and the query have a point in common.
    Meets,
    /// The footprint lies inside the query.
    Inside,
    /// The footprint contains the query; for a point: the point is in it.
    Covers,
}

/// At most so many ranges for footprints: planning time of PostgreSQL grows
/// with them, 0.8 ms for 98 and 2.1 ms for 278.
const MAX_FOOTPRINT_RANGES: usize = 96;
/// At most so many ranges for positions.
const MAX_POSITION_RANGES: usize = 64;

/// Cells are divided until there are more than this.
const FEW_FOOTPRINT_CELLS: usize = 12;
const FEW_POSITION_CELLS: usize = 40;

/// Radians added to every distance, well above all rounding and tolerances,
/// well below a cell of order 26 (1.5e-8).
const SLACK: f64 = 1e-11;

/// A polygon with more vertices is judged by the circle round it.
const MAX_EXACT_VERTICES: usize = 128;
/// A region of more parts is judged by the circle round it.
const MAX_EXACT_PARTS: usize = 64;

/// Inclusive ranges of footprint keys, sorted, at most 96.
pub fn footprints(query: &Region, relation: Relation) -> Vec<(i64, i64)> {
    let query = Query::new(query);
    let mut ranges = Vec::new();
    let mut cells = Cell::whole_sky();
    for (class, radius) in CLASS_RADII.iter().enumerate() {
        let largest = radius.to_radians() + SLACK;
        if relation == Relation::Inside {
            let smallest = CLASS_RADII.get(class + 1).map_or(0.0, |r| r.to_radians());
            // A circle of at least half the width of what it must hold.
            if smallest / 2.0 > query.bound.radius + SLACK {
                continue;
            }
        }
        let keep = |cell: &Cell| query.judge(cell, relation, largest);
        // What a class rules out, all finer ones do: their footprints are
        // smaller, so they begin with the cells that are left.
        cells = refined(cells, keep, FEW_FOOTPRINT_CELLS, KEY_ORDER);
        let base = (class as i64) << CLASS_SHIFT;
        ranges.extend(cells.iter().map(|cell| {
            let (low, high) = cell.range(KEY_ORDER);
            (base | low, base | high)
        }));
    }
    ranges.push(ALWAYS);
    merged(ranges, MAX_FOOTPRINT_RANGES)
}

/// Inclusive ranges of order-29 cells of the positions inside the query,
/// sorted, at most 64.
pub fn positions(query: &Region) -> Vec<(i64, i64)> {
    let query = Query::new(query);
    let keep = |cell: &Cell| query.judge(cell, Relation::Inside, 0.0);
    let cells = refined(Cell::whole_sky(), keep, FEW_POSITION_CELLS, POSITION_ORDER);
    let ranges = cells.iter().map(|cell| cell.range(POSITION_ORDER));
    merged(ranges.collect(), MAX_POSITION_RANGES)
}

/// Cells of a MOC are looked for at an order at which there are at most so
/// many of them.
const MAX_MOC_CELLS: u64 = 192;

/// Inclusive ranges of footprint keys for those who meet a MOC, or (`inside`)
/// lie inside of it, sorted, at most 96.
pub fn footprints_of_moc(moc: &Moc, inside: bool) -> Vec<(i64, i64)> {
    let mut ranges = Vec::new();
    for (class, radius) in CLASS_RADII.iter().enumerate() {
        let base = (class as i64) << CLASS_SHIFT;
        let grown = match inside {
            // Its centre is in one of the cells.
            true => moc.degraded(KEY_ORDER),
            // Edges may stray.
            false => grown(moc, radius.to_radians() + 4.0 * STRAY),
        };
        let bits = 2 * u32::from(POSITION_ORDER - KEY_ORDER);
        let keys = |&(low, high): &(i64, i64)| (base | low >> bits, base | high >> bits);
        ranges.extend(grown.ranges().iter().map(keys));
    }
    ranges.push(ALWAYS);
    merged(ranges, MAX_FOOTPRINT_RANGES)
}

/// Cells that hold all positions within `reach` radians of a MOC.
fn grown(moc: &Moc, reach: f64) -> Moc {
    if !cdshealpix::has_best_starting_depth(reach) {
        return Moc::of_ranges(vec![(0, nested::n_hash(POSITION_ORDER))]);
    }
    // At this order a circle of that radius is in its centre's cell and the
    // cells around.
    let mut order = cdshealpix::best_starting_depth(reach).min(KEY_ORDER);
    let mut cells = moc.degraded(order);
    while order > 0 && cells.count(order) > MAX_MOC_CELLS {
        order -= 1;
        cells = cells.degraded(order);
    }
    let bits = 2 * u32::from(POSITION_ORDER - order);
    let around = cells
        .cells_of(order)
        .flat_map(|cell| nested::neighbours(order, cell, true).values_vec());
    Moc::of_ranges(
        around
            .map(|cell| (cell << bits, (cell + 1) << bits))
            .collect(),
    )
}

/// Ranges of positions that hold these, at most 64.
pub(crate) fn fewer(ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    merged(ranges, MAX_POSITION_RANGES)
}

/// A nested HEALPix cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub order: u8,
    pub number: u64,
    pub centre: Vector,
    /// Nothing outside of it is wanted: dividing it would gain nothing.
    full: bool,
}

impl Cell {
    pub fn new(order: u8, number: u64) -> Cell {
        let (lon, lat) = nested::center(order, number);
        let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (lon.sin_cos(), lat.sin_cos());
        Cell {
            order,
            number,
            centre: [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
            full: false,
        }
    }

    pub fn whole_sky() -> Vec<Cell> {
        (0..12).map(|number| Cell::new(0, number)).collect()
    }

    /// Radians from the centre that no point of the cell exceeds. A test compares
    /// all cells of the first orders; the widest are those at the edges of the
    /// polar caps, which approach 1.069/2^order.
    pub fn radius(&self) -> f64 {
        let [_, _, z] = self.centre;
        let factor = if self.order >= 4 && z.abs() < 0.6 {
            0.9
        } else {
            1.07
        };
        factor / (1_u64 << self.order) as f64
    }

    fn range(&self, order: u8) -> (i64, i64) {
        let shift = 2 * u32::from(order - self.order);
        let low = self.number << shift;
        (low as i64, (low + (1 << shift) - 1) as i64)
    }
}

enum Verdict {
    Out,
    Partial,
    Full,
}

/// Drops the cells that are out, then divides the others while they are few.
fn refined(
    cells: Vec<Cell>,
    judge: impl Fn(&Cell) -> Verdict,
    few: usize,
    finest: u8,
) -> Vec<Cell> {
    let judged = |mut cell: Cell| {
        cell.full = match judge(&cell) {
            Verdict::Out => return None,
            Verdict::Partial => false,
            Verdict::Full => true,
        };
        Some(cell)
    };
    let mut cells: Vec<Cell> = cells.into_iter().filter_map(judged).collect();
    loop {
        let partial = cells.iter().filter(|cell| !cell.full).count();
        let divisible = cells.iter().any(|cell| !cell.full && cell.order < finest);
        if partial > few || !divisible {
            return cells;
        }
        let mut finer = Vec::with_capacity(4 * cells.len());
        for cell in cells {
            if cell.full || cell.order >= finest {
                finer.push(cell);
                continue;
            }
            let children = (0..4).map(|i| Cell::new(cell.order + 1, 4 * cell.number + i));
            finer.extend(children.filter_map(judged));
        }
        cells = finer;
    }
}

/// A circle as angles.
struct Round {
    centre: Vector,
    /// Radians.
    radius: f64,
}

struct Query<'a> {
    bound: Round,
    inner: Round,
    /// Empty where the bound has to do.
    parts: &'a [RegionPart],
}

impl<'a> Query<'a> {
    fn new(region: &'a Region) -> Query<'a> {
        let round = |cap: super::Cap| Round {
            centre: cap.centre,
            radius: angle_of(cap.chord),
        };
        let exact = region.parts.len() <= MAX_EXACT_PARTS
            && region.parts.iter().map(RegionPart::edges).sum::<usize>() <= MAX_EXACT_VERTICES;
        Query {
            bound: round(region.bounding_cap()),
            inner: round(region.inscribed_cap()),
            parts: if exact { &region.parts } else { &[] },
        }
    }

    /// Whether a footprint with its centre in the cell, reaching no further than
    /// `largest` from it, can satisfy the relation.
    fn judge(&self, cell: &Cell, relation: Relation, largest: f64) -> Verdict {
        let radius = cell.radius() + SLACK;
        match relation {
            // The centre is a point of the footprint.
            Relation::Inside => self.near(cell, radius, 0.0),
            Relation::Meets => self.near(cell, radius, largest),
            Relation::Covers => self.in_reach(cell, radius, largest),
        }
    }

    /// Whether the cell has points within `grow` of the query.
    fn near(&self, cell: &Cell, radius: f64, grow: f64) -> Verdict {
        if !within(
            cell.centre,
            self.bound.centre,
            self.bound.radius + grow + radius,
        ) {
            return Verdict::Out;
        }
        let full = self.inner.radius + grow - radius;
        if full > 0.0 && within(cell.centre, self.inner.centre, full) {
            return Verdict::Full;
        }
        if grow > radius * 8.0 {
            // So large a margin rounds off all corners.
            if within(
                cell.centre,
                self.bound.centre,
                grow - radius - self.bound.radius,
            ) {
                return Verdict::Full;
            }
        }
        if self.parts.is_empty() {
            return Verdict::Partial;
        }
        let limit = grow + radius;
        if self.parts.iter().any(|part| part.near(cell.centre, limit)) {
            Verdict::Partial
        } else {
            Verdict::Out
        }
    }

    /// Whether the cell has points from which all of the query is within
    /// `reach`.
    fn in_reach(&self, cell: &Cell, radius: f64, reach: f64) -> Verdict {
        let limit = reach + radius;
        let far = |part: &RegionPart| part.beyond(cell.centre, limit);
        if !within(cell.centre, self.inner.centre, limit - self.inner.radius)
            || self.parts.iter().any(far)
        {
            return Verdict::Out;
        }
        if within(
            cell.centre,
            self.bound.centre,
            reach - radius - self.bound.radius,
        ) {
            Verdict::Full
        } else {
            Verdict::Partial
        }
    }
}

/// Whether two points are within an angle of radians, which may be negative or
/// more than half a turn.
pub(super) fn within(a: Vector, b: Vector, radians: f64) -> bool {
    if radians < 0.0 {
        return false;
    }
    if radians >= std::f64::consts::PI {
        return true;
    }
    let chord = chord_of(radians);
    chord2(a, b) <= chord * chord
}

/// Sorts and joins ranges; closes the smallest gaps until there are few.
fn merged(mut ranges: Vec<(i64, i64)>, most: usize) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match joined.last_mut() {
            Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
            _ => joined.push((low, high)),
        }
    }
    if joined.len() <= most {
        return joined;
    }
    let gap = |pair: &[(i64, i64)]| match pair {
        &[(_, high), (low, _)] => low - high,
        _ => i64::MAX,
    };
    let mut gaps: Vec<i64> = joined.windows(2).map(gap).collect();
    gaps.sort_unstable();
    let surplus = joined.len() - most;
    let widest = gaps.get(surplus - 1).copied().unwrap_or(i64::MAX);
    let mut closed: Vec<(i64, i64)> = Vec::with_capacity(most);
    for (low, high) in joined {
        match closed.last_mut() {
            Some(last) if low - last.1 <= widest => last.1 = high,
            _ => closed.push((low, high)),
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::point::angle;

    #[test]
    fn no_cell_is_wider_than_we_say() {
        for order in 0..7 {
            for number in 0..nested::n_hash(order) {
                let cell = Cell::new(order, number);
                for &(lon, lat) in &nested::grid(order, number, 8) {
                    let point = [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()];
                    assert!(angle(cell.centre, point) < cell.radius());
                }
            }
        }
    }

    #[test]
    fn gaps_close_from_the_smallest() {
        let check = |ranges: &[(i64, i64)], most, expected: &[(i64, i64)]| {
            assert_eq!(merged(ranges.to_vec(), most), expected);
        };
        check(&[(5, 6), (1, 2), (3, 3)], 9, &[(1, 3), (5, 6)]);
        check(&[(1, 2), (9, 9), (12, 20)], 2, &[(1, 2), (9, 20)]);
        check(&[(1, 2), (9, 9), (12, 20)], 1, &[(1, 20)]);
        check(&[(1, 8), (2, 3)], 9, &[(1, 8)]);
    }

    #[test]
    fn covers_are_small() {
        let count = |text: &str, relation| {
            let ranges = footprints(&Region::parse(text).unwrap(), relation);
            assert!(ranges.len() <= MAX_FOOTPRINT_RANGES);
            ranges.len()
        };
        for relation in [Relation::Meets, Relation::Inside, Relation::Covers] {
            count("circle 10 20 0.1", relation);
            count("circle 0 90 5", relation);
            count("polygon 10 10 14 10 14 12 10 12", relation);
            count(
                "union (circle 0 0 1 circle 90 0 1 circle 180 50 1)",
                relation,
            );
        }
        // The whole sky is one range.
        assert_eq!(count("circle 0 0 180", Relation::Meets), 14);
        assert_eq!(
            positions(&Region::parse("circle 0 0 180").unwrap()).len(),
            1
        );
        // A degree in the sky: the cells of a cone are not much more than it.
        let cells = positions(&Region::circle(10.0, 20.0, 1.0).unwrap());
        let total: i64 = cells.iter().map(|(low, high)| high - low + 1).sum();
        let cell = 4.0 * 180.0 * 180.0 / std::f64::consts::PI / nested::n_hash(29) as f64;
        let excess = total as f64 * cell / std::f64::consts::PI;
        assert!(excess < 1.6, "{excess}");
    }
}
