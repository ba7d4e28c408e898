//! The angle between two positions given by their coordinates, and from a
//! position to a region.

use super::common;
use super::point::{Vector, angle, angle_of};
use super::predicates::{arc_chord2, point_in};
use super::shape::{Part, Ring, drawn_parts};

/// The great-circle distance in degrees between two positions in degrees
/// (ADQL 2.1, section 4.2.16, DISTANCE).
///
/// The vector form with an arc tangent of two arguments: it keeps its digits
/// for tiny and for nearly opposite separations (below 1e-98 degrees it says 0).
/// NaN where a coordinate is not finite. The same operations in the same order as
/// `sky_distance_1`.
///
/// ```
/// assert!((adql::sky::distance(359.0, 0.0, 1.0, 0.0) - 2.0).abs() < 1e-12);
/// ```
pub fn distance(lon1: f64, lat1: f64, lon2: f64, lat2: f64) -> f64 {
    let turn = (lon2 - lon1).to_radians();
    let (phi1, phi2) = (lat1.to_radians(), lat2.to_radians());
    let (sin1, sin2) = (above_underflow(phi1.sin()), above_underflow(phi2.sin()));
    let half = above_underflow((turn / 2.0).sin());
    let across = above_underflow(phi2.cos() * above_underflow(turn.sin()));
    // cos φ1 sin φ2 − sin φ1 cos φ2 cos(turn), without its cancellation.
    let along = (lat2 - lat1).to_radians().sin() + 2.0 * sin1 * phi2.cos() * half * half;
    let along = above_underflow(along);
    let inward = sin1 * sin2 + phi1.cos() * phi2.cos() * turn.cos();
    // Not to_degrees: PostgreSQL divides.
    (across * across + along * along).sqrt().atan2(inward) / (std::f64::consts::PI / 180.0)
}

/// PostgreSQL reports underflow as an error.
fn above_underflow(value: f64) -> f64 {
    if value.abs() < 1e-100 { 0.0 } else { value }
}

/// Degrees from a position to the nearest point of an encoded
/// [`Shape`](super::Shape), 0 inside; 180 to a shape of nothing.
pub fn gap(point: &[f64; 3], shape: &[f64]) -> f64 {
    if point_in(point, shape) {
        return 0.0;
    }
    let apart = |part| match part {
        Part::Circle { centre, chord } => angle(*point, centre) - angle_of(chord),
        Part::Hole { centre, chord } => angle_of(chord) - angle(*point, centre),
        Part::Polygon(ring) => ring_gap(*point, ring),
        Part::Common(common) => common::gap(*point, common),
        Part::Drawn(_) => std::f64::consts::PI,
    };
    let least = drawn_parts(shape)
        .map(apart)
        .fold(std::f64::consts::PI, f64::min);
    // Not to_degrees: PostgreSQL divides.
    least.max(0.0) / (std::f64::consts::PI / 180.0)
}

/// Radians to the nearest edge.
fn ring_gap(point: Vector, ring: Ring<'_>) -> f64 {
    let nearest = ring.edges().fold(4.0, |least, (a, b)| {
        f64::min(least, arc_chord2(point, a, b))
    });
    if nearest < 2.0 {
        return angle_of(nearest.sqrt());
    }
    // Beyond 90° the nearest point of an edge is one of its ends.
    let ends = ring.vertices.iter();
    ends.fold(std::f64::consts::PI, |least, &end| {
        f64::min(least, angle(point, end))
    })
}

#[cfg(test)]
mod tests {
    use super::distance;

    fn check(from: (f64, f64), to: (f64, f64), expected: f64) {
        let found = distance(from.0, from.1, to.0, to.1);
        assert!(
            (found - expected).abs() <= expected * 1e-12 + 1e-20,
            "{from:?} {to:?}: {found}, not {expected}"
        );
    }

    #[test]
    fn tiny_large_and_across_the_pole() {
        check((10.0, 20.0), (10.0, 20.0), 0.0);
        check((0.0, 0.0), (180.0, 0.0), 180.0);
        check((0.0, 80.0), (180.0, 80.0), 20.0);
        check((40.0, -90.0), (200.0, 90.0), 180.0);
        check(
            (10.0, 60.0),
            (10.0, 60.0 + f64::EPSILON * 32.0),
            f64::EPSILON * 32.0,
        );
        check((0.0, 0.0), (1e-9, 0.0), 1e-9);
        check((359.5, 0.0), (0.5, 0.0), 1.0);
    }
}
