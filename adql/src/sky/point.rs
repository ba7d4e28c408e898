//! A direction: two angles at the door, a unit vector inside.

use super::region::RegionError;

/// An angle in degrees.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Degrees(pub f64);

/// An angle in radians.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Radians(pub f64);

impl From<Degrees> for Radians {
    fn from(angle: Degrees) -> Radians {
        Radians(angle.0.to_radians())
    }
}

impl From<Radians> for Degrees {
    fn from(angle: Radians) -> Degrees {
        Degrees(angle.0.to_degrees())
    }
}

/// A unit vector: x to longitude 0, y to longitude 90°, z to the north pole.
pub(crate) type Vector = [f64; 3];

/// A position on the sky (ICRS).
///
/// ```
/// let pole = adql::sky::Point::from_degrees(17.0, 90.0)?;
/// let equator = adql::sky::Point::from_degrees(-30.0, 0.0)?;
/// assert_eq!(equator.lon_lat().0, 330.0);
/// assert!((pole.separation(&equator).0 - 90.0).abs() < 1e-12);
/// # Ok::<(), adql::sky::RegionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point(Vector);

impl Point {
    /// From longitude (any finite value; whole turns do not matter) and
    /// latitude (−90…90), in degrees.
    ///
    /// # Errors
    ///
    /// When one is not a finite number or the latitude is beyond a pole.
    pub fn from_degrees(lon: f64, lat: f64) -> Result<Point, RegionError> {
        if !lon.is_finite() || !lat.is_finite() {
            return Err(RegionError::new(format!(
                "a position needs two finite numbers, not {lon} {lat}"
            )));
        }
        if !(-90.0..=90.0).contains(&lat) {
            return Err(RegionError::new(format!(
                "the latitude {lat} is not between -90 and 90 degrees"
            )));
        }
        let (sin_lon, cos_lon) = wrapped(lon).to_radians().sin_cos();
        let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
        Ok(Point([
            flushed(cos_lat * cos_lon),
            flushed(cos_lat * sin_lon),
            flushed(sin_lat),
        ]))
    }

    /// From a vector of any length above zero.
    pub(crate) fn from_vector(vector: Vector) -> Point {
        Point(normalized(vector))
    }

    /// Longitude in [0, 360) and latitude in [−90, 90], in degrees.
    pub fn lon_lat(&self) -> (f64, f64) {
        let [x, y, z] = self.0;
        let lon = wrapped(y.atan2(x).to_degrees());
        let lat = z.atan2((x * x + y * y).sqrt()).to_degrees();
        (lon, lat)
    }

    /// The unit vector (x to longitude 0, z to the north pole).
    pub fn vector(&self) -> [f64; 3] {
        self.0
    }

    /// The angle between two positions: 0…180 degrees, precise for tiny and
    /// for nearly opposite ones too.
    pub fn separation(&self, other: &Point) -> Degrees {
        Radians(angle(self.0, other.0)).into()
    }
}

/// A longitude brought into [0, 360), as `sky_point_1` does it.
pub(crate) fn wrapped(lon: f64) -> f64 {
    if (0.0..360.0).contains(&lon) {
        return lon;
    }
    let lon = lon - 360.0 * (lon / 360.0).floor();
    // A tiny negative number rounds up to a whole turn; a huge one has no
    // digits left.
    if (0.0..360.0).contains(&lon) {
        lon
    } else {
        0.0
    }
}

/// Sines and cosines of whole right angles miss zero by the rounding of π.
/// Setting them to zero makes the poles exact, and keeps products of three
/// components far from underflow, which PostgreSQL reports as an error.
pub(crate) fn flushed(component: f64) -> f64 {
    if component.abs() < 2e-16 {
        0.0
    } else {
        component
    }
}

pub(crate) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(crate) fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// `a + k·b`.
pub(crate) fn plus(a: Vector, k: f64, b: Vector) -> Vector {
    [a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2]]
}

pub(crate) fn scaled(a: Vector, k: f64) -> Vector {
    [a[0] * k, a[1] * k, a[2] * k]
}

/// The square of the chord between two unit vectors.
pub(crate) fn chord2(a: Vector, b: Vector) -> f64 {
    let d = minus(a, b);
    dot(d, d)
}

pub(crate) fn normalized(v: Vector) -> Vector {
    let length = dot(v, v).sqrt();
    [
        flushed(v[0] / length),
        flushed(v[1] / length),
        flushed(v[2] / length),
    ]
}

/// Two unit vectors across `v`, the first to the east and the second to the
/// north where these exist (at a pole: as at longitude 0 beside it).
pub(crate) fn east_north(v: Vector) -> (Vector, Vector) {
    let east = if v[0] == 0.0 && v[1] == 0.0 {
        [0.0, 1.0, 0.0]
    } else {
        normalized([-v[1], v[0], 0.0])
    };
    (east, cross(v, east))
}

/// The angle between two vectors in radians, 0…π.
pub(crate) fn angle(a: Vector, b: Vector) -> f64 {
    // Half the angle by its tangent: exact for equal and for opposite vectors.
    let sum = plus(a, 1.0, b);
    let difference = minus(a, b);
    2.0 * dot(difference, difference)
        .sqrt()
        .atan2(dot(sum, sum).sqrt())
}

/// The chord under an angle of 0…π radians.
pub(crate) fn chord_of(radians: f64) -> f64 {
    2.0 * (radians.clamp(0.0, std::f64::consts::PI) / 2.0).sin()
}

/// Whether two points are within an angle of radians, which may be negative or
/// more than half a turn; perhaps also where they are a little further apart.
pub(crate) fn within(a: Vector, b: Vector, radians: f64) -> bool {
    if radians < 0.0 {
        return false;
    }
    let chord = chord_above(radians);
    chord2(a, b) <= chord * chord
}

/// At least the chord of an angle, and hardly more where it is small: the first
/// terms of its series, which are soon computed.
pub(crate) fn chord_above(radians: f64) -> f64 {
    if radians >= std::f64::consts::PI {
        return f64::INFINITY;
    }
    let square = radians * radians;
    radians * (1.0 - square / 24.0 * (1.0 - square / 80.0))
}

/// The angle in radians over a chord of 0…2.
pub(crate) fn angle_of(chord: f64) -> f64 {
    2.0 * (chord / 2.0).clamp(0.0, 1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lon: f64, lat: f64, expected: (f64, f64)) {
        let (lon, lat) = Point::from_degrees(lon, lat).unwrap().lon_lat();
        assert!((lon - expected.0).abs() < 1e-12, "{lon} {expected:?}");
        assert!((lat - expected.1).abs() < 1e-12, "{lat} {expected:?}");
    }

    #[test]
    fn longitudes_wrap_and_latitudes_do_not() {
        check(370.0, 5.0, (10.0, 5.0));
        check(-1.0, 5.0, (359.0, 5.0));
        check(360.0, -5.0, (0.0, -5.0));
        check(-1e-20, 0.0, (0.0, 0.0));
        check(77.0, 90.0, (0.0, 90.0));
        assert!(Point::from_degrees(0.0, 90.1).is_err());
        assert!(Point::from_degrees(f64::NAN, 0.0).is_err());
        assert!(Point::from_degrees(f64::INFINITY, 0.0).is_err());
    }

    #[test]
    fn a_chord_is_never_too_short() {
        for part in 0..=3150 {
            let radians = f64::from(part) / 1000.0;
            assert!(
                chord_above(radians) > chord_of(radians) - 1e-15,
                "{radians}"
            );
        }
        assert!(chord_above(0.1) < chord_of(0.1) * (1.0 + 1e-9));
    }
}
