//! A set of HEALPix cells: a Multi-Order Coverage map (MOC 2.0,
//! <https://www.ivoa.net/documents/MOC/20220727/>), as a query says one.
//!
//! Whether a position is in it is decided by its cell at the finest order,
//! exactly. Where it meets footprints, its cells are polygons whose edges keep
//! within an arcsecond of the true curves.

use cdshealpix::compass_point::Cardinal;
use cdshealpix::nested;

use super::cell::{FINEST, shift};
use super::cover::Cell;
use super::measure::Cap;
use super::point::{Point, Vector, angle_of, chord_of, chord2, minus, normalized, plus, within};
use super::polygon::is_convex;
use super::predicates::{contains, meets};
use super::region::{Region, RegionError};
use super::shape::push_polygon;

/// A MOC in a query has at most so many cells, after merging.
pub const MAX_CELLS: usize = 20_000;

/// How far an edge of a cell's polygon may stray from its curve, radians: one
/// arcsecond.
pub(super) const STRAY: f64 = 4.848e-6;

/// Polygons are made of cells of this order or a finer one.
const COARSEST: u8 = 2;

/// The cells of so many are looked at together.
const GROUP: usize = 16;

/// Cells, as ranges of numbers at the finest order.
///
/// ```
/// use adql::sky::Moc;
/// let moc = Moc::parse("1/0-3 5/96")?;
/// assert_eq!(moc.to_string(), "0/0");
/// # Ok::<(), adql::sky::RegionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Moc {
    /// From, and up to but without; sorted, apart from each other.
    ranges: Vec<(u64, u64)>,
}

/// Neighbouring cells with a circle round them.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub cap: Cap,
    /// An encoded [`Shape`](super::Shape).
    pub shape: Vec<f64>,
}

impl Moc {
    pub(super) fn of_ranges(mut ranges: Vec<(u64, u64)>) -> Moc {
        ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Moc { ranges: joined }
    }

    /// All cells of an order that have a point in common with a region, and
    /// perhaps some that pass it within an arcsecond.
    ///
    /// # Errors
    ///
    /// More than [`MAX_CELLS`] cells.
    pub fn of_region(order: u8, region: &Region) -> Result<Moc, RegionError> {
        let shape = region.shape();
        let bound = region.bounding_cap();
        let reach = angle_of(bound.chord);
        let mut ranges = Vec::new();
        let mut cells = Cell::whole_sky();
        for depth in 0..=order {
            let mut partial = Vec::new();
            for cell in cells {
                if !within(
                    cell.centre,
                    bound.centre,
                    reach + cell.radius() + 2.0 * STRAY,
                ) {
                    continue;
                }
                // Too large to lie in the region.
                if depth < order && cell.radius() > 3.0 * reach {
                    partial.push(cell);
                    continue;
                }
                let ring = polygon(cell.order, cell.number, 1.0);
                if !meets(&shape.0, &ring) {
                    continue;
                }
                if depth == order || contains(&shape.0, &ring) {
                    let bits = shift(cell.order);
                    ranges.push((cell.number << bits, (cell.number + 1) << bits));
                } else {
                    partial.push(cell);
                }
            }
            if ranges.len() + partial.len() > MAX_CELLS {
                return Err(RegionError::new(format!(
                    "more than {MAX_CELLS} cells of order {order} touch the geometry; \
                     take a lower order"
                )));
            }
            let children = |cell: &Cell| (0..4).map(|i| 4 * cell.number + i).collect::<Vec<_>>();
            cells = partial
                .iter()
                .flat_map(children)
                .map(|number| Cell::new(depth + 1, number))
                .collect();
        }
        Ok(Moc::of_ranges(ranges))
    }

    /// The cells of a lower order that hold all of these.
    pub fn degraded(&self, order: u8) -> Moc {
        let bits = shift(order);
        let grown =
            |&(from, to): &(u64, u64)| ((from >> bits) << bits, (((to - 1) >> bits) + 1) << bits);
        Moc::of_ranges(self.ranges.iter().map(grown).collect())
    }

