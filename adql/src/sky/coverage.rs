//! Many regions as the cells they touch: a MOC (MOC 2.0,
//! <https://www.ivoa.net/documents/MOC/20220727/>).

use std::ops::Range;

use moc::deser::fits::keywords::MocType;
use moc::moc::range::RangeMOC;
use moc::moc::{
    CellMOCIterator, CellOrCellRangeMOCIterator, RangeMOCIntoIterator, RangeMOCIterator,
};
use moc::qty::Hpx;

use super::build::Built;
use super::cover::Cell;
use super::point::{Point, Vector, angle, angle_of, chord_of};
use super::predicates::{arc_chord2, point_in_ring};
use super::region::{Figure, Region, RegionPart};
use super::shape::Ring;

type Edge = (Vector, Vector);

type Cells = RangeMOC<u64, Hpx<u64>>;

/// The finest order of a MOC; ranges are counted in its cells.
const FINEST: u8 = 29;

/// Ranges that are held at most, of 16 bytes each. Beyond that the whole map
/// gets an order coarser.
const MOST: usize = 500_000;

/// Cells are judged by the circles round them, so many orders finer than the
/// map, that few are taken which a region only nearly touches.
const FINER: u8 = 2;

/// A polygon of more edges is judged at the map's own order.
const MANY: usize = 128;

/// New ranges that wait to be joined to the others.
const WAITING: usize = 65_536;

/// The union of regions, growing: every cell of an order that one of them
/// touches, and few that one nearly does. Memory is bounded however many
/// regions there are.
///
/// Why not the coverages of polygons in `moc` and `cdshealpix`? They panic on
/// some, such as those with a corner at the pole.
///
/// ```
/// use adql::sky::{Coverage, Region};
///
/// let mut coverage = Coverage::new(5);
/// coverage.add_position(45.0, 0.1)?;
/// coverage.add(&Region::parse("MOC 3/0,1 4/9")?);
/// assert_eq!(coverage.ascii(), "3/0-1 4/9 5/");
/// # Ok::<(), adql::sky::RegionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Coverage {
    order: u8,
    joined: Cells,
    waiting: Vec<Range<u64>>,
}

impl Coverage {
    /// An empty map at an order of 0 to 29; it may become coarser.
    pub fn new(order: u8) -> Coverage {
        let order = order.min(FINEST);
        Coverage {
            order,
            joined: Cells::new_empty(order),
            waiting: Vec::new(),
        }
    }

    /// The order the map has now.
    pub fn order(&self) -> u8 {
        self.order
    }

    /// Adds the cell of a position, in degrees.
    ///
    /// # Errors
    ///
    /// As [`Point::from_degrees`].
    pub fn add_position(&mut self, lon: f64, lat: f64) -> Result<(), super::RegionError> {
        let (lon, lat) = Point::from_degrees(lon, lat)?.lon_lat();
        self.add_cell_of(lon, lat);
        Ok(())
    }

    /// Adds the cells that a region touches.
    pub fn add(&mut self, region: &Region) {
        // Cells are taken as they are and not by their outlines, which touch
        // their neighbours.
        if !region.figures.iter().any(|f| matches!(f, Figure::Moc(_))) {
            region.parts.iter().for_each(|part| self.add_part(part));
            return;
        }
        for figure in &region.figures {
            if let Figure::Moc(moc) = figure {
                for (order, cell) in moc.cells() {
                    self.add_cell(order, cell);
                }
                continue;
            }
            let mut built = Built::default();
            // It was built before, when the region was read.
            if built.add(figure).is_ok() {
                built.parts.iter().for_each(|part| self.add_part(part));
            }
        }
    }

    /// The ASCII form (MOC 2.0 section 4.3.2).
    pub fn ascii(&mut self) -> String {
        self.join();
        let mut text = Vec::new();
        let cells = (&self.joined).into_range_moc_iter().cells().cellranges();
        // Writing to a Vec cannot fail.
        let _ = cells.to_ascii_ivoa(None, false, &mut text);
        String::from_utf8_lossy(&text).trim_end().to_owned()
    }

    /// The JSON form (MOC 2.0 section 4.3.3).
    pub fn json(&mut self) -> Vec<u8> {
        self.join();
        let mut text = Vec::new();
        let cells = (&self.joined).into_range_moc_iter().cells();
        // Writing to a Vec cannot fail.
        let _ = cells.to_json_aladin(None, &mut text);
        text
    }

