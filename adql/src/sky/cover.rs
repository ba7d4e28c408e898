//! Which keys a query must look at.
//!
//! The law: a cover may only be too wide. It names keys that hold every
//! footprint (every position) that can satisfy the relation, and the exact
//! test decides. Cells are judged by the circle round them, distances get
//! [`SLACK`] for all rounding.

use cdshealpix::nested;

use super::cell::centre_vector;
use super::footprint::{ALWAYS, CLASS_RADII, CLASS_SHIFT, KEY_ORDER, POSITION_ORDER};
use super::moc::{Moc, STRAY};
use super::point::{Vector, angle_of, within};
use super::ranges::merged;
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

/// At most so many ranges: planning time of PostgreSQL grows with them, 0.8 ms
/// for 98 and 2.1 ms for 278.
const MAX_RANGES: usize = 96;

/// How ranges are asked for, which decides what one of them costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As a list of conditions: planned one by one, with statistics.
    Listed,
    /// As the rows of a table from which keys are looked up.
    Joined,
}

impl Manner {
    /// What a range costs beside a row that is read in vain: PostgreSQL plans
    /// and starts one of a list in 25 µs and looks one up in 4 µs; it drops a
    /// row in 1.5 µs.
    fn range_cost(self) -> f64 {
        match self {
            Manner::Listed => 16.0,
            Manner::Joined => 2.5,
        }
    }
}

/// So much denser than on average rows may be where people look.
const DENSER: f64 = 4.0;
/// Cells at the edge of a region are not divided when there are more.
const MOST_EDGE_CELLS: usize = 64;

/// Cells are divided where that may spare this part of what it adds, by a rough
/// reckoning: the exact one decides, and takes far longer.
const WORTH: f64 = 0.1;

/// Radians added to every distance, well above all rounding and tolerances,
/// well below a cell of order 26 (1.5e-8).
const SLACK: f64 = 1e-11;

/// A polygon with more vertices is judged by the circle round it.
const MAX_EXACT_VERTICES: usize = 128;
/// A region of more parts is judged by the circle round it.
const MAX_EXACT_PARTS: usize = 64;

/// About how many rows a table has in each size class of a region's key, or
/// (in any of them) with a position. It says what a cover may cost, and never
/// what it may leave out.
#[derive(Clone, Debug, PartialEq)]
pub struct Population(pub [f64; Population::CLASSES]);

impl Population {
    /// How many classes there are; class `k` has the keys from `k << 56` on.
    pub const CLASSES: usize = CLASS_RADII.len() + 1;

    /// Rows of all classes.
    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }

    /// The keys of a class, both inclusive.
    pub fn keys(class: usize) -> (i64, i64) {
        let class = class as i64;
        (class << CLASS_SHIFT, ((class + 1) << CLASS_SHIFT) - 1)
    }
}

/// A table that nobody counted.
impl Default for Population {
    fn default() -> Population {
        Population([100_000.0; Population::CLASSES])
    }
}

/// Inclusive ranges of keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// Sorted, at most 96.
    pub ranges: Vec<(i64, i64)>,
    /// About how many rows have such keys.
    pub rows: f64,
}

/// The keys of all footprints that can have the relation.
pub fn footprints(query: &Region, relation: Relation) -> Vec<(i64, i64)> {
    footprints_among(query, relation, &Population::default(), Manner::Listed).ranges
}