    /// All other cells.
    pub fn complement(&self) -> Moc {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut from = 0;
        for &(start, end) in &self.ranges {
            if start > from {
                ranges.push((from, start));
            }
            from = end;
        }
        let sky = nested::n_hash(FINEST);
        if from < sky {
            ranges.push((from, sky));
        }
        Moc { ranges }
    }

    /// Inclusive ranges of cells at the finest order.
    pub fn ranges(&self) -> Vec<(i64, i64)> {
        let inclusive = |&(from, to): &(u64, u64)| (from as i64, to as i64 - 1);
        self.ranges.iter().map(inclusive).collect()
    }

    /// The ranges at the finest order, up to but without their ends.
    pub(super) fn bounds(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// How many cells of an order these are, which must hold whole ones.
    pub(super) fn count(&self, order: u8) -> u64 {
        let bits = shift(order);
        self.ranges
            .iter()
            .map(|&(from, to)| (to - from) >> bits)
            .sum()
    }

    /// The cells of an order, which must hold whole ones.
    pub(super) fn cells_of(&self, order: u8) -> impl Iterator<Item = u64> {
        let bits = shift(order);
        self.ranges
            .iter()
            .flat_map(move |&(from, to)| (from >> bits)..(to >> bits))
    }

    /// The largest cells that these are made of, in the order of the sky:
    /// order and number.
    pub fn cells(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        self.ranges.iter().flat_map(|&(from, to)| {
            let mut from = from;
            std::iter::from_fn(move || {
                if from >= to {
                    return None;
                }
                // The largest cell that begins here and ends in the range.
                let aligned = (from.trailing_zeros() / 2).min(u32::from(FINEST));
                let up = aligned.min((to - from).ilog2() / 2);
                let cell = (FINEST - up as u8, from >> (2 * up));
                from += 1 << (2 * up);
                Some(cell)
            })
        })
    }

    /// All cells as one encoded [`Shape`](super::Shape).
    pub fn shape(&self) -> Vec<f64> {
        let cells = self.cells();
        cells
            .flat_map(|(order, cell)| polygon(order, cell, 0.0))
            .collect()
    }

    /// The cells for those who ask whether something meets them.
    pub fn groups(&self) -> Vec<Group> {
        self.grouped(0.0)
    }

    /// The cells around this MOC, for those who ask whether something lies
    /// inside of it: they are smaller by what edges may stray, so that what
    /// only touches the MOC's edge from inside is inside. There are cracks
    /// between them, so a point of it must be known to be inside.
    pub fn groups_around(&self) -> Vec<Group> {
        self.complement().grouped(-1.0)
    }

    fn grouped(&self, grown: f64) -> Vec<Group> {
        let cells: Vec<(u8, u64)> = self.cells().flat_map(divided).collect();
        let chunks = cells.chunks(GROUP);
        chunks
            .map(|chunk| {
                let rounds: Vec<Cell> = chunk.iter().map(|&(o, n)| Cell::new(o, n)).collect();
                let sum = rounds
                    .iter()
                    .fold([0.0; 3], |sum, cell| plus(sum, 1.0, cell.centre));
                let first = rounds.first().map_or([0.0, 0.0, 1.0], |cell| cell.centre);
                let long = chord2(sum, [0.0; 3]) > 1e-6;
                let centre = if long { normalized(sum) } else { first };
                let reach = |cell: &Cell| {
                    angle_of(chord2(centre, cell.centre).sqrt()) + cell.radius() + 2.0 * STRAY
                };
                let radius = rounds.iter().map(reach).fold(0.0, f64::max);
                let whole = radius >= std::f64::consts::PI;
                let chord = if whole { 2.0 } else { chord_of(radius) };
                let rings = chunk.iter().flat_map(|&(o, n)| polygon(o, n, grown));
                Group {
                    cap: Cap { centre, chord },
                    shape: rings.collect(),
                }
            })
            .collect()
    }
}

/// A large cell as smaller ones, whose polygons have fewer vertices.
fn divided((order, cell): (u8, u64)) -> impl Iterator<Item = (u8, u64)> {
    let finer = order.max(COARSEST);
    let bits = 2 * u32::from(finer - order);
    ((cell << bits)..((cell + 1) << bits)).map(move |cell| (finer, cell))
}

/// Radians that the edges of a cell's polygon may be from its curves.
fn stray(order: u8) -> (f64, u32) {
    // The edge of a cell bends about as much as a circle of its size.
    let edge = 1.03 / f64::from(1_u32 << order);
    let steps = (edge / (8.0 * STRAY).sqrt()).ceil().max(1.0);
    ((edge / steps).powi(2) / 8.0, steps as u32)
}

/// Radians that the corners of a cell's polygon move outwards when it is grown
/// once, and what its edges may stray, at most.
pub(super) fn grown(order: u8) -> f64 {
    10.0 * stray(order).0
}

/// The points along a cell's edge, moved outwards by at least `grown` times
/// what the edge may stray (inwards when negative).
pub(super) fn ring(order: u8, cell: u64, grown: f64) -> Vec<Vector> {
    let (stray, steps) = stray(order);
    let centre = Cell::new(order, cell).centre;
    // A cell is nowhere less than an eighth of its edge wide.
    let factor = grown * 8.0 * stray * f64::from(1_u32 << order);
    let path = nested::path_along_cell_edge(order, cell, &Cardinal::S, false, steps);
    let vertices = path.iter().filter_map(|&(lon, lat)| {
        let lat = lat.to_degrees().clamp(-90.0, 90.0);
        Point::from_degrees(lon.to_degrees(), lat).ok()
    });
    let moved = vertices.map(|vertex| {
        let vertex = vertex.vector();
        match grown == 0.0 {
            true => vertex,
            false => normalized(plus(vertex, factor, minus(vertex, centre))),
        }
    });
    moved.collect()
}

/// A cell as an encoded polygon. Its points are counter-clockwise as they
/// come; of many points we do not ask whether they are convex.
fn polygon(order: u8, cell: u64, grown: f64) -> Vec<f64> {
    let ring = ring(order, cell, grown);
    let mut shape = Vec::with_capacity(3 * ring.len() + 1);
    push_polygon(&mut shape, &ring, ring.len() <= 16 && is_convex(&ring));
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::polygon::Polygon;

    #[test]
    fn cells_turn_to_the_left() {
        for order in 0..12 {
            let last = nested::n_hash(order) - 1;
            for cell in (0..=12).map(|part| last / 12 * part) {
                let plain = Polygon::new(ring(order, cell, 0.0)).unwrap();
                let turned = plain.vertices == ring(order, cell, 0.0);
                assert!(turned, "{order}/{cell}");
                let shape = polygon(order, cell, 0.0);
                assert!(shape[0] > 0.0 || plain.convex, "{order}/{cell}");
            }
        }
    }

    #[test]
    fn complements_and_cells() {
        let moc = Moc::parse("2/0-3 29/3458764513820540927").unwrap();
        assert_eq!(moc.to_string(), "1/0 29/3458764513820540927");
        let rest = moc.complement();
        assert_eq!(rest.complement(), moc);
        assert_eq!(rest.cells().count(), 3 + 10 + 3 * 29);
        let sky = Moc::parse("0/0-11").unwrap();
        assert!(sky.complement().groups().is_empty());
        assert_eq!(sky.ranges(), [(0, 3_458_764_513_820_540_927)]);
        assert_eq!(moc.degraded(0).to_string(), "0/0,11");
    }

    #[test]
    fn cells_that_touch_a_geometry() {
        let check = |order, text: &str, expected: &str| {
            let moc = Moc::of_region(order, &Region::parse(text).unwrap()).unwrap();
            assert_eq!(moc.to_string(), expected, "{text}");
        };
        check(0, "POSITION 45 0", "0/0,4-5,8");
        check(3, "CIRCLE 0 0 180", "0/0-11");
        check(1, "POSITION 45 45", "1/3");
        let too_many = Moc::of_region(12, &Region::parse("CIRCLE 0 0 60").unwrap());
        assert!(
            too_many
                .unwrap_err()
                .to_string()
                .contains("more than 20000 cells")
        );
    }
}