    /// The FITS form (MOC 2.0 section 4.3.1); `None` only if the map does not
    /// fit into memory.
    pub fn fits(&mut self) -> Option<Vec<u8>> {
        self.join();
        let mut bytes = Vec::new();
        (&self.joined)
            .into_range_moc_iter()
            .to_fits_ivoa(None, Some(MocType::Catalog), &mut bytes)
            .ok()?;
        Some(bytes)
    }

    fn add_part(&mut self, part: &RegionPart) {
        let (ring, circle) = match part {
            RegionPart::Circle { centre, chord } if *chord == 0.0 => {
                let (lon, lat) = Point::from_vector(*centre).lon_lat();
                return self.add_cell_of(lon, lat);
            }
            RegionPart::Circle { centre, chord } => (None, Some((*centre, angle_of(*chord)))),
            RegionPart::Wide { centre, rest } => {
                let radius = std::f64::consts::PI - angle_of(*rest);
                (None, Some((*centre, radius)))
            }
            RegionPart::Polygon(polygon) | RegionPart::Drawn { polygon, .. } => {
                (Some(polygon.ring()), None)
            }
            RegionPart::Common(_) => (None, None),
        };
        let common = match part {
            RegionPart::Common(common) => Some(common),
            _ => None,
        };
        let edges: Vec<Edge> = ring.into_iter().flat_map(Ring::edges).collect();
        let finer = if edges.len() > MANY { 0 } else { FINER };
        let finest = (self.order + finer).min(FINEST);
        let whole: Vec<(Cell, Vec<Edge>)> = Cell::whole_sky()
            .into_iter()
            .map(|cell| (cell, edges.clone()))
            .collect();
        let mut left = whole;
        while let Some((cell, near)) = left.pop() {
            let reach = cell.radius();
            // Edges that are far from a cell are far from all it contains.
            let near: Vec<Edge> = near
                .into_iter()
                .filter(|&(a, b)| arc_chord2(cell.centre, a, b) <= chord_of(reach).powi(2))
                .collect();
            let within = match (ring, circle) {
                (_, Some((centre, radius))) => {
                    let apart = angle(cell.centre, centre);
                    if apart > radius + reach {
                        continue;
                    }
                    apart + reach <= radius
                }
                (Some(ring), _) if near.is_empty() => {
                    if !point_in_ring(cell.centre, ring) {
                        continue;
                    }
                    true
                }
                _ => match common {
                    Some(common) if !common.near(cell.centre, reach) => continue,
                    Some(common) => common.holds_all_near(cell.centre, reach),
                    None => false,
                },
            };
            if cell.order >= self.order && (within || cell.order == finest) {
                let above = 2 * u32::from(cell.order - self.order);
                self.add_cell(self.order, cell.number >> above);
            } else if within {
                self.add_cell(cell.order, cell.number);
            } else {
                let children =
                    (0..4).map(|child| Cell::new(cell.order + 1, 4 * cell.number + child));
                left.extend(children.map(|child| (child, near.clone())));
            }
        }
    }

    fn add_cell_of(&mut self, lon: f64, lat: f64) {
        let cell = cdshealpix::nested::hash(self.order, lon.to_radians(), lat.to_radians());
        self.add_cell(self.order, cell);
    }

    fn add_cell(&mut self, order: u8, cell: u64) {
        let shift = 2 * u32::from(FINEST - order);
        self.waiting.push(cell << shift..(cell + 1) << shift);
        self.join_if_many();
    }

    fn join_if_many(&mut self) {
        if self.waiting.len() >= WAITING {
            self.join();
        }
    }