/// The same, the cheapest for a table of so many rows.
pub fn footprints_among(
    query: &Region,
    relation: Relation,
    population: &Population,
    manner: Manner,
) -> Ranges {
    let query = Query::new(query);
    let mut cover = Cover::new(manner);
    let mut cells = Cell::whole_sky();
    for (class, (radius, &rows)) in CLASS_RADII.iter().zip(&population.0).enumerate() {
        let largest = radius.to_radians() + SLACK;
        if relation == Relation::Inside {
            let smallest = CLASS_RADII.get(class + 1).map_or(0.0, |r| r.to_radians());
            // A circle of at least half the width of what it must hold.
            if smallest / 2.0 > query.bound.radius + SLACK {
                continue;
            }
        }
        let keep = |cell: &Cell| query.judge(cell, relation, largest);
        let (low, high) = Population::keys(class);
        let keys = Keys {
            order: KEY_ORDER,
            base: low,
            rows,
            range_cost: manner.range_cost(),
        };
        // What a class rules out, all finer ones do: their footprints are
        // smaller, so they begin with the cells that are left.
        cells = refined(cells, keep, &keys);
        if cells.is_empty() {
            continue;
        }
        // A few rows are read sooner than looked up.
        let adjoins = cover.last().is_some_and(|last| last + 1 == low);
        let whole = rows + if adjoins { 0.0 } else { keys.range_cost };
        if whole < keys.cost(&cells) {
            cover.push((low, high), f64::INFINITY, rows);
        } else {
            keys.add(&cells, &mut cover);
        }
    }
    let waiting = population.0.iter().skip(CLASS_RADII.len()).sum();
    cover.push(ALWAYS, f64::INFINITY, waiting);
    cover.ranges()
}

/// The order-29 cells of all positions inside the query.
pub fn positions(query: &Region) -> Vec<(i64, i64)> {
    positions_among(query, &Population::default(), Manner::Listed).ranges
}

/// The same, the cheapest for a table of so many rows.
pub fn positions_among(query: &Region, population: &Population, manner: Manner) -> Ranges {
    let query = Query::new(query);
    let keep = |cell: &Cell| query.judge(cell, Relation::Inside, 0.0);
    let keys = Keys {
        order: POSITION_ORDER,
        base: 0,
        rows: population.total(),
        range_cost: manner.range_cost(),
    };
    let cells = refined(Cell::whole_sky(), keep, &keys);
    let mut cover = Cover::new(manner);
    keys.add(&cells, &mut cover);
    cover.ranges()
}

/// Keys of one kind: cells at an order, after a number that all have.
struct Keys {
    order: u8,
    base: i64,
    /// How many rows have such keys.
    rows: f64,
    /// What a range costs beside a row.
    range_cost: f64,
}

impl Keys {
    /// About how many rows a span of keys has.
    fn rows_of(&self, span: i64) -> f64 {
        let sky = nested::n_hash(self.order) as f64;
        (span as f64 / sky * DENSER).min(1.0) * self.rows
    }

    fn rows_in(&self, cell: &Cell) -> f64 {
        let (low, high) = cell.range(self.order);
        self.rows_of(high - low + 1)
    }

    /// Between how many cells there is something that is not looked up.
    fn gaps(&self, cells: &[Cell]) -> usize {
        let worth = |pair: &[Cell]| match pair {
            [a, b] => {
                let gap = b.range(self.order).0 - a.range(self.order).1 - 1;
                self.rows_of(gap) > self.range_cost
            }
            _ => false,
        };
        cells.windows(2).filter(|pair| worth(pair)).count()
    }

    /// What it costs to look cells up that are in order.
    fn cost(&self, cells: &[Cell]) -> f64 {
        let mut cost = 0.0;
        let mut last = None;
        for cell in cells {
            let (low, high) = cell.range(self.order);
            let gap = last.map_or(f64::INFINITY, |last| self.rows_of(low - last - 1));
            cost += gap.min(self.range_cost) + self.rows_of(high - low + 1);
            last = Some(high);
        }
        cost
    }

    fn add(&self, cells: &[Cell], cover: &mut Cover) {
        let mut last = None;
        for cell in cells {
            let (low, high) = cell.range(self.order);
            let gap = last.map_or(f64::INFINITY, |last| self.rows_of(low - last - 1));
            let rows = self.rows_of(high - low + 1);
            cover.push((self.base | low, self.base | high), gap, rows);
            last = Some(high);
        }
    }
}

/// Ranges in order.
struct Cover {
    /// About how many rows are in the gap before each, and the range.
    ranges: Vec<(f64, i64, i64)>,
    rows: f64,
    range_cost: f64,
}

impl Cover {
    fn new(manner: Manner) -> Cover {
        Cover {
            ranges: Vec::new(),
            rows: 0.0,
            range_cost: manner.range_cost(),
        }
    }

