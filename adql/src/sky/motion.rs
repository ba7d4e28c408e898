//! Where a star is at another time.

use super::point::{Degrees, Point, Radians};
use super::region::RegionError;

/// What is known of a star at one epoch. Angles in degrees, parallax in mas,
/// proper motions in mas per Julian year (that in longitude along the
/// parallel), radial velocity in km/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Star {
    pub lon: f64,
    pub lat: f64,
    pub parallax: f64,
    pub pm_lon: f64,
    pub pm_lat: f64,
    pub radial_velocity: f64,
}

/// The astronomical unit in km·year/s (ESA SP-1200, volume 1, table 1.2.2).
const UNIT_SPEED: f64 = 4.740_470_446;

/// Milliarcseconds in a radian.
const MAS: f64 = 648_000_000.0 / std::f64::consts::PI;

impl Star {
    /// Longitude and latitude in degrees after so many Julian years, by the
    /// rigorous treatment of ESA SP-1200 (1997), volume 1, section 1.5.5:
    /// uniform motion along a straight line. The same operations in the same
    /// order as `sky_moved_1`.
    ///
    /// # Errors
    ///
    /// When the position is none, or a number is not finite.
    pub fn moved(&self, years: f64) -> Result<(f64, f64), RegionError> {
        let from = Point::from_degrees(self.lon, self.lat)?.vector();
        let Radians(lon) = Degrees(self.lon).into();
        let Radians(lat) = Degrees(self.lat).into();
        let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (lon.sin_cos(), lat.sin_cos());
        let east = years * self.pm_lon / MAS;
        let north = years * self.pm_lat / MAS;
        let away = 1.0 + years * self.radial_velocity * self.parallax / (UNIT_SPEED * MAS);
        let to = [
            from[0] * away - sin_lon * east - sin_lat * cos_lon * north,
            from[1] * away + cos_lon * east - sin_lat * sin_lon * north,
            from[2] * away + cos_lat * north,
        ];
        if !to.iter().all(|component| component.is_finite()) {
            return Err(RegionError::new("the motion is not made of finite numbers"));
        }
        if to == [0.0; 3] {
            return Err(RegionError::new("the star arrives at the observer"));
        }
        Ok(Point::from_vector(to).lon_lat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of EN-udf-catalogue 1.2 section 2.2.1.
    #[test]
    fn as_the_catalogue_has_it() {
        let check = |parallax, pm_lat, radial_velocity, to: f64, lon: f64, lat: f64| {
            let star = Star {
                lon: 7.606_083_572,
                lat: 11.790_441_05,
                parallax,
                pm_lon: 300.0,
                pm_lat,
                radial_velocity,
            };
            let (a, b) = star.moved(to - 2016.0).unwrap();
            assert!(
                (a - lon).abs() < 1e-12 && (b - lat).abs() < 1e-12,
                "{a} {b}"
            );
        };
        check(
            125.0,
            -428.8,
            52.51,
            1992.25,
            7.604_061_404_627_978,
            11.793_270_382_827_9,
        );
        check(
            125.0,
            -428.8,
            52.51,
            1875.0,
            7.594_068_213_694_308,
            11.807_251_375_203_935,
        );
        check(
            125.0,
            -428.8,
            0.0,
            1875.0,
            7.594_079_587_029_898,
            11.807_235_464_326_332,
        );
        check(
            125.0,
            0.0,
            0.0,
            1875.0,
            7.594_080_321_498_365,
            11.790_440_798_509_207,
        );
    }
}