    fn join(&mut self) {
        self.waiting.sort_unstable_by_key(|range| range.start);
        let waiting = self.waiting.drain(..);
        // Cells finer than the map, from a MOC, become those of its order.
        let new = Cells::from_maxdepth_ranges(self.order, waiting, Some(WAITING));
        self.joined = self.joined.or(&new).degraded(self.order);
        while self.joined.len() > MOST && self.order > 0 {
            self.order -= 1;
            self.joined = self.joined.degraded(self.order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::point_in;
    use proptest::prelude::*;

    fn ascii(order: u8, regions: &[&str]) -> String {
        let mut coverage = Coverage::new(order);
        for region in regions {
            coverage.add(&Region::parse(region).unwrap());
        }
        coverage.ascii()
    }

    #[test]
    fn regions_join() {
        assert_eq!(ascii(5, &[]), "5/");
        assert_eq!(ascii(4, &["MOC 3/0", "MOC 3/0"]), "3/0 4/");
        assert_eq!(ascii(3, &["MOC 3/0-2 4/12"]), "2/0 3/");
        assert_eq!(ascii(2, &["CIRCLE 0 0 180"]), "0/0-11 2/");
        let both = ascii(8, &["CIRCLE 10 20 1", "POLYGON 30 -10 32 -10 32 -8 30 -8"]);
        assert!(both.starts_with("5/") || both.starts_with("6/"), "{both}");
    }

    #[test]
    fn it_is_written_in_three_forms() {
        let mut coverage = Coverage::new(4);
        coverage.add(&Region::parse("MOC 3/1 4/9").unwrap());
        assert_eq!(coverage.ascii(), "3/1 4/9");
        let json: String = String::from_utf8(coverage.json()).unwrap();
        let json: String = json.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(json, r#"{"3":[1],"4":[9]}"#);
        let fits = coverage.fits().unwrap();
        assert!(fits.starts_with(b"SIMPLE  =") && fits.len().is_multiple_of(2880));
    }

    #[test]
    fn a_map_of_too_many_ranges_becomes_coarser() {
        let mut coverage = Coverage::new(12);
        for cell in 0..4 * MOST as u64 {
            coverage.add_cell(12, 4 * cell);
        }
        coverage.join();
        assert!(coverage.order() < 12 && coverage.joined.len() <= MOST);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// The law: every point of a region lies in a cell of its coverage.
        #[test]
        fn the_cells_contain_the_region(
            lon in 0.0..360.0f64, lat in -90.0..90.0f64,
            size in prop_oneof![0.001..0.1f64, 0.1..20.0f64, 20.0..88.0f64],
            square in any::<bool>(), order in 0u8..9,
            across in -1.0..1.0f64, up in -1.0..1.0f64,
        ) {
            let region = match square {
                true => Region::box_(lon, lat, size, size),
                false => Region::circle(lon, lat, size),
            };
            prop_assume!(region.is_ok());
            let region = region?;
            let mut coverage = Coverage::new(order);
            coverage.add(&region);
            coverage.join();
            let (lon, lat) = (lon + size * across / 2.0, (lat + size * up / 2.0).clamp(-90.0, 90.0));
            let point = Point::from_degrees(lon, lat)?;
            if point_in(&point.vector(), region.shape().as_slice()) {
                let cell = cdshealpix::nested::hash(order, lon.to_radians(), lat.to_radians());
                prop_assert!(coverage.joined.contains_cell(order, cell));
            }
        }

        /// Whatever polygon is a region has a coverage, with its corners in it.
        #[test]
        fn any_polygon_is_covered(
            corners in proptest::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 3..8),
            lon in prop_oneof![Just(0.0), Just(45.0), 0.0..360.0f64],
            lat in prop_oneof![Just(90.0), Just(-90.0), Just(0.0), -90.0..90.0f64],
            size in prop_oneof![1e-9..1e-3f64, 1e-3..1.0f64, 1.0..60.0f64],
            order in 0u8..12,
        ) {
            let order = if size > 5.0 { order.min(7) } else { order };
            let vertices: Vec<_> = corners
                .iter()
                .map(|&(x, y)| (lon + size * x, (lat + size * y).clamp(-90.0, 90.0)))
                .collect();
            let region = Region::polygon(&vertices);
            let Ok(region) = region else {
                return Ok(());
            };
            let mut coverage = Coverage::new(order);
            coverage.add(&region);
            coverage.join();
            for (lon, lat) in vertices {
                let (lon, lat) = Point::from_degrees(lon, lat)?.lon_lat();
                let cell = cdshealpix::nested::hash(order, lon.to_radians(), lat.to_radians());
                let near = cdshealpix::nested::neighbours(order, cell, true);
                let covered = |cell: &u64| coverage.joined.contains_cell(order, *cell);
                // A corner on the edge of a cell may round into the next.
                prop_assert!(near.values_vec().iter().any(covered));
            }
        }
    }
}