    fn last(&self) -> Option<i64> {
        self.ranges.last().map(|&(_, _, high)| high)
    }

    /// Adds a range, or widens the last one where the gap is not worth another.
    fn push(&mut self, (low, high): (i64, i64), gap: f64, rows: f64) {
        self.rows += rows;
        match self.ranges.last_mut() {
            Some(last) if low <= last.2 + 1 => last.2 = high,
            Some(last) if gap < self.range_cost => {
                last.2 = high;
                self.rows += gap;
            }
            _ => self.ranges.push((gap, low, high)),
        }
    }

    /// Closes the cheapest gaps until there are few.
    fn ranges(self) -> Ranges {
        let mut gaps: Vec<f64> = self.ranges.iter().skip(1).map(|&(gap, ..)| gap).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        let surplus = self.ranges.len().saturating_sub(MAX_RANGES);
        let closed = surplus.checked_sub(1).and_then(|last| gaps.get(last));
        let closed = closed.copied().unwrap_or(-1.0);
        let mut rows = self.rows;
        let mut ranges: Vec<(i64, i64)> = Vec::with_capacity(MAX_RANGES);
        for (gap, low, high) in self.ranges {
            match ranges.last_mut() {
                Some(last) if gap <= closed => {
                    last.1 = high;
                    rows += gap;
                }
                _ => ranges.push((low, high)),
            }
        }
        Ranges { ranges, rows }
    }
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
    merged(ranges, MAX_RANGES)
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

/// Ranges of positions that hold these, at most 96.
pub(crate) fn fewer(ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    merged(ranges, MAX_RANGES)
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
        Cell {
            order,
            number,
            centre: centre_vector(order, number),
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

/// Drops the cells that are out, then divides the others as long as that is
/// cheaper.
fn refined(cells: Vec<Cell>, judge: impl Fn(&Cell) -> Verdict, keys: &Keys) -> Vec<Cell> {
    let judged = |mut cell: Cell| {
        cell.full = match judge(&cell) {
            Verdict::Out => return None,
            Verdict::Partial => false,
            Verdict::Full => true,
        };
        Some(cell)
    };
    let mut cells: Vec<Cell> = cells.into_iter().filter_map(judged).collect();
    let mut cost = keys.cost(&cells);
    loop {
        let edge = cells.iter().filter(|cell| !cell.full);
        let divisible = edge.clone().any(|cell| cell.order < keys.order);
        if edge.clone().count() > MOST_EDGE_CELLS || !divisible {
            return cells;
        }
        // About half of the rows at the edge would be spared, for as many
        // ranges more as there are gaps now, and one.
        let spared = edge.map(|cell| keys.rows_in(cell)).sum::<f64>() / 2.0;
        if spared < keys.range_cost * WORTH * (1.0 + keys.gaps(&cells) as f64) {
            return cells;
        }
        let mut finer = Vec::with_capacity(4 * cells.len());
        for &cell in &cells {
            if cell.full || cell.order >= keys.order {
                finer.push(cell);
                continue;
            }
            let children = (0..4).map(|i| Cell::new(cell.order + 1, 4 * cell.number + i));
            finer.extend(children.filter_map(judged));
        }
        let finer_cost = keys.cost(&finer);
        if finer_cost > cost {
            return cells;
        }
        (cells, cost) = (finer, finer_cost);
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
    /// Empty where the bound has to do, or is all there is.
    parts: &'a [RegionPart],
}

impl<'a> Query<'a> {
    fn new(region: &'a Region) -> Query<'a> {
        let round = |cap: super::Cap| Round {
            centre: cap.centre,
            radius: angle_of(cap.chord),
        };
        let bounded = matches!(region.parts[..], [RegionPart::Circle { .. }]);
        let exact = !bounded
            && region.parts.len() <= MAX_EXACT_PARTS
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
    fn covers_are_small() {
        let count = |text: &str, relation| {
            let ranges = footprints(&Region::parse(text).unwrap(), relation);
            assert!(ranges.len() <= MAX_RANGES);
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
        assert_eq!(count("circle 0 0 180", Relation::Meets), 1);
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
