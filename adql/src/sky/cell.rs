//! HEALPix cells in nested numbering, by order and number, for those who ask
//! for them by name (MOC 2.0 section 2.3 has the words).

use cdshealpix::nested;

use super::footprint::POSITION_ORDER;
use super::point::{Point, Vector};
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

/// The centre of a cell as a unit vector, to about 1e-15: without the angles
/// that [`nested::center`] goes through. Both numbers must be good.
///
/// The formulas are those of Górski et al. 2005 (ApJ 622, 759), section 5, with
/// the cell's place in its base cell between 0 and 1.
pub(super) fn centre_vector(order: u8, number: u64) -> Vector {
    let base = number >> (2 * u32::from(order));
    let within = number - (base << (2 * u32::from(order)));
    let side = (1_u64 << order) as f64;
    let x = (gathered(within) as f64 + 0.5) / side;
    let y = (gathered(within >> 1) as f64 + 0.5) / side;
    let (row, column) = (base / 4, base % 4);
    // Rings of base cells: how far the southern corner is from the north pole,
    // and which eighth of the turn the middle is in.
    let ring = (row + 2) as f64 - x - y;
    let eighth = (2 * column + (1 - row % 2)) as f64;
    let (z, radius, width) = if !(1.0..=3.0).contains(&ring) {
        let near = ring.min(4.0 - ring);
        let depth = near * near / 3.0;
        let z = if ring < 1.0 { 1.0 - depth } else { depth - 1.0 };
        (z, (depth * (2.0 - depth)).sqrt(), near)
    } else {
        let z = (2.0 - ring) * 2.0 / 3.0;
        (z, ((1.0 - z) * (1.0 + z)).sqrt(), 1.0)
    };
    let turn = eighth + (x - y) / width;
    let (sin, cos) = (turn * std::f64::consts::FRAC_PI_4).sin_cos();
    [radius * cos, radius * sin, z]
}

/// Every second bit, from the lowest on, side by side.
fn gathered(number: u64) -> u64 {
    let mut bits = number & 0x5555_5555_5555_5555;
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff;
    (bits | bits >> 16) & 0xffff_ffff
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
    fn a_centre_is_the_same_as_angles_and_as_a_vector() {
        for depth in 0..=FINEST {
            let last = nested::n_hash(depth) - 1;
            for number in (0..=96).map(|part| last / 96 * part).chain([last]) {
                let (lon, lat) = nested::center(depth, number);
                let angles = [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()];
                let vector = centre_vector(depth, number);
                for (a, b) in angles.iter().zip(vector) {
                    assert!(
                        (a - b).abs() < 1e-14,
                        "{depth} {number}: {angles:?} {vector:?}"
                    );
                }
            }
        }
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
