//! A MOC of space (MOC 2.0 section 3.1), in ICRS.

use moc::deser::fits::keywords::MocType;
use moc::moc::{CellHpxMOCIterator, RangeMOCIntoIterator, RangeMOCIterator};
use moc::qty::Hpx;

use super::paint::{Canvas, FINEST, effort, paint_position, paint_region};
use super::ranges::Ranges;
use super::{MOST, NotACoverage};
use crate::sky::{Region, RegionError};

/// The union of regions, growing: every cell of an order that one of them
/// touches, and few that one nearly does. Memory is bounded however many
/// regions there are.
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
pub struct Coverage(Ranges<Hpx<u64>>);

impl Coverage {
    /// Of 0.4 milliarcseconds.
    pub const FINEST: u8 = FINEST;

    /// An empty map at an order of 0 to 29; it may become coarser.
    pub fn new(order: u8) -> Coverage {
        Coverage(Ranges::new(order))
    }

    /// The order the map has now.
    pub fn order(&self) -> u8 {
        self.0.order()
    }

    /// Adds the cell of a position, in degrees.
    ///
    /// # Errors
    ///
    /// As [`Point::from_degrees`].
    pub fn add_position(&mut self, lon: f64, lat: f64) -> Result<(), RegionError> {
        let order = self.order();
        paint_position(lon, lat, order, &mut self.0)
    }

    /// Adds the cells that a region touches. If these alone would be too many,
    /// the map becomes coarser first.
    pub fn add(&mut self, region: &Region) {
        while self.order() > 0 && effort(region, self.order()) > MOST / 4 {
            self.degrade(self.order() - 1);
        }
        let order = self.order();
        paint_region(region, order, &mut self.0);
    }

    /// Adds all of another map; the coarser of the two orders stays.
    pub fn absorb(&mut self, other: &mut Coverage) {
        self.0.absorb(&mut other.0);
    }

    /// Makes it coarser, if it is finer than that.
    pub fn degrade(&mut self, order: u8) {
        self.0.join();
        self.0.degrade(order);
    }

    pub fn is_empty(&mut self) -> bool {
        self.0.ranges().is_empty()
    }

    /// Which part of the sky it covers, 0 to 1.
    pub fn fraction(&mut self) -> f64 {
        let covered: u64 = self.0.ranges().iter().map(|r| r.end - r.start).sum();
        covered as f64 / cdshealpix::n_hash(FINEST) as f64
    }

    /// The ASCII form (MOC 2.0 section 4.3.2).
    pub fn ascii(&mut self) -> String {
        self.0.ascii()
    }

    /// The JSON form (MOC 2.0 section 4.3.3).
    pub fn json(&mut self) -> Vec<u8> {
        self.0.json()
    }

    /// The FITS form (MOC 2.0 section 4.3.1), as numbers of cells and not as
    /// ranges: STILTS and other readers of MOC 1 know no ranges, and the
    /// standard advises it for them. `None` only if the map does not fit into
    /// memory.
    pub fn fits(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0
            .joined()
            .into_range_moc_iter()
            .cells()
            .hpx_cells_to_fits_ivoa(None, Some(MocType::Catalog), &mut bytes)
            .ok()?;
        Some(bytes)
    }

    /// As few bytes, for keeping.
    pub fn bytes(&mut self) -> Vec<u8> {
        self.0.bytes()
    }

    /// What [`Self::bytes`] gave.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub fn read(bytes: &[u8]) -> Result<Coverage, NotACoverage> {
        Ranges::read(bytes).map(Coverage)
    }
}

impl Canvas for Ranges<Hpx<u64>> {
    fn has(&self, order: u8, cell: u64) -> bool {
        Ranges::has(self, order, cell)
    }

    fn paint(&mut self, order: u8, cell: u64) {
        self.add_cell(order, cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::point::Point;
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
    fn a_region_of_too_many_cells_makes_the_map_coarser() {
        let mut coverage = Coverage::new(29);
        coverage.add(&Region::circle(10.0, 20.0, 30.0).unwrap());
        assert!((10..18).contains(&coverage.order()), "{}", coverage.order());
    }

    #[test]
    fn a_map_of_too_many_ranges_becomes_coarser() {
        let mut coverage = Coverage::new(12);
        for cell in 0..4 * MOST as u64 {
            coverage.0.add_cell(12, 4 * cell);
        }
        assert!(coverage.0.ranges().len() <= MOST && coverage.order() < 12);
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
            coverage.0.join();
            let (lon, lat) = (lon + size * across / 2.0, (lat + size * up / 2.0).clamp(-90.0, 90.0));
            let point = Point::from_degrees(lon, lat)?;
            if point_in(&point.vector(), region.shape().as_slice()) {
                let cell = cdshealpix::nested::hash(order, lon.to_radians(), lat.to_radians());
                prop_assert!(coverage.0.has(order, cell));
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
            coverage.0.join();
            for (lon, lat) in vertices {
                let (lon, lat) = Point::from_degrees(lon, lat)?.lon_lat();
                let cell = cdshealpix::nested::hash(order, lon.to_radians(), lat.to_radians());
                let near = cdshealpix::nested::neighbours(order, cell, true);
                let covered = |cell: &u64| coverage.0.has(order, *cell);
                // A corner on the edge of a cell may round into the next.
                prop_assert!(near.values_vec().iter().any(covered));
            }
        }
    }
}
