//! HEALPix cells in nested numbering, by order and number, for those who ask
//! for them by name (MOC 2.0 section 2.3 has the words).

use cdshealpix::nested;

use super::footprint::POSITION_ORDER;
use super::point::Point;
use super::region::RegionError;

/// The finest order there is.
pub const FINEST: u8 = POSITION_ORDER;

/// The order as a checked number.
///
/// # Errors
///
/// When it is not between 0 and 29.
pub fn order(order: i64) -> Result<u8, RegionError> {
    match u8::try_from(order) {
        Ok(order) if order <= FINEST => Ok(order),
        _ => Err(RegionError::new(format!(
            "the HEALPix order {order} is not between 0 and {FINEST}"
        ))),
    }
}

/// The cell of a position in degrees. A position on an edge is in the cell
/// that the position index gives it.
///
/// # Errors
///
/// When it is not a position.
pub fn cell(order: u8, lon: f64, lat: f64) -> Result<i64, RegionError> {
    let cell = super::footprint::cell(Point::from_degrees(lon, lat)?.vector(), FINEST);
    Ok(cell >> shift(order))
}

/// How many bits a cell of the finest order has more.
pub fn shift(order: u8) -> u32 {
    2 * u32::from(FINEST.saturating_sub(order))
}

/// Longitude and latitude of a cell's centre, degrees.
///
/// # Errors
///
/// When the order has no such cell.
pub fn centre(order: u8, number: i64) -> Result<(f64, f64), RegionError> {
    match u64::try_from(number) {
        Ok(cell) if cell < nested::n_hash(order) => {
            let (lon, lat) = nested::center(order, cell);
            Ok((lon.to_degrees(), lat.to_degrees().clamp(-90.0, 90.0)))
        }
        _ => Err(RegionError::new(format!(
            "the HEALPix order {order} has no cell {number}; its last one is {}",
            nested::n_hash(order) - 1
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EN-udf-catalogue 1.2 section 2.1.
    #[test]
    fn as_the_catalogue_has_them() {
        assert_eq!(cell(0, 1.0, 1.0), Ok(4));
        assert_eq!(cell(17, 1.0, 1.0), Ok(81_609_757_711));
        assert_eq!(cell(17, 359.0, -1.0), Ok(73_009_064_944));
        assert_eq!(centre(0, 6), Ok((180.0, 0.0)));
        let (lon, lat) = centre(17, cell(17, 23.4, 56.7).unwrap()).unwrap();
        assert!((lon - 23.399_843_462_947_466).abs() < 1e-12, "{lon}");
        assert!((lat - 56.700_162_143_631_92).abs() < 1e-12, "{lat}");
        assert!(centre(0, 12).is_err() && centre(3, -1).is_err() && order(30).is_err());
    }

    #[test]
    fn a_centre_is_in_its_cell() {
        for depth in 0..=FINEST {
            let last = nested::n_hash(depth) as i64 - 1;
            for number in (0..=20).map(|part| last / 20 * part) {
                let (lon, lat) = centre(depth, number).unwrap();
                assert_eq!(cell(depth, lon, lat), Ok(number), "order {depth}");
            }
        }
    }
}
